// SPDX-License-Identifier: MIT
/* Devices on the board, by the transfers of spec/transport.md 3.3 and 3.4 and their data sheets. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

static const uint32_t I2C = 0x88007800, STOP = 0x80, SPI = 0x88007000;

static struct machine machine;
static struct program program;

static int open_machine(void **state)
{
	(void)state;
	const struct emulator_options options = { .serial = 77, .seed = 1, .celsius = 41.5 };
	machine_open(&machine, &options);
	return 0;
}

static int close_machine(void **state)
{
	(void)state;
	machine_close(&machine);
	program_free(&program);
	return 0;
}

static void i2c_write(uint32_t device, unsigned pointer, unsigned bytes, uint32_t value)
{
	program_write(&program, I2C + device, pointer);
	for (unsigned i = bytes; i-- > 0;)
		program_write(&program, I2C + device + (i ? 0 : STOP), value >> 8 * i & 255);
}

/* Read a register; what comes back are bytes, most significant first, or a missing acknowledge. */
static uint32_t i2c_read(uint32_t device, unsigned pointer, unsigned bytes)
{
	program_write(&program, I2C + device, pointer);
	for (unsigned i = bytes; i-- > 0;)
		program_read(&program, I2C + device + (i ? 0 : STOP));
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, bytes);
	uint32_t value = 0;
	for (unsigned i = 0; i < bytes; i++) {
		const uint32_t byte = machine.responses->omnibus.value[i];
		if (byte >> 31)
			return byte;
		value = value << 8 | byte;
	}
	return value;
}

static void only_devices_that_are_there_acknowledge(void **state)
{
	static const struct { unsigned first, count; } there[] = {
		{ 0x2c, 3 }, { 0x38, 1 }, { 0x40, 6 }, { 0x48, 1 }, { 0x4c, 1 }, { 0x50, 1 },
		{ 0x70, 1 },
	};
	(void)state;
	for (unsigned device = 0; device < 0x80; device++) {
		bool present = false;
		FOR_ROWS(i, there)
			present |= device - there[i].first < there[i].count;
		program_read(&program, I2C + device + STOP);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->omnibus.value[0] >> 31, !present);
	}
}

static void the_eeprom_tells_the_serial_number(void **state)
{
	(void)state;
	assert_int_equal(i2c_read(0x50, 0xfc, 4), 77);
	assert_int_equal(i2c_read(0x50, 0, 4), UINT32_MAX); /* blank */
}

static void the_thermometer_counts_sixteenths_of_a_degree(void **state)
{
	(void)state;
	const uint32_t value = i2c_read(0x48, 0, 2);
	assert_int_equal(value & 15, 0);
	assert_near((value >> 4) * 0.0625, 41.5, 0, 1e-9);
}

/* Shunt 10 uV and 27 mOhm, bus 4 mV from bit 3, current and power by the calibration register. */
static void power_monitors_obey_their_data_sheet(void **state)
{
	/* 1.2 V and 2.5 V digital, 1.2 V and 2.5 V analog, MADC, PLL (spec/coordinates.json) */
	static const double volt[] = { 1.2, 2.5, 1.2, 2.5, 1.2, 1.2 };
	(void)state;
	for (unsigned n = 0; n < 6; n++) {
		assert_int_equal(i2c_read(0x40 + n, 0, 2), 0x399f);
		i2c_write(0x40 + n, 0, 2, 0x019f);
		assert_int_equal(i2c_read(0x40 + n, 0, 2), 0x019f);
		const uint32_t shunt = i2c_read(0x40 + n, 1, 2), bus = i2c_read(0x40 + n, 2, 2);
		assert_near((bus >> 3) * 4e-3, volt[n], 0, 2e-3);
		assert_true(shunt * 10e-6 / 0.027 > 1e-3 && shunt * 10e-6 / 0.027 < 1);
		assert_int_equal(i2c_read(0x40 + n, 4, 2), 0); /* without calibration */
		i2c_write(0x40 + n, 5, 2, 0x2000);
		const uint32_t current = i2c_read(0x40 + n, 4, 2);
		assert_int_equal(current, shunt * 0x2000 / 4096);
		assert_int_equal(i2c_read(0x40 + n, 3, 2), current * (bus >> 3) / 5000);
	}
}

static void potentiometers_have_two_wipers_and_their_copies(void **state)
{
	(void)state;
	for (unsigned n = 0; n < 3; n++) {
		for (unsigned channel = 1; channel <= 3; channel += 2) {
			i2c_write(0x2c + n, channel, 1, 0x10 * n + channel);
			i2c_write(0x2c + n, 0x20 + channel, 1, 0x80 + 0x10 * n + channel);
		}
	}
	for (unsigned n = 0; n < 3; n++) {
		for (unsigned channel = 1; channel <= 3; channel += 2) {
			assert_int_equal(i2c_read(0x2c + n, channel, 1), 0x10 * n + channel);
			assert_int_equal(i2c_read(0x2c + n, 0x20 + channel, 1),
			        0x80 + 0x10 * n + channel);
		}
	}
	/* the copy outlives a reset of the chip, as everything on the board does */
	program_bring_up(&program);
	machine_run(&machine, &program);
	assert_int_equal(i2c_read(0x2d, 0x21, 1), 0x91);
}

static void the_port_expander_reads_back_its_outputs(void **state)
{
	(void)state;
	assert_int_equal(i2c_read(0x38, 0, 1), 0xff);
	i2c_write(0x38, 1, 1, 0x5a); /* outputs */
	i2c_write(0x38, 3, 1, 0x0f); /* the upper four drive */
	assert_int_equal(i2c_read(0x38, 0, 1), 0x5f);
	i2c_write(0x38, 2, 1, 0x03); /* two inputs turned over */
	assert_int_equal(i2c_read(0x38, 0, 1), 0x5c);
	assert_int_equal(i2c_read(0x38, 2, 1), 0x03);
}

static void the_small_converter_keeps_ten_bits_on_the_left(void **state)
{
	(void)state;
	for (unsigned channel = 0; channel < 4; channel++)
		i2c_write(0x4c, 0x10 + 2 * channel, 2, (0x155 + channel) << 6);
	for (unsigned channel = 0; channel < 4; channel++)
		assert_int_equal(i2c_read(0x4c, 0x10 + 2 * channel, 2), (0x155 + channel) << 6);
}

static void the_multiplexer_has_one_register(void **state)
{
	(void)state;
	program_write(&program, I2C + 0x70 + STOP, 7);
	program_read(&program, I2C + 0x70 + STOP);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.value[0], 7);
	assert_int_equal(i2c_read(0x70, 0, 1), 0); /* the pointer it does not have is its content */
}

static void spi_write(uint32_t client, unsigned bytes, uint32_t frame)
{
	for (unsigned i = bytes; i-- > 0;)
		program_write(&program, SPI + client,
		        (frame >> 8 * i & 255) | (i ? 0 : UINT32_C(1) << 31));
}

static void codes_of_the_large_converters_wait_for_their_load(void **state)
{
	const struct emulator_board *board = &machine.fpga->board;
	(void)state;
	for (unsigned dac = 0; dac < 2; dac++) {
		for (unsigned channel = 0; channel < 8; channel++)
			spi_write(2 + 2 * dac, 2, channel << 12 | (0x123 + channel + 256 * dac));
		machine_run(&machine, &program);
		for (unsigned channel = 0; channel < 8; channel++)
			assert_int_equal(board->dac[dac][channel], 0);
		spi_write(2 + 2 * dac, 2, 0xa002);
		spi_write(2 + 2 * dac, 2, 0xc05a);
		machine_run(&machine, &program);
		for (unsigned channel = 0; channel < 8; channel++)
			assert_int_equal(board->dac[dac][channel], 0x123 + channel + 256 * dac);
		assert_int_equal(board->dac_off[dac], 0x5a);
	}
	spi_write(2, 2, 0xe000); /* reset */
	machine_run(&machine, &program);
	assert_int_equal(board->dac[0][3], 0);
	assert_int_equal(board->dac[1][3], 0x123 + 3 + 256);
	/* nothing of this can be read */
	program_read(&program, SPI + 1);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.value[0], 0);
}

static void set_channel(unsigned channel, unsigned code)
{
	spi_write(2 + 2 * (channel / 8), 2, channel % 8 << 12 | code);
	spi_write(2 + 2 * (channel / 8), 2, 0xa002);
}

/* Codes and what they give: spec/lola.md 7; that channel 0 is amplified is assumed. */
static void voltages_of_the_board_reach_the_chip(void **state)
{
	(void)state;
	assert_near(fake.celsius, 41.5, 0, 1e-5);
	spi_write(2, 2, 0xc000); /* all channels on */
	set_channel(0, 3157);
	set_channel(1, (unsigned)(0.9 / 1.2 * 4095));
	set_channel(5, (unsigned)(0.75 / 2.5 * 4095));
	set_channel(6, (unsigned)(2.0 / 2.5 * 4095));
	machine_run(&machine, &program);
	assert_near(fake.board_volt[EMULATOR_V_RESET], 1.85, 0, 1e-3);
	assert_near(fake.board_volt[EMULATOR_V_RES_MEAS], 0.9, 0, 1e-3);
	assert_false(fake.pad_driven[0] || fake.pad_driven[1]);
	spi_write(1, 3, 0xff9c40 | 1 << 9);
	machine_run(&machine, &program);
	assert_true(!fake.pad_driven[0] && fake.pad_driven[1]);
	assert_near(fake.pad_volt[1], 2.0, 0, 1e-3);
	spi_write(1, 3, 0xff9c40 | 1 << 8);
	spi_write(2, 2, 0xc000 | 1 << 6); /* without power, channel 6 drives nothing */
	machine_run(&machine, &program);
	assert_true(fake.pad_driven[0] && !fake.pad_driven[1]);
	assert_near(fake.pad_volt[0], 0.75, 0, 1e-3);
}

static void a_chip_without_a_supply_is_dead(void **state)
{
	(void)state;
	for (unsigned supply = 0; supply < 6; supply++) {
		program_bring_up(&program);
		spi_write(1, 3, 0xff9c40 & ~(UINT32_C(1) << (16 + supply)));
		program_word(&program, hxcomm_word_jtag_init());
		program_word(&program, hxcomm_word_jtag_instruction(1));
		program_word(&program, hxcomm_word_jtag_data(0, 32, true));
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->jtag.value[0], 0);
		assert_int_equal(machine.fpga->links.up, 0);
		unsigned dark = 0;
		for (unsigned n = 0; n < 6; n++)
			dark += i2c_read(0x40 + n, 2, 2) >> 3 == 0;
		assert_int_equal(dark, 1); /* its monitor sees it */
		program_bring_up(&program); /* in vain */
		machine_run(&machine, &program);
		assert_true(machine.responses->timeouts.count > 0);
		spi_write(1, 3, 0xff9c40);
		program_bring_up(&program);
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->timeouts.count, 0);
		assert_int_equal(machine.fpga->links.up, 255);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(only_devices_that_are_there_acknowledge),
		cmocka_unit_test(the_eeprom_tells_the_serial_number),
		cmocka_unit_test(the_thermometer_counts_sixteenths_of_a_degree),
		cmocka_unit_test(power_monitors_obey_their_data_sheet),
		cmocka_unit_test(potentiometers_have_two_wipers_and_their_copies),
		cmocka_unit_test(the_port_expander_reads_back_its_outputs),
		cmocka_unit_test(the_small_converter_keeps_ten_bits_on_the_left),
		cmocka_unit_test(the_multiplexer_has_one_register),
		cmocka_unit_test(codes_of_the_large_converters_wait_for_their_load),
		cmocka_unit_test(voltages_of_the_board_reach_the_chip),
		cmocka_unit_test(a_chip_without_a_supply_is_dead),
	};
	return cmocka_run_group_tests_name("emulator/board", tests, open_machine, close_machine);
}

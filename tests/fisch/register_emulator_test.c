// SPDX-License-Identifier: MIT
/* Registers of all back ends, written and read on a chip: in this process, and over HostARQ.
 *
 * Where the facts of spec/transport.md that meet fisch are tested:
 *
 * | fact | test |
 * |---|---|
 * | 1.7 words to the FPGA | fisch/program appenders_write_the_words_of_the_specification |
 * | 1.7 as text | fisch/program_text words_become_names_and_arguments |
 * | 2.1 program of 4 194 304 words at most | fisch/program no_program_exceeds_the_playback_memory |
 * | 2.1 a read without barrier is lost | a_read_without_a_barrier_is_missed |
 * | 2.2 timer, wait, tick | times_are_those_of_the_waits |
 * | 2.2 polling block, time-out with its instruction | polling_waits_for_a_word |
 * | 2.2 reset of the chip | a_reset_is_one_of_the_chip_alone |
 * | 2.3 byte enables | bytes_are_written_as_they_are_enabled |
 * | 2.5 JTAG: id, PLL, PHY, omnibus | a_bring_up_is_made_of_registers |
 * | 2.5 TCK = 125 MHz / (scaler + 2) | the_scaler_sets_the_clock_of_jtag |
 * | 2.6 bring-up | a_bring_up_is_made_of_registers |
 * | 2.7 link notifications, one a PHY | a_bring_up_is_made_of_registers |
 * | 2.7 chip time at 0x0 and 0x1, 4 ns | a_bring_up_is_made_of_registers |
 * | 2.7 labels; time stamps of 8 bits, 4 ns | events_come_back_with_label_and_time |
 * | 2.7 reconstruction of times | hxcomm/decoder chip_time_is_the_latest_that_is_not_after_arrival
 * |
 * | 3.1 words of all accesses | fisch/register all_recorded_accesses_have_the_recorded_words |
 * | 3.3 shift register | the_shift_register_switches_supplies |
 * | 3.4 I2C devices | registers_keep_what_is_written, devices_tell_what_they_measure |
 * | 3.5 positions of tickets | fisch/random_programs, fisch/ticket |
 * | 3.5 results of a run are complete, or it fails | fisch/run wrong_counts_of_responses_are_found
 * | */
#include <fisch/program.h>
#include <fisch/register.h>
#include <fisch/run.h>
#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "../hxcomm/arq_served.h"
#include "assert.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>

enum { SERIAL = 7, CELL = 0x02800000 };
#define FPGA_MEMORY UINT32_C(0x80000000)

static struct {
	struct hxcomm_connection *connection;
	struct fisch_program *program;
	struct hxcomm_responses *responses;
	struct served served;
	bool is_served;
} chip;

static void put(enum fisch_backend backend, uint32_t coordinate, uint32_t value)
{
	assert_ok(
	        fisch_program_append_register_write(chip.program, backend, coordinate, value, 15));
}

static struct fisch_ticket get(enum fisch_backend backend, uint32_t coordinate)
{
	struct fisch_ticket ticket;
	assert_ok(fisch_program_append_register_read(&ticket, chip.program, backend, coordinate));
	return ticket;
}

/* Run the program with barriers at its end. */
static void run(void)
{
	put(FISCH_BARRIER, 0, HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG);
	assert_ok(fisch_run(chip.connection, chip.program, chip.responses));
	fisch_program_clear(chip.program);
}

static uint32_t value_of(struct fisch_ticket ticket)
{
	uint32_t value = 0;
	assert_ok(fisch_ticket_read(&value, &ticket, chip.responses));
	return value;
}

static uint64_t time_of(struct fisch_ticket ticket)
{
	uint64_t cycles = 0;
	assert_ok(fisch_ticket_time(&cycles, &ticket, chip.responses));
	return cycles;
}

static void wait(uint32_t cycles)
{
	put(FISCH_TIMER, 0, 0);
	put(FISCH_WAIT_UNTIL, 0, cycles);
}

static const uint32_t pll[] = { 0x2a20a902, 0xc0cbf200, 0x2a20a902, 0xc0cbf200, 0x118d8181 };

/* As in spec/transport.md 2.6, by nothing but registers. */
static void append_bring_up(void)
{
	put(FISCH_RESET_CHIP, 0, 1);
	wait(10);
	put(FISCH_RESET_CHIP, 0, 0);
	wait(100);
	put(FISCH_JTAG_CLOCK_SCALER, 0, 3);
	put(FISCH_RESET_JTAG_TAP, 0, 0);
	for (uint32_t i = 0; i < 5; i++)
		put(FISCH_JTAG_PLL_REGISTER, i, pll[i]);
	wait(12500);
	for (uint32_t phy = 0; phy < 8; phy++)
		put(FISCH_OMNIBUS, 0x88006000 + phy, 0x00204040);
	put(FISCH_OMNIBUS, 0x88004000, 0xff);
	for (uint32_t phy = 0; phy < 8; phy++)
		put(FISCH_JTAG_PHY_REGISTER, phy, 0x00204000);
	put(FISCH_OMNIBUS_CHIP_OVER_JTAG, 0x00040000, 0xff);
	wait(10000);
	put(FISCH_SYSTIME_SYNC, 0, 1);
	put(FISCH_BARRIER, 0, HXCOMM_BARRIER_SYSTIME);
}

static void bring_up(void)
{
	append_bring_up();
	run();
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void a_bring_up_is_made_of_registers(void **state)
{
	struct fisch_ticket clocks[5], links[8], id, low, high;
	(void)state;
	append_bring_up();
	id = get(FISCH_JTAG_ID_CODE, 0);
	for (uint32_t i = 0; i < 5; i++)
		clocks[i] = get(FISCH_OMNIBUS_CHIP_OVER_JTAG, 0x00080000 + i);
	for (uint32_t phy = 0; phy < 8; phy++)
		links[phy] = get(FISCH_OMNIBUS, 0x88006000 + phy);
	low = get(FISCH_OMNIBUS, 0);
	high = get(FISCH_OMNIBUS, 1);
	run();
	assert_int_equal(value_of(id), 0x448590af);
	for (uint32_t i = 0; i < 5; i++)
		assert_int_equal(value_of(clocks[i]), pll[i]);
	for (uint32_t phy = 0; phy < 8; phy++)
		assert_int_equal(value_of(links[phy]), 0x00204040);
	/* the chip counts 4 ns since the synchronisation, the answer takes a little more time */
	const uint64_t chip_time = (uint64_t)value_of(high) << 32 | value_of(low);
	assert_true(chip_time <= 2 * time_of(low) && chip_time + 2 * 200 > 2 * time_of(low));
	const struct hxcomm_link_responses *up = &chip.responses->links;
	unsigned seen = 0;
	assert_int_equal(up->count, 8);
	for (size_t i = 0; i < 8; i++) {
		assert_int_equal(up->value[i] & 0x1f, 1 << 4); /* up, and no error */
		seen |= 1u << (up->value[i] >> 5);
	}
	assert_int_equal(seen, 0xff);
}

/* Some registers that keep all their bits, or those of a mask. */
static void registers_keep_what_is_written(void **state)
{
	static const struct {
		enum fisch_backend backend;
		uint32_t first, count, mask;
	} rows[] = {
		{ FISCH_OMNIBUS, FPGA_MEMORY, 100, UINT32_MAX },
		{ FISCH_OMNIBUS, CELL, 100, UINT32_MAX },
		{ FISCH_OMNIBUS_CHIP_OVER_JTAG, CELL + 0x100, 50, UINT32_MAX },
		{ FISCH_I2C_INA219_RW_REGISTER, 0, 12, 0xfffe }, /* one has no lowest bit */
		{ FISCH_I2C_TCA9554_RW_REGISTER, 0, 3, 0xff },
		{ FISCH_I2C_AD5252_RW_REGISTER, 0, 12, 0xff },
		{ FISCH_I2C_DAC6573_RW_REGISTER, 0, 4, 0x3ff },
	};
	uint32_t written[100], coordinates[100], read[100];
	(void)state;
	bring_up();
	for (uint64_t seed = 0; seed < 5; seed++) {
		struct test_random random = { .seed = seed };
		FOR_ROWS(i, rows) {
			struct fisch_ticket ticket;
			for (uint32_t k = 0; k < rows[i].count; k++) {
				coordinates[k] = rows[i].first + k;
				written[k] = (uint32_t)test_random_next(&random) & rows[i].mask;
				put(rows[i].backend, coordinates[k], written[k]);
			}
			put(FISCH_BARRIER, 0, HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG);
			assert_ok(fisch_program_append_register_reads(&ticket, chip.program,
			        rows[i].backend, coordinates, rows[i].count));
			run();
			assert_ok(fisch_ticket_read(read, &ticket, chip.responses));
			for (uint32_t k = 0; k < rows[i].count; k++)
				assert_int_equal(read[k] & rows[i].mask, written[k]);
		}
	}
}

/* What the devices on the board are known to say (their data sheets). */
static void devices_tell_what_they_measure(void **state)
{
	struct fisch_ticket bus[6], shunt[6], id, degrees, inputs, channels;
	(void)state;
	for (uint32_t n = 0; n < 6; n++) {
		shunt[n] = get(FISCH_I2C_INA219_RO_REGISTER, 4 * n);
		bus[n] = get(FISCH_I2C_INA219_RO_REGISTER, 4 * n + 1);
	}
	id = get(FISCH_I2C_ID_REGISTER, 0);
	degrees = get(FISCH_I2C_TEMP_REGISTER, 0);
	put(FISCH_I2C_TCA9554_RW_REGISTER, 1, 0);    /* nothing turned over */
	put(FISCH_I2C_TCA9554_RW_REGISTER, 0, 0xa5); /* outputs */
	put(FISCH_I2C_TCA9554_RW_REGISTER, 2, 0);    /* all of them drive */
	inputs = get(FISCH_I2C_TCA9554_RO_REGISTER, 0);
	put(FISCH_I2C_TCA9546_REGISTER, 0, 5);
	channels = get(FISCH_I2C_TCA9546_REGISTER, 0);
	run();
	assert_int_equal(value_of(id), SERIAL);
	/* 1/16 degree from bit 4 on */
	assert_in_range(value_of(degrees) >> 4, 10 * 16, 80 * 16);
	for (uint32_t n = 0; n < 6; n++) {
		/* 4 mV from bit 3 on; 10 uV */
		assert_in_range(value_of(bus[n]) >> 3, 1000 / 4, 2700 / 4);
		assert_in_range(value_of(shunt[n]), 1, 32000);
	}
	assert_int_equal(value_of(inputs), 0xa5);
	/* as the reference does, the read sends a register number, which is its content */
	assert_int_equal(value_of(channels), 0);
}

static void the_shift_register_switches_supplies(void **state)
{
	static const uint32_t on = 0xff9c40, supplies = 0x3f0000;
	struct fisch_ticket bus[6];
	(void)state;
	for (int round = 0; round < 2; round++) {
		put(FISCH_SPI_SHIFT_REGISTER, 0, round ? on : on & ~supplies);
		for (uint32_t n = 0; n < 6; n++)
			bus[n] = get(FISCH_I2C_INA219_RO_REGISTER, 4 * n + 1);
		run();
		for (uint32_t n = 0; n < 6; n++)
			assert_int_equal(value_of(bus[n]) >> 3 > 200, round);
	}
}

static void bytes_are_written_as_they_are_enabled(void **state)
{
	struct test_random random = { .seed = 8 };
	uint32_t expected[64], value = 0;
	struct fisch_ticket tickets[64];
	(void)state;
	put(FISCH_OMNIBUS, FPGA_MEMORY, 0);
	for (size_t i = 0; i < 64; i++) {
		const uint32_t next = (uint32_t)test_random_next(&random);
		const uint8_t lanes = (uint8_t)(i % 16);
		assert_ok(fisch_program_append_register_write(
		        chip.program, FISCH_OMNIBUS, FPGA_MEMORY, next, lanes));
		for (unsigned lane = 0; lane < 4; lane++)
			if (lanes >> lane & 1)
				value = (value & ~(UINT32_C(0xff) << 8 * lane)) |
				        (next & UINT32_C(0xff) << 8 * lane);
		expected[i] = value;
		tickets[i] = get(FISCH_OMNIBUS, FPGA_MEMORY);
	}
	run();
	for (size_t i = 0; i < 64; i++)
		assert_int_equal(value_of(tickets[i]), expected[i]);
}

static void times_are_those_of_the_waits(void **state)
{
	static const uint32_t at[] = { 1000, 1001, 5000, 125000, 125000, 30 };
	struct fisch_ticket ticks[6], timer;
	(void)state;
	bring_up(); /* times are of the FPGA from then on */
	put(FISCH_TIMER, 0, 0);
	for (size_t i = 0; i < 6; i++) {
		put(FISCH_WAIT_UNTIL, 0, at[i]);
		ticks[i] = get(FISCH_NULL_PAYLOAD_READABLE, 0);
	}
	timer = get(FISCH_TIMER, 0);
	run();
	for (size_t i = 1; i < 6; i++) {
		const uint64_t between = time_of(ticks[i]) - time_of(ticks[i - 1]);
		const uint32_t wanted = at[i] > at[i - 1] ? at[i] - at[i - 1] : 0;
		/* an instruction takes a cycle; a past time does not wait */
		assert_in_range(between, wanted < 3 ? 1 : wanted - 2, wanted + 2);
		assert_int_equal(value_of(ticks[i]), 1);
	}
	assert_in_range(value_of(timer), 125000, 125020);
}

static void polling_waits_for_a_word(void **state)
{
	struct fisch_ticket first, second;
	(void)state;
	bring_up();
	/* until the timer has bit 10 set, then until bits 12 to 10 differ from one */
	put(FISCH_OMNIBUS, 0x88000006, 0x8800000c);
	put(FISCH_OMNIBUS, 0x88000007, 1 << 10);
	put(FISCH_OMNIBUS, 0x88000008, 7 << 10);
	put(FISCH_TIMER, 0, 0);
	put(FISCH_POLLING_OMNIBUS_BLOCK, 0, 1);
	first = get(FISCH_TIMER, 0);
	put(FISCH_POLLING_OMNIBUS_BLOCK, 0, 0);
	second = get(FISCH_TIMER, 0);
	run();
	assert_in_range(value_of(first), 1 << 10, (1 << 10) + 40);
	assert_in_range(value_of(second), 2 << 10, (2 << 10) + 40);
	/* in vain: the instruction is named, and a reset of the connection helps */
	put(FISCH_OMNIBUS, 0x88000009, 5000);
	put(FISCH_OMNIBUS, 0x88000006, FPGA_MEMORY);
	put(FISCH_OMNIBUS, FPGA_MEMORY, 0);
	put(FISCH_BARRIER, 0, HXCOMM_BARRIER_OMNIBUS);
	put(FISCH_POLLING_OMNIBUS_BLOCK, 0, 1);
	assert_error(fisch_run(chip.connection, chip.program, chip.responses), HXCOMM_EDEVICE,
	        "instruction 7 of 8, timing::PollingOmnibusBlock 0x0800000000000001, blocked too "
	        "long");
	fisch_program_clear(chip.program);
	assert_ok(hxcomm_reset(chip.connection));
	put(FISCH_OMNIBUS, 0x88000009, 1250000); /* the default */
	bring_up();
}

static void a_reset_is_one_of_the_chip_alone(void **state)
{
	struct fisch_ticket memory, cell, clock;
	(void)state;
	bring_up();
	put(FISCH_OMNIBUS, FPGA_MEMORY + 5, 0x1234);
	put(FISCH_OMNIBUS, CELL, 0x5678);
	cell = get(FISCH_OMNIBUS, CELL);
	run();
	assert_int_equal(value_of(cell), 0x5678);
	put(FISCH_RESET_CHIP, 0, 1);
	wait(10);
	put(FISCH_RESET_CHIP, 0, 0);
	wait(100);
	put(FISCH_RESET_JTAG_TAP, 0, 0);
	memory = get(FISCH_OMNIBUS, FPGA_MEMORY + 5);
	clock = get(FISCH_OMNIBUS_CHIP_OVER_JTAG, 0x00080000);
	run();
	assert_int_equal(value_of(memory), 0x1234);
	assert_true(value_of(clock) != pll[0]);
}

static uint64_t jtag_cycles(uint32_t scaler)
{
	put(FISCH_JTAG_CLOCK_SCALER, 0, scaler);
	const struct fisch_ticket begin = get(FISCH_NULL_PAYLOAD_READABLE, 0);
	(void)get(FISCH_JTAG_ID_CODE, 0);
	put(FISCH_BARRIER, 0, HXCOMM_BARRIER_JTAG);
	const struct fisch_ticket end = get(FISCH_NULL_PAYLOAD_READABLE, 0);
	run();
	return time_of(end) - time_of(begin);
}

static void the_scaler_sets_the_clock_of_jtag(void **state)
{
	(void)state;
	bring_up();
	const uint64_t fast = jtag_cycles(3), slow = jtag_cycles(103), slowest = jtag_cycles(203);
	const uint64_t clocks = (slow - fast) / 100;
	/* 7 and 32 bits, and the way through the states */
	assert_in_range(clocks, 39, 39 + 25);
	assert_near((double)(slowest - slow), (double)(slow - fast), 0.01, 0);
	assert_near((double)fast, 5.0 * (double)clocks, 0, 15);
}

static void events_come_back_with_label_and_time(void **state)
{
	static const uint16_t labels[] = { 0x0123, 0x0456, 0x3fff, 0x0001, 0x0002, 0x0003 };
	static const uint64_t at[] = { 100, 200, 200, 1000, 1000, 1000 };
	size_t found = 0;
	(void)state;
	bring_up();
	for (uint32_t i = 0; i < 4; i++)
		put(FISCH_OMNIBUS, 0x00130039 + 9 * i, 0x80000000); /* loops */
	put(FISCH_OMNIBUS, 0x88000005, 1);
	put(FISCH_BARRIER, 0, HXCOMM_BARRIER_OMNIBUS);
	put(FISCH_SPIKE_PACK_1_TO_CHIP, 0, labels[0]);
	wait(1000);
	put(FISCH_SPIKE_PACK_2_TO_CHIP, 0, (uint32_t)labels[1] << 16 | labels[2]);
	wait(1000);
	assert_ok(fisch_program_append_spikes(chip.program, labels + 3, 3));
	wait(1000);
	put(FISCH_TIMER, 0, 0);
	assert_ok(fisch_program_append_spike_train(chip.program, at, labels, 6));
	put(FISCH_WAIT_UNTIL, 0, 3000);
	run();
	const struct hxcomm_spike_responses *spikes = &chip.responses->spikes;
	assert_int_equal(spikes->count, 12);
	for (size_t i = 0; i < 12; i++) {
		/* 8 bits of 4 ns: 128 cycles before its arrival at most */
		assert_true(spikes->chip_time[i] <= 2 * spikes->fpga_time[i] + 1);
		assert_true(spikes->chip_time[i] + 256 > 2 * spikes->fpga_time[i]);
		for (size_t k = 0; k < 6; k++)
			found += spikes->label[i] == labels[k];
	}
	assert_int_equal(found, 12);
	/* a train keeps its distances */
	assert_in_range(spikes->chip_time[7] - spikes->chip_time[6], 2 * 100 - 10, 2 * 100 + 10);
	assert_in_range(spikes->chip_time[9] - spikes->chip_time[6], 2 * 900 - 10, 2 * 900 + 10);
}

/* The halt overtakes the answer: that is told, nothing waits for it, and the next run is whole. */
static void a_read_without_a_barrier_is_missed(void **state)
{
	(void)state;
	bring_up();
	(void)get(FISCH_OMNIBUS, CELL);
	assert_error(fisch_run(chip.connection, chip.program, chip.responses), HXCOMM_EPROTO,
	        "0 omnibus responses instead of 1: end the program with a barrier for the omnibus");
	fisch_program_clear(chip.program);
	(void)get(FISCH_OMNIBUS, CELL);
	run();
}

/* ---- here and over the network -------------------------------------------------------------- */

static int open_chip(void **state)
{
	(void)state;
	assert_ok(hxcomm_open(&chip.connection,
	        chip.is_served ? chip.served.uri : "emulator:?serial=7", NULL));
	assert_ok(hxcomm_responses_new(&chip.responses, 0));
	assert_ok(fisch_program_new(&chip.program, 0));
	return 0;
}

static int close_chip(void **state)
{
	(void)state;
	hxcomm_close(chip.connection);
	hxcomm_responses_free(chip.responses);
	fisch_program_free(chip.program);
	return 0;
}

static int serve(void **state)
{
	(void)state;
	served_start(&chip.served, "emulator:?serial=7");
	chip.is_served = true;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (chip.is_served)
		served_stop(&chip.served);
	return 0;
}

#define ON_A_CHIP(test) cmocka_unit_test_setup_teardown(test, open_chip, close_chip)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_A_CHIP(a_bring_up_is_made_of_registers),
		ON_A_CHIP(registers_keep_what_is_written),
		ON_A_CHIP(devices_tell_what_they_measure),
		ON_A_CHIP(the_shift_register_switches_supplies),
		ON_A_CHIP(bytes_are_written_as_they_are_enabled),
		ON_A_CHIP(times_are_those_of_the_waits),
		ON_A_CHIP(polling_waits_for_a_word),
		ON_A_CHIP(a_reset_is_one_of_the_chip_alone),
		ON_A_CHIP(the_scaler_sets_the_clock_of_jtag),
		ON_A_CHIP(events_come_back_with_label_and_time),
		ON_A_CHIP(a_read_without_a_barrier_is_missed),
	};
	const int failed = cmocka_run_group_tests_name(
	        "fisch/register_emulator", tests, NULL, NULL);
	return failed + cmocka_run_group_tests_name(
	        "fisch/register_emulator/arq", tests, serve, stop);
}

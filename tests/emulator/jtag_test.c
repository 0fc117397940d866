// SPDX-License-Identifier: MIT
/* The JTAG port: registers, shifts of any length, and their duration. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <noise.h>

static void shift(struct program *program, uint8_t instruction, uint64_t data, unsigned bits)
{
	program_word(program, hxcomm_word_jtag_instruction(instruction));
	program_word(program, hxcomm_word_jtag_data(data, bits, true));
}

static void run(struct machine *machine, struct program *program)
{
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	machine_run(machine, program);
}

static void the_identity_is_that_of_revision_4(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_word(&program, hxcomm_word_jtag_scaler(3));
	program_word(&program, hxcomm_word_jtag_init());
	program_word(&program, hxcomm_word_jtag_data(0, 32, true)); /* selected by the reset */
	shift(&program, 1, 0, 32);
	shift(&program, 1, 1, 33); /* the first bit shifted in appears behind the register */
	run(&machine, &program);
	assert_int_equal(machine.responses->jtag.count, 3);
	assert_int_equal(machine.responses->jtag.value[0], 0x448590af);
	assert_int_equal(machine.responses->jtag.value[1], 0x448590af);
	assert_true(machine.responses->jtag.value[2] == UINT64_C(0x1448590af));
	program_free(&program);
	machine_close(&machine);
}

static void bypass_delays_by_one_bit(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_word(&program, hxcomm_word_jtag_init());
	for (unsigned bits = 3; bits <= 33; bits++) {
		uint32_t r[4];
		emulator__noise_bits(r, 5, NOISE_LINK, bits);
		const uint64_t mask = (UINT64_C(1) << bits) - 1;
		const uint64_t data = ((uint64_t)r[0] << 32 | r[1]) & mask;
		shift(&program, 127, data, bits);
		run(&machine, &program);
		assert_true(machine.responses->jtag.value[0] == (data << 1 & mask));
	}
	program_free(&program);
	machine_close(&machine);
}

static void registers_of_links_give_back_what_was_shifted_in(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_word(&program, hxcomm_word_jtag_init());
	for (unsigned phy = 0; phy < 8; phy++)
		shift(&program, (uint8_t)(0x40 | phy << 3 | 4), 0x204000 + phy, 22);
	for (unsigned phy = 0; phy < 8; phy++)
		shift(&program, (uint8_t)(0x40 | phy << 3 | 4), 0, 22);
	run(&machine, &program);
	for (unsigned phy = 0; phy < 8; phy++)
		assert_int_equal(machine.responses->jtag.value[8 + phy], 0x204000 + phy);
	program_free(&program);
	machine_close(&machine);
}

static void the_clock_generators_are_the_registers_on_the_omnibus(void **state)
{
	static const uint32_t words[] = { 0x2a20a902, 0xc0cbf200, 0x12345678, 0x9abcdef0,
		0x110d0101 };
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_word(&program, hxcomm_word_jtag_init());
	FOR_ROWS(i, words) {
		program_word(&program, hxcomm_word_jtag_instruction(3));
		program_word(&program, hxcomm_word_jtag_data(i, 4, false));
		program_word(&program, hxcomm_word_jtag_instruction(4));
		program_word(&program, hxcomm_word_jtag_data(words[i], 32, false));
	}
	FOR_ROWS(i, words)
		program_jtag_read(&program, 0x80000 + (uint32_t)i);
	run(&machine, &program);
	FOR_ROWS(i, words)
		assert_int_equal(machine.responses->jtag.value[i], words[i]);
	program_free(&program);
	machine_close(&machine);
}

static void the_omnibus_is_the_same_over_jtag(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (uint32_t i = 0; i < 64; i++) {
		uint32_t r[4];
		emulator__noise_bits(r, 6, NOISE_LINK, i);
		const uint32_t address = 0x02800000 + (r[0] & 0x01000fff);
		program_jtag_write(&program, address, r[1]);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
		program_read(&program, address);
		program_write(&program, address, r[2]);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		program_jtag_read(&program, address);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		run(&machine, &program);
		assert_int_equal(machine.responses->omnibus.value[0], r[1]);
		assert_int_equal(machine.responses->jtag.value[0], r[2]);
	}
	program_free(&program);
	machine_close(&machine);
}

static void a_write_over_jtag_takes_effect_when_its_last_shift_is_over(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_word(&program, hxcomm_word_jtag_scaler(20));
	program_write(&program, 0x02800000, 1);
	program_jtag_write(&program, 0x02800000, 2);
	program_read(&program, 0x02800000); /* the request is still being shifted */
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	program_read(&program, 0x02800000);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.value[0], 1);
	assert_int_equal(machine.responses->omnibus.value[1], 2);
	program_free(&program);
	machine_close(&machine);
}

static void a_shift_takes_its_bits_at_the_scaled_clock(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	static const unsigned scalers[] = { 0, 3, 6, 255 };
	FOR_ROWS(i, scalers) {
		for (unsigned bits = 3; bits <= 33; bits += 15) {
			program_word(&program, hxcomm_word_jtag_scaler(scalers[i]));
			program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
			program_word(&program, hxcomm_word_loopback(true));
			program_word(&program, hxcomm_word_jtag_data(0, bits, true));
			program_word(&program, hxcomm_word_jtag_data(0, bits, true));
			run(&machine, &program);
			const uint64_t tck = scalers[i] + 2;
			const uint64_t first = machine.responses->jtag.time[0] -
			        machine.responses->loopback.time[0] - 1;
			const uint64_t second = machine.responses->jtag.time[1] -
			        machine.responses->jtag.time[0];
			assert_int_equal(first % tck, 0);
			assert_int_equal(first, second); /* the second waits for the first */
			assert_true(first >= bits * tck && first <= (bits + 8) * tck);
		}
	}
	program_free(&program);
	machine_close(&machine);
}

static void before_its_reset_the_port_is_deaf(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	shift(&program, 1, 0, 32);
	program_jtag_write(&program, 0x02800000, 5);
	program_word(&program, hxcomm_word_jtag_init());
	program_jtag_read(&program, 0x02800000);
	run(&machine, &program);
	assert_int_equal(machine.responses->jtag.value[0], 0);
	assert_int_equal(machine.responses->jtag.value[1], 0);
	program_free(&program);
	machine_close(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_identity_is_that_of_revision_4),
		cmocka_unit_test(bypass_delays_by_one_bit),
		cmocka_unit_test(registers_of_links_give_back_what_was_shifted_in),
		cmocka_unit_test(the_clock_generators_are_the_registers_on_the_omnibus),
		cmocka_unit_test(the_omnibus_is_the_same_over_jtag),
		cmocka_unit_test(a_write_over_jtag_takes_effect_when_its_last_shift_is_over),
		cmocka_unit_test(a_shift_takes_its_bits_at_the_scaled_clock),
		cmocka_unit_test(before_its_reset_the_port_is_deaf),
	};
	return cmocka_run_group_tests_name("emulator/jtag", tests, NULL, NULL);
}

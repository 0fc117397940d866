// SPDX-License-Identifier: MIT
/* Registers and memories of the FPGA, the answers to writes, and the serial spike interface
 * (source: spec/transport.md 2.3, 2.4, spec/registers_fpga.json). */
#include "assert.h"
#include "machine.h"

static struct machine machine;
static struct program program;

static int open_machine(void **state)
{
	(void)state;
	machine_open(&machine, NULL);
	return 0;
}

static int close_machine(void **state)
{
	(void)state;
	machine_close(&machine);
	program_free(&program);
	return 0;
}

static uint32_t read_register(uint32_t address)
{
	program_read(&program, address);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 1);
	return machine.responses->omnibus.value[0];
}

static void registers_begin_with_their_defaults(void **state)
{
	static const struct { uint32_t address, value; } rows[] = {
		{ 0x88000000, 1 }, { 0x88000005, 0 }, { 0x88000009, 1250000 }, { 0x8800000b, 0 },
		{ 0x88002000, 3 }, { 0x88004000, 0 }, { 0x88008000, 0 }, { 0x88020000, 0xff },
		{ 0x8802ffff, 0xff }, { 0x88030000, 0xffff }, { 0x880300ff, 0xffff },
		{ 0x88038000, 1 }, { 0x880c0000, 0 }, { 0x880d0000, 0 }, { 0x80000000, 0 },
	};
	(void)state;
	FOR_ROWS(i, rows)
		assert_int_equal(read_register(rows[i].address), rows[i].value);
}

static void each_register_keeps_the_bits_that_it_has(void **state)
{
	static const struct { uint32_t address, bits; } rows[] = {
		{ 0x80000000, UINT32_MAX }, { 0x80007fff, UINT32_MAX }, { 0x84000000, UINT32_MAX },
		{ 0x87ffffff, UINT32_MAX }, { 0x88000005, 1 }, { 0x8800000b, 1 },
		{ 0x88002000, 15 }, { 0x88004000, 0xff }, { 0x88006000, 0x3effff },
		{ 0x88006007, 0x3effff }, { 0x88007a00, 0xffff }, { 0x88007c00, UINT32_MAX },
		{ 0x88007c04, UINT32_MAX }, { 0x88008000, 1 }, { 0x88020000, 0xff },
		{ 0x8802ffff, 0xff }, { 0x88030000, 0xffff }, { 0x880300ff, 0xffff },
		{ 0x88038000, 0x7ffff }, { 0x880c0000, 0x1ffff }, { 0x880c7fff, 0x1ffff },
		{ 0x880d0000, 0xffff }, { 0x880dffff, 0xffff },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		static const uint32_t values[] = { UINT32_MAX, 0, 0xa5a5a5a5, 0x5a5a5a5a };
		FOR_ROWS(k, values) {
			program_write(&program, rows[i].address, values[k]);
			assert_int_equal(read_register(rows[i].address), values[k] & rows[i].bits);
		}
		program_write(&program, rows[i].address, 0);
		machine_run(&machine, &program);
	}
}

/* Operands of the polling block are not read back, counters are not written, and beyond is
 * nothing. */
static void what_cannot_be_written_or_read_is_left_alone(void **state)
{
	static const uint32_t rows[] = { 0x88000006, 0x88000007, 0x88000008, 0x88002001, 0x88002002,
		0x88004004, 0x8800400c, 0x88004014, 0x88008004, 0x8800c000, 0x8800c013, 0x80008000,
		0x88000001, 0x88006008, 0x88030100, 0x880c8000, 0x880e0000, 0x8c000000,
		0xffffffff };
	(void)state;
	FOR_ROWS(i, rows) {
		program_write(&program, rows[i], 0x12345678);
		assert_int_equal(read_register(rows[i]), 0);
	}
}

static void a_write_is_answered_where_nobody_filters(void **state)
{
	(void)state;
	program_write(&program, 0x80000000, 17); /* filtered */
	program_write(&program, 0x88000000, 0);
	program_write(&program, 0x80000001, 18);
	program_read(&program, 0x80000000);
	program_write(&program, 0x88000000, 1);
	program_write(&program, 0x80000002, 19); /* filtered again */
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	/* of the write of the filter itself, of the next, and the read */
	assert_int_equal(machine.responses->omnibus.count, 3);
	unsigned seen = 0;
	for (unsigned i = 0; i < 3; i++)
		seen |= machine.responses->omnibus.value[i] == 18 ? 1
		        : machine.responses->omnibus.value[i] == 17 ? 2
		                                                    : 4;
	assert_int_equal(seen, 7);
}

static void the_memory_has_an_end(void **state)
{
	enum { WRITES = 4000 };
	(void)state;
	/* a word in each of 4000 pages of the large memory, and all are there */
	for (uint32_t i = 0; i < WRITES; i++)
		program_write(&program, 0x84000000 + 4096 * i, i + 1);
	machine_run(&machine, &program);
	for (uint32_t i = 0; i < WRITES; i += 371)
		assert_int_equal(read_register(0x84000000 + 4096 * i), i + 1);
	assert_true(machine.fpga->memory.pages <= EMULATOR_MEMORY_PAGES_LIMIT);
}

/* ---- barriers and time limits ---------------------------------------------------------------- */

static void a_barrier_that_takes_too_long_is_told(void **state)
{
	(void)state;
	program_word(&program, hxcomm_word_jtag_scaler(255));
	program_word(&program, hxcomm_word_jtag_init());
	program_write(&program, 0x88000009, 100); /* a shift of 33 bits takes 38 * 257 cycles */
	program_word(&program, hxcomm_word_jtag_instruction(6));
	const size_t index = program.count;
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	program_write(&program, 0x88000009, 1250000);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	machine_run(&machine, &program);
	assert_true(machine.responses->timeouts.count >= 1);
	assert_in_range(machine.responses->timeouts.instruction[0], index - 1, index);
}

static void barriers_that_nobody_needs_return_at_once(void **state)
{
	static const unsigned masks[] = { 0, HXCOMM_BARRIER_MULTI_FPGA,
		HXCOMM_BARRIER_SYSTIME_CORRECTION, 31 };
	(void)state;
	program_write(&program, 0x8800000b, 1); /* armed, but there is no such network */
	FOR_ROWS(i, masks) {
		program_word(&program, hxcomm_word_loopback(true));
		program_word(&program, hxcomm_word_barrier(masks[i]));
		program_word(&program, hxcomm_word_loopback(true));
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->timeouts.count, 0);
		assert_int_equal(machine.responses->loopback.count, 2);
	}
}

/* Index of the instruction, counted since the last halt, and reads without answer. */
static void a_time_limit_tells_where_and_how_many_reads(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 2; round++) { /* the count begins anew */
		for (unsigned i = 0; i < 5; i++)
			program_word(&program, hxcomm_word_barrier(0));
		program_write(&program, 0x88000009, 20);
		for (unsigned i = 0; i < 3; i++)
			program_read(&program, 0x80000000); /* answered after 8 cycles */
		const size_t index = program.count;
		program_read(&program, 0x02800000); /* no link */
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->timeouts.count, 1);
		assert_int_equal(machine.responses->timeouts.instruction[0], index);
		assert_int_equal(machine.responses->timeouts.reads_in_flight[0], 3);
	}
}

/* ---- spike I/O ------------------------------------------------------------------------------- */

/* Labels go out as bytes, come back over the inner loop, and reach the chip as other labels. */
static void spikes_go_round_the_serial_loop(void **state)
{
	enum { SCALER = 4, ON = 7 << 16 };
	struct machine ready;
	(void)state;
	machine_open_ready(&ready);
	program_write(&program, 0x00130039, 0x80000000); /* loop of link 0 */
	program_write(&program, 0x88020000 + 0x0123, 0x45);
	program_write(&program, 0x88030000 + 0x45, 0x0456);
	program_write(&program, 0x88038000, ON | SCALER);
	program_word(&program, hxcomm_word_spike_pack_1(0x0123));
	program_wait(&program, 2000);
	machine_run(&ready, &program);
	const struct hxcomm_spike_responses *spikes = &ready.responses->spikes;
	assert_int_equal(spikes->count, 2); /* 0x0456 has no byte: it goes round no more */
	assert_int_equal(spikes->label[0], 0x0123);
	assert_int_equal(spikes->label[1], 0x0456);
	/* ten bits of four cycles between arrival and departure, and the way to the crossbar */
	const uint64_t byte = spikes->chip_time[1] - 2 * spikes->fpga_time[0];
	assert_in_range(byte, 2 * 10 * SCALER + 30 - 2, 2 * 10 * SCALER + 30 + 2);
	/* without the loop, or with the receiver off, nothing comes back */
	static const uint32_t off[] = { 3 << 16, 5 << 16, 6 << 16 };
	FOR_ROWS(i, off) {
		program_write(&program, 0x88038000, off[i] | SCALER);
		program_word(&program, hxcomm_word_spike_pack_1(0x0123));
		program_wait(&program, 2000);
		machine_run(&ready, &program);
		assert_int_equal(ready.responses->spikes.count, 1);
	}
	machine_close(&ready);
}

/* A label that is mapped to itself goes round for ever, at the pace of the serial line. */
static void a_spike_can_circle_for_ever(void **state)
{
	struct machine ready;
	(void)state;
	machine_open_ready(&ready);
	program_write(&program, 0x00130039, 0x80000000);
	program_write(&program, 0x88020007, 9);
	program_write(&program, 0x88030009, 7);
	program_write(&program, 0x88038000, 7 << 16 | 100);
	program_word(&program, hxcomm_word_spike_pack_1(7));
	program_wait(&program, 125000);
	machine_run(&ready, &program);
	const struct hxcomm_spike_responses *spikes = &ready.responses->spikes;
	/* 1000 cycles of the byte, 0.72 us of the loop */
	const uint64_t period = 2 * 1000 + 180;
	assert_in_range(spikes->count, 250000 / period - 2, 250000 / period + 2);
	for (size_t i = 1; i < spikes->count; i++)
		assert_in_range(spikes->chip_time[i] - spikes->chip_time[i - 1], period - 4,
		        period + 4);
	machine_close(&ready);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(registers_begin_with_their_defaults),
		cmocka_unit_test(each_register_keeps_the_bits_that_it_has),
		cmocka_unit_test(what_cannot_be_written_or_read_is_left_alone),
		cmocka_unit_test(a_write_is_answered_where_nobody_filters),
		cmocka_unit_test(the_memory_has_an_end),
		cmocka_unit_test(a_barrier_that_takes_too_long_is_told),
		cmocka_unit_test(barriers_that_nobody_needs_return_at_once),
		cmocka_unit_test(a_time_limit_tells_where_and_how_many_reads),
		cmocka_unit_test(spikes_go_round_the_serial_loop),
		cmocka_unit_test(a_spike_can_circle_for_ever),
	};
	return cmocka_run_group_tests_name("emulator/fpga_registers", tests, open_machine,
	        close_machine);
}

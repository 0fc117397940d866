// SPDX-License-Identifier: MIT
/* The executor: what each instruction does, and when, to the cycle. */
#include "assert.h"
#include "fake_analog.h"
#include "machine.h"

#include <noise.h>

#include <stdlib.h>

static const uint32_t scratch = 0x80000010, timer_register = 0x8800000c;
enum { SYNRAM = 0x02c00000 };

static void tick(struct program *program)
{
	program_word(program, hxcomm_word_loopback(true));
}

static uint64_t between(const struct machine *machine, size_t i, size_t j)
{
	return machine->responses->loopback.time[j] - machine->responses->loopback.time[i];
}

/* ---- time ------------------------------------------------------------------------------------ */

static void waits_end_at_the_cycle_they_name(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_word(&program, hxcomm_word_timer_setup());
	tick(&program);
	static const uint32_t times[] = { 100, 250, 251, 10000, 2500000 };
	FOR_ROWS(i, times) {
		program_word(&program, hxcomm_word_wait_until(times[i]));
		tick(&program);
	}
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->loopback.count, 6);
	/* the first tick runs at timer 1, one behind a wait until t at t + 1; a wait that comes too
	 * late, as until 251 behind the tick of 251, costs its own cycle */
	FOR_ROWS(i, times)
		assert_int_equal(between(&machine, 0, i + 1), times[i] + (i == 2));
	program_free(&program);
	machine_close(&machine);
}

static void every_instruction_takes_one_cycle(void **state)
{
	static const uint64_t words[] = {
		UINT64_C(0x0700000000000000), /* barrier for nothing */
		UINT64_C(0x0c00000000000000), /* data without address */
		UINT64_C(0x5500000000000000), /* no instruction */
		UINT64_C(0x8000000000000000), /* comma */
		UINT64_C(0x0d00000000001234), /* a spike */
		UINT64_C(0x0f00111122223333), /* three spikes */
		UINT64_C(0x0500000000000000), /* a wait that is over */
		UINT64_C(0x0400000000000000), /* timer */
		UINT64_C(0x0600000000000000), /* report of the time */
	};
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	FOR_ROWS(i, words) {
		tick(&program);
		for (unsigned n = 0; n < 10; n++)
			program_word(&program, words[i]);
		tick(&program);
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->loopback.count, 2);
		/* ten reports of the time leave one a cycle, and so does the tick behind them */
		assert_int_equal(between(&machine, 0, 1), 11);
	}
	program_free(&program);
	machine_close(&machine);
}

static void the_timer_reads_what_waits_compare(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_wait(&program, 777);
	program_read(&program, timer_register);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 1);
	assert_int_equal(machine.responses->omnibus.value[0], 778);
	program_free(&program);
	machine_close(&machine);
}

static void the_chip_counts_two_ticks_a_cycle(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (unsigned i = 0; i < 20; i++) {
		tick(&program);
		program_read(&program, 0);
		program_wait(&program, 1000 + 37 * i);
	}
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 20);
	for (unsigned i = 0; i < 20; i++) {
		const uint64_t sent = machine.responses->loopback.time[i] + 1;
		assert_int_equal(machine.responses->omnibus.value[i],
		        2 * (sent + EMULATOR_CHIP_CYCLES));
		assert_int_equal(machine.responses->omnibus.time[i],
		        sent + EMULATOR_CHIP_READ_CYCLES);
	}
	program_free(&program);
	machine_close(&machine);
}

static void without_synchronisation_times_count_messages(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	for (unsigned i = 0; i < 5; i++) {
		tick(&program);
		program_wait(&program, 1000);
	}
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->loopback.count, 5);
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(machine.responses->loopback.time[i], i + 1);
	program_free(&program);
	machine_close(&machine);
}

static void time_goes_on_between_runs(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	uint64_t last = 0;
	(void)state;
	machine_open_ready(&machine);
	for (unsigned i = 0; i < 3; i++) {
		tick(&program);
		machine_run(&machine, &program);
		assert_true(machine.responses->loopback.time[0] > last);
		last = machine.responses->loopback.time[0];
	}
	program_free(&program);
	machine_close(&machine);
}

/* A program of 34 s: the timer has 32 bits. */
static void the_timer_begins_anew_after_its_last_value(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_word(&program, hxcomm_word_timer_setup());
	program_word(&program, hxcomm_word_wait_until(UINT32_MAX));
	program_read(&program, timer_register);
	program_word(&program, hxcomm_word_wait_until(100)); /* it runs from 0 again */
	program_read(&program, timer_register);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_in_range(machine.responses->omnibus.value[0], 0, 20);
	assert_in_range(machine.responses->omnibus.value[1], 100, 120);
	program_free(&program);
	machine_close(&machine);
}

static void nothing_behind_a_halt_is_executed(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, SYNRAM, 1);
	program_word(&program, hxcomm_word_loopback(false));
	program_write(&program, SYNRAM, 2);
	tick(&program);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->loopback.count, 0);
	program_read(&program, SYNRAM);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.value[0], 1);
	program_free(&program);
	machine_close(&machine);
}

static void a_time_update_is_sent_when_it_is_asked_for(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_wait(&program, 5000);
	program_word(&program, hxcomm_word_systime_init(false));
	machine_run(&machine, &program);
	/* the first message, which no other makes necessary: code 5 and the time now */
	assert_int_equal(machine.words[0] >> 56, 5);
	const uint64_t time = machine.words[0] & ((UINT64_C(1) << 43) - 1);
	const uint64_t chip = emulator__chip_systime(machine.fpga->chip, 2 * machine.fpga->now);
	assert_in_range(chip / 2 - time, 0, 10);
	program_free(&program);
	machine_close(&machine);
}

/* Slow and fast reads are answered in the order of the requests; other kinds overtake them. */
static void answers_of_one_kind_keep_their_order(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (uint32_t i = 0; i < 20; i++)
		program_write(&program, 0x80000000 + i, 0x1000 + i);
	for (uint32_t i = 0; i < 20; i++) {
		if (i % 5 == 0)
			program_read(&program, 0x02c80000); /* a conversion takes 1.5 us */
		program_read(&program, 0x80000000 + i);
		tick(&program);
	}
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	const struct hxcomm_responses *r = machine.responses;
	assert_int_equal(r->omnibus.count, 24);
	for (size_t i = 0, expected = 0; i < 24; i++) {
		if (i % 6 == 0)
			continue; /* the conversion */
		assert_int_equal(r->omnibus.value[i], 0x1000 + expected++);
		assert_true(r->omnibus.time[i] > r->omnibus.time[i - 1]);
	}
	assert_true(r->loopback.time[0] < r->omnibus.time[0]);
	program_free(&program);
	machine_close(&machine);
}

/* ---- omnibus --------------------------------------------------------------------------------- */

static void byte_enables_select_lanes(void **state)
{
	static const uint32_t addresses[] = { 0x80000010, 0x02800004, SYNRAM + 5, 0x02cf0000 };
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	FOR_ROWS(i, addresses) {
		const uint32_t mask = addresses[i] == SYNRAM + 5 ? 0x3f3f3f3f : UINT32_MAX;
		for (unsigned enables = 0; enables < 16; enables++) {
			program_write(&program, addresses[i], 0x11223344);
			program_word(&program,
			        hxcomm_word_omnibus_address(addresses[i], enables, false));
			program_word(&program, hxcomm_word_omnibus_data(0xaabbccdd));
			program_read(&program, addresses[i]);
		}
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machine, &program);
		for (unsigned enables = 0; enables < 16; enables++) {
			uint32_t wanted = 0x11223344;
			for (unsigned lane = 0; lane < 4; lane++)
				if (enables >> lane & 1)
					wanted = (wanted & ~(UINT32_C(255) << 8 * lane)) |
					        (0xaabbccddu & UINT32_C(255) << 8 * lane);
			assert_int_equal(machine.responses->omnibus.value[enables], wanted & mask);
		}
	}
	program_free(&program);
	machine_close(&machine);
}

static void a_barrier_waits_for_reads_and_writes(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	tick(&program);
	program_read(&program, SYNRAM);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	tick(&program);
	program_write(&program, SYNRAM, 1);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	tick(&program);
	machine_run(&machine, &program);
	assert_true(machine.responses->loopback.time[1] > machine.responses->omnibus.time[0]);
	assert_true(between(&machine, 1, 2) > EMULATOR_CHIP_WRITE_CYCLES);
	program_free(&program);
	machine_close(&machine);
}

static void at_most_52_reads_are_in_flight(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	for (unsigned reads = 50; reads <= 54; reads++) {
		tick(&program);
		for (unsigned i = 0; i < reads; i++)
			program_read(&program, SYNRAM);
		tick(&program);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->omnibus.count, reads);
		const uint64_t took = between(&machine, 0, 1);
		if (reads <= EMULATOR_READS)
			assert_int_equal(took, reads + 1);
		else
			assert_true(took >= EMULATOR_CHIP_READ_CYCLES);
	}
	program_free(&program);
	machine_close(&machine);
}

static void unanswered_reads_are_lost_at_the_halt(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_read(&program, SYNRAM);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 0);
	tick(&program);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 0);
	program_free(&program);
	machine_close(&machine);
}

/* ---- timeouts and polling -------------------------------------------------------------------- */

static void polling_ends_when_the_condition_holds(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	/* until the timer has bit 10 set: not before 1024 */
	program_write(&program, 0x88000006, timer_register);
	program_write(&program, 0x88000007, 1 << 10);
	program_write(&program, 0x88000008, 1 << 10);
	program_word(&program, hxcomm_word_timer_setup());
	tick(&program);
	program_word(&program, hxcomm_word_polling_block(true));
	tick(&program);
	/* until a register of the chip differs from 3: at once */
	program_write(&program, SYNRAM, 4);
	program_write(&program, 0x88000006, SYNRAM);
	program_write(&program, 0x88000007, 3);
	program_write(&program, 0x88000008, 0x3f);
	program_word(&program, hxcomm_word_polling_block(false));
	tick(&program);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->timeouts.count, 0);
	assert_int_equal(machine.responses->loopback.count, 3);
	assert_true(between(&machine, 0, 1) >= 1024 && between(&machine, 0, 1) < 1024 + 20);
	program_free(&program);
	machine_close(&machine);
}

static void polling_in_vain_times_out_and_the_program_goes_on(void **state)
{
	static const uint32_t limits[] = { 100, 5000, 1250000 };
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	FOR_ROWS(i, limits) {
		program_write(&program, 0x88000009, limits[i]);
		program_write(&program, 0x88000006, scratch);
		program_write(&program, 0x88000007, 1);
		program_write(&program, 0x88000008, 1);
		tick(&program);
		const size_t index = program.count;
		program_word(&program, hxcomm_word_polling_block(true));
		tick(&program);
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->timeouts.count, 1);
		assert_int_equal(machine.responses->timeouts.instruction[0], index);
		assert_int_equal(machine.responses->timeouts.reads_in_flight[0], 0);
		assert_int_equal(machine.responses->timeouts.time[0] -
		                machine.responses->loopback.time[0],
		        limits[i] + 1);
		assert_int_equal(machine.responses->loopback.count, 2);
	}
	program_free(&program);
	machine_close(&machine);
}

static void a_long_wait_is_no_timeout(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, 0x88000009, 10);
	program_wait(&program, 12500000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->timeouts.count, 0);
	program_free(&program);
	machine_close(&machine);
}

/* ---- a chip that was not brought up ---------------------------------------------------------- */

static void without_links_reads_time_out_and_writes_are_lost(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_write(&program, SYNRAM, 0x15);
	program_word(&program, hxcomm_word_spike_pack_1(1));
	const size_t index = program.count;
	program_read(&program, SYNRAM);
	program_word(&program, hxcomm_word_jtag_scaler(3));
	program_word(&program, hxcomm_word_jtag_init());
	program_jtag_read(&program, SYNRAM);
	program_jtag_write(&program, SYNRAM, 0x17);
	program_jtag_read(&program, SYNRAM);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 0);
	assert_int_equal(machine.responses->timeouts.count, 1);
	assert_int_equal(machine.responses->timeouts.instruction[0], index);
	assert_int_equal(machine.responses->jtag.count, 2);
	assert_int_equal(machine.responses->jtag.value[0], 0);
	assert_int_equal(machine.responses->jtag.value[1], 0x17);
	assert_int_equal(machine.responses->links.count, 0);
	program_free(&program);
	machine_close(&machine);
}

static void synchronising_without_links_never_ends(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_word(&program, hxcomm_word_systime_init(true));
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_SYSTIME));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->timeouts.count, 1);
	assert_int_equal(machine.responses->timeouts.instruction[0], 1);
	program_free(&program);
	machine_close(&machine);
}

static void bring_up_raises_eight_links(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	unsigned seen = 0;
	(void)state;
	machine_open(&machine, NULL);
	program_bring_up(&program);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->timeouts.count, 0);
	assert_int_equal(machine.responses->links.count, 8);
	for (unsigned i = 0; i < 8; i++) {
		assert_int_equal(machine.responses->links.value[i] & 31, 16);
		seen |= 1u << (machine.responses->links.value[i] >> 5);
	}
	assert_int_equal(seen, 255);
	program_free(&program);
	machine_close(&machine);
}

static void each_step_of_the_bring_up_is_needed(void **state)
{
	/* words of the bring-up that are replaced by nothing, and their number */
	struct program full = { 0 };
	(void)state;
	program_bring_up(&full);
	unsigned lost = 0;
	for (size_t skip = 0; skip < full.count; skip++) {
		struct machine machine;
		struct program program = { 0 };
		machine_open(&machine, NULL);
		for (size_t i = 0; i < full.count; i++)
			program_word(&program, i == skip ? hxcomm_word_barrier(0) : full.words[i]);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		program_read(&program, SYNRAM);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machine, &program);
		lost += machine.responses->timeouts.count > 0;
		program_free(&program);
		machine_close(&machine);
	}
	/* init, five PLL words of four each, enables of both sides of all links */
	assert_true(lost >= 1 + 5 * 4);
	program_free(&full);
}

static void a_reset_clears_the_chip_but_not_the_fpga(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, SYNRAM, 0x15);
	program_write(&program, scratch, 0x77);
	program_bring_up(&program);
	program_read(&program, SYNRAM);
	program_read(&program, scratch);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 2);
	assert_int_equal(machine.responses->omnibus.value[0], 0);
	assert_int_equal(machine.responses->omnibus.value[1], 0x77);
	program_free(&program);
	machine_close(&machine);
}

static void absent_i2c_devices_do_not_acknowledge(void **state)
{
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, NULL);
	program_write(&program, 0x88007850, 0xfc);
	for (unsigned i = 0; i < 4; i++)
		program_read(&program, 0x88007850 + (i == 3 ? 0x80 : 0));
	program_read(&program, 0x880078a0); /* nobody lives at 0x20 */
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 5);
	assert_int_equal(machine.responses->omnibus.value[3], 1); /* serial 1 */
	assert_int_equal(machine.responses->omnibus.value[4], UINT32_C(1) << 31);
	program_free(&program);
	machine_close(&machine);
}

/* ---- anything at all ------------------------------------------------------------------------- */

static uint64_t random_word(uint64_t n)
{
	static const uint32_t addresses[] = { 0, 1, 0x40000, 0x80000, 0x130000, 0x130001, 0x130019,
		0x110000, 0x110001, 0x110400, 0x122000, 0xc0000, 0x160002, 0x1a1000, 0x2c00000,
		0x2c80000, 0x2ec0000, 0x2c94000, 0x88000006, 0x88000007, 0x88000008, 0x88000009,
		0x88004000, 0x88006000, 0x88007850, 0x80000000, 0x84000000 };
	uint32_t r[4];
	emulator__noise_bits(r, 99, NOISE_LINK, n);
	uint64_t payload = ((uint64_t)r[1] << 32 | r[2]) & ((UINT64_C(1) << 56) - 1);
	const unsigned code = r[0] % 17;
	if (code == HXCOMM_OMNIBUS_ADDRESS && r[0] >> 8 & 3)
		payload = UINT64_C(15) << 32 | (uint64_t)(r[0] >> 10 & 1) << 36 |
		        (addresses[r[3] % (sizeof(addresses) / sizeof(*addresses))] + (r[2] & 7));
	if (code == HXCOMM_WAIT_UNTIL)
		payload &= 0xffff;
	return (uint64_t)(code == 16 ? r[0] >> 24 : code) << 56 | payload;
}

static void random_words_never_hang_or_crash(void **state)
{
	const struct emulator_options options = { .serial = 1, .seed = 1, .noise = true,
		.work_limit = 20000 };
	(void)state;
	for (unsigned round = 0; round < 40; round++) {
		struct machine machine;
		struct program program = { 0 };
		machine_open(&machine, &options);
		if (round % 2) {
			program_bring_up(&program);
			machine_run(&machine, &program);
		}
		for (unsigned i = 0; i < 2000; i++)
			program_word(&program, random_word(round * 10000u + i));
		machine_run_words(&machine, program.words, program.count);
		assert_true(machine.status == HXCOMM_OK || machine.status == HXCOMM_ETIMEDOUT);
		assert_false(fake.late);
		program_free(&program);
		machine_close(&machine);
	}
}

static void too_much_work_is_an_error_that_says_what_to_do(void **state)
{
	const struct emulator_options options = { .serial = 1, .seed = 1, .work_limit = 1000 };
	struct machine machine;
	struct program program = { 0 };
	(void)state;
	machine_open(&machine, &options);
	program_bring_up(&program);
	machine_run(&machine, &program);
	program_write(&program, 0x130002, 1);
	program_write(&program, 0x130003, 0x00010000);
	program_write(&program, 0x130001, 0x00020001); /* regular, period 8 ns */
	program_wait(&program, 1000000);
	machine_run_words(&machine, program.words, program.count);
	assert_error(machine.status, HXCOMM_ETIMEDOUT, "switch off background sources");
	program_free(&program);
	machine_close(&machine);
}

/* An error in the middle of an 80 bit message must not damage the answer to the next program. */
static void a_run_that_failed_leaves_nothing_to_the_next(void **state)
{
	unsigned failed = 0;
	(void)state;
	for (uint64_t limit = 40; limit < 500; limit += 5) {
		const struct emulator_options options = {
			.serial = 1, .seed = 1, .work_limit = limit
		};
		struct machine machine;
		struct program program = { 0 };
		machine_open(&machine, &options);
		program_bring_up(&program);
		program_write(&program, 0x00130039, 0x80000000);
		program_write(&program, 0x00130042, 0x80000000);
		program_write(&program, 0x0013004b, 0x80000000);
		machine_run(&machine, &program);
		for (unsigned i = 0; i < 60; i++) { /* three at once: packs of 80 bits */
			program_word(&program, hxcomm_word_spike_pack_3(1, 0x4002, 0x8003));
			program_wait(&program, 300);
			program_write(&program, 0x88000005, 1); /* what came before is sent */
		}
		machine_run_words(&machine, program.words, program.count);
		failed += machine.status == HXCOMM_ETIMEDOUT;
		program.count = 0;
		tick(&program);
		machine_run(&machine, &program); /* checks that it decodes */
		assert_int_equal(machine.responses->loopback.count, 1);
		program_free(&program);
		machine_close(&machine);
	}
	assert_true(failed > 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waits_end_at_the_cycle_they_name),
		cmocka_unit_test(every_instruction_takes_one_cycle),
		cmocka_unit_test(the_timer_reads_what_waits_compare),
		cmocka_unit_test(the_chip_counts_two_ticks_a_cycle),
		cmocka_unit_test(without_synchronisation_times_count_messages),
		cmocka_unit_test(time_goes_on_between_runs),
		cmocka_unit_test(the_timer_begins_anew_after_its_last_value),
		cmocka_unit_test(nothing_behind_a_halt_is_executed),
		cmocka_unit_test(a_time_update_is_sent_when_it_is_asked_for),
		cmocka_unit_test(answers_of_one_kind_keep_their_order),
		cmocka_unit_test(byte_enables_select_lanes),
		cmocka_unit_test(a_barrier_waits_for_reads_and_writes),
		cmocka_unit_test(at_most_52_reads_are_in_flight),
		cmocka_unit_test(unanswered_reads_are_lost_at_the_halt),
		cmocka_unit_test(polling_ends_when_the_condition_holds),
		cmocka_unit_test(polling_in_vain_times_out_and_the_program_goes_on),
		cmocka_unit_test(a_long_wait_is_no_timeout),
		cmocka_unit_test(without_links_reads_time_out_and_writes_are_lost),
		cmocka_unit_test(synchronising_without_links_never_ends),
		cmocka_unit_test(bring_up_raises_eight_links),
		cmocka_unit_test(each_step_of_the_bring_up_is_needed),
		cmocka_unit_test(a_reset_clears_the_chip_but_not_the_fpga),
		cmocka_unit_test(absent_i2c_devices_do_not_acknowledge),
		cmocka_unit_test(random_words_never_hang_or_crash),
		cmocka_unit_test(too_much_work_is_an_error_that_says_what_to_do),
		cmocka_unit_test(a_run_that_failed_leaves_nothing_to_the_next),
	};
	return cmocka_run_group_tests_name("emulator/fpga", tests, NULL, NULL);
}

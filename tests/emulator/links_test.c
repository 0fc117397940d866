// SPDX-License-Identifier: MIT
/* Links between FPGA and chip: what they count, how they come up and fail, and the tests that the
 * FPGA makes of them (source: spec/transport.md 2.4, 2.6, spec/registers_fpga.json). */
#include "assert.h"
#include "machine.h"

static const uint32_t SRAM = 0x02800000, SYSTIME = 0x88002000, PHY_STATUS = 0x88004004,
                      ARQ = 0x8800c010;

static struct program program;

static void barrier(void)
{
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

static void open_broken(struct machine *machine, const struct emulator_faults *faults)
{
	const struct emulator_options options = { .serial = 1, .seed = 5, .faults = *faults };
	machine_open(machine, &options);
	program_bring_up(&program);
	machine_run(machine, &program);
}

static void read_arq(uint32_t out[4], struct machine *machine)
{
	for (uint32_t i = 0; i < 4; i++)
		program_read(&program, ARQ + i);
	barrier();
	machine_run(machine, &program);
	for (uint32_t i = 0; i < 4; i++)
		out[i] = machine->responses->omnibus.value[i];
}

/* A read is one word there and one back, a write two there and one back, which is filtered
 * above. */
static void the_arq_counts_words(void **state)
{
	struct machine machine;
	uint32_t before[4], after[4];
	(void)state;
	machine_open_ready(&machine);
	read_arq(before, &machine);
	program_read(&program, SRAM);
	program_read(&program, SRAM + 1);
	barrier();
	machine_run(&machine, &program);
	read_arq(after, &machine);
	assert_int_equal(after[0] - before[0], 2);
	assert_int_equal(after[3] - before[3], 2);
	assert_true(after[1] >= after[0] && after[2] >= after[3]);
	for (unsigned i = 0; i < 10; i++)
		program_write(&program, SRAM + i, i);
	barrier();
	machine_run(&machine, &program);
	read_arq(before, &machine);
	assert_int_equal(before[0] - after[0], 20);
	assert_int_equal(before[3] - after[3], 10);
	/* the reset of the chip is that of its counters */
	program_bring_up(&program);
	machine_run(&machine, &program);
	read_arq(after, &machine);
	assert_true(after[0] < before[0]);
	machine_close(&machine);
}

static void links_share_the_words(void **state)
{
	struct machine machine;
	uint32_t sum[2] = { 0 }, arq[4];
	(void)state;
	machine_open_ready(&machine);
	for (unsigned i = 0; i < 800; i++)
		program_write(&program, SRAM + i, i);
	barrier();
	machine_run(&machine, &program);
	for (uint32_t i = 0; i < 16; i++)
		program_read(&program, 0x8800c000 + i);
	barrier();
	machine_run(&machine, &program);
	for (uint32_t i = 0; i < 16; i++) {
		const uint32_t words = machine.responses->omnibus.value[i];
		assert_true(words >= 100); /* of 2400 on eight links */
		sum[i % 2] += words;
	}
	read_arq(arq, &machine);
	assert_int_equal(sum[0], arq[1]);
	assert_int_equal(sum[1], arq[2]);
	machine_close(&machine);
}

static void the_time_online_runs(void **state)
{
	struct machine machine;
	(void)state;
	machine_open_ready(&machine);
	program_read(&program, PHY_STATUS + 8 + 3);
	program_wait(&program, 1000);
	program_read(&program, PHY_STATUS + 8 + 3);
	barrier();
	machine_run(&machine, &program);
	const uint32_t *value = machine.responses->omnibus.value;
	assert_in_range(value[1] - value[0], 1000, 1010);
	machine_close(&machine);
}

static void a_link_that_goes_down_is_told(void **state)
{
	struct machine machine;
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, 0x88004000, 0xfb);
	barrier();
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->links.count, 1);
	assert_int_equal(machine.responses->links.value[0], 2 << 5);
	program_read(&program, SRAM); /* seven are enough */
	program_read(&program, PHY_STATUS + 8 + 2);
	program_write(&program, 0x88004000, 0xff);
	barrier();
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 2);
	assert_int_equal(machine.responses->omnibus.value[1], 0);
	assert_int_equal(machine.responses->links.value[0], 2 << 5 | 1 << 4);
	machine_close(&machine);
}

/* The chip counts its ends the other way round. */
static void both_ends_of_a_link_must_be_enabled(void **state)
{
	struct machine machine;
	(void)state;
	machine_open_ready(&machine);
	for (unsigned end = 0; end < 8; end++) {
		program_jtag_write(&program, 0x00040000, 0xff ^ 1u << end);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->links.count, 1);
		assert_int_equal(machine.responses->links.value[0], (7 - end) << 5);
		program_jtag_write(&program, 0x00040000, 0xff);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->links.value[0], (7 - end) << 5 | 1 << 4);
	}
	machine_close(&machine);
}

static void dead_links_leave_the_others(void **state)
{
	const struct emulator_faults faults = { .links = 0x81 };
	struct machine machine;
	(void)state;
	open_broken(&machine, &faults);
	assert_int_equal(machine.responses->timeouts.count, 0);
	assert_int_equal(machine.responses->links.count, 6);
	for (unsigned i = 0; i < 6; i++) {
		const unsigned link = machine.responses->links.value[i] >> 5;
		assert_true(link != 0 && link != 7);
	}
	machine_close(&machine);
}

static void without_any_link_nothing_works(void **state)
{
	static const struct emulator_faults rows[] = { { .links = 0xff }, { .pll = true } };
	(void)state;
	FOR_ROWS(i, rows) {
		struct machine machine;
		open_broken(&machine, &rows[i]);
		assert_int_equal(machine.responses->links.count, 0);
		assert_int_equal(machine.responses->timeouts.count, 1); /* system time */
		program_read(&program, SRAM);
		machine_run(&machine, &program);
		assert_int_equal(machine.responses->timeouts.count, 1);
		machine_close(&machine);
	}
}

/* Bus words are repeated: nothing is lost, everything takes longer. */
static void lossy_links_lose_no_bus_word(void **state)
{
	const struct emulator_faults faults = { .link_loss = 0.2 };
	struct machine machine;
	uint32_t arq[4];
	(void)state;
	open_broken(&machine, &faults);
	for (unsigned i = 0; i < 200; i++)
		program_write(&program, SRAM + i, 7 * i);
	barrier();
	for (unsigned i = 0; i < 200; i++)
		program_read(&program, SRAM + i);
	barrier();
	for (uint32_t i = 0; i < 8; i++)
		program_read(&program, PHY_STATUS + i);
	barrier();
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->omnibus.count, 208);
	uint32_t errors = 0;
	for (unsigned i = 0; i < 208; i++) {
		if (i < 200)
			assert_int_equal(machine.responses->omnibus.value[i], 7 * i);
		else
			errors += machine.responses->omnibus.value[i];
	}
	read_arq(arq, &machine);
	assert_int_equal(arq[1] + arq[2] - arq[0] - arq[3], errors);
	/* words of which each is repeated p / (1 - p) times */
	const double words = arq[0] + arq[3], p = 0.2;
	assert_near(errors, words * p / (1 - p), 0, 5 * sqrt(words * p) / (1 - p));
	machine_close(&machine);
}

static void lossy_links_lose_events_and_say_so(void **state)
{
	enum { EVENTS = 4000 };
	const struct emulator_faults faults = { .link_loss = 0.1 };
	struct machine machine;
	(void)state;
	open_broken(&machine, &faults);
	program_write(&program, 0x00130039, 0x80000000); /* loop of link 0: everything passes */
	barrier();
	machine_run(&machine, &program);
	for (uint16_t i = 0; i < EVENTS; i++) {
		program_word(&program, hxcomm_word_spike_pack_1(i & 0x3fff));
		program_word(&program, hxcomm_word_barrier(0));
	}
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	const double arrive = 0.9 * 0.9, expected = EVENTS * arrive;
	assert_near((double)machine.responses->spikes.count, expected, 0,
	        5 * sqrt(EVENTS * arrive * (1 - arrive)));
	assert_int_equal(machine.responses->spikes.count + machine.responses->links.count, EVENTS);
	for (size_t i = 0; i < machine.responses->links.count; i++)
		assert_int_equal(machine.responses->links.value[i] & 31, 1 << 4 | 1 << 2);
	machine_close(&machine);
}

static void flipped_labels_arrive_with_one_wrong_bit(void **state)
{
	enum { EVENTS = 2000 };
	const struct emulator_faults faults = { .link_flips = 0.05 };
	struct machine machine;
	unsigned wrong = 0;
	(void)state;
	open_broken(&machine, &faults);
	program_write(&program, 0x00130039, 0x80000000);
	barrier();
	machine_run(&machine, &program);
	for (unsigned i = 0; i < EVENTS; i++) {
		program_word(&program, hxcomm_word_spike_pack_1(0x1555));
		program_word(&program, hxcomm_word_barrier(0));
	}
	program_wait(&program, 1000);
	machine_run(&machine, &program);
	assert_int_equal(machine.responses->spikes.count, EVENTS);
	for (unsigned i = 0; i < EVENTS; i++) {
		const unsigned bits = machine.responses->spikes.label[i] ^ 0x1555u;
		assert_true(__builtin_popcount(bits) <= 2); /* one on each way */
		wrong += bits != 0;
	}
	assert_near(wrong, EVENTS * 0.0975, 0, 5 * sqrt(EVENTS * 0.0975));
	machine_close(&machine);
}

static void the_performance_test_loses_nothing(void **state)
{
	struct machine machine;
	(void)state;
	machine_open_ready(&machine);
	program_write(&program, 0x88008000, 1);
	program_wait(&program, 10000);
	program_write(&program, 0x88008000, 0);
	program_wait(&program, 1000);
	for (uint32_t i = 0; i < 4; i++)
		program_read(&program, 0x88008001 + i);
	program_wait(&program, 1000);
	program_read(&program, 0x88008001); /* it stands still */
	barrier();
	machine_run(&machine, &program);
	const uint32_t *value = machine.responses->omnibus.value;
	assert_true(value[0] > 1000);
	assert_int_equal(value[1], value[0]);
	assert_int_equal(value[2], value[0]);
	assert_int_equal(value[3], 0);
	assert_int_equal(value[4], value[0]);
	machine_close(&machine);
}

/* ---- system time ----------------------------------------------------------------------------- */

static void a_synchronisation_leaves_its_times(void **state)
{
	struct machine machine;
	(void)state;
	machine_open_ready(&machine);
	program_word(&program, hxcomm_word_systime_init(true));
	program_read(&program, SYSTIME + 5); /* active */
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_SYSTIME));
	for (uint32_t i = 0; i < 6; i++)
		program_read(&program, SYSTIME + i);
	barrier();
	machine_run(&machine, &program);
	const uint32_t *value = machine.responses->omnibus.value;
	assert_int_equal(value[0], 1);
	assert_int_equal(value[1], 3); /* tries */
	assert_int_equal(value[2], 0);
	assert_int_equal(value[3], EMULATOR_SYSTIME_CYCLES);
	/* the chip counts two a cycle; the answer to the first read shows the time a little
	 * later */
	const uint64_t chip = (uint64_t)value[4] << 32 | value[5];
	assert_in_range(2 * machine.responses->omnibus.time[0] - chip, 0, 40);
	assert_int_equal(value[6], 0);
	machine_close(&machine);
}

static void a_synchronisation_is_tried_several_times(void **state)
{
	const struct emulator_faults faults = { .link_loss = 0.5 };
	unsigned failed[2] = { 0 };
	(void)state;
	for (uint64_t seed = 1; seed <= 100; seed++) {
		for (unsigned many = 0; many < 2; many++) {
			const struct emulator_options options = { .serial = 1, .seed = seed,
				.faults = faults };
			struct machine machine;
			machine_open(&machine, &options);
			program_write(&program, SYSTIME, many ? 15 : 1);
			program_bring_up(&program);
			machine_run(&machine, &program);
			failed[many] += machine.responses->timeouts.count > 0;
			machine_close(&machine);
		}
	}
	/* one try passes with 1/4, fifteen fail with 0.75^15 = 1.3 % */
	assert_in_range(failed[0], 54, 96);
	assert_in_range(failed[1], 0, 7);
}

/* The chip's clock runs away from the FPGA's until the next synchronisation. */
static void clocks_drift_apart_and_are_brought_together(void **state)
{
	const struct emulator_faults faults = { .clock_drift = 100e-6 };
	struct machine machine;
	uint64_t ahead[3];
	(void)state;
	open_broken(&machine, &faults);
	for (unsigned i = 0; i < 3; i++) {
		if (i == 2) {
			program_word(&program, hxcomm_word_systime_init(true));
			program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_SYSTIME));
		}
		program_read(&program, 0);
		barrier();
		if (i == 0)
			program_wait(&program, 1250000); /* 10 ms */
		machine_run(&machine, &program);
		const struct hxcomm_responses *r = machine.responses;
		ahead[i] = r->omnibus.value[0] - 2 * r->omnibus.time[0];
	}
	assert_near((double)(int64_t)(ahead[1] - ahead[0]), 2.5e6 * 100e-6, 0, 3);
	assert_near((double)(int64_t)(ahead[2] - ahead[0]), 0, 0, 3);
	machine_close(&machine);
}

/* ---- clocks of the chip ---------------------------------------------------------------------- */

static void write_pll(uint32_t number, uint32_t value)
{
	program_word(&program, hxcomm_word_jtag_instruction(3));
	program_word(&program, hxcomm_word_jtag_data(number, 4, false));
	program_word(&program, hxcomm_word_jtag_instruction(4));
	program_word(&program, hxcomm_word_jtag_data(value, 32, false));
}

/* Count of clock @source in 2^(p + 2) cycles of 50 MHz, as the self-test tells. */
static uint32_t self_test(struct machine *machine, uint32_t source, uint32_t expect, uint32_t wait)
{
	enum { P = 6 };
	write_pll(5, 0);
	write_pll(5, 1 | P << 1 | source << 5 | 2 << 8 | expect << 12);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	program_wait(&program, wait);
	program_jtag_read(&program, 0x00080007);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_JTAG));
	machine_run(machine, &program);
	return (uint32_t)machine->responses->jtag.value[0];
}

static void the_self_test_counts_the_clocks(void **state)
{
	/* spec/stadls.md 5.2: 500 MHz, 500 MHz, 250 MHz, 500 MHz, in 256 periods of 20 ns */
	static const uint32_t count[] = { 2560, 2560, 1280, 2560 };
	enum { FINISHED = 1 << 20, SUCCESS = 1 << 21 };
	struct machine machine;
	(void)state;
	machine_open_ready(&machine);
	for (uint32_t source = 0; source < 4; source++) {
		assert_int_equal(self_test(&machine, source, count[source], 2000),
		        count[source] | FINISHED | SUCCESS);
		assert_int_equal(self_test(&machine, source, count[source] + 3, 2000),
		        count[source] | FINISHED);
	}
	assert_int_equal(self_test(&machine, 0, 2560, 0) & FINISHED, 0); /* not yet */
	/* P0 = 4 doubles what generator 1 makes, and with it source 2 (spec/registers_chip.md
	 * 10) */
	write_pll(2, 0x2e20a902);
	assert_int_equal(self_test(&machine, 2, 2560, 2000), 2560 | FINISHED | SUCCESS);
	machine_close(&machine);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_arq_counts_words),
		cmocka_unit_test(links_share_the_words),
		cmocka_unit_test(the_time_online_runs),
		cmocka_unit_test(a_link_that_goes_down_is_told),
		cmocka_unit_test(both_ends_of_a_link_must_be_enabled),
		cmocka_unit_test(dead_links_leave_the_others),
		cmocka_unit_test(without_any_link_nothing_works),
		cmocka_unit_test(lossy_links_lose_no_bus_word),
		cmocka_unit_test(lossy_links_lose_events_and_say_so),
		cmocka_unit_test(flipped_labels_arrive_with_one_wrong_bit),
		cmocka_unit_test(the_performance_test_loses_nothing),
		cmocka_unit_test(a_synchronisation_leaves_its_times),
		cmocka_unit_test(a_synchronisation_is_tried_several_times),
		cmocka_unit_test(clocks_drift_apart_and_are_brought_together),
		cmocka_unit_test(the_self_test_counts_the_clocks),
	};
	const int status = cmocka_run_group_tests_name("emulator/links", tests, NULL, NULL);
	program_free(&program);
	return status;
}

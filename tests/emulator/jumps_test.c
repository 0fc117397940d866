// SPDX-License-Identifier: MIT
/* The same words whether idle time is jumped over or passed step by step: programs that wait in
 * between, on several chips and seeds, with all noise and spread. Where no cell settles the steps
 * end close to where the jump does. */
#include "assert.h"
#include "whole_chip.h"

#include <haldls/container.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <stdlib.h>

enum { SETTLE_MS = 50 };

static struct program program;
static struct haldls_chip chip;
static uint16_t threshold[512], reset[512]; /* codes of this chip */

/* ---- programs -------------------------------------------------------------------------------- */

static void begin(void)
{
	program.count = 0;
	whole_chip_init(&chip);
	for (uint32_t n = 0; n < 512; n++) {
		chip.capmem[haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_V_THRESHOLD)] =
		        threshold[n];
		chip.capmem[haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_V_RESET)] = reset[n];
	}
	program_bring_up(&program);
}

static void settle(void)
{
	whole_chip_write(&program, &chip);
	program_wait(&program, SETTLE_MS * CYCLES_MS);
}

static void write_neurons(void)
{
	for (uint32_t n = 0; n < 512; n++)
		program_container(&program, &haldls_neuron_config_container, n,
		        &chip.neuron_config[n]);
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

static void let_fire(void)
{
	whole_chip_let_fire(&chip);
	write_neurons();
}

/* Events for synapses all over the chip, for 20 us. */
static void volley(void)
{
	uint32_t random = 5;
	program_word(&program, hxcomm_word_timer_setup());
	for (uint32_t cycle = 10; cycle < 20 * CYCLES_US; cycle += 6) {
		random = random * 1664525 + 1013904223;
		program_word(&program, hxcomm_word_wait_until(cycle));
		program_word(&program, hxcomm_word_spike_pack_1(random >> 18 & 0x3fc3));
	}
}

static void reset_neurons(void)
{
	for (uint32_t n = 0; n < 512; n++)
		program_write(&program,
		        haldls_neuron_reset_container.write_address(FISCH_OMNIBUS, n, 0), 1);
}

static void read_all(const struct haldls_container *container, uint32_t count)
{
	for (uint32_t e = 0; e < count; e++)
		program_read(&program, container->read_address(FISCH_OMNIBUS, e, 0));
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

/* All membranes behind waits of several lengths: while cells settle, soon after a reset, and long
 * after it. */
static void compose_waits(void)
{
	static const unsigned waits_us[] = { 3, 40, 170, 900, 4200, 9000, 30000 };
	begin();
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++)
			chip.column_correlation_quad[e].enable_cadc_neuron_readout_causal[entry] =
			        chip.column_correlation_quad[e]
			                .enable_cadc_neuron_readout_acausal[entry] = true;
	whole_chip_write(&program, &chip);
	FOR_ROWS(i, waits_us) {
		program_wait(&program, waits_us[i] * CYCLES_US);
		whole_chip_reads(&program);
	}
	let_fire(); /* without it nothing resets them */
	FOR_ROWS(i, waits_us) {
		reset_neurons();
		program_wait(&program, waits_us[i] * CYCLES_US);
		whole_chip_reads(&program);
	}
	for (uint32_t n = 0; n < 512; n++) {
		chip.neuron_config[n].enable_fire = false;
		chip.capmem[haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_I_BIAS_LEAK)] =
		        (uint16_t)(120 + n % 128);
	}
	whole_chip_write(&program, &chip);
	FOR_ROWS(i, waits_us) {
		program_wait(&program, waits_us[i] * CYCLES_US);
		whole_chip_reads(&program);
	}
}

/* A membrane that is recorded at rest, and behind a reset. */
static void compose_recordings(void)
{
	begin();
	chip.readout_source_selection[0].neuron_odd[0][0] = true;
	chip.madc_config[0].number_of_samples = 2000;
	settle();
	let_fire();
	for (unsigned i = 0; i < 4; i++) {
		program_write(&program, 0x000c0000, 2);
		program_wait(&program, 40 * CYCLES_US);
		reset_neurons();
		program_wait(&program, 100 * CYCLES_US);
		program_write(&program, 0x000c0000, 0);
		program_wait(&program, (1 + 1400 * i) * CYCLES_US);
	}
}

/* Volleys with quiet between them. */
static void compose_pauses(void)
{
	static const unsigned pauses_us[] = { 100, 230, 600, 1100, 5000, 130 };
	begin();
	settle();
	let_fire();
	program_wait(&program, CYCLES_MS);
	FOR_ROWS(i, pauses_us) {
		volley();
		program_wait(&program, pauses_us[i] * CYCLES_US);
	}
	whole_chip_reads(&program);
}

/* Slow sources of events, neurons that answer to each other's spikes, counters, long refractory
 * periods. */
static void compose_sources(void)
{
	begin();
	for (uint32_t i = 0; i < 8; i++)
		chip.background_spike_source[i] = (struct haldls_background_spike_source){
			.seed = 1 + i, .mask = 255, .rate = 255, .enable = i < 4,
			.enable_random = i % 2, .period = (uint16_t)(20000 + 7000 * i),
			.neuron_label = (uint16_t)(i << 6) };
	for (uint32_t n = 0; n < HALDLS_CROSSBAR_NODES; n++) {
		const uint32_t input = haldls_crossbar_node_input(n);
		const uint32_t output = haldls_crossbar_node_output(n);
		if (input >= 12 && output < 8)
			chip.crossbar_node[n] = (struct haldls_crossbar_node){ 0 };
		if (input == 3 && output < 8)
			chip.crossbar_node[n] = (struct haldls_crossbar_node){ .mask = 0x3f,
				.target = 1 };
	}
	for (uint32_t half = 0; half < 2; half++)
		chip.common_neuron_backend_config[half].clock_scale_slow = 9;
	settle();
	let_fire();
	for (unsigned i = 0; i < 4; i++) {
		volley();
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		program_wait(&program, (400 + 700 * i) * CYCLES_US);
		read_all(&haldls_spike_counter_read_container, 512);
	}
}

static void compose_rich(void)
{
	begin();
	settle();
	whole_chip_make_rich(&chip);
	let_fire();
	for (unsigned i = 0; i < 4; i++) {
		volley();
		program_wait(&program, (150 + 800 * i) * CYCLES_US);
		whole_chip_reads(&program);
	}
}

/* Synapses that tire and recover, and what their sensors saw. */
static void compose_plasticity(void)
{
	begin();
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip.synapse_driver_config[d];
		driver->enable_stp = driver->enable_recovery = true;
		driver->recovery = d % 16;
		driver->utilization = 5;
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		chip.common_stp_config[hemisphere].enable_recovery_clock = true;
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++)
			chip.column_correlation_quad[e].enable_internal_causal[entry] =
			        chip.column_correlation_quad[e].enable_internal_acausal[entry] =
			                true;
	settle();
	let_fire();
	for (unsigned i = 0; i < 4; i++) {
		volley();
		program_wait(&program, (100 + 900 * i) * CYCLES_US);
		whole_chip_reads(&program);
	}
}

/* ---- runs ------------------------------------------------------------------------------------ */

/* The code that moves what @typical gave by so many codes. */
static uint16_t code_near(double typical, double codes)
{
	const double code = typical + codes;
	return (uint16_t)(code < 0 ? 0 : code > 1022 ? 1022 : code);
}

/* Put the thresholds of a chip 60 mV above where its membranes rest, and its resets 40 mV below:
 * there pauses are quiet. */
static void tune(const struct emulator_options *options, bool rich)
{
	enum { THRESHOLD = 300, RESET = 600 };
	static const double lsb = 1.875e-3, follower = 0.8;
	struct machine machine;
	double rest[512];
	for (uint32_t n = 0; n < 512; n++) {
		threshold[n] = THRESHOLD;
		reset[n] = RESET;
	}
	begin();
	settle();
	if (rich)
		whole_chip_make_rich(&chip);
	write_neurons();
	program_wait(&program, 10 * CYCLES_MS);
	machine_open(&machine, options);
	machine_run(&machine, &program);
	for (uint32_t n = 0; n < 512; n++)
		rest[n] = emulator__analog_true_membrane(machine.fpga->chip->analog, n);
	let_fire();
	machine_run(&machine, &program);
	for (uint32_t n = 0; n < 512; n++) {
		struct emulator_analog_truth truth;
		emulator__analog_true_neuron(&truth, machine.fpga->chip->analog, n);
		threshold[n] = code_near(THRESHOLD, (rest[n] + 0.06 - truth.threshold) / lsb);
		reset[n] = code_near(RESET,
		        (rest[n] - 0.04 - truth.reset_reference) / (follower * lsb));
	}
	machine_close(&machine);
}

static const struct { uint32_t serial; uint64_t seed; } chips[] = { { 1, 1 }, { 7, 3 }, { 42, 1 },
	{ 3, 9 }, { 8, 2 }, { 100, 5 }, { 11, 4 }, { 999, 6 } };

/* With BSS_TEST_LONG=1 eight chips, else two. */
static unsigned chip_count(void)
{
	const char *wanted = getenv("BSS_TEST_LONG");
	return wanted && *wanted == '1' ? sizeof(chips) / sizeof(*chips) : 2;
}

/* @idle_ms: so much of the program is idle at least */
static void assert_same_without_jumps(
        void (*compose)(void), unsigned idle_ms, size_t spikes, size_t samples)
{
	for (unsigned i = 0; i < chip_count(); i++) {
		struct emulator_options options = { .serial = chips[i].serial,
			.seed = chips[i].seed, .noise = true, .variation = true };
		tune(&options, compose == compose_rich);
		compose();
		struct answer with = answer_of(&program, &options, program.count);
		options.step_idle = true;
		struct answer without = answer_of(&program, &options, program.count);
		assert_same_words(&with, &without, "step by step");
		assert_true(without.work.idle_steps > idle_ms * UINT64_C(12500));
		assert_true(without.work.idle_deviation < 1e-3);
		assert_int_equal(with.work.single_steps, without.work.single_steps);
		assert_int_equal(with.work.idle_steps, 0);
		struct hxcomm_responses *responses = answer_decode(&with);
		assert_true(responses->spikes.count >= spikes);
		assert_true(responses->madc.count >= samples);
		hxcomm_responses_free(responses);
		answer_free(&with);
		answer_free(&without);
	}
}

static void membranes_are_converted_the_same_behind_waits(void **state)
{
	(void)state;
	assert_same_without_jumps(compose_waits, 120, 0, 0);
}

static void recordings_are_the_same_behind_waits(void **state)
{
	(void)state;
	assert_same_without_jumps(compose_recordings, 58, 0, 4000);
}

static void spikes_are_the_same_behind_pauses(void **state)
{
	(void)state;
	assert_same_without_jumps(compose_pauses, 56, 1000, 0);
}

static void sources_and_counters_are_the_same(void **state)
{
	(void)state;
	assert_same_without_jumps(compose_sources, 54, 100, 0);
}

static void rich_neurons_are_the_same(void **state)
{
	(void)state;
	assert_same_without_jumps(compose_rich, 55, 500, 0);
}

static void plasticity_and_sensors_are_the_same(void **state)
{
	(void)state;
	assert_same_without_jumps(compose_plasticity, 55, 200, 0);
}

static int teardown(void **state)
{
	(void)state;
	program_free(&program);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(membranes_are_converted_the_same_behind_waits),
		cmocka_unit_test(recordings_are_the_same_behind_waits),
		cmocka_unit_test(spikes_are_the_same_behind_pauses),
		cmocka_unit_test(sources_and_counters_are_the_same),
		cmocka_unit_test(rich_neurons_are_the_same),
		cmocka_unit_test(plasticity_and_sensors_are_the_same),
	};
	return cmocka_run_group_tests_name("emulator/jumps", tests, NULL, teardown);
}

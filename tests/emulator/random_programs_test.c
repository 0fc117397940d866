// SPDX-License-Identifier: MIT
/* Random programs give the same words on every instruction set, on one thread and two, with and
 * without jumps over idle time: settings of all kinds that change at any time, events, resets,
 * conversions, recordings and waits. Four programs, with BSS_TEST_LONG=1 a hundred. */
#include "assert.h"
#include "whole_chip.h"

#include <haldls/container.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <kernel.h>
#include <stdio.h>
#include <stdlib.h>

enum { MADC_CONTROL = 0x000c0000, ACTIONS = 40 };

static struct program program;
static struct haldls_chip chip;
static uint64_t state;

/* ---- dice ------------------------------------------------------------------------------------ */

static uint32_t dice(uint32_t sides)
{
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (uint32_t)((state >> 33) % sides);
}

static bool one_in(uint32_t times)
{
	return dice(times) == 0;
}

/* ---- actions --------------------------------------------------------------------------------- */

/* From a microsecond to some milliseconds, each magnitude as often. */
static void wait_some_time(void)
{
	program_wait(&program, ((uint32_t)CYCLES_US << dice(12)) + dice(CYCLES_US));
}

static void send_events(void)
{
	whole_chip_events(&program, 20 + dice(40 * CYCLES_US), 4 + dice(120));
}

static void write_cells(void)
{
	static const struct { uint32_t row; uint32_t code, spread; } rows[] = {
		{ HALDLS_CAPMEM_V_LEAK, 560, 80 }, { HALDLS_CAPMEM_V_THRESHOLD, 280, 60 },
		{ HALDLS_CAPMEM_I_BIAS_LEAK, 20, 400 }, { HALDLS_CAPMEM_V_RESET, 500, 120 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 10, 200 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 20, 300 },
		{ HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 5, 200 },
	};
	const unsigned i = dice(sizeof(rows) / sizeof(*rows));
	const uint16_t code = (uint16_t)(rows[i].code + dice(rows[i].spread));
	const uint32_t step = one_in(2) ? 1 : 1 + dice(300);
	for (uint32_t n = dice(step); n < 512; n += step) {
		const struct haldls_capmem_cell cell = { .value = code };
		program_container(&program, &haldls_capmem_cell_container,
		        haldls_capmem_cell_of_neuron(n, rows[i].row), &cell);
	}
}

static void write_neuron(uint32_t n)
{
	struct haldls_neuron_config *neuron = &chip.neuron_config[n];
	neuron->enable_fire = !one_in(5);
	neuron->enable_adaptation = one_in(3);
	neuron->enable_exponential = one_in(4);
	neuron->enable_synaptic_input_excitatory_coba_mode = one_in(4);
	neuron->enable_multicomp_conductance = one_in(6);
	neuron->connect_soma = one_in(6);
	neuron->connect_soma_right = one_in(6);
	neuron->connect_membrane_right = one_in(12);
	neuron->enable_readout = one_in(8);
	neuron->membrane_capacitor_size = one_in(4) ? dice(64) : 63;
	program_container(&program, &haldls_neuron_config_container, n, neuron);
}

static void write_neurons(void)
{
	const uint32_t first = dice(500);
	for (uint32_t n = first; n < first + 1 + dice(12); n++)
		write_neuron(n);
}

static void write_backends(void)
{
	struct haldls_common_neuron_backend_config *common = chip.common_neuron_backend_config;
	const uint32_t half = dice(2), n = dice(512), e = haldls_neuron_backend(n);
	common[half].clock_scale_slow = dice(10);
	chip.neuron_backend_config[e].refractory_time = dice(256);
	program_container(&program, &haldls_common_neuron_backend_config_container, half,
	        &common[half]);
	program_container(&program, &haldls_neuron_backend_config_container, e,
	        &chip.neuron_backend_config[e]);
}

static void write_source(void)
{
	const uint32_t i = dice(8);
	const struct haldls_background_spike_source source = { .seed = 1 + dice(1000), .mask = 255,
		.rate = 1 + dice(255), .enable = one_in(2), .enable_random = one_in(2),
		.period = (uint16_t)(500 + dice(60000)), .neuron_label = (uint16_t)dice(16384) };
	program_container(&program, &haldls_background_spike_source_container, i, &source);
}

static void write_driver(void)
{
	const uint32_t d = dice(256);
	struct haldls_synapse_driver_config *driver = &chip.synapse_driver_config[d];
	driver->enable_stp = driver->enable_recovery = one_in(2);
	driver->recovery = dice(16);
	driver->utilization = dice(16);
	program_container(&program, &haldls_synapse_driver_config_container, d, driver);
}

static void convert(void)
{
	const uint32_t first = dice(64), hemisphere = dice(2);
	for (uint32_t quad = first; quad < 64; quad++)
		program_read(&program, 0x02c80000 | hemisphere << 24 | quad |
		                (quad > first ? 0x200000u : 0));
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

static void record(void)
{
	program_write(&program, MADC_CONTROL, 2);
	program_wait(&program, CYCLES_US * (1 + dice(30)));
	program_write(&program, MADC_CONTROL, 0);
}

static void reset_neurons(void)
{
	for (uint32_t n = dice(40); n < 512; n += 1 + dice(40))
		program_write(&program,
		        haldls_neuron_reset_container.write_address(FISCH_OMNIBUS, n, 0), 1);
}

static void read_counters(void)
{
	for (uint32_t n = dice(8); n < 512; n += 8)
		program_read(&program,
		        haldls_spike_counter_read_container.read_address(FISCH_OMNIBUS, n, 0));
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

static void compose(uint64_t seed)
{
	static void (*const actions[])(void) = { wait_some_time, wait_some_time, wait_some_time,
		send_events, send_events, write_cells, write_neurons, write_backends, write_source,
		write_driver, convert, record, reset_neurons, read_counters };
	state = seed;
	program.count = 0;
	whole_chip_init(&chip);
	chip.readout_source_selection[0].neuron_odd[0][0] = true;
	chip.readout_source_selection[0].neuron_even[0][1] = true;
	chip.madc_config[0].number_of_samples = 60000;
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++) {
			struct haldls_column_correlation_quad *quad =
			        &chip.column_correlation_quad[e];
			quad->enable_cadc_neuron_readout_causal[entry] = e % 4;
			quad->enable_internal_causal[entry] = e % 4 == 0;
			quad->enable_internal_acausal[entry] = true;
		}
	for (uint32_t n = 0; n < HALDLS_CROSSBAR_NODES; n++)
		if (haldls_crossbar_node_input(n) >= 12 && haldls_crossbar_node_output(n) < 8)
			chip.crossbar_node[n] = (struct haldls_crossbar_node){ 0 };
		else if (one_in(4) && haldls_crossbar_node_output(n) < 4) /* they answer spikes */
			chip.crossbar_node[n].mask = 0x3f, chip.crossbar_node[n].target = dice(64);
	program_bring_up(&program);
	whole_chip_write(&program, &chip);
	program_wait(&program, (2 + dice(30)) * CYCLES_MS);
	whole_chip_let_fire(&chip);
	whole_chip_write(&program, &chip);
	for (unsigned i = 0; i < ACTIONS; i++)
		actions[dice(sizeof(actions) / sizeof(*actions))]();
	program_wait(&program, 10 * CYCLES_US);
}

/* ---- runs ------------------------------------------------------------------------------------ */

static void random_programs_always_give_the_same_words(void **unused)
{
	static const struct { unsigned kernel, threads; bool step_idle; } ways[] = {
		{ 1, 2, false }, { 2, 1, false }, { 3, 2, false }, { 0, 1, true }, { 1, 2, true },
	};
	const char *wanted = getenv("BSS_TEST_LONG");
	const unsigned programs = wanted && *wanted == '1' ? 100 : 4;
	const struct kernel *all[3];
	const unsigned kernels = emulator__kernel_list(all);
	size_t words = 0;
	(void)unused;
	for (unsigned seed = 1; seed <= programs; seed++) {
		compose(seed);
		struct emulator_options options = { .serial = 1 + seed % 20, .seed = seed,
			.noise = seed % 8 != 0, .variation = true };
		struct answer first = answer_of(&program, &options, program.count);
		words += first.count;
		FOR_ROWS(i, ways) {
			char what[80];
			if (ways[i].kernel > kernels)
				continue;
			options.kernel = ways[i].kernel;
			options.threads = ways[i].threads;
			options.step_idle = ways[i].step_idle;
			snprintf(what, sizeof(what), "program %u, kernel %u, threads %u, %s", seed,
			        ways[i].kernel, ways[i].threads,
			        ways[i].step_idle ? "step by step" : "with jumps");
			struct answer other = answer_of(&program, &options, 1 + dice(5000));
			assert_same_words(&first, &other, what);
			answer_free(&other);
		}
		answer_free(&first);
	}
	assert_true(words > 1000 * programs);
}

static int teardown(void **unused)
{
	(void)unused;
	program_free(&program);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_programs_always_give_the_same_words),
	};
	return cmocka_run_group_tests_name("emulator/random_programs", tests, NULL, teardown);
}

// SPDX-License-Identifier: MIT
/* The same words for the same program, bit by bit: on every instruction set, on one thread and two,
 * and however the words come; where neurons are simple, where they are rich and joined, and where
 * vectors are multiplied and everything is recorded; with long idle times in between. All noise and
 * spread is on. */
#include "assert.h"
#include "whole_chip.h"

#include <haldls/coordinate.h>

#include <kernel.h>
#include <stdlib.h>

enum { SETTLE_MS = 30 };

/* ---- programs -------------------------------------------------------------------------------- */

/* Short-term plasticity above, activations below. */
static void set_drivers(struct haldls_chip *chip)
{
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->enable_stp = driver->enable_recovery = true;
		driver->enable_hagen_modulation = driver->enable_hagen_dac = d >= 128;
		driver->recovery = driver->utilization = 5;
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		chip->common_stp_config[hemisphere].enable_recovery_clock = true;
}

static void set_recorders(struct haldls_chip *chip)
{
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++) {
			struct haldls_column_correlation_quad *quad =
			        &chip->column_correlation_quad[e];
			quad->enable_cadc_neuron_readout_causal[entry] = e % 2;
			quad->enable_internal_causal[entry] = e % 2 == 0;
			quad->enable_internal_acausal[entry] = true;
		}
	chip->readout_source_selection[0].neuron_odd[0][0] = true;
	chip->madc_config[0].number_of_samples = 5000;
}

static void simple_neurons(struct program *program, struct haldls_chip *chip)
{
	whole_chip_write(program, chip);
	whole_chip_events(program, CYCLES_MS / 4, 12);
	program_wait(program, 20 * CYCLES_MS);
	whole_chip_events(program, CYCLES_MS / 8, 40);
	whole_chip_reads(program);
}

/* Adaptation, exponential terms, conductances, compartments, bypasses, masters and slaves: here and
 * there, once the memory has settled. */
static void rich_neurons(struct program *program, struct haldls_chip *chip)
{
	whole_chip_make_rich(chip);
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		struct haldls_neuron_backend_config *backend =
		        &chip->neuron_backend_config[haldls_neuron_backend(n)];
		neuron->connect_bottom = n == 9;
		neuron->enable_bypass_excitatory = n == 200;
		backend->enable_neuron_master = backend->connect_fire_to_right = n % 64 == 20;
		backend->enable_neuron_slave = n % 64 == 21;
	}
	whole_chip_write(program, chip);
	whole_chip_events(program, CYCLES_MS / 10, 25);
	program_wait(program, CYCLES_MS / 10);
	whole_chip_reads(program);
}

static void vectors_and_recordings(struct program *program, struct haldls_chip *chip)
{
	set_drivers(chip);
	set_recorders(chip);
	whole_chip_write(program, chip);
	program_write(program, 0x000c0000, 2); /* the recording begins */
	whole_chip_events(program, CYCLES_MS / 8, 3);
	whole_chip_reads(program);
	program_wait(program, 5 * CYCLES_MS);
	whole_chip_events(program, CYCLES_MS / 16, 100);
	whole_chip_reads(program);
}

/* ---- runs ------------------------------------------------------------------------------------ */

typedef void compose(struct program *program, struct haldls_chip *chip);

/* The memory of the chip settles before anything fires. */
static void compose_program(struct program *program, compose *rest)
{
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	whole_chip_init(chip);
	program_bring_up(program);
	whole_chip_write(program, chip);
	program_wait(program, SETTLE_MS * CYCLES_MS);
	whole_chip_let_fire(chip);
	rest(program, chip);
	free(chip);
}

static struct answer run(const struct program *program, unsigned kernel, unsigned threads,
        size_t piece)
{
	const struct emulator_options options = { .serial = 7, .seed = 3, .noise = true,
		.variation = true, .kernel = kernel, .threads = threads };
	return answer_of(program, &options, piece);
}

/* Has the answer what the program is about? */
static void assert_rich_answer(const struct answer *answer, size_t spikes, size_t samples)
{
	struct hxcomm_responses *responses = answer_decode(answer);
	assert_true(responses->spikes.count >= spikes);
	assert_int_equal(responses->madc.count, samples);
	assert_int_equal(responses->timeouts.count, 0);
	hxcomm_responses_free(responses);
}

static void assert_always_the_same(compose *rest, size_t spikes, size_t samples)
{
	const struct kernel *all[3];
	const unsigned kernels = emulator__kernel_list(all);
	struct program program = { 0 };
	compose_program(&program, rest);
	struct answer first = run(&program, 0, 1, program.count);
	assert_rich_answer(&first, spikes, samples);
	for (unsigned kernel = 1; kernel <= kernels; kernel++) {
		const unsigned threads = kernel == 2 ? 1 : 2;
		struct answer other = run(&program, kernel, threads, 1 + 4095 * (kernel % 2));
		assert_same_words(&first, &other, all[kernel - 1]->name);
		answer_free(&other);
	}
	answer_free(&first);
	program_free(&program);
}

static void simple_neurons_always_give_the_same_words(void **state)
{
	(void)state;
	assert_always_the_same(simple_neurons, 1000, 0);
}

static void rich_neurons_always_give_the_same_words(void **state)
{
	(void)state;
	assert_always_the_same(rich_neurons, 500, 0);
}

static void vectors_and_recordings_always_give_the_same_words(void **state)
{
	(void)state;
	assert_always_the_same(vectors_and_recordings, 100, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_neurons_always_give_the_same_words),
		cmocka_unit_test(rich_neurons_always_give_the_same_words),
		cmocka_unit_test(vectors_and_recordings_always_give_the_same_words),
	};
	return cmocka_run_group_tests_name("emulator/same_words", tests, NULL, NULL);
}

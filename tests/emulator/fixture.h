// SPDX-License-Identifier: MIT
#ifndef TESTS_EMULATOR_FIXTURE_H
#define TESTS_EMULATOR_FIXTURE_H

/* An analog half with all neurons alike, and short ways to change it. Times in ticks of 4 ns. */

#include "assert.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include "analog.h"
#include "oracle.h"

enum { TICKS_US = 250, TICKS_MS = 250000, SPIKES_MAX = 65536 };

struct fixture {
	struct emulator_analog *analog;
	uint64_t now;
	struct haldls_neuron_config neuron;
	struct haldls_neuron_backend_config backend;
	struct haldls_common_neuron_backend_config common;
	struct emulator_spike spikes[SPIKES_MAX]; /* all since fixture_begin() */
	size_t count;
};

/* Code of a voltage cell for V; of the follower-coupled references for V at the membrane; of the
 * threshold. */
static inline uint16_t code_of_volt(double volt)
{
	return (uint16_t)lround((volt - 0.019) / 1.875e-3);
}

static inline uint16_t code_of_leak(double volt)
{
	return code_of_volt((volt + 0.54) / 0.8);
}

static inline uint16_t code_of_reset(double volt)
{
	return code_of_volt((volt + 0.53) / 0.8);
}

static inline uint16_t code_of_threshold(double volt)
{
	return code_of_volt(volt + 0.013);
}

static inline void fixture_begin(
	struct fixture *f, uint32_t serial, uint64_t seed, bool noise, bool variation)
{
	const struct emulator_analog_config config = {
		.serial = serial, .seed = seed, .noise = noise, .variation = variation};
	*f = (struct fixture){.neuron = HALDLS_NEURON_CONFIG_INIT,
		.backend = HALDLS_NEURON_BACKEND_CONFIG_INIT,
		.common = HALDLS_COMMON_NEURON_BACKEND_CONFIG_INIT};
	assert_ok(emulator__analog_new(&f->analog, &config));
	emulator__analog_set_biases(f->analog, 0);
	f->neuron.membrane_capacitor_size = 63;
	f->neuron.enable_leak_degeneration = true;
	f->neuron.enable_reset_degeneration = true;
	f->neuron.enable_reset_multiplication = true;
	f->neuron.enable_readout_amplifier = true;
	f->neuron.enable_synaptic_input_excitatory_high_resistance = true;
	f->neuron.enable_synaptic_input_inhibitory_high_resistance = true;
}

static inline void fixture_end(struct fixture *f)
{
	emulator__analog_free(f->analog);
	f->analog = NULL;
}

static inline void fixture_neurons(struct fixture *f)
{
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_neuron(f->analog, n, &f->neuron);
}

static inline void fixture_backends(struct fixture *f)
{
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_backend(f->analog, n, &f->backend);
	for (uint32_t half = 0; half < 2; half++)
		emulator__analog_set_common_backend(f->analog, half, &f->common);
}

static inline void fixture_advance(struct fixture *f, uint64_t ticks)
{
	size_t count;
	f->now += ticks;
	assert_ok(emulator__analog_advance(
		f->analog, f->now, &f->spikes[f->count], SPIKES_MAX - f->count, &count));
	f->count += count;
}

/* A cell row of all neurons, spread over codes around @code so that crosstalk is small where
 * @spread is set. */
static inline void fixture_row(struct fixture *f, uint32_t row, uint16_t code)
{
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_capmem(
			f->analog, f->now, haldls_capmem_cell_of_neuron(n, row), code);
}

static inline void fixture_shared(struct fixture *f, uint32_t cell, uint16_t code)
{
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		emulator__analog_set_capmem(f->analog, f->now, quadrant * 3120 + cell, code);
}

/* Neuron @n alone gets this code: no crosstalk. */
static inline void fixture_cell(struct fixture *f, uint32_t n, uint32_t row, uint16_t code)
{
	emulator__analog_set_capmem(f->analog, f->now, haldls_capmem_cell_of_neuron(n, row), code);
}

#endif

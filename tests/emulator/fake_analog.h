// SPDX-License-Identifier: MIT
#ifndef TESTS_EMULATOR_FAKE_ANALOG_H
#define TESTS_EMULATOR_FAKE_ANALOG_H

/* An analog core that remembers what it was told and fires when the test says so. It takes the
 * place of the real one at link time. */

#include <analog.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAKE_EVENTS = 1 << 16, FAKE_SPIKES = 1 << 12 };

/** What the fake core saw, and what it shall do. */
struct fake_analog {
	uint64_t now;                       /* last advance */
	uint64_t advances, leaps;           /* calls of both */
	struct { uint64_t time; uint32_t driver; uint8_t label; } events[FAKE_EVENTS];
	size_t event_count;
	struct emulator_spike spikes[FAKE_SPIKES]; /* in time order */
	size_t spike_count, spikes_sent;
	uint8_t weight[2][256][256], label[2][256][256];
	bool excitatory[2][256], inhibitory[2][256], causal[2][256], acausal[2][256];
	uint16_t capmem[12480];
	uint64_t capmem_time[12480];
	int offset[2][2][256];
	uint32_t resets[512]; /* artificial resets */
	uint64_t neuron_time[512]; /* of the last setting of each */
	bool stuck[512];          /* left in reset by power-up */
	uint32_t neurons_set, drivers_set, backends_set, synapses_set;
	uint32_t conversions;
	float board_volt[EMULATOR_BOARD_VOLTS], pad_volt[2], celsius;
	bool pad_driven[2];
	bool late; /* a stimulus came before the last advance */
};

extern struct fake_analog fake;

/** Forget everything. */
void fake_clear(void);
/** Let a neuron fire at @p time; times ascend. */
void fake_fire(uint64_t time, uint16_t neuron);

#endif

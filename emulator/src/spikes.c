// SPDX-License-Identifier: MIT
/* Spikes in their order. */
#include "analog_state.h"

#include <string.h>

enum {
	DIGIT = 8,
	DIGITS = 1 << DIGIT,
	FEW = 48, /* that are inserted one by one */
};

void emulator__spike_insert(
	struct emulator_spike *spikes, size_t count, uint64_t time, uint32_t neuron)
{
	for (; count > 0 &&
		(spikes[count - 1].time > time ||
			(spikes[count - 1].time == time && spikes[count - 1].neuron > neuron));
		count--)
		spikes[count] = spikes[count - 1];
	spikes[count] = (struct emulator_spike){.time = time, .neuron = (uint16_t)neuron};
}

static void insert_all(uint32_t *keys, size_t count)
{
	for (size_t i = 1; i < count; i++) {
		const uint32_t key = keys[i];
		size_t at = i;
		for (; at > 0 && keys[at - 1] > key; at--)
			keys[at] = keys[at - 1];
		keys[at] = key;
	}
}

/* By one digit; what is equal there stays in its order. */
static void sort_digit(uint32_t *out, const uint32_t *keys, size_t count, unsigned shift)
{
	uint32_t place[DIGITS] = {0}, sum = 0;
	for (size_t i = 0; i < count; i++)
		place[keys[i] >> shift & (DIGITS - 1)]++;
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		const uint32_t these = place[digit];
		place[digit] = sum;
		sum += these;
	}
	for (size_t i = 0; i < count; i++)
		out[place[keys[i] >> shift & (DIGITS - 1)]++] = keys[i];
}

void emulator__spike_sort(uint32_t *keys, uint32_t *spare, size_t count)
{
	if (count < FEW) {
		insert_all(keys, count);
		return;
	}
	uint32_t most = 0;
	for (size_t i = 0; i < count; i++)
		most |= keys[i];
	uint32_t *from = keys, *to = spare;
	for (unsigned shift = 0; shift < 32 && most >> shift; shift += DIGIT) {
		sort_digit(to, from, count, shift);
		uint32_t *sorted = to;
		to = from;
		from = sorted;
	}
	if (from != keys)
		memcpy(keys, from, count * sizeof(*keys));
}

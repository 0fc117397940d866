// SPDX-License-Identifier: MIT
/* Rich neurons in windows: what their kernel needs for a length of step, and where their resets
 * stand. */
#include "analog_state.h"
#include "physics.h"

#include <math.h>

float emulator__rich_rate(const struct emulator_analog *a)
{
	float fastest = 0;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		if (!analog_neuron_is_rich(a, n))
			continue;
		fastest = fmaxf(fastest, a->rich.adaptation_rate[n]);
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			fastest = fmaxf(fastest, a->rich.conductance[line][n]);
	}
	return fastest;
}

void emulator__rich_plan(struct emulator_analog *a, float h)
{
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		if (!analog_neuron_is_rich(a, n))
			continue;
		a->rich.turn[n] = -expm1f(-h * a->rich.adaptation_rate[n]);
		a->rich.adaptation_per[n] = 1 / a->rich.adaptation_limit[n];
		a->rich.octaves[n] = a->rich.exponential_slope[n] * 1.44269504f;
		a->rich.behind[n] = a->rich.octaves[n] * a->rich.exponential_reference[n];
		a->rich.exponential_width[n] = 1 / a->rich.exponential_slope[n];
	}
}

/* In windows the adaptation stands half a step ahead of the membrane. */
static void turn_half(struct emulator_analog *a, unsigned hemisphere, bool ahead)
{
	struct kernel_rich *r = &a->rich;
	const uint32_t first = hemisphere * ANALOG_COLUMNS;
	for (uint32_t n = first; n < first + ANALOG_COLUMNS; n++) {
		if (!analog_neuron_is_rich(a, n))
			continue;
		const float half = 0.5f * r->turn[n];
		const float aim =
			r->adaptation_a[n] * (a->membranes.v[n] - r->adaptation_reference[n]);
		if (ahead)
			r->adaptation[n] += half * (aim - r->adaptation[n]);
		else
			r->adaptation[n] = (r->adaptation[n] - half * aim) / (1 - half);
	}
}

void emulator__rich_begin(struct emulator_analog *a, unsigned hemisphere)
{
	const uint32_t first = hemisphere * ANALOG_COLUMNS;
	for (uint32_t n = first; n < first + ANALOG_COLUMNS; n++)
		a->rich.until[n] = 0;
	turn_half(a, hemisphere, true);
}

void emulator__rich_end(struct emulator_analog *a, unsigned hemisphere)
{
	turn_half(a, hemisphere, false);
}

void emulator__rich_place(struct emulator_analog *a, uint32_t n, uint64_t begin)
{
	const struct analog_refractory *r = &a->refractory[n];
	const float per_step = 1.0f / (float)a->plan.ticks;
	a->rich.since[n] = (float)(int64_t)(r->begin - begin) * per_step;
	a->rich.until[n] = r->release > begin ? (float)(int64_t)(r->release - begin) * per_step : 0;
}

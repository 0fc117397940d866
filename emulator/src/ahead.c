// SPDX-License-Identifier: MIT
/* A copy of the membranes that runs ahead of time in single steps, without noise and the spikes
 * that may still come: for a conversion, and through idle time that is not leapt over. */
#include "analog_state.h"

#include <math.h>
#include <string.h>

enum { STEP = EMULATOR_STEP_TICKS };

void emulator__ahead_begin(struct emulator_analog *a)
{
	memcpy(&a->ahead, &a->membranes, sizeof(a->ahead));
	if (a->membranes.rich)
		a->rich_ahead = a->rich;
	a->turn_ahead = a->compartments.turn;
}

uint32_t emulator__ahead_step(struct emulator_analog *a, uint64_t begin, unsigned variants)
{
	struct kernel_membranes *m = &a->ahead;
	if (emulator__neuron_reset_shares(a, m, begin, begin + STEP))
		variants |= KERNEL_RESETS;
	emulator__headroom_apply(a, m, STEP * 4e-9f);
	uint32_t flags = a->kernel->step(m, STEP * 4e-9f, 0, variants);
	if (m->rich)
		flags |= a->kernel->rich(m, &a->rich_ahead, STEP * 4e-9f, 0, variants, m->rich);
	if (a->compartments.shorts || a->compartments.edges)
		emulator__compartment_exchange(a, m, STEP * 4e-9f);
	emulator__readout_hold(a, m);
	return flags;
}

void emulator__ahead_end(struct emulator_analog *a)
{
	a->compartments.turn = a->turn_ahead;
}

bool emulator__ahead_is_quiet(struct emulator_analog *a, uint64_t length)
{
	uint32_t flags = 0;
	emulator__ahead_begin(a);
	for (uint64_t way = 0; way < length; way += STEP) {
		flags |= emulator__ahead_step(a, a->grid + way, 0);
		a->work.idle_steps++;
	}
	emulator__ahead_end(a);
	return !(flags & KERNEL_CROSSING);
}

void emulator__ahead_compare(struct emulator_analog *a)
{
	float most = 0;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		most = fmaxf(most, fabsf(a->ahead.v[n] - a->membranes.v[n]));
	a->work.idle_deviation = fmax(a->work.idle_deviation, (double)most);
}

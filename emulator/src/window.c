// SPDX-License-Identifier: MIT
/* Busy time: each hemisphere runs for itself through windows of steps, as many as no change of
 * settings and no artificial reset comes between. Its events are known before it starts; its spikes
 * are merged with those of the other afterwards, so it does not matter who runs first, or whether
 * both run at once. */
#include "analog_state.h"
#include "physics.h"
#include "worker.h"

#include <math.h>
#include <string.h>

enum {
	STEP = EMULATOR_STEP_TICKS,
	WINDOWS_LEAST = 2, /* steps worth to begin for */
	RICH_STEPS = 4,    /* single steps in the longest one of rich neurons */
	SLOT_STEPS = PHYSICS_NOISE_SLOT / STEP,
	STEEPEST = 6,          /* steps in the shortest time constant */
	SPIKING_TICKS = 20000, /* go on for 80 us after spikes */
	CAREFUL_TICKS = 5000,  /* single steps for 20 us after what windows cannot do */
};

static const float tick = 4e-9f;

static struct kernel_planned *planned(struct emulator_analog *a, uint32_t n)
{
	return &a->plan.neurons[n / 16];
}

/* ---- planning ----------------------------------------------------------------------------------
 */

/* The fastest rate of anything that moves between spikes, 1/s. */
static float fastest_rate(const struct emulator_analog *a)
{
	const struct kernel_membranes *m = &a->membranes;
	float fastest = 1;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		const float leak = m->leak_limit[n] * m->leak_slope[n];
		const float lines = fmaxf(m->line_rate[0][n], m->line_rate[1][n]);
		fastest = fmaxf(fastest, fmaxf(leak, lines));
	}
	return fmaxf(fastest, emulator__rich_rate(a));
}

static void plan_line(struct emulator_analog *a, uint32_t n, unsigned line)
{
	struct kernel_plan *p = &a->plan;
	const struct kernel_membranes *m = &a->membranes;
	const unsigned o = n % 16;
	const float x = p->h * m->line_rate[line][n], gone = -expm1f(-x), keep = 1 - gone;
	const float mean = gone / (x * (1 + keep) * PHYSICS_LINE_PAIR);
	const float bent = gone / (mean * PHYSICS_LINE_TAU_BEND);
	planned(a, n)->mean[line][o] = mean;
	planned(a, n)->most[line][o] = PHYSICS_LINE_LIMIT * mean;
	planned(a, n)->keep[line][o] = keep;
	planned(a, n)->bend[line][o] = keep * bent;
	planned(a, n)->curve[line][o] = keep * bent * bent;
	/* the kernel relies on its lower end; no neuron comes near it */
	planned(a, n)->offset[line][o] =
		fmaxf(m->input_offset[line][n] / PHYSICS_LINE_PAIR, -KERNEL_TANH_END);
	planned(a, n)->limit[line][o] = m->input_limit[line][n] * p->h * KERNEL_TANH_FACTOR;
	a->half[n / ANALOG_COLUMNS].scale[line][n % ANALOG_COLUMNS] =
		mean * a->synapses[n / ANALOG_COLUMNS].scale[line][n % ANALOG_COLUMNS];
}

static void plan_neuron(struct emulator_analog *a, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	struct analog_reset *reset = &a->reset[n];
	const float h = a->plan.h;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		plan_line(a, n, line);
	/* where both amplifiers and the constant current meet, along their tangents at the reset */
	const float leak = tanhf(m->leak_slope[n] * (m->leak_reference[n] - m->reset_reference[n]));
	const float pull = m->reset_limit[n] * m->reset_slope[n] +
			   m->leak_limit[n] * m->leak_slope[n] * (1 - leak * leak);
	reset->rate = pull * h;
	reset->slope = m->leak_slope[n];
	reset->reference = m->leak_reference[n];
	reset->leak = m->leak_limit[n] * h;
	reset->constant = m->constant[n] * h;
	planned(a, n)->slope[n % 16] = reset->slope;
	planned(a, n)->reference[n % 16] = reset->reference;
	planned(a, n)->leak[n % 16] = reset->leak;
	planned(a, n)->constant[n % 16] = reset->constant;
	reset->lag = fminf(1 / fmaxf(reset->rate, 0.1f), 4);
	reset->yield = pull > 0 ? 1 / (pull * h) : 0;
	reset->floor = m->reset_reference[n] +
		       reset->yield * h * (m->leak_limit[n] * leak + m->constant[n]);
}

/* Mean of the lines of a hemisphere, time constants in a step. */
static float mean_decay(const struct emulator_analog *a, unsigned hemisphere, unsigned line)
{
	float sum = 0;
	for (uint32_t c = 0; c < ANALOG_COLUMNS; c++)
		sum += a->membranes.line_rate[line][hemisphere * ANALOG_COLUMNS + c];
	return a->plan.h * sum / ANALOG_COLUMNS;
}

static void plan(struct emulator_analog *a)
{
	struct kernel_plan *p = &a->plan;
	const float rate = fastest_rate(a);
	const bool rich = a->membranes.rich && a->steps_most > RICH_STEPS;
	unsigned steps = rich ? RICH_STEPS : a->steps_most;
	/* a slot of the noise takes a whole number of them */
	while (steps > 1 &&
		(SLOT_STEPS % steps || (float)(steps * STEP) * tick * rate * STEEPEST > 1))
		steps--;
	p->ticks = steps * STEP;
	p->h = (float)p->ticks * tick;
	a->plan_fits = p->h * rate * STEEPEST <= 1;
	a->plan_stale = false;

	for (uint32_t n = 0; a->plan_fits && n < ANALOG_NEURONS; n++)
		plan_neuron(a, n);
	emulator__rich_plan(a, p->h);
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			p->decay[hemisphere][line] = mean_decay(a, hemisphere, line);
}

/* ---- both hemispheres --------------------------------------------------------------------------
 */

/* The spikes of both in the order of (time, neuron), behind those that wait already. */
static void merge_spikes(struct emulator_analog *a)
{
	const struct analog_half *top = &a->half[0], *bottom = &a->half[1];
	size_t i = 0, k = 0;
	while (i < top->spike_count || k < bottom->spike_count) {
		const struct emulator_spike *s = top->spikes + i, *t = bottom->spikes + k;
		const bool first =
			k == bottom->spike_count || (i < top->spike_count && s->time <= t->time);
		const struct emulator_spike *next = first ? s : t;
		emulator__spike_insert(a->spikes, a->spike_count++, next->time, next->neuron);
		i += first;
		k += !first;
	}
}

/* The end of what can be run from now in one: aligned, before @t. */
static uint64_t windows_end(const struct emulator_analog *a, uint64_t t)
{
	const unsigned ticks = a->plan.ticks;
	const uint64_t most = (uint64_t)ANALOG_SPIKES_HALF / ANALOG_COLUMNS * ticks;
	uint64_t end = t < a->grid + most ? t : a->grid + most;
	if (a->capmem.settling && a->refreshed_at + ANALOG_REFRESH_TICKS < end)
		end = a->refreshed_at + ANALOG_REFRESH_TICKS;
	for (size_t i = a->stimuli.first; a->stimuli.resets && i < a->stimuli.count; i++) {
		const struct analog_stimulus *stimulus = &a->stimuli.entry[i];
		if (stimulus->time >= end)
			break;
		if (stimulus->reset)
			end = stimulus->time;
	}
	return end > a->grid ? end - end % ticks : a->grid;
}

struct half_job {
	struct emulator_analog *a;
	uint64_t until;
};

static void run_bottom(void *user)
{
	const struct half_job *job = user;
	emulator__hemisphere_run(job->a, 1, job->until);
}

static void run_both(struct emulator_analog *a, uint64_t until)
{
	struct half_job job = {a, until};
	if (a->worker)
		emulator__worker_begin(a->worker, run_bottom, &job);
	emulator__hemisphere_run(a, 0, until);
	if (a->worker)
		emulator__worker_wait(a->worker);
	else
		run_bottom(&job);
}

/* A threshold fell below its membrane: that is a step's to find. */
static bool any_overtaken(const struct emulator_analog *a)
{
	const struct kernel_membranes *m = &a->membranes;
	unsigned found = 0;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		found |= (m->v[n] > m->threshold[n]) & !m->above[n] & !a->is_resting[n];
	return found;
}

bool emulator__window_run(struct emulator_analog *a, uint64_t t)
{
	if (analog_is_stepped(a) || a->any_stale || a->all_stale || a->grid < a->windows_from ||
		emulator__readout_holds(a) || a->common[0].force_reset ||
		a->common[1].force_reset || emulator__headroom_is_narrow(a))
		return false;
	if (a->plan_stale)
		plan(a);
	if (!a->plan_fits || a->grid % a->plan.ticks || any_overtaken(a))
		return false;
	const uint64_t until = windows_end(a, t);
	if (until < a->grid + WINDOWS_LEAST * (uint64_t)a->plan.ticks)
		return false;
	run_both(a, until);
	a->grid = until;
	a->stimuli.first = a->half[0].next;
	if (a->half[0].spike_count || a->half[1].spike_count)
		a->busy_until = a->grid + SPIKING_TICKS;
	merge_spikes(a);
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		a->membranes.above[n] = a->membranes.v[n] > a->membranes.threshold[n];
		a->membranes.gain[n] = 0;
	}
	if (a->half[0].strange || a->half[1].strange)
		a->windows_from = a->grid + CAREFUL_TICKS;
	return true;
}

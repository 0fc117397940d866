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
	STEEPEST = 3,          /* steps in the shortest time constant */
	STEEPEST_RICH = 6,     /* ... where there are rich neurons */
	SPIKES_STEP = 4,       /* most spikes of a neuron in a step */
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

/* What bends the way of a membrane near its threshold. */
static void plan_crossing(struct emulator_analog *a, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	struct kernel_planned *own = planned(a, n);
	const unsigned o = n % 16;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		/* an event is as good as two of its mean, one at either end of the step */
		const float x = tanhf(own->offset[line][o]);
		own->push[line][o] = 2 * m->input_limit[line][n] * a->plan.h * (1 - x * x) *
				     a->half[n / ANALOG_COLUMNS].scale[line][n % ANALOG_COLUMNS];
	}
	const float threshold = fminf(m->threshold[n], PHYSICS_RAIL);
	const float leak = tanhf(m->leak_slope[n] * (m->leak_reference[n] - threshold));
	const float decay = a->plan.h * fmaxf(m->line_rate[0][n], m->line_rate[1][n]);
	own->pull[o] = own->leak[o] * m->leak_slope[n] * (1 - leak * leak);
	/* currents up to four times those that balance the leak */
	own->round[o] = 0.5f * (decay + own->pull[o]) * fmaxf(-leak, 0) * own->leak[o];
}

static void plan_neuron(struct emulator_analog *a, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	struct kernel_rests *rests = &a->half[n / ANALOG_COLUMNS].rests;
	struct kernel_planned *own = planned(a, n);
	const unsigned c = n % ANALOG_COLUMNS, o = n % 16;
	const float h = a->plan.h;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		plan_line(a, n, line);
	/* where both amplifiers and the constant current meet, along their tangents at the reset */
	const float leak = tanhf(m->leak_slope[n] * (m->leak_reference[n] - m->reset_reference[n]));
	const float pull = m->reset_limit[n] * m->reset_slope[n] +
			   m->leak_limit[n] * m->leak_slope[n] * (1 - leak * leak);
	own->slope[o] = m->leak_slope[n];
	own->reference[o] = m->leak_reference[n];
	own->leak[o] = m->leak_limit[n] * h;
	own->constant[o] = m->constant[n] * h;
	rests->rate[c] = pull * h;
	rests->lag[c] = fminf(1 / fmaxf(rests->rate[c], 0.1f), 4);
	rests->yield[c] = pull > 0 ? 1 / (pull * h) : 0;
	rests->floor[c] = m->reset_reference[n] +
			  rests->yield[c] * h * (m->leak_limit[n] * leak + m->constant[n]);
	plan_crossing(a, n);
}

/* Time constants of lines and membranes that pass in a step, in the mean over the neurons of a
 * hemisphere that use a line. */
static void plan_means(struct emulator_analog *a, unsigned hemisphere)
{
	struct kernel_plan *p = &a->plan;
	const struct kernel_membranes *m = &a->membranes;
	float leak = 0, all = 1e-6f;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		float sum = 0, used = 1e-6f;
		for (unsigned c = 0; c < ANALOG_COLUMNS; c++) {
			const unsigned n = hemisphere * ANALOG_COLUMNS + c;
			const float use = m->input_limit[line][n] != 0;
			used += use;
			sum += use * m->line_rate[line][n];
			leak += use * m->leak_limit[n] * m->leak_slope[n];
		}
		p->decay[hemisphere][line] = p->h * sum / used;
		all += used;
	}
	p->leak[hemisphere] = p->h * leak / all;
}

static void plan(struct emulator_analog *a)
{
	struct kernel_plan *p = &a->plan;
	const float rate = fastest_rate(a);
	const bool rich = a->membranes.rich && a->steps_most > RICH_STEPS;
	unsigned steps = rich ? RICH_STEPS : a->steps_most;
	/* a slot of the noise takes a whole number of them */
	const float steepest = a->membranes.rich ? STEEPEST_RICH : STEEPEST;
	while (steps > 1 &&
		(SLOT_STEPS % steps || (float)(steps * STEP) * tick * rate * steepest > 1))
		steps--;
	p->ticks = steps * STEP;
	p->h = (float)p->ticks * tick;
	a->plan_fits = p->h * rate * steepest <= 1;
	a->plan_stale = false;

	for (uint32_t n = 0; a->plan_fits && n < ANALOG_NEURONS; n++)
		plan_neuron(a, n);
	emulator__rich_plan(a, p->h);
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		plan_means(a, hemisphere);
}

/* ---- both hemispheres --------------------------------------------------------------------------
 */

/* The spikes of both in the order of (time, neuron), among those that wait already. */
static void merge_spikes(struct emulator_analog *a, uint64_t begin)
{
	uint32_t *keys = a->spike_keys;
	size_t count = 0;
	for (size_t i = 0; i < a->spike_count; i++)
		keys[count++] = (uint32_t)(a->spikes[i].time - begin) * ANALOG_NEURONS +
				a->spikes[i].neuron;
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++) {
		const struct analog_half *half = &a->half[hemisphere];
		memcpy(&keys[count], half->spikes, half->spike_count * sizeof(*keys));
		count += half->spike_count;
	}
	emulator__spike_sort(keys, keys + ANALOG_SPIKES_HELD, count);
	for (size_t i = 0; i < count; i++)
		a->spikes[i] = (struct emulator_spike){
			begin + keys[i] / ANALOG_NEURONS, (uint16_t)(keys[i] % ANALOG_NEURONS)};
	a->spike_count = count;
}

/* The end of what can be run from now in one: aligned, before @t. */
static uint64_t windows_end(const struct emulator_analog *a, uint64_t t)
{
	const unsigned ticks = a->plan.ticks;
	const uint64_t most = ANALOG_SPIKES_HALF / ANALOG_COLUMNS / SPIKES_STEP * ticks;
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
	if (!a->plan_fits || a->grid % a->plan.ticks)
		return false;
	const uint64_t begin = a->grid, until = windows_end(a, t);
	if (until < begin + WINDOWS_LEAST * (uint64_t)a->plan.ticks || any_overtaken(a))
		return false;
	run_both(a, until);
	a->grid = until;
	a->stimuli.first = a->half[0].next;
	if (a->half[0].spike_count || a->half[1].spike_count)
		a->busy_until = a->grid + SPIKING_TICKS;
	merge_spikes(a, begin);
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		a->membranes.above[n] = a->membranes.v[n] > a->membranes.threshold[n];
		a->membranes.gain[n] = 0;
	}
	if (a->half[0].strange || a->half[1].strange)
		a->windows_from = a->grid + CAREFUL_TICKS;
	return true;
}

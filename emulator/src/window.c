// SPDX-License-Identifier: MIT
/* Busy time: each hemisphere runs for itself through windows of steps, as many as no change of
 * settings and no artificial reset comes between. Its events are known before it starts; its spikes
 * are merged with those of the other afterwards, so it does not matter who runs first, or whether
 * both run at once. */
#include "analog_state.h"
#include "noise.h"
#include "physics.h"
#include "worker.h"

#include <hxcomm/error.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP = EMULATOR_STEP_TICKS,
	WINDOWS_LEAST = 2,     /* steps worth to begin for */
	STEEPEST = 8,          /* steps in the shortest time constant */
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
	return fastest;
}

static void plan_line(struct emulator_analog *a, uint32_t n, unsigned line)
{
	struct kernel_plan *p = &a->plan;
	const struct kernel_membranes *m = &a->membranes;
	const float x = p->h * m->line_rate[line][n], gone = -expm1f(-x);
	planned(a, n)->keep[line][n % 16] = 1 - gone;
	planned(a, n)->bend[line][n % 16] = gone / PHYSICS_LINE_TAU_BEND;
	planned(a, n)->mean[line][n % 16] = gone / x / PHYSICS_LINE_PAIR;
	planned(a, n)->late[line][n % 16] = sqrtf(1 - gone);
	planned(a, n)->area[line][n % 16] = 1 / (x * PHYSICS_LINE_PAIR);
	planned(a, n)->offset[line][n % 16] = m->input_offset[line][n] / PHYSICS_LINE_PAIR;
	planned(a, n)->limit[line][n % 16] = m->input_limit[line][n] * p->h;
}

static void plan_neuron(struct emulator_analog *a, uint32_t n)
{
	struct kernel_plan *p = &a->plan;
	const struct kernel_membranes *m = &a->membranes;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		plan_line(a, n, line);
	planned(a, n)->slope[n % 16] = m->leak_slope[n];
	planned(a, n)->reference[n % 16] = m->leak_reference[n];
	planned(a, n)->leak[n % 16] = m->leak_limit[n] * p->h;
	planned(a, n)->constant[n % 16] = m->constant[n] * p->h;
	/* where both amplifiers and the constant current meet, along their tangents at the reset */
	const float leak = tanhf(m->leak_slope[n] * (m->leak_reference[n] - m->reset_reference[n]));
	const float pull = m->reset_limit[n] * m->reset_slope[n] +
			   m->leak_limit[n] * m->leak_slope[n] * (1 - leak * leak);
	planned(a, n)->reset_rate[n % 16] = pull * p->h;
	planned(a, n)->reset_lag[n % 16] =
		fminf(1 / fmaxf(planned(a, n)->reset_rate[n % 16], 0.1f), 4);
	planned(a, n)->reset_yield[n % 16] = pull > 0 ? 1 / (pull * p->h) : 0;
	planned(a, n)->reset_floor[n % 16] =
		m->reset_reference[n] + planned(a, n)->reset_yield[n % 16] * p->h *
						(m->leak_limit[n] * leak + m->constant[n]);
	if (a->neuron[n].enable_pause) /* the inputs are off meanwhile */
		planned(a, n)->reset_yield[n % 16] = 0;
}

static void plan(struct emulator_analog *a)
{
	struct kernel_plan *p = &a->plan;
	const float rate = fastest_rate(a);
	unsigned steps = a->steps_most;
	while (steps > 1 && (float)(steps * STEP) * tick * rate * STEEPEST > 1)
		steps /= 2;
	p->ticks = steps * STEP;
	p->h = (float)p->ticks * tick;
	a->plan_fits = p->h * rate * STEEPEST <= 1;
	a->plan_stale = false;

	for (uint32_t n = 0; a->plan_fits && n < ANALOG_NEURONS; n++)
		plan_neuron(a, n);
}

/* ---- spikes ------------------------------------------------------------------------------------
 */

struct run {
	struct emulator_analog *a;
	struct analog_half *half;
	uint64_t begin; /* ticks, of the window */
};

static float rails(float v)
{
	return fminf(fmaxf(v, 0), PHYSICS_RAIL);
}

static void fire(void *user, unsigned n, float time, float speed)
{
	struct run *run = user;
	struct emulator_analog *a = run->a;
	struct kernel_plan *p = &a->plan;
	const float delay = a->comparator_delay[analog_quadrant(n)], ticks = (float)p->ticks;
	const uint64_t at = run->begin + (uint64_t)(time * ticks + delay + 0.5f);
	if (a->is_resting[n] &&
		(planned(a, n)->until[n % 16] < KERNEL_NEVER || at < a->refractory[n].release)) {
		if (planned(a, n)->until[n % 16] < KERNEL_NEVER) /* it is parked, and drifts */
			a->membranes.v[n] = rails(planned(a, n)->reset_floor[n % 16]);
		return;
	}
	if (a->is_resting[n] && at < a->refractory[n].end) {
		run->half->strange = true;
		return;
	}
	const float threshold = a->membranes.threshold[n];
	emulator__neuron_rest(a, n, at);
	emulator__neuron_arm(a, n);
	if (!a->backend[n].post_overwrite)
		emulator__correlation_post(a, at, n);
	emulator__spike_insert(run->half->spikes, run->half->spike_count++, at, n);
	if (a->refractory[n].release <= at)
		return;
	planned(a, n)->parked[n % 16] = threshold + speed * delay / ticks;
	planned(a, n)->since[n % 16] = (float)(at - run->begin) / ticks;
	planned(a, n)->until[n % 16] = (float)(a->refractory[n].release - run->begin) / ticks;
	a->membranes.v[n] = rails(planned(a, n)->reset_floor[n % 16]);
}

/* ---- reset -------------------------------------------------------------------------------------
 */

/* Before a window: when resets of the neurons that rest end, seen from its begin, and who is
 * released in which step. */
static void place_resets(struct emulator_analog *a, const struct analog_half *half, uint64_t begin,
	struct kernel_window *w)
{
	const float per_step = 1.0f / (float)a->plan.ticks;
	memset(w->released, 0, sizeof(w->released));
	for (unsigned i = 0; i < half->resting_count; i++) {
		const unsigned n = half->resting[i];
		if (planned(a, n)->until[n % 16] >= KERNEL_NEVER)
			continue;
		planned(a, n)->until[n % 16] =
			(float)(int64_t)(a->refractory[n].release - begin) * per_step;
		planned(a, n)->since[n % 16] -= half->shift;
		const float last = planned(a, n)->until[n % 16] - 1e-3f;
		const unsigned step = last > 0 ? (unsigned)last : 0;
		if (step < w->steps)
			w->released[step] |= UINT64_C(1) << n % ANALOG_COLUMNS / 4;
	}
}

/* Park the neurons in reset where single steps left them. */
static void park(struct emulator_analog *a, unsigned hemisphere)
{
	struct kernel_plan *p = &a->plan;
	const struct analog_half *half = &a->half[hemisphere];
	for (uint32_t n = hemisphere * ANALOG_COLUMNS; n < (hemisphere + 1) * ANALOG_COLUMNS; n++)
		planned(a, n)->until[n % 16] = KERNEL_NEVER;
	for (unsigned i = 0; i < half->resting_count; i++) {
		const unsigned n = half->resting[i];
		const struct analog_refractory *r = &a->refractory[n];
		a->membranes.reset_share[n] = 0; /* of single steps */
		const uint64_t begin = r->begin > a->grid ? r->begin : a->grid;
		if (r->release <= a->grid)
			continue;
		planned(a, n)->until[n % 16] = 0;
		planned(a, n)->parked[n % 16] = a->membranes.v[n];
		a->membranes.v[n] = rails(planned(a, n)->reset_floor[n % 16]);
		planned(a, n)->since[n % 16] = (float)(begin - a->grid) / (float)p->ticks;
	}
}

/* Put the neurons in reset where they are at the end of the last window. */
static void unpark(struct emulator_analog *a, unsigned hemisphere)
{
	struct kernel_membranes *m = &a->membranes;
	const struct analog_half *half = &a->half[hemisphere];
	for (unsigned i = 0; i < half->resting_count; i++) {
		const unsigned n = half->resting[i];
		if (planned(a, n)->until[n % 16] >= KERNEL_NEVER)
			continue;
		float current = 0;
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			current += planned(a, n)->limit[line][n % 16] *
				   tanhf(m->line[line][n] / PHYSICS_LINE_PAIR +
					   planned(a, n)->offset[line][n % 16]);
		const float aim = planned(a, n)->reset_floor[n % 16] +
				  planned(a, n)->reset_yield[n % 16] * current;
		const bool ended = planned(a, n)->until[n % 16] > planned(a, n)->since[n % 16] &&
				   planned(a, n)->until[n % 16] < half->length;
		const float length = (ended ? planned(a, n)->until[n % 16] : half->length) -
				     planned(a, n)->since[n % 16];
		m->v[n] = rails(
			aim + (planned(a, n)->parked[n % 16] - aim) *
				      expf(-planned(a, n)->reset_rate[n % 16] * fmaxf(length, 0)));
	}
}

/* ---- windows -----------------------------------------------------------------------------------
 */

/* Sort the events of a hemisphere before @end into the steps of the window. */
static void take_events(
	struct emulator_analog *a, unsigned hemisphere, uint64_t begin, uint64_t end)
{
	struct analog_half *half = &a->half[hemisphere];
	const struct analog_stimuli *s = &a->stimuli;
	const uint32_t first = hemisphere * ANALOG_COLUMNS;
	struct kernel_bin bin = {
		.rate = {&a->membranes.line_rate[0][first], &a->membranes.line_rate[1][first]},
		.half = 0.5f * a->plan.h,
		.slow = true, /* STEEPEST steps */
	};
	for (; half->next < s->count && s->entry[half->next].time < end; half->next++) {
		const struct analog_stimulus *stimulus = &s->entry[half->next];
		if (stimulus->target / 128u != hemisphere)
			continue;
		const uint64_t time = stimulus->time > begin ? stimulus->time : begin;
		const unsigned k = (unsigned)(time - begin) / a->plan.ticks;
		bin.end = begin + (k + 1) * (uint64_t)a->plan.ticks;
		for (unsigned line = 0; line < KERNEL_LINES; line++) {
			bin.charge[line] = half->bins.charge[k][line];
			bin.kept[line] = half->bins.kept[k][line];
		}
		bin.lines = 0;
		emulator__synapse_event(
			a, &bin, time, stimulus->target, stimulus->label, stimulus->pulse);
		half->bins.lines[k] |= bin.lines;
	}
}

/* A comparator that is still on at the end of the period starts the next one. */
static bool rests_again(struct emulator_analog *a, struct analog_half *half, unsigned n, uint64_t t)
{
	struct kernel_membranes *m = &a->membranes;
	if (m->v[n] <= m->threshold[n])
		return false;
	half->strange = true;
	a->refractory[n] =
		emulator__neuron_refractory(&a->backend[n], &a->common[analog_half(n)], t);
	if (a->refractory[n].release <= t)
		return a->refractory[n].end > t;
	planned(a, n)->parked[n % 16] = m->v[n];
	planned(a, n)->since[n % 16] = half->length;
	planned(a, n)->until[n % 16] = 0; /* is set where the next window begins */
	m->v[n] = rails(planned(a, n)->reset_floor[n % 16]);
	return true;
}

/* Let refractory periods end, but for neurons that are still parked. */
static void end_rests(struct emulator_analog *a, struct analog_half *half, uint64_t end)
{
	unsigned kept = 0;
	for (unsigned i = 0; i < half->resting_count; i++) {
		const uint16_t n = half->resting[i];
		if (a->refractory[n].end > end || planned(a, n)->until[n % 16] < KERNEL_NEVER ||
			rests_again(a, half, n, end))
			half->resting[kept++] = n;
		else
			a->is_resting[n] = false;
	}
	half->resting_count = kept;
}

static void run_half(struct emulator_analog *a, unsigned hemisphere, uint64_t until)
{
	struct analog_half *half = &a->half[hemisphere];
	struct run run = {.a = a, .half = half};
	struct kernel_window w = {
		.first = hemisphere * ANALOG_COLUMNS,
		.noise = a->noise_stepped,
		.advance = (float)a->plan.ticks / PHYSICS_NOISE_SLOT,
		.bins = &half->bins,
		.fire = fire,
		.user = &run,
	};
	half->spike_count = 0;
	half->next = a->stimuli.first;
	half->strange = false;
	half->length = half->shift = 0;
	park(a, hemisphere);
	for (uint64_t begin = a->grid; begin < until; begin = run.begin) {
		const uint64_t slot = begin / PHYSICS_NOISE_SLOT;
		const uint64_t slot_end = (slot + 1) * PHYSICS_NOISE_SLOT;
		const uint64_t end = slot_end < until ? slot_end : until;
		if (w.noise)
			emulator__noise_slot(a, hemisphere, slot);
		run.begin = begin;
		take_events(a, hemisphere, begin, end);
		w.steps = (unsigned)(end - begin) / a->plan.ticks;
		place_resets(a, half, begin, &w);
		w.place = ((float)(begin % PHYSICS_NOISE_SLOT) + 0.5f * (float)a->plan.ticks) /
			  PHYSICS_NOISE_SLOT;
		a->kernel->window(&a->membranes, &a->plan, &w);
		half->length = half->shift = (float)w.steps;
		run.begin = end;
		end_rests(a, half, end);
	}
	unpark(a, hemisphere);
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
	run_half(job->a, 1, job->until);
}

static void run_both(struct emulator_analog *a, uint64_t until)
{
	struct half_job job = {a, until};
	if (a->worker)
		emulator__worker_begin(a->worker, run_bottom, &job);
	run_half(a, 0, until);
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
	if (analog_is_rich(a) || a->any_stale || a->all_stale || a->grid < a->windows_from ||
		emulator__readout_holds(a) || a->common[0].force_reset || a->common[1].force_reset)
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

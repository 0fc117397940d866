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
	WINDOWS_LEAST = 2,     /* steps worth to begin for */
	STEEPEST = 8,          /* steps in the shortest time constant */
	SPIKING_TICKS = 20000, /* go on for 80 us after spikes */
	CAREFUL_TICKS = 5000,  /* single steps for 20 us after what windows cannot do */
};

static const float tick = 4e-9f, least_offset = -3.6f;

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
	const float bent = gone / PHYSICS_LINE_TAU_BEND;
	planned(a, n)->keep[line][o] = keep;
	planned(a, n)->bend[line][o] = keep * bent;
	planned(a, n)->curve[line][o] = keep * bent * bent;
	planned(a, n)->mean[line][o] = gone / (x * (1 + keep) * PHYSICS_LINE_PAIR);
	/* the kernel relies on its lower end; no neuron comes near it */
	planned(a, n)->offset[line][o] =
		fmaxf(m->input_offset[line][n] / PHYSICS_LINE_PAIR, least_offset);
	planned(a, n)->limit[line][o] = m->input_limit[line][n] * p->h;
}

static void plan_neuron(struct emulator_analog *a, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	struct analog_reset *reset = &a->reset[n];
	const float h = a->plan.h;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		plan_line(a, n, line);
	planned(a, n)->slope[n % 16] = m->leak_slope[n];
	planned(a, n)->reference[n % 16] = m->leak_reference[n];
	planned(a, n)->leak[n % 16] = m->leak_limit[n] * h;
	planned(a, n)->constant[n % 16] = m->constant[n] * h;
	/* where both amplifiers and the constant current meet, along their tangents at the reset */
	const float leak = tanhf(m->leak_slope[n] * (m->leak_reference[n] - m->reset_reference[n]));
	const float pull = m->reset_limit[n] * m->reset_slope[n] +
			   m->leak_limit[n] * m->leak_slope[n] * (1 - leak * leak);
	reset->rate = pull * h;
	reset->lag = fminf(1 / fmaxf(reset->rate, 0.1f), 4);
	reset->yield = pull > 0 ? 1 / (pull * h) : 0;
	reset->floor = m->reset_reference[n] +
		       reset->yield * h * (m->leak_limit[n] * leak + m->constant[n]);
	if (a->neuron[n].enable_pause) /* the inputs are off meanwhile */
		reset->yield = 0;
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
	unsigned steps = a->steps_most;
	while (steps > 1 && (float)(steps * STEP) * tick * rate * STEEPEST > 1)
		steps /= 2;
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

/* ---- spikes ------------------------------------------------------------------------------------
 */

/* A hemisphere in its window. */
struct run {
	struct emulator_analog *a;
	struct analog_half *half;
	uint64_t begin, end; /* ticks, of the window */
	unsigned steps;
	float ticks; /* of a step */
};

static inline float least(float a, float b)
{
	return a < b ? a : b;
}

static inline float most(float a, float b)
{
	return a > b ? a : b;
}

static inline float rails(float v)
{
	return least(most(v, 0), PHYSICS_RAIL);
}

static void park(struct emulator_analog *a, uint32_t n, float volt, uint64_t since)
{
	struct analog_reset *reset = &a->reset[n];
	reset->parked = true;
	reset->volt = volt;
	reset->since = since;
	planned(a, n)->threshold[n % 16] = KERNEL_NEVER;
	a->membranes.v[n] = rails(reset->floor);
}

/* A spike at tick @at. Returns whether there is one, and not a refractory period under way. */
static bool spike(struct run *run, uint32_t n, uint64_t at)
{
	struct emulator_analog *a = run->a;
	if (a->is_resting[n] && at < a->refractory[n].end) {
		run->half->strange = true;
		return false;
	}
	emulator__neuron_rest(a, n, at);
	emulator__neuron_arm(a, n);
	planned(a, n)->threshold[n % 16] = a->membranes.threshold[n];
	if (a->fire_lines.posts[n])
		emulator__correlation_post(a, at, n);
	emulator__spike_insert(run->half->spikes, run->half->spike_count++, at, n);
	run->half->work.spikes++;
	return true;
}

/* A membrane crosses its threshold in step @k of a window. @from, @to: V at both ends of the last
 * @part of the step. Returns whether its reset begins. */
static bool fire(struct run *run, uint32_t n, unsigned k, float part, float from, float to)
{
	struct emulator_analog *a = run->a;
	const float threshold = a->membranes.threshold[n], share = (threshold - from) / (to - from);
	const float time = (float)(k + 1) - part * (1 - most(least(share, 1), 0));
	const float delay = a->comparator_delay[analog_quadrant(n)];
	const uint64_t at = run->begin + (uint64_t)(time * run->ticks + delay + 0.5f);
	if (!spike(run, n, at))
		return false;
	if (a->refractory[n].release <= at)
		return false;
	park(a, n, threshold + (to - from) / part * delay / run->ticks, at);
	return true;
}

/* As struct kernel_window wants it. A rich neuron in its reset may well be above its threshold. */
static void fire_rich(void *user, unsigned n, float time, float speed)
{
	struct run *run = user;
	struct emulator_analog *a = run->a;
	const float delay = a->comparator_delay[analog_quadrant(n)];
	const uint64_t at = run->begin + (uint64_t)(time * run->ticks + delay + 0.5f);
	(void)speed;
	if ((a->is_resting[n] && at < a->refractory[n].release) || !spike(run, n, at))
		return;
	emulator__neuron_adapt(a, n);
	emulator__rich_place(a, n, run->begin);
}

static void fire_crossings(struct run *run)
{
	const struct emulator_analog *a = run->a;
	const struct kernel_path *path = &run->half->path;
	for (unsigned c = 0; c < path->crossings; c++)
		for (uint32_t lanes = path->crossing[c].lanes; lanes; lanes &= lanes - 1) {
			const uint32_t n = path->crossing[c].first + (uint32_t)__builtin_ctz(lanes);
			const uint32_t column = n % ANALOG_COLUMNS;
			for (unsigned k = 0; k < run->steps; k++) {
				const float from = path->v[k][column], to = path->v[k + 1][column];
				const float threshold = a->membranes.threshold[n];
				if (from <= threshold && to > threshold &&
					fire(run, n, k, 1, from, to))
					break;
			}
		}
}

/* ---- reset -------------------------------------------------------------------------------------
 */

/* A membrane without reset, near some potential, in a step: V per step. */
struct course {
	float push, pull;
};

/* As in kernel_body.h: off by 1.4e-3 at most. */
static inline float near_tanh(float x)
{
	const float y = most(least(x, 3.6467388f), -3.6467388f), q = y * y;
	return y * (945 + q * (105 + q)) / (945 + q * (420 + q * 15));
}

static inline struct course course_at(struct emulator_analog *a, uint32_t n, float v)
{
	const struct kernel_planned *b = planned(a, n);
	const unsigned o = n % 16;
	const float t = near_tanh(b->slope[o] * (b->reference[o] - v)), limit = b->leak[o];
	const float pull = limit * b->slope[o] * (1 - t * t);
	return (struct course){limit * t + pull * v + b->constant[o], pull};
}

/* V after @part of a step. */
static inline float follow(const struct course *course, float v, float inflow, float part)
{
	const float pull = course->pull * part;
	const float share = part * (1 - pull * (0.5f - pull * (1.0f / 6)));
	const float force = course->push - course->pull * v + inflow;
	const float room = force > 0 ? PHYSICS_RAIL - v : v;
	return v + force * share * most(least(room * (1 / PHYSICS_RAIL_SOFT), 1), 0);
}

/* Where a reset takes the membrane in @ticks. @inflow: other currents at its end, V per step. */
static float reset_volt(const struct run *run, const struct analog_reset *reset, float inflow,
	uint64_t ticks)
{
	const float aim = reset->floor + reset->yield * inflow;
	const float x = (float)ticks / run->ticks * reset->rate;
	return rails(x < 20 ? aim + (reset->volt - aim) * expf(-x) : aim);
}

/* The reset of a neuron ends in this window: follow it to the window's end, or to its next spike.
 */
static void release(struct run *run, uint32_t n)
{
	struct emulator_analog *a = run->a;
	struct analog_reset *reset = &a->reset[n];
	const struct kernel_path *path = &run->half->path;
	const uint32_t column = n % ANALOG_COLUMNS;
	const uint64_t at = a->refractory[n].release;
	const float until = (float)(at - run->begin) / run->ticks;
	unsigned k = (unsigned)until;
	float inflow = path->inflow[k + 1][column];
	/* a membrane lags behind its currents, which are known in the middles of steps */
	const float lag = (float)k + 0.5f - until + reset->lag;
	const float then = inflow - (inflow - path->inflow[k][column]) * lag;
	float v = reset_volt(run, reset, then, at - reset->since), part = (float)(k + 1) - until;
	const struct course course = course_at(a, n, v);
	const float threshold = a->membranes.threshold[n];
	reset->parked = false;
	planned(a, n)->threshold[n % 16] = threshold;
	for (; k < run->steps; k++, part = 1) {
		const float from = v;
		inflow = path->inflow[k + 1][column];
		v = follow(&course, v, inflow, part);
		if (from <= threshold && v > threshold && fire(run, n, k, part, from, v))
			return;
	}
	a->membranes.v[n] = rails(v);
}

/* A comparator that is still on at the end of the period starts the next one. */
static bool rests_again(struct run *run, uint32_t n)
{
	struct emulator_analog *a = run->a;
	const float v = a->membranes.v[n];
	if (v <= a->membranes.threshold[n])
		return false;
	/* what an exponential term holds at the rail stays there, with a reset or without */
	run->half->strange |= !(analog_neuron_is_rich(a, n) && v > PHYSICS_RAIL - PHYSICS_RAIL_SOFT);
	a->refractory[n] = emulator__neuron_refractory(
		&a->backend[n], &a->common[analog_half(n)], run->end);
	if (a->refractory[n].release > run->end && !analog_neuron_is_rich(a, n))
		park(a, n, v, run->end);
	return a->refractory[n].end > run->end;
}

/* Resets that are released before the window's end, and refractory periods that end. */
static void end_rests(struct run *run)
{
	struct emulator_analog *a = run->a;
	struct analog_half *half = run->half;
	unsigned kept = 0;
	for (unsigned i = 0; i < half->resting_count; i++) {
		const uint16_t n = half->resting[i];
		const struct analog_refractory *r = &a->refractory[n];
		while (a->reset[n].parked && r->release < run->end)
			release(run, n);
		half->resting[kept] = n;
		if (r->end > run->end || a->reset[n].parked || rests_again(run, n))
			kept++;
		else
			a->is_resting[n] = false, a->rich.until[n] = 0;
	}
	half->resting_count = kept;
}

/* Take the neurons of a hemisphere from where single steps left them. */
static void begin_half(struct emulator_analog *a, unsigned hemisphere)
{
	const struct analog_half *half = &a->half[hemisphere];
	for (uint32_t n = hemisphere * ANALOG_COLUMNS; n < (hemisphere + 1) * ANALOG_COLUMNS; n++) {
		planned(a, n)->threshold[n % 16] = a->membranes.threshold[n];
		a->reset[n].parked = false;
	}
	for (unsigned i = 0; i < half->resting_count; i++) {
		const unsigned n = half->resting[i];
		const struct analog_refractory *r = &a->refractory[n];
		a->membranes.reset_share[n] = 0; /* of single steps */
		if (r->release > a->grid && !analog_neuron_is_rich(a, n))
			park(a, n, a->membranes.v[n], r->begin > a->grid ? r->begin : a->grid);
	}
	emulator__rich_begin(a, hemisphere);
}

/* Put the neurons in reset where they are at the end of the last window. */
static void end_half(const struct run *run)
{
	struct emulator_analog *a = run->a;
	struct kernel_membranes *m = &a->membranes;
	for (unsigned i = 0; i < run->half->resting_count; i++) {
		const uint32_t n = run->half->resting[i];
		const struct analog_reset *reset = &a->reset[n];
		if (!reset->parked)
			continue;
		float current = 0;
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			current += planned(a, n)->limit[line][n % 16] *
				   tanhf(m->line[line][n] / PHYSICS_LINE_PAIR +
					   planned(a, n)->offset[line][n % 16]);
		m->v[n] = reset_volt(run, reset, current,
			run->end > reset->since ? run->end - reset->since : 0);
	}
}

/* ---- windows -----------------------------------------------------------------------------------
 */

/* The place of an event in a window. */
struct arrival {
	unsigned step;
	float place; /* in the step, 0 … 1 */
};

static struct arrival arrival(const struct run *run, uint64_t time)
{
	const uint64_t since = time > run->begin ? time - run->begin : 0;
	const unsigned ticks = run->a->plan.ticks, step = (unsigned)since / ticks;
	return (struct arrival){step, (float)((unsigned)since - step * ticks) / run->ticks};
}

/* Drops of a line at the begin of step @k. @fresh: those of the first event, which find no others. */
static float *drops(const struct run *run, struct kernel_window *w, unsigned k, unsigned line,
	bool *fresh)
{
	float *own = run->half->drop[k][line];
	*fresh = w->drop[k][line] != own;
	w->drop[k][line] = own;
	return own;
}

/* An event comes partly at the begin and partly at the end of its step, so that neither its charge
 * nor what is left of it at the end differ: exactly for a line like the mean, to second order for
 * others. */
static void add_row(struct run *run, struct kernel_window *w, const struct analog_stimulus *stimulus,
	uint32_t row, unsigned line, const struct arrival *at)
{
	const unsigned hemisphere = w->first / ANALOG_COLUMNS;
	const struct analog_synapses *s = &run->a->synapses[hemisphere];
	const float x = 0.5f * run->a->plan.decay[hemisphere][line];
	const float late = at->place, early = 1 - late;
	struct kernel_share share = {.label = stimulus->label};
	share.before = drops(run, w, at->step, line, &share.first_before);
	share.after = drops(run, w, at->step + 1, line, &share.first_after);
	share.share_before = stimulus->pulse * early * (1 + x * late);
	share.share_after = stimulus->pulse * late * (1 - x * early);
	run->a->kernel->share(&share, s->strength[row], s->label[row], s->scale[line]);
	run->half->work.row_events++;
}

/* Sort the events of a hemisphere before the window's end into its steps. */
static void take_events(struct run *run, struct kernel_window *w)
{
	static const kernel_columns none;
	const struct analog_stimuli *s = &run->a->stimuli;
	size_t next = run->half->next;
	for (unsigned k = 0; k <= w->steps; k++)
		w->drop[k][0] = w->drop[k][1] = none;
	for (; next < s->count && s->entry[next].time < run->end; next++) {
		const struct analog_stimulus *stimulus = &s->entry[next];
		if (stimulus->target / 128u != w->first / ANALOG_COLUMNS)
			continue;
		const struct arrival at = arrival(run, stimulus->time);
		for (unsigned top = 0; top < 2; top++) {
			const unsigned lines = emulator__synapse_lines(
				run->a, stimulus->target, top, stimulus->label);
			for (unsigned line = 0; line < KERNEL_LINES; line++)
				if (lines >> line & 1)
					add_row(run, w, stimulus,
						2 * (stimulus->target % 128u) + top, line, &at);
		}
	}
	run->half->next = next;
}

static void run_window(struct run *run, unsigned hemisphere, struct kernel_window *w)
{
	const uint64_t slot = run->begin / PHYSICS_NOISE_SLOT;
	const uint64_t place = run->begin % PHYSICS_NOISE_SLOT;
	if (w->noise)
		emulator__noise_slot(run->a, hemisphere, slot);
	w->last = run->steps;
	w->steps = run->steps = (unsigned)(run->end - run->begin) / run->a->plan.ticks;
	w->place = ((float)place + 0.5f * run->ticks) / PHYSICS_NOISE_SLOT;
	take_events(run, w);
	for (unsigned i = 0; i < run->half->resting_count; i++)
		emulator__rich_place(run->a, run->half->resting[i], run->begin);
	run->a->kernel->window(&run->a->membranes, &run->a->plan, w);
	fire_crossings(run);
	end_rests(run);
	run->half->work.windows++;
	run->half->work.window_steps += run->steps;
}

static void run_half(struct emulator_analog *a, unsigned hemisphere, uint64_t until)
{
	struct analog_half *half = &a->half[hemisphere];
	struct run run = {.a = a, .half = half, .ticks = (float)a->plan.ticks};
	struct kernel_window w = {
		.first = hemisphere * ANALOG_COLUMNS,
		.noise = a->noise_stepped,
		.advance = run.ticks / PHYSICS_NOISE_SLOT,
		.path = &half->path,
		.rich = &a->rich,
		.fire = fire_rich,
		.user = &run,
	};
	half->spike_count = 0;
	half->next = a->stimuli.first;
	half->strange = false;
	begin_half(a, hemisphere);
	for (run.begin = a->grid; run.begin < until; run.begin = run.end) {
		const uint64_t slot_end =
			(run.begin / PHYSICS_NOISE_SLOT + 1) * PHYSICS_NOISE_SLOT;
		run.end = slot_end < until ? slot_end : until;
		run_window(&run, hemisphere, &w);
	}
	end_half(&run);
	emulator__rich_end(a, hemisphere);
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
	if (analog_is_stepped(a) || a->any_stale || a->all_stale || a->grid < a->windows_from ||
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

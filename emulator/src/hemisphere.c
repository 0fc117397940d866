// SPDX-License-Identifier: MIT
/* A hemisphere in windows: its kernel follows all neurons as if none of them fired; who crossed a
 * threshold, was in reset or is released from it is looked at afterwards, neuron by neuron. */
#include "analog_state.h"
#include "physics.h"

#include <math.h>
#include <string.h>

enum { ROW = sizeof(kernel_columns) / sizeof(float) }; /* from step to step of a path */

static _Alignas(64) const kernel_columns none;

static inline float least(float a, float b)
{
	return a < b ? a : b;
}

static inline float most(float a, float b)
{
	return a > b ? a : b;
}

static struct kernel_planned *planned(struct emulator_analog *a, uint32_t n)
{
	return &a->plan.neurons[n / 16];
}

/* ---- spikes ------------------------------------------------------------------------------------
 */

/* A hemisphere in its window. */
struct run {
	struct emulator_analog *a;
	struct analog_half *half;
	uint64_t begin, end; /* ticks, of the window */
	unsigned steps;
	float ticks, per_tick; /* of a step; steps of a tick */
	struct kernel_window window;
	const float *end_drop[KERNEL_LINES]; /* what comes at the window's end */
	unsigned turn;                       /* which rows hold them */
	unsigned noise_row;                  /* row of the noise at the window's end */
	uint64_t noise_end;                  /* slot that begins there */
	struct analog_rest *own;             /* refractory period that is looked at */
};

static inline float rails(float v)
{
	return least(most(v, 0), PHYSICS_RAIL);
}

/* The refractory period of a neuron that rests. */
static struct analog_rest *rest_of(struct run *run, uint32_t n)
{
	struct analog_rest *rest = run->own;
	if (rest && rest->neuron == n)
		return rest;
	for (rest = run->half->rests; rest->neuron != n; rest++)
		;
	return rest;
}

static void park(struct run *run, struct analog_rest *rest, float volt, uint64_t since)
{
	struct emulator_analog *a = run->a;
	const uint32_t n = rest->neuron;
	struct analog_reset *reset = &a->reset[n];
	rest->parked = true;
	reset->volt = volt;
	reset->since = since;
	planned(a, n)->threshold[n % 16] = KERNEL_NEVER;
	a->membranes.v[n] = rails(reset->floor);
}

/* A spike at tick @at, and its refractory period if it has one. Returns whether there is a spike,
 * and not a refractory period under way. */
static bool spike(struct run *run, uint32_t n, uint64_t at, struct analog_rest **rest)
{
	struct emulator_analog *a = run->a;
	struct analog_half *half = run->half;
	if (a->is_resting[n] && at < a->refractory[n].end) {
		half->strange = true;
		return false;
	}
	emulator__neuron_arm(a, n);
	planned(a, n)->threshold[n % 16] = a->membranes.threshold[n];
	if (a->fire_lines.posts[n])
		emulator__correlation_post(a, at, n);
	emulator__spike_insert(half->spikes, half->spike_count++, at, n);
	half->work.spikes++;
	const struct analog_refractory r =
		emulator__neuron_refractory(&a->backend[n], &a->common[analog_half(n)], at);
	a->refractory[n] = r;
	*rest = NULL;
	if (r.end > at) {
		*rest = a->is_resting[n] ? rest_of(run, n) : &half->rests[half->rest_count++];
		**rest = (struct analog_rest){r.release, r.end, (uint16_t)n, false};
		a->is_resting[n] = true;
	}
	return true;
}

/* A membrane crosses its threshold at @time, steps since the window's begin, with @speed, V per
 * step. Returns whether its reset begins. */
static bool fire(struct run *run, uint32_t n, float time, float speed)
{
	const float threshold = run->a->membranes.threshold[n];
	const float delay = run->a->comparator_delay[analog_quadrant(n)];
	const uint64_t at = run->begin + (uint64_t)(time * run->ticks + delay + 0.5f);
	struct analog_rest *rest;
	if (!spike(run, n, at, &rest) || !rest || rest->release <= at)
		return false;
	park(run, rest, threshold + speed * delay * run->per_tick, at);
	return true;
}

/* As struct kernel_window wants it. A rich neuron in its reset may well be above its threshold. */
static void fire_rich(void *user, unsigned n, float time, float speed)
{
	struct run *run = user;
	struct emulator_analog *a = run->a;
	const float delay = a->comparator_delay[analog_quadrant(n)];
	const uint64_t at = run->begin + (uint64_t)(time * run->ticks + delay + 0.5f);
	struct analog_rest *rest;
	(void)speed;
	if ((a->is_resting[n] && at < a->refractory[n].release) || !spike(run, n, at, &rest))
		return;
	emulator__neuron_adapt(a, n);
	emulator__rich_place(a, n, run->begin);
}

/* Where in step @k of a window a membrane is at @volt, which lies between both ends of its way:
 * along a parabola, whose bend comes from the steps beside it. 0 ... 1 */
static float place_of(const float *v, unsigned k, unsigned steps, float volt)
{
	const float from = v[k * ROW], way = v[(k + 1) * ROW] - from;
	const float before = k ? from - v[(k - 1) * ROW] : way;
	const float after = k + 1 < steps ? v[(k + 2) * ROW] - from - way : way;
	const float bend = (after - before) * (k && k + 1 < steps ? 0.25f : 0.5f);
	const float place = (volt - from) / way;
	return most(least(place + bend * place * (1 - place) / way, 1), 0);
}

/* All crossings of a neuron from step @k on, to the begin of a reset. */
static void fire_from(struct run *run, uint32_t n, unsigned k)
{
	const float *v = &run->half->path.v[0][n % ANALOG_COLUMNS];
	for (; k < run->steps; k++) {
		const float from = v[k * ROW], to = v[(k + 1) * ROW];
		const float threshold = run->a->membranes.threshold[n];
		if (from <= threshold && to > threshold &&
			fire(run, n, (float)k + place_of(v, k, run->steps, threshold), to - from))
			return;
	}
}

static void fire_crossings(struct run *run)
{
	const struct kernel_path *path = &run->half->path;
	for (unsigned c = 0; c < path->crossings; c++)
		for (uint32_t lanes = path->crossing[c].lanes; lanes; lanes &= lanes - 1) {
			const uint32_t n = path->crossing[c].first + (uint32_t)__builtin_ctz(lanes);
			const float *v = &path->v[0][n % ANALOG_COLUMNS];
			const float threshold = run->a->membranes.threshold[n];
			/* the step is hard to foresee: no branch for each */
			unsigned k = 0, below = 1;
			for (unsigned i = 1; i <= run->steps; i++) {
				below &= !(v[i * ROW] > threshold);
				k += below;
			}
			fire_from(run, n, k);
		}
}

/* ---- reset -------------------------------------------------------------------------------------
 */

/* A membrane without reset, near some potential, in a step: V per step. */
struct course {
	float push, pull;
};

static inline float near_tanh(float x)
{
	const float y = most(least(x, KERNEL_TANH_END), -KERNEL_TANH_END), q = y * y;
	return KERNEL_TANH_FACTOR * y * (q + KERNEL_TANH_OVER) /
	       ((q + KERNEL_TANH_UNDER_0) * (q + KERNEL_TANH_UNDER_1));
}

static inline struct course course_at(const struct analog_reset *reset, float v)
{
	const float t = near_tanh(reset->slope * (reset->reference - v));
	const float pull = reset->leak * reset->slope * (1 - t * t);
	return (struct course){reset->leak * t + pull * v + reset->constant, pull};
}

/* Of the exponential's way in a part of a step, over the linear one. */
static inline float share_of(float pull, float part)
{
	return part * (1 - part * pull * (0.5f - part * pull * (1.0f / 6)));
}

/* V after @part of a step. */
static inline float follow(const struct course *course, float v, float inflow, float part)
{
	const float force = course->push - course->pull * v + inflow;
	const float room = force > 0 ? PHYSICS_RAIL - v : v;
	return v + force * share_of(course->pull, part) *
			   most(least(room * (1 / PHYSICS_RAIL_SOFT), 1), 0);
}

/* Where a reset takes the membrane in @ticks. @inflow: other currents at its end, V per step. */
static float reset_volt(
	const struct run *run, const struct analog_reset *reset, float inflow, uint64_t ticks)
{
	const float aim = reset->floor + reset->yield * inflow;
	const float x = (float)(uint32_t)ticks * run->per_tick * reset->rate;
	return rails(x < 20 ? aim + (reset->volt - aim) * expf(-x) : aim);
}

/* A neuron that was released in step @k, @part of which is left: follow it to the window's end, or
 * to its next spike. */
static void follow_carefully(
	struct run *run, uint32_t n, const struct course *course, float v, unsigned k, float part)
{
	struct emulator_analog *a = run->a;
	const float *inflow = &run->half->path.inflow[0][n % ANALOG_COLUMNS];
	for (; k < run->steps; k++, part = 1) {
		const float from = v, threshold = a->membranes.threshold[n];
		v = follow(course, v, inflow[(k + 1) * ROW], part);
		if (from > threshold || v <= threshold)
			continue;
		const float share = (threshold - from) / (v - from);
		if (fire(run, n, (float)(k + 1) - part * (1 - share), (v - from) / part))
			return;
	}
	a->membranes.v[n] = rails(v);
}

/* The reset of a neuron ends in this window. Nearly always it comes nowhere near its threshold or a
 * rail; where in the window it ends is hard to foresee: no branch for each step. */
static void release(struct run *run, struct analog_rest *rest)
{
	const uint32_t n = rest->neuron;
	struct emulator_analog *a = run->a;
	struct analog_reset *reset = &a->reset[n];
	const float *inflow = &run->half->path.inflow[0][n % ANALOG_COLUMNS];
	const uint64_t at = rest->release;
	const float until = (float)(uint32_t)(at - run->begin) * run->per_tick;
	const unsigned k = (unsigned)until;
	/* a membrane lags behind its currents, which are known in the middles of steps */
	const float now = inflow[(k + 1) * ROW], lag = (float)k + 0.5f - until + reset->lag;
	const float then = now - (now - inflow[k * ROW]) * lag;
	const float begin = reset_volt(run, reset, then, at - reset->since);
	const float part = (float)(k + 1) - until, threshold = a->membranes.threshold[n];
	const struct course course = course_at(reset, begin);
	const float share = share_of(course.pull, 1), first = share_of(course.pull, part);
	float v = begin, highest = begin, lowest = begin;
	rest->parked = false;
	planned(a, n)->threshold[n % 16] = threshold;
	for (unsigned i = 0; i < run->steps; i++) {
		const float own = i > k ? share : i == k ? first : 0;
		v += own * (course.push - course.pull * v + inflow[(i + 1) * ROW]);
		highest = most(highest, v);
		lowest = least(lowest, v);
	}
	a->membranes.v[n] = v;
	if (highest > least(threshold, PHYSICS_RAIL - PHYSICS_RAIL_SOFT) ||
		lowest < PHYSICS_RAIL_SOFT)
		follow_carefully(run, n, &course, begin, k, part);
}

/* A comparator that is still on at the end of the period starts the next one. */
static bool rests_again(struct run *run, struct analog_rest *rest)
{
	struct emulator_analog *a = run->a;
	const uint32_t n = rest->neuron;
	const float v = a->membranes.v[n];
	if (v <= a->membranes.threshold[n])
		return false;
	/* what an exponential term holds at the rail stays there, with a reset or without */
	run->half->strange |=
		!(analog_neuron_is_rich(a, n) && v > PHYSICS_RAIL - PHYSICS_RAIL_SOFT);
	const struct analog_refractory r =
		emulator__neuron_refractory(&a->backend[n], &a->common[analog_half(n)], run->end);
	a->refractory[n] = r;
	*rest = (struct analog_rest){r.release, r.end, (uint16_t)n, false};
	if (r.release > run->end && !analog_neuron_is_rich(a, n))
		park(run, rest, v, run->end);
	return r.end > run->end;
}

/* Resets that are released before the window's end, and refractory periods that end. */
static void end_rests(struct run *run)
{
	struct emulator_analog *a = run->a;
	struct analog_half *half = run->half;
	unsigned kept = 0;
	for (unsigned i = 0; i < half->rest_count; i++) {
		struct analog_rest *rest = run->own = &half->rests[i];
		while (rest->parked && rest->release < run->end)
			release(run, rest);
		if (rest->end > run->end || rest->parked || rests_again(run, rest)) {
			half->rests[kept++] = *rest;
			continue;
		}
		a->is_resting[rest->neuron] = false;
		a->rich.until[rest->neuron] = 0;
	}
	half->rest_count = kept;
	run->own = NULL;
}

/* Take the neurons of a hemisphere from where single steps left them. */
static void begin_half(struct run *run)
{
	struct emulator_analog *a = run->a;
	struct analog_half *half = run->half;
	const uint32_t hemisphere = run->window.first / ANALOG_COLUMNS;
	for (uint32_t n = hemisphere * ANALOG_COLUMNS; n < (hemisphere + 1) * ANALOG_COLUMNS; n++) {
		planned(a, n)->threshold[n % 16] = a->membranes.threshold[n];
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			a->membranes.line[line][n] *= planned(a, n)->mean[line][n % 16];
	}
	for (unsigned i = 0; i < half->resting_count; i++) {
		const uint16_t n = half->resting[i];
		const struct analog_refractory *r = &a->refractory[n];
		half->rests[i] = (struct analog_rest){r->release, r->end, n, false};
		a->membranes.reset_share[n] = 0; /* of single steps */
		if (r->release > a->grid && !analog_neuron_is_rich(a, n))
			park(run, &half->rests[i], a->membranes.v[n],
				r->begin > a->grid ? r->begin : a->grid);
	}
	half->rest_count = half->resting_count;
	emulator__rich_begin(a, hemisphere);
}

/* Put the neurons where they are at the end of the last window. */
static void end_half(const struct run *run)
{
	struct emulator_analog *a = run->a;
	struct kernel_membranes *m = &a->membranes;
	const uint32_t first = run->window.first;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		for (uint32_t c = 0; c < ANALOG_COLUMNS; c++) {
			const float u = m->line[line][first + c] + run->end_drop[line][c];
			const float mean = planned(a, first + c)->mean[line][c % 16];
			m->line[line][first + c] = least(u / mean, PHYSICS_LINE_LIMIT);
		}
	struct analog_half *half = run->half;
	half->resting_count = half->rest_count;
	for (unsigned i = 0; i < half->rest_count; i++) {
		const uint16_t n = half->resting[i] = half->rests[i].neuron;
		const struct analog_reset *reset = &a->reset[n];
		if (!half->rests[i].parked)
			continue;
		float current = 0;
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			current += m->input_limit[line][n] * a->plan.h *
				   tanhf(m->line[line][n] / PHYSICS_LINE_PAIR +
					   planned(a, n)->offset[line][n % 16]);
		m->v[n] = reset_volt(
			run, reset, current, run->end > reset->since ? run->end - reset->since : 0);
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
	return (struct arrival){step, (float)((unsigned)since - step * ticks) * run->per_tick};
}

/* Drops of a line at the begin of step @k. @fresh: those of the first event, which find no others.
 */
static float *drops(struct run *run, unsigned k, unsigned line, bool *fresh)
{
	const bool at_end = k == run->steps;
	float *own = at_end ? run->half->last_drop[run->turn][line] : run->half->drop[k][line];
	const float **used = at_end ? &run->end_drop[line] : &run->window.drop[k][line];
	if (!k && *used == run->half->last_drop[!run->turn][line])
		own = run->half->last_drop[!run->turn][line]; /* the window before left some */
	*fresh = *used != own;
	*used = own;
	return own;
}

/* An event comes partly at the begin and partly at the end of its step, so that neither its charge
 * nor what is left of it at the end differ: exactly for a line like the mean, to second order for
 * others. */
static void add_row(struct run *run, const struct analog_stimulus *stimulus, uint32_t row,
	unsigned line, const struct arrival *at)
{
	const unsigned hemisphere = run->window.first / ANALOG_COLUMNS;
	const struct analog_synapses *s = &run->a->synapses[hemisphere];
	const float x = 0.5f * run->a->plan.decay[hemisphere][line];
	const float late = at->place, early = 1 - late;
	struct kernel_share share = {.label = stimulus->label};
	share.before = drops(run, at->step, line, &share.first_before);
	share.after = drops(run, at->step + 1, line, &share.first_after);
	share.share_before = stimulus->pulse * early * (1 + x * late);
	share.share_after = stimulus->pulse * late * (1 - x * early);
	run->a->kernel->share(&share, s->strength[row], s->label[row], run->half->scale[line]);
	run->half->work.row_events++;
}

/* Bring the rows that an event reaches near the processor. */
static void fetch_rows(const struct analog_synapses *s, const struct analog_stimulus *stimulus)
{
	const unsigned first = 2 * (stimulus->target % 128u);
	for (unsigned row = first; row < first + 2; row++) {
		if (!(s->labels[row] >> stimulus->label & 1))
			continue;
		for (unsigned c = 0; c < ANALOG_COLUMNS; c += 16)
			__builtin_prefetch(&s->strength[row][c]);
		for (unsigned c = 0; c < ANALOG_COLUMNS; c += 64)
			__builtin_prefetch(&s->label[row][c]);
	}
}

/* Sort the events of a hemisphere before the window's end into its steps. */
static void take_events(struct run *run)
{
	const struct analog_stimuli *s = &run->a->stimuli;
	const unsigned hemisphere = run->window.first / ANALOG_COLUMNS;
	size_t next = run->half->next;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		run->window.drop[0][line] = run->end_drop[line];
		for (unsigned k = 1; k < run->steps; k++)
			run->window.drop[k][line] = none;
		run->end_drop[line] = none;
	}
	run->turn = !run->turn;
	for (; next < s->count && s->entry[next].time < run->end; next++) {
		const struct analog_stimulus *stimulus = &s->entry[next];
		if (next + 4 < s->count && stimulus[4].target / 128u == hemisphere)
			fetch_rows(&run->a->synapses[hemisphere], &stimulus[4]);
		if (stimulus->target / 128u != hemisphere)
			continue;
		const struct arrival at = arrival(run, stimulus->time);
		for (unsigned top = 0; top < 2; top++) {
			const unsigned lines = emulator__synapse_lines(
				run->a, stimulus->target, top, stimulus->label);
			for (unsigned line = 0; line < KERNEL_LINES; line++)
				if (lines >> line & 1)
					add_row(run, stimulus, 2 * (stimulus->target % 128u) + top,
						line, &at);
		}
	}
	run->half->next = next;
}

/* Noise currents at the begins of the slots of a window, and at the end of the last one. Those of
 * one follow those of the other. */
static void take_noise(struct run *run, uint64_t slot)
{
	struct emulator_analog *a = run->a;
	struct kernel_window *w = &run->window;
	const unsigned hemisphere = w->first / ANALOG_COLUMNS;
	const float *scale = &a->noise_current[w->first];
	kernel_columns *noise = run->half->noise;
	unsigned known = 0;
	if (slot == run->noise_end) { /* its row becomes the first one */
		w->noise[0] = noise[run->noise_row];
		known = 1;
	}
	for (unsigned i = known; i <= w->slots; i++) {
		const unsigned row = (run->noise_row + i) % (KERNEL_SLOTS + 1);
		w->noise[i] = noise[row];
		a->kernel->noise(noise[row], scale, a->config.seed, hemisphere, slot + i);
	}
	run->noise_row = (run->noise_row + w->slots) % (KERNEL_SLOTS + 1);
	run->noise_end = slot + w->slots;
}

/* How far a window goes from its begin: to the end of its slot, or over several whole ones. */
static void choose_end(struct run *run, uint64_t until)
{
	const unsigned ticks = run->a->plan.ticks, slot_steps = PHYSICS_NOISE_SLOT / ticks;
	const uint64_t slot_end = (run->begin / PHYSICS_NOISE_SLOT + 1) * PHYSICS_NOISE_SLOT;
	const uint64_t slots = (until - run->begin) / PHYSICS_NOISE_SLOT;
	struct kernel_window *w = &run->window;
	w->slots = 1;
	run->end = slot_end < until ? slot_end : until;
	if (run->begin % PHYSICS_NOISE_SLOT == 0 && slots >= KERNEL_SLOTS &&
		KERNEL_SLOTS * slot_steps <= KERNEL_WINDOW) {
		w->slots = KERNEL_SLOTS;
		run->end = run->begin + KERNEL_SLOTS * PHYSICS_NOISE_SLOT;
	}
	w->last = run->steps;
	run->steps = (unsigned)(run->end - run->begin) / ticks;
	w->steps = run->steps / w->slots;
	w->place =
		((float)(run->begin % PHYSICS_NOISE_SLOT) + 0.5f * run->ticks) / PHYSICS_NOISE_SLOT;
}

void emulator__hemisphere_run(struct emulator_analog *a, unsigned hemisphere, uint64_t until)
{
	struct analog_half *half = &a->half[hemisphere];
	struct run run = {
		.a = a,
		.half = half,
		.ticks = (float)a->plan.ticks,
		.per_tick = 1 / (float)a->plan.ticks,
		.window = {.first = hemisphere * ANALOG_COLUMNS,
			.path = &half->path,
			.rich = &a->rich,
			.fire = fire_rich,
			.user = &run},
		.end_drop = {none, none},
		.noise_end = UINT64_MAX,
	};
	run.window.advance = run.ticks / PHYSICS_NOISE_SLOT;
	half->spike_count = 0;
	half->next = a->stimuli.first;
	half->strange = false;
	begin_half(&run);
	for (run.begin = a->grid; run.begin < until; run.begin = run.end) {
		choose_end(&run, until);
		if (a->noise_stepped)
			take_noise(&run, run.begin / PHYSICS_NOISE_SLOT);
		take_events(&run);
		for (unsigned i = 0; a->membranes.rich && i < half->rest_count; i++)
			emulator__rich_place(a, half->rests[i].neuron, run.begin);
		a->kernel->window(&a->membranes, &a->plan, &run.window);
		fire_crossings(&run);
		end_rests(&run);
		half->work.windows++;
		half->work.window_steps += run.steps;
	}
	end_half(&run);
	emulator__rich_end(a, hemisphere);
}

// SPDX-License-Identifier: MIT
/* A hemisphere in windows: its kernel follows all neurons as if none of them fired; who crossed a
 * threshold, or is released from its reset, is looked at afterwards. */
#include "analog_state.h"
#include "physics.h"

#include <math.h>
#include <string.h>

enum {
	ROW = sizeof(kernel_columns) / sizeof(float), /* from step to step of a path */
	INVERSE_BITS = 20,
};

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

/* A hemisphere in its window. */
struct run {
	struct emulator_analog *a;
	struct analog_half *half;
	uint64_t origin;     /* tick at which the first window begins */
	uint64_t begin, end; /* ticks, of the window */
	unsigned steps;
	float ticks, per_tick; /* of a step; steps of a tick */
	struct kernel_window window;
	const float *end_drop[KERNEL_LINES]; /* what comes at the window's end */
	unsigned turn;                       /* which rows hold them */
	unsigned noise_row;                  /* row of the noise at the window's end */
	uint64_t noise_end;                  /* slot that begins there */
	unsigned inverse;                    /* steps of a tick, times 2^INVERSE_BITS */
	unsigned kick_count;                 /* row events of the window so far */
	float lift; /* weights, as the window's bulge, of the step at hand */
};

/* Ticks since the run's begin; so late that it does not matter is not the same as never. */
static inline int32_t since_origin(const struct run *run, uint64_t time)
{
	const uint64_t since = time - run->origin;
	return since < KERNEL_LATER ? (int32_t)since : KERNEL_LATER - 1;
}

/* ---- spikes ------------------------------------------------------------------------------------
 */

static inline float rails(float v)
{
	return least(most(v, 0), PHYSICS_RAIL);
}

/* A reset begins at tick @at with the membrane at @volt, and ends at tick @release. */
static void park(struct run *run, uint32_t n, float volt, uint64_t at, uint64_t release)
{
	struct emulator_analog *a = run->a;
	struct kernel_rests *rests = &run->half->rests;
	const unsigned c = n % ANALOG_COLUMNS;
	rests->since[c] = since_origin(run, at);
	rests->release[c] = since_origin(run, release);
	rests->volt[c] = volt;
	rests->gone[c] =
		(float)(rests->release[c] - rests->since[c]) * run->per_tick * rests->rate[c];
	planned(a, n)->threshold[n % 16] = KERNEL_NEVER;
	a->membranes.v[n] = rails(rests->floor[c]);
}

/* A spike at tick @at, and its refractory period if it has one. Returns whether there is a spike,
 * and not a refractory period under way. */
static bool spike(struct run *run, uint32_t n, uint64_t at)
{
	struct emulator_analog *a = run->a;
	struct analog_half *half = run->half;
	const int32_t tick = since_origin(run, at);
	if ((a->is_resting[n] && at < a->refractory[n].end) ||
		half->spike_count == ANALOG_SPIKES_HALF) {
		half->strange = true;
		return false;
	}
	emulator__neuron_arm(a, n);
	planned(a, n)->threshold[n % 16] = a->membranes.threshold[n];
	if (a->fire_lines.posts[n])
		emulator__correlation_post(a, at, n);
	half->spikes[half->spike_count++] = (uint32_t)tick * ANALOG_NEURONS + n;
	half->work.spikes++;
	a->refractory[n] = analog_refractory_after(&a->backend[n], &a->common[analog_half(n)], at);
	a->is_resting[n] = a->refractory[n].end > at;
	half->rests.end[n % ANALOG_COLUMNS] =
		a->is_resting[n] ? since_origin(run, a->refractory[n].end) : KERNEL_LATER;
	return true;
}

/* A membrane crosses its threshold at @time, steps since the window's begin, with @speed, V per
 * step. Returns whether its reset begins. */
static bool fire(struct run *run, uint32_t n, float time, float speed)
{
	const float threshold = run->a->membranes.threshold[n];
	const float delay = run->a->comparator_delay[analog_quadrant(n)];
	const uint64_t at = run->begin + (uint64_t)(time * run->ticks + delay + 0.5f);
	if (!spike(run, n, at) || run->a->refractory[n].release <= at)
		return false;
	park(run, n, threshold + speed * delay * run->per_tick, at, run->a->refractory[n].release);
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

/* Further crossings of a neuron whose membrane goes on after its spike, from step @k on. */
static void fire_on(struct run *run, uint32_t n, unsigned k)
{
	const float *v = &run->half->path.v[0][n % ANALOG_COLUMNS];
	for (; k < run->steps; k++) {
		const float from = v[k * ROW], way = v[(k + 1) * ROW] - from;
		const float room = run->a->membranes.threshold[n] - from;
		if (room >= 0 && way > room && fire(run, n, (float)k + room / way, way))
			return;
	}
}

static void fire_crossings(struct run *run)
{
	struct kernel_path *path = &run->half->path;
	if (!path->nears)
		return;
	run->a->kernel->cross(&run->a->plan, &run->window);
	for (unsigned i = 0; i < path->crossings; i++) {
		const struct kernel_crossing *c = &path->crossing[i];
		planned(run->a, c->neuron)->threshold[c->neuron % 16] =
			run->a->membranes.threshold[c->neuron];
		if (!fire(run, c->neuron, c->time, c->speed))
			fire_on(run, c->neuron, (unsigned)c->time + 1);
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

static inline struct course course_at(const struct kernel_planned *own, unsigned o, float v)
{
	const float t = near_tanh(own->slope[o] * (own->reference[o] - v));
	const float pull = own->leak[o] * own->slope[o] * (1 - t * t);
	return (struct course){own->leak[o] * t + pull * v + own->constant[o], pull};
}

/* V after @part of a step. */
static inline float follow(const struct course *course, float v, float inflow, float part)
{
	const float force = course->push - course->pull * v + inflow;
	const float room = force > 0 ? PHYSICS_RAIL - v : v;
	/* of the exponential's way in a part of a step, over the linear one */
	const float share =
		part * (1 - part * course->pull * (0.5f - part * course->pull * (1.0f / 6)));
	return v + force * share * most(least(room * (1 / PHYSICS_RAIL_SOFT), 1), 0);
}

/* Where a reset takes the membrane in @ticks. @inflow: other currents at its end, V per step. */
static float reset_volt(const struct run *run, unsigned column, float inflow, int32_t ticks)
{
	const struct kernel_rests *rests = &run->half->rests;
	const float aim = rests->floor[column] + rests->yield[column] * inflow;
	const float x = (float)ticks * run->per_tick * rests->rate[column];
	return rails(x < 20 ? aim + (rests->volt[column] - aim) * expf(-x) : aim);
}

/* A neuron that was released in this window: follow it to the window's end, or to its next spike.
 */
static void follow_carefully(struct run *run, uint32_t n)
{
	struct emulator_analog *a = run->a;
	const unsigned column = n % ANALOG_COLUMNS;
	const float *inflow = &run->half->path.inflow[0][column];
	const float until = (float)(a->refractory[n].release - run->begin) * run->per_tick;
	const struct course course =
		course_at(planned(a, n), n % 16, run->half->rests.volt[column]);
	float v = run->half->rests.volt[column], part = (float)((unsigned)until + 1) - until;
	for (unsigned k = (unsigned)until; k < run->steps; k++, part = 1) {
		const float from = v, threshold = a->membranes.threshold[n];
		v = follow(&course, v, inflow[(k + 1) * ROW], part);
		if (from > threshold || v <= threshold)
			continue;
		const float share = (threshold - from) / (v - from);
		if (fire(run, n, (float)(k + 1) - part * (1 - share), (v - from) / part))
			return;
	}
	a->membranes.v[n] = rails(v);
}

/* Resets that end in this window: nearly always the membrane comes nowhere near its threshold or a
 * rail. Who does may fire, rest and be released again. */
static void release_resets(struct run *run)
{
	const struct kernel_rests *rests = &run->half->rests;
	do {
		run->a->kernel->release(&run->a->membranes, &run->a->plan, &run->window);
		for (unsigned i = 0; i < rests->careful_count; i++)
			follow_carefully(run, run->window.first + rests->careful[i]);
	} while (rests->careful_count);
}

/* A comparator that is still on at the end of the period starts the next one. */
static bool rests_again(struct run *run, uint32_t n)
{
	struct emulator_analog *a = run->a;
	const float v = a->membranes.v[n];
	if (v <= a->membranes.threshold[n])
		return false;
	/* what an exponential term holds at the rail stays there, with a reset or without */
	const bool rich = analog_neuron_is_rich(a, n);
	run->half->strange |= !(rich && v > PHYSICS_RAIL - PHYSICS_RAIL_SOFT);
	const struct analog_refractory *r = &a->refractory[n];
	a->refractory[n] =
		analog_refractory_after(&a->backend[n], &a->common[analog_half(n)], run->end);
	run->half->rests.end[n % ANALOG_COLUMNS] = since_origin(run, r->end);
	if (r->release > run->end && !rich)
		park(run, n, v, run->end, r->release);
	return r->end > run->end;
}

/* Refractory periods that end in this window. */
static void end_rests(struct run *run)
{
	struct emulator_analog *a = run->a;
	struct kernel_rests *rests = &run->half->rests;
	uint16_t over[ANALOG_COLUMNS + 16];
	const unsigned count = a->kernel->before(rests->end, since_origin(run, run->end) + 1, over);
	for (unsigned i = 0; i < count; i++) {
		const uint32_t n = run->window.first + over[i];
		if (rests->release[over[i]] != KERNEL_LATER || rests_again(run, n))
			continue;
		rests->end[over[i]] = KERNEL_LATER;
		a->is_resting[n] = false;
		a->rich.until[n] = 0;
	}
}

/* Rich neurons in their refractory period learn where the window is in it. */
static void place_rich(struct run *run)
{
	uint16_t resting[ANALOG_COLUMNS + 16];
	const unsigned count = run->a->kernel->before(run->half->rests.end, KERNEL_LATER, resting);
	for (unsigned i = 0; i < count; i++)
		emulator__rich_place(run->a, run->window.first + resting[i], run->begin);
}

/* Take the neurons of a hemisphere from where single steps left them. */
static void begin_half(struct run *run)
{
	struct emulator_analog *a = run->a;
	struct analog_half *half = run->half;
	const uint32_t first = run->window.first;
	for (uint32_t c = 0; c < ANALOG_COLUMNS; c++) {
		const uint32_t n = first + c;
		planned(a, n)->threshold[n % 16] = a->membranes.threshold[n];
		half->rests.release[c] = half->rests.end[c] = KERNEL_LATER;
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			a->membranes.line[line][n] *= planned(a, n)->mean[line][n % 16];
	}
	for (unsigned i = 0; i < half->resting_count; i++) {
		const uint16_t n = half->resting[i];
		const struct analog_refractory *r = &a->refractory[n];
		half->rests.end[n % ANALOG_COLUMNS] = since_origin(run, r->end);
		a->membranes.reset_share[n] = 0; /* of single steps */
		if (r->release > a->grid && !analog_neuron_is_rich(a, n))
			park(run, n, a->membranes.v[n], r->begin > a->grid ? r->begin : a->grid,
				r->release);
	}
	emulator__rich_begin(a, first / ANALOG_COLUMNS);
}

/* Potential of a membrane in reset at the end of the last window. */
static float parked_volt(const struct run *run, unsigned column)
{
	struct emulator_analog *a = run->a;
	const struct kernel_membranes *m = &a->membranes;
	const uint32_t n = run->window.first + column;
	const int32_t now = since_origin(run, run->end), since = run->half->rests.since[column];
	float current = 0;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		current += m->input_limit[line][n] * a->plan.h *
			   tanhf(m->line[line][n] / PHYSICS_LINE_PAIR +
				   planned(a, n)->offset[line][n % 16]);
	return reset_volt(run, column, current, now > since ? now - since : 0);
}

/* Put the neurons where they are at the end of the last window. */
static void end_half(const struct run *run)
{
	struct emulator_analog *a = run->a;
	struct kernel_membranes *m = &a->membranes;
	struct analog_half *half = run->half;
	const uint32_t first = run->window.first;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		for (uint32_t c = 0; c < ANALOG_COLUMNS; c++) {
			const float u = m->line[line][first + c] + run->end_drop[line][c];
			const float mean = planned(a, first + c)->mean[line][c % 16];
			m->line[line][first + c] = least(u / mean, PHYSICS_LINE_LIMIT);
		}
	half->resting_count = 0;
	for (uint32_t c = 0; c < ANALOG_COLUMNS; c++) {
		if (half->rests.release[c] != KERNEL_LATER)
			m->v[first + c] = parked_volt(run, c);
		if (a->is_resting[first + c])
			half->resting[half->resting_count++] = (uint16_t)(first + c);
	}
}

/* ---- windows -----------------------------------------------------------------------------------
 */

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

/* Let row events of a line into step @k: @rows has them. */
static void add_rows(struct run *run, struct kernel_rows *rows, unsigned k, unsigned line)
{
	const unsigned hemisphere = run->window.first / ANALOG_COLUMNS;
	const struct kernel_plan *p = &run->a->plan;
	if (!rows->count)
		return;
	rows->before = drops(run, k, line, &rows->first_before);
	rows->after = drops(run, k + 1, line, &rows->first_after);
	rows->scale = run->half->scale[line];
	rows->decay = 0.5f * (p->decay[hemisphere][line] + p->leak[hemisphere]);
	run->a->kernel->rows(rows);
	run->half->work.row_events += rows->count;
}

/* Let the row events of step @k, which are @first to @end of the window's, into it. */
static void add_step(struct run *run, unsigned k, unsigned first, unsigned end)
{
	const struct kernel_kick *kicks = run->half->kicks;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		struct kernel_rows rows;
		rows.count = 0;
		/* which line an event is for is hard to foresee: no branch */
		for (unsigned i = first; i < end; i++) {
			rows.kick[rows.count] = &kicks[i];
			rows.count += kicks[i].line == line;
		}
		add_rows(run, &rows, k, line);
	}
}

/* Bring a row near the processor. */
static void fetch_row(const struct kernel_kick *kick)
{
	for (unsigned c = 0; c < ANALOG_COLUMNS; c += 16)
		__builtin_prefetch(&kick->strength[c]);
	for (unsigned c = 0; kick->labels && c < ANALOG_COLUMNS; c += 64)
		__builtin_prefetch(&kick->labels[c]);
}

/* Where the events of step @k begin among all of the window. */
static unsigned first_kick(const struct kernel_window *w, unsigned k)
{
	return k ? w->kick_end[k - 1] : 0;
}

/* Take an event that reaches a row: with the others of its step, if they are not too many. */
static void take_row(struct run *run, const struct analog_stimulus *event, uint32_t row,
	unsigned line, unsigned k, float place)
{
	const struct analog_synapses *s = &run->a->synapses[run->window.first / ANALOG_COLUMNS];
	const unsigned at = run->kick_count;
	struct kernel_kick *kick = &run->half->kicks[at];
	kick->strength = s->strength[row];
	kick->labels = s->uniform[row] ? NULL : s->label[row];
	kick->place = place;
	kick->pulse = event->pulse;
	kick->label = event->label;
	kick->line = (uint8_t)line;
	fetch_row(kick);
	if (at - first_kick(&run->window, k) == KERNEL_KICKS) {
		add_step(run, k, at, at + 1);
		return;
	}
	/* only slopes that fall lift a way above a straight line */
	run->lift += (float)line * event->pulse * s->strongest[row] * place * (1 - place);
	run->kick_count++;
}

/* Pass from step @from of a window to step @to. */
static unsigned pass_steps(struct run *run, unsigned from, unsigned to)
{
	struct kernel_window *w = &run->window;
	for (; from < to; from++) {
		w->kick_end[from] = (uint16_t)run->kick_count;
		w->bulge[from] = run->lift;
		w->bulge_most = most(w->bulge_most, run->lift);
		run->lift = 0;
	}
	return to;
}

/* Find the rows that the events of this hemisphere before the window's end reach. */
static void find_rows(struct run *run)
{
	enum { TOGETHER = 64 };
	struct emulator_analog *a = run->a;
	const struct analog_stimuli *s = &a->stimuli;
	const unsigned hemisphere = run->window.first / ANALOG_COLUMNS;
	size_t next = run->half->next;
	unsigned step = 0, own_count = TOGETHER;
	run->kick_count = 0;
	run->lift = run->window.bulge_most = 0;
	while (own_count == TOGETHER) {
		size_t own[TOGETHER];
		/* whose an event is cannot be foreseen: no branch */
		for (own_count = 0;
			own_count < TOGETHER && next < s->count && s->entry[next].time < run->end;
			next++) {
			own[own_count] = next;
			own_count += s->entry[next].target / 128u == hemisphere;
		}
		for (unsigned i = 0; i < own_count; i++) {
			const struct analog_stimulus *event = &s->entry[own[i]];
			const unsigned since =
				(unsigned)(event->time > run->begin ? event->time - run->begin : 0);
			const unsigned k = since * run->inverse >> INVERSE_BITS;
			const float place = (float)(since - k * a->plan.ticks) * run->per_tick;
			step = pass_steps(run, step, k);
			for (unsigned targets =
					emulator__synapse_targets(a, event->target, event->label);
				targets; targets &= targets - 1) {
				const struct analog_target target =
					analog_target(event->target, targets);
				take_row(run, event, target.row, target.line, k, place);
			}
		}
	}
	pass_steps(run, step, run->steps);
	run->half->next = next;
}

/* Sort the events of a hemisphere before the window's end into its steps. */
static void take_events(struct run *run)
{
	struct kernel_window *w = &run->window;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		w->drop[0][line] = run->end_drop[line];
		for (unsigned k = 1; k < run->steps; k++)
			w->drop[k][line] = none;
		run->end_drop[line] = none;
	}
	run->turn = !run->turn;
	find_rows(run);
	for (unsigned k = 0; k < run->steps; k++)
		add_step(run, k, first_kick(w, k), w->kick_end[k]);
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
		.origin = a->grid,
		.ticks = (float)a->plan.ticks,
		.per_tick = 1 / (float)a->plan.ticks,
		.inverse = (1u << INVERSE_BITS) / a->plan.ticks + 1,
		.window = {.first = hemisphere * ANALOG_COLUMNS,
			.path = &half->path,
			.kicks = half->kicks,
			.rests = &half->rests,
			.rich = &a->rich,
			.fire = fire_rich,
			.user = &run},
		.end_drop = {none, none},
		.noise_end = UINT64_MAX,
	};
	run.window.per_tick = run.per_tick;
	run.window.advance = run.ticks / PHYSICS_NOISE_SLOT;
	half->spike_count = 0;
	half->next = a->stimuli.first;
	half->strange = false;
	begin_half(&run);
	for (run.begin = a->grid; run.begin < until; run.begin = run.end) {
		choose_end(&run, until);
		run.window.begin = since_origin(&run, run.begin);
		if (a->noise_stepped)
			take_noise(&run, run.begin / PHYSICS_NOISE_SLOT);
		take_events(&run);
		if (a->membranes.rich)
			place_rich(&run);
		a->kernel->window(&a->membranes, &a->plan, &run.window);
		fire_crossings(&run);
		release_resets(&run);
		end_rests(&run);
		half->work.windows++;
		half->work.window_steps += run.steps;
	}
	end_half(&run);
	emulator__rich_end(a, hemisphere);
}

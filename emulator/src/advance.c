// SPDX-License-Identifier: MIT
/* Time of the analog half: all membranes move from grid point to grid point, in windows or single
 * steps where events, spikes or noise matter and in leaps of growing length where they do not. */
#include "analog_state.h"

#include <hxcomm/error.h>
#include <string.h>

enum {
	STEP = EMULATOR_STEP_TICKS,
	SOON_TICKS = 1250, /* so many events within 5 us are worth windows too */
	SOON_EVENTS = 8,
};

/* ---- leaps ----------------------------------------------------------------------------------- */

/* Ticks until something begins or ends that a leap must not cross. */
static uint64_t until_change(const struct emulator_analog *a, uint64_t limit)
{
	if (a->stimuli.first < a->stimuli.count) {
		const uint64_t next = a->stimuli.entry[a->stimuli.first].time;
		if (next < a->grid + limit)
			limit = next > a->grid ? next - a->grid : 0;
	}
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++) {
		const struct analog_half *half = &a->half[hemisphere];
		for (unsigned i = 0; i < half->resting_count; i++) {
			const struct analog_refractory *r = &a->refractory[half->resting[i]];
			const uint64_t edges[] = {r->begin, r->release, r->end};
			for (unsigned k = 0; k < 3; k++)
				if (edges[k] > a->grid && edges[k] - a->grid < limit)
					limit = edges[k] - a->grid;
		}
	}
	return limit;
}

/* Ticks that an active line may be taken in one. */
static uint64_t line_limit(const struct emulator_analog *a, uint64_t limit)
{
	float fastest = 0;
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
			if (a->membranes.line[line][n] > 5e-5f &&
				a->membranes.line_rate[line][n] > fastest)
				fastest = a->membranes.line_rate[line][n];
	const float ticks = 0.1f / fastest / 4e-9f;
	return ticks < (float)limit ? (uint64_t)ticks : limit;
}

/* Ticks in which the adaptation of a joined membrane, which follows its node behind a leap, may not
 * fall far behind. */
static uint64_t adaptation_limit(struct emulator_analog *a, uint64_t limit)
{
	float fastest = 1;
	if (emulator__readout_holds(a))
		return STEP;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		if (a->rich.joined[n] > 0 && a->neuron[n].enable_adaptation)
			fastest = fmaxf(fastest, a->rich.adaptation_rate[n]);
	const float ticks = fmaxf(0.25f / fastest / 4e-9f, ANALOG_SETTLED_TICKS);
	return ticks < (float)limit ? (uint64_t)ticks : limit;
}

/* Length of the next move towards @t: a leap where nothing can happen on the way, else a step. */
static uint64_t choose_length(struct emulator_analog *a, uint64_t t)
{
	const uint64_t room = t - a->grid;
	uint64_t limit = room < a->stride ? room : a->stride;
	if (limit < 2 * STEP || a->flags & (KERNEL_NEAR | KERNEL_CROSSING) || a->noise_stepped ||
		a->any_stale || a->all_stale || a->grid < a->careful_until)
		return STEP;
	if (a->capmem.settling) {
		/* membranes follow a settling memory: short leaps at first and before somebody
		 * looks */
		const uint64_t since = a->grid - a->changed_at, last = 2 * ANALOG_REFRESH_TICKS;
		const uint64_t most =
			2 * since > ANALOG_REFRESH_TICKS ? 2 * since : ANALOG_REFRESH_TICKS;
		limit = limit < most ? limit : most;
		if (room > last + ANALOG_REFRESH_TICKS)
			limit = limit < room - last ? limit : room - last;
		else if (limit > ANALOG_REFRESH_TICKS)
			limit = ANALOG_REFRESH_TICKS;
	}
	limit = emulator__headroom_limit(a, until_change(a, limit));
	if (a->compartments.edges || a->compartments.shorts)
		limit = adaptation_limit(a, limit);
	if (a->flags & KERNEL_ACTIVE)
		limit = line_limit(a, limit);
	return limit < 2 * STEP ? STEP : limit - limit % STEP;
}

static void save(struct emulator_analog *a)
{
	struct analog_snapshot *s = &a->snapshot;
	memcpy(s->v, a->membranes.v, sizeof(s->v));
	memcpy(s->line, a->membranes.line, sizeof(s->line));
	memcpy(s->above, a->membranes.above, sizeof(s->above));
	memcpy(s->adaptation, a->rich.adaptation, sizeof(s->adaptation));
	if (a->capmem.settling)
		memcpy(s->cell, a->capmem.value, sizeof(s->cell));
	s->capmem_settling = a->capmem.settling;
	memcpy(s->capmem_moving, a->capmem.moving, sizeof(s->capmem_moving));
	s->capmem_time = a->capmem.time;
}

static void restore_membranes(struct emulator_analog *a)
{
	const struct analog_snapshot *s = &a->snapshot;
	memcpy(a->membranes.v, s->v, sizeof(s->v));
	memcpy(a->membranes.line, s->line, sizeof(s->line));
	memcpy(a->membranes.above, s->above, sizeof(s->above));
	memcpy(a->rich.adaptation, s->adaptation, sizeof(s->adaptation));
}

static void restore(struct emulator_analog *a)
{
	const struct analog_snapshot *s = &a->snapshot;
	restore_membranes(a);
	if (s->capmem_settling) {
		memcpy(a->capmem.value, s->cell, sizeof(s->cell));
		a->all_stale = true;
	}
	a->capmem.settling = s->capmem_settling;
	memcpy(a->capmem.moving, s->capmem_moving, sizeof(s->capmem_moving));
	a->capmem.time = s->capmem_time;
}

/* Take back a leap that comes too near to a threshold: single steps for as long. */
static void reject(struct emulator_analog *a, uint64_t length, uint64_t refreshed_at)
{
	restore(a);
	a->refreshed_at = refreshed_at;
	a->careful_until = a->grid + length;
	a->stride = STEP;
}

/* Move everything by @h s in one. Returns what was found. */
static uint32_t move_by(struct emulator_analog *a, float h, unsigned variants)
{
	struct kernel_membranes *m = &a->membranes;
	uint32_t flags = a->kernel->leap(m, h, variants);
	if (m->rich)
		flags |= a->kernel->rich_leap(m, &a->rich, h, variants);
	return flags | emulator__compartment_leap(a, h);
}

static bool comes_near(uint32_t flags)
{
	return flags & KERNEL_CROSSING || (flags & KERNEL_NEAR && flags & KERNEL_FAST);
}

/* Move everything by @length: at once, or where that may be far in parts of doubling length. */
static uint32_t move_by_parts(struct emulator_analog *a, uint64_t length, unsigned variants)
{
	enum { DOUBLINGS = 8 };
	const float h = (float)length * 4e-9f;
	uint32_t flags = move_by(a, h, variants), far = flags & KERNEL_FAST;
	if ((!far && !a->snapshot.capmem_settling) || comes_near(flags))
		return flags;
	unsigned doublings = 1;
	while (doublings < DOUBLINGS && (uint64_t)STEP << doublings < length)
		doublings++;
	restore_membranes(a);
	float part = ldexpf(h, -(int)doublings);
	flags = far | move_by(a, part, variants);
	for (; doublings && !comes_near(flags); doublings--, part *= 2)
		flags = far | move_by(a, part, variants);
	return flags;
}

static void leap(struct emulator_analog *a, uint64_t length)
{
	struct kernel_membranes *m = &a->membranes;
	const uint64_t refreshed_at = a->refreshed_at;
	save(a);
	m->fast = a->capmem.settling ? 2e-3f + 500 * 4e-9f * (float)length : 2e-3f;
	emulator__analog_refresh(a, a->grid + length);
	const bool quiet = !a->config.step_idle || emulator__ahead_is_quiet(a, length);
	const bool resets = emulator__neuron_reset_shares(a, m, a->grid, a->grid + length);
	emulator__headroom_apply(a, m, (float)length * 4e-9f);
	a->flags = move_by_parts(a, length, resets ? KERNEL_RESETS : 0);
	if (!quiet || comes_near(a->flags)) {
		reject(a, length, refreshed_at);
		return;
	}
	emulator__readout_hold(a, m);
	if (a->config.step_idle && !a->snapshot.capmem_settling)
		emulator__ahead_compare(a);
	a->grid += length;
	if (a->flags & KERNEL_FAST)
		a->stride = length / 2 > STEP ? length / 2 : STEP;
	else
		a->stride = 2 * length;
	const uint32_t unrest = KERNEL_MOVING | KERNEL_NEAR | KERNEL_FAST | KERNEL_ACTIVE;
	a->settled = length >= ANALOG_SETTLED_TICKS && !(a->flags & unrest) &&
		     !a->capmem.settling && !emulator__analog_any_rests(a) &&
		     a->stimuli.first == a->stimuli.count;
}

/* ---- advance --------------------------------------------------------------------------------- */

/* Neurons may fire, or events come close one after the other. */
static bool is_busy(struct emulator_analog *a)
{
	const size_t many = a->stimuli.first + SOON_EVENTS;
	if (a->grid >= a->busy_until && many <= a->stimuli.count &&
		a->stimuli.entry[many - 1].time < a->grid + SOON_TICKS)
		a->busy_until = a->grid + SOON_TICKS;
	return a->grid < a->busy_until;
}

/* Let time pass in which nothing moves. Returns whether nothing does. */
static bool rest(struct emulator_analog *a, uint64_t length)
{
	if (a->config.step_idle) {
		a->settled = emulator__ahead_is_quiet(a, length);
		emulator__ahead_compare(a);
	}
	a->grid += a->settled ? length : 0;
	return a->settled;
}

/* Pass idle time at once where that can be done. Returns whether it could. */
static bool pass_idle(struct emulator_analog *a, uint64_t t)
{
	if (a->settled && !a->any_stale && !a->all_stale && rest(a, t - t % STEP - a->grid))
		return true;
	emulator__analog_end_rests(a);
	const uint64_t length = choose_length(a, t);
	if (length > STEP)
		leap(a, length);
	return length > STEP;
}

static void move(struct emulator_analog *a, uint64_t t)
{
	if (pass_idle(a, t))
		return;
	if (!(is_busy(a) && emulator__window_run(a, t < a->busy_until ? t : a->busy_until)))
		emulator__analog_step(a);
}

/* Hand over the spikes before the grid time. Returns whether all of them found room. */
static bool deliver(
	struct emulator_analog *a, struct emulator_spike *out, size_t capacity, size_t *count)
{
	size_t ready = 0;
	while (ready < a->spike_count && a->spikes[ready].time < a->grid)
		ready++;
	const size_t given = ready < capacity - *count ? ready : capacity - *count;
	if (given)
		memcpy(&out[*count], a->spikes, given * sizeof(*out));
	memmove(a->spikes, &a->spikes[given], (a->spike_count - given) * sizeof(*out));
	a->spike_count -= given;
	*count += given;
	return given == ready;
}

int emulator__analog_advance(struct emulator_analog *a, uint64_t t, struct emulator_spike *out,
	size_t capacity, size_t *count)
{
	*count = 0;
	bool room = deliver(a, out, capacity, count);
	while (room && a->grid + STEP <= t) {
		move(a, emulator__neuron_drift(a, t));
		if (a->spike_count)
			room = deliver(a, out, capacity, count);
	}
	if (!room)
		return hxcomm_error_set(HXCOMM_ENOSPC,
			"more than %zu spikes until tick %llu: advance in smaller parts", capacity,
			(unsigned long long)t);
	if (a->stimuli.exhausted || a->correlation.exhausted[0] || a->correlation.exhausted[1])
		return hxcomm_error_set(HXCOMM_ENOMEM,
			"no memory for %zu events of an emulated chip", a->stimuli.count);
	return HXCOMM_OK;
}

uint64_t emulator__analog_leap(struct emulator_analog *a, uint64_t t)
{
	while (!a->spike_count && a->grid + STEP <= t) {
		const uint64_t before = a->grid;
		if (!pass_idle(a, emulator__neuron_drift(a, t)) || a->grid == before)
			break;
	}
	return a->grid;
}

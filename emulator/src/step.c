// SPDX-License-Identifier: MIT
/* A single step of all membranes, with what happens in it: stimuli, spikes, refractory periods and
 * noise. */
#include "analog_state.h"
#include "physics.h"

#include <math.h>
#include <string.h>

enum { STEP = EMULATOR_STEP_TICKS };

/* ---- stimuli --------------------------------------------------------------------------------- */

struct kernel_bin emulator__step_bin(struct kernel_membranes *m, unsigned hemisphere, uint64_t end)
{
	const unsigned first = hemisphere * ANALOG_COLUMNS;
	return (struct kernel_bin){
		.charge = {&m->charge[0][first], &m->charge[1][first]},
		.kept = {&m->kept[0][first], &m->kept[1][first]},
		.rate = {&m->line_rate[0][first], &m->line_rate[1][first]},
		.end = end,
		.half = 0.5f * STEP * 4e-9f,
	};
}

/* Put the stimuli before @end into the step. Returns whether there were events. */
static bool stimulate(struct emulator_analog *a, uint64_t end)
{
	struct analog_stimuli *s = &a->stimuli;
	bool events = false;
	for (; s->first < s->count && s->entry[s->first].time < end; s->first++) {
		const struct analog_stimulus *stimulus = &s->entry[s->first];
		const uint64_t t = stimulus->time > a->grid ? stimulus->time : a->grid;
		if (!stimulus->reset) {
			struct kernel_bin bin =
				emulator__step_bin(&a->membranes, stimulus->target / 128u, end);
			emulator__synapse_event(
				a, &bin, t, stimulus->target, stimulus->label, stimulus->pulse);
			a->event_at = events ? a->event_at : t;
			events = true;
			continue;
		}
		s->resets--;
		if (!a->neuron[stimulus->target].enable_fire || a->is_resting[stimulus->target])
			continue;
		emulator__neuron_rest(a, stimulus->target, t);
		if (a->fire_lines.posts[stimulus->target])
			emulator__correlation_post(a, t, stimulus->target);
	}
	return events;
}

/* ---- spikes ---------------------------------------------------------------------------------- */

/* The part of the step after the spike at tick @from, in reset. */
static void reset_remainder(struct emulator_analog *a, uint32_t n, uint64_t begin, uint64_t from)
{
	struct kernel_membranes *m = &a->membranes;
	const uint64_t end = begin + STEP, release = a->refractory[n].release;
	const uint64_t until = release < end ? release : end;
	if (until <= from)
		return;
	const float rest = (float)(until - from) * 4e-9f, early = (float)(end - from) / STEP;
	const float v = m->v[n] - m->gain[n] * early, pull = m->reset_limit[n] * m->reset_slope[n];
	const float z = rest * pull, share = z / (1 + z * (0.5f + z / 12));
	m->v[n] = v + share / m->reset_slope[n] *
			      tanhf(m->reset_slope[n] * (m->reset_reference[n] - v));
}

void emulator__spike_send(struct emulator_analog *a, uint32_t n, uint64_t time)
{
	emulator__neuron_adapt(a, n);
	emulator__spike_insert(a->spikes, a->spike_count++, time, n);
	a->work.spikes++;
}

static void send(struct emulator_analog *a, uint32_t n, uint64_t time)
{
	if (fire_lines_joined(&a->fire_lines)) {
		emulator__fire_line_spread(a, n, time);
		return;
	}
	emulator__spike_send(a, n, time);
	if (a->fire_lines.posts[n])
		emulator__correlation_post(a, time, n);
}

/* Large pulses go past the membrane to the comparator's output. */
static void bypass(struct emulator_analog *a)
{
	const struct kernel_membranes *m = &a->membranes;
	const uint64_t time = a->event_at + PHYSICS_BYPASS_TICKS;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		const struct haldls_neuron_config *config = &a->neuron[n];
		const bool fires =
			config->enable_bypass_excitatory && m->charge[0][n] > PHYSICS_BYPASS;
		const bool rests =
			config->enable_bypass_inhibitory && m->charge[1][n] > PHYSICS_BYPASS;
		if (!config->enable_fire || a->is_resting[n] || !(fires || rests))
			continue;
		emulator__neuron_rest(a, n, time);
		if (fires)
			send(a, n, time);
	}
}

static void fire(struct emulator_analog *a, uint32_t n, uint64_t begin)
{
	struct kernel_membranes *m = &a->membranes;
	const float before = m->v[n] - m->gain[n];
	float place = m->gain[n] > 0 ? (m->threshold[n] - before) / m->gain[n] : 0;
	if (m->rich >> n / KERNEL_BLOCK & 1) { /* the way there was no straight line */
		place = a->rich.place[n];
		m->v[n] = m->threshold[n];
		m->gain[n] = 0;
	}
	place = place < 0 ? 0 : place > 1 ? 1 : place;
	const float delay = a->comparator_delay[analog_quadrant(n)];
	const uint64_t time = begin + (uint64_t)(place * STEP + delay + 0.5f);
	emulator__neuron_rest(a, n, time);
	if (a->is_resting[n] && m->reset_slope[n] > 0)
		reset_remainder(a, n, begin, time);
	m->gain[n] = 0;
	emulator__neuron_arm(a, n);
	send(a, n, time);
}

/* A comparator that is still on at the end of the period starts the next one, yet sends no spike.
 */
static bool rests_again(struct emulator_analog *a, uint32_t n)
{
	if (!a->membranes.above[n])
		return false;
	a->refractory[n] =
		analog_refractory_after(&a->backend[n], &a->common[analog_half(n)], a->grid);
	return a->refractory[n].end > a->grid;
}

static void fire_crossings(struct emulator_analog *a, uint64_t begin)
{
	enum { GROUP = 8 };
	static const uint32_t none[GROUP];
	for (uint32_t first = 0; first < ANALOG_NEURONS; first += GROUP) {
		if (!memcmp(&a->membranes.crossing[first], none, sizeof(none)))
			continue;
		for (uint32_t n = first; n < first + GROUP; n++)
			if (a->membranes.crossing[n] && !a->is_resting[n] &&
				!a->common[analog_half(n)].force_reset)
				fire(a, n, begin);
	}
}

void emulator__analog_end_rests(struct emulator_analog *a)
{
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++) {
		struct analog_half *half = &a->half[hemisphere];
		unsigned kept = 0;
		for (unsigned i = 0; i < half->resting_count; i++) {
			const uint16_t n = half->resting[i];
			if (a->refractory[n].end > a->grid || rests_again(a, n)) {
				half->resting[kept++] = n;
				continue;
			}
			a->is_resting[n] = false;
			a->membranes.reset_share[n] = 0;
		}
		half->resting_count = kept;
	}
}

bool emulator__analog_any_rests(const struct emulator_analog *a)
{
	return a->half[0].resting_count || a->half[1].resting_count;
}

/* ---- time ------------------------------------------------------------------------------------ */

/* From now on the noise is a current into the membranes, not drawn beside them. */
static void begin_noise(struct emulator_analog *a)
{
	struct kernel_membranes *m = &a->membranes;
	if (a->noise_stepped)
		return;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		emulator__neuron_look(a, n, a->grid);
		m->v[n] += m->noise[n];
		m->noise[n] = 0;
	}
	a->noise_stepped = true;
}

static void end_noise(struct emulator_analog *a)
{
	a->noise_stepped = false;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		a->noise_time[n] = a->grid;
}

void emulator__noise_slot(struct emulator_analog *a, unsigned hemisphere, uint64_t slot)
{
	const unsigned first = hemisphere * ANALOG_COLUMNS;
	float *from = &a->membranes.noise_from[first], *to = &a->membranes.noise_to[first];
	const float *scale = &a->noise_current[first];
	if (slot == a->noise_slot[hemisphere])
		return;
	if (slot == a->noise_slot[hemisphere] + 1 && slot)
		memcpy(from, to, ANALOG_COLUMNS * sizeof(*from));
	else
		a->kernel->noise(from, scale, a->config.seed, hemisphere, slot);
	a->kernel->noise(to, scale, a->config.seed, hemisphere, slot + 1);
	a->noise_slot[hemisphere] = slot;
}

void emulator__analog_step(struct emulator_analog *a)
{
	struct kernel_membranes *m = &a->membranes;
	const uint64_t begin = a->grid, end = begin + STEP;
	unsigned variants = 0;
	float place = 0;
	emulator__analog_refresh(a, begin);
	if (stimulate(a, end)) {
		variants |= KERNEL_EVENTS;
		if (a->bypasses)
			bypass(a);
	}
	if (emulator__neuron_reset_shares(a, m, begin, end))
		variants |= KERNEL_RESETS;
	if (a->noise_stepped) {
		const uint64_t middle = begin + STEP / 2;
		variants |= KERNEL_NOISE;
		place = (float)(middle % PHYSICS_NOISE_SLOT) / PHYSICS_NOISE_SLOT;
		for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
			emulator__noise_slot(a, hemisphere, middle / PHYSICS_NOISE_SLOT);
	}
	emulator__headroom_apply(a, m, STEP * 4e-9f);
	m->fast = 2e-3f;
	a->work.single_steps++;
	a->flags = a->kernel->step(m, STEP * 4e-9f, place, variants);
	if (m->rich)
		a->flags |= a->kernel->rich(m, &a->rich, STEP * 4e-9f, place, variants, m->rich);
	emulator__readout_hold(a, m);
	const bool joined = a->compartments.shorts || a->compartments.edges;
	if (joined) {
		emulator__compartment_exchange(a, m, STEP * 4e-9f);
		a->flags |= emulator__compartment_compare(a, m) ? KERNEL_CROSSING : 0;
	}
	if (a->flags & KERNEL_CROSSING) {
		fire_crossings(a, begin);
		emulator__compartment_level(a, m);
	}
	a->grid = end;
	/* membranes that are joined move in a step even at rest, to and fro: their leap knows */
	a->stride = a->flags & KERNEL_FAST && !joined ? STEP : 2 * STEP;
	if (a->flags & (KERNEL_NEAR | KERNEL_CROSSING)) {
		a->busy_until = a->grid + ANALOG_BUSY_TICKS;
		if (a->config.noise)
			begin_noise(a);
	} else if (a->noise_stepped && a->grid >= a->busy_until) {
		end_noise(a);
	}
}

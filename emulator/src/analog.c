// SPDX-License-Identifier: MIT
/* Time of the analog half: setters take note, advance moves all membranes from grid point to grid
 * point, in single steps where events, spikes or noise matter and in leaps of growing length where
 * they do not. */
#include "analog_state.h"
#include "noise.h"
#include "physics.h"
#include "worker.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	STEP = EMULATOR_STEP_TICKS,
	/* those of a run of windows, and what the comparator delays beyond a step */
	SPIKES_HELD = 2 * ANALOG_SPIKES_HALF + 2 * ANALOG_NEURONS,
	DELAY_MAX = STEP - 1,
	SOON_TICKS = 1250, /* so many events within 5 us are worth windows too */
	SOON_EVENTS = 8,
	SETTLED_TICKS = 5000, /* a leap that long shows that nothing moves */
	STIMULI_BEGIN = 256,
};

/* ---- life --------------------------------------------------------------------------------------
 */

static void power_up(struct emulator_analog *a)
{
	static const struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	static const struct haldls_neuron_backend_config backend =
		HALDLS_NEURON_BACKEND_CONFIG_INIT;
	static const struct haldls_common_neuron_backend_config common =
		HALDLS_COMMON_NEURON_BACKEND_CONFIG_INIT;
	static const struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		a->neuron[n] = neuron;
		a->backend[n] = backend;
	}
	for (uint32_t half = 0; half < 2; half++)
		a->common[half] = common;
	for (uint32_t d = 0; d < ANALOG_DRIVERS; d++)
		a->driver[d] = driver;
	a->bias_selection =
		(struct haldls_synapse_bias_selection)HALDLS_SYNAPSE_BIAS_SELECTION_INIT;
	for (uint32_t hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		a->correlation_config[hemisphere] = (struct haldls_common_correlation_config)
			HALDLS_COMMON_CORRELATION_CONFIG_INIT;
	a->board_volt[ANALOG_V_RESET] = 1.85f;
	a->board_volt[ANALOG_V_RES_MEAS] = 0.9f;
	a->kernel = emulator__kernel_choose();
	a->noise_slot[0] = a->noise_slot[1] = UINT64_MAX;
	a->all_stale = true;
	a->plan_stale = true;
	a->steps_most = a->config.noise ? 4 : 1;
	a->recorded_stale = true;
	a->held_stale = true;
	a->madc = (struct haldls_madc_config)HALDLS_MADC_CONFIG_INIT;
	a->stride = STEP;
	a->flags = KERNEL_NEAR;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		emulator__neuron_arm(a, n);
}

int emulator__analog_new(struct emulator_analog **out, const struct emulator_analog_config *config)
{
	*out = NULL;
	const size_t size = (sizeof(struct emulator_analog) + 63) / 64 * 64;
	struct emulator_analog *a = aligned_alloc(64, size);
	if (!a)
		return hxcomm_error_set(HXCOMM_ENOMEM,
			"no memory for the analog half of an emulated chip (%zu bytes)", size);
	memset(a, 0, size);
	a->config = *config;
	a->pattern = malloc(sizeof(*a->pattern));
	a->spikes = calloc(SPIKES_HELD, sizeof(*a->spikes));
	a->stimuli.entry = calloc(STIMULI_BEGIN, sizeof(*a->stimuli.entry));
	a->stimuli.capacity = STIMULI_BEGIN;
	bool memory = a->pattern && a->spikes && a->stimuli.entry;
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++) {
		struct analog_half *half = &a->half[hemisphere];
		half->spikes = calloc(ANALOG_SPIKES_HALF, sizeof(*half->spikes));
		memory = memory && half->spikes;
	}
	if (!memory) {
		emulator__analog_free(a);
		return hxcomm_error_set(
			HXCOMM_ENOMEM, "no memory for the pattern of an emulated chip");
	}
	emulator__variation_draw(a->pattern, config->serial, config->variation, VARIATION_CELSIUS);
	emulator__capmem_init(&a->capmem, config->seed, config->noise);
	power_up(a);
	if (config->threads > 1) {
		const int status = emulator__worker_new(&a->worker);
		if (status != HXCOMM_OK) {
			emulator__analog_free(a);
			return status;
		}
	}
	*out = a;
	return HXCOMM_OK;
}

void emulator__analog_free(struct emulator_analog *a)
{
	if (!a)
		return;
	emulator__correlation_deinit(&a->correlation);
	emulator__worker_free(a->worker);
	free(a->pattern);
	free(a->spikes);
	free(a->stimuli.entry);
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		free(a->half[hemisphere].spikes);
	free(a);
}

/* ---- configuration ------------------------------------------------------------------------------
 */

void emulator__analog_disturb(struct emulator_analog *a)
{
	a->settled = false;
	a->stride = STEP;
	a->flags |= KERNEL_NEAR; /* unknown until the next step */
	a->changed_at = a->grid;
}

static void touch(struct emulator_analog *a, uint32_t neuron)
{
	a->stale[neuron] = true;
	a->any_stale = true;
	emulator__analog_disturb(a);
}

void emulator__analog_set_neuron(
	struct emulator_analog *a, uint32_t neuron, const struct haldls_neuron_config *config)
{
	if (a->neuron[neuron].enable_unbuffered_access || config->enable_unbuffered_access)
		a->all_stale = true; /* they share the current of the current DAC */
	a->neuron[neuron] = *config;
	a->recorded_stale = true;
	a->held_stale = true;
	touch(a, neuron);
}

void emulator__analog_set_backend(struct emulator_analog *a, uint32_t neuron,
	const struct haldls_neuron_backend_config *config)
{
	a->backend[neuron] = *config;
}

void emulator__analog_set_common_backend(struct emulator_analog *a, uint32_t half,
	const struct haldls_common_neuron_backend_config *config)
{
	a->common[half] = *config;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		if (analog_half(n) != half)
			continue;
		a->membranes.reset_share[n] = 0;
		if (a->is_resting[n] && a->refractory[n].end == UINT64_MAX)
			a->refractory[n] =
				emulator__neuron_refractory(&a->backend[n], config, a->grid);
	}
	emulator__analog_disturb(a);
}

void emulator__analog_set_capmem(
	struct emulator_analog *a, uint64_t now, uint32_t cell, uint16_t code)
{
	if (cell % CAPMEM_COLUMNS >= ANALOG_COLUMNS / 2) /* a shared one */
		for (uint32_t hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
			emulator__correlation_settle(a, hemisphere);
	if (!a->capmem.settling)
		a->refreshed_at = now;
	emulator__capmem_set(&a->capmem, now, cell, code);
	emulator__analog_disturb(a);
}

void emulator__analog_set_synapses(struct emulator_analog *a, uint32_t hemisphere, uint32_t row,
	uint32_t column, uint8_t weight, uint8_t label)
{
	struct analog_synapses *s = &a->synapses[hemisphere];
	const uint32_t synapse = (hemisphere * ANALOG_ROWS + row) * ANALOG_COLUMNS + column;
	s->strength[row][column] = emulator__variation_weight(a->pattern, synapse, weight & 63);
	if (s->label[row][column] == (label & 63))
		return;
	emulator__correlation_settle(a, hemisphere);
	s->label[row][column] = label & 63;
}

void emulator__analog_set_column_current(struct emulator_analog *a, uint32_t hemisphere,
	uint32_t column, bool excitatory, bool inhibitory)
{
	a->synapses[hemisphere].forward[0][column] = excitatory;
	a->synapses[hemisphere].forward[1][column] = inhibitory;
	touch(a, hemisphere * ANALOG_COLUMNS + column);
}

void emulator__analog_set_capmem_block(struct emulator_analog *a, uint32_t quadrant,
	const struct haldls_capmem_block_config *config)
{
	a->block[quadrant] = *config;
	emulator__capmem_set_refresh(&a->capmem,
		a->grid > a->capmem.time ? a->grid : a->capmem.time, quadrant,
		config->enable_capmem);
	emulator__analog_disturb(a);
}

/* ---- stimuli
 * ------------------------------------------------------------------------------------- */

/* Room for one more: what is done goes first. */
static bool make_room(struct analog_stimuli *s)
{
	if (s->count < s->capacity)
		return true;
	if (s->first > s->capacity / 2) {
		s->count -= s->first;
		memmove(s->entry, s->entry + s->first, s->count * sizeof(*s->entry));
		s->first = 0;
		return true;
	}
	struct analog_stimulus *entry = realloc(s->entry, 2 * s->capacity * sizeof(*entry));
	if (!entry)
		return false;
	s->entry = entry;
	s->capacity *= 2;
	return true;
}

static void add_stimulus(struct emulator_analog *a, const struct analog_stimulus *stimulus)
{
	struct analog_stimuli *s = &a->stimuli;
	if (!make_room(s)) {
		s->exhausted = true;
		return;
	}
	size_t at = s->count++;
	for (; at > s->first && s->entry[at - 1].time > stimulus->time; at--)
		s->entry[at] = s->entry[at - 1];
	s->entry[at] = *stimulus;
	s->resets += stimulus->reset;
	a->settled = false;
	a->stride = STEP;
}

void emulator__analog_driver_event(
	struct emulator_analog *a, uint64_t t, uint32_t driver, uint8_t label6)
{
	struct analog_stimulus stimulus = {.time = t, .target = (uint16_t)driver};
	stimulus.pulse = emulator__driver_event(a, t, driver, label6 & 63, &stimulus.label);
	if (!a->pattern->driver[driver].stuck)
		emulator__correlation_event(a, t, driver, stimulus.label);
	if (stimulus.pulse > 0)
		add_stimulus(a, &stimulus);
}

void emulator__analog_neuron_reset(struct emulator_analog *a, uint64_t t, uint32_t neuron)
{
	add_stimulus(
		a, &(struct analog_stimulus){.time = t, .target = (uint16_t)neuron, .reset = true});
}

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
		if (!a->backend[stimulus->target].post_overwrite)
			emulator__correlation_post(a, t, stimulus->target);
	}
	return events;
}

/* ---- parameters
 * ---------------------------------------------------------------------------------- */

/* What single neurons do not have for themselves. */
static void refresh_shared(struct emulator_analog *a)
{
	emulator__synapse_refresh(a);
	emulator__compartment_refresh(a);
	a->membranes.rich = emulator__neuron_rich_blocks(a);
	a->bypasses = false;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		a->bypasses |= a->neuron[n].enable_bypass_excitatory |
			       a->neuron[n].enable_bypass_inhibitory;
	a->moved_at = a->grid;
	memset(a->stale, 0, sizeof(a->stale));
	a->any_stale = false;
	a->plan_stale = true;
}

static void refresh_all(struct emulator_analog *a)
{
	for (uint32_t quadrant = 0; quadrant < ANALOG_QUADRANTS; quadrant++) {
		const float bias = analog_shared_cell(
			a, quadrant, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR);
		const float delay =
			PHYSICS_COMPARATOR_DELAY * PHYSICS_COMPARATOR_BIAS / (bias > 1 ? bias : 1);
		a->comparator_delay[quadrant] = bias < 1            ? -1
						: delay < DELAY_MAX ? delay
								    : DELAY_MAX;
	}
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		emulator__neuron_refresh(a, n);
	refresh_shared(a);
	a->all_stale = false;
}

/* Parameters as of tick @t. */
static void refresh(struct emulator_analog *a, uint64_t t)
{
	if (a->capmem.settling && t >= a->refreshed_at + ANALOG_REFRESH_TICKS) {
		emulator__capmem_advance(&a->capmem, t);
		a->refreshed_at = t;
		a->all_stale = true;
	}
	if (a->all_stale) {
		refresh_all(a);
	} else if (a->any_stale) {
		for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
			if (a->stale[n])
				emulator__neuron_refresh(a, n);
		refresh_shared(a);
	}
}

/* ---- spikes
 * --------------------------------------------------------------------------------------- */

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

void emulator__spike_insert(
	struct emulator_spike *spikes, size_t count, uint64_t time, uint32_t neuron)
{
	for (; count > 0 &&
		(spikes[count - 1].time > time ||
			(spikes[count - 1].time == time && spikes[count - 1].neuron > neuron));
		count--)
		spikes[count] = spikes[count - 1];
	spikes[count] = (struct emulator_spike){.time = time, .neuron = (uint16_t)neuron};
}

static void send(struct emulator_analog *a, uint32_t n, uint64_t time)
{
	emulator__neuron_adapt(a, n);
	if (!a->backend[n].post_overwrite)
		emulator__correlation_post(a, time, n);
	emulator__spike_insert(a->spikes, a->spike_count++, time, n);
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
		emulator__neuron_refractory(&a->backend[n], &a->common[analog_half(n)], a->grid);
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

static void end_refractory(struct emulator_analog *a)
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

static bool any_rests(const struct emulator_analog *a)
{
	return a->half[0].resting_count || a->half[1].resting_count;
}

/* ---- time
 * ------------------------------------------------------------------------------------------ */

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

/* Where no leap shows that nothing moves, enough quiet steps do. */
static void rest_at_last(struct emulator_analog *a)
{
	const uint32_t unrest = KERNEL_MOVING | KERNEL_NEAR | KERNEL_FAST | KERNEL_ACTIVE;
	if (a->flags & unrest || a->noise_stepped || a->capmem.settling || any_rests(a) ||
		a->stimuli.first < a->stimuli.count)
		a->moved_at = a->grid;
	a->settled = a->grid - a->moved_at >= SETTLED_TICKS;
}

static void step(struct emulator_analog *a)
{
	struct kernel_membranes *m = &a->membranes;
	const uint64_t begin = a->grid, end = begin + STEP;
	unsigned variants = 0;
	float place = 0;
	refresh(a, begin);
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
	m->fast = 2e-3f;
	a->flags = a->kernel->step(m, STEP * 4e-9f, place, variants);
	if (m->rich)
		a->flags |= a->kernel->rich(m, &a->rich, STEP * 4e-9f, place, variants, m->rich);
	emulator__readout_hold(a, m);
	if (a->flags & KERNEL_CROSSING)
		fire_crossings(a, begin);
	if (analog_is_rich(a))
		emulator__compartment_exchange(a, m->v, STEP * 4e-9f);
	a->grid = end;
	a->stride = a->flags & KERNEL_FAST ? STEP : 2 * STEP;
	if (a->flags & (KERNEL_NEAR | KERNEL_CROSSING)) {
		a->busy_until = a->grid + ANALOG_BUSY_TICKS;
		if (a->config.noise)
			begin_noise(a);
	} else if (a->noise_stepped && a->grid >= a->busy_until) {
		end_noise(a);
	}
	if (analog_is_rich(a))
		rest_at_last(a);
}

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

/* Length of the next move towards @t: a leap where nothing can happen on the way, else a step. */
static uint64_t choose_length(const struct emulator_analog *a, uint64_t t)
{
	const uint64_t room = t - a->grid;
	uint64_t limit = room < a->stride ? room : a->stride;
	if (limit < 2 * STEP || a->flags & (KERNEL_NEAR | KERNEL_CROSSING) || a->noise_stepped ||
		a->any_stale || a->all_stale || a->grid < a->careful_until || analog_is_rich(a))
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
	limit = until_change(a, limit);
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
	if (a->capmem.settling)
		memcpy(s->cell, a->capmem.value, sizeof(s->cell));
	s->capmem_settling = a->capmem.settling;
	memcpy(s->capmem_moving, a->capmem.moving, sizeof(s->capmem_moving));
	s->capmem_time = a->capmem.time;
}

static void restore(struct emulator_analog *a)
{
	const struct analog_snapshot *s = &a->snapshot;
	memcpy(a->membranes.v, s->v, sizeof(s->v));
	memcpy(a->membranes.line, s->line, sizeof(s->line));
	memcpy(a->membranes.above, s->above, sizeof(s->above));
	if (s->capmem_settling) {
		memcpy(a->capmem.value, s->cell, sizeof(s->cell));
		a->all_stale = true;
	}
	a->capmem.settling = s->capmem_settling;
	memcpy(a->capmem.moving, s->capmem_moving, sizeof(s->capmem_moving));
	a->capmem.time = s->capmem_time;
}

static void leap(struct emulator_analog *a, uint64_t length)
{
	struct kernel_membranes *m = &a->membranes;
	const float h = (float)length * 4e-9f;
	const uint64_t refreshed_at = a->refreshed_at;
	save(a);
	m->fast = a->capmem.settling ? 2e-3f + 500 * h : 2e-3f;
	refresh(a, a->grid + length);
	const bool resets = emulator__neuron_reset_shares(a, m, a->grid, a->grid + length);
	a->flags = a->kernel->leap(m, h, resets ? KERNEL_RESETS : 0);
	if (a->flags & KERNEL_CROSSING || (a->flags & KERNEL_NEAR && a->flags & KERNEL_FAST)) {
		restore(a);
		a->refreshed_at = refreshed_at;
		a->careful_until = a->grid + length;
		a->stride = STEP;
		return;
	}
	emulator__readout_hold(a, m);
	a->grid += length;
	if (a->flags & KERNEL_FAST)
		a->stride = length / 2 > STEP ? length / 2 : STEP;
	else
		a->stride = 2 * length;
	const uint32_t unrest = KERNEL_MOVING | KERNEL_NEAR | KERNEL_FAST | KERNEL_ACTIVE;
	a->settled = length >= SETTLED_TICKS && !(a->flags & unrest) && !a->capmem.settling &&
		     !any_rests(a) && a->stimuli.first == a->stimuli.count;
}

/* Neurons may fire, or events come close one after the other. */
static bool is_busy(struct emulator_analog *a)
{
	const size_t many = a->stimuli.first + SOON_EVENTS;
	if (a->grid >= a->busy_until && many <= a->stimuli.count &&
		a->stimuli.entry[many - 1].time < a->grid + SOON_TICKS)
		a->busy_until = a->grid + SOON_TICKS;
	return a->grid < a->busy_until;
}

static void move(struct emulator_analog *a, uint64_t t)
{
	if (a->settled && !a->any_stale && !a->all_stale) {
		a->grid = t - t % STEP;
		return;
	}
	end_refractory(a);
	const uint64_t length = choose_length(a, t);
	if (length > STEP)
		leap(a, length);
	else if (!(is_busy(a) && emulator__window_run(a, t < a->busy_until ? t : a->busy_until)))
		step(a);
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
		move(a, t);
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
		if (a->settled && !a->any_stale && !a->all_stale) {
			a->grid = t - t % STEP;
			break;
		}
		end_refractory(a);
		const uint64_t length = choose_length(a, t);
		if (length > STEP)
			leap(a, length);
		if (a->grid == before)
			break;
	}
	return a->grid;
}

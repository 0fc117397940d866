// SPDX-License-Identifier: MIT
/* The analog half from outside: its life, its settings, of which setters take note, the parameters
 * that follow from them, and stimuli that wait for their time. */
#include "analog_state.h"
#include "physics.h"
#include "worker.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>
#include <stdlib.h>
#include <string.h>

enum {
	DELAY_MAX = EMULATOR_STEP_TICKS - 1,
	STIMULI_BEGIN = 256,
};

/* ---- life ------------------------------------------------------------------------------------ */

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
		a->fire_lines.posts[n] = true;
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
	if (a->config.kernel)
		emulator__analog_use_kernel(a, a->config.kernel - 1);
	a->noise_slot[0] = a->noise_slot[1] = UINT64_MAX;
	memset(a->synapses[0].changed, true, sizeof(a->synapses[0].changed));
	memset(a->synapses[1].changed, true, sizeof(a->synapses[1].changed));
	a->all_stale = true;
	a->plan_stale = true;
	a->steps_most = a->config.noise ? ANALOG_STEPS_MOST : 1;
	a->recorded_stale = true;
	a->held_stale = true;
	a->madc = (struct haldls_madc_config)HALDLS_MADC_CONFIG_INIT;
	a->stride = EMULATOR_STEP_TICKS;
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
	a->spikes = calloc(ANALOG_SPIKES_HELD, sizeof(*a->spikes));
	a->spike_keys = calloc(2 * ANALOG_SPIKES_HELD, sizeof(*a->spike_keys));
	a->stimuli.entry = calloc(STIMULI_BEGIN, sizeof(*a->stimuli.entry));
	a->stimuli.capacity = STIMULI_BEGIN;
	bool memory = a->pattern && a->spikes && a->spike_keys && a->stimuli.entry;
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
	a->capmem.crosstalk = config->quirks == EMULATOR_QUIRKS_ON;
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
	free(a->spike_keys);
	free(a->stimuli.entry);
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		free(a->half[hemisphere].spikes);
	free(a);
}

/* ---- configuration --------------------------------------------------------------------------- */

void emulator__analog_disturb(struct emulator_analog *a)
{
	a->settled = false;
	a->stride = EMULATOR_STEP_TICKS;
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
	emulator__fire_line_set(a, neuron, config);
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
		if (a->is_resting[n] && a->refractory[n].end == UINT64_MAX && !a->stuck[n])
			a->refractory[n] =
				analog_refractory_after(&a->backend[n], config, a->grid);
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
	emulator__neuron_release(a, cell);
	emulator__analog_disturb(a);
}

void emulator__analog_set_synapses(struct emulator_analog *a, uint32_t hemisphere, uint32_t row,
	uint32_t column, uint8_t weight, uint8_t label)
{
	struct analog_synapses *s = &a->synapses[hemisphere];
	const uint32_t synapse = (hemisphere * ANALOG_ROWS + row) * ANALOG_COLUMNS + column;
	s->strength[row][column] = emulator__variation_weight(a->pattern, synapse, weight & 63);
	s->changed[row] = true;
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

/* ---- stimuli --------------------------------------------------------------------------------- */

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
	a->stride = EMULATOR_STEP_TICKS;
}

/* Events that drivers accepted, in time order. */
void emulator__analog_driver_events(
	struct emulator_analog *a, const struct emulator_driver_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct emulator_driver_event *event = &events[i];
		struct analog_stimulus stimulus = {.time = event->time, .target = event->driver};
		stimulus.pulse = emulator__driver_event(
			a, event->time, event->driver, event->label & 63, &stimulus.label);
		if (!a->pattern->driver[event->driver].stuck)
			emulator__correlation_event(a, event->time, event->driver, stimulus.label);
		if (stimulus.pulse > 0) {
			add_stimulus(a, &stimulus);
			a->work.events++;
		}
	}
}

void emulator__analog_driver_event(
	struct emulator_analog *a, uint64_t t, uint32_t driver, uint8_t label6)
{
	const struct emulator_driver_event event = {t, (uint8_t)driver, label6};
	emulator__analog_driver_events(a, &event, 1);
}

void emulator__analog_neuron_reset(struct emulator_analog *a, uint64_t t, uint32_t neuron)
{
	add_stimulus(
		a, &(struct analog_stimulus){.time = t, .target = (uint16_t)neuron, .reset = true});
}

/* ---- parameters ------------------------------------------------------------------------------ */

/* What single neurons do not have for themselves. */
static void refresh_shared(struct emulator_analog *a)
{
	emulator__synapse_refresh(a);
	emulator__compartment_refresh(a);
	a->membranes.rich = emulator__neuron_rich_blocks(a);
	emulator__headroom_refresh(a);
	a->bypasses = false;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		a->bypasses |= a->neuron[n].enable_bypass_excitatory |
			       a->neuron[n].enable_bypass_inhibitory;
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
		emulator__neuron_bias(a, quadrant);
		a->comparator_delay[quadrant] = bias < 1            ? -1
						: delay < DELAY_MAX ? delay
								    : DELAY_MAX;
	}
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		emulator__neuron_refresh(a, n);
	refresh_shared(a);
	a->all_stale = false;
}

void emulator__analog_refresh(struct emulator_analog *a, uint64_t t)
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

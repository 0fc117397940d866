// SPDX-License-Identifier: MIT
#include "correlation.h"

#include "analog_state.h"
#include "noise.h"
#include "physics.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CAUSAL = 0,
	ACAUSAL = 1,
	LOG_BEGIN = 256,
	STORE_WEAK = 50,     /* code of the store bias below which sensors become unreliable */
	OLD_TICKS = 1 << 30, /* 4 s: older than any trace */
	EVENTS = sizeof(((struct correlation_sensors *)0)->event) / sizeof(uint32_t),
};

static const float charge_most = 160, lsb = 4.5e-3f; /* LSB; V */

/* ---- biases ---------------------------------------------------------------------------------- */

static float bias(const struct emulator_analog *a, uint32_t quadrant, uint32_t cell, bool internal)
{
	return internal ? analog_shared_cell(a, quadrant, cell) : 0;
}

static float store_bias(const struct emulator_analog *a, uint32_t quadrant)
{
	return bias(a, quadrant, HALDLS_CAPMEM_SYN_I_BIAS_STORE,
		a->bias_selection.enable_internal_store_bias[quadrant]);
}

static bool active(const struct emulator_analog *a, uint32_t hemisphere)
{
	return store_bias(a, 2 * hemisphere) >= 1 || store_bias(a, 2 * hemisphere + 1) >= 1;
}

static struct kernel_pair pair_of(const struct emulator_analog *a, uint32_t quadrant)
{
	const float store = store_bias(a, quadrant);
	const float ramp = bias(a, quadrant, HALDLS_CAPMEM_SYN_I_BIAS_RAMP,
		a->bias_selection.enable_internal_ramp_bias[quadrant]);
	const struct variation_quadrant *pattern = &a->pattern->quadrant[quadrant];
	if (store < 1)
		return (struct kernel_pair){0, 0};
	return (struct kernel_pair){
		.amplitude = 0.5f * 70 / store *
			     expf((a->board_volt[ANALOG_V_RES_MEAS] - 0.9f) / 60e-3f) *
			     pattern->correlation_amplitude,
		.rate = ramp / 80 * pattern->correlation_rate * (4e-9f / 5e-6f),
	};
}

/* ---- the synapses' own factors --------------------------------------------------------------- */

static void draw_row(struct emulator_analog *a, uint32_t hemisphere, uint32_t row)
{
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	for (uint32_t column = 0; a->pattern->on && column < 256; column++) {
		const uint32_t synapse = (hemisphere * 256 + row) * 256 + column;
		double normal[4];
		emulator__noise_normals(normal, a->pattern->key, NOISE_SENSOR, synapse, 0);
		emulator__noise_normals(normal + 2, a->pattern->key, NOISE_SENSOR, synapse, 1);
		for (unsigned i = 0; i < 4; i++)
			s->pattern[row][column][i] = emulator__variation_quantise(normal[i]);
	}
}

static void derive_synapse(
	struct emulator_analog *a, uint32_t hemisphere, uint32_t row, uint32_t column)
{
	static const float amplitudes[] = {1, 0.75f, 0.6f, 0.45f}, times[] = {1, 0.85f, 0.7f, 0.6f};
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	const int8_t *z = s->pattern[row][column];
	const uint8_t bits = a->correlation.calibration[hemisphere][row][column];
	const float spread = s->doubled[column / 128] ? 2 : 1;
	for (unsigned type = 0; type < 2; type++) {
		const float side = (type == CAUSAL ? 0.125f : -0.125f) / 32;
		float amplitude = amplitudes[bits >> 2], rate = 1 / times[bits & 3];
		if (a->pattern->on) {
			amplitude *= expf(spread * (0.30f / 32 * (float)z[0] + side * (float)z[1]));
			rate *= expf(-(0.25f / 32 * (float)z[2] + side * (float)z[3]));
		}
		const uint32_t major = type == CAUSAL ? column : row,
			       minor = type == CAUSAL ? row : column;
		s->amplitude[type][major][minor] = amplitude;
		s->rate[type][major][minor] = rate;
	}
}

static void derive(struct emulator_analog *a, uint32_t hemisphere)
{
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	for (uint32_t half = 0; half < 2; half++) {
		const bool weak = store_bias(a, 2 * hemisphere + half) < STORE_WEAK;
		for (uint32_t row = 0; weak != s->doubled[half] && row < 256; row++)
			s->drawn[row] = false;
		s->doubled[half] = weak;
	}
	for (uint32_t row = 0; row < 256; row++) {
		if (s->drawn[row])
			continue;
		draw_row(a, hemisphere, row);
		for (uint32_t column = 0; column < 256; column++)
			derive_synapse(a, hemisphere, row, column);
		s->drawn[row] = true;
	}
}

/* ---- logs ------------------------------------------------------------------------------------ */

struct correlation_sensors *emulator__correlation_sensors(
	struct emulator_analog *a, uint32_t hemisphere)
{
	if (a->correlation.sensors[hemisphere])
		return a->correlation.sensors[hemisphere];
	const size_t size = (sizeof(struct correlation_sensors) + 63) / 64 * 64;
	struct correlation_sensors *s = aligned_alloc(64, size);
	if (!s)
		return NULL;
	memset(s, 0, size);
	s->swept = a->grid;
	const uint32_t never = (uint32_t)a->grid - OLD_TICKS;
	uint32_t *event = &s->event[0][0][0][0];
	for (uint32_t i = 0; i < EVENTS; i++)
		event[i] = never;
	for (uint32_t i = 0; i < 256; i++)
		s->post[i] = never;
	a->correlation.sensors[hemisphere] = s;
	return s;
}

static void note(struct emulator_analog *a, uint32_t hemisphere, unsigned which,
	const struct correlation_entry *entry)
{
	struct correlation_sensors *s = emulator__correlation_sensors(a, hemisphere);
	if (!s) {
		a->correlation.exhausted[hemisphere] = true;
		return;
	}
	struct correlation_log *log = &s->log[which];
	if (log->count >= CORRELATION_SETTLE)
		emulator__correlation_settle(a, hemisphere);
	if (log->count == log->capacity) {
		const size_t capacity = log->capacity ? 2 * log->capacity : LOG_BEGIN;
		struct correlation_entry *grown = realloc(log->entry, capacity * sizeof(*grown));
		if (!grown) {
			a->correlation.exhausted[hemisphere] = true;
			return;
		}
		log->entry = grown;
		log->capacity = capacity;
	}
	/* nearly in order: the spikes of a step come neuron by neuron */
	size_t at = log->count++;
	for (; at > 0 && log->entry[at - 1].time > entry->time; at--)
		log->entry[at] = log->entry[at - 1];
	log->entry[at] = *entry;
}

void emulator__correlation_event(
	struct emulator_analog *a, uint64_t t, uint32_t driver, uint8_t label)
{
	const uint32_t hemisphere = driver / HALDLS_DRIVERS;
	if (!active(a, hemisphere))
		return;
	note(a, hemisphere, driver % CORRELATION_BUSES,
		&(struct correlation_entry){t, (uint16_t)(driver % HALDLS_DRIVERS), label});
}

void emulator__correlation_post(struct emulator_analog *a, uint64_t t, uint32_t neuron)
{
	const uint32_t hemisphere = neuron / ANALOG_COLUMNS;
	if (!active(a, hemisphere))
		return;
	note(a, hemisphere, CORRELATION_POST,
		&(struct correlation_entry){t, (uint16_t)(neuron % ANALOG_COLUMNS), 0});
}

/* ---- working them off ------------------------------------------------------------------------ */

static void pass_event(struct emulator_analog *a, uint32_t hemisphere,
	const struct correlation_entry *entry, const struct kernel_pair pairs[2])
{
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	const uint32_t now = (uint32_t)entry->time;
	for (uint32_t row = 2u * entry->place; row < 2u * entry->place + 2; row++) {
		const uint8_t *labels = a->synapses[hemisphere].label[row];
		a->kernel->pair_row(s->sum[ACAUSAL][row], s->amplitude[ACAUSAL][row],
			s->rate[ACAUSAL][row], s->post, labels, entry->label, now, pairs);
		a->kernel->note_row(&s->event[row / 4][0][row % 4][0], labels, entry->label, now);
	}
}

static void pass_post(struct emulator_analog *a, uint32_t hemisphere,
	const struct correlation_entry *entry, const struct kernel_pair pairs[2])
{
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	const uint32_t column = entry->place;
	_Alignas(64) uint32_t event[256];
	for (uint32_t tile = 0; tile < CORRELATION_TILES; tile++)
		for (uint32_t i = 0; i < 4; i++)
			event[4 * tile + i] = s->event[tile][column / 4][i][column % 4];
	a->kernel->pair_column(s->sum[CAUSAL][column], s->amplitude[CAUSAL][column],
		s->rate[CAUSAL][column], event, (uint32_t)entry->time,
		&pairs[column / 128]);
	s->post[column] = (uint32_t)entry->time;
}

/* Times are kept in 32 bits, at most 2^31 before or behind the last sweep. */
static int64_t age_of(uint32_t time, uint64_t swept, uint64_t now)
{
	return (int64_t)(now - swept) + (int32_t)((uint32_t)swept - time);
}

/* Make old ones younger before they come round. */
static uint32_t renewed(uint32_t time, uint64_t swept, uint64_t now)
{
	return age_of(time, swept, now) > OLD_TICKS ? (uint32_t)now - OLD_TICKS : time;
}

static void sweep(struct correlation_sensors *s, uint64_t now)
{
	if (now - s->swept < OLD_TICKS / 2)
		return;
	uint32_t *event = &s->event[0][0][0][0];
	for (uint32_t i = 0; i < EVENTS; i++)
		event[i] = renewed(event[i], s->swept, now);
	for (uint32_t i = 0; i < 256; i++)
		s->post[i] = renewed(s->post[i], s->swept, now);
	s->swept = now;
}

/* The log whose first entry is the earliest; events before post pulses of the same tick. */
static struct correlation_log *earliest(
	struct correlation_sensors *s, const size_t done[CORRELATION_LOGS], uint64_t end)
{
	struct correlation_log *found = NULL;
	for (unsigned i = 0; i < CORRELATION_LOGS; i++) {
		const struct correlation_log *log = &s->log[i];
		if (done[i] < log->count && log->entry[done[i]].time < end) {
			end = log->entry[done[i]].time;
			found = &s->log[i];
		}
	}
	return found;
}

void emulator__correlation_settle(struct emulator_analog *a, uint32_t hemisphere)
{
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	size_t done[CORRELATION_LOGS] = {0};
	if (!s || !earliest(s, done, a->grid))
		return;
	derive(a, hemisphere);
	const struct kernel_pair pairs[2] = {
		pair_of(a, 2 * hemisphere), pair_of(a, 2 * hemisphere + 1)};
	struct correlation_log *log;
	while ((log = earliest(s, done, a->grid))) {
		const unsigned which = (unsigned)(log - s->log);
		const struct correlation_entry *entry = &log->entry[done[which]++];
		sweep(s, entry->time);
		if (which == CORRELATION_POST)
			pass_post(a, hemisphere, entry, pairs);
		else
			pass_event(a, hemisphere, entry, pairs);
	}
	for (unsigned i = 0; i < CORRELATION_LOGS; i++) {
		s->log[i].count -= done[i];
		if (done[i] && s->log[i].count)
			memmove(s->log[i].entry, s->log[i].entry + done[i],
				s->log[i].count * sizeof(*s->log[i].entry));
	}
}

/* ---- charges --------------------------------------------------------------------------------- */

static float *sum_of(struct correlation_sensors *s, uint32_t type, uint32_t row, uint32_t column)
{
	return type == CAUSAL ? &s->sum[CAUSAL][column][row] : &s->sum[ACAUSAL][row][column];
}

static float saturated(float sum)
{
	return -charge_most * expm1f(-sum / charge_most);
}

float emulator__correlation_charge(struct emulator_analog *a, uint32_t hemisphere, uint32_t type,
	uint32_t row, uint32_t column)
{
	emulator__correlation_settle(a, hemisphere);
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	return s ? saturated(*sum_of(s, type, row, column)) : 0;
}

/* Offset of a quadrant's lines before its reset takes it out, and a weak store's, LSB. */
static float offset_of(const struct emulator_analog *a, uint32_t hemisphere, uint32_t type,
	uint32_t row, uint32_t column)
{
	const struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	const uint32_t quadrant = 2 * hemisphere + column / 128;
	if (s && s->automatic[row][column])
		return -a->pattern->channel[hemisphere][type][column].offset;
	return a->pattern->quadrant[quadrant].correlation_baseline;
}

void emulator__correlation_show(
	float out[256], struct emulator_analog *a, uint32_t hemisphere, uint32_t type, uint32_t row)
{
	for (uint32_t column = 0; column < 256; column++) {
		const uint32_t quadrant = 2 * hemisphere + column / 128;
		const float store = store_bias(a, quadrant);
		const float output = bias(a, quadrant, HALDLS_CAPMEM_SYN_I_BIAS_COROUT,
			a->bias_selection.enable_internal_output_bias[quadrant]);
		const float weak = store >= 1 && store < STORE_WEAK ? 2 * (STORE_WEAK - store) : 0;
		const float charge = emulator__correlation_charge(a, hemisphere, type, row, column);
		const float volt =
			1.05f + 0.9f * (a->board_volt[ANALOG_V_RESET] - 1.85f) +
			lsb * (offset_of(a, hemisphere, type, row, column) - weak - charge);
		out[column] = volt * analog_quality(output, 600);
	}
}

int emulator__correlation_truth(double *amplitude, double *tau, struct emulator_analog *a,
	uint32_t hemisphere, uint32_t type, uint32_t row, uint32_t column)
{
	const struct kernel_pair pair = pair_of(a, 2 * hemisphere + column / 128);
	struct correlation_sensors *s = emulator__correlation_sensors(a, hemisphere);
	if (!s)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for correlation sensors");
	derive(a, hemisphere);
	const uint32_t major = type == CAUSAL ? column : row, minor = type == CAUSAL ? row : column;
	*amplitude = (double)(pair.amplitude * s->amplitude[type][major][minor]);
	*tau = 4e-9 / (double)(pair.rate * s->rate[type][major][minor]);
	return HXCOMM_OK;
}

void emulator__correlation_typical(
	double *amplitude, double *tau, const struct emulator_analog *a, uint32_t quadrant)
{
	const struct kernel_pair pair = pair_of(a, quadrant);
	*amplitude = (double)pair.amplitude;
	*tau = 4e-9 / (double)pair.rate;
}

double emulator__correlation_age(struct emulator_analog *a, uint32_t hemisphere, uint32_t type,
	uint32_t row, uint32_t column)
{
	emulator__correlation_settle(a, hemisphere);
	const struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	int64_t age = OLD_TICKS;
	if (s)
		age = age_of(type == CAUSAL ? s->event[row / 4][column / 4][row % 4][column % 4]
					    : s->post[column],
			s->swept, a->grid);
	return 4e-9 * (double)(age > OLD_TICKS ? OLD_TICKS : age);
}

/* ---- settings -------------------------------------------------------------------------------- */

static void reset_charge(float *sum, float kept)
{
	const float charge = kept * saturated(*sum);
	*sum = -charge_most * log1pf(-charge / charge_most);
}

void emulator__analog_correlation_reset(
	struct emulator_analog *a, uint32_t hemisphere, uint32_t row, uint32_t column)
{
	emulator__correlation_settle(a, hemisphere);
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	const struct haldls_common_correlation_config *config = &a->correlation_config[hemisphere];
	if (!s && active(a, hemisphere))
		s = emulator__correlation_sensors(a, hemisphere);
	if (!s)
		return;
	const float kept = expf(-(float)(config->reset_duration + 3) * 4e-9f / 0.3e-6f);
	for (uint32_t type = 0; type < 2; type++)
		reset_charge(sum_of(s, type, row, column), kept);
	s->automatic[row][column] = config->reset_mode != 0;
}

void emulator__analog_set_correlation(struct emulator_analog *a, uint32_t hemisphere,
	const struct haldls_common_correlation_config *config)
{
	a->correlation_config[hemisphere] = *config;
}

void emulator__analog_set_bias_selection(
	struct emulator_analog *a, const struct haldls_synapse_bias_selection *config)
{
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		emulator__correlation_settle(a, hemisphere);
	a->bias_selection = *config;
	a->all_stale = true;
}

void emulator__analog_set_synapse_calibration(struct emulator_analog *a, uint32_t hemisphere,
	uint32_t row, uint32_t column, uint8_t time, uint8_t amplitude)
{
	uint8_t *bits = &a->correlation.calibration[hemisphere][row][column];
	const uint8_t wanted = (uint8_t)((time & 3) | (amplitude & 3) << 2);
	struct correlation_sensors *s = a->correlation.sensors[hemisphere];
	if (*bits == wanted)
		return;
	emulator__correlation_settle(a, hemisphere);
	*bits = wanted;
	if (s && s->drawn[row])
		derive_synapse(a, hemisphere, row, column);
}

void emulator__analog_post_pulse(struct emulator_analog *a, uint64_t t, uint32_t neuron)
{
	const uint64_t late = a->config.quirks == EMULATOR_QUIRKS_ON
				      ? a->pattern->neuron[neuron].post_delay
				      : 0;
	if (a->backend[neuron].post_overwrite)
		emulator__correlation_post(a, t + late, neuron);
}

void emulator__correlation_discard(struct correlation *correlation, uint32_t hemisphere)
{
	struct correlation_sensors *s = correlation->sensors[hemisphere];
	for (unsigned i = 0; s && i < CORRELATION_LOGS; i++)
		free(s->log[i].entry);
	free(s);
	correlation->sensors[hemisphere] = NULL;
}

void emulator__correlation_deinit(struct correlation *correlation)
{
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		emulator__correlation_discard(correlation, hemisphere);
}

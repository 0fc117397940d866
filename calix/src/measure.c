// SPDX-License-Identifier: MIT
#include "measure.h"

#include <fisch/ticket.h>
#include <hxcomm/error.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CYCLES_PER_US = 125,
	READ_CYCLES = 400 * CYCLES_PER_US, /* longer than the reads of one conversion take */
	REPEATS_MAX = 400,
	REST_REPEATS = 5,
	THRESHOLD_READS = 150,
	LONG_REFRACTORY_SCALE = 9, /* 255 counts are 1.04 ms (spec/calix_spec.md 1.4) */
	LONG_REFRACTORY_CYCLES = 1200 * CYCLES_PER_US,
	SHORT_REFRACTORY_SCALE = 1, /* 255 counts are 4.1 us */
	SHORT_REFRACTORY_CYCLES = 512,
	RESET_HOLD_CYCLES = 10 * CYCLES_PER_US,
	FIRST_RESET_CYCLES = 20 * CYCLES_PER_US, /* thresholds on: who fires has been reset */
};

#define CYCLE 8e-9
#define CADC_COUNT 4e-9        /* the ramp climbs one count in this time */
#define CADC_DELAY 0.9e-6      /* from the trigger to the sample in the middle of the range, s */
#define CADC_LSB 4.5e-3        /* V */
#define LEAK_RANGE (0.37 / CADC_LSB) /* I_bias / g of the leak, counts (physics 2.1) */
#define LINE_BEND (0.5 / CADC_LSB)   /* the line decays faster by 1 + U / 0.5 V (physics 2.1) */
#define DECAYED_LSB 3.0        /* a smaller signal is noise */
#define FLOOR_LSB 0.7

static uint64_t cycles(double seconds)
{
	return (uint64_t)llround(seconds / CYCLE);
}

/* Mean over tickets, [512]. */
static int mean_of(double *out, const struct calix__session *s, const struct fisch_ticket *tickets,
        uint32_t count)
{
	double one[CALIX_NEURONS];
	memset(out, 0, CALIX_NEURONS * sizeof(*out));
	for (uint32_t r = 0; r < count; r++) {
		const int status = calix__session_read_neurons(one, s, &tickets[r]);
		if (status != HXCOMM_OK)
			return status;
		for (uint32_t n = 0; n < CALIX_NEURONS; n++)
			out[n] += one[n] / count;
	}
	return HXCOMM_OK;
}

static uint32_t repeats_of(const struct calix__repeats *repeats, uint32_t fallback)
{
	const uint32_t count = repeats && repeats->count ? repeats->count : fallback;
	return count < REPEATS_MAX ? count : REPEATS_MAX;
}

/* Wait until a time, then read. */
static int read_at(struct fisch_ticket *out, struct calix__session *s, uint64_t time)
{
	const int status = calix__session_wait_until(s, time);
	return status != HXCOMM_OK ? status : calix__session_append_cadc(out, s);
}

int calix__measure_rest(double *out, struct calix__session *s, const void *context)
{
	struct fisch_ticket tickets[REPEATS_MAX];
	const uint32_t repeats = repeats_of(context, REST_REPEATS);
	int status = calix__session_timer_reset(s);
	for (uint32_t r = 0; r < repeats && status == HXCOMM_OK; r++)
		status = read_at(&tickets[r], s, (uint64_t)r * READ_CYCLES);
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	return status != HXCOMM_OK ? status : mean_of(out, s, tickets, repeats);
}

int calix__measure_reset(double *out, struct calix__session *s, const void *context)
{
	struct fisch_ticket tickets[REPEATS_MAX];
	const uint32_t repeats = repeats_of(context, REST_REPEATS);
	const uint64_t look = CALIX_RESET_ALL_CYCLES + RESET_HOLD_CYCLES;
	int status = calix__session_write_clock_scale(s, LONG_REFRACTORY_SCALE);
	for (uint32_t r = 0; r < repeats && status == HXCOMM_OK; r++) {
		status = calix__session_timer_reset(s);
		if (status == HXCOMM_OK)
			status = calix__session_append_resets(s);
		if (status == HXCOMM_OK)
			status = read_at(&tickets[r], s, look);
		if (status == HXCOMM_OK)
			status = calix__session_wait_until(s, look + LONG_REFRACTORY_CYCLES);
	}
	if (status == HXCOMM_OK)
		status = calix__session_write_clock_scale(s, SHORT_REFRACTORY_SCALE);
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	return status != HXCOMM_OK ? status : mean_of(out, s, tickets, repeats);
}

/* ---- membrane time constant ----------------------------------------------------------------- */

/* The leak is an amplifier of finite range a: dx/dt = -(a / tau) tanh(x / a), so sinh(x / a) decays
 * as a pure exponential. */
static double membrane_rate(double rest, double early, double late, double interval, double middle)
{
	const double first = rest - early, second = rest - late;
	if (isnan(first) || isnan(second))
		return NAN;
	if (first < DECAYED_LSB)
		return early < middle ? 0 : INFINITY;
	const double time = interval + (late - early) * CADC_COUNT;
	const double decay = sinh(first / LEAK_RANGE) / sinh(fmax(second, FLOOR_LSB) / LEAK_RANGE);
	return log(decay) / time;
}

int calix__measure_membrane_rate(double *out, struct calix__session *s, const void *context)
{
	const struct calix__relaxation *how = context;
	struct fisch_ticket tickets[3][REPEATS_MAX];
	double value[3][CALIX_NEURONS];
	const uint64_t interval = cycles(how->tau);
	const uint64_t start =
	        CALIX_RESET_ALL_CYCLES + SHORT_REFRACTORY_CYCLES + cycles(0.05 * how->tau);
	/* the third look comes when all is over: it is the rest */
	const uint64_t looks[3] = { start, start + interval, start + 12 * interval };
	int status = calix__session_write_clock_scale(s, SHORT_REFRACTORY_SCALE);
	for (uint32_t r = 0; r < how->repeats && status == HXCOMM_OK; r++) {
		for (uint32_t k = 0; k < 3 && status == HXCOMM_OK; k++) {
			status = calix__session_timer_reset(s);
			if (status == HXCOMM_OK)
				status = calix__session_append_resets(s);
			if (status == HXCOMM_OK)
				status = read_at(&tickets[k][r], s, looks[k]);
			if (status == HXCOMM_OK)
				status = calix__session_wait_until(s, looks[2] + READ_CYCLES);
		}
	}
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	for (uint32_t k = 0; k < 3 && status == HXCOMM_OK; k++)
		status = mean_of(value[k], s, tickets[k], how->repeats);
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		out[n] = membrane_rate(value[2][n], value[0][n], value[1][n],
		        (double)interval * CYCLE, how->middle_lsb);
	return status;
}

/* ---- synaptic lines ------------------------------------------------------------------------- */

/* dU/dt = -U (1 + U / b) / tau, so U / (1 + U / b) decays as a pure exponential. */
static double line_rate(double base, double early, double late, double interval)
{
	const double first = base - early, second = fmax(base - late, FLOOR_LSB);
	if (isnan(first) || isnan(second))
		return NAN;
	if (first < DECAYED_LSB)
		return INFINITY;
	const double time = interval + (late - early) * CADC_COUNT;
	return log(first / (1 + first / LINE_BEND) * (1 + second / LINE_BEND) / second) / time;
}

/* Looks at the line before a burst, and at [count] delays after the end of a burst of its own. */
static int look_at_line(double (*value)[CALIX_NEURONS], struct calix__session *s,
        const struct calix__line *how, const uint64_t *delays, uint32_t count)
{
	struct fisch_ticket tickets[3][REPEATS_MAX];
	const uint64_t burst = READ_CYCLES;
	const uint64_t end = burst + (uint64_t)how->events * CALIX_EVENT_CYCLES;
	const uint64_t next = end + READ_CYCLES + cycles(15 * how->tau);
	int status = HXCOMM_OK;
	for (uint32_t r = 0; r < how->repeats && status == HXCOMM_OK; r++) {
		for (uint32_t k = 0; k < count && status == HXCOMM_OK; k++) {
			status = calix__session_timer_reset(s);
			if (status == HXCOMM_OK && k == 0)
				status = calix__session_append_cadc(&tickets[0][r], s);
			if (status == HXCOMM_OK)
				status = calix__session_append_events(s, burst, r * how->events,
				        how->events);
			if (status == HXCOMM_OK)
				status = read_at(&tickets[1 + k][r], s, end + delays[k]);
			if (status == HXCOMM_OK)
				status = calix__session_wait_until(s, next + delays[k]);
		}
	}
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	for (uint32_t k = 0; k < 1 + count && status == HXCOMM_OK; k++)
		status = mean_of(value[k], s, tickets[k], how->repeats);
	return status;
}

int calix__measure_line_rate(double *out, struct calix__session *s, const void *context)
{
	const struct calix__line *how = context;
	double value[3][CALIX_NEURONS];
	const uint64_t interval = cycles(how->tau);
	const uint64_t delays[2] = { CYCLES_PER_US / 4, CYCLES_PER_US / 4 + interval };
	const int status = look_at_line(value, s, how, delays, 2);
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		out[n] = line_rate(value[0][n], value[1][n], value[2][n], (double)interval * CYCLE);
	return status;
}

int calix__measure_line_drop(double *out, struct calix__session *s, const void *context)
{
	double value[2][CALIX_NEURONS];
	const uint64_t delay = CYCLES_PER_US / 4;
	const int status = look_at_line(value, s, context, &delay, 1);
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		out[n] = value[0][n] - value[1][n];
	return status;
}

int calix__measure_amplitude(double *out, struct calix__session *s, const void *context)
{
	const struct calix__probe *how = context;
	double value[2][CALIX_NEURONS];
	const struct calix__line line = { .tau = how->delay, .events = how->events,
		.repeats = how->repeats };
	const double burst = (double)how->events * CALIX_EVENT_CYCLES * CYCLE;
	const uint64_t delay = cycles(fmax(0, how->delay - CADC_DELAY - burst / 2));
	const double sign = how->receptor == CALIX_EXCITATORY ? 1 : -1;
	const int status = look_at_line(value, s, &line, &delay, 1);
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		out[n] = sign * (value[1][n] - value[0][n]);
	return status;
}

double calix__typical_amplitude(const struct calix_target *target, const struct calix__probe *probe)
{
	/* spec/emulator_physics.md 0: step of the line, gm and capacitance of the typical neuron */
	const double line = 0.183e-6 * CALIX_EVENT_WEIGHT * CALIX_EVENT_ROWS * probe->events *
	        target->synapse_dac_bias;
	const double gm = 13.5e-9 * target->synapse_gm;
	const double capacitance = 36.5e-15 * (target->membrane_capacitance + 5);
	const double tau_syn =
	        probe->receptor == CALIX_EXCITATORY ? target->tau_syn_exc : target->tau_syn_inh;
	const double t = fmax(probe->delay, CADC_DELAY), a = 1 / target->tau_mem, b = 1 / tau_syn;
	const double shape = fabs(a - b) * t < 1e-3 ? t * exp(-a * t)
	                                            : (exp(-a * t) - exp(-b * t)) / (b - a);
	return gm * line / capacitance * shape / CADC_LSB;
}

/* ---- threshold ------------------------------------------------------------------------------ */

/* One attempt: neurons run freely for a while after a reset, then the refractory period becomes
 * long, so that who fires once more is found at its reset potential. */
static int append_attempt(struct fisch_ticket *out, struct calix__session *s, double tau)
{
	const uint64_t freely = CALIX_RESET_ALL_CYCLES + SHORT_REFRACTORY_CYCLES + cycles(8 * tau);
	const uint64_t look = freely + cycles(12 * tau) + 20 * CYCLES_PER_US;
	int status = calix__session_timer_reset(s);
	if (status == HXCOMM_OK)
		status = calix__session_append_resets(s);
	if (status == HXCOMM_OK)
		status = calix__session_wait_until(s, freely);
	if (status == HXCOMM_OK)
		status = calix__session_write_clock_scale(s, LONG_REFRACTORY_SCALE);
	if (status == HXCOMM_OK)
		status = read_at(out, s, look);
	if (status == HXCOMM_OK)
		status = calix__session_write_clock_scale(s, SHORT_REFRACTORY_SCALE);
	if (status == HXCOMM_OK)
		status = calix__session_wait_until(s, look + LONG_REFRACTORY_CYCLES);
	return status;
}

int calix__measure_firing(double *out, struct calix__session *s, const void *context)
{
	const struct calix__firing *how = context;
	struct fisch_ticket tickets[REPEATS_MAX];
	double one[CALIX_NEURONS];
	int status = calix__session_switch_thresholds(s, true);
	for (uint32_t r = 0; r < how->repeats && status == HXCOMM_OK; r++)
		status = append_attempt(&tickets[r], s, how->tau);
	if (status == HXCOMM_OK)
		status = calix__session_switch_thresholds(s, false);
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	memset(out, 0, CALIX_NEURONS * sizeof(*out));
	for (uint32_t r = 0; r < how->repeats && status == HXCOMM_OK; r++) {
		status = calix__session_read_neurons(one, s, &tickets[r]);
		for (uint32_t n = 0; n < CALIX_NEURONS; n++)
			out[n] += isnan(one[n])             ? NAN
			          : one[n] < how->split_lsb ? 1 / (double)how->repeats
			                                    : 0;
	}
	return status;
}

int calix__measure_threshold(double *out, struct calix__session *s, const void *context)
{
	struct fisch_ticket tickets[REPEATS_MAX];
	double one[CALIX_NEURONS];
	const uint32_t reads = repeats_of(context, THRESHOLD_READS);
	int status = calix__session_switch_thresholds(s, true);
	/* until then a neuron stands where it rested, far above its threshold */
	if (status == HXCOMM_OK)
		status = calix__session_timer_reset(s);
	if (status == HXCOMM_OK)
		status = calix__session_wait_until(s, FIRST_RESET_CYCLES);
	for (uint32_t r = 0; r < reads && status == HXCOMM_OK; r++)
		status = calix__session_append_cadc(&tickets[r], s);
	if (status == HXCOMM_OK)
		status = calix__session_switch_thresholds(s, false);
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		out[n] = -INFINITY;
	for (uint32_t r = 0; r < reads && status == HXCOMM_OK; r++) {
		status = calix__session_read_neurons(one, s, &tickets[r]);
		for (uint32_t n = 0; n < CALIX_NEURONS; n++)
			out[n] = isnan(one[n]) ? NAN : fmax(out[n], one[n]);
	}
	return status;
}

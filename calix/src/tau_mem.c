// SPDX-License-Identifier: MIT
/* The leak bias decides the time constant; two switches scale it by 8 and 1/8. The slowest range
 * that reaches the target is taken, since it has the finest codes. */
#include "measure.h"
#include "parts.h"
#include "statistics.h"

#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

enum { PROBE_CODE = 1017, PROBE_REPEATS = 4, REPEATS = 16 };

#define TOLERANCE 0.25 /* of the target */

static int write_ranges(struct calix__session *s, const int32_t *division,
        const int32_t *multiplication)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		s->chip->neuron_config[n].enable_leak_division = division[n] != 0;
		s->chip->neuron_config[n].enable_leak_multiplication = multiplication[n] != 0;
	}
	return calix__session_write_neurons(s);
}

/* Neurons that do not reach the target at the end of their range take the next faster one. */
static int choose_ranges(struct calix__session *s, const struct calix__relaxation *how)
{
	struct calix__relaxation probe = *how;
	double rate[CALIX_NEURONS];
	probe.repeats = PROBE_REPEATS;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		s->codes.leak_division[n] = 1;
		s->codes.leak_multiplication[n] = 0;
	}
	int status = calix__session_broadcast(s, HALDLS_CAPMEM_I_BIAS_LEAK, PROBE_CODE);
	for (uint32_t range = 0; range < 2 && status == HXCOMM_OK; range++) {
		status = write_ranges(s, s->codes.leak_division, s->codes.leak_multiplication);
		if (status == HXCOMM_OK)
			status = calix__session_settle(s);
		if (status == HXCOMM_OK)
			status = calix__measure_membrane_rate(rate, s, &probe);
		for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++) {
			if (!(rate[n] < 1 / how->tau))
				continue;
			s->codes.leak_multiplication[n] = !s->codes.leak_division[n];
			s->codes.leak_division[n] = 0;
		}
	}
	if (status == HXCOMM_OK)
		status = write_ranges(s, s->codes.leak_division, s->codes.leak_multiplication);
	return status;
}

/* The common median is one of the range that most neurons have. */
static int compare(struct calix__session *s, const struct calix__tuning *tuning)
{
	int32_t division[CALIX_NEURONS], multiplication[CALIX_NEURONS];
	uint8_t member[CALIX_NEURONS];
	const int32_t most_division = calix__median_code(s->codes.leak_division, NULL, CALIX_NEURONS);
	const int32_t most_multiplication =
	        calix__median_code(s->codes.leak_multiplication, NULL, CALIX_NEURONS);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		division[n] = most_division;
		multiplication[n] = most_multiplication;
		member[n] = s->success.i_bias_leak[n] && s->codes.leak_division[n] == most_division &&
		        s->codes.leak_multiplication[n] == most_multiplication;
	}
	int status = write_ranges(s, division, multiplication);
	if (status == HXCOMM_OK)
		status = calix__session_compare(s, tuning, "tau_mem", true, s->codes.i_bias_leak,
		        member);
	if (status == HXCOMM_OK)
		status = write_ranges(s, s->codes.leak_division, s->codes.leak_multiplication);
	return status;
}

int calix__calibrate_tau_mem(struct calix__session *s, double rest_lsb, double reset_lsb)
{
	const struct calix__relaxation how = { .tau = s->target.tau_mem,
		.middle_lsb = (rest_lsb + reset_lsb) / 2, .repeats = REPEATS };
	double target[CALIX_NEURONS];
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		target[n] = 1 / how.tau;
	const struct calix__tuning tuning = { .name = "membrane time constant",
		.row = HALDLS_CAPMEM_I_BIAS_LEAK, .hi = CALIX_CODE_MAX,
		.measure = calix__measure_membrane_rate, .context = &how, .target = target,
		.tolerance = TOLERANCE / how.tau };
	int status = choose_ranges(s, &how);
	if (status == HXCOMM_OK)
		status = calix__session_tune(s, &tuning, s->codes.i_bias_leak, s->success.i_bias_leak);
	if (status == HXCOMM_OK)
		status = calix__session_check(s, &tuning, "tau_mem", true, s->success.i_bias_leak);
	if (status == HXCOMM_OK)
		status = compare(s, &tuning);
	return status;
}

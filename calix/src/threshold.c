// SPDX-License-Identifier: MIT
/* The rest is put where the threshold shall be; then the threshold is moved until a neuron at
 * rest is just about to fire. The spread is measured in another way: the highest of many reads of
 * neurons that keep firing. Those stand a little above the threshold, the more the faster the
 * membrane moves, so that neurons are compared with each other and not with the target. */
#include "measure.h"
#include "parts.h"
#include "statistics.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <math.h>

enum { ATTEMPTS = 4, CODES_PER_LSB = 3 };

#define LEAK_ABOVE_LSB 30.0
#define TOLERANCE_LSB 8.0

/* Reset at the lower rail: a neuron whose threshold lies below its reset potential fires no spike
 * at all, and would be taken for one whose threshold is too high. */
static int lower_reset(struct calix__session *s)
{
	return calix__session_broadcast(s, HALDLS_CAPMEM_V_RESET, 0);
}

/* Rest far above the threshold: leak codes raised by what the measurement needs. */
static int fire_constantly(struct calix__session *s)
{
	int32_t codes[CALIX_NEURONS];
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		codes[n] = (int32_t)fmin(CALIX_CODE_MAX,
		        s->codes.v_leak[n] + CODES_PER_LSB * LEAK_ABOVE_LSB);
	const int status = calix__session_write_row(s, HALDLS_CAPMEM_V_LEAK, codes);
	return status != HXCOMM_OK ? status : calix__session_settle(s);
}

int calix__calibrate_threshold(struct calix__session *s)
{
	const double wanted = s->target.threshold_lsb;
	const struct calix__firing firing = { .tau = s->target.tau_mem, .split_lsb = wanted / 2,
		.repeats = ATTEMPTS };
	double half[CALIX_NEURONS], potential[CALIX_NEURONS] = { 0 };
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		half[n] = 0.5;
	const struct calix__tuning tuning = { .name = "threshold", .row = HALDLS_CAPMEM_V_THRESHOLD,
		.hi = CALIX_CODE_MAX, .inverted = true, .measure = calix__measure_firing,
		.context = &firing, .target = half };
	const struct calix__tuning check = { .name = "threshold", .row = HALDLS_CAPMEM_V_THRESHOLD,
		.measure = calix__measure_threshold, .target = potential,
		.tolerance = TOLERANCE_LSB };
	int status = calix__calibrate_leak(s, wanted);
	if (status == HXCOMM_OK)
		status = lower_reset(s);
	if (status == HXCOMM_OK)
		status = calix__session_tune(s, &tuning, s->codes.v_threshold, s->success.v_threshold);
	if (status == HXCOMM_OK)
		status = fire_constantly(s);
	if (status == HXCOMM_OK)
		status = calix__measure_threshold(potential, s, NULL);
	const double median = calix__median(potential, s->success.v_threshold, CALIX_NEURONS);
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		potential[n] = median;
	if (status == HXCOMM_OK)
		status = calix__session_check(s, &check, "threshold", false, s->success.v_threshold);
	if (status == HXCOMM_OK)
		status = calix__session_compare(s, &check, "threshold", false, s->codes.v_threshold,
		        s->success.v_threshold);
	return status;
}

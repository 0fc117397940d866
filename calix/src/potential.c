// SPDX-License-Identifier: MIT
/* Leak and reset: two potentials that are read with the CADC, each tuned by a cell of its own. */
#include "measure.h"
#include "parts.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#define TOLERANCE_LSB 5.0

/* What tells one potential from another: a tuning that lacks its target. */
static const struct calix__tuning leak = { .name = "leak potential", .row = HALDLS_CAPMEM_V_LEAK,
	.hi = CALIX_CODE_MAX, .measure = calix__measure_rest, .tolerance = TOLERANCE_LSB };
static const struct calix__tuning reset = { .name = "reset potential",
	.row = HALDLS_CAPMEM_V_RESET, .hi = CALIX_CODE_MAX, .measure = calix__measure_reset,
	.tolerance = TOLERANCE_LSB };

/* Fill in the same target for all neurons, which @p target keeps. */
static struct calix__tuning aim(const struct calix__tuning *potential, double *target, double lsb)
{
	struct calix__tuning tuning = *potential;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		target[n] = lsb;
	tuning.target = target;
	return tuning;
}

static int calibrate(struct calix__session *s, const struct calix__tuning *potential, double lsb,
        int32_t *codes, uint8_t *success)
{
	double target[CALIX_NEURONS];
	const struct calix__tuning tuning = aim(potential, target, lsb);
	return calix__session_tune(s, &tuning, codes, success);
}

static int compare(struct calix__session *s, const struct calix__tuning *potential,
        const char *figure, double lsb, const int32_t *codes, uint8_t *success)
{
	double target[CALIX_NEURONS];
	const struct calix__tuning tuning = aim(potential, target, lsb);
	const int status = calix__session_check(s, &tuning, figure, false, success);
	if (status != HXCOMM_OK)
		return status;
	return calix__session_compare(s, &tuning, figure, false, codes, success);
}

int calix__calibrate_leak(struct calix__session *s, double lsb)
{
	return calibrate(s, &leak, lsb, s->codes.v_leak, s->success.v_leak);
}

int calix__calibrate_reset(struct calix__session *s, double lsb)
{
	return calibrate(s, &reset, lsb, s->codes.v_reset, s->success.v_reset);
}

int calix__compare_leak(struct calix__session *s, double lsb)
{
	return compare(s, &leak, "leak", lsb, s->codes.v_leak, s->success.v_leak);
}

int calix__compare_reset(struct calix__session *s, double lsb)
{
	return compare(s, &reset, "reset", lsb, s->codes.v_reset, s->success.v_reset);
}

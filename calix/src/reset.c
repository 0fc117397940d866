// SPDX-License-Identifier: MIT
#include "measure.h"
#include "parts.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#define TOLERANCE_LSB 5.0

static struct calix__tuning tuning_for(double *target, double lsb)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		target[n] = lsb;
	return (struct calix__tuning){ .name = "reset potential", .row = HALDLS_CAPMEM_V_RESET,
		.hi = CALIX_CODE_MAX, .measure = calix__measure_reset, .target = target,
		.tolerance = TOLERANCE_LSB };
}

int calix__calibrate_reset(struct calix__session *s, double lsb)
{
	double target[CALIX_NEURONS];
	const struct calix__tuning tuning = tuning_for(target, lsb);
	return calix__session_tune(s, &tuning, s->codes.v_reset, s->success.v_reset);
}

int calix__compare_reset(struct calix__session *s, double lsb)
{
	double target[CALIX_NEURONS];
	const struct calix__tuning tuning = tuning_for(target, lsb);
	const int status = calix__session_check(s, &tuning, "reset", false, s->success.v_reset);
	if (status != HXCOMM_OK)
		return status;
	return calix__session_compare(s, &tuning, "reset", false, s->codes.v_reset,
	        s->success.v_reset);
}

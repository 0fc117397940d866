// SPDX-License-Identifier: MIT
/* An input without events shall not move the membrane: its rest with the input on is brought to
 * its rest with the input off. */
#include "measure.h"
#include "parts.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#define TOLERANCE_LSB 15.0

enum { REPEATS = 5 };

int calix__calibrate_synaptic_reference(struct calix__session *s, enum calix__receptor receptor)
{
	const bool exc = receptor == CALIX_EXCITATORY;
	const struct calix__repeats repeats = { .count = REPEATS };
	double rest[CALIX_NEURONS];
	const struct calix__tuning tuning = {
		.name = exc ? "excitatory reference" : "inhibitory reference",
		.row = exc ? HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT : HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT,
		.hi = CALIX_CODE_MAX,
		/* a larger code weakens the input at rest: less current in, or less out */
		.inverted = exc, .measure = calix__measure_rest, .context = &repeats, .target = rest,
		.tolerance = TOLERANCE_LSB };
	int32_t *codes = exc ? s->codes.synin_exc_shift : s->codes.synin_inh_shift;
	uint8_t *success = exc ? s->success.synin_exc_shift : s->success.synin_inh_shift;
	int status = calix__measure_rest(rest, s, &repeats);
	if (status == HXCOMM_OK)
		status = calix__session_switch_inputs(s, exc, !exc);
	if (status == HXCOMM_OK)
		status = calix__session_tune(s, &tuning, codes, success);
	if (status == HXCOMM_OK)
		status = calix__session_switch_inputs(s, false, false);
	return status;
}

// SPDX-License-Identifier: MIT
/* One weight shall mean the same current in all quadrants: the weakest sets the target. The lines
 * float meanwhile, so that what a burst takes from them does not depend on their time constants. */
#include "measure.h"
#include "parts.h"
#include "search.h"
#include "statistics.h"

#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <math.h>

enum { EVENTS = 16, REPEATS = 6, QUADRANTS = 4, FLOATING = 0 };

#define TAU_FLOATING 5e-3 /* spec/emulator_physics.md 2.1 */

/* Median drop of the line in each quadrant, counts. */
static int measure(double *out, struct calix__session *s, const int32_t *codes)
{
	const struct calix__line line = { .tau = TAU_FLOATING, .events = EVENTS, .repeats = REPEATS };
	double drop[CALIX_NEURONS];
	int status = calix__session_write_shared(s, HALDLS_CAPMEM_SYN_I_BIAS_DAC, codes);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	if (status == HXCOMM_OK)
		status = calix__measure_line_drop(drop, s, &line);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t q = 0; q < QUADRANTS; q++) {
		uint8_t member[CALIX_NEURONS];
		for (uint32_t n = 0; n < CALIX_NEURONS; n++)
			member[n] = haldls_neuron_quadrant(n) == q && s->success.synin_exc_tau[n];
		out[q] = calix__median(drop, member, CALIX_NEURONS);
	}
	return HXCOMM_OK;
}

static int search_codes(struct calix__session *s, double target)
{
	const struct calix__search_options options = { .kind = CALIX_SEARCH_BINARY,
		.count = QUADRANTS, .hi = CALIX_CODE_MAX };
	struct calix__search *search;
	double drop[QUADRANTS];
	int32_t *codes = s->codes.synapse_dac_bias;
	int status = calix__search_new(&search, &options);
	while (status == HXCOMM_OK && calix__search_next(search, codes)) {
		status = measure(drop, s, codes);
		for (uint32_t q = 0; q < QUADRANTS; q++)
			drop[q] -= target;
		if (status == HXCOMM_OK)
			calix__search_tell(search, drop);
	}
	if (status == HXCOMM_OK)
		calix__search_result(search, codes, s->success.synapse_dac_bias);
	calix__search_free(search);
	return status;
}

int calix__calibrate_dac_bias(struct calix__session *s)
{
	double drop[QUADRANTS];
	int32_t codes[QUADRANTS];
	for (uint32_t q = 0; q < QUADRANTS; q++)
		codes[q] = (int32_t)s->target.synapse_dac_bias;
	int status = calix__session_switch_rows(s, CALIX_EXCITATORY);
	if (status == HXCOMM_OK)
		status = calix__session_broadcast(s, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, FLOATING);
	if (status == HXCOMM_OK)
		status = calix__session_switch_readout(s, CALIX_READ_EXCITATORY);
	if (status == HXCOMM_OK)
		status = measure(drop, s, codes);
	double weakest = INFINITY;
	for (uint32_t q = 0; q < QUADRANTS && status == HXCOMM_OK; q++)
		weakest = fmin(weakest, drop[q]);
	if (status == HXCOMM_OK)
		status = search_codes(s, weakest);
	if (status == HXCOMM_OK)
		status = calix__session_write_shared(s, HALDLS_CAPMEM_SYN_I_BIAS_DAC,
		        s->codes.synapse_dac_bias);
	if (status == HXCOMM_OK)
		status = calix__session_write_row(s, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU,
		        s->codes.synin_exc_tau);
	if (status == HXCOMM_OK)
		status = calix__session_switch_readout(s, CALIX_READ_MEMBRANE);
	return status;
}

// SPDX-License-Identifier: MIT
/* The same burst of events shall give the same postsynaptic potential on every neuron of every
 * chip: that of the typical neuron with the strength of the target. */
#include "measure.h"
#include "parts.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <math.h>

enum { REPEATS = 12 };

#define AMPLITUDE_MAX_LSB 40.0 /* well within the range of CADC and membrane */
#define TOLERANCE 0.25         /* of the target */
/* Highest code that is tried (spec/calix_spec.md 5 SynBias). */
#define CODE_RANGE(gm) fmin(1.8 * (gm) + 100, CALIX_CODE_MAX)

/* The look at the peak of the potential. */
static double peak(double tau_mem, double tau_syn)
{
	if (fabs(tau_mem - tau_syn) < 1e-3 * tau_mem)
		return tau_mem;
	return tau_mem * tau_syn / (tau_mem - tau_syn) * log(tau_mem / tau_syn);
}

static struct calix__probe plan_probe(const struct calix_target *target,
        enum calix__receptor receptor)
{
	struct calix__probe probe = { .receptor = receptor, .events = 1, .repeats = REPEATS,
		.delay = peak(target->tau_mem, receptor == CALIX_EXCITATORY ? target->tau_syn_exc
		                                                            : target->tau_syn_inh) };
	const double one = calix__typical_amplitude(target, &probe);
	probe.events = (uint32_t)fmin(fmax(1, floor(AMPLITUDE_MAX_LSB / one)), 32);
	return probe;
}

int calix__calibrate_synaptic_strength(struct calix__session *s, enum calix__receptor receptor)
{
	const bool exc = receptor == CALIX_EXCITATORY;
	const struct calix__probe probe = plan_probe(&s->target, receptor);
	const double amplitude = calix__typical_amplitude(&s->target, &probe);
	double target[CALIX_NEURONS];
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		target[n] = amplitude;
	const struct calix__tuning tuning = {
		.name = exc ? "excitatory strength" : "inhibitory strength",
		.row = exc ? HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM : HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM,
		.hi = (int32_t)CODE_RANGE(s->target.synapse_gm), .measure = calix__measure_amplitude,
		.context = &probe, .target = target, .tolerance = TOLERANCE * amplitude };
	const char *figure = exc ? "gm_exc" : "gm_inh";
	int32_t *codes = exc ? s->codes.synin_exc_gm : s->codes.synin_inh_gm;
	uint8_t *success = exc ? s->success.synin_exc_gm : s->success.synin_inh_gm;
	int status = calix__session_switch_rows(s, receptor);
	if (status == HXCOMM_OK)
		status = calix__session_switch_inputs(s, exc, !exc);
	if (status == HXCOMM_OK)
		status = calix__session_tune(s, &tuning, codes, success);
	if (status == HXCOMM_OK)
		status = calix__session_check(s, &tuning, figure, false, success);
	if (status == HXCOMM_OK)
		status = calix__session_compare(s, &tuning, figure, false, codes, success);
	if (status == HXCOMM_OK)
		status = calix__session_switch_inputs(s, false, false);
	return status;
}

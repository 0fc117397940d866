// SPDX-License-Identifier: MIT
/* The line shows itself through the readout of the neuron, and decays after a burst of events. */
#include "measure.h"
#include "parts.h"
#include "statistics.h"

#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

enum { PROBE_CODE = 920, PROBE_REPEATS = 4, REPEATS = 16, EVENTS = 20 };

#define TOLERANCE 0.25 /* of the target */

static int write_resistances(struct calix__session *s, enum calix__receptor receptor,
        const int32_t *high)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		struct haldls_neuron_config *config = &s->chip->neuron_config[n];
		if (receptor == CALIX_EXCITATORY)
			config->enable_synaptic_input_excitatory_high_resistance = high[n] != 0;
		else
			config->enable_synaptic_input_inhibitory_high_resistance = high[n] != 0;
	}
	return calix__session_write_neurons(s);
}

/* Lines that are too slow even at the end of their range take the low resistance. */
static int choose_resistances(struct calix__session *s, enum calix__receptor receptor,
        const struct calix__tuning *tuning, int32_t *high)
{
	struct calix__line probe = *(const struct calix__line *)tuning->context;
	double rate[CALIX_NEURONS];
	probe.repeats = PROBE_REPEATS;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		high[n] = 1;
	int status = write_resistances(s, receptor, high);
	if (status == HXCOMM_OK)
		status = calix__session_broadcast(s, tuning->row, PROBE_CODE);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	if (status == HXCOMM_OK)
		status = calix__measure_line_rate(rate, s, &probe);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		high[n] = !(rate[n] < 1 / probe.tau);
	return write_resistances(s, receptor, high);
}

static int compare(struct calix__session *s, enum calix__receptor receptor,
        const struct calix__tuning *tuning, const char *figure, const int32_t *codes,
        const int32_t *high, const uint8_t *success)
{
	int32_t common[CALIX_NEURONS];
	uint8_t member[CALIX_NEURONS];
	const int32_t most = calix__median_code(high, NULL, CALIX_NEURONS);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		common[n] = most;
		member[n] = success[n] && high[n] == most;
	}
	int status = write_resistances(s, receptor, common);
	if (status == HXCOMM_OK)
		status = calix__session_compare(s, tuning, figure, true, codes, member);
	if (status == HXCOMM_OK)
		status = write_resistances(s, receptor, high);
	return status;
}

int calix__calibrate_tau_syn(struct calix__session *s, enum calix__receptor receptor)
{
	const bool exc = receptor == CALIX_EXCITATORY;
	const struct calix__line line = { .tau = exc ? s->target.tau_syn_exc : s->target.tau_syn_inh,
		.events = EVENTS, .repeats = REPEATS };
	int32_t *codes = exc ? s->codes.synin_exc_tau : s->codes.synin_inh_tau;
	int32_t *high =
	        exc ? s->codes.synin_exc_high_resistance : s->codes.synin_inh_high_resistance;
	uint8_t *success = exc ? s->success.synin_exc_tau : s->success.synin_inh_tau;
	const char *figure = exc ? "tau_syn_exc" : "tau_syn_inh";
	double target[CALIX_NEURONS];
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		target[n] = 1 / line.tau;
	const struct calix__tuning tuning = {
		.name = exc ? "excitatory time constant" : "inhibitory time constant",
		.row = exc ? HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU : HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU,
		.hi = CALIX_CODE_MAX, .measure = calix__measure_line_rate, .context = &line,
		.target = target, .tolerance = TOLERANCE / line.tau };
	int status = calix__session_switch_rows(s, receptor);
	if (status == HXCOMM_OK)
		status = calix__session_switch_readout(s, exc ? CALIX_READ_EXCITATORY
		                                          : CALIX_READ_INHIBITORY);
	if (status == HXCOMM_OK)
		status = choose_resistances(s, receptor, &tuning, high);
	if (status == HXCOMM_OK)
		status = calix__session_tune(s, &tuning, codes, success);
	if (status == HXCOMM_OK)
		status = calix__session_check(s, &tuning, figure, true, success);
	if (status == HXCOMM_OK)
		status = compare(s, receptor, &tuning, figure, codes, high, success);
	if (status == HXCOMM_OK)
		status = calix__session_switch_readout(s, CALIX_READ_MEMBRANE);
	return status;
}

// SPDX-License-Identifier: MIT
#ifndef CALIX_CODES_H
#define CALIX_CODES_H

#include <calix/target.h>

#include <stdint.h>

struct calix_result;
struct haldls_chip;

/* Everything that a spiking calibration decides: member, name in the dictionary of results, length.
 * One list makes the struct of the codes, the struct of the success masks, results and back. */
#define CALIX_CODES(X)                                                        \
	X(cadc_v_ramp_offset, "cadc.v_ramp_offset", 4)                        \
	X(cadc_i_ramp_slope, "cadc.i_ramp_slope", 4)                          \
	X(cadc_channel_offset, "cadc.channel_offset", 1024)                   \
	X(v_leak, "neuron.v_leak", 512)                                       \
	X(v_reset, "neuron.v_reset", 512)                                     \
	X(v_threshold, "neuron.v_threshold", 512)                             \
	X(i_bias_leak, "neuron.i_bias_leak", 512)                             \
	X(i_bias_reset, "neuron.i_bias_reset", 512)                           \
	X(leak_division, "neuron.leak_division", 512)                         \
	X(leak_multiplication, "neuron.leak_multiplication", 512)             \
	X(membrane_capacitance, "neuron.membrane_capacitance", 512)           \
	X(refractory_counter, "neuron.refractory_counter", 512)               \
	X(reset_holdoff, "neuron.reset_holdoff", 512)                         \
	X(refractory_fast_clock, "neuron.refractory_fast_clock", 512)         \
	X(clock_scale_slow, "backend.clock_scale_slow", 1)                    \
	X(clock_scale_fast, "backend.clock_scale_fast", 1)                    \
	X(synin_exc_tau, "neuron.i_bias_synin_exc_tau", 512)                  \
	X(synin_exc_shift, "neuron.i_bias_synin_exc_shift", 512)              \
	X(synin_exc_gm, "neuron.i_bias_synin_exc_gm", 512)                    \
	X(synin_inh_tau, "neuron.i_bias_synin_inh_tau", 512)                  \
	X(synin_inh_shift, "neuron.i_bias_synin_inh_shift", 512)              \
	X(synin_inh_gm, "neuron.i_bias_synin_inh_gm", 512)                    \
	X(synin_exc_high_resistance, "neuron.synin_exc_high_resistance", 512) \
	X(synin_inh_high_resistance, "neuron.synin_inh_high_resistance", 512) \
	X(synapse_dac_bias, "synapse.dac_bias", 4)

struct calix__codes {
#define CALIX_CODES_MEMBER(member, name, length) int32_t member[length];
	CALIX_CODES(CALIX_CODES_MEMBER)
#undef CALIX_CODES_MEMBER
};

/* 1 where the code of the same place was found, 0 where it was not. */
struct calix__success {
#define CALIX_SUCCESS_MEMBER(member, name, length) uint8_t member[length];
	CALIX_CODES(CALIX_SUCCESS_MEMBER)
#undef CALIX_SUCCESS_MEMBER
};

/* What a typical neuron of a typical chip needs for a target that was validated
 * (spec/calix_spec.md 8, medians of a real chip, scaled to the target). */
void calix__codes_typical(struct calix__codes *codes, const struct calix_target *target);

/* Write all codes into a chip configuration, and switch on what they are for: readout by the CADC,
 * synaptic inputs, thresholds and spike output. */
void calix__codes_apply(struct haldls_chip *chip, const struct calix__codes *codes);

/* Codes to arrays of a result, and back (HXCOMM_EINVAL when one is missing). */
int calix__codes_add(struct calix_result *result, const struct calix__codes *codes,
        const struct calix__success *success);
int calix__codes_read(struct calix__codes *codes, const struct calix_result *result);

#endif

// SPDX-License-Identifier: MIT
#ifndef CALIX_TARGET_H
#define CALIX_TARGET_H

/** @file
 *  @brief What a calibration aims at: the same neuron, in physical terms, on every chip.
 *  @defgroup calix_target Calibration targets
 *
 *  Potentials are counts of a calibrated CADC, where 20 stands for 0.15 V and 220 for 1.05 V of the
 *  membrane as its own readout amplifier shows it. All times are of the hardware, which runs 1000
 *  times faster than biology.
 *  (source: spec/calix_spec.md 2 and 6.3)
 *  @{ */

#include <hxcomm/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The members of a target that are numbers: name, type, default, lowest and highest that can be
 *  asked for, lowest and highest that are known to calibrate well, unit. */
#define CALIX_TARGET_MEMBERS(X)                                                 \
	X(leak_lsb, double, 80, 20, 220, 50, 160, "cadc lsb")                   \
	X(reset_lsb, double, 70, 20, 220, 50, 160, "cadc lsb")                  \
	X(threshold_lsb, double, 125, 20, 220, 50, 220, "cadc lsb")             \
	X(tau_mem, double, 10e-6, 0.5e-6, 100e-6, 2e-6, 60e-6, "s")             \
	X(tau_syn_exc, double, 10e-6, 0.1e-6, 100e-6, 2e-6, 30e-6, "s")       \
	X(tau_syn_inh, double, 10e-6, 0.1e-6, 100e-6, 2e-6, 30e-6, "s")       \
	X(refractory_time, double, 2e-6, 40e-9, 32e-6, 40e-9, 32e-6, "s")       \
	X(synapse_gm, uint32_t, 500, 1, 1022, 30, 800, "capmem lsb")            \
	X(synapse_dac_bias, uint32_t, 600, 1, 1022, 30, 1022, "capmem lsb")     \
	X(membrane_capacitance, uint32_t, 63, 1, 63, 20, 63, "lsb")

/** What to calibrate to. Start from #CALIX_TARGET_INIT; zero means "the default" in every member. */
struct calix_target {
	size_t size;                   /**< sizeof(struct calix_target), set by the initialiser */
	double leak_lsb;               /**< resting potential, in CADC counts; default 80 */
	double reset_lsb;              /**< potential after a spike, in CADC counts; default 70 */
	double threshold_lsb;          /**< potential at which a spike fires, CADC counts; default 125 */
	double tau_mem;                /**< membrane time constant, in s; default 10e-6 */
	double tau_syn_exc;            /**< time constant of excitatory inputs, in s; default 10e-6 */
	double tau_syn_inh;            /**< time constant of inhibitory inputs, in s; default 10e-6 */
	double refractory_time;        /**< length of the refractory period, in s; default 2e-6 */
	uint32_t synapse_gm;           /**< strength of the synaptic inputs: the bias code that a
	                                *   typical neuron gets, 1 … 1022; default 500 */
	uint32_t synapse_dac_bias;     /**< current of the synapses: the bias code of the weakest
	                                *   quadrant, 1 … 1022; default 600 */
	uint32_t membrane_capacitance; /**< 1 … 63, 63 stands for 2.3 pF; default 63 */
};

/** Initialiser that carries the size this program was compiled with. */
#define CALIX_TARGET_INIT { .size = sizeof(struct calix_target) }

/** Fill in the defaults and check a target.
 *
 *  A target that can be asked for but lies outside what is known to calibrate well is logged as a
 *  warning and accepted.
 *
 *  @param[out] out  the target with no zero left; unchanged after an error. May be @p target itself
 *  @param target    NULL for all defaults
 *  @retval 0              good
 *  @retval HXCOMM_EINVAL  not initialised by #CALIX_TARGET_INIT, or newer than this library
 *  @retval HXCOMM_ERANGE  a member lies outside its range, or the threshold is not above the reset
 *                         potential (the message names the member, the value and the range) */
HXCOMM_API HXCOMM_NODISCARD int calix_target_validate(struct calix_target *out,
                                                      const struct calix_target *target);

/** Write a target as canonical JSON: sorted keys, no spaces, all defaults filled in, so that equal
 *  targets give equal text. The store uses it as a key.
 *
 *  @param[out] out  the text, to be freed by the caller with free(); NULL after an error
 *  @param target    NULL for all defaults
 *  @retval 0              written
 *  @retval HXCOMM_EINVAL  as calix_target_validate()
 *  @retval HXCOMM_ERANGE  as calix_target_validate()
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_target_write_json(char **out,
                                                        const struct calix_target *target);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

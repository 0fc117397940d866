// SPDX-License-Identifier: MIT
#ifndef CALIX_CALIBRATION_H
#define CALIX_CALIBRATION_H

/** @file
 *  @brief Calibrate a chip for spiking neurons, and put the result to use.
 *  @defgroup calix_calibration Calibration
 *
 *  No two neurons of a chip are alike: the same code gives other potentials and time constants on
 *  each. A calibration finds, for every neuron of one chip, the codes that make them agree. It
 *  measures all 512 neurons at the same time with the CADC, in this order:
 *
 *  1. CADC: ramp offset and slope of each quadrant, offset of each channel
 *  2. time constants of the synaptic lines
 *  3. current of the synapses in each quadrant
 *  4. leak potential, reset potential, membrane time constant
 *  5. references of the synaptic inputs (no current without events)
 *  6. strength of the synaptic inputs, and the references again
 *  7. threshold, reset and leak potential, as they depend on everything before
 *
 *  Result kind is #CALIX_KIND_SPIKING. Arrays: calix/result.h. Metrics, all measured:
 *  "<observable>.std_before" and "<observable>.std_after" are standard deviations over the neurons
 *  (5 % trimmed at either side) with the common median code and with the calibrated codes,
 *  "<observable>.median_after" the median, for the observables leak, reset, threshold (CADC counts),
 *  tau_mem, tau_syn_exc, tau_syn_inh (s), gm_exc, gm_inh (CADC counts of one probe). "chip_time" is
 *  the time that the chip was in use, in s.
 *
 *  The same chip, target and seed give the same result. The chip's configuration is lost.
 *  (source: spec/calix_spec.md 1, 2, 4, 5, 6.3)
 *  @{ */

#include <calix/result.h>
#include <calix/target.h>
#include <hxcomm/export.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct haldls_chip;
struct hxcomm_connection;

/** Kind of the results of calix_calibrate(). */
#define CALIX_KIND_SPIKING "spiking"

/** How far a calibration has come. */
struct calix_progress {
	uint32_t step;    /**< number of the step that begins, 0 … count; count = all done */
	uint32_t count;   /**< number of steps */
	const char *name; /**< what the step does, such as "leak potential"; lent for the call */
	double chip_time; /**< time that the chip was in use so far, in s */
};

/** Called before each step and once at the end.
 *  @param progress  how far it is; lent for the time of the call
 *  @param user      as given in the options
 *  @return 0 to go on, anything else to stop the calibration */
typedef int (*calix_progress_callback)(const struct calix_progress *progress, void *user);

/** How to calibrate. Start from #CALIX_CALIBRATE_OPTIONS_INIT; zero means "the default". */
struct calix_calibrate_options {
	size_t size;                      /**< sizeof(struct calix_calibrate_options) */
	calix_progress_callback progress; /**< NULL: nobody is told */
	void *user;                       /**< handed to @p progress */
	uint64_t seed;                    /**< of the noise on start values; default 0 */
};

/** Initialiser that carries the size this program was compiled with. */
#define CALIX_CALIBRATE_OPTIONS_INIT { .size = sizeof(struct calix_calibrate_options) }

/** Calibrate a chip.
 *
 *  Brings the chip up first. Neurons that cannot reach a target are flagged in the success masks and
 *  keep the best code that was found; the run completes. Those whose potentials are unknown (broken
 *  neurons, broken CADC channels) get the highest threshold, so that they stay silent.
 *
 *  @param[out] out    the result, owned by the caller; NULL after an error
 *  @param connection  an open connection; nobody else uses it meanwhile
 *  @param target      NULL for the defaults
 *  @param options     NULL for the defaults
 *  @retval 0               done
 *  @retval HXCOMM_EINVAL   target or options are not initialised
 *  @retval HXCOMM_ERANGE   the target lies outside what can be asked for, or more than one neuron
 *                          in five failed (the message says at what)
 *  @retval HXCOMM_ESTATE   the progress callback stopped it
 *  @retval HXCOMM_ENOMEM   memory is exhausted
 *  @return any other code of hxcomm_run() when the connection fails */
HXCOMM_API HXCOMM_NODISCARD int calix_calibrate(struct calix_result **out,
                                                struct hxcomm_connection *connection,
                                                const struct calix_target *target,
                                                const struct calix_calibrate_options *options);

/** Write a result into a chip configuration: capmem cells, CADC, switches of the neurons and their
 *  readout, refractory clocks. Everything else stays as it is; thresholds, spike output and synaptic
 *  inputs of all neurons are switched on.
 *
 *  @param chip             the configuration; unchanged after an error
 *  @param result           a result of kind #CALIX_KIND_SPIKING with all its arrays
 *  @param chip_identifier  hxcomm_identifier() of the chip that is going to be configured
 *  @retval 0              done
 *  @retval HXCOMM_EINVAL  the result belongs to another chip (the message names both), is of
 *                         another kind, or lacks an array */
HXCOMM_API HXCOMM_NODISCARD int calix_result_apply(struct haldls_chip *chip,
                                                   const struct calix_result *result,
                                                   const char *chip_identifier);

/** Write what an uncalibrated chip gets: for every neuron the code that a typical neuron of a
 *  typical chip needs for the target. The same switches as calix_result_apply().
 *
 *  @param chip    the configuration
 *  @param target  NULL for the defaults; one that calix_target_validate() refuses gives the defaults */
HXCOMM_API void calix_uncalibrated_apply(struct haldls_chip *chip,
                                         const struct calix_target *target);

/** Which neurons failed in any part of a calibration: broken ones, and those that a target was out of
 *  reach for. A network should be placed on the others.
 *
 *  @param[out] failed  [512] by atomic neuron
 *  @param result       a result of kind #CALIX_KIND_SPIKING */
HXCOMM_API void calix_result_failed_neurons(bool *failed, const struct calix_result *result);

/** Load the newest calibration of the chip behind a connection: open the store, find, apply to a
 *  fresh configuration.
 *
 *  @param[out] out     the configuration (0.9 MB: on the heap); unchanged after an error
 *  @param[out] failed  [512] as calix_result_failed_neurons(); NULL where nobody asks; unchanged
 *                      after an error
 *  @param connection   its identifier says which chip
 *  @param store_path   as calix_store_open(), NULL for the default place
 *  @param target       what it was calibrated to; NULL for the defaults
 *  @retval 0                loaded
 *  @retval HXCOMM_ENOENT    no store, or no such calibration in it (the message says what to run)
 *  @retval HXCOMM_ECORRUPT  the store is damaged
 *  @return any other code of calix_store_open(), calix_store_find(), calix_result_apply() */
HXCOMM_API HXCOMM_NODISCARD int calix_chip_load(struct haldls_chip *out, bool *failed,
                                                const struct hxcomm_connection *connection,
                                                const char *store_path,
                                                const struct calix_target *target);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

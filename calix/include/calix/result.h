// SPDX-License-Identifier: MIT
#ifndef CALIX_RESULT_H
#define CALIX_RESULT_H

/** @file
 *  @brief What a calibration found for one chip: named arrays of integers.
 *  @defgroup calix_result Calibration results
 *
 *  A result belongs to one chip for ever. Arrays and metrics are added once and never change; a
 *  result that came out of a store takes no additions at all. Every array is named, sized and
 *  bounded by the dictionary #CALIX_PARAMETERS, so that no reader has to guess what a number means.
 *  A result may be read by several threads at once as long as none adds to it.
 *  @{ */

#include <hxcomm/export.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The dictionary of arrays: name, scope, number of values, lowest, highest, unit.
 *
 *  Scopes: quadrant 0 top west, 1 top east, 2 bottom west, 3 bottom east; neuron = atomic neuron in
 *  enum order (256 * row + column); channel = CADC channel in enum order; chip = one value.
 *  Capmem codes end at 1022, since 1023 switches the refresh of a cell off. The names are written
 *  to stores: never rename, only add.
 *  (source: spec/calix_spec.md 2, 4, 5, 9.3) */
#define CALIX_PARAMETERS(X)                                                   \
	X("cadc.v_ramp_offset", "quadrant", 4, 0, 1022, "capmem lsb")         \
	X("cadc.i_ramp_slope", "quadrant", 4, 0, 1022, "capmem lsb")          \
	X("cadc.channel_offset", "channel", 1024, -128, 127, "cadc lsb")      \
	X("synapse.dac_bias", "quadrant", 4, 0, 1022, "capmem lsb")           \
	X("neuron.v_leak", "neuron", 512, 0, 1022, "capmem lsb")              \
	X("neuron.v_reset", "neuron", 512, 0, 1022, "capmem lsb")             \
	X("neuron.v_threshold", "neuron", 512, 0, 1022, "capmem lsb")         \
	X("neuron.i_bias_leak", "neuron", 512, 0, 1022, "capmem lsb")         \
	X("neuron.i_bias_reset", "neuron", 512, 0, 1022, "capmem lsb")        \
	X("neuron.leak_division", "neuron", 512, 0, 1, "switch")              \
	X("neuron.leak_multiplication", "neuron", 512, 0, 1, "switch")        \
	X("neuron.reset_division", "neuron", 512, 0, 1, "switch")             \
	X("neuron.reset_multiplication", "neuron", 512, 0, 1, "switch")       \
	X("neuron.membrane_capacitance", "neuron", 512, 0, 63, "lsb")         \
	X("neuron.refractory_counter", "neuron", 512, 0, 255, "clock cycles") \
	X("neuron.reset_holdoff", "neuron", 512, 0, 15, "clock cycles")       \
	X("neuron.refractory_fast_clock", "neuron", 512, 0, 1, "switch")      \
	X("backend.clock_scale_slow", "chip", 1, 0, 15, "power of two")       \
	X("backend.clock_scale_fast", "chip", 1, 0, 15, "power of two")       \
	X("neuron.i_bias_synin_exc_tau", "neuron", 512, 0, 1022, "capmem lsb") \
	X("neuron.i_bias_synin_exc_shift", "neuron", 512, 0, 1022, "capmem lsb") \
	X("neuron.i_bias_synin_exc_gm", "neuron", 512, 0, 1022, "capmem lsb") \
	X("neuron.i_bias_synin_inh_tau", "neuron", 512, 0, 1022, "capmem lsb") \
	X("neuron.i_bias_synin_inh_shift", "neuron", 512, 0, 1022, "capmem lsb") \
	X("neuron.i_bias_synin_inh_gm", "neuron", 512, 0, 1022, "capmem lsb") \
	X("neuron.synin_exc_high_resistance", "neuron", 512, 0, 1, "switch")  \
	X("neuron.synin_inh_high_resistance", "neuron", 512, 0, 1, "switch")

enum {
	CALIX_NAME_MAX = 63,       /**< longest name of a kind, an array or a metric, in bytes */
	CALIX_CHIP_MAX = 255,      /**< longest chip identifier, in bytes */
	CALIX_ARRAY_MAX = 1024,    /**< most values in an array of the dictionary */
	CALIX_METRICS_MAX = 1024,  /**< most metrics of one result */
};

/** One row of the dictionary. */
struct calix_parameter {
	const char *name;  /**< such as "neuron.v_leak" */
	const char *scope; /**< what an index counts: "quadrant", "neuron", "channel" */
	size_t length;     /**< number of values, exactly */
	int32_t lo;        /**< lowest value allowed */
	int32_t hi;        /**< highest value allowed */
	const char *unit;  /**< of the values, for people */
};

/** One figure of merit of a result. */
struct calix_metric {
	char name[CALIX_NAME_MAX + 1]; /**< such as "leak.std" */
	double value;                  /**< finite */
};

/** A calibration result. Made by calix_result_new() or calix_store_find(), ended by
 *  calix_result_free(). */
struct calix_result;

/** The whole dictionary.
 *  @param[out] count  number of rows
 *  @return [count] rows in the order of #CALIX_PARAMETERS; lent, lives for ever */
HXCOMM_API const struct calix_parameter *calix_parameters(size_t *count);

/** Find a row of the dictionary. @param name such as "neuron.v_leak"; may be NULL
 *  @return the row, lent; NULL when there is none of this name */
HXCOMM_API const struct calix_parameter *calix_parameter_find(const char *name);

/** Make an empty result.
 *
 *  @param[out] out  the result, owned by the caller; NULL after an error
 *  @param chip      identifier of the chip that was measured, as hxcomm_identifier() gives it;
 *                   1 to #CALIX_CHIP_MAX bytes, copied
 *  @param kind      what was calibrated, such as "spiking"; 1 to #CALIX_NAME_MAX bytes out of
 *                   letters, digits, '_', '.', '-'; copied
 *  @retval 0              made
 *  @retval HXCOMM_EINVAL  a name is missing, too long or has other characters
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_result_new(struct calix_result **out, const char *chip,
                                                 const char *kind);

/** Free a result. @param result may be NULL */
HXCOMM_API void calix_result_free(struct calix_result *result);

/** Identifier of the chip that was measured. @param result a result @return lent, never NULL */
HXCOMM_API const char *calix_result_chip(const struct calix_result *result);

/** What was calibrated. @param result a result @return lent, never NULL */
HXCOMM_API const char *calix_result_kind(const struct calix_result *result);

/** Add an array.
 *
 *  @param result   the result; unchanged after an error
 *  @param name     a name of #CALIX_PARAMETERS
 *  @param values   [count] values within the range of the dictionary; copied
 *  @param count    exactly the length of the dictionary
 *  @param success  [count] 1 where the calibration succeeded, 0 where it did not; copied.
 *                  NULL: it succeeded everywhere
 *  @retval 0              added
 *  @retval HXCOMM_ENOENT  the dictionary has no such name
 *  @retval HXCOMM_EINVAL  count is not the length, or a success entry is neither 0 nor 1
 *  @retval HXCOMM_ERANGE  a value lies outside its range (the message names the index)
 *  @retval HXCOMM_ESTATE  the array is there already, or the result came out of a store
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_result_add_array(struct calix_result *result,
                                                       const char *name, const int32_t *values,
                                                       size_t count, const uint8_t *success);

/** Read an array.
 *  @param result      a result
 *  @param name        a name of #CALIX_PARAMETERS
 *  @param[out] count  number of values, 0 when absent; may be NULL
 *  @return [count] values, lent until the result is freed; NULL when the result has no such array */
HXCOMM_API const int32_t *calix_result_array(const struct calix_result *result, const char *name,
                                             size_t *count);

/** Read the success mask of an array.
 *  @param result      a result
 *  @param name        a name of #CALIX_PARAMETERS
 *  @param[out] count  number of entries, 0 when absent; may be NULL
 *  @return [count] 1 for success and 0 for failure (all 1 where no mask was given), lent until the
 *          result is freed; NULL when the result has no such array */
HXCOMM_API const uint8_t *calix_result_success(const struct calix_result *result,
                                               const char *name, size_t *count);

/** Names of the arrays that are there.
 *  @param result  a result
 *  @param index   0 … ; in the order of #CALIX_PARAMETERS
 *  @return lent; NULL when @p index is beyond the last array */
HXCOMM_API const char *calix_result_array_name(const struct calix_result *result, size_t index);

/** Count the values over all arrays, and those of them that succeeded.
 *  @param result        a result
 *  @param[out] success  how many succeeded; may be NULL
 *  @return how many values there are */
HXCOMM_API size_t calix_result_count(const struct calix_result *result, size_t *success);

/** Add a figure of merit, such as a spread before and after.
 *
 *  @param result  the result; unchanged after an error
 *  @param name    1 to #CALIX_NAME_MAX bytes out of letters, digits, '_', '.', '-'; copied
 *  @param value   finite
 *  @retval 0              added
 *  @retval HXCOMM_EINVAL  the name is missing, too long or has other characters
 *  @retval HXCOMM_ERANGE  @p value is not finite, or there are #CALIX_METRICS_MAX already
 *  @retval HXCOMM_ESTATE  the metric is there already, or the result came out of a store
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_result_add_metric(struct calix_result *result,
                                                        const char *name, double value);

/** All figures of merit.
 *  @param result      a result
 *  @param[out] count  how many there are
 *  @return [count] metrics sorted by name, lent until the next addition or the result's end; NULL
 *          when there are none */
HXCOMM_API const struct calix_metric *calix_result_metrics(const struct calix_result *result,
                                                           size_t *count);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef GRENADE_RESULT_H
#define GRENADE_RESULT_H

/** @file
 *  @brief What a run gave, in the numbers of the network.
 *  @defgroup grenade_result Results
 *
 *  Times are in s since the begin mark of the run; only events from there to the end mark are kept.
 *  Columns are lent and live as long as the result. A result does not change any more and may be
 *  read on several threads.
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Results of a run. Made by grenade_session_run() or grenade_run(). */
struct grenade_result;

/** Spikes of a population, sorted by time. */
struct grenade_spikes {
	size_t count;           /**< number of spikes */
	const double *time_s;   /**< [count] in s since the begin mark, steps of 4 ns */
	const uint32_t *neuron; /**< [count] index in the population */
};

/** A recorded membrane potential. */
struct grenade_trace {
	size_t count;           /**< number of samples */
	const double *time_s;   /**< [count] in s since the begin mark */
	const uint16_t *lsb;    /**< [count] samples of the MADC, 0 … 1023 */
};

/** Figures of a run. */
struct grenade_run_statistics {
	double duration_s;        /**< begin to end mark on the chip, as measured by its time stamps */
	double wall_s;            /**< time that running took here, encoding and decoding included */
	size_t program_words;     /**< words that were sent */
	size_t configured_words;  /**< register words of the configuration that were written */
	size_t spikes;            /**< spikes of recorded populations */
	size_t other_events;      /**< events from the chip outside the marks, or of no recorded source */
};

/** Give back the memory. @param result may be NULL */
HXCOMM_API void grenade_result_free(struct grenade_result *result);

/** Spikes of a population.
 *  @param[out] out    columns, lent; undefined after an error
 *  @param result      the result
 *  @param population  number of the population in the network
 *  @retval 0              there
 *  @retval HXCOMM_ENOENT  no such population
 *  @retval HXCOMM_ESTATE  the population was not recorded */
HXCOMM_API HXCOMM_NODISCARD int grenade_result_spikes(struct grenade_spikes *out,
        const struct grenade_result *result, uint32_t population);

/** A recorded membrane potential.
 *  @param[out] out  columns, lent; undefined after an error
 *  @param result    the result
 *  @param trace     0 for the first that was asked for, 1 for the second
 *  @retval 0              there
 *  @retval HXCOMM_ENOENT  no such trace was recorded */
HXCOMM_API HXCOMM_NODISCARD int grenade_result_membrane(struct grenade_trace *out,
        const struct grenade_result *result, uint32_t trace);

/** Figures of a run. @param result the result @return lent, lives as long as the result */
HXCOMM_API const struct grenade_run_statistics *grenade_result_statistics(
        const struct grenade_result *result);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

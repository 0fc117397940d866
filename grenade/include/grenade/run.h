// SPDX-License-Identifier: MIT
#ifndef GRENADE_RUN_H
#define GRENADE_RUN_H

/** @file
 *  @brief When things happen: inputs, and running a plan on a chip.
 *  @defgroup grenade_run Runs
 *
 *  A *session* remembers what it wrote to the chip of a connection, so that the next run writes only
 *  what differs. Nobody else may run programs on the connection while a session uses it. A session
 *  belongs to one thread at a time.
 *
 *  A run: [bring-up, the first time] - what differs in the configuration - wait until analog
 *  parameters settled (100 ms the first time, 20 ms after a change) - reset all membranes - open the
 *  crossbar, start the background generators - **begin mark** - spikes at their times - **end mark**
 *  - stop the generators, block the crossbar. Between runs no events travel on the chip.
 *  @{ */

#include <grenade/plan.h>
#include <grenade/result.h>
#include <haldls/chip.h>
#include <hxcomm/connection.h>
#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Spikes that the host sends for an external population. */
struct grenade_spike_train {
	uint32_t population;    /**< number of an external population */
	size_t count;           /**< number of spikes */
	const double *time_s;   /**< [count] in s since the begin mark, 0 … duration, in any order; the
	                             FPGA rounds to 8 ns, and they arrive about 0.2 us later */
	const uint32_t *neuron; /**< [count] indices in the population */
};

/** What happens in a run. Start from #GRENADE_INPUT_INIT. */
struct grenade_input {
	size_t size;        /**< sizeof(struct grenade_input), set by the initialiser */
	double duration_s;  /**< from begin to end mark, in s of the chip; more than 0, at most 10 */
	const struct grenade_spike_train *trains; /**< [train_count] spikes, read before the run */
	size_t train_count; /**< number of trains */
	uint32_t seed;      /**< added to the seed of each background population: another number is
	                         other noise; default 0 */
};

/** Initialiser that carries the size this program was compiled with. */
#define GRENADE_INPUT_INIT { sizeof(struct grenade_input), 0, NULL, 0, 0 }

/** A session. Made by grenade_session_new(). */
struct grenade_session;

/** Make a session. Nothing is sent to the chip yet; the first run brings it up.
 *  @param[out] out    the session, owned by the caller; NULL after an error
 *  @param connection  an open connection, lent to the session until it is freed
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_session_new(struct grenade_session **out,
        struct hxcomm_connection *connection);

/** End a session; its connection stays open. @param session may be NULL */
HXCOMM_API void grenade_session_free(struct grenade_session *session);

/** Run a plan.
 *  @param[out] out    results, owned by the caller; NULL after an error
 *  @param session     the session
 *  @param plan        where the network lies; not kept
 *  @param calibrated  configuration of the chip on which the plan is written, see
 *                     calix_chip_load(); not kept
 *  @param input       what happens; not kept
 *  @retval 0              ran
 *  @retval HXCOMM_EINVAL  the input is not initialised or too new, or names a population that is
 *                         not external
 *  @retval HXCOMM_ENOENT  the input names a population that does not exist
 *  @retval HXCOMM_ERANGE  a spike lies outside the duration, a neuron's index or the duration is
 *                         out of range, or the chip's configuration is
 *  @retval HXCOMM_ENOMEM  memory is exhausted
 *  @return otherwise as hxcomm_run() and fisch_run(); the next run then writes everything anew */
HXCOMM_API HXCOMM_NODISCARD int grenade_session_run(struct grenade_result **out,
        struct grenade_session *session, const struct grenade_plan *plan,
        const struct haldls_chip *calibrated, const struct grenade_input *input);

/** Bring the chip up and run a plan once: a session of one run.
 *  @param[out] out    results, owned by the caller; NULL after an error
 *  @param connection  an open connection
 *  @param plan        where the network lies
 *  @param calibrated  configuration of the chip on which the plan is written
 *  @param input       what happens
 *  @return as grenade_session_run() */
HXCOMM_API HXCOMM_NODISCARD int grenade_run(struct grenade_result **out,
        struct hxcomm_connection *connection, const struct grenade_plan *plan,
        const struct haldls_chip *calibrated, const struct grenade_input *input);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

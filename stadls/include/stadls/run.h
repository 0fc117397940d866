// SPDX-License-Identifier: MIT
#ifndef STADLS_RUN_H
#define STADLS_RUN_H

/** @file
 *  @brief Run what a builder holds.
 *  @defgroup stadls_run Runs
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_connection;
struct hxcomm_responses;
struct stadls_builder;

/** Run the program of a builder. It may be run again and again.
 *  @param connection  an open connection
 *  @param builder     stays as it is
 *  @param[out] out    cleared first; then the responses, for stadls_ticket_read(). NULL only checks
 *  @retval HXCOMM_ENOTSUP  it reads what a real chip does not give back (haldls_container.is_silent),
 *                          and this is no emulated one; nothing was run
 *  @return as fisch_run(): HXCOMM_EDEVICE when an instruction blocked too long, HXCOMM_EPROTO
 *          when answers are missing. Where a chip blocks that was not brought up, the message says
 *          so; to know, it is asked by a program of its own. What is only written to such a chip is
 *          lost without a word, as on a real one: stadls_bringup_check() tells before */
HXCOMM_API HXCOMM_NODISCARD int stadls_run(struct hxcomm_connection *connection,
        const struct stadls_builder *builder, struct hxcomm_responses *out);

/** What a run was: how long it took, what moved, what was notified. */
struct stadls_run_info {
	double duration_s;          /**< from the call to its end on this host, in s */
	double send_s;              /**< of this: until the last word had been sent; this and the
	                                 next three are 0 where nothing was sent */
	double execute_s;           /**< of this: until the end of the program had come back */
	double receive_s;           /**< of this: from the first word that came back to the last */
	double decode_s;            /**< of this: spent on decoding */
	size_t words;               /**< instruction words of the program, 8 bytes each */
	uint64_t words_received;    /**< words that came back, 8 bytes each */
	size_t omnibus;             /**< answers over the omnibus */
	size_t jtag;                /**< answers over JTAG */
	size_t ticks;               /**< answers to ticks */
	size_t spikes;              /**< spikes from the chip */
	size_t madc_samples;        /**< samples of the MADC */
	size_t link_notifications;  /**< links that came, went or made an error */
	size_t link_errors;         /**< of these, errors */
	size_t timeouts;            /**< instructions that blocked too long; a run with any fails */
	uint64_t first_cycles;      /**< FPGA time of the first answer or event, in cycles of 8 ns;
	                                 0 where nothing came */
	uint64_t last_cycles;       /**< FPGA time of the last one */
};

/** Run the program of a builder and tell what the run was.
 *  @param[out] info   filled in after an error of the run, too
 *  @param connection  an open connection
 *  @param builder     stays as it is
 *  @param[out] out    as for stadls_run(), but not NULL
 *  @return as stadls_run() */
HXCOMM_API HXCOMM_NODISCARD int stadls_run_measured(struct stadls_run_info *info,
        struct hxcomm_connection *connection, const struct stadls_builder *builder,
        struct hxcomm_responses *out);

/** Bring a chip up with the defaults of stadls_bringup_append().
 *  @param connection  an open connection
 *  @return as stadls_run(), and HXCOMM_ENOMEM */
HXCOMM_API HXCOMM_NODISCARD int stadls_bringup(struct hxcomm_connection *connection);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef STADLS_RUN_H
#define STADLS_RUN_H

/** @file
 *  @brief Run what a builder holds.
 *  @defgroup stadls_run Runs
 *  @{ */

#include <hxcomm/export.h>

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
 *  @return as fisch_run(): HXCOMM_ETIMEDOUT when an instruction blocked too long, HXCOMM_EPROTO
 *          when answers are missing */
HXCOMM_API HXCOMM_NODISCARD int stadls_run(struct hxcomm_connection *connection,
        const struct stadls_builder *builder, struct hxcomm_responses *out);

/** Bring a chip up with the defaults of stadls_bringup_append().
 *  @param connection  an open connection
 *  @return as stadls_run(), and HXCOMM_ENOMEM */
HXCOMM_API HXCOMM_NODISCARD int stadls_bringup(struct hxcomm_connection *connection);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

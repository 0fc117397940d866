// SPDX-License-Identifier: MIT
#ifndef FISCH_RUN_H
#define FISCH_RUN_H

/** @file
 *  @brief Run a program and check that everything was answered.
 *  @defgroup fisch_run Runs
 *  @{ */

#include <hxcomm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fisch_program;
struct hxcomm_connection;
struct hxcomm_responses;

/** Run a program.
 *  @param connection  an open connection
 *  @param program     the program; stays as it is
 *  @param[out] out    cleared first; then the responses, also after HXCOMM_EDEVICE and
 *                     HXCOMM_EPROTO, to look into. NULL only checks
 *  @retval 0                 the program ended, every read and tick was answered
 *  @retval HXCOMM_EDEVICE    the FPGA reports an instruction that blocked too long: the message
 *                            names it. hxcomm_reset() the connection and configure the chip anew
 *  @retval HXCOMM_EPROTO     responses are missing or too many: the message counts them (a read
 *                            without a barrier behind it?)
 *  @return otherwise as hxcomm_run() */
HXCOMM_API HXCOMM_NODISCARD int fisch_run(struct hxcomm_connection *connection,
        const struct fisch_program *program, struct hxcomm_responses *out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

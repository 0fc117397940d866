// SPDX-License-Identifier: MIT
#ifndef FISCH_TICKET_H
#define FISCH_TICKET_H

/** @file
 *  @brief A claim on responses: where among them the answer to a read will be.
 *  @defgroup fisch_ticket Tickets
 *  @{ */

#include <hxcomm/export.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fisch_mark;
struct hxcomm_responses;

/** Kinds of responses that are answers. */
enum fisch_response {
	FISCH_RESPONSE_NONE = 0, /**< a ticket that nobody filled in */
	FISCH_RESPONSE_OMNIBUS,  /**< omnibus reads */
	FISCH_RESPONSE_JTAG,     /**< kept JTAG data */
	FISCH_RESPONSE_LOOPBACK, /**< ticks */
};

/** A ticket. Plain data: copy and keep as you like. Zero is the ticket of nothing. */
struct fisch_ticket {
	uint8_t kind;      /**< enum fisch_response */
	uint8_t bytes;     /**< 0: a value is one response; else I2C: that many responses, a byte
	                    each */
	uint8_t shift;     /**< bits dropped at the bottom of a value */
	uint8_t device;    /**< 7-bit I2C address, for messages */
	uint32_t position; /**< index of the first response in its table */
	uint32_t count;    /**< number of values */
};

/** Read the values.
 *  @param[out] out   [ticket->count] values; unchanged after an error. Of JTAG data the low 32
 *                    bits; of a tick 1
 *  @param ticket     the ticket
 *  @param responses  of the run of its program
 *  @retval 0              read
 *  @retval HXCOMM_EINVAL  the ticket is of nothing
 *  @retval HXCOMM_ESTATE  the responses do not reach that far: the program has not been run
 *  @retval HXCOMM_ENOENT  an I2C device did not acknowledge */
HXCOMM_API HXCOMM_NODISCARD int fisch_ticket_read(uint32_t *out, const struct fisch_ticket *ticket,
        const struct hxcomm_responses *responses);

/** Read the time of the last response.
 *  @param[out] out_cycles  FPGA time in cycles of 8 ns; unchanged after an error
 *  @param ticket           the ticket
 *  @param responses        of the run of its program
 *  @retval 0              read
 *  @retval HXCOMM_EINVAL  the ticket is of nothing
 *  @retval HXCOMM_ESTATE  the responses do not reach that far: the program has not been run */
HXCOMM_API HXCOMM_NODISCARD int fisch_ticket_time(uint64_t *out_cycles,
        const struct fisch_ticket *ticket, const struct hxcomm_responses *responses);

/** Make a ticket hold for a program that its own one was appended to.
 *  @param ticket  the ticket
 *  @param before  mark of the longer program before fisch_program_append_program() */
HXCOMM_API void fisch_ticket_shift(struct fisch_ticket *ticket, const struct fisch_mark *before);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef HXCOMM_DECODER_H
#define HXCOMM_DECODER_H

/** @file
 *  @brief Words from the FPGA to tables of responses.
 *  @defgroup hxcomm_decoder Decoder of responses
 *  @{ */

#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_responses;

/** State of the decoder between two pieces of the stream. The caller's memory. */
struct hxcomm_decoder {
	uint64_t time;         /**< FPGA time of the last message, 43 bits, cycles of 8 ns; set
	                        it to 0 before a program's responses */
	uint64_t words;        /**< words seen */
	uint64_t halts;        /**< halts seen: one ends each program */
	int status;            /**< the error that ended decoding, else 0 */
	uint64_t tail[2];      /**< the words that hold the begin of an incomplete message */
	unsigned tail_count;   /**< number of those words */
	unsigned offset;       /**< byte of the first of them where the message begins, 0 … 7 */
};

/** Begin at a word boundary, at time 0. @param decoder uninitialised memory */
HXCOMM_API void hxcomm_decoder_init(struct hxcomm_decoder *decoder);

/** Decode a piece of the stream, however it was cut.
 *  @param decoder      carries on where the last piece ended
 *  @param words        [count] words in host byte order
 *  @param count        number of words
 *  @param[in,out] out  responses are appended; ticks are, halts are only counted in the decoder.
 *                      After an error it holds what came before the error
 *  @retval 0               all words decoded; a message may be incomplete
 *  @retval HXCOMM_EPROTO   an undefined code 0x0D … 0x7F: the message names it and the index of the
 *                          word since hxcomm_decoder_init(). Only a new connection helps
 *  @retval HXCOMM_ERANGE   a table reached its limit
 *  @retval HXCOMM_ENOMEM   memory is exhausted
 *
 *  After an error each further call fails with the same code until hxcomm_decoder_init().
 *  (source: spec/transport.md 1.6, 2.7) */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_decode(struct hxcomm_decoder *decoder,
        const uint64_t *words, size_t count, struct hxcomm_responses *out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef HXCOMM_ENCODER_H
#define HXCOMM_ENCODER_H

/** @file
 *  @brief Messages from an FPGA in software: responses to words.
 *  @defgroup hxcomm_encoder Encoder of responses
 *
 *  Responses are packed by bytes over word boundaries, so this encoder has state (source:
 *  spec/transport.md 1.5). Words to the FPGA need none: hxcomm/words.h.
 *  @{ */

#include <hxcomm/export.h>
#include <hxcomm/words.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Packs responses. The caller's memory; look only through the functions. */
struct hxcomm_encoder {
	uint64_t *words;  /**< [count] complete words */
	size_t count;     /**< number of complete words */
	size_t capacity;  /**< words there is room for */
	uint64_t pending; /**< bits of the word that is not complete, at its top, zeros below */
	unsigned bits;    /**< number of pending bits, 0 … 56 */
};

/** Begin with nothing. @param encoder uninitialised memory */
HXCOMM_API void hxcomm_encoder_init(struct hxcomm_encoder *encoder);

/** Give back the memory. @param encoder initialised; may be initialised again; may be NULL */
HXCOMM_API void hxcomm_encoder_deinit(struct hxcomm_encoder *encoder);

/** Append a response.
 *  @param encoder       the encoder; unchanged after an error
 *  @param code          which response
 *  @param payload_high  bits 71:64 of the payload, only for packs of three
 *  @param payload_low   bits 63:0 of the payload
 *  @retval 0              appended
 *  @retval HXCOMM_EINVAL  @p code is none of the 13 responses
 *  @retval HXCOMM_ERANGE  the payload is wider than this response's
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_encoder_append(struct hxcomm_encoder *encoder,
        enum hxcomm_response code, uint64_t payload_high, uint64_t payload_low);

/** A response for hxcomm_encoder_append_all(). */
struct hxcomm_encoder_response {
	enum hxcomm_response code; /**< which response */
	uint64_t high;             /**< bits 71:64 of the payload, only for packs of three */
	uint64_t low;              /**< bits 63:0 of the payload */
};

/** Append many responses, in less time than one by one: all, or none of them.
 *  @param encoder    the encoder; unchanged after an error
 *  @param responses  [count]
 *  @param count      number of responses
 *  @return as hxcomm_encoder_append() */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_encoder_append_all(struct hxcomm_encoder *encoder,
        const struct hxcomm_encoder_response *responses, size_t count);

/** Complete the last word with a comma and zeros. Nothing happens where no bits are pending.
 *  @param encoder  the encoder
 *  @retval 0  no bits are pending; never fails: hxcomm_encoder_append() made the room */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_encoder_flush(struct hxcomm_encoder *encoder);

/** The complete words.
 *  @param encoder     the encoder
 *  @param[out] count  their number
 *  @return [count] words, lent until the encoder changes; may be NULL where count is 0 */
HXCOMM_API const uint64_t *hxcomm_encoder_words(const struct hxcomm_encoder *encoder,
        size_t *count);

/** Forget the complete words; pending bits stay, memory is kept. @param encoder the encoder */
HXCOMM_API void hxcomm_encoder_clear(struct hxcomm_encoder *encoder);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

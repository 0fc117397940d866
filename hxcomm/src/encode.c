// SPDX-License-Identifier: MIT
/* Responses packed by bytes: `pending` holds the begin of the next word, most significant first. */
#include <hxcomm/encoder.h>

#include <hxcomm/error.h>

#include "message.h"

#include <stdlib.h>
#include <string.h>

void hxcomm_encoder_init(struct hxcomm_encoder *encoder)
{
	memset(encoder, 0, sizeof(*encoder));
}

void hxcomm_encoder_deinit(struct hxcomm_encoder *encoder)
{
	if (!encoder)
		return;
	free(encoder->words);
	memset(encoder, 0, sizeof(*encoder));
}

static int reserve(struct hxcomm_encoder *encoder, size_t extra)
{
	size_t capacity = encoder->capacity ? encoder->capacity : 64;
	if (encoder->capacity - encoder->count >= extra)
		return HXCOMM_OK;
	while (capacity - encoder->count < extra)
		capacity *= 2;
	uint64_t *words = realloc(encoder->words, capacity * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu response words",
		        capacity);
	encoder->words = words;
	encoder->capacity = capacity;
	return HXCOMM_OK;
}

static int refuse(const struct hxcomm_encoder_response *response)
{
	if ((unsigned)response->code >= HXCOMM_RESPONSES)
		return hxcomm_error_set(HXCOMM_EINVAL, "0x%02x is no response: 0 to 0x0c are",
		        (unsigned)response->code);
	const struct hxcomm_message_kind *kind = &hxcomm__from_fpga[response->code];
	return hxcomm_error_set(HXCOMM_ERANGE,
	        "payload 0x%llx%016llx of %s has more than its %u bits",
	        (unsigned long long)response->high, (unsigned long long)response->low, kind->type,
	        kind->payload_bits);
}

/* An encoder while it packs: what changes with each word is not in its memory. */
struct packer {
	uint64_t *next;
	uint64_t pending;
	unsigned bits;
};

/* A whole word, behind what is pending. */
static inline void put_word(struct packer *packer, uint64_t value)
{
	*packer->next++ = packer->pending | value >> packer->bits;
	packer->pending = value << 1 << (63 - packer->bits);
}

/* A multiple of 8 bits at the top of @value, less than a word; the rest of it is zero. */
static inline void put_bits(struct packer *packer, uint64_t value, unsigned bits)
{
	const unsigned all = packer->bits + bits;
	if (all < 64)
		packer->pending |= value >> packer->bits;
	else
		put_word(packer, value);
	packer->bits = all % 64;
}

/* Pack a response. false: there is none of this code and width */
static inline bool pack(struct packer *packer, const struct hxcomm_encoder_response *response)
{
	if ((unsigned)response->code >= HXCOMM_RESPONSES)
		return false;
	const unsigned width = hxcomm__from_fpga[response->code].payload_bits;
	const uint64_t code = (uint64_t)response->code << 56;
	if (width > 64 ? response->high >> (width - 64)
	               : response->high || (width < 64 && response->low >> width))
		return false;
	if (width > 56) { /* 80 bits: code, 72 bits of payload */
		put_word(packer, code | response->high << 48 | response->low >> 16);
		put_bits(packer, response->low << 48, 16);
	} else {
		put_word(packer, code | response->low);
	}
	return true;
}

int hxcomm_encoder_append_all(struct hxcomm_encoder *encoder,
        const struct hxcomm_encoder_response *responses, size_t count)
{
	const int status = reserve(encoder, 2 * count);
	if (status != HXCOMM_OK || !count)
		return status;
	struct packer packer = { encoder->words + encoder->count, encoder->pending, encoder->bits };
	for (size_t i = 0; i < count; i++)
		if (!pack(&packer, &responses[i]))
			return refuse(&responses[i]);
	encoder->count = (size_t)(packer.next - encoder->words);
	encoder->pending = packer.pending;
	encoder->bits = packer.bits;
	return HXCOMM_OK;
}

int hxcomm_encoder_append(struct hxcomm_encoder *encoder, enum hxcomm_response code,
        uint64_t payload_high, uint64_t payload_low)
{
	const struct hxcomm_encoder_response response = { code, payload_high, payload_low };
	return hxcomm_encoder_append_all(encoder, &response, 1);
}

int hxcomm_encoder_flush(struct hxcomm_encoder *encoder)
{
	if (encoder->bits == 0)
		return HXCOMM_OK;
	/* append had room for two words and completed one at most, where bits are left */
	encoder->words[encoder->count++] =
	        encoder->pending | UINT64_C(1) << (63 - encoder->bits);
	encoder->pending = 0;
	encoder->bits = 0;
	return HXCOMM_OK;
}

const uint64_t *hxcomm_encoder_words(const struct hxcomm_encoder *encoder, size_t *count)
{
	*count = encoder->count;
	return encoder->words;
}

void hxcomm_encoder_clear(struct hxcomm_encoder *encoder)
{
	encoder->count = 0;
}

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
	if (encoder->capacity - encoder->count >= extra)
		return HXCOMM_OK;
	const size_t capacity = encoder->capacity ? 2 * encoder->capacity : 64;
	uint64_t *words = realloc(encoder->words, capacity * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu response words",
		        capacity);
	encoder->words = words;
	encoder->capacity = capacity;
	return HXCOMM_OK;
}

/* The `bits` (a multiple of 8, at most 64) at the top of `value`; the rest of it is zero. */
static void put(struct hxcomm_encoder *encoder, uint64_t value, unsigned bits)
{
	const unsigned have = encoder->bits;
	encoder->pending |= value >> have;
	if (have + bits < 64) {
		encoder->bits = have + bits;
		return;
	}
	encoder->words[encoder->count++] = encoder->pending;
	encoder->pending = have ? value << (64 - have) : 0;
	encoder->bits = have + bits - 64;
}

int hxcomm_encoder_append(struct hxcomm_encoder *encoder, enum hxcomm_response code,
        uint64_t payload_high, uint64_t payload_low)
{
	if ((unsigned)code >= HXCOMM_RESPONSES)
		return hxcomm_error_set(HXCOMM_EINVAL, "0x%02x is no response: 0 to 0x0c are",
		        (unsigned)code);
	const unsigned width = hxcomm__from_fpga[code].payload_bits;
	const uint64_t high_limit = width > 64 ? UINT64_C(1) << (width - 64) : 1;
	if (payload_high >= high_limit || (width < 64 && payload_low >> width))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "payload 0x%llx%016llx of %s has more than its %u bits",
		        (unsigned long long)payload_high, (unsigned long long)payload_low,
		        hxcomm__from_fpga[code].type, width);
	const int status = reserve(encoder, 2);
	if (status != HXCOMM_OK)
		return status;
	if (width > 56) { /* 80 bits: code, 72 bits of payload */
		put(encoder, (uint64_t)code << 56 | payload_high << 48 | payload_low >> 16, 64);
		put(encoder, payload_low << 48, 16);
	} else {
		put(encoder, (uint64_t)code << 56 | payload_low, 64);
	}
	return HXCOMM_OK;
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

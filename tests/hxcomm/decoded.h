// SPDX-License-Identifier: MIT
#ifndef HXCOMM_TEST_DECODED_H
#define HXCOMM_TEST_DECODED_H

/* Streams of responses and what became of them, for one source file of a test. */

#include <hxcomm/decoder.h>
#include <hxcomm/encoder.h>
#include <hxcomm/message.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "decode.h"
#include "random.h"

#include <stdio.h>
#include <stdlib.h>

struct decoded {
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *out;
	int status;
};

/* Decode words in pieces: the sizes come round and round, 0 ends the list, NULL is one piece.
 * Without a kernel by hxcomm_decode(). */
static inline struct decoded decode_by(const struct hxcomm__decode_kernel *kernel,
        const uint64_t *words, size_t count, const size_t *pieces)
{
	struct decoded d;
	hxcomm_decoder_init(&d.decoder);
	assert_ok(hxcomm_responses_new(&d.out, 0));
	d.status = HXCOMM_OK;
	size_t at = 0, k = 0;
	while (at < count && d.status == HXCOMM_OK) {
		size_t piece = pieces ? pieces[k] : count;
		if (piece > count - at)
			piece = count - at;
		/* a copy of its own, so that a read behind its end is seen */
		uint64_t *copy = malloc(piece * sizeof(*copy));
		assert_non_null(copy);
		memcpy(copy, words + at, piece * sizeof(*copy));
		d.status = kernel ? hxcomm__decode(kernel, &d.decoder, copy, piece, d.out) :
		                    hxcomm_decode(&d.decoder, copy, piece, d.out);
		free(copy);
		at += piece;
		if (pieces)
			k = pieces[k + 1] ? k + 1 : 0;
	}
	return d;
}

static inline struct decoded decode(const uint64_t *words, size_t count, const size_t *pieces)
{
	return decode_by(NULL, words, count, pieces);
}

#define ASSERT_SAME_COLUMN(a, b, table, column)                                                    \
	do {                                                                                       \
		if ((a)->table.count)                                                              \
			assert_memory_equal((a)->table.column, (b)->table.column,                  \
			        (a)->table.count * sizeof(*(a)->table.column));                    \
	} while (0)

static inline void assert_same(const struct hxcomm_responses *a, const struct hxcomm_responses *b)
{
	assert_int_equal(a->omnibus.count, b->omnibus.count);
	ASSERT_SAME_COLUMN(a, b, omnibus, value);
	ASSERT_SAME_COLUMN(a, b, omnibus, time);
	assert_int_equal(a->jtag.count, b->jtag.count);
	ASSERT_SAME_COLUMN(a, b, jtag, value);
	ASSERT_SAME_COLUMN(a, b, jtag, time);
	assert_int_equal(a->loopback.count, b->loopback.count);
	ASSERT_SAME_COLUMN(a, b, loopback, tick);
	ASSERT_SAME_COLUMN(a, b, loopback, time);
	assert_int_equal(a->spikes.count, b->spikes.count);
	ASSERT_SAME_COLUMN(a, b, spikes, label);
	ASSERT_SAME_COLUMN(a, b, spikes, chip_time);
	ASSERT_SAME_COLUMN(a, b, spikes, fpga_time);
	assert_int_equal(a->madc.count, b->madc.count);
	ASSERT_SAME_COLUMN(a, b, madc, value);
	ASSERT_SAME_COLUMN(a, b, madc, channel);
	ASSERT_SAME_COLUMN(a, b, madc, chip_time);
	ASSERT_SAME_COLUMN(a, b, madc, fpga_time);
	assert_int_equal(a->links.count, b->links.count);
	ASSERT_SAME_COLUMN(a, b, links, value);
	ASSERT_SAME_COLUMN(a, b, links, time);
	assert_int_equal(a->timeouts.count, b->timeouts.count);
	ASSERT_SAME_COLUMN(a, b, timeouts, instruction);
	ASSERT_SAME_COLUMN(a, b, timeouts, stalls);
	ASSERT_SAME_COLUMN(a, b, timeouts, reads_in_flight);
	ASSERT_SAME_COLUMN(a, b, timeouts, time);
	assert_memory_equal(a->spike_packs, b->spike_packs, sizeof(a->spike_packs));
	assert_memory_equal(a->madc_packs, b->madc_packs, sizeof(a->madc_packs));
}

/* What a random stream is made of. */
struct mix {
	unsigned kinds;   /* bit `code`: random ones of these */
	unsigned flushes; /* one of so many messages ends its word: comma, filler; 0: none */
};

static const struct mix everything = { (1u << HXCOMM_RESPONSES) - 1, 6 };

/* Complete the last word with a comma and arbitrary filler. */
static inline void flush_with_filler(struct hxcomm_encoder *encoder, struct test_random *random)
{
	const unsigned pending = encoder->bits;
	assert_ok(hxcomm_encoder_flush(encoder));
	if (pending)
		encoder->words[encoder->count - 1] |=
		        test_random_next(random) & ((UINT64_C(1) << (63 - pending)) - 1);
}

static inline void append_random(struct hxcomm_encoder *encoder, struct test_random *random,
        enum hxcomm_response code)
{
	size_t kinds;
	const unsigned bits = hxcomm_message_kinds(HXCOMM_FROM_FPGA, &kinds)[code].payload_bits;
	uint64_t low = test_random_next(random);
	if (bits < 64)
		low &= (UINT64_C(1) << bits) - 1;
	if (code == HXCOMM_RESPONSE_SYSTIME && test_random_below(random, 2))
		low |= (UINT64_C(1) << 43) - 1024; /* soon it wraps */
	assert_ok(hxcomm_encoder_append(encoder, code,
	        bits > 64 ? test_random_below(random, 256) : 0, low));
}

static inline void random_stream(struct hxcomm_encoder *encoder, struct test_random *random,
        size_t messages, const struct mix *mix)
{
	enum hxcomm_response codes[HXCOMM_RESPONSES];
	size_t count = 0;
	for (int code = 0; code < HXCOMM_RESPONSES; code++)
		if (mix->kinds >> code & 1)
			codes[count++] = (enum hxcomm_response)code;
	hxcomm_encoder_init(encoder);
	for (size_t i = 0; i < messages; i++) {
		append_random(encoder, random, codes[test_random_below(random, count)]);
		if (mix->flushes && test_random_below(random, mix->flushes) == 0)
			flush_with_filler(encoder, random);
	}
	flush_with_filler(encoder, random);
}

#endif

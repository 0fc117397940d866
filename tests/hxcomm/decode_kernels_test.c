// SPDX-License-Identifier: MIT
/* All ways to decode are one: each kernel of this machine against the walk one message after the
 * other, which the tests of decoder_test.c hold to the specification. */
#include "decoded.h"

static const struct hxcomm__decode_kernel *kernels[HXCOMM__DECODE_KERNELS_MAX];
static size_t kernel_count; /* the last one is the walk */

static void assert_twins(const struct decoded *a, const struct decoded *b)
{
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->decoder.time, b->decoder.time);
	assert_int_equal(a->decoder.halts, b->decoder.halts);
	assert_int_equal(a->decoder.words, b->decoder.words);
	assert_int_equal(a->decoder.tail_count, b->decoder.tail_count);
	if (a->decoder.tail_count)
		assert_int_equal(a->decoder.offset, b->decoder.offset);
	assert_same(a->out, b->out);
}

static void all_kernels_agree(const uint64_t *words, size_t count, const size_t *pieces)
{
	char said[256] = "";
	struct decoded walked = decode_by(kernels[kernel_count - 1], words, count, pieces);
	if (walked.status != HXCOMM_OK)
		snprintf(said, sizeof(said), "%s", hxcomm_error_message());
	for (size_t k = 0; k + 1 < kernel_count; k++) {
		struct decoded d = decode_by(kernels[k], words, count, pieces);
		assert_twins(&walked, &d);
		if (d.status != HXCOMM_OK)
			assert_string_equal(hxcomm_error_message(), said);
		hxcomm_responses_free(d.out);
	}
	hxcomm_responses_free(walked.out);
}

/* Long enough for several batches and chunks, short enough for none. */
static void every_kind_and_every_mix_decode_the_same(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 600; seed++) {
		struct test_random random = { .seed = seed };
		struct hxcomm_encoder encoder;
		struct mix mix = { 0, 0 };
		if (seed < HXCOMM_RESPONSES)
			mix.kinds = 1u << seed;
		while (!mix.kinds)
			mix.kinds = (unsigned)(test_random_next(&random) & everything.kinds);
		static const unsigned flushes[] = { 0, 0, 30, 6, 2, 1 };
		mix.flushes = flushes[test_random_below(&random, 6)];
		const size_t longest = seed % 10 == 0 ? 5000 : 400;
		random_stream(&encoder, &random, 1 + test_random_below(&random, longest), &mix);
		const size_t pieces[] = { 1 + test_random_below(&random, encoder.count),
			1 + test_random_below(&random, encoder.count), 0 };
		all_kernels_agree(encoder.words, encoder.count, NULL);
		all_kernels_agree(encoder.words, encoder.count, pieces);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* Runs of one kind that end anywhere in a batch. */
static void kinds_may_change_at_every_message(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 150; seed++) {
		struct test_random random = { .seed = 7000 + seed };
		struct hxcomm_encoder encoder;
		hxcomm_encoder_init(&encoder);
		for (size_t run = 0; run < 12; run++) {
			/* every second one a long read */
			const enum hxcomm_response code = run % 2 ? HXCOMM_RESPONSE_OMNIBUS :
			        (enum hxcomm_response)test_random_below(&random, HXCOMM_RESPONSES);
			for (size_t i = 1 + test_random_below(&random, 200); i > 0; i--)
				append_random(&encoder, &random, code);
		}
		flush_with_filler(&encoder, &random);
		all_kernels_agree(encoder.words, encoder.count, NULL);
		hxcomm_encoder_deinit(&encoder);
	}
}

static void a_cut_at_any_word_is_none(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 4; seed++) {
		struct test_random random = { .seed = 2000 + seed };
		struct hxcomm_encoder encoder;
		random_stream(&encoder, &random, 320, &everything);
		struct decoded whole = decode(encoder.words, encoder.count, NULL);
		for (size_t cut = 1; cut < encoder.count; cut++) {
			const size_t pieces[] = { cut, encoder.count - cut, 0 };
			for (size_t k = 0; k < kernel_count; k++) {
				struct decoded d = decode_by(kernels[k], encoder.words,
				        encoder.count, pieces);
				assert_twins(&whole, &d);
				hxcomm_responses_free(d.out);
			}
		}
		hxcomm_responses_free(whole.out);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* A code that is undefined, in place of each message in turn. */
static void an_undefined_code_is_found_wherever_it_stands(void **state)
{
	struct test_random random = { .seed = 3 };
	struct hxcomm_encoder encoder;
	struct hxcomm_message m;
	(void)state;
	random_stream(&encoder, &random, 400, &everything);
	struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, encoder.words, encoder.count, 0 };
	size_t messages = 0;
	while (hxcomm_message_read(&m, &reader) == 1) {
		const size_t at = reader.position - m.kind->message_bits / 8;
		const unsigned shift = 56 - (unsigned)(at % 8) * 8;
		const uint64_t before = encoder.words[at / 8];
		const uint64_t code = 0x0d + test_random_below(&random, 0x80 - 0x0d);
		char text[64];
		encoder.words[at / 8] = (before & ~(UINT64_C(0xff) << shift)) | code << shift;
		snprintf(text, sizeof(text), "word %zu, byte %zu: 0x%02x is no message", at / 8,
		        at % 8, (unsigned)code);
		for (size_t k = 0; k < kernel_count; k++) {
			struct decoded d = decode_by(kernels[k], encoder.words, encoder.count,
			        NULL);
			assert_error(d.status, HXCOMM_EPROTO, text);
			hxcomm_responses_free(d.out);
		}
		all_kernels_agree(encoder.words, encoder.count, NULL);
		encoder.words[at / 8] = before;
		messages++;
	}
	assert_int_equal(messages, 400);
	hxcomm_encoder_deinit(&encoder);
}

static void damaged_streams_decode_the_same(void **state)
{
	size_t errors = 0;
	(void)state;
	for (uint64_t seed = 0; seed < 300; seed++) {
		struct test_random random = { .seed = 1000 + seed };
		struct hxcomm_encoder encoder;
		random_stream(&encoder, &random, 1 + test_random_below(&random, 600), &everything);
		for (size_t i = 0; i <= seed % 3; i++)
			encoder.words[test_random_below(&random, encoder.count)] ^=
			        UINT64_C(1) << test_random_below(&random, 64);
		struct decoded d = decode(encoder.words, encoder.count, NULL);
		errors += d.status == HXCOMM_EPROTO;
		hxcomm_responses_free(d.out);
		all_kernels_agree(encoder.words, encoder.count, NULL);
		hxcomm_encoder_deinit(&encoder);
	}
	assert_in_range(errors, 10, 290);
}

/* What is full stops at its limit, wherever in a batch that is. */
static void a_limit_holds_for_every_kernel(void **state)
{
	struct test_random random = { .seed = 5 };
	const struct mix packs = { 7u << HXCOMM_RESPONSE_SPIKE_1, 0 };
	struct hxcomm_encoder encoder;
	(void)state;
	random_stream(&encoder, &random, 1500, &packs);
	struct decoded whole = decode(encoder.words, encoder.count, NULL);
	for (size_t limit = 1; limit < whole.out->spikes.count; limit += 37) {
		for (size_t k = 0; k < kernel_count; k++) {
			struct hxcomm_decoder decoder;
			struct hxcomm_responses *out;
			hxcomm_decoder_init(&decoder);
			assert_ok(hxcomm_responses_new(&out, limit));
			assert_error(hxcomm__decode(kernels[k], &decoder, encoder.words,
			                     encoder.count, out),
			        HXCOMM_ERANGE, "spikes responses");
			assert_int_equal(out->spikes.count, limit);
			assert_memory_equal(out->spikes.label, whole.out->spikes.label,
			        limit * sizeof(*out->spikes.label));
			assert_memory_equal(out->spikes.chip_time, whole.out->spikes.chip_time,
			        limit * sizeof(*out->spikes.chip_time));
			hxcomm_responses_free(out);
		}
	}
	hxcomm_responses_free(whole.out);
	hxcomm_encoder_deinit(&encoder);
}

/* The clock wraps after 43 bits, that of the chip after 44, in the middle of any block. */
static void clocks_wrap_at_every_message(void **state)
{
	struct test_random random = { .seed = 11 };
	const struct mix events = { everything.kinds & ~(1u << HXCOMM_RESPONSE_SYSTIME), 0 };
	(void)state;
	for (uint64_t before = 0; before < 120; before++) {
		struct hxcomm_encoder encoder;
		random_stream(&encoder, &random, 200, &events);
		uint64_t *words = malloc((encoder.count + 1) * sizeof(*words));
		assert_non_null(words);
		words[0] = 0x0500000000000000 | ((UINT64_C(1) << 43) - before);
		if (!before)
			words[0] = 0x0500000000000000;
		memcpy(words + 1, encoder.words, encoder.count * sizeof(*words));
		all_kernels_agree(words, encoder.count + 1, NULL);
		free(words);
		hxcomm_encoder_deinit(&encoder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_kind_and_every_mix_decode_the_same),
		cmocka_unit_test(kinds_may_change_at_every_message),
		cmocka_unit_test(a_cut_at_any_word_is_none),
		cmocka_unit_test(an_undefined_code_is_found_wherever_it_stands),
		cmocka_unit_test(damaged_streams_decode_the_same),
		cmocka_unit_test(a_limit_holds_for_every_kernel),
		cmocka_unit_test(clocks_wrap_at_every_message),
	};
	kernel_count = hxcomm__decode_kernels(kernels);
	return cmocka_run_group_tests_name("hxcomm/decode_kernels", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <hxcomm/encoder.h>
#include <hxcomm/message.h>

#include "assert.h"
#include "examples.h"
#include "messages.h"
#include "random.h"
#include "torture.h"
#include "vectors.h"

#include <stdlib.h>

struct response {
	enum hxcomm_response code;
	uint64_t high, low;
};

static const struct response pack_3 = { HXCOMM_RESPONSE_SPIKE_3, 0x01, 0x1111022222033333 };

static void assert_words(struct hxcomm_encoder *encoder, const uint64_t *expected, size_t count)
{
	size_t have;
	const uint64_t *words = hxcomm_encoder_words(encoder, &have);
	assert_int_equal(have, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(words[i], expected[i]);
}

static void every_response_has_the_words_of_the_specification(void **state)
{
	(void)state;
	FOR_ROWS(i, examples) {
		struct hxcomm_encoder encoder;
		hxcomm_encoder_init(&encoder);
		for (size_t k = 0; k < examples[i].message_count; k++)
			assert_ok(hxcomm_encoder_append(&encoder, examples[i].messages[k].code,
			        examples[i].messages[k].high, examples[i].messages[k].low));
		assert_ok(hxcomm_encoder_flush(&encoder));
		assert_words(&encoder, examples[i].words, examples[i].count);
		assert_ok(hxcomm_encoder_flush(&encoder)); /* nothing is pending: nothing happens */
		assert_words(&encoder, examples[i].words, examples[i].count);
		hxcomm_encoder_deinit(&encoder);
	}
}

static void all_recorded_responses_have_the_recorded_words(void **state)
{
	struct vectors *vectors = vectors_open("ut_encode");
	size_t lines = 0;
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		if (strcmp(json_string_value(json_object_get(line, "direction")), "from_fpga"))
			continue;
		lines++;
		struct hxcomm_encoder encoder;
		hxcomm_encoder_init(&encoder);
		size_t i;
		const json_t *json;
		json_array_foreach(json_object_get(line, "messages"), i, json) {
			const struct hxcomm_message m = message_from_json(HXCOMM_FROM_FPGA, json);
			assert_ok(hxcomm_encoder_append(&encoder,
			        (enum hxcomm_response)m.kind->code, m.high, m.low));
		}
		size_t count, have;
		hxcomm_encoder_words(&encoder, &have);
		assert_int_equal(have, vectors_u64(line, "words_before_flush"));
		assert_ok(hxcomm_encoder_flush(&encoder));
		uint64_t *words = vectors_words(json_object_get(line, "words"), &count);
		assert_words(&encoder, words, count);
		free(words);
		hxcomm_encoder_deinit(&encoder);
	}
	assert_true(lines > 300);
	vectors_close(vectors);
}

static void what_is_encoded_is_read_back(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct test_random random = { .seed = seed };
		struct hxcomm_encoder encoder;
		hxcomm_encoder_init(&encoder);
		struct response in[200];
		FOR_ROWS(i, in) {
			size_t count;
			const struct hxcomm_message_kind *kinds =
			        hxcomm_message_kinds(HXCOMM_FROM_FPGA, &count);
			in[i].code = (enum hxcomm_response)test_random_below(&random, count);
			const unsigned bits = kinds[in[i].code].payload_bits;
			in[i].low = test_random_next(&random);
			in[i].high = bits > 64 ? test_random_below(&random, 256) : 0;
			if (bits < 64)
				in[i].low &= (UINT64_C(1) << bits) - 1;
			assert_ok(hxcomm_encoder_append(&encoder, in[i].code, in[i].high,
			        in[i].low));
			if (test_random_below(&random, 8) == 0)
				assert_ok(hxcomm_encoder_flush(&encoder));
		}
		assert_ok(hxcomm_encoder_flush(&encoder));
		size_t count;
		const uint64_t *words = hxcomm_encoder_words(&encoder, &count);
		struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, words, count, 0 };
		struct hxcomm_message m;
		FOR_ROWS(i, in) {
			assert_int_equal(hxcomm_message_read(&m, &reader), 1);
			assert_int_equal(m.kind->code, in[i].code);
			assert_int_equal(m.high, in[i].high);
			assert_int_equal(m.low, in[i].low);
		}
		assert_int_equal(hxcomm_message_read(&m, &reader), 0);
		hxcomm_encoder_deinit(&encoder);
	}
}

static void many_at_once_are_packed_as_one_by_one(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct test_random random = { .seed = seed };
		struct hxcomm_encoder_response responses[300];
		struct hxcomm_encoder single, many;
		size_t count, single_count, many_count;
		const struct hxcomm_message_kind *kinds =
		        hxcomm_message_kinds(HXCOMM_FROM_FPGA, &count);
		hxcomm_encoder_init(&single);
		hxcomm_encoder_init(&many);
		FOR_ROWS(i, responses) {
			const unsigned code = (unsigned)test_random_below(&random, count);
			const unsigned bits = kinds[code].payload_bits;
			responses[i] = (struct hxcomm_encoder_response){
				(enum hxcomm_response)code,
				bits > 64 ? test_random_below(&random, 256) : 0,
				test_random_next(&random) >> (bits < 64 ? 64 - bits : 0),
			};
			assert_ok(hxcomm_encoder_append(&single, responses[i].code,
			        responses[i].high, responses[i].low));
		}
		for (size_t i = 0, next; i < 300; i = next) {
			next = i + test_random_below(&random, 301 - i);
			assert_ok(hxcomm_encoder_append_all(&many, &responses[i], next - i));
		}
		const uint64_t *words = hxcomm_encoder_words(&single, &single_count);
		const uint64_t *others = hxcomm_encoder_words(&many, &many_count);
		assert_int_equal(single_count, many_count);
		assert_memory_equal(words, others, single_count * sizeof(*words));
		assert_int_equal(single.pending, many.pending);
		assert_int_equal(single.bits, many.bits);
		hxcomm_encoder_deinit(&single);
		hxcomm_encoder_deinit(&many);
	}
}

static void one_that_does_not_fit_keeps_all_out(void **state)
{
	const struct hxcomm_encoder_response responses[] = {
		{ HXCOMM_RESPONSE_OMNIBUS, 0, 7 },
		{ HXCOMM_RESPONSE_SPIKE_3, 3, 7 },
		{ HXCOMM_RESPONSE_SYSDELTA, 0, 256 },
	};
	struct hxcomm_encoder encoder;
	(void)state;
	hxcomm_encoder_init(&encoder);
	assert_error(hxcomm_encoder_append_all(&encoder, responses, 3), HXCOMM_ERANGE,
	        "timing_from_fpga::Sysdelta has more than its 8 bits");
	assert_words(&encoder, NULL, 0);
	assert_int_equal(encoder.bits, 0);
	assert_ok(hxcomm_encoder_append_all(&encoder, responses, 2));
	assert_int_equal(encoder.count, 2);
	assert_int_equal(encoder.bits, 16);
	torture_begin(0);
	const struct hxcomm_encoder_response more[64] = { { HXCOMM_RESPONSE_OMNIBUS, 0, 7 } };
	const int status = hxcomm_encoder_append_all(&encoder, more, 64);
	assert_true(torture_end());
	assert_error(status, HXCOMM_ENOMEM, "no memory for 256 response words");
	assert_int_equal(encoder.count, 2);
	assert_int_equal(encoder.bits, 16);
	hxcomm_encoder_deinit(&encoder);
}

static void pending_bits_survive_a_clear(void **state)
{
	struct hxcomm_encoder encoder;
	(void)state;
	hxcomm_encoder_init(&encoder);
	assert_ok(hxcomm_encoder_append(&encoder, pack_3.code, pack_3.high, pack_3.low));
	assert_words(&encoder, (const uint64_t[]){ 0x0c01111102222203 }, 1);
	hxcomm_encoder_clear(&encoder);
	assert_words(&encoder, NULL, 0);
	assert_ok(hxcomm_encoder_flush(&encoder));
	assert_words(&encoder, (const uint64_t[]){ 0x3333800000000000 }, 1);
	hxcomm_encoder_deinit(&encoder);
	hxcomm_encoder_deinit(NULL);
}

static void what_does_not_fit_is_refused(void **state)
{
	struct hxcomm_encoder encoder;
	(void)state;
	hxcomm_encoder_init(&encoder);
	assert_error(hxcomm_encoder_append(&encoder, (enum hxcomm_response)13, 0, 0), HXCOMM_EINVAL,
	        "0x0d is no response: 0 to 0x0c are");
	assert_error(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SYSDELTA, 0, 256),
	        HXCOMM_ERANGE, "timing_from_fpga::Sysdelta has more than its 8 bits");
	assert_error(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SPIKE_2, 1, 0), HXCOMM_ERANGE,
	        "has more than its 48 bits");
	assert_error(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SPIKE_3, 256, 0),
	        HXCOMM_ERANGE, "has more than its 72 bits");
	assert_words(&encoder, NULL, 0);
	assert_int_equal(encoder.bits, 0);
	hxcomm_encoder_deinit(&encoder);
}

static void exhausted_memory_leaves_the_encoder_as_it_was(void **state)
{
	struct hxcomm_encoder encoder;
	(void)state;
	hxcomm_encoder_init(&encoder);
	torture_begin(0);
	int status = hxcomm_encoder_append(&encoder, pack_3.code, pack_3.high, pack_3.low);
	assert_true(torture_end());
	assert_error(status, HXCOMM_ENOMEM, "no memory for 64 response words");
	assert_int_equal(encoder.bits, 0);
	assert_ok(hxcomm_encoder_append(&encoder, pack_3.code, pack_3.high, pack_3.low));
	while (encoder.capacity - encoder.count >= 2)
		assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_OMNIBUS, 0, 7));
	torture_begin(0);
	status = hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_OMNIBUS, 0, 7);
	assert_true(torture_end());
	assert_int_equal(status, HXCOMM_ENOMEM);
	assert_int_equal(encoder.count, 63);
	torture_begin(0); /* the end of the last message has its room already */
	assert_ok(hxcomm_encoder_flush(&encoder));
	torture_end();
	assert_int_equal(encoder.words[63], 0x0007800000000000);
	hxcomm_encoder_deinit(&encoder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_response_has_the_words_of_the_specification),
		cmocka_unit_test(all_recorded_responses_have_the_recorded_words),
		cmocka_unit_test(what_is_encoded_is_read_back),
		cmocka_unit_test(many_at_once_are_packed_as_one_by_one),
		cmocka_unit_test(one_that_does_not_fit_keeps_all_out),
		cmocka_unit_test(pending_bits_survive_a_clear),
		cmocka_unit_test(what_does_not_fit_is_refused),
		cmocka_unit_test(exhausted_memory_leaves_the_encoder_as_it_was),
	};
	return cmocka_run_group_tests_name("hxcomm/encoder", tests, NULL, NULL);
}

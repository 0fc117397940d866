// SPDX-License-Identifier: MIT
/* From words to tables: single facts. decoder_streams_test.c has whole streams, recorded and
 * random; decode_kernels_test.c has all ways to decode, which must be one.
 *
 * Where the facts of spec/transport.md on the codec are tested (hxcomm/… but for this file):
 *
 * | fact | test |
 * |---|---|
 * | 1.2 a message to the FPGA is a word, its top byte the code | words every_instruction_has_… |
 * | 1.2, 1.4 codes and widths | words the_table_of_messages_is_the_recorded_dictionary |
 * | 1.3 a new message has payload 0; fields keep their bits | words arguments_never_leave_… |
 * | 1.4 MADC bits 15:14 and 13:11 are ignored | bits_without_a_meaning_are_ignored |
 * | 1.4, 1.6 codes 0x0d to 0x7f are errors | an_undefined_code_names_itself_and_its_word |
 * | 1.5 flush: a comma, zeros; with nothing pending nothing | encoder every_response_has_… |
 * | 1.5 pending bits stay from append to append | encoder pending_bits_survive_a_clear |
 * | 1.6 a frame's begin means nothing | decoder_streams random_streams_…, long_streams_… |
 * | 1.6 a cut at each byte of a message | a_message_may_be_cut_at_each_of_its_bytes |
 * | 1.6 a comma only where a message may begin | a_comma_is_seen_only_where_a_message_may_begin |
 * | 1.6 filler behind a comma is arbitrary | commas_at_every_byte_are_skipped |
 * | 1.6 words that begin with a comma are skipped whole | commas_between_messages_are_skipped |
 * | 1.6 after an error only a reset helps | an_undefined_code_names_itself_and_its_word |
 * | 1.6 at most 9 bytes are pending | at_most_two_words_are_kept |
 * | 1.6 a word of zeros is JTAG data 0 | a_word_of_zeros_is_a_message |
 * | 1.6 a lost word corrupts what follows, nothing else | a_lost_word_is_not_seen_here |
 * | 1.7 to the FPGA, each line | words every_instruction_has_the_word_of_the_specification |
 * | 1.7 from the FPGA, each line, there | encoder every_response_has_the_words_of_… |
 * | 1.7 from the FPGA, each line, back | decoder_streams the_worked_examples_are_decoded |
 * | 1.7 decoder corner cases 1 to 3 | a_comma_is_seen_only_where_a_message_may_begin |
 * | 1.7 decoder corner case 4 | an_undefined_code_names_itself_and_its_word |
 * | 2.7 t + 1 for each message, the message count before a systime | each_message_counts_one |
 * | 2.7 systime, sysdelta on top of its own cycle | a_time_increment_comes_on_top_of_… |
 * | 2.7 chip time, its lowest bit, laps, wrap | chip_time_is_the_latest_that_is_not_after_arrival |
 * | 2.7 the wrap in the middle of a block | decode_kernels clocks_wrap_at_every_message |
 * | 9 words of 1.7, corner cases | above |
 * | 9 random round trip with commas | decoder_streams random_…; encoder what_is_encoded_… |
 * | 9 event times at 0, at 128, at the wrap | chip_time_is_the_latest_that_is_not_after_arrival |
 * | 9 the rest of the list | the table of arq_test.c | */
#include "decoded.h"
#include "torture.h"

/* spec/transport.md 1.7, decoder corner cases */
static void a_comma_is_seen_only_where_a_message_may_begin(void **state)
{
	static const uint64_t skipped[] = { 0x8000000000000000, 0x0200000000000001,
		0xffffffffffffffff, 0x0200000000000000 };
	static const uint64_t filler[] = { 0x0c01111102222203, 0x33338fffffffffff,
		0x0200000000000000 };
	static const uint64_t data[] = { 0x0c01111102222203, 0x8000000000000000,
		0x0200000000000000 };
	(void)state;
	struct decoded d = decode(skipped, 4, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->loopback.count, 1);
	assert_int_equal(d.decoder.halts, 1);
	hxcomm_responses_free(d.out);

	d = decode(filler, 3, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->spikes.count, 3);
	assert_int_equal(d.out->spikes.label[2], 0x3333);
	assert_int_equal(d.decoder.halts, 1);
	hxcomm_responses_free(d.out);

	d = decode(data, 3, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->spikes.count, 3);
	assert_int_equal(d.out->spikes.label[2], 0x8000);
	assert_int_equal(d.decoder.halts, 0);
	assert_int_equal(d.out->jtag.count, 1);
	assert_int_equal(d.out->jtag.value[0], 0x200);
	hxcomm_responses_free(d.out);
}

static void commas_between_messages_are_skipped(void **state)
{
	struct test_random random = { .seed = 21 };
	uint64_t words[400];
	(void)state;
	FOR_ROWS(i, words) /* three of four are commas with filler, of any length */
		words[i] = i % 4 == 3 ? 0x0100000000000000 | i :
		                        UINT64_C(1) << 63 | test_random_next(&random);
	struct decoded d = decode(words, 400, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->omnibus.count, 100);
	for (size_t i = 0; i < 100; i++) {
		assert_int_equal(d.out->omnibus.value[i], 4 * i + 3);
		assert_int_equal(d.out->omnibus.time[i], i + 1); /* a comma is no message */
	}
	hxcomm_responses_free(d.out);
}

static void an_undefined_code_names_itself_and_its_word(void **state)
{
	static const uint64_t corner = 0x0d00000000000000;
	(void)state;
	struct decoded first = decode(&corner, 1, NULL);
	assert_error(first.status, HXCOMM_EPROTO, "word 0, byte 0: 0x0d is no message");
	hxcomm_responses_free(first.out);
	for (unsigned code = 0x0d; code < 0x80; code++) {
		const uint64_t words[] = { 0x0200000000000001, 0x0c01111102222203,
			0x3333000000000000 | (uint64_t)code << 40 };
		static const size_t by_one[] = { 1, 0 };
		char text[64];
		snprintf(text, sizeof(text), "word 2, byte 2: 0x%02x is no message", code);
		struct decoded d = decode(words, 3, code % 2 ? by_one : NULL);
		assert_error(d.status, HXCOMM_EPROTO, text);
		assert_int_equal(d.out->loopback.count, 1); /* what came before stays */
		assert_int_equal(d.out->spikes.count, 3);
		assert_error(hxcomm_decode(&d.decoder, words, 1, d.out), HXCOMM_EPROTO,
		        "decoding has failed before");
		assert_int_equal(d.out->loopback.count, 1);
		hxcomm_decoder_init(&d.decoder);
		assert_ok(hxcomm_decode(&d.decoder, words, 1, d.out));
		assert_int_equal(d.out->loopback.count, 2);
		hxcomm_responses_free(d.out);
	}
}

static void an_empty_piece_changes_nothing(void **state)
{
	(void)state;
	struct decoded d = decode(NULL, 0, NULL);
	assert_ok(hxcomm_decode(&d.decoder, NULL, 0, d.out));
	assert_int_equal(d.decoder.words, 0);
	hxcomm_responses_free(d.out);
}

/* A comma at every byte of a word, in every rest of it, does not disturb what follows. */
static void commas_at_every_byte_are_skipped(void **state)
{
	(void)state;
	for (unsigned packs = 0; packs < 4; packs++) {
		struct hxcomm_encoder encoder;
		hxcomm_encoder_init(&encoder);
		for (unsigned i = 0; i < packs; i++) /* 2, 4, 6 bytes are pending */
			assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SPIKE_3, 0, i));
		assert_ok(hxcomm_encoder_flush(&encoder));
		assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_LOOPBACK, 0, 1));
		struct decoded d = decode(encoder.words, encoder.count, NULL);
		assert_ok(d.status);
		assert_int_equal(d.out->spikes.count, 3 * packs);
		assert_int_equal(d.out->loopback.count, 1);
		assert_int_equal(d.out->loopback.time[0], packs + 1);
		hxcomm_responses_free(d.out);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* Each kind, begun at each place of a word, by 2, 4, 6 or 8 of its bytes: messages lie at even
 * bytes, for all are 8 or 10 long (spec/transport.md 1.2). */
static void a_message_may_be_cut_at_each_of_its_bytes(void **state)
{
	bool seen[HXCOMM_RESPONSES][10] = { { false } };
	struct test_random random = { .seed = 8 };
	(void)state;
	for (unsigned packs = 0; packs < 4; packs++) {
		for (int code = 0; code < HXCOMM_RESPONSES; code++) {
			struct hxcomm_encoder encoder;
			hxcomm_encoder_init(&encoder);
			for (unsigned i = 0; i < packs; i++)
				append_random(&encoder, &random, HXCOMM_RESPONSE_MADC_3);
			const size_t begin = 8 * encoder.count + encoder.bits / 8;
			append_random(&encoder, &random, (enum hxcomm_response)code);
			const size_t end = 8 * encoder.count + encoder.bits / 8;
			append_random(&encoder, &random, HXCOMM_RESPONSE_SPIKE_2);
			assert_ok(hxcomm_encoder_flush(&encoder));
			struct decoded whole = decode(encoder.words, encoder.count, NULL);
			for (size_t cut = begin / 8 + 1; 8 * cut < end; cut++) {
				const size_t pieces[] = { cut, encoder.count - cut, 0 };
				struct decoded d = decode(encoder.words, encoder.count, pieces);
				assert_ok(d.status);
				assert_same(whole.out, d.out);
				assert_int_equal(d.out->spikes.count, whole.out->spikes.count);
				hxcomm_responses_free(d.out);
				seen[code][8 * cut - begin] = true;
			}
			hxcomm_responses_free(whole.out);
			hxcomm_encoder_deinit(&encoder);
		}
	}
	for (int code = 0; code < HXCOMM_RESPONSES; code++) {
		const size_t width = HXCOMM__LONGER >> code & 1 ? 10 : 8;
		for (size_t bytes = 2; bytes < width; bytes += 2)
			assert_true(seen[code][bytes]);
	}
}

static void at_most_two_words_are_kept(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct test_random random = { .seed = 300 + seed };
		struct hxcomm_encoder encoder;
		struct hxcomm_responses *out;
		struct hxcomm_decoder decoder;
		random_stream(&encoder, &random, 100, &everything);
		assert_ok(hxcomm_responses_new(&out, 0));
		hxcomm_decoder_init(&decoder);
		for (size_t i = 0; i < encoder.count; i++) {
			assert_ok(hxcomm_decode(&decoder, &encoder.words[i], 1, out));
			assert_in_range(decoder.tail_count, 0, 2);
			if (decoder.tail_count)
				assert_in_range(8 * decoder.tail_count - decoder.offset, 1, 9);
		}
		assert_int_equal(decoder.words, encoder.count);
		hxcomm_responses_free(out);
		hxcomm_encoder_deinit(&encoder);
	}
}

static void a_word_of_zeros_is_a_message(void **state)
{
	static const uint64_t words[] = { 0, 0, 0x0200000000000001 };
	(void)state;
	struct decoded d = decode(words, 3, NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->jtag.count, 2);
	assert_int_equal(d.out->jtag.value[0] | d.out->jtag.value[1], 0);
	assert_int_equal(d.out->loopback.time[0], 3);
	hxcomm_responses_free(d.out);
}

/* Nothing in the stream tells: what is in order below (HostARQ) must be in order here. */
static void a_lost_word_is_not_seen_here(void **state)
{
	static const uint64_t words[] = { 0x0c01111102222203, 0x3333020000000000,
		0x0000010000000000, 0x0007800000000000 };
	const uint64_t lost[] = { words[0], words[2], words[3] };
	(void)state;
	struct decoded d = decode(words, 4, NULL);
	assert_ok(d.status);
	assert_int_equal(d.decoder.halts, 1);
	assert_int_equal(d.out->omnibus.value[0], 7);
	hxcomm_responses_free(d.out);
	d = decode(lost, 3, NULL);
	assert_ok(d.status); /* the halt is gone; a label and what follows are others */
	assert_int_equal(d.decoder.halts, 0);
	assert_int_equal(d.out->spikes.label[2], 0x0000);
	assert_int_equal(d.out->omnibus.value[0], 7);
	hxcomm_responses_free(d.out);
}

static void bits_without_a_meaning_are_ignored(void **state)
{
	/* above the 10 bits of a sample its channel, then 5 bits; the padding of each message */
	static const uint64_t words[] = { 0x07ffffffff80ffff, 0x08ff80f80080fbff,
		0x01ffffff00000005, 0x02fffffffffffffe, 0x03ffffffffffff10, 0x00fffffe00000001,
		0x05fff80000000400, 0x06ffffffffffff01, 0x0200000000000001 };
	(void)state;
	struct decoded d = decode(words, sizeof(words) / sizeof(*words), NULL);
	assert_ok(d.status);
	assert_int_equal(d.out->madc.count, 3);
	static const uint16_t values[] = { 0x3ff, 0, 0x3ff };
	static const uint8_t channels[] = { 1, 0, 0 };
	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(d.out->madc.value[i], values[i]);
		assert_int_equal(d.out->madc.channel[i], channels[i]);
	}
	assert_int_equal(d.out->omnibus.value[0], 5);
	assert_int_equal(d.decoder.halts, 1);
	assert_int_equal(d.out->links.value[0], 0x10);
	assert_int_equal(d.out->jtag.value[0], 1);
	assert_int_equal(d.out->loopback.time[0], 0x400 + 1 + 1 + 1);
	hxcomm_responses_free(d.out);
}

static void each_message_counts_one(void **state)
{
	struct test_random random = { .seed = 4 };
	const struct mix mix = { everything.kinds & ~(1u << HXCOMM_RESPONSE_SYSTIME |
	                                            1u << HXCOMM_RESPONSE_SYSDELTA), 5 };
	struct hxcomm_encoder encoder;
	(void)state;
	random_stream(&encoder, &random, 1000, &mix);
	struct decoded d = decode(encoder.words, encoder.count, NULL);
	assert_ok(d.status);
	assert_int_equal(d.decoder.time, 1000); /* a pack is one message, a comma none */
	hxcomm_responses_free(d.out);
	hxcomm_encoder_deinit(&encoder);
}

/* Closed forms of spec/transport.md 2.7. */
static void chip_time_is_the_latest_that_is_not_after_arrival(void **state)
{
	static const uint64_t top = UINT64_C(1) << 43;
	const struct {
		uint64_t systime; /* arrival is one later */
		uint64_t stamp, chip_time;
	} rows[] = {
		{ 0, 0, 0 },                         /* arrival at 1 */
		{ 0, 2, 2 }, { 0, 3, 3 },            /* within the cycle of arrival */
		{ 0, 4, (UINT64_C(1) << 44) - 252 }, /* later than arrival: one lap before time 0 */
		{ 127, 0, 256 },                     /* arrival at 128, a new lap of the stamp */
		{ 127, 255, 255 },                   /* 4 ns before it */
		{ 126, 255, 255 }, { 1000, 0xd2, 2002 }, { 1000, 0xd3, 2003 }, { 1000, 0xd4, 1748 },
		{ top - 1, 0, 0 },                      /* arrival wraps to 0 */
		{ top - 1, 255, (UINT64_C(1) << 44) - 1 },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		const uint64_t words[] = { 0x0500000000000000 | rows[i].systime,
			0x0a00000000001234 | rows[i].stamp << 16 };
		struct decoded d = decode(words, 2, NULL);
		assert_ok(d.status);
		assert_int_equal(d.out->spikes.count, 1);
		assert_int_equal(d.out->spikes.chip_time[0], rows[i].chip_time);
		assert_int_equal(d.out->spikes.fpga_time[0], (rows[i].systime + 1) % top);
		hxcomm_responses_free(d.out);
	}
}

static void a_time_increment_comes_on_top_of_its_own_message(void **state)
{
	static const uint64_t words[] = { 0x0500000000000064, 0x060000000000000a,
		0x0200000000000001 };
	(void)state;
	struct decoded d = decode(words, 3, NULL);
	assert_int_equal(d.out->loopback.time[0], 100 + 1 + 10 + 1);
	hxcomm_responses_free(d.out);
}

static void a_table_does_not_outgrow_its_limit(void **state)
{
	uint64_t words[5000];
	struct hxcomm_responses *out;
	struct hxcomm_decoder decoder;
	(void)state;
	for (size_t i = 0; i < 5000; i++)
		words[i] = 0x0100000000000000 | i;
	assert_ok(hxcomm_responses_new(&out, 4500));
	hxcomm_decoder_init(&decoder);
	assert_ok(hxcomm_decode(&decoder, words, 4500, out));
	hxcomm_responses_clear(out);
	hxcomm_decoder_init(&decoder);
	assert_error(hxcomm_decode(&decoder, words, 5000, out), HXCOMM_ERANGE,
	        "more than 4500 omnibus responses");
	assert_int_equal(out->omnibus.count, 4500);
	assert_int_equal(out->omnibus.value[4499], 4499);
	assert_error(hxcomm_decode(&decoder, words, 1, out), HXCOMM_ERANGE, "failed before");
	hxcomm_responses_free(out);
}

static void exhausted_memory_ends_decoding_with_an_error(void **state)
{
	static const uint64_t words[] = { 0x0200000000000001, 0x0c01111102222203,
		0x3333800000000000, 0x0200000000000000 };
	bool failed = true;
	size_t failures = 0;
	(void)state;
	for (long n = 0; failed; n++) {
		struct hxcomm_decoder decoder;
		struct hxcomm_responses *out;
		hxcomm_decoder_init(&decoder);
		torture_begin(n);
		int status = hxcomm_responses_new(&out, 0);
		if (status == HXCOMM_OK)
			status = hxcomm_decode(&decoder, words, 4, out);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		if (failed && out) {
			assert_non_null(strstr(hxcomm_error_message(), "no memory for"));
			assert_int_equal(out->loopback.count, 0);
		}
		failures += failed;
		hxcomm_responses_free(out);
	}
	assert_true(failures > 7); /* more than one for each table */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_comma_is_seen_only_where_a_message_may_begin),
		cmocka_unit_test(commas_between_messages_are_skipped),
		cmocka_unit_test(an_undefined_code_names_itself_and_its_word),
		cmocka_unit_test(an_empty_piece_changes_nothing),
		cmocka_unit_test(commas_at_every_byte_are_skipped),
		cmocka_unit_test(a_message_may_be_cut_at_each_of_its_bytes),
		cmocka_unit_test(at_most_two_words_are_kept),
		cmocka_unit_test(a_word_of_zeros_is_a_message),
		cmocka_unit_test(a_lost_word_is_not_seen_here),
		cmocka_unit_test(bits_without_a_meaning_are_ignored),
		cmocka_unit_test(each_message_counts_one),
		cmocka_unit_test(chip_time_is_the_latest_that_is_not_after_arrival),
		cmocka_unit_test(a_time_increment_comes_on_top_of_its_own_message),
		cmocka_unit_test(a_table_does_not_outgrow_its_limit),
		cmocka_unit_test(exhausted_memory_ends_decoding_with_an_error),
	};
	return cmocka_run_group_tests_name("hxcomm/decoder", tests, NULL, NULL);
}

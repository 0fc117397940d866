// SPDX-License-Identifier: MIT
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "random.h"
#include "torture.h"

#include <stdlib.h>

static const uint64_t halt = UINT64_C(0x0200000000000000), tick = UINT64_C(0x0200000000000001);

/* ---- a provider that remembers what it was asked, and answers as told ------------------------ */

static struct {
	int open, runs, status;
	size_t words, answer_count;
	const uint64_t *answer;
	struct hxcomm_open_options options;
} seen;

static int fake_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	static const char *const keys[] = { "speed" };
	if (!strcmp(uri->rest, "absent"))
		return hxcomm_error_set(HXCOMM_ETIMEDOUT, "no answer in 10 s");
	const int status = hxcomm_uri_check_keys(uri, keys, 1);
	if (status != HXCOMM_OK)
		return status;
	*state = &seen;
	seen.open++;
	seen.options = *options;
	return HXCOMM_OK;
}

static int fake_run(void *state, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count;
	(void)state;
	seen.runs++;
	seen.words = 0;
	while (hxcomm_job_take(job, &words, &count) == HXCOMM_OK && count)
		seen.words += count;
	for (size_t i = 0; i < seen.answer_count; i++) {
		const int status = hxcomm_job_deliver(job, seen.answer + i, 1);
		if (status != HXCOMM_OK)
			return seen.status == 1 ? HXCOMM_OK
			                        : status; /* 1: a provider that forgets */
	}
	return seen.status == 1 ? HXCOMM_OK : seen.status;
}

static const char *fake_identifier(void *state)
{
	(void)state;
	return "fake-1";
}

static void fake_close(void *state)
{
	(void)state;
	seen.open--;
}

static const struct hxcomm_provider fake = { HXCOMM_PROVIDER_ABI, sizeof(fake), "fake", "for tests",
	fake_open, fake_run, fake_identifier, fake_close, NULL };

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&fake);
}

static int forget(void **state)
{
	(void)state;
	memset(&seen, 0, sizeof(seen));
	seen.answer = &halt;
	seen.answer_count = 1;
	return 0;
}

/* ---- opening -------------------------------------------------------------------------------- */

static void a_wrong_uri_says_what_to_write(void **state)
{
	static const struct {
		const char *uri;
		int code;
		const char *hint;
	} rows[] = {
		{ "192.168.66.1", HXCOMM_EINVAL, "scheme:rest" },
		{ "ethernet:1", HXCOMM_ENOENT,
		        "no provider 'ethernet'; there are: arq, fake, loopback, mock" },
		{ "fake:absent", HXCOMM_ETIMEDOUT, "opening 'fake:absent': no answer in 10 s" },
		{ "fake:?sped=1", HXCOMM_EINVAL, "knows no key 'sped'; known are: speed" },
		{ "mock:?a=1", HXCOMM_EINVAL, "opening 'mock:?a=1': 'mock:' knows no key 'a'" },
		{ "loopback:?a=1", HXCOMM_EINVAL, "'loopback:' knows no key 'a'; it has no keys" },
		{ "loopback:there", HXCOMM_EINVAL, "takes nothing behind the colon, not 'there'" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *c = (void *)1;
		assert_error(hxcomm_open(&c, rows[i].uri, NULL), rows[i].code, rows[i].hint);
		assert_null(c);
	}
	assert_int_equal(seen.open, 0);
}

static void without_a_uri_the_environment_decides(void **state)
{
	struct hxcomm_connection *c;
	(void)state;
	setenv("HXCOMM_CONNECTION", "fake:", 1);
	assert_ok(hxcomm_open(&c, NULL, NULL));
	assert_string_equal(hxcomm_identifier(c), "fake-1");
	hxcomm_close(c);
	setenv("HXCOMM_CONNECTION", "", 1);
	assert_error(hxcomm_open(&c, NULL, NULL), HXCOMM_ENOENT, "'emulator'");
	unsetenv("HXCOMM_CONNECTION");
	assert_error(hxcomm_open(&c, NULL, NULL), HXCOMM_ENOENT, "'emulator'");
}

static void options_reach_the_provider_complete(void **state)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *c;
	(void)state;
	assert_ok(hxcomm_open(&c, "fake:", NULL));
	hxcomm_close(c);
	assert_near(seen.options.timeout_s, 10, 0, 0);
	assert_int_equal(seen.options.run_words, 4194304);
	assert_int_equal(seen.options.chip_serial, 0);
	options.timeout_s = 0.5;
	options.run_words = 7;
	options.chip_serial = 999;
	assert_ok(hxcomm_open(&c, "fake:", &options));
	hxcomm_close(c);
	assert_near(seen.options.timeout_s, 0.5, 0, 0);
	assert_int_equal(seen.options.run_words, 7);
	assert_int_equal(seen.options.chip_serial, 999);
}

static void options_out_of_range_are_refused(void **state)
{
	enum { SIZE = sizeof(struct hxcomm_open_options) };
	static const struct {
		struct hxcomm_open_options options;
		const char *uri, *hint;
		int code;
	} rows[] = {
		{ { SIZE, -1, 0, 0, 0 }, "fake:", "timeout_s is -1 s", HXCOMM_ERANGE },
		{ { SIZE, 1e-4, 0, 0, 0 }, "fake:", "0.001 s to 3600 s", HXCOMM_ERANGE },
		{ { SIZE, 3601, 0, 0, 0 }, "fake:", "timeout_s is 3601 s", HXCOMM_ERANGE },
		{ { SIZE, NAN, 0, 0, 0 }, "fake:", "timeout_s is", HXCOMM_ERANGE },
		{ { SIZE, 0, 0, 0, 1023 }, "fake:",
		        "queue_words is 1023, allowed are 1024 to 268435456", HXCOMM_ERANGE },
		{ { SIZE, 0, 0, 0, (1u << 28) + 1 }, "fake:", "queue_words is 268435457",
		        HXCOMM_ERANGE },
		{ { SIZE, 0, 0, 1000, 0 }, "fake:", "chip_serial is 1000, at most 999",
		        HXCOMM_ERANGE },
		{ { 0, 0, 0, 0, 0 }, "fake:", "start from HXCOMM_OPEN_OPTIONS_INIT",
		        HXCOMM_EINVAL },
		{ { 5000, 0, 0, 0, 0 }, "fake:", "start from HXCOMM_OPEN_OPTIONS_INIT",
		        HXCOMM_EINVAL },
		{ { SIZE, 0, 0, 3, 0 }, "loopback:", "chip_serial is 3, but 'loopback:' is no chip",
		        HXCOMM_ENOTSUP },
		{ { SIZE, 0, 0, 3, 0 }, "mock:", "is no chip", HXCOMM_ENOTSUP },
		{ HXCOMM_OPEN_OPTIONS_INIT, "fake:?timeout=0",
		        "timeout=0, allowed are 0.001 to 3600", HXCOMM_ERANGE },
		{ HXCOMM_OPEN_OPTIONS_INIT, "mock:?timeout=x", "timeout=x is no number",
		        HXCOMM_EINVAL },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *c = (void *)1;
		assert_error(
		        hxcomm_open(&c, rows[i].uri, &rows[i].options), rows[i].code, rows[i].hint);
		assert_null(c);
	}
	assert_int_equal(seen.open, 0);
}

static void options_of_another_age_are_understood(void **state)
{
	struct {
		struct hxcomm_open_options known;
		uint64_t later;
	} newer = { HXCOMM_OPEN_OPTIONS_INIT, 0 };
	struct hxcomm_connection *c;
	(void)state;
	newer.known.size = sizeof(newer);
	assert_ok(hxcomm_open(&c, "fake:", &newer.known));
	hxcomm_close(c);
	newer.later = 1;
	assert_error(hxcomm_open(&c, "fake:", &newer.known), HXCOMM_EINVAL,
	        "the option at byte 32 is newer than this library");
	struct hxcomm_open_options older = { .size = offsetof(
		                                     struct hxcomm_open_options, run_words),
		.timeout_s = 1,
		.run_words = 1 };
	assert_ok(hxcomm_open(&c, "fake:", &older));
	hxcomm_close(c);
	assert_int_equal(seen.options.run_words, 4194304);
}

static void each_allocation_of_opening_may_fail(void **state)
{
	static const char *const uris[] = { "fake:", "loopback:", "mock:" };
	(void)state;
	FOR_ROWS(i, uris) {
		bool failed = true;
		long n = 0;
		for (; failed; n++) {
			struct hxcomm_connection *c = (void *)1;
			torture_begin(n);
			const int status = hxcomm_open(&c, uris[i], NULL);
			failed = torture_end();
			assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
			if (failed)
				assert_null(c);
			hxcomm_close(c);
		}
		assert_true(n > 2);
	}
	assert_int_equal(seen.open, 0);
}

/* ---- running -------------------------------------------------------------------------------- */

static void a_program_that_is_too_long_never_reaches_the_chip(void **state)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	options.run_words = 2;
	struct hxcomm_connection *c;
	uint64_t words[3] = { 0 };
	(void)state;
	assert_ok(hxcomm_open(&c, "fake:", &options));
	assert_ok(hxcomm_run(c, words, 2, NULL));
	assert_error(hxcomm_run(c, words, 3, NULL), HXCOMM_ERANGE,
	        "program of 3 words, this connection takes 2");
	assert_int_equal(seen.runs, 1);
	assert_int_equal(seen.words, 2);
	hxcomm_close(c);
	assert_int_equal(seen.open, 0);
	hxcomm_close(NULL);
}

static void words_that_are_no_program_never_reach_the_chip(void **state)
{
	const struct {
		uint64_t word;
		const char *hint;
	} rows[] = {
		{ HXCOMM_WORD_HALT, "word 1, 0x0a00000000000000, is a halt" },
		{ HXCOMM_WORD_HALT | 2, "is a halt" },
		{ 0x1000000000000000, "word 1, 0x1000000000000000, is no instruction" },
		{ 0x8000000000000000, "is no instruction" },
	};
	struct hxcomm_connection *c;
	(void)state;
	assert_ok(hxcomm_open(&c, "fake:", NULL));
	FOR_ROWS(i, rows) {
		const uint64_t words[] = { 0, rows[i].word, 0 };
		uint64_t *out;
		size_t count;
		assert_error(hxcomm_run(c, words, 3, NULL), HXCOMM_EINVAL, rows[i].hint);
		assert_error(
		        hxcomm_run_words(c, words, 3, &out, &count), HXCOMM_EINVAL, rows[i].hint);
		assert_null(out);
	}
	assert_int_equal(seen.runs, 0);
	assert_ok(hxcomm_run(c, NULL, 0, NULL));
	hxcomm_close(c);
}

static void responses_are_appended_without_the_halt(void **state)
{
	const uint64_t answer[] = { 0x010000000000002a, tick, halt };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	uint64_t *words;
	size_t count;
	(void)state;
	seen.answer = answer;
	seen.answer_count = 3;
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm_open(&c, "fake:", NULL));
	for (size_t run = 1; run < 4; run++) {
		assert_ok(hxcomm_run(c, NULL, 0, r));
		assert_int_equal(r->omnibus.count, run);
		assert_int_equal(r->loopback.count, run);
		assert_int_equal(r->omnibus.value[run - 1], 42);
		assert_int_equal(r->omnibus.time[run - 1], 1); /* the count begins anew */
	}
	assert_ok(hxcomm_run_words(c, NULL, 0, &words, &count));
	assert_int_equal(count, 3);
	assert_memory_equal(words, answer, sizeof(answer));
	free(words);
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

static void a_run_that_fails_in_the_middle_leaves_the_responses_alone(void **state)
{
	static const uint64_t good = 0x010000000000002a, bad = 0x0d00000000000000;
	const struct {
		uint64_t answer[3];
		size_t count, limit;
		int provider_status, code;
		const char *hint;
	} rows[] = {
		{ { good, tick }, 2, 0, 0, HXCOMM_EPROTO, "has no halt" },
		{ { 0 }, 0, 0, 0, HXCOMM_EPROTO, "a program of 1 words has no halt" },
		{ { good, bad, halt }, 3, 0, 0, HXCOMM_EPROTO,
		        "word 3, byte 0: 0x0d is no message" },
		{ { good, bad, halt }, 3, 0, 1, HXCOMM_EPROTO, "0x0d is no message" },
		{ { good, good, halt }, 3, 2, 0, HXCOMM_ERANGE, "more than 2 omnibus responses" },
		{ { good, halt }, 2, 0, HXCOMM_ELINK, HXCOMM_ELINK, "cable" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		const uint64_t first[] = { good, halt };
		struct hxcomm_connection *c;
		struct hxcomm_responses *r;
		const uint64_t word = 0;
		assert_ok(hxcomm_responses_new(&r, rows[i].limit));
		assert_ok(hxcomm_open(&c, "fake:", NULL));
		seen.status = 0;
		seen.answer = first;
		seen.answer_count = 2;
		assert_ok(hxcomm_run(c, &word, 1, r));
		assert_int_equal(r->omnibus.count, 1);
		seen.status = rows[i].provider_status;
		seen.answer = rows[i].answer;
		seen.answer_count = rows[i].count;
		hxcomm_error_set(HXCOMM_ELINK, "the cable is out");
		assert_error(hxcomm_run(c, &word, 1, r), rows[i].code, rows[i].hint);
		assert_int_equal(r->omnibus.count, 1);
		assert_int_equal(r->loopback.count, 0);
		if (rows[i].code == HXCOMM_ERANGE) { /* only the tables are full */
			seen.answer = &halt;
			seen.answer_count = 1;
			assert_ok(hxcomm_run(c, &word, 1, r));
		} else {
			assert_error(hxcomm_run(c, &word, 1, r), HXCOMM_ESTATE,
			        "an earlier run failed");
			assert_error(hxcomm_reset(c), HXCOMM_ENOTSUP, "'fake:' cannot be reset");
		}
		hxcomm_close(c);
		hxcomm_responses_free(r);
	}
}

static void each_allocation_of_a_run_may_fail(void **state)
{
	const uint64_t words[] = { hxcomm_word_omnibus_address(1, 15, false),
		hxcomm_word_omnibus_data(9), hxcomm_word_omnibus_address(1, 15, true),
		hxcomm_word_loopback(true) };
	bool failed = true;
	long n = 0;
	(void)state;
	for (; failed; n++) {
		struct hxcomm_connection *c;
		uint64_t *out;
		size_t count;
		assert_ok(hxcomm_open(&c, "loopback:", NULL));
		torture_begin(n);
		const int status = hxcomm_run_words(c, words, 4, &out, &count);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_true(failed == !out);
		free(out);
		hxcomm_close(c);
	}
	assert_true(n > 5);
}

/* ---- the providers that are built in --------------------------------------------------------- */

static void the_mock_answers_zero(void **state)
{
	const uint64_t words[] = { hxcomm_word_omnibus_address(7, 15, true),
		hxcomm_word_jtag_data(1, 33, true), hxcomm_word_jtag_data(1, 33, false),
		hxcomm_word_spike_pack_1(1), hxcomm_word_loopback(true),
		hxcomm_word_omnibus_address(7, 15, false), hxcomm_word_omnibus_data(9),
		hxcomm_word_omnibus_address(7, 15, true) };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_open(&c, "mock:", NULL));
	assert_string_equal(hxcomm_identifier(c), "mock");
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm_run(c, words, 8, r));
	assert_int_equal(r->omnibus.count, 2);
	assert_int_equal(r->omnibus.value[0], 0);
	assert_int_equal(r->omnibus.value[1], 0);
	assert_int_equal(r->jtag.count, 1);
	assert_int_equal(r->jtag.value[0], 0);
	assert_int_equal(r->loopback.count, 1);
	assert_int_equal(r->spikes.count, 0);
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

static void the_mock_answers_long_programs(void **state)
{
	enum { COUNT = 100000 };
	uint64_t *words = malloc(COUNT * sizeof(*words));
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_non_null(words);
	for (size_t i = 0; i < COUNT; i++)
		words[i] = hxcomm_word_loopback(true);
	assert_ok(hxcomm_open(&c, "mock:", NULL));
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm_run(c, words, COUNT, r));
	assert_int_equal(r->loopback.count, COUNT);
	for (size_t i = 0; i < COUNT; i++)
		assert_int_equal(r->loopback.time[i], i + 1);
	hxcomm_close(c);
	hxcomm_responses_free(r);
	free(words);
}

static void the_loopback_returns_spikes_with_their_time(void **state)
{
	const uint64_t words[] = { hxcomm_word_timer_setup(), hxcomm_word_wait_until(100),
		hxcomm_word_spike_pack_1(0x1111), hxcomm_word_wait_until(1000000),
		hxcomm_word_spike_pack_2(0x2222, 0x3333), hxcomm_word_wait_until(1000050),
		hxcomm_word_spike_pack_3(0x4444, 0x5555, 0x6666) };
	static const uint64_t cycles[] = { 100, 1000000, 1000000, 1000050, 1000050, 1000050 };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_open(&c, "loopback:", NULL));
	assert_string_equal(hxcomm_identifier(c), "loopback");
	assert_ok(hxcomm_responses_new(&r, 0));
	for (int run = 0; run < 2; run++) { /* the clock goes on between runs */
		hxcomm_responses_clear(r);
		assert_ok(hxcomm_run(c, words, 7, r));
		assert_int_equal(r->spikes.count, 6);
		for (size_t i = 0; i < 6; i++) {
			assert_int_equal(r->spikes.label[i], 0x1111 * (i + 1));
			assert_int_equal(r->spikes.chip_time[i] - r->spikes.chip_time[0],
			        2 * (cycles[i] - cycles[0]));
			assert_int_equal(r->spikes.fpga_time[i], r->spikes.chip_time[i] / 2);
		}
	}
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

static void the_loopback_keeps_registers_by_bytes(void **state)
{
	struct test_random random = { .seed = 11 };
	uint32_t memory[16] = { 0 };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_open(&c, "loopback:", NULL));
	assert_ok(hxcomm_responses_new(&r, 0));
	for (int i = 0; i < 500; i++) {
		const uint32_t cell = (uint32_t)test_random_below(&random, 16);
		const uint32_t lanes = (uint32_t)test_random_below(&random, 16);
		const uint32_t value = (uint32_t)test_random_next(&random);
		const uint32_t address = cell % 2 ? 0x80000000 + cell : cell << 20;
		for (unsigned b = 0; b < 4; b++)
			if (lanes >> b & 1)
				memory[cell] =
				        (memory[cell] & ~(255u << 8 * b)) | (value & 255u << 8 * b);
		const uint64_t words[] = { hxcomm_word_omnibus_address(address, lanes, false),
			hxcomm_word_omnibus_data(value),
			hxcomm_word_omnibus_address(address, 15, true) };
		hxcomm_responses_clear(r);
		assert_ok(hxcomm_run(c, words, 3, r));
		assert_int_equal(r->omnibus.count, 1);
		assert_int_equal(r->omnibus.value[0], memory[cell]);
	}
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

static void the_loopback_shifts_jtag_data_by_the_bypass(void **state)
{
	const uint64_t words[] = { hxcomm_word_jtag_instruction(127),
		hxcomm_word_jtag_data(0x1deadbeef, 33, true), hxcomm_word_jtag_data(5, 3, true),
		hxcomm_word_jtag_data(5, 8, false) };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_open(&c, "loopback:", NULL));
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm_run(c, words, 4, r));
	assert_int_equal(r->jtag.count, 2);
	assert_int_equal(r->jtag.value[0], 0x1bd5b7dde); /* one bit to the left, of 33 */
	assert_int_equal(r->jtag.value[1], 2);
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

static void the_loopback_times_out_where_a_poll_never_ends(void **state)
{
	const uint64_t words[] = { hxcomm_word_omnibus_address(0x88000006, 15, false),
		hxcomm_word_omnibus_data(0x1234),
		hxcomm_word_omnibus_address(0x88000007, 15, false), hxcomm_word_omnibus_data(3),
		hxcomm_word_omnibus_address(0x88000008, 15, false), hxcomm_word_omnibus_data(0xff),
		hxcomm_word_omnibus_address(0x1234, 15, false), hxcomm_word_omnibus_data(0x103),
		hxcomm_word_polling_block(true), hxcomm_word_polling_block(false),
		hxcomm_word_loopback(true) };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_open(&c, "loopback:", NULL));
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm_run(c, words, 11, r));
	assert_int_equal(r->timeouts.count, 1);
	assert_int_equal(r->timeouts.instruction[0], 9);
	assert_int_equal(r->loopback.count, 1);
	assert_true(r->loopback.time[0] > 1250000); /* the default limit of 10 ms has passed */
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

static void the_loopback_tells_its_timer(void **state)
{
	const uint64_t words[] = { hxcomm_word_timer_setup(), hxcomm_word_wait_until(5000),
		hxcomm_word_omnibus_address(0x8800000c, 15, true), hxcomm_word_systime_init(true),
		hxcomm_word_loopback(true) };
	struct hxcomm_connection *c;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(hxcomm_open(&c, "loopback:", NULL));
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(hxcomm_run(c, words, 5, r));
	assert_int_equal(r->omnibus.value[0], 5001);
	assert_int_equal(r->loopback.time[0], r->omnibus.time[0] + 2);
	hxcomm_close(c);
	hxcomm_responses_free(r);
}

#define TEST(name) cmocka_unit_test_setup(name, forget)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_wrong_uri_says_what_to_write),
		TEST(without_a_uri_the_environment_decides),
		TEST(options_reach_the_provider_complete),
		TEST(options_out_of_range_are_refused),
		TEST(options_of_another_age_are_understood),
		TEST(each_allocation_of_opening_may_fail),
		TEST(a_program_that_is_too_long_never_reaches_the_chip),
		TEST(words_that_are_no_program_never_reach_the_chip),
		TEST(responses_are_appended_without_the_halt),
		TEST(a_run_that_fails_in_the_middle_leaves_the_responses_alone),
		TEST(each_allocation_of_a_run_may_fail),
		TEST(the_mock_answers_zero),
		TEST(the_mock_answers_long_programs),
		TEST(the_loopback_returns_spikes_with_their_time),
		TEST(the_loopback_keeps_registers_by_bytes),
		TEST(the_loopback_shifts_jtag_data_by_the_bypass),
		TEST(the_loopback_times_out_where_a_poll_never_ends),
		TEST(the_loopback_tells_its_timer),
	};
	return cmocka_run_group_tests_name("hxcomm/connection", tests, setup, NULL);
}

// SPDX-License-Identifier: MIT
/* Programs that fail, in process and over HostARQ: what is told, what holds afterwards, and what
 * becomes of others. */
#include "arq_served.h"
#include "gate.h"

#include <hxcomm/job.h>

#include <stdlib.h>
#include <time.h>

/* ---- jobs that fail ------------------------------------------------------------------------- */

static void after_a_deadline_the_chip_is_reset_and_works(void **state)
{
	const uint64_t word = AT_GATE, tick = hxcomm_word_loopback(true);
	struct hxcomm_run_options options = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_connection *c = open_ok("gate:");
	struct hxcomm_times total = HXCOMM_TIMES_INIT;
	(void)state;
	gate.closed = true;
	gate.resets = 0;
	options.timeout_s = 0.02;
	assert_error(hxcomm_run_with(c, &word, 1, NULL, &options), HXCOMM_ETIMEDOUT,
	        "a program of 1 words has not ended after 0.02 s");
	assert_int_equal(gate.resets, 1);
	assert_ok(hxcomm_run(c, &tick, 1, NULL));
	assert_ok(hxcomm_times_read(&total, NULL, c));
	assert_int_equal(total.runs, 2);
	assert_int_equal(total.failed, 1);
	/* where the reset fails, too, there is no other run until one works */
	gate.reset_status = HXCOMM_EIO;
	assert_error(hxcomm_run_with(c, &word, 1, NULL, &options), HXCOMM_ETIMEDOUT,
	        "after 0.02 s");
	assert_error(hxcomm_run(c, &tick, 1, NULL), HXCOMM_ESTATE,
	        "an earlier run failed in the middle");
	assert_error(hxcomm_reset(c), HXCOMM_EIO, "no reset today");
	assert_error(hxcomm_run(c, &tick, 1, NULL), HXCOMM_ESTATE,
	        "an earlier run failed in the middle");
	gate.reset_status = 0;
	assert_ok(hxcomm_reset(c));
	assert_ok(hxcomm_run(c, &tick, 1, NULL));
	gate.closed = false;
	hxcomm_close(c);
}

static void each_failure_has_its_code_and_its_consequence(void **state)
{
	static const struct {
		const char *uri, *hint;
		int code;
	} rows[] = {
		{ "gate:lost", "the cable is out", HXCOMM_ELINK },
		{ "gate:noise", "0x7f is no message", HXCOMM_EPROTO },
	};
	const uint64_t word = AT_GATE, tick = hxcomm_word_loopback(true);
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *c = open_ok(rows[i].uri);
		struct hxcomm_responses *out = new_responses();
		gate.resets = 0;
		assert_error(hxcomm_run(c, &word, 1, out), rows[i].code, rows[i].hint);
		assert_int_equal(gate.resets, 0);
		assert_error(hxcomm_run(c, &tick, 1, out), HXCOMM_ESTATE,
		        "hxcomm_reset() the connection");
		assert_int_equal(out->loopback.count, 0);
		assert_ok(hxcomm_reset(c));
		assert_ok(hxcomm_run(c, &tick, 1, out));
		assert_int_equal(out->loopback.count, 1);
		hxcomm_responses_free(out);
		hxcomm_close(c);
	}
}

static void those_behind_a_failed_one_are_given_up(void **state)
{
	const uint64_t word = AT_GATE, tick = hxcomm_word_loopback(true);
	struct hxcomm_run_options options = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_connection *c = open_ok("gate:");
	struct hxcomm_responses *out[4];
	struct hxcomm_job *jobs[4], *refused = (void *)1;
	(void)state;
	for (int i = 0; i < 4; i++)
		out[i] = new_responses();
	gate.closed = true;
	options.timeout_s = 0.05;
	assert_ok(hxcomm_submit(&jobs[0], c, &tick, 1, out[0], NULL));
	assert_ok(hxcomm_submit(&jobs[1], c, &word, 1, out[1], &options));
	assert_ok(hxcomm_submit(&jobs[2], c, &tick, 1, out[2], NULL));
	assert_ok(hxcomm_begin(&jobs[3], c, out[3], NULL));
	assert_ok(hxcomm_wait(jobs[0], NULL));
	assert_int_equal(out[0]->loopback.count, 1);
	while (hxcomm_append(jobs[3], &tick, 1) == HXCOMM_OK) /* until it is given up */
		nanosleep(&(struct timespec){ 0, 1000000 }, NULL);
	assert_error(hxcomm_append(jobs[3], &tick, 1), HXCOMM_ESTATE, "one before it failed");
	assert_error(hxcomm_submit(&refused, c, &tick, 1, NULL, NULL), HXCOMM_ESTATE,
	        "wait for it first");
	assert_null(refused);
	assert_error(hxcomm_run(c, &tick, 1, NULL), HXCOMM_ESTATE, "wait for it first");
	assert_error(hxcomm_reset(c), HXCOMM_ESTATE, "programs are under way");
	assert_error(hxcomm_wait(jobs[2], NULL), HXCOMM_ESTATE, "the program was not run");
	assert_error(hxcomm_wait(jobs[3], NULL), HXCOMM_ESTATE, "one before it failed");
	assert_error(hxcomm_wait(jobs[1], NULL), HXCOMM_ETIMEDOUT, "has not ended after 0.05 s");
	for (int i = 1; i < 4; i++)
		assert_int_equal(out[i]->loopback.count, 0);
	assert_ok(hxcomm_run(c, &tick, 1, out[1])); /* the chip was reset */
	assert_int_equal(out[1]->loopback.count, 1);
	gate.closed = false;
	hxcomm_close(c);
	for (int i = 0; i < 4; i++)
		hxcomm_responses_free(out[i]);
}

static int dislike(struct hxcomm_responses *responses, void *user)
{
	(void)responses, (void)user;
	return hxcomm_error_set(HXCOMM_EINVAL, "not to my taste");
}

static void one_whose_responses_do_not_fit_fails_alone(void **state)
{
	struct hxcomm_run_options options = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_connection *c = open_ok("loopback:");
	struct hxcomm_responses *small, *out = new_responses();
	struct hxcomm_job *jobs[3];
	uint64_t *words = new_ticks(20000);
	(void)state;
	assert_ok(hxcomm_responses_new(&small, 100));
	options.visit = dislike;
	assert_ok(hxcomm_submit(&jobs[0], c, words, 20000, small, NULL));
	assert_ok(hxcomm_submit(&jobs[1], c, words, 20000, NULL, &options));
	assert_ok(hxcomm_submit(&jobs[2], c, words, 20000, out, NULL));
	assert_error(hxcomm_wait(jobs[0], NULL), HXCOMM_ERANGE, "more than 100 loopback responses");
	assert_error(hxcomm_wait(jobs[1], NULL), HXCOMM_EINVAL, "not to my taste");
	assert_ok(hxcomm_wait(jobs[2], NULL));
	assert_int_equal(small->loopback.count, 0);
	assert_int_equal(out->loopback.count, 20000);
	hxcomm_responses_free(small);
	hxcomm_responses_free(out);
	hxcomm_close(c);
	free(words);
}

static void words_that_are_wrong_are_refused_and_the_job_lives_on(void **state)
{
	const uint64_t wrong[] = { 0, HXCOMM_WORD_HALT }, tick = hxcomm_word_loopback(true);
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_run_options run = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_times times = { 0 };
	struct hxcomm_connection *c;
	struct hxcomm_job *job;
	uint64_t *words = new_ticks(11);
	(void)state;
	options.run_words = 10;
	assert_ok(hxcomm_open(&c, "loopback:", &options));
	assert_ok(hxcomm_begin(&job, c, NULL, NULL));
	assert_ok(hxcomm_append(job, &tick, 1));
	assert_error(hxcomm_append(job, wrong, 2), HXCOMM_EINVAL,
	        "word 2, 0x0a00000000000000, is a halt");
	assert_error(hxcomm_append(job, words, 10), HXCOMM_ERANGE,
	        "program of 1 words and 10 more, this connection takes 10");
	assert_ok(hxcomm_append(job, words, 9));
	assert_error(hxcomm_wait(job, &times), HXCOMM_EINVAL, "HXCOMM_TIMES_INIT");
	assert_error(hxcomm_times_read(&times, NULL, c), HXCOMM_EINVAL, "HXCOMM_TIMES_INIT");
	assert_ok(hxcomm_wait(job, NULL));
	assert_ok(hxcomm_wait(NULL, NULL));
	assert_error(hxcomm_submit(&job, c, words, 11, NULL, NULL), HXCOMM_ERANGE,
	        "program of 11 words");
	run.timeout_s = -1;
	assert_error(hxcomm_submit(&job, c, words, 1, NULL, &run), HXCOMM_ERANGE,
	        "timeout_s is -1 s");
	run.size = 1;
	assert_error(hxcomm_run_with(c, words, 1, NULL, &run), HXCOMM_EINVAL,
	        "HXCOMM_RUN_OPTIONS_INIT");
	hxcomm_close(c);
	free(words);
}

static void a_program_that_is_not_completed_is_given_up_in_time(void **state)
{
	const uint64_t tick = hxcomm_word_loopback(true);
	struct hxcomm_run_options options = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_connection *c = open_ok("loopback:");
	struct hxcomm_job *job;
	(void)state;
	options.timeout_s = 0.02;
	assert_ok(hxcomm_begin(&job, c, NULL, &options));
	while (hxcomm_append(job, &tick, 1) == HXCOMM_OK)
		nanosleep(&(struct timespec){ 0, 30000000 }, NULL);
	assert_error(hxcomm_wait(job, NULL), HXCOMM_ETIMEDOUT, "was not completed within 0.02 s");
	hxcomm_close(c);
}

static void closing_gives_up_what_is_under_way(void **state)
{
	const uint64_t word = AT_GATE;
	struct hxcomm_job *jobs[3];
	(void)state;
	gate.closed = true;
	struct hxcomm_connection *c = open_ok("gate:");
	assert_ok(hxcomm_submit(&jobs[0], c, &word, 1, NULL, NULL));
	assert_ok(hxcomm_submit(&jobs[1], c, &word, 1, NULL, NULL));
	assert_ok(hxcomm_begin(&jobs[2], c, NULL, NULL));
	assert_ok(hxcomm_append(jobs[2], &word, 1));
	wait_until_waiting(1);
	hxcomm_close(c);
	assert_int_equal(gate.waiting, 0);
	assert_int_equal(gate.open, 0);
	gate.closed = false;
}

/* The deadline holds while the emulated chip computes, and the next program finds a new chip. */
static void a_long_program_of_the_emulator_ends_at_its_deadline(void **state)
{
	enum { WORDS = 2000000 };
	struct hxcomm_run_options options = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_responses *out = new_responses();
	const uint64_t read[] = { hxcomm_word_omnibus_address(0x88000007, 15, true),
		hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS) };
	(void)state;
	if (!has_emulator())
		skip();
	uint64_t *words = malloc(WORDS * sizeof(*words));
	assert_non_null(words);
	for (size_t i = 0; i < WORDS; i += 2) {
		words[i] = hxcomm_word_omnibus_address(0x88000007, 15, false);
		words[i + 1] = hxcomm_word_omnibus_data(7);
	}
	options.timeout_s = 0.001;
	struct hxcomm_connection *c = open_ok("emulator:");
	assert_error(hxcomm_run_with(c, words, WORDS, out, &options), HXCOMM_ETIMEDOUT,
	        "after 0.001 s");
	assert_ok(hxcomm_run(c, read, 2, out));
	assert_int_equal(out->omnibus.count, 1);
	assert_int_equal(out->omnibus.value[0], 0); /* as after power-up */
	hxcomm_close(c);
	hxcomm_responses_free(out);
	free(words);
}

/* ---- several chips -------------------------------------------------------------------------- */

static void several_chips_run_together_and_fail_apart(void **state)
{
	const uint64_t *const tick = (const uint64_t[]){ hxcomm_word_loopback(true),
		hxcomm_word_loopback(true), AT_GATE };
	const char *const uris[] = { "mock:", "gate:lost",
		"loopback:", has_emulator() ? "emulator:" : "mock:",
		has_emulator() ? "emulator:?serial=2" : "mock:", "gate:noise" };
	enum { CHIPS = 6 };
	struct hxcomm_part parts[CHIPS] = { 0 };
	(void)state;
	assert_ok(hxcomm_run_all(NULL, 0, NULL));
	for (size_t i = 0; i < CHIPS; i++)
		parts[i] = (struct hxcomm_part){ .connection = open_ok(uris[i]), .words = tick,
			.count = 1 + i % 2, .responses = new_responses() };
	for (int run = 1; run <= 3; run++) {
		assert_ok(hxcomm_run_all(parts, CHIPS, NULL));
		for (size_t i = 0; i < CHIPS; i++) {
			assert_int_equal(parts[i].status, HXCOMM_OK);
			assert_string_equal(parts[i].message, "");
			assert_int_equal(
			        parts[i].responses->loopback.count, (size_t)run * (1 + i % 2));
		}
	}
	parts[1].count = parts[5].count = 3;
	assert_error(hxcomm_run_all(parts, CHIPS, NULL), HXCOMM_ELINK,
	        "part 1 of 6 on gate-1 (and others failed, too): the cable is out");
	for (size_t i = 0; i < CHIPS; i++) {
		const bool fails = i == 1 || i == 5;
		assert_int_equal(parts[i].status,
		        i == 1           ? HXCOMM_ELINK
		                : i == 5 ? HXCOMM_EPROTO
		                         : HXCOMM_OK);
		assert_int_equal(
		        parts[i].responses->loopback.count, (fails ? 3u : 4u) * (1 + i % 2));
	}
	assert_string_equal(parts[1].message, "the cable is out");
	assert_non_null(strstr(parts[5].message, "is no message"));
	assert_error(hxcomm_run_all(parts + 1, 1, NULL), HXCOMM_ESTATE, "part 0 of 1 on gate-1");
	for (size_t i = 0; i < CHIPS; i++) {
		hxcomm_close(parts[i].connection);
		hxcomm_responses_free(parts[i].responses);
	}
}

/* ---- the server while a program is under way ------------------------------------------------ */

static void *run_it(void *connection)
{
	uint64_t words[2] = { hxcomm_word_wait_until(1000000), AT_GATE };
	return (void *)(intptr_t)hxcomm_run(connection, words, 2, NULL);
}

/* A host comes while the program of another one holds the chip: it is answered at once, the program
 * ends, the chip is reset, and the other host is told. */
static void a_host_that_comes_in_the_middle_is_served(void **state)
{
	const uint64_t tick = hxcomm_word_loopback(true);
	struct hxcomm_arq_server_statistics s = HXCOMM_ARQ_SERVER_STATISTICS_INIT, none = { 0 };
	struct served served;
	pthread_t thread;
	void *status;
	(void)state;
	gate.closed = true;
	gate.resets = 0;
	served_start(&served, "gate:");
	struct hxcomm_connection *first = open_ok(served.uri);
	assert_int_equal(pthread_create(&thread, NULL, run_it, first), 0);
	wait_until_waiting(1);
	struct hxcomm_connection *second = open_ok(served.uri);
	assert_int_equal(gate.waiting, 0);
	assert_int_equal(gate.resets, 1);
	assert_ok(hxcomm_run(second, &tick, 1, NULL));
	pthread_join(thread, &status);
	assert_int_equal((intptr_t)status, HXCOMM_ELINK);
	assert_ok(hxcomm_arq_server_statistics_read(&s, served.server));
	assert_int_equal(s.resets, 2);
	assert_int_equal(s.thefts, 1);
	assert_int_equal(s.programs, 2);
	assert_int_equal(s.failed, 1);
	assert_true(s.link.frames_sent >= 4);
	assert_error(hxcomm_arq_server_statistics_read(&none, served.server), HXCOMM_EINVAL,
	        "HXCOMM_ARQ_SERVER_STATISTICS_INIT");
	gate.closed = false;
	hxcomm_close(first);
	hxcomm_close(second);
	served_stop(&served);
}

/* The program takes longer than the host waits for a sign of life: the server gives them. */
static void a_long_program_does_not_silence_the_server(void **state)
{
	uint64_t words[100];
	struct hxcomm_run_options options = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_link_statistics before = HXCOMM_LINK_STATISTICS_INIT, after = before;
	struct served served;
	(void)state;
	for (size_t i = 0; i < 100; i++)
		words[i] = AT_GATE;
	gate.closed = true;
	served_start(&served, "gate:");
	struct hxcomm_connection *c = open_ok(served.uri);
	assert_ok(hxcomm_link_statistics_read(&before, c));
	options.timeout_s = 0.4; /* an echo each 0.1 s */
	assert_error(hxcomm_run_with(c, words, 100, NULL, &options), HXCOMM_ETIMEDOUT,
	        "at 127.0.0.1: a program of 100 words has not ended after 0.4 s");
	assert_ok(hxcomm_link_statistics_read(&after, c));
	assert_true(after.frames_received >= before.frames_received + 2);
	gate.closed = false;
	assert_ok(hxcomm_run(c, words, 100, NULL)); /* chip and link were reset */
	hxcomm_close(c);
	served_stop(&served);
}

static int setup(void **state)
{
	(void)state;
	return gate_register();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(after_a_deadline_the_chip_is_reset_and_works),
		cmocka_unit_test(each_failure_has_its_code_and_its_consequence),
		cmocka_unit_test(those_behind_a_failed_one_are_given_up),
		cmocka_unit_test(one_whose_responses_do_not_fit_fails_alone),
		cmocka_unit_test(words_that_are_wrong_are_refused_and_the_job_lives_on),
		cmocka_unit_test(a_program_that_is_not_completed_is_given_up_in_time),
		cmocka_unit_test(closing_gives_up_what_is_under_way),
		cmocka_unit_test(a_long_program_of_the_emulator_ends_at_its_deadline),
		cmocka_unit_test(several_chips_run_together_and_fail_apart),
		cmocka_unit_test(a_host_that_comes_in_the_middle_is_served),
		cmocka_unit_test(a_long_program_does_not_silence_the_server),
	};
	return cmocka_run_group_tests_name("hxcomm/job_failure", tests, setup, NULL);
}

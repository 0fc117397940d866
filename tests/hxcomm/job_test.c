// SPDX-License-Identifier: MIT
/* Programs that overlap, stream and fail, on providers of the test, in process and over HostARQ. */
#include "arq_served.h"
#include "random.h"

#include <hxcomm/encoder.h>
#include <hxcomm/job.h>
#include <hxcomm/log.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static const uint64_t halt = UINT64_C(0x0200000000000000);
static const uint64_t at_gate = UINT64_C(0x0100000000000007); /* the JTAG clock */

/* ---- "gate:", a chip that waits at a gate, fails on demand, and can or cannot be reset ----------- */

static struct {
	atomic_bool closed;     /* runs wait */
	atomic_int waiting;     /* runs at the gate */
	atomic_int resets;
	atomic_int reset_status;
	_Atomic uint64_t taken; /* words */
	atomic_int open;
} gate;

static int gate_open(void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	(void)options;
	*state = malloc(16);
	if (*state)
		snprintf(*state, 16, "%.15s", uri->rest);
	gate.open++;
	return *state ? HXCOMM_OK : HXCOMM_ENOMEM;
}

/* A tick comes back as it is, the word at_gate asks for what the chip was named to do. */
static int gate_word(const char *name, struct hxcomm_job *job, uint64_t word)
{
	if (word == hxcomm_word_loopback(true)) {
		const uint64_t tick = halt | 1;
		return hxcomm_job_deliver(job, &tick, 1);
	}
	if (word != at_gate)
		return HXCOMM_OK;
	if (!strcmp(name, "lost"))
		return hxcomm_error_set(HXCOMM_ELINK, "the cable is out");
	if (!strcmp(name, "noise")) {
		const uint64_t noise = UINT64_C(0x7f00000000000000);
		return hxcomm_job_deliver(job, &noise, 1);
	}
	gate.waiting++;
	int status = HXCOMM_OK;
	while (status == HXCOMM_OK && gate.closed) {
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
		status = hxcomm_job_check(job);
	}
	gate.waiting--;
	return status;
}

static int gate_run(void *state, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count;
	int status;
	while ((status = hxcomm_job_take(job, &words, &count)) == HXCOMM_OK && count) {
		gate.taken += count;
		for (size_t i = 0; i < count && status == HXCOMM_OK; i++)
			status = gate_word(state, job, words[i]);
		if (status != HXCOMM_OK)
			return status;
	}
	return status != HXCOMM_OK ? status : hxcomm_job_deliver(job, &halt, 1);
}

static const char *gate_identifier(void *state)
{
	(void)state;
	return "gate-1";
}

static void gate_close(void *state)
{
	gate.open--;
	free(state);
}

static int gate_reset(void *state, double timeout_s)
{
	(void)state;
	assert_true(timeout_s > 0 && timeout_s <= 2);
	gate.resets++;
	return gate.reset_status ? hxcomm_error_set(gate.reset_status, "no reset today") : HXCOMM_OK;
}

static const struct hxcomm_provider gate_provider = { HXCOMM_PROVIDER_ABI, sizeof(gate_provider), "gate",
	"waits", gate_open, gate_run, gate_identifier, gate_close, gate_reset };

/* ---- "tape:", whose answers are pieces of one stream, cut anywhere -------------------------------- */

static struct {
	uint64_t *words; /* [count] answers to all runs behind each other */
	size_t count, position;
	size_t piece;    /* words of the next delivery */
	uint64_t runs, halts_sent;
	size_t *halt_at; /* word that completes the halt of each run */
	struct test_random random;
} tape;

static int tape_open(void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	(void)uri, (void)options;
	*state = &tape;
	return HXCOMM_OK;
}

/* Deliver until the halt of this run is out; some of the next run may be out already. */
static int tape_run(void *state, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count;
	int status = hxcomm_job_take(job, &words, &count);
	(void)state;
	const size_t until = tape.halt_at[tape.runs++] + 1;
	while (status == HXCOMM_OK && tape.position < until) {
		size_t piece = 1 + (size_t)test_random_below(&tape.random, 2 * until);
		if (piece > tape.count - tape.position)
			piece = tape.count - tape.position;
		status = hxcomm_job_deliver(job, tape.words + tape.position, piece);
		tape.position += piece;
	}
	return status;
}

static const char *tape_identifier(void *state)
{
	(void)state;
	return "tape";
}

static void tape_close(void *state)
{
	(void)state;
}

static const struct hxcomm_provider tape_provider = { HXCOMM_PROVIDER_ABI, sizeof(tape_provider), "tape",
	"plays", tape_open, tape_run, tape_identifier, tape_close, NULL };

/* ---- help ----------------------------------------------------------------------------------- */

static struct hxcomm_responses *new_responses(void)
{
	struct hxcomm_responses *responses;
	assert_ok(hxcomm_responses_new(&responses, 0));
	return responses;
}

static uint64_t *new_ticks(size_t count)
{
	uint64_t *words = malloc((count + 1) * sizeof(*words));
	assert_non_null(words);
	for (size_t i = 0; i < count; i++)
		words[i] = hxcomm_word_loopback(true);
	return words;
}

static void wait_until_waiting(int count)
{
	for (int i = 0; i < 50000 && gate.waiting != count; i++)
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
	assert_int_equal(gate.waiting, count);
}

static bool has_emulator(void)
{
	const struct hxcomm_provider *provider;
	return hxcomm_provider_find(&provider, "emulator") == HXCOMM_OK;
}

/* ---- jobs that end ---------------------------------------------------------------------------- */

/* `count` jobs of different lengths under way at the same time. */
static void run_many(const char *uri)
{
	enum { JOBS = 40 };
	struct hxcomm_connection *c = open_ok(uri);
	struct hxcomm_job *jobs[JOBS];
	struct hxcomm_responses *out[JOBS];
	struct hxcomm_times times = HXCOMM_TIMES_INIT, total = HXCOMM_TIMES_INIT, last = HXCOMM_TIMES_INIT;
	uint64_t *words = new_ticks(JOBS * 97), sent = 0, received = 0;
	for (size_t i = 0; i < JOBS; i++) {
		out[i] = new_responses();
		assert_ok(hxcomm_submit(&jobs[i], c, words, i * 97, out[i], NULL));
	}
	for (size_t i = 0; i < JOBS; i++) {
		assert_ok(hxcomm_wait(jobs[i], &times));
		assert_int_equal(out[i]->loopback.count, i * 97);
		assert_int_equal(times.runs, 1);
		assert_int_equal(times.words_sent, i * 97);
		assert_int_equal(times.responses, i * 97);
		assert_true(times.words_received > i * 97 && times.failed == 0);
		assert_true(times.execute_s >= times.send_s && times.receive_s >= times.decode_s);
		sent += times.words_sent;
		received += times.words_received;
		hxcomm_responses_free(out[i]);
	}
	assert_ok(hxcomm_times_read(&total, &last, c));
	assert_int_equal(total.runs, JOBS);
	assert_int_equal(total.words_sent, sent);
	assert_int_equal(total.words_received, received);
	assert_int_equal(last.words_sent, times.words_sent);
	/* one that is run at once takes its turn behind them */
	struct hxcomm_responses *mine = new_responses();
	assert_ok(hxcomm_submit(&jobs[0], c, words, 5, NULL, NULL));
	assert_ok(hxcomm_run(c, words, 7, mine));
	assert_int_equal(mine->loopback.count, 7);
	assert_ok(hxcomm_wait(jobs[0], NULL));
	hxcomm_responses_free(mine);
	hxcomm_close(c);
	free(words);
}

static void jobs_keep_their_responses_apart(void **state)
{
	struct served served;
	(void)state;
	run_many("mock:");
	run_many("loopback:");
	run_many("gate:");
	if (has_emulator())
		run_many("emulator:");
	served_start(&served, "loopback:");
	run_many(served.uri);
	served_stop(&served);
}

/* Of 300 000 and more. */
enum { TICKS_MAX = 32768 };

static int count_ticks(struct hxcomm_responses *responses, void *user)
{
	*(size_t *)user += responses->loopback.count;
	return responses->loopback.capacity <= TICKS_MAX ? HXCOMM_OK :
	        hxcomm_error_set(HXCOMM_ENOSPC, "room for %zu ticks", responses->loopback.capacity);
}

/* A program many times longer than the queue, and its answer, in bounded memory. */
static void stream(const char *uri, size_t words)
{
	enum { PIECE = 1500 };
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_run_options run = HXCOMM_RUN_OPTIONS_INIT;
	struct hxcomm_connection *c;
	struct hxcomm_job *job;
	size_t seen = 0;
	uint64_t *piece = new_ticks(PIECE);
	options.queue_words = 1024;
	options.timeout_s = 60;
	run.visit = count_ticks;
	run.user = &seen;
	assert_ok(hxcomm_open(&c, uri, &options));
	assert_ok(hxcomm_begin(&job, c, NULL, &run));
	for (size_t done = 0; done < words; done += PIECE)
		assert_ok(hxcomm_append(job, piece, PIECE));
	assert_ok(hxcomm_wait(job, NULL));
	assert_int_equal(seen, (words + PIECE - 1) / PIECE * PIECE);
	hxcomm_close(c);
	free(piece);
}

static void a_program_longer_than_memory_streams_through(void **state)
{
	struct served served;
	(void)state;
	stream("loopback:", 1000000);
	stream("mock:", 1000000);
	if (has_emulator())
		stream("emulator:", 300000);
	served_start(&served, "loopback:");
	stream(served.uri, 300000);
	served_stop(&served);
}

static void the_queue_never_holds_more_than_it_may(void **state)
{
	enum { QUEUE = 2048, PIECE = 100, WORDS = 200000 };
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *c;
	struct hxcomm_job *job;
	uint64_t words[PIECE];
	(void)state;
	for (size_t i = 0; i < PIECE; i++)
		words[i] = hxcomm_word_barrier(0);
	options.queue_words = QUEUE;
	assert_ok(hxcomm_open(&c, "gate:", &options));
	gate.taken = 0;
	assert_ok(hxcomm_begin(&job, c, NULL, NULL));
	for (uint64_t done = 0; done < WORDS; done += PIECE) {
		assert_ok(hxcomm_append(job, words, PIECE));
		assert_true(done + PIECE <= gate.taken + QUEUE);
	}
	assert_ok(hxcomm_wait(job, NULL));
	assert_int_equal(gate.taken, WORDS);
	hxcomm_close(c);
}

/* While a program waits on the chip, the next one travels. */
static void words_of_the_next_program_are_sent_while_one_runs(void **state)
{
	struct hxcomm_arq_server_statistics s = HXCOMM_ARQ_SERVER_STATISTICS_INIT;
	struct hxcomm_job *jobs[2];
	struct hxcomm_responses *out = new_responses();
	struct served served;
	uint64_t *words = new_ticks(5000);
	(void)state;
	words[100] = at_gate;
	gate.closed = true;
	served_start(&served, "gate:");
	struct hxcomm_connection *c = open_ok(served.uri);
	assert_ok(hxcomm_submit(&jobs[0], c, words, 101, NULL, NULL));
	wait_until_waiting(1);
	words[100] = hxcomm_word_loopback(true);
	assert_ok(hxcomm_submit(&jobs[1], c, words, 5000, out, NULL));
	for (int i = 0; i < 50000 && s.words_received < 102 + 5001; i++) {
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
		assert_ok(hxcomm_arq_server_statistics_read(&s, served.server));
	}
	assert_int_equal(s.words_received, 102 + 5001); /* both with their halts */
	assert_int_equal(s.programs, 0);
	gate.closed = false;
	assert_ok(hxcomm_wait(jobs[0], NULL));
	assert_ok(hxcomm_wait(jobs[1], NULL));
	assert_int_equal(out->loopback.count, 5000);
	hxcomm_close(c);
	served_stop(&served);
	hxcomm_responses_free(out);
	free(words);
}

/* Answers of runs behind each other, not flushed in between, cut anywhere: each run gets its own. */
static void the_stream_is_cut_at_halts_and_nowhere_else(void **state)
{
	enum { RUNS = 12, SEEDS = 60 };
	(void)state;
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		struct test_random random = { .seed = seed };
		struct hxcomm_encoder encoder;
		size_t spikes[RUNS], reads[RUNS], halt_at[RUNS];
		uint16_t label = 0;
		hxcomm_encoder_init(&encoder);
		for (size_t run = 0; run < RUNS; run++) {
			const size_t messages = test_random_below(&random, 30);
			spikes[run] = reads[run] = 0;
			for (size_t i = 0; i < messages; i++) {
				const uint64_t kind = test_random_below(&random, 3);
				const uint64_t a = label, b = label + 1u, d = label + 2u;
				if (kind == 0) {
					assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_OMNIBUS, 0, run));
					reads[run]++;
				} else if (kind == 1) {
					assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SPIKE_1, 0, a));
					spikes[run]++, label++;
				} else {
					assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_SPIKE_3, 0,
					        (a & 0xffff) << 48 | (b & 0xffff) << 24 | (d & 0xffff)));
					spikes[run] += 3, label = (uint16_t)(label + 3);
				}
			}
			assert_ok(hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_LOOPBACK, 0, 0));
			if (run + 1 == RUNS || test_random_below(&random, 4) == 0)
				assert_ok(hxcomm_encoder_flush(&encoder));
			halt_at[run] = encoder.count - (encoder.bits == 0 ? 1 : 0);
		}
		tape.words = (uint64_t *)(uintptr_t)hxcomm_encoder_words(&encoder, &tape.count);
		tape.position = 0;
		tape.runs = 0;
		tape.halt_at = halt_at;
		tape.random.seed = seed;
		struct hxcomm_connection *c = open_ok("tape:");
		const uint64_t word = 0;
		label = 0;
		for (size_t run = 0; run < RUNS; run++) {
			struct hxcomm_responses *out = new_responses();
			assert_ok(hxcomm_run(c, &word, 1, out));
			assert_int_equal(out->omnibus.count, reads[run]);
			assert_int_equal(out->spikes.count, spikes[run]);
			for (size_t i = 0; i < reads[run]; i++)
				assert_int_equal(out->omnibus.value[i], run);
			for (size_t i = 0; i < spikes[run]; i++)
				assert_int_equal(out->spikes.label[i], label++);
			hxcomm_responses_free(out);
		}
		hxcomm_close(c);
		hxcomm_encoder_deinit(&encoder);
	}
}

/* ---- jobs that fail ----------------------------------------------------------------------------- */

static void after_a_deadline_the_chip_is_reset_and_works(void **state)
{
	const uint64_t word = at_gate, tick = hxcomm_word_loopback(true);
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
	assert_error(hxcomm_run_with(c, &word, 1, NULL, &options), HXCOMM_ETIMEDOUT, "after 0.02 s");
	assert_error(hxcomm_run(c, &tick, 1, NULL), HXCOMM_ESTATE, "an earlier run failed in the middle");
	assert_error(hxcomm_reset(c), HXCOMM_EIO, "no reset today");
	assert_error(hxcomm_run(c, &tick, 1, NULL), HXCOMM_ESTATE, "an earlier run failed in the middle");
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
	const uint64_t word = at_gate, tick = hxcomm_word_loopback(true);
	(void)state;
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *c = open_ok(rows[i].uri);
		struct hxcomm_responses *out = new_responses();
		gate.resets = 0;
		assert_error(hxcomm_run(c, &word, 1, out), rows[i].code, rows[i].hint);
		assert_int_equal(gate.resets, 0);
		assert_error(hxcomm_run(c, &tick, 1, out), HXCOMM_ESTATE, "hxcomm_reset() the connection");
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
	const uint64_t word = at_gate, tick = hxcomm_word_loopback(true);
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
	assert_error(hxcomm_submit(&refused, c, &tick, 1, NULL, NULL), HXCOMM_ESTATE, "wait for it first");
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
	assert_error(hxcomm_append(job, wrong, 2), HXCOMM_EINVAL, "word 2, 0x0a00000000000000, is a halt");
	assert_error(hxcomm_append(job, words, 10), HXCOMM_ERANGE,
	        "program of 1 words and 10 more, this connection takes 10");
	assert_ok(hxcomm_append(job, words, 9));
	assert_error(hxcomm_wait(job, &times), HXCOMM_EINVAL, "HXCOMM_TIMES_INIT");
	assert_error(hxcomm_times_read(&times, NULL, c), HXCOMM_EINVAL, "HXCOMM_TIMES_INIT");
	assert_ok(hxcomm_wait(job, NULL));
	assert_ok(hxcomm_wait(NULL, NULL));
	assert_error(hxcomm_submit(&job, c, words, 11, NULL, NULL), HXCOMM_ERANGE, "program of 11 words");
	run.timeout_s = -1;
	assert_error(hxcomm_submit(&job, c, words, 1, NULL, &run), HXCOMM_ERANGE, "timeout_s is -1 s");
	run.size = 1;
	assert_error(hxcomm_run_with(c, words, 1, NULL, &run), HXCOMM_EINVAL, "HXCOMM_RUN_OPTIONS_INIT");
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
	const uint64_t word = at_gate;
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
	assert_error(hxcomm_run_with(c, words, WORDS, out, &options), HXCOMM_ETIMEDOUT, "after 0.001 s");
	assert_ok(hxcomm_run(c, read, 2, out));
	assert_int_equal(out->omnibus.count, 1);
	assert_int_equal(out->omnibus.value[0], 0); /* as after power-up */
	hxcomm_close(c);
	hxcomm_responses_free(out);
	free(words);
}

/* ---- several chips ------------------------------------------------------------------------------ */

static void several_chips_run_together_and_fail_apart(void **state)
{
	const uint64_t *const tick = (const uint64_t[]){ hxcomm_word_loopback(true),
		hxcomm_word_loopback(true), at_gate };
	const char *const uris[] = { "mock:", "gate:lost", "loopback:", has_emulator() ? "emulator:" : "mock:",
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
			assert_int_equal(parts[i].responses->loopback.count, (size_t)run * (1 + i % 2));
		}
	}
	parts[1].count = parts[5].count = 3;
	assert_error(hxcomm_run_all(parts, CHIPS, NULL), HXCOMM_ELINK,
	        "part 1 of 6 on gate-1 (and others failed, too): the cable is out");
	for (size_t i = 0; i < CHIPS; i++) {
		const bool fails = i == 1 || i == 5;
		assert_int_equal(parts[i].status, i == 1 ? HXCOMM_ELINK : i == 5 ? HXCOMM_EPROTO : HXCOMM_OK);
		assert_int_equal(parts[i].responses->loopback.count, (fails ? 3u : 4u) * (1 + i % 2));
	}
	assert_string_equal(parts[1].message, "the cable is out");
	assert_non_null(strstr(parts[5].message, "is no message"));
	assert_error(hxcomm_run_all(parts + 1, 1, NULL), HXCOMM_ESTATE, "part 0 of 1 on gate-1");
	for (size_t i = 0; i < CHIPS; i++) {
		hxcomm_close(parts[i].connection);
		hxcomm_responses_free(parts[i].responses);
	}
}

/* ---- the playback memory ------------------------------------------------------------------------ */

static void keep_message(enum hxcomm_log_level level, const char *room, const char *message, void *user)
{
	(void)room;
	if (level == HXCOMM_LOG_WARNING)
		snprintf(user, 256, "%s", message);
}

/* As long as the FPGA's memory, and one word longer: accepted where it is asked for, with a warning. */
static void a_program_longer_than_the_playback_memory_is_warned_of(void **state)
{
	enum { WORDS = HXCOMM_PLAYBACK_WORDS };
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	char message[256] = "";
	struct served served;
	struct hxcomm_connection *c;
	uint64_t *words = malloc((WORDS + 1) * sizeof(*words));
	(void)state;
	assert_non_null(words);
	for (size_t i = 0; i <= WORDS; i++)
		words[i] = hxcomm_word_barrier(0);
	hxcomm_log_set_sink(keep_message, message);
	served_start(&served, "mock:");
	assert_ok(hxcomm_open(&c, served.uri, NULL));
	assert_error(hxcomm_run(c, words, WORDS + 1, NULL), HXCOMM_ERANGE, "program of 4194305 words");
	assert_ok(hxcomm_run(c, words, WORDS, NULL));
	assert_string_equal(message, "");
	hxcomm_close(c);
	options.run_words = WORDS + 1;
	assert_ok(hxcomm_open(&c, served.uri, &options));
	assert_ok(hxcomm_run(c, words, WORDS + 1, NULL));
	assert_non_null(strstr(message, "a program of 4194305 words is longer than the 4194304"));
	hxcomm_close(c);
	served_stop(&served);
	hxcomm_log_set_sink(NULL, NULL);
	free(words);
}

/* ---- the server while a program is under way ------------------------------------------------------- */

static void *run_it(void *connection)
{
	uint64_t words[2] = { hxcomm_word_wait_until(1000000), at_gate };
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
		words[i] = at_gate;
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
	const int status = hxcomm_provider_register(&gate_provider);
	return status ? status : hxcomm_provider_register(&tape_provider);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_keep_their_responses_apart),
		cmocka_unit_test(a_program_longer_than_memory_streams_through),
		cmocka_unit_test(the_queue_never_holds_more_than_it_may),
		cmocka_unit_test(words_of_the_next_program_are_sent_while_one_runs),
		cmocka_unit_test(the_stream_is_cut_at_halts_and_nowhere_else),
		cmocka_unit_test(after_a_deadline_the_chip_is_reset_and_works),
		cmocka_unit_test(each_failure_has_its_code_and_its_consequence),
		cmocka_unit_test(those_behind_a_failed_one_are_given_up),
		cmocka_unit_test(one_whose_responses_do_not_fit_fails_alone),
		cmocka_unit_test(words_that_are_wrong_are_refused_and_the_job_lives_on),
		cmocka_unit_test(a_program_that_is_not_completed_is_given_up_in_time),
		cmocka_unit_test(closing_gives_up_what_is_under_way),
		cmocka_unit_test(a_long_program_of_the_emulator_ends_at_its_deadline),
		cmocka_unit_test(several_chips_run_together_and_fail_apart),
		cmocka_unit_test(a_program_longer_than_the_playback_memory_is_warned_of),
		cmocka_unit_test(a_host_that_comes_in_the_middle_is_served),
		cmocka_unit_test(a_long_program_does_not_silence_the_server),
	};
	return cmocka_run_group_tests_name("hxcomm/job", tests, setup, NULL);
}

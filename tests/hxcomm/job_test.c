// SPDX-License-Identifier: MIT
/* Programs that overlap and stream, on providers of the test, in process and over HostARQ. */
#include "arq_served.h"
#include "gate.h"
#include "random.h"

#include <hxcomm/encoder.h>
#include <hxcomm/job.h>
#include <hxcomm/log.h>
#include <hxcomm/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

/* ---- "tape:", whose answers are pieces of one stream, cut anywhere -------------------------- */

static struct {
	uint64_t *words; /* [count] answers to all runs behind each other */
	size_t count, position;
	size_t piece;    /* words of the next delivery */
	uint64_t runs, halts_sent;
	size_t *halt_at; /* word that completes the halt of each run */
	struct test_random random;
} tape;

static int tape_open(
        void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
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

static const struct hxcomm_provider tape_provider = { HXCOMM_PROVIDER_ABI, sizeof(tape_provider),
	"tape", "plays", tape_open, tape_run, tape_identifier, tape_close, NULL };

/* ---- jobs that end -------------------------------------------------------------------------- */

/* `count` jobs of different lengths under way at the same time. */
static void run_many(const char *uri)
{
	enum { JOBS = 40 };
	struct hxcomm_connection *c = open_ok(uri);
	struct hxcomm_job *jobs[JOBS];
	struct hxcomm_responses *out[JOBS];
	struct hxcomm_times times = HXCOMM_TIMES_INIT, total = HXCOMM_TIMES_INIT,
	                    last = HXCOMM_TIMES_INIT;
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
	/* whole programs wait for room, too: as many as there is room for are under way */
	struct hxcomm_job *jobs[60];
	gate.taken = 0;
	for (uint64_t i = 0; i < 60; i++) {
		assert_ok(hxcomm_submit(&jobs[i], c, words, PIECE, NULL, NULL));
		assert_true((i + 1) * PIECE <= gate.taken + QUEUE);
	}
	for (int i = 0; i < 60; i++)
		assert_ok(hxcomm_wait(jobs[i], NULL));
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
	words[100] = AT_GATE;
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

/* Answers of runs behind each other, not flushed in between, cut anywhere: each run gets its
 * own. */
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
					assert_ok(hxcomm_encoder_append(
					        &encoder, HXCOMM_RESPONSE_OMNIBUS, 0, run));
					reads[run]++;
				} else if (kind == 1) {
					assert_ok(hxcomm_encoder_append(
					        &encoder, HXCOMM_RESPONSE_SPIKE_1, 0, a));
					spikes[run]++, label++;
				} else {
					assert_ok(hxcomm_encoder_append(&encoder,
					        HXCOMM_RESPONSE_SPIKE_3, 0,
					        (a & 0xffff) << 48 | (b & 0xffff) << 24 |
					                (d & 0xffff)));
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

/* ---- the playback memory -------------------------------------------------------------------- */

static void keep_message(
        enum hxcomm_log_level level, const char *room, const char *message, void *user)
{
	(void)room;
	if (level == HXCOMM_LOG_WARNING)
		snprintf(user, 256, "%s", message);
}

/* As long as the FPGA's memory, and one word longer: accepted where it is asked for, with a
 * warning. */
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
	assert_error(hxcomm_run(c, words, WORDS + 1, NULL), HXCOMM_ERANGE,
	        "program of 4194305 words");
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

static int setup(void **state)
{
	(void)state;
	const int status = gate_register();
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
		cmocka_unit_test(a_program_longer_than_the_playback_memory_is_warned_of),
	};
	return cmocka_run_group_tests_name("hxcomm/job", tests, setup, NULL);
}

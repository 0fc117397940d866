// SPDX-License-Identifier: MIT
/* Speed of HostARQ over the loopback interface, with all that hxcomm_run() does: words to a server
 * that takes them, words from one that has them, and the round trip of a program of one word.
 * Medians of several rounds; one JSON line a figure. The bars: 350 MB/s each way, 60 us. */
#include <hxcomm/arq.h>
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "bench.h"

enum { ROUNDS = 9, TRIPS = 5000, WORDS = 4194304 };

/* ---- a chip that answers at once: nothing to a long program, words to a short one ------------ */

static uint64_t *answer; /* [WORDS + 1] omnibus data, then a halt */

static int bench_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	(void)uri, (void)options;
	*state = &answer;
	return HXCOMM_OK;
}

static int bench_run(void *state, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count, total = 0;
	uint64_t last = 0;
	int status;
	(void)state;
	while ((status = hxcomm_job_take(job, &words, &count)) == HXCOMM_OK && count) {
		total += count;
		last = words[count - 1];
	}
	if (status != HXCOMM_OK)
		return status;
	const bool all = total == 1 && last == hxcomm_word_timer_setup();
	return all ? hxcomm_job_deliver(job, answer, WORDS + 1) :
	             hxcomm_job_deliver(job, answer + WORDS, 1);
}

static const char *bench_identifier(void *state)
{
	(void)state;
	return "bench";
}

static void bench_close(void *state)
{
	(void)state;
}

static const struct hxcomm_provider provider = { HXCOMM_PROVIDER_ABI, sizeof(provider), "bench",
	"answers", bench_open, bench_run, bench_identifier, bench_close, NULL };

/* ---- figures -------------------------------------------------------------------------------- */

/* memcpy of the words, in GB/s. */
static double copy_rate(uint64_t *to, const uint64_t *from)
{
	double took[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		const double begin = seconds();
		memcpy(to, from, WORDS * sizeof(*to));
		took[i] = seconds() - begin;
		if (to[i] != from[i])
			exit(1);
	}
	return 8e-9 * WORDS / median(took, ROUNDS);
}

static void bench_rate(const char *name, struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, struct hxcomm_responses *responses, size_t expected,
        double copy_GB_per_s)
{
	double took[ROUNDS];
	struct hxcomm_link_statistics before = HXCOMM_LINK_STATISTICS_INIT;
	struct hxcomm_link_statistics after = HXCOMM_LINK_STATISTICS_INIT;
	need(hxcomm_run(
	        connection, words, count, responses)); /* memory that has been used before */
	need(hxcomm_link_statistics_read(&before, connection));
	for (int i = 0; i < ROUNDS; i++) {
		hxcomm_responses_clear(responses);
		const double begin = seconds();
		need(hxcomm_run(connection, words, count, responses));
		took[i] = seconds() - begin;
		if (responses->omnibus.count != expected)
			exit(1);
	}
	need(hxcomm_link_statistics_read(&after, connection));
	const double middle = median(took, ROUNDS);
	printf("{\"name\":\"%s\",\"unit\":\"MB/s\",\"value\":%.0f,\"best\":%.0f,\"words\":%d,"
	       "\"ms\":%.1f,\"frames_resent\":%llu,\"frames_repeated\":%llu,"
	       "\"memcpy_GB_per_s\":%.1f}\n",
	        name, 8e-6 * WORDS / middle, 8e-6 * WORDS / took[0], WORDS, 1e3 * middle,
	        (unsigned long long)(after.frames_resent - before.frames_resent),
	        (unsigned long long)(after.frames_repeated - before.frames_repeated),
	        copy_GB_per_s);
	fflush(stdout);
}

static void bench_trip(const char *name, const char *uri)
{
	static double took[TRIPS];
	const uint64_t word = hxcomm_word_barrier(1);
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	need(hxcomm_open(&connection, uri, NULL));
	need(hxcomm_responses_new(&responses, 0));
	for (int i = 0; i < TRIPS; i++) {
		hxcomm_responses_clear(responses);
		const double begin = seconds();
		need(hxcomm_run(connection, &word, 1, responses));
		took[i] = seconds() - begin;
	}
	const double middle = median(took, TRIPS);
	printf("{\"name\":\"%s\",\"unit\":\"us\",\"value\":%.1f,\"percentile_10\":%.1f,"
	       "\"percentile_90\":%.1f,\"runs\":%d}\n", name, 1e6 * middle, 1e6 * took[TRIPS / 10],
	        1e6 * took[TRIPS - TRIPS / 10], TRIPS);
	fflush(stdout);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

static void *serve(void *server)
{
	need(hxcomm_arq_server_run(server));
	return NULL;
}

int main(void)
{
	struct hxcomm_arq_server_options options = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	struct hxcomm_arq_server *server;
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	pthread_t thread;
	char uri[64];
	const uint64_t go = hxcomm_word_timer_setup();
	uint64_t *program = malloc(WORDS * sizeof(*program));
	answer = malloc((WORDS + 1) * sizeof(*answer));
	if (!program || !answer)
		return 1;
	for (uint32_t i = 0; i < WORDS; i++) {
		program[i] = hxcomm_word_omnibus_data(i);
		answer[i] = (uint64_t)HXCOMM_RESPONSE_OMNIBUS << 56 | i;
	}
	answer[WORDS] = (uint64_t)HXCOMM_RESPONSE_LOOPBACK << 56;
	uint64_t *copy = malloc(WORDS * sizeof(*copy));
	if (!copy)
		return 1;
	memset(copy, 1, WORDS * sizeof(*copy));
	const double copy_GB_per_s = copy_rate(copy, program);
	free(copy);

	need(hxcomm_provider_register(&provider));
	options.any_ports = 1;
	need(hxcomm_arq_server_new(&server, "bench:", &options));
	if (pthread_create(&thread, NULL, serve, server))
		return 1;
	snprintf(uri, sizeof(uri), "arq:127.0.0.1:%u?reset_port=%u", hxcomm_arq_server_port(server),
	        hxcomm_arq_server_reset_port(server));
	need(hxcomm_open(&connection, uri, NULL));
	need(hxcomm_responses_new(&responses, 0));
	bench_rate(
	        "HostARQ, words to the FPGA",
	        connection, program, WORDS, responses, 0, copy_GB_per_s);
	bench_rate(
	        "HostARQ, words from the FPGA",
	        connection, &go, 1, responses, WORDS, copy_GB_per_s);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
	bench_trip("round trip of one word over HostARQ", uri);
	hxcomm_arq_server_stop(server);
	pthread_join(thread, NULL);
	hxcomm_arq_server_free(server);
	bench_trip("round trip of one word over mock:", "mock:");
	free(program);
	free(answer);
	return 0;
}

// SPDX-License-Identifier: MIT
/* Round trips of programs of one word, and programs of 1000 words one after the other and
 * overlapping, over providers in this process and over HostARQ on the loopback interface. One JSON
 * line a figure. The bars: 5 us over `emulator:`, 60 us over HostARQ. */
#include <hxcomm/arq.h>
#include <hxcomm/connection.h>
#include <hxcomm/job.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <pthread.h>

#include "bench.h"

enum { TRIPS = 20001, PROGRAMS = 500, WORDS = 1000, ROUNDS = 9, AHEAD = 8 };

static void bench_trips(struct hxcomm_connection *connection, const char *name)
{
	static double took[TRIPS];
	const uint64_t word = hxcomm_word_barrier(1);
	for (int i = 0; i < TRIPS; i++) {
		const double begin = seconds();
		need(hxcomm_run(connection, &word, 1, NULL));
		took[i] = seconds() - begin;
	}
	const double middle = median(took, TRIPS);
	printf("{\"name\":\"round trip of one word, %s\",\"unit\":\"us\",\"value\":%.2f,"
	       "\"percentile_10\":%.2f,\"percentile_90\":%.2f,\"runs\":%d}\n",
	        name, 1e6 * middle, 1e6 * took[TRIPS / 10], 1e6 * took[TRIPS - TRIPS / 10],
	        TRIPS);
}

static double run_in_turn(struct hxcomm_connection *connection, const uint64_t *words)
{
	const double begin = seconds();
	for (int i = 0; i < PROGRAMS; i++)
		need(hxcomm_run(connection, words, WORDS, NULL));
	return seconds() - begin;
}

static double run_ahead(struct hxcomm_connection *connection, const uint64_t *words)
{
	struct hxcomm_job *jobs[AHEAD] = { NULL };
	const double begin = seconds();
	for (int i = 0; i < PROGRAMS; i++) {
		need(hxcomm_wait(jobs[i % AHEAD], NULL));
		need(hxcomm_submit(&jobs[i % AHEAD], connection, words, WORDS, NULL, NULL));
	}
	for (int i = 0; i < AHEAD; i++)
		need(hxcomm_wait(jobs[(PROGRAMS + i) % AHEAD], NULL));
	return seconds() - begin;
}

static void bench_programs(struct hxcomm_connection *connection, const char *name)
{
	uint64_t words[WORDS];
	double took[2][ROUNDS];
	for (int i = 0; i < WORDS; i++)
		words[i] = hxcomm_word_loopback(true);
	for (int i = 0; i < WORDS; i += 2)
		words[i] = hxcomm_word_barrier(0);
	for (int i = 0; i < ROUNDS; i++)
		took[0][i] = run_in_turn(connection, words);
	for (int i = 0; i < ROUNDS; i++)
		took[1][i] = run_ahead(connection, words);
	for (int i = 0; i < 2; i++) {
		const double middle = median(took[i], ROUNDS);
		printf("{\"name\":\"programs of %d words %s, %s\",\"unit\":\"us a "
		       "program\",\"value\":%.2f,\"best\":%.2f,\"programs\":%d}\n",
		        WORDS,
		        i ? "ahead" : "in turn", name, 1e6 * middle / PROGRAMS,
		        1e6 * took[i][0] / PROGRAMS, PROGRAMS);
	}
}

static void bench(const char *uri, const char *name)
{
	struct hxcomm_connection *connection;
	need(hxcomm_open(&connection, uri, NULL));
	bench_trips(connection, name);
	bench_programs(connection, name);
	fflush(stdout);
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
	pthread_t thread;
	char uri[64];
	bench("mock:", "mock:");
	bench("loopback:", "loopback:");
	bench("emulator:", "emulator:");
	options.any_ports = 1;
	need(hxcomm_arq_server_new(&server, "emulator:", &options));
	if (pthread_create(&thread, NULL, serve, server))
		return 1;
	snprintf(uri, sizeof(uri), "arq:127.0.0.1:%u?reset_port=%u", hxcomm_arq_server_port(server),
	        hxcomm_arq_server_reset_port(server));
	bench(uri, "emulator: over HostARQ");
	hxcomm_arq_server_stop(server);
	pthread_join(thread, NULL);
	hxcomm_arq_server_free(server);
	return 0;
}

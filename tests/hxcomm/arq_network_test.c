// SPDX-License-Identifier: MIT
/* HostARQ over UDP through a relay that loses, duplicates and delays datagrams. With
 * BSS_TEST_LONG=1 in the environment the programs fill the playback memory. */
#include "arq_served.h"
#include "random.h"

#include <hxcomm/responses.h>

#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LATE = 32, DATAGRAM = 2048 };

/* Stands between host and server. A datagram that is late waits until up to 24 others have
 * passed. */
struct relay {
	int data, reset, back; /* towards the host, and towards the server */
	uint16_t data_port, reset_port;
	struct sockaddr_in host, server, server_reset;
	struct test_random random;
	unsigned percent;
	uint64_t count, burst_every; /* 200 are lost of so many; 0: never */
	int stop[2];                 /* a pipe */
	struct late {
		int left; /* datagrams to be let pass; 0: the place is free */
		ssize_t size;
		uint8_t bytes[DATAGRAM];
	} late[2][LATE];
};

static void relay_send(struct relay *relay, int back, const uint8_t *bytes, ssize_t size)
{
	const struct sockaddr_in *to = back ? &relay->host : &relay->server;
	(void)!sendto(back ? relay->data : relay->back, bytes, (size_t)size, 0,
	        (const struct sockaddr *)to, sizeof(*to));
}

static void relay_pass(struct relay *relay, int back, const uint8_t *bytes, ssize_t size)
{
	const uint64_t number = relay->count++;
	for (int i = 0; i < LATE; i++) {
		struct late *late = &relay->late[back][i];
		if (late->left > 0 && --late->left == 0)
			relay_send(relay, back, late->bytes, late->size);
	}
	if (relay->burst_every && number > relay->burst_every && number % relay->burst_every < 200)
		return;
	if (test_random_below(&relay->random, 100) < relay->percent)
		return;
	if (test_random_below(&relay->random, 100) < relay->percent)
		relay_send(relay, back, bytes, size);
	if (test_random_below(&relay->random, 100) < relay->percent)
		for (int i = 0; i < LATE; i++) {
			struct late *late = &relay->late[back][i];
			if (late->left)
				continue;
			late->left = 1 + (int)test_random_below(&relay->random, 24);
			late->size = size;
			memcpy(late->bytes, bytes, (size_t)size);
			return;
		}
	relay_send(relay, back, bytes, size);
}

static void *relay_run(void *user)
{
	struct relay *relay = user;
	struct pollfd files[] = { { relay->stop[0], POLLIN, 0 }, { relay->reset, POLLIN, 0 },
		{ relay->data, POLLIN, 0 }, { relay->back, POLLIN, 0 } };
	while (poll(files, 4, -1) >= 0 && !files[0].revents) {
		uint8_t bytes[DATAGRAM];
		socklen_t length = sizeof(relay->host);
		ssize_t size;
		if (files[1].revents &&
		        (size = recvfrom(relay->reset, bytes, sizeof(bytes), MSG_DONTWAIT,
		                 (struct sockaddr *)&relay->host, &length)) > 0)
			(void)!sendto(relay->back, bytes, (size_t)size, 0,
			        (struct sockaddr *)&relay->server_reset,
			        sizeof(relay->server_reset));
		if (files[2].revents &&
		        (size = recv(relay->data, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			relay_pass(relay, 0, bytes, size);
		if (files[3].revents &&
		        (size = recv(relay->back, bytes, sizeof(bytes), MSG_DONTWAIT)) > 0)
			relay_pass(relay, 1, bytes, size);
	}
	return NULL;
}

static void run_over_a_bad_network(size_t count, uint64_t burst_every)
{
	struct relay *relay = calloc(1, sizeof(*relay));
	struct served served;
	uint16_t port;
	pthread_t thread;
	char uri[160];
	assert_non_null(relay);
	served_start(&served, "loopback:");
	relay->data = new_socket(&relay->data_port);
	relay->reset = new_socket(&relay->reset_port);
	relay->back = new_socket(&port);
	relay->server = (struct sockaddr_in){ .sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
		.sin_port = htons((uint16_t)hxcomm_arq_server_port(served.server)) };
	relay->server_reset = relay->server;
	relay->server_reset.sin_port = htons((uint16_t)hxcomm_arq_server_reset_port(served.server));
	relay->random.seed = count;
	relay->percent = 10;
	relay->burst_every = burst_every;
	assert_int_equal(pipe(relay->stop), 0);
	assert_int_equal(pthread_create(&thread, NULL, relay_run, relay), 0);
	snprintf(uri, sizeof(uri), "arq:127.0.0.1:%u?reset_port=%u&timeout=600", relay->data_port,
	        relay->reset_port);

	struct hxcomm_connection *connection = open_ok(uri);
	struct hxcomm_responses *responses;
	struct hxcomm_link_statistics s = HXCOMM_LINK_STATISTICS_INIT;
	uint64_t *words = new_events(count);
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_ok(hxcomm_run(connection, words, count, responses));
	assert_int_equal(responses->spikes.count, count);
	for (size_t i = 0; i < count; i++)
		if (responses->spikes.label[i] != (uint16_t)(i * 40503u))
			fail_msg("event %zu is another one", i);
	assert_ok(hxcomm_link_statistics_read(&s, connection));
	assert_true(s.frames_resent > 0 && s.frames_early > 0 && s.frames_repeated > 0);
	hxcomm_close(connection);
	assert_int_equal(write(relay->stop[1], "", 1), 1);
	pthread_join(thread, NULL);
	close(relay->data);
	close(relay->reset);
	close(relay->back);
	close(relay->stop[0]);
	close(relay->stop[1]);
	free(relay);
	free(words);
	hxcomm_responses_free(responses);
	served_stop(&served);
}

static void words_arrive_over_a_bad_network(void **state)
{
	const char *wanted = getenv("BSS_TEST_LONG"); /* 1: a whole program */
	(void)state;
	run_over_a_bad_network(wanted && *wanted == '1' ? 4194304 : 100000, 0);
}

static void words_arrive_where_200_frames_are_lost_at_once(void **state)
{
	const char *wanted = getenv("BSS_TEST_LONG");
	(void)state;
	run_over_a_bad_network(wanted && *wanted == '1' ? 4194303 : 200001, 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_arrive_over_a_bad_network),
		cmocka_unit_test(words_arrive_where_200_frames_are_lost_at_once),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_network", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* HostARQ over UDP, host and server in one process or two, on 127.0.0.0/8 only. */
#include "arq_served.h"
#include "random.h"

#include <hxcomm/log.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* The same words must come back, whichever way the program takes. */
static void assert_same_run(struct hxcomm_connection *far, struct hxcomm_connection *near,
        const uint64_t *words, size_t count)
{
	uint64_t *far_words, *near_words;
	size_t far_count, near_count;
	assert_ok(hxcomm_run_words(far, words, count, &far_words, &far_count));
	assert_ok(hxcomm_run_words(near, words, count, &near_words, &near_count));
	assert_int_equal(far_count, near_count);
	assert_memory_equal(far_words, near_words, near_count * sizeof(*near_words));
	free(far_words);
	free(near_words);
}

/* ---- chips that fail in the middle of a run -------------------------------------------------- */

static int ill_open(void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	(void)options;
	*state = malloc(16);
	if (*state)
		snprintf(*state, 16, "%.15s", uri->rest);
	return *state ? HXCOMM_OK : HXCOMM_ENOMEM;
}

static int ill_run(void *state, struct hxcomm_job *job)
{
	const uint64_t halt = (uint64_t)HXCOMM_RESPONSE_LOOPBACK << 56;
	const uint64_t *words;
	size_t count;
	const int status = hxcomm_job_take(job, &words, &count);
	const bool resets = count && words[0] == hxcomm_word_chip_reset(true);
	if (status != HXCOMM_OK || count == 0 || resets)
		return status != HXCOMM_OK ? status : hxcomm_job_deliver(job, &halt, 1);
	if (!strcmp(state, "killed"))
		raise(SIGKILL);
	if (!strcmp(state, "stopped"))
		raise(SIGSTOP);
	return hxcomm_error_set(HXCOMM_ELINK, "the chip is ill");
}

static const char *ill_identifier(void *state)
{
	(void)state;
	return "ill \"name\"";
}

static void ill_close(void *state)
{
	free(state);
}

static const struct hxcomm_provider ill = { HXCOMM_PROVIDER_ABI, sizeof(ill), "ill", "fails", ill_open,
	ill_run, ill_identifier, ill_close, NULL };

/* A server in a process of its own. */
static pid_t start_process(struct served *served, const char *chip, uint32_t port, uint32_t reset_port)
{
	struct hxcomm_arq_server_options options = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	options.port = port;
	options.reset_port = reset_port;
	options.any_ports = port == 0;
	assert_ok(hxcomm_arq_server_new(&served->server, chip, &options));
	snprintf(served->uri, sizeof(served->uri), "arq:127.0.0.1:%u?reset_port=%u&timeout=2",
	        hxcomm_arq_server_port(served->server), hxcomm_arq_server_reset_port(served->server));
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(hxcomm_arq_server_run(served->server) ? 1 : 0);
	hxcomm_arq_server_free(served->server); /* its copy of the ports lives in the child */
	return child;
}

/* ---- programs ------------------------------------------------------------------------------- */

static void programs_of_every_length_run_as_on_the_spot(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 178, 179, 180, 181, 359, 360, 361, 17279, 17280, 17281,
		100000 };
	uint64_t *words = new_events(100000);
	(void)state;
	for (int mock = 0; mock < 2; mock++) {
		struct served served;
		served_start(&served, mock ? "mock:" : "loopback:");
		struct hxcomm_connection *far = open_ok(served.uri);
		struct hxcomm_connection *near = open_ok(mock ? "mock:" : "loopback:");
		assert_string_equal(hxcomm_identifier(far), hxcomm_identifier(near));
		FOR_ROWS(i, lengths)
			assert_same_run(far, near, words, lengths[i]);
		hxcomm_close(far);
		hxcomm_close(near);
		served_stop(&served);
	}
	free(words);
}

static void many_connections_follow_each_other(void **state)
{
	const uint64_t words[] = { hxcomm_word_loopback(true) };
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	for (int i = 0; i < 50; i++) {
		struct hxcomm_connection *far = open_ok(served.uri);
		struct hxcomm_responses *responses;
		assert_ok(hxcomm_responses_new(&responses, 0));
		for (int run = 0; run < 20; run++)
			assert_ok(hxcomm_run(far, words, 1, responses));
		assert_int_equal(responses->loopback.count, 20);
		hxcomm_responses_free(responses);
		hxcomm_close(far);
	}
	served_stop(&served);
}

static void a_small_window_works_too(void **state)
{
	char uri[160];
	uint64_t *words = new_events(3000);
	struct served served;
	(void)state;
	served_start(&served, "loopback:");
	for (int window = 1; window <= 128; window += 127) {
		struct hxcomm_connection *near = open_ok("mock:");
		snprintf(uri, sizeof(uri), "%s&window=%d", served.uri, window);
		struct hxcomm_connection *far = open_ok(uri);
		struct hxcomm_responses *responses;
		assert_ok(hxcomm_responses_new(&responses, 0));
		assert_ok(hxcomm_run(far, words, 3000, responses));
		assert_int_equal(responses->spikes.count, 3000);
		hxcomm_responses_free(responses);
		hxcomm_close(far);
		hxcomm_close(near);
	}
	served_stop(&served);
	free(words);
}

static void the_emulator_answers_as_on_the_spot(void **state)
{
	const struct hxcomm_provider *provider;
	struct served served;
	uint64_t words[256];
	size_t count = 0;
	(void)state;
	if (hxcomm_provider_find(&provider, "emulator") != HXCOMM_OK)
		skip();
	words[count++] = hxcomm_word_timer_setup();
	words[count++] = hxcomm_word_systime_init(true);
	words[count++] = hxcomm_word_barrier(HXCOMM_BARRIER_SYSTIME);
	words[count++] = hxcomm_word_jtag_init();
	words[count++] = hxcomm_word_jtag_scaler(3);
	words[count++] = hxcomm_word_jtag_instruction(1); /* IDCODE */
	words[count++] = hxcomm_word_jtag_data(0, 32, true);
	words[count++] = hxcomm_word_barrier(HXCOMM_BARRIER_JTAG);
	for (uint32_t i = 0; i < 40; i++) {
		words[count++] = hxcomm_word_omnibus_address(UINT32_C(0x88000003) + i % 4, 15, true);
		words[count++] = hxcomm_word_wait_until(1000 + 100 * i);
		words[count++] = hxcomm_word_loopback(true);
	}
	words[count++] = hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS);
	served_start(&served, "emulator:?serial=7");
	struct hxcomm_connection *far = open_ok(served.uri), *near = open_ok("emulator:?serial=7");
	assert_string_equal(hxcomm_identifier(far), "emulator-7");
	for (int run = 0; run < 3; run++)
		assert_same_run(far, near, words, count);
	struct hxcomm_responses *out[2];
	for (int i = 0; i < 2; i++) {
		assert_ok(hxcomm_responses_new(&out[i], 0));
		assert_ok(hxcomm_run(i ? far : near, words, count, out[i]));
		assert_int_equal(out[i]->omnibus.count, 40);
		assert_int_equal(out[i]->jtag.count, 1);
		assert_int_equal(out[i]->loopback.count, 40);
	}
	assert_memory_equal(out[0]->omnibus.value, out[1]->omnibus.value, 40 * sizeof(uint32_t));
	assert_memory_equal(out[0]->loopback.time, out[1]->loopback.time, 40 * sizeof(uint64_t));
	assert_int_equal(out[0]->jtag.value[0], out[1]->jtag.value[0]);
	for (int i = 0; i < 2; i++)
		hxcomm_responses_free(out[i]);
	hxcomm_close(far);
	hxcomm_close(near);
	served_stop(&served);
}

static void two_fpgas_live_at_two_addresses(void **state)
{
	struct served served[2];
	uint64_t *words = new_events(1000);
	(void)state;
	served_start_at(&served[0], "loopback:", "127.0.0.2", 0, 0, "");
	served_start_at(&served[1], "mock:", "127.0.0.3", hxcomm_arq_server_port(served[0].server),
	        hxcomm_arq_server_reset_port(served[0].server), "");
	struct hxcomm_connection *first = open_ok(served[0].uri), *second = open_ok(served[1].uri);
	struct hxcomm_responses *responses;
	assert_string_equal(hxcomm_identifier(first), "loopback");
	assert_string_equal(hxcomm_identifier(second), "mock");
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_ok(hxcomm_run(second, words, 1000, responses));
	assert_int_equal(responses->spikes.count, 0);
	assert_ok(hxcomm_run(first, words, 1000, responses));
	assert_int_equal(responses->spikes.count, 1000);
	hxcomm_responses_free(responses);
	hxcomm_close(first);
	hxcomm_close(second);
	served_stop(&served[0]);
	served_stop(&served[1]);
	free(words);
}

/* ---- what goes wrong ------------------------------------------------------------------------ */

static void addresses_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *uri, *hint;
		int code;
	} rows[] = {
		{ "arq:", "write arq:HOST[:PORT]", HXCOMM_EINVAL },
		{ "arq::1234", "write arq:HOST[:PORT]", HXCOMM_EINVAL },
		{ "arq:127.0.0.1:", "'' is no port", HXCOMM_EINVAL },
		{ "arq:127.0.0.1:12x", "'12x' is no port", HXCOMM_EINVAL },
		{ "arq:127.0.0.1:0", "a port of 1 to 65535", HXCOMM_EINVAL },
		{ "arq:127.0.0.1:65536", "a port of 1 to 65535", HXCOMM_EINVAL },
		{ "arq:127.0.0.1:-1", "'-1' is no port", HXCOMM_EINVAL },
		{ "arq:127.0.0.1?port=3", "known are: reset_port, window", HXCOMM_EINVAL },
		{ "arq:127.0.0.1?reset_port=0", "reset_port=0, allowed are 1 to 65535", HXCOMM_ERANGE },
		{ "arq:127.0.0.1?window=129", "window=129, allowed are 1 to 128", HXCOMM_ERANGE },
		{ "arq:127.0.0.1?window=0", "allowed are 1 to 128", HXCOMM_ERANGE },
		{ "arq:127.0.0.1?timeout=0", "timeout=0, allowed are 0.001 to 3600", HXCOMM_ERANGE },
	};
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *connection;
	(void)state;
	FOR_ROWS(i, rows)
		assert_error(hxcomm_open(&connection, rows[i].uri, NULL), rows[i].code, rows[i].hint);
	options.chip_serial = 3;
	assert_error(hxcomm_open(&connection, "arq:127.0.0.1", &options), HXCOMM_ENOTSUP,
	        "told the address of one chip");
}

static void servers_that_make_no_sense_are_refused(void **state)
{
	const struct {
		const char *chip;
		struct hxcomm_arq_server_options options;
		int code;
		const char *hint;
	} rows[] = {
		{ "mock:", { 0, NULL, 0, 0, 0, 0 }, HXCOMM_EINVAL, "HXCOMM_ARQ_SERVER_OPTIONS_INIT" },
		{ "mock:", { sizeof(rows[0].options), "localhost", 0, 0, 1, 0 }, HXCOMM_EINVAL,
		  "no numeric IPv4 address" },
		{ "mock:", { sizeof(rows[0].options), "0.0.0.0", 0, 0, 1, 0 }, HXCOMM_EINVAL,
		  "open to other machines" },
		{ "mock:", { sizeof(rows[0].options), "192.168.66.1", 0, 0, 1, 0 }, HXCOMM_EINVAL,
		  "allow it by allow_remote" },
		{ "mock:", { sizeof(rows[0].options), NULL, 65536, 1, 0, 0 }, HXCOMM_ERANGE, "1 to 65535" },
		{ "mock:", { sizeof(rows[0].options), NULL, 4000, 4000, 0, 0 }, HXCOMM_EINVAL, "must differ" },
		{ "nobody:", { sizeof(rows[0].options), NULL, 0, 0, 1, 0 }, HXCOMM_ENOENT, "no provider" },
	};
	struct hxcomm_arq_server *server;
	struct served served;
	struct hxcomm_arq_server_options taken = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	(void)state;
	FOR_ROWS(i, rows) {
		server = (void *)1;
		assert_error(hxcomm_arq_server_new(&server, rows[i].chip, &rows[i].options), rows[i].code,
		        rows[i].hint);
		assert_null(server);
	}
	served_start(&served, "mock:");
	taken.port = hxcomm_arq_server_port(served.server);
	taken.reset_port = hxcomm_arq_server_reset_port(served.server);
	assert_error(hxcomm_arq_server_new(&server, "mock:", &taken), HXCOMM_EIO, "choose other ports");
	served_stop(&served);
	hxcomm_arq_server_free(NULL);
}

static void where_nobody_answers_the_host_says_so(void **state)
{
	uint16_t data_port, reset_port;
	const int data = new_socket(&data_port), reset = new_socket(&reset_port);
	struct hxcomm_connection *connection;
	char uri[160];
	(void)state;
	snprintf(uri, sizeof(uri), "arq:127.0.0.1:%u?reset_port=%u&timeout=0.5", data_port, reset_port);
	assert_error(hxcomm_open(&connection, uri, NULL), HXCOMM_ETIMEDOUT,
	        "no answer from 127.0.0.1 to");
	close(data);
	close(reset);
	assert_error(hxcomm_open(&connection, uri, NULL), HXCOMM_ETIMEDOUT, "is the FPGA on");
	assert_null(connection);
}

static void *answer_with_window_32(void *files)
{
	static const uint8_t reply[] = { 0, 0, 0, 255, 0, 0, 0, 0, 0x80, 2, 0, 4, 0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0,
		0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 126, 0, 0, 0, 0, 0, 0, 0, 0 };
	const int *file = files;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	uint8_t magic[8];
	if (recvfrom(file[1], magic, sizeof(magic), 0, (struct sockaddr *)&from, &size) == 4)
		(void)!sendto(file[0], reply, sizeof(reply), 0, (struct sockaddr *)&from, size);
	return NULL;
}

static void another_protocol_is_told(void **state)
{
	uint16_t data_port, reset_port;
	const int files[] = { new_socket(&data_port), new_socket(&reset_port) };
	struct hxcomm_connection *connection;
	pthread_t thread;
	char uri[160];
	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, answer_with_window_32, (void *)(uintptr_t)files), 0);
	snprintf(uri, sizeof(uri), "arq:127.0.0.1:%u?reset_port=%u", data_port, reset_port);
	assert_error(hxcomm_open(&connection, uri, NULL), HXCOMM_EPROTO,
	        "512 sequence numbers, window 32, frames of 126 words; known is 256, 128, 180");
	pthread_join(thread, NULL);
	close(files[0]);
	close(files[1]);
}

static void a_server_that_dies_in_a_run_is_an_error_and_the_next_open_works(void **state)
{
	static const struct {
		const char *chip;
		int code;
		const char *hint;
	} rows[] = {
		{ "ill:killed", HXCOMM_ELINK, "nobody listens at 127.0.0.1 any more" },
		{ "ill:stopped", HXCOMM_ELINK, "nothing heard from 127.0.0.1 for" },
	};
	const uint64_t word = hxcomm_word_timer_setup();
	(void)state;
	FOR_ROWS(i, rows) {
		struct served first, second;
		const pid_t child = start_process(&first, rows[i].chip, 0, 0);
		struct hxcomm_connection *connection = open_ok(first.uri);
		unsigned port, reset_port;
		assert_string_equal(hxcomm_identifier(connection), "ill"); /* what a file name may have */
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		assert_error(hxcomm_run(connection, &word, 1, NULL), rows[i].code, rows[i].hint);
		assert_error(hxcomm_run(connection, &word, 1, NULL), HXCOMM_ESTATE, "an earlier run failed");
		hxcomm_close(connection);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		/* it is started again at the same place */
		assert_int_equal(sscanf(first.uri, "arq:127.0.0.1:%u?reset_port=%u", &port, &reset_port), 2);
		served_start_at(&second, "loopback:", "127.0.0.1", port, reset_port, "&timeout=2");
		assert_string_equal(first.uri, second.uri);
		connection = open_ok(first.uri);
		assert_ok(hxcomm_run(connection, &word, 1, NULL));
		hxcomm_close(connection);
		served_stop(&second);
	}
}

static void a_server_that_was_started_anew_says_so(void **state)
{
	const uint64_t word = hxcomm_word_timer_setup();
	struct served first, second;
	unsigned port, reset_port;
	(void)state;
	const pid_t child = start_process(&first, "mock:", 0, 0);
	struct hxcomm_connection *connection = open_ok(first.uri);
	assert_ok(hxcomm_run(connection, &word, 1, NULL));
	kill(child, SIGKILL);
	assert_int_equal(waitpid(child, NULL, 0), child);
	assert_int_equal(sscanf(first.uri, "arq:127.0.0.1:%u?reset_port=%u", &port, &reset_port), 2);
	served_start_at(&second, "mock:", "127.0.0.1", port, reset_port, "&timeout=2");
	assert_error(hxcomm_run(connection, &word, 1, NULL), HXCOMM_ELINK, "a new start of the server");
	hxcomm_close(connection);
	served_stop(&second);
}

static void a_second_host_takes_the_chip_and_the_first_one_is_told(void **state)
{
	const uint64_t word = hxcomm_word_loopback(true);
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	struct hxcomm_connection *first = open_ok(served.uri);
	assert_ok(hxcomm_run(first, &word, 1, NULL));
	struct hxcomm_connection *second = open_ok(served.uri);
	assert_ok(hxcomm_run(second, &word, 1, NULL));
	assert_error(hxcomm_run(first, &word, 1, NULL), HXCOMM_ELINK,
	        "another host has reset 127.0.0.1 (taken by 127.0.0.1:");
	assert_ok(hxcomm_run(second, &word, 1, NULL));
	hxcomm_close(first);
	assert_ok(hxcomm_run(second, &word, 1, NULL));
	hxcomm_close(second);
	served_stop(&served);
}

static void log_nothing(enum hxcomm_log_level level, const char *room, const char *message, void *user)
{
	(void)level, (void)room;
	snprintf(user, 256, "%s", message);
}

static void a_chip_that_fails_is_opened_again(void **state)
{
	const uint64_t word = hxcomm_word_timer_setup();
	char message[256] = "";
	struct served served;
	(void)state;
	hxcomm_log_set_sink(log_nothing, message);
	served_start_at(&served, "ill:fails", "127.0.0.1", 0, 0, "&timeout=1");
	for (int i = 0; i < 2; i++) {
		struct hxcomm_connection *connection = open_ok(served.uri);
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		assert_error(hxcomm_run(connection, &word, 1, NULL), HXCOMM_ELINK,
		        "the program failed at 127.0.0.1: the chip is ill");
		assert_error(hxcomm_run(connection, NULL, 0, NULL), HXCOMM_ESTATE, "an earlier run failed");
		assert_ok(hxcomm_reset(connection));
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		hxcomm_close(connection);
	}
	served_stop(&served);
	hxcomm_log_set_sink(NULL, NULL);
	assert_non_null(strstr(message, "a program failed, the host is told: the chip is ill"));
}

/* ---- another host ---------------------------------------------------------------------------- */

/* The next frame that is no acknowledgement and was not seen before; its words. */
static size_t next_frame(int file, uint32_t seq, unsigned type, uint64_t words[180])
{
	for (;;) {
		uint8_t bytes[2000];
		const ssize_t size = recv(file, bytes, sizeof(bytes), 0);
		assert_true(size >= 4);
		if (size == 4 || bytes[7] < seq) /* our peer may repeat what we do not acknowledge at once */
			continue;
		const size_t count = (size_t)(bytes[10] << 8 | bytes[11]);
		assert_int_equal(size, 12 + 8 * count);
		assert_int_equal(bytes[7], seq);
		assert_int_equal(bytes[8] << 8 | bytes[9], type);
		for (size_t i = 0; i < count; i++) {
			words[i] = 0;
			for (size_t k = 0; k < 8; k++)
				words[i] = words[i] << 8 | bytes[12 + 8 * i + k];
		}
		return count;
	}
}

/* The public host software, as it stands: one socket connected to the port of frames, one reset, no
 * acknowledgement without need, a probe, and YAML with two keys that it insists on (source:
 * spec/transport.md 4.3, 5.4, 5.5, 5.9). */
static void the_public_host_software_is_understood(void **state)
{
	static const uint8_t reset[] = { 0xab, 0xab, 0xab, 0xab };
	static const uint8_t probe[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 1, /* one word */
		0, 0, 0, 0, 0x12, 0x34, 0x56, 0x78 };
	static const uint8_t program[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x10, 0, 3, /* three words */
		0x0a, 0, 0, 0, 0, 0, 0, 1, 7, 0, 0, 0, 0, 0, 0, 1, 0x0a, 0, 0, 0, 0, 0, 0, 0 };
	static const uint8_t flush[] = { 0, 0, 0, 2, 0, 0, 0, 2, 0x80, 0, 0, 1, /* one word */
		0, 0, 0, 0, 0, 0, 0, 0 };
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct served served;
	uint64_t words[180];
	char text[256] = "";
	uint16_t port;
	const int file = new_socket(&port);
	(void)state;
	served_start(&served, "mock:");
	for (int round = 0; round < 3; round++) { /* the last one left its frames behind */
		to.sin_port = htons((uint16_t)hxcomm_arq_server_port(served.server));
		assert_int_equal(connect(file, (struct sockaddr *)&to, sizeof(to)), 0);
		to.sin_port = htons((uint16_t)hxcomm_arq_server_reset_port(served.server));
		uint8_t old[2000];
		while (recv(file, old, sizeof(old), MSG_DONTWAIT) > 0)
			;
		assert_int_equal(sendto(file, reset, 4, 0, (struct sockaddr *)&to, sizeof(to)), 4);
		const size_t count = next_frame(file, 0, 0x8002, words);
		assert_true(words[0] == 256 && words[1] == 128 && words[2] == 180 && words[3] == count - 4);
		for (size_t i = 0; i < 8 * (count - 4); i++)
			text[i] = (char)(words[4 + i / 8] >> (56 - i % 8 * 8));
		assert_true(!strncmp(text, "version: ", 9) && strstr(text, "\ncompatible_until: "));
		assert_int_equal(send(file, probe, sizeof(probe), 0), sizeof(probe));
		assert_int_equal(next_frame(file, 1, 0x8001, words), 1);
		assert_int_equal(words[0], 0x12345678);
		assert_int_equal(send(file, program, sizeof(program), 0), sizeof(program));
		assert_int_equal(next_frame(file, 2, 0x0010, words), 2);
		assert_int_equal(words[0], 0x0200000000000001);
		assert_int_equal(words[1], 0x0200000000000000);
		assert_int_equal(send(file, flush, sizeof(flush), 0), sizeof(flush));
	}
	served_stop(&served);
	close(file);
}

/* A server whose chip is behind a server. */
static void servers_may_stand_behind_each_other(void **state)
{
	struct served inner, outer;
	uint64_t *words = new_events(20000);
	(void)state;
	served_start(&inner, "loopback:");
	served_start(&outer, inner.uri);
	struct hxcomm_connection *far = open_ok(outer.uri), *near = open_ok("loopback:");
	assert_string_equal(hxcomm_identifier(far), "loopback");
	assert_same_run(far, near, words, 1);
	assert_same_run(far, near, words, 20000);
	assert_same_run(far, near, words, 181);
	hxcomm_close(far);
	hxcomm_close(near);
	served_stop(&outer);
	served_stop(&inner);
	free(words);
}

static void strangers_disturb_nobody(void **state)
{
	struct test_random random = { .seed = 5 };
	uint64_t *words = new_events(1000);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	struct served served;
	uint16_t port;
	const int stranger = new_socket(&port);
	(void)state;
	served_start(&served, "loopback:");
	struct hxcomm_connection *far = open_ok(served.uri), *near = open_ok("loopback:");
	for (int i = 0; i < 300; i++) {
		uint8_t bytes[2000];
		const size_t size = test_random_below(&random, i % 2 ? 40 : sizeof(bytes));
		for (size_t k = 0; k < size; k++)
			bytes[k] = k < 11 && k % 4 != 3 ? 0 : (uint8_t)test_random_next(&random);
		to.sin_port = htons((uint16_t)(i % 3 ? hxcomm_arq_server_port(served.server) :
		                                       hxcomm_arq_server_reset_port(served.server)));
		assert_true(sendto(stranger, bytes, size, 0, (struct sockaddr *)&to, sizeof(to)) >= 0);
		if (i % 10 == 0)
			assert_same_run(far, near, words, 1000);
	}
	hxcomm_close(far);
	hxcomm_close(near);
	served_stop(&served);
	close(stranger);
	free(words);
}

static void statistics_count_the_frames(void **state)
{
	struct hxcomm_link_statistics s = HXCOMM_LINK_STATISTICS_INIT;
	uint64_t *words = new_events(180 * 50);
	struct served served;
	(void)state;
	served_start(&served, "loopback:");
	struct hxcomm_connection *far = open_ok(served.uri), *near = open_ok("mock:");
	assert_ok(hxcomm_run(far, words, 180 * 50, NULL));
	assert_ok(hxcomm_link_statistics_read(&s, far));
	assert_int_equal(s.frames_sent, 1 + 50 + 1); /* the probe, the words, the halt */
	assert_int_equal(s.words_sent, 1 + 180 * 50 + 1);
	assert_true(s.frames_received >= 1 + 1 + 50 && s.words_received >= 180 * 50);
	assert_int_equal(s.malformed, 0);
	assert_true(s.round_trip_s > 0 && s.round_trip_s < 10);
	assert_error(hxcomm_link_statistics_read(&s, near), HXCOMM_ENOTSUP, "'mock:' has no link");
	s.size = 0;
	assert_error(hxcomm_link_statistics_read(&s, far), HXCOMM_EINVAL, "HXCOMM_LINK_STATISTICS_INIT");
	hxcomm_close(far);
	hxcomm_close(near);
	served_stop(&served);
	free(words);
}

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&ill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_of_every_length_run_as_on_the_spot),
		cmocka_unit_test(many_connections_follow_each_other),
		cmocka_unit_test(a_small_window_works_too),
		cmocka_unit_test(the_emulator_answers_as_on_the_spot),
		cmocka_unit_test(two_fpgas_live_at_two_addresses),
		cmocka_unit_test(addresses_that_make_no_sense_are_refused),
		cmocka_unit_test(servers_that_make_no_sense_are_refused),
		cmocka_unit_test(where_nobody_answers_the_host_says_so),
		cmocka_unit_test(another_protocol_is_told),
		cmocka_unit_test(a_server_that_dies_in_a_run_is_an_error_and_the_next_open_works),
		cmocka_unit_test(a_server_that_was_started_anew_says_so),
		cmocka_unit_test(a_second_host_takes_the_chip_and_the_first_one_is_told),
		cmocka_unit_test(a_chip_that_fails_is_opened_again),
		cmocka_unit_test(the_public_host_software_is_understood),
		cmocka_unit_test(servers_may_stand_behind_each_other),
		cmocka_unit_test(strangers_disturb_nobody),
		cmocka_unit_test(statistics_count_the_frames),
	};
	return cmocka_run_group_tests_name("hxcomm/arq", tests, setup, NULL);
}

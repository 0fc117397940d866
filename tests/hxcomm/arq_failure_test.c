// SPDX-License-Identifier: MIT
/* What goes wrong with HostARQ over UDP, host and server in one process or two, on 127.0.0.0/8
 * only. */
#include "arq_served.h"

#include <hxcomm/log.h>
#include <hxcomm/provider.h>
#include <hxcomm/words.h>

#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- chips that fail in the middle of a run -------------------------------------------------- */

static int ill_open(
        void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
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
	if (resets && !strcmp(state, "unreset"))
		return hxcomm_error_set(HXCOMM_EDEVICE, "the reset line is broken");
	if (resets && !strcmp(state, "hung"))
		while (hxcomm_job_check(job) == HXCOMM_OK)
			poll(NULL, 0, 1);
	if (resets && !strcmp(state, "gone"))
		raise(SIGKILL);
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

static const struct hxcomm_provider ill = { HXCOMM_PROVIDER_ABI, sizeof(ill), "ill", "fails",
	ill_open, ill_run, ill_identifier, ill_close, NULL };

static void keep_message(
        enum hxcomm_log_level level, const char *room, const char *message, void *user)
{
	(void)level, (void)room;
	snprintf(user, 256, "%s", message);
}

/* A server in a process of its own. */
static pid_t start_process(
        struct served *served, const char *chip, uint32_t port, uint32_t reset_port)
{
	struct hxcomm_arq_server_options options = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	options.port = port;
	options.reset_port = reset_port;
	options.any_ports = port == 0;
	assert_ok(hxcomm_arq_server_new(&served->server, chip, &options));
	snprintf(served->uri, sizeof(served->uri), "arq:127.0.0.1:%u?reset_port=%u&timeout=2",
	        hxcomm_arq_server_port(served->server),
	        hxcomm_arq_server_reset_port(served->server));
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0)
		_exit(hxcomm_arq_server_run(served->server) ? 1 : 0);
	hxcomm_arq_server_free(served->server); /* its copy of the ports lives in the child */
	return child;
}

/* ---- tests ----------------------------------------------------------------------------------- */

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
		{ "arq:127.0.0.1?reset_port=0", "reset_port=0, allowed are 1 to 65535",
		        HXCOMM_ERANGE },
		{ "arq:127.0.0.1?window=129", "window=129, allowed are 1 to 128", HXCOMM_ERANGE },
		{ "arq:127.0.0.1?window=0", "allowed are 1 to 128", HXCOMM_ERANGE },
		{ "arq:127.0.0.1?timeout=0", "timeout=0, allowed are 0.001 to 3600",
		        HXCOMM_ERANGE },
	};
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *connection;
	(void)state;
	FOR_ROWS(i, rows)
		assert_error(
		        hxcomm_open(&connection, rows[i].uri, NULL), rows[i].code, rows[i].hint);
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
		{ "mock:", { 0, NULL, 0, 0, 0, 0 }, HXCOMM_EINVAL,
		        "HXCOMM_ARQ_SERVER_OPTIONS_INIT" },
		{ "mock:", { sizeof(rows[0].options), "localhost", 0, 0, 1, 0 }, HXCOMM_EINVAL,
		        "no numeric IPv4 address" },
		{ "mock:", { sizeof(rows[0].options), "0.0.0.0", 0, 0, 1, 0 }, HXCOMM_EINVAL,
		        "open to other machines" },
		{ "mock:", { sizeof(rows[0].options), "192.168.66.1", 0, 0, 1, 0 }, HXCOMM_EINVAL,
		        "allow it by allow_remote" },
		{ "mock:", { sizeof(rows[0].options), NULL, 65536, 1, 0, 0 }, HXCOMM_ERANGE,
		        "1 to 65535" },
		{ "mock:", { sizeof(rows[0].options), NULL, 4000, 4000, 0, 0 }, HXCOMM_EINVAL,
		        "must differ" },
		{ "nobody:", { sizeof(rows[0].options), NULL, 0, 0, 1, 0 }, HXCOMM_ENOENT,
		        "no provider" },
	};
	struct hxcomm_arq_server *server;
	struct served served;
	struct hxcomm_arq_server_options taken = HXCOMM_ARQ_SERVER_OPTIONS_INIT;
	(void)state;
	FOR_ROWS(i, rows) {
		server = (void *)1;
		assert_error(hxcomm_arq_server_new(&server, rows[i].chip, &rows[i].options),
		        rows[i].code, rows[i].hint);
		assert_null(server);
	}
	served_start(&served, "mock:");
	taken.port = hxcomm_arq_server_port(served.server);
	taken.reset_port = hxcomm_arq_server_reset_port(served.server);
	assert_error(hxcomm_arq_server_new(&server, "mock:", &taken), HXCOMM_EIO,
	        "choose other ports");
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
	snprintf(uri, sizeof(uri),
	        "arq:127.0.0.1:%u?reset_port=%u&timeout=0.5", data_port, reset_port);
	assert_error(hxcomm_open(&connection, uri, NULL), HXCOMM_ETIMEDOUT,
	        "no answer from 127.0.0.1 to");
	close(data);
	close(reset);
	assert_error(hxcomm_open(&connection, uri, NULL), HXCOMM_ETIMEDOUT, "is the FPGA on");
	assert_null(connection);
}

/* An FPGA that gives one answer to a reset, and nothing else. */
struct fpga {
	int data, reset;
	const uint8_t *reply;
	size_t size;
};

static void *answer_once(void *user)
{
	const struct fpga *fpga = user;
	struct sockaddr_in from;
	socklen_t size = sizeof(from);
	uint8_t magic[8];
	if (recvfrom(fpga->reset, magic, sizeof(magic), 0, (struct sockaddr *)&from, &size) == 4)
		(void)!sendto(fpga->data, fpga->reply, fpga->size, 0, (struct sockaddr *)&from,
		        size);
	return NULL;
}

static void another_protocol_is_told(void **state)
{
	static const uint8_t window_32[] = { 0, 0, 0, 255, 0, 0, 0, 0, 0x80, 2, 0, 4, /* 4 words */
		0, 0, 0, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0, 32, 0, 0, 0, 0, 0, 0, 0, 126, 0, 0, 0,
		0, 0, 0, 0, 0 };
	static const uint8_t version_5[] = { 0, 0, 0, 255, 0, 0, 0, 0, 0x80, 2, 0, 7, /* 7 words */
		0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 0, 180, 0, 0, 0,
		0, 0, 0, 0, 3, 'c', 'o', 'm', 'p', 'a', 't', 'i', 'b', 'l', 'e', '_', 'u', 'n', 't',
		'i', 'l', ':', ' ', '5', 0, 0, 0, 0, 0 };
	static const struct {
		const uint8_t *reply;
		size_t size;
		const char *hint;
	} rows[] = {
		{ window_32, sizeof(window_32),
		        "512 sequence numbers, window 32, frames of 126 words; known is 256, 128" },
		{ version_5, sizeof(version_5),
		        "127.0.0.1 wants host software of version 5, this library is of version 4" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		uint16_t data_port, reset_port;
		struct fpga fpga = { new_socket(&data_port), new_socket(&reset_port), rows[i].reply,
			rows[i].size };
		struct hxcomm_connection *connection;
		pthread_t thread;
		char uri[160];
		assert_int_equal(pthread_create(&thread, NULL, answer_once, &fpga), 0);
		snprintf(uri, sizeof(uri), "arq:127.0.0.1:%u?reset_port=%u", data_port, reset_port);
		assert_error(hxcomm_open(&connection, uri, NULL), HXCOMM_EPROTO, rows[i].hint);
		pthread_join(thread, NULL);
		close(fpga.data);
		close(fpga.reset);
	}
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
		assert_string_equal(
		        hxcomm_identifier(connection), "ill"); /* what a file name may have */
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		assert_error(hxcomm_run(connection, &word, 1, NULL), rows[i].code, rows[i].hint);
		assert_error(hxcomm_run(connection, &word, 1, NULL), HXCOMM_ESTATE,
		        "an earlier run failed");
		hxcomm_close(connection);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
		/* it is started again at the same place */
		assert_int_equal(sscanf(first.uri,
		        "arq:127.0.0.1:%u?reset_port=%u", &port, &reset_port), 2);
		served_start_at(&second, "loopback:", "127.0.0.1", port, reset_port, "&timeout=2");
		assert_string_equal(first.uri, second.uri);
		connection = open_ok(first.uri);
		assert_ok(hxcomm_run(connection, &word, 1, NULL));
		hxcomm_close(connection);
		served_stop(&second);
	}
}

/* hxcomm_reset() pulls the reset line of the chip, too: that may go wrong in its own ways. */
static void a_reset_that_fails_says_why(void **state)
{
	static const struct {
		const char *chip;
		int code;
		const char *hint;
	} rows[] = {
		{ "ill:unreset", HXCOMM_EDEVICE, "the program failed at 127.0.0.1: the reset line" },
		{ "ill:hung", HXCOMM_ETIMEDOUT, "127.0.0.1 did not reset its chip in time" },
		{ "ill:gone", HXCOMM_ELINK, "the link to 127.0.0.1 was lost during its reset" },
	};
	char message[256];
	(void)state;
	hxcomm_log_set_sink(keep_message, message); /* the server's, too */
	FOR_ROWS(i, rows) {
		struct served served;
		const pid_t child = start_process(&served, rows[i].chip, 0, 0);
		struct hxcomm_connection *connection = open_ok(served.uri);
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		assert_error(hxcomm_reset(connection), rows[i].code, rows[i].hint);
		assert_error(hxcomm_run(connection, NULL, 0, NULL), HXCOMM_ESTATE,
		        "hxcomm_reset() the connection");
		hxcomm_close(connection);
		kill(child, SIGKILL);
		assert_int_equal(waitpid(child, NULL, 0), child);
	}
	hxcomm_log_set_sink(NULL, NULL);
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
	assert_int_equal(sscanf(first.uri,
	        "arq:127.0.0.1:%u?reset_port=%u", &port, &reset_port), 2);
	served_start_at(&second, "mock:", "127.0.0.1", port, reset_port, "&timeout=2");
	assert_error(hxcomm_run(connection, &word, 1, NULL), HXCOMM_ELINK,
	        "a new start of the server");
	hxcomm_close(connection);
	served_stop(&second);
}

static void a_second_host_takes_the_chip_and_the_first_one_is_told(void **state)
{
	const uint64_t word = hxcomm_word_loopback(true);
	struct hxcomm_arq_server_statistics s = HXCOMM_ARQ_SERVER_STATISTICS_INIT;
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
	assert_ok(hxcomm_arq_server_statistics_read(&s, served.server));
	assert_int_equal(s.thefts, 1);
	hxcomm_close(second);
	served_stop(&served);
}

static void a_chip_that_fails_is_opened_again(void **state)
{
	const uint64_t word = hxcomm_word_timer_setup();
	char message[256] = "";
	struct served served;
	(void)state;
	hxcomm_log_set_sink(keep_message, message);
	served_start_at(&served, "ill:fails", "127.0.0.1", 0, 0, "&timeout=1");
	for (int i = 0; i < 2; i++) {
		struct hxcomm_connection *connection = open_ok(served.uri);
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		assert_error(hxcomm_run(connection, &word, 1, NULL), HXCOMM_ELINK,
		        "the program failed at 127.0.0.1: the chip is ill");
		assert_error(hxcomm_run(connection, NULL, 0, NULL), HXCOMM_ESTATE,
		        "an earlier run failed");
		assert_ok(hxcomm_reset(connection));
		assert_ok(hxcomm_run(connection, NULL, 0, NULL));
		hxcomm_close(connection);
	}
	served_stop(&served);
	hxcomm_log_set_sink(NULL, NULL);
	assert_non_null(strstr(message, "a program failed, the host is told: the chip is ill"));
}

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&ill);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(addresses_that_make_no_sense_are_refused),
		cmocka_unit_test(servers_that_make_no_sense_are_refused),
		cmocka_unit_test(where_nobody_answers_the_host_says_so),
		cmocka_unit_test(another_protocol_is_told),
		cmocka_unit_test(a_server_that_dies_in_a_run_is_an_error_and_the_next_open_works),
		cmocka_unit_test(a_reset_that_fails_says_why),
		cmocka_unit_test(a_server_that_was_started_anew_says_so),
		cmocka_unit_test(a_second_host_takes_the_chip_and_the_first_one_is_told),
		cmocka_unit_test(a_chip_that_fails_is_opened_again),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_failure", tests, setup, NULL);
}

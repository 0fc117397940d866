// SPDX-License-Identifier: MIT
/* The FPGA's side of HostARQ as the public host software meets it. */
#include "public_host.h"

#include <hxcomm/words.h>

#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define HALT_RESPONSE UINT64_C(0x0200000000000000)

/* ---- byte by byte ---------------------------------------------------------------------------- */

/* The next frame that is no acknowledgement and was not seen before; its words. */
static size_t next_frame(int file, uint32_t seq, unsigned type, uint64_t words[180])
{
	for (;;) {
		uint8_t bytes[2000];
		const ssize_t size = recv(file, bytes, sizeof(bytes), 0);
		assert_true(size >= 4);
		if (size == 4 ||
		        bytes[7] < seq) /* our peer may repeat what we do not acknowledge at once */
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
		assert_true(words[0] == 256 && words[1] == 128 && words[2] == 180 &&
		        words[3] == count - 4);
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

/* ---- the whole behaviour -------------------------------------------------------------------- */

/* Send a program with its halt in full frames, as this host does at a commit. */
static void send_program(struct public_host *host, const uint64_t *words, size_t count)
{
	uint64_t frame[PUBLIC_WORDS];
	for (size_t at = 0; at <= count;) {
		size_t filled = 0;
		while (filled < PUBLIC_WORDS && at <= count) {
			frame[filled++] = at < count ? words[at] : HXCOMM_WORD_HALT;
			at++;
		}
		public_host_send(host, PUBLIC_TYPE_WORDS, frame, filled);
	}
}

/* The words of an answer with its halt, which ends it: free() them. */
static uint64_t *receive_answer(struct public_host *host, size_t *count, size_t max)
{
	uint64_t *words = malloc((max + PUBLIC_WORDS) * sizeof(*words));
	assert_non_null(words);
	*count = 0;
	do {
		const struct public_frame *frame = public_host_receive(host, 10000);
		assert_non_null(frame);
		assert_int_equal(frame->type, PUBLIC_TYPE_WORDS);
		assert_true(*count + frame->count <= max + PUBLIC_WORDS);
		memcpy(words + *count, frame->words, frame->count * sizeof(*words));
		*count += frame->count;
	} while (words[*count - 1] != HALT_RESPONSE);
	return words;
}

/* A program of ticks: as many come back, then the halt. */
static void run_ticks(struct public_host *host, size_t count)
{
	uint64_t *words = malloc((count + 1) * sizeof(*words));
	size_t got;
	assert_non_null(words);
	for (size_t i = 0; i < count; i++)
		words[i] = hxcomm_word_loopback(true);
	send_program(host, words, count);
	uint64_t *answer = receive_answer(host, &got, count + 1);
	assert_int_equal(got, count + 1);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(answer[i], HALT_RESPONSE | 1);
	free(answer);
	free(words);
}

static void programs_of_all_lengths_are_answered(void **state)
{
	const char *wanted = getenv("BSS_TEST_LONG"); /* 1: longer than the playback memory */
	static const size_t lengths[] = { 0, 1, 178, 179, 180, 181, 359, 20000, 4194305 };
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	FOR_ROWS(i, lengths)
		if (lengths[i] < 100000 || (wanted && *wanted == '1'))
			run_ticks(host, lengths[i]);
	public_host_close(host);
	served_stop(&served);
}

/* It acknowledges only where something comes, and not within 500 us of the last time: the server
 * asks by a frame that it sends again. */
static void the_end_of_an_answer_is_acknowledged_on_demand(void **state)
{
	struct hxcomm_arq_server_statistics s = HXCOMM_ARQ_SERVER_STATISTICS_INIT;
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	for (int i = 0; i < 1000 && s.link.probes == 0; i++) {
		public_host_pump(host);
		host->ack_at = host->clock; /* as if it had just acknowledged something */
		run_ticks(host, 10);
		assert_null(public_host_receive(host, 3));
		assert_ok(hxcomm_arq_server_statistics_read(&s, served.server));
	}
	assert_true(s.link.probes > 0 && s.link.frames_resent > 0);
	assert_null(public_host_receive(host, 10));
	assert_true(host->outside > 0);
	public_host_close(host);
	served_stop(&served);
}

/* The connection test of that software: frames of any size come back as they are, in order. */
static void frames_of_any_size_are_echoed(void **state)
{
	enum { FRAMES = 2000 };
	struct test_random random = { .seed = 4 }, again = { .seed = 4 };
	uint64_t words[PUBLIC_WORDS];
	struct served served;
	size_t back = 0;
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	for (size_t i = 0; back < FRAMES; i++) {
		if (i < FRAMES) {
			const size_t count = 1 + test_random_below(&random, PUBLIC_WORDS);
			for (size_t k = 0; k < count; k++)
				words[k] = test_random_next(&random);
			public_host_send(host, PUBLIC_TYPE_ECHO, words, count);
		}
		const struct public_frame *frame;
		while ((frame = public_host_receive(host, i < FRAMES ? 0 : 1000))) {
			assert_int_equal(frame->type, PUBLIC_TYPE_ECHO);
			assert_int_equal(frame->count, 1 + test_random_below(&again, PUBLIC_WORDS));
			for (size_t k = 0; k < frame->count; k++)
				assert_int_equal(frame->words[k], test_random_next(&again));
			back++;
		}
	}
	assert_int_equal(back, FRAMES);
	public_host_close(host);
	served_stop(&served);
}

static void frames_of_other_types_are_acknowledged_and_ignored(void **state)
{
	/* configuration, dummy data, performance data, statistics, ARQ statistics, none at all */
	static const unsigned types[] = { 0x8002, 0x8003, 0x8006, 0x8004, 0x0002, 0x0000, 0x2468 };
	static const uint64_t words[] = { 0xfffff, 1023, 0xffff };
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	FOR_ROWS(i, types)
		public_host_send(host, types[i], words, 3);
	assert_true(public_host_wait(host, 1000));
	assert_null(public_host_receive(host, 5));
	run_ticks(host, 10);
	public_host_close(host);
	served_stop(&served);
}

static void resets_and_other_hosts_may_come_at_any_time(void **state)
{
	static const uint64_t unfinished[] = { 0x0400000000000000, 0x0a00000000000001 };
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	for (int i = 0; i < 5; i++) {
		run_ticks(host, 5 + (size_t)i * 700);
		public_host_send(host, PUBLIC_TYPE_WORDS, unfinished, 2); /* no halt comes */
		public_host_reset(host);
		run_ticks(host, 3);
		struct public_host *other = public_host_open(&served); /* with another port */
		run_ticks(other, 200);
		public_host_close(other);
		public_host_reset(host);
	}
	public_host_close(host);
	served_stop(&served);
}

/* At once, without having to ask; whoever waits for the answer to a reset passes the frame over. */
static void a_host_that_is_put_out_is_told_at_once(void **state)
{
	struct served served;
	uint8_t bytes[2000];
	struct pollfd file = { .events = POLLIN };
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served), *other;
	run_ticks(host, 1);
	while (recv(host->file, bytes, sizeof(bytes), MSG_DONTWAIT) >= 0)
		;
	other = public_host_open(&served);
	file.fd = host->file;
	do {
		assert_int_equal(poll(&file, 1, 5000), 1);
		assert_true(recv(host->file, bytes, sizeof(bytes), 0) >= 4);
	} while (bytes[8] << 8 != 0x8000 || bytes[9] != 5);
	assert_memory_equal(bytes + 12, "taken by 127.0.0.1:", 19);
	public_host_close(other);
	public_host_reset(host); /* it takes the chip back */
	run_ticks(host, 1);
	public_host_close(host);
	served_stop(&served);
}

static void losses_do_not_matter(void **state)
{
	struct served served;
	(void)state;
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	host->loss = 10;
	for (size_t i = 0; i < 10; i++)
		run_ticks(host, 1 + 700 * i);
	host->loss = 0;
	public_host_close(host);
	served_stop(&served);
}

/* There is no other flow control than to drop frames. */
static void a_reader_that_is_slow_gets_all_words(void **state)
{
	enum { COUNT = 250000 };
	uint64_t *words = malloc(COUNT * sizeof(*words));
	struct served served;
	size_t got = 0;
	bool ended = false;
	(void)state;
	assert_non_null(words);
	for (size_t i = 0; i < COUNT; i++)
		words[i] = hxcomm_word_loopback(true);
	served_start(&served, "mock:");
	struct public_host *host = public_host_open(&served);
	host->queue_max = PUBLIC_QUEUE;
	send_program(host, words, COUNT);
	while (host->dropped == 0)
		public_host_pump(host);
	while (!ended) {
		public_host_pump(host);
		const struct public_frame *frame = public_host_receive(host, 10000);
		assert_non_null(frame);
		for (size_t i = 0; i < frame->count; i++)
			assert_int_equal(frame->words[i], HALT_RESPONSE | (got + i < COUNT));
		got += frame->count;
		ended = got > COUNT;
	}
	assert_int_equal(got, COUNT + 1);
	public_host_close(host);
	served_stop(&served);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_public_host_software_is_understood),
		cmocka_unit_test(programs_of_all_lengths_are_answered),
		cmocka_unit_test(the_end_of_an_answer_is_acknowledged_on_demand),
		cmocka_unit_test(frames_of_any_size_are_echoed),
		cmocka_unit_test(frames_of_other_types_are_acknowledged_and_ignored),
		cmocka_unit_test(resets_and_other_hosts_may_come_at_any_time),
		cmocka_unit_test(a_host_that_is_put_out_is_told_at_once),
		cmocka_unit_test(losses_do_not_matter),
		cmocka_unit_test(a_reader_that_is_slow_gets_all_words),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_public_host", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* HostARQ without sockets: frames byte by byte, and the handshake. Time is counted, not waited
 * for. */
#include "arq_host.h"
#include "arq_inbox.h"
#include "assert.h"

#include <hxcomm/words.h>

#include <stdlib.h>

static const uint64_t tick = HXCOMM_WORD_HALT | 1, halt = HXCOMM_WORD_HALT;

/* ---- frames, byte by byte (source: spec/transport.md 5.9) ------------------------------------ */

static const uint8_t reply_bytes[] = { 0, 0, 0, 0xff, 0, 0, 0, 0, 0x80, 2, 0, 6, 0, 0, 0, 0, 0, 0,
	1, 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 0, 0, 0, 0, 0, 0, 0, 0xb4, 0, 0, 0, 0, 0, 0, 0, 2, 0x76,
	0x65, 0x72, 0x73, 0x69, 0x6f, 0x6e, 0x3a, 0x20, 0x31, 0x0a, 0, 0, 0, 0, 0 };
static const uint8_t probe_bytes[] = { 0, 0, 0, 0, 0, 0, 0, 0, 0x80, 1, 0, 1, 0, 0, 0, 0, 0x12,
	0x34, 0x56, 0x78 };
static const uint8_t echo_bytes[] = { 0, 0, 0, 0, 0, 0, 0, 1, 0x80, 1, 0, 1, 0, 0, 0, 0, 0x12, 0x34,
	0x56, 0x78 };
static const uint8_t program_bytes[] = { 0, 0, 0, 1, 0, 0, 0, 1, 0, 0x10, 0, 3, 0x0a, 0, 0, 0, 0, 0,
	0, 1, 0x07, 0, 0, 0, 0, 0, 0, 1, 0x0a, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t answer_bytes[] = { 0, 0, 0, 1, 0, 0, 0, 2, 0, 0x10, 0, 2, 2, 0, 0, 0, 0, 0, 0,
	1, 2, 0, 0, 0, 0, 0, 0, 0 };
static const uint8_t flush_bytes[] = { 0, 0, 0, 2, 0, 0, 0, 2, 0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0,
	0 };

static struct arq_host *new_host(struct inbox *inbox)
{
	struct arq_host *host = calloc(1, sizeof(*host));
	assert_non_null(host);
	hxcomm__arq_host_begin(host, 0, ARQ_WINDOW, 0x12345678, keep_words, inbox);
	return host;
}

static void assert_host_sends(struct arq_host *host, uint64_t now, const void *bytes, size_t size,
        bool reset)
{
	const uint8_t *data;
	size_t got;
	bool to_reset;
	assert_true(hxcomm__arq_host_output(host, now, &data, &got, &to_reset));
	assert_int_equal(got, size);
	assert_memory_equal(data, bytes, size);
	assert_int_equal(to_reset, reset);
}

static void assert_host_is_silent(struct arq_host *host, uint64_t now)
{
	const uint8_t *data;
	size_t size;
	bool reset;
	assert_false(hxcomm__arq_host_output(host, now, &data, &size, &reset));
}

static void the_host_says_what_the_examples_say(void **state)
{
	static const uint8_t magic[] = { 0xab, 0xab, 0xab, 0xab }, ack[] = { 0, 0, 0, 1 };
	const uint64_t program[] = { tick, 0x0700000000000001, halt }, zero = 0;
	struct inbox inbox = { 0 };
	struct arq_host *host = new_host(&inbox);
	(void)state;
	assert_host_sends(host, 0, magic, 4, true);
	assert_host_is_silent(host, 0);
	hxcomm__arq_host_input(host, 10 * US, reply_bytes, sizeof(reply_bytes));
	assert_string_equal(host->text, "version: 1\n");
	assert_int_equal(host->state, ARQ_HOST_PROBING);
	assert_host_sends(host, 20 * US, probe_bytes, sizeof(probe_bytes), false);
	hxcomm__arq_host_input(host, 30 * US, echo_bytes, sizeof(echo_bytes));
	assert_int_equal(host->state, ARQ_HOST_UP);
	assert_host_is_silent(host, 30 * US);
	assert_int_equal(hxcomm__arq_host_deadline(host), 130 * US); /* 100 us after the echo */
	assert_host_sends(host, 130 * US, ack, sizeof(ack), false);
	assert_int_equal(hxcomm__arq_host_deadline(host), UINT64_MAX);
	hxcomm__arq_append(&host->link, ARQ_TYPE_WORDS, program, 3);
	assert_host_sends(host, 200 * US, program_bytes, sizeof(program_bytes), false);
	hxcomm__arq_host_input(host, 300 * US, answer_bytes, sizeof(answer_bytes));
	assert_int_equal(inbox.count, 2);
	assert_int_equal(inbox.words[0], 0x0200000000000001);
	assert_int_equal(inbox.words[1], 0x0200000000000000);
	assert_int_equal(hxcomm__arq_pending(&host->link), 0);
	hxcomm__arq_append(&host->link, ARQ_TYPE_FLUSH, &zero, 1);
	assert_host_sends(host, 310 * US, flush_bytes, sizeof(flush_bytes), false);
	free(host);
}

static void the_fpga_says_what_the_examples_say(void **state)
{
	const uint64_t probe = 0x12345678, answer[] = { 0x0200000000000001, 0x0200000000000000 };
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	(void)state;
	hxcomm__arq_describe(link, "version: 1\n");
	assert_link_sends(link, 0, reply_bytes, sizeof(reply_bytes));
	hxcomm__arq_input(link, 10 * US, probe_bytes, sizeof(probe_bytes));
	hxcomm__arq_append(link, ARQ_TYPE_ECHO, &probe, 1);
	assert_link_sends(link, 20 * US, echo_bytes, sizeof(echo_bytes));
	hxcomm__arq_input(link, 30 * US, program_bytes, sizeof(program_bytes));
	assert_int_equal(inbox.count, 4);
	assert_int_equal(inbox.words[2], 0x0700000000000001);
	hxcomm__arq_append(link, ARQ_TYPE_WORDS, answer, 2);
	assert_link_sends(link, 40 * US, answer_bytes, sizeof(answer_bytes));
	hxcomm__arq_input(link, 50 * US, flush_bytes, sizeof(flush_bytes));
	assert_int_equal(hxcomm__arq_pending(link), 0);
	free(link);
}

static void a_datagram_that_is_no_frame_is_dropped(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	uint8_t bytes[ARQ_FRAME_BYTES + 8] = { 0 };
	struct arq_frame frame;
	(void)state;
	memcpy(bytes, program_bytes, sizeof(program_bytes));
	for (size_t size = 0; size <= sizeof(bytes); size++)
		assert_int_equal(hxcomm__arq_parse(&frame, bytes, size),
		        size == 4 || size == sizeof(program_bytes));
	bytes[11] = 0; /* no words */
	assert_false(hxcomm__arq_parse(&frame, bytes, 12));
	bytes[11] = 181;
	assert_false(hxcomm__arq_parse(&frame, bytes, 12 + 8 * 181));
	bytes[11] = 180;
	assert_true(hxcomm__arq_parse(&frame, bytes, 12 + 8 * 180));
	bytes[6] = 1; /* SEQ 257 */
	assert_false(hxcomm__arq_parse(&frame, bytes, 12 + 8 * 180));
	bytes[6] = 0;
	bytes[2] = 1; /* ACK 257 */
	assert_false(hxcomm__arq_parse(&frame, bytes, 12 + 8 * 180));
	assert_false(hxcomm__arq_parse(&frame, bytes, 4));
	hxcomm__arq_input(link, 0, bytes, 12 + 8 * 180);
	assert_int_equal(link->statistics.malformed, 1);
	assert_int_equal(inbox.count, 0);
	free(link);
}

/* ---- the handshake -------------------------------------------------------------------------- */

static void the_reset_is_repeated_until_the_host_gives_up(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_host *host = new_host(&inbox);
	const uint8_t *data;
	size_t size;
	bool reset;
	(void)state;
	for (uint64_t i = 0; i < 5; i++) {
		assert_int_equal(hxcomm__arq_host_deadline(host), 400 * i * ARQ_NS_PER_MS);
		assert_true(hxcomm__arq_host_output(
		        host, 400 * i * ARQ_NS_PER_MS, &data, &size, &reset));
		assert_true(reset);
		assert_host_is_silent(host, 400 * i * ARQ_NS_PER_MS);
	}
	assert_int_equal(hxcomm__arq_host_deadline(host), 2000 * ARQ_NS_PER_MS);
	assert_int_equal(host->state, ARQ_HOST_RESETTING);
	assert_host_is_silent(host, 2000 * ARQ_NS_PER_MS);
	assert_int_equal(host->state, ARQ_HOST_NO_REPLY);
	assert_int_equal(hxcomm__arq_host_deadline(host), UINT64_MAX);
	free(host);
}

/* Pass all output of the host on to the FPGA's link; resets begin it anew. */
static void host_to_link(struct arq_host *host, struct arq_link *link, void *user, const char *text,
        uint64_t now)
{
	const uint8_t *data;
	size_t size;
	bool reset;
	while (hxcomm__arq_host_output(host, now, &data, &size, &reset)) {
		if (!reset) {
			hxcomm__arq_input(link, now, data, size);
			continue;
		}
		hxcomm__arq_begin(link, ARQ_WINDOW, keep_frames, user, now);
		hxcomm__arq_describe(link, text);
	}
}

static void link_to_host(struct arq_link *link, struct arq_host *host, uint64_t now)
{
	const uint8_t *data;
	size_t size;
	while (hxcomm__arq_output(link, now, &data, &size))
		hxcomm__arq_host_input(host, now, data, size);
}

static void a_long_description_comes_in_several_frames(void **state)
{
	static char text[5000];
	static const size_t lengths[] = { 0, 1, 7, 8, 1023, 1024, 176 * 8 - 1, 176 * 8, 176 * 8 + 1,
		4999 };
	(void)state;
	FOR_ROWS(i, lengths) {
		struct inbox inbox = { 0 }, fpga = { 0 };
		struct arq_host *host = new_host(&inbox);
		struct arq_link *link = new_link(keep_frames, &fpga);
		for (size_t k = 0; k < lengths[i]; k++)
			text[k] = (char)('a' + k % 26);
		text[lengths[i]] = '\0';
		host_to_link(host, link, &fpga, text, 0);
		assert_int_equal(hxcomm__arq_pending(link), 1 + (4 + lengths[i] / 8) / 180);
		link_to_host(link, host, 1);
		assert_int_equal(host->state, ARQ_HOST_PROBING);
		assert_int_equal(strlen(host->text), lengths[i] < 1024 ? lengths[i] : 1024);
		assert_memory_equal(host->text, text, strlen(host->text));
		host_to_link(host, link, &fpga, text, 2);
		assert_int_equal(fpga.count, 1);
		assert_int_equal(fpga.words[0], 0x12345678);
		free(host);
		free(link);
	}
}

static void other_parameters_are_told(void **state)
{
	static const struct {
		uint64_t words[5];
		size_t count;
	} rows[] = {
		{ { 512, 128, 180, 0 }, 4 },
		{ { 256, 32, 180, 0 }, 4 },
		{ { 256, 128, 126, 0 }, 4 },
		{ { 256, 128, 180, 1000000 }, 4 },
		{ { 256, 128, 180 }, 3 },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		uint8_t bytes[ARQ_FRAME_BYTES];
		struct inbox inbox = { 0 };
		struct arq_host *host = new_host(&inbox);
		const size_t size = hxcomm__arq_write(
		        bytes, 255, 0, ARQ_TYPE_CONFIGURATION, rows[i].words, rows[i].count);
		hxcomm__arq_host_input(host, 0, bytes, size);
		assert_int_equal(host->state, ARQ_HOST_UNKNOWN);
		assert_memory_equal(host->parameters, rows[i].words, 3 * sizeof(uint64_t));
		assert_host_is_silent(host, 0);
		free(host);
	}
}

/* Keys of the description: a line each, and only at its begin. */
static void what_the_fpga_wants_of_its_host_is_obeyed(void **state)
{
	static const struct {
		const char *text;
		enum arq_host_state state;
	} rows[] = {
		{ "version: 9\ncompatible_until: 0\n", ARQ_HOST_PROBING },
		{ "version: 9\ncompatible_until: 4\n", ARQ_HOST_PROBING },
		{ "version: 9\ncompatible_until: 5\n", ARQ_HOST_NEWER },
		{ "compatible_until: 12345678901234567890123", ARQ_HOST_NEWER },
		{ "compatible_until: x", ARQ_HOST_PROBING },
		{ "not_compatible_until: 5\n", ARQ_HOST_PROBING },
		{ "version: 9\n", ARQ_HOST_PROBING },
		{ "", ARQ_HOST_PROBING },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct inbox inbox = { 0 }, fpga = { 0 };
		struct arq_host *host = new_host(&inbox);
		struct arq_link *link = new_link(keep_frames, &fpga);
		host_to_link(host, link, &fpga, rows[i].text, 0);
		link_to_host(link, host, 0);
		assert_int_equal(host->state, rows[i].state);
		free(host);
		free(link);
	}
}

static void what_an_earlier_host_left_is_passed_over(void **state)
{
	uint8_t bytes[ARQ_FRAME_BYTES];
	const uint64_t words[] = { 256, 128, 180, 0 }, stale = 0x0200000000000000, other = 0x999;
	struct inbox inbox = { 0 };
	struct arq_host *host = new_host(&inbox);
	(void)state;
	const struct {
		uint32_t seq;
		uint16_t type;
		const uint64_t *words;
		size_t count;
		enum arq_host_state after;
	} rows[] = {
		{ 0, ARQ_TYPE_WORDS, &stale, 1, ARQ_HOST_RESETTING },
		{ 5, ARQ_TYPE_WORDS, &stale, 1, ARQ_HOST_RESETTING },
		{ 1, ARQ_TYPE_CONFIGURATION, words, 4, ARQ_HOST_RESETTING },
		{ 0, ARQ_TYPE_ECHO, &other, 1, ARQ_HOST_RESETTING },
		{ 0, ARQ_TYPE_CONFIGURATION, words, 4, ARQ_HOST_PROBING },
		{ 1, ARQ_TYPE_WORDS, &stale, 1, ARQ_HOST_PROBING },
		{ 2, ARQ_TYPE_ECHO, &other, 1, ARQ_HOST_PROBING },
		{ 3, ARQ_TYPE_ECHO, &host->probe, 1, ARQ_HOST_UP },
	};
	FOR_ROWS(i, rows) {
		const size_t size = hxcomm__arq_write(
		        bytes, 255, rows[i].seq, rows[i].type, rows[i].words, rows[i].count);
		hxcomm__arq_host_input(host, 0, bytes, size);
		assert_int_equal(host->state, rows[i].after);
	}
	assert_int_equal(inbox.count, 0);
	free(host);
}

static void without_an_echo_the_host_gives_up(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_host *host = new_host(&inbox);
	(void)state;
	hxcomm__arq_host_input(host, 0, reply_bytes, sizeof(reply_bytes));
	assert_host_sends(host, 0, probe_bytes, sizeof(probe_bytes), false);
	assert_host_sends(
	        host, 500 * ARQ_NS_PER_MS, probe_bytes, sizeof(probe_bytes), false); /* again */
	assert_host_is_silent(host, 2000 * ARQ_NS_PER_MS);
	assert_int_equal(host->state, ARQ_HOST_NO_ECHO);
	free(host);
}

static void the_second_of_two_resets_counts(void **state)
{
	struct inbox inbox = { 0 }, fpga = { 0 };
	struct arq_host *host = new_host(&inbox);
	struct arq_link *link = new_link(keep_frames, &fpga);
	(void)state;
	host_to_link(host, link, &fpga, "slow", 0);
	const uint8_t *data;
	size_t size, late_size;
	uint8_t late[ARQ_FRAME_BYTES];
	assert_true(hxcomm__arq_output(link, 0, &data, &late_size));
	memcpy(late, data, late_size); /* the reply is under way for more than 400 ms */
	host_to_link(host, link, &fpga, "slow", 400 * ARQ_NS_PER_MS);
	hxcomm__arq_host_input(host, 401 * ARQ_NS_PER_MS, late, late_size);
	assert_int_equal(host->state, ARQ_HOST_PROBING);
	bool reset;
	assert_true(hxcomm__arq_host_output(
	        host, 401 * ARQ_NS_PER_MS, &data, &size, &reset)); /* lost */
	link_to_host(link, host, 402 * ARQ_NS_PER_MS);
	assert_int_equal(host->state, ARQ_HOST_PROBING);
	host_to_link(host, link, &fpga, "slow", 403 * ARQ_NS_PER_MS);
	assert_int_equal(fpga.count, 1);
	assert_int_equal(hxcomm__arq_pending(link), 0);
	free(host);
	free(link);
}

static void a_host_that_is_put_out_is_told_by_whom(void **state)
{
	uint8_t bytes[ARQ_FRAME_BYTES];
	struct inbox inbox = { 0 };
	struct arq_host *host = new_host(&inbox);
	const size_t size = hxcomm__arq_write_taken(bytes, "127.0.0.9 port 40000");
	(void)state;
	hxcomm__arq_host_input(host, 0, bytes, size); /* meant for an earlier connection */
	assert_int_equal(host->state, ARQ_HOST_RESETTING);
	assert_int_equal(
	        bytes[8] << 8 | bytes[9], 0x8005); /* whoever waits for 0x8002 passes it over */
	hxcomm__arq_host_input(host, 0, reply_bytes, sizeof(reply_bytes));
	hxcomm__arq_host_input(
	        host, 0, reply_bytes, sizeof(reply_bytes)); /* a duplicate is no begin */
	hxcomm__arq_host_input(host, 0, echo_bytes, sizeof(echo_bytes));
	assert_int_equal(host->state, ARQ_HOST_UP);
	hxcomm__arq_host_input(host, 0, reply_bytes, sizeof(reply_bytes));
	assert_int_equal(host->state, ARQ_HOST_UP);
	hxcomm__arq_host_input(host, 0, bytes, size);
	assert_int_equal(host->state, ARQ_HOST_TAKEN);
	assert_string_equal(host->text, "taken by 127.0.0.9 port 40000");
	assert_host_is_silent(host, 0);
	free(host);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_host_says_what_the_examples_say),
		cmocka_unit_test(the_fpga_says_what_the_examples_say),
		cmocka_unit_test(a_datagram_that_is_no_frame_is_dropped),
		cmocka_unit_test(the_reset_is_repeated_until_the_host_gives_up),
		cmocka_unit_test(a_long_description_comes_in_several_frames),
		cmocka_unit_test(other_parameters_are_told),
		cmocka_unit_test(what_the_fpga_wants_of_its_host_is_obeyed),
		cmocka_unit_test(what_an_earlier_host_left_is_passed_over),
		cmocka_unit_test(without_an_echo_the_host_gives_up),
		cmocka_unit_test(the_second_of_two_resets_counts),
		cmocka_unit_test(a_host_that_is_put_out_is_told_by_whom),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_host", tests, NULL, NULL);
}

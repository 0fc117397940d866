// SPDX-License-Identifier: MIT
/* HostARQ over UDP, host and server in one process, on 127.0.0.0/8 only.
 *
 * Where the list of spec/transport.md 9 is tested:
 *
 * | fact | test |
 * |---|---|
 * | words of 1.7, corner cases, round trips with commas | hxcomm/words, encoder, decoder |
 * | frames of 5.9 byte by byte | hxcomm/arq_host the_host_says_…,
 * the_fpga_says_what_the_examples_say |
 * | wrap at 255, window 128 | hxcomm/arq_wire the_whole_window_works_where_the_order_is_kept |
 * | loss, duplication, reordering, both ways | hxcomm/arq_wire, hxcomm/arq_network |
 * | reset: reply in several frames | hxcomm/arq_host a_long_description_comes_in_several_frames |
 * | reset: mismatch | hxcomm/arq_failure another_protocol_is_told |
 * | reset: no reply | hxcomm/arq_failure where_nobody_answers_the_host_says_so |
 * | stale frames before reply and echo | hxcomm/arq_host what_an_earlier_host_left_is_passed_over |
 * | programs of 1, 180, 181 words | programs_of_every_length_run_as_on_the_spot |
 * | a program of 4 194 305 words | a_program_longer_than_the_playback_memory_passes |
 * | read without barrier | fisch/register_emulator a_read_without_a_barrier_is_missed |
 * | timeout with its context, connection reopened | fisch/register_emulator
 * polling_waits_for_a_word |
 * | reinit replayed | stadls/reinit, stadls/machine |
 * | times at 0, at 128, at the wrap | hxcomm/decoder
 * chip_time_is_the_latest_that_is_not_after_arrival |
 * | two FPGAs in one process | two_fpgas_live_at_two_addresses | */
#include "arq_served.h"
#include "random.h"

#include <hxcomm/log.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
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

static void say_nothing(enum hxcomm_log_level level, const char *room, const char *text, void *user)
{
	(void)level, (void)room, (void)text, (void)user;
}

/* ---- programs ------------------------------------------------------------------------------- */

static void programs_of_every_length_run_as_on_the_spot(void **state)
{
	static const size_t lengths[] = { 0, 1, 2, 178, 179, 180, 181, 359, 360, 361, 17279, 17280,
		17281, 100000 };
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

static void a_program_longer_than_the_playback_memory_passes(void **state)
{
	enum { COUNT = 4194305 };
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *far;
	struct hxcomm_link_statistics s = HXCOMM_LINK_STATISTICS_INIT;
	struct hxcomm_responses *responses;
	struct served served;
	uint64_t *words = calloc(COUNT, sizeof(*words)); /* JTAG resets */
	(void)state;
	assert_non_null(words);
	words[COUNT - 1] = hxcomm_word_loopback(true);
	served_start(&served, "mock:");
	options.run_words = COUNT;
	hxcomm_log_set_sink(say_nothing, NULL); /* it is warned of */
	assert_ok(hxcomm_open(&far, served.uri, &options));
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_ok(hxcomm_run(far, words, COUNT, responses));
	assert_int_equal(responses->loopback.count, 1);
	assert_ok(hxcomm_link_statistics_read(&s, far));
	/* the probe and the halt; more to keep it alive, where the machine is slow */
	assert_in_range(s.words_sent, 1 + COUNT + 1, 1 + COUNT + 100);
	hxcomm_close(far);
	served_stop(&served);
	hxcomm_log_set_sink(NULL, NULL);
	hxcomm_responses_free(responses);
	free(words);
}

static void many_connections_follow_each_other(void **state)
{
	const uint64_t words[] = { hxcomm_word_loopback(true) };
	struct hxcomm_arq_server_statistics s = HXCOMM_ARQ_SERVER_STATISTICS_INIT;
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
	assert_ok(hxcomm_arq_server_statistics_read(&s, served.server));
	assert_int_equal(s.resets, 50);
	assert_int_equal(s.thefts, 0); /* each has said goodbye */
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
		words[count++] =
		        hxcomm_word_omnibus_address(UINT32_C(0x88000003) + i % 4, 15, true);
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
		to.sin_port =
		        htons((uint16_t)(i % 3 ? hxcomm_arq_server_port(served.server)
		                               : hxcomm_arq_server_reset_port(served.server)));
		assert_true(
		        sendto(stranger, bytes, size, 0, (struct sockaddr *)&to, sizeof(to)) >= 0);
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
	/* the probe, the words, the halt; more to keep it alive, where the machine is slow */
	assert_in_range(s.frames_sent, 1 + 50 + 1, 1 + 50 + 100);
	assert_int_equal(s.words_sent - s.frames_sent, 179 * 50);
	assert_true(s.frames_received >= 1 + 1 + 50 && s.words_received >= 180 * 50);
	assert_int_equal(s.malformed, 0);
	assert_true(s.round_trip_s > 0 && s.round_trip_s < 10);
	assert_error(hxcomm_link_statistics_read(&s, near), HXCOMM_ENOTSUP, "'mock:' has no link");
	s.size = 0;
	assert_error(hxcomm_link_statistics_read(&s, far), HXCOMM_EINVAL,
	        "HXCOMM_LINK_STATISTICS_INIT");
	hxcomm_close(far);
	hxcomm_close(near);
	served_stop(&served);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_of_every_length_run_as_on_the_spot),
		cmocka_unit_test(a_program_longer_than_the_playback_memory_passes),
		cmocka_unit_test(many_connections_follow_each_other),
		cmocka_unit_test(a_small_window_works_too),
		cmocka_unit_test(the_emulator_answers_as_on_the_spot),
		cmocka_unit_test(two_fpgas_live_at_two_addresses),
		cmocka_unit_test(servers_may_stand_behind_each_other),
		cmocka_unit_test(strangers_disturb_nobody),
		cmocka_unit_test(statistics_count_the_frames),
	};
	return cmocka_run_group_tests_name("hxcomm/arq", tests, NULL, NULL);
}

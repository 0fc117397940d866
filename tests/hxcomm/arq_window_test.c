// SPDX-License-Identifier: MIT
/* The rules of the window of HostARQ, without sockets. Time is counted, not waited for. */
#include "arq_inbox.h"
#include "assert.h"

#include <stdlib.h>

static void put_words(
        struct arq_link *link, uint32_t seq, uint32_t ack, uint64_t word, uint64_t now)
{
	uint8_t bytes[ARQ_FRAME_BYTES];
	const size_t size = hxcomm__arq_write(bytes, ack, seq, ARQ_TYPE_WORDS, &word, 1);
	hxcomm__arq_input(link, now, bytes, size);
}

static void put_ack(struct arq_link *link, uint32_t ack, uint64_t now)
{
	const uint8_t bytes[] = { 0, 0, 0, (uint8_t)ack };
	hxcomm__arq_input(link, now, bytes, sizeof(bytes));
}

static size_t count_output(struct arq_link *link, uint64_t now)
{
	const uint8_t *data;
	size_t size, count = 0;
	while (hxcomm__arq_output(link, now, &data, &size))
		count++;
	return count;
}

static void early_frames_wait_and_the_window_has_an_end(void **state)
{
	static const uint8_t ack[] = { 0, 0, 0, 0xff }, later[] = { 0, 0, 0, 3 };
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	(void)state;
	put_words(link, 2, 255, 102, 0);
	put_words(link, 1, 255, 101, 0);
	assert_int_equal(inbox.count, 0);
	assert_link_sends(link, 0, ack, 4); /* one for each, to be counted by the sender */
	assert_link_sends(link, 0, ack, 4);
	assert_link_is_silent(link, 0);
	put_words(link, 127, 255, 227, 0); /* the last one of the window */
	put_words(link, 128, 255, 228, 0); /* behind it */
	put_words(link, 2, 255, 999, 0);   /* again: the first one counts */
	put_words(link, 255, 255, 999, 0); /* of the past */
	assert_int_equal(link->statistics.frames_early, 3);
	assert_int_equal(link->statistics.frames_repeated, 3);
	assert_int_equal(count_output(link, 0), ARQ_REPEATS);
	put_words(link, 0, 255, 100, 0);
	put_words(link, 3, 255, 103, 0);
	assert_int_equal(inbox.count, 4);
	for (size_t i = 0; i < 4; i++)
		assert_int_equal(inbox.words[i], 100 + i);
	assert_link_sends(link, 0, later, 4); /* a gap was filled: at once */
	free(link);
}

static void a_frame_that_is_refused_comes_again(void **state)
{
	struct inbox inbox = { .refuse = true };
	struct arq_link *link = new_link(keep_frames, &inbox);
	(void)state;
	put_words(link, 1, 255, 101, 0);
	put_words(link, 0, 255, 100, 0);
	assert_int_equal(link->base, 0);
	inbox.refuse = false;
	put_words(link, 0, 255, 100, 0);
	assert_int_equal(inbox.count, 2);
	assert_int_equal(inbox.words[1], 101);
	free(link);
}

static void acknowledgements_outside_the_window_are_ignored(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	const uint64_t word = 1;
	(void)state;
	for (int i = 0; i < 10; i++)
		hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
	put_ack(link, 0, 0); /* nothing was sent yet */
	assert_int_equal(hxcomm__arq_pending(link), 10);
	assert_int_equal(count_output(link, 0), 10);
	put_ack(link, 10, 0);
	put_ack(link, 200, 0);
	put_ack(link, 254, 0);
	assert_int_equal(hxcomm__arq_pending(link), 10);
	put_ack(link, 3, 0);
	assert_int_equal(hxcomm__arq_pending(link), 6);
	put_ack(link, 9, 0);
	assert_int_equal(hxcomm__arq_pending(link), 0);
	free(link);
}

static void a_full_window_stops_and_goes_on(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	const uint64_t word = 1;
	(void)state;
	for (unsigned round = 0; round < 5; round++) { /* over the wrap of the sequence numbers */
		assert_int_equal(hxcomm__arq_room(link), 128);
		for (unsigned i = 0; i < 128; i++)
			hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
		assert_int_equal(hxcomm__arq_room(link), 0);
		assert_int_equal(count_output(link, 0), 128);
		put_ack(link, (128 * round + 127) % 256, 0);
	}
	hxcomm__arq_begin(link, 1, keep_frames, &inbox, 0);
	hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
	assert_int_equal(hxcomm__arq_room(link), 0);
	free(link);
}

static void a_lost_frame_is_sent_again(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	const uint64_t word = 1;
	(void)state;
	for (int i = 0; i < 6; i++)
		hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
	assert_int_equal(count_output(link, 0), 6);
	put_ack(link, 0, 50 * US); /* a round trip of 50 us */
	for (int i = 0; i < ARQ_REPEATS; i++) {
		assert_int_equal(count_output(link, 100 * US), 0);
		put_ack(link, 0, 100 * US);
	}
	assert_int_equal(count_output(link, 100 * US), 1); /* SEQ 1, after the third */
	assert_int_equal(link->statistics.fast_resends, 1);
	put_ack(link, 2, 200 * US); /* SEQ 3 is missing, too */
	assert_int_equal(count_output(link, 200 * US), 1);
	assert_int_equal(link->statistics.timeouts, 0);
	/* that one is lost again, and so is the question what has come: after 2 ms, with those
	 * behind it */
	const uint64_t probe = hxcomm__arq_deadline(link);
	assert_int_equal(probe, 200 * US + ARQ_PROBE_MIN_NS);
	assert_int_equal(count_output(link, probe), 1);
	const uint64_t at = hxcomm__arq_deadline(link);
	assert_int_equal(at, probe + ARQ_RESEND_MIN_NS);
	assert_int_equal(count_output(link, at - 1), 0);
	assert_int_equal(count_output(link, at), 3);
	assert_int_equal(link->statistics.timeouts, 1);
	/* and then after twice the time */
	assert_int_equal(hxcomm__arq_deadline(link), at + 2 * ARQ_RESEND_MIN_NS);
	put_ack(link, 5, at + 1);
	assert_int_equal(hxcomm__arq_deadline(link), UINT64_MAX);
	free(link);
}

/* The other side acknowledges only where something comes: one frame is enough to make it. */
static void silence_brings_one_frame_again_and_once(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	const uint64_t word = 1;
	(void)state;
	for (int i = 0; i < 50; i++)
		hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
	assert_int_equal(count_output(link, 0), 50);
	assert_int_equal(hxcomm__arq_deadline(link), ARQ_PROBE_MIN_NS);
	put_ack(link, 9, 100 * US);
	assert_int_equal(hxcomm__arq_deadline(link), 100 * US + ARQ_PROBE_MIN_NS);
	assert_int_equal(count_output(link, 100 * US + ARQ_PROBE_MIN_NS - 1), 0);
	assert_int_equal(count_output(link, 100 * US + ARQ_PROBE_MIN_NS), 1);
	assert_int_equal(count_output(link, 100 * US + 2 * ARQ_PROBE_MIN_NS), 0);
	put_ack(link, 48, 1000 * US);
	assert_int_equal(
	        count_output(link, 1000 * US + ARQ_PROBE_MIN_NS), 1); /* there was progress */
	put_ack(link, 49, 2000 * US);
	assert_int_equal(hxcomm__arq_deadline(link), UINT64_MAX);
	assert_int_equal(link->statistics.probes, 2);
	assert_int_equal(link->statistics.frames_resent, 2);
	assert_int_equal(link->statistics.timeouts, 0);
	free(link);
}

static void the_time_to_wait_follows_the_round_trip(void **state)
{
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	const uint64_t word = 1;
	uint64_t now = 0;
	(void)state;
	for (uint32_t i = 0; i < 100; i++) { /* 20 ms, always */
		hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
		assert_int_equal(count_output(link, now), 1);
		now += 20 * ARQ_NS_PER_MS;
		put_ack(link, i, now);
	}
	assert_near(link->statistics.round_trip_s, 0.020, 0.01, 0);
	assert_int_equal(link->statistics.timeouts, 0);
	assert_true(link->resend_after >= 19 * ARQ_NS_PER_MS &&
	        link->resend_after < 25 * ARQ_NS_PER_MS);
	for (uint32_t i = 100; i < 110; i++) { /* 5 to 35 ms: the spread counts */
		hxcomm__arq_append(link, ARQ_TYPE_WORDS, &word, 1);
		now += 100 * ARQ_NS_PER_MS;
		assert_int_equal(count_output(link, now), 1);
		put_ack(link, i, now + (i % 2 ? 5 : 35) * ARQ_NS_PER_MS);
	}
	assert_true(link->resend_after > 50 * ARQ_NS_PER_MS);
	free(link);
}

static void thirty_two_frames_are_acknowledged_at_once(void **state)
{
	static const uint8_t ack[] = { 0, 0, 0, 31 };
	struct inbox inbox = { 0 };
	struct arq_link *link = new_link(keep_frames, &inbox);
	(void)state;
	for (uint32_t i = 0; i < 31; i++)
		put_words(link, i, 255, i, i);
	assert_link_is_silent(link, 31);
	assert_int_equal(hxcomm__arq_deadline(link), ARQ_ACK_DELAY_NS);
	put_words(link, 31, 255, 31, 31);
	assert_link_sends(link, 31, ack, 4);
	free(link);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(early_frames_wait_and_the_window_has_an_end),
		cmocka_unit_test(a_frame_that_is_refused_comes_again),
		cmocka_unit_test(acknowledgements_outside_the_window_are_ignored),
		cmocka_unit_test(a_full_window_stops_and_goes_on),
		cmocka_unit_test(a_lost_frame_is_sent_again),
		cmocka_unit_test(silence_brings_one_frame_again_and_once),
		cmocka_unit_test(the_time_to_wait_follows_the_round_trip),
		cmocka_unit_test(thirty_two_frames_are_acknowledged_at_once),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_window", tests, NULL, NULL);
}

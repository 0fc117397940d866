// SPDX-License-Identifier: MIT
/* Both ends of a HostARQ link over a simulated wire that loses, duplicates and delays datagrams.
 * Time is counted, not waited for. */
#include "arq_window.h"
#include "assert.h"
#include "random.h"

#include <stdlib.h>

#define US UINT64_C(1000)

/* A datagram takes 12 us, as a full one on gigabit Ethernet, and is under way for 30 us. One that
 * is late is overtaken by up to 24 others. */
enum { FLYING_MAX = 2048, PLACES = 24 };
#define PLACE_NS (12 * US)

struct wire {
	struct test_random random;
	unsigned loss, duplication, reordering; /* percent */
	uint64_t burst_every, burst_length;     /* datagrams; 0: none */
	uint32_t window;                        /* frames sent ahead */
	uint64_t now, sent;
	uint64_t busy[2]; /* until when, in each direction */
	size_t count;
	struct flying {
		uint64_t at;
		int to;
		size_t size;
		uint8_t data[ARQ_FRAME_BYTES];
	} flying[FLYING_MAX];
};

/* One end: sends the words hash(0), hash(1) …, expects the same ones. */
struct end {
	struct arq_link link;
	uint64_t total, sent, received;
};

static uint64_t hash(uint64_t i)
{
	return (i + 1) * UINT64_C(0x9e3779b97f4a7c15);
}

static bool expect_words(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	struct end *end = user;
	assert_int_equal(type, ARQ_TYPE_WORDS);
	for (size_t i = 0; i < count; i++)
		if (words[i] != hash(end->received + i))
			fail_msg(
			        "word %llu is another one",
			        (unsigned long long)(end->received + i));
	end->received += count;
	return true;
}

static void put_on_wire(struct wire *wire, int to, const uint8_t *data, size_t size)
{
	const uint64_t number = wire->sent++;
	unsigned copies = 1;
	if (wire->burst_every && number % wire->burst_every < wire->burst_length &&
	        number >= wire->burst_every)
		return;
	if (test_random_below(&wire->random, 100) < wire->loss)
		return;
	copies += test_random_below(&wire->random, 100) < wire->duplication;
	for (; copies; copies--) {
		assert_true(wire->count < FLYING_MAX);
		struct flying *flying = &wire->flying[wire->count++];
		if (wire->busy[to] < wire->now)
			wire->busy[to] = wire->now;
		wire->busy[to] += PLACE_NS;
		flying->at = wire->busy[to] + 30 * US;
		if (test_random_below(&wire->random, 100) < wire->reordering)
			flying->at += 1 + test_random_below(&wire->random, PLACES) * PLACE_NS;
		flying->to = to;
		flying->size = size;
		memcpy(flying->data, data, size);
	}
}

static void feed(struct end *end, struct wire *wire, int to)
{
	uint64_t words[ARQ_FRAME_WORDS];
	const uint8_t *data;
	size_t size;
	while (end->sent < end->total && hxcomm__arq_room(&end->link)) {
		uint64_t count = end->total > 100000
		        ? ARQ_FRAME_WORDS
		        : 1 + test_random_below(&wire->random, ARQ_FRAME_WORDS);
		if (count > end->total - end->sent)
			count = end->total - end->sent;
		for (uint64_t i = 0; i < count; i++)
			words[i] = hash(end->sent + i);
		hxcomm__arq_append(&end->link, ARQ_TYPE_WORDS, words, count);
		end->sent += count;
	}
	while (hxcomm__arq_output(&end->link, wire->now, &data, &size))
		put_on_wire(wire, to, data, size);
}

/* Let time pass until something happens; false where nothing ever will. */
static bool step(struct end *ends, struct wire *wire)
{
	uint64_t at = UINT64_MAX;
	for (int i = 0; i < 2; i++) {
		feed(&ends[i], wire, !i);
		const uint64_t deadline = hxcomm__arq_deadline(&ends[i].link);
		at = deadline < at ? deadline : at;
	}
	for (size_t i = 0; i < wire->count; i++)
		at = wire->flying[i].at < at ? wire->flying[i].at : at;
	if (at == UINT64_MAX)
		return false;
	wire->now = at > wire->now ? at : wire->now;
	for (size_t i = 0; i < wire->count;) {
		struct flying *flying = &wire->flying[i];
		if (flying->at > wire->now) {
			i++;
			continue;
		}
		hxcomm__arq_input(&ends[flying->to].link, wire->now, flying->data, flying->size);
		*flying = wire->flying[--wire->count];
	}
	return true;
}

static void exchange(
        struct wire *wire, uint64_t there, uint64_t back, struct hxcomm_link_statistics *out)
{
	struct end *ends = calloc(2, sizeof(*ends));
	assert_non_null(ends);
	ends[0].total = there;
	ends[1].total = back;
	for (int i = 0; i < 2; i++)
		hxcomm__arq_begin(&ends[i].link, wire->window, expect_words, &ends[i], 0);
	while (step(ends, wire))
		assert_true(wire->now < 1000000 * ARQ_NS_PER_MS);
	assert_int_equal(ends[1].received, there);
	assert_int_equal(ends[0].received, back);
	for (int i = 0; i < 2; i++) {
		assert_int_equal(hxcomm__arq_pending(&ends[i].link), 0);
		assert_int_equal(ends[i].link.statistics.words_received,
		        ends[!i].link.statistics.words_sent);
		assert_int_equal(ends[i].link.statistics.frames_received,
		        ends[!i].link.statistics.frames_sent);
	}
	if (out)
		*out = ends[0].link.statistics;
	free(ends);
}

static struct wire *new_wire(uint64_t seed, unsigned percent)
{
	struct wire *wire = calloc(1, sizeof(*wire));
	assert_non_null(wire);
	wire->random.seed = seed;
	wire->loss = wire->duplication = wire->reordering = percent;
	wire->window = ARQ_SEND_WINDOW;
	return wire;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void a_good_wire_needs_nothing_twice(void **state)
{
	struct hxcomm_link_statistics statistics;
	struct wire *wire = new_wire(1, 0);
	(void)state;
	exchange(wire, 180 * 1000, 0, &statistics);
	assert_int_equal(statistics.frames_sent, 1000);
	assert_int_equal(statistics.frames_resent, 0);
	assert_true(wire->now < 1010 * PLACE_NS + 500 * US); /* and is never idle */
	free(wire);
}

static void words_arrive_once_and_in_order_over_a_bad_wire(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct wire *wire = new_wire(seed, 10);
		exchange(wire, test_random_below(&wire->random, 60000),
		        seed % 2 ? test_random_below(&wire->random, 60000) : seed % 7, NULL);
		free(wire);
	}
}

static void words_arrive_over_a_very_bad_wire(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct wire *wire = new_wire(seed, 50);
		exchange(wire, 10000, 5000, NULL);
		free(wire);
	}
}

/* 300 to 600 frames: the sequence numbers begin anew more than once. Nothing is overtaken: with the
 * whole window in flight, the numbers do not tell a frame that is late from a new one. */
static void the_whole_window_works_where_the_order_is_kept(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 50; seed++) {
		struct wire *wire = new_wire(seed, 10);
		wire->window = ARQ_WINDOW;
		wire->reordering = 0;
		exchange(wire, 180 * (300 + seed), 180 * (600 - 6 * seed), NULL);
		free(wire);
	}
}

static void words_survive_bursts_of_200_lost_frames(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct wire *wire = new_wire(seed, seed % 2 ? 10 : 0);
		wire->burst_every = 700 + 37 * seed;
		wire->burst_length = 200;
		exchange(wire, 180 * 2000, seed % 3 ? 180 * 2000 : 0, NULL);
		free(wire);
	}
}

static void a_whole_program_each_way_over_a_bad_wire(void **state)
{
	struct wire *wire = new_wire(77, 10);
	(void)state;
	wire->burst_every = 5000;
	wire->burst_length = 200;
	exchange(wire, 4194304, 4194304, NULL);
	/* the wire alone takes 0.3 s; a time-out for each lost frame would be 5 s */
	assert_true(wire->now < 2000 * ARQ_NS_PER_MS);
	free(wire);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_wire_needs_nothing_twice),
		cmocka_unit_test(words_arrive_once_and_in_order_over_a_bad_wire),
		cmocka_unit_test(words_arrive_over_a_very_bad_wire),
		cmocka_unit_test(the_whole_window_works_where_the_order_is_kept),
		cmocka_unit_test(words_survive_bursts_of_200_lost_frames),
		cmocka_unit_test(a_whole_program_each_way_over_a_bad_wire),
	};
	return cmocka_run_group_tests_name("hxcomm/arq_wire", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "random.h"
#include "torture.h"

#include <stdlib.h>

static void equal_times_share_packs(void **state)
{
	static const uint64_t times[] = { 0, 10, 10, 11, 11, 11, 20, 20, 20, 20, 30, 30, 30, 30, 30,
		UINT32_MAX };
	static const uint16_t labels[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15,
		0xffff };
	static const uint64_t expected[] = { 0x0500000000000000, 0x0d00000000000001,
		0x050000000000000a, 0x0e00000000020003, 0x050000000000000b, 0x0f00000400050006,
		0x0500000000000014, 0x0f00000700080009, 0x0d0000000000000a, 0x050000000000001e,
		0x0f00000b000c000d, 0x0e000000000e000f, 0x05000000ffffffff, 0x0d0000000000ffff };
	struct fisch_program *p;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_spike_train(p, times, labels, 16));
	size_t count;
	const uint64_t *words = fisch_program_words(p, &count);
	assert_int_equal(count, sizeof(expected) / sizeof(*expected));
	for (size_t i = 0; i < count; i++)
		assert_int_equal(words[i], expected[i]);
	assert_ok(fisch_program_append_spike_train(p, NULL, NULL, 0));
	fisch_program_free(p);
}

/* Walking over the words gives back the train, with no word too many. */
static void the_words_of_a_random_train_are_the_train(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 100; seed++) {
		struct test_random random = { .seed = seed };
		enum { MAX = 500 };
		uint64_t times[MAX];
		uint16_t labels[MAX];
		const size_t count = 1 + test_random_below(&random, MAX);
		const uint64_t step = 1 + test_random_below(&random, 4);
		uint64_t now = 0;
		size_t groups = 0;
		for (size_t i = 0; i < count; i++) {
			const uint64_t more = test_random_below(&random, step);
			groups += i == 0 || more;
			times[i] = now += more;
			labels[i] = (uint16_t)test_random_next(&random);
		}
		struct fisch_program *p;
		assert_ok(fisch_program_new(&p, 0));
		assert_ok(fisch_program_append_spike_train(p, times, labels, count));
		size_t words_count, at = 0, waits = 0;
		const uint64_t *words = fisch_program_words(p, &words_count);
		now = UINT64_MAX;
		for (size_t i = 0; i < words_count; i++) {
			const unsigned code = hxcomm_word_instruction(words[i]);
			if (code == HXCOMM_WAIT_UNTIL) {
				now = words[i] & UINT32_MAX;
				waits++;
				continue;
			}
			const size_t events = code - HXCOMM_SPIKE_PACK_1 + 1;
			assert_in_range(events, 1, 3);
			for (size_t k = 0; k < events; k++, at++) {
				assert_int_equal(times[at], now);
				assert_int_equal(
				        labels[at], words[i] >> 16 * (events - 1 - k) & 0xffff);
			}
			if (events < 3 && at < count)
				assert_true(times[at] != now); /* a pack is full before the next */
		}
		assert_int_equal(at, count);
		assert_int_equal(waits, groups);
		fisch_program_free(p);
	}
}

static void wrong_trains_change_nothing(void **state)
{
	static const uint64_t back[] = { 1, 5, 4 }, late[] = { 0, UINT64_C(1) << 32 };
	static const uint16_t labels[3];
	struct fisch_program *p;
	size_t count;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_error(fisch_program_append_spike_train(p, back, labels, 3), HXCOMM_EINVAL,
	        "event 2 at 4 cycles is earlier than the one before it, at 5: sort the train");
	assert_error(fisch_program_append_spike_train(p, late, labels, 2), HXCOMM_ERANGE,
	        "last event at 4294967296 cycles, the timer has 32 bits");
	fisch_program_words(p, &count);
	assert_int_equal(count, 0);
	fisch_program_free(p);
}

static void a_train_fills_a_program_to_the_last_word(void **state)
{
	static const uint64_t times[] = { 1, 1, 1, 1, 2 };
	static const uint16_t labels[5];
	struct fisch_program *p;
	size_t count;
	(void)state;
	assert_ok(fisch_program_new(&p, 4));
	assert_error(fisch_program_append_spike_train(p, times, labels, 5), HXCOMM_ERANGE,
	        "5 more words after 0 exceed the program's limit of 4");
	fisch_program_free(p);
	assert_ok(fisch_program_new(&p, 5));
	assert_ok(fisch_program_append_spike_train(p, times, labels, 5));
	fisch_program_words(p, &count);
	assert_int_equal(count, 5);
	fisch_program_free(p);
}

/* Trains of one, the events of a train in turn, give the words of the train: times differ. */
static void trains_of_one_add_up_to_a_train(void **state)
{
	enum { COUNT = 600 };
	struct test_random random = { .seed = 9 };
	uint64_t times[COUNT];
	uint16_t labels[COUNT];
	struct fisch_program *whole, *singly;
	(void)state;
	assert_ok(fisch_program_new(&whole, 2 * COUNT));
	assert_ok(fisch_program_new(&singly, 2 * COUNT));
	for (size_t i = 0; i < COUNT; i++) {
		times[i] = 7 * i + test_random_below(&random, 7);
		labels[i] = (uint16_t)test_random_next(&random);
		assert_ok(fisch_program_append_spike_train(singly, &times[i], &labels[i], 1));
	}
	assert_ok(fisch_program_append_spike_train(whole, times, labels, COUNT));
	size_t count, other_count;
	const uint64_t *words = fisch_program_words(whole, &count);
	const uint64_t *other = fisch_program_words(singly, &other_count);
	assert_int_equal(count, 2 * COUNT);
	assert_int_equal(other_count, count);
	assert_memory_equal(other, words, count * sizeof(*words));
	/* both are full */
	assert_error(fisch_program_append_spike_train(singly, times, labels, 1), HXCOMM_ERANGE,
	        "2 more words after 1200 exceed the program's limit of 1200");
	assert_error(fisch_program_append_spikes(singly, labels, 1), HXCOMM_ERANGE,
	        "1 more words after 1200");
	static const uint64_t late = UINT64_C(1) << 32;
	fisch_program_clear(singly);
	assert_error(fisch_program_append_spike_train(singly, &late, labels, 1), HXCOMM_ERANGE,
	        "last event at 4294967296 cycles, the timer has 32 bits");
	fisch_program_words(singly, &count);
	assert_int_equal(count, 0);
	fisch_program_free(whole);
	fisch_program_free(singly);
}

/* Without room, a single word is not half appended, and a read not counted. */
static void a_single_word_without_memory_changes_nothing(void **state)
{
	static const uint64_t time = 3;
	static const uint16_t label = 4;
	struct fisch_program *p;
	struct fisch_ticket ticket = { .position = 77 };
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	for (size_t step = 0; step < 4; step++) {
		torture_begin(0);
		const int status = step == 0 ? fisch_program_append_wait_until(p, 5) :
		        step == 1 ? fisch_program_append_spikes(p, &label, 1) :
		        step == 2 ? fisch_program_append_omnibus_read(&ticket, p, 9) :
		                    fisch_program_append_spike_train(p, &time, &label, 1);
		assert_true(torture_end());
		assert_int_equal(status, HXCOMM_ENOMEM);
		const struct fisch_mark mark = fisch_program_mark(p);
		assert_int_equal(mark.words, 0);
		assert_int_equal(mark.omnibus, 0);
		assert_int_equal(ticket.position, 77);
	}
	assert_ok(fisch_program_append_omnibus_read(&ticket, p, 9));
	assert_int_equal(ticket.position, 0);
	assert_int_equal(fisch_program_mark(p).omnibus, 1);
	fisch_program_free(p);
}

static void exhausted_memory_changes_nothing(void **state)
{
	uint64_t times[1000];
	static const uint16_t labels[1000];
	struct fisch_program *p;
	size_t count;
	(void)state;
	for (size_t i = 0; i < 1000; i++)
		times[i] = i;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_spike_train(p, times, labels, 10));
	torture_begin(0);
	const int status = fisch_program_append_spike_train(p, times, labels, 1000);
	assert_true(torture_end());
	assert_error(status, HXCOMM_ENOMEM, "no memory for a program of 2020 words");
	fisch_program_words(p, &count);
	assert_int_equal(count, 20);
	assert_ok(fisch_program_append_spike_train(p, times, labels, 1000));
	fisch_program_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(equal_times_share_packs),
		cmocka_unit_test(the_words_of_a_random_train_are_the_train),
		cmocka_unit_test(wrong_trains_change_nothing),
		cmocka_unit_test(a_train_fills_a_program_to_the_last_word),
		cmocka_unit_test(trains_of_one_add_up_to_a_train),
		cmocka_unit_test(a_single_word_without_memory_changes_nothing),
		cmocka_unit_test(exhausted_memory_changes_nothing),
	};
	return cmocka_run_group_tests_name("fisch/spike_train", tests, NULL, NULL);
}

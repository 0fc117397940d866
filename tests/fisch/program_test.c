// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "random.h"
#include "torture.h"

#include <stdlib.h>

static struct fisch_program *new_program(size_t limit)
{
	struct fisch_program *p;
	assert_ok(fisch_program_new(&p, limit));
	return p;
}

static void assert_words(const struct fisch_program *p, const uint64_t *expected, size_t count)
{
	size_t have;
	const uint64_t *words = fisch_program_words(p, &have);
	assert_int_equal(have, count);
	for (size_t i = 0; i < count; i++)
		assert_int_equal(words[i], expected[i]);
}

/* The examples of spec/transport.md 1.7 that a program may hold. */
static void appenders_write_the_words_of_the_specification(void **state)
{
	static const uint64_t expected[] = { 0x0000000000000000, 0x0100000000000003,
		0x020000000000007f, 0x0301200000000000, 0x03002101deadbeef, 0x0400000000000000,
		0x05000000000030d4, 0x0600000000000001, 0x0700000000000001, 0x070000000000001f,
		0x0800000000000001, 0x0900000000000001, 0x0900000000000000, 0x0a00000000000001,
		0x0b00001f88000003, 0x0b00000f88004000, 0x0c000000000000ff, 0x0b00000400012345,
		0x0c00000000ab0000, 0x0f00111122223333, 0x0e00000011112222, 0x0d00000000001234 };
	static const uint16_t three[] = { 0x1111, 0x2222, 0x3333 }, one = 0x1234;
	struct fisch_program *p = new_program(0);
	(void)state;
	assert_ok(fisch_program_append_jtag_reset(p));
	assert_ok(fisch_program_append_jtag_scaler(p, 3));
	assert_ok(fisch_program_append_jtag_instruction(p, 127));
	assert_ok(fisch_program_append_jtag_read(NULL, p, 0, 32));
	assert_ok(fisch_program_append_jtag_write(p, 0x1deadbeef, 33));
	assert_ok(fisch_program_append_timer_reset(p));
	assert_ok(fisch_program_append_wait_until(p, 12500));
	assert_ok(fisch_program_append_systime_sync(p, true));
	assert_ok(fisch_program_append_barrier(p, HXCOMM_BARRIER_OMNIBUS));
	assert_ok(fisch_program_append_barrier(p, HXCOMM_BARRIER_ALL));
	assert_ok(fisch_program_append_poll(p, true));
	assert_ok(fisch_program_append_chip_reset(p, true));
	assert_ok(fisch_program_append_chip_reset(p, false));
	assert_ok(fisch_program_append_tick(NULL, p));
	assert_ok(fisch_program_append_omnibus_read(NULL, p, 0x88000003));
	assert_ok(fisch_program_append_omnibus_write(p, 0x88004000, 0xff));
	assert_ok(fisch_program_append_omnibus_write_bytes(p, 0x12345, 0x00ab0000, 4));
	assert_ok(fisch_program_append_spikes(p, three, 3));
	assert_ok(fisch_program_append_spikes(p, three, 2));
	assert_ok(fisch_program_append_spikes(p, &one, 1));
	assert_ok(fisch_program_append_spikes(p, NULL, 0));
	assert_words(p, expected, sizeof(expected) / sizeof(*expected));
	fisch_program_clear(p);
	assert_words(p, NULL, 0);
	fisch_program_free(p);
	fisch_program_free(NULL);
}

static void arguments_that_do_not_fit_change_nothing(void **state)
{
	struct fisch_program *p = new_program(0);
	struct fisch_ticket ticket = { .position = 77 };
	(void)state;
	assert_error(fisch_program_append_wait_until(p, UINT64_C(1) << 32), HXCOMM_ERANGE,
	        "wait until 4294967296 cycles, the timer has 32 bits");
	assert_error(fisch_program_append_barrier(p, 32), HXCOMM_ERANGE,
	        "barrier mask is 0x20, allowed are 0 to 0x1f");
	assert_error(fisch_program_append_jtag_scaler(p, 256), HXCOMM_ERANGE,
	        "JTAG scaler is 256, allowed are 0 to 255");
	assert_error(fisch_program_append_jtag_instruction(p, 128), HXCOMM_ERANGE,
	        "JTAG instruction is 128, allowed are 0 to 127");
	assert_error(fisch_program_append_jtag_write(p, 0, 2), HXCOMM_ERANGE,
	        "JTAG shift of 2 bits, allowed are 3 to 33");
	assert_error(fisch_program_append_jtag_write(p, 0, 34), HXCOMM_ERANGE, "of 34 bits");
	assert_error(fisch_program_append_jtag_read(&ticket, p, 8, 3), HXCOMM_ERANGE,
	        "JTAG data 0x8 has more than 3 bits");
	assert_error(fisch_program_append_omnibus_write_bytes(p, 0, 0, 16), HXCOMM_ERANGE,
	        "byte enables are 0x10, allowed are 0 to 0x0f");
	assert_error(fisch_program_append_omnibus_reads(&ticket, p, NULL, SIZE_MAX / 2),
	        HXCOMM_ERANGE, "accesses, a program holds at most 4194304 words");
	assert_error(fisch_program_append_omnibus_writes(p, NULL, NULL, SIZE_MAX / 2 + 2),
	        HXCOMM_ERANGE, "accesses, a program holds at most");
	assert_int_equal(ticket.position, 77);
	assert_words(p, NULL, 0);
	fisch_program_free(p);
}

static void a_program_that_is_full_stays_as_it_was(void **state)
{
	static const uint32_t numbers[] = { 1, 2 };
	static const uint16_t labels[] = { 1, 2, 3, 4 };
	struct fisch_program *p = new_program(3);
	uint64_t words[3];
	(void)state;
	assert_ok(fisch_program_append_omnibus_write(p, 5, 6));
	size_t count;
	memcpy(words, fisch_program_words(p, &count), 2 * sizeof(*words));
	assert_error(fisch_program_append_omnibus_write(p, 7, 8), HXCOMM_ERANGE,
	        "2 more words after 2 exceed the program's limit of 3: split it");
	assert_error(fisch_program_append_omnibus_reads(NULL, p, numbers, 2), HXCOMM_ERANGE,
	        "limit of 3");
	assert_error(fisch_program_append_omnibus_writes(p, numbers, numbers, 2), HXCOMM_ERANGE,
	        "4 more words");
	assert_error(fisch_program_append_spikes(p, labels, 4), HXCOMM_ERANGE, "2 more words");
	assert_error(fisch_program_append_program(p, p), HXCOMM_ERANGE, "2 more words");
	assert_error(fisch_program_append_words(p, words, 2), HXCOMM_ERANGE, "2 more words");
	assert_words(p, words, 2);
	assert_ok(fisch_program_append_barrier(p, 1));
	assert_error(fisch_program_append_barrier(p, 1), HXCOMM_ERANGE, "1 more words after 3");
	assert_error(fisch_program_append_tick(NULL, p), HXCOMM_ERANGE, "limit of 3");
	assert_int_equal(fisch_program_mark(p).loopback, 0);
	assert_int_equal(fisch_program_mark(p).omnibus, 0);
	fisch_program_free(p);
}

static void no_program_exceeds_the_playback_memory(void **state)
{
	struct fisch_program *p = (void *)1;
	(void)state;
	assert_error(fisch_program_new(&p, 4194305), HXCOMM_ERANGE,
	        "limit of 4194305 words, the playback memory holds 4194304");
	assert_null(p);
	p = new_program(0);
	uint16_t *labels = calloc(3 * 4194304 + 1, sizeof(*labels));
	assert_non_null(labels);
	assert_error(fisch_program_append_spikes(p, labels, 3 * 4194304 + 1), HXCOMM_ERANGE,
	        "4194305 more words after 0 exceed the program's limit of 4194304");
	assert_ok(fisch_program_append_spikes(p, labels, 3 * 4194304));
	assert_error(fisch_program_append_poll(p, true), HXCOMM_ERANGE, "limit of 4194304");
	fisch_program_free(p);
	free(labels);
}

static void words_are_taken_as_they_are_and_counted(void **state)
{
	static const uint64_t words[] = { 0x0b00001f00000001, 0x0b00000f00000001,
		0x0c00000000000002, 0x0301210000000000, 0x0300210000000000, 0x0a00000000000001,
		0x0a00000000000001, 0x0b00001f00000002, 0x0b00001f00000003 };
	static const uint64_t wrong[][2] = { { 0, 0x0a00000000000000 }, { 0, 0x1000000000000000 },
		{ 0, 0x8000000000000000 } };
	static const char *const hints[] = { "word 1 is a halt: it is added by the run",
		"word 1, 0x1000000000000000, is no instruction",
		"word 1, 0x8000000000000000, is no instruction" };
	struct fisch_program *p = new_program(0);
	(void)state;
	assert_ok(fisch_program_append_words(p, words, 9));
	assert_words(p, words, 9);
	const struct fisch_mark mark = fisch_program_mark(p);
	assert_int_equal(mark.words, 9);
	assert_int_equal(mark.omnibus, 3);
	assert_int_equal(mark.jtag, 1);
	assert_int_equal(mark.loopback, 2);
	FOR_ROWS(i, wrong)
		assert_error(fisch_program_append_words(p, wrong[i], 2), HXCOMM_EINVAL, hints[i]);
	assert_words(p, words, 9);
	assert_ok(fisch_program_append_words(p, NULL, 0));
	struct fisch_ticket ticket;
	assert_ok(fisch_program_append_omnibus_read(&ticket, p, 0));
	assert_int_equal(ticket.position, 3);
	fisch_program_free(p);
}

static void going_back_forgets_words_and_responses(void **state)
{
	struct fisch_program *p = new_program(0);
	struct fisch_ticket ticket;
	(void)state;
	assert_ok(fisch_program_append_tick(NULL, p));
	const struct fisch_mark mark = fisch_program_mark(p);
	assert_ok(fisch_program_append_tick(NULL, p));
	assert_ok(fisch_program_append_omnibus_read(NULL, p, 1));
	assert_ok(fisch_program_append_jtag_read(NULL, p, 0, 32));
	const struct fisch_mark later = fisch_program_mark(p);
	fisch_program_remove_after(p, &mark);
	assert_words(p, (const uint64_t[]){ 0x0a00000000000001 }, 1);
	fisch_program_remove_after(p, &later); /* not a way forward */
	assert_words(p, (const uint64_t[]){ 0x0a00000000000001 }, 1);
	assert_ok(fisch_program_append_tick(&ticket, p));
	assert_int_equal(ticket.position, 1);
	assert_ok(fisch_program_append_omnibus_read(&ticket, p, 1));
	assert_int_equal(ticket.position, 0);
	fisch_program_free(p);
}

/* Joining is the same as appending everything to one program, for any split. */
static void joined_programs_equal_one_program(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 30; seed++) {
		struct test_random random = { .seed = seed };
		struct fisch_program *whole = new_program(0), *joined = new_program(0);
		for (int part = 0; part < 5; part++) {
			struct fisch_program *piece = new_program(0);
			for (uint64_t i = test_random_below(&random, 20); i > 0; i--) {
				struct fisch_ticket a = { 0 }, b = { 0 };
				const uint32_t value = (uint32_t)test_random_next(&random);
				struct fisch_mark before = fisch_program_mark(joined);
				switch (test_random_below(&random, 4)) {
				case 0:
					assert_ok(fisch_program_append_omnibus_read(
					        &a, piece, value));
					assert_ok(fisch_program_append_omnibus_read(
					        &b, whole, value));
					break;
				case 1:
					assert_ok(fisch_program_append_jtag_read(
					        &a, piece, value, 33));
					assert_ok(fisch_program_append_jtag_read(
					        &b, whole, value, 33));
					break;
				case 2:
					assert_ok(fisch_program_append_tick(&a, piece));
					assert_ok(fisch_program_append_tick(&b, whole));
					break;
				default:
					assert_ok(fisch_program_append_omnibus_write(
					        piece, 3, value));
					assert_ok(fisch_program_append_omnibus_write(
					        whole, 3, value));
				}
				fisch_ticket_shift(&a, &before);
				assert_memory_equal(&a, &b, sizeof(a));
			}
			assert_ok(fisch_program_append_program(joined, piece));
			fisch_program_free(piece);
		}
		size_t count;
		const uint64_t *words = fisch_program_words(whole, &count);
		assert_words(joined, words, count);
		/* a program may be appended to itself */
		assert_ok(fisch_program_append_program(joined, joined));
		assert_int_equal(fisch_program_mark(joined).omnibus,
		        2 * fisch_program_mark(whole).omnibus);
		words = fisch_program_words(joined, &count);
		if (count)
			assert_memory_equal(words, words + count / 2, count / 2 * sizeof(*words));
		fisch_program_free(whole);
		fisch_program_free(joined);
	}
}

static void bulk_accesses_equal_single_ones(void **state)
{
	struct test_random random = { .seed = 3 };
	struct fisch_program *bulk = new_program(0), *single = new_program(0);
	uint32_t addresses[1000], values[1000];
	struct fisch_ticket all, first;
	(void)state;
	for (size_t i = 0; i < 1000; i++) {
		addresses[i] = (uint32_t)test_random_next(&random);
		values[i] = (uint32_t)test_random_next(&random);
		assert_ok(fisch_program_append_omnibus_write(single, addresses[i], values[i]));
	}
	for (size_t i = 0; i < 1000; i++)
		assert_ok(
		        fisch_program_append_omnibus_read(i ? NULL : &first, single, addresses[i]));
	assert_ok(fisch_program_append_omnibus_writes(bulk, addresses, values, 1000));
	assert_ok(fisch_program_append_omnibus_reads(&all, bulk, addresses, 1000));
	size_t count;
	const uint64_t *words = fisch_program_words(single, &count);
	assert_words(bulk, words, count);
	assert_int_equal(all.position, first.position);
	assert_int_equal(all.count, 1000);
	assert_int_equal(fisch_program_mark(bulk).omnibus, 1000);
	fisch_program_free(bulk);
	fisch_program_free(single);
}

static int append_everything(struct fisch_program *p)
{
	static const uint64_t words[300];
	static const uint16_t labels[900];
	static const uint64_t times[900];
	int status = fisch_program_append_tick(NULL, p);
	if (status == HXCOMM_OK)
		status = fisch_program_append_words(p, words, 300);
	if (status == HXCOMM_OK)
		status = fisch_program_append_spikes(p, labels, 900);
	if (status == HXCOMM_OK)
		status = fisch_program_append_spike_train(p, times, labels, 900);
	if (status == HXCOMM_OK)
		status = fisch_program_append_program(p, p);
	return status;
}

static void each_allocation_may_fail_and_leaves_whole_appends(void **state)
{
	bool failed = true;
	long n = 0;
	(void)state;
	for (; failed; n++) {
		struct fisch_program *p = (void *)1;
		torture_begin(n);
		int status = fisch_program_new(&p, 0);
		if (status == HXCOMM_OK)
			status = append_everything(p);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		if (failed)
			assert_non_null(strstr(hxcomm_error_message(), "no memory for a program"));
		if (!p)
			continue;
		size_t count;
		fisch_program_words(p, &count);
		const size_t train = 1 + 300;
		assert_true(count == 0 || count == 1 || count == 301 || count == 601 ||
		        count == 601 + train || count == 2 * (601 + train));
		assert_int_equal(fisch_program_mark(p).loopback, (count > 0) + (count > 1000));
		assert_ok(fisch_program_append_tick(NULL, p));
		fisch_program_free(p);
	}
	assert_true(n > 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(appenders_write_the_words_of_the_specification),
		cmocka_unit_test(arguments_that_do_not_fit_change_nothing),
		cmocka_unit_test(a_program_that_is_full_stays_as_it_was),
		cmocka_unit_test(no_program_exceeds_the_playback_memory),
		cmocka_unit_test(words_are_taken_as_they_are_and_counted),
		cmocka_unit_test(going_back_forgets_words_and_responses),
		cmocka_unit_test(joined_programs_equal_one_program),
		cmocka_unit_test(bulk_accesses_equal_single_ones),
		cmocka_unit_test(each_allocation_may_fail_and_leaves_whole_appends),
	};
	return cmocka_run_group_tests_name("fisch/program", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "assert.h"
#include "memory.h"
#include "random.h"

#include <hxcomm/connection.h>
#include <hxcomm/log.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/builder.h>
#include <stadls/run.h>
#include <stadls/timeline.h>

#include <stdlib.h>

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static struct stadls_timeline *new_timeline(void)
{
	struct stadls_timeline *timeline;
	assert_ok(stadls_timeline_new(&timeline));
	return timeline;
}

static void put_cell(struct stadls_timeline *timeline, uint64_t time, uint32_t coordinate,
        uint32_t value)
{
	const struct haldls_capmem_cell cell = { .value = value };
	assert_ok(stadls_timeline_write(
	        timeline, time, &haldls_capmem_cell_container, coordinate, &cell));
}

static void assert_program(
        struct stadls_builder *builder, const uint64_t *expected, size_t expected_count)
{
	size_t count;
	const uint64_t *words = fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, expected_count);
	assert_memory_equal(words, expected, count * sizeof(*words));
}

/* The rule of spec/stadls.md 6, by hand: sorted, stable, a wait until the cycle before. */
static void commands_are_issued_in_order_of_time(void **state)
{
	struct stadls_timeline *timeline = new_timeline();
	struct stadls_builder *builder = new_builder();
	struct stadls_timeline_report report;
	const uint64_t times[] = { 5, 50 };
	const uint16_t labels[] = { 7, 8 };
	uint64_t expected[12];
	size_t n = 0;
	(void)state;
	put_cell(timeline, 50, 1, 11);
	put_cell(timeline, 0, 2, 12);
	put_cell(timeline, 50, 3, 13);
	assert_ok(stadls_timeline_spikes(timeline, times, labels, 2));
	assert_int_equal(stadls_timeline_count(timeline), 5);
	expected[n++] = hxcomm_word_timer_setup();
	expected[n++] = hxcomm_word_omnibus_address(haldls_capmem_cell_address(2, 0), 15, false);
	expected[n++] = hxcomm_word_omnibus_data(12);
	expected[n++] = hxcomm_word_wait_until(4);
	expected[n++] = hxcomm_word_spike_pack_1(7);
	expected[n++] = hxcomm_word_wait_until(49);
	expected[n++] = hxcomm_word_omnibus_address(haldls_capmem_cell_address(1, 0), 15, false);
	expected[n++] = hxcomm_word_omnibus_data(11);
	expected[n++] = hxcomm_word_omnibus_address(haldls_capmem_cell_address(3, 0), 15, false);
	expected[n++] = hxcomm_word_omnibus_data(13);
	expected[n++] = hxcomm_word_spike_pack_1(8);
	assert_ok(stadls_builder_append_timeline(NULL, &report, builder, timeline));
	assert_program(builder, expected, n);
	assert_int_equal(report.commands, 5);
	assert_int_equal(report.delayed, 0);
	assert_int_equal(report.longest_delay_cycles, 2);
	assert_int_equal(stadls_timeline_count(timeline), 0);
	/* empty it is a timer reset only, and it can be used again */
	assert_ok(stadls_builder_append_timeline(NULL, NULL, builder, timeline));
	expected[n++] = hxcomm_word_timer_setup();
	assert_program(builder, expected, n);
	stadls_builder_free(builder);
	stadls_timeline_free(timeline);
}

static int warnings;

static void count_warnings(
        enum hxcomm_log_level level, const char *room, const char *text, void *user)
{
	(void)room, (void)user;
	warnings += level == HXCOMM_LOG_WARNING && strstr(text, "late") != NULL;
}

static void crowds_are_told(void **state)
{
	struct stadls_timeline *timeline = new_timeline();
	struct stadls_builder *builder = new_builder();
	struct stadls_timeline_report report;
	(void)state;
	hxcomm_log_set_sink(count_warnings, NULL);
	for (uint32_t extra = 0; extra < 2; extra++) {
		warnings = 0;
		/* command k of time 0 comes at k: more than 1250 late from k = 1251 on */
		for (uint32_t i = 0; i < 1251 + extra; i++)
			put_cell(timeline, 0, i, 1);
		assert_ok(stadls_builder_append_timeline(NULL, &report, builder, timeline));
		assert_int_equal(report.delayed, extra);
		assert_int_equal(report.longest_delay_cycles, 1250 + extra);
		assert_int_equal(warnings, extra);
	}
	hxcomm_log_set_sink(NULL, NULL);
	stadls_builder_free(builder);
	stadls_timeline_free(timeline);
}

enum { COMMANDS = 400, CELLS = 8, TIMES = 100 };

struct command {
	uint64_t time;
	uint32_t cell, value;
	bool read;
};

/* Commands of random times: the first half into one timeline, the second half into another. */
static size_t give_commands(struct command *commands, struct stadls_timeline *timeline,
        struct stadls_timeline *second, struct test_random *random)
{
	size_t reads = 0;
	for (uint32_t i = 0; i < COMMANDS; i++) {
		struct stadls_timeline *at = i < COMMANDS / 2 ? timeline : second;
		struct command *command = &commands[i];
		size_t index;
		*command = (struct command){
			.time = test_random_below(random, TIMES),
			.cell = (uint32_t)test_random_below(random, CELLS),
			.value = i + 1,
			.read = test_random_below(random, 2),
		};
		if (!command->read) {
			put_cell(at, command->time, command->cell, command->value);
			continue;
		}
		assert_ok(stadls_timeline_read(&index, at, command->time,
		        &haldls_capmem_cell_container, command->cell));
		if (at == second) /* as it will be when they are merged */
			index += stadls_timeline_count_reads(timeline);
		assert_int_equal(index, reads++);
	}
	return reads;
}

/* What command `i` reads: the last write of its cell before it in time; of the same time only if it
 * was given before. */
static uint32_t value_before(const struct command *commands, size_t i)
{
	const struct command *found = NULL;
	for (size_t j = 0; j < COMMANDS; j++) {
		const struct command *other = &commands[j];
		const bool before = other->time < commands[i].time ||
		        (other->time == commands[i].time && j < i);
		if (!other->read && other->cell == commands[i].cell && before &&
		        (!found || other->time >= found->time))
			found = other;
	}
	return found ? found->value : 0;
}

static void check_reads(const struct command *commands, const struct stadls_ticket *tickets,
        const struct hxcomm_responses *responses)
{
	for (size_t i = 0; i < COMMANDS; i++) {
		struct haldls_capmem_cell cell;
		if (!commands[i].read)
			continue;
		assert_ok(stadls_ticket_read(&cell, tickets++, responses));
		assert_int_equal(cell.value, value_before(commands, i));
	}
}

/* Reads among writes of random times see what was written before them in time. */
static void reads_see_what_was_written_before_them(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 5; seed++) {
		struct test_random random = { .seed = seed };
		struct stadls_timeline *timeline = new_timeline(), *second = new_timeline();
		struct stadls_builder *builder = new_builder();
		struct hxcomm_connection *connection;
		struct hxcomm_responses *responses;
		struct stadls_ticket tickets[COMMANDS], first;
		struct command commands[COMMANDS];
		const size_t reads = give_commands(commands, timeline, second, &random);
		assert_ok(stadls_timeline_merge(timeline, second));
		assert_int_equal(stadls_timeline_count(second), 0);
		assert_int_equal(stadls_timeline_count_reads(timeline), reads);
		assert_ok(hxcomm_open(&connection, "memory:", NULL));
		assert_ok(hxcomm_responses_new(&responses, 0));
		/* a read in front, so that no ticket begins at 0 */
		assert_ok(stadls_builder_read(&first, builder, &haldls_cadc_config_container, 0));
		assert_ok(stadls_builder_append_timeline(tickets, NULL, builder, timeline));
		assert_ok(stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS));
		assert_ok(stadls_run(connection, builder, responses));
		check_reads(commands, tickets, responses);
		hxcomm_responses_free(responses);
		hxcomm_close(connection);
		stadls_builder_free(builder);
		stadls_timeline_free(timeline);
		stadls_timeline_free(second);
	}
}

static void time_can_be_moved_and_stretched(void **state)
{
	static const uint64_t times[] = { 0, 3, 100, 1001 };
	static const uint16_t labels[] = { 0, 1, 2, 3 };
	struct stadls_timeline *timeline = new_timeline(), *copy = new_timeline();
	struct stadls_builder *one = new_builder(), *other = new_builder();
	/* 2.5 * 3 = 7.5 and 2.5 * 1001 = 2502.5: to the nearest, halves away from 0 */
	static const uint64_t moved[] = { 0 + 10, 8 + 10, 250 + 10, 2503 + 10 };
	(void)state;
	assert_ok(stadls_timeline_spikes(timeline, times, labels, 4));
	assert_ok(stadls_timeline_append(copy, timeline));
	assert_int_equal(stadls_timeline_count(timeline), 4);
	assert_ok(stadls_timeline_scale(copy, 2.5));
	assert_ok(stadls_timeline_shift(copy, 30));
	assert_ok(stadls_timeline_shift(copy, -20));
	assert_ok(stadls_builder_append_timeline(NULL, NULL, one, copy));
	assert_ok(stadls_timeline_spikes(copy, moved, labels, 4));
	assert_ok(stadls_builder_append_timeline(NULL, NULL, other, copy));
	assert_true(stadls_builder_is_equal(one, other));
	/* what cannot be leaves all as it was */
	assert_error(stadls_timeline_shift(timeline, -1), HXCOMM_ERANGE, "command at 0 cycles");
	assert_error(
	        stadls_timeline_shift(timeline, INT64_MIN), HXCOMM_ERANGE, "command at 0 cycles");
	assert_error(stadls_timeline_shift(timeline, INT64_MAX), HXCOMM_ERANGE,
	        "would leave 0 to 4294967295");
	assert_error(
	        stadls_timeline_shift(timeline, UINT32_MAX), HXCOMM_ERANGE, "command at 3 cycles");
	assert_error(stadls_timeline_scale(timeline, -1), HXCOMM_EINVAL, "factor -1");
	assert_error(stadls_timeline_scale(timeline, (double)NAN), HXCOMM_EINVAL, "factor");
	assert_error(stadls_timeline_scale(timeline, 1e9), HXCOMM_ERANGE, "command at 100 cycles");
	assert_error(stadls_timeline_scale(timeline, (double)INFINITY), HXCOMM_ERANGE,
	        "command at 3 cycles");
	stadls_builder_clear(one);
	stadls_builder_clear(other);
	assert_ok(stadls_timeline_spikes(copy, times, labels, 4));
	assert_ok(stadls_builder_append_timeline(NULL, NULL, one, copy));
	assert_ok(stadls_builder_append_timeline(NULL, NULL, other, timeline));
	assert_true(stadls_builder_is_equal(one, other));
	stadls_builder_free(one);
	stadls_builder_free(other);
	stadls_timeline_free(timeline);
	stadls_timeline_free(copy);
}

static void differences_write_only_what_differs(void **state)
{
	struct stadls_timeline *timeline = new_timeline();
	struct stadls_builder *builder = new_builder();
	struct haldls_madc_config value = HALDLS_MADC_CONFIG_INIT;
	const struct haldls_madc_config reference = value;
	(void)state;
	value.powerup_wait_value++;
	assert_ok(stadls_timeline_write_difference(
	        timeline, 0, &haldls_madc_config_container, 0, &value, &reference));
	assert_ok(stadls_timeline_write_difference(timeline, 0, &haldls_madc_config_container, 0,
	        &reference, &reference));
	assert_ok(stadls_builder_append_timeline(NULL, NULL, builder, timeline));
	assert_int_equal(fisch_program_mark(stadls_builder_program(builder)).words, 1 + 2);
	stadls_builder_free(builder);
	stadls_timeline_free(timeline);
}

static void wrong_commands_are_refused(void **state)
{
	static const uint64_t late[] = { 1, UINT64_C(1) << 32 };
	static const uint16_t labels[] = { 1, 2 };
	struct stadls_timeline *timeline = new_timeline(), *other = new_timeline();
	const struct haldls_timer timer = HALDLS_TIMER_INIT;
	const struct haldls_capmem_cell cell = { .value = 1024 };
	const struct haldls_cadc_config config = HALDLS_CADC_CONFIG_INIT;
	size_t index = 99;
	(void)state;
	assert_error(stadls_timeline_write(timeline, 0, &haldls_timer_container, 0, &timer),
	        HXCOMM_EINVAL, "sets the timer itself");
	assert_error(stadls_timeline_write(timeline, UINT64_C(1) << 32,
	                     &haldls_cadc_config_container, 0, &config),
	        HXCOMM_ERANGE, "4294967296");
	assert_error(stadls_timeline_write(timeline, 0, &haldls_cadc_config_container, 2, &config),
	        HXCOMM_ERANGE, "CADCConfig 2 does not exist");
	assert_error(stadls_timeline_write(timeline, 0, &haldls_capmem_cell_container, 2, &cell),
	        HXCOMM_ERANGE, "1024, allowed");
	assert_error(stadls_timeline_read(&index, timeline, 0, &haldls_shift_register_container, 0),
	        HXCOMM_ENOTSUP, "cannot be read");
	assert_error(
	        stadls_timeline_spikes(timeline, late, labels, 2), HXCOMM_ERANGE, "4294967296");
	assert_error(stadls_timeline_merge(timeline, timeline), HXCOMM_EINVAL, "into itself");
	assert_int_equal(index, 99);
	assert_int_equal(stadls_timeline_count(timeline), 0);
	assert_ok(stadls_timeline_read(&index, other, 0, &haldls_cadc_config_container, 0));
	assert_error(stadls_timeline_append(timeline, other), HXCOMM_EINVAL,
	        "with 1 reads cannot be copied");
	assert_int_equal(stadls_timeline_count(timeline), 0);
	/* a copy of itself doubles it */
	put_cell(timeline, 4, 1, 1);
	assert_ok(stadls_timeline_append(timeline, timeline));
	assert_int_equal(stadls_timeline_count(timeline), 2);
	stadls_timeline_free(timeline);
	stadls_timeline_free(other);
	stadls_timeline_free(NULL);
}

static int setup(void **state)
{
	(void)state;
	return memory_register();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(commands_are_issued_in_order_of_time),
		cmocka_unit_test(crowds_are_told),
		cmocka_unit_test(reads_see_what_was_written_before_them),
		cmocka_unit_test(time_can_be_moved_and_stretched),
		cmocka_unit_test(differences_write_only_what_differs),
		cmocka_unit_test(wrong_commands_are_refused),
	};
	return cmocka_run_group_tests_name("stadls/timeline", tests, setup, NULL);
}

// SPDX-License-Identifier: MIT
#include <hxcomm/error.h>
#include <hxcomm/log.h>

#include "assert.h"

#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static void every_code_has_a_name_and_a_meaning(void **state)
{
	(void)state;
#define CHECK(name, value, meaning)                                                                \
	assert_int_equal(name, value);                                                             \
	assert_string_equal(hxcomm_error_name(value), #name);                                      \
	assert_string_equal(hxcomm_error_meaning(value), meaning);
	HXCOMM_ERRORS(CHECK)
#undef CHECK
	assert_string_equal(hxcomm_error_name(0), "HXCOMM_OK");
	assert_string_equal(hxcomm_error_meaning(0), "no error");
	assert_string_equal(hxcomm_error_name(-4711), "unknown error");
	assert_string_equal(hxcomm_error_meaning(1), "unknown error");
}

static void a_message_is_set_and_wrapped(void **state)
{
	(void)state;
	assert_int_equal(hxcomm_error_set(HXCOMM_ERANGE, "weight is %d", 64), HXCOMM_ERANGE);
	assert_string_equal(hxcomm_error_message(), "weight is 64");
	assert_int_equal(hxcomm_error_wrap(HXCOMM_ERANGE, "synapse %u", 7), HXCOMM_ERANGE);
	assert_string_equal(hxcomm_error_message(), "synapse 7: weight is 64");
	/* the old message may be an argument */
	hxcomm_error_set(HXCOMM_EIO, "again: %s", hxcomm_error_message());
	assert_string_equal(hxcomm_error_message(), "again: synapse 7: weight is 64");
	hxcomm_error_wrap(HXCOMM_EIO, "%s", hxcomm_error_message());
	assert_string_equal(hxcomm_error_message(),
	        "again: synapse 7: weight is 64: again: synapse 7: weight is 64");
}

static void a_long_message_is_cut_between_characters(void **state)
{
	char text[600];
	(void)state;
	for (size_t ascii = 500; ascii < 515;
	        ascii++) { /* then characters of two, three, four bytes */
		static const char *const characters[] = { "ä", "…", "𝄞" };
		FOR_ROWS(i, characters) {
			memset(text, 'a', ascii);
			text[ascii] = '\0';
			while (strlen(text) < 550)
				strcat(text, characters[i]);
			hxcomm_error_set(HXCOMM_EIO, "%s", text);
			const char *message = hxcomm_error_message();
			const size_t length = strlen(message), bytes = strlen(characters[i]);
			const size_t kept = ascii > 511 ? 511 : ascii;
			assert_int_equal(length, kept + (511 - kept) / bytes * bytes);
			assert_memory_equal(message, text, length);
		}
	}
	memset(text, 'b', 400);
	text[400] = '\0';
	hxcomm_error_set(HXCOMM_EIO, "%s", text);
	hxcomm_error_wrap(HXCOMM_EIO, "%s", text);
	assert_int_equal(strlen(hxcomm_error_message()), 511);
}

static void a_message_is_always_utf8(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "a\xff"
		  "b",
		        "a?b" },
		{ "a\xc3", "a?" },
		{ "\xe2\x80", "??" },
		{ "\x80", "?" },
		{ "\xc3(", "?(" },
		{ "\xf0\x9d\x84\x9e!", "\xf0\x9d\x84\x9e!" },
		{ "\xc0\x80", "??" },
		{ "\xe2\x80\xa6", "\xe2\x80\xa6" },
		{ "\xf5\x80\x80\x80", "????" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		hxcomm_error_set(HXCOMM_EINVAL, "%s", rows[i].in);
		assert_string_equal(hxcomm_error_message(), rows[i].out);
	}
}

static void *other_thread(void *user)
{
	(void)user;
	const bool empty = !hxcomm_error_message()[0];
	hxcomm_error_set(HXCOMM_EIO, "of the other thread");
	return empty ? NULL : (void *)1;
}

static void a_message_belongs_to_its_thread(void **state)
{
	pthread_t thread;
	void *result;
	(void)state;
	hxcomm_error_set(HXCOMM_EIO, "of this thread");
	assert_int_equal(pthread_create(&thread, NULL, other_thread, NULL), 0);
	pthread_join(thread, &result);
	assert_null(result);
	assert_string_equal(hxcomm_error_message(), "of this thread");
}

/* ---- log ------------------------------------------------------------------------------------ */

static struct {
	enum hxcomm_log_level level;
	char text[1100];
	int count;
} last;

static void sink(enum hxcomm_log_level level, const char *room, const char *text, void *user)
{
	assert_string_equal(user, "user");
	last.level = level;
	last.count++;
	snprintf(last.text, sizeof(last.text), "%s %s", room, text);
}

static void lines_reach_the_sink_up_to_the_level(void **state)
{
	char user[] = "user", text[2000];
	(void)state;
	hxcomm_log_set_sink(sink, user);
	hxcomm_log(HXCOMM_LOG_INFO, "test", "not heard");
	assert_int_equal(last.count, 0);
	hxcomm_log(HXCOMM_LOG_WARNING, "test", "heard %d", 1);
	assert_int_equal(last.count, 1);
	assert_int_equal(last.level, HXCOMM_LOG_WARNING);
	assert_string_equal(last.text, "test heard 1");
	hxcomm_log_set_level(HXCOMM_LOG_DEBUG);
	hxcomm_log(HXCOMM_LOG_DEBUG, "test", "heard %d", 2);
	assert_string_equal(last.text, "test heard 2");
	hxcomm_log_set_level(HXCOMM_LOG_ERROR);
	hxcomm_log(HXCOMM_LOG_WARNING, "test", "not heard");
	assert_int_equal(last.count, 2);
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	hxcomm_log(HXCOMM_LOG_ERROR, "test", "%s", text);
	assert_int_equal(strlen(last.text), 5 + 1023);
	hxcomm_log_set_sink(NULL, NULL);
	hxcomm_log_set_level(HXCOMM_LOG_WARNING);
}

static void without_a_sink_lines_go_to_standard_error(void **state)
{
	char text[100] = "";
	(void)state;
	FILE *file = tmpfile();
	assert_non_null(file);
	fflush(stderr);
	const int saved = dup(2);
	assert_true(dup2(fileno(file), 2) == 2);
	hxcomm_log(HXCOMM_LOG_ERROR, "test", "lost %s", "chip");
	hxcomm_log(HXCOMM_LOG_INFO, "test", "not heard");
	fflush(stderr);
	dup2(saved, 2);
	close(saved);
	rewind(file);
	assert_non_null(fgets(text, sizeof(text), file));
	assert_string_equal(text, "bss: test: error: lost chip\n");
	assert_null(fgets(text, sizeof(text), file));
	fclose(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_and_a_meaning),
		cmocka_unit_test(a_message_is_set_and_wrapped),
		cmocka_unit_test(a_long_message_is_cut_between_characters),
		cmocka_unit_test(a_message_is_always_utf8),
		cmocka_unit_test(a_message_belongs_to_its_thread),
		cmocka_unit_test(lines_reach_the_sink_up_to_the_level),
		cmocka_unit_test(without_a_sink_lines_go_to_standard_error),
	};
	return cmocka_run_group_tests_name("hxcomm/error", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* Recorded conversions through `bss coordinates`, as another program would use it. */
#include "vectors.h"

#include "assert.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

enum { LINES_MAX = 20000, OF_EACH = 12 };

static json_t *expected[LINES_MAX];
static size_t asked;

static void ask(FILE *requests, const json_t *line, json_int_t e, json_t *value)
{
	assert_true(asked < LINES_MAX);
	json_t *request = json_pack("{s:O,s:O,s:I}", "from", json_object_get(line, "from"),
		"function", json_object_get(line, "function"), "enum", e);
	assert_int_equal(json_dumpf(request, requests, JSON_COMPACT), 0);
	fputc('\n', requests);
	json_decref(request);
	expected[asked++] = json_incref(value);
}

/* A few of each table, of large ones as of small ones; the library's test takes them all. */
static void ask_some(FILE *requests, const json_t *line)
{
	const json_t *table = json_object_get(line, "table");
	const json_t *samples = json_object_get(line, "samples");
	/* what an optional coordinate or several become was not recorded */
	if (strchr(json_string_value(json_object_get(line, "to")), '<'))
		return;
	const size_t count = table ? json_array_size(table) : json_array_size(samples);
	const size_t step = count / OF_EACH + 1;
	for (size_t i = 0; i < count; i += step) {
		const json_t *pair = json_array_get(samples, i);
		ask(requests, line,
			table ? (json_int_t)i : json_integer_value(json_array_get(pair, 0)),
			json_array_get(table ? table : pair, table ? i : 1));
	}
}

static void recorded_conversions_are_answered(void **state)
{
	char *text = NULL;
	size_t capacity = 0, answers = 0;
	(void)state;
	FILE *requests = fopen(TEST_BINARY_DIR "/coordinate_requests.jsonl", "w");
	assert_non_null(requests);
	struct vectors *vectors = vectors_open("coordinate_conversions");
	for (json_t *line; (line = vectors_next(vectors));)
		ask_some(requests, line);
	vectors_close(vectors);
	assert_int_equal(fclose(requests), 0);
	FILE *pipe = popen(BSS_PROGRAM " coordinates convert < " TEST_BINARY_DIR
				       "/coordinate_requests.jsonl",
		"r");
	assert_non_null(pipe);
	while (getline(&text, &capacity, pipe) >= 0) {
		json_t *answer = json_loads(text, 0, NULL);
		assert_true(answers < asked);
		/* a null is null, or the coordinate has no such value */
		const json_t *value = json_object_get(answer, "value");
		const bool refused = json_is_null(value) || json_object_get(answer, "error");
		if (json_is_null(expected[answers]) ? !refused
						    : !json_equal(value, expected[answers]))
			fail_msg("line %zu: %s", answers + 1, text);
		json_decref(answer);
		json_decref(expected[answers++]);
	}
	free(text);
	(void)pclose(pipe); /* it tells of refusals by its status */
	assert_int_equal(answers, asked);
	print_message("%zu answers\n", answers);
	assert_true(answers > 3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(recorded_conversions_are_answered)};
	return cmocka_run_group_tests_name("tools/coordinate_lines", tests, NULL, NULL);
}

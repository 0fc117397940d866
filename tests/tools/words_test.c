// SPDX-License-Identifier: MIT
/* `bss words` over all recorded messages, both ways, and what it says to lines without sense. */
#include "assert.h"
#include "vectors.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define REQUESTS TEST_BINARY_DIR "/words.jsonl"

enum { LINES_MAX = 2000 };

static struct {
	FILE *requests;
	json_t *expected[LINES_MAX];
	size_t count;
} session;

static void open_session(void)
{
	session.requests = fopen(REQUESTS, "w");
	assert_non_null(session.requests);
	session.count = 0;
}

/* One line in; @p expected is freed with the session. */
static void ask(const char *request, json_t *expected)
{
	assert_true(session.count < LINES_MAX);
	fprintf(session.requests, "%s\n", request);
	session.expected[session.count++] = expected;
}

static void ask_json(json_t *request, json_t *expected)
{
	char *text = json_dumps(request, JSON_COMPACT);
	assert_non_null(text);
	ask(text, expected);
	free(text);
	json_decref(request);
}

/* Members of the expected answer are in the answer; a text "error" need only be contained. */
static void assert_answer(const json_t *answer, const json_t *expected)
{
	const char *key;
	const json_t *value;
	assert_int_equal(json_object_size(answer), json_object_size(expected));
	json_object_foreach((json_t *)(uintptr_t)expected, key, value) {
		const json_t *have = json_object_get(answer, key);
		assert_non_null(have);
		if (strcmp(key, "error") == 0)
			assert_non_null(strstr(json_string_value(have), json_string_value(value)));
		else if (!json_equal(have, value))
			fail_msg("%s: got %s, wanted %s", key, json_dumps(have, JSON_ENCODE_ANY),
			        json_dumps(value, JSON_ENCODE_ANY));
	}
}

static int run_session(const char *verb)
{
	char *text = NULL, command[1024];
	size_t capacity = 0, answers = 0;
	assert_int_equal(fclose(session.requests), 0);
	snprintf(command, sizeof(command), "%s words %s < %s", BSS_PROGRAM, verb, REQUESTS);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	while (getline(&text, &capacity, pipe) >= 0) {
		json_t *answer = json_loads(text, 0, NULL);
		assert_non_null(answer);
		assert_true(answers < session.count);
		assert_answer(answer, session.expected[answers]);
		json_decref(answer);
		json_decref(session.expected[answers++]);
	}
	free(text);
	assert_int_equal(answers, session.count);
	return WEXITSTATUS(pclose(pipe));
}

static void all_recorded_messages_are_encoded(void **state)
{
	struct vectors *vectors = vectors_open("ut_encode");
	(void)state;
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		json_t *expected = json_object();
		static const char *const members[] = { "words", "words_before_flush" };
		FOR_ROWS(i, members)
			if (json_object_get(line, members[i]))
				json_object_set(expected, members[i],
				        json_object_get(line, members[i]));
		ask_json(json_deep_copy(line), json_deep_copy(expected));
		json_decref(expected);
	}
	assert_true(session.count > 900);
	assert_int_equal(run_session("encode"), 0);
	vectors_close(vectors);
}

static void all_recorded_words_are_decoded(void **state)
{
	struct vectors *vectors = vectors_open("ut_decode");
	(void)state;
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		json_t *expected =
		        json_pack("{s:O}", "messages", json_object_get(line, "messages"));
		if (json_object_get(line, "error")) {
			json_object_set_new(expected, "error", json_string("is no message"));
			json_object_set(expected, "error_word_index",
			        json_object_get(line, "error_word_index"));
		}
		ask_json(json_pack("{s:O}", "words", json_object_get(line, "words")),
		        json_deep_copy(expected));
		json_decref(expected);
	}
	assert_true(session.count > 700);
	assert_int_equal(run_session("decode"), 1); /* some lines have an undefined code */
	vectors_close(vectors);
}

static void what_was_encoded_is_decoded_in_both_directions(void **state)
{
	struct vectors *vectors = vectors_open("ut_encode");
	(void)state;
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		json_t *expected =
		        json_pack("{s:O}", "messages", json_object_get(line, "messages"));
		ask_json(json_pack("{s:O,s:O}", "direction", json_object_get(line, "direction"),
		                 "words", json_object_get(line, "words")),
		        json_deep_copy(expected));
		json_decref(expected);
	}
	assert_int_equal(run_session("decode"), 0);
	vectors_close(vectors);
}

/* As recorded: times on the chip in cycles of 8 ns. */
static void coarsen(json_t *list)
{
	size_t i;
	json_t *event;
	json_array_foreach(list, i, event)
		json_object_set_new(event, "chip_time",
		        json_integer(json_integer_value(json_object_get(event, "chip_time")) / 2));
}

static json_t *answer_of(const char *verb, json_t *request)
{
	char *text = json_dumps(request, JSON_COMPACT), command[1024];
	assert_non_null(text);
	FILE *file = fopen(REQUESTS, "w");
	assert_non_null(file);
	fprintf(file, "%s\n", text);
	assert_int_equal(fclose(file), 0);
	free(text);
	snprintf(command, sizeof(command), "%s words %s < %s", BSS_PROGRAM, verb, REQUESTS);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	json_t *answer = json_loadf(pipe, JSON_DISABLE_EOF_CHECK, NULL);
	assert_non_null(answer);
	(void)pclose(pipe);
	return answer;
}

static void all_recorded_programs_become_the_recorded_events(void **state)
{
	static const char *const same[][2] = { { "spikes", "spikes" },
		{ "madc_samples", "madc_samples" }, { "spike_packs", "spike_pack_counts" },
		{ "madc_packs", "madc_sample_pack_counts" } };
	struct vectors *vectors = vectors_open("playback_decode");
	size_t compared = 0;
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		if (json_object_get(line, "error"))
			continue; /* the recorder could not hold a number of this one */
		json_t *request = json_pack("{s:O}", "words", json_object_get(line, "words"));
		json_t *answer = answer_of("responses", request);
		coarsen(json_object_get(answer, "spikes"));
		coarsen(json_object_get(answer, "madc_samples"));
		FOR_ROWS(i, same)
			if (!json_equal(json_object_get(answer, same[i][0]),
			            json_object_get(line, same[i][1])))
				fail_msg("line %zu: %s differ", vectors_line(vectors), same[i][0]);
		json_decref(answer);
		answer = answer_of("decode", request);
		assert_true(json_equal(json_object_get(answer, "messages"),
		        json_object_get(line, "messages")));
		json_decref(answer);
		json_decref(request);
		compared++;
	}
	assert_true(compared > 100);
	vectors_close(vectors);
}

/* The words of board registers are accesses to the omnibus, and come back as they were. */
static void all_recorded_board_words_are_instructions(void **state)
{
	struct vectors *vectors = vectors_open("fpga_wire");
	json_t *words = json_array();
	size_t i;
	const json_t *word;
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		json_array_foreach(json_object_get(line, "messages"), i, word) {
			char text[24];
			snprintf(text, sizeof(text), "0x%016llx",
			        (unsigned long long)vectors_number(word));
			json_array_append_new(words, json_string(text));
		}
	}
	assert_true(json_array_size(words) > 500);
	json_t *request = json_pack("{s:s,s:O}", "direction", "to_fpga", "words", words);
	json_t *decoded = answer_of("decode", request);
	assert_null(json_object_get(decoded, "error"));
	assert_int_equal(json_array_size(json_object_get(decoded, "messages")),
	        json_array_size(words));
	json_t *encoded = answer_of("encode", decoded);
	assert_true(json_equal(json_object_get(encoded, "words"), words));
	json_decref(encoded);
	json_decref(decoded);
	json_decref(request);
	json_decref(words);
	vectors_close(vectors);
}

static void what_came_before_an_error_is_shown(void **state)
{
	(void)state;
	json_t *request = json_pack("{s:[s,s,s]}", "words", "0x0a00000000ab1234",
	        "0x0200000000000000", "0x0d00000000000000");
	json_t *answer = answer_of("responses", request);
	assert_int_equal(json_array_size(json_object_get(answer, "spikes")), 1);
	assert_int_equal(json_integer_value(json_object_get(answer, "halts")), 1);
	assert_non_null(strstr(json_string_value(json_object_get(answer, "error")),
	        "word 2, byte 0: 0x0d is no message"));
	json_decref(answer);
	json_decref(request);
}

static void lines_that_make_no_sense_say_why(void **state)
{
	static const struct {
		const char *verb, *line, *error;
	} rows[] = {
		{ "encode", "{", "no JSON: " },
		{ "encode", "", "no JSON: " },
		{ "encode", "[]", "the line lacks the list \"messages\"" },
		{ "encode", "{\"messages\":[5]}", "message 0: a message lacks \"type\"" },
		{ "encode", "{\"messages\":[{\"type\":\"x\"}]}", "message 0: no message 'x' to the FPGA" },
		{ "encode", "{\"direction\":\"from_fpga\",\"messages\":[{\"type\":\"timing::Barrier\"}]}",
		  "no message 'timing::Barrier' from the FPGA" },
		{ "encode", "{\"direction\":\"up\",\"messages\":[]}",
		  "\"direction\" is to_fpga or from_fpga" },
		{ "encode", "{\"messages\":[{\"type\":\"timing::Barrier\"}]}",
		  "message 0: timing::Barrier.value is missing" },
		{ "encode", "{\"messages\":[{\"type\":\"timing::Barrier\",\"payload\":{\"value\":32}}]}",
		  "timing::Barrier.value is 32, allowed are 0 to 31" },
		{ "encode", "{\"messages\":[{\"type\":\"timing::Barrier\",\"payload\":{\"value\":-1}}]}",
		  "timing::Barrier.value is no whole number" },
		{ "encode", "{\"messages\":[{\"type\":\"timing::Barrier\",\"payload\":{\"value\":\"0x\"}}]}",
		  "timing::Barrier.value, '0x', is no 64-bit number" },
		{ "encode",
		  "{\"messages\":[{\"type\":\"timing::Barrier\",\"payload\":{\"value\":1,\"x\":2}}]}",
		  "timing::Barrier has a member that it does not know" },
		{ "encode",
		  "{\"messages\":[{\"type\":\"timing::Barrier\",\"header\":3,\"payload\":{\"value\":1}}]}",
		  "\"header\" of timing::Barrier is 7" },
		{ "encode",
		  "{\"messages\":[{\"type\":\"event_to_fpga::SpikePack<2>\",\"payload\":{\"spikes\":[1]}}]}",
		  "the payload of event_to_fpga::SpikePack<2> is \"spikes\" with 2 elements" },
		{ "decode", "{}", "the line lacks the list \"words\"" },
		{ "responses", "{\"words\":7}", "the line lacks the list \"words\"" },
		{ "decode", "{\"words\":[1.5]}", "word 0 is no whole number" },
		{ "decode", "{\"words\":[0,\"0x1ffffffffffffffff\"]}",
		  "word 1, '0x1ffffffffffffffff', is no 64-bit number" },
	};
	static const char *const verbs[] = { "encode", "decode", "responses" };
	(void)state;
	FOR_ROWS(v, verbs) {
		open_session();
		FOR_ROWS(i, rows)
			if (!strcmp(rows[i].verb, verbs[v]))
				ask(rows[i].line, json_pack("{s:s}", "error", rows[i].error));
		assert_int_equal(run_session(verbs[v]), 1);
	}
}

static void an_unknown_verb_is_a_wrong_command_line(void **state)
{
	(void)state;
	open_session();
	assert_int_equal(run_session("translate 2> /dev/null"), 2);
	open_session();
	assert_int_equal(run_session("2> /dev/null"), 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_recorded_messages_are_encoded),
		cmocka_unit_test(all_recorded_words_are_decoded),
		cmocka_unit_test(what_was_encoded_is_decoded_in_both_directions),
		cmocka_unit_test(all_recorded_programs_become_the_recorded_events),
		cmocka_unit_test(all_recorded_board_words_are_instructions),
		cmocka_unit_test(what_came_before_an_error_is_shown),
		cmocka_unit_test(lines_that_make_no_sense_say_why),
		cmocka_unit_test(an_unknown_verb_is_a_wrong_command_line),
	};
	return cmocka_run_group_tests_name("tools/words", tests, NULL, NULL);
}

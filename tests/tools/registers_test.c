// SPDX-License-Identifier: MIT
/* Recorded containers through `bss registers`, as another program would use it. */
#include "../haldls/member.h"
#include "container_json.h"
#include "vectors.h"

#include "assert.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <stdio.h>
#include <stdlib.h>

enum { REQUESTS_MAX = 6000 };

/* What was asked, in order, and what must come back. */
static struct {
	FILE *requests;
	json_t *expected[REQUESTS_MAX];
	size_t count;
} session;

static void open_session(void)
{
	session.requests = fopen(TEST_BINARY_DIR "/requests.jsonl", "w");
	assert_non_null(session.requests);
	session.count = 0;
}

static void ask(json_t *request, const json_t *expected)
{
	assert_true(session.count < REQUESTS_MAX);
	assert_int_equal(json_dumpf(request, session.requests, JSON_COMPACT), 0);
	fputc('\n', session.requests);
	json_decref(request);
	session.expected[session.count++] = json_deep_copy(expected);
}

/* Run the program over all requests; @p check compares each answer with what is expected. */
static void run_session(const char *verb, void (*check)(const json_t *answer, const json_t *expected))
{
	char command[512];
	char *text = NULL;
	size_t capacity = 0, answers = 0;
	assert_int_equal(fclose(session.requests), 0);
	(void)snprintf(command, sizeof(command), "%s registers %s < %s", BSS_PROGRAM, verb,
	        TEST_BINARY_DIR "/requests.jsonl");
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	while (getline(&text, &capacity, pipe) >= 0) {
		json_t *answer = json_loads(text, 0, NULL);
		assert_non_null(answer);
		assert_true(answers < session.count);
		check(answer, session.expected[answers]);
		json_decref(answer);
		json_decref(session.expected[answers++]);
	}
	free(text);
	(void)pclose(pipe);
	assert_int_equal(answers, session.count);
	print_message("%zu lines passed\n", answers);
}

static json_t *request_of(const json_t *line)
{
	return json_pack("{s:O,s:O,s:O}", "container", json_object_get(line, "container"),
	        "coordinate", json_object_get(line, "coordinate_enum"), "backend",
	        json_object_get(line, "backend"));
}

/* The recorded fields under their names of the register map. */
static json_t *fields_of(const struct haldls_container *container, const json_t *line)
{
	void *value = calloc(1, container->size);
	assert_non_null(value);
	container->init(value);
	(void)member_set_all(value, container, json_object_get(line, "fields"));
	const uint32_t coordinate = (uint32_t)vectors_u64(line, "coordinate_enum");
	json_t *fields = container_json_write(container, coordinate, value);
	free(value);
	return fields;
}

/* Writes and byte enables, to the letter: null, lists and numbers alike. */
static void check_write(const json_t *answer, const json_t *expected)
{
	if (json_equal(answer, expected))
		return;
	char *got = json_dumps(answer, 0), *wanted = json_dumps(expected, 0);
	fail_msg("%.300s, recorded was %.300s", got, wanted);
}

static json_t *write_of(const json_t *line)
{
	json_t *out = json_pack("{s:O}", "write", json_object_get(line, "write"));
	if (json_object_get(line, "byte_enables"))
		json_object_set(out, "byte_enables", json_object_get(line, "byte_enables"));
	return out;
}

static void ask_all_writes(const char *file, bool by_name, size_t lines)
{
	struct vectors *vectors = vectors_open(file);
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		json_t *request = request_of(line), *write = write_of(line);
		if (by_name)
			json_object_set_new(request, "fields", fields_of(member_container(line), line));
		else
			json_object_set(request, "fields", json_object_get(line, "fields"));
		ask(request, write);
		json_decref(write);
	}
	vectors_close(vectors);
	assert_int_equal(session.count, lines);
	run_session("encode", check_write);
}

static void recorded_fields_give_the_recorded_writes(void **state)
{
	(void)state;
	ask_all_writes("haldls", true, 2584);
}

static void recorded_members_are_understood_as_they_are(void **state)
{
	(void)state;
	ask_all_writes("haldls", false, 2584);
	ask_all_writes("lola", false, 444);
}

/* The coordinate as its labels, and as the reference prints it, in turn. */
static void name_coordinate(json_t *request, const json_t *line, size_t turn)
{
	char text[HALDLS_COORDINATE_TEXT_MAX];
	const struct haldls_coordinate *coordinate = haldls_coordinate_find(
	        json_string_value(json_object_get(line, "coordinate_type")));
	if (!coordinate || coordinate->kind == HALDLS_COORDINATE_RECORD)
		return;
	assert_ok(haldls_coordinate_print(text, sizeof(text), coordinate,
	        vectors_u64(line, "coordinate_enum"),
	        turn % 2 ? HALDLS_COORDINATE_LABELS : HALDLS_COORDINATE_REFERENCE));
	json_object_set_new(request, "coordinate", json_string(text));
}

static void ask_by_text(const char *file, size_t lines)
{
	struct vectors *vectors = vectors_open(file);
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		json_t *request = request_of(line), *write = write_of(line);
		json_object_set(request, "fields", json_object_get(line, "fields"));
		name_coordinate(request, line, session.count);
		ask(request, write);
		json_decref(write);
	}
	vectors_close(vectors);
	assert_int_equal(session.count, lines);
	run_session("encode", check_write);
}

static void coordinates_go_by_their_texts_too(void **state)
{
	(void)state;
	ask_by_text("haldls", 2584);
	ask_by_text("lola", 444);
}

static void ask_defaults(const char *file, size_t lines)
{
	struct vectors *vectors = vectors_open(file);
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		if (strcmp(json_string_value(json_object_get(line, "case")), "default") != 0)
			continue;
		json_t *write = write_of(line);
		ask(request_of(line), write);
		json_decref(write);
	}
	vectors_close(vectors);
	assert_int_equal(session.count, lines);
	run_session("encode", check_write);
}

static void absent_fields_are_the_recorded_defaults(void **state)
{
	(void)state;
	ask_defaults("haldls", 591);
	ask_defaults("lola", 113);
}

static void values_go_by_their_names_too(void **state)
{
	static const struct {
		const char *request, *answer;
	} rows[] = {
		{ "{\"container\":\"CapMemCell\",\"fields\":{\"value\":\"DisableRefresh\"}}",
		        "{\"write\":[[1310720,1023]]}" },
		{ "{\"container\":\"VectorGeneratorControl\",\"fields\":{\"signal\":\"notification\"}}",
		        "{\"write\":[[2214592512,8]]}" },
	};
	(void)state;
	open_session();
	FOR_ROWS (i, rows) {
		json_t *answer = json_loads(rows[i].answer, 0, NULL);
		ask(json_loads(rows[i].request, 0, NULL), answer);
		json_decref(answer);
	}
	run_session("encode", check_write);
}

static void check_fields(const json_t *answer, const json_t *expected)
{
	if (!json_equal(json_object_get(answer, "fields"), expected)) {
		char *got = json_dumps(answer, 0), *wanted = json_dumps(expected, 0);
		fail_msg("%s, recorded was %s", got, wanted);
	}
}

static void recorded_words_give_the_recorded_fields(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open("haldls");
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		const json_t *from = json_object_get(line, "decoded_from");
		if (!from)
			continue;
		json_t *request = request_of(line), *fields = fields_of(member_container(line), line);
		json_object_set(request, "words", (json_t *)from);
		ask(request, fields);
		json_decref(fields);
	}
	vectors_close(vectors);
	assert_true(session.count > 940);
	run_session("decode", check_fields);
}

/* Logical containers: the fields to the letter as they were recorded. */
static void recorded_words_give_the_recorded_members(void **state)
{
	(void)state;
	struct vectors *vectors = vectors_open("lola");
	open_session();
	for (json_t *line; (line = vectors_next(vectors));) {
		const json_t *from = json_object_get(line, "decoded_from");
		if (!from)
			continue;
		json_t *request = request_of(line);
		json_object_set(request, "words", (json_t *)from);
		ask(request, json_object_get(line, "fields"));
	}
	vectors_close(vectors);
	assert_int_equal(session.count, 172);
	run_session("decode", check_fields);
}

static void check_error(const json_t *answer, const json_t *expected)
{
	const char *error = json_string_value(json_object_get(answer, "error"));
	assert_non_null(error);
	if (!strstr(error, json_string_value(expected)))
		fail_msg("'%s' lacks '%s'", error, json_string_value(expected));
}

static void each_wrong_line_is_answered_with_its_reason(void **state)
{
	static const struct {
		const char *request, *error;
	} rows[] = {
		{ "{\"container\":\"Nonsense\"}", "no container 'Nonsense'" },
		{ "{}", "lacks \"container\"" },
		{ "[1]", "lacks \"container\"" },
		{ "{\"container\":\"NeuronConfig\",\"coordinate\":512}",
		        "NeuronConfigOnDLS of NeuronConfig is 512, allowed are 0 to 511" },
		{ "{\"container\":\"NeuronConfig\",\"coordinate\":\"a\"}",
		        "NeuronConfig: 'a' is no NeuronConfigOnDLS: write a number of 0 to 511, "
		        "'NeuronConfigBlock:0 NeuronConfig:0', or as the reference" },
		{ "{\"container\":\"NeuronConfig\",\"coordinate\":1.5}", "no whole number, and no text" },
		{ "{\"container\":\"NeuronConfig\","
		  "\"coordinate\":\"NeuronConfigBlock:4 NeuronConfig:0\"}",
		        "NeuronConfigBlockOnDLS is 4, allowed are 0 to 3" },
		{ "{\"container\":\"ExternalPPUMemoryBlock\",\"coordinate\":\"0..7\"}",
		        "is no ExternalPPUMemoryBlockOnFPGA" },
		{ "{\"container\":\"ExternalPPUMemoryBlock\",\"coordinate\":[]}",
		        "no whole number from 0 on, and no text" },
		{ "{\"container\":\"NeuronConfig\",\"fields\":{\"membrane_capacitor_size\":64}}",
		        "NeuronConfig.membrane_capacitor_size is 64, allowed are 0 to 63" },
		{ "{\"container\":\"NeuronConfig\",\"fields\":{\"colour\":1}}",
		        "NeuronConfig has no field 'colour'" },
		{ "{\"container\":\"NeuronConfig\",\"fields\":{\"readout_source\":\"moon\"}}",
		        "has no value 'moon'" },
		{ "{\"container\":\"NeuronConfig\",\"fields\":[]}",
		        "the fields of NeuronConfig are no object" },
		{ "{\"container\":\"AtomicNeuron\",\"coordinate\":512}", "allowed are 0 to 511" },
		{ "{\"container\":\"AtomicNeuron\",\"fields\":{\"leak\":{\"colour\":1}}}",
		        "AtomicNeuron has no field 'leak.colour'" },
		{ "{\"container\":\"AtomicNeuron\",\"fields\":{\"leak\":3}}",
		        "AtomicNeuron.leak is no object" },
		{ "{\"container\":\"AtomicNeuron\",\"fields\":{\"leak\":{\"v_leak\":1024}}}",
		        "AtomicNeuron.leak.v_leak is 1024, allowed are 0 to 1023" },
		{ "{\"container\":\"AtomicNeuron\",\"fields\":"
		  "{\"leak\":{\"v_leak\":{\"index\":0,\"data\":1023}}}}",
		        "belong together" },
		{ "{\"container\":\"ReadoutChain\",\"fields\":{\"input_mux\":[{}]}}",
		        "ReadoutChain.input_mux needs a list of 2 values" },
		{ "{\"container\":\"SynapseRow\",\"fields\":{\"weights\":7}}",
		        "SynapseRow.weights needs a list of 256 values" },
		{ "{\"container\":\"ExternalPPUMemoryBlock\",\"coordinate\":131072}",
		        "not before the first" },
		{ "{\"container\":\"ExternalPPUMemoryBlock\",\"coordinate\":1,\"fields\":{\"bytes\":[1]}}",
		        "needs a list of 2 values" },
		{ "{\"container\":\"ExternalPPUMemoryBlock\",\"coordinate\":17179869184}",
		        "there is no block" },
		{ "{\"container\":\"ExternalPPUMemoryBlock\",\"fields\":{\"bytes\":[256]}}",
		        "no number from 0 to 255" },
		{ "{\"container\":\"NeuronConfig\",\"backend\":\"Telepathy\"}", "Telepathy" },
		{ "{\"container\":\"NeuronConfig\",\"backend\":\"Timer\"}",
		        "NeuronConfig cannot be reached by Timer" },
		{ "{\"container\":\"NeuronConfig\",\"fields\":{\"membrane\":{\"x\":1}}}",
		        "NeuronConfig has no field 'membrane'" },
		{ "{\"container\":\"PPUMemoryBlock\",\"coordinate\":20484}", "ends before it begins" },
		{ "{\"container\":\"PPUMemoryBlock\",\"coordinate\":3,\"fields\":{\"words\":[1]}}",
		        "PPUMemoryBlock.words needs a list of 4 values" },
		{ "{\"container\":\"SynapseQuad\",\"fields\":{\"weights\":[1]}}",
		        "SynapseQuad.weights needs a list of 4 values" },
	};
	(void)state;
	open_session();
	FOR_ROWS (i, rows) {
		json_t *text = json_string(rows[i].error);
		ask(json_loads(rows[i].request, 0, NULL), text);
		json_decref(text);
	}
	run_session("encode", check_error);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_fields_give_the_recorded_writes),
		cmocka_unit_test(recorded_members_are_understood_as_they_are),
		cmocka_unit_test(coordinates_go_by_their_texts_too),
		cmocka_unit_test(absent_fields_are_the_recorded_defaults),
		cmocka_unit_test(values_go_by_their_names_too),
		cmocka_unit_test(recorded_words_give_the_recorded_fields),
		cmocka_unit_test(recorded_words_give_the_recorded_members),
		cmocka_unit_test(each_wrong_line_is_answered_with_its_reason),
	};
	return cmocka_run_group_tests_name("tools/registers", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* One bit at a time: a flipped bit of a word changes the recorded fields and no other, a changed
 * field flips the recorded bits and no other. */
#include "member.h"
#include "vectors.h"

#include "assert.h"

#include <haldls/containers.h>

#include <stdlib.h>

/* What the probes that follow in the file start from. */
static struct {
	const struct haldls_container *container;
	enum fisch_backend backend;
	uint32_t coordinate, count;
	json_t *fields;
	void *value, *probed;
	uint32_t words[HALDLS_CONTAINER_WORDS_MAX];
} base;

static uint32_t words[HALDLS_CONTAINER_WORDS_MAX];

/* Memories are one long field: only the element that a probe names is looked at closely, the others
 * must be as before. */
static bool is_memory(const struct haldls_container *c)
{
	return c->field_count == 1 && c->fields[0].count > 1000;
}

static uint32_t element_of(const json_t *changed)
{
	const char *path = json_object_iter_key(json_object_iter((json_t *)changed));
	assert_non_null(path);
	return (uint32_t)strtoul(strchr(path, '[') + 1, NULL, 10);
}

static void check_memory(const void *value, const json_t *changed)
{
	const struct haldls_field *field = &base.container->fields[0];
	const uint32_t named = json_object_size(changed) ? element_of(changed) : UINT32_MAX;
	for (uint32_t i = 0; i < base.count; i++) {
		int64_t wanted = haldls_field_get(field, base.value, i);
		if (i == named)
			assert_true(member_get(&wanted, field, i, base.fields));
		if (haldls_field_get(field, value, i) != wanted)
			fail_msg("%s[%u] is not what was recorded", base.container->name, i);
	}
}

static uint32_t member_of(const json_t *line, const char *name)
{
	return (uint32_t)json_integer_value(json_object_get(line, name));
}

static void begin(const json_t *line)
{
	json_decref(base.fields);
	free(base.value);
	free(base.probed);
	base.container = member_container(line);
	base.backend = member_backend(line);
	base.coordinate = member_of(line, "coordinate_enum");
	base.fields = json_deep_copy(json_object_get(line, "fields"));
	base.value = calloc(1, base.container->size);
	base.probed = calloc(1, base.container->size);
	assert_non_null(base.value);
	assert_non_null(base.probed);
	base.container->init(base.value);
}

static void begin_decoding(const json_t *line)
{
	const json_t *list = json_object_get(line, "base_words");
	begin(line);
	/* a long container is recorded without its words: they are 0 */
	base.count = member_of(line, "words");
	memset(base.words, 0, sizeof(base.words));
	for (uint32_t w = 0; w < json_array_size(list); w++)
		base.words[w] = (uint32_t)json_integer_value(json_array_get(list, w));
	if (!member_is_readable(base.container, base.backend))
		return;
	assert_ok(haldls_container_decode(base.value, base.container, base.coordinate, base.words));
	member_check(base.container, base.coordinate, base.value, base.fields);
}

/* What the recording software refuses, decoding refuses too. */
static void decode_probe(const json_t *line)
{
	const json_t *changed = json_object_get(line, "changed");
	memcpy(words, base.words, base.count * sizeof(*words));
	words[member_of(line, "word")] ^= UINT32_C(1) << member_of(line, "bit");
	if (!member_is_readable(base.container, base.backend)) {
		assert_int_equal(json_object_size(changed), 0);
		return;
	}
	const int status =
	        haldls_container_decode(base.probed, base.container, base.coordinate, words);
	if (json_object_get(line, "error")) {
		assert_int_equal(status, HXCOMM_ERANGE);
		return;
	}
	assert_ok(status);
	member_change(base.fields, changed, 1);
	if (is_memory(base.container))
		check_memory(base.probed, changed);
	else
		member_check(base.container, base.coordinate, base.probed, base.fields);
	member_change(base.fields, changed, 0);
}

static void begin_encoding(const json_t *line)
{
	const json_t *write = json_object_get(line, "write");
	begin(line);
	assert_ok(haldls_container_words(&base.count, base.container, base.coordinate));
	(void)member_set_all(base.value, base.container, base.fields);
	assert_ok(haldls_container_encode(base.words, NULL, base.container, base.coordinate,
	        base.value));
	for (uint32_t w = 0; w < json_array_size(write); w++) {
		const json_t *payload = json_array_get(json_array_get(write, w), 1);
		if (json_is_integer(payload))
			assert_int_equal(base.words[w], json_integer_value(payload));
	}
}

static void encode_probe(const json_t *line)
{
	const json_t *list = json_object_get(line, "xor");
	/* a message with labels has no word, and what is only read no write */
	if (base.container->payload != HALDLS_PAYLOAD_WORDS || !base.container->write_words) {
		assert_int_equal(json_array_size(list), 0);
		return;
	}
	const json_t *changed = json_object_get(line, "changed");
	member_change(base.fields, changed, 1);
	memcpy(base.probed, base.value, base.container->size);
	if (is_memory(base.container)) {
		int64_t number;
		const struct haldls_field *field = &base.container->fields[0];
		assert_true(member_get(&number, field, element_of(changed), base.fields));
		assert_ok(haldls_field_set(field, base.probed, element_of(changed), number));
	} else {
		(void)member_set_all(base.probed, base.container, base.fields);
	}
	member_change(base.fields, changed, 0);
	assert_ok(haldls_container_encode(words, NULL, base.container, base.coordinate, base.probed));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i);
		words[json_integer_value(json_array_get(pair, 0))] ^=
		        (uint32_t)json_integer_value(json_array_get(pair, 1));
	}
	if (memcmp(words, base.words, base.count * sizeof(*words)) != 0) {
		char *text = json_dumps(line, JSON_COMPACT);
		fail_msg("other bits change: %s", text);
	}
}

/* Numbers of probes passed: [0] that decode, [1] that encode. */
static void run_probes(const char *file, size_t passed[2])
{
	static const struct {
		const char *kind;
		void (*run)(const json_t *);
	} kinds[] = {
		{ "decode_base", begin_decoding },
		{ "decode", decode_probe },
		{ "encode_base", begin_encoding },
		{ "encode", encode_probe },
	};
	size_t counts[sizeof(kinds) / sizeof(*kinds)] = { 0 }, blocks = 0;
	struct vectors *vectors = vectors_open(file);
	for (json_t *line; (line = vectors_next(vectors));) {
		if (member_is_block(line)) {
			blocks++; /* memory_block_test.c */
			continue;
		}
		const char *kind = json_string_value(json_object_get(line, "kind"));
		FOR_ROWS (i, kinds) {
			if (strcmp(kinds[i].kind, kind) != 0)
				continue;
			kinds[i].run(line);
			counts[i]++;
		}
	}
	print_message("%s: %zu decoding and %zu encoding probes passed\n", file, counts[1], counts[3]);
	assert_int_equal(counts[0] + counts[1] + counts[2] + counts[3] + blocks, vectors_line(vectors));
	passed[0] = counts[1];
	passed[1] = counts[3];
	vectors_close(vectors);
	json_decref(base.fields);
	free(base.value);
	free(base.probed);
	base.fields = NULL;
	base.value = base.probed = NULL;
}

static void one_bit_changes_what_was_recorded(void **state)
{
	size_t passed[2];
	(void)state;
	run_probes("haldls_onehot", passed);
	assert_int_equal(passed[0], 10060);
	assert_int_equal(passed[1], 14750);
}

static void one_bit_of_a_logical_container_does_so_too(void **state)
{
	size_t passed[2];
	(void)state;
	run_probes("lola_onehot", passed);
	assert_true(passed[0] > 15000);
	assert_true(passed[1] > 6000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bit_changes_what_was_recorded),
		cmocka_unit_test(one_bit_of_a_logical_container_does_so_too),
	};
	return cmocka_run_group_tests_name("haldls/probes", tests, NULL, NULL);
}

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
	void *value;
	uint32_t words[HALDLS_CONTAINER_WORDS_MAX];
} base;

static uint32_t words[HALDLS_CONTAINER_WORDS_MAX];

static uint32_t member_of(const json_t *line, const char *name)
{
	return (uint32_t)json_integer_value(json_object_get(line, name));
}

static void begin(const json_t *line)
{
	json_decref(base.fields);
	free(base.value);
	base.container = member_container(line);
	base.backend = member_backend(line);
	base.coordinate = member_of(line, "coordinate_enum");
	base.fields = json_deep_copy(json_object_get(line, "fields"));
	base.value = calloc(1, base.container->size);
	assert_non_null(base.value);
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
	        haldls_container_decode(base.value, base.container, base.coordinate, words);
	if (json_object_get(line, "error")) {
		assert_int_equal(status, HXCOMM_ERANGE);
		return;
	}
	assert_ok(status);
	json_t *wanted = member_changed(base.fields, changed);
	member_check(base.container, base.coordinate, base.value, wanted);
	json_decref(wanted);
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
	json_t *fields = member_changed(base.fields, json_object_get(line, "changed"));
	base.container->init(base.value);
	(void)member_set_all(base.value, base.container, fields);
	assert_ok(haldls_container_encode(words, NULL, base.container, base.coordinate, base.value));
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *pair = json_array_get(list, i);
		words[json_integer_value(json_array_get(pair, 0))] ^=
		        (uint32_t)json_integer_value(json_array_get(pair, 1));
	}
	if (memcmp(words, base.words, base.count * sizeof(*words)) != 0) {
		char *text = json_dumps(line, JSON_COMPACT);
		fail_msg("other bits change: %s", text);
	}
	json_decref(fields);
}

static void one_bit_changes_what_was_recorded(void **state)
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
	size_t counts[sizeof(kinds) / sizeof(*kinds)] = { 0 };
	(void)state;
	struct vectors *vectors = vectors_open("haldls_onehot");
	for (json_t *line; (line = vectors_next(vectors));) {
		const char *kind = json_string_value(json_object_get(line, "kind"));
		FOR_ROWS (i, kinds) {
			if (strcmp(kinds[i].kind, kind) != 0)
				continue;
			kinds[i].run(line);
			counts[i]++;
		}
	}
	print_message("%zu decoding and %zu encoding probes passed\n", counts[1], counts[3]);
	assert_int_equal(counts[0] + counts[1] + counts[2] + counts[3], vectors_line(vectors));
	assert_int_equal(counts[1], 10060);
	assert_int_equal(counts[3], 14750);
	vectors_close(vectors);
	json_decref(base.fields);
	free(base.value);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_bit_changes_what_was_recorded),
	};
	return cmocka_run_group_tests_name("haldls/probes", tests, NULL, NULL);
}

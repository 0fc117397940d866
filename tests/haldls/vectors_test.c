// SPDX-License-Identifier: MIT
/* Every recorded line of every container passes through the library. */
#include "member.h"
#include "vectors.h"

#include "assert.h"

#include <haldls/containers.h>

#include <stdlib.h>

enum { WORDS_MAX = HALDLS_CONTAINER_WORDS_MAX };

static uint32_t words[WORDS_MAX];

static uint32_t number(const json_t *json)
{
	return (uint32_t)json_integer_value(json);
}

static void read_words(const json_t *list)
{
	assert_true(json_array_size(list) <= WORDS_MAX);
	for (size_t i = 0; i < json_array_size(list); i++)
		words[i] = number(json_array_get(list, i));
}

/* ---- writes ---------------------------------------------------------------------------------- */

/* What one write carries: a word, nothing, or a list of labels. */
static void check_payload(const struct haldls_container *c, uint32_t w, const json_t *payload)
{
	if (c->payload == HALDLS_PAYLOAD_NONE) {
		assert_true(json_is_null(payload));
		return;
	}
	if (c->payload == HALDLS_PAYLOAD_WORDS) {
		assert_true(json_is_integer(payload));
		if (words[w] != number(payload))
			fail_msg("%s word %u is 0x%x, recorded was 0x%x", c->name, w, words[w],
			        number(payload));
		return;
	}
	assert_int_equal(json_array_size(payload), c->write_words);
	for (uint32_t i = 0; i < c->write_words; i++)
		assert_int_equal(words[i], number(json_array_get(payload, i)));
}

static void check_writes(const struct haldls_container *c, uint32_t e, const void *value,
        const json_t *line)
{
	const json_t *write = json_object_get(line, "write");
	const json_t *enables = json_object_get(line, "byte_enables");
	const enum fisch_backend backend = member_backend(line);
	uint32_t count;
	uint8_t byte_enables;
	assert_ok(haldls_container_words(&count, c, e));
	assert_ok(haldls_container_encode(words, &byte_enables, c, e, value));
	if (!c->write_words)
		count = 0;
	else if (c->payload == HALDLS_PAYLOAD_LIST)
		count = 1;
	if (json_array_size(write) != count)
		fail_msg("%s %u has %u writes, recorded were %zu", c->name, e, count,
		        json_array_size(write));
	for (uint32_t w = 0; w < count; w++) {
		const json_t *pair = json_array_get(write, w);
		assert_int_equal(c->write_address(backend, e, w), number(json_array_get(pair, 0)));
		check_payload(c, w, json_array_get(pair, 1));
		if (enables)
			assert_int_equal(byte_enables, number(json_array_get(enables, w)));
	}
	if (!enables)
		assert_int_equal(byte_enables, 15);
}

static void check_reads(const struct haldls_container *c, uint32_t e, const json_t *line)
{
	const json_t *read = json_object_get(line, "read");
	for (uint32_t w = 0; w < json_array_size(read); w++)
		assert_int_equal(c->read_address(member_backend(line), e, w),
		        number(json_array_get(read, w)));
	if (read && !c->word_count)
		assert_int_equal(json_array_size(read), c->read_words);
}

/* Returns how many lines were decoded, too. */
static size_t check_recorded(const char *file, size_t *lines)
{
	size_t decoded = 0;
	struct vectors *vectors = vectors_open(file);
	*lines = 0;
	for (json_t *line; (line = vectors_next(vectors));) {
		if (member_is_block(line))
			continue; /* memory_block_test.c */
		const struct haldls_container *c = member_container(line);
		const uint32_t e = number(json_object_get(line, "coordinate_enum"));
		const json_t *fields = json_object_get(line, "fields");
		const json_t *from = json_object_get(line, "decoded_from");
		void *value = calloc(1, c->size);
		assert_non_null(value);
		c->init(value);
		if (!strcmp(json_string_value(json_object_get(line, "case")), "default"))
			member_check(c, e, value, fields);
		(void)member_set_all(value, c, fields);
		check_writes(c, e, value, line);
		check_reads(c, e, line);
		if (from && member_is_readable(c, member_backend(line))) {
			read_words(from);
			assert_ok(haldls_container_decode(value, c, e, words));
			member_check(c, e, value, fields);
			decoded++;
		}
		free(value);
		(*lines)++;
	}
	print_message("%s: %zu lines passed, %zu of them decoded\n", file, *lines, decoded);
	vectors_close(vectors);
	return decoded;
}

static void recorded_containers_encode_and_decode_the_same(void **state)
{
	size_t lines;
	(void)state;
	assert_true(check_recorded("haldls", &lines) > 900);
	assert_int_equal(lines, 2584);
}

static void recorded_logical_containers_do_so_too(void **state)
{
	size_t lines;
	(void)state;
	assert_true(check_recorded("lola", &lines) > 140);
	assert_int_equal(lines, 394);
}

/* ---- addresses ------------------------------------------------------------------------------- */

static size_t check_addresses(const struct haldls_container *c, enum fisch_backend backend,
        uint32_t (*address)(enum fisch_backend, uint32_t, uint32_t), const json_t *entries)
{
	for (size_t i = 0; i < json_array_size(entries); i++) {
		const json_t *entry = json_array_get(entries, i);
		const uint32_t e = number(json_array_get(entry, 0));
		const json_t *list = json_array_get(entry, 1);
		for (uint32_t w = 0; w < json_array_size(list); w++)
			if (address(backend, e, w) != number(json_array_get(list, w)))
				fail_msg("%s %u word %u lies at 0x%x, recorded was 0x%x", c->name, e, w,
				        address(backend, e, w), number(json_array_get(list, w)));
	}
	return json_array_size(entries);
}

static void every_coordinate_has_its_recorded_addresses(void **state)
{
	size_t coordinates = 0;
	(void)state;
	struct vectors *vectors = vectors_open("haldls_addresses");
	for (json_t *line; (line = vectors_next(vectors));) {
		const struct haldls_container *c = member_container(line);
		const json_t *read = json_object_get(line, "read");
		const json_t *write = json_object_get(line, "write");
		assert_string_equal(c->coordinate,
		        json_string_value(json_object_get(line, "coordinate_type")));
		assert_int_equal(c->count, number(json_object_get(line, "coordinate_count")));
		coordinates += check_addresses(c, member_backend(line), c->write_address, write);
		(void)check_addresses(c, member_backend(line), c->read_address,
		        json_is_string(read) ? write : read);
	}
	print_message("%zu containers, %zu coordinates passed\n", vectors_line(vectors), coordinates);
	assert_int_equal(vectors_line(vectors), 104);
	assert_true(coordinates > 100000);
	vectors_close(vectors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_containers_encode_and_decode_the_same),
		cmocka_unit_test(recorded_logical_containers_do_so_too),
		cmocka_unit_test(every_coordinate_has_its_recorded_addresses),
	};
	return cmocka_run_group_tests_name("haldls/vectors", tests, NULL, NULL);
}

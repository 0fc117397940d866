// SPDX-License-Identifier: MIT
/* Every recorded line of every container that is described passes through the library. */
#include "member.h"
#include "vectors.h"

#include "assert.h"

#include <haldls/containers.h>

#include <stdlib.h>

enum { WORDS_MAX = 8192 };

static uint32_t words[WORDS_MAX];

static const struct haldls_container *container_of(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	return haldls_container_find(name);
}

static void read_words(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		words[i] = (uint32_t)json_integer_value(json_array_get(list, i));
}

static void check_fields(const struct haldls_container *c, const void *value, const json_t *fields)
{
	for (size_t f = 0; f < c->field_count; f++)
		for (uint32_t i = 0; i < c->fields[f].count; i++) {
			int64_t wanted;
			if (c->fields[f].fixed || !member_get(&wanted, &c->fields[f], i, fields))
				continue;
			int64_t got = haldls_field_get(&c->fields[f], value, i);
			if (got != wanted)
				fail_msg("%s.%s[%u] is %lld, recorded was %lld", c->name,
				        c->fields[f].name, i, (long long)got, (long long)wanted);
		}
}

/* Over a back end that cannot be read the reference decodes nothing. */
static bool is_readable(const struct haldls_container *c, const json_t *line)
{
	const int backend =
	        fisch_backend_find(json_string_value(json_object_get(line, "backend")));
	for (size_t i = 0; i < c->read_backend_count; i++)
		if (c->read_backends[i] == (enum fisch_backend)backend)
			return true;
	return false;
}

static void check_writes(const struct haldls_container *c, const json_t *line)
{
	const json_t *write = json_object_get(line, "write");
	const int backend =
	        fisch_backend_find(json_string_value(json_object_get(line, "backend")));
	const uint32_t e =
	        (uint32_t)json_integer_value(json_object_get(line, "coordinate_enum"));
	assert_true(backend >= 0);
	if (json_array_size(write) != c->write_words)
		fail_msg("%s has %u words, recorded were %zu", c->name, c->write_words,
		        json_array_size(write));
	for (uint32_t w = 0; w < c->write_words; w++) {
		const json_t *pair = json_array_get(write, w);
		const uint32_t address = (uint32_t)json_integer_value(json_array_get(pair, 0));
		const json_t *payload = json_array_get(pair, 1);
		if (address != c->write_address((enum fisch_backend)backend, e, w))
			fail_msg("%s %u word %u goes to 0x%x, recorded was 0x%x", c->name, e, w,
			        c->write_address((enum fisch_backend)backend, e, w), address);
		if (!json_is_integer(payload)) /* a trigger or spike pack records no number */
			continue;
		if (words[w] != (uint32_t)json_integer_value(payload))
			fail_msg("%s %u word %u is 0x%x, recorded was 0x%llx", c->name, e, w, words[w],
			        (long long)json_integer_value(payload));
	}
}

static void check_reads(const struct haldls_container *c, const json_t *line)
{
	const json_t *read = json_object_get(line, "read");
	const int backend =
	        fisch_backend_find(json_string_value(json_object_get(line, "backend")));
	const uint32_t e =
	        (uint32_t)json_integer_value(json_object_get(line, "coordinate_enum"));
	for (uint32_t w = 0; w < json_array_size(read); w++)
		assert_int_equal(c->read_address((enum fisch_backend)backend, e, w),
		        json_integer_value(json_array_get(read, w)));
}

static void recorded_containers_encode_and_decode_the_same(void **state)
{
	size_t passed = 0, absent = 0;
	(void)state;
	struct vectors *vectors = vectors_open("haldls");
	for (json_t *line; (line = vectors_next(vectors));) {
		const struct haldls_container *c = container_of(line);
		if (!c) {
			absent++;
			continue;
		}
		void *value = calloc(1, c->size);
		assert_non_null(value);
		const json_t *fields = json_object_get(line, "fields");
		const json_t *from = json_object_get(line, "decoded_from");
		c->init(value);
		if (!strcmp(json_string_value(json_object_get(line, "case")), "default"))
			check_fields(c, value, fields);
		(void)member_set_all(value, c, fields);
		if (c->write_words) {
			assert_ok(c->encode(words, value));
			check_writes(c, line);
		}
		check_reads(c, line);
		if (from && is_readable(c, line)) {
			read_words(from);
			assert_ok(c->decode(value, words));
			check_fields(c, value, fields);
		}
		free(value);
		passed++;
	}
	vectors_close(vectors);
	print_message("%zu lines passed, %zu of containers that are not described\n", passed, absent);
	assert_true(passed >= 2297);
}

/* ---- one-hot probes ------------------------------------------------------------------------- */

struct probe {
	const struct haldls_container *container;
	void *base;
	uint32_t base_words[WORDS_MAX];
	uint32_t count;
};

/* Do two structs differ in exactly the members that the line names? */
static void check_change(const struct probe *probe, const void *value, const json_t *changed)
{
	const struct haldls_container *c = probe->container;
	for (size_t f = 0; f < c->field_count; f++)
		for (uint32_t i = 0; i < c->fields[f].count; i++) {
			int64_t before = haldls_field_get(&c->fields[f], probe->base, i);
			int64_t after = haldls_field_get(&c->fields[f], value, i);
			if (before == after || c->fields[f].fixed)
				continue;
			const char *name = c->fields[f].alias ? c->fields[f].alias : c->fields[f].name;
			char top[64];
			(void)snprintf(top, sizeof(top), "%.*s", (int)strcspn(name, ".["), name);
			const char *key;
			json_t *entry;
			bool named = false;
			json_object_foreach((json_t *)changed, key, entry)
				named |= !strncmp(key, top, strlen(top));
			if (!named)
				fail_msg("%s.%s[%u] changed, recorded was no change", c->name,
				        c->fields[f].name, i);
		}
}

static void check_probe(struct probe *probe, const json_t *line)
{
	const struct haldls_container *c = probe->container;
	const uint32_t word = (uint32_t)json_integer_value(json_object_get(line, "word"));
	const uint32_t bit = (uint32_t)json_integer_value(json_object_get(line, "bit"));
	const json_t *changed = json_object_get(line, "changed");
	void *value = calloc(1, c->size);
	assert_non_null(value);
	memcpy(words, probe->base_words, probe->count * sizeof(*words));
	words[word] ^= UINT32_C(1) << bit;
	int status = c->decode(value, words);
	if (json_object_get(line, "error") || !changed) {
		if (status == HXCOMM_OK)
			check_change(probe, value, json_object());
	} else {
		assert_ok(status);
		check_change(probe, value, changed);
		if (json_object_size(changed) == 0)
			for (size_t f = 0; f < c->field_count; f++)
				for (uint32_t i = 0; i < c->fields[f].count; i++)
					if (!c->fields[f].fixed && haldls_field_get(&c->fields[f], value, i) !=
					        haldls_field_get(&c->fields[f], probe->base, i))
						fail_msg("%s.%s changed with word %u bit %u, recorded was no change",
						        c->name, c->fields[f].name, word, bit);
	}
	free(value);
}

static void one_bit_changes_exactly_the_recorded_fields(void **state)
{
	struct probe *probe = calloc(1, sizeof(*probe));
	size_t passed = 0;
	(void)state;
	assert_non_null(probe);
	struct vectors *vectors = vectors_open("haldls_onehot");
	for (json_t *line; (line = vectors_next(vectors));) {
		const char *kind = json_string_value(json_object_get(line, "kind"));
		const struct haldls_container *c = container_of(line);
		if (!c || strncmp(kind, "decode", 6) != 0)
			continue;
		if (!strcmp(kind, "decode_base")) {
			free(probe->base);
			probe->container = is_readable(c, line) ? c : NULL;
			probe->base = calloc(1, c->size);
			assert_non_null(probe->base);
			const json_t *base = json_object_get(line, "base_words");
			probe->count = (uint32_t)json_array_size(base);
			read_words(base);
			memcpy(probe->base_words, words, probe->count * sizeof(*words));
			if (!probe->container)
				continue;
			assert_ok(c->decode(probe->base, words));
			check_fields(c, probe->base, json_object_get(line, "fields"));
		} else if (probe->container == c) {
			check_probe(probe, line);
		}
		passed++;
	}
	vectors_close(vectors);
	free(probe->base);
	free(probe);
	print_message("%zu probes passed\n", passed);
	assert_true(passed > 5000);
}

/* ---- addresses ------------------------------------------------------------------------------ */

static void every_coordinate_has_its_recorded_addresses(void **state)
{
	size_t passed = 0;
	(void)state;
	struct vectors *vectors = vectors_open("haldls_addresses");
	for (json_t *line; (line = vectors_next(vectors));) {
		const struct haldls_container *c = container_of(line);
		if (!c)
			continue;
		const enum fisch_backend backend = (enum fisch_backend)fisch_backend_find(
		        json_string_value(json_object_get(line, "backend")));
		const json_t *write = json_object_get(line, "write");
		assert_int_equal(c->count, json_integer_value(json_object_get(line, "coordinate_count")));
		for (size_t i = 0; i < json_array_size(write); i++) {
			const json_t *entry = json_array_get(write, i);
			const uint32_t e = (uint32_t)json_integer_value(json_array_get(entry, 0));
			const json_t *list = json_array_get(entry, 1);
			for (uint32_t w = 0; w < json_array_size(list); w++)
				if (c->write_address(backend, e, w) !=
				        (uint32_t)json_integer_value(json_array_get(list, w)))
					fail_msg("%s %u word %u: wrong address", c->name, e, w);
		}
		passed++;
	}
	vectors_close(vectors);
	print_message("%zu containers passed\n", passed);
	assert_true(passed >= 90);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(recorded_containers_encode_and_decode_the_same),
		cmocka_unit_test(one_bit_changes_exactly_the_recorded_fields),
		cmocka_unit_test(every_coordinate_has_its_recorded_addresses),
	};
	return cmocka_run_group_tests_name("haldls/vectors", tests, NULL, NULL);
}

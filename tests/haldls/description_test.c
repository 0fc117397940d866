// SPDX-License-Identifier: MIT
/* What a container says of itself equals what the recording software says of it. */
#include "member.h"
#include "vectors.h"

#include "assert.h"

#include <haldls/containers.h>

#include <stdio.h>

/* Does "buffers[1].neuron_odd[0]" lie in a field whose alias is "buffers[].neuron_odd[]", or whose
 * name is "neuron_odd"? Indices do not matter: all elements of a field have the same range. */
static bool lies_in(const struct haldls_field *field, const char *path)
{
	const char *own = field->alias ? field->alias : field->name;
	while (*path && *own) {
		if (*path == '[') {
			path = strchr(path, ']') + 1;
			own += strncmp(own, "[]", 2) ? 0 : 2;
			continue;
		}
		if (*own++ != *path++)
			return false;
	}
	/* a value in a variant counts as the field itself */
	if (!strcmp(path, ".data"))
		return true;
	while (*path == '[')
		path = strchr(path, ']') + 1;
	return (!*path || !strcmp(path, ".data")) && (!*own || !strcmp(own, "[]"));
}

static const struct haldls_field *field_of(const struct haldls_container *c, const char *path)
{
	for (size_t i = 0; i < c->field_count; i++)
		if (!c->fields[i].fixed && lies_in(&c->fields[i], path))
			return &c->fields[i];
	return NULL;
}

/* Enumerators by type name, the first value of a name that appears twice. */
static json_t *read_enums(void)
{
	json_t *enums = json_object();
	static const char *const files[] = { "haldls_enums", "lola_enums" };
	FOR_ROWS (i, files) {
		struct vectors *vectors = vectors_open(files[i]);
		for (json_t *line; (line = vectors_next(vectors));)
			json_object_set(enums, json_string_value(json_object_get(line, "enum")),
			        json_object_get(line, "values"));
		vectors_close(vectors);
	}
	return enums;
}

static void check_enum(const struct haldls_container *c, const struct haldls_field *field,
        const json_t *enumerators)
{
	assert_non_null(enumerators);
	/* one bit with alternating names for all numbers is recorded for the IO expander */
	const size_t known = json_object_size(enumerators);
	if (field->value_count != known)
		fail_msg("%s.%s has %zu values, recorded were %zu", c->name, field->name,
		        field->value_count, known);
	for (size_t i = 0; i < field->value_count; i++) {
		const json_t *number = json_object_get(enumerators, field->values[i].name);
		if (!number)
			fail_msg("%s.%s: no '%s' was recorded", c->name, field->name,
			        field->values[i].name);
		if (json_integer_value(number) % (field->max + 1) != field->values[i].value)
			fail_msg("%s.%s: %s is %lld, recorded was %lld", c->name, field->name,
			        field->values[i].name, (long long)field->values[i].value,
			        (long long)json_integer_value(number));
	}
}

static void check_field(const struct haldls_container *c, const json_t *recorded, const json_t *enums)
{
	const char *path = json_string_value(json_object_get(recorded, "name"));
	const json_t *type = json_object_get(recorded, "enum");
	const json_t *max = json_object_get(recorded, "max");
	/* parts of a variant and of a grid coordinate are one number here */
	if (strstr(path, ".index") || strstr(path, "_coord.") || strstr(path, ".x") ||
	        strstr(path, ".y"))
		return;
	const struct haldls_field *field = field_of(c, path);
	if (!field)
		fail_msg("%s has no %s", c->name, path);
	if (json_object_get(recorded, "bool"))
		assert_int_equal(field->max, 1);
	if (max && !strstr(path, ".data") && !(c->field_count == 1 && c->fields[0].alias)) {
		if (field->max != json_integer_value(max) ||
		        field->min != json_integer_value(json_object_get(recorded, "min")))
			fail_msg("%s.%s is %lld to %lld, recorded was %s", c->name, path,
			        (long long)field->min, (long long)field->max,
			        json_dumps(recorded, JSON_COMPACT));
	}
	if (type)
		check_enum(c, field, json_object_get(enums, json_string_value(type)));
}

static void check_backends(const struct haldls_container *c, const json_t *line)
{
	const json_t *backends = json_object_get(line, "valid_backends");
	assert_int_equal(c->backend_count, json_array_size(backends));
	for (size_t i = 0; i < c->backend_count; i++)
		assert_string_equal(fisch_backend_name(c->backends[i]),
		        json_string_value(json_array_get(backends, i)));
	assert_string_equal(fisch_backend_name(c->backends[0]),
	        json_string_value(json_object_get(line, "default_backend")));
}

/* Returns how many containers were checked. */
static size_t check_containers(const char *file)
{
	size_t fields = 0, containers = 0;
	json_t *enums = read_enums(), *recorded;
	struct vectors *vectors = vectors_open(file);
	for (json_t *line; (line = vectors_next(vectors));) {
		if (member_is_block(line))
			continue; /* memory_block_test.c */
		const struct haldls_container *c = member_container(line);
		size_t i;
		containers++;
		assert_string_equal(c->coordinate,
		        json_string_value(json_object_get(line, "coordinate_type")));
		assert_int_equal(c->count, vectors_u64(line, "coordinate_count"));
		if (!c->word_count) {
			const bool list = c->payload == HALDLS_PAYLOAD_LIST;
			assert_int_equal(list ? 1 : c->write_words, vectors_u64(line, "write_words"));
			assert_int_equal(c->read_words, vectors_u64(line, "read_words"));
		}
		check_backends(c, line);
		json_array_foreach(json_object_get(line, "fields"), i, recorded)
		{
			check_field(c, recorded, enums);
			fields++;
		}
	}
	print_message("%s: %zu containers, %zu fields passed\n", file, containers, fields);
	json_decref(enums);
	vectors_close(vectors);
	return containers;
}

static void containers_are_what_was_recorded(void **state)
{
	(void)state;
	assert_true(check_containers("haldls_containers") >= 100);
	assert_int_equal(check_containers("lola_containers"), 32);
}

/* Beyond what was recorded: what a program that walks over the descriptions relies on. */
static void descriptions_are_whole(void **state)
{
	size_t count;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *c = all[i];
		assert_true(i == 0 || strcmp(all[i - 1]->c_name, c->c_name) < 0);
		assert_ptr_equal(haldls_container_find(c->name), c);
		assert_true(c->count > 0 && c->write_words + c->read_words > 0 && c->backend_count > 0);
		assert_true(c->write_words <= HALDLS_CONTAINER_WORDS_MAX);
		assert_true(c->read_words <= HALDLS_CONTAINER_WORDS_MAX);
		assert_true(strlen(c->summary) > 3);
		for (size_t f = 0; f < c->field_count; f++) {
			const struct haldls_field *field = &c->fields[f];
			assert_ptr_equal(haldls_field_find(c, field->name), field);
			assert_true(field->offset < c->size && field->min <= field->max);
			for (uint32_t e = 0; e < field->count; e++)
				assert_in_range(field->defaults[e] - field->min, 0, field->max - field->min);
		}
	}
	assert_null(haldls_container_find("NeuronConfi"));
	assert_null(haldls_field_find(haldls_container_find("NeuronConfig"), "colour"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(containers_are_what_was_recorded),
		cmocka_unit_test(descriptions_are_whole),
	};
	return cmocka_run_group_tests_name("haldls/description", tests, NULL, NULL);
}

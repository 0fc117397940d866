// SPDX-License-Identifier: MIT
#include "member.h"

#include "assert.h"

#include <stdio.h>
#include <stdlib.h>

const struct haldls_container *member_container(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	const struct haldls_container *container = haldls_container_find(name);
	if (!container)
		fail_msg("%s is not described", name);
	return container;
}

bool member_is_block(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	return !strncmp(name, "ExternalPPU", 11) && strstr(name, "MemoryBlock");
}

enum fisch_backend member_backend(const json_t *line)
{
	const int backend = fisch_backend_find(json_string_value(json_object_get(line, "backend")));
	assert_true(backend >= 0);
	return (enum fisch_backend)backend;
}

bool member_is_readable(const struct haldls_container *container, enum fisch_backend backend)
{
	for (size_t i = 0; i < container->read_backend_count; i++)
		if (container->read_backends[i] == backend)
			return true;
	return false;
}

static bool number_of(int64_t *out, const json_t *json)
{
	if (json_is_boolean(json))
		*out = json_is_true(json);
	else if (json_is_integer(json))
		*out = json_integer_value(json);
	else if (json_is_object(json)) /* a variant {"index","data"} or a grid coordinate {"x","y","e"} */
		return number_of(out, json_object_get(json, "data") ? json_object_get(json, "data")
		                                                    : json_object_get(json, "e"));
	else
		return false;
	return true;
}

bool member_get(int64_t *out, const struct haldls_field *field, uint32_t index,
        const json_t *fields)
{
	uint32_t indices[3] = { 0 };
	size_t used = 0, dimensions = 0;
	while (dimensions < 3 && field->dimensions[dimensions])
		dimensions++;
	for (size_t d = dimensions; d-- > 0; index /= field->dimensions[d])
		indices[d] = index % field->dimensions[d];
	char path[128];
	(void)snprintf(path, sizeof(path), "%s", field->alias ? field->alias : field->name);
	char *rest = NULL;
	for (char *part = strtok_r(path, ".", &rest); part; part = strtok_r(NULL, ".", &rest)) {
		char *brackets = strstr(part, "[]");
		if (brackets)
			*brackets = '\0';
		fields = json_object_get(fields, part);
		if (brackets && used < dimensions)
			fields = json_array_get(fields, indices[used++]);
	}
	while (used < dimensions)
		fields = json_array_get(fields, indices[used++]);
	return number_of(out, fields);
}

size_t member_set_all(void *value, const struct haldls_container *container, const json_t *fields)
{
	size_t found = 0;
	for (size_t f = 0; f < container->field_count; f++) {
		const struct haldls_field *field = &container->fields[f];
		for (uint32_t i = 0; i < field->count; i++) {
			int64_t number;
			if (field->fixed || !member_get(&number, field, i, fields))
				continue;
			assert_ok(haldls_field_set(field, value, i, number));
			found++;
		}
	}
	return found;
}

void member_check(const struct haldls_container *container, uint32_t coordinate, const void *value,
        const json_t *fields)
{
	for (size_t f = 0; f < container->field_count; f++) {
		const struct haldls_field *field = &container->fields[f];
		const uint32_t count =
		        container->word_count ? container->word_count(coordinate) : field->count;
		for (uint32_t i = 0; i < count && !field->fixed; i++) {
			int64_t wanted;
			if (!member_get(&wanted, field, i, fields))
				fail_msg("%s.%s[%u] was not recorded", container->name, field->name, i);
			const int64_t got = haldls_field_get(field, value, i);
			if (got != wanted)
				fail_msg("%s.%s[%u] is %lld, recorded was %lld", container->name,
				        field->name, i, (long long)got, (long long)wanted);
		}
	}
}

static void set_path(json_t *fields, const char *path, const json_t *after)
{
	char copy[128], *rest = NULL;
	(void)snprintf(copy, sizeof(copy), "%s", path);
	json_t *value = json_deep_copy(after);
	char *part = strtok_r(copy, ".[]", &rest), *next;
	for (; part && (next = strtok_r(NULL, ".[]", &rest)); part = next)
		fields = json_is_array(fields) ? json_array_get(fields, strtoul(part, NULL, 10))
		                               : json_object_get(fields, part);
	if (!part || !fields || (json_is_array(fields)
	                                ? json_array_set_new(fields, strtoul(part, NULL, 10), value)
	                                : json_object_set_new(fields, part, value)))
		fail_msg("there is no %s", path);
}

void member_change(json_t *fields, const json_t *changed, size_t which)
{
	json_t *pair;
	const char *path;
	json_object_foreach((json_t *)changed, path, pair)
		set_path(fields, path, json_array_get(pair, which));
}

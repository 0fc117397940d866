// SPDX-License-Identifier: MIT
#include "member.h"

#include "assert.h"

#include <stdio.h>

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
	uint32_t indices[2] = { index, 0 };
	size_t used = 0, dimensions = field->dimensions[1] ? 2 : field->dimensions[0] ? 1 : 0;
	if (dimensions == 2) {
		indices[0] = index / field->dimensions[1];
		indices[1] = index % field->dimensions[1];
	}
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

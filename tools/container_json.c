// SPDX-License-Identifier: MIT
#include "container_json.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <string.h>

/* ---- reading -------------------------------------------------------------------------------- */

/* The number in a variant {"index","data"} or a grid coordinate {"x","y","e"}, or what is given. */
static const json_t *inner(const json_t *json)
{
	const json_t *data = json_object_get(json, "data"), *e = json_object_get(json, "e");
	return data ? data : e ? e : json;
}

static int read_element(void *value, const struct haldls_container *container,
        const struct haldls_field *field, uint32_t index, const json_t *json)
{
	int64_t number;
	json = inner(json);
	if (json_is_boolean(json)) {
		number = json_is_true(json);
	} else if (json_is_integer(json)) {
		number = json_integer_value(json);
	} else if (json_is_string(json)) {
		const char *name = json_string_value(json);
		size_t i = 0;
		while (i < field->value_count && strcmp(field->values[i].name, name) != 0)
			i++;
		if (i == field->value_count)
			return hxcomm_error_set(HXCOMM_EINVAL, "%s.%s has no value '%.40s'",
			        container->name, field->name, name);
		number = field->values[i].value;
	} else {
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%s.%s[%u] is neither a number, a boolean nor the name of a value",
		        container->name, field->name, index);
	}
	if (number < field->min || number > field->max)
		return hxcomm_error_set(HXCOMM_ERANGE, "%s.%s is %lld, allowed are %lld to %lld",
		        container->name, field->name, (long long)number, (long long)field->min,
		        (long long)field->max);
	return haldls_field_set(field, value, index, number);
}

static int wrong_shape(const struct haldls_container *container, const struct haldls_field *field,
        uint32_t count)
{
	if (field->dimensions[1])
		return hxcomm_error_set(HXCOMM_EINVAL, "%s.%s needs %u lists of %u values",
		        container->name, field->name, count, field->dimensions[1]);
	return hxcomm_error_set(HXCOMM_EINVAL, "%s.%s needs a list of %u values", container->name,
	        field->name, count);
}

static int read_field(void *value, const struct haldls_container *container,
        const struct haldls_field *field, uint32_t count, const json_t *json)
{
	if (!field->dimensions[0])
		return read_element(value, container, field, 0, json);
	count = count ? count : field->dimensions[0];
	if (json_array_size(json) != count)
		return wrong_shape(container, field, count);
	for (uint32_t i = 0; i < count; i++) {
		const json_t *row = json_array_get(json, i);
		int status = HXCOMM_OK;
		if (!field->dimensions[1]) {
			status = read_element(value, container, field, i, row);
		} else if (json_array_size(row) != field->dimensions[1]) {
			return wrong_shape(container, field, count);
		} else {
			for (uint32_t j = 0; j < field->dimensions[1] && !status; j++)
				status = read_element(value, container, field,
				        i * field->dimensions[1] + j, json_array_get(row, j));
		}
		if (status)
			return status;
	}
	return HXCOMM_OK;
}

/* ---- reading by the place in recorded vectors ------------------------------------------------ */

/* Follow "buffers[].neuron_odd[]" with the indices of an element; NULL where something lacks. */
static const json_t *follow(const json_t *fields, const char *path, const uint32_t indices[2])
{
	size_t used = 0;
	while (*path && fields) {
		const size_t length = strcspn(path, ".[");
		char part[64];
		(void)snprintf(part, sizeof(part), "%.*s", (int)length, path);
		fields = json_object_get(fields, part);
		path += length;
		for (; !strncmp(path, "[]", 2); path += 2)
			fields = used < 2 ? json_array_get(fields, indices[used++]) : NULL;
		path += *path == '.';
	}
	return fields;
}

static int read_followed(void *value, const struct haldls_container *container,
        const struct haldls_field *field, const json_t *fields)
{
	const uint32_t inner_size = field->dimensions[1] ? field->dimensions[1] : 1;
	for (uint32_t i = 0; i < field->count; i++) {
		const uint32_t indices[2] = { i / inner_size, i % inner_size };
		const json_t *json = follow(fields, field->alias, indices);
		const int status = json ? read_element(value, container, field, i, json) : HXCOMM_OK;
		if (status)
			return status;
	}
	return HXCOMM_OK;
}

/* A member that is no field may hold fields of recorded vectors. */
static int read_nested(void *value, const struct haldls_container *container, const char *name,
        const json_t *fields)
{
	bool found = false;
	const size_t length = strlen(name);
	for (size_t i = 0; i < container->field_count; i++) {
		const struct haldls_field *field = &container->fields[i];
		if (!field->alias || strncmp(field->alias, name, length) != 0 ||
		        !(field->alias[length] == '.' || field->alias[length] == '['))
			continue;
		found = true;
		const int status = read_followed(value, container, field, fields);
		if (status)
			return status;
	}
	return found ? HXCOMM_OK
	             : hxcomm_error_set(HXCOMM_ENOENT, "%s has no field '%.60s'", container->name, name);
}

int container_json_read(void *value, const struct haldls_container *container, uint32_t count,
        const json_t *fields)
{
	const char *name;
	json_t *json;
	if (fields && !json_is_object(fields))
		return hxcomm_error_set(HXCOMM_EINVAL, "\"fields\" is no object");
	json_object_foreach((json_t *)fields, name, json) {
		const struct haldls_field *field = haldls_field_find(container, name);
		const int status = field ? read_field(value, container, field, count, json)
		                         : read_nested(value, container, name, fields);
		if (status)
			return status;
	}
	return HXCOMM_OK;
}

uint32_t container_json_elements(const struct haldls_container *container, uint32_t coordinate)
{
	return container->word_count ? container->word_count(coordinate) : 0;
}

/* ---- writing -------------------------------------------------------------------------------- */

static json_t *write_number(const struct haldls_field *field, int64_t number)
{
	return field->type == HALDLS_TYPE_BOOL ? json_boolean(number != 0) : json_integer(number);
}

/* A field's values out of whatever keeps them: the shape of the lists is decided here only. */
static json_t *write_shape(const struct haldls_field *field, uint32_t count,
        int64_t (*get)(const struct haldls_field *, const void *, uint32_t), const void *from)
{
	if (!field->dimensions[0])
		return write_number(field, get(field, from, 0));
	json_t *list = json_array();
	for (uint32_t i = 0; i < (count ? count : field->dimensions[0]); i++) {
		if (!field->dimensions[1]) {
			json_array_append_new(list, write_number(field, get(field, from, i)));
			continue;
		}
		json_t *row = json_array();
		for (uint32_t j = 0; j < field->dimensions[1]; j++)
			json_array_append_new(row, write_number(field,
			        get(field, from, i * field->dimensions[1] + j)));
		json_array_append_new(list, row);
	}
	return list;
}

json_t *container_json_write(const struct haldls_container *container, uint32_t count,
        const void *value)
{
	json_t *fields = json_object();
	for (size_t i = 0; i < container->field_count && fields; i++)
		if (!container->fields[i].fixed)
			json_object_set_new(fields, container->fields[i].name,
			        write_shape(&container->fields[i], count, haldls_field_get, value));
	return fields;
}

/* ---- describing ----------------------------------------------------------------------------- */

static int64_t default_of(const struct haldls_field *field, const void *from, uint32_t index)
{
	(void)from;
	return field->defaults[index];
}

static const char *type_name(enum haldls_type type)
{
	switch (type) {
	case HALDLS_TYPE_BOOL:
		return "bool";
	case HALDLS_TYPE_INT:
		return "int";
	case HALDLS_TYPE_ENUM:
		return "enum";
	default:
		return "uint";
	}
}

/* Longer arrays have one default for all elements. */
enum { LISTED_MAX = 256 };

static json_t *describe_field(const struct haldls_field *field)
{
	json_t *out = json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "name", field->name, "type",
	        type_name(field->type), "summary", field->summary, "min", (json_int_t)field->min, "max",
	        (json_int_t)field->max, "default", field->count > LISTED_MAX ? json_integer(field->defaults[0])
	                                          : write_shape(field, 0, default_of, NULL));
	if (field->alias)
		json_object_set_new(out, "member", json_string(field->alias));
	if (field->unit)
		json_object_set_new(out, "unit", json_string(field->unit));
	if (field->dimensions[0]) {
		json_t *shape = json_pack("[i]", (int)field->dimensions[0]);
		if (field->dimensions[1])
			json_array_append_new(shape, json_integer(field->dimensions[1]));
		json_object_set_new(out, "shape", shape);
	}
	if (field->value_count) {
		json_t *values = json_object();
		for (size_t i = 0; i < field->value_count; i++)
			json_object_set_new(values, field->values[i].name,
			        json_integer(field->values[i].value));
		json_object_set_new(out, "values", values);
	}
	return out;
}

/* null where it depends on the coordinate; a message with a list of labels is one word. */
static json_t *describe_words(const struct haldls_container *container, uint32_t words)
{
	if (container->word_count)
		return json_null();
	return json_integer(container->payload == HALDLS_PAYLOAD_LIST && words ? 1 : words);
}

json_t *container_json_describe(const struct haldls_container *container)
{
	json_t *fields = json_array(), *backends = json_array();
	for (size_t i = 0; i < container->field_count; i++)
		if (!container->fields[i].fixed)
			json_array_append_new(fields, describe_field(&container->fields[i]));
	for (size_t i = 0; i < container->backend_count; i++)
		json_array_append_new(backends,
		        json_string(fisch_backend_name(container->backends[i])));
	const char *access = !container->read_words    ? "w"
	                     : !container->write_words ? "r"
	                                               : "rw";
	return json_pack("{s:s,s:s,s:s,s:i,s:{s:o,s:o},s:s,s:o,s:o}", "name", container->name, "summary",
	        container->summary, "coordinate", container->coordinate, "count", (int)container->count,
	        "words", "write", describe_words(container, container->write_words), "read",
	        describe_words(container, container->read_words), "access", access, "backends", backends,
	        "fields", fields);
}

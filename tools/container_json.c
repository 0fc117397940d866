// SPDX-License-Identifier: MIT
#include "container_json.h"

#include <haldls/coordinate.h>
#include <haldls/json.h>
#include <hxcomm/error.h>

#include <stdlib.h>

json_t *container_json_write(const struct haldls_container *container, uint32_t coordinate,
        const void *value)
{
	json_t *fields;
	return haldls_json_write(&fields, container, coordinate, value, NULL) == HXCOMM_OK ? fields : NULL;
}

/* ---- describing ----------------------------------------------------------------------------- */

static const char *type_name(enum haldls_type type)
{
	switch (type) {
	case HALDLS_TYPE_BOOL:
		return "bool";
	case HALDLS_TYPE_INT:
		return "int";
	case HALDLS_TYPE_ENUM:
		return "enum";
	case HALDLS_TYPE_ANALOG:
		return "analog";
	default:
		return "uint";
	}
}

/* Longer arrays have one default for all elements. */
enum { LISTED_MAX = 256 };

static json_t *describe_number(const struct haldls_field *field, const void *initial, uint32_t index)
{
	const int64_t number = haldls_field_get(field, initial, index);
	return field->type == HALDLS_TYPE_BOOL ? json_boolean(number != 0) : json_integer(number);
}

/* Defaults in the shape of the field: at most three dimensions deep. */
static json_t *describe_default(const struct haldls_field *field, const void *initial, size_t level,
        uint32_t base)
{
	if (level == 3 || !field->dimensions[level])
		return describe_number(field, initial, base);
	json_t *list = json_array();
	for (uint32_t i = 0; i < field->dimensions[level]; i++)
		json_array_append_new(list, describe_default(field, initial, level + 1,
		                                    base * field->dimensions[level] + i));
	return list;
}

static json_t *describe_field(const struct haldls_field *field, const void *initial)
{
	json_t *out = json_pack("{s:s,s:s,s:s,s:I,s:I,s:o}", "name", field->name, "type",
	        type_name(field->type), "summary", field->summary, "min", (json_int_t)field->min, "max",
	        (json_int_t)field->max, "default",
	        field->count > LISTED_MAX ? describe_number(field, initial, 0)
	                                  : describe_default(field, initial, 0, 0));
	if (field->alias)
		json_object_set_new(out, "member", json_string(field->alias));
	if (field->unit)
		json_object_set_new(out, "unit", json_string(field->unit));
	if (field->dimensions[0]) {
		json_t *shape = json_array();
		for (size_t d = 0; d < 3 && field->dimensions[d]; d++)
			json_array_append_new(shape, json_integer(field->dimensions[d]));
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
	void *initial = malloc(container->size);
	if (!initial)
		return NULL;
	container->init(initial);
	json_t *fields = json_array(), *backends = json_array();
	for (size_t i = 0; i < container->field_count; i++)
		if (!container->fields[i].fixed)
			json_array_append_new(fields, describe_field(&container->fields[i], initial));
	free(initial);
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

void container_json_place(json_t *line, const struct haldls_container *container,
        uint32_t coordinate)
{
	char labels[HALDLS_COORDINATE_TEXT_MAX];
	const struct haldls_coordinate *type = haldls_coordinate_find(container->coordinate);
	if (type && type->part_count &&
	        haldls_coordinate_print(labels, sizeof(labels), type, coordinate,
	                HALDLS_COORDINATE_LABELS) == HXCOMM_OK)
		json_object_set_new(line, "place", json_string(labels));
}

json_t *container_json_line(const struct haldls_container *container, uint32_t coordinate,
        const void *value)
{
	json_t *line = json_pack(
	        "{s:s,s:I}", "container", container->name, "coordinate", (json_int_t)coordinate);
	json_t *fields = container_json_write(container, coordinate, value);
	if (!line || !fields) {
		json_decref(line);
		json_decref(fields);
		return NULL;
	}
	container_json_place(line, container, coordinate);
	json_object_set_new(line, "fields", fields);
	return line;
}

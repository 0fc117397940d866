// SPDX-License-Identifier: MIT
#include "coordinates_json.h"

#include <hxcomm/error.h>

#include <string.h>

const char *coordinates_kind_name(enum haldls_coordinate_kind kind)
{
	static const char *const names[] = {
		"ranged", "grid", "mixin", "interval", "base", "record"};
	return names[kind];
}

/* ---- what one is ----------------------------------------------------------------------------- */

static json_t *describe_parts(const struct haldls_coordinate *coordinate)
{
	json_t *parts = json_array();
	for (size_t i = 0; i < coordinate->part_count; i++)
		json_array_append_new(
			parts, json_pack("{s:s,s:s,s:I}", "key", coordinate->parts[i].key,
				       "coordinate", coordinate->parts[i].coordinate->name, "size",
				       (json_int_t)coordinate->parts[i].coordinate->size));
	return parts;
}

static json_t *describe_values(const struct haldls_coordinate *coordinate)
{
	json_t *values = json_object();
	for (size_t i = 0; i < coordinate->value_count; i++)
		json_object_set_new(values, coordinate->values[i].name,
			json_integer((json_int_t)coordinate->values[i].number));
	return values;
}

static json_t *describe_conversions(const struct haldls_coordinate *coordinate)
{
	json_t *conversions = json_array();
	for (size_t i = 0; i < coordinate->conversion_count; i++) {
		const struct haldls_coordinate_conversion *c = &coordinate->conversions[i];
		json_t *conversion = json_pack("{s:s,s:s,s:i}", "function", c->function, "to",
			c->to->name, "count", (int)c->count);
		if (c->index)
			json_object_set_new(conversion, "index", json_string(c->index->name));
		json_array_append_new(conversions, conversion);
	}
	return conversions;
}

json_t *coordinates_json_describe(const struct haldls_coordinate *coordinate, bool conversions)
{
	json_t *out = json_pack("{s:s,s:s,s:s,s:s,s:s}", "name", coordinate->name, "c_name",
		coordinate->c_name, "domain", coordinate->domain, "summary", coordinate->summary,
		"kind", coordinates_kind_name(coordinate->kind));
	if (!out)
		return NULL;
	json_object_set_new(out, "size", json_integer((json_int_t)coordinate->size));
	json_object_set_new(out, "min", json_integer((json_int_t)coordinate->min));
	json_object_set_new(out, "max", json_integer((json_int_t)coordinate->max));
	if (coordinate->axis)
		json_object_set_new(out, "axis", json_stringn(&coordinate->axis, 1));
	if (coordinate->outer)
		json_object_set_new(out, "outer", json_string(coordinate->outer->name));
	if (coordinate->inner)
		json_object_set_new(out, "inner", json_string(coordinate->inner->name));
	if (coordinate->part_count)
		json_object_set_new(out, "parts", describe_parts(coordinate));
	if (coordinate->value_count)
		json_object_set_new(out, "values", describe_values(coordinate));
	json_object_set_new(out, "revision_3", json_boolean(coordinate->revision_3));
	json_object_set_new(out, "retired", json_boolean(coordinate->retired));
	if (conversions)
		json_object_set_new(out, "conversions", describe_conversions(coordinate));
	return out;
}

/* ---- numbers --------------------------------------------------------------------------------- */

int coordinates_json_value(
	json_t **out, const struct haldls_coordinate *coordinate, uint64_t number)
{
	char labels[HALDLS_COORDINATE_TEXT_MAX], reference[HALDLS_COORDINATE_TEXT_MAX];
	int status = haldls_coordinate_print(
		labels, sizeof(labels), coordinate, number, HALDLS_COORDINATE_LABELS);
	if (!status)
		status = haldls_coordinate_print(reference, sizeof(reference), coordinate, number,
			HALDLS_COORDINATE_REFERENCE);
	if (!status)
		*out = json_pack("{s:s,s:I,s:s,s:s}", "coordinate", coordinate->name, "value",
			(json_int_t)number, "labels", labels, "reference", reference);
	return status;
}

/* One of those that it converts to; null where there is none. */
static int convert_one(json_t **out, const struct haldls_coordinate *coordinate,
	const struct haldls_coordinate_conversion *conversion, uint32_t index, uint64_t number)
{
	uint64_t converted;
	const int status =
		haldls_coordinate_convert(&converted, coordinate, conversion, index, number);
	if (status && status != HXCOMM_ENOENT)
		return status;
	*out = status ? json_null() : json_integer((json_int_t)converted);
	return HXCOMM_OK;
}

int coordinates_json_convert(json_t **out, const struct haldls_coordinate *coordinate,
	const struct haldls_coordinate_conversion *conversion, int64_t index, uint64_t number)
{
	json_t *value = NULL;
	int status;
	if (index >= 0 || conversion->count == 1) {
		status = convert_one(&value, coordinate, conversion,
			index < 0            ? 0
			: index > UINT32_MAX ? UINT32_MAX
					     : (uint32_t)index,
			number);
		if (!status)
			*out = json_pack("{s:s,s:o}", "to", conversion->to->name, "value", value);
		return status;
	}
	json_t *values = json_array();
	for (uint32_t i = 0; i < conversion->count; i++) {
		status = convert_one(&value, coordinate, conversion, i, number);
		if (status) {
			json_decref(values);
			return status;
		}
		json_array_append_new(values, value);
	}
	*out = json_pack("{s:s,s:o}", "to", conversion->to->name, "values", values);
	return HXCOMM_OK;
}

/* ---- lines ----------------------------------------------------------------------------------- */

static int read_name(const char **out, const json_t *line, const char *key)
{
	*out = json_string_value(json_object_get(line, key));
	return *out ? HXCOMM_OK : hxcomm_error_set(HXCOMM_EINVAL, "the line lacks \"%s\"", key);
}

/* "value": a number or a text; or "enum": a number as the reference software counts. */
static int read_number(
	uint64_t *out, const struct haldls_coordinate *coordinate, const json_t *line)
{
	const json_t *value = json_object_get(line, "value");
	const json_t *e = json_object_get(line, "enum");
	if (!value == !e)
		return hxcomm_error_set(HXCOMM_EINVAL, "the line needs \"value\" or \"enum\"");
	if (json_is_string(value))
		return haldls_coordinate_parse(out, coordinate, json_string_value(value));
	const json_t *number = value ? value : e;
	if (!json_is_integer(number) || json_integer_value(number) < 0)
		return hxcomm_error_set(HXCOMM_EINVAL, "\"%s\" is no whole number of 0 or more%s",
			value ? "value" : "enum", value ? ", and no text" : "");
	const uint64_t n = (uint64_t)json_integer_value(number);
	if (e)
		return haldls_coordinate_from_enum(out, coordinate, n);
	*out = n;
	return haldls_coordinate_validate(coordinate, n);
}

int coordinates_answer_value(json_t **out, const json_t *line, void *user)
{
	const char *name = NULL;
	uint64_t number;
	(void)user;
	int status = read_name(&name, line, "coordinate");
	if (status)
		return status;
	const struct haldls_coordinate *coordinate = haldls_coordinate_find(name);
	if (!coordinate)
		return HXCOMM_ENOENT;
	status = read_number(&number, coordinate, line);
	return status ? status : coordinates_json_value(out, coordinate, number);
}

int coordinates_answer_convert(json_t **out, const json_t *line, void *user)
{
	const char *from = NULL, *to = json_string_value(json_object_get(line, "function"));
	const json_t *index = json_object_get(line, "index");
	uint64_t number;
	(void)user;
	int status = read_name(&from, line, "from");
	if (!status && !to)
		status = read_name(&to, line, "to");
	if (status)
		return status;
	if (index && (!json_is_integer(index) || json_integer_value(index) < 0))
		return hxcomm_error_set(HXCOMM_EINVAL, "\"index\" is no whole number of 0 or more");
	const struct haldls_coordinate *coordinate = haldls_coordinate_find(from);
	const struct haldls_coordinate_conversion *conversion =
		coordinate ? haldls_coordinate_conversion_find(coordinate, to) : NULL;
	if (!conversion)
		return HXCOMM_ENOENT;
	status = read_number(&number, coordinate, line);
	return status ? status
		      : coordinates_json_convert(out, coordinate, conversion,
				index ? json_integer_value(index) : -1, number);
}

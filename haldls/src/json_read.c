// SPDX-License-Identifier: MIT
/* A JSON tree is read by the names that lead to its leaves: "input_mux[].neuron_odd". Only what
 * begins the name of a field is descended into, so the depth is that of the description, not of the
 * input. */
#include <haldls/json.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>

enum { NAME_MAX_BYTES = 160, DIMENSIONS = 3 };

/* Where the descent is. */
struct cursor {
	const struct haldls_container *container;
	void *value;
	uint32_t elements; /* of the fields of a container with more or less by its coordinate, or 0
			    */
	char name[NAME_MAX_BYTES];
	uint32_t indices[DIMENSIONS]; /* [used] */
	size_t used;
};

static size_t plain_length(const char *name)
{
	size_t length = strlen(name);
	while (length >= 2 && name[length - 2] == '[')
		length -= 2;
	return length;
}

static bool is_named(const char *name, const struct cursor *cursor)
{
	const size_t length = plain_length(name);
	return strlen(cursor->name) == length && !memcmp(cursor->name, name, length);
}

static bool begins(const char *name, const struct cursor *cursor, char next)
{
	const size_t length = strlen(cursor->name);
	return !strncmp(name, cursor->name, length) && name[length] == next;
}

static const struct haldls_field *find_field(const struct cursor *cursor)
{
	for (size_t i = 0; i < cursor->container->field_count; i++) {
		const struct haldls_field *field = &cursor->container->fields[i];
		if (is_named(field->name, cursor) ||
			(field->alias && is_named(field->alias, cursor)))
			return field;
	}
	return NULL;
}

/* A field whose name goes on with `next` where the cursor is. */
static const struct haldls_field *find_inside(const struct cursor *cursor, char next)
{
	for (size_t i = 0; i < cursor->container->field_count; i++) {
		const struct haldls_field *field = &cursor->container->fields[i];
		if (begins(field->name, cursor, next) ||
			(field->alias && begins(field->alias, cursor, next)))
			return field;
	}
	return NULL;
}

/* ---- leaves ---------------------------------------------------------------------------------- */

static int number_of(int64_t *out, const struct cursor *cursor, const struct haldls_field *field,
	const json_t *json)
{
	/* a variant {"index","data"}, or a grid coordinate {"x","y","e"} */
	const json_t *data = json_object_get(json, "data"), *e = json_object_get(json, "e");
	const json_t *leaf = data ? data : e ? e : json;
	if (json_is_boolean(leaf)) {
		*out = json_is_true(leaf);
	} else if (json_is_integer(leaf)) {
		*out = json_integer_value(leaf);
	} else if (json_is_string(leaf)) {
		const char *name = json_string_value(leaf);
		size_t i = 0;
		while (i < field->value_count && strcmp(field->values[i].name, name) != 0)
			i++;
		if (i == field->value_count)
			return hxcomm_error_set(HXCOMM_EINVAL, "%s.%s has no value '%.40s'",
				cursor->container->name, cursor->name, name);
		*out = field->values[i].value;
	} else {
		return hxcomm_error_set(HXCOMM_EINVAL,
			"%s.%s is neither a number, a boolean nor the name of a value",
			cursor->container->name, cursor->name);
	}
	const bool named_off = data && json_integer_value(json_object_get(json, "index")) == 1;
	if (field->type == HALDLS_TYPE_ANALOG && data && named_off != (*out == field->max))
		return hxcomm_error_set(HXCOMM_EINVAL,
			"%s.%s is {\"index\":%d,\"data\":%" PRId64 "}: index 1 and data %" PRId64
			" belong together",
			cursor->container->name, cursor->name, named_off, *out, field->max);
	return HXCOMM_OK;
}

static int read_element(struct cursor *cursor, const struct haldls_field *field, const json_t *json)
{
	int64_t number = 0;
	uint32_t index = 0;
	const int status = number_of(&number, cursor, field, json);
	if (status != HXCOMM_OK)
		return status;
	if (number < field->min || number > field->max)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"%s.%s is %" PRId64 ", allowed are %" PRId64 " to %" PRId64,
			cursor->container->name, cursor->name, number, field->min, field->max);
	for (size_t d = 0; d < DIMENSIONS && field->dimensions[d]; d++)
		index = index * field->dimensions[d] + cursor->indices[d];
	return haldls_field_set(field, cursor->value, index, number);
}

static int check_length(const struct cursor *cursor, uint32_t needed, const json_t *json)
{
	if (json_is_array(json) && json_array_size(json) == needed)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_EINVAL,
		"%s.%s needs a list of %" PRIu32 " values, this has %zu", cursor->container->name,
		cursor->name, needed, json_array_size(json));
}

/* The dimensions of a field that are left: at most three. */
static int read_lists(struct cursor *cursor, const struct haldls_field *field, const json_t *json)
{
	if (cursor->used == DIMENSIONS || !field->dimensions[cursor->used])
		return read_element(cursor, field, json);
	const uint32_t count = cursor->elements && !cursor->used ? cursor->elements
								 : field->dimensions[cursor->used];
	int status = check_length(cursor, count, json);
	const size_t level = cursor->used++;
	for (uint32_t i = 0; i < count && status == HXCOMM_OK; i++) {
		cursor->indices[level] = i;
		status = read_lists(cursor, field, json_array_get(json, i));
	}
	cursor->used = level;
	return status;
}

/* ---- the way there --------------------------------------------------------------------------- */

static int read_node(struct cursor *cursor, const json_t *json);

static int read_members(struct cursor *cursor, const json_t *json)
{
	const size_t length = strlen(cursor->name);
	int status = HXCOMM_OK;
	const char *key;
	json_t *member;
	json_object_foreach((json_t *)json, key, member)
	{
		const int added = snprintf(cursor->name + length, sizeof(cursor->name) - length,
			"%s%s", length ? "." : "", key);
		status = added < 0 || length + (size_t)added >= sizeof(cursor->name)
				 ? hxcomm_error_set(HXCOMM_ENOENT,
					   "%s has no field with so long a name as "
					   "'%.60s'",
					   cursor->container->name, key)
				 : read_node(cursor, member);
		cursor->name[length] = '\0';
		if (status != HXCOMM_OK)
			break;
	}
	return status;
}

static int read_items(struct cursor *cursor, const struct haldls_field *inside, const json_t *json)
{
	const size_t length = strlen(cursor->name), level = cursor->used;
	const uint32_t count = level < DIMENSIONS ? inside->dimensions[level] : 0;
	int status = check_length(cursor, count, json);
	if (status != HXCOMM_OK || length + 3 > sizeof(cursor->name))
		return status;
	memcpy(cursor->name + length, "[]", 3);
	cursor->used++;
	for (uint32_t i = 0; i < count && status == HXCOMM_OK; i++) {
		cursor->indices[level] = i;
		status = read_node(cursor, json_array_get(json, i));
	}
	cursor->used = level;
	cursor->name[length] = '\0';
	return status;
}

static int read_node(struct cursor *cursor, const json_t *json)
{
	const struct haldls_field *field = find_field(cursor);
	if (field)
		return read_lists(cursor, field, json);
	if (find_inside(cursor, '.')) {
		if (json_is_object(json))
			return read_members(cursor, json);
		return hxcomm_error_set(
			HXCOMM_EINVAL, "%s.%s is no object", cursor->container->name, cursor->name);
	}
	field = find_inside(cursor, '[');
	if (field)
		return read_items(cursor, field, json);
	return hxcomm_error_set(
		HXCOMM_ENOENT, "%s has no field '%.60s'", cursor->container->name, cursor->name);
}

int haldls_json_read(void *value, const struct haldls_container *container, uint32_t element,
	const struct json_t *fields)
{
	struct cursor cursor = { .container = container, .value = value };
	if (!fields)
		return HXCOMM_OK;
	if (!json_is_object(fields))
		return hxcomm_error_set(
			HXCOMM_EINVAL, "the fields of %s are no object", container->name);
	if (container->word_count) {
		const int status = haldls_container_words(&cursor.elements, container, element);
		if (status != HXCOMM_OK)
			return status;
	}
	return read_members(&cursor, fields);
}

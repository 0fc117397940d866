// SPDX-License-Identifier: MIT
#include <haldls/json.h>
#include <hxcomm/error.h>

#include <jansson.h>
#include <string.h>

enum { DIMENSIONS = 3, KEY_MAX_BYTES = 64 };

static json_t *write_number(const struct haldls_field *field, int64_t number)
{
	if (field->type == HALDLS_TYPE_BOOL)
		return json_boolean(number != 0);
	if (field->type == HALDLS_TYPE_ANALOG)
		return json_pack(
			"{s:i,s:I}", "index", number == field->max, "data", (json_int_t)number);
	return json_integer(number);
}

/* The dimensions of a field from `level` on, as nested lists; the number of its first element is
 * `base` in units of what is below. At most three deep. */
static json_t *write_lists(const struct haldls_field *field, const void *value, size_t level,
	uint32_t base, uint32_t elements)
{
	if (level == DIMENSIONS || !field->dimensions[level])
		return write_number(field, haldls_field_get(field, value, base));
	json_t *list = json_array();
	const uint32_t count = elements && !level ? elements : field->dimensions[level];
	for (uint32_t i = 0; i < count && list; i++)
		if (json_array_append_new(list, write_lists(field, value, level + 1,
							base * field->dimensions[level] + i, 0))) {
			json_decref(list);
			list = NULL;
		}
	return list;
}

/* The object that holds the last name on the way to a field, made where it is absent; lent. */
static json_t *find_holder(json_t *object, const char **name, const uint32_t *indices)
{
	size_t used = 0;
	while (object) {
		const size_t length = strcspn(*name, ".[");
		const char *rest = *name + length;
		char key[KEY_MAX_BYTES];
		if (!*rest || length >= sizeof(key))
			return *rest ? NULL : object;
		memcpy(key, *name, length);
		key[length] = '\0';
		json_t *next = json_object_get(object, key);
		if (!next) {
			next = *rest == '[' ? json_array() : json_object();
			if (json_object_set_new(object, key, next))
				return NULL;
		}
		object = next;
		for (; !strncmp(rest, "[]", 2); rest += 2, used++) {
			const bool last = strncmp(rest + 2, "[]", 2) != 0;
			while (json_array_size(object) <= indices[used])
				if (json_array_append_new(
					    object, last ? json_object() : json_array()))
					return NULL;
			object = json_array_get(object, indices[used]);
		}
		*name = rest + (*rest == '.');
	}
	return NULL;
}

static size_t count_brackets(const char *name)
{
	size_t count = 0;
	for (; (name = strstr(name, "[]")); name += 2)
		count++;
	return count;
}

static int write_field(
	json_t *object, const struct haldls_field *field, const void *value, uint32_t elements)
{
	const size_t levels = count_brackets(field->name);
	uint32_t holders = 1;
	for (size_t d = 0; d < levels; d++)
		holders *= field->dimensions[d];
	for (uint32_t h = 0; h < holders; h++) {
		uint32_t indices[DIMENSIONS], left = h;
		for (size_t d = levels; d-- > 0; left /= field->dimensions[d])
			indices[d] = left % field->dimensions[d];
		const char *name = field->name;
		json_t *holder = find_holder(object, &name, indices);
		if (!holder || json_object_set_new(holder, name,
				       write_lists(field, value, levels, h, elements)))
			return hxcomm_error_set(
				HXCOMM_ENOMEM, "no memory for the field %s", field->name);
	}
	return HXCOMM_OK;
}

static bool is_same(const struct haldls_field *field, const void *value, const void *reference)
{
	for (uint32_t i = 0; i < field->count; i++)
		if (haldls_field_get(field, value, i) != haldls_field_get(field, reference, i))
			return false;
	return true;
}

int haldls_json_write(struct json_t **out, const struct haldls_container *container,
	uint32_t element, const void *value, const void *reference)
{
	uint32_t elements = 0;
	*out = NULL;
	if (container->word_count) {
		const int status = haldls_container_words(&elements, container, element);
		if (status != HXCOMM_OK)
			return status;
	}
	json_t *object = json_object();
	int status = object ? HXCOMM_OK : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for JSON");
	for (size_t i = 0; i < container->field_count && status == HXCOMM_OK; i++) {
		const struct haldls_field *field = &container->fields[i];
		if (!field->fixed && !(reference && is_same(field, value, reference)))
			status = write_field(object, field, value, elements);
	}
	if (status != HXCOMM_OK) {
		json_decref(object);
		return status;
	}
	*out = object;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* A chip as JSON: what differs from haldls_chip_init(), container by container and field by field.
 */
#include "chip_file.h"

#include <haldls/json.h>
#include <haldls/logical.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX_BYTES = 16 };

/* Any element of a chip that is not stored as its struct. */
union element {
	struct haldls_capmem_cell cell;
	struct haldls_synapse_row row;
};

/* An element as its struct: where it is, or made in @p room. */
static void *get_element(
	struct haldls_chip *chip, size_t part, uint32_t element, union element *room)
{
	if (part == HALDLS__SAVED_CELLS) {
		room->cell.value = chip->capmem[element];
		return room;
	}
	if (part == HALDLS__SAVED_ROWS) {
		memcpy(room->row.weights, haldls__chip_row(chip, 0, element),
			HALDLS_NEURON_COLUMNS);
		memcpy(room->row.labels, haldls__chip_row(chip, 1, element), HALDLS_NEURON_COLUMNS);
		memcpy(room->row.time_calibs, haldls__chip_row(chip, 2, element),
			HALDLS_NEURON_COLUMNS);
		memcpy(room->row.amp_calibs, haldls__chip_row(chip, 3, element),
			HALDLS_NEURON_COLUMNS);
		return room;
	}
	const struct haldls__chip_part *p = &haldls__chip_parts[part];
	return (char *)chip + p->offset + element * p->container->size;
}

static void set_element(
	struct haldls_chip *chip, size_t part, uint32_t element, const union element *room)
{
	const uint32_t h = element / HALDLS_SYNAPSE_ROWS, r = element % HALDLS_SYNAPSE_ROWS;
	if (part == HALDLS__SAVED_CELLS) {
		chip->capmem[element] = (uint16_t)room->cell.value;
	} else if (part == HALDLS__SAVED_ROWS) {
		memcpy(chip->synapse_weight[h][r], room->row.weights, HALDLS_NEURON_COLUMNS);
		memcpy(chip->synapse_label[h][r], room->row.labels, HALDLS_NEURON_COLUMNS);
		memcpy(chip->synapse_time_calibration[h][r], room->row.time_calibs,
			HALDLS_NEURON_COLUMNS);
		memcpy(chip->synapse_amplitude_calibration[h][r], room->row.amp_calibs,
			HALDLS_NEURON_COLUMNS);
	}
}

/* ---- saving ---------------------------------------------------------------------------------- */

static int write_part(
	json_t *parts, struct haldls_chip *chip, struct haldls_chip *reference, size_t part)
{
	const struct haldls_container *c = haldls__saved_container(part);
	json_t *elements = json_object();
	int status = elements ? HXCOMM_OK : HXCOMM_ENOMEM;
	for (uint32_t e = 0; e < c->count && status == HXCOMM_OK; e++) {
		union element room, other_room;
		const void *value = get_element(chip, part, e, &room);
		const void *other = get_element(reference, part, e, &other_room);
		json_t *fields;
		if (!memcmp(value, other, c->size))
			continue;
		status = haldls_json_write(&fields, c, e, value, other);
		char number[NUMBER_MAX_BYTES];
		(void)snprintf(number, sizeof(number), "%" PRIu32, e);
		if (status == HXCOMM_OK && !json_object_size(fields))
			json_decref(fields); /* padding differs */
		else if (status == HXCOMM_OK && json_object_set_new(elements, number, fields))
			status = HXCOMM_ENOMEM;
	}
	if (status == HXCOMM_OK && json_object_size(elements)) {
		if (json_object_set(parts, c->name, elements))
			status = HXCOMM_ENOMEM;
	}
	json_decref(elements);
	return status;
}

static int write_parts(json_t *parts, const struct haldls_chip *chip)
{
	struct haldls_chip *copy = malloc(sizeof(*copy)), *reference = malloc(sizeof(*reference));
	int status = copy && reference ? HXCOMM_OK : HXCOMM_ENOMEM;
	if (status == HXCOMM_OK) {
		memcpy(copy, chip, sizeof(*copy));
		haldls_chip_init(reference);
	}
	for (size_t p = 0; p < HALDLS__SAVED_PARTS && status == HXCOMM_OK; p++)
		status = write_part(parts, copy, reference, p);
	free(copy);
	free(reference);
	return status;
}

/* What is saved can be loaded again: no value out of its range. */
static int check_chip(const struct haldls_chip *chip)
{
	uint32_t *words = malloc(HALDLS_CHIP_WORDS * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the words of a chip");
	const int status = haldls_chip_encode(words, chip);
	free(words);
	return status;
}

int haldls__chip_json_encode(uint8_t **out, size_t *size, const struct haldls_chip *chip)
{
	int status = check_chip(chip);
	if (status != HXCOMM_OK)
		return status;
	json_t *parts = json_object();
	json_t *file = json_pack("{s:s,s:i,s:O}", "format", HALDLS__CHIP_FORMAT, "version",
		(int)HALDLS__CHIP_VERSION, "parts", parts);
	status = parts && file ? write_parts(parts, chip) : HXCOMM_ENOMEM;
	char *text = status == HXCOMM_OK ? json_dumps(file, JSON_INDENT(1)) : NULL;
	if (status == HXCOMM_OK && !text)
		status = HXCOMM_ENOMEM;
	if (status == HXCOMM_ENOMEM)
		(void)hxcomm_error_set(status, "no memory to save a chip as JSON");
	json_decref(file);
	json_decref(parts);
	if (status != HXCOMM_OK)
		return status;
	*out = (uint8_t *)text;
	*size = strlen(text);
	return HXCOMM_OK;
}

/* ---- loading --------------------------------------------------------------------------------- */

static int read_number(uint32_t *out, const struct haldls_container *container, const char *text)
{
	const size_t length = strlen(text);
	char *end;
	const unsigned long number = strtoul(text, &end, 10);
	if (!length || length > 9 || strspn(text, "0123456789") != length ||
		number >= container->count || (length > 1 && text[0] == '0'))
		return hxcomm_error_set(HXCOMM_ERANGE,
			"parts.%s.%.20s: coordinates of %s are \"0\" to \"%" PRIu32 "\"",
			container->name, text, container->name, container->count - 1);
	*out = (uint32_t)number;
	return HXCOMM_OK;
}

static int read_part(struct haldls_chip *out, const char *name, const json_t *elements)
{
	const size_t part = haldls__saved_find(name);
	const char *key;
	json_t *fields;
	if (part == HALDLS__SAVED_PARTS)
		return hxcomm_error_set(
			HXCOMM_ENOENT, "parts.%.60s: a chip has no such container", name);
	const struct haldls_container *c = haldls__saved_container(part);
	if (!json_is_object(elements))
		return hxcomm_error_set(HXCOMM_EINVAL, "parts.%s is no object", name);
	json_object_foreach((json_t *)elements, key, fields)
	{
		union element room;
		uint32_t e = 0;
		int status = read_number(&e, c, key);
		if (status != HXCOMM_OK)
			return status;
		void *value = get_element(out, part, e, &room);
		status = haldls_json_read(value, c, e, fields);
		if (status != HXCOMM_OK)
			return hxcomm_error_wrap(status, "parts.%s.%s", name, key);
		set_element(out, part, e, &room);
	}
	return HXCOMM_OK;
}

static int read_file(struct haldls_chip *out, const json_t *file)
{
	const json_t *parts = json_object_get(file, "parts");
	const json_t *version = json_object_get(file, "version");
	const char *format = json_string_value(json_object_get(file, "format"));
	const char *name;
	json_t *value;
	int status = HXCOMM_OK;
	if (!format || strcmp(format, HALDLS__CHIP_FORMAT) != 0)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
			"this is no saved chip: \"format\" is not \"%s\"", HALDLS__CHIP_FORMAT);
	if (!json_is_integer(version))
		return hxcomm_error_set(HXCOMM_ECORRUPT, "the saved chip lacks its \"version\"");
	if (json_integer_value(version) != HALDLS__CHIP_VERSION)
		return haldls__chip_version_error(json_integer_value(version));
	if (!json_is_object(parts))
		return hxcomm_error_set(HXCOMM_ECORRUPT, "the saved chip lacks its \"parts\"");
	if (json_object_size(file) != 3)
		return hxcomm_error_set(HXCOMM_ENOENT,
			"the saved chip has more than \"format\", \"version\" and \"parts\"");
	haldls_chip_init(out);
	json_object_foreach((json_t *)parts, name, value)
	{
		status = read_part(out, name, value);
		if (status != HXCOMM_OK)
			break;
	}
	return status;
}

int haldls__chip_json_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size)
{
	json_error_t error;
	json_t *file = json_loadb((const char *)bytes, size, JSON_REJECT_DUPLICATES, &error);
	if (!file)
		return json_error_code(&error) == json_error_out_of_memory
			       ? hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip as JSON")
			       : hxcomm_error_set(HXCOMM_ECORRUPT, "line %d, column %d: %s",
					 error.line, error.column, error.text);
	int status = read_file(out, file);
	if (status == HXCOMM_OK)
		status = check_chip(out); /* constants, and whatever else no field's range says */
	json_decref(file);
	return status;
}

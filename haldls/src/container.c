// SPDX-License-Identifier: MIT
#include "container_table.h"
#include "parts.h"

#include <haldls/container.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct haldls_container *const *haldls_containers(size_t *count)
{
	if (count)
		*count = haldls__container_count;
	return haldls__container_table;
}

const struct haldls_container *const *haldls_logical_containers(size_t *count)
{
	if (count)
		*count = haldls__logical_count;
	return haldls__logical_table;
}

const struct haldls_container *haldls_container_find(const char *name)
{
	for (size_t i = 0; i < haldls__container_count; i++)
		if (!strcmp(haldls__container_table[i]->name, name))
			return haldls__container_table[i];
	for (size_t i = 0; i < haldls__logical_count; i++)
		if (!strcmp(haldls__logical_table[i]->name, name))
			return haldls__logical_table[i];
	(void)hxcomm_error_set(HXCOMM_ENOENT,
	        "no container '%.60s': `bss registers list` names them all", name);
	return NULL;
}

/* ---- words at a coordinate ------------------------------------------------------------------- */

int haldls_container_words(uint32_t *out, const struct haldls_container *container,
        uint32_t element)
{
	const uint32_t all =
	        container->write_words ? container->write_words : container->read_words;
	if (element >= container->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s of %s is %" PRIu32 ", allowed are 0 to %" PRIu32, container->coordinate,
		        container->name, element, container->count - 1);
	const uint32_t count = container->word_count ? container->word_count(element) : all;
	if (!count || count > all)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s of %s is %" PRIu32 ", which ends before it begins",
		        container->coordinate, container->name, element);
	if (out)
		*out = count;
	return HXCOMM_OK;
}

int haldls_container_addresses(uint32_t *addresses, const struct haldls_container *container,
        enum fisch_backend backend, uint32_t element, bool write)
{
	uint32_t count;
	const int status = haldls_container_words(&count, container, element);
	if (status)
		return status;
	if (!(write ? container->write_words : container->read_words))
		return hxcomm_error_set(HXCOMM_ENOTSUP, "%s cannot be %s", container->name,
		        write ? "written" : "read");
	if (container->part_count) {
		(write ? container->write_addresses : container->read_addresses)(
			addresses, backend, element);
		return HXCOMM_OK;
	}
	if (!write && !container->word_count)
		count = container->read_words;
	for (uint32_t w = 0; w < count; w++)
		addresses[w] = (write ? container->write_address
		                      : container->read_address)(backend, element, w);
	return HXCOMM_OK;
}

int haldls_container_encode(uint32_t *words, uint8_t *byte_enables,
        const struct haldls_container *container, uint32_t element, const void *value)
{
	uint32_t all[HALDLS_CONTAINER_WORDS_MAX], count;
	int status = haldls_container_words(&count, container, element);
	if (status)
		return status;
	/* some of the words only: encode() writes them all */
	uint32_t *target = container->word_count ? all : words;
	status = container->encode(target, value);
	if (status)
		return status;
	if (target == all)
		memcpy(words, all, count * sizeof(*words));
	for (uint32_t w = 0; container->shift && w < count; w++)
		words[w] <<= container->shift(element);
	if (byte_enables)
		*byte_enables =
		        container->byte_enables ? container->byte_enables(value, element) : 15;
	return HXCOMM_OK;
}

/* A logical container is decoded part by part: into a copy, so that an error leaves the value
 * alone. */
static int decode_logical(void *value, const struct haldls_container *container,
        const uint32_t *words)
{
	void *copy = malloc(container->size);
	if (!copy)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a %s", container->name);
	const int status = container->decode(copy, words);
	if (!status)
		memcpy(value, copy, container->size);
	free(copy);
	return status;
}

int haldls_container_decode(void *value, const struct haldls_container *container,
        uint32_t element, const uint32_t *words)
{
	uint32_t all[HALDLS_CONTAINER_WORDS_MAX], count;
	const int status = haldls_container_words(&count, container, element);
	if (status)
		return status;
	if (container->part_count)
		return decode_logical(value, container, words);
	if (!container->word_count && !container->shift)
		return container->decode(value, words);
	memset(all, 0, sizeof(all));
	memcpy(all, words, count * sizeof(*words));
	for (uint32_t w = 0; container->shift && w < count; w++)
		all[w] >>= container->shift(element);
	return container->decode(value, all);
}

/* ---- fields ---------------------------------------------------------------------------------- */

const struct haldls_field *haldls_field_find(const struct haldls_container *container,
        const char *name)
{
	for (size_t i = 0; i < container->field_count; i++) {
		const struct haldls_field *field = &container->fields[i];
		if (!strcmp(field->name, name) || (field->alias && !strcmp(field->alias, name)))
			return field;
	}
	(void)hxcomm_error_set(HXCOMM_ENOENT, "%s has no field '%.60s'", container->name, name);
	return NULL;
}

static size_t element_size(enum haldls_type type)
{
	switch (type) {
	case HALDLS_TYPE_BOOL:
		return sizeof(bool);
	case HALDLS_TYPE_UINT64:
		return sizeof(uint64_t);
	case HALDLS_TYPE_UINT8:
		return sizeof(uint8_t);
	default:
		return sizeof(uint32_t);
	}
}

/* Byte offset of an element, by its row-major number. */
static size_t element_offset(const struct haldls_field *field, uint32_t index)
{
	size_t offset = field->offset;
	for (size_t d = 3; d-- > 0;) {
		if (!field->dimensions[d])
			continue;
		offset += index % field->dimensions[d] * field->strides[d];
		index /= field->dimensions[d];
	}
	return offset;
}

int64_t haldls_field_get(const struct haldls_field *field, const void *value, uint32_t index)
{
	const char *at = (const char *)value + element_offset(field, index);
	union {
		bool flag;
		uint8_t byte;
		uint32_t number;
		int32_t signed_number;
		uint64_t wide;
	} member;
	memcpy(&member, at, element_size(field->type));
	switch (field->type) {
	case HALDLS_TYPE_BOOL:
		return member.flag;
	case HALDLS_TYPE_UINT8:
		return member.byte;
	case HALDLS_TYPE_INT:
		return member.signed_number;
	case HALDLS_TYPE_UINT64:
		return (int64_t)member.wide;
	default:
		return member.number;
	}
}

int haldls_field_set(const struct haldls_field *field, void *value, uint32_t index, int64_t number)
{
	if (index >= field->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s has %" PRIu32 " elements, there is no [%" PRIu32 "]", field->name,
		        field->count, index);
	int64_t low = field->type == HALDLS_TYPE_INT ? INT32_MIN : 0;
	int64_t high = field->type == HALDLS_TYPE_BOOL ? 1
	             : field->type == HALDLS_TYPE_INT ? INT32_MAX
	             : field->type == HALDLS_TYPE_UINT8 ? UINT8_MAX
	             : field->type == HALDLS_TYPE_UINT64 ? INT64_MAX
	                                                 : UINT32_MAX;
	if (number < low || number > high)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s is %" PRId64 ", allowed are %" PRId64 " to %" PRId64, field->name,
		        number, field->min, field->max);
	char *at = (char *)value + element_offset(field, index);
	if (field->type == HALDLS_TYPE_BOOL) {
		bool flag = number != 0;
		memcpy(at, &flag, sizeof(flag));
	} else if (field->type == HALDLS_TYPE_UINT8) {
		uint8_t byte = (uint8_t)number;
		memcpy(at, &byte, sizeof(byte));
	} else if (field->type == HALDLS_TYPE_UINT64) {
		memcpy(at, &number, sizeof(number));
	} else {
		uint32_t small = (uint32_t)number;
		memcpy(at, &small, sizeof(small));
	}
	return HXCOMM_OK;
}

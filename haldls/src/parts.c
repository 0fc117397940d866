// SPDX-License-Identifier: MIT
/* Logical containers are lists of parts: where a word belongs is found by going down from part to
 * part. No part holds itself, so the descent is as deep as the description (source: the generator
 * refuses circles). */
#include "parts.h"

#include <hxcomm/error.h>

#include <inttypes.h>

static uint32_t own_words(const struct haldls_container *container)
{
	return container->write_words ? container->write_words : container->read_words;
}

/* The part that holds a word; moves both to what they are there. */
static const struct haldls_part *find_part(
	const struct haldls_container *container, uint32_t *element, uint32_t *word)
{
	for (size_t p = 0; p < container->part_count; p++) {
		const struct haldls_part *part = &container->parts[p];
		const uint32_t behind = *word - part->offset, i = behind / part->stride;
		if (*word < part->offset || i >= part->repeat ||
			behind % part->stride >= own_words(part->container))
			continue;
		*element = part->element(*element, i);
		*word = behind % part->stride;
		return part;
	}
	return NULL;
}

uint32_t haldls__part_address(const struct haldls_container *container, enum fisch_backend backend,
	uint32_t element, uint32_t word, bool write)
{
	if (word >= (write ? container->write_words : container->read_words))
		return UINT32_MAX;
	while (container->part_count) {
		const struct haldls_part *part = find_part(container, &element, &word);
		if (!part)
			return UINT32_MAX;
		container = part->container;
	}
	return (write ? container->write_address : container->read_address)(backend, element, word);
}

/* The end of those parts that alternate with part `p`: they begin before it begins again. */
static size_t group_end(const struct haldls_container *container, size_t p)
{
	const struct haldls_part *first = &container->parts[p];
	do
		p++;
	while (p < container->part_count &&
		container->parts[p].offset < first->offset + first->stride);
	return p;
}

void haldls__part_visit(const struct haldls_container *container, uint32_t element, uint32_t word,
	haldls__part_visitor *visitor, void *user)
{
	if (!container->part_count) {
		visitor(container, element, word, user);
		return;
	}
	for (size_t p = 0, next; p < container->part_count; p = next) {
		const struct haldls_part *first = &container->parts[p];
		next = group_end(container, p);
		for (uint32_t i = 0; i < first->repeat; i++)
			for (const struct haldls_part *part = first; part < container->parts + next; part++)
				haldls__part_visit(part->container, part->element(element, i),
					word + part->offset + i * part->stride, visitor, user);
	}
}

int haldls__part_error(int status, const char *container, const char *part, uint32_t i)
{
	return hxcomm_error_wrap(status, "%s, %s %" PRIu32, container, part, i);
}

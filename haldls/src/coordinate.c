// SPDX-License-Identifier: MIT
/* Coordinates by name: everything that a number, its parts and its conversions have to obey. */
#include "coordinate_table.h"

#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

const struct haldls_coordinate *haldls_coordinates(size_t *count)
{
	if (count)
		*count = haldls__coordinate_count;
	return haldls__coordinates;
}

static int compare_name(const void *name, const void *coordinate)
{
	return strcmp(name, ((const struct haldls_coordinate *)coordinate)->name);
}

const struct haldls_coordinate *haldls_coordinate_find(const char *name)
{
	const struct haldls_coordinate *found = bsearch(name, haldls__coordinates,
		haldls__coordinate_count, sizeof(*haldls__coordinates), compare_name);
	if (!found)
		(void)hxcomm_error_set(HXCOMM_ENOENT,
			"no coordinate '%.60s': `bss coordinates list` names them all", name);
	return found;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int range_error(const struct haldls_coordinate *coordinate, uint64_t number)
{
	return hxcomm_error_set(HXCOMM_ERANGE,
		"%s is %" PRIu64 ", allowed are %" PRIu64 " to %" PRIu64, coordinate->name, number,
		coordinate->min, coordinate->max);
}

/* Number of one of its parts, of a coordinate without holes. */
static uint64_t part_of(const struct haldls_coordinate_part *part, uint64_t number)
{
	return number / part->divisor % part->coordinate->size;
}

/* Is it an interval that ends before it begins? */
static int validate_interval(const struct haldls_coordinate *coordinate, uint64_t number)
{
	const uint64_t first = number / coordinate->inner->size;
	const uint64_t last = number % coordinate->inner->size;
	if (first <= last)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ERANGE,
		"%s from %" PRIu64 " to %" PRIu64 " ends before it begins", coordinate->name, first,
		last);
}

int haldls_coordinate_validate(const struct haldls_coordinate *coordinate, uint64_t number)
{
	if (coordinate->kind == HALDLS_COORDINATE_RECORD)
		return hxcomm_error_set(HXCOMM_ENOTSUP, "%s is no number: use haldls/morphology.h",
			coordinate->name);
	if (number < coordinate->min || number > coordinate->max)
		return range_error(coordinate, number);
	if (coordinate->kind == HALDLS_COORDINATE_INTERVAL)
		return validate_interval(coordinate, number);
	for (size_t i = 0; i < coordinate->part_count; i++) {
		const struct haldls_coordinate_part *part = &coordinate->parts[i];
		if (part->coordinate->kind != HALDLS_COORDINATE_INTERVAL)
			continue;
		const int status = validate_interval(part->coordinate, part_of(part, number));
		if (status)
			return hxcomm_error_wrap(status, "%s", coordinate->name);
	}
	return HXCOMM_OK;
}

/* Number of a place in a grid with holes. */
static int find_place(
	uint64_t *out, const struct haldls_coordinate *coordinate, const uint64_t parts[2])
{
	for (uint64_t e = 0; e < coordinate->size; e++)
		if (coordinate->places[e][0] == parts[0] && coordinate->places[e][1] == parts[1]) {
			*out = e;
			return HXCOMM_OK;
		}
	return hxcomm_error_set(HXCOMM_ENOENT, "there is no %s at %s:%" PRIu64 " %s:%" PRIu64,
		coordinate->name, coordinate->parts[0].key, parts[0], coordinate->parts[1].key,
		parts[1]);
}

int haldls_coordinate_encode(
	uint64_t *out, const struct haldls_coordinate *coordinate, const uint64_t *parts)
{
	uint64_t number = 0;
	if (!coordinate->part_count) {
		const int status = haldls_coordinate_validate(coordinate, parts[0]);
		if (!status)
			*out = parts[0];
		return status;
	}
	for (size_t i = 0; i < coordinate->part_count; i++) {
		const struct haldls_coordinate_part *part = &coordinate->parts[i];
		const int status = haldls_coordinate_validate(part->coordinate, parts[i]);
		if (status)
			return hxcomm_error_wrap(status, "%s", coordinate->name);
		number += parts[i] * part->divisor;
	}
	if (coordinate->places)
		return find_place(out, coordinate, parts);
	*out = number;
	return HXCOMM_OK;
}

int haldls_coordinate_decode(
	uint64_t *parts, const struct haldls_coordinate *coordinate, uint64_t number)
{
	const int status = haldls_coordinate_validate(coordinate, number);
	if (status)
		return status;
	if (!coordinate->part_count)
		parts[0] = number;
	for (size_t i = 0; i < coordinate->part_count; i++)
		parts[i] = coordinate->places ? coordinate->places[number][i]
					      : part_of(&coordinate->parts[i], number);
	return HXCOMM_OK;
}

/* An interval as the reference software counts it, as it tells it. */
static int interval_from_enum(uint64_t *out, const struct haldls_coordinate *interval, uint64_t e)
{
	const uint64_t n = interval->inner->size;
	const uint64_t first = e / n, last = e % n + first;
	if (first >= n || last >= n)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"%s number %" PRIu64 " would reach from %" PRIu64 " to %" PRIu64
			", the last there is is %" PRIu64,
			interval->name, e, first, last, n - 1);
	*out = first * n + last;
	return HXCOMM_OK;
}

int haldls_coordinate_from_enum(
	uint64_t *out, const struct haldls_coordinate *coordinate, uint64_t e)
{
	uint64_t parts[HALDLS_COORDINATE_PARTS_MAX];
	if (coordinate->kind == HALDLS_COORDINATE_INTERVAL)
		return interval_from_enum(out, coordinate, e);
	if (coordinate->places || !coordinate->part_count) {
		const int status = haldls_coordinate_validate(coordinate, e);
		if (!status)
			*out = e;
		return status;
	}
	if (e > coordinate->max)
		return range_error(coordinate, e);
	for (size_t i = 0; i < coordinate->part_count; i++) {
		const struct haldls_coordinate_part *part = &coordinate->parts[i];
		parts[i] = part_of(part, e);
		if (part->coordinate->kind != HALDLS_COORDINATE_INTERVAL)
			continue;
		const int status = interval_from_enum(&parts[i], part->coordinate, parts[i]);
		if (status)
			return hxcomm_error_wrap(status, "%s", coordinate->name);
	}
	return haldls_coordinate_encode(out, coordinate, parts);
}

/* ---- conversions ----------------------------------------------------------------------------- */

const struct haldls_coordinate_conversion *haldls_coordinate_conversion_find(
	const struct haldls_coordinate *coordinate, const char *function)
{
	const struct haldls_coordinate_conversion *all = coordinate->conversions;
	for (size_t i = 0; i < coordinate->conversion_count; i++)
		if (!strcmp(all[i].function, function))
			return &all[i];
	for (size_t i = 0; i < coordinate->conversion_count; i++)
		if (!strncmp(all[i].function, "to", 2) && !strcmp(all[i].function + 2, function))
			return &all[i];
	(void)hxcomm_error_set(HXCOMM_ENOENT,
		"%s has no conversion '%.60s': `bss coordinates show %s` lists what it has",
		coordinate->name, function, coordinate->name);
	return NULL;
}

int haldls_coordinate_convert(uint64_t *out, const struct haldls_coordinate *coordinate,
	const struct haldls_coordinate_conversion *conversion, uint32_t index, uint64_t number)
{
	const int status = haldls_coordinate_validate(coordinate, number);
	if (status)
		return status;
	if (index >= conversion->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"%s of %s: index is %" PRIu32 ", allowed are 0 to %" PRIu32,
			conversion->function, coordinate->name, index, conversion->count - 1);
	const uint64_t converted = conversion->convert(number, index);
	if (converted == UINT64_MAX)
		return hxcomm_error_set(HXCOMM_ENOENT, "%s %" PRIu64 " has no %s", coordinate->name,
			number, conversion->to->name);
	*out = converted;
	return HXCOMM_OK;
}

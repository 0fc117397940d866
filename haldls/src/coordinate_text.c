// SPDX-License-Identifier: MIT
/* Coordinates as text. Depth of calls is that of a coordinate's type, never that of a text. */
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The name as it is printed: without the type that it is declared in. */
static const char *plain_name(const struct haldls_coordinate *coordinate)
{
	const char *colon = strrchr(coordinate->name, ':');
	return colon ? colon + 1 : coordinate->name;
}

/* ---- printing -------------------------------------------------------------------------------- */

struct text {
	char *out;
	size_t size, length;
};

static void add(struct text *text, const char *format, ...) HXCOMM_PRINTF(2, 3);

static void add(struct text *text, const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	const size_t room = text->length < text->size ? text->size - text->length : 0;
	const int added =
		vsnprintf(room ? text->out + text->length : NULL, room, format, arguments);
	va_end(arguments);
	text->length += added > 0 ? (size_t)added : 0;
}

static void add_labels(
	struct text *text, const struct haldls_coordinate *coordinate, const uint64_t *parts)
{
	const struct haldls_coordinate_part self = {coordinate, coordinate->key, 1};
	const struct haldls_coordinate_part *all =
		coordinate->part_count ? coordinate->parts : &self;
	for (size_t i = 0; i < coordinate->part_count || i == 0; i++) {
		const struct haldls_coordinate *inner = all[i].coordinate->inner;
		add(text, "%s%s:", i ? " " : "", all[i].key);
		if (inner)
			add(text, "%" PRIu64 "..%" PRIu64, parts[i] / inner->size,
				parts[i] % inner->size);
		else
			add(text, "%" PRIu64, parts[i]);
	}
}

/* The parts of a whole: *outer of coordinate->outer, *inner of coordinate->inner. */
static void split(uint64_t *outer, uint64_t *inner, const struct haldls_coordinate *coordinate,
	uint64_t number)
{
	*outer = coordinate->places ? coordinate->places[number][0]
				    : number / coordinate->inner->size;
	*inner = coordinate->places ? coordinate->places[number][1]
				    : number % coordinate->inner->size;
}

static void add_reference(
	struct text *text, const struct haldls_coordinate *coordinate, uint64_t number)
{
	uint64_t outer, inner;
	add(text, "%s(", plain_name(coordinate));
	switch (coordinate->kind) {
	case HALDLS_COORDINATE_GRID:
		split(&outer, &inner, coordinate, number);
		add(text, "%s(%" PRIu64 "), %s(%" PRIu64 "); Enum(%" PRIu64 ")",
			plain_name(coordinate->inner), inner, plain_name(coordinate->outer), outer,
			number);
		break;
	case HALDLS_COORDINATE_MIXIN:
		split(&outer, &inner, coordinate, number);
		add_reference(text, coordinate->inner, inner);
		add(text, ", ");
		add_reference(text, coordinate->outer, outer);
		break;
	case HALDLS_COORDINATE_INTERVAL:
		add(text, "[%" PRIu64 ",%" PRIu64 "]", number / coordinate->inner->size,
			number % coordinate->inner->size);
		break;
	default:
		add(text, "%" PRIu64, number);
	}
	add(text, ")");
}

int haldls_coordinate_print(char *out, size_t size, const struct haldls_coordinate *coordinate,
	uint64_t number, enum haldls_coordinate_style style)
{
	uint64_t parts[HALDLS_COORDINATE_PARTS_MAX];
	struct text text = {out, size, 0};
	if (size)
		out[0] = 0;
	const int status = haldls_coordinate_decode(parts, coordinate, number);
	if (status)
		return status;
	if (style == HALDLS_COORDINATE_REFERENCE)
		add_reference(&text, coordinate, number);
	else if (style == HALDLS_COORDINATE_LABELS)
		add_labels(&text, coordinate, parts);
	else
		add(&text, "%" PRIu64, number);
	if (text.length < size)
		return HXCOMM_OK;
	if (size)
		out[0] = 0;
	return hxcomm_error_set(HXCOMM_ERANGE, "%s as text needs %zu bytes, there are %zu",
		coordinate->name, text.length + 1, size);
}

/* ---- parsing --------------------------------------------------------------------------------- */

static void skip_space(const char **at)
{
	*at += strspn(*at, " \t\n");
}

/* A mark such as "(" and the space around it. */
static bool take(const char **at, const char *mark)
{
	skip_space(at);
	const size_t length = strlen(mark);
	if (strncmp(*at, mark, length))
		return false;
	*at += length;
	skip_space(at);
	return true;
}

/* A whole number, decimal. */
static bool take_number(uint64_t *out, const char **at)
{
	uint64_t number = 0;
	const char *c = *at;
	for (; *c >= '0' && *c <= '9'; c++)
		if (__builtin_mul_overflow(number, 10u, &number) ||
			__builtin_add_overflow(number, (uint64_t)(*c - '0'), &number))
			return false;
	if (c == *at)
		return false;
	*out = number;
	*at = c;
	return true;
}

static int malformed(const struct haldls_coordinate *coordinate, const char *text)
{
	char labels[HALDLS_COORDINATE_TEXT_MAX], reference[HALDLS_COORDINATE_TEXT_MAX];
	int status = haldls_coordinate_print(
		labels, sizeof(labels), coordinate, coordinate->min, HALDLS_COORDINATE_LABELS);
	if (!status)
		status = haldls_coordinate_print(reference, sizeof(reference), coordinate,
			coordinate->min, HALDLS_COORDINATE_REFERENCE);
	if (status)
		return status;
	return hxcomm_error_set(HXCOMM_EINVAL,
		"'%.60s' is no %s: write a number of %" PRIu64 " to %" PRIu64
		", '%s', or as the reference '%s'",
		text, coordinate->name, coordinate->min, coordinate->max, labels, reference);
}

static bool find_value(
	uint64_t *out, const struct haldls_coordinate *coordinate, const char *name, size_t length)
{
	for (size_t i = 0; i < coordinate->value_count; i++)
		if (strlen(coordinate->values[i].name) == length &&
			!strncmp(coordinate->values[i].name, name, length)) {
			*out = coordinate->values[i].number;
			return true;
		}
	return false;
}

/* ---- labels ---------------------------------------------------------------------------------- */

static bool is_named(const char *text, size_t length, const char *name)
{
	return strlen(name) == length && !strncmp(text, name, length);
}

/* Place of a part by its key, with or without what the parts before say; count where none is. */
static size_t find_part(
	const struct haldls_coordinate_part *parts, size_t count, const char *text, size_t length)
{
	for (size_t i = 0; i < count; i++)
		if (is_named(text, length, parts[i].key))
			return i;
	for (size_t i = 0; i < count; i++)
		if (is_named(text, length, parts[i].coordinate->key) ||
			is_named(text, length, parts[i].coordinate->name))
			return i;
	return count;
}

enum { LABEL_WRONG = 1 }; /* what is written is no value; other returns are error codes */

/* "17", "top" or "10..20". */
static int take_value(uint64_t *out, const struct haldls_coordinate *coordinate, const char **at)
{
	if (coordinate->kind == HALDLS_COORDINATE_INTERVAL) {
		uint64_t first, last;
		if (!take_number(&first, at) || strncmp(*at, "..", 2))
			return LABEL_WRONG;
		*at += 2;
		if (!take_number(&last, at))
			return LABEL_WRONG;
		int status = haldls_coordinate_validate(coordinate->inner, first);
		if (!status)
			status = haldls_coordinate_validate(coordinate->inner, last);
		*out = first * coordinate->inner->size + last;
		return status ? status : haldls_coordinate_validate(coordinate, *out);
	}
	if (take_number(out, at))
		return haldls_coordinate_validate(coordinate, *out);
	const size_t length = strspn(*at, "abcdefghijklmnopqrstuvwxyz0123456789_");
	if (!find_value(out, coordinate, *at, length))
		return LABEL_WRONG;
	*at += length;
	return HXCOMM_OK;
}

static int parse_labels(uint64_t *out, const struct haldls_coordinate *coordinate, const char *text)
{
	const struct haldls_coordinate_part self = {coordinate, coordinate->key, 1};
	const struct haldls_coordinate_part *all =
		coordinate->part_count ? coordinate->parts : &self;
	const size_t count = coordinate->part_count ? coordinate->part_count : 1;
	uint64_t parts[HALDLS_COORDINATE_PARTS_MAX];
	bool seen[HALDLS_COORDINATE_PARTS_MAX] = {false};
	size_t found = 0;
	const char *at = text;
	for (skip_space(&at); *at; skip_space(&at)) {
		if (found && *at == ',') {
			at++;
			skip_space(&at);
		}
		/* a name may hold "::", the label ends at the last colon of the word */
		size_t length = strcspn(at, " \t\n,");
		while (length && at[length - 1] != ':')
			length--;
		const size_t place = length ? find_part(all, count, at, length - 1) : count;
		if (place == count || seen[place])
			return malformed(coordinate, text);
		at += length;
		const int status = take_value(&parts[place], all[place].coordinate, &at);
		if (status == LABEL_WRONG || (!status && *at && !strchr(" \t\n,", *at)))
			return malformed(coordinate, text);
		if (status)
			return coordinate->part_count
				       ? hxcomm_error_wrap(status, "%s", coordinate->name)
				       : status;
		seen[place] = true;
		found++;
	}
	if (found != count)
		return malformed(coordinate, text);
	return haldls_coordinate_encode(out, coordinate, parts);
}

/* ---- as the reference software prints -------------------------------------------------------- */

enum { REFERENCE_WRONG = 1 };

static int take_reference(
	uint64_t *out, const struct haldls_coordinate *coordinate, const char **at);

/* "inner, outer", and "; Enum(e)" behind those of a grid. */
static int take_pair(uint64_t *out, const struct haldls_coordinate *coordinate, const char **at)
{
	uint64_t inner, outer, number;
	int status = take_reference(&inner, coordinate->inner, at);
	if (status)
		return status;
	if (!take(at, ","))
		return REFERENCE_WRONG;
	status = take_reference(&outer, coordinate->outer, at);
	if (status)
		return status;
	*out = outer * coordinate->inner->size + inner;
	if (coordinate->places) {
		status =
			haldls_coordinate_encode(out, coordinate, (const uint64_t[]){outer, inner});
		if (status)
			return status;
	}
	if (coordinate->kind == HALDLS_COORDINATE_GRID && take(at, ";"))
		if (!take(at, "Enum") || !take(at, "(") || !take_number(&number, at) ||
			!take(at, ")") || number != *out)
			return REFERENCE_WRONG;
	return HXCOMM_OK;
}

static int take_interval(uint64_t *out, const struct haldls_coordinate *coordinate, const char **at)
{
	uint64_t first, last;
	if (!take(at, "[") || !take_number(&first, at) || !take(at, ",") ||
		!take_number(&last, at) || !take(at, "]"))
		return REFERENCE_WRONG;
	int status = haldls_coordinate_validate(coordinate->inner, first);
	if (!status)
		status = haldls_coordinate_validate(coordinate->inner, last);
	*out = first * coordinate->inner->size + last;
	return status;
}

static int take_reference(
	uint64_t *out, const struct haldls_coordinate *coordinate, const char **at)
{
	int status = HXCOMM_OK;
	if (!take(at, plain_name(coordinate)) || !take(at, "("))
		return REFERENCE_WRONG;
	if (coordinate->outer)
		status = take_pair(out, coordinate, at);
	else if (coordinate->inner)
		status = take_interval(out, coordinate, at);
	else if (!take_number(out, at))
		status = REFERENCE_WRONG;
	if (status)
		return status;
	return take(at, ")") ? haldls_coordinate_validate(coordinate, *out) : REFERENCE_WRONG;
}

int haldls_coordinate_parse(
	uint64_t *out, const struct haldls_coordinate *coordinate, const char *text)
{
	uint64_t number;
	const char *at = text;
	int status = HXCOMM_OK;
	if (coordinate->kind == HALDLS_COORDINATE_RECORD)
		return haldls_coordinate_validate(coordinate, 0);
	skip_space(&at);
	const char *start = at;
	if (take_number(&number, &at)) {
		skip_space(&at);
		status = *at ? malformed(coordinate, text)
			     : haldls_coordinate_validate(coordinate, number);
	} else if (find_value(&number, coordinate, start, strcspn(start, " \t\n"))) {
		at = start + strcspn(start, " \t\n");
		skip_space(&at);
		status = *at ? malformed(coordinate, text) : HXCOMM_OK;
	} else if (strchr(start, '(')) {
		at = start;
		status = take_reference(&number, coordinate, &at);
		if (status == REFERENCE_WRONG || (!status && *at))
			status = malformed(coordinate, text);
	} else {
		status = parse_labels(&number, coordinate, text);
	}
	if (!status)
		*out = number;
	return status;
}

// SPDX-License-Identifier: MIT
/* Two chips, word by word and field by field. What is the same in memory is not looked into: only
 * what differs there, be it by padding, is encoded or compared. */
#include "chip_private.h"

#include <haldls/logical.h>
#include <hxcomm/error.h>

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ELEMENT_WORDS_MAX = 16, PLANE_ROW = HALDLS_NEURON_COLUMNS };

/* ---- words ----------------------------------------------------------------------------------- */

/* Words that differ, by their place in the order of writes: a mark for each of 64. */
struct marks {
	uint64_t bits[(HALDLS_CHIP_WORDS + 63) / 64];
};

static void compare_words(struct marks *marks, uint32_t *all, uint32_t first, const uint32_t *words,
	const uint32_t *known, uint32_t count)
{
	for (uint32_t w = 0; w < count; w++) {
		if (words[w] == known[w])
			continue;
		const uint32_t place = first + w;
		all[place] = words[w];
		marks->bits[place / 64] |= UINT64_C(1) << place % 64;
	}
}

static int compare_parts(struct marks *marks, uint32_t *all, const struct haldls_chip *chip,
	const struct haldls_chip *reference)
{
	const uint32_t *at = haldls__chip_order()->elements;
	for (size_t p = 0; p < HALDLS__CHIP_PARTS; p++) {
		const struct haldls_container *c = haldls__chip_parts[p].container;
		const char *value = (const char *)chip + haldls__chip_parts[p].offset;
		const char *other = (const char *)reference + haldls__chip_parts[p].offset;
		for (uint32_t e = 0; e < c->count; e++, value += c->size, other += c->size, at++) {
			uint32_t words[ELEMENT_WORDS_MAX], known[ELEMENT_WORDS_MAX];
			assert(c->write_words <= ELEMENT_WORDS_MAX);
			if (!memcmp(value, other, c->size))
				continue;
			int status = c->encode(words, value);
			if (status)
				return haldls__chip_part_error(status, c, e);
			status = c->encode(known, other);
			if (status)
				return hxcomm_error_wrap(
					haldls__chip_part_error(status, c, e), "the reference");
			compare_words(marks, all, *at, words, known, c->write_words);
		}
	}
	return HXCOMM_OK;
}

static int compare_cells(struct marks *marks, uint32_t *all, const struct haldls_chip *chip,
	const struct haldls_chip *reference)
{
	const uint32_t *at = haldls__chip_order()->cells;
	for (uint32_t cell = 0; cell < HALDLS_CAPMEM_CELLS; cell++) {
		const uint32_t word = chip->capmem[cell], known = reference->capmem[cell];
		if (word == known)
			continue;
		if (word > 1023 || known > 1023)
			return hxcomm_error_set(HXCOMM_ERANGE,
				"%scapmem[%" PRIu32 "] is %" PRIu32 ", allowed are 0 to 1023",
				word > 1023 ? "" : "the reference: ", cell,
				word > 1023 ? word : known);
		compare_words(marks, all, at[cell], &word, &known, 1);
	}
	return HXCOMM_OK;
}

static bool row_differs(const struct haldls_chip *a, const struct haldls_chip *b, uint32_t row)
{
	for (size_t p = 0; p < HALDLS__CHIP_PLANES; p++)
		if (memcmp(haldls__chip_row(a, p, row), haldls__chip_row(b, p, row), PLANE_ROW) !=
			0)
			return true;
	return false;
}

/* Returns how many words of the row differ, or a negative code. */
static int compare_row(uint32_t words[HALDLS__ROW_WORDS], uint32_t known[HALDLS__ROW_WORDS],
	const struct haldls_chip *chip, const struct haldls_chip *reference, uint32_t row)
{
	int status = haldls__chip_encode_row(words, chip, row);
	if (status)
		return status;
	status = haldls__chip_encode_row(known, reference, row);
	return status ? hxcomm_error_wrap(status, "the reference") : HXCOMM_OK;
}

/* Append the words that differ in a row; they follow each other in the order of writes. */
static int append_row(uint32_t *addresses, uint32_t *words, size_t *count,
	const struct haldls_chip *chip, const struct haldls_chip *reference, uint32_t row)
{
	const struct haldls__chip_order *order = haldls__chip_order();
	uint32_t new[HALDLS__ROW_WORDS], known[HALDLS__ROW_WORDS];
	const int status = compare_row(new, known, chip, reference, row);
	if (status)
		return status;
	const uint32_t *at = order->addresses + order->rows[row];
	size_t n = *count;
	for (uint32_t w = 0; w < HALDLS__ROW_WORDS; w++) {
		/* always written, kept only where it differs: no branch to guess */
		addresses[n] = at[w];
		words[n] = new[w];
		n += new[w] != known[w];
	}
	*count = n;
	return HXCOMM_OK;
}

static bool is_marked(const struct haldls_chip_rows *changed, uint32_t row)
{
	return !changed ||
	       changed->rows[row / HALDLS_SYNAPSE_ROWS][row % HALDLS_SYNAPSE_ROWS / 64] >>
			       row % 64 &
		       1;
}

void haldls_chip_rows_add(struct haldls_chip_rows *out, uint32_t hemisphere, uint32_t row)
{
	assert(hemisphere < HALDLS_HEMISPHERES && row < HALDLS_SYNAPSE_ROWS);
	out->rows[hemisphere][row / 64] |= UINT64_C(1) << row % 64;
}

/* Rows of one hemisphere. */
static int append_rows(uint32_t *addresses, uint32_t *words, size_t *count,
	const struct haldls_chip *chip, const struct haldls_chip *reference,
	const struct haldls_chip_rows *changed, uint32_t hemisphere)
{
	int status = HXCOMM_OK;
	const uint32_t first = hemisphere * HALDLS_SYNAPSE_ROWS;
	for (uint32_t row = first; row < first + HALDLS_SYNAPSE_ROWS && !status; row++)
		if (is_marked(changed, row) && row_differs(chip, reference, row))
			status = append_row(addresses, words, count, chip, reference, row);
	return status;
}

static void append_marked(uint32_t *addresses, uint32_t *words, size_t *count,
	const struct marks *marks, const uint32_t *all, uint32_t from, uint32_t to)
{
	const uint32_t *at = haldls__chip_order()->addresses;
	size_t n = *count;
	for (uint32_t group = from / 64; group < (to + 63) / 64; group++) {
		uint64_t bits = marks->bits[group];
		for (; bits; bits &= bits - 1) {
			const uint32_t place = group * 64 + (uint32_t)__builtin_ctzll(bits);
			if (place < from || place >= to)
				continue;
			addresses[n] = at[place];
			words[n++] = all[place];
		}
	}
	*count = n;
}

static int append_all(uint32_t *addresses, uint32_t *words, size_t *count, struct marks *marks,
	uint32_t *all, const struct haldls_chip *chip, const struct haldls_chip *reference,
	const struct haldls_chip_rows *changed)
{
	const struct haldls__chip_order *order = haldls__chip_order();
	uint32_t done = 0;
	memset(marks, 0, sizeof(*marks));
	int status = compare_parts(marks, all, chip, reference);
	if (!status)
		status = compare_cells(marks, all, chip, reference);
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES && !status; h++) {
		const uint32_t rows = order->rows[h * HALDLS_SYNAPSE_ROWS];
		append_marked(addresses, words, count, marks, all, done, rows);
		status = append_rows(addresses, words, count, chip, reference, changed, h);
		done = rows + HALDLS_SYNAPSE_ROWS * HALDLS__ROW_WORDS;
	}
	if (!status)
		append_marked(addresses, words, count, marks, all, done, HALDLS_CHIP_WORDS);
	return status;
}

int haldls_chip_encode_difference(uint32_t *addresses, uint32_t *words, size_t *count,
	const struct haldls_chip *chip, const struct haldls_chip *reference,
	const struct haldls_chip_rows *changed)
{
	int status = HXCOMM_OK;
	*count = 0;
	if (changed && changed->rows_only) {
		for (uint32_t h = 0; h < HALDLS_HEMISPHERES && !status; h++)
			status = append_rows(addresses, words, count, chip, reference, changed, h);
		return status;
	}
	uint32_t *all = malloc(HALDLS_CHIP_WORDS * sizeof(*all));
	struct marks *marks = malloc(sizeof(*marks));
	status = all && marks
			 ? append_all(addresses, words, count, marks, all, chip, reference, changed)
			 : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the words of two chips");
	free(all);
	free(marks);
	return status;
}

/* ---- fields ---------------------------------------------------------------------------------- */

struct comparison {
	haldls_chip_visitor *visitor;
	void *user;
	int differs;
};

/* Returns nonzero to end. */
static int visit(struct comparison *comparison, const struct haldls_chip_difference *difference)
{
	comparison->differs = 1;
	return comparison->visitor ? comparison->visitor(difference, comparison->user) : 1;
}

static int visit_element(struct comparison *comparison, const struct haldls_container *container,
	uint32_t element, const void *first, const void *second)
{
	for (size_t f = 0; f < container->field_count; f++) {
		const struct haldls_field *field = &container->fields[f];
		for (uint32_t i = 0; i < field->count && !field->fixed; i++) {
			const struct haldls_chip_difference difference = { container, element,
				field, i, haldls_field_get(field, first, i),
				haldls_field_get(field, second, i) };
			const int status = difference.first != difference.second
						   ? visit(comparison, &difference)
						   : 0;
			if (status)
				return status;
		}
	}
	return 0;
}

static int visit_parts(struct comparison *comparison, const struct haldls_chip *first,
	const struct haldls_chip *second)
{
	int status = 0;
	for (size_t p = 0; p < HALDLS__CHIP_PARTS && !status; p++) {
		const struct haldls_container *c = haldls__chip_parts[p].container;
		const char *a = (const char *)first + haldls__chip_parts[p].offset;
		const char *b = (const char *)second + haldls__chip_parts[p].offset;
		for (uint32_t e = 0; e < c->count && !status; e++, a += c->size, b += c->size)
			if (memcmp(a, b, c->size) != 0)
				status = visit_element(comparison, c, e, a, b);
	}
	return status;
}

static int visit_cells(struct comparison *comparison, const struct haldls_chip *first,
	const struct haldls_chip *second)
{
	int status = 0;
	for (uint32_t i = 0; i < HALDLS_CAPMEM_CELLS && !status; i++) {
		const struct haldls_chip_difference difference = { &haldls_capmem_cell_container, i,
			&haldls_capmem_cell_container.fields[0], 0, first->capmem[i],
			second->capmem[i] };
		if (difference.first != difference.second)
			status = visit(comparison, &difference);
	}
	return status;
}

static int visit_row(struct comparison *comparison, size_t plane, uint32_t row, const uint8_t *a,
	const uint8_t *b)
{
	int status = 0;
	struct haldls_chip_difference difference = { .container = &haldls_synapse_row_container,
		.element = row,
		.field = haldls_field_find(
			&haldls_synapse_row_container, haldls__chip_planes[plane].field) };
	for (uint32_t c = 0; c < PLANE_ROW && !status; c++) {
		difference.index = c;
		difference.first = a[c];
		difference.second = b[c];
		if (a[c] != b[c])
			status = visit(comparison, &difference);
	}
	return status;
}

int haldls_chip_compare(const struct haldls_chip *first, const struct haldls_chip *second,
	haldls_chip_visitor *visitor, void *user)
{
	struct comparison comparison = { visitor, user, 0 };
	int status = visit_parts(&comparison, first, second);
	if (!status)
		status = visit_cells(&comparison, first, second);
	for (uint32_t row = 0; row < HALDLS__CHIP_ROWS && !status; row++)
		for (size_t p = 0; p < HALDLS__CHIP_PLANES && !status; p++) {
			const uint8_t *a = haldls__chip_row(first, p, row);
			const uint8_t *b = haldls__chip_row(second, p, row);
			if (memcmp(a, b, PLANE_ROW) != 0)
				status = visit_row(&comparison, p, row, a, b);
		}
	return status ? status : comparison.differs;
}

static void print_value(char out[48], const struct haldls_field *field, int64_t value)
{
	for (size_t i = 0; i < field->value_count; i++)
		if (field->values[i].value == value) {
			(void)snprintf(out, 48, "%s", field->values[i].name);
			return;
		}
	if (field->type == HALDLS_TYPE_BOOL)
		(void)snprintf(out, 48, "%s", value ? "true" : "false");
	else
		(void)snprintf(out, 48, "%" PRId64, value);
}

void haldls_chip_difference_print(
	char *out, size_t size, const struct haldls_chip_difference *difference)
{
	char first[48], second[48], index[32] = "", place[HALDLS_ELEMENT_TEXT_MAX];
	const struct haldls_field *field = difference->field;
	print_value(first, field, difference->first);
	print_value(second, field, difference->second);
	if (field->dimensions[1])
		(void)snprintf(index, sizeof(index), "[%" PRIu32 "][%" PRIu32 "]",
			difference->index / field->dimensions[1],
			difference->index % field->dimensions[1]);
	else if (field->dimensions[0])
		(void)snprintf(index, sizeof(index), "[%" PRIu32 "]", difference->index);
	haldls_element_print(place, difference->container, difference->element);
	(void)snprintf(out, size, "%s of %s: %s%s is %s, was %s", difference->container->name,
		place, field->name, index, second, first);
}

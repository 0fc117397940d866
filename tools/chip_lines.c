// SPDX-License-Identifier: MIT
#include "chip_lines.h"

#include "container_json.h"
#include "registers_request.h"

#include <haldls/json.h>
#include <hxcomm/error.h>
#include <stadls/dump.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ---- containers of a chip -------------------------------------------------------------------- */

/* Members that are arrays of containers. Cells and synapses are plain numbers, and come apart. */
static const struct {
	const struct haldls_container *container;
	size_t offset;
} parts[] = {
#define PART(member, c_name, C_NAME)                                                               \
	{ &haldls_##c_name##_container, offsetof(struct haldls_chip, member) },
	HALDLS_CHIP_PARTS(PART)
#undef PART
};

static struct haldls_synapse_quad quad_of(const struct haldls_chip *chip, uint32_t hemisphere,
        uint32_t row, uint32_t quad)
{
	struct haldls_synapse_quad out = HALDLS_SYNAPSE_QUAD_INIT;
	for (uint32_t i = 0; i < 4; i++) {
		const uint32_t column = haldls_column_of_quad(quad, i);
		out.weights[i] = chip->synapse_weight[hemisphere][row][column];
		out.labels[i] = chip->synapse_label[hemisphere][row][column];
		out.time_calibs[i] = chip->synapse_time_calibration[hemisphere][row][column];
		out.amp_calibs[i] = chip->synapse_amplitude_calibration[hemisphere][row][column];
	}
	return out;
}

static int visit_cells(const struct haldls_chip *a, const struct haldls_chip *b,
        chip_lines_visitor *visitor, void *user)
{
	int status = 0;
	for (uint32_t i = 0; i < HALDLS_CAPMEM_CELLS && !status; i++) {
		const struct haldls_capmem_cell one = { .value = a->capmem[i] };
		const struct haldls_capmem_cell other = { .value = b->capmem[i] };
		status = visitor(&haldls_capmem_cell_container, i, &one, &other, user);
	}
	return status;
}

static int visit_synapses(const struct haldls_chip *a, const struct haldls_chip *b,
        chip_lines_visitor *visitor, void *user)
{
	int status = 0;
	for (uint32_t i = 0; i < HALDLS_SYNAPSE_QUAD_COUNT && !status; i++) {
		const uint32_t hemisphere = i / (HALDLS_SYNAPSE_ROWS * HALDLS_SYNAPSE_QUADS);
		const uint32_t row = i / HALDLS_SYNAPSE_QUADS % HALDLS_SYNAPSE_ROWS;
		const uint32_t quad = i % HALDLS_SYNAPSE_QUADS;
		const struct haldls_synapse_quad one = quad_of(a, hemisphere, row, quad);
		const struct haldls_synapse_quad other = quad_of(b, hemisphere, row, quad);
		status = visitor(&haldls_synapse_quad_container, i, &one, &other, user);
	}
	return status;
}

int chip_lines_visit(const struct haldls_chip *a, const struct haldls_chip *b,
        chip_lines_visitor *visitor, void *user)
{
	int status = 0;
	for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++) {
		const struct haldls_container *container = parts[p].container;
		const char *one = (const char *)a + parts[p].offset;
		const char *other = (const char *)b + parts[p].offset;
		for (uint32_t e = 0; e < container->count && !status; e++)
			status = visitor(container, e, one + e * container->size,
			        other + e * container->size, user);
	}
	if (!status)
		status = visit_cells(a, b, visitor, user);
	return status ? status : visit_synapses(a, b, visitor, user);
}

bool chip_lines_same(const struct haldls_container *container, const void *a, const void *b)
{
	for (size_t f = 0; f < container->field_count; f++) {
		const struct haldls_field *field = &container->fields[f];
		for (uint32_t i = 0; i < field->count; i++)
			if (haldls_field_get(field, a, i) != haldls_field_get(field, b, i))
				return false;
	}
	return true;
}

/* ---- writing --------------------------------------------------------------------------------- */

struct writer {
	FILE *file;
	bool all;
};

static int write_line(const struct haldls_container *container, uint32_t coordinate,
        const void *value, const void *reference, void *user)
{
	const struct writer *writer = user;
	if (!writer->all && chip_lines_same(container, value, reference))
		return HXCOMM_OK;
	json_t *line = json_pack("{s:s,s:I,s:o}", "container", container->name, "coordinate",
	        (json_int_t)coordinate, "fields",
	        container_json_write(container, coordinate, value));
	if (!line)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a line");
	const int status = json_dumpf(line, writer->file, JSON_COMPACT);
	json_decref(line);
	if (status || fputc('\n', writer->file) == EOF)
		return hxcomm_error_set(
		        HXCOMM_EIO, "the lines cannot be written: %s", strerror(errno));
	return HXCOMM_OK;
}

int chip_lines_write(FILE *file, const struct haldls_chip *chip,
        const struct haldls_chip *reference)
{
	struct writer writer = { file, !reference };
	return chip_lines_visit(chip, reference ? reference : chip, write_line, &writer);
}

/* ---- reading --------------------------------------------------------------------------------- */

static int read_line(struct stadls_dump *dump, const char *text, size_t length)
{
	json_error_t error;
	struct registers_request request;
	json_t *line = json_loadb(text, length, JSON_REJECT_DUPLICATES, &error);
	if (!line)
		return hxcomm_error_set(HXCOMM_EINVAL, "no JSON: %s", error.text);
	int status = registers_request_read(&request, line);
	void *value = status == HXCOMM_OK ? malloc(request.container->size + 1) : NULL;
	if (status == HXCOMM_OK && !value)
		status = hxcomm_error_set(
		        HXCOMM_ENOMEM, "no memory for a %s", request.container->name);
	if (status == HXCOMM_OK) {
		request.container->init(value);
		status = haldls_json_read(value, request.container, request.coordinate,
		        json_object_get(line, "fields"));
	}
	if (status == HXCOMM_OK)
		status = stadls_dump_write(dump, request.container, request.coordinate, value);
	free(value);
	json_decref(line);
	return status;
}

int chip_lines_read(struct haldls_chip *chip, const char *text, size_t size)
{
	struct stadls_dump *dump;
	size_t number = 0;
	int status = stadls_dump_new(&dump);
	for (size_t at = 0; at < size && status == HXCOMM_OK;) {
		const char *end = memchr(text + at, '\n', size - at);
		const size_t length = end ? (size_t)(end - text) - at : size - at;
		number++;
		status = read_line(dump, text + at, length);
		if (status != HXCOMM_OK)
			hxcomm_error_wrap(status, "line %zu", number);
		at += length + 1;
	}
	if (status == HXCOMM_OK && !number)
		status = hxcomm_error_set(HXCOMM_EINVAL, "there is no line in it");
	if (status == HXCOMM_OK)
		status = stadls_dump_apply(chip, NULL, dump);
	stadls_dump_free(dump);
	return status;
}

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

/* ---- writing --------------------------------------------------------------------------------- */

static int write_line(const struct haldls_container *container, uint32_t coordinate,
        const void *value, void *file)
{
	json_t *line = container_json_line(container, coordinate, value);
	if (!line)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a line");
	const int status = json_dumpf(line, file, JSON_COMPACT);
	json_decref(line);
	if (status || fputc('\n', file) == EOF)
		return hxcomm_error_set(
		        HXCOMM_EIO, "the lines cannot be written: %s", strerror(errno));
	return HXCOMM_OK;
}

int chip_lines_write(FILE *file, const struct haldls_chip *chip,
        const struct haldls_chip *reference)
{
	return haldls_chip_visit(chip, reference, write_line, file);
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

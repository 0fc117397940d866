// SPDX-License-Identifier: MIT
#include "csv.h"

#include <hxcomm/error.h>

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { LABELS_MAX = 1024 };
#define VALUES_MAX ((size_t)1 << 26)

/* A file while it is read: where we are in it, for the messages. */
struct reader {
	const char *path;
	FILE *file;
	char *line;
	size_t line_size;
	size_t number; /* of the line, from 1 */
	size_t capacity;
};

static int complain(const struct reader *reader, int code, const char *what)
{
	return hxcomm_error_set(code, "%s:%zu: %s", reader->path, reader->number, what);
}

/* Fetch the next line without its end. 1 = there is one, 0 = end of file, negative = error. */
static int read_line(struct reader *reader)
{
	errno = 0;
	const ssize_t length = getline(&reader->line, &reader->line_size, reader->file);
	if (length < 0 && errno == ENOMEM)
		return hxcomm_error_set(HXCOMM_ENOMEM, "%s: no memory for a line", reader->path);
	if (length < 0 && ferror(reader->file))
		return hxcomm_error_set(HXCOMM_EIO, "%s: %s", reader->path, strerror(errno));
	if (length < 0)
		return 0;
	reader->number++;
	if (strlen(reader->line) != (size_t)length)
		return complain(reader, HXCOMM_EINVAL, "a zero byte: this is no CSV file");
	size_t end = (size_t)length;
	end -= end > 0 && reader->line[end - 1] == '\n';
	end -= end > 0 && reader->line[end - 1] == '\r';
	reader->line[end] = '\0';
	return 1;
}

/* Cut the next cell off a line; NULL at its end. */
static char *next_cell(char **rest)
{
	char *cell = *rest;
	if (!cell)
		return NULL;
	char *comma = strchr(cell, ',');
	if (comma)
		*comma = '\0';
	*rest = comma ? comma + 1 : NULL;
	return cell;
}

static int read_names(struct csv *csv, struct reader *reader, const struct csv_form *form)
{
	const int status = read_line(reader);
	if (status < 0)
		return status;
	if (status == 0)
		return hxcomm_error_set(HXCOMM_EINVAL, "%s: the file is empty, its first line must be %s",
		        reader->path, form->example);
	csv->names = calloc(form->columns_max, sizeof(*csv->names));
	if (!csv->names)
		return complain(reader, HXCOMM_ENOMEM, "no memory for the names");
	char *rest = reader->line;
	for (char *name; (name = next_cell(&rest)); csv->columns++) {
		const size_t i = csv->columns;
		if (i == form->columns_max)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "%s:1: more than %zu columns, the first line must be %s", reader->path,
			        form->columns_max, form->example);
		if (!*name || (i < form->name_count && strcmp(name, form->names[i])))
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "%s:1: column %zu is named '%.40s', the first line must be %s",
			        reader->path, i + 1, name, form->example);
		csv->names[i] = strdup(name);
		if (!csv->names[i])
			return complain(reader, HXCOMM_ENOMEM, "no memory for the names");
	}
	if (csv->columns < form->columns_min)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%s:1: only %zu columns, the first line must be %s", reader->path, csv->columns,
		        form->example);
	return HXCOMM_OK;
}

static int find_label(double *out, struct csv *csv, const struct reader *reader, const char *text)
{
	size_t i = 0;
	while (i < csv->label_count && strcmp(csv->labels[i], text))
		i++;
	*out = (double)i;
	if (i < csv->label_count)
		return HXCOMM_OK;
	if (i == LABELS_MAX)
		return complain(reader, HXCOMM_ERANGE, "more than 1024 different groups");
	char **labels = realloc(csv->labels, (i + 1) * sizeof(*labels));
	if (!labels)
		return complain(reader, HXCOMM_ENOMEM, "no memory for the groups");
	csv->labels = labels;
	labels[i] = strdup(text);
	if (!labels[i])
		return complain(reader, HXCOMM_ENOMEM, "no memory for the groups");
	csv->label_count++;
	return HXCOMM_OK;
}

static int read_cell(double *out, const struct csv *csv, const struct reader *reader, size_t column,
        const char *text)
{
	char *end;
	*out = strtod(text, &end);
	if (end == text || *end || !isfinite(*out))
		return hxcomm_error_set(HXCOMM_EINVAL, "%s:%zu: '%.40s' in column '%.40s' is no number",
		        reader->path, reader->number, text, csv->names[column]);
	return HXCOMM_OK;
}

static int complain_count(const struct csv *csv, const struct reader *reader, const char *what)
{
	return hxcomm_error_set(HXCOMM_EINVAL, "%s:%zu: %s than the %zu cells of the first line",
	        reader->path, reader->number, what, csv->columns);
}

static int read_row(struct csv *csv, struct reader *reader, const struct csv_form *form)
{
	const size_t length = csv->rows * csv->columns;
	if (length + csv->columns > reader->capacity) {
		const size_t capacity = 2 * (length + csv->columns) + 1024;
		if (capacity > VALUES_MAX)
			return complain(reader, HXCOMM_ERANGE, "more than 2^26 numbers: plot a part of it");
		double *values = realloc(csv->values, capacity * sizeof(*values));
		if (!values)
			return complain(reader, HXCOMM_ENOMEM, "no memory for the numbers");
		csv->values = values;
		reader->capacity = capacity;
	}
	char *rest = reader->line;
	for (size_t column = 0; column < csv->columns; column++) {
		const char *text = next_cell(&rest);
		if (!text)
			return complain_count(csv, reader, "fewer");
		double *value = &csv->values[length + column];
		const int status = column == form->label_column ?
		        find_label(value, csv, reader, text) :
		        read_cell(value, csv, reader, column, text);
		if (status != HXCOMM_OK)
			return status;
	}
	if (rest)
		return complain_count(csv, reader, "more");
	csv->rows++;
	return HXCOMM_OK;
}

static int read_all(struct csv *csv, struct reader *reader, const struct csv_form *form)
{
	int status = read_names(csv, reader, form);
	if (status != HXCOMM_OK)
		return status;
	while ((status = read_line(reader)) > 0) {
		status = read_row(csv, reader, form);
		if (status != HXCOMM_OK)
			return status;
	}
	return status;
}

int csv_read(struct csv *out, const char *path, const struct csv_form *form)
{
	struct reader reader = { .path = path };
	*out = (struct csv){ 0 };
	if (!strcmp(path, "-")) {
		reader.path = "standard input";
		reader.file = stdin;
	} else {
		reader.file = fopen(path, "r");
	}
	if (!reader.file)
		return hxcomm_error_set(errno == ENOENT ? HXCOMM_ENOENT : HXCOMM_EIO, "%s: %s", path,
		        strerror(errno));
	const int status = read_all(out, &reader, form);
	if (status != HXCOMM_OK)
		csv_deinit(out);
	free(reader.line);
	if (reader.file != stdin)
		fclose(reader.file);
	return status;
}

void csv_deinit(struct csv *csv)
{
	for (size_t i = 0; csv->names && i < csv->columns; i++)
		free(csv->names[i]);
	for (size_t i = 0; i < csv->label_count; i++)
		free(csv->labels[i]);
	free(csv->names);
	free(csv->labels);
	free(csv->values);
	*csv = (struct csv){ 0 };
}

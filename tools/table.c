// SPDX-License-Identifier: MIT
#include "table.h"

#include <hxcomm/error.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct table {
	const char *const *titles;
	size_t columns;
	char **cells; /* [rows * columns] */
	size_t rows;
};

struct table *table_new(const char *const *titles, size_t columns)
{
	struct table *table = calloc(1, sizeof(*table));
	if (!table)
		return NULL;
	table->titles = titles;
	table->columns = columns;
	return table;
}

int table_append(struct table *table, const char *const *cells)
{
	const size_t begin = table->rows * table->columns;
	char **all = realloc(table->cells, (begin + table->columns) * sizeof(*all));
	if (!all)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a table");
	table->cells = all;
	for (size_t i = 0; i < table->columns; i++) {
		all[begin + i] = strdup(cells[i] ? cells[i] : "");
		if (all[begin + i])
			continue;
		while (i--)
			free(all[begin + i]);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a table");
	}
	table->rows++;
	return HXCOMM_OK;
}

/* Characters of a UTF-8 text. */
static size_t text_width(const char *text)
{
	size_t width = 0;
	for (; *text; text++)
		width += ((unsigned char)*text & 0xc0) != 0x80;
	return width;
}

static const char *title_of(const struct table *table, size_t column)
{
	return table->titles[column] + (table->titles[column][0] == '>');
}

static const char *cell_of(const struct table *table, size_t row, size_t column)
{
	return row == 0 ? title_of(table, column) : table->cells[(row - 1) * table->columns + column];
}

static size_t column_width(const struct table *table, size_t column)
{
	size_t width = 0;
	for (size_t row = 0; row <= table->rows; row++) {
		const size_t cell = text_width(cell_of(table, row, column));
		width = cell > width ? cell : width;
	}
	return width;
}

static void print_aligned(const struct table *table, size_t row, const size_t *widths)
{
	for (size_t i = 0; i < table->columns; i++) {
		const char *cell = cell_of(table, row, i);
		const int padding = (int)(widths[i] - text_width(cell));
		const bool right = table->titles[i][0] == '>', last = i + 1 == table->columns;
		printf("%*s%s%*s%s", right ? padding : 0, "", cell, right || last ? 0 : padding, "",
		        last ? "\n" : "  ");
	}
}

void table_print(const struct table *table)
{
	size_t *widths = isatty(STDOUT_FILENO) ? calloc(table->columns, sizeof(*widths)) : NULL;
	for (size_t i = 0; widths && i < table->columns; i++)
		widths[i] = column_width(table, i);
	for (size_t row = 0; row <= table->rows; row++) {
		if (widths) {
			print_aligned(table, row, widths);
			continue;
		}
		for (size_t i = 0; i < table->columns; i++)
			printf("%s%s", i ? "\t" : "", cell_of(table, row, i));
		putchar('\n');
	}
	free(widths);
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->rows * table->columns; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

// SPDX-License-Identifier: MIT
#ifndef CSV_H
#define CSV_H
/* Tables of numbers from files: a line of names, then lines of as many cells, separated by commas
 * and not quoted. Lines may end in LF or CR LF. */

#include <stddef.h>

/** A table. */
struct csv {
	char **names;   /**< [columns] first line */
	size_t columns; /**< at least 1 */
	size_t rows;    /**< may be 0 */
	double *values; /**< [rows][columns]; in the label column the index of the label */
	char **labels;  /**< [label_count] different texts of the label column, as they appear */
	size_t label_count;
};

/** What a table has to look like. */
struct csv_form {
	const char *const *names; /**< [name_count] names that its first columns must have */
	size_t name_count;
	size_t columns_min;  /**< number of columns */
	size_t columns_max;  /**< number of columns */
	size_t label_column; /**< index of the one column that holds text; SIZE_MAX = none */
	const char *example; /**< the form of the first line, for messages */
};

/** Read a table.
 *  @param[out] out  the table, to be freed by csv_deinit(); empty after an error
 *  @param path      the file; "-" is standard input
 *  @param form      what it has to look like
 *  @return 0 or a negative HXCOMM_E... code; the message begins with the file and the line */
int csv_read(struct csv *out, const char *path, const struct csv_form *form);

/** Free what a table holds. */
void csv_deinit(struct csv *csv);

#endif

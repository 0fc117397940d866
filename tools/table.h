// SPDX-License-Identifier: MIT
#ifndef TABLE_H
#define TABLE_H
/* Tables of text on standard output: aligned with a line of titles on a terminal; into a pipe one
 * line a row with tabs between the cells, titles first. */

#include <stddef.h>

/** A table that grows by rows. */
struct table;

/** Make a table. @param titles [columns] lives as long as the table; one that begins with '>' makes
 *  a column of numbers, aligned to the right. @return NULL when memory is exhausted */
struct table *table_new(const char *const *titles, size_t columns);

/** Append a row. @param cells [columns] copied; NULL stands for an empty cell.
 *  @return 0 or HXCOMM_ENOMEM */
int table_append(struct table *table, const char *const *cells);

/** Print the table. */
void table_print(const struct table *table);

/** Free a table, which may be NULL. */
void table_free(struct table *table);

#endif

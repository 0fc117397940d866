// SPDX-License-Identifier: MIT
#ifndef CALIX_SQL_H
#define CALIX_SQL_H

#include <stddef.h>

/* One script of sql/migrations/: makes version `version` out of the one before. */
struct calix__migration {
	int version;
	const char *name;
	const char *sql;
};

/* What the build made of sql/: the layout of a new file, and the scripts in ascending order. */
extern const char *const calix__schema_sql;
extern const struct calix__migration calix__migrations[];
extern const size_t calix__migration_count;

#endif

// SPDX-License-Identifier: MIT
#ifndef STORE_SUPPORT_H
#define STORE_SUPPORT_H

/* A store in a folder of its own, and results that follow from a number. */

#include "assert.h"

#include <calix/store.h>

extern char folder[256]; /* of the test that runs */
extern char path[300];   /* of the store in it */

int setup(void **state);
int teardown(void **state);

/* Whether a value of a result of this number succeeded. */
uint8_t success_of(unsigned number, size_t index);

/* The result that belongs to a number. */
struct calix_result *make(unsigned number, const char *chip);

/* Is this the very result that make(number) made? */
bool equals(const struct calix_result *result, unsigned number, const char *chip);

int insert(struct calix_store *store, unsigned number, const char *chip, const char *target);
int find(struct calix_result **out, struct calix_store *store, const char *chip, const char *target);
void assert_finds(struct calix_store *store, unsigned number, const char *chip, const char *target);
struct calix_store *open_store(unsigned flags);

/* Five results of two chips, the last of chip 1 taken out of use. */
void fill(void);

/* A statement by another program that knows no rules of ours. */
void execute(const char *file, const char *sql);

char *read_file(const char *name, size_t *size);
void write_file(const char *name, const void *bytes, size_t size);

/* What SQLite leaves beside a file that it could not close in order. */
void remove_logs(void);

/* In a child process: exit codes instead of cmocka's jumps. */
void expect(int status, int code, const char *text);

#endif

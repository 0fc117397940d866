// SPDX-License-Identifier: MIT
#ifndef SUPPORT_VECTORS_H
#define SUPPORT_VECTORS_H

/* Recorded vectors: tests/vectors/<name>.jsonl.zst, a JSON value a line.
 *
 *     struct vectors *v = vectors_open("ut_encode");
 *     for (json_t *line; (line = vectors_next(v));) { ... }
 *     assert_true(vectors_line(v) > 900);
 *     vectors_close(v);
 *
 * A file that is missing or damaged ends the program with a message: a test must not pass on it. */

#include <jansson.h>

#include <stddef.h>
#include <stdint.h>

struct vectors;

/** Open a file of vectors. @param name such as "ut_encode" */
struct vectors *vectors_open(const char *name);

/** The next line: lent until the next call. NULL behind the last line. */
json_t *vectors_next(struct vectors *vectors);

/** Number of lines so far. */
size_t vectors_line(const struct vectors *vectors);

/** End. @param vectors may be NULL */
void vectors_close(struct vectors *vectors);

/** A whole number of a line's member: a JSON number or a text such as "0x1f". Ends the program
 *  where there is none. @param object a JSON object */
uint64_t vectors_u64(const json_t *object, const char *member);

/** A whole number: a JSON number or a text such as "0x1f". */
uint64_t vectors_number(const json_t *value);

/** A list of whole numbers as words. @return [*count] words: free() them */
uint64_t *vectors_words(const json_t *list, size_t *count);

#endif

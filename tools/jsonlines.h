// SPDX-License-Identifier: MIT
#ifndef JSONLINES_H
#define JSONLINES_H
/* Programs that answer lines: JSON lines on standard input, one line out for each line in, in
 * order. Other programs talk to bss this way, so each answer is flushed. */

#include <jansson.h>

/** Answer one line. @param[out] out a new reference @param line lent
 *  @return 0 or a negative code with a message */
typedef int jsonlines_answer(json_t **out, const json_t *line, void *user);

/** Answer all lines; one that fails, or is no JSON, is answered by {"error":"message"}.
 *  @return an enum bss_exit: BSS_FAILURE where an answer has an "error" */
int jsonlines_run(jsonlines_answer *answer, void *user);

#endif

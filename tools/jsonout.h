// SPDX-License-Identifier: MIT
#ifndef JSONOUT_H
#define JSONOUT_H
/* JSON on standard output: one object a line, keys in the order in which they were set. */

#include <jansson.h>

/** Print @p object with a newline and free it; NULL means that memory ran out.
 *  @return an enum bss_exit */
int jsonout_print(json_t *object);

/** Print {"error":{"code":…,"message":…}}. */
void jsonout_error(const char *code, const char *message);

#endif

// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_URI_H
#define HXCOMM_SRC_URI_H

#include <stdbool.h>
#include <stddef.h>

/* A scheme becomes part of a file name: nothing but a-z, 0-9 and '-' may pass. */
bool hxcomm__scheme_valid(const char *scheme, size_t length);

#endif

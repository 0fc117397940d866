// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_URI_H
#define HXCOMM_SRC_URI_H

#include <hxcomm/uri.h>

#include <stdbool.h>
#include <stddef.h>

/* A scheme becomes part of a file name: nothing but a-z, 0-9 and '-' may pass. */
bool hxcomm__scheme_valid(const char *scheme, size_t length);

/* Forget a key, if it is there. */
void hxcomm__uri_remove(struct hxcomm_uri *uri, const char *key);

#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_COORDINATE_TABLE_H
#define HALDLS_COORDINATE_TABLE_H

#include <haldls/coordinate.h>

/* Generated: every coordinate, sorted by name. */
extern const struct haldls_coordinate haldls__coordinates[];
extern const size_t haldls__coordinate_count;

#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_CONTAINER_TABLE_H
#define HALDLS_CONTAINER_TABLE_H

#include <haldls/container.h>

/* Generated: every container, sorted by c_name. */
extern const struct haldls_container *const haldls__container_table[];
extern const size_t haldls__container_count;

#endif

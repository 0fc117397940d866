// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_OPTIONS_H
#define GRENADE_SRC_OPTIONS_H

/** @file
 *  @brief Option structs of any age. */

#include <stddef.h>

/** Copy an option struct whose first member is its size: a shorter one lacks members, which stay 0,
 *  a longer one is accepted as long as what is unknown here is 0.
 *  @param[out] out [size] the struct as this library knows it @param size its size
 *  @param in [in_size] the user's, starting with a size_t @param name of the initialiser
 *  @return 0 or HXCOMM_EINVAL */
int grenade__options_read(void *out, size_t size, const void *in, const char *name);

#endif

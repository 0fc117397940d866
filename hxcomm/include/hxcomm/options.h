// SPDX-License-Identifier: MIT
#ifndef HXCOMM_OPTIONS_H
#define HXCOMM_OPTIONS_H

/** @file
 *  @brief Structs of options that grow from release to release.
 *  @defgroup hxcomm_options Options
 *
 *  An options struct starts with a size_t that tells the size it was compiled with, and 0 means
 *  "the default" in every member behind it. So a program and a library of different age understand
 *  each other: a shorter struct lacks members, which keep their defaults; a longer one is accepted
 *  as long as what the library does not know is 0.
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Copy an options struct of any age into one that this library knows.
 *  @param[out] out     [size] the struct; its size member becomes @p size; unchanged after an error
 *  @param size         sizeof the struct
 *  @param in           the user's; NULL for the defaults, which is all 0
 *  @param initialiser  name of the macro that the user should have started from, for the message
 *  @retval 0             copied
 *  @retval HXCOMM_EINVAL it is not initialised, or asks for what this library does not know */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_options_read(void *out, size_t size, const void *in,
        const char *initialiser);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

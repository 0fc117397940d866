// SPDX-License-Identifier: MIT
#ifndef CALIX_RESULT_PRIVATE_H
#define CALIX_RESULT_PRIVATE_H

#include <calix/result.h>

/* No additions from here on: the result came out of a store. */
void calix__result_seal(struct calix_result *result);

/* A name of a kind or metric: 1 to CALIX_NAME_MAX letters, digits, '_', '.', '-'. */
int calix__name_check(const char *what, const char *name);

/* A chip's identifier: 1 to CALIX_CHIP_MAX bytes, none below 0x20. */
int calix__chip_check(const char *chip);

#endif

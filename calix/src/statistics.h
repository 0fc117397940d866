// SPDX-License-Identifier: MIT
#ifndef CALIX_STATISTICS_H
#define CALIX_STATISTICS_H

#include <stddef.h>
#include <stdint.h>

/* Figures over up to 1024 instances. Instances whose mask entry is 0 or whose value is not finite
 * do not count; mask may be NULL. Without any instance the result is NaN. */

enum { CALIX_STATISTICS_MAX = 1024 };

double calix__median(const double *values, const uint8_t *mask, size_t count);
int32_t calix__median_code(const int32_t *values, const uint8_t *mask, size_t count);
double calix__mean(const double *values, const uint8_t *mask, size_t count);

/* Standard deviation without the lowest and the highest 5 % (spec/calix_spec.md 8). */
double calix__trimmed_std(const double *values, const uint8_t *mask, size_t count);

#endif

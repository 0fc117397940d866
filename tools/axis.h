// SPDX-License-Identifier: MIT
#ifndef AXIS_H
#define AXIS_H
/* Where the ticks of an axis go, and in which unit a time is written. */

#include <stddef.h>

/** A scale for values lo to hi. */
struct axis {
	double lo, hi;      /**< range shown; hi > lo */
	double step;        /**< between two ticks: 1, 2 or 5 times a power of ten, in units of factor */
	double factor;      /**< what one unit on the labels stands for */
	const char *prefix; /**< of the unit on the labels, such as "m"; "" = none */
};

/** Make a scale.
 *  @param lo,hi  range of the values; widened where it is empty, and to a tick that is near its end
 *  @param ticks  about as many ticks as there is room for, at least 2
 *  @param scale  non-zero: choose an SI prefix, so that labels are short numbers */
void axis_init(struct axis *axis, double lo, double hi, size_t ticks, int scale);

/** Number of ticks. */
size_t axis_tick_count(const struct axis *axis);

/** Value of a tick, within lo to hi. */
double axis_tick(const struct axis *axis, size_t index);

/** Label of a tick. @param out [size] zero-terminated text */
void axis_print(char *out, size_t size, const struct axis *axis, size_t index);

#endif

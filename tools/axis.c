// SPDX-License-Identifier: MIT
#include "axis.h"

#include <math.h>
#include <stdio.h>

static const struct {
	double factor;
	const char *prefix;
} prefixes[] = { { 1, "" }, { 1e-3, "m" }, { 1e-6, "\xc2\xb5" }, { 1e-9, "n" } };

void axis_init(struct axis *axis, double lo, double hi, size_t ticks, int scale)
{
	if (!(hi > lo)) {
		const double margin = lo != 0 ? 0.05 * fabs(lo) : 1;
		lo -= margin;
		hi += margin;
	}
	*axis = (struct axis){ .lo = lo, .hi = hi, .factor = 1, .prefix = "" };
	const double largest = fmax(fabs(lo), fabs(hi));
	for (size_t i = 0; scale && i < sizeof(prefixes) / sizeof(*prefixes); i++) {
		axis->factor = prefixes[i].factor;
		axis->prefix = prefixes[i].prefix;
		if (largest >= prefixes[i].factor)
			break;
	}
	const double raw = (hi - lo) / axis->factor / (double)ticks;
	const double power = pow(10, floor(log10(raw)));
	const double digits = raw / power;
	axis->step = power * (digits <= 1 ? 1 : digits <= 2 ? 2 : digits <= 5 ? 5 : 10);
	/* a range that ends just before a tick ends on it */
	const double next = ceil(hi / axis->factor / axis->step) * axis->step * axis->factor;
	if (next > hi && next - hi < 0.01 * (hi - lo))
		axis->hi = next;
}

/* Number of the first tick, counted in steps from zero. A little outside still counts, so that a
 * range that ends on a tick shows it in spite of rounding. */
static double first_step(const struct axis *axis)
{
	return ceil(axis->lo / axis->factor / axis->step - 1e-6);
}

size_t axis_tick_count(const struct axis *axis)
{
	const double last = floor(axis->hi / axis->factor / axis->step + 1e-6);
	const double count = last - first_step(axis) + 1;
	return count > 0 ? (size_t)count : 0;
}

double axis_tick(const struct axis *axis, size_t index)
{
	const double value = (first_step(axis) + (double)index) * axis->step * axis->factor;
	return fmin(fmax(value, axis->lo), axis->hi);
}

void axis_print(char *out, size_t size, const struct axis *axis, size_t index)
{
	const double value = (first_step(axis) + (double)index) * axis->step;
	const double decimals = fmax(0, -floor(log10(axis->step) + 1e-9));
	if (fabs(value) >= 1e6 || decimals > 6)
		snprintf(out, size, "%.4g", value);
	else
		snprintf(out, size, "%.*f", (int)decimals, value + 0.0);
}

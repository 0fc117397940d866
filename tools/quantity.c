// SPDX-License-Identifier: MIT
#include "quantity.h"

#include <hxcomm/error.h>

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	enum quantity_kind kind;
	const char *unit;
	double factor;
} units[] = {
	{ QUANTITY_TIME, "s", 1 },
	{ QUANTITY_TIME, "ms", 1e-3 },
	{ QUANTITY_TIME, "us", 1e-6 },
	{ QUANTITY_TIME, "ns", 1e-9 },
	{ QUANTITY_LSB, "lsb", 1 },
	{ QUANTITY_COUNT, "", 1 },
};

static const char *const examples[] = {
	[QUANTITY_TIME] = "a time such as 10us (units s, ms, us, ns)",
	[QUANTITY_LSB] = "counts of an ADC such as 80lsb",
	[QUANTITY_COUNT] = "a whole number such as 500",
};

int quantity_read(double *out, enum quantity_kind kind, const char *text)
{
	char *end;
	const double number = strtod(text, &end);
	const int is_number = end != text && isfinite(number);
	const int is_count = number >= 0 && number <= UINT32_MAX && number == floor(number);
	for (size_t i = 0; is_number && i < sizeof(units) / sizeof(*units); i++) {
		if (units[i].kind != kind || strcmp(units[i].unit, end))
			continue;
		if (kind == QUANTITY_COUNT && !is_count)
			break;
		*out = number * units[i].factor;
		return HXCOMM_OK;
	}
	return hxcomm_error_set(HXCOMM_EINVAL, "'%.40s' is not %s%s", text, examples[kind],
	        is_number && !*end && kind != QUANTITY_COUNT ? ": the unit is missing" : "");
}

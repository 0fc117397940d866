// SPDX-License-Identifier: MIT
/* What generated code takes from the libraries, for programs that tests make of it alone. */
#include "encodings.h"

int hxcomm_error_set(int code, const char *format, ...)
{
	(void)format;
	return code;
}

int haldls__range_error(const char *field, long long value, long long min, long long max)
{
	(void)field, (void)value, (void)min, (void)max;
	return HXCOMM_ERANGE;
}

int haldls__element_error(const char *field, size_t index, long long value, long long max)
{
	(void)field, (void)index, (void)value, (void)max;
	return HXCOMM_ERANGE;
}

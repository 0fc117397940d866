// SPDX-License-Identifier: MIT
#include "encodings.h"

int haldls__range_error(const char *field, long long value, long long min, long long max)
{
	return hxcomm_error_set(HXCOMM_ERANGE, "%s is %lld, allowed are %lld to %lld", field,
	        value, min, max);
}

int haldls__element_error(const char *field, size_t index, long long value, long long max)
{
	return hxcomm_error_set(HXCOMM_ERANGE, "%s[%zu] is %lld, allowed are 0 to %lld", field,
	        index, value, max);
}

// SPDX-License-Identifier: MIT
#include "options.h"

#include <hxcomm/error.h>

#include <string.h>

enum { OPTIONS_MAX = 4096 };

int grenade__options_read(void *out, size_t size, const void *in, const char *name)
{
	size_t given;
	memcpy(&given, in, sizeof(given));
	if (given < sizeof(given) || given > OPTIONS_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL, "options are not initialised: start from %s",
		        name);
	memset(out, 0, size);
	memcpy(out, in, given < size ? given : size);
	for (size_t i = size; i < given; i++)
		if (((const unsigned char *)in)[i])
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "option at byte %zu is newer than this library: update it, or leave "
			        "the option 0",
			        i);
	return HXCOMM_OK;
}

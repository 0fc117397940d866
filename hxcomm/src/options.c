// SPDX-License-Identifier: MIT
#include <hxcomm/options.h>

#include <hxcomm/error.h>

#include <string.h>

enum { OPTIONS_MAX = 4096 };

int hxcomm_options_read(void *out, size_t size, const void *in, const char *initialiser)
{
	size_t given = sizeof(given);
	if (in)
		memcpy(&given, in, sizeof(given));
	if (given < sizeof(given) || given > OPTIONS_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL, "options are not initialised: start from %s",
		        initialiser);
	for (size_t i = size; i < given; i++)
		if (((const unsigned char *)in)[i])
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "the option at byte %zu is newer than this library: update it, or "
			        "leave the option 0",
			        i);
	memset(out, 0, size);
	if (in)
		memcpy(out, in, given < size ? given : size);
	memcpy(out, &size, sizeof(size));
	return HXCOMM_OK;
}

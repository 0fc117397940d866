// SPDX-License-Identifier: MIT
/* One message a thread: works when memory is exhausted, needs no destructor. */
#include <hxcomm/error.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static _Thread_local char message[512];

const char *hxcomm_error_name(int code)
{
	switch (code) {
	case HXCOMM_OK:
		return "HXCOMM_OK";
#define NAME(name, value, meaning)                                                                 \
	case value:                                                                                \
		return #name;
		HXCOMM_ERRORS(NAME)
#undef NAME
	default:
		return "unknown error";
	}
}

const char *hxcomm_error_meaning(int code)
{
	switch (code) {
	case HXCOMM_OK:
		return "no error";
#define MEANING(name, value, meaning)                                                              \
	case value:                                                                                \
		return meaning;
		HXCOMM_ERRORS(MEANING)
#undef MEANING
	default:
		return "unknown error";
	}
}

const char *hxcomm_error_message(void)
{
	return message;
}

/* A cut in the middle of a UTF-8 character would leave a malformed string. */
static void cut_cleanly(char *text, size_t length)
{
	size_t begin = length;
	while (begin > 0 && ((unsigned char)text[begin - 1] & 0xc0) == 0x80)
		begin--;
	if (begin == 0)
		return;
	const unsigned char lead = (unsigned char)text[begin - 1];
	const size_t wanted = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : lead >= 0xc0 ? 2 : 1;
	if (lead >= 0xc0 && length - begin + 1 < wanted)
		text[begin - 1] = '\0';
}

static void store(const char *text)
{
	size_t length = strlen(text);
	const size_t limit = sizeof(message) - 1;
	const size_t taken = length < limit ? length : limit;
	memmove(message, text, taken);
	message[taken] = '\0';
	if (taken == limit)
		cut_cleanly(message, taken);
}

int hxcomm_error_set(int code, const char *format, ...)
{
	char text[sizeof(message)]; /* the arguments may be the old message */
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	store(text);
	return code;
}

int hxcomm_error_wrap(int code, const char *format, ...)
{
	char text[2 * sizeof(message) + 2];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof(message), format, arguments);
	va_end(arguments);
	const size_t length = strlen(text);
	snprintf(text + length, sizeof(text) - length, ": %s", message);
	store(text);
	return code;
}

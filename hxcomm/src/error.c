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

/* Bytes of the UTF-8 character that a byte begins; 0 where none begins with it. */
static size_t character_bytes(unsigned char lead)
{
	return lead < 0x80    ? 1
	        : lead < 0xc2 ? 0
	        : lead < 0xe0 ? 2
	        : lead < 0xf0 ? 3
	        : lead < 0xf5 ? 4
	                      : 0;
}

/* Messages go into JSON and onto terminals: a character that was cut off at the end is dropped, a
 * byte that is none (names come from outside) becomes '?'. */
static void make_utf8(char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		const size_t wanted = character_bytes((unsigned char)text[i]);
		size_t have = 1;
		while (have < wanted && ((unsigned char)text[i + have] & 0xc0) == 0x80)
			have++;
		if (have == wanted) {
			i += have;
		} else if (wanted && i + have == length && length == sizeof(message) - 1) {
			text[i] = '\0';
			return;
		} else {
			text[i++] = '?';
		}
	}
}

static void store(const char *text)
{
	const size_t limit = sizeof(message) - 1;
	const size_t length = strnlen(text, limit);
	memcpy(message, text, length);
	message[length] = '\0';
	make_utf8(message, length);
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

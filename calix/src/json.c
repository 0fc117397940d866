// SPDX-License-Identifier: MIT
/* Targets and options are compared as text, so they need one spelling. */
#include "json.h"

#include <hxcomm/error.h>
#include <jansson.h>

#include <string.h>

enum { TEXT_MAX = 1 << 20 };

int calix__json_canonical(char **out, const char *text, const char *what)
{
	json_error_t error;
	*out = NULL;
	if (!text)
		text = "{}";
	if (strnlen(text, TEXT_MAX + 1) > TEXT_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL, "the %s is longer than %d bytes", what, TEXT_MAX);
	json_t *value = json_loads(text, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &error);
	if (!value)
		return hxcomm_error_set(HXCOMM_EINVAL, "the %s is no JSON: %s (line %d, column %d)", what,
		        error.text, error.line, error.column);
	const int is_object = json_is_object(value);
	if (is_object)
		*out = json_dumps(value, JSON_SORT_KEYS | JSON_COMPACT);
	json_decref(value);
	if (!is_object)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the %s is no JSON object: write it as {\"name\": value, ...}", what);
	return *out ? HXCOMM_OK
	            : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the %s", what);
}

// SPDX-License-Identifier: MIT
#include <hxcomm/uri.h>

#include <hxcomm/error.h>

#include "uri.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

bool hxcomm__scheme_valid(const char *scheme, size_t length)
{
	if (length == 0 || length > HXCOMM_URI_SCHEME_MAX)
		return false;
	for (size_t i = 0; i < length; i++) {
		const char c = scheme[i];
		if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'))
			return false;
	}
	return true;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Copy [begin, end) with %XX resolved and a zero behind; `out` has room for end - begin + 1. */
static int unescape(char *out, size_t *out_length, const char *begin, const char *end)
{
	size_t length = 0;
	for (const char *c = begin; c < end; c++) {
		if (*c != '%') {
			out[length++] = *c;
			continue;
		}
		const int high = end - c > 2 ? hex_digit(c[1]) : -1;
		const int low = end - c > 2 ? hex_digit(c[2]) : -1;
		if (high < 0 || low < 0)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "'%.*s': '%%' wants two hexadecimal digits behind it (write %%25 "
			        "for a '%%')", (int)(end - begin), begin);
		if (high == 0 && low == 0)
			return hxcomm_error_set(HXCOMM_EINVAL, "'%.*s': a zero byte is not allowed",
			        (int)(end - begin), begin);
		out[length++] = (char)(high * 16 + low);
		c += 2;
	}
	out[length] = '\0';
	*out_length = length;
	return HXCOMM_OK;
}

/* One "key=value" or "key" in [begin, end), appended to the parameters. */
static int parse_parameter(struct hxcomm_uri *uri, size_t *used, const char *begin, const char *end)
{
	if (uri->count == HXCOMM_URI_PARAMETERS_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL, "more than %d key=value pairs in an address",
		        HXCOMM_URI_PARAMETERS_MAX);
	const char *equals = memchr(begin, '=', (size_t)(end - begin));
	const char *key_end = equals ? equals : end;
	const char *value = equals ? equals + 1 : end;
	size_t length;
	char *key = uri->text + *used;
	int status = unescape(key, &length, begin, key_end);
	if (status != HXCOMM_OK)
		return status;
	if (length == 0)
		return hxcomm_error_set(HXCOMM_EINVAL, "'%.*s': a key is missing before '='",
		        (int)(end - begin), begin);
	if (hxcomm_uri_find(uri, key))
		return hxcomm_error_set(HXCOMM_EINVAL, "key '%s' is given twice", key);
	const size_t key_at = *used;
	const size_t value_at = key_at + length + 1;
	status = unescape(uri->text + value_at, &length, value, end);
	if (status != HXCOMM_OK)
		return status;
	uri->key[uri->count] = (uint16_t)key_at;
	uri->value[uri->count] = (uint16_t)value_at;
	uri->count++;
	*used = value_at + length + 1;
	return HXCOMM_OK;
}

static int parse(struct hxcomm_uri *uri, const char *text)
{
	static const char example[] = "write scheme:rest, such as emulator: or arq:192.168.66.1";
	const size_t length = strlen(text);
	if (length > HXCOMM_URI_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s…' is no connection: %zu bytes, at most %d", text, length,
		        HXCOMM_URI_MAX);
	const char *colon = strchr(text, ':');
	if (!colon)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s' is no connection: %s", text, example);
	const size_t scheme_length = (size_t)(colon - text);
	if (!hxcomm__scheme_valid(text, scheme_length))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.40s' is no connection: a scheme is 1 to %d of a-z, 0-9 and '-'; %s",
		        text, HXCOMM_URI_SCHEME_MAX, example);
	memcpy(uri->scheme, text, scheme_length);
	uri->scheme[scheme_length] = '\0';

	const char *question = strchr(colon, '?');
	const char *end = text + length;
	size_t rest_length;
	int status = unescape(uri->rest, &rest_length, colon + 1, question ? question : end);
	if (!question || question + 1 == end)
		return status;
	/* a value of n bytes and its key need n + 2 bytes with their zeros, and have n + 2 in the
	 * text with '?' or '&' and '='; a key without '=' needs one more: those are counted here */
	size_t used = 0;
	for (const char *begin = question + 1; status == HXCOMM_OK && begin <= end;) {
		const char *stop = memchr(begin, '&', (size_t)(end - begin));
		if (!stop)
			stop = end;
		if (used + (size_t)(stop - begin) + 2 > sizeof(uri->text))
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "the keys of an address are too long");
		status = parse_parameter(uri, &used, begin, stop);
		begin = stop + 1;
	}
	return status;
}

int hxcomm_uri_parse(struct hxcomm_uri *out, const char *text)
{
	memset(out, 0, sizeof(*out));
	const int status = parse(out, text);
	if (status != HXCOMM_OK)
		memset(out, 0, sizeof(*out));
	return status;
}

const char *hxcomm_uri_find(const struct hxcomm_uri *uri, const char *key)
{
	for (size_t i = 0; i < uri->count; i++)
		if (!strcmp(uri->text + uri->key[i], key))
			return uri->text + uri->value[i];
	return NULL;
}

int hxcomm_uri_check_keys(const struct hxcomm_uri *uri, const char *const *known, size_t count)
{
	for (size_t i = 0; i < uri->count; i++) {
		const char *key = uri->text + uri->key[i];
		bool found = false;
		for (size_t k = 0; k < count; k++)
			found |= !strcmp(known[k], key);
		if (found)
			continue;
		char list[256] = "";
		size_t length = 0;
		for (size_t k = 0; k < count; k++) {
			const size_t more = strlen(known[k]) + 2;
			if (length + more >= sizeof(list))
				break;
			if (k)
				memcpy(list + length, ", ", 2), length += 2;
			memcpy(list + length, known[k], more - 1);
			length += more - 2;
		}
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%s:' knows no key '%.64s'; %s%s", uri->scheme,
		        key, count ? "known are: " : "it has no keys", list);
	}
	return HXCOMM_OK;
}

void hxcomm__uri_remove(struct hxcomm_uri *uri, const char *key)
{
	size_t kept = 0;
	for (size_t i = 0; i < uri->count; i++) {
		if (!strcmp(uri->text + uri->key[i], key))
			continue;
		uri->key[kept] = uri->key[i];
		uri->value[kept++] = uri->value[i];
	}
	uri->count = kept;
}

int hxcomm_uri_read_u64(uint64_t *out, const struct hxcomm_uri *uri, const char *key,
        uint64_t fallback, uint64_t min, uint64_t max)
{
	const char *text = hxcomm_uri_find(uri, key);
	if (!text) {
		*out = fallback;
		return HXCOMM_OK;
	}
	const bool hex = text[0] == '0' && (text[1] == 'x' || text[1] == 'X');
	const char *digits = hex ? text + 2 : text;
	bool valid = *digits != '\0';
	for (const char *c = digits; *c; c++)
		valid &= hex ? hex_digit(*c) >= 0 : (*c >= '0' && *c <= '9');
	if (!valid)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%s=%.40s is no whole number: write decimal or 0x… hexadecimal", key, text);
	errno = 0;
	const unsigned long long value = strtoull(digits, NULL, hex ? 16 : 10);
	if (errno == ERANGE || value < min || value > max)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s=%.40s, allowed are %" PRIu64 " to %" PRIu64, key, text, min, max);
	*out = value;
	return HXCOMM_OK;
}

int hxcomm_uri_read_double(double *out, const struct hxcomm_uri *uri, const char *key,
        double fallback, double min, double max)
{
	const char *text = hxcomm_uri_find(uri, key);
	if (!text) {
		*out = fallback;
		return HXCOMM_OK;
	}
	char *end;
	const double value = strtod(text, &end);
	if (end == text || *end || *text == ' ' || *text == '\t' || isnan(value))
		return hxcomm_error_set(HXCOMM_EINVAL, "%s=%.40s is no number", key, text);
	if (!(value >= min && value <= max))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s=%.40s, allowed are %g to %g", key, text, min,
		        max);
	*out = value;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* Any text as an address: it is refused with a reason, or all of its parts can be read. */
#include <hxcomm/error.h>
#include <hxcomm/uri.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_parameters(const struct hxcomm_uri *uri)
{
	for (size_t i = 0; i < uri->count; i++) {
		const char *key = uri->text + uri->key[i];
		const char *value = hxcomm_uri_find(uri, key);
		uint64_t number = 0;
		double real = 0;
		if (value != uri->text + uri->value[i] || !*key ||
		        (size_t)(value - uri->text) + strlen(value) >= sizeof(uri->text))
			abort();
		if (hxcomm_uri_read_u64(&number, uri, key, 0, 1, 1000) == HXCOMM_OK &&
		        (number < 1 || number > 1000))
			abort();
		if (hxcomm_uri_read_double(&real, uri, key, 0, -1, 1) == HXCOMM_OK &&
		        !(real >= -1 && real <= 1))
			abort();
		if (hxcomm_uri_check_keys(uri, &key, 1) !=
		        (uri->count == 1 ? HXCOMM_OK : HXCOMM_EINVAL))
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hxcomm_uri uri;
	char *text = malloc(size + 1);
	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	text[size] = '\0';
	const int status = hxcomm_uri_parse(&uri, text);
	if (status != HXCOMM_OK) {
		if (status != HXCOMM_EINVAL || !hxcomm_error_message()[0] || uri.scheme[0] ||
		        uri.count)
			abort();
	} else {
		if (strspn(uri.scheme,
		        "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(uri.scheme) ||
		        !uri.scheme[0])
			abort();
		read_parameters(&uri);
	}
	free(text);
	return 0;
}

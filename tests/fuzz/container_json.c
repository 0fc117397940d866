// SPDX-License-Identifier: MIT
/* Any bytes as a container in JSON, register container or logical: it is refused with a reason, or
 * what is read can be encoded, decoded, printed and read again, or is refused when it is encoded. */
#include <haldls/json.h>
#include <hxcomm/error.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUE_BYTES_MAX = 1 << 16 }; /* more is slow, and no other code */

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void *new_value(const struct haldls_container *container)
{
	void *value = malloc(container->size + 1);
	require(value);
	container->init(value);
	return value;
}

/* Printed and read again, it has the same words. */
static void check_words(
	const struct haldls_container *container, uint32_t coordinate, const void *value)
{
	uint32_t count;
	json_t *printed;
	require(haldls_container_words(&count, container, coordinate) == HXCOMM_OK);
	uint32_t *words = malloc(2 * (count + (size_t)1) * sizeof(*words)), *again = words + count + 1;
	require(words);
	if (haldls_container_encode(words, NULL, container, coordinate, value) != HXCOMM_OK) {
		free(words);
		return;
	}
	void *copy = new_value(container);
	require(haldls_json_write(&printed, container, coordinate, value, NULL) == HXCOMM_OK);
	require(haldls_json_read(copy, container, coordinate, printed) == HXCOMM_OK);
	require(haldls_container_encode(again, NULL, container, coordinate, copy) == HXCOMM_OK);
	require(!memcmp(words, again, count * sizeof(*words)));
	if (haldls_container_decode(copy, container, coordinate, words) != HXCOMM_OK)
		require(hxcomm_error_message()[0]);
	json_decref(printed);
	free(copy);
	free(words);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	json_t *line = json_loadb((const char *)data, size, 0, NULL);
	const char *name = json_string_value(json_object_get(line, "container"));
	const struct haldls_container *container = name ? haldls_container_find(name) : NULL;
	const json_int_t coordinate = json_integer_value(json_object_get(line, "coordinate"));
	if (container && container->size <= VALUE_BYTES_MAX && coordinate >= 0 && coordinate < container->count &&
		haldls_container_words(NULL, container, (uint32_t)coordinate) == HXCOMM_OK) {
		void *value = new_value(container);
		if (haldls_json_read(value, container, (uint32_t)coordinate,
			    json_object_get(line, "fields")) == HXCOMM_OK)
			check_words(container, (uint32_t)coordinate, value);
		else
			require(hxcomm_error_message()[0]);
		free(value);
	}
	json_decref(line);
	return 0;
}

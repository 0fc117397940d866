// SPDX-License-Identifier: MIT
/* The coordinate of a container, as text. */
#include <haldls/container.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdio.h>

enum { MESSAGE_MAX = 512, LABELS_MAX = 96 };

void haldls_element_print(char out[HALDLS_ELEMENT_TEXT_MAX],
	const struct haldls_container *container, uint32_t element)
{
	char labels[LABELS_MAX];
	const struct haldls_coordinate *coordinate = haldls_coordinate_find(container->coordinate);
	const bool composed = coordinate && coordinate->part_count &&
			      haldls_coordinate_print(labels, sizeof(labels), coordinate, element,
				      HALDLS_COORDINATE_LABELS) == HXCOMM_OK;
	(void)snprintf(out, HALDLS_ELEMENT_TEXT_MAX, "%s %" PRIu32 "%s%s%s", container->coordinate,
		element, composed ? " (" : "", composed ? labels : "", composed ? ")" : "");
}

int haldls_element_parse(uint32_t *out, const struct haldls_container *container, const char *text)
{
	uint64_t number;
	const struct haldls_coordinate *coordinate = haldls_coordinate_find(container->coordinate);
	if (!coordinate)
		return HXCOMM_ENOENT;
	const int status = haldls_coordinate_parse(&number, coordinate, text);
	if (status)
		return hxcomm_error_wrap(status, "%s", container->name);
	if (number >= container->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"%s of %s is %" PRIu64 ", allowed are 0 to %" PRIu32, container->coordinate,
			container->name, number, container->count - 1);
	*out = (uint32_t)number;
	return HXCOMM_OK;
}

int haldls_element_wrap(int status, const struct haldls_container *container, uint32_t element)
{
	/* an element that does not exist has a message of its own, which would take its place */
	char message[MESSAGE_MAX], text[HALDLS_ELEMENT_TEXT_MAX];
	(void)snprintf(message, sizeof(message), "%s", hxcomm_error_message());
	haldls_element_print(text, container, element);
	return hxcomm_error_set(status, "%s: %s", text, message);
}

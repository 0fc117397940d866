// SPDX-License-Identifier: MIT
/* Any text as any coordinate: it is refused with a reason, or it is a number that the coordinate
 * has, which prints in each style and is read again. The first two bytes say which coordinate. */
#include <haldls/coordinate.h>
#include <hxcomm/error.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void round_trip(const struct haldls_coordinate *coordinate, uint64_t number)
{
	char text[HALDLS_COORDINATE_TEXT_MAX];
	for (int style = HALDLS_COORDINATE_LABELS; style <= HALDLS_COORDINATE_NUMBER; style++) {
		uint64_t again;
		if (haldls_coordinate_print(text, sizeof(text), coordinate, number,
		            (enum haldls_coordinate_style)style) ||
		        haldls_coordinate_parse(&again, coordinate, text) || again != number)
			abort();
	}
}

static void convert(const struct haldls_coordinate *coordinate, uint64_t number)
{
	for (size_t i = 0; i < coordinate->conversion_count; i++) {
		const struct haldls_coordinate_conversion *conversion = &coordinate->conversions[i];
		for (uint32_t index = 0; index < conversion->count; index++) {
			uint64_t out;
			const int status = haldls_coordinate_convert(
			        &out, coordinate, conversion, index, number);
			if (status ? status != HXCOMM_ENOENT
			           : haldls_coordinate_validate(conversion->to, out) != HXCOMM_OK)
				abort();
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t count;
	const struct haldls_coordinate *all = haldls_coordinates(&count);
	if (size < 2)
		return 0;
	const struct haldls_coordinate *coordinate = &all[(data[0] + 256u * data[1]) % count];
	char *text = malloc(size - 1);
	if (!text)
		abort();
	memcpy(text, data + 2, size - 2);
	text[size - 2] = '\0';
	uint64_t number = 0;
	const int status = haldls_coordinate_parse(&number, coordinate, text);
	if (status) {
		if (!hxcomm_error_message()[0] || number)
			abort();
	} else {
		round_trip(coordinate, number);
		convert(coordinate, number);
	}
	free(text);
	return 0;
}

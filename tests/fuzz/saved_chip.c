// SPDX-License-Identifier: MIT
/* Any bytes as a saved chip, binary or JSON: they are refused with a reason and leave the chip
 * alone, or what is loaded can be written to a machine, saved and loaded again. */
#include <haldls/chip_file.h>
#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct haldls_chip chip, again;

static void check_refused(int status)
{
	if (!hxcomm_error_message()[0] || chip.capmem[0] != 7 || status >= 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint32_t words[HALDLS_CHIP_WORDS];
	static unsigned turn;
	uint8_t *bytes;
	size_t length;
	chip.capmem[0] = 7;
	const int status = haldls_chip_file_decode(&chip, data, size);
	if (status != HXCOMM_OK) {
		check_refused(status);
		return 0;
	}
	if (haldls_chip_encode(words, &chip) != HXCOMM_OK)
		abort();
	const enum haldls_chip_format format = (enum haldls_chip_format)(turn++ % 3);
	if (haldls_chip_file_encode(&bytes, &length, &chip, format) != HXCOMM_OK ||
		haldls_chip_file_decode(&again, bytes, length) != HXCOMM_OK ||
		haldls_chip_compare(&chip, &again, NULL, NULL) != 0)
		abort();
	free(bytes);
	return 0;
}

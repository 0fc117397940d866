// SPDX-License-Identifier: MIT
/* Whole chips as words: all of them, or those only that changed, always in the order of writes. */
#include <hxcomm/error.h>
#include <stadls/builder.h>

#include <stdlib.h>
#include <string.h>

int stadls_builder_write_chip(struct stadls_builder *builder, const struct haldls_chip *chip)
{
	uint32_t *words = malloc(HALDLS_CHIP_WORDS * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the %d words of a chip",
		        (int)HALDLS_CHIP_WORDS);
	int status = haldls_chip_encode(words, chip);
	if (status == HXCOMM_OK)
		status = fisch_program_append_omnibus_writes(stadls_builder_program(builder),
		        haldls_chip_addresses(), words, HALDLS_CHIP_WORDS);
	free(words);
	return status;
}

int stadls_builder_write_chip_difference(struct stadls_builder *builder,
        const struct haldls_chip *chip, const struct haldls_chip *reference)
{
	const uint32_t *all = haldls_chip_addresses();
	uint32_t *memory = malloc(3 * (size_t)HALDLS_CHIP_WORDS * sizeof(*memory));
	if (!memory)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the words of two chips");
	uint32_t *words = memory, *known = words + HALDLS_CHIP_WORDS;
	uint32_t *addresses = known + HALDLS_CHIP_WORDS;
	size_t count = 0;
	int status = haldls_chip_encode(words, chip);
	if (status == HXCOMM_OK) {
		status = haldls_chip_encode(known, reference);
		if (status != HXCOMM_OK)
			hxcomm_error_wrap(status, "the reference");
	}
	if (status == HXCOMM_OK) {
		for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
			if (words[i] == known[i])
				continue;
			addresses[count] = all[i];
			words[count++] = words[i]; /* count <= i: never before it is read */
		}
		status = fisch_program_append_omnibus_writes(stadls_builder_program(builder), addresses,
		        words, count);
	}
	free(memory);
	return status;
}

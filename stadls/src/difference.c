// SPDX-License-Identifier: MIT
/* Whole chips as words: all of them, or those only that changed, always in the order of writes. */
#include "builder_private.h"

#include <hxcomm/error.h>

#include <string.h>

enum { BLOCK = 32 };

/* Keep the words that differ, and their addresses, at the front. @return their number */
static size_t keep_differences(uint32_t *kept, uint32_t *words, const uint32_t *addresses,
        const uint32_t *known, size_t count)
{
	size_t n = 0;
	for (size_t i = 0; i < count;) {
		if (count - i >= BLOCK && !memcmp(words + i, known + i, BLOCK * sizeof(*words))) {
			i += BLOCK; /* most of a chip is equal: 4x over word by word */
			continue;
		}
		for (const size_t end = i + BLOCK; i < end && i < count; i++) {
			if (words[i] == known[i])
				continue;
			kept[n] = addresses[i];
			words[n++] = words[i]; /* n <= i: never before it is read */
		}
	}
	return n;
}

int stadls__append_difference(struct fisch_program *program, const uint32_t *addresses,
        uint32_t *words, const uint32_t *known, uint32_t *kept, size_t count)
{
	count = keep_differences(kept, words, addresses, known, count);
	return fisch_program_append_omnibus_writes(program, kept, words, count);
}

int stadls_builder_write_chip(struct stadls_builder *builder, const struct haldls_chip *chip)
{
	uint32_t *words;
	int status = stadls__scratch(&words, builder, HALDLS_CHIP_WORDS);
	if (status == HXCOMM_OK)
		status = haldls_chip_encode(words, chip);
	if (status == HXCOMM_OK)
		status = fisch_program_append_omnibus_writes(
		        builder->program, haldls_chip_addresses(), words, HALDLS_CHIP_WORDS);
	return status;
}

int stadls_builder_write_chip_rows(struct stadls_builder *builder, const struct haldls_chip *chip,
        const struct haldls_chip *reference, const struct haldls_chip_rows *changed)
{
	uint32_t *words;
	size_t count;
	int status = stadls__scratch(&words, builder, 2 * (size_t)HALDLS_CHIP_WORDS);
	if (status != HXCOMM_OK)
		return status;
	uint32_t *addresses = words + HALDLS_CHIP_WORDS;
	status = haldls_chip_encode_difference(addresses, words, &count, chip, reference, changed);
	if (status == HXCOMM_OK)
		status = fisch_program_append_omnibus_writes(builder->program, addresses, words, count);
	return status;
}

int stadls_builder_write_chip_difference(struct stadls_builder *builder,
        const struct haldls_chip *chip, const struct haldls_chip *reference)
{
	return stadls_builder_write_chip_rows(builder, chip, reference, NULL);
}

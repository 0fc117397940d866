// SPDX-License-Identifier: MIT
#ifndef HALDLS_CHIP_FILE_PRIVATE_H
#define HALDLS_CHIP_FILE_PRIVATE_H

#include "chip_private.h"

#include <stddef.h>
#include <stdint.h>

#define HALDLS__CHIP_FORMAT "bss-chip"

enum {
	HALDLS__CHIP_VERSION = 1,
	/* what is saved: parts by their place in haldls__chip_parts, then */
	HALDLS__SAVED_CELLS = HALDLS__CHIP_PARTS, /* CapMemCell, 12 480 of them */
	HALDLS__SAVED_ROWS,                       /* SynapseRow, 512 of them */
	HALDLS__SAVED_PARTS,
};

/* What a part is saved as. */
const struct haldls_container *haldls__saved_container(size_t part);

/* The part of that name; HALDLS__SAVED_PARTS where there is none. */
size_t haldls__saved_find(const char *name);

/* "it says 2": of a file that another version wrote. */
int haldls__chip_version_error(long long version);

int haldls__chip_binary_encode(
	uint8_t **out, size_t *size, const struct haldls_chip *chip, bool compress);
/* They may leave @p out half set. */
int haldls__chip_binary_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size);
int haldls__chip_json_encode(uint8_t **out, size_t *size, const struct haldls_chip *chip);
int haldls__chip_json_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size);

#endif

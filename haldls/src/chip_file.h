// SPDX-License-Identifier: MIT
#ifndef HALDLS_CHIP_FILE_PRIVATE_H
#define HALDLS_CHIP_FILE_PRIVATE_H

#include <haldls/chip.h>

#include <stddef.h>
#include <stdint.h>

#define HALDLS__CHIP_FORMAT "bss-chip"

enum { HALDLS__CHIP_VERSION = 1 };

/* "it says 2": of a file that another version wrote. */
int haldls__chip_version_error(long long version);

int haldls__chip_binary_encode(uint8_t **out, size_t *size, const struct haldls_chip *chip, bool compress);
/* They may leave @p out half set. */
int haldls__chip_binary_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size);
int haldls__chip_json_encode(uint8_t **out, size_t *size, const struct haldls_chip *chip);
int haldls__chip_json_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size);

#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_CHIP_PRIVATE_H
#define HALDLS_CHIP_PRIVATE_H

#include <haldls/chip.h>

#include <stddef.h>

/* The members of a chip that are arrays of containers. */
struct haldls__chip_part {
	const char *name;
	const struct haldls_container *container;
	size_t offset; /* of the member in struct haldls_chip */
};

/* The members of a chip that are numbers of synapses. */
struct haldls__chip_plane {
	const char *name;
	const char *field; /* of SynapseRow */
	size_t offset;
	uint8_t max;
};

enum {
#define HALDLS__CHIP_ONE(member, c_name, C_NAME) +1
	HALDLS__CHIP_PARTS = 0 HALDLS_CHIP_PARTS(HALDLS__CHIP_ONE),
#undef HALDLS__CHIP_ONE
#define HALDLS__CHIP_COUNT(member, c_name, C_NAME) +HALDLS_##C_NAME##_COUNT
	HALDLS__CHIP_ELEMENTS = 0 HALDLS_CHIP_PARTS(HALDLS__CHIP_COUNT),
#undef HALDLS__CHIP_COUNT
	HALDLS__CHIP_PLANES = 4,
	HALDLS__CHIP_ROWS = HALDLS_HEMISPHERES * HALDLS_SYNAPSE_ROWS,
	HALDLS__ROW_WORDS = 128,
};

extern const struct haldls__chip_part haldls__chip_parts[HALDLS__CHIP_PARTS];
extern const struct haldls__chip_plane haldls__chip_planes[HALDLS__CHIP_PLANES];

/* Where the words of a chip's members stand: first words, in the order of writes. */
struct haldls__chip_order {
	uint32_t addresses[HALDLS_CHIP_WORDS];
	uint32_t elements[HALDLS__CHIP_ELEMENTS]; /* of parts, element by element */
	uint32_t cells[HALDLS_CAPMEM_CELLS];
	uint32_t rows[HALDLS__CHIP_ROWS];
	bool is_silent[HALDLS_CHIP_WORDS]; /* word by word, not only the first ones */
};

const struct haldls__chip_order *haldls__chip_order(void);

/* 256 values of a row of synapses: @p row is 256 hemisphere + row. */
static inline const uint8_t *haldls__chip_row(const struct haldls_chip *chip, size_t plane,
        uint32_t row)
{
	return (const uint8_t *)chip + haldls__chip_planes[plane].offset +
	       (size_t)row * HALDLS_NEURON_COLUMNS;
}

/* Encode and decode a row of synapses. */
int haldls__chip_encode_row(uint32_t words[HALDLS__ROW_WORDS], const struct haldls_chip *chip,
        uint32_t row);
void haldls__chip_decode_row(struct haldls_chip *out, uint32_t row,
        const uint32_t words[HALDLS__ROW_WORDS]);

/* An error that says of which element: "NeuronConfigOnDLS 17: ". */
int haldls__chip_part_error(int status, const struct haldls_container *container, uint32_t element);

#endif

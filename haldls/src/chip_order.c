// SPDX-License-Identifier: MIT
/* The order of a chip's words is told once, by the description of the logical container Chip; here
 * it is turned around: where does each member of struct haldls_chip go? */
#include "chip_private.h"
#include "parts.h"

#include <haldls/logical.h>

#include <assert.h>
#include <threads.h>

const struct haldls__chip_part haldls__chip_parts[HALDLS__CHIP_PARTS] = {
#define PART(member, c_name, C_NAME) \
	{ #member, &haldls_##c_name##_container, offsetof(struct haldls_chip, member) },
	HALDLS_CHIP_PARTS(PART)
#undef PART
};

const struct haldls__chip_plane haldls__chip_planes[HALDLS__CHIP_PLANES] = {
	{ "synapse_weight", "weights", offsetof(struct haldls_chip, synapse_weight), 63 },
	{ "synapse_label", "labels", offsetof(struct haldls_chip, synapse_label), 63 },
	{ "synapse_time_calibration", "time_calibs",
		offsetof(struct haldls_chip, synapse_time_calibration), 3 },
	{ "synapse_amplitude_calibration", "amp_calibs",
		offsetof(struct haldls_chip, synapse_amplitude_calibration), 3 },
};

/* a chip has all words of a Chip but those of memories, which come last */
static_assert(HALDLS_CHIP_WORDS == HALDLS_WHOLE_CHIP_WORDS -
					   HALDLS_PPU_MEMORY_COUNT * HALDLS_PPU_MEMORY_WORDS -
					   HALDLS_EXTERNAL_PPU_MEMORY_WORDS,
	"struct haldls_chip lacks a part of Chip");

static struct haldls__chip_order order;
static once_flag order_once = ONCE_FLAG_INIT;

static void place_element(const struct haldls_container *container, uint32_t element, uint32_t word)
{
	uint32_t before = 0;
	for (size_t p = 0; p < HALDLS__CHIP_PARTS; p++) {
		if (haldls__chip_parts[p].container == container)
			order.elements[before + element] = word;
		before += haldls__chip_parts[p].container->count;
	}
}

static void place(
	const struct haldls_container *container, uint32_t element, uint32_t word, void *user)
{
	(void)user;
	if (word >= HALDLS_CHIP_WORDS)
		return;
	for (uint32_t w = 0; w < container->write_words; w++) {
		order.addresses[word + w] = container->write_address(FISCH_OMNIBUS, element, w);
		order.is_silent[word + w] = container->is_silent;
	}
	if (container == &haldls_capmem_cell_container)
		order.cells[element] = word;
	else if (container != &haldls_synapse_quad_container)
		place_element(container, element, word);
	else if (element % HALDLS_SYNAPSE_QUADS == 0) /* the quads of a row follow */
		order.rows[element / HALDLS_SYNAPSE_QUADS] = word;
}

static void find_order(void)
{
	haldls__part_visit(&haldls_whole_chip_container, 0, 0, place, NULL);
}

const struct haldls__chip_order *haldls__chip_order(void)
{
	call_once(&order_once, find_order);
	return &order;
}

const uint32_t *haldls_chip_addresses(void)
{
	return haldls__chip_order()->addresses;
}

const bool *haldls_chip_silent(void)
{
	return haldls__chip_order()->is_silent;
}

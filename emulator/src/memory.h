// SPDX-License-Identifier: MIT
#ifndef EMULATOR_MEMORY_H
#define EMULATOR_MEMORY_H

/** @file
 *  @brief A sparse memory of 32-bit words behind 31-bit word addresses: the registers of the
 *  FPGA. */

#include <stddef.h>
#include <stdint.h>

enum {
	EMULATOR_MEMORY_PAGE_WORDS = 1024,   /**< words of one page */
	EMULATOR_MEMORY_PAGES_LIMIT = 13824, /**< pages that may be filled; 54 MiB */
};

/** Sparse memory; all zero is empty. */
struct emulator_memory {
	uint32_t **tables[2048]; /**< by address bits 30 ... 20, each a table of 1024 pages */
	size_t pages;            /**< pages in use */
};

/** Read a word. @param memory the memory @param address word address, bit 31 ignored
 *  @return the word, 0 where nothing was written */
uint32_t emulator__memory_read(const struct emulator_memory *memory, uint32_t address);

/** Write the bits of @p mask of a word. A write beyond the page limit is lost.
 *  @param memory the memory @param address word address, bit 31 ignored
 *  @param value the word @param mask bits that are written
 *  @retval 0 the word is stored @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__memory_write(struct emulator_memory *memory, uint32_t address, uint32_t value,
        uint32_t mask);

/** Free all pages. @param memory is empty afterwards */
void emulator__memory_deinit(struct emulator_memory *memory);

/** Bit mask of four byte enables. @param byte_enables bit i selects bits 8 i ... 8 i + 7 @return
 *  mask */
static inline uint32_t emulator__byte_mask(uint8_t byte_enables)
{
	return ((byte_enables & 1u) ? 0xffu : 0) | ((byte_enables & 2u) ? 0xff00u : 0) |
	       ((byte_enables & 4u) ? 0xff0000u : 0) | ((byte_enables & 8u) ? 0xff000000u : 0);
}

#endif

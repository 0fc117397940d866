// SPDX-License-Identifier: MIT
/* Two levels of tables in front of pages of 4 KiB: 2^31 words of address space, of which an
 * experiment touches a few hundred. */
#include "memory.h"

#include <hxcomm/error.h>

#include <stdlib.h>

enum { TABLES = 2048, TABLE_PAGES = 1024 };

static uint32_t *find(const struct emulator_memory *memory, uint32_t address)
{
	uint32_t **table = memory->tables[(address >> 20) % TABLES];
	return table ? table[(address >> 10) % TABLE_PAGES] : NULL;
}

uint32_t emulator__memory_read(const struct emulator_memory *memory, uint32_t address)
{
	const uint32_t *page = find(memory, address);
	return page ? page[address % EMULATOR_MEMORY_PAGE_WORDS] : 0;
}

int emulator__memory_write(struct emulator_memory *memory, uint32_t address, uint32_t value,
        uint32_t mask)
{
	uint32_t *page = find(memory, address);
	if (!page) {
		if (!(value & mask) || memory->pages >= EMULATOR_MEMORY_PAGES_LIMIT)
			return HXCOMM_OK;
		uint32_t ***table = &memory->tables[(address >> 20) % TABLES];
		if (!*table)
			*table = calloc(TABLE_PAGES, sizeof(**table));
		page = *table ? calloc(EMULATOR_MEMORY_PAGE_WORDS, sizeof(*page)) : NULL;
		if (!page)
			return hxcomm_error_set(HXCOMM_ENOMEM,
			        "no memory for registers of the FPGA");
		(*table)[(address >> 10) % TABLE_PAGES] = page;
		memory->pages++;
	}
	uint32_t *word = &page[address % EMULATOR_MEMORY_PAGE_WORDS];
	*word = (*word & ~mask) | (value & mask);
	return HXCOMM_OK;
}

void emulator__memory_deinit(struct emulator_memory *memory)
{
	for (size_t i = 0; i < TABLES; i++) {
		if (!memory->tables[i])
			continue;
		for (size_t j = 0; j < TABLE_PAGES; j++)
			free(memory->tables[i][j]);
		free(memory->tables[i]);
		memory->tables[i] = NULL;
	}
	memory->pages = 0;
}

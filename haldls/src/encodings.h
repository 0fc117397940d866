// SPDX-License-Identifier: MIT
#ifndef HALDLS_ENCODINGS_H
#define HALDLS_ENCODINGS_H

/* The few fields of the register map that need more than bits moved about; the generator names
 * them, this is what they mean. Sources: spec/registers_chip.md 2 and 7,
 * spec/registers_fpga.json */

#include <hxcomm/error.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* "SynapseDriverConfig.recovery is 16, allowed are 0 to 15" */
int haldls__range_error(const char *field, long long value, long long min, long long max);
/* "CapMemBlock.capmem_cells[7] is 1024, allowed are 0 to 1023" */
int haldls__element_error(const char *field, size_t index, long long value, long long max);

enum { HALDLS__CAPMEM_COLUMNS = 130, HALDLS__CAPMEM_ROWS = 24, HALDLS__CAPMEM_ROW_BITS = 0xffffff };

/* The debug cell: its row one-hot from the top in word 0, its column in word 1; nothing without
 * the enable, which has no bit of its own. */
static inline uint32_t haldls__capmem_debug_row(bool enable, uint32_t cell)
{
	const uint32_t row = cell / HALDLS__CAPMEM_COLUMNS;
	return enable ? UINT32_C(1) << (HALDLS__CAPMEM_ROWS - 1 - row) : 0;
}

static inline uint32_t haldls__capmem_debug_column(bool enable, uint32_t cell)
{
	return enable ? cell % HALDLS__CAPMEM_COLUMNS : 0;
}

/* Returns nonzero where the words name no cell. */
static inline int haldls__capmem_debug_cell(uint32_t *out, uint32_t row_word, uint32_t column)
{
	*out = 0;
	row_word &= HALDLS__CAPMEM_ROW_BITS;
	if (!row_word)
		return 0;
	uint32_t highest = 31u - (uint32_t)__builtin_clz(row_word);
	if (column >= HALDLS__CAPMEM_COLUMNS)
		return 1;
	*out = (HALDLS__CAPMEM_ROWS - 1 - highest) * HALDLS__CAPMEM_COLUMNS + column;
	return 0;
}

/* Low six bits binary, the two upper ones as a thermometer in bits 6 to 8. */
static inline uint32_t haldls__thermometer_encode(uint32_t value)
{
	return (value & 63u) | ((1u << (value >> 6 & 3u)) - 1u) << 6;
}

static inline uint32_t haldls__thermometer_decode(uint32_t raw)
{
	uint32_t steps = raw >> 6 & 7u;
	uint32_t upper = steps & 4u ? 3 : steps & 2u ? 2 : steps & 1u ? 1 : 0;
	return (raw & 63u) | upper << 6;
}

static inline uint32_t haldls__gray_decode(uint32_t word)
{
	for (unsigned shift = 1; shift < 32; shift *= 2)
		word ^= word >> shift;
	return word;
}

static inline int32_t haldls__signed16(uint32_t raw)
{
	/* a sign with an empty magnitude is no number: the reference takes it for 0 */
	return raw == 0x8000u ? 0 : (int32_t)(int16_t)(uint16_t)raw;
}

/* Bit 15 is the sign, bits 11:0 the magnitude in two's complement. */
static inline int32_t haldls__signed13(uint32_t raw)
{
	return raw & 0x8000u ? -(int32_t)(~(raw - 1u) & 0xfffu) : (int32_t)(raw & 0xfffu);
}

/* The place of a number in the list of those that are stored; its length where it is not there. */
static inline uint32_t haldls__stored_find(const uint32_t *stored, uint32_t count, uint32_t raw)
{
	uint32_t i = 0;
	while (i < count && stored[i] != raw)
		i++;
	return i;
}

#endif

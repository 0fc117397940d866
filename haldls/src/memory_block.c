// SPDX-License-Identifier: MIT
#include <haldls/containers.h>
#include <haldls/memory_block.h>
#include <hxcomm/error.h>

#include <inttypes.h>

static const struct memory {
	const char *name;
	const struct haldls_container *quad;
} memories[HALDLS_MEMORIES] = {
	[HALDLS_MEMORY_EXTERNAL] = { "ExternalPPUMemoryBlock",
		&haldls_external_ppu_memory_quad_container },
	[HALDLS_MEMORY_EXTERNAL_DRAM] = { "ExternalPPUDRAMMemoryBlock",
		&haldls_external_ppu_dram_memory_quad_container },
};

static uint64_t bytes_of(enum haldls_memory memory)
{
	return UINT64_C(4) * memories[memory].quad->count;
}

const char *haldls_memory_block_name(enum haldls_memory memory)
{
	return (unsigned)memory < HALDLS_MEMORIES ? memories[memory].name : NULL;
}

uint64_t haldls_memory_block_count(enum haldls_memory memory)
{
	return (unsigned)memory < HALDLS_MEMORIES ? bytes_of(memory) * bytes_of(memory) : 0;
}

int haldls_memory_block_find(
	struct haldls_memory_block *out, enum haldls_memory memory, uint64_t number)
{
	if (number >= haldls_memory_block_count(memory))
		return hxcomm_error_set(HXCOMM_ERANGE,
			"there is no block %" PRIu64 " of memory %d: a block is "
			"its first byte times the memory's, plus its last",
			number, (int)memory);
	const struct haldls_memory_block block = { .memory = memory,
		.first = (uint32_t)(number / bytes_of(memory)),
		.last = (uint32_t)(number % bytes_of(memory)) };
	uint32_t words;
	const int status = haldls_memory_block_words(&words, &block);
	if (status == HXCOMM_OK)
		*out = block;
	return status;
}

int haldls_memory_block_words(uint32_t *out, const struct haldls_memory_block *block)
{
	if ((unsigned)block->memory >= HALDLS_MEMORIES)
		return hxcomm_error_set(HXCOMM_ERANGE, "there is no memory %d", (int)block->memory);
	const struct memory *memory = &memories[block->memory];
	if (block->first > block->last || block->last >= bytes_of(block->memory))
		return hxcomm_error_set(HXCOMM_ERANGE,
			"%s from byte %" PRIu32 " to %" PRIu32 ": bytes are 0 to %" PRIu64
			", the last one not before the first",
			memory->name, block->first, block->last, bytes_of(block->memory) - 1);
	*out = block->last / 4 - block->first / 4 + 1;
	return HXCOMM_OK;
}

int haldls_memory_block_encode(uint32_t *addresses, uint32_t *words, uint8_t *byte_enables,
	const struct haldls_memory_block *block, const uint8_t *bytes, size_t count)
{
	uint32_t quads;
	const int status = haldls_memory_block_words(&quads, block);
	if (status != HXCOMM_OK)
		return status;
	const size_t needed = (size_t)block->last - block->first + 1;
	if (count != needed)
		return hxcomm_error_set(HXCOMM_EINVAL,
			"%s from byte %" PRIu32 " to %" PRIu32 " needs %zu bytes, there are %zu",
			memories[block->memory].name, block->first, block->last, needed, count);
	for (uint32_t q = 0; q < quads; q++) {
		addresses[q] = memories[block->memory].quad->write_address(
			FISCH_OMNIBUS, block->first / 4 + q, 0);
		words[q] = 0;
		byte_enables[q] = 0;
	}
	for (size_t i = 0; i < count; i++) {
		const size_t place = block->first % 4 + i, lane = 3 - place % 4;
		words[place / 4] |= (uint32_t)bytes[i] << 8 * lane;
		byte_enables[place / 4] |= (uint8_t)(1u << lane);
	}
	return HXCOMM_OK;
}

int haldls_memory_block_decode(
	uint8_t *bytes, const struct haldls_memory_block *block, const uint32_t *words)
{
	uint32_t quads;
	const int status = haldls_memory_block_words(&quads, block);
	if (status != HXCOMM_OK)
		return status;
	for (size_t i = 0; i <= block->last - block->first; i++) {
		const size_t place = block->first % 4 + i;
		bytes[i] = (uint8_t)(words[place / 4] >> 8 * (3 - place % 4));
	}
	return HXCOMM_OK;
}

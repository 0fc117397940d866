// SPDX-License-Identifier: MIT
#ifndef HALDLS_MEMORY_BLOCK_H
#define HALDLS_MEMORY_BLOCK_H

/** @file
 *  @brief Bytes of the processors' memories at the FPGA, from a first to a last one.
 *  @defgroup haldls_memory_block Memory blocks
 *
 *  A block is an interval of bytes. Its words are the whole quads of four bytes that it touches; a
 *  write enables only the lanes of its own bytes, so that neighbours stay what they are. The first
 *  byte of a quad lies in the highest lane (source: spec/lola.md 6).
 *  Plain values: no ownership, no threads rule. @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which memory. */
enum haldls_memory {
	HALDLS_MEMORY_EXTERNAL,      /**< static memory, 131 072 bytes: ExternalPPUMemoryBlock */
	HALDLS_MEMORY_EXTERNAL_DRAM, /**< dynamic memory, 268 435 456 bytes:
	                                  ExternalPPUDRAMMemoryBlock */
};

/** Number of enum haldls_memory. */
enum { HALDLS_MEMORIES = 2 };

/** A block. */
struct haldls_memory_block {
	enum haldls_memory memory; /**< where */
	uint32_t first;            /**< its first byte, 0 … */
	uint32_t last;             /**< its last byte, first … bytes of the memory - 1 */
};

/** Name of a memory's blocks as a container.
 *  @param memory  which
 *  @return such as "ExternalPPUMemoryBlock", lent for ever; NULL where there is no such memory */
HXCOMM_API const char *haldls_memory_block_name(enum haldls_memory memory);

/** Number of different blocks of a memory: the square of its bytes.
 *  @param memory  which
 *  @return their number */
HXCOMM_API uint64_t haldls_memory_block_count(enum haldls_memory memory);

/** Make a block out of its number, bytes of the memory * first + last.
 *  @param[out] out  the block; unchanged after an error
 *  @param memory    where
 *  @param number    its number
 *  @retval 0              made
 *  @retval HXCOMM_ERANGE  the block ends before it begins, or behind the memory */
HXCOMM_API HXCOMM_NODISCARD int haldls_memory_block_find(struct haldls_memory_block *out,
        enum haldls_memory memory, uint64_t number);

/** Count the words of a block.
 *  @param[out] out  words, 1 …
 *  @param block     the block
 *  @retval 0              counted
 *  @retval HXCOMM_ERANGE  there is no such block */
HXCOMM_API HXCOMM_NODISCARD int haldls_memory_block_words(uint32_t *out,
        const struct haldls_memory_block *block);

/** Encode a block.
 *  @param[out] addresses     [haldls_memory_block_words()] omnibus addresses, those of a read, too
 *  @param[out] words         [haldls_memory_block_words()]
 *  @param[out] byte_enables  [haldls_memory_block_words()] lanes that are written, bit i for bits
 *                            8i+7:8i
 *  @param block              the block
 *  @param bytes              [count] its bytes
 *  @param count              last - first + 1
 *  @retval 0              encoded
 *  @retval HXCOMM_ERANGE  there is no such block
 *  @retval HXCOMM_EINVAL  @p count is another one */
HXCOMM_API HXCOMM_NODISCARD int haldls_memory_block_encode(uint32_t *addresses, uint32_t *words,
        uint8_t *byte_enables, const struct haldls_memory_block *block, const uint8_t *bytes,
        size_t count);

/** Decode a block.
 *  @param[out] bytes  [last - first + 1]
 *  @param block       the block
 *  @param words       [haldls_memory_block_words()] as they were read
 *  @retval 0              decoded
 *  @retval HXCOMM_ERANGE  there is no such block */
HXCOMM_API HXCOMM_NODISCARD int haldls_memory_block_decode(uint8_t *bytes,
        const struct haldls_memory_block *block, const uint32_t *words);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_CHIP_FILE_H
#define HALDLS_CHIP_FILE_H

/** @file
 *  @brief A chip's configuration as a file.
 *  @defgroup haldls_chip_file Saved chips
 *
 *  Two formats hold the same: a binary one, complete and compact, and JSON, which names only what
 *  differs from haldls_chip_init():
 *
 *      {"format":"bss-chip","version":1,
 *       "parts":{"NeuronConfig":{"17":{"enable_fire":true}},"CapMemCell":{"1040":{"value":512}}}}
 *
 *  Reading finds out which one it is. It is strict: what is truncated, foreign, newer or has a value
 *  out of range is refused with a message that names the place, and leaves the chip alone. Memories
 *  of processors are not saved (see haldls/chip.h). Safe on several threads for different chips.
 *  @{ */

#include <haldls/chip.h>
#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a chip is saved. */
enum haldls_chip_format {
	HALDLS_CHIP_BINARY,     /**< protobuf, compressed by zstd; some 10 to 200 kB */
	HALDLS_CHIP_BINARY_RAW, /**< protobuf, not compressed; about 345 kB */
	HALDLS_CHIP_JSON,       /**< JSON for people, fields by name */
};

/** The longest file or buffer that is read, in bytes. */
enum { HALDLS_CHIP_FILE_MAX = 1 << 26 };

/** Save a chip in memory.
 *  @param[out] out   [*size] the bytes, owned by the caller: give them to free(); NULL after an
 *                    error
 *  @param[out] size  their number
 *  @param chip       the chip
 *  @param format     how
 *  @retval 0              saved
 *  @retval HXCOMM_ERANGE  a field of the chip lies outside its range
 *  @retval HXCOMM_EINVAL  there is no such format
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_file_encode(uint8_t **out, size_t *size,
        const struct haldls_chip *chip, enum haldls_chip_format format);

/** Load a chip out of memory.
 *  @param[out] out  the chip; unchanged after an error
 *  @param bytes     [size] in any format
 *  @param size      their number
 *  @retval 0               loaded
 *  @retval HXCOMM_ECORRUPT it is no saved chip, truncated or damaged
 *  @retval HXCOMM_ENOTSUP  a newer version saved it
 *  @retval HXCOMM_EINVAL   a value has the wrong shape or type
 *  @retval HXCOMM_ENOENT   there is no such container or field
 *  @retval HXCOMM_ERANGE   a value lies outside its range
 *  @retval HXCOMM_ENOMEM   memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_file_decode(struct haldls_chip *out,
        const uint8_t *bytes, size_t size);

/** Save a chip as a file: at last it is there as a whole, or what was there before is.
 *  @param path    the file; "path.NUMBER.tmp" beside it is used on the way
 *  @param chip    the chip
 *  @param format  how
 *  @return as haldls_chip_file_encode(), and HXCOMM_EIO: the file cannot be written */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_file_write(const char *path,
        const struct haldls_chip *chip, enum haldls_chip_format format);

/** Load a chip from a file.
 *  @param[out] out  the chip; unchanged after an error
 *  @param path      the file, at most HALDLS_CHIP_FILE_MAX bytes
 *  @return as haldls_chip_file_decode(), and HXCOMM_EIO: the file cannot be read */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_file_read(struct haldls_chip *out,
        const char *path);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef FISCH_PROGRAM_FILE_H
#define FISCH_PROGRAM_FILE_H

/** @file
 *  @brief Programs saved and loaded.
 *  @defgroup fisch_program_file Saved programs
 *
 *  A saved program holds its words, its limit and the number of responses of each kind, so that
 *  tickets, which are plain data, hold for the loaded program too. The form is protobuf with a
 *  version.
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fisch_program;

/** Save to memory.
 *  @param[out] out   [*size] bytes, to be given to free(); NULL after an error
 *  @param[out] size  their number
 *  @param program    the program
 *  @retval 0              saved
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_encode(uint8_t **out, size_t *size,
        const struct fisch_program *program);

/** Load from memory. Any bytes may be given.
 *  @param[out] out  the program, owned by the caller; NULL after an error
 *  @param bytes     [size] saved program
 *  @param size      their number
 *  @retval 0                loaded
 *  @retval HXCOMM_ECORRUPT  no saved program, or a damaged one
 *  @retval HXCOMM_ENOTSUP   saved in a version that this library does not know
 *  @retval HXCOMM_ENOMEM    memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_decode(struct fisch_program **out,
        const uint8_t *bytes, size_t size);

/** Save to a file, which is replaced as a whole or not at all, see hxcomm_file_write().
 *  @param path     where
 *  @param program  the program
 *  @retval 0              saved
 *  @retval HXCOMM_EINVAL  the path is too long
 *  @retval HXCOMM_EIO     the operating system refused
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_write(const char *path,
        const struct fisch_program *program);

/** Load from a file.
 *  @param[out] out  the program, owned by the caller; NULL after an error
 *  @param path      a file or a pipe
 *  @retval HXCOMM_EIO  the operating system refused
 *  @return otherwise as fisch_program_decode() */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_read(struct fisch_program **out, const char *path);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

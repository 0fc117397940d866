// SPDX-License-Identifier: MIT
#ifndef HXCOMM_FILE_H
#define HXCOMM_FILE_H

/** @file
 *  @brief Files read and written as a whole.
 *  @defgroup hxcomm_file Files
 *
 *  For everything that is saved and loaded: who reads a file while it is written, or after its
 *  writer was killed or the disk was full, finds the old content or the new one, and nothing half
 *  done. Different threads may use different files at the same time.
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Write a file, or replace what it holds.
 *
 *  The bytes go into a new file beside it, "path.NUMBER.tmp", which then takes its place and its
 *  permissions; where the path is a symbolic link, that of the file behind it. A device or a pipe
 *  is written as it is.
 *  @param path   the file
 *  @param bytes  [size] what it will hold
 *  @param size   their number
 *  @retval 0              written, and on disk
 *  @retval HXCOMM_EINVAL  the path is longer than 4000 bytes
 *  @retval HXCOMM_EIO     the operating system refused; the file is as it was */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_file_write(const char *path, const uint8_t *bytes,
        size_t size);

/** Read a file, a device or a pipe to its end.
 *  @param[out] out   [*size] bytes and a zero behind them, to be given to free(); NULL after an
 *                    error
 *  @param[out] size  their number; 0 after an error
 *  @param path       the file
 *  @param most       most bytes that are read
 *  @retval 0              read
 *  @retval HXCOMM_ERANGE  it has more than @p most bytes
 *  @retval HXCOMM_EIO     the operating system refused
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_file_read(uint8_t **out, size_t *size, const char *path,
        size_t most);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#include "chip_file.h"

#include <haldls/chip_file.h>
#include <haldls/logical.h>
#include <hxcomm/error.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { TEMPORARY_MAX = 100, PATH_MAX_BYTES = 4096, READ_STEP = 1 << 16 };

const struct haldls_container *haldls__saved_container(size_t part)
{
	return part == HALDLS__SAVED_CELLS  ? &haldls_capmem_cell_container
	       : part == HALDLS__SAVED_ROWS ? &haldls_synapse_row_container
					    : haldls__chip_parts[part].container;
}

size_t haldls__saved_find(const char *name)
{
	size_t part = 0;
	while (part < HALDLS__SAVED_PARTS && strcmp(haldls__saved_container(part)->name, name) != 0)
		part++;
	return part;
}

int haldls__chip_version_error(long long version)
{
	return hxcomm_error_set(HXCOMM_ENOTSUP,
		"a chip saved in version %lld of the format, this library knows version %d: update "
		"it",
		version, (int)HALDLS__CHIP_VERSION);
}

int haldls_chip_file_encode(
	uint8_t **out, size_t *size, const struct haldls_chip *chip, enum haldls_chip_format format)
{
	*out = NULL;
	*size = 0;
	switch (format) {
	case HALDLS_CHIP_BINARY:
	case HALDLS_CHIP_BINARY_RAW:
		return haldls__chip_binary_encode(out, size, chip, format == HALDLS_CHIP_BINARY);
	case HALDLS_CHIP_JSON:
		return haldls__chip_json_encode(out, size, chip);
	default:
		return hxcomm_error_set(HXCOMM_EINVAL,
			"format %d is unknown: take one of enum haldls_chip_format", (int)format);
	}
}

static bool is_json(const uint8_t *bytes, size_t size)
{
	size_t i = 0;
	while (i < size &&
		(bytes[i] == ' ' || bytes[i] == '\t' || bytes[i] == '\n' || bytes[i] == '\r'))
		i++;
	return i < size && bytes[i] == '{';
}

int haldls_chip_file_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size)
{
	if (size > HALDLS_CHIP_FILE_MAX)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
			"%zu bytes are no saved chip: at most %d are read", size,
			(int)HALDLS_CHIP_FILE_MAX);
	struct haldls_chip *chip = malloc(sizeof(*chip));
	if (!chip)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	const int status = is_json(bytes, size) ? haldls__chip_json_decode(chip, bytes, size)
						: haldls__chip_binary_decode(chip, bytes, size);
	if (status == HXCOMM_OK)
		*out = *chip;
	free(chip);
	return status;
}

/* ---- files ----------------------------------------------------------------------------------- */

static int io_error(const char *path, const char *what)
{
	return hxcomm_error_set(HXCOMM_EIO, "'%s' cannot be %s: %s", path, what, strerror(errno));
}

/* A new file beside the one that is meant. */
static int open_temporary(int *out, char name[PATH_MAX_BYTES], const char *path)
{
	for (int n = 0; n < TEMPORARY_MAX; n++) {
		const int length =
			snprintf(name, PATH_MAX_BYTES, "%s.%ld-%d.tmp", path, (long)getpid(), n);
		if (length < 0 || length >= PATH_MAX_BYTES)
			return hxcomm_error_set(HXCOMM_EINVAL,
				"the path of a file is longer than %d bytes",
				(int)PATH_MAX_BYTES - 32);
		*out = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (*out >= 0)
			return HXCOMM_OK;
		if (errno != EEXIST)
			break;
	}
	return io_error(path, "written");
}

static bool write_all(int file, const uint8_t *bytes, size_t size)
{
	while (size) {
		const ssize_t written = write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return fsync(file) == 0;
}

static int replace_file(const char *path, const uint8_t *bytes, size_t size)
{
	char name[PATH_MAX_BYTES];
	int file = -1;
	const int status = open_temporary(&file, name, path);
	if (status != HXCOMM_OK)
		return status;
	const bool written = write_all(file, bytes, size);
	const int error = errno;
	const bool closed = close(file) == 0;
	if (written && closed && rename(name, path) == 0)
		return HXCOMM_OK;
	errno = written ? errno : error;
	(void)io_error(path, "written");
	(void)unlink(name);
	return HXCOMM_EIO;
}

int haldls_chip_file_write(
	const char *path, const struct haldls_chip *chip, enum haldls_chip_format format)
{
	uint8_t *bytes;
	size_t size;
	int status = haldls_chip_file_encode(&bytes, &size, chip, format);
	if (status == HXCOMM_OK)
		status = replace_file(path, bytes, size);
	free(bytes);
	return status;
}

/* All bytes of a file that may be a pipe. */
static int read_all(uint8_t **out, size_t *size, FILE *file, const char *path)
{
	uint8_t *bytes = NULL;
	size_t length = 0, capacity = 0;
	for (;;) {
		if (length == capacity) {
			capacity = capacity ? 2 * capacity : READ_STEP;
			uint8_t *more = capacity > 2 * (size_t)HALDLS_CHIP_FILE_MAX
						? NULL
						: realloc(bytes, capacity);
			if (!more) {
				free(bytes);
				return length > HALDLS_CHIP_FILE_MAX
					       ? hxcomm_error_set(HXCOMM_ECORRUPT,
							 "'%s' is no saved chip: it has more than "
							 "%d bytes",
							 path, (int)HALDLS_CHIP_FILE_MAX)
					       : hxcomm_error_set(
							 HXCOMM_ENOMEM, "no memory for '%s'", path);
			}
			bytes = more;
		}
		const size_t got = fread(bytes + length, 1, capacity - length, file);
		length += got;
		if (!got)
			break;
	}
	if (ferror(file)) {
		free(bytes);
		return io_error(path, "read");
	}
	*out = bytes;
	*size = length;
	return HXCOMM_OK;
}

int haldls_chip_file_read(struct haldls_chip *out, const char *path)
{
	uint8_t *bytes = NULL;
	size_t size = 0;
	FILE *file = fopen(path, "rb");
	if (!file)
		return io_error(path, "opened");
	int status = read_all(&bytes, &size, file, path);
	(void)fclose(file);
	if (status != HXCOMM_OK)
		return status;
	status = haldls_chip_file_decode(out, bytes, size);
	free(bytes);
	return status == HXCOMM_OK ? status : hxcomm_error_wrap(status, "'%s'", path);
}

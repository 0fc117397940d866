// SPDX-License-Identifier: MIT
#include "chip_file.h"

#include <haldls/chip_file.h>
#include <haldls/logical.h>
#include <hxcomm/error.h>
#include <hxcomm/file.h>

#include <stdlib.h>
#include <string.h>

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

int haldls_chip_file_write(
	const char *path, const struct haldls_chip *chip, enum haldls_chip_format format)
{
	uint8_t *bytes;
	size_t size;
	int status = haldls_chip_file_encode(&bytes, &size, chip, format);
	if (status == HXCOMM_OK)
		status = hxcomm_file_write(path, bytes, size);
	free(bytes);
	return status;
}

int haldls_chip_file_read(struct haldls_chip *out, const char *path)
{
	uint8_t *bytes;
	size_t size;
	int status = hxcomm_file_read(&bytes, &size, path, HALDLS_CHIP_FILE_MAX);
	if (status == HXCOMM_ERANGE)
		return hxcomm_error_wrap(HXCOMM_ECORRUPT, "no saved chip");
	if (status != HXCOMM_OK)
		return status;
	status = haldls_chip_file_decode(out, bytes, size);
	free(bytes);
	return status == HXCOMM_OK ? status : hxcomm_error_wrap(status, "'%s'", path);
}

// SPDX-License-Identifier: MIT
/* A saved chip is a list of parts: register words of all elements of a container. Cells of the
 * capacitive memory and rows of synapses are parts like the others. */
#include "chip_file.h"
#include "saved_chip.pb-c.h"

#include <haldls/logical.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

enum {
	COMPRESSION_NONE = 0,
	COMPRESSION_ZSTD = 1,
	LEVEL = 3,
	WORD_BYTES = 4,
	PAYLOAD_MAX = 1 << 22,
	ELEMENT_WORDS_MAX = 128,
};

static size_t part_bytes(size_t part)
{
	const struct haldls_container *c = haldls__saved_container(part);
	return (size_t)c->count * c->write_words * WORD_BYTES;
}

static void put_words(uint8_t *out, const uint32_t *words, uint32_t count)
{
	for (uint32_t w = 0; w < count; w++)
		for (unsigned b = 0; b < WORD_BYTES; b++)
			out[w * WORD_BYTES + b] = (uint8_t)(words[w] >> 8 * b);
}

static void get_words(uint32_t *words, const uint8_t *bytes, uint32_t count)
{
	for (uint32_t w = 0; w < count; w++) {
		words[w] = 0;
		for (unsigned b = 0; b < WORD_BYTES; b++)
			words[w] |= (uint32_t)bytes[w * WORD_BYTES + b] << 8 * b;
	}
}

/* ---- saving ---------------------------------------------------------------------------------- */

static int encode_element(
	uint32_t *words, const struct haldls_chip *chip, size_t part, uint32_t element)
{
	if (part == HALDLS__SAVED_ROWS)
		return haldls__chip_encode_row(words, chip, element);
	if (part == HALDLS__SAVED_CELLS) {
		const struct haldls_capmem_cell cell = { .value = chip->capmem[element] };
		return haldls_capmem_cell_encode(words, &cell);
	}
	const struct haldls__chip_part *p = &haldls__chip_parts[part];
	return p->container->encode(
		words, (const char *)chip + p->offset + element * p->container->size);
}

static int encode_part(Bss__Haldls__SavedPart *out, const struct haldls_chip *chip, size_t part)
{
	const struct haldls_container *c = haldls__saved_container(part);
	uint32_t words[ELEMENT_WORDS_MAX];
	bss__haldls__saved_part__init(out);
	out->container = (char *)c->name;
	out->count = c->count;
	out->words = c->write_words;
	out->data.data = malloc(part_bytes(part));
	out->data.len = part_bytes(part);
	if (!out->data.data)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %s", c->name);
	uint8_t *at = out->data.data;
	for (uint32_t e = 0; e < c->count; e++, at += c->write_words * WORD_BYTES) {
		const int status = encode_element(words, chip, part, e);
		if (status)
			return haldls__chip_part_error(status, c, e);
		put_words(at, words, c->write_words);
	}
	return HXCOMM_OK;
}

static int pack_file(uint8_t **out, size_t *size, uint8_t *payload, size_t payload_size,
	size_t bytes, uint32_t compression)
{
	Bss__Haldls__SavedChip file = BSS__HALDLS__SAVED_CHIP__INIT;
	file.format = (char *)HALDLS__CHIP_FORMAT;
	file.version = HALDLS__CHIP_VERSION;
	file.compression = compression;
	file.bytes = bytes;
	file.payload.data = payload;
	file.payload.len = payload_size;
	*size = bss__haldls__saved_chip__get_packed_size(&file);
	*out = malloc(*size);
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a saved chip");
	(void)bss__haldls__saved_chip__pack(&file, *out);
	return HXCOMM_OK;
}

static int compress_file(uint8_t **out, size_t *size, const uint8_t *plain, size_t bytes)
{
	const size_t room = ZSTD_compressBound(bytes);
	uint8_t *payload = malloc(room);
	ZSTD_CCtx *context = ZSTD_createCCtx();
	int status = HXCOMM_ENOMEM;
	if (payload && context) {
		(void)ZSTD_CCtx_setParameter(context, ZSTD_c_compressionLevel, LEVEL);
		(void)ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, 1);
		const size_t length = ZSTD_compress2(context, payload, room, plain, bytes);
		if (!ZSTD_isError(length))
			status = pack_file(out, size, payload, length, bytes, COMPRESSION_ZSTD);
	}
	if (status != HXCOMM_OK)
		(void)hxcomm_error_set(status, "no memory to compress a chip");
	ZSTD_freeCCtx(context);
	free(payload);
	return status;
}

static int pack_parts(
	uint8_t **out, size_t *size, const Bss__Haldls__SavedParts *parts, bool compress)
{
	const size_t bytes = bss__haldls__saved_parts__get_packed_size(parts);
	uint8_t *plain = malloc(bytes);
	if (!plain)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a saved chip");
	(void)bss__haldls__saved_parts__pack(parts, plain);
	const int status = compress ? compress_file(out, size, plain, bytes)
				    : pack_file(out, size, plain, bytes, bytes, COMPRESSION_NONE);
	free(plain);
	return status;
}

int haldls__chip_binary_encode(
	uint8_t **out, size_t *size, const struct haldls_chip *chip, bool compress)
{
	Bss__Haldls__SavedPart parts[HALDLS__SAVED_PARTS];
	Bss__Haldls__SavedPart *list[HALDLS__SAVED_PARTS];
	Bss__Haldls__SavedParts all = BSS__HALDLS__SAVED_PARTS__INIT;
	int status = HXCOMM_OK;
	size_t count = 0;
	while (count < HALDLS__SAVED_PARTS && status == HXCOMM_OK) {
		status = encode_part(&parts[count], chip, count);
		list[count] = &parts[count];
		count++;
	}
	all.parts = list;
	all.n_parts = count;
	if (status == HXCOMM_OK)
		status = pack_parts(out, size, &all, compress);
	while (count--)
		free(parts[count].data.data);
	return status;
}

/* ---- loading --------------------------------------------------------------------------------- */

static int damaged(const char *what)
{
	return hxcomm_error_set(
		HXCOMM_ECORRUPT, "this is no saved chip, or a damaged one: %s", what);
}

static int decode_element(
	struct haldls_chip *out, size_t part, uint32_t element, const uint32_t *words)
{
	if (part == HALDLS__SAVED_ROWS) {
		haldls__chip_decode_row(out, element, words);
		return HXCOMM_OK;
	}
	if (part == HALDLS__SAVED_CELLS) {
		struct haldls_capmem_cell cell;
		const int status = haldls_capmem_cell_decode(&cell, words);
		out->capmem[element] = status ? 0 : (uint16_t)cell.value;
		return status;
	}
	const struct haldls__chip_part *p = &haldls__chip_parts[part];
	return p->container->decode((char *)out + p->offset + element * p->container->size, words);
}

static int decode_part(struct haldls_chip *out, bool found[HALDLS__SAVED_PARTS],
	const Bss__Haldls__SavedPart *saved)
{
	uint32_t words[ELEMENT_WORDS_MAX];
	const size_t part = haldls__saved_find(saved->container);
	if (part == HALDLS__SAVED_PARTS)
		return hxcomm_error_set(HXCOMM_ENOENT,
			"the saved chip has a part '%.60s', which this library does not know: "
			"update it",
			saved->container);
	const struct haldls_container *c = haldls__saved_container(part);
	if (found[part])
		return hxcomm_error_set(
			HXCOMM_ECORRUPT, "the saved chip has the part %s twice", c->name);
	if (saved->count != c->count || saved->words != c->write_words ||
		saved->data.len != part_bytes(part))
		return hxcomm_error_set(HXCOMM_ECORRUPT,
			"the saved chip has %" PRIu32 " %s of %" PRIu32
			" words in %zu bytes, a chip has "
			"%" PRIu32 " of %" PRIu32,
			saved->count, c->name, saved->words, saved->data.len, c->count,
			c->write_words);
	found[part] = true;
	const uint8_t *at = saved->data.data;
	for (uint32_t e = 0; e < c->count; e++, at += c->write_words * WORD_BYTES) {
		get_words(words, at, c->write_words);
		const int status = decode_element(out, part, e, words);
		if (status)
			return haldls__chip_part_error(status, c, e);
	}
	return HXCOMM_OK;
}

static int decode_parts(struct haldls_chip *out, const uint8_t *bytes, size_t size)
{
	bool found[HALDLS__SAVED_PARTS] = { false };
	int status = HXCOMM_OK;
	Bss__Haldls__SavedParts *parts = bss__haldls__saved_parts__unpack(NULL, size, bytes);
	if (!parts)
		return damaged("its parts cannot be read");
	memset(out, 0, sizeof(*out));
	for (size_t i = 0; i < parts->n_parts && status == HXCOMM_OK; i++)
		status = decode_part(out, found, parts->parts[i]);
	for (size_t p = 0; p < HALDLS__SAVED_PARTS && status == HXCOMM_OK; p++)
		if (!found[p])
			status = hxcomm_error_set(HXCOMM_ECORRUPT,
				"the saved chip lacks the part %s",
				haldls__saved_container(p)->name);
	bss__haldls__saved_parts__free_unpacked(parts, NULL);
	return status;
}

static int decode_payload(struct haldls_chip *out, const Bss__Haldls__SavedChip *file)
{
	if (file->bytes > PAYLOAD_MAX)
		return damaged("it claims to be larger than any chip");
	if (file->compression == COMPRESSION_NONE)
		return file->bytes == file->payload.len
			       ? decode_parts(out, file->payload.data, file->payload.len)
			       : damaged("its length is another one");
	if (file->compression != COMPRESSION_ZSTD)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
			"the saved chip is compressed by method %" PRIu32
			", this library knows 0 and 1: update it",
			file->compression);
	const size_t room = (size_t)file->bytes;
	uint8_t *plain = malloc(room + 1);
	if (!plain)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a saved chip");
	const size_t length = ZSTD_decompress(plain, room, file->payload.data, file->payload.len);
	const int status = ZSTD_isError(length) || length != room
				   ? damaged("it cannot be decompressed")
				   : decode_parts(out, plain, room);
	free(plain);
	return status;
}

int haldls__chip_binary_decode(struct haldls_chip *out, const uint8_t *bytes, size_t size)
{
	int status;
	/* the field number and the length of the name of the format */
	static const uint8_t begin[] = "\x0a\x08" HALDLS__CHIP_FORMAT;
	if (size < sizeof(begin) - 1 || memcmp(bytes, begin, sizeof(begin) - 1) != 0)
		return damaged("it does not begin as one, neither binary nor JSON");
	Bss__Haldls__SavedChip *file = bss__haldls__saved_chip__unpack(NULL, size, bytes);
	if (!file)
		return damaged("it is truncated");
	if (strcmp(file->format, HALDLS__CHIP_FORMAT) != 0)
		status = damaged("it has another name at its end");
	else if (file->version != HALDLS__CHIP_VERSION)
		status = haldls__chip_version_error(file->version);
	else
		status = decode_payload(out, file);
	bss__haldls__saved_chip__free_unpacked(file, NULL);
	return status;
}

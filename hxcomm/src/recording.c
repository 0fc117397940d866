// SPDX-License-Identifier: MIT
#include "recording.h"

#include <hxcomm/error.h>

#include "recording.pb-c.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { HEAD_BYTES = 8, MAGIC_BYTES = 8 };

static const uint8_t magic[MAGIC_BYTES] = { 0x89, 'H', 'X', 'R', 'E', 'C', '\r', '\n' };

static void store32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> 8 * i);
}

static uint32_t load32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
	       (uint32_t)bytes[3] << 24;
}

/* ---- writing -------------------------------------------------------------------------------- */

static int write_piece(FILE *file, const ProtobufCMessage *message)
{
	uint8_t bytes[HEAD_BYTES + 8 * RECORDING_WORDS + 4 * RECORDING_TEXT_MAX];
	const size_t size = protobuf_c_message_get_packed_size(message);
	if (size > sizeof(bytes) - HEAD_BYTES)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "a piece of a recording has %zu bytes, at most %zu",
		        size, sizeof(bytes) - HEAD_BYTES);
	protobuf_c_message_pack(message, bytes + HEAD_BYTES);
	store32(bytes, (uint32_t)size);
	store32(bytes + 4, (uint32_t)crc32(0, bytes + HEAD_BYTES, (uInt)size));
	if (fwrite(bytes, HEAD_BYTES + size, 1, file) != 1)
		return hxcomm_error_set(HXCOMM_EIO,
		        "a recording cannot be written: %s", strerror(errno));
	return HXCOMM_OK;
}

int hxcomm__recording_begin(FILE *file, const char *identifier, const char *scheme)
{
	Hxcomm__RecordingHeader header = HXCOMM__RECORDING_HEADER__INIT;
	header.version = RECORDING_VERSION;
	header.identifier = (char *)(uintptr_t)identifier;
	header.scheme = (char *)(uintptr_t)scheme;
	if (fwrite(magic, sizeof(magic), 1, file) != 1)
		return hxcomm_error_set(HXCOMM_EIO,
		        "a recording cannot be written: %s", strerror(errno));
	const int status = write_piece(file, &header.base);
	if (status == HXCOMM_OK && fflush(file))
		return hxcomm_error_set(HXCOMM_EIO,
		        "a recording cannot be written: %s", strerror(errno));
	return status;
}

int hxcomm__recording_write(FILE *file, const struct recording_entry *entry)
{
	Hxcomm__RecordingEntry out = HXCOMM__RECORDING_ENTRY__INIT;
	size_t done = 0;
	int status;
	out.kind = (Hxcomm__RecordingEntry__Kind)entry->kind;
	out.status = entry->status;
	if (entry->message)
		out.message = (char *)(uintptr_t)entry->message;
	do {
		const size_t left = entry->count - done;
		out.n_words = left < RECORDING_WORDS ? left : RECORDING_WORDS;
		out.words = (uint64_t *)(uintptr_t)(entry->words ? entry->words + done : NULL);
		status = write_piece(file, &out.base);
		done += out.n_words;
	} while (status == HXCOMM_OK && done < entry->count);
	/* what one run was is safe on disk before the next begins */
	if (status == HXCOMM_OK && entry->kind == RECORDING_END && fflush(file))
		status = hxcomm_error_set(HXCOMM_EIO, "a recording cannot be written: %s",
		        strerror(errno));
	return status;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Tells a lack of memory from damage. */
static void *allocate(void *failed, size_t size)
{
	void *memory = malloc(size);
	if (!memory)
		*(bool *)failed = true;
	return memory;
}

static void release(void *failed, void *memory)
{
	(void)failed;
	free(memory);
}

static int no_message(bool failed, const char *what)
{
	return failed ? hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a recording") :
	                hxcomm_error_set(HXCOMM_ECORRUPT,
	                        "the recording is damaged: %s makes no sense", what);
}

static int cut_off(void)
{
	return hxcomm_error_set(HXCOMM_ECORRUPT,
	        "the recording is cut off in the middle of an entry: its program was killed while "
	        "it wrote, or the file was not copied whole");
}

/* The bytes of the next piece are put into reader->bytes. 1, 0 at the end, or an error. */
static int read_piece(size_t *size, struct recording_reader *reader)
{
	uint8_t head[HEAD_BYTES];
	const size_t got = fread(head, 1, sizeof(head), reader->file);
	if (ferror(reader->file))
		return hxcomm_error_set(HXCOMM_EIO,
		        "a recording cannot be read: %s", strerror(errno));
	if (got == 0)
		return 0;
	if (got < sizeof(head))
		return cut_off();
	*size = load32(head);
	if (*size > RECORDING_PIECE_MAX)
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "the recording is damaged: an entry of %zu bytes, at most %d", *size,
		        RECORDING_PIECE_MAX);
	if (fread(reader->bytes, 1, *size, reader->file) != *size)
		return cut_off();
	if ((uint32_t)crc32(0, reader->bytes, (uInt)*size) != load32(head + 4))
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "the recording is damaged: a checksum differs from that of its entry");
	return 1;
}

static int read_header(struct recording_reader *reader)
{
	uint8_t begin[MAGIC_BYTES];
	size_t size = 0;
	if (fread(begin, 1, sizeof(begin), reader->file) != sizeof(begin) ||
	        memcmp(begin, magic, sizeof(magic)))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "this file is no recording: one is made by record:FILE,ADDRESS");
	const int there = read_piece(&size, reader);
	if (there <= 0)
		return there < 0 ? there : cut_off();
	bool failed = false;
	ProtobufCAllocator allocator = { allocate, release, &failed };
	Hxcomm__RecordingHeader *header =
	        hxcomm__recording_header__unpack(&allocator, size, reader->bytes);
	if (!header)
		return no_message(failed, "its header");
	int status = HXCOMM_OK;
	if (header->version > RECORDING_VERSION)
		status = hxcomm_error_set(HXCOMM_ENOTSUP,
		        "the recording has version %u, this library reads up to %d: update it",
		        header->version, RECORDING_VERSION);
	else
		snprintf(reader->identifier, sizeof(reader->identifier), "%s", header->identifier);
	hxcomm__recording_header__free_unpacked(header, NULL);
	return status;
}

int hxcomm__recording_open(struct recording_reader *out, FILE *file)
{
	*out = (struct recording_reader){ .file = file, .bytes = malloc(RECORDING_PIECE_MAX) };
	const int status = out->bytes ? read_header(out) :
	                                hxcomm_error_set(HXCOMM_ENOMEM,
	                                        "no memory for a recording");
	if (status != HXCOMM_OK)
		hxcomm__recording_close(out);
	return status;
}

int hxcomm__recording_read(struct recording_entry *out, struct recording_reader *reader)
{
	size_t size = 0;
	const int there = read_piece(&size, reader);
	if (there <= 0)
		return there;
	if (reader->message)
		hxcomm__recording_entry__free_unpacked(reader->message, NULL);
	bool failed = false;
	ProtobufCAllocator allocator = { allocate, release, &failed };
	reader->message = hxcomm__recording_entry__unpack(&allocator, size, reader->bytes);
	const Hxcomm__RecordingEntry *entry = reader->message;
	if (!entry)
		return no_message(failed, "an entry");
	if ((int)entry->kind < RECORDING_BEGIN || (int)entry->kind > RECORDING_END ||
	        entry->status > 0 ||
	        (entry->kind != HXCOMM__RECORDING_ENTRY__KIND__END && entry->status))
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "the recording is damaged: an entry of kind %d with status %d",
		        (int)entry->kind, entry->status);
	*out = (struct recording_entry){ (enum recording_kind)entry->kind, entry->words,
		entry->n_words, entry->status, entry->message };
	return 1;
}

void hxcomm__recording_close(struct recording_reader *reader)
{
	if (reader->message)
		hxcomm__recording_entry__free_unpacked(reader->message, NULL);
	free(reader->bytes);
	fclose(reader->file);
	*reader = (struct recording_reader){ .file = NULL };
}

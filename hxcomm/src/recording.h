// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_RECORDING_H
#define HXCOMM_SRC_RECORDING_H

/* Files of recordings: pieces in a row, so that whatever was written before a crash can be read.
 *
 *     magic, 8 bytes | size, 4 bytes | CRC-32, 4 bytes | RecordingHeader | size | CRC-32 | entry |
 *     ...
 *
 * Numbers are little-endian. The checksum is that of the bytes of the message. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
	RECORDING_VERSION = 1,
	RECORDING_WORDS = 4096,       /* most words of an entry that is written */
	RECORDING_PIECE_MAX = 1 << 20, /* most bytes of a message that is read */
	RECORDING_TEXT_MAX = 511,
};

enum recording_kind {
	RECORDING_BEGIN = 1,
	RECORDING_SENT,
	RECORDING_RECEIVED,
	RECORDING_END,
};

struct recording_entry {
	enum recording_kind kind;
	const uint64_t *words; /* [count], lent until the next entry is read */
	size_t count;
	int status;
	const char *message; /* lent, too */
};

/* Write magic and header. */
int hxcomm__recording_begin(FILE *file, const char *identifier, const char *scheme);

/* Write an entry; words in as many as it takes. */
int hxcomm__recording_write(FILE *file, const struct recording_entry *entry);

/* Reads entries. */
struct recording_reader {
	FILE *file; /* owned */
	char identifier[RECORDING_TEXT_MAX + 1];
	void *message; /* of the last entry */
	uint8_t *bytes; /* [RECORDING_PIECE_MAX] */
};

/* Take a file and read its header. The file is closed also after an error. */
int hxcomm__recording_open(struct recording_reader *out, FILE *file);

/* 1 where there is an entry, 0 at the end of the file, or an error: HXCOMM_ECORRUPT. */
int hxcomm__recording_read(struct recording_entry *out, struct recording_reader *reader);

void hxcomm__recording_close(struct recording_reader *reader);

#endif

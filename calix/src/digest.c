// SPDX-License-Identifier: MIT
/* Values into SHA-256, in a form that does not depend on how SQLite lays them out. */
#include "digest.h"

#include <string.h>

static void put_word(struct calix__digest *digest, uint64_t value)
{
	uint8_t bytes[8];
	for (unsigned i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)(value >> (8 * i));
	sha256_update(&digest->context, sizeof(bytes), bytes);
}

static void put(struct calix__digest *digest, char type, const void *bytes, size_t count)
{
	sha256_update(&digest->context, 1, (const uint8_t *)&type);
	put_word(digest, count);
	if (count)
		sha256_update(&digest->context, count, bytes);
}

void calix__digest_init(struct calix__digest *digest)
{
	sha256_init(&digest->context);
}

void calix__digest_number(struct calix__digest *digest, int64_t value)
{
	put(digest, 'i', NULL, 0);
	put_word(digest, (uint64_t)value);
}

void calix__digest_text(struct calix__digest *digest, const char *text)
{
	put(digest, 't', text, strlen(text));
}

void calix__digest_bytes(struct calix__digest *digest, const void *bytes, size_t count)
{
	put(digest, bytes ? 'b' : 'n', bytes, bytes ? count : 0);
}

void calix__digest_row(struct calix__digest *digest, sqlite3_stmt *row)
{
	for (int i = 0; i < sqlite3_column_count(row); i++) {
		const int type = sqlite3_column_type(row, i);
		if (type == SQLITE_INTEGER) {
			calix__digest_number(digest, sqlite3_column_int64(row, i));
		} else if (type == SQLITE_FLOAT) {
			const double value = sqlite3_column_double(row, i);
			uint64_t bits;
			memcpy(&bits, &value, sizeof(bits));
			put(digest, 'f', NULL, 0);
			put_word(digest, bits);
		} else if (type == SQLITE_NULL) {
			put(digest, 'n', NULL, 0);
		} else {
			const void *bytes = sqlite3_column_blob(row, i);
			const size_t count = (size_t)sqlite3_column_bytes(row, i);
			put(digest, type == SQLITE_TEXT ? 't' : 'b', bytes, bytes ? count : 0);
		}
	}
}

void calix__digest_finish(uint8_t out[CALIX__DIGEST_BYTES], struct calix__digest *digest)
{
	sha256_digest(&digest->context, CALIX__DIGEST_BYTES, out);
}

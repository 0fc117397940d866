// SPDX-License-Identifier: MIT
#ifndef CALIX_DIGEST_H
#define CALIX_DIGEST_H

#include <nettle/sha2.h>
#include <sqlite3.h>
#include <stddef.h>
#include <stdint.h>

enum { CALIX__DIGEST_BYTES = SHA256_DIGEST_SIZE };

/* SHA-256 over a list of typed values. Each value goes in as its type, its length and its bytes, so
 * that no two different lists have the same stream. */
struct calix__digest {
	struct sha256_ctx context;
};

void calix__digest_init(struct calix__digest *digest);
void calix__digest_number(struct calix__digest *digest, int64_t value);
void calix__digest_text(struct calix__digest *digest, const char *text);
void calix__digest_bytes(struct calix__digest *digest, const void *bytes, size_t count); /* NULL = absent */

/* All columns of the row that a statement stands on. */
void calix__digest_row(struct calix__digest *digest, sqlite3_stmt *row);

void calix__digest_finish(uint8_t out[CALIX__DIGEST_BYTES], struct calix__digest *digest);

#endif

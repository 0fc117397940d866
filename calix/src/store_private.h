// SPDX-License-Identifier: MIT
#ifndef CALIX_STORE_PRIVATE_H
#define CALIX_STORE_PRIVATE_H

#include <calix/store.h>
#include "digest.h"

#include <sqlite3.h>

enum { CALIX__FORMAT = 1 /* of the arrays of a kind; part of key_hash */ };

struct calix_store {
	sqlite3 *db;
	char *path;
	bool read_only;
	bool newer; /* of a later version than this library knows */
};

/* ---- store.c: SQLite's ways in the house's words --------------------------------------------- */

/* Record what SQLite said while `doing`; returns the house's code. */
int calix__store_error(const struct calix_store *store, int result, const char *doing);

/* Record damage; `what` names the first thing that is wrong. */
int calix__store_damaged(const struct calix_store *store, const char *what);

int calix__prepare(sqlite3_stmt **out, const struct calix_store *store, const char *sql);

/* 1 on a row, 0 at the end, or a code of the house. */
int calix__step(const struct calix_store *store, sqlite3_stmt *statement, const char *doing);

int calix__execute(const struct calix_store *store, const char *sql, const char *doing);

/* A number out of the first column of the first row. */
int calix__read_number(int64_t *out, const struct calix_store *store, const char *sql,
        const char *doing);

/* End a transaction: commit when status is 0, roll back otherwise; returns the status. */
int calix__finish(const struct calix_store *store, int status, const char *doing);

int64_t calix__now_ms(void);

/* ---- store_verify.c: hashes ------------------------------------------------------------------ */

/* Hash of the layout (all CREATE statements). */
int calix__layout_digest(uint8_t out[CALIX__DIGEST_BYTES], const struct calix_store *store);

/* Hash of one array. */
void calix__array_digest(uint8_t out[CALIX__DIGEST_BYTES], const char *name, const void *data,
        size_t data_bytes, const void *success, size_t success_bytes);

/* Hash of a result: all that its run row says, its arrays' hashes and its metrics. */
int calix__payload_digest(uint8_t out[CALIX__DIGEST_BYTES], const struct calix_store *store,
        int64_t result_id, int64_t run_id, int64_t created, int64_t total, int64_t success);

/* Hash of kind, format, target and options. */
void calix__key_digest(uint8_t out[CALIX__DIGEST_BYTES], const char *kind, const char *target,
        const char *options);

/* One link of the chain of verdicts, appended in the transaction that is open. */
int calix__verdict_insert(const struct calix_store *store, int64_t result_id, bool valid,
        const char *reason, const char *actor);

/* The stored hash of a result against its rows. */
int calix__result_verify(const struct calix_store *store, int64_t result_id);

/* The layout against the migration table. */
int calix__layout_verify(const struct calix_store *store);

/* Everything that calix_store_verify() promises. */
int calix__store_verify(const struct calix_store *store);

/* SQLite's quick check only. */
int calix__quick_check(const struct calix_store *store);

/* ---- store_insert.c: how values lie in the file ---------------------------------------------- */

const char *calix__parameter_dtype(const struct calix_parameter *parameter); /* "u8" … "i32" */
size_t calix__parameter_width(const struct calix_parameter *parameter);      /* bytes of a value */

/* ---- store_find.c ---------------------------------------------------------------------------- */

/* Arrays and metrics of a result, every hash, length and range checked. */
int calix__result_load(struct calix_result **out, const struct calix_store *store, int64_t result_id);

#endif

// SPDX-License-Identifier: MIT
/* Everything that decides which result is found, or what is in it, is under a hash:
 *   layout   all CREATE statements, kept in the migration table
 *   array    name, values, success
 *   payload  the run's row with chip, kind and software; the arrays' hashes; the metrics
 *   seal     a chain over all verdicts, each with its result's payload
 * A single flipped byte anywhere is thus seen by SQLite's integrity check or by a hash. */
#include "store_private.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <string.h>

static bool column_equals(sqlite3_stmt *row, int column, const uint8_t digest[CALIX__DIGEST_BYTES])
{
	return sqlite3_column_bytes(row, column) == CALIX__DIGEST_BYTES &&
	       !memcmp(sqlite3_column_blob(row, column), digest, CALIX__DIGEST_BYTES);
}

/* Put every row of a statement into a digest, and end the statement. */
static int digest_rows(struct calix__digest *digest, const struct calix_store *store,
        sqlite3_stmt *statement, size_t *count)
{
	int status;
	*count = 0;
	while ((status = calix__step(store, statement, "reading for a hash")) == 1) {
		calix__digest_row(digest, statement);
		++*count;
	}
	sqlite3_finalize(statement);
	return status;
}

int calix__layout_digest(uint8_t out[CALIX__DIGEST_BYTES], const struct calix_store *store)
{
	struct calix__digest digest;
	sqlite3_stmt *statement;
	size_t count;
	int status = calix__prepare(&statement, store,
	        "SELECT type, name, tbl_name, sql FROM sqlite_schema"
	        " WHERE name NOT LIKE 'sqlite_stat%' ORDER BY type, name");
	if (status != HXCOMM_OK)
		return status;
	calix__digest_init(&digest);
	status = digest_rows(&digest, store, statement, &count);
	calix__digest_finish(out, &digest);
	return status;
}

int calix__layout_verify(const struct calix_store *store)
{
	uint8_t digest[CALIX__DIGEST_BYTES];
	int64_t version = 0;
	sqlite3_stmt *statement;
	int status = calix__layout_digest(digest, store);
	if (status == HXCOMM_OK)
		status = calix__read_number(&version, store, "PRAGMA user_version", "reading the version");
	if (status == HXCOMM_OK)
		status = calix__prepare(&statement, store,
		        "SELECT version, sha256 FROM migration ORDER BY version DESC LIMIT 1");
	if (status != HXCOMM_OK)
		return status;
	status = calix__step(store, statement, "reading the history of the layout");
	const bool equal = status == 1 && sqlite3_column_int64(statement, 0) == version &&
	                   column_equals(statement, 1, digest);
	sqlite3_finalize(statement);
	if (status < 0 || equal)
		return status < 0 ? status : HXCOMM_OK;
	return calix__store_damaged(store, "its layout is not the one that was written");
}

void calix__array_digest(uint8_t out[CALIX__DIGEST_BYTES], const char *name, const void *data,
        size_t data_bytes, const void *success, size_t success_bytes)
{
	struct calix__digest digest;
	calix__digest_init(&digest);
	calix__digest_text(&digest, name);
	calix__digest_bytes(&digest, data, data_bytes);
	calix__digest_bytes(&digest, success, success_bytes);
	calix__digest_finish(out, &digest);
}

void calix__key_digest(uint8_t out[CALIX__DIGEST_BYTES], const char *kind, const char *target,
        const char *options)
{
	struct calix__digest digest;
	calix__digest_init(&digest);
	calix__digest_text(&digest, kind);
	calix__digest_number(&digest, CALIX__FORMAT);
	calix__digest_text(&digest, target);
	calix__digest_text(&digest, options);
	calix__digest_finish(out, &digest);
}

/* The three queries of a payload, each with one number bound to it. */
static const char payload_run[] =
        "SELECT c.unique_id, c.revision, c.is_emulated, k.name, k.format_version, s.name, s.version,"
        " s.commit_hash, n.state, n.started_utc, n.finished_utc, n.host, n.actor, n.seed,"
        " n.target_json, n.options_json, n.key_hash, n.log"
        " FROM run n JOIN chip c ON c.chip_id = n.chip_id JOIN kind k ON k.kind_id = n.kind_id"
        " JOIN software s ON s.software_id = n.software_id WHERE n.run_id = ?1";
static const char payload_arrays[] =
        "SELECT p.name, p.scope, p.dtype, p.length, p.lo, p.hi, p.unit, a.sha256"
        " FROM result_array a JOIN param_def p ON p.param_id = a.param_id"
        " WHERE a.result_id = ?1 ORDER BY p.name";
static const char payload_metrics[] =
        "SELECT 'metric', name, scope, idx, value FROM metric WHERE result_id = ?1"
        " ORDER BY name, scope, idx";

int calix__payload_digest(uint8_t out[CALIX__DIGEST_BYTES], const struct calix_store *store,
        int64_t result_id, int64_t run_id, int64_t created, int64_t total, int64_t success)
{
	const struct { const char *sql; int64_t id; } parts[] = {
		{ payload_run, run_id }, { payload_arrays, result_id }, { payload_metrics, result_id },
	};
	struct calix__digest digest;
	size_t counts[3] = { 0 };
	calix__digest_init(&digest);
	calix__digest_number(&digest, created);
	calix__digest_number(&digest, total);
	calix__digest_number(&digest, success);
	for (size_t i = 0; i < 3; i++) {
		sqlite3_stmt *statement;
		int status = calix__prepare(&statement, store, parts[i].sql);
		if (status != HXCOMM_OK)
			return status;
		sqlite3_bind_int64(statement, 1, parts[i].id);
		status = digest_rows(&digest, store, statement, &counts[i]);
		if (status != HXCOMM_OK)
			return status;
	}
	calix__digest_finish(out, &digest);
	if (counts[0] != 1)
		return calix__store_damaged(store, "a result has lost its run");
	return HXCOMM_OK;
}

int calix__result_verify(const struct calix_store *store, int64_t result_id)
{
	uint8_t digest[CALIX__DIGEST_BYTES];
	sqlite3_stmt *row;
	int status = calix__prepare(&row, store,
	        "SELECT r.run_id, r.created_utc, r.n_total, r.n_success, r.payload_sha256,"
	        " r.chip_id = n.chip_id AND r.kind_id = n.kind_id AND r.key_hash = n.key_hash"
	        " FROM result r JOIN run n ON n.run_id = r.run_id WHERE r.result_id = ?1");
	if (status != HXCOMM_OK)
		return status;
	sqlite3_bind_int64(row, 1, result_id);
	status = calix__step(store, row, "reading a result");
	bool equal = false;
	if (status == 1) {
		status = calix__payload_digest(digest, store, result_id, sqlite3_column_int64(row, 0),
		        sqlite3_column_int64(row, 1), sqlite3_column_int64(row, 2),
		        sqlite3_column_int64(row, 3));
		equal = column_equals(row, 4, digest) && sqlite3_column_int(row, 5);
	}
	sqlite3_finalize(row);
	if (status != HXCOMM_OK || equal)
		return status;
	char what[80];
	snprintf(what, sizeof(what), "result %lld is not what was stored", (long long)result_id);
	return calix__store_damaged(store, what);
}

/* ---- the chain of verdicts ------------------------------------------------------------------- */

static const char verdict_row[] =
        "SELECT v.verdict_id, v.result_id, v.at_utc, v.valid, v.reason, v.actor, r.payload_sha256"
        " FROM verdict v JOIN result r ON r.result_id = v.result_id";

static void seal(uint8_t chain[CALIX__DIGEST_BYTES], sqlite3_stmt *verdict)
{
	struct calix__digest digest;
	calix__digest_init(&digest);
	calix__digest_bytes(&digest, chain, CALIX__DIGEST_BYTES);
	calix__digest_row(&digest, verdict);
	calix__digest_finish(chain, &digest);
}

/* The seal of the last verdict; zeros where there is none yet. */
static int read_chain(uint8_t chain[CALIX__DIGEST_BYTES], const struct calix_store *store)
{
	sqlite3_stmt *row;
	memset(chain, 0, CALIX__DIGEST_BYTES);
	int status = calix__prepare(&row, store,
	        "SELECT seal FROM verdict ORDER BY verdict_id DESC LIMIT 1");
	if (status != HXCOMM_OK)
		return status;
	status = calix__step(store, row, "reading the newest verdict");
	if (status == 1) {
		if (sqlite3_column_bytes(row, 0) == CALIX__DIGEST_BYTES)
			memcpy(chain, sqlite3_column_blob(row, 0), CALIX__DIGEST_BYTES);
		status = HXCOMM_OK;
	}
	sqlite3_finalize(row);
	return status;
}

int calix__verdict_insert(const struct calix_store *store, int64_t result_id, bool valid,
        const char *reason, const char *actor)
{
	uint8_t chain[CALIX__DIGEST_BYTES];
	sqlite3_stmt *row, *insert;
	int status = read_chain(chain, store);
	if (status == HXCOMM_OK) /* the very row that will be read back, without its table */
		status = calix__prepare(&row, store,
		        "SELECT (SELECT coalesce(max(verdict_id), 0) + 1 FROM verdict), r.result_id, ?2, ?3,"
		        " ?4, ?5, r.payload_sha256 FROM result r WHERE r.result_id = ?1");
	if (status != HXCOMM_OK)
		return status;
	const int64_t now = calix__now_ms();
	sqlite3_bind_int64(row, 1, result_id);
	sqlite3_bind_int64(row, 2, now);
	sqlite3_bind_int64(row, 3, valid);
	sqlite3_bind_text(row, 4, reason, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 5, actor, -1, SQLITE_STATIC);
	status = calix__step(store, row, "reading a result");
	if (status == 1) {
		seal(chain, row);
		status = calix__prepare(&insert, store,
		        "INSERT INTO verdict (verdict_id, result_id, at_utc, valid, reason, actor, seal)"
		        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
		if (status == HXCOMM_OK) {
			for (int i = 0; i < 6; i++)
				sqlite3_bind_value(insert, i + 1, sqlite3_column_value(row, i));
			sqlite3_bind_blob(insert, 7, chain, CALIX__DIGEST_BYTES, SQLITE_STATIC);
			status = calix__step(store, insert, "writing a verdict");
			sqlite3_finalize(insert);
		}
	} else if (status == 0) {
		status = hxcomm_error_set(HXCOMM_ENOENT,
		        "calibration store '%.200s' has no result %lld: `bss chips` lists those there are",
		        store->path, (long long)result_id);
	}
	sqlite3_finalize(row);
	return status;
}

static int verify_chain(const struct calix_store *store)
{
	uint8_t chain[CALIX__DIGEST_BYTES] = { 0 };
	sqlite3_stmt *row, *sealed;
	int64_t rows = 0, count = 0;
	char sql[sizeof(verdict_row) + 40];
	snprintf(sql, sizeof(sql), "%s ORDER BY v.verdict_id", verdict_row);
	int status = calix__prepare(&row, store, sql);
	if (status != HXCOMM_OK)
		return status;
	status = calix__prepare(&sealed, store, "SELECT seal FROM verdict WHERE verdict_id = ?1");
	while (status == HXCOMM_OK && (status = calix__step(store, row, "reading verdicts")) == 1) {
		seal(chain, row);
		sqlite3_reset(sealed);
		sqlite3_bind_int64(sealed, 1, sqlite3_column_int64(row, 0));
		status = calix__step(store, sealed, "reading verdicts");
		if (status >= 0)
			status = status == 1 && column_equals(sealed, 0, chain)
			                 ? HXCOMM_OK
			                 : calix__store_damaged(store, "a verdict is not what was stored");
		rows++;
		if (status != HXCOMM_OK)
			break;
	}
	sqlite3_finalize(row);
	sqlite3_finalize(sealed);
	if (status == HXCOMM_OK)
		status = calix__read_number(&count, store, "SELECT count(*) FROM verdict", "counting verdicts");
	if (status == HXCOMM_OK && count != rows)
		status = calix__store_damaged(store, "a verdict has lost its result");
	if (status == HXCOMM_OK)
		status = calix__read_number(&count, store, "SELECT count(*) FROM result WHERE result_id"
		        " NOT IN (SELECT result_id FROM verdict)", "counting results");
	if (status == HXCOMM_OK && count)
		status = calix__store_damaged(store, "a result has lost its verdict");
	return status;
}

static int verify_results(const struct calix_store *store)
{
	sqlite3_stmt *row;
	int status = calix__prepare(&row, store, "SELECT result_id FROM result ORDER BY result_id");
	if (status != HXCOMM_OK)
		return status;
	while ((status = calix__step(store, row, "reading results")) == 1) {
		struct calix_result *result;
		status = calix__result_load(&result, store, sqlite3_column_int64(row, 0));
		calix_result_free(result);
		/* arrays of a newer library are none of ours to judge */
		if (status != HXCOMM_OK && status != HXCOMM_ENOTSUP)
			break;
	}
	sqlite3_finalize(row);
	return status;
}

/* A pragma that prints "ok" or nothing when all is well. */
static int verify_pragma(const struct calix_store *store, const char *pragma)
{
	sqlite3_stmt *row;
	char what[120] = "";
	int status = calix__prepare(&row, store, pragma);
	if (status != HXCOMM_OK)
		return status;
	status = calix__step(store, row, "checking the file");
	if (status == 1) {
		const char *text = (const char *)sqlite3_column_text(row, 0);
		snprintf(what, sizeof(what), "%s", text ? text : "a row that refers to nothing");
		status = HXCOMM_OK;
	}
	sqlite3_finalize(row);
	if (status == HXCOMM_OK && what[0] && strcmp(what, "ok") != 0)
		return calix__store_damaged(store, what);
	return status;
}

int calix__store_verify(const struct calix_store *store)
{
	int status = verify_pragma(store, "PRAGMA integrity_check(1)");
	if (status == HXCOMM_OK)
		status = verify_pragma(store, "PRAGMA foreign_key_check");
	if (status == HXCOMM_OK)
		status = calix__layout_verify(store);
	if (status == HXCOMM_OK)
		status = verify_chain(store);
	if (status == HXCOMM_OK)
		status = verify_results(store);
	return status;
}

int calix__quick_check(const struct calix_store *store)
{
	return verify_pragma(store, "PRAGMA quick_check(1)");
}

int calix_store_verify(struct calix_store *store)
{
	int status = calix__execute(store, "BEGIN", "checking the file");
	if (status != HXCOMM_OK)
		return status;
	return calix__finish(store, calix__store_verify(store), "checking the file");
}

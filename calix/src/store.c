// SPDX-License-Identifier: MIT
/* SQLite's ways in the words of the house. */
#include "store_private.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <time.h>

/* What a user can do about each of SQLite's refusals. */
static const struct {
	int result;
	int code;
	const char *advice;
} refusals[] = {
	{ SQLITE_CORRUPT, HXCOMM_ECORRUPT, "the file is damaged: restore it from a backup, or calibrate into a new one" },
	{ SQLITE_NOTADB, HXCOMM_EINVAL, "it is not a calibration store, or its first page is damaged" },
	{ SQLITE_FULL, HXCOMM_EIO, "the disk is full: make room and try again, nothing was changed" },
	{ SQLITE_BUSY, HXCOMM_ETIMEDOUT, "another process holds the file for more than 5 s: try again later" },
	{ SQLITE_LOCKED, HXCOMM_ETIMEDOUT, "the file is in use within this process" },
	{ SQLITE_READONLY, HXCOMM_EIO, "the file or its folder cannot be written: choose another with BSS_STORE" },
	{ SQLITE_CANTOPEN, HXCOMM_EIO, "the file or its folder cannot be opened for this: check their permissions, or choose another with BSS_STORE" },
	{ SQLITE_PERM, HXCOMM_EIO, "access is denied: check the permissions" },
	{ SQLITE_AUTH, HXCOMM_EIO, "access is denied: check the permissions" },
	{ SQLITE_NOMEM, HXCOMM_ENOMEM, "memory is exhausted" },
	{ SQLITE_CONSTRAINT, HXCOMM_ESTATE, "the rules of the store forbid it" },
	{ SQLITE_TOOBIG, HXCOMM_ECORRUPT, "a stored value is longer than any can be: the file is damaged" },
	{ SQLITE_ERROR, HXCOMM_ECORRUPT, "the file lacks what a store has: restore it from a backup" },
	{ SQLITE_SCHEMA, HXCOMM_EIO, "another process changed the layout: try again" },
};

int calix__store_error(const struct calix_store *store, int result, const char *doing)
{
	const char *said = store->db ? sqlite3_errmsg(store->db) : sqlite3_errstr(result);
	for (size_t i = 0; i < sizeof(refusals) / sizeof(*refusals); i++)
		if (refusals[i].result == (result & 0xff))
			return hxcomm_error_set(refusals[i].code, "calibration store '%.200s': %s: %s (%.120s)",
			        store->path, doing, refusals[i].advice, said);
	return hxcomm_error_set(HXCOMM_EIO,
	        "calibration store '%.200s': %s: the operating system refused (%.120s)", store->path,
	        doing, said);
}

int calix__store_damaged(const struct calix_store *store, const char *what)
{
	return hxcomm_error_set(HXCOMM_ECORRUPT,
	        "calibration store '%.200s' is damaged: %.160s. Restore it from a backup, or calibrate into a new one",
	        store->path, what);
}

int calix__prepare(sqlite3_stmt **out, const struct calix_store *store, const char *sql)
{
	const int result = sqlite3_prepare_v2(store->db, sql, -1, out, NULL);
	return result == SQLITE_OK ? HXCOMM_OK : calix__store_error(store, result, "preparing a query");
}

int calix__step(const struct calix_store *store, sqlite3_stmt *statement, const char *doing)
{
	const int result = sqlite3_step(statement);
	if (result == SQLITE_ROW)
		return 1;
	return result == SQLITE_DONE ? 0 : calix__store_error(store, result, doing);
}

int calix__execute(const struct calix_store *store, const char *sql, const char *doing)
{
	const int result = sqlite3_exec(store->db, sql, NULL, NULL, NULL);
	return result == SQLITE_OK ? HXCOMM_OK : calix__store_error(store, result, doing);
}

int calix__read_number(int64_t *out, const struct calix_store *store, const char *sql,
        const char *doing)
{
	sqlite3_stmt *statement;
	int status = calix__prepare(&statement, store, sql);
	if (status != HXCOMM_OK)
		return status;
	status = calix__step(store, statement, doing);
	if (status == 1)
		*out = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	if (status == 0)
		return calix__store_damaged(store, doing);
	return status < 0 ? status : HXCOMM_OK;
}

int calix__finish(const struct calix_store *store, int status, const char *doing)
{
	if (status == HXCOMM_OK)
		status = calix__execute(store, "COMMIT", doing);
	/* a full disk may have rolled back already: nothing to undo then */
	if (status != HXCOMM_OK && !sqlite3_get_autocommit(store->db))
		sqlite3_exec(store->db, "ROLLBACK", NULL, NULL, NULL);
	return status;
}

int64_t calix__now_ms(void)
{
	struct timespec now = { 0 };
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void calix_store_close(struct calix_store *store)
{
	if (!store)
		return;
	sqlite3_close_v2(store->db);
	free(store->path);
	free(store);
}

const char *calix_store_path(const struct calix_store *store)
{
	return store->path;
}

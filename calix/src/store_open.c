// SPDX-License-Identifier: MIT
/* From a path to a store that is checked and of the current layout. */
#include "sql.h"
#include "store_private.h"

#include <hxcomm/error.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { BUSY_MS = 5000, VALUE_BYTES_MAX = 16 << 20, PATH_BYTES_MAX = 4000, BACKUPS_MAX = 100 };
#define WHOLE_CHECK_BYTES (INT64_C(64) << 20)

/* ---- where ----------------------------------------------------------------------------------- */

/* Make all folders above a file. */
static int make_folders(const char *path)
{
	char folder[PATH_BYTES_MAX];
	snprintf(folder, sizeof(folder), "%s", path);
	for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		if (mkdir(folder, 0777) != 0 && errno != EEXIST)
			return hxcomm_error_set(HXCOMM_EIO,
			        "cannot make the folder '%.200s' for the calibration store: %s. Choose another file with BSS_STORE",
			        folder, strerror(errno));
		*slash = '/';
	}
	return HXCOMM_OK;
}

/* The path that was given, or the one of the environment; own memory. */
static int choose_path(char **out, const char *path, unsigned flags)
{
	char text[PATH_BYTES_MAX];
	const char *data = getenv("XDG_DATA_HOME"), *home = getenv("HOME");
	int length;
	int status = HXCOMM_OK;
	*out = NULL;
	if (!path)
		path = getenv("BSS_STORE");
	if (path && path[0])
		length = snprintf(text, sizeof(text), "%s", path);
	else if (path)
		return hxcomm_error_set(HXCOMM_EINVAL, "the path of the calibration store is empty");
	else if (data && data[0] == '/')
		length = snprintf(text, sizeof(text), "%s/bss/calibration.sqlite", data);
	else if (home && home[0] == '/')
		length = snprintf(text, sizeof(text), "%s/.local/share/bss/calibration.sqlite", home);
	else
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "no place for the calibration store: set BSS_STORE to a file, or HOME to a folder");
	if (length < 0 || length >= PATH_BYTES_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the path of the calibration store is longer than %d bytes", PATH_BYTES_MAX - 1);
	if (!path && (flags & CALIX_STORE_CREATE))
		status = make_folders(text);
	if (status == HXCOMM_OK && !(*out = strdup(text)))
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a path");
	return status;
}

/* What the operating system knows about the file, in words better than SQLite's. */
static int check_file(const char *path, unsigned flags)
{
	struct stat file;
	if (stat(path, &file) != 0) {
		if (errno == ENOENT && (flags & CALIX_STORE_CREATE))
			return HXCOMM_OK;
		if (errno == ENOENT)
			return hxcomm_error_set(HXCOMM_ENOENT,
			        "there is no calibration store '%.200s': `bss calibrate` makes it, BSS_STORE names another",
			        path);
		return hxcomm_error_set(HXCOMM_EIO, "calibration store '%.200s': %s", path, strerror(errno));
	}
	if (S_ISDIR(file.st_mode))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "calibration store '%.200s' is a folder: name a file in it", path);
	if (!S_ISREG(file.st_mode))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "calibration store '%.200s' is a device, pipe or socket: name a file", path);
	const bool write = !(flags & CALIX_STORE_READ_ONLY);
	if (access(path, write ? R_OK | W_OK : R_OK) != 0)
		return hxcomm_error_set(HXCOMM_EIO, "calibration store '%.200s' cannot be %s: %s. %s", path,
		        access(path, R_OK) != 0 ? "read" : "written", strerror(errno),
		        "Ask its owner for access, or choose another with BSS_STORE");
	return HXCOMM_OK;
}

/* ---- SQLite's settings ----------------------------------------------------------------------- */

/* Write-ahead logs need shared memory, which network file systems do not have. */
static bool is_local(const char *path)
{
	static const uint32_t remote[] = {
		0x6969 /* nfs */, 0x517b /* smb */, 0xff534d42 /* cifs */, 0xfe534d42 /* smb2 */,
		0x65735546 /* fuse */, 0x0bd00bd0 /* lustre */, 0x47504653 /* gpfs */, 0x01021997 /* 9p */,
		0x00c36400 /* ceph */, 0x19830326 /* beegfs */, 0x5346414f /* afs */, 0x73757245 /* coda */,
		0x013111a8 /* ibrix */, 0x7461636f /* ocfs2 */, 0x01161970 /* gfs2 */,
	};
	struct statfs system;
	if (statfs(path, &system) != 0)
		return false;
	for (size_t i = 0; i < sizeof(remote) / sizeof(*remote); i++)
		if ((uint32_t)system.f_type == remote[i])
			return false;
	return true;
}

/* "file:…" with everything escaped that a URI gives a meaning to. */
static void write_uri(char *out, size_t size, const char *path, const char *query)
{
	size_t at = (size_t)snprintf(out, size, "file:");
	for (; *path && at + 4 < size; path++)
		at += (size_t)snprintf(out + at, size - at, strchr("%?#", *path) ? "%%%02x" : "%c",
		        (unsigned char)*path);
	snprintf(out + at, size - at, "%s", query);
}

static int open_file(struct calix_store *store, unsigned flags, bool immutable)
{
	char uri[3 * PATH_BYTES_MAX + 32];
	const int mode = flags & CALIX_STORE_READ_ONLY ? SQLITE_OPEN_READONLY
	                 : flags & CALIX_STORE_CREATE  ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
	                                               : SQLITE_OPEN_READWRITE;
	write_uri(uri, sizeof(uri), store->path, immutable ? "?immutable=1" : "");
	int result = sqlite3_open_v2(uri, &store->db, mode | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
	if (result != SQLITE_OK)
		return calix__store_error(store, result, "opening");
	sqlite3_extended_result_codes(store->db, 1);
	sqlite3_busy_timeout(store->db, BUSY_MS);
	sqlite3_limit(store->db, SQLITE_LIMIT_LENGTH, VALUE_BYTES_MAX);
	sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	return calix__execute(store, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON;"
	        "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL; PRAGMA mmap_size = 0", "opening");
}

/* A reader on a file system that it cannot write to has no place for the shared memory of a
 * write-ahead log. Where no log is left over the file itself is complete. */
static int open_for_reading(struct calix_store *store)
{
	char log[PATH_BYTES_MAX + 8];
	struct stat file;
	int64_t count;
	int status = open_file(store, CALIX_STORE_READ_ONLY, false);
	if (status == HXCOMM_OK)
		status = calix__read_number(&count, store, "SELECT count(*) FROM sqlite_schema", "opening");
	snprintf(log, sizeof(log), "%s-wal", store->path);
	if (status != HXCOMM_EIO || (stat(log, &file) == 0 && file.st_size > 0))
		return status;
	sqlite3_close_v2(store->db);
	store->db = NULL;
	return open_file(store, CALIX_STORE_READ_ONLY, true);
}

/* ---- layout ---------------------------------------------------------------------------------- */

static int write_version(const struct calix_store *store, int version)
{
	uint8_t digest[CALIX__DIGEST_BYTES];
	char sql[64];
	sqlite3_stmt *insert;
	snprintf(sql, sizeof(sql), "PRAGMA user_version = %d", version);
	int status = calix__execute(store, sql, "writing the version");
	if (status == HXCOMM_OK)
		status = calix__layout_digest(digest, store);
	if (status == HXCOMM_OK)
		status = calix__prepare(&insert, store,
		        "INSERT INTO migration (version, applied_utc, software, sha256) VALUES (?1, ?2, ?3, ?4)");
	if (status != HXCOMM_OK)
		return status;
	sqlite3_bind_int(insert, 1, version);
	sqlite3_bind_int64(insert, 2, calix__now_ms());
	sqlite3_bind_text(insert, 3, "calix " CALIX_SOFTWARE_VERSION, -1, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 4, digest, sizeof(digest), SQLITE_STATIC);
	status = calix__step(store, insert, "writing the version");
	sqlite3_finalize(insert);
	return status;
}

static int read_identity(const struct calix_store *store, int64_t *application, int64_t *version,
        int64_t *objects)
{
	int status = calix__read_number(objects, store, "SELECT count(*) FROM sqlite_schema",
	        "reading the first page");
	if (status == HXCOMM_OK)
		status = calix__read_number(application, store, "PRAGMA application_id",
		        "reading the first page");
	if (status == HXCOMM_OK)
		status = calix__read_number(version, store, "PRAGMA user_version", "reading the first page");
	return status;
}

static int create_layout(const struct calix_store *store)
{
	int64_t objects;
	char sql[64];
	int status = calix__execute(store, "BEGIN IMMEDIATE", "making the store");
	if (status != HXCOMM_OK)
		return status;
	/* somebody else may have been faster */
	status = calix__read_number(&objects, store, "SELECT count(*) FROM sqlite_schema",
	        "making the store");
	if (status == HXCOMM_OK && !objects) {
		snprintf(sql, sizeof(sql), "PRAGMA application_id = %d", CALIX_STORE_APPLICATION);
		status = calix__execute(store, calix__schema_sql, "making the store");
		if (status == HXCOMM_OK)
			status = calix__execute(store, sql, "making the store");
		if (status == HXCOMM_OK)
			status = write_version(store, CALIX_STORE_VERSION);
	}
	return calix__finish(store, status, "making the store");
}

/* A copy beside the file, made by a second reader while the transaction keeps writers out. */
static int write_backup(const struct calix_store *store, int64_t version)
{
	struct calix_store reader = { .path = store->path };
	char copy[PATH_BYTES_MAX + 64];
	sqlite3_stmt *vacuum;
	int number = 0;
	snprintf(copy, sizeof(copy), "%s.version-%lld.bak", store->path, (long long)version);
	while (access(copy, F_OK) == 0 && ++number < BACKUPS_MAX)
		snprintf(copy, sizeof(copy), "%s.version-%lld.bak.%d", store->path, (long long)version, number);
	int status = open_file(&reader, CALIX_STORE_READ_ONLY, false);
	if (status == HXCOMM_OK)
		status = calix__prepare(&vacuum, &reader, "VACUUM INTO ?1");
	if (status == HXCOMM_OK) {
		sqlite3_bind_text(vacuum, 1, copy, -1, SQLITE_STATIC);
		status = calix__step(&reader, vacuum, "writing a copy before the migration");
		sqlite3_finalize(vacuum);
	}
	sqlite3_close_v2(reader.db);
	return status;
}

static int migrate_in_transaction(const struct calix_store *store)
{
	int64_t application, version, objects;
	int status = read_identity(store, &application, &version, &objects);
	if (status != HXCOMM_OK || version >= CALIX_STORE_VERSION)
		return status; /* failed, or somebody else was faster */
	status = calix__layout_verify(store);
	if (status == HXCOMM_OK)
		status = write_backup(store, version);
	for (size_t i = 0; status == HXCOMM_OK && i < calix__migration_count; i++) {
		if (calix__migrations[i].version != version + 1)
			continue;
		status = calix__execute(store, calix__migrations[i].sql, calix__migrations[i].name);
		if (status == HXCOMM_OK)
			status = write_version(store, (int)++version);
	}
	if (status == HXCOMM_OK && version != CALIX_STORE_VERSION)
		return calix__store_damaged(store, "its version number is none that ever was");
	return status;
}

static int migrate(const struct calix_store *store)
{
	int status = calix__execute(store, "BEGIN IMMEDIATE", "migrating");
	if (status == HXCOMM_OK)
		status = calix__finish(store, migrate_in_transaction(store), "migrating");
	return status == HXCOMM_OK
	               ? status
	               : hxcomm_error_wrap(status, "bringing the store to version %d", CALIX_STORE_VERSION);
}

/* Is it ours, and of which version? Make or migrate it where that is allowed. */
static int settle_layout(struct calix_store *store, unsigned flags)
{
	int64_t application = 0, version = 0, objects = 0;
	int status = read_identity(store, &application, &version, &objects);
	if (status != HXCOMM_OK)
		return status;
	if (!application && !version && !objects) {
		if (flags & CALIX_STORE_CREATE)
			return create_layout(store);
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.200s' is empty, so it is not a calibration store: `bss calibrate` fills it",
		        store->path);
	}
	if (application != CALIX_STORE_APPLICATION)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.200s' is a database of another program (application id 0x%08llx): it is not a calibration store",
		        store->path, (unsigned long long)application);
	if (version > CALIX_STORE_VERSION && !store->read_only)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "calibration store '%.200s' is of version %lld, this library writes version %d: update it, or open the store for reading only",
		        store->path, (long long)version, CALIX_STORE_VERSION);
	store->newer = version > CALIX_STORE_VERSION;
	if (version < CALIX_STORE_VERSION && store->read_only)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "calibration store '%.200s' is of version %lld: open it once for writing, which brings it to version %d",
		        store->path, (long long)version, CALIX_STORE_VERSION);
	return version < CALIX_STORE_VERSION ? migrate(store) : HXCOMM_OK;
}

static int check_content(struct calix_store *store)
{
	int64_t pages = 0, page_bytes = 0;
	int status = calix__read_number(&pages, store, "PRAGMA page_count", "checking the file");
	if (status == HXCOMM_OK)
		status = calix__read_number(&page_bytes, store, "PRAGMA page_size", "checking the file");
	if (status != HXCOMM_OK)
		return status;
	if (!store->newer && pages * page_bytes <= WHOLE_CHECK_BYTES)
		return calix_store_verify(store);
	return calix__quick_check(store);
}

int calix_store_open(struct calix_store **out, const char *path, unsigned flags)
{
	*out = NULL;
	if (flags & ~(unsigned)(CALIX_STORE_READ_ONLY | CALIX_STORE_CREATE) ||
	        flags == (CALIX_STORE_READ_ONLY | CALIX_STORE_CREATE))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "flags 0x%x have no meaning: give 0, CALIX_STORE_READ_ONLY or CALIX_STORE_CREATE",
		        flags);
	struct calix_store *store = calloc(1, sizeof(*store));
	if (!store)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a calibration store");
	store->read_only = flags & CALIX_STORE_READ_ONLY;
	int status = choose_path(&store->path, path, flags);
	if (status == HXCOMM_OK)
		status = check_file(store->path, flags);
	if (status == HXCOMM_OK)
		status = store->read_only ? open_for_reading(store) : open_file(store, flags, false);
	if (status == HXCOMM_OK)
		status = settle_layout(store, flags);
	/* for speed only: where another process has the file open just now it stays as it is */
	if (status == HXCOMM_OK && !store->read_only)
		sqlite3_exec(store->db, is_local(store->path) ? "PRAGMA journal_mode = WAL"
		                                              : "PRAGMA journal_mode = DELETE", NULL, NULL, NULL);
	if (status == HXCOMM_OK)
		status = check_content(store);
	if (status != HXCOMM_OK) {
		calix_store_close(store);
		return status;
	}
	*out = store;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
#include "store_support.h"

#include <sqlite3.h>
#include <store_private.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- damage ------------------------------------------------------------------------------------ */

/* What a store of fill() may answer: what was stored, or an error. Returns true on an error. */
static bool answers_rightly_or_not_at_all(unsigned flags)
{
	static const struct { unsigned number; const char *chip, *target; } rows[] = {
		{ 2, "emulator-1", "{\"leak\":80}" }, { 3, "emulator-1", "{\"leak\":90}" },
		{ 4, "emulator-2", "{\"leak\":80}" },
	};
	struct calix_store *store;
	bool failed = false;
	int status = calix_store_open(&store, path, flags);
	if (status != HXCOMM_OK) {
		assert_true(strlen(hxcomm_error_message()) > 20);
		assert_non_null(strstr(hxcomm_error_message(), path));
		if (status != HXCOMM_ECORRUPT && status != HXCOMM_EINVAL && status != HXCOMM_ENOTSUP &&
		        status != HXCOMM_EIO)
			fail_msg("%s: %s", hxcomm_error_name(status), hxcomm_error_message());
		return true;
	}
	FOR_ROWS(i, rows) {
		struct calix_result *result;
		status = find(&result, store, rows[i].chip, rows[i].target);
		failed = failed || status != HXCOMM_OK;
		if (status == HXCOMM_OK && !equals(result, rows[i].number, rows[i].chip))
			fail_msg("a wrong calibration came out");
		calix_result_free(result);
	}
	calix_store_close(store);
	return failed;
}

static void no_flipped_byte_gives_a_wrong_calibration(void **state)
{
	static const uint8_t flips[] = { 0x01, 0xff, 0x80, 0x04, 0x10, 0x20 };
	size_t size, errors = 0, tried = 0;
	(void)state;
	fill();
	char *bytes = read_file(path, &size);
	assert_true(answers_rightly_or_not_at_all(0) == false);
	/* the first 100 bytes are the header: each of them; then strides that meet all page offsets */
	for (size_t at = 0; at < size; at += at < 100 ? 1 : 61) {
		remove_logs();
		bytes[at] ^= (char)flips[tried % sizeof(flips)];
		write_file(path, bytes, size);
		errors += answers_rightly_or_not_at_all(tried % 2 ? CALIX_STORE_READ_ONLY : 0);
		bytes[at] ^= (char)flips[tried % sizeof(flips)];
		tried++;
	}
	print_message("%zu of %zu flipped bytes gave an error, the others the right answer\n", errors,
	        tried);
	assert_true(tried > 1000);
	assert_true(errors * 10 > tried); /* most of so small a file is room between rows */
	free(bytes);
}

static void a_changed_row_is_damage_though_sqlite_sees_none(void **state)
{
	/* triggers off the way: another program with full rights and bad intent */
	static const char *const rows[] = {
		"UPDATE run SET target_json = '{\"leak\":90}' WHERE run_id = 1",
		"UPDATE chip SET unique_id = 'emulator-9' WHERE unique_id = 'emulator-2'",
		"UPDATE result SET chip_id = 2 WHERE result_id = 2",
		"UPDATE result_array SET data = (SELECT data FROM result_array b WHERE b.result_id = 1"
		" AND b.param_id = result_array.param_id) WHERE result_id = 2",
		"UPDATE result_array SET success = NULL WHERE result_id = 2",
		"UPDATE verdict SET valid = 1",
		"DELETE FROM verdict WHERE verdict_id = 2",
		"DELETE FROM result_array WHERE result_id = 2 AND param_id = 1",
		"DELETE FROM verdict WHERE result_id = 3; DELETE FROM metric WHERE result_id = 3;"
		"DELETE FROM result_array WHERE result_id = 3; DELETE FROM result WHERE result_id = 3",
		"UPDATE metric SET value = 0 WHERE result_id = 2",
		"UPDATE param_def SET name = 'neuron.v_reset' WHERE name = 'neuron.v_leak'",
		"UPDATE param_def SET hi = 2000 WHERE name = 'neuron.v_leak'",
		"UPDATE software SET version = '99'",
		"UPDATE run SET seed = x'0000000000000000'",
		"CREATE TABLE extra (x)",
		"DROP VIEW newest_valid; CREATE VIEW newest_valid AS SELECT * FROM result",
	};
	size_t size;
	(void)state;
	fill();
	char *bytes = read_file(path, &size);
	FOR_ROWS(i, rows) {
		struct calix_store *store = (void *)1;
		sqlite3 *db;
		sqlite3_stmt *row;
		write_file(path, bytes, size);
		assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
		/* remember the triggers, drop them, change, put them back as they were */
		char *triggers = sqlite3_mprintf("%s", ""), *drops = sqlite3_mprintf("%s", "");
		assert_int_equal(sqlite3_prepare_v2(db, "SELECT sql, name FROM sqlite_schema WHERE type = 'trigger'",
		        -1, &row, NULL), SQLITE_OK);
		while (sqlite3_step(row) == SQLITE_ROW) {
			triggers = sqlite3_mprintf("%z%s;", triggers, sqlite3_column_text(row, 0));
			drops = sqlite3_mprintf("%zDROP TRIGGER %s;", drops, sqlite3_column_text(row, 1));
		}
		sqlite3_finalize(row);
		assert_int_equal(sqlite3_exec(db, drops, NULL, NULL, NULL), SQLITE_OK);
		if (sqlite3_exec(db, rows[i], NULL, NULL, NULL) != SQLITE_OK)
			fail_msg("%s: %s", rows[i], sqlite3_errmsg(db));
		assert_int_equal(sqlite3_exec(db, triggers, NULL, NULL, NULL), SQLITE_OK);
		sqlite3_free(triggers);
		sqlite3_free(drops);
		sqlite3_close(db);
		const int status = calix_store_open(&store, path, 0);
		if (status != HXCOMM_ECORRUPT && status != HXCOMM_ENOTSUP)
			fail_msg("%s: %s: %s", rows[i], hxcomm_error_name(status), hxcomm_error_message());
		assert_null(store);
	}
	free(bytes);
}

/* An index that does not fit its table could hide the newest result: no hash covers it, SQLite's
 * own check must see it. */
static void a_damaged_index_is_an_error(void **state)
{
	enum { PAGE = 4096, LEAF = 0x0a };
	size_t size, tried = 0;
	sqlite3 *db;
	sqlite3_stmt *row;
	uint32_t roots[32];
	size_t count = 0;
	(void)state;
	fill();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT rootpage FROM sqlite_schema WHERE type = 'index'", -1,
	        &row, NULL), SQLITE_OK);
	while (sqlite3_step(row) == SQLITE_ROW && count < 32)
		roots[count++] = (uint32_t)sqlite3_column_int(row, 0);
	sqlite3_finalize(row);
	sqlite3_close(db);
	char *bytes = read_file(path, &size);
	for (size_t i = 0; i < count; i++) {
		struct calix_store *store;
		char *page = bytes + (size_t)(roots[i] - 1) * PAGE;
		if (page[0] != LEAF || (page[3] == 0 && page[4] == 0))
			continue; /* empty */
		page[PAGE - 1] ^= 0x04; /* rows fill a page from its end: the row number of the first one */
		remove_logs();
		write_file(path, bytes, size);
		assert_error(calix_store_open(&store, path, 0), HXCOMM_ECORRUPT, path);
		page[PAGE - 1] ^= 0x04;
		tried++;
	}
	assert_true(tried >= 8);
	free(bytes);
}

static void damage_under_an_open_store_is_seen_when_loading(void **state)
{
	struct calix_result *result;
	(void)state;
	fill();
	struct calix_store *store = open_store(0);
	execute(path, "DROP TRIGGER array_no_update; UPDATE result_array SET data = zeroblob(length(data))"
	              " WHERE result_id = 2 AND param_id = (SELECT param_id FROM param_def WHERE name ="
	              " 'neuron.v_leak')");
	assert_error(find(&result, store, "emulator-1", "{\"leak\":80}"), HXCOMM_ECORRUPT,
	        "array neuron.v_leak is not what was stored");
	assert_null(result);
	assert_finds(store, 3, "emulator-1", "{\"leak\":90}"); /* others are whole */
	assert_error(calix_store_verify(store), HXCOMM_ECORRUPT, "layout");
	calix_store_close(store);
}

static void a_cut_file_is_an_error(void **state)
{
	size_t size, errors = 0, tried = 0;
	(void)state;
	fill();
	char *bytes = read_file(path, &size);
	for (size_t length = 1; length < size; length += 1 + size / 97) {
		remove_logs();
		write_file(path, bytes, length);
		errors += answers_rightly_or_not_at_all(0);
		tried++;
	}
	/* in the last page a cut may take only room that nobody uses */
	assert_true(errors + 4096 / (size / 97) + 1 >= tried);
	free(bytes);
}

/* ---- files that are no stores ------------------------------------------------------------------ */

static void what_is_no_store_is_refused_by_name(void **state)
{
	static const char text[] = "This is a shopping list, and it is long enough to fill a header of SQLite,"
	                           " which has one hundred bytes.";
	struct calix_store *store = (void *)1;
	char other[320];
	(void)state;
	assert_error(calix_store_open(&store, path, 0), HXCOMM_ENOENT, "`bss calibrate` makes it");
	assert_null(store);
	assert_error(calix_store_open(&store, folder, CALIX_STORE_CREATE), HXCOMM_EINVAL, "is a folder");
	assert_error(calix_store_open(&store, "/dev/null", CALIX_STORE_CREATE), HXCOMM_EINVAL, "a device");
	assert_error(calix_store_open(&store, "", CALIX_STORE_CREATE), HXCOMM_EINVAL, "empty");
	snprintf(other, sizeof(other), "%s/absent/store", folder);
	assert_error(calix_store_open(&store, other, CALIX_STORE_CREATE), HXCOMM_EIO, other);
	write_file(path, text, sizeof(text));
	assert_error(calix_store_open(&store, path, CALIX_STORE_CREATE), HXCOMM_EINVAL,
	        "not a calibration store");
	write_file(path, text, 0);
	assert_error(calix_store_open(&store, path, 0), HXCOMM_EINVAL, "is empty");
	assert_error(calix_store_open(&store, path, CALIX_STORE_READ_ONLY), HXCOMM_EINVAL, "is empty");
	execute(path, "PRAGMA application_id = 7; CREATE TABLE t (x)");
	assert_error(calix_store_open(&store, path, CALIX_STORE_CREATE), HXCOMM_EINVAL,
	        "database of another program");
	assert_error(calix_store_open(&store, path, 8), HXCOMM_EINVAL, "0x8");
	assert_error(calix_store_open(&store, path, CALIX_STORE_READ_ONLY | CALIX_STORE_CREATE),
	        HXCOMM_EINVAL, "0x3");
	char longest[5000];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	assert_error(calix_store_open(&store, longest, 0), HXCOMM_EINVAL, "3999 bytes");
	assert_null(store);
}

/* Run as somebody for whom permissions count, also when the tests run as root. */
static void run_as_user(void (*body)(void))
{
	fflush(NULL);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (!child) {
		if (getuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
			_exit(2);
		body();
		_exit(0);
	}
	int ended;
	assert_int_equal(waitpid(child, &ended, 0), child);
	assert_true(WIFEXITED(ended));
	assert_int_equal(WEXITSTATUS(ended), 0);
}

static void open_unreadable(void)
{
	struct calix_store *store;
	expect(calix_store_open(&store, path, 0), HXCOMM_EIO, "cannot be read");
	expect(calix_store_open(&store, path, CALIX_STORE_READ_ONLY), HXCOMM_EIO, path);
}

static void open_unwritable_file(void)
{
	struct calix_store *store;
	struct calix_result *result;
	expect(calix_store_open(&store, path, 0), HXCOMM_EIO, "cannot be written");
	expect(calix_store_open(&store, path, CALIX_STORE_READ_ONLY), HXCOMM_OK, "");
	expect(find(&result, store, "emulator-1", NULL), HXCOMM_OK, "");
	if (!equals(result, 3, "emulator-1"))
		_exit(1);
	calix_result_free(result);
	calix_store_close(store);
}

static void create_in_unwritable_folder(void)
{
	struct calix_store *store;
	char other[320];
	snprintf(other, sizeof(other), "%s/other", folder);
	expect(calix_store_open(&store, other, CALIX_STORE_CREATE), HXCOMM_EIO, "BSS_STORE");
	expect(calix_store_open(&store, path, CALIX_STORE_READ_ONLY), HXCOMM_OK, "");
	calix_store_close(store);
	expect(calix_store_open(&store, path, 0), HXCOMM_EIO, path);
}

static void permissions_that_are_missing_are_named(void **state)
{
	(void)state;
	fill();
	assert_int_equal(chmod(path, 0), 0);
	run_as_user(open_unreadable);
	assert_int_equal(chmod(path, 0444), 0);
	run_as_user(open_unwritable_file);
	assert_int_equal(chmod(path, 0666), 0);
	remove_logs();
	assert_int_equal(chmod(folder, 0555), 0);
	run_as_user(create_in_unwritable_folder);
	assert_int_equal(chmod(folder, 0777), 0);
}

static void a_full_disk_changes_nothing(void **state)
{
	char sql[64];
	int64_t pages;
	(void)state;
	fill();
	struct calix_store *store = open_store(0);
	assert_ok(calix__read_number(&pages, store, "PRAGMA page_count", "test"));
	snprintf(sql, sizeof(sql), "PRAGMA max_page_count = %d", (int)pages);
	assert_ok(calix__execute(store, sql, "test"));
	int status = HXCOMM_OK;
	for (unsigned i = 0; i < 20 && status == HXCOMM_OK; i++) /* until free pages are used up */
		status = insert(store, 3, "emulator-1", "{\"leak\":90}");
	assert_int_equal(status, HXCOMM_EIO);
	assert_non_null(strstr(hxcomm_error_message(), "the disk is full"));
	assert_non_null(strstr(hxcomm_error_message(), path));
	assert_ok(calix_store_verify(store));
	assert_finds(store, 3, "emulator-1", "{\"leak\":90}");
	assert_ok(calix__execute(store, "PRAGMA max_page_count = 1000000", "test"));
	assert_ok(insert(store, 6, "emulator-1", "{\"leak\":90}"));
	assert_finds(store, 6, "emulator-1", "{\"leak\":90}");
	calix_store_close(store);
}

/* ---- versions ---------------------------------------------------------------------------------- */

static void a_newer_store_is_for_reading_only(void **state)
{
	struct calix_store *store;
	(void)state;
	fill();
	execute(path, "PRAGMA user_version = 3");
	assert_error(calix_store_open(&store, path, 0), HXCOMM_ENOTSUP, "is of version 3");
	assert_error(calix_store_open(&store, path, CALIX_STORE_CREATE), HXCOMM_ENOTSUP, "update it");
	store = open_store(CALIX_STORE_READ_ONLY);
	assert_finds(store, 2, "emulator-1", "{\"leak\":80}");
	calix_store_close(store);
	execute(path, "DROP VIEW newest_valid");
	store = open_store(CALIX_STORE_READ_ONLY);
	struct calix_result *result;
	assert_error(find(&result, store, "emulator-1", NULL), HXCOMM_ENOTSUP, "newer version");
	calix_store_close(store);
}

/* The layout as the pragmas see it, which is the same for a new file and a migrated one. */
static char *describe(const char *file)
{
	static const char *const pragmas[] = { "table_xinfo", "foreign_key_list", "index_list" };
	sqlite3 *db;
	sqlite3_stmt *tables, *row;
	char *text = sqlite3_mprintf("%s", "");
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT type, name, CASE WHEN type = 'table' THEN '' ELSE sql END"
	        " FROM sqlite_schema ORDER BY type, name", -1, &tables, NULL), SQLITE_OK);
	while (sqlite3_step(tables) == SQLITE_ROW) {
		text = sqlite3_mprintf("%z%s %s %s\n", text, sqlite3_column_text(tables, 0),
		        sqlite3_column_text(tables, 1), sqlite3_column_text(tables, 2));
		FOR_ROWS(i, pragmas) {
			char *sql = sqlite3_mprintf("SELECT * FROM pragma_%s(%Q) ORDER BY 2, 3", pragmas[i],
			        sqlite3_column_text(tables, 1));
			assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &row, NULL), SQLITE_OK);
			while (sqlite3_step(row) == SQLITE_ROW)
				for (int j = 0; j < sqlite3_column_count(row); j++)
					if (!(i == 2 && j == 0)) /* an index list's order means nothing */
						text = sqlite3_mprintf("%z %s", text, sqlite3_column_text(row, j));
			sqlite3_finalize(row);
			sqlite3_free(sql);
		}
	}
	sqlite3_finalize(tables);
	sqlite3_close(db);
	return text;
}

/* A file of version 1 with the results of fill() in it; metrics did not exist then. */
static void make_version_1(const char *file)
{
	size_t size;
	char *layout = read_file(TEST_SOURCE_DIR "/calix/store_version_1.sql", &size), *attach;
	uint8_t digest[CALIX__DIGEST_BYTES];
	struct calix_store old = { .path = (char *)(uintptr_t)file };
	struct calix_store *store = open_store(CALIX_STORE_CREATE);
	for (unsigned i = 1; i <= 2; i++) {
		struct calix_result *result;
		const int32_t values[4] = { 100 + (int32_t)i, 2, 3, 4 };
		assert_ok(calix_result_new(&result, "emulator-1", "cadc"));
		assert_ok(calix_result_add_array(result, "cadc.v_ramp_offset", values, 4, NULL));
		assert_ok(calix_store_insert(store, "emulator-1", result, NULL));
		calix_result_free(result);
	}
	calix_store_close(store);
	execute(file, layout);
	free(layout);
	attach = sqlite3_mprintf("ATTACH %Q AS new; BEGIN;"
	        "INSERT INTO chip SELECT chip_id, unique_id, revision, is_emulated, created_utc FROM new.chip;"
	        "INSERT INTO software SELECT * FROM new.software; INSERT INTO kind SELECT * FROM new.kind;"
	        "INSERT INTO param_def SELECT * FROM new.param_def;"
	        "INSERT INTO run SELECT run_id, uuid, chip_id, kind_id, software_id, state, started_utc,"
	        " finished_utc, host, actor, seed, target_json, options_json, key_hash, log FROM new.run;"
	        "INSERT INTO result SELECT * FROM new.result;"
	        "INSERT INTO result_array SELECT * FROM new.result_array;"
	        "INSERT INTO verdict SELECT * FROM new.verdict; COMMIT; DETACH new;"
	        "PRAGMA application_id = %d; PRAGMA user_version = 1", path, CALIX_STORE_APPLICATION);
	execute(file, attach);
	sqlite3_free(attach);
	assert_int_equal(sqlite3_open(file, &old.db), SQLITE_OK);
	assert_ok(calix__layout_digest(digest, &old));
	sqlite3_stmt *row;
	assert_int_equal(sqlite3_prepare_v2(old.db, "INSERT INTO migration VALUES (1, 0, 'test', ?1)", -1,
	        &row, NULL), SQLITE_OK);
	sqlite3_bind_blob(row, 1, digest, sizeof(digest), SQLITE_STATIC);
	assert_int_equal(sqlite3_step(row), SQLITE_DONE);
	sqlite3_finalize(row);
	sqlite3_close(old.db);
}

static void assert_has_cadc_of_version_1(struct calix_store *store)
{
	struct calix_query query = CALIX_QUERY_INIT;
	struct calix_result *result;
	query.chip = "emulator-1";
	query.kind = "cadc";
	assert_ok(calix_store_find(&result, store, &query));
	assert_int_equal(calix_result_array(result, "cadc.v_ramp_offset", NULL)[0], 102);
	calix_result_free(result);
}

static void a_store_of_version_1_is_brought_up_to_date(void **state)
{
	char old[320], backup[360];
	struct calix_store *store;
	int64_t number;
	(void)state;
	snprintf(old, sizeof(old), "%s/old.sqlite", folder);
	snprintf(backup, sizeof(backup), "%s.version-1.bak", old);
	make_version_1(old);
	assert_error(calix_store_open(&store, old, CALIX_STORE_READ_ONLY), HXCOMM_ENOTSUP,
	        "open it once for writing");
	assert_true(access(backup, F_OK) != 0);
	assert_ok(calix_store_open(&store, old, 0));
	assert_has_cadc_of_version_1(store);
	assert_ok(insert(store, 1, "emulator-1", NULL));
	assert_finds(store, 1, "emulator-1", NULL);
	assert_ok(calix__read_number(&number, store, "SELECT count(*) FROM migration", "test"));
	assert_int_equal(number, 2);
	calix_store_close(store);
	/* the same layout as a new file */
	char *migrated = describe(old), *fresh = describe(path);
	assert_true(strlen(fresh) > 1000);
	assert_string_equal(migrated, fresh);
	sqlite3_free(migrated);
	sqlite3_free(fresh);
	/* the copy is the old file, whole */
	execute(backup, "SELECT count(*) FROM result");
	assert_ok(calix_store_open(&store, backup, 0));
	assert_has_cadc_of_version_1(store);
	calix_store_close(store);
}

static void a_migration_that_fails_leaves_the_file_as_it_was(void **state)
{
	char old[320], backup[360];
	struct calix_store *store;
	size_t before_size, after_size;
	(void)state;
	snprintf(old, sizeof(old), "%s/old.sqlite", folder);
	snprintf(backup, sizeof(backup), "%s.version-1.bak", old);
	make_version_1(old);
	execute(old, "CREATE TABLE metric (x)"); /* in the way of version 2, and no part of version 1 */
	char *before = read_file(old, &before_size);
	assert_error(calix_store_open(&store, old, 0), HXCOMM_ECORRUPT, "layout");
	char *after = read_file(old, &after_size);
	assert_int_equal(after_size, before_size);
	assert_memory_equal(after, before, before_size);
	free(before);
	free(after);
	unlink(old);
	unlink(path);
	make_version_1(old);
	before = read_file(old, &before_size);
	/* no room for the copy: a folder stands where each copy would go */
	for (int i = 0; i < 101; i++) {
		char name[400];
		snprintf(name, sizeof(name), i ? "%s.%d" : "%s", backup, i);
		assert_int_equal(mkdir(name, 0777), 0);
	}
	assert_error(calix_store_open(&store, old, 0), HXCOMM_EIO, "copy before the migration");
	after = read_file(old, &after_size);
	assert_int_equal(after_size, before_size);
	assert_memory_equal(after, before, before_size);
	free(before);
	free(after);
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(no_flipped_byte_gives_a_wrong_calibration),
		STORE_TEST(a_changed_row_is_damage_though_sqlite_sees_none),
		STORE_TEST(a_damaged_index_is_an_error),
		STORE_TEST(damage_under_an_open_store_is_seen_when_loading),
		STORE_TEST(a_cut_file_is_an_error),
		STORE_TEST(what_is_no_store_is_refused_by_name),
		STORE_TEST(permissions_that_are_missing_are_named),
		STORE_TEST(a_full_disk_changes_nothing),
		STORE_TEST(a_newer_store_is_for_reading_only),
		STORE_TEST(a_store_of_version_1_is_brought_up_to_date),
		STORE_TEST(a_migration_that_fails_leaves_the_file_as_it_was),
	};
	return cmocka_run_group_tests_name("calix/store_damage", tests, NULL, NULL);
}

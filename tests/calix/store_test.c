// SPDX-License-Identifier: MIT
#include "assert.h"

#include <calix/store.h>
#include <sqlite3.h>
#include <store_private.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- a folder for each test, and results that follow from a number ----------------------------- */

static char folder[256], path[300];

static int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/calix-store-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	chmod(folder, 0777);
	snprintf(path, sizeof(path), "%s/store.sqlite", folder);
	return 0;
}

static int teardown(void **state)
{
	char command[320];
	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command) == 0 ? 0 : -1;
}

static int32_t value_of(unsigned number, const struct calix_parameter *parameter, size_t index)
{
	const uint32_t span = (uint32_t)(parameter->hi - parameter->lo) + 1;
	return parameter->lo + (int32_t)((number * 2654435761u + (uint32_t)index * 40503u) % span);
}

static uint8_t success_of(unsigned number, size_t index)
{
	return (index * 7 + number) % 10 != 0;
}

static const char *const arrays[] = { "cadc.channel_offset", "neuron.v_leak", "synapse.dac_bias",
	"neuron.leak_division" };

static struct calix_result *make(unsigned number, const char *chip)
{
	struct calix_result *result;
	assert_ok(calix_result_new(&result, chip, "spiking"));
	FOR_ROWS(i, arrays) {
		const struct calix_parameter *parameter = calix_parameter_find(arrays[i]);
		int32_t values[CALIX_ARRAY_MAX];
		uint8_t success[CALIX_ARRAY_MAX];
		for (size_t j = 0; j < parameter->length; j++) {
			values[j] = value_of(number, parameter, j);
			success[j] = success_of(number, j);
		}
		assert_ok(calix_result_add_array(result, arrays[i], values, parameter->length,
		        i % 2 ? success : NULL));
	}
	assert_ok(calix_result_add_metric(result, "leak.std", 0.1 * number));
	assert_ok(calix_result_add_metric(result, "threshold.std", 1.0));
	return result;
}

/* Is this the very result that make(number) made? */
static bool equals(const struct calix_result *result, unsigned number, const char *chip)
{
	size_t count;
	const struct calix_metric *metrics = calix_result_metrics(result, &count);
	bool same = !strcmp(calix_result_chip(result), chip) &&
	            !strcmp(calix_result_kind(result), "spiking") && count == 2 &&
	            metrics[0].value == 0.1 * number && metrics[1].value == 1.0;
	FOR_ROWS(i, arrays) {
		const struct calix_parameter *parameter = calix_parameter_find(arrays[i]);
		const int32_t *values = calix_result_array(result, arrays[i], NULL);
		const uint8_t *success = calix_result_success(result, arrays[i], NULL);
		for (size_t j = 0; same && j < parameter->length; j++)
			same = values && values[j] == value_of(number, parameter, j) &&
			       success[j] == (i % 2 ? success_of(number, j) : 1);
	}
	return same && !calix_result_array_name(result, 4);
}

static int insert(struct calix_store *store, unsigned number, const char *chip, const char *target)
{
	struct calix_provenance provenance = CALIX_PROVENANCE_INIT;
	struct calix_result *result = make(number, chip);
	provenance.target_json = target;
	provenance.seed = UINT64_MAX - number;
	const int status = calix_store_insert(store, chip, result, &provenance);
	calix_result_free(result);
	return status;
}

static int find(struct calix_result **out, struct calix_store *store, const char *chip,
        const char *target)
{
	struct calix_query query = CALIX_QUERY_INIT;
	query.chip = chip;
	query.kind = "spiking";
	query.target_json = target;
	return calix_store_find(out, store, &query);
}

static void assert_finds(struct calix_store *store, unsigned number, const char *chip,
        const char *target)
{
	struct calix_result *result;
	assert_ok(find(&result, store, chip, target));
	assert_true(equals(result, number, chip));
	calix_result_free(result);
}

static struct calix_store *open_store(unsigned flags)
{
	struct calix_store *store;
	assert_ok(calix_store_open(&store, path, flags));
	return store;
}

/* Three results of two chips, the last of chip 1 taken out of use. */
static void fill(void)
{
	struct calix_store *store = open_store(CALIX_STORE_CREATE);
	assert_ok(insert(store, 1, "emulator-1", "{\"leak\":80}"));
	assert_ok(insert(store, 2, "emulator-1", "{\"leak\":80}"));
	assert_ok(insert(store, 3, "emulator-1", "{\"leak\":90}"));
	assert_ok(insert(store, 4, "emulator-2", "{\"leak\":80}"));
	assert_ok(insert(store, 5, "emulator-1", "{\"leak\":80}"));
	assert_ok(calix_store_add_verdict(store, 5, false, "the chip was warming up"));
	calix_store_close(store);
}

/* A statement by another program that knows no rules of ours. */
static void execute(const char *file, const char *sql)
{
	sqlite3 *db;
	char *error = NULL;
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

static char *read_file(const char *name, size_t *size)
{
	FILE *file = fopen(name, "rb");
	assert_non_null(file);
	fseek(file, 0, SEEK_END);
	*size = (size_t)ftell(file);
	rewind(file);
	char *bytes = calloc(1, *size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, *size, file), *size);
	fclose(file);
	return bytes;
}

static void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* What SQLite leaves beside a file that it could not close in order. */
static void remove_logs(void)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal" };
	FOR_ROWS(i, ends) {
		char name[340];
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

/* ---- what goes in comes out -------------------------------------------------------------------- */

static void what_goes_in_comes_out_again(void **state)
{
	(void)state;
	fill();
	struct calix_store *store = open_store(CALIX_STORE_READ_ONLY);
	assert_string_equal(calix_store_path(store), path);
	assert_finds(store, 2, "emulator-1", "{\"leak\":80}");
	assert_finds(store, 2, "emulator-1", " {\n\"leak\" : 80 } ");
	assert_finds(store, 3, "emulator-1", "{\"leak\":90}");
	assert_finds(store, 3, "emulator-1", NULL);
	assert_finds(store, 4, "emulator-2", "{\"leak\":80}");
	struct calix_result *result;
	assert_ok(find(&result, store, "emulator-1", NULL));
	const int32_t values[4] = { 0 };
	assert_error(calix_result_add_array(result, "cadc.v_ramp_offset", values, 4, NULL),
	        HXCOMM_ESTATE, "never changes");
	assert_error(calix_result_add_metric(result, "x", 1), HXCOMM_ESTATE, "never changes");
	calix_result_free(result);
	assert_ok(calix_store_verify(store));
	calix_store_close(store);
	calix_store_close(NULL);
}

static void a_missing_calibration_says_what_to_run(void **state)
{
	struct calix_result *result = (void *)1;
	(void)state;
	fill();
	struct calix_store *store = open_store(0);
	assert_error(find(&result, store, "emulator-3", NULL), HXCOMM_ENOENT, "run `bss calibrate`");
	assert_null(result);
	assert_error(find(&result, store, "emulator-2", "{\"leak\":90}"), HXCOMM_ENOENT,
	        "'emulator-2' with target {\"leak\":90}");
	struct calix_query query = CALIX_QUERY_INIT;
	query.chip = "emulator-1";
	query.kind = "cadc";
	assert_error(calix_store_find(&result, store, &query), HXCOMM_ENOENT, "kind 'cadc'");
	query.kind = "spiking";
	query.since_ms = calix__now_ms() + 1000000;
	assert_error(calix_store_find(&result, store, &query), HXCOMM_ENOENT, "no valid");
	query.kind = NULL;
	assert_error(calix_store_find(&result, store, &query), HXCOMM_EINVAL, "kind");
	query.size = 0;
	assert_error(calix_store_find(&result, store, &query), HXCOMM_EINVAL, "CALIX_QUERY_INIT");
	assert_error(find(&result, store, "emulator-1", "{\"leak\":"), HXCOMM_EINVAL, "no JSON");
	assert_error(find(&result, store, "emulator-1", "[80]"), HXCOMM_EINVAL, "no JSON object");
	calix_store_close(store);
}

static void verdicts_are_added_and_the_newest_counts(void **state)
{
	(void)state;
	fill();
	struct calix_store *store = open_store(0);
	assert_ok(calix_store_add_verdict(store, 5, true, "it was not after all"));
	assert_finds(store, 5, "emulator-1", "{\"leak\":80}");
	assert_ok(calix_store_add_verdict(store, 5, false, "it was"));
	assert_finds(store, 2, "emulator-1", "{\"leak\":80}");
	assert_error(calix_store_add_verdict(store, 6, false, "no such"), HXCOMM_ENOENT, "no result 6");
	assert_error(calix_store_add_verdict(store, 1, false, ""), HXCOMM_EINVAL, "reason");
	assert_ok(calix_store_verify(store));
	calix_store_close(store);
}

static void a_result_without_any_success_is_kept_but_not_used(void **state)
{
	struct calix_result *result;
	const int32_t values[4] = { 0 };
	const uint8_t success[4] = { 0 };
	(void)state;
	struct calix_store *store = open_store(CALIX_STORE_CREATE);
	assert_ok(calix_result_new(&result, "emulator-1", "spiking"));
	assert_ok(calix_result_add_array(result, "synapse.dac_bias", values, 4, success));
	assert_ok(calix_store_insert(store, "emulator-1", result, NULL));
	calix_result_free(result);
	assert_error(find(&result, store, "emulator-1", NULL), HXCOMM_ENOENT, "no valid");
	calix_store_close(store);
}

/* ---- list -------------------------------------------------------------------------------------- */

struct listed {
	int count;
	int limit;
	int64_t ids[8];
};

static int visit(const struct calix_store_entry *entry, void *user)
{
	struct listed *listed = user;
	char chip[32];
	snprintf(chip, sizeof(chip), "emulator-%d", entry->id == 4 ? 2 : 1);
	assert_string_equal(entry->chip, chip);
	assert_string_equal(entry->kind, "spiking");
	assert_string_equal(entry->target_json, entry->id == 3 ? "{\"leak\":90}" : "{\"leak\":80}");
	assert_string_equal(entry->options_json, "{}");
	assert_string_equal(entry->software, "calix");
	assert_true(entry->version[0] && entry->host[0]);
	assert_true(entry->seed == UINT64_MAX - (uint64_t)entry->id);
	assert_int_equal(entry->valid, entry->id != 5);
	assert_string_equal(entry->reason, entry->id == 5 ? "the chip was warming up" : "self-check");
	assert_true(entry->started_ms <= entry->finished_ms && entry->finished_ms <= entry->created_ms);
	assert_true(entry->created_ms > INT64_C(1600000000000));
	assert_int_equal(entry->total, 1024 + 512 + 4 + 512);
	uint32_t success = 1024 + 4;
	for (size_t i = 0; i < 512; i++)
		success += 2u * success_of((unsigned)entry->id, i);
	assert_int_equal(entry->success, success);
	assert_int_equal(entry->metric_count, 2);
	assert_string_equal(entry->metrics[0].name, "leak.std");
	assert_true(entry->metrics[0].value == 0.1 * (double)entry->id);
	listed->ids[listed->count++] = entry->id;
	return listed->count == listed->limit;
}

static void the_list_goes_by_chip_and_then_newest_first(void **state)
{
	static const int64_t expected[] = { 5, 3, 2, 1, 4 };
	struct listed all = { .limit = 99 }, two = { .limit = 2 };
	(void)state;
	fill();
	struct calix_store *store = open_store(CALIX_STORE_READ_ONLY);
	assert_ok(calix_store_list(store, visit, &all));
	assert_int_equal(all.count, 5);
	assert_memory_equal(all.ids, expected, sizeof(expected));
	assert_ok(calix_store_list(store, visit, &two));
	assert_int_equal(two.count, 2);
	assert_finds(store, 3, "emulator-1", NULL); /* the transaction has ended */
	calix_store_close(store);
}

/* ---- what must not go in ----------------------------------------------------------------------- */

static void a_result_of_another_chip_is_refused(void **state)
{
	struct calix_result *result = make(1, "emulator-1");
	(void)state;
	struct calix_store *store = open_store(CALIX_STORE_CREATE);
	assert_error(calix_store_insert(store, "emulator-2", result, NULL), HXCOMM_EINVAL,
	        "chip 'emulator-1', not on 'emulator-2'");
	assert_error(calix_store_insert(store, NULL, result, NULL), HXCOMM_EINVAL, "identifier");
	calix_result_free(result);
	assert_error(find(&result, store, "emulator-1", NULL), HXCOMM_ENOENT, "");
	assert_error(find(&result, store, "emulator-2", NULL), HXCOMM_ENOENT, "");
	calix_store_close(store);
}

static void bad_provenance_is_refused_and_nothing_is_stored(void **state)
{
	struct { struct calix_provenance known; uint64_t later; } newer = { CALIX_PROVENANCE_INIT, 1 };
	struct calix_result *result = make(1, "emulator-1"), *empty;
	(void)state;
	struct calix_store *store = open_store(CALIX_STORE_CREATE);
	struct calix_provenance provenance = CALIX_PROVENANCE_INIT;
	provenance.target_json = "80";
	assert_error(calix_store_insert(store, "emulator-1", result, &provenance), HXCOMM_EINVAL,
	        "target is no JSON object");
	provenance.target_json = "{\"leak\":80,\"leak\":90}";
	assert_error(calix_store_insert(store, "emulator-1", result, &provenance), HXCOMM_EINVAL,
	        "duplicate");
	provenance.target_json = NULL;
	provenance.options_json = "{leak}";
	assert_error(calix_store_insert(store, "emulator-1", result, &provenance), HXCOMM_EINVAL,
	        "options is no JSON");
	provenance.options_json = NULL;
	provenance.started_ms = 2000;
	provenance.finished_ms = 1000;
	assert_error(calix_store_insert(store, "emulator-1", result, &provenance), HXCOMM_EINVAL,
	        "1000 ms after");
	provenance.size = 0;
	assert_error(calix_store_insert(store, "emulator-1", result, &provenance), HXCOMM_EINVAL,
	        "CALIX_PROVENANCE_INIT");
	newer.known.size = sizeof(newer);
	assert_error(calix_store_insert(store, "emulator-1", result, &newer.known), HXCOMM_EINVAL,
	        "newer than this library");
	assert_ok(calix_result_new(&empty, "emulator-1", "spiking"));
	assert_error(calix_store_insert(store, "emulator-1", empty, NULL), HXCOMM_EINVAL, "no array");
	calix_result_free(empty);
	calix_result_free(result);
	assert_error(find(&result, store, "emulator-1", NULL), HXCOMM_ENOENT, "");
	calix_store_close(store);
}

static void results_cannot_be_changed_even_by_other_programs(void **state)
{
	static const char *const rows[] = {
		"UPDATE result SET n_success = 1", "DELETE FROM result",
		"UPDATE result_array SET data = x'00'", "DELETE FROM result_array",
		"UPDATE metric SET value = 0", "DELETE FROM metric",
		"UPDATE verdict SET valid = 1", "DELETE FROM verdict",
		"UPDATE run SET target_json = '{}'", "DELETE FROM run",
		"INSERT INTO metric VALUES (1, 'extra', 'chip', 0, 1.0)",
		"INSERT INTO result_array SELECT 1, max(param_id), sha256, data, success FROM result_array",
	};
	sqlite3 *db;
	(void)state;
	fill();
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	FOR_ROWS(i, rows) {
		const int result = sqlite3_exec(db, rows[i], NULL, NULL, NULL);
		if (result != SQLITE_CONSTRAINT)
			fail_msg("%s: %d", rows[i], result);
	}
	sqlite3_close(db);
	struct calix_store *store = open_store(0);
	assert_finds(store, 2, "emulator-1", "{\"leak\":80}");
	calix_store_close(store);
}

static void a_store_for_reading_takes_nothing(void **state)
{
	(void)state;
	fill();
	struct calix_store *store = open_store(CALIX_STORE_READ_ONLY);
	assert_error(insert(store, 1, "emulator-1", NULL), HXCOMM_ESTATE, "reading only");
	assert_error(calix_store_add_verdict(store, 1, false, "x"), HXCOMM_ESTATE, "reading only");
	calix_store_close(store);
}

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

/* In the child: exit codes instead of cmocka's jumps. */
static void expect(int status, int code, const char *text)
{
	if (status != code || (code && !strstr(hxcomm_error_message(), text))) {
		fprintf(stderr, "%s: %s (wanted %s, '%s')\n", hxcomm_error_name(status),
		        hxcomm_error_message(), hxcomm_error_name(code), text);
		_exit(1);
	}
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

/* ---- several at once --------------------------------------------------------------------------- */

static void processes_that_write_at_once_all_succeed(void **state)
{
	enum { PROCESSES = 4, RESULTS = 5 };
	pid_t children[PROCESSES];
	int64_t count;
	(void)state;
	fflush(NULL);
	for (int i = 0; i < PROCESSES; i++) {
		children[i] = fork();
		assert_true(children[i] >= 0);
		if (children[i])
			continue;
		struct calix_store *store;
		char chip[32];
		snprintf(chip, sizeof(chip), "emulator-%d", i + 1);
		expect(calix_store_open(&store, path, CALIX_STORE_CREATE), HXCOMM_OK, "");
		for (unsigned j = 0; j < RESULTS; j++)
			expect(insert(store, j + 1, chip, NULL), HXCOMM_OK, "");
		calix_store_close(store);
		_exit(0);
	}
	for (int i = 0; i < PROCESSES; i++) {
		int ended;
		assert_int_equal(waitpid(children[i], &ended, 0), children[i]);
		assert_true(WIFEXITED(ended) && WEXITSTATUS(ended) == 0);
	}
	struct calix_store *store = open_store(0);
	assert_ok(calix__read_number(&count, store, "SELECT count(*) FROM result", "test"));
	assert_int_equal(count, PROCESSES * RESULTS);
	assert_finds(store, RESULTS, "emulator-4", NULL);
	assert_ok(calix_store_verify(store));
	calix_store_close(store);
}

static void a_store_that_is_held_by_another_says_so(void **state)
{
	struct calix_result *result;
	sqlite3 *db;
	(void)state;
	fill();
	struct calix_store *store = open_store(0);
	sqlite3_busy_timeout(store->db, 10);
	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_error(insert(store, 6, "emulator-1", NULL), HXCOMM_ETIMEDOUT, "another process");
	assert_ok(find(&result, store, "emulator-1", NULL)); /* readers do not wait */
	calix_result_free(result);
	sqlite3_close(db);
	assert_ok(insert(store, 6, "emulator-1", NULL));
	calix_store_close(store);
}

static void the_environment_says_where_the_store_is(void **state)
{
	struct calix_store *store;
	char expected[400];
	(void)state;
	unsetenv("BSS_STORE");
	setenv("XDG_DATA_HOME", folder, 1);
	assert_ok(calix_store_open(&store, NULL, CALIX_STORE_CREATE));
	snprintf(expected, sizeof(expected), "%s/bss/calibration.sqlite", folder);
	assert_string_equal(calix_store_path(store), expected);
	calix_store_close(store);
	unsetenv("XDG_DATA_HOME");
	setenv("HOME", folder, 1);
	assert_ok(calix_store_open(&store, NULL, CALIX_STORE_CREATE));
	snprintf(expected, sizeof(expected), "%s/.local/share/bss/calibration.sqlite", folder);
	assert_string_equal(calix_store_path(store), expected);
	calix_store_close(store);
	unsetenv("HOME");
	assert_error(calix_store_open(&store, NULL, CALIX_STORE_CREATE), HXCOMM_EINVAL, "set BSS_STORE");
	snprintf(expected, sizeof(expected), "%s/100%% odd?name#1", folder);
	setenv("BSS_STORE", expected, 1);
	assert_ok(calix_store_open(&store, NULL, CALIX_STORE_CREATE));
	calix_store_close(store);
	assert_int_equal(access(expected, F_OK), 0);
	unsetenv("BSS_STORE");
}

#define STORE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		STORE_TEST(what_goes_in_comes_out_again),
		STORE_TEST(a_missing_calibration_says_what_to_run),
		STORE_TEST(verdicts_are_added_and_the_newest_counts),
		STORE_TEST(a_result_without_any_success_is_kept_but_not_used),
		STORE_TEST(the_list_goes_by_chip_and_then_newest_first),
		STORE_TEST(a_result_of_another_chip_is_refused),
		STORE_TEST(bad_provenance_is_refused_and_nothing_is_stored),
		STORE_TEST(results_cannot_be_changed_even_by_other_programs),
		STORE_TEST(a_store_for_reading_takes_nothing),
		STORE_TEST(no_flipped_byte_gives_a_wrong_calibration),
		STORE_TEST(a_changed_row_is_damage_though_sqlite_sees_none),
		STORE_TEST(damage_under_an_open_store_is_seen_when_loading),
		STORE_TEST(a_cut_file_is_an_error),
		STORE_TEST(what_is_no_store_is_refused_by_name),
		STORE_TEST(permissions_that_are_missing_are_named),
		STORE_TEST(a_full_disk_changes_nothing),
		STORE_TEST(a_newer_store_is_for_reading_only),
		STORE_TEST(a_store_of_version_1_is_brought_up_to_date),
		STORE_TEST(a_migration_that_fails_leaves_the_file_as_it_was),
		STORE_TEST(processes_that_write_at_once_all_succeed),
		STORE_TEST(a_store_that_is_held_by_another_says_so),
		STORE_TEST(the_environment_says_where_the_store_is),
	};
	return cmocka_run_group_tests_name("calix/store", tests, NULL, NULL);
}

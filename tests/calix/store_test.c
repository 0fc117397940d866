// SPDX-License-Identifier: MIT
#include "store_support.h"

#include <sqlite3.h>
#include <store_private.h>

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

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
		STORE_TEST(processes_that_write_at_once_all_succeed),
		STORE_TEST(a_store_that_is_held_by_another_says_so),
		STORE_TEST(the_environment_says_where_the_store_is),
	};
	return cmocka_run_group_tests_name("calix/store", tests, NULL, NULL);
}

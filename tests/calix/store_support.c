// SPDX-License-Identifier: MIT
#include "store_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

char folder[256], path[300];

int setup(void **state)
{
	(void)state;
	snprintf(folder, sizeof(folder), "%s/calix-store-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	chmod(folder, 0777);
	snprintf(path, sizeof(path), "%s/store.sqlite", folder);
	return 0;
}

int teardown(void **state)
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

uint8_t success_of(unsigned number, size_t index)
{
	return (index * 7 + number) % 10 != 0;
}

static const char *const arrays[] = { "cadc.channel_offset", "neuron.v_leak", "synapse.dac_bias",
	"neuron.leak_division" };

struct calix_result *make(unsigned number, const char *chip)
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
bool equals(const struct calix_result *result, unsigned number, const char *chip)
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

int insert(struct calix_store *store, unsigned number, const char *chip, const char *target)
{
	struct calix_provenance provenance = CALIX_PROVENANCE_INIT;
	struct calix_result *result = make(number, chip);
	provenance.target_json = target;
	provenance.seed = UINT64_MAX - number;
	const int status = calix_store_insert(store, chip, result, &provenance);
	calix_result_free(result);
	return status;
}

int find(struct calix_result **out, struct calix_store *store, const char *chip,
        const char *target)
{
	struct calix_query query = CALIX_QUERY_INIT;
	query.chip = chip;
	query.kind = "spiking";
	query.target_json = target;
	return calix_store_find(out, store, &query);
}

void assert_finds(struct calix_store *store, unsigned number, const char *chip,
        const char *target)
{
	struct calix_result *result;
	assert_ok(find(&result, store, chip, target));
	assert_true(equals(result, number, chip));
	calix_result_free(result);
}

struct calix_store *open_store(unsigned flags)
{
	struct calix_store *store;
	assert_ok(calix_store_open(&store, path, flags));
	return store;
}

/* Three results of two chips, the last of chip 1 taken out of use. */
void fill(void)
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
void execute(const char *file, const char *sql)
{
	sqlite3 *db;
	char *error = NULL;
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	if (sqlite3_exec(db, sql, NULL, NULL, &error) != SQLITE_OK)
		fail_msg("%s: %s", sql, error);
	sqlite3_close(db);
}

char *read_file(const char *name, size_t *size)
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

void write_file(const char *name, const void *bytes, size_t size)
{
	FILE *file = fopen(name, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	assert_int_equal(fclose(file), 0);
}

/* What SQLite leaves beside a file that it could not close in order. */
void remove_logs(void)
{
	static const char *const ends[] = { "-wal", "-shm", "-journal" };
	FOR_ROWS(i, ends) {
		char name[340];
		snprintf(name, sizeof(name), "%s%s", path, ends[i]);
		unlink(name);
	}
}

/* In the child: exit codes instead of cmocka's jumps. */
void expect(int status, int code, const char *text)
{
	if (status != code || (code && !strstr(hxcomm_error_message(), text))) {
		fprintf(stderr, "%s: %s (wanted %s, '%s')\n", hxcomm_error_name(status),
		        hxcomm_error_message(), hxcomm_error_name(code), text);
		_exit(1);
	}
}

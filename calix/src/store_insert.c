// SPDX-License-Identifier: MIT
/* One result into the store: chip, software, run, arrays, metrics, verdict, in one transaction. */
#include "json.h"
#include "result_private.h"
#include "store_private.h"

#include <hxcomm/error.h>
#include <hxcomm/options.h>

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REVISION = 3 /* HICANN-X */, TEXT_MAX = 1000, LOG_MAX = 1 << 20 };

/* Provenance with every default filled in. */
struct origin {
	struct calix_provenance given;
	char host[256];
	char *target;
	char *options;
	uint8_t key[CALIX__DIGEST_BYTES];
};

static int check_text(const char *what, const char *text, size_t limit)
{
	if (strnlen(text, limit + 1) <= limit)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_EINVAL, "the %s of a provenance is longer than %zu bytes", what,
	        limit);
}

static int fill_origin(struct origin *out, const char *kind, const struct calix_provenance *provenance)
{
	struct calix_provenance *given = &out->given;
	int status = hxcomm_options_read(given, sizeof(*given), provenance, "CALIX_PROVENANCE_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (!given->host) {
		if (gethostname(out->host, sizeof(out->host) - 1) != 0)
			strcpy(out->host, "unknown");
		given->host = out->host;
	}
	const char *user = getenv("USER");
	given->actor = given->actor ? given->actor : user ? user : "";
	given->software = given->software ? given->software : "calix";
	given->version = given->version ? given->version : CALIX_SOFTWARE_VERSION;
	given->commit = given->commit ? given->commit : "";
	given->log = given->log ? given->log : "";
	given->finished_ms = given->finished_ms ? given->finished_ms : calix__now_ms();
	given->started_ms = given->started_ms ? given->started_ms : given->finished_ms;
	if (given->started_ms > given->finished_ms)
		return hxcomm_error_set(HXCOMM_EINVAL, "the calibration started %lld ms after it finished",
		        (long long)(given->started_ms - given->finished_ms));
	const struct { const char *what, *text; size_t limit; } texts[] = {
		{ "host", given->host, TEXT_MAX }, { "actor", given->actor, TEXT_MAX },
		{ "software", given->software, TEXT_MAX }, { "version", given->version, TEXT_MAX },
		{ "commit", given->commit, TEXT_MAX }, { "log", given->log, LOG_MAX },
	};
	for (size_t i = 0; status == HXCOMM_OK && i < sizeof(texts) / sizeof(*texts); i++)
		status = check_text(texts[i].what, texts[i].text, texts[i].limit);
	if (status == HXCOMM_OK)
		status = calix__json_canonical(&out->target, given->target_json, "target");
	if (status == HXCOMM_OK)
		status = calix__json_canonical(&out->options, given->options_json, "options");
	if (status == HXCOMM_OK)
		calix__key_digest(out->key, kind, out->target, out->options);
	return status;
}

/* ---- rows that others refer to: found, or made on first use ---------------------------------- */

/* Run `insert` and then `select` with the same texts and numbers bound; the id comes from select. */
static int find_or_insert(int64_t *out, const struct calix_store *store, const char *insert,
        const char *select, const char *const texts[3], const int64_t numbers[4], const char *doing)
{
	const char *const queries[] = { insert, select };
	int status = HXCOMM_OK;
	for (size_t i = 0; i < 2 && status == HXCOMM_OK; i++) {
		sqlite3_stmt *statement;
		status = calix__prepare(&statement, store, queries[i]);
		if (status != HXCOMM_OK)
			return status;
		for (int j = 0; j < sqlite3_bind_parameter_count(statement); j++) {
			if (j < 3)
				sqlite3_bind_text(statement, j + 1, texts[j], -1, SQLITE_STATIC);
			else
				sqlite3_bind_int64(statement, j + 1, numbers[j - 3]);
		}
		status = calix__step(store, statement, doing);
		if (status == 1) {
			*out = sqlite3_column_int64(statement, 0);
			status = HXCOMM_OK;
		} else if (status == 0 && i == 1) {
			status = calix__store_damaged(store, doing);
		}
		sqlite3_finalize(statement);
	}
	return status;
}

static int find_chip(int64_t *out, const struct calix_store *store, const char *chip)
{
	const char *const texts[3] = { chip, "", "" };
	const int64_t numbers[4] = { REVISION, !strncmp(chip, "emulator-", 9), calix__now_ms(), 0 };
	return find_or_insert(out, store,
	        "INSERT INTO chip (unique_id, revision, is_emulated, created_utc) VALUES (?1, ?4, ?5, ?6)"
	        " ON CONFLICT (unique_id) DO NOTHING",
	        "SELECT chip_id FROM chip WHERE unique_id = ?1", texts, numbers, "writing the chip");
}

static int find_kind(int64_t *out, const struct calix_store *store, const char *kind)
{
	const char *const texts[3] = { kind, "", "" };
	const int64_t numbers[4] = { CALIX__FORMAT, 0, 0, 0 };
	return find_or_insert(out, store,
	        "INSERT INTO kind (name, format_version) VALUES (?1, ?4) ON CONFLICT (name) DO NOTHING",
	        "SELECT kind_id FROM kind WHERE name = ?1", texts, numbers, "writing the kind");
}

static int find_software(int64_t *out, const struct calix_store *store,
        const struct calix_provenance *given)
{
	const char *const texts[3] = { given->software, given->version, given->commit };
	const int64_t numbers[4] = { 0 };
	return find_or_insert(out, store,
	        "INSERT INTO software (name, version, commit_hash) VALUES (?1, ?2, ?3)"
	        " ON CONFLICT DO NOTHING",
	        "SELECT software_id FROM software WHERE name = ?1 AND version = ?2 AND commit_hash = ?3",
	        texts, numbers, "writing the software");
}

const char *calix__parameter_dtype(const struct calix_parameter *parameter)
{
	if (parameter->lo >= 0 && parameter->hi <= UINT8_MAX)
		return "u8";
	if (parameter->lo >= INT8_MIN && parameter->hi <= INT8_MAX)
		return "i8";
	if (parameter->lo >= 0 && parameter->hi <= UINT16_MAX)
		return "u16";
	return "i32";
}

size_t calix__parameter_width(const struct calix_parameter *parameter)
{
	const char *dtype = calix__parameter_dtype(parameter);
	return !strcmp(dtype + 1, "8") ? 1 : !strcmp(dtype + 1, "16") ? 2 : 4;
}

static int find_parameter(int64_t *out, const struct calix_store *store,
        const struct calix_parameter *parameter)
{
	const char *const texts[3] = { parameter->name, parameter->scope,
		calix__parameter_dtype(parameter) };
	const int64_t numbers[4] = { (int64_t)parameter->length, parameter->lo, parameter->hi, 0 };
	char insert[256];
	sqlite3_snprintf(sizeof(insert), insert,
	        "INSERT INTO param_def (name, scope, dtype, length, lo, hi, unit)"
	        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, %Q) ON CONFLICT (name) DO NOTHING",
	        parameter->unit);
	return find_or_insert(out, store, insert, "SELECT param_id FROM param_def WHERE name = ?1", texts,
	        numbers, "writing the dictionary");
}

/* ---- the result's own rows ------------------------------------------------------------------- */

static int insert_run(int64_t *out, const struct calix_store *store, int64_t chip, int64_t kind,
        int64_t software, const struct origin *origin)
{
	const struct calix_provenance *given = &origin->given;
	uint8_t seed[8];
	sqlite3_stmt *insert;
	int status = calix__prepare(&insert, store,
	        "INSERT INTO run (uuid, chip_id, kind_id, software_id, state, started_utc, finished_utc,"
	        " host, actor, seed, target_json, options_json, key_hash, log, pid)"
	        " VALUES (randomblob(16), ?1, ?2, ?3, 'done', ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
	if (status != HXCOMM_OK)
		return status;
	for (unsigned i = 0; i < sizeof(seed); i++)
		seed[i] = (uint8_t)(given->seed >> (8 * i));
	sqlite3_bind_int64(insert, 1, chip);
	sqlite3_bind_int64(insert, 2, kind);
	sqlite3_bind_int64(insert, 3, software);
	sqlite3_bind_int64(insert, 4, given->started_ms);
	sqlite3_bind_int64(insert, 5, given->finished_ms);
	sqlite3_bind_text(insert, 6, given->host, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 7, given->actor, -1, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 8, seed, sizeof(seed), SQLITE_STATIC);
	sqlite3_bind_text(insert, 9, origin->target, -1, SQLITE_STATIC);
	sqlite3_bind_text(insert, 10, origin->options, -1, SQLITE_STATIC);
	sqlite3_bind_blob(insert, 11, origin->key, sizeof(origin->key), SQLITE_STATIC);
	sqlite3_bind_text(insert, 12, given->log, -1, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 13, getpid());
	status = calix__step(store, insert, "writing the run");
	sqlite3_finalize(insert);
	*out = sqlite3_last_insert_rowid(store->db);
	return status;
}

/* Little-endian values and, where not all succeeded, a bit for each. */
static size_t pack_array(uint8_t *data, uint8_t *bits, bool *all,
        const struct calix_parameter *parameter, const int32_t *values, const uint8_t *success)
{
	const size_t width = calix__parameter_width(parameter);
	*all = true;
	memset(bits, 0, CALIX_ARRAY_MAX / 8);
	for (size_t i = 0; i < parameter->length; i++) {
		for (size_t j = 0; j < width; j++)
			data[i * width + j] = (uint8_t)((uint32_t)values[i] >> (8 * j));
		bits[i / 8] = (uint8_t)(bits[i / 8] | success[i] << (i % 8));
		*all = *all && success[i];
	}
	return width * parameter->length;
}

static int insert_array(const struct calix_store *store, int64_t result_id,
        const struct calix_result *result, const char *name)
{
	const struct calix_parameter *parameter = calix_parameter_find(name);
	uint8_t data[4 * CALIX_ARRAY_MAX], bits[CALIX_ARRAY_MAX / 8], digest[CALIX__DIGEST_BYTES];
	int64_t parameter_id;
	bool all;
	sqlite3_stmt *insert;
	const size_t bytes = pack_array(data, bits, &all, parameter,
	        calix_result_array(result, name, NULL), calix_result_success(result, name, NULL));
	const size_t bit_bytes = (parameter->length + 7) / 8;
	int status = find_parameter(&parameter_id, store, parameter);
	if (status == HXCOMM_OK)
		status = calix__prepare(&insert, store,
		        "INSERT INTO result_array (result_id, param_id, sha256, data, success)"
		        " VALUES (?1, ?2, ?3, ?4, ?5)");
	if (status != HXCOMM_OK)
		return status;
	calix__array_digest(digest, name, data, bytes, all ? NULL : bits, bit_bytes);
	sqlite3_bind_int64(insert, 1, result_id);
	sqlite3_bind_int64(insert, 2, parameter_id);
	sqlite3_bind_blob(insert, 3, digest, sizeof(digest), SQLITE_STATIC);
	sqlite3_bind_blob(insert, 4, data, (int)bytes, SQLITE_STATIC);
	if (!all)
		sqlite3_bind_blob(insert, 5, bits, (int)bit_bytes, SQLITE_STATIC);
	status = calix__step(store, insert, name);
	sqlite3_finalize(insert);
	return status;
}

static int insert_metrics(const struct calix_store *store, int64_t result_id,
        const struct calix_result *result)
{
	size_t count;
	const struct calix_metric *metrics = calix_result_metrics(result, &count);
	sqlite3_stmt *insert;
	int status = calix__prepare(&insert, store,
	        "INSERT INTO metric (result_id, name, scope, idx, value) VALUES (?1, ?2, 'chip', 0, ?3)");
	if (status != HXCOMM_OK)
		return status;
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++) {
		sqlite3_reset(insert);
		sqlite3_bind_int64(insert, 1, result_id);
		sqlite3_bind_text(insert, 2, metrics[i].name, -1, SQLITE_STATIC);
		sqlite3_bind_double(insert, 3, metrics[i].value);
		status = calix__step(store, insert, "writing the metrics");
	}
	sqlite3_finalize(insert);
	return status;
}

/* Last of a result's rows: what holds the others together. */
static int insert_result(const struct calix_store *store, int64_t result_id, int64_t run_id,
        int64_t chip, int64_t kind, const uint8_t *key, const struct calix_result *result)
{
	uint8_t digest[CALIX__DIGEST_BYTES];
	size_t success;
	sqlite3_stmt *insert;
	const int64_t now = calix__now_ms();
	const int64_t total = (int64_t)calix_result_count(result, &success);
	int status = calix__payload_digest(digest, store, result_id, run_id, now, total, (int64_t)success);
	if (status == HXCOMM_OK)
		status = calix__prepare(&insert, store,
		        "INSERT INTO result (result_id, run_id, chip_id, kind_id, key_hash, created_utc,"
		        " n_total, n_success, payload_sha256) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)");
	if (status != HXCOMM_OK)
		return status;
	const int64_t ids[] = { result_id, run_id, chip, kind };
	for (int i = 0; i < 4; i++)
		sqlite3_bind_int64(insert, i + 1, ids[i]);
	sqlite3_bind_blob(insert, 5, key, CALIX__DIGEST_BYTES, SQLITE_STATIC);
	sqlite3_bind_int64(insert, 6, now);
	sqlite3_bind_int64(insert, 7, total);
	sqlite3_bind_int64(insert, 8, (int64_t)success);
	sqlite3_bind_blob(insert, 9, digest, sizeof(digest), SQLITE_STATIC);
	status = calix__step(store, insert, "writing the result");
	sqlite3_finalize(insert);
	return status;
}

static int insert_all(const struct calix_store *store, const struct calix_result *result,
        const struct origin *origin)
{
	int64_t chip, kind, software, run, result_id;
	const char *name;
	size_t success;
	int status = find_chip(&chip, store, calix_result_chip(result));
	if (status == HXCOMM_OK)
		status = find_kind(&kind, store, calix_result_kind(result));
	if (status == HXCOMM_OK)
		status = find_software(&software, store, &origin->given);
	if (status == HXCOMM_OK)
		status = insert_run(&run, store, chip, kind, software, origin);
	if (status == HXCOMM_OK)
		status = calix__read_number(&result_id, store,
		        "SELECT coalesce(max(result_id), 0) + 1 FROM result", "numbering the result");
	for (size_t i = 0; status == HXCOMM_OK && (name = calix_result_array_name(result, i)); i++)
		status = insert_array(store, result_id, result, name);
	if (status == HXCOMM_OK)
		status = insert_metrics(store, result_id, result);
	if (status == HXCOMM_OK)
		status = insert_result(store, result_id, run, chip, kind, origin->key, result);
	if (status != HXCOMM_OK)
		return status;
	calix_result_count(result, &success);
	status = calix__verdict_insert(store, result_id, success > 0,
	        success ? "self-check" : "self-check: no value was calibrated", origin->given.actor);
	/* read back what will be found later: a dictionary of another age shows here, not then */
	struct calix_result *copy = NULL;
	if (status == HXCOMM_OK)
		status = calix__result_load(&copy, store, result_id);
	calix_result_free(copy);
	return status;
}

static int check_writable(const struct calix_store *store)
{
	if (!store->read_only)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ESTATE,
	        "calibration store '%.200s' is open for reading only: open it without CALIX_STORE_READ_ONLY",
	        store->path);
}

int calix_store_insert(struct calix_store *store, const char *chip, const struct calix_result *result,
        const struct calix_provenance *provenance)
{
	int status = calix__chip_check(chip);
	if (status == HXCOMM_OK)
		status = check_writable(store);
	if (status != HXCOMM_OK)
		return status;
	if (strcmp(chip, calix_result_chip(result)) != 0)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "this result was measured on chip '%.100s', not on '%.100s': calibrate that chip itself",
		        calix_result_chip(result), chip);
	if (!calix_result_count(result, NULL))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the result of kind '%s' holds no array, so there is nothing to store",
		        calix_result_kind(result));
	struct origin origin = { 0 };
	status = fill_origin(&origin, calix_result_kind(result), provenance);
	if (status == HXCOMM_OK)
		status = calix__execute(store, "BEGIN IMMEDIATE", "writing a result");
	if (status == HXCOMM_OK) {
		/* the foreign keys are complete only at the end */
		status = calix__execute(store, "PRAGMA defer_foreign_keys = ON", "writing a result");
		if (status == HXCOMM_OK)
			status = insert_all(store, result, &origin);
		status = calix__finish(store, status, "writing a result");
	}
	free(origin.target);
	free(origin.options);
	return status;
}

int calix_store_add_verdict(struct calix_store *store, int64_t id, bool valid, const char *reason)
{
	const size_t length = reason ? strnlen(reason, TEXT_MAX + 1) : 0;
	const char *user = getenv("USER");
	int status = check_writable(store);
	if (status != HXCOMM_OK)
		return status;
	if (!length || length > TEXT_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL, "the reason of a verdict has 1 to %d bytes, not %s",
		        TEXT_MAX, length ? "more" : "none");
	status = calix__execute(store, "BEGIN IMMEDIATE", "writing a verdict");
	if (status != HXCOMM_OK)
		return status;
	status = calix__verdict_insert(store, id, valid, reason, user ? user : "");
	return calix__finish(store, status, "writing a verdict");
}

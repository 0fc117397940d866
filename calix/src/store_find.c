// SPDX-License-Identifier: MIT
/* Out of the store: what is loaded was checked, hash by hash and value by value. */
#include "json.h"
#include "result_private.h"
#include "store_private.h"

#include <hxcomm/error.h>
#include <hxcomm/options.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>


/* ---- one result ------------------------------------------------------------------------------ */

/* Columns of an array: name, data, success, sha256, scope, dtype, length, lo, hi. */
static const char array_rows[] =
        "SELECT p.name, a.data, a.success, a.sha256, p.scope, p.dtype, p.length, p.lo, p.hi"
        " FROM result_array a JOIN param_def p ON p.param_id = a.param_id WHERE a.result_id = ?1";

static const char *column_text(sqlite3_stmt *row, int column)
{
	const char *text = (const char *)sqlite3_column_text(row, column);
	return text ? text : "";
}

static int damaged_array(const struct calix_store *store, const char *name, const char *what)
{
	char text[160];
	snprintf(text, sizeof(text), "array %.60s %s", name, what);
	return calix__store_damaged(store, text);
}

/* The file's dictionary against ours: what a value means must not depend on the reader. */
static int check_dictionary(const struct calix_store *store, sqlite3_stmt *row,
        const struct calix_parameter *parameter)
{
	const char *name = column_text(row, 0);
	if (!parameter)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "calibration store '%.200s' holds the array '%.60s', which this library does not know: update it",
		        store->path, name);
	if (strcmp(column_text(row, 4), parameter->scope) != 0 ||
	        strcmp(column_text(row, 5), calix__parameter_dtype(parameter)) != 0 ||
	        sqlite3_column_int64(row, 6) != (int64_t)parameter->length ||
	        sqlite3_column_int64(row, 7) != parameter->lo ||
	        sqlite3_column_int64(row, 8) != parameter->hi)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "calibration store '%.200s' gives the array %s another meaning than this library: update it",
		        store->path, name);
	return HXCOMM_OK;
}

static int32_t unpack_value(const uint8_t *data, size_t width, bool has_sign)
{
	uint32_t value = 0;
	for (size_t i = 0; i < width; i++)
		value |= (uint32_t)data[i] << (8 * i);
	if (has_sign && width < 4 && value >> (8 * width - 1))
		value |= UINT32_MAX << (8 * width);
	return (int32_t)value;
}

static int load_array(struct calix_result *result, const struct calix_store *store, sqlite3_stmt *row)
{
	const char *name = column_text(row, 0);
	const struct calix_parameter *parameter = calix_parameter_find(name);
	int status = check_dictionary(store, row, parameter);
	if (status != HXCOMM_OK)
		return status;
	const size_t width = calix__parameter_width(parameter), length = parameter->length;
	const uint8_t *data = sqlite3_column_blob(row, 1), *bits = sqlite3_column_blob(row, 2);
	const size_t bytes = (size_t)sqlite3_column_bytes(row, 1);
	const size_t bit_bytes = (size_t)sqlite3_column_bytes(row, 2);
	if (!data || bytes != width * length || (bits && bit_bytes != (length + 7) / 8))
		return damaged_array(store, name, "has another length than its dictionary says");
	uint8_t digest[CALIX__DIGEST_BYTES];
	calix__array_digest(digest, name, data, bytes, bits, bit_bytes);
	if (sqlite3_column_bytes(row, 3) != CALIX__DIGEST_BYTES ||
	        memcmp(sqlite3_column_blob(row, 3), digest, CALIX__DIGEST_BYTES) != 0)
		return damaged_array(store, name, "is not what was stored");
	int32_t values[CALIX_ARRAY_MAX];
	uint8_t success[CALIX_ARRAY_MAX];
	for (size_t i = 0; i < length; i++) {
		values[i] = unpack_value(data + i * width, width, parameter->lo < 0);
		success[i] = (uint8_t)(bits ? bits[i / 8] >> (i % 8) & 1 : 1);
	}
	status = calix_result_add_array(result, name, values, length, success);
	return status == HXCOMM_ERANGE || status == HXCOMM_ESTATE
	               ? damaged_array(store, name, "holds what it must not")
	               : status;
}

/* Visit the rows of a query with one number bound, adding each to the result. */
static int load_rows(struct calix_result *result, const struct calix_store *store, const char *sql,
        int64_t result_id,
        int (*add)(struct calix_result *, const struct calix_store *, sqlite3_stmt *))
{
	sqlite3_stmt *row;
	int status = calix__prepare(&row, store, sql);
	if (status != HXCOMM_OK)
		return status;
	sqlite3_bind_int64(row, 1, result_id);
	while ((status = calix__step(store, row, "reading a result")) == 1) {
		status = add(result, store, row);
		if (status != HXCOMM_OK)
			break;
	}
	sqlite3_finalize(row);
	return status;
}

static int load_metric(struct calix_result *result, const struct calix_store *store, sqlite3_stmt *row)
{
	int status = calix_result_add_metric(result, column_text(row, 0), sqlite3_column_double(row, 1));
	if (status == HXCOMM_OK || status == HXCOMM_ENOMEM)
		return status;
	return calix__store_damaged(store, "a metric is not what was stored");
}

static int new_result(struct calix_result **out, const struct calix_store *store, int64_t result_id)
{
	sqlite3_stmt *row;
	int status = calix__prepare(&row, store,
	        "SELECT c.unique_id, k.name FROM result r JOIN chip c ON c.chip_id = r.chip_id"
	        " JOIN kind k ON k.kind_id = r.kind_id WHERE r.result_id = ?1");
	if (status != HXCOMM_OK)
		return status;
	sqlite3_bind_int64(row, 1, result_id);
	status = calix__step(store, row, "reading a result");
	if (status == 1)
		status = calix_result_new(out, column_text(row, 0), column_text(row, 1));
	else if (status == 0)
		status = calix__store_damaged(store, "a result has lost its chip");
	sqlite3_finalize(row);
	return status;
}

int calix__result_load(struct calix_result **out, const struct calix_store *store, int64_t result_id)
{
	struct calix_result *result = NULL;
	*out = NULL;
	int status = calix__result_verify(store, result_id);
	if (status == HXCOMM_OK)
		status = new_result(&result, store, result_id);
	if (status == HXCOMM_OK)
		status = load_rows(result, store, array_rows, result_id, load_array);
	if (status == HXCOMM_OK)
		status = load_rows(result, store,
		        "SELECT name, value FROM metric WHERE result_id = ?1 AND scope = 'chip' AND idx = 0",
		        result_id, load_metric);
	if (status != HXCOMM_OK) {
		calix_result_free(result);
		return status;
	}
	calix__result_seal(result);
	*out = result;
	return HXCOMM_OK;
}

/* ---- the newest that matches ----------------------------------------------------------------- */

static int read_query(struct calix_query *out, const struct calix_query *in)
{
	int status = hxcomm_options_read(out, sizeof(*out), in, "CALIX_QUERY_INIT");
	if (status == HXCOMM_OK)
		status = calix__chip_check(out->chip);
	return status == HXCOMM_OK ? calix__name_check("kind of calibration", out->kind) : status;
}

/* Number of the newest match; 0 where there is none. */
static int find_id(int64_t *out, const struct calix_store *store, const struct calix_query *query,
        const char *target, const char *options)
{
	sqlite3_stmt *row;
	int status = calix__prepare(&row, store,
	        "SELECT r.result_id FROM newest_valid r JOIN chip c ON c.chip_id = r.chip_id"
	        " JOIN kind k ON k.kind_id = r.kind_id JOIN run n ON n.run_id = r.run_id"
	        " WHERE c.unique_id = ?1 AND k.name = ?2 AND (?3 IS NULL OR n.target_json = ?3)"
	        " AND (?4 IS NULL OR n.options_json = ?4) AND r.created_utc >= ?5"
	        " ORDER BY r.result_id DESC LIMIT 1");
	if (status != HXCOMM_OK)
		return status;
	sqlite3_bind_text(row, 1, query->chip, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 2, query->kind, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 3, target, -1, SQLITE_STATIC);
	sqlite3_bind_text(row, 4, options, -1, SQLITE_STATIC);
	sqlite3_bind_int64(row, 5, query->since_ms);
	status = calix__step(store, row, "searching");
	*out = status == 1 ? sqlite3_column_int64(row, 0) : 0;
	sqlite3_finalize(row);
	return status < 0 ? status : HXCOMM_OK;
}

static int find(struct calix_result **out, const struct calix_store *store,
        const struct calix_query *query, const char *target, const char *options)
{
	int64_t id = 0;
	int status = calix__execute(store, "BEGIN", "searching");
	if (status != HXCOMM_OK)
		return status;
	status = find_id(&id, store, query, target, options);
	if (status == HXCOMM_OK && id)
		status = calix__result_load(out, store, id);
	status = calix__finish(store, status, "searching");
	if (status != HXCOMM_OK && store->newer)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "calibration store '%.200s' is of a newer version that this library cannot read: update it",
		        store->path);
	if (status == HXCOMM_OK && !id)
		return hxcomm_error_set(HXCOMM_ENOENT,
		        "no valid calibration of kind '%s' for chip '%.100s'%s%.200s in '%.200s': run `bss calibrate`",
		        query->kind, query->chip, target ? " with target " : "", target ? target : "",
		        store->path);
	return status;
}

int calix_store_find(struct calix_result **out, struct calix_store *store,
        const struct calix_query *given)
{
	struct calix_query query;
	char *target = NULL, *options = NULL;
	*out = NULL;
	int status = read_query(&query, given);
	if (status == HXCOMM_OK && query.target_json)
		status = calix__json_canonical(&target, query.target_json, "target");
	if (status == HXCOMM_OK && query.options_json)
		status = calix__json_canonical(&options, query.options_json, "options");
	if (status == HXCOMM_OK)
		status = find(out, store, &query, target, options);
	free(target);
	free(options);
	return status;
}

/* ---- all ------------------------------------------------------------------------------------- */

static const char entry_rows[] =
        "SELECT r.result_id, c.unique_id, k.name, n.target_json, n.options_json, s.name, s.version,"
        " s.commit_hash, n.host, n.actor, v.reason, n.seed, n.started_utc, n.finished_utc,"
        " r.created_utc, r.n_total, r.n_success, v.valid"
        " FROM result r JOIN chip c ON c.chip_id = r.chip_id JOIN kind k ON k.kind_id = r.kind_id"
        " JOIN run n ON n.run_id = r.run_id JOIN software s ON s.software_id = n.software_id"
        " JOIN verdict v ON v.verdict_id ="
        " (SELECT max(verdict_id) FROM verdict WHERE result_id = r.result_id)"
        " ORDER BY c.unique_id, k.name, r.result_id DESC";

static uint64_t column_seed(sqlite3_stmt *row, int column)
{
	const uint8_t *bytes = sqlite3_column_blob(row, column);
	uint64_t seed = 0;
	for (int i = 0; bytes && i < 8 && i < sqlite3_column_bytes(row, column); i++)
		seed |= (uint64_t)bytes[i] << (8 * i);
	return seed;
}

static void read_entry(struct calix_store_entry *out, sqlite3_stmt *row,
        const struct calix_result *result)
{
	*out = (struct calix_store_entry){
		.id = sqlite3_column_int64(row, 0),
		.chip = column_text(row, 1),
		.kind = column_text(row, 2),
		.target_json = column_text(row, 3),
		.options_json = column_text(row, 4),
		.software = column_text(row, 5),
		.version = column_text(row, 6),
		.commit = column_text(row, 7),
		.host = column_text(row, 8),
		.actor = column_text(row, 9),
		.reason = column_text(row, 10),
		.seed = column_seed(row, 11),
		.started_ms = sqlite3_column_int64(row, 12),
		.finished_ms = sqlite3_column_int64(row, 13),
		.created_ms = sqlite3_column_int64(row, 14),
		.total = (uint32_t)sqlite3_column_int64(row, 15),
		.success = (uint32_t)sqlite3_column_int64(row, 16),
		.valid = sqlite3_column_int(row, 17),
	};
	out->metrics = calix_result_metrics(result, &out->metric_count);
}

/* Visit one row; *stop when the visitor has had enough. */
static int visit(const struct calix_store *store, sqlite3_stmt *row, calix_store_visitor visitor,
        void *user, int *stop)
{
	const int64_t id = sqlite3_column_int64(row, 0);
	struct calix_result *metrics = NULL;
	struct calix_store_entry entry;
	int status = calix__result_verify(store, id);
	if (status == HXCOMM_OK)
		status = new_result(&metrics, store, id);
	if (status == HXCOMM_OK)
		status = load_rows(metrics, store,
		        "SELECT name, value FROM metric WHERE result_id = ?1 AND scope = 'chip' AND idx = 0",
		        id, load_metric);
	if (status == HXCOMM_OK) {
		read_entry(&entry, row, metrics);
		*stop = visitor(&entry, user);
	}
	calix_result_free(metrics);
	return status;
}

int calix_store_list(struct calix_store *store, calix_store_visitor visitor, void *user)
{
	sqlite3_stmt *row;
	int stop = 0;
	int status = calix__execute(store, "BEGIN", "listing");
	if (status != HXCOMM_OK)
		return status;
	status = calix__prepare(&row, store, entry_rows);
	if (status == HXCOMM_OK) {
		while ((status = calix__step(store, row, "listing")) == 1) {
			status = visit(store, row, visitor, user, &stop);
			if (status != HXCOMM_OK || stop)
				break;
		}
		sqlite3_finalize(row);
	}
	return calix__finish(store, status, "listing");
}

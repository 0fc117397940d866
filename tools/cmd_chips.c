// SPDX-License-Identifier: MIT
/* `bss chips`: what the calibration store keeps, chip by chip. */
#include "bss.h"

#include "jsonout.h"
#include "metrics.h"
#include "table.h"

#include <calix/store.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

enum { KEY_STORE = 0x100 };

static const struct argp_option options[] = {
	{ "store", KEY_STORE, "FILE", 0, "calibration store (default: see `bss help settings`)", 0 },
	{ "metrics", 'm', NULL, 0, "show all figures of merit, one a line", 0 },
	{ "json", 'j', NULL, 0, "print one JSON object a result", 0 },
	{ 0 },
};

struct arguments {
	const char *store, *chip;
	bool metrics, json;
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case KEY_STORE:
		arguments->store = text;
		break;
	case 'm':
		arguments->metrics = true;
		break;
	case 'j':
		arguments->json = true;
		break;
	case ARGP_KEY_ARG:
		if (arguments->chip)
			argp_error(state, "one chip at a time, '%s' is too much", text);
		arguments->chip = text;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_chips_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "[CHIP]",
	.doc = "Show the calibrations of all chips, or of CHIP: the newest first.\v"
	       "SUCCESS is the share of the values that could be calibrated. SPREAD is what is left of "
	       "the spread over the neurons, in percent of that without calibration: the worst of all "
	       "observables. Exit code 1 means that there is no calibration.",
};

/* What the visitor fills: a table, or lines of JSON that are printed as they come. */
struct listing {
	const struct arguments *arguments;
	struct table *table;
	size_t count;
	int status;
};

static void print_date(char *out, size_t size, int64_t ms)
{
	const time_t seconds = (time_t)(ms / 1000);
	struct tm utc = { 0 };
	gmtime_r(&seconds, &utc);
	strftime(out, size, "%Y-%m-%dT%H:%M:%SZ", &utc);
}

static int print_json(const struct calix_store_entry *entry)
{
	char date[32];
	print_date(date, sizeof(date), entry->created_ms);
	json_t *object = json_pack("{s:I,s:s,s:s,s:s,s:b,s:s,s:i,s:i,s:s,s:s,s:s}", "id",
	        (json_int_t)entry->id, "chip", entry->chip, "kind", entry->kind, "date", date, "valid",
	        entry->valid, "reason", entry->reason, "values", (int)entry->total, "success",
	        (int)entry->success, "software", entry->software, "version", entry->version, "host",
	        entry->host);
	if (object) {
		json_object_set_new(object, "target", json_loads(entry->target_json, 0, NULL));
		json_object_set_new(object, "options", json_loads(entry->options_json, 0, NULL));
		json_object_set_new(object, "metrics",
		        metrics_json(entry->metrics, entry->metric_count));
	}
	return jsonout_print(object);
}

static int append_metrics(struct table *table, const struct calix_store_entry *entry)
{
	char id[24], value[32];
	snprintf(id, sizeof(id), "%" PRId64, entry->id);
	for (size_t i = 0; i < entry->metric_count; i++) {
		snprintf(value, sizeof(value), "%.6g", entry->metrics[i].value);
		const char *cells[] = { id, entry->chip, entry->kind, entry->metrics[i].name, value };
		const int status = table_append(table, cells);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

static int append_entry(struct table *table, const struct calix_store_entry *entry)
{
	char id[24], date[32], success[24], spread[24] = "";
	struct observable worst = { 0 };
	snprintf(id, sizeof(id), "%" PRId64, entry->id);
	print_date(date, sizeof(date), entry->created_ms);
	snprintf(success, sizeof(success), "%.1f %%",
	        entry->total ? 100.0 * entry->success / entry->total : 0);
	if (metrics_find_worst(&worst, entry->metrics, entry->metric_count))
		snprintf(spread, sizeof(spread), "%.0f %%", 100 * metrics_ratio(&worst));
	const char *cells[] = { id, entry->chip, entry->kind, date, success, spread, worst.name,
		entry->valid ? "valid" : entry->reason };
	return table_append(table, cells);
}

static int visit(const struct calix_store_entry *entry, void *user)
{
	struct listing *listing = user;
	if (listing->arguments->chip && strcmp(listing->arguments->chip, entry->chip))
		return 0;
	listing->count++;
	if (listing->arguments->json)
		listing->status = print_json(entry);
	else if (listing->arguments->metrics)
		listing->status = append_metrics(listing->table, entry);
	else
		listing->status = append_entry(listing->table, entry);
	return listing->status;
}

static int list_chips(struct calix_store *store, struct listing *listing)
{
	static const char *const entry_titles[] = { ">ID", "CHIP", "KIND", "DATE", ">SUCCESS",
		">SPREAD", "OF", "STATE" };
	static const char *const metric_titles[] = { ">ID", "CHIP", "KIND", "METRIC", ">VALUE" };
	listing->table = listing->arguments->metrics ? table_new(metric_titles, 5) :
	                                               table_new(entry_titles, 8);
	if (!listing->table)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a table");
	const int status = calix_store_list(store, visit, listing);
	if (status != HXCOMM_OK)
		return status;
	if (listing->status < 0)
		return listing->status;
	if (!listing->count)
		return hxcomm_error_set(HXCOMM_ENOENT, "%s holds no calibration%s%s: run `bss calibrate`",
		        calix_store_path(store), listing->arguments->chip ? " of " : "",
		        listing->arguments->chip ? listing->arguments->chip : "");
	if (!listing->arguments->json)
		table_print(listing->table);
	return HXCOMM_OK;
}

int cmd_chips(int argc, char **argv)
{
	struct arguments arguments = { 0 };
	if (argp_parse(&cmd_chips_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	struct listing listing = { .arguments = &arguments };
	struct calix_store *store;
	int status = calix_store_open(&store, arguments.store, CALIX_STORE_READ_ONLY);
	if (status == HXCOMM_OK) {
		status = list_chips(store, &listing);
		calix_store_close(store);
	}
	table_free(listing.table);
	return status == HXCOMM_OK ? listing.status : bss_fail(status, arguments.json);
}

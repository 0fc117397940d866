// SPDX-License-Identifier: MIT
/* `bss calibrate`: from a chip to the calibration store. */
#include "bss.h"

#include "chip_options.h"
#include "jsonout.h"
#include "metrics.h"
#include "progress.h"
#include "quantity.h"
#include "table.h"

#include <calix/calibration.h>
#include <calix/store.h>
#include <hxcomm/connection.h>
#include <hxcomm/error.h>

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { KEY_STORE = 0x100, KEY_SEED, KEY_TARGET };

/* The options that set a member of the target, in the order of their keys from KEY_TARGET. */
static const struct {
	enum quantity_kind kind;
	size_t offset;
} members[] = {
	{ QUANTITY_LSB, offsetof(struct calix_target, leak_lsb) },
	{ QUANTITY_LSB, offsetof(struct calix_target, reset_lsb) },
	{ QUANTITY_LSB, offsetof(struct calix_target, threshold_lsb) },
	{ QUANTITY_TIME, offsetof(struct calix_target, tau_mem) },
	{ QUANTITY_TIME, offsetof(struct calix_target, tau_syn_exc) },
	{ QUANTITY_TIME, offsetof(struct calix_target, tau_syn_inh) },
	{ QUANTITY_TIME, offsetof(struct calix_target, refractory_time) },
	{ QUANTITY_COUNT, offsetof(struct calix_target, synapse_gm) },
	{ QUANTITY_COUNT, offsetof(struct calix_target, synapse_dac_bias) },
	{ QUANTITY_COUNT, offsetof(struct calix_target, membrane_capacitance) },
};
enum { MEMBER_COUNT = sizeof(members) / sizeof(*members) };

static const struct argp_option options[] = {
	{ "store", KEY_STORE, "FILE", 0, "calibration store (default: see `bss help settings`)", 1 },
	{ "force", 'f', NULL, 0, "calibrate even if the store has this calibration", 1 },
	{ "seed", KEY_SEED, "NUMBER", 0, "seed of the search (default 0)", 1 },
	{ NULL, 0, NULL, 0, "Target:", 2 },
	{ "leak", KEY_TARGET, "80lsb", 0, "resting potential", 2 },
	{ "reset", KEY_TARGET + 1, "70lsb", 0, "potential after a spike", 2 },
	{ "threshold", KEY_TARGET + 2, "125lsb", 0, "potential at which a neuron fires", 2 },
	{ "tau-mem", KEY_TARGET + 3, "10us", 0, "membrane time constant", 2 },
	{ "tau-syn-exc", KEY_TARGET + 4, "10us", 0, "time constant of excitatory inputs", 2 },
	{ "tau-syn-inh", KEY_TARGET + 5, "10us", 0, "time constant of inhibitory inputs", 2 },
	{ "refractory-time", KEY_TARGET + 6, "2us", 0, "length of the refractory period", 2 },
	{ "synapse-gm", KEY_TARGET + 7, "500", 0, "strength of the synaptic inputs", 2 },
	{ "synapse-dac-bias", KEY_TARGET + 8, "600", 0, "current of the synapses", 2 },
	{ "membrane-capacitance", KEY_TARGET + 9, "63", 0, "membrane capacitance", 2 },
	{ 0 },
};

struct arguments {
	struct chip_options chip;
	const char *store;
	uint64_t seed;
	struct calix_target target;
	bool force;
};

static void set_member(struct calix_target *target, size_t member, const char *text,
        struct argp_state *state)
{
	double value;
	void *out = (char *)target + members[member].offset;
	if (quantity_read(&value, members[member].kind, text) != HXCOMM_OK)
		argp_error(state, "%s", hxcomm_error_message());
	/* zero would silently mean the default */
	if (value == 0)
		argp_error(state, "'%s': zero is no target", text);
	if (members[member].kind == QUANTITY_COUNT)
		*(uint32_t *)out = (uint32_t)value;
	else
		*(double *)out = value;
}

static uint64_t read_seed(const char *text, struct argp_state *state)
{
	char *end;
	errno = 0;
	const uintmax_t seed = strtoumax(text, &end, 0);
	if (errno || end == text || *end || strchr(text, '-'))
		argp_error(state, "'%s' is no seed: a whole number from 0 to 2^64 - 1", text);
	return (uint64_t)seed;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->chip;
		break;
	case KEY_STORE:
		arguments->store = text;
		break;
	case 'f':
		arguments->force = true;
		break;
	case KEY_SEED:
		arguments->seed = read_seed(text, state);
		break;
	default:
		if (key < KEY_TARGET || key >= KEY_TARGET + MEMBER_COUNT)
			return ARGP_ERR_UNKNOWN;
		set_member(&arguments->target, (size_t)(key - KEY_TARGET), text, state);
	}
	return 0;
}

const struct argp cmd_calibrate_argp = {
	.options = options,
	.parser = parse_option,
	.children = chip_options_children,
	.doc = "Calibrate a chip and keep the result in the calibration store.\v"
	       "Does nothing where the store has a valid calibration of this chip to this target. "
	       "At the end a table shows the spread over the neurons before (all with the same "
	       "parameter) and after. Ctrl-C stops between two steps and stores nothing.",
};

/* ---- Ctrl-C --------------------------------------------------------------------------------- */

static volatile sig_atomic_t interrupted;

static void on_interrupt(int signal)
{
	(void)signal;
	interrupted = 1;
}

/* The first Ctrl-C asks for an end, a second one kills. */
static void catch_interrupt(void)
{
	struct sigaction action = { .sa_handler = on_interrupt, .sa_flags = (int)SA_RESETHAND };
	sigemptyset(&action.sa_mask);
	sigaction(SIGINT, &action, NULL);
}

/* ---- the calibration ------------------------------------------------------------------------ */

static int on_progress(const struct calix_progress *progress, void *bar)
{
	progress_draw(bar, progress->step, progress->count, progress->name);
	return interrupted;
}

static int64_t now_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Calibrate and store. The bar ends before an error is told. */
static int calibrate(struct calix_result **out, struct calix_store *store,
        struct hxcomm_connection *connection, const struct arguments *arguments,
        const char *target_json)
{
	char label[64];
	struct progress bar;
	const char *chip = hxcomm_identifier(connection);
	struct calix_calibrate_options how = CALIX_CALIBRATE_OPTIONS_INIT;
	struct calix_provenance provenance = CALIX_PROVENANCE_INIT;
	how.progress = on_progress;
	how.user = &bar;
	how.seed = arguments->seed;
	provenance.software = "bss";
	provenance.version = BSS_VERSION;
	provenance.target_json = target_json;
	provenance.seed = arguments->seed;
	provenance.started_ms = now_ms();

	snprintf(label, sizeof(label), "calibrating %.40s", chip);
	progress_init(&bar, label, false);
	int status = calix_calibrate(out, connection, &arguments->target, &how);
	provenance.finished_ms = now_ms();
	if (status == HXCOMM_OK)
		status = calix_store_insert(store, chip, *out, &provenance);
	progress_deinit(&bar, status == HXCOMM_OK ? "done" : interrupted ? "interrupted" : "failed");
	return status;
}

static int find_stored(struct calix_result **out, struct calix_store *store, const char *chip,
        const char *target_json)
{
	struct calix_query query = CALIX_QUERY_INIT;
	query.chip = chip;
	query.kind = CALIX_KIND_SPIKING;
	query.target_json = target_json;
	return calix_store_find(out, store, &query);
}

/* ---- what is printed ------------------------------------------------------------------------ */

static int print_summary(const struct calix_result *result)
{
	static const char *const titles[] = { "OBSERVABLE", ">MEDIAN", ">SPREAD BEFORE", ">AFTER",
		"UNIT", ">LEFT" };
	struct table *table = table_new(titles, 6);
	size_t count, index = 0, success;
	const struct calix_metric *metrics = calix_result_metrics(result, &count);
	int status = table ? HXCOMM_OK : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a table");
	for (struct observable o; status == HXCOMM_OK && metrics_next(&o, &index, metrics, count);) {
		char median[24] = "", before[24], after[24], left[24];
		if (!isnan(o.median))
			snprintf(median, sizeof(median), "%.4g", o.median);
		snprintf(before, sizeof(before), "%.3g", o.before);
		snprintf(after, sizeof(after), "%.3g", o.after);
		snprintf(left, sizeof(left), "%.0f %%", 100 * metrics_ratio(&o));
		const char *cells[] = { o.name, median, before, after, metrics_unit(&o), left };
		status = table_append(table, cells);
	}
	if (status == HXCOMM_OK)
		table_print(table);
	table_free(table);
	const size_t total = calix_result_count(result, &success);
	fprintf(stderr, "%zu of %zu values calibrated\n", success, total);
	return status;
}

static int print_result(const struct calix_result *result, const struct calix_store *store,
        const struct arguments *arguments, bool is_new)
{
	size_t count, success;
	const size_t total = calix_result_count(result, &success);
	if (arguments->chip.json) {
		const struct calix_metric *metrics = calix_result_metrics(result, &count);
		return jsonout_print(json_pack("{s:s,s:s,s:s,s:b,s:i,s:i,s:o}", "chip",
		        calix_result_chip(result), "kind", calix_result_kind(result), "store",
		        calix_store_path(store), "new", is_new, "values", (int)total, "success",
		        (int)success, "metrics", metrics_json(metrics, count)));
	}
	if (!is_new) {
		printf("%s has a calibration of %s to this target already; --force makes a new one\n",
		        calix_store_path(store), calix_result_chip(result));
		return BSS_OK;
	}
	return print_summary(result) == HXCOMM_OK ? BSS_OK : BSS_FAILURE;
}

static int run(const struct arguments *arguments, const char *target_json)
{
	struct hxcomm_connection *connection = NULL;
	struct calix_store *store = NULL;
	struct calix_result *result = NULL;
	bool is_new = false;
	int status = hxcomm_open(&connection, arguments->chip.uri, NULL);
	if (status == HXCOMM_OK)
		status = calix_store_open(&store, arguments->store, CALIX_STORE_CREATE);
	if (status == HXCOMM_OK && !arguments->force)
		status = find_stored(&result, store, hxcomm_identifier(connection), target_json);
	if ((status == HXCOMM_OK && !result) || (store && status == HXCOMM_ENOENT)) {
		is_new = true;
		status = calibrate(&result, store, connection, arguments, target_json);
	}
	int code;
	if (status == HXCOMM_OK)
		code = print_result(result, store, arguments, is_new);
	else
		code = interrupted ? BSS_INTERRUPTED : bss_fail(status, arguments->chip.json);
	calix_result_free(result);
	calix_store_close(store);
	hxcomm_close(connection);
	return code;
}

int cmd_calibrate(int argc, char **argv)
{
	struct arguments arguments = { .target = CALIX_TARGET_INIT };
	if (argp_parse(&cmd_calibrate_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	char *target_json;
	const int status = calix_target_write_json(&target_json, &arguments.target);
	if (status != HXCOMM_OK)
		return bss_fail(status, arguments.chip.json);
	catch_interrupt();
	const int code = run(&arguments, target_json);
	free(target_json);
	return code;
}

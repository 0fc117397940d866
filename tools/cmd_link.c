// SPDX-License-Identifier: MIT
/* `bss link`: how well the way to a chip works. */
#include "bss.h"

#include "chip_options.h"
#include "jsonout.h"

#include <hxcomm/arq.h>
#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum {
	KEY_RUNS = 0x100,
	KEY_WORDS,
	RUNS_MAX = 1000000,
	WORDS_MAX = HXCOMM_PLAYBACK_WORDS,
	WRITTEN = 10000, /* registers written and read back */
};
/* The last word of the FPGA's memory for the processors, which does nothing by itself (source:
 * spec/transport.md 2.4). */
static const uint32_t last_word = 0x80007fff;

static const struct argp_option options[] = {
	{ "runs", KEY_RUNS, "NUMBER", 0, "round trips to measure (default 1000)", 0 },
	{ "words", KEY_WORDS, "NUMBER", 0, "words to send for the throughput (default 1048576)",
	        0 },
	{ 0 },
};

struct arguments {
	struct chip_options chip;
	size_t runs, words;
};

static size_t read_count(const char *text, size_t max, struct argp_state *state)
{
	char *end;
	const uintmax_t value = strtoumax(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value < 1 || value > max)
		argp_error(state, "'%s' is no number from 1 to %zu", text, max);
	return (size_t)value;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->chip;
		break;
	case KEY_RUNS:
		arguments->runs = read_count(text, RUNS_MAX, state);
		break;
	case KEY_WORDS:
		arguments->words = read_count(text, WORDS_MAX, state);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_link_argp = {
	.options = options,
	.parser = parse_option,
	.children = chip_options_children,
	.doc = "Measure the way to a chip: the round trip of an empty program, the rate of words "
	       "to the chip and there and back, and what the link lost.\v"
	       "What comes back is checked: the answers to all words, and registers that are "
	       "written and read. A difference is a failure.",
};

/* ---- measurements --------------------------------------------------------------------------- */

struct figures {
	double trip_us[3];    /* median, 10th and 90th of 100 */
	double there_MB_per_s; /* words without an answer */
	double both_MB_per_s;  /* words with one of the same size, each way */
	struct hxcomm_times times; /* of all runs */
	bool has_link;
	struct hxcomm_link_statistics link;
};

static double now_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double left = *(const double *)a, right = *(const double *)b;
	return (left > right) - (left < right);
}

static int measure_trips(struct figures *out, struct hxcomm_connection *connection, size_t runs)
{
	double *took = malloc(runs * sizeof(*took));
	if (!took)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu times", runs);
	int status = HXCOMM_OK;
	for (size_t i = 0; status == HXCOMM_OK && i < runs; i++) {
		const double begin = now_s();
		status = hxcomm_run(connection, NULL, 0, NULL);
		took[i] = now_s() - begin;
	}
	if (status == HXCOMM_OK) {
		qsort(took, runs, sizeof(*took), compare);
		out->trip_us[0] = 1e6 * took[runs / 2];
		out->trip_us[1] = 1e6 * took[runs / 10];
		out->trip_us[2] = 1e6 * took[runs - 1 - runs / 10];
	}
	free(took);
	return status;
}

/* Words that do nothing, or ticks, each of which comes back. */
static int measure_rate(double *out, struct hxcomm_connection *connection, uint64_t *words,
        size_t count, bool ticks, struct hxcomm_responses *responses)
{
	for (size_t i = 0; i < count; i++)
		words[i] = ticks ? hxcomm_word_loopback(true) : hxcomm_word_barrier(0);
	hxcomm_responses_clear(responses);
	const double begin = now_s();
	const int status = hxcomm_run(connection, words, count, responses);
	*out = 8e-6 * (double)count / (now_s() - begin);
	if (status != HXCOMM_OK)
		return status;
	if (responses->loopback.count != (ticks ? count : 0))
		return hxcomm_error_set(HXCOMM_EPROTO,
		        "%zu ticks came back of %zu: the link loses or "
		        "repeats words", responses->loopback.count, ticks ? count : 0);
	return HXCOMM_OK;
}

static uint32_t pattern(size_t i)
{
	return (uint32_t)i * UINT32_C(2654435761) + 1;
}

/* Write a register and read it, with another value each time. */
static int check_words(struct hxcomm_connection *connection, struct hxcomm_responses *responses)
{
	uint64_t *words = malloc((3 * WRITTEN + 1) * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %d words", 3 * WRITTEN + 1);
	for (size_t i = 0; i < WRITTEN; i++) {
		words[3 * i] = hxcomm_word_omnibus_address(last_word, 15, false);
		words[3 * i + 1] = hxcomm_word_omnibus_data(pattern(i));
		words[3 * i + 2] = hxcomm_word_omnibus_address(last_word, 15, true);
	}
	words[3 * WRITTEN] = hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS);
	hxcomm_responses_clear(responses);
	int status = hxcomm_run(connection, words, 3 * WRITTEN + 1, responses);
	free(words);
	if (status == HXCOMM_OK && responses->omnibus.count != WRITTEN)
		status = hxcomm_error_set(HXCOMM_EPROTO,
		        "%zu answers to %d reads: the link loses or "
		        "repeats words", responses->omnibus.count, WRITTEN);
	for (size_t i = 0; status == HXCOMM_OK && i < WRITTEN; i++)
		if (responses->omnibus.value[i] != pattern(i))
			status = hxcomm_error_set(HXCOMM_EPROTO,
			        "register 0x%08" PRIx32 " was written 0x%08" PRIx32 " and read "
			                "0x%08" PRIx32
			        ": the link changes words, or there is no FPGA behind it",
			        last_word, pattern(i), responses->omnibus.value[i]);
	return status;
}

static int measure(struct figures *out, struct hxcomm_connection *connection,
        const struct arguments *arguments)
{
	struct hxcomm_responses *responses = NULL;
	uint64_t *words = malloc(arguments->words * sizeof(*words));
	int status = words ? hxcomm_responses_new(&responses, 0) :
	                     hxcomm_error_set(HXCOMM_ENOMEM,
	                             "no memory for %zu words", arguments->words);
	if (status == HXCOMM_OK)
		status = check_words(connection, responses);
	if (status == HXCOMM_OK)
		status = measure_trips(out, connection, arguments->runs);
	if (status == HXCOMM_OK)
		status = measure_rate(&out->there_MB_per_s, connection, words, arguments->words,
		        false, responses);
	if (status == HXCOMM_OK)
		status = measure_rate(
		        &out->both_MB_per_s, connection, words, arguments->words, true, responses);
	const struct hxcomm_times no_times = HXCOMM_TIMES_INIT;
	out->times = no_times;
	if (status == HXCOMM_OK)
		status = hxcomm_times_read(&out->times, NULL, connection);
	const struct hxcomm_link_statistics unknown = HXCOMM_LINK_STATISTICS_INIT;
	out->link = unknown;
	if (status == HXCOMM_OK)
		out->has_link = hxcomm_link_statistics_read(&out->link, connection) == HXCOMM_OK;
	hxcomm_responses_free(responses);
	free(words);
	return status;
}

/* ---- what is printed ------------------------------------------------------------------------ */

static json_t *link_json(const struct hxcomm_link_statistics *link)
{
	const struct {
		const char *name;
		uint64_t value;
	} rows[] = {
		{ "frames_sent", link->frames_sent },
		{ "frames_resent", link->frames_resent },
		{ "words_sent", link->words_sent },
		{ "timeouts", link->timeouts },
		{ "fast_resends", link->fast_resends },
		{ "probes", link->probes },
		{ "acks_sent", link->acks_sent },
		{ "frames_received", link->frames_received },
		{ "words_received", link->words_received },
		{ "frames_early", link->frames_early },
		{ "frames_repeated", link->frames_repeated },
		{ "malformed", link->malformed },
	};
	json_t *object = json_object();
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		json_object_set_new(object, rows[i].name, json_integer((json_int_t)rows[i].value));
	json_object_set_new(object, "round_trip_us", json_real(1e6 * link->round_trip_s));
	return object;
}

static json_t *times_json(const struct hxcomm_times *times)
{
	return json_pack("{s:I,s:I,s:I,s:I,s:f,s:f,s:f,s:f,s:f}", "runs", (json_int_t)times->runs,
	        "words_sent", (json_int_t)times->words_sent, "words_received",
	        (json_int_t)times->words_received, "responses", (json_int_t)times->responses,
	        "wait_s", times->wait_s, "send_s", times->send_s, "execute_s", times->execute_s,
	        "receive_s", times->receive_s, "decode_s", times->decode_s);
}

static int print_json(const char *chip, const struct figures *f, const struct arguments *arguments)
{
	return jsonout_print(json_pack("{s:s,s:{s:i,s:f,s:f,s:f},s:{s:i,s:f,s:f},s:o,s:o}", "chip",
	        chip,
	        "round_trip", "runs", (int)arguments->runs, "median_us", f->trip_us[0],
	        "percentile_10_us", f->trip_us[1], "percentile_90_us", f->trip_us[2], "throughput",
	        "words", (int)arguments->words, "to_chip_MB_per_s", f->there_MB_per_s,
	        "both_ways_MB_per_s", f->both_MB_per_s, "time", times_json(&f->times), "link",
	        f->has_link ? link_json(&f->link) : json_null()));
}

static void print_text(const char *chip, const struct figures *f, const struct arguments *arguments)
{
	const struct hxcomm_link_statistics *link = &f->link;
	printf("chip        %s\n", chip);
	printf("round trip  %.1f us (10 %% below %.1f us, 10 %% above %.1f us; %zu runs)\n",
	        f->trip_us[0], f->trip_us[1], f->trip_us[2], arguments->runs);
	printf("to chip     %.0f MB/s (%zu words)\n", f->there_MB_per_s, arguments->words);
	printf("both ways   %.0f MB/s each way\n", f->both_MB_per_s);
	printf("time        %.1f ms in %" PRIu64 " runs: %.1f ms until all words were taken, %.1f "
	       "ms from the first word back to the last, %.1f ms of them decoding\n",
	        1e3 * f->times.execute_s, f->times.runs, 1e3 * f->times.send_s,
	        1e3 * f->times.receive_s, 1e3 * f->times.decode_s);
	printf("words       all came back as expected, %d registers read as written\n", WRITTEN);
	if (!f->has_link)
		return;
	printf("sent        %" PRIu64 " frames, %" PRIu64 " again (%.2f %%): %" PRIu64
	       " after a gap, %" PRIu64 " after silence, %" PRIu64 " timeouts\n",
	        link->frames_sent, link->frames_resent,
	        100.0 * (double)link->frames_resent /
	                (double)(link->frames_sent + !link->frames_sent),
	        link->fast_resends, link->probes, link->timeouts);
	printf("received    %" PRIu64 " frames, %" PRIu64 " early, %" PRIu64 " repeated, %" PRIu64
	       " malformed\n", link->frames_received, link->frames_early, link->frames_repeated,
	        link->malformed);
	printf("frames      %.1f us to the acknowledgement\n", 1e6 * link->round_trip_s);
}

int cmd_link(int argc, char **argv)
{
	struct arguments arguments = { .runs = 1000, .words = 1 << 20 };
	struct hxcomm_connection *connection;
	struct figures figures = { 0 };
	if (argp_parse(&cmd_link_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	int status = hxcomm_open(&connection, arguments.chip.uri, NULL);
	if (status != HXCOMM_OK)
		return bss_fail(status, arguments.chip.json);
	status = measure(&figures, connection, &arguments);
	int code = BSS_OK;
	if (status != HXCOMM_OK)
		code = bss_fail(status, arguments.chip.json);
	else if (arguments.chip.json)
		code = print_json(hxcomm_identifier(connection), &figures, &arguments);
	else
		print_text(hxcomm_identifier(connection), &figures, &arguments);
	hxcomm_close(connection);
	return code;
}

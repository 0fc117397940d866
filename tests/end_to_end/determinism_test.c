// SPDX-License-Identifier: MIT
/* The same experiment twice gives the same words in both directions, bring-up included, with and
 * without jumps over idle time; another seed or another chip does not. The words are taken between
 * grenade and the emulator, by a provider that hands them on. */
#include "assert.h"

#include "example.h"
#include "solver.h"

#include <calix/calibration.h>
#include <hxcomm/provider.h>
#include <hxcomm/uri.h>

#include <stdlib.h>

struct words {
	uint64_t *word;
	size_t count;
};

static struct words sent, received;

static void keep(struct words *words, const uint64_t *more, size_t count)
{
	words->word = realloc(words->word, (words->count + count) * sizeof(*words->word));
	assert_non_null(words->word);
	memcpy(words->word + words->count, more, count * sizeof(*more));
	words->count += count;
}

static int tap_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	const char *serial = hxcomm_uri_find(uri, "serial"), *seed = hxcomm_uri_find(uri, "seed");
	const char *jumps = hxcomm_uri_find(uri, "jumps");
	struct hxcomm_connection *connection;
	char inner[128];
	snprintf(inner, sizeof(inner), "emulator:?serial=%s&seed=%s&jumps=%s", serial, seed, jumps);
	const int status = hxcomm_open(&connection, inner, options);
	*state = connection;
	return status;
}

static int tap_run(void *state, struct hxcomm_job *job)
{
	struct words program = { 0 };
	const uint64_t *words;
	uint64_t *answer;
	size_t count, answer_count;
	int status;
	while ((status = hxcomm_job_take(job, &words, &count)) == HXCOMM_OK && count)
		keep(&program, words, count);
	if (status == HXCOMM_OK)
		status = hxcomm_run_words(state, program.word, program.count, &answer, &answer_count);
	if (status == HXCOMM_OK) {
		keep(&sent, program.word, program.count);
		keep(&received, answer, answer_count);
		status = hxcomm_job_deliver(job, answer, answer_count);
		free(answer);
	}
	free(program.word);
	return status;
}

static const char *tap_identifier(void *state)
{
	return hxcomm_identifier(state);
}

static void tap_close(void *state)
{
	hxcomm_close(state);
}

static const struct hxcomm_provider tap = {
	.abi = HXCOMM_PROVIDER_ABI,
	.size = sizeof(tap),
	.scheme = "tap",
	.summary = "words on their way",
	.open = tap_open,
	.run = tap_run,
	.identifier = tap_identifier,
	.close = tap_close,
};

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&tap);
}

/* Two runs of the Sudoku network, configured alike on every chip. */
static void experiment(struct words *to, struct words *from, unsigned serial, unsigned seed,
        bool jumps)
{
	struct example_options options = { .store = CALIBRATION_STORE,
		.connection = "emulator:?serial=1" };
	struct hxcomm_connection *connection;
	struct sudoku_solver *solver;
	struct sudoku_outcome outcome;
	struct sudoku_grid clues;
	struct example_chip chip;
	char uri[128];
	assert_ok(example_chip_open(&chip, &options));
	snprintf(uri, sizeof(uri), "tap:?serial=%u&seed=%u&jumps=%d", serial, seed, jumps);
	assert_ok(hxcomm_open(&connection, uri, NULL));
	assert_ok(sudoku_solver_new(&solver, connection, chip.configuration, chip.unavailable, NULL));
	sudoku_grid_generate(&clues, 1, 6);
	for (uint32_t run = 0; run < 2; run++)
		assert_ok(sudoku_solve(&outcome, solver, &clues, 1e-3, 1, run));
	assert_true(outcome.spikes > 100);
	sudoku_solver_free(solver);
	hxcomm_close(connection);
	example_chip_close(&chip);
	*to = sent;
	*from = received;
	sent = received = (struct words){ 0 };
}

static bool equal(const struct words *a, const struct words *b)
{
	return a->count == b->count && !memcmp(a->word, b->word, a->count * sizeof(*a->word));
}

static void words_repeat_with_chip_and_seed_only(void **state)
{
	enum { RUNS = 5 };
	struct words to[RUNS], from[RUNS];
	(void)state;
	experiment(&to[0], &from[0], 1, 1, true);
	experiment(&to[1], &from[1], 1, 1, true);
	experiment(&to[2], &from[2], 1, 1, false);
	experiment(&to[3], &from[3], 1, 2, true);
	experiment(&to[4], &from[4], 2, 1, true);
	for (unsigned i = 1; i < RUNS; i++)
		assert_true(equal(&to[0], &to[i]));
	assert_true(from[0].count > 1000);
	assert_true(equal(&from[0], &from[1]));
	assert_true(equal(&from[0], &from[2]));
	assert_false(equal(&from[0], &from[3]));
	assert_false(equal(&from[0], &from[4]));
	for (unsigned i = 0; i < RUNS; i++) {
		free(to[i].word);
		free(from[i].word);
	}
}

/* Calibrate a chip as it comes. */
static void calibrate(struct words *to, struct words *from, bool jumps)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *connection;
	struct calix_result *result;
	options.timeout_s = 3600;
	assert_ok(hxcomm_open(&connection,
	        jumps ? "tap:?serial=5&seed=1&jumps=1" : "tap:?serial=5&seed=1&jumps=0", &options));
	assert_ok(calix_calibrate(&result, connection, NULL, NULL));
	calix_result_free(result);
	hxcomm_close(connection);
	*to = sent;
	*from = received;
	sent = received = (struct words){ 0 };
}

/* 14 s of chip time in steps take a minute: with BSS_TEST_LONG=1 only. */
static void a_calibration_has_the_same_words_without_jumps(void **state)
{
	const char *wanted = getenv("BSS_TEST_LONG");
	struct words to[2], from[2];
	(void)state;
	if (!wanted || *wanted != '1')
		skip();
	for (unsigned jumps = 0; jumps < 2; jumps++)
		calibrate(&to[jumps], &from[jumps], jumps);
	assert_true(from[0].count > 100000);
	assert_true(equal(&to[0], &to[1]));
	assert_true(equal(&from[0], &from[1]));
	for (unsigned jumps = 0; jumps < 2; jumps++) {
		free(to[jumps].word);
		free(from[jumps].word);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_repeat_with_chip_and_seed_only),
		cmocka_unit_test(a_calibration_has_the_same_words_without_jumps),
	};
	return cmocka_run_group_tests_name("end_to_end/determinism", tests, setup, NULL);
}

// SPDX-License-Identifier: MIT
/* Searches on synthetic observables, where the right answer is known. */
#include "assert.h"

#include "draw.h"
#include "search.h"

#include <stdbool.h>
#include <stdlib.h>

enum { COUNT_MAX = 1023 };

struct observable {
	const char *name;
	bool inverted;
	double noise;      /* amplitude of even noise on each measurement */
	double saturation; /* the observable ends here; 0: nowhere */
};

static double measure(const struct observable *o, int32_t parameter, double offset, uint64_t index)
{
	double value = (o->inverted ? -1.0 : 1.0) * (parameter - offset);
	value += o->noise * calix__draw_within(7, CALIX_DRAW_TEST, index, 1000) / 1000;
	if (o->saturation > 0)
		value = fmax(-o->saturation, fmin(o->saturation, value));
	return value;
}

/* Runs a search whose instance i finds its target at wanted[i]; returns the number of probes. */
static uint32_t run(const struct calix__search_options *options, const struct observable *o,
        const int32_t *wanted, int32_t *found, uint8_t *success)
{
	struct calix__search *search;
	assert_ok(calix__search_new(&search, options));
	int32_t *probe = calloc(options->count, sizeof(*probe));
	double *deviation = calloc(options->count, sizeof(*deviation));
	assert_non_null(probe);
	assert_non_null(deviation);
	uint32_t probes = 0;
	while (calix__search_next(search, probe)) {
		for (size_t i = 0; i < options->count; i++) {
			assert_in_range((uint64_t)(probe[i] + 1000000),
			        (uint64_t)(options->lo + 1000000), (uint64_t)(options->hi + 1000000));
			deviation[i] = measure(o, probe[i], wanted[i], probes * options->count + i);
		}
		calix__search_tell(search, deviation);
		probes++;
	}
	assert_true(probes <= calix__search_steps(search));
	calix__search_result(search, found, success);
	calix__search_free(search);
	free(probe);
	free(deviation);
	return probes;
}

/* spec/calix_spec.md 1.2: 12 steps for 0 ... 1022, 6 for 0 ... 15, 8 for 0 ... 63; noisy 13 and,
 * for 0 ... 255, 11. */
static void searches_take_the_documented_number_of_steps(void **state)
{
	static const struct { enum calix__search_kind kind; int32_t hi; uint32_t steps; } rows[] = {
		{ CALIX_SEARCH_BINARY, 1022, 12 },       { CALIX_SEARCH_BINARY, 15, 6 },
		{ CALIX_SEARCH_BINARY, 63, 8 },          { CALIX_SEARCH_NOISY_BINARY, 1022, 13 },
		{ CALIX_SEARCH_NOISY_BINARY, 255, 11 },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		const struct calix__search_options options = { .kind = rows[i].kind, .count = 1,
			.hi = rows[i].hi };
		struct calix__search *search;
		assert_ok(calix__search_new(&search, &options));
		assert_int_equal(calix__search_steps(search), rows[i].steps);
		calix__search_free(search);
	}
}

static void a_binary_search_finds_every_code_of_the_range(void **state)
{
	static const struct observable observables[] = {
		{ "plain", false, 0, 0 },      { "inverted", true, 0, 0 },
		{ "saturating", false, 0, 3 }, { "both", true, 0, 3 },
	};
	static int32_t wanted[COUNT_MAX], found[COUNT_MAX];
	static uint8_t success[COUNT_MAX];
	(void)state;
	for (int32_t i = 0; i < COUNT_MAX; i++)
		wanted[i] = i;
	FOR_ROWS(row, observables) {
		for (unsigned noisy = 0; noisy < 2; noisy++) {
			const struct calix__search_options options = {
				.kind = noisy ? CALIX_SEARCH_NOISY_BINARY : CALIX_SEARCH_BINARY,
				.count = COUNT_MAX, .lo = 0, .hi = 1022,
				.inverted = observables[row].inverted, .seed = 3,
			};
			run(&options, &observables[row], wanted, found, success);
			for (int32_t i = 0; i < COUNT_MAX; i++) {
				assert_int_equal(found[i], wanted[i]);
				/* on the boundary is failure */
				assert_int_equal(success[i], i > 0 && i < 1022);
			}
		}
	}
}

static void a_target_out_of_reach_ends_on_the_boundary_and_fails(void **state)
{
	static const int32_t wanted[] = { -500, 2000 };
	const struct observable plain = { .name = "plain" };
	int32_t found[2];
	uint8_t success[2];
	(void)state;
	for (unsigned kind = CALIX_SEARCH_BINARY; kind <= CALIX_SEARCH_NOISY_BINARY; kind++) {
		const struct calix__search_options options = { .kind = (enum calix__search_kind)kind,
			.count = 2, .hi = 1022 };
		run(&options, &plain, wanted, found, success);
		assert_int_equal(found[0], 0);
		assert_int_equal(found[1], 1022);
		assert_false(success[0] || success[1]);
	}
}

static void noise_of_some_codes_costs_no_more_than_some_codes(void **state)
{
	static int32_t wanted[512], found[512];
	const struct observable noisy = { .name = "noisy", .noise = 3 };
	(void)state;
	for (size_t i = 0; i < 512; i++)
		wanted[i] = 300 + (int32_t)i / 2;
	for (unsigned kind = CALIX_SEARCH_BINARY; kind <= CALIX_SEARCH_NOISY_BINARY; kind++) {
		const struct calix__search_options options = { .kind = (enum calix__search_kind)kind,
			.count = 512, .hi = 1022, .seed = 11 };
		run(&options, &noisy, wanted, found, NULL);
		for (size_t i = 0; i < 512; i++)
			assert_near(found[i], wanted[i], 0, 9);
	}
}

static void one_instance_is_searched_as_many_are(void **state)
{
	const struct observable plain = { .name = "plain" };
	(void)state;
	for (int32_t code = 0; code <= 255; code += 5) {
		const struct calix__search_options options = { .kind = CALIX_SEARCH_BINARY, .count = 1,
			.lo = -128, .hi = 127 };
		const int32_t wanted = code - 128;
		int32_t found;
		run(&options, &plain, &wanted, &found, NULL);
		assert_int_equal(found, wanted);
	}
}

static void the_start_of_a_noisy_search_is_spread_and_seeded(void **state)
{
	static int32_t first[2][512], again[512];
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		const struct calix__search_options options = { .kind = CALIX_SEARCH_NOISY_BINARY,
			.count = 512, .hi = 1022, .noise = 5, .seed = round % 2 };
		struct calix__search *search;
		assert_ok(calix__search_new(&search, &options));
		assert_true(calix__search_next(search, round < 2 ? first[round] : again));
		calix__search_free(search);
	}
	unsigned seen = 0;
	for (size_t i = 0; i < 512; i++) {
		assert_in_range(first[0][i], 506, 516);
		seen |= 1u << (first[0][i] - 506);
	}
	assert_int_equal(seen, (1u << 11) - 1);
	assert_memory_equal(first[0], again, sizeof(again));
	assert_memory_not_equal(first[0], first[1], sizeof(again));
}

static void a_linear_search_stops_where_it_crossed(void **state)
{
	static const int32_t start[] = { 100, 100, 100, 100, 100 };
	static const int32_t wanted[] = { 100, 104, 93, 107, 900 };
	const struct observable plain = { .name = "plain" };
	int32_t found[5];
	(void)state;
	const struct calix__search_options options = { .kind = CALIX_SEARCH_LINEAR, .count = 5,
		.hi = 1022, .start = start, .step = 3 };
	assert_int_equal(run(&options, &plain, wanted, found, NULL), 50);
	assert_int_equal(found[0], 100);
	assert_int_equal(found[1], 103);
	assert_int_equal(found[2], 94);
	assert_int_equal(found[3], 106);
	assert_int_equal(found[4], 100 + 49 * 3); /* never arrives: where its 50 steps ended */
	const struct calix__search_options all = { .kind = CALIX_SEARCH_LINEAR, .count = 4,
		.hi = 1022, .start = start, .step = 3 };
	assert_in_range(run(&all, &plain, wanted, found, NULL), 1, 5);
}

static void values_without_meaning_move_the_safe_way_or_not_at_all(void **state)
{
	const struct calix__search_options options = { .kind = CALIX_SEARCH_BINARY, .count = 3,
		.hi = 1022 };
	struct calix__search *search;
	int32_t probe[3];
	uint8_t success[3];
	(void)state;
	assert_ok(calix__search_new(&search, &options));
	while (calix__search_next(search, probe)) {
		const double deviation[] = { NAN, INFINITY, -INFINITY };
		calix__search_tell(search, deviation);
	}
	calix__search_result(search, probe, success);
	calix__search_free(search);
	assert_int_equal(probe[0], 511);
	assert_int_equal(probe[1], 0);
	assert_int_equal(probe[2], 1022);
	assert_false(success[0] || success[1] || success[2]);
}

static void a_prediction_is_exact_where_the_model_is_linear(void **state)
{
	int32_t parameters[] = { 0, 10, 0, 0, 5 };
	const double deviation[] = { 12.4, -3.5, 500, -500, NAN };
	(void)state;
	calix__search_predict(parameters, deviation, 5, 1.0, -128, 127);
	assert_int_equal(parameters[0], -12);
	assert_int_equal(parameters[1], 14);
	assert_int_equal(parameters[2], -128);
	assert_int_equal(parameters[3], 127);
	assert_int_equal(parameters[4], 5);
}

static void impossible_searches_are_refused(void **state)
{
	struct calix__search *search = (void *)1;
	const struct calix__search_options none = { .hi = 1022 };
	const struct calix__search_options empty = { .count = 1, .lo = 5, .hi = 4 };
	const struct calix__search_options loud = { .kind = CALIX_SEARCH_NOISY_BINARY, .count = 1,
		.hi = 15, .noise = 5 };
	(void)state;
	assert_error(calix__search_new(&search, &none), HXCOMM_EINVAL, "0 instances");
	assert_null(search);
	assert_error(calix__search_new(&search, &empty), HXCOMM_EINVAL, "nothing to search");
	assert_error(calix__search_new(&search, &loud), HXCOMM_EINVAL, "larger than the first step");
	assert_null(search);
	calix__search_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(searches_take_the_documented_number_of_steps),
		cmocka_unit_test(a_binary_search_finds_every_code_of_the_range),
		cmocka_unit_test(a_target_out_of_reach_ends_on_the_boundary_and_fails),
		cmocka_unit_test(noise_of_some_codes_costs_no_more_than_some_codes),
		cmocka_unit_test(one_instance_is_searched_as_many_are),
		cmocka_unit_test(the_start_of_a_noisy_search_is_spread_and_seeded),
		cmocka_unit_test(a_linear_search_stops_where_it_crossed),
		cmocka_unit_test(values_without_meaning_move_the_safe_way_or_not_at_all),
		cmocka_unit_test(a_prediction_is_exact_where_the_model_is_linear),
		cmocka_unit_test(impossible_searches_are_refused),
	};
	return cmocka_run_group_tests_name("calix/search", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "assert.h"

#include "statistics.h"

static void figures_of_few_values_are_what_a_hand_finds(void **state)
{
	const double values[] = { 4, 1, 3, 2, 100 };
	const uint8_t mask[] = { 1, 1, 1, 1, 0 };
	const int32_t codes[] = { 7, 5, 6 };
	(void)state;
	assert_near(calix__median(values, NULL, 5), 3, 0, 0);
	assert_near(calix__median(values, mask, 5), 2.5, 0, 0);
	assert_near(calix__mean(values, mask, 5), 2.5, 0, 0);
	assert_near(calix__trimmed_std(values, mask, 5), sqrt(1.25), 1e-12, 0);
	assert_int_equal(calix__median_code(codes, NULL, 3), 6);
}

static void five_percent_at_either_side_do_not_count(void **state)
{
	double values[200];
	(void)state;
	for (size_t i = 0; i < 200; i++)
		values[i] = i < 10 ? -1e6 : i >= 190 ? 1e6 : i % 2 ? 1 : -1;
	assert_near(calix__trimmed_std(values, NULL, 200), 1, 1e-12, 0);
	values[10] = 1e6; /* one more than the trim takes */
	assert_true(calix__trimmed_std(values, NULL, 200) > 1000);
}

/* An even spread from 0 to 1 has a standard deviation of 1 / sqrt(12), and 0.9 of it when
 * trimmed. */
static void an_even_spread_has_its_textbook_deviation(void **state)
{
	double values[1024];
	(void)state;
	for (size_t i = 0; i < 1024; i++)
		values[(i * 389) % 1024] = (double)i / 1023;
	assert_near(calix__trimmed_std(values, NULL, 1024), 0.9 / sqrt(12), 5e-3, 0);
	assert_near(calix__median(values, NULL, 1024), 0.5, 1e-12, 0);
}

static void values_that_are_no_numbers_do_not_count(void **state)
{
	const double values[] = { NAN, 1, INFINITY, 3, -INFINITY };
	const uint8_t none[5] = { 0 };
	(void)state;
	assert_near(calix__median(values, NULL, 5), 2, 0, 0);
	assert_near(calix__mean(values, NULL, 5), 2, 0, 0);
	assert_near(calix__trimmed_std(values, NULL, 5), 1, 0, 0);
	assert_true(isnan(calix__median(values, none, 5)));
	assert_true(isnan(calix__mean(values, none, 5)));
	assert_true(isnan(calix__trimmed_std(values, none, 5)));
	const int32_t codes[5] = { 1, 2, 3, 4, 5 };
	assert_int_equal(calix__median_code(codes, none, 5), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(figures_of_few_values_are_what_a_hand_finds),
		cmocka_unit_test(five_percent_at_either_side_do_not_count),
		cmocka_unit_test(an_even_spread_has_its_textbook_deviation),
		cmocka_unit_test(values_that_are_no_numbers_do_not_count),
	};
	return cmocka_run_group_tests_name("calix/statistics", tests, NULL, NULL);
}

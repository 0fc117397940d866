// SPDX-License-Identifier: MIT
#include "assert.h"

#include "refractory.h"
#include "draw.h"

/* spec/calix_spec.md 5.1: 2 us gives scale 3 and counter 32, 1.5 us gives scale 2. */
static void reference_values_come_out(void **state)
{
	static const struct { double time; uint32_t scale, counter; } rows[] = {
		{ 2e-6, 3, 32 }, /* T = 64 ns, floor(31.25) + 1 */
		{ 1.5e-6, 2, 47 }, /* T = 32 ns, floor(46.875) + 1 */
		{ 40e-9, 0, 6 }, /* T = 8 ns is the shortest */
		{ 32e-6, 4, 251 }, /* T = 128 ns, floor(250) + 1 */
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct calix__refractory r;
		const double none = 0;
		assert_ok(calix__refractory_solve(&r, &rows[i].time, &none, 1));
		assert_true(r.fast_clock[0]);
		assert_int_equal(r.clock_scale_fast, rows[i].scale);
		assert_int_equal(r.counter[0], rows[i].counter);
		assert_int_equal(r.holdoff[0], 15);
		assert_near(calix__refractory_holdoff(&r, 0),
		        calix__refractory_period(r.clock_scale_fast), 1e-12, 0);
	}
}

static void periods_are_powers_of_two_of_the_clock(void **state)
{
	(void)state;
	assert_near(calix__refractory_period(0), 8e-9, 1e-12, 0);
	assert_near(calix__refractory_period(3), 64e-9, 1e-12, 0);
	assert_near(calix__refractory_period(15), 262.144e-6, 1e-12, 0);
}

/* What holds for any mixture of times: the counter is one period too long at most, 7 % where the
 * extremes of a clock lie within a factor of four, and the reset always ends. */
static void any_mixture_of_times_is_met_within_a_period(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 40; seed++) {
		double time[512], holdoff[512];
		struct calix__refractory r;
		for (size_t i = 0; i < 512; i++) {
			const double u = (calix__draw_within(seed, 9, i, 1000) + 1000) / 2000.0;
			const double v = (calix__draw_within(seed, 10, i, 1000) + 1000) / 2000.0;
			time[i] = 1e-6 * pow(seed % 2 ? 30 : 3, u);
			holdoff[i] = seed % 3 ? 0 : v * fmin(time[i], 4e-6);
		}
		assert_ok(calix__refractory_solve(&r, time, holdoff, 512));
		for (size_t i = 0; i < 512; i++) {
			const double period = calix__refractory_period(
			        r.fast_clock[i] ? r.clock_scale_fast : r.clock_scale_slow);
			const double got = calix__refractory_time(&r, i);
			assert_true(got >= time[i] * (1 - 1e-9) && got <= time[i] + period * (1 + 1e-9));
			const double end = calix__refractory_holdoff(&r, i);
			assert_true(end <= got * (1 + 1e-9)); /* else the reset never matches */
			assert_true(end <= fmax(holdoff[i], period) * (1 + 1e-9));
			assert_true(end >= fmin(holdoff[i], got) - 2 * period);
			if (!(seed % 2) && seed % 3)
				assert_near(got, time[i], 0.07, 0);
		}
	}
}

static void times_beyond_the_counters_are_refused(void **state)
{
	static const struct { double time, holdoff; const char *text; } rows[] = {
		{ 39e-9, 0, "refractory time of neuron 0" },
		{ 33e-6, 0, "refractory time of neuron 0" },
		{ NAN, 0, "refractory time of neuron 0" },
		{ 2e-6, -1e-9, "holdoff of neuron 0" },
		{ 8e-6, 5e-6, "holdoff of neuron 0" },
		{ 1e-6, 2e-6, "would never end" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct calix__refractory r;
		assert_error(calix__refractory_solve(&r, &rows[i].time, &rows[i].holdoff, 1),
		        HXCOMM_ERANGE, rows[i].text);
		assert_error(calix__refractory_solve(&r, &rows[i].time, &rows[i].holdoff, 0),
		        HXCOMM_EINVAL, "0 neurons");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(reference_values_come_out),
		cmocka_unit_test(periods_are_powers_of_two_of_the_clock),
		cmocka_unit_test(any_mixture_of_times_is_met_within_a_period),
		cmocka_unit_test(times_beyond_the_counters_are_refused),
	};
	return cmocka_run_group_tests_name("calix/refractory", tests, NULL, NULL);
}

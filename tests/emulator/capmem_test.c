// SPDX-License-Identifier: MIT
/* Cells of the capacitive memory against spec/emulator_physics.md 1. */
#include "fixture.h"

#include "capmem.h"

static struct capmem capmem;

enum { LEAK_0 = 0, BIAS_0 = 8 * 130 };

static void a_cell_settles_with_two_milliseconds(void **state)
{
	(void)state;
	emulator__capmem_init(&capmem, 1, false);
	emulator__capmem_set(&capmem, 0, LEAK_0, 800);
	for (unsigned ms = 1; ms <= 10; ms++) {
		emulator__capmem_advance(&capmem, ms * TICKS_MS);
		assert_near(
			(double)capmem.value[LEAK_0], 800 * (1 - exp(-(double)ms / 2)), 1e-5, 0);
	}
	emulator__capmem_set(&capmem, 10 * TICKS_MS, LEAK_0, 100);
	const double from = (double)capmem.value[LEAK_0];
	emulator__capmem_advance(&capmem, 13 * TICKS_MS);
	assert_near((double)capmem.value[LEAK_0], 100 + (from - 100) * exp(-1.5), 1e-5, 0);
	emulator__capmem_advance(&capmem, 113 * TICKS_MS);
	assert_near((double)capmem.value[LEAK_0], 100, 0, 1e-9);
	assert_false(capmem.settling);
}

static void one_look_and_many_give_the_same_value(void **state)
{
	(void)state;
	static struct capmem often;
	emulator__capmem_init(&capmem, 1, false);
	emulator__capmem_init(&often, 1, false);
	emulator__capmem_set(&capmem, 0, LEAK_0, 900);
	emulator__capmem_set(&often, 0, LEAK_0, 900);
	for (unsigned i = 1; i <= 40; i++)
		emulator__capmem_advance(&often, i * TICKS_MS / 10);
	emulator__capmem_advance(&capmem, 4 * TICKS_MS);
	assert_near((double)capmem.value[LEAK_0], (double)often.value[LEAK_0], 1e-5, 0);
}

static void transfer_curves_are_lines(void **state)
{
	(void)state;
	assert_near((double)emulator__capmem_volt(0), 0.019, 1e-6, 0);
	assert_near((double)emulator__capmem_volt(1022), 0.019 + 1.875e-3 * 1022, 1e-6, 0);
	/* 20 and 220 CADC LSB stand for 0.15 V and 1.05 V at codes 70 and 550 */
	assert_near((double)emulator__capmem_volt(70), 0.15, 0, 1e-3);
	assert_near((double)emulator__capmem_volt(550), 1.05, 0, 1e-3);
	assert_near((double)emulator__capmem_ampere(1022), 1e-6, 1e-3, 0);
	assert_true(emulator__capmem_ampere(0) == 0);
}

static void code_0_switches_off_completely(void **state)
{
	(void)state;
	emulator__capmem_init(&capmem, 1, true);
	emulator__capmem_set(&capmem, 0, BIAS_0, 1022);
	emulator__capmem_advance(&capmem, 50 * TICKS_MS);
	emulator__capmem_set(&capmem, 50 * TICKS_MS, BIAS_0, 0);
	emulator__capmem_advance(&capmem, 100 * TICKS_MS);
	assert_true(capmem.value[BIAS_0] == 0);
}

static void code_1023_stops_the_refresh(void **state)
{
	(void)state;
	emulator__capmem_init(&capmem, 1, false);
	emulator__capmem_set(&capmem, 0, LEAK_0, 600);
	emulator__capmem_advance(&capmem, 100 * TICKS_MS);
	emulator__capmem_set(&capmem, 100 * TICKS_MS, LEAK_0, 1023);
	emulator__capmem_advance(&capmem, 600 * TICKS_MS);
	assert_near((double)capmem.value[LEAK_0], 600 * exp(-0.5), 1e-4, 0);
	emulator__capmem_set_refresh(&capmem, 600 * TICKS_MS, 0, false);
	emulator__capmem_advance(&capmem, 1100 * TICKS_MS);
	assert_near((double)capmem.value[LEAK_0], 600 * exp(-1.0), 1e-4, 0);
}

static void equal_codes_of_a_kind_disturb_each_other(void **state)
{
	(void)state;
	static const struct {
		unsigned sharers;
		double shift;
	} rows[] = {{1, 0}, {2, 5.0 / 127}, {64, 5.0 * 63 / 127}, {128, 5}};
	FOR_ROWS(i, rows)
	{
		emulator__capmem_init(&capmem, 1, false);
		for (uint32_t c = 0; c < rows[i].sharers; c++)
			emulator__capmem_set(&capmem, 0, LEAK_0 + c, 500);
		/* neither another kind nor another block counts */
		emulator__capmem_set(&capmem, 0, BIAS_0, 500);
		emulator__capmem_set(&capmem, 0, 3120 + LEAK_0, 500);
		emulator__capmem_advance(&capmem, 100 * TICKS_MS);
		assert_near((double)capmem.value[LEAK_0], 500 - rows[i].shift, 1e-6, 0);
		assert_near((double)capmem.value[BIAS_0], 500, 1e-6, 0);
		assert_near((double)capmem.value[3120 + LEAK_0], 500, 1e-6, 0);
	}
	/* one that leaves frees the others */
	for (uint32_t c = 1; c < 128; c++)
		emulator__capmem_set(&capmem, 100 * TICKS_MS, LEAK_0 + c, (uint16_t)(600 + c));
	emulator__capmem_advance(&capmem, 200 * TICKS_MS);
	assert_near((double)capmem.value[LEAK_0], 500, 1e-6, 0);
}

static void rewriting_has_an_error_of_a_third_of_a_code(void **state)
{
	(void)state;
	enum { WRITES = 400 };
	double sum = 0, square = 0;
	emulator__capmem_init(&capmem, 1, true);
	for (uint64_t i = 0; i < WRITES; i++) {
		emulator__capmem_set(&capmem, i * 50 * TICKS_MS, LEAK_0, 500);
		emulator__capmem_advance(&capmem, (i + 1) * 50 * TICKS_MS);
		const double error = (double)capmem.value[LEAK_0] - 500;
		sum += error;
		square += error * error;
	}
	const double mean = sum / WRITES, deviation = sqrt(square / WRITES - mean * mean);
	assert_near(mean, 0, 0, 4 * 0.3 / sqrt(WRITES));
	assert_near(deviation, 0.3, 0, 4 * 0.3 / sqrt(2.0 * WRITES));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cell_settles_with_two_milliseconds),
		cmocka_unit_test(one_look_and_many_give_the_same_value),
		cmocka_unit_test(transfer_curves_are_lines),
		cmocka_unit_test(code_0_switches_off_completely),
		cmocka_unit_test(code_1023_stops_the_refresh),
		cmocka_unit_test(equal_codes_of_a_kind_disturb_each_other),
		cmocka_unit_test(rewriting_has_an_error_of_a_third_of_a_code),
	};
	return cmocka_run_group_tests_name("emulator/capmem", tests, NULL, NULL);
}

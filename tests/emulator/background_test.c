// SPDX-License-Identifier: MIT
/* Background sources: periods to the tick, rates within five standard deviations, equal seeds. */
#include "assert.h"

#include <background.h>

#include <stdlib.h>

static size_t events_until(struct emulator_background *background, unsigned i, uint64_t limit,
        uint64_t *times, uint16_t *labels, size_t capacity)
{
	size_t count = 0;
	for (uint64_t time; (time = emulator__background_find(background, i, limit)) != UINT64_MAX;
	        count++) {
		const uint16_t label = emulator__background_take(background, i);
		if (count < capacity) {
			times[count] = time;
			if (labels)
				labels[count] = label;
		}
	}
	return count;
}

static void regular_events_come_each_period(void **state)
{
	static const uint32_t periods[] = { 1, 2, 25, 1000, 65535 };
	(void)state;
	FOR_ROWS(i, periods) {
		struct emulator_background background = { 0 };
		const struct haldls_background_spike_source config = { .enable = true,
			.period = periods[i], .neuron_label = 77 };
		uint64_t times[100];
		uint16_t labels[100];
		emulator__background_configure(&background, 3, &config, 12345);
		const uint64_t limit = 12345 + 100 * (uint64_t)periods[i] + 1;
		assert_int_equal(events_until(&background, 3, limit, times, labels, 100), 100);
		for (size_t n = 0; n < 100; n++) {
			assert_int_equal(times[n], 12345 + (n + 1) * periods[i]);
			assert_int_equal(labels[n], 77);
		}
	}
}

static void a_random_source_has_the_rate_it_says(void **state)
{
	static const uint32_t rates[] = { 1, 15, 127, 254, 255 };
	(void)state;
	FOR_ROWS(i, rates) {
		for (uint32_t seed = 1; seed <= 4; seed++) {
			struct emulator_background background = { 0 };
			const struct haldls_background_spike_source config = { .enable = true,
				.enable_random = true,
				.period = 20,
				.rate = rates[i],
				.seed = seed };
			const double looks = 100000, p = (rates[i] + 1) / 256.;
			uint64_t time;
			emulator__background_configure(&background, 0, &config, 0);
			const size_t count = events_until(&background, 0, (uint64_t)looks * 20 + 1,
			        &time, NULL, 1);
			assert_near(
			        (double)count, looks * p, 0, 5 * sqrt(looks * p * (1 - p)) + 0.5);
		}
	}
}

static void intervals_of_a_random_source_are_geometric(void **state)
{
	struct emulator_background background = { 0 };
	const struct haldls_background_spike_source config = { .enable = true,
		.enable_random = true, .period = 10, .rate = 63, .seed = 42 };
	const double p = 64 / 256.;
	enum { COUNT = 20000 };
	uint64_t *times = calloc(COUNT, sizeof(*times));
	(void)state;
	assert_non_null(times);
	emulator__background_configure(&background, 0, &config, 0);
	assert_true(events_until(&background, 0, 10 * COUNT * 5, times, NULL, COUNT) >= COUNT);
	for (unsigned k = 1; k <= 6; k++) {
		size_t seen = 0;
		for (size_t i = 1; i < COUNT; i++)
			seen += times[i] - times[i - 1] == 10 * (uint64_t)k;
		const double q = p * pow(1 - p, k - 1);
		assert_near((double)seen, (COUNT - 1) * q, 0, 5 * sqrt(COUNT * q * (1 - q)));
	}
	free(times);
}

static void masked_label_bits_are_uniform(void **state)
{
	struct emulator_background background = { 0 };
	const struct haldls_background_spike_source config = { .enable = true,
		.enable_random = true, .period = 1, .rate = 255, .seed = 7, .mask = 0x3c,
		.neuron_label = 0x2a81 };
	enum { COUNT = 16000 };
	uint64_t times[COUNT];
	uint16_t labels[COUNT];
	size_t seen[16] = { 0 };
	(void)state;
	emulator__background_configure(&background, 0, &config, 0);
	assert_int_equal(events_until(&background, 0, COUNT + 1, times, labels, COUNT), COUNT);
	for (size_t i = 0; i < COUNT; i++) {
		assert_int_equal(labels[i] & ~0x3c, 0x2a81 & ~0x3c);
		seen[labels[i] >> 2 & 15]++;
	}
	for (size_t i = 0; i < 16; i++)
		assert_near((double)seen[i], COUNT / 16., 0, 5 * sqrt(COUNT / 16.));
}

static void equal_seeds_are_bit_identical_others_are_not(void **state)
{
	struct emulator_background background = { 0 };
	struct haldls_background_spike_source config = { .enable = true, .enable_random = true,
		.period = 3, .rate = 100, .seed = 1234, .mask = 0xff };
	uint64_t times[3][1000];
	uint16_t labels[3][1000];
	(void)state;
	for (unsigned i = 0; i < 3; i++) {
		config.seed = i == 2 ? 1235 : 1234;
		emulator__background_configure(&background, i, &config, 500);
	}
	for (unsigned i = 0; i < 3; i++)
		assert_true(events_until(&background, i, 20000, times[i], labels[i], 1000) >= 1000);
	assert_memory_equal(times[0], times[1], sizeof(times[0]));
	assert_memory_equal(labels[0], labels[1], sizeof(labels[0]));
	assert_memory_not_equal(times[0], times[2], sizeof(times[0]));
}

static void looking_in_small_steps_changes_nothing(void **state)
{
	struct emulator_background a = { 0 }, b = { 0 };
	const struct haldls_background_spike_source config = { .enable = true,
		.enable_random = true, .period = 7, .rate = 20, .seed = 9, .mask = 0xff };
	uint64_t times[2][500];
	uint16_t labels[2][500];
	size_t count = 0;
	(void)state;
	emulator__background_configure(&a, 0, &config, 0);
	emulator__background_configure(&b, 0, &config, 0);
	assert_true(events_until(&a, 0, 60000, times[0], labels[0], 500) >= 500);
	for (uint64_t limit = 0; limit <= 60000 && count < 500; limit += 13) {
		while (count < 500 && emulator__background_find(&b, 0, limit) != UINT64_MAX) {
			times[1][count] = emulator__background_find(&b, 0, limit);
			labels[1][count++] = emulator__background_take(&b, 0);
		}
	}
	assert_memory_equal(times[0], times[1], sizeof(times[0]));
	assert_memory_equal(labels[0], labels[1], sizeof(labels[0]));
}

static void a_source_that_is_off_or_has_rate_zero_is_silent(void **state)
{
	struct emulator_background background = { 0 };
	struct haldls_background_spike_source config = { .enable = true, .enable_random = true,
		.period = 1, .rate = 0, .seed = 3 };
	(void)state;
	emulator__background_configure(&background, 0, &config, 0);
	assert_true(emulator__background_find(&background, 0, 1000000) == UINT64_MAX);
	config.rate = 255;
	config.enable = false;
	emulator__background_configure(&background, 0, &config, 0);
	assert_true(emulator__background_find(&background, 0, 1000000) == UINT64_MAX);
}

static void enabling_again_begins_the_same_sequence(void **state)
{
	struct emulator_background background = { 0 };
	struct haldls_background_spike_source config = { .enable = true, .enable_random = true,
		.period = 5, .rate = 80, .seed = 11, .mask = 0x3f };
	uint64_t times[2][200];
	uint16_t labels[2][200];
	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		const uint64_t begin = 100000 * round;
		config.enable = true;
		emulator__background_configure(&background, 0, &config, begin);
		assert_true(events_until(&background, 0, begin + 50000, times[round],
		                    labels[round], 200) >= 200);
		config.enable = false;
		emulator__background_configure(&background, 0, &config, begin + 50000);
	}
	for (size_t i = 0; i < 200; i++)
		assert_int_equal(times[1][i], times[0][i] + 100000);
	assert_memory_equal(labels[0], labels[1], sizeof(labels[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(regular_events_come_each_period),
		cmocka_unit_test(a_random_source_has_the_rate_it_says),
		cmocka_unit_test(intervals_of_a_random_source_are_geometric),
		cmocka_unit_test(masked_label_bits_are_uniform),
		cmocka_unit_test(equal_seeds_are_bit_identical_others_are_not),
		cmocka_unit_test(looking_in_small_steps_changes_nothing),
		cmocka_unit_test(a_source_that_is_off_or_has_rate_zero_is_silent),
		cmocka_unit_test(enabling_again_begins_the_same_sequence),
	};
	return cmocka_run_group_tests_name("emulator/background", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* Runs on the emulated chip, as far as they need no analog neurons: spikes of the host that come
 * back, generators, marks, what is written, and wrong inputs. */
#include <grenade/grenade.h>

#include "assert.h"

#include <hxcomm/connection.h>

#include <stdbool.h>
#include <stdlib.h>

static struct hxcomm_connection *connection;
static struct haldls_chip *chip;
static struct grenade_network *network;
static struct grenade_session *session;
static struct grenade_plan *plan;
static struct grenade_result *result;

static int setup(void **state)
{
	(void)state;
	assert_ok(hxcomm_open(&connection, "emulator:?noise=0", NULL));
	assert_ok(grenade_session_new(&session, connection));
	assert_ok(grenade_network_new(&network));
	chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	grenade_result_free(result);
	grenade_plan_free(plan);
	grenade_session_free(session);
	grenade_network_free(network);
	hxcomm_close(connection);
	free(chip);
	result = NULL;
	plan = NULL;
	return 0;
}

static int run(const struct grenade_input *input)
{
	grenade_result_free(result);
	return grenade_session_run(&result, session, plan, chip, input);
}

/* ---- what comes back ------------------------------------------------------------------------- */

static void spikes_of_the_host_come_back_in_its_own_numbers(void **state)
{
	enum { SOURCES = 150, SPIKES = 300 };
	double time_s[SPIKES];
	uint32_t neuron[SPIKES], seen[SOURCES] = { 0 }, unused[2];
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct grenade_spikes spikes;
	(void)state;
	assert_ok(grenade_network_add_external(&unused[0], network, 10));
	assert_ok(grenade_network_add_external(&unused[1], network, SOURCES));
	assert_ok(grenade_network_record_spikes(network, unused[1]));
	assert_ok(grenade_plan(&plan, network, NULL));
	/* backwards in time, sources in a stride */
	for (uint32_t i = 0; i < SPIKES; i++) {
		time_s[i] = 8e-9 * 50 * (SPIKES - i);
		neuron[i] = 7 * i % SOURCES;
	}
	const struct grenade_spike_train train = { unused[1], SPIKES, time_s, neuron };
	input.duration_s = 200e-6;
	input.trains = &train;
	input.train_count = 1;
	assert_ok(run(&input));
	assert_ok(grenade_result_spikes(&spikes, result, unused[1]));
	assert_int_equal(spikes.count, SPIKES);
	const double latency_s = spikes.time_s[0] - time_s[SPIKES - 1];
	assert_true(latency_s > 0 && latency_s < 0.5e-6);
	for (uint32_t i = 0; i < SPIKES; i++) {
		assert_int_equal(spikes.neuron[i], neuron[SPIKES - 1 - i]);
		assert_near(spikes.time_s[i], time_s[SPIKES - 1 - i] + latency_s, 0, 16e-9);
		seen[spikes.neuron[i]]++;
	}
	for (uint32_t i = 0; i < SOURCES; i++)
		assert_int_equal(seen[i], 2);
	assert_error(grenade_result_spikes(&spikes, result, unused[0]), HXCOMM_ESTATE,
	        "spikes of population 0 were not recorded");
	assert_error(grenade_result_spikes(&spikes, result, 2), HXCOMM_ENOENT, "no population 2");
	assert_int_equal(grenade_result_statistics(result)->spikes, SPIKES);
}

static void events_outside_the_marks_are_left_out(void **state)
{
	static const double time_s[] = { 0, 50e-6, 99.9e-6, 100e-6 };
	static const uint32_t neuron[] = { 0, 0, 0, 0 };
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct grenade_spikes spikes;
	uint32_t sources;
	(void)state;
	assert_ok(grenade_network_add_external(&sources, network, 1));
	assert_ok(grenade_network_record_spikes(network, sources));
	assert_ok(grenade_plan(&plan, network, NULL));
	const struct grenade_spike_train train = { sources, 4, time_s, neuron };
	input.duration_s = 100e-6;
	input.trains = &train;
	input.train_count = 1;
	assert_ok(run(&input));
	assert_ok(grenade_result_spikes(&spikes, result, sources));
	/* those at the end arrive on the chip behind the end mark */
	assert_int_equal(spikes.count, 2);
	assert_int_equal(grenade_result_statistics(result)->other_events, 2);
	assert_near(grenade_result_statistics(result)->duration_s, 100e-6, 0, 40e-9);
}

/* Poisson: the number of spikes of 64 sources in 10 ms at 20 kHz is 12800 +- 113. */
static void generators_spike_at_their_rate(void **state)
{
	struct grenade_background background = GRENADE_BACKGROUND_INIT;
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct grenade_spikes spikes;
	uint32_t counts[64] = { 0 }, first[8], noise;
	(void)state;
	background.rate_hz = 20e3;
	background.seed = 5;
	assert_ok(grenade_network_add_background(&noise, network, 64, &background));
	assert_ok(grenade_network_record_spikes(network, noise));
	assert_ok(grenade_plan(&plan, network, NULL));
	input.duration_s = 10e-3;
	assert_ok(run(&input));
	assert_ok(grenade_result_spikes(&spikes, result, noise));
	assert_near((double)spikes.count, 12800, 0, 5 * 113);
	for (size_t i = 0; i < spikes.count; i++)
		counts[spikes.neuron[i]]++;
	for (uint32_t i = 0; i < 64; i++)
		assert_near(counts[i], 200, 0, 5 * 14.2);
	memcpy(first, spikes.neuron, sizeof(first));
	/* the same seed repeats the spikes, another does not */
	assert_ok(run(&input));
	assert_ok(grenade_result_spikes(&spikes, result, noise));
	assert_memory_equal(first, spikes.neuron, sizeof(first));
	input.seed = 1;
	assert_ok(run(&input));
	assert_ok(grenade_result_spikes(&spikes, result, noise));
	assert_true(memcmp(first, spikes.neuron, sizeof(first)) != 0);
}

static void a_regular_generator_keeps_its_period(void **state)
{
	struct grenade_background background = GRENADE_BACKGROUND_INIT;
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct grenade_spikes spikes;
	uint32_t clock;
	(void)state;
	background.period = 250; /* 1 us */
	assert_ok(grenade_network_add_background(&clock, network, 1, &background));
	assert_ok(grenade_network_record_spikes(network, clock));
	assert_ok(grenade_plan(&plan, network, NULL));
	input.duration_s = 1e-3;
	assert_ok(run(&input));
	assert_ok(grenade_result_spikes(&spikes, result, clock));
	assert_in_range(spikes.count, 999, 1001);
	for (size_t i = 1; i < spikes.count; i++)
		assert_near(spikes.time_s[i] - spikes.time_s[i - 1], 1e-6, 0, 1e-12);
}

/* ---- what is written ------------------------------------------------------------------------- */

static void only_the_first_run_writes_all(void **state)
{
	static const struct grenade_connection list[] = { { 0, 0, 63 }, { 1, 1, 63 } };
	static const uint16_t weights[] = { 63, 5 };
	struct grenade_input input = GRENADE_INPUT_INIT;
	uint32_t neurons, sources, projection;
	(void)state;
	assert_ok(grenade_network_add_neurons(&neurons, network, 2, NULL));
	assert_ok(grenade_network_add_external(&sources, network, 2));
	assert_ok(grenade_network_add_projection(&projection, network, sources, neurons,
	        GRENADE_EXCITATORY, list, 2));
	assert_ok(grenade_plan(&plan, network, NULL));
	input.duration_s = 1e-5;
	assert_ok(run(&input));
	assert_int_equal(grenade_result_statistics(result)->configured_words, HALDLS_CHIP_WORDS);
	assert_ok(run(&input));
	assert_int_equal(grenade_result_statistics(result)->configured_words, 0);
	assert_ok(grenade_plan_set_weights(plan, projection, weights, 2));
	assert_ok(run(&input));
	assert_int_equal(grenade_result_statistics(result)->configured_words, 1);
	chip->capmem[77] = 123;
	assert_ok(run(&input));
	assert_int_equal(grenade_result_statistics(result)->configured_words, 1);
}

static void a_refused_configuration_changes_nothing(void **state)
{
	struct grenade_input input = GRENADE_INPUT_INIT;
	uint32_t neurons;
	(void)state;
	assert_ok(grenade_network_add_neurons(&neurons, network, 1, NULL));
	assert_ok(grenade_plan(&plan, network, NULL));
	input.duration_s = 1e-5;
	assert_ok(run(&input));
	chip->capmem[3] = 2000;
	assert_error(run(&input), HXCOMM_ERANGE, "2000");
	assert_null(result);
	chip->capmem[3] = 200;
	assert_ok(run(&input));
	assert_int_equal(grenade_result_statistics(result)->configured_words, 1);
}

static void one_run_needs_no_session(void **state)
{
	struct grenade_input input = GRENADE_INPUT_INIT;
	uint32_t sources;
	(void)state;
	assert_ok(grenade_network_add_external(&sources, network, 1));
	assert_ok(grenade_plan(&plan, network, NULL));
	input.duration_s = 8e-9;
	assert_ok(grenade_run(&result, connection, plan, chip, &input));
	assert_int_equal(grenade_result_statistics(result)->configured_words, HALDLS_CHIP_WORDS);
}

/* ---- wrong inputs ---------------------------------------------------------------------------- */

static void wrong_inputs_are_refused_before_anything_is_sent(void **state)
{
	static const double late[] = { 1e-6, 10.1e-6 }, early[] = { -1e-9 }, nan_s[] = { NAN },
	                    good[] = { 0 };
	static const uint32_t inside[] = { 0, 0 }, outside[] = { 3 };
	struct grenade_spike_train train;
	struct grenade_input input = GRENADE_INPUT_INIT;
	const struct {
		struct grenade_spike_train train;
		int code;
		const char *message;
	} rows[] = {
		{ { 1, 2, late, inside }, HXCOMM_ERANGE,
		        "spike 1 of population 1 at 1.01e-05 s, the run lasts from 0 to 1e-05 s" },
		{ { 1, 1, early, inside }, HXCOMM_ERANGE, "at -1e-09 s" },
		{ { 1, 1, nan_s, inside }, HXCOMM_ERANGE, "spike 0 of population 1" },
		{ { 1, 1, good, outside }, HXCOMM_ERANGE,
		        "comes from index 3, the population has 3 members" },
		{ { 0, 1, good, inside }, HXCOMM_EINVAL, "population 0, which holds neurons" },
		{ { 2, 1, good, inside }, HXCOMM_ENOENT, "spikes for population 2, the network has 2" },
	};
	uint32_t unused;
	(void)state;
	assert_ok(grenade_network_add_neurons(&unused, network, 1, NULL));
	assert_ok(grenade_network_add_external(&unused, network, 3));
	assert_ok(grenade_plan(&plan, network, NULL));
	input.duration_s = 10e-6;
	input.trains = &train;
	input.train_count = 1;
	FOR_ROWS(i, rows) {
		train = rows[i].train;
		assert_error(run(&input), rows[i].code, rows[i].message);
		assert_null(result);
	}
	input.train_count = 0;
	static const double durations[] = { 0, -1, 11, NAN };
	FOR_ROWS(i, durations) {
		input.duration_s = durations[i];
		assert_error(run(&input), HXCOMM_ERANGE, "duration_s is");
	}
	input.size = 0;
	assert_error(run(&input), HXCOMM_EINVAL, "GRENADE_INPUT_INIT");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(spikes_of_the_host_come_back_in_its_own_numbers),
		TEST(events_outside_the_marks_are_left_out),
		TEST(generators_spike_at_their_rate),
		TEST(a_regular_generator_keeps_its_period),
		TEST(only_the_first_run_writes_all),
		TEST(a_refused_configuration_changes_nothing),
		TEST(one_run_needs_no_session),
		TEST(wrong_inputs_are_refused_before_anything_is_sent),
	};
	return cmocka_run_group_tests_name("grenade/run", tests, NULL, NULL);
}

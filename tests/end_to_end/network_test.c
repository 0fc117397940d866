// SPDX-License-Identifier: MIT
/* Networks on typical neurons without noise: what is wanted on paper is what the neurons do. Every
 * neuron fires on one strong input, so that a spike shows a connection. */
#include "assert.h"

#include <calix/calibration.h>
#include <grenade/grenade.h>
#include <hxcomm/connection.h>

#include <stdlib.h>

enum { STRONG = 6 * 63 };

static struct hxcomm_connection *connection;
static struct haldls_chip *chip;
static struct grenade_network *network;
static struct grenade_plan *plan;
static struct grenade_result *result;

static int setup(void **state)
{
	(void)state;
	assert_ok(hxcomm_open(&connection, "emulator:?variation=0&noise=0", NULL));
	assert_ok(grenade_network_new(&network));
	chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	calix_uncalibrated_apply(chip, NULL);
	plan = NULL;
	result = NULL;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	grenade_result_free(result);
	grenade_plan_free(plan);
	grenade_network_free(network);
	hxcomm_close(connection);
	free(chip);
	return 0;
}

/* One spike of each source, 60 us apart: who fires? */
static void each_source_reaches_its_targets_and_no_others(void **state)
{
	enum { SOURCES = 20, NEURONS = 60 };
	static uint32_t circuits[NEURONS];
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_connection list[NEURONS];
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct grenade_spikes spikes;
	double time_s[SOURCES];
	uint32_t source[SOURCES], first, second, neurons, projection, fired[NEURONS] = { 0 };
	(void)state;
	for (uint32_t i = 0; i < NEURONS; i++) /* all over both hemispheres */
		circuits[i] = i * 197 % 512;
	options.circuits = circuits;
	assert_ok(grenade_network_add_external(&first, network, SOURCES / 2));
	assert_ok(grenade_network_add_neurons(&neurons, network, NEURONS, &options));
	assert_ok(grenade_network_add_external(&second, network, SOURCES / 2));
	/* neuron n listens to source 7 n mod 20 */
	for (uint32_t half = 0; half < 2; half++) {
		size_t count = 0;
		for (uint32_t n = 0; n < NEURONS; n++)
			if (7 * n % SOURCES / (SOURCES / 2) == half)
				list[count++] = (struct grenade_connection){
					7 * n % SOURCES % (SOURCES / 2), n, STRONG };
		assert_ok(grenade_network_add_projection(&projection, network, half ? second : first,
		        neurons, GRENADE_EXCITATORY, list, count));
	}
	assert_ok(grenade_network_record_spikes(network, neurons));
	assert_ok(grenade_plan(&plan, network, NULL));
	for (uint32_t i = 0; i < SOURCES; i++) {
		time_s[i] = 1e-6 + i * 60e-6;
		source[i] = i % (SOURCES / 2);
	}
	const struct grenade_spike_train trains[] = {
		{ first, SOURCES / 2, time_s, source },
		{ second, SOURCES / 2, &time_s[SOURCES / 2], &source[SOURCES / 2] },
	};
	input.trains = trains;
	input.train_count = 2;
	input.duration_s = SOURCES * 60e-6;
	assert_ok(grenade_run(&result, connection, plan, chip, &input));
	assert_ok(grenade_result_spikes(&spikes, result, neurons));
	for (size_t i = 0; i < spikes.count; i++) {
		assert_int_equal((uint32_t)(spikes.time_s[i] / 60e-6),
		        7 * spikes.neuron[i] % SOURCES);
		fired[spikes.neuron[i]]++;
	}
	for (uint32_t i = 0; i < NEURONS; i++)
		assert_true(fired[i] > 0);
}

/* A chain through all 100 neurons, in an order that jumps over the chip. */
static void spikes_travel_on_the_chip(void **state)
{
	enum { NEURONS = 100, STEP = 37 };
	struct grenade_connection list[NEURONS];
	struct grenade_input input = GRENADE_INPUT_INIT;
	struct grenade_spikes spikes;
	const struct grenade_connection start = { 0, 0, STRONG };
	const double time_s = 1e-6;
	const uint32_t zero = 0;
	uint32_t neurons, starter, unused, seen = 0;
	(void)state;
	assert_ok(grenade_network_add_neurons(&neurons, network, NEURONS, NULL));
	assert_ok(grenade_network_add_external(&starter, network, 1));
	for (uint32_t i = 0; i + 1 < NEURONS; i++)
		list[i] = (struct grenade_connection){ i * STEP % NEURONS, (i + 1) * STEP % NEURONS,
			STRONG };
	assert_ok(grenade_network_add_projection(&unused, network, neurons, neurons,
	        GRENADE_EXCITATORY, list, NEURONS - 1));
	assert_ok(grenade_network_add_projection(&unused, network, starter, neurons,
	        GRENADE_EXCITATORY, &start, 1));
	assert_ok(grenade_network_record_spikes(network, neurons));
	assert_ok(grenade_plan(&plan, network, NULL));
	const struct grenade_spike_train train = { starter, 1, &time_s, &zero };
	input.trains = &train;
	input.train_count = 1;
	input.duration_s = 500e-6;
	assert_ok(grenade_run(&result, connection, plan, chip, &input));
	assert_ok(grenade_result_spikes(&spikes, result, neurons));
	/* first spikes of the neurons come in the order of the chain */
	for (size_t i = 0; i < spikes.count && seen < NEURONS; i++)
		seen += spikes.neuron[i] == seen * STEP % NEURONS;
	assert_int_equal(seen, NEURONS);
}

/* Mean deflection of a trace within 30 us behind a time. Two traces share 29.4 million samples a
 * second. */
static double deflection(uint32_t which, double from)
{
	struct grenade_trace trace;
	double rest = 0, mean = 0;
	size_t rests = 0, count = 0;
	assert_ok(grenade_result_membrane(&trace, result, which));
	for (size_t i = 0; i < trace.count; i++) {
		const double since = trace.time_s[i] - from;
		if (since < 0 && since > -20e-6) {
			rest += trace.lsb[i];
			rests++;
		}
		if (since >= 0 && since < 30e-6) {
			mean += trace.lsb[i];
			count++;
		}
	}
	assert_true(rests > 280 && count > 420);
	return mean / (double)count - rest / (double)rests;
}

static void membranes_answer_to_sign_and_weight(void **state)
{
	static const uint32_t circuits[] = { 20, 277 };
	const struct grenade_connection weak[] = { { 0, 0, 20 }, { 0, 1, 20 } };
	const struct grenade_connection twice[] = { { 1, 0, 40 }, { 1, 1, 40 } };
	const double time_s[] = { 50e-6, 150e-6, 250e-6 };
	const uint32_t source[] = { 0, 1, 2 };
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	const struct grenade_connection negative[] = { { 2, 0, 20 }, { 2, 1, 20 } };
	struct grenade_input input = GRENADE_INPUT_INIT;
	uint32_t neurons, sources, unused;
	(void)state;
	options.circuits = circuits;
	assert_ok(grenade_network_add_neurons(&neurons, network, 2, &options));
	assert_ok(grenade_network_add_external(&sources, network, 3));
	assert_ok(grenade_network_add_projection(&unused, network, sources, neurons,
	        GRENADE_EXCITATORY, weak, 2));
	assert_ok(grenade_network_add_projection(&unused, network, sources, neurons,
	        GRENADE_EXCITATORY, twice, 2));
	assert_ok(grenade_network_add_projection(&unused, network, sources, neurons,
	        GRENADE_INHIBITORY, negative, 2));
	assert_ok(grenade_network_record_membrane(network, neurons, 0));
	assert_ok(grenade_network_record_membrane(network, neurons, 1));
	assert_ok(grenade_plan(&plan, network, NULL));
	const struct grenade_spike_train train = { sources, 3, time_s, source };
	input.trains = &train;
	input.train_count = 1;
	input.duration_s = 350e-6;
	assert_ok(grenade_run(&result, connection, plan, chip, &input));
	for (uint32_t which = 0; which < 2; which++) {
		const double one = deflection(which, time_s[0]);
		assert_true(one > 3);
		assert_near(deflection(which, time_s[1]), 2 * one, 0.1, 0);
		assert_near(deflection(which, time_s[2]), -one, 0.2, 0);
	}
	struct grenade_trace trace;
	assert_error(grenade_result_membrane(&trace, result, 2), HXCOMM_ENOENT,
	        "no membrane trace 2, 2 were recorded");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(each_source_reaches_its_targets_and_no_others),
		TEST(spikes_travel_on_the_chip),
		TEST(membranes_answer_to_sign_and_weight),
	};
	return cmocka_run_group_tests_name("end_to_end/network", tests, NULL, NULL);
}

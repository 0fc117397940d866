// SPDX-License-Identifier: MIT
/* What a network refuses, and how it says so. */
#include "network.h"

#include "assert.h"

static struct grenade_network *network;
static uint32_t neurons, external, background;

static int setup(void **state)
{
	struct grenade_background noise = GRENADE_BACKGROUND_INIT;
	noise.rate_hz = 1e4;
	(void)state;
	assert_ok(grenade_network_new(&network));
	assert_ok(grenade_network_add_neurons(&neurons, network, 10, NULL));
	assert_ok(grenade_network_add_external(&external, network, 5));
	assert_ok(grenade_network_add_background(&background, network, 64, &noise));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	grenade_network_free(network);
	return 0;
}

static void populations_and_units_are_counted_in_order(void **state)
{
	(void)state;
	assert_int_equal(neurons, 0);
	assert_int_equal(external, 1);
	assert_int_equal(background, 2);
	assert_int_equal(network->units, 79);
	assert_int_equal(grenade__population_of_unit(network, 0), 0);
	assert_int_equal(grenade__population_of_unit(network, 9), 0);
	assert_int_equal(grenade__population_of_unit(network, 10), 1);
	assert_int_equal(grenade__population_of_unit(network, 15), 2);
	assert_int_equal(grenade__population_of_unit(network, 78), 2);
}

static void more_neurons_than_the_chip_has_are_refused(void **state)
{
	uint32_t out;
	(void)state;
	assert_error(grenade_network_add_neurons(&out, network, 503, NULL), HXCOMM_ENOSPC,
	        "needs 513 neurons with this population of 503, the chip has 512");
	assert_error(grenade_network_add_neurons(&out, network, UINT32_MAX, NULL), HXCOMM_ENOSPC,
	        "the chip has 512");
	assert_error(grenade_network_add_neurons(&out, network, 0, NULL), HXCOMM_EINVAL, "0 neurons");
	assert_ok(grenade_network_add_neurons(&out, network, 502, NULL));
	assert_error(grenade_network_add_neurons(&out, network, 1, NULL), HXCOMM_ENOSPC, "513");
}

static void wrong_connections_are_refused_and_change_nothing(void **state)
{
	static const struct {
		struct grenade_connection connection;
		const char *message;
	} rows[] = {
		{ { 5, 0, 1 }, "connection 1 comes from index 5 of a population of 5 external" },
		{ { 0, 10, 1 }, "connection 1 goes to index 10 of a population of 10 neurons" },
		{ { 0, 0, 4033 }, "weight 4033 of connection 1, allowed are 0 to 4032" },
	};
	uint32_t out;
	(void)state;
	FOR_ROWS(i, rows) {
		const struct grenade_connection list[] = { { 0, 0, 1 }, rows[i].connection };
		assert_error(grenade_network_add_projection(&out, network, external, neurons,
		                     GRENADE_EXCITATORY, list, 2),
		        HXCOMM_ERANGE, rows[i].message);
	}
	assert_int_equal(network->connection_count, 0);
	assert_int_equal(network->projection_count, 0);
}

static void wrong_projections_are_refused(void **state)
{
	const struct grenade_connection one = { 0, 0, 1 };
	uint32_t out;
	(void)state;
	assert_error(grenade_network_add_projection(&out, network, 3, neurons, GRENADE_EXCITATORY,
	                     &one, 1),
	        HXCOMM_ENOENT, "no population 3, the network has 3");
	assert_error(grenade_network_add_projection(&out, network, neurons, 7, GRENADE_EXCITATORY,
	                     &one, 1),
	        HXCOMM_ENOENT, "no population 7");
	assert_error(grenade_network_add_projection(&out, network, neurons, external,
	                     GRENADE_EXCITATORY, &one, 1),
	        HXCOMM_EINVAL, "external sources: only neurons receive");
	assert_error(grenade_network_add_projection(&out, network, neurons, neurons,
	                     (enum grenade_receptor)2, &one, 1),
	        HXCOMM_EINVAL, "receptor 2");
	assert_ok(grenade_network_add_projection(&out, network, external, neurons,
	        GRENADE_INHIBITORY, NULL, 0));
}

static void wrong_background_sources_are_refused(void **state)
{
	static const struct {
		uint32_t count;
		struct grenade_background background;
		int code;
		const char *message;
	} rows[] = {
		{ 3, { 0, 1e3, 0, 0, 0 }, HXCOMM_EINVAL, "must be a power of two" },
		{ 512, { 0, 1e3, 0, 0, 0 }, HXCOMM_ERANGE, "allowed are 1 to 256" },
		{ 0, { 0, 1e3, 0, 0, 0 }, HXCOMM_ERANGE, "allowed are 1 to 256" },
		{ 4, { 0, 0, 0, 0, 0 }, HXCOMM_EINVAL, "give one of them" },
		{ 4, { 0, 1e3, 9, 9, 0 }, HXCOMM_EINVAL, "give one of them" },
		{ 4, { 0, 1e3, 0, 9, 0 }, HXCOMM_EINVAL, "rate goes with period" },
		{ 4, { 0, -1, 0, 0, 0 }, HXCOMM_ERANGE, "-1 Hz" },
		{ 64, { 0, 4e6, 0, 0, 0 }, HXCOMM_ERANGE, "at most 2.5e+08 Hz" },
		{ 1, { 0, 10, 0, 0, 0 }, HXCOMM_ERANGE, "sends at least 30 Hz" },
		{ 4, { 0, 0, 65536, 1, 0 }, HXCOMM_ERANGE, "period 65536 (at most 65535)" },
		{ 4, { 0, 0, 100, 256, 0 }, HXCOMM_ERANGE, "rate 256 (at most 255)" },
		{ 4, { 0, 0, 100, 0, 0 }, HXCOMM_EINVAL, "only one source can spike regularly" },
	};
	uint32_t out;
	(void)state;
	FOR_ROWS(i, rows) {
		struct grenade_background given = rows[i].background;
		given.size = sizeof(given);
		assert_error(grenade_network_add_background(&out, network, rows[i].count, &given),
		        rows[i].code, rows[i].message);
	}
	struct grenade_background unset = { 0 };
	assert_error(grenade_network_add_background(&out, network, 4, &unset), HXCOMM_EINVAL,
	        "start from GRENADE_BACKGROUND_INIT");
}

/* A generator looks every period of 4 ns and sends with probability (rate + 1) / 256. */
static void rates_of_background_sources_are_met(void **state)
{
	static const double rates[] = { 100, 1e3, 12345, 1e5, 1e6, 3e6 };
	(void)state;
	FOR_ROWS(i, rates) {
		struct grenade_background given = GRENADE_BACKGROUND_INIT;
		uint32_t out;
		given.rate_hz = rates[i];
		assert_ok(grenade_network_add_background(&out, network, 64, &given));
		const struct grenade_background *found = &network->populations[out].background;
		assert_in_range(found->rate, 1, 255);
		assert_in_range(found->period, 1, 65535);
		assert_near((found->rate + 1) / 256.0 * 250e6 / found->period / 64, rates[i], 0.01,
		        0);
	}
}

static void recorders_name_what_is_there(void **state)
{
	(void)state;
	assert_error(grenade_network_record_spikes(network, 3), HXCOMM_ENOENT, "no population 3");
	assert_error(grenade_network_record_membrane(network, 4, 0), HXCOMM_ENOENT, "population 4");
	assert_error(grenade_network_record_membrane(network, external, 0), HXCOMM_EINVAL,
	        "holds external sources");
	assert_error(grenade_network_record_membrane(network, neurons, 10), HXCOMM_ERANGE,
	        "index 10 of population 0, which has 10 neurons");
	assert_ok(grenade_network_record_membrane(network, neurons, 0));
	assert_ok(grenade_network_record_membrane(network, neurons, 1));
	assert_error(grenade_network_record_membrane(network, neurons, 2), HXCOMM_ENOSPC,
	        "a third membrane");
}

static void options_of_another_age_are_understood(void **state)
{
	struct {
		struct grenade_neurons_options known;
		uint64_t later;
	} newer = { GRENADE_NEURONS_OPTIONS_INIT, 0 };
	static const uint32_t beyond[] = { 512 };
	uint32_t out;
	(void)state;
	newer.known.size = sizeof(newer);
	assert_ok(grenade_network_add_neurons(&out, network, 1, &newer.known));
	newer.later = 1;
	assert_error(grenade_network_add_neurons(&out, network, 1, &newer.known), HXCOMM_EINVAL,
	        "newer than this library");
	struct grenade_neurons_options older = { .size = sizeof(size_t), .circuits = beyond };
	assert_ok(grenade_network_add_neurons(&out, network, 1, &older));
	older.size = sizeof(older);
	assert_error(grenade_network_add_neurons(&out, network, 1, &older), HXCOMM_ERANGE,
	        "circuit 512 for neuron 0 of population 5");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
		TEST(populations_and_units_are_counted_in_order),
		TEST(more_neurons_than_the_chip_has_are_refused),
		TEST(wrong_connections_are_refused_and_change_nothing),
		TEST(wrong_projections_are_refused),
		TEST(wrong_background_sources_are_refused),
		TEST(rates_of_background_sources_are_met),
		TEST(recorders_name_what_is_there),
		TEST(options_of_another_age_are_understood),
	};
	return cmocka_run_group_tests_name("grenade/network", tests, NULL, NULL);
}

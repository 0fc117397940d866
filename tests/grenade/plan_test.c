// SPDX-License-Identifier: MIT
/* Plans of networks of every kind, proven by the filters of the chip; networks that do not fit, with
 * what is said about them. */
#include "check.h"

#include "assert.h"
#include "random.h"

#include <stdlib.h>

static struct test_random numbers = { .seed = 3 };

static uint32_t below(uint32_t limit)
{
	return (uint32_t)test_random_below(&numbers, limit);
}

static struct grenade_network *network_of(void)
{
	struct grenade_network *network;
	assert_ok(grenade_network_new(&network));
	return network;
}

static uint32_t neurons_of(struct grenade_network *network, uint32_t count)
{
	uint32_t population;
	assert_ok(grenade_network_add_neurons(&population, network, count, NULL));
	return population;
}

static uint32_t external_of(struct grenade_network *network, uint32_t count)
{
	uint32_t population;
	assert_ok(grenade_network_add_external(&population, network, count));
	return population;
}

static uint32_t background_of(struct grenade_network *network, uint32_t count)
{
	struct grenade_background background = GRENADE_BACKGROUND_INIT;
	uint32_t population;
	background.rate_hz = 1e3;
	assert_ok(grenade_network_add_background(&population, network, count, &background));
	return population;
}

static void all_to_all(struct grenade_network *network, uint32_t pre, uint32_t pre_count,
        uint32_t post, uint32_t post_count, enum grenade_receptor receptor, uint16_t weight)
{
	const size_t count = (size_t)pre_count * post_count;
	struct grenade_connection *list = malloc(count * sizeof(*list));
	uint32_t unused;
	assert_non_null(list);
	for (uint32_t i = 0; i < count; i++)
		list[i] = (struct grenade_connection){ i / post_count, i % post_count, weight };
	assert_ok(grenade_network_add_projection(&unused, network, pre, post, receptor, list, count));
	free(list);
}

static void random_projection(struct grenade_network *network, uint32_t pre, uint32_t pre_count,
        uint32_t post, uint32_t post_count, uint32_t count)
{
	static const uint16_t weights[] = { 0, 1, 20, 62, 63, 64, 126, 127, 140, 189 };
	struct grenade_connection list[400];
	uint32_t unused;
	assert_true(count <= 400);
	for (uint32_t i = 0; i < count; i++)
		list[i] = (struct grenade_connection){ below(pre_count), below(post_count),
			weights[below(sizeof(weights) / sizeof(*weights))] };
	assert_ok(grenade_network_add_projection(&unused, network, pre, post,
	        below(2) ? GRENADE_EXCITATORY : GRENADE_INHIBITORY, list, count));
}

/* ---- plans that work: the last stage of grenade_plan() simulates the filters ----------------- */

static void weights_are_split_over_synapses(void **state)
{
	static const struct {
		uint16_t weight;
		uint32_t synapses, part[4];
	} rows[] = {
		{ 0, 1, { 0 } },           { 1, 1, { 1 } },           { 63, 1, { 63 } },
		{ 64, 2, { 63, 1 } },      { 140, 3, { 63, 63, 14 } }, { 189, 3, { 63, 63, 63 } },
		{ 190, 4, { 63, 63, 63, 1 } },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct grenade_network *network = network_of();
		const uint32_t neurons = neurons_of(network, 1), sources = external_of(network, 1);
		struct grenade_synapse at[8];
		struct grenade_plan *plan;
		all_to_all(network, sources, 1, neurons, 1, GRENADE_EXCITATORY, rows[i].weight);
		assert_ok(grenade_plan(&plan, network, NULL));
		assert_int_equal(grenade_plan_synapses(at, 8, plan, 0, 0), rows[i].synapses);
		for (uint32_t k = 0; k < rows[i].synapses; k++)
			assert_int_equal(at[k].weight, rows[i].part[k]);
		grenade_plan_free(plan);
		grenade_network_free(network);
	}
}

static void random_networks_are_realised_exactly(void **state)
{
	unsigned planned = 0;
	(void)state;
	for (unsigned trial = 0; trial < 60; trial++) {
		struct grenade_network *network = network_of();
		struct grenade_plan *plan;
		uint32_t population[8], size[8], count = 0, neurons = 0;
		const uint32_t first = 1 + below(3);
		for (uint32_t i = 0; i < first; i++, neurons = count) {
			size[count] = 1 + below(trial % 3 ? 30 : 150);
			population[count] = neurons_of(network, size[count]);
			count++;
		}
		for (uint32_t i = below(3); i; i--) {
			size[count] = 1 + below(150);
			population[count] = external_of(network, size[count]);
			count++;
		}
		for (uint32_t i = below(3); i; i--) {
			size[count] = 1u << below(9);
			population[count] = background_of(network, size[count]);
			count++;
		}
		for (uint32_t i = below(12); i; i--) {
			const uint32_t pre = below(count), post = below(neurons);
			random_projection(network, population[pre], size[pre], population[post],
			        size[post], below(trial % 3 ? 40 : 400));
		}
		for (uint32_t i = 0; i < count; i++)
			if (below(2))
				assert_ok(grenade_network_record_spikes(network, population[i]));
		const int status = grenade_plan(&plan, network, NULL);
		if (status == HXCOMM_ENOSPC) /* told apart from wrong plans, and rare: see below */
			assert_non_null(strstr(hxcomm_error_message(), "needs"));
		else
			assert_ok(status);
		planned += status == HXCOMM_OK;
		grenade_plan_free(plan);
		grenade_network_free(network);
	}
	assert_true(planned >= 50);
}

/* 256 inputs fill all rows of one hemisphere, their 246 targets feed ten neurons of the other. */
static void a_dense_layered_network_fills_a_hemisphere(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	struct grenade_plan_usage usage;
	(void)state;
	const uint32_t hidden = neurons_of(network, 246), output = neurons_of(network, 10);
	const uint32_t input = external_of(network, 256);
	all_to_all(network, input, 256, hidden, 246, GRENADE_EXCITATORY, 10);
	all_to_all(network, hidden, 246, output, 10, GRENADE_INHIBITORY, 10);
	assert_ok(grenade_network_record_spikes(network, output));
	assert_ok(grenade_plan(&plan, network, NULL));
	grenade_plan_count_usage(&usage, plan);
	assert_int_equal(usage.neurons, 256);
	assert_int_equal(usage.synapses, 256 * 246 + 2460);
	uint32_t drivers = 0;
	for (uint32_t bus = 0; bus < 4; bus++)
		drivers += usage.drivers[0][bus] + usage.drivers[1][bus];
	assert_in_range(drivers, 128 + 123, 256);
	grenade_plan_free(plan);
	grenade_network_free(network);
}

/* Every neuron of the chip from one background population: one row of one driver a hemisphere. */
static void one_event_of_a_generator_reaches_all_neurons(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	struct grenade_plan_usage usage;
	(void)state;
	const uint32_t neurons = neurons_of(network, 512), noise = background_of(network, 1);
	all_to_all(network, noise, 1, neurons, 512, GRENADE_EXCITATORY, 63);
	assert_ok(grenade_network_record_spikes(network, noise));
	assert_ok(grenade_plan(&plan, network, NULL));
	grenade_plan_count_usage(&usage, plan);
	assert_int_equal(usage.background_sources, 2);
	assert_int_equal(usage.drivers[0][0] + usage.drivers[1][0], 2);
	grenade_plan_free(plan);
	grenade_network_free(network);
}

static void one_host_event_reaches_both_hemispheres(void **state)
{
	static const uint32_t circuits[] = { 3, 300 };
	struct grenade_network *network = network_of();
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_connection list[] = { { 0, 0, 5 }, { 0, 1, 6 }, { 1, 0, 7 }, { 2, 1, 8 } };
	struct grenade_plan *plan;
	uint32_t neurons, unused;
	(void)state;
	options.circuits = circuits;
	assert_ok(grenade_network_add_neurons(&neurons, network, 2, &options));
	const uint32_t sources = external_of(network, 3);
	assert_ok(grenade_network_add_projection(&unused, network, sources, neurons,
	        GRENADE_EXCITATORY, list, 4));
	assert_ok(grenade_plan(&plan, network, NULL));
	/* one label a source: which hemispheres it reaches is in the label */
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	assert_ok(grenade_plan_configure(plan, chip));
	for (uint32_t i = 0; i < 3; i++) {
		struct grenade__arrivals arrivals = { 0 };
		const uint16_t label = grenade__host_label(plan, 2 + i);
		assert_ok(grenade__deliver(&arrivals, chip, 2 + i, 8 + (label >> 14), label));
		assert_int_equal(arrivals.count, i ? 1 : 2);
		free(arrivals.keys);
	}
	assert_memory_equal(grenade_plan_circuits(plan, neurons, NULL), circuits, sizeof(circuits));
	free(chip);
	grenade_plan_free(plan);
	grenade_network_free(network);
}

static void the_same_network_gives_the_same_plan(void **state)
{
	struct haldls_chip *chip[2];
	(void)state;
	for (unsigned i = 0; i < 2; i++) {
		struct grenade_network *network = network_of();
		struct grenade_plan *plan;
		numbers = (struct test_random){ .seed = 77 };
		const uint32_t neurons = neurons_of(network, 100);
		const uint32_t sources = external_of(network, 90), noise = background_of(network, 128);
		random_projection(network, neurons, 100, neurons, 100, 400);
		random_projection(network, sources, 90, neurons, 100, 400);
		random_projection(network, noise, 128, neurons, 100, 200);
		assert_ok(grenade_plan(&plan, network, NULL));
		chip[i] = malloc(sizeof(*chip[i]));
		assert_non_null(chip[i]);
		memset(chip[i], 0, sizeof(*chip[i]));
		haldls_chip_init(chip[i]);
		assert_ok(grenade_plan_configure(plan, chip[i]));
		grenade_plan_free(plan);
		grenade_network_free(network);
	}
	assert_memory_equal(chip[0], chip[1], sizeof(*chip[0]));
	free(chip[0]);
	free(chip[1]);
}

static void a_plan_overwrites_what_was_on_the_chip(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	(void)state;
	const uint32_t neurons = neurons_of(network, 4);
	all_to_all(network, neurons, 4, neurons, 4, GRENADE_INHIBITORY, 33);
	assert_ok(grenade_plan(&plan, network, NULL));
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_NODES; i++)
		chip->crossbar_node[i].target = 0;
	for (uint32_t i = 0; i < 256; i++) {
		chip->synapse_driver_config[i].enable_receiver = true;
		chip->synapse_driver_config[i].row_address_compare_mask = 0;
		chip->synapse_driver_config[i].row_mode_top = 3;
		chip->synapse_driver_config[i].offset = 9;
	}
	memset(chip->synapse_weight, 63, sizeof(chip->synapse_weight));
	memset(chip->capmem, 7, sizeof(chip->capmem));
	assert_ok(grenade_plan_configure(plan, chip));
	assert_ok(grenade_plan_validate(plan, chip));
	/* what a calibration sets stays */
	assert_int_equal(chip->capmem[5000], 0x0707);
	assert_int_equal(chip->synapse_driver_config[9].offset, 9);
	free(chip);
	grenade_plan_free(plan);
	grenade_network_free(network);
}

static void weights_change_without_a_new_plan(void **state)
{
	static const uint16_t weights[] = { 0, 126 }, large[] = { 1, 127 };
	const struct grenade_connection list[] = { { 0, 0, 50 }, { 1, 0, 100 } };
	struct grenade_network *network = network_of();
	struct grenade_synapse at[2];
	struct grenade_plan *plan;
	uint32_t projection;
	(void)state;
	const uint32_t neurons = neurons_of(network, 1), sources = external_of(network, 2);
	assert_ok(grenade_network_add_projection(&projection, network, sources, neurons,
	        GRENADE_EXCITATORY, list, 2));
	assert_ok(grenade_plan(&plan, network, NULL));
	assert_ok(grenade_plan_set_weights(plan, projection, weights, 2));
	assert_int_equal(grenade_plan_synapses(at, 2, plan, projection, 0), 1);
	assert_int_equal(at[0].weight, 0);
	assert_int_equal(grenade_plan_synapses(at, 2, plan, projection, 1), 2);
	assert_int_equal(at[0].weight + at[1].weight, 126);
	assert_ok(grenade_plan_validate(plan, NULL));
	assert_error(grenade_plan_set_weights(plan, projection, large, 2), HXCOMM_ERANGE,
	        "weight 127 for connection 1 of projection 0, its 2 synapses hold 126");
	assert_error(grenade_plan_set_weights(plan, projection, weights, 1), HXCOMM_EINVAL,
	        "1 weights for projection 0, which has 2 connections");
	assert_error(grenade_plan_set_weights(plan, 1, weights, 2), HXCOMM_ENOENT, "no projection 1");
	grenade_plan_free(plan);
	grenade_network_free(network);
}

/* Many tiny projections, as people write them: 700 of one connection each. */
static void many_small_projections_are_one_plan(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	uint32_t group[64], unused;
	(void)state;
	for (uint32_t i = 0; i < 64; i++)
		group[i] = neurons_of(network, 1);
	for (uint32_t i = 0; i < 700; i++) {
		const struct grenade_connection one = { 0, 0, (uint16_t)(1 + i % 63) };
		assert_ok(grenade_network_add_projection(&unused, network, group[i % 64],
		        group[(i % 64 + 1 + i / 64 * 5) % 64], GRENADE_INHIBITORY, &one, 1));
	}
	assert_ok(grenade_plan(&plan, network, NULL));
	grenade_plan_free(plan);
	grenade_network_free(network);
}

/* ---- what cannot be had ---------------------------------------------------------------------- */

static void unavailable_circuits_are_left_out(void **state)
{
	bool unavailable[512] = { false }, drivers[256] = { false };
	struct grenade_network *network = network_of();
	struct grenade_plan_options options = GRENADE_PLAN_OPTIONS_INIT;
	struct grenade_plan *plan;
	size_t count;
	(void)state;
	options.unavailable_neurons = unavailable;
	options.unavailable_drivers = drivers;
	unavailable[0] = unavailable[2] = true;
	const uint32_t neurons = neurons_of(network, 3), sources = external_of(network, 1);
	all_to_all(network, sources, 1, neurons, 3, GRENADE_EXCITATORY, 9);
	assert_ok(grenade_plan(&plan, network, &options));
	const uint32_t *circuits = grenade_plan_circuits(plan, neurons, &count);
	assert_int_equal(count, 3);
	assert_int_equal(circuits[0], 1);
	assert_int_equal(circuits[1], 3);
	assert_int_equal(circuits[2], 4);
	struct grenade_synapse at;
	assert_int_equal(grenade_plan_synapses(&at, 1, plan, 0, 0), 1);
	const uint32_t used = haldls_driver(at.hemisphere, at.row / 2);
	grenade_plan_free(plan);
	drivers[used] = true;
	assert_ok(grenade_plan(&plan, network, &options));
	assert_int_equal(grenade_plan_synapses(&at, 1, plan, 0, 0), 1);
	assert_int_not_equal(haldls_driver(at.hemisphere, at.row / 2), used);
	grenade_plan_free(plan);
	for (uint32_t i = 0; i < 510; i++)
		unavailable[i] = true;
	assert_error(grenade_plan(&plan, network, &options), HXCOMM_ENOSPC,
	        "needs 3 neuron circuits, 2 of 512 are free and available");
	assert_null(plan);
	grenade_network_free(network);
}

static void circuits_are_given_once(void **state)
{
	static const uint32_t circuits[] = { 4, 5, 4 };
	bool unavailable[512] = { false };
	struct grenade_network *network = network_of();
	struct grenade_neurons_options neurons = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_plan_options options = GRENADE_PLAN_OPTIONS_INIT;
	struct grenade_plan *plan;
	uint32_t population;
	(void)state;
	neurons.circuits = circuits;
	assert_ok(grenade_network_add_neurons(&population, network, 2, &neurons));
	unavailable[5] = true;
	options.unavailable_neurons = unavailable;
	assert_error(grenade_plan(&plan, network, &options), HXCOMM_EINVAL,
	        "neuron 1 of population 0 wants circuit 5, which is unavailable");
	neurons.circuits = &circuits[2];
	assert_ok(grenade_network_add_neurons(&population, network, 1, &neurons));
	assert_error(grenade_plan(&plan, network, NULL), HXCOMM_EINVAL,
	        "neuron 0 of population 1 wants circuit 4, which another neuron has");
	grenade_network_free(network);
}

static void too_many_synapses_into_a_neuron_are_named(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	(void)state;
	(void)neurons_of(network, 3);
	const uint32_t neurons = neurons_of(network, 2), sources = external_of(network, 129);
	all_to_all(network, sources, 129, neurons, 2, GRENADE_EXCITATORY, 64);
	assert_error(grenade_plan(&plan, network, NULL), HXCOMM_ENOSPC,
	        "neuron 0 of population 1 needs 258 synapses, a neuron has 256");
	grenade_network_free(network);
}

/* 33 neurons of one event output need 66 rows of the one bus that they reach. */
static void an_overloaded_bus_is_named(void **state)
{
	uint32_t circuits[33];
	struct grenade_network *network = network_of();
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_plan *plan;
	uint32_t neurons;
	(void)state;
	for (uint32_t i = 0; i < 33; i++)
		circuits[i] = i % 2 * 256 + 64 + i / 2; /* event output 2 */
	options.circuits = circuits;
	assert_ok(grenade_network_add_neurons(&neurons, network, 33, &options));
	all_to_all(network, neurons, 33, neurons, 1, GRENADE_INHIBITORY, 64);
	assert_error(grenade_plan(&plan, network, NULL), HXCOMM_ENOSPC,
	        "routing impossible: PADI bus top/2 needs 33 synapse drivers for 1 groups of sources, "
	        "32 are available; most, 33, go to 33 neurons of event output 2 (0 excitatory and 66 "
	        "inhibitory rows");
	grenade_network_free(network);
}

/* Labels of outputs 0 and 4 differ in at most three bits: 29 drivers to 3 is beyond any choice. */
static void labels_that_do_not_suffice_are_told_from_drivers_that_do_not(void **state)
{
	static const uint32_t circuits[] = { 0, 128, 200 };
	struct grenade_network *network = network_of();
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade_plan *plan;
	uint32_t population[3];
	(void)state;
	for (uint32_t i = 0; i < 3; i++) {
		options.circuits = &circuits[i];
		assert_ok(grenade_network_add_neurons(&population[i], network, 1, &options));
	}
	all_to_all(network, population[0], 1, population[2], 1, GRENADE_EXCITATORY, 58 * 63);
	all_to_all(network, population[1], 1, population[2], 1, GRENADE_EXCITATORY, 6 * 63);
	assert_error(grenade_plan(&plan, network, NULL), HXCOMM_ENOSPC,
	        "PADI bus top/0 needs 32 synapse drivers for 2 groups of sources, 32 are available, but "
	        "no choice of labels gives each group its drivers; most, 29, go to 1 neurons of event "
	        "output 0");
	grenade_network_free(network);
}

static void generators_are_counted(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	(void)state;
	const uint32_t neurons = neurons_of(network, 512);
	for (uint32_t i = 0; i < 5; i++) {
		all_to_all(network, background_of(network, 1), 1, neurons, 512, GRENADE_EXCITATORY,
		        10);
		if (i < 4) {
			assert_ok(grenade_plan(&plan, network, NULL));
			grenade_plan_free(plan);
		}
	}
	assert_error(grenade_plan(&plan, network, NULL), HXCOMM_ENOSPC,
	        "background population 5 needs a generator in both hemispheres, 8 of the chip's 8 are "
	        "in use");
	grenade_network_free(network);
}

static void membranes_share_two_readout_lines(void **state)
{
	static const uint32_t circuits[] = { 10, 266, 11 };
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	(void)state;
	options.circuits = circuits;
	for (uint32_t second = 1; second < 3; second++) {
		struct grenade_network *network = network_of();
		struct grenade_plan *plan;
		uint32_t neurons;
		assert_ok(grenade_network_add_neurons(&neurons, network, 3, &options));
		assert_ok(grenade_network_record_membrane(network, neurons, 0));
		assert_ok(grenade_network_record_membrane(network, neurons, second));
		if (second == 1)
			assert_error(grenade_plan(&plan, network, NULL), HXCOMM_ENOSPC,
			        "even columns 10 and 10, which share a readout line");
		else
			assert_ok(grenade_plan(&plan, network, NULL));
		grenade_plan_free(plan);
		grenade_network_free(network);
	}
}

static void questions_beyond_the_network_get_empty_answers(void **state)
{
	struct grenade_network *network = network_of();
	struct grenade_plan *plan;
	size_t count = 1;
	(void)state;
	(void)external_of(network, 3);
	assert_ok(grenade_plan(&plan, network, NULL));
	assert_null(grenade_plan_circuits(plan, 0, &count));
	assert_int_equal(count, 0);
	assert_null(grenade_plan_circuits(plan, 1, NULL));
	assert_int_equal(grenade_plan_synapses(NULL, 0, plan, 0, 0), 0);
	grenade_plan_free(plan);
	grenade_plan_free(NULL);
	grenade_network_free(network);
	grenade_network_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(weights_are_split_over_synapses),
		cmocka_unit_test(random_networks_are_realised_exactly),
		cmocka_unit_test(a_dense_layered_network_fills_a_hemisphere),
		cmocka_unit_test(one_event_of_a_generator_reaches_all_neurons),
		cmocka_unit_test(one_host_event_reaches_both_hemispheres),
		cmocka_unit_test(the_same_network_gives_the_same_plan),
		cmocka_unit_test(a_plan_overwrites_what_was_on_the_chip),
		cmocka_unit_test(weights_change_without_a_new_plan),
		cmocka_unit_test(many_small_projections_are_one_plan),
		cmocka_unit_test(unavailable_circuits_are_left_out),
		cmocka_unit_test(circuits_are_given_once),
		cmocka_unit_test(too_many_synapses_into_a_neuron_are_named),
		cmocka_unit_test(an_overloaded_bus_is_named),
		cmocka_unit_test(labels_that_do_not_suffice_are_told_from_drivers_that_do_not),
		cmocka_unit_test(generators_are_counted),
		cmocka_unit_test(membranes_share_two_readout_lines),
		cmocka_unit_test(questions_beyond_the_network_get_empty_answers),
	};
	return cmocka_run_group_tests_name("grenade/plan", tests, NULL, NULL);
}

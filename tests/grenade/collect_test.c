// SPDX-License-Identifier: MIT
/* Inputs to events and responses to results, without a chip; and both when memory runs out. */
#include "input.h"
#include "result.h"

#include <hxcomm/responses.h>

#include "assert.h"
#include "torture.h"

static const uint32_t circuits[] = { 300, 7, 130 };
static struct grenade_network *network;
static struct grenade_plan *plan;
static uint32_t silent, neurons, sources;

static int setup(void **state)
{
	struct grenade_neurons_options options = GRENADE_NEURONS_OPTIONS_INIT;
	static const struct grenade_connection all[] = { { 0, 0, 1 }, { 1, 1, 1 }, { 2, 2, 1 } };
	uint32_t unused;
	(void)state;
	options.circuits = circuits;
	assert_ok(grenade_network_new(&network));
	assert_ok(grenade_network_add_neurons(&silent, network, 5, NULL));
	assert_ok(grenade_network_add_neurons(&neurons, network, 3, &options));
	assert_ok(grenade_network_add_external(&sources, network, 4));
	assert_ok(grenade_network_add_projection(&unused, network, sources, neurons,
	        GRENADE_EXCITATORY, all, 3));
	assert_ok(grenade_network_record_spikes(network, neurons));
	assert_ok(grenade_network_record_membrane(network, neurons, 0));
	assert_ok(grenade_plan(&plan, network, NULL));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	grenade_plan_free(plan);
	grenade_network_free(network);
	return 0;
}

/* Marks at cycles 1000 and 2000, so at ticks 2000 and 4000. */
static const struct grenade__window window = { 1000, 2000, 1000 };

static void fill(struct hxcomm_responses *responses)
{
	static uint16_t label[7], value[] = { 10, 11, 12, 13 };
	static uint8_t channel[] = { 0, 0, 1, 0 };
	static uint64_t spike_time[] = { 3999, 1999, 2000, 4000, 2500, 2500, 3000 };
	static uint64_t sample_time[] = { 1999, 2000, 2100, 3999 };
	const uint32_t first = 5; /* unit of the first recorded neuron */
	static const uint32_t neuron[] = { 0, 0, 1, 1, 2, 1, 0 };
	for (uint32_t i = 0; i < 7; i++)
		label[i] = grenade__host_label(plan, first + neuron[i]);
	label[6] = 0x3f3f; /* of nobody */
	*responses = (struct hxcomm_responses){
		.spikes = { .count = 7, .label = label, .chip_time = spike_time },
		.madc = { .count = 4, .value = value, .channel = channel, .chip_time = sample_time },
	};
}

static void events_are_sorted_and_cut_at_the_marks(void **state)
{
	static const double time_s[] = { 0, 500 * 4e-9, 500 * 4e-9, 1999 * 4e-9 };
	static const uint32_t neuron[] = { 1, 1, 2, 0 };
	struct hxcomm_responses responses;
	struct grenade_result *result;
	struct grenade_spikes spikes;
	struct grenade_trace trace;
	(void)state;
	fill(&responses);
	assert_ok(grenade__collect(&result, plan, &responses, &window));
	assert_ok(grenade_result_spikes(&spikes, result, neurons));
	assert_int_equal(spikes.count, 4);
	for (size_t i = 0; i < 4; i++) {
		assert_near(spikes.time_s[i], time_s[i], 0, 1e-12);
		assert_int_equal(spikes.neuron[i], neuron[i]);
	}
	assert_int_equal(grenade_result_statistics(result)->spikes, 4);
	assert_int_equal(grenade_result_statistics(result)->other_events, 3);
	assert_near(grenade_result_statistics(result)->duration_s, 8e-6, 1e-9, 0);
	assert_error(grenade_result_spikes(&spikes, result, silent), HXCOMM_ESTATE,
	        "call grenade_network_record_spikes() before planning");
	assert_ok(grenade_result_membrane(&trace, result, 0));
	assert_int_equal(trace.count, 2);
	assert_int_equal(trace.lsb[0], 11);
	assert_int_equal(trace.lsb[1], 13);
	assert_near(trace.time_s[1], 1999 * 4e-9, 0, 1e-12);
	assert_error(grenade_result_membrane(&trace, result, 1), HXCOMM_ENOENT, "1 were recorded");
	grenade_result_free(result);
	grenade_result_free(NULL);
}

/* What the FPGA reports late, because it had much to send, does not lengthen the run. */
static void a_late_end_mark_does_not_lengthen_the_run(void **state)
{
	struct grenade__window late = window;
	struct hxcomm_responses responses;
	struct grenade_result *result;
	struct grenade_spikes spikes;
	(void)state;
	late.end_cycles = 5000;
	fill(&responses);
	assert_ok(grenade__collect(&result, plan, &responses, &late));
	assert_ok(grenade_result_spikes(&spikes, result, neurons));
	assert_int_equal(spikes.count, 4);
	grenade_result_free(result);
}

static void fill_input(struct grenade_input *input, struct grenade_spike_train *train)
{
	static const double time_s[] = { 5e-6, 0, 10e-6, 1e-6, 4e-9, 3.9e-9 };
	static const uint32_t neuron[] = { 0, 2, 1, 3, 0, 1 };
	*train = (struct grenade_spike_train){ sources, 6, time_s, neuron };
	*input = (struct grenade_input){ .size = sizeof(*input), .duration_s = 10e-6,
		.trains = train, .train_count = 1, .seed = 9 };
}

/* Source 3 has no target and is not recorded: its spike is not worth sending. */
static void spikes_become_events_in_order(void **state)
{
	static const uint64_t time[] = { 0, 0, 1, 625, 1250 };
	struct grenade_spike_train train;
	struct grenade_input input;
	struct grenade__events events;
	uint32_t seed;
	(void)state;
	fill_input(&input, &train);
	assert_ok(grenade__events_read(&events, &seed, plan, &input));
	assert_int_equal(seed, 9);
	assert_int_equal(events.duration_cycles, 1250);
	assert_int_equal(events.count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(events.time_cycles[i], time[i]);
	const uint32_t first = 8; /* unit of the first source */
	assert_int_equal(events.label[3], grenade__host_label(plan, first));
	assert_int_equal(events.label[4], grenade__host_label(plan, first + 1));
	grenade__events_free(&events);
}

static void exhausted_memory_is_an_error_not_a_crash(void **state)
{
	struct hxcomm_responses responses;
	struct grenade_spike_train train;
	struct grenade_input input;
	bool failed = true;
	(void)state;
	fill(&responses);
	fill_input(&input, &train);
	for (long n = 0; failed; n++) {
		struct grenade_result *result;
		struct grenade__events events;
		uint32_t seed;
		torture_begin(n);
		int status = grenade__events_read(&events, &seed, plan, &input);
		grenade__events_free(&events);
		if (status == HXCOMM_OK)
			status = grenade__collect(&result, plan, &responses, &window);
		if (status == HXCOMM_OK)
			grenade_result_free(result);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_are_sorted_and_cut_at_the_marks),
		cmocka_unit_test(a_late_end_mark_does_not_lengthen_the_run),
		cmocka_unit_test(spikes_become_events_in_order),
		cmocka_unit_test(exhausted_memory_is_an_error_not_a_crash),
	};
	return cmocka_run_group_tests_name("grenade/collect", tests, setup, teardown);
}

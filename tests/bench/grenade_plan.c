// SPDX-License-Identifier: MIT
/* How long it takes to plan networks: many tiny projections, and dense ones. */
#include <grenade/grenade.h>

#include <stdio.h>
#include <stdlib.h>

#include "bench.h"

enum { REPEATS = 20 };

/* 64 populations of one neuron, 700 projections of one connection. */
static void tiny(struct grenade_network *network)
{
	uint32_t group[64], unused;
	for (uint32_t i = 0; i < 64; i++)
		need(grenade_network_add_neurons(&group[i], network, 1, NULL));
	for (uint32_t i = 0; i < 700; i++) {
		const struct grenade_connection one = { 0, 0, (uint16_t)(1 + i % 63) };
		need(grenade_network_add_projection(&unused, network, group[i % 64],
		        group[(i % 64 + 1 + i / 64 * 5) % 64], GRENADE_INHIBITORY, &one, 1));
	}
}

static void all_to_all(struct grenade_network *network, uint32_t pre, uint32_t pre_count,
        uint32_t post, uint32_t post_count)
{
	const uint32_t count = pre_count * post_count;
	struct grenade_connection *list = malloc(count * sizeof(*list));
	uint32_t unused;
	if (!list)
		exit(1);
	for (uint32_t i = 0; i < count; i++)
		list[i] = (struct grenade_connection){ i / post_count, i % post_count, 10 };
	need(grenade_network_add_projection(&unused, network, pre, post, GRENADE_EXCITATORY, list,
	        count));
	free(list);
}

/* 256 inputs to 246 neurons to ten: one hemisphere full, no driver left over. */
static void dense(struct grenade_network *network)
{
	uint32_t input, hidden, output;
	need(grenade_network_add_neurons(&hidden, network, 246, NULL));
	need(grenade_network_add_neurons(&output, network, 10, NULL));
	need(grenade_network_add_external(&input, network, 256));
	all_to_all(network, input, 256, hidden, 246);
	all_to_all(network, hidden, 246, output, 10);
}

static void measure(const char *name, void (*make)(struct grenade_network *))
{
	struct grenade_network *network;
	struct grenade_plan_usage usage = { 0 };
	need(grenade_network_new(&network));
	make(network);
	const double started = seconds();
	for (unsigned i = 0; i < REPEATS; i++) {
		struct grenade_plan *plan;
		need(grenade_plan(&plan, network, NULL));
		grenade_plan_count_usage(&usage, plan);
		grenade_plan_free(plan);
	}
	printf("{\"name\":\"grenade_plan/%s\",\"unit\":\"ms\",\"value\":%.3f,\"synapses\":%u}\n", name,
	        1e3 * (seconds() - started) / REPEATS, usage.synapses);
	grenade_network_free(network);
}

int main(void)
{
	measure("tiny", tiny);
	measure("dense", dense);
	return 0;
}

// SPDX-License-Identifier: MIT
/* From connections to synapses: a synapse holds a weight of 63, so larger ones are split. */
#include "plan.h"

#include <hxcomm/error.h>

#include <stdlib.h>

static uint32_t synapses_of(uint16_t weight)
{
	return weight <= GRENADE_SYNAPSE_WEIGHT_MAX
	               ? 1
	               : (weight + GRENADE_SYNAPSE_WEIGHT_MAX - 1u) / GRENADE_SYNAPSE_WEIGHT_MAX;
}

static void fill_slots(struct grenade_plan *plan)
{
	const struct grenade_network *network = plan->network;
	for (size_t i = 0; i < network->projection_count; i++) {
		const struct grenade__projection *projection = &network->projections[i];
		const uint32_t pre = network->populations[projection->pre].first;
		const uint32_t post = network->populations[projection->post].first;
		for (size_t j = projection->first; j < projection->first + projection->count; j++) {
			const struct grenade_connection *connection = &network->connections[j];
			uint32_t weight = connection->weight;
			for (uint32_t k = plan->first_slot[j]; k < plan->first_slot[j + 1]; k++) {
				const uint32_t part = weight < GRENADE_SYNAPSE_WEIGHT_MAX
				                              ? weight
				                              : GRENADE_SYNAPSE_WEIGHT_MAX;
				plan->slots[k] = (struct grenade__slot){
					.unit = pre + connection->pre,
					.target = post + connection->post,
					.receptor = (uint8_t)projection->receptor,
					.weight = (uint8_t)part,
				};
				weight -= part;
			}
		}
	}
}

/* Order the slots by source: count, sum up, distribute. */
static void sort_by_unit(struct grenade_plan *plan)
{
	const uint32_t units = plan->network->units;
	for (size_t i = 0; i < plan->slot_count; i++)
		plan->first_of_unit[plan->slots[i].unit + 1]++;
	for (uint32_t unit = 0; unit < units; unit++)
		plan->first_of_unit[unit + 1] += plan->first_of_unit[unit];
	/* each begin moves to its end, which is the next one's begin: shift back afterwards */
	for (size_t i = 0; i < plan->slot_count; i++)
		plan->by_unit[plan->first_of_unit[plan->slots[i].unit]++] = (uint32_t)i;
	for (uint32_t unit = units; unit > 0; unit--)
		plan->first_of_unit[unit] = plan->first_of_unit[unit - 1];
	plan->first_of_unit[0] = 0;
}

/* More synapses than this into one circuit never fit, wherever it lies. */
static int check_fan_in(const struct grenade_plan *plan)
{
	const struct grenade_network *network = plan->network;
	uint32_t *count = calloc(network->units ? network->units : 1, sizeof(*count));
	if (!count)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory to count synapses");
	int status = HXCOMM_OK;
	for (size_t i = 0; i < plan->slot_count; i++)
		count[plan->slots[i].target]++;
	for (uint32_t unit = 0; unit < network->units && status == HXCOMM_OK; unit++) {
		if (count[unit] <= HALDLS_SYNAPSE_ROWS)
			continue;
		const uint32_t population = grenade__population_of_unit(network, unit);
		status = hxcomm_error_set(HXCOMM_ENOSPC,
		        "neuron %u of population %u needs %u synapses, a neuron has %d: use smaller "
		        "weights (one synapse for each 63) or fewer connections",
		        unit - network->populations[population].first, population, count[unit],
		        HALDLS_SYNAPSE_ROWS);
	}
	free(count);
	return status;
}

int grenade__lower(struct grenade_plan *plan)
{
	const struct grenade_network *network = plan->network;
	plan->first_slot = calloc(network->connection_count + 1, sizeof(*plan->first_slot));
	if (!plan->first_slot)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a plan");
	for (size_t i = 0; i < network->connection_count; i++) {
		const uint32_t needed = synapses_of(network->connections[i].weight);
		if (plan->first_slot[i] + needed > HALDLS_HEMISPHERES * HALDLS_SYNAPSE_ROWS *
		                                           HALDLS_NEURON_COLUMNS)
			return hxcomm_error_set(HXCOMM_ENOSPC,
			        "the %zu connections of the network need more than the %d synapses "
			        "of the chip",
			        network->connection_count,
			        HALDLS_HEMISPHERES * HALDLS_SYNAPSE_ROWS * HALDLS_NEURON_COLUMNS);
		plan->first_slot[i + 1] = plan->first_slot[i] + needed;
	}
	plan->slot_count = plan->first_slot[network->connection_count];
	plan->slots = calloc(plan->slot_count + 1, sizeof(*plan->slots));
	plan->by_unit = calloc(plan->slot_count + 1, sizeof(*plan->by_unit));
	plan->first_of_unit = calloc((size_t)network->units + 1, sizeof(*plan->first_of_unit));
	if (!plan->slots || !plan->by_unit || !plan->first_of_unit)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a plan");
	fill_slots(plan);
	sort_by_unit(plan);
	return check_fan_in(plan);
}

bool grenade__sends(const struct grenade_plan *plan, uint32_t unit)
{
	const struct grenade_network *network = plan->network;
	return plan->first_of_unit[unit + 1] > plan->first_of_unit[unit] ||
	       network->populations[grenade__population_of_unit(network, unit)].recorded;
}

// SPDX-License-Identifier: MIT
/* A plan is made by stages, each with its table: lower, place, group, route. Where routing fails,
 * other placements and orders are tried; what is reported is the failure of the first. */
#include "plan.h"


#include <hxcomm/error.h>
#include <hxcomm/options.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MESSAGE_BYTES = 512 };

void grenade_plan_free(struct grenade_plan *plan)
{
	if (!plan)
		return;
	grenade_network_free(plan->network);
	free(plan->first_slot);
	free(plan->slots);
	free(plan->first_of_unit);
	free(plan->by_unit);
	free(plan->circuit);
	free(plan->group);
	free(plan->label);
	free(plan->reach);
	free(plan->generators);
	free(plan->groups);
	free(plan);
}

static int make(struct grenade_plan **out, const struct grenade_network *network,
        const struct grenade_plan_options *options)
{
	const size_t units = network->units ? network->units : 1;
	const size_t populations = network->population_count ? network->population_count : 1;
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a plan");
	struct grenade_plan *plan = *out;
	const int status = grenade__network_copy(&plan->network, network);
	if (status != HXCOMM_OK)
		return status;
	plan->circuit = malloc(units * sizeof(*plan->circuit));
	plan->group = malloc(units * sizeof(*plan->group));
	plan->label = malloc(units * sizeof(*plan->label));
	plan->reach = malloc(units * sizeof(*plan->reach));
	plan->generators = calloc(populations, sizeof(*plan->generators));
	if (!plan->circuit || !plan->group || !plan->label || !plan->reach || !plan->generators)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a plan");
	for (size_t i = 0; i < HALDLS_HEMISPHERES * HALDLS_DRIVERS; i++)
		plan->driver_available[i] =
		        !(options->unavailable_drivers && options->unavailable_drivers[i]);
	return HXCOMM_OK;
}

/* Membranes go to the two readout chains: one even and one odd column. */
static int check_membranes(const struct grenade_plan *plan)
{
	const struct grenade_network *network = plan->network;
	uint32_t column[GRENADE_MEMBRANES_MAX];
	if (network->membrane_count < 2)
		return HXCOMM_OK;
	for (uint32_t i = 0; i < network->membrane_count; i++) {
		const struct grenade__membrane *membrane = &network->membranes[i];
		column[i] = haldls_neuron_column(
		        plan->circuit[network->populations[membrane->population].first +
		                membrane->neuron]);
	}
	if (column[0] % 2 != column[1] % 2)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ENOSPC,
	        "two recorded membranes lie in the %s columns %u and %u, which share a readout line: "
	        "record them in two runs, or choose other circuits",
	        column[0] % 2 ? "odd" : "even", column[0], column[1]);
}

static int place_and_route(struct grenade_plan *plan, const bool *unavailable)
{
	char first[MESSAGE_BYTES] = "";
	int status = HXCOMM_OK;
	for (unsigned strategy = 0; strategy < GRENADE__PLACEMENTS; strategy++) {
		status = grenade__place(plan, unavailable, strategy);
		if (status != HXCOMM_OK)
			return status;
		for (unsigned attempt = 0; attempt < GRENADE__GROUPINGS; attempt++) {
			status = grenade__group(plan, attempt);
			if (status == HXCOMM_OK)
				status = grenade__route(plan);
			if (status == HXCOMM_OK)
				status = check_membranes(plan);
			if (status != HXCOMM_ENOSPC)
				return status;
			if (!first[0])
				snprintf(first, sizeof(first), "%s", hxcomm_error_message());
		}
	}
	return hxcomm_error_set(HXCOMM_ENOSPC, "%s", first);
}

int grenade_plan(struct grenade_plan **out, const struct grenade_network *network,
        const struct grenade_plan_options *options)
{
	struct grenade_plan_options given = GRENADE_PLAN_OPTIONS_INIT;
	struct grenade_plan *plan = NULL;
	int status = HXCOMM_OK;
	*out = NULL;
	if (options)
		status = hxcomm_options_read(&given, sizeof(given), options,
		        "GRENADE_PLAN_OPTIONS_INIT");
	if (status == HXCOMM_OK)
		status = make(&plan, network, &given);
	if (status == HXCOMM_OK)
		status = grenade__lower(plan);
	if (status == HXCOMM_OK)
		status = place_and_route(plan, given.unavailable_neurons);
	if (status == HXCOMM_OK)
		status = grenade_plan_validate(plan, NULL);
	if (status != HXCOMM_OK) {
		grenade_plan_free(plan);
		return status;
	}
	*out = plan;
	return HXCOMM_OK;
}

int grenade_plan_set_weights(struct grenade_plan *plan, uint32_t projection,
        const uint16_t *weights, size_t count)
{
	const struct grenade_network *network = plan->network;
	if (projection >= network->projection_count)
		return hxcomm_error_set(HXCOMM_ENOENT, "no projection %u, the network has %zu",
		        projection, network->projection_count);
	const struct grenade__projection *which = &network->projections[projection];
	if (count != which->count)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%zu weights for projection %u, which has %zu connections", count, projection,
		        which->count);
	for (size_t i = 0; i < count; i++) {
		const size_t at = which->first + i;
		const uint32_t synapses = plan->first_slot[at + 1] - plan->first_slot[at];
		if (weights[i] > synapses * GRENADE_SYNAPSE_WEIGHT_MAX)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "weight %u for connection %zu of projection %u, its %u synapses hold "
			        "%u: plan it with the larger weight",
			        weights[i], i, projection, synapses,
			        synapses * GRENADE_SYNAPSE_WEIGHT_MAX);
	}
	for (size_t i = 0; i < count; i++) {
		const size_t at = which->first + i;
		uint32_t left = weights[i];
		for (uint32_t k = plan->first_slot[at]; k < plan->first_slot[at + 1]; k++) {
			const uint32_t part = left < GRENADE_SYNAPSE_WEIGHT_MAX
			                              ? left
			                              : GRENADE_SYNAPSE_WEIGHT_MAX;
			plan->slots[k].weight = (uint8_t)part;
			left -= part;
		}
		plan->network->connections[at].weight = weights[i];
	}
	return HXCOMM_OK;
}

const uint32_t *grenade_plan_circuits(const struct grenade_plan *plan, uint32_t population,
        size_t *count)
{
	const struct grenade_network *network = plan->network;
	const bool found = population < network->population_count &&
	                   network->populations[population].kind == GRENADE__NEURONS;
	if (count)
		*count = found ? network->populations[population].count : 0;
	return found ? &plan->circuit[network->populations[population].first] : NULL;
}

size_t grenade_plan_synapses(struct grenade_synapse *out, size_t capacity,
        const struct grenade_plan *plan, uint32_t projection, size_t connection)
{
	const struct grenade_network *network = plan->network;
	if (projection >= network->projection_count ||
	        connection >= network->projections[projection].count)
		return 0;
	const size_t at = network->projections[projection].first + connection;
	const uint32_t first = plan->first_slot[at], count = plan->first_slot[at + 1] - first;
	for (uint32_t i = 0; out && i < count && i < capacity; i++) {
		const struct grenade__slot *slot = &plan->slots[first + i];
		const uint32_t circuit = plan->circuit[slot->target];
		out[i] = (struct grenade_synapse){
			.hemisphere = haldls_neuron_row(circuit),
			.row = slot->row,
			.column = haldls_neuron_column(circuit),
			.label = plan->label[slot->unit],
			.weight = slot->weight,
		};
	}
	return count;
}

void grenade_plan_count_usage(struct grenade_plan_usage *out, const struct grenade_plan *plan)
{
	*out = (struct grenade_plan_usage){
		.neurons = plan->network->neurons,
		.synapses = (uint32_t)plan->slot_count,
	};
	for (size_t i = 0; i < plan->network->population_count; i++)
		if (plan->network->populations[i].kind == GRENADE__BACKGROUND)
			out->background_sources +=
			        (uint32_t)__builtin_popcount(plan->generators[i].used);
	for (size_t i = 0; i < plan->group_count; i++) {
		out->groups += plan->groups[i].members > 0;
		for (uint32_t h = 0; h < 2; h++)
			out->drivers[h][plan->groups[i].bus] +=
			        (uint32_t)__builtin_popcount(plan->groups[i].drivers[h]);
	}
}

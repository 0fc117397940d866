// SPDX-License-Identifier: MIT
/* Neurons on circuits. Which columns a source lies in decides which bus its events take, and which
 * hemisphere a target lies in which drivers it needs; no order suits every network, so a few simple
 * ones are offered, and the plan takes the first that can be routed. */
#include "plan.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

/* Circuits in the order in which a strategy fills them. */
static void order_circuits(uint16_t *out, unsigned strategy)
{
	for (uint32_t i = 0; i < HALDLS_NEURONS; i++) {
		uint32_t circuit = i; /* 0, 1: row by row */
		if (strategy == 2)    /* top before bottom, one column of each event output in turn */
			circuit = haldls_neuron(i / 256, i % 8 * 32 + i % 256 / 8);
		else if (strategy == 3) /* the same, hemispheres in turn */
			circuit = haldls_neuron(i % 2, i / 2 % 8 * 32 + i / 16);
		else if (strategy == 4) /* hemispheres in turn, column by column */
			circuit = haldls_neuron(i % 2, i / 2);
		out[i] = (uint16_t)circuit;
	}
}

static int place_fixed(struct grenade_plan *plan, const bool *unavailable, uint32_t *user)
{
	const struct grenade_network *network = plan->network;
	for (size_t i = 0; i < network->population_count; i++) {
		const struct grenade__population *population = &network->populations[i];
		for (uint32_t j = 0; population->circuits && j < population->count; j++) {
			const uint32_t circuit = population->circuits[j];
			if (unavailable && unavailable[circuit])
				return hxcomm_error_set(HXCOMM_EINVAL,
				        "neuron %u of population %zu wants circuit %u, which is "
				        "unavailable",
				        j, i, circuit);
			if (user[circuit] != GRENADE__NONE)
				return hxcomm_error_set(HXCOMM_EINVAL,
				        "neuron %u of population %zu wants circuit %u, which another "
				        "neuron has",
				        j, i, circuit);
			user[circuit] = population->first + j;
			plan->circuit[population->first + j] = circuit;
		}
	}
	return HXCOMM_OK;
}

/* Does a population receive from neurons? */
static bool is_driven(const struct grenade_network *network, uint32_t population)
{
	for (size_t i = 0; i < network->projection_count; i++) {
		const struct grenade__projection *projection = &network->projections[i];
		if (projection->post == population && projection->pre != population &&
		        network->populations[projection->pre].kind == GRENADE__NEURONS)
			return true;
	}
	return false;
}

int grenade__place(struct grenade_plan *plan, const bool *unavailable, unsigned strategy)
{
	const struct grenade_network *network = plan->network;
	uint16_t order[HALDLS_NEURONS];
	uint32_t user[HALDLS_NEURONS];
	uint32_t free_circuits = 0, wanted = 0, next = 0;
	for (uint32_t unit = 0; unit < network->units; unit++)
		plan->circuit[unit] = GRENADE__NONE;
	memset(user, 0xff, sizeof(user));
	const int status = place_fixed(plan, unavailable, user);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t i = 0; i < HALDLS_NEURONS; i++)
		free_circuits += user[i] == GRENADE__NONE && !(unavailable && unavailable[i]);
	for (size_t i = 0; i < network->population_count; i++)
		if (network->populations[i].kind == GRENADE__NEURONS &&
		        !network->populations[i].circuits)
			wanted += network->populations[i].count;
	if (wanted > free_circuits)
		return hxcomm_error_set(HXCOMM_ENOSPC,
		        "the network needs %u neuron circuits, %u of %d are free and available", wanted,
		        free_circuits, HALDLS_NEURONS);
	order_circuits(order, strategy);
	/* 1: populations that receive from neurons go to the bottom, as far as there is room */
	uint32_t bottom = HALDLS_NEURON_COLUMNS;
	for (size_t i = 0; i < network->population_count; i++) {
		const struct grenade__population *population = &network->populations[i];
		if (population->kind != GRENADE__NEURONS || population->circuits)
			continue;
		uint32_t *from = &next;
		if (strategy == 1 && bottom + population->count <= HALDLS_NEURONS &&
		        is_driven(network, (uint32_t)i))
			from = &bottom;
		for (uint32_t j = 0; j < population->count; j++) {
			uint32_t at = *from;
			while (at < HALDLS_NEURONS &&
			        (user[order[at]] != GRENADE__NONE ||
			                (unavailable && unavailable[order[at]])))
				at++;
			if (at == HALDLS_NEURONS) { /* the bottom is full */
				from = &next;
				j--;
				continue;
			}
			*from = at + 1;
			user[order[at]] = population->first + j;
			plan->circuit[population->first + j] = order[at];
		}
	}
	return HXCOMM_OK;
}

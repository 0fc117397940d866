// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_NETWORK_H
#define GRENADE_SRC_NETWORK_H

/** @file
 *  @brief The tables behind a network. Members of all populations are counted through as *units*:
 *  those of a population are consecutive, in the order of the populations. */

#include <grenade/network.h>

#include <stdbool.h>

enum grenade__kind {
	GRENADE__NEURONS,
	GRENADE__EXTERNAL,
	GRENADE__BACKGROUND,
};

struct grenade__population {
	enum grenade__kind kind;
	uint32_t first; /* its first unit */
	uint32_t count;
	bool recorded;
	uint32_t *circuits; /* [count] wanted by the user, or NULL */
	struct grenade_background background;
};

struct grenade__projection {
	uint32_t pre, post;
	enum grenade_receptor receptor;
	size_t first; /* its first connection */
	size_t count;
};

struct grenade__membrane {
	uint32_t population, neuron;
};

struct grenade_network {
	struct grenade__population *populations;
	size_t population_count, population_capacity;
	struct grenade__projection *projections;
	size_t projection_count, projection_capacity;
	struct grenade_connection *connections; /* of all projections, one after another */
	size_t connection_count, connection_capacity;
	uint32_t units, neurons;
	struct grenade__membrane membranes[GRENADE_MEMBRANES_MAX];
	uint32_t membrane_count;
};

/** Copy a network. @param[out] out the copy, NULL after an error @param network original
 *  @return 0 or HXCOMM_ENOMEM */
int grenade__network_copy(struct grenade_network **out, const struct grenade_network *network);

/** Name of a kind of population, as used in messages. @param kind which @return lent */
const char *grenade__kind_name(enum grenade__kind kind);

/** The population of a unit. @param network the network @param unit which @return its number */
uint32_t grenade__population_of_unit(const struct grenade_network *network, uint32_t unit);

#endif

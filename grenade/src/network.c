// SPDX-License-Identifier: MIT
/* A network is three growing tables. Everything that can be judged without a chip is judged here,
 * where the user's own numbers are still at hand. */
#include "network.h"


#include <haldls/coordinate.h>
#include <hxcomm/error.h>
#include <hxcomm/options.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	POPULATIONS_MAX = 1 << 20,
	PROJECTIONS_MAX = 1 << 20,
	CONNECTIONS_MAX = 1 << 26,
	UNITS_MAX = 1 << 24,
	PERIOD_MAX = 65535,
	RATE_MAX = 255,
};

static const double generator_hz = 250e6;

/* Make room for `more` elements of `element` bytes behind `count`. */
static int reserve(void **array, size_t *capacity, size_t count, size_t more, size_t element,
        size_t limit, const char *what)
{
	if (more > limit || count > limit - more)
		return hxcomm_error_set(HXCOMM_ENOSPC, "%zu %s, a network holds %zu", count + more, what,
		        limit);
	if (count + more <= *capacity)
		return HXCOMM_OK;
	size_t wanted = *capacity ? 2 * *capacity : 16;
	while (wanted < count + more)
		wanted *= 2;
	void *grown = realloc(*array, wanted * element);
	if (!grown)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu %s", wanted, what);
	*array = grown;
	*capacity = wanted;
	return HXCOMM_OK;
}

int grenade_network_new(struct grenade_network **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a network");
	return HXCOMM_OK;
}

void grenade_network_free(struct grenade_network *network)
{
	if (!network)
		return;
	for (size_t i = 0; i < network->population_count; i++)
		free(network->populations[i].circuits);
	free(network->populations);
	free(network->projections);
	free(network->connections);
	free(network);
}

const char *grenade__kind_name(enum grenade__kind kind)
{
	return kind == GRENADE__NEURONS    ? "neurons"
	       : kind == GRENADE__EXTERNAL ? "external sources"
	                                   : "background sources";
}

uint32_t grenade__population_of_unit(const struct grenade_network *network, uint32_t unit)
{
	size_t low = 0, high = network->population_count;
	while (high - low > 1) {
		const size_t middle = low + (high - low) / 2;
		if (network->populations[middle].first <= unit)
			low = middle;
		else
			high = middle;
	}
	return (uint32_t)low;
}

static int add_population(uint32_t *out, struct grenade_network *network,
        const struct grenade__population *population)
{
	void *array = network->populations;
	const int status = reserve(&array, &network->population_capacity, network->population_count,
	        1, sizeof(*network->populations), POPULATIONS_MAX, "populations");
	network->populations = array;
	if (status != HXCOMM_OK)
		return status;
	if (population->count > UNITS_MAX - network->units)
		return hxcomm_error_set(HXCOMM_ENOSPC, "more than %d members of all populations",
		        UNITS_MAX);
	*out = (uint32_t)network->population_count;
	network->populations[network->population_count] = *population;
	network->populations[network->population_count++].first = network->units;
	network->units += population->count;
	if (population->kind == GRENADE__NEURONS)
		network->neurons += population->count;
	return HXCOMM_OK;
}

int grenade_network_add_neurons(uint32_t *out, struct grenade_network *network, uint32_t count,
        const struct grenade_neurons_options *options)
{
	struct grenade_neurons_options given = GRENADE_NEURONS_OPTIONS_INIT;
	struct grenade__population population = { .kind = GRENADE__NEURONS, .count = count };
	int status = HXCOMM_OK;
	if (options)
		status = hxcomm_options_read(&given, sizeof(given), options,
		        "GRENADE_NEURONS_OPTIONS_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (!count)
		return hxcomm_error_set(HXCOMM_EINVAL, "a population of 0 neurons: at least 1 is needed");
	if (count > HALDLS_NEURONS || network->neurons + count > HALDLS_NEURONS)
		return hxcomm_error_set(HXCOMM_ENOSPC,
		        "the network needs %llu neurons with this population of %u, the chip has %d: "
		        "make it smaller, or run parts of it one after another",
		        (unsigned long long)network->neurons + count, count, HALDLS_NEURONS);
	if (given.circuits) {
		for (uint32_t i = 0; i < count; i++)
			if (given.circuits[i] >= HALDLS_NEURONS)
				return hxcomm_error_set(HXCOMM_ERANGE,
				        "circuit %u for neuron %u of population %zu, allowed are 0 to %d",
				        given.circuits[i], i, network->population_count,
				        HALDLS_NEURONS - 1);
		population.circuits = malloc(count * sizeof(*population.circuits));
		if (!population.circuits)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %u circuits", count);
		memcpy(population.circuits, given.circuits, count * sizeof(*population.circuits));
	}
	status = add_population(out, network, &population);
	if (status != HXCOMM_OK)
		free(population.circuits);
	return status;
}

int grenade_network_add_external(uint32_t *out, struct grenade_network *network, uint32_t count)
{
	const struct grenade__population population = { .kind = GRENADE__EXTERNAL, .count = count };
	if (!count || count > GRENADE_EXTERNAL_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "a population of %u external sources, allowed are 1 to %d", count,
		        GRENADE_EXTERNAL_MAX);
	return add_population(out, network, &population);
}

/* Find period and rate for a mean rate: the smallest probability of a look, which is closest to a
 * Poisson process, that meets the rate within 0.2 %, or else the closest. */
static int find_rate(struct grenade_background *background, uint32_t count)
{
	const double total = background->rate_hz * count;
	if (!(background->rate_hz > 0) || !(total <= generator_hz))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%u background sources of %g Hz, a generator sends more than 0 and at most %g "
		        "Hz in all",
		        count, background->rate_hz, generator_hz);
	double best = INFINITY;
	for (uint32_t rate = 1; rate <= RATE_MAX; rate++) {
		const double exact = (rate + 1) / 256.0 * generator_hz / total;
		if (!(exact >= 0.5) || exact >= PERIOD_MAX + 0.5)
			continue;
		const double period = exact < 1 ? 1 : floor(exact + 0.5);
		const double error = fabs(exact / period - 1);
		if (error < best) {
			best = error;
			background->period = (uint32_t)period;
			background->rate = rate;
		}
		if (best < 0.002)
			break;
	}
	if (!(best < 0.5))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%u background sources of %g Hz: a generator sends at least %.0f Hz in all",
		        count, background->rate_hz, 2 / 256.0 * generator_hz / PERIOD_MAX);
	return HXCOMM_OK;
}

int grenade_network_add_background(uint32_t *out, struct grenade_network *network, uint32_t count,
        const struct grenade_background *background)
{
	struct grenade__population population = { .kind = GRENADE__BACKGROUND, .count = count };
	struct grenade_background *given = &population.background;
	int status = hxcomm_options_read(given, sizeof(*given), background,
	        "GRENADE_BACKGROUND_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (!count || count > GRENADE_BACKGROUND_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "a population of %u background sources, allowed are 1 to %d", count,
		        GRENADE_BACKGROUND_MAX);
	if (count & (count - 1))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a population of %u background sources: a generator draws random bits, so the "
		        "number must be a power of two",
		        count);
	if ((given->rate_hz != 0) == (given->period != 0))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "background sources with rate_hz %g and period %u: give one of them",
		        given->rate_hz, given->period);
	if (given->rate_hz != 0) {
		if (given->rate)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "background sources with rate_hz %g and rate %u: rate goes with period",
			        given->rate_hz, given->rate);
		status = find_rate(given, count);
		if (status != HXCOMM_OK)
			return status;
	}
	if (given->period > PERIOD_MAX || given->rate > RATE_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "background sources with period %u (at most %d) and rate %u (at most %d)",
		        given->period, PERIOD_MAX, given->rate, RATE_MAX);
	if (!given->rate && count > 1)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%u background sources with rate 0: only one source can spike regularly", count);
	return add_population(out, network, &population);
}

static int find_population(const struct grenade_network *network, uint32_t population)
{
	if (population < network->population_count)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ENOENT, "no population %u, the network has %zu", population,
	        network->population_count);
}

static int validate_connection(const struct grenade_connection *connection, size_t index,
        const struct grenade__population *pre, const struct grenade__population *post)
{
	if (connection->pre >= pre->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "connection %zu comes from index %u of a population of %u %s", index,
		        connection->pre, pre->count, grenade__kind_name(pre->kind));
	if (connection->post >= post->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "connection %zu goes to index %u of a population of %u %s", index,
		        connection->post, post->count, grenade__kind_name(post->kind));
	if (connection->weight > GRENADE_WEIGHT_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "weight %u of connection %zu, allowed are 0 to %d", connection->weight, index,
		        GRENADE_WEIGHT_MAX);
	return HXCOMM_OK;
}

int grenade_network_add_projection(uint32_t *out, struct grenade_network *network, uint32_t pre,
        uint32_t post, enum grenade_receptor receptor,
        const struct grenade_connection *connections, size_t count)
{
	int status = find_population(network, pre);
	if (status == HXCOMM_OK)
		status = find_population(network, post);
	if (status != HXCOMM_OK)
		return hxcomm_error_wrap(status, "projection from %u to %u", pre, post);
	const struct grenade__population *from = &network->populations[pre];
	const struct grenade__population *to = &network->populations[post];
	if (to->kind != GRENADE__NEURONS)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "projection from population %u to population %u, which holds %s: only neurons "
		        "receive spikes",
		        pre, post, grenade__kind_name(to->kind));
	if (receptor != GRENADE_EXCITATORY && receptor != GRENADE_INHIBITORY)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "receptor %d: a neuron has GRENADE_EXCITATORY and GRENADE_INHIBITORY",
		        (int)receptor);
	for (size_t i = 0; i < count; i++) {
		status = validate_connection(&connections[i], i, from, to);
		if (status != HXCOMM_OK)
			return hxcomm_error_wrap(status, "projection from population %u to %u", pre,
			        post);
	}
	void *array = network->connections;
	status = reserve(&array, &network->connection_capacity, network->connection_count, count,
	        sizeof(*network->connections), CONNECTIONS_MAX, "connections");
	network->connections = array;
	if (status != HXCOMM_OK)
		return status;
	array = network->projections;
	status = reserve(&array, &network->projection_capacity, network->projection_count, 1,
	        sizeof(*network->projections), PROJECTIONS_MAX, "projections");
	network->projections = array;
	if (status != HXCOMM_OK)
		return status;
	if (count)
		memcpy(&network->connections[network->connection_count], connections,
		        count * sizeof(*connections));
	*out = (uint32_t)network->projection_count;
	network->projections[network->projection_count++] = (struct grenade__projection){
		.pre = pre,
		.post = post,
		.receptor = receptor,
		.first = network->connection_count,
		.count = count,
	};
	network->connection_count += count;
	return HXCOMM_OK;
}

int grenade_network_record_spikes(struct grenade_network *network, uint32_t population)
{
	const int status = find_population(network, population);
	if (status != HXCOMM_OK)
		return hxcomm_error_wrap(status, "recording spikes");
	network->populations[population].recorded = true;
	return HXCOMM_OK;
}

int grenade_network_record_membrane(struct grenade_network *network, uint32_t population,
        uint32_t neuron)
{
	const int status = find_population(network, population);
	if (status != HXCOMM_OK)
		return hxcomm_error_wrap(status, "recording a membrane");
	const struct grenade__population *which = &network->populations[population];
	if (which->kind != GRENADE__NEURONS)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "recording a membrane of population %u, which holds %s", population,
		        grenade__kind_name(which->kind));
	if (neuron >= which->count)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "recording the membrane of index %u of population %u, which has %u neurons",
		        neuron, population, which->count);
	if (network->membrane_count == GRENADE_MEMBRANES_MAX)
		return hxcomm_error_set(HXCOMM_ENOSPC,
		        "recording a third membrane: the chip has %d readout chains, record it in "
		        "another run",
		        GRENADE_MEMBRANES_MAX);
	network->membranes[network->membrane_count++] =
	        (struct grenade__membrane){ .population = population, .neuron = neuron };
	return HXCOMM_OK;
}

static void *copy(const void *array, size_t count, size_t element)
{
	void *copied = malloc(count ? count * element : 1);
	if (copied && count)
		memcpy(copied, array, count * element);
	return copied;
}

int grenade__network_copy(struct grenade_network **out, const struct grenade_network *network)
{
	*out = NULL;
	struct grenade_network *made = calloc(1, sizeof(*made));
	if (!made)
		goto exhausted;
	*made = *network;
	made->population_count = 0; /* as long as their circuits are not copied */
	made->populations =
	        copy(network->populations, network->population_count, sizeof(*made->populations));
	made->projections =
	        copy(network->projections, network->projection_count, sizeof(*made->projections));
	made->connections =
	        copy(network->connections, network->connection_count, sizeof(*made->connections));
	if (!made->populations || !made->projections || !made->connections)
		goto exhausted;
	for (; made->population_count < network->population_count; made->population_count++) {
		struct grenade__population *population =
		        &made->populations[made->population_count];
		if (!population->circuits)
			continue;
		population->circuits =
		        copy(population->circuits, population->count, sizeof(*population->circuits));
		if (!population->circuits)
			goto exhausted;
	}
	made->population_capacity = made->population_count;
	made->projection_capacity = made->projection_count;
	made->connection_capacity = made->connection_count;
	*out = made;
	return HXCOMM_OK;
exhausted:
	grenade_network_free(made);
	return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a copy of the network");
}

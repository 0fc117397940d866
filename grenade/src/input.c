// SPDX-License-Identifier: MIT
#include "input.h"


#include <hxcomm/error.h>
#include <hxcomm/options.h>

#include <math.h>
#include <stdlib.h>

enum { SPIKES_MAX = 1 << 24 };

static const double cycles_per_s = 125e6, duration_max_s = 10;

struct event {
	uint64_t time_cycles;
	uint16_t label;
};

void grenade__events_free(struct grenade__events *events)
{
	free(events->time_cycles);
	free(events->label);
}

static int compare(const void *a, const void *b)
{
	const struct event *left = a, *right = b;
	if (left->time_cycles != right->time_cycles)
		return left->time_cycles < right->time_cycles ? -1 : 1;
	return left->label < right->label ? -1 : left->label > right->label;
}

static int check_train(const struct grenade_plan *plan, const struct grenade_spike_train *train,
        double duration_s)
{
	const struct grenade_network *network = plan->network;
	if (train->population >= network->population_count)
		return hxcomm_error_set(HXCOMM_ENOENT, "spikes for population %u, the network has %zu",
		        train->population, network->population_count);
	const struct grenade__population *population = &network->populations[train->population];
	if (population->kind != GRENADE__EXTERNAL)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "spikes for population %u, which holds %s: the host sends those of external "
		        "populations",
		        train->population, grenade__kind_name(population->kind));
	for (size_t i = 0; i < train->count; i++) {
		if (!(train->time_s[i] >= 0 && train->time_s[i] <= duration_s))
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "spike %zu of population %u at %g s, the run lasts from 0 to %g s", i,
			        train->population, train->time_s[i], duration_s);
		if (train->neuron[i] >= population->count)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "spike %zu of population %u comes from index %u, the population has %u "
			        "members",
			        i, train->population, train->neuron[i], population->count);
	}
	return HXCOMM_OK;
}

static int fill(struct grenade__events *out, const struct grenade_plan *plan,
        const struct grenade_input *input, size_t total)
{
	struct event *events = malloc((total + 1) * sizeof(*events));
	out->time_cycles = malloc((total + 1) * sizeof(*out->time_cycles));
	out->label = malloc((total + 1) * sizeof(*out->label));
	if (!events || !out->time_cycles || !out->label) {
		free(events);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu spikes", total);
	}
	for (size_t i = 0; i < input->train_count; i++) {
		const struct grenade_spike_train *train = &input->trains[i];
		const uint32_t first = plan->network->populations[train->population].first;
		for (size_t j = 0; j < train->count; j++) {
			const uint32_t unit = first + train->neuron[j];
			if (plan->group[unit] == GRENADE__NONE) /* nobody listens */
				continue;
			events[out->count++] = (struct event){
				.time_cycles = (uint64_t)(train->time_s[j] * cycles_per_s + 0.5),
				.label = grenade__host_label(plan, unit),
			};
		}
	}
	qsort(events, out->count, sizeof(*events), compare);
	for (size_t i = 0; i < out->count; i++) {
		out->time_cycles[i] = events[i].time_cycles;
		out->label[i] = events[i].label;
	}
	free(events);
	return HXCOMM_OK;
}

int grenade__events_read(struct grenade__events *out, uint32_t *seed,
        const struct grenade_plan *plan, const struct grenade_input *input)
{
	struct grenade_input given;
	size_t total = 0;
	*out = (struct grenade__events){ 0 };
	int status = hxcomm_options_read(&given, sizeof(given), input, "GRENADE_INPUT_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (!(given.duration_s * cycles_per_s >= 0.5 && given.duration_s <= duration_max_s))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "duration_s is %g s, allowed are more than 0 s and at most %g s",
		        given.duration_s, duration_max_s);
	for (size_t i = 0; i < given.train_count; i++) {
		status = check_train(plan, &given.trains[i], given.duration_s);
		if (status != HXCOMM_OK)
			return status;
		if (given.trains[i].count > SPIKES_MAX - total)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "more than %d spikes in a run: split it", SPIKES_MAX);
		total += given.trains[i].count;
	}
	*seed = given.seed;
	out->duration_cycles = (uint64_t)(given.duration_s * cycles_per_s + 0.5);
	return fill(out, plan, &given, total);
}

// SPDX-License-Identifier: MIT
/* Sources that share a row select label. Neurons and generators are bound to their bus; external
 * sources go where they cost the fewest drivers on the emptiest bus. A group needs as many rows as
 * its fullest column has synapses of a sign, so it never pays to cut one. */
#include "plan.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

static uint32_t drivers_of(const uint32_t rows[2])
{
	return (rows[GRENADE_EXCITATORY] + rows[GRENADE_INHIBITORY] + 1) / 2;
}

static int add_group(uint32_t *out, struct grenade_plan *plan, enum grenade__kind kind)
{
	if (plan->group_count == plan->group_capacity) {
		const size_t wanted = plan->group_capacity ? 2 * plan->group_capacity : 16;
		struct grenade__group *grown =
		        realloc(plan->groups, wanted * sizeof(*plan->groups));
		if (!grown)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu groups", wanted);
		plan->groups = grown;
		plan->group_capacity = wanted;
	}
	*out = (uint32_t)plan->group_count++;
	memset(&plan->groups[*out], 0, sizeof(plan->groups[*out]));
	plan->groups[*out].kind = (uint8_t)kind;
	plan->groups[*out].cluster = *out;
	plan->groups[*out].span = 1;
	return HXCOMM_OK;
}

/* Rows that a group needs once a source joined it; `keep` lets it join. */
static void count_rows(uint32_t rows[2][2], struct grenade_plan *plan, struct grenade__group *group,
        uint32_t unit, bool keep)
{
	const size_t first = plan->first_of_unit[unit], end = plan->first_of_unit[unit + 1];
	memcpy(rows, group->rows, sizeof(group->rows));
	for (size_t i = first; i < end; i++) {
		const struct grenade__slot *slot = &plan->slots[plan->by_unit[i]];
		const uint32_t circuit = plan->circuit[slot->target];
		const uint32_t hemisphere = haldls_neuron_row(circuit);
		const uint32_t count = ++group->count[hemisphere][slot->receptor]
		                                     [haldls_neuron_column(circuit)];
		if (count > rows[hemisphere][slot->receptor])
			rows[hemisphere][slot->receptor] = count;
	}
	if (keep) {
		memcpy(group->rows, rows, sizeof(group->rows));
		return;
	}
	for (size_t i = first; i < end; i++) {
		const struct grenade__slot *slot = &plan->slots[plan->by_unit[i]];
		const uint32_t circuit = plan->circuit[slot->target];
		group->count[haldls_neuron_row(circuit)][slot->receptor]
		            [haldls_neuron_column(circuit)]--;
	}
}

static void join(struct grenade_plan *plan, uint32_t group, uint32_t unit)
{
	uint32_t rows[2][2];
	plan->group[unit] = group;
	plan->label[unit] = (uint8_t)plan->groups[group].members++;
	count_rows(rows, plan, &plan->groups[group], unit, true);
}

static void load_of(uint32_t load[4][2], const struct grenade_plan *plan)
{
	memset(load, 0, 4 * sizeof(*load));
	for (size_t i = 0; i < plan->group_count; i++)
		for (uint32_t h = 0; h < 2; h++)
			load[plan->groups[i].bus][h] += drivers_of(plan->groups[i].rows[h]);
}

static int group_neurons(struct grenade_plan *plan)
{
	const struct grenade_network *network = plan->network;
	uint32_t of_output[8];
	memset(of_output, 0xff, sizeof(of_output));
	for (uint32_t unit = 0; unit < network->units; unit++) {
		if (plan->circuit[unit] == GRENADE__NONE || !grenade__sends(plan, unit))
			continue;
		const uint32_t output = haldls_neuron_event_output(plan->circuit[unit]);
		if (of_output[output] == GRENADE__NONE) {
			const int status = add_group(&of_output[output], plan, GRENADE__NEURONS);
			if (status != HXCOMM_OK)
				return status;
			plan->groups[of_output[output]].output = (uint8_t)output;
			plan->groups[of_output[output]].bus =
			        (uint8_t)(output % HALDLS_PADI_BUSES);
		}
		join(plan, of_output[output], unit);
	}
	for (size_t i = 0; i < plan->group_count; i++)
		for (uint32_t h = 0; h < 2; h++)
			plan->groups[i].arrives[h] = drivers_of(plan->groups[i].rows[h]) > 0;
	return HXCOMM_OK;
}

/* Hemispheres that the synapses of a unit lie in. */
static uint8_t reach_of(const struct grenade_plan *plan, uint32_t unit)
{
	uint8_t reach = 0;
	for (size_t i = plan->first_of_unit[unit]; i < plan->first_of_unit[unit + 1]; i++) {
		const uint32_t target = plan->slots[plan->by_unit[i]].target;
		reach |= (uint8_t)(1u << haldls_neuron_row(plan->circuit[target]));
	}
	return reach;
}

/* Sources of generators: one population takes the same bus in all hemispheres that it needs. */
static int group_background(struct grenade_plan *plan, uint32_t population, uint8_t taken[4])
{
	const struct grenade__population *source = &plan->network->populations[population];
	struct grenade__generator *generator = &plan->generators[population];
	uint8_t needed = 0;
	for (uint32_t i = 0; i < source->count; i++)
		needed |= reach_of(plan, source->first + i);
	generator->used = needed;
	if (!needed) {
		if (!source->recorded)
			return HXCOMM_OK;
		/* only the host listens: whichever hemisphere has a generator left */
		for (uint32_t bus = 0; bus < 4 && !needed; bus++)
			needed = taken[bus] != 3 ? (uint8_t)(~taken[bus] & 3 & -(~taken[bus] & 3)) : 0;
		generator->used = needed;
	}
	uint32_t load[4][2], best = GRENADE__NONE, best_load = GRENADE__NONE;
	load_of(load, plan);
	for (uint32_t bus = 0; bus < 4; bus++) {
		const uint32_t fuller = load[bus][0] > load[bus][1] ? load[bus][0] : load[bus][1];
		if (!(taken[bus] & needed) && needed && fuller < best_load) {
			best = bus;
			best_load = fuller;
		}
	}
	if (best == GRENADE__NONE) {
		uint32_t running = 0;
		for (uint32_t bus = 0; bus < 4; bus++)
			running += (uint32_t)__builtin_popcount(taken[bus]);
		return hxcomm_error_set(HXCOMM_ENOSPC,
		        "background population %u needs a generator in %s, %u of the chip's 8 are in use "
		        "and no bus has one left there",
		        population,
		        needed == 3   ? "both hemispheres"
		        : needed == 2 ? "the bottom hemisphere"
		                      : "the top hemisphere",
		        running);
	}
	taken[best] |= needed;
	generator->bus = (uint8_t)best;
	const uint32_t first = (uint32_t)plan->group_count;
	const uint32_t span = source->count > GRENADE__GROUP_MEMBERS
	                              ? source->count / GRENADE__GROUP_MEMBERS
	                              : 1;
	for (uint32_t i = 0; i < source->count; i++) {
		uint32_t group = (uint32_t)plan->group_count - 1;
		if (i % GRENADE__GROUP_MEMBERS == 0) {
			const int status = add_group(&group, plan, GRENADE__BACKGROUND);
			if (status != HXCOMM_OK)
				return status;
			plan->groups[group].bus = (uint8_t)best;
			plan->groups[group].population = population;
			plan->groups[group].cluster = first;
			plan->groups[group].span = span;
			plan->groups[group].arrives[0] = needed & 1;
			plan->groups[group].arrives[1] = needed & 2;
		}
		join(plan, group, source->first + i);
	}
	return HXCOMM_OK;
}

struct bus_choice {
	uint32_t group[4];   /* open group of external sources of each bus */
	uint32_t load[4][2]; /* drivers in use */
};

static int group_external(struct grenade_plan *plan, struct bus_choice *choice, uint32_t unit)
{
	uint32_t best = 0, best_fuller = GRENADE__NONE, best_sum = GRENADE__NONE;
	for (uint32_t bus = 0; bus < 4; bus++) {
		uint32_t rows[2][2], after[2], sum = 0;
		if (choice->group[bus] == GRENADE__NONE ||
		        plan->groups[choice->group[bus]].members == GRENADE__GROUP_MEMBERS) {
			const int status =
			        add_group(&choice->group[bus], plan, GRENADE__EXTERNAL);
			if (status != HXCOMM_OK)
				return status;
			plan->groups[choice->group[bus]].bus = (uint8_t)bus;
		}
		struct grenade__group *group = &plan->groups[choice->group[bus]];
		count_rows(rows, plan, group, unit, false);
		for (uint32_t h = 0; h < 2; h++) {
			after[h] = choice->load[bus][h] + drivers_of(rows[h]) -
			           drivers_of(group->rows[h]);
			sum += after[h] - choice->load[bus][h];
		}
		const uint32_t fuller = after[0] > after[1] ? after[0] : after[1];
		if (fuller < best_fuller || (fuller == best_fuller && sum < best_sum)) {
			best = bus;
			best_fuller = fuller;
			best_sum = sum;
		}
	}
	struct grenade__group *group = &plan->groups[choice->group[best]];
	for (uint32_t h = 0; h < 2; h++)
		choice->load[best][h] -= drivers_of(group->rows[h]);
	join(plan, choice->group[best], unit);
	plan->reach[unit] = reach_of(plan, unit);
	for (uint32_t h = 0; h < 2; h++) {
		choice->load[best][h] += drivers_of(group->rows[h]);
		group->arrives[h] |= (plan->reach[unit] >> h & 1) != 0;
	}
	return HXCOMM_OK;
}

struct keyed {
	size_t key;
	uint32_t unit;
};

static int compare_keyed(const void *a, const void *b)
{
	const struct keyed *left = a, *right = b;
	if (left->key != right->key)
		return left->key > right->key ? -1 : 1;
	return left->unit < right->unit ? -1 : left->unit > right->unit;
}

/* External sources: first as they come, then those with most synapses first, then backwards. */
static int group_all_external(struct grenade_plan *plan, unsigned attempt)
{
	const struct grenade_network *network = plan->network;
	struct keyed *order = malloc((network->units ? network->units : 1) * sizeof(*order));
	size_t count = 0;
	if (!order)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %u sources", network->units);
	for (size_t i = 0; i < network->population_count; i++) {
		const struct grenade__population *population = &network->populations[i];
		if (population->kind != GRENADE__EXTERNAL)
			continue;
		for (uint32_t unit = population->first;
		        unit < population->first + population->count; unit++) {
			const size_t synapses =
			        plan->first_of_unit[unit + 1] - plan->first_of_unit[unit];
			if (grenade__sends(plan, unit))
				order[count++] = (struct keyed){
					.key = attempt == 0 ? 0 : attempt == 1 ? synapses : unit,
					.unit = unit,
				};
		}
	}
	qsort(order, count, sizeof(*order), compare_keyed);
	struct bus_choice choice;
	memset(choice.group, 0xff, sizeof(choice.group));
	load_of(choice.load, plan);
	int status = HXCOMM_OK;
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++)
		status = group_external(plan, &choice, order[i].unit);
	free(order);
	return status;
}

int grenade__group(struct grenade_plan *plan, unsigned attempt)
{
	const struct grenade_network *network = plan->network;
	uint8_t taken[4] = { 0 };
	plan->group_count = 0;
	for (uint32_t unit = 0; unit < network->units; unit++) {
		plan->group[unit] = GRENADE__NONE;
		plan->label[unit] = 0;
		plan->reach[unit] = 0;
	}
	int status = group_neurons(plan);
	/* populations that need both hemispheres first: they have the fewest choices */
	for (uint32_t both = 0; both < 2 && status == HXCOMM_OK; both++) {
		for (uint32_t i = 0; i < network->population_count && status == HXCOMM_OK; i++) {
			const struct grenade__population *population = &network->populations[i];
			uint8_t needed = 0;
			if (population->kind != GRENADE__BACKGROUND)
				continue;
			for (uint32_t j = 0; j < population->count; j++)
				needed |= reach_of(plan, population->first + j);
			if ((needed == 3) == !both)
				status = group_background(plan, i, taken);
		}
	}
	if (status == HXCOMM_OK)
		status = group_all_external(plan, attempt);
	return status;
}

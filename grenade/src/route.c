// SPDX-License-Identifier: MIT
/* Row select labels, drivers and rows. The four buses are independent of each other; on each, both
 * hemispheres share the labels. Labels are searched (a neuron's output has four, others 32), and for
 * given labels a maximum flow decides exactly whether every group gets its drivers.
 * Source: spec/grenade_design.md 2.6 */
#include "flow.h"
#include "plan.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <stdlib.h>

enum { LABELS = 32, RESTARTS = 16, SWEEPS = 8, GROUPS_ON_BUS_MAX = 64 };

/* The problem of one bus number. */
struct bus {
	struct grenade_plan *plan;
	uint32_t number;                    /* 0 ... 3 */
	uint32_t groups[GROUPS_ON_BUS_MAX]; /* indices of groups with members */
	size_t count;
	uint32_t available[2];              /* positions of drivers by hemisphere, bit masks */
	uint32_t demand[2][GROUPS_ON_BUS_MAX];
	uint8_t label[GROUPS_ON_BUS_MAX];
	uint32_t drivers[2][GROUPS_ON_BUS_MAX]; /* assigned by the last evaluation */
};

static struct grenade__group *group_of(const struct bus *bus, size_t i)
{
	return &bus->plan->groups[bus->groups[i]];
}

static const char *side(uint32_t hemisphere)
{
	return hemisphere ? "bottom" : "top";
}

static int gather(struct bus *bus, struct grenade_plan *plan, uint32_t number)
{
	*bus = (struct bus){ .plan = plan, .number = number };
	for (size_t i = 0; i < plan->group_count; i++) {
		if (plan->groups[i].bus != number || !plan->groups[i].members)
			continue;
		if (bus->count == GROUPS_ON_BUS_MAX)
			return hxcomm_error_set(HXCOMM_ENOSPC,
			        "PADI buses %u: sources form more than %d groups of %d, drivers tell "
			        "%d apart",
			        number, GROUPS_ON_BUS_MAX, GRENADE__GROUP_MEMBERS, LABELS);
		for (uint32_t h = 0; h < 2; h++) {
			const uint32_t *rows = plan->groups[i].rows[h];
			bus->demand[h][bus->count] = (rows[0] + rows[1] + 1) / 2;
		}
		bus->groups[bus->count++] = (uint32_t)i;
	}
	for (uint32_t h = 0; h < 2; h++)
		for (uint32_t q = 0; q < GRENADE__POSITIONS; q++)
			if (plan->driver_available[haldls_driver(h, grenade__driver(number, q))])
				bus->available[h] |= UINT32_C(1) << q;
	return HXCOMM_OK;
}

/* What a group is, for messages. */
static const char *describe(char *out, size_t size, const struct grenade__group *group)
{
	if (group->kind == GRENADE__NEURONS)
		snprintf(out, size, "%u neurons of event output %u", group->members, group->output);
	else if (group->kind == GRENADE__BACKGROUND)
		snprintf(out, size, "%u sources of background population %u", group->members,
		        group->population);
	else
		snprintf(out, size, "%u external sources", group->members);
	return out;
}

/* Which group asks for most, what there is, what to do. */
static int report(const struct bus *bus, uint32_t hemisphere, uint32_t needed, const char *why)
{
	size_t largest = 0;
	char text[64];
	for (size_t i = 1; i < bus->count; i++)
		if (bus->demand[hemisphere][i] > bus->demand[hemisphere][largest])
			largest = i;
	const struct grenade__group *group = group_of(bus, largest);
	return hxcomm_error_set(HXCOMM_ENOSPC,
	        "routing impossible: PADI bus %s/%u needs %u synapse drivers for %zu groups of sources, "
	        "%d are available%s; most, %u, go to %s (%u excitatory and %u inhibitory rows, two to a "
	        "driver): use fewer or weaker connections into one neuron, or spread the neurons",
	        side(hemisphere), bus->number, needed, bus->count,
	        __builtin_popcount(bus->available[hemisphere]), why,
	        bus->demand[hemisphere][largest], describe(text, sizeof(text), group),
	        group->rows[hemisphere][GRENADE_EXCITATORY],
	        group->rows[hemisphere][GRENADE_INHIBITORY]);
}

static uint32_t total_demand(const struct bus *bus, uint32_t hemisphere)
{
	uint32_t sum = 0;
	for (size_t i = 0; i < bus->count; i++)
		sum += bus->demand[hemisphere][i];
	return sum;
}

/* Drivers missing on a hemisphere with the present labels. */
static uint32_t missing_on(struct bus *bus, uint32_t h)
{
	uint32_t eligible[GROUPS_ON_BUS_MAX] = { 0 }, demand[GROUPS_ON_BUS_MAX] = { 0 };
	uint32_t assigned[GROUPS_ON_BUS_MAX];
	size_t which[GROUPS_ON_BUS_MAX], count = 0;
	for (size_t i = 0; i < bus->count; i++) {
		uint8_t others[GROUPS_ON_BUS_MAX];
		size_t other_count = 0;
		bus->drivers[h][i] = 0;
		if (!bus->demand[h][i])
			continue;
		for (size_t j = 0; j < bus->count; j++)
			if (j != i && group_of(bus, j)->arrives[h])
				others[other_count++] = bus->label[j];
		eligible[count] = bus->available[h] &
		                  grenade__driver_eligible(bus->label[i], others, other_count);
		demand[count] = bus->demand[h][i];
		which[count++] = i;
	}
	const uint32_t missing = grenade__flow(assigned, eligible, demand, count);
	for (size_t i = 0; i < count; i++)
		bus->drivers[h][which[i]] = assigned[i];
	return missing;
}

/* Groups that the host could not tell apart: same kind, same link, same label. */
static uint32_t confused(const struct bus *bus)
{
	uint32_t pairs = 0;
	for (size_t i = 0; i < bus->count; i++)
		for (size_t j = i + 1; j < bus->count; j++)
			pairs += bus->label[i] == bus->label[j] &&
			         group_of(bus, i)->kind == group_of(bus, j)->kind &&
			         group_of(bus, i)->kind != GRENADE__NEURONS;
	return pairs;
}

static uint32_t deficit(struct bus *bus)
{
	return missing_on(bus, 0) + missing_on(bus, 1) + confused(bus);
}

/* Labels that a cluster of groups may start at: 4 e ... 4 e + 3 for neurons, else every multiple of
 * its span. */
static uint32_t choices_of(const struct grenade__group *group)
{
	return group->kind == GRENADE__NEURONS ? 4 : LABELS / group->span;
}

static void set_label(struct bus *bus, size_t i, uint32_t choice)
{
	const struct grenade__group *group = group_of(bus, i);
	const uint32_t first = group->kind == GRENADE__NEURONS ? 4u * group->output + choice
	                                                       : choice * group->span;
	for (size_t k = i; k < bus->count && k < i + group->span; k++)
		bus->label[k] = (uint8_t)(first + (k - i));
}

static bool begins_cluster(const struct bus *bus, size_t i)
{
	return group_of(bus, i)->cluster == bus->groups[i];
}

/* Start with labels that differ in as many bits as possible from those before; restarts try the
 * candidates in another order. */
static void start(struct bus *bus, uint32_t restart)
{
	for (size_t i = 0; i < bus->count; i++) {
		if (!begins_cluster(bus, i))
			continue;
		const uint32_t choices = choices_of(group_of(bus, i));
		uint32_t best = 0;
		int best_distance = -1;
		for (uint32_t c = 0; c < choices; c++) {
			const uint32_t choice = (c + restart * (uint32_t)(2 * i + 1)) % choices;
			int distance = 6;
			set_label(bus, i, choice);
			for (size_t j = 0; j < i; j++) {
				const int bits = __builtin_popcount(
				        (unsigned)(bus->label[i] ^ bus->label[j]));
				distance = bits < distance ? bits : distance;
			}
			if (distance > best_distance) {
				best = choice;
				best_distance = distance;
			}
		}
		set_label(bus, i, best);
	}
}

/* One label at a time, as long as that helps. */
static uint32_t improve(struct bus *bus)
{
	uint32_t now = deficit(bus);
	for (uint32_t sweep = 0; sweep < SWEEPS && now; sweep++) {
		const uint32_t before = now;
		for (size_t i = 0; i < bus->count && now; i++) {
			if (!begins_cluster(bus, i))
				continue;
			const struct grenade__group *group = group_of(bus, i);
			uint32_t best = group->kind == GRENADE__NEURONS
			                        ? bus->label[i] - 4u * group->output
			                        : bus->label[i] / group->span;
			for (uint32_t c = 0; c < choices_of(group) && now; c++) {
				set_label(bus, i, c);
				const uint32_t then = deficit(bus);
				if (then < now) {
					now = then;
					best = c;
				}
			}
			set_label(bus, i, best);
		}
		if (now == before)
			break;
	}
	return now;
}

static int search_labels(struct bus *bus)
{
	uint32_t best = UINT32_MAX;
	for (uint32_t h = 0; h < 2; h++) {
		const uint32_t needed = total_demand(bus, h);
		if (needed > (uint32_t)__builtin_popcount(bus->available[h]))
			return report(bus, h, needed, "");
	}
	for (uint32_t restart = 0; restart < RESTARTS && best; restart++) {
		start(bus, restart);
		const uint32_t now = improve(bus);
		best = now < best ? now : best;
	}
	if (best) {
		const uint32_t h = missing_on(bus, 0) >= missing_on(bus, 1) ? 0 : 1;
		return report(bus, h, total_demand(bus, h),
		        ", but no choice of labels gives each group its drivers");
	}
	(void)deficit(bus); /* drivers of the labels that were kept */
	return HXCOMM_OK;
}

/* Synapses of a group on a hemisphere: each column fills the rows of a sign from the first. */
static void assign_rows(struct grenade_plan *plan, size_t index, uint32_t h,
        const uint32_t *members, size_t count)
{
	const struct grenade__group *group = &plan->groups[index];
	uint16_t rows[HALDLS_SYNAPSE_ROWS];
	uint16_t used[2][HALDLS_NEURON_COLUMNS] = { { 0 } };
	size_t row_count = 0;
	for (uint32_t left = group->drivers[h]; left; left &= left - 1) {
		const uint32_t driver =
		        grenade__driver(group->bus, (uint32_t)__builtin_ctz(left));
		rows[row_count++] = (uint16_t)haldls_synapse_row_of_driver(driver, 0);
		rows[row_count++] = (uint16_t)haldls_synapse_row_of_driver(driver, 1);
	}
	for (size_t m = 0; m < count; m++) {
		const uint32_t unit = members[m];
		for (size_t i = plan->first_of_unit[unit]; i < plan->first_of_unit[unit + 1]; i++) {
			struct grenade__slot *slot = &plan->slots[plan->by_unit[i]];
			const uint32_t circuit = plan->circuit[slot->target];
			if (haldls_neuron_row(circuit) != h)
				continue;
			const uint32_t nth = used[slot->receptor][haldls_neuron_column(circuit)]++;
			const uint32_t first = slot->receptor == GRENADE_EXCITATORY
			                               ? 0
			                               : group->rows[h][GRENADE_EXCITATORY];
			slot->row = rows[first + nth];
		}
	}
}

static int assign_all_rows(struct grenade_plan *plan)
{
	/* members of each group, in the order of their labels */
	uint32_t *members = malloc((plan->group_count + 1) * GRENADE__GROUP_MEMBERS *
	                           sizeof(*members));
	if (!members)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu groups", plan->group_count);
	for (uint32_t unit = 0; unit < plan->network->units; unit++)
		if (plan->group[unit] != GRENADE__NONE)
			members[(size_t)plan->group[unit] * GRENADE__GROUP_MEMBERS +
			        plan->label[unit]] = unit;
	for (size_t i = 0; i < plan->group_count; i++)
		for (uint32_t h = 0; h < 2; h++)
			if (plan->groups[i].drivers[h])
				assign_rows(plan, i, h, &members[i * GRENADE__GROUP_MEMBERS],
				        plan->groups[i].members);
	free(members);
	return HXCOMM_OK;
}

int grenade__route(struct grenade_plan *plan)
{
	struct bus bus;
	for (uint32_t number = 0; number < HALDLS_PADI_BUSES; number++) {
		int status = gather(&bus, plan, number);
		if (status == HXCOMM_OK)
			status = search_labels(&bus);
		if (status != HXCOMM_OK)
			return status;
		for (size_t i = 0; i < bus.count; i++) {
			group_of(&bus, i)->label = bus.label[i];
			for (uint32_t h = 0; h < 2; h++)
				group_of(&bus, i)->drivers[h] = bus.drivers[h][i];
		}
	}
	return assign_all_rows(plan);
}

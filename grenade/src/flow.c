// SPDX-License-Identifier: MIT
/* Groups of sources on the left, drivers of capacity one on the right, an edge where a driver can
 * serve a group: maximum flow decides whether all groups get their drivers, without backtracking
 * over the chip's masks. */
#include "flow.h"

#include <stdbool.h>

uint32_t grenade__driver_mask(uint32_t label, uint32_t position)
{
	return ~(label ^ position) & 31;
}

uint32_t grenade__driver_eligible(uint32_t label, const uint8_t *others, size_t count)
{
	uint32_t eligible = 0;
	for (uint32_t position = 0; position < GRENADE__POSITIONS; position++) {
		const uint32_t mask = grenade__driver_mask(label, position);
		bool alone = true;
		for (size_t i = 0; i < count && alone; i++)
			alone = ((label ^ others[i]) & mask) != 0;
		if (alone)
			eligible |= UINT32_C(1) << position;
	}
	return eligible;
}

/* Where a search for one more driver came from. */
struct search {
	uint16_t queue[GRENADE__GROUPS_MAX];
	uint16_t parent[GRENADE__GROUPS_MAX]; /* group that would take a driver of this one */
	uint8_t taken[GRENADE__GROUPS_MAX];   /* which driver it would take */
	bool seen[GRENADE__GROUPS_MAX];
};

static bool augment(struct search *search, int *owner, const uint32_t *eligible, size_t groups,
        size_t start)
{
	uint32_t visited = 0;
	size_t head = 0, tail = 0;
	for (size_t i = 0; i < groups; i++)
		search->seen[i] = false;
	search->queue[tail++] = (uint16_t)start;
	search->seen[start] = true;
	while (head < tail) {
		const uint16_t group = search->queue[head++];
		for (uint32_t left = eligible[group] & ~visited; left; left &= left - 1) {
			uint32_t position = (uint32_t)__builtin_ctz(left);
			visited |= UINT32_C(1) << position;
			if (owner[position] >= 0) {
				const size_t next = (size_t)owner[position];
				if (search->seen[next])
					continue;
				search->seen[next] = true;
				search->parent[next] = group;
				search->taken[next] = (uint8_t)position;
				search->queue[tail++] = (uint16_t)next;
				continue;
			}
			/* a free driver: hand drivers down the path */
			for (size_t at = group;; at = search->parent[at]) {
				owner[position] = (int)at;
				if (at == start)
					return true;
				position = search->taken[at];
			}
		}
	}
	return false;
}

uint32_t grenade__flow(uint32_t *assigned, const uint32_t *eligible, const uint32_t *demand,
        size_t groups)
{
	struct search search;
	int owner[GRENADE__POSITIONS];
	uint32_t missing = 0;
	for (uint32_t i = 0; i < GRENADE__POSITIONS; i++)
		owner[i] = -1;
	for (size_t group = 0; group < groups; group++) {
		uint32_t left = demand[group];
		while (left && augment(&search, owner, eligible, groups, group))
			left--;
		missing += left;
		assigned[group] = 0;
	}
	for (uint32_t i = 0; i < GRENADE__POSITIONS; i++)
		if (owner[i] >= 0)
			assigned[owner[i]] |= UINT32_C(1) << i;
	return missing;
}

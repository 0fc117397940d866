// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_PLAN_H
#define GRENADE_SRC_PLAN_H

/** @file
 *  @brief The tables of a plan. Each stage fills its own: lower.c the wanted synapses, place.c the
 *  circuits, group.c the groups of sources and their buses, route.c labels, drivers and rows. */

#include "network.h"

#include <grenade/plan.h>
#include <haldls/coordinate.h>

#include <stdbool.h>

#define GRENADE__NONE UINT32_MAX

/** A synapse that is wanted, and where it was put. */
struct grenade__slot {
	uint32_t unit;     /* its source */
	uint32_t target;   /* unit of its neuron */
	uint16_t row;      /* synapse row; the hemisphere and column are those of the neuron */
	uint8_t receptor;
	uint8_t weight;    /* 0 ... 63 */
};

/** Bits of a label above the row select, as the crossbar's nodes read them. An external event goes
 *  to the top unless LABEL_NOT_TOP, to the bottom if LABEL_BOTTOM, back to the host if LABEL_BACK; a
 *  background event goes to the host if LABEL_NOT_TOP. Neurons have none of them. */
enum {
	GRENADE__LABEL_NOT_TOP = 0x0800,
	GRENADE__LABEL_BACK = 0x1000,
	GRENADE__LABEL_BOTTOM = 0x2000,
};

/** Members that a group can have: labels of synapses. */
enum { GRENADE__GROUP_MEMBERS = HALDLS_SYNAPSE_LABEL_SIZE };

/** Sources that share a row select label, on the bus of one number in both hemispheres. */
struct grenade__group {
	uint8_t kind;            /* enum grenade__kind */
	uint8_t bus;             /* 0 ... 3 */
	uint8_t output;          /* event output of neurons */
	uint8_t label;           /* row select, 0 ... 31 */
	uint32_t population;     /* of background sources */
	uint32_t cluster;        /* first group of those whose labels are consecutive */
	uint32_t span;           /* groups in its cluster: 1, 2 or 4 */
	uint32_t members;        /* at most 64 */
	bool arrives[2];         /* do its events reach the bus of a hemisphere? */
	uint32_t rows[2][2];     /* synapse rows by hemisphere, receptor */
	uint32_t drivers[2];     /* positions of its drivers by hemisphere, bit masks */
	uint16_t count[2][2][256]; /* synapses by hemisphere, receptor, column */
};

/** Where a background population is. */
struct grenade__generator {
	uint8_t bus;      /* 0 ... 3 */
	uint8_t used;     /* bit for each hemisphere whose generator runs */
};

struct grenade_plan {
	struct grenade_network *network;
	bool driver_available[HALDLS_HEMISPHERES * HALDLS_DRIVERS];
	/* wanted */
	uint32_t *first_slot; /* [connections + 1] */
	struct grenade__slot *slots;
	size_t slot_count;
	size_t *first_of_unit; /* [units + 1] into by_unit */
	uint32_t *by_unit;     /* [slot_count] slots, those of a source together */
	/* placed */
	uint32_t *circuit; /* [units] of neurons, else GRENADE__NONE */
	/* routed */
	uint32_t *group;   /* [units] group of a source, else GRENADE__NONE */
	uint8_t *label;    /* [units] synapse label of a source */
	uint8_t *reach;    /* [units] bit for each hemisphere that an external source must reach */
	struct grenade__generator *generators; /* [populations] */
	struct grenade__group *groups;
	size_t group_count, group_capacity;
};

/** Turn connections into synapses. @param plan with its network @return 0 or an error */
int grenade__lower(struct grenade_plan *plan);

/** Does a unit send events that anybody wants? @param plan after grenade__lower() @param unit which
 *  @return true if it has synapses or is recorded */
bool grenade__sends(const struct grenade_plan *plan, uint32_t unit);

enum { GRENADE__PLACEMENTS = 5 };

/** Place the neurons.
 *  @param plan after grenade__lower() @param unavailable [512] or NULL
 *  @param strategy which way, 0 ... GRENADE__PLACEMENTS - 1
 *  @return 0, HXCOMM_EINVAL or HXCOMM_ENOSPC */
int grenade__place(struct grenade_plan *plan, const bool *unavailable, unsigned strategy);

/** Form groups of sources and choose their buses.
 *  @param plan after grenade__place() @param attempt order in which external sources are taken
 *  @return 0, HXCOMM_ENOSPC or HXCOMM_ENOMEM */
int grenade__group(struct grenade_plan *plan, unsigned attempt);

enum { GRENADE__GROUPINGS = 3 };

/** Choose row select labels, assign drivers and rows.
 *  @param plan after grenade__group() @return 0, HXCOMM_ENOSPC or HXCOMM_ENOMEM */
int grenade__route(struct grenade_plan *plan);

/** Driver of a position on a bus, on its hemisphere. @param bus 0 ... 3 @param position 0 ... 31
 *  @return 0 ... 127 */
static inline uint32_t grenade__driver(uint32_t bus, uint32_t position)
{
	return 4 * position + bus;
}

/** Label of a source's events, 14 bits. For a background source those of the generator of
 *  @p hemisphere, for others of any. @param plan a plan @param unit a source that sends
 *  @param hemisphere 0, 1 @return the label */
uint16_t grenade__event_label(const struct grenade_plan *plan, uint32_t unit, uint32_t hemisphere);

/** Label with link with which the host sends an external source's spikes, or knows a recorded
 *  source's. @param plan a plan @param unit a source that sends @return 16 bits */
uint16_t grenade__host_label(const struct grenade_plan *plan, uint32_t unit);

/** Hemisphere whose generator shows a recorded background population to the host.
 *  @param plan a plan @param population which @return 0, 1 */
uint32_t grenade__recording_hemisphere(const struct grenade_plan *plan, uint32_t population);

/** Register value of a background generator.
 *  @param[out] out the value, not enabled @param plan a plan @param population which
 *  @param hemisphere 0, 1 */
void grenade__generator_configure(struct haldls_background_spike_source *out,
        const struct grenade_plan *plan, uint32_t population, uint32_t hemisphere);

#endif

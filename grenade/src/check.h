// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_CHECK_H
#define GRENADE_SRC_CHECK_H

/** @file
 *  @brief What an event does on a configured chip: the filters of spec/grenade_design.md 2.3. */

#include "plan.h"

/** Synapses that events acted on, a key each. Start from zeros, free() the keys. */
struct grenade__arrivals {
	uint64_t *keys;
	size_t count, capacity;
};

/** Key of one synapse that acted. @param unit source @param circuit neuron it acts on
 *  @param receptor enum grenade_receptor @param weight 1 ... 63 @return the key */
static inline uint64_t grenade__arrival(uint32_t unit, uint32_t circuit, uint32_t receptor,
        uint32_t weight)
{
	return (uint64_t)unit << 32 | (uint64_t)circuit << 16 | (uint64_t)receptor << 8 | weight;
}

/** Send one event into the crossbar and collect the synapses that it acts on.
 *  @param[in,out] out what acted is added @param chip configuration @param unit put into the keys
 *  @param input crossbar input 0 ... 19 @param label of the event, 14 bits
 *  @return 0 or HXCOMM_ENOMEM */
int grenade__deliver(struct grenade__arrivals *out, const struct haldls_chip *chip, uint32_t unit,
        uint32_t input, uint32_t label);

#endif

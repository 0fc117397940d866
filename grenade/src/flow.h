// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_FLOW_H
#define GRENADE_SRC_FLOW_H

/** @file
 *  @brief Which synapse driver serves which group of sources: eligibility and maximum flow.
 *
 *  Source: spec/grenade_design.md 2.6. The 32 drivers of a bus are a bit mask by position. */

#include <stddef.h>
#include <stdint.h>

enum {
	GRENADE__POSITIONS = 32,  /**< drivers of a bus */
	GRENADE__GROUPS_MAX = 32 /**< groups with drivers on a bus: each has at least one */
};

/** Compare mask of the driver at a position that serves a row select label: all bits in which the
 *  two agree. If any mask keeps out a set of other labels, this one does.
 *  @param label 0 ... 31 @param position 0 ... 31 @return 0 ... 31 */
uint32_t grenade__driver_mask(uint32_t label, uint32_t position);

/** Positions of drivers that can serve a label and no other one that arrives on the bus.
 *  @param label the group's label @param others [count] labels of the other groups
 *  @param count their number @return bit mask of positions */
uint32_t grenade__driver_eligible(uint32_t label, const uint8_t *others, size_t count);

/** Give each group its drivers: exact, a maximum flow by augmenting paths.
 *  @param[out] assigned [groups] bit masks of positions @param eligible [groups] bit masks
 *  @param demand [groups] drivers wanted @param groups at most #GRENADE__GROUPS_MAX
 *  @return number of drivers that are missing, 0 where all demands are met */
uint32_t grenade__flow(uint32_t *assigned, const uint32_t *eligible, const uint32_t *demand,
        size_t groups);

#endif

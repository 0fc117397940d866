// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_INPUT_H
#define GRENADE_SRC_INPUT_H

/** @file
 *  @brief From the spikes of an input to the events of a program. */

#include "plan.h"

#include <grenade/run.h>

/** Events that the host sends, in order. */
struct grenade__events {
	size_t count;
	uint64_t *time_cycles; /* [count] since the begin mark */
	uint16_t *label;       /* [count] */
	uint64_t duration_cycles;
};

/** Check an input and turn its spikes into events.
 *  @param[out] out the events, to be freed also after an error @param[out] seed the input's
 *  @param plan whose sources they are @param input the user's @return 0 or an error */
int grenade__events_read(struct grenade__events *out, uint32_t *seed,
        const struct grenade_plan *plan, const struct grenade_input *input);

/** Give back the memory. @param events which */
void grenade__events_free(struct grenade__events *events);

#endif

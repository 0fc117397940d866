// SPDX-License-Identifier: MIT
#ifndef GRENADE_SRC_RESULT_H
#define GRENADE_SRC_RESULT_H

/** @file
 *  @brief From responses to results. */

#include "plan.h"

#include <grenade/result.h>

struct hxcomm_responses;

/** When a run was, in the time of the responses. */
struct grenade__window {
	uint64_t begin_cycles; /* begin mark */
	uint64_t end_cycles;   /* end mark */
	uint64_t duration_cycles; /* wanted: events behind it are not kept, even if the mark is late */
};

/** Collect the events of a run.
 *  @param[out] out the result, NULL after an error @param plan what was run
 *  @param responses what came back @param window when it was
 *  @return 0 or HXCOMM_ENOMEM */
int grenade__collect(struct grenade_result **out, const struct grenade_plan *plan,
        const struct hxcomm_responses *responses, const struct grenade__window *window);

/** The figures, to be completed. @param result which @return lent */
struct grenade_run_statistics *grenade__statistics(struct grenade_result *result);

#endif

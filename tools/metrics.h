// SPDX-License-Identifier: MIT
#ifndef METRICS_H
#define METRICS_H
/* Figures of merit of a calibration: "<observable>.std_before", ".std_after", ".median_after". */

#include <calix/result.h>
#include <jansson.h>
#include <stdbool.h>

enum { OBSERVABLE_MAX = CALIX_NAME_MAX + 1 };

/** What a calibration did to one observable. */
struct observable {
	char name[OBSERVABLE_MAX]; /**< such as "tau_mem" */
	double before;             /**< spread with the common median code */
	double after;              /**< spread with calibrated codes */
	double median;             /**< median with calibrated codes; NAN = not measured */
};

/** Find the next observable with a spread before and after.
 *  @param[in,out] index  where to go on, from 0
 *  @return false at the end */
bool metrics_next(struct observable *out, size_t *index, const struct calix_metric *metrics,
        size_t count);

/** Find the observable with the greatest spread after / before. @return false where there is none */
bool metrics_find_worst(struct observable *out, const struct calix_metric *metrics, size_t count);

/** What is left of the spread of an observable: after / before. */
double metrics_ratio(const struct observable *observable);

/** Unit of an observable: "s" for time constants, "lsb" (counts of an ADC) for the rest. */
const char *metrics_unit(const struct observable *observable);

/** All metrics as an object, or NULL. */
json_t *metrics_json(const struct calix_metric *metrics, size_t count);

#endif

// SPDX-License-Identifier: MIT
#ifndef CALIX_SEARCH_H
#define CALIX_SEARCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Searches for the integer parameter at which an observable meets its target, for many instances
 * at once, one measurement of all instances per step:
 *
 *     while (calix__search_next(search, parameters))
 *             { write, settle, measure; calix__search_tell(search, measured minus target); }
 *     calix__search_result(search, parameters, success);
 *
 * A search knows no chip. Source: spec/calix_spec.md 1.1 and 1.2. */

enum calix__search_kind {
	/* Start in the middle, step s moves by ceil(N / 2^(s+2)), two more steps of 1 at the end;
	 * the best of the last 3 probes wins. */
	CALIX_SEARCH_BINARY,
	/* The same from a start with noise, so that not all instances share one code; one more
	 * increment, as large as the noise, can undo it; the best of the last 3 + ceil(log2 A). */
	CALIX_SEARCH_NOISY_BINARY,
	/* From a guess by fixed steps; an instance stays where it crossed its target; the best of
	 * the last 2 probes. */
	CALIX_SEARCH_LINEAR
};

struct calix__search_options {
	enum calix__search_kind kind;
	size_t count;         /* instances; 1 or more */
	int32_t lo, hi;       /* range of the parameter, both included */
	bool inverted;        /* a larger parameter gives a smaller observable */
	uint32_t noise;       /* noisy: amplitude A of the start; 0 means 5 */
	uint64_t seed;        /* noisy: of the start */
	const int32_t *start; /* linear: [count] first probes; NULL means the middle */
	int32_t step;         /* linear: size of a step; 0 means 1 */
	uint32_t steps;       /* linear: at most so many probes; 0 means 50 */
};

struct calix__search;

/* HXCOMM_EINVAL when the range is empty or the noise is larger than the first increment. */
int calix__search_new(struct calix__search **out, const struct calix__search_options *options);
void calix__search_free(struct calix__search *search);

/* Number of probes that the search takes at most. */
uint32_t calix__search_steps(const struct calix__search *search);

/* The next vector to probe, [count]; false when the search has ended. */
bool calix__search_next(struct calix__search *search, int32_t *parameters);

/* What the last vector gave: measured minus target, [count]. An infinity moves the parameter the
 * safe way; NaN leaves it where it is; neither is ever the best probe while a number exists. */
void calix__search_tell(struct calix__search *search, const double *deviation);

/* The best of the last probes, [count], and whether each lies strictly inside the range and was
 * measured; success may be NULL. */
void calix__search_result(const struct calix__search *search, int32_t *parameters,
        uint8_t *success);

/* One linear prediction: the parameters, [count], at which observable = target, if
 * observable = measured + slope * (parameter - probe); rounded, and clipped to lo ... hi. */
void calix__search_predict(int32_t *parameters, const double *deviation, size_t count,
        double slope, int32_t lo, int32_t hi);

#endif

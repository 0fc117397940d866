// SPDX-License-Identifier: MIT
#ifndef CALIX_REFRACTORY_H
#define CALIX_REFRACTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CALIX_REFRACTORY_COUNTER_MAX = 255, CALIX_REFRACTORY_HOLDOFF_MAX = 15 };

/* Settings of the refractory counters of all neurons: two clocks, and for each neuron which clock
 * it counts, how far, and when the reset ends. Pure arithmetic, exact: spec/calix_spec.md 5.1. */
struct calix__refractory {
	uint32_t clock_scale_slow, clock_scale_fast; /* 0 ... 15: period 2^(s+1) / 250 MHz */
	uint8_t counter[512];                        /* refractory_time of the backend */
	uint8_t holdoff[512];                        /* reset_holdoff of the backend */
	bool fast_clock[512];                        /* select_input_clock of the backend */
};

/* Period of a backend clock at a scale, in s. */
double calix__refractory_period(uint32_t scale);

/* Find the settings for refractory times, [count] in s, and times between the end of the reset and
 * the end of the refractory period, [count] in s; count is at most 512.
 * HXCOMM_ERANGE when a time lies outside 40 ns to 32 us, or a holdoff outside 0 to 4 us or beyond
 * its refractory time. */
int calix__refractory_solve(struct calix__refractory *out, const double *refractory_time,
        const double *holdoff_time, size_t count);

/* The refractory time and the holdoff that neuron i gets with these settings, in s. */
double calix__refractory_time(const struct calix__refractory *r, size_t i);
double calix__refractory_holdoff(const struct calix__refractory *r, size_t i);

#endif

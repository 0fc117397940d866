// SPDX-License-Identifier: MIT
/* Refractory period: the backend counts n periods of one of two clocks; quantisation stays near
 * 3 % where the counter reaches 30 or more. */
#include "refractory.h"

#include <hxcomm/error.h>

#include <math.h>
#include <string.h>

#define TIME_MIN 40e-9
#define TIME_MAX 32e-6
#define HOLDOFF_MAX 4e-6
/* Rounding of decimal times such as 2e-6 must not cost a count. */
#define ROUNDING 1e-9

enum { SCALE_START = 4, SCALE_MAX = 15, COUNTS_WANTED = 30, HOLDOFF_CYCLES_MAX = 31 };

double calix__refractory_period(uint32_t scale)
{
	return ldexp(1.0 / 250e6, (int)scale + 1);
}

static int check(const double *refractory_time, const double *holdoff_time, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const double time = refractory_time[i], holdoff = holdoff_time[i];
		if (!(time >= TIME_MIN * (1 - ROUNDING) && time <= TIME_MAX * (1 + ROUNDING)))
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "refractory time of neuron %zu is %g s, allowed are %g s to %g s", i,
			        time, TIME_MIN, TIME_MAX);
		if (!(holdoff >= 0 && holdoff <= HOLDOFF_MAX * (1 + ROUNDING)))
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "refractory holdoff of neuron %zu is %g s, allowed are 0 to %g s", i,
			        holdoff, HOLDOFF_MAX);
		if (holdoff > time)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "refractory holdoff of neuron %zu is %g s, longer than its refractory "
			        "time of %g s: the reset would never end",
			        i, holdoff, time);
	}
	return HXCOMM_OK;
}

/* The clock for neurons with these shortest and longest times. */
static uint32_t find_scale(double shortest, double longest)
{
	const double slowest_allowed = longest / CALIX_REFRACTORY_COUNTER_MAX;
	double fastest_needed = shortest / COUNTS_WANTED;
	if (fastest_needed < slowest_allowed)
		fastest_needed = 2 * slowest_allowed;
	uint32_t scale = SCALE_START;
	while (scale > 0 && calix__refractory_period(scale) > fastest_needed)
		scale--;
	/* the counter must reach: the largest count is floor(time / period) + 1 */
	while (scale < SCALE_MAX && calix__refractory_period(scale) * (CALIX_REFRACTORY_COUNTER_MAX - 1) <
	                longest)
		scale++;
	return scale;
}

struct extent {
	double lo, hi;
};

static struct extent extent_of(const double *time, const bool *member, bool value, size_t count)
{
	struct extent extent = { INFINITY, 0 };
	for (size_t i = 0; i < count; i++) {
		if (member[i] != value)
			continue;
		extent.lo = fmin(extent.lo, time[i]);
		extent.hi = fmax(extent.hi, time[i]);
	}
	return extent;
}

static void set_neuron(struct calix__refractory *r, size_t i, double time, double holdoff)
{
	const double period =
	        calix__refractory_period(r->fast_clock[i] ? r->clock_scale_fast : r->clock_scale_slow);
	const double counts = floor(time / period * (1 + ROUNDING)) + 1;
	r->counter[i] = (uint8_t)fmin(counts, CALIX_REFRACTORY_COUNTER_MAX);
	const double cycles = fmin(fmax(1, holdoff / period), fmin(HOLDOFF_CYCLES_MAX, r->counter[i]));
	const double field = ceil(CALIX_REFRACTORY_HOLDOFF_MAX - (cycles - 1) / 2 - ROUNDING);
	r->holdoff[i] = (uint8_t)field;
}

int calix__refractory_solve(struct calix__refractory *out, const double *refractory_time,
        const double *holdoff_time, size_t count)
{
	struct calix__refractory r = { 0 };
	if (!count || count > 512)
		return hxcomm_error_set(HXCOMM_EINVAL, "%zu neurons, allowed are 1 to 512", count);
	const int status = check(refractory_time, holdoff_time, count);
	if (status != HXCOMM_OK)
		return status;

	double mean = 0;
	for (size_t i = 0; i < count; i++)
		mean += refractory_time[i] / (double)count;
	for (size_t i = 0; i < count; i++)
		r.fast_clock[i] = refractory_time[i] <= mean * (1 + ROUNDING);
	const struct extent fast = extent_of(refractory_time, r.fast_clock, true, count);
	r.clock_scale_fast = find_scale(fast.lo, fast.hi);

	const double reach = HOLDOFF_CYCLES_MAX * calix__refractory_period(r.clock_scale_fast);
	for (size_t i = 0; i < count; i++)
		if (holdoff_time[i] > reach)
			r.fast_clock[i] = false;
	struct extent slow = extent_of(refractory_time, r.fast_clock, false, count);
	if (slow.hi == 0)
		slow = fast;
	r.clock_scale_slow = find_scale(slow.lo, slow.hi);
	for (size_t i = 0; i < count; i++)
		if (!r.fast_clock[i])
			while (r.clock_scale_slow < SCALE_MAX && holdoff_time[i] >
			                HOLDOFF_CYCLES_MAX * calix__refractory_period(r.clock_scale_slow) *
			                        (1 + ROUNDING))
				r.clock_scale_slow++;

	for (size_t i = 0; i < count; i++)
		set_neuron(&r, i, refractory_time[i], holdoff_time[i]);
	*out = r;
	return HXCOMM_OK;
}

static double period_of(const struct calix__refractory *r, size_t i)
{
	return calix__refractory_period(r->fast_clock[i] ? r->clock_scale_fast : r->clock_scale_slow);
}

double calix__refractory_time(const struct calix__refractory *r, size_t i)
{
	return r->counter[i] * period_of(r, i);
}

double calix__refractory_holdoff(const struct calix__refractory *r, size_t i)
{
	return (2 * (CALIX_REFRACTORY_HOLDOFF_MAX - r->holdoff[i]) + 1) * period_of(r, i);
}

// SPDX-License-Identifier: MIT
/* All kinds are one loop over a list of increments; they differ in the list, in the start and in
 * how many of the last probes compete. */
#include "search.h"

#include "draw.h"

#include <hxcomm/error.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { INCREMENTS_MAX = 64, LINEAR_STEPS_DEFAULT = 50, NOISE_DEFAULT = 5 };

struct calix__search {
	struct calix__search_options options;
	int32_t increments[INCREMENTS_MAX]; /* after probe s */
	uint32_t steps;                     /* probes */
	uint32_t compete;                   /* last probes that may win */
	uint32_t done;                      /* probes told */
	int32_t *current;                   /* [count] */
	bool *frozen;                       /* [count] linear: crossed its target */
	int8_t *side;                       /* [count] linear: side of the first probe */
	uint32_t *told;                     /* [count] probes of this instance */
	int32_t *probe;                     /* [compete][count] ring of the last probes */
	double *cost;                       /* [compete][count] their distance from the target */
};

static int32_t clip(int64_t value, int32_t lo, int32_t hi)
{
	return (int32_t)(value < lo ? lo : value > hi ? hi : value);
}

static uint32_t ceil_log2(uint32_t value)
{
	uint32_t bits = 0;
	while ((UINT64_C(1) << bits) < value)
		bits++;
	return bits;
}

static int plan_binary(struct calix__search *search)
{
	const struct calix__search_options *o = &search->options;
	const uint64_t range = (uint64_t)((int64_t)o->hi - o->lo + 1);
	const uint32_t base = ceil_log2((uint32_t)range) + 2;
	const bool noisy = o->kind == CALIX_SEARCH_NOISY_BINARY;
	uint32_t count = 0;
	bool inserted = !noisy;
	for (uint32_t s = 0; s + 1 < base; s++) {
		const uint64_t scale = UINT64_C(1) << (s + 2);
		const int32_t increment = (int32_t)((range + scale - 1) / scale);
		if (s == 0 && noisy && (int64_t)o->noise > increment)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "search noise of %u codes is larger than the first step of %d codes: "
			        "use less noise or a wider range",
			        (unsigned)o->noise, (int)increment);
		if (!inserted && increment <= (int32_t)o->noise) {
			search->increments[count++] = (int32_t)o->noise;
			inserted = true;
		}
		search->increments[count++] = increment;
	}
	search->steps = count + 1;
	search->compete = 3 + (noisy ? ceil_log2(o->noise) : 0);
	return HXCOMM_OK;
}

static int prepare(struct calix__search *search)
{
	struct calix__search_options *o = &search->options;
	if (!o->count || o->hi < o->lo || (int64_t)o->hi - o->lo >= INT32_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a search over %zu instances and codes %d to %d has nothing to search",
		        o->count, (int)o->lo, (int)o->hi);
	if (o->kind == CALIX_SEARCH_LINEAR) {
		o->step = o->step ? abs(o->step) : 1;
		search->steps = o->steps ? o->steps : LINEAR_STEPS_DEFAULT;
		search->compete = 2;
	} else {
		if (o->kind == CALIX_SEARCH_NOISY_BINARY && !o->noise)
			o->noise = NOISE_DEFAULT;
		const int status = plan_binary(search);
		if (status != HXCOMM_OK)
			return status;
	}
	search->current = calloc(o->count, sizeof(*search->current));
	search->frozen = calloc(o->count, sizeof(*search->frozen));
	search->side = calloc(o->count, sizeof(*search->side));
	search->told = calloc(o->count, sizeof(*search->told));
	search->probe = calloc(o->count * search->compete, sizeof(*search->probe));
	search->cost = calloc(o->count * search->compete, sizeof(*search->cost));
	if (!search->current || !search->frozen || !search->side || !search->told ||
	        !search->probe || !search->cost)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a search over %zu instances",
		        o->count);
	return HXCOMM_OK;
}

int calix__search_new(struct calix__search **out, const struct calix__search_options *options)
{
	*out = NULL;
	struct calix__search *search = calloc(1, sizeof(*search));
	if (!search)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a search");
	search->options = *options;
	const int status = prepare(search);
	if (status != HXCOMM_OK) {
		calix__search_free(search);
		return status;
	}
	const struct calix__search_options *o = &search->options;
	const int32_t middle = (int32_t)(((int64_t)o->lo + o->hi) / 2);
	for (size_t i = 0; i < o->count; i++) {
		int64_t start = middle;
		if (o->kind == CALIX_SEARCH_NOISY_BINARY)
			start += calix__draw_within(o->seed, CALIX_DRAW_SEARCH, i, o->noise);
		else if (o->kind == CALIX_SEARCH_LINEAR && o->start)
			start = o->start[i];
		search->current[i] = clip(start, o->lo, o->hi);
	}
	*out = search;
	return HXCOMM_OK;
}

void calix__search_free(struct calix__search *search)
{
	if (!search)
		return;
	free(search->current);
	free(search->frozen);
	free(search->side);
	free(search->told);
	free(search->probe);
	free(search->cost);
	free(search);
}

uint32_t calix__search_steps(const struct calix__search *search)
{
	return search->steps;
}

static bool all_frozen(const struct calix__search *search)
{
	for (size_t i = 0; i < search->options.count; i++)
		if (!search->frozen[i])
			return false;
	return true;
}

bool calix__search_next(struct calix__search *search, int32_t *parameters)
{
	if (search->done >= search->steps || all_frozen(search))
		return false;
	memcpy(parameters, search->current, search->options.count * sizeof(*parameters));
	return true;
}

/* +1: the parameter has to grow, -1: to fall, 0: stay. */
static int direction(const struct calix__search *search, double deviation)
{
	if (isnan(deviation) || deviation == 0)
		return 0;
	return (deviation < 0) != search->options.inverted ? 1 : -1;
}

static void move_linear(struct calix__search *search, size_t i, double deviation)
{
	if (isnan(deviation))
		return;
	const int way = direction(search, deviation);
	if (!search->side[i])
		search->side[i] = (int8_t)way;
	if (way == 0 || way != search->side[i]) {
		search->frozen[i] = true;
		return;
	}
	search->current[i] = clip((int64_t)search->current[i] + way * search->options.step,
	        search->options.lo, search->options.hi);
}

static void move_binary(struct calix__search *search, size_t i, double deviation)
{
	if (search->done + 1 >= search->steps)
		return;
	const int64_t increment = search->increments[search->done];
	search->current[i] = clip(search->current[i] + direction(search, deviation) * increment,
	        search->options.lo, search->options.hi);
}

void calix__search_tell(struct calix__search *search, const double *deviation)
{
	const size_t count = search->options.count;
	for (size_t i = 0; i < count; i++) {
		if (search->frozen[i])
			continue;
		const size_t slot = (search->told[i]++ % search->compete) * count + i;
		search->probe[slot] = search->current[i];
		search->cost[slot] = isnan(deviation[i]) ? INFINITY : fabs(deviation[i]);
		if (search->options.kind == CALIX_SEARCH_LINEAR)
			move_linear(search, i, deviation[i]);
		else
			move_binary(search, i, deviation[i]);
	}
	search->done++;
}

void calix__search_result(const struct calix__search *search, int32_t *parameters,
        uint8_t *success)
{
	const struct calix__search_options *o = &search->options;
	for (size_t i = 0; i < o->count; i++) {
		const uint32_t candidates =
		        search->told[i] < search->compete ? search->told[i] : search->compete;
		int32_t best = search->current[i];
		double cost = INFINITY;
		for (uint32_t k = 0; k < candidates; k++) {
			const size_t slot = k * o->count + i;
			if (search->cost[slot] < cost) {
				cost = search->cost[slot];
				best = search->probe[slot];
			}
		}
		parameters[i] = best;
		if (success)
			success[i] = isfinite(cost) && best > o->lo && best < o->hi;
	}
}

void calix__search_predict(int32_t *parameters, const double *deviation, size_t count,
        double slope, int32_t lo, int32_t hi)
{
	for (size_t i = 0; i < count; i++) {
		const double step = -deviation[i] / slope;
		if (isfinite(step) && fabs(step) < INT32_MAX)
			parameters[i] = clip(parameters[i] + llround(step), lo, hi);
	}
}

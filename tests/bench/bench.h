// SPDX-License-Identifier: MIT
#ifndef BENCH_H
#define BENCH_H

/* What every benchmark needs: a clock, medians, and an end where something fails. */

#include <hxcomm/error.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double seconds(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static inline void need(int status)
{
	if (status == HXCOMM_OK)
		return;
	fprintf(stderr, "bench: %s\n", hxcomm_error_message());
	exit(1);
}

/* Zeroed memory. */
static inline void *memory(size_t count, size_t size)
{
	void *block = calloc(count, size);
	if (!block) {
		fprintf(stderr, "bench: no memory for %zu times %zu bytes\n", count, size);
		exit(1);
	}
	return block;
}

static inline int compare_values(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* The median of values[count], which are sorted: the least comes first. */
static inline double median(double *values, size_t count)
{
	qsort(values, count, sizeof(*values), compare_values);
	return values[count / 2];
}

#endif

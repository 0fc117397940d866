// SPDX-License-Identifier: MIT
#include "statistics.h"

#include <math.h>
#include <stdlib.h>

#define TRIM 0.05

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static size_t sorted(double *out, const double *values, const uint8_t *mask, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count && i < CALIX_STATISTICS_MAX; i++)
		if ((!mask || mask[i]) && isfinite(values[i]))
			out[kept++] = values[i];
	qsort(out, kept, sizeof(*out), ascending);
	return kept;
}

double calix__median(const double *values, const uint8_t *mask, size_t count)
{
	double order[CALIX_STATISTICS_MAX];
	const size_t kept = sorted(order, values, mask, count);
	if (!kept)
		return NAN;
	return (order[(kept - 1) / 2] + order[kept / 2]) / 2;
}

int32_t calix__median_code(const int32_t *values, const uint8_t *mask, size_t count)
{
	double copy[CALIX_STATISTICS_MAX];
	for (size_t i = 0; i < count && i < CALIX_STATISTICS_MAX; i++)
		copy[i] = values[i];
	const double median = calix__median(copy, mask, count);
	return isfinite(median) ? (int32_t)lround(median) : 0;
}

double calix__mean(const double *values, const uint8_t *mask, size_t count)
{
	double sum = 0;
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		if ((mask && !mask[i]) || !isfinite(values[i]))
			continue;
		sum += values[i];
		kept++;
	}
	return kept ? sum / (double)kept : NAN;
}

double calix__trimmed_std(const double *values, const uint8_t *mask, size_t count)
{
	double order[CALIX_STATISTICS_MAX];
	const size_t kept = sorted(order, values, mask, count);
	const size_t cut = (size_t)(TRIM * (double)kept);
	const size_t left = kept - 2 * cut;
	if (!left)
		return NAN;
	const double mean = calix__mean(order + cut, NULL, left);
	double sum = 0;
	for (size_t i = cut; i < kept - cut; i++)
		sum += (order[i] - mean) * (order[i] - mean);
	return sqrt(sum / (double)left);
}

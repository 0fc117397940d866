// SPDX-License-Identifier: MIT
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

/* Speed of words next to memcpy. Bytes are those of the words that a program has or that are
 * decoded; what else is read or written is not counted. memcpy copies as many bytes from one block
 * to another, both used before, again and again, as the words and tables of a measurement are: what
 * fits into a cache stays there, for both. A rate is the median of ROUNDS rounds. */

#include "bench.h"

#include <string.h>

enum { ROUNDS = 11 };

/* memcpy of as many bytes, in GB/s. */
static inline double copy_rate(size_t bytes)
{
	unsigned char *from = memory(bytes, 1), *to = memory(bytes, 1);
	double took[ROUNDS];
	memset(from, 1, bytes);
	memset(to, 1, bytes);
	for (int round = 0; round < ROUNDS; round++) {
		from[round] ^= 1;
		const double begin = seconds();
		memcpy(to, from, bytes);
		took[round] = seconds() - begin;
		if (to[round] != from[round])
			exit(1);
	}
	free(from);
	free(to);
	return 1e-9 * (double)bytes / median(took, ROUNDS);
}

/* One line of JSON. `how` is a further member, such as "\"kernel\":\"portable\",", or "". */
static inline void print_rate(const char *name, const char *how, const char *unit, size_t items,
        size_t words, double took)
{
	const double rate = 8e-9 * (double)words / took, copy = copy_rate(8 * words);
	printf("{\"name\":\"%s\",%s\"unit\":\"M %s/s\",\"value\":%.1f,\"items\":%zu,\"ms\":%.3f,"
	       "\"words\":%zu,\"GB_of_words_per_s\":%.2f,\"memcpy_GB_per_s\":%.1f,"
	       "\"percent_of_memcpy\":%.1f}\n",
	        name, how, unit, 1e-6 * (double)items / took, items, 1e3 * took, words, rate,
	        copy, 100 * rate / copy);
	fflush(stdout);
}

#endif

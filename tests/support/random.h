// SPDX-License-Identifier: MIT
#ifndef SUPPORT_RANDOM_H
#define SUPPORT_RANDOM_H

/* Random numbers for property tests: the same on every machine for a seed. */

#include <stdint.h>

struct test_random {
	uint64_t seed, count;
};

/** The next 64 bits. @param random start from { .seed = … } */
uint64_t test_random_next(struct test_random *random);

/** The next number of 0 … limit - 1. */
uint64_t test_random_below(struct test_random *random, uint64_t limit);

#endif

// SPDX-License-Identifier: MIT
#ifndef CALIX_RANDOM_H
#define CALIX_RANDOM_H

#include <stdint.h>

/* Counter-based random numbers (philox4x32-10): the same seed, stream and index give the same
 * number, in any order. */

/* Streams, so that no two uses of one seed share numbers. */
enum calix__random_stream {
	CALIX_RANDOM_SEARCH = 1,    /* start values of searches */
	CALIX_RANDOM_BROADCAST = 2, /* one code for many cells */
	CALIX_RANDOM_TEST = 3
};

/* 32 evenly distributed bits. */
uint32_t calix__random_bits(uint64_t seed, uint32_t stream, uint64_t index);

/* An integer in [-amplitude, amplitude], evenly distributed; amplitude up to 32767. */
int32_t calix__random_within(uint64_t seed, uint32_t stream, uint64_t index, uint32_t amplitude);

#endif

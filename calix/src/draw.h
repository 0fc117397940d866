// SPDX-License-Identifier: MIT
#ifndef CALIX_DRAW_H
#define CALIX_DRAW_H

#include <stdint.h>

/* Counter-based random numbers (philox4x32-10): the same seed, stream and index give the same
 * number, in any order. */

/* Streams, so that no two uses of one seed share numbers. */
enum calix__draw_stream {
	CALIX_DRAW_SEARCH = 1,    /* start values of searches */
	CALIX_DRAW_BROADCAST = 2, /* one code for many cells */
	CALIX_DRAW_TEST = 3
};

/* 32 evenly distributed bits. */
uint32_t calix__draw_bits(uint64_t seed, uint32_t stream, uint64_t index);

/* An integer in [-amplitude, amplitude], evenly distributed; amplitude up to 32767. */
int32_t calix__draw_within(uint64_t seed, uint32_t stream, uint64_t index, uint32_t amplitude);

#endif

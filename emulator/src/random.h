// SPDX-License-Identifier: MIT
#ifndef EMULATOR_RANDOM_H
#define EMULATOR_RANDOM_H

/** @file
 *  @brief Counter-based random numbers of the digital half: any number can be drawn again, in any
 *  order (Philox4x32-10, source: spec/emulator_numerics.md 5). */

#include <stdint.h>

/** What a random number is for. */
enum emulator_random_stream {
	EMULATOR_RANDOM_BACKGROUND = 0x6269, /**< background sources */
	EMULATOR_RANDOM_LINK = 0x6c69,       /**< jitter of the way to the chip */
	EMULATOR_RANDOM_OUTPUT = 0x6f75,     /**< jitter of the way from the chip */
};

/** Draw 128 random bits.
 *  @param[out] out  four words
 *  @param seed      key
 *  @param stream    what they are for
 *  @param counter   number of the draw */
void emulator__random(uint32_t out[4], uint64_t seed, enum emulator_random_stream stream,
        uint64_t counter);

#endif

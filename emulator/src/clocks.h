// SPDX-License-Identifier: MIT
#ifndef EMULATOR_CLOCKS_H
#define EMULATOR_CLOCKS_H

/** @file
 *  @brief The clock generators of the chip: what their registers make of the 50 MHz of the board,
 *  and their self-test (source: spec/stadls.md 5.2, spec/registers_chip.md 10). */

#include <stdbool.h>
#include <stdint.h>

enum {
	EMULATOR_PLL_WORDS = 6,  /**< two generators of two words, outputs, self-test */
	EMULATOR_PLL_NEEDED = 5, /**< of these must be set before the clocks run */
};

/** The clock generators. */
struct emulator_clocks {
	uint32_t word[EMULATOR_PLL_WORDS]; /**< registers; 0 until they are set */
	bool broken;                       /**< they never lock */
	uint64_t test_begin;               /**< tick at which the self-test was started */
};

/** Do they run? @param clocks the generators @return true when all registers are set */
bool emulator__clocks_run(const struct emulator_clocks *clocks);

/** Frequency of a clock output. @param clocks the generators
 *  @param output 0 serialiser, 1 links, 2 processors, 3 fast converter
 *  @return MHz, 0 when it stands */
double emulator__clocks_frequency(const struct emulator_clocks *clocks, unsigned output);

/** Write a register. @param clocks the generators @param number 0 ... 5 @param value bits
 *  @param mask bits that are written @param tick now */
void emulator__clocks_write(struct emulator_clocks *clocks, unsigned number, uint32_t value,
        uint32_t mask, uint64_t tick);

/** Status of the self-test: count, bit 20 finished, bit 21 success. @param clocks the generators
 *  @param tick now @return the word */
uint32_t emulator__clocks_self_test(const struct emulator_clocks *clocks, uint64_t tick);

#endif

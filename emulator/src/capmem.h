// SPDX-License-Identifier: MIT
#ifndef EMULATOR_CAPMEM_H
#define EMULATOR_CAPMEM_H

/** @file
 *  @brief The capacitive memory: four blocks of 3120 cells that settle towards what was written.
 *
 *  A cell's value is kept in codes; what it means in volts or amperes is up to the reader. It
 *  approaches its target with a time constant of 2 ms in closed form. The target is the code, less
 *  the crosstalk of the cells of the same kind and block that hold the same code, plus the error of
 *  this write. Code 0 is exact; code 1023 lets the cell leak to 0 with a time constant of 1 s, and
 *  so does a block whose refresh is off. Source: spec/emulator_physics.md 1. */

#include <stdbool.h>
#include <stdint.h>

enum {
	CAPMEM_BLOCKS = 4,
	CAPMEM_COLUMNS = 130,
	CAPMEM_ROWS = 24,
	CAPMEM_VOLTAGE_ROWS = 8, /**< rows 0 … 7 are voltages, 8 … 23 currents */
	CAPMEM_BLOCK_CELLS = CAPMEM_COLUMNS * CAPMEM_ROWS,
	CAPMEM_CELLS = CAPMEM_BLOCKS * CAPMEM_BLOCK_CELLS,
	CAPMEM_CODES = 1024,
	CAPMEM_COALESCE_TICKS = 250, /**< writes so close count as one moment */
};

/** All cells of a chip. */
struct capmem {
	uint64_t seed;               /**< of the write errors */
	uint64_t time;               /**< ticks at which `value` holds */
	bool noise;                  /**< write errors on */
	bool crosstalk;              /**< cells of one code disturb each other */
	bool settling;               /**< some value still moves */
	bool moving[CAPMEM_BLOCKS];  /**< … of this block */
	bool stale[CAPMEM_BLOCKS];   /**< targets need computing */
	bool refresh[CAPMEM_BLOCKS]; /**< blocks that are refreshed */
	float scale[CAPMEM_BLOCKS];  /**< what a code of the block is worth, 1 with the typical
					reference current */
	uint16_t sharers[CAPMEM_BLOCKS][2]
			[CAPMEM_CODES]; /**< cells that hold a code: [block][voltage, current] */
	uint16_t code[CAPMEM_CELLS];
	uint32_t writes[CAPMEM_CELLS]; /**< of each cell so far */
	float error[CAPMEM_CELLS];     /**< of the last write, codes */
	float target[CAPMEM_CELLS];    /**< codes */
	float value[CAPMEM_CELLS];     /**< codes */
};

/** Begin with all cells at code 0. */
void emulator__capmem_init(struct capmem *capmem, uint64_t seed, bool noise);

/** Write a cell at time @p now. */
void emulator__capmem_set(struct capmem *capmem, uint64_t now, uint32_t cell, uint16_t code);

/** Switch the refresh of a block. */
void emulator__capmem_set_refresh(struct capmem *capmem, uint64_t now, uint32_t block, bool on);

/** Scale what the codes of a block mean: its cells settle anew. */
void emulator__capmem_set_scale(
	struct capmem *capmem, uint64_t now, uint32_t block, float scale);

/** Bring all values to time @p now. */
void emulator__capmem_advance(struct capmem *capmem, uint64_t now);

/** Voltage of a voltage cell that stands at @p value codes, V. */
float emulator__capmem_volt(float value);

/** Current of a current cell that stands at @p value codes, A. */
float emulator__capmem_ampere(float value);

#endif

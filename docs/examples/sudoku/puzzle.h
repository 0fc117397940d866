// SPDX-License-Identifier: MIT
#ifndef SUDOKU_PUZZLE_H
#define SUDOKU_PUZZLE_H

/* 4x4 Sudoku: the rules, without neurons. Cells are numbered row by row, digits are 1 to 4. */

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum { SUDOKU_SIZE = 4, SUDOKU_CELLS = 16 };

/** A grid, full or with empty cells. */
struct sudoku_grid {
	uint8_t digit[SUDOKU_CELLS]; /**< 1 ... 4, 0 = empty */
};

/** Read a puzzle. @param[out] out the grid @param text 16 cells row by row: 1 to 4, or '.' or '0'
 *  where the cell is empty; ':', '|', '/' and spaces between them are ignored
 *  @return 0 or HXCOMM_EINVAL, with the reason, for a malformed text or clues that contradict each
 *  other */
int sudoku_grid_parse(struct sudoku_grid *out, const char *text);

/** Do two cells exclude each other's digit? @param a 0 ... 15 @param b 0 ... 15
 *  @return whether they are different cells of one row, column or 2x2 block */
bool sudoku_cells_conflict(unsigned a, unsigned b);

/** Is a grid a solution? @param grid full or not @param clues that it must keep
 *  @return whether it is full, keeps the rules and the clues */
bool sudoku_grid_solves(const struct sudoku_grid *grid, const struct sudoku_grid *clues);

/** Search all solutions of a puzzle on the host. @param[out] first the first one, may be NULL
 *  @param clues the puzzle @param limit stop after so many @return number found */
unsigned sudoku_solutions_count(struct sudoku_grid *first, const struct sudoku_grid *clues,
        unsigned limit);

/** Make a puzzle with exactly one solution. @param[out] out the puzzle @param seed chooses it
 *  @param clues at least so many clues, 4 ... 16 (fewer than 4 never suffice) */
void sudoku_grid_generate(struct sudoku_grid *out, unsigned seed, unsigned clues);

/** Print a grid with its block borders. @param file where to @param grid what
 *  @param clues its clues are printed plain, found digits in bold if @p colour; may be NULL
 *  @param colour whether the file is a terminal */
void sudoku_grid_print(FILE *file, const struct sudoku_grid *grid, const struct sudoku_grid *clues,
        bool colour);

#endif

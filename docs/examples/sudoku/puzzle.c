// SPDX-License-Identifier: MIT
#define _POSIX_C_SOURCE 200809L
#include "puzzle.h"

#include <hxcomm/error.h>

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool sudoku_cells_conflict(unsigned a, unsigned b)
{
	const unsigned block_a = a / 8 * 2 + a % 4 / 2, block_b = b / 8 * 2 + b % 4 / 2;
	return a != b && (a / 4 == b / 4 || a % 4 == b % 4 || block_a == block_b);
}

/* Why two cells exclude each other, in words. */
static const char *shared(unsigned a, unsigned b)
{
	return a / 4 == b / 4 ? "row" : a % 4 == b % 4 ? "column" : "block";
}

static int check_clues(const struct sudoku_grid *grid)
{
	for (unsigned a = 0; a < SUDOKU_CELLS; a++)
		for (unsigned b = a + 1; b < SUDOKU_CELLS; b++)
			if (grid->digit[a] && grid->digit[a] == grid->digit[b] &&
			        sudoku_cells_conflict(a, b))
				return hxcomm_error_set(HXCOMM_EINVAL,
				        "the clues contradict each other: two times %u in one %s, in row "
				        "%u column %u and in row %u column %u",
				        grid->digit[a], shared(a, b), a / 4 + 1, a % 4 + 1, b / 4 + 1,
				        b % 4 + 1);
	return HXCOMM_OK;
}

int sudoku_grid_parse(struct sudoku_grid *out, const char *text)
{
	struct sudoku_grid grid = { { 0 } };
	unsigned cells = 0;
	for (const char *c = text; *c; c++) {
		if (strchr(":|/ ", *c))
			continue;
		const bool empty = *c == '.' || *c == '0';
		if (!empty && (*c < '1' || *c > '4'))
			return hxcomm_error_set(HXCOMM_EINVAL,
			        isprint((unsigned char)*c)
			                ? "'%c' is no cell of a puzzle: write 1 to 4, or a dot for an "
			                  "empty cell"
			                : "byte %d is no cell of a puzzle: write 1 to 4, or a dot for an "
			                  "empty cell",
			        (unsigned char)*c);
		if (cells < SUDOKU_CELLS)
			grid.digit[cells] = empty ? 0 : (uint8_t)(*c - '0');
		cells++;
	}
	if (cells != SUDOKU_CELLS)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a puzzle has 16 cells, row by row, this one has %u", cells);
	const int status = check_clues(&grid);
	if (status == HXCOMM_OK)
		*out = grid;
	return status;
}

static bool fits(const struct sudoku_grid *grid, unsigned cell, unsigned digit)
{
	for (unsigned other = 0; other < SUDOKU_CELLS; other++)
		if (grid->digit[other] == digit && sudoku_cells_conflict(cell, other))
			return false;
	return true;
}

bool sudoku_grid_solves(const struct sudoku_grid *grid, const struct sudoku_grid *clues)
{
	for (unsigned cell = 0; cell < SUDOKU_CELLS; cell++) {
		const unsigned digit = grid->digit[cell];
		if (!digit || digit > SUDOKU_SIZE || !fits(grid, cell, digit))
			return false;
		if (clues->digit[cell] && clues->digit[cell] != digit)
			return false;
	}
	return true;
}

unsigned sudoku_solutions_count(struct sudoku_grid *first, const struct sudoku_grid *clues,
        unsigned limit)
{
	struct sudoku_grid grid = *clues;
	unsigned found = 0;
	int cell = 0;
	for (unsigned i = 0; i < SUDOKU_CELLS; i++)
		if (clues->digit[i] && !fits(clues, i, clues->digit[i]))
			return 0;
	/* depth first without recursion: raise the digit of the present cell, or step back */
	bool back = false;
	while (cell >= 0 && found < limit) {
		const unsigned at = (unsigned)cell;
		if (cell == SUDOKU_CELLS) {
			if (!found++ && first)
				*first = grid;
			back = true;
		} else if (!clues->digit[at]) {
			unsigned digit = grid.digit[at] + 1u;
			grid.digit[at] = 0;
			while (digit <= SUDOKU_SIZE && !fits(&grid, at, digit))
				digit++;
			back = digit > SUDOKU_SIZE;
			if (!back)
				grid.digit[at] = (uint8_t)digit;
		}
		cell += back ? -1 : 1;
	}
	return found;
}

static void shuffle(unsigned *order, unsigned count, unsigned *seed)
{
	for (unsigned i = 0; i < count; i++)
		order[i] = i;
	for (unsigned i = count - 1; i > 0; i--) {
		const unsigned j = (unsigned)rand_r(seed) / 7 % (i + 1), swap = order[i];
		order[i] = order[j];
		order[j] = swap;
	}
}

/* A full grid: shuffle digits, and rows and columns as the blocks allow, of a known one. */
static void fill(struct sudoku_grid *out, unsigned *seed)
{
	static const uint8_t basic[SUDOKU_CELLS] = { 0, 1, 2, 3, 2, 3, 0, 1, 1, 0, 3, 2, 3, 2, 1, 0 };
	unsigned digits[4], bands[2], rows[2][2], columns[2][2], stacks[2];
	shuffle(digits, 4, seed);
	shuffle(bands, 2, seed);
	shuffle(stacks, 2, seed);
	for (unsigned i = 0; i < 2; i++) {
		shuffle(rows[i], 2, seed);
		shuffle(columns[i], 2, seed);
	}
	for (unsigned i = 0; i < SUDOKU_CELLS; i++) {
		const unsigned row = bands[i / 8] * 2 + rows[i / 8][i / 4 % 2];
		const unsigned column = stacks[i % 4 / 2] * 2 + columns[i % 4 / 2][i % 2];
		out->digit[i] = (uint8_t)(1 + digits[basic[4 * row + column]]);
	}
}

void sudoku_grid_generate(struct sudoku_grid *out, unsigned seed, unsigned clues)
{
	unsigned order[SUDOKU_CELLS], left = SUDOKU_CELLS;
	fill(out, &seed);
	shuffle(order, SUDOKU_CELLS, &seed);
	for (unsigned i = 0; i < SUDOKU_CELLS && left > clues; i++) {
		const uint8_t digit = out->digit[order[i]];
		out->digit[order[i]] = 0;
		left--;
		if (sudoku_solutions_count(NULL, out, 2) != 1) {
			out->digit[order[i]] = digit;
			left++;
		}
	}
}

void sudoku_grid_print(FILE *file, const struct sudoku_grid *grid, const struct sudoku_grid *clues,
        bool colour)
{
	for (unsigned cell = 0; cell < SUDOKU_CELLS; cell++) {
		const bool found = clues && grid->digit[cell] && !clues->digit[cell];
		if (cell == 8)
			fputs("  ----+----\n", file);
		fputs(cell % 4 == 0 ? "  " : cell % 4 == 2 ? "| " : "", file);
		if (grid->digit[cell])
			fprintf(file, found && colour ? "\033[1m%u\033[0m" : "%u",
			        grid->digit[cell]);
		else
			fputc('.', file);
		fputc(cell % 4 == 3 ? '\n' : ' ', file);
	}
}

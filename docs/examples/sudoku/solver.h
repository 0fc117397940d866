// SPDX-License-Identifier: MIT
#ifndef SUDOKU_SOLVER_H
#define SUDOKU_SOLVER_H

/* A 4x4 Sudoku as a winner-take-all network: one group of neurons for each digit of each cell. */

#include "puzzle.h"

#include <grenade/grenade.h>
#include <haldls/chip.h>
#include <hxcomm/connection.h>

enum { SUDOKU_GROUPS = SUDOKU_CELLS * SUDOKU_SIZE };

/** Strengths of the network, weights in units of the chip's synapses. */
struct sudoku_drive {
	double noise_rate_hz;       /**< of the independent noise of each neuron */
	uint16_t noise_weight;      /**< of a noise spike */
	uint16_t excitation_weight; /**< between the neurons of a group */
	uint16_t inhibition_weight; /**< between neurons of groups that exclude each other */
	double clue_rate_hz;        /**< of the spikes that a clue sends to its group */
	uint16_t clue_weight;       /**< of such a spike */
	double window_s;            /**< spikes are counted in windows of this length */
};

/** The strengths that main.c uses. */
extern const struct sudoku_drive sudoku_drive_default;

/** What the network found. */
struct sudoku_outcome {
	bool solved;             /**< the grid keeps all rules and clues */
	struct sudoku_grid grid; /**< the solution, or else what the last window showed */
	double found_s;          /**< end of the window that showed the solution, in its run */
	double share;            /**< share of the windows behind it that show a solution, too */
	unsigned runs;           /**< runs of the chip until then */
	double chip_s;           /**< time that the network ran on the chip, all runs */
	size_t spikes;           /**< spikes of its neurons, all runs */
};

/** A network on a chip. */
struct sudoku_solver;

/** Make the network and its plan. @param[out] out the solver, NULL after an error
 *  @param connection an open connection, lent @param chip its calibrated configuration, copied
 *  @param unavailable [512] neurons not to use, or NULL @param drive NULL for the default
 *  @return 0 or an error of grenade */
int sudoku_solver_new(struct sudoku_solver **out, struct hxcomm_connection *connection,
        const struct haldls_chip *chip, const bool *unavailable,
        const struct sudoku_drive *drive);

/** Free a solver. @param solver may be NULL */
void sudoku_solver_free(struct sudoku_solver *solver);

/** Let the network search for a solution. @param[out] out what it found @param solver the network
 *  @param clues the puzzle @param duration_s length of a run on the chip
 *  @param runs most runs; each has other noise @param seed chooses the noise
 *  @return 0, solved or not, or an error of grenade */
int sudoku_solve(struct sudoku_outcome *out, struct sudoku_solver *solver,
        const struct sudoku_grid *clues, double duration_s, unsigned runs, uint32_t seed);

/** Write the spikes of the last run as CSV: time_s, neuron, and the digit that it stands for.
 *  @param file where to @param solver after sudoku_solve() @return 0 or HXCOMM_EIO */
int sudoku_spikes_write(FILE *file, const struct sudoku_solver *solver);

#endif

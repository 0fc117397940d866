// SPDX-License-Identifier: MIT
/* Spiking neurons solve a 4x4 Sudoku on a neuromorphic chip. See README.md. */
#include "example.h"
#include "solver.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <unistd.h>

/* A puzzle with one solution, for those who bring none. */
static const char default_puzzle[] = "1...:..3.:.4..:...2";

enum { EXIT_USAGE = 2, RUNS_MAX = 1000 };

struct arguments {
	struct example_options chip;
	const char *puzzle;
	const char *spikes;
	double duration_ms;
	unsigned runs;
	uint32_t seed;
};

static const struct argp_option options[] = {
	{ "duration", 'd', "MS", 0, "length of a run on the chip, in ms (default 5)", 0 },
	{ "runs", 'n', "NUMBER", 0, "most runs, each with other noise (default 5)", 0 },
	{ "seed", 'r', "NUMBER", 0, "seed of the noise (default 0)", 0 },
	{ "spikes", 'o', "FILE", 0, "write the spikes of the last run as CSV", 0 },
	{ "output", 0, NULL, OPTION_ALIAS, NULL, 0 },
	{ 0 },
};

static double number(struct argp_state *state, const char *name, const char *text, double min,
        double max)
{
	char *end;
	const double value = strtod(text, &end);
	if (end == text || *end || !(value >= min && value <= max))
		argp_error(state, "--%s is '%s', allowed are %g to %g", name, text, min, max);
	return value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct arguments *out = state->input;
	switch (key) {
	case 'd':
		out->duration_ms = number(state, "duration", argument, 0.5, 1000);
		return 0;
	case 'n':
		out->runs = (unsigned)number(state, "runs", argument, 1, RUNS_MAX);
		return 0;
	case 'r':
		out->seed = (uint32_t)number(state, "seed", argument, 0, UINT32_MAX);
		return 0;
	case 'o':
		out->spikes = argument;
		return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 0)
			argp_error(state, "one puzzle at a time: '%s' is too much", argument);
		out->puzzle = argument;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &out->chip;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &example_argp, 0, "Chip:", 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.args_doc = "[PUZZLE]",
	.doc = "Let spiking neurons on a neuromorphic chip solve a 4x4 Sudoku.\v"
	       "PUZZLE is 16 characters, row by row: 1 to 4, and a dot or 0 where the answer is wanted; "
	       "colons between the rows are ignored. Without one, 1...:..3.:.4..:...2 is solved.\n\n"
	       "Exits with 0 if the network found the solution, 1 if not or if something failed, 2 if the "
	       "puzzle or the command line makes no sense.",
	.children = children,
};

static int write_spikes(const char *path, const struct sudoku_solver *solver)
{
	FILE *file;
	const int status = example_file_open(&file, path);
	if (status != HXCOMM_OK)
		return status;
	return example_file_close(file, path, sudoku_spikes_write(file, solver));
}

static void report(const struct sudoku_outcome *outcome, const struct sudoku_grid *clues,
        const struct arguments *arguments, double wall_s)
{
	if (outcome->solved)
		printf("\nSolved, %.2f ms after the start of run %u:\n\n", 1e3 * outcome->found_s,
		        outcome->runs);
	else
		printf("\nThe network found no solution in %u runs of %g ms. At last it showed:\n\n",
		        outcome->runs, arguments->duration_ms);
	sudoku_grid_print(stdout, &outcome->grid, clues, isatty(STDOUT_FILENO));
	if (!outcome->solved && arguments->chip.uncalibrated)
		printf("\nNo wonder: without --uncalibrated its neurons would be alike.\n");
	printf("\nspikes     %zu\n", outcome->spikes);
	printf("chip time  %.2f ms\n", 1e3 * outcome->chip_s);
	printf("wall time  %.2f s\n", wall_s);
}

static int run(const struct arguments *arguments, const struct sudoku_grid *clues)
{
	struct sudoku_solver *solver = NULL;
	struct sudoku_outcome outcome;
	struct example_chip chip;
	const double started = example_seconds();
	int status = example_chip_open(&chip, &arguments->chip);
	if (status == HXCOMM_OK) {
		printf("Chip %s, puzzle:\n\n", hxcomm_identifier(chip.connection));
		sudoku_grid_print(stdout, clues, NULL, false);
		status = sudoku_solver_new(&solver, chip.connection, chip.configuration,
		        chip.unavailable, NULL);
	}
	if (status == HXCOMM_OK)
		status = sudoku_solve(&outcome, solver, clues, 1e-3 * arguments->duration_ms,
		        arguments->runs, arguments->seed);
	if (status == HXCOMM_OK)
		report(&outcome, clues, arguments, example_seconds() - started);
	if (status == HXCOMM_OK && arguments->spikes)
		status = write_spikes(arguments->spikes, solver);
	const int code = status != HXCOMM_OK ? example_fail() : outcome.solved ? 0 : 1;
	sudoku_solver_free(solver);
	example_chip_close(&chip);
	return code;
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .puzzle = default_puzzle, .duration_ms = 5, .runs = 5 };
	struct sudoku_grid clues;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	if (sudoku_grid_parse(&clues, arguments.puzzle) != HXCOMM_OK) {
		(void)example_fail();
		return EXIT_USAGE;
	}
	return run(&arguments, &clues);
}

// SPDX-License-Identifier: MIT
/* The Sudoku example: its rules, its network on five calibrated chips and on the same chips without
 * calibration, and the program as a user runs it. */
#include "assert.h"
#include "program.h"

#include "example.h"
#include "solver.h"

#include <stdlib.h>

enum { SERIALS = CHIPS, PUZZLES = 20, CLUES = 6, SOLVED_AT_LEAST = 18, UNCALIBRATED_PUZZLES = 4 };

static const double duration_s = 5e-3;

/* ---- rules ----------------------------------------------------------------------------------- */

static void puzzles_are_read_row_by_row(void **state)
{
	struct sudoku_grid grid;
	(void)state;
	assert_ok(sudoku_grid_parse(&grid, "1...:..3.:.4..:...2"));
	for (unsigned cell = 0; cell < SUDOKU_CELLS; cell++) {
		static const uint8_t digits[SUDOKU_CELLS] = { [0] = 1, [6] = 3, [9] = 4, [15] = 2 };
		assert_int_equal(grid.digit[cell], digits[cell]);
	}
	struct sudoku_grid same;
	assert_ok(sudoku_grid_parse(&same, "1000003004000002"));
	assert_memory_equal(&grid, &same, sizeof(grid));
}

static void malformed_puzzles_are_refused_with_the_reason(void **state)
{
	static const struct {
		const char *text, *message;
	} rows[] = {
		{ "", "a puzzle has 16 cells, row by row, this one has 0" },
		{ "123", "this one has 3" },
		{ "................1", "this one has 17" },
		{ "5...............", "'5' is no cell of a puzzle" },
		{ "1..x............", "'x' is no cell of a puzzle" },
		{ "1..\n............", "byte 10 is no cell" },
		{ "1..1............", "two times 1 in one row, in row 1 column 1 and in row 1 column 4" },
		{ ".2...........2..", "two times 2 in one column, in row 1 column 2 and in row 4 column 2" },
		{ "..........4....4", "two times 4 in one block, in row 3 column 3 and in row 4 column 4" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct sudoku_grid grid = { { 9 } };
		assert_error(sudoku_grid_parse(&grid, rows[i].text), HXCOMM_EINVAL, rows[i].message);
		assert_int_equal(grid.digit[0], 9);
	}
}

/* There are 288 full grids; a cell shares a row, a column or a block with seven others. */
static void the_rules_are_those_of_the_game(void **state)
{
	struct sudoku_grid grid, solution;
	(void)state;
	assert_ok(sudoku_grid_parse(&grid, "................"));
	assert_int_equal(sudoku_solutions_count(NULL, &grid, 1000), 288);
	for (unsigned a = 0; a < SUDOKU_CELLS; a++) {
		unsigned others = 0;
		for (unsigned b = 0; b < SUDOKU_CELLS; b++) {
			others += sudoku_cells_conflict(a, b);
			assert_int_equal(sudoku_cells_conflict(a, b), sudoku_cells_conflict(b, a));
		}
		assert_int_equal(others, 7);
	}
	/* the puzzle that the program solves when it is given none */
	assert_ok(sudoku_grid_parse(&grid, "1...:..3.:.4..:...2"));
	assert_int_equal(sudoku_solutions_count(&solution, &grid, 1000), 1);
	assert_true(sudoku_grid_solves(&solution, &grid));
	assert_false(sudoku_grid_solves(&grid, &grid));
	solution.digit[3] = (uint8_t)(solution.digit[3] % 4 + 1);
	assert_false(sudoku_grid_solves(&solution, &grid));
	/* no clue contradicts another, yet the last cell of the first row has no digit left */
	assert_ok(sudoku_grid_parse(&grid, "123.:...4:....:...."));
	assert_int_equal(sudoku_solutions_count(NULL, &grid, 1000), 0);
}

static void generated_puzzles_have_one_solution(void **state)
{
	(void)state;
	for (unsigned seed = 0; seed < 200; seed++) {
		struct sudoku_grid grid;
		unsigned clues = 0;
		sudoku_grid_generate(&grid, seed, CLUES);
		for (unsigned cell = 0; cell < SUDOKU_CELLS; cell++)
			clues += grid.digit[cell] != 0;
		assert_in_range(clues, CLUES, SUDOKU_CELLS);
		assert_int_equal(sudoku_solutions_count(NULL, &grid, 1000), 1);
	}
}

/* ---- the network ----------------------------------------------------------------------------- */

static unsigned count_solved(unsigned serial, bool uncalibrated, unsigned puzzles)
{
	struct example_options options = { .store = CALIBRATION_STORE, .uncalibrated = uncalibrated };
	struct sudoku_solver *solver;
	struct example_chip chip;
	char uri[64];
	unsigned solved = 0;
	snprintf(uri, sizeof(uri), "emulator:?serial=%u", serial);
	options.connection = uri;
	assert_ok(example_chip_open(&chip, &options));
	assert_ok(sudoku_solver_new(&solver, chip.connection, chip.configuration, chip.unavailable,
	        NULL));
	for (unsigned i = 0; i < puzzles; i++) {
		struct sudoku_grid clues, solution;
		struct sudoku_outcome outcome;
		sudoku_grid_generate(&clues, 100 * serial + i, CLUES);
		assert_ok(sudoku_solve(&outcome, solver, &clues, duration_s, 1, i));
		assert_int_equal(outcome.runs, 1);
		assert_near(outcome.chip_s, duration_s, 1e-4, 0);
		solved += outcome.solved;
		if (!outcome.solved)
			continue;
		/* the only solution, as found by trying */
		assert_int_equal(sudoku_solutions_count(&solution, &clues, 2), 1);
		assert_memory_equal(&outcome.grid, &solution, sizeof(solution));
	}
	sudoku_solver_free(solver);
	example_chip_close(&chip);
	return solved;
}

static void calibrated_chips_solve_puzzles(void **state)
{
	(void)state;
	for (unsigned serial = 1; serial <= SERIALS; serial++) {
		const unsigned solved = count_solved(serial, false, PUZZLES);
		print_message("serial %u: %u of %d puzzles solved in one run of %g ms each\n", serial,
		        solved, PUZZLES, 1e3 * duration_s);
		assert_in_range(solved, SOLVED_AT_LEAST, PUZZLES);
	}
}

static void uncalibrated_chips_do_not(void **state)
{
	unsigned solved = 0;
	(void)state;
	for (unsigned serial = 1; serial <= SERIALS; serial++)
		solved += count_solved(serial, true, UNCALIBRATED_PUZZLES);
	print_message("uncalibrated: %u of %d puzzles solved\n", solved,
	        SERIALS * UNCALIBRATED_PUZZLES);
	assert_in_range(solved, 0, SERIALS * UNCALIBRATED_PUZZLES / 4);
}

/* ---- the program ----------------------------------------------------------------------------- */

static const char store[] = " --store " CALIBRATION_STORE " ";

static const char *with_store(const char *arguments)
{
	static char line[512];
	snprintf(line, sizeof(line), "%s%s", store, arguments);
	return line;
}

static void the_program_prints_the_solution_and_what_it_took(void **state)
{
	static const char *const texts[] = {
		"Solved", "1 3 | 2 4\n  4 2 | 3 1\n  ----+----\n  2 4 | 1 3\n  3 1 | 4 2\n", "spikes ",
		"chip time  5.00 ms", "wall time  ", "Chip emulator-2",
	};
	(void)state;
	FOR_ROWS(i, texts)
		assert_program(SUDOKU, with_store("-c 'emulator:?serial=2'"), 0, texts[i]);
}

static void the_program_says_when_it_finds_none(void **state)
{
	(void)state;
	assert_program(SUDOKU, with_store("--runs 2 --duration 1 123.:...4:....:...."), 1,
	        "The network found no solution in 2 runs of 1 ms");
	assert_program(SUDOKU, "--uncalibrated --runs 1 -c emulator:", 1, "found no solution");
}

static void the_program_refuses_what_makes_no_sense(void **state)
{
	static const struct {
		const char *arguments;
		int code;
		const char *message;
	} rows[] = {
		{ "1..1............", 2, "the clues contradict each other: two times 1 in one row" },
		{ "12", 2, "a puzzle has 16 cells" },
		{ "12.............x", 2, "'x' is no cell" },
		{ "................ ................", 2, "one puzzle at a time" },
		{ "--duration=0", 2, "--duration is '0', allowed are 0.5 to 1000" },
		{ "--runs=many", 2, "--runs is 'many'" },
		{ "--nonsense", 2, "nonsense" },
		{ "-c nowhere:", 1, "nowhere" },
		{ "-c 'emulator:?serial=1000'", 1, "1000" },
		{ "-c 'emulator:?color=red'", 1, "color" },
		{ "-c 'emulator:?serial=9'", 1, "has no calibration yet, run `bss calibrate`" },
		{ "-c emulator: --store /nonexistent/store", 1, "/nonexistent/store" },
		{ "-c emulator: --spikes /nonexistent/spikes", 1, "'/nonexistent/spikes' cannot" },
	};
	(void)state;
	FOR_ROWS(i, rows)
		assert_program(SUDOKU, with_store(rows[i].arguments), rows[i].code, rows[i].message);
}

static void spikes_are_written_as_a_table(void **state)
{
#define SPIKES TEST_BINARY_DIR "/spikes.csv"
	char output[PROGRAM_OUTPUT], line[128];
	unsigned long spikes = 0, rows = 0;
	double last = 0;
	(void)state;
	assert_int_equal(program_run(output, SUDOKU, with_store("-c emulator: --spikes " SPIKES)), 0);
	assert_int_equal(sscanf(strstr(output, "spikes "), "spikes %lu", &spikes), 1);
	FILE *file = fopen(SPIKES, "r");
	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	assert_string_equal(line, "time_s,neuron,group\n");
	while (fgets(line, sizeof(line), file)) {
		double time_s;
		unsigned neuron, digit;
		assert_int_equal(sscanf(line, "%lf,%u,digit %u\n", &time_s, &neuron, &digit), 3);
		assert_true(time_s >= last && time_s < duration_s);
		assert_in_range(neuron, 0, 191);
		assert_int_equal(digit, neuron / 3 % 4 + 1);
		last = time_s;
		rows++;
	}
	fclose(file);
	assert_int_equal(rows, spikes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(puzzles_are_read_row_by_row),
		cmocka_unit_test(malformed_puzzles_are_refused_with_the_reason),
		cmocka_unit_test(the_rules_are_those_of_the_game),
		cmocka_unit_test(generated_puzzles_have_one_solution),
		cmocka_unit_test(calibrated_chips_solve_puzzles),
		cmocka_unit_test(uncalibrated_chips_do_not),
		cmocka_unit_test(the_program_prints_the_solution_and_what_it_took),
		cmocka_unit_test(the_program_says_when_it_finds_none),
		cmocka_unit_test(the_program_refuses_what_makes_no_sense),
		cmocka_unit_test(spikes_are_written_as_a_table),
	};
	return cmocka_run_group_tests_name("end_to_end/sudoku", tests, NULL, NULL);
}

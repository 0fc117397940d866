// SPDX-License-Identifier: MIT
#include "solver.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

enum {
	NEURONS_PER_GROUP = 3,
	NEURONS = SUDOKU_GROUPS * NEURONS_PER_GROUP,
	/* windows overlap by all but this share of their length */
	WINDOW_STEPS = 4,
};

const struct sudoku_drive sudoku_drive_default = {
	.noise_rate_hz = 90e3,
	.noise_weight = 63,
	.excitation_weight = 20,
	.inhibition_weight = 40,
	.clue_rate_hz = 100e3,
	.clue_weight = 126,
	.window_s = 200e-6,
};

struct sudoku_solver {
	struct sudoku_drive drive;
	struct grenade_network *network;
	struct grenade_plan *plan;
	struct grenade_session *session;
	struct haldls_chip *chip;
	struct grenade_result *result; /* of the last run */
	uint32_t neurons;              /* population */
	uint32_t clues;                /* projection from the clue sources, one to each neuron */
};

/* Group of a digit of a cell, and neuron of a group. */
static uint32_t group_of(unsigned cell, unsigned digit)
{
	return cell * SUDOKU_SIZE + digit - 1;
}

static uint32_t neuron_of(uint32_t group, uint32_t member)
{
	return group * NEURONS_PER_GROUP + member;
}

/* Two groups exclude each other: two digits of one cell, or one digit of two cells. */
static bool exclude(uint32_t a, uint32_t b)
{
	const uint32_t cell_a = a / SUDOKU_SIZE, cell_b = b / SUDOKU_SIZE;
	if (cell_a == cell_b)
		return a != b;
	return a % SUDOKU_SIZE == b % SUDOKU_SIZE && sudoku_cells_conflict(cell_a, cell_b);
}

static int add_rules(struct sudoku_solver *solver)
{
	enum { MOST = NEURONS * (NEURONS - 1) };
	const struct sudoku_drive *drive = &solver->drive;
	struct grenade_connection *inhibition = malloc(MOST * sizeof(*inhibition));
	struct grenade_connection *excitation = malloc(MOST * sizeof(*excitation));
	size_t inhibitions = 0, excitations = 0;
	uint32_t projection;
	int status;
	if (!inhibition || !excitation) {
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the network");
		goto out;
	}
	for (uint32_t i = 0; i < NEURONS; i++) {
		for (uint32_t j = 0; j < NEURONS; j++) {
			const uint32_t a = i / NEURONS_PER_GROUP, b = j / NEURONS_PER_GROUP;
			if (exclude(a, b))
				inhibition[inhibitions++] = (struct grenade_connection){
					.pre = i, .post = j, .weight = drive->inhibition_weight };
			else if (a == b && i != j && drive->excitation_weight)
				excitation[excitations++] = (struct grenade_connection){
					.pre = i, .post = j, .weight = drive->excitation_weight };
		}
	}
	status = grenade_network_add_projection(&projection, solver->network, solver->neurons,
	        solver->neurons, GRENADE_INHIBITORY, inhibition, inhibitions);
	if (status == HXCOMM_OK)
		status = grenade_network_add_projection(&projection, solver->network,
		        solver->neurons, solver->neurons, GRENADE_EXCITATORY, excitation,
		        excitations);
out:
	free(inhibition);
	free(excitation);
	return status;
}

/* Noise: one generator for the first neurons of all groups, one for the second, ... */
static int add_noise(struct sudoku_solver *solver)
{
	for (uint32_t member = 0; member < NEURONS_PER_GROUP; member++) {
		struct grenade_background background = GRENADE_BACKGROUND_INIT;
		struct grenade_connection connections[SUDOKU_GROUPS];
		uint32_t sources, projection;
		background.rate_hz = solver->drive.noise_rate_hz;
		background.seed = 1000 + member;
		int status = grenade_network_add_background(&sources, solver->network,
		        SUDOKU_GROUPS, &background);
		for (uint32_t group = 0; group < SUDOKU_GROUPS; group++)
			connections[group] = (struct grenade_connection){ .pre = group,
				.post = neuron_of(group, member),
				.weight = solver->drive.noise_weight };
		if (status == HXCOMM_OK)
			status = grenade_network_add_projection(&projection, solver->network,
			        sources, solver->neurons, GRENADE_EXCITATORY, connections,
			        SUDOKU_GROUPS);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

/* Clues: a source for each group. Which of them is heard is decided by weights, puzzle by puzzle. */
static int add_clues(struct sudoku_solver *solver)
{
	struct grenade_background background = GRENADE_BACKGROUND_INIT;
	struct grenade_connection connections[NEURONS];
	uint32_t sources;
	background.rate_hz = solver->drive.clue_rate_hz;
	background.seed = 2000;
	const int status = grenade_network_add_background(&sources, solver->network, SUDOKU_GROUPS,
	        &background);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t i = 0; i < NEURONS; i++)
		connections[i] = (struct grenade_connection){ .pre = i / NEURONS_PER_GROUP,
			.post = i, .weight = solver->drive.clue_weight };
	return grenade_network_add_projection(&solver->clues, solver->network, sources,
	        solver->neurons, GRENADE_EXCITATORY, connections, NEURONS);
}

int sudoku_solver_new(struct sudoku_solver **out, struct hxcomm_connection *connection,
        const struct haldls_chip *chip, const bool *unavailable,
        const struct sudoku_drive *drive)
{
	struct grenade_plan_options options = GRENADE_PLAN_OPTIONS_INIT;
	*out = NULL;
	options.unavailable_neurons = unavailable;
	struct sudoku_solver *solver = calloc(1, sizeof(*solver));
	if (!solver)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a solver");
	solver->drive = drive ? *drive : sudoku_drive_default;
	solver->chip = malloc(sizeof(*solver->chip));
	int status = HXCOMM_OK;
	if (solver->chip)
		*solver->chip = *chip;
	else
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip's configuration");
	if (status == HXCOMM_OK)
		status = grenade_network_new(&solver->network);
	if (status == HXCOMM_OK)
		status = grenade_network_add_neurons(&solver->neurons, solver->network, NEURONS,
		        NULL);
	if (status == HXCOMM_OK)
		status = grenade_network_record_spikes(solver->network, solver->neurons);
	if (status == HXCOMM_OK)
		status = add_rules(solver);
	if (status == HXCOMM_OK)
		status = add_noise(solver);
	if (status == HXCOMM_OK)
		status = add_clues(solver);
	if (status == HXCOMM_OK)
		status = grenade_plan(&solver->plan, solver->network, &options);
	if (status == HXCOMM_OK)
		status = grenade_session_new(&solver->session, connection);
	if (status != HXCOMM_OK) {
		sudoku_solver_free(solver);
		return status;
	}
	*out = solver;
	return HXCOMM_OK;
}

void sudoku_solver_free(struct sudoku_solver *solver)
{
	if (!solver)
		return;
	grenade_result_free(solver->result);
	grenade_session_free(solver->session);
	grenade_plan_free(solver->plan);
	grenade_network_free(solver->network);
	free(solver->chip);
	free(solver);
}

static int set_clues(struct sudoku_solver *solver, const struct sudoku_grid *clues)
{
	uint16_t weights[NEURONS] = { 0 };
	for (unsigned cell = 0; cell < SUDOKU_CELLS; cell++)
		for (uint32_t member = 0; clues->digit[cell] && member < NEURONS_PER_GROUP; member++)
			weights[neuron_of(group_of(cell, clues->digit[cell]), member)] =
			        solver->drive.clue_weight;
	return grenade_plan_set_weights(solver->plan, solver->clues, weights, NEURONS);
}

/* The digit of a cell is that of the group with the most spikes; a draw is no digit. */
static void decide(struct sudoku_grid *out, const uint32_t counts[SUDOKU_GROUPS])
{
	for (unsigned cell = 0; cell < SUDOKU_CELLS; cell++) {
		uint32_t most = 0;
		out->digit[cell] = 0;
		for (unsigned digit = 1; digit <= SUDOKU_SIZE; digit++) {
			const uint32_t count = counts[group_of(cell, digit)];
			if (count == most)
				out->digit[cell] = 0;
			if (count > most) {
				most = count;
				out->digit[cell] = (uint8_t)digit;
			}
		}
	}
}

/* Slide a window over the spikes: the first one that shows a solution is the answer. */
static void read_spikes(struct sudoku_outcome *out, const struct grenade_spikes *spikes,
        const struct sudoku_grid *clues, double window_s, double duration_s)
{
	const double step_s = window_s / WINDOW_STEPS;
	uint32_t counts[SUDOKU_GROUPS] = { 0 };
	size_t first = 0, end = 0;
	unsigned windows = 0, solved = 0;
	for (unsigned i = WINDOW_STEPS; i * step_s <= duration_s; i++) {
		struct sudoku_grid shown;
		for (; end < spikes->count && spikes->time_s[end] < i * step_s; end++)
			counts[spikes->neuron[end] / NEURONS_PER_GROUP]++;
		for (; first < end && spikes->time_s[first] < i * step_s - window_s; first++)
			counts[spikes->neuron[first] / NEURONS_PER_GROUP]--;
		decide(&shown, counts);
		windows += out->solved;
		if (sudoku_grid_solves(&shown, clues)) {
			solved += out->solved;
			if (!out->solved)
				out->found_s = i * step_s;
			out->solved = true;
			out->grid = shown;
		} else if (!out->solved) {
			out->grid = shown;
		}
	}
	out->share = windows ? (double)solved / windows : 0;
}

int sudoku_solve(struct sudoku_outcome *out, struct sudoku_solver *solver,
        const struct sudoku_grid *clues, double duration_s, unsigned runs, uint32_t seed)
{
	struct grenade_input input = GRENADE_INPUT_INIT;
	*out = (struct sudoku_outcome){ 0 };
	int status = set_clues(solver, clues);
	if (status != HXCOMM_OK)
		return status;
	input.duration_s = duration_s;
	for (; out->runs < runs && !out->solved; out->runs++) {
		struct grenade_spikes spikes;
		input.seed = seed + 10000 * out->runs;
		grenade_result_free(solver->result);
		status = grenade_session_run(&solver->result, solver->session, solver->plan,
		        solver->chip, &input);
		if (status == HXCOMM_OK)
			status = grenade_result_spikes(&spikes, solver->result, solver->neurons);
		if (status != HXCOMM_OK)
			return status;
		out->chip_s += grenade_result_statistics(solver->result)->duration_s;
		out->spikes += spikes.count;
		read_spikes(out, &spikes, clues, solver->drive.window_s, duration_s);
	}
	return HXCOMM_OK;
}

int sudoku_spikes_write(FILE *file, const struct sudoku_solver *solver)
{
	struct grenade_spikes spikes;
	const int status = grenade_result_spikes(&spikes, solver->result, solver->neurons);
	if (status != HXCOMM_OK)
		return status;
	fputs("time_s,neuron,group\n", file);
	for (size_t i = 0; i < spikes.count; i++)
		fprintf(file, "%.9f,%u,digit %u\n", spikes.time_s[i], (unsigned)spikes.neuron[i],
		        (unsigned)(spikes.neuron[i] / NEURONS_PER_GROUP % SUDOKU_SIZE + 1));
	return ferror(file) ? hxcomm_error_set(HXCOMM_EIO, "the spikes could not be written")
	                    : HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* The way from a connection to the machine behind it, and what can be asked of that. */
#include "machine.h"

#include "correlation.h"
#include "oracle.h"

#include <math.h>
#include <pthread.h>

enum { NEURONS = 512, SYNAPSES = 131072, CHANNELS = 1024, DRIVERS = 256, CELLS = 12480, PADS = 2 };

static const double volt_most = 2.5, celsius_least = 10, celsius_most = 80;

static pthread_mutex_t list_lock = PTHREAD_MUTEX_INITIALIZER;
static struct emulator_machine *machines;

/* ---- the list -------------------------------------------------------------------------------- */

void emulator__machine_list(struct emulator_machine *machine)
{
	pthread_mutex_lock(&list_lock);
	machine->next = machines;
	machines = machine;
	pthread_mutex_unlock(&list_lock);
}

void emulator__machine_unlist(struct emulator_machine *machine)
{
	pthread_mutex_lock(&list_lock);
	struct emulator_machine **link = &machines;
	while (*link != machine)
		link = &(*link)->next;
	*link = machine->next;
	pthread_mutex_unlock(&list_lock);
}

static struct emulator_machine *find(const char *identifier)
{
	pthread_mutex_lock(&list_lock);
	struct emulator_machine *machine = machines;
	while (machine && machine->identifier != identifier)
		machine = machine->next;
	pthread_mutex_unlock(&list_lock);
	return machine;
}

/* ---- looking --------------------------------------------------------------------------------- */

static int check(const char *what, uint32_t number, uint32_t count)
{
	if (number < count)
		return HXCOMM_OK;
	return hxcomm_error_set(
		HXCOMM_ERANGE, "%s %u does not exist: there are 0 to %u", what, number, count - 1);
}

/* The chip as of now: what waits for its time there takes effect. */
static struct emulator_chip *chip_of(struct emulator_machine *machine)
{
	emulator__chip_apply(machine->fpga->chip);
	return machine->fpga->chip;
}

static uint64_t now(const struct emulator_machine *machine)
{
	return machine->fpga->chip->now;
}

static int look_at_neuron(
	struct emulator_neuron *out, struct emulator_machine *machine, uint32_t neuron)
{
	const int status = check("neuron", neuron, NEURONS);
	if (status != HXCOMM_OK)
		return status;
	struct emulator_chip *chip = chip_of(machine);
	struct emulator_analog_truth truth;
	emulator__analog_true_neuron(&truth, chip->analog, neuron);
	*out = (struct emulator_neuron){
		.membrane = emulator__analog_true_noisy_membrane(chip->analog, chip->now, neuron),
		.line_drop = {emulator__analog_true_line(chip->analog, neuron, 0),
			emulator__analog_true_line(chip->analog, neuron, 1)},
		.capacitance = truth.capacitance,
		.leak_conductance = truth.leak_conductance,
		.leak_current = truth.leak_current,
		.leak_reference = truth.leak_reference,
		.reset_conductance = truth.reset_conductance,
		.reset_reference = truth.reset_reference,
		.threshold = truth.threshold,
		.offset_current = truth.offset_current,
		.line_time_constant = {truth.tau_line[0], truth.tau_line[1]},
		.input_current = {truth.input_current[0], truth.input_current[1]},
		.input_offset = {truth.input_offset[0], truth.input_offset[1]},
		.noise_sigma = truth.noise_sigma,
		.readout_offset = truth.readout_offset,
		.readout_gain = truth.readout_gain,
	};
	return HXCOMM_OK;
}

static int look_at_synapse(
	struct emulator_synapse *out, struct emulator_machine *machine, uint32_t synapse)
{
	const int status = check("synapse", synapse, SYNAPSES);
	if (status != HXCOMM_OK)
		return status;
	struct emulator_analog *analog = chip_of(machine)->analog;
	const uint32_t hemisphere = synapse / 65536, row = synapse / 256 % 256,
		       column = synapse % 256;
	struct emulator_synapse seen = {
		.weight = emulator__analog_true_weight(analog, hemisphere, row, column),
	};
	for (uint32_t type = 0; type < 2; type++) {
		const int found = emulator__correlation_truth(&seen.amplitude[type],
			&seen.tau[type], analog, hemisphere, type, row, column);
		if (found != HXCOMM_OK)
			return found;
		seen.charge[type] =
			(double)emulator__correlation_charge(analog, hemisphere, type, row, column);
	}
	*out = seen;
	return HXCOMM_OK;
}

static int look_at_channel(
	struct emulator_channel *out, struct emulator_machine *machine, uint32_t channel)
{
	const int status = check("CADC channel", channel, CHANNELS);
	if (status == HXCOMM_OK)
		emulator__analog_true_channel(out, chip_of(machine)->analog, channel);
	return status;
}

static int look_at_driver(double *out, struct emulator_machine *machine, uint32_t driver)
{
	const int status = check("synapse driver", driver, DRIVERS);
	if (status != HXCOMM_OK)
		return status;
	struct emulator_chip *chip = chip_of(machine);
	*out = emulator__analog_true_driver(chip->analog, chip->now, driver);
	return HXCOMM_OK;
}

static int look_at_cell(double *out, struct emulator_machine *machine, uint32_t cell)
{
	const int status = check("cell", cell, CELLS);
	if (status != HXCOMM_OK)
		return status;
	struct emulator_chip *chip = chip_of(machine);
	*out = emulator__analog_true_cell(chip->analog, chip->now, cell);
	return HXCOMM_OK;
}

static int look_at_pad(double *out, struct emulator_machine *machine, uint32_t pad)
{
	const int status = check("pad", pad, PADS);
	if (status == HXCOMM_OK)
		*out = (double)emulator__analog_pad_volt(chip_of(machine)->analog, pad);
	return status;
}

/* ---- changing -------------------------------------------------------------------------------- */

static int check_value(const char *what, const char *unit, double value, double least, double most)
{
	if (value >= least && value <= most)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ERANGE, "%s is %g %s, allowed are %g %s to %g %s", what,
		value, unit, least, unit, most, unit);
}

static int drive_pad(struct emulator_machine *machine, uint32_t pad, bool driven, double volt)
{
	int status = check("pad", pad, PADS);
	if (status == HXCOMM_OK && driven)
		status = check_value("the voltage of a pad", "V", volt, 0, volt_most);
	if (status == HXCOMM_OK)
		emulator__analog_drive_pad(
			chip_of(machine)->analog, pad, driven, driven ? (float)volt : 0);
	return status;
}

static int set_supply(struct emulator_machine *machine, uint32_t supply, double volt)
{
	static const enum emulator_board_volt lines[] = {EMULATOR_V_RESET, EMULATOR_V_RES_MEAS};
	int status = check("supply", supply, sizeof(lines) / sizeof(*lines));
	if (status == HXCOMM_OK)
		status = check_value("a supply", "V", volt, 0, volt_most);
	if (status == HXCOMM_OK)
		emulator__analog_set_board_volt(
			chip_of(machine)->analog, lines[supply], (float)volt);
	return status;
}

static int set_temperature(struct emulator_machine *machine, double celsius)
{
	const int status =
		check_value("the temperature", "C", celsius, celsius_least, celsius_most);
	if (status != HXCOMM_OK)
		return status;
	machine->fpga->board.celsius = celsius;
	emulator__analog_set_temperature(chip_of(machine)->analog, (float)celsius);
	return HXCOMM_OK;
}

const struct emulator_oracle emulator__oracle = {
	.abi = EMULATOR_ORACLE_ABI,
	.size = sizeof(struct emulator_oracle),
	.find = find,
	.now = now,
	.neuron = look_at_neuron,
	.synapse = look_at_synapse,
	.channel = look_at_channel,
	.driver = look_at_driver,
	.cell = look_at_cell,
	.drive_pad = drive_pad,
	.pad = look_at_pad,
	.set_supply = set_supply,
	.set_temperature = set_temperature,
	.snapshot = emulator__machine_snapshot,
	.restore = emulator__machine_restore,
	.forget = emulator__machine_forget,
};

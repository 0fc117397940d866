// SPDX-License-Identifier: MIT
/* The way from a connection to the machine behind it, and what can be asked of that. */
#include "machine.h"

#include "correlation.h"
#include "oracle.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>

enum {
	NEURONS = 512,
	SYNAPSES = 131072,
	CHANNELS = 1024,
	DRIVERS = 256,
	CELLS = 12480,
	PADS = 2,
	QUADRANTS = 4
};

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

/* A copy of the analog half to look at. @status of the number that was asked for */
static int peek(struct emulator_analog **out, struct emulator_machine *machine, int status)
{
	struct emulator_chip *chip = NULL;
	*out = NULL;
	if (status == HXCOMM_OK) {
		chip = chip_of(machine);
		status = emulator__analog_peek(out, chip->analog, chip->now);
	}
	return status;
}

static int look_at_neuron(
	struct emulator_neuron *out, struct emulator_machine *machine, uint32_t neuron)
{
	struct emulator_analog *analog;
	const int status = peek(&analog, machine, check("neuron", neuron, NEURONS));
	if (status == HXCOMM_OK)
		emulator__analog_look_at_neuron(out, analog, now(machine), neuron);
	free(analog);
	return status;
}

static int look_at_sensors(
	struct emulator_synapse *out, struct emulator_analog *analog, uint32_t synapse)
{
	const uint32_t hemisphere = synapse / 65536, row = synapse / 256 % 256,
		       column = synapse % 256;
	for (uint32_t type = 0; type < 2; type++) {
		const int status = emulator__correlation_truth(&out->amplitude[type],
			&out->tau[type], analog, hemisphere, type, row, column);
		if (status != HXCOMM_OK)
			return status;
		out->charge[type] =
			(double)emulator__correlation_charge(analog, hemisphere, type, row, column);
		out->age[type] = emulator__correlation_age(analog, hemisphere, type, row, column);
	}
	return HXCOMM_OK;
}

static int look_at_synapse(
	struct emulator_synapse *out, struct emulator_machine *machine, uint32_t synapse)
{
	struct emulator_analog *analog;
	struct emulator_synapse seen = {0};
	int status = peek(&analog, machine, check("synapse", synapse, SYNAPSES));
	if (status == HXCOMM_OK) {
		emulator__analog_look_at_synapse(&seen, analog, synapse);
		status = look_at_sensors(&seen, machine->fpga->chip->analog, synapse);
	}
	if (status == HXCOMM_OK)
		*out = seen;
	free(analog);
	return status;
}

static int look_at_channel(
	struct emulator_channel *out, struct emulator_machine *machine, uint32_t channel)
{
	struct emulator_analog *analog;
	const int status = peek(&analog, machine, check("CADC channel", channel, CHANNELS));
	if (status == HXCOMM_OK)
		emulator__analog_true_channel(out, analog, channel);
	free(analog);
	return status;
}

static int look_at_driver(
	struct emulator_driver *out, struct emulator_machine *machine, uint32_t driver)
{
	struct emulator_analog *analog;
	const int status = peek(&analog, machine, check("synapse driver", driver, DRIVERS));
	if (status == HXCOMM_OK)
		emulator__analog_look_at_driver(out, analog, now(machine), driver);
	free(analog);
	return status;
}

static int look_at_madc(struct emulator_madc *out, struct emulator_machine *machine)
{
	emulator__analog_look_at_madc(out, chip_of(machine)->analog);
	return HXCOMM_OK;
}

static int look_at_quadrant(
	struct emulator_quadrant *out, struct emulator_machine *machine, uint32_t quadrant)
{
	struct emulator_analog *analog;
	const int status = peek(&analog, machine, check("quadrant", quadrant, QUADRANTS));
	if (status == HXCOMM_OK)
		emulator__analog_look_at_quadrant(out, analog, quadrant);
	free(analog);
	return status;
}

static int look_at_cell(double *out, struct emulator_machine *machine, uint32_t cell)
{
	struct emulator_analog *analog;
	const int status = peek(&analog, machine, check("cell", cell, CELLS));
	if (status == HXCOMM_OK)
		*out = emulator__analog_true_cell(analog, now(machine), cell);
	free(analog);
	return status;
}

static int look_at_pad(double *out, struct emulator_machine *machine, uint32_t pad)
{
	struct emulator_analog *analog;
	const int status = peek(&analog, machine, check("pad", pad, PADS));
	if (status == HXCOMM_OK)
		*out = (double)emulator__analog_pad_volt(analog, pad);
	free(analog);
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
	.madc = look_at_madc,
	.quadrant = look_at_quadrant,
	.cell = look_at_cell,
	.drive_pad = drive_pad,
	.pad = look_at_pad,
	.set_supply = set_supply,
	.set_temperature = set_temperature,
	.snapshot = emulator__machine_snapshot,
	.restore = emulator__machine_restore,
	.forget = emulator__machine_forget,
};

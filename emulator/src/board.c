// SPDX-License-Identifier: MIT
#include "board.h"

#include <math.h>
#include <stddef.h>

enum {
	DEVICE_MASK = 0x7f,
	STOP = 0x80,
	REPEATED_START = 0x100,
};

/* Devices by their I2C address; of some there are several in a row. */
enum {
	POTENTIOMETER = 0x2c,
	POTENTIOMETERS = 3,
	EXPANDER = 0x38,
	MONITOR = 0x40,
	THERMOMETER = 0x48,
	CONVERTER = 0x4c,
	EEPROM = 0x50,
	MULTIPLEXER = 0x70,
};

enum {
	EEPROM_IDENTITY = 0xfc,
	PERSISTENT = 0x20,     /* of a potentiometer: the copy that survives */
	MONITOR_CONFIG = 0x399f, /* at power-up */
	SWITCHES_DEFAULT = 0xff9c40,
	SUPPLY_SHIFT = 16, /* of the six supplies in the shift register */
	SUPPLY_MASK = 0x3f,
};

static const uint32_t no_acknowledge = UINT32_C(1) << 31;

/* Nominal voltage and current of the supplies; the currents are assumed. */
static const struct { double volt, ampere; } supplies[EMULATOR_SUPPLIES] = {
	{ 2.5, 0.030 }, { 1.2, 0.250 }, { 2.5, 0.060 },
	{ 1.2, 0.120 }, { 1.2, 0.020 }, { 1.2, 0.015 },
};
static const double shunt_ohm = 0.027;

/* The supply of each power monitor: they are not wired in the order of the switches (source:
 * spec/coordinates.json INA219OnBoard, VDDOnBoard). */
static const unsigned monitored[EMULATOR_SUPPLIES] = { 1, 0, 3, 2, 4, 5 };

void emulator__board_init(struct emulator_board *board, uint32_t serial, double celsius)
{
	*board = (struct emulator_board){
		.serial = serial,
		.celsius = celsius,
		.switches = SWITCHES_DEFAULT,
		.expander = { 0, 0xff, 0, 0xff },
		.wiper = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 },
		.persistent = { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80 },
	};
	for (unsigned i = 0; i < EMULATOR_SUPPLIES; i++)
		board->power_config[i] = MONITOR_CONFIG;
}

bool emulator__board_powers_chip(const struct emulator_board *board)
{
	return (board->switches >> SUPPLY_SHIFT & SUPPLY_MASK) == SUPPLY_MASK;
}

/* ---- registers of the I2C devices ------------------------------------------------------------ */

static bool is_potentiometer(uint8_t device)
{
	return device >= POTENTIOMETER && device < POTENTIOMETER + POTENTIOMETERS;
}

static bool is_monitor(uint8_t device)
{
	return device >= MONITOR && device < MONITOR + EMULATOR_SUPPLIES;
}

static bool present(uint8_t device)
{
	return is_potentiometer(device) || is_monitor(device) || device == EXPANDER ||
	       device == THERMOMETER || device == CONVERTER || device == EEPROM ||
	       device == MULTIPLEXER;
}

/* Wiper 1 or 3 of a potentiometer, or its persistent copy; NULL for any other register. */
static uint8_t *wiper(struct emulator_board *board)
{
	const unsigned channel = board->pointer & 0x1f;
	if ((channel != 1 && channel != 3) || board->pointer & ~(PERSISTENT | 0x1f))
		return NULL;
	const unsigned number = 2u * (board->device - (unsigned)POTENTIOMETER) + (channel == 3);
	return board->pointer & PERSISTENT ? &board->persistent[number] : &board->wiper[number];
}

/* Registers of a power monitor: configuration, shunt (10 uV), bus (4 mV, from bit 3), power,
 * current, calibration. */
static uint32_t read_monitor(const struct emulator_board *board)
{
	const unsigned monitor = board->device - (unsigned)MONITOR, supply = monitored[monitor];
	const bool on = board->switches >> (SUPPLY_SHIFT + supply) & 1;
	const double volt = on ? supplies[supply].volt : 0;
	const double ampere = on ? supplies[supply].ampere : 0;
	const uint32_t shunt = (uint32_t)lround(ampere * shunt_ohm / 10e-6);
	const uint32_t bus = (uint32_t)lround(volt / 4e-3);
	const uint32_t current = shunt * board->power_calibration[monitor] / 4096;
	const uint32_t ready = 1 << 1;
	switch (board->pointer) {
	case 0:
		return board->power_config[monitor];
	case 1:
		return shunt;
	case 2:
		return bus << 3 | ready;
	case 3:
		return current * bus / 5000;
	case 4:
		return current;
	case 5:
		return board->power_calibration[monitor];
	default:
		return 0;
	}
}

static uint8_t read_expander(const struct emulator_board *board)
{
	const uint8_t *registers = board->expander;
	if (board->pointer)
		return registers[board->pointer & 3];
	const uint8_t pins = (uint8_t)(registers[3] | (registers[1] & ~registers[3]));
	return pins ^ (registers[2] & registers[3]);
}

/* What the chosen register holds, and of how many bytes. */
static uint32_t content(struct emulator_board *board, unsigned *bytes)
{
	const uint8_t device = board->device;
	*bytes = 1;
	if (is_potentiometer(device)) {
		const uint8_t *value = wiper(board);
		return value ? *value : 0;
	}
	if (device == EXPANDER)
		return read_expander(board);
	if (device == MULTIPLEXER)
		return board->multiplexer;
	if (device == EEPROM) {
		*bytes = 4;
		return board->pointer == EEPROM_IDENTITY ? board->serial : UINT32_MAX;
	}
	*bytes = 2;
	if (is_monitor(device))
		return read_monitor(board);
	if (device == CONVERTER)
		return (uint32_t)board->dac_small[board->pointer >> 1 & 3] << 6;
	/* thermometer: 1/16 degree, in the upper twelve bits */
	return board->pointer ? 0 : (uint32_t)lround(board->celsius * 16) << 4 & 0xffff;
}

/* A data byte arrived at the chosen register. */
static void store(struct emulator_board *board)
{
	const unsigned bytes = board->position;
	const uint8_t byte = (uint8_t)board->shifted;
	const uint16_t pair = (uint16_t)board->shifted;
	if (is_potentiometer(board->device)) {
		uint8_t *value = wiper(board);
		if (value)
			*value = byte;
	} else if (board->device == EXPANDER && board->pointer >= 1 && board->pointer <= 3) {
		board->expander[board->pointer] = byte;
	} else if (is_monitor(board->device) && bytes == 2 && board->pointer == 0) {
		board->power_config[board->device - MONITOR] = pair;
	} else if (is_monitor(board->device) && bytes == 2 && board->pointer == 5) {
		board->power_calibration[board->device - MONITOR] = pair & 0xfffe;
	} else if (board->device == CONVERTER && bytes == 2 && (board->pointer & 0xf9) == 0x10) {
		board->dac_small[board->pointer >> 1 & 3] = pair >> 6;
	}
}

/* ---- the I2C master -------------------------------------------------------------------------- */

void emulator__board_write(struct emulator_board *board, uint32_t address, uint32_t value)
{
	const uint8_t device = address & DEVICE_MASK;
	const bool begins = !board->addressed || board->device != device || board->reading ||
	        address & REPEATED_START;
	if (!present(device))
		return;
	board->device = device;
	board->reading = false;
	board->addressed = !(address & STOP);
	if (device == MULTIPLEXER) { /* it has one register, which is not chosen */
		board->multiplexer = value & 15;
		board->position = 0;
	} else if (begins) {
		board->pointer = (uint8_t)value;
		board->position = 0;
		board->shifted = 0;
	} else {
		board->shifted = board->shifted << 8 | (value & 255);
		board->position++;
		store(board);
	}
}

uint32_t emulator__board_read(struct emulator_board *board, uint32_t address)
{
	const uint8_t device = address & DEVICE_MASK;
	unsigned bytes;
	if (!present(device))
		return no_acknowledge;
	if (!board->reading || board->device != device || address & REPEATED_START)
		board->position = 0;
	if (board->device != device)
		board->pointer = 0;
	board->device = device;
	board->reading = board->addressed = !(address & STOP);
	const uint32_t whole = content(board, &bytes);
	const unsigned position = board->position++;
	return position < bytes ? whole >> 8 * (bytes - 1 - position) & 255 : 255;
}

/* ---- SPI ------------------------------------------------------------------------------------- */

enum { SPI_SHIFT_REGISTER = 1, SPI_FIRST_DAC = 2 };

static void load(struct emulator_board *board, unsigned dac, unsigned channels)
{
	for (unsigned channel = 0; channel < 8; channel++)
		if (channels >> channel & 1)
			board->dac[dac][channel] = board->dac_input[dac][channel];
}

/* A frame of 16 bits: a code for a channel, or one of four control registers. */
static void write_dac(struct emulator_board *board, unsigned dac, uint32_t frame)
{
	enum { CONTROL = 0x8000, LDAC = 1, POWER_DOWN = 2, RESET = 3, ONCE = 2 };
	const unsigned control = frame >> 13 & 3;
	if (!(frame & CONTROL)) {
		board->dac_input[dac][frame >> 12 & 7] = frame & 0xfff;
	} else if (control == LDAC) {
		if ((frame & 3) == ONCE)
			load(board, dac, 0xff);
	} else if (control == POWER_DOWN) {
		board->dac_off[dac] = frame & 0xff;
	} else if (control == RESET) {
		for (unsigned channel = 0; channel < 8; channel++)
			board->dac_input[dac][channel] = 0;
		load(board, dac, 0xff);
	}
}

bool emulator__board_write_spi(struct emulator_board *board, uint32_t address, uint32_t value)
{
	const uint32_t client = address - EMULATOR_SPI_BASE, stop = UINT32_C(1) << 31;
	board->spi_frame = board->spi_frame << 8 | (value & 255);
	if (!(value & stop))
		return false;
	if (client == SPI_SHIFT_REGISTER)
		board->switches = board->spi_frame & 0xffffff;
	else if (client >= SPI_FIRST_DAC && (client - SPI_FIRST_DAC) % 2 == 0 &&
	        (client - SPI_FIRST_DAC) / 2 < EMULATOR_BOARD_DACS)
		write_dac(board, (client - SPI_FIRST_DAC) / 2, board->spi_frame);
	board->spi_frame = 0;
	return true;
}

bool emulator__board_volt(double *volt, const struct emulator_board *board, unsigned channel)
{
	enum { FULL_SCALE = 4095, LOW_CHANNELS = 4 };
	const unsigned dac = channel / 8, number = channel % 8;
	const double low = channel == EMULATOR_DAC_V_RESET ? 2.4 : 1.2;
	const double full = channel < LOW_CHANNELS ? low : 2.5;
	*volt = board->dac[dac][number] * full / FULL_SCALE;
	return !(board->dac_off[dac] >> number & 1) && board->dac[dac][number];
}

bool emulator__board_drives_pad(double *volt, const struct emulator_board *board, unsigned pad)
{
	enum { DAC_TO_READOUT = 8 }; /* and the bit above it, in the shift register */
	const unsigned channel = EMULATOR_DAC_READOUT + pad;
	emulator__board_volt(volt, board, channel);
	if (board->switches >> (DAC_TO_READOUT + pad) & 1 && !(board->dac_off[0] >> channel & 1))
		return true;
	*volt = 0;
	return false;
}

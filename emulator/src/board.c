// SPDX-License-Identifier: MIT
#include "board.h"

enum {
	EEPROM = 0x50,
	EEPROM_IDENTITY = 0xfc,
	THERMOMETER = 0x48,
	TEMPERATURE = 38 << 8, /* degrees Celsius, in 1/256 */
	DEVICE_MASK = 0x7f,
	STOP = 0x80,
};

static const uint32_t no_acknowledge = UINT32_C(1) << 31;

static bool present(uint32_t device)
{
	return device == EEPROM || device == THERMOMETER;
}

void emulator__board_write(struct emulator_board *board, uint32_t address, uint32_t value)
{
	const uint8_t device = address & DEVICE_MASK;
	if (!present(device))
		return;
	if (!board->addressed || board->device != device) {
		board->pointer = (uint8_t)value;
		board->position = 0;
	}
	board->device = device;
	board->addressed = !(address & STOP);
}

uint32_t emulator__board_read(struct emulator_board *board, uint32_t address)
{
	const uint8_t device = address & DEVICE_MASK;
	if (!present(device))
		return no_acknowledge;
	const unsigned position = board->position++;
	board->addressed = false;
	uint32_t content = TEMPERATURE;
	unsigned bytes = 2;
	if (device == EEPROM) {
		content = board->pointer == EEPROM_IDENTITY ? board->serial : UINT32_MAX;
		bytes = 4;
	}
	return position < bytes ? content >> 8 * (bytes - 1 - position) & 255 : 255;
}

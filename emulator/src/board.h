// SPDX-License-Identifier: MIT
#ifndef EMULATOR_BOARD_H
#define EMULATOR_BOARD_H

/** @file
 *  @brief The devices on the I2C bus of the board (source: spec/transport.md 3.4): an identity
 *  EEPROM and a thermometer. All others are absent and do not acknowledge. */

#include <stdbool.h>
#include <stdint.h>

enum {
	EMULATOR_I2C_BASE = 0x08007800, /**< word address without bit 31 */
	EMULATOR_I2C_END = 0x08007a00,  /**< behind the last address of the devices */
};

/** State of the I2C master. */
struct emulator_board {
	uint32_t serial;  /**< identity */
	uint8_t device;   /**< device of the running transfer */
	uint8_t pointer;  /**< register that was chosen */
	uint8_t position; /**< bytes transferred since */
	bool addressed;   /**< the next byte written is data */
};

/** Write a byte to a device. @param board the bus @param address word address without bit 31
 *  @param value low byte is sent */
void emulator__board_write(struct emulator_board *board, uint32_t address, uint32_t value);

/** Read a byte from a device. @param board the bus @param address word address without bit 31
 *  @return the byte; bit 31 set where no device acknowledges */
uint32_t emulator__board_read(struct emulator_board *board, uint32_t address);

#endif

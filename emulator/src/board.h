// SPDX-License-Identifier: MIT
#ifndef EMULATOR_BOARD_H
#define EMULATOR_BOARD_H

/** @file
 *  @brief The devices around the chip, on the I2C and SPI buses of the FPGA (source:
 *  spec/transport.md 3.3, 3.4, spec/registers_fpga.json). The emulated board carries those of both
 *  kinds of boards:
 *
 *  | device           | I2C address  | what it does here                                      |
 *  |------------------|--------------|--------------------------------------------------------|
 *  | EEPROM           | 0x50         | serial number at 0xfc: that of the chip                |
 *  | TMP112           | 0x48         | temperature of the chip                                |
 *  | INA219, six      | 0x40 to 0x45 | voltage and current of each supply; currents assumed   |
 *  | TCA9546          | 0x70         | keeps its mask                                         |
 *  | TCA9554          | 0x38         | outputs are read back, inputs are high                 |
 *  | AD5252, three    | 0x2c to 0x2e | wipers and their persistent copies                     |
 *  | DAC6573          | 0x4c         | keeps its codes                                        |
 *  | shift register   | SPI          | switches the supplies                                  |
 *  | two DACs         | SPI          | keep their codes and power-down bits                   |
 *
 *  A transfer selects a register by its first byte; data bytes follow, most significant first. */

#include <stdbool.h>
#include <stdint.h>

enum {
	EMULATOR_I2C_BASE = 0x08007800, /**< word address without bit 31 */
	EMULATOR_I2C_END = 0x08007a00,  /**< behind the last address of the devices */
	EMULATOR_SPI_BASE = 0x08007000, /**< word address without bit 31 */
	EMULATOR_SPI_END = 0x08007006,  /**< behind the last client */
	EMULATOR_SUPPLIES = 6,          /**< 2.5 V and 1.2 V digital, 2.5 V and 1.2 V analog,
	                                     1.2 V of the fast converter, 1.2 V of the clocks */
	EMULATOR_BOARD_DACS = 2,        /**< of eight channels each: */
	EMULATOR_DAC_V_RESET = 0,       /**< voltages of the correlation sensors */
	EMULATOR_DAC_V_RES_MEAS = 1,
	EMULATOR_DAC_READOUT = 5,       /**< drives pad 0 where the shift register says so;
	                                     6 pad 1 */
};

/** State of the board. */
struct emulator_board {
	uint32_t serial;       /**< identity */
	double celsius;        /**< temperature */
	uint8_t device;        /**< device of the running I2C transfer */
	uint8_t pointer;       /**< register that was chosen */
	uint8_t position;      /**< data bytes transferred since */
	bool addressed;        /**< the next byte written is data */
	bool reading;          /**< the last byte was read */
	uint32_t shifted;      /**< data bytes written so far */
	uint16_t power_config[EMULATOR_SUPPLIES];      /**< INA219 register 0 */
	uint16_t power_calibration[EMULATOR_SUPPLIES]; /**< INA219 register 5 */
	uint8_t expander[4];   /**< TCA9554: -, outputs, polarity, directions (1 input) */
	uint8_t multiplexer;   /**< TCA9546 */
	uint8_t wiper[6];      /**< AD5252: two channels of each of three */
	uint8_t persistent[6]; /**< what the wipers are at power-up */
	uint16_t dac_small[4]; /**< DAC6573, 10 bits */
	uint32_t spi_frame;    /**< bytes of the running SPI transfer */
	uint32_t switches;     /**< shift register, 24 bits */
	uint16_t dac[EMULATOR_BOARD_DACS][8];          /**< codes of the output stages, 12 bits */
	uint16_t dac_input[EMULATOR_BOARD_DACS][8];    /**< codes that wait for the next load */
	uint8_t dac_off[EMULATOR_BOARD_DACS];          /**< masks of channels that are powered
	                                                    down */
};

/** Switch a board on. @param board is overwritten @param serial identity @param celsius
 *  temperature */
void emulator__board_init(struct emulator_board *board, uint32_t serial, double celsius);

/** Are all supplies of the chip on? @param board the board @return true if so */
bool emulator__board_powers_chip(const struct emulator_board *board);

/** Write a byte to an I2C device. @param board the board @param address word address without bit 31
 *  @param value low byte is sent */
void emulator__board_write(struct emulator_board *board, uint32_t address, uint32_t value);

/** Read a byte from an I2C device. @param board the board
 *  @param address word address without bit 31
 *  @return the byte; bit 31 set where no device acknowledges */
uint32_t emulator__board_read(struct emulator_board *board, uint32_t address);

/** Write a byte to an SPI client. @param board the board @param address word address without bit 31
 *  @param value low byte is sent, bit 31 ends the transfer
 *  @return true where the transfer is over and something may have changed */
bool emulator__board_write_spi(struct emulator_board *board, uint32_t address, uint32_t value);

/** Voltage of a channel of the two DACs: 1.2 V at full scale for 0 ... 3, of which channel 0 is
 *  amplified twice (assumed: 1.85 V must be reachable), 2.5 V for the others (source: spec/lola.md
 *  7).
 *  @param[out] volt V @param board the board @param channel 0 ... 15
 *  @return false for a channel that is off or at code 0: the board's own voltage stays */
bool emulator__board_volt(double *volt, const struct emulator_board *board, unsigned channel);

/** Does the board drive a pad of the chip? @param[out] volt V, 0 where it does not
 *  @param board the board @param pad 0 or 1 @return true if so */
bool emulator__board_drives_pad(double *volt, const struct emulator_board *board, unsigned pad);

#endif

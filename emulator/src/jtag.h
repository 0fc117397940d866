// SPDX-License-Identifier: MIT
#ifndef EMULATOR_JTAG_H
#define EMULATOR_JTAG_H

/** @file
 *  @brief The JTAG port of the chip: test access port, its registers, and how long a shift takes
 *  (source: spec/transport.md 2.5). */

#include "chip.h"

#include <stdbool.h>
#include <stdint.h>

/** IDCODE of the emulated chip: revision 4. */
#define EMULATOR_IDCODE UINT32_C(0x448590af)

/** The port. */
struct emulator_jtag {
	bool ready;            /**< the port was reset since the chip was */
	uint8_t instruction;   /**< selected register */
	uint8_t scaler;        /**< TCK = FPGA clock / (scaler + 2) */
	uint8_t pll_target;    /**< register of the clock generators */
	uint64_t address;      /**< omnibus address, bit 32 set for a read */
	uint32_t data;         /**< omnibus data */
	uint32_t phy[8];       /**< configuration of the chip's ends of the links */
	uint64_t idle_at;      /**< FPGA cycle at which the last operation is over */
	bool shifted;          /**< then what was shifted in takes effect: */
	uint64_t content;      /**< of the selected register */
};

/** The chip's reset line was pulled. @param jtag the port */
void emulator__jtag_reset_chip(struct emulator_jtag *jtag);

/** Reset the port. @param jtag the port @param now FPGA cycle, not before idle_at */
void emulator__jtag_init(struct emulator_jtag *jtag, uint64_t now);

/** Select a register. @param jtag the port @param now FPGA cycle, not before idle_at
 *  @param instruction 7 bits */
void emulator__jtag_select(struct emulator_jtag *jtag, uint64_t now, uint8_t instruction);

/** Begin to shift data through the selected register.
 *  @param jtag the port @param now FPGA cycle, not before idle_at, after emulator__jtag_update()
 *  @param data bits, least significant first @param bits how many, at most 33
 *  @return the bits that come out, right aligned */
uint64_t emulator__jtag_shift(struct emulator_jtag *jtag, uint64_t now, uint64_t data,
        unsigned bits);

/** The shift is over: do what the register does.
 *  @param jtag the port @param chip what it is connected to @param tick the chip's time of
 *  idle_at */
void emulator__jtag_update(struct emulator_jtag *jtag, struct emulator_chip *chip, uint64_t tick);

#endif

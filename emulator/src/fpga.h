// SPDX-License-Identifier: MIT
#ifndef EMULATOR_FPGA_H
#define EMULATOR_FPGA_H

/** @file
 *  @brief The FPGA: executes instruction words on a virtual clock of 8 ns, one a cycle, and sends
 *  response words (source: spec/transport.md 2).
 *
 *  | path                                  | cycles                                    |
 *  |---------------------------------------|-------------------------------------------|
 *  | any instruction                       | 1                                         |
 *  | write of an FPGA register             | takes effect at once, bus busy for 4      |
 *  | read of an FPGA register              | answer after 8                            |
 *  | chip register                         | takes effect after 14, bus busy for 28    |
 *  | read of a chip register               | answer after 100, a conversion 188 more   |
 *  | JTAG operation of n bits              | (n + 5) * (scaler + 2)                    |
 *  | synchronisation of system time        | 200                                       |
 *
 *  At most 52 reads are in flight. What arrives after the halt of a program is lost; the machine
 *  stands still between programs. */

#include "board.h"
#include "chip.h"
#include "jtag.h"
#include "memory.h"
#include "stream.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EMULATOR_READS = 52,             /**< omnibus reads in flight */
	EMULATOR_CHIP_CYCLES = 14,       /**< from an instruction to its effect on the chip */
	EMULATOR_CHIP_WRITE_CYCLES = 28, /**< until a write is acknowledged */
	EMULATOR_CHIP_READ_CYCLES = 100, /**< until a read is answered */
	EMULATOR_WRITE_CYCLES = 4,       /**< the same on the FPGA */
	EMULATOR_READ_CYCLES = 8,        /**< the same on the FPGA */
	EMULATOR_SYSTIME_CYCLES = 200,   /**< a synchronisation */
};

/** The FPGA and what is connected to it. */
struct emulator_fpga {
	struct emulator_chip *chip;     /**< the chip */
	struct emulator_jtag jtag;      /**< its JTAG port */
	struct emulator_board board;    /**< devices on the board */
	struct emulator_memory memory;  /**< registers of the FPGA */
	struct emulator_stream stream;  /**< the way to the host */
	uint32_t serial;                /**< of the machine */
	uint64_t now;                   /**< cycle of the next instruction, since power-up */
	uint64_t timer_zero;            /**< cycle at which the timer was 0 */
	uint64_t omnibus_idle_at;       /**< cycle at which all writes are done */
	uint64_t systime_idle_at;       /**< cycle at which the synchronisation ends */
	uint64_t reads[EMULATOR_READS]; /**< ring: cycles at which reads in flight are answered */
	uint64_t reads_begun;           /**< reads so far */
	uint64_t last_read;             /**< cycle of the last answer */
	uint64_t index;                 /**< number of the instruction in the program */
	uint32_t write_address;         /**< address that waits for its data */
	uint8_t write_enables;          /**< its byte enables */
	bool write_waits;               /**< an address waits for its data */
	bool in_reset;                  /**< the chip's reset line is pulled */
	uint8_t links;                  /**< links that are up, by PHY of the FPGA */
	int status;                     /**< first error of this run */
};

/** Switch a machine on. @param[out] out the machine @param options how
 *  @retval 0 it waits for words @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__fpga_new(struct emulator_fpga **out, const struct emulator_options *options);

/** Switch it off. @param fpga may be NULL */
void emulator__fpga_free(struct emulator_fpga *fpga);

/** Execute a program, then a halt.
 *  @param fpga the machine @param words [count] instructions @param count number of words; a halt
 *  among them ends the program there @param sink receives response words @param user handed to it
 *  @retval 0 executed @retval HXCOMM_ETIMEDOUT the program takes too many steps
 *  @retval HXCOMM_ENOMEM memory is exhausted; and errors of the sink */
int emulator__fpga_run(struct emulator_fpga *fpga, const uint64_t *words, size_t count,
        emulator_sink *sink, void *user);

#endif

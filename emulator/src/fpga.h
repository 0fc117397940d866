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
 *  | synchronisation of system time        | 200 a try                                 |
 *  | word of the performance test          | one in 8, 100 there and back              |
 *
 *  A conversion takes what its settings say. At most 52 reads are in flight. What arrives after the
 *  halt of a program is lost; the machine stands still between programs. */

#include "board.h"
#include "chip.h"
#include "jtag.h"
#include "links.h"
#include "memory.h"
#include "stream.h"
#include "vector.h"

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
	EMULATOR_PERFORMANCE_CYCLES = 8, /**< between two words of the performance test */
	EMULATOR_CYCLE_TICKS = 2,        /**< ticks of the chip in a cycle */
};

/** Registers of the FPGA that are kept one by one (source: spec/transport.md 2.4). */
struct emulator_fpga_registers {
	uint32_t filter;             /**< bit 0: answers to writes do not reach the host */
	uint32_t recording;          /**< bit 0: events reach the host */
	uint32_t poll[3];            /**< address, target, mask of the polling block */
	uint32_t timeout;            /**< cycles after which an instruction gives up */
	uint32_t correction;         /**< bit 0: barrier of the systime correction is armed */
	uint32_t tries;              /**< of a synchronisation of system time */
	uint32_t phy_enable;         /**< mask of links that are enabled */
	uint32_t phy[EMULATOR_LINKS]; /**< their settings; 0 until they are set */
	uint32_t prescaler;          /**< of the I2C master */
	uint32_t event_switch[5];    /**< sources, configuration, offset: nothing for one chip */
	uint32_t performance;        /**< bit 0: the test runs */
	uint32_t serial;             /**< spike I/O: divider, enables of sending, receiving, loop */
};

/** Test of the links: words with a counter go to the chip and come back. */
struct emulator_performance {
	uint64_t begin; /**< cycle of the first word */
	uint64_t end;   /**< cycle at which it was stopped; UINT64_MAX while it runs */
	bool linked;    /**< a link was up */
};

/** The FPGA and what is connected to it. */
struct emulator_fpga {
	struct emulator_chip *chip;     /**< the chip */
	struct emulator_jtag jtag;      /**< its JTAG port */
	struct emulator_board board;    /**< devices on the board */
	struct emulator_memory memory;  /**< memories and tables of the FPGA */
	struct emulator_fpga_registers registers; /**< its registers */
	struct emulator_links links;    /**< the links to the chip */
	struct emulator_performance performance; /**< test of the links */
	struct emulator_vector vector[EMULATOR_VECTOR_GENERATORS]; /**< generators of activations */
	bool has_vectors;               /**< they stand in the place of the large memory */
	uint64_t round_trip;            /**< cycles of the last synchronisation */
	uint64_t chip_systime;          /**< that the chip told then */
	uint64_t serial_free;           /**< cycle at which the serial output is free */
	struct emulator_stream stream;  /**< the way to the host */
	uint32_t serial;                /**< of the machine */
	uint8_t dead_links;             /**< mask of links that never come up */
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
	bool halted;                    /**< a halt among the words has ended the program */
	size_t since;                   /**< events since the chip was asked to catch up */
	int status;                     /**< first error of this run */
};

/** Switch a machine on. @param[out] out the machine @param options how
 *  @retval 0 it waits for words @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__fpga_new(struct emulator_fpga **out, const struct emulator_options *options);

/** Switch it off. @param fpga may be NULL */
void emulator__fpga_free(struct emulator_fpga *fpga);

/** Begin a program whose words come in pieces.
 *  @param fpga the machine @param sink receives response words @param user handed to it */
void emulator__fpga_begin(struct emulator_fpga *fpga, emulator_sink *sink, void *user);

/** Execute words of the program that was begun.
 *  @param fpga the machine @param words [count] instructions; those behind a halt are passed over
 *  @param count number of words @return as emulator__fpga_run(); the program ends then */
int emulator__fpga_feed(struct emulator_fpga *fpga, const uint64_t *words, size_t count);

/** Execute the halt of the program that was begun. @param fpga the machine
 *  @return as emulator__fpga_run() */
int emulator__fpga_end(struct emulator_fpga *fpga);

/** Execute a program, then a halt.
 *  @param fpga the machine @param words [count] instructions @param count number of words; a halt
 *  among them ends the program there @param sink receives response words @param user handed to it
 *  @retval 0 executed @retval HXCOMM_ETIMEDOUT the program takes too many steps
 *  @retval HXCOMM_ENOMEM memory is exhausted; and errors of the sink */
int emulator__fpga_run(struct emulator_fpga *fpga, const uint64_t *words, size_t count,
        emulator_sink *sink, void *user);

/* ---- between the files of the FPGA ----------------------------------------------------------- */

/** Keep the first error of a run. @param fpga the machine @param status of something */
void emulator__fpga_keep(struct emulator_fpga *fpga, int status);

/** Let the chip live up to the present, and send what cannot be overtaken any more.
 *  @param fpga the machine */
void emulator__fpga_catch_up(struct emulator_fpga *fpga);

/** Find out which links are up, and tell the host of changes. @param fpga the machine
 *  @param cycle now */
void emulator__fpga_update_links(struct emulator_fpga *fpga, uint64_t cycle);

/** Pull or release the reset line of the chip. @param fpga the machine @param asserted pulled */
void emulator__fpga_reset_chip(struct emulator_fpga *fpga, bool asserted);

/** Value of the timer. @param fpga the machine @return cycles since it was set up, 32 bits */
uint32_t emulator__fpga_timer(const struct emulator_fpga *fpga);

/** Switch the registers on (fpga_registers.c). @param fpga the machine */
void emulator__fpga_registers_init(struct emulator_fpga *fpga);

/** Read a register. @param fpga the machine @param address without bit 31 @return the word; 0 where
 *  there is none, or none that can be read */
uint32_t emulator__fpga_read(struct emulator_fpga *fpga, uint32_t address);

/** Write a register. @param fpga the machine @param address without bit 31 @param value bits
 *  @param enables bytes that are written */
void emulator__fpga_write(struct emulator_fpga *fpga, uint32_t address, uint32_t value,
        uint8_t enables);

/** Can a read give another value later although nobody writes? @param address without bit 31
 *  @return true for counters and time */
bool emulator__fpga_is_volatile(uint32_t address);

/** Spikes of the chip pass the serial interface. @param fpga the machine
 *  @param events [count] as they arrive @param count of them */
void emulator__fpga_serial_spikes(struct emulator_fpga *fpga,
        const struct emulator_leaving *events, size_t count);

#endif

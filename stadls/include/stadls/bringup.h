// SPDX-License-Identifier: MIT
#ifndef STADLS_BRINGUP_H
#define STADLS_BRINGUP_H

/** @file
 *  @brief From power-up to a chip that can be configured.
 *  @defgroup stadls_bringup Bring-up
 *
 *  Three parts in this order: the FPGA (instruction timeout), the board (supplies, analog
 *  multiplexers), the chip (reset, clocks, link, system time, event recording, reference currents,
 *  memory timing). Afterwards the link is up, system time is in step, events are recorded, the
 *  capacitive memory's references run. Not done: anything of haldls_chip_init().
 *  (source: spec/stadls.md 5)
 *  @{ */

#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stadls_builder;

/** The board that the chip sits on. */
enum stadls_board {
	STADLS_BOARD_CUBE = 0, /**< cube, and every emulated chip */
	STADLS_BOARD_JBOA,     /**< jBOA */
};

/** Parts of a bring-up that can be left out; or'ed in stadls_bringup_options.omit. */
enum stadls_bringup_part {
	STADLS_BRINGUP_SYSTEM = 1,  /**< the FPGA's instruction timeout */
	STADLS_BRINGUP_BOARD = 2,   /**< the board */
	STADLS_BRINGUP_CHIP = 4,    /**< the chip, all of it */
	STADLS_BRINGUP_LINK = 8,    /**< the highspeed link; needs the capmem left out, too */
	STADLS_BRINGUP_SYSTIME = 16, /**< system time in step with the FPGA */
	STADLS_BRINGUP_CAPMEM = 32, /**< reference currents of the capacitive memory */
};

/** Which of the sequences. */
enum stadls_bringup_kind {
	/** what is used today, and what older software called digital */
	STADLS_BRINGUP_KIND_SYSTEM = 0,
	/** the digital part only, as older software had it by default: without the reference
	 *  currents of the capacitive memory */
	STADLS_BRINGUP_KIND_DIGITAL,
	/** as older software prepared experiments: the capacitive memory's blocks and cells,
	 *  synapse biases, common settings of neurons and correlation, and the switches of all
	 *  columns at their defaults as well */
	STADLS_BRINGUP_KIND_EXPERIMENT,
};

/** The voltage regulators of a cube board. */
enum stadls_regulators {
	STADLS_REGULATORS_SECOND = 0, /**< boards of the second kind, which are in use */
	STADLS_REGULATORS_FIRST,      /**< boards of the first kind */
};

/** SRAM timing of the synapse array of one hemisphere, from the platform's data on this chip. */
struct stadls_synram_timing {
	uint8_t precharge_west; /**< 0 … 15 */
	uint8_t precharge_east; /**< 0 … 15 */
	uint8_t write_west;     /**< 0 … 255 */
	uint8_t write_east;     /**< 0 … 255 */
};

/** What to do. Start from #STADLS_BRINGUP_OPTIONS_INIT; zero means "the default". */
struct stadls_bringup_options {
	size_t size;             /**< sizeof(struct stadls_bringup_options): the initialiser */
	enum stadls_board board; /**< default the cube */
	unsigned omit;           /**< enum stadls_bringup_part or'ed; default 0 = do all */
	uint32_t timeout_cycles; /**< longest instruction, in cycles of 8 ns; default 1 250 000 */
	bool set_synram_timing;  /**< use the next member; default false = chip's defaults */
	struct stadls_synram_timing synram_timing[2]; /**< by hemisphere: 0 top, 1 bottom */
	enum stadls_bringup_kind kind;     /**< default the system */
	enum stadls_regulators regulators; /**< of the cube, default the second; the jBOA has
	                                        others */
	uint64_t systime_base; /**< the chip's system time at the synchronisation, in ticks of 4 ns;
	                            0 … 2^43 - 1, default 0 */
};

/** Initialiser that carries the size this program was compiled with. */
#define STADLS_BRINGUP_OPTIONS_INIT { .size = sizeof(struct stadls_bringup_options) }

/** Append the bring-up.
 *
 *  @param builder  the builder; unchanged after an error
 *  @param options  NULL for the defaults; not kept
 *  @retval 0              appended
 *  @retval HXCOMM_EINVAL  an option is unknown, or the link is left out but the capmem is not
 *  @retval HXCOMM_ERANGE  a timing lies outside its range, or the program is full
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_bringup_append(struct stadls_builder *builder,
        const struct stadls_bringup_options *options);

/** Append a synchronisation of system times: the chip's is set, the FPGA's follows it. Times of
 *  events hold from here on; a bring-up holds one already.
 *
 *  @param builder  the builder; unchanged after an error
 *  @param base     the chip's system time now, in ticks of 4 ns; 0 … 2^43 - 1
 *  @retval 0              appended
 *  @retval HXCOMM_ERANGE  @p base lies outside its range, or the program is full
 *  @retval HXCOMM_ENOMEM  memory is exhausted
 *
 *  Without a link to the chip the run fails with HXCOMM_EDEVICE. */
HXCOMM_API HXCOMM_NODISCARD int stadls_systime_append(struct stadls_builder *builder,
        uint64_t base);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

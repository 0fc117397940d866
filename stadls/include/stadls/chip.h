// SPDX-License-Identifier: MIT
#ifndef STADLS_CHIP_H
#define STADLS_CHIP_H

/** @file
 *  @brief Whole chips over a connection: written, read back.
 *  @defgroup stadls_chip Whole chips
 *  @{ */

#include <haldls/chip.h>
#include <hxcomm/export.h>

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_connection;

/** What is read of a chip. Some registers of a real chip do not give back what was written:
 *  crossbar, background sources, settings of CADC channels, CapMem blocks and PADI buses,
 *  short-term plasticity, synapse biases (source: spec/registers_chip.md 1). */
enum stadls_chip_extent {
	/** all of an emulated chip, whose identifier begins with "emulator-"; else what a real one
	 *  gives back */
	STADLS_CHIP_BY_IDENTIFIER = 0,
	STADLS_CHIP_GIVEN_BACK, /**< what a real chip gives back */
	STADLS_CHIP_ALL,        /**< all registers */
};

/** How to read. Start from #STADLS_CHIP_READ_OPTIONS_INIT; zero means "the default". */
struct stadls_chip_read_options {
	size_t size;                     /**< sizeof(struct stadls_chip_read_options) */
	enum stadls_chip_extent extent;  /**< default STADLS_CHIP_BY_IDENTIFIER */
};

/** Initialiser that carries the size this program was compiled with. */
#define STADLS_CHIP_READ_OPTIONS_INIT { .size = sizeof(struct stadls_chip_read_options) }

/** Read a chip back.
 *
 *  @param[in,out] chip  what the chip holds; what it does not give back stays as it was: initialise
 *                       it by haldls_chip_init(), or with what was written. Unchanged after an
 *                       error
 *  @param[out] kept     number of register words that stayed as they were; may be NULL
 *  @param connection    to a chip that was brought up
 *  @param options       NULL for the defaults; not kept
 *  @retval 0              read
 *  @retval HXCOMM_EINVAL  an option is unknown
 *  @retval HXCOMM_ERANGE  the chip answers what no chip can hold, or @p chip holds it
 *  @retval HXCOMM_ENOMEM  memory is exhausted
 *  @return otherwise as stadls_run() */
HXCOMM_API HXCOMM_NODISCARD int stadls_chip_read(struct haldls_chip *chip, size_t *kept,
        struct hxcomm_connection *connection, const struct stadls_chip_read_options *options);

/** Write a chip, all of it or what differs from a reference, and wait until it has arrived.
 *
 *  @param connection  to a chip that was brought up
 *  @param chip        what the chip shall be
 *  @param reference   what it is; NULL writes all
 *  @return as stadls_builder_write_chip() and stadls_run() */
HXCOMM_API HXCOMM_NODISCARD int stadls_chip_write(struct hxcomm_connection *connection,
        const struct haldls_chip *chip, const struct haldls_chip *reference);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

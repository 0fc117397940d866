// SPDX-License-Identifier: MIT
#ifndef FISCH_SRC_I2C_H
#define FISCH_SRC_I2C_H

#include <fisch/program.h>

#include <stdbool.h>

/* A register behind the I2C bus of the board. */
struct fisch__i2c {
	uint8_t device;   /* 7-bit address */
	uint8_t number;   /* of the register within the device */
	uint8_t bytes;    /* 1 to 4 */
	uint8_t shift;    /* the value stands that many bits from the right in those bytes */
	bool unnumbered;  /* a write sends no register number */
};

/* Transfers on the I2C bus of the board (source: spec/transport.md 3.4). Arguments are checked. */
int fisch__i2c_write(struct fisch_program *program, const struct fisch__i2c *at, uint32_t value);
int fisch__i2c_read(struct fisch_ticket *out, struct fisch_program *program,
        const struct fisch__i2c *at);

#endif

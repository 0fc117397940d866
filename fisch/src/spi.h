// SPDX-License-Identifier: MIT
#ifndef FISCH_SRC_SPI_H
#define FISCH_SRC_SPI_H

#include <fisch/program.h>

/* Transfers on the SPI bus of the board (source: spec/transport.md 3.3). Arguments are checked. */
int fisch__spi_shift_write(struct fisch_program *program, uint32_t value);
int fisch__spi_dac_data_write(struct fisch_program *program, uint32_t coordinate, uint32_t value);
int fisch__spi_dac_control_write(struct fisch_program *program, uint32_t coordinate,
        uint32_t value);

#endif

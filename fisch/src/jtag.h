// SPDX-License-Identifier: MIT
#ifndef FISCH_SRC_JTAG_H
#define FISCH_SRC_JTAG_H

#include <fisch/program.h>

/* Sequences of JTAG instructions (source: spec/transport.md 2.5). Arguments are checked. */
int fisch__jtag_omnibus_write(struct fisch_program *program, uint32_t address, uint32_t value);
int fisch__jtag_omnibus_read(struct fisch_ticket *out, struct fisch_program *program,
        uint32_t address);
int fisch__jtag_pll_write(struct fisch_program *program, uint32_t index, uint32_t value);
int fisch__jtag_phy_write(struct fisch_program *program, uint32_t index, uint32_t value);
int fisch__jtag_id_read(struct fisch_ticket *out, struct fisch_program *program);

#endif

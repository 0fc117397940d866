// SPDX-License-Identifier: MIT
#ifndef CHIP_LINES_H
#define CHIP_LINES_H
/* Whole chips as JSON lines, one register container each, in the order of writes:
 * {"container":"NeuronConfig","coordinate":17,"fields":{...}}. The lines of a dump can be fed to
 * `bss registers encode` and `bss registers write`, too. */

#include <haldls/chip.h>
#include <jansson.h>

#include <stddef.h>
#include <stdio.h>

/** Print a chip; with @p reference only the containers that differ from it.
 *  @return 0 or a negative code with a message */
int chip_lines_write(FILE *file, const struct haldls_chip *chip,
        const struct haldls_chip *reference);

/** Read lines into a chip: what none of them names keeps what it was.
 *  @param[in,out] chip  unchanged after an error
 *  @param text          [size] the lines; no 0 is needed behind them
 *  @return 0 or a negative code with a message that names the line */
int chip_lines_read(struct haldls_chip *chip, const char *text, size_t size);

#endif

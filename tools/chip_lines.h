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

/** Look at one container of two chips. @param a its value in the first @param b in the second
 *  @return 0 to go on, anything else to stop */
typedef int chip_lines_visitor(const struct haldls_container *container, uint32_t coordinate,
        const void *a, const void *b, void *user);

/** Visit all containers of two chips (which may be the same), in the order of writes.
 *  @return 0, or what @p visitor returned to stop */
int chip_lines_visit(const struct haldls_chip *a, const struct haldls_chip *b,
        chip_lines_visitor *visitor, void *user);

/** Have two values of a container the same fields? */
bool chip_lines_same(const struct haldls_container *container, const void *a, const void *b);

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

// SPDX-License-Identifier: MIT
#ifndef REGISTERS_H
#define REGISTERS_H
/* The verbs of `bss registers`, each an entry of the table in cmd_registers.c. */

#include "chip_options.h"

#include <stdbool.h>
#include <stddef.h>

/** What was typed behind `bss registers`. */
struct registers_arguments {
	const char *verb;      /**< such as "list" */
	char *const *operands; /**< [operand_count] what follows the verb */
	size_t operand_count;
	struct chip_options chip;
	const char *backend;   /**< by name; NULL for the container's default */
	const char *format;    /**< of a dump: lines, json, binary; NULL for lines */
	const char *output;    /**< file to write; NULL for standard output */
	bool bring_up;         /**< bring the chip up first */
	bool keep;             /**< fields that are not given keep what the register holds */
	bool changed;          /**< only what differs from the defaults */
};

/** Run a verb. @return an enum bss_exit */
typedef int registers_verb(const struct registers_arguments *arguments);

registers_verb registers_list, registers_encode, registers_decode; /* registers_lines.c */
registers_verb registers_read, registers_write;                    /* registers_access.c */
registers_verb registers_dump, registers_diff;                     /* registers_chip.c */

#endif

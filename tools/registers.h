// SPDX-License-Identifier: MIT
#ifndef REGISTERS_H
#define REGISTERS_H
/* The verbs of `bss registers`, each an entry of the table in cmd_registers.c. */

#include <stddef.h>

/** What was typed behind `bss registers`. */
struct registers_arguments {
	const char *verb;      /**< such as "list" */
	char *const *operands; /**< [operand_count] what follows the verb */
	size_t operand_count;
};

/** Run a verb. @return an enum bss_exit */
typedef int registers_verb(const struct registers_arguments *arguments);

registers_verb registers_list, registers_encode, registers_decode;

#endif

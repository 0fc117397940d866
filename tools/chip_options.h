// SPDX-License-Identifier: MIT
#ifndef CHIP_OPTIONS_H
#define CHIP_OPTIONS_H
/* Options of every subcommand that talks to one chip: a child of its argp. */

#include <argp.h>
#include <stdbool.h>

/** What they say. */
struct chip_options {
	const char *uri; /**< the chip; NULL for the default one */
	bool json;       /**< print JSON */
};

/** `--connection` and `--json`; what is no option is refused. Its input is a struct chip_options:
 *  set `state->child_inputs[0]` on ARGP_KEY_INIT. */
extern const struct argp_child chip_options_children[];

#endif

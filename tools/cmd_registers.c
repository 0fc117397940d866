// SPDX-License-Identifier: MIT
/* `bss registers`: which verb. */
#include "bss.h"

#include "registers.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

static const struct verb {
	const char *name;
	registers_verb *run;
	size_t operands_max;
} verbs[] = {
	{ "list", registers_list, 0 },
	{ "encode", registers_encode, 0 },
	{ "decode", registers_decode, 0 },
	{ "read", registers_read, 2 },
	{ "write", registers_write, SIZE_MAX },
	{ "dump", registers_dump, 1 },
	{ "diff", registers_diff, 2 },
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(*verbs) };

enum { KEY_BRING_UP = 0x100, KEY_BACKEND, KEY_KEEP, KEY_CHANGED, KEY_FORMAT };

static const struct argp_option options[] = {
	{ "bring-up", KEY_BRING_UP, NULL, 0, "bring the chip up first: it loses its configuration",
	        1 },
	{ "backend", KEY_BACKEND, "NAME", 0,
	        "the way to the register (default: the container's first)", 1 },
	{ "keep", KEY_KEEP, NULL, 0,
	        "write: fields that are not given keep what the register holds", 1 },
	{ "changed", KEY_CHANGED, NULL, 0, "dump: only what differs from the defaults", 1 },
	{ "format", KEY_FORMAT, "NAME", 0, "dump: lines (default), json or binary", 1 },
	{ "output", 'o', "FILE", 0, "dump: write to this file (default: standard output)", 1 },
	{ 0 },
};

static const struct verb *find_verb(const char *name)
{
	for (size_t i = 0; i < VERB_COUNT; i++)
		if (!strcmp(verbs[i].name, name))
			return &verbs[i];
	return NULL;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct registers_arguments *arguments = state->input;
	switch (key) {
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &arguments->chip;
		break;
	case KEY_BRING_UP:
		arguments->bring_up = true;
		break;
	case KEY_BACKEND:
		arguments->backend = text;
		break;
	case KEY_KEEP:
		arguments->keep = true;
		break;
	case KEY_CHANGED:
		arguments->changed = true;
		break;
	case KEY_FORMAT:
		arguments->format = text;
		break;
	case 'o':
		arguments->output = text;
		break;
	case ARGP_KEY_ARG:
		if (!arguments->verb) {
			arguments->verb = text;
			arguments->operands = state->argv + state->next;
		} else {
			arguments->operand_count++;
		}
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say list, encode, decode, read, write, dump or diff");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_registers_argp = {
	.options = options,
	.parser = parse_option,
	.children = chip_options_children,
	.args_doc = "list\nencode\ndecode\nread [CONTAINER [COORDINATES]]\n"
	            "write [CONTAINER COORDINATES [FIELD=VALUE...]]\ndump [SOURCE]\ndiff SOURCE "
	            "[SOURCE]",
	.doc = "The register map of chip, FPGA and board.\v"
	       "list    prints a JSON line for each container: name, coordinate, count, words, "
	       "access, backends, fields.\n\n"
	       "encode  reads JSON lines "
	       "{\"container\":\"NeuronConfig\",\"coordinate\":17,\"fields\":{...}} (a missing "
	       "field keeps its default; optional \"backend\"; the coordinate may be a text) and prints "
	       "{\"write\":[[address,word],...]}, with \"byte_enables\":[mask,...] where a "
	       "write has not all four lanes enabled. A word is null where a write carries "
	       "none, and a list where one message carries several labels. A container that can "
	       "only be read has no writes.\n\n"
	       "decode  reads {\"container\":...,\"coordinate\":...,\"words\":[...]} and prints "
	       "{\"fields\":{...}}; over a back end that cannot be read, such as the default "
	       "one of ADPLL, words tell nothing and the defaults are printed.\n\n"
	       "read    reads registers of a chip: COORDINATES is a number, a range such as "
	       "0-511, all, or one as a text such as 'CapMemBlock:0 Row:v_leak Column:3'. Without operands it reads JSON lines "
	       "{\"container\":...,\"coordinate\":...} and adds \"fields\" to each.\n\n"
	       "write   writes registers of a chip: fields that are not given have their "
	       "default. A VALUE is a number, true, false, the name of an enumeration's value, "
	       "or a list in JSON. Without operands it reads JSON lines as encode does and "
	       "answers {...,\"words\":count}.\n\n"
	       "dump    prints all registers of a chip that hold its configuration, as JSON "
	       "lines, which write takes again; or as a saved chip, json or binary. A SOURCE is "
	       "a file of any of these, - for standard input, or the address of a chip; without "
	       "one the chip of --connection.\n\n"
	       "diff    prints the values in which two chips differ, and exits with 1 where "
	       "they do; with one SOURCE the second is the chip of --connection.\n\n"
	       "One line out for each line in, in order; a line that cannot be done gives "
	       "{\"error\":\"...\"} and the exit code 1.",
};

int cmd_registers(int argc, char **argv)
{
	struct registers_arguments arguments = { 0 };
	if (argp_parse(&cmd_registers_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	const struct verb *verb = find_verb(arguments.verb);
	if (!verb) {
		fprintf(stderr,
		        "bss registers: '%s' is none of list, encode, decode, read, write, dump, "
		        "diff\n",
		        arguments.verb);
		return BSS_USAGE;
	}
	if (arguments.operand_count > verb->operands_max) {
		fprintf(stderr, "bss registers: %s takes at most %zu arguments\n", verb->name,
		        verb->operands_max);
		return BSS_USAGE;
	}
	return verb->run(&arguments);
}

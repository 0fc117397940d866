// SPDX-License-Identifier: MIT
/* `bss registers`: which verb. */
#include "bss.h"

#include "registers.h"

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
};
enum { VERB_COUNT = sizeof(verbs) / sizeof(*verbs) };

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
	case ARGP_KEY_ARG:
		if (!arguments->verb) {
			arguments->verb = text;
			arguments->operands = state->argv + state->next;
		} else {
			arguments->operand_count++;
		}
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "say list, encode or decode");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_registers_argp = {
	.parser = parse_option,
	.args_doc = "list|encode|decode",
	.doc = "The register map of chip, FPGA and board.\v"
	       "list    prints a JSON line for each container: name, coordinate, count, words, "
	       "access, backends, fields.\n\n"
	       "encode  reads JSON lines {\"container\":\"NeuronConfig\",\"coordinate\":17,"
	       "\"fields\":{...}} (a missing field keeps its default; optional \"backend\") and prints "
	       "{\"write\":[[address,word],...]}, with \"byte_enables\":[mask,...] where a write has "
	       "not all four lanes enabled. A word is null where a write carries none, and a list where "
	       "one message carries several labels. A container that can only be read has no writes.\n\n"
	       "decode  reads {\"container\":...,\"coordinate\":...,\"words\":[...]} and prints "
	       "{\"fields\":{...}}; over a back end that cannot be read, such as the default one of "
	       "ADPLL, words tell nothing and the defaults are printed.\n\n"
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
		fprintf(stderr, "bss registers: '%s' is none of list, encode, decode\n", arguments.verb);
		return BSS_USAGE;
	}
	if (arguments.operand_count > verb->operands_max) {
		fprintf(stderr, "bss registers: %s takes at most %zu arguments\n", verb->name,
		        verb->operands_max);
		return BSS_USAGE;
	}
	return verb->run(&arguments);
}

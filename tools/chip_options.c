// SPDX-License-Identifier: MIT
#include "chip_options.h"

static const struct argp_option options[] = {
	{ "connection", 'c', "URI", 0, "the chip (default: see `bss help uri`)", 0 },
	{ "json", 'j', NULL, 0, "print JSON", 0 },
	{ 0 },
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct chip_options *out = state->input;
	switch (key) {
	case 'c':
		out->uri = text;
		break;
	case 'j':
		out->json = true;
		break;
	case ARGP_KEY_ARG:
		argp_error(state, "'%s' is too much: the chip is given by --connection", text);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp argp = { .options = options, .parser = parse_option };

const struct argp_child chip_options_children[] = {
	{ .argp = &argp },
	{ 0 },
};

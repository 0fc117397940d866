// SPDX-License-Identifier: MIT
/* The program `bss`: options in front of the subcommand, and the way to it. */
#include "bss.h"

#include "jsonout.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const struct bss_command bss_commands[] = {
	{ "info", "versions, providers, settings and paths", cmd_info, &cmd_info_argp, "" },
	{ "chips", "what the calibration store knows of each chip", cmd_chips, &cmd_chips_argp, "" },
	{ "calibrate", "calibrate a chip and keep the result", cmd_calibrate, &cmd_calibrate_argp, "" },
	{ "plot", "draw spikes or traces as SVG or PNG", cmd_plot, &cmd_plot_argp, "raster trace" },
	{ "registers", "the register map, and registers of a chip: list, read, write, dump, ...",
	        cmd_registers, &cmd_registers_argp, "list encode decode read write dump diff" },
	{ "coordinates", "where things are: list, show, convert, parse, print", cmd_coordinates,
	        &cmd_coordinates_argp, "list show convert parse print" },
	{ "words", "messages to and from the FPGA: encode, decode; saved programs", cmd_words, NULL,
	        "encode decode responses print" },
	{ "health", "ask a chip how it is: supplies, clocks, links, what is wrong", cmd_health,
	        &cmd_health_argp, "" },
	{ "link", "measure the way to a chip: round trip, throughput, loss", cmd_link, &cmd_link_argp, "" },
	{ "emulate", "serve a chip in software on the network", cmd_emulate, &cmd_emulate_argp, "" },
	{ "completion", "print the completion for a shell", cmd_completion, NULL, "bash" },
	{ "help", "help on a command or a topic", cmd_help, NULL, cmd_help_topics },
};
const size_t bss_command_count = sizeof(bss_commands) / sizeof(*bss_commands);

static void print_version(FILE *stream, struct argp_state *state)
{
	(void)state;
	fputs("bss " BSS_VERSION "\n", stream);
}

static const struct argp_option options[] = {
	{ "quiet", 'q', NULL, 0, "report errors only", 0 },
	{ "verbose", 'v', NULL, 0, "report more: once for information, twice for debugging", 0 },
	{ 0 },
};

struct arguments {
	int first; /* index of the subcommand in argv; 0 = none */
	int level; /* an enum hxcomm_log_level */
};

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	(void)text;
	switch (key) {
	case 'q':
		arguments->level = HXCOMM_LOG_ERROR;
		break;
	case 'v':
		if (arguments->level < HXCOMM_LOG_DEBUG)
			arguments->level++;
		break;
	case ARGP_KEY_ARG: /* the rest belongs to the subcommand */
		arguments->first = state->next - 1;
		state->next = state->argc;
		break;
	case ARGP_KEY_NO_ARGS:
		argp_error(state, "no command given");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

/* The list of commands at the end of --help, out of the table. */
static char *list_commands(int key, const char *text, void *input)
{
	(void)input;
	if (key != ARGP_KEY_HELP_POST_DOC)
		return (char *)(uintptr_t)text;
	char *list = NULL;
	size_t length = 0;
	FILE *stream = open_memstream(&list, &length);
	if (!stream)
		return NULL;
	fputs("Commands:\n", stream);
	for (size_t i = 0; i < bss_command_count; i++)
		fprintf(stream, "  %-12s %s\n", bss_commands[i].name, bss_commands[i].summary);
	fputs("\n`bss COMMAND --help` tells what a command takes, `bss help TOPIC` explains one of: ",
	        stream);
	fprintf(stream, "%s.", cmd_help_topics);
	fclose(stream);
	return list;
}

const struct argp bss_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "COMMAND [ARGUMENT...]",
	.doc = "The BrainScaleS-2 operating system: run, calibrate and inspect neuromorphic chips.\v-",
	.help_filter = list_commands,
};

const struct bss_command *bss_command_find(const char *name)
{
	for (size_t i = 0; i < bss_command_count; i++)
		if (!strcmp(bss_commands[i].name, name))
			return &bss_commands[i];
	return NULL;
}

enum { NAME_MAX_LENGTH = 31 };

/* Edits (insert, delete, replace a letter) between two words; long words are taken as far apart. */
static size_t edits(const char *a, const char *b)
{
	const size_t a_length = strlen(a), b_length = strlen(b);
	size_t row[NAME_MAX_LENGTH + 1];
	if (a_length > NAME_MAX_LENGTH || b_length > NAME_MAX_LENGTH)
		return SIZE_MAX;
	for (size_t j = 0; j <= b_length; j++)
		row[j] = j;
	for (size_t i = 1; i <= a_length; i++) {
		size_t diagonal = row[0];
		row[0] = i;
		for (size_t j = 1; j <= b_length; j++) {
			const size_t replace = diagonal + (a[i - 1] != b[j - 1]);
			const size_t other = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
			diagonal = row[j];
			row[j] = replace < other ? replace : other;
		}
	}
	return row[b_length];
}

const char *bss_nearest(const char *typed, const char *const *names, size_t count)
{
	const char *nearest = NULL;
	size_t least = 3;
	for (size_t i = 0; i < count; i++) {
		const size_t distance = edits(typed, names[i]);
		if (distance < least && distance < strlen(names[i])) {
			least = distance;
			nearest = names[i];
		}
	}
	return nearest;
}

int bss_fail(int code, bool json)
{
	if (json)
		jsonout_error(hxcomm_error_name(code), hxcomm_error_message());
	else
		fprintf(stderr, "bss: %s\n", hxcomm_error_message());
	return BSS_FAILURE;
}

static int unknown_command(const char *typed)
{
	const char *names[sizeof(bss_commands) / sizeof(*bss_commands)];
	for (size_t i = 0; i < bss_command_count; i++)
		names[i] = bss_commands[i].name;
	const char *nearest = bss_nearest(typed, names, bss_command_count);
	fprintf(stderr, "bss: there is no command '%s'", typed);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'", nearest);
	fputs("? `bss --help` lists them\n", stderr);
	return BSS_USAGE;
}

static int run_command(const struct bss_command *command, int argc, char **argv)
{
	char name[sizeof("bss ") + NAME_MAX_LENGTH];
	snprintf(name, sizeof(name), "bss %s", command->name);
	argv[0] = name;
	return command->run(argc, argv);
}

int main(int argc, char **argv)
{
	static char program[] = "bss";
	struct arguments arguments = { .level = HXCOMM_LOG_WARNING };
	argp_err_exit_status = BSS_USAGE;
	argp_program_version_hook = print_version;
	if (argc > 0)
		argv[0] = program;
	if (argp_parse(&bss_argp, argc, argv, ARGP_IN_ORDER, NULL, &arguments))
		return BSS_USAGE;
	hxcomm_log_set_level((enum hxcomm_log_level)arguments.level);

	const struct bss_command *command = bss_command_find(argv[arguments.first]);
	if (!command)
		return unknown_command(argv[arguments.first]);
	int status = run_command(command, argc - arguments.first, argv + arguments.first);
	if ((fflush(stdout) || ferror(stdout)) && status == BSS_OK) {
		fprintf(stderr, "bss: cannot write the result: %s\n", strerror(errno));
		status = BSS_FAILURE;
	}
	return status;
}

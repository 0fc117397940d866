// SPDX-License-Identifier: MIT
/* `bss help`: commands, and topics that belong to none of them. */
#include "bss.h"

#include "settings.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <string.h>

static void print_errors(void)
{
	puts("A library tells what went wrong by a code, and says in words what to do about it.\n"
	     "With --json a command prints {\"error\":{\"code\":...,\"message\":...}}.\n");
#define PRINT_ERROR(name, value, meaning) printf("  %-18s %4d  %s\n", #name, value, meaning);
	HXCOMM_ERRORS(PRINT_ERROR)
#undef PRINT_ERROR
	puts("\nExit codes: 0 done, 1 failed or nothing found, 2 wrong command line, 130 Ctrl-C.");
}

static void print_uri(void)
{
	puts("The address of a chip is SCHEME:REST?KEY=VALUE&KEY=VALUE. A command takes it by\n"
	     "--connection; without that the environment variable HXCOMM_CONNECTION counts, and\n"
	     "without that it is emulator: (`bss info` tells more). In REST, KEY and VALUE, %41\n"
	     "stands for the byte 0x41. A key that the provider does not know is refused; all know\n"
	     "timeout=S, how long a program may take, in s (10).\n\n"
	     "  emulator:   a chip in software. serial=1..999 (1) is which of the chips, each with\n"
	     "              variations of its own; seed=N (1) the trial-to-trial noise; noise=0 and\n"
	     "              variation=0 switch these off.\n"
	     "  arq:HOST    an FPGA on the network, arq:HOST[:PORT]. reset_port=N (45054) is its port\n"
	     "              of resets; window=N is how many frames are under way at once, 1 to 128\n"
	     "              (96).\n"
	     "  loopback:   sends every word back as it came, for tests of the transport.\n"
	     "  mock:       answers every read with zero, for programs without a chip.\n"
	     "  record:     record:FILE,ADDRESS is the connection ADDRESS, and all its words go into\n"
	     "              the new file FILE, too.\n"
	     "  replay:     replay:FILE answers as the chip did that was recorded.\n\n"
	     "`bss info` lists the providers that are there, and why another one did not load.");
}

static void print_units(void)
{
	puts("Quantities on the command line carry their unit; a bare number is refused where it\n"
	     "could mean something else.\n\n"
	     "  times          10us, 0.5ms, 100ns, 1s; all are times of the hardware, which runs 1000\n"
	     "                 times faster than biology\n"
	     "  potentials     80lsb: counts of the calibrated 8-bit ADC; 20 stands for 0.15 V and 220\n"
	     "                 for 1.05 V\n"
	     "  biases         500: codes of the 10-bit parameter memory, 0 to 1022\n\n"
	     "In the libraries, physical quantities are SI, and events and programs count FPGA cycles\n"
	     "of 8 ns (names end in _cycles).");
}

static void print_formats(void)
{
	puts("Results go to standard output, everything else to standard error.\n\n"
	     "  tables     aligned on a terminal; into a pipe one line a row, tabs between the cells,\n"
	     "             the titles first\n"
	     "  --json     one object a line; 64-bit words as \"0x...\" strings\n"
	     "  spikes     CSV, first line time_s,neuron or time_s,neuron,group\n"
	     "  traces     CSV, first line time_s,NAME,...\n"
	     "  figures    SVG or PNG by the suffix; the same data give the same bytes\n"
	     "  store      SQLite; see `bss chips` and the page calibration of the guide");
}

static void print_settings(void)
{
	puts("Environment variables; `bss info` shows which of them are set.\n");
#define PRINT_SETTING(name, fallback, meaning)                                                     \
	printf("  %-22s %s%s%s%s\n", name, meaning, *fallback ? " (default " : "", fallback,       \
	        *fallback ? ")" : "");
	BSS_SETTINGS(PRINT_SETTING)
#undef PRINT_SETTING
}

static const struct topic {
	const char *name;
	void (*print)(void);
} topics[] = {
	{ "errors", print_errors },
	{ "uri", print_uri },
	{ "units", print_units },
	{ "formats", print_formats },
	{ "settings", print_settings },
};
const char cmd_help_topics[] = "errors uri units formats settings";

static int unknown_topic(const char *typed)
{
	enum { NAMES_MAX = 32, TOPICS = sizeof(topics) / sizeof(*topics) };
	const char *names[NAMES_MAX];
	size_t count = 0;
	for (; count < TOPICS; count++)
		names[count] = topics[count].name;
	for (size_t i = 0; i < bss_command_count && count < NAMES_MAX; i++)
		names[count++] = bss_commands[i].name;
	const char *nearest = bss_nearest(typed, names, count);
	fprintf(stderr, "bss: there is no help on '%s'", typed);
	if (nearest)
		fprintf(stderr, ", did you mean '%s'", nearest);
	fprintf(stderr, "? Topics are the commands and: %s\n", cmd_help_topics);
	return BSS_USAGE;
}

int cmd_help(int argc, char **argv)
{
	static char help[] = "--help";
	if (argc < 2 || !strcmp(argv[1], help)) {
		puts("Usage: bss help [COMMAND | TOPIC]\n\nCommands:");
		for (size_t i = 0; i < bss_command_count; i++)
			printf("  %-12s %s\n", bss_commands[i].name, bss_commands[i].summary);
		printf("\nTopics: %s\n", cmd_help_topics);
		return BSS_OK;
	}
	if (argc > 2) {
		fputs("bss: one topic at a time: bss help TOPIC\n", stderr);
		return BSS_USAGE;
	}
	for (size_t i = 0; i < sizeof(topics) / sizeof(*topics); i++)
		if (!strcmp(topics[i].name, argv[1])) {
			topics[i].print();
			return BSS_OK;
		}
	const struct bss_command *command = bss_command_find(argv[1]);
	if (!command)
		return unknown_topic(argv[1]);
	char name[64];
	snprintf(name, sizeof(name), "bss %s", command->name);
	char *arguments[] = { name, help, NULL };
	return command->run(2, arguments);
}

// SPDX-License-Identifier: MIT
/* A wave of spikes runs along a chain of neurons on a neuromorphic chip. See README.md. */
#include "chain.h"
#include "example.h"

#include <hxcomm/error.h>

#include <stdlib.h>

enum { EXIT_USAGE = 2 };

struct arguments {
	struct example_options chip;
	const char *spikes, *trace;
	unsigned waves, cut;
};

static const struct argp_option options[] = {
	{ "waves", 'n', "NUMBER", 0, "start so many waves (default 5)", 0 },
	{ "cut", 'x', "LINK", 0, "set the weights into this link, 1 to 7, to zero", 0 },
	{ "spikes", 'o', "FILE", 0, "write the spikes as CSV", 0 },
	{ "output", 0, NULL, OPTION_ALIAS, NULL, 0 },
	{ "trace", 't', "FILE", 0, "write the membrane of a neuron of the last link as CSV", 0 },
	{ 0 },
};

static unsigned number(struct argp_state *state, const char *name, const char *text, unsigned max)
{
	char *end;
	const unsigned long value = strtoul(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || value < 1 || value > max)
		argp_error(state, "--%s is '%s', allowed are 1 to %u", name, text, max);
	return (unsigned)value;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct arguments *out = state->input;
	switch (key) {
	case 'n':
		out->waves = number(state, "waves", argument, SYNFIRE_WAVES_MAX);
		return 0;
	case 'x':
		out->cut = number(state, "cut", argument, SYNFIRE_LINKS - 1);
		return 0;
	case 'o':
		out->spikes = argument;
		return 0;
	case 't':
		out->trace = argument;
		return 0;
	case ARGP_KEY_INIT:
		state->child_inputs[0] = &out->chip;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_child children[] = { { &example_argp, 0, "Chip:", 0 }, { 0 } };

static const struct argp argp = {
	.options = options,
	.parser = parse,
	.doc = "Let waves of spikes run along a synfire chain: 8 links of 7 excitatory and 7 inhibitory "
	       "neurons.\v"
	       "Exits with 0 if every wave passed all links, 1 if one died out or something failed, 2 if "
	       "the command line makes no sense.",
	.children = children,
};

static unsigned report(const struct synfire_wave *waves, unsigned count)
{
	unsigned passed = 0;
	printf("wave  links  spikes of each link (mean time in us)\n");
	for (unsigned w = 0; w < count; w++) {
		printf("%4u  %5u ", w + 1, waves[w].links);
		for (unsigned link = 0; link < SYNFIRE_LINKS; link++) {
			if (waves[w].spikes[link])
				printf(" %u (%.1f)", waves[w].spikes[link],
				        1e6 * waves[w].time_s[link]);
			else
				printf(" -");
		}
		putchar('\n');
		passed += waves[w].links == SYNFIRE_LINKS;
	}
	printf("\n%u of %u waves passed all %d links\n", passed, count, SYNFIRE_LINKS);
	return passed;
}

static int write_csv(const char *path, const struct synfire_chain *chain,
        int (*write)(FILE *, const struct synfire_chain *))
{
	FILE *file;
	const int status = example_file_open(&file, path);
	if (status != HXCOMM_OK)
		return status;
	return example_file_close(file, path, write(file, chain));
}

int main(int argc, char **argv)
{
	struct arguments arguments = { .waves = 5 };
	struct synfire_wave waves[SYNFIRE_WAVES_MAX];
	struct synfire_chain *chain = NULL;
	struct example_chip chip;
	unsigned passed = 0;
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&argp, argc, argv, 0, NULL, &arguments);
	const double started = example_seconds();
	int status = example_chip_open(&chip, &arguments.chip);
	if (status == HXCOMM_OK)
		status = synfire_chain_new(&chain, chip.connection, chip.configuration,
		        chip.unavailable, arguments.trace != NULL);
	if (status == HXCOMM_OK && arguments.cut)
		status = synfire_chain_cut(chain, arguments.cut);
	if (status == HXCOMM_OK)
		status = synfire_run(waves, arguments.waves, chain);
	if (status == HXCOMM_OK) {
		printf("Chip %s\n\n", hxcomm_identifier(chip.connection));
		passed = report(waves, arguments.waves);
		printf("spikes     %zu\n", synfire_statistics(chain)->spikes);
		printf("chip time  %.2f ms\n", 1e3 * synfire_statistics(chain)->duration_s);
		printf("wall time  %.2f s\n", example_seconds() - started);
	}
	if (status == HXCOMM_OK && arguments.spikes)
		status = write_csv(arguments.spikes, chain, synfire_spikes_write);
	if (status == HXCOMM_OK && arguments.trace)
		status = write_csv(arguments.trace, chain, synfire_trace_write);
	const int code = status != HXCOMM_OK ? example_fail() : passed == arguments.waves ? 0 : 1;
	synfire_chain_free(chain);
	example_chip_close(&chip);
	return code;
}

// SPDX-License-Identifier: MIT
/* `bss plot`: figures out of CSV files. */
#include "bss.h"

#include "csv.h"
#include "plot.h"

#include <hxcomm/error.h>

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEY_TITLE = 0x100, KEY_Y_LABEL, KEY_SIZE };

static const struct argp_option options[] = {
	{ "output", 'o', "FILE", 0, "write the figure to FILE, as SVG or PNG by its suffix", 0 },
	{ "title", KEY_TITLE, "TEXT", 0, "title of the figure (default: what is in it)", 0 },
	{ "y-label", KEY_Y_LABEL, "TEXT", 0, "label of the vertical axis", 0 },
	{ "size", KEY_SIZE, "WxH", 0, "width and height in points, 200 to 4000 (default 720x420)", 0 },
	{ 0 },
};

struct arguments {
	const char *words[2]; /* raster or trace, and the file */
	const char *output;
	struct plot_options look;
};

static void read_size(struct plot_options *look, const char *text, struct argp_state *state)
{
	char end;
	unsigned width, height;
	if (sscanf(text, "%5ux%5u%c", &width, &height, &end) != 2 || width < 200 || width > 4000 ||
	        height < 200 || height > 4000)
		argp_error(state, "'%s' is no size: write one such as 720x420, 200 to 4000 points", text);
	look->width = width;
	look->height = height;
}

static error_t parse_option(int key, char *text, struct argp_state *state)
{
	struct arguments *arguments = state->input;
	switch (key) {
	case 'o':
		arguments->output = text;
		break;
	case KEY_TITLE:
		arguments->look.title = text;
		break;
	case KEY_Y_LABEL:
		arguments->look.y_label = text;
		break;
	case KEY_SIZE:
		read_size(&arguments->look, text, state);
		break;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_error(state, "one file at a time, '%s' is too much", text);
		arguments->words[state->arg_num] = text;
		break;
	case ARGP_KEY_END:
		if (state->arg_num < 2)
			argp_error(state, "say what to draw and from which file, such as: raster spikes.csv");
		if (strcmp(arguments->words[0], "raster") && strcmp(arguments->words[0], "trace"))
			argp_error(state, "'%s' cannot be drawn: raster or trace", arguments->words[0]);
		if (!arguments->output)
			argp_error(state, "say where to write the figure, such as: -o figure.svg");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

const struct argp cmd_plot_argp = {
	.options = options,
	.parser = parse_option,
	.args_doc = "raster FILE.csv\ntrace FILE.csv",
	.doc = "Draw spikes or traces.\v"
	       "raster: one mark a spike; columns time_s,neuron or time_s,neuron,group, where group is "
	       "any text and gives the colour.\n\n"
	       "trace: one line a column; columns time_s,NAME,... with times that do not decrease.\n\n"
	       "The first line of FILE.csv names the columns; FILE.csv may be - for standard input.",
};

static int check_spikes(const struct csv *spikes, const char *path)
{
	for (size_t row = 0; row < spikes->rows; row++) {
		const double neuron = spikes->values[row * spikes->columns + 1];
		if (!(neuron >= 0 && neuron <= UINT32_MAX && neuron == floor(neuron)))
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "%s:%zu: neuron %g: neurons are whole numbers from 0", path, row + 2,
			        neuron);
	}
	return HXCOMM_OK;
}

static int check_traces(const struct csv *traces, const char *path)
{
	for (size_t row = 1; row < traces->rows; row++) {
		const double *before = &traces->values[(row - 1) * traces->columns];
		if (before[traces->columns] < before[0])
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "%s:%zu: time %g s comes after %g s: sort the file by time", path,
			        row + 2, before[traces->columns], before[0]);
	}
	return HXCOMM_OK;
}

static int plot(const struct arguments *arguments)
{
	static const char *const spike_names[] = { "time_s", "neuron", "group" };
	static const struct csv_form forms[] = {
		{ spike_names, 3, 2, 3, 2, "time_s,neuron or time_s,neuron,group" },
		{ spike_names, 1, 2, 65, SIZE_MAX, "time_s,NAME,..." },
	};
	const bool is_raster = !strcmp(arguments->words[0], "raster");
	const char *path = arguments->words[1];
	struct csv data;
	int status = plot_check_path(arguments->output);
	if (status == HXCOMM_OK)
		status = csv_read(&data, path, &forms[!is_raster]);
	if (status != HXCOMM_OK)
		return status;

	char title[64];
	struct plot_options look = arguments->look;
	if (!look.title) {
		if (is_raster)
			snprintf(title, sizeof(title), "%zu spikes", data.rows);
		else
			snprintf(title, sizeof(title), "%zu samples", data.rows);
		look.title = title;
	}
	status = is_raster ? check_spikes(&data, path) : check_traces(&data, path);
	if (status == HXCOMM_OK)
		status = is_raster ? plot_raster(arguments->output, &data, &look) :
		                     plot_trace(arguments->output, &data, &look);
	csv_deinit(&data);
	return status;
}

int cmd_plot(int argc, char **argv)
{
	struct arguments arguments = { .look = { .width = 720, .height = 420 } };
	if (argp_parse(&cmd_plot_argp, argc, argv, 0, NULL, &arguments))
		return BSS_USAGE;
	const int status = plot(&arguments);
	return status == HXCOMM_OK ? BSS_OK : bss_fail(status, false);
}

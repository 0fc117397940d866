// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* program_invocation_short_name */
#include "example.h"

#include <calix/calibration.h>
#include <hxcomm/error.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static const struct argp_option options[] = {
	{ "connection", 'c', "URI", 0,
	        "the chip, such as emulator:?serial=1 (default: environment variable "
	        "HXCOMM_CONNECTION, or else the emulator)",
	        0 },
	{ "store", 's', "FILE", 0, "calibration store (default: that of bss calibrate)", 0 },
	{ "uncalibrated", 'u', NULL, 0, "take typical parameters instead of a calibration", 0 },
	{ 0 },
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct example_options *out = state->input;
	switch (key) {
	case 'c':
		out->connection = argument;
		return 0;
	case 's':
		out->store = argument;
		return 0;
	case 'u':
		out->uncalibrated = true;
		return 0;
	default:
		return ARGP_ERR_UNKNOWN;
	}
}

const struct argp example_argp = { .options = options, .parser = parse };

int example_chip_open(struct example_chip *out, const struct example_options *given)
{
	*out = (struct example_chip){ 0 };
	int status = hxcomm_open(&out->connection, given->connection, NULL);
	if (status != HXCOMM_OK)
		return status;
	out->configuration = malloc(sizeof(*out->configuration));
	if (!out->configuration)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip's configuration");
	if (given->uncalibrated) {
		haldls_chip_init(out->configuration);
		calix_uncalibrated_apply(out->configuration, NULL);
		return HXCOMM_OK;
	}
	return calix_chip_load(out->configuration, out->unavailable, out->connection, given->store,
	        NULL);
}

void example_chip_close(struct example_chip *chip)
{
	free(chip->configuration);
	hxcomm_close(chip->connection);
}

static int write_error(const char *path)
{
	return hxcomm_error_set(HXCOMM_EIO, "'%s' cannot be written", path);
}

int example_file_open(FILE **out, const char *path)
{
	*out = fopen(path, "w");
	return *out ? HXCOMM_OK : write_error(path);
}

int example_file_close(FILE *file, const char *path, int status)
{
	return fclose(file) && status == HXCOMM_OK ? write_error(path) : status;
}

double example_seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int example_fail(void)
{
	fprintf(stderr, "%s: %s\n", program_invocation_short_name, hxcomm_error_message());
	return 1;
}

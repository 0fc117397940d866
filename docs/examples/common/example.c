// SPDX-License-Identifier: MIT
#define _GNU_SOURCE /* program_invocation_short_name */
#include "example.h"

#include <calix/calibration.h>
#include <calix/store.h>
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

/* A neuron is left out if any of its parameters could not be calibrated. */
static void read_success(bool unavailable[HALDLS_NEURONS], const struct calix_result *result)
{
	const char *name;
	for (size_t i = 0; (name = calix_result_array_name(result, i)); i++) {
		size_t count;
		const uint8_t *success = calix_result_success(result, name, &count);
		for (size_t n = 0; count == HALDLS_NEURONS && n < count; n++)
			unavailable[n] |= !success[n];
	}
}

static int find_unavailable(struct example_chip *chip, const char *path)
{
	struct calix_query query = CALIX_QUERY_INIT;
	struct calix_store *store = NULL;
	struct calix_result *result = NULL;
	char *target;
	int status = calix_target_write_json(&target, NULL);
	if (status != HXCOMM_OK)
		return status;
	query.chip = hxcomm_identifier(chip->connection);
	query.kind = CALIX_KIND_SPIKING;
	query.target_json = target;
	status = calix_store_open(&store, path, CALIX_STORE_READ_ONLY);
	if (status == HXCOMM_OK)
		status = calix_store_find(&result, store, &query);
	if (status == HXCOMM_OK)
		read_success(chip->unavailable, result);
	calix_result_free(result);
	calix_store_close(store);
	free(target);
	return status;
}

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
	status = calix_chip_load(out->configuration, out->connection, given->store, NULL);
	return status == HXCOMM_OK ? find_unavailable(out, given->store) : status;
}

void example_chip_close(struct example_chip *chip)
{
	free(chip->configuration);
	hxcomm_close(chip->connection);
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

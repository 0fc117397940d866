// SPDX-License-Identifier: MIT
#ifndef EXAMPLE_H
#define EXAMPLE_H

/* What every example needs before its network: a chip, open and calibrated, from the command line. */

#include <argp.h>
#include <haldls/chip.h>
#include <hxcomm/connection.h>

#include <stdbool.h>
#include <stdio.h>

/** Options that all examples understand. Start from zeros. */
struct example_options {
	const char *connection; /**< --connection URI; NULL: HXCOMM_CONNECTION, or the emulator */
	const char *store;      /**< --store FILE; NULL: the default store */
	bool uncalibrated;      /**< --uncalibrated */
};

/** Parser of these options, for argp's children; its input is a struct example_options. */
extern const struct argp example_argp;

/** A chip that is ready for a network. */
struct example_chip {
	struct hxcomm_connection *connection; /**< open */
	struct haldls_chip *configuration;    /**< calibrated */
	bool unavailable[HALDLS_NEURONS];     /**< neurons that could not be calibrated */
};

/** Open a connection and load the chip's calibration. @param[out] out to be closed also after an
 *  error @param options which chip and how @return 0 or an error code of hxcomm */
int example_chip_open(struct example_chip *out, const struct example_options *options);

/** Close it. @param chip what example_chip_open() made */
void example_chip_close(struct example_chip *chip);

/** Open a file to write a result into. @param[out] out the file; NULL after an error @param path where
 *  @return 0 or HXCOMM_EIO */
int example_file_open(FILE **out, const char *path);

/** Close it, which may be when the disk turns out to be full. @param file the file @param path where
 *  @param status what writing it returned @return @p status, or HXCOMM_EIO */
int example_file_close(FILE *file, const char *path, int status);

/** Seconds of a clock that only runs forward. @return the time */
double example_seconds(void);

/** Print the last error as "name: message" to stderr. @return 1, the exit code for it */
int example_fail(void);

#endif

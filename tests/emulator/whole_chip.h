// SPDX-License-Identifier: MIT
#ifndef TESTS_EMULATOR_WHOLE_CHIP_H
#define TESTS_EMULATOR_WHOLE_CHIP_H

/* Programs that use all of a chip, and the words that it answers. */

#include "machine.h"

#include <haldls/chip.h>

#include <oracle.h>

enum { CYCLES_MS = 125000, CYCLES_US = 125 };

/** All neurons near their thresholds with current-based inputs, all synapses and drivers on, spikes to
 *  the links. Nothing fires yet. */
void whole_chip_init(struct haldls_chip *chip);
/** Neurons may fire from the next write on. */
void whole_chip_let_fire(struct haldls_chip *chip);
/** Adaptation, exponential terms, conductances and compartments, here and there. */
void whole_chip_make_rich(struct haldls_chip *chip);

/** Write all settings. */
void whole_chip_write(struct program *program, const struct haldls_chip *chip);
/** Events for all drivers, one every @p gap cycles, until @p cycles have passed. */
void whole_chip_events(struct program *program, uint32_t cycles, uint32_t gap);
/** Convert four rows of sensors or membranes of both hemispheres. */
void whole_chip_reads(struct program *program);

/** What a machine answered. */
struct answer {
	uint64_t *words;
	size_t count;
	struct emulator_analog_work work; /* that it did */
};

/** Run a program whose words come in pieces on a new machine. */
struct answer answer_of(
        const struct program *program, const struct emulator_options *options, size_t piece);
void answer_free(struct answer *answer);
/** The same, decoded; the caller frees it. */
struct hxcomm_responses *answer_decode(const struct answer *answer);
/** Fail and say @p what where two answers differ. */
void assert_same_words(const struct answer *a, const struct answer *b, const char *what);

#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_BACKGROUND_H
#define EMULATOR_BACKGROUND_H

/** @file
 *  @brief The eight background spike sources of the chip (source: spec/emulator_physics.md 2.7).
 *
 *  A source looks every `period` clocks of 4 ns, the first time one period after it was enabled.
 *  A regular source sends an event each time. A random one draws 8 bits and sends an event if the
 *  draw is at most `rate` (probability (rate + 1) / 256; rate 0 sends nothing), with the label bits
 *  of `mask` replaced by random ones. All draws come from the seed alone: sources with equal seeds
 *  and settings are bit-identical. */

#include <haldls/containers.h>

#include <stdbool.h>
#include <stdint.h>

enum { EMULATOR_BACKGROUND_SOURCES = 8 };

/** One source. */
struct emulator_background_source {
	struct haldls_background_spike_source config; /**< as written */
	uint64_t epoch;    /**< tick at which the source was enabled, or its period changed */
	uint64_t index;    /**< periods since the epoch: the next one to look at */
	uint64_t draw;     /**< draws since the source was enabled */
	uint64_t seed;     /**< seed taken over when the source was enabled */
	uint64_t block;    /**< number of the block of eight draws in `drawn`, plus 1 */
	uint32_t drawn[4]; /**< these draws, 16 bits each */
	uint64_t time;     /**< tick of the pending event */
	uint16_t label;    /**< label of the pending event */
	bool pending;      /**< an event was found and not yet taken */
};

/** All sources. */
struct emulator_background {
	struct emulator_background_source source[EMULATOR_BACKGROUND_SOURCES]; /**< by number */
	unsigned enabled; /**< mask of those that are on */
	uint64_t looks;   /**< periods that were looked at, a measure of the work done */
};

/** Write a source's registers.
 *  @param background the sources @param i number of the source, 0 ... 7
 *  @param config new contents @param now tick at which they take effect */
void emulator__background_configure(struct emulator_background *background, unsigned i,
        const struct haldls_background_spike_source *config, uint64_t now);

/** Find the next event of a source before @p limit.
 *  @param background the sources @param i number of the source, 0 ... 7
 *  @param limit tick; later events stay undrawn
 *  @return tick of the event, UINT64_MAX where there is none before @p limit */
uint64_t emulator__background_find(struct emulator_background *background, unsigned i,
        uint64_t limit);

/** Take the event that emulator__background_find() found.
 *  @param background the sources @param i number of the source @return its label, 14 bits */
uint16_t emulator__background_take(struct emulator_background *background, unsigned i);

#endif

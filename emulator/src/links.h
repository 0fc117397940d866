// SPDX-License-Identifier: MIT
#ifndef EMULATOR_LINKS_H
#define EMULATOR_LINKS_H

/** @file
 *  @brief The eight serial links between FPGA and chip: which are up, what passed, what was lost.
 *  Bus words travel in order and are repeated until they arrive (HICANN-ARQ); events are sent once
 *  (source: spec/transport.md 2.4, spec/registers_fpga.json PhyStatus, HicannARQStatus).
 *
 *  A word that is repeated arrives #EMULATOR_RETRY_CYCLES later. Links take turns. */

#include <stdbool.h>
#include <stdint.h>

enum {
	EMULATOR_LINKS = 8,
	EMULATOR_RETRY_CYCLES = 250, /**< 2 us until a word that was lost is sent again; assumed */
	EMULATOR_RETRIES = 1000,     /**< after so many in a row a word counts as arrived */
};

/** State and counters of the links, by number of the FPGA's end. */
struct emulator_links {
	uint8_t up;                           /**< mask of those that are up */
	uint64_t up_since[EMULATOR_LINKS];    /**< FPGA cycle */
	uint32_t crc_errors[EMULATOR_LINKS];  /**< messages that arrived damaged */
	uint32_t dropped[EMULATOR_LINKS];     /**< of them, those from the chip */
	uint32_t sent[EMULATOR_LINKS];        /**< words to the chip */
	uint32_t received[EMULATOR_LINKS];    /**< words from the chip */
	uint32_t handed_over;                 /**< words given to the ARQ on the FPGA */
	uint32_t sent_words;                  /**< words it sent, repetitions included */
	uint32_t received_words;              /**< words that the chip's ARQ sent */
	uint32_t delivered;                   /**< words that the ARQ gave back on the FPGA */
	unsigned turn;                        /**< link of the last word */
	uint32_t uncounted[2];                /**< words from and to the chip, not counted yet */
	uint32_t loss;                        /**< probability of a loss times 2^32 */
	uint64_t seed;                        /**< of the losses */
	uint64_t draws;                       /**< so far */
};

/** Carry an access to the chip's bus: words there, and words back.
 *  @param[out] damaged mask of links on which a word was damaged
 *  @param links the links, at least one of them up @param to words to the chip
 *  @param from words from the chip
 *  @return FPGA cycles that were lost with repetitions */
uint64_t emulator__links_carry(uint8_t *damaged, struct emulator_links *links, unsigned to,
        unsigned from);

/** Count what is not counted yet, before a counter is read or a link goes up or down.
 *  @param links the links */
void emulator__links_count(struct emulator_links *links);

/** An event was lost. @param links the links, at least one of them up
 *  @param to_chip on the way there
 *  @return number of the link */
unsigned emulator__links_lose(struct emulator_links *links, bool to_chip);

/** The chip is reset: counters of the ARQ begin anew. @param links the links */
void emulator__links_reset(struct emulator_links *links);

#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_NOISE_H
#define EMULATOR_NOISE_H

/** @file
 *  @brief Random numbers of the emulated chip: each is a function of its key and its place, never
 *  of the order in which numbers are drawn (Philox4x32-10, source: spec/emulator_numerics.md 5). */

#include <stddef.h>
#include <stdint.h>

/** What a number is for. */
enum noise_stream {
	NOISE_NEURON = 1, /**< fixed pattern: neurons */
	NOISE_QUADRANT,   /**< fixed pattern: quadrants */
	NOISE_COLUMN,     /**< fixed pattern: synapse columns */
	NOISE_SYNAPSE,    /**< fixed pattern: synapses */
	NOISE_DRIVER,     /**< fixed pattern: synapse drivers */
	NOISE_CHANNEL,    /**< fixed pattern: CADC channels */
	NOISE_CELL,       /**< trial: write of a capacitive memory cell */
	NOISE_MEMBRANE,   /**< trial: membrane current, one value per neuron and slot */
	NOISE_LOOK,       /**< trial: membrane, looked at after idle time */
	NOISE_COMPARATOR, /**< trial: threshold of one crossing */
	NOISE_CADC,       /**< trial: conversions */
	NOISE_MADC,       /**< trial: samples */
	NOISE_BACKGROUND, /**< background sources */
	NOISE_LINK,       /**< trial: jitter of the way to the chip */
	NOISE_OUTPUT,     /**< trial: jitter of the way from the chip */
	NOISE_FAULT,      /**< trial: losses and bit errors on links */
	NOISE_PLASTICITY, /**< trial: charge of short-term plasticity */
	NOISE_SENSOR,     /**< fixed pattern: correlation sensors */
	NOISE_POWER,      /**< trial: what a power-up leaves behind */
	NOISE_DRIFT,      /**< trial: slow drift of neurons */
};

/** 128 random bits. @param[out] out four words @param seed key @param number which draw */
void emulator__noise_bits(
	uint32_t out[4], uint64_t seed, enum noise_stream stream, uint64_t number);

/** Two normal numbers with their full tails (Box-Muller). @param seed key @param index which
 *  instance @param number which draw */
void emulator__noise_normals(
	double out[2], uint64_t seed, enum noise_stream stream, uint32_t index, uint64_t number);

/** Four uniform numbers in (0, 1). */
void emulator__noise_uniforms(
	double out[4], uint64_t seed, enum noise_stream stream, uint32_t index, uint64_t number);

/** Normal-like numbers of variance 1 for instances 0 … count - 1 in bulk: sums of four uniform
 *  bytes, bounded at 3.46, for what a low-pass makes normal.
 *  @param[out] out [count] @param count a multiple of 4 @param scale [count] factors */
void emulator__noise_fill(float *out, const float *scale, size_t count, uint64_t seed,
	enum noise_stream stream, uint64_t number);

#endif

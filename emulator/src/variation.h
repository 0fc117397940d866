// SPDX-License-Identifier: MIT
#ifndef EMULATOR_VARIATION_H
#define EMULATOR_VARIATION_H

/** @file
 *  @brief The fixed pattern of a chip, drawn from its serial number: potentials normal, currents
 *  and time constants log-normal. Source: spec/emulator_physics.md 4.1. */

#include <stdbool.h>
#include <stdint.h>

/** How an instance is broken. */
enum variation_fault {
	VARIATION_SOUND = 0,
	VARIATION_STUCK, /**< neuron: never fires, its readout stands at 0 V; driver: no pulses;
			    channel: one value; synapse: no charge */
	VARIATION_NOISY, /**< neuron: ten times the noise; channel: noise of 20 LSB */
};

/** What makes a neuron itself. */
struct variation_neuron {
	enum variation_fault fault;
	float readout_offset;   /**< V, readout amplifier */
	float readout_gain;     /**< factor around 0.6 V */
	float leak_offset;      /**< V */
	float reset_offset;     /**< V */
	float threshold_offset; /**< V */
	float leak;             /**< factor on the leak bias */
	float reset;            /**< factor on the reset bias */
	float capacitance;      /**< factor */
	float tau[2];           /**< factor on the line's time constant, exc, inh */
	float gm[2];            /**< factor on the input's current */
	float input_offset[2];  /**< V */
	float offset;           /**< factor on the membrane offset current */
};

/** What a quadrant's parts share. */
struct variation_quadrant {
	float dac;         /**< factor on the synapse DAC current */
	float cadc_offset; /**< codes added to the ramp offset */
	float cadc_slope;  /**< factor on the ramp slope */
};

/** What makes a CADC channel itself. */
struct variation_channel {
	enum variation_fault fault;
	uint8_t stuck; /**< value of a stuck one */
	float offset;  /**< LSB */
	float gain;    /**< factor */
};

/** A chip's fixed pattern. */
struct variation {
	uint64_t key;
	bool on;
	struct variation_neuron neuron[512];
	struct variation_quadrant quadrant[4];
	struct variation_channel channel[2][2][256]; /**< [hemisphere][type][column] */
	float column[2][256];                        /**< factor on the synapses of a column */
	bool driver_stuck[256];
};

/** Draw the pattern of chip @p serial. @param on false gives the typical chip */
void emulator__variation_draw(struct variation *out, uint32_t serial, bool on);

/** Effective weight of a synapse: the nominal weight with its own gain, step of the highest bit, or
 *  fault.
 *  @param synapse 65536 hemisphere + 256 row + column */
float emulator__variation_weight(const struct variation *pattern, uint32_t synapse, uint8_t weight);

#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_VARIATION_H
#define EMULATOR_VARIATION_H

/** @file
 *  @brief The fixed pattern of a chip, drawn from its serial number: potentials normal, currents
 *  and time constants log-normal; and what its temperature makes of it. Source:
 *  spec/emulator_physics.md 4.1, 4.2. */

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
	float readout_offset;       /**< V, readout amplifier */
	float readout_gain;         /**< factor around 0.6 V */
	float leak_offset;          /**< V */
	float reset_offset;         /**< V */
	float threshold_offset;     /**< V */
	float leak;                 /**< factor on the leak bias */
	float reset;                /**< factor on the reset bias */
	float capacitance;          /**< factor */
	float tau[2];               /**< factor on the line's time constant, exc, inh */
	float gm[2];                /**< factor on the input's current */
	float input_offset[2];      /**< V */
	float offset;               /**< factor on the membrane offset current */
	float adaptation_tau;       /**< factor on the adaptation's time constant */
	float adaptation[2];        /**< factor on the adaptation's couplings a, b */
	float exponential;          /**< factor on the exponential term's current */
	float conductance[2];       /**< factor on the voltage dependence of the inputs, exc, inh */
	float compartment;          /**< factor on the conductance between compartments */
	float adaptation_offset[2]; /**< V, references v_adapt_leak, v_adapt_ref */
	float exponential_offset;   /**< V, reference v_exp */
	float reversal_offset[2];   /**< V, references e_rev, exc, inh */
	uint8_t post_delay;         /**< ticks, of post pulses that a block is sent */
};

/** What a quadrant's parts share. */
struct variation_quadrant {
	float dac;          /**< factor on the synapse DAC current */
	float cadc_offset;  /**< codes added to the ramp offset */
	float cadc_slope;   /**< factor on the ramp slope */
	float cadc_bend[2]; /**< LSB, bow and S of the ramp: see emulator__variation_bend() */
	float correlation_amplitude; /**< factor on the charge of a pair */
	float correlation_rate;      /**< factor on 1/tau of the traces */
	float correlation_baseline;  /**< LSB, of the correlation lines */
};

/** What makes a synapse driver itself. */
struct variation_driver {
	bool stuck;       /**< sends no pulses */
	float plasticity; /**< pulse length that short-term plasticity takes off */
	float hagen;      /**< activations, added in hagen mode */
};

/** What makes the fast converter itself. */
struct variation_madc {
	float offset; /**< LSB */
	float gain;   /**< factor */
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
	struct variation_driver driver[256];
	struct variation_madc madc;
	int8_t synapse[2][65536][2]; /**< [hemisphere][256 row + column]: own gain and step of the
					highest bit, normal numbers in units of 1/32 */
	bool synapses[512];          /**< [256 hemisphere + row] the row above is drawn */
};

enum {
	VARIATION_CELSIUS = 38, /**< temperature at which the pattern holds as it is drawn */
	VARIATION_DEAD = -128,  /**< gain of a dead synapse */
};

/** Draw the pattern of chip @p serial; rows of synapses follow when they are first asked for.
 *  @param on false gives the typical chip  @param celsius temperature: leak and line time constants
 *  lose 0.3 % a K, potentials drift by 0.3 mV/K, input currents go with 1/T, the CADC's slope by
 *  0.1 %/K and its channels by 0.1 LSB/K (sigmas) */
void emulator__variation_draw(struct variation *out, uint32_t serial, bool on, float celsius);

/** A normal number in the units of 1/32 in which patterns of synapses are kept, -127 ... 127. */
int8_t emulator__variation_quantise(double normal);

/** Non-linearity of a CADC ramp, LSB. @param value 0 ... 1 of its range */
float emulator__variation_bend(const struct variation_quadrant *pattern, float value);

/** Effective weight of a synapse: the nominal weight with its own gain, step of the highest bit, or
 *  fault.
 *  @param synapse 65536 hemisphere + 256 row + column */
float emulator__variation_weight(struct variation *pattern, uint32_t synapse, uint8_t weight);

#endif

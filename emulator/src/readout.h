// SPDX-License-Identifier: MIT
#ifndef EMULATOR_READOUT_H
#define EMULATOR_READOUT_H

/** @file
 *  @brief What neurons, drivers and lines show to the converters, and what reaches them from pads.
 */

#include "kernel.h"

#include <stdbool.h>
#include <stdint.h>

struct emulator_analog;

enum { READOUT_HELD = 3 * 512 * 2 /**< lines that two pads may hold */ };

/** Sum and number of what is connected to a line. */
struct readout_mean {
	float sum;      /**< V */
	unsigned count; /**< how many */
};

/** What the board does to a pad. */
struct readout_drive {
	bool driven; /**< it drives the pad */
	float volt;  /**< V */
};

/** A membrane or synaptic line that a pad holds. */
struct readout_held {
	uint16_t neuron; /**< atomic neuron */
	uint8_t line;    /**< 0 the membrane, 1 its excitatory line, 2 its inhibitory one */
	float volt;      /**< V, of a line its drop */
};

/** What the readout amplifier of a neuron shows. @param a the chip @param n atomic neuron
 *  @param v V, its membrane @param lines [2] V, drops of its lines @return V */
float emulator__readout_neuron(
	const struct emulator_analog *a, uint32_t n, float v, const float lines[KERNEL_LINES]);

/** What it shows at a time after the last grid point. @param a the chip @param t tick, the last
 *  advance or at most a step later @param n atomic neuron @return V */
float emulator__readout_moving(struct emulator_analog *a, uint64_t t, uint32_t n);

/** Debug line of a type of CADC channels. @param a the chip @param type 0 causal, 1 acausal
 *  @return V; 0 where nothing drives it */
float emulator__readout_debug_line(const struct emulator_analog *a, uint32_t type);

/** What a readout multiplexer shows. @param a the chip @param t tick, the last advance or at most a
 *  step later @param mux 0, 1 @return V */
float emulator__readout_mux(struct emulator_analog *a, uint64_t t, uint32_t mux);

/** Current of the current DAC, wherever it flows. @param a the chip @return A */
float emulator__readout_dac_current(const struct emulator_analog *a);

/** Part of it that flows onto a membrane. @param a the chip @param n atomic neuron @return A */
float emulator__readout_stimulus(const struct emulator_analog *a, uint32_t n);

/** Does a pad hold anything? @param a the chip @return true if so */
bool emulator__readout_holds(struct emulator_analog *a);

/** Put what pads hold into a state of the membranes. @param a the chip @param m the state */
void emulator__readout_hold(struct emulator_analog *a, struct kernel_membranes *m);

#endif

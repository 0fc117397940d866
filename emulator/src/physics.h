// SPDX-License-Identifier: MIT
#ifndef EMULATOR_PHYSICS_H
#define EMULATOR_PHYSICS_H

/** @file
 *  @brief The numbers of the typical chip. Source of each: spec/emulator_physics.md 0 to 4; units
 *  are SI. */

/** @name Capacitive memory
 *  A voltage cell holds V = V0 + code * lsb, a current cell I = code * lsb. @{ */
#define PHYSICS_CELL_VOLT 1.875e-3f   /**< V per code */
#define PHYSICS_CELL_VOLT_ZERO 0.019f /**< V at code 0 */
#define PHYSICS_CELL_AMPERE 0.978e-9f /**< A per code */
#define PHYSICS_CELL_SETTLE 2e-3      /**< s, time constant after a write */
#define PHYSICS_CELL_LEAK 1.0         /**< s, time constant of a cell that is not refreshed */
#define PHYSICS_CELL_CROSSTALK 5.0f   /**< codes down when 128 cells share a code */
#define PHYSICS_CELL_REWRITE 0.3f     /**< codes, sigma of one write */
/** @} */

/** @name Neuron @{ */
#define PHYSICS_FOLLOWER 0.8f       /**< gain of the source follower of leak and reset references */
#define PHYSICS_LEAK_FOLLOWER 0.54f /**< V, its drop for the leak reference */
#define PHYSICS_RESET_FOLLOWER 0.53f       /**< V, its drop for the reset reference */
#define PHYSICS_LEAK_BIAS_DRIFT 6e-3f      /**< V per factor e of the leak bias, downwards */
#define PHYSICS_LEAK_BIAS_TYPICAL 158.0f   /**< code at which this drift is 0 */
#define PHYSICS_THRESHOLD_OFFSET (-13e-3f) /**< V */
#define PHYSICS_CAPACITANCE 36.5e-15f      /**< F per code of the membrane capacitor */
#define PHYSICS_CAPACITANCE_INTRINSIC 5.0f /**< codes that the membrane has without it */
#define PHYSICS_LEAK 2.62e-9f              /**< S per code of a leak or reset bias */
#define PHYSICS_DEGENERATION 4.0f /**< conductance gained, range lost without source degeneration \
				   */
#define PHYSICS_RESET_LIMIT 5e-6f /**< S of the reset switch */
#define PHYSICS_OFFSET 0.36e-9f   /**< A per code of the membrane offset current */
#define PHYSICS_OFFSET_ROOM 0.1f   /**< V to the rail, over which this current fades */
#define PHYSICS_COMPARTMENT 2.0e-9f /**< S per code between compartments */
#define PHYSICS_SOMA_LINE 20e-15f /**< F of a segment of the soma line */
#define PHYSICS_ADAPT_TAU 12e-3f   /**< s * code of the adaptation */
#define PHYSICS_ADAPT_A 1.2e-9f    /**< S per code of the adaptation */
#define PHYSICS_ADAPT_B 0.12e-3f   /**< A/s per code while an adaptation pulse lasts */
#define PHYSICS_ADAPT_LIMIT 500e-9f /**< A, largest adaptation current */
#define PHYSICS_ADAPT_SHOWN 1e-6f  /**< S: the readout shows the current over it */
#define PHYSICS_EXP 0.05f          /**< of its bias that the exponential term makes at its
                                        reference */
#define PHYSICS_EXP_WIDTH 25e-3f   /**< V per factor e */
#define PHYSICS_EXP_LIMIT 5e-6f    /**< A, largest exponential current */
#define PHYSICS_COBA 6e-9f         /**< A per V and code, of conductance-based inputs */
#define PHYSICS_BYPASS 0.04f       /**< V of drop that a bypass takes for a spike */
#define PHYSICS_BYPASS_TICKS 3     /**< from the event to the spike */
#define PHYSICS_RAIL 1.2f         /**< V, upper end of the membrane; the lower one is 0 */
#define PHYSICS_RAIL_SOFT 0.05f   /**< V over which currents fade before a rail */
#define PHYSICS_STUCK 0.002       /**< share of neurons that a power-up leaves in reset */
#define PHYSICS_POST_SPREAD \
	16 /**< ticks, over which a block's post pulse reaches its neurons; \
		assumed */
#define PHYSICS_COMPARATOR_DELAY 5.0f  /**< ticks of 4 ns at the typical bias */
#define PHYSICS_COMPARATOR_BIAS 200.0f /**< that bias, code */
/** @} */

/** @name Synaptic inputs (index 0 excitatory, 1 inhibitory where they differ)
 *  The inhibitory figures reproduce the medians of spec/emulator_physics.md 4.3. @{ */
#define PHYSICS_LINE_TAU \
	{ \
		504e-6f, 474e-6f \
	} /**< s * code, high resistance and large capacitance */
#define PHYSICS_LINE_GAIN \
	{ \
		1.0f, 0.885f \
	} /**< of the output amplifier's current */
#define PHYSICS_LINE_SHIFT \
	{ \
		300.0f, 278.0f \
	}                                    /**< code at which the shift is 0 */
#define PHYSICS_LINE_LOW_RESISTANCE 0.25f    /**< factor on tau */
#define PHYSICS_LINE_SMALL_CAPACITANCE 0.75f /**< factor on tau and capacitance */
#define PHYSICS_LINE_TAU_FLOATING 5e-3f      /**< s, when the bias is 0 */
#define PHYSICS_LINE_TAU_BEND 0.5f           /**< V at which tau has halved */
#define PHYSICS_LINE_LIMIT 1.0f              /**< V, largest drop */
#define PHYSICS_LINE_REST 1.2f               /**< V, the line without a drop */
#define PHYSICS_LINE_PAIR 0.072f             /**< V, 2 n kT/e of the output's input pair */
#define PHYSICS_LINE_SHIFT_STEP 0.04f        /**< V per factor e of the shift bias */
#define PHYSICS_WEIGHT 0.183e-6f /**< V on the line per weight and code of the DAC bias */
/** @} */

/** @name Converters @{ */
#define PHYSICS_CADC_SLOPE 154.0f  /**< codes of the ramp slope for one cell code per CADC LSB */
#define PHYSICS_CADC_ZERO 9.0f     /**< cell codes below the ramp offset that convert to 0 */
#define PHYSICS_CADC_SETUP 100     /**< ticks from the trigger to the begin of the ramp */
#define PHYSICS_CADC_NOISE 0.7f    /**< LSB */
#define PHYSICS_MADC_VOLT 1.5e-3f  /**< V per LSB */
#define PHYSICS_MADC_ZERO (-0.04f) /**< V at 0 */
#define PHYSICS_MADC_NOISE 1.5f    /**< LSB */
/** @} */

/** @name Trial-to-trial noise @{ */
#define PHYSICS_NOISE_DENSITY 3.7e-24 /**< A^2/Hz, one-sided, at the bias below */
#define PHYSICS_NOISE_BIAS \
	(900.0 * 0.978e-9)     /**< A, sum of the biases of leak and synaptic inputs */
#define PHYSICS_NOISE_SLOT 240 /**< ticks between two values of the band-limited current */
#define PHYSICS_NOISE_DRIFT 1.35e-3 /**< V, of the references of a neuron in an hour: 0.3 LSB */
#define PHYSICS_NOISE_COMPARATOR 1.5e-3f /**< V, drawn anew for each crossing */
/** @} */

#endif

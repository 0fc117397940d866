// SPDX-License-Identifier: MIT
#ifndef EMULATOR_ORACLE_H
#define EMULATOR_ORACLE_H

/** @file
 *  @brief The truth about an emulated chip, for tests: what no converter shows. */

#include "analog.h"

struct emulator_channel;
struct emulator_driver;
struct emulator_madc;
struct emulator_neuron;
struct emulator_quadrant;
struct emulator_synapse;

/** What a neuron truly is at this moment. */
struct emulator_analog_truth {
	double capacitance;       /**< F */
	double leak_current;      /**< A, largest current of the leak */
	double leak_conductance;  /**< S, at its reference */
	double leak_reference;    /**< V */
	double reset_conductance; /**< S */
	double reset_reference;   /**< V */
	double threshold; /**< V, without the comparator's noise; 1e9 where the neuron cannot fire
			   */
	double offset_current;   /**< A */
	double tau_line[2];      /**< s, excitatory, inhibitory */
	double input_current[2]; /**< A, largest current of the input, both positive */
	double input_offset[2];  /**< V, input-referred, shift reference included */
	double noise_sigma;      /**< V, of the membrane at rest */
	double readout_offset;   /**< V */
	double readout_gain;     /**< factor around 0.6 V */
};

/** Membrane potential at the last grid point, without its noise, V. */
double emulator__analog_true_membrane(const struct emulator_analog *analog, uint32_t neuron);

/** Membrane potential at time @p t, the last advance, with its noise, V. */
double emulator__analog_true_noisy_membrane(
	struct emulator_analog *analog, uint64_t t, uint32_t neuron);

/** Drop of a synaptic line at the last grid point, V. @param line 0 excitatory, 1 inhibitory */
double emulator__analog_true_line(
	const struct emulator_analog *analog, uint32_t neuron, unsigned line);

/** Parameters of a neuron at the last advance. */
void emulator__analog_true_neuron(
	struct emulator_analog_truth *out, struct emulator_analog *analog, uint32_t neuron);

/** Value of a cell of the capacitive memory at time @p t >= the last look, codes. */
double emulator__analog_true_cell(struct emulator_analog *analog, uint64_t t, uint32_t cell);

/** Effective weight of a synapse. */
double emulator__analog_true_weight(
	const struct emulator_analog *analog, uint32_t hemisphere, uint32_t row, uint32_t column);

/** Voltage of a driver's short-term plasticity at time @p t >= its last event, codes. */
double emulator__analog_true_driver(struct emulator_analog *analog, uint64_t t, uint32_t driver);

/** A CADC channel. @param channel 512 hemisphere + 256 type + column */
void emulator__analog_true_channel(
	struct emulator_channel *out, const struct emulator_analog *analog, uint32_t channel);

/** Copy the analog half as it is at time @p t, the last advance, with all parameters derived: what
 * is asked of the copy leaves no trace. For looks only, and before the next call of @p analog.
 *  @param[out] out end with free()  @retval 0 done @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__analog_peek(
	struct emulator_analog **out, const struct emulator_analog *analog, uint64_t t);

/** All of a neuron. @param peek of emulator__analog_peek() */
void emulator__analog_look_at_neuron(
	struct emulator_neuron *out, struct emulator_analog *peek, uint64_t t, uint32_t neuron);

/** All of a synapse but for its sensors. @param peek of emulator__analog_peek() */
void emulator__analog_look_at_synapse(
	struct emulator_synapse *out, const struct emulator_analog *peek, uint32_t synapse);

/** All of a synapse driver. @param peek of emulator__analog_peek() */
void emulator__analog_look_at_driver(
	struct emulator_driver *out, struct emulator_analog *peek, uint64_t t, uint32_t driver);

/** All of the fast converter. */
void emulator__analog_look_at_madc(struct emulator_madc *out, const struct emulator_analog *analog);

/** All of a quadrant. @param peek of emulator__analog_peek() */
void emulator__analog_look_at_quadrant(
	struct emulator_quadrant *out, const struct emulator_analog *peek, uint32_t quadrant);

/** Voltage at which a CADC channel's ramp begins, without its channel offset, V. */
double emulator__analog_true_cadc_zero(const struct emulator_analog *analog, uint32_t quadrant);

/** Voltage of one CADC LSB of a quadrant, V. */
double emulator__analog_true_cadc_lsb(const struct emulator_analog *analog, uint32_t quadrant);

/** What was done since power-up, of which speed comes. */
struct emulator_analog_work {
	uint64_t spikes;       /**< fire events */
	uint64_t events;       /**< that drivers accepted, with a pulse that is not empty */
	uint64_t row_events;   /**< of windows: rows in which some synapse has the event's label */
	uint64_t windows;      /**< of a hemisphere */
	uint64_t window_steps; /**< of a hemisphere, in windows */
	uint64_t single_steps; /**< of all neurons */
	uint64_t idle_steps;   /**< of all neurons, through time that could have been leapt over */
	double idle_deviation; /**< V, most that a membrane was off where these steps ended, while no
				    cell of the capacitive memory settled */
};

/** Count the work done so far. */
void emulator__analog_work(struct emulator_analog_work *out, const struct emulator_analog *analog);

/** Write the biases that enable references, amplifiers, inputs, readout and converters, for those
 * who have no whole configuration. @param now time of the write */
void emulator__analog_set_biases(struct emulator_analog *analog, uint64_t now);

/** Force the kernels: 0 portable, up to the count of emulator__kernel_list() - 1. */
void emulator__analog_use_kernel(struct emulator_analog *analog, unsigned number);

#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_KERNEL_H
#define EMULATOR_KERNEL_H

/** @file
 *  @brief The hot loops of the analog half, and the columns of numbers they run over.
 *
 *  One source, kernel_body.h, is compiled once for each instruction set. It uses only IEEE basic
 *  operations, element by element and without contraction, so every instruction set gives the same
 *  bits. */

#include <stdint.h>

enum {
	KERNEL_NEURONS = 512,
	KERNEL_COLUMNS = 256,
	KERNEL_LINES = 2, /**< 0 excitatory, 1 inhibitory */
};

/** What happens in a step; sum of these. */
enum kernel_variant {
	KERNEL_EVENTS = 1, /**< `charge` and `moment` hold events */
	KERNEL_RESETS = 2, /**< some `reset_share` is not 0 */
	KERNEL_NOISE = 4,  /**< move the noise part of the membranes */
};

/** What a step found in some neuron; sum of these. */
enum kernel_flag {
	KERNEL_CROSSING = 1, /**< the comparator switched on: see `crossing` */
	KERNEL_NEAR = 2,     /**< within `margin` of the threshold */
	KERNEL_MOVING = 4,   /**< a membrane moved */
	KERNEL_ACTIVE = 8,   /**< a line has a drop that matters */
	KERNEL_FAST = 16,    /**< a membrane moved by more than `fast` */
};

/** A value for each neuron. The odd length keeps the columns from meeting in the same cache sets:
 *  2x, bench/emulator_analog. */
typedef float kernel_column[KERNEL_NEURONS + 16];

/** State and parameters of all neurons. Currents are divided by the membrane's capacitance: V/s. */
struct kernel_membranes {
	/* state */
	_Alignas(64) kernel_column v;     /**< V, membrane without its noise */
	kernel_column noise;              /**< V, noise part of the membrane */
	kernel_column line[KERNEL_LINES]; /**< V, drop of the synaptic line */
	/* what the step brings */
	kernel_column charge[KERNEL_LINES]; /**< V, sum of the events of this step */
	kernel_column moment[KERNEL_LINES]; /**< V s, each times the time from it to the end of the
					       step */
	kernel_column reset_share;          /**< share of the step in reset, 0 … 1 */
	kernel_column noise_from; /**< V/s, noise current at the begin of the noise slot */
	kernel_column noise_to;   /**< V/s, at its end */
	/* parameters: current = limit * tanh(slope * (reference - v)) for leak and reset */
	kernel_column leak_limit;
	kernel_column leak_slope;     /**< 1/V */
	kernel_column leak_reference; /**< V */
	kernel_column reset_limit;
	kernel_column reset_slope;
	kernel_column reset_reference;
	kernel_column constant;                  /**< V/s, offset current */
	kernel_column input_limit[KERNEL_LINES]; /**< largest current of the input, negative for the
						    inhibitory one */
	kernel_column input_offset[KERNEL_LINES]; /**< V added to the drop */
	kernel_column line_rate[KERNEL_LINES];    /**< 1/s */
	kernel_column
		line_decay[KERNEL_LINES]; /**< of the drop over a step of EMULATOR_STEP_TICKS */
	kernel_column line_mean[KERNEL_LINES]; /**< mean of the drop over this step, for one of 1 V
						  at its begin */
	kernel_column threshold; /**< V, this crossing's; huge where the neuron cannot fire */
	kernel_column margin;    /**< V */
	/* what the step found */
	kernel_column gain; /**< V, the way of membrane and noise together in this step */
	kernel_column rate; /**< 1/s, inverse time constant of the membrane */
	uint32_t above[KERNEL_NEURONS + 16];    /**< 1 while the comparator is on */
	uint32_t crossing[KERNEL_NEURONS + 16]; /**< 1 where it switched on in this step */
	float fast;                             /**< V, what counts as fast */
};

/** What pairs of a quadrant's correlation sensors add. */
struct kernel_pair {
	float amplitude; /**< of two pulses at once */
	float rate;      /**< per tick, inverse time constant */
};

/** The kernels of one instruction set. */
struct kernel {
	const char *name;
	/** Move all neurons by one step of the length @p h for which `line_decay` was computed, in
	 *  s.
	 *  @param place of the middle of the step in the noise slot, 0 … 1  @return sum of
	 *  kernel_flag */
	uint32_t (*step)(struct kernel_membranes *m, float h, float place, unsigned variants);
	/** Move all neurons by any time @p h in which nothing happens; `reset_share` counts with
	 *  KERNEL_RESETS. */
	uint32_t (*leap)(struct kernel_membranes *m, float h, unsigned variants);
	/** Add a row event: columns whose label matches get strength * scale * pulse.
	 *  @param charge, moment, strength, labels, scale  [256]  @param label to match
	 *  @param pulse  length, 1 for a full one  @param delay  s from the event to the end of the step */
	void (*row)(float *charge, float *moment, const float *strength, const uint8_t *labels,
		const float *scale, uint8_t label, float pulse, float delay);
	/** Add amplitude * exp(-age * rate) to 256 sensors, with their own factors on both.
	 *  @param sum, amplitude, rate  [256]  @param since [256] tick of the partner's last pulse
	 *  @param now tick of this one; both in their low 32 bits, at most 2^31 apart  @param pair of
	 *  all */
	void (*pair_column)(float *sum, const float *amplitude, const float *rate,
		const uint32_t *since, uint32_t now, const struct kernel_pair *pair);
	/** The same for those of a row whose label matches.
	 *  @param labels [256]  @param label to match  @param pairs [2] of columns 0 to 127, 128 to 255 */
	void (*pair_row)(float *sum, const float *amplitude, const float *rate,
		const uint32_t *since, const uint8_t *labels, uint8_t label, uint32_t now,
		const struct kernel_pair *pairs);
};

extern const struct kernel emulator__kernel_portable;
extern const struct kernel emulator__kernel_avx2;
extern const struct kernel emulator__kernel_avx512;

/** The fastest kernels that this processor runs. */
const struct kernel *emulator__kernel_choose(void);

/** All kernels that this processor runs, the portable ones first. @param[out] out [3] @return how
 *  many */
unsigned emulator__kernel_list(const struct kernel *out[3]);

#endif

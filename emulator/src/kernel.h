// SPDX-License-Identifier: MIT
#ifndef EMULATOR_KERNEL_H
#define EMULATOR_KERNEL_H

/** @file
 *  @brief The hot loops of the analog half, and the columns of numbers they run over.
 *
 *  One source, kernel_body.h, is compiled once for each instruction set. It uses only IEEE basic
 *  operations, element by element and without contraction, so every instruction set gives the same
 *  bits. */

#include <stdbool.h>
#include <stdint.h>

enum {
	KERNEL_NEURONS = 512,
	KERNEL_COLUMNS = 256,
	KERNEL_BLOCK = 64,  /**< neurons that are rich together */
	KERNEL_LINES = 2,   /**< 0 excitatory, 1 inhibitory */
	KERNEL_WINDOW = 12, /**< most steps of a window */
	KERNEL_SLOTS = 4,   /**< most slots of the noise in a window */
	KERNEL_KICKS = 64,  /**< most row events of a step whose times a crossing minds */
	KERNEL_LATER = INT32_MAX, /**< a tick that does not come */
};

/** V, a threshold that no membrane reaches. */
#define KERNEL_NEVER 1e9f

/** @name tanh(x) in windows
 *  FACTOR x (q + OVER) / ((q + UNDER_0) (q + UNDER_1)) with q = x^2 for an x up to END, FACTOR =
 *  UNDER_0 UNDER_1 / OVER; off by 7.6e-4 at most, and by x^5 for a small x. @{ */
#define KERNEL_TANH_END 3.749545f
#define KERNEL_TANH_OVER 11.647558f
#define KERNEL_TANH_UNDER_0 57.189562f
#define KERNEL_TANH_UNDER_1 2.4893889f
#define KERNEL_TANH_FACTOR (KERNEL_TANH_UNDER_0 * KERNEL_TANH_UNDER_1 / KERNEL_TANH_OVER)
/** @} */

/** What happens in a step; sum of these. */
enum kernel_variant {
	KERNEL_EVENTS = 1, /**< `charge` and `kept` hold events */
	KERNEL_RESETS = 2, /**< some `reset_share` is not 0 */
	KERNEL_NOISE = 4,  /**< a noise current flows */
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
	_Alignas(64) kernel_column v; /**< V, membrane */
	kernel_column noise; /**< V, what was drawn beside it where no noise current flows */
	kernel_column line[KERNEL_LINES]; /**< V, drop of the synaptic line */
	/* what the step brings */
	kernel_column charge[KERNEL_LINES]; /**< V, sum of the events of this step */
	kernel_column kept[KERNEL_LINES]; /**< V, what is left of them at the end of the step, over
					     what is left over half a step */
	kernel_column reset_share;        /**< share of the step in reset, 0 … 1 */
	kernel_column noise_from;         /**< V/s, noise current at the begin of the noise slot */
	kernel_column noise_to;           /**< V/s, at its end */
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
	kernel_column line_area[KERNEL_LINES]; /**< time constant of the line over this step */
	kernel_column threshold; /**< V, this crossing's; huge where the neuron cannot fire */
	kernel_column margin;    /**< V */
	/* what the step found */
	kernel_column gain;                     /**< V, the way of the membrane in this step */
	kernel_column rate;                     /**< 1/s, inverse time constant of the membrane */
	uint32_t above[KERNEL_NEURONS + 16];    /**< 1 while the comparator is on */
	uint32_t crossing[KERNEL_NEURONS + 16]; /**< 1 where it switched on in this step */
	float fast;                             /**< V, what counts as fast */
	unsigned rich; /**< bit b: steps and leaps leave out neurons 64 b … 64 b + 63 */
};

/** What rich neurons have beside a leaky membrane. Currents are divided by the membrane's
 *  capacitance: V/s. */
struct kernel_rich {
	_Alignas(64) kernel_column adaptation;   /**< V/s, w */
	kernel_column place;                     /**< of a crossing in the step, 0 … 1 */
	kernel_column adaptation_rate;           /**< 1/s */
	kernel_column adaptation_a;              /**< 1/s, signed: w tends to a (v - reference) */
	kernel_column adaptation_reference;      /**< V */
	kernel_column adaptation_limit;          /**< V/s, largest adaptation current */
	kernel_column exponential;               /**< V/s at its reference; 0 where it is off */
	kernel_column exponential_slope;         /**< 1/V */
	kernel_column exponential_width;         /**< V, its inverse */
	kernel_column exponential_reference;     /**< V */
	kernel_column exponential_limit;         /**< V/s */
	kernel_column conductance[KERNEL_LINES]; /**< 1/s: how the largest current of an input falls
						    towards its reversal potential; 0 for
						    current-based ones */
	kernel_column reversal[KERNEL_LINES];    /**< V, where it is as without this */
	kernel_column pause; /**< 1 where inputs and exponential term pause in reset, else 0 */
	kernel_column late[KERNEL_LINES]; /**< of a drop over half a single step */
	kernel_column joined; /**< 1 where a leap leaves the membrane to its node: there `gain` is the
				   current in V/s, and `rate` minus its slope, of either sign */
	/* of windows */
	kernel_column octaves; /**< doublings of the exponential term in 1 V */
	kernel_column behind;  /**< … at its reference */
	kernel_column adaptation_per; /**< s/V, over the limit of the adaptation */
	kernel_column turn;  /**< share of its way that the adaptation makes in a step */
	kernel_column since; /**< steps from the window's begin to the begin of the reset */
	kernel_column until; /**< … to its end; not above 0 where there is none */
};

/** Where the events of a step go: the columns of one hemisphere. */
struct kernel_bin {
	float *charge[KERNEL_LINES];     /**< V, sum of the drops */
	float *kept[KERNEL_LINES];       /**< as in struct kernel_membranes */
	const float *rate[KERNEL_LINES]; /**< 1/s, of the lines */
	uint64_t end;                    /**< tick at which the step ends */
	float half;                      /**< s, half a step */
	unsigned lines;                  /**< lines that got an event, bit by bit */
};

/** What windows need of 16 neurons for their length of step. Side by side, as they are used
 *  together. Their lines count in the mean of a drop over a step, in widths of the input's pair; a
 *  drop u becomes u (keep - u (bend - curve u)) in a step. */
struct kernel_planned {
	_Alignas(64) float mean[KERNEL_LINES][16]; /**< widths, of 1 V at both ends of a step */
	float most[KERNEL_LINES][16];   /**< largest drop */
	float keep[KERNEL_LINES][16];   /**< of a small drop over a step */
	float bend[KERNEL_LINES][16];   /**< less for large drops */
	float curve[KERNEL_LINES][16];  /**< and its second order */
	float offset[KERNEL_LINES][16]; /**< widths */
	float limit[KERNEL_LINES][16];  /**< V per step, largest way that an input makes, times
					     KERNEL_TANH_FACTOR */
	float slope[16];                /**< 1/V, of the leak */
	float reference[16];            /**< V, of the leak */
	float leak[16];                 /**< V per step, largest way that the leak makes */
	float constant[16];             /**< V per step */
	float threshold[16];            /**< V; huge while a neuron is in reset */
	float push[KERNEL_LINES][16];   /**< V per step, per weight of an event, signed */
	float pull[16];                 /**< of the leak at the threshold: less V per step, per V */
	float round[16];                /**< V that the way in a step without events is above a
					     straight line, at most, near the threshold */
};

/** Plan of all neurons. */
struct kernel_plan {
	struct kernel_planned neurons[KERNEL_NEURONS / 16]; /**< 16 at a time */
	float h;                                            /**< s, length of a step */
	float decay[2][KERNEL_LINES]; /**< time constants of the lines of a hemisphere in a step */
	float leak[2];                /**< time constants of the membranes of a hemisphere in a step */
	unsigned ticks;               /**< length of a step */
};

/** Columns of one hemisphere. The odd length keeps rows of them from meeting in the same cache
 *  sets. */
typedef float kernel_columns[KERNEL_COLUMNS + 16];

/** Neurons that may have crossed their threshold somewhere in a window. */
struct kernel_near {
	uint16_t first; /**< neuron */
	uint16_t lanes; /**< bit i: neuron first + i */
};

/** A crossing of a threshold. */
struct kernel_crossing {
	uint16_t neuron; /**< whose */
	float time;      /**< steps since the window's begin */
	float speed;     /**< V per step of the membrane */
};

/** The ways of a hemisphere's membranes through a window. */
struct kernel_path {
	_Alignas(64) kernel_columns v[KERNEL_WINDOW + 1]; /**< V, at the begin of a step */
	kernel_columns inflow[KERNEL_WINDOW + 1]; /**< V per step, all but the leak: before the first
						       step, and in each */
	struct kernel_near near[KERNEL_COLUMNS / 4]; /**< who is to be looked at */
	unsigned nears;                    /**< so many */
	struct kernel_crossing crossing[KERNEL_COLUMNS]; /**< first ones of neurons */
	unsigned crossings;                              /**< so many */
};

/** A row event while it matters in which part of its step it comes. */
struct kernel_kick {
	const float *strength; /**< [256] of the row */
	const uint8_t *labels; /**< [256], and three bytes more that can be read; NULL: all match */
	float place;           /**< in the step, 0 … 1 */
	float pulse;           /**< length, 1 for a full one */
	uint8_t label;         /**< that matches */
	uint8_t line;          /**< 0 or 1 */
};

/** Refractory periods of a hemisphere in windows. */
struct kernel_rests {
	_Alignas(64) int32_t release[KERNEL_COLUMNS]; /**< tick since the first window's begin at which
							   the reset ends; #KERNEL_LATER: there is none
							   that the membrane waits for */
	int32_t since[KERNEL_COLUMNS]; /**< tick at which it began */
	int32_t end[KERNEL_COLUMNS];   /**< tick at which the neuron may fire again; #KERNEL_LATER: it
					    may, or never again */
	kernel_columns floor; /**< V, where leak and reset meet without other currents */
	kernel_columns yield; /**< V above it for 1 V per step of other currents */
	kernel_columns rate;  /**< time constants of the reset in a step */
	kernel_columns lag;   /**< steps that the membrane then lags behind its currents */
	kernel_columns volt;  /**< V at which the reset began; where it ended, once it is over */
	kernel_columns gone;  /**< time constants from begin to end */
	uint16_t careful[KERNEL_COLUMNS + 16]; /**< columns that come too near to threshold or rail */
	unsigned careful_count;           /**< so many */
};

/** A run of steps of one hemisphere, within a slot of the noise or over whole ones. */
struct kernel_window {
	unsigned first; /**< neuron: 0 or 256 */
	unsigned slots; /**< of the noise */
	unsigned steps; /**< in each of them */
	unsigned last;  /**< steps of the window before, 0 for none */
	float place;    /**< of the middle of the first step in its slot, 0 … 1 */
	float advance;  /**< from step to step */
	/** V/s, [256] noise current at the begin of each slot and at the end of the last one; NULL
	 *  for none */
	const float *noise[KERNEL_SLOTS + 1];
	/** [256] drops that come at the begin of a step, in the measure of the plan */
	const float *drop[KERNEL_WINDOW][KERNEL_LINES];
	const struct kernel_kick *kicks; /**< row events, by steps and time */
	/** of them: how many there are up to the end of a step, at most #KERNEL_KICKS in each */
	uint16_t kick_end[KERNEL_WINDOW];
	/** weights: how far the events of each step can lift a way above a straight line, and of all
	 *  steps */
	float bulge[KERNEL_WINDOW], bulge_most;
	int32_t begin; /**< tick since the first window's begin */
	float per_tick;              /**< steps */
	struct kernel_rests *rests;  /**< of this hemisphere */
	struct kernel_path *path; /**< where the ways go, but for rich neurons */
	struct kernel_rich *rich; /**< of the neurons that are rich */
	/** The comparator of a rich neuron switched on. May change state and threshold of this
	 *  neuron, and its reset.
	 *  @param user as below  @param neuron which  @param time steps since the window's begin
	 *  @param speed V per step of the membrane */
	void (*fire)(void *user, unsigned neuron, float time, float speed);
	void *user; /**< handed to fire */
};

/** Row events of a line in a step: of each, strength * scale * pulse is parted between begin and end
 *  where the label matches. */
struct kernel_rows {
	float *before;       /**< [256] at the begin of the step */
	float *after;        /**< [256] at its end */
	bool first_before;   /**< nothing is there yet */
	bool first_after;    /**< … */
	const float *scale;  /**< [256] of the line */
	float decay;         /**< time constants of line and membrane in half a step */
	unsigned count;      /**< of the events, at most #KERNEL_KICKS */
	const struct kernel_kick *kick[KERNEL_KICKS + 1]; /**< these */
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
	/** Move rich neurons by one step, as `step`. @param blocks bit b: neurons 64 b … 64 b + 63
	 */
	uint32_t (*rich)(struct kernel_membranes *m, struct kernel_rich *r, float h, float place,
		unsigned variants, unsigned blocks);
	/** Move rich neurons by any time @p h, as `leap` does with the others; with
	 *  KERNEL_NEAR and KERNEL_FAST where one runs away. */
	uint32_t (*rich_leap)(
		struct kernel_membranes *m, struct kernel_rich *r, float h, unsigned variants);
	/** Move one hemisphere through a window: as steps do, where lines and membranes are slow
	 *  against a step. The leak is followed along its tangent for the length of a slot. `line`
	 *  is in the measure of the plan. */
	void (*window)(struct kernel_membranes *m, const struct kernel_plan *p,
		const struct kernel_window *w);
	/** Find where in a window the ways of the neurons that came near cross their thresholds for
	 *  the first time: between the ends of a step they bend smoothly, and at each event. The
	 *  plan's thresholds of those that do become #KERNEL_NEVER. */
	void (*cross)(struct kernel_plan *p, const struct kernel_window *w);
	/** Let membranes go whose reset ends in a window, up to its end: their potential, the
	 *  threshold in the plan and `release` change. Who comes near threshold or rails on this way
	 *  is listed as careful. */
	void (*release)(struct kernel_membranes *m, struct kernel_plan *p,
		const struct kernel_window *w);
	/** List the columns whose tick is before @p time. @param tick [256]  @param[out] out [272]
	 *  @return how many */
	unsigned (*before)(const int32_t *tick, int32_t time, uint16_t *out);
	/** Noise current of 256 neurons at the begin of a slot: the number of ones of 16 bits, for
	 *  what a low-pass makes normal.
	 *  @param[out] out [256]  @param scale [256] sigmas  @param seed key
	 *  @param hemisphere whose neurons  @param slot number */
	void (*noise)(
		float *out, const float *scale, uint64_t seed, uint32_t hemisphere, uint64_t slot);
	/** Add a row event: columns whose label matches get strength * scale * amount.
	 *  @param charge, kept, strength, labels, scale, rate  [256]  @param label to match
	 *  @param amount of this pulse  @param late  s from the event to the end of the step, less
	 *  half a step, which is at most half a time constant */
	void (*row)(float *charge, float *kept, const float *strength, const uint8_t *labels,
		const float *scale, const float *rate, uint8_t label, float amount, float late);
	/** Part row events between the begin and the end of a step, so that neither what they bring to
	 *  the membrane nor what is left of them at the end differ: to second order. */
	void (*rows)(const struct kernel_rows *rows);
	/** Add amplitude * exp(-age * rate) to 256 sensors, with their own factors on both.
	 *  @param sum, amplitude, rate  [256]  @param since [256] tick of the partner's last pulse
	 *  @param now tick of this one; both in their low 32 bits, at most 2^31 apart  @param pair
	 * of all */
	void (*pair_column)(float *sum, const float *amplitude, const float *rate,
		const uint32_t *since, uint32_t now, const struct kernel_pair *pair);
	/** The same for those of a row whose label matches.
	 *  @param labels [256]  @param label to match  @param pairs [2] of columns 0 to 127, 128 to
	 * 255 */
	void (*pair_row)(float *sum, const float *amplitude, const float *rate,
		const uint32_t *since, const uint8_t *labels, uint8_t label, uint32_t now,
		const struct kernel_pair *pairs);
	/** Note the time of an event in the sensors of a row whose label matches.
	 *  @param event four columns lie together, the next ones 16 numbers further
	 *  @param labels [256]  @param label to match  @param now its tick, low 32 bits */
	void (*note_row)(uint32_t *event, const uint8_t *labels, uint8_t label, uint32_t now);
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

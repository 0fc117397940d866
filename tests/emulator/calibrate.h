// SPDX-License-Identifier: MIT
#ifndef TESTS_EMULATOR_CALIBRATE_H
#define TESTS_EMULATOR_CALIBRATE_H

/* Small calibrations of the analog half: for each neuron a binary search over the codes of one row
 * of its capacitive memory, by what the chip's own converters and spikes show. What they search,
 * by which stimulus and for which target is that of spec/calix_spec.md 5 and 6, in its simplest
 * form; the searches themselves are those of calix. */

#include "fixture.h"

enum { NEURONS = 512, QUADRANTS = 4, ROWS = 24, CODE_MAX = 1022, SETTLE_TICKS = 20 * TICKS_MS };

/* ---- chips ---------------------------------------------------------------------------------- */

/** How many chips a test looks at: @p usual, and 10 with BSS_TEST_LONG in the environment. */
uint32_t calibrate_serials(uint32_t usual);

/** Every so-manieth column is recorded where each of many steps records all: 8, and 1 with
 *  BSS_TEST_LONG. */
unsigned calibrate_every(void);

/** Power up chip @p serial with variation and noise of seed @p seed, in the state that calibrations
 *  begin from (spec/calix_spec.md 1.4), inputs and comparators off. The CADC is calibrated:
 *  voltage cells of codes @p low and @p high show 20 and 220 counts in each quadrant, all channels
 *  agree in the middle. */
void calibrate_begin(
	struct fixture *f, uint32_t serial, uint64_t seed, uint16_t low, uint16_t high);

/** Let time pass. @param[in,out] spikes [512] counted up for each fire event; NULL: forgotten */
void calibrate_pass(struct fixture *f, uint64_t ticks, double *spikes);

/* ---- codes ---------------------------------------------------------------------------------- */

/** Write a row of all neurons, and wait until it holds. */
void calibrate_write(struct fixture *f, uint32_t row, const int32_t codes[NEURONS]);

/** Write a code to a row of all neurons with noise of 5 codes against crosstalk, 0 exactly; waits
 *  until it holds. */
void calibrate_broadcast(struct fixture *f, uint32_t row, int32_t code);

/** The same codes on other neurons. @param every only the columns that struct recording tells */
void calibrate_shuffle(int32_t out[NEURONS], const int32_t codes[NEURONS], unsigned every);

/** An observable of all neurons: [512]. */
typedef void calibrate_measurement(double *out, struct fixture *f, const void *context);

/** What to search. */
struct calibration {
	uint32_t row;
	int32_t low, high; /**< codes; all 0: 0 ... 1022 */
	bool inverted;     /**< a larger code gives a smaller observable */
	calibrate_measurement *measure;
	const void *context;  /**< of the measurement */
	const double *target; /**< [512]; NaN leaves the neuron alone */
};

/** What was found so far. */
struct calibrated {
	int32_t codes[ROWS][NEURONS]; /**< by row of the capacitive memory */
	bool success[NEURONS];        /**< every search of this neuron ended inside its range */
};

/** Nothing is found, and nothing failed. */
void calibrate_forget(struct calibrated *c);

/** Search, write what was found, and keep it in @p c. */
void calibrate_search(struct calibrated *c, struct fixture *f, const struct calibration *how);

/** The same target for all. */
void calibrate_same(double out[NEURONS], double target);

/* ---- CADC ----------------------------------------------------------------------------------- */

/** One conversion, counts: the mean of both channels of each neuron. It takes 2 us. */
void calibrate_read(double out[NEURONS], struct fixture *f);

/** Potential at rest, the mean of reads 40 us apart. @param context unsigned, how many reads */
void calibrate_measure_rest(double *out, struct fixture *f, const void *context);

/** Potential 10 us into a long reset. @param context as above */
void calibrate_measure_reset(double *out, struct fixture *f, const void *context);

/** Set the digital offsets so that all channels show @p target 30 us after a reset. */
void calibrate_baseline(struct fixture *f, double target);

/** Reset all neurons now. */
void calibrate_reset_neurons(struct fixture *f);

/** A burst of events. */
struct calibrate_burst {
	bool inhibitory;
	unsigned events;
	uint32_t rows;    /**< synapse rows of each hemisphere; even */
	uint64_t spacing; /**< ticks from one to the next, and from the last to the look */
	unsigned runs;    /**< of which the mean counts */
};

/** Sign of all synapse rows, and the weight of the first @p rows of each hemisphere; the
 *  others have no weight. */
void calibrate_connect(struct fixture *f, bool inhibitory, uint32_t rows, uint8_t weight);

/** One event to the first @p rows of each hemisphere, now. */
void calibrate_send(struct fixture *f, uint32_t rows);

/** Change of the potential by a burst, counts, positive in its own direction.
 *  @param context struct calibrate_burst */
void calibrate_measure_amplitude(double *out, struct fixture *f, const void *context);

/* ---- MADC ----------------------------------------------------------------------------------- */

/** How all neurons are recorded: one of each hemisphere at the same time, in two channels, pair
 *  after pair. */
struct recording {
	size_t count;     /**< samples of a trace, 2000 at most */
	size_t before;    /**< of these, before the stimulus */
	uint64_t spacing; /**< ticks between them */
	uint64_t rest;    /**< ticks from one trace to the next */
	/** Configure neuron @p n to be recorded, or not any more; NULL: `enable_readout` alone. */
	void (*choose)(struct fixture *f, uint32_t n, bool recorded, const struct recording *how);
	/** Do something to the neurons of @p column in their traces; may be NULL. */
	void (*stimulate)(struct fixture *f, uint32_t column, const struct recording *how);
	/** Make an observable of the trace of neuron @p n. */
	double (*evaluate)(const double *trace, const struct recording *how, uint32_t n);
	void *context;  /**< for these */
	unsigned every; /**< only every so-manieth column; 0: all. The others are NaN */
};

/** Record all neurons; the first 8 us of each recording, which are not valid, are left out.
 *  @param context struct recording */
void calibrate_record(double *out, struct fixture *f, const void *context);

/** Time constant of an exponential with which a trace approaches a constant, in samples: least
 *  squares. @param most the longest one */
double calibrate_time_constant(const double *trace, size_t count, double most);

/** Slope of a straight line through a trace, per sample: least squares. */
double calibrate_slope(const double *trace, size_t count);

/* ---- parts of calibrations ------------------------------------------------------------------ */

/** Switch the synaptic inputs of all neurons. */
void calibrate_switch_inputs(struct fixture *f, bool excitatory, bool inhibitory);

/** Leak potential, counts. */
void calibrate_leak(struct calibrated *c, struct fixture *f, double target);

/** Reset potential, counts. @param target [512] */
void calibrate_reset(struct calibrated *c, struct fixture *f, const double *target);

/** Leak potential, and time constant of the membrane. The reset potential is then 50 counts below.
 *  @param tau s, 20e-6 or more */
void calibrate_membrane(struct calibrated *c, struct fixture *f, double leak, double tau);

/** Time constant of a synaptic line. @param tau s */
void calibrate_line(struct calibrated *c, struct fixture *f, bool inhibitory, double tau);

/** Reference of an input, so that it does not move the membrane: on with the others as they
 *  are, the neurons rest where they rest without it. @param rest [512] counts */
void calibrate_reference(
	struct calibrated *c, struct fixture *f, bool inhibitory, const double *rest);

/** Strength of the input that is on, by the amplitude of a burst.
 *  @param gm code around which it is searched
 *  @param[in,out] amplitude counts per event of weight 10 in eight rows; 0: that of the median
 *  neuron at @p gm, which is then given here */
void calibrate_strength(
	struct calibrated *c, struct fixture *f, bool inhibitory, int32_t gm, double *amplitude);

/** References and strengths of both inputs, which are on then. */
void calibrate_inputs(struct calibrated *c, struct fixture *f, int32_t gm);

/* ---- statistics ----------------------------------------------------------------------------- */

/** Percentile of values, of which NaN do not count. @param share 0 ... 1 */
double calibrate_percentile(const double *values, size_t count, double share);

/** Standard deviation. */
double calibrate_deviation(const double *values, size_t count);

/** Share of values that lie in a range. NaN do not. */
double calibrate_share(const double *values, size_t count, double low, double high);

#endif

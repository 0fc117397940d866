// SPDX-License-Identifier: MIT
#ifndef EMULATOR_ANALOG_STATE_H
#define EMULATOR_ANALOG_STATE_H

/** @file
 *  @brief What the analog half is made of; shared by its files only. */

#include "analog.h"
#include "capmem.h"
#include "compartment.h"
#include "correlation.h"
#include "fire_line.h"
#include "headroom.h"
#include "kernel.h"
#include "oracle.h"
#include "readout.h"
#include "variation.h"

#include <haldls/containers.h>
#include <math.h>

enum {
	ANALOG_NEURONS = 512,
	ANALOG_COLUMNS = 256,
	ANALOG_ROWS = 256,
	ANALOG_HEMISPHERES = 2,
	ANALOG_QUADRANTS = 4,
	ANALOG_DRIVERS = 256,
	ANALOG_MUXES = 2,
	ANALOG_PADS = 2,
	ANALOG_SPIKES_HALF = 131072,  /**< spikes of a hemisphere in a run of windows */
	/** those of a run, and what the comparator delays beyond a step */
	ANALOG_SPIKES_HELD = 2 * ANALOG_SPIKES_HALF + 2 * ANALOG_NEURONS,
	ANALOG_BUSY_TICKS = 5000,     /**< 20 us in windows once a neuron was near its threshold */
	ANALOG_SETTLED_TICKS = 5000,  /**< 20 us without a motion show that nothing moves */
	ANALOG_STEPS_MOST = 12,       /**< single steps in a step of windows that noise hides */
	ANALOG_REFRESH_TICKS = 25000, /**< 100 us of a settling memory between two looks at it */
};

/** Voltages that the board gives the chip. */
enum analog_board_volt {
	ANALOG_V_RESET = EMULATOR_V_RESET,
	ANALOG_V_RES_MEAS = EMULATOR_V_RES_MEAS,
	ANALOG_BOARD_VOLTS = EMULATOR_BOARD_VOLTS,
};

/** What a readout multiplexer's way to the fast converter remembers. */
struct analog_filter {
	float volt;    /**< V */
	uint64_t time; /**< tick at which it holds */
	bool running;  /**< a sample was taken in this recording */
};

/** Short-term plasticity of a driver. */
struct analog_driver {
	double voltage;  /**< codes */
	uint64_t time;   /**< tick at which it holds */
	uint64_t events; /**< with a noisy charge so far */
};

/** What the biases of a quadrant leave of the parts that they enable, 0 … 1. */
struct analog_biases {
	float follower; /**< references of leaks and what is like them */
	float cascode;  /**< currents of the neurons' amplifiers */
	float input;    /**< currents of the synaptic inputs */
	float readout;  /**< what the readout amplifiers show */
	float cadc;     /**< counts of the CADC */
};

/** A refractory period in the future or under way. */
struct analog_refractory {
	uint64_t begin;   /**< tick of the spike */
	uint64_t release; /**< tick at which the reset is released */
	uint64_t end;     /**< tick at which the neuron may fire again */
};

/** A stimulus that waits for its step. */
struct analog_stimulus {
	uint64_t time;
	uint16_t target; /**< driver, or neuron to reset */
	uint8_t label;   /**< that the driver sends to its synapses */
	bool reset;      /**< an artificial reset, else an event of a driver */
	float pulse;     /**< length, 1 for a full one */
};

/** Stimuli that wait for their step, in time order. */
struct analog_stimuli {
	struct analog_stimulus *entry;
	size_t first;           /**< those before it are done */
	size_t count, capacity; /**< behind the last one; room */
	size_t resets;          /**< artificial resets that wait */
	bool exhausted;         /**< one could not be kept */
};

/** What a leap changes, to take it back. */
struct analog_snapshot {
	kernel_column v, line[KERNEL_LINES], adaptation;
	uint32_t above[KERNEL_NEURONS + 16];
	float cell[CAPMEM_CELLS];
	uint64_t capmem_time;
	bool capmem_settling, capmem_moving[CAPMEM_BLOCKS];
};

/** A hemisphere while it runs for itself. */
struct analog_half {
	struct kernel_path path;
	/** Drops at the begins of a window's steps, and at its end: that is the begin of the next.
	 *  In the measure of the plan. */
	_Alignas(64) kernel_columns drop[KERNEL_WINDOW][KERNEL_LINES];
	kernel_columns last_drop[2][KERNEL_LINES]; /**< those at the ends, in turn */
	kernel_columns noise[KERNEL_SLOTS + 1];    /**< V/s, at the begins of slots */
	kernel_columns scale[KERNEL_LINES];        /**< drop per weight */
	struct kernel_rests rests;
	struct kernel_kick kicks[KERNEL_WINDOW * KERNEL_KICKS + 1];
	uint32_t *spikes; /**< [ANALOG_SPIKES_HALF] of this run: ticks since its begin, times
			       #KERNEL_NEURONS, and neuron */
	size_t spike_count;
	size_t next;                      /**< stimulus */
	uint16_t resting[ANALOG_COLUMNS]; /**< neurons in their refractory period */
	unsigned resting_count;
	bool strange; /**< a neuron did what windows do not follow exactly */
	struct emulator_analog_work work; /**< of windows */
};

/** Synapse array of a hemisphere. */
struct analog_synapses {
	_Alignas(64) float strength[ANALOG_ROWS]
				   [ANALOG_COLUMNS]; /**< weight with its fixed pattern */
	uint8_t label[ANALOG_ROWS][ANALOG_COLUMNS];
	uint64_t labels[ANALOG_ROWS]; /**< bit l: some synapse of the row has label l */
	float strongest[ANALOG_ROWS]; /**< largest strength of the row */
	bool uniform[ANALOG_ROWS];    /**< all synapses of the row have the same label */
	bool changed[ANALOG_ROWS];    /**< … as these were before a synapse changed */
	float scale[KERNEL_LINES][ANALOG_COLUMNS];  /**< V per weight, 0 where the switch is open */
	bool forward[KERNEL_LINES][ANALOG_COLUMNS]; /**< column current switches */
};

struct emulator_worker;

struct emulator_analog {
	struct kernel_membranes membranes; /* first: it wants the alignment */
	struct kernel_membranes ahead;     /* a copy that runs ahead of time for a conversion */
	struct kernel_plan plan;
	struct kernel_rich rich, rich_ahead;
	unsigned turn_ahead; /* of the compartments, when they began to run ahead */
	struct compartments compartments;
	struct fire_lines fire_lines;
	struct headroom headroom;
	struct analog_half half[ANALOG_HEMISPHERES];
	struct analog_synapses synapses[ANALOG_HEMISPHERES];
	const struct kernel *kernel;
	struct emulator_worker *worker; /* runs the lower hemisphere; NULL: the caller does */
	struct emulator_analog_config config;
	struct variation *pattern;
	struct capmem capmem;
	struct analog_snapshot snapshot;

	/* time */
	uint64_t grid;          /* ticks at which the membranes stand, a multiple of the step */
	uint64_t refreshed_at;  /* ticks at which all parameters were derived */
	uint64_t changed_at;    /* ticks of the last change from outside */
	uint64_t careful_until; /* a leap came too near to a threshold: single steps until then */
	uint64_t stride;        /* ticks of the next leap */
	uint32_t flags;         /* of the last step; KERNEL_NEAR where it is not known */
	bool settled;           /* nothing moves until somebody changes something */
	bool all_stale;         /* derive the parameters of all neurons */
	bool any_stale;         /* … of those marked in `stale` */
	bool stale[ANALOG_NEURONS];

	uint64_t busy_until;   /* some neuron was near its threshold: run in windows until then */
	uint64_t windows_from; /* … but in single steps until this tick */
	unsigned steps_most;   /* in the longest step of a window: more than 1 where noise hides
				  what long ones miss */
	bool plan_stale, plan_fits; /* the plan is for other parameters; windows are possible */

	/* noise: membranes.noise of each neuron holds at `noise_time` */
	uint64_t noise_time[ANALOG_NEURONS];
	uint64_t noise_slot[ANALOG_HEMISPHERES]; /* slot in membranes.noise_from, UINT64_MAX for
						    none */
	bool noise_stepped;                      /* a noise current flows: membranes.noise is 0 */
	float noise_power[ANALOG_NEURONS];   /* V^2/s: variance of the noise grows at this rate at
						first */
	float noise_current[ANALOG_NEURONS]; /* V/s: sigma of the band-limited noise current */
	uint32_t crossings[ANALOG_NEURONS];  /* so far: each draws the comparator's noise anew */
	uint32_t crossing_bits[ANALOG_NEURONS][4]; /* drawn for four of them */
	bool bypasses;                             /* some neuron has one */
	uint64_t event_at;                         /* tick of the first event of this step */
	float farad[ANALOG_NEURONS];               /* F, of the membranes */
	float adaptation_step[ANALOG_NEURONS];     /* V/s per spike, signed */
	float comparator_noise[ANALOG_NEURONS]; /* V, of the next crossing */
	uint64_t conversions, samples;          /* so far */
	float drift[ANALOG_NEURONS];            /* V, of leak and reset references since power-up */
	uint64_t drifted;                       /* slots of the drift so far */
	struct emulator_analog_work work;       /* but for windows, whose halves count */

	/* spiking */
	struct analog_refractory refractory[ANALOG_NEURONS];
	bool is_resting[ANALOG_NEURONS];
	bool stuck[ANALOG_NEURONS];               /* in reset since power-up */
	float comparator_delay[ANALOG_QUADRANTS]; /* ticks; negative: the comparator has no bias */
	struct analog_biases biases[ANALOG_QUADRANTS];
	struct analog_stimuli stimuli;
	struct emulator_spike *spikes; /* [ANALOG_SPIKES_HELD] not fetched yet */
	uint32_t *spike_keys;          /* [2 ANALOG_SPIKES_HELD] to sort them */
	size_t spike_count;

	/* synapses beside the lines */
	struct analog_driver drivers[ANALOG_DRIVERS];
	uint64_t bus_event[ANALOG_HEMISPHERES][4]; /* ticks of the last ones */
	struct correlation correlation;
	float board_volt[ANALOG_BOARD_VOLTS]; /* V */
	float warmth;                         /* K above VARIATION_CELSIUS */

	/* readout beside the CADC's lines */
	struct readout_drive pad_drive[ANALOG_PADS];
	struct readout_held held[READOUT_HELD]; /* what the pads hold */
	unsigned held_count;
	bool held_stale;
	bool current_debug[KERNEL_LINES][ANALOG_NEURONS]; /* synaptic lines on the debug lines */
	struct haldls_current_dac current_dac;
	uint32_t cadc_row[ANALOG_HEMISPHERES]; /* whose sensors are converted */
	uint64_t madc_begin;                   /* tick at which the recording began */
	bool madc_begun;
	struct analog_filter madc_filter[ANALOG_MUXES];

	/* configuration as it was written */
	struct haldls_neuron_config neuron[ANALOG_NEURONS];
	struct haldls_neuron_backend_config backend[ANALOG_NEURONS];
	struct haldls_common_neuron_backend_config common[2];
	struct haldls_synapse_driver_config driver[ANALOG_DRIVERS];
	struct haldls_capmem_block_config block[ANALOG_QUADRANTS];
	struct haldls_pad_multiplexer_config pad[ANALOG_PADS];
	struct haldls_readout_source_selection readout;
	struct haldls_madc_config madc;
	struct haldls_cadc_config cadc[ANALOG_HEMISPHERES];
	struct haldls_common_stp_config stp[ANALOG_HEMISPHERES];
	struct haldls_common_padi_bus_config padi[ANALOG_HEMISPHERES];
	struct haldls_common_correlation_config correlation_config[ANALOG_HEMISPHERES];
	struct haldls_synapse_bias_selection bias_selection;
	uint16_t recorded[ANALOG_MUXES][ANALOG_NEURONS]; /* neurons on each readout multiplexer */
	unsigned recorded_count[ANALOG_MUXES];
	bool recorded_stale;
	int16_t cadc_offset[ANALOG_HEMISPHERES][2][ANALOG_COLUMNS];
	bool column_readout[ANALOG_HEMISPHERES][2][ANALOG_COLUMNS];
	bool column_debug[ANALOG_HEMISPHERES][2][ANALOG_COLUMNS];
	bool column_sensors[ANALOG_HEMISPHERES][2][ANALOG_COLUMNS];
};

/** Do windows leave these neurons to single steps: several of a node, those with bypasses
 *  or joined fire lines? */
static inline bool analog_is_stepped(const struct emulator_analog *a)
{
	return a->compartments.shorts || a->compartments.edges || a->bypasses ||
	       fire_lines_joined(&a->fire_lines);
}

/** Is this neuron followed as a rich one? */
static inline bool analog_neuron_is_rich(const struct emulator_analog *a, uint32_t neuron)
{
	return a->membranes.rich >> neuron / KERNEL_BLOCK & 1;
}

/** A row of a driver, and a line by which it acts. */
struct analog_target {
	uint32_t row;
	unsigned line;
};

/** The first of some targets of a driver, as emulator__synapse_targets() gives them. */
static inline struct analog_target analog_target(uint32_t driver, unsigned targets)
{
	const unsigned first = (unsigned)__builtin_ctz(targets);
	return (struct analog_target){
		2 * (driver % 128) + first / KERNEL_LINES, first % KERNEL_LINES};
}

/** Quadrant of an atomic neuron. */
static inline uint32_t analog_quadrant(uint32_t neuron)
{
	return neuron / 128;
}

/** Half of the common backend that an atomic neuron belongs to. */
static inline uint32_t analog_half(uint32_t neuron)
{
	return neuron / 128 % 2;
}

/** Value of a cell, codes. @param column, row in the block */
static inline float analog_cell(
	const struct emulator_analog *a, uint32_t quadrant, uint32_t row, uint32_t column)
{
	return a->capmem.value[quadrant * CAPMEM_BLOCK_CELLS + row * CAPMEM_COLUMNS + column];
}

/** Value of a cell of the block that is shared by its neurons, codes. @param cell
 *  CapMemCellOnCapMemBlock enum */
static inline float analog_shared_cell(
	const struct emulator_analog *a, uint32_t quadrant, uint32_t cell)
{
	return a->capmem.value[quadrant * CAPMEM_BLOCK_CELLS + cell];
}

/** The refractory times that follow a spike at tick @p t. */
static inline struct analog_refractory analog_refractory_after(
	const struct haldls_neuron_backend_config *backend,
	const struct haldls_common_neuron_backend_config *common, uint64_t t)
{
	if (!common->enable_clocks)
		return (struct analog_refractory){t, UINT64_MAX, UINT64_MAX};
	/* a free-running clock: the counter advances on its edges, the first of them at most a
	 * period away */
	const unsigned scale = (unsigned)(backend->select_input_clock ? common->clock_scale_fast
								      : common->clock_scale_slow) +
			       1;
	const uint64_t cycles = backend->refractory_time,
		       held = 2 * (15 - (uint64_t)backend->reset_holdoff) + 1;
	const uint64_t end = cycles ? ((t >> scale) + cycles) << scale : t;
	return (struct analog_refractory){t, cycles >= held ? end - (held << scale) : end, end};
}

/** What a bias does that enables a part: nothing at 0, everything from its nominal value on.
 *  Source: spec/emulator_physics.md 1 */
static inline float analog_quality(float code, float nominal)
{
	const float quality = expm1f(-4 * code / nominal) * (1 / -0.98168436f);
	return quality < 1 ? quality : 1;
}

/* analog.c */

/** Something changes from outside: nothing is settled any more. */
void emulator__analog_disturb(struct emulator_analog *a);
/** Derive the parameters as of tick @p t, where they are stale. */
void emulator__analog_refresh(struct emulator_analog *a, uint64_t t);

/* step.c */

/** Move all membranes by one step from the grid time on. */
void emulator__analog_step(struct emulator_analog *a);
/** Let refractory periods end that are over at the grid time. */
void emulator__analog_end_rests(struct emulator_analog *a);
/** Is some neuron in its refractory period? */
bool emulator__analog_any_rests(const struct emulator_analog *a);
/** Have the noise currents of a hemisphere at the begin and end of a slot in the membranes. */
void emulator__noise_slot(struct emulator_analog *a, unsigned hemisphere, uint64_t slot);
/** Where the events of a hemisphere go in the single step of @p m that ends at tick @p end. */
struct kernel_bin emulator__step_bin(struct kernel_membranes *m, unsigned hemisphere, uint64_t end);
/** A spike of neuron @p n leaves it, and moves its adaptation. */
void emulator__spike_send(struct emulator_analog *a, uint32_t n, uint64_t time);
/* spikes.c */

/** Keep a spike in the order of (time, neuron). @param spikes room for one more behind @p count */
void emulator__spike_insert(
	struct emulator_spike *spikes, size_t count, uint64_t time, uint32_t neuron);
/** Sort numbers. @param spare room for as many */
void emulator__spike_sort(uint32_t *keys, uint32_t *spare, size_t count);

/* neuron.c */

/** Derive the parameters of neuron @p n from its cells, switches and pattern. */
void emulator__neuron_refresh(struct emulator_analog *a, uint32_t n);
/** Derive what the biases of a quadrant enable. */
void emulator__neuron_bias(struct emulator_analog *a, uint32_t quadrant);
/** Draw the comparator's noise for the next crossing of neuron @p n. */
void emulator__neuron_arm(struct emulator_analog *a, uint32_t n);
/** Neurons that are rich, 64 to a bit, as their switches are now. */
unsigned emulator__neuron_rich_blocks(const struct emulator_analog *a);
/** What the readout shows of the adaptation of neuron @p n, V. */
float emulator__neuron_adaptation(const struct emulator_analog *a, uint32_t n);
/** Move the adaptation of neuron @p n by one pulse. */
void emulator__neuron_adapt(struct emulator_analog *a, uint32_t n);
/** Begin the refractory period of neuron @p n at tick @p t. */
void emulator__neuron_rest(struct emulator_analog *a, uint32_t n, uint64_t t);
/** A cell of the capacitive memory is written, which lets a neuron go that stuck in reset.
 *  @param cell CapMemCellOnDLS enum */
void emulator__neuron_release(struct emulator_analog *a, uint32_t cell);
/** Let the slow drift come to the grid time. @return the tick, not after @p t, until which it stays
 *  as it is */
uint64_t emulator__neuron_drift(struct emulator_analog *a, uint64_t t);
/** Bring the noise of neuron @p n to tick @p t by its law, for a neuron that was not stepped. */
void emulator__neuron_look(struct emulator_analog *a, uint32_t n, uint64_t t);

/* adc.c */

/** Noise of a CADC channel that sees no sensor, LSB. */
double emulator__cadc_noise(const struct emulator_analog *a, enum variation_fault fault);

/* driver.c */

/** An event reaches a driver at tick @p t, not before the last one that reached it.
 *  @param[out] sent  what the synapses compare their labels with
 *  @return length of the pulse, 1 for a full one */
float emulator__driver_event(
	struct emulator_analog *a, uint64_t t, uint32_t driver, uint8_t label, uint8_t *sent);
/** Voltage of a driver's short-term plasticity at tick @p t, codes. */
double emulator__driver_voltage(struct emulator_analog *a, uint64_t t, uint32_t driver);

/* synapse.c */

/** Derive the columns' scales from the DAC bias and the current switches. */
void emulator__synapse_refresh(struct emulator_analog *a);
/** Put an event of a driver at tick @p t into a step of its hemisphere. @param pulse length, 1 for
 * a full one */
void emulator__synapse_event(struct emulator_analog *a, struct kernel_bin *bin, uint64_t t,
	uint32_t driver, uint8_t label, float pulse);
/** Rows and lines that an event with @p label reaches; none in a row where no synapse has this label.
 *  @return bit by bit what analog_target() takes apart */
unsigned emulator__synapse_targets(struct emulator_analog *a, uint32_t driver, uint8_t label);

/* ahead.c */

/** Let a copy of the membranes begin to run ahead of time. */
void emulator__ahead_begin(struct emulator_analog *a);
/** Move the copy by one step from tick @p begin on. @param variants KERNEL_EVENTS where its bins hold
 *  some @return sum of kernel_flag */
uint32_t emulator__ahead_step(struct emulator_analog *a, uint64_t begin, unsigned variants);
/** Nothing is left of it but the copy. */
void emulator__ahead_end(struct emulator_analog *a);
/** Take the steps of an idle time ahead of the membranes. @param length of it, whole steps @return
 *  whether none of them switches a comparator on */
bool emulator__ahead_is_quiet(struct emulator_analog *a, uint64_t length);
/** Note how far the membranes are from where these steps ended. */
void emulator__ahead_compare(struct emulator_analog *a);

/* hemisphere.c */

/** Run a hemisphere in windows, as they are planned, to tick @p until. */
void emulator__hemisphere_run(struct emulator_analog *a, unsigned hemisphere, uint64_t until);

/* window.c */

/** Run in windows towards tick @p t, as far as this is possible.
 *  @return whether time passed; otherwise single steps are needed */
bool emulator__window_run(struct emulator_analog *a, uint64_t t);

/* rich.c */

/** The fastest rate of what rich neurons have beside a leak, 1/s. */
float emulator__rich_rate(const struct emulator_analog *a);
/** Derive what windows of steps of @p h s need of rich neurons. */
void emulator__rich_plan(struct emulator_analog *a, float h);
/** Before the first window of a hemisphere. */
void emulator__rich_begin(struct emulator_analog *a, unsigned hemisphere);
/** Behind the last window of a hemisphere. */
void emulator__rich_end(struct emulator_analog *a, unsigned hemisphere);
/** Place the reset of neuron @p n in the window that begins at tick @p begin. */
void emulator__rich_place(struct emulator_analog *a, uint32_t n, uint64_t begin);

/* neuron.c, resets */

/** Shares of the step or leap from @p begin to @p end that neurons spend in reset, into @p m.
 *  @return whether there are any */
bool emulator__neuron_reset_shares(
	struct emulator_analog *a, struct kernel_membranes *m, uint64_t begin, uint64_t end);

#endif

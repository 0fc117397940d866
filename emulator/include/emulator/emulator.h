// SPDX-License-Identifier: MIT
#ifndef EMULATOR_EMULATOR_H
#define EMULATOR_EMULATOR_H

/** @file
 *  @brief The truth about an emulated chip, beside its connection: what no converter shows,
 * voltages from outside, temperature, snapshots.
 *  @defgroup emulator_oracle The emulated chip from outside
 *
 *  The emulated machine is a module that hxcomm loads; there is no library to link. Include this
 *  header, link hxcomm, open a connection as ever, and ask for the machine behind it:
 *
 *      const struct emulator_oracle *oracle;
 *      struct emulator_machine *machine;
 *      struct emulator_neuron neuron;
 *      int status = emulator_find(&oracle, &machine, connection);
 *      if (!status)
 *              status = oracle->neuron(&neuron, machine, 5);
 *
 *  CMake: `find_package(bss COMPONENTS emulator)` and `bss::emulator`; pkg-config: `emulator`.
 *
 *  The machine stands still between runs: what is read here holds at the end of the last run, and
 *  what is set here holds from there on. Looking changes nothing: the next run gives the same words
 *  with and without. Nothing here may be called while a run is under way. A
 *  machine is used as its connection is, by one thread at a time; it ends with its connection.
 *  Neurons are atomic neurons, 256 row + column; drivers are 128 hemisphere + d; synapses are 65536
 *  hemisphere + 256 row + column; quadrants 0 top left, 1 top right, 2 bottom left, 3 bottom right.
 *
 *  **Idle time.** Where no event comes and no neuron is near its threshold the machine jumps: all
 *  membranes, lines and adaptations move to the end of the quiet time by its closed form. Opened
 *  with `emulator:?jumps=0` it takes every step of 80 ns on the way and looks for spikes in each;
 *  where the quiet time ends all states are put where the closed form ends, so that answers and what
 *  is read here are the same bits. Steps and closed form part by less than 1 mV, by 1 uV as a rule,
 *  while no cell of the capacitive memory settles: left where the steps end, one code in 2000 would
 *  be another one and one spike in 200 come 4 ns earlier or later. Steps take about 0.1 s for 20 ms
 *  of idle time.
 *  @{ */

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/provider.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Version of this header: another number means other layouts or meanings. */
#define EMULATOR_ORACLE_ABI UINT32_C(2)

/** What tells this provider from others of the same scheme. */
#define EMULATOR_ORACLE_MARK UINT64_C(0x6f7261636c650001)

/** An emulated machine: a chip, its FPGA and board. Belongs to its connection. */
struct emulator_machine;

/** A machine as it was at some moment. Made by emulator_oracle::snapshot, ended by
 *  emulator_oracle::forget. */
struct emulator_snapshot;

/** How an instance is broken by the fixed pattern of its chip. */
enum emulator_fault {
	EMULATOR_FAULT_NONE = 0,  /**< it is sound */
	EMULATOR_FAULT_STUCK = 1, /**< a neuron that never fires and shows 0 V; a driver without
				       pulses; a channel with one value */
	EMULATOR_FAULT_NOISY = 2, /**< a neuron with ten times the noise; a channel with 20 LSB */
};

/** What a neuron truly is and holds. Currents count as they would flow into a capacitor of
 *  `capacitance`. */
struct emulator_neuron {
	/* state */
	double membrane;           /**< V, with its noise */
	double line_drop[2];       /**< V, drop of the synaptic lines from their rest: exc, inh */
	double adaptation_current; /**< A, drawn from the membrane by the adaptation, before its
					saturation; 0 while it is off */
	bool is_above;             /**< its comparator is on */
	bool is_resting;           /**< in a refractory period, under way or yet to begin */
	bool is_stuck;             /**< in reset since power-up: until its v_reset is written */
	uint64_t rest_begin;       /**< ticks of 4 ns since power-up, of the last refractory period:
					its spike, */
	uint64_t rest_release;     /**< … the release of its reset, UINT64_MAX for never, */
	uint64_t rest_end;         /**< … and its end */
	double drift;              /**< V, of leak and reset reference since power-up; in them */

	/* membrane */
	double capacitance;        /**< F, its own */
	double leak_conductance;   /**< S, at its reference */
	double leak_current;       /**< A, largest current of the leak */
	double leak_reference;     /**< V */
	double reset_conductance;  /**< S */
	double reset_current;      /**< A, largest current of the reset */
	double reset_reference;    /**< V */
	double threshold;          /**< V, without the comparator's noise; 1e9 where the neuron
					cannot fire */
	double threshold_noise;    /**< V, of the next crossing: to be added */
	double comparator_delay;   /**< s; negative without a bias */
	double offset_current;     /**< A, what the current DAC sends here included; far from
					the rails */
	double noise_sigma;        /**< V, of the membrane at rest */
	enum emulator_fault fault; /**< what the fixed pattern broke */

	/* inputs: exc, inh */
	double line_time_constant[2]; /**< s, of a small drop */
	double input_current[2];      /**< A, largest current, positive; of conductance-based inputs
					   where the membrane is at `input_reversal` */
	double input_offset[2];       /**< V on the line, shift reference included */
	double input_conductance[2];  /**< S, fall of the largest current towards the reversal
					   potential: with the membrane above `input_reversal` for
					   exc, below it for inh; 0 for current-based inputs */
	double input_reversal[2];     /**< V, see there */

	/* adaptation: tau w' = a (V - reference) - w */
	double adaptation_time_constant; /**< s */
	double adaptation_conductance;   /**< S, a; negative where it is inverted, 0 while off */
	double adaptation_step;          /**< A, that a spike adds to w; signed, 0 while off */
	double adaptation_reference;     /**< V, v_adapt_leak */
	double adaptation_shown;         /**< V, that the readout shows without a current:
					      v_adapt_ref; 1 V per uA above it */
	double adaptation_limit;         /**< A, where it saturates */

	/* exponential term: current exp((V - reference) / width) */
	double exponential_current;   /**< A, at its reference; 0 while it is off */
	double exponential_reference; /**< V */
	double exponential_width;     /**< V */
	double exponential_limit;     /**< A, its largest */

	/* compartments */
	double compartment_conductance; /**< S, to its soma line; 0 while it is off */
	uint32_t node;                  /**< lowest neuron whose membrane is one with this */
	double node_capacitance;        /**< F, of all these membranes */

	/* readout */
	double readout_offset; /**< V */
	double readout_gain;   /**< factor around 0.6 V */
};

/** What a synapse truly is and holds. */
struct emulator_synapse {
	double weight; /**< effective weight: the written one with its own gain; 0 for a dead one */
	double drop[2]; /**< V on the lines of its neuron of a full pulse: exc, inh; 0 where the
			     switch of its column is open */
	double charge[2];    /**< LSB of 4.5 mV, of its correlation sensors: causal, acausal */
	double amplitude[2]; /**< LSB, charge of two pulses at once: causal, acausal */
	double tau[2];       /**< s, of the traces: causal, acausal; infinite without a ramp bias */
	double age[2]; /**< s, of the last pulse that the sensors remember: an event that its label
			    matches (causal), a post pulse (acausal); at most 4.3 s, which says
			    that there was none since */
};

/** What a synapse driver truly is and holds. Voltages count in codes of the capacitive memory. */
struct emulator_driver {
	double voltage;           /**< codes, of its short-term plasticity */
	double charge;            /**< codes, to which an event takes it, */
	double utilization;       /**< … by this share of the way; 1 % of noise comes on top */
	double recover;           /**< codes, to which it recovers, */
	double recovery;          /**< … by this share of the way in a tick of the clock, */
	double recovery_period;   /**< … of this length, s; infinite while it does not recover */
	double offset;            /**< codes, of its comparator: its own and its trim */
	double activation_offset; /**< activations, its own, in hagen mode */
	double pulse;  /**< length of the pulse that an event would make now, 1 for a full
			    one; in hagen mode with activation 31 */
	bool is_stuck; /**< sends no pulses */
};

/** What a CADC channel truly is. */
struct emulator_channel {
	double zero_volt; /**< V at which its ramp begins, without the channel's own offset */
	double lsb_volt;  /**< V of one count */
	double bend[2];   /**< LSB, non-linearity of the ramp: bow 4 x (1 - x) and S 10.39 x (1 - x)
			       (1 - 2 x) over its range x = 0 … 1 */
	double offset;    /**< LSB, its own; the digital offset is not in it */
	double gain;      /**< factor */
	double noise_sigma;        /**< LSB, of a read; 0 without noise */
	uint32_t stuck;            /**< value of a stuck one */
	enum emulator_fault fault; /**< what the fixed pattern broke */
};

/** What the fast converter truly is. */
struct emulator_madc {
	double zero_volt;   /**< V at 0, of the typical one */
	double lsb_volt;    /**< V of a code with the gain as it is set, of the typical one */
	double offset;      /**< LSB, its own, as much of it as its calibration leaves */
	double gain;        /**< factor on codes, likewise */
	double noise_sigma; /**< LSB; 0 without noise */
	double bandwidth;   /**< Hz, of the way from the neurons */
};

/** What the parts of a quadrant share. */
struct emulator_quadrant {
	double synapse_gain;          /**< factor on the current of the synapses' DACs */
	double drop;                  /**< V of a weight of 1 and a full pulse on a line with its
					   large capacitance, without the gains of column and
					   synapse */
	double correlation_amplitude; /**< LSB, of two pulses at once, of the typical sensor */
	double correlation_tau;       /**< s, of the typical trace; infinite without a bias */
	double correlation_baseline;  /**< LSB, offset of its lines */
	double cell_scale;            /**< what a code of its memory is worth; 1 as a rule */
	/* shares that biases leave of the parts that they enable, 0 to 1 */
	double bias_reference; /**< of the references of leaks and what is like them */
	double bias_current;   /**< of the currents of the neurons' amplifiers */
	double bias_input;     /**< of those of the synaptic inputs, beside it */
	double bias_readout;   /**< of what the readout amplifiers show */
	double bias_cadc;      /**< of the counts of the CADC */
};

/** A voltage of the board that goes to the chip. */
enum emulator_supply {
	EMULATOR_SUPPLY_V_RESET = 0,    /**< of the correlation sensors, usually 1.85 V */
	EMULATOR_SUPPLY_V_RES_MEAS = 1, /**< of the correlation sensors, usually 0.9 V */
};

/** What can be asked of a machine. Every operation that returns int returns 0 or a status with
 *  message; out-parameters are unchanged after an error, unless they say otherwise. */
struct emulator_oracle {
	uint32_t abi;  /**< #EMULATOR_ORACLE_ABI */
	uint32_t size; /**< sizeof(struct emulator_oracle) of the module */

	/** Find the machine of a connection. Safe on several threads at once.
	 *  @param identifier hxcomm_identifier() of the connection: the pointer, not the text
	 *  @return the machine; NULL where the connection is none of this provider's */
	struct emulator_machine *(*find)(const char *identifier);

	/** Time since power-up. @param machine the machine @return ticks of 4 ns */
	uint64_t (*now)(const struct emulator_machine *machine);

	/** Look at a neuron. @param[out] out all of it @param machine the machine
	 *  @param neuron 0 … 511 @retval 0 done @retval HXCOMM_ERANGE no such neuron
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*neuron)(
		struct emulator_neuron *out, struct emulator_machine *machine, uint32_t neuron);

	/** Look at a synapse. @param[out] out all of it @param machine the machine
	 *  @param synapse 0 … 131071 @retval 0 done @retval HXCOMM_ERANGE no such synapse
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*synapse)(
		struct emulator_synapse *out, struct emulator_machine *machine, uint32_t synapse);

	/** Look at a CADC channel. @param[out] out all of it @param machine the machine
	 *  @param channel 512 hemisphere + 256 type + column, type 0 causal, 1 acausal
	 *  @retval 0 done @retval HXCOMM_ERANGE no such channel
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*channel)(
		struct emulator_channel *out, struct emulator_machine *machine, uint32_t channel);

	/** Look at a synapse driver. @param[out] out all of it
	 *  @param machine the machine @param driver 0 … 255
	 *  @retval 0 done @retval HXCOMM_ERANGE no such driver
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*driver)(
		struct emulator_driver *out, struct emulator_machine *machine, uint32_t driver);

	/** Look at the fast converter. @param[out] out all of it @param machine the machine
	 *  @retval 0 always */
	int (*madc)(struct emulator_madc *out, struct emulator_machine *machine);

	/** Look at a quadrant. @param[out] out all of it @param machine the machine
	 *  @param quadrant 0 … 3 @retval 0 done @retval HXCOMM_ERANGE no such quadrant
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*quadrant)(
		struct emulator_quadrant *out, struct emulator_machine *machine, uint32_t quadrant);

	/** What a cell of the capacitive memory holds. @param[out] out codes
	 *  @param machine the machine @param cell 3120 quadrant + 130 row + column
	 *  @retval 0 done @retval HXCOMM_ERANGE no such cell
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*cell)(double *out, struct emulator_machine *machine, uint32_t cell);

	/** Drive a pad from outside, or leave it to the chip; stays until the board drives it anew.
	 *  @param machine the machine @param pad 0, 1 @param driven whether @param volt V, 0 … 2.5
	 *  @retval 0 done @retval HXCOMM_ERANGE no such pad or voltage */
	int (*drive_pad)(struct emulator_machine *machine, uint32_t pad, bool driven, double volt);

	/** Voltage of a pad. @param[out] out V @param machine the machine @param pad 0, 1
	 *  @retval 0 done @retval HXCOMM_ERANGE no such pad
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*pad)(double *out, struct emulator_machine *machine, uint32_t pad);

	/** Set a voltage of the board; stays until the board sets it anew.
	 *  @param machine the machine @param supply enum emulator_supply @param volt V, 0 … 2.5
	 *  @retval 0 done @retval HXCOMM_ERANGE no such supply or voltage */
	int (*set_supply)(struct emulator_machine *machine, uint32_t supply, double volt);

	/** Set the temperature of the chip, from which leak and line time constants, potentials,
	 *  gains and converters drift. @param machine the machine @param celsius 10 … 80
	 *  @retval 0 done @retval HXCOMM_ERANGE outside */
	int (*set_temperature)(struct emulator_machine *machine, double celsius);

	/** Keep the whole state of a machine.
	 *  @param[out] out the snapshot, owned by the caller; NULL after an error
	 *  @param machine the machine @retval 0 kept @retval HXCOMM_ENOMEM memory is exhausted */
	int (*snapshot)(struct emulator_snapshot **out, struct emulator_machine *machine);

	/** Put a machine back to a snapshot of the same machine, as often as wanted. All that
	 *  follows is then as it was after the snapshot, noise included.
	 *  @param machine the machine; after an error as before
	 *  @param snapshot of it, not taken over
	 *  @retval 0 done @retval HXCOMM_EINVAL a snapshot of another machine
	 *  @retval HXCOMM_ENOMEM memory is exhausted */
	int (*restore)(struct emulator_machine *machine, const struct emulator_snapshot *snapshot);

	/** Free a snapshot; it may outlive its machine. @param snapshot may be NULL */
	void (*forget)(struct emulator_snapshot *snapshot);
};

/** The emulator's provider: that of hxcomm, and the way here. */
struct emulator_provider {
	struct hxcomm_provider provider;      /**< its size is that of this struct */
	uint64_t mark;                        /**< #EMULATOR_ORACLE_MARK */
	const struct emulator_oracle *oracle; /**< lives as long as the process */
};

/** Find the machine behind a connection.
 *  @param[out] oracle     what can be asked of it; NULL after an error
 *  @param[out] machine    the machine, lent until the connection is closed; NULL after an error
 *  @param      connection an open connection
 *  @retval 0              found
 *  @retval HXCOMM_ENOTSUP the connection is none to an emulated machine in this process, or the
 *                         installed emulator is of another version than this header */
static inline HXCOMM_NODISCARD int emulator_find(const struct emulator_oracle **oracle,
	struct emulator_machine **machine, const struct hxcomm_connection *connection)
{
	const struct hxcomm_provider *provider = NULL;
	*oracle = NULL;
	*machine = NULL;
	const int status = hxcomm_provider_find(&provider, "emulator");
	if (status != HXCOMM_OK)
		return status;
	const struct emulator_provider *own =
		(const struct emulator_provider *)(const void *)provider;
	if (provider->size != sizeof(*own) || own->mark != EMULATOR_ORACLE_MARK ||
		own->oracle->abi != EMULATOR_ORACLE_ABI || own->oracle->size < sizeof(*own->oracle))
		return hxcomm_error_set(HXCOMM_ENOTSUP, "the installed emulator is of another "
							"version than this program: rebuild it");
	struct emulator_machine *found = own->oracle->find(hxcomm_identifier(connection));
	if (!found)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
			"'%s' is not emulated in this process: open emulator: to look inside a "
			"chip",
			hxcomm_identifier(connection));
	*oracle = own->oracle;
	*machine = found;
	return HXCOMM_OK;
}

#ifdef __cplusplus
}
#endif
/** @} */
#endif

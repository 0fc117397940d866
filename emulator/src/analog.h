// SPDX-License-Identifier: MIT
#ifndef EMULATOR_ANALOG_H
#define EMULATOR_ANALOG_H

/** @file
 *  @brief The line between the digital and the analog half of the emulated chip.
 *
 *  The analog half knows neurons, synapses, capacitive memory and converters; it knows no words, no
 *  addresses and no routing. Times are uint64_t ticks of 4 ns since the chip was powered up, and
 *  never run backwards over the calls of one object. Not shared between threads.
 *
 *  **Order of calls.** emulator__analog_advance() to `t`, then setters, stimuli and looks at `t`.
 *  Setters and stimuli only take note, so any number of them is cheap; advancing over idle time is
 *  nearly free. Membranes move in steps of #EMULATOR_STEP_TICKS on a fixed grid: events keep their
 *  place inside a step (first order), spikes are interpolated to one tick, a changed setting holds
 *  from the beginning of the step in which it was made.
 *
 *  **What a CADC channel (hemisphere, type, column) sees**, first match wins
 *  1. *neuron readout*: column switch `enable_cadc_neuron_readout_<type>` (ColumnCorrelationQuad)
 *  closed, and the neuron of this column has `enable_readout_amplifier`; NeuronConfig.readout_source
 *  chooses membrane, excitatory line (1.2 V - U) or inhibitory line. `enable_readout` is not needed.
 *  2. *debug line*: column switch `enable_debug_<type>` (ColumnCorrelationQuad) closed. The line has
 *  the mean voltage of the pads whose PadMultiplexerConfig has `cadc_debug_<type>_to_inter` and
 *  `synapse_inter_mux_to_pad`, see there.
 *  3. *correlation sensors* of the chosen row: column switch `enable_internal_<type>` closed.
 *  4. nothing: 0 V.
 *
 *  **What a pad has**: the voltage with which the board drives it, or the mean of what its
 *  PadMultiplexerConfig connects: voltage cells (`capmem_v_out_mux[q]`, `capmem_v_out_mux_to_inter`,
 *  `capmem_inter_mux_to_pad`, and CapMemBlockConfig q has `debug_readout_enable` with the cell in
 *  `debug_capmem_coord`), bases of CADC ramps, synaptic lines on the synaptic debug lines, membranes
 *  with unbuffered access on the stimulus lines, readout multiplexers by their buffers. A pad that the
 *  board drives holds the membranes and synaptic lines on it.
 *
 *  **What MADC input m sees**: the mean of the neurons with `enable_readout` and
 *  `enable_readout_amplifier` on the lines that ReadoutSourceSelection connects to multiplexer m
 *  (`neuron_odd[m][hemisphere]`, `neuron_even[m][hemisphere]`, parity of the column), of the drivers
 *  with `enable_readout` on `synapse_driver_debug[m][hemisphere]` (the voltage of their plasticity),
 *  of the CADC's and the synapses' debug lines, and of the debug lines "plus" (pad 0) and "minus"
 *  (pad 1) where `debug_to_pad` joins them with what drives their pads; none: 0 V. How MADCConfig
 *  brings it to the converter: madc.c.
 *
 *  **What settings mean here, where the sources leave room.** `enable_leak_degeneration` and
 *  `enable_reset_degeneration` off: conductance times 4, linear range a quarter (93 mV). A
 *  comparator that is still on when the refractory period ends starts the next period without a fire
 *  event. A neuron without bias of its spike comparator (shared cell below code 1) does not fire.
 *  Biases that enable a part leave 1 - exp(-4 code / nominal) of it, everything from the nominal code
 *  on: references of leaks, currents of amplifiers and inputs, readout, CADC (neuron.c).
 *  The readout source "adaptation" shows v_adapt_ref and 1 V per uA of adaptation current. A bypass
 *  acts 12 ns after an event that drops its line by more than 40 mV: the excitatory one fires, the
 *  inhibitory one starts a refractory period without a fire event.
 *
 *  **Time.** Busy membranes run in steps of up to 960 ns where all time constants allow it and the
 *  noise is on (window.c). Where a threshold is near, the way within a step is followed from event to
 *  event, so that spikes are within 24 ns (rms) of where they should be, and one of 200 is missing or
 *  too many, where a few hundredths of a millivolt decide. Without noise steps are 80 ns, and all
 *  spikes are found. Rich neurons (adaptation, exponential term, conductance-based inputs, or inputs
 *  that pause in reset) take steps of up to 320 ns by the closed form of their exponential term, and
 *  find the stored firing patterns within 0.05 us; busy compartments and neurons with bypasses or
 *  joined fire lines take steps of 80 ns. In quiet time all of them leap.
 *
 *  **Not modelled**: refresh ripple of the capacitive memory. Charge sharing and renewing of synapse
 *  drivers, broken on the chip, change nothing.
 *  Source: spec/emulator_physics.md. */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct haldls_cadc_config;
struct haldls_capmem_block_config;
struct haldls_common_correlation_config;
struct haldls_common_neuron_backend_config;
struct haldls_common_padi_bus_config;
struct haldls_common_stp_config;
struct haldls_current_dac;
struct haldls_madc_config;
struct haldls_neuron_backend_config;
struct haldls_neuron_config;
struct haldls_pad_multiplexer_config;
struct haldls_readout_source_selection;
struct haldls_reference_generator_config;
struct haldls_synapse_bias_selection;
struct haldls_synapse_driver_config;

/** Length of a membrane step in ticks of 4 ns: 80 ns, the shortest way from a spike to a synapse. A
 *  caller that advances step by step may feed the spikes of one step back as events of the next. */
enum { EMULATOR_STEP_TICKS = 20 };

/** The analog half of one chip. */
struct emulator_analog;

/** Does a chip do what it should not, as real ones do? */
enum emulator_quirks {
	EMULATOR_QUIRKS_ON = 0, /**< cells of one code disturb each other, the MADC begins with
				     samples that are not valid, a block's post pulse reaches its
				     neurons one after the other, a reset of neurons resets sensors,
				     power-up leaves neurons in reset */
	EMULATOR_QUIRKS_OFF,    /**< nothing of this */
};

/** Which chip, and what of its imperfection. */
struct emulator_analog_config {
	uint32_t serial; /**< number of the chip; its fixed pattern is drawn from it */
	uint64_t seed;   /**< of the trial-to-trial noise */
	bool noise;      /**< trial-to-trial noise on */
	bool variation;  /**< fixed pattern on; off = every instance is the typical one */
	enum emulator_quirks quirks; /**< on or off */
	unsigned threads; /**< 2 lets a thread of its own run the lower hemisphere where there is much
			       to do, with the same results; else the caller does everything */
	unsigned kernel; /**< 1 and more: number of emulator__kernel_list() + 1, with the same
			      results; 0: the fastest */
	bool step_idle;  /**< pass idle time in single steps, with the same results, and no leaps;
			      see **Time** */
};

/** A voltage that the board gives the chip. */
enum emulator_board_volt {
	EMULATOR_V_RESET,     /**< of the correlation sensors; 1.85 V at power-up */
	EMULATOR_V_RES_MEAS,  /**< of the correlation sensors; 0.9 V at power-up */
	EMULATOR_BOARD_VOLTS, /**< how many there are */
};

/** One fire event of a neuron. */
struct emulator_spike {
	uint64_t time;   /**< ticks */
	uint16_t neuron; /**< atomic neuron, 256 row + column */
};

/** An event that a synapse driver accepted. */
struct emulator_driver_event {
	uint64_t time;  /**< ticks */
	uint8_t driver; /**< 128 hemisphere + d; both its rows get the label */
	uint8_t label;  /**< 6 bits */
};

/** Power up a chip at time 0: all switches open, all cells of the capacitive memory at code 0.
 *  @retval 0 @p out is owned by the caller  @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__analog_new(struct emulator_analog **out, const struct emulator_analog_config *config);

/** Free it. @param analog may be NULL */
void emulator__analog_free(struct emulator_analog *analog);

/** Configure atomic neuron @p neuron, 0 … 511. */
void emulator__analog_set_neuron(
	struct emulator_analog *analog, uint32_t neuron, const struct haldls_neuron_config *config);

/** Power-up left atomic neuron @p neuron in reset: it stays there until its cell v_reset is
 * written. Source: spec/emulator_physics.md 5, 2. */
void emulator__analog_stick(struct emulator_analog *analog, uint32_t neuron);

/** Configure the backend of atomic neuron @p neuron (not the backend's own number): refractory
 *  arithmetic. `enable_spike_out` and routing are the digital half's: advance reports every fire
 *  event. */
void emulator__analog_set_backend(struct emulator_analog *analog, uint32_t neuron,
	const struct haldls_neuron_backend_config *config);

/** Configure the common backend of columns 128 half … 128 half + 127 of both rows. */
void emulator__analog_set_common_backend(struct emulator_analog *analog, uint32_t half,
	const struct haldls_common_neuron_backend_config *config);

/** Write a cell of the capacitive memory.
 *  @param now   time of the write, from which the cell settles (time constant 2 ms)
 *  @param cell  CapMemCellOnDLS enum, 3120 quadrant + 130 row + column
 *  @param code  0 … 1022; 1023 stops the refresh */
void emulator__analog_set_capmem(
	struct emulator_analog *analog, uint64_t now, uint32_t cell, uint16_t code);

/** Configure synapse driver @p driver, 128 hemisphere + d: signs of rows 2 d (bottom) and 2 d + 1
 *  (top). */
void emulator__analog_set_driver(struct emulator_analog *analog, uint32_t driver,
	const struct haldls_synapse_driver_config *config);

/** Configure short-term plasticity of a hemisphere: the recovery clock. */
void emulator__analog_set_stp(struct emulator_analog *analog, uint32_t hemisphere,
	const struct haldls_common_stp_config *config);

/** Configure the PADI buses of a hemisphere: here only their extension of pulses counts. */
void emulator__analog_set_padi(struct emulator_analog *analog, uint32_t hemisphere,
	const struct haldls_common_padi_bus_config *config);

/** Configure the correlation sensors of a hemisphere: their reset. */
void emulator__analog_set_correlation(struct emulator_analog *analog, uint32_t hemisphere,
	const struct haldls_common_correlation_config *config);

/** Choose where the synapses' biases come from. From outside comes nothing. */
void emulator__analog_set_bias_selection(
	struct emulator_analog *analog, const struct haldls_synapse_bias_selection *config);

/** Set the calibration bits of a synapse's correlation sensors. @param time 0 ... 3 @param amplitude
 *  0 ... 3 */
void emulator__analog_set_synapse_calibration(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t row, uint32_t column, uint8_t time, uint8_t amplitude);

/** Reset the charges of a synapse's correlation sensors, at the last advance. */
void emulator__analog_correlation_reset(
	struct emulator_analog *analog, uint32_t hemisphere, uint32_t row, uint32_t column);

/** A post pulse from the controller (BlockPostPulse) at tick @p t: reaches the column of a neuron
 *  that has post_overwrite, up to 64 ns later, each neuron after a time of its own. All others take
 *  their post pulses from their own fire events. */
void emulator__analog_post_pulse(struct emulator_analog *analog, uint64_t t, uint32_t neuron);

/** Switches `enable_debug_*` of ColumnCurrentQuad: line of the column to the shared debug line. */
void emulator__analog_set_column_current_debug(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t column, bool excitatory, bool inhibitory);

/** Switches `enable_internal_*` of ColumnCorrelationQuad: sensors of the column to its channels. */
void emulator__analog_set_column_correlation(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t column, bool causal, bool acausal);

/** Row of synapses whose sensors the next conversions see. */
void emulator__analog_set_cadc_row(
	struct emulator_analog *analog, uint32_t hemisphere, uint32_t row);

/** Configure the current DAC of the readout section. */
void emulator__analog_set_current_dac(
	struct emulator_analog *analog, const struct haldls_current_dac *config);

/** Configure the reference generator, whose current scales what the capacitive memory holds.
 *  @param now time of the write */
void emulator__analog_set_reference(struct emulator_analog *analog, uint64_t now,
	const struct haldls_reference_generator_config *config);

/** A recording of the MADC begins at tick @p t: its samples settle from then on. */
void emulator__analog_madc_begin(struct emulator_analog *analog, uint64_t t);

/** A voltage of the board that goes to the chip. @param volt V */
void emulator__analog_set_board_volt(
	struct emulator_analog *analog, enum emulator_board_volt which, float volt);

/** The board drives pad @p pad, 0 or 1, or leaves it to the chip. @param volt V */
void emulator__analog_drive_pad(
	struct emulator_analog *analog, uint32_t pad, bool driven, float volt);

/** Voltage of pad @p pad at the last advance: what drives it, else the mean of what the chip connects
 *  to it, else 0. @return V */
float emulator__analog_pad_volt(struct emulator_analog *analog, uint32_t pad);

/** Temperature of the chip; 38 at power-up. What changes with it: emulator__variation_draw().
 *  @param celsius -40 ... 125, held within */
void emulator__analog_set_temperature(struct emulator_analog *analog, float celsius);

/** Write a synapse: 6 bit weight and 6 bit label. */
void emulator__analog_set_synapses(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t row, uint32_t column, uint8_t weight, uint8_t label);

/** Switches of ColumnCurrentQuad: forward the column's currents to the lines of its neuron. */
void emulator__analog_set_column_current(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t column, bool excitatory, bool inhibitory);

/** Switches `enable_cadc_neuron_readout_*` of ColumnCorrelationQuad. */
void emulator__analog_set_column_readout(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t column, bool causal, bool acausal);

/** Switches `enable_debug_*` of ColumnCorrelationQuad: channel to the shared debug line. */
void emulator__analog_set_column_debug(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t column, bool causal, bool acausal);

/** Configure a block of the capacitive memory: refresh and debug cell. */
void emulator__analog_set_capmem_block(struct emulator_analog *analog, uint32_t quadrant,
	const struct haldls_capmem_block_config *config);

/** Configure pad multiplexer @p pad, 0 or 1. */
void emulator__analog_set_pad(struct emulator_analog *analog, uint32_t pad,
	const struct haldls_pad_multiplexer_config *config);

/** Configure the two readout multiplexers. */
void emulator__analog_set_readout(
	struct emulator_analog *analog, const struct haldls_readout_source_selection *config);

/** Configure the MADC. Sample timing, dummy data and recording length are the digital half's. */
void emulator__analog_set_madc(
	struct emulator_analog *analog, const struct haldls_madc_config *config);

/** Configure the CADC of a hemisphere. A disabled one converts everything to 0. */
void emulator__analog_set_cadc(struct emulator_analog *analog, uint32_t hemisphere,
	const struct haldls_cadc_config *config);

/** Digital offset of a CADC channel. @param type 0 causal, 1 acausal @param offset -128 … 127 */
void emulator__analog_set_cadc_offset(struct emulator_analog *analog, uint32_t hemisphere,
	uint32_t type, uint32_t column, int offset);

/** An event that driver @p driver (128 hemisphere + d) accepted at time @p t: both its rows get @p
 *  label6. */
void emulator__analog_driver_event(
	struct emulator_analog *analog, uint64_t t, uint32_t driver, uint8_t label6);

/** Many of these events at once. @param events [count], best in time order */
void emulator__analog_driver_events(struct emulator_analog *analog,
	const struct emulator_driver_event *events, size_t count);

/** Artificial reset of an atomic neuron (NeuronReset, NeuronResetQuad): starts the refractory
 *  period without a fire event. Needs `enable_fire`; does nothing to a neuron that is refractory. */
void emulator__analog_neuron_reset(struct emulator_analog *analog, uint64_t t, uint32_t neuron);

/** Convert all 512 channels of a hemisphere, beginning at time @p t, the last advance.
 *
 *  A channel samples when the ramp passes its input, 0.4 us + value * 4 ns after @p t. The
 *  membrane's way through the ramp is foreseen without the events and spikes that may still come in
 *  that time.
 *  @param[out] out [type][column], type 0 causal, 1 acausal */
void emulator__analog_cadc_convert(
	struct emulator_analog *analog, uint64_t t, uint32_t hemisphere, uint8_t out[2][256]);

/** One MADC sample at time @p t, the last advance or at most a step later. @param channel readout
 *  multiplexer 0 or 1
 *  @return 0 … 1023 */
uint16_t emulator__analog_madc_sample(struct emulator_analog *analog, uint64_t t, uint32_t channel);

/** Run the membranes to time @p t.
 *
 *  @param[out] out    [capacity] spikes of this call in the order of (time, neuron)
 *  @param capacity    1024 is enough for one step, more spikes than @p capacity are an error
 *  @param[out] count  spikes written
 *  @retval 0 done  @retval HXCOMM_ENOSPC the spikes do not fit; those that do are in @p out, @p
 *  count says how many, and a further call with the same @p t goes on where this one stopped */
int emulator__analog_advance(struct emulator_analog *analog, uint64_t t, struct emulator_spike *out,
	size_t capacity, size_t *count);

/** Leap towards time @p t, as far as nothing moves fast and no neuron comes near its threshold on
 *  the way. For a caller whose windows are short because spikes come back: idle time then costs it
 *  nothing either.
 *  @param t no stimulus waits before it
 *  @return the time reached, a multiple of the step: as if advanced to it, and no spike came; the
 *  last advance or earlier where a leap is not possible */
uint64_t emulator__analog_leap(struct emulator_analog *analog, uint64_t t);

#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_CORRELATION_H
#define EMULATOR_CORRELATION_H

/** @file
 *  @brief The correlation sensors of the synapses.
 *
 *  A synapse keeps two charges. A post pulse of its column adds to the causal one A exp(-dt / tau),
 *  dt the time since the last event that its label matched; an event that its label matches adds
 *  likewise to the acausal one, dt the time since the last post pulse. Only these nearest
 *  neighbours count, and the traces outlive a reset of the charges.
 *
 *  A = 0.5 LSB * 70 / i_store * exp((v_res_meas - 0.9 V) / 60 mV), tau = 5 us * 80 / i_ramp, with
 *  the synapse's own factors; calibration bits make both smaller: bit 0 and bit 1 of the amplitude
 *  0.75 and 0.6 (0.45 together), of the time constant 0.85 and 0.7 (0.6 together). Charges saturate
 *  softly at 160 LSB. An LSB here is 4.5 mV, that of the CADC in its usual range.
 *
 *  The line of a column shows the charge of the chosen row, counted down from 1.05 V (0.9 V per V
 *  of v_reset from 1.85 V; 2 LSB less for each code of i_store below 50). A reset takes the charge
 *  back to exp(-t / 0.3 us) of itself in (reset_duration + 3) cycles of 4 ns. In the
 *  auto-calibrating mode it also takes out the offsets of the quadrant and of the channel.
 *
 *  Nothing is computed before it is looked at: events and post pulses wait in logs, and pass in
 *  time order when a charge is read or reset, a setting changes, or the logs are long. Without a
 *  store bias in a hemisphere there is no log. Source: spec/emulator_physics.md 2.4. */

#include "kernel.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct emulator_analog;

enum {
	CORRELATION_BUSES = 4,        /**< of a hemisphere: events of one are in time order */
	CORRELATION_POST = 4,         /**< the log of post pulses behind theirs */
	CORRELATION_LOGS = 5,         /**< of a hemisphere */
	CORRELATION_SETTLE = 4096,    /**< entries of a log after which it is worked off */
	CORRELATION_TILES = 64,       /**< of 4 rows and 4 columns, along a side */
};

/** An event or post pulse that waits. */
struct correlation_entry {
	uint64_t time;  /**< tick */
	uint16_t place; /**< driver of the hemisphere, or column */
	uint8_t label;  /**< of an event */
};

/** Those of one bus, or all post pulses of a hemisphere, in time order. */
struct correlation_log {
	struct correlation_entry *entry; /**< [capacity] */
	size_t count;                    /**< entries */
	size_t capacity;                 /**< entries there is room for */
};

/** The sensors of a hemisphere. Causal parts are [column][row], acausal ones [row][column]. */
struct correlation_sensors {
	_Alignas(64) float sum[2][256][256];    /**< charge without saturation, LSB */
	float amplitude[2][256][256];           /**< factor of the synapse, its bits included */
	float rate[2][256][256];                /**< factor on 1/tau, its bits included */
	/** Tick of the last event, low 32 bits: [row / 4][column / 4][row % 4][column % 4], so that
	 *  neither rows nor columns touch a cache line for each synapse. The odd length keeps the
	 *  lines of a column from meeting in the same cache sets. */
	_Alignas(64) uint32_t event[CORRELATION_TILES][CORRELATION_TILES + 1][4][4];
	uint32_t post[256];          /**< by column: tick of the last post pulse, low 32 bits */
	uint8_t automatic[256][256]; /**< [row][column] last reset was auto-calibrating */
	int8_t pattern[256][256][4]; /**< [row][column] normal numbers in units of 1/32 */
	bool drawn[256];             /**< row has its pattern and factors */
	bool doubled[2];             /**< half has the spread of a weak store bias */
	uint64_t swept;              /**< tick at which all times were younger than 2^30 */
	struct correlation_log log[CORRELATION_LOGS]; /**< what waits */
};

/** The sensors of a chip, and what they share. */
struct correlation {
	struct correlation_sensors *sensors[2]; /**< by hemisphere; NULL before the first pulse */
	uint8_t calibration[2][256][256];       /**< [row][column] time bits, amplitude bits << 2 */
	bool exhausted[2]; /**< no memory for sensors or a log, by hemisphere */
};

/** Note an event. @param a the chip @param t tick @param driver 0 ... 255 @param label sent */
void emulator__correlation_event(
	struct emulator_analog *a, uint64_t t, uint32_t driver, uint8_t label);

/** Note a post pulse. @param a the chip @param t tick @param neuron atomic neuron: its column */
void emulator__correlation_post(struct emulator_analog *a, uint64_t t, uint32_t neuron);

/** Work off what waits before the chip's grid time. @param a the chip @param hemisphere 0, 1 */
void emulator__correlation_settle(struct emulator_analog *a, uint32_t hemisphere);

/** Charge of a synapse, with saturation. @param a the chip @param hemisphere 0, 1
 *  @param type 0 causal, 1 acausal @param row 0 ... 255 @param column 0 ... 255 @return LSB */
float emulator__correlation_charge(struct emulator_analog *a, uint32_t hemisphere, uint32_t type,
	uint32_t row, uint32_t column);

/** What the lines of a row show. @param[out] out [column] V @param a the chip
 *  @param hemisphere 0, 1 @param type 0 causal, 1 acausal @param row 0 ... 255 */
void emulator__correlation_show(float out[256], struct emulator_analog *a, uint32_t hemisphere,
	uint32_t type, uint32_t row);

/** Largest charge of a pair and time constant of a synapse. @param[out] amplitude LSB
 *  @param[out] tau s @param a the chip @param hemisphere 0, 1 @param type 0 causal, 1 acausal
 *  @param row 0 ... 255 @param column 0 ... 255
 *  @retval 0 done @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__correlation_truth(double *amplitude, double *tau, struct emulator_analog *a,
	uint32_t hemisphere, uint32_t type, uint32_t row, uint32_t column);

/** The same of the typical sensor of a quadrant. @param[out] amplitude LSB @param[out] tau s;
 *  infinite without a bias @param a the chip @param quadrant 0 ... 3 */
void emulator__correlation_typical(
	double *amplitude, double *tau, const struct emulator_analog *a, uint32_t quadrant);

/** Time since the last pulse that a sensor remembers. @param a the chip @param hemisphere 0, 1
 *  @param type 0 causal: the event, 1 acausal: the post pulse @param row 0 ... 255
 *  @param column 0 ... 255 @return s, 2^30 ticks at most */
double emulator__correlation_age(struct emulator_analog *a, uint32_t hemisphere, uint32_t type,
	uint32_t row, uint32_t column);

/** The sensors of a hemisphere, made where there are none yet. @param a the chip
 *  @param hemisphere 0, 1 @return them; NULL where memory is exhausted */
struct correlation_sensors *emulator__correlation_sensors(
	struct emulator_analog *a, uint32_t hemisphere);

/** Free the sensors of a hemisphere. @param correlation has none there afterwards
 *  @param hemisphere 0, 1 */
void emulator__correlation_discard(struct correlation *correlation, uint32_t hemisphere);

/** Free everything. @param correlation is empty afterwards */
void emulator__correlation_deinit(struct correlation *correlation);

#endif

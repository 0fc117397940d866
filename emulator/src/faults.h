// SPDX-License-Identifier: MIT
#ifndef EMULATOR_FAULTS_H
#define EMULATOR_FAULTS_H

/** @file
 *  @brief What a user breaks on purpose, beyond the fixed pattern of a chip: by the address
 *  `emulator:?dead_neurons=3,17`, so that one can see what an experiment makes of it. */

#include <hxcomm/uri.h>

#include <stdbool.h>
#include <stdint.h>

/** Broken parts; all zero is a sound machine. */
struct emulator_faults {
	bool neuron[512];        /**< atomic neurons that never fire and cannot be read */
	bool driver[256];        /**< synapse drivers that take no event */
	bool row[512];           /**< synapse rows, 256 hemisphere + row, without charge */
	bool stuck_reset[512];   /**< atomic neurons that power-up leaves in reset until their
	                              v_reset is written */
	bool channel[1024];      /**< CADC channels that show one value, 512 hemisphere + 256 type +
	                              column */
	uint8_t stuck[1024];     /**< this value */
	uint8_t links;           /**< mask of links, counted as the FPGA does, that never come up */
	bool pll;                /**< the clock generators never lock */
	double link_loss;        /**< probability that a message on a link is lost */
	double link_flips;       /**< probability that an event on a link arrives with a wrong
	                              bit */
	double clock_drift;      /**< the chip's clock is faster than the FPGA's by this share */
};

/** Keys of an address that emulator__faults_read() knows.
 *  @param[out] count number of them @return [count] names */
const char *const *emulator__faults_keys(unsigned *count);

/** Read the faults of an address.
 *  @param[out] out     the faults; unchanged after an error
 *  @param uri          an address
 *  @param serial       number of the chip: `random:N` parts are drawn from it
 *  @retval 0 read @retval HXCOMM_EINVAL not a list @retval HXCOMM_ERANGE no such part */
int emulator__faults_read(struct emulator_faults *out, const struct hxcomm_uri *uri,
        uint32_t serial);

/** Draw which neurons power-up leaves in reset, one of 500, where the address does not say.
 *  Source: spec/emulator_physics.md 5, 2.
 *  @param[in,out] faults of the address @param uri an address @param serial number of the chip
 *  @param seed of the trial-to-trial noise */
void emulator__faults_draw(struct emulator_faults *faults, const struct hxcomm_uri *uri,
        uint32_t serial, uint64_t seed);

#endif

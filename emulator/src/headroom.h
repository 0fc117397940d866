// SPDX-License-Identifier: MIT
#ifndef EMULATOR_HEADROOM_H
#define EMULATOR_HEADROOM_H

/** @file
 *  @brief The offset current of a neuron, which needs some room below the rail it pulls to.
 *
 *  It is scaled by what is left to that rail over 0.1 V, from 0 to 1 (source:
 *  spec/emulator_physics.md 2.1). Far from the rails that is nothing, and the kernels know but a
 *  constant current. Near them the constant is set before each move so that the move ends where one
 *  with the right slope would: with F the currents now, J minus their slope in V, s that of the
 *  offset current and phi(z) the share of its way that an exponential makes in z time constants, a
 *  move of length h goes h phi(h (J + s)) F. So moves of any length end at rest where F is 0.
 *  Membranes that are joined have the right slope in the leaps of their node. Windows of steps are
 *  not run while an offset current is near its rail, or drives its membrane there. */

#include <stdbool.h>
#include <stdint.h>

struct emulator_analog;
struct kernel_membranes;

/** The offset currents of a chip. Of currents the capacitance of their membrane is divided out. */
struct headroom {
	float offset[512];  /**< V/s, signed, with all its room; by neuron */
	float steady[512];  /**< V/s, other constant currents; by neuron */
	uint16_t list[512]; /**< neurons that have one */
	bool reaches[512];  /**< it brings its membrane near its rail; by place in the list */
	unsigned count;     /**< of the list */
};

/** List the neurons that have an offset current, after their parameters were derived.
 *  @param a the chip */
void emulator__headroom_refresh(struct emulator_analog *a);

/** Set the constant currents for a move. @param a the chip @param[in,out] m its membranes, or those
 *  of a copy @param h s, length of the move */
void emulator__headroom_apply(const struct emulator_analog *a, struct kernel_membranes *m, float h);

/** Minus the slope of an offset current that fades, which a membrane that is joined with others has
 *  beside those that its leap found. @param a the chip @param neuron 0 ... 511 @return 1/s */
float emulator__headroom_slope(const struct emulator_analog *a, uint32_t neuron);

/** Longest leap that follows the offset currents. @param a the chip @param limit ticks
 *  @return ticks, at most @p limit */
uint64_t emulator__headroom_limit(const struct emulator_analog *a, uint64_t limit);

/** Is an offset current without its full room, or will it be soon? Else all have their full
 *  currents, as windows want it. @param a the chip @return whether */
bool emulator__headroom_is_narrow(struct emulator_analog *a);

#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_COMPARTMENT_H
#define EMULATOR_COMPARTMENT_H

/** @file
 *  @brief Multi-compartment neurons: which membranes are one node, and which are joined by a
 *  conductance. Source: spec/emulator_physics.md 2.2.
 *
 *  A circuit has a membrane and a segment of the soma line. `connect_soma` shorts the two,
 *  `enable_multicomp_conductance` joins them by g = 2 nS * i_bias_nmda (times 4, or by 4);
 *  `connect_soma_right` shorts the line with that of the right neighbour,
 *  `connect_membrane_right` the membranes, `connect_bottom` those of the two rows of a column.
 *  Switches have no resistance. A segment that a membrane is shorted with brings it 20 fF. Shorted
 *  membranes share their charge in each step; conductances exchange it in closed form, pair by
 * pair, to and fro. A line without a membrane has no charge: its conductances become a mesh between
 * the others. */

#include <stdbool.h>
#include <stdint.h>

struct emulator_analog;
struct kernel_membranes;

/** One node of the membranes that share it. */
struct compartment_short {
	uint16_t first; /**< in compartment.member */
	uint16_t count; /**< members */
};

/** A conductance between two nodes. */
struct compartment_edge {
	uint16_t one, other; /**< nodes; those beyond the shorts are single membranes */
	float siemens;       /**< S */
};

enum { COMPARTMENT_EDGES = 4096 };

/** The compartments of a chip. */
struct compartments {
	uint16_t member[512];               /**< neurons, node by node */
	struct compartment_short node[512]; /**< every membrane is in one */
	unsigned nodes;                     /**< count */
	float farad[512];                   /**< by node */
	struct compartment_edge edge[COMPARTMENT_EDGES];
	unsigned edges;  /**< count */
	unsigned shorts; /**< nodes of several membranes: the first ones */
	unsigned turn;   /**< exchanges so far */
};

/** Find nodes and conductances from the switches of all neurons. @param a the chip */
void emulator__compartment_refresh(struct emulator_analog *a);

/** Conductance between a membrane and its soma line, where it is on. @param a the chip
 *  @param neuron 0 ... 511 @return S */
float emulator__compartment_conductance(const struct emulator_analog *a, uint32_t neuron);

/** Let the nodes exchange charge behind a step of @p h s. Membranes of one node moved each for
 *  itself: they get the way that all their currents make with all their capacitors.
 *  @param a the chip @param[in,out] m its membranes; of them `gain` and `rate` tell of the step */
void emulator__compartment_exchange(struct emulator_analog *a, struct kernel_membranes *m, float h);

/** Look again who of those that are joined crossed its threshold in the step: together they go
 *  another way than each for itself. @param a the chip @param[in,out] m its membranes, behind the
 *  exchange @return whether any did */
bool emulator__compartment_compare(struct emulator_analog *a, struct kernel_membranes *m);

/** Let the members of each node share their charge. @param a the chip @param[in,out] m its
 * membranes */
void emulator__compartment_level(const struct emulator_analog *a, struct kernel_membranes *m);

/** Let the joined membranes pass a time @p h s in which nothing happens, in one.
 *  @param a the chip; where `kernel.rich_leap` left them  @return sum of kernel_flag */
uint32_t emulator__compartment_leap(struct emulator_analog *a, float h);

#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_MORPHOLOGY_H
#define HALDLS_MORPHOLOGY_H

/** @file
 *  @brief Neurons of several compartments: their shape, and where they lie on the chip.
 *  @defgroup haldls_morphology Morphologies
 *
 *  A morphology is drawn on a grid of its own: two rows of 128 columns of neuron circuits. Circuits
 *  side by side make a compartment with one membrane. Compartments meet on a somatic line, which runs
 *  along a row: a circuit is joined to it by a plain switch, or through a conductance.
 *
 *      haldls_morphology_init(&m);
 *      haldls_morphology_add_compartment(&soma, &m, two_circuits, 2);
 *      haldls_morphology_add_compartment(&dendrite, &m, one_circuit, 1);
 *      haldls_morphology_connect_soma_line(&m, 0, 1, 2);
 *      haldls_morphology_connect_to_soma(&m, 0, 1);
 *      haldls_morphology_connect_resistor_to_soma(&m, 0, 2);
 *      haldls_logical_neuron_plan(&neuron, &m);
 *      haldls_logical_neuron_place(coordinates, atomic_neurons, &neuron, anchor, false, false);
 *
 *  Plain values of up to 100 kB: no ownership, no threads rule. Source: spec/lola.md 1.3, 1.4
 *  @{ */

#include <haldls/logical.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Size of the grid. */
enum {
	HALDLS_MORPHOLOGY_ROWS = 2,       /**< rows */
	HALDLS_MORPHOLOGY_COLUMNS = 128,  /**< columns: a neuron does not cross the chip's middle */
	HALDLS_MORPHOLOGY_CIRCUITS = 256, /**< circuits, and so compartments, at most */
};

/** A neuron circuit on the grid. */
struct haldls_circuit {
	uint8_t row;    /**< 0, 1 */
	uint8_t column; /**< 0 … 127 */
};

/** The switches of a circuit. */
struct haldls_circuit_switches {
	bool used;               /**< part of the morphology */
	bool connect_soma;       /**< joined to the somatic line by a switch */
	bool connect_soma_right; /**< its piece of the line goes on to the right */
	bool connect_right;      /**< its membrane is that of the circuit on the right */
	bool connect_vertical;   /**< its membrane is that of the circuit in the other row */
	bool enable_conductance; /**< joined to the somatic line through a conductance */
};

/** A morphology in the making. Start with haldls_morphology_init(). */
struct haldls_morphology {
	/** switches by row and column */
	struct haldls_circuit_switches switches[HALDLS_MORPHOLOGY_ROWS][HALDLS_MORPHOLOGY_COLUMNS];
	/** number of the circuit's compartment + 1 by row and column; 0: none */
	uint16_t compartment[HALDLS_MORPHOLOGY_ROWS][HALDLS_MORPHOLOGY_COLUMNS];
	/** circuits of compartments, one compartment after the other */
	struct haldls_circuit circuits[HALDLS_MORPHOLOGY_CIRCUITS];
	/** first circuit of each compartment; [compartment_count] is the end of the last one */
	uint32_t first[HALDLS_MORPHOLOGY_CIRCUITS + 1];
	uint32_t compartment_count; /**< compartments so far */
};

/** A neuron of several compartments with the parameters of its circuits. */
struct haldls_logical_neuron {
	uint32_t compartment_count; /**< compartments */
	/** first circuit of each compartment; [compartment_count] is the number of all circuits */
	uint32_t first[HALDLS_MORPHOLOGY_CIRCUITS + 1];
	/** where they are on the grid, compartment by compartment */
	struct haldls_circuit circuits[HALDLS_MORPHOLOGY_CIRCUITS];
	/** their parameters in the same order. Set them by haldls_logical_neuron_set(): the switches of
	 *  the morphology are not to be touched */
	struct haldls_atomic_neuron neurons[HALDLS_MORPHOLOGY_CIRCUITS];
};

/** Start an empty morphology. @param[out] out the morphology */
HXCOMM_API void haldls_morphology_init(struct haldls_morphology *out);

/** Join a circuit to the somatic line by a switch.
 *  @param morphology  unchanged after an error
 *  @param row         0, 1
 *  @param column      0 … 127
 *  @retval 0              joined
 *  @retval HXCOMM_ERANGE  there is no such circuit
 *  @retval HXCOMM_ESTATE  it is joined through a conductance */
HXCOMM_API HXCOMM_NODISCARD int haldls_morphology_connect_to_soma(
        struct haldls_morphology *morphology, uint32_t row, uint32_t column);

/** Join a circuit to the somatic line through its conductance.
 *  @param morphology  unchanged after an error
 *  @param row         0, 1
 *  @param column      0 … 127
 *  @retval 0              joined
 *  @retval HXCOMM_ERANGE  there is no such circuit
 *  @retval HXCOMM_ESTATE  it is joined by a switch */
HXCOMM_API HXCOMM_NODISCARD int haldls_morphology_connect_resistor_to_soma(
        struct haldls_morphology *morphology, uint32_t row, uint32_t column);

/** Draw a somatic line along a row.
 *  @param morphology  unchanged after an error
 *  @param row         0, 1
 *  @param first       its first column
 *  @param last        its last column, above @p first
 *  @retval 0              drawn
 *  @retval HXCOMM_ERANGE  it leaves the grid, or ends where it begins */
HXCOMM_API HXCOMM_NODISCARD int haldls_morphology_connect_soma_line(
        struct haldls_morphology *morphology, uint32_t row, uint32_t first, uint32_t last);

/** Add a compartment: all of its circuits that lie side by side get one membrane.
 *  @param[out] out    its number: 0, 1, 2, … in the order in which they are added; may be NULL
 *  @param morphology  unchanged after an error
 *  @param circuits    [count] circuits, all connected by sides; their order is kept
 *  @param count       1 … 256
 *  @retval 0              added
 *  @retval HXCOMM_EINVAL  there is none, or they are not connected
 *  @retval HXCOMM_ERANGE  there is no such circuit
 *  @retval HXCOMM_ESTATE  a circuit belongs to a compartment already */
HXCOMM_API HXCOMM_NODISCARD int haldls_morphology_add_compartment(uint32_t *out,
        struct haldls_morphology *morphology, const struct haldls_circuit *circuits,
        uint32_t count);

/** Finish a morphology. Circuits without a compartment, such as those that a somatic line only passes,
 *  become compartments of their own, behind the others. All parameters have their defaults.
 *  @param[out] out    the neuron; unchanged after an error
 *  @param morphology  the morphology; stays as it is
 *  @retval 0              finished
 *  @retval HXCOMM_EINVAL  it has no compartment
 *  @retval HXCOMM_ESTATE  a compartment is joined to another one without a conductance, or some
 *                         compartments do not touch the others */
HXCOMM_API HXCOMM_NODISCARD int haldls_logical_neuron_plan(struct haldls_logical_neuron *out,
        const struct haldls_morphology *morphology);

/** Set the parameters of a circuit, all but the switches of the morphology: of "multicompartment" only
 *  i_bias_nmda, enable_conductance_division and enable_conductance_multiplication are taken.
 *  @param neuron       unchanged after an error
 *  @param compartment  which compartment
 *  @param index        which of its circuits
 *  @param value        the parameters; not kept
 *  @retval 0              set
 *  @retval HXCOMM_ERANGE  there is no such circuit */
HXCOMM_API HXCOMM_NODISCARD int haldls_logical_neuron_set(struct haldls_logical_neuron *neuron,
        uint32_t compartment, uint32_t index, const struct haldls_atomic_neuron *value);

/** Place a neuron on the chip: what is to be written, in the order of writes.
 *  @param[out] coordinates  [first[compartment_count]] AtomicNeuronOnDLS of each circuit
 *  @param[out] values       [first[compartment_count]] its parameters. Switches to the right belong to
 *                           the left one of two circuits: a mirrored neuron has them moved
 *  @param neuron            the neuron
 *  @param anchor            AtomicNeuronOnDLS of the top left corner of its bounding box
 *  @param flip_columns      mirrored left to right
 *  @param flip_rows         mirrored top to bottom
 *  @retval 0              placed
 *  @retval HXCOMM_ERANGE  it does not fit there; columns 127 and 128 are not neighbours */
HXCOMM_API HXCOMM_NODISCARD int haldls_logical_neuron_place(uint32_t *coordinates,
        struct haldls_atomic_neuron *values, const struct haldls_logical_neuron *neuron,
        uint32_t anchor, bool flip_columns, bool flip_rows);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

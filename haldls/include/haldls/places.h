// SPDX-License-Identifier: MIT
#ifndef HALDLS_PLACES_H
#define HALDLS_PLACES_H

/** @file
 *  @brief Short names for what is asked most about places on the chip.
 *
 *  Arguments outside their range are programming errors: debug builds stop, release builds compute
 *  nonsense. Source: spec/coordinates.json, spec/registers_chip.md
 *  @ingroup haldls_coordinate */

#include <haldls/coordinates/capmem.h>
#include <haldls/coordinates/chip.h>
#include <haldls/coordinates/events.h>
#include <haldls/coordinates/neuron.h>
#include <haldls/coordinates/readout.h>
#include <haldls/coordinates/synapse.h>

#include <assert.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Numbers of things. */
enum {
	/** halves of the chip with their own synapse array */
	HALDLS_HEMISPHERES = HALDLS_HEMISPHERE_SIZE,
	/** blocks of the capacitive memory */
	HALDLS_QUADRANTS = HALDLS_CAPMEM_BLOCK_SIZE,
	/** neuron circuits */
	HALDLS_NEURONS = HALDLS_NEURON_SIZE,
	/** columns of a neuron row and of a synapse array */
	HALDLS_NEURON_COLUMNS = HALDLS_NEURON_COLUMN_SIZE,
	/** rows of a synapse array */
	HALDLS_SYNAPSE_ROWS = HALDLS_SYNAPSE_ROW_ON_SYNRAM_SIZE,
	/** quads of four columns in a synapse row */
	HALDLS_SYNAPSE_QUADS = HALDLS_SYNAPSE_QUAD_COLUMN_SIZE,
	/** synapse drivers of a hemisphere */
	HALDLS_DRIVERS = HALDLS_DRIVER_ON_BLOCK_SIZE,
	/** PADI buses of a hemisphere */
	HALDLS_PADI_BUSES = HALDLS_PADI_BUS_ON_BLOCK_SIZE,
	/** inputs of the crossbar: 0-7 neurons, 8-11 of the FPGA, 12-19 background */
	HALDLS_CROSSBAR_INPUTS = HALDLS_CROSSBAR_INPUT_SIZE,
	/** its outputs: 0-3 PADI top, 4-7 PADI bottom, 8-11 to the FPGA */
	HALDLS_CROSSBAR_OUTPUTS = HALDLS_CROSSBAR_OUTPUT_SIZE,
	/** existing pairs of input and output */
	HALDLS_CROSSBAR_NODES = HALDLS_CROSSBAR_NODE_SIZE,
	/** rows of a block of the capacitive memory */
	HALDLS_CAPMEM_ROWS = HALDLS_CAPMEM_ROW_ON_BLOCK_SIZE,
	/** its columns: 128 neurons and two shared ones */
	HALDLS_CAPMEM_COLUMNS = HALDLS_CAPMEM_COLUMN_ON_BLOCK_SIZE,
	/** cells of a block */
	HALDLS_CAPMEM_CELLS_PER_BLOCK = HALDLS_CAPMEM_CELL_ON_BLOCK_SIZE,
	/** cells of the chip */
	HALDLS_CAPMEM_CELLS = HALDLS_CAPMEM_CELL_SIZE,
};

/** Number of a neuron's digital back end; its own inverse. Back ends, resets and spike counters
 *  count all of the west half before the east. @param neuron 0 … 511 @return 0 … 511 */
static inline uint32_t haldls_neuron_backend(uint32_t neuron)
{
	return haldls_neuron_backend_config_of_neuron(neuron);
}

/** Quadrant of a neuron, which is its block of the capacitive memory. @param neuron 0 … 511
 *  @return 0 … 3 */
static inline uint32_t haldls_neuron_quadrant(uint32_t neuron)
{
	return haldls_capmem_block_of_neuron(neuron);
}

/** Event output of a neuron, which is its input of the crossbar: both rows of 32 columns share
 *  one. @param neuron 0 … 511 @return 0 … 7 */
static inline uint32_t haldls_neuron_event_output(uint32_t neuron)
{
	return haldls_event_output_of_neuron_column(haldls_neuron_column(neuron));
}

/** The cell of a neuron's parameter. @param neuron 0 … 511 @param row which parameter
 *  @return 0 … 12479 */
static inline uint32_t haldls_capmem_cell_of_neuron(uint32_t neuron, enum haldls_capmem_row row)
{
	return haldls_capmem_cell(haldls_capmem_block_of_neuron(neuron), (uint32_t)row,
		haldls_capmem_column_on_block_of_neuron(neuron));
}

/** A shared cell of a quadrant. @param quadrant 0 … 3 @param cell which @return 0 … 12479 */
static inline uint32_t haldls_capmem_cell_shared(
	uint32_t quadrant, enum haldls_capmem_shared_cell cell)
{
	assert(quadrant < HALDLS_QUADRANTS);
	return quadrant * HALDLS_CAPMEM_CELLS_PER_BLOCK + (uint32_t)cell;
}

/** Quad of a column: quads 0-31 hold even, 32-63 odd columns. @param column 0 … 255
 *  @return 0 … 63 */
static inline uint32_t haldls_quad_of_column(uint32_t column)
{
	return haldls_synapse_quad_column_of_synapse_on_synapse_row(column);
}

/** Place of a column in its quad; entry i lies in byte 3 - i of a word. @param column 0 … 255
 *  @return 0 … 3 */
static inline uint32_t haldls_quad_entry_of_column(uint32_t column)
{
	return haldls_entry_on_quad_of_synapse_on_synapse_row(column);
}

/** Column of an entry of a quad. @param quad 0 … 63 @param entry 0 … 3 @return 0 … 255 */
static inline uint32_t haldls_column_of_quad(uint32_t quad, uint32_t entry)
{
	return haldls_neuron_column_of_synapse_quad_column(quad, entry);
}

/** A synapse row of a driver. @param driver 0 … 127 @param top 1 the upper, 0 the lower row
 *  @return 0 … 255 */
static inline uint32_t haldls_synapse_row_of_driver(uint32_t driver, uint32_t top)
{
	assert(top < 2);
	return haldls_synapse_row_on_synram_of_driver_on_block(driver, 1 - top);
}

/** PADI bus that a driver listens to. @param driver 0 … 127 @return 0 … 3 */
static inline uint32_t haldls_driver_bus(uint32_t driver)
{
	return haldls_padi_bus_on_block_of_driver_on_block(driver);
}

/** Position of a driver on its PADI bus, which is its row select address.
 *  @param driver 0 … 127 @return 0 … 31 */
static inline uint32_t haldls_driver_position(uint32_t driver)
{
	return haldls_driver_on_padi_bus_of_driver_on_block(driver);
}

#ifdef __cplusplus
}
#endif
#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_COORDINATE_H
#define HALDLS_COORDINATE_H

/** @file
 *  @brief Where things are on the chip: plain numbers in the chip's enumeration order.
 *  @defgroup haldls_coordinate Coordinates
 *
 *  A coordinate is a uint32_t that counts its kind from 0. Hemisphere 0 is the top, 1 the bottom;
 *  quadrants are 0 top west, 1 top east, 2 bottom west, 3 bottom east. Arguments outside their
 *  range are programming errors: debug builds stop, release builds compute nonsense.
 *  Source: spec/coordinates.json, spec/registers_chip.md
 *  @{ */

#include <assert.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Numbers of things. */
enum {
	HALDLS_HEMISPHERES = 2,              /**< halves of the chip with their own synapse array */
	HALDLS_QUADRANTS = 4,                /**< blocks of the capacitive memory */
	HALDLS_NEURONS = 512,                /**< neuron circuits */
	HALDLS_NEURON_COLUMNS = 256,         /**< columns of a neuron row and of a synapse array */
	HALDLS_SYNAPSE_ROWS = 256,           /**< rows of a synapse array */
	HALDLS_SYNAPSE_QUADS = 64,           /**< quads of four columns in a synapse row */
	HALDLS_DRIVERS = 128,                /**< synapse drivers of a hemisphere */
	HALDLS_PADI_BUSES = 4,               /**< PADI buses of a hemisphere */
	HALDLS_CROSSBAR_INPUTS = 20,         /**< 0-7 neurons, 8-11 of the FPGA, 12-19 background */
	HALDLS_CROSSBAR_OUTPUTS = 12,        /**< 0-3 PADI top, 4-7 PADI bottom, 8-11 to the FPGA */
	HALDLS_CROSSBAR_NODES = 76,          /**< existing pairs of input and output */
	HALDLS_CAPMEM_ROWS = 24,             /**< rows of a block of the capacitive memory */
	HALDLS_CAPMEM_COLUMNS = 130,         /**< its columns: 128 neurons and two shared ones */
	HALDLS_CAPMEM_CELLS_PER_BLOCK = 3120, /**< cells of a block */
	HALDLS_CAPMEM_CELLS = 12480,         /**< cells of the chip */
};

/** Parameters of a neuron in the capacitive memory: the row of its column. */
enum haldls_capmem_row {
	HALDLS_CAPMEM_V_LEAK = 0,              /**< leak potential */
	HALDLS_CAPMEM_V_RESET = 1,             /**< reset potential */
	HALDLS_CAPMEM_V_THRESHOLD = 2,         /**< threshold potential */
	HALDLS_CAPMEM_E_SYNIN_EXC_REV = 3,     /**< excitatory reversal potential */
	HALDLS_CAPMEM_E_SYNIN_INH_REV = 4,     /**< inhibitory reversal potential */
	HALDLS_CAPMEM_V_ADAPT_LEAK = 5,        /**< adaptation: reference of the membrane */
	HALDLS_CAPMEM_V_EXP = 6,               /**< exponential term: threshold */
	HALDLS_CAPMEM_V_ADAPT_REF = 7,         /**< adaptation: resting potential of its state */
	HALDLS_CAPMEM_I_BIAS_LEAK = 8,         /**< leak conductance */
	HALDLS_CAPMEM_I_BIAS_RESET = 9,        /**< reset conductance */
	HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU = 10,   /**< excitatory time constant */
	HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA = 11,  /**< excitatory conductance-based mode */
	HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT = 12, /**< excitatory reference shift */
	HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM = 13,    /**< excitatory strength */
	HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU = 14,   /**< inhibitory time constant */
	HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA = 15,  /**< inhibitory conductance-based mode */
	HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT = 16, /**< inhibitory reference shift */
	HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM = 17,    /**< inhibitory strength */
	HALDLS_CAPMEM_I_BIAS_ADAPT_TAU = 18,   /**< adaptation time constant */
	HALDLS_CAPMEM_I_BIAS_ADAPT_A = 19,     /**< sub-threshold adaptation */
	HALDLS_CAPMEM_I_BIAS_ADAPT_B = 20,     /**< spike-triggered adaptation */
	HALDLS_CAPMEM_I_BIAS_EXP = 21,         /**< exponential term: strength */
	HALDLS_CAPMEM_I_MEM_OFFSET = 22,       /**< constant current onto the membrane */
	HALDLS_CAPMEM_I_BIAS_NMDA = 23,        /**< conductance between compartments */
};

/** Shared cells, one in each block: row * 130 + column, columns 128 and 129. */
enum haldls_capmem_shared_cell {
	HALDLS_CAPMEM_STP_V_CHARGE_0 = 128,                /**< short-term plasticity, set 0 */
	HALDLS_CAPMEM_STP_V_CHARGE_1 = 258,                /**< short-term plasticity, set 1 */
	HALDLS_CAPMEM_STP_V_RECOVER_0 = 388,               /**< short-term plasticity, set 0 */
	HALDLS_CAPMEM_STP_V_RECOVER_1 = 518,               /**< short-term plasticity, set 1 */
	HALDLS_CAPMEM_CADC_V_RAMP_OFFSET = 648,            /**< start of the CADC ramp */
	HALDLS_CAPMEM_CADC_V_BIAS_RAMP_BUF = 778,          /**< buffer of the CADC ramp */
	HALDLS_CAPMEM_NEURON_V_BIAS_CASC_N = 1038,         /**< cascodes of the neurons */
	HALDLS_CAPMEM_SYN_I_BIAS_DAC = 1168,               /**< weight DACs of the synapses */
	HALDLS_CAPMEM_SYN_I_BIAS_RAMP = 1298,              /**< correlation sensors: ramp */
	HALDLS_CAPMEM_SYN_I_BIAS_STORE = 1428,             /**< correlation sensors: store */
	HALDLS_CAPMEM_SYN_I_BIAS_COROUT = 1558,            /**< correlation sensors: output */
	HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR = 1688,        /**< comparators of the drivers */
	HALDLS_CAPMEM_STP_I_RAMP = 1818,                   /**< ramp of the pulse lengths */
	HALDLS_CAPMEM_STP_I_CALIB = 1948,                  /**< start of the drivers' pulses */
	HALDLS_CAPMEM_CADC_I_RAMP_SLOPE = 2078,            /**< slope of the CADC ramp */
	HALDLS_CAPMEM_CADC_I_BIAS_COMP = 2208,             /**< comparators of the CADC */
	HALDLS_CAPMEM_CADC_I_BIAS_VRESET_BUF = 2338,       /**< reset buffer of the CADC */
	HALDLS_CAPMEM_NEURON_I_BIAS_READOUT_AMP = 2468,    /**< readout amplifiers of the neurons */
	HALDLS_CAPMEM_NEURON_I_BIAS_LEAK_SOURCE_FOLLOWER = 2598, /**< followers of the leak */
	HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR = 2728, /**< threshold comparators */
	HALDLS_CAPMEM_NEURON_I_BIAS_SYNIN_DROP = 3119,     /**< synaptic inputs */
};

/** A neuron circuit. @param row 0, 1 @param column 0 … 255 @return 0 … 511 */
static inline uint32_t haldls_neuron(uint32_t row, uint32_t column)
{
	assert(row < HALDLS_HEMISPHERES && column < HALDLS_NEURON_COLUMNS);
	return row * HALDLS_NEURON_COLUMNS + column;
}

/** Row, and so the hemisphere, of a neuron. @param neuron 0 … 511 @return 0, 1 */
static inline uint32_t haldls_neuron_row(uint32_t neuron)
{
	assert(neuron < HALDLS_NEURONS);
	return neuron / HALDLS_NEURON_COLUMNS;
}

/** Column of a neuron, which is that of its synapses. @param neuron 0 … 511 @return 0 … 255 */
static inline uint32_t haldls_neuron_column(uint32_t neuron)
{
	assert(neuron < HALDLS_NEURONS);
	return neuron % HALDLS_NEURON_COLUMNS;
}

/** Number of a neuron's digital back end; its own inverse. Back ends, resets and spike counters
 *  count all of the west half before the east. @param neuron 0 … 511 @return 0 … 511 */
static inline uint32_t haldls_neuron_backend(uint32_t neuron)
{
	assert(neuron < HALDLS_NEURONS);
	return neuron / 128 % 2 * 256 + neuron / 256 * 128 + neuron % 128;
}

/** Quadrant of a neuron, which is its block of the capacitive memory. @param neuron 0 … 511
 *  @return 0 … 3 */
static inline uint32_t haldls_neuron_quadrant(uint32_t neuron)
{
	assert(neuron < HALDLS_NEURONS);
	return neuron / 128;
}

/** Event output of a neuron, which is its input of the crossbar: both rows of 32 columns share
 *  one. @param neuron 0 … 511 @return 0 … 7 */
static inline uint32_t haldls_neuron_event_output(uint32_t neuron)
{
	return haldls_neuron_column(neuron) / 32;
}

/** A cell of the capacitive memory. @param quadrant 0 … 3 @param row 0 … 23
 *  @param column 0 … 129 @return 0 … 12479 */
static inline uint32_t haldls_capmem_cell(uint32_t quadrant, uint32_t row, uint32_t column)
{
	assert(quadrant < HALDLS_QUADRANTS && row < HALDLS_CAPMEM_ROWS &&
	        column < HALDLS_CAPMEM_COLUMNS);
	return quadrant * HALDLS_CAPMEM_CELLS_PER_BLOCK + row * HALDLS_CAPMEM_COLUMNS + column;
}

/** The cell of a neuron's parameter. @param neuron 0 … 511 @param row which parameter
 *  @return 0 … 12479 */
static inline uint32_t haldls_capmem_cell_of_neuron(uint32_t neuron, enum haldls_capmem_row row)
{
	return haldls_capmem_cell(haldls_neuron_quadrant(neuron), (uint32_t)row, neuron % 128);
}

/** A shared cell of a quadrant. @param quadrant 0 … 3 @param cell which @return 0 … 12479 */
static inline uint32_t haldls_capmem_cell_shared(uint32_t quadrant,
        enum haldls_capmem_shared_cell cell)
{
	assert(quadrant < HALDLS_QUADRANTS);
	return quadrant * HALDLS_CAPMEM_CELLS_PER_BLOCK + (uint32_t)cell;
}

/** Quad of a column: quads 0-31 hold even, 32-63 odd columns. @param column 0 … 255
 *  @return 0 … 63 */
static inline uint32_t haldls_quad_of_column(uint32_t column)
{
	assert(column < HALDLS_NEURON_COLUMNS);
	return 32 * (column % 2) + column / 8;
}

/** Place of a column in its quad; entry i lies in byte 3 - i of a word. @param column 0 … 255
 *  @return 0 … 3 */
static inline uint32_t haldls_quad_entry_of_column(uint32_t column)
{
	assert(column < HALDLS_NEURON_COLUMNS);
	return column / 2 % 4;
}

/** Column of an entry of a quad. @param quad 0 … 63 @param entry 0 … 3 @return 0 … 255 */
static inline uint32_t haldls_column_of_quad(uint32_t quad, uint32_t entry)
{
	assert(quad < HALDLS_SYNAPSE_QUADS && entry < 4);
	return 8 * (quad % 32) + 2 * entry + quad / 32;
}

/** A quad of synapses. @param hemisphere 0, 1 @param row 0 … 255 @param quad 0 … 63
 *  @return 0 … 32767 */
static inline uint32_t haldls_synapse_quad(uint32_t hemisphere, uint32_t row, uint32_t quad)
{
	assert(hemisphere < HALDLS_HEMISPHERES && row < HALDLS_SYNAPSE_ROWS &&
	        quad < HALDLS_SYNAPSE_QUADS);
	return (hemisphere * HALDLS_SYNAPSE_ROWS + row) * HALDLS_SYNAPSE_QUADS + quad;
}

/** A synapse driver of the chip. @param hemisphere 0, 1 @param driver 0 … 127 @return 0 … 255 */
static inline uint32_t haldls_driver(uint32_t hemisphere, uint32_t driver)
{
	assert(hemisphere < HALDLS_HEMISPHERES && driver < HALDLS_DRIVERS);
	return hemisphere * HALDLS_DRIVERS + driver;
}

/** A synapse row of a driver. @param driver 0 … 127 @param top 1 the upper, 0 the lower row
 *  @return 0 … 255 */
static inline uint32_t haldls_synapse_row_of_driver(uint32_t driver, uint32_t top)
{
	assert(driver < HALDLS_DRIVERS && top < 2);
	return 2 * driver + top;
}

/** PADI bus that a driver listens to. @param driver 0 … 127 @return 0 … 3 */
static inline uint32_t haldls_driver_bus(uint32_t driver)
{
	assert(driver < HALDLS_DRIVERS);
	return driver % 4;
}

/** Position of a driver on its PADI bus, which is its row select address.
 *  @param driver 0 … 127 @return 0 … 31 */
static inline uint32_t haldls_driver_position(uint32_t driver)
{
	assert(driver < HALDLS_DRIVERS);
	return driver / 4;
}

/** The crossbar node between an input and an output. @param input 0 … 19 @param output 0 … 11
 *  @return 0 … 75; UINT32_MAX where there is none */
static inline uint32_t haldls_crossbar_node(uint32_t input, uint32_t output)
{
	assert(input < HALDLS_CROSSBAR_INPUTS && output < HALDLS_CROSSBAR_OUTPUTS);
	if (input < 8)
		return output % 4 == input % 4 ? 3 * input + output / 4 : UINT32_MAX;
	if (input < 12)
		return output < 8              ? 24 + 9 * (input - 8) + output
		       : output == input ? 24 + 9 * (input - 8) + 8
		                         : UINT32_MAX;
	if (output == input - 12)
		return 60 + 2 * (input - 12);
	return output == 8 + input % 4 ? 60 + 2 * (input - 12) + 1 : UINT32_MAX;
}

/** Input of a crossbar node. @param node 0 … 75 @return 0 … 19 */
static inline uint32_t haldls_crossbar_node_input(uint32_t node)
{
	assert(node < HALDLS_CROSSBAR_NODES);
	return node < 24 ? node / 3 : node < 60 ? 8 + (node - 24) / 9 : 12 + (node - 60) / 2;
}

/** Output of a crossbar node. @param node 0 … 75 @return 0 … 11 */
static inline uint32_t haldls_crossbar_node_output(uint32_t node)
{
	uint32_t input = haldls_crossbar_node_input(node);
	if (node < 24)
		return input % 4 + 4 * (node % 3);
	if (node < 60)
		return (node - 24) % 9 < 8 ? (node - 24) % 9 : input;
	return node % 2 == 0 ? input - 12 : 8 + input % 4;
}

/** A quad of neuron resets. @param hemisphere 0, 1 @param quad 0 … 63 @return 0 … 127 */
static inline uint32_t haldls_neuron_reset_quad(uint32_t hemisphere, uint32_t quad)
{
	assert(hemisphere < HALDLS_HEMISPHERES && quad < HALDLS_SYNAPSE_QUADS);
	return hemisphere * HALDLS_SYNAPSE_QUADS + quad;
}

/** A CADC channel. @param hemisphere 0, 1 @param type 0 causal, 1 acausal @param column 0 … 255
 *  @return 0 … 1023 */
static inline uint32_t haldls_cadc_channel(uint32_t hemisphere, uint32_t type, uint32_t column)
{
	assert(hemisphere < HALDLS_HEMISPHERES && type < 2 && column < HALDLS_NEURON_COLUMNS);
	return (hemisphere * 2 + type) * HALDLS_NEURON_COLUMNS + column;
}

/** A quad of CADC samples. @param hemisphere 0, 1 @param readout 0 triggers a conversion,
 *  1 returns what the last one left @param type 0 causal, 1 acausal @param row 0 … 255
 *  @param quad 0 … 63 @return 0 … 131071 */
static inline uint32_t haldls_cadc_sample_quad(uint32_t hemisphere, uint32_t readout, uint32_t type,
        uint32_t row, uint32_t quad)
{
	assert(hemisphere < HALDLS_HEMISPHERES && readout < 2 && type < 2 &&
	        row < HALDLS_SYNAPSE_ROWS && quad < HALDLS_SYNAPSE_QUADS);
	return ((hemisphere * 2 + readout) * 2 + type) * 16384 + row * HALDLS_SYNAPSE_QUADS + quad;
}

#ifdef __cplusplus
}
#endif
/** @} */
#endif

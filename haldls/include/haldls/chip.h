// SPDX-License-Identifier: MIT
#ifndef HALDLS_CHIP_H
#define HALDLS_CHIP_H

/** @file
 *  @brief The configuration of a whole chip as one value.
 *  @defgroup haldls_chip The whole chip
 *
 *  A struct haldls_chip holds all that a network, a calibration or an experiment configures. It is
 *  plain data of about 0.7 MB: allocate it on the heap, copy it by assignment, compare it by its
 *  words. Members are arrays over the coordinate of their container, except the synapses and the
 *  cells of the capacitive memory, which are plain numbers because they are many.
 *  @{ */

#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <hxcomm/export.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a chip in the order in which they are written: member, c_name, C_NAME. */
#define HALDLS_CHIP_PARTS(X)                                                                       \
	X(common_synram_config, common_synram_config, COMMON_SYNRAM_CONFIG)                        \
	X(synapse_bias_selection, synapse_bias_selection, SYNAPSE_BIAS_SELECTION)                  \
	X(capmem_block_config, capmem_block_config, CAPMEM_BLOCK_CONFIG)                           \
	X(neuron_config, neuron_config, NEURON_CONFIG)                                             \
	X(neuron_backend_config, neuron_backend_config, NEURON_BACKEND_CONFIG)                     \
	X(common_neuron_backend_config, common_neuron_backend_config, COMMON_NEURON_BACKEND_CONFIG) \
	X(synapse_driver_config, synapse_driver_config, SYNAPSE_DRIVER_CONFIG)                     \
	X(common_padi_bus_config, common_padi_bus_config, COMMON_PADI_BUS_CONFIG)                  \
	X(common_stp_config, common_stp_config, COMMON_STP_CONFIG)                                 \
	X(common_correlation_config, common_correlation_config, COMMON_CORRELATION_CONFIG)         \
	X(column_correlation_quad, column_correlation_quad, COLUMN_CORRELATION_QUAD)               \
	X(column_current_quad, column_current_quad, COLUMN_CURRENT_QUAD)                           \
	X(cadc_config, cadc_config, CADC_CONFIG)                                                   \
	X(cadc_channel_config, cadc_channel_config, CADC_CHANNEL_CONFIG)                           \
	X(readout_source_selection, readout_source_selection, READOUT_SOURCE_SELECTION)            \
	X(pad_multiplexer_config, pad_multiplexer_config, PAD_MULTIPLEXER_CONFIG)                  \
	X(current_dac, current_dac, CURRENT_DAC)                                                   \
	X(madc_config, madc_config, MADC_CONFIG)                                                   \
	X(crossbar_output_config, crossbar_output_config, CROSSBAR_OUTPUT_CONFIG)                  \
	X(crossbar_node, crossbar_node, CROSSBAR_NODE)                                             \
	X(background_spike_source, background_spike_source, BACKGROUND_SPIKE_SOURCE)

/** Everything that is configured on a chip. */
struct haldls_chip {
#define HALDLS_CHIP_MEMBER(member, c_name, C_NAME)                                                 \
	struct haldls_##c_name member[HALDLS_##C_NAME##_COUNT]; /**< by its own coordinate */
	HALDLS_CHIP_PARTS(HALDLS_CHIP_MEMBER)
#undef HALDLS_CHIP_MEMBER
	/** cells of the capacitive memory, by CapMemCellOnDLS, see haldls_capmem_cell(); 0 … 1022,
	 *  1023 switches the refresh of a cell off */
	uint16_t capmem[HALDLS_CAPMEM_CELLS];
	/** weights by hemisphere, row, column; 0 … 63 */
	uint8_t synapse_weight[HALDLS_HEMISPHERES][HALDLS_SYNAPSE_ROWS][HALDLS_NEURON_COLUMNS];
	/** labels that a synapse reacts to, by hemisphere, row, column; 0 … 63 */
	uint8_t synapse_label[HALDLS_HEMISPHERES][HALDLS_SYNAPSE_ROWS][HALDLS_NEURON_COLUMNS];
	/** time calibration of the correlation sensors, by hemisphere, row, column; 0 … 3 */
	uint8_t synapse_time_calibration[HALDLS_HEMISPHERES][HALDLS_SYNAPSE_ROWS]
	                                [HALDLS_NEURON_COLUMNS];
	/** amplitude calibration of the correlation sensors, by hemisphere, row, column; 0 … 3 */
	uint8_t synapse_amplitude_calibration[HALDLS_HEMISPHERES][HALDLS_SYNAPSE_ROWS]
	                                     [HALDLS_NEURON_COLUMNS];
};

enum {
#define HALDLS_CHIP_COUNT_WORDS(member, c_name, C_NAME)                                            \
	+HALDLS_##C_NAME##_COUNT *HALDLS_##C_NAME##_WORDS
	/** words of a chip's configuration */
	HALDLS_CHIP_WORDS = HALDLS_CAPMEM_CELLS +
	                    HALDLS_SYNAPSE_QUAD_COUNT * HALDLS_SYNAPSE_QUAD_WORDS HALDLS_CHIP_PARTS(
	                            HALDLS_CHIP_COUNT_WORDS),
#undef HALDLS_CHIP_COUNT_WORDS
};

/** Set a chip to sane defaults: containers as their own defaults, except that every crossbar node
 *  blocks, the CADCs are on, and the shared cells of the capacitive memory hold the biases that
 *  neurons, drivers and converters need (source: spec/lola.md NeuronBlock, spec/calix_spec.md 1.4
 *  and 2). Neurons are off, synapses have weight 0.
 *  @param[out] out  the chip */
HXCOMM_API void haldls_chip_init(struct haldls_chip *out);

/** Addresses of the words of a chip, in the order in which they are written.
 *  @return [HALDLS_CHIP_WORDS] omnibus word addresses, lent for ever. Safe on several threads */
HXCOMM_API const uint32_t *haldls_chip_addresses(void);

/** Encode a chip.
 *  @param[out] words  [HALDLS_CHIP_WORDS] in the order of haldls_chip_addresses(); undefined after
 *                     an error
 *  @param chip        the chip
 *  @retval 0              encoded
 *  @retval HXCOMM_ERANGE  a field lies outside its range (the message names container, coordinate,
 *                         field and range) */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_encode(uint32_t *words,
        const struct haldls_chip *chip);

/** Decode a chip.
 *  @param[out] out  the chip; undefined after an error
 *  @param words     [HALDLS_CHIP_WORDS] in the order of haldls_chip_addresses()
 *  @retval 0              decoded
 *  @retval HXCOMM_ERANGE  a field would lie outside its range */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_decode(struct haldls_chip *out,
        const uint32_t *words);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_CHIP_H
#define HALDLS_CHIP_H

/** @file
 *  @brief The configuration of a whole chip as one value.
 *  @defgroup haldls_chip The whole chip
 *
 *  A struct haldls_chip holds all that a network, a calibration or an experiment configures. It is
 *  plain data of about 0.7 MB: allocate it on the heap, copy it by assignment, compare it by
 *  haldls_chip_compare(). Members are arrays over the coordinate of their container, except the
 *  synapses and the cells of the capacitive memory, which are plain numbers because they are many.
 *
 *  Its words are those of the logical container Chip (struct haldls_whole_chip of
 *  haldls/logical.h), address by address in the order of writes, up to the memories of the
 *  processors: those hold programs, which come and go with plasticity, and would be overwritten by
 *  every configuration. Write them as containers (PPUMemory, ExternalPPUMemory), or all at once as
 *  a Chip. Timings of memories, PLLs and links are not of a chip's configuration either: bring-up
 *  sets them.
 *  @{ */

#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The parts of a chip that are containers: member, c_name, C_NAME. Their order here is that of the
 *  struct; words go in the order of haldls_chip_addresses(). */
#define HALDLS_CHIP_PARTS(X)                                                                       \
	X(synapse_bias_selection, synapse_bias_selection, SYNAPSE_BIAS_SELECTION)                  \
	X(capmem_block_config, capmem_block_config, CAPMEM_BLOCK_CONFIG)                           \
	X(reference_generator_config, reference_generator_config, REFERENCE_GENERATOR_CONFIG)      \
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

/** Set a chip to the defaults of the reference software's Chip: every field as its container has it,
 *  cells of the capacitive memory and switches as logical containers have them. Unlike
 *  haldls_chip_init() it is no chip to start from: CADCs are off and crossbar nodes pass events.
 *  @param[out] out  the chip; unchanged after an error
 *  @retval 0              set
 *  @retval HXCOMM_ENOMEM  memory is exhausted
 *  Source: spec/lola.md 9 */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_init_plain(struct haldls_chip *out);

/** Set a chip as haldls_chip_init_plain() does, with all neurons bypassed: what comes in at a synaptic
 *  input goes out as a spike, whatever the membrane does. For loopback tests of the event path.
 *  @param[out] out  the chip; unchanged after an error
 *  @retval 0              set
 *  @retval HXCOMM_ENOMEM  memory is exhausted
 *  Source: spec/lola.md 9 */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_init_neuron_bypass(struct haldls_chip *out);

/** Addresses of the words of a chip, in the order in which they are written.
 *  @return [HALDLS_CHIP_WORDS] omnibus word addresses, lent for ever. Safe on several threads */
HXCOMM_API const uint32_t *haldls_chip_addresses(void);

/** Which words of a chip a real one does not give back (haldls_container.is_silent).
 *  @return [HALDLS_CHIP_WORDS] in the order of haldls_chip_addresses(), lent. Safe on several
 *          threads */
HXCOMM_API const bool *haldls_chip_silent(void);

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

/** Which rows of synapses changed between two chips, where the caller knows. */
struct haldls_chip_rows {
	/** bit r of rows[h][r / 64] for row r of hemisphere h */
	uint64_t rows[HALDLS_HEMISPHERES][HALDLS_SYNAPSE_ROWS / 64];
	bool rows_only; /**< nothing else but synapses changed */
};

/** Mark a row of synapses as changed.
 *  @param[in,out] out  the rows
 *  @param hemisphere   0, 1
 *  @param row          0 … 255 */
HXCOMM_API void haldls_chip_rows_add(struct haldls_chip_rows *out, uint32_t hemisphere,
        uint32_t row);

/** Encode the words in which a chip differs from another one, in the order of writes.
 *
 *  @param[out] addresses  [HALDLS_CHIP_WORDS] of which the first @p count are set
 *  @param[out] words      [HALDLS_CHIP_WORDS] of which the first @p count are set
 *  @param[out] count      how many words differ
 *  @param chip            the chip
 *  @param reference       the other one
 *  @param changed         only these rows of synapses, and, unless rows_only, all else may
 *                         differ: the others are not looked at; NULL where nothing is known
 *  @retval 0              encoded
 *  @retval HXCOMM_ERANGE  a field that differs lies outside its range in one of the chips; what is
 *                         equal in both is not checked
 *  @retval HXCOMM_ENOMEM  memory is exhausted; never where @p changed says rows_only */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_encode_difference(uint32_t *addresses,
        uint32_t *words, size_t *count, const struct haldls_chip *chip,
        const struct haldls_chip *reference, const struct haldls_chip_rows *changed);

/** One number in which two chips differ. Cells of the capacitive memory are CapMemCell, synapses are
 *  fields of SynapseRow: weights, labels, time_calibs, amp_calibs. */
struct haldls_chip_difference {
	const struct haldls_container *container; /**< what it is in */
	uint32_t element;                         /**< coordinate of that */
	const struct haldls_field *field;         /**< which field */
	uint32_t index;                           /**< element of the field, row-major */
	int64_t first;                            /**< value in the first chip */
	int64_t second;                           /**< value in the second chip */
};

/** Look at a difference.
 *  @param difference  lent for the call
 *  @param user        as given
 *  @return 0 to go on; anything else ends the comparison */
typedef int haldls_chip_visitor(const struct haldls_chip_difference *difference, void *user);

/** Tell in what two chips differ, field by field.
 *  @param first    a chip
 *  @param second   another one
 *  @param visitor  called for each number that differs; NULL to learn only whether there is one
 *  @param user     given to @p visitor
 *  @return 0 where they are equal; what @p visitor returned where that ended the comparison, else 1
 *
 *  Fields that hold a constant do not count. Safe on several threads. */
HXCOMM_API int haldls_chip_compare(const struct haldls_chip *first,
        const struct haldls_chip *second, haldls_chip_visitor *visitor, void *user);

/** Print a difference for people:
 *  "NeuronConfig of NeuronConfigOnDLS 17 (NeuronConfigBlock:0 NeuronConfig:17): enable_fire is true,
 *  was false".
 *  @param[out] out    [size] text, cut where it does not fit
 *  @param size        bytes with the final 0; 320 are enough for all
 *  @param difference  the difference */
HXCOMM_API void haldls_chip_difference_print(char *out, size_t size,
        const struct haldls_chip_difference *difference);

/** Look at a register container of a chip.
 *  @param container  what it is
 *  @param element    its coordinate
 *  @param value      its struct, lent for the call
 *  @param user       as given
 *  @return 0 to go on; anything else ends the visit */
typedef int haldls_chip_container_visitor(const struct haldls_container *container,
        uint32_t element, const void *value, void *user);

/** Visit the register containers of a chip, in the order of writes.
 *  @param chip       the chip
 *  @param reference  visit only what has other words here; NULL visits all
 *  @param visitor    called for each container
 *  @param user       given to @p visitor
 *  @retval 0              all were visited
 *  @retval HXCOMM_ERANGE  a field of @p chip or of @p reference lies outside its range; nothing
 *                         was visited
 *  @retval HXCOMM_ENOMEM  memory is exhausted; nothing was visited
 *  @return else what @p visitor returned to end the visit. Safe on several threads. */
HXCOMM_API HXCOMM_NODISCARD int haldls_chip_visit(const struct haldls_chip *chip,
        const struct haldls_chip *reference, haldls_chip_container_visitor *visitor, void *user);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

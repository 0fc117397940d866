// SPDX-License-Identifier: MIT
#ifndef EMULATOR_REGISTERS_H
#define EMULATOR_REGISTERS_H

/** @file
 *  @brief The register file of the chip: which container an address belongs to, what was written,
 *  and what changed since somebody looked.
 *
 *  The map is built from the containers of haldls. The synapse arrays, whose cells appear in five
 *  windows each, are kept apart and by hand (source: spec/registers_chip.md 4). */

#include <haldls/container.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EMULATOR_ADDRESS_BITS = 26,  /**< of a chip address */
	EMULATOR_SYNAPSE_ROWS = 258, /**< 256 rows of synapses, two rows of column switches */
	EMULATOR_QUADS = 64,         /**< groups of four columns in a row */
};

/** Where an address leads. */
struct emulator_slot {
	uint32_t value;     /**< index into values, plus 1; 0 is no register */
	uint32_t element;   /**< of the container: its coordinate */
	uint16_t container; /**< index into containers */
	uint16_t word;      /**< of the element, in the order of writes */
};

/** A container on the chip. */
struct emulator_mapped {
	const struct haldls_container *container; /**< its description */
	uint32_t first_value;                     /**< index of the first word of element 0 */
	uint32_t first_element;                   /**< running number of element 0 */
	uint32_t words;                           /**< words an element has here */
	int effect;                               /**< what a write does; see chip.c */
};

/** The register file. */
struct emulator_registers {
	struct emulator_mapped *mapped; /**< [mapped_count] */
	size_t mapped_count;            /**< containers */
	struct emulator_slot **pages;   /**< by address / 1024, NULL where nothing is */
	uint32_t *values;               /**< [value_count] words by element */
	uint32_t *resets;               /**< [value_count] what they are after reset */
	uint8_t *changed;               /**< [value_count] word was written since the last apply */
	uint32_t value_count;           /**< words */
	uint32_t *owner;                /**< [element_count] container of an element */
	uint8_t *element_changed;       /**< [element_count] element is in the list */
	uint32_t *list;                 /**< [element_count] changed elements, in order of change */
	uint32_t list_count;            /**< elements in the list */
	uint32_t element_count;         /**< elements of all containers */
	/** Hemisphere, row, even or odd bytes, quad: as the chip stores them. */
	uint32_t synapses[2][EMULATOR_SYNAPSE_ROWS][2][EMULATOR_QUADS];
	uint8_t synapses_changed[2][EMULATOR_SYNAPSE_ROWS][EMULATOR_QUADS]; /**< mask of windows */
	uint32_t *quads;                /**< changed quads: (hemisphere * rows + row) * 64 + quad */
	uint32_t quad_count;            /**< quads in the list */
};

/** Number of a container's effect. @param container the container @return effect, < 0 for none */
typedef int emulator_effect(const struct haldls_container *container);

/** Build the map. @param[out] out the register file @param effect classifies containers
 *  @retval 0 built @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__registers_new(struct emulator_registers **out, emulator_effect *effect);

/** Free a register file. @param registers may be NULL */
void emulator__registers_free(struct emulator_registers *registers);

/** Find the register of an address. @param registers the file @param address chip address
 *  @return the register, NULL where there is none */
const struct emulator_slot *emulator__registers_find(const struct emulator_registers *registers,
        uint32_t address);

/** Words of an element. @param registers the file @param mapped index of the container
 *  @param element coordinate @return [words] in the order of writes */
const uint32_t *emulator__registers_words(const struct emulator_registers *registers,
        size_t mapped, uint32_t element);

/** Store a word. @param registers the file @param slot where @param value bits @param mask bits
 *  that are written @return false, nothing stored: the word was written before and not yet
 *  applied */
bool emulator__registers_store(struct emulator_registers *registers,
        const struct emulator_slot *slot, uint32_t value, uint32_t mask);

/** Put an element into the list of changed ones. @param registers the file
 *  @param mapped index of the container @param element coordinate */
void emulator__registers_touch(struct emulator_registers *registers, size_t mapped,
        uint32_t element);

/** A word of synapse memory, or of the column switches behind it. */
struct emulator_place {
	uint8_t hemisphere; /**< 0 top, 1 bottom */
	uint8_t odd;        /**< the odd bytes of the synapses, else the even ones */
	uint8_t shift;      /**< position of the shown bits in the stored bytes */
	uint16_t row;       /**< 0 ... 255 synapses, 256 and 257 column switches */
	uint16_t quad;      /**< group of four columns */
	uint32_t mask;      /**< bits that exist, as they are shown */
};

/** Find a word of synapse memory. @param[out] out where it is @param address chip address
 *  @return false outside the windows of synapse memory */
bool emulator__registers_find_place(struct emulator_place *out, uint32_t address);

/** Is this the address of synapses or column switches? @param address chip address
 *  @return true inside the windows of synapse memory */
bool emulator__registers_is_synapse(uint32_t address);

/** Read synapse memory. @param registers the file @param place of the word @return the word */
uint32_t emulator__registers_read_place(const struct emulator_registers *registers,
        const struct emulator_place *place);

/** Write synapse memory. @param registers the file @param place of the word @param value bits
 *  @param mask bits that are written
 *  @return false, nothing stored: these bits were written before and not yet applied */
bool emulator__registers_write_place(struct emulator_registers *registers,
        const struct emulator_place *place, uint32_t value, uint32_t mask);

/** Forget what changed: everything was applied. @param registers the file */
void emulator__registers_settle(struct emulator_registers *registers);

/** Set every register to its value after reset; those that change are listed as changed.
 *  @param registers the file */
void emulator__registers_reset(struct emulator_registers *registers);

#endif

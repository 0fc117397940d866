// SPDX-License-Identifier: MIT
#ifndef HXCOMM_MESSAGE_H
#define HXCOMM_MESSAGE_H

/** @file
 *  @brief Messages in a general form, with names: for tools, dumps and tests.
 *  @defgroup hxcomm_message Messages by name
 *
 *  All 16 + 13 messages are described by one table: name, code, widths and fields (source:
 *  spec/transport.md 1.3, 1.4). Programs are built and responses are decoded without it.
 *  @{ */

#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Which way a message goes. */
enum hxcomm_direction {
	HXCOMM_TO_FPGA = 0,   /**< instructions */
	HXCOMM_FROM_FPGA = 1, /**< responses */
};

/** A field of a payload, or of one item of a payload that is a list. */
struct hxcomm_message_field {
	const char *name; /**< such as "address"; NULL where an item is just a number */
	uint8_t lsb;      /**< lowest bit within the payload or item */
	uint8_t bits;     /**< width, 0 … 43 */
	bool flag;        /**< one bit that means yes or no */
};

/** One kind of message. */
struct hxcomm_message_kind {
	const char *type;     /**< name, such as "omnibus_to_fpga::Address" */
	uint8_t code;         /**< first byte of the message */
	uint8_t payload_bits; /**< width of the payload */
	uint8_t message_bits; /**< width of the message: 64, or 80 for packs of three from the
	                       FPGA */
	uint8_t items;        /**< number of items where the payload is a list, else 1 */
	uint8_t item_bits;    /**< width of an item; the first is the most significant */
	const char *list;     /**< name of the list: "spikes" or "samples"; NULL for no list */
	uint8_t field_count;  /**< number of fields */
	struct hxcomm_message_field fields[3]; /**< [field_count] fields of the payload or of an
	                                        item */
};

/** One message. */
struct hxcomm_message {
	const struct hxcomm_message_kind *kind; /**< what it is */
	uint64_t low;                           /**< bits 63:0 of the payload */
	uint8_t high;                           /**< bits 71:64 of the payload */
};

/** Reads messages out of words that lie in memory. Set it up by its members; zero the rest. */
struct hxcomm_message_reader {
	enum hxcomm_direction direction; /**< which dictionary */
	const uint64_t *words;           /**< [count] words, lent */
	size_t count;                    /**< number of words */
	size_t position;                 /**< byte that is read next; starts at 0 */
};

/** All kinds of one direction, in the order of their codes.
 *  @param direction   which way
 *  @param[out] count  16 or 13
 *  @return [count] kinds; lives for ever */
HXCOMM_API const struct hxcomm_message_kind *hxcomm_message_kinds(enum hxcomm_direction direction,
        size_t *count);

/** Find a kind by name.
 *  @param direction  which way
 *  @param type       such as "omnibus_to_fpga::Address"
 *  @return the kind, lives for ever; NULL where there is none */
HXCOMM_API const struct hxcomm_message_kind *hxcomm_message_find(enum hxcomm_direction direction,
        const char *type);

/** A field of a message.
 *  @param message  the message
 *  @param item     0 … items - 1 of its kind
 *  @param field    0 … field_count - 1 of its kind
 *  @return its value; 0 for an item or field that is not there */
HXCOMM_API uint64_t hxcomm_message_get(const struct hxcomm_message *message, size_t item,
        size_t field);

/** Set a field of a message.
 *  @param message  the message; unchanged after an error
 *  @param item     0 … items - 1 of its kind
 *  @param field    0 … field_count - 1 of its kind
 *  @param value    fits into the field
 *  @retval 0              set
 *  @retval HXCOMM_ERANGE  it does not fit
 *  @retval HXCOMM_EINVAL  no such item or field */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_message_set(struct hxcomm_message *message, size_t item,
        size_t field, uint64_t value);

/** Word of a message to the FPGA. For those from the FPGA see hxcomm_encoder_append().
 *  @param message  a message whose kind goes to the FPGA
 *  @return the word */
HXCOMM_API uint64_t hxcomm_message_word(const struct hxcomm_message *message);

/** Read the next message.
 *  @param[out] out  the message
 *  @param reader    moves on
 *  @retval 1              @p out is set
 *  @retval 0              the words end; the position is that of an incomplete message, if any
 *  @retval HXCOMM_EPROTO  undefined code; the position is where it stands */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_message_read(struct hxcomm_message *out,
        struct hxcomm_message_reader *reader);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef HALDLS_CONTAINER_H
#define HALDLS_CONTAINER_H

/** @file
 *  @brief What a register container is made of: the reflection behind tools, dumps and differences.
 *  @defgroup haldls_container Reflection
 *
 *  Every container of the register map has one constant description. It lives for ever; anything
 *  here may be used on several threads at once.
 *  @{ */

#include <fisch/register.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How a field is stored in the container's struct. */
enum haldls_type {
	HALDLS_TYPE_BOOL,   /**< bool */
	HALDLS_TYPE_UINT,   /**< uint32_t */
	HALDLS_TYPE_INT,    /**< int32_t */
	HALDLS_TYPE_ENUM,   /**< an enum, see haldls_field.values */
	HALDLS_TYPE_UINT64, /**< uint64_t */
	HALDLS_TYPE_UINT8,  /**< uint8_t, in large arrays */
	HALDLS_TYPE_ANALOG, /**< uint32_t, code of a cell of the capacitive memory: 0 … 1022; 1023
	                         switches its refresh off */
};

/** One named value of an enum field. */
struct haldls_value {
	const char *name; /**< such as "membrane" */
	int64_t value;    /**< its number */
};

/** One field of a container. */
struct haldls_field {
	const char *name;    /**< name of the struct member; in a logical container the way to it,
	                          with the place of each index but trailing ones:
	                          "input_mux[].neuron_odd" */
	const char *alias;   /**< name in recorded vectors where that differs, else NULL */
	const char *summary; /**< meaning, one line */
	const char *unit;    /**< unit, or NULL */
	enum haldls_type type;             /**< how it is stored */
	size_t offset;                     /**< byte offset of its first element in the struct */
	uint32_t dimensions[3];            /**< sizes of an array, 0 where it has no such
	                                        dimension */
	size_t strides[3];                 /**< bytes from an element to the next along each
	                                        dimension */
	uint32_t count;                    /**< number of elements, 1 for a plain field */
	int64_t min;                       /**< smallest value */
	int64_t max;                       /**< largest value */
	const int64_t *defaults;           /**< [count] default of each element; NULL in a
	                                        logical container, whose init() knows */
	const struct haldls_value *values; /**< [value_count] names of values: of all that an enum
	                                        has, of special ones of another field */
	size_t value_count;                /**< 0 where no value has a name */
	bool fixed;                        /**< the register holds a constant here: not to be set */
};

/** How the words of a write travel. */
enum haldls_payload {
	HALDLS_PAYLOAD_WORDS, /**< each to its own address */
	HALDLS_PAYLOAD_NONE,  /**< one write without a value; the word does not matter */
	HALDLS_PAYLOAD_LIST,  /**< all in one message: labels of 16 bits */
};

struct haldls_container;

/** A part of a logical container: a container, or several alike. */
struct haldls_part {
	const struct haldls_container *container; /**< what it is; it may be logical, too */
	uint32_t repeat;                          /**< how many of them, 1 … */
	uint32_t offset; /**< first word of the first one among those of the logical container */
	uint32_t stride; /**< words from one to the next: more than its own where parts alternate */
	/** coordinate of number @p i of the part of logical container @p element */
	uint32_t (*element)(uint32_t element, uint32_t i);
};

/** One container: some words at addresses that depend on a coordinate. A register container has
 *  them itself, a logical container has those of its parts. */
struct haldls_container {
	const char *name;       /**< such as "NeuronConfig" */
	const char *c_name;     /**< such as "neuron_config" */
	const char *summary;    /**< one line */
	const char *coordinate; /**< type of the coordinate, such as "NeuronConfigOnDLS" */
	uint32_t count;         /**< number of coordinates: 0 … count - 1 */
	uint32_t write_words;   /**< register words of a write, 0 where it cannot be written */
	uint32_t read_words;    /**< register words of a read, 0 where it cannot be read */
	size_t size;            /**< sizeof(struct haldls_<c_name>) */
	const enum fisch_backend *backends;      /**< [backend_count] ways to write; the first is
	                                              the default */
	size_t backend_count;                    /**< 1 … */
	const enum fisch_backend *read_backends; /**< [read_backend_count] ways to read */
	size_t read_backend_count;               /**< 1 … */
	void (*init)(void *value);               /**< set all fields to their defaults */
	int (*encode)(uint32_t *words, const void *value); /**< see haldls_<c_name>_encode() */
	/** see haldls_<c_name>_decode(); that of a logical container may leave @p value undefined
	 *  after an error, haldls_container_decode() does not */
	int (*decode)(void *value, const uint32_t *words);
	/** address of word @p word of a write; UINT32_MAX for a word that it lacks */
	uint32_t (*write_address)(enum fisch_backend backend, uint32_t element, uint32_t word);
	/** address of word @p word of a read; UINT32_MAX for a word that it lacks */
	uint32_t (*read_address)(enum fisch_backend backend, uint32_t element, uint32_t word);
	const struct haldls_field *fields; /**< [field_count] */
	size_t field_count;                /**< 0 for a trigger */
	enum haldls_payload payload;       /**< how the words of a write travel */
	/** words of an element where that differs between elements, else NULL; 0 or above
	 *  write_words where there is no such element. Prefer haldls_container_words() */
	uint32_t (*word_count)(uint32_t element);
	/** bits by which an element's words lie higher than encode() and decode() place them; NULL
	 *  where they do not. haldls_container_encode() and haldls_container_decode() know it */
	uint32_t (*shift)(uint32_t element);
	/** lanes that a write touches, bit i for bits 8i+7:8i; NULL where it is always all four */
	uint8_t (*byte_enables)(const void *value, uint32_t element);
	bool is_silent; /**< a real chip does not give it, or a part of it, back; the emulated one
	                     does */
	const struct haldls_part *parts; /**< [part_count] of a logical container, in the order of
	                                      writes: those of the same stride and range of words
	                                      alternate */
	size_t part_count;               /**< 0 for a register container */
	bool differential;               /**< logical: the reference software writes differences
	                                      of it, too; every container can be here */
	/** addresses of all words of a write of a logical container; NULL for a register
	 *  container. Prefer haldls_container_addresses() */
	void (*write_addresses)(uint32_t *out, enum fisch_backend backend, uint32_t element);
	/** the same of a read */
	void (*read_addresses)(uint32_t *out, enum fisch_backend backend, uint32_t element);
};

/** The most words that any register container has; logical containers have up to 225 146. */
enum { HALDLS_CONTAINER_WORDS_MAX = 4096 };

/** All register containers, sorted by c_name.
 *  @param[out] count  their number; may be NULL
 *  @return [count] descriptions, lent */
HXCOMM_API const struct haldls_container *const *haldls_containers(size_t *count);

/** All logical containers, sorted by c_name.
 *  @param[out] count  their number; may be NULL
 *  @return [count] descriptions, lent */
HXCOMM_API const struct haldls_container *const *haldls_logical_containers(size_t *count);

/** Find a container by name, register containers and logical ones alike.
 *  @param name  such as "NeuronConfig" or "AtomicNeuron"
 *  @return its description, lent; NULL with a message where there is none */
HXCOMM_API const struct haldls_container *haldls_container_find(const char *name);

/** Check a coordinate and count its words.
 *  @param[out] out   words of a write, of a read where it cannot be written; may be NULL
 *  @param container  the container
 *  @param element    the coordinate
 *  @retval 0              the coordinate exists
 *  @retval HXCOMM_ERANGE  it does not */
HXCOMM_API HXCOMM_NODISCARD int haldls_container_words(uint32_t *out,
        const struct haldls_container *container, uint32_t element);

/** List the addresses of all words of a container.
 *  @param[out] addresses  [haldls_container_words()], or [container->read_words] of a read
 *  @param container       the container
 *  @param backend         one that it can be reached by
 *  @param element         the coordinate
 *  @param write           true for the addresses of a write, false for those of a read
 *  @retval 0               listed
 *  @retval HXCOMM_ERANGE   there is no such coordinate
 *  @retval HXCOMM_ENOTSUP  it cannot be written, or not be read
 *
 *  The same as asking write_address() or read_address() for each word, but much faster for
 *  a logical container. */
HXCOMM_API HXCOMM_NODISCARD int haldls_container_addresses(uint32_t *addresses,
        const struct haldls_container *container, enum fisch_backend backend, uint32_t element,
        bool write);

/** Encode a container at its coordinate: its words as they are written.
 *  @param[out] words         [haldls_container_words()]; undefined after an error
 *  @param[out] byte_enables  lanes that are written, the same for all words; may be NULL
 *  @param container          what @p value is
 *  @param element            the coordinate
 *  @param value              the container's struct
 *  @retval 0              encoded
 *  @retval HXCOMM_ERANGE  a field lies outside its range, or there is no such coordinate
 *
 *  The same as container->encode() but for the few containers whose words depend on their
 *  coordinate. */
HXCOMM_API HXCOMM_NODISCARD int haldls_container_encode(uint32_t *words, uint8_t *byte_enables,
        const struct haldls_container *container, uint32_t element, const void *value);

/** Decode a container at its coordinate out of its words as they are read.
 *  @param[out] value  the container's struct; unchanged after an error
 *  @param container   what @p value is
 *  @param element     the coordinate
 *  @param words       [haldls_container_words()]
 *  @retval 0              decoded
 *  @retval HXCOMM_ERANGE  a field would lie outside its range, or there is no such coordinate
 *  @retval HXCOMM_ENOMEM  memory is exhausted, for a logical container only */
HXCOMM_API HXCOMM_NODISCARD int haldls_container_decode(void *value,
        const struct haldls_container *container, uint32_t element, const uint32_t *words);

/** Bytes that hold the text of any container's coordinate, with the final 0. */
enum { HALDLS_ELEMENT_TEXT_MAX = 160 };

/** Print a coordinate of a container for people: its number, and the labels of its parts where it
 *  has any, such as "NeuronConfigOnDLS 145 (NeuronConfigBlock:1 NeuronConfig:17)".
 *  @param[out] out   a text that ends with 0; one that does not exist is a number only
 *  @param container  the container
 *  @param element    the coordinate */
HXCOMM_API void haldls_element_print(char out[HALDLS_ELEMENT_TEXT_MAX],
        const struct haldls_container *container, uint32_t element);

/** Read a coordinate of a container that somebody wrote, see haldls_coordinate_parse().
 *  @param[out] out   the coordinate; unchanged after an error
 *  @param container  the container
 *  @param text       such as "145" or "NeuronConfigBlock:1 NeuronConfig:17"
 *  @retval 0              read
 *  @retval HXCOMM_EINVAL  this is no such coordinate; the message says how to write one
 *  @retval HXCOMM_ERANGE  a number lies outside its range
 *  @retval HXCOMM_ENOENT  there is nothing at this place */
HXCOMM_API HXCOMM_NODISCARD int haldls_element_parse(uint32_t *out,
        const struct haldls_container *container, const char *text);

/** Put the coordinate of a container in front of the message of an error that travels up.
 *  @param status     the error's code
 *  @param container  the container
 *  @param element    the coordinate
 *  @return @p status */
HXCOMM_API int haldls_element_wrap(int status, const struct haldls_container *container,
        uint32_t element);

/** Find a field by name or alias.
 *  @param container  the container
 *  @param name       the field's name, or its alias
 *  @return the field, lent; NULL with a message where there is none */
HXCOMM_API const struct haldls_field *haldls_field_find(const struct haldls_container *container,
        const char *name);

/** Read an element of a field out of a container's struct.
 *  @param field  the field
 *  @param value  the struct it belongs to
 *  @param index  0 … field->count - 1, row-major
 *  @return its value; a bool is 0 or 1 */
HXCOMM_API int64_t haldls_field_get(const struct haldls_field *field, const void *value,
        uint32_t index);

/** Set an element of a field of a container's struct. Ranges are checked when it is encoded, but
 *  for what the member cannot hold.
 *  @param field   the field
 *  @param value   the struct it belongs to; unchanged after an error
 *  @param index   0 … field->count - 1, row-major
 *  @param number  the value
 *  @retval 0              set
 *  @retval HXCOMM_ERANGE  the member cannot hold @p number, or there is no such element */
HXCOMM_API HXCOMM_NODISCARD int haldls_field_set(const struct haldls_field *field, void *value,
        uint32_t index, int64_t number);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

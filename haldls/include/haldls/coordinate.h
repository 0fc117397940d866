// SPDX-License-Identifier: MIT
#ifndef HALDLS_COORDINATE_H
#define HALDLS_COORDINATE_H

/** @file
 *  @brief Where things are on the chip: all coordinates, by name.
 *  @defgroup haldls_coordinate Coordinates
 *
 *  A coordinate is an unsigned number that counts its kind in the chip's order of enumeration.
 *  Hemisphere 0 is the top, 1 the bottom; quadrants are 0 top west, 1 top east, 2 bottom west,
 *  3 bottom east.
 *
 *  There are two ways to work with them. `haldls/coordinates.h` has inline functions, in one
 *  grammar; NOUN is the c_name of a coordinate, such as neuron for AtomicNeuronOnDLS:
 *
 *  | function | what it does |
 *  |---|---|
 *  | `HALDLS_NOUN_SIZE` | how many there are |
 *  | `haldls_NOUN(part, part, …)` | a coordinate of its parts, the outermost first |
 *  | `haldls_NOUN_PART(e)` | a part of it |
 *  | `haldls_OTHER_of_NOUN(e)` | what it converts to |
 *  | `haldls_OTHER_of_NOUN(e, i)` | number i of several that it converts to |
 *
 *  A conversion that leaves the number as it is has no function: the number is the other
 *  coordinate, too. All coordinates of which there is one for each hemisphere convert to one
 *  another that way. Whatever a part converts to, the whole converts to by its part. Arguments
 *  outside their range are programming errors there: debug builds stop, release builds compute
 *  nonsense.
 *
 *  The functions of this file find coordinates and their conversions by name, refuse what is out
 *  of range, print and parse; haldls/places.h has shortcuts. Everything is constant, lives for
 *  ever and may be used on several threads at once; nothing allocates memory.
 *  Source: spec/coordinates.json, vectors/coordinates.jsonl
 *  @{ */

#include <haldls/coordinates.h>
#include <haldls/places.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a coordinate is made of. */
enum haldls_coordinate_kind {
	HALDLS_COORDINATE_RANGED,   /**< a number from min to max */
	HALDLS_COORDINATE_GRID,     /**< a row (outer) and a column (inner) */
	HALDLS_COORDINATE_MIXIN,    /**< something (inner) on one of several (outer) */
	HALDLS_COORDINATE_INTERVAL, /**< from one inner to another: first * their number + last */
	HALDLS_COORDINATE_BASE,     /**< a plain word; nobody enumerates it: its size is 0 */
	HALDLS_COORDINATE_RECORD,   /**< no number at all: see haldls/morphology.h */
};

struct haldls_coordinate;

/** A part that is a number of its own. */
struct haldls_coordinate_part {
	const struct haldls_coordinate *coordinate; /**< what it is: ranged or an interval */
	const char *key;  /**< what labels call it here, such as "Column" */
	uint64_t divisor; /**< its number is e / divisor % coordinate->size, but for grids with
			     holes */
};

/** A conversion to another coordinate. */
struct haldls_coordinate_conversion {
	const char *function; /**< its name in the reference software, such as "toNeuronRowOnDLS" */
	const struct haldls_coordinate *to;    /**< what it gives */
	const struct haldls_coordinate *index; /**< what counts them where it gives several; NULL
						  where that is a plain index, or it gives one */
	uint32_t count;                        /**< how many it gives, 1 … */
	/** number @p i of what @p e becomes; UINT64_MAX where there is none. Unchecked: prefer
	 *  haldls_coordinate_convert() */
	uint64_t (*convert)(uint64_t e, uint64_t i);
};

/** A number with a name. */
struct haldls_coordinate_value {
	const char *name; /**< such as "top" */
	uint64_t number;  /**< such as 0 */
};

/** One coordinate. */
struct haldls_coordinate {
	const char *name;    /**< such as "AtomicNeuronOnDLS" */
	const char *c_name;  /**< NOUN of its functions, such as "neuron" */
	const char *key;     /**< what labels call it, such as "AtomicNeuron" */
	const char *summary; /**< one line */
	const char *domain;  /**< the header haldls/coordinates/DOMAIN.h has its functions */
	enum haldls_coordinate_kind kind;      /**< what it is made of */
	uint64_t min;                          /**< smallest number */
	uint64_t max;                          /**< largest number; of an interval, too */
	uint64_t size;                         /**< how many there are; 0 for base and record. Of an
						    interval the pairs of bounds, in any order */
	char axis;                             /**< 'x' or 'y' where it is one of a grid, else 0 */
	const struct haldls_coordinate *outer; /**< of a grid (row) and a mixin, else NULL */
	const struct haldls_coordinate *inner; /**< of a grid (column), a mixin, an interval (its
						    bounds), else NULL */
	const struct haldls_coordinate_part *parts; /**< [part_count] all that it consists of, down
						       to numbers, the outermost first */
	size_t part_count;                          /**< 0 where it is a number itself */
	const uint16_t (*places)[2]; /**< [size] row and column of each where the grid has holes,
					else NULL */
	const struct haldls_coordinate_value *values; /**< [value_count] numbers with names */
	size_t value_count;                           /**< 0 where no number has a name */
	/** [conversion_count] all that it converts to, sorted by function */
	const struct haldls_coordinate_conversion *conversions;
	size_t conversion_count; /**< 0 … */
	bool revision_3;         /**< chip revision 3 has it */
	bool retired; /**< no hardware of this generation has it: no functions, no containers */
};

/** How a coordinate is written. */
enum haldls_coordinate_style {
	HALDLS_COORDINATE_LABELS,    /**< "NeuronRow:1 Column:17" */
	HALDLS_COORDINATE_REFERENCE, /**< as the reference software prints it:
					  "AtomicNeuronOnDLS(NeuronColumnOnDLS(17),
					  NeuronRowOnDLS(1); Enum(273))" */
	HALDLS_COORDINATE_NUMBER,    /**< "273" */
};

enum {
	HALDLS_COORDINATE_PARTS_MAX = 5,  /**< the most parts that a coordinate has */
	HALDLS_COORDINATE_TEXT_MAX = 512, /**< bytes that hold every text, with the final 0 */
};

/** All coordinates, sorted by name.
 *  @param[out] count  their number; may be NULL
 *  @return [count] coordinates, lent */
HXCOMM_API const struct haldls_coordinate *haldls_coordinates(size_t *count);

/** Find a coordinate by name.
 *  @param name  such as "NeuronConfigOnDLS"
 *  @return the coordinate, lent; NULL with a message where there is none */
HXCOMM_API const struct haldls_coordinate *haldls_coordinate_find(const char *name);

/** Check a number.
 *  @param coordinate  what it is
 *  @param number      the number
 *  @retval 0               the coordinate has it
 *  @retval HXCOMM_ERANGE   it does not; the message says what it has
 *  @retval HXCOMM_ENOTSUP  the coordinate is a record */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_validate(
	const struct haldls_coordinate *coordinate, uint64_t number);

/** Make a coordinate of its parts.
 *  @param[out] out    its number; unchanged after an error
 *  @param coordinate  which
 *  @param parts       [coordinate->part_count] numbers of its parts, the outermost first; of a
 *                     coordinate without parts [1] the number
 *  @retval 0               made
 *  @retval HXCOMM_ERANGE   a part lies outside its range
 *  @retval HXCOMM_ENOENT   the grid has nothing there
 *  @retval HXCOMM_ENOTSUP  the coordinate is a record */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_encode(
	uint64_t *out, const struct haldls_coordinate *coordinate, const uint64_t *parts);

/** Take a coordinate apart.
 *  @param[out] parts  [coordinate->part_count] numbers of its parts, the outermost first; of a
 *                     coordinate without parts [1] the number. Unchanged after an error
 *  @param coordinate  which
 *  @param number      the coordinate's number
 *  @retval 0               done
 *  @retval HXCOMM_ERANGE   there is no such number
 *  @retval HXCOMM_ENOTSUP  the coordinate is a record */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_decode(
	uint64_t *parts, const struct haldls_coordinate *coordinate, uint64_t number);

/** Read a number that counts all values as the reference software makes them: that differs from
 *  the coordinate's number for intervals only, which it counts as first * their number + length - 1
 *  and tells as first * their number + last.
 *  @param[out] out    the coordinate's number; unchanged after an error
 *  @param coordinate  which
 *  @param e           such a number
 *  @retval 0               read
 *  @retval HXCOMM_ERANGE   there is no such value
 *  @retval HXCOMM_ENOTSUP  the coordinate is a record */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_from_enum(
	uint64_t *out, const struct haldls_coordinate *coordinate, uint64_t e);

/** Find a conversion.
 *  @param coordinate  from what
 *  @param function    such as "toNeuronRowOnDLS", or the name of another coordinate, such as
 *                     "NeuronRowOnDLS"
 *  @return the conversion, lent; NULL with a message where there is none */
HXCOMM_API const struct haldls_coordinate_conversion *haldls_coordinate_conversion_find(
	const struct haldls_coordinate *coordinate, const char *function);

/** Convert a coordinate to another one.
 *  @param[out] out    number of the other one; unchanged after an error
 *  @param coordinate  from what
 *  @param conversion  one of coordinate->conversions
 *  @param index       which of several, 0 … conversion->count - 1
 *  @param number      the number to convert
 *  @retval 0               converted
 *  @retval HXCOMM_ERANGE   @p number or @p index lies outside its range
 *  @retval HXCOMM_ENOENT   this one converts to nothing */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_convert(uint64_t *out,
	const struct haldls_coordinate *coordinate,
	const struct haldls_coordinate_conversion *conversion, uint32_t index, uint64_t number);

/** Print a coordinate. haldls_coordinate_parse() reads each style.
 *  @param[out] out    [size] a text that ends with 0; "" after an error
 *  @param size        bytes of @p out; #HALDLS_COORDINATE_TEXT_MAX is always enough
 *  @param coordinate  what to print
 *  @param number      its number
 *  @param style       how
 *  @retval 0               printed
 *  @retval HXCOMM_ERANGE   there is no such number, or @p size is too small
 *  @retval HXCOMM_ENOTSUP  the coordinate is a record */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_print(char *out, size_t size,
	const struct haldls_coordinate *coordinate, uint64_t number,
	enum haldls_coordinate_style style);

/** Read a coordinate that somebody wrote: its number, the name of a number ("top"), labels in any
 *  order ("NeuronRow:1 Column:17", "NeuronRowOnDLS:bottom, NeuronColumnOnDLS:17"), or the text of
 *  the reference software. Intervals are labelled "PPU:0 MemoryWord:10..20".
 *  @param[out] out    its number; unchanged after an error
 *  @param coordinate  what to read
 *  @param text        the text, UTF-8
 *  @retval 0               read
 *  @retval HXCOMM_EINVAL   this is no such coordinate; the message says how to write one
 *  @retval HXCOMM_ERANGE   a number lies outside its range
 *  @retval HXCOMM_ENOENT   the grid has nothing there
 *  @retval HXCOMM_ENOTSUP  the coordinate is a record */
HXCOMM_API HXCOMM_NODISCARD int haldls_coordinate_parse(
	uint64_t *out, const struct haldls_coordinate *coordinate, const char *text);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

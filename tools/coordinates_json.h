// SPDX-License-Identifier: MIT
#ifndef COORDINATES_JSON_H
#define COORDINATES_JSON_H
/* Coordinates as JSON: what one is, and lines that are answered. */

#include <haldls/coordinate.h>

#include <jansson.h>

/** Name of a kind, such as "grid". */
const char *coordinates_kind_name(enum haldls_coordinate_kind kind);

/** Describe a coordinate. @param conversions list them, too
 *  @return a new object, NULL where memory is exhausted */
json_t *coordinates_json_describe(const struct haldls_coordinate *coordinate, bool conversions);

/** A number in all styles: {"coordinate":…,"value":…,"labels":…,"reference":…}.
 *  @return 0 or a negative code with a message */
int coordinates_json_value(
	json_t **out, const struct haldls_coordinate *coordinate, uint64_t number);

/** What a coordinate converts to: {"to":…,"value":…}, {"to":…,"values":[…]} where it is several and
 *  @p index is negative; null where there is none.
 *  @return 0 or a negative code with a message */
int coordinates_json_convert(json_t **out, const struct haldls_coordinate *coordinate,
	const struct haldls_coordinate_conversion *conversion, int64_t index, uint64_t number);

/** jsonlines_answer() for {"coordinate":…,"value":…}. */
int coordinates_answer_value(json_t **out, const json_t *line, void *user);

/** jsonlines_answer() for {"from":…,"to":…,"value":…}. */
int coordinates_answer_convert(json_t **out, const json_t *line, void *user);

#endif

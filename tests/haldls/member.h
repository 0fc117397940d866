// SPDX-License-Identifier: MIT
#ifndef MEMBER_H
#define MEMBER_H

#include <haldls/container.h>
#include <jansson.h>
#include <stdbool.h>

/* Recorded lines: "container", "coordinate_enum", "backend", and "fields", which name members as the
 * recording software does: "buffers[].neuron_odd[]". */

/* The container that a line is about; fails where it is not described. */
const struct haldls_container *member_container(const json_t *line);

/* Is a line about a block of memory, whose coordinate is an interval of bytes? */
bool member_is_block(const json_t *line);

/* The back end that a line was recorded with. */
enum fisch_backend member_backend(const json_t *line);

/* Can a container be read over a back end? Where it cannot, the recording software decodes
 * nothing. */
bool member_is_readable(const struct haldls_container *container, enum fisch_backend backend);

/* The value of element @p index of @p field in a recorded line's "fields". False where the line
 * lacks it. */
bool member_get(int64_t *out, const struct haldls_field *field, uint32_t index,
        const json_t *fields);

/* Set all fields of @p value that @p fields has; how many elements were found. */
size_t member_set_all(void *value, const struct haldls_container *container, const json_t *fields);

/* Fail unless @p value holds what @p fields says, and @p fields says something of each element. */
void member_check(const struct haldls_container *container, uint32_t coordinate, const void *value,
        const json_t *fields);

/* Apply {"path.of[1].member":[before,after]} to @p fields in place; @p which is 1, or 0 to undo. */
void member_change(json_t *fields, const json_t *changed, size_t which);

#endif

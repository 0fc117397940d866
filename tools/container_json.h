// SPDX-License-Identifier: MIT
#ifndef CONTAINER_JSON_H
#define CONTAINER_JSON_H
/* What `bss registers list` says of containers, and their fields as JSON (see haldls/json.h). */

#include <haldls/container.h>
#include <jansson.h>

/** Describe a container.
 *  @return a new reference; NULL where memory ran out */
json_t *container_json_describe(const struct haldls_container *container);

/** All fields of a container's struct as a JSON object.
 *  @return a new reference; NULL with a message where memory ran out */
json_t *container_json_write(const struct haldls_container *container, uint32_t coordinate,
        const void *value);

/** A line that says of a container where and what it is: {"container":…,"coordinate":…,"place":…,
 *  "fields":…}; the place is there where the coordinate has labels.
 *  @return a new reference; NULL where memory ran out */
json_t *container_json_line(const struct haldls_container *container, uint32_t coordinate,
        const void *value);

/** Add "place" to a line, where the coordinate has labels. */
void container_json_place(json_t *line, const struct haldls_container *container,
        uint32_t coordinate);

#endif

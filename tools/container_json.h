// SPDX-License-Identifier: MIT
#ifndef CONTAINER_JSON_H
#define CONTAINER_JSON_H
/* Containers of the register map as JSON: field names to values, arrays as (nested) lists. */

#include <haldls/container.h>
#include <jansson.h>

/** Set the fields that @p fields names; the others keep what they hold. A field goes by its name or
 *  by its place in recorded vectors ("buffers" with lists of "neuron_odd" in it). Numbers, booleans,
 *  names of enum values, {"index","data"} and {"x","y","e"} are understood.
 *  @param count  elements of the fields of a container that has more or less by its coordinate, see
 *                container_json_elements()
 *  @return 0 or a negative code with a message; @p value is then partly set */
int container_json_read(void *value, const struct haldls_container *container, uint32_t count,
        const json_t *fields);

/** All fields of a container's struct as a JSON object.
 *  @return a new reference; NULL where memory ran out */
json_t *container_json_write(const struct haldls_container *container, uint32_t count,
        const void *value);

/** Elements of the fields of a container at a coordinate where that depends on it; 0 elsewhere: then
 *  each field has its own number. */
uint32_t container_json_elements(const struct haldls_container *container, uint32_t coordinate);

/** What `bss registers list` says of a container.
 *  @return a new reference; NULL where memory ran out */
json_t *container_json_describe(const struct haldls_container *container);

#endif

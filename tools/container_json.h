// SPDX-License-Identifier: MIT
#ifndef CONTAINER_JSON_H
#define CONTAINER_JSON_H
/* Containers of the register map as JSON: field names to values, arrays as (nested) lists. */

#include <haldls/container.h>
#include <jansson.h>

/** Set the fields that @p fields names, by name or alias; the others keep what they hold.
 *  Numbers, booleans and names of enum values are understood.
 *  @return 0 or a negative code with a message; @p value is then partly set */
int container_json_read(void *value, const struct haldls_container *container,
        const json_t *fields);

/** All fields of a container's struct as a JSON object.
 *  @return a new reference; NULL where memory ran out */
json_t *container_json_write(const struct haldls_container *container, const void *value);

/** What `bss registers list` says of a container.
 *  @return a new reference; NULL where memory ran out */
json_t *container_json_describe(const struct haldls_container *container);

#endif

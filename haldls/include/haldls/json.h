// SPDX-License-Identifier: MIT
#ifndef HALDLS_JSON_H
#define HALDLS_JSON_H

/** @file
 *  @brief Containers as JSON objects: field names to values, arrays as (nested) lists.
 *  @defgroup haldls_json JSON
 *
 *  The functions work on values of jansson (`struct json_t`): include <jansson.h> to look into them.
 *  Fields of a register container stand side by side; those of a logical container lie in objects
 *  and lists, as their names say: "input_mux[].neuron_odd" is `{"input_mux":[{"neuron_odd":[…]},…]}`.
 *  A code of the capacitive memory is `{"index":0,"data":512}`, and `{"index":1,"data":1023}` where
 *  its refresh is off. Nothing here keeps anything; safe on several threads for different values.
 *  @{ */

#include <haldls/container.h>
#include <hxcomm/export.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A value of jansson. */
struct json_t;

/** Set the fields that an object names; the others keep what they hold.
 *  @param[in,out] value  the container's struct; partly set after an error
 *  @param container      what it is
 *  @param element        its coordinate, which says how many elements a memory block has
 *  @param fields         an object; NULL sets nothing. A field goes by its name or by its place in
 *                        recorded vectors. Numbers, booleans, names of values, {"index","data"} and
 *                        {"x","y","e"} are understood
 *  @retval 0              set
 *  @retval HXCOMM_EINVAL  it is no object, a list has another length, a value another type
 *  @retval HXCOMM_ENOENT  there is no such field
 *  @retval HXCOMM_ERANGE  a number lies outside its field's range */
HXCOMM_API HXCOMM_NODISCARD int haldls_json_read(void *value,
        const struct haldls_container *container, uint32_t element, const struct json_t *fields);

/** Write a container's fields.
 *  @param[out] out   an object, owned by the caller: give it to json_decref(); NULL after an error
 *  @param container  what @p value is
 *  @param element    its coordinate, which says how many elements a memory block has
 *  @param value      the container's struct
 *  @param reference  leave out fields that are the same there; NULL for all fields
 *  @retval 0              written
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int haldls_json_write(struct json_t **out,
        const struct haldls_container *container, uint32_t element, const void *value,
        const void *reference);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

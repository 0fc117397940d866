// SPDX-License-Identifier: MIT
#ifndef MEMBER_H
#define MEMBER_H

#include <haldls/container.h>
#include <jansson.h>
#include <stdbool.h>

/* The value of element @p index of @p field in a recorded line's "fields", which name members as
 * the recording software does: "buffers[].neuron_odd[]". False where the line lacks it. */
bool member_get(int64_t *out, const struct haldls_field *field, uint32_t index,
        const json_t *fields);

/* Set all fields of @p value that @p fields has; how many elements were found. */
size_t member_set_all(void *value, const struct haldls_container *container, const json_t *fields);

#endif

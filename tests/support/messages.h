// SPDX-License-Identifier: MIT
#ifndef SUPPORT_MESSAGES_H
#define SUPPORT_MESSAGES_H

/* Messages of the recorded vectors, for one source file of a test. */

#include "assert.h"
#include "vectors.h"

#include <hxcomm/message.h>

/* The member of a payload that field `field` of item `item` stands in. */
static const json_t *message_member(const struct hxcomm_message_kind *kind, const json_t *payload,
        size_t item, size_t field)
{
	const json_t *at = payload;
	if (kind->list)
		at = json_array_get(json_object_get(payload, kind->list), item);
	if (kind->fields[field].name)
		at = json_object_get(at, kind->fields[field].name);
	assert_non_null(at);
	return at;
}

/* A message of a vector; fails where our description of its kind is another. */
static inline struct hxcomm_message message_from_json(enum hxcomm_direction direction,
        const json_t *json)
{
	const char *type = json_string_value(json_object_get(json, "type"));
	const struct hxcomm_message_kind *kind = hxcomm_message_find(direction, type);
	assert_non_null(kind);
	assert_int_equal(kind->code, vectors_u64(json, "header"));
	assert_int_equal(kind->payload_bits, vectors_u64(json, "payload_bits"));
	assert_int_equal(kind->message_bits, vectors_u64(json, "message_bits"));
	const json_t *payload = json_object_get(json, "payload");
	struct hxcomm_message message = { .kind = kind };
	for (size_t item = 0; item < kind->items; item++)
		for (size_t field = 0; field < kind->field_count; field++)
			assert_ok(hxcomm_message_set(&message, item, field,
			        vectors_number(message_member(kind, payload, item, field))));
	return message;
}

/* A message has the kind and all fields of a vector. */
static inline void assert_message(const struct hxcomm_message *message, const json_t *json)
{
	const struct hxcomm_message_kind *kind = message->kind;
	assert_string_equal(kind->type, json_string_value(json_object_get(json, "type")));
	const json_t *payload = json_object_get(json, "payload");
	for (size_t item = 0; item < kind->items; item++)
		for (size_t field = 0; field < kind->field_count; field++)
			assert_int_equal(hxcomm_message_get(message, item, field),
			        vectors_number(message_member(kind, payload, item, field)));
}

#endif

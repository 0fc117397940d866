// SPDX-License-Identifier: MIT
#include "random_fields.h"

#include "assert.h"

void set_random_fields(void *value, const struct haldls_container *container,
        struct test_random *random, uint32_t one_in)
{
	container->init(value);
	for (size_t f = 0; f < container->field_count; f++) {
		const struct haldls_field *field = &container->fields[f];
		for (uint32_t i = 0; !field->fixed && i < field->count; i++) {
			if (test_random_below(random, one_in))
				continue;
			const uint64_t span = (uint64_t)(field->max - field->min) + 1;
			int64_t number =
			        field->min + (int64_t)test_random_below(random, span ? span : 1);
			if (field->type == HALDLS_TYPE_ENUM)
				number =
				        field->values[test_random_below(random, field->value_count)]
				                .value;
			assert_ok(haldls_field_set(field, value, i, number));
		}
	}
}

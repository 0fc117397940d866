// SPDX-License-Identifier: MIT
#ifndef TESTS_STADLS_RANDOM_FIELDS_H
#define TESTS_STADLS_RANDOM_FIELDS_H

#include "random.h"

#include <haldls/container.h>

/** Set a container's struct to its defaults, then one in @p one_in of the elements of its fields,
 * all with 1, to random values of their range. */
void set_random_fields(void *value, const struct haldls_container *container,
        struct test_random *random, uint32_t one_in);

#endif

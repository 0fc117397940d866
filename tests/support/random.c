// SPDX-License-Identifier: MIT
#include "random.h"

#if defined(__GNUC__)
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wsign-conversion"
#pragma GCC diagnostic ignored "-Wmissing-prototypes"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#endif
#include <Random123/philox.h>

uint64_t test_random_next(struct test_random *random)
{
	const uint64_t n = random->count++;
	const philox4x32_ctr_t counter = { { (uint32_t)n, (uint32_t)(n >> 32), 0, 0 } };
	const philox4x32_key_t key = { { (uint32_t)random->seed, (uint32_t)(random->seed >> 32) } };
	const philox4x32_ctr_t out = philox4x32(counter, key);
	return (uint64_t)out.v[0] << 32 | out.v[1];
}

uint64_t test_random_below(struct test_random *random, uint64_t limit)
{
	return test_random_next(random) % limit;
}

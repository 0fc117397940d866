// SPDX-License-Identifier: MIT
#include "random.h"

#include <Random123/philox.h>

void emulator__random(uint32_t out[4], uint64_t seed, enum emulator_random_stream stream,
        uint64_t counter)
{
	const philox4x32_key_t key = { { (uint32_t)seed, (uint32_t)(seed >> 32) } };
	const philox4x32_ctr_t position = { { (uint32_t)counter, (uint32_t)(counter >> 32),
		(uint32_t)stream, 0 } };
	const philox4x32_ctr_t drawn = philox4x32(position, key);
	for (unsigned i = 0; i < 4; i++)
		out[i] = drawn.v[i];
}

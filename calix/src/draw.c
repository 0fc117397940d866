// SPDX-License-Identifier: MIT
/* The only file of the library that sees Random123. */
#include "draw.h"

#include <Random123/philox.h>

uint32_t calix__draw_bits(uint64_t seed, uint32_t stream, uint64_t index)
{
	const philox4x32_key_t key = { { (uint32_t)seed, (uint32_t)(seed >> 32) } };
	const philox4x32_ctr_t counter = { { (uint32_t)index, (uint32_t)(index >> 32), stream, 0 } };
	return philox4x32(counter, key).v[0];
}

int32_t calix__draw_within(uint64_t seed, uint32_t stream, uint64_t index, uint32_t amplitude)
{
	const uint64_t width = 2 * (uint64_t)amplitude + 1;
	const uint64_t draw = (calix__draw_bits(seed, stream, index) * width) >> 32;
	return (int32_t)((int64_t)draw - (int64_t)amplitude);
}

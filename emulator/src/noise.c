// SPDX-License-Identifier: MIT
#include "noise.h"

#include <Random123/philox.h>
#include <math.h>

static philox4x32_ctr_t draw(
	uint64_t seed, enum noise_stream stream, uint32_t index, uint64_t number)
{
	const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
	const philox4x32_ctr_t place = {
		{index, (uint32_t)stream << 24 | 1, (uint32_t)number, (uint32_t)(number >> 32)}};
	return philox4x32(place, key);
}

void emulator__noise_bits(
	uint32_t out[4], uint64_t seed, enum noise_stream stream, uint64_t number)
{
	const philox4x32_ctr_t bits = draw(seed, stream, 0, number);
	for (unsigned i = 0; i < 4; i++)
		out[i] = bits.v[i];
}

void emulator__noise_uniforms(
	double out[4], uint64_t seed, enum noise_stream stream, uint32_t index, uint64_t number)
{
	const philox4x32_ctr_t bits = draw(seed, stream, index, number);
	for (unsigned i = 0; i < 4; i++)
		out[i] = ((double)bits.v[i] + 0.5) * 0x1p-32;
}

void emulator__noise_normals(
	double out[2], uint64_t seed, enum noise_stream stream, uint32_t index, uint64_t number)
{
	double uniform[4];
	emulator__noise_uniforms(uniform, seed, stream, index, number);
	const double radius = sqrt(-2 * log(uniform[0])), angle = 6.283185307179586 * uniform[1];
	out[0] = radius * cos(angle);
	out[1] = radius * sin(angle);
}

void emulator__noise_fill(float *out, const float *scale, size_t count, uint64_t seed,
	enum noise_stream stream, uint64_t number)
{
	/* four bytes of mean 127.5 and variance (2^16 - 1) / 12 */
	const float unit = 1.0f / 147.7986f;
	for (size_t i = 0; i < count; i += 4) {
		const philox4x32_ctr_t bits = draw(seed, stream, (uint32_t)i, number);
		for (unsigned k = 0; k < 4; k++) {
			const uint32_t pairs = (bits.v[k] & 0xff00ff) + (bits.v[k] >> 8 & 0xff00ff);
			const uint32_t sum = (pairs & 0xffff) + (pairs >> 16);
			out[i + k] = ((float)sum - 510.0f) * unit * scale[i + k];
		}
	}
}

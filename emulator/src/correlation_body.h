// SPDX-License-Identifier: MIT
/* The kernels of the correlation sensors, included by kernel_body.h. Built, as the rest, once for
 * each instruction set, with the same bits everywhere. */

/* exp(-age * rate) of ticks in 32 bits, with @scaled = -rate * log2(e): a power of two is the bits
 * of its whole part, added to those of a polynomial of the rest. Relative error 3e-6 down to
 * 2^-100, where it stops: two thirds of the work of decay(), and no denormal numbers. */
static inline float trace(uint32_t now, uint32_t since, float scaled)
{
	const float y = most((float)(int32_t)(now - since) * scaled, -100.0f);
	const float rounded = y + 12582912.0f; /* 1.5 * 2^23: the last place is 1 */
	const float rest = y - (rounded - 12582912.0f);
	float power = 0.00957011f;
	power = power * rest + 0.05591802f;
	power = power * rest + 0.24024747f;
	power = power * rest + 0.69312180f;
	power = power * rest + 0.99999926f;
	uint32_t bits, whole;
	memcpy(&bits, &power, sizeof(bits));
	memcpy(&whole, &rounded, sizeof(whole));
	bits += whole << 23;
	memcpy(&power, &bits, sizeof(power));
	return power;
}

static inline float per_tick(const struct kernel_pair *pair)
{
	return pair->rate * -1.44269504f;
}

/* What a pulse at @now adds to sensors whose partner had its last pulse at @since. */
static void pair_column(float *restrict sum, const float *restrict amplitude,
	const float *restrict rate, const uint32_t *restrict since, uint32_t now,
	const struct kernel_pair *pair)
{
	const float all = pair->amplitude, scaled = per_tick(pair);
	for (unsigned i = 0; i < KERNEL_COLUMNS; i++)
		sum[i] += all * amplitude[i] * trace(now, since[i], scaled * rate[i]);
}

static void pair_row(float *restrict sum, const float *restrict amplitude,
	const float *restrict rate, const uint32_t *restrict since, const uint8_t *restrict labels,
	uint8_t label, uint32_t now, const struct kernel_pair *pairs)
{
	for (unsigned half = 0; half < 2; half++) {
		const unsigned first = half * (KERNEL_COLUMNS / 2);
		const float all = pairs[half].amplitude, scaled = per_tick(&pairs[half]);
		for (unsigned i = first; i < first + KERNEL_COLUMNS / 2; i++) {
			const float match = labels[i] == label ? all : 0.0f;
			sum[i] += match * amplitude[i] * trace(now, since[i], scaled * rate[i]);
		}
	}
}

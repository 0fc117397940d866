// SPDX-License-Identifier: MIT
/* The kernels of the correlation sensors, included by kernel_body.h after synapse_body.h. Built, as
 * the rest, once for each instruction set, with the same bits everywhere.
 *
 * What a pulse adds is a power of two: the bits of its whole part, added to those of the square of
 * a polynomial for half of the rest. Relative error 1e-5 down to 2^-96, where it stops: half of the
 * work of decay(), and no denormal numbers. */
typedef int32_t vec_int __attribute__((vector_size(sizeof(vec))));

/* What all sensors of a pair share. */
struct trace {
	vec now;            /* as bits */
	vec scaled;         /* per tick, of the power of two */
	vec coefficient[4]; /* of the polynomial, with the root of the amplitude */
};

ALWAYS struct trace trace_of(const struct kernel_pair *pair, uint32_t now)
{
	static const float coefficients[4] = {0.99999535f, 0.34657716f, 0.0602066f, 0.0069276f};
	struct trace t;
	float bits;
	memcpy(&bits, &now, sizeof(bits));
	t.now = all(bits);
	t.scaled = all(pair->rate * -1.44269504f);
	for (unsigned i = 0; i < 4; i++)
		t.coefficient[i] = all(coefficients[i] * root(pair->amplitude));
	return t;
}

/* amplitude * exp(-age * rate) */
ALWAYS vec traced(const struct trace *t, const uint32_t *since, vec rate)
{
	vec_int age, now;
	memcpy(&age, __builtin_assume_aligned(since, sizeof(age)), sizeof(age));
	memcpy(&now, &t->now, sizeof(now));
	age = (vec_int)((vec_bits)now - (vec_bits)age);
	const vec y = vec_most(__builtin_convertvector(age, vec) * (t->scaled * rate), all(-96.0f));
#if defined(__AVX512F__)
	const vec whole = _mm512_roundscale_ps(y, 0);
	const vec rest = y - whole;
#else
	const vec rounded = y + all(12582912.0f); /* 1.5 * 2^23: the last place is 1 */
	const vec rest = y - (rounded - all(12582912.0f));
#endif
	vec half = t->coefficient[3];
	half = half * rest + t->coefficient[2];
	half = half * rest + t->coefficient[1];
	half = half * rest + t->coefficient[0];
	const vec power = half * half;
#if defined(__AVX512F__)
	return _mm512_scalef_ps(power, whole);
#else
	return (vec)((vec_bits)power + ((vec_bits)rounded << 23));
#endif
}

/* What a pulse at @now adds to sensors whose partner had its last pulse at @since. */
static void pair_column(float *restrict sum, const float *restrict amplitude,
	const float *restrict rate, const uint32_t *restrict since, uint32_t now,
	const struct kernel_pair *pair)
{
	const struct trace t = trace_of(pair, now);
	for (unsigned i = 0; i < KERNEL_COLUMNS; i += LANES)
		store(&sum[i], load(&sum[i]) +
				       load(&amplitude[i]) * traced(&t, &since[i], load(&rate[i])));
}

static void pair_row(float *restrict sum, const float *restrict amplitude,
	const float *restrict rate, const uint32_t *restrict since, const uint8_t *restrict labels,
	uint8_t label, uint32_t now, const struct kernel_pair *pairs)
{
	struct trace t = trace_of(&pairs[0], now);
	for (unsigned c = 0; c < KERNEL_COLUMNS; c += LABELS) {
		const found f = find(&labels[c], label);
		if (c == KERNEL_COLUMNS / 2)
			t = trace_of(&pairs[1], now);
		if (!how_many(f))
			continue;
		for (unsigned i = c; i < c + LABELS; i += LANES) {
			const vec all_lanes =
				load(&amplitude[i]) * traced(&t, &since[i], load(&rate[i]));
			store(&sum[i], load(&sum[i]) + where_found(f, i - c, all_lanes));
		}
	}
}

/* Four columns of a row: @now where the label was found. */
ALWAYS void note_four(uint32_t *event, found f, unsigned first, uint32_t now)
{
#if defined(__AVX512VL__)
	_mm_mask_store_epi32(event, (__mmask8)(f >> first & 15), _mm_set1_epi32((int)now));
#elif defined(__SSE2__)
	int32_t four;
	memcpy(&four, (const char *)&f + first, sizeof(four));
	__m128i equal = _mm_cvtsi32_si128(four);
	equal = _mm_unpacklo_epi8(equal, equal);
	equal = _mm_unpacklo_epi16(equal, equal);
	__m128i *place = (__m128i *)(void *)event;
	_mm_store_si128(place, _mm_or_si128(_mm_and_si128(equal, _mm_set1_epi32((int)now)),
				       _mm_andnot_si128(equal, _mm_load_si128(place))));
#else
	uint8_t equal[sizeof(f)];
	memcpy(equal, &f, sizeof(equal));
	for (unsigned i = 0; i < 4; i++)
		event[i] = equal[first + i] ? now : event[i];
#endif
}

static void note_row(
	uint32_t *restrict event, const uint8_t *restrict labels, uint8_t label, uint32_t now)
{
	for (unsigned c = 0; c < KERNEL_COLUMNS; c += LABELS) {
		const found f = find(&labels[c], label);
		if (how_many(f))
			for (unsigned i = 0; i < LABELS; i += 4)
				note_four(&event[4 * (c + i)], f, i, now);
	}
}

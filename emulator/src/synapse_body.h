// SPDX-License-Identifier: MIT
/* The kernels of row events, included by kernel_body.h for each instruction set. */
#include "kernel_vector.h"

/* Labels that are compared at once, and what came out. */
#if defined(__AVX512BW__)
enum { LABELS = 64 };
typedef __mmask64 found;
#elif defined(__AVX2__)
enum { LABELS = 32 };
typedef __m256i found;
#elif defined(__SSE2__)
enum { LABELS = 16 };
typedef __m128i found;
#else
enum { LABELS = 16 };
typedef struct {
	uint8_t label[LABELS];
} found;
#endif

ALWAYS found find(const uint8_t *labels, uint8_t label)
{
#if defined(__AVX512BW__)
	return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(labels), _mm512_set1_epi8((char)label));
#elif defined(__AVX2__)
	return _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)labels),
		_mm256_set1_epi8((char)label));
#elif defined(__SSE2__)
	return _mm_cmpeq_epi8(
		_mm_loadu_si128((const __m128i *)(const void *)labels), _mm_set1_epi8((char)label));
#else
	found f;
	for (unsigned i = 0; i < LABELS; i++)
		f.label[i] = labels[i] == label ? 0xff : 0;
	return f;
#endif
}

/* How many of them are equal: 0 none, 2 all, else 1. */
ALWAYS unsigned how_many(found f)
{
#if defined(__AVX512BW__)
	return f == 0 ? 0 : f == UINT64_MAX ? 2 : 1;
#elif defined(__AVX2__)
	const int equal = _mm256_movemask_epi8(f);
	return equal == 0 ? 0 : equal == -1 ? 2 : 1;
#elif defined(__SSE2__)
	const int equal = _mm_movemask_epi8(f);
	return equal == 0 ? 0 : equal == 0xffff ? 2 : 1;
#else
	unsigned equal = 0;
	for (unsigned i = 0; i < LABELS; i++)
		equal += f.label[i] & 1;
	return equal == 0 ? 0 : equal == LABELS ? 2 : 1;
#endif
}

/* @x in the lanes that were equal, 0 in the others; lane 0 is label @first of a multiple of LANES.
 */
ALWAYS vec where_found(found f, unsigned first, vec x)
{
#if defined(__AVX512BW__)
	return _mm512_maskz_mov_ps((__mmask16)(f >> first), x);
#elif defined(__AVX2__)
	__m128i bytes = first < 16 ? _mm256_castsi256_si128(f) : _mm256_extracti128_si256(f, 1);
	if (first & 8)
		bytes = _mm_srli_si128(bytes, 8);
	return _mm256_and_ps(_mm256_castsi256_ps(_mm256_cvtepi8_epi32(bytes)), x);
#elif defined(__SSE2__)
	__m128i wide = first < 8 ? _mm_unpacklo_epi8(f, f) : _mm_unpackhi_epi8(f, f);
	wide = first & 4 ? _mm_unpackhi_epi16(wide, wide) : _mm_unpacklo_epi16(wide, wide);
	return _mm_and_ps(_mm_castsi128_ps(wide), x);
#else
	mask lanes;
	for (unsigned i = 0; i < LANES; i++)
		lanes[i] = -(int32_t)(f.label[first + i] & 1);
	return (vec)(lanes & (mask)x);
#endif
}

/* exp(-x) of x = rate * late, up to 1/2: the series up to x^3, written around the middle of the
 * power, which takes an operation less. */
ALWAYS vec left_after(vec rate, float late)
{
	const float root = -0.55032121f; /* its third power is -1/6 */
	const vec y = rate * all(late * root) - all(root);
	return y * (y * y + all(-0.5f / root)) + all(1.0f / 3.0f);
}

/* Columns @first to @end; @all_match: without looking at what was found. */
ALWAYS void row_part(float *restrict charge, float *restrict kept, const float *restrict strength,
	const float *restrict scale, const float *restrict rate, float amount, float late,
	unsigned first, unsigned end, found f, bool all_match)
{
	for (unsigned c = first; c < end; c += LANES) {
		vec drop = load(&strength[c]) * load(&scale[c]) * all(amount);
		if (!all_match)
			drop = where_found(f, c - first, drop);
		const vec left = left_after(load(&rate[c]), late);
		store(&charge[c], load(&charge[c]) + drop);
		store(&kept[c], load(&kept[c]) + drop * left);
	}
}

static void row(float *charge, float *kept, const float *strength, const uint8_t *labels,
	const float *scale, const float *rate, uint8_t label, float amount, float late)
{
	for (unsigned c = 0, end; c < KERNEL_COLUMNS; c = end) {
		const found f = find(&labels[c], label);
		const unsigned many = how_many(f);
		end = c + LABELS;
		if (many == 1)
			row_part(charge, kept, strength, scale, rate, amount, late, c, end, f,
				false);
		if (many < 2)
			continue;
		/* a loop over all groups that match is 1.4x one over each, bench/emulator_analog */
		while (end < KERNEL_COLUMNS && how_many(find(&labels[end], label)) == 2)
			end += LABELS;
		row_part(charge, kept, strength, scale, rate, amount, late, c, end, f, true);
	}
}

/* Vectors whose labels are compared at once. */
enum { ROW_VECTORS = LABELS / LANES };

/* Columns of parted events from @first on, #LABELS of them. */
ALWAYS void rows_part(const struct kernel_rows *r, const float *share_before,
	const float *share_after, unsigned first)
{
	vec before[ROW_VECTORS], after[ROW_VECTORS];
	for (unsigned n = 0; n < ROW_VECTORS; n++) {
		const unsigned c = first + n * LANES;
		before[n] = r->first_before ? all(0.0f) : load(&r->before[c]);
		after[n] = r->first_after ? all(0.0f) : load(&r->after[c]);
	}
	for (unsigned j = 0; j < r->count; j++) {
		const struct kernel_kick *kick = r->kick[j];
		vec drop[ROW_VECTORS];
		for (unsigned n = 0; n < ROW_VECTORS; n++) {
			const unsigned c = first + n * LANES;
			drop[n] = load(&kick->strength[c]) * load(&r->scale[c]);
		}
		if (kick->labels) {
			const found f = find(&kick->labels[first], kick->label);
			UNROLL for (unsigned n = 0; n < ROW_VECTORS; n++)
				drop[n] = where_found(f, n * LANES, drop[n]);
		}
		for (unsigned n = 0; n < ROW_VECTORS; n++) {
			before[n] += drop[n] * all(share_before[j]);
			after[n] += drop[n] * all(share_after[j]);
		}
	}
	for (unsigned n = 0; n < ROW_VECTORS; n++) {
		store(&r->before[first + n * LANES], before[n]);
		store(&r->after[first + n * LANES], after[n]);
	}
}

static void rows(const struct kernel_rows *r)
{
	float share_before[KERNEL_KICKS], share_after[KERNEL_KICKS];
	for (unsigned j = 0; j < r->count; j++) {
		const float late = r->kick[j]->place, early = 1 - late, pulse = r->kick[j]->pulse;
		share_before[j] = pulse * early * (1 + r->decay * late);
		share_after[j] = pulse * late * (1 - r->decay * early);
	}
	for (unsigned c = 0; c < KERNEL_COLUMNS; c += LABELS)
		rows_part(r, share_before, share_after, c);
}

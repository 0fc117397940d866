// SPDX-License-Identifier: MIT
#ifndef EMULATOR_KERNEL_VECTOR_H
#define EMULATOR_KERNEL_VECTOR_H

/** @file
 *  @brief As many numbers as the instruction set of this translation unit takes at once. Arithmetic
 *  is written with the compilers' own operators on these types; here is what they lack. */

#include <stdint.h>
#include <string.h>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

#if defined(__AVX512F__)
enum { LANES = 16 };
typedef __m512 vec;
typedef __mmask16 mask;
#elif defined(__AVX2__)
enum { LANES = 8 };
typedef __m256 vec;
typedef __m256 mask;
#elif defined(__SSE2__)
enum { LANES = 4 };
typedef __m128 vec;
typedef __m128 mask;
#else
enum { LANES = 4 };
typedef float vec __attribute__((vector_size(16)));
typedef int32_t mask __attribute__((vector_size(16)));
#endif

/** @p x in all lanes. */
static inline vec all(float x)
{
#if defined(__AVX512F__)
	return _mm512_set1_ps(x);
#elif defined(__AVX2__)
	return _mm256_set1_ps(x);
#elif defined(__SSE2__)
	return _mm_set1_ps(x);
#else
	return (vec){x, x, x, x};
#endif
}

/** The bits of a whole number in all lanes. */
static inline vec all_bits(int32_t x)
{
	float bits;
	memcpy(&bits, &x, sizeof(bits));
	return all(bits);
}

/** Load aligned numbers. */
static inline vec load(const float *from)
{
	vec x;
	memcpy(&x, __builtin_assume_aligned(from, sizeof(x)), sizeof(x));
	return x;
}

/** Whole numbers, as many as floating ones in #vec. */
typedef int32_t places __attribute__((vector_size(sizeof(vec))));

/** Load aligned whole numbers less @p from, as the nearest floating ones. */
static inline vec load_since(const int32_t *whole, int32_t from)
{
	places x;
	memcpy(&x, __builtin_assume_aligned(whole, sizeof(x)), sizeof(x));
	return (vec) __builtin_convertvector(x - from, vec);
}

/** Widen whole numbers. */
static inline places load_places(const uint16_t *from)
{
	typedef uint16_t narrow __attribute__((vector_size(sizeof(vec) / 2)));
	narrow x;
	memcpy(&x, from, sizeof(x));
	return __builtin_convertvector(x, places);
}

/** The numbers @p from[at[i]]. */
static inline vec gather(const float *from, places at)
{
#if defined(__AVX512F__)
	return _mm512_i32gather_ps((__m512i)at, from, 4);
#elif defined(__AVX2__)
	return _mm256_i32gather_ps(from, (__m256i)at, 4);
#else
	vec x;
	for (unsigned i = 0; i < LANES; i++)
		x[i] = from[at[i]];
	return x;
#endif
}

/** Where @p bytes[at[i]] is @p byte. @param bytes three more than asked for can be read */
static inline mask gather_equal(const uint8_t *bytes, places at, uint8_t byte)
{
#if defined(__AVX512F__)
	const __m512i four = _mm512_i32gather_epi32((__m512i)at, bytes, 1);
	return _mm512_cmpeq_epi32_mask(
		_mm512_and_si512(four, _mm512_set1_epi32(255)), _mm512_set1_epi32(byte));
#elif defined(__AVX2__)
	const __m256i four =
		_mm256_i32gather_epi32((const int *)(const void *)bytes, (__m256i)at, 1);
	return _mm256_castsi256_ps(_mm256_cmpeq_epi32(
		_mm256_and_si256(four, _mm256_set1_epi32(255)), _mm256_set1_epi32(byte)));
#else
	places equal;
	for (unsigned i = 0; i < LANES; i++)
		equal[i] = -(int32_t)(bytes[at[i]] == byte);
	mask found;
	memcpy(&found, &equal, sizeof(found));
	return found;
#endif
}

/** Store aligned numbers. */
static inline void store(float *to, vec x)
{
	memcpy(__builtin_assume_aligned(to, sizeof(x)), &x, sizeof(x));
}

static inline vec vec_least(vec a, vec b)
{
#if defined(__AVX512F__)
	return _mm512_min_ps(a, b);
#elif defined(__AVX2__)
	return _mm256_min_ps(a, b);
#elif defined(__SSE2__)
	return _mm_min_ps(a, b);
#else
	for (unsigned i = 0; i < LANES; i++)
		a[i] = a[i] < b[i] ? a[i] : b[i];
	return a;
#endif
}

static inline vec vec_most(vec a, vec b)
{
#if defined(__AVX512F__)
	return _mm512_max_ps(a, b);
#elif defined(__AVX2__)
	return _mm256_max_ps(a, b);
#elif defined(__SSE2__)
	return _mm_max_ps(a, b);
#else
	for (unsigned i = 0; i < LANES; i++)
		a[i] = a[i] > b[i] ? a[i] : b[i];
	return a;
#endif
}

/** Where @p a is above @p b. */
static inline mask above(vec a, vec b)
{
#if defined(__AVX512F__)
	return _mm512_cmp_ps_mask(a, b, _CMP_GT_OQ);
#elif defined(__AVX2__)
	return _mm256_cmp_ps(a, b, _CMP_GT_OQ);
#elif defined(__SSE2__)
	return _mm_cmpgt_ps(a, b);
#else
	return a > b;
#endif
}

/** Bit i is lane i. */
static inline uint32_t bits(mask m)
{
#if defined(__AVX512F__)
	return m;
#elif defined(__AVX2__)
	return (uint32_t)_mm256_movemask_ps(m);
#elif defined(__SSE2__)
	return (uint32_t)_mm_movemask_ps(m);
#else
	uint32_t sum = 0;
	for (unsigned i = 0; i < LANES; i++)
		sum |= (uint32_t)(m[i] & 1) << i;
	return sum;
#endif
}

/** List the numbers @p first + i of the lanes i in @p lanes. @param out room for #LANES @return how
 *  many */
static inline unsigned list_lanes(uint16_t *out, uint32_t lanes, unsigned first)
{
#if defined(__AVX512F__)
	const __m512i count =
		_mm512_set_epi32(15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
	const __m512i all_of_them = _mm512_add_epi32(count, _mm512_set1_epi32((int)first));
	_mm256_storeu_si256((__m256i *)(void *)out,
		_mm512_cvtepi32_epi16(_mm512_maskz_compress_epi32((__mmask16)lanes, all_of_them)));
	return (unsigned)__builtin_popcount(lanes);
#else
	unsigned count = 0;
	for (; lanes; lanes &= lanes - 1)
		out[count++] = (uint16_t)(first + (unsigned)__builtin_ctz(lanes));
	return count;
#endif
}

/** @p a where the mask is set, else @p b. */
static inline vec choose(mask m, vec a, vec b)
{
#if defined(__AVX512F__)
	return _mm512_mask_blend_ps(m, b, a);
#elif defined(__AVX2__)
	return _mm256_blendv_ps(b, a, m);
#elif defined(__SSE2__)
	return _mm_or_ps(_mm_and_ps(m, a), _mm_andnot_ps(m, b));
#else
	return (vec)((m & (mask)a) | (~m & (mask)b));
#endif
}

#endif

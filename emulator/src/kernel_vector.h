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

/** Load aligned numbers. */
static inline vec load(const float *from)
{
	vec x;
	memcpy(&x, __builtin_assume_aligned(from, sizeof(x)), sizeof(x));
	return x;
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

// SPDX-License-Identifier: MIT
/* Rows of synapses, 32 columns at a time. Only kernels here: synapse_rows.c has the portable twins
 * and chooses. */
#include "synapse_rows.h"

#if defined(__AVX2__)
#include <immintrin.h>

/* Of eight columns, the even ones are a word and the odd ones another, each with its first column in
 * the highest byte. So 16 columns are the words even 0, even 1, odd 0, odd 1. */
static __m256i columns_to_words(__m256i columns)
{
	const __m256i order = _mm256_setr_epi8(6, 4, 2, 0, 14, 12, 10, 8, 7, 5, 3, 1, 15, 13, 11, 9, 6, 4,
	        2, 0, 14, 12, 10, 8, 7, 5, 3, 1, 15, 13, 11, 9);
	return _mm256_shuffle_epi8(columns, order);
}

static __m256i words_to_columns(__m256i words)
{
	const __m256i order = _mm256_setr_epi8(3, 11, 2, 10, 1, 9, 0, 8, 7, 15, 6, 14, 5, 13, 4, 12, 3, 11,
	        2, 10, 1, 9, 0, 8, 7, 15, 6, 14, 5, 13, 4, 12);
	return _mm256_shuffle_epi8(words, order);
}

/* Bit 5 stays, bits 4 to 0 are reversed; its own inverse. */
static __m256i permute_weights(__m256i weights)
{
	const __m256i low = _mm256_setr_epi8(0, 16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30, 0,
	        16, 8, 24, 4, 20, 12, 28, 2, 18, 10, 26, 6, 22, 14, 30);
	const __m256i nibble = _mm256_and_si256(weights, _mm256_set1_epi8(15));
	const __m256i bit4 = _mm256_and_si256(_mm256_srli_epi16(weights, 4), _mm256_set1_epi8(1));
	const __m256i bit5 = _mm256_and_si256(weights, _mm256_set1_epi8(32));
	return _mm256_or_si256(_mm256_shuffle_epi8(low, nibble), _mm256_or_si256(bit4, bit5));
}

static __m256i load(const void *from)
{
	return _mm256_loadu_si256((const __m256i *)from);
}

/* The upper two bits of a byte and the lower six. */
static __m256i join(__m256i upper, __m256i lower)
{
	upper = _mm256_slli_epi16(_mm256_and_si256(upper, _mm256_set1_epi8(3)), 6);
	return _mm256_or_si256(upper, lower);
}

static __m256i upper_bits(__m256i bytes)
{
	return _mm256_and_si256(_mm256_srli_epi16(bytes, 6), _mm256_set1_epi8(3));
}

static __m256i lower_bits(__m256i bytes)
{
	return _mm256_and_si256(bytes, _mm256_set1_epi8(63));
}

static void encode(uint32_t words[128], const uint8_t weight[256], const uint8_t label[256],
        const uint8_t time_calibration[256], const uint8_t amplitude_calibration[256])
{
	for (size_t c = 0; c < 256; c += 32) {
		const __m256i first = columns_to_words(
		        join(load(time_calibration + c), permute_weights(load(weight + c))));
		const __m256i second = columns_to_words(
		        join(load(amplitude_calibration + c), lower_bits(load(label + c))));
		/* a quad's two words stand side by side; c columns are c / 8 quads of each parity */
		_mm256_storeu_si256((__m256i *)(words + c / 4), _mm256_unpacklo_epi32(first, second));
		_mm256_storeu_si256((__m256i *)(words + 64 + c / 4),
		        _mm256_unpackhi_epi32(first, second));
	}
}

static void decode(uint8_t weight[256], uint8_t label[256], uint8_t time_calibration[256],
        uint8_t amplitude_calibration[256], const uint32_t words[128])
{
	for (size_t c = 0; c < 256; c += 32) {
		const __m256i even = _mm256_shuffle_epi32(load(words + c / 4), 0xd8);
		const __m256i odd = _mm256_shuffle_epi32(load(words + 64 + c / 4), 0xd8);
		const __m256i first = words_to_columns(_mm256_unpacklo_epi64(even, odd));
		const __m256i second = words_to_columns(_mm256_unpackhi_epi64(even, odd));
		_mm256_storeu_si256((__m256i *)(weight + c), permute_weights(lower_bits(first)));
		_mm256_storeu_si256((__m256i *)(time_calibration + c), upper_bits(first));
		_mm256_storeu_si256((__m256i *)(label + c), lower_bits(second));
		_mm256_storeu_si256((__m256i *)(amplitude_calibration + c), upper_bits(second));
	}
}

static uint32_t bytes_above(const uint8_t *values, uint32_t count, uint8_t max)
{
	const __m256i limit = _mm256_set1_epi8((char)max);
	uint32_t i = 0;
	for (; i + 32 <= count; i += 32) {
		const __m256i block = load(values + i);
		const __m256i fits = _mm256_cmpeq_epi8(_mm256_max_epu8(block, limit), limit);
		const uint32_t above = ~(uint32_t)_mm256_movemask_epi8(fits);
		if (above)
			return i + (uint32_t)__builtin_ctz(above);
	}
	while (i < count && values[i] <= max)
		i++;
	return i;
}

const struct haldls__synapse_kernel haldls__synapse_kernel_avx2 = { "avx2", encode, decode,
	bytes_above };

#else
typedef int synapse_rows_avx2_is_absent; /* no instruction set to compile for */
#endif

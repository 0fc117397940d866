// SPDX-License-Identifier: MIT
/* The two passes four words at a time, by AVX2: as decode_avx512.c, where it is explained, with
 * look-ups in place of the instructions that squeeze lanes together. It takes 0.5 to 0.8 of the
 * time of plain C, but for long reads, which are the same loop (bench/decode). */
#include "decode.h"

#include <immintrin.h>

enum { LANES = 4 };

/* What lies between the two passes. */
struct batch {
	/* of the message of each word, and of the word behind them */
	uint64_t places[HXCOMM__BATCH_WORDS + LANES];
	struct hxcomm__queue spikes, samples, others;
};

struct block {
	__m256i message, arrival; /* as in a queue */
	__m256i time;
	__m256i kind; /* bit `code` */
};

static inline __m256i all(uint64_t value)
{
	return _mm256_set1_epi64x((long long)value);
}

static inline __m256i load(const void *at)
{
	return _mm256_loadu_si256(at);
}

static inline void store(void *at, __m256i values)
{
	_mm256_storeu_si256(at, values);
}

static inline __m256i of_kinds(const struct block *b, unsigned kinds)
{
	const __m256i zero = _mm256_setzero_si256();
	return _mm256_cmpgt_epi64(_mm256_and_si256(b->kind, all(kinds)), zero);
}

/* Bit i: lane i, whose bits are all the same. */
static inline unsigned mask_of(__m256i lanes)
{
	return (unsigned)_mm256_movemask_pd(_mm256_castsi256_pd(lanes));
}

static inline __m256i choose(__m256i lanes, __m256i yes, __m256i no)
{
	return _mm256_blendv_epi8(no, yes, lanes);
}

/* Lane i becomes lane i - 1; lane 0 that of `first`. */
static inline __m256i behind_one(__m256i values, __m256i first)
{
	return _mm256_blend_epi32(_mm256_permute4x64_epi64(values, 0x90), first, 0x03);
}

/* Lane i becomes lane i - 2; lanes 0 and 1 those of `first`. */
static inline __m256i behind_two(__m256i values, __m256i first)
{
	return _mm256_permute2x128_si256(values, first, 0x02);
}

static inline __m256i last_lane(__m256i values)
{
	return _mm256_permute4x64_epi64(values, 0xff);
}

/* ---- words to messages ---------------------------------------------------------------------- */

/* Byte `place` of each word becomes the place in the next word. */
static inline __m256i next_places(__m256i words)
{
	const __m256i heads = _mm256_srli_epi16(words, 8);
	const __m256i longer = _mm256_or_si256(
	        _mm256_cmpeq_epi16(heads, _mm256_set1_epi16(HXCOMM_RESPONSE_MADC_3)),
	        _mm256_cmpeq_epi16(heads, _mm256_set1_epi16(HXCOMM_RESPONSE_SPIKE_3)));
	const __m256i comma = _mm256_srai_epi16(words, 15);
	const __m256i table = choose(longer, all(0x0604060206000607), all(0x0606060406020600));
	return choose(comma, all(0x0606060606060606), table);
}

/* The place of the message of each word; *place, in all lanes, is that of the first word, then that
 * of the first word behind. */
static inline __m256i find_places(__m256i words, __m256i *place)
{
	const __m256i identity = all(0x0706050403020100);
	const __m256i odd = _mm256_set_epi64x(0x0808080808080808, 0, 0x0808080808080808, 0);
	__m256i t = next_places(words);
	t = _mm256_shuffle_epi8(t, _mm256_or_si256(behind_one(t, identity), odd));
	t = _mm256_shuffle_epi8(t, _mm256_or_si256(behind_two(t, identity), odd));
	const __m256i begin = _mm256_or_si256(*place, all(0x8080808080808000));
	*place = _mm256_shuffle_epi8(last_lane(t), begin);
	return _mm256_shuffle_epi8(behind_one(t, identity), _mm256_or_si256(begin, odd));
}

/* For each set of lanes: those lanes in order, as halves for a permutation by 32 bits. */
#define LANE(i) 2 * (i), 2 * (i) + 1
static const uint32_t squeezed[16][8] = {
	{ 0 }, { LANE(0) }, { LANE(1) }, { LANE(0), LANE(1) }, { LANE(2) }, { LANE(0), LANE(2) },
	{ LANE(1), LANE(2) }, { LANE(0), LANE(1), LANE(2) }, { LANE(3) }, { LANE(0), LANE(3) },
	{ LANE(1), LANE(3) }, { LANE(0), LANE(1), LANE(3) }, { LANE(2), LANE(3) },
	{ LANE(0), LANE(2), LANE(3) }, { LANE(1), LANE(2), LANE(3) },
	{ LANE(0), LANE(1), LANE(2), LANE(3) },
};

/* For each set of lanes: the last of them up to each lane, and whether there is one. */
static const uint32_t last_of[16][8] = {
	{ 0 }, { LANE(0), LANE(0), LANE(0), LANE(0) }, { LANE(0), LANE(1), LANE(1), LANE(1) },
	{ LANE(0), LANE(1), LANE(1), LANE(1) }, { LANE(0), LANE(0), LANE(2), LANE(2) },
	{ LANE(0), LANE(0), LANE(2), LANE(2) }, { LANE(0), LANE(1), LANE(2), LANE(2) },
	{ LANE(0), LANE(1), LANE(2), LANE(2) }, { LANE(0), LANE(0), LANE(0), LANE(3) },
	{ LANE(0), LANE(0), LANE(0), LANE(3) }, { LANE(0), LANE(1), LANE(1), LANE(3) },
	{ LANE(0), LANE(1), LANE(1), LANE(3) }, { LANE(0), LANE(0), LANE(2), LANE(3) },
	{ LANE(0), LANE(0), LANE(2), LANE(3) }, { LANE(0), LANE(1), LANE(2), LANE(3) },
	{ LANE(0), LANE(1), LANE(2), LANE(3) },
};

/* Each message counts one, a sysdelta more; behind a systime the count goes on from there.
 * *before, in all lanes, is the time before the block, then that behind it. */
static inline void find_times(struct block *b, __m256i valid, __m256i *before)
{
	const __m256i zero = _mm256_setzero_si256();
	const __m256i delta = of_kinds(b, 1 << HXCOMM_RESPONSE_SYSDELTA);
	const __m256i absolute = of_kinds(b, 1 << HXCOMM_RESPONSE_SYSTIME);
	__m256i sum = _mm256_sub_epi64(_mm256_and_si256(delta,
	        _mm256_and_si256(b->message, all(0xff))), valid);
	sum = _mm256_add_epi64(sum, behind_one(sum, zero));
	sum = _mm256_add_epi64(sum, behind_two(sum, zero));
	/* systimes up to each lane, as a scan of its own: any there is comes before none */
	__m256i known = _mm256_or_si256(absolute, behind_one(absolute, zero));
	known = _mm256_or_si256(known, behind_two(known, zero));
	const __m256i base = choose(known, _mm256_permutevar8x32_epi32(
	        _mm256_sub_epi64(b->message, sum), load(last_of[mask_of(absolute)])), *before);
	b->time = _mm256_and_si256(_mm256_add_epi64(base, sum), all(HXCOMM__TIME_MASK));
	*before = last_lane(b->time);
}

static inline size_t put(struct hxcomm__queue *queue, size_t at, __m256i which,
        const struct block *b)
{
	const unsigned mask = mask_of(which);
	const __m256i order = load(squeezed[mask]);
	store(queue->message + at, _mm256_permutevar8x32_epi32(b->message, order));
	store(queue->arrival + at, _mm256_permutevar8x32_epi32(b->arrival, order));
	return at + (size_t)_mm_popcnt_u32(mask);
}

static inline void take_omnibus(struct hxcomm_omnibus_responses *out, const struct block *b)
{
	const unsigned mask = mask_of(of_kinds(b, 1 << HXCOMM_RESPONSE_OMNIBUS));
	const __m256i order = load(squeezed[mask]);
	const __m256i message = _mm256_permutevar8x32_epi32(b->message, order);
	const __m128i values = _mm256_castsi256_si128(_mm256_permutevar8x32_epi32(message,
	        _mm256_set_epi32(0, 0, 0, 0, 6, 4, 2, 0)));
	_mm_storeu_si128((__m128i *)(void *)(out->value + out->count), values);
	store(out->time + out->count, _mm256_permutevar8x32_epi32(b->time, order));
	out->count += (size_t)_mm_popcnt_u32(mask);
}

/* ---- queues to tables ----------------------------------------------------------------------- */

/* A pack: the times of its up to three events into the tables, of four whatever there is of them.
 * Returns their labels, 16 bits each, the first lowest. */
static inline uint64_t take_pack(uint64_t *chip_time, uint64_t *fpga_time, uint64_t message,
        uint64_t arrival, uint64_t events)
{
	/* the first event to bits 55:32, the second to 31:8; the third is 7:0 and the top of the
	 * arrival */
	static const uint8_t shifts[4] = { 0, 32, 8, 0 };
	const uint64_t word = message << shifts[events & 3];
	const __m256i twice = all(2 * (arrival & HXCOMM__TIME_MASK) + 1);
	const __m256i stamps = _mm256_srlv_epi64(all(word), _mm256_set_epi64x(0, 0, 24, 48));
	const __m256i age = _mm256_and_si256(_mm256_sub_epi64(twice, stamps), all(0xff));
	store(chip_time, _mm256_and_si256(_mm256_sub_epi64(twice, age),
	        all(HXCOMM__CHIP_TIME_MASK)));
	store(fpga_time, _mm256_srli_epi64(twice, 1));
	return (word >> 32 & 0xffff) | (word >> 8 & 0xffff) << 16 | arrival >> 48 << 32;
}

static void take_spikes(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	struct hxcomm_spike_responses spikes = out->spikes;
	uint64_t packs = 0;
	for (size_t i = 0; i < queue->count; i++) {
		const uint64_t events = (queue->message[i] >> 56) - HXCOMM_RESPONSE_SPIKE_1 + 1;
		const uint64_t labels = take_pack(spikes.chip_time + spikes.count,
		        spikes.fpga_time + spikes.count, queue->message[i], queue->arrival[i],
		        events);
		_mm_storel_epi64((__m128i *)(void *)(spikes.label + spikes.count),
		        _mm_cvtsi64_si128((long long)labels));
		spikes.count += events;
		packs += UINT64_C(1) << 16 * events;
	}
	hxcomm__add_packs(out->spike_packs, packs);
	out->spikes = spikes;
}

static void take_samples(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	struct hxcomm_madc_responses madc = out->madc;
	uint64_t packs = 0;
	for (size_t i = 0; i < queue->count; i++) {
		const uint64_t events = (queue->message[i] >> 56) - HXCOMM_RESPONSE_MADC_1 + 1;
		const uint64_t labels = take_pack(madc.chip_time + madc.count,
		        madc.fpga_time + madc.count, queue->message[i], queue->arrival[i], events);
		_mm_storel_epi64((__m128i *)(void *)(madc.value + madc.count),
		        _mm_cvtsi64_si128((long long)(labels & 0x03ff03ff03ff)));
		madc.channel[madc.count] = labels >> 10 & 1;
		madc.channel[madc.count + 1] = labels >> 26 & 1;
		madc.channel[madc.count + 2] = labels >> 42 & 1;
		madc.count += events;
		packs += UINT64_C(1) << 16 * events;
	}
	hxcomm__add_packs(out->madc_packs, packs);
	out->madc = madc;
}

static size_t take_others(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	return hxcomm__take_others(out, queue);
}

/* ---- both passes ---------------------------------------------------------------------------- */

/* A loop of its own: joined to the next one it is a chain longer than a processor looks ahead. */
static void find_all_places(uint64_t *places, const uint64_t *words, size_t count, size_t first)
{
	__m256i place = all(first);
	for (size_t i = 0; i < count; i += LANES)
		store(places + i, find_places(load(words + i), &place));
	store(places + count, place);
}

/* Messages of `count` words into queues and the table of omnibus data, up to the first block with
 * an undefined code. Returns the number of words. */
static size_t find_messages(struct batch *batch, struct hxcomm_omnibus_responses *out,
        const uint64_t *words, size_t count, uint64_t *time)
{
	struct hxcomm_omnibus_responses omnibus = *out; /* a local copy that no store can alias */
	__m256i before = all(*time);
	size_t spikes = 0, samples = 0, others = 0, i = 0;
	for (; i < count; i += LANES) {
		const __m256i here = load(words + i), next = load(words + i + 1);
		const __m256i places = load(batch->places + i);
		const __m256i left = _mm256_sub_epi64(all(48), _mm256_slli_epi64(places, 3));
		const __m256i behind = _mm256_sllv_epi64(next, left);
		const __m256i begins = _mm256_cmpeq_epi64(_mm256_and_si256(places, all(1)),
		        _mm256_setzero_si256());
		struct block b;
		b.message = _mm256_or_si256(_mm256_sllv_epi64(here, left),
		        _mm256_srlv_epi64(next, _mm256_sub_epi64(all(64), left)));
		b.kind = _mm256_and_si256(begins,
		        _mm256_sllv_epi64(all(1), _mm256_srli_epi64(b.message, 56)));
		const __m256i valid = of_kinds(&b, HXCOMM__ANY);
		/* lanes with a message, with a comma, without a begin; an undefined code is none */
		if ((mask_of(valid) | mask_of(b.message) | (mask_of(begins) ^ 0xf)) != 0xf)
			break;
		find_times(&b, valid, &before);
		b.arrival = _mm256_or_si256(b.time,
		        _mm256_and_si256(behind, all(UINT64_C(0xffff) << 48)));
		take_omnibus(&omnibus, &b);
		spikes = put(&batch->spikes, spikes, of_kinds(&b, HXCOMM__SPIKES), &b);
		samples = put(&batch->samples, samples, of_kinds(&b, HXCOMM__SAMPLES), &b);
		others = put(&batch->others, others, of_kinds(&b, HXCOMM__OTHERS), &b);
	}
	batch->spikes.count = spikes;
	batch->samples.count = samples;
	batch->others.count = others;
	*out = omnibus;
	*time = (uint64_t)_mm256_extract_epi64(before, 0);
	return i;
}

#include "decode_blocks.h"

const struct hxcomm__decode_kernel hxcomm__decode_kernel_avx2 = { "avx2", blocks };

// SPDX-License-Identifier: MIT
/* Eight words at a time, by AVX-512.
 *
 * Messages have 8 or 10 bytes and a comma leads to the next word, so that a word holds the begin of
 * one message at most, at one of four places. Each word is made into a table: for each place where
 * a message may begin in it, where the next one begins in the next word. To follow the messages is
 * then one shift a word; all else is done for eight words at once, without a branch on the kind. */
#include "decode.h"

#include <hxcomm/words.h>

#include <immintrin.h>
#include <stdbool.h>

enum { LANES = 8 };

/* Places, as the shift that brings a table's entry to the bottom: 48, 32, 16, 0 for bytes 0, 2, 4, 6
 * of a word; NOWHERE where the word is the inside of one message. Its entry lies in the upper bits
 * of that for byte 6, and is always byte 0. */
enum { FIRST = 48, NOWHERE = 10 };

struct block {
	__m512i message, low; /* 8 bytes from the begin of a message on, and the 2 behind them */
	__m512i time;
	__m512i code;
	__mmask8 valid;
};

static inline __m512i by_place(int byte0, int byte2, int byte4, int byte6)
{
	const long long entries = (long long)byte0 << 48 | (long long)byte2 << 32 |
	        (long long)byte4 << 16 | byte6 | FIRST << NOWHERE;
	return _mm512_set1_epi64(entries);
}

/* Place of the message of each word; *place is that of the first, then that of the next block. */
static inline __m512i find_places(__m512i words, uint64_t *place)
{
	const __m512i heads = _mm512_srli_epi16(words, 8);
	const __mmask32 longer =
	        _mm512_cmpeq_epi16_mask(heads, _mm512_set1_epi16(HXCOMM_RESPONSE_MADC_3)) |
	        _mm512_cmpeq_epi16_mask(heads, _mm512_set1_epi16(HXCOMM_RESPONSE_SPIKE_3));
	const __mmask32 comma = _mm512_movepi16_mask(words);
	if (!(longer | comma) && *place != NOWHERE)
		return _mm512_set1_epi64((long long)*place);
	__m512i table = _mm512_mask_mov_epi16(by_place(48, 32, 16, 0), longer,
	        by_place(32, 16, 0, NOWHERE));
	table = _mm512_mask_mov_epi16(table, comma, by_place(FIRST, FIRST, FIRST, FIRST));
	uint64_t tables[LANES];
	_mm512_storeu_si512(tables, table);
	/* a byte each, in one register: a vector load would have to wait for eight stores */
	uint64_t at = *place, places = 0;
	for (int i = 0; i < LANES; i++) {
		places |= at << 8 * i;
		at = tables[i] >> at & 63;
	}
	*place = at;
	return _mm512_cvtepu8_epi64(_mm_cvtsi64_si128((long long)places));
}

/* The messages of eight words; `words` has nine. */
static inline struct block align(const uint64_t *words, uint64_t *place)
{
	const __m512i here = _mm512_loadu_si512(words), next = _mm512_loadu_si512(words + 1);
	const __m512i places = find_places(here, place);
	const __m512i left = _mm512_sub_epi64(_mm512_set1_epi64(FIRST), places);
	const __m512i right = _mm512_sub_epi64(_mm512_set1_epi64(64), left);
	struct block b;
	b.message = _mm512_or_si512(_mm512_sllv_epi64(here, left), _mm512_srlv_epi64(next, right));
	b.low = _mm512_srli_epi64(_mm512_sllv_epi64(next, left), 48);
	b.code = _mm512_srli_epi64(b.message, 56);
	b.valid = _mm512_cmpneq_epi64_mask(places, _mm512_set1_epi64(NOWHERE)) &
	        _mm512_cmplt_epu64_mask(b.code, _mm512_set1_epi64(0x80));
	return b;
}

static inline __mmask8 of_kind(const struct block *b, enum hxcomm_response code)
{
	return _mm512_mask_cmpeq_epi64_mask(b->valid, b->code, _mm512_set1_epi64(code));
}

/* Each message counts one, a sysdelta more; behind a systime the count goes on from there.
 * `before` is the time before the block, in all lanes. */
static inline __m512i find_times(const struct block *b, __m512i before)
{
	const __m512i zero = _mm512_setzero_si512();
	const __mmask8 delta = of_kind(b, HXCOMM_RESPONSE_SYSDELTA);
	const __mmask8 absolute = of_kind(b, HXCOMM_RESPONSE_SYSTIME);
	__m512i sum = _mm512_maskz_set1_epi64(b->valid, 1);
	sum = _mm512_mask_add_epi64(sum, delta, sum,
	        _mm512_and_si512(b->message, _mm512_set1_epi64(0xff)));
	sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 7));
	sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 6));
	sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 4));
	__m512i base = before;
	if (absolute) {
		const __m512i origins = _mm512_maskz_compress_epi64(absolute,
		        _mm512_sub_epi64(b->message, sum));
		/* systimes up to each lane, less one: -1 takes `before` */
		const __m512i up_to = _mm512_set_epi64(255, 127, 63, 31, 15, 7, 3, 1);
		const __m512i seen = _mm512_popcnt_epi64(
		        _mm512_and_si512(up_to, _mm512_set1_epi64(absolute)));
		base = _mm512_permutex2var_epi64(origins,
		        _mm512_sub_epi64(seen, _mm512_set1_epi64(1)), before);
	}
	return _mm512_and_si512(_mm512_add_epi64(base, sum),
	        _mm512_set1_epi64((INT64_C(1) << 43) - 1));
}

static inline size_t ones(__mmask8 mask)
{
	return (size_t)_mm_popcnt_u32(mask);
}

static inline void put_64(uint64_t *at, __mmask8 which, __m512i values)
{
	_mm512_storeu_si512(at, _mm512_maskz_compress_epi64(which, values));
}

static inline void put_32(uint32_t *at, __mmask8 which, __m512i values)
{
	_mm256_storeu_si256((__m256i *)(void *)at,
	        _mm512_cvtepi64_epi32(_mm512_maskz_compress_epi64(which, values)));
}

static inline void put_8(uint8_t *at, __mmask8 which, __m512i values)
{
	_mm_storel_epi64((__m128i *)(void *)at,
	        _mm512_cvtepi64_epi8(_mm512_maskz_compress_epi64(which, values)));
}

static inline void take_omnibus(struct hxcomm_responses *out, const struct block *b, __mmask8 which)
{
	const size_t at = out->omnibus.count;
	if (which == 0xff) { /* long reads have nothing else: nothing to squeeze together */
		_mm256_storeu_si256((__m256i *)(void *)(out->omnibus.value + at),
		        _mm512_cvtepi64_epi32(b->message));
		_mm512_storeu_si512(out->omnibus.time + at, b->time);
	} else {
		put_32(out->omnibus.value + at, which, b->message);
		put_64(out->omnibus.time + at, which, b->time);
	}
	out->omnibus.count += ones(which);
}

/* JTAG data, ticks, notifications; returns the number of halts. */
static inline size_t take_others(struct hxcomm_responses *out, const struct block *b)
{
	const __mmask8 jtag = of_kind(b, HXCOMM_RESPONSE_JTAG);
	put_64(out->jtag.value + out->jtag.count, jtag,
	        _mm512_and_si512(b->message, _mm512_set1_epi64(0x1ffffffff)));
	put_64(out->jtag.time + out->jtag.count, jtag, b->time);
	out->jtag.count += ones(jtag);

	const __mmask8 loopback = of_kind(b, HXCOMM_RESPONSE_LOOPBACK);
	const __mmask8 tick = _mm512_mask_test_epi64_mask(loopback, b->message,
	        _mm512_set1_epi64(1));
	put_8(out->loopback.tick + out->loopback.count, tick, _mm512_set1_epi64(1));
	put_64(out->loopback.time + out->loopback.count, tick, b->time);
	out->loopback.count += ones(tick);

	const __mmask8 link = of_kind(b, HXCOMM_RESPONSE_LINK);
	put_8(out->links.value + out->links.count, link, b->message);
	put_64(out->links.time + out->links.count, link, b->time);
	out->links.count += ones(link);

	const __mmask8 timeout = of_kind(b, HXCOMM_RESPONSE_TIMEOUT);
	struct hxcomm_timeout_responses *timeouts = &out->timeouts;
	put_32(timeouts->instruction + timeouts->count, timeout, b->message);
	put_8(timeouts->stalls + timeouts->count, timeout,
	        _mm512_and_si512(_mm512_srli_epi64(b->message, 32), _mm512_set1_epi64(0x7f)));
	put_8(timeouts->reads_in_flight + timeouts->count, timeout,
	        _mm512_and_si512(_mm512_srli_epi64(b->message, 39), _mm512_set1_epi64(0x3f)));
	put_64(timeouts->time + timeouts->count, timeout, b->time);
	timeouts->count += ones(timeout);
	return ones(loopback) - ones(tick);
}

/* Up to 24 events of packs, in order: slot 3 i + k is event k of message i. */
struct events {
	__m512i pair;      /* the first two events of each message, 24 bits each, first lowest */
	__m512i third;     /* the third */
	uint32_t occupied; /* slots */
	bool single;       /* no message has more than one: they are in `pair` */
};

static inline struct events take_packs(uint64_t packs[3], const struct block *b,
        enum hxcomm_response single)
{
	const __mmask8 one = of_kind(b, single), two = of_kind(b, single + 1),
	               three = of_kind(b, single + 2);
	packs[0] += ones(one);
	packs[1] += ones(two);
	packs[2] += ones(three);
	const __m512i event = _mm512_set1_epi64(0xffffff);
	__m512i shift = _mm512_maskz_set1_epi64(two, 24);
	shift = _mm512_mask_set1_epi64(shift, three, 32);
	const __m512i first = _mm512_and_si512(_mm512_srlv_epi64(b->message, shift), event);
	const __m512i second = _mm512_and_si512(
	        _mm512_srlv_epi64(b->message, _mm512_maskz_set1_epi64(three, 8)), event);
	struct events e;
	e.single = !(two | three);
	if (e.single) {
		e.pair = _mm512_and_si512(b->message, event);
		e.third = _mm512_setzero_si512();
		e.occupied = one;
		return e;
	}
	e.pair = _mm512_or_si512(first, _mm512_slli_epi64(second, 24));
	e.third = _mm512_or_si512(_mm512_slli_epi64(b->message, 16), b->low);
	e.occupied = _pdep_u32(one | two | three, 0x249249) | _pdep_u32(two | three, 0x492492) |
	        _pdep_u32(three, 0x924924);
	return e;
}

/* Events and arrival of slots 8 group …, without the empty ones; returns their number. */
static inline size_t take_slots(__m512i *event, __m512i *time, const struct events *e,
        const struct block *b, int group)
{
	static const uint64_t message[3][LANES] = { { 0, 0, 0, 1, 1, 1, 2, 2 },
		{ 2, 3, 3, 3, 4, 4, 4, 5 }, { 5, 5, 6, 6, 6, 7, 7, 7 } };
	static const uint64_t source[3][LANES] = { { 0, 0, 8, 1, 1, 9, 2, 2 },
		{ 10, 3, 3, 11, 4, 4, 12, 5 }, { 5, 13, 6, 6, 14, 7, 7, 15 } };
	static const uint64_t shift[3][LANES] = { { 0, 24, 0, 0, 24, 0, 0, 24 },
		{ 0, 0, 24, 0, 0, 24, 0, 0 }, { 24, 0, 0, 24, 0, 0, 24, 0 } };
	const __mmask8 which = (__mmask8)(e->occupied >> (LANES * group));
	if (e->single) {
		*event = _mm512_maskz_compress_epi64(which, e->pair);
		*time = _mm512_maskz_compress_epi64(which, b->time);
		return ones(which);
	}
	const __m512i slots = _mm512_srlv_epi64(_mm512_permutex2var_epi64(e->pair,
	        _mm512_loadu_si512(source[group]), e->third), _mm512_loadu_si512(shift[group]));
	*event = _mm512_maskz_compress_epi64(which, slots);
	*time = _mm512_maskz_compress_epi64(which,
	        _mm512_permutexvar_epi64(_mm512_loadu_si512(message[group]), b->time));
	return ones(which);
}

static inline __m512i chip_times(__m512i time, __m512i event)
{
	const __m512i stamp = _mm512_and_si512(_mm512_srli_epi64(event, 16),
	        _mm512_set1_epi64(0xff));
	const __m512i twice = _mm512_slli_epi64(time, 1);
	const __m512i ticks = _mm512_or_si512(
	        _mm512_andnot_si512(_mm512_set1_epi64(0xff), twice), stamp);
	const __mmask8 later = _mm512_cmpgt_epu64_mask(ticks,
	        _mm512_or_si512(twice, _mm512_set1_epi64(1)));
	return _mm512_and_si512(
	        _mm512_mask_sub_epi64(ticks, later, ticks, _mm512_set1_epi64(256)),
	        _mm512_set1_epi64((INT64_C(1) << 44) - 1));
}

static inline void take_spikes(struct hxcomm_responses *out, const struct block *b)
{
	const struct events e = take_packs(out->spike_packs, b, HXCOMM_RESPONSE_SPIKE_1);
	for (int group = 0; group < (e.single ? 1 : 3); group++) {
		__m512i event, time;
		const size_t at = out->spikes.count;
		out->spikes.count += take_slots(&event, &time, &e, b, group);
		_mm_storeu_si128((__m128i *)(void *)(out->spikes.label + at),
		        _mm512_cvtepi64_epi16(event));
		_mm512_storeu_si512(out->spikes.chip_time + at, chip_times(time, event));
		_mm512_storeu_si512(out->spikes.fpga_time + at, time);
	}
}

static inline void take_samples(struct hxcomm_responses *out, const struct block *b)
{
	const struct events e = take_packs(out->madc_packs, b, HXCOMM_RESPONSE_MADC_1);
	for (int group = 0; group < (e.single ? 1 : 3); group++) {
		__m512i event, time;
		const size_t at = out->madc.count;
		out->madc.count += take_slots(&event, &time, &e, b, group);
		_mm_storeu_si128((__m128i *)(void *)(out->madc.value + at), _mm512_cvtepi64_epi16(
		        _mm512_and_si512(event, _mm512_set1_epi64(0x3ff))));
		_mm_storel_epi64((__m128i *)(void *)(out->madc.channel + at), _mm512_cvtepi64_epi8(
		        _mm512_and_si512(_mm512_srli_epi64(event, 10), _mm512_set1_epi64(1))));
		_mm512_storeu_si512(out->madc.chip_time + at, chip_times(time, event));
		_mm512_storeu_si512(out->madc.fpga_time + at, time);
	}
}

static inline __mmask8 between(const struct block *b, int first, int last)
{
	return _mm512_mask_cmple_epu64_mask(b->valid,
	        _mm512_sub_epi64(b->code, _mm512_set1_epi64(first)),
	        _mm512_set1_epi64(last - first));
}

static void blocks(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
        struct hxcomm_responses *responses)
{
	struct hxcomm_responses out = *responses; /* a local copy that no store can alias */
	const size_t stop = walk->stop / 8, end = walk->end / 8;
	size_t word = walk->position / 8;
	uint64_t place = FIRST - walk->position % 8 * 8;
	__m512i before = _mm512_set1_epi64((long long)decoder->time);
	/* a message that begins in the last word of a block ends in the second one behind */
	while (word + LANES <= stop && word + LANES < end) {
		const uint64_t begin = place;
		struct block b = align(walk->words + word, &place);
		if (_mm512_mask_cmpge_epu64_mask(b.valid, b.code,
		            _mm512_set1_epi64(HXCOMM_RESPONSES))) {
			place = begin;
			break;
		}
		b.time = find_times(&b, before);
		before = _mm512_permutexvar_epi64(_mm512_set1_epi64(LANES - 1), b.time);
		const __mmask8 omnibus = of_kind(&b, HXCOMM_RESPONSE_OMNIBUS);
		take_omnibus(&out, &b, omnibus);
		if (between(&b, HXCOMM_RESPONSE_SPIKE_1, HXCOMM_RESPONSE_SPIKE_3))
			take_spikes(&out, &b);
		if (between(&b, HXCOMM_RESPONSE_MADC_1, HXCOMM_RESPONSE_MADC_3))
			take_samples(&out, &b);
		if (between(&b, HXCOMM_RESPONSE_JTAG, HXCOMM_RESPONSE_TIMEOUT) & ~omnibus)
			decoder->halts += take_others(&out, &b);
		word += LANES;
	}
	*responses = out;
	decoder->time = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(before));
	walk->position = place == NOWHERE ? 8 * word + 8 : 8 * word + (FIRST - place) / 8;
}

const struct hxcomm__decode_kernel hxcomm__decode_kernel_avx512 = { "avx512", blocks };

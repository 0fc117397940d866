// SPDX-License-Identifier: MIT
/* Eight words at a time, by AVX-512 with its byte instructions (VBMI, VBMI2).
 *
 * 1. Words to messages. Messages have 8 or 10 bytes and a comma leads to the next word, so that a
 *    word holds the begin of one message at most, at one of four places. Each word is made into a
 *    table: for each place where a message may begin in it, the place where the next one begins in
 *    the next word. Tables are composed as sums are, in three steps for eight words; what is left
 *    from block to block is one look-up. The time of all messages is a second such sum. Omnibus
 *    data goes into its table at once, all else into one of three queues.
 * 2. Queues to tables: eight packs of one to three events at a time, then the other kinds. */
#include "decode.h"

#include <immintrin.h>

enum { LANES = 8 };

/* What lies between the two passes. */
struct batch {
	/* of the message of each word, and of the word behind them */
	uint8_t places[HXCOMM__BATCH_WORDS + LANES];
	struct hxcomm__queue spikes, samples, others;
};

struct block {
	__m512i message, arrival; /* as in a queue */
	__m512i time;
	__m512i kind; /* bit `code` */
};

static inline __m512i all(uint64_t value)
{
	return _mm512_set1_epi64((long long)value);
}

static inline size_t ones(__mmask8 mask)
{
	return (size_t)_mm_popcnt_u32(mask);
}

static inline __mmask8 first_lanes(size_t count)
{
	return (__mmask8)(count < LANES ? (1u << count) - 1 : 0xff);
}

static inline __mmask8 of_kinds(const struct block *b, unsigned kinds)
{
	return _mm512_test_epi64_mask(b->kind, all(kinds));
}

/* ---- words to messages ---------------------------------------------------------------------- */

/* Byte `place` of each word becomes the place in the next word. */
static inline __m512i next_places(__m512i words)
{
	const __m512i heads = _mm512_srli_epi16(words, 8);
	const __mmask32 longer =
	        _mm512_cmpeq_epi16_mask(heads, _mm512_set1_epi16(HXCOMM_RESPONSE_MADC_3)) |
	        _mm512_cmpeq_epi16_mask(heads, _mm512_set1_epi16(HXCOMM_RESPONSE_SPIKE_3));
	const __mmask32 comma = _mm512_movepi16_mask(words);
	/* odd bytes are read for HXCOMM__NOWHERE only: the next word begins with a message */
	const __m512i same = all(0x0606060406020600), moved = all(0x0604060206000607);
	const __m512i table = _mm512_mask_mov_epi16(same, longer, moved);
	return _mm512_mask_mov_epi16(table, comma, all(0x0606060606060606));
}

/* The place of the message of each word; *place, in all lanes, is that of the first word, then that
 * of the first word behind. */
static inline __m512i find_places(__m512i words, __m512i *place)
{
	const __m512i identity = all(0x0706050403020100);
	/* bytes are looked up within two lanes */
	const __m512i odd = _mm512_set_epi64(0x0808080808080808, 0, 0x0808080808080808, 0,
	        0x0808080808080808, 0, 0x0808080808080808, 0);
	const __m512i only_byte = all(0x8080808080808000);
	__m512i t = next_places(words);
	t = _mm512_shuffle_epi8(t, _mm512_or_si512(_mm512_alignr_epi64(t, identity, 7), odd));
	t = _mm512_shuffle_epi8(t, _mm512_or_si512(_mm512_alignr_epi64(t, identity, 6), odd));
	t = _mm512_shuffle_epi8(t, _mm512_or_si512(_mm512_alignr_epi64(t, identity, 4), odd));
	const __m512i begin = _mm512_or_si512(*place, only_byte);
	const __m512i before = _mm512_alignr_epi64(t, identity, 7);
	*place = _mm512_shuffle_epi8(_mm512_permutexvar_epi64(all(LANES - 1), t), begin);
	return _mm512_shuffle_epi8(before, _mm512_or_si512(begin, odd));
}

/* Each message counts one, a sysdelta more; behind a systime the count goes on from there.
 * *before, in all lanes, is the time before the block, then that behind it. */
static inline void find_times(struct block *b, __mmask8 valid, __m512i *before)
{
	const __m512i zero = _mm512_setzero_si512();
	const __mmask8 delta = of_kinds(b, 1 << HXCOMM_RESPONSE_SYSDELTA);
	const __mmask8 absolute = of_kinds(b, 1 << HXCOMM_RESPONSE_SYSTIME);
	__m512i sum = _mm512_maskz_mov_epi64(valid, all(1));
	sum = _mm512_mask_add_epi64(sum, delta, sum, _mm512_and_si512(b->message, all(0xff)));
	sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 7));
	sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 6));
	sum = _mm512_add_epi64(sum, _mm512_alignr_epi64(sum, zero, 4));
	/* the last systime up to each lane, or lane 15, which is `before` */
	const __m512i up_to = _mm512_set_epi64(255, 127, 63, 31, 15, 7, 3, 1);
	const __m512i last = _mm512_sub_epi64(all(63),
	        _mm512_lzcnt_epi64(_mm512_and_si512(up_to, all(absolute))));
	const __m512i base = _mm512_permutex2var_epi64(_mm512_sub_epi64(b->message, sum), last,
	        *before);
	b->time = _mm512_and_si512(_mm512_add_epi64(base, sum), all(HXCOMM__TIME_MASK));
	*before = _mm512_permutexvar_epi64(all(LANES - 1), b->time);
}

static inline size_t put(struct hxcomm__queue *queue, size_t at, __mmask8 which,
        const struct block *b)
{
	_mm512_storeu_si512(queue->message + at, _mm512_maskz_compress_epi64(which, b->message));
	_mm512_storeu_si512(queue->arrival + at, _mm512_maskz_compress_epi64(which, b->arrival));
	return at + ones(which);
}

static inline void take_omnibus(struct hxcomm_omnibus_responses *out, const struct block *b)
{
	const __mmask8 which = of_kinds(b, 1 << HXCOMM_RESPONSE_OMNIBUS);
	const __m512i message = _mm512_maskz_compress_epi64(which, b->message);
	_mm256_storeu_si256((__m256i *)(void *)(out->value + out->count),
	        _mm512_cvtepi64_epi32(message));
	_mm512_storeu_si512(out->time + out->count, _mm512_maskz_compress_epi64(which, b->time));
	out->count += ones(which);
}

/* ---- queues to tables ----------------------------------------------------------------------- */

static inline __m512i bytes_of(const uint8_t pattern[64])
{
	return _mm512_loadu_si512(pattern);
}

/* Up to 24 events, in order. */
struct events {
	__m512i labels; /* 16 bits each */
	__m512i stamps; /* 8 bits each */
	__m512i owners; /* 8 bits each: which of the eight messages */
	size_t count;
};

#define BYTES_3(m, a, b, c) 8 * (m) + (a), 8 * (m) + (b), 8 * (m) + (c)
#define WORDS_3(m)                                                                                 \
	8 * (m) + 4, 8 * (m) + 5, 8 * (m) + 1, 8 * (m) + 2, 64 + 8 * (m) + 6, 64 + 8 * (m) + 7
#define OWNER_3(m) (m), (m), (m)

static const uint8_t owner_pattern[64] = { OWNER_3(0), OWNER_3(1), OWNER_3(2), OWNER_3(3),
	OWNER_3(4), OWNER_3(5), OWNER_3(6), OWNER_3(7) };
static const uint8_t stamp_pattern[64] = { BYTES_3(0, 6, 3, 0), BYTES_3(1, 6, 3, 0),
	BYTES_3(2, 6, 3, 0), BYTES_3(3, 6, 3, 0), BYTES_3(4, 6, 3, 0), BYTES_3(5, 6, 3, 0),
	BYTES_3(6, 6, 3, 0), BYTES_3(7, 6, 3, 0) };
static const uint8_t label_pattern[64] = { WORDS_3(0), WORDS_3(1), WORDS_3(2), WORDS_3(3),
	WORDS_3(4), WORDS_3(5), WORDS_3(6), WORDS_3(7) };

static inline struct events unpack(__m512i message, __m512i arrival, __mmask8 one_or_more,
        __mmask8 two_or_more, __mmask8 three)
{
	/* the first event to bytes 6:4, the second to bytes 3:1; the third is byte 0 and the top of
	 * the arrival */
	__m512i shift = _mm512_mask_mov_epi64(all(32), two_or_more, all(8));
	shift = _mm512_mask_mov_epi64(shift, three, _mm512_setzero_si512());
	const __m512i aligned = _mm512_sllv_epi64(message, shift);
	const uint32_t occupied = _pdep_u32(one_or_more, 0x249249) |
	        _pdep_u32(two_or_more, 0x492492) | _pdep_u32(three, 0x924924);
	struct events e;
	e.labels = _mm512_maskz_compress_epi16(occupied,
	        _mm512_permutex2var_epi8(aligned, bytes_of(label_pattern), arrival));
	e.stamps = _mm512_maskz_compress_epi8(occupied,
	        _mm512_permutexvar_epi8(bytes_of(stamp_pattern), aligned));
	e.owners = _mm512_maskz_compress_epi8(occupied, bytes_of(owner_pattern));
	e.count = (size_t)_mm_popcnt_u32(occupied);
	return e;
}

/* Times of eight events with the low bits `stamp`; `twice` is the arrival in ticks of 4 ns, the
 * last of its cycle. */
static inline void put_times(uint64_t *chip_time, uint64_t *fpga_time, __m512i twice, __m512i stamp)
{
	const __m512i age = _mm512_and_si512(_mm512_sub_epi64(twice, stamp), all(0xff));
	_mm512_storeu_si512(chip_time, _mm512_and_si512(_mm512_sub_epi64(twice, age),
	        all(HXCOMM__CHIP_TIME_MASK)));
	_mm512_storeu_si512(fpga_time, _mm512_srli_epi64(twice, 1));
}

/* Events 8 group … 8 group + 7. */
static inline void put_group(uint64_t *chip_time, uint64_t *fpga_time, const struct events *e,
        __m512i twice, unsigned group)
{
	const __m512i eight = _mm512_add_epi64(_mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0),
	        all(LANES * group));
	const __mmask64 lowest = UINT64_C(0x0101010101010101);
	put_times(chip_time + LANES * group, fpga_time + LANES * group,
	        _mm512_permutexvar_epi64(_mm512_maskz_permutexvar_epi8(lowest, eight, e->owners),
	                twice),
	        _mm512_maskz_permutexvar_epi8(lowest, eight, e->stamps));
}

/* Eight packs, less at the end of a queue: the times of their events into the tables, and what else
 * there is of them into *labels. Returns the number of events. */
static inline size_t take_packs(__m512i *labels, uint64_t *chip_time, uint64_t *fpga_time,
        uint64_t packs[3], const struct hxcomm__queue *queue, size_t at, unsigned single)
{
	const __mmask8 there = first_lanes(queue->count - at);
	const __m512i message = _mm512_loadu_si512(queue->message + at);
	const __m512i arrival = _mm512_loadu_si512(queue->arrival + at);
	const __m512i code = _mm512_srli_epi64(message, 56);
	const __mmask8 two_or_more = _mm512_mask_cmpneq_epi64_mask(there, code, all(single));
	const __mmask8 three = _mm512_mask_cmpeq_epi64_mask(there, code, all(single + 2));
	/* (arrival << 1 & 44 bits) | 1 */
	const __m512i twice = _mm512_ternarylogic_epi64(_mm512_slli_epi64(arrival, 1),
	        all(HXCOMM__CHIP_TIME_MASK), all(1), 0xea);
	packs[0] += ones(there ^ two_or_more);
	packs[1] += ones(two_or_more ^ three);
	packs[2] += ones(three);
	if (!two_or_more) { /* nothing to squeeze together */
		*labels = _mm512_castsi128_si512(_mm512_cvtepi64_epi16(message));
		put_times(chip_time, fpga_time, twice, _mm512_srli_epi64(message, 16));
		return ones(there);
	}
	const struct events e = unpack(message, arrival, there, two_or_more, three);
	*labels = e.labels;
	put_group(chip_time, fpga_time, &e, twice, 0);
	put_group(chip_time, fpga_time, &e, twice, 1);
	put_group(chip_time, fpga_time, &e, twice, 2);
	return e.count;
}

static void take_spikes(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	struct hxcomm_spike_responses spikes = out->spikes;
	for (size_t at = 0; at < queue->count; at += LANES) {
		__m512i labels;
		const size_t new = take_packs(&labels, spikes.chip_time + spikes.count,
		        spikes.fpga_time + spikes.count, out->spike_packs, queue, at,
		        HXCOMM_RESPONSE_SPIKE_1);
		_mm512_storeu_si512(spikes.label + spikes.count, labels);
		spikes.count += new;
	}
	out->spikes = spikes;
}

static void take_samples(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	struct hxcomm_madc_responses madc = out->madc;
	for (size_t at = 0; at < queue->count; at += LANES) {
		__m512i labels;
		const size_t new = take_packs(&labels, madc.chip_time + madc.count,
		        madc.fpga_time + madc.count, out->madc_packs, queue, at,
		        HXCOMM_RESPONSE_MADC_1);
		_mm512_storeu_si512(madc.value + madc.count,
		        _mm512_and_si512(labels, _mm512_set1_epi16(0x3ff)));
		_mm256_storeu_si256((__m256i *)(void *)(madc.channel + madc.count),
		        _mm512_cvtepi16_epi8(_mm512_and_si512(_mm512_srli_epi16(labels, 10),
		                _mm512_set1_epi16(1))));
		madc.count += new;
	}
	out->madc = madc;
}

static inline void put_64(uint64_t *at, __mmask8 which, __m512i values)
{
	_mm512_storeu_si512(at, _mm512_maskz_compress_epi64(which, values));
}

static inline void put_8(uint8_t *at, __mmask8 which, __m512i values)
{
	_mm_storel_epi64((__m128i *)(void *)at,
	        _mm512_cvtepi64_epi8(_mm512_maskz_compress_epi64(which, values)));
}

static void take_timeouts(struct hxcomm_timeout_responses *out, __mmask8 which, __m512i message,
        __m512i time)
{
	const size_t at = out->count;
	_mm256_storeu_si256((__m256i *)(void *)(out->instruction + at),
	        _mm512_cvtepi64_epi32(_mm512_maskz_compress_epi64(which, message)));
	put_8(out->stalls + at, which,
	        _mm512_and_si512(_mm512_srli_epi64(message, 32), all(0x7f)));
	put_8(out->reads_in_flight + at, which,
	        _mm512_and_si512(_mm512_srli_epi64(message, 39), all(0x3f)));
	put_64(out->time + at, which, time);
	out->count += ones(which);
}

/* JTAG data, ticks, notifications; returns the number of halts. */
static size_t take_others(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	size_t halts = 0;
	for (size_t at = 0; at < queue->count; at += LANES) {
		const __mmask8 there = first_lanes(queue->count - at);
		const __m512i message = _mm512_loadu_si512(queue->message + at);
		const __m512i time = _mm512_and_si512(_mm512_loadu_si512(queue->arrival + at),
		        all(HXCOMM__TIME_MASK));
		const __m512i code = _mm512_srli_epi64(message, 56);

		const __mmask8 jtag = _mm512_mask_testn_epi64_mask(there, code, code);
		put_64(out->jtag.value + out->jtag.count, jtag,
		        _mm512_and_si512(message, all(0x1ffffffff)));
		put_64(out->jtag.time + out->jtag.count, jtag, time);
		out->jtag.count += ones(jtag);

		const __mmask8 loopback = _mm512_mask_cmpeq_epi64_mask(there, code,
		        all(HXCOMM_RESPONSE_LOOPBACK));
		const __mmask8 tick = _mm512_mask_test_epi64_mask(loopback, message, all(1));
		_mm_storel_epi64((__m128i *)(void *)(out->loopback.tick + out->loopback.count),
		        _mm_set1_epi8(1));
		put_64(out->loopback.time + out->loopback.count, tick, time);
		out->loopback.count += ones(tick);
		halts += ones(loopback ^ tick);

		const __mmask8 link = _mm512_mask_cmpeq_epi64_mask(there, code,
		        all(HXCOMM_RESPONSE_LINK));
		put_8(out->links.value + out->links.count, link, message);
		put_64(out->links.time + out->links.count, link, time);
		out->links.count += ones(link);

		const __mmask8 timeout = there ^ jtag ^ loopback ^ link;
		if (timeout)
			take_timeouts(&out->timeouts, timeout, message, time);
	}
	return halts;
}

/* ---- both passes ---------------------------------------------------------------------------- */

/* A loop of its own: joined to the next one it is a chain longer than a processor looks ahead. */
static void find_all_places(uint8_t *places, const uint64_t *words, size_t count, size_t first)
{
	__m512i place = all(first);
	for (size_t i = 0; i < count; i += LANES)
		_mm_storel_epi64((__m128i *)(void *)(places + i), _mm512_cvtepi64_epi8(
		        find_places(_mm512_loadu_si512(words + i), &place)));
	places[count] = (uint8_t)_mm_cvtsi128_si32(_mm512_castsi512_si128(place));
}

/* Messages of `count` words into queues and the table of omnibus data, up to the first block with
 * an undefined code. Returns the number of words. */
static size_t find_messages(struct batch *batch, struct hxcomm_omnibus_responses *out,
        const uint64_t *words, size_t count, uint64_t *time)
{
	struct hxcomm_omnibus_responses omnibus = *out; /* a local copy that no store can alias */
	__m512i before = all(*time);
	size_t spikes = 0, samples = 0, others = 0, i = 0;
	for (; i < count; i += LANES) {
		const __m512i here = _mm512_loadu_si512(words + i);
		const __m512i next = _mm512_loadu_si512(words + i + 1);
		const __m512i places = _mm512_cvtepu8_epi64(
		        _mm_loadl_epi64((const __m128i *)(const void *)(batch->places + i)));
		const __m512i left = _mm512_sub_epi64(all(48), _mm512_slli_epi64(places, 3));
		const __mmask8 begins = _mm512_test_epi64_mask(all(1), places) ^ 0xff;
		struct block b;
		b.message = _mm512_shldv_epi64(here, next, left);
		b.kind = _mm512_maskz_sllv_epi64(begins, all(1), _mm512_srli_epi64(b.message, 56));
		const __mmask8 valid = of_kinds(&b, HXCOMM__ANY);
		if (begins & ~(valid | _mm512_movepi64_mask(b.message)))
			break;
		find_times(&b, valid, &before);
		/* time | (next << left & top 16 bits) */
		b.arrival = _mm512_ternarylogic_epi64(b.time, _mm512_sllv_epi64(next, left),
		        all(UINT64_C(0xffff) << 48), 0xf8);
		take_omnibus(&omnibus, &b);
		spikes = put(&batch->spikes, spikes, of_kinds(&b, HXCOMM__SPIKES), &b);
		samples = put(&batch->samples, samples, of_kinds(&b, HXCOMM__SAMPLES), &b);
		others = put(&batch->others, others, of_kinds(&b, HXCOMM__OTHERS), &b);
	}
	batch->spikes.count = spikes;
	batch->samples.count = samples;
	batch->others.count = others;
	*out = omnibus;
	*time = (uint64_t)_mm_cvtsi128_si64(_mm512_castsi512_si128(before));
	return i;
}

#include "decode_blocks.h"

const struct hxcomm__decode_kernel hxcomm__decode_kernel_avx512 = { "avx512", blocks };

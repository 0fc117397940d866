// SPDX-License-Identifier: MIT
/* The byte walker of spec/transport.md 1.6, straight into the tables, and the times of 2.7.
 *
 * A piece of the stream is taken in chunks, with room for all that a chunk may hold made before it,
 * so that nothing checks a capacity. Of each chunk a kernel takes what it can; the walk here, one
 * message after the other, takes the end of a piece and finds what is wrong. What is left of a
 * piece, at most two words, is kept and walked together with the next piece. */
#include <hxcomm/decoder.h>

#include <hxcomm/error.h>

#include "decode.h"
#include "responses.h"

#include <string.h>

/* 8 KiB of words: they and what they become stay in the cache */
enum { CHUNK_WORDS = 1024, JOINT_WORDS = 4 };

void hxcomm_decoder_init(struct hxcomm_decoder *decoder)
{
	memset(decoder, 0, sizeof(*decoder));
}

/* Ticks of 4 ns of an event that arrived at `time` with the low 8 bits `stamp`. */
static inline uint64_t chip_time(uint64_t time, uint64_t stamp)
{
	const uint64_t ticks = ((time & ~UINT64_C(0x7f)) << 1) | stamp;
	return (ticks > 2 * time + 1 ? ticks - 256 : ticks) & HXCOMM__CHIP_TIME_MASK;
}

static inline void add_spike(struct hxcomm_spike_responses *spikes, uint64_t event, uint64_t time)
{
	const size_t i = spikes->count++;
	spikes->label[i] = (uint16_t)event;
	spikes->chip_time[i] = chip_time(time, (event >> 16) & 0xff);
	spikes->fpga_time[i] = time;
}

static inline void add_sample(struct hxcomm_madc_responses *madc, uint64_t sample, uint64_t time)
{
	const size_t i = madc->count++;
	madc->value[i] = sample & 0x3ff;
	madc->channel[i] = (sample >> 10) & 1;
	madc->chip_time[i] = chip_time(time, (sample >> 16) & 0xff);
	madc->fpga_time[i] = time;
}

static inline void add_timeout(struct hxcomm_timeout_responses *timeouts, uint64_t word,
        uint64_t time)
{
	const size_t i = timeouts->count++;
	timeouts->instruction[i] = (uint32_t)word;
	timeouts->stalls[i] = (word >> 32) & 0x7f;
	timeouts->reads_in_flight[i] = (word >> 39) & 0x3f;
	timeouts->time[i] = time;
}

static inline uint64_t window(const uint64_t *words, size_t position)
{
	const unsigned shift = (unsigned)(position & 7) * 8;
	const uint64_t *at = words + (position >> 3);
	/* without a branch; where shift is 0 there may be no second word, and none is needed */
	return at[0] << shift | (at[shift != 0] >> 1) >> (63 - shift);
}

/* A message that arrived at `time`; `low` is what a pack of three has behind its first 8 bytes.
 * Returns the time behind it. */
static uint64_t take_message(struct hxcomm_responses *out, struct hxcomm_decoder *decoder,
        uint64_t word, uint64_t low, uint64_t time)
{
	switch (word >> 56) {
	case HXCOMM_RESPONSE_JTAG:
		out->jtag.value[out->jtag.count] = word & UINT64_C(0x1ffffffff);
		out->jtag.time[out->jtag.count++] = time;
		break;
	case HXCOMM_RESPONSE_OMNIBUS:
		out->omnibus.value[out->omnibus.count] = (uint32_t)word;
		out->omnibus.time[out->omnibus.count++] = time;
		break;
	case HXCOMM_RESPONSE_LOOPBACK:
		if (word & 1) {
			out->loopback.tick[out->loopback.count] = 1;
			out->loopback.time[out->loopback.count++] = time;
		} else {
			decoder->halts++;
		}
		break;
	case HXCOMM_RESPONSE_LINK:
		out->links.value[out->links.count] = (uint8_t)word;
		out->links.time[out->links.count++] = time;
		break;
	case HXCOMM_RESPONSE_TIMEOUT:
		add_timeout(&out->timeouts, word, time);
		break;
	case HXCOMM_RESPONSE_SYSTIME:
		return word & HXCOMM__TIME_MASK;
	case HXCOMM_RESPONSE_SYSDELTA:
		return (time + (word & 0xff)) & HXCOMM__TIME_MASK;
	case HXCOMM_RESPONSE_MADC_1:
		add_sample(&out->madc, word, time);
		out->madc_packs[0]++;
		break;
	case HXCOMM_RESPONSE_MADC_2:
		add_sample(&out->madc, word >> 24, time);
		add_sample(&out->madc, word, time);
		out->madc_packs[1]++;
		break;
	case HXCOMM_RESPONSE_MADC_3:
		add_sample(&out->madc, word >> 32, time);
		add_sample(&out->madc, word >> 8, time);
		add_sample(&out->madc, word << 16 | low, time);
		out->madc_packs[2]++;
		break;
	case HXCOMM_RESPONSE_SPIKE_1:
		add_spike(&out->spikes, word, time);
		out->spike_packs[0]++;
		break;
	case HXCOMM_RESPONSE_SPIKE_2:
		add_spike(&out->spikes, word >> 24, time);
		add_spike(&out->spikes, word, time);
		out->spike_packs[1]++;
		break;
	case HXCOMM_RESPONSE_SPIKE_3:
		add_spike(&out->spikes, word >> 32, time);
		add_spike(&out->spikes, word >> 8, time);
		add_spike(&out->spikes, word << 16 | low, time);
		out->spike_packs[2]++;
		break;
	}
	return time;
}

/* Returns the byte of an undefined code, or -1. The tables have room (see step). */
static int walk_messages(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
        struct hxcomm_responses *out)
{
	uint64_t time = decoder->time;
	size_t position = walk->position;
	const uint64_t *const words = walk->words;
	int undefined = -1;

	while (position < walk->stop && walk->end - position >= 8) {
		const uint64_t word = window(words, position);
		const unsigned code = (unsigned)(word >> 56);
		if (code >= HXCOMM_RESPONSES) {
			if (!(code & 0x80)) {
				undefined = (int)code;
				break;
			}
			position = (position | 7) + 1; /* comma: the rest of the word is filler */
			continue;
		}
		uint64_t low = 0;
		if (code == HXCOMM_RESPONSE_SPIKE_3 || code == HXCOMM_RESPONSE_MADC_3) {
			if (walk->end - position < 10)
				break;
			/* in one word: messages begin at even bytes, for all are 8 or 10 long */
			low = words[(position >> 3) + 1] << ((position & 7) * 8) >> 48;
			position += 2;
		}
		position += 8;
		time = take_message(out, decoder, word, low, (time + 1) & HXCOMM__TIME_MASK);
	}
	/* fewer than 8 bytes: a comma or an undefined code is seen already now */
	while (undefined < 0 && position < walk->stop) {
		const uint64_t rest = words[position >> 3] << ((position & 7) * 8);
		const unsigned code = (unsigned)(rest >> 56);
		if (code & 0x80)
			position = (position | 7) + 1;
		else if (code >= HXCOMM_RESPONSES)
			undefined = (int)code;
		else
			break;
	}
	decoder->time = time;
	walk->position = position;
	return undefined;
}

static int fail(struct hxcomm_decoder *decoder, int status)
{
	decoder->status = status;
	return status;
}

/* Walk the messages that begin before byte `stop`; `base` is the stream's index of words[0]. */
static int step(const struct hxcomm__decode_kernel *kernel, struct hxcomm__walk *walk, size_t stop,
        uint64_t base, struct hxcomm_decoder *decoder, struct hxcomm_responses *out)
{
	if (walk->position >= stop)
		return HXCOMM_OK;
	int status = hxcomm__responses_reserve(out, (stop - walk->position + 7) / 8);
	if (status != HXCOMM_OK)
		return fail(decoder, status);
	walk->stop = stop;
	int undefined = -1;
	const size_t begin = walk->position;
	if (kernel && kernel->blocks)
		kernel->blocks(walk, decoder, out);
	/* what is left of the chunk may begin the next one, where there is a next one */
	if (walk->position == begin || stop == walk->end)
		undefined = walk_messages(walk, decoder, out);
	status = hxcomm__responses_limit(out);
	if (status != HXCOMM_OK)
		return fail(decoder, status);
	if (undefined < 0)
		return HXCOMM_OK;
	return fail(decoder, hxcomm_error_set(HXCOMM_EPROTO,
	        "word %llu, byte %zu: 0x%02x is no message, 0 to 0x0c are: the stream is damaged, "
	        "close the connection and open a new one",
	        (unsigned long long)(base + walk->position / 8), walk->position % 8,
	        (unsigned)undefined));
}

/* Keep the words from the begin of the incomplete message on. */
static void keep(struct hxcomm_decoder *decoder, const struct hxcomm__walk *walk)
{
	const size_t first = walk->position / 8;
	const size_t count = walk->end / 8 - first;
	decoder->tail_count = (unsigned)count;
	decoder->offset = (unsigned)(walk->position % 8);
	memcpy(decoder->tail, walk->words + first, count * sizeof(*decoder->tail));
}

const struct hxcomm__decode_kernel hxcomm__decode_kernel_walk = { "walk", NULL };

size_t hxcomm__decode_kernels(const struct hxcomm__decode_kernel *out[HXCOMM__DECODE_KERNELS_MAX])
{
	size_t count = 0;
#if defined(__x86_64__)
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512cd") &&
	        __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512vbmi2") &&
	        __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt"))
		out[count++] = &hxcomm__decode_kernel_avx512;
	if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("popcnt"))
		out[count++] = &hxcomm__decode_kernel_avx2;
#endif
	out[count++] = &hxcomm__decode_kernel_portable;
	out[count++] = &hxcomm__decode_kernel_walk;
	return count;
}

int hxcomm_decode(struct hxcomm_decoder *decoder, const uint64_t *words, size_t count,
        struct hxcomm_responses *out)
{
	const struct hxcomm__decode_kernel *kernels[HXCOMM__DECODE_KERNELS_MAX];
	hxcomm__decode_kernels(kernels);
	return hxcomm__decode(kernels[0], decoder, words, count, out);
}

int hxcomm__decode(const struct hxcomm__decode_kernel *kernel, struct hxcomm_decoder *decoder,
        const uint64_t *words, size_t count, struct hxcomm_responses *out)
{
	if (decoder->status)
		return hxcomm_error_set(decoder->status,
		        "decoding has failed before: close the connection and open a new one");
	if (count == 0)
		return HXCOMM_OK;
	const uint64_t base = decoder->words;
	decoder->words += count;
	size_t position = 0;
	if (decoder->tail_count) {
		/* the message that was begun, and any other that begins in the same words */
		uint64_t joint[JOINT_WORDS] = { 0 };
		const size_t old = decoder->tail_count;
		const size_t new = count < JOINT_WORDS - old ? count : JOINT_WORDS - old;
		memcpy(joint, decoder->tail, old * sizeof(*joint));
		memcpy(joint + old, words, new * sizeof(*joint));
		struct hxcomm__walk walk = { joint, decoder->offset, 0, (old + new) * 8 };
		const int status = step(NULL, &walk, old * 8, base - old, decoder, out);
		if (status != HXCOMM_OK)
			return status;
		if (walk.position < old * 8) { /* still incomplete: all words are in `joint` */
			keep(decoder, &walk);
			return HXCOMM_OK;
		}
		decoder->tail_count = 0;
		position = walk.position - old * 8;
	}
	struct hxcomm__walk walk = { words, position, 0, count * 8 };
	for (size_t stop = 0; stop < count;) {
		stop = walk.position / 8 + CHUNK_WORDS;
		if (stop > count)
			stop = count;
		const int status = step(kernel, &walk, stop * 8, base, decoder, out);
		if (status != HXCOMM_OK)
			return status;
	}
	if (walk.position < walk.end)
		keep(decoder, &walk);
	return HXCOMM_OK;
}

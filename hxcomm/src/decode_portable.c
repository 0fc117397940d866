// SPDX-License-Identifier: MIT
/* The two passes in plain C. */
#include "decode.h"

#include <stdbool.h>

enum { COMMA = HXCOMM_RESPONSES, KINDS };
enum { OMNIBUS, SPIKES, SAMPLES, OTHERS, NOTHING, QUEUES };

/* Where a message of each kind waits. */
static const uint8_t queue_of[KINDS] = {
	[HXCOMM_RESPONSE_JTAG] = OTHERS, [HXCOMM_RESPONSE_OMNIBUS] = OMNIBUS,
	[HXCOMM_RESPONSE_LOOPBACK] = OTHERS, [HXCOMM_RESPONSE_LINK] = OTHERS,
	[HXCOMM_RESPONSE_TIMEOUT] = OTHERS, [HXCOMM_RESPONSE_SYSTIME] = NOTHING,
	[HXCOMM_RESPONSE_SYSDELTA] = NOTHING, [HXCOMM_RESPONSE_MADC_1] = SAMPLES,
	[HXCOMM_RESPONSE_MADC_2] = SAMPLES, [HXCOMM_RESPONSE_MADC_3] = SAMPLES,
	[HXCOMM_RESPONSE_SPIKE_1] = SPIKES, [HXCOMM_RESPONSE_SPIKE_2] = SPIKES,
	[HXCOMM_RESPONSE_SPIKE_3] = SPIKES, [COMMA] = NOTHING,
};

/* Messages that begin before byte `stop` into the queues, up to an undefined code. Messages lie at
 * even bytes; the word behind each is there. */
static size_t find_messages(struct hxcomm__queue queues[QUEUES], const uint64_t *words,
        size_t position, size_t stop, uint64_t *last)
{
	uint64_t time = *last;
	while (position < stop) {
		const uint64_t *at = words + (position >> 3);
		const unsigned shift = (unsigned)(position & 7) * 8;
		const uint64_t head = at[0] << shift, next = at[1];
		const unsigned code = (unsigned)(head >> 56);
		const bool comma = code & 0x80;
		if (code >= HXCOMM_RESPONSES && !comma)
			break;
		const size_t behind = position + 8 + 2 * (HXCOMM__LONGER >> (code & 31) & 1);
		position = comma ? (position | 7) + 1 : behind;
		const uint64_t word = head | next >> 1 >> (63 - shift);
		const unsigned queue = queue_of[comma ? COMMA : code];
		const uint64_t arrival = (time + !comma) & HXCOMM__TIME_MASK;
		const uint64_t delta = code == HXCOMM_RESPONSE_SYSDELTA ? word & 0xff : 0;
		time = (arrival + delta) & HXCOMM__TIME_MASK;
		time = code == HXCOMM_RESPONSE_SYSTIME ? word & HXCOMM__TIME_MASK : time;
		const size_t i = queues[queue].count++;
		queues[queue].message[i] = word;
		queues[queue].arrival[i] = arrival | next << shift >> 48 << 48;
	}
	*last = time;
	return position;
}

size_t hxcomm__take_omnibus_run(struct hxcomm_omnibus_responses *out, const uint64_t *words,
        size_t position, size_t stop, uint64_t *last)
{
	uint32_t *const value = out->value;
	uint64_t *const times = out->time, time = *last;
	const unsigned shift = (unsigned)(position & 7) * 8;
	const uint64_t *at = words + (position >> 3);
	size_t run = 0, count = out->count;
	for (; position + 8 * run < stop; run++) {
		const uint64_t word = at[run] << shift | at[run + 1] >> 1 >> (63 - shift);
		if (word >> 56 != HXCOMM_RESPONSE_OMNIBUS)
			break;
		value[count] = (uint32_t)word;
		times[count++] = (time + run + 1) & HXCOMM__TIME_MASK;
	}
	*last = (time + run) & HXCOMM__TIME_MASK;
	out->count = count;
	return position + 8 * run;
}

/* Times of an event that arrived in the cycle that ends with tick `twice` of 4 ns. */
static inline void put_time(uint64_t *chip_time, uint64_t *fpga_time, uint64_t twice,
        uint64_t stamp)
{
	*chip_time = (twice - ((twice - stamp) & 0xff)) & HXCOMM__CHIP_TIME_MASK;
	*fpga_time = twice >> 1;
}

/* Times of the up to three events of a pack, the first of them at the top; all three are written.
 * Returns the pack with the first event in bits 55:32, the second in 31:8, the third in 7:0 and the
 * top of the rest. */
static inline uint64_t put_times(uint64_t *chip_time, uint64_t *fpga_time, uint64_t message,
        uint64_t arrival, size_t events)
{
	static const uint8_t shifts[4] = { 0, 32, 8, 0 };
	const uint64_t word = message << shifts[events & 3];
	const uint64_t twice = 2 * (arrival & HXCOMM__TIME_MASK) + 1;
	put_time(chip_time, fpga_time, twice, word >> 48);
	put_time(chip_time + 1, fpga_time + 1, twice, word >> 24);
	put_time(chip_time + 2, fpga_time + 2, twice, word);
	return word;
}

void hxcomm__add_packs(uint64_t packs[3], uint64_t counters)
{
	for (unsigned i = 0; i < 3; i++)
		packs[i] += counters >> 16 * (i + 1) & 0xffff;
}

static void take_spikes(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	struct hxcomm_spike_responses spikes = out->spikes;
	uint64_t packs = 0;
	for (size_t i = 0; i < queue->count; i++) {
		const size_t events = (queue->message[i] >> 56) - HXCOMM_RESPONSE_SPIKE_1 + 1;
		uint16_t *label = spikes.label + spikes.count;
		const uint64_t word = put_times(spikes.chip_time + spikes.count,
		        spikes.fpga_time + spikes.count, queue->message[i], queue->arrival[i],
		        events);
		label[0] = (uint16_t)(word >> 32);
		label[1] = (uint16_t)(word >> 8);
		label[2] = (uint16_t)(queue->arrival[i] >> 48);
		spikes.count += events;
		packs += UINT64_C(1) << 16 * events;
	}
	hxcomm__add_packs(out->spike_packs, packs);
	out->spikes = spikes;
}

static inline void put_sample(uint16_t *value, uint8_t *channel, uint64_t sample)
{
	*value = sample & 0x3ff;
	*channel = sample >> 10 & 1;
}

static void take_samples(struct hxcomm_responses *out, const struct hxcomm__queue *queue)
{
	struct hxcomm_madc_responses madc = out->madc;
	uint64_t packs = 0;
	for (size_t i = 0; i < queue->count; i++) {
		const size_t events = (queue->message[i] >> 56) - HXCOMM_RESPONSE_MADC_1 + 1;
		uint16_t *value = madc.value + madc.count;
		uint8_t *channel = madc.channel + madc.count;
		const uint64_t word = put_times(madc.chip_time + madc.count,
		        madc.fpga_time + madc.count, queue->message[i], queue->arrival[i], events);
		put_sample(value, channel, word >> 32);
		put_sample(value + 1, channel + 1, word >> 8);
		put_sample(value + 2, channel + 2, queue->arrival[i] >> 48);
		madc.count += events;
		packs += UINT64_C(1) << 16 * events;
	}
	hxcomm__add_packs(out->madc_packs, packs);
	out->madc = madc;
}

static void take_omnibus(struct hxcomm_omnibus_responses *out, const struct hxcomm__queue *queue)
{
	uint32_t *value = out->value + out->count;
	uint64_t *time = out->time + out->count;
	for (size_t i = 0; i < queue->count; i++) {
		value[i] = (uint32_t)queue->message[i];
		time[i] = queue->arrival[i] & HXCOMM__TIME_MASK;
	}
	out->count += queue->count;
}

/* Written behind the end of each table, counted in one of them. */
size_t hxcomm__take_others(struct hxcomm_responses *responses, const struct hxcomm__queue *queue)
{
	if (queue->count == 0)
		return 0;
	struct hxcomm_responses out = *responses; /* a local copy that no store can alias */
	size_t halts = 0;
	for (size_t i = 0; i < queue->count; i++) {
		const uint64_t word = queue->message[i];
		const uint64_t time = queue->arrival[i] & HXCOMM__TIME_MASK;
		const unsigned code = (unsigned)(word >> 56);
		out.jtag.value[out.jtag.count] = word & UINT64_C(0x1ffffffff);
		out.jtag.time[out.jtag.count] = time;
		out.jtag.count += code == HXCOMM_RESPONSE_JTAG;
		out.loopback.tick[out.loopback.count] = 1;
		out.loopback.time[out.loopback.count] = time;
		out.loopback.count += code == HXCOMM_RESPONSE_LOOPBACK && word & 1;
		halts += code == HXCOMM_RESPONSE_LOOPBACK && !(word & 1);
		out.links.value[out.links.count] = (uint8_t)word;
		out.links.time[out.links.count] = time;
		out.links.count += code == HXCOMM_RESPONSE_LINK;
		out.timeouts.instruction[out.timeouts.count] = (uint32_t)word;
		out.timeouts.stalls[out.timeouts.count] = word >> 32 & 0x7f;
		out.timeouts.reads_in_flight[out.timeouts.count] = word >> 39 & 0x3f;
		out.timeouts.time[out.timeouts.count] = time;
		out.timeouts.count += code == HXCOMM_RESPONSE_TIMEOUT;
	}
	*responses = out;
	return halts;
}

static void blocks(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
        struct hxcomm_responses *out)
{
	struct hxcomm__queue queues[QUEUES];
	/* the word behind that of a message is read */
	const size_t end = walk->stop < walk->end ? walk->stop : walk->end - 8;
	size_t position = walk->position;
	do {
		position = hxcomm__take_omnibus_run(&out->omnibus, walk->words, position, end,
		        &decoder->time);
		const size_t batch = (position & ~(size_t)7) + 8 * HXCOMM__BATCH_WORDS;
		const size_t stop = batch < end ? batch : end;
		for (size_t q = 0; q < QUEUES; q++)
			queues[q].count = 0;
		walk->position = position;
		position = find_messages(queues, walk->words, position, stop, &decoder->time);
		take_omnibus(&out->omnibus, &queues[OMNIBUS]);
		take_spikes(out, &queues[SPIKES]);
		take_samples(out, &queues[SAMPLES]);
		decoder->halts += hxcomm__take_others(out, &queues[OTHERS]);
	} while (position != walk->position && position < end);
	walk->position = position;
}

const struct hxcomm__decode_kernel hxcomm__decode_kernel_portable = { "portable", blocks };

// SPDX-License-Identifier: MIT
/* Without a branch on the kinds, in plain C: a table says where each message leads and which queue
 * it goes to; then each queue is emptied into its tables. A branch on kinds that come at random is
 * guessed wrong half of the time, and costs as much as the rest of a message. */
#include "decode.h"

#include <hxcomm/words.h>

#include <stdbool.h>
#include <string.h>

enum { BATCH = 128, COMMA = HXCOMM_RESPONSES, KINDS };
enum { LONGER = 1 << HXCOMM_RESPONSE_MADC_3 | 1 << HXCOMM_RESPONSE_SPIKE_3 };

enum queue { OMNIBUS, SPIKES, SAMPLES, OTHERS, NOTHING, QUEUES };

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

/* Messages between the two passes. */
struct message {
	uint64_t word; /* its first 8 bytes */
	uint64_t rest; /* 63:48: the 2 bytes behind them, 42:0: time of arrival */
};

struct batch {
	size_t count[QUEUES];
	struct message messages[QUEUES][BATCH];
};

static const uint64_t time_mask = (UINT64_C(1) << 43) - 1;
static const uint64_t chip_time_mask = (UINT64_C(1) << 44) - 1;

/* Messages that begin before byte `stop` into the queues, up to an undefined code. Messages lie at
 * even bytes; the word behind each is there. */
static size_t find_messages(struct batch *batch, const uint64_t *words, size_t position,
        size_t stop, uint64_t *last)
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
		const size_t behind = position + 8 + 2 * (LONGER >> (code & 31) & 1);
		position = comma ? (position | 7) + 1 : behind;
		const uint64_t word = head | next >> 1 >> (63 - shift);
		const unsigned queue = queue_of[comma ? COMMA : code];
		const uint64_t arrival = (time + !comma) & time_mask;
		const uint64_t delta = code == HXCOMM_RESPONSE_SYSDELTA ? word & 0xff : 0;
		time = (arrival + delta) & time_mask;
		time = code == HXCOMM_RESPONSE_SYSTIME ? word & time_mask : time;
		batch->messages[queue][batch->count[queue]++] =
		        (struct message){ word, arrival | next << shift >> 48 << 48 };
	}
	*last = time;
	return position;
}

/* Omnibus data of a long read, where there is nothing else: straight into the table, three times as
 * fast as through the queue. Tried once a batch. */
static size_t take_omnibus_run(struct hxcomm_omnibus_responses *out, const uint64_t *words,
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
		times[count++] = (time + run + 1) & time_mask;
	}
	*last = (time + run) & time_mask;
	out->count = count;
	return position + 8 * run;
}

/* Times of an event that arrived in the cycle that ends with tick `twice` of 4 ns. */
static inline void put_time(uint64_t *chip_time, uint64_t *fpga_time, uint64_t twice,
        uint64_t stamp)
{
	*chip_time = (twice - ((twice - stamp) & 0xff)) & chip_time_mask;
	*fpga_time = twice >> 1;
}

/* Times of the up to three events of a pack, the first of them at the top; all three are written.
 * Returns the pack with the first event in bits 55:32, the second in 31:8, the third in 7:0 and the
 * top of the rest. */
static inline uint64_t put_times(uint64_t *chip_time, uint64_t *fpga_time, const struct message *m,
        size_t events)
{
	static const uint8_t shifts[4] = { 0, 32, 8, 0 };
	const uint64_t word = m->word << shifts[events & 3];
	const uint64_t twice = 2 * (m->rest & time_mask) + 1;
	put_time(chip_time, fpga_time, twice, word >> 48);
	put_time(chip_time + 1, fpga_time + 1, twice, word >> 24);
	put_time(chip_time + 2, fpga_time + 2, twice, word);
	return word;
}

/* Counters of packs of one, two, three, in fields of 16 bits. */
static void add_packs(uint64_t packs[3], uint64_t counters)
{
	for (unsigned i = 0; i < 3; i++)
		packs[i] += counters >> 16 * (i + 1) & 0xffff;
}

static void take_spikes(struct hxcomm_responses *out, const struct message *messages, size_t count)
{
	struct hxcomm_spike_responses spikes = out->spikes;
	uint64_t packs = 0;
	for (size_t i = 0; i < count; i++) {
		const size_t events = (messages[i].word >> 56) - HXCOMM_RESPONSE_SPIKE_1 + 1;
		uint16_t *label = spikes.label + spikes.count;
		const uint64_t word = put_times(spikes.chip_time + spikes.count,
		        spikes.fpga_time + spikes.count, &messages[i], events);
		label[0] = (uint16_t)(word >> 32);
		label[1] = (uint16_t)(word >> 8);
		label[2] = (uint16_t)(messages[i].rest >> 48);
		spikes.count += events;
		packs += UINT64_C(1) << 16 * events;
	}
	add_packs(out->spike_packs, packs);
	out->spikes = spikes;
}

static inline void put_sample(uint16_t *value, uint8_t *channel, uint64_t sample)
{
	*value = sample & 0x3ff;
	*channel = sample >> 10 & 1;
}

static void take_samples(struct hxcomm_responses *out, const struct message *messages, size_t count)
{
	struct hxcomm_madc_responses madc = out->madc;
	uint64_t packs = 0;
	for (size_t i = 0; i < count; i++) {
		const size_t events = (messages[i].word >> 56) - HXCOMM_RESPONSE_MADC_1 + 1;
		uint16_t *value = madc.value + madc.count;
		uint8_t *channel = madc.channel + madc.count;
		const uint64_t word = put_times(madc.chip_time + madc.count,
		        madc.fpga_time + madc.count, &messages[i], events);
		put_sample(value, channel, word >> 32);
		put_sample(value + 1, channel + 1, word >> 8);
		put_sample(value + 2, channel + 2, messages[i].rest >> 48);
		madc.count += events;
		packs += UINT64_C(1) << 16 * events;
	}
	add_packs(out->madc_packs, packs);
	out->madc = madc;
}

static void take_omnibus(struct hxcomm_omnibus_responses *out, const struct message *messages,
        size_t count)
{
	uint32_t *value = out->value + out->count;
	uint64_t *time = out->time + out->count;
	for (size_t i = 0; i < count; i++) {
		value[i] = (uint32_t)messages[i].word;
		time[i] = messages[i].rest & time_mask;
	}
	out->count += count;
}

/* JTAG data, ticks, notifications: written behind the end of each table, counted in one of them.
 * Returns the number of halts. */
static size_t take_others(struct hxcomm_responses *responses, const struct message *messages,
        size_t count)
{
	struct hxcomm_responses out = *responses;
	size_t halts = 0;
	for (size_t i = 0; i < count; i++) {
		const uint64_t word = messages[i].word, time = messages[i].rest & time_mask;
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

static void batches(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
        struct hxcomm_responses *out)
{
	const size_t stop = walk->stop < walk->end ? walk->stop : walk->end - 8;
	size_t begin = SIZE_MAX;
	while (walk->position != begin && walk->position < stop) {
		struct batch batch;
		memset(batch.count, 0, sizeof(batch.count));
		begin = walk->position;
		/* a word holds the begin of one message at most */
		size_t last = (begin & ~(size_t)7) + 8 * BATCH;
		if (last > stop)
			last = stop;
		walk->position = take_omnibus_run(&out->omnibus, walk->words, begin, last,
		        &decoder->time);
		walk->position = find_messages(&batch, walk->words, walk->position, last,
		        &decoder->time);
		take_omnibus(&out->omnibus, batch.messages[OMNIBUS], batch.count[OMNIBUS]);
		take_spikes(out, batch.messages[SPIKES], batch.count[SPIKES]);
		take_samples(out, batch.messages[SAMPLES], batch.count[SAMPLES]);
		decoder->halts += take_others(out, batch.messages[OTHERS], batch.count[OTHERS]);
	}
}

const struct hxcomm__decode_kernel hxcomm__decode_kernel_portable = { "portable", batches };

// SPDX-License-Identifier: MIT
/* "loopback:" is an FPGA whose chip is a mirror: events come back, registers hold what was written,
 * the JTAG register is the bypass. One instruction a cycle; waits move the clock on.
 *
 * Responses carry the time of this clock: what the receiving decoder will count (source:
 * spec/transport.md 2.7) is followed in `decoder_time`, and corrected before each response. */
#include "provider.h"

#include <hxcomm/encoder.h>
#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(cell) ((cell)->lost = true)
#include <uthash.h>

enum { DELIVER_WORDS = 4096, DEFAULT_TIMEOUT = 1250000 };

/* FPGA registers that mean something here (source: spec/transport.md 2.4) */
static const uint32_t poll_address_at = 0x88000006, poll_target_at = 0x88000007;
static const uint32_t poll_mask_at = 0x88000008, timeout_at = 0x88000009, timer_at = 0x8800000c;

struct cell {
	UT_hash_handle hh;
	uint32_t address, value;
	bool lost; /* could not be added */
};

struct loopback {
	struct cell *memory;
	uint64_t clock;       /* cycles since the connection was opened */
	uint64_t timer_begin; /* clock when the timer was 0 */
	uint64_t decoder_time;
	uint32_t write_address;
	uint8_t write_lanes;
	struct hxcomm_encoder encoder;
};

static int loopback_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	*state = NULL;
	const int status = hxcomm__provider_plain_open(uri, options);
	if (status != HXCOMM_OK)
		return status;
	struct loopback *loopback = calloc(1, sizeof(*loopback));
	if (!loopback)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a loopback");
	hxcomm_encoder_init(&loopback->encoder);
	*state = loopback;
	return HXCOMM_OK;
}

static void forget_memory(struct loopback *loopback)
{
	struct cell *cell, *next;
	HASH_ITER(hh, loopback->memory, cell, next)
	{
		HASH_DEL(loopback->memory, cell);
		free(cell);
	}
}

static void loopback_close(void *state)
{
	struct loopback *loopback = state;
	forget_memory(loopback);
	hxcomm_encoder_deinit(&loopback->encoder);
	free(loopback);
}

static const char *loopback_identifier(void *state)
{
	(void)state;
	return "loopback";
}

/* ---- memory --------------------------------------------------------------------------------- */

static uint32_t memory_read(const struct loopback *loopback, uint32_t address)
{
	if (address == timer_at)
		return (uint32_t)(loopback->clock - loopback->timer_begin);
	struct cell *cell;
	HASH_FIND(hh, loopback->memory, &address, sizeof(address), cell);
	return cell ? cell->value : 0;
}

static int memory_write(struct loopback *loopback, uint32_t value)
{
	uint32_t mask = 0;
	for (unsigned lane = 0; lane < 4; lane++)
		if (loopback->write_lanes >> lane & 1)
			mask |= UINT32_C(0xff) << 8 * lane;
	struct cell *cell;
	HASH_FIND(hh, loopback->memory, &loopback->write_address, sizeof(cell->address), cell);
	if (!cell) {
		cell = calloc(1, sizeof(*cell));
		if (!cell)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a register");
		cell->address = loopback->write_address;
		HASH_ADD(hh, loopback->memory, address, sizeof(cell->address), cell);
		if (cell->lost) {
			free(cell);
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a register");
		}
	}
	cell->value = (cell->value & ~mask) | (value & mask);
	return HXCOMM_OK;
}

/* ---- responses ------------------------------------------------------------------------------ */

/* Make the decoder's count one less than the clock, as far as a message can. */
static int annotate(struct loopback *loopback)
{
	struct hxcomm_encoder *encoder = &loopback->encoder;
	if (loopback->clock <= loopback->decoder_time + 1)
		return HXCOMM_OK;
	const uint64_t behind = loopback->clock - loopback->decoder_time - 2;
	loopback->decoder_time = loopback->clock - 1;
	if (behind < 256)
		return hxcomm_encoder_append(encoder, HXCOMM_RESPONSE_SYSDELTA, 0, behind);
	return hxcomm_encoder_append(encoder, HXCOMM_RESPONSE_SYSTIME, 0,
	        loopback->decoder_time & ((UINT64_C(1) << 43) - 1));
}

static int respond(
        struct loopback *loopback, enum hxcomm_response code, uint64_t high, uint64_t low)
{
	const int status = annotate(loopback);
	loopback->decoder_time++;
	return status != HXCOMM_OK ? status :
	                             hxcomm_encoder_append(&loopback->encoder, code, high, low);
}

/* The labels of a pack come back, all with the time stamp of now. */
static int reflect_spikes(struct loopback *loopback, uint64_t word, unsigned count)
{
	const uint64_t stamp = loopback->clock << 1 & 0xff;
	uint64_t high = 0, low = 0;
	for (unsigned i = 0; i < count; i++) {
		const uint64_t event = stamp << 16 | (word >> 16 * (count - 1 - i) & 0xffff);
		high = high << 24 | low >> 40;
		low = low << 24 | event;
	}
	return respond(loopback, (enum hxcomm_response)(HXCOMM_RESPONSE_SPIKE_1 + count - 1),
	        count == 3 ? high & 0xff : 0, low);
}

static int shift_jtag(struct loopback *loopback, uint64_t word)
{
	const unsigned bits = (unsigned)(word >> 40 & 0xff);
	const uint64_t mask = bits < 33 ? (UINT64_C(1) << bits) - 1 : UINT64_C(0x1ffffffff);
	if (!(word >> 48 & 1))
		return HXCOMM_OK;
	return respond(loopback, HXCOMM_RESPONSE_JTAG, 0, word << 1 & mask);
}

/* Nothing changes a register while the program waits: it is right at once or never. */
static int poll_block(struct loopback *loopback, bool wanted, size_t index)
{
	const uint32_t value = memory_read(loopback, memory_read(loopback, poll_address_at));
	const bool equal = (value & memory_read(loopback, poll_mask_at)) ==
	        memory_read(loopback, poll_target_at);
	if (equal == wanted)
		return HXCOMM_OK;
	const uint32_t limit = memory_read(loopback, timeout_at);
	loopback->clock += limit ? limit : DEFAULT_TIMEOUT;
	return respond(loopback, HXCOMM_RESPONSE_TIMEOUT, 0, (uint32_t)index);
}

static void wait_until(struct loopback *loopback, uint64_t timer)
{
	if (loopback->clock < loopback->timer_begin + timer)
		loopback->clock = loopback->timer_begin + timer;
}

static int execute(struct loopback *loopback, uint64_t word, size_t index)
{
	switch (hxcomm_word_instruction(word)) {
	case HXCOMM_JTAG_DATA:
		return shift_jtag(loopback, word);
	case HXCOMM_TIMER_SETUP:
		loopback->timer_begin = loopback->clock;
		return HXCOMM_OK;
	case HXCOMM_WAIT_UNTIL:
		wait_until(loopback, word & UINT32_MAX);
		return HXCOMM_OK;
	case HXCOMM_SYSTIME_INIT:
		loopback->decoder_time = loopback->clock;
		return hxcomm_encoder_append(&loopback->encoder, HXCOMM_RESPONSE_SYSTIME, 0,
		        loopback->clock & ((UINT64_C(1) << 43) - 1));
	case HXCOMM_POLLING_BLOCK:
		return poll_block(loopback, word & 1, index);
	case HXCOMM_LOOPBACK:
		return respond(loopback, HXCOMM_RESPONSE_LOOPBACK, 0, word & 1);
	case HXCOMM_OMNIBUS_ADDRESS:
		if (word >> 36 & 1)
			return respond(loopback, HXCOMM_RESPONSE_OMNIBUS, 0,
			        memory_read(loopback, (uint32_t)word));
		loopback->write_address = (uint32_t)word;
		loopback->write_lanes = word >> 32 & 0xf;
		return HXCOMM_OK;
	case HXCOMM_OMNIBUS_DATA:
		return memory_write(loopback, (uint32_t)word);
	case HXCOMM_SPIKE_PACK_1:
	case HXCOMM_SPIKE_PACK_2:
	case HXCOMM_SPIKE_PACK_3:
		return reflect_spikes(loopback, word,
		        hxcomm_word_instruction(word) - HXCOMM_SPIKE_PACK_1 + 1);
	default: /* the TAP, the reset line and the barriers: always idle */
		return HXCOMM_OK;
	}
}

static int deliver(struct loopback *loopback, struct hxcomm_job *job)
{
	size_t count;
	const uint64_t *words = hxcomm_encoder_words(&loopback->encoder, &count);
	const int status = count ? hxcomm_job_deliver(job, words, count) : hxcomm_job_check(job);
	hxcomm_encoder_clear(&loopback->encoder);
	return status;
}

/* `index` counts the instructions of the program. */
static int execute_all(struct loopback *loopback, struct hxcomm_job *job, size_t *index)
{
	const uint64_t *words;
	size_t count;
	int status = hxcomm_job_take(job, &words, &count);
	while (status == HXCOMM_OK && count > 0) {
		for (size_t i = 0; status == HXCOMM_OK && i < count; i++) {
			loopback->clock++;
			status = execute(loopback, words[i], (*index)++);
			if (status == HXCOMM_OK &&
			        (loopback->encoder.count >= DELIVER_WORDS ||
			                (i + 1) % DELIVER_WORDS == 0))
				status = deliver(loopback, job);
		}
		if (status == HXCOMM_OK)
			status = hxcomm_job_take(job, &words, &count);
	}
	return status;
}

static int loopback_run(void *state, struct hxcomm_job *job)
{
	struct loopback *loopback = state;
	size_t index = 0;
	loopback->decoder_time = 0;
	int status = execute_all(loopback, job, &index);
	loopback->clock++;
	if (status == HXCOMM_OK)
		status = execute(loopback, HXCOMM_WORD_HALT, index);
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_flush(&loopback->encoder);
	if (status == HXCOMM_OK)
		status = deliver(loopback, job);
	return status;
}

static int loopback_reset(void *state, double timeout_s)
{
	struct loopback *loopback = state;
	(void)timeout_s;
	forget_memory(loopback);
	hxcomm_encoder_deinit(&loopback->encoder);
	hxcomm_encoder_init(&loopback->encoder);
	loopback->clock = loopback->timer_begin = 0;
	return HXCOMM_OK;
}

const struct hxcomm_provider hxcomm__provider_loopback = {
	.abi = HXCOMM_PROVIDER_ABI,
	.size = sizeof(struct hxcomm_provider),
	.scheme = "loopback",
	.summary = "an FPGA whose chip is a mirror: for tests of software",
	.open = loopback_open,
	.run = loopback_run,
	.identifier = loopback_identifier,
	.close = loopback_close,
	.reset = loopback_reset,
};

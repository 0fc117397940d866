// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_DECODE_H
#define HXCOMM_SRC_DECODE_H

#include <hxcomm/decoder.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <stddef.h>
#include <stdint.h>

/* Part of a piece: messages that begin in [position, stop) and end at or before `end`, in bytes. */
struct hxcomm__walk {
	const uint64_t *words;
	size_t position, stop, end;
};

/* One way to walk. `blocks` decodes as much as it can of many messages at once and moves the
 * position; what it leaves, an undefined code among it, is for the walk one message after the
 * other. */
struct hxcomm__decode_kernel {
	const char *name;
	void (*blocks)(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
	        struct hxcomm_responses *out);
};

extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_walk; /* no blocks at all */
extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_portable;
extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_avx2;
extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_avx512;

enum { HXCOMM__DECODE_KERNELS_MAX = 4 };

/* The ways that this machine can go, the fastest first. */
size_t hxcomm__decode_kernels(const struct hxcomm__decode_kernel *out[HXCOMM__DECODE_KERNELS_MAX]);

/* As hxcomm_decode(), by one kernel. */
int hxcomm__decode(const struct hxcomm__decode_kernel *kernel, struct hxcomm_decoder *decoder,
        const uint64_t *words, size_t count, struct hxcomm_responses *out);

/* ---- what the kernels share ----------------------------------------------------------------- */

/* Kernels make two passes over each batch of words, neither with a branch on the kinds, which costs
 * more than all else where kinds come at random: words to messages, which wait in a queue for each
 * sort of tables, then queues to tables.
 *
 * A batch is short for the sake of memory: the stores of the second pass drain while the first one
 * computes the next batch. With 1024 words instead of 128 the passes wait for each other, and all
 * that is larger than the caches takes 1.3 to 1.6 times as long (bench/decode). */
enum { HXCOMM__BATCH_WORDS = 128, HXCOMM__LANES_MAX = 8 };

/* Messages between the passes. A word holds the begin of one message at most; vectors are stored
 * whole, up to 8 elements behind the last. */
struct hxcomm__queue {
	size_t count;
	uint64_t message[HXCOMM__BATCH_WORDS + HXCOMM__LANES_MAX]; /* its first 8 bytes */
	/* 63:48: the 2 bytes behind them, 42:0: time */
	uint64_t arrival[HXCOMM__BATCH_WORDS + HXCOMM__LANES_MAX];
};

/* Place of the begin of a message in a word: 6 less its byte, which is 0, 2, 4 or 6, counted from
 * the most significant one. So 8 bytes can say for each place in a word which one follows in the
 * next word; their odd ones stand for a word that is the inside of one message. */
enum { HXCOMM__FIRST = 6, HXCOMM__NOWHERE = 7 };

/* Kinds, as bit `code`. */
enum {
	HXCOMM__SPIKES = 7 << HXCOMM_RESPONSE_SPIKE_1,
	HXCOMM__SAMPLES = 7 << HXCOMM_RESPONSE_MADC_1,
	HXCOMM__OTHERS = 1 << HXCOMM_RESPONSE_JTAG | 1 << HXCOMM_RESPONSE_LOOPBACK |
	        1 << HXCOMM_RESPONSE_LINK | 1 << HXCOMM_RESPONSE_TIMEOUT,
	HXCOMM__ANY = (1 << HXCOMM_RESPONSES) - 1,
	HXCOMM__LONGER = 1 << HXCOMM_RESPONSE_MADC_3 | 1 << HXCOMM_RESPONSE_SPIKE_3,
};

#define HXCOMM__TIME_MASK ((UINT64_C(1) << 43) - 1)
#define HXCOMM__CHIP_TIME_MASK ((UINT64_C(1) << 44) - 1)

/* A long read, where there is nothing but omnibus data: from `position` up to the first other
 * message or to byte `stop`, straight into the table, three times as fast as through a queue. The
 * word behind is there. Moves *time; returns the position behind. */
size_t hxcomm__take_omnibus_run(struct hxcomm_omnibus_responses *out, const uint64_t *words,
        size_t position, size_t stop, uint64_t *time);

/* Add counters of packs of one, two, three, in bits 31:16, 47:32, 63:48, of one batch. */
void hxcomm__add_packs(uint64_t packs[3], uint64_t counters);

/* JTAG data, ticks and notifications of a queue into their tables. Returns the number of halts. */
size_t hxcomm__take_others(struct hxcomm_responses *out, const struct hxcomm__queue *queue);

#endif

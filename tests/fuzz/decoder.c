// SPDX-License-Identifier: MIT
/* Any bytes to the decoder, in two pieces: it says which code is undefined, or decodes; both
 * decoders agree on what is there. Then the same words again and again, to fill batches: all
 * kernels agree on each table. The first byte says where the cut is, the rest are words,
 * big-endian. */
#include <hxcomm/decoder.h>
#include <hxcomm/error.h>
#include <hxcomm/message.h>
#include <hxcomm/responses.h>

#include "decode.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { REPEATED_WORDS = 700 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool truth)
{
	if (!truth)
		abort();
}

static void *memory(size_t bytes)
{
	void *block = malloc(bytes ? bytes : 1);
	need(block);
	return block;
}

/* Messages that the general reader finds; *status is how it ended. */
static size_t count_messages(const uint64_t *words, size_t count, int *status)
{
	struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, words, count, 0 };
	struct hxcomm_message message;
	size_t messages = 0;
	while ((*status = hxcomm_message_read(&message, &reader)) == 1) {
		messages++;
		need(reader.position <= 8 * count);
	}
	return messages;
}

/* Messages in the tables. The time messages leave no trace: they are counted by the caller. */
static size_t count_decoded(const struct hxcomm_responses *r, const struct hxcomm_decoder *decoder)
{
	size_t packs = 0;
	for (size_t i = 0; i < 3; i++)
		packs += r->spike_packs[i] + r->madc_packs[i];
	return r->omnibus.count + r->jtag.count + r->loopback.count + r->links.count +
	        r->timeouts.count + packs + decoder->halts;
}

static size_t count_times(const uint64_t *words, size_t count)
{
	struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, words, count, 0 };
	struct hxcomm_message message;
	size_t times = 0;
	while (hxcomm_message_read(&message, &reader) == 1)
		times += message.kind->code == 5 || message.kind->code == 6;
	return times;
}

struct decoded {
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *out;
	int status;
};

/* Two blocks of their own size, so that a read behind the end of either is seen. */
static struct decoded decode(const struct hxcomm__decode_kernel *kernel, const uint64_t *words,
        size_t count, size_t cut)
{
	struct decoded d;
	uint64_t *first = memory(cut * sizeof(*first));
	uint64_t *second = memory((count - cut) * sizeof(*second));
	if (count) {
		memcpy(first, words, cut * sizeof(*first));
		memcpy(second, words + cut, (count - cut) * sizeof(*second));
	}
	need(hxcomm_responses_new(&d.out, 0) == HXCOMM_OK);
	hxcomm_decoder_init(&d.decoder);
	d.status = hxcomm__decode(kernel, &d.decoder, first, cut, d.out);
	if (d.status == HXCOMM_OK)
		d.status = hxcomm__decode(kernel, &d.decoder, second, count - cut, d.out);
	need(d.status == HXCOMM_OK || hxcomm_error_message()[0]);
	free(first);
	free(second);
	return d;
}

#define SAME(table, column)                                                                        \
	need(!a->table.count || !memcmp(a->table.column, b->table.column,                          \
	                                a->table.count * sizeof(*a->table.column)))

static void compare(const struct decoded *x, const struct decoded *y)
{
	const struct hxcomm_responses *a = x->out, *b = y->out;
	need(x->status == y->status && x->decoder.time == y->decoder.time &&
	        x->decoder.halts == y->decoder.halts &&
	        x->decoder.tail_count == y->decoder.tail_count &&
	        (!x->decoder.tail_count || x->decoder.offset == y->decoder.offset));
	need(a->omnibus.count == b->omnibus.count && a->jtag.count == b->jtag.count &&
	        a->loopback.count == b->loopback.count && a->spikes.count == b->spikes.count &&
	        a->madc.count == b->madc.count && a->links.count == b->links.count &&
	        a->timeouts.count == b->timeouts.count);
	need(!memcmp(a->spike_packs, b->spike_packs, sizeof(a->spike_packs)) &&
	        !memcmp(a->madc_packs, b->madc_packs, sizeof(a->madc_packs)));
	SAME(omnibus, value);
	SAME(omnibus, time);
	SAME(jtag, value);
	SAME(jtag, time);
	SAME(loopback, tick);
	SAME(loopback, time);
	SAME(spikes, label);
	SAME(spikes, chip_time);
	SAME(spikes, fpga_time);
	SAME(madc, value);
	SAME(madc, channel);
	SAME(madc, chip_time);
	SAME(madc, fpga_time);
	SAME(links, value);
	SAME(links, time);
	SAME(timeouts, instruction);
	SAME(timeouts, stalls);
	SAME(timeouts, reads_in_flight);
	SAME(timeouts, time);
}

static void compare_kernels(const uint64_t *words, size_t count, size_t cut)
{
	const struct hxcomm__decode_kernel *kernels[HXCOMM__DECODE_KERNELS_MAX];
	const size_t kernel_count = hxcomm__decode_kernels(kernels);
	struct decoded first = decode(kernels[0], words, count, cut);
	for (size_t k = 1; k < kernel_count; k++) {
		struct decoded other = decode(kernels[k], words, count, cut);
		compare(&first, &other);
		hxcomm_responses_free(other.out);
	}
	hxcomm_responses_free(first.out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct hxcomm__decode_kernel *kernels[HXCOMM__DECODE_KERNELS_MAX];
	const size_t count = size ? (size - 1) / 8 : 0;
	const size_t cut = count ? data[0] % (count + 1) : 0;
	const size_t repeats = count ? REPEATED_WORDS / count + 1 : 1;
	uint64_t *words = memory(repeats * count * sizeof(*words));
	for (size_t i = 0; i < count; i++) {
		words[i] = 0;
		for (size_t b = 0; b < 8; b++)
			words[i] = words[i] << 8 | data[1 + 8 * i + b];
	}
	for (size_t i = count; i < repeats * count; i++)
		words[i] = words[i - count];

	(void)hxcomm__decode_kernels(kernels);
	struct decoded d = decode(kernels[0], words, count, cut);
	int expected;
	const size_t messages = count_messages(words, count, &expected);
	need(d.status == expected &&
	        count_decoded(d.out, &d.decoder) + count_times(words, count) == messages);
	hxcomm_responses_free(d.out);
	compare_kernels(words, repeats * count, cut);
	free(words);
	return 0;
}

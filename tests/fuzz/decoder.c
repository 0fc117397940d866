// SPDX-License-Identifier: MIT
/* Any bytes to the decoder, in two pieces: it says which code is undefined, or decodes; both decoders agree
 * on what is there. The first byte says where the cut is, the rest are words, big-endian. */
#include <hxcomm/decoder.h>
#include <hxcomm/error.h>
#include <hxcomm/message.h>
#include <hxcomm/responses.h>

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Messages that the general reader finds; *status is how it ended. */
static size_t count_messages(const uint64_t *words, size_t count, int *status)
{
	struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, words, count, 0 };
	struct hxcomm_message message;
	size_t messages = 0;
	while ((*status = hxcomm_message_read(&message, &reader)) == 1) {
		messages++;
		if (reader.position > 8 * count)
			abort();
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *responses;
	const size_t count = size ? (size - 1) / 8 : 0;
	const size_t cut = count ? data[0] % (count + 1) : 0;
	/* two blocks of their own size, so that a read behind the end of either is seen */
	uint64_t *all = malloc((count + 1) * sizeof(*all));
	uint64_t *second = malloc((count - cut ? count - cut : 1) * sizeof(*second));
	if (!all || !second || hxcomm_responses_new(&responses, 0) != HXCOMM_OK)
		abort();
	for (size_t i = 0; i < count; i++) {
		all[i] = 0;
		for (size_t b = 0; b < 8; b++)
			all[i] = all[i] << 8 | data[1 + 8 * i + b];
		if (i >= cut)
			second[i - cut] = all[i];
	}
	hxcomm_decoder_init(&decoder);
	int status = hxcomm_decode(&decoder, all, cut, responses);
	if (status == HXCOMM_OK)
		status = hxcomm_decode(&decoder, second, count - cut, responses);
	int expected;
	const size_t messages = count_messages(all, count, &expected);
	if (status != expected || (status != HXCOMM_OK && !hxcomm_error_message()[0]) ||
	        count_decoded(responses, &decoder) + count_times(all, count) != messages)
		abort();
	hxcomm_responses_free(responses);
	free(all);
	free(second);
	return 0;
}

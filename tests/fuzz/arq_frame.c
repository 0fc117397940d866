// SPDX-License-Identifier: MIT
/* Any datagrams, as a host and as an FPGA get them: frames are refused or delivered within their
 * bounds, and the window stays a window. The input is a row of datagrams, each with its length in
 * front, and bytes that say who gets it and how much time passes. */
#include "arq_host.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { HEAD = 4 };

static void need(bool condition)
{
	if (!condition)
		abort();
}

static bool take_words(void *user, const uint64_t *words, size_t count)
{
	uint64_t *sum = user;
	need(count >= 1 && count <= ARQ_FRAME_WORDS);
	for (size_t i = 0; i < count; i++)
		*sum += words[i];
	return *sum % 5 != 0; /* refuse some */
}

static bool take_frame(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	(void)type;
	return take_words(user, words, count);
}

static void check_link(const struct arq_link *link)
{
	need(link->low < ARQ_SEQUENCES && link->fresh < ARQ_SEQUENCES &&
	        link->next < ARQ_SEQUENCES);
	need(link->base < ARQ_SEQUENCES && link->acks_due <= ARQ_REPEATS);
	need(hxcomm__arq_pending(link) <= ARQ_WINDOW && hxcomm__arq_room(link) <= ARQ_WINDOW);
	need(link->resends <= hxcomm__arq_pending(link));
	need(link->resend_after >= ARQ_RESEND_MIN_NS);
}

/* All that is due is sent; each datagram is a frame again. */
static void drain_link(struct arq_link *link, uint64_t now)
{
	const uint8_t *data;
	size_t size;
	struct arq_frame frame;
	for (int i = 0; hxcomm__arq_output(link, now, &data, &size); i++) {
		need(i < 4 * ARQ_WINDOW);
		need(hxcomm__arq_parse(&frame, data, size));
		need(frame.ack == (link->base + ARQ_SEQUENCES - 1) % ARQ_SEQUENCES);
	}
	check_link(link);
}

static void drain_host(struct arq_host *host, uint64_t now)
{
	const uint8_t *data;
	size_t size;
	bool reset;
	for (int i = 0; hxcomm__arq_host_output(host, now, &data, &size, &reset); i++)
		need(i < 4 * ARQ_WINDOW && size >= 4 && size <= ARQ_FRAME_BYTES &&
		        (!reset || size == 4));
	need(strlen(host->text) <= ARQ_TEXT_BYTES);
	check_link(&host->link);
	(void)hxcomm__arq_host_deadline(host);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arq_host *host = calloc(1, sizeof(*host));
	struct arq_link *fpga = calloc(1, sizeof(*fpga));
	uint64_t now = 0, sums[2] = { 0 };
	const uint64_t word = 1;
	need(host && fpga);
	hxcomm__arq_host_begin(host, now, ARQ_SEND_WINDOW, 0x12345678, take_words, &sums[0]);
	hxcomm__arq_begin(fpga, ARQ_WINDOW, take_frame, &sums[1], now);
	while (size >= HEAD) {
		const size_t claimed = (size_t)data[0] << 8 | data[1];
		const size_t length = claimed < size - HEAD ? claimed : size - HEAD;
		uint8_t *copy = malloc(length ? length : 1);
		need(copy != NULL);
		memcpy(copy, data + HEAD, length);
		now += (uint64_t)data[3] * data[3] * 10000;
		if (hxcomm__arq_room(fpga) && data[2] & 2)
			hxcomm__arq_append(fpga, ARQ_TYPE_WORDS, &word, 1);
		if (host->state == ARQ_HOST_UP && hxcomm__arq_room(&host->link) && data[2] & 4)
			hxcomm__arq_append(&host->link, ARQ_TYPE_WORDS, &word, 1);
		drain_host(host, now);
		drain_link(fpga, now);
		if (data[2] & 1)
			hxcomm__arq_host_input(host, now, copy, length);
		else
			hxcomm__arq_input(fpga, now, copy, length);
		drain_host(host, now);
		drain_link(fpga, now);
		free(copy);
		data += HEAD + length;
		size -= HEAD + length;
	}
	free(host);
	free(fpga);
	return 0;
}

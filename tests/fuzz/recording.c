// SPDX-License-Identifier: MIT
/* Any bytes as a recording: it is refused with a reason, or each run ends with a status and a
 * message. The input is the file behind two bytes that choose the programs; the checksums are made
 * right first, as chance would never get them so. */
#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "provider.h"
#include "record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RUNS = 4, WORDS = 8, MAGIC_BYTES = 8, HEAD_BYTES = 8 };

static struct {
	uint8_t *bytes;
	size_t size;
} input;

static void need(bool condition)
{
	if (!condition)
		abort();
}

static int open_input(
        void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	(void)uri, (void)options;
	FILE *file = fmemopen(input.bytes, input.size, "rb");
	need(file != NULL);
	return hxcomm__replay_open_file(state, file);
}

static struct hxcomm_provider provider;

/* The checksum of each piece, as far as there are pieces. */
static void correct_checksums(void)
{
	size_t at = MAGIC_BYTES;
	while (input.size >= HEAD_BYTES && at <= input.size - HEAD_BYTES) {
		uint8_t *head = input.bytes + at;
		const size_t size = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 |
		        (size_t)head[3] << 24;
		at += HEAD_BYTES;
		if (size > input.size - at)
			return;
		const uint32_t sum = (uint32_t)crc32(0, input.bytes + at, (uInt)size);
		for (int i = 0; i < 4; i++)
			head[4 + i] = (uint8_t)(sum >> 8 * i);
		at += size;
	}
}

static void replay(unsigned choice)
{
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	uint64_t words[WORDS];
	int status = hxcomm_open(&connection, "fuzz:", NULL);
	if (status != HXCOMM_OK) {
		need(hxcomm_error_message()[0] != '\0' && !connection);
		return;
	}
	need(hxcomm_responses_new(&responses, 1000) == HXCOMM_OK);
	for (unsigned run = 0; run < RUNS && status == HXCOMM_OK; run++) {
		const size_t count = choice >> 2 * run & 3;
		for (size_t i = 0; i < count; i++)
			words[i] = hxcomm_word_spike_pack_1((uint16_t)(choice >> 8));
		status = hxcomm_run(connection, words, count, responses);
		need(status == HXCOMM_OK || hxcomm_error_message()[0]);
		need(strlen(hxcomm_identifier(connection)) < 512);
	}
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (!provider.scheme) {
		provider = hxcomm__provider_replay;
		provider.scheme = "fuzz";
		provider.open = open_input;
		need(hxcomm_provider_register(&provider) == HXCOMM_OK);
	}
	if (size < 3)
		return 0;
	input.size = size - 2;
	input.bytes = malloc(input.size);
	need(input.bytes != NULL);
	memcpy(input.bytes, data + 2, input.size);
	correct_checksums();
	replay((unsigned)data[0] | (unsigned)data[1] << 8);
	free(input.bytes);
	return 0;
}

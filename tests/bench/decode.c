// SPDX-License-Identifier: MIT
/* Speed of decoding, for each kind of response and for mixes, by each kernel of this machine: with
 * 65 MB of words, which come from memory as their tables go there, and with 2 MB, which stay in a
 * cache. Tables are used again from round to round. `bench_decode avx512 mix` measures one
 * kernel with the streams whose name has the second word.
 * What is measured against memcpy, and how: measure.h. */
#include <hxcomm/decoder.h>
#include <hxcomm/encoder.h>
#include <hxcomm/message.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "decode.h"
#include "measure.h"
#include "random.h"

static const struct stream {
	const char *name, *unit;
	unsigned kinds;   /* bit `code`: random ones of these */
	unsigned flushes; /* one of so many messages ends its word with a comma; 0: none */
	unsigned piece;   /* words at once; 0: all */
} streams[] = {
	{ "JTAG data", "messages", 1u << HXCOMM_RESPONSE_JTAG, 0, 0 },
	{ "omnibus data", "messages", 1u << HXCOMM_RESPONSE_OMNIBUS, 0, 0 },
	{ "ticks and halts", "messages", 1u << HXCOMM_RESPONSE_LOOPBACK, 0, 0 },
	{ "link notifications", "messages", 1u << HXCOMM_RESPONSE_LINK, 0, 0 },
	{ "timeout notifications", "messages", 1u << HXCOMM_RESPONSE_TIMEOUT, 0, 0 },
	{ "systimes", "messages", 1u << HXCOMM_RESPONSE_SYSTIME, 0, 0 },
	{ "sysdeltas", "messages", 1u << HXCOMM_RESPONSE_SYSDELTA, 0, 0 },
	{ "MADC pack 1", "samples", 1u << HXCOMM_RESPONSE_MADC_1, 0, 0 },
	{ "MADC pack 2", "samples", 1u << HXCOMM_RESPONSE_MADC_2, 0, 0 },
	{ "MADC pack 3", "samples", 1u << HXCOMM_RESPONSE_MADC_3, 0, 0 },
	{ "spike pack 1", "spikes", 1u << HXCOMM_RESPONSE_SPIKE_1, 0, 0 },
	{ "spike pack 2", "spikes", 1u << HXCOMM_RESPONSE_SPIKE_2, 0, 0 },
	{ "spike pack 3", "spikes", 1u << HXCOMM_RESPONSE_SPIKE_3, 0, 0 },
	{ "mix of MADC packs", "samples", 7u << HXCOMM_RESPONSE_MADC_1, 0, 0 },
	{ "mix of spike packs", "spikes", 7u << HXCOMM_RESPONSE_SPIKE_1, 0, 0 },
	{ "mix of spike packs and sysdeltas", "spikes",
	  7u << HXCOMM_RESPONSE_SPIKE_1 | 1u << HXCOMM_RESPONSE_SYSDELTA, 0, 0 },
	{ "mix of omnibus data and spike packs", "messages",
	  7u << HXCOMM_RESPONSE_SPIKE_1 | 1u << HXCOMM_RESPONSE_OMNIBUS, 0, 0 },
	{ "mix of all", "messages", 0x1fff, 0, 0 },
	{ "mix of all with commas", "messages", 0x1fff, 6, 0 },
	{ "omnibus data in frames of 180 words", "messages", 1u << HXCOMM_RESPONSE_OMNIBUS, 0, 180 },
	{ "spike pack 3 in frames of 180 words", "spikes", 1u << HXCOMM_RESPONSE_SPIKE_3, 0, 180 },
	{ "mix of all in frames of 180 words", "messages", 0x1fff, 0, 180 },
};

static const size_t sizes_words[] = { 8125000, 250000 };

static void make_stream(struct hxcomm_encoder *encoder, const struct stream *stream, size_t words)
{
	struct test_random random = { .seed = 1 };
	unsigned codes[HXCOMM_RESPONSES], count = 0;
	size_t kinds, have;
	for (unsigned code = 0; code < HXCOMM_RESPONSES; code++)
		if (stream->kinds >> code & 1)
			codes[count++] = code;
	hxcomm_encoder_init(encoder);
	do {
		const unsigned code = codes[test_random_below(&random, count)];
		const unsigned bits =
		        hxcomm_message_kinds(HXCOMM_FROM_FPGA, &kinds)[code].payload_bits;
		const uint64_t value = test_random_next(&random);
		need(hxcomm_encoder_append(encoder, (enum hxcomm_response)code,
		        bits > 64 ? value >> 32 & 0xff : 0,
		        bits < 64 ? value >> (64 - bits) : value));
		if (stream->flushes && test_random_below(&random, stream->flushes) == 0)
			need(hxcomm_encoder_flush(encoder));
		hxcomm_encoder_words(encoder, &have);
	} while (have < words);
}

static size_t count_items(const struct hxcomm_responses *r, const struct stream *stream,
        size_t messages)
{
	if (!strcmp(stream->unit, "spikes"))
		return r->spikes.count;
	return strcmp(stream->unit, "samples") ? messages : r->madc.count;
}

static size_t count_messages(const uint64_t *words, size_t count)
{
	struct hxcomm_message_reader reader = { HXCOMM_FROM_FPGA, words, count, 0 };
	struct hxcomm_message message;
	size_t messages = 0;
	while (hxcomm_message_read(&message, &reader) == 1)
		messages++;
	return messages;
}

static void decode(const struct hxcomm__decode_kernel *kernel, const uint64_t *words, size_t count,
        size_t piece, struct hxcomm_responses *out)
{
	struct hxcomm_decoder decoder;
	hxcomm_decoder_init(&decoder);
	for (size_t i = 0; i < count; i += piece)
		need(hxcomm__decode(kernel, &decoder, words + i,
		        count - i < piece ? count - i : piece, out));
}

static void bench(const struct stream *stream, const struct hxcomm__decode_kernel *kernel,
        const uint64_t *words, size_t count, size_t messages)
{
	char name[128], how[64];
	double took[ROUNDS];
	struct hxcomm_responses *responses;
	need(hxcomm_responses_new(&responses, 0));
	for (int round = -1; round < ROUNDS; round++) { /* -1: the tables grow */
		hxcomm_responses_clear(responses);
		const double begin = seconds();
		decode(kernel, words, count, stream->piece ? stream->piece : count, responses);
		took[round < 0 ? 0 : round] = seconds() - begin;
	}
	snprintf(name, sizeof(name), "decode %s, %.0f MB", stream->name, 8e-6 * (double)count);
	snprintf(how, sizeof(how), "\"kernel\":\"%s\",", kernel->name);
	print_rate(name, how, stream->unit, count_items(responses, stream, messages), count,
	        median(took, ROUNDS));
	hxcomm_responses_free(responses);
}

int main(int argc, char **argv)
{
	const struct hxcomm__decode_kernel *kernels[HXCOMM__DECODE_KERNELS_MAX];
	const size_t kernel_count = hxcomm__decode_kernels(kernels);
	for (size_t i = 0; i < sizeof(streams) / sizeof(*streams); i++) {
		struct hxcomm_encoder encoder;
		if (argc > 2 && !strstr(streams[i].name, argv[2]))
			continue;
		make_stream(&encoder, &streams[i], sizes_words[0]);
		for (size_t s = 0; s < sizeof(sizes_words) / sizeof(*sizes_words); s++) {
			size_t count;
			const uint64_t *words = hxcomm_encoder_words(&encoder, &count);
			count = sizes_words[s];
			const size_t messages = count_messages(words, count);
			for (size_t k = 0; k < kernel_count; k++)
				if (argc < 2 || !strcmp(argv[1], kernels[k]->name))
					bench(&streams[i], kernels[k], words, count, messages);
		}
		hxcomm_encoder_deinit(&encoder);
	}
	return 0;
}

// SPDX-License-Identifier: MIT
/* Any words to the emulated machine: it answers, or says that it is too much work; it never crashes. The
 * first byte chooses whether the links are up, the rest are instruction words, big-endian. */
#include <fpga.h>

#include <hxcomm/decoder.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sink {
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *responses;
};

static int decode(void *user, const uint64_t *words, size_t count)
{
	struct sink *sink = user;
	return hxcomm_decode(&sink->decoder, words, count, sink->responses);
}

/* The chip can be reached without the sequence of the bring-up: set what it leaves behind. */
static void raise_links(struct emulator_fpga *fpga)
{
	for (unsigned i = 0; i < EMULATOR_PLL_NEEDED; i++)
		fpga->chip->clocks.word[i] = 1;
	fpga->links.up = 0xff;
	fpga->registers.recording = 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct emulator_options options = { .serial = 1, .seed = 1, .noise = true,
		.work_limit = 10000 };
	enum { WORDS_MAX = 512 };
	uint64_t words[WORDS_MAX] = { 0 };
	struct emulator_fpga *fpga;
	struct sink sink;
	if (!size || emulator__fpga_new(&fpga, &options) != HXCOMM_OK)
		return 0;
	hxcomm_decoder_init(&sink.decoder);
	if (hxcomm_responses_new(&sink.responses, 0) != HXCOMM_OK)
		abort();
	if (data[0] & 1)
		raise_links(fpga);
	size_t count = (size - 1) / 8;
	if (count > WORDS_MAX)
		count = WORDS_MAX;
	for (size_t i = 0; i < 8 * count; i++)
		words[i / 8] = words[i / 8] << 8 | data[1 + i];
	const int status = emulator__fpga_run(fpga, words, count, decode, &sink);
	if (status != HXCOMM_OK && status != HXCOMM_ETIMEDOUT)
		abort(); /* what it sends must decode */
	if (status == HXCOMM_OK && sink.decoder.halts != 1)
		abort();
	hxcomm_responses_free(sink.responses);
	emulator__fpga_free(fpga);
	return 0;
}

// SPDX-License-Identifier: MIT
#include "memory.h"

#include "assert.h"

#include <hxcomm/connection.h>
#include <hxcomm/encoder.h>
#include <hxcomm/provider.h>
#include <hxcomm/words.h>

#include <stdio.h>

enum { CELLS = 1 << 19 };

static struct {
	uint32_t address[CELLS], value[CELLS];
	uint8_t used[CELLS];
	size_t count, runs, words;
} memory;

static char name[HXCOMM_URI_MAX + 1];

uint32_t *memory_word(uint32_t address)
{
	uint32_t at = (address * UINT32_C(2654435761)) >> 13;
	while (memory.used[at] && memory.address[at] != address)
		at = (at + 1) % CELLS;
	if (!memory.used[at]) {
		assert_true(++memory.count < CELLS);
		memory.used[at] = 1;
		memory.address[at] = address;
	}
	return &memory.value[at];
}

void memory_clear(void)
{
	memset(&memory, 0, sizeof(memory));
}

size_t memory_runs(void)
{
	return memory.runs;
}

size_t memory_words(void)
{
	return memory.words;
}

static int memory_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	(void)options;
	*state = &memory;
	memory_clear();
	(void)snprintf(name, sizeof(name), "%s", uri->rest[0] ? uri->rest : "emulator-0");
	return HXCOMM_OK;
}

static void write_word(uint32_t address, uint32_t value, uint32_t byte_enables)
{
	uint32_t mask = 0, *word = memory_word(address);
	for (unsigned lane = 0; lane < 4; lane++)
		mask |= byte_enables >> lane & 1 ? UINT32_C(255) << 8 * lane : 0;
	*word = (*word & ~mask) | (value & mask);
}

/* Programs are run at once: their words come in one piece. */
static int memory_run(void *state, struct hxcomm_job *job)
{
	struct hxcomm_encoder encoder;
	const uint64_t *words;
	uint64_t address = 0;
	size_t count, out_count;
	int status = hxcomm_job_take(job, &words, &count);
	(void)state;
	memory.runs++;
	memory.words = count;
	hxcomm_encoder_init(&encoder);
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++) {
		const enum hxcomm_instruction code = hxcomm_word_instruction(words[i]);
		if (code == HXCOMM_OMNIBUS_ADDRESS) {
			address = words[i];
			if (address >> 36 & 1)
				status = hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_OMNIBUS, 0,
				        *memory_word((uint32_t)address));
		} else if (code == HXCOMM_OMNIBUS_DATA) {
			write_word((uint32_t)address, (uint32_t)words[i], address >> 32 & 15);
		} else if (code == HXCOMM_LOOPBACK) {
			status = hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_LOOPBACK, 0, 1);
		}
	}
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_append(&encoder, HXCOMM_RESPONSE_LOOPBACK, 0, 0);
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_flush(&encoder);
	if (status == HXCOMM_OK) {
		const uint64_t *out = hxcomm_encoder_words(&encoder, &out_count);
		status = hxcomm_job_deliver(job, out, out_count);
	}
	hxcomm_encoder_deinit(&encoder);
	return status;
}

static const char *memory_identifier(void *state)
{
	(void)state;
	return name;
}

static void memory_close(void *state)
{
	(void)state;
}

int memory_register(void)
{
	static const struct hxcomm_provider provider = {
		.abi = HXCOMM_PROVIDER_ABI,
		.size = sizeof(provider),
		.scheme = "memory",
		.summary = "registers without a chip",
		.open = memory_open,
		.run = memory_run,
		.identifier = memory_identifier,
		.close = memory_close,
	};
	return hxcomm_provider_register(&provider);
}

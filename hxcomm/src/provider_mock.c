// SPDX-License-Identifier: MIT
/* "mock:" answers every read with 0 and knows nothing else (source: spec/transport.md 4.4). */
#include "provider.h"

#include <hxcomm/encoder.h>
#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <stdlib.h>

enum { DELIVER_WORDS = 4096 };

static int mock_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	*state = NULL;
	return hxcomm__provider_plain_open(uri, options);
}

static int deliver(struct hxcomm_encoder *encoder, struct hxcomm_job *job)
{
	size_t count;
	const uint64_t *words = hxcomm_encoder_words(encoder, &count);
	const int status = count ? hxcomm_job_deliver(job, words, count) : hxcomm_job_check(job);
	hxcomm_encoder_clear(encoder);
	return status;
}

static int answer(struct hxcomm_encoder *encoder, uint64_t word)
{
	switch (hxcomm_word_instruction(word)) {
	case HXCOMM_JTAG_DATA:
		return word >> 48 & 1 ? hxcomm_encoder_append(encoder, HXCOMM_RESPONSE_JTAG, 0, 0) :
		                        HXCOMM_OK;
	case HXCOMM_OMNIBUS_ADDRESS:
		return word >> 36 & 1
		        ? hxcomm_encoder_append(encoder, HXCOMM_RESPONSE_OMNIBUS, 0, 0)
		        : HXCOMM_OK;
	case HXCOMM_LOOPBACK:
		return hxcomm_encoder_append(encoder, HXCOMM_RESPONSE_LOOPBACK, 0, word & 1);
	default:
		return HXCOMM_OK;
	}
}

static int answer_all(struct hxcomm_encoder *encoder, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count;
	int status = hxcomm_job_take(job, &words, &count);
	while (status == HXCOMM_OK && count > 0) {
		for (size_t i = 0; status == HXCOMM_OK && i < count; i++) {
			status = answer(encoder, words[i]);
			if (status == HXCOMM_OK &&
			        (encoder->count >= DELIVER_WORDS || (i + 1) % DELIVER_WORDS == 0))
				status = deliver(encoder, job);
		}
		if (status == HXCOMM_OK)
			status = hxcomm_job_take(job, &words, &count);
	}
	return status;
}

static int mock_run(void *state, struct hxcomm_job *job)
{
	struct hxcomm_encoder encoder;
	(void)state;
	hxcomm_encoder_init(&encoder);
	int status = answer_all(&encoder, job);
	if (status == HXCOMM_OK)
		status = answer(&encoder, HXCOMM_WORD_HALT);
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_flush(&encoder);
	if (status == HXCOMM_OK)
		status = deliver(&encoder, job);
	hxcomm_encoder_deinit(&encoder);
	return status;
}

static int mock_reset(void *state, double timeout_s)
{
	(void)state, (void)timeout_s;
	return HXCOMM_OK; /* it remembers nothing */
}

static const char *mock_identifier(void *state)
{
	(void)state;
	return "mock";
}

static void mock_close(void *state)
{
	(void)state;
}

const struct hxcomm_provider hxcomm__provider_mock = {
	.abi = HXCOMM_PROVIDER_ABI,
	.size = sizeof(struct hxcomm_provider),
	.scheme = "mock",
	.summary = "answers every read with 0",
	.open = mock_open,
	.run = mock_run,
	.identifier = mock_identifier,
	.close = mock_close,
	.reset = mock_reset,
};

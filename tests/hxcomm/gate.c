// SPDX-License-Identifier: MIT
#include "gate.h"

#include "assert.h"

#include <hxcomm/provider.h>

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct gate gate;

static const uint64_t halt = UINT64_C(0x0200000000000000);

static int gate_open(
        void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	(void)options;
	*state = malloc(16);
	if (*state)
		snprintf(*state, 16, "%.15s", uri->rest);
	gate.open++;
	return *state ? HXCOMM_OK : HXCOMM_ENOMEM;
}

/* A tick comes back as it is, the word AT_GATE asks for what the chip was named to do. */
static int gate_word(const char *name, struct hxcomm_job *job, uint64_t word)
{
	if (word == hxcomm_word_loopback(true)) {
		const uint64_t tick = halt | 1;
		return hxcomm_job_deliver(job, &tick, 1);
	}
	if (word != AT_GATE)
		return HXCOMM_OK;
	if (!strcmp(name, "lost"))
		return hxcomm_error_set(HXCOMM_ELINK, "the cable is out");
	if (!strcmp(name, "noise")) {
		const uint64_t noise = UINT64_C(0x7f00000000000000);
		return hxcomm_job_deliver(job, &noise, 1);
	}
	gate.waiting++;
	int status = HXCOMM_OK;
	while (status == HXCOMM_OK && gate.closed) {
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
		status = hxcomm_job_check(job);
	}
	gate.waiting--;
	return status;
}

static int gate_run(void *state, struct hxcomm_job *job)
{
	const uint64_t *words;
	size_t count;
	int status;
	while ((status = hxcomm_job_take(job, &words, &count)) == HXCOMM_OK && count) {
		gate.taken += count;
		for (size_t i = 0; i < count && status == HXCOMM_OK; i++)
			status = gate_word(state, job, words[i]);
		if (status != HXCOMM_OK)
			return status;
	}
	return status != HXCOMM_OK ? status : hxcomm_job_deliver(job, &halt, 1);
}

static const char *gate_identifier(void *state)
{
	(void)state;
	return "gate-1";
}

static void gate_close(void *state)
{
	gate.open--;
	free(state);
}

static int gate_reset(void *state, double timeout_s)
{
	(void)state;
	assert_true(timeout_s > 0 && timeout_s <= 2);
	gate.resets++;
	return gate.reset_status ? hxcomm_error_set(gate.reset_status,
	        "no reset today") : HXCOMM_OK;
}

static const struct hxcomm_provider gate_provider = { HXCOMM_PROVIDER_ABI, sizeof(gate_provider),
	"gate", "waits", gate_open, gate_run, gate_identifier, gate_close, gate_reset };

int gate_register(void)
{
	return hxcomm_provider_register(&gate_provider);
}

/* ---- help ----------------------------------------------------------------------------------- */

struct hxcomm_responses *new_responses(void)
{
	struct hxcomm_responses *responses;
	assert_ok(hxcomm_responses_new(&responses, 0));
	return responses;
}

uint64_t *new_ticks(size_t count)
{
	uint64_t *words = malloc((count + 1) * sizeof(*words));
	assert_non_null(words);
	for (size_t i = 0; i < count; i++)
		words[i] = hxcomm_word_loopback(true);
	return words;
}

void wait_until_waiting(int count)
{
	for (int i = 0; i < 50000 && gate.waiting != count; i++)
		nanosleep(&(struct timespec){ 0, 200000 }, NULL);
	assert_int_equal(gate.waiting, count);
}

bool has_emulator(void)
{
	const struct hxcomm_provider *provider;
	return hxcomm_provider_find(&provider, "emulator") == HXCOMM_OK;
}

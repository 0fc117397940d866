// SPDX-License-Identifier: MIT
/* A connection is a provider's state behind the checks that every provider would need, and the
 * decoder behind it. */
#include <hxcomm/connection.h>

#include <hxcomm/error.h>
#include <hxcomm/options.h>
#include <hxcomm/uri.h>
#include <hxcomm/words.h>

#include "provider.h"
#include "responses.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { RUN_WORDS_MAX = 1 << 26, SERIAL_MAX = 999 };

static const struct hxcomm_open_options defaults = {
	.size = sizeof(struct hxcomm_open_options),
	.timeout_s = 10.0,
	.run_words = HXCOMM_PLAYBACK_WORDS,
};

struct hxcomm_connection {
	const struct hxcomm_provider *provider;
	void *state; /* the provider's */
	struct hxcomm_open_options options;
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *scratch; /* for runs whose responses nobody wants */
	bool broken;                      /* a run failed in the middle */
};

static int read_options(struct hxcomm_open_options *out, const struct hxcomm_open_options *in)
{
	struct hxcomm_open_options given;
	const int status =
	        hxcomm_options_read(&given, sizeof(given), in, "HXCOMM_OPEN_OPTIONS_INIT");
	if (status != HXCOMM_OK)
		return status;
	*out = defaults;
	if (given.timeout_s != 0)
		out->timeout_s = given.timeout_s;
	if (given.run_words)
		out->run_words = given.run_words;
	out->chip_serial = given.chip_serial;
	if (!(out->timeout_s >= 0.001 && out->timeout_s <= 3600))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "timeout_s is %g s, allowed are 0.001 s to 3600 s", out->timeout_s);
	if (out->run_words > RUN_WORDS_MAX || out->chip_serial > SERIAL_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "run_words is %u (at most %d), chip_serial is %u (at most %d)",
		        out->run_words, RUN_WORDS_MAX, out->chip_serial, SERIAL_MAX);
	return HXCOMM_OK;
}

int hxcomm_open(struct hxcomm_connection **out, const char *uri,
        const struct hxcomm_open_options *options)
{
	*out = NULL;
	if (!uri)
		uri = getenv("HXCOMM_CONNECTION");
	if (!uri || !*uri)
		uri = "emulator:";
	struct hxcomm_uri parsed;
	int status = hxcomm_uri_parse(&parsed, uri);
	if (status != HXCOMM_OK)
		return status;
	const struct hxcomm_provider *provider;
	status = hxcomm_provider_find(&provider, parsed.scheme);
	if (status != HXCOMM_OK)
		return status;

	struct hxcomm_connection *connection = calloc(1, sizeof(*connection));
	if (!connection)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a connection");
	connection->provider = provider;
	hxcomm_decoder_init(&connection->decoder);
	status = read_options(&connection->options, options);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&connection->scratch, 0);
	if (status == HXCOMM_OK)
		status = provider->open(&connection->state, &parsed, &connection->options);
	if (status != HXCOMM_OK) {
		hxcomm_responses_free(connection->scratch);
		free(connection);
		return hxcomm_error_wrap(status, "opening '%.200s'", uri);
	}
	*out = connection;
	return HXCOMM_OK;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static int keep_words(struct hxcomm_receiver *receiver, const uint64_t *words, size_t count)
{
	if (receiver->capacity - receiver->count < count) {
		size_t capacity = 2 * receiver->capacity;
		if (capacity < receiver->count + count)
			capacity = receiver->count + count;
		uint64_t *grown = realloc(receiver->words, capacity * sizeof(*grown));
		if (!grown)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu response words",
			        capacity);
		receiver->words = grown;
		receiver->capacity = capacity;
	}
	memcpy(receiver->words + receiver->count, words, count * sizeof(*words));
	receiver->count += count;
	return HXCOMM_OK;
}

int hxcomm_receive(struct hxcomm_receiver *receiver, const uint64_t *words, size_t count)
{
	if (count == 0 || receiver->status != HXCOMM_OK)
		return receiver->status;
	if (receiver->sink)
		return receiver->status = receiver->sink(receiver->user, words, count);
	int status = hxcomm_decode(receiver->decoder, words, count, receiver->out);
	if (receiver->drop)
		hxcomm_responses_clear(receiver->out);
	if (status == HXCOMM_OK && receiver->keep)
		status = keep_words(receiver, words, count);
	receiver->status = status;
	return status;
}

/* The place of the first word that is no instruction or a halt; `count` where all are fine. */
static size_t first_wrong_word(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] >> 60 || (words[i] & UINT64_C(0xff00000000000001)) == HXCOMM_WORD_HALT)
			return i;
	return count;
}

static int check_program(const struct hxcomm_connection *connection, const uint64_t *words,
        size_t count)
{
	if (connection->broken)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "an earlier run failed in the middle: close the connection and open a new one");
	if (count > connection->options.run_words)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "program of %zu words, this connection takes %u: split it, or open with more "
		        "run_words", count, connection->options.run_words);
	const size_t wrong = first_wrong_word(words, count);
	if (wrong < count)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        words[wrong] >> 60 ?
		                "word %zu, 0x%016llx, is no instruction" :
		                "word %zu, 0x%016llx, is a halt: it is added by the run, leave it out",
		        wrong, (unsigned long long)words[wrong]);
	return HXCOMM_OK;
}

/* Run checked words. */
static int run(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        struct hxcomm_receiver *receiver)
{
	struct hxcomm_decoder *decoder = &connection->decoder;
	decoder->time = 0;
	decoder->halts = 0;
	int status = connection->provider->run(connection->state, words, count, receiver);
	if (receiver->status != HXCOMM_OK)
		status = receiver->status; /* also where the provider forgot to stop */
	else if (status == HXCOMM_OK && decoder->halts == 0 && !receiver->sink)
		status = hxcomm_error_set(HXCOMM_EPROTO,
		        "the response of a program of %zu words has no halt: the link lost words, close "
		        "the connection and open a new one", count);
	connection->broken = status != HXCOMM_OK;
	return status;
}

int hxcomm_run(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        struct hxcomm_responses *out)
{
	assert(connection);
	int status = check_program(connection, words, count);
	if (status != HXCOMM_OK)
		return status;
	struct hxcomm_receiver receiver = {
		.decoder = &connection->decoder,
		.out = out ? out : connection->scratch,
		.drop = !out,
	};
	const struct hxcomm_responses before = *receiver.out;
	status = run(connection, words, count, &receiver);
	if (status != HXCOMM_OK)
		hxcomm__responses_restore(receiver.out, &before);
	return status;
}

int hxcomm_run_words(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        uint64_t **out_words, size_t *out_count)
{
	assert(connection);
	*out_words = NULL;
	*out_count = 0;
	int status = check_program(connection, words, count);
	if (status != HXCOMM_OK)
		return status;
	struct hxcomm_receiver receiver = {
		.decoder = &connection->decoder,
		.out = connection->scratch,
		.drop = true,
		.keep = true,
	};
	status = run(connection, words, count, &receiver);
	if (status != HXCOMM_OK) {
		free(receiver.words);
		return status;
	}
	*out_words = receiver.words;
	*out_count = receiver.count;
	return HXCOMM_OK;
}

int hxcomm__run_raw(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        int (*sink)(void *user, const uint64_t *words, size_t count), void *user)
{
	const int status = check_program(connection, words, count);
	struct hxcomm_receiver receiver = {
		.decoder = &connection->decoder,
		.out = connection->scratch,
		.sink = sink,
		.user = user,
	};
	return status == HXCOMM_OK ? run(connection, words, count, &receiver) : status;
}

bool hxcomm__connection_broken(const struct hxcomm_connection *connection)
{
	return connection->broken;
}

const struct hxcomm_provider *hxcomm__connection_provider(void **state,
        const struct hxcomm_connection *connection)
{
	*state = connection->state;
	return connection->provider;
}

const char *hxcomm_identifier(const struct hxcomm_connection *connection)
{
	return connection->provider->identifier(connection->state);
}

void hxcomm_close(struct hxcomm_connection *connection)
{
	if (!connection)
		return;
	connection->provider->close(connection->state);
	hxcomm_responses_free(connection->scratch);
	free(connection);
}

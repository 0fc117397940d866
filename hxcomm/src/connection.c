// SPDX-License-Identifier: MIT
/* A connection is a provider's state behind the checks that every provider would need, the decoder
 * behind it, and the jobs under way. */
#include "connection.h"

#include <hxcomm/choice.h>
#include <hxcomm/error.h>
#include <hxcomm/options.h>
#include <hxcomm/words.h>

#include "job.h"
#include "queue.h"
#include "uri.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum {
	SERIAL_MAX = 999,
	QUEUE_WORDS_MIN = 1024,
	QUEUE_WORDS_MAX = 1 << 28,
};
#define RESET_LIMIT_S 2.0

static const struct hxcomm_open_options defaults = {
	.size = sizeof(struct hxcomm_open_options),
	.timeout_s = 10.0,
	.run_words = HXCOMM_PLAYBACK_WORDS,
	.queue_words = 1 << 20,
};

static const char timeout_key[] = "timeout"; /* of all addresses */

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
	if (out->chip_serial > SERIAL_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "chip_serial is %u, at most %d", out->chip_serial,
		        SERIAL_MAX);
	if (given.queue_words)
		out->queue_words = given.queue_words;
	if (out->queue_words < QUEUE_WORDS_MIN || out->queue_words > QUEUE_WORDS_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE, "queue_words is %u, allowed are %d to %d",
		        out->queue_words, QUEUE_WORDS_MIN, QUEUE_WORDS_MAX);
	return HXCOMM_OK;
}

int hxcomm_open(struct hxcomm_connection **out, const char *uri,
        const struct hxcomm_open_options *options)
{
	struct hxcomm_choice choice;
	struct hxcomm_uri parsed;
	*out = NULL;
	int status = uri ? HXCOMM_OK : hxcomm_choice_read(&choice, 0);
	if (status == HXCOMM_OK && !uri)
		uri = choice.uri;
	if (status == HXCOMM_OK)
		status = hxcomm_uri_parse(&parsed, uri);
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
		status = hxcomm_uri_read_double(&connection->options.timeout_s, &parsed,
		        timeout_key, connection->options.timeout_s, 0.001, 3600);
	hxcomm__uri_remove(&parsed, timeout_key);
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

int hxcomm__check_program(const struct hxcomm_connection *connection, const uint64_t *words,
        size_t count)
{
	if (count > connection->options.run_words)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "program of %zu words, this connection takes %u: split it, or open with "
		        "more run_words", count, connection->options.run_words);
	return hxcomm__check_words(words, count, 0);
}

/* Run the words as the program of a job on the stack. */
static int run(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	struct hxcomm_connection *connection = job->connection;
	const int status = hxcomm__check_program(connection, words, count);
	if (status != HXCOMM_OK)
		return status;
	hxcomm__job_lend(job, words, count);
	if (connection->queue) {
		hxcomm__queue_run(connection->queue, job);
	} else if (connection->closed) {
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "an earlier run failed in the middle: hxcomm_reset() the connection, or "
		        "close it and open a new one");
	} else {
		hxcomm__job_execute(job);
	}
	return job->status == HXCOMM_OK ? HXCOMM_OK :
	                                  hxcomm_error_set(job->status, "%s", job->message);
}

int hxcomm_run_with(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        struct hxcomm_responses *out, const struct hxcomm_run_options *options)
{
	assert(connection);
	struct hxcomm_job job = { 0 };
	const int status = hxcomm__job_init(&job, connection, out, options);
	return status == HXCOMM_OK ? run(&job, words, count) : status;
}

int hxcomm_run(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        struct hxcomm_responses *out)
{
	return hxcomm_run_with(connection, words, count, out, NULL);
}

int hxcomm_run_words(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        uint64_t **out_words, size_t *out_count)
{
	assert(connection);
	*out_words = NULL;
	*out_count = 0;
	struct hxcomm_job job = { .keep = true };
	int status = hxcomm__job_init(&job, connection, NULL, NULL);
	if (status == HXCOMM_OK)
		status = run(&job, words, count);
	if (status != HXCOMM_OK) {
		free(job.kept);
		return status;
	}
	*out_words = job.kept;
	*out_count = job.kept_count;
	return HXCOMM_OK;
}

/* ---- the rest of its life ------------------------------------------------------------------- */

static bool lock(const struct hxcomm_connection *connection)
{
	return connection->queue && !pthread_mutex_lock(&connection->queue->lock);
}

static void unlock(const struct hxcomm_connection *connection, bool locked)
{
	if (locked)
		pthread_mutex_unlock(&connection->queue->lock);
}

int hxcomm_reset(struct hxcomm_connection *connection)
{
	const struct hxcomm_provider *provider = connection->provider;
	if (!provider->reset)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "'%s:' cannot be reset: close the connection and open a new one",
		        provider->scheme);
	bool locked = lock(connection);
	const bool busy = locked && (connection->queue->first || connection->queue->failed);
	unlock(connection, locked);
	if (busy)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "programs are under way: wait for them before hxcomm_reset()");
	free(connection->held);
	connection->held = NULL;
	connection->held_count = 0;
	hxcomm_decoder_init(&connection->decoder);
	const int status = provider->reset(connection->state, RESET_LIMIT_S);
	locked = lock(connection);
	connection->closed = status != HXCOMM_OK;
	unlock(connection, locked);
	return status;
}

static bool is_initialised(const struct hxcomm_times *times)
{
	return !times || (times->size >= sizeof(times->size) && times->size <= sizeof(*times));
}

static void copy_times(struct hxcomm_times *out, const struct hxcomm_times *times)
{
	if (!out)
		return;
	const size_t size = out->size;
	memcpy(out, times, size);
	out->size = size;
}

int hxcomm_times_read(struct hxcomm_times *total, struct hxcomm_times *last,
        const struct hxcomm_connection *connection)
{
	if (!is_initialised(total) || !is_initialised(last))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "times are not initialised: start from HXCOMM_TIMES_INIT");
	const bool locked = lock(connection);
	copy_times(total, &connection->total);
	copy_times(last, &connection->last);
	unlock(connection, locked);
	return HXCOMM_OK;
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
	atomic_store(&connection->closing, true);
	hxcomm__queue_close(connection->queue);
	connection->queue = NULL;
	connection->provider->close(connection->state);
	hxcomm_responses_free(connection->scratch);
	free(connection->held);
	free(connection);
}

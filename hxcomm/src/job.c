// SPDX-License-Identifier: MIT
/* One run of one program: words to the provider, and what comes back through the decoder into
 * tables. */
#include "job.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <hxcomm/options.h>
#include <hxcomm/words.h>

#include "clock.h"
#include "queue.h"
#include "responses.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define RESET_LIMIT_S 2.0

/* ---- set-up --------------------------------------------------------------------------------- */

int hxcomm__job_init(struct hxcomm_job *job, struct hxcomm_connection *connection,
        struct hxcomm_responses *out, const struct hxcomm_run_options *options)
{
	job->connection = connection;
	job->timeout_s = connection->options.timeout_s;
	job->out = out ? out : connection->scratch;
	job->drop = !out;
	job->queued_at = hxcomm__now();
	if (!options)
		return HXCOMM_OK;
	struct hxcomm_run_options given;
	const int status =
	        hxcomm_options_read(&given, sizeof(given), options, "HXCOMM_RUN_OPTIONS_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (given.timeout_s != 0)
		job->timeout_s = given.timeout_s;
	if (!(job->timeout_s >= 0.001 && job->timeout_s <= 3600))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "timeout_s is %g s, allowed are 0.001 s to 3600 s", job->timeout_s);
	job->visit = given.visit;
	job->user = given.user;
	if (job->visit && out)
		hxcomm_responses_clear(out);
	return HXCOMM_OK;
}

void hxcomm__job_lend(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	job->lent = (struct hxcomm__piece){ .words = words, .count = count };
	job->first = job->last = count ? &job->lent : NULL;
	job->words = count;
	job->complete = true;
}

/* With the lock of the queue. */
static void free_piece(struct hxcomm_job *job, struct hxcomm__piece *piece)
{
	struct hxcomm__queue *queue = job->connection->queue;
	if (!piece || !piece->capacity)
		return;
	queue->words -= piece->count;
	pthread_cond_broadcast(&queue->progress);
	free(piece);
}

void hxcomm__job_drop_pieces(struct hxcomm_job *job)
{
	free_piece(job, job->taken);
	while (job->first) {
		struct hxcomm__piece *piece = job->first;
		job->first = piece->next;
		free_piece(job, piece);
	}
	job->taken = job->last = NULL;
}

void hxcomm__job_set_status(struct hxcomm_job *job, int status)
{
	job->status = status;
	job->message[0] = '\0';
	if (status != HXCOMM_OK)
		snprintf(job->message, sizeof(job->message), "%s", hxcomm_error_message());
}

/* ---- words to the provider ------------------------------------------------------------------ */

/* The place of the first word that is no instruction or is a halt; `count` where all are fine. */
static size_t first_wrong_word(const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (words[i] >> 60 || (words[i] & UINT64_C(0xff00000000000001)) == HXCOMM_WORD_HALT)
			return i;
	return count;
}

int hxcomm__check_words(const uint64_t *words, size_t count, uint64_t base)
{
	const size_t wrong = first_wrong_word(words, count);
	if (wrong == count)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_EINVAL,
	        words[wrong] >> 60 ? "word %llu, 0x%016llx, is no instruction" :
	                             "word %llu, 0x%016llx, is a halt: it is added by the run, "
	                             "leave it out",
	        (unsigned long long)(base + wrong), (unsigned long long)words[wrong]);
}

/* With the lock of the queue, where there is one. */
static enum hxcomm__take take_piece(struct hxcomm_job *job, const uint64_t **words, size_t *count)
{
	free_piece(job, job->taken);
	job->taken = NULL;
	*words = NULL;
	*count = 0;
	if (atomic_load_explicit(&job->given_up, memory_order_relaxed))
		return HXCOMM__TAKE_NOTHING; /* if it is cut off, it must not look whole */
	job->taken = job->first;
	if (job->taken) {
		job->first = job->taken->next;
		if (!job->first)
			job->last = NULL;
		*words = job->taken->words;
		*count = job->taken->count;
		return HXCOMM__TAKE_WORDS;
	}
	return job->complete ? HXCOMM__TAKE_END : HXCOMM__TAKE_NOTHING;
}

/* What a provider has taken is counted, shown to the tap, and its end is timed. */
static void note_taken(struct hxcomm_job *job, enum hxcomm__take taken, const uint64_t *words,
        size_t count)
{
	if (taken == HXCOMM__TAKE_WORDS) {
		job->times.words_sent += count;
		if (job->tap)
			job->tap->sent(job->tap->user, words, count);
	} else if (taken == HXCOMM__TAKE_END && job->begun_at && job->times.send_s == 0) {
		job->times.send_s = 1e-9 * (double)(hxcomm__now() - job->begun_at);
	}
}

enum hxcomm__take hxcomm__job_poll(struct hxcomm_job *job, const uint64_t **words, size_t *count)
{
	struct hxcomm__queue *queue = job->connection->queue;
	if (queue)
		pthread_mutex_lock(&queue->lock);
	const enum hxcomm__take taken = take_piece(job, words, count);
	if (queue)
		pthread_mutex_unlock(&queue->lock);
	note_taken(job, taken, *words, *count);
	return taken;
}

int hxcomm_job_take(struct hxcomm_job *job, const uint64_t **words, size_t *count)
{
	struct hxcomm__queue *queue = job->connection->queue;
	enum hxcomm__take taken = hxcomm__job_poll(job, words, count);
	while (taken == HXCOMM__TAKE_NOTHING) {
		const int status = hxcomm_job_check(job);
		if (status != HXCOMM_OK)
			return status;
		const struct timespec until = hxcomm__timespec(job->deadline);
		pthread_mutex_lock(&queue->lock);
		if (!job->first && !job->complete && !atomic_load(&job->given_up))
			pthread_cond_timedwait(&queue->work, &queue->lock, &until);
		pthread_mutex_unlock(&queue->lock);
		taken = hxcomm__job_poll(job, words, count);
	}
	return HXCOMM_OK;
}

struct hxcomm_job *hxcomm__job_behind(struct hxcomm_job *job)
{
	struct hxcomm__queue *queue = job->connection->queue;
	if (!queue || job->tap)
		return NULL;
	pthread_mutex_lock(&queue->lock);
	struct hxcomm_job *behind = job->next;
	pthread_mutex_unlock(&queue->lock);
	return behind;
}

int hxcomm__job_wake_file(const struct hxcomm_job *job)
{
	struct hxcomm__queue *queue = job->connection->queue;
	if (!queue)
		return -1;
	pthread_mutex_lock(&queue->lock);
	queue->watched = true;
	pthread_mutex_unlock(&queue->lock);
	return queue->wake;
}

/* ---- words from the provider ---------------------------------------------------------------- */

static bool is_complete(struct hxcomm_job *job)
{
	struct hxcomm__queue *queue = job->connection->queue;
	if (!queue)
		return job->complete;
	pthread_mutex_lock(&queue->lock);
	const bool complete = job->complete;
	pthread_mutex_unlock(&queue->lock);
	return complete;
}

int hxcomm_job_check(struct hxcomm_job *job)
{
	const int given_up = atomic_load_explicit(&job->given_up, memory_order_relaxed);
	if (given_up)
		return hxcomm_error_set(given_up, given_up == HXCOMM_ENOMEM ?
		        "no memory for all words of the program" :
		        "the program was given up: its connection is closed or reset");
	if (hxcomm__now() < job->deadline)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ETIMEDOUT,
	        is_complete(job) ? "a program of %llu words has not ended after %g s: give it a "
	                        "longer timeout_s if it is meant to take so long" :
	                        "a program of %llu words so far was not completed within %g s: "
	                        "append the rest faster, or give it a longer timeout_s",
	        (unsigned long long)job->times.words_sent, job->timeout_s);
}

static int keep_words(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	if (job->kept_capacity - job->kept_count < count) {
		size_t capacity = 2 * job->kept_capacity;
		if (capacity < job->kept_count + count)
			capacity = job->kept_count + count;
		uint64_t *grown = realloc(job->kept, capacity * sizeof(*grown));
		if (!grown)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu response words",
			        capacity);
		job->kept = grown;
		job->kept_capacity = capacity;
	}
	memcpy(job->kept + job->kept_count, words, count * sizeof(*words));
	job->kept_count += count;
	return HXCOMM_OK;
}

/* Keep what came behind the halt for the next run. */
static int hold(struct hxcomm_connection *connection, const uint64_t *words, size_t count)
{
	if (count == 0)
		return HXCOMM_OK;
	uint64_t *grown =
	        realloc(connection->held, (connection->held_count + count) * sizeof(*grown));
	if (!grown)
		return hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for %zu words behind a halt", count);
	memcpy(grown + connection->held_count, words, count * sizeof(*words));
	connection->held = grown;
	connection->held_count += count;
	return HXCOMM_OK;
}

/* The decoder and the tables at some place of the stream, to come back to. */
struct place {
	struct hxcomm_decoder decoder;
	struct hxcomm_responses counts;
};

static struct place remember(const struct hxcomm_job *job)
{
	return (struct place){ job->connection->decoder, *job->out };
}

static void go_back(struct hxcomm_job *job, const struct place *place)
{
	job->connection->decoder = place->decoder;
	hxcomm__responses_restore(job->out, &place->counts);
}

static int decode(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	return hxcomm_decode(&job->connection->decoder, words, count, job->out);
}

/* Decode up to the word that completes the halt, which is among the first `high`. No message is
 * shorter than a word, so that at most one ends in each word, and the halt's word completes nothing
 * behind it. Most often the halt is the last. */
static int decode_to_halt(struct hxcomm_job *job, const uint64_t *words, size_t high, size_t *used)
{
	size_t low = 0, middle = high - 1;
	while (high - low > 1) {
		const struct place place = remember(job);
		const int status = decode(job, words + low, middle - low);
		if (job->connection->decoder.halts) {
			go_back(job, &place);
			high = middle;
		} else if (status != HXCOMM_OK) {
			return status;
		} else {
			low = middle;
		}
		middle = low + (high - low) / 2;
	}
	*used = high;
	return decode(job, words + low, high - low);
}

/* Decode words up to the halt; `used` tells how many those are. */
static int decode_piece(struct hxcomm_job *job, const uint64_t *words, size_t count, size_t *used)
{
	const struct place place = remember(job);
	*used = count;
	int status = decode(job, words, count);
	if (job->connection->decoder.halts) {
		go_back(job, &place);
		status = decode_to_halt(job, words, count, used);
	}
	if (status != HXCOMM_ERANGE && status != HXCOMM_ENOMEM)
		return status;
	/* what the user gave is full: the run goes on, and the words go through the decoder */
	go_back(job, &place);
	job->refused = job->refused ? job->refused : status;
	hxcomm__job_set_status(job, job->refused);
	if (!job->drop)
		hxcomm__responses_restore(job->out, &job->before);
	job->out = job->connection->scratch;
	job->drop = true;
	job->visit = NULL;
	hxcomm_responses_clear(job->out);
	*used = count;
	status = decode(job, words, count);
	if (!job->connection->decoder.halts)
		return status;
	job->connection->decoder = place.decoder;
	hxcomm_responses_clear(job->out);
	return decode_to_halt(job, words, count, used);
}

static uint64_t count_responses(const struct hxcomm_responses *r)
{
	return r->omnibus.count + r->jtag.count + r->loopback.count + r->spikes.count +
	        r->madc.count + r->links.count + r->timeouts.count;
}

/* Hand on what was decoded. */
static void hand_on(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	int status = HXCOMM_OK;
	if (job->sink)
		status = job->sink(job->user, words, count);
	else if (job->keep && !job->refused)
		status = keep_words(job, words, count);
	else if (job->visit && !job->refused)
		status = job->visit(job->out, job->user);
	if (job->drop || job->visit)
		hxcomm_responses_clear(job->out);
	if (status == HXCOMM_OK || job->refused)
		return;
	job->refused = status;
	hxcomm__job_set_status(job, status);
}

static int deliver(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	size_t used = 0;
	if (job->tap)
		job->tap->received(job->tap->user, words, count);
	job->times.words_received += count;
	if (job->trust) {
		hand_on(job, words, count);
		return HXCOMM_OK;
	}
	if (!job->ended) {
		const uint64_t before = count_responses(job->out);
		const int status = decode_piece(job, words, count, &used);
		if (status != HXCOMM_OK)
			return status;
		const uint64_t after = count_responses(job->out);
		job->times.responses += after > before ? after - before : 0;
		job->ended = job->connection->decoder.halts > 0;
		hand_on(job, words, used);
	}
	return hold(job->connection, words + used, count - used);
}

int hxcomm_job_deliver(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	if (count == 0 || job->broken != HXCOMM_OK)
		return job->broken;
	const uint64_t begin = hxcomm__now();
	if (!job->first_at)
		job->first_at = begin;
	job->broken = deliver(job, words, count);
	const uint64_t end = hxcomm__now();
	job->times.decode_s += 1e-9 * (double)(end - begin);
	job->times.receive_s = 1e-9 * (double)(end - job->first_at);
	if (job->broken == HXCOMM_OK && !job->ended && end >= job->deadline)
		job->broken = hxcomm_job_check(job);
	return job->broken;
}

/* ---- the run -------------------------------------------------------------------------------- */

/* Words that came behind the halt of the last run belong to this one. */
static int deliver_held(struct hxcomm_job *job)
{
	struct hxcomm_connection *connection = job->connection;
	uint64_t *words = connection->held;
	const size_t count = connection->held_count;
	if (count == 0)
		return HXCOMM_OK;
	connection->held = NULL;
	connection->held_count = 0;
	const int status = hxcomm_job_deliver(job, words, count);
	free(words);
	return status;
}

static int run(struct hxcomm_job *job)
{
	const struct hxcomm_connection *connection = job->connection;
	int status = deliver_held(job);
	if (status == HXCOMM_OK)
		status = connection->provider->run(connection->state, job);
	if (job->broken != HXCOMM_OK)
		return job->broken; /* also where the provider forgot to stop */
	if (status == HXCOMM_OK && !job->ended && !job->trust)
		status = hxcomm_error_set(HXCOMM_EPROTO,
		        "the response of a program of %llu words has no halt: the link lost words, "
		        "close the connection and open a new one",
		        (unsigned long long)job->times.words_sent);
	return status;
}

/* After a run that did not come to its end: the decoder begins anew, and so does the chip if it
 * can. Returns whether there may be another run. */
static bool recover(struct hxcomm_job *job, int status)
{
	struct hxcomm_connection *connection = job->connection;
	const bool half_run = status == HXCOMM_ETIMEDOUT || atomic_load(&job->given_up);
	free(connection->held);
	connection->held = NULL;
	connection->held_count = 0;
	hxcomm_decoder_init(&connection->decoder);
	return half_run && connection->provider->reset && !atomic_load(&connection->closing) &&
	       connection->provider->reset(connection->state, RESET_LIMIT_S) == HXCOMM_OK;
}

static void add_times(struct hxcomm_times *to, const struct hxcomm_times *from)
{
	to->runs += from->runs;
	to->failed += from->failed;
	to->words_sent += from->words_sent;
	to->words_received += from->words_received;
	to->responses += from->responses;
	to->wait_s += from->wait_s;
	to->send_s += from->send_s;
	to->execute_s += from->execute_s;
	to->receive_s += from->receive_s;
	to->decode_s += from->decode_s;
}

static void note_times(struct hxcomm_job *job)
{
	struct hxcomm_connection *connection = job->connection;
	job->times.size = sizeof(job->times);
	job->times.runs = 1;
	job->times.failed = job->status != HXCOMM_OK;
	job->times.execute_s = 1e-9 * (double)(hxcomm__now() - job->begun_at);
	job->times.wait_s = 1e-9 * (double)(job->begun_at - job->queued_at);
	if (connection->queue)
		pthread_mutex_lock(&connection->queue->lock);
	add_times(&connection->total, &job->times);
	connection->last = job->times;
	if (connection->queue)
		pthread_mutex_unlock(&connection->queue->lock);
}

void hxcomm__job_execute(struct hxcomm_job *job)
{
	struct hxcomm_connection *connection = job->connection;
	connection->decoder.time = 0;
	connection->decoder.halts = 0;
	job->begun_at = hxcomm__now();
	job->deadline = job->begun_at + hxcomm__ns(job->timeout_s);
	job->before = *job->out;
	struct hxcomm_responses *const tables = job->out;
	const bool wanted = !job->drop && !job->visit;
	int status = run(job);
	bool open = true;
	if (status != HXCOMM_OK) {
		hxcomm__job_set_status(job, status);
		open = recover(job, status);
	} else if (job->refused) {
		job->status = job->refused; /* with the message of then */
	}
	if (job->status != HXCOMM_OK && wanted)
		hxcomm__responses_restore(tables, &job->before);
	else if (!wanted)
		hxcomm_responses_clear(tables);
	note_times(job);
	if (job->times.words_sent > HXCOMM_PLAYBACK_WORDS)
		hxcomm_log(HXCOMM_LOG_WARNING, "hxcomm",
		        "a program of %llu words is longer than the %d that the FPGA holds: it was "
		        "sent while it ran, and may have waited for words",
		        (unsigned long long)job->times.words_sent, HXCOMM_PLAYBACK_WORDS);
	if (connection->queue)
		pthread_mutex_lock(&connection->queue->lock);
	connection->closed = !open;
	if (connection->queue)
		pthread_mutex_unlock(&connection->queue->lock);
	job->broken = status;
}

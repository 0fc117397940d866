// SPDX-License-Identifier: MIT
/* Jobs behind each other, and the thread that runs them. */
#include "queue.h"

#include <hxcomm/error.h>

#include "clock.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { PIECE_WORDS = 4096 };

/* ---- the list ------------------------------------------------------------------------------- */

/* With the lock. */
static void add_to_list(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	if (queue->last)
		queue->last->next = job;
	else
		queue->first = job;
	queue->last = job;
}

/* With the lock: tell the thread that runs programs. */
static void wake(struct hxcomm__queue *queue)
{
	const uint64_t one = 1;
	pthread_cond_signal(&queue->work);
	if (queue->watched && write(queue->wake, &one, sizeof(one)) < 0)
		assert(errno == EAGAIN); /* it is full: readable it is */
}

/* With the lock: it is no longer in the list. */
static void end_job(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	hxcomm__job_drop_pieces(job);
	job->state = JOB_DONE;
	if (job->done)
		job->done(job->user, job);
	pthread_cond_broadcast(&queue->progress);
}

static void give_up_waiting_jobs(struct hxcomm__queue *queue, const char *reason)
{
	while (queue->first && queue->first->state == JOB_WAITING) {
		struct hxcomm_job *job = queue->first;
		queue->first = job->next;
		job->status = HXCOMM_ESTATE;
		snprintf(job->message, sizeof(job->message), "%s", reason);
		end_job(queue, job);
	}
	if (!queue->first)
		queue->last = NULL;
}

/* With the lock: a job has ended. Ends those behind it that must not run. */
static void finish(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	assert(queue->first == job);
	const bool fatal = job->broken != HXCOMM_OK;
	queue->first = job->next;
	if (!queue->first)
		queue->last = NULL;
	job->next = NULL;
	if (fatal && job->lasting && !job->done)
		queue->failed = job;
	end_job(queue, job);
	if (fatal)
		give_up_waiting_jobs(queue, "the program was not run: one before it failed");
}

/* ---- the thread ----------------------------------------------------------------------------- */

static void *run_jobs(void *user)
{
	struct hxcomm__queue *queue = user;
	pthread_mutex_lock(&queue->lock);
	while (!queue->closing) {
		struct hxcomm_job *job = queue->first;
		if (!job || job->state != JOB_WAITING) {
			pthread_cond_wait(&queue->work, &queue->lock);
			continue;
		}
		job->state = JOB_RUNNING;
		pthread_mutex_unlock(&queue->lock);
		hxcomm__job_execute(job);
		pthread_mutex_lock(&queue->lock);
		finish(queue, job);
	}
	pthread_mutex_unlock(&queue->lock);
	return NULL;
}

static void init_locks(struct hxcomm__queue *queue)
{
	pthread_condattr_t attributes;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&queue->lock, NULL);
	pthread_cond_init(&queue->work, &attributes);
	pthread_cond_init(&queue->progress, &attributes);
	pthread_condattr_destroy(&attributes);
}

static void free_queue(struct hxcomm__queue *queue)
{
	pthread_cond_destroy(&queue->progress);
	pthread_cond_destroy(&queue->work);
	pthread_mutex_destroy(&queue->lock);
	close(queue->wake);
	free(queue);
}

int hxcomm__queue_open(struct hxcomm_connection *connection)
{
	if (connection->queue)
		return HXCOMM_OK;
	struct hxcomm__queue *queue = calloc(1, sizeof(*queue));
	if (!queue)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a queue of programs");
	queue->connection = connection;
	queue->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (queue->wake < 0) {
		free(queue);
		return hxcomm_error_set(HXCOMM_EIO, "cannot make an event: %s", strerror(errno));
	}
	init_locks(queue);
	const int number = pthread_create(&queue->thread, NULL, run_jobs, queue);
	if (number) {
		free_queue(queue);
		return hxcomm_error_set(number == ENOMEM ? HXCOMM_ENOMEM : HXCOMM_EIO,
		        "cannot start a thread for programs: %s", strerror(number));
	}
	connection->queue = queue;
	return HXCOMM_OK;
}

void hxcomm__queue_give_up(struct hxcomm__queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	for (struct hxcomm_job *job = queue->first; job; job = job->next)
		atomic_store(&job->given_up, HXCOMM_ESTATE);
	wake(queue);
	pthread_mutex_unlock(&queue->lock);
}

void hxcomm__queue_close(struct hxcomm__queue *queue)
{
	if (!queue)
		return;
	hxcomm__queue_give_up(queue);
	pthread_mutex_lock(&queue->lock);
	queue->closing = true;
	wake(queue);
	pthread_mutex_unlock(&queue->lock);
	pthread_join(queue->thread, NULL);
	for (struct hxcomm_job *job = queue->oldest; job;) {
		struct hxcomm_job *newer = job->newer;
		hxcomm__job_drop_pieces(job);
		free(job);
		job = newer;
	}
	free_queue(queue);
}

/* ---- adding jobs and words ------------------------------------------------------------------ */

/* With the lock. */
static int refuse(const struct hxcomm__queue *queue)
{
	if (queue->failed)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "a program under way has failed: wait for it first, it tells why");
	if (queue->connection->closed)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "an earlier run failed in the middle: hxcomm_reset() the connection, or "
		        "close it and open a new one");
	return HXCOMM_OK;
}

/* With the lock. */
static size_t room(const struct hxcomm__queue *queue)
{
	const size_t limit = queue->connection->options.queue_words;
	return queue->words < limit ? limit - queue->words : 0;
}

int hxcomm__queue_add(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	const size_t own = job->first && job->first->capacity ? job->first->count : 0;
	pthread_mutex_lock(&queue->lock);
	int status = refuse(queue);
	while (status == HXCOMM_OK && room(queue) < own) {
		pthread_cond_wait(&queue->progress, &queue->lock);
		status = refuse(queue);
	}
	if (status == HXCOMM_OK) {
		queue->words += own;
		job->older = queue->newest;
		if (queue->newest)
			queue->newest->newer = job;
		else
			queue->oldest = job;
		queue->newest = job;
		add_to_list(queue, job);
		wake(queue);
	}
	pthread_mutex_unlock(&queue->lock);
	return status;
}

/* With the lock: nobody waits for it any more. */
static void forget(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	if (job->older)
		job->older->newer = job->newer;
	else
		queue->oldest = job->newer;
	if (job->newer)
		job->newer->older = job->older;
	else
		queue->newest = job->older;
	if (queue->failed == job)
		queue->failed = NULL;
}

void hxcomm__queue_forget(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	pthread_mutex_lock(&queue->lock);
	forget(queue, job);
	pthread_mutex_unlock(&queue->lock);
	free(job);
}

void hxcomm__queue_run(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	pthread_mutex_lock(&queue->lock);
	const int status = refuse(queue);
	if (status != HXCOMM_OK) {
		pthread_mutex_unlock(&queue->lock);
		hxcomm__job_set_status(job, status);
		return;
	}
	add_to_list(queue, job);
	if (queue->first == job) { /* nothing to wait for: run it here */
		job->state = JOB_RUNNING;
		pthread_mutex_unlock(&queue->lock);
		hxcomm__job_execute(job);
		pthread_mutex_lock(&queue->lock);
		finish(queue, job);
	} else {
		wake(queue);
		while (job->state != JOB_DONE)
			pthread_cond_wait(&queue->progress, &queue->lock);
	}
	pthread_mutex_unlock(&queue->lock);
}

size_t hxcomm__queue_room(struct hxcomm__queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	const size_t words = room(queue);
	pthread_mutex_unlock(&queue->lock);
	return words;
}

/* An empty piece with its memory behind it. */
static struct hxcomm__piece *new_piece(size_t capacity)
{
	struct hxcomm__piece *piece = malloc(sizeof(*piece) + capacity * sizeof(*piece->words));
	if (piece)
		*piece = (struct hxcomm__piece){ .words = (const uint64_t *)(piece + 1),
			.capacity = capacity };
	return piece;
}

/* With the lock: a piece with room at the end of the program; NULL without memory. */
static struct hxcomm__piece *open_piece(struct hxcomm_job *job)
{
	struct hxcomm__piece *piece = job->last;
	if (piece && piece->count < piece->capacity)
		return piece;
	piece = new_piece(PIECE_WORDS);
	if (!piece)
		return NULL;
	if (job->last)
		job->last->next = piece;
	else
		job->first = piece;
	job->last = piece;
	return piece;
}

/* With the lock: append as many as there is room for. Returns how many; 0 without memory. */
static size_t append_some(
        struct hxcomm__queue *queue, struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	size_t done = 0;
	const size_t limit = room(queue) < count ? room(queue) : count;
	while (done < limit) {
		struct hxcomm__piece *piece = open_piece(job);
		if (!piece)
			break;
		size_t more = piece->capacity - piece->count;
		more = more < limit - done ? more : limit - done;
		memcpy((uint64_t *)(piece + 1) + piece->count, words + done, more * sizeof(*words));
		piece->count += more;
		done += more;
	}
	queue->words += done;
	job->words += done;
	return done;
}

/* With the lock: append all, waiting for room. */
static int append_all(struct hxcomm__queue *queue, struct hxcomm_job *job, const uint64_t *words,
        size_t count)
{
	while (count && job->state != JOB_DONE) {
		if (room(queue) == 0) {
			pthread_cond_wait(&queue->progress, &queue->lock);
			continue;
		}
		const size_t done = append_some(queue, job, words, count);
		if (done == 0) { /* it must not run as if it were whole */
			atomic_store(&job->given_up, HXCOMM_ENOMEM);
			wake(queue);
			return hxcomm_error_set(HXCOMM_ENOMEM,
			        "no memory for %zu words of a program", count);
		}
		wake(queue);
		words += done;
		count -= done;
	}
	return job->state != JOB_DONE || job->status == HXCOMM_OK ?
	               HXCOMM_OK :
	               hxcomm_error_set(job->status, "%s", job->message);
}

int hxcomm__queue_append(struct hxcomm__queue *queue, struct hxcomm_job *job, const uint64_t *words,
        size_t count)
{
	pthread_mutex_lock(&queue->lock);
	const int status = append_all(queue, job, words, count);
	pthread_mutex_unlock(&queue->lock);
	return status;
}

int hxcomm__queue_append_quietly(struct hxcomm__queue *queue, struct hxcomm_job *job,
        const uint64_t *words, size_t count)
{
	pthread_mutex_lock(&queue->lock);
	const bool ended = job->state == JOB_DONE; /* it takes no more: what became of it is told */
	const size_t done = ended ? count : append_some(queue, job, words, count);
	if (done < count)
		atomic_store(&job->given_up, HXCOMM_ENOMEM);
	pthread_mutex_unlock(&queue->lock);
	return done == count ? HXCOMM_OK :
	                       hxcomm_error_set(HXCOMM_ENOMEM,
	                               "no memory for %zu words of a program", count);
}

void hxcomm__queue_wake(struct hxcomm__queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	wake(queue);
	pthread_mutex_unlock(&queue->lock);
}

void hxcomm__queue_complete(struct hxcomm__queue *queue, struct hxcomm_job *job)
{
	pthread_mutex_lock(&queue->lock);
	job->complete = true;
	wake(queue);
	pthread_mutex_unlock(&queue->lock);
}

/* ---- what users call ------------------------------------------------------------------------ */

/* Make a job to be waited for and add it. Its program is `piece`, which it takes also after an
 * error, or the `count` words that are lent, or comes later where both are NULL. */
static int begin(struct hxcomm_job **out, struct hxcomm_connection *connection,
        struct hxcomm_responses *responses, const struct hxcomm_run_options *options,
        struct hxcomm__piece *piece, const uint64_t *words, size_t count)
{
	*out = NULL;
	int status = hxcomm__queue_open(connection);
	struct hxcomm_job *job = status == HXCOMM_OK ? calloc(1, sizeof(*job)) : NULL;
	if (status == HXCOMM_OK && !job)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a program under way");
	if (status == HXCOMM_OK)
		status = hxcomm__job_init(job, connection, responses, options);
	if (status == HXCOMM_OK) {
		job->lasting = true;
		if (piece) {
			job->first = job->last = piece;
			job->words = piece->count;
			job->complete = true;
		} else if (words) {
			hxcomm__job_lend(job, words, count);
		}
		status = hxcomm__queue_add(connection->queue, job);
	}
	if (status == HXCOMM_OK) {
		*out = job;
	} else {
		free(piece);
		free(job);
	}
	return status;
}

int hxcomm__queue_lend(struct hxcomm_job **out, struct hxcomm_connection *connection,
        struct hxcomm_responses *responses, const struct hxcomm_run_options *options,
        const uint64_t *words, size_t count)
{
	static const uint64_t nothing;
	return begin(out, connection, responses, options, NULL, count ? words : &nothing, count);
}

int hxcomm_begin(struct hxcomm_job **out, struct hxcomm_connection *connection,
        struct hxcomm_responses *responses, const struct hxcomm_run_options *options)
{
	assert(connection);
	return begin(out, connection, responses, options, NULL, NULL, 0);
}

int hxcomm_append(struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	assert(job && !job->complete);
	const struct hxcomm_connection *connection = job->connection;
	int status = hxcomm__check_words(words, count, job->words);
	if (status == HXCOMM_OK && count > connection->options.run_words - job->words)
		status = hxcomm_error_set(HXCOMM_ERANGE,
		        "program of %llu words and %zu more, this connection takes %u: split it, "
		        "or open with more run_words", (unsigned long long)job->words, count,
		        connection->options.run_words);
	return status == HXCOMM_OK ? hxcomm__queue_append(connection->queue, job, words, count)
	                           : status;
}

/* A whole program that fits into the queue: all its memory is there before it is begun. */
static int submit_whole(struct hxcomm_job **out, struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, struct hxcomm_responses *responses,
        const struct hxcomm_run_options *options)
{
	struct hxcomm__piece *piece = new_piece(count);
	*out = NULL;
	if (!piece)
		return hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for a program of %zu words", count);
	memcpy((uint64_t *)(piece + 1), words, count * sizeof(*words));
	piece->count = count;
	return begin(out, connection, responses, options, piece, NULL, 0);
}

int hxcomm_submit(struct hxcomm_job **out, struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, struct hxcomm_responses *responses,
        const struct hxcomm_run_options *options)
{
	struct hxcomm_job *job;
	*out = NULL;
	int status = hxcomm__check_program(connection, words, count);
	if (status == HXCOMM_OK && count > 0 && count <= connection->options.queue_words)
		return submit_whole(out, connection, words, count, responses, options);
	if (status == HXCOMM_OK)
		status = hxcomm_begin(&job, connection, responses, options);
	if (status != HXCOMM_OK)
		return status;
	status = hxcomm__queue_append(connection->queue, job, words, count);
	if (status == HXCOMM_ENOMEM) {
		(void)!hxcomm_wait(job, NULL);
		return hxcomm_error_set(status, "no memory for a program of %zu words", count);
	}
	hxcomm__queue_complete(connection->queue, job); /* what failed is told by hxcomm_wait() */
	*out = job;
	return HXCOMM_OK;
}

int hxcomm_wait(struct hxcomm_job *job, struct hxcomm_times *times)
{
	if (!job)
		return HXCOMM_OK;
	if (times && (times->size < sizeof(times->size) || times->size > sizeof(*times)))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "times are not initialised: start from HXCOMM_TIMES_INIT");
	struct hxcomm__queue *queue = job->connection->queue;
	pthread_mutex_lock(&queue->lock);
	job->complete = true;
	wake(queue);
	while (job->state != JOB_DONE)
		pthread_cond_wait(&queue->progress, &queue->lock);
	forget(queue, job);
	pthread_mutex_unlock(&queue->lock);
	if (times) {
		const size_t size = times->size;
		memcpy(times, &job->times, size);
		times->size = size;
	}
	const int status = job->status == HXCOMM_OK ? HXCOMM_OK :
	                                              hxcomm_error_set(job->status, "%s",
	                                                      job->message);
	free(job);
	return status;
}

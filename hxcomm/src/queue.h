// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_QUEUE_H
#define HXCOMM_SRC_QUEUE_H

/* The jobs of a connection, and the thread that runs them one after the other. */

#include "job.h"

#include <pthread.h>

struct hxcomm__queue {
	struct hxcomm_connection *connection;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t work;     /* something to do for the thread that runs programs */
	pthread_cond_t progress; /* a job ended, or there is room */
	struct hxcomm_job *first, *last;   /* that have not ended; the first may be running */
	struct hxcomm_job *oldest, *newest; /* that nobody has waited for */
	const struct hxcomm_job
	        *failed; /* in the way of the others until somebody has waited for it */
	size_t words; /* in memory */
	int wake;     /* an eventfd for providers that wait for something else … */
	bool watched; /* … and one that does */
	bool closing;
};

/* Make the queue of a connection. */
int hxcomm__queue_open(struct hxcomm_connection *connection);

/* End what runs, give up the rest, free all. */
void hxcomm__queue_close(struct hxcomm__queue *queue);

/* Run a job on the stack behind those that are under way; `job` has its outcome then. */
void hxcomm__queue_run(struct hxcomm__queue *queue, struct hxcomm_job *job);

/* Add a job on the heap; waits for room for words of its own. HXCOMM_ESTATE where the connection is
 * closed, or one that failed waits. */
int hxcomm__queue_add(struct hxcomm__queue *queue, struct hxcomm_job *job);

/* Make a job to be waited for out of a whole program, whose words are lent, and add it. */
int hxcomm__queue_lend(struct hxcomm_job **out, struct hxcomm_connection *connection,
        struct hxcomm_responses *responses, const struct hxcomm_run_options *options,
        const uint64_t *words, size_t count);

/* Room for words, at least 1 unless it is full. */
size_t hxcomm__queue_room(struct hxcomm__queue *queue);

/* Append checked words; waits for room. */
int hxcomm__queue_append(struct hxcomm__queue *queue, struct hxcomm_job *job, const uint64_t *words,
        size_t count);

/* Append checked words for which there is room. The thread that runs programs is not told:
 * hxcomm__queue_wake() is for many of these. */
int hxcomm__queue_append_quietly(struct hxcomm__queue *queue, struct hxcomm_job *job,
        const uint64_t *words, size_t count);

void hxcomm__queue_wake(struct hxcomm__queue *queue);

/* No more words come. */
void hxcomm__queue_complete(struct hxcomm__queue *queue, struct hxcomm_job *job);

/* Give up all jobs: those that run end soon. */
void hxcomm__queue_give_up(struct hxcomm__queue *queue);

/* Free a job that has ended and that nobody waits for. */
void hxcomm__queue_forget(struct hxcomm__queue *queue, struct hxcomm_job *job);

#endif

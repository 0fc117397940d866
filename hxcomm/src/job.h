// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_JOB_H
#define HXCOMM_SRC_JOB_H

/* A job on its way through the library.
 *
 *     user's thread                          the thread that runs programs
 *     hxcomm_append() ── pieces of words ──▶ hxcomm_job_take(), in the provider's run
 *     tables          ◀── decoder ────────── hxcomm_job_deliver()
 *
 * hxcomm_run() is a job on the stack whose only piece is the caller's memory, run at once by the
 * caller's thread. A connection that never saw another one has no queue, no thread and no lock. */

#include "connection.h"

#include <hxcomm/job.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>

#include <stdatomic.h>

enum { HXCOMM__MESSAGE_MAX = 512 };

/* Words of a program, in a row. */
struct hxcomm__piece {
	struct hxcomm__piece *next;
	const uint64_t *words; /* [count], behind this structure or lent */
	size_t count;
	size_t capacity; /* 0: lent */
};

enum hxcomm__job_state { JOB_WAITING, JOB_RUNNING, JOB_DONE };

/* Sees all words of a job, as they are taken and delivered. */
struct hxcomm__tap {
	void (*sent)(void *user, const uint64_t *words, size_t count);
	void (*received)(void *user, const uint64_t *words, size_t count);
	void *user;
};

/* Takes the words that come back as they are. */
typedef int hxcomm__sink(void *user, const uint64_t *words, size_t count);

struct hxcomm_job {
	struct hxcomm_connection *connection;

	/* in the queue; with its lock */
	struct hxcomm_job *next;             /* runs behind this one */
	struct hxcomm_job *older, *newer;    /* that nobody has waited for */
	enum hxcomm__job_state state;
	bool lasting; /* on the heap, to be waited for */

	/* the program; with the lock of the queue, where there is one */
	struct hxcomm__piece lent;
	struct hxcomm__piece *first, *last, *taken;
	bool complete;  /* no more pieces come */
	uint64_t words; /* in all its pieces so far */

	/* the answer; with the thread that runs it */
	struct hxcomm_responses
	        *out; /* where responses go; of the connection if nobody wants them */
	struct hxcomm_responses before; /* counts of `out` when it began */
	bool drop;  /* forget the responses after each delivery */
	bool ended; /* the halt has come */
	hxcomm_responses_visitor *visit;
	hxcomm__sink *sink;
	bool trust; /* pass the words to `sink` unseen: the provider knows when the program ended */
	void *user; /* of `visit` or `sink` */
	bool keep;  /* keep the words, too */
	uint64_t *kept;
	size_t kept_count, kept_capacity;
	const struct hxcomm__tap *tap;
	int refused; /* why responses are dropped from some place on, though the run goes on */
	int broken;  /* why the run cannot go on */

	/* time */
	double timeout_s;
	uint64_t queued_at, begun_at, first_at, deadline; /* ns */
	struct hxcomm_times times;
	atomic_int given_up; /* why it must end: HXCOMM_ESTATE or HXCOMM_ENOMEM; 0: it need not */

	/* the provider's */
	bool sent; /* arq: all its words and the halt are in the link */

	/* called with the result by the thread that runs it, instead of being waited for */
	void (*done)(void *user, struct hxcomm_job *job);

	int status;
	char message[HXCOMM__MESSAGE_MAX];
};

/* Set up a job on zeroed memory: options, deadline, where responses go. */
int hxcomm__job_init(struct hxcomm_job *job, struct hxcomm_connection *connection,
        struct hxcomm_responses *out, const struct hxcomm_run_options *options);

/* Make the caller's words its program. */
void hxcomm__job_lend(struct hxcomm_job *job, const uint64_t *words, size_t count);

/* Give back the pieces. */
void hxcomm__job_drop_pieces(struct hxcomm_job *job);

/* Run it on this thread and leave the outcome in it. */
void hxcomm__job_execute(struct hxcomm_job *job);

/* Remember an outcome with the message of this thread. */
void hxcomm__job_set_status(struct hxcomm_job *job, int status);

/* As hxcomm_job_take(), without waiting. */
enum hxcomm__take { HXCOMM__TAKE_NOTHING, HXCOMM__TAKE_WORDS, HXCOMM__TAKE_END };
enum hxcomm__take hxcomm__job_poll(struct hxcomm_job *job, const uint64_t **words, size_t *count);

/* The job whose words may be sent ahead behind those of this one; NULL: none yet, or none may. */
struct hxcomm_job *hxcomm__job_behind(struct hxcomm_job *job);

/* A file that becomes readable when there may be more to send; -1: no need. Read it empty. */
int hxcomm__job_wake_file(const struct hxcomm_job *job);

/* HXCOMM_EINVAL where a word is no instruction or is a halt; `base` words stand before. */
int hxcomm__check_words(const uint64_t *words, size_t count, uint64_t base);

#endif

// SPDX-License-Identifier: MIT
/* Programs of a HostARQ server: words from frames to jobs, and what comes back to frames. */
#include "arq_server.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <hxcomm/words.h>

#include "clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RING_WORDS = 1 << 18, /* of answers that wait for the network, in the beginning */
	PROGRAMS_MAX = 4096,  /* that wait for their turn */
	SHORT_WORDS = 64,     /* of programs that are run by the network thread */
	SHORT_CYCLES = 1000,  /* and wait no longer than 8 us each time */
	SLOW_PROGRAMS = 64,   /* that are not run there after one that took long */
};
#define PROMPT_NS (ARQ_NS_PER_MS / 2) /* that they may take */

/* ---- the thread of the connection ----------------------------------------------------------- */

int hxcomm__server_make_ring(struct hxcomm_arq_server *server)
{
	server->ring = malloc(RING_WORDS * sizeof(*server->ring));
	server->ring_words = RING_WORDS;
	return server->ring ? HXCOMM_OK : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for answers");
}

static void tell_network(struct hxcomm_arq_server *server)
{
	const uint64_t one = 1;
	if (write(server->event, &one, sizeof(one)) < 0) {
		/* it is full: readable it is */
	}
}

/* With the lock: make the ring twice as large. */
static int grow_ring(struct hxcomm_arq_server *server)
{
	const size_t have = server->ring_words, at = server->read % have;
	uint64_t *ring = malloc(2 * have * sizeof(*ring));
	if (!ring)
		return hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for an answer of more than %zu words", have);
	/* it was full; it begins anew with the oldest word at its place among 2 * have */
	for (size_t i = 0; i < have; i++)
		ring[(server->read + i) % (2 * have)] = server->ring[(at + i) % have];
	free(server->ring);
	server->ring = ring;
	server->ring_words = 2 * have;
	return HXCOMM_OK;
}

/* Takes the words of an answer; waits for room. */
static int take_answer(void *user, const uint64_t *words, size_t count)
{
	struct hxcomm_arq_server *server = user;
	int status = HXCOMM_OK;
	pthread_mutex_lock(&server->lock);
	while (status == HXCOMM_OK && count && !server->dropping) {
		const size_t at = server->written % server->ring_words;
		size_t room = server->ring_words - (size_t)(server->written - server->read);
		if (room == 0) {
			if (server->here)
				status = grow_ring(server);
			else
				pthread_cond_wait(&server->room, &server->lock);
			continue;
		}
		room = room < server->ring_words - at ? room : server->ring_words - at;
		room = room < count ? room : count;
		memcpy(server->ring + at, words, room * sizeof(*words));
		server->written += room;
		words += room;
		count -= room;
		if (!server->here)
			tell_network(server);
	}
	pthread_mutex_unlock(&server->lock);
	return status;
}

/* A program has ended. With the lock of the queue. */
static void take_end(void *user, struct hxcomm_job *job)
{
	struct hxcomm_arq_server *server = user;
	pthread_mutex_lock(&server->lock);
	server->flush = server->written;
	server->running--;
	server->statistics.programs++;
	server->statistics.failed += job->status != HXCOMM_OK;
	if (job->status != HXCOMM_OK && server->failure == HXCOMM_OK && !server->dropping) {
		server->failure = job->status;
		memcpy(server->message, job->message, sizeof(server->message));
	}
	job->next = server->ended;
	server->ended = job;
	tell_network(server);
	pthread_mutex_unlock(&server->lock);
}

/* ---- programs from the network -------------------------------------------------------------- */

static void fail(struct hxcomm_arq_server *server, int status)
{
	pthread_mutex_lock(&server->lock);
	if (server->failure == HXCOMM_OK) {
		server->failure = status;
		snprintf(server->message, sizeof(server->message), "%s", hxcomm_error_message());
	}
	pthread_mutex_unlock(&server->lock);
}

static int begin_program(struct hxcomm_arq_server *server)
{
	struct hxcomm_job *job = calloc(1, sizeof(*job));
	if (!job)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a program");
	int status = hxcomm__job_init(job, server->connection, NULL, NULL);
	job->lasting = true;
	job->sink = take_answer;
	job->trust = !server->is_remote;
	job->done = take_end;
	job->user = server;
	if (status == HXCOMM_OK) {
		pthread_mutex_lock(&server->lock);
		server->running++;
		pthread_mutex_unlock(&server->lock);
		status = hxcomm__queue_add(server->connection->queue, job);
	}
	if (status == HXCOMM_OK) {
		server->open = job;
		return status;
	}
	pthread_mutex_lock(&server->lock);
	server->running--;
	pthread_mutex_unlock(&server->lock);
	free(job);
	return status;
}

static bool is_halt(uint64_t word)
{
	return (word & UINT64_C(0xff00000000000001)) == HXCOMM_WORD_HALT;
}

/* Words of the open program, which ends with them if a halt follows. */
static int take_words(
        struct hxcomm_arq_server *server, const uint64_t *words, size_t count, bool halt)
{
	int status = server->open ? HXCOMM_OK : begin_program(server);
	if (status == HXCOMM_OK)
		status = hxcomm__check_words(words, count, server->open->words);
	if (status == HXCOMM_OK)
		status = hxcomm__queue_append_quietly(
		        server->connection->queue, server->open, words, count);
	if (status == HXCOMM_OK && halt) {
		hxcomm__queue_complete(server->connection->queue, server->open);
		server->open = NULL;
	}
	return status;
}

/* Whether nothing in a program can keep the chip for long. */
static bool is_short(const uint64_t *words, size_t count)
{
	if (count > SHORT_WORDS)
		return false;
	for (size_t i = 0; i < count; i++)
		switch (hxcomm_word_instruction(words[i])) {
		case HXCOMM_WAIT_UNTIL:
			if ((uint32_t)words[i] > SHORT_CYCLES)
				return false;
			break;
		case HXCOMM_BARRIER:
			if (words[i] & ~(uint64_t)(HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG) &
			        UINT64_C(0xffffffff))
				return false;
			break;
		case HXCOMM_POLLING_BLOCK:
			return false;
		default:
			break;
		}
	return true;
}

/* Whether a whole program may be run here and now. */
static bool may_run_here(struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	if (server->is_remote || server->open || !is_short(words, count))
		return false;
	if (server->slow) {
		server->slow--;
		return false;
	}
	pthread_mutex_lock(&server->lock);
	const bool idle = server->running == 0 && !server->ended;
	pthread_mutex_unlock(&server->lock);
	return idle;
}

static int run_here(struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	struct hxcomm_job job = { .sink = take_answer, .trust = true };
	int status = hxcomm__check_words(words, count, 0);
	if (status == HXCOMM_OK)
		status = hxcomm__job_init(&job, server->connection, NULL, NULL);
	if (status != HXCOMM_OK)
		return status;
	job.user = server;
	hxcomm__job_lend(&job, words, count);
	const uint64_t begin = hxcomm__now();
	pthread_mutex_lock(&server->lock);
	server->here = true;
	pthread_mutex_unlock(&server->lock);
	hxcomm__queue_run(server->connection->queue, &job);
	if (hxcomm__now() - begin > PROMPT_NS)
		server->slow = SLOW_PROGRAMS;
	pthread_mutex_lock(&server->lock);
	server->here = false;
	server->flush = server->written;
	server->statistics.programs++;
	server->statistics.failed += job.status != HXCOMM_OK;
	pthread_mutex_unlock(&server->lock);
	return job.status == HXCOMM_OK ? HXCOMM_OK : hxcomm_error_set(job.status, "%s",
	        job.message);
}

/* Whether a frame of words was taken. */
static bool take_words_of_frame(
        struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	pthread_mutex_lock(&server->lock);
	const bool many = server->running >= PROGRAMS_MAX;
	pthread_mutex_unlock(&server->lock);
	if (server->deaf)
		return true;
	server->full = many || hxcomm__queue_room(server->connection->queue) < count;
	if (server->full)
		return false;
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && !is_halt(words[to]);)
			to++;
		const bool halt = to < count;
		const int status = halt && may_run_here(server, words + from, to - from) ?
		        run_here(server, words + from, to - from) :
		        take_words(server, words + from, to - from, halt);
		if (status != HXCOMM_OK) {
			fail(server, status);
			return true;
		}
		to += halt;
	}
	pthread_mutex_lock(&server->lock);
	server->statistics.words_received += count;
	pthread_mutex_unlock(&server->lock);
	return true;
}

bool hxcomm__server_take_frame(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	struct hxcomm_arq_server *server = user;
	server->left = type == ARQ_TYPE_FLUSH;
	switch (type) {
	case ARQ_TYPE_WORDS:
		return take_words_of_frame(server, words, count);
	case ARQ_TYPE_ECHO:
		if (hxcomm__arq_room(&server->link) == 0)
			return false;
		hxcomm__arq_append(&server->link, ARQ_TYPE_ECHO, words, count);
		return true;
	default: /* acknowledged, and that is all */
		return true;
	}
}

void hxcomm__server_collect(struct hxcomm_arq_server *server)
{
	pthread_mutex_lock(&server->lock);
	struct hxcomm_job *job = server->ended;
	server->ended = NULL;
	pthread_mutex_unlock(&server->lock);
	while (job) {
		struct hxcomm_job *next = job->next;
		if (server->open == job)
			server->open = NULL;
		hxcomm__queue_forget(server->connection->queue, job);
		job = next;
	}
}

void hxcomm__server_end_programs(struct hxcomm_arq_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->dropping = true;
	pthread_cond_signal(&server->room);
	pthread_mutex_unlock(&server->lock);
	if (server->connection && server->connection->queue)
		hxcomm__queue_give_up(server->connection->queue);
}

/* ---- answers to the network ----------------------------------------------------------------- */

/* Put what came back into frames; one that is not full leaves when no more comes, or
 * when nothing else is on its way. */
static void send_words(struct hxcomm_arq_server *server)
{
	uint64_t frame[ARQ_FRAME_WORDS];
	const uint64_t before = server->read;
	while (server->read < server->written && hxcomm__arq_room(&server->link)) {
		const size_t at = server->read % server->ring_words;
		const uint64_t have = server->written - server->read;
		const size_t count = have < ARQ_FRAME_WORDS ? (size_t)have : ARQ_FRAME_WORDS;
		if (count < ARQ_FRAME_WORDS && server->flush < server->written &&
		        hxcomm__arq_pending(&server->link))
			break;
		const size_t first =
		        count < server->ring_words - at ? count : server->ring_words - at;
		memcpy(frame, server->ring + at, first * sizeof(*frame));
		memcpy(frame + first, server->ring, (count - first) * sizeof(*frame));
		hxcomm__arq_append(&server->link, ARQ_TYPE_WORDS, frame, count);
		server->read += count;
	}
	server->statistics.words_sent += server->read - before;
	/* the other thread is woken for much room, not for each frame */
	if (server->read != before && server->written - server->read <= server->ring_words / 2)
		pthread_cond_signal(&server->room);
}

/* Tell the host that a program has failed, and take no more. */
static void send_failure(struct hxcomm_arq_server *server)
{
	if (server->deaf || hxcomm__arq_room(&server->link) == 0)
		return;
	hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "a program failed, the host is told: %s",
	        server->message);
	hxcomm__arq_append_failure(
	        &server->link, hxcomm_error_name(server->failure), server->message);
	server->deaf = true;
	server->dropping = true;
	server->read = server->flush = server->written;
	pthread_cond_signal(&server->room);
}

void hxcomm__server_send_answers(struct hxcomm_arq_server *server)
{
	send_words(server);
	if (server->failure != HXCOMM_OK)
		send_failure(server);
}

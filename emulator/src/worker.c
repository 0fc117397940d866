// SPDX-License-Identifier: MIT
/* Jobs are short, a hundred microseconds, and follow each other closely: both sides look for half a
 * millisecond or so before they sleep, as it takes fifty microseconds to wake up. */
#include "worker.h"

#include <hxcomm/error.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>

enum { LOOKS = 40000 };

enum state { IDLE, BUSY, END };

struct emulator_worker {
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t changed;
	atomic_int state; /* changed with the mutex held, looked at without */
	void (*job)(void *user);
	void *user;
};

/* Leave the processor's means to others for some ten nanoseconds. */
static void pause_a_moment(void)
{
#if defined(__x86_64__)
	__builtin_ia32_pause();
#endif
}

/* Wait until the state is, or is not, @state. Returns the state then. */
static int await(struct emulator_worker *worker, int state, bool is)
{
	for (unsigned i = 0; i < LOOKS; i++) {
		const int seen = atomic_load_explicit(&worker->state, memory_order_acquire);
		if ((seen == state) == is)
			return seen;
		pause_a_moment();
	}
	pthread_mutex_lock(&worker->mutex);
	while ((atomic_load(&worker->state) == state) != is)
		pthread_cond_wait(&worker->changed, &worker->mutex);
	const int seen = atomic_load(&worker->state);
	pthread_mutex_unlock(&worker->mutex);
	return seen;
}

static void turn(struct emulator_worker *worker, int state)
{
	pthread_mutex_lock(&worker->mutex);
	atomic_store_explicit(&worker->state, state, memory_order_release);
	pthread_cond_broadcast(&worker->changed);
	pthread_mutex_unlock(&worker->mutex);
}

static void *work(void *user)
{
	struct emulator_worker *worker = user;
	while (await(worker, IDLE, false) == BUSY) {
		worker->job(worker->user);
		turn(worker, IDLE);
	}
	return NULL;
}

int emulator__worker_new(struct emulator_worker **out)
{
	*out = NULL;
	struct emulator_worker *worker = calloc(1, sizeof(*worker));
	if (!worker)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a thread");
	pthread_mutex_init(&worker->mutex, NULL);
	pthread_cond_init(&worker->changed, NULL);
	if (pthread_create(&worker->thread, NULL, work, worker)) {
		pthread_cond_destroy(&worker->changed);
		pthread_mutex_destroy(&worker->mutex);
		free(worker);
		return hxcomm_error_set(
			HXCOMM_ENOMEM, "no second thread for an emulated chip: write threads=1");
	}
	*out = worker;
	return HXCOMM_OK;
}

void emulator__worker_free(struct emulator_worker *worker)
{
	if (!worker)
		return;
	turn(worker, END);
	pthread_join(worker->thread, NULL);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->mutex);
	free(worker);
}

void emulator__worker_begin(struct emulator_worker *worker, void (*job)(void *user), void *user)
{
	worker->job = job;
	worker->user = user;
	turn(worker, BUSY);
}

void emulator__worker_wait(struct emulator_worker *worker)
{
	await(worker, BUSY, false);
}

// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_CONNECTION_H
#define HXCOMM_SRC_CONNECTION_H

#include <hxcomm/connection.h>
#include <hxcomm/decoder.h>
#include <hxcomm/uri.h>

#include <stdatomic.h>
#include <stdbool.h>

struct hxcomm_job;
struct hxcomm_provider;
struct hxcomm__queue;

struct hxcomm_connection {
	const struct hxcomm_provider *provider;
	void *state; /* the provider's */
	struct hxcomm_open_options options;

	/* with whoever runs a program */
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *scratch; /* for responses that nobody wants */
	uint64_t *held;                   /* [held_count] words that came behind the last halt */
	size_t held_count;

	/* with the lock of the queue, where there is one */
	bool closed; /* to runs: one failed in the middle */
	struct hxcomm_times total, last;
	atomic_bool closing;
	struct hxcomm__queue *queue; /* NULL before the first job that is waited for */
};

/* Provider of a connection, and its state there. */
const struct hxcomm_provider *hxcomm__connection_provider(void **state,
        const struct hxcomm_connection *connection);

/* HXCOMM_ERANGE or HXCOMM_EINVAL where words are no program for it. */
int hxcomm__check_program(const struct hxcomm_connection *connection, const uint64_t *words,
        size_t count);

#endif

// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_PROVIDER_H
#define HXCOMM_SRC_PROVIDER_H

#include <hxcomm/decoder.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>

struct hxcomm_connection;

/* Where the words of one run go. */
struct hxcomm_receiver {
	struct hxcomm_decoder *decoder;
	struct hxcomm_responses *out; /* tables that the responses are appended to */
	bool drop;                    /* forget the responses after each delivery */
	bool keep;                    /* keep the words, too */
	uint64_t *words;              /* [count] kept words */
	size_t count, capacity;
	int status; /* the first error: it stays */
	/* instead of all this: takes the words as they are, decodes nothing */
	int (*sink)(void *user, const uint64_t *words, size_t count);
	void *user;
};

extern const struct hxcomm_provider hxcomm__provider_arq;
extern const struct hxcomm_provider hxcomm__provider_loopback;
extern const struct hxcomm_provider hxcomm__provider_mock;

/* Refuse chip_serial and any key: for providers that have neither. */
int hxcomm__provider_plain_open(const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options);

/* Who serves a connection, and its state there. */
const struct hxcomm_provider *hxcomm__connection_provider(void **state,
        const struct hxcomm_connection *connection);

/* As hxcomm_run(), but the words that come back go to `sink` as they are. */
int hxcomm__run_raw(struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        int (*sink)(void *user, const uint64_t *words, size_t count), void *user);

/* Whether an earlier run failed in the middle. */
bool hxcomm__connection_broken(const struct hxcomm_connection *connection);

#endif

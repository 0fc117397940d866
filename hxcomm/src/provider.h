// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_PROVIDER_H
#define HXCOMM_SRC_PROVIDER_H

#include <hxcomm/decoder.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>

/* Where the words of one run go. */
struct hxcomm_receiver {
	struct hxcomm_decoder *decoder;
	struct hxcomm_responses *out; /* tables that the responses are appended to */
	bool drop;                    /* forget the responses after each delivery */
	bool keep;                    /* keep the words, too */
	uint64_t *words;              /* [count] kept words */
	size_t count, capacity;
	int status; /* the first error: it stays */
};

extern const struct hxcomm_provider hxcomm__provider_loopback;
extern const struct hxcomm_provider hxcomm__provider_mock;

/* Refuse chip_serial and any key: for providers that have neither. */
int hxcomm__provider_plain_open(const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options);

#endif

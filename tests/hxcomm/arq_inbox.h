// SPDX-License-Identifier: MIT
#ifndef ARQ_INBOX_H
#define ARQ_INBOX_H

/* The words that one end of a link has delivered. */

#include "arq_window.h"
#include "assert.h"

#include <stdlib.h>

#define US UINT64_C(1000)

struct inbox {
	uint64_t words[4096];
	size_t count;
	bool refuse;
};

static inline bool keep_words(void *user, const uint64_t *words, size_t count)
{
	struct inbox *inbox = user;
	if (inbox->refuse)
		return false;
	assert_true(inbox->count + count <= 4096);
	memcpy(inbox->words + inbox->count, words, count * sizeof(*words));
	inbox->count += count;
	return true;
}

static inline bool keep_frames(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	(void)type;
	return keep_words(user, words, count);
}

static inline struct arq_link *new_link(arq_deliver *deliver, void *user)
{
	struct arq_link *link = calloc(1, sizeof(*link));
	assert_non_null(link);
	hxcomm__arq_begin(link, ARQ_WINDOW, deliver, user, 0);
	return link;
}

static inline void assert_link_sends(
        struct arq_link *link, uint64_t now, const void *bytes, size_t size)
{
	const uint8_t *data;
	size_t got;
	assert_true(hxcomm__arq_output(link, now, &data, &got));
	assert_int_equal(got, size);
	assert_memory_equal(data, bytes, size);
}

static inline void assert_link_is_silent(struct arq_link *link, uint64_t now)
{
	const uint8_t *data;
	size_t size;
	assert_false(hxcomm__arq_output(link, now, &data, &size));
}

#endif

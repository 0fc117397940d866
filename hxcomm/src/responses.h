// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_RESPONSES_H
#define HXCOMM_SRC_RESPONSES_H

#include <hxcomm/responses.h>

/* Room for whatever messages that begin in `words` words may hold. */
int hxcomm__responses_reserve(struct hxcomm_responses *responses, size_t words);

/* Cut tables down to their limit; HXCOMM_ERANGE where one was longer. */
int hxcomm__responses_limit(struct hxcomm_responses *responses);

/* Back to the counts of an earlier copy of the structure. */
void hxcomm__responses_restore(struct hxcomm_responses *responses,
        const struct hxcomm_responses *before);

#endif

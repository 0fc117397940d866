// SPDX-License-Identifier: MIT
#ifndef FISCH_SRC_PROGRAM_H
#define FISCH_SRC_PROGRAM_H

#include <fisch/program.h>
#include <hxcomm/error.h>

/* Appenders reserve room, write words behind the end, then commit them: until then nothing of the
 * program has changed. */
struct fisch_program {
	uint64_t *words;
	struct fisch_mark end; /* words and responses so far */
	size_t capacity, limit;
};

/* Make room for `count` words behind the end where there is none. */
int fisch__grow(struct fisch_program *program, size_t count);

/* Room for `count` words behind the end: *out is where. Inline, since single writes are nothing
 * else. */
static inline int fisch__reserve(uint64_t **out, struct fisch_program *program, size_t count)
{
	/* for no words at all there may be no array: pointer arithmetic on NULL is undefined */
	if (program->capacity - program->end.words < count || (count == 0 && !program->words)) {
		const int status = fisch__grow(program, count);
		if (status != HXCOMM_OK)
			return status;
	}
	*out = program->words + program->end.words;
	return HXCOMM_OK;
}

/* Append one word where there is no room. */
int fisch__append_growing(struct fisch_program *program, uint64_t word);

/* Append one word. The other way is left by a tail call, so that this one saves no registers. */
static inline int fisch__append(struct fisch_program *program, uint64_t word)
{
	if (program->end.words == program->capacity)
		return fisch__append_growing(program, word);
	program->words[program->end.words++] = word;
	return HXCOMM_OK;
}

/* Append words made by the caller; `kind` (enum fisch_response) has `responses` of them. */
int fisch__append_read(struct fisch_ticket *out, struct fisch_program *program,
        const uint64_t *words, size_t count, enum fisch_response kind);

/* The next response of a kind in `mark`, or NULL for none. */
uint32_t *fisch__expected(struct fisch_mark *mark, enum fisch_response kind);

#endif

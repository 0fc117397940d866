// SPDX-License-Identifier: MIT
#include "program.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <stdlib.h>
#include <string.h>

int fisch_program_new(struct fisch_program **out, size_t limit_words)
{
	*out = NULL;
	if (limit_words > HXCOMM_PLAYBACK_WORDS)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "limit of %zu words, the playback memory holds %d: split the program",
		        limit_words, HXCOMM_PLAYBACK_WORDS);
	struct fisch_program *program = calloc(1, sizeof(*program));
	if (!program)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a program");
	program->limit = limit_words ? limit_words : HXCOMM_PLAYBACK_WORDS;
	*out = program;
	return HXCOMM_OK;
}

int fisch_program_copy(struct fisch_program **out, const struct fisch_program *program)
{
	struct fisch_program *copy;
	int status = fisch_program_new(&copy, program->limit);
	if (status == HXCOMM_OK)
		status = fisch_program_append_program(copy, program);
	if (status != HXCOMM_OK) {
		fisch_program_free(copy);
		copy = NULL;
	}
	*out = copy;
	return status;
}

void fisch_program_free(struct fisch_program *program)
{
	if (!program)
		return;
	free(program->words);
	free(program);
}

void fisch_program_clear(struct fisch_program *program)
{
	memset(&program->end, 0, sizeof(program->end));
}

const uint64_t *fisch_program_words(const struct fisch_program *program, size_t *count)
{
	*count = program->end.words;
	return program->words;
}

struct fisch_mark fisch_program_mark(const struct fisch_program *program)
{
	return program->end;
}

void fisch_program_remove_after(struct fisch_program *program, const struct fisch_mark *mark)
{
	if (mark->words <= program->end.words)
		program->end = *mark;
}

int fisch__grow(struct fisch_program *program, size_t count)
{
	const size_t used = program->end.words;
	if (count > program->limit - used)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%zu more words after %zu exceed the program's limit of %zu: split it",
		        count, used, program->limit);
	size_t capacity = program->capacity < 256 ? 256 : 2 * program->capacity;
	if (capacity < used + count)
		capacity = used + count;
	if (capacity > program->limit)
		capacity = program->limit;
	uint64_t *words = realloc(program->words, capacity * sizeof(*words));
	if (!words)
		return hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for a program of %zu words", capacity);
	program->words = words;
	program->capacity = capacity;
	return HXCOMM_OK;
}

int fisch__append_growing(struct fisch_program *program, uint64_t word)
{
	const int status = fisch__grow(program, 1);
	return status == HXCOMM_OK ? fisch__append(program, word) : status;
}

uint32_t *fisch__expected(struct fisch_mark *mark, enum fisch_response kind)
{
	switch (kind) {
	case FISCH_RESPONSE_OMNIBUS:
		return &mark->omnibus;
	case FISCH_RESPONSE_JTAG:
		return &mark->jtag;
	case FISCH_RESPONSE_LOOPBACK:
		return &mark->loopback;
	default:
		return NULL;
	}
}

int fisch__append_read(struct fisch_ticket *out, struct fisch_program *program,
        const uint64_t *words, size_t count, enum fisch_response kind)
{
	uint64_t *at;
	const int status = fisch__reserve(&at, program, count);
	if (status != HXCOMM_OK)
		return status;
	memcpy(at, words, count * sizeof(*words));
	program->end.words += count;
	uint32_t *next = fisch__expected(&program->end, kind);
	if (out)
		*out = (struct fisch_ticket){ .kind = (uint8_t)kind, .position = *next,
			.count = 1 };
	(*next)++;
	return HXCOMM_OK;
}

/* Count the responses that words will cause; HXCOMM_EINVAL for a word that no program holds. */
static int count_responses(struct fisch_mark *mark, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const uint64_t word = words[i];
		switch (hxcomm_word_instruction(word)) {
		case HXCOMM_OMNIBUS_ADDRESS:
			mark->omnibus += word >> 36 & 1;
			break;
		case HXCOMM_JTAG_DATA:
			mark->jtag += word >> 48 & 1;
			break;
		case HXCOMM_LOOPBACK:
			if (!(word & 1))
				return hxcomm_error_set(HXCOMM_EINVAL,
				        "word %zu is a halt: it is added by the run, leave it out",
				        i);
			mark->loopback++;
			break;
		default:
			if (word >> 60)
				return hxcomm_error_set(HXCOMM_EINVAL,
				        "word %zu, 0x%016llx, is no instruction", i,
				        (unsigned long long)word);
		}
	}
	return HXCOMM_OK;
}

int fisch_program_append_words(struct fisch_program *program, const uint64_t *words, size_t count)
{
	struct fisch_mark end = program->end;
	int status = count_responses(&end, words, count);
	if (status != HXCOMM_OK || count == 0)
		return status;
	uint64_t *at;
	status = fisch__reserve(&at, program, count);
	if (status != HXCOMM_OK)
		return status;
	memcpy(at, words, count * sizeof(*words));
	end.words += count;
	program->end = end;
	return HXCOMM_OK;
}

int fisch_program_append_program(struct fisch_program *program, const struct fisch_program *other)
{
	const struct fisch_mark more = other->end; /* `other` may be `program` */
	if (more.words == 0)
		return HXCOMM_OK;
	uint64_t *at;
	const int status = fisch__reserve(&at, program, more.words);
	if (status != HXCOMM_OK)
		return status;
	memcpy(at, other->words, more.words * sizeof(*at));
	program->end.words += more.words;
	program->end.omnibus += more.omnibus;
	program->end.jtag += more.jtag;
	program->end.loopback += more.loopback;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* Timer, barriers, ticks, events. */
#include "program.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

int fisch_program_append_timer_reset(struct fisch_program *program)
{
	return fisch__append(program, hxcomm_word_timer_setup());
}

int fisch_program_append_wait_until(struct fisch_program *program, uint64_t cycles)
{
	if (cycles > UINT32_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "wait until %llu cycles, the timer has 32 bits (34.36 s): reset it in "
		        "between",
		        (unsigned long long)cycles);
	return fisch__append(program, hxcomm_word_wait_until((uint32_t)cycles));
}

int fisch_program_append_barrier(struct fisch_program *program, uint32_t mask)
{
	if (mask > HXCOMM_BARRIER_ALL)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "barrier mask is 0x%x, allowed are 0 to 0x%x: or of HXCOMM_BARRIER_…", mask,
		        HXCOMM_BARRIER_ALL);
	return fisch__append(program, hxcomm_word_barrier(mask));
}

int fisch_program_append_poll(struct fisch_program *program, bool equal)
{
	return fisch__append(program, hxcomm_word_polling_block(equal));
}

int fisch_program_append_systime_sync(struct fisch_program *program, bool sync)
{
	return fisch__append(program, hxcomm_word_systime_init(sync));
}

int fisch_program_append_chip_reset(struct fisch_program *program, bool on)
{
	return fisch__append(program, hxcomm_word_chip_reset(on));
}

int fisch_program_append_tick(struct fisch_ticket *out, struct fisch_program *program)
{
	const uint64_t word = hxcomm_word_loopback(true);
	return fisch__append_read(out, program, &word, 1, FISCH_RESPONSE_LOOPBACK);
}

/* 1 to 3 labels in one word. */
static inline uint64_t pack(const uint16_t *labels, size_t count)
{
	if (count == 1)
		return hxcomm_word_spike_pack_1(labels[0]);
	if (count == 2)
		return hxcomm_word_spike_pack_2(labels[0], labels[1]);
	return hxcomm_word_spike_pack_3(labels[0], labels[1], labels[2]);
}

int fisch_program_append_spikes(struct fisch_program *program, const uint16_t *labels, size_t count)
{
	if (count == 1) /* most are sent singly: no loop, no division */
		return fisch__append(program, pack(labels, 1));
	uint64_t *at;
	const int status = fisch__reserve(&at, program, count / 3 + (count % 3 != 0));
	if (status != HXCOMM_OK)
		return status;
	for (size_t i = 0; i < count; i += 3)
		*at++ = pack(labels + i, count - i < 3 ? count - i : 3);
	program->end.words = (size_t)(at - program->words);
	return HXCOMM_OK;
}

/* First event that is earlier than the one before it; `count` where all ascend. Without a branch
 * in the loop: it is part of the hot path. */
static size_t first_descent(const uint64_t *time_cycles, size_t count)
{
	uint64_t descends = 0;
	for (size_t i = 1; i < count; i++)
		descends |= time_cycles[i] < time_cycles[i - 1];
	if (!descends)
		return count;
	size_t i = 1;
	while (time_cycles[i] >= time_cycles[i - 1])
		i++;
	return i;
}

/* Words of a train, behind `at`; returns their end. Reads ahead by one event only, since most
 * trains have one event a time. */
static uint64_t *write_train(uint64_t *at, const uint64_t *time_cycles, const uint16_t *labels,
        size_t count)
{
	size_t i = 0;
	while (i < count) {
		const uint64_t time = time_cycles[i];
		at[0] = hxcomm_word_wait_until((uint32_t)time);
		if (i + 1 == count || time_cycles[i + 1] != time) {
			at[1] = hxcomm_word_spike_pack_1(labels[i]);
			at += 2;
			i++;
			continue;
		}
		at++;
		size_t end = i + 2;
		while (end < count && time_cycles[end] == time)
			end++;
		for (; i < end; i += end - i < 3 ? end - i : 3)
			*at++ = pack(labels + i, end - i < 3 ? end - i : 3);
	}
	return at;
}

/* Words that a train takes: exact, for where twice its length does not fit. */
static size_t train_words(const uint64_t *time_cycles, size_t count)
{
	size_t words = 0;
	for (size_t i = 0; i < count;) {
		size_t end = i + 1;
		while (end < count && time_cycles[end] == time_cycles[i])
			end++;
		words += 1 + (end - i + 2) / 3;
		i = end;
	}
	return words;
}

/* A train of one: the way to send timed events one by one. */
static int append_event(struct fisch_program *program, uint32_t time_cycles, uint16_t label)
{
	uint64_t *at;
	const int status = fisch__reserve(&at, program, 2);
	if (status != HXCOMM_OK)
		return status;
	at[0] = hxcomm_word_wait_until(time_cycles);
	at[1] = hxcomm_word_spike_pack_1(label);
	program->end.words += 2;
	return HXCOMM_OK;
}

int fisch_program_append_spike_train(struct fisch_program *program, const uint64_t *time_cycles,
        const uint16_t *labels, size_t count)
{
	if (count == 0)
		return HXCOMM_OK;
	if (count == 1 && time_cycles[0] <= UINT32_MAX)
		return append_event(program, (uint32_t)time_cycles[0], labels[0]);
	const size_t wrong = first_descent(time_cycles, count);
	if (wrong < count)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "event %zu at %llu cycles is earlier than the one before it, at %llu: sort "
		        "the train", wrong, (unsigned long long)time_cycles[wrong],
		        (unsigned long long)time_cycles[wrong - 1]);
	if (time_cycles[count - 1] > UINT32_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "last event at %llu cycles, the timer has 32 bits (34.36 s): reset it in "
		        "between",
		        (unsigned long long)time_cycles[count - 1]);
	/* two words an event at most; counted only where that exceeds the limit */
	size_t words = count < HXCOMM_PLAYBACK_WORDS ? 2 * count : SIZE_MAX;
	if (words > program->limit - program->end.words)
		words = train_words(time_cycles, count);
	uint64_t *at;
	const int status = fisch__reserve(&at, program, words);
	if (status != HXCOMM_OK)
		return status;
	program->end.words = (size_t)(write_train(at, time_cycles, labels, count) - program->words);
	return HXCOMM_OK;
}

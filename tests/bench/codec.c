// SPDX-License-Identifier: MIT
/* Speed of building programs. A program is its words: what has been built is encoded. Each is built
 * with 2 MB of words, which stay in a cache, and with the longest program there is, 33 MB, which
 * goes to memory. The program's memory is used again from round to round; addresses, values, times
 * and labels are read from arrays. What is measured against memcpy, and how: measure.h. */
#include <fisch/program.h>
#include <hxcomm/words.h>

#include "measure.h"

enum { WORDS = HXCOMM_PLAYBACK_WORDS, CACHED_WORDS = 1 << 18, TRAIN = 100000 };

static struct {
	uint32_t addresses[WORDS], values[WORDS];
	uint64_t times[WORDS];
	uint16_t labels[WORDS];
} in;

/* Each builds a program of `words` words and returns how many items that are. */

static size_t build_writes(struct fisch_program *program, size_t words)
{
	need(fisch_program_append_omnibus_writes(program, in.addresses, in.values, words / 2));
	return words / 2;
}

static size_t build_single_writes(struct fisch_program *program, size_t words)
{
	for (size_t i = 0; i < words / 2; i++)
		need(fisch_program_append_omnibus_write(program, in.addresses[i], in.values[i]));
	return words / 2;
}

static size_t build_train(struct fisch_program *program, size_t words)
{
	need(fisch_program_append_spike_train(program, in.times, in.labels, words / 2));
	return words / 2;
}

static size_t build_single_spikes(struct fisch_program *program, size_t words)
{
	for (size_t i = 0; i < words / 2; i++) {
		need(fisch_program_append_wait_until(program, in.times[i]));
		need(fisch_program_append_spikes(program, &in.labels[i], 1));
	}
	return words / 2;
}

static size_t build_single_timed(struct fisch_program *program, size_t words)
{
	for (size_t i = 0; i < words / 2; i++)
		need(fisch_program_append_spike_train(program, &in.times[i], &in.labels[i], 1));
	return words / 2;
}

static size_t build_mix(struct fisch_program *program, size_t words)
{
	for (size_t i = 0; i < words / 4; i++) {
		need(fisch_program_append_wait_until(program, in.times[i]));
		need(fisch_program_append_spikes(program, &in.labels[i], 1));
		need(fisch_program_append_omnibus_read(NULL, program, in.addresses[i]));
		need(fisch_program_append_barrier(program, 1));
	}
	return words;
}

static void bench(const char *name, const char *unit, size_t words,
        size_t (*build)(struct fisch_program *, size_t))
{
	struct fisch_program *program;
	double took[ROUNDS];
	size_t items = 0, count = 0;
	char text[128];
	need(fisch_program_new(&program, 0));
	for (int round = -1; round < ROUNDS; round++) { /* -1: the program grows */
		fisch_program_clear(program);
		const double begin = seconds();
		items = build(program, words);
		took[round < 0 ? 0 : round] = seconds() - begin;
		(void)fisch_program_words(program, &count);
	}
	if (count != words)
		exit(1);
	snprintf(text, sizeof(text), "append %s, %.1f MB", name, 8e-6 * (double)words);
	print_rate(text, "", unit, items, words, median(took, ROUNDS));
	fisch_program_free(program);
}

int main(void)
{
	static const size_t sizes[] = { WORDS, CACHED_WORDS };
	for (size_t i = 0; i < WORDS; i++) {
		in.addresses[i] = (uint32_t)(i * 2654435761u);
		in.values[i] = (uint32_t)(i * 40503u);
		in.times[i] = 3 * i;
		in.labels[i] = (uint16_t)i;
	}
	for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
		bench("omnibus writes, bulk", "writes", sizes[i], build_writes);
		bench("omnibus writes, one by one", "writes", sizes[i], build_single_writes);
		bench("spike train", "events", sizes[i], build_train);
		bench("timed spikes, one by one", "events", sizes[i], build_single_timed);
		bench("waits and spikes, one by one", "events", sizes[i], build_single_spikes);
		bench("mix, one by one", "messages", sizes[i], build_mix);
	}
	bench("spike train of 100000", "events", 2 * TRAIN, build_train);
	return 0;
}

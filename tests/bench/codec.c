// SPDX-License-Identifier: MIT
/* Speed of words: building programs, decoding responses, next to memcpy of the same bytes. Each
 * figure is the median of several rounds on memory that has been used before; one JSON line a
 * figure. Bytes are those of the words: programs 16 to 32 MB, the longest there are, responses 64 to
 * 80 MB; what is read or written besides them is not counted. */
#include <fisch/program.h>
#include <hxcomm/decoder.h>
#include <hxcomm/encoder.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 9, MESSAGES = 2000000, DECODED = 8000000 };

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void need(int status)
{
	if (status == HXCOMM_OK)
		return;
	fprintf(stderr, "bench: %s\n", hxcomm_error_message());
	exit(1);
}

static void *memory(size_t count, size_t size)
{
	void *block = calloc(count, size);
	if (!block)
		exit(1);
	return block;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double seconds[ROUNDS])
{
	qsort(seconds, ROUNDS, sizeof(*seconds), compare);
	return seconds[ROUNDS / 2];
}

/* memcpy of as many bytes, in GB/s. */
static double copy_rate(size_t bytes)
{
	unsigned char *from = memory(bytes, 1), *to = memory(bytes, 1);
	double took[ROUNDS];
	memset(from, 1, bytes);
	for (int round = 0; round < ROUNDS; round++) {
		from[round] ^= 1;
		const double begin = now();
		memcpy(to, from, bytes);
		took[round] = now() - begin;
		if (to[round] != from[round])
			exit(1);
	}
	free(from);
	free(to);
	return 1e-9 * (double)bytes / median(took);
}

static void print(const char *name, const char *unit, size_t items, size_t words, double seconds)
{
	const double rate = 8e-9 * (double)words / seconds, copy = copy_rate(8 * words);
	printf("{\"name\":\"%s\",\"unit\":\"M %s/s\",\"value\":%.1f,\"items\":%zu,\"ms\":%.3f,"
	       "\"words\":%zu,\"GB_of_words_per_s\":%.2f,\"memcpy_GB_per_s\":%.1f,"
	       "\"percent_of_memcpy\":%.1f}\n",
	        name, unit, 1e-6 * (double)items / seconds, items, 1e3 * seconds, words, rate, copy,
	        100 * rate / copy);
	fflush(stdout);
}

/* ---- programs ------------------------------------------------------------------------------- */

static struct {
	uint32_t addresses[MESSAGES], values[MESSAGES];
	uint64_t times[MESSAGES];
	uint16_t labels[MESSAGES];
} in;

static size_t build_writes(struct fisch_program *program)
{
	need(fisch_program_append_omnibus_writes(program, in.addresses, in.values, MESSAGES));
	return MESSAGES;
}

static size_t build_single_writes(struct fisch_program *program)
{
	for (size_t i = 0; i < MESSAGES; i++)
		need(fisch_program_append_omnibus_write(program, in.addresses[i], in.values[i]));
	return MESSAGES;
}

static size_t build_train(struct fisch_program *program)
{
	need(fisch_program_append_spike_train(program, in.times, in.labels, MESSAGES));
	return MESSAGES;
}

static size_t build_train_of_100000(struct fisch_program *program)
{
	need(fisch_program_append_spike_train(program, in.times, in.labels, 100000));
	return 100000;
}

static size_t build_mix(struct fisch_program *program)
{
	for (size_t i = 0; i < MESSAGES / 4; i++) {
		need(fisch_program_append_wait_until(program, in.times[i]));
		need(fisch_program_append_spikes(program, &in.labels[i], 1));
		need(fisch_program_append_omnibus_read(NULL, program, in.addresses[i]));
		need(fisch_program_append_barrier(program, 1));
	}
	return MESSAGES;
}

static void bench_build(const char *name, const char *unit, size_t (*build)(struct fisch_program *))
{
	struct fisch_program *program;
	double took[ROUNDS];
	size_t items = 0, words = 0;
	need(fisch_program_new(&program, 0));
	for (int round = 0; round < ROUNDS; round++) {
		fisch_program_clear(program);
		const double begin = now();
		items = build(program);
		took[round] = now() - begin;
		(void)fisch_program_words(program, &words);
	}
	print(name, unit, items, words, median(took));
	fisch_program_free(program);
}

/* ---- responses ------------------------------------------------------------------------------ */

static void bench_decode(const char *name, const char *unit, const enum hxcomm_response *codes,
        size_t code_count, size_t per_message)
{
	struct hxcomm_encoder encoder;
	struct hxcomm_responses *responses;
	double took[ROUNDS];
	size_t count;
	struct test_random random = { .seed = 1 };
	hxcomm_encoder_init(&encoder);
	for (size_t i = 0; i < DECODED; i++) {
		const uint64_t payload = test_random_next(&random) & (code_count > 1 ? 1 : 0xffffff);
		need(hxcomm_encoder_append(&encoder, codes[test_random_below(&random, code_count)], 0,
		        payload));
	}
	need(hxcomm_encoder_flush(&encoder));
	const uint64_t *words = hxcomm_encoder_words(&encoder, &count);
	need(hxcomm_responses_new(&responses, 0));
	for (int round = 0; round < ROUNDS; round++) {
		struct hxcomm_decoder decoder;
		hxcomm_responses_clear(responses);
		hxcomm_decoder_init(&decoder);
		const double begin = now();
		need(hxcomm_decode(&decoder, words, count, responses));
		took[round] = now() - begin;
	}
	print(name, unit, DECODED * per_message, count, median(took));
	hxcomm_responses_free(responses);
	hxcomm_encoder_deinit(&encoder);
}

int main(void)
{
	static const enum hxcomm_response all[] = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	static const enum hxcomm_response ends[] = { HXCOMM_RESPONSE_SPIKE_1, HXCOMM_RESPONSE_SPIKE_2,
		HXCOMM_RESPONSE_SPIKE_3 };
	for (size_t i = 0; i < MESSAGES; i++) {
		in.addresses[i] = (uint32_t)(i * 2654435761u);
		in.values[i] = (uint32_t)(i * 40503u);
		in.times[i] = 3 * i;
		in.labels[i] = (uint16_t)i;
	}
	bench_build("append omnibus writes, bulk", "writes", build_writes);
	bench_build("append omnibus writes, one by one", "writes", build_single_writes);
	bench_build("append spike train of single events", "events", build_train);
	bench_build("append spike train of 100000 events", "events", build_train_of_100000);
	bench_build("append mix, one by one", "messages", build_mix);
	bench_decode("decode omnibus data", "messages", &all[HXCOMM_RESPONSE_OMNIBUS], 1, 1);
	bench_decode("decode spike pack 1", "spikes", &ends[0], 1, 1);
	bench_decode("decode spike pack 2", "spikes", &ends[1], 1, 2);
	bench_decode("decode spike pack 3", "spikes", &ends[2], 1, 3);
	bench_decode("decode MADC pack 3", "samples", &all[HXCOMM_RESPONSE_MADC_3], 1, 3);
	bench_decode("decode random mix of all", "messages", all, 13, 1);
	return 0;
}

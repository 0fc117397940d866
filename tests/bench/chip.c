// SPDX-License-Identifier: MIT
/* Whole chips and large logical containers to the words of a program, and back. Each figure is the
 * best of many rounds on memory that has been used before; one JSON line a figure. */
#include <fisch/program.h>
#include <haldls/chip.h>
#include <haldls/chip_file.h>
#include <haldls/logical.h>
#include <hxcomm/error.h>
#include <stadls/builder.h>

#include "random.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ROUNDS = 60, COPY_BYTES = 2 << 20, NEURONS = 512 };

static struct {
	struct haldls_chip chip, reference, read;
	struct haldls_whole_chip whole;
	struct haldls_synapse_matrix matrix;
	struct haldls_atomic_neuron neurons[NEURONS];
	struct haldls_chip_rows rows;
	uint32_t words[HALDLS_CHIP_WORDS], addresses[HALDLS_CHIP_WORDS];
	uint8_t from[COPY_BYTES], to[COPY_BYTES];
	struct stadls_builder *builder;
	size_t count;
} b;

static void need(int status)
{
	if (status == HXCOMM_OK)
		return;
	fprintf(stderr, "bench: %s\n", hxcomm_error_message());
	exit(1);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static double best(void (*work)(void))
{
	double least = 1e9;
	for (int round = 0; round < ROUNDS; round++) {
		const double begin = now();
		work();
		const double took = now() - begin;
		least = took < least ? took : least;
	}
	return least;
}

static void print(const char *name, double seconds, size_t messages)
{
	printf("{\"name\":\"%s\",\"unit\":\"ms\",\"value\":%.4f,\"messages\":%zu}\n", name,
		1e3 * seconds, messages);
}

static size_t program_words(void)
{
	return fisch_program_mark(stadls_builder_program(b.builder)).words;
}

/* ---- work ------------------------------------------------------------------------------------ */

static void copy(void)
{
	b.from[b.count++ % COPY_BYTES] ^= 1;
	memcpy(b.to, b.from, COPY_BYTES);
}

static void write_chip(void)
{
	stadls_builder_clear(b.builder);
	need(stadls_builder_write_chip(b.builder, &b.chip));
}

/* The logical container: the memories of the processors, too. */
static void write_whole_chip(void)
{
	stadls_builder_clear(b.builder);
	need(stadls_builder_write(b.builder, &haldls_whole_chip_container, 0, &b.whole));
}

static void write_difference(void)
{
	stadls_builder_clear(b.builder);
	need(stadls_builder_write_chip_difference(b.builder, &b.chip, &b.reference));
}

static void write_rows(void)
{
	size_t count;
	stadls_builder_clear(b.builder);
	need(haldls_chip_encode_difference(
		b.addresses, b.words, &count, &b.chip, &b.reference, &b.rows));
	need(fisch_program_append_omnibus_writes(
		stadls_builder_program(b.builder), b.addresses, b.words, count));
}

static void write_matrix(void)
{
	stadls_builder_clear(b.builder);
	need(stadls_builder_write(b.builder, &haldls_synapse_matrix_container, 0, &b.matrix));
}

static void write_neurons(void)
{
	stadls_builder_clear(b.builder);
	need(stadls_builder_write_range(b.builder, FISCH_OMNIBUS, &haldls_atomic_neuron_container,
		0, NEURONS, b.neurons, NULL));
}

static int count_difference(const struct haldls_chip_difference *difference, void *user)
{
	(void)difference;
	(*(size_t *)user)++;
	return 0;
}

static void decode_and_compare(void)
{
	size_t differences = 0;
	need(haldls_chip_decode(&b.read, b.words));
	(void)haldls_chip_compare(&b.chip, &b.read, count_difference, &differences);
	b.count += differences;
}

static void save(enum haldls_chip_format format)
{
	uint8_t *bytes;
	size_t size;
	need(haldls_chip_file_encode(&bytes, &size, &b.chip, format));
	need(haldls_chip_file_decode(&b.read, bytes, size));
	free(bytes);
}

static void save_binary(void)
{
	save(HALDLS_CHIP_BINARY);
}

static void save_json(void)
{
	save(HALDLS_CHIP_JSON);
}

/* ---- chips ----------------------------------------------------------------------------------- */

static void draw_row(struct haldls_chip *chip, uint32_t h, uint32_t r, struct test_random *random)
{
	for (uint32_t c = 0; c < HALDLS_NEURON_COLUMNS; c++) {
		chip->synapse_weight[h][r][c] = (uint8_t)(1 + test_random_below(random, 63));
		chip->synapse_label[h][r][c] = (uint8_t)(1 + test_random_below(random, 63));
		chip->synapse_time_calibration[h][r][c] = (uint8_t)test_random_below(random, 4);
		chip->synapse_amplitude_calibration[h][r][c] =
			(uint8_t)test_random_below(random, 4);
	}
}

static void draw(void)
{
	struct test_random random = { .seed = 1 };
	for (uint32_t i = 0; i < HALDLS_CAPMEM_CELLS; i++)
		b.chip.capmem[i] = (uint16_t)test_random_below(&random, 1023);
	for (uint32_t n = 0; n < NEURONS; n++) {
		b.chip.neuron_config[n].membrane_capacitor_size =
			(uint32_t)test_random_below(&random, 64);
		haldls_atomic_neuron_init(&b.neurons[n]);
		b.neurons[n].leak.v_leak = (uint32_t)test_random_below(&random, 1023);
	}
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t r = 0; r < HALDLS_SYNAPSE_ROWS; r++)
			draw_row(&b.chip, h, r, &random);
	memcpy(b.matrix.weights, b.chip.synapse_weight[0], sizeof(b.matrix.weights));
	memcpy(b.matrix.labels, b.chip.synapse_label[0], sizeof(b.matrix.labels));
}

/* 1 % of the rows. */
static void change_rows(void)
{
	struct test_random random = { .seed = 2 };
	b.reference = b.chip;
	b.rows.rows_only = true;
	for (uint32_t i = 0; i < 5; i++) {
		haldls_chip_rows_add(&b.rows, i % 2, 40 * i);
		draw_row(&b.reference, i % 2, 40 * i, &random);
	}
}

int main(void)
{
	haldls_chip_init(&b.chip);
	haldls_chip_init(&b.reference);
	haldls_whole_chip_init(&b.whole);
	draw();
	need(stadls_builder_new(&b.builder));
	printf("{\"name\":\"memcpy of 2 MiB\",\"unit\":\"GB/s\",\"value\":%.2f}\n",
		1e-9 * COPY_BYTES / best(copy));
	const double whole = best(write_chip);
	print("whole chip to words", whole, program_words());
	const double all = best(write_whole_chip);
	print("whole chip with memories to words", all, program_words());
	const double difference = best(write_difference);
	print("whole chip as a difference", difference, program_words());
	const double matrix = best(write_matrix);
	print("synapse matrix", matrix, program_words());
	const double neurons = best(write_neurons);
	print("512 atomic neurons", neurons, program_words());
	change_rows();
	const double rows = best(write_rows);
	print("5 of 512 synapse rows, known", rows, program_words());
	need(haldls_chip_encode(b.words, &b.chip));
	print("decode and compare, all equal", best(decode_and_compare), HALDLS_CHIP_WORDS);
	need(haldls_chip_encode(b.words, &b.reference));
	print("decode and compare, 5 rows differ", best(decode_and_compare), HALDLS_CHIP_WORDS);
	print("save and load, binary", best(save_binary), 0);
	print("save and load, JSON", best(save_json), 0);
	stadls_builder_free(b.builder);
	return 0;
}

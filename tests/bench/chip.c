// SPDX-License-Identifier: MIT
/* Chips, matrices, neurons and rows into a program, all of them and what differs; and a chip back
 * out of words, compared, and saved. Each into a builder that is kept, into a new one, and into a
 * new one whose memory comes fresh from the system: a page that is touched first costs about 1 us.
 * "allowed" is a tenth of what the C++ reference needs for the same work. */
#include <haldls/chip.h>
#include <haldls/chip_file.h>
#include <haldls/logical.h>
#include <hxcomm/connection.h>
#include <stadls/bringup.h>
#include <stadls/builder.h>
#include <stadls/chip.h>
#include <stadls/run.h>

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

enum {
	REPEATS = 101,
	COPIED_BYTES = 2 << 20,
	NEURONS = 512,
	SYNAPSE_ROWS = 512,
	CHANGED_ROWS = 5, /* 1 % of them */
	RESPONSE_NS = 64, /* 8 bytes over a link of 1 Gbit/s */
};

/* The reference's figures in ms. */
static const double chip_ms = 3.99, difference_ms = 5.2, matrix_ms = 0.92, neurons_ms = 0.68,
                    changed_rows_ms = 0.2;

static struct {
	struct haldls_chip chip, defaults, changed, read;
	struct haldls_whole_chip whole, whole_defaults;
	struct haldls_synapse_matrix matrix;
	struct haldls_atomic_neuron neurons[NEURONS];
	struct haldls_chip_rows rows;
	struct stadls_builder *builder;
	uint32_t words[HALDLS_CHIP_WORDS];
	char from[COPIED_BYTES], to[COPIED_BYTES];
} b;

/* ---- measuring ------------------------------------------------------------------------------- */

static void into_kept_builder(void (*work)(void))
{
	stadls_builder_clear(b.builder);
	work();
}

static void into_new_builder(void (*work)(void))
{
	struct stadls_builder *kept = b.builder;
	need(stadls_builder_new(&b.builder));
	work();
	stadls_builder_free(b.builder);
	b.builder = kept;
}

static bool fresh_memory; /* give back what is free before each round */

static double print_median(const char *name, double times[REPEATS], double allowed_ms)
{
	const double middle = median(times, REPEATS);
	printf("{\"name\":\"chip/%s\",\"unit\":\"ms\",\"value\":%.4f,\"best\":%.4f", name,
	        middle, times[0]);
	if (allowed_ms > 0)
		printf(",\"allowed\":%.4f,\"holds\":%s", allowed_ms,
		        middle <= allowed_ms ? "true" : "false");
	puts("}");
	return middle;
}

/* @return the median, in ms */
static double measure(const char *name, void (*builder)(void (*)(void)), void (*work)(void),
        double allowed_ms)
{
	double times[REPEATS];
	for (int i = -1; i < REPEATS; i++) { /* the first one is not counted */
		if (fresh_memory)
			(void)malloc_trim(0);
		const double began = seconds();
		builder(work);
		if (i >= 0)
			times[i] = 1e3 * (seconds() - began);
	}
	return print_median(name, times, allowed_ms);
}

/* ---- work ------------------------------------------------------------------------------------ */

static void copy(void)
{
	b.from[COPIED_BYTES / 2] ^= 1;
	memcpy(b.to, b.from, COPIED_BYTES);
}

/* Without the memories of processors, and with them as the reference has it. */
static void write_chip(void)
{
	need(stadls_builder_write_chip(b.builder, &b.chip));
}

static void write_whole_chip(void)
{
	need(stadls_builder_write(b.builder, &haldls_whole_chip_container, 0, &b.whole));
}

static void write_difference(void)
{
	need(stadls_builder_write_chip_difference(b.builder, &b.chip, &b.defaults));
}

static void write_no_difference(void)
{
	need(stadls_builder_write_chip_difference(b.builder, &b.chip, &b.chip));
}

static void write_whole_difference(void)
{
	need(stadls_builder_write_difference(
	        b.builder, &haldls_whole_chip_container, 0, &b.whole, &b.whole_defaults));
}

static void write_known_rows(void)
{
	need(stadls_builder_write_chip_rows(b.builder, &b.changed, &b.chip, &b.rows));
}

static void write_matrix(void)
{
	need(stadls_builder_write(b.builder, &haldls_synapse_matrix_container, 0, &b.matrix));
}

static void write_neurons(void)
{
	need(stadls_builder_write_range(b.builder, FISCH_OMNIBUS, &haldls_atomic_neuron_container,
	        0, NEURONS, b.neurons, NULL));
}

/* Every work that ends in a program, with how many messages it has at the reference; 0: any. */
static const struct {
	const char *name;
	void (*work)(void);
	const double *reference_ms;
	size_t messages;
} programs[] = {
	{ "whole_chip", write_whole_chip, &chip_ms, 253684 },
	{ "chip", write_chip, &chip_ms, 0 },
	{ "difference", write_difference, &difference_ms, 131072 },
	{ "whole_difference", write_whole_difference, &difference_ms, 131072 },
	{ "no_difference", write_no_difference, &difference_ms, 0 },
	{ "synapse_matrix", write_matrix, &matrix_ms, 65536 },
	{ "512_atomic_neurons", write_neurons, &neurons_ms, 34816 },
	{ "5_known_rows", write_known_rows, &changed_rows_ms, 0 },
};

static void measure_programs(const char *builder_name, void (*builder)(void (*)(void)))
{
	for (size_t i = 0; i < sizeof(programs) / sizeof(*programs); i++) {
		char name[80];
		snprintf(name, sizeof(name), "%s/%s", programs[i].name, builder_name);
		(void)measure(name, builder, programs[i].work, *programs[i].reference_ms / 10);
		into_kept_builder(programs[i].work);
		const size_t words = fisch_program_mark(stadls_builder_program(b.builder)).words;
		if (programs[i].messages && words != programs[i].messages) {
			fprintf(stderr, "%s is %zu messages, at the reference %zu\n",
			        programs[i].name, words, programs[i].messages);
			exit(1);
		}
	}
}

/* Words that came back become a chip, which is compared with the one that was written. */
static void decode_and_compare(void)
{
	need(haldls_chip_decode(&b.read, b.words));
	write_no_difference();
}

static int count_difference(const struct haldls_chip_difference *difference, void *user)
{
	(void)difference;
	(*(size_t *)user)++;
	return 0;
}

/* The same, each difference by name. */
static void decode_and_name_differences(void)
{
	size_t differences = 0;
	need(haldls_chip_decode(&b.read, b.words));
	(void)haldls_chip_compare(&b.changed, &b.read, count_difference, &differences);
}

static void save_and_load(enum haldls_chip_format format)
{
	uint8_t *bytes;
	size_t size;
	need(haldls_chip_file_encode(&bytes, &size, &b.chip, format));
	need(haldls_chip_file_decode(&b.read, bytes, size));
	free(bytes);
}

static void save_binary(void)
{
	save_and_load(HALDLS_CHIP_BINARY);
}

static void save_json(void)
{
	save_and_load(HALDLS_CHIP_JSON);
}

/* A chip read back from an emulated one: what the host does for it before the first word goes out
 * and after the last one has come, responses decoded into tables included. */
static void measure_read_back(double allowed_ms)
{
	struct stadls_chip_read_options options = STADLS_CHIP_READ_OPTIONS_INIT;
	struct hxcomm_connection *connection;
	double times[REPEATS];
	need(hxcomm_open(&connection, "emulator:", NULL));
	need(stadls_bringup(connection));
	need(stadls_chip_write(connection, &b.chip, NULL));
	for (int i = -1; i < REPEATS; i++) {
		struct hxcomm_times last = HXCOMM_TIMES_INIT;
		const double began = seconds();
		need(stadls_chip_read(&b.read, NULL, connection, &options));
		if (haldls_chip_compare(&b.read, &b.chip, NULL, NULL))
			need(hxcomm_error_set(HXCOMM_EPROTO, "another chip came back"));
		const double took = 1e3 * (seconds() - began);
		need(hxcomm_times_read(NULL, &last, connection));
		if (i >= 0)
			times[i] = took - 1e3 * (last.execute_s - last.decode_s);
	}
	(void)print_median("read_back_decode_and_compare", times, allowed_ms);
	hxcomm_close(connection);
}

/* ---- chips ----------------------------------------------------------------------------------- */

/* Every word of the synapses differs, as in the reference's measurement. */
static void fill(void)
{
	uint8_t *weights = &b.chip.synapse_weight[0][0][0], *labels = &b.chip.synapse_label[0][0][0];
	haldls_chip_init(&b.defaults);
	b.chip = b.defaults;
	for (size_t i = 0; i < sizeof(b.chip.synapse_weight); i++) {
		weights[i] = (uint8_t)(1 + i % 63);
		labels[i] = (uint8_t)(1 + i % 61);
	}
	haldls_whole_chip_init(&b.whole_defaults);
	b.whole = b.whole_defaults;
	memcpy(b.matrix.weights, weights, sizeof(b.matrix.weights));
	memcpy(b.matrix.labels, labels, sizeof(b.matrix.labels));
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		b.whole.synapse_blocks[h].matrix = b.matrix;
	for (uint32_t n = 0; n < NEURONS; n++) {
		haldls_atomic_neuron_init(&b.neurons[n]);
		b.neurons[n].leak.v_leak = n;
	}
	b.changed = b.chip;
	b.rows.rows_only = true;
	for (uint32_t i = 0; i < CHANGED_ROWS; i++) {
		const uint32_t hemisphere = i % 2, row = 50 * i;
		haldls_chip_rows_add(&b.rows, hemisphere, row);
		for (uint32_t c = 0; c < HALDLS_NEURON_COLUMNS; c++)
			b.changed.synapse_weight[hemisphere][row][c] ^= 1;
	}
}

int main(void)
{
	fill();
	need(stadls_builder_new(&b.builder));
	const double copied = measure("memcpy_2MiB", into_kept_builder, copy, 0);
	printf("{\"name\":\"chip/memcpy_rate\",\"unit\":\"GB/s\",\"value\":%.1f}\n",
	        COPIED_BYTES * 1e-6 / copied);
	measure_programs("kept_builder", into_kept_builder);
	measure_programs("new_builder", into_new_builder);

	const double transfer_ms = HALDLS_CHIP_WORDS * (RESPONSE_NS * 1e-6);
	need(haldls_chip_encode(b.words, &b.chip));
	(void)measure("decode_and_compare", into_kept_builder, decode_and_compare, transfer_ms / 10);
	(void)measure("decode_and_name_differences", into_kept_builder, decode_and_name_differences,
	        transfer_ms / 10);
	measure_read_back(transfer_ms / 10);
	(void)measure("save_and_load_binary", into_kept_builder, save_binary, 0);
	(void)measure("save_and_load_json", into_kept_builder, save_json, 0);

	fresh_memory = true;
	measure_programs("fresh_memory", into_new_builder);
	stadls_builder_free(b.builder);
	return 0;
}

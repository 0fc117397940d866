// SPDX-License-Identifier: MIT
/* Chips, matrices, neurons and rows into a program, all of them and what differs; and a chip back
 * out of responses, compared. */
#include <haldls/chip.h>
#include <hxcomm/error.h>
#include <stadls/builder.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 201, COPIED_BYTES = 2 << 20 };

/* The reference's figures, in s; a gigabit link carries a response of 8 bytes each in this time. */
static const double reference_write_s = 3.99e-3, reference_difference_s = 5.2e-3,
                    link_word_s = 64e-9;

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static void require(int status)
{
	if (status == HXCOMM_OK)
		return;
	fprintf(stderr, "%s\n", hxcomm_error_message());
	exit(1);
}

struct bench {
	struct haldls_chip *chip, *defaults, *read;
	struct stadls_builder *builder;
	uint32_t *words;
	char *from, *to;
};

static int compare_times(const void *a, const void *b)
{
	const double one = *(const double *)a, other = *(const double *)b;
	return (one > other) - (one < other);
}

static double measure(const char *name, struct bench *bench, void (*work)(struct bench *),
        double allowed_s)
{
	double times[REPEATS];
	work(bench);
	for (unsigned i = 0; i < REPEATS; i++) {
		const double started = seconds();
		work(bench);
		times[i] = seconds() - started;
	}
	qsort(times, REPEATS, sizeof(*times), compare_times);
	printf("{\"name\":\"stadls_chip/%s\",\"unit\":\"ms\",\"value\":%.4f,\"best\":%.4f", name,
	        1e3 * times[REPEATS / 2], 1e3 * times[0]);
	if (allowed_s > 0)
		printf(",\"allowed\":%.4f", 1e3 * allowed_s);
	puts("}");
	return times[REPEATS / 2];
}

/* ---- work ------------------------------------------------------------------------------------ */

static void copy(struct bench *bench)
{
	memcpy(bench->to, bench->from, COPIED_BYTES);
}

static void encode(struct bench *bench)
{
	require(haldls_chip_encode(bench->words, bench->chip));
}

static void write_chip(struct bench *bench)
{
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_chip(bench->builder, bench->chip));
}

static void write_difference(struct bench *bench)
{
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_chip_difference(bench->builder, bench->chip, bench->defaults));
}

static void write_new(struct bench *bench)
{
	struct stadls_builder *builder;
	require(stadls_builder_new(&builder));
	require(stadls_builder_write_chip(builder, bench->chip));
	stadls_builder_free(builder);
}

static void write_equal(struct bench *bench)
{
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_chip_difference(bench->builder, bench->chip, bench->chip));
}

/* Five rows, 1 % of those that there are. */
static void write_rows(struct bench *bench)
{
	struct haldls_chip_rows changed = { .rows_only = true };
	for (uint32_t row = 0; row < 5; row++)
		haldls_chip_rows_add(&changed, row % 2, 50 * row);
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_chip_rows(
	        bench->builder, bench->chip, bench->defaults, &changed));
}

/* Words that came back become a chip, which is compared with the one that was written. */
static void decode_and_compare(struct bench *bench)
{
	require(haldls_chip_decode(bench->read, bench->words));
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_chip_difference(bench->builder, bench->read, bench->chip));
	if (!stadls_builder_is_empty(bench->builder))
		require(hxcomm_error_set(HXCOMM_EPROTO, "the chip that came back is another one"));
}

/* ---- logical containers ---------------------------------------------------------------------- */

static const struct haldls_container *container;
static uint32_t coordinates;
static char *values, *references; /* [coordinates] of the container */

static void write_containers(struct bench *bench)
{
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_range(bench->builder, container->backends[0], container, 0,
	        coordinates, values, NULL));
}

/* Where no builder knows the addresses from the last time. */
static void write_containers_new(struct bench *bench)
{
	struct stadls_builder *builder;
	(void)bench;
	require(stadls_builder_new(&builder));
	require(stadls_builder_write_range(
	        builder, container->backends[0], container, 0, coordinates, values, NULL));
	stadls_builder_free(builder);
}

static void write_container_differences(struct bench *bench)
{
	stadls_builder_clear(bench->builder);
	require(stadls_builder_write_range(bench->builder, container->backends[0], container, 0,
	        coordinates, values, references));
}

/* Values whose every field is 1, against the defaults, or nothing of it. */
static void measure_containers(
        struct bench *bench, const char *name, uint32_t count, bool difference, double allowed_s)
{
	char label[64];
	container = haldls_container_find(name);
	coordinates = count;
	if (!container)
		require(HXCOMM_ENOENT);
	values = malloc(count * container->size);
	references = malloc(count * container->size);
	if (!values || !references)
		exit(1);
	for (uint32_t i = 0; i < count; i++) {
		container->init(references + i * container->size);
		container->init(values + i * container->size);
		for (size_t f = 0; f < container->field_count; f++)
			for (uint32_t j = 0; j < container->fields[f].count; j++)
				if (!container->fields[f].fixed)
					require(haldls_field_set(&container->fields[f],
					        values + i * container->size, j,
					        container->fields[f].max > 0));
	}
	write_containers(bench);
	snprintf(label, sizeof(label), "%s%s_%u", difference ? "difference_of_" : "",
	        container->c_name, count);
	measure(label, bench, difference ? write_container_differences : write_containers,
	        allowed_s);
	if (!difference) {
		snprintf(label, sizeof(label), "%s_%u_to_a_new_builder", container->c_name, count);
		measure(label, bench, write_containers_new, allowed_s);
	}
	free(values);
	free(references);
}

int main(void)
{
	struct bench bench = {
		.chip = malloc(sizeof(*bench.chip)),
		.defaults = malloc(sizeof(*bench.defaults)),
		.read = malloc(sizeof(*bench.read)),
		.words = malloc(HALDLS_CHIP_WORDS * sizeof(*bench.words)),
		.from = calloc(COPIED_BYTES, 1),
		.to = calloc(COPIED_BYTES, 1),
	};
	uint8_t *weights = bench.chip ? &bench.chip->synapse_weight[0][0][0] : NULL;
	uint8_t *labels = bench.chip ? &bench.chip->synapse_label[0][0][0] : NULL;
	if (!bench.chip || !bench.defaults || !bench.read || !bench.words || !bench.from ||
	        !bench.to)
		return 1;
	require(stadls_builder_new(&bench.builder));
	haldls_chip_init(bench.defaults);
	*bench.chip = *bench.defaults;
	/* every word of the synapses differs, as in the reference's measurement: 131 072 messages
	 */
	for (size_t i = 0; i < sizeof(bench.chip->synapse_weight); i++) {
		weights[i] = (uint8_t)(1 + i % 63);
		labels[i] = (uint8_t)(1 + i % 61);
	}
	require(haldls_chip_encode(bench.words, bench.chip));
	printf("{\"name\":\"stadls_chip/words\",\"unit\":\"words\",\"value\":%d}\n",
	        (int)HALDLS_CHIP_WORDS);
	const double copied = measure("memcpy_2MB", &bench, copy, 0);
	printf("{\"name\":\"stadls_chip/memcpy_rate\",\"unit\":\"GB/s\",\"value\":%.1f}\n",
	        COPIED_BYTES * 1e-9 / copied);
	measure("encode", &bench, encode, 0);
	measure("write", &bench, write_chip, reference_write_s / 10);
	measure("write_to_a_new_builder", &bench, write_new, 0);
	measure("difference", &bench, write_difference, reference_difference_s / 10);
	measure("no_difference", &bench, write_equal, 0);
	measure("five_rows", &bench, write_rows, 20e-6);
	measure_containers(&bench, "Chip", 1, false, reference_write_s / 10);
	measure_containers(&bench, "Chip", 1, true, reference_difference_s / 10);
	measure_containers(&bench, "SynapseMatrix", 1, false, 0.92e-3 / 10);
	measure_containers(&bench, "AtomicNeuron", 512, false, 0.68e-3 / 10);
	measure_containers(&bench, "SynapseRow", 5, true, 20e-6); /* 1 % of the rows */
	measure("decode_and_compare", &bench, decode_and_compare,
	        HALDLS_CHIP_WORDS * link_word_s / 10);
	stadls_builder_free(bench.builder);
	free(bench.chip);
	free(bench.defaults);
	free(bench.read);
	free(bench.words);
	free(bench.from);
	free(bench.to);
	return 0;
}

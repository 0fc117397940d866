// SPDX-License-Identifier: MIT
/* Recorded builder programs, word by word: what the reference builder made of the same steps. */
#include "assert.h"
#include "../haldls/member.h"
#include "vectors.h"

#include <haldls/logical.h>
#include <stadls/bringup.h>
#include <stadls/builder.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

/* Lines of steps that run, lines that are refused, bring-ups: all that there are. */
enum { RUN = 808, REFUSED = 86, BRING_UPS = 9 };

static const char *text_of(const json_t *object, const char *member)
{
	const char *text = json_string_value(json_object_get(object, member));
	return text ? text : "";
}

static int run_block(struct stadls_builder *builder, const struct haldls_container *container,
        const void *value)
{
	uint32_t word;
	assert_int_equal(container->write_words, 1);
	assert_ok(container->encode(&word, value));
	return container->backends[0] == FISCH_BARRIER ? stadls_builder_barrier(builder, word)
	                                               : stadls_builder_poll(builder, word);
}

static int run_write(struct stadls_builder *builder, const json_t *step,
        const struct haldls_container *container, uint32_t coordinate, const void *value)
{
	const json_t *fields = json_object_get(step, "reference_fields");
	const char *backend = text_of(step, "backend");
	const int over = backend[0] ? fisch_backend_find(backend) : -1;
	if (fields) {
		void *reference = calloc(1, container->size + 1);
		container->init(reference);
		assert_true(member_set_all(reference, container, fields) > 0);
		const int status = over < 0 ? stadls_builder_write_difference(builder, container,
		                                      coordinate, value, reference)
		                            : stadls_builder_write_difference_over(builder,
		                                      (enum fisch_backend)over, container,
		                                      coordinate, value, reference);
		free(reference);
		return status;
	}
	return over < 0 ? stadls_builder_write(builder, container, coordinate, value)
	                : stadls_builder_write_over(
	                          builder, (enum fisch_backend)over, container, coordinate, value);
}

/* A logical neuron is its atomic neurons, compartment by compartment (spec/lola.md 1.4). */
static int write_logical_neuron(struct stadls_builder *builder, const json_t *step)
{
	const json_t *places = json_object_get(step, "atomic_neurons");
	const json_t *morphology = json_object_get(json_object_get(step, "fields"), "morphology");
	const struct haldls_container *container = &haldls_atomic_neuron_container;
	const json_t *compartment, *neuron;
	size_t i, j, place = 0;
	int status = HXCOMM_OK;
	void *value = calloc(1, container->size);
	json_array_foreach(morphology, i, compartment) {
		json_array_foreach(json_object_get(compartment, "value"), j, neuron) {
			const uint32_t coordinate =
			        (uint32_t)vectors_number(json_array_get(places, place++));
			container->init(value);
			assert_true(member_set_all(value, container, neuron) > 0);
			if (status == HXCOMM_OK)
				status =
				        stadls_builder_write(builder, container, coordinate, value);
		}
	}
	assert_int_equal(place, json_array_size(places));
	free(value);
	return status;
}

static int run_step(struct stadls_builder *builder, const json_t *step)
{
	const char *name = text_of(step, "container"), *op = text_of(step, "op");
	if (!strcmp(name, "LogicalNeuron"))
		return write_logical_neuron(builder, step);
	if (!strcmp(name, "Timer") &&
	        !strcmp(op, "block_until")) /* Timer::Value is what is waited for */
		return stadls_builder_wait_until(builder, vectors_u64(step, "value"));
	const struct haldls_container *container = haldls_container_find(name);
	assert_non_null(container);
	const uint32_t coordinate = (uint32_t)vectors_u64(step, "coordinate_enum");
	struct stadls_ticket ticket;
	if (!strcmp(op, "read")) {
		const char *backend = text_of(step, "backend");
		return backend[0] ? stadls_builder_read_over(&ticket, builder,
		                            (enum fisch_backend)fisch_backend_find(backend),
		                            container, coordinate)
		                  : stadls_builder_read(&ticket, builder, container, coordinate);
	}
	void *value = calloc(1, container->size + 1);
	container->init(value);
	const json_t *fields = json_object_get(step, "fields");
	assert_true(member_set_all(value, container, fields) > 0 || !json_object_size(fields));
	const int status = !strcmp(op, "block_until")
	                           ? run_block(builder, container, value)
	                           : run_write(builder, step, container, coordinate, value);
	free(value);
	return status;
}

static void assert_words(struct stadls_builder *builder, const json_t *line, size_t number)
{
	size_t count, expected_count;
	const uint64_t *words = fisch_program_words(stadls_builder_program(builder), &count);
	uint64_t *expected = vectors_words(json_object_get(line, "words"), &expected_count);
	for (size_t i = 0; i < count && i < expected_count; i++)
		if (words[i] != expected[i])
			fail_msg("line %zu, word %zu: 0x%016" PRIx64 ", recorded 0x%016" PRIx64,
			        number, i, words[i], expected[i]);
	if (count != expected_count)
		fail_msg("line %zu: %zu words, recorded %zu", number, count, expected_count);
	free(expected);
}

/* Steps in one builder; from step `cut` on in a second one, which is then joined to the first. */
static void run_line(struct stadls_builder *builder, struct stadls_builder *second,
        const json_t *line, size_t cut, size_t number)
{
	size_t i;
	const json_t *step;
	stadls_builder_clear(builder);
	stadls_builder_clear(second);
	json_array_foreach(json_object_get(line, "steps"), i, step) {
		const int status = run_step(i < cut ? builder : second, step);
		if (status != HXCOMM_OK)
			fail_msg("line %zu, step %zu: %s", number, i, hxcomm_error_message());
	}
	assert_ok(stadls_builder_append(builder, second));
	assert_words(builder, line, number);
}

static void assert_refused(struct stadls_builder *builder, const json_t *line, size_t number)
{
	size_t count;
	stadls_builder_clear(builder);
	const int status = run_step(builder, json_array_get(json_object_get(line, "steps"), 0));
	if (status != HXCOMM_ENOTSUP && status != HXCOMM_EINVAL)
		fail_msg("line %zu: %s, recorded '%s'", number, hxcomm_error_name(status),
		        text_of(line, "error"));
	fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 0);
}

/* ---- bring-ups: recorded as words only ------------------------------------------------------- */

static const struct variant {
	const char *name;
	enum stadls_board board;
	unsigned omit;
	bool timing;
} variants[] = {
	{ "SystemInit_HXCube", STADLS_BOARD_CUBE, 0, false },
	{ "SystemInit_HXCube_synram_timing", STADLS_BOARD_CUBE, 0, true },
	{ "SystemInit_Jboa", STADLS_BOARD_JBOA, 0, false },
	{ "SystemInit_Simulation", STADLS_BOARD_CUBE, 0, false },
	{ "SystemInit_ZeroMock", STADLS_BOARD_CUBE, 0, false },
	{ "ChipInit_default", STADLS_BOARD_CUBE, STADLS_BRINGUP_SYSTEM | STADLS_BRINGUP_BOARD,
	        false },
	{ "ChipInit_no_highspeed", STADLS_BOARD_CUBE,
	        STADLS_BRINGUP_SYSTEM | STADLS_BRINGUP_BOARD | STADLS_BRINGUP_LINK |
	                STADLS_BRINGUP_CAPMEM,
	        false },
	{ "ChipInit_no_systime", STADLS_BOARD_CUBE,
	        STADLS_BRINGUP_SYSTEM | STADLS_BRINGUP_BOARD | STADLS_BRINGUP_SYSTIME, false },
	{ "ChipInit_no_capmem", STADLS_BOARD_CUBE,
	        STADLS_BRINGUP_SYSTEM | STADLS_BRINGUP_BOARD | STADLS_BRINGUP_CAPMEM, false },
};

static const struct variant *find_variant(const json_t *line)
{
	FOR_ROWS(i, variants)
		if (!strcmp(text_of(line, "program"), variants[i].name))
			return &variants[i];
	return NULL;
}

/* In the recorded words of the cube all DAC voltages have collapsed onto channel 0: in the
 * recording program the constants of the board were made before the names of the channels had their
 * numbers. On a machine the supplies are channels 8 to 13, the first six of the second DAC, as the
 * registers of init_sequence (compared in bringup_test.c) and spec/lola.md have them. So the bytes
 * of those seven channels, and of nothing else, are taken from the registers. */
static void correct_cube_dac(json_t *words, struct stadls_builder *builder)
{
	enum { FIRST = 8, CHANNEL_WORDS = 8, LOW_BYTE = 3, HIGH_BYTE = 1 };
	static const size_t channels[] = { 0, 8, 9, 10, 11, 12, 13 },
	                    bytes[] = { HIGH_BYTE, LOW_BYTE };
	size_t count;
	const uint64_t *made = fisch_program_words(stadls_builder_program(builder), &count);
	assert_true(count > FIRST + 16 * CHANNEL_WORDS);
	FOR_ROWS(i, channels) {
		FOR_ROWS(j, bytes) {
			const size_t at = FIRST + channels[i] * CHANNEL_WORDS + bytes[j];
			char text[24];
			snprintf(text, sizeof(text), "0x%016" PRIx64, made[at]);
			assert_string_not_equal(json_string_value(json_array_get(words, at)), text);
			assert_int_equal(json_array_set_new(words, at, json_string(text)), 0);
		}
	}
}

static void run_variant(struct stadls_builder *builder, const struct variant *variant,
        const json_t *line, size_t number)
{
	struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
	options.board = variant->board;
	options.omit = variant->omit;
	options.set_synram_timing = variant->timing;
	/* the platform data that the recording was made with */
	options.synram_timing[0] = (struct stadls_synram_timing){ 1, 2, 5, 6 };
	options.synram_timing[1] = (struct stadls_synram_timing){ 3, 4, 7, 8 };
	stadls_builder_clear(builder);
	assert_ok(stadls_bringup_append(builder, &options));
	if (variant->board == STADLS_BOARD_CUBE && !(options.omit & STADLS_BRINGUP_BOARD))
		correct_cube_dac(json_object_get(line, "words"), builder);
	assert_words(builder, line, number);
}

/* ---- all lines ------------------------------------------------------------------------------- */

static void programs_have_the_recorded_words(void **state)
{
	struct vectors *vectors = vectors_open("programs");
	struct stadls_builder *builder, *second;
	size_t run = 0, refused = 0, bring_ups = 0;
	(void)state;
	assert_ok(stadls_builder_new(&builder));
	assert_ok(stadls_builder_new(&second));
	for (json_t *line; (line = vectors_next(vectors));) {
		const size_t number = vectors_line(vectors);
		const size_t steps = json_array_size(json_object_get(line, "steps"));
		const struct variant *variant = find_variant(line);
		if (variant) {
			run_variant(builder, variant, line, number);
			bring_ups++;
		} else if (json_object_get(line, "error")) {
			assert_refused(builder, line, number);
			refused++;
		} else {
			run_line(builder, second, line, steps, number);
			if (steps > 1)
				run_line(builder, second, line, number % steps, number);
			run++;
		}
	}
	print_message("%zu programs and %zu bring-ups equal, %zu refused as recorded\n", run,
	        bring_ups, refused);
	assert_int_equal(run, RUN);
	assert_int_equal(refused, REFUSED);
	assert_int_equal(bring_ups, BRING_UPS);
	stadls_builder_free(builder);
	stadls_builder_free(second);
	vectors_close(vectors);
}

/* The recorded trains hold their times as waits: the same events by time, in one call. */
static void spike_trains_have_the_recorded_words(void **state)
{
	enum { EVENTS_MAX = 1024 };
	struct vectors *vectors = vectors_open("programs");
	struct stadls_builder *builder;
	size_t trains = 0;
	(void)state;
	assert_ok(stadls_builder_new(&builder));
	for (json_t *line; (line = vectors_next(vectors));) {
		uint64_t time[EVENTS_MAX], now = 0;
		uint16_t labels[EVENTS_MAX];
		size_t count = 0, i, j;
		const json_t *step, *label, *barrier = NULL;
		if (strcmp(text_of(line, "program"), "spiketrain") != 0)
			continue;
		json_array_foreach(json_object_get(line, "steps"), i, step) {
			barrier = step; /* the last one is */
			if (!strcmp(text_of(step, "container"), "Barrier"))
				break;
			if (!strcmp(text_of(step, "op"), "block_until"))
				now = vectors_u64(step, "value");
			json_array_foreach(
			        json_object_get(json_object_get(step, "fields"), "impl"), j, label)
			{
				assert_true(count < EVENTS_MAX);
				time[count] = now;
				labels[count++] = (uint16_t)vectors_number(label);
			}
		}
		stadls_builder_clear(builder);
		assert_ok(stadls_builder_timer_reset(builder));
		assert_ok(stadls_builder_spike_train(builder, time, labels, count));
		assert_ok(run_step(builder, barrier));
		assert_words(builder, line, vectors_line(vectors));
		trains++;
	}
	assert_int_equal(trains, 13);
	stadls_builder_free(builder);
	vectors_close(vectors);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(programs_have_the_recorded_words),
		cmocka_unit_test(spike_trains_have_the_recorded_words),
	};
	return cmocka_run_group_tests_name("stadls/vectors", tests, NULL, NULL);
}

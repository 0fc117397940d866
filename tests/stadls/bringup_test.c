// SPDX-License-Identifier: MIT
/* The bring-up, register by register, against recorded ones; its recorded words are compared in
 * vectors_test.c. */
#include "assert.h"
#include "vectors.h"

#include <stadls/bringup.h>
#include <stadls/builder.h>

#include <inttypes.h>
#include <stdlib.h>

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static void assert_same(struct stadls_builder *builder, const uint64_t *expected,
        size_t expected_count, const char *name)
{
	size_t count;
	const uint64_t *words = fisch_program_words(stadls_builder_program(builder), &count);
	for (size_t i = 0; i < count && i < expected_count; i++)
		if (words[i] != expected[i])
			fail_msg("%s, word %zu: 0x%016" PRIx64 ", recorded 0x%016" PRIx64, name, i,
			        words[i], expected[i]);
	if (count != expected_count)
		fail_msg("%s: %zu words, recorded %zu", name, count, expected_count);
}

/* ---- registers: init_sequence ---------------------------------------------------------------- */

static bool holds(const json_t *step, unsigned omit)
{
	const char *condition = json_string_value(json_object_get(step, "condition"));
	if (!condition)
		return true;
	if (strstr(condition, "enable_highspeed_link") && omit & STADLS_BRINGUP_LINK)
		return false;
	if (strstr(condition, "enable_systime") && omit & STADLS_BRINGUP_SYSTIME)
		return false;
	return !(strstr(condition, "enable_capmem") && omit & STADLS_BRINGUP_CAPMEM);
}

/* Append the recorded registers of a section through the word layer alone. */
static size_t append_section(struct fisch_program *program, const char *name, unsigned omit)
{
	struct vectors *vectors = vectors_open("init_sequence");
	size_t steps = 0;
	for (json_t *section; (section = vectors_next(vectors));) {
		size_t i, j;
		const json_t *step, *pair;
		if (strcmp(json_string_value(json_object_get(section, "name")), name) != 0)
			continue;
		json_array_foreach(json_object_get(section, "steps"), i, step) {
			const int backend = fisch_backend_find(
			        json_string_value(json_object_get(step, "backend")));
			assert_true(backend >= 0);
			if (!holds(step, omit))
				continue;
			json_array_foreach(json_object_get(step, "words"), j, pair)
				assert_ok(fisch_program_append_register_write(program,
				        (enum fisch_backend)backend,
				        (uint32_t)vectors_number(json_array_get(pair, 0)),
				        (uint32_t)vectors_number(json_array_get(pair, 1)), 15));
			steps++;
		}
	}
	vectors_close(vectors);
	return steps;
}

static void every_recorded_register_is_written(void **state)
{
	static const struct {
		enum stadls_board board;
		unsigned omit;
	} rows[] = {
		{ STADLS_BOARD_CUBE, 0 },
		{ STADLS_BOARD_JBOA, 0 },
		{ STADLS_BOARD_CUBE, STADLS_BRINGUP_SYSTEM },
		{ STADLS_BOARD_CUBE, STADLS_BRINGUP_CHIP },
		{ STADLS_BOARD_JBOA, STADLS_BRINGUP_CHIP },
		{ STADLS_BOARD_CUBE, STADLS_BRINGUP_SYSTEM | STADLS_BRINGUP_BOARD },
		{ STADLS_BOARD_CUBE, STADLS_BRINGUP_SYSTIME },
		{ STADLS_BOARD_CUBE, STADLS_BRINGUP_CAPMEM },
		{ STADLS_BOARD_JBOA, STADLS_BRINGUP_SYSTIME | STADLS_BRINGUP_CAPMEM },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
		struct stadls_builder *builder = new_builder();
		struct fisch_program *program;
		size_t count, steps = 0;
		const bool cube = rows[i].board == STADLS_BOARD_CUBE;
		options.board = rows[i].board;
		options.omit = rows[i].omit;
		assert_ok(fisch_program_new(&program, 0));
		if (!(options.omit & STADLS_BRINGUP_SYSTEM))
			steps += append_section(program, "system", options.omit);
		if (!(options.omit & STADLS_BRINGUP_BOARD))
			steps += append_section(
			        program, cube ? "board_cube" : "board_jboa", options.omit);
		if (!(options.omit & STADLS_BRINGUP_CHIP))
			steps += append_section(program, "chip", options.omit);
		assert_true(steps >= 6);
		assert_ok(stadls_bringup_append(builder, &options));
		const uint64_t *words = fisch_program_words(program, &count);
		assert_same(builder, words, count, cube ? "cube" : "jboa");
		fisch_program_free(program);
		stadls_builder_free(builder);
	}
}

/* ---- options --------------------------------------------------------------------------------- */

/* The experiment is the system with more in two places (spec/stadls.md 5.3): each written here by
 * the builder, in the order told there. */
static void an_experiment_writes_the_capmem_and_the_columns_too(void **state)
{
	struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
	struct stadls_builder *system = new_builder(), *experiment = new_builder();
	struct stadls_builder *digital = new_builder(), *before = new_builder();
	struct stadls_builder *cells = new_builder(), *rest = new_builder(),
	                      *joined = new_builder();
	size_t count, first = 0, second = 0;
	const struct haldls_synapse_bias_selection bias = HALDLS_SYNAPSE_BIAS_SELECTION_INIT;
	const struct haldls_container *const containers[] = { &haldls_capmem_block_config_container,
		&haldls_capmem_block_container, &haldls_common_neuron_backend_config_container,
		&haldls_column_correlation_quad_container, &haldls_column_current_quad_container,
		&haldls_common_correlation_config_container };
	(void)state;
	assert_ok(stadls_bringup_append(system, NULL));
	options.kind = STADLS_BRINGUP_KIND_DIGITAL;
	assert_ok(stadls_bringup_append(digital, &options));
	options.kind = STADLS_BRINGUP_KIND_SYSTEM;
	options.omit = STADLS_BRINGUP_CAPMEM;
	assert_ok(stadls_bringup_append(before, &options));
	assert_true(stadls_builder_is_equal(digital, before));
	options.omit = 0;
	options.kind = STADLS_BRINGUP_KIND_EXPERIMENT;
	assert_ok(stadls_bringup_append(experiment, &options));
	FOR_ROWS(i, containers) {
		void *value = calloc(1, containers[i]->size);
		containers[i]->init(value);
		for (uint32_t e = 0; e < containers[i]->count; e++)
			assert_ok(stadls_builder_write(
			        i < 2 ? cells : rest, containers[i], e, value));
		free(value);
	}
	/* the reference generator is the part between: it begins and ends with writes to its
	 * registers */
	const uint64_t *words = fisch_program_words(stadls_builder_program(system), &count);
	const uint64_t begin = 0x0b00000f000c0012, end = 0x0b00000f000c001a;
	for (size_t i = 0; i < count; i++) {
		first = words[i] == begin && !first ? i : first;
		second = words[i] == end ? i + 2 : second;
	}
	assert_true(first && second > first);
	struct fisch_program *out = stadls_builder_program(joined);
	assert_ok(fisch_program_append_words(out, words, first));
	assert_ok(stadls_write(joined, 0, &bias));
	assert_ok(fisch_program_append_words(out, words + first, second - first));
	assert_ok(stadls_builder_append(joined, cells));
	assert_ok(fisch_program_append_words(out, words + second, count - second));
	assert_ok(stadls_builder_append(joined, rest));
	assert_true(stadls_builder_is_equal(joined, experiment));
	stadls_builder_free(system);
	stadls_builder_free(experiment);
	stadls_builder_free(digital);
	stadls_builder_free(before);
	stadls_builder_free(cells);
	stadls_builder_free(rest);
	stadls_builder_free(joined);
}

/* Codes of spec/lola.md 7, default_ldo_1. */
static void the_first_regulators_have_their_own_codes(void **state)
{
	struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
	struct stadls_builder *builder = new_builder(), *expected = new_builder();
	static const uint16_t codes[16] = {
		[8] = 275, [9] = 315, [10] = 275, [11] = 315, [12] = 440, [13] = 440
	};
	size_t count, part, at = 0;
	(void)state;
	options.omit = STADLS_BRINGUP_SYSTEM | STADLS_BRINGUP_CHIP;
	options.regulators = STADLS_REGULATORS_FIRST;
	assert_ok(stadls_bringup_append(builder, &options));
	for (uint32_t i = 0; i < 16; i++)
		assert_ok(stadls_write(
		        expected, i, (&(struct haldls_dac_channel){ .value = codes[i] })));
	const uint64_t *words = fisch_program_words(stadls_builder_program(builder), &count);
	const uint64_t *wanted = fisch_program_words(stadls_builder_program(expected), &part);
	while (at + part <= count && memcmp(words + at, wanted, part * sizeof(*words)) != 0)
		at++;
	assert_true(at + part <= count);
	stadls_builder_free(builder);
	stadls_builder_free(expected);
}

static void the_timeout_is_the_only_word_that_its_option_changes(void **state)
{
	struct stadls_bringup_options options = STADLS_BRINGUP_OPTIONS_INIT;
	struct stadls_builder *one = new_builder(), *other = new_builder();
	size_t count, other_count, differences = 0;
	(void)state;
	options.timeout_cycles = 777;
	assert_ok(stadls_bringup_append(one, NULL));
	assert_ok(stadls_bringup_append(other, &options));
	const uint64_t *a = fisch_program_words(stadls_builder_program(one), &count);
	const uint64_t *b = fisch_program_words(stadls_builder_program(other), &other_count);
	assert_int_equal(count, other_count);
	for (size_t i = 0; i < count; i++)
		differences += a[i] != b[i];
	assert_int_equal(differences, 1);
	assert_int_equal(b[1] & UINT32_MAX, 777);
	stadls_builder_free(one);
	stadls_builder_free(other);
}

static void wrong_options_change_nothing(void **state)
{
	struct { struct stadls_bringup_options known; uint64_t later; } newer = {
		STADLS_BRINGUP_OPTIONS_INIT, 1 };
	struct stadls_bringup_options options = { 0 };
	struct stadls_builder *builder = new_builder();
	size_t count;
	(void)state;
	assert_ok(stadls_builder_timer_reset(builder));
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_EINVAL,
	        "STADLS_BRINGUP_OPTIONS_INIT");
	newer.known.size = sizeof(newer);
	assert_error(stadls_bringup_append(builder, &newer.known), HXCOMM_EINVAL,
	        "newer than this library");
	newer.later = 0;
	newer.known.omit = STADLS_BRINGUP_CHIP;
	assert_ok(stadls_bringup_append(builder, &newer.known));
	stadls_builder_clear(builder);
	assert_ok(stadls_builder_timer_reset(builder));
	options = (struct stadls_bringup_options)STADLS_BRINGUP_OPTIONS_INIT;
	options.omit = STADLS_BRINGUP_LINK;
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_EINVAL,
	        "capmem needs the highspeed link");
	options.omit = STADLS_BRINGUP_LINK | STADLS_BRINGUP_CAPMEM;
	options.kind = STADLS_BRINGUP_KIND_EXPERIMENT;
	assert_error(
	        stadls_bringup_append(builder, &options), HXCOMM_EINVAL, "an experiment needs");
	options.kind = (enum stadls_bringup_kind)3;
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_EINVAL, "bring-up 3");
	options.kind = STADLS_BRINGUP_KIND_SYSTEM;
	options.regulators = (enum stadls_regulators)2;
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_EINVAL, "regulators 2");
	options.regulators = STADLS_REGULATORS_SECOND;
	options.omit = 64;
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_EINVAL, "0x40");
	options.omit = 0;
	options.board = (enum stadls_board)7;
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_EINVAL, "board 7");
	options.board = STADLS_BOARD_CUBE;
	options.set_synram_timing = true;
	options.synram_timing[1].precharge_east = 16;
	assert_error(stadls_bringup_append(builder, &options), HXCOMM_ERANGE, "pc_conf_east is 16");
	fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 1);
	stadls_builder_free(builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_recorded_register_is_written),
		cmocka_unit_test(an_experiment_writes_the_capmem_and_the_columns_too),
		cmocka_unit_test(the_first_regulators_have_their_own_codes),
		cmocka_unit_test(the_timeout_is_the_only_word_that_its_option_changes),
		cmocka_unit_test(wrong_options_change_nothing),
	};
	return cmocka_run_group_tests_name("stadls/bringup", tests, NULL, NULL);
}

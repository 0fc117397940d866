// SPDX-License-Identifier: MIT
/* Logical containers as a whole: what the recorded lines, which hold the smaller ones, do not
 * reach. */
#include "random.h"

#include "assert.h"

#include <haldls/json.h>
#include <haldls/logical.h>

#include <jansson.h>
#include <stdlib.h>

static uint32_t words_of(const struct haldls_container *c)
{
	return c->write_words ? c->write_words : c->read_words;
}

static void *new_value(const struct haldls_container *c)
{
	void *value = malloc(c->size);
	assert_non_null(value);
	c->init(value);
	return value;
}

/* The coordinate of a cell under test has no bit of its own where nothing is tested. */
static bool is_always_on(const struct haldls_field *field)
{
	return strstr(field->name, "debug_readout_enable");
}

static void draw(void *value, const struct haldls_container *c, struct test_random *random)
{
	for (size_t f = 0; f < c->field_count; f++) {
		const struct haldls_field *field = &c->fields[f];
		for (uint32_t i = 0; i < field->count; i++)
			assert_ok(haldls_field_set(field, value, i,
				is_always_on(field)
					? 1
					: field->min + (int64_t)test_random_below(random,
							       (uint64_t)(field->max - field->min) +
								       1)));
	}
}

static void assert_equal(const struct haldls_container *c, const void *a, const void *b)
{
	for (size_t f = 0; f < c->field_count; f++)
		for (uint32_t i = 0; i < c->fields[f].count; i++)
			if (haldls_field_get(&c->fields[f], a, i) !=
				haldls_field_get(&c->fields[f], b, i))
				fail_msg("%s.%s[%u] differs", c->name, c->fields[f].name, i);
}

static void random_values_survive_their_words(void **state)
{
	size_t count;
	struct test_random random = { .seed = 11 };
	const struct haldls_container *const *all = haldls_logical_containers(&count);
	(void)state;
	assert_int_equal(count, 32);
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *c = all[i];
		if (!c->write_words || !c->read_words)
			continue;
		void *value = new_value(c), *back = new_value(c);
		uint32_t *words = malloc(words_of(c) * sizeof(*words));
		assert_non_null(words);
		draw(value, c, &random);
		assert_ok(haldls_container_encode(words, NULL, c, 0, value));
		assert_ok(haldls_container_decode(back, c, 0, words));
		assert_equal(c, value, back);
		free(words);
		free(back);
		free(value);
	}
}

static void no_word_is_written_twice(void **state)
{
	size_t count;
	const struct haldls_container *const *all = haldls_logical_containers(&count);
	(void)state;
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *c = all[i];
		if (!c->write_words || c->backends[0] != FISCH_OMNIBUS)
			continue;
		uint32_t *addresses = malloc(c->write_words * sizeof(*addresses));
		unsigned char *seen = calloc(1, UINT32_C(1) << 29);
		assert_non_null(addresses);
		assert_non_null(seen);
		const uint32_t last = c->count - 1;
		assert_ok(haldls_container_addresses(addresses, c, FISCH_OMNIBUS, last, true));
		for (uint32_t w = 0; w < c->write_words; w++) {
			if (seen[addresses[w] / 8] & 1u << addresses[w] % 8)
				fail_msg("%s writes 0x%x twice", c->name, addresses[w]);
			seen[addresses[w] / 8] |= (unsigned char)(1u << addresses[w] % 8);
		}
		assert_int_equal(c->write_address(FISCH_OMNIBUS, last, c->write_words), UINT32_MAX);
		free(seen);
		free(addresses);
	}
}

/* The lists of addresses, which are written in loops, say what each address does by itself. */
static void lists_of_addresses_equal_single_ones(void **state)
{
	(void)state;
	size_t count;
	const struct haldls_container *const *all = haldls_logical_containers(&count);
	uint32_t *addresses = malloc(2 * HALDLS_WHOLE_CHIP_WORDS * sizeof(*addresses));
	struct test_random random = { .seed = 1 };
	assert_non_null(addresses);
	for (size_t n = 0; n < 8 * count; n++) {
		const struct haldls_container *c = all[n / 8];
		const bool write = n % 2;
		const uint32_t words = write ? c->write_words : c->read_words;
		const uint32_t element = (uint32_t)test_random_below(&random, c->count);
		const enum fisch_backend backend = c->backends[n / 2 % c->backend_count];
		if (!words)
			continue;
		assert_true(words <= 2 * HALDLS_WHOLE_CHIP_WORDS);
		assert_ok(haldls_container_addresses(addresses, c, backend, element, write));
		for (uint32_t w = 0; w < words; w += 1 + words / 5000)
			assert_int_equal((write ? c->write_address : c->read_address)(
			                         backend, element, w),
			        addresses[w]);
	}
	free(addresses);
}

static void addresses_of_what_is_not_there_are_refused(void **state)
{
	static uint32_t addresses[256];
	(void)state;
	assert_error(haldls_container_addresses(
			     addresses, &haldls_atomic_neuron_container, FISCH_OMNIBUS, 512, true),
		HXCOMM_ERANGE, "allowed are 0 to 511");
	assert_error(haldls_container_addresses(
			     addresses, &haldls_cadc_sample_row_container, FISCH_OMNIBUS, 0, true),
		HXCOMM_ENOTSUP, "CADCSampleRow cannot be written");
	assert_error(haldls_container_addresses(addresses, &haldls_correlation_reset_row_container,
			     FISCH_OMNIBUS, 0, false),
		HXCOMM_ENOTSUP, "CorrelationResetRow cannot be read");
}

/* spec/lola.md 1.2, 2.2, 3.2, 4.1, 4.3 */
static void defaults_are_those_of_the_specification(void **state)
{
	struct haldls_whole_chip *chip = malloc(sizeof(*chip));
	struct haldls_memory_timing timing;
	(void)state;
	assert_non_null(chip);
	haldls_whole_chip_init(chip);
	haldls_memory_timing_init(&timing);
	for (uint32_t q = 0; q < 4; q++) {
		assert_int_equal(chip->neuron_block.v_bias_casc_n[q], 250);
		assert_int_equal(chip->neuron_block.i_bias_readout_amp[q], 110);
		assert_int_equal(chip->neuron_block.i_bias_leak_source_follower[q], 100);
		assert_int_equal(chip->neuron_block.i_bias_threshold_comparator[q], 200);
		assert_int_equal(chip->neuron_block.i_bias_synin_drop[q], 300);
		assert_int_equal(timing.capmem[q].read_delay, 8);
		assert_int_equal(timing.neuron[q].read_delay, 255);
	}
	for (uint32_t n = 0; n < 512; n++) {
		assert_true(chip->neuron_block.atomic_neurons[n]
				    .excitatory_input.enable_small_capacitance);
		assert_int_equal(
			chip->neuron_block.atomic_neurons[n].refractory_period.reset_holdoff, 15);
		assert_true(chip->neuron_block.atomic_neurons[n].bayesian.to_post_pulse);
	}
	for (uint32_t h = 0; h < 2; h++) {
		assert_int_equal(chip->synapse_blocks[h].i_bias_dac[0], 1022);
		assert_int_equal(chip->synapse_blocks[h].i_bias_dac[1], 1022);
		assert_int_equal(chip->cadc_readout_chains[h].ramp.reset_wait, 100);
		assert_int_equal(chip->cadc_readout_chains[h].ramp.dead_time, 20);
		assert_int_equal(chip->cadc_readout_chains[h].ramp.v_offset_assignment[0], 0);
		assert_int_equal(chip->cadc_readout_chains[h].ramp.v_offset_assignment[1], 1);
		assert_int_equal(chip->cadc_readout_chains[h].correlation.sense_delay, 1);
		assert_int_equal(chip->cadc_readout_chains[h].correlation.reset_duration, 200);
		assert_int_equal(chip->cadc_readout_chains[h].correlation.reset_fall_time, 5);
	}
	assert_int_equal(chip->readout_chain.dynamic_mux.i_bias, 500);
	assert_int_equal(chip->readout_chain.pseudo_diff_converter.v_ref, 400);
	assert_int_equal(chip->readout_chain.madc_preamp.gain_cap_size, 31);
	assert_int_equal(chip->readout_chain.madc.in_500na, 500);
	assert_int_equal(chip->readout_chain.source_measure_unit.sampling_window_start, 9);
	assert_int_equal(chip->readout_chain.source_measure_unit.test_voltage, 400);
	free(chip);
}

/* An error while a part is decoded leaves the value alone, and says which part it was. */
static void what_cannot_be_encoded_names_its_part(void **state)
{
	static struct haldls_neuron_block block;
	static struct haldls_synapse_matrix matrix;
	uint32_t *words = malloc(HALDLS_SYNAPSE_MATRIX_WORDS * sizeof(*words));
	(void)state;
	assert_non_null(words);
	haldls_neuron_block_init(&block);
	block.atomic_neurons[7].membrane_capacitance.capacitance = 64;
	assert_error(haldls_neuron_block_encode(words, &block), HXCOMM_ERANGE,
		"NeuronBlock, AtomicNeuron 7: AtomicNeuron, NeuronConfig 0: "
		"NeuronConfig.membrane_capacitor_size is 64, allowed are 0 to 63");
	haldls_neuron_block_init(&block);
	block.i_bias_synin_drop[2] = 1024;
	assert_error(haldls_neuron_block_encode(words, &block), HXCOMM_ERANGE,
		"NeuronBlock.i_bias_synin_drop[2] is 1024, allowed are 0 to 1023");
	matrix.labels[9][3] = 64;
	assert_error(haldls_synapse_matrix_encode(words, &matrix), HXCOMM_ERANGE,
		"row 9, column 3 has the label 64, allowed are 0 to 63");
	free(words);
}

static void large_containers_survive_json(void **state)
{
	static const char *const names[] = { "NeuronBlock", "SynapseDriverBlock",
		"CADCReadoutChain", "ReadoutChain", "CapMem", "Crossbar", "MemoryTiming",
		"SynapseRow", "CADCSamples" };
	struct test_random random = { .seed = 5 };
	(void)state;
	FOR_ROWS(i, names)
	{
		const struct haldls_container *c = haldls_container_find(names[i]);
		void *value = new_value(c), *back = new_value(c);
		json_t *fields;
		draw(value, c, &random);
		assert_ok(haldls_json_write(&fields, c, 0, value, NULL));
		assert_ok(haldls_json_read(back, c, 0, fields));
		assert_equal(c, value, back);
		json_decref(fields);
		assert_ok(haldls_json_write(&fields, c, 0, value, back));
		assert_int_equal(json_object_size(fields), 0);
		json_decref(fields);
		free(back);
		free(value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_values_survive_their_words),
		cmocka_unit_test(no_word_is_written_twice),
		cmocka_unit_test(lists_of_addresses_equal_single_ones),
		cmocka_unit_test(addresses_of_what_is_not_there_are_refused),
		cmocka_unit_test(defaults_are_those_of_the_specification),
		cmocka_unit_test(what_cannot_be_encoded_names_its_part),
		cmocka_unit_test(large_containers_survive_json),
	};
	return cmocka_run_group_tests_name("haldls/logical", tests, NULL, NULL);
}

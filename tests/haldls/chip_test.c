// SPDX-License-Identifier: MIT
#include "random.h"
#include "synapse_rows.h"

#include "assert.h"

#include <haldls/chip.h>
#include <haldls/logical.h>

#include <stdlib.h>

struct fixture {
	struct haldls_chip chip, other;
	uint32_t words[HALDLS_CHIP_WORDS], changed[HALDLS_CHIP_WORDS];
};

static int setup(void **state)
{
	struct fixture *f = malloc(sizeof(*f));
	if (!f)
		return -1;
	memset(f, 0, sizeof(*f)); /* padding is compared below */
	haldls_chip_init(&f->chip);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	free(*state);
	return 0;
}

static size_t count_changes(const struct fixture *f, size_t *first)
{
	size_t count = 0;
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		if (f->words[i] != f->changed[i] && count++ == 0)
			*first = i;
	return count;
}

static void a_chip_survives_its_words(void **state)
{
	struct fixture *f = *state;
	struct test_random random = { .seed = 1 };
	for (uint32_t i = 0; i < HALDLS_CAPMEM_CELLS; i++)
		f->chip.capmem[i] = (uint16_t)test_random_below(&random, 1024);
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t r = 0; r < 256; r++)
			for (uint32_t c = 0; c < 256; c++) {
				f->chip.synapse_weight[h][r][c] = (uint8_t)test_random_below(&random, 64);
				f->chip.synapse_label[h][r][c] = (uint8_t)test_random_below(&random, 64);
				f->chip.synapse_time_calibration[h][r][c] =
				        (uint8_t)test_random_below(&random, 4);
				f->chip.synapse_amplitude_calibration[h][r][c] =
				        (uint8_t)test_random_below(&random, 4);
			}
	f->chip.neuron_config[356].membrane_capacitor_size = 63;
	f->chip.neuron_backend_config[17].refractory_time = 55;
	f->chip.synapse_driver_config[137].recovery = 3;
	assert_ok(haldls_chip_encode(f->words, &f->chip));
	assert_ok(haldls_chip_decode(&f->other, f->words));
	assert_ok(haldls_chip_encode(f->changed, &f->other));
	assert_memory_equal(f->words, f->changed, sizeof(f->words));
	assert_memory_equal(f->chip.capmem, f->other.capmem, sizeof(f->chip.capmem));
	assert_memory_equal(f->chip.synapse_weight, f->other.synapse_weight,
	        sizeof(f->chip.synapse_weight));
	assert_memory_equal(f->chip.synapse_label, f->other.synapse_label,
	        sizeof(f->chip.synapse_label));
	assert_int_equal(f->other.neuron_config[356].membrane_capacitor_size, 63);
	assert_int_equal(f->other.neuron_backend_config[17].refractory_time, 55);
	assert_int_equal(f->other.synapse_driver_config[137].recovery, 3);
}

/* Addresses and words of spec/registers_chip.md 2, 3 and 5. */
static void one_field_changes_its_own_word_only(void **state)
{
	struct fixture *f = *state;
	const uint32_t *addresses = haldls_chip_addresses();
	size_t first = 0;
	assert_ok(haldls_chip_encode(f->words, &f->chip));

	f->chip.capmem[haldls_capmem_cell_of_neuron(haldls_neuron(1, 200),
	        HALDLS_CAPMEM_I_BIAS_LEAK)] = 700;
	assert_ok(haldls_chip_encode(f->changed, &f->chip));
	assert_int_equal(count_changes(f, &first), 1);
	assert_int_equal(addresses[first], 0x00158908);
	assert_int_equal(f->changed[first], 0x2bc);

	memcpy(f->words, f->changed, sizeof(f->words));
	f->chip.neuron_config[haldls_neuron(1, 100)].membrane_capacitor_size = 63;
	assert_ok(haldls_chip_encode(f->changed, &f->chip));
	assert_int_equal(count_changes(f, &first), 1);
	assert_int_equal(addresses[first], 0x00170325);
	assert_int_equal(f->changed[first], 0xfc);

	memcpy(f->words, f->changed, sizeof(f->words));
	f->chip.synapse_weight[0][10][77] = 45;
	f->chip.synapse_time_calibration[0][10][77] = 2;
	assert_ok(haldls_chip_encode(f->changed, &f->chip));
	assert_int_equal(count_changes(f, &first), 1);
	assert_int_equal(addresses[first], 0x02cf0529);
	assert_int_equal(f->changed[first], 0x0000b600);
}

/* The words of a chip are those of the logical container Chip, up to the memories. */
static void addresses_are_those_of_the_logical_chip(void **state)
{
	(void)state;
	uint32_t *all = malloc(HALDLS_WHOLE_CHIP_WORDS * sizeof(*all));
	assert_non_null(all);
	assert_int_equal(HALDLS_WHOLE_CHIP_WORDS, 126842); /* as recorded */
	assert_ok(haldls_container_addresses(all, &haldls_whole_chip_container, FISCH_OMNIBUS, 0, true));
	assert_memory_equal(all, haldls_chip_addresses(), HALDLS_CHIP_WORDS * sizeof(*all));
	for (uint32_t w = 0; w < HALDLS_WHOLE_CHIP_WORDS; w += 97)
		assert_int_equal(haldls_whole_chip_container.write_address(FISCH_OMNIBUS, 0, w), all[w]);
	free(all);
}

/* Both chips drawn in different places; the difference word by word is the truth. */
static void draw_difference(struct fixture *f, uint64_t seed, struct haldls_chip_rows *rows)
{
	struct test_random random = { .seed = seed };
	memset(rows, 0, sizeof(*rows));
	haldls_chip_init(&f->chip);
	haldls_chip_init(&f->other);
	for (uint64_t n = test_random_below(&random, 40); n--;) {
		const uint32_t h = (uint32_t)test_random_below(&random, 2);
		const uint32_t r = (uint32_t)test_random_below(&random, 256);
		f->chip.synapse_weight[h][r][test_random_below(&random, 256)] = 5;
		haldls_chip_rows_add(rows, h, r);
	}
	for (uint64_t n = test_random_below(&random, 40); n--;) {
		f->chip.capmem[test_random_below(&random, HALDLS_CAPMEM_CELLS)] = 77;
		f->other.neuron_config[test_random_below(&random, 512)].enable_fire = true;
		f->chip.cadc_channel_config[test_random_below(&random, 1024)].offset = -3;
		f->other.crossbar_node[test_random_below(&random, 76)].mask = 9;
	}
}

static void a_difference_has_the_words_that_differ_in_their_order(void **state)
{
	struct fixture *f = *state;
	uint32_t *words = malloc(2 * HALDLS_CHIP_WORDS * sizeof(*words));
	assert_non_null(words);
	uint32_t *addresses = words + HALDLS_CHIP_WORDS;
	for (uint64_t seed = 0; seed < 20; seed++) {
		struct haldls_chip_rows rows;
		size_t count, n = 0;
		draw_difference(f, seed, &rows);
		assert_ok(haldls_chip_encode(f->words, &f->chip));
		assert_ok(haldls_chip_encode(f->changed, &f->other));
		for (int known = 0; known < 2; known++) {
			assert_ok(haldls_chip_encode_difference(addresses, words, &count, &f->chip, &f->other,
			        known ? &rows : NULL));
			n = 0;
			for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
				if (f->words[i] == f->changed[i])
					continue;
				assert_true(n < count);
				assert_int_equal(addresses[n], haldls_chip_addresses()[i]);
				assert_int_equal(words[n++], f->words[i]);
			}
			assert_int_equal(n, count);
		}
		rows.rows_only = true;
		assert_ok(haldls_chip_encode_difference(addresses, words, &count, &f->chip, &f->other, &rows));
		assert_true(count <= n);
		for (size_t i = 0; i < count; i++)
			assert_true(addresses[i] >= 0x02c00000); /* synapses only */
	}
	free(words);
}

struct seen {
	size_t count;
	char last[320];
};

static int see(const struct haldls_chip_difference *difference, void *user)
{
	struct seen *seen = user;
	seen->count++;
	haldls_chip_difference_print(seen->last, sizeof(seen->last), difference);
	return 0;
}

static int stop(const struct haldls_chip_difference *difference, void *user)
{
	(void)difference;
	(*(int *)user)++;
	return -7;
}

static void a_comparison_names_what_differs(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	int stopped = 0;
	f->other = f->chip;
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, see, &seen), 0);
	assert_int_equal(seen.count, 0);
	f->other.neuron_config[17].enable_fire = true;
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, see, &seen), 1);
	assert_int_equal(seen.count, 1);
	assert_string_equal(seen.last,
	        "NeuronConfig of NeuronConfigOnDLS 17 (NeuronConfigBlock:0 NeuronConfig:17): enable_fire "
	        "is true, was false");
	f->other = f->chip;
	f->other.capmem[12] = 1023;
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, see, &seen), 1);
	assert_string_equal(seen.last,
	        "CapMemCell of CapMemCellOnDLS 12 (CapMemBlock:0 Row:0 Column:12): value is "
	        "DisableRefresh, was 0");
	f->other = f->chip;
	f->other.synapse_label[1][2][3] = 9;
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, see, &seen), 1);
	assert_string_equal(seen.last,
	        "SynapseRow of SynapseRowOnDLS 258 (Synram:1 SynapseRow:2): labels[3] is 9, was 0");
	f->other.readout_source_selection[0].neuron_odd[1][0] = true;
	seen.count = 0;
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, see, &seen), 1);
	assert_int_equal(seen.count, 2);
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, stop, &stopped), -7);
	assert_int_equal(stopped, 1);
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, NULL, NULL), 1);
}

/* What a visit showed: its words, by place, and how many containers had them. */
struct visited {
	uint32_t words[HALDLS_CHIP_WORDS], addresses[HALDLS_CHIP_WORDS];
	size_t words_count, containers, limit;
	bool is_all; /* containers follow each other: places are those of the chip */
};

static int note(const struct haldls_container *container, uint32_t element, const void *value,
        void *user)
{
	struct visited *visited = user;
	assert_true(visited->words_count + container->write_words <= HALDLS_CHIP_WORDS);
	assert_ok(container->encode(visited->words + visited->words_count, value));
	assert_ok(haldls_container_addresses(visited->addresses + visited->words_count, container,
	        FISCH_OMNIBUS, element, true));
	for (uint32_t w = 0; visited->is_all && w < container->write_words; w++)
		assert_int_equal(
		        haldls_chip_silent()[visited->words_count + w], container->is_silent);
	visited->words_count += container->write_words;
	return ++visited->containers == visited->limit ? 7 : 0;
}

static void a_visit_shows_every_container_in_the_order_of_writes(void **state)
{
	struct fixture *f = *state;
	struct visited *visited = calloc(1, sizeof(*visited));
	struct haldls_chip_rows rows;
	assert_non_null(visited);
	draw_difference(f, 5, &rows);
	visited->is_all = true;
	assert_ok(haldls_chip_visit(&f->chip, NULL, note, visited));
	assert_ok(haldls_chip_encode(f->words, &f->chip));
	assert_int_equal(visited->words_count, HALDLS_CHIP_WORDS);
	assert_memory_equal(visited->words, f->words, sizeof(f->words));
	assert_memory_equal(visited->addresses, haldls_chip_addresses(), sizeof(visited->addresses));

	memset(visited, 0, sizeof(*visited));
	assert_ok(haldls_chip_visit(&f->chip, &f->chip, note, visited));
	assert_int_equal(visited->containers, 0);
	f->other = f->chip;
	f->other.neuron_config[17].enable_fire ^= true;
	f->other.capmem[99] ^= 1;
	f->other.synapse_weight[1][200][3] ^= 1;
	assert_ok(haldls_chip_visit(&f->other, &f->chip, note, visited));
	assert_int_equal(visited->containers, 3);

	memset(visited, 0, sizeof(*visited));
	visited->limit = 5;
	assert_int_equal(haldls_chip_visit(&f->chip, NULL, note, visited), 7);
	assert_int_equal(visited->containers, 5);
	visited->containers = 0;
	f->other.synapse_driver_config[9].recovery = 16;
	assert_error(haldls_chip_visit(&f->other, NULL, note, visited), HXCOMM_ERANGE,
	        "SynapseDriverOnDLS 9 (SynapseDriverBlock:0 SynapseDriver:9): "
	        "SynapseDriverConfig.recovery is 16, allowed are 0 to 15");
	assert_error(haldls_chip_visit(&f->chip, &f->other, note, visited), HXCOMM_ERANGE,
	        "the reference: SynapseDriverOnDLS 9");
	assert_int_equal(visited->containers, 0);
	free(visited);
}

/* The plain chip has the words of a default Chip. */
static void a_plain_chip_is_that_of_the_reference(void **state)
{
	struct fixture *f = *state;
	struct haldls_whole_chip *whole = malloc(sizeof(*whole));
	uint32_t *words = malloc(HALDLS_WHOLE_CHIP_WORDS * sizeof(*words));
	assert_non_null(whole);
	assert_non_null(words);
	haldls_whole_chip_init(whole);
	assert_ok(haldls_whole_chip_encode(words, whole));
	assert_ok(haldls_chip_init_plain(&f->chip));
	assert_ok(haldls_chip_encode(f->words, &f->chip));
	assert_memory_equal(f->words, words, sizeof(f->words));
	assert_true(f->chip.neuron_config[3].enable_synaptic_input_excitatory_small_capacitance);
	assert_false(f->chip.cadc_config[0].enable);
	free(words);
	free(whole);
}

/* spec/lola.md 9 */
static void a_bypassed_chip_differs_in_bypasses_only(void **state)
{
	struct fixture *f = *state;
	struct seen seen = { 0 };
	assert_ok(haldls_chip_init_plain(&f->chip));
	assert_ok(haldls_chip_init_neuron_bypass(&f->other));
	assert_int_equal(haldls_chip_compare(&f->chip, &f->other, see, &seen), 1);
	/* two bypasses of each neuron, and the extensions of eight buses */
	assert_int_equal(seen.count, 2 * 512 + 8);
	assert_ok(haldls_chip_encode(f->words, &f->other));
	f->other.common_padi_bus_config[1].dacen_pulse_extension[3]++;
	assert_error(haldls_chip_encode(f->words, &f->other), HXCOMM_ERANGE, "dacen_pulse_extension");
}

static void no_address_is_written_twice(void **state)
{
	(void)state;
	const uint32_t *addresses = haldls_chip_addresses();
	unsigned char *seen = calloc(1, UINT32_C(1) << 26);
	assert_non_null(seen);
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
		assert_true(addresses[i] < UINT32_C(1) << 26);
		if (seen[addresses[i]]++)
			fail_msg("address 0x%x is written twice", addresses[i]);
	}
	free(seen);
}

static void defaults_are_quiet(void **state)
{
	struct fixture *f = *state;
	for (uint32_t n = 0; n < HALDLS_CROSSBAR_NODES; n++)
		assert_true((f->chip.crossbar_node[n].target & ~f->chip.crossbar_node[n].mask) != 0);
	for (uint32_t n = 0; n < HALDLS_NEURONS; n++) {
		assert_false(f->chip.neuron_config[n].enable_fire);
		assert_false(f->chip.neuron_backend_config[n].enable_spike_out);
	}
	/* spec/lola.md 1.2 */
	for (uint32_t q = 0; q < HALDLS_QUADRANTS; q++)
		assert_int_equal(f->chip.capmem[haldls_capmem_cell_shared(q,
		                         HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR)],
		        200);
}

static void values_out_of_range_are_named(void **state)
{
	struct fixture *f = *state;
	f->chip.synapse_weight[1][2][3] = 64;
	assert_error(haldls_chip_encode(f->words, &f->chip), HXCOMM_ERANGE,
	        "synapse_weight[1][2][3] is 64, allowed are 0 to 63");
	f->chip.synapse_weight[1][2][3] = 0;
	f->chip.capmem[7] = 1024;
	assert_error(haldls_chip_encode(f->words, &f->chip), HXCOMM_ERANGE,
	        "capmem[7] is 1024, allowed are 0 to 1023");
	f->chip.capmem[7] = 0;
	f->chip.synapse_driver_config[9].recovery = 16;
	assert_error(haldls_chip_encode(f->words, &f->chip), HXCOMM_ERANGE,
	        "SynapseDriverOnDLS 9 (SynapseDriverBlock:0 SynapseDriver:9): "
	        "SynapseDriverConfig.recovery is 16, allowed are 0 to 15");
}

/* ---- rows of synapses ------------------------------------------------------------------------ */

struct row {
	uint8_t weight[256], label[256], time[256], amplitude[256];
};

static void draw_row(struct row *out, struct test_random *random)
{
	for (uint32_t c = 0; c < 256; c++) {
		out->weight[c] = (uint8_t)test_random_below(random, 64);
		out->label[c] = (uint8_t)test_random_below(random, 64);
		out->time[c] = (uint8_t)test_random_below(random, 4);
		out->amplitude[c] = (uint8_t)test_random_below(random, 4);
	}
}

/* The words of a row by the generated code of its quads. */
static void encode_quads(uint32_t words[128], const struct row *row)
{
	for (uint32_t q = 0; q < HALDLS_SYNAPSE_QUADS; q++) {
		struct haldls_synapse_quad quad = HALDLS_SYNAPSE_QUAD_INIT;
		for (uint32_t e = 0; e < 4; e++) {
			const uint32_t c = haldls_column_of_quad(q, e);
			quad.weights[e] = row->weight[c];
			quad.labels[e] = row->label[c];
			quad.time_calibs[e] = row->time[c];
			quad.amp_calibs[e] = row->amplitude[c];
		}
		assert_ok(haldls_synapse_quad_encode(words + 2 * q, &quad));
	}
}

static void every_kernel_equals_the_generated_code(void **state)
{
	const struct haldls__synapse_kernel *kernels[HALDLS__SYNAPSE_KERNELS_MAX];
	const size_t count = haldls__synapse_kernels(kernels);
	struct test_random random = { .seed = 7 };
	uint32_t wanted[128], words[128];
	struct row row, back;
	(void)state;
	for (int repeat = 0; repeat < 200; repeat++) {
		draw_row(&row, &random);
		encode_quads(wanted, &row);
		for (size_t k = 0; k < count; k++) {
			kernels[k]->encode(words, row.weight, row.label, row.time, row.amplitude);
			assert_memory_equal(words, wanted, sizeof(words));
			kernels[k]->decode(back.weight, back.label, back.time, back.amplitude, words);
			assert_memory_equal(&back, &row, sizeof(row));
		}
	}
	print_message("%zu kernels, the fastest is %s\n", count, kernels[0]->name);
	assert_ptr_equal(kernels[count - 1], &haldls__synapse_kernel_portable);
}

/* Any bytes at all: what is out of range is taken modulo alike, any words are decoded alike. */
static void kernels_agree_on_any_bytes(void **state)
{
	const struct haldls__synapse_kernel *kernels[HALDLS__SYNAPSE_KERNELS_MAX];
	const size_t count = haldls__synapse_kernels(kernels);
	struct test_random random = { .seed = 8 };
	uint32_t words[HALDLS__SYNAPSE_KERNELS_MAX][128];
	struct row row, back[HALDLS__SYNAPSE_KERNELS_MAX];
	(void)state;
	for (int repeat = 0; repeat < 200; repeat++) {
		uint8_t *bytes = (uint8_t *)&row;
		for (size_t i = 0; i < sizeof(row); i++)
			bytes[i] = (uint8_t)test_random_next(&random);
		for (size_t k = 0; k < count; k++) {
			kernels[k]->encode(words[k], row.weight, row.label, row.time, row.amplitude);
			assert_memory_equal(words[k], words[0], sizeof(words[0]));
		}
		for (size_t k = 0; k < count; k++) {
			kernels[k]->decode(back[k].weight, back[k].label, back[k].time,
			        back[k].amplitude, (const uint32_t *)(const void *)&row);
			assert_memory_equal(&back[k], &back[0], sizeof(row));
		}
	}
}

static void the_first_byte_above_a_limit_is_found(void **state)
{
	const struct haldls__synapse_kernel *kernels[HALDLS__SYNAPSE_KERNELS_MAX];
	const size_t count = haldls__synapse_kernels(kernels);
	uint8_t bytes[100];
	(void)state;
	for (size_t k = 0; k < count; k++)
		for (uint32_t length = 0; length <= sizeof(bytes); length++) {
			memset(bytes, 63, sizeof(bytes));
			assert_int_equal(kernels[k]->bytes_above(bytes, length, 63), length);
			for (uint32_t i = 0; i < length; i++) {
				memset(bytes + i, 200, sizeof(bytes) - i);
				assert_int_equal(kernels[k]->bytes_above(bytes, length, 63), i);
				memset(bytes + i, 63, sizeof(bytes) - i);
			}
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_chip_survives_its_words, setup, teardown),
		cmocka_unit_test_setup_teardown(one_field_changes_its_own_word_only, setup, teardown),
		cmocka_unit_test(addresses_are_those_of_the_logical_chip),
		cmocka_unit_test_setup_teardown(a_difference_has_the_words_that_differ_in_their_order, setup,
		        teardown),
		cmocka_unit_test_setup_teardown(a_comparison_names_what_differs, setup, teardown),
		cmocka_unit_test_setup_teardown(
		        a_visit_shows_every_container_in_the_order_of_writes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_plain_chip_is_that_of_the_reference, setup, teardown),
		cmocka_unit_test_setup_teardown(a_bypassed_chip_differs_in_bypasses_only, setup, teardown),
		cmocka_unit_test(no_address_is_written_twice),
		cmocka_unit_test_setup_teardown(defaults_are_quiet, setup, teardown),
		cmocka_unit_test_setup_teardown(values_out_of_range_are_named, setup, teardown),
		cmocka_unit_test(every_kernel_equals_the_generated_code),
		cmocka_unit_test(kernels_agree_on_any_bytes),
		cmocka_unit_test(the_first_byte_above_a_limit_is_found),
	};
	return cmocka_run_group_tests_name("haldls/chip", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "assert.h"
#include "memory.h"
#include "random_fields.h"

#include <fisch/program.h>
#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/bringup.h>
#include <stadls/builder.h>
#include <stadls/run.h>

#include <stdlib.h>

/* ---- helpers --------------------------------------------------------------------------------- */

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static size_t count_of(struct stadls_builder *builder)
{
	size_t count;
	fisch_program_words(stadls_builder_program(builder), &count);
	return count;
}

/* ---- tests ----------------------------------------------------------------------------------- */

/* Every register that can be written and read back at the same place gives back what was written.
 */
static void what_is_written_can_be_read_again(void **state)
{
	struct test_random random = { .seed = 1 };
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	struct stadls_builder *builder = new_builder();
	static uint32_t words[HALDLS_CONTAINER_WORDS_MAX], words_back[HALDLS_CONTAINER_WORDS_MAX];
	size_t count, tried = 0;
	const struct haldls_container *const *all = haldls_containers(&count);
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	for (size_t i = 0; i < count; i++) {
		const struct haldls_container *container = all[i];
		const uint32_t coordinate = (uint32_t)test_random_below(&random, container->count);
		if (container->backends[0] != FISCH_OMNIBUS || !container->write_words ||
		        container->write_words != container->read_words ||
		        !container->field_count ||
		        haldls_container_words(NULL, container, coordinate))
			continue;
		void *written = calloc(1, container->size), *read = calloc(1, container->size);
		struct stadls_ticket ticket = { 0 };
		set_random_fields(written, container, &random, 1);
		stadls_builder_clear(builder);
		memory_clear();
		/* a read of something else first, so that the ticket's place is not 0 */
		struct stadls_ticket other;
		assert_ok(stadls_builder_read(&other, builder, &haldls_cadc_config_container, 0));
		assert_ok(stadls_builder_write(builder, container, coordinate, written));
		assert_ok(stadls_builder_read(&ticket, builder, container, coordinate));
		assert_ok(stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS));
		assert_error(stadls_ticket_read(read, &ticket, responses), HXCOMM_ESTATE,
		        container->name);
		assert_false(stadls_builder_is_write_only(builder));
		assert_ok(stadls_run(connection, builder, responses));
		assert_ok(stadls_ticket_read(read, &ticket, responses));
		/* as words: a debug cell that is off is not kept */
		uint32_t length;
		assert_ok(haldls_container_words(&length, container, coordinate));
		uint8_t enables;
		uint32_t mask = 0;
		assert_ok(haldls_container_encode(words, &enables, container, coordinate, written));
		assert_ok(haldls_container_encode(words_back, NULL, container, coordinate, read));
		for (unsigned lane = 0; lane < 4; lane++)
			mask |= enables >> lane & 1 ? UINT32_C(255) << 8 * lane : 0;
		for (uint32_t w = 0; w < length; w++)
			if ((words[w] ^ words_back[w]) & mask)
				fail_msg("%s %u word %u", container->name, coordinate, w);
		hxcomm_responses_clear(responses);
		free(written);
		free(read);
		tried++;
	}
	print_message("%zu containers written and read\n", tried);
	assert_true(tried >= 40);
	stadls_builder_free(builder);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

/* The omnibus takes writes of single bytes: lane 3, bits 31 to 24, is the first of a word. */
static void bytes_are_written_in_their_lanes(void **state)
{
	const struct haldls_external_ppu_memory_byte byte = { .value = 0xab };
	struct haldls_external_ppu_memory_quad quad = HALDLS_EXTERNAL_PPU_MEMORY_QUAD_INIT;
	const struct haldls_external_ppu_memory_quad reference = quad;
	struct stadls_builder *builder = new_builder();
	const uint64_t *words;
	size_t count;
	(void)state;
	for (uint32_t e = 0; e < 4; e++) {
		stadls_builder_clear(builder);
		assert_ok(stadls_write(builder, 40 + e, &byte));
		words = fisch_program_words(stadls_builder_program(builder), &count);
		assert_int_equal(count, 2);
		assert_int_equal(words[0], hxcomm_word_omnibus_address(0x8000000a, 8u >> e, false));
		assert_int_equal(words[1], hxcomm_word_omnibus_data(0xabu << (24 - 8 * e)));
	}
	/* the same bytes, but others of them written */
	quad.enables[1] = false;
	stadls_builder_clear(builder);
	assert_ok(stadls_builder_write_difference(
	        builder, &haldls_external_ppu_memory_quad_container, 7, &quad, &quad));
	fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 0);
	assert_ok(stadls_builder_write_difference(
	        builder, &haldls_external_ppu_memory_quad_container, 7, &quad, &reference));
	words = fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 2);
	assert_int_equal(words[0], hxcomm_word_omnibus_address(0x80000007, 0xb, false));
	stadls_builder_free(builder);
}

/* An interval of a processor's memory is as long as its coordinate says. */
static void an_interval_has_its_own_length(void **state)
{
	static struct haldls_ppu_memory_block block;
	const uint32_t interval =
	        16777216 + 4096 * 5 + 7; /* words 5 to 7 of the second processor */
	struct stadls_builder *builder = new_builder();
	struct stadls_ticket ticket;
	const uint64_t *words;
	size_t count;
	(void)state;
	for (uint32_t i = 0; i < 3; i++)
		block.words[i] = 100 + i;
	assert_ok(stadls_write(builder, interval, &block));
	assert_ok(stadls_builder_read(
	        &ticket, builder, &haldls_ppu_memory_block_container, interval));
	words = fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 3 * 2 + 3);
	for (uint32_t i = 0; i < 3; i++) {
		assert_int_equal(
		        words[2 * i], hxcomm_word_omnibus_address(0x03800005 + i, 15, false));
		assert_int_equal(words[2 * i + 1], hxcomm_word_omnibus_data(100 + i));
		assert_int_equal(
		        words[6 + i], hxcomm_word_omnibus_address(0x03800005 + i, 15, true));
	}
	assert_error(stadls_write(builder, 4096 * 5 + 4, &block), HXCOMM_ERANGE,
	        "ends before it begins");
	assert_error(stadls_builder_read(&ticket, builder, &haldls_ppu_memory_block_container,
	                     4096 * 5 + 4),
	        HXCOMM_ERANGE, "ends before it begins");
	fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 9);
	stadls_builder_free(builder);
}

static void the_type_of_a_pointer_names_its_container(void **state)
{
	struct stadls_builder *one = new_builder(), *other = new_builder();
	struct haldls_cadc_config config = HALDLS_CADC_CONFIG_INIT;
	const struct haldls_cadc_config *constant = &config;
	size_t count;
	(void)state;
	assert_ok(stadls_write(one, 1, &config));
	assert_ok(stadls_write(one, 0, constant));
	assert_ok(stadls_builder_write(other, &haldls_cadc_config_container, 1, &config));
	assert_ok(stadls_builder_write(other, &haldls_cadc_config_container, 0, &config));
	const uint64_t *words = fisch_program_words(stadls_builder_program(one), &count);
	assert_int_equal(count, count_of(other));
	assert_memory_equal(words, fisch_program_words(stadls_builder_program(other), &count),
	        count * sizeof(*words));
	stadls_builder_free(one);
	stadls_builder_free(other);
}

static void wrong_writes_and_reads_name_what_is_wrong(void **state)
{
	struct stadls_builder *builder = new_builder();
	struct stadls_ticket ticket = { .coordinate = 99 };
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct haldls_capmem_cell cell_value = { .value = 1024 };
	struct haldls_jtag_id_code id = { 0 };
	(void)state;
	assert_error(stadls_builder_write(builder, &haldls_neuron_config_container, 512, &neuron),
	        HXCOMM_ERANGE, "NeuronConfig 512 does not exist: NeuronConfigOnDLS is 0 to 511");
	assert_error(stadls_builder_read(&ticket, builder, &haldls_neuron_config_container, 512),
	        HXCOMM_ERANGE, "NeuronConfig 512 does not exist: NeuronConfigOnDLS is 0 to 511");
	assert_error(stadls_builder_write_difference(builder, &haldls_neuron_config_container,
	                     UINT32_MAX, &neuron, &neuron),
	        HXCOMM_ERANGE, "4294967295");
	assert_error(stadls_builder_write(builder, &haldls_capmem_cell_container, 17, &cell_value),
	        HXCOMM_ERANGE, "CapMemCellOnDLS 17");
	assert_non_null(strstr(hxcomm_error_message(), "1024, allowed are"));
	assert_error(stadls_builder_write_over(builder, FISCH_JTAG_PLL_REGISTER,
	                     &haldls_neuron_config_container, 0, &neuron),
	        HXCOMM_EINVAL,
	        "NeuronConfig cannot be written over JTAGPLLRegister: use Omnibus, "
	        "OmnibusChipOverJTAG");
	assert_error(stadls_builder_write_over(builder, (enum fisch_backend)99,
	        &haldls_neuron_config_container, 0, &neuron), HXCOMM_EINVAL, "unknown back end");
	assert_error(stadls_builder_read_over(&ticket, builder, FISCH_JTAG_PLL_REGISTER,
	        &haldls_adpll_container, 0), HXCOMM_EINVAL,
	        "ADPLL cannot be read over JTAGPLLRegister: use OmnibusChipOverJTAG");
	assert_error(stadls_builder_write(builder, &haldls_jtag_id_code_container, 0, &id),
	        HXCOMM_ENOTSUP, "JTAGIdCode cannot be written");
	assert_error(stadls_builder_read(&ticket, builder, &haldls_shift_register_container, 0),
	        HXCOMM_ENOTSUP, "ShiftRegister cannot be read");
	assert_int_equal(count_of(builder), 0);
	assert_int_equal(ticket.coordinate, 99);
	stadls_builder_free(builder);
}

static void wrong_times_change_nothing(void **state)
{
	static const uint64_t back[] = { 10, 20, 19 }, late[] = { 10, UINT64_C(1) << 32 };
	static const uint64_t good[] = { 10, 10, 10, 10, UINT32_MAX };
	static const uint16_t labels[] = { 1, 2, 3, 4, 5 };
	struct stadls_builder *builder = new_builder();
	(void)state;
	assert_error(stadls_builder_spike_train(builder, back, labels, 3), HXCOMM_EINVAL, "19");
	assert_error(
	        stadls_builder_spike_train(builder, late, labels, 2), HXCOMM_ERANGE, "4294967296");
	assert_error(
	        stadls_builder_wait_until(builder, UINT64_C(1) << 32), HXCOMM_ERANGE, "4294967296");
	assert_error(
	        stadls_builder_wait(builder, UINT64_MAX), HXCOMM_ERANGE, "18446744073709551615");
	assert_error(stadls_builder_barrier(builder, 32), HXCOMM_ERANGE, "0x20");
	assert_int_equal(count_of(builder), 0);
	assert_ok(stadls_builder_spike_train(builder, good, labels, 5));
	assert_int_equal(count_of(builder), 5); /* wait, pack of 3, pack of 1, wait, pack of 1 */
	stadls_builder_free(builder);
}

static void a_program_that_is_too_long_stays_as_it_was(void **state)
{
	enum { LIMIT = 4194304 };
	struct stadls_builder *builder = new_builder();
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct haldls_chip *chip = malloc(sizeof(*chip));
	uint16_t *labels = calloc(3 * LIMIT, sizeof(*labels));
	struct stadls_ticket ticket;
	(void)state;
	haldls_chip_init(chip);
	assert_ok(stadls_builder_spikes(builder, labels, 3 * (LIMIT - 1)));
	assert_int_equal(count_of(builder), LIMIT - 1);
	assert_error(stadls_write(builder, 0, &neuron), HXCOMM_ERANGE, "4194304");
	assert_error(stadls_builder_wait(builder, 5), HXCOMM_ERANGE, "4194304");
	assert_error(stadls_builder_write_chip(builder, chip), HXCOMM_ERANGE, "4194304");
	assert_error(stadls_bringup_append(builder, NULL), HXCOMM_ERANGE, "4194304");
	assert_error(stadls_builder_append(builder, builder), HXCOMM_ERANGE, "4194304");
	assert_int_equal(count_of(builder), LIMIT - 1);
	assert_ok(stadls_builder_tick(&ticket, builder));
	assert_error(stadls_builder_tick(&ticket, builder), HXCOMM_ERANGE, "4194304");
	assert_int_equal(count_of(builder), LIMIT);
	free(labels);
	free(chip);
	stadls_builder_free(builder);
}

static void a_ticket_of_nothing_reads_nothing(void **state)
{
	struct hxcomm_responses *responses;
	struct hxcomm_connection *connection;
	struct stadls_builder *builder = new_builder();
	struct stadls_ticket nothing = { 0 }, tick;
	struct haldls_cadc_config config;
	uint64_t time = 77;
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	assert_error(
	        stadls_ticket_read(&config, &nothing, responses), HXCOMM_EINVAL, "no container");
	assert_ok(stadls_builder_tick(&tick, builder));
	assert_error(stadls_ticket_time(&time, &tick, responses), HXCOMM_ESTATE, "");
	assert_int_equal(time, 77);
	assert_ok(stadls_run(connection, builder, responses));
	assert_ok(stadls_ticket_time(&time, &tick, responses));
	assert_error(stadls_ticket_read(&config, &tick, responses), HXCOMM_EINVAL, "no container");
	stadls_builder_free(builder);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

static void tickets_of_joined_builders_hold_after_a_shift(void **state)
{
	struct hxcomm_responses *responses;
	struct hxcomm_connection *connection;
	struct stadls_builder *first = new_builder(), *second = new_builder();
	struct stadls_ticket tickets[2];
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	for (uint32_t i = 0; i < 2; i++) {
		struct stadls_builder *builder = i ? second : first;
		struct haldls_background_spike_source source = HALDLS_BACKGROUND_SPIKE_SOURCE_INIT;
		source.seed = 1000 + i;
		assert_ok(stadls_write(builder, 3 + i, &source));
		assert_ok(stadls_builder_read(
		        &tickets[i], builder, &haldls_background_spike_source_container, 3 + i));
	}
	const struct fisch_mark mark = fisch_program_mark(stadls_builder_program(first));
	assert_ok(stadls_builder_append(first, second));
	stadls_ticket_shift(&tickets[1], &mark);
	assert_ok(stadls_builder_barrier(first, HXCOMM_BARRIER_OMNIBUS));
	assert_ok(stadls_run(connection, first, responses));
	for (uint32_t i = 0; i < 2; i++) {
		struct haldls_background_spike_source source;
		assert_ok(stadls_ticket_read(&source, &tickets[i], responses));
		assert_int_equal(source.seed, 1000 + i);
	}
	stadls_builder_free(first);
	stadls_builder_free(second);
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
}

/* A chip is what its writes add up to: reference and then difference is the same as the whole. */
static void a_difference_is_the_words_that_changed_in_their_order(void **state)
{
	struct haldls_chip *reference = malloc(sizeof(*reference)), *chip = malloc(sizeof(*chip));
	uint32_t *before = malloc(HALDLS_CHIP_WORDS * sizeof(*before));
	uint32_t *after = malloc(HALDLS_CHIP_WORDS * sizeof(*after));
	struct stadls_builder *builder = new_builder();
	struct test_random random = { .seed = 7 };
	const uint32_t *addresses = haldls_chip_addresses();
	(void)state;
	haldls_chip_init(reference);
	for (int round = 0; round < 6; round++) {
		size_t count, changed = 0;
		memcpy(chip, reference, sizeof(*chip));
		for (int i = 0; i < round * 40; i++) {
			chip->capmem[test_random_below(&random, HALDLS_CAPMEM_CELLS)] =
			        (uint16_t)test_random_below(&random, 1023);
			chip->synapse_weight[i % 2][test_random_below(&random, 256)]
			                    [test_random_below(&random, 256)] =
			        (uint8_t)test_random_below(&random, 64);
			chip->neuron_config[test_random_below(&random, 512)].enable_fire ^= 1;
			chip->crossbar_node[test_random_below(&random, 76)].mask =
			        (uint32_t)test_random_below(&random, 1 << 14);
		}
		assert_ok(haldls_chip_encode(before, reference));
		assert_ok(haldls_chip_encode(after, chip));
		stadls_builder_clear(builder);
		assert_ok(stadls_builder_write_chip_difference(builder, chip, reference));
		const uint64_t *words =
		        fisch_program_words(stadls_builder_program(builder), &count);
		for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
			if (before[i] == after[i])
				continue;
			assert_true(2 * changed + 1 < count);
			assert_true(words[2 * changed] ==
			            hxcomm_word_omnibus_address(addresses[i], 15, false));
			assert_true(words[2 * changed + 1] == hxcomm_word_omnibus_data(after[i]));
			changed++;
		}
		assert_int_equal(count, 2 * changed);
		assert_true(round == 0 ? changed == 0 : changed > (size_t)round * 60);
		stadls_builder_clear(builder);
		assert_ok(stadls_builder_write_chip(builder, chip));
		assert_int_equal(count_of(builder), 2 * HALDLS_CHIP_WORDS);
	}
	chip->capmem[5] = 1024;
	stadls_builder_clear(builder);
	assert_error(stadls_builder_write_chip(builder, chip), HXCOMM_ERANGE, "capmem[5] is 1024");
	assert_error(stadls_builder_write_chip_difference(builder, chip, reference), HXCOMM_ERANGE,
	        "capmem[5] is 1024");
	assert_error(stadls_builder_write_chip_difference(builder, reference, chip), HXCOMM_ERANGE,
	        "the reference: capmem[5]");
	assert_int_equal(count_of(builder), 0);
	free(reference);
	free(chip);
	free(before);
	free(after);
	stadls_builder_free(builder);
}

static void a_bringup_runs_on_any_connection(void **state)
{
	struct hxcomm_connection *connection;
	struct stadls_builder *builder = new_builder();
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(stadls_bringup(connection));
	assert_int_equal(memory_runs(), 1);
	assert_ok(stadls_bringup_append(builder, NULL));
	assert_int_equal(memory_words(), count_of(builder));
	assert_int_equal(*memory_word(0x88000005), 1); /* events are recorded */
	assert_int_equal(*memory_word(0x88000009), 1250000);
	stadls_builder_free(builder);
	hxcomm_close(connection);
	stadls_builder_free(NULL);
}

static int setup(void **state)
{
	(void)state;
	return memory_register();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_can_be_read_again),
		cmocka_unit_test(bytes_are_written_in_their_lanes),
		cmocka_unit_test(an_interval_has_its_own_length),
		cmocka_unit_test(the_type_of_a_pointer_names_its_container),
		cmocka_unit_test(wrong_writes_and_reads_name_what_is_wrong),
		cmocka_unit_test(wrong_times_change_nothing),
		cmocka_unit_test(a_program_that_is_too_long_stays_as_it_was),
		cmocka_unit_test(a_ticket_of_nothing_reads_nothing),
		cmocka_unit_test(tickets_of_joined_builders_hold_after_a_shift),
		cmocka_unit_test(a_difference_is_the_words_that_changed_in_their_order),
		cmocka_unit_test(a_bringup_runs_on_any_connection),
	};
	return cmocka_run_group_tests_name("stadls/builder", tests, setup, NULL);
}

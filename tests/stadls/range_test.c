// SPDX-License-Identifier: MIT
/* Many coordinates at once are the same as one by one. */
#include "assert.h"
#include "memory.h"
#include "random.h"

#include <haldls/logical.h>
#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/builder.h>
#include <stadls/run.h>
#include <stadls/timeline.h>

#include <stdlib.h>

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static void a_range_has_the_words_of_its_members(void **state)
{
	enum { FIRST = 100, COUNT = 37 };
	struct test_random random = { .seed = 3 };
	struct haldls_synapse_driver_config values[COUNT], references[COUNT];
	struct stadls_builder *one = new_builder(), *other = new_builder(), *copy;
	(void)state;
	for (uint32_t i = 0; i < COUNT; i++) {
		const struct haldls_synapse_driver_config init = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
		values[i] = references[i] = init;
		values[i].recovery = (uint32_t)test_random_below(&random, 16);
		values[i].row_address_compare_mask = (uint32_t)test_random_below(&random, 32);
	}
	for (int difference = 0; difference < 2; difference++) {
		stadls_builder_clear(one);
		stadls_builder_clear(other);
		assert_true(stadls_builder_is_empty(one));
		assert_ok(stadls_builder_write_range(one, FISCH_OMNIBUS,
		        &haldls_synapse_driver_config_container, FIRST, COUNT, values,
		        difference ? references : NULL));
		for (uint32_t i = 0; i < COUNT; i++)
			assert_ok(difference ? stadls_builder_write_difference(other,
			                               &haldls_synapse_driver_config_container,
			                               FIRST + i, &values[i], &references[i])
			                     : stadls_write(other, FIRST + i, &values[i]));
		assert_false(stadls_builder_is_empty(one));
		assert_true(stadls_builder_is_equal(one, other));
		assert_ok(stadls_builder_new_copy(&copy, one));
		assert_true(stadls_builder_is_equal(copy, other));
		assert_ok(stadls_builder_barrier(copy, HXCOMM_BARRIER_OMNIBUS));
		assert_false(stadls_builder_is_equal(copy, other));
		assert_true(stadls_builder_is_equal(one, other));
		stadls_builder_free(copy);
	}
	stadls_builder_free(one);
	stadls_builder_free(other);
}

static void a_whole_type_comes_back_in_one_ticket(void **state)
{
	struct test_random random = { .seed = 4 };
	const struct haldls_container *container = &haldls_neuron_backend_config_container;
	struct haldls_neuron_backend_config *written = calloc(512, sizeof(*written));
	struct haldls_neuron_backend_config *read = calloc(512, sizeof(*read));
	struct stadls_builder *builder = new_builder(), *longer = new_builder();
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	struct stadls_ticket tick, ticket;
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	for (uint32_t i = 0; i < 512; i++) {
		container->init(&written[i]);
		written[i].address_out = (uint32_t)test_random_below(&random, 256);
		written[i].refractory_time = (uint32_t)test_random_below(&random, 256);
	}
	assert_ok(stadls_builder_write_range(
	        builder, FISCH_OMNIBUS, container, 0, 512, written, NULL));
	assert_ok(stadls_builder_read_range(&ticket, builder, FISCH_OMNIBUS, container, 0, 512));
	/* merged behind other reads, the ticket moves */
	for (int i = 0; i < 3; i++)
		assert_ok(stadls_builder_read(&tick, longer, &haldls_cadc_config_container, 0));
	const struct fisch_mark mark = fisch_program_mark(stadls_builder_program(longer));
	assert_ok(stadls_builder_append(longer, builder));
	assert_ok(stadls_builder_barrier(longer, HXCOMM_BARRIER_OMNIBUS));
	stadls_ticket_shift(&ticket, &mark);
	assert_ok(stadls_run(connection, longer, responses));
	assert_ok(stadls_ticket_read(read, &ticket, responses));
	for (uint32_t i = 0; i < 512; i++) {
		assert_int_equal(read[i].address_out, written[i].address_out);
		assert_int_equal(read[i].refractory_time, written[i].refractory_time);
	}
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
	stadls_builder_free(builder);
	stadls_builder_free(longer);
	free(written);
	free(read);
}

static void a_range_that_fails_leaves_nothing(void **state)
{
	struct haldls_capmem_cell cells[3] = { { .value = 1 }, { .value = 1023 },
		{ .value = 1024 } };
	struct stadls_builder *builder = new_builder();
	struct stadls_ticket ticket = { .coordinate = 99 };
	const struct haldls_container *container = &haldls_capmem_cell_container;
	(void)state;
	assert_error(
	        stadls_builder_write_range(builder, FISCH_OMNIBUS, container, 5, 3, cells, NULL),
	        HXCOMM_ERANGE, "CapMemCellOnDLS 7");
	assert_error(stadls_builder_write_range(
	                     builder, FISCH_OMNIBUS, container, 12478, 3, cells, NULL),
	        HXCOMM_ERANGE,
	        "CapMemCell 12478 to 12480 do not all exist: CapMemCellOnDLS is 0 to 12479");
	assert_error(stadls_builder_write_range(
	                     builder, FISCH_OMNIBUS, container, UINT32_MAX, 2, cells, NULL),
	        HXCOMM_ERANGE, "do not all exist");
	assert_error(stadls_builder_write_range(
	                     builder, FISCH_JTAG_ID_CODE, container, 0, 2, cells, NULL),
	        HXCOMM_EINVAL, "use Omnibus");
	assert_error(
	        stadls_builder_read_range(&ticket, builder, FISCH_OMNIBUS, container, 0, 12481),
	        HXCOMM_ERANGE, "do not all exist");
	assert_error(stadls_builder_read_range(&ticket, builder, FISCH_OMNIBUS, container, 0, 0),
	        HXCOMM_EINVAL, "at least one");
	assert_error(stadls_builder_read_range(&ticket, builder, FISCH_SPI_SHIFT_REGISTER,
	        &haldls_shift_register_container, 0, 1), HXCOMM_ENOTSUP, "cannot be read");
	assert_error(stadls_builder_read_range(&ticket, builder, FISCH_OMNIBUS,
	        &haldls_external_ppu_dram_memory_quad_container, 0, 4194305),
	        HXCOMM_ERANGE, "more words than a program");
	assert_true(stadls_builder_is_empty(builder));
	assert_int_equal(ticket.coordinate, 99);
	assert_ok(stadls_builder_write_range(
	        builder, FISCH_OMNIBUS, container, 12480, 0, NULL, NULL));
	assert_true(stadls_builder_is_empty(builder));
	stadls_builder_free(builder);
}

/* What is said not to have changed is not looked at; of what may have, only differences are
 * written. */
static void only_rows_that_may_have_changed_are_looked_at(void **state)
{
	struct haldls_chip *chip = malloc(sizeof(*chip)), *reference = malloc(sizeof(*reference));
	struct stadls_builder *some = new_builder(), *all = new_builder();
	struct haldls_chip_rows changed = { .rows_only = true };
	(void)state;
	haldls_chip_init(reference);
	*chip = *reference;
	chip->synapse_weight[1][70][9] = 5;
	chip->synapse_label[0][3][255] = 6;
	haldls_chip_rows_add(&changed, 1, 70);
	haldls_chip_rows_add(&changed, 0, 3);
	haldls_chip_rows_add(&changed, 0, 4);
	assert_ok(stadls_builder_write_chip_rows(some, chip, reference, &changed));
	assert_ok(stadls_builder_write_chip_difference(all, chip, reference));
	assert_true(stadls_builder_is_equal(some, all));
	assert_int_equal(fisch_program_mark(stadls_builder_program(all)).words, 4);
	chip->capmem[4] = 77; /* nobody told */
	stadls_builder_clear(some);
	assert_ok(stadls_builder_write_chip_rows(some, chip, reference, &changed));
	assert_true(stadls_builder_is_equal(some, all));
	stadls_builder_free(some);
	stadls_builder_free(all);
	free(chip);
	free(reference);
}

static void polling_a_word_sets_the_block_up_first(void **state)
{
	struct stadls_builder *builder = new_builder();
	const uint64_t *words;
	size_t count;
	(void)state;
	assert_error(stadls_builder_poll_word(builder, 0x12345, 0xf0, 0x1f0, true), HXCOMM_EINVAL,
	        "outside the mask");
	assert_true(stadls_builder_is_empty(builder));
	assert_ok(stadls_builder_poll_word(builder, 0x12345, 0xf0, 0x70, false));
	/* source: spec/transport.md 2.4, address, target, mask */
	const uint64_t expected[] = {
		hxcomm_word_omnibus_address(0x88000006, 15, false),
		hxcomm_word_omnibus_data(0x12345),
		hxcomm_word_omnibus_address(0x88000007, 15, false),
		hxcomm_word_omnibus_data(0x70),
		hxcomm_word_omnibus_address(0x88000008, 15, false),
		hxcomm_word_omnibus_data(0xf0),
		hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS),
		hxcomm_word_polling_block(false),
	};
	words = fisch_program_words(stadls_builder_program(builder), &count);
	assert_int_equal(count, 8);
	assert_memory_equal(words, expected, sizeof(expected));
	stadls_builder_free(builder);
}

static int setup(void **state)
{
	(void)state;
	return memory_register();
}

/* What a real chip keeps to itself is not asked for, however the read came into the program. */
static void reads_that_a_real_chip_does_not_answer_are_refused(void **state)
{
	struct stadls_builder *builder = new_builder(), *copy = NULL;
	struct hxcomm_connection *connection;
	struct stadls_timeline *timeline;
	struct stadls_ticket ticket;
	size_t number;
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:chip-63", NULL));
	assert_ok(stadls_builder_read(&ticket, builder, &haldls_cadc_config_container, 1));
	assert_ok(stadls_run(connection, builder, NULL));
	assert_ok(stadls_builder_read(&ticket, builder, &haldls_crossbar_node_container, 7));
	assert_error(stadls_run(connection, builder, NULL), HXCOMM_ENOTSUP,
	        "the program reads CrossbarNode, which a real chip such as chip-63 does not give back");
	assert_int_equal(memory_runs(), 1);
	assert_ok(stadls_builder_new_copy(&copy, builder));
	assert_error(stadls_run(connection, copy, NULL), HXCOMM_ENOTSUP, "reads CrossbarNode");
	stadls_builder_clear(copy);
	assert_ok(stadls_run(connection, copy, NULL));
	/* a logical container with such a part */
	assert_ok(stadls_builder_read(&ticket, copy, &haldls_cadc_readout_chain_container, 0));
	assert_error(stadls_run(connection, copy, NULL), HXCOMM_ENOTSUP, "reads CADCReadoutChain");
	stadls_builder_clear(copy);
	assert_ok(stadls_timeline_new(&timeline));
	assert_ok(stadls_timeline_read(&number, timeline, 5, &haldls_synapse_bias_selection_container, 0));
	assert_ok(stadls_builder_append_timeline(NULL, NULL, copy, timeline));
	assert_error(stadls_run(connection, copy, NULL), HXCOMM_ENOTSUP, "reads SynapseBiasSelection");
	hxcomm_close(connection);
	/* the emulated one answers */
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(stadls_run(connection, builder, NULL));
	hxcomm_close(connection);
	stadls_timeline_free(timeline);
	stadls_builder_free(copy);
	stadls_builder_free(builder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_range_has_the_words_of_its_members),
		cmocka_unit_test(a_whole_type_comes_back_in_one_ticket),
		cmocka_unit_test(a_range_that_fails_leaves_nothing),
		cmocka_unit_test(only_rows_that_may_have_changed_are_looked_at),
		cmocka_unit_test(reads_that_a_real_chip_does_not_answer_are_refused),
		cmocka_unit_test(polling_a_word_sets_the_block_up_first),
	};
	return cmocka_run_group_tests_name("stadls/range", tests, setup, NULL);
}

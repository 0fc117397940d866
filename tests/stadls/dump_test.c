// SPDX-License-Identifier: MIT
#include "assert.h"

#include <hxcomm/log.h>
#include <hxcomm/words.h>
#include <stadls/builder.h>
#include <stadls/dump.h>

#include <stdlib.h>

static struct stadls_dump *new_dump(void)
{
	struct stadls_dump *dump;
	assert_ok(stadls_dump_new(&dump));
	return dump;
}

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static void put_weights(struct stadls_dump *dump, uint32_t coordinate, uint32_t value)
{
	struct haldls_synapse_quad quad = HALDLS_SYNAPSE_QUAD_INIT;
	for (unsigned i = 0; i < 4; i++)
		quad.weights[i] = value + i;
	assert_ok(stadls_dump_write(dump, &haldls_synapse_quad_container, coordinate, &quad));
}

static void a_dump_replays_to_the_same_words(void **state)
{
	struct stadls_dump *dump = new_dump();
	struct stadls_builder *direct = new_builder(), *replayed = new_builder();
	struct haldls_madc_config madc = HALDLS_MADC_CONFIG_INIT;
	struct haldls_adpll adpll = HALDLS_ADPLL_INIT;
	struct stadls_dump_entry entry;
	(void)state;
	assert_ok(stadls_dump_write(dump, &haldls_madc_config_container, 0, &madc));
	assert_ok(stadls_write(direct, 0, &madc));
	assert_ok(stadls_dump_write(dump, &haldls_adpll_container, 1, &adpll));
	assert_ok(stadls_write(direct, 1, &adpll));
	madc.powerup_wait_value = 7; /* the dump holds copies */
	assert_ok(stadls_dump_wait_until(dump, 4711));
	assert_ok(stadls_builder_wait_until(direct, 4711));
	assert_ok(stadls_dump_barrier(dump, HXCOMM_BARRIER_JTAG));
	assert_ok(stadls_builder_barrier(direct, HXCOMM_BARRIER_JTAG));
	assert_ok(stadls_dump_poll(dump, true));
	assert_ok(stadls_builder_poll(direct, true));
	assert_ok(stadls_builder_append_dump(replayed, dump));
	assert_true(stadls_builder_is_equal(direct, replayed));
	assert_ok(stadls_dump_append(dump, dump));
	assert_ok(stadls_builder_append(direct, direct));
	stadls_builder_clear(replayed);
	assert_ok(stadls_builder_append_dump(replayed, dump));
	assert_true(stadls_builder_is_equal(direct, replayed));
	assert_int_equal(stadls_dump_count(dump), 10);
	assert_ok(stadls_dump_get(&entry, dump, 2));
	assert_int_equal(entry.kind, STADLS_DUMP_WAIT_UNTIL);
	assert_int_equal(entry.argument, 4711);
	assert_null(entry.container);
	assert_error(stadls_dump_get(&entry, dump, 10), HXCOMM_ERANGE, "step 10 of a dump of 10");
	stadls_dump_clear(dump);
	assert_int_equal(stadls_dump_count(dump), 0);
	stadls_dump_free(dump);
	stadls_dump_free(NULL);
	stadls_builder_free(direct);
	stadls_builder_free(replayed);
}

static void squashed_it_holds_the_last_of_each(void **state)
{
	struct stadls_dump *dump = new_dump();
	struct haldls_cadc_config config = HALDLS_CADC_CONFIG_INIT;
	struct stadls_dump_entry entry;
	(void)state;
	for (uint32_t i = 0; i < 50; i++) {
		put_weights(dump, 30 - i % 10, i);
		assert_ok(stadls_dump_barrier(dump, HXCOMM_BARRIER_OMNIBUS));
	}
	config.reset_wait = 33;
	assert_ok(stadls_dump_write(dump, &haldls_cadc_config_container, 1, &config));
	stadls_dump_squash(dump);
	assert_int_equal(stadls_dump_count(dump), 11);
	assert_ok(stadls_dump_get(&entry, dump, 0));
	assert_ptr_equal(entry.container, &haldls_cadc_config_container);
	assert_int_equal(((const struct haldls_cadc_config *)entry.value)->reset_wait, 33);
	for (uint32_t i = 0; i < 10; i++) {
		assert_ok(stadls_dump_get(&entry, dump, 1 + i));
		assert_ptr_equal(entry.container, &haldls_synapse_quad_container);
		assert_int_equal(entry.coordinate, 21 + i);
		/* the last to write 30 - k is i = 40 + k */
		assert_int_equal(
		        ((const struct haldls_synapse_quad *)entry.value)->weights[0], 40 + 9 - i);
	}
	stadls_dump_free(dump);
}

static int warnings;

static void count_warnings(enum hxcomm_log_level level, const char *room, const char *text,
        void *user)
{
	(void)room, (void)user;
	warnings += level == HXCOMM_LOG_WARNING && strstr(text, "1 words of a dump") != NULL;
}

static void a_chip_takes_what_is_written(void **state)
{
	struct stadls_dump *dump = new_dump();
	struct haldls_chip *chip = malloc(sizeof(*chip)), *before = malloc(sizeof(*before));
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct haldls_synapse_quad quad = HALDLS_SYNAPSE_QUAD_INIT;
	const struct haldls_instruction_timeout_config timeout = { .value = 5 };
	const struct haldls_capmem_cell cell = { .value = 77 };
	struct haldls_adpll adpll = HALDLS_ADPLL_INIT;
	struct stadls_builder *builder = new_builder();
	size_t foreign = 99;
	(void)state;
	haldls_chip_init(chip);
	*before = *chip;
	neuron.enable_fire = true;
	quad.weights[2] = 63;
	assert_ok(stadls_dump_write(dump, &haldls_neuron_config_container, 300, &neuron));
	assert_ok(stadls_dump_write(dump, &haldls_capmem_cell_container, 12479, &cell));
	/* hemisphere 1, row 5, quad 40: columns 65, 67, 69, 71 */
	assert_ok(stadls_dump_write(
	        dump, &haldls_synapse_quad_container, haldls_synapse_quad(1, 5, 40), &quad));
	assert_ok(
	        stadls_dump_write(dump, &haldls_instruction_timeout_config_container, 0, &timeout));
	assert_ok(stadls_dump_write(dump, &haldls_adpll_container, 0, &adpll));
	assert_ok(stadls_dump_wait_until(dump, 5));
	hxcomm_log_set_sink(count_warnings, NULL);
	assert_ok(stadls_dump_apply(chip, &foreign, dump));
	hxcomm_log_set_sink(NULL, NULL);
	assert_int_equal(foreign, 1); /* the FPGA's timeout is no part of a chip */
	assert_int_equal(warnings, 1);
	before->neuron_config[300].enable_fire = true;
	before->capmem[12479] = 77;
	before->synapse_weight[1][5][69] = 63;
	assert_ok(stadls_builder_write_chip_difference(builder, chip, before));
	assert_true(stadls_builder_is_empty(builder));
	/* what does not fit changes nothing */
	const struct haldls_capmem_cell wrong = { .value = 1024 };
	assert_ok(stadls_dump_write(dump, &haldls_neuron_config_container, 2, &neuron));
	assert_ok(stadls_dump_write(dump, &haldls_capmem_cell_container, 3, &wrong));
	assert_error(stadls_dump_apply(chip, NULL, dump), HXCOMM_ERANGE,
	        "CapMemCellOnDLS 3 (CapMemBlock:0 Row:0 Column:3): CapMemCell.value is 1024");
	assert_error(stadls_builder_append_dump(builder, dump), HXCOMM_ERANGE, "CapMemCellOnDLS 3");
	assert_true(stadls_builder_is_empty(builder));
	assert_ok(stadls_builder_write_chip_difference(builder, chip, before));
	assert_true(stadls_builder_is_empty(builder));
	stadls_builder_free(builder);
	stadls_dump_free(dump);
	free(chip);
	free(before);
}

static void wrong_steps_are_refused(void **state)
{
	struct stadls_dump *dump = new_dump();
	const struct haldls_cadc_config config = HALDLS_CADC_CONFIG_INIT;
	const struct haldls_jtag_id_code id = { 0 };
	(void)state;
	assert_error(stadls_dump_write(dump, &haldls_cadc_config_container, 2, &config),
	        HXCOMM_ERANGE, "CADCConfig 2 does not exist");
	assert_error(stadls_dump_write(dump, &haldls_jtag_id_code_container, 0, &id),
	        HXCOMM_ENOTSUP, "cannot be written");
	assert_error(stadls_dump_wait_until(dump, UINT64_C(1) << 32), HXCOMM_ERANGE, "4294967296");
	assert_error(stadls_dump_barrier(dump, 32), HXCOMM_ERANGE, "0x20");
	assert_int_equal(stadls_dump_count(dump), 0);
	stadls_dump_free(dump);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_dump_replays_to_the_same_words),
		cmocka_unit_test(squashed_it_holds_the_last_of_each),
		cmocka_unit_test(a_chip_takes_what_is_written),
		cmocka_unit_test(wrong_steps_are_refused),
	};
	return cmocka_run_group_tests_name("stadls/dump", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* The filter simulator against the worked example of spec/grenade_design.md 2.7, set up by hand; and
 * the check of connections against configurations that were broken on purpose. */
#include "check.h"

#include "assert.h"
#include "random.h"

#include <stdlib.h>

enum { OPEN = 0, EXCITATORY = 1, INHIBITORY = 2 };

static void set_driver(struct haldls_chip *chip, uint32_t driver, uint32_t mode)
{
	chip->synapse_driver_config[driver].enable_receiver = true;
	chip->synapse_driver_config[driver].row_address_compare_mask = 1;
	chip->synapse_driver_config[driver].row_mode_bottom = mode;
	chip->synapse_driver_config[driver].row_mode_top = mode;
}

/* Four external sources excite two neurons with weight 100, these inhibit both with weight 20. */
static struct haldls_chip *example(void)
{
	static const uint8_t rows[8] = { 8, 9, 24, 25, 40, 41, 56, 57 };
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	chip->crossbar_node[haldls_crossbar_node(0, 0)].target = OPEN;
	for (uint32_t s = 0; s < 4; s++) {
		struct haldls_crossbar_node *top =
		        &chip->crossbar_node[haldls_crossbar_node(8 + s, s)];
		struct haldls_crossbar_node *bottom =
		        &chip->crossbar_node[haldls_crossbar_node(8 + s, 4 + s)];
		*top = (struct haldls_crossbar_node){ .mask = 0x2000, .target = 0 };
		*bottom = (struct haldls_crossbar_node){ .mask = 0x2000, .target = 0x2000 };
	}
	chip->common_padi_bus_config[0].enable_spl1[0] = true;
	set_driver(chip, 0, INHIBITORY);
	for (uint32_t d = 4; d <= 28; d += 8)
		set_driver(chip, d, EXCITATORY);
	for (uint32_t c = 0; c < 2; c++) {
		const uint32_t quad = haldls_quad_of_column(c), entry = haldls_quad_entry_of_column(c);
		chip->column_current_quad[quad].enable_synaptic_current_excitatory[entry] = true;
		chip->column_current_quad[quad].enable_synaptic_current_inhibitory[entry] = true;
		for (uint32_t i = 0; i < 8; i++) {
			chip->synapse_label[0][rows[i]][c] = (uint8_t)(i / 2);
			chip->synapse_weight[0][rows[i]][c] = i % 2 ? 37 : 63;
		}
		for (uint32_t i = 0; i < 2; i++) {
			chip->synapse_label[0][i][c] = (uint8_t)i;
			chip->synapse_weight[0][i][c] = 20;
		}
	}
	return chip;
}

static bool acted(const struct grenade__arrivals *arrivals, uint64_t key)
{
	size_t found = 0;
	for (size_t i = 0; i < arrivals->count; i++)
		found += arrivals->keys[i] == key;
	return found == 1;
}

static void the_worked_example_does_what_the_page_says(void **state)
{
	struct haldls_chip *chip = example();
	struct grenade__arrivals host = { 0 }, neuron = { 0 };
	(void)state;
	/* event 0x0042 from the host: rows 40 and 41 of columns 0 and 1, nothing else */
	assert_ok(grenade__deliver(&host, chip, 7, 8, 0x0042));
	assert_int_equal(host.count, 4);
	/* spike of neuron 1: row 1 of both columns */
	assert_ok(grenade__deliver(&neuron, chip, 1, 0, 0x0001));
	assert_int_equal(neuron.count, 2);
	for (uint32_t c = 0; c < 2; c++) {
		assert_true(acted(&host, grenade__arrival(7, c, GRENADE_EXCITATORY, 63)));
		assert_true(acted(&host, grenade__arrival(7, c, GRENADE_EXCITATORY, 37)));
		assert_true(acted(&neuron, grenade__arrival(1, c, GRENADE_INHIBITORY, 20)));
	}
	free(host.keys);
	free(neuron.keys);
	free(chip);
}

static void events_stop_at_each_filter(void **state)
{
	(void)state;
	for (unsigned which = 0; which < 8; which++) {
		struct haldls_chip *chip = example();
		struct grenade__arrivals arrivals = { 0 };
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[20];
		uint32_t label = 0x0042, left = 0;
		switch (which) {
		case 0:
			label = 0x2042; /* to the bottom */
			break;
		case 1:
			label = 0x0002; /* row select that only driver 0 takes, which has no label 2 */
			break;
		case 2:
			label = 0x0047; /* no synapse with label 7 */
			break;
		case 3:
			chip->common_padi_bus_config[0].enable_spl1[0] = false;
			break;
		case 4:
			driver->enable_receiver = false;
			break;
		case 5:
			driver->row_address_compare_mask = 31; /* position 5, row select 1 */
			break;
		case 6:
			driver->row_mode_bottom = 0; /* the upper row stays: two of four */
			left = 2;
			break;
		default:
			chip->column_current_quad[0].enable_synaptic_current_excitatory[0] = false;
			left = 2; /* column 1 stays */
			break;
		}
		assert_ok(grenade__deliver(&arrivals, chip, 0, 8, label));
		assert_int_equal(arrivals.count, left);
		free(arrivals.keys);
		free(chip);
	}
}

/* ---- the check ------------------------------------------------------------------------------- */

static struct grenade_plan *plan;
static struct haldls_chip *chip;

static int setup(void **state)
{
	static const struct grenade_connection dense[] = { { 0, 0, 100 }, { 0, 1, 100 }, { 1, 0, 9 },
		{ 1, 1, 9 } };
	struct grenade_network *network;
	uint32_t neurons, sources, unused;
	(void)state;
	assert_ok(grenade_network_new(&network));
	assert_ok(grenade_network_add_neurons(&neurons, network, 2, NULL));
	assert_ok(grenade_network_add_external(&sources, network, 2));
	assert_ok(grenade_network_add_projection(&unused, network, sources, neurons,
	        GRENADE_EXCITATORY, dense, 4));
	assert_ok(grenade_network_add_projection(&unused, network, neurons, neurons,
	        GRENADE_INHIBITORY, dense, 4));
	assert_ok(grenade_network_record_spikes(network, neurons));
	assert_ok(grenade_plan(&plan, network, NULL));
	grenade_network_free(network);
	chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	assert_ok(grenade_plan_configure(plan, chip));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	grenade_plan_free(plan);
	free(chip);
	return 0;
}

static void a_sound_configuration_passes(void **state)
{
	(void)state;
	assert_ok(grenade_plan_validate(plan, chip));
	assert_ok(grenade_plan_validate(plan, NULL));
}

static void a_lost_and_an_additional_synapse_are_named(void **state)
{
	struct grenade_synapse at[2];
	(void)state;
	assert_int_equal(grenade_plan_synapses(at, 2, plan, 0, 1), 2);
	assert_int_equal(at[0].weight, 63);
	assert_int_equal(at[1].weight, 37);
	uint8_t *weight = &chip->synapse_weight[at[0].hemisphere][at[0].row][at[0].column];
	assert_int_equal(*weight, 63);
	*weight = 0;
	assert_error(grenade_plan_validate(plan, chip), HXCOMM_ESTATE,
	        "make no excitatory synapse of weight 63 from index 0 of population 1 to neuron 1 of "
	        "population 0 (circuit 1)");
	*weight = 63;
	weight = &chip->synapse_weight[at[0].hemisphere][at[0].row][200];
	*weight = 5;
	chip->synapse_label[at[0].hemisphere][at[0].row][200] = (uint8_t)at[0].label;
	chip->column_current_quad[haldls_quad_of_column(200)]
	        .enable_synaptic_current_excitatory[haldls_quad_entry_of_column(200)] = true;
	assert_error(grenade_plan_validate(plan, chip), HXCOMM_ESTATE,
	        "make an unwanted excitatory synapse of weight 5 from index 0 of population 1 to "
	        "circuit 200");
}

/* Every part of the way matters: undo each in turn. */
static void a_broken_way_is_found(void **state)
{
	unsigned broken = 0;
	(void)state;
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_NODES; i++) {
		const struct haldls_crossbar_node node = chip->crossbar_node[i];
		if (node.target & ~node.mask)
			continue;
		chip->crossbar_node[i] = (struct haldls_crossbar_node){ .mask = 0, .target = 1 };
		assert_int_equal(grenade_plan_validate(plan, chip), HXCOMM_ESTATE);
		chip->crossbar_node[i] = node;
		broken++;
	}
	for (uint32_t i = 0; i < 256; i++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[i];
		if (!driver->enable_receiver)
			continue;
		driver->enable_receiver = false;
		assert_int_equal(grenade_plan_validate(plan, chip), HXCOMM_ESTATE);
		driver->enable_receiver = true;
		broken++;
	}
	for (uint32_t i = 0; i < 2; i++) {
		chip->neuron_backend_config[i].address_out ^= 32;
		assert_int_equal(grenade_plan_validate(plan, chip), HXCOMM_ESTATE);
		chip->neuron_backend_config[i].address_out ^= 32;
		chip->neuron_backend_config[i].enable_spike_out = false;
		assert_int_equal(grenade_plan_validate(plan, chip), HXCOMM_ESTATE);
		chip->neuron_backend_config[i].enable_spike_out = true;
	}
	assert_true(broken >= 4);
	assert_ok(grenade_plan_validate(plan, chip));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worked_example_does_what_the_page_says),
		cmocka_unit_test(events_stop_at_each_filter),
		cmocka_unit_test_setup_teardown(a_sound_configuration_passes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_lost_and_an_additional_synapse_are_named, setup,
		        teardown),
		cmocka_unit_test_setup_teardown(a_broken_way_is_found, setup, teardown),
	};
	return cmocka_run_group_tests_name("grenade/check", tests, NULL, NULL);
}

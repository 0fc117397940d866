// SPDX-License-Identifier: MIT
#include "random.h"

#include "assert.h"

#include <haldls/coordinate.h>
#include <haldls/morphology.h>

enum { CIRCUITS = HALDLS_MORPHOLOGY_CIRCUITS };

static struct haldls_morphology m;
static struct haldls_logical_neuron neuron;
static uint32_t coordinates[CIRCUITS];
static struct haldls_atomic_neuron values[CIRCUITS];

static int setup(void **state)
{
	(void)state;
	haldls_morphology_init(&m);
	return 0;
}

/* A soma of two by two circuits at columns 3 and 4, a bridge at 5, a dendrite of one circuit at 6.
 */
static void draw_two_compartments(void)
{
	static const struct haldls_circuit soma[] = { { 0, 3 }, { 1, 3 }, { 0, 4 }, { 1, 4 } };
	static const struct haldls_circuit dendrite[] = { { 0, 6 } };
	uint32_t number;
	assert_ok(haldls_morphology_add_compartment(&number, &m, soma, 4));
	assert_int_equal(number, 0);
	assert_ok(haldls_morphology_add_compartment(&number, &m, dendrite, 1));
	assert_int_equal(number, 1);
	assert_ok(haldls_morphology_connect_soma_line(&m, 0, 4, 6));
	assert_ok(haldls_morphology_connect_to_soma(&m, 0, 4));
	assert_ok(haldls_morphology_connect_resistor_to_soma(&m, 0, 6));
}

static const struct haldls_atomic_neuron *at(uint32_t row, uint32_t column)
{
	for (uint32_t i = 0; i < neuron.first[neuron.compartment_count]; i++)
		if (coordinates[i] == haldls_neuron(row, column))
			return &values[i];
	fail_msg("no circuit is placed in row %u, column %u", row, column);
	return NULL;
}

static void compartments_get_their_switches(void **state)
{
	(void)state;
	draw_two_compartments();
	assert_ok(haldls_logical_neuron_plan(&neuron, &m));
	/* the bridge is a compartment, too */
	assert_int_equal(neuron.compartment_count, 3);
	assert_int_equal(neuron.first[3], 6);
	assert_ok(haldls_logical_neuron_place(
		coordinates, values, &neuron, haldls_neuron(0, 100), false, false));
	/* one compartment after the other, circuits in the order in which they were given */
	const uint32_t order[] = { 100, 256 + 100, 101, 256 + 101, 103, 102 };
	for (uint32_t i = 0; i < 6; i++)
		assert_int_equal(coordinates[i], order[i]);
	for (uint32_t row = 0; row < 2; row++) {
		assert_true(at(row, 100)->multicompartment.connect_right);
		assert_false(at(row, 101)->multicompartment.connect_right);
		assert_true(at(row, 100)->multicompartment.connect_vertical);
		assert_true(at(row, 101)->multicompartment.connect_vertical);
		assert_false(at(row, 100)->multicompartment.connect_soma_right);
	}
	assert_true(at(0, 101)->multicompartment.connect_soma);
	assert_true(at(0, 101)->multicompartment.connect_soma_right);
	assert_true(at(0, 102)->multicompartment.connect_soma_right);
	assert_false(at(0, 102)->multicompartment.connect_soma);
	assert_false(at(0, 103)->multicompartment.connect_soma_right);
	assert_true(at(0, 103)->multicompartment.enable_conductance);
	assert_false(at(0, 103)->multicompartment.connect_vertical);
}

/* The left one of two circuits has the switch, also where left has become right. */
static void a_mirrored_neuron_has_its_switches_moved(void **state)
{
	(void)state;
	draw_two_compartments();
	assert_ok(haldls_logical_neuron_plan(&neuron, &m));
	assert_ok(haldls_logical_neuron_place(
		coordinates, values, &neuron, haldls_neuron(0, 100), true, true));
	/* dendrite 100, bridge 101, soma 102 and 103, the line in row 1 */
	assert_true(at(1, 100)->multicompartment.enable_conductance);
	assert_true(at(1, 100)->multicompartment.connect_soma_right);
	assert_true(at(1, 101)->multicompartment.connect_soma_right);
	assert_false(at(1, 102)->multicompartment.connect_soma_right);
	assert_true(at(1, 102)->multicompartment.connect_soma);
	for (uint32_t row = 0; row < 2; row++) {
		assert_true(at(row, 102)->multicompartment.connect_right);
		assert_false(at(row, 103)->multicompartment.connect_right);
		assert_true(at(row, 103)->multicompartment.connect_vertical);
	}
}

static void parameters_are_set_but_not_switches(void **state)
{
	struct haldls_atomic_neuron value;
	(void)state;
	draw_two_compartments();
	assert_ok(haldls_logical_neuron_plan(&neuron, &m));
	haldls_atomic_neuron_init(&value);
	value.leak.v_leak = 500;
	value.multicompartment.i_bias_nmda = 300;
	value.multicompartment.enable_conductance_division = true;
	value.multicompartment.connect_right = true;
	value.multicompartment.connect_soma = true;
	assert_ok(haldls_logical_neuron_set(&neuron, 1, 0, &value));
	const struct haldls_atomic_neuron *own = &neuron.neurons[4];
	assert_int_equal(own->leak.v_leak, 500);
	assert_int_equal(own->multicompartment.i_bias_nmda, 300);
	assert_true(own->multicompartment.enable_conductance_division);
	assert_true(own->multicompartment.enable_conductance);
	assert_false(own->multicompartment.connect_right);
	assert_false(own->multicompartment.connect_soma);
	assert_error(haldls_logical_neuron_set(&neuron, 1, 1, &value), HXCOMM_ERANGE,
		"no circuit 1 of compartment 1");
	assert_error(
		haldls_logical_neuron_set(&neuron, 3, 0, &value), HXCOMM_ERANGE, "compartment 3");
}

static void what_cannot_be_drawn_is_refused(void **state)
{
	static const struct haldls_circuit apart[] = { { 0, 1 }, { 0, 3 } };
	static const struct haldls_circuit diagonal[] = { { 0, 1 }, { 1, 2 } };
	static const struct haldls_circuit twice[] = { { 0, 1 }, { 0, 1 } };
	static const struct haldls_circuit outside[] = { { 0, 128 } };
	static const struct haldls_circuit first[] = { { 0, 1 }, { 0, 2 } };
	const struct haldls_morphology empty = { 0 };
	(void)state;
	assert_error(haldls_morphology_add_compartment(NULL, &m, apart, 2), HXCOMM_EINVAL,
		"side by side");
	assert_error(haldls_morphology_add_compartment(NULL, &m, diagonal, 2), HXCOMM_EINVAL,
		"side by side");
	assert_error(haldls_morphology_add_compartment(NULL, &m, twice, 2), HXCOMM_ESTATE,
		"row 0, column 1 belongs to a compartment already");
	assert_error(haldls_morphology_add_compartment(NULL, &m, outside, 1), HXCOMM_ERANGE,
		"column 128");
	assert_error(
		haldls_morphology_add_compartment(NULL, &m, first, 0), HXCOMM_EINVAL, "1 to 256");
	assert_error(haldls_morphology_connect_soma_line(&m, 0, 3, 3), HXCOMM_ERANGE, "no length");
	assert_error(haldls_morphology_connect_soma_line(&m, 2, 3, 4), HXCOMM_ERANGE, "row 2");
	assert_error(haldls_morphology_connect_to_soma(&m, 0, 128), HXCOMM_ERANGE, "column 128");
	assert_memory_equal(&m, &empty, sizeof(m));
	assert_ok(haldls_morphology_add_compartment(NULL, &m, first, 2));
	assert_error(
		haldls_morphology_add_compartment(NULL, &m, first, 1), HXCOMM_ESTATE, "already");
	assert_ok(haldls_morphology_connect_to_soma(&m, 0, 1));
	assert_error(
		haldls_morphology_connect_resistor_to_soma(&m, 0, 1), HXCOMM_ESTATE, "by a switch");
	assert_false(m.switches[0][1].enable_conductance);
	assert_ok(haldls_morphology_connect_resistor_to_soma(&m, 0, 2));
	assert_error(haldls_morphology_connect_to_soma(&m, 0, 2), HXCOMM_ESTATE,
		"through a conductance");
}

static void what_is_not_one_neuron_is_refused(void **state)
{
	static const struct haldls_circuit one[] = { { 0, 1 } }, other[] = { { 0, 2 } };
	(void)state;
	assert_error(
		haldls_logical_neuron_plan(&neuron, &m), HXCOMM_EINVAL, "without a compartment");
	assert_ok(haldls_morphology_add_compartment(NULL, &m, one, 1));
	assert_ok(haldls_morphology_add_compartment(NULL, &m, other, 1));
	neuron.compartment_count = 77;
	assert_error(haldls_logical_neuron_plan(&neuron, &m), HXCOMM_ESTATE,
		"compartment 1 is not joined to compartment 0");
	assert_int_equal(neuron.compartment_count, 77);
	assert_ok(haldls_morphology_connect_soma_line(&m, 0, 1, 2));
	assert_ok(haldls_morphology_connect_to_soma(&m, 0, 1));
	assert_error(haldls_logical_neuron_plan(&neuron, &m), HXCOMM_ESTATE, "compartment 1");
	assert_ok(haldls_morphology_connect_to_soma(&m, 0, 2));
	assert_error(haldls_logical_neuron_plan(&neuron, &m), HXCOMM_ESTATE,
		"compartment 0 has 1 circuits, but 2 share its membrane");
}

static void a_neuron_stays_on_its_half_of_the_chip(void **state)
{
	static const struct {
		uint32_t row, column;
		bool fits;
	} rows[] = {
		{ 0, 0, true },
		{ 0, 124, true },
		{ 0, 125, false },
		{ 0, 127, false },
		{ 0, 128, true },
		{ 0, 252, true },
		{ 0, 253, false },
		{ 1, 0, false },
	};
	(void)state;
	draw_two_compartments(); /* 4 columns, 2 rows */
	assert_ok(haldls_logical_neuron_plan(&neuron, &m));
	FOR_ROWS(i, rows)
	{
		const int status = haldls_logical_neuron_place(coordinates, values, &neuron,
			haldls_neuron(rows[i].row, rows[i].column), false, false);
		assert_int_equal(status, rows[i].fits ? HXCOMM_OK : HXCOMM_ERANGE);
	}
	assert_error(haldls_logical_neuron_place(coordinates, values, &neuron, 512, false, false),
		HXCOMM_ERANGE, "allowed are 0 to 511");
}

static uint32_t count_switches(bool soma)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < neuron.first[neuron.compartment_count]; i++)
		count += soma ? values[i].multicompartment.connect_soma_right
			      : values[i].multicompartment.connect_right;
	return count;
}

/* A chain of random compartments on a line: wherever it is placed, as many switches join the same
 * circuits. */
static void placing_keeps_what_is_joined(void **state)
{
	struct test_random random = { .seed = 4 };
	(void)state;
	for (int round = 0; round < 50; round++) {
		uint32_t column = 0, joined = 0;
		haldls_morphology_init(&m);
		const uint32_t compartments = 2 + (uint32_t)test_random_below(&random, 5);
		for (uint32_t c = 0; c < compartments; c++) {
			struct haldls_circuit circuits[4];
			const uint32_t width = 1 + (uint32_t)test_random_below(&random, 4);
			for (uint32_t i = 0; i < width; i++)
				circuits[i] = (struct haldls_circuit){ 0, (uint8_t)(column + i) };
			assert_ok(haldls_morphology_add_compartment(NULL, &m, circuits, width));
			assert_ok(haldls_morphology_connect_resistor_to_soma(&m, 0, column));
			column += width;
			joined += width - 1;
		}
		assert_ok(haldls_morphology_connect_soma_line(&m, 0, 0, column - 1));
		assert_ok(haldls_logical_neuron_plan(&neuron, &m));
		for (int flips = 0; flips < 4; flips++) {
			assert_ok(haldls_logical_neuron_place(coordinates, values, &neuron,
				haldls_neuron((uint32_t)flips / 2, 128), flips & 1, flips & 2));
			assert_int_equal(count_switches(false), joined);
			assert_int_equal(count_switches(true), column - 1);
			/* the rightmost circuit has nothing to its right */
			assert_false(at((uint32_t)flips / 2, 128 + column - 1)
					     ->multicompartment.connect_right);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(compartments_get_their_switches, setup),
		cmocka_unit_test_setup(a_mirrored_neuron_has_its_switches_moved, setup),
		cmocka_unit_test_setup(parameters_are_set_but_not_switches, setup),
		cmocka_unit_test_setup(what_cannot_be_drawn_is_refused, setup),
		cmocka_unit_test_setup(what_is_not_one_neuron_is_refused, setup),
		cmocka_unit_test_setup(a_neuron_stays_on_its_half_of_the_chip, setup),
		cmocka_unit_test_setup(placing_keeps_what_is_joined, setup),
	};
	return cmocka_run_group_tests_name("haldls/morphology", tests, NULL, NULL);
}

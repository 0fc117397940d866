// SPDX-License-Identifier: MIT
/* Products of vectors and matrices on membranes and on synaptic lines, without noise and variation:
 * scale and linearity of spec/emulator_physics.md 0 and 2.3. */
#include "fixture.h"

static struct fixture f;

enum { COLUMN = 9, DAC = 1022, ACTIVATIONS = 31, WEIGHTS = 63, DRIVERS = 128 };

static const double count = 3.28e-3; /* V, of the CADC in the range that this mode uses */

static struct haldls_synapse_driver_config driver;

/* Rows 2 d are excitatory, 2 d + 1 inhibitory; drivers in hagen mode. */
static void begin(void)
{
	fixture_begin(&f, 1, 1, false, false);
	f.neuron.enable_synaptic_input_excitatory = f.neuron.enable_synaptic_input_inhibitory =
		true;
	f.neuron.enable_synaptic_input_excitatory_small_capacitance = true;
	f.neuron.enable_synaptic_input_inhibitory_small_capacitance = true;
	f.neuron.enable_synaptic_input_excitatory_high_resistance = false;
	f.neuron.enable_synaptic_input_inhibitory_high_resistance = false;
	f.neuron.enable_leak_division = true;
	fixture_neurons(&f);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.6));
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_LEAK, 126);          /* 60 us */
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 295); /* 0.32 us */
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 278);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 450);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, 508);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 278);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, DAC);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, 1021);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_RAMP, 820);
	fixture_shared(&f, HALDLS_CAPMEM_STP_I_CALIB, 819);
	fixture_shared(&f, 2988, 820); /* of the hagen DACs; there is one in the east only */
	driver = (struct haldls_synapse_driver_config)HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	driver.enable_receiver = driver.enable_stp = true;
	driver.enable_hagen_dac = driver.enable_hagen_modulation = true;
	driver.enable_address_out = false;
	driver.offset = 7;
	driver.row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
	driver.row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY;
	for (uint32_t d = 0; d < DRIVERS; d++)
		emulator__analog_set_driver(f.analog, d, &driver);
	emulator__analog_set_column_current(f.analog, 0, COLUMN, true, true);
	fixture_advance(&f, 100 * TICKS_MS);
}

/* Signed weights: a positive one in the excitatory row, a negative one in the other. */
static void set_weight(uint32_t d, int weight)
{
	emulator__analog_set_synapses(
		f.analog, 0, 2 * d, COLUMN, (uint8_t)(weight > 0 ? weight : 0), 0);
	emulator__analog_set_synapses(
		f.analog, 0, 2 * d + 1, COLUMN, (uint8_t)(weight < 0 ? -weight : 0), 0);
}

/* Send activations to all drivers, 32 ns apart; returns what the membrane makes of them, counts. */
static double multiply(const int activations[DRIVERS])
{
	const double rest = emulator__analog_true_membrane(f.analog, COLUMN);
	for (uint32_t d = 0; d < DRIVERS; d++) {
		if (activations[d])
			emulator__analog_driver_event(
				f.analog, f.now, d, (uint8_t)(32 - activations[d]));
		fixture_advance(&f, 8);
	}
	fixture_advance(&f, 400);
	const double result = emulator__analog_true_membrane(f.analog, COLUMN) - rest;
	fixture_advance(&f, 2 * TICKS_MS);
	return result / count;
}

static void one_product_is_two_thousandths_of_a_count(void **state)
{
	(void)state;
	int activations[DRIVERS] = {0};
	begin();
	set_weight(3, WEIGHTS);
	activations[3] = ACTIVATIONS;
	/* at the end: the membrane keeps 0.96 of it until then */
	assert_near(multiply(activations) / (WEIGHTS * ACTIVATIONS), 0.002, 0.15, 0);
	set_weight(3, -WEIGHTS);
	assert_near(multiply(activations) / (WEIGHTS * ACTIVATIONS), -0.002, 0.15, 0);
	fixture_end(&f);
}

/* The result is the product, but for 3 % of the range of 80 counts: what the membrane forgets in
 * the 4 us in which the products come, and what the inputs bend where some ten of them meet on a
 * line. */
static void products_are_linear_within_eighty_counts(void **state)
{
	(void)state;
	uint32_t random = 3;
	double square = 0, cross = 0, most = 0, product[60], result[60];
	begin();
	for (unsigned i = 0; i < 60; i++) {
		int activations[DRIVERS];
		product[i] = 0;
		for (uint32_t d = 0; d < DRIVERS; d++) {
			random = random * 1664525 + 1013904223;
			activations[d] = (int)(random >> 27);
			const int weight =
				(int)((random >> 10 & 31) * (i + 4) / 64) * (i % 2 ? 1 : -1);
			set_weight(d, weight);
			product[i] += activations[d] * weight;
		}
		result[i] = multiply(activations);
		square += product[i] * product[i];
		cross += product[i] * result[i];
	}
	const double slope = cross / square;
	assert_near(slope, 0.002, 0.15, 0);
	for (unsigned i = 0; i < 60; i++) {
		assert_near(result[i], slope * product[i], 0, 0.03 * 80);
		most = fmax(most, fabs(result[i]));
	}
	assert_true(most > 50);
	fixture_end(&f);
}

/* The longer the pulse, the larger the drop of a line: 31 steps of one size. */
static void lines_count_activations(void **state)
{
	(void)state;
	double last = 0, first = 0;
	begin();
	f.neuron.enable_synaptic_input_excitatory = false;
	emulator__analog_set_neuron(f.analog, COLUMN, &f.neuron);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 0); /* the line floats */
	fixture_advance(&f, 100 * TICKS_MS);
	set_weight(5, WEIGHTS);
	for (int activation = 1; activation <= ACTIVATIONS; activation++) {
		const double before = emulator__analog_true_line(f.analog, COLUMN, 0);
		emulator__analog_driver_event(f.analog, f.now, 5, (uint8_t)(32 - activation));
		fixture_advance(&f, 20);
		const double drop = emulator__analog_true_line(f.analog, COLUMN, 0) - before;
		if (activation == 1)
			first = drop;
		else
			assert_near(drop - last, first, 0.02, 0);
		last = drop;
		fixture_advance(&f, 100 * TICKS_MS);
	}
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_product_is_two_thousandths_of_a_count),
		cmocka_unit_test(products_are_linear_within_eighty_counts),
		cmocka_unit_test(lines_count_activations),
	};
	return cmocka_run_group_tests_name("emulator/hagen", tests, NULL, NULL);
}

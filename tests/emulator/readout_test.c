// SPDX-License-Identifier: MIT
/* Lines, pads, reference current and temperature, without noise and variation where nothing else is
 * said: spec/emulator_physics.md 2.1, 3, 4.2 and the switches of spec/registers_chip.md 7. */
#include "fixture.h"

#include "analog_state.h"

static struct fixture f;

enum { NEURON = 40 };

static struct haldls_pad_multiplexer_config pad;

static void begin(bool variation)
{
	fixture_begin(&f, 7, 1, false, variation);
	fixture_neurons(&f);
	pad = (struct haldls_pad_multiplexer_config)HALDLS_PAD_MULTIPLEXER_CONFIG_INIT;
	fixture_cell(&f, NEURON, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.5));
	fixture_cell(&f, NEURON, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_advance(&f, 100 * TICKS_MS);
}

static double membrane(uint32_t n)
{
	return emulator__analog_true_membrane(f.analog, n);
}

static void set_unbuffered(uint32_t n)
{
	struct haldls_neuron_config neuron = f.neuron;
	neuron.enable_unbuffered_access = true;
	emulator__analog_set_neuron(f.analog, n, &neuron);
}

static void a_driven_pad_holds_a_membrane_and_lets_it_go(void **state)
{
	(void)state;
	begin(false);
	set_unbuffered(NEURON);
	const double rest = membrane(NEURON), other = membrane(NEURON + 1);
	pad.neuron_i_stim_mux[0] = pad.neuron_i_stim_mux_to_pad = true;
	emulator__analog_set_pad(f.analog, 1, &pad);
	/* the pad shows it while nobody drives it */
	assert_near(emulator__analog_pad_volt(f.analog, 1), rest, 0, 1e-4);
	assert_near(emulator__analog_pad_volt(f.analog, 0), 0, 0, 0);
	emulator__analog_drive_pad(f.analog, 1, true, 0.75f);
	for (unsigned i = 0; i < 5; i++) {
		fixture_advance(&f, 200);
		assert_near(membrane(NEURON), 0.75, 1e-6, 0);
	}
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(NEURON), 0.75, 1e-6, 0);
	assert_near(membrane(NEURON + 1), other, 0, 1e-4);
	emulator__analog_drive_pad(f.analog, 1, false, 0);
	fixture_advance(&f, 1500); /* one time constant of 6 us */
	assert_near(membrane(NEURON), rest + (0.75 - rest) * exp(-1), 0.02, 0);
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(NEURON), rest, 0, 1e-4);
	fixture_end(&f);
}

/* What resets the synaptic lines between two multiplications: the debug lines at 1.2 V. */
static void a_driven_debug_line_empties_synaptic_lines(void **state)
{
	(void)state;
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	begin(false);
	driver.enable_receiver = true;
	driver.row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
	emulator__analog_set_driver(f.analog, 4, &driver);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600);
	for (uint32_t column = 0; column < 256; column++) {
		emulator__analog_set_column_current(f.analog, 0, column, true, true);
		emulator__analog_set_synapses(f.analog, 0, 8, column, 63, 3);
	}
	fixture_advance(&f, 100 * TICKS_MS);
	pad.synin_debug_excitatory_to_inter = pad.synapse_inter_mux_to_pad = true;
	emulator__analog_set_pad(f.analog, 0, &pad);
	emulator__analog_drive_pad(f.analog, 0, true, 1.2f);
	emulator__analog_driver_event(f.analog, f.now, 4, 3);
	fixture_advance(&f, 100);
	assert_true(emulator__analog_true_line(f.analog, NEURON, 0) > 5e-3);
	emulator__analog_set_column_current_debug(f.analog, 0, NEURON, true, false);
	fixture_advance(&f, 20);
	assert_near(emulator__analog_true_line(f.analog, NEURON, 0), 0, 0, 1e-6);
	assert_true(emulator__analog_true_line(f.analog, NEURON + 1, 0) > 5e-3);
	/* held down while events come, and free again */
	emulator__analog_driver_event(f.analog, f.now, 4, 3);
	fixture_advance(&f, 20);
	assert_near(emulator__analog_true_line(f.analog, NEURON, 0), 0, 0, 1e-6);
	emulator__analog_set_column_current_debug(f.analog, 0, NEURON, false, false);
	emulator__analog_driver_event(f.analog, f.now, 4, 3);
	fixture_advance(&f, 20);
	assert_true(emulator__analog_true_line(f.analog, NEURON, 0) > 5e-3);
	fixture_end(&f);
}

/* 4 nA a step, shared by those on the line. */
static void the_current_dac_charges_membranes(void **state)
{
	(void)state;
	struct haldls_current_dac dac = HALDLS_CURRENT_DAC_INIT;
	begin(false);
	const double rest = membrane(NEURON), g = 2.62e-9 * 158;
	set_unbuffered(NEURON);
	dac.enable_current = dac.connect_neuron[0] = true;
	dac.current = 5;
	emulator__analog_set_current_dac(f.analog, &dac);
	fixture_advance(&f, TICKS_MS);
	/* the leak is a tanh: I = I_b tanh(g dV / I_b) */
	const double bias = 0.978e-9 * 158, slope = g / bias;
	assert_near(membrane(NEURON) - rest, atanh(20e-9 / bias) / slope, 2e-3, 0);
	set_unbuffered(NEURON + 256); /* another hemisphere: no share */
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(NEURON) - rest, atanh(20e-9 / bias) / slope, 2e-3, 0);
	set_unbuffered(NEURON + 1);
	dac.sign = HALDLS_CURRENT_DAC_SIGN_SINK;
	emulator__analog_set_current_dac(f.analog, &dac);
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(NEURON) - rest, -atanh(10e-9 / bias) / slope, 2e-3, 0);
	fixture_end(&f);
}

static void buffers_carry_multiplexers_to_pads(void **state)
{
	(void)state;
	struct haldls_readout_source_selection selection = HALDLS_READOUT_SOURCE_SELECTION_INIT;
	begin(false);
	f.neuron.enable_readout = true;
	emulator__analog_set_neuron(f.analog, NEURON, &f.neuron);
	selection.neuron_even[1][0] = true;
	emulator__analog_set_readout(f.analog, &selection);
	pad.buffer_to_pad[1] = true;
	emulator__analog_set_pad(f.analog, 0, &pad);
	fixture_advance(&f, TICKS_MS);
	assert_near(emulator__analog_pad_volt(f.analog, 0), 0, 0, 0); /* the buffer is off */
	selection.enable_buffer_to_pad[1] = true;
	emulator__analog_set_readout(f.analog, &selection);
	assert_near(emulator__analog_pad_volt(f.analog, 0), membrane(NEURON), 0, 1e-5);
	/* the voltage of a driver's plasticity has a line of its own */
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	driver.enable_readout = true;
	emulator__analog_set_driver(f.analog, 130, &driver);
	f.analog->drivers[130].voltage = 300;
	selection.neuron_even[1][0] = false;
	selection.synapse_driver_debug[1][1] = true;
	emulator__analog_set_readout(f.analog, &selection);
	assert_near(emulator__analog_pad_volt(f.analog, 0), 0.019 + 1.875e-3 * 300, 1e-6, 0);
	fixture_end(&f);
}

/* "plus" is that of pad 0, "minus" that of pad 1; both lines may go to one multiplexer. */
static void debug_lines_bring_pads_to_multiplexers(void **state)
{
	(void)state;
	static const double volt[2] = {0.3, 0.8};
	begin(false);
	for (uint32_t i = 0; i < 2; i++)
		emulator__analog_drive_pad(f.analog, i, true, (float)volt[i]);
	for (unsigned lines = 0; lines < 4; lines++)
		for (unsigned pads = 0; pads < 4; pads++) {
			struct haldls_readout_source_selection selection =
				HALDLS_READOUT_SOURCE_SELECTION_INIT;
			selection.debug_plus[1] = lines & 1;
			selection.debug_minus[1] = lines >> 1 & 1;
			emulator__analog_set_readout(f.analog, &selection);
			for (uint32_t i = 0; i < 2; i++) {
				pad.debug_to_pad = pads >> i & 1;
				emulator__analog_set_pad(f.analog, i, &pad);
			}
			const unsigned joined = lines & pads;
			const double expected = joined == 0   ? 0
						: joined == 3 ? (volt[0] + volt[1]) / 2
							      : volt[joined - 1];
			assert_near((double)emulator__readout_mux(f.analog, f.now, 1), expected, 0,
				1e-6);
			assert_near((double)emulator__readout_mux(f.analog, f.now, 0), 0, 0, 0);
		}
	fixture_end(&f);
}

static void the_reference_current_scales_the_memory(void **state)
{
	(void)state;
	struct haldls_reference_generator_config reference = HALDLS_REFERENCE_GENERATOR_CONFIG_INIT;
	static const struct {
		bool internal, input;
		unsigned control, resistor, slope;
		double scale;
	} rows[] = {{true, false, 10, 40, 11, 1}, {true, false, 12, 40, 11, 1.2},
		{true, false, 10, 50, 11, 0.8}, {true, false, 10, 40, 22, 2},
		{false, false, 10, 40, 11, 0}, {false, true, 10, 40, 11, 1}};
	begin(false);
	fixture_cell(&f, NEURON, HALDLS_CAPMEM_I_BIAS_RESET, 400);
	FOR_ROWS(i, rows)
	{
		reference.enable_internal_reference = rows[i].internal;
		reference.enable_reference_input = rows[i].input;
		reference.reference_control = rows[i].control;
		reference.resistor_control = rows[i].resistor;
		reference.capmem_slope[0] = rows[i].slope;
		emulator__analog_set_reference(f.analog, f.now, &reference);
		fixture_advance(&f, 100 * TICKS_MS);
		assert_near(
			emulator__analog_true_cell(f.analog, f.now,
				haldls_capmem_cell_of_neuron(NEURON, HALDLS_CAPMEM_I_BIAS_RESET)),
			400 * rows[i].scale, 1e-4, 1e-3);
		reference.capmem_slope[0] = 11;
	}
	fixture_end(&f);
}

/* Leak and lines lose 0.3 % a K, inputs go with 1/T, potentials drift by 0.3 mV/K, each neuron its
 * own way; the CADC by 0.1 %/K and 0.1 LSB/K. */
static void temperature_moves_what_it_should(void **state)
{
	(void)state;
	enum { WARMTH = 20 };
	struct emulator_analog_truth cold, warm;
	double drift = 0;
	begin(false);
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 80);
	fixture_row(&f, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 300);
	f.neuron.enable_synaptic_input_excitatory = true;
	emulator__analog_set_neuron(f.analog, NEURON, &f.neuron);
	fixture_advance(&f, 100 * TICKS_MS);
	emulator__analog_true_neuron(&cold, f.analog, NEURON);
	emulator__analog_set_temperature(f.analog, 38 + WARMTH);
	emulator__analog_true_neuron(&warm, f.analog, NEURON);
	assert_near(warm.leak_conductance / cold.leak_conductance, 1 - 0.003 * WARMTH, 1e-5, 0);
	assert_near(warm.tau_line[0] / cold.tau_line[0], 1 - 0.003 * WARMTH, 1e-5, 0);
	assert_near(
		warm.input_current[0] / cold.input_current[0], 311.15 / (311.15 + WARMTH), 1e-5, 0);
	assert_near(warm.leak_reference, cold.leak_reference, 0, 1e-7); /* no variation, no drift */
	fixture_end(&f);
	begin(true);
	static double before[512];
	for (uint32_t n = 0; n < 512; n++)
		before[n] = (double)f.analog->pattern->neuron[n].leak_offset;
	emulator__analog_set_temperature(f.analog, 38 + WARMTH);
	for (uint32_t n = 0; n < 512; n++) {
		const double change = (double)f.analog->pattern->neuron[n].leak_offset - before[n];
		drift += change * change / 512;
	}
	assert_near(sqrt(drift), 0.3e-3 * WARMTH, 5 / sqrt(2.0 * 512), 0);
	emulator__analog_set_temperature(f.analog, 38);
	for (uint32_t n = 0; n < 512; n++)
		assert_true((double)f.analog->pattern->neuron[n].leak_offset == before[n]);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_driven_pad_holds_a_membrane_and_lets_it_go),
		cmocka_unit_test(a_driven_debug_line_empties_synaptic_lines),
		cmocka_unit_test(the_current_dac_charges_membranes),
		cmocka_unit_test(buffers_carry_multiplexers_to_pads),
		cmocka_unit_test(debug_lines_bring_pads_to_multiplexers),
		cmocka_unit_test(the_reference_current_scales_the_memory),
		cmocka_unit_test(temperature_moves_what_it_should),
	};
	return cmocka_run_group_tests_name("emulator/readout", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* The converters against spec/emulator_physics.md 2.5, 2.6 and 3. */
#include "fixture.h"

#include "analog_state.h"

#include <emulator/emulator.h>

static struct fixture f;
static uint8_t read_out[2][256];

enum { OFFSET = 31, SLOPE = 369 };

/* All cells of one block to the converters' usual values; CADC on. */
static void begin(bool noise, bool variation)
{
	static const struct haldls_capmem_block_config block = HALDLS_CAPMEM_BLOCK_CONFIG_INIT;
	struct haldls_cadc_config cadc = HALDLS_CADC_CONFIG_INIT;
	fixture_begin(&f, 7, 1, noise, variation);
	fixture_neurons(&f);
	cadc.enable = true;
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		emulator__analog_set_cadc(f.analog, hemisphere, &cadc);
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		emulator__analog_set_capmem_block(f.analog, quadrant, &block);
	fixture_shared(&f, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, OFFSET);
	fixture_shared(&f, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, SLOPE);
	fixture_advance(&f, 100 * TICKS_MS);
}

static void convert(uint32_t hemisphere)
{
	emulator__analog_cadc_convert(f.analog, f.now, hemisphere, read_out);
	fixture_advance(&f, 500);
}

/* The debug cell of quadrant 0 through pad 0 to all channels, as the CADC calibration does it. */
static void connect_debug_cell(uint16_t code)
{
	struct haldls_capmem_block_config block = HALDLS_CAPMEM_BLOCK_CONFIG_INIT;
	struct haldls_pad_multiplexer_config pad = HALDLS_PAD_MULTIPLEXER_CONFIG_INIT;
	block.debug_readout_enable = true;
	block.debug_capmem_coord = HALDLS_CAPMEM_STP_V_CHARGE_0;
	pad.capmem_v_out_mux[0] = pad.capmem_v_out_mux_to_inter = pad.capmem_inter_mux_to_pad =
		true;
	pad.cadc_debug_causal_to_inter = pad.cadc_debug_acausal_to_inter =
		pad.synapse_inter_mux_to_pad = true;
	emulator__analog_set_capmem_block(f.analog, 0, &block);
	emulator__analog_set_pad(f.analog, 0, &pad);
	for (uint32_t column = 0; column < 512; column++)
		emulator__analog_set_column_debug(f.analog, column / 256, column % 256, true, true);
	emulator__analog_set_capmem(f.analog, f.now, HALDLS_CAPMEM_STP_V_CHARGE_0, code);
	fixture_advance(&f, 100 * TICKS_MS);
}

/* Codes per LSB = slope / 154, zero point 9 codes below the ramp offset. */
static double expected_lsb(double code)
{
	return (code - (OFFSET - 9)) / (SLOPE / 154.0);
}

static void the_debug_cell_reaches_all_channels(void **state)
{
	(void)state;
	static const uint16_t codes[] = {70, 200, 310, 550};
	begin(false, false);
	FOR_ROWS(i, codes)
	{
		connect_debug_cell(codes[i]);
		for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
			convert(hemisphere);
			for (unsigned k = 0; k < 512; k++)
				assert_near(read_out[k / 256][k % 256], expected_lsb(codes[i]), 0,
					0.5 + 1e-3);
		}
	}
	/* 70 and 550 are the ends of the default range, 20 and 220 */
	assert_near(expected_lsb(70), 20, 0, 0.5);
	assert_near(expected_lsb(550), 220, 0, 0.5);
	fixture_end(&f);
}

static void every_switch_of_the_debug_path_matters(void **state)
{
	(void)state;
	for (unsigned broken = 0; broken < 7; broken++) {
		struct haldls_capmem_block_config block = HALDLS_CAPMEM_BLOCK_CONFIG_INIT;
		struct haldls_pad_multiplexer_config pad = HALDLS_PAD_MULTIPLEXER_CONFIG_INIT;
		begin(false, false);
		connect_debug_cell(310);
		block.debug_readout_enable = broken != 0;
		block.debug_capmem_coord = HALDLS_CAPMEM_STP_V_CHARGE_0;
		pad.capmem_v_out_mux[0] = broken != 1;
		pad.capmem_v_out_mux_to_inter = broken != 2;
		pad.capmem_inter_mux_to_pad = broken != 3;
		pad.cadc_debug_causal_to_inter = broken != 4;
		pad.cadc_debug_acausal_to_inter = true;
		pad.synapse_inter_mux_to_pad = broken != 5;
		emulator__analog_set_capmem_block(f.analog, 0, &block);
		emulator__analog_set_pad(f.analog, 0, &pad);
		if (broken == 6)
			emulator__analog_set_column_debug(f.analog, 0, 3, false, true);
		convert(0);
		assert_int_equal(read_out[0][3], 0);
		fixture_end(&f);
	}
}

static void channels_saturate_and_offsets_are_added_after(void **state)
{
	(void)state;
	static const struct {
		uint16_t code;
		int offset;
		uint8_t value;
	} rows[] = {{0, 0, 0}, {0, 10, 10}, {0, -10, 0}, {1000, 0, 255}, {1000, -20, 235},
		{1000, 20, 255}};
	begin(false, false);
	FOR_ROWS(i, rows)
	{
		connect_debug_cell(rows[i].code);
		for (unsigned k = 0; k < 512; k++)
			emulator__analog_set_cadc_offset(
				f.analog, 0, k / 256, k % 256, rows[i].offset);
		convert(0);
		for (unsigned k = 0; k < 512; k++)
			assert_int_equal(read_out[k / 256][k % 256], rows[i].value);
	}
	fixture_end(&f);
}

static void a_disabled_converter_gives_zero(void **state)
{
	(void)state;
	const struct haldls_cadc_config off = HALDLS_CADC_CONFIG_INIT;
	begin(false, false);
	connect_debug_cell(310);
	emulator__analog_set_cadc(f.analog, 1, &off);
	convert(1);
	for (unsigned k = 0; k < 512; k++)
		assert_int_equal(read_out[k / 256][k % 256], 0);
	fixture_end(&f);
}

static void noise_has_its_mean_and_deviation(void **state)
{
	(void)state;
	enum { READS = 400 };
	double sum = 0, square = 0;
	begin(true, false);
	connect_debug_cell(310);
	const double code =
		emulator__analog_true_cell(f.analog, f.now, HALDLS_CAPMEM_STP_V_CHARGE_0);
	const double volt = 0.019 + 1.875e-3 * code;
	for (unsigned i = 0; i < READS; i++) {
		convert(0);
		for (unsigned column = 0; column < 128; column++) {
			const double value = read_out[0][column];
			sum += value;
			square += value * value;
		}
	}
	const double count = READS * 128.0, mean = sum / count,
		     deviation = sqrt(square / count - mean * mean);
	const double expected = (volt - emulator__analog_true_cadc_zero(f.analog, 0)) /
				emulator__analog_true_cadc_lsb(f.analog, 0);
	assert_near(mean, expected, 0, 0.2);
	/* 0.7 LSB and rounding */
	assert_near(deviation, sqrt(0.49 + 1.0 / 12), 0.05, 0);
	fixture_end(&f);
}

static void rest_neuron(uint32_t neuron, double volt)
{
	fixture_cell(&f, neuron, HALDLS_CAPMEM_V_LEAK, code_of_leak(volt));
	fixture_cell(&f, neuron, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
}

static void the_column_switch_selects_the_neuron(void **state)
{
	(void)state;
	begin(false, false);
	connect_debug_cell(310);
	rest_neuron(256 + 40, 0.42);
	rest_neuron(256 + 41, 0.60);
	emulator__analog_set_column_readout(f.analog, 1, 40, true, false);
	emulator__analog_set_column_readout(f.analog, 1, 41, false, true);
	fixture_advance(&f, 100 * TICKS_MS);
	convert(1);
	/* 80 LSB stand for 0.42 V */
	assert_near(read_out[0][40], 80, 0, 1);
	assert_near(read_out[1][41], 80 + 0.18 / (1.875e-3 * SLOPE / 154), 0, 1);
	assert_near(read_out[1][40], expected_lsb(310), 0, 0.6);
	assert_near(read_out[0][41], expected_lsb(310), 0, 0.6);
	/* without the amplifier the channel falls back to the debug line */
	f.neuron.enable_readout_amplifier = false;
	emulator__analog_set_neuron(f.analog, 256 + 40, &f.neuron);
	convert(1);
	assert_near(read_out[0][40], expected_lsb(310), 0, 0.6);
	fixture_end(&f);
}

static void the_readout_source_selects_membrane_or_line(void **state)
{
	(void)state;
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	begin(false, false);
	rest_neuron(10, 0.5);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600);
	emulator__analog_set_column_current(f.analog, 0, 10, true, true);
	emulator__analog_set_column_readout(f.analog, 0, 10, true, true);
	emulator__analog_set_synapses(f.analog, 0, 0, 10, 63, 1);
	emulator__analog_set_synapses(f.analog, 0, 1, 10, 20, 1);
	driver.row_mode_bottom = 1;
	driver.row_mode_top = 2;
	emulator__analog_set_driver(f.analog, 0, &driver);
	/* a coarse ramp that reaches 1.2 V */
	fixture_shared(&f, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 450);
	fixture_advance(&f, 100 * TICKS_MS);
	for (unsigned i = 0; i < 40; i++)
		emulator__analog_driver_event(f.analog, f.now, 0, 1);
	fixture_advance(&f, 20);
	const double volts[3] = {emulator__analog_true_membrane(f.analog, 10),
		1.2 - emulator__analog_true_line(f.analog, 10, 0),
		1.2 - emulator__analog_true_line(f.analog, 10, 1)};
	assert_near(volts[1], 1.2 - 40 * 63 * 600 * 0.183e-6, 0.01, 0);
	for (unsigned source = 0; source < 3; source++) {
		f.neuron.readout_source = source;
		emulator__analog_set_neuron(f.analog, 10, &f.neuron);
		convert(0);
		const double zero = 0.019 + 1.875e-3 * (OFFSET - 9), lsb = 1.875e-3 * 450 / 154;
		assert_near(read_out[0][10], (volts[source] - zero) / lsb, 0, 1);
	}
	fixture_end(&f);
}

/* The ramp meets a rising membrane later and higher: 0.4 us + value * 4 ns after the trigger. */
static void a_moving_membrane_is_sampled_on_the_ramp(void **state)
{
	(void)state;
	begin(false, false);
	rest_neuron(10, 0.45);
	emulator__analog_set_column_readout(f.analog, 0, 10, true, true);
	f.neuron.enable_membrane_offset = true;
	fixture_cell(&f, 10, HALDLS_CAPMEM_I_MEM_OFFSET, 600);
	fixture_cell(&f, 10, HALDLS_CAPMEM_I_BIAS_LEAK, 0);
	fixture_cell(&f, 10, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
	fixture_cell(&f, 10, HALDLS_CAPMEM_V_RESET, code_of_reset(0.45));
	f.neuron.enable_fire = true;
	f.backend.refractory_time = 255;
	f.backend.select_input_clock = true;
	f.common.clock_scale_fast = 2;
	fixture_backends(&f);
	emulator__analog_set_neuron(f.analog, 10, &f.neuron);
	fixture_advance(&f, 100 * TICKS_MS);
	emulator__analog_neuron_reset(f.analog, f.now, 10);
	fixture_advance(&f, 255 * 8 + 40);
	const double slope = 0.36e-9 * 600 / (36.5e-15 * 68),
		     zero = 0.019 + 1.875e-3 * (OFFSET - 9), lsb = 1.875e-3 * SLOPE / 154;
	const double before = emulator__analog_true_membrane(f.analog, 10);
	convert(0);
	/* (V + slope (0.4 us + value 4 ns) - zero) / lsb = value */
	const double value = (before + slope * 0.4e-6 - zero) / (lsb - slope * 4e-9);
	assert_true(value - (before - zero) / lsb > 10);
	assert_near(read_out[0][10], value, 0, 1.5);
	fixture_end(&f);
}

static void the_madc_sees_the_selected_neuron(void **state)
{
	(void)state;
	struct haldls_readout_source_selection selection = HALDLS_READOUT_SOURCE_SELECTION_INIT;
	begin(false, false);
	rest_neuron(10, 0.4);
	rest_neuron(256 + 11, 0.6);
	f.neuron.enable_readout = true;
	emulator__analog_set_neuron(f.analog, 10, &f.neuron);
	emulator__analog_set_neuron(f.analog, 256 + 11, &f.neuron);
	selection.neuron_even[0][0] = true;
	selection.neuron_odd[1][1] = true;
	emulator__analog_set_readout(f.analog, &selection);
	fixture_advance(&f, 100 * TICKS_MS);
	/* V = 1.5 mV M - 0.04 V */
	assert_near(
		emulator__analog_madc_sample(f.analog, f.now, 0), (0.4 + 0.04) / 1.5e-3, 0, 1.5);
	assert_near(
		emulator__analog_madc_sample(f.analog, f.now, 1), (0.6 + 0.04) / 1.5e-3, 0, 1.5);
	selection.neuron_odd[1][1] = false;
	emulator__analog_set_readout(f.analog, &selection);
	fixture_advance(&f, TICKS_US); /* the way to the converter has a bandwidth */
	assert_near(emulator__analog_madc_sample(f.analog, f.now, 1), 0.04 / 1.5e-3, 0, 0.51);
	fixture_end(&f);
}

/* Straight line of the ramp, own offset and gain, and the bend of the quadrant. */
static void a_varied_channel_is_its_ramp_with_offset_gain_and_bend(void **state)
{
	(void)state;
	static const uint16_t codes[] = {100, 200, 310, 420, 530};
	begin(false, true);
	double bent = 0;
	FOR_ROWS(i, codes)
	{
		connect_debug_cell(codes[i]);
		convert(0);
		const double volt = 0.019 + 1.875e-3 * emulator__analog_true_cell(f.analog, f.now,
							       HALDLS_CAPMEM_STP_V_CHARGE_0);
		for (unsigned k = 0; k < 512; k++) {
			const unsigned quadrant = k % 256 / 128;
			struct emulator_channel channel;
			emulator__analog_true_channel(&channel, f.analog, k);
			const double straight =
				(volt - channel.zero_volt) / channel.lsb_volt * channel.gain +
				channel.offset;
			if (channel.fault != EMULATOR_FAULT_NONE || straight < 2 || straight > 253)
				continue;
			const double bend = (double)emulator__variation_bend(
				&f.analog->pattern->quadrant[quadrant], (float)(straight / 255));
			bent = fmax(bent, fabs(bend));
			assert_near(read_out[k / 256][k % 256], straight + bend, 0, 0.515);
		}
	}
	assert_true(bent > 0.05 && bent < 2.5);
	fixture_end(&f);
}

/* A part without its bias shows nothing, one with a weak one less: 1 - exp(-4 code / nominal). */
static void biases_enable_converter_and_readout(void **state)
{
	static const struct {
		enum haldls_capmem_shared_cell cell;
		double nominal;
	} rows[] = {{HALDLS_CAPMEM_CADC_V_BIAS_RAMP_BUF, 400},
		{HALDLS_CAPMEM_CADC_I_BIAS_COMP, 1022},
		{HALDLS_CAPMEM_CADC_I_BIAS_VRESET_BUF, 1022}};
	(void)state;
	FOR_ROWS(i, rows)
	for (unsigned part = 0; part < 3; part++) {
		const uint16_t code = (uint16_t)(part * rows[i].nominal / 4);
		begin(false, false);
		fixture_shared(&f, rows[i].cell, code);
		connect_debug_cell(310);
		convert(0);
		const double q = expm1(-4 * code / rows[i].nominal) / expm1(-4);
		assert_near(read_out[0][7], q * expected_lsb(310), 0, 0.55);
		fixture_end(&f);
	}
	/* the readout amplifiers of the neurons */
	begin(false, false);
	const double full =
		(double)emulator__readout_neuron(f.analog, 5, 0.7f, (const float[2]){0, 0});
	assert_near(full, 0.7, 1e-4, 0);
	for (unsigned part = 0; part < 3; part++) {
		fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_READOUT_AMP, (uint16_t)(27 * part));
		fixture_advance(&f, 100 * TICKS_MS);
		assert_near(
			(double)emulator__readout_neuron(f.analog, 5, 0.7f, (const float[2]){0, 0}),
			full * expm1(-4 * 27. * part / 110) / expm1(-4), 2e-3, 1e-6);
	}
	fixture_end(&f);
}

static void halves_may_take_each_others_ramp_offset(void **state)
{
	(void)state;
	struct haldls_common_correlation_config config = HALDLS_COMMON_CORRELATION_CONFIG_INIT;
	begin(false, false);
	connect_debug_cell(310);
	emulator__analog_set_capmem(f.analog, f.now, 3120 + HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, 91);
	fixture_advance(&f, 100 * TICKS_MS);
	convert(0);
	const double step = 60 / (SLOPE / 154.0);
	assert_near(read_out[0][5], expected_lsb(310), 0, 0.6);
	assert_near(read_out[0][200], expected_lsb(310) - step, 0, 0.6);
	config.cadc_v_offset_assignment[0] = 1;
	config.cadc_v_offset_assignment[1] = 0;
	emulator__analog_set_correlation(f.analog, 0, &config);
	convert(0);
	assert_near(read_out[0][5], expected_lsb(310) - step, 0, 0.6);
	assert_near(read_out[0][200], expected_lsb(310), 0, 0.6);
	fixture_end(&f);
}

/* What is left of a ramp that had no time to fall: 255 exp(-t / 40 ns). */
static void a_short_reset_leaves_some_of_the_last_ramp(void **state)
{
	(void)state;
	struct haldls_cadc_config cadc = HALDLS_CADC_CONFIG_INIT;
	static const unsigned waits[] = {100, 60, 40, 30, 20};
	begin(false, false);
	connect_debug_cell(310);
	cadc.enable = true;
	FOR_ROWS(i, waits)
	{
		cadc.reset_wait = waits[i];
		emulator__analog_set_cadc(f.analog, 0, &cadc);
		convert(0);
		assert_near(read_out[0][9], expected_lsb(310) - 255 * exp(-(double)waits[i] / 10),
			0, 0.6);
	}
	fixture_end(&f);
}

/* ---- MADC ------------------------------------------------------------------------------------ */

static struct haldls_madc_config madc;

/* Neuron 10 rests at 0.4 V on multiplexer 0, neuron 267 at 0.6 V on multiplexer 1. */
static void begin_madc(bool variation)
{
	struct haldls_readout_source_selection selection = HALDLS_READOUT_SOURCE_SELECTION_INIT;
	madc = (struct haldls_madc_config)HALDLS_MADC_CONFIG_INIT;
	begin(false, variation);
	rest_neuron(10, 0.4);
	rest_neuron(256 + 11, 0.6);
	f.neuron.enable_readout = true;
	emulator__analog_set_neuron(f.analog, 10, &f.neuron);
	emulator__analog_set_neuron(f.analog, 256 + 11, &f.neuron);
	selection.neuron_even[0][0] = true;
	selection.neuron_odd[1][1] = true;
	emulator__analog_set_readout(f.analog, &selection);
	fixture_advance(&f, 100 * TICKS_MS);
}

static double sample(uint32_t channel)
{
	return emulator__analog_madc_sample(f.analog, f.now, channel);
}

static void the_first_samples_of_a_recording_are_not_valid(void **state)
{
	(void)state;
	begin_madc(false);
	const double valid = (0.4 + 0.04) / 1.5e-3;
	emulator__analog_madc_begin(f.analog, f.now);
	assert_near(sample(0), 1023, 0, 1);
	fixture_advance(&f, 1000);
	assert_true(sample(0) > valid + 20);
	fixture_advance(&f, 1000); /* 8 us */
	for (unsigned i = 0; i < 10; i++) {
		assert_near(sample(0), valid, 0, 1.5);
		fixture_advance(&f, 40);
	}
	fixture_end(&f);
}

/* After a step of the input, what is left of it goes with exp(-t 2 pi 8 MHz). */
static void the_way_to_the_converter_has_a_bandwidth(void **state)
{
	(void)state;
	for (unsigned ticks = 1; ticks < 24; ticks += 4) {
		begin_madc(false);
		struct haldls_readout_source_selection selection =
			HALDLS_READOUT_SOURCE_SELECTION_INIT;
		const double before = sample(0), floor = 0.04 / 1.5e-3;
		emulator__analog_set_readout(f.analog, &selection);
		const double after = emulator__analog_madc_sample(f.analog, f.now + ticks, 0);
		assert_near(after,
			floor + (before - floor) *
					exp(-(double)ticks * 4e-9 * 2 * 3.14159265 * 8e6),
			0, 1);
		fixture_end(&f);
	}
}

static void the_gain_goes_with_the_capacitor(void **state)
{
	(void)state;
	static const unsigned sizes[] = {31, 15, 24};
	begin_madc(false);
	FOR_ROWS(i, sizes)
	{
		madc.preamp_gain_capacitor_size = sizes[i];
		emulator__analog_set_madc(f.analog, &madc);
		assert_near(sample(0), (0.4 + 0.04) / 1.5e-3 * 32 / (sizes[i] + 1), 0.005, 0);
	}
	fixture_end(&f);
}

static void every_switch_of_the_way_to_the_madc_matters(void **state)
{
	(void)state;
	for (unsigned broken = 0; broken < 6; broken++) {
		begin_madc(false);
		madc.connect_preamp_to_madc = broken != 0;
		madc.signal_selection_connect_preamp = broken != 1;
		madc.signal_selection_connect_active_mux = broken != 2;
		madc.enable_active_mux_amplifiers = broken != 3;
		if (broken == 4)
			madc.preamp_sampling_window_end = madc.preamp_sampling_window_start;
		emulator__analog_set_madc(f.analog, &madc);
		assert_near(sample(0), (broken == 5 ? 0.44 : 0.04) / 1.5e-3, 0, 1.5);
		fixture_end(&f);
	}
}

static void pads_and_currents_reach_the_madc(void **state)
{
	(void)state;
	struct haldls_current_dac dac = HALDLS_CURRENT_DAC_INIT;
	begin_madc(false);
	emulator__analog_drive_pad(f.analog, 0, true, 0.9f);
	madc.connect_preamp_to_madc = false;
	madc.connect_pads_to_madc = true;
	emulator__analog_set_madc(f.analog, &madc);
	assert_near(sample(0), (0.9 + 0.04) / 1.5e-3, 0, 0.6);
	/* through the preamplifier */
	madc = (struct haldls_madc_config)HALDLS_MADC_CONFIG_INIT;
	madc.signal_selection_connect_active_mux = false;
	madc.signal_selection_connect_debug = true;
	emulator__analog_set_madc(f.analog, &madc);
	assert_near(sample(0), (0.9 + 0.04) / 1.5e-3, 0, 0.6);
	/* 512 + I / 2 nA, 4 nA a step of the DAC */
	madc.signal_selection_connect_current_meter = madc.enable_iconv_amplifier = true;
	madc.connect_iconv_neuron[1] = true;
	emulator__analog_set_madc(f.analog, &madc);
	assert_near(sample(0), 512, 0, 0.6);
	dac.enable_current = dac.connect_neuron[1] = true;
	dac.current = 150;
	emulator__analog_set_current_dac(f.analog, &dac);
	assert_near(sample(0), 512 + 300, 0, 0.6);
	dac.sign = HALDLS_CURRENT_DAC_SIGN_SINK;
	emulator__analog_set_current_dac(f.analog, &dac);
	assert_near(sample(0), 512 - 300, 0, 0.6);
	fixture_end(&f);
}

static void calibration_takes_most_of_the_own_offset_out(void **state)
{
	(void)state;
	double sum[2] = {0, 0};
	for (uint32_t serial = 1; serial <= 20; serial++)
		for (unsigned calibrated = 0; calibrated < 2; calibrated++) {
			begin_madc(false);
			emulator__variation_draw(
				f.analog->pattern, serial, true, VARIATION_CELSIUS);
			emulator__analog_drive_pad(f.analog, 0, true, 0.8f);
			madc.connect_preamp_to_madc = false;
			madc.connect_pads_to_madc = true;
			madc.enable_calibration = calibrated;
			emulator__analog_set_madc(f.analog, &madc);
			sum[calibrated] += fabs(sample(0) - 0.84 / 1.5e-3);
			fixture_end(&f);
		}
	assert_true(sum[0] / 20 > 1 && sum[0] / 20 < 6);
	assert_true(sum[1] / 20 < 0.8); /* rounding alone gives 0.25 */
}

static void madc_noise_has_its_deviation(void **state)
{
	(void)state;
	enum { SAMPLES = 20000 };
	double sum = 0, square = 0;
	begin(true, false);
	for (unsigned i = 0; i < SAMPLES; i++) {
		const double value = emulator__analog_madc_sample(f.analog, f.now, 0);
		sum += value;
		square += value * value;
	}
	const double mean = sum / SAMPLES, deviation = sqrt(square / SAMPLES - mean * mean);
	assert_near(mean, 0.04 / 1.5e-3, 0, 0.1);
	assert_near(deviation, sqrt(1.5 * 1.5 + 1.0 / 12), 0.05, 0);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_debug_cell_reaches_all_channels),
		cmocka_unit_test(every_switch_of_the_debug_path_matters),
		cmocka_unit_test(channels_saturate_and_offsets_are_added_after),
		cmocka_unit_test(a_disabled_converter_gives_zero),
		cmocka_unit_test(noise_has_its_mean_and_deviation),
		cmocka_unit_test(the_column_switch_selects_the_neuron),
		cmocka_unit_test(the_readout_source_selects_membrane_or_line),
		cmocka_unit_test(a_moving_membrane_is_sampled_on_the_ramp),
		cmocka_unit_test(the_madc_sees_the_selected_neuron),
		cmocka_unit_test(a_varied_channel_is_its_ramp_with_offset_gain_and_bend),
		cmocka_unit_test(biases_enable_converter_and_readout),
		cmocka_unit_test(halves_may_take_each_others_ramp_offset),
		cmocka_unit_test(a_short_reset_leaves_some_of_the_last_ramp),
		cmocka_unit_test(the_first_samples_of_a_recording_are_not_valid),
		cmocka_unit_test(the_way_to_the_converter_has_a_bandwidth),
		cmocka_unit_test(the_gain_goes_with_the_capacitor),
		cmocka_unit_test(every_switch_of_the_way_to_the_madc_matters),
		cmocka_unit_test(pads_and_currents_reach_the_madc),
		cmocka_unit_test(calibration_takes_most_of_the_own_offset_out),
		cmocka_unit_test(madc_noise_has_its_deviation),
	};
	return cmocka_run_group_tests_name("emulator/adc", tests, NULL, NULL);
}

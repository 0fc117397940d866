// SPDX-License-Identifier: MIT
/* What the oracle tells of a chip is what its settings and laws say, and what programs see of it.
 */
#include "assert.h"
#include "machine.h"

#include <emulator/emulator.h>
#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>

#include <stdio.h>
#include <stdlib.h>

extern const struct emulator_provider hxcomm_provider;

static const struct emulator_oracle *oracle;
static struct emulator_machine *machine;
static struct hxcomm_connection *connection;
static struct haldls_chip *chip;
static struct program program;
static struct hxcomm_responses *responses;

enum { NEURON = 300, DRIVER = 9 };

static int setup(void **state)
{
	(void)state;
	chip = malloc(sizeof(*chip));
	return !chip || hxcomm_responses_new(&responses, 0) != HXCOMM_OK ||
	       hxcomm_provider_register(&hxcomm_provider.provider) != HXCOMM_OK;
}

static int teardown(void **state)
{
	(void)state;
	free(chip);
	hxcomm_responses_free(responses);
	program_free(&program);
	return 0;
}

static void begin(const char *uri)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	options.timeout_s = 600;
	assert_ok(hxcomm_open(&connection, uri, &options));
	assert_ok(emulator_find(&oracle, &machine, connection));
	haldls_chip_init(chip);
	program_bring_up(&program);
}

static void run(void)
{
	program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	hxcomm_responses_clear(responses);
	assert_ok(hxcomm_run(connection, program.words, program.count, responses));
	program.count = 0;
}

/* Write the whole configuration, and let all cells settle for 60 ms. */
static void configure(void)
{
	program_chip(&program, chip);
	program_wait(&program, 7500000);
	run();
}

static void set_shared(uint32_t cell, uint16_t code)
{
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		chip->capmem[haldls_capmem_cell_shared(quadrant, cell)] = code;
}

/* No two cells of a neuron share a code, and so do not disturb each other. */
static uint16_t code_of(uint32_t row)
{
	return (uint16_t)(210 + 17 * row);
}

static double volt_of(uint32_t row)
{
	return 0.019 + 1.875e-3 * code_of(row);
}

static double reference_of(uint32_t row)
{
	return 0.8 * volt_of(row) - 0.54;
}

static void set_every_term(struct haldls_neuron_config *config)
{
	config->membrane_capacitor_size = 63;
	config->enable_leak_degeneration = config->enable_reset_degeneration = true;
	config->enable_fire = config->enable_threshold_comparator = true;
	config->enable_readout_amplifier = true;
	config->enable_synaptic_input_excitatory = config->enable_synaptic_input_inhibitory = true;
	config->enable_synaptic_input_excitatory_high_resistance =
		config->enable_synaptic_input_inhibitory_high_resistance = true;
	config->enable_synaptic_input_excitatory_coba_mode =
		config->enable_synaptic_input_inhibitory_coba_mode = true;
	config->enable_adaptation = config->enable_exponential = true;
	config->enable_membrane_offset = config->enable_multicomp_conductance = true;
	config->enable_multiply_multicomp_conductance_bias = true;
	config->connect_membrane_right = true;
	config->readout_source = HALDLS_NEURON_CONFIG_READOUT_SOURCE_ADAPTATION;
}

static void configure_every_term(void)
{
	set_every_term(&chip->neuron_config[NEURON]);
	chip->neuron_config[NEURON + 1].membrane_capacitor_size = 31;
	chip->neuron_config[NEURON + 5].connect_soma = true;
	for (uint32_t row = 0; row < 24; row++)
		chip->capmem[haldls_capmem_cell_of_neuron(NEURON, row)] = code_of(row);
	set_shared(HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	set_shared(HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, 31);
	set_shared(HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 369);
	for (uint32_t half = 0; half < 2; half++) {
		chip->common_neuron_backend_config[half].clock_scale_adaptation_pulse = 7;
		chip->common_neuron_backend_config[half].enable_clocks = true;
		chip->cadc_config[half].enable = true;
	}
	chip->neuron_backend_config[haldls_neuron_backend(NEURON)].enable_adaptation_pulse = true;
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++)
			chip->column_correlation_quad[e].enable_cadc_neuron_readout_causal[entry] =
				true;
	configure();
}

static void a_membrane_is_what_its_cells_say(void **state)
{
	struct emulator_neuron n;
	(void)state;
	begin("emulator:?variation=0&noise=0");
	configure_every_term();
	assert_ok(oracle->neuron(&n, machine, NEURON));
	const double leak = code_of(HALDLS_CAPMEM_I_BIAS_LEAK),
		     reset = code_of(HALDLS_CAPMEM_I_BIAS_RESET);
	assert_near(n.capacitance, 36.5e-15 * 68, 1e-5, 0);
	assert_near(n.leak_conductance, 2.62e-9 * leak, 1e-5, 0);
	assert_near(n.leak_current, 0.978e-9 * leak, 1e-5, 0);
	assert_near(n.leak_reference, reference_of(HALDLS_CAPMEM_V_LEAK) - 6e-3 * log(leak / 158),
		0, 1e-6);
	assert_near(n.reset_conductance, 2.62e-9 * reset, 1e-5, 0);
	assert_near(n.reset_current, 0.978e-9 * reset, 1e-5, 0);
	assert_near(n.reset_reference, reference_of(HALDLS_CAPMEM_V_RESET) + 0.01, 0, 1e-6);
	assert_near(n.threshold, volt_of(HALDLS_CAPMEM_V_THRESHOLD) - 0.013, 0, 1e-6);
	assert_near(n.threshold_noise, 0, 0, 0);
	assert_near(n.comparator_delay, 20e-9, 1e-3, 0);
	assert_near(n.offset_current, 0.36e-9 * code_of(HALDLS_CAPMEM_I_MEM_OFFSET), 1e-5, 0);
	assert_near(n.noise_sigma, 0, 0, 0);
	assert_near(n.drift, 0, 0, 0);
	assert_int_equal(n.fault, EMULATOR_FAULT_NONE);
	assert_false(n.is_stuck);
	/* one node with its neighbour, which has 36 capacitors; 4 times the conductance to the line
	 */
	assert_int_equal(n.node, NEURON);
	assert_near(n.node_capacitance, 36.5e-15 * (68 + 36), 1e-5, 0);
	assert_near(
		n.compartment_conductance, 4 * 2e-9 * code_of(HALDLS_CAPMEM_I_BIAS_NMDA), 1e-5, 0);
	assert_ok(oracle->neuron(&n, machine, NEURON + 1));
	assert_int_equal(n.node, NEURON);
	assert_near(n.compartment_conductance, 0, 0, 0);
	assert_ok(oracle->neuron(&n, machine, NEURON + 5));
	assert_near(n.capacitance, 36.5e-15 * 5 + 20e-15, 1e-5, 0); /* a segment of the line, too */
	hxcomm_close(connection);
}

static void rich_terms_are_what_their_cells_say(void **state)
{
	struct emulator_neuron n;
	(void)state;
	begin("emulator:?variation=0&noise=0");
	configure_every_term();
	assert_ok(oracle->neuron(&n, machine, NEURON));
	const double shift[2] = {code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT),
		code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT)};
	assert_near(n.line_time_constant[0], 504e-6 / code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU),
		1e-5, 0);
	assert_near(n.line_time_constant[1], 474e-6 / code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU),
		1e-5, 0);
	assert_near(
		n.input_current[0], 0.978e-9 * code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM), 1e-5, 0);
	assert_near(n.input_current[1],
		0.885 * 0.978e-9 * code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM), 1e-5, 0);
	assert_near(n.input_offset[0], -0.04 * log(shift[0] / 300), 0, 1e-7);
	assert_near(n.input_offset[1], -0.04 * log(shift[1] / 278), 0, 1e-7);
	assert_near(n.input_conductance[0], 6e-9 * code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA),
		1e-5, 0);
	assert_near(n.input_conductance[1], 6e-9 * code_of(HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA),
		1e-5, 0);
	assert_near(n.input_reversal[0], reference_of(HALDLS_CAPMEM_E_SYNIN_EXC_REV), 0, 1e-6);
	assert_near(n.input_reversal[1], reference_of(HALDLS_CAPMEM_E_SYNIN_INH_REV), 0, 1e-6);
	assert_near(n.adaptation_time_constant, 12e-3 / code_of(HALDLS_CAPMEM_I_BIAS_ADAPT_TAU),
		1e-5, 0);
	assert_near(
		n.adaptation_conductance, 1.2e-9 * code_of(HALDLS_CAPMEM_I_BIAS_ADAPT_A), 1e-5, 0);
	/* 0.12 nA a code and us; the pulse takes 2^8 clocks of 4 ns */
	assert_near(n.adaptation_step, 0.12e-9 * code_of(HALDLS_CAPMEM_I_BIAS_ADAPT_B) * 1.024,
		1e-5, 0);
	assert_near(n.adaptation_reference, reference_of(HALDLS_CAPMEM_V_ADAPT_LEAK), 0, 1e-6);
	assert_near(n.adaptation_shown, reference_of(HALDLS_CAPMEM_V_ADAPT_REF), 0, 1e-6);
	assert_near(n.adaptation_limit, 500e-9, 1e-5, 0);
	assert_near(n.exponential_current, 0.05 * 0.978e-9 * code_of(HALDLS_CAPMEM_I_BIAS_EXP),
		1e-5, 0);
	assert_near(n.exponential_reference, reference_of(HALDLS_CAPMEM_V_EXP), 0, 1e-6);
	assert_near(n.exponential_width, 25e-3, 1e-5, 0);
	assert_near(n.exponential_limit, 5e-6, 1e-5, 0);
	hxcomm_close(connection);
}

/* At rest w = a (V - reference); the CADC sees it as 1 V per uA. */
static void the_adaptation_is_what_the_converter_sees(void **state)
{
	struct emulator_neuron n;
	struct emulator_channel channel;
	(void)state;
	begin("emulator:?variation=0&noise=0");
	configure_every_term();
	uint32_t place = 0; /* 4 quad + entry */
	while (haldls_column_of_quad(place / 4, place % 4) != NEURON % 256)
		place++;
	program_read(&program, 0x02c80000 + 0x01000000 * (NEURON / 256) + place / 4);
	run();
	assert_ok(oracle->neuron(&n, machine, NEURON));
	assert_true(fabs(n.adaptation_current) > 10e-9);
	assert_near(n.adaptation_current,
		n.adaptation_conductance * (n.membrane - n.adaptation_reference), 1e-3, 0);
	assert_ok(oracle->channel(&channel, machine, 512 * (NEURON / 256) + NEURON % 256));
	const double volt = n.adaptation_shown + n.adaptation_current / 1e-6;
	const uint32_t word = responses->omnibus.value[responses->omnibus.count - 1],
		       seen = word >> (24 - 8 * (place % 4)) & 255;
	const double expected = (volt - channel.zero_volt) / channel.lsb_volt;
	assert_true(expected > 10 && expected < 245);
	assert_near(seen, expected, 0, 1);
	hxcomm_close(connection);
}

/* ---- synapses, drivers, sensors -------------------------------------------------------------- */

static void configure_synapses(void)
{
	struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[DRIVER];
	driver->enable_receiver = driver->enable_stp = true;
	driver->row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_EXCITATORY;
	driver->row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_INHIBITORY;
	driver->utilization = 5;
	driver->recovery = 3;
	driver->offset = 9;
	chip->common_stp_config[0].enable_recovery_clock = true;
	chip->common_stp_config[0].recovery_clock_speed = 4;
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++) {
			chip->column_current_quad[e].enable_synaptic_current_excitatory[entry] =
				true;
			chip->column_current_quad[e].enable_synaptic_current_inhibitory[entry] =
				true;
		}
	for (uint32_t n = 0; n < 512; n++) {
		/* lines that hardly decay */
		chip->capmem[haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU)] =
			0;
		chip->neuron_backend_config[haldls_neuron_backend(n)].post_overwrite = true;
	}
	for (uint32_t column = 0; column < 256; column++)
		for (uint32_t top = 0; top < 2; top++) {
			chip->synapse_weight[0][2 * DRIVER + top][column] = (uint8_t)(column % 64);
			chip->synapse_label[0][2 * DRIVER + top][column] = 21;
		}
	set_shared(HALDLS_CAPMEM_SYN_I_BIAS_DAC, 300);
	set_shared(HALDLS_CAPMEM_SYN_I_BIAS_STORE, 70);
	set_shared(HALDLS_CAPMEM_SYN_I_BIAS_RAMP, 80);
	set_shared(HALDLS_CAPMEM_SYN_I_BIAS_COROUT, 600);
	set_shared(HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, 1022);
	set_shared(HALDLS_CAPMEM_STP_I_RAMP, 610);
	set_shared(HALDLS_CAPMEM_STP_I_CALIB, 590);
	set_shared(HALDLS_CAPMEM_STP_V_CHARGE_0, 330);
	set_shared(HALDLS_CAPMEM_STP_V_RECOVER_0, 50);
	configure();
}

/* An event for the driver from its register (spec/registers_chip.md 5). */
static void send_event(void)
{
	program_write(
		&program, 0x00110000, 1u << DRIVER % 4 | 21u << 16 | (uint32_t)(DRIVER / 4) << 22);
}

static void a_driver_is_what_its_settings_say(void **state)
{
	struct emulator_driver before, after;
	(void)state;
	begin("emulator:?variation=0&noise=0");
	chip->synapse_driver_config[DRIVER].enable_recovery = true;
	configure_synapses();
	assert_ok(oracle->driver(&before, machine, DRIVER));
	assert_near(before.charge, 330, 0, 1e-3);
	assert_near(before.recover, 50, 0, 1e-3);
	assert_near(before.voltage, 50, 0, 1e-3); /* it had its time */
	assert_near(before.utilization, 6. / 32, 1e-12, 0);
	assert_near(before.recovery, 4. / 32, 1e-12, 0);
	assert_near(before.recovery_period, 64e-9 * 16, 1e-12, 0);
	/* a step of the trim is 12 codes from 7, by its current over 600 */
	assert_near(before.offset, 12 * (9 * 590. / 600 - 7), 1e-4, 0);
	assert_near(before.pulse, 1 - (50 + before.offset - 40) / 480 * 600 / 610, 1e-4, 0);
	assert_near(before.activation_offset, 0, 0, 0);
	assert_false(before.is_stuck);
	send_event();
	run();
	assert_ok(oracle->driver(&after, machine, DRIVER));
	/* it recovered by a whole number of ticks since */
	const double charged = 50 + 6. / 32 * 280;
	const double ticks = log((after.voltage - 50) / (charged - 50)) / log(1 - 4. / 32);
	assert_near(ticks, rint(ticks), 0, 1e-3);
	assert_true(ticks < 20);
	hxcomm_close(connection);
}

static void a_pulse_drops_the_lines_by_what_the_synapse_says(void **state)
{
	struct emulator_driver driver;
	struct emulator_quadrant quadrant;
	(void)state;
	begin("emulator:?serial=5&noise=0");
	configure_synapses();
	assert_ok(oracle->driver(&driver, machine, DRIVER));
	assert_ok(oracle->quadrant(&quadrant, machine, 1));
	assert_near(quadrant.drop, 0.183e-6 * 300 * quadrant.synapse_gain, 1e-3, 0);
	assert_near(quadrant.cell_scale, 1, 0, 0);
	/* all biases have their usual codes, but for what cells of one code do to each other */
	assert_near(quadrant.bias_reference, 1, 0.01, 0);
	assert_near(quadrant.bias_current, 1, 0.01, 0);
	assert_near(quadrant.bias_input, 1, 0.01, 0);
	assert_near(quadrant.bias_readout, 1, 0.01, 0);
	assert_near(quadrant.bias_cadc, 1, 0.01, 0);
	send_event();
	program_wait(&program, 100);
	run();
	double sum = 0;
	for (uint32_t column = 128; column < 256; column++) {
		struct emulator_synapse top, bottom;
		struct emulator_neuron neuron;
		assert_ok(oracle->synapse(&top, machine, 256 * (2 * DRIVER + 1) + column));
		assert_ok(oracle->synapse(&bottom, machine, 256 * (2 * DRIVER) + column));
		assert_ok(oracle->neuron(&neuron, machine, column));
		/* 30 us are 0.6 % of a floating line */
		assert_near(neuron.line_drop[0], driver.pulse * top.drop[0], 0.01, 1e-9);
		assert_near(neuron.line_drop[1], driver.pulse * bottom.drop[1], 0.01, 1e-9);
		if (column % 64)
			sum += top.drop[0] / top.weight / quadrant.drop;
	}
	/* columns have a gain of 2 % */
	assert_near(sum / 126, 1, 0.01, 0);
	hxcomm_close(connection);
}

static void sensors_remember_the_last_pulses(void **state)
{
	struct emulator_synapse synapse;
	struct emulator_quadrant quadrant;
	const uint32_t number = 256 * (2 * DRIVER) + 40;
	(void)state;
	begin("emulator:?variation=0&noise=0");
	configure_synapses();
	assert_ok(oracle->synapse(&synapse, machine, number));
	assert_near(synapse.age[0], 4e-9 * (1 << 30), 0, 1e-9);
	assert_near(synapse.age[1], 4e-9 * (1 << 30), 0, 1e-9);
	assert_ok(oracle->quadrant(&quadrant, machine, 0));
	assert_near(quadrant.correlation_amplitude, 0.5, 1e-4, 0);
	assert_near(quadrant.correlation_tau, 5e-6, 1e-4, 0);
	assert_near(quadrant.correlation_baseline, 0, 0, 0);
	assert_near(synapse.amplitude[0], quadrant.correlation_amplitude, 1e-5, 0);
	assert_near(synapse.tau[1], quadrant.correlation_tau, 1e-5, 0);
	program_word(&program, hxcomm_word_timer_setup());
	send_event();
	program_word(&program, hxcomm_word_wait_until(250)); /* 2 us */
	program_write(&program, 0x00122400, 0);              /* post pulse of the left half */
	program_word(&program, hxcomm_word_wait_until(10250));
	run();
	assert_ok(oracle->synapse(&synapse, machine, number));
	assert_near(synapse.age[0] - synapse.age[1], 2e-6, 0, 0.11e-6);
	assert_near(synapse.age[1], 80e-6, 0, 2e-6);
	/* this pair left what the law says */
	const double sum = 0.5 * exp(-(synapse.age[0] - synapse.age[1]) / 5e-6);
	assert_near(synapse.charge[0], 160 * -expm1(-sum / 160), 1e-4, 0);
	assert_near(synapse.charge[1], 0, 0, 1e-12);
	hxcomm_close(connection);
}

/* ---- converters, refractory periods ---------------------------------------------------------- */

static void the_fast_converter_shows_what_its_truth_says(void **state)
{
	struct emulator_madc madc;
	(void)state;
	begin("emulator:?serial=11&noise=0");
	struct haldls_madc_config *config = &chip->madc_config[0];
	config->connect_pads_to_madc = true;
	config->connect_preamp_to_madc = false;
	config->enable_calibration = false;
	config->number_of_samples = 600;
	configure();
	assert_ok(oracle->madc(&madc, machine));
	assert_near(madc.noise_sigma, 0, 0, 0);
	assert_near(madc.bandwidth, 8e6, 1e-6, 0);
	assert_near(madc.lsb_volt, 1.5e-3, 1e-6, 0);
	assert_true(madc.offset != 0 && madc.gain != 1);
	assert_ok(oracle->drive_pad(machine, 0, true, 0.8));
	struct haldls_madc_control control = HALDLS_MADC_CONTROL_INIT;
	uint32_t word;
	control.start_recording = true;
	assert_ok(haldls_madc_control_container.encode(&word, &control));
	program_write(
		&program, haldls_madc_control_container.write_address(FISCH_OMNIBUS, 0, 0), word);
	program_wait(&program, 5000);
	run();
	assert_int_equal(responses->madc.count, 600);
	const double code = (0.8 - madc.zero_volt) / madc.lsb_volt;
	assert_near(responses->madc.value[599], madc.gain * code + madc.offset, 0, 0.51);
	hxcomm_close(connection);
}

static void a_refractory_period_has_its_times(void **state)
{
	struct emulator_neuron n;
	const double period = 1u << 10; /* ticks, of a clock with scale 9 */
	(void)state;
	begin("emulator:?variation=0&noise=0");
	chip->neuron_config[NEURON].enable_fire = true;
	chip->neuron_config[NEURON].enable_threshold_comparator = true;
	chip->neuron_config[NEURON].enable_leak_degeneration = true;
	chip->neuron_config[NEURON].enable_reset_degeneration = true;
	chip->neuron_config[NEURON].membrane_capacitor_size = 63;
	for (uint32_t half = 0; half < 2; half++) {
		chip->common_neuron_backend_config[half].enable_clocks = true;
		chip->common_neuron_backend_config[half].clock_scale_slow = 9;
	}
	struct haldls_neuron_backend_config *backend =
		&chip->neuron_backend_config[haldls_neuron_backend(NEURON)];
	backend->refractory_time = 250;
	backend->reset_holdoff = 13;
	backend->select_input_clock = 0;
	chip->capmem[haldls_capmem_cell_of_neuron(NEURON, HALDLS_CAPMEM_V_LEAK)] = 700;
	chip->capmem[haldls_capmem_cell_of_neuron(NEURON, HALDLS_CAPMEM_V_RESET)] = 580;
	chip->capmem[haldls_capmem_cell_of_neuron(NEURON, HALDLS_CAPMEM_V_THRESHOLD)] = 250;
	chip->capmem[haldls_capmem_cell_of_neuron(NEURON, HALDLS_CAPMEM_I_BIAS_LEAK)] = 500;
	chip->capmem[haldls_capmem_cell_of_neuron(NEURON, HALDLS_CAPMEM_I_BIAS_RESET)] = 900;
	set_shared(HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	configure();
	/* it climbs for a few us and rests for a millisecond */
	assert_ok(oracle->neuron(&n, machine, NEURON));
	assert_true(n.is_resting);
	assert_true(n.rest_begin < oracle->now(machine) && n.rest_end > oracle->now(machine));
	const double span = (double)(n.rest_end - n.rest_begin);
	assert_true(span > 249 * period && span <= 250 * period);
	assert_near((double)(n.rest_end - n.rest_release), (2 * (15 - 13) + 1) * period, 0, 0);
	/* where leak and reset meet, both in their linear range */
	assert_near(n.membrane,
		(n.leak_conductance * n.leak_reference + n.reset_conductance * n.reset_reference) /
			(n.leak_conductance + n.reset_conductance),
		0, 0.01);
	hxcomm_close(connection);
}

/* ---- power-up -------------------------------------------------------------------------------- */

static void write_shared(enum haldls_capmem_shared_cell cell, uint16_t code)
{
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		program_write(&program,
			haldls_capmem_cell_container.write_address(
				FISCH_OMNIBUS, haldls_capmem_cell_shared(quadrant, cell), 0),
			code);
}

static void write_neuron(uint32_t n, bool reset_too)
{
	static const struct {
		uint32_t row, code;
	} rows[] = {{HALDLS_CAPMEM_V_LEAK, 700}, {HALDLS_CAPMEM_V_THRESHOLD, 250},
		{HALDLS_CAPMEM_I_BIAS_LEAK, 500}, {HALDLS_CAPMEM_I_BIAS_RESET, 900},
		{HALDLS_CAPMEM_V_RESET, 580}};
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	neuron.enable_fire = neuron.enable_threshold_comparator = true;
	neuron.enable_leak_degeneration = neuron.enable_reset_degeneration = true;
	neuron.membrane_capacitor_size = 63;
	struct haldls_neuron_backend_config backend = HALDLS_NEURON_BACKEND_CONFIG_INIT;
	backend.refractory_time = 40;
	program_container(&program, &haldls_neuron_config_container, n, &neuron);
	program_container(&program, &haldls_neuron_backend_config_container,
		haldls_neuron_backend(n), &backend);
	for (unsigned i = 0; i < (reset_too ? 5 : 4); i++)
		program_write(&program,
			haldls_capmem_cell_container.write_address(
				FISCH_OMNIBUS, haldls_capmem_cell_of_neuron(n, rows[i].row), 0),
			rows[i].code);
}

/* Spikes of neurons 6, 7 and 8 in 40 ms. */
static void count_spikes(uint32_t counts[3])
{
	for (uint32_t i = 0; i < 3; i++)
		program_write(&program,
			haldls_spike_counter_reset_container.write_address(
				FISCH_OMNIBUS, haldls_neuron_backend(6 + i), 0),
			0);
	program_wait(&program, 5000000);
	for (uint32_t i = 0; i < 3; i++)
		program_read(&program, haldls_spike_counter_read_container.read_address(
					       FISCH_OMNIBUS, haldls_neuron_backend(6 + i), 0));
	run();
	for (uint32_t i = 0; i < 3; i++)
		counts[i] = responses->omnibus.value[responses->omnibus.count - 3 + i];
}

static void a_stuck_neuron_waits_for_its_reset_potential(void **state)
{
	uint32_t counts[3];
	struct emulator_neuron n;
	(void)state;
	begin("emulator:?stuck_resets=7&variation=0");
	write_shared(HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	write_shared(HALDLS_CAPMEM_NEURON_I_BIAS_LEAK_SOURCE_FOLLOWER, 103);
	write_shared(HALDLS_CAPMEM_NEURON_V_BIAS_CASC_N, 253);
	struct haldls_common_neuron_backend_config common =
		HALDLS_COMMON_NEURON_BACKEND_CONFIG_INIT;
	common.enable_clocks = true;
	program_container(&program, &haldls_common_neuron_backend_config_container, 0, &common);
	write_neuron(6, true);
	write_neuron(7, false);
	write_neuron(8, true);
	program_wait(&program, 2500000);
	count_spikes(counts);
	assert_true(counts[0] && !counts[1] && counts[2]);
	assert_ok(oracle->neuron(&n, machine, 7));
	assert_true(n.is_stuck && n.is_resting);
	assert_true(n.rest_release == UINT64_MAX && n.rest_end == UINT64_MAX);
	/* v_reset is 0 yet: the reset pulls the membrane down against the leak */
	assert_true(n.membrane < n.leak_reference - 0.2);
	/* its backend is set anew: it stays */
	common.clock_scale_slow = 3;
	program_container(&program, &haldls_common_neuron_backend_config_container, 0, &common);
	count_spikes(counts);
	assert_int_equal(counts[1], 0);
	write_neuron(7, true);
	program_wait(&program, 2500000);
	count_spikes(counts);
	assert_true(counts[0] && counts[1] && counts[2]);
	assert_ok(oracle->neuron(&n, machine, 7));
	assert_false(n.is_stuck);
	hxcomm_close(connection);
}

/* ---- quirks ---------------------------------------------------------------------------------- */

static const char *const with_quirks[] = {"emulator:?noise=0&quirks=0", "emulator:?noise=0"};

static void cells_of_one_code_disturb_each_other_where_quirks_are_on(void **state)
{
	double value;
	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		begin(with_quirks[on]);
		for (uint32_t column = 0; column < 21; column++)
			chip->capmem[haldls_capmem_cell_of_neuron(
				column, HALDLS_CAPMEM_I_BIAS_LEAK)] = 501;
		configure();
		assert_ok(oracle->cell(&value, machine,
			haldls_capmem_cell_of_neuron(3, HALDLS_CAPMEM_I_BIAS_LEAK)));
		assert_near(value, on ? 501 - 5 * 20. / 127 : 501, 0, 1e-3);
		hxcomm_close(connection);
	}
}

static void recordings_begin_with_invalid_samples_where_quirks_are_on(void **state)
{
	(void)state;
	for (unsigned on = 0; on < 2; on++) {
		struct haldls_madc_control control = HALDLS_MADC_CONTROL_INIT;
		begin(with_quirks[on]);
		chip->madc_config[0].connect_pads_to_madc = true;
		chip->madc_config[0].connect_preamp_to_madc = false;
		chip->madc_config[0].number_of_samples = 300;
		configure();
		assert_ok(oracle->drive_pad(machine, 0, true, 0.4));
		control.start_recording = true;
		program_container(&program, &haldls_madc_control_container, 0, &control);
		program_wait(&program, 2500);
		run();
		assert_int_equal(responses->madc.count, 300);
		const int first = responses->madc.value[0], last = responses->madc.value[299];
		assert_true(on ? first > 1000 : abs(first - last) <= 1);
		assert_near(last, (0.4 + 0.04) / 1.5e-3, 0.03, 3);
		hxcomm_close(connection);
	}
}

/* The post pulse of a block, and a reset of the neurons of column 40. */
static void pulses_and_resets_reach_others_where_quirks_are_on(void **state)
{
	uint32_t place = 0; /* 4 quad + entry */
	(void)state;
	while (haldls_column_of_quad(place / 4, place % 4) != 40)
		place++;
	for (unsigned on = 0; on < 2; on++) {
		struct emulator_synapse synapse;
		double least = 1, most = 0;
		begin(with_quirks[on]);
		chip->synapse_driver_config[0].enable_receiver = true;
		for (uint32_t column = 0; column < 256; column++)
			chip->synapse_label[0][0][column] = 21;
		configure_synapses();
		program_write(&program, 0x00110000, 1u | 21u << 16);
		program_wait(&program, 100);
		program_write(&program, 0x00122400, 0);
		program_wait(&program, 2500);
		run();
		for (uint32_t column = 0; column < 128; column++) {
			assert_ok(oracle->synapse(&synapse, machine, column));
			least = fmin(least, synapse.age[1]);
			most = fmax(most, synapse.age[1]);
		}
		assert_near(most - least, on ? 60e-9 : 0, 0, on ? 8e-9 : 1e-12);
		assert_ok(oracle->synapse(&synapse, machine, 40));
		const double before = synapse.charge[0];
		assert_true(before > 0.05);
		program_write(&program, 0x02c94000 + place / 4, 0);
		program_wait(&program, 100);
		run();
		assert_ok(oracle->synapse(&synapse, machine, 40));
		/* a reset of 203 cycles of 4 ns leaves exp(-t / 0.3 us) */
		assert_near(
			synapse.charge[0], before * (on ? exp(-203 * 4e-9 / 0.3e-6) : 1), 1e-3, 0);
		hxcomm_close(connection);
	}
}

static void power_up_is_sound_where_quirks_are_off(void **state)
{
	static const char *const keys[] = {"quirks=0", "noise=0", "quirks=1"};
	unsigned stuck[3] = {0};
	(void)state;
	for (unsigned i = 0; i < 3; i++)
		for (unsigned seed = 1; seed <= 4; seed++) {
			char uri[64];
			struct emulator_neuron neuron;
			snprintf(uri, sizeof(uri), "emulator:?%s&seed=%u", keys[i], seed);
			begin(uri);
			program.count = 0;
			for (uint32_t n = 0; n < 512; n++) {
				assert_ok(oracle->neuron(&neuron, machine, n));
				stuck[i] += neuron.is_stuck;
			}
			hxcomm_close(connection);
		}
	assert_int_equal(stuck[0], 0);
	assert_int_equal(stuck[1], 0);
	assert_in_range(stuck[2], 1, 15); /* 4.1 of 2048 */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_membrane_is_what_its_cells_say),
		cmocka_unit_test(rich_terms_are_what_their_cells_say),
		cmocka_unit_test(the_adaptation_is_what_the_converter_sees),
		cmocka_unit_test(a_driver_is_what_its_settings_say),
		cmocka_unit_test(a_pulse_drops_the_lines_by_what_the_synapse_says),
		cmocka_unit_test(sensors_remember_the_last_pulses),
		cmocka_unit_test(the_fast_converter_shows_what_its_truth_says),
		cmocka_unit_test(a_refractory_period_has_its_times),
		cmocka_unit_test(a_stuck_neuron_waits_for_its_reset_potential),
		cmocka_unit_test(cells_of_one_code_disturb_each_other_where_quirks_are_on),
		cmocka_unit_test(recordings_begin_with_invalid_samples_where_quirks_are_on),
		cmocka_unit_test(pulses_and_resets_reach_others_where_quirks_are_on),
		cmocka_unit_test(power_up_is_sound_where_quirks_are_off),
	};
	return cmocka_run_group_tests_name("emulator/truth", tests, setup, teardown);
}

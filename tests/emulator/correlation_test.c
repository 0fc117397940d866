// SPDX-License-Identifier: MIT
/* Correlation sensors against the laws of spec/emulator_physics.md 2.4: pairs in closed form,
 * saturation, reset, calibration bits, and the way of a charge through the CADC. */
#include "fixture.h"

#include "correlation.h"
#include "kernel.h"

#include <string.h>

static struct fixture f;

enum {
	COLUMN = 5,
	DRIVER = 4,
	ROW = 8,
	LABEL = 19,
	STORE = 70,
	RAMP = 80,
	CAUSAL = 0,
	ACAUSAL = 1
};

#define NOTHING 1e-25 /* LSB: what a trace that is long over still adds */

static void begin(bool variation)
{
	fixture_begin(&f, 3, 1, false, variation);
	fixture_neurons(&f);
	f.neuron.enable_fire = true;
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_neuron(f.analog, n, &f.neuron);
	f.backend.refractory_time = 1;
	fixture_backends(&f);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_STORE, STORE);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_RAMP, RAMP);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_COROUT, 600);
	emulator__analog_set_synapses(f.analog, 0, ROW, COLUMN, 0, LABEL);
	fixture_advance(&f, 100 * TICKS_MS);
}

static void event(void)
{
	emulator__analog_driver_event(f.analog, f.now, DRIVER, LABEL);
}

static void post(void)
{
	emulator__analog_neuron_reset(f.analog, f.now, COLUMN);
}

static double charge(unsigned type)
{
	fixture_advance(&f, 40);
	return (double)emulator__correlation_charge(f.analog, 0, type, ROW, COLUMN);
}

static void truth(double *amplitude, double *tau, unsigned type)
{
	emulator__correlation_truth(amplitude, tau, f.analog, 0, type, ROW, COLUMN);
}

/* What the soft saturation leaves of a charge without it. */
static double saturated(double sum)
{
	return 160 * (1 - exp(-sum / 160));
}

static void a_pair_leaves_an_exponential(void **state)
{
	(void)state;
	static const unsigned ticks[] = {1, 7, 20, 125, 625, 1250, 2500, 12500};
	FOR_ROWS(i, ticks)
	{
		/* events first, for the causal charge; the other way for the acausal one */
		for (unsigned type = 0; type < 2; type++) {
			begin(false);
			if (type == CAUSAL)
				event();
			else
				post();
			fixture_advance(&f, ticks[i]);
			if (type == CAUSAL)
				post();
			else
				event();
			const double expected =
				saturated(0.5 * exp(-(double)ticks[i] * 4e-9 / 5e-6));
			assert_near(charge(type), expected, 1e-4, 1e-9);
			assert_true(charge(1 - type) < NOTHING);
			fixture_end(&f);
		}
	}
}

static void only_the_nearest_count(void **state)
{
	(void)state;
	begin(false);
	event();
	fixture_advance(&f, 1000);
	event();
	fixture_advance(&f, 250);
	post();
	fixture_advance(&f, 250);
	post();
	const double one = exp(-1e-6 / 5e-6), two = exp(-2e-6 / 5e-6);
	assert_near(charge(CAUSAL), saturated(0.5 * (one + two)), 1e-4, 0);
	assert_true(charge(ACAUSAL) < NOTHING);
	event();
	const double later = (double)(250 + 40 + 40 - 250) * 4e-9;
	assert_near(charge(ACAUSAL), saturated(0.5 * exp(-later / 5e-6)), 1e-4, 0);
	fixture_end(&f);
}

static void only_the_own_label_counts(void **state)
{
	(void)state;
	begin(false);
	emulator__analog_driver_event(f.analog, f.now, DRIVER, LABEL + 1);
	fixture_advance(&f, 100);
	post();
	fixture_advance(&f, 100);
	emulator__analog_driver_event(f.analog, f.now, DRIVER, LABEL + 1);
	assert_true(charge(CAUSAL) < NOTHING && charge(ACAUSAL) < NOTHING);
	fixture_end(&f);
}

static void many_pairs_saturate(void **state)
{
	(void)state;
	enum { PAIRS = 400 };
	begin(false);
	for (unsigned i = 0; i < PAIRS; i++) {
		event();
		fixture_advance(&f, 100);
		post();
		fixture_advance(&f, 50000); /* 200 us: no acausal pairs */
	}
	assert_near(charge(CAUSAL), saturated(PAIRS * 0.5 * exp(-0.4 / 5)), 1e-4, 0);
	assert_near(charge(ACAUSAL), 0, 0, 1e-6);
	fixture_end(&f);
}

static void biases_and_bits_set_amplitude_and_time_constant(void **state)
{
	(void)state;
	static const double amplitudes[] = {1, 0.75, 0.6, 0.45}, times[] = {1, 0.85, 0.7, 0.6};
	static const struct {
		uint16_t store, ramp;
		float volt;
	} rows[] = {{70, 80, 0.9f}, {140, 40, 0.9f}, {100, 160, 0.95f}, {60, 500, 0.85f}};
	FOR_ROWS(i, rows)
	{
		begin(false);
		fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_STORE, rows[i].store);
		fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_RAMP, rows[i].ramp);
		emulator__analog_set_board_volt(f.analog, EMULATOR_V_RES_MEAS, rows[i].volt);
		fixture_advance(&f, 100 * TICKS_MS);
		const double store =
			emulator__analog_true_cell(f.analog, f.now, HALDLS_CAPMEM_SYN_I_BIAS_STORE);
		const double ramp =
			emulator__analog_true_cell(f.analog, f.now, HALDLS_CAPMEM_SYN_I_BIAS_RAMP);
		for (uint8_t bits = 0; bits < 16; bits++) {
			emulator__analog_set_synapse_calibration(
				f.analog, 0, ROW, COLUMN, bits & 3, bits >> 2);
			const double before =
				-160 * log1p(-charge(CAUSAL) / 160); /* without saturation */
			event();
			fixture_advance(&f, 500);
			post();
			const double a = 0.5 * 70 / store * amplitudes[bits >> 2] *
					 exp(((double)rows[i].volt - 0.9) / 60e-3);
			const double tau = 5e-6 * 80 / ramp * times[bits & 3];
			const double after = -160 * log1p(-charge(CAUSAL) / 160);
			assert_near(after - before, a * exp(-2e-6 / tau), 1e-4, 3e-5);
		}
		fixture_end(&f);
	}
}

static void a_reset_leaves_what_its_length_leaves(void **state)
{
	(void)state;
	static const unsigned durations[] = {0, 5, 72, 200, 1000};
	FOR_ROWS(i, durations)
	{
		struct haldls_common_correlation_config config =
			HALDLS_COMMON_CORRELATION_CONFIG_INIT;
		begin(false);
		config.reset_duration = durations[i];
		emulator__analog_set_correlation(f.analog, 0, &config);
		event();
		fixture_advance(&f, 100);
		post();
		const double left =
			charge(CAUSAL) * exp(-((double)durations[i] + 3) * 4e-9 / 0.3e-6);
		emulator__analog_correlation_reset(f.analog, 0, ROW, COLUMN);
		assert_near(charge(CAUSAL), left, 1e-4, 1e-7);
		/* the trace of the event outlives it */
		post();
		assert_true(charge(CAUSAL) > left + 0.3);
		fixture_end(&f);
	}
}

static void pulses_far_apart_do_not_meet(void **state)
{
	(void)state;
	/* ticks that wrap 32 bits: 17.2 s and more */
	static const double seconds[] = {0.001, 4.3, 8.6, 17.179869184, 34.4};
	FOR_ROWS(i, seconds)
	{
		begin(false);
		event();
		fixture_advance(&f, 40);
		emulator__correlation_charge(f.analog, 0, CAUSAL, ROW, COLUMN);
		fixture_advance(&f, (uint64_t)(seconds[i] * 250e6));
		post();
		assert_near(charge(CAUSAL), 0, 0, 1e-9);
		fixture_end(&f);
	}
}

static void post_pulses_come_from_fire_or_from_the_controller(void **state)
{
	(void)state;
	for (unsigned overwrite = 0; overwrite < 2; overwrite++) {
		begin(false);
		f.backend.post_overwrite = overwrite;
		fixture_backends(&f);
		event();
		fixture_advance(&f, 100);
		post();
		const double own = charge(CAUSAL);
		assert_true((own > 0.1) == !overwrite);
		emulator__analog_post_pulse(f.analog, f.now, COLUMN);
		assert_true((charge(CAUSAL) > own + 0.1) == overwrite);
		fixture_end(&f);
	}
}

/* Whoever drove the sensors at which moments and however often somebody looked: the same charge. */
/* A post pulse of the controller reaches each neuron of a block after a time of its own, the same
 * each time, up to 64 ns. */
static void a_blocks_post_pulse_comes_at_its_own_time_to_each_neuron(void **state)
{
	double first[256], before[256] = {0}, mean = 0, square = 0;
	(void)state;
	begin(true);
	f.backend.post_overwrite = true;
	fixture_backends(&f);
	for (uint32_t column = 0; column < 256; column++)
		emulator__analog_set_synapses(f.analog, 0, ROW, column, 0, LABEL);
	for (unsigned turn = 0; turn < 2; turn++) {
		fixture_advance(&f, TICKS_MS);
		event();
		fixture_advance(&f, 250);
		for (uint32_t n = 0; n < 256; n++)
			emulator__analog_post_pulse(f.analog, f.now, n);
		fixture_advance(&f, 40);
		for (uint32_t column = 0; column < 256; column++) {
			double amplitude, tau;
			assert_ok(emulator__correlation_truth(
				&amplitude, &tau, f.analog, 0, CAUSAL, ROW, column));
			const double sum = -160 * log1p(-(double)emulator__correlation_charge(
								f.analog, 0, CAUSAL, ROW, column) /
							  160);
			/* ticks of 4 ns between event and post pulse, less 1 us */
			const double late =
				tau * log(amplitude / (sum - before[column])) / 4e-9 - 250;
			before[column] = sum;
			assert_near(late, rint(late), 0, 0.1);
			assert_true(late > -0.5 && late < 15.5);
			if (turn) {
				assert_near(late, first[column], 0, 0.2);
			} else {
				first[column] = late;
				mean += late / 256;
				square += late * late / 256;
			}
		}
	}
	/* evenly over 16 ticks: 5 sigma of 256 */
	assert_near(mean, 7.5, 0, 5 * sqrt(21.25 / 256));
	assert_near(square - mean * mean, 21.25, 0.2, 0);
	fixture_end(&f);
}

static void looking_changes_nothing(void **state)
{
	(void)state;
	double ends[2][2];
	for (unsigned look = 0; look < 2; look++) {
		uint32_t random = 1;
		begin(false);
		for (unsigned i = 0; i < 6000; i++) {
			random = random * 1664525 + 1013904223;
			if (random >> 31)
				event();
			else
				post();
			fixture_advance(&f, 20 + (random >> 20) % 64);
			if (look)
				emulator__correlation_settle(f.analog, 0);
		}
		ends[look][0] = charge(CAUSAL);
		ends[look][1] = charge(ACAUSAL);
		fixture_end(&f);
	}
	assert_true(ends[0][0] == ends[1][0] && ends[0][1] == ends[1][1]);
	assert_true(ends[0][0] > 10 && ends[0][1] > 10);
}

static void without_a_store_bias_there_are_no_sensors(void **state)
{
	(void)state;
	fixture_begin(&f, 1, 1, false, false);
	fixture_neurons(&f);
	emulator__analog_set_synapses(f.analog, 0, ROW, COLUMN, 0, LABEL);
	fixture_advance(&f, 100 * TICKS_MS);
	event();
	fixture_advance(&f, 100);
	emulator__analog_correlation_reset(f.analog, 0, ROW, COLUMN);
	assert_true(charge(CAUSAL) == 0);
	fixture_end(&f);
	double amplitude, tau;
	begin(true);
	struct haldls_synapse_bias_selection selection = HALDLS_SYNAPSE_BIAS_SELECTION_INIT;
	selection.enable_internal_store_bias[0] = false;
	emulator__analog_set_bias_selection(f.analog, &selection);
	truth(&amplitude, &tau, CAUSAL);
	assert_true(amplitude == 0);
	fixture_end(&f);
}

/* 1.05 V less 4.5 mV for each LSB of charge, in counts of the ramp. */
static void the_cadc_reads_the_row(void **state)
{
	(void)state;
	struct haldls_cadc_config cadc = HALDLS_CADC_CONFIG_INIT;
	uint8_t out[2][256];
	begin(false);
	cadc.enable = true;
	emulator__analog_set_cadc(f.analog, 0, &cadc);
	fixture_shared(&f, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, 31);
	fixture_shared(&f, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 369);
	emulator__analog_set_column_correlation(f.analog, 0, COLUMN, true, true);
	fixture_advance(&f, 100 * TICKS_MS);
	for (unsigned i = 0; i < 100; i++) {
		event();
		fixture_advance(&f, 100);
		post();
		fixture_advance(&f, 50000);
	}
	const double zero = emulator__analog_true_cadc_zero(f.analog, 0);
	const double lsb = emulator__analog_true_cadc_lsb(f.analog, 0);
	const double full = charge(CAUSAL);
	assert_true(full > 30);
	for (uint32_t row = ROW - 1; row < ROW + 2; row++) {
		emulator__analog_set_cadc_row(f.analog, 0, row);
		emulator__analog_cadc_convert(f.analog, f.now, 0, out);
		fixture_advance(&f, 500);
		const double expected = (1.05 - 4.5e-3 * (row == ROW ? full : 0) - zero) / lsb;
		assert_near(out[CAUSAL][COLUMN], expected, 0, 0.51);
		assert_near(out[ACAUSAL][COLUMN], (1.05 - zero) / lsb, 0, 0.51);
		assert_int_equal(out[CAUSAL][COLUMN + 1], 0); /* its switch is open */
	}
	/* usual range: 1.05 V is 220 */
	assert_near((1.05 - zero) / lsb, 220, 0, 1);
	emulator__analog_set_board_volt(f.analog, EMULATOR_V_RESET, 1.80f);
	emulator__analog_cadc_convert(f.analog, f.now, 0, out);
	assert_near(out[ACAUSAL][COLUMN], (1.05 - 0.045 - zero) / lsb, 0, 0.51);
	fixture_end(&f);
}

/* The usual reset leaves the channel's own offset in the reading, the auto-calibrating one does
 * not. */
static void the_auto_calibrating_reset_takes_offsets_out(void **state)
{
	(void)state;
	struct haldls_cadc_config cadc = HALDLS_CADC_CONFIG_INIT;
	struct haldls_common_correlation_config config = HALDLS_COMMON_CORRELATION_CONFIG_INIT;
	double deviations[2];
	cadc.enable = true;
	for (unsigned mode = 0; mode < 2; mode++) {
		uint8_t out[2][256];
		double sum = 0, square = 0;
		begin(true);
		emulator__analog_set_cadc(f.analog, 0, &cadc);
		fixture_shared(&f, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, 31);
		fixture_shared(&f, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 369);
		fixture_advance(&f, 100 * TICKS_MS);
		config.reset_mode = mode;
		emulator__analog_set_correlation(f.analog, 0, &config);
		emulator__analog_set_cadc_row(f.analog, 0, ROW);
		for (uint32_t column = 0; column < 128; column++) {
			emulator__analog_set_column_correlation(f.analog, 0, column, true, true);
			emulator__analog_correlation_reset(f.analog, 0, ROW, column);
		}
		emulator__analog_cadc_convert(f.analog, f.now, 0, out);
		for (unsigned column = 0; column < 128; column++) {
			sum += out[0][column];
			square += out[0][column] * out[0][column];
		}
		deviations[mode] = sqrt(square / 128 - sum * sum / 128 / 128);
		fixture_end(&f);
	}
	assert_true(deviations[0] > 7);
	assert_true(deviations[1] < 3.5); /* gains and bends stay; one in 500 is dead */
}

static void synapses_differ_as_they_should(void **state)
{
	(void)state;
	enum { ROWS = 32, COUNT = ROWS * 256 };
	static double log_amplitude[2][COUNT], log_tau[2][COUNT];
	begin(true);
	for (unsigned i = 0; i < COUNT; i++)
		for (unsigned type = 0; type < 2; type++) {
			double amplitude, tau;
			emulator__correlation_truth(
				&amplitude, &tau, f.analog, 0, type, i / 256, i % 256);
			log_amplitude[type][i] = log(amplitude);
			log_tau[type][i] = log(tau);
		}
	/* within the left quadrant: 0.30 and half of the 0.25 between both kinds; 0.25 likewise */
	double square[4] = {0}, sum[4] = {0};
	unsigned count = 0;
	for (unsigned i = 0; i < COUNT; i++) {
		const double values[] = {log_amplitude[0][i],
			log_amplitude[0][i] - log_amplitude[1][i], log_tau[0][i],
			log_tau[0][i] - log_tau[1][i]};
		if (i % 256 >= 128)
			continue;
		count++;
		for (unsigned k = 0; k < 4; k++) {
			sum[k] += values[k];
			square[k] += values[k] * values[k];
		}
	}
	const double expected[] = {hypot(0.30, 0.125), 0.25, hypot(0.25, 0.125), 0.25};
	for (unsigned k = 0; k < 4; k++) {
		const double mean = sum[k] / count;
		assert_near(sqrt(square[k] / count - mean * mean), expected[k],
			5 / sqrt(2.0 * count) + 0.005, 0);
	}
	fixture_end(&f);
}

/* Every instruction set gives the same bits. */
static void kernels_agree(void **state)
{
	(void)state;
	static _Alignas(64) float sum[3][2][256], amplitude[256], rate[256];
	static _Alignas(64) uint32_t since[256];
	static uint8_t labels[256];
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	const struct kernel_pair pairs[2] = {{0.5f, 8e-4f}, {0.7f, 3e-3f}};
	uint32_t random = 7;
	for (unsigned i = 0; i < 256; i++) {
		random = random * 1664525 + 1013904223;
		amplitude[i] = 0.5f + (float)(random >> 16) / 65536;
		rate[i] = 0.5f + (float)(random & 65535) / 65536;
		since[i] = UINT32_C(5000) - (random >> 8) % (1u << (i % 31));
		labels[i] = (uint8_t)(i % 3);
	}
	for (unsigned k = 0; k < count; k++) {
		all[k]->pair_column(sum[k][0], amplitude, rate, since, 5000, &pairs[1]);
		all[k]->pair_row(sum[k][1], amplitude, rate, since, labels, 2, 5000, pairs);
		assert_memory_equal(sum[k], sum[0], sizeof(sum[0]));
	}
	for (unsigned i = 0; i < 256; i++) {
		const double age = (double)(uint32_t)(5000 - since[i]);
		const double x = age * (double)(pairs[1].rate * rate[i]);
		assert_near(sum[0][0][i], 0.7 * (double)amplitude[i] * exp(-x), 2e-5, 1e-28);
		const double y = age * (double)(pairs[i / 128].rate * rate[i]);
		assert_near(sum[0][1][i],
			labels[i] == 2 ? (double)(pairs[i / 128].amplitude * amplitude[i]) * exp(-y)
				       : 0,
			2e-5, 1e-28);
	}
}

/* A row's events are noted where its label matches and nowhere else, in groups where all match,
 * some or none. */
static void rows_note_their_events(void **state)
{
	(void)state;
	static _Alignas(64) uint32_t event[64][4][4];
	static uint8_t labels[256];
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (unsigned trial = 0; trial < 64; trial++) {
			const uint32_t row = trial % 4;
			memset(event, 0x55, sizeof(event));
			for (unsigned c = 0; c < 256; c++)
				labels[c] = (uint8_t)(trial >> c / 64 & 1 ? 63 : c % (trial + 1));
			all[k]->note_row(&event[0][row][0], labels, 63, 7);
			for (unsigned c = 0; c < 256; c++)
				for (unsigned r = 0; r < 4; r++)
					assert_int_equal(event[c / 4][r][c % 4],
						r == row && labels[c] == 63 ? 7 : 0x55555555);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_pair_leaves_an_exponential),
		cmocka_unit_test(only_the_nearest_count),
		cmocka_unit_test(only_the_own_label_counts),
		cmocka_unit_test(many_pairs_saturate),
		cmocka_unit_test(biases_and_bits_set_amplitude_and_time_constant),
		cmocka_unit_test(a_reset_leaves_what_its_length_leaves),
		cmocka_unit_test(pulses_far_apart_do_not_meet),
		cmocka_unit_test(post_pulses_come_from_fire_or_from_the_controller),
		cmocka_unit_test(a_blocks_post_pulse_comes_at_its_own_time_to_each_neuron),
		cmocka_unit_test(looking_changes_nothing),
		cmocka_unit_test(without_a_store_bias_there_are_no_sensors),
		cmocka_unit_test(the_cadc_reads_the_row),
		cmocka_unit_test(the_auto_calibrating_reset_takes_offsets_out),
		cmocka_unit_test(synapses_differ_as_they_should),
		cmocka_unit_test(kernels_agree),
		cmocka_unit_test(rows_note_their_events),
	};
	return cmocka_run_group_tests_name("emulator/correlation", tests, NULL, NULL);
}

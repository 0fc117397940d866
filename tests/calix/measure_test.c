// SPDX-License-Identifier: MIT
/* Measurements of the emulated chip without variation, against the closed forms of
 * spec/emulator_physics.md: what a code stands for has to come back as a measured value. Cells
 * that share a code disturb each other by up to 5 codes (1): the tolerances are that wide. */
#include "assert.h"

#include "measure.h"
#include "parts.h"
#include "statistics.h"

#include <haldls/chip.h>
#include <haldls/coordinate.h>
#include <hxcomm/connection.h>

#include <stdlib.h>

static struct hxcomm_connection *connection;
static struct calix__session *session;

static int setup(void **state)
{
	struct calix_target target;
	(void)state;
	assert_ok(calix_target_validate(&target, NULL));
	assert_ok(hxcomm_open(&connection, "emulator:?serial=1&variation=0", NULL));
	assert_ok(calix__session_open(&session, connection, &target, 1));
	assert_ok(calix__session_write_chip(session));
	assert_ok(calix__calibrate_cadc(session));
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	calix__session_close(session);
	hxcomm_close(connection);
	return 0;
}

/* 20 counts at the code 70 of a voltage cell, 220 at 550 (spec/calix_spec.md 2). */
static double counts(double volt)
{
	return 20 + (volt - (0.019 + 70 * 1.875e-3)) * 200 / (480 * 1.875e-3);
}

static void expect_all(const double *values, double wanted, double rel, double abs_)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		assert_near(values[n], wanted, rel, abs_);
}

static void write_row(enum haldls_capmem_row row, int32_t code)
{
	assert_ok(calix__session_broadcast(session, row, code));
	assert_ok(calix__session_settle(session));
}

/* Gain 0.8 and 0.54 V of the follower; the offset moves by -6 mV a factor e of the bias from 158
 * on. */
static double leak_counts(int32_t code, int32_t bias)
{
	return counts(0.8 * (0.019 + 1.875e-3 * code) - 0.54 - 6e-3 * log(bias / 158.0));
}

static void the_rest_is_what_the_leak_code_stands_for(void **state)
{
	static const int32_t codes[] = { 560, 640, 760, 880 };
	double rest[CALIX_NEURONS];
	(void)state;
	FOR_ROWS(i, codes) {
		write_row(HALDLS_CAPMEM_V_LEAK, codes[i]);
		assert_ok(calix__measure_rest(rest, session, NULL));
		expect_all(rest, leak_counts(codes[i], session->codes.i_bias_leak[0]), 0, 5);
		assert_near(calix__median(rest, NULL, CALIX_NEURONS),
		        leak_counts(codes[i], session->codes.i_bias_leak[0]), 0, 2);
	}
}

static void the_reset_is_what_the_reset_code_stands_for(void **state)
{
	static const int32_t codes[] = { 550, 640 };
	double reset[CALIX_NEURONS];
	(void)state;
	write_row(HALDLS_CAPMEM_V_LEAK, 640);
	FOR_ROWS(i, codes) {
		write_row(HALDLS_CAPMEM_V_RESET, codes[i]);
		assert_ok(calix__measure_reset(reset, session, NULL));
		assert_near(calix__median(reset, NULL, CALIX_NEURONS),
		        counts(0.8 * (0.019 + 1.875e-3 * codes[i]) - 0.53), 0, 4);
	}
}

/* C = 36.5 fF * 68, g = 2.62 nS / 8 a code. */
static void the_membrane_relaxes_with_its_time_constant(void **state)
{
	static const int32_t codes[] = { 250, 500, 1000 };
	double rate[CALIX_NEURONS];
	(void)state;
	write_row(HALDLS_CAPMEM_V_LEAK, 690);
	write_row(HALDLS_CAPMEM_V_RESET, 560);
	FOR_ROWS(i, codes) {
		const double tau = 36.5e-15 * 68 / (2.62e-9 / 8 * codes[i]);
		const struct calix__relaxation how = { .tau = tau, .middle_lsb = 80, .repeats = 2 };
		write_row(HALDLS_CAPMEM_I_BIAS_LEAK, codes[i]);
		assert_ok(calix__measure_membrane_rate(rate, session, &how));
		assert_near(1 / calix__median(rate, NULL, CALIX_NEURONS), tau, 0.05, 0);
		/* a wrong expectation costs accuracy, not the answer */
		const struct calix__relaxation wrong = { .tau = 0.6 * tau, .middle_lsb = 80,
			.repeats = 2 };
		assert_ok(calix__measure_membrane_rate(rate, session, &wrong));
		assert_near(1 / calix__median(rate, NULL, CALIX_NEURONS), tau, 0.06, 0);
	}
	write_row(HALDLS_CAPMEM_I_BIAS_LEAK, 758);
}

static void a_membrane_without_leak_has_rate_zero(void **state)
{
	double rate[CALIX_NEURONS];
	const struct calix__relaxation how = { .tau = 10e-6, .middle_lsb = 80, .repeats = 1 };
	(void)state;
	write_row(HALDLS_CAPMEM_V_LEAK, 690);
	write_row(HALDLS_CAPMEM_V_RESET, 560);
	write_row(HALDLS_CAPMEM_I_BIAS_LEAK, 0);
	assert_ok(calix__measure_membrane_rate(rate, session, &how));
	expect_all(rate, 0, 0, 0.01 / 10e-6);
	write_row(HALDLS_CAPMEM_I_BIAS_LEAK, 758);
}

/* tau = 504 us / code excitatory, 474 us / code inhibitory (medians of 4.3). */
static void lines_decay_with_their_time_constants(void **state)
{
	static const struct { enum calix__receptor receptor; int32_t code; double product; } rows[] = {
		{ CALIX_EXCITATORY, 50, 504e-6 },
		{ CALIX_EXCITATORY, 150, 504e-6 },
		{ CALIX_INHIBITORY, 50, 474e-6 },
	};
	double rate[CALIX_NEURONS];
	(void)state;
	FOR_ROWS(i, rows) {
		const bool exc = rows[i].receptor == CALIX_EXCITATORY;
		const double tau = rows[i].product / rows[i].code;
		const struct calix__line how = { .tau = tau, .events = 20, .repeats = 8 };
		assert_ok(calix__session_switch_rows(session, rows[i].receptor));
		assert_ok(calix__session_switch_readout(session,
		        exc ? CALIX_READ_EXCITATORY : CALIX_READ_INHIBITORY));
		write_row(exc ? HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU : HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU,
		        rows[i].code);
		assert_ok(calix__measure_line_rate(rate, session, &how));
		assert_near(1 / calix__median(rate, NULL, CALIX_NEURONS), tau, 0.06, 0);
	}
	assert_ok(calix__session_switch_readout(session, CALIX_READ_MEMBRANE));
	write_row(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 50);
}

/* 0.183 uV a weight and DAC code, floating line; a count of the steeper ramp is 9/8 of 4.5 mV. */
static void a_burst_takes_from_the_line_what_its_weights_say(void **state)
{
	static const uint32_t events[] = { 5, 10, 20 };
	const int32_t dac[4] = { 600, 600, 600, 600 };
	double drop[CALIX_NEURONS];
	(void)state;
	assert_ok(calix__session_switch_rows(session, CALIX_EXCITATORY));
	assert_ok(calix__session_write_shared(session, HALDLS_CAPMEM_SYN_I_BIAS_DAC, dac));
	write_row(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 0);
	assert_ok(calix__session_switch_readout(session, CALIX_READ_EXCITATORY));
	FOR_ROWS(i, events) {
		const struct calix__line how = { .tau = 5e-3, .events = events[i], .repeats = 2 };
		const double volt = 0.183e-6 * 600 * CALIX_EVENT_WEIGHT * CALIX_EVENT_ROWS * events[i];
		assert_ok(calix__measure_line_drop(drop, session, &how));
		assert_near(calix__median(drop, NULL, CALIX_NEURONS), volt / (4.5e-3 * 9 / 8), 0.03, 1);
	}
	assert_ok(calix__session_switch_readout(session, CALIX_READ_MEMBRANE));
	write_row(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 50);
}

/* gm = 13.5 nS a code into C, tau_mem = tau_syn = 10 us: 69 mV for a weight of 63 at DAC 600. */
static void the_amplitude_is_that_of_the_published_potential(void **state)
{
	double amplitude[CALIX_NEURONS];
	struct calix__probe probe = { .receptor = CALIX_EXCITATORY, .delay = 10e-6, .events = 1,
		.repeats = 4 };
	(void)state;
	const double published = 69e-3 * CALIX_EVENT_WEIGHT * CALIX_EVENT_ROWS / 63.0 / 4.5e-3;
	assert_near(calix__typical_amplitude(&session->target, &probe), published, 0.02, 0);
	write_row(HALDLS_CAPMEM_V_LEAK, 690);
	write_row(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300);
	write_row(HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 500);
	assert_ok(calix__session_switch_inputs(session, true, false));
	assert_ok(calix__measure_amplitude(amplitude, session, &probe));
	assert_near(calix__median(amplitude, NULL, CALIX_NEURONS), published, 0.1, 1);
	probe.receptor = CALIX_INHIBITORY; /* the same potential, seen upside down */
	assert_ok(calix__measure_amplitude(amplitude, session, &probe));
	assert_near(calix__median(amplitude, NULL, CALIX_NEURONS), -published, 0.1, 1);
	assert_ok(calix__session_switch_inputs(session, false, false));
}

/* V_threshold = V_cell - 13 mV. */
static void neurons_fire_when_their_rest_lies_above_the_threshold(void **state)
{
	const double leak = 0.8 * (0.019 + 1.875e-3 * 760) - 0.54;
	const int32_t edge = (int32_t)lround((leak + 0.013 - 0.019) / 1.875e-3);
	const struct calix__firing how = { .tau = 10e-6, .split_lsb = counts(leak) / 2, .repeats = 2 };
	double fraction[CALIX_NEURONS];
	(void)state;
	write_row(HALDLS_CAPMEM_V_LEAK, 760);
	write_row(HALDLS_CAPMEM_V_RESET, 0);
	write_row(HALDLS_CAPMEM_V_THRESHOLD, edge + 20);
	assert_ok(calix__measure_firing(fraction, session, &how));
	expect_all(fraction, 0, 0, 0);
	write_row(HALDLS_CAPMEM_V_THRESHOLD, edge - 20);
	assert_ok(calix__measure_firing(fraction, session, &how));
	expect_all(fraction, 1, 0, 1e-9);
	/* and while they fire, the highest read is the threshold, or a little above */
	double highest[CALIX_NEURONS];
	const double threshold = counts(0.019 + 1.875e-3 * (edge - 60) - 0.013);
	write_row(HALDLS_CAPMEM_V_THRESHOLD, edge - 60);
	assert_ok(calix__measure_threshold(highest, session, NULL));
	assert_in_range(calix__median(highest, NULL, CALIX_NEURONS), threshold - 4, threshold + 6);
}

static void a_neuron_without_a_good_channel_has_no_value(void **state)
{
	double rest[CALIX_NEURONS];
	(void)state;
	session->channel_good[haldls_cadc_channel(1, 0, 10)] = 0;
	session->channel_good[haldls_cadc_channel(0, 0, 20)] = 0;
	session->channel_good[haldls_cadc_channel(0, 1, 20)] = 0;
	assert_ok(calix__measure_rest(rest, session, NULL));
	assert_true(rest[256 + 10] > 0); /* one channel is left */
	assert_true(isnan(rest[20]));
	memset(session->channel_good, 1, sizeof(session->channel_good));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_rest_is_what_the_leak_code_stands_for),
		cmocka_unit_test(the_reset_is_what_the_reset_code_stands_for),
		cmocka_unit_test(the_membrane_relaxes_with_its_time_constant),
		cmocka_unit_test(a_membrane_without_leak_has_rate_zero),
		cmocka_unit_test(lines_decay_with_their_time_constants),
		cmocka_unit_test(a_burst_takes_from_the_line_what_its_weights_say),
		cmocka_unit_test(the_amplitude_is_that_of_the_published_potential),
		cmocka_unit_test(neurons_fire_when_their_rest_lies_above_the_threshold),
		cmocka_unit_test(a_neuron_without_a_good_channel_has_no_value),
	};
	return cmocka_run_group_tests_name("calix/measure", tests, setup, teardown);
}

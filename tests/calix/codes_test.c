// SPDX-License-Identifier: MIT
/* Codes of a calibration: typical ones, into a chip configuration, into a result and back. */
#include "assert.h"

#include "codes.h"

#include <calix/calibration.h>
#include <calix/result.h>
#include <haldls/chip.h>

#include <stdlib.h>

static struct haldls_chip *new_chip(void)
{
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	return chip;
}

/* A result whose every value differs from its neighbours, within the ranges of the dictionary. */
static struct calix_result *new_result(const char *chip, const char *kind, const char *without)
{
	struct calix_result *result;
	int32_t values[CALIX_ARRAY_MAX];
	size_t count;
	const struct calix_parameter *parameters = calix_parameters(&count);
	assert_ok(calix_result_new(&result, chip, kind));
	for (size_t p = 0; p < count; p++) {
		const int32_t range = parameters[p].hi - parameters[p].lo + 1;
		for (size_t i = 0; i < parameters[p].length; i++)
			values[i] = parameters[p].lo + (int32_t)((i * 7 + p * 31) % (size_t)range);
		if (!without || strcmp(without, parameters[p].name) != 0)
			assert_ok(calix_result_add_array(result, parameters[p].name, values,
			        parameters[p].length, NULL));
	}
	return result;
}

/* spec/emulator_physics.md 0: what the typical codes stand for. */
static void typical_codes_mean_what_the_target_says(void **state)
{
	static const struct calix_target targets[] = {
		CALIX_TARGET_INIT,
		{ .size = sizeof(struct calix_target), .leak_lsb = 100, .reset_lsb = 60,
		        .threshold_lsb = 150, .tau_mem = 3e-6, .tau_syn_exc = 2e-6,
		        .tau_syn_inh = 20e-6, .membrane_capacitance = 40 },
		{ .size = sizeof(struct calix_target), .tau_mem = 0.5e-6, .tau_syn_exc = 0.3e-6 },
		{ .size = sizeof(struct calix_target), .tau_mem = 60e-6, .tau_syn_inh = 30e-6 },
	};
	(void)state;
	FOR_ROWS(i, targets) {
		struct calix_target t;
		struct calix__codes c;
		assert_ok(calix_target_validate(&t, &targets[i]));
		calix__codes_typical(&c, &t);
		const double leak = 0.8 * (0.019 + 1.875e-3 * c.v_leak[7]) - 0.54;
		const double reset = 0.8 * (0.019 + 1.875e-3 * c.v_reset[7]) - 0.53;
		const double threshold = 0.019 + 1.875e-3 * c.v_threshold[7] - 0.013;
		/* counts: 20 at cell code 70, 220 at 550 */
		const double volt = 200 / (480 * 1.875e-3), zero = 0.019 + 70 * 1.875e-3;
		assert_near(20 + (leak - zero) * volt, t.leak_lsb, 0, 2);
		assert_near(20 + (reset - zero) * volt, t.reset_lsb, 0, 2);
		assert_near(20 + (threshold - zero) * volt, t.threshold_lsb, 0, 2);
		const double g = 2.62e-9 * c.i_bias_leak[7] *
		        (c.leak_multiplication[7] ? 8 : c.leak_division[7] ? 0.125 : 1);
		assert_near(36.5e-15 * (t.membrane_capacitance + 5) / g, t.tau_mem, 0.02, 0);
		const double exc = 504e-6 / c.synin_exc_tau[7] * (c.synin_exc_high_resistance[7] ? 1 : 0.25);
		const double inh = 474e-6 / c.synin_inh_tau[7] * (c.synin_inh_high_resistance[7] ? 1 : 0.25);
		assert_near(exc, t.tau_syn_exc, 0.04, 0);
		assert_near(inh, t.tau_syn_inh, 0.04, 0);
	}
}

static void a_result_reaches_every_cell_and_switch(void **state)
{
	struct haldls_chip *chip = new_chip();
	struct calix_result *result = new_result("emulator-7", CALIX_KIND_SPIKING, NULL);
	(void)state;
	assert_ok(calix_result_apply(chip, result, "emulator-7"));
	const int32_t *leak = calix_result_array(result, "neuron.v_leak", NULL);
	const int32_t *gm = calix_result_array(result, "neuron.i_bias_synin_inh_gm", NULL);
	const int32_t *counter = calix_result_array(result, "neuron.refractory_counter", NULL);
	const int32_t *division = calix_result_array(result, "neuron.leak_division", NULL);
	const int32_t *slope = calix_result_array(result, "cadc.i_ramp_slope", NULL);
	const int32_t *offset = calix_result_array(result, "cadc.channel_offset", NULL);
	for (uint32_t n = 0; n < 512; n++) {
		/* spec/registers_chip.md 2 and 3 */
		const uint32_t quadrant = n / 128, column = n % 128;
		assert_int_equal(chip->capmem[3120 * quadrant + column], leak[n]);
		assert_int_equal(chip->capmem[3120 * quadrant + 17 * 130 + column], gm[n]);
		const uint32_t backend = n / 128 % 2 * 256 + n / 256 * 128 + n % 128;
		assert_int_equal(chip->neuron_backend_config[backend].refractory_time, counter[n]);
		assert_true(chip->neuron_backend_config[backend].enable_spike_out);
		assert_int_equal(chip->neuron_config[n].enable_leak_division, division[n]);
		assert_true(chip->neuron_config[n].enable_threshold_comparator);
		assert_true(chip->neuron_config[n].enable_synaptic_input_excitatory);
		assert_true(chip->neuron_config[n].enable_synaptic_input_inhibitory);
	}
	for (uint32_t q = 0; q < 4; q++)
		assert_int_equal(chip->capmem[3120 * q + 2078], slope[q]);
	for (uint32_t e = 0; e < 1024; e++)
		assert_int_equal(chip->cadc_channel_config[e].offset, offset[e]);
	assert_true(chip->cadc_config[0].enable && chip->cadc_config[1].enable);
	calix_result_free(result);
	free(chip);
}

static void results_that_do_not_fit_are_refused_and_change_nothing(void **state)
{
	static const struct { const char *kind, *without, *identifier, *text; } rows[] = {
		{ CALIX_KIND_SPIKING, NULL, "emulator-8", "belongs to chip 'emulator-7', not to chip 'emulator-8'" },
		{ CALIX_KIND_SPIKING, NULL, NULL, "belongs to chip 'emulator-7'" },
		{ "hagen", NULL, "emulator-7", "kind 'hagen'" },
		{ CALIX_KIND_SPIKING, "neuron.v_reset", "emulator-7", "lacks the array neuron.v_reset" },
		{ CALIX_KIND_SPIKING, "synapse.dac_bias", "emulator-7", "lacks the array synapse.dac_bias" },
	};
	struct haldls_chip *chip = new_chip(), *before = new_chip();
	(void)state;
	FOR_ROWS(i, rows) {
		struct calix_result *result = new_result("emulator-7", rows[i].kind, rows[i].without);
		assert_error(calix_result_apply(chip, result, rows[i].identifier), HXCOMM_EINVAL,
		        rows[i].text);
		assert_memory_equal(chip->capmem, before->capmem, sizeof(chip->capmem));
		assert_memory_equal(chip->neuron_config, before->neuron_config,
		        sizeof(chip->neuron_config));
		calix_result_free(result);
	}
	free(before);
	free(chip);
}

static void codes_survive_the_way_through_a_result(void **state)
{
	struct calix__codes codes, again;
	struct calix__success success;
	struct calix_target target;
	struct calix_result *result;
	(void)state;
	assert_ok(calix_target_validate(&target, NULL));
	calix__codes_typical(&codes, &target);
	for (int32_t n = 0; n < 512; n++)
		codes.v_leak[n] = n;
	memset(&success, 1, sizeof(success));
	success.v_leak[5] = 0;
	assert_ok(calix_result_new(&result, "chip", CALIX_KIND_SPIKING));
	assert_ok(calix__codes_add(result, &codes, &success));
	assert_ok(calix__codes_read(&again, result));
	assert_memory_equal(&again, &codes, sizeof(codes));
	assert_int_equal(calix_result_success(result, "neuron.v_leak", NULL)[5], 0);
	assert_int_equal(calix_result_success(result, "neuron.v_leak", NULL)[6], 1);
	calix_result_free(result);
}

static void without_calibration_all_neurons_get_the_same(void **state)
{
	struct haldls_chip *chip = new_chip(), *other = new_chip();
	struct calix_target target = CALIX_TARGET_INIT;
	(void)state;
	calix_uncalibrated_apply(chip, NULL);
	calix_uncalibrated_apply(other, &target);
	assert_memory_equal(chip->capmem, other->capmem, sizeof(chip->capmem));
	for (uint32_t n = 1; n < 512; n++)
		for (uint32_t row = 0; row < 24; row++)
			assert_int_equal(chip->capmem[n / 128 * 3120 + row * 130 + n % 128],
			        chip->capmem[row * 130]);
	target.leak_lsb = 1000; /* impossible: the defaults again */
	calix_uncalibrated_apply(other, &target);
	assert_memory_equal(chip->capmem, other->capmem, sizeof(chip->capmem));
	target.leak_lsb = 90;
	calix_uncalibrated_apply(other, &target);
	assert_true(other->capmem[0] > chip->capmem[0]);
	free(other);
	free(chip);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(typical_codes_mean_what_the_target_says),
		cmocka_unit_test(a_result_reaches_every_cell_and_switch),
		cmocka_unit_test(results_that_do_not_fit_are_refused_and_change_nothing),
		cmocka_unit_test(codes_survive_the_way_through_a_result),
		cmocka_unit_test(without_calibration_all_neurons_get_the_same),
	};
	return cmocka_run_group_tests_name("calix/codes", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include "assert.h"

#include <haldls/supply.h>

#include <math.h>

/* spec/lola.md 7: code = floor(U / Uref * 4095) */
static void a_voltage_is_the_code_that_does_not_exceed_it(void **state)
{
	static const struct {
		enum haldls_dac channel;
		double voltage;
		uint32_t code;
	} rows[] = {
		{ HALDLS_DAC_V_RESET, 0, 0 },
		{ HALDLS_DAC_V_RESET, 1.2, 4095 },
		{ HALDLS_DAC_V_RES_MEAS, 0.6, 2047 },
		{ HALDLS_DAC_MUX_DAC_25, 2.5, 4095 },
		{ HALDLS_DAC_I_REF_BOARD, 1.25, 2047 },
		{ HALDLS_DAC_ANA_READOUT_DEBUG_1, 1, 1638 },
	};
	struct haldls_dac_channel_block block;
	(void)state;
	haldls_dac_channel_block_init(&block);
	FOR_ROWS(i, rows)
	{
		double voltage;
		assert_ok(haldls_supply_set_voltage(&block, rows[i].channel, rows[i].voltage));
		assert_int_equal(block.value[rows[i].channel], rows[i].code);
		assert_ok(haldls_supply_get_voltage(&voltage, &block, rows[i].channel));
		assert_true(voltage <= rows[i].voltage + 1e-12 &&
			    voltage > rows[i].voltage - 2.5 / 4095);
	}
}

static void what_has_no_voltage_is_refused(void **state)
{
	struct haldls_dac_channel_block block;
	double voltage = 7;
	(void)state;
	haldls_dac_channel_block_init(&block);
	assert_error(haldls_supply_set_voltage(&block, HALDLS_DAC_VDD12_PLL, 1), HXCOMM_EINVAL,
		"channel 13 of the board's converters has no voltage");
	assert_error(haldls_supply_get_voltage(&voltage, &block, (enum haldls_dac)16),
		HXCOMM_EINVAL, "channel 16");
	assert_error(haldls_supply_set_voltage(&block, HALDLS_DAC_V_RESET, 1.3), HXCOMM_ERANGE,
		"1.3 V, allowed are 0 to 1.2 V");
	assert_error(haldls_supply_set_voltage(&block, HALDLS_DAC_V_RESET, -0.1), HXCOMM_ERANGE,
		"-0.1 V");
	assert_int_equal(
		haldls_supply_set_voltage(&block, HALDLS_DAC_V_RESET, (double)NAN), HXCOMM_ERANGE);
	assert_true(voltage > 6.9);
	for (uint32_t i = 0; i < 16; i++)
		assert_int_equal(block.value[i], 0);
}

/* spec/lola.md 7 */
static void regulators_have_two_settings(void **state)
{
	static const uint32_t first[16] = {
		[8] = 275, [9] = 315, [10] = 275, [11] = 315, [12] = 440, [13] = 440
	};
	static const uint32_t second[16] = {
		[8] = 608, [9] = 2090, [10] = 608, [11] = 1630, [12] = 440, [13] = 440
	};
	struct haldls_dac_channel_block block;
	(void)state;
	haldls_supply_init_ldo_1(&block);
	assert_memory_equal(block.value, first, sizeof(first));
	haldls_supply_init_ldo_2(&block);
	assert_memory_equal(block.value, second, sizeof(second));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_voltage_is_the_code_that_does_not_exceed_it),
		cmocka_unit_test(what_has_no_voltage_is_refused),
		cmocka_unit_test(regulators_have_two_settings),
	};
	return cmocka_run_group_tests_name("haldls/supply", tests, NULL, NULL);
}

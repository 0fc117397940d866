// SPDX-License-Identifier: MIT
#include <haldls/supply.h>
#include <hxcomm/error.h>

enum { CODE_MAX = 4095 };

/* Full scale in V; 0 where a channel has no law. */
static double full_scale(enum haldls_dac channel)
{
	switch (channel) {
	case HALDLS_DAC_V_RESET:
	case HALDLS_DAC_V_RES_MEAS:
	case HALDLS_DAC_MUX_RFU_0:
	case HALDLS_DAC_MUX_RFU_1:
		return 1.2;
	case HALDLS_DAC_I_REF_BOARD:
	case HALDLS_DAC_ANA_READOUT_DEBUG_0:
	case HALDLS_DAC_ANA_READOUT_DEBUG_1:
	case HALDLS_DAC_MUX_DAC_25:
		return 2.5;
	default:
		return 0;
	}
}

static int no_law(enum haldls_dac channel)
{
	return hxcomm_error_set(HXCOMM_EINVAL,
		"channel %d of the board's converters has no voltage of its own: those are 0 to 7",
		(int)channel);
}

int haldls_supply_set_voltage(
	struct haldls_dac_channel_block *block, enum haldls_dac channel, double voltage)
{
	const double scale = full_scale(channel);
	if (scale <= 0)
		return no_law(channel);
	if (!(voltage >= 0 && voltage <= scale))
		return hxcomm_error_set(HXCOMM_ERANGE, "channel %d is %g V, allowed are 0 to %g V",
			(int)channel, voltage, scale);
	block->value[channel] = (uint32_t)(voltage / scale * CODE_MAX);
	return HXCOMM_OK;
}

int haldls_supply_get_voltage(
	double *voltage, const struct haldls_dac_channel_block *block, enum haldls_dac channel)
{
	const double scale = full_scale(channel);
	if (scale <= 0)
		return no_law(channel);
	*voltage = block->value[channel] * scale / CODE_MAX;
	return HXCOMM_OK;
}

void haldls_supply_init_ldo_1(struct haldls_dac_channel_block *out)
{
	haldls_dac_channel_block_init(out);
	out->value[HALDLS_DAC_VDD25_DIGITAL] = out->value[HALDLS_DAC_VDD25_ANALOG] = 275;
	out->value[HALDLS_DAC_VDD12_DIGITAL] = out->value[HALDLS_DAC_VDD12_ANALOG] = 315;
	out->value[HALDLS_DAC_VDD12_MADC] = out->value[HALDLS_DAC_VDD12_PLL] = 440;
}

void haldls_supply_init_ldo_2(struct haldls_dac_channel_block *out)
{
	haldls_dac_channel_block_init(out);
	out->value[HALDLS_DAC_VDD25_DIGITAL] = out->value[HALDLS_DAC_VDD25_ANALOG] = 608;
	out->value[HALDLS_DAC_VDD12_DIGITAL] = 2090;
	out->value[HALDLS_DAC_VDD12_ANALOG] = 1630;
	out->value[HALDLS_DAC_VDD12_MADC] = out->value[HALDLS_DAC_VDD12_PLL] = 440;
}

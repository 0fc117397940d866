// SPDX-License-Identifier: MIT
#ifndef HALDLS_SUPPLY_H
#define HALDLS_SUPPLY_H

/** @file
 *  @brief Voltages of the board's converters.
 *  @defgroup haldls_supply Supplies
 *
 *  Sixteen channels of 12 bits. Eight of them give a voltage of their own; those of the supplies
 *  control regulators, whose law is not linear: there are two settings for two kinds of them.
 *  Source: spec/lola.md 7, spec/coordinates.json DACChannelOnBoard
 *  @{ */

#include <haldls/coordinates/board.h>
#include <haldls/logical.h>
#include <hxcomm/export.h>

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Set the voltage of a channel: the highest code that does not exceed it.
 *  @param[in,out] block  unchanged after an error
 *  @param channel        V_RESET to MUX_DAC_25
 *  @param voltage        in V; 0 … 1.2 or 2.5
 *  @retval 0              set
 *  @retval HXCOMM_EINVAL  the channel has no voltage of its own
 *  @retval HXCOMM_ERANGE  the voltage lies outside the channel's range */
HXCOMM_API HXCOMM_NODISCARD int haldls_supply_set_voltage(struct haldls_dac_channel_block *block,
        enum haldls_dac channel, double voltage);

/** Get the voltage of a channel.
 *  @param[out] voltage  in V; unchanged after an error
 *  @param block         the channels
 *  @param channel       V_RESET to MUX_DAC_25
 *  @retval 0              got
 *  @retval HXCOMM_EINVAL  the channel has no voltage of its own */
HXCOMM_API HXCOMM_NODISCARD int haldls_supply_get_voltage(double *voltage,
        const struct haldls_dac_channel_block *block, enum haldls_dac channel);

/** Set all channels as boards with regulators of the first kind need them; the others are 0.
 *  @param[out] out  the channels */
HXCOMM_API void haldls_supply_init_ldo_1(struct haldls_dac_channel_block *out);

/** Set all channels as boards with regulators of the second kind need them; the others are 0.
 *  @param[out] out  the channels */
HXCOMM_API void haldls_supply_init_ldo_2(struct haldls_dac_channel_block *out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#include "clocks.h"

#include <haldls/containers.h>

#include <math.h>

enum {
	OUTPUTS = 4,
	SELF_TEST = 5,
	REFERENCE_MHZ = 50,
	REFERENCE_TICKS = 5, /* of 4 ns */
	COUNTER_BITS = 20,
};

bool emulator__clocks_run(const struct emulator_clocks *clocks)
{
	for (unsigned i = 0; i < EMULATOR_PLL_NEEDED; i++)
		if (!clocks->word[i])
			return false;
	return !clocks->broken;
}

static double generated(const struct emulator_clocks *clocks, unsigned generator, unsigned output)
{
	struct haldls_adpll pll;
	if (haldls_adpll_container.decode(&pll, &clocks->word[2 * generator]) || !pll.enable ||
	        !pll.enable_output_clock || clocks->broken)
		return 0;
	const double dco = (double)REFERENCE_MHZ * pll.pre_div_p0 * pll.loop_div_n;
	if (output == 0)
		return dco / (pll.pre_div_p1 * pll.core_div_m0);
	return output == 1 ? dco / (pll.pre_div_p1 * pll.core_div_m1) : dco / pll.pre_div_p2;
}

double emulator__clocks_frequency(const struct emulator_clocks *clocks, unsigned output)
{
	struct haldls_pll_clock_output_block block;
	if (output >= OUTPUTS ||
	        haldls_pll_clock_output_block_container.decode(&block, &clocks->word[4]) ||
	        !block.enable_output[output])
		return 0;
	if (block.enable_bypass[output])
		return REFERENCE_MHZ;
	return generated(clocks, block.select_adpll[output],
	        (unsigned)block.select_adpll_output[output]);
}

void emulator__clocks_write(struct emulator_clocks *clocks, unsigned number, uint32_t value,
        uint32_t mask, uint64_t tick)
{
	uint32_t *word = &clocks->word[number];
	const bool ran = clocks->word[SELF_TEST] & 1;
	*word = (*word & ~mask) | (value & mask);
	if (number == SELF_TEST && !ran && *word & 1)
		clocks->test_begin = tick;
}

uint32_t emulator__clocks_self_test(const struct emulator_clocks *clocks, uint64_t tick)
{
	struct haldls_pll_self_test test;
	if (haldls_pll_self_test_container.decode(&test, &clocks->word[SELF_TEST]) ||
	        !test.clock_enable)
		return 0;
	/* cycles of the reference */
	const uint64_t window = UINT64_C(1) << (test.pre_scaler_p + 2);
	if (tick - clocks->test_begin < window * REFERENCE_TICKS)
		return 0;
	const double share = emulator__clocks_frequency(clocks, test.select_source) / REFERENCE_MHZ;
	const double count = floor(share * (double)window);
	const bool success = count > 0 && fabs(count - test.check_value) <= test.check_range;
	const uint32_t shown =
	        count < 1 << COUNTER_BITS ? (uint32_t)count : (1u << COUNTER_BITS) - 1;
	return shown | 1u << COUNTER_BITS | (uint32_t)success << (COUNTER_BITS + 1);
}

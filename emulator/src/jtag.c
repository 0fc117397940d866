// SPDX-License-Identifier: MIT
#include "jtag.h"

enum {
	IDCODE = 1,
	PLL_TARGET = 3,
	SHIFT_PLL = 4,
	OMNIBUS_ADDRESS = 5,
	OMNIBUS_DATA = 6,
	OMNIBUS_REQUEST = 7,
	PHY_MASK = 0x47, /* PHY p is 0x40 | p << 3 | 4 */
	PHY = 0x44,
	INSTRUCTION_BITS = 7,
	STATE_CYCLES = 5, /* of TCK, from idle through capture and update back to idle */
};

static uint64_t ones(unsigned bits)
{
	return (UINT64_C(1) << bits) - 1;
}

static void occupy(struct emulator_jtag *jtag, uint64_t now, unsigned bits)
{
	jtag->idle_at = now + (uint64_t)(bits + STATE_CYCLES) * (jtag->scaler + 2u);
}

void emulator__jtag_reset_chip(struct emulator_jtag *jtag)
{
	*jtag = (struct emulator_jtag){ .scaler = jtag->scaler, .idle_at = jtag->idle_at };
}

void emulator__jtag_init(struct emulator_jtag *jtag, uint64_t now)
{
	jtag->ready = true;
	jtag->instruction = IDCODE;
	occupy(jtag, now, 0);
}

void emulator__jtag_select(struct emulator_jtag *jtag, uint64_t now, uint8_t instruction)
{
	jtag->instruction = instruction & 0x7f;
	occupy(jtag, now, INSTRUCTION_BITS);
}

static bool is_phy(const struct emulator_jtag *jtag)
{
	return (jtag->instruction & PHY_MASK) == PHY;
}

/* Length of the selected register, and what it captures. */
static unsigned capture(uint64_t *content, const struct emulator_jtag *jtag)
{
	*content = 0;
	if (is_phy(jtag)) {
		*content = jtag->phy[jtag->instruction >> 3 & 7];
		return 22;
	}
	switch (jtag->instruction) {
	case IDCODE:
		*content = EMULATOR_IDCODE;
		return 32;
	case PLL_TARGET:
		*content = jtag->pll_target;
		return 4;
	case SHIFT_PLL:
		return 32;
	case OMNIBUS_ADDRESS:
		*content = jtag->address;
		return 33;
	case OMNIBUS_DATA:
		*content = jtag->data;
		return 32;
	case OMNIBUS_REQUEST:
		return 3;
	default:
		return 1; /* bypass */
	}
}

static void request(struct emulator_jtag *jtag, struct emulator_chip *chip, uint64_t tick)
{
	const uint32_t address = (uint32_t)jtag->address;
	if (jtag->address >> 32)
		/* the samples of the converter do not come this way (source:
		 * spec/registers_chip.md 1) */
		jtag->data = emulator__chip_is_sample(address)
		        ? 0
		        : emulator__chip_read(chip, tick, address);
	else
		emulator__chip_write(chip, tick, address, jtag->data, 15);
}

void emulator__jtag_update(struct emulator_jtag *jtag, struct emulator_chip *chip, uint64_t tick)
{
	const uint64_t content = jtag->content;
	if (!jtag->shifted)
		return;
	jtag->shifted = false;
	if (is_phy(jtag)) {
		jtag->phy[jtag->instruction >> 3 & 7] = (uint32_t)content;
		return;
	}
	switch (jtag->instruction) {
	case PLL_TARGET:
		jtag->pll_target = (uint8_t)content;
		break;
	case SHIFT_PLL:
		if (jtag->pll_target < EMULATOR_PLL_WORDS)
			emulator__chip_write(chip, tick, EMULATOR_PLL_ADDRESS + jtag->pll_target,
			        (uint32_t)content, 15);
		break;
	case OMNIBUS_ADDRESS:
		jtag->address = content;
		break;
	case OMNIBUS_DATA:
		jtag->data = (uint32_t)content;
		break;
	case OMNIBUS_REQUEST:
		request(jtag, chip, tick);
		break;
	default:
		break;
	}
}

uint64_t emulator__jtag_shift(struct emulator_jtag *jtag, uint64_t now, uint64_t data,
        unsigned bits)
{
	uint64_t content;
	occupy(jtag, now, bits);
	if (!jtag->ready || !bits)
		return 0;
	const unsigned length = capture(&content, jtag);
	data &= ones(bits);
	const uint64_t out = (content | data << length) & ones(bits);
	if (bits >= length)
		content = data >> (bits - length) & ones(length);
	else
		content = (content >> bits | data << (length - bits)) & ones(length);
	jtag->content = content;
	jtag->shifted = true;
	return out;
}

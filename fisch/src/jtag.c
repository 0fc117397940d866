// SPDX-License-Identifier: MIT
#include "jtag.h"
#include "program.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

/* JTAG registers (source: spec/transport.md 1.3) */
enum {
	IR_IDCODE = 1,
	IR_PLL_TARGET = 3,
	IR_PLL_SHIFT = 4,
	IR_OMNIBUS_ADDRESS = 5,
	IR_OMNIBUS_DATA = 6,
	IR_OMNIBUS_REQUEST = 7,
	IR_PHY = 0x44, /* | PHY << 3 */
};

enum { BITS_MIN = 3, BITS_MAX = 33, PLL_TARGET_BITS = 4, PHY_BITS = 22 };

int fisch_program_append_jtag_reset(struct fisch_program *program)
{
	return fisch__append(program, hxcomm_word_jtag_init());
}

int fisch_program_append_jtag_scaler(struct fisch_program *program, uint32_t scaler)
{
	if (scaler > 255)
		return hxcomm_error_set(HXCOMM_ERANGE, "JTAG scaler is %u, allowed are 0 to 255",
		        scaler);
	return fisch__append(program, hxcomm_word_jtag_scaler(scaler));
}

int fisch_program_append_jtag_instruction(struct fisch_program *program, uint32_t ir)
{
	if (ir > 127)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "JTAG instruction is %u, allowed are 0 to 127", ir);
	return fisch__append(program, hxcomm_word_jtag_instruction(ir));
}

static int check_data(uint64_t data, uint32_t bits)
{
	if (bits < BITS_MIN || bits > BITS_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "JTAG shift of %u bits, allowed are %d to %d", bits, BITS_MIN, BITS_MAX);
	if (data >> bits)
		return hxcomm_error_set(HXCOMM_ERANGE, "JTAG data 0x%llx has more than %u bits",
		        (unsigned long long)data, bits);
	return HXCOMM_OK;
}

int fisch_program_append_jtag_write(struct fisch_program *program, uint64_t data, uint32_t bits)
{
	const int status = check_data(data, bits);
	if (status != HXCOMM_OK)
		return status;
	return fisch__append(program, hxcomm_word_jtag_data(data, bits, false));
}

int fisch_program_append_jtag_read(struct fisch_ticket *out, struct fisch_program *program,
        uint64_t data, uint32_t bits)
{
	const int status = check_data(data, bits);
	if (status != HXCOMM_OK)
		return status;
	const uint64_t word = hxcomm_word_jtag_data(data, bits, true);
	return fisch__append_read(out, program, &word, 1, FISCH_RESPONSE_JTAG);
}

int fisch__jtag_omnibus_write(struct fisch_program *program, uint32_t address, uint32_t value)
{
	const uint64_t words[] = {
		hxcomm_word_jtag_instruction(IR_OMNIBUS_ADDRESS),
		hxcomm_word_jtag_data(address, 33, false),
		hxcomm_word_jtag_instruction(IR_OMNIBUS_DATA),
		hxcomm_word_jtag_data(value, 32, false),
		hxcomm_word_jtag_instruction(IR_OMNIBUS_REQUEST),
		hxcomm_word_jtag_data(0, 3, false),
	};
	return fisch_program_append_words(program, words, sizeof(words) / sizeof(*words));
}

int fisch__jtag_omnibus_read(struct fisch_ticket *out, struct fisch_program *program,
        uint32_t address)
{
	const uint64_t words[] = {
		hxcomm_word_jtag_instruction(IR_OMNIBUS_ADDRESS),
		hxcomm_word_jtag_data(UINT64_C(1) << 32 | address, 33, false),
		hxcomm_word_jtag_instruction(IR_OMNIBUS_REQUEST),
		hxcomm_word_jtag_data(0, 3, false),
		hxcomm_word_jtag_instruction(IR_OMNIBUS_DATA),
		hxcomm_word_jtag_data(0, 32, true),
	};
	return fisch__append_read(out, program, words, sizeof(words) / sizeof(*words),
	        FISCH_RESPONSE_JTAG);
}

int fisch__jtag_pll_write(struct fisch_program *program, uint32_t index, uint32_t value)
{
	const uint64_t words[] = {
		hxcomm_word_jtag_instruction(IR_PLL_TARGET),
		hxcomm_word_jtag_data(index, PLL_TARGET_BITS, false),
		hxcomm_word_jtag_instruction(IR_PLL_SHIFT),
		hxcomm_word_jtag_data(value, 32, false),
	};
	return fisch_program_append_words(program, words, sizeof(words) / sizeof(*words));
}

int fisch__jtag_phy_write(struct fisch_program *program, uint32_t index, uint32_t value)
{
	const uint64_t words[] = {
		hxcomm_word_jtag_instruction(IR_PHY | index << 3),
		hxcomm_word_jtag_data(value, PHY_BITS, false),
	};
	return fisch_program_append_words(program, words, sizeof(words) / sizeof(*words));
}

int fisch__jtag_id_read(struct fisch_ticket *out, struct fisch_program *program)
{
	const uint64_t words[] = {
		hxcomm_word_jtag_instruction(IR_IDCODE),
		hxcomm_word_jtag_data(0, 32, true),
	};
	return fisch__append_read(out, program, words, sizeof(words) / sizeof(*words),
	        FISCH_RESPONSE_JTAG);
}

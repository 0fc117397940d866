// SPDX-License-Identifier: MIT
#include "spi.h"

/* A client is an address; each write delivers one byte, the stop flag ends the transfer. */
static const uint32_t shift_register_at = 0x88007001, dac_at = 0x88007002;
static const uint32_t stop = UINT32_C(1) << 31;

enum { DAC_CHANNELS = 8, DAC_CONTROLS = 4, DAC_CONTROL_FLAG = 0x80, CONTROL_LDAC = 1, LDAC = 2 };

int fisch__spi_shift_write(struct fisch_program *program, uint32_t value)
{
	const uint32_t at[] = { shift_register_at, shift_register_at, shift_register_at };
	const uint32_t bytes[] = { value >> 16 & 0xff, value >> 8 & 0xff, stop | (value & 0xff) };
	return fisch_program_append_omnibus_writes(program, at, bytes, 3);
}

int fisch__spi_dac_data_write(struct fisch_program *program, uint32_t coordinate, uint32_t value)
{
	const uint32_t dac = dac_at + 2 * (coordinate / DAC_CHANNELS);
	const uint32_t frame = coordinate % DAC_CHANNELS << 12 | value;
	const uint32_t at[] = { dac, dac, dac, dac };
	/* the DAC takes the value over when ldac is written */
	const uint32_t bytes[] = { frame >> 8, stop | (frame & 0xff),
		DAC_CONTROL_FLAG | CONTROL_LDAC << 5, stop | LDAC };
	return fisch_program_append_omnibus_writes(program, at, bytes, 4);
}

int fisch__spi_dac_control_write(struct fisch_program *program, uint32_t coordinate, uint32_t value)
{
	const uint32_t dac = dac_at + 2 * (coordinate / DAC_CONTROLS);
	const uint32_t at[] = { dac, dac };
	const uint32_t bytes[] = { DAC_CONTROL_FLAG | coordinate % DAC_CONTROLS << 5,
		stop | value };
	return fisch_program_append_omnibus_writes(program, at, bytes, 2);
}

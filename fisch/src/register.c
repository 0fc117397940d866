// SPDX-License-Identifier: MIT
/* One table says what each back end takes; two switches say how. */
#include <fisch/register.h>

#include "i2c.h"
#include "jtag.h"
#include "program.h"
#include "spi.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <string.h>

enum { ALL_BYTES = 15 };

static const uint32_t timer_at = 0x8800000c;

enum { READ = 1, WRITE = 2 };

static const struct {
	uint8_t access;
	uint8_t value_bits;
	uint32_t coordinates; /* number of registers; 0: 2^32 */
} backends[FISCH_BACKEND_COUNT] = {
	[FISCH_OMNIBUS] = { READ | WRITE, 32, 0 },
	[FISCH_OMNIBUS_CHIP_OVER_JTAG] = { READ | WRITE, 32, UINT32_C(1) << 31 },
	[FISCH_JTAG_PLL_REGISTER] = { WRITE, 32, 8 },
	[FISCH_JTAG_PHY_REGISTER] = { WRITE, 22, 8 },
	[FISCH_JTAG_ID_CODE] = { READ, 32, 1 },
	[FISCH_JTAG_CLOCK_SCALER] = { WRITE, 8, 1 },
	[FISCH_RESET_JTAG_TAP] = { WRITE, 0, 1 },
	[FISCH_RESET_CHIP] = { WRITE, 1, 1 },
	[FISCH_TIMER] = { READ | WRITE, 0, 1 },
	[FISCH_WAIT_UNTIL] = { WRITE, 32, 1 },
	[FISCH_BARRIER] = { WRITE, 5, 1 },
	[FISCH_SYSTIME_SYNC] = { WRITE, 1, 1 },
	[FISCH_POLLING_OMNIBUS_BLOCK] = { WRITE, 1, 1 },
	[FISCH_SPIKE_PACK_1_TO_CHIP] = { WRITE, 16, 1 },
	[FISCH_SPIKE_PACK_2_TO_CHIP] = { WRITE, 32, 1 },
	[FISCH_SPIKE_PACK_3_TO_CHIP] = { 0, 0, 1 },
	[FISCH_NULL_PAYLOAD_READABLE] = { READ, 0, 1 },
	[FISCH_SPI_SHIFT_REGISTER] = { WRITE, 24, 1 },
	[FISCH_SPI_DAC_DATA_REGISTER] = { WRITE, 12, 16 },
	[FISCH_SPI_DAC_CONTROL_REGISTER] = { WRITE, 13, 8 },
	[FISCH_I2C_ID_REGISTER] = { READ, 32, 1 },
	[FISCH_I2C_TEMP_REGISTER] = { READ, 16, 1 },
	[FISCH_I2C_INA219_RO_REGISTER] = { READ, 16, 24 },
	[FISCH_I2C_INA219_RW_REGISTER] = { READ | WRITE, 16, 12 },
	[FISCH_I2C_TCA9554_RO_REGISTER] = { READ, 8, 1 },
	[FISCH_I2C_TCA9554_RW_REGISTER] = { READ | WRITE, 8, 3 },
	[FISCH_I2C_AD5252_RW_REGISTER] = { READ | WRITE, 8, 12 },
	[FISCH_I2C_DAC6573_RW_REGISTER] = { READ | WRITE, 10, 4 },
	[FISCH_I2C_TCA9546_REGISTER] = { READ | WRITE, 8, 1 },
};

static const char *const names[FISCH_BACKEND_COUNT] = {
#define NAME(constant, name) [constant] = name,
	FISCH_BACKENDS(NAME)
#undef NAME
};

const char *fisch_backend_name(enum fisch_backend backend)
{
	return (unsigned)backend < FISCH_BACKEND_COUNT ? names[backend] : "unknown back end";
}

int fisch_backend_find(const char *name)
{
	for (int i = 0; i < FISCH_BACKEND_COUNT; i++)
		if (!strcmp(names[i], name))
			return i;
	return hxcomm_error_set(HXCOMM_ENOENT, "no back end '%.64s'; such as Omnibus", name);
}

/* Where an I2C register lies (source: spec/transport.md 3.4). */
static struct fisch__i2c i2c_register(enum fisch_backend backend, uint32_t coordinate)
{
	static const uint8_t ad5252_numbers[] = { 0x01, 0x21, 0x03, 0x23 };
	static const uint8_t ina219_rw_numbers[] = { 0, 5 };
	const uint8_t c = (uint8_t)coordinate;
	switch (backend) {
	case FISCH_I2C_ID_REGISTER:
		return (struct fisch__i2c){ .device = 0x50, .number = 0xfc, .bytes = 4 };
	case FISCH_I2C_TEMP_REGISTER:
		return (struct fisch__i2c){ .device = 0x48, .number = 0, .bytes = 2 };
	case FISCH_I2C_INA219_RO_REGISTER:
		return (struct fisch__i2c){ .device = (uint8_t)(0x40 + c / 4),
			.number = (uint8_t)(1 + c % 4), .bytes = 2 };
	case FISCH_I2C_INA219_RW_REGISTER:
		return (struct fisch__i2c){ .device = (uint8_t)(0x40 + c / 2),
			.number = ina219_rw_numbers[c % 2], .bytes = 2 };
	case FISCH_I2C_TCA9554_RO_REGISTER:
		return (struct fisch__i2c){ .device = 0x38, .number = 0, .bytes = 1 };
	case FISCH_I2C_TCA9554_RW_REGISTER:
		return (struct fisch__i2c){
			.device = 0x38, .number = (uint8_t)(1 + c), .bytes = 1
		};
	case FISCH_I2C_AD5252_RW_REGISTER:
		return (struct fisch__i2c){ .device = (uint8_t)(0x2c + c / 4),
			.number = ad5252_numbers[c % 4], .bytes = 1 };
	case FISCH_I2C_DAC6573_RW_REGISTER:
		return (struct fisch__i2c){ .device = 0x4c, .number = (uint8_t)(0x10 + 2 * c),
			.bytes = 2, .shift = 6 };
	default: /* FISCH_I2C_TCA9546_REGISTER */
		return (struct fisch__i2c){ .device = 0x70, .bytes = 1, .unnumbered = true };
	}
}

static int check(enum fisch_backend backend, uint32_t coordinate, unsigned access)
{
	if ((unsigned)backend >= FISCH_BACKEND_COUNT)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%d is no back end: 0 to %d are", (int)backend,
		        FISCH_BACKEND_COUNT - 1);
	if (backend == FISCH_SPIKE_PACK_3_TO_CHIP && access == WRITE)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "%s does not fit into one value: use fisch_program_append_spikes()",
		        names[backend]);
	if (!(backends[backend].access & access))
		return hxcomm_error_set(HXCOMM_ENOTSUP, "back end %s cannot be %s", names[backend],
		        access == READ ? "read" : "written");
	if (backends[backend].coordinates && coordinate >= backends[backend].coordinates)
		return hxcomm_error_set(HXCOMM_ERANGE, "%s register %u, there are 0 to %u",
		        names[backend], coordinate, backends[backend].coordinates - 1);
	return HXCOMM_OK;
}

static int check_value(enum fisch_backend backend, uint32_t value, uint8_t byte_enables)
{
	const uint64_t limit = UINT64_C(1) << backends[backend].value_bits;
	if (value >= limit)
		return hxcomm_error_set(HXCOMM_ERANGE, "%s value is 0x%x, allowed are 0 to 0x%x",
		        names[backend], value, (unsigned)(limit - 1));
	if (byte_enables > ALL_BYTES || (byte_enables != ALL_BYTES && backend != FISCH_OMNIBUS))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s byte enables are 0x%02x: 0 to 0x0f on Omnibus, else only 0x0f",
		        names[backend], byte_enables);
	return HXCOMM_OK;
}

int fisch_program_append_register_write(struct fisch_program *program, enum fisch_backend backend,
        uint32_t coordinate, uint32_t value, uint8_t byte_enables)
{
	int status = check(backend, coordinate, WRITE);
	if (status == HXCOMM_OK)
		status = check_value(backend, value, byte_enables);
	if (status != HXCOMM_OK)
		return status;
	switch (backend) {
	case FISCH_OMNIBUS:
		return fisch_program_append_omnibus_write_bytes(program, coordinate, value,
		        byte_enables);
	case FISCH_OMNIBUS_CHIP_OVER_JTAG:
		return fisch__jtag_omnibus_write(program, coordinate, value);
	case FISCH_JTAG_PLL_REGISTER:
		return fisch__jtag_pll_write(program, coordinate, value);
	case FISCH_JTAG_PHY_REGISTER:
		return fisch__jtag_phy_write(program, coordinate, value);
	case FISCH_JTAG_CLOCK_SCALER:
		return fisch__append(program, hxcomm_word_jtag_scaler(value));
	case FISCH_RESET_JTAG_TAP:
		return fisch__append(program, hxcomm_word_jtag_init());
	case FISCH_RESET_CHIP:
		return fisch__append(program, hxcomm_word_chip_reset(value));
	case FISCH_TIMER:
		return fisch__append(program, hxcomm_word_timer_setup());
	case FISCH_WAIT_UNTIL:
		return fisch__append(program, hxcomm_word_wait_until(value));
	case FISCH_BARRIER:
		return fisch__append(program, hxcomm_word_barrier(value));
	case FISCH_SYSTIME_SYNC:
		return fisch__append(program, hxcomm_word_systime_init(value));
	case FISCH_POLLING_OMNIBUS_BLOCK:
		return fisch__append(program, hxcomm_word_polling_block(value));
	case FISCH_SPIKE_PACK_1_TO_CHIP:
		return fisch__append(program, hxcomm_word_spike_pack_1((uint16_t)value));
	case FISCH_SPIKE_PACK_2_TO_CHIP:
		return fisch__append(program,
		        hxcomm_word_spike_pack_2((uint16_t)(value >> 16), (uint16_t)value));
	case FISCH_SPI_SHIFT_REGISTER:
		return fisch__spi_shift_write(program, value);
	case FISCH_SPI_DAC_DATA_REGISTER:
		return fisch__spi_dac_data_write(program, coordinate, value);
	case FISCH_SPI_DAC_CONTROL_REGISTER:
		return fisch__spi_dac_control_write(program, coordinate, value);
	default: {
		const struct fisch__i2c at = i2c_register(backend, coordinate);
		return fisch__i2c_write(program, &at, value);
	}
	}
}

int fisch_program_append_register_read(struct fisch_ticket *out, struct fisch_program *program,
        enum fisch_backend backend, uint32_t coordinate)
{
	const int status = check(backend, coordinate, READ);
	if (status != HXCOMM_OK)
		return status;
	switch (backend) {
	case FISCH_OMNIBUS:
		return fisch_program_append_omnibus_read(out, program, coordinate);
	case FISCH_OMNIBUS_CHIP_OVER_JTAG:
		return fisch__jtag_omnibus_read(out, program, coordinate);
	case FISCH_JTAG_ID_CODE:
		return fisch__jtag_id_read(out, program);
	case FISCH_TIMER:
		return fisch_program_append_omnibus_read(out, program, timer_at);
	case FISCH_NULL_PAYLOAD_READABLE:
		return fisch_program_append_tick(out, program);
	default: {
		const struct fisch__i2c at = i2c_register(backend, coordinate);
		return fisch__i2c_read(out, program, &at);
	}
	}
}

int fisch_program_append_register_reads(struct fisch_ticket *out, struct fisch_program *program,
        enum fisch_backend backend, const uint32_t *coordinates, size_t count)
{
	if (count == 0 || count > HXCOMM_PLAYBACK_WORDS)
		return hxcomm_error_set(HXCOMM_EINVAL, "%zu reads: 1 to %d make a ticket", count,
		        HXCOMM_PLAYBACK_WORDS);
	const struct fisch_mark before = fisch_program_mark(program);
	struct fisch_ticket first = { 0 };
	for (size_t i = 0; i < count; i++) {
		const int status = fisch_program_append_register_read(i ? NULL : &first, program,
		        backend, coordinates[i]);
		if (status != HXCOMM_OK) {
			fisch_program_remove_after(program, &before);
			return status;
		}
	}
	first.count = (uint32_t)count;
	if (out)
		*out = first;
	return HXCOMM_OK;
}

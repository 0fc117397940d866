// SPDX-License-Identifier: MIT
#ifndef FISCH_REGISTER_H
#define FISCH_REGISTER_H

/** @file
 *  @brief Registers of all back ends, each a coordinate and a value.
 *  @defgroup fisch_register Registers
 *
 *  A back end is a way to a register: the omnibus, JTAG, the SPI and I2C buses of the board, or an
 *  instruction of the FPGA that acts like a register. What a write or read becomes as words:
 *  spec/transport.md 3.1 to 3.4.
 *
 *  | back end | coordinate | value | read | write |
 *  |---|---|---|---|---|
 *  | Omnibus | word address | 32 bits, byte enables | yes | yes |
 *  | OmnibusChipOverJTAG | word address on the chip (31 bits) | 32 bits | yes | yes |
 *  | JTAGPLLRegister | 0 … 7 | 32 bits | | yes |
 *  | JTAGPhyRegister | 0 … 7 | 22 bits | | yes |
 *  | JTAGIdCode | 0 | 32 bits | yes | |
 *  | JTAGClockScaler | 0 | 0 … 255 | | yes |
 *  | ResetJTAGTap | 0 | 0 | | yes |
 *  | ResetChip | 0 | 1 asserted, 0 released | | yes |
 *  | Timer | 0 | write: 0 | yes | yes |
 *  | WaitUntil | 0 | 32 bits | | yes |
 *  | Barrier | 0 | 0 … 31 | | yes |
 *  | SystimeSync, PollingOmnibusBlock | 0 | 0, 1 | | yes |
 *  | SpikePack1ToChip | 0 | label | | yes |
 *  | SpikePack2ToChip | 0 | first label << 16, second label | | yes |
 *  | SpikePack3ToChip | | use fisch_program_append_spikes() | | |
 *  | NullPayloadReadable | 0 | the response carries the time | yes | |
 *  | SPIShiftRegister | 0 | 24 bits | | yes |
 *  | SPIDACDataRegister | 8 DAC + channel, 0 … 15 | 12 bits | | yes |
 *  | SPIDACControlRegister | 4 DAC + control, 0 … 7 | 13 bits | | yes |
 *  | I2CIdRegister | 0 | 32 bits | yes | |
 *  | I2CTempRegister | 0 | 16 bits | yes | |
 *  | I2CINA219RoRegister | 4 monitor + register, 0 … 23 | 16 bits | yes | |
 *  | I2CINA219RwRegister | 2 monitor + register, 0 … 11 | 16 bits | yes | yes |
 *  | I2CTCA9554RoRegister | 0 | 8 bits | yes | |
 *  | I2CTCA9554RwRegister | 0 … 2 | 8 bits | yes | yes |
 *  | I2CAD5252RwRegister | 4 device + 2 channel + persistent, 0 … 11 | 8 bits | yes | yes |
 *  | I2CDAC6573RwRegister | channel, 0 … 3 | 10 bits | yes | yes |
 *  | I2CTCA9546Register | 0 | 8 bits | yes | yes |
 *
 *  Reading I2CTCA9546Register sets it to 0: the read sends the number of a register, as with all
 *  I2C devices, and this one takes it for its content.
 *  @{ */

#include <fisch/ticket.h>
#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fisch_program;

/** The one list of back ends: constant, name. */
#define FISCH_BACKENDS(X)                                                                          \
	X(FISCH_OMNIBUS, "Omnibus")                                                                \
	X(FISCH_OMNIBUS_CHIP_OVER_JTAG, "OmnibusChipOverJTAG")                                     \
	X(FISCH_JTAG_PLL_REGISTER, "JTAGPLLRegister")                                              \
	X(FISCH_JTAG_PHY_REGISTER, "JTAGPhyRegister")                                              \
	X(FISCH_JTAG_ID_CODE, "JTAGIdCode")                                                        \
	X(FISCH_JTAG_CLOCK_SCALER, "JTAGClockScaler")                                              \
	X(FISCH_RESET_JTAG_TAP, "ResetJTAGTap")                                                    \
	X(FISCH_RESET_CHIP, "ResetChip")                                                           \
	X(FISCH_TIMER, "Timer")                                                                    \
	X(FISCH_WAIT_UNTIL, "WaitUntil")                                                           \
	X(FISCH_BARRIER, "Barrier")                                                                \
	X(FISCH_SYSTIME_SYNC, "SystimeSync")                                                       \
	X(FISCH_POLLING_OMNIBUS_BLOCK, "PollingOmnibusBlock")                                      \
	X(FISCH_SPIKE_PACK_1_TO_CHIP, "SpikePack1ToChip")                                          \
	X(FISCH_SPIKE_PACK_2_TO_CHIP, "SpikePack2ToChip")                                          \
	X(FISCH_SPIKE_PACK_3_TO_CHIP, "SpikePack3ToChip")                                          \
	X(FISCH_NULL_PAYLOAD_READABLE, "NullPayloadReadable")                                      \
	X(FISCH_SPI_SHIFT_REGISTER, "SPIShiftRegister")                                            \
	X(FISCH_SPI_DAC_DATA_REGISTER, "SPIDACDataRegister")                                       \
	X(FISCH_SPI_DAC_CONTROL_REGISTER, "SPIDACControlRegister")                                 \
	X(FISCH_I2C_ID_REGISTER, "I2CIdRegister")                                                  \
	X(FISCH_I2C_TEMP_REGISTER, "I2CTempRegister")                                              \
	X(FISCH_I2C_INA219_RO_REGISTER, "I2CINA219RoRegister")                                     \
	X(FISCH_I2C_INA219_RW_REGISTER, "I2CINA219RwRegister")                                     \
	X(FISCH_I2C_TCA9554_RO_REGISTER, "I2CTCA9554RoRegister")                                   \
	X(FISCH_I2C_TCA9554_RW_REGISTER, "I2CTCA9554RwRegister")                                   \
	X(FISCH_I2C_AD5252_RW_REGISTER, "I2CAD5252RwRegister")                                     \
	X(FISCH_I2C_DAC6573_RW_REGISTER, "I2CDAC6573RwRegister")                                   \
	X(FISCH_I2C_TCA9546_REGISTER, "I2CTCA9546Register")

/** A back end. */
enum fisch_backend {
#define FISCH_BACKEND_ENUM(constant, name) constant,
	FISCH_BACKENDS(FISCH_BACKEND_ENUM)
#undef FISCH_BACKEND_ENUM
	FISCH_BACKEND_COUNT, /**< number of back ends */
};

/** Name of a back end.
 *  @param backend  the back end
 *  @return such as "Omnibus"; "unknown back end" for any other value. Never NULL, lives for ever */
HXCOMM_API const char *fisch_backend_name(enum fisch_backend backend);

/** Find a back end by name.
 *  @param name  such as "Omnibus"
 *  @return an enum fisch_backend, or HXCOMM_ENOENT with a message */
HXCOMM_API HXCOMM_NODISCARD int fisch_backend_find(const char *name);

/** Append a write of a register.
 *  @param program       the program; unchanged after an error
 *  @param backend       the back end
 *  @param coordinate    which register: see the table above
 *  @param value         see the table above
 *  @param byte_enables  lanes that are written, bit i for bits 8i+7:8i; only the omnibus takes
 *                       another than 15
 *  @retval 0               appended
 *  @retval HXCOMM_EINVAL   no such back end
 *  @retval HXCOMM_ERANGE   coordinate, value or byte enables do not fit, or the program is full
 *  @retval HXCOMM_ENOTSUP  this back end cannot be written
 *  @retval HXCOMM_ENOMEM   memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_register_write(struct fisch_program *program,
        enum fisch_backend backend, uint32_t coordinate, uint32_t value, uint8_t byte_enables);

/** Append a read of a register.
 *  @param[out] out    the ticket of one value; unchanged after an error; may be NULL
 *  @param program     the program; unchanged after an error
 *  @param backend     the back end
 *  @param coordinate  which register: see the table above
 *  @retval 0               appended
 *  @retval HXCOMM_EINVAL   no such back end
 *  @retval HXCOMM_ERANGE   the coordinate does not exist, or the program is full
 *  @retval HXCOMM_ENOTSUP  this back end cannot be read
 *  @retval HXCOMM_ENOMEM   memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_register_read(struct fisch_ticket *out,
        struct fisch_program *program, enum fisch_backend backend, uint32_t coordinate);

/** Append reads of many registers of one back end, one ticket for all.
 *  @param[out] out     the ticket of @p count values; unchanged after an error; may be NULL
 *  @param program      the program; unchanged after an error
 *  @param backend      the back end
 *  @param coordinates  [count] which registers
 *  @param count        number of reads; 1 …
 *  @return as fisch_program_append_register_read(); HXCOMM_EINVAL where count is 0 */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_register_reads(struct fisch_ticket *out,
        struct fisch_program *program, enum fisch_backend backend, const uint32_t *coordinates,
        size_t count);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef HXCOMM_WORDS_H
#define HXCOMM_WORDS_H

/** @file
 *  @brief The 64-bit words that the FPGA executes.
 *  @defgroup hxcomm_words Instruction words
 *
 *  One instruction is one word: the code in the top byte, the payload right aligned below
 *  (source: spec/transport.md 1.2, 1.3). The functions here cut arguments to the width of their
 *  field and check nothing: the libraries above do.
 *  @{ */

#include <stdbool.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Instructions to the FPGA; the value is the top byte of the word. */
enum hxcomm_instruction {
	HXCOMM_JTAG_INIT = 0x00,        /**< reset the TAP state machine */
	HXCOMM_JTAG_SCALER = 0x01,      /**< TCK = FPGA clock / (scaler + 2) */
	HXCOMM_JTAG_INSTRUCTION = 0x02, /**< select a JTAG register */
	HXCOMM_JTAG_DATA = 0x03,        /**< shift 3 … 33 bits through it */
	HXCOMM_TIMER_SETUP = 0x04,      /**< timer = 0 */
	HXCOMM_WAIT_UNTIL = 0x05,       /**< stall until the timer has a value */
	HXCOMM_SYSTIME_INIT = 0x06,     /**< synchronise, or report, the chip's time */
	HXCOMM_BARRIER = 0x07,          /**< stall until channels are idle */
	HXCOMM_POLLING_BLOCK = 0x08,    /**< stall until an omnibus word (un)equals a target */
	HXCOMM_CHIP_RESET = 0x09,       /**< level of the chip's reset line */
	HXCOMM_LOOPBACK = 0x0a,         /**< send back: halt or tick */
	HXCOMM_OMNIBUS_ADDRESS = 0x0b,  /**< a read, or the first half of a write */
	HXCOMM_OMNIBUS_DATA = 0x0c,     /**< second half of a write */
	HXCOMM_SPIKE_PACK_1 = 0x0d,     /**< one event to the chip */
	HXCOMM_SPIKE_PACK_2 = 0x0e,     /**< two events to the chip */
	HXCOMM_SPIKE_PACK_3 = 0x0f,     /**< three events to the chip */
};

/** Messages from the FPGA; the value is the first byte of the message. */
enum hxcomm_response {
	HXCOMM_RESPONSE_JTAG = 0x00,     /**< 33 bits shifted out */
	HXCOMM_RESPONSE_OMNIBUS = 0x01,  /**< 32 bits read */
	HXCOMM_RESPONSE_LOOPBACK = 0x02, /**< halt or tick come back */
	HXCOMM_RESPONSE_LINK = 0x03,     /**< notification of a high-speed link */
	HXCOMM_RESPONSE_TIMEOUT = 0x04,  /**< an instruction blocked too long */
	HXCOMM_RESPONSE_SYSTIME = 0x05,  /**< absolute time */
	HXCOMM_RESPONSE_SYSDELTA = 0x06, /**< time increment */
	HXCOMM_RESPONSE_MADC_1 = 0x07,   /**< one MADC sample */
	HXCOMM_RESPONSE_MADC_2 = 0x08,   /**< two MADC samples */
	HXCOMM_RESPONSE_MADC_3 = 0x09,   /**< three MADC samples, 10 bytes */
	HXCOMM_RESPONSE_SPIKE_1 = 0x0a,  /**< one spike */
	HXCOMM_RESPONSE_SPIKE_2 = 0x0b,  /**< two spikes */
	HXCOMM_RESPONSE_SPIKE_3 = 0x0c,  /**< three spikes, 10 bytes */
};

/** Channels a barrier waits for, to be or'ed. */
enum {
	HXCOMM_BARRIER_OMNIBUS = 1,             /**< the omnibus is idle, writes have arrived */
	HXCOMM_BARRIER_JTAG = 2,                /**< JTAG is idle */
	HXCOMM_BARRIER_SYSTIME = 4,             /**< synchronisation of the chip's time is
	                                         finished */
	HXCOMM_BARRIER_MULTI_FPGA = 8,          /**< all FPGAs of the set-up arrived */
	HXCOMM_BARRIER_SYSTIME_CORRECTION = 16, /**< correction of the systime is finished */
	HXCOMM_BARRIER_ALL = 31,                /**< all of them */
};

/** Numbers of the link. */
enum {
	HXCOMM_INSTRUCTIONS = 16,        /**< number of instructions */
	HXCOMM_RESPONSES = 13,           /**< number of messages from the FPGA */
	HXCOMM_PLAYBACK_WORDS = 4194304, /**< words in the playback memory of the FPGA */
};

/** The word that ends a program. Appended by hxcomm_run(): programs do not hold it. */
#define HXCOMM_WORD_HALT UINT64_C(0x0a00000000000000)

/** Any instruction.
 *  @param code     the instruction
 *  @param payload  at most 56 bits
 *  @return the word */
static inline uint64_t hxcomm_word(enum hxcomm_instruction code, uint64_t payload)
{
	return ((uint64_t)code << 56) | payload;
}

/** Top byte of a word. @param word any word @return its code; 16 … 255 are no instruction */
static inline unsigned hxcomm_word_instruction(uint64_t word)
{
	return (unsigned)(word >> 56);
}

/** Reset the TAP state machine. @return the word */
static inline uint64_t hxcomm_word_jtag_init(void)
{
	return hxcomm_word(HXCOMM_JTAG_INIT, 0);
}

/** Set the JTAG clock. @param scaler 0 … 255: TCK = 125 MHz / (scaler + 2) @return the word */
static inline uint64_t hxcomm_word_jtag_scaler(uint32_t scaler)
{
	return hxcomm_word(HXCOMM_JTAG_SCALER, scaler & 0xffu);
}

/** Select a JTAG register. @param ir 0 … 127 @return the word */
static inline uint64_t hxcomm_word_jtag_instruction(uint32_t ir)
{
	return hxcomm_word(HXCOMM_JTAG_INSTRUCTION, ir & 0x7fu);
}

/** Shift bits through the selected JTAG register.
 *  @param data  33 bits, the least significant goes first
 *  @param bits  number of bits, 3 … 33
 *  @param keep  send the bits that come out as a response
 *  @return the word */
static inline uint64_t hxcomm_word_jtag_data(uint64_t data, uint32_t bits, bool keep)
{
	return hxcomm_word(HXCOMM_JTAG_DATA,
	        ((uint64_t)keep << 48) | ((uint64_t)(bits & 0xffu) << 40) |
	                (data & UINT64_C(0x1ffffffff)));
}

/** Set the timer to 0. @return the word */
static inline uint64_t hxcomm_word_timer_setup(void)
{
	return hxcomm_word(HXCOMM_TIMER_SETUP, 0);
}

/** Stall until the timer has reached a value. @param cycles of 8 ns @return the word */
static inline uint64_t hxcomm_word_wait_until(uint32_t cycles)
{
	return hxcomm_word(HXCOMM_WAIT_UNTIL, cycles);
}

/** Chip time. @param sync true: synchronise it with the FPGA, false: report it @return the word */
static inline uint64_t hxcomm_word_systime_init(bool sync)
{
	return hxcomm_word(HXCOMM_SYSTIME_INIT, sync);
}

/** Stall until channels are idle. @param mask HXCOMM_BARRIER_… or'ed, 0 … 31 @return the word */
static inline uint64_t hxcomm_word_barrier(uint32_t mask)
{
	return hxcomm_word(HXCOMM_BARRIER, mask & 0x1fu);
}

/** Stall on the polled word. @param equal true: until equal, false: until different
 *  @return the word */
static inline uint64_t hxcomm_word_polling_block(bool equal)
{
	return hxcomm_word(HXCOMM_POLLING_BLOCK, equal);
}

/** Reset line of the chip. @param on asserted or released @return the word */
static inline uint64_t hxcomm_word_chip_reset(bool on)
{
	return hxcomm_word(HXCOMM_CHIP_RESET, on);
}

/** Send back. @param tick true: tick, false: halt @return the word */
static inline uint64_t hxcomm_word_loopback(bool tick)
{
	return hxcomm_word(HXCOMM_LOOPBACK, tick);
}

/** Omnibus address.
 *  @param address       word address; bit 31 set: FPGA, clear: chip
 *  @param byte_enables  lanes that are written, bit 0 for bits 7:0 of the data; 15 for a read
 *  @param read          true: read, one response comes; false: a data word must follow
 *  @return the word */
static inline uint64_t hxcomm_word_omnibus_address(
        uint32_t address, uint32_t byte_enables, bool read)
{
	return hxcomm_word(HXCOMM_OMNIBUS_ADDRESS,
	        ((uint64_t)read << 36) | ((uint64_t)(byte_enables & 0xfu) << 32) | address);
}

/** Data of an omnibus write. @param value what is written @return the word */
static inline uint64_t hxcomm_word_omnibus_data(uint32_t value)
{
	return hxcomm_word(HXCOMM_OMNIBUS_DATA, value);
}

/** One event. @param label its label @return the word */
static inline uint64_t hxcomm_word_spike_pack_1(uint16_t label)
{
	return hxcomm_word(HXCOMM_SPIKE_PACK_1, label);
}

/** Two events, sent in order. @param label0 first label @param label1 second label
 *  @return the word */
static inline uint64_t hxcomm_word_spike_pack_2(uint16_t label0, uint16_t label1)
{
	return hxcomm_word(HXCOMM_SPIKE_PACK_2, ((uint64_t)label0 << 16) | label1);
}

/** Three events, sent in order.
 *  @param label0  first label
 *  @param label1  second label
 *  @param label2  third label
 *  @return the word */
static inline uint64_t hxcomm_word_spike_pack_3(uint16_t label0, uint16_t label1, uint16_t label2)
{
	return hxcomm_word(HXCOMM_SPIKE_PACK_3,
	        ((uint64_t)label0 << 32) | ((uint64_t)label1 << 16) | label2);
}

#ifdef __cplusplus
}
#endif
/** @} */
#endif

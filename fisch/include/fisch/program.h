// SPDX-License-Identifier: MIT
#ifndef FISCH_PROGRAM_H
#define FISCH_PROGRAM_H

/** @file
 *  @brief A playback program: one growing array of instruction words.
 *  @defgroup fisch_program Programs
 *
 *  Appenders add words at the end. One that fails leaves the program as it was. A read gives a
 *  ticket (fisch/ticket.h): its place among the responses of its kind. Times are FPGA cycles of
 *  8 ns on a 32-bit timer. A program holds no halt: hxcomm_run() adds it.
 *
 *  Put a barrier for the bus that was read at the end of a program, else a response may come after
 *  the end (source: spec/transport.md 2.1).
 *
 *  Every appender returns
 *  - 0: appended;
 *  - #HXCOMM_ERANGE: an argument does not fit, or the program would be longer than its limit;
 *  - #HXCOMM_ENOMEM: memory is exhausted;
 *
 *  and what its own page says.
 *  @{ */

#include <fisch/ticket.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A program. Made by fisch_program_new(). */
struct fisch_program;

/** A place in a program: how many words, and how many responses they will cause. */
struct fisch_mark {
	size_t words;      /**< number of words */
	uint32_t omnibus;  /**< responses of the omnibus expected */
	uint32_t jtag;     /**< JTAG responses expected */
	uint32_t loopback; /**< ticks expected */
};

/** Make an empty program.
 *  @param[out] out     the program, owned by the caller; NULL after an error
 *  @param limit_words  most words; 0 means 4 194 304, the playback memory of the FPGA
 *  @retval 0              made
 *  @retval HXCOMM_ERANGE  @p limit_words exceeds the playback memory: timing would not hold
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_new(struct fisch_program **out, size_t limit_words);

/** Make a program with the same words and limit. Tickets of the one hold for the other.
 *  @param[out] out  the copy, owned by the caller; NULL after an error
 *  @param program   stays as it is
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_copy(struct fisch_program **out,
        const struct fisch_program *program);

/** Give back the memory. @param program may be NULL */
HXCOMM_API void fisch_program_free(struct fisch_program *program);

/** Forget all words, keep the memory. Tickets lose their meaning. @param program the program */
HXCOMM_API void fisch_program_clear(struct fisch_program *program);

/** The words.
 *  @param program     the program
 *  @param[out] count  their number
 *  @return [count] words, lent until the program changes; may be NULL where count is 0 */
HXCOMM_API const uint64_t *fisch_program_words(const struct fisch_program *program, size_t *count);

/** The end of the program now: to go back to, or to shift tickets by.
 *  @param program  the program
 *  @return words and expected responses so far */
HXCOMM_API struct fisch_mark fisch_program_mark(const struct fisch_program *program);

/** Go back: forget what was appended since a mark.
 *  @param program  the program
 *  @param mark     from fisch_program_mark() of this program, which has not been shorter since */
HXCOMM_API void fisch_program_remove_after(struct fisch_program *program,
        const struct fisch_mark *mark);

/** Append words as they are. Reads among them count, so that later tickets stay right.
 *  @param program  the program
 *  @param words    [count] instruction words; may not be the program's own
 *  @param count    number of words
 *  @return see above, and HXCOMM_EINVAL: a word is no instruction, or is a halt */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_words(struct fisch_program *program,
        const uint64_t *words, size_t count);

/** Append another program. Its tickets hold for the result after fisch_ticket_shift() by the mark
 *  that @p program had before.
 *  @param program  the program
 *  @param other    stays as it is; may be @p program itself
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_program(struct fisch_program *program,
        const struct fisch_program *other);

/** Write a word over the omnibus: 2 words.
 *  @param program  the program
 *  @param address  word address; bit 31 set: FPGA, clear: chip
 *  @param value    what is written
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_omnibus_write(struct fisch_program *program,
        uint32_t address, uint32_t value);

/** Write some bytes of a word over the omnibus: 2 words.
 *  @param program       the program
 *  @param address       word address
 *  @param value         what is written
 *  @param byte_enables  lanes that are written, bit i for bits 8i+7:8i; 0 … 15
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_omnibus_write_bytes(
        struct fisch_program *program, uint32_t address, uint32_t value, uint8_t byte_enables);

/** Write many words over the omnibus: 2 words each, in order.
 *  @param program    the program
 *  @param addresses  [count] word addresses
 *  @param values     [count] what is written
 *  @param count      number of writes
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_omnibus_writes(struct fisch_program *program,
        const uint32_t *addresses, const uint32_t *values, size_t count);

/** Read a word over the omnibus: 1 word, 1 response.
 *  @param[out] out  the ticket; unchanged after an error; may be NULL
 *  @param program   the program
 *  @param address   word address
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_omnibus_read(struct fisch_ticket *out,
        struct fisch_program *program, uint32_t address);

/** Read many words over the omnibus: 1 word and 1 response each, one ticket for all.
 *  @param[out] out   the ticket of @p count values; unchanged after an error; may be NULL
 *  @param program    the program
 *  @param addresses  [count] word addresses
 *  @param count      number of reads
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_omnibus_reads(struct fisch_ticket *out,
        struct fisch_program *program, const uint32_t *addresses, size_t count);

/** Set the timer to 0. @param program the program @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_timer_reset(struct fisch_program *program);

/** Stall until the timer has reached a value; a past value continues at once.
 *  @param program  the program
 *  @param cycles   of 8 ns since the last timer reset; 0 … 2^32 - 1 (34.36 s)
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_wait_until(struct fisch_program *program,
        uint64_t cycles);

/** Stall until channels are idle.
 *  @param program  the program
 *  @param mask     HXCOMM_BARRIER_… or'ed; 0 … 31
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_barrier(struct fisch_program *program,
        uint32_t mask);

/** Stall on the polled omnibus word (set up at FPGA registers 0x88000006 … 8: address, target,
 *  mask).
 *  @param program  the program
 *  @param equal    true: until the masked word equals the target; false: until it differs
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_poll(
        struct fisch_program *program, bool equal);

/** Synchronise the chip's time with the FPGA's, or only have it reported.
 *  @param program  the program
 *  @param sync     true: synchronise; follow with a barrier for the systime
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_systime_sync(struct fisch_program *program,
        bool sync);

/** Level of the chip's reset line. Hold it for 10 cycles, wait for 100 afterwards.
 *  @param program  the program
 *  @param on       asserted or released
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_chip_reset(struct fisch_program *program,
        bool on);

/** Ask for the time: 1 word, 1 response. Read it by fisch_ticket_time().
 *  @param[out] out  the ticket; unchanged after an error; may be NULL
 *  @param program   the program
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_tick(struct fisch_ticket *out,
        struct fisch_program *program);

/** Reset the TAP state machine. @param program the program @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_jtag_reset(struct fisch_program *program);

/** Set the JTAG clock, TCK = 125 MHz / (scaler + 2).
 *  @param program  the program
 *  @param scaler   0 … 255; the bring-up uses 3
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_jtag_scaler(struct fisch_program *program,
        uint32_t scaler);

/** Select a JTAG register.
 *  @param program  the program
 *  @param ir       0 … 127
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_jtag_instruction(
        struct fisch_program *program, uint32_t ir);

/** Shift bits through the selected JTAG register, drop what comes out.
 *  @param program  the program
 *  @param data     the bits, the least significant goes first; fit into @p bits
 *  @param bits     3 … 33
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_jtag_write(struct fisch_program *program,
        uint64_t data, uint32_t bits);

/** Shift bits through the selected JTAG register, keep what comes out: 1 word, 1 response.
 *  @param[out] out  the ticket; unchanged after an error; may be NULL
 *  @param program   the program
 *  @param data      the bits, the least significant goes first; fit into @p bits
 *  @param bits      3 … 33
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_jtag_read(struct fisch_ticket *out,
        struct fisch_program *program, uint64_t data, uint32_t bits);

/** Send events to the chip now: packs of up to 3 labels, one word and one cycle a pack.
 *  @param program  the program
 *  @param labels   [count] labels in the order they are sent
 *  @param count    number of events
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_spikes(struct fisch_program *program,
        const uint16_t *labels, size_t count);

/** Send events to the chip at given times: a wait for each time, then the packs of its events.
 *  Events of equal time share packs, in order.
 *  @param program      the program
 *  @param time_cycles  [count] ascending, cycles of 8 ns since the last timer reset; 0 … 2^32 - 1
 *  @param labels       [count] labels
 *  @param count        number of events
 *  @return see above, and HXCOMM_EINVAL: the times do not ascend */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_append_spike_train(struct fisch_program *program,
        const uint64_t *time_cycles, const uint16_t *labels, size_t count);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

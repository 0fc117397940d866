// SPDX-License-Identifier: MIT
#ifndef FISCH_PROGRAM_TEXT_H
#define FISCH_PROGRAM_TEXT_H

/** @file
 *  @brief Programs to read and to compare.
 *  @defgroup fisch_program_text Programs as text
 *
 *  A word is one line: its name, then its arguments, with one space between. Addresses, data and
 *  labels are hexadecimal, all else is decimal. The names are those of the appenders:
 *
 *      omnibus_write fpga 0x88004000 bytes 0xf
 *      omnibus_data 0x000000ff
 *      omnibus_read chip 0x00012345
 *      jtag_write 0x1deadbeef bits 33
 *      wait_until 12500
 *      barrier omnibus jtag
 *      spikes 0x1111 0x2222 0x3333
 *
 *  and jtag_reset, jtag_scaler, jtag_instruction, jtag_read, timer_reset, systime
 *  synchronise|report, poll equal|different, chip_reset on|off, tick, halt. A read that does not
 *  enable all bytes has them behind it, as a write does. An instruction with bits set that mean
 *  nothing is "stray_bits 0x…", all 64 of them. The form is stable, and no two words look alike:
 *  lines may be compared.
 *  @{ */

#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#ifdef __cplusplus
extern "C" {
#endif

struct fisch_program;

/** Bytes that a word as text takes at most, with the zero at its end. */
enum { FISCH_WORD_TEXT = 64 };

/** The first place where two programs differ. */
struct fisch_program_difference {
	size_t word;                 /**< index of the word */
	char left[FISCH_WORD_TEXT];  /**< what the left one has there, or "end of program" */
	char right[FISCH_WORD_TEXT]; /**< what the right one has there, or "end of program" */
};

/** Print a word.
 *  @param[out] out  [FISCH_WORD_TEXT] text without a line end; "undefined 0x…" for no instruction
 *  @param word      any word */
HXCOMM_API void fisch_word_print(char out[FISCH_WORD_TEXT], uint64_t word);

/** Print a program: a line for each word, begun by its index.
 *  @param out      where to
 *  @param program  the program
 *  @retval 0           printed
 *  @retval HXCOMM_EIO  the operating system refused */
HXCOMM_API HXCOMM_NODISCARD int fisch_program_print(FILE *out, const struct fisch_program *program);

/** Compare the words of two programs.
 *  @param[out] out  the first difference; unchanged where there is none
 *  @param left      a program
 *  @param right     another; their limits do not matter
 *  @return true where they differ */
HXCOMM_API bool fisch_program_find_difference(struct fisch_program_difference *out,
        const struct fisch_program *left, const struct fisch_program *right);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

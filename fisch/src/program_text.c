// SPDX-License-Identifier: MIT
/* Words as text, and the first place where two programs differ. */
#include <fisch/program_text.h>

#include <fisch/program.h>
#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static void print_barrier(char out[FISCH_WORD_TEXT], uint64_t mask)
{
	static const char *const names[] = { "omnibus", "jtag", "systime", "multi_fpga",
		"systime_correction" };
	size_t length = (size_t)snprintf(out, FISCH_WORD_TEXT, "barrier");
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (mask >> i & 1)
			length += (size_t)snprintf(out + length, FISCH_WORD_TEXT - length, " %s",
			        names[i]);
}

static void print_omnibus_address(char out[FISCH_WORD_TEXT], uint64_t word)
{
	const char *side = word >> 31 & 1 ? "fpga" : "chip";
	const unsigned bytes = word >> 32 & 0xf;
	const bool read = word >> 36 & 1;
	const int length = snprintf(out, FISCH_WORD_TEXT, "omnibus_%s %s 0x%08" PRIx32,
	        read ? "read" : "write", side, (uint32_t)word);
	if (!read || bytes != 0xf) /* a read enables all of them */
		snprintf(out + length, FISCH_WORD_TEXT - (size_t)length, " bytes 0x%x", bytes);
}

static void print_spikes(char out[FISCH_WORD_TEXT], uint64_t word, unsigned count)
{
	size_t length = (size_t)snprintf(out, FISCH_WORD_TEXT, "spikes");
	for (unsigned i = count; i-- > 0;)
		length += (size_t)snprintf(out + length, FISCH_WORD_TEXT - length, " 0x%04x",
		        (unsigned)(word >> 16 * i & 0xffff));
}

static void print_number(char out[FISCH_WORD_TEXT], const char *name, uint64_t value)
{
	snprintf(out, FISCH_WORD_TEXT, "%s %" PRIu64, name, value);
}

/* Bits that mean something, of each instruction (source: spec/transport.md 1.3). */
static const uint64_t payload_masks[] = {
	[HXCOMM_JTAG_INIT] = 0,
	[HXCOMM_JTAG_SCALER] = 0xff,
	[HXCOMM_JTAG_INSTRUCTION] = 0x7f,
	[HXCOMM_JTAG_DATA] = 0x1ff01ffffffff,
	[HXCOMM_TIMER_SETUP] = 0,
	[HXCOMM_WAIT_UNTIL] = 0xffffffff,
	[HXCOMM_SYSTIME_INIT] = 1,
	[HXCOMM_BARRIER] = HXCOMM_BARRIER_ALL,
	[HXCOMM_POLLING_BLOCK] = 1,
	[HXCOMM_CHIP_RESET] = 1,
	[HXCOMM_LOOPBACK] = 1,
	[HXCOMM_OMNIBUS_ADDRESS] = 0x1fffffffff,
	[HXCOMM_OMNIBUS_DATA] = 0xffffffff,
	[HXCOMM_SPIKE_PACK_1] = 0xffff,
	[HXCOMM_SPIKE_PACK_2] = 0xffffffff,
	[HXCOMM_SPIKE_PACK_3] = 0xffffffffffff,
};

static bool has_stray_bits(uint64_t word)
{
	const unsigned instruction = hxcomm_word_instruction(word);
	return instruction < sizeof(payload_masks) / sizeof(*payload_masks) &&
	        word << 8 >> 8 & ~payload_masks[instruction];
}

void fisch_word_print(char out[FISCH_WORD_TEXT], uint64_t word)
{
	if (has_stray_bits(word)) { /* so that texts differ where words do */
		snprintf(out, FISCH_WORD_TEXT, "stray_bits 0x%016" PRIx64, word);
		return;
	}
	switch (hxcomm_word_instruction(word)) {
	case HXCOMM_JTAG_INIT:
		snprintf(out, FISCH_WORD_TEXT, "jtag_reset");
		break;
	case HXCOMM_JTAG_SCALER:
		print_number(out, "jtag_scaler", word & 0xff);
		break;
	case HXCOMM_JTAG_INSTRUCTION:
		print_number(out, "jtag_instruction", word & 0x7f);
		break;
	case HXCOMM_JTAG_DATA:
		snprintf(out, FISCH_WORD_TEXT, "%s 0x%09" PRIx64 " bits %u",
		        word >> 48 & 1 ? "jtag_read" : "jtag_write", word & UINT64_C(0x1ffffffff),
		        (unsigned)(word >> 40 & 0xff));
		break;
	case HXCOMM_TIMER_SETUP:
		snprintf(out, FISCH_WORD_TEXT, "timer_reset");
		break;
	case HXCOMM_WAIT_UNTIL:
		print_number(out, "wait_until", word & UINT32_MAX);
		break;
	case HXCOMM_SYSTIME_INIT:
		snprintf(out, FISCH_WORD_TEXT, "systime %s", word & 1 ? "synchronise" : "report");
		break;
	case HXCOMM_BARRIER:
		print_barrier(out, word);
		break;
	case HXCOMM_POLLING_BLOCK:
		snprintf(out, FISCH_WORD_TEXT, "poll %s", word & 1 ? "equal" : "different");
		break;
	case HXCOMM_CHIP_RESET:
		snprintf(out, FISCH_WORD_TEXT, "chip_reset %s", word & 1 ? "on" : "off");
		break;
	case HXCOMM_LOOPBACK:
		snprintf(out, FISCH_WORD_TEXT, "%s", word & 1 ? "tick" : "halt");
		break;
	case HXCOMM_OMNIBUS_ADDRESS:
		print_omnibus_address(out, word);
		break;
	case HXCOMM_OMNIBUS_DATA:
		snprintf(out, FISCH_WORD_TEXT, "omnibus_data 0x%08" PRIx32, (uint32_t)word);
		break;
	case HXCOMM_SPIKE_PACK_1:
	case HXCOMM_SPIKE_PACK_2:
	case HXCOMM_SPIKE_PACK_3:
		print_spikes(out, word, hxcomm_word_instruction(word) - HXCOMM_SPIKE_PACK_1 + 1);
		break;
	default:
		snprintf(out, FISCH_WORD_TEXT, "undefined 0x%016" PRIx64, word);
	}
}

int fisch_program_print(FILE *out, const struct fisch_program *program)
{
	size_t count;
	const uint64_t *words = fisch_program_words(program, &count);
	for (size_t i = 0; i < count; i++) {
		char text[FISCH_WORD_TEXT];
		fisch_word_print(text, words[i]);
		if (fprintf(out, "%zu %s\n", i, text) < 0)
			return hxcomm_error_set(HXCOMM_EIO, "line %zu cannot be written: %s", i,
			        strerror(errno));
	}
	return HXCOMM_OK;
}

static void print_or_end(char out[FISCH_WORD_TEXT], const uint64_t *words, size_t count, size_t at)
{
	if (at < count)
		fisch_word_print(out, words[at]);
	else
		snprintf(out, FISCH_WORD_TEXT, "end of program");
}

bool fisch_program_find_difference(struct fisch_program_difference *out,
        const struct fisch_program *left, const struct fisch_program *right)
{
	size_t left_count, right_count, i = 0;
	const uint64_t *a = fisch_program_words(left, &left_count);
	const uint64_t *b = fisch_program_words(right, &right_count);
	while (i < left_count && i < right_count && a[i] == b[i])
		i++;
	if (i == left_count && i == right_count)
		return false;
	out->word = i;
	print_or_end(out->left, a, left_count, i);
	print_or_end(out->right, b, right_count, i);
	return true;
}

// SPDX-License-Identifier: MIT
#include "program.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

enum { ALL_BYTES = 15 };

/* Too many elements for 2 words each to be counted. */
static int check_count(size_t count)
{
	return count <= HXCOMM_PLAYBACK_WORDS ?
	        HXCOMM_OK :
	        hxcomm_error_set(HXCOMM_ERANGE, "%zu accesses, a program holds at most %d words",
	                count, HXCOMM_PLAYBACK_WORDS);
}

static inline int append_write(struct fisch_program *program, uint32_t address, uint32_t value,
        uint8_t byte_enables)
{
	uint64_t *at;
	const int status = fisch__reserve(&at, program, 2);
	if (status != HXCOMM_OK)
		return status;
	at[0] = hxcomm_word_omnibus_address(address, byte_enables, false);
	at[1] = hxcomm_word_omnibus_data(value);
	program->end.words += 2;
	return HXCOMM_OK;
}

int fisch_program_append_omnibus_write(struct fisch_program *program, uint32_t address,
        uint32_t value)
{
	return append_write(program, address, value, ALL_BYTES);
}

int fisch_program_append_omnibus_write_bytes(struct fisch_program *program, uint32_t address,
        uint32_t value, uint8_t byte_enables)
{
	if (byte_enables > ALL_BYTES)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "byte enables are 0x%02x, allowed are 0 to 0x0f: one bit a byte",
		        byte_enables);
	return append_write(program, address, value, byte_enables);
}

int fisch_program_append_omnibus_writes(struct fisch_program *program, const uint32_t *addresses,
        const uint32_t *values, size_t count)
{
	uint64_t *at;
	int status = check_count(count);
	if (status == HXCOMM_OK)
		status = fisch__reserve(&at, program, 2 * count);
	if (status != HXCOMM_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		at[2 * i] = hxcomm_word_omnibus_address(addresses[i], ALL_BYTES, false);
		at[2 * i + 1] = hxcomm_word_omnibus_data(values[i]);
	}
	program->end.words += 2 * count;
	return HXCOMM_OK;
}

int fisch_program_append_omnibus_read(struct fisch_ticket *out, struct fisch_program *program,
        uint32_t address)
{
	const int status =
	        fisch__append(program, hxcomm_word_omnibus_address(address, ALL_BYTES, true));
	if (status != HXCOMM_OK)
		return status;
	if (out)
		*out = (struct fisch_ticket){ .kind = FISCH_RESPONSE_OMNIBUS,
			.position = program->end.omnibus, .count = 1 };
	program->end.omnibus++;
	return HXCOMM_OK;
}

int fisch_program_append_omnibus_reads(struct fisch_ticket *out, struct fisch_program *program,
        const uint32_t *addresses, size_t count)
{
	uint64_t *at;
	int status = check_count(count);
	if (status == HXCOMM_OK)
		status = fisch__reserve(&at, program, count);
	if (status != HXCOMM_OK)
		return status;
	for (size_t i = 0; i < count; i++)
		at[i] = hxcomm_word_omnibus_address(addresses[i], ALL_BYTES, true);
	if (out)
		*out = (struct fisch_ticket){ .kind = FISCH_RESPONSE_OMNIBUS,
			.position = program->end.omnibus, .count = (uint32_t)count };
	program->end.words += count;
	program->end.omnibus += (uint32_t)count;
	return HXCOMM_OK;
}

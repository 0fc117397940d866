// SPDX-License-Identifier: MIT
#include "i2c.h"
#include "program.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

static const uint32_t base = 0x88007800;

/* A flag of the address ends the transfer after the byte. Changing from write to read restarts it
 * by itself. */
enum { STOP = 0x80, ALL_BYTES = 15, BYTES_MAX = 4 };

int fisch__i2c_write(struct fisch_program *program, const struct fisch__i2c *at, uint32_t value)
{
	const uint32_t address = base + at->device;
	uint32_t addresses[BYTES_MAX + 1], bytes[BYTES_MAX + 1];
	size_t count = 0;
	if (!at->unnumbered) {
		addresses[count] = address;
		bytes[count++] = at->number;
	}
	const uint32_t shifted = value << at->shift;
	for (unsigned left = at->bytes; left > 0; left--) {
		addresses[count] = left == 1 ? address | STOP : address;
		bytes[count++] = shifted >> 8 * (left - 1) & 0xff;
	}
	return fisch_program_append_omnibus_writes(program, addresses, bytes, count);
}

int fisch__i2c_read(struct fisch_ticket *out, struct fisch_program *program,
        const struct fisch__i2c *at)
{
	const uint32_t address = base + at->device;
	const size_t count = 2 + (size_t)at->bytes;
	uint64_t *words;
	const int status = fisch__reserve(&words, program, count);
	if (status != HXCOMM_OK)
		return status;
	words[0] = hxcomm_word_omnibus_address(address, ALL_BYTES, false);
	words[1] = hxcomm_word_omnibus_data(at->number);
	for (size_t i = 2; i < count; i++)
		words[i] = hxcomm_word_omnibus_address(i == count - 1 ? address | STOP : address,
		        ALL_BYTES, true);
	if (out)
		*out = (struct fisch_ticket){ .kind = FISCH_RESPONSE_OMNIBUS, .bytes = at->bytes,
			.shift = at->shift, .device = at->device,
			.position = program->end.omnibus, .count = 1 };
	program->end.words += count;
	program->end.omnibus += at->bytes;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* Any bytes as a saved program: refused with a message, or a program that is saved and loaded again
 * as it is. */
#include <fisch/program.h>
#include <fisch/program_file.h>
#include <fisch/program_text.h>
#include <hxcomm/error.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fisch_program *program, *again;
	struct fisch_program_difference difference;
	uint8_t *bytes;
	size_t length;
	if (fisch_program_decode(&program, data, size) != HXCOMM_OK) {
		if (program || !hxcomm_error_message()[0])
			abort();
		return 0;
	}
	if (fisch_program_encode(&bytes, &length, program) != HXCOMM_OK ||
	        fisch_program_decode(&again, bytes, length) != HXCOMM_OK ||
	        fisch_program_find_difference(&difference, program, again))
		abort();
	free(bytes);
	fisch_program_free(program);
	fisch_program_free(again);
	return 0;
}

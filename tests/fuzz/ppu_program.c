// SPDX-License-Identifier: MIT
/* Any bytes as a program of an embedded processor: they are refused with a reason, or all of it can
 * be loaded and all of its symbols lie in their memories. */
#include <hxcomm/error.h>
#include <stadls/builder.h>
#include <stadls/ppu.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOADED_MAX = 1 << 18 };

static void check_symbols(const struct stadls_ppu_program *program)
{
	static const uint32_t sizes[] = { STADLS_PPU_INTERNAL_BYTES, STADLS_PPU_EXTERNAL_BYTES,
		STADLS_PPU_DRAM_BYTES };
	for (size_t i = 0; i < stadls_ppu_symbol_count(program); i++) {
		struct stadls_ppu_symbol symbol, found;
		if (stadls_ppu_symbol_get(&symbol, program, i) != HXCOMM_OK ||
		        symbol.memory > STADLS_PPU_DRAM || !symbol.size_bytes ||
		        symbol.size_bytes > sizes[symbol.memory] ||
		        symbol.offset_bytes > sizes[symbol.memory] - symbol.size_bytes)
			abort();
		if (i < 16 && (stadls_ppu_symbol_find(&found, program, symbol.name) != HXCOMM_OK ||
		                      strcmp(found.name, symbol.name) != 0))
			abort();
	}
}

static void load(const struct stadls_ppu_program *program)
{
	struct stadls_builder *builder;
	size_t sizes[3], words = 0;
	for (int i = 0; i < 3; i++) {
		stadls_ppu_program_image(program, (enum stadls_ppu_memory)i, &sizes[i]);
		if (sizes[i] % 4)
			abort();
		words += sizes[i] / 4;
	}
	if (words > LOADED_MAX)
		return;
	if (stadls_builder_new(&builder) != HXCOMM_OK ||
	        stadls_ppu_append_program(builder, 0, program) != HXCOMM_OK ||
	        fisch_program_mark(stadls_builder_program(builder)).words != 2 + 2 * words + 1)
		abort();
	stadls_builder_free(builder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct stadls_ppu_program *program = (void *)1;
	const int status = stadls_ppu_program_decode(&program, data, size);
	if (status != HXCOMM_OK) {
		if (program || !hxcomm_error_message()[0] ||
		        (status != HXCOMM_EINVAL && status != HXCOMM_ECORRUPT &&
		                status != HXCOMM_ERANGE))
			abort();
		return 0;
	}
	check_symbols(program);
	load(program);
	stadls_ppu_program_free(program);
	return 0;
}

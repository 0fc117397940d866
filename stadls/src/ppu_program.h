// SPDX-License-Identifier: MIT
#ifndef STADLS_PPU_PROGRAM_H
#define STADLS_PPU_PROGRAM_H

#include <stadls/ppu.h>

enum { STADLS__PPU_MEMORIES = 3 };

struct stadls_ppu_program {
	struct {
		uint8_t *bytes; /* [size] */
		size_t size;
	} image[STADLS__PPU_MEMORIES];
	struct stadls_ppu_symbol *symbols; /* [count] */
	bool *global;                      /* [count] */
	char *names;                       /* of all symbols */
	size_t count;
};

#endif

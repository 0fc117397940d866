// SPDX-License-Identifier: MIT
#ifndef TESTS_STADLS_ELF_FILE_H
#define TESTS_STADLS_ELF_FILE_H

/* ELF files byte by byte, as a linker for the embedded processors lays them out, and any deviation.
 */

#include <stddef.h>
#include <stdint.h>

/** One section of content. */
struct elf_section {
	const char *name;
	uint32_t address;
	const uint8_t *bytes; /* [size]; NULL: NOBITS */
	uint32_t size;
	uint32_t flags; /* 0: SHF_ALLOC */
};

/** One symbol. */
struct elf_symbol {
	const char *name;
	uint32_t value, size;
	uint8_t info; /* bind << 4 | type */
};

/** What a file holds; 0 in the last members is what a linked program has. */
struct elf_file {
	const struct elf_section *sections;
	size_t section_count;
	const struct elf_symbol *symbols;
	size_t symbol_count;
	uint16_t type, machine; /* ET_EXEC, EM_PPC */
	int little_endian;
};

/** Make a file. @return [*size] bytes, free() them */
uint8_t *elf_file_make(size_t *size, const struct elf_file *file);

#endif

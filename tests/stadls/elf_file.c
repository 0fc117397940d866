// SPDX-License-Identifier: MIT
#include "elf_file.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_MAX = 1 << 18 };

struct writer {
	uint8_t *bytes;
	size_t size;
	int little_endian;
};

static void put(struct writer *writer, uint32_t value, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		writer->bytes[writer->size++] =
		        (uint8_t)(value >> 8 * (writer->little_endian ? i : bytes - 1 - i));
}

static void put_bytes(struct writer *writer, const void *bytes, size_t size)
{
	if (size)
		memcpy(writer->bytes + writer->size, bytes, size);
	writer->size += size;
}

static void put_header(struct writer *writer, uint32_t name, uint32_t type, uint32_t flags,
        uint32_t address, uint32_t offset, uint32_t size, uint32_t link, uint32_t entry)
{
	const uint32_t words[] = { name, type, flags, address, offset, size, link, 0, 1, entry };
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
		put(writer, words[i], 4);
}

static uint32_t add_name(struct writer *names, const char *name)
{
	const uint32_t at = (uint32_t)names->size;
	put_bytes(names, name, strlen(name) + 1);
	return at;
}

static void put_symbols(struct writer *out, struct writer *names, const struct elf_file *file)
{
	for (int i = 0; i < 4; i++)
		put(out, 0, 4);
	for (size_t i = 0; i < file->symbol_count; i++) {
		const struct elf_symbol *symbol = &file->symbols[i];
		put(out, add_name(names, symbol->name), 4);
		put(out, symbol->value, 4);
		put(out, symbol->size, 4);
		put(out, symbol->info, 1);
		put(out, 0, 1);
		put(out, 1, 2);
	}
}

uint8_t *elf_file_make(size_t *size, const struct elf_file *file)
{
	struct writer out = { calloc(BYTES_MAX, 1), 0, file->little_endian };
	struct writer names = { calloc(BYTES_MAX, 1), 1, file->little_endian };
	uint32_t offsets[64], name_at[64];
	const uint8_t ident[16] = { 0x7f, 'E', 'L', 'F', ELFCLASS32,
		file->little_endian ? ELFDATA2LSB : ELFDATA2MSB, EV_CURRENT };
	const uint32_t count = (uint32_t)file->section_count;
	out.size = sizeof(Elf32_Ehdr);
	for (uint32_t i = 0; i < count; i++) {
		offsets[i] = (uint32_t)out.size;
		name_at[i] = add_name(&names, file->sections[i].name);
		if (file->sections[i].bytes)
			put_bytes(&out, file->sections[i].bytes, file->sections[i].size);
		out.size = (out.size + 3) / 4 * 4;
	}
	const uint32_t symtab = add_name(&names, ".symtab"), strtab = add_name(&names, ".strtab");
	const uint32_t symbols_at = (uint32_t)out.size;
	put_symbols(&out, &names, file);
	const uint32_t symbols_size = (uint32_t)out.size - symbols_at;
	const uint32_t names_at = (uint32_t)out.size;
	put_bytes(&out, names.bytes, names.size);
	out.size = (out.size + 3) / 4 * 4;
	const uint32_t headers_at = (uint32_t)out.size;
	put_header(&out, 0, 0, 0, 0, 0, 0, 0, 0);
	for (uint32_t i = 0; i < count; i++) {
		const struct elf_section *section = &file->sections[i];
		put_header(&out, name_at[i], section->bytes ? SHT_PROGBITS : SHT_NOBITS,
		        section->flags ? section->flags : SHF_ALLOC, section->address, offsets[i],
		        section->size, 0, 0);
	}
	put_header(&out, symtab, SHT_SYMTAB, 0, 0, symbols_at, symbols_size, count + 2, 16);
	put_header(&out, strtab, SHT_STRTAB, 0, 0, names_at, (uint32_t)names.size, 0, 0);
	*size = out.size;
	out.size = 0;
	put_bytes(&out, ident, sizeof(ident));
	put(&out, file->type ? file->type : ET_EXEC, 2);
	put(&out, file->machine ? file->machine : EM_PPC, 2);
	put(&out, EV_CURRENT, 4);
	put(&out, 0, 4);          /* entry */
	put(&out, 0, 4);          /* no segments */
	put(&out, headers_at, 4);
	put(&out, 0, 4);          /* flags */
	put(&out, sizeof(Elf32_Ehdr), 2);
	put(&out, 0, 2);
	put(&out, 0, 2);
	put(&out, sizeof(Elf32_Shdr), 2);
	put(&out, count + 3, 2);
	put(&out, count + 2, 2); /* names of the sections */
	free(names.bytes);
	return out.bytes;
}

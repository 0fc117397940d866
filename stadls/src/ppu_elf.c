// SPDX-License-Identifier: MIT
/* Linked programs of the embedded processors out of ELF files; libelf does the format. */
#include "ppu_program.h"

#include <hxcomm/error.h>

#include <errno.h>
#include <gelf.h>
#include <inttypes.h>
#include <libelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_BYTES_MAX = 64 << 20, WORD = 4 };

/* Where addresses lie, the highest first (source: spec/lola.md 6). */
static const struct window {
	uint32_t base;
	enum stadls_ppu_memory memory;
} windows[] = {
	{ 0x90000000, STADLS_PPU_DRAM },     /* instructions */
	{ 0x80000000, STADLS_PPU_EXTERNAL }, /* instructions */
	{ 0x50000000, STADLS_PPU_DRAM },
	{ 0x40000000, STADLS_PPU_EXTERNAL },
	{ 0, STADLS_PPU_INTERNAL },
};

static const struct {
	const char *name;
	uint32_t size;
} memories[STADLS__PPU_MEMORIES] = {
	[STADLS_PPU_INTERNAL] = { "internal memory", STADLS_PPU_INTERNAL_BYTES },
	[STADLS_PPU_EXTERNAL] = { "external memory", STADLS_PPU_EXTERNAL_BYTES },
	[STADLS_PPU_DRAM] = { "external DRAM", STADLS_PPU_DRAM_BYTES },
};

static const struct window *find_window(uint32_t address)
{
	const struct window *window = windows;
	while (address < window->base)
		window++;
	return window;
}

static int damaged(const char *what)
{
	const char *reason = elf_errmsg(-1);
	return hxcomm_error_set(HXCOMM_ECORRUPT, "the ELF file is damaged: %s: %s", what,
	        reason ? reason : "it is not where the file says");
}

static int check_header(GElf_Ehdr *out, Elf *elf, size_t count)
{
	if (elf_kind(elf) != ELF_K_ELF)
		return hxcomm_error_set(HXCOMM_EINVAL, "this is no ELF file");
	if (!gelf_getehdr(elf, out))
		return damaged("its header");
	if (gelf_getclass(elf) != ELFCLASS32 || out->e_ident[EI_DATA] != ELFDATA2MSB ||
	        out->e_machine != EM_PPC)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the ELF file is for machine %u with %d bits, %s-endian: the embedded "
		        "processors "
		        "take PowerPC (%u), 32 bits, big-endian",
		        out->e_machine, gelf_getclass(elf) == ELFCLASS32 ? 32 : 64,
		        out->e_ident[EI_DATA] == ELFDATA2MSB ? "big" : "little", EM_PPC);
	if (out->e_type != ET_EXEC)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the ELF file has type %u, no program (%u): link it", out->e_type, ET_EXEC);
	/* libelf takes a table of sections beyond the end for none */
	if (!out->e_shnum || out->e_shentsize != sizeof(Elf32_Shdr) || out->e_shoff > count ||
	        count - out->e_shoff < (size_t)out->e_shnum * sizeof(Elf32_Shdr))
		return hxcomm_error_set(HXCOMM_ECORRUPT,
		        "the ELF file is damaged: %u sections at byte %" PRIu64 " of %zu",
		        out->e_shnum, (uint64_t)out->e_shoff, count);
	return HXCOMM_OK;
}

/* ---- sections -------------------------------------------------------------------------------- */

struct section {
	GElf_Shdr header;
	Elf_Scn *handle;
	const char *name;
	enum stadls_ppu_memory memory;
	uint32_t offset;
};

static bool is_loaded(const struct section *section)
{
	static const char *const parts[] = { ".text", ".data", ".rodata", ".bss", ".init",
		".fini" };
	if (!(section->header.sh_flags & SHF_ALLOC) || !section->header.sh_size)
		return false;
	if (!strncmp(section->name, "int", 3) || !strncmp(section->name, "ext", 3))
		return true;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (strstr(section->name, parts[i]))
			return true;
	return false;
}

static int place(struct section *section)
{
	const uint32_t address = (uint32_t)section->header.sh_addr;
	const bool external = !strncmp(section->name, "ext", 3);
	const struct window *window = find_window(address);
	if (external != (window->memory != STADLS_PPU_INTERNAL))
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "section '%.60s' lies at 0x%08" PRIx32
		        ", in the %s: names beginning with \"ext\" "
		        "belong above 0x40000000, all others below",
		        section->name, address, memories[window->memory].name);
	section->memory = window->memory;
	section->offset = address - window->base;
	const uint64_t end = (uint64_t)section->offset + section->header.sh_size;
	if (section->header.sh_size > UINT32_MAX || end > memories[section->memory].size)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "section '%.60s' at 0x%08" PRIx32 " has %" PRIu64
		        " bytes: the %s ends after %" PRIu32,
		        section->name, address, (uint64_t)section->header.sh_size,
		        memories[section->memory].name, memories[section->memory].size);
	return HXCOMM_OK;
}

static int make_room(struct stadls_ppu_program *program, const struct section *section)
{
	const size_t end = (size_t)section->offset + section->header.sh_size;
	const size_t size = (end + WORD - 1) / WORD * WORD;
	if (size > program->image[section->memory].size)
		program->image[section->memory].size = size;
	return HXCOMM_OK;
}

static int copy_content(struct stadls_ppu_program *program, const struct section *section)
{
	if (section->header.sh_type == SHT_NOBITS)
		return HXCOMM_OK;
	const Elf_Data *data = elf_rawdata(section->handle, NULL);
	if (!data || !data->d_buf || data->d_size != section->header.sh_size)
		return damaged(section->name);
	memcpy(program->image[section->memory].bytes + section->offset, data->d_buf, data->d_size);
	return HXCOMM_OK;
}

typedef int section_visitor(struct stadls_ppu_program *program, const struct section *section);

static int visit_sections(struct stadls_ppu_program *program, Elf *elf, size_t names,
        section_visitor *visit)
{
	struct section section = { .handle = NULL };
	while ((section.handle = elf_nextscn(elf, section.handle))) {
		if (!gelf_getshdr(section.handle, &section.header))
			return damaged("the header of a section");
		section.name = elf_strptr(elf, names, section.header.sh_name);
		if (!section.name)
			return damaged("the name of a section");
		if (!is_loaded(&section))
			continue;
		int status = place(&section);
		if (status == HXCOMM_OK)
			status = visit(program, &section);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

static int read_sections(struct stadls_ppu_program *program, Elf *elf)
{
	size_t names;
	if (elf_getshdrstrndx(elf, &names))
		return damaged("the names of its sections");
	int status = visit_sections(program, elf, names, make_room);
	for (size_t i = 0; i < STADLS__PPU_MEMORIES && status == HXCOMM_OK; i++) {
		if (!program->image[i].size)
			continue;
		program->image[i].bytes = calloc(program->image[i].size, 1);
		if (!program->image[i].bytes)
			status = hxcomm_error_set(HXCOMM_ENOMEM,
			        "no memory for %zu bytes of a program", program->image[i].size);
	}
	return status == HXCOMM_OK ? visit_sections(program, elf, names, copy_content) : status;
}

/* ---- symbols --------------------------------------------------------------------------------- */

/* The symbol table of a program; false where it was stripped. */
static bool find_table(Elf_Scn **out, GElf_Shdr *header, Elf *elf)
{
	*out = NULL;
	while ((*out = elf_nextscn(elf, *out)))
		if (gelf_getshdr(*out, header) && header->sh_type == SHT_SYMTAB)
			return true;
	return false;
}

static int read_symbol(struct stadls_ppu_symbol *out, const GElf_Sym *symbol, const char *name)
{
	const uint32_t address = (uint32_t)symbol->st_value;
	const struct window *window = find_window(address);
	const uint64_t offset = address - window->base;
	*out = (struct stadls_ppu_symbol){
		.name = name,
		.memory = window->memory,
		.offset_bytes = (uint32_t)offset,
		.size_bytes = (uint32_t)symbol->st_size,
		.type = GELF_ST_TYPE(symbol->st_info) == STT_OBJECT ? STADLS_PPU_OBJECT
		        : GELF_ST_TYPE(symbol->st_info) == STT_FUNC ? STADLS_PPU_FUNCTION
		                                                    : STADLS_PPU_OTHER,
	};
	if (symbol->st_size > memories[window->memory].size ||
	        offset > memories[window->memory].size - symbol->st_size)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "symbol '%.60s' at 0x%08" PRIx32 " has %" PRIu64
		        " bytes: the %s ends after %" PRIu32,
		        name, address, (uint64_t)symbol->st_size, memories[window->memory].name,
		        memories[window->memory].size);
	return HXCOMM_OK;
}

/* Symbols that are places; their names go behind each other. With NULL for the program count only.
 */
static int visit_symbols(struct stadls_ppu_program *program, size_t *count, size_t *name_bytes,
        Elf *elf, Elf_Data *data, const GElf_Shdr *header)
{
	const size_t entries = header->sh_entsize ? data->d_size / header->sh_entsize : 0;
	*count = *name_bytes = 0;
	for (size_t i = 0; i < entries; i++) {
		GElf_Sym symbol;
		if (!gelf_getsym(data, (int)i, &symbol))
			return damaged("a symbol");
		if (!symbol.st_size)
			continue;
		const char *name = elf_strptr(elf, header->sh_link, symbol.st_name);
		if (!name)
			return damaged("the name of a symbol");
		const size_t length = strlen(name) + 1;
		if (program) {
			char *copy = program->names + *name_bytes;
			memcpy(copy, name, length);
			const int status = read_symbol(&program->symbols[*count], &symbol, copy);
			if (status != HXCOMM_OK)
				return status;
			program->global[*count] = GELF_ST_BIND(symbol.st_info) != STB_LOCAL;
		}
		++*count;
		*name_bytes += length;
		if (*name_bytes > FILE_BYTES_MAX) /* overlapping names, each with all behind it */
			return damaged("the names of its symbols");
	}
	return HXCOMM_OK;
}

static int read_symbols(struct stadls_ppu_program *program, Elf *elf)
{
	Elf_Scn *table;
	GElf_Shdr header;
	size_t count, name_bytes;
	if (!find_table(&table, &header, elf))
		return HXCOMM_OK;
	if (header.sh_entsize != sizeof(Elf32_Sym))
		return damaged("the size of its symbols");
	Elf_Data *data = elf_getdata(table, NULL);
	if (!data || !data->d_buf)
		return header.sh_size ? damaged("its symbols") : HXCOMM_OK;
	int status = visit_symbols(NULL, &count, &name_bytes, elf, data, &header);
	if (status != HXCOMM_OK)
		return status;
	program->symbols = calloc(count + 1, sizeof(*program->symbols));
	program->global = calloc(count + 1, sizeof(*program->global));
	program->names = malloc(name_bytes + 1);
	if (!program->symbols || !program->global || !program->names)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu symbols", count);
	return visit_symbols(program, &program->count, &name_bytes, elf, data, &header);
}

/* ---- programs -------------------------------------------------------------------------------- */

static int decode(struct stadls_ppu_program *program, char *bytes, size_t count)
{
	GElf_Ehdr header;
	if (elf_version(EV_CURRENT) == EV_NONE)
		return hxcomm_error_set(HXCOMM_ENOTSUP, "libelf is older than this library");
	Elf *elf = elf_memory(bytes, count);
	if (!elf)
		return damaged("it cannot be opened");
	int status = check_header(&header, elf, count);
	if (status == HXCOMM_OK)
		status = read_sections(program, elf);
	if (status == HXCOMM_OK)
		status = read_symbols(program, elf);
	elf_end(elf);
	return status;
}

int stadls_ppu_program_decode(struct stadls_ppu_program **out, const void *bytes, size_t count)
{
	*out = NULL;
	if (count < sizeof(Elf32_Ehdr))
		return hxcomm_error_set(HXCOMM_EINVAL, "%zu bytes are no ELF file", count);
	if (count > FILE_BYTES_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE, "an ELF file of %zu bytes, allowed are %d",
		        count, (int)FILE_BYTES_MAX);
	/* libelf may write into what it is given */
	char *own = malloc(count);
	struct stadls_ppu_program *program = calloc(1, sizeof(*program));
	int status = HXCOMM_OK;
	if (!own || !program)
		status =
		        hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a file of %zu bytes", count);
	if (status == HXCOMM_OK) {
		memcpy(own, bytes, count);
		status = decode(program, own, count);
	}
	if (status == HXCOMM_OK)
		*out = program;
	else
		stadls_ppu_program_free(program);
	free(own);
	return status;
}

static int read_file(char **out, size_t *out_count, const char *path)
{
	FILE *file = fopen(path, "rb");
	size_t count = 0, capacity = 1 << 16;
	int status = HXCOMM_OK;
	*out = NULL;
	*out_count = 0;
	if (!file)
		return hxcomm_error_set(
		        HXCOMM_EIO, "'%s' cannot be opened: %s", path, strerror(errno));
	do {
		capacity *= 2;
		char *grown = realloc(*out, capacity);
		if (!grown) {
			status = hxcomm_error_set(
			        HXCOMM_ENOMEM, "no memory for the file '%s'", path);
			break;
		}
		*out = grown;
		errno = 0;
		count += fread(*out + count, 1, capacity - count, file);
		if (ferror(file))
			status = hxcomm_error_set(HXCOMM_EIO, "'%s' cannot be read: %s", path,
			        strerror(errno));
	} while (status == HXCOMM_OK && count == capacity && count <= FILE_BYTES_MAX);
	fclose(file);
	*out_count = count;
	return status;
}

int stadls_ppu_program_read(struct stadls_ppu_program **out, const char *path)
{
	char *bytes;
	size_t count = 0;
	*out = NULL;
	int status = read_file(&bytes, &count, path);
	if (status == HXCOMM_OK) {
		status = stadls_ppu_program_decode(out, bytes, count);
		if (status != HXCOMM_OK)
			hxcomm_error_wrap(status, "'%s'", path);
	}
	free(bytes);
	return status;
}

void stadls_ppu_program_free(struct stadls_ppu_program *program)
{
	if (!program)
		return;
	for (size_t i = 0; i < STADLS__PPU_MEMORIES; i++)
		free(program->image[i].bytes);
	free(program->symbols);
	free(program->global);
	free(program->names);
	free(program);
}

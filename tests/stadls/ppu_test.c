// SPDX-License-Identifier: MIT
/* Programs out of files that the test lays out byte by byte, and what arrives in a memory. */
#include "assert.h"
#include "elf_file.h"
#include "memory.h"
#include "random.h"

#include <hxcomm/connection.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/builder.h>
#include <stadls/ppu.h>
#include <stadls/run.h>

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { OBJECT = STB_GLOBAL << 4 | STT_OBJECT, LOCAL_OBJECT = STT_OBJECT,
	FUNCTION = STB_GLOBAL << 4 | STT_FUNC };

static const uint8_t text[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10 };
static const uint8_t data[] = { 0xde, 0xad, 0xbe, 0xef, 0x55 };
static const uint8_t external[] = { 0x11, 0x22, 0x33 };
static const uint8_t far[] = { 0x77 };

static const struct elf_section sections[] = {
	{ "int.text", 0, text, sizeof(text), 0 }, { ".data", 0x20, data, sizeof(data), 0 },
	{ ".bss", 0x40, NULL, 6, 0 }, { "ext.text", 0x80000004, external, sizeof(external), 0 },
	{ "ext.data", 0x40000010, far, sizeof(far), 0 },
	{ "ext_dram.data.keep", 0x50000008, data, sizeof(data), 0 },
	{ ".comment", 0, data, sizeof(data), SHF_STRINGS },
	{ ".rela.text", 0, far, sizeof(far),
	        SHF_INFO_LINK }, /* not loaded: no memory is set aside */
};

static const struct elf_symbol symbols[] = {
	{ "start", 0, 8, FUNCTION },
	{ "label", 4, 0, FUNCTION },
	{ "state", 0x24, 1, LOCAL_OBJECT },
	{ "state", 0x20, 4, OBJECT },
	{ "table", 0x40, 6, OBJECT },
	{ "code", 0x80000004, 3, FUNCTION },
	{ "near", 0x40000010, 1, OBJECT },
	{ "wide", 0x50000008, 5, OBJECT },
	{ "hot", 0x90000000, 4, FUNCTION },
};

static const struct elf_file good = {
	.sections = sections,
	.section_count = sizeof(sections) / sizeof(*sections),
	.symbols = symbols,
	.symbol_count = sizeof(symbols) / sizeof(*symbols),
};

static int decode(struct stadls_ppu_program **out, const struct elf_file *file)
{
	size_t size;
	uint8_t *bytes = elf_file_make(&size, file);
	const int status = stadls_ppu_program_decode(out, bytes, size);
	free(bytes);
	return status;
}

static struct stadls_ppu_program *good_program(void)
{
	struct stadls_ppu_program *program;
	assert_ok(decode(&program, &good));
	return program;
}

static struct stadls_builder *new_builder(void)
{
	struct stadls_builder *builder;
	assert_ok(stadls_builder_new(&builder));
	return builder;
}

static void sections_become_images(void **state)
{
	struct stadls_ppu_program *program = good_program();
	uint8_t internal[0x48] = { 0 }, sram[0x14] = { 0 }, dram[0x10] = { 0 };
	size_t size;
	(void)state;
	memcpy(internal, text, sizeof(text));
	memcpy(internal + 0x20, data, sizeof(data));
	memcpy(sram + 4, external, sizeof(external));
	memcpy(sram + 0x10, far, sizeof(far));
	memcpy(dram + 8, data, sizeof(data));
	const uint8_t *image = stadls_ppu_program_image(program, STADLS_PPU_INTERNAL, &size);
	assert_int_equal(size, sizeof(internal)); /* 0x46, up to whole words */
	assert_memory_equal(image, internal, size);
	image = stadls_ppu_program_image(program, STADLS_PPU_EXTERNAL, &size);
	assert_int_equal(size, sizeof(sram));
	assert_memory_equal(image, sram, size);
	image = stadls_ppu_program_image(program, STADLS_PPU_DRAM, &size);
	assert_int_equal(size, sizeof(dram));
	assert_memory_equal(image, dram, size);
	assert_null(stadls_ppu_program_image(program, (enum stadls_ppu_memory)3, &size));
	assert_int_equal(size, 0);
	stadls_ppu_program_free(program);
	stadls_ppu_program_free(NULL);
}

static void symbols_are_places(void **state)
{
	static const struct { const char *name; enum stadls_ppu_symbol_type type;
		enum stadls_ppu_memory memory; uint32_t offset, size; } rows[] = {
		{ "start", STADLS_PPU_FUNCTION, STADLS_PPU_INTERNAL, 0, 8 },
		{ "state", STADLS_PPU_OBJECT, STADLS_PPU_INTERNAL, 0x20, 4 }, /* the global one */
		{ "table", STADLS_PPU_OBJECT, STADLS_PPU_INTERNAL, 0x40, 6 },
		{ "code", STADLS_PPU_FUNCTION, STADLS_PPU_EXTERNAL, 4, 3 },
		{ "near", STADLS_PPU_OBJECT, STADLS_PPU_EXTERNAL, 0x10, 1 },
		{ "wide", STADLS_PPU_OBJECT, STADLS_PPU_DRAM, 8, 5 },
		{ "hot", STADLS_PPU_FUNCTION, STADLS_PPU_DRAM, 0, 4 },
	};
	struct stadls_ppu_program *program = good_program();
	struct stadls_ppu_symbol symbol;
	(void)state;
	FOR_ROWS(i, rows) {
		assert_ok(stadls_ppu_symbol_find(&symbol, program, rows[i].name));
		assert_string_equal(symbol.name, rows[i].name);
		assert_int_equal(symbol.type, rows[i].type);
		assert_int_equal(symbol.memory, rows[i].memory);
		assert_int_equal(symbol.offset_bytes, rows[i].offset);
		assert_int_equal(symbol.size_bytes, rows[i].size);
	}
	assert_error(stadls_ppu_symbol_find(&symbol, program, "label"), HXCOMM_ENOENT,
	        "no symbol 'label'");
	assert_int_equal(stadls_ppu_symbol_count(program), 8);
	assert_ok(stadls_ppu_symbol_get(&symbol, program, 1));
	assert_int_equal(symbol.offset_bytes, 0x24);
	assert_error(stadls_ppu_symbol_get(&symbol, program, 8), HXCOMM_ERANGE,
	        "symbol 8 of a program that has 8");
	stadls_ppu_program_free(program);
}

static void what_is_no_program_is_refused(void **state)
{
	static const struct elf_section high[] = { { ".text", 16380, text, 8, 0 } };
	static const struct elf_section beyond[] = { { "ext.data", 0x40000000 + 131072 - 4, NULL, 8,
		0 } };
	static const struct elf_section dram[] = { { "ext.data", 0x50000000, NULL, 0x10000001,
		0 } };
	static const struct elf_section low[] = { { "ext.data", 0x1000, text, 8, 0 } };
	static const struct elf_section far_text[] = { { "int.text", 0x40000000, text, 8, 0 } };
	static const struct elf_symbol wrong[] = { { "wrong", 16380, 5, OBJECT } };
	const struct {
		struct elf_file file;
		int code;
		const char *text;
	} rows[] = {
		{ { .machine = EM_X86_64 }, HXCOMM_EINVAL,
		        "take PowerPC (20), 32 bits, big-endian" },
		{ { .little_endian = 1 }, HXCOMM_EINVAL, "little-endian" },
		{ { .type = ET_REL }, HXCOMM_EINVAL, "link it" },
		{ { .sections = high, .section_count = 1 }, HXCOMM_ERANGE,
		        "'.text' at 0x00003ffc has 8 bytes: the internal memory ends after 16384" },
		{ { .sections = beyond, .section_count = 1 }, HXCOMM_ERANGE, "ends after 131072" },
		{ { .sections = dram, .section_count = 1 }, HXCOMM_ERANGE,
		        "external DRAM ends after 268435456" },
		{ { .sections = low, .section_count = 1 }, HXCOMM_ERANGE, "\"ext\"" },
		{ { .sections = far_text, .section_count = 1 }, HXCOMM_ERANGE,
		        "in the external memory" },
		{ { .symbols = wrong, .symbol_count = 1 }, HXCOMM_ERANGE, "symbol 'wrong'" },
	};
	struct stadls_ppu_program *program;
	size_t size;
	(void)state;
	FOR_ROWS(i, rows) {
		program = (void *)1;
		assert_error(decode(&program, &rows[i].file), rows[i].code, rows[i].text);
		assert_null(program);
	}
	assert_error(stadls_ppu_program_decode(&program, text, sizeof(text)), HXCOMM_EINVAL,
	        "10 bytes are no ELF");
	uint8_t *bytes = elf_file_make(&size, &good);
	bytes[0] = 0;
	assert_error(
	        stadls_ppu_program_decode(&program, bytes, size), HXCOMM_EINVAL, "no ELF file");
	free(bytes);
	/* cut short anywhere, it is an error or a program, never a crash */
	bytes = elf_file_make(&size, &good);
	for (size_t length = 0; length < size; length++) {
		uint8_t *cut = malloc(length ? length : 1);
		memcpy(cut, bytes, length);
		const int status = stadls_ppu_program_decode(&program, cut, length);
		if (status == HXCOMM_OK)
			fail_msg("%zu of %zu bytes pass as a program", length, size);
		assert_null(program);
		free(cut);
	}
	free(bytes);
}

static void files_are_read(void **state)
{
	char path[] = "/tmp/bss-ppu-test-XXXXXX";
	struct stadls_ppu_program *program;
	size_t size;
	(void)state;
	const int file = mkstemp(path);
	assert_true(file >= 0);
	uint8_t *bytes = elf_file_make(&size, &good);
	assert_int_equal(write(file, bytes, size), size);
	assert_ok(stadls_ppu_program_read(&program, path));
	assert_int_equal(stadls_ppu_symbol_count(program), 8);
	stadls_ppu_program_free(program);
	assert_int_equal(ftruncate(file, 100), 0);
	assert_error(stadls_ppu_program_read(&program, path), HXCOMM_ECORRUPT, path);
	close(file);
	unlink(path);
	assert_error(stadls_ppu_program_read(&program, path), HXCOMM_EIO,
	        "cannot be opened: No such file");
	assert_error(stadls_ppu_program_read(&program, "/"), HXCOMM_EIO, "cannot be read");
	assert_null(program);
	free(bytes);
}

/* ---- loading and talking --------------------------------------------------------------------- */

static void a_loaded_program_lies_in_its_memories(void **state)
{
	struct stadls_ppu_program *program = good_program();
	struct stadls_builder *builder = new_builder();
	struct hxcomm_connection *connection;
	struct stadls_ppu_state now;
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	*memory_word(0x03a00000) = 1;
	assert_ok(stadls_ppu_append_program(builder, 1, program));
	assert_ok(stadls_run(connection, builder, NULL));
	/* source: spec/ppu.md 3.1: SRAM at 0x03800000, external at 0x80000000, DRAM at 0x84000000
	 */
	assert_int_equal(*memory_word(0x03a00000), 0);
	assert_int_equal(*memory_word(0x03800000), 0x01020304);
	assert_int_equal(*memory_word(0x03800002), 0x090a0000);
	assert_int_equal(*memory_word(0x03800008), 0xdeadbeef);
	assert_int_equal(*memory_word(0x03800009), 0x55000000);
	assert_int_equal(*memory_word(0x80000001), 0x11223300);
	assert_int_equal(*memory_word(0x80000004), 0x77000000);
	assert_int_equal(*memory_word(0x84000002), 0xdeadbeef);
	assert_int_equal(*memory_word(0x02800000), 0);
	stadls_builder_clear(builder);
	assert_ok(stadls_ppu_append_start(builder, 1));
	assert_ok(stadls_run(connection, builder, NULL));
	*memory_word(0x03a00001) = 0x80;
	*memory_word(0x03800bff) = 42;
	assert_ok(stadls_ppu_state_read(&now, connection, 1));
	assert_true(now.runs && now.sleeps);
	assert_int_equal(now.return_code, 42);
	stadls_builder_clear(builder);
	assert_ok(stadls_ppu_append_stop(builder, 1));
	assert_ok(stadls_run(connection, builder, NULL));
	assert_ok(stadls_ppu_state_read(&now, connection, 1));
	assert_false(now.runs);
	assert_ok(stadls_ppu_state_read(&now, connection, 0));
	assert_false(now.runs || now.sleeps || now.return_code);
	hxcomm_close(connection);
	stadls_builder_free(builder);
	stadls_ppu_program_free(program);
}

/* Any place holds what was written to it, and nothing beside it changes. */
static void places_hold_what_is_written(void **state)
{
	enum { BYTES = 64 };
	struct test_random random = { .seed = 9 };
	struct stadls_builder *builder = new_builder();
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	uint8_t all[3][BYTES] = { { 0 } };
	const uint32_t base[3] = { 16384 - BYTES, 131072 - BYTES, STADLS_PPU_DRAM_BYTES - BYTES };
	(void)state;
	assert_ok(hxcomm_open(&connection, "memory:", NULL));
	assert_ok(hxcomm_responses_new(&responses, 0));
	for (int round = 0; round < 300; round++) {
		const unsigned memory = (unsigned)test_random_below(&random, 3);
		const uint32_t step = memory ? 1 : 4;
		const uint32_t offset = step * (uint32_t)test_random_below(&random, BYTES / step);
		const uint32_t size =
		        step * (1 + (uint32_t)test_random_below(&random, (BYTES - offset) / step));
		const struct stadls_ppu_symbol place = { .memory = (enum stadls_ppu_memory)memory,
			.offset_bytes = base[memory] + offset, .size_bytes = size };
		uint8_t bytes[BYTES], back[BYTES];
		for (uint32_t i = 0; i < size; i++)
			bytes[i] = all[memory][offset + i] =
			        (uint8_t)test_random_below(&random, 256);
		stadls_builder_clear(builder);
		assert_ok(stadls_ppu_append_write(builder, 1, &place, bytes, size));
		/* read another place of the same memory, of any alignment */
		const uint32_t from = (uint32_t)test_random_below(&random, BYTES);
		const struct stadls_ppu_symbol other = { .memory = place.memory,
			.offset_bytes = base[memory] + from, .size_bytes = BYTES - from };
		struct stadls_ppu_ticket ticket;
		assert_ok(stadls_ppu_append_read(&ticket, builder, 1, &other));
		assert_ok(stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS));
		assert_ok(stadls_run(connection, builder, responses));
		assert_ok(stadls_ppu_ticket_read(back, &ticket, responses));
		assert_memory_equal(back, all[memory] + from, BYTES - from);
	}
	hxcomm_responses_free(responses);
	hxcomm_close(connection);
	stadls_builder_free(builder);
}

static void wrong_places_are_refused(void **state)
{
	struct stadls_builder *builder = new_builder();
	struct stadls_ppu_symbol place = { .name = "odd", .offset_bytes = 2, .size_bytes = 4 };
	struct stadls_ppu_ticket ticket;
	(void)state;
	assert_error(
	        stadls_ppu_append_write(builder, 0, &place, text, 4), HXCOMM_EINVAL, "whole words");
	place.offset_bytes = 4;
	assert_error(
	        stadls_ppu_append_write(builder, 0, &place, text, 3), HXCOMM_EINVAL, "whole words");
	assert_error(stadls_ppu_append_write(builder, 0, &place, text, 5), HXCOMM_ERANGE,
	        "5 bytes for odd");
	assert_error(stadls_ppu_append_write(builder, 0, &place, text, 0), HXCOMM_ERANGE,
	        "0 bytes for odd");
	assert_error(
	        stadls_ppu_append_write(builder, 2, &place, text, 4), HXCOMM_ERANGE, "processor 2");
	place.size_bytes = 16384;
	assert_error(stadls_ppu_append_read(&ticket, builder, 0, &place), HXCOMM_ERANGE,
	        "its memory has 16384");
	place.size_bytes = 0;
	assert_error(
	        stadls_ppu_append_read(&ticket, builder, 0, &place), HXCOMM_ERANGE, "has 0 bytes");
	place.memory = (enum stadls_ppu_memory)7;
	assert_error(
	        stadls_ppu_append_read(&ticket, builder, 0, &place), HXCOMM_ERANGE, "memory 7");
	assert_error(stadls_ppu_append_start(builder, 2), HXCOMM_ERANGE, "processor 2");
	assert_error(stadls_ppu_append_wait(builder, 2), HXCOMM_ERANGE, "processor 2");
	assert_true(stadls_builder_is_empty(builder));
	stadls_builder_free(builder);
}

static void the_mailbox_is_text(void **state)
{
	static const char raw[] = "a\x01" "b\tc\n\x80" "d\0e";
	char out[16], cut[3];
	(void)state;
	assert_int_equal(stadls_ppu_mailbox.offset_bytes, 4 * 3072); /* words 3072 to 4095 */
	assert_int_equal(stadls_ppu_mailbox.size_bytes, 4 * 1024);
	assert_int_equal(stadls_ppu_return_code.offset_bytes, 4 * 3071);
	assert_int_equal(stadls_ppu_text_read(out, sizeof(out), raw, sizeof(raw)), 6);
	assert_string_equal(out, "ab\tc\nd");
	assert_int_equal(stadls_ppu_text_read(cut, sizeof(cut), raw, sizeof(raw)), 6);
	assert_string_equal(cut, "ab");
	assert_int_equal(stadls_ppu_text_read(out, sizeof(out), "abc", 2), 2);
	assert_string_equal(out, "ab");
	uint8_t word[4];
	stadls_ppu_word_set(word, 0x01020304);
	assert_memory_equal(word, text, 4);
	assert_int_equal(stadls_ppu_word(text), 0x01020304);
}

static int setup(void **state)
{
	(void)state;
	return memory_register();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sections_become_images),
		cmocka_unit_test(symbols_are_places),
		cmocka_unit_test(what_is_no_program_is_refused),
		cmocka_unit_test(files_are_read),
		cmocka_unit_test(a_loaded_program_lies_in_its_memories),
		cmocka_unit_test(places_hold_what_is_written),
		cmocka_unit_test(wrong_places_are_refused),
		cmocka_unit_test(the_mailbox_is_text),
	};
	return cmocka_run_group_tests_name("stadls/ppu", tests, setup, NULL);
}

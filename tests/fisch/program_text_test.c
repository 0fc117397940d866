// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <fisch/program_text.h>

#include "assert.h"

#include <stdlib.h>

/* The words are the examples of spec/transport.md 1.7. */
static void words_become_names_and_arguments(void **state)
{
	static const struct {
		uint64_t word;
		const char *text;
	} rows[] = {
		{ 0x0000000000000000, "jtag_reset" },
		{ 0x0100000000000003, "jtag_scaler 3" },
		{ 0x020000000000007f, "jtag_instruction 127" },
		{ 0x0301200000000000, "jtag_read 0x000000000 bits 32" },
		{ 0x03002101deadbeef, "jtag_write 0x1deadbeef bits 33" },
		{ 0x0400000000000000, "timer_reset" },
		{ 0x05000000000030d4, "wait_until 12500" },
		{ 0x0600000000000001, "systime synchronise" },
		{ 0x0600000000000000, "systime report" },
		{ 0x0700000000000001, "barrier omnibus" },
		{ 0x070000000000001f,
		        "barrier omnibus jtag systime multi_fpga systime_correction" },
		{ 0x0700000000000000, "barrier" },
		{ 0x0800000000000001, "poll equal" },
		{ 0x0800000000000000, "poll different" },
		{ 0x0900000000000001, "chip_reset on" },
		{ 0x0900000000000000, "chip_reset off" },
		{ 0x0a00000000000001, "tick" },
		{ 0x0a00000000000000, "halt" },
		{ 0x0b00001f88000003, "omnibus_read fpga 0x88000003" },
		{ 0x0b00000400012345, "omnibus_write chip 0x00012345 bytes 0x4" },
		{ 0x0c00000000ab0000, "omnibus_data 0x00ab0000" },
		{ 0x0d00000000001234, "spikes 0x1234" },
		{ 0x0e00000011112222, "spikes 0x1111 0x2222" },
		{ 0x0f00111122223333, "spikes 0x1111 0x2222 0x3333" },
		{ 0x0b00001300012345, "omnibus_read chip 0x00012345 bytes 0x3" },
		{ 0x0500000100000001, "stray_bits 0x0500000100000001" },
		{ 0x0001000000000000, "stray_bits 0x0001000000000000" },
		{ 0x0302000000000000, "stray_bits 0x0302000000000000" },
		{ 0x1000000000000000, "undefined 0x1000000000000000" },
		{ UINT64_MAX, "undefined 0xffffffffffffffff" },
	};
	(void)state;
	FOR_ROWS(i, rows) {
		char text[FISCH_WORD_TEXT];
		fisch_word_print(text, rows[i].word);
		assert_string_equal(text, rows[i].text);
	}
}

static void a_program_is_a_line_a_word(void **state)
{
	struct fisch_program *program;
	char *text = NULL;
	size_t size = 0;
	(void)state;
	assert_ok(fisch_program_new(&program, 0));
	assert_ok(fisch_program_append_omnibus_write(program, 0x88004000, 0xff));
	assert_ok(fisch_program_append_barrier(program, 1));
	FILE *file = open_memstream(&text, &size);
	assert_non_null(file);
	assert_ok(fisch_program_print(file, program));
	assert_int_equal(fclose(file), 0);
	assert_string_equal(text, "0 omnibus_write fpga 0x88004000 bytes 0xf\n"
	                          "1 omnibus_data 0x000000ff\n"
	                          "2 barrier omnibus\n");
	free(text);
	file = fopen("/dev/full", "w");
	if (file) {
		setbuf(file, NULL);
		assert_error(fisch_program_print(file, program), HXCOMM_EIO,
		        "line 0 cannot be written");
		(void)fclose(file);
	}
	fisch_program_free(program);
}

static void a_copy_is_equal_and_apart(void **state)
{
	struct fisch_program *program, *copy;
	struct fisch_program_difference difference = { .word = 77 };
	struct fisch_ticket ticket;
	(void)state;
	assert_ok(fisch_program_new(&program, 5));
	assert_ok(fisch_program_append_omnibus_read(NULL, program, 1));
	assert_ok(fisch_program_copy(&copy, program));
	assert_false(fisch_program_find_difference(&difference, program, copy));
	assert_int_equal(difference.word, 77);
	assert_ok(fisch_program_append_omnibus_read(&ticket, copy, 2));
	assert_int_equal(ticket.position, 1); /* behind the response that was copied */
	assert_true(fisch_program_find_difference(&difference, program, copy));
	assert_int_equal(difference.word, 1);
	assert_string_equal(difference.left, "end of program");
	assert_string_equal(difference.right, "omnibus_read chip 0x00000002");
	assert_ok(fisch_program_append_tick(NULL, program));
	assert_true(fisch_program_find_difference(&difference, copy, program));
	assert_string_equal(difference.left, "omnibus_read chip 0x00000002");
	assert_string_equal(difference.right, "tick");
	const uint16_t labels[12] = { 0 };
	assert_error(fisch_program_append_spikes(copy, labels, 12), HXCOMM_ERANGE,
	        "exceed the program's limit of 5");
	fisch_program_free(copy);
	fisch_program_free(program);
}

static void an_empty_program_is_copied(void **state)
{
	struct fisch_program *program, *copy;
	struct fisch_program_difference difference;
	(void)state;
	assert_ok(fisch_program_new(&program, 0));
	assert_ok(fisch_program_copy(&copy, program));
	assert_false(fisch_program_find_difference(&difference, program, copy));
	fisch_program_free(copy);
	fisch_program_free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_become_names_and_arguments),
		cmocka_unit_test(a_program_is_a_line_a_word),
		cmocka_unit_test(a_copy_is_equal_and_apart),
		cmocka_unit_test(an_empty_program_is_copied),
	};
	return cmocka_run_group_tests_name("fisch/program_text", tests, NULL, NULL);
}

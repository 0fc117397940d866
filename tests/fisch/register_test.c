// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <fisch/register.h>

#include "assert.h"
#include "vectors.h"

#include <stdlib.h>

/* Append what a line of the recorded vectors asks for. */
static int append(struct fisch_program *p, const json_t *line, enum fisch_backend backend)
{
	const uint32_t coordinate = (uint32_t)vectors_u64(line, "coordinate_enum");
	struct fisch_ticket ticket;
	if (!strcmp(json_string_value(json_object_get(line, "kind")), "write"))
		return fisch_program_append_register_write(p, backend, coordinate,
		        (uint32_t)vectors_u64(line, "value"), 15);
	const struct fisch_mark before = fisch_program_mark(p);
	const int status = fisch_program_append_register_read(&ticket, p, backend, coordinate);
	if (status != HXCOMM_OK)
		return status;
	const struct fisch_mark after = fisch_program_mark(p);
	const uint32_t responses = after.omnibus + after.jtag + after.loopback - before.omnibus -
	        before.jtag - before.loopback;
	assert_int_equal(responses, ticket.bytes ? ticket.bytes : 1);
	assert_int_equal(ticket.count, 1);
	return HXCOMM_OK;
}

static void all_recorded_accesses_have_the_recorded_words(void **state)
{
	struct vectors *vectors = vectors_open("fpga_wire");
	bool seen[FISCH_BACKEND_COUNT] = { false };
	(void)state;
	for (json_t *line; (line = vectors_next(vectors));) {
		struct fisch_program *p;
		assert_ok(fisch_program_new(&p, 0));
		const int backend =
		        fisch_backend_find(json_string_value(json_object_get(line, "backend")));
		assert_true(backend >= 0);
		seen[backend] = true;
		size_t count, have;
		uint64_t *expected = vectors_words(json_object_get(line, "messages"), &count);
		if (count) /* recorded writes of read-only registers have no words: refused here */
			assert_ok(append(p, line, (enum fisch_backend)backend));
		else
			assert_error(append(p, line, (enum fisch_backend)backend), HXCOMM_ENOTSUP,
			        "cannot be written");
		const uint64_t *words = fisch_program_words(p, &have);
		assert_int_equal(have, count);
		if (count)
			assert_memory_equal(words, expected, count * sizeof(*words));
		free(expected);
		fisch_program_free(p);
	}
	assert_int_equal(vectors_line(vectors), 735);
	for (int b = 0; b < FISCH_BACKEND_COUNT; b++)
		if (b != FISCH_OMNIBUS && b != FISCH_SPIKE_PACK_1_TO_CHIP &&
		        b != FISCH_SPIKE_PACK_2_TO_CHIP && b != FISCH_SPIKE_PACK_3_TO_CHIP)
			assert_true(seen[b]);
	vectors_close(vectors);
}

static void accesses_that_are_not_recorded_follow_the_specification(void **state)
{
	static const uint64_t expected[] = { 0x0b00000412345678, 0x0c000000deadbeef,
		0x0b00001f12345678, 0x0d0000000000d042, 0x0e0000001f75d5c7 };
	struct fisch_program *p;
	struct fisch_ticket ticket;
	size_t count;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_register_write(p, FISCH_OMNIBUS, 0x12345678, 0xdeadbeef, 4));
	assert_ok(fisch_program_append_register_read(&ticket, p, FISCH_OMNIBUS, 0x12345678));
	assert_ok(fisch_program_append_register_write(p, FISCH_SPIKE_PACK_1_TO_CHIP, 0, 53314, 15));
	assert_ok(fisch_program_append_register_write(p, FISCH_SPIKE_PACK_2_TO_CHIP, 0,
	        8053u << 16 | 54727, 15));
	const uint64_t *words = fisch_program_words(p, &count);
	assert_int_equal(count, 5);
	assert_memory_equal(words, expected, sizeof(expected));
	fisch_program_free(p);
}

static void what_a_back_end_cannot_do_is_refused(void **state)
{
	static const struct {
		enum fisch_backend backend;
		bool read;
		uint32_t coordinate, value;
		uint8_t lanes;
		int code;
		const char *hint;
	} rows[] = {
		{ FISCH_JTAG_ID_CODE, false, 0, 0, 15, HXCOMM_ENOTSUP,
		        "JTAGIdCode cannot be written" },
		{ FISCH_JTAG_PLL_REGISTER, true, 0, 0, 15, HXCOMM_ENOTSUP, "cannot be read" },
		{ FISCH_I2C_TEMP_REGISTER, false, 0, 0, 15, HXCOMM_ENOTSUP, "cannot be written" },
		{ FISCH_SPIKE_PACK_3_TO_CHIP, false, 0, 0, 15, HXCOMM_ENOTSUP,
		        "use fisch_program_append_spikes()" },
		{ FISCH_SPIKE_PACK_3_TO_CHIP, true, 0, 0, 15, HXCOMM_ENOTSUP, "cannot be read" },
		{ FISCH_BACKEND_COUNT, false, 0, 0, 15, HXCOMM_EINVAL,
		        "29 is no back end: 0 to 28 are" },
		{ (enum fisch_backend) - 1, true, 0, 0, 15, HXCOMM_EINVAL, "-1 is no back end" },
		{ FISCH_JTAG_PLL_REGISTER, false, 8, 0, 15, HXCOMM_ERANGE,
		        "JTAGPLLRegister register 8, there are 0 to 7" },
		{ FISCH_OMNIBUS_CHIP_OVER_JTAG, false, 0x80000000, 0, 15, HXCOMM_ERANGE,
		        "there are 0 to 2147483647" },
		{ FISCH_I2C_DAC6573_RW_REGISTER, true, 4, 0, 15, HXCOMM_ERANGE,
		        "there are 0 to 3" },
		{ FISCH_TIMER, false, 0, 1, 15, HXCOMM_ERANGE,
		        "Timer value is 0x1, allowed are 0 to 0x0" },
		{ FISCH_JTAG_PHY_REGISTER, false, 0, 1 << 22, 15, HXCOMM_ERANGE,
		        "value is 0x400000, allowed are 0 to 0x3fffff" },
		{ FISCH_SPI_DAC_DATA_REGISTER, false, 0, 4096, 15, HXCOMM_ERANGE, "0 to 0xfff" },
		{ FISCH_I2C_DAC6573_RW_REGISTER, false, 0, 1024, 15, HXCOMM_ERANGE, "0 to 0x3ff" },
		{ FISCH_OMNIBUS, false, 0, 0, 16, HXCOMM_ERANGE, "byte enables are 0x10" },
		{ FISCH_JTAG_PLL_REGISTER, false, 0, 0, 3, HXCOMM_ERANGE,
		        "byte enables are 0x03: 0 to 0x0f on Omnibus, else only 0x0f" },
	};
	struct fisch_program *p;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	FOR_ROWS(i, rows) {
		struct fisch_ticket ticket;
		if (rows[i].read)
			assert_error(fisch_program_append_register_read(&ticket, p, rows[i].backend,
			                     rows[i].coordinate), rows[i].code, rows[i].hint);
		else
			assert_error(fisch_program_append_register_write(p, rows[i].backend,
			                     rows[i].coordinate, rows[i].value, rows[i].lanes),
			        rows[i].code, rows[i].hint);
	}
	assert_int_equal(fisch_program_mark(p).words, 0);
	fisch_program_free(p);
}

static void a_full_program_takes_no_half_transfer(void **state)
{
	struct fisch_program *p;
	(void)state;
	for (int backend = 0; backend < FISCH_BACKEND_COUNT; backend++) {
		struct fisch_program *free_program;
		assert_ok(fisch_program_new(&free_program, 0));
		const enum fisch_backend b = (enum fisch_backend)backend;
		const int write = fisch_program_append_register_write(free_program, b, 0, 0, 15);
		const struct fisch_mark written = fisch_program_mark(free_program);
		for (size_t limit = 1; write == HXCOMM_OK && limit < written.words; limit++) {
			assert_ok(fisch_program_new(&p, limit));
			assert_error(fisch_program_append_register_write(p, b, 0, 0, 15),
			        HXCOMM_ERANGE, "exceed the program's limit");
			assert_int_equal(fisch_program_mark(p).words, 0);
			fisch_program_free(p);
		}
		const int read = fisch_program_append_register_read(NULL, free_program, b, 0);
		const struct fisch_mark after = fisch_program_mark(free_program);
		for (size_t limit = 1; read == HXCOMM_OK && limit < after.words - written.words;
		        limit++) {
			assert_ok(fisch_program_new(&p, limit));
			assert_error(fisch_program_append_register_read(NULL, p, b, 0),
			        HXCOMM_ERANGE, "exceed the program's limit");
			assert_int_equal(
			        fisch_program_mark(p).omnibus + fisch_program_mark(p).jtag, 0);
			fisch_program_free(p);
		}
		fisch_program_free(free_program);
	}
}

static void many_reads_share_a_ticket(void **state)
{
	static const uint32_t coordinates[] = { 0, 1, 2 }, wrong[] = { 0, 1, 99 };
	struct fisch_program *p;
	struct fisch_ticket ticket;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_omnibus_read(NULL, p, 0));
	assert_ok(fisch_program_append_register_reads(&ticket, p, FISCH_I2C_DAC6573_RW_REGISTER,
	        coordinates, 3));
	assert_int_equal(ticket.position, 1);
	assert_int_equal(ticket.count, 3);
	assert_int_equal(ticket.bytes, 2);
	const struct fisch_mark mark = fisch_program_mark(p);
	assert_int_equal(mark.omnibus, 7);
	assert_error(fisch_program_append_register_reads(&ticket, p, FISCH_I2C_DAC6573_RW_REGISTER,
	                     wrong, 3), HXCOMM_ERANGE, "register 99");
	assert_int_equal(fisch_program_mark(p).words, mark.words);
	assert_error(fisch_program_append_register_reads(&ticket, p, FISCH_OMNIBUS, wrong, 0),
	        HXCOMM_EINVAL, "0 reads: 1 to 4194304 make a ticket");
	fisch_program_free(p);
}

static void back_ends_have_names(void **state)
{
	(void)state;
	for (int b = 0; b < FISCH_BACKEND_COUNT; b++)
		assert_int_equal(fisch_backend_find(fisch_backend_name((enum fisch_backend)b)), b);
	assert_string_equal(fisch_backend_name(FISCH_OMNIBUS), "Omnibus");
	assert_string_equal(fisch_backend_name(FISCH_BACKEND_COUNT), "unknown back end");
	assert_error(fisch_backend_find("Ominbus"), HXCOMM_ENOENT, "no back end 'Ominbus'");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_recorded_accesses_have_the_recorded_words),
		cmocka_unit_test(accesses_that_are_not_recorded_follow_the_specification),
		cmocka_unit_test(what_a_back_end_cannot_do_is_refused),
		cmocka_unit_test(a_full_program_takes_no_half_transfer),
		cmocka_unit_test(many_reads_share_a_ticket),
		cmocka_unit_test(back_ends_have_names),
	};
	return cmocka_run_group_tests_name("fisch/register", tests, NULL, NULL);
}

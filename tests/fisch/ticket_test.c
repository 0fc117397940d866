// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <fisch/register.h>
#include <fisch/ticket.h>
#include <hxcomm/decoder.h>
#include <hxcomm/responses.h>

#include "assert.h"

/* Responses made of words: omnibus 0x2a, JTAG 0x1448590af, omnibus 0x80000000, tick, … */
static struct hxcomm_responses *responses(const uint64_t *words, size_t count)
{
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *out;
	hxcomm_decoder_init(&decoder);
	assert_ok(hxcomm_responses_new(&out, 0));
	assert_ok(hxcomm_decode(&decoder, words, count, out));
	return out;
}

static void a_ticket_reads_its_value_and_time(void **state)
{
	static const uint64_t words[] = { 0x010000000000002a, 0x00000001448590af,
		0x010000000000002b, 0x0200000000000001, 0x010000000000002c };
	struct hxcomm_responses *r = responses(words, 5);
	struct fisch_program *p;
	struct fisch_ticket id, all, second, tick;
	static const uint32_t addresses[] = { 1, 2, 3 };
	uint32_t values[3];
	uint64_t time;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_omnibus_reads(&all, p, addresses, 3));
	assert_ok(fisch_program_append_register_read(&id, p, FISCH_JTAG_ID_CODE, 0));
	assert_ok(fisch_program_append_tick(&tick, p));
	second = all;
	second.position = 1;
	second.count = 1;
	assert_ok(fisch_ticket_read(values, &all, r));
	assert_int_equal(values[0], 0x2a);
	assert_int_equal(values[1], 0x2b);
	assert_int_equal(values[2], 0x2c);
	assert_ok(fisch_ticket_time(&time, &all, r));
	assert_int_equal(time, 5); /* of the last one */
	assert_ok(fisch_ticket_read(values, &second, r));
	assert_int_equal(values[0], 0x2b);
	assert_ok(fisch_ticket_time(&time, &second, r));
	assert_int_equal(time, 3);
	assert_ok(fisch_ticket_read(values, &id, r));
	assert_int_equal(values[0], 0x448590af);
	assert_ok(fisch_ticket_read(values, &tick, r));
	assert_int_equal(values[0], 1);
	assert_ok(fisch_ticket_time(&time, &tick, r));
	assert_int_equal(time, 4);
	fisch_program_free(p);
	hxcomm_responses_free(r);
}

static void a_ticket_without_response_says_so(void **state)
{
	static const uint64_t words[] = { 0x010000000000002a };
	struct hxcomm_responses *r = responses(words, 1);
	struct fisch_ticket ticket = { .kind = FISCH_RESPONSE_OMNIBUS, .position = 1, .count = 1 };
	uint32_t value = 7;
	uint64_t time = 7;
	(void)state;
	assert_error(fisch_ticket_read(&value, &ticket, r), HXCOMM_ESTATE,
	        "the ticket wants omnibus responses 1 to 1, there are 1: run its program first");
	assert_error(fisch_ticket_time(&time, &ticket, r), HXCOMM_ESTATE, "run its program first");
	ticket.position = 0;
	ticket.count = 2;
	assert_error(fisch_ticket_read(&value, &ticket, r), HXCOMM_ESTATE, "responses 0 to 1");
	ticket.position = UINT32_MAX;
	ticket.count = UINT32_MAX;
	ticket.bytes = 255;
	assert_error(fisch_ticket_read(&value, &ticket, r), HXCOMM_ESTATE, "there are 1");
	assert_error(fisch_ticket_read(&value, &(struct fisch_ticket){ 0 }, r), HXCOMM_EINVAL,
	        "the ticket is of nothing");
	ticket.count = 0;
	assert_error(fisch_ticket_read(&value, &ticket, r), HXCOMM_EINVAL, "of no value");
	ticket.kind = 99;
	assert_error(fisch_ticket_time(&time, &ticket, r), HXCOMM_EINVAL, "of nothing");
	ticket.kind = FISCH_RESPONSE_JTAG;
	ticket.count = 1;
	assert_error(fisch_ticket_time(&time, &ticket, r), HXCOMM_ESTATE, "wants JTAG responses");
	assert_int_equal(value, 7);
	assert_int_equal(time, 7);
	hxcomm_responses_free(r);
}

static void bytes_of_i2c_are_put_together(void **state)
{
	/* 4 bytes of the identifier, 2 of each DAC channel (10 bits at the top) */
	static const uint64_t words[] = { 0x01000000000000de, 0x01000000000000ad,
		0x01000000000000be, 0x01000000000000ef, 0x01000000000000ff, 0x01000000000000c0,
		0x0100000000000080, 0x0100000000000040, 0x0100000080000000, 0x0100000000000000 };
	static const uint32_t channels[] = { 0, 1 };
	struct hxcomm_responses *r = responses(words, 10);
	struct fisch_program *p;
	struct fisch_ticket id, dac, temperature;
	uint32_t values[2] = { 7, 7 };
	uint64_t time;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_register_read(&id, p, FISCH_I2C_ID_REGISTER, 0));
	assert_ok(fisch_program_append_register_reads(&dac, p, FISCH_I2C_DAC6573_RW_REGISTER,
	        channels, 2));
	assert_ok(fisch_program_append_register_read(&temperature, p, FISCH_I2C_TEMP_REGISTER, 0));
	assert_error(fisch_ticket_read(values, &temperature, r), HXCOMM_ENOENT,
	        "I2C device 0x48 did not acknowledge byte 0");
	assert_int_equal(values[0], 7);
	assert_ok(fisch_ticket_read(values, &id, r));
	assert_int_equal(values[0], 0xdeadbeef);
	assert_ok(fisch_ticket_read(values, &dac, r));
	assert_int_equal(values[0], 0x3ff);
	assert_int_equal(values[1], 0x201);
	assert_ok(fisch_ticket_time(&time, &dac, r));
	assert_int_equal(time, 8);
	fisch_program_free(p);
	hxcomm_responses_free(r);
}

static void shifting_moves_a_ticket_within_its_own_table(void **state)
{
	const struct fisch_mark before = {
		.words = 1000, .omnibus = 10, .jtag = 20, .loopback = 30
	};
	struct fisch_ticket tickets[] = { { .kind = FISCH_RESPONSE_OMNIBUS, .position = 1 },
		{ .kind = FISCH_RESPONSE_JTAG, .position = 2 },
		{ .kind = FISCH_RESPONSE_LOOPBACK, .position = 3 },
		{ .kind = FISCH_RESPONSE_NONE } };
	static const uint32_t expected[] = { 11, 22, 33, 0 };
	(void)state;
	FOR_ROWS(i, tickets) {
		fisch_ticket_shift(&tickets[i], &before);
		assert_int_equal(tickets[i].position, expected[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_ticket_reads_its_value_and_time),
		cmocka_unit_test(a_ticket_without_response_says_so),
		cmocka_unit_test(bytes_of_i2c_are_put_together),
		cmocka_unit_test(shifting_moves_a_ticket_within_its_own_table),
	};
	return cmocka_run_group_tests_name("fisch/ticket", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <fisch/register.h>
#include <fisch/run.h>
#include <hxcomm/connection.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "assert.h"

/* ---- a provider that answers what it is told ------------------------------------------------- */

static struct {
	const uint64_t *words;
	size_t count;
} answer;

static int open_it(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	(void)uri, (void)options;
	*state = NULL;
	return HXCOMM_OK;
}

static int run_it(void *state, struct hxcomm_job *job)
{
	(void)state;
	return hxcomm_job_deliver(job, answer.words, answer.count);
}

static const char *identify_it(void *state)
{
	(void)state;
	return "answer";
}

static void close_it(void *state)
{
	(void)state;
}

static const struct hxcomm_provider provider = { HXCOMM_PROVIDER_ABI, sizeof(provider), "answer",
	"for tests", open_it, run_it, identify_it, close_it, NULL };

static struct hxcomm_connection *opened(const char *uri)
{
	struct hxcomm_connection *c;
	assert_ok(hxcomm_open(&c, uri, NULL));
	return c;
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void what_is_written_is_read_through_tickets(void **state)
{
	struct hxcomm_connection *c = opened("loopback:");
	struct fisch_program *p;
	struct fisch_ticket tickets[10], tick;
	struct hxcomm_responses *r;
	uint64_t time;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(hxcomm_responses_new(&r, 0));
	for (uint32_t i = 0; i < 10; i++)
		assert_ok(fisch_program_append_omnibus_write(p, i, 100 + i));
	for (uint32_t i = 0; i < 10; i++)
		assert_ok(fisch_program_append_omnibus_read(&tickets[i], p, 9 - i));
	assert_ok(fisch_program_append_timer_reset(p));
	assert_ok(fisch_program_append_wait_until(p, 777));
	assert_ok(fisch_program_append_tick(&tick, p));
	assert_ok(fisch_program_append_barrier(p, HXCOMM_BARRIER_OMNIBUS));
	for (int run = 0; run < 3; run++) { /* `out` is cleared by each */
		assert_ok(fisch_run(c, p, r));
		for (uint32_t i = 0; i < 10; i++) {
			uint32_t value;
			assert_ok(fisch_ticket_read(&value, &tickets[i], r));
			assert_int_equal(value, 109 - i);
		}
		uint64_t last;
		assert_ok(fisch_ticket_time(&time, &tick, r));
		assert_ok(fisch_ticket_time(&last, &tickets[9], r));
		assert_int_equal(time - last, 1 + 777 + 1);
	}
	assert_ok(fisch_run(c, p, NULL));
	fisch_program_free(p);
	hxcomm_responses_free(r);
	hxcomm_close(c);
}

static void a_timeout_names_the_instruction(void **state)
{
	struct hxcomm_connection *c = opened("loopback:");
	struct fisch_program *p;
	struct hxcomm_responses *r;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(hxcomm_responses_new(&r, 0));
	assert_ok(fisch_program_append_omnibus_write(p, 0x88000008, 1));
	assert_ok(fisch_program_append_omnibus_write(p, 0x88000007, 1));
	assert_ok(fisch_program_append_poll(p, true));
	assert_error(fisch_run(c, p, r), HXCOMM_EDEVICE,
	        "instruction 4 of 5, timing::PollingOmnibusBlock 0x0800000000000001, blocked too "
	        "long");
	assert_int_equal(r->timeouts.count, 1); /* to look into */
	fisch_program_free(p);
	hxcomm_responses_free(r);
	hxcomm_close(c);
}

/* An index behind the program's end: nothing is read there. */
static void a_timeout_beyond_the_program_is_reported_as_such(void **state)
{
	static const uint64_t words[] = { 0x0400000000000001, 0x0200000000000000 };
	struct hxcomm_connection *c = opened("answer:");
	struct fisch_program *p;
	(void)state;
	answer.words = words;
	answer.count = 2;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_timer_reset(p));
	assert_error(fisch_run(c, p, NULL), HXCOMM_EDEVICE,
	        "a timeout of instruction 1, the program has 1");
	fisch_program_free(p);
	hxcomm_close(c);
}

static void wrong_counts_of_responses_are_found(void **state)
{
	static const uint64_t halt = 0x0200000000000000;
	const struct {
		uint64_t words[3];
		size_t count;
		const char *hint;
	} rows[] = {
		{ { halt }, 1, "0 omnibus responses instead of 1: end the program with a barrier" },
		{ { 0x0100000000000000, halt }, 2,
		        "0 JTAG responses instead of 1: end the program with" },
		{ { 0x0100000000000000, 0x0100000000000000, halt }, 3,
		        "2 omnibus responses instead of 1: the link holds answers to an earlier" },
		{ { 0x0100000000000000, 0x0000000000000000, halt }, 3,
		        "0 tick responses instead of 1" },
	};
	struct fisch_program *p;
	(void)state;
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_program_append_omnibus_read(NULL, p, 0));
	assert_ok(fisch_program_append_jtag_read(NULL, p, 0, 32));
	assert_ok(fisch_program_append_tick(NULL, p));
	FOR_ROWS(i, rows) {
		struct hxcomm_connection *c = opened("answer:");
		answer.words = rows[i].words;
		answer.count = rows[i].count;
		assert_error(fisch_run(c, p, NULL), HXCOMM_EPROTO, rows[i].hint);
		hxcomm_close(c);
	}
	fisch_program_free(p);
}

static void errors_of_the_connection_come_through(void **state)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	struct hxcomm_connection *c;
	struct fisch_program *p;
	(void)state;
	options.run_words = 1;
	assert_ok(hxcomm_open(&c, "mock:", &options));
	assert_ok(fisch_program_new(&p, 0));
	assert_ok(fisch_run(c, p, NULL)); /* an empty program is one that does nothing */
	assert_ok(fisch_program_append_omnibus_write(p, 0, 0));
	assert_error(fisch_run(c, p, NULL), HXCOMM_ERANGE,
	        "program of 2 words, this connection takes 1");
	fisch_program_free(p);
	hxcomm_close(c);
}

static int setup(void **state)
{
	(void)state;
	return hxcomm_provider_register(&provider);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read_through_tickets),
		cmocka_unit_test(a_timeout_names_the_instruction),
		cmocka_unit_test(a_timeout_beyond_the_program_is_reported_as_such),
		cmocka_unit_test(wrong_counts_of_responses_are_found),
		cmocka_unit_test(errors_of_the_connection_come_through),
	};
	return cmocka_run_group_tests_name("fisch/run", tests, setup, NULL);
}

// SPDX-License-Identifier: MIT
/* Memory that runs out while a program is built, run and read, on every way to a chip: an error,
 * nothing lost, and after a reset the chip works as before. */
#include <fisch/program.h>
#include <fisch/program_file.h>
#include <fisch/register.h>
#include <fisch/run.h>
#include <hxcomm/connection.h>
#include <hxcomm/log.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "../hxcomm/arq_served.h"
#include "assert.h"
#include "torture.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { READS = 3000, MEMORY_WORD = 5 };
static const uint32_t memory = 0x80000000; /* of the FPGA */
static const char saved[] = "fisch_torture.program", recording[] = "fisch_torture.hxr";

extern const struct hxcomm_provider hxcomm_provider; /* of the emulator */

/* The first status that is not 0 counts; steps after it are not done. */
#define STEP(call)                                                                                 \
	do {                                                                                       \
		if (status == HXCOMM_OK)                                                           \
			status = (call);                                                           \
	} while (0)

struct work {
	struct fisch_program *program, *loaded;
	struct hxcomm_responses *responses;
	uint32_t *values;
};

static int build(struct work *work, struct fisch_ticket *reads, struct fisch_ticket *id)
{
	static const uint16_t labels[100];
	static const uint64_t times[100];
	uint32_t addresses[READS];
	int status = fisch_program_new(&work->program, 0);
	for (uint32_t i = 0; i < READS; i++)
		addresses[i] = memory + i % 16;
	for (uint32_t i = 0; i < 16; i++)
		STEP(fisch_program_append_omnibus_write(
		        work->program, memory + i, MEMORY_WORD * i));
	STEP(fisch_program_append_spike_train(work->program, times, labels, 100));
	STEP(fisch_program_append_register_write(work->program, FISCH_I2C_DAC6573_RW_REGISTER, 1, 7,
	        15));
	STEP(fisch_program_append_omnibus_reads(reads, work->program, addresses, READS));
	STEP(fisch_program_append_register_read(id, work->program, FISCH_JTAG_ID_CODE, 0));
	STEP(fisch_program_append_program(work->program, work->program));
	STEP(fisch_program_append_barrier(work->program,
	        HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG));
	STEP(fisch_program_write(saved, work->program));
	STEP(fisch_program_read(&work->loaded, saved));
	return status;
}

/* All of it, once; `ran` tells whether the connection was asked to do something. */
static int do_work(struct hxcomm_connection *connection, bool *ran)
{
	struct work work = { 0 };
	struct fisch_ticket reads = { 0 }, id = { 0 };
	uint32_t code;
	*ran = false;
	int status = build(&work, &reads, &id);
	STEP(hxcomm_responses_new(&work.responses, 0));
	*ran = status == HXCOMM_OK;
	STEP(fisch_run(connection, work.loaded, work.responses));
	if (status != HXCOMM_OK && work.responses)
		assert_int_equal(work.responses->omnibus.count, 0);
	if (status == HXCOMM_OK) {
		work.values = malloc(READS * sizeof(*work.values));
		if (!work.values)
			status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for values");
	}
	STEP(fisch_ticket_read(work.values, &reads, work.responses));
	STEP(fisch_ticket_read(&code, &id, work.responses));
	if (status == HXCOMM_OK) {
		for (uint32_t i = 0; i < READS; i++)
			assert_int_equal(work.values[i], MEMORY_WORD * (i % 16));
		assert_int_equal(code, 0x448590af);
	}
	free(work.values);
	hxcomm_responses_free(work.responses);
	fisch_program_free(work.loaded);
	fisch_program_free(work.program);
	return status;
}

static struct hxcomm_connection *open_chip(const char *uri)
{
	struct hxcomm_connection *connection;
	struct fisch_program *program;
	if (!strncmp(uri, "record:", strlen("record:")))
		(void)unlink(recording); /* a new file each time */
	assert_ok(hxcomm_open(&connection, uri, NULL));
	assert_ok(fisch_program_new(&program, 0));
	assert_ok(fisch_program_append_jtag_reset(program)); /* else it is deaf */
	assert_ok(fisch_run(connection, program, NULL));
	fisch_program_free(program);
	return connection;
}

/* Each allocation fails in turn, at last none. With another thread, some of them may be of no
 * harm. */
static void torture(const char *uri, bool threads)
{
	struct hxcomm_connection *connection = open_chip(uri);
	bool failed = true, ran;
	long n = 0;
	for (; failed; n++) {
		torture_begin(n);
		const int status = do_work(connection, &ran);
		failed = torture_end();
		if (!threads || !failed || status != HXCOMM_OK)
			assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		if (!failed)
			break;
		if (ran) {
			hxcomm_close(connection);
			connection = open_chip(uri);
		}
		assert_ok(do_work(connection, &ran));
	}
	assert_true(n > 20);
	hxcomm_close(connection);
	assert_int_equal(unlink(saved), 0);
}

/* ---- tests ---------------------------------------------------------------------------------- */

static void a_chip_in_this_process(void **state)
{
	(void)state;
	torture("emulator:", false);
}

static void a_chip_behind_hostarq(void **state)
{
	struct served served;
	(void)state;
	served_start(&served, "emulator:");
	torture(served.uri, true);
	served_stop(&served);
}

static void a_chip_that_is_recorded(void **state)
{
	char uri[64];
	(void)state;
	snprintf(uri, sizeof(uri), "record:%s,emulator:", recording);
	torture(uri, false);
	assert_int_equal(unlink(recording), 0);
}

/* A recording answers one sequence of programs: it is opened anew each time. */
static void a_chip_that_was_recorded(void **state)
{
	char uri[64];
	bool failed = true, ran;
	(void)state;
	snprintf(uri, sizeof(uri), "record:%s,emulator:", recording);
	struct hxcomm_connection *connection = open_chip(uri);
	assert_ok(do_work(connection, &ran));
	hxcomm_close(connection);
	snprintf(uri, sizeof(uri), "replay:%s", recording);
	for (long n = 0; failed; n++) {
		connection = open_chip(uri);
		torture_begin(n);
		const int status = do_work(connection, &ran);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		hxcomm_close(connection);
	}
	assert_int_equal(unlink(saved), 0);
	assert_int_equal(unlink(recording), 0);
}

static void say_nothing(enum hxcomm_log_level level, const char *room, const char *text, void *user)
{
	(void)level, (void)room, (void)text, (void)user;
}

static int setup(void **state)
{
	(void)state;
	hxcomm_log_set_sink(say_nothing, NULL); /* a server tells of each program that fails */
	return hxcomm_provider_register(&hxcomm_provider);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_chip_in_this_process),
		cmocka_unit_test(a_chip_behind_hostarq),
		cmocka_unit_test(a_chip_that_is_recorded),
		cmocka_unit_test(a_chip_that_was_recorded),
	};
	return cmocka_run_group_tests_name("fisch/torture", tests, setup, NULL);
}

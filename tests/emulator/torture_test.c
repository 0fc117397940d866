// SPDX-License-Identifier: MIT
/* Memory that runs out at every moment of a machine's life: an error, nothing leaked, and the
 * machine works again afterwards. */
#include "assert.h"
#include "machine.h"
#include "torture.h"

#include <machine.h> /* the emulator's own */

#include <haldls/containers.h>
#include <hxcomm/error.h>

#include <stdlib.h>

static int discard(void *user, const uint64_t *words, size_t count)
{
	(void)words;
	*(size_t *)user += count;
	return HXCOMM_OK;
}

static const struct emulator_options options = { .serial = 1, .seed = 1, .noise = true };

static void opening_survives_every_failure(void **state)
{
	bool failed = true;
	long allocations = -1;
	(void)state;
	for (long n = 0; failed; n++, allocations++) {
		struct emulator_fpga *fpga;
		/* the middle is many pages of one map, all alike */
		if (n > 60 && n % 7)
			continue;
		torture_begin(n);
		const int status = emulator__fpga_new(&fpga, &options);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		if (failed)
			assert_null(fpga);
		else
			emulator__fpga_free(fpga);
	}
	assert_true(allocations > 5);
}

/* Many answers, events that wait, memory that is filled. */
static void append_everything(struct program *program)
{
	program_bring_up(program);
	for (uint32_t i = 0; i < 4; i++)
		program_write(program, 0x00130039 + 9 * i, 0x80000000);
	for (uint32_t i = 0; i < 8; i++)
		program_write(program, 0x84000000 + 1024 * i, i + 1);
	for (uint16_t i = 0; i < 3000; i++)
		program_word(program, hxcomm_word_spike_pack_3(i, i, i));
	for (uint32_t i = 0; i < 3000; i++)
		program_read(program, 0x02800000 + i);
	program_wait(program, 10000);
}

static void running_survives_every_failure(void **state)
{
	struct program program = { 0 };
	size_t whole = 0;
	bool failed = true;
	(void)state;
	append_everything(&program);
	for (long n = 0; failed; n++) {
		struct emulator_fpga *fpga;
		size_t received = 0, again = 0;
		assert_ok(emulator__fpga_new(&fpga, &options));
		torture_begin(n);
		const int status =
		        emulator__fpga_run(fpga, program.words, program.count, discard, &received);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		/* whatever was lost, the next run has all there is */
		assert_ok(emulator__fpga_run(fpga, program.words, program.count, discard, &again));
		assert_true(again > 3000);
		if (!failed)
			whole = received;
		emulator__fpga_free(fpga);
	}
	assert_true(whole > 3000);
	program_free(&program);
}

/* A snapshot that fails leaves nothing behind; one that cannot be put back leaves the machine as it
 * was. */
static void snapshots_survive_every_failure(void **state)
{
	struct program program = { 0 };
	struct emulator_machine machine = { .identifier = "emulator-1" };
	struct emulator_snapshot *snapshot = NULL;
	size_t received = 0;
	bool failed = true;
	(void)state;
	append_everything(&program);
	assert_ok(emulator__fpga_new(&machine.fpga, &options));
	assert_ok(emulator__fpga_run(machine.fpga, program.words, program.count, discard,
	        &received));
	for (long n = 0; failed; n++) {
		torture_begin(n);
		const int status = emulator__machine_snapshot(&snapshot, &machine);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_int_equal(snapshot == NULL, failed);
	}
	failed = true;
	for (long n = 0; failed; n++) {
		const uint64_t now = machine.fpga->now;
		torture_begin(n);
		const int status = emulator__machine_restore(&machine, snapshot);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_int_equal(machine.fpga->now, now);
	}
	emulator__machine_forget(snapshot);
	emulator__fpga_free(machine.fpga);
	program_free(&program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opening_survives_every_failure),
		cmocka_unit_test(running_survives_every_failure),
		cmocka_unit_test(snapshots_survive_every_failure),
	};
	return cmocka_run_group_tests_name("emulator/torture", tests, NULL, NULL);
}

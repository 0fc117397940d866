// SPDX-License-Identifier: MIT
/* Many chips in one process: what each needs, and that none knows of another. */
#include "assert.h"
#include "machine.h"

#include <haldls/chip.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Sanitizers surround each allocation with memory of their own, or shadow every access. */
#if defined(__SANITIZE_THREAD__)
enum { SURROUNDED = 8 };
#elif defined(__SANITIZE_ADDRESS__)
enum { SURROUNDED = 2 };
#else
enum { SURROUNDED = 1 };
#endif

enum { CHIPS = 100, CHIP_BYTES = SURROUNDED * (64 << 20) };

static size_t resident_bytes(void)
{
	unsigned long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	assert_non_null(file);
	assert_int_equal(fscanf(file, "%lu %lu", &pages, &resident), 2);
	fclose(file);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

static void open_chip(struct machine *machine, uint32_t serial)
{
	const struct emulator_options options = { .serial = serial, .seed = serial, .noise = true,
		.variation = true };
	machine_open(machine, &options);
}

static void a_hundred_chips_work_side_by_side(void **state)
{
	static struct machine machines[CHIPS];
	struct program program = { 0 };
	(void)state;
	const size_t before = resident_bytes();
	for (uint32_t i = 0; i < CHIPS; i++) {
		open_chip(&machines[i], i + 1);
		program_bring_up(&program);
		program_write(&program, 0x02800000, i);
		program_wait(&program, 1000);
		machine_run(&machines[i], &program);
		assert_int_equal(machines[i].responses->timeouts.count, 0);
	}
	assert_true(resident_bytes() - before < (size_t)CHIPS * CHIP_BYTES);
	for (uint32_t i = 0; i < CHIPS; i++) {
		program_read(&program, 0x02800000);
		program_read(&program, 0x88000004);
		program_word(&program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
		machine_run(&machines[i], &program);
		assert_int_equal(machines[i].responses->omnibus.value[0], i);
		assert_int_equal(machines[i].responses->omnibus.value[1], i + 1);
		machine_close(&machines[i]);
	}
	program_free(&program);
}

/* All registers, a memory full of words, and as many spikes as fit into a run. */
static void a_chip_with_everything_written_stays_below_its_limit(void **state)
{
	enum { PAGE = 1024, FILLED = 20000 };
	struct machine machine;
	struct program program = { 0 };
	uint32_t *words = calloc(HALDLS_CHIP_WORDS, sizeof(*words));
	struct haldls_chip *chip = calloc(1, sizeof(*chip));
	(void)state;
	assert_non_null(words);
	assert_non_null(chip);
	haldls_chip_init(chip);
	assert_ok(haldls_chip_encode(words, chip));
	program_bring_up(&program);
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		program_write(&program, haldls_chip_addresses()[i], words[i] ^ 0x01010101);
	for (uint32_t i = 0; i < FILLED; i++) /* more pages than the large memory may fill */
		program_write(&program, 0x84000000 + PAGE * i, i + 1);
	const size_t before = resident_bytes();
	open_chip(&machine, 1);
	machine_run(&machine, &program);
	/* the answer is the test's own */
	assert_true(resident_bytes() - before < CHIP_BYTES);
	machine_close(&machine);
	program_free(&program);
	free(chip);
	free(words);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_hundred_chips_work_side_by_side),
		cmocka_unit_test(a_chip_with_everything_written_stays_below_its_limit),
	};
	return cmocka_run_group_tests_name("emulator/memory", tests, NULL, NULL);
}

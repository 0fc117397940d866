// SPDX-License-Identifier: MIT
#include <fisch/program.h>
#include <fisch/program_file.h>
#include <fisch/program_text.h>

#include "assert.h"
#include "random.h"
#include "torture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

static struct fisch_program *some_program(size_t limit)
{
	struct fisch_program *p;
	assert_ok(fisch_program_new(&p, limit));
	assert_ok(fisch_program_append_omnibus_write(p, 0x88004000, 0xff));
	assert_ok(fisch_program_append_omnibus_read(NULL, p, 7));
	assert_ok(fisch_program_append_jtag_read(NULL, p, 0, 32));
	assert_ok(fisch_program_append_tick(NULL, p));
	assert_ok(fisch_program_append_barrier(p, 3));
	return p;
}

static void assert_equal(const struct fisch_program *a, const struct fisch_program *b)
{
	struct fisch_program_difference difference;
	const struct fisch_mark left = fisch_program_mark(a), right = fisch_program_mark(b);
	assert_false(fisch_program_find_difference(&difference, a, b));
	assert_int_equal(left.words, right.words);
	assert_int_equal(left.omnibus, right.omnibus);
	assert_int_equal(left.jtag, right.jtag);
	assert_int_equal(left.loopback, right.loopback);
}

static void a_loaded_program_is_the_saved_one(void **state)
{
	char path[] = "program_file_test.XXXXXX";
	struct fisch_program *program = some_program(7), *loaded;
	(void)state;
	const int file = mkstemp(path);
	assert_true(file >= 0);
	assert_int_equal(close(file), 0);
	assert_ok(fisch_program_write(path, program));
	assert_ok(fisch_program_read(&loaded, path));
	assert_equal(program, loaded);
	assert_ok(fisch_program_append_tick(NULL, loaded));
	assert_error(fisch_program_append_tick(NULL, loaded), HXCOMM_ERANGE, "limit of 7");
	fisch_program_free(loaded);
	fisch_program_clear(program);
	assert_ok(fisch_program_write(path, program));
	assert_ok(fisch_program_read(&loaded, path));
	assert_equal(program, loaded);
	fisch_program_free(loaded);
	fisch_program_free(program);
	assert_int_equal(unlink(path), 0);
	assert_error(fisch_program_read(&loaded, path), HXCOMM_EIO, "cannot be opened");
	assert_null(loaded);
	assert_error(fisch_program_read(&loaded, "."), HXCOMM_EIO, "'.' cannot be read");
	assert_error(fisch_program_read(&loaded, "/dev/zero"), HXCOMM_ECORRUPT,
	        "no saved program: '/dev/zero' has more than");
	assert_null(loaded);
}

/* The disk is full: the old file stays, and nothing is left beside it. */
static void a_full_disk_costs_no_program(void **state)
{
	char folder[] = "program_file_test.XXXXXX", path[64];
	struct fisch_program *program = some_program(0), *longer = some_program(0), *loaded;
	struct rlimit before, small;
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/program", folder);
	assert_ok(fisch_program_write(path, program));
	while (fisch_program_mark(longer).words < 100000)
		assert_ok(fisch_program_append_program(longer, longer));
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 100000;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const int status = fisch_program_write(path, longer);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_error(status, HXCOMM_EIO, "cannot be written: File too large");
	assert_ok(fisch_program_read(&loaded, path));
	assert_equal(program, loaded);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(rmdir(folder), 0); /* there is nothing else in it */
	fisch_program_free(loaded);
	fisch_program_free(longer);
	fisch_program_free(program);
}

static void a_folder_that_does_not_exist_is_named(void **state)
{
	struct fisch_program *program = some_program(0);
	(void)state;
	assert_error(fisch_program_write("no/such/folder", program), HXCOMM_EIO,
	        "'no/such/folder' cannot be written");
	fisch_program_free(program);
}

/* The last byte tells that it is complete. */
static size_t saved_size(void)
{
	struct fisch_program *program = some_program(100);
	uint8_t *bytes;
	size_t size;
	assert_ok(fisch_program_encode(&bytes, &size, program));
	free(bytes);
	fisch_program_free(program);
	return size;
}

/* One byte of a saved program set to another value. The first 13 bytes are the format, then come
 * the version and the limit, two bytes each. */
static int decode_changed(size_t at, uint8_t value)
{
	struct fisch_program *program = some_program(100), *loaded;
	uint8_t *bytes;
	size_t size;
	assert_ok(fisch_program_encode(&bytes, &size, program));
	assert_true(at < size);
	bytes[at] = value;
	const int status = fisch_program_decode(&loaded, bytes, size);
	if (status != HXCOMM_OK)
		assert_null(loaded);
	fisch_program_free(loaded);
	free(bytes);
	fisch_program_free(program);
	return status;
}

static void foreign_newer_and_damaged_programs_are_told_apart(void **state)
{
	struct fisch_program *loaded;
	(void)state;
	assert_error(decode_changed(2, 'x'), HXCOMM_ECORRUPT, "does not begin with bss-program");
	assert_error(decode_changed(14, 2), HXCOMM_ENOTSUP, "version 2 of the format");
	assert_error(decode_changed(14, 0), HXCOMM_ECORRUPT, "has no version");
	assert_error(decode_changed(16, 5), HXCOMM_ECORRUPT, "no words within its limit of 5");
	assert_error(decode_changed(16, 0), HXCOMM_ECORRUPT, "its limit is 0 words");
	assert_error(decode_changed(saved_size() - 1, 0), HXCOMM_ECORRUPT, "it was cut short");
	assert_error(decode_changed(18, 9), HXCOMM_ECORRUPT,
	        "its words cause 1 omnibus, 1 JTAG, 1 tick responses, it says 9, 1, 1");
	assert_error(fisch_program_decode(&loaded, (const uint8_t *)"{}", 2), HXCOMM_ECORRUPT,
	        "no saved program");
	assert_error(fisch_program_decode(&loaded, NULL, 0), HXCOMM_ECORRUPT, "no saved program");
}

/* Cut anywhere and with any byte changed, it is refused or is a program, and never crashes. */
static void damage_anywhere_is_an_error_or_a_program(void **state)
{
	struct fisch_program *program = some_program(100), *loaded;
	uint8_t *bytes;
	size_t size;
	(void)state;
	assert_ok(fisch_program_encode(&bytes, &size, program));
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *copy = malloc(cut + 1);
		assert_non_null(copy);
		memcpy(copy, bytes, cut);
		assert_int_equal(fisch_program_decode(&loaded, copy, cut), HXCOMM_ECORRUPT);
		assert_null(loaded);
		free(copy);
	}
	free(bytes);
	fisch_program_free(program);
	struct test_random random = { .seed = 3 };
	for (size_t at = 0; at < size; at++)
		(void)decode_changed(at, (uint8_t)test_random_below(&random, 256));
}

static void each_allocation_may_fail(void **state)
{
	struct fisch_program *program = some_program(0);
	bool failed = true;
	(void)state;
	for (long n = 0; failed; n++) {
		struct fisch_program *loaded = NULL;
		uint8_t *bytes;
		size_t size;
		torture_begin(n);
		int status = fisch_program_encode(&bytes, &size, program);
		if (status == HXCOMM_OK)
			status = fisch_program_decode(&loaded, bytes, size);
		failed = torture_end();
		assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		assert_true(!loaded == failed);
		fisch_program_free(loaded);
		free(bytes);
	}
	fisch_program_free(program);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_loaded_program_is_the_saved_one),
		cmocka_unit_test(a_full_disk_costs_no_program),
		cmocka_unit_test(a_folder_that_does_not_exist_is_named),
		cmocka_unit_test(foreign_newer_and_damaged_programs_are_told_apart),
		cmocka_unit_test(damage_anywhere_is_an_error_or_a_program),
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests_name("fisch/program_file", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* Recordings: what comes back without the chip, what is told where the words differ, and what
 * becomes of files that are cut, damaged, foreign or newer. */
#include <hxcomm/connection.h>
#include <hxcomm/job.h>
#include <hxcomm/provider.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include "assert.h"
#include "random.h"
#include "recording.h"
#include "torture.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <zlib.h>

enum { RUNS = 5, WORDS_MAX = 40, FILE_MAX = 1 << 16 };

static char path[128], other[160];

static void address(char out[512], const char *scheme, const char *file, const char *more)
{
	snprintf(out, 512, "%s:%s%s", scheme, file, more);
}

static struct hxcomm_connection *opened(const char *scheme, const char *file, const char *more)
{
	struct hxcomm_connection *c;
	char uri[512];
	address(uri, scheme, file, more);
	assert_ok(hxcomm_open(&c, uri, NULL));
	return c;
}

static int try_open(
        struct hxcomm_connection **out, const char *scheme, const char *file, const char *more)
{
	char uri[512];
	address(uri, scheme, file, more);
	return hxcomm_open(out, uri, NULL);
}

/* Words of run `run`: the same for a seed. */
static size_t program(uint64_t words[WORDS_MAX], uint64_t run)
{
	struct test_random random = { .seed = 1000 + run };
	const size_t count = 1 + test_random_below(&random, WORDS_MAX - 2) / 2 * 2;
	for (size_t i = 0; i + 1 < count; i += 2) {
		const uint32_t at = (uint32_t)test_random_below(&random, 4);
		const bool read = test_random_below(&random, 2);
		words[i] = hxcomm_word_omnibus_address(at, 15, read);
		words[i + 1] = read ? hxcomm_word_spike_pack_1((uint16_t)test_random_next(&random))
		                    : hxcomm_word_omnibus_data((uint32_t)test_random_next(&random));
	}
	words[count - 1] = hxcomm_word_loopback(true);
	return count;
}

static void record(const char *more)
{
	uint64_t words[WORDS_MAX];
	remove(path);
	struct hxcomm_connection *c = opened("record", path, more);
	for (uint64_t run = 0; run < RUNS; run++)
		assert_ok(hxcomm_run(c, words, program(words, run), NULL));
	hxcomm_close(c);
}

static size_t read_file(uint8_t bytes[FILE_MAX], const char *name)
{
	FILE *file = fopen(name, "rb");
	assert_non_null(file);
	const size_t size = fread(bytes, 1, FILE_MAX, file);
	fclose(file);
	assert_true(size < FILE_MAX);
	return size;
}

static void write_file(const char *name, const uint8_t *bytes, size_t size)
{
	FILE *file = fopen(name, "wb");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, size, file), size);
	fclose(file);
}

/* ---- what comes back ------------------------------------------------------------------------ */

static void a_recording_answers_as_the_chip_did(void **state)
{
	uint64_t words[WORDS_MAX], *near, *far;
	size_t near_count, far_count;
	(void)state;
	record(",loopback:");
	struct hxcomm_connection *chip, *replay = opened("replay", path, "");
	assert_ok(hxcomm_open(&chip, "loopback:", NULL));
	assert_string_equal(hxcomm_identifier(replay), "loopback");
	for (uint64_t run = 0; run < RUNS; run++) {
		const size_t count = program(words, run);
		assert_ok(hxcomm_run_words(chip, words, count, &near, &near_count));
		assert_ok(hxcomm_run_words(replay, words, count, &far, &far_count));
		assert_int_equal(near_count, far_count);
		assert_memory_equal(near, far, near_count * sizeof(*near));
		free(near);
		free(far);
	}
	assert_error(hxcomm_run(replay, words, 1, NULL), HXCOMM_ENOENT,
	        "the recording holds 5 runs");
	hxcomm_close(chip);
	hxcomm_close(replay);
}

/* Pieces and jobs are recorded as runs, too; a recording of a recording is the same recording. */
static void it_does_not_matter_how_the_words_came(void **state)
{
	enum { COUNT = 20000 };
	char more[300];
	uint64_t *words = malloc(COUNT * sizeof(*words));
	struct hxcomm_responses *out[2];
	struct hxcomm_job *jobs[2];
	uint8_t *bytes = malloc(2 * FILE_MAX);
	(void)state;
	assert_true(words && bytes);
	for (size_t i = 0; i < COUNT; i++)
		words[i] = hxcomm_word_spike_pack_1((uint16_t)i);
	remove(path);
	remove(other);
	snprintf(more, sizeof(more), ",record:%s,loopback:", other);
	struct hxcomm_connection *c = opened("record", path, more);
	for (int i = 0; i < 2; i++)
		assert_ok(hxcomm_submit(&jobs[i], c, words, COUNT / 2, NULL, NULL));
	for (int i = 0; i < 2; i++)
		assert_ok(hxcomm_wait(jobs[i], NULL));
	assert_ok(hxcomm_run(c, words, 10, NULL));
	hxcomm_close(c);
	const char *const files[] = { path, other };
	FOR_ROWS(f, files) {
		c = opened("replay", files[f], "");
		for (int i = 0; i < 2; i++) {
			assert_ok(hxcomm_responses_new(&out[i], 0));
			assert_ok(hxcomm_run(c, words, COUNT / 2, out[i]));
			assert_int_equal(out[i]->spikes.count, COUNT / 2);
			hxcomm_responses_free(out[i]);
		}
		assert_ok(hxcomm_submit(&jobs[0], c, words, 10, NULL, NULL));
		assert_ok(hxcomm_wait(jobs[0], NULL));
		hxcomm_close(c);
	}
	free(words);
	free(bytes);
}

static void the_first_word_that_differs_is_told(void **state)
{
	uint64_t words[WORDS_MAX + 1];
	(void)state;
	record(",loopback:");
	for (uint64_t bad = 0; bad < RUNS; bad++) {
		struct hxcomm_connection *c = opened("replay", path, "");
		for (uint64_t run = 0; run < bad; run++)
			assert_ok(hxcomm_run(c, words, program(words, run), NULL));
		const size_t count = program(words, bad);
		char text[120];
		words[count - 1] = hxcomm_word_omnibus_address(0x88000001, 15, false);
		snprintf(text, sizeof(text), "run %d, word %zu is not the recorded one: expected "
		        "0x0a00000000000001 ", (int)bad, count - 1);
		assert_error(hxcomm_run(c, words, count, NULL), HXCOMM_EINVAL, text);
		assert_non_null(strstr(hxcomm_error_message(),
		        "got 0x0b00000f88000001 omnibus_to_fpga::Address"));
		hxcomm_close(c);
	}
	const size_t count = program(words, 0);
	struct hxcomm_connection *c = opened("replay", path, "");
	assert_error(hxcomm_run(c, words, count - 1, NULL), HXCOMM_EINVAL,
	        "the recorded one goes on: at least 1 more words");
	hxcomm_close(c);
	c = opened("replay", path, "");
	words[count] = hxcomm_word_timer_setup();
	assert_error(hxcomm_run(c, words, count + 1, NULL), HXCOMM_EINVAL,
	        "0x0400000000000000 timing::Setup");
	hxcomm_close(c);
}

static int fail_open(
        void **state, const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	static int nothing;
	(void)uri, (void)options;
	*state = &nothing;
	return HXCOMM_OK;
}

static int fail_run(void *state, struct hxcomm_job *job)
{
	const uint64_t halt = UINT64_C(0x0200000000000000), *words;
	size_t count;
	(void)state;
	const int status = hxcomm_job_take(job, &words, &count);
	if (status != HXCOMM_OK || count > 1)
		return status ? status : hxcomm_error_set(HXCOMM_ELINK, "the cable is out");
	return hxcomm_job_deliver(job, &halt, 1);
}

static const char *fail_identifier(void *state)
{
	(void)state;
	return "fail-1";
}

static void fail_close(void *state)
{
	(void)state;
}

static const struct hxcomm_provider fail_provider = { HXCOMM_PROVIDER_ABI, sizeof(fail_provider),
	"fails", "fails", fail_open, fail_run, fail_identifier, fail_close, NULL };

static void failures_are_recorded_too(void **state)
{
	const uint64_t words[2] = { 0, 0 };
	(void)state;
	remove(path);
	for (int replay = 0; replay < 2; replay++) {
		struct hxcomm_connection *c =
		        replay ? opened("replay", path, "") : opened("record", path, ",fails:");
		assert_string_equal(hxcomm_identifier(c), "fail-1");
		assert_ok(hxcomm_run(c, words, 1, NULL));
		assert_error(hxcomm_run(c, words, 2, NULL), HXCOMM_ELINK, "the cable is out");
		assert_int_equal(!strncmp(hxcomm_error_message(), "as recorded: ", 13), replay);
		assert_error(hxcomm_run(c, words, 1, NULL), HXCOMM_ESTATE, "an earlier run failed");
		assert_error(hxcomm_reset(c), replay ? HXCOMM_OK : HXCOMM_ENOTSUP,
		        replay ? "" : "'fails:' cannot be reset");
		hxcomm_close(c);
	}
}

/* ---- disks that are full -------------------------------------------------------------------- */

static void limit_files(struct rlimit *before, rlim_t bytes)
{
	assert_int_equal(getrlimit(RLIMIT_FSIZE, before), 0);
	struct rlimit limit = *before;
	limit.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* The run fails, and the file holds those before it, whole. */
static void a_full_disk_ends_the_recording_with_its_last_run(void **state)
{
	enum { LONG = 20000 };
	static uint64_t words[LONG]; /* JTAG resets */
	struct hxcomm_connection *c;
	struct rlimit before;
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	remove(path);
	c = opened("record", path, ",loopback:");
	assert_ok(hxcomm_run(c, words, 10, NULL));
	limit_files(&before, 30000);
	const int status = hxcomm_run(c, words, LONG, NULL);
	const int later = hxcomm_run(c, words, 10, NULL);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(status, HXCOMM_EIO);
	assert_true(later != HXCOMM_OK);
	hxcomm_close(c);
	c = opened("replay", path, "");
	assert_ok(hxcomm_run(c, words, 10, NULL));
	assert_error(hxcomm_run(c, words, 10, NULL), HXCOMM_ENOENT, "the recording holds 1 runs");
	hxcomm_close(c);
}

static void a_recording_that_cannot_begin_leaves_no_file(void **state)
{
	struct hxcomm_connection *c;
	struct rlimit before;
	(void)state;
	signal(SIGXFSZ, SIG_IGN);
	remove(path);
	limit_files(&before, 4);
	const int status = try_open(&c, "record", path, ",loopback:");
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_error(status, HXCOMM_EIO, "a recording cannot be written: File too large");
	assert_null(c);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- files that are not whole --------------------------------------------------------------- */

/* Replays as many runs as it holds. Returns the error that ended this. */
static int replay_all(uint64_t *runs, const char *file)
{
	uint64_t words[WORDS_MAX];
	struct hxcomm_connection *c;
	*runs = 0;
	int status = try_open(&c, "replay", file, "");
	while (status == HXCOMM_OK) {
		status = hxcomm_run(c, words, program(words, *runs), NULL);
		*runs += status == HXCOMM_OK;
		if (status != HXCOMM_OK)
			hxcomm_close(c);
	}
	return status;
}

static void a_file_cut_anywhere_gives_its_whole_runs(void **state)
{
	static uint8_t bytes[FILE_MAX];
	uint64_t runs, before = 0;
	(void)state;
	record(",loopback:");
	const size_t size = read_file(bytes, path);
	for (size_t cut = 0; cut < size; cut++) {
		write_file(other, bytes, cut);
		const int status = replay_all(&runs, other);
		assert_true(status == HXCOMM_ECORRUPT || status == HXCOMM_ENOENT ||
		        status == HXCOMM_EINVAL);
		assert_true(status != HXCOMM_EINVAL || cut < 8);
		assert_true(runs >= before && runs < RUNS);
		before = runs;
	}
	assert_int_equal(before, RUNS - 1);
	assert_int_equal(replay_all(&runs, path), HXCOMM_ENOENT);
	assert_int_equal(runs, RUNS);
}

static void a_bit_that_flipped_is_found(void **state)
{
	static uint8_t bytes[FILE_MAX];
	uint64_t runs;
	(void)state;
	record(",loopback:");
	const size_t size = read_file(bytes, path);
	for (size_t at = 0; at < size; at++) {
		bytes[at] ^= (uint8_t)(1u << at % 8);
		write_file(other, bytes, size);
		const int status = replay_all(&runs, other);
		assert_true(status == HXCOMM_ECORRUPT || (status == HXCOMM_EINVAL && at < 8));
		assert_true(runs < RUNS);
		bytes[at] ^= (uint8_t)(1u << at % 8);
	}
}

static void files_that_are_no_recordings_are_refused(void **state)
{
	static const uint8_t magic[8] = { 0x89, 'H', 'X', 'R', 'E', 'C', '\r', '\n' };
	uint8_t newer[18] = { 0 };
	struct hxcomm_connection *c;
	uint64_t word = 0;
	(void)state;
	remove(other);
	assert_error(try_open(&c, "replay", other, ""), HXCOMM_ENOENT, "cannot be read");
	write_file(other, (const uint8_t *)"hello, world", 12);
	assert_error(try_open(&c, "replay", other, ""), HXCOMM_EINVAL, "is no recording");
	assert_error(try_open(&c, "replay", "", ""), HXCOMM_EINVAL, "write replay:FILE");
	assert_error(try_open(&c, "replay", other, "?a=1"), HXCOMM_EINVAL, "it has no keys");
	/* a header whose version, field 1, is 2 */
	memcpy(newer, magic, 8);
	newer[8] = 2;
	newer[16] = 0x08;
	newer[17] = 2;
	const uint32_t sum = (uint32_t)crc32(0, newer + 16, 2);
	for (int i = 0; i < 4; i++)
		newer[12 + i] = (uint8_t)(sum >> 8 * i);
	write_file(other, newer, sizeof(newer));
	assert_error(try_open(&c, "replay", other, ""), HXCOMM_ENOTSUP,
	        "version 2, this library reads up to 1");
	/* entries in an order that none has written */
	const struct recording_entry strange[] = { { .kind = RECORDING_END },
		{ .kind = RECORDING_SENT, .words = &word, .count = 1 } };
	FOR_ROWS(i, strange) {
		FILE *file = fopen(other, "wb");
		assert_non_null(file);
		assert_ok(hxcomm__recording_begin(file, "x", "y"));
		assert_ok(hxcomm__recording_write(file, &strange[i]));
		fclose(file);
		c = opened("replay", other, "");
		assert_error(hxcomm_run(c, &word, 1, NULL), HXCOMM_ECORRUPT, "makes no sense");
		hxcomm_close(c);
	}
}

static void addresses_that_make_no_sense_are_refused(void **state)
{
	static const struct {
		const char *uri, *hint;
		int code;
	} rows[] = {
		{ "record:", "write record:FILE,ADDRESS", HXCOMM_EINVAL },
		{ "record:file", "write record:FILE,ADDRESS", HXCOMM_EINVAL },
		{ "record:,mock:", "write record:FILE,ADDRESS", HXCOMM_EINVAL },
		{ "record:file,mock", "write record:FILE,ADDRESS", HXCOMM_EINVAL },
		{ "record:file,Mock:", "write record:FILE,ADDRESS", HXCOMM_EINVAL },
		{ "record:file,nobody:", "no provider 'nobody'", HXCOMM_ENOENT },
		{ "record:/nowhere/at/all,mock:", "cannot be made", HXCOMM_EIO },
		{ "record:file,mock:?a=1", "'mock:' knows no key 'a'", HXCOMM_EINVAL },
		{ "record:file,mock:there", "takes nothing behind the colon", HXCOMM_EINVAL },
	};
	struct hxcomm_connection *c;
	(void)state;
	FOR_ROWS(i, rows)
		assert_error(hxcomm_open(&c, rows[i].uri, NULL), rows[i].code, rows[i].hint);
	assert_true(access("file", F_OK) != 0);
	record(",mock:");
	assert_error(try_open(&c, "record", path, ",mock:"), HXCOMM_EINVAL,
	        "remove it, or record to another");
}

/* The program is killed in the middle of its third run: the two before can be replayed. */
static void what_was_recorded_before_a_crash_can_be_replayed(void **state)
{
	uint64_t words[WORDS_MAX], runs;
	(void)state;
	remove(path);
	const pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		struct hxcomm_connection *c = opened("record", path, ",loopback:");
		struct hxcomm_job *job;
		for (uint64_t run = 0; run < 2; run++)
			if (hxcomm_run(c, words, program(words, run), NULL) != HXCOMM_OK)
				_exit(1);
		if (hxcomm_begin(&job, c, NULL, NULL) || hxcomm_append(job, words, 1))
			_exit(1);
		raise(SIGKILL);
	}
	int how;
	assert_int_equal(waitpid(child, &how, 0), child);
	assert_true(WIFSIGNALED(how));
	const int status = replay_all(&runs, path);
	assert_int_equal(runs, 2);
	assert_true(status == HXCOMM_ENOENT || status == HXCOMM_ECORRUPT);
}

/* ---- memory --------------------------------------------------------------------------------- */

/* Open, run and submit; what fails says so, and nothing leaks. */
static int use(const char *scheme, const char *more)
{
	struct hxcomm_connection *c;
	struct hxcomm_responses *out = NULL;
	struct hxcomm_job *job;
	uint64_t words[WORDS_MAX];
	int status = try_open(&c, scheme, scheme[0] == 'r' ? path : "", more);
	if (status != HXCOMM_OK)
		return status;
	status = hxcomm_responses_new(&out, 0);
	if (status == HXCOMM_OK)
		status = hxcomm_run(c, words, program(words, 0), out);
	if (status == HXCOMM_OK)
		status = hxcomm_submit(&job, c, words, program(words, 1), out, NULL);
	if (status == HXCOMM_OK)
		status = hxcomm_wait(job, NULL);
	if (status == HXCOMM_OK) {
		struct hxcomm_part part = { .connection = c,
			.words = words,
			.count = program(words, 2),
			.responses = out };
		status = hxcomm_run_all(&part, 1, NULL);
		assert_int_equal(part.status, status);
	}
	hxcomm_responses_free(out);
	hxcomm_close(c);
	return status;
}

static void each_allocation_may_fail(void **state)
{
	static const struct {
		const char *scheme, *more;
	} rows[] = { { "loopback", "" }, { "mock", "" }, { "record", ",loopback:" },
		{ "replay", "" } };
	(void)state;
	FOR_ROWS(i, rows) {
		bool failed = true;
		long n = 0;
		if (i == 3)
			record(",loopback:");
		for (; failed; n++) {
			if (i == 2)
				remove(path);
			torture_begin(n);
			const int status = use(rows[i].scheme, rows[i].more);
			failed = torture_end();
			assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
		}
		assert_true(n > 8);
	}
}

static int setup(void **state)
{
	(void)state;
	snprintf(path, sizeof(path), "/tmp/hxcomm-record-%ld", (long)getpid());
	snprintf(other, sizeof(other), "%s-other", path);
	return hxcomm_provider_register(&fail_provider);
}

static int teardown(void **state)
{
	(void)state;
	remove(path);
	remove(other);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_recording_answers_as_the_chip_did),
		cmocka_unit_test(it_does_not_matter_how_the_words_came),
		cmocka_unit_test(the_first_word_that_differs_is_told),
		cmocka_unit_test(failures_are_recorded_too),
		cmocka_unit_test(a_full_disk_ends_the_recording_with_its_last_run),
		cmocka_unit_test(a_recording_that_cannot_begin_leaves_no_file),
		cmocka_unit_test(a_file_cut_anywhere_gives_its_whole_runs),
		cmocka_unit_test(a_bit_that_flipped_is_found),
		cmocka_unit_test(files_that_are_no_recordings_are_refused),
		cmocka_unit_test(addresses_that_make_no_sense_are_refused),
		cmocka_unit_test(what_was_recorded_before_a_crash_can_be_replayed),
		cmocka_unit_test(each_allocation_may_fail),
	};
	return cmocka_run_group_tests_name("hxcomm/record", tests, setup, teardown);
}

// SPDX-License-Identifier: MIT
/* Files are written as a whole or not at all, whatever the system does meanwhile. */
#include <hxcomm/file.h>

#include "assert.h"
#include "random.h"
#include "torture.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST = 1 << 20 };

static char folder[] = "/tmp/hxcomm-file-XXXXXX", path[128], other[128];

static void assert_holds(const char *name, const void *bytes, size_t count)
{
	uint8_t *read;
	size_t size;
	assert_ok(hxcomm_file_read(&read, &size, name, MOST));
	assert_int_equal(size, count);
	if (count)
		assert_memory_equal(read, bytes, count);
	assert_int_equal(read[size], 0);
	free(read);
}

static unsigned files_in_folder(void)
{
	DIR *dir = opendir(folder);
	unsigned count = 0;
	assert_non_null(dir);
	for (struct dirent *entry; (entry = readdir(dir));)
		count += entry->d_name[0] != '.';
	closedir(dir);
	return count;
}

static void what_is_written_is_read(void **state)
{
	static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, 300000, MOST };
	struct test_random random = { .seed = 1 };
	uint8_t *bytes = malloc(MOST);
	(void)state;
	assert_non_null(bytes);
	FOR_ROWS(i, sizes) {
		for (size_t k = 0; k < sizes[i]; k++)
			bytes[k] = (uint8_t)test_random_next(&random);
		assert_ok(hxcomm_file_write(path, bytes, sizes[i]));
		assert_holds(path, bytes, sizes[i]);
	}
	free(bytes);
	assert_int_equal(files_in_folder(), 1);
}

static void permissions_and_links_stay(void **state)
{
	struct stat info;
	(void)state;
	assert_ok(hxcomm_file_write(path, (const uint8_t *)"old", 3));
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(symlink(path, other), 0);
	assert_ok(hxcomm_file_write(other, (const uint8_t *)"new", 3));
	assert_int_equal(lstat(other, &info), 0);
	assert_true(S_ISLNK(info.st_mode));
	assert_int_equal(stat(path, &info), 0);
	assert_int_equal(info.st_mode & 0777, 0640);
	assert_holds(path, "new", 3);
	assert_int_equal(unlink(other), 0);
}

/* A limit on the size of files stands for a disk that is full. */
static void a_full_disk_leaves_the_old_file(void **state)
{
	uint8_t *bytes = calloc(1, 100000);
	struct rlimit before, small;
	(void)state;
	assert_non_null(bytes);
	assert_ok(hxcomm_file_write(path, (const uint8_t *)"old", 3));
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = before;
	small.rlim_cur = 50000;
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	const int status = hxcomm_file_write(path, bytes, 100000);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	assert_error(status, HXCOMM_EIO, "cannot be written: File too large");
	assert_holds(path, "old", 3);
	assert_int_equal(files_in_folder(), 1);
	free(bytes);
}

static void devices_are_written_as_they_are(void **state)
{
	struct stat info;
	(void)state;
	if (stat("/dev/full", &info) == 0 && S_ISCHR(info.st_mode)) {
		assert_error(hxcomm_file_write("/dev/full", (const uint8_t *)"x", 1), HXCOMM_EIO,
		        "'/dev/full' cannot be written: No space left on device");
		assert_int_equal(stat("/dev/full", &info), 0);
		assert_true(S_ISCHR(info.st_mode));
	}
	assert_ok(hxcomm_file_write("/dev/null", (const uint8_t *)"x", 1));
	assert_int_equal(stat("/dev/null", &info), 0);
	assert_true(S_ISCHR(info.st_mode));
	assert_holds("/dev/null", "", 0);
}

static void *write_pipe(void *name)
{
	return (void *)(intptr_t)hxcomm_file_write(name, (const uint8_t *)"through a pipe", 14);
}

static void pipes_are_read_to_their_end(void **state)
{
	pthread_t thread;
	void *status;
	(void)state;
	assert_int_equal(mkfifo(other, 0600), 0);
	assert_int_equal(pthread_create(&thread, NULL, write_pipe, other), 0);
	assert_holds(other, "through a pipe", 14);
	pthread_join(thread, &status);
	assert_int_equal((intptr_t)status, HXCOMM_OK);
	assert_int_equal(unlink(other), 0);
}

static void what_cannot_be_done_is_told(void **state)
{
	uint8_t *bytes = (uint8_t *)path;
	size_t size = 1;
	char *name = malloc(5001);
	(void)state;
	assert_non_null(name);
	memset(name, 'x', 5000);
	name[5000] = '\0';
	assert_ok(hxcomm_file_write(path, (const uint8_t *)"four", 4));
	assert_error(hxcomm_file_read(&bytes, &size, path, 3), HXCOMM_ERANGE,
	        "has more than 3 bytes");
	assert_null(bytes);
	assert_int_equal(size, 0);
	assert_error(hxcomm_file_read(&bytes, &size, "no/such/file", 3), HXCOMM_EIO,
	        "'no/such/file' cannot be opened: No such file");
	assert_error(hxcomm_file_read(&bytes, &size, folder, 3), HXCOMM_EIO, "Is a directory");
	assert_error(hxcomm_file_write("no/such/file", bytes, 0), HXCOMM_EIO,
	        "'no/such/file' cannot be written: No such file");
	assert_error(hxcomm_file_write(folder, bytes, 0), HXCOMM_EIO, "Is a directory");
	assert_error(hxcomm_file_write(name, bytes, 0), HXCOMM_EINVAL, "longer than 4000 bytes");
	free(name);
}

static void exhausted_memory_is_told(void **state)
{
	uint8_t *bytes;
	size_t size;
	(void)state;
	assert_ok(hxcomm_file_write(path, (const uint8_t *)"four", 4));
	torture_begin(0);
	const int status = hxcomm_file_read(&bytes, &size, path, 100);
	assert_true(torture_end());
	assert_error(status, HXCOMM_ENOMEM, "no memory for");
	assert_null(bytes);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(other, sizeof(other), "%s/other", folder);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)unlink(path);
	(void)unlink(other);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_written_is_read),
		cmocka_unit_test(permissions_and_links_stay),
		cmocka_unit_test(a_full_disk_leaves_the_old_file),
		cmocka_unit_test(devices_are_written_as_they_are),
		cmocka_unit_test(pipes_are_read_to_their_end),
		cmocka_unit_test(what_cannot_be_done_is_told),
		cmocka_unit_test(exhausted_memory_is_told),
	};
	return cmocka_run_group_tests_name("hxcomm/file", tests, setup, teardown);
}

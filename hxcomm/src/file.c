// SPDX-License-Identifier: MIT
#include <hxcomm/file.h>

#include <hxcomm/error.h>

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PATH_BYTES = 4096, /* with ".NUMBER.tmp" at the end */
	NAMES = 100,
	STEP = 1 << 16,
};

static int io_error(const char *path, const char *what)
{
	return hxcomm_error_set(errno == ENOMEM ? HXCOMM_ENOMEM : HXCOMM_EIO,
	        "'%.200s' cannot be %s: %s", path, what, strerror(errno));
}

/* ---- writing -------------------------------------------------------------------------------- */

/* A new file beside the one that is meant; -1 and errno where there can be none. */
static int open_beside(char name[PATH_BYTES], const char *path)
{
	for (int n = 0; n < NAMES; n++) {
		const int length = snprintf(name, PATH_BYTES,
		        "%s.%ld-%d.tmp", path, (long)getpid(), n);
		if (length < 0 || length >= PATH_BYTES) {
			errno = ENAMETOOLONG;
			return -1;
		}
		const int file = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
		if (file >= 0 || errno != EEXIST)
			return file;
	}
	return -1;
}

static bool write_all(int file, const uint8_t *bytes, size_t size)
{
	while (size) {
		const ssize_t written = write(file, bytes, size);
		if (written < 0 && errno == EINTR)
			continue;
		if (written <= 0)
			return false;
		bytes += written;
		size -= (size_t)written;
	}
	return true;
}

/* Devices and pipes: nothing can take their place. */
static int write_in_place(const char *path, const uint8_t *bytes, size_t size)
{
	const int file = open(path, O_WRONLY | O_CLOEXEC);
	if (file < 0)
		return io_error(path, "written");
	const bool written = write_all(file, bytes, size);
	const int number = errno;
	const bool closed = close(file) == 0;
	if (written && closed)
		return HXCOMM_OK;
	errno = written ? errno : number;
	return io_error(path, "written");
}

/* `old` is NULL where there is no such file yet. */
static int replace(const char *path, const uint8_t *bytes, size_t size, const struct stat *old)
{
	char name[PATH_BYTES];
	const int file = open_beside(name, path);
	if (file < 0 && errno == ENAMETOOLONG)
		return hxcomm_error_set(HXCOMM_EINVAL, "the path of a file is longer than %d bytes",
		        PATH_BYTES - 96);
	if (file < 0)
		return io_error(path, "written");
	bool written = write_all(file, bytes, size) &&
	        (!old || fchmod(file, old->st_mode & 07777) == 0) && fsync(file) == 0;
	int number = errno;
	if (close(file) != 0 && written) {
		number = errno;
		written = false;
	}
	if (written && rename(name, path) == 0)
		return HXCOMM_OK;
	errno = written ? errno : number;
	const int status = io_error(path, "written");
	(void)unlink(name);
	return status;
}

int hxcomm_file_write(const char *path, const uint8_t *bytes, size_t size)
{
	struct stat old;
	if (stat(path, &old) != 0)
		return replace(path, bytes, size, NULL);
	if (!S_ISREG(old.st_mode))
		return write_in_place(path, bytes, size);
	char *target = realpath(path, NULL); /* behind a symbolic link */
	if (!target)
		return io_error(path, "written");
	const int status = replace(target, bytes, size, &old);
	free(target);
	return status;
}

/* ---- reading -------------------------------------------------------------------------------- */

/* Memory for the bytes there are, those to come, and a zero. */
static int make_room(uint8_t **bytes, size_t *capacity, const char *path)
{
	const size_t more = *capacity ? 2 * *capacity : STEP;
	uint8_t *larger = realloc(*bytes, more + 1);
	if (!larger)
		return hxcomm_error_set(HXCOMM_ENOMEM,
		        "no memory for '%.200s', which has more than %zu "
		        "bytes", path, *capacity);
	*bytes = larger;
	*capacity = more;
	return HXCOMM_OK;
}

static int read_all(uint8_t **bytes, size_t *size, int file, const char *path, size_t most)
{
	size_t capacity = 0;
	for (;;) {
		const int status =
		        *size == capacity ? make_room(bytes, &capacity, path) : HXCOMM_OK;
		if (status != HXCOMM_OK)
			return status;
		const ssize_t got = read(file, *bytes + *size, capacity - *size);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return io_error(path, "read");
		*size += (size_t)got;
		if (*size > most)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "'%.200s' has more than %zu bytes", path,
			        most);
		if (got == 0)
			break;
	}
	(*bytes)[*size] = 0;
	return HXCOMM_OK;
}

int hxcomm_file_read(uint8_t **out, size_t *size, const char *path, size_t most)
{
	uint8_t *bytes = NULL;
	*out = NULL;
	*size = 0;
	const int file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return io_error(path, "opened");
	const int status = read_all(&bytes, size, file, path, most);
	(void)close(file);
	if (status != HXCOMM_OK) {
		free(bytes);
		*size = 0;
		return status;
	}
	*out = bytes;
	return HXCOMM_OK;
}

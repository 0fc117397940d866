// SPDX-License-Identifier: MIT
#ifndef SUPPORT_TORTURE_H
#define SUPPORT_TORTURE_H

/* Memory that runs out on demand, for one source file of a test that is linked with
 * `WRAP malloc calloc realloc`. To run something once for each of its allocations:
 *
 *     bool failed = true;
 *     for (long n = 0; failed; n++) {
 *             torture_begin(n);
 *             const int status = something();
 *             failed = torture_end();
 *             assert_int_equal(status, failed ? HXCOMM_ENOMEM : HXCOMM_OK);
 *     } */

#include <stdbool.h>
#include <stddef.h>

static long torture_left = -1; /* allocations that still succeed; -1: all */
static bool torture_failed;

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
/* visible: the linker may point a shared library's calls here, too */
__attribute__((visibility("default"))) void *__wrap_malloc(size_t size);
__attribute__((visibility("default"))) void *__wrap_calloc(size_t count, size_t size);
__attribute__((visibility("default"))) void *__wrap_realloc(void *memory, size_t size);

static bool torture_fails(void)
{
	if (torture_left < 0)
		return false;
	if (torture_left == 0)
		return torture_failed = true;
	torture_left--;
	return false;
}

void *__wrap_malloc(size_t size)
{
	return torture_fails() ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return torture_fails() ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *memory, size_t size)
{
	return torture_fails() ? NULL : __real_realloc(memory, size);
}

/** From now on all allocations behind the first @p n fail. */
static inline void torture_begin(long n)
{
	torture_left = n;
	torture_failed = false;
}

/** Allocations succeed again. @return whether one has failed */
static inline bool torture_end(void)
{
	torture_left = -1;
	return torture_failed;
}

#endif

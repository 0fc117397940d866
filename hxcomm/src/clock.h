// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_CLOCK_H
#define HXCOMM_SRC_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Nanoseconds of the monotonic clock. */
static inline uint64_t hxcomm__now(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static inline struct timespec hxcomm__timespec(uint64_t ns)
{
	return (struct timespec){ (time_t)(ns / 1000000000u), (long)(ns % 1000000000u) };
}

static inline uint64_t hxcomm__ns(double seconds)
{
	return (uint64_t)(1e9 * seconds);
}

#endif

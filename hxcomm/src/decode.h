// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_DECODE_H
#define HXCOMM_SRC_DECODE_H

#include <hxcomm/decoder.h>
#include <hxcomm/responses.h>

#include <stddef.h>
#include <stdint.h>

/* Part of a piece: messages that begin in [position, stop) and end at or before `end`, in bytes. */
struct hxcomm__walk {
	const uint64_t *words;
	size_t position, stop, end;
};

/* One way to walk. `blocks` decodes as many whole blocks of words as it can and moves the position;
 * what it leaves, an undefined code among it, is for the walk one message after the other. */
struct hxcomm__decode_kernel {
	const char *name;
	void (*blocks)(struct hxcomm__walk *walk, struct hxcomm_decoder *decoder,
	        struct hxcomm_responses *out);
};

extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_walk; /* no blocks at all */
extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_portable;
extern const struct hxcomm__decode_kernel hxcomm__decode_kernel_avx512;

enum { HXCOMM__DECODE_KERNELS_MAX = 3 };

/* The ways that this machine can go, the fastest first. */
size_t hxcomm__decode_kernels(const struct hxcomm__decode_kernel *out[HXCOMM__DECODE_KERNELS_MAX]);

/* As hxcomm_decode(), by one kernel. */
int hxcomm__decode(const struct hxcomm__decode_kernel *kernel, struct hxcomm_decoder *decoder,
        const uint64_t *words, size_t count, struct hxcomm_responses *out);

#endif

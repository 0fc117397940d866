// SPDX-License-Identifier: MIT
#include "kernel.h"

unsigned emulator__kernel_list(const struct kernel *out[3])
{
	unsigned count = 0;
	out[count++] = &emulator__kernel_portable;
#if defined(__x86_64__)
	__builtin_cpu_init();
	if (__builtin_cpu_supports("avx2"))
		out[count++] = &emulator__kernel_avx2;
	if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
		__builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
		out[count++] = &emulator__kernel_avx512;
#endif
	return count;
}

const struct kernel *emulator__kernel_choose(void)
{
	const struct kernel *all[3];
	return all[emulator__kernel_list(all) - 1];
}

// SPDX-License-Identifier: MIT
#define KERNEL_TABLE emulator__kernel_avx2
#define KERNEL_NAME "avx2"
#ifdef __AVX2__ /* absent on other processors */
#include "kernel_body.h"
#else
typedef int kernel_avx2_is_absent;
#endif

// SPDX-License-Identifier: MIT
#define KERNEL_TABLE emulator__kernel_avx512
#define KERNEL_NAME "avx512"
#ifdef __AVX512F__ /* absent on other processors */
#include "kernel_body.h"
#else
typedef int kernel_avx512_is_absent;
#endif

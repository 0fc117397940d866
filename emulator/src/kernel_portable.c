// SPDX-License-Identifier: MIT
#define KERNEL_TABLE emulator__kernel_portable
#define KERNEL_NAME "portable"
#include "kernel_body.h"

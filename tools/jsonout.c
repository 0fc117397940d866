// SPDX-License-Identifier: MIT
#include "jsonout.h"

#include "bss.h"

#include <stdio.h>

int jsonout_print(json_t *object)
{
	if (!object) {
		fputs("bss: no memory for the result\n", stderr);
		return BSS_FAILURE;
	}
	const int status = json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(9));
	json_decref(object);
	putchar('\n');
	return status ? BSS_FAILURE : BSS_OK;
}

void jsonout_error(const char *code, const char *message)
{
	(void)jsonout_print(
	        json_pack("{s:{s:s,s:s}}", "error", "code", code, "message", message));
}

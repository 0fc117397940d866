// SPDX-License-Identifier: MIT
#include "jsonlines.h"

#include "bss.h"
#include "jsonout.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <stdlib.h>

int jsonlines_run(jsonlines_answer *answer, void *user)
{
	char *text = NULL;
	size_t capacity = 0;
	ssize_t length;
	int exit_code = BSS_OK;
	while ((length = getline(&text, &capacity, stdin)) >= 0) {
		json_error_t error;
		json_t *line = json_loadb(text, (size_t)length, JSON_REJECT_DUPLICATES, &error);
		json_t *out = NULL;
		const int status = line ? answer(&out, line, user)
		                        : hxcomm_error_set(HXCOMM_EINVAL, "no JSON: %s", error.text);
		if (status != HXCOMM_OK)
			out = json_pack("{s:s}", "error", hxcomm_error_message());
		if (json_object_get(out, "error"))
			exit_code = BSS_FAILURE;
		json_decref(line);
		if (jsonout_print(out) != BSS_OK)
			exit_code = BSS_FAILURE;
		fflush(stdout);
	}
	free(text);
	return exit_code;
}

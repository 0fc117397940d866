// SPDX-License-Identifier: MIT
#ifndef END_TO_END_PROGRAM_H
#define END_TO_END_PROGRAM_H

/* Run a program as a user does. */

#include "assert.h"

#include <stdio.h>
#include <sys/wait.h>

enum { PROGRAM_OUTPUT = 16384 };

/** Run a command line. @param[out] output what it printed, stdout and stderr @param command the
 *  program @param arguments for the shell @return its exit code */
static inline int program_run(char output[PROGRAM_OUTPUT], const char *command,
        const char *arguments)
{
	char line[1024];
	assert_true((size_t)snprintf(line, sizeof(line), "%s %s 2>&1", command, arguments) <
	            sizeof(line));
	FILE *pipe = popen(line, "r");
	assert_non_null(pipe);
	const size_t count = fread(output, 1, PROGRAM_OUTPUT - 1, pipe);
	output[count] = 0;
	const int status = pclose(pipe);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/** A program exits with a code and prints a text. */
#define assert_program(command, arguments, code, text)                                             \
	do {                                                                                       \
		char program_output_[PROGRAM_OUTPUT];                                              \
		const int program_code_ = program_run(program_output_, (command), (arguments));    \
		if (program_code_ != (code) || !strstr(program_output_, (text)))                   \
			fail_msg("%s %s: exit code %d instead of %d, or no '%s' in: %s",           \
			        (command), (arguments), program_code_, (code), (text),             \
			        program_output_);                                                  \
	} while (0)

#endif

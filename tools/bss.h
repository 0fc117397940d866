// SPDX-License-Identifier: MIT
#ifndef BSS_H
#define BSS_H
/* What the subcommands of `bss` share: the table of commands, exit codes, how a failure is told.
 * Results go to standard output, everything else to standard error. */

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>

/** Exit codes of every subcommand. */
enum bss_exit {
	BSS_OK = 0,            /**< done */
	BSS_FAILURE = 1,       /**< it failed, or there was nothing to find; the reason is on stderr */
	BSS_USAGE = 2,         /**< the command line makes no sense */
	BSS_INTERRUPTED = 130, /**< ended by Ctrl-C after a clean close of the chip */
};

/** One subcommand. */
struct bss_command {
	const char *name;    /**< as typed */
	const char *summary; /**< one line for `bss --help` */
	/** Run it: argv[0] is "bss NAME", the rest is what follows NAME. @return an enum bss_exit */
	int (*run)(int argc, char **argv);
	const struct argp *argp; /**< its options, for the completion; NULL where it has none */
	const char *words;       /**< words that may follow it, separated by spaces; "" = files */
};

/** All subcommands, in the order of `bss --help`. */
extern const struct bss_command bss_commands[];
extern const size_t bss_command_count;

/** The options in front of the subcommand, for the completion. */
extern const struct argp bss_argp;

int cmd_calibrate(int argc, char **argv);
int cmd_chips(int argc, char **argv);
int cmd_completion(int argc, char **argv);
int cmd_coordinates(int argc, char **argv);
int cmd_emulate(int argc, char **argv);
int cmd_health(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_info(int argc, char **argv);
int cmd_link(int argc, char **argv);
int cmd_plot(int argc, char **argv);
int cmd_registers(int argc, char **argv);
int cmd_words(int argc, char **argv);

extern const struct argp cmd_calibrate_argp;
extern const struct argp cmd_chips_argp;
extern const struct argp cmd_coordinates_argp;
extern const struct argp cmd_emulate_argp;
extern const struct argp cmd_health_argp;
extern const struct argp cmd_info_argp;
extern const struct argp cmd_link_argp;
extern const struct argp cmd_plot_argp;
extern const struct argp cmd_registers_argp;

/** Names of the topics of `bss help`, separated by spaces. */
extern const char cmd_help_topics[];

/** The subcommand of that name, or NULL. */
const struct bss_command *bss_command_find(const char *name);

/** The name of @p names[count] that was probably meant by @p typed; NULL where none is near. */
const char *bss_nearest(const char *typed, const char *const *names, size_t count);

/** Tell about a failed call of a library: "bss: message", or as JSON on standard output.
 *  @param code the negative code that the call returned
 *  @return BSS_FAILURE */
int bss_fail(int code, bool json);

#endif

// SPDX-License-Identifier: MIT
#ifndef PROGRESS_H
#define PROGRESS_H
/* Progress of long work on standard error: on a terminal a bar in one line that is redrawn at most
 * ten times a second, elsewhere one line at the start and one at the end. */

#include <stdbool.h>
#include <stdint.h>

/** A bar; in the caller's memory. */
struct progress {
	const char *label;  /**< what is being done */
	double started_s;   /**< clock at the start */
	double drawn_s;     /**< clock at the last drawing */
	bool on_terminal;   /**< draw the bar */
	bool silent;        /**< print nothing at all */
};

/** Start. @param label lives as long as @p progress. @param silent for `--quiet` work */
void progress_init(struct progress *progress, const char *label, bool silent);

/** Tell that step @p step of @p count begins: @p name says what it does. */
void progress_draw(struct progress *progress, uint32_t step, uint32_t count, const char *name);

/** End: take the bar away and print what happened in its place. */
void progress_deinit(struct progress *progress, const char *outcome);

/** Time since progress_init(), in s. */
double progress_elapsed(const struct progress *progress);

#endif

// SPDX-License-Identifier: MIT
#include "progress.h"

#include <stdio.h>
#include <time.h>
#include <unistd.h>

static const double redraw_s = 0.1;
enum { BAR_WIDTH = 30 };

static double clock_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void progress_init(struct progress *progress, const char *label, bool silent)
{
	*progress = (struct progress){ .label = label,
		.started_s = clock_s(),
		.on_terminal = isatty(STDERR_FILENO),
		.silent = silent };
	if (!silent && !progress->on_terminal)
		fprintf(stderr, "%s ...\n", label);
}

double progress_elapsed(const struct progress *progress)
{
	return clock_s() - progress->started_s;
}

void progress_draw(struct progress *progress, uint32_t step, uint32_t count, const char *name)
{
	const double now = clock_s();
	if (progress->silent || !progress->on_terminal || count == 0 ||
	        (now - progress->drawn_s < redraw_s && step < count))
		return;
	progress->drawn_s = now;
	const int filled = (int)((uint64_t)BAR_WIDTH * (step < count ? step : count) / count);
	char bar[BAR_WIDTH + 1] = "";
	for (int i = 0; i < BAR_WIDTH; i++)
		bar[i] = i < filled ? '#' : '.';
	fprintf(stderr, "\r%s [%s] %3u %% %5.1f s  %-.30s\033[K", progress->label, bar,
	        (unsigned)((uint64_t)100 * step / count), now - progress->started_s, name);
	fflush(stderr);
}

void progress_deinit(struct progress *progress, const char *outcome)
{
	if (progress->silent)
		return;
	fprintf(stderr, "%s%s: %s after %.1f s\n", progress->on_terminal ? "\r\033[K" : "",
	        progress->label, outcome, progress_elapsed(progress));
}

// SPDX-License-Identifier: MIT
#ifndef PLOT_H
#define PLOT_H
/* Figures as SVG or PNG by the suffix of the file. The same data give the same bytes. */

struct csv;

/** How a figure looks. */
struct plot_options {
	const char *title;  /**< above the figure; "" = none */
	const char *y_label; /**< at the vertical axis; NULL = by the names of the columns */
	double width;       /**< in points of an SVG, half pixels of a PNG */
	double height;      /**< the same */
};

/** Draw spikes as dots, one row a neuron, in a colour for each group.
 *  @param path   file to be written; ends in .svg or .png
 *  @param spikes columns time_s, neuron and, where there are groups, group
 *  @return 0 or a negative HXCOMM_E... code with a message; a file that was begun is removed */
int plot_raster(const char *path, const struct csv *spikes, const struct plot_options *options);

/** Draw traces as lines.
 *  @param path    as above
 *  @param traces  columns time_s and one for each trace
 *  @return as above */
int plot_trace(const char *path, const struct csv *traces, const struct plot_options *options);

/** Check the name of a figure. @return 0 or HXCOMM_EINVAL where the suffix is unknown */
int plot_check_path(const char *path);

#endif

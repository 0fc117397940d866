// SPDX-License-Identifier: MIT
#include "plot.h"

#include "axis.h"
#include "csv.h"

#include <hxcomm/error.h>

#include <cairo-svg.h>
#include <cairo.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Okabe and Ito's colours, which people with any kind of colour vision can tell apart, darker ones
 * first; the ninth group begins again. */
static const struct {
	double red, green, blue;
} palette[] = {
	{ 0.00, 0.45, 0.70 },
	{ 0.84, 0.37, 0.00 },
	{ 0.00, 0.62, 0.45 },
	{ 0.80, 0.47, 0.65 },
	{ 0.90, 0.62, 0.00 },
	{ 0.34, 0.71, 0.91 },
	{ 0.00, 0.00, 0.00 },
	{ 0.94, 0.89, 0.26 },
};
enum { PALETTE_SIZE = sizeof(palette) / sizeof(*palette), LEGEND_MAX = 16 };

static const double margin_left = 64, margin_right = 18, margin_top = 34, margin_bottom = 48,
                    legend_mark = 26, font_size = 11, title_size = 13, png_scale = 2;

/* A figure while it is drawn: a box with two scales. */
struct figure {
	cairo_surface_t *surface;
	cairo_t *cairo;
	struct axis x_axis, y_axis;
	double x, y, width, height; /* of the box */
	bool is_png;
};

/* ---- files ---------------------------------------------------------------------------------- */

static bool has_suffix(const char *path, const char *suffix)
{
	const size_t length = strlen(path), suffix_length = strlen(suffix);
	return length > suffix_length && !strcmp(path + length - suffix_length, suffix);
}

int plot_check_path(const char *path)
{
	if (has_suffix(path, ".svg") || has_suffix(path, ".png"))
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_EINVAL,
	        "'%.200s' is no name of a figure: it must end in .svg or .png", path);
}

static cairo_status_t write_bytes(void *file, const unsigned char *bytes, unsigned length)
{
	return fwrite(bytes, 1, length, file) == length ? CAIRO_STATUS_SUCCESS :
	                                                  CAIRO_STATUS_WRITE_ERROR;
}

static void figure_open(struct figure *figure, FILE *file, const char *path,
        const struct plot_options *options)
{
	figure->is_png = has_suffix(path, ".png");
	if (figure->is_png)
		figure->surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24,
		        (int)lround(options->width * png_scale),
		        (int)lround(options->height * png_scale));
	else
		figure->surface = cairo_svg_surface_create_for_stream(write_bytes, file,
		        options->width, options->height);
	figure->cairo = cairo_create(figure->surface);
	if (figure->is_png)
		cairo_scale(figure->cairo, png_scale, png_scale);
	cairo_set_source_rgb(figure->cairo, 1, 1, 1);
	cairo_paint(figure->cairo);
	cairo_select_font_face(figure->cairo, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
	        CAIRO_FONT_WEIGHT_NORMAL);
}

static cairo_status_t figure_close(struct figure *figure, FILE *file)
{
	cairo_status_t status = cairo_status(figure->cairo);
	if (status == CAIRO_STATUS_SUCCESS && figure->is_png)
		status = cairo_surface_write_to_png_stream(figure->surface, write_bytes, file);
	cairo_surface_finish(figure->surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(figure->surface);
	cairo_destroy(figure->cairo);
	cairo_surface_destroy(figure->surface);
	return status;
}

typedef int draw_function(struct figure *figure, const struct csv *data,
        const struct plot_options *options);

static int draw_file(const char *path, const struct csv *data, const struct plot_options *options,
        draw_function *draw)
{
	const int known = plot_check_path(path);
	if (known != HXCOMM_OK)
		return known;
	FILE *file = fopen(path, "wb");
	if (!file)
		return hxcomm_error_set(HXCOMM_EIO, "%s: %s", path, strerror(errno));
	struct figure figure = { 0 };
	figure_open(&figure, file, path, options);
	const int drawn = draw(&figure, data, options);
	errno = 0;
	const cairo_status_t status = figure_close(&figure, file);
	const int full = fclose(file);
	if (drawn == HXCOMM_OK && status == CAIRO_STATUS_SUCCESS && !full)
		return HXCOMM_OK;
	const int reason = errno;
	unlink(path);
	if (drawn != HXCOMM_OK)
		return drawn;
	return hxcomm_error_set(status == CAIRO_STATUS_NO_MEMORY ? HXCOMM_ENOMEM : HXCOMM_EIO,
	        "%s: %s", path, reason ? strerror(reason) : cairo_status_to_string(status));
}

/* ---- the box with its axes ------------------------------------------------------------------ */

static double to_x(const struct figure *figure, double value)
{
	const struct axis *axis = &figure->x_axis;
	return figure->x + figure->width * (value - axis->lo) / (axis->hi - axis->lo);
}

static double to_y(const struct figure *figure, double value)
{
	const struct axis *axis = &figure->y_axis;
	return figure->y + figure->height * (1 - (value - axis->lo) / (axis->hi - axis->lo));
}

/* Text at a point: align 0 begins there, 0.5 is centred, 1 ends there. */
static void draw_text(cairo_t *cairo, double x, double y, double align, const char *text)
{
	cairo_text_extents_t extents;
	cairo_text_extents(cairo, text, &extents);
	cairo_move_to(cairo, x - align * extents.x_advance, y);
	cairo_show_text(cairo, text);
}

static void draw_ticks(const struct figure *figure)
{
	cairo_t *cairo = figure->cairo;
	char label[32];
	for (size_t i = 0; i < axis_tick_count(&figure->x_axis); i++) {
		const double x = to_x(figure, axis_tick(&figure->x_axis, i));
		cairo_move_to(cairo, x, figure->y + figure->height);
		cairo_rel_line_to(cairo, 0, 5);
		cairo_stroke(cairo);
		axis_print(label, sizeof(label), &figure->x_axis, i);
		draw_text(cairo, x, figure->y + figure->height + 17, 0.5, label);
	}
	for (size_t i = 0; i < axis_tick_count(&figure->y_axis); i++) {
		const double y = to_y(figure, axis_tick(&figure->y_axis, i));
		cairo_move_to(cairo, figure->x, y);
		cairo_rel_line_to(cairo, -5, 0);
		cairo_stroke(cairo);
		axis_print(label, sizeof(label), &figure->y_axis, i);
		draw_text(cairo, figure->x - 8, y + 0.36 * font_size, 1, label);
	}
}

static void draw_frame(const struct figure *figure, const char *title, const char *y_label)
{
	cairo_t *cairo = figure->cairo;
	cairo_set_source_rgb(cairo, 0.15, 0.15, 0.15);
	cairo_set_line_width(cairo, 1);
	cairo_rectangle(cairo, figure->x, figure->y, figure->width, figure->height);
	cairo_stroke(cairo);
	cairo_set_font_size(cairo, font_size);
	draw_ticks(figure);

	char x_label[32];
	snprintf(x_label, sizeof(x_label), "time (%ss)", figure->x_axis.prefix);
	draw_text(cairo, figure->x + figure->width / 2, figure->y + figure->height + 36, 0.5, x_label);
	cairo_save(cairo);
	cairo_translate(cairo, 16, figure->y + figure->height / 2);
	cairo_rotate(cairo, -acos(-1) / 2);
	draw_text(cairo, 0, 0, 0.5, y_label);
	cairo_restore(cairo);
	cairo_set_font_size(cairo, title_size);
	draw_text(cairo, figure->x + figure->width / 2, figure->y - 13, 0.5, title);
	cairo_set_font_size(cairo, font_size);
}

static void set_colour(cairo_t *cairo, size_t index)
{
	index %= PALETTE_SIZE;
	cairo_set_source_rgb(cairo, palette[index].red, palette[index].green, palette[index].blue);
}

/* Room that a legend of these names takes, at most a third of the figure. */
static double legend_width(const struct figure *figure, const char *const *names, size_t count,
        const struct plot_options *options)
{
	double width = 0;
	cairo_set_font_size(figure->cairo, font_size);
	for (size_t i = 0; i < count && i < LEGEND_MAX; i++) {
		cairo_text_extents_t extents;
		cairo_text_extents(figure->cairo, names[i], &extents);
		width = fmax(width, extents.x_advance);
	}
	return count > 1 ? fmin(width + legend_mark, options->width / 3) : 0;
}

static void draw_legend(const struct figure *figure, const char *const *names, size_t count)
{
	cairo_t *cairo = figure->cairo;
	const double x = figure->x + figure->width + 12;
	if (count < 2)
		return;
	for (size_t i = 0; i < count && i < LEGEND_MAX; i++) {
		const double y = figure->y + 8 + 16 * (double)i;
		const bool is_rest = i + 1 == LEGEND_MAX && count > LEGEND_MAX;
		set_colour(cairo, i);
		if (!is_rest) {
			cairo_rectangle(cairo, x, y - 4, 9, 9);
			cairo_fill(cairo);
		}
		cairo_set_source_rgb(cairo, 0.15, 0.15, 0.15);
		draw_text(cairo, x + 14, y + 0.36 * font_size, 0, is_rest ? "..." : names[i]);
	}
}

static void figure_layout(struct figure *figure, const struct plot_options *options, double legend)
{
	figure->x = margin_left;
	figure->y = margin_top;
	figure->width = options->width - margin_left - margin_right - legend;
	figure->height = options->height - margin_top - margin_bottom;
}

/* Smallest and largest value of some columns; 0 and 0 where there are no rows. */
static void find_range(double *lo, double *hi, const struct csv *data, size_t first, size_t last)
{
	*lo = *hi = data->rows ? data->values[first] : 0;
	for (size_t row = 0; row < data->rows; row++)
		for (size_t column = first; column <= last; column++) {
			const double value = data->values[row * data->columns + column];
			*lo = fmin(*lo, value);
			*hi = fmax(*hi, value);
		}
}

/* ---- spikes --------------------------------------------------------------------------------- */

/* The box of a figure as a grid of cells, in which spikes are marked before they are drawn. Marks
 * that touch each other become one line, so that a figure has a limited size however many spikes
 * there are. */
struct marks {
	size_t columns, rows;
	unsigned char *seen; /* [rows][columns] */
};

enum { MARK_COLUMNS_PER_POINT = 2, MARK_ROWS_PER_POINT = 4 };
static const double mark_width = 1.2;

static void add_mark(struct marks *marks, double x, double y)
{
	const size_t column = (size_t)fmax(x * MARK_COLUMNS_PER_POINT, 0);
	const size_t row = (size_t)fmax(y * MARK_ROWS_PER_POINT, 0);
	if (column < marks->columns && row < marks->rows)
		marks->seen[row * marks->columns + column] = 1;
}

/* One row of the grid: a line for each stretch of marks. */
static void draw_marks(const struct figure *figure, const struct marks *marks, size_t row)
{
	const unsigned char *seen = &marks->seen[row * marks->columns];
	const double y = figure->y + ((double)row + 0.5) / MARK_ROWS_PER_POINT;
	size_t begin = 0;
	for (const unsigned char *first; begin < marks->columns &&
	        (first = memchr(seen + begin, 1, marks->columns - begin));) {
		begin = (size_t)(first - seen);
		size_t end = begin + 1;
		while (end < marks->columns && seen[end])
			end++;
		const double x = figure->x + (double)(begin + end) / 2 / MARK_COLUMNS_PER_POINT;
		const double length = (double)(end - begin - 1) / MARK_COLUMNS_PER_POINT + mark_width;
		cairo_move_to(figure->cairo, x - length / 2, y);
		cairo_rel_line_to(figure->cairo, length, 0);
		begin = end;
	}
}

/* Shorter names first, so that "group 10" comes after "group 9". */
static int compare_names(const void *a, const void *b)
{
	const char *const *first = a, *const *second = b;
	const size_t first_length = strlen(*first), second_length = strlen(*second);
	if (first_length != second_length)
		return first_length < second_length ? -1 : 1;
	return strcmp(*first, *second);
}

/* All spikes of a group in one path. A group is drawn over those before it.
 * group is the index of its label; colour is its place in the legend. */
static int draw_group(const struct figure *figure, const struct csv *spikes, size_t group,
        size_t colour, double height)
{
	struct marks marks = { .columns = (size_t)(figure->width * MARK_COLUMNS_PER_POINT) + 1,
		.rows = (size_t)(figure->height * MARK_ROWS_PER_POINT) + 1 };
	marks.seen = calloc(marks.columns, marks.rows);
	if (!marks.seen)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the spikes of a figure");
	for (size_t row = 0; row < spikes->rows; row++) {
		const double *spike = &spikes->values[row * spikes->columns];
		if (!spikes->label_count || spike[2] == (double)group)
			add_mark(&marks, to_x(figure, spike[0]) - figure->x,
			        to_y(figure, spike[1]) - figure->y);
	}
	for (size_t row = 0; row < marks.rows; row++)
		draw_marks(figure, &marks, row);
	set_colour(figure->cairo, colour);
	cairo_set_line_width(figure->cairo, height);
	cairo_stroke(figure->cairo);
	free(marks.seen);
	return HXCOMM_OK;
}

static size_t find_label(const struct csv *spikes, const char *label)
{
	size_t i = 0;
	while (i < spikes->label_count && spikes->labels[i] != label)
		i++;
	return i;
}

static int draw_raster(struct figure *figure, const struct csv *spikes,
        const struct plot_options *options)
{
	const size_t groups = spikes->label_count ? spikes->label_count : 1;
	const char **names = calloc(groups, sizeof(*names));
	if (!names)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a legend");
	for (size_t i = 0; i < groups; i++)
		names[i] = spikes->label_count ? spikes->labels[i] : "";
	qsort(names, groups, sizeof(*names), compare_names);

	figure_layout(figure, options, legend_width(figure, names, groups, options));
	double lo, hi;
	find_range(&lo, &hi, spikes, 0, 0);
	axis_init(&figure->x_axis, fmin(lo, 0), hi, 8, 1);
	find_range(&lo, &hi, spikes, 1, 1);
	axis_init(&figure->y_axis, lo - 1, hi + 1, 8, 0);
	/* neurons are whole numbers */
	figure->y_axis.step = fmax(figure->y_axis.step, 1);

	const double per_neuron = figure->height / (figure->y_axis.hi - figure->y_axis.lo);
	const double height = fmin(fmax(0.8 * per_neuron, 1.5), 10);
	int status = HXCOMM_OK;
	for (size_t i = 0; i < groups && status == HXCOMM_OK; i++)
		status = draw_group(figure, spikes, find_label(spikes, names[i]), i, height);
	draw_frame(figure, options->title, options->y_label ? options->y_label : "neuron");
	draw_legend(figure, names, groups);
	free(names);
	return status;
}

int plot_raster(const char *path, const struct csv *spikes, const struct plot_options *options)
{
	return draw_file(path, spikes, options, draw_raster);
}

/* ---- traces --------------------------------------------------------------------------------- */

/* One trace as a line. Samples that fall into the same tenth of a point of time are drawn as their
 * first, smallest, largest and last one, which looks the same. */
static void draw_line(struct figure *figure, const struct csv *traces, size_t column)
{
	cairo_t *cairo = figure->cairo;
	size_t row = 0;
	while (row < traces->rows) {
		const double *sample = &traces->values[row * traces->columns];
		const double x = to_x(figure, sample[0]);
		double lo = sample[column], hi = lo, last = lo;
		cairo_line_to(cairo, x, to_y(figure, lo));
		for (row++; row < traces->rows; row++) {
			sample = &traces->values[row * traces->columns];
			if (fabs(to_x(figure, sample[0]) - x) >= 0.1)
				break;
			last = sample[column];
			lo = fmin(lo, last);
			hi = fmax(hi, last);
		}
		if (lo < hi) {
			cairo_line_to(cairo, x, to_y(figure, lo));
			cairo_line_to(cairo, x, to_y(figure, hi));
			cairo_line_to(cairo, x, to_y(figure, last));
		}
	}
	set_colour(cairo, column - 1);
	cairo_set_line_width(cairo, 1.2);
	cairo_set_line_join(cairo, CAIRO_LINE_JOIN_ROUND);
	cairo_stroke(cairo);
}

/* What the vertical axis shows: the name of the only trace, or the unit "(...)" that all names end
 * with. */
static const char *value_label(const struct csv *traces)
{
	const char *unit = strrchr(traces->names[1], '(');
	if (traces->columns == 2)
		return traces->names[1];
	for (size_t i = 2; unit && i < traces->columns; i++)
		if (!has_suffix(traces->names[i], unit))
			unit = NULL;
	return unit ? unit : "value";
}

static int draw_traces(struct figure *figure, const struct csv *traces,
        const struct plot_options *options)
{
	const size_t count = traces->columns - 1;
	const char *const *names = (const char *const *)traces->names + 1;
	figure_layout(figure, options, legend_width(figure, names, count, options));
	double lo, hi;
	find_range(&lo, &hi, traces, 0, 0);
	axis_init(&figure->x_axis, lo, hi, 8, 1);
	find_range(&lo, &hi, traces, 1, count);
	const double margin = 0.04 * (hi - lo);
	axis_init(&figure->y_axis, lo - margin, hi + margin, 6, 0);

	cairo_save(figure->cairo);
	cairo_rectangle(figure->cairo, figure->x, figure->y, figure->width, figure->height);
	cairo_clip(figure->cairo);
	for (size_t column = 1; column <= count; column++)
		draw_line(figure, traces, column);
	cairo_restore(figure->cairo);
	draw_frame(figure, options->title, options->y_label ? options->y_label : value_label(traces));
	draw_legend(figure, names, count);
	return HXCOMM_OK;
}

int plot_trace(const char *path, const struct csv *traces, const struct plot_options *options)
{
	return draw_file(path, traces, options, draw_traces);
}

// SPDX-License-Identifier: MIT
/* Every instruction set gives the same bits: on random data and on the edges of what the kernels
 * choose between. */
#include "assert.h"

#include <stdlib.h>

#include "kernel.h"

static struct kernel_membranes start, one, other;

static uint64_t draws;

static float uniform(float low, float high)
{
	draws = draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return low + (high - low) * (float)(draws >> 40) / 16777216.0f;
}

/* A number of the range, or one of its edges, or 0. */
static float edgy(float low, float high)
{
	switch ((unsigned)uniform(0, 8)) {
	case 0:
		return low;
	case 1:
		return high;
	case 2:
		return 0;
	default:
		return uniform(low, high);
	}
}

static void draw_membranes(struct kernel_membranes *m, uint64_t seed)
{
	draws = seed;
	memset(m, 0, sizeof(*m));
	m->fast = 2e-3f;
	for (unsigned i = 0; i < KERNEL_NEURONS; i++) {
		m->v[i] = edgy(0, 1.2f);
		m->noise[i] = edgy(-0.01f, 0.01f);
		m->reset_share[i] = edgy(0, 1);
		m->noise_from[i] = edgy(-1e4f, 1e4f);
		m->noise_to[i] = edgy(-1e4f, 1e4f);
		m->leak_limit[i] = edgy(0, 4e6f);
		m->leak_slope[i] = uniform(2, 11);
		m->leak_reference[i] = edgy(-0.5f, 1.2f);
		m->reset_limit[i] = edgy(0, 4e6f);
		m->reset_slope[i] = uniform(0.1f, 11);
		m->reset_reference[i] = edgy(-0.5f, 1.2f);
		m->constant[i] = edgy(-1e5f, 1e5f);
		m->threshold[i] = uniform(0, 4) < 1 ? 1e9f : edgy(0, 1.2f);
		m->margin[i] = 0.02f;
		m->above[i] = uniform(0, 1) < 0.5f;
		for (unsigned line = 0; line < KERNEL_LINES; line++) {
			m->line[line][i] = edgy(0, 1);
			m->charge[line][i] = edgy(0, 0.3f);
			m->kept[line][i] = m->charge[line][i] * uniform(0.9f, 1.1f);
			m->input_limit[line][i] = edgy(-4e5f, 4e5f);
			m->input_offset[line][i] = edgy(-0.3f, 0.3f);
			m->line_rate[line][i] = edgy(200, 1e7f);
			m->line_decay[line][i] = edgy(0.4f, 1);
			m->line_mean[line][i] = edgy(0.6f, 1);
			m->line_area[line][i] = edgy(1, 1e3f);
		}
	}
}

/* Bits agree; 0 and -0 count as one. */
static void assert_same(
	const struct kernel_membranes *a, const struct kernel_membranes *b, const char *what)
{
	const size_t words = offsetof(struct kernel_membranes, above) / sizeof(float);
	const float *x = (const float *)a, *y = (const float *)b;
	for (size_t i = 0; i < words; i++) {
		if (!(x[i] == y[i]))
			fail_msg("%s: word %zu is %.9g and %.9g", what, i, (double)x[i],
				(double)y[i]);
		assert_true(isfinite(x[i]));
	}
	assert_memory_equal(a->above, b->above, sizeof(a->above));
	assert_memory_equal(a->crossing, b->crossing, sizeof(a->crossing));
}

static void steps_and_leaps_are_equal_to_the_bit(void **state)
{
	(void)state;
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	assert_true(count >= 1);
	assert_string_equal(all[0]->name, "portable");
	for (unsigned k = 1; k < count; k++)
		for (unsigned trial = 0; trial < 200; trial++) {
			draw_membranes(&start, trial);
			one = other = start;
			const unsigned variants = trial % 8;
			for (unsigned round = 0; round < 5; round++) {
				const float place = (float)round / 5;
				assert_int_equal(all[0]->step(&one, 80e-9f, place, variants),
					all[k]->step(&other, 80e-9f, place, variants));
				assert_same(&one, &other, "step");
			}
			const float h = ldexpf(80e-9f, (int)(trial % 20));
			assert_int_equal(all[0]->leap(&one, h, variants & KERNEL_RESETS),
				all[k]->leap(&other, h, variants & KERNEL_RESETS));
			assert_same(&one, &other, "leap");
		}
}

static void rows_are_equal_to_the_bit(void **state)
{
	(void)state;
	static _Alignas(64) float strength[256], scale[256], charge[3][256], kept[3][256],
		rate[256];
	static uint8_t labels[256];
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	for (unsigned trial = 0; trial < 200; trial++) {
		draws = trial;
		for (unsigned c = 0; c < 256; c++) {
			strength[c] = edgy(0, 64);
			scale[c] = edgy(0, 2e-4f);
			/* groups where all match, none does, some do */
			labels[c] =
				(uint8_t)((trial >> c / 64) & 1 ? 2
								: uniform(0, trial % 3 ? 4 : 2));
			charge[0][c] = charge[1][c] = charge[2][c] = edgy(0, 1);
			kept[0][c] = kept[1][c] = kept[2][c] = edgy(0, 1);
			rate[c] = edgy(200, 1e7f);
		}
		for (unsigned k = 0; k < count; k++)
			all[k]->row(charge[k], kept[k], strength, labels, scale, rate, 2, 0.7f,
				-20e-9f);
		for (unsigned k = 1; k < count; k++) {
			assert_memory_equal(charge[0], charge[k], sizeof(charge[0]));
			assert_memory_equal(kept[0], kept[k], sizeof(kept[0]));
		}
	}
}

static void a_row_reaches_the_columns_of_its_label_only(void **state)
{
	(void)state;
	static _Alignas(64) float strength[256], scale[256], charge[256], kept[256], rate[256];
	static uint8_t labels[256];
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++) {
		memset(charge, 0, sizeof(charge));
		memset(kept, 0, sizeof(kept));
		for (unsigned c = 0; c < 256; c++) {
			strength[c] = 3;
			scale[c] = 0.5f;
			rate[c] = 1e6f;
			labels[c] = (uint8_t)(c % 64);
		}
		all[k]->row(charge, kept, strength, labels, scale, rate, 17, 2, 30e-9f);
		for (unsigned c = 0; c < 256; c++) {
			const double drop = c % 64 == 17 ? 3 : 0;
			assert_near((double)charge[c], drop, 0, 0);
			assert_near((double)kept[c], drop * exp(-30e-3), 1e-7, 0);
		}
	}
}

/* What is left of an event at the end of its step is exp(-x), x = rate * late up to 1/2, but for
 * the next term of the series. */
static void events_fade_until_the_end_of_the_step(void **state)
{
	(void)state;
	static _Alignas(64) float strength[256], scale[256], charge[256], kept[256], rate[256];
	static const uint8_t labels[256];
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (int sign = -1; sign <= 1; sign += 2) {
			const double late = sign * 50e-9;
			memset(charge, 0, sizeof(charge));
			memset(kept, 0, sizeof(kept));
			for (unsigned c = 0; c < 256; c++) {
				strength[c] = scale[c] = 1;
				rate[c] = (float)(0.5 / 50e-9 * c / 255);
			}
			all[k]->row(charge, kept, strength, labels, scale, rate, 0, 1, (float)late);
			for (unsigned c = 0; c < 256; c++) {
				const double x = (double)rate[c] * late;
				assert_near((double)charge[c], 1, 0, 0);
				assert_near((double)kept[c], exp(-x), 0, pow(x, 4) / 20 + 1e-6);
			}
		}
}

/* An event that is parted adds both parts where its label matches; where nothing was before, the
 * sum begins anew, whatever is there. */
static void parted_events_add_or_begin(void **state)
{
	(void)state;
	static _Alignas(64) float strength[2][256], scale[256], before[256], after[256];
	static uint8_t labels[256];
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (unsigned trial = 0; trial < 64; trial++) {
			const struct kernel_kick kicks[2] = {
				{strength[0], labels, 0.25f, 0.5f, 9, 0},
				{strength[1], NULL, 0.5f, 1, 9, 0}};
			const struct kernel_rows rows = {before, after, trial % 2, trial / 2 % 2,
				scale, 0.125f, 2, {&kicks[0], &kicks[1]}};
			for (unsigned c = 0; c < 256; c++) {
				before[c] = 1;
				after[c] = 3;
				strength[0][c] = (float)(c % 64);
				strength[1][c] = (float)(c % 16);
				scale[c] = (float)(1 + c / 64);
				/* groups where all match, none does, some do */
				labels[c] = (uint8_t)(trial >> (2 + c / 64) & 1 ? 9
						      : trial % 3               ? c % 16
										: 8);
			}
			all[k]->rows(&rows);
			for (unsigned c = 0; c < 256; c++) {
				/* 1/2 (3/4 (1 + 1/8 1/4) and 1/4 (1 - 1/8 3/4)), and so on */
				const float drop = labels[c] == 9 ? strength[0][c] * scale[c] : 0;
				const float second = strength[1][c] * scale[c];
				const float old[2] = {
					rows.first_before ? 0 : 1, rows.first_after ? 0 : 3};
				assert_near(before[c],
					old[0] + 0.38671875f * drop + 0.53125f * second, 1e-6,
					1e-6);
				assert_near(after[c],
					old[1] + 0.11328125f * drop + 0.46875f * second, 1e-6,
					1e-6);
			}
		}
}

/* ---- rich neurons ------------------------------------------------------------------------------
 */

static struct kernel_rich rich_start, rich_one, rich_other;

static void draw_rich(struct kernel_rich *r)
{
	memset(r, 0, sizeof(*r));
	for (unsigned i = 0; i < KERNEL_NEURONS; i++) {
		r->adaptation[i] = edgy(-2e5f, 2e5f);
		r->adaptation_rate[i] = uniform(10, 1e5f);
		r->adaptation_a[i] = edgy(-5e5f, 5e5f);
		r->adaptation_reference[i] = uniform(-0.5f, 1);
		r->adaptation_limit[i] = uniform(1.5e5f, 3e6f);
		r->adaptation_per[i] = 1 / r->adaptation_limit[i];
		r->exponential[i] = edgy(0, 2e4f);
		r->exponential_slope[i] = 40;
		r->exponential_width[i] = 0.025f;
		r->exponential_reference[i] = edgy(-0.5f, 1);
		r->octaves[i] = 40 * 1.44269504f;
		r->behind[i] = r->octaves[i] * r->exponential_reference[i];
		r->exponential_limit[i] = uniform(1.5e6f, 3e7f);
		r->pause[i] = uniform(0, 1) < 0.5f;
		r->turn[i] = uniform(0, 0.03f);
		r->since[i] = edgy(-3, 3);
		r->until[i] = edgy(-1, 8);
		for (unsigned line = 0; line < KERNEL_LINES; line++) {
			r->conductance[line][i] = edgy(0, 4e5f);
			r->reversal[line][i] = uniform(-0.5f, 1);
		}
	}
}

static void assert_same_rich(const struct kernel_rich *a, const struct kernel_rich *b)
{
	const float *x = (const float *)a, *y = (const float *)b;
	for (size_t i = 0; i < sizeof(*a) / sizeof(float); i++) {
		if (!(x[i] == y[i]))
			fail_msg("word %zu is %.9g and %.9g", i, (double)x[i], (double)y[i]);
		assert_true(isfinite(x[i]));
	}
}

static void rich_steps_and_leaps_are_equal_to_the_bit(void **state)
{
	(void)state;
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	for (unsigned k = 1; k < count; k++)
		for (unsigned trial = 0; trial < 200; trial++) {
			draw_membranes(&start, trial);
			draw_rich(&rich_start);
			start.rich = 0xa5;
			one = other = start;
			rich_one = rich_other = rich_start;
			const unsigned variants = trial % 8;
			for (unsigned round = 0; round < 5; round++) {
				const float place = (float)round / 5;
				assert_int_equal(all[0]->rich(&one, &rich_one, 80e-9f, place,
							 variants, one.rich),
					all[k]->rich(&other, &rich_other, 80e-9f, place, variants,
						other.rich));
				assert_same(&one, &other, "rich step");
				assert_same_rich(&rich_one, &rich_other);
			}
			const float h = ldexpf(80e-9f, (int)(trial % 20));
			assert_int_equal(
				all[0]->rich_leap(&one, &rich_one, h, variants & KERNEL_RESETS),
				all[k]->rich_leap(
					&other, &rich_other, h, variants & KERNEL_RESETS));
			assert_same(&one, &other, "rich leap");
			assert_same_rich(&rich_one, &rich_other);
		}
}

/* Begins resets of all lengths, some of them over at once, some none. */
static void fire(void *user, unsigned neuron, float time, float speed)
{
	struct kernel_rich *r = user;
	assert_true(isfinite(speed));
	r->adaptation[neuron] += 1e4f;
	if (neuron % 4) {
		r->since[neuron] = time + 0.1f;
		r->until[neuron] = time + (float)(neuron % 7);
	}
}

static void draw_plan(struct kernel_plan *p)
{
	p->h = 320e-9f;
	p->decay[0][0] = p->decay[0][1] = p->decay[1][0] = p->decay[1][1] = 0.1f;
	for (unsigned i = 0; i < KERNEL_NEURONS; i++) {
		struct kernel_planned *b = &p->neurons[i / 16];
		const unsigned o = i % 16;
		for (unsigned line = 0; line < KERNEL_LINES; line++) {
			b->mean[line][o] = b->most[line][o] = uniform(6, 7);
			b->keep[line][o] = uniform(0.9f, 1);
			b->bend[line][o] = uniform(0, 0.015f);
			b->curve[line][o] = uniform(0, 0.0005f);
			b->offset[line][o] = edgy(-3, 3);
			b->limit[line][o] = edgy(-0.05f, 0.05f) * KERNEL_TANH_FACTOR;
		}
		b->slope[o] = uniform(2, 11);
		b->reference[o] = edgy(-0.5f, 1.2f);
		b->leak[o] = edgy(0, 0.01f);
		b->constant[o] = edgy(-0.01f, 0.01f);
		b->threshold[o] = uniform(0, 2) < 1 ? KERNEL_NEVER : edgy(0, 1.2f);
		b->push[0][o] = edgy(0, 1e-4f);
		b->push[1][o] = edgy(-1e-4f, 0);
		b->pull[o] = uniform(0, 0.1f);
		b->round[o] = edgy(0, 1e-3f);
	}
}

static kernel_columns drops[KERNEL_WINDOW] __attribute__((aligned(64)));
static kernel_columns currents[KERNEL_SLOTS + 1] __attribute__((aligned(64)));

/* A window of one slot or more. */
static struct kernel_window draw_window(unsigned trial)
{
	struct kernel_window w = {.first = trial % 2 * 256,
		.slots = 1 + trial / 2 % KERNEL_SLOTS,
		.place = 0.1f,
		.advance = 0.08f,
		.fire = fire};
	w.steps = 1 + trial / 4 % (KERNEL_WINDOW / w.slots);
	for (unsigned c = 0; c < KERNEL_COLUMNS; c++) {
		for (unsigned i = 0; i < KERNEL_WINDOW; i++)
			drops[i][c] = edgy(0, 0.07f);
		for (unsigned i = 0; i <= KERNEL_SLOTS; i++)
			currents[i][c] = edgy(-1e4f, 1e4f);
	}
	for (unsigned i = 0; i < KERNEL_WINDOW; i++)
		w.drop[i][0] = w.drop[i][1] = drops[i];
	for (unsigned i = 0; trial % 3 && i <= w.slots; i++)
		w.noise[i] = currents[i];
	return w;
}

static void rich_windows_are_equal_to_the_bit(void **state)
{
	(void)state;
	static struct kernel_plan plan;
	static struct kernel_path path;
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	for (unsigned k = 1; k < count; k++)
		for (unsigned trial = 0; trial < 200; trial++) {
			draw_membranes(&start, trial);
			draw_rich(&rich_start);
			draw_plan(&plan);
			start.rich = 0xff;
			one = other = start;
			rich_one = rich_other = rich_start;
			struct kernel_window w = draw_window(trial);
			w.path = &path;
			w.rich = w.user = &rich_one;
			all[0]->window(&one, &plan, &w);
			w.rich = w.user = &rich_other;
			all[k]->window(&other, &plan, &w);
			assert_same(&one, &other, "rich window");
			assert_same_rich(&rich_one, &rich_other);
		}
}

static float strengths[8][KERNEL_COLUMNS] __attribute__((aligned(64)));
static uint8_t labels[9][KERNEL_COLUMNS];
static struct kernel_kick kicks[KERNEL_WINDOW * 4];

/* Up to three events in each step, in time order. */
static void draw_kicks(struct kernel_window *w)
{
	unsigned count = 0;
	for (unsigned c = 0; c < KERNEL_COLUMNS; c++)
		for (unsigned row = 0; row < 8; row++) {
			strengths[row][c] = uniform(0, 63);
			labels[row][c] = uniform(0, 2) < 1;
		}
	for (unsigned k = 0; k < w->slots * w->steps; k++) {
		const unsigned first = count, some = (unsigned)uniform(0, 4);
		for (; count < first + some; count++) {
			const unsigned row = (unsigned)uniform(0, 8);
			kicks[count] =
				(struct kernel_kick){strengths[row], row < 2 ? NULL : labels[row],
					((float)(count - first) + uniform(0, 1)) / (float)some,
					uniform(0, 1), 1, row % 2};
		}
		w->kick_end[k] = (uint16_t)count;
	}
	w->kicks = kicks;
	for (unsigned k = 0; k < w->slots * w->steps; k++) {
		w->bulge[k] = uniform(0, 63);
		w->bulge_most = fmaxf(w->bulge_most, w->bulge[k]);
	}
}

static void draw_rests(struct kernel_rests *r, const struct kernel_window *w)
{
	const float window = (float)(w->slots * w->steps) / w->per_tick;
	for (unsigned c = 0; c < KERNEL_COLUMNS; c++) {
		r->release[c] = c % 3 ? KERNEL_LATER : w->begin + (int32_t)edgy(0, 2 * window);
		r->since[c] = 0;
		r->end[c] = c % 3 ? KERNEL_LATER : r->release[c] + (int32_t)edgy(0, 100);
		r->floor[c] = edgy(-0.2f, 1.4f);
		r->yield[c] = uniform(0, 10);
		r->rate[c] = uniform(0, 2);
		r->lag[c] = uniform(0, 4);
		r->volt[c] = edgy(0, 1.2f);
		r->gone[c] = edgy(0, 100);
	}
}

static void assert_same_paths(
	const struct kernel_path *a, const struct kernel_path *b, const struct kernel_window *w)
{
	for (unsigned i = 0; i <= w->slots * w->steps; i++) {
		assert_memory_equal(a->v[i], b->v[i], 256 * sizeof(float));
		assert_memory_equal(a->inflow[i], b->inflow[i], 256 * sizeof(float));
	}
	assert_int_equal(a->crossings, b->crossings);
	for (unsigned i = 0; i < a->crossings; i++) {
		assert_int_equal(a->crossing[i].neuron, b->crossing[i].neuron);
		assert_memory_equal(&a->crossing[i].time, &b->crossing[i].time, sizeof(float));
		assert_memory_equal(&a->crossing[i].speed, &b->crossing[i].speed, sizeof(float));
	}
}

static void assert_same_rests(
	const struct kernel_rests *a, const struct kernel_rests *b, const struct kernel *kernel)
{
	const struct kernel *all[3];
	uint16_t first[KERNEL_COLUMNS + 16], second[KERNEL_COLUMNS + 16];
	emulator__kernel_list(all);
	assert_int_equal(a->careful_count, b->careful_count);
	assert_memory_equal(a->careful, b->careful, a->careful_count * sizeof(*a->careful));
	assert_memory_equal(a->release, b->release, sizeof(a->release));
	assert_memory_equal(a->volt, b->volt, KERNEL_COLUMNS * sizeof(float));
	for (int32_t time = 0; time < 2000; time += 50) {
		const unsigned count = all[0]->before(a->end, time, first);
		assert_int_equal(count, kernel->before(b->end, time, second));
		assert_memory_equal(first, second, count * sizeof(*first));
	}
}

/* The whole of a window: ways, crossings and releases. */
static void windows_are_equal_to_the_bit(void **state)
{
	(void)state;
	static struct kernel_plan plan, plans[2];
	static struct kernel_path first, second;
	static struct kernel_rests rests, one_rests, other_rests;
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	unsigned crossings = 0, careful = 0;
	for (unsigned k = 1; k < count; k++)
		for (unsigned trial = 0; trial < 200; trial++) {
			draw_membranes(&start, trial);
			draw_plan(&plan);
			one = other = start;
			plans[0] = plans[1] = plan;
			struct kernel_window w = draw_window(trial);
			w.begin = (int32_t)(trial * 7);
			w.per_tick = 1 / 80.0f;
			draw_kicks(&w);
			draw_rests(&rests, &w);
			one_rests = other_rests = rests;
			w.path = &first;
			w.rests = &one_rests;
			all[0]->window(&one, &plans[0], &w);
			all[0]->cross(&plans[0], &w);
			all[0]->release(&one, &plans[0], &w);
			w.path = &second;
			w.rests = &other_rests;
			all[k]->window(&other, &plans[1], &w);
			all[k]->cross(&plans[1], &w);
			all[k]->release(&other, &plans[1], &w);
			assert_same(&one, &other, "window");
			assert_same_paths(&first, &second, &w);
			assert_same_rests(&one_rests, &other_rests, all[k]);
			assert_memory_equal(&plans[0], &plans[1], sizeof(plan));
			crossings += first.crossings;
			careful += one_rests.careful_count;
		}
	assert_true(count < 2 || (crossings > 1000 && careful > 1000));
}

/* A window of one step in which the membrane of neuron 0 goes from @from to @to. Returns when it
 * crosses 0.5 V, in steps, or -1. */
static float crosses(const struct kernel *kernel, float from, float to, float inflow, float decay,
	const struct kernel_kick *kick, float push)
{
	static struct kernel_plan plan;
	static struct kernel_path path;
	memset(&plan, 0, sizeof(plan));
	memset(&path, 0, sizeof(path));
	for (unsigned i = 0; i < KERNEL_NEURONS; i++)
		plan.neurons[i / 16].threshold[i % 16] = KERNEL_NEVER;
	plan.neurons[0].threshold[0] = 0.5f;
	plan.neurons[0].push[1][0] = push;
	plan.neurons[0].round[0] = 1e-3f;
	plan.decay[0][0] = plan.decay[0][1] = decay;
	path.v[0][0] = from;
	path.v[1][0] = to;
	path.inflow[1][0] = inflow;
	path.near[0].lanes = 1;
	path.nears = 1;
	const struct kernel_window w = {.slots = 1,
		.steps = 1,
		.kicks = kick,
		.kick_end = {kick ? 1 : 0},
		.bulge = {kick ? 0.25f : 0},
		.path = &path};
	kernel->cross(&plan, &w);
	return path.crossings ? path.crossing[0].time : -1;
}

/* An inhibitory event at place p that takes s from the slope lifts the way between two equal ends
 * by s p (1 - p) there, and makes its slope s (1 - p) before. */
static void a_way_over_the_threshold_within_a_step_is_found(void **state)
{
	(void)state;
	const struct kernel *all[3];
	strengths[0][0] = 1;
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (float place = 0.1f; place < 0.95f; place += 0.1f) {
			const struct kernel_kick kick = {strengths[0], NULL, place, 1, 0, 1};
			const float slope = 4e-3f, top = slope * place * (1 - place);
			assert_true(crosses(all[k], 0.5f - 1.02f * top, 0.5f - 1.02f * top, 0, 0,
					    &kick, -slope) < 0);
			const float low = 0.9f * top;
			assert_near(crosses(all[k], 0.5f - low, 0.5f - low, 0, 0, &kick, -slope),
				low / (slope * (1 - place)), 0, 1e-3);
			const struct kernel_kick foreign = {
				strengths[0], labels[8], place, 1, 3, 1};
			assert_true(crosses(all[k], 0.5f - low, 0.5f - low, 0, 0, &foreign,
					    -slope) < 0);
		}
}

/* Currents that decay bend the way: with d time constants in a step and a mean current i, it is
 * d i / 2 s (1 - s) above the straight line at s. */
static void a_way_that_bends_crosses_earlier(void **state)
{
	(void)state;
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (float s = 0.1f; s < 0.95f; s += 0.1f) {
			const float way = 2e-3f, bend = 0.1f * way / 2;
			const float from = 0.5f - way * s - bend * s * (1 - s);
			assert_near(crosses(all[k], from, from + way, way, 0.1f, NULL, 0), s, 0,
				1.5e-3);
		}
}

/* Without leak a membrane comes to volt exp(-gone) above its floor, and from there by its currents
 * to where the window ends. */
static void a_release_follows_the_currents(void **state)
{
	(void)state;
	enum { TICKS = 100 };
	static struct kernel_plan plan;
	static struct kernel_path path;
	static struct kernel_rests rests;
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (int32_t release = 0; release < 4 * TICKS + 50; release += 30) {
			memset(&one, 0, sizeof(one));
			for (unsigned c = 0; c < KERNEL_COLUMNS; c++)
				rests.release[c] = KERNEL_LATER;
			rests.release[5] = 1000 + release;
			rests.floor[5] = 0.3f;
			rests.volt[5] = 0.5f;
			rests.gone[5] = 2;
			one.v[5] = 0.123f;
			one.threshold[5] = 0.7f;
			plan.neurons[0].threshold[5] = KERNEL_NEVER;
			for (unsigned i = 0; i <= 4; i++)
				path.inflow[i][5] = 1e-3f * (float)i;
			const struct kernel_window w = {.slots = 1,
				.steps = 4,
				.begin = 1000,
				.per_tick = 1.0f / TICKS,
				.rests = &rests,
				.path = &path};
			all[k]->release(&one, &plan, &w);
			assert_int_equal(rests.careful_count, 0);
			if (release >= 4 * TICKS) {
				assert_int_equal(rests.release[5], 1000 + release);
				assert_near(one.v[5], 0.123, 0, 1e-7);
				continue;
			}
			double v = 0.3 + 0.2 * exp(-2);
			for (int32_t t = release; t < 4 * TICKS; t++)
				v += 1e-3 * (1 + t / TICKS) / TICKS;
			assert_near(one.v[5], v, 0, 1e-6);
			assert_int_equal(rests.release[5], KERNEL_LATER);
			assert_near(plan.neurons[0].threshold[5], 0.7, 0, 1e-6);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_and_leaps_are_equal_to_the_bit),
		cmocka_unit_test(rich_steps_and_leaps_are_equal_to_the_bit),
		cmocka_unit_test(rich_windows_are_equal_to_the_bit),
		cmocka_unit_test(windows_are_equal_to_the_bit),
		cmocka_unit_test(a_way_over_the_threshold_within_a_step_is_found),
		cmocka_unit_test(a_way_that_bends_crosses_earlier),
		cmocka_unit_test(a_release_follows_the_currents),
		cmocka_unit_test(rows_are_equal_to_the_bit),
		cmocka_unit_test(a_row_reaches_the_columns_of_its_label_only),
		cmocka_unit_test(events_fade_until_the_end_of_the_step),
		cmocka_unit_test(parted_events_add_or_begin),
	};
	return cmocka_run_group_tests_name("emulator/kernels", tests, NULL, NULL);
}

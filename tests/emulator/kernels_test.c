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
	static _Alignas(64) float strength[256], scale[256], before[256], after[256];
	static uint8_t labels[256];
	const struct kernel *all[3];
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++)
		for (unsigned trial = 0; trial < 64; trial++) {
			const struct kernel_share share = {before, after, trial % 2, trial / 2 % 2,
				.label = 9, .share_before = 0.25f, .share_after = 0.5f};
			for (unsigned c = 0; c < 256; c++) {
				before[c] = 1;
				after[c] = 3;
				strength[c] = (float)(c % 64);
				scale[c] = (float)(1 + c / 64);
				/* groups where all match, none does, some do */
				labels[c] = (uint8_t)(trial >> (2 + c / 64) & 1 ? 9
						      : trial % 3       ? c % 16
									: 8);
			}
			all[k]->share(&share, strength, labels, scale);
			for (unsigned c = 0; c < 256; c++) {
				const float drop = labels[c] == 9 ? strength[c] * scale[c] : 0;
				const float old[2] = {
					share.first_before ? 0 : 1, share.first_after ? 0 : 3};
				assert_true(before[c] == 0.25f * drop + old[0]);
				assert_true(after[c] == 0.5f * drop + old[1]);
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

/* Neurons that crossed: instruction sets report them in groups of their own sizes. */
static void crossed(bool neurons[KERNEL_NEURONS], const struct kernel_path *path)
{
	memset(neurons, 0, KERNEL_NEURONS * sizeof(*neurons));
	for (unsigned c = 0; c < path->crossings; c++)
		for (unsigned lane = 0; lane < 16; lane++)
			if (path->crossing[c].lanes >> lane & 1)
				neurons[path->crossing[c].first + lane] = true;
}

static void windows_are_equal_to_the_bit(void **state)
{
	(void)state;
	static struct kernel_plan plan;
	static struct kernel_path first, second;
	static bool neurons[2][KERNEL_NEURONS];
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	unsigned crossings = 0;
	for (unsigned k = 1; k < count; k++)
		for (unsigned trial = 0; trial < 200; trial++) {
			draw_membranes(&start, trial);
			draw_plan(&plan);
			one = other = start;
			struct kernel_window w = draw_window(trial);
			w.path = &first;
			all[0]->window(&one, &plan, &w);
			w.path = &second;
			all[k]->window(&other, &plan, &w);
			assert_same(&one, &other, "window");
			for (unsigned i = 0; i <= w.slots * w.steps; i++) {
				assert_memory_equal(first.v[i], second.v[i], 256 * sizeof(float));
				assert_memory_equal(
					first.inflow[i], second.inflow[i], 256 * sizeof(float));
			}
			crossed(neurons[0], &first);
			crossed(neurons[1], &second);
			assert_memory_equal(neurons[0], neurons[1], sizeof(neurons[0]));
			crossings += first.crossings;
		}
	assert_true(count < 2 || crossings > 1000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(steps_and_leaps_are_equal_to_the_bit),
		cmocka_unit_test(rich_steps_and_leaps_are_equal_to_the_bit),
		cmocka_unit_test(rich_windows_are_equal_to_the_bit),
		cmocka_unit_test(windows_are_equal_to_the_bit),
		cmocka_unit_test(rows_are_equal_to_the_bit),
		cmocka_unit_test(a_row_reaches_the_columns_of_its_label_only),
		cmocka_unit_test(events_fade_until_the_end_of_the_step),
		cmocka_unit_test(parted_events_add_or_begin),
	};
	return cmocka_run_group_tests_name("emulator/kernels", tests, NULL, NULL);
}

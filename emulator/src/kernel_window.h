// SPDX-License-Identifier: MIT
/* The kernels of busy networks, included by kernel_body.h for each instruction set: windows of
 * steps, with the lanes of a vector on the outside and time on the inside; noise.
 *
 * Lines: U' = -U (1 + U / bend) / tau to second order in the bend; an event inside a step is parted
 * between its begin and its end. Membranes: exponential Euler as in a step, with the tangent of the
 * leak at the begin of the window. Source: spec/emulator_numerics.md 2.3, 5, 6. */
#include "kernel_vector.h"

#include <Random123/threefry.h>

typedef uint32_t vec_bits __attribute__((vector_size(sizeof(vec))));

#define ALWAYS static inline __attribute__((always_inline))

ALWAYS vec vec_clip(vec x)
{
	return vec_most(vec_least(x, all(tanh_end)), all(-tanh_end));
}

ALWAYS vec vec_tanh_over(vec q)
{
	return all(945.0f) + q * (all(105.0f) + q);
}

ALWAYS vec vec_tanh_under(vec q)
{
	return all(945.0f) + q * (all(420.0f) + q * all(15.0f));
}

/* As decay(). */
ALWAYS vec vec_decay(vec x)
{
	const vec limited = vec_least(x, all(87.0f));
	const vec rounded = limited * all(1.44269504f) + all(12582912.0f);
	const vec rest = (rounded - all(12582912.0f)) * all(0.693147182f) - limited;
	vec y = all(1.0f / 5040.0f);
	y = y * rest + all(1.0f / 720.0f);
	y = y * rest + all(1.0f / 120.0f);
	y = y * rest + all(1.0f / 24.0f);
	y = y * rest + all(1.0f / 6.0f);
	y = y * rest + all(0.5f);
	y = y * rest + all(1.0f);
	y = y * rest + all(1.0f);
	vec_bits exponent;
	memcpy(&exponent, &rounded, sizeof(exponent));
	exponent = (UINT32_C(127) << 23) - (exponent << 23);
	vec scale;
	memcpy(&scale, &exponent, sizeof(scale));
	return y * scale;
}

/* Vectors that pass a window together, operation by operation: a processor looks ahead a hundred
 * operations or so, and finds work in them only if they do not all wait for each other. 1.5x,
 * bench/emulator_analog. */
enum { TOGETHER = 4, GROUP = TOGETHER * LANES };

#define UNROLL _Pragma("GCC unroll 4")
#define EACH UNROLL for (unsigned n = 0; n < TOGETHER; n++)
#define EACH_LINE UNROLL for (unsigned l = 0; l < KERNEL_LINES; l++) EACH

/* Vector n of a column of a group, and of a column of its plan. */
#define PART(column) ((column) + n * LANES)
#define PLAN(column) (b[n * LANES / 16].column + n * LANES % 16)
#define PLANNED(i) (&p->neurons[(i) / 16])

/* Keep the compiler from holding what @pointer points to in registers that it does not have. */
#define RELOAD(pointer) __asm__ volatile("" : "+r"(pointer))

/* Means of the lines' drops in the steps from @begin on, in widths of the input. */
ALWAYS void pass_lines(struct kernel_membranes *restrict m, const struct kernel_planned *b,
	const struct kernel_window *w, unsigned first, unsigned begin, unsigned steps,
	vec middle[KERNEL_WINDOW][KERNEL_LINES][TOGETHER])
{
	const unsigned column = first - w->first;
	vec u[KERNEL_LINES][TOGETHER], x[KERNEL_LINES][TOGETHER];
	EACH_LINE u[l][n] = load(PART(&m->line[l][first]));
	for (unsigned k = 0; k < steps; k++) {
		RELOAD(b);
		EACH_LINE u[l][n] += load(PART(&w->drop[begin + k][l][column]));
		EACH_LINE x[l][n] = u[l][n] * load(PLAN(curve[l]));
		EACH_LINE x[l][n] = load(PLAN(bend[l])) - x[l][n];
		EACH_LINE x[l][n] *= u[l][n];
		EACH_LINE x[l][n] = load(PLAN(keep[l])) - x[l][n];
		EACH_LINE x[l][n] *= u[l][n];
		EACH_LINE u[l][n] += load(PLAN(offset[l]));
		EACH_LINE u[l][n] += x[l][n];
		/* offsets are above the other end */
		EACH_LINE middle[k][l][n] = vec_least(u[l][n], all(KERNEL_TANH_END));
		EACH_LINE u[l][n] = x[l][n];
	}
	/* away from denormal numbers */
	EACH_LINE u[l][n] = vec_most(u[l][n], all(1e-12f)) - all(1e-12f);
	EACH_LINE store(PART(&m->line[l][first]), vec_least(u[l][n], load(PLAN(most[l]))));
}

/* Current of both inputs in a step, V per step. */
ALWAYS void input_currents(const struct kernel_planned *b,
	vec middle[KERNEL_LINES][TOGETHER], vec current[TOGETHER])
{
	vec over[KERNEL_LINES][TOGETHER], under[KERNEL_LINES][TOGETHER], q[KERNEL_LINES][TOGETHER];
	EACH_LINE q[l][n] = middle[l][n] * middle[l][n];
	EACH_LINE over[l][n] = load(PLAN(limit[l])) * middle[l][n];
	EACH_LINE under[l][n] = q[l][n] + all(KERNEL_TANH_UNDER_0);
	EACH_LINE over[l][n] *= q[l][n] + all(KERNEL_TANH_OVER);
	EACH_LINE under[l][n] *= q[l][n] + all(KERNEL_TANH_UNDER_1);
	EACH over[0][n] *= under[1][n];
	EACH over[1][n] *= under[0][n];
	EACH under[0][n] *= under[1][n];
	EACH over[0][n] += over[1][n];
	EACH current[n] = over[0][n] / under[0][n];
}

/* Inflow in the steps of a slot: inputs and noise. */
ALWAYS void find_inflow(const struct kernel_plan *p,
	const struct kernel_window *w, unsigned first, unsigned slot, unsigned steps,
	vec middle[KERNEL_WINDOW][KERNEL_LINES][TOGETHER])
{
	kernel_columns *inflow = w->path->inflow;
	const struct kernel_planned *b = PLANNED(first);
	const unsigned column = first - w->first;
	vec noise[TOGETHER], drift[TOGETHER], current[TOGETHER];
	EACH noise[n] = drift[n] = all(0.0f);
	if (w->noise[0]) {
		EACH noise[n] = load(PART(&w->noise[slot][column])) * all(p->h);
		EACH drift[n] =
			load(PART(&w->noise[slot + 1][column])) * all(p->h) - noise[n];
		EACH noise[n] += drift[n] * all(w->place);
		EACH drift[n] *= all(w->advance);
	}
	if (!slot)
		EACH store(
			PART(&inflow[0][column]), load(PART(&inflow[w->last][column])));
	for (unsigned k = 0; k < steps; k++) {
		RELOAD(b);
		input_currents(b, middle[k], current);
		EACH store(PART(&inflow[slot * steps + k + 1][column]), current[n] + noise[n]);
		EACH noise[n] += drift[n];
	}
}

/* Membranes near some potential: in a step v becomes keep * v + share * (push + inflow). */
struct tangents {
	vec push[TOGETHER], pull[TOGETHER], keep[TOGETHER], share[TOGETHER];
};

ALWAYS struct tangents follow_leak(const struct kernel_planned *b, const vec v[TOGETHER])
{
	struct tangents tangents;
	vec x[TOGETHER], q[TOGETHER], over[TOGETHER], under[TOGETHER], pull[TOGETHER];
	EACH x[n] = load(PLAN(reference)) - v[n];
	EACH x[n] *= load(PLAN(slope));
	EACH x[n] = vec_least(x[n], all(KERNEL_TANH_END));
	EACH x[n] = vec_most(x[n], all(-KERNEL_TANH_END));
	EACH q[n] = x[n] * x[n];
	EACH x[n] *= all(KERNEL_TANH_FACTOR);
	EACH under[n] = q[n] + all(KERNEL_TANH_UNDER_0);
	EACH over[n] = x[n] * (q[n] + all(KERNEL_TANH_OVER));
	EACH under[n] *= q[n] + all(KERNEL_TANH_UNDER_1);
	EACH x[n] = over[n] / under[n];
	EACH pull[n] = load(PLAN(leak)) * load(PLAN(slope));
	EACH q[n] = all(1.0f) - x[n] * x[n];
	EACH pull[n] *= q[n];
	EACH x[n] *= load(PLAN(leak));
	EACH q[n] = all(0.5f) - pull[n] * all(1.0f / 6.0f);
	EACH x[n] += pull[n] * v[n];
	EACH tangents.share[n] = all(1.0f) - pull[n] * q[n];
	EACH tangents.push[n] = x[n] + load(PLAN(constant));
	EACH tangents.pull[n] = pull[n];
	EACH tangents.keep[n] = all(1.0f) - pull[n] * tangents.share[n];
	return tangents;
}

/* Currents fade before the rails; further away not a bit changes. */
ALWAYS vec fade(vec from, vec to)
{
	const vec way = to - from;
	const vec room = choose(above(way, all(0.0f)), all(PHYSICS_RAIL) - from, from);
	const vec left = vec_most(room * all(1.0f / PHYSICS_RAIL_SOFT), all(0.0f));
	return choose(above(all(1.0f), left), from + way * left, to);
}

/* @rails: some membranes are near one. */
ALWAYS void pass_membranes(struct kernel_membranes *m, const struct kernel_planned *b,
	const struct kernel_window *w, unsigned first, unsigned slots, unsigned steps, bool rails)
{
	struct kernel_path *path = w->path;
	const unsigned column = first - w->first;
	vec v[TOGETHER], next[TOGETHER], highest[TOGETHER];
	EACH v[n] = load(PART(&m->v[first]));
	EACH store(PART(&path->v[0][column]), v[n]);
	EACH highest[n] = all(0.0f);
	struct tangents tangents;
	for (unsigned slot = 0; slot < slots; slot++) {
		if (slot % 2 == 0) tangents = follow_leak(b, v);
		for (unsigned k = slot * steps; k < (slot + 1) * steps; k++) {
			const float *inflow = &path->inflow[k + 1][column];
			EACH next[n] = (load(PART(inflow)) + tangents.push[n]) * tangents.share[n];
			EACH next[n] = v[n] * tangents.keep[n] + next[n];
			EACH if (rails) v[n] = fade(v[n], next[n]);
			else v[n] = next[n];
			EACH store(PART(&path->v[k + 1][column]), v[n]);
			EACH highest[n] = vec_most(highest[n], v[n]);
		}
	}
	EACH store(PART(&m->v[first]), vec_least(vec_most(v[n], all(0.0f)), all(PHYSICS_RAIL)));
	EACH {
		const vec margin = load(PLAN(round)) - load(PLAN(push[1])) * all(w->bulge_most);
		/* without a branch: who is near is hard to foresee */
		const uint32_t lanes = bits(above(highest[n] + margin, load(PLAN(threshold))));
		path->near[path->nears] = (struct kernel_near){
			(uint16_t)(first + n * LANES), (uint16_t)lanes};
		path->nears += lanes != 0;
	}
}

ALWAYS void window_group(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned first, unsigned slots, unsigned steps, bool rails)
{
	vec middle[KERNEL_WINDOW][KERNEL_LINES][TOGETHER];
	for (unsigned slot = 0; slot < slots; slot++) {
		pass_lines(m, PLANNED(first), w, first, slot * steps, steps, middle);
		find_inflow(p, w, first, slot, steps, middle);
	}
	pass_membranes(m, PLANNED(first), w, first, slots, steps, rails);
}

#include "kernel_rich.h"

#include "kernel_rich_window.h"

#include "kernel_rich_leap.h"

ALWAYS bool near_rails(const float *v)
{
	vec most = load(v), least = most;
	for (unsigned n = 1; n < TOGETHER; n++) {
		most = vec_most(most, load(PART(v)));
		least = vec_least(least, load(PART(v)));
	}
	return bits(above(most, all(PHYSICS_RAIL - 2 * PHYSICS_RAIL_SOFT))) |
	       bits(above(all(2 * PHYSICS_RAIL_SOFT), least));
}

ALWAYS void window_steps(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned slots, unsigned steps)
{
	for (unsigned i = w->first; i < w->first + KERNEL_COLUMNS; i += GROUP)
		if (m->rich >> i / KERNEL_BLOCK & 1) {
			if (i % KERNEL_BLOCK == 0)
				rich_window(m, p, w, i);
		} else if (__builtin_expect(near_rails(&m->v[i]), 0)) {
			window_group(m, p, w, i, slots, steps, true);
		} else {
			window_group(m, p, w, i, slots, steps, false);
		}
}

static void window(
	struct kernel_membranes *m, const struct kernel_plan *p, const struct kernel_window *w)
{
	w->path->nears = 0;
	if (w->steps == 1 && w->slots == 4) /* the longest steps */
		window_steps(m, p, w, 4, 1);
	else
		window_steps(m, p, w, w->slots, w->steps);
}

/* Threefry4x32-12 needs no product of 64 bits, which compilers make of the other numbers' generator
 * where they take many at once: 1.5x to 3x, bench/emulator_analog. */
static void noise(float *out, const float *scale, uint64_t seed, uint32_t hemisphere, uint64_t slot)
{
	enum { DRAWS = KERNEL_COLUMNS / 8, ROUNDS = 12 };
	uint32_t word[4][DRAWS];
	const threefry4x32_key_t key = {
		{(uint32_t)seed, (uint32_t)(seed >> 32), (uint32_t)NOISE_MEMBRANE, 0}};
	const uint32_t low = (uint32_t)slot, high = (uint32_t)(slot >> 32);
	for (uint32_t i = 0; i < DRAWS; i++) {
		const threefry4x32_ctr_t place = {{hemisphere * DRAWS + i, 0, low, high}};
		const threefry4x32_ctr_t drawn = threefry4x32_R(ROUNDS, place, key);
		word[0][i] = drawn.v[0];
		word[1][i] = drawn.v[1];
		word[2][i] = drawn.v[2];
		word[3][i] = drawn.v[3];
	}
	for (unsigned k = 0; k < 4; k++)
		for (unsigned i = 0; i < DRAWS; i++) {
			/* the ones of both halves of a word; mean 8, variance 4 */
			uint32_t x = word[k][i];
			x -= x >> 1 & 0x55555555;
			x = (x & 0x33333333) + (x >> 2 & 0x33333333);
			x = (x + (x >> 4)) & 0x0f0f0f0f;
			x = (x + (x >> 8)) & 0x001f001f;
			const unsigned first = 2 * k * DRAWS + i, second = first + DRAWS;
			out[first] = ((float)(int32_t)(x & 31) - 8.0f) * 0.5f * scale[first];
			out[second] = ((float)(int32_t)(x >> 16) - 8.0f) * 0.5f * scale[second];
		}
}

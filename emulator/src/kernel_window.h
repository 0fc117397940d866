// SPDX-License-Identifier: MIT
/* The kernels of busy networks, included by kernel_body.h for each instruction set: windows of
 * steps, with the lanes of a vector on the outside and time on the inside; noise.
 *
 * Lines: U' = -U (1 + U / bend) / tau to second order in the bend; an event inside a step is parted
 * between its begin and its end. Membranes: exponential Euler as in a step, with the tangent of the
 * leak at the begin of the window. Source: spec/emulator_numerics.md 2.3, 5, 6. */
#include "kernel_vector.h"

#include <Random123/philox.h>

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

/* A line through a step. Drops that come at its begin are in. @middle is the mean, in widths of the
 * input. */
ALWAYS vec pass_line(const struct kernel_planned *b, unsigned l, unsigned o, vec u, vec *middle)
{
	const vec next = u * (load(&b->keep[l][o]) -
				     u * (load(&b->bend[l][o]) - u * load(&b->curve[l][o])));
	const vec x = (u + next) * load(&b->mean[l][o]) + load(&b->offset[l][o]);
	*middle = vec_least(x, all(tanh_end)); /* offsets are above the other end */
	return next;
}

/* Current of both inputs, V per step. */
ALWAYS vec input_current(const struct kernel_planned *b, unsigned o, const vec x[KERNEL_LINES])
{
	const vec q0 = x[0] * x[0], q1 = x[1] * x[1];
	const vec under0 = vec_tanh_under(q0), under1 = vec_tanh_under(q1);
	const vec over0 = load(&b->limit[0][o]) * x[0] * vec_tanh_over(q0);
	const vec over1 = load(&b->limit[1][o]) * x[1] * vec_tanh_over(q1);
	return (over0 * under1 + over1 * under0) / (under0 * under1);
}

/* A membrane near some potential: in a step v becomes keep * v + share * (push + inflow). */
struct tangent {
	vec push, keep, share;
};

ALWAYS struct tangent follow_leak(const struct kernel_planned *b, unsigned o, vec v)
{
	const vec slope = load(&b->slope[o]), limit = load(&b->leak[o]);
	const vec steep = slope * (load(&b->reference[o]) - v);
	const vec x = vec_clip(steep), q = x * x;
	const vec t = x * vec_tanh_over(q) / vec_tanh_under(q);
	const vec pull = limit * slope * (all(1.0f) - t * t);
	struct tangent tangent;
	tangent.push = limit * t + pull * v + load(&b->constant[o]);
	tangent.share = all(1.0f) - pull * (all(0.5f) - pull * all(1.0f / 6.0f));
	tangent.keep = all(1.0f) - pull * tangent.share;
	return tangent;
}

/* Currents fade before the rails; further away not a bit changes. */
ALWAYS vec fade(vec from, vec to)
{
	const vec way = to - from;
	const vec room = choose(above(way, all(0.0f)), all(PHYSICS_RAIL) - from, from);
	const vec left = vec_most(room * all(1.0f / PHYSICS_RAIL_SOFT), all(0.0f));
	return choose(above(all(1.0f), left), from + way * left, to);
}

/* Neurons i … i + LANES - 1. @rails: some are near one. */
ALWAYS void window_lanes(struct kernel_membranes *restrict m, const struct kernel_plan *restrict p,
	const struct kernel_window *restrict w, unsigned i, unsigned steps, bool rails)
{
	struct kernel_path *restrict path = w->path;
	const struct kernel_planned *b = &p->neurons[i / 16];
	const unsigned column = i - w->first, o = i % 16;
	const vec threshold = load(&b->threshold[o]);
	vec v = load(&m->v[i]), line[KERNEL_LINES] = {load(&m->line[0][i]), load(&m->line[1][i])};
	const struct tangent tangent = follow_leak(b, o, v);
	vec noise = all(0.0f), drift = all(0.0f), highest = all(0.0f);
	if (w->noise) {
		const vec from = load(&m->noise_from[i]) * all(p->h);
		const vec gain = load(&m->noise_to[i]) * all(p->h) - from;
		noise = from + gain * all(w->place);
		drift = gain * all(w->advance);
	}
	store(&path->inflow[0][column], load(&path->inflow[w->last][column]));
	store(&path->v[0][column], v);
	for (unsigned k = 0; k < steps; k++) {
		vec middle[KERNEL_LINES];
		for (unsigned l = 0; l < KERNEL_LINES; l++)
			line[l] = pass_line(
				b, l, o, line[l] + load(&w->drop[k][l][column]), &middle[l]);
		const vec inflow = input_current(b, o, middle) + noise;
		noise += drift;
		store(&path->inflow[k + 1][column], inflow);
		const vec next = v * tangent.keep + (inflow + tangent.push) * tangent.share;
		v = rails ? fade(v, next) : next;
		store(&path->v[k + 1][column], v);
		highest = vec_most(highest, v);
	}
	const uint32_t lanes = bits(above(highest, threshold));
	/* without a branch: one spike in three windows is hard to foresee */
	path->crossing[path->crossings] = (struct kernel_crossing){(uint16_t)i, (uint16_t)lanes};
	path->crossings += lanes != 0;
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		/* away from denormal numbers */
		const vec u = line[l] + load(&w->drop[steps][l][column]);
		const vec kept = vec_most(u, all(1e-12f)) - all(1e-12f);
		store(&m->line[l][i], vec_least(kept, all(PHYSICS_LINE_LIMIT)));
	}
	store(&m->v[i], vec_least(vec_most(v, all(0.0f)), all(PHYSICS_RAIL)));
}

#include "kernel_rich.h"

#include "kernel_rich_window.h"

#include "kernel_rich_leap.h"

ALWAYS void window_steps(struct kernel_membranes *m, const struct kernel_plan *p,
	const struct kernel_window *w, unsigned steps)
{
	const vec high = all(PHYSICS_RAIL - 2 * PHYSICS_RAIL_SOFT);
	const vec low = all(2 * PHYSICS_RAIL_SOFT);
	for (unsigned i = w->first; i < w->first + KERNEL_COLUMNS; i += LANES) {
		if (m->rich >> i / KERNEL_BLOCK & 1) {
			if (i % KERNEL_BLOCK == 0)
				rich_window(m, p, w, i);
			continue;
		}
		const vec v = load(&m->v[i]);
		if (__builtin_expect(bits(above(v, high)) | bits(above(low, v)), 0))
			window_lanes(m, p, w, i, steps, true);
		else
			window_lanes(m, p, w, i, steps, false);
	}
}

static void window(
	struct kernel_membranes *m, const struct kernel_plan *p, const struct kernel_window *w)
{
	w->path->crossings = 0;
	if (w->steps == 3) /* a slot of the noise in the longest steps */
		window_steps(m, p, w, 3);
	else
		window_steps(m, p, w, w->steps);
}

static void noise(float *out, const float *scale, uint64_t seed, uint32_t hemisphere, uint64_t slot)
{
	enum { DRAWS = KERNEL_COLUMNS / 8 };
	uint32_t word[4][DRAWS];
	const philox4x32_key_t key = {{(uint32_t)seed, (uint32_t)(seed >> 32)}};
	const uint32_t low = (uint32_t)slot, high = (uint32_t)(slot >> 32);
	for (uint32_t i = 0; i < DRAWS; i++) {
		const philox4x32_ctr_t place = {
			{hemisphere * DRAWS + i, (uint32_t)NOISE_MEMBRANE << 24 | 1, low, high}};
		const philox4x32_ctr_t drawn = philox4x32(place, key);
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

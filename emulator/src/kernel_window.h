// SPDX-License-Identifier: MIT
/* The kernels of busy networks, included by kernel_body.h for each instruction set: windows of
 * steps, with the lanes of a vector on the outside and time on the inside; noise.
 *
 * Lines: U' = -U (1 + U / bend) / tau to second order in the bend; events inside a step count with
 * what is left of them at its end. Membranes: exponential Euler as in a step, with the tangent of
 * the leak at the begin of the window. Source: spec/emulator_numerics.md 2.3, 5, 6. */
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

/* Currents of the two lines in all steps of the window, V per step. */
ALWAYS void window_lines(struct kernel_membranes *restrict m, const struct kernel_plan *restrict p,
	const struct kernel_window *restrict w, unsigned i, vec current[KERNEL_WINDOW])
{
	struct kernel_bins *bins = w->bins;
	const struct kernel_planned *b = &p->neurons[i / 16];
	const unsigned column = i - w->first, o = i % 16;
	vec line[KERNEL_LINES] = {load(&m->line[0][i]), load(&m->line[1][i])};
	for (unsigned k = 0; k < w->steps; k++) {
		vec over[KERNEL_LINES], under[KERNEL_LINES];
		for (unsigned l = 0; l < KERNEL_LINES; l++) {
			const bool events = bins->lines[k] >> l & 1;
			const vec u = line[l];
			vec bend = u, brought = all(0.0f), left = all(0.0f);
			if (events) {
				float *charge = &bins->charge[k][l][column];
				float *kept = &bins->kept[k][l][column];
				brought = load(charge);
				left = load(kept) * load(&b->late[l][o]);
				bend += all(0.5f) * brought;
				store(charge, all(0.0f));
				store(kept, all(0.0f));
			}
			bend *= load(&b->bend[l][o]);
			const vec shrink = all(1.0f) - bend * (all(1.0f) - bend);
			vec middle = u * load(&b->mean[l][o]) * (all(1.0f) - all(0.5f) * bend);
			line[l] = u * load(&b->keep[l][o]) * shrink;
			if (events) {
				middle += (brought - left) * load(&b->area[l][o]);
				line[l] += left * (all(0.5f) + all(0.5f) * shrink);
			}
			const vec x = vec_clip(middle + load(&b->offset[l][o])), q = x * x;
			over[l] = load(&b->limit[l][o]) * (x * vec_tanh_over(q));
			under[l] = vec_tanh_under(q);
		}
		current[k] = (over[0] * under[1] + over[1] * under[0]) / (under[0] * under[1]);
	}
	for (unsigned l = 0; l < KERNEL_LINES; l++) {
		/* away from denormal numbers */
		const vec u = vec_most(line[l], all(1e-12f)) - all(1e-12f);
		store(&m->line[l][i], vec_least(u, all(PHYSICS_LINE_LIMIT)));
	}
}

/* The leak near some potential: V per step = push - pull * v. */
struct tangent {
	vec push, pull;
	vec share; /* of the exponential's way that a step makes, over the step's linear way */
};

ALWAYS vec share_of(vec z)
{
	return all(1.0f) - z * (all(0.5f) - z * all(1.0f / 6.0f));
}

ALWAYS struct tangent follow_leak(const struct kernel_planned *b, unsigned o, vec v)
{
	const vec slope = load(&b->slope[o]), limit = load(&b->leak[o]);
	const vec x = vec_clip(slope * (load(&b->reference[o]) - v)), q = x * x;
	const vec t = x * vec_tanh_over(q) / vec_tanh_under(q);
	struct tangent tangent;
	tangent.pull = limit * slope * (all(1.0f) - t * t);
	tangent.push = limit * t + tangent.pull * v + load(&b->constant[o]);
	tangent.share = share_of(tangent.pull);
	return tangent;
}

/* Neurons whose reset ends before the end of step @time (as 1 + its number): where they are then.
 * Returns which part of the step, or of two, all neurons have left. */
ALWAYS vec release(struct kernel_planned *b, unsigned o, vec current, vec drift, vec time, vec *v,
	struct tangent *tangent)
{
	const vec until = load(&b->until[o]), parked = load(&b->parked[o]);
	const mask free = above(time, until - all(1e-3f));
	/* a membrane lags behind its currents, which are known in the middles of steps */
	const vec lag = time - all(0.5f) - until + load(&b->reset_lag[o]);
	const vec aim =
		load(&b->reset_floor[o]) + load(&b->reset_yield[o]) * (current - drift * lag);
	const vec length = vec_most(until - load(&b->since[o]), all(0.0f));
	const vec left = vec_decay(length * load(&b->reset_rate[o]));
	const vec reached = vec_most(aim + (parked - aim) * left, all(0.0f));
	*v = choose(free, vec_least(reached, all(PHYSICS_RAIL)), *v);
	store(&b->until[o], choose(free, all(KERNEL_NEVER), until));
	const struct tangent fresh = follow_leak(b, o, *v);
	tangent->push = choose(free, fresh.push, tangent->push);
	tangent->pull = choose(free, fresh.pull, tangent->pull);
	tangent->share = choose(free, fresh.share, tangent->share);
	return choose(free, time - until, all(1.0f));
}

/* Comparators that switched on in a step. */
struct crossing {
	uint16_t first, step; /* neuron of lane 0 */
	uint32_t lanes;       /* bit by bit */
};

/* The way of the membranes through a window, and where it crossed thresholds. */
struct paths {
	_Alignas(64) float from[KERNEL_WINDOW + 1][KERNEL_COLUMNS]; /* V, at the begin of a step */
	float part[KERNEL_WINDOW][KERNEL_COLUMNS]; /* of the step, where neurons were released */
	struct crossing crossing[KERNEL_WINDOW * KERNEL_COLUMNS / LANES + 1];
	unsigned crossings;
};

/* Is one of these lanes released in this step? */
ALWAYS bool releases(const struct kernel_window *w, unsigned k, unsigned column)
{
	return w->released[k] >> column / 4 & ((UINT64_C(1) << LANES / 4) - 1);
}

/* @careful: some neurons leave their reset, or are near the rails. */
ALWAYS void window_membranes(struct kernel_membranes *m, struct kernel_plan *p,
	const struct kernel_window *w, unsigned i, const vec current[KERNEL_WINDOW],
	struct paths *paths, bool careful)
{
	struct kernel_planned *b = &p->neurons[i / 16];
	const unsigned column = i - w->first, o = i % 16;
	vec v = load(&m->v[i]), noise = all(0.0f), drift = all(0.0f);
	struct tangent tangent = follow_leak(b, o, v);
	const vec threshold = load(&m->threshold[i]);
	if (w->noise) {
		const vec from = load(&m->noise_from[i]) * all(p->h);
		const vec gain = load(&m->noise_to[i]) * all(p->h) - from;
		noise = from + gain * all(w->place);
		drift = gain * all(w->advance);
	}
	for (unsigned k = 0; k < w->steps; k++) {
		const vec inflow = current[k] + noise;
		vec share = tangent.share;
		noise += drift;
		if (careful && releases(w, k, column)) {
			vec before = load(&b->inflow[o]);
			if (k)
				before = current[k - 1] + noise - drift * all(2.0f);
			const vec part = release(
				b, o, inflow, inflow - before, all((float)(k + 1)), &v, &tangent);
			store(&paths->part[k][column], part);
			share = part * share_of(part * tangent.pull);
		}
		vec force = tangent.push - tangent.pull * v + inflow;
		if (careful) {
			const vec room = choose(above(force, all(0.0f)), all(PHYSICS_RAIL) - v, v);
			force *=
				vec_least(vec_most(room * all(1.0f / PHYSICS_RAIL_SOFT), all(0.0f)),
					all(1.0f));
		}
		store(&paths->from[k][column], v);
		const uint32_t before = bits(above(v, threshold));
		v += force * share;
		/* without a branch: one spike in three windows is hard to foresee */
		const uint32_t lanes = bits(above(v, threshold)) & ~before;
		paths->crossing[paths->crossings] =
			(struct crossing){(uint16_t)i, (uint16_t)k, lanes};
		paths->crossings += lanes != 0;
	}
	store(&paths->from[w->steps][column], v);
	store(&b->inflow[o], current[w->steps - 1] + noise - drift);
	store(&m->v[i], vec_least(vec_most(v, all(0.0f)), all(PHYSICS_RAIL)));
}

static void fire_crossings(
	const struct kernel_membranes *m, const struct kernel_window *w, const struct paths *paths)
{
	for (unsigned c = 0; c < paths->crossings; c++) {
		const struct crossing *crossing = &paths->crossing[c];
		const unsigned k = crossing->step;
		for (uint32_t lanes = crossing->lanes; lanes; lanes &= lanes - 1) {
			const unsigned n = crossing->first + (unsigned)__builtin_ctz(lanes);
			const unsigned column = n - w->first;
			const float from = paths->from[k][column];
			const float way = paths->from[k + 1][column] - from;
			/* the way is not a lane's own where it was released next */
			const float share = most(least((m->threshold[n] - from) / way, 1), 0);
			const float part =
				w->released[k] >> column / 4 & 1 ? paths->part[k][column] : 1;
			w->fire(w->user, n, (float)(k + 1) - part * (1 - share), way / part);
		}
	}
}

static void window(struct kernel_membranes *m, struct kernel_plan *p, const struct kernel_window *w)
{
	vec current[KERNEL_WINDOW];
	struct paths paths;
	paths.crossings = 0;
	for (unsigned i = w->first; i < w->first + KERNEL_COLUMNS; i += LANES) {
		const vec v = load(&m->v[i]);
		bool careful = bits(above(v, all(PHYSICS_RAIL - 2 * PHYSICS_RAIL_SOFT))) ||
			       bits(above(all(2 * PHYSICS_RAIL_SOFT), v));
		for (unsigned k = 0; k < w->steps; k++)
			careful |= releases(w, k, i - w->first);
		window_lines(m, p, w, i, current);
		if (__builtin_expect(careful, 0))
			window_membranes(m, p, w, i, current, &paths, true);
		else
			window_membranes(m, p, w, i, current, &paths, false);
	}
	for (unsigned k = 0; k < w->steps; k++)
		w->bins->lines[k] = 0;
	fire_crossings(m, w, &paths);
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

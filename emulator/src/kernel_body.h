// SPDX-License-Identifier: MIT
/* The kernels, included by one file for each instruction set, which defines KERNEL_TABLE and
 * KERNEL_NAME.
 *
 * A step is exponential Euler with the slope of the membrane (Rosenbrock): with F = dV/dt at the
 * middle of the synaptic lines and J = -dF/dV, V moves by h F phi(h J), phi(z) = (1 - exp(-z)) / z,
 * here 1 / (1 + z/2 + z^2/12), which is off by z^4/720. Lines decay by exact factors. Events inside
 * the step count with their time before its end. tanh(x) is x (945 + 105 x^2 + x^4) / (945 + 420
 * x^2 + 15 x^4) up to where it reaches 1, off by 1.4e-3 there. Source:
 * spec/emulator_numerics.md 2.3, spec/emulator_physics.md 2.1. */
#include "kernel.h"
#include "kernel_tanh.h"
#include "noise.h"
#include "physics.h"

#include <string.h>

static inline float least(float a, float b)
{
	return a < b ? a : b;
}

static inline float most(float a, float b)
{
	return a > b ? a : b;
}

static inline float clip(float x, float limit)
{
	return most(least(x, limit), -limit);
}

/* exp(-x) for x >= 0; relative error 2e-7, 0 beyond 87. Selections are factors 0 or 1: gcc 12
 * vectorises those. */
static inline float decay(float x)
{
	const float live = x < 87.0f ? 1.0f : 0.0f;
	const float limited = least(x, 87.0f);
	const float rounded =
		limited * 1.44269504f + 12582912.0f; /* 1.5 * 2^23: the last place is 1 */
	const float whole = rounded - 12582912.0f;
	const float rest = whole * 0.693147182f - limited; /* -0.35 … 0.35 */
	float y = 1.0f / 5040.0f;
	y = y * rest + 1.0f / 720.0f;
	y = y * rest + 1.0f / 120.0f;
	y = y * rest + 1.0f / 24.0f;
	y = y * rest + 1.0f / 6.0f;
	y = y * rest + 0.5f;
	y = y * rest + 1.0f;
	y = y * rest + 1.0f;
	uint32_t bits;
	memcpy(&bits, &rounded, sizeof(bits));
	bits = (UINT32_C(127) << 23) - (bits << 23);
	float scale;
	memcpy(&scale, &bits, sizeof(scale));
	return y * scale * live;
}

/* Share of an exponential's way that z time constants make, over z. */
static inline float phi_exact(float z)
{
	const float close = 1.0f / (1.0f + z * (0.5f + z * (1.0f / 12.0f)));
	const float far = (1.0f - decay(z)) / most(z, 0.5f);
	const float use = z < 0.5f ? 0.0f : 1.0f;
	return close + use * (far - close);
}

static inline float root(float x)
{
	return __builtin_sqrtf(x);
}

enum { BLOCK = KERNEL_BLOCK };

/* Short loops over a block keep more neurons in flight than one long one: 1.6x,
 * bench/emulator_analog. */
static inline __attribute__((always_inline)) void advance_lines(struct kernel_membranes *restrict m,
	unsigned begin, float h, unsigned variants, unsigned leap, float *restrict current,
	uint32_t *restrict active)
{
	const float pair = 1.0f / PHYSICS_LINE_PAIR, per_bend = 1.0f / PHYSICS_LINE_TAU_BEND;
	for (unsigned k = 0; k < BLOCK; k++) {
		const unsigned i = begin + k;
		const float e = m->line[0][i], n = m->line[1][i];
		float decay_e, decay_n, mean_e, mean_n;
		if (leap) {
			const float ze = h * m->line_rate[0][i], zn = h * m->line_rate[1][i];
			decay_e = decay(ze);
			decay_n = decay(zn);
			mean_e = phi_exact(ze);
			mean_n = phi_exact(zn);
		} else {
			decay_e = m->line_decay[0][i];
			decay_n = m->line_decay[1][i];
			mean_e = m->line_mean[0][i];
			mean_n = m->line_mean[1][i];
		}
		/* large drops decay faster: U' = -U (1 + U / bend) / tau has a closed form */
		const float bent_e = e * (1.0f - decay_e) * per_bend,
			    bent_n = n * (1.0f - decay_n) * per_bend;
		const float bend_e = 1.0f + bent_e, bend_n = 1.0f + bent_n;
		float middle_e = e * mean_e * (1.0f - 0.5f * bent_e);
		float middle_n = n * mean_n * (1.0f - 0.5f * bent_n);
		float new_e = 0.0f, new_n = 0.0f;
		if (variants & KERNEL_EVENTS) {
			new_e = m->kept[0][i] * root(decay_e);
			new_n = m->kept[1][i] * root(decay_n);
			middle_e += (m->charge[0][i] - new_e) * m->line_area[0][i];
			middle_n += (m->charge[1][i] - new_n) * m->line_area[1][i];
			m->charge[0][i] = 0.0f;
			m->charge[1][i] = 0.0f;
			m->kept[0][i] = 0.0f;
			m->kept[1][i] = 0.0f;
		}
		const float xe = clip((middle_e + m->input_offset[0][i]) * pair, tanh_end);
		const float xn = clip((middle_n + m->input_offset[1][i]) * pair, tanh_end);
		const float qe = xe * xe, qn = xn * xn;
		const float de = tanh_under(qe), dn = tanh_under(qn);
		/* four quotients for one division */
		const float bends = bend_e * bend_n, inputs = de * dn;
		const float inverse = 1.0f / (bends * inputs);
		const float per_bends = inverse * inputs, per_inputs = inverse * bends;
		current[k] = (m->input_limit[0][i] * (xe * tanh_over(qe)) * dn +
				     m->input_limit[1][i] * (xn * tanh_over(qn)) * de) *
			     per_inputs;
		const float next_e = e * decay_e * (per_bends * bend_n) + new_e;
		const float next_n = n * decay_n * (per_bends * bend_e) + new_n;
		/* the difference keeps denormal numbers away */
		m->line[0][i] = least(most(next_e, 1e-12f) - 1e-12f, PHYSICS_LINE_LIMIT);
		m->line[1][i] = least(most(next_n, 1e-12f) - 1e-12f, PHYSICS_LINE_LIMIT);
		active[k] = most(next_e, next_n) > 5e-5f ? KERNEL_ACTIVE : 0;
	}
}

static inline __attribute__((always_inline)) void advance_currents(
	struct kernel_membranes *restrict m, unsigned begin, float h, float place,
	unsigned variants, unsigned leap, const float *restrict current, float *restrict force)
{
	for (unsigned k = 0; k < BLOCK; k++) {
		const unsigned i = begin + k;
		const float v = m->v[i];
		const float x = clip(m->leak_slope[i] * (m->leak_reference[i] - v), tanh_end);
		const float q = x * x, share = tanh_over(q) / tanh_under(q), t = x * share;
		const float limit = m->leak_limit[i], pull = limit * m->leak_slope[i];
		float f = limit * t + current[k] + m->constant[i];
		float j = pull * (1.0f - t * t);
		if (variants & KERNEL_NOISE)
			f += m->noise_from[i] + place * (m->noise_to[i] - m->noise_from[i]);
		if (leap) {
			/* beyond the linear range the tangent overshoots in long steps, the secant
			 * never */
			const float secant = pull * share, use = h * secant < 0.5f ? 0.0f : 1.0f;
			j += use * (secant - j);
		}
		if (variants & KERNEL_RESETS) {
			const float y =
				clip(m->reset_slope[i] * (m->reset_reference[i] - v), tanh_end);
			const float r = y * tanh_over(y * y) / tanh_under(y * y);
			const float reset = m->reset_limit[i] * m->reset_share[i];
			f += reset * r;
			j += reset * m->reset_slope[i] * (1.0f - r * r);
		}
		/* currents fade before the rails */
		const float room = f > 0.0f ? PHYSICS_RAIL - v : v;
		force[k] = f * least(most(room * (1.0f / PHYSICS_RAIL_SOFT), 0.0f), 1.0f);
		m->rate[i] = j;
	}
}

static inline __attribute__((always_inline)) uint32_t advance_membranes(
	struct kernel_membranes *restrict m, unsigned begin, float h, unsigned leap,
	const float *restrict force, const uint32_t *restrict active)
{
	const float still = 3e-7f, fast = m->fast; /* still: a few bits of the last place */
	uint32_t flags = 0;
	for (unsigned k = 0; k < BLOCK; k++) {
		const unsigned i = begin + k;
		const float v = m->v[i], j = m->rate[i], z = h * j, bounded = least(z, 2.0f);
		const float way = leap ? h * phi_exact(z)
				       : h / (1.0f + bounded * (0.5f + bounded * (1.0f / 12.0f)));
		const float next = least(most(v + way * force[k], 0.0f), PHYSICS_RAIL);
		const float gain = next - v, distance = next + m->noise[i] - m->threshold[i];
		const float size = gain < 0.0f ? -gain : gain,
			    off = distance < 0.0f ? -distance : distance;
		const uint32_t above = distance > 0.0f;
		const uint32_t crossing = above & (m->above[i] ^ 1u);
		const uint32_t near = off < m->margin[i] ? KERNEL_NEAR : 0;
		const uint32_t moving = size > still ? KERNEL_MOVING : 0;
		const uint32_t rushing = size > fast ? KERNEL_FAST : 0;
		flags |= crossing | near | moving | rushing | active[k];
		m->above[i] = above;
		m->crossing[i] = crossing;
		m->gain[i] = gain;
		m->v[i] = next;
	}
	return flags;
}

static inline __attribute__((always_inline)) uint32_t advance(
	struct kernel_membranes *m, float h, float place, unsigned variants, unsigned leap)
{
	_Alignas(64) float current[BLOCK], force[BLOCK];
	_Alignas(64) uint32_t active[BLOCK];
	uint32_t flags = 0;
	for (unsigned begin = 0; begin < KERNEL_NEURONS; begin += BLOCK) {
		if (m->rich >> begin / BLOCK & 1)
			continue;
		advance_lines(m, begin, h, variants, leap, current, active);
		advance_currents(m, begin, h, place, variants, leap, current, force);
		flags |= advance_membranes(m, begin, h, leap, force, active);
	}
	return flags;
}

static uint32_t step(struct kernel_membranes *m, float h, float place, unsigned variants)
{
	switch (variants & 7u) {
	case 0:
		return advance(m, h, place, 0, 0);
	case 1:
		return advance(m, h, place, 1, 0);
	case 2:
		return advance(m, h, place, 2, 0);
	case 3:
		return advance(m, h, place, 3, 0);
	case 4:
		return advance(m, h, place, 4, 0);
	case 5:
		return advance(m, h, place, 5, 0);
	case 6:
		return advance(m, h, place, 6, 0);
	default:
		return advance(m, h, place, 7, 0);
	}
}

static uint32_t leap(struct kernel_membranes *m, float h, unsigned variants)
{
	return variants & KERNEL_RESETS ? advance(m, h, 0, KERNEL_RESETS, 1)
					: advance(m, h, 0, 0, 1);
}

#include "kernel_window.h"

#include "synapse_body.h"

#include "kernel_crossing.h"

#include "kernel_reset.h"

#include "correlation_body.h"

const struct kernel KERNEL_TABLE = {.name = KERNEL_NAME,
	.step = step,
	.leap = leap,
	.rich = rich,
	.rich_leap = rich_leap,
	.window = window,
	.cross = cross,
	.release = release,
	.before = before,
	.noise = noise,
	.row = row,
	.rows = rows,
	.pair_column = pair_column,
	.pair_row = pair_row,
	.note_row = note_row};

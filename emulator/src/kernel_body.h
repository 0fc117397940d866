// SPDX-License-Identifier: MIT
/* The kernels, included by one file for each instruction set, which defines KERNEL_TABLE and KERNEL_NAME.
 *
 * A step is exponential Euler with the slope of the membrane (Rosenbrock): with F = dV/dt at the middle of the
 * synaptic lines and J = -dF/dV, V moves by h F phi(h J), phi(z) = (1 - exp(-z)) / z, here 1 / (1 + z/2 + z^2/12),
 * which is off by z^4/720. Lines decay by exact factors. Events inside the step count with their time before its end.
 * tanh(x) is x (27 + x^2) / (27 + 9 x^2) up to 3. Source: spec/emulator_numerics.md 2.3, spec/emulator_physics.md 2.1. */
#include "kernel.h"
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

/* exp(-x) for x >= 0; relative error 2e-7, 0 beyond 87 */
static inline float decay(float x)
{
	const float turns = x * 1.44269504f;
	const int whole = (int)(least(turns, 126.0f) + 0.5f);
	const float rest = (float)whole * 0.693147182f - x; /* -0.35 … 0.35 */
	float y = 1.0f / 5040.0f;
	y = y * rest + 1.0f / 720.0f;
	y = y * rest + 1.0f / 120.0f;
	y = y * rest + 1.0f / 24.0f;
	y = y * rest + 1.0f / 6.0f;
	y = y * rest + 0.5f;
	y = y * rest + 1.0f;
	y = y * rest + 1.0f;
	const uint32_t bits = (uint32_t)(127 - whole) << 23;
	float scale;
	memcpy(&scale, &bits, sizeof(scale));
	return x < 87.0f ? y * scale : 0.0f;
}

/* Share of an exponential's way that z time constants make, over z. */
static inline float phi_exact(float z)
{
	const float near = 1.0f / (1.0f + z * (0.5f + z * (1.0f / 12.0f)));
	const float far = (1.0f - decay(z)) / most(z, 0.5f);
	return z < 0.5f ? near : far;
}

static inline __attribute__((always_inline)) uint32_t advance(struct kernel_membranes *restrict m, float h, float place,
        unsigned variants, unsigned leap)
{
	const float per_h = 1.0f / h, pair = 1.0f / PHYSICS_LINE_PAIR;
	const float still = 3e-7f, fast = m->fast; /* still: a few bits of the last place */
	uint32_t flags = 0;
	for (unsigned i = 0; i < KERNEL_NEURONS; i++) {
		const float v = m->v[i];
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
		const float bent_e = e * (1.0f - decay_e) * (1.0f / PHYSICS_LINE_TAU_BEND);
		const float bent_n = n * (1.0f - decay_n) * (1.0f / PHYSICS_LINE_TAU_BEND);
		const float bend_e = 1.0f + bent_e, bend_n = 1.0f + bent_n;
		float middle_e = e * mean_e * (1.0f - 0.5f * bent_e);
		float middle_n = n * mean_n * (1.0f - 0.5f * bent_n);
		if (variants & KERNEL_EVENTS) {
			middle_e += m->moment[0][i] * per_h;
			middle_n += m->moment[1][i] * per_h;
		}
		const float xl = clip(m->leak_slope[i] * (m->leak_reference[i] - v), 3.0f);
		const float xe = clip((middle_e + m->input_offset[0][i]) * pair, 3.0f);
		const float xn = clip((middle_n + m->input_offset[1][i]) * pair, 3.0f);
		const float ql = xl * xl, qe = xe * xe, qn = xn * xn;
		const float dl = 27.0f + 9.0f * ql, de = 27.0f + 9.0f * qe, dn = 27.0f + 9.0f * qn;
		/* five quotients for one division */
		const float bends = bend_e * bend_n, inputs = de * dn;
		const float inverse = 1.0f / (bends * inputs * dl);
		const float per_bends = inverse * inputs * dl, per_inputs = inverse * bends * dl;
		const float tl = xl * (27.0f + ql) * (inverse * bends * inputs);
		const float te = xe * (27.0f + qe) * (per_inputs * dn);
		const float tn = xn * (27.0f + qn) * (per_inputs * de);
		float f = m->leak_limit[i] * tl + m->input_limit[0][i] * te + m->input_limit[1][i] * tn + m->constant[i];
		float j = m->leak_limit[i] * m->leak_slope[i] * (1.0f - tl * tl);
		if (leap) {
			/* beyond the linear range the tangent overshoots in long steps, the secant never */
			const float secant = m->leak_limit[i] * m->leak_slope[i] * (27.0f + ql) * (inverse * bends * inputs);
			j = h * secant < 0.5f ? j : secant;
		}
		if (variants & KERNEL_RESETS) {
			const float x = clip(m->reset_slope[i] * (m->reset_reference[i] - v), 3.0f);
			const float t = x * (27.0f + x * x) / (27.0f + 9.0f * x * x);
			const float limit = m->reset_limit[i] * m->reset_share[i];
			f += limit * t;
			j += limit * m->reset_slope[i] * (1.0f - t * t);
		}
		/* currents fade before the rails */
		const float room = f > 0.0f ? PHYSICS_RAIL - v : v;
		f *= least(most(room * (1.0f / PHYSICS_RAIL_SOFT), 0.0f), 1.0f);
		const float z = h * j;
		const float way = leap ? h * phi_exact(z)
		                       : h / (1.0f + least(z, 2.0f) * (0.5f + least(z, 2.0f) * (1.0f / 12.0f)));
		const float next = least(most(v + way * f, 0.0f), PHYSICS_RAIL);
		float part = m->noise[i];
		if (variants & KERNEL_NOISE)
			part += way * (m->noise_from[i] + place * (m->noise_to[i] - m->noise_from[i]) - j * part);
		float next_e = e * decay_e * (per_bends * bend_n);
		float next_n = n * decay_n * (per_bends * bend_e);
		if (variants & KERNEL_EVENTS) {
			next_e += m->charge[0][i] - m->moment[0][i] * m->line_rate[0][i];
			next_n += m->charge[1][i] - m->moment[1][i] * m->line_rate[1][i];
			m->charge[0][i] = 0.0f;
			m->charge[1][i] = 0.0f;
			m->moment[0][i] = 0.0f;
			m->moment[1][i] = 0.0f;
		}
		next_e = next_e > 1e-9f ? least(next_e, PHYSICS_LINE_LIMIT) : 0.0f;
		next_n = next_n > 1e-9f ? least(next_n, PHYSICS_LINE_LIMIT) : 0.0f;
		const float gain = next + part - (v + m->noise[i]);
		const float distance = next + part - m->threshold[i];
		const uint32_t above = distance > 0.0f;
		const uint32_t crossing = above & (m->above[i] ^ 1u);
		const uint32_t near = distance > -m->margin[i] && distance < m->margin[i] ? KERNEL_NEAR : 0;
		const uint32_t moving = gain > still || gain < -still ? KERNEL_MOVING : 0;
		const uint32_t rushing = gain > fast || gain < -fast ? KERNEL_FAST : 0;
		const uint32_t active = most(next_e, next_n) > 5e-5f ? KERNEL_ACTIVE : 0;
		flags |= crossing | near | moving | rushing | active;
		m->above[i] = above;
		m->crossing[i] = crossing;
		m->gain[i] = gain;
		m->rate[i] = j;
		m->v[i] = next;
		m->line[0][i] = next_e;
		m->line[1][i] = next_n;
		if (variants & KERNEL_NOISE)
			m->noise[i] = part;
	}
	return flags;
}

static uint32_t step(struct kernel_membranes *m, float h, float place, unsigned variants)
{
	switch (variants & 7u) {
	case 0: return advance(m, h, place, 0, 0);
	case 1: return advance(m, h, place, 1, 0);
	case 2: return advance(m, h, place, 2, 0);
	case 3: return advance(m, h, place, 3, 0);
	case 4: return advance(m, h, place, 4, 0);
	case 5: return advance(m, h, place, 5, 0);
	case 6: return advance(m, h, place, 6, 0);
	default: return advance(m, h, place, 7, 0);
	}
}

static uint32_t leap(struct kernel_membranes *m, float h, unsigned variants)
{
	return variants & KERNEL_RESETS ? advance(m, h, 0, KERNEL_RESETS, 1) : advance(m, h, 0, 0, 1);
}

static void row(float *restrict charge, float *restrict moment, const float *restrict strength,
        const uint8_t *restrict labels, const float *restrict scale, uint8_t label, float delay)
{
	for (unsigned c = 0; c < KERNEL_COLUMNS; c++) {
		const uint32_t match = 0u - (uint32_t)(labels[c] == label);
		const float whole = strength[c] * scale[c];
		uint32_t bits;
		memcpy(&bits, &whole, sizeof(bits));
		bits &= match;
		float drop;
		memcpy(&drop, &bits, sizeof(drop));
		charge[c] += drop;
		moment[c] += drop * delay;
	}
}

const struct kernel KERNEL_TABLE = { .name = KERNEL_NAME, .step = step, .leap = leap, .row = row };

// SPDX-License-Identifier: MIT
#include "headroom.h"

#include "analog_state.h"
#include "kernel_tanh.h"
#include "physics.h"

#include <math.h>

/* Share of the offset current that flows at @v. */
static float share_of(float offset, float v)
{
	const float room = offset > 0 ? PHYSICS_RAIL - v : v;
	return fminf(fmaxf(room * (1 / PHYSICS_OFFSET_ROOM), 0), 1);
}

/* Share of all currents that flows to the rail, where @share of the offset current does. */
static float fade_of(float share)
{
	return fminf(share * (PHYSICS_OFFSET_ROOM / PHYSICS_RAIL_SOFT), 1);
}

/* As the kernels have it. */
static float near_tanh(float x)
{
	const float y = fminf(fmaxf(x, -tanh_end), tanh_end), q = y * y;
	return y * tanh_over(q) / tanh_under(q);
}

/* Currents into a membrane, V/s, and minus their slope, 1/s. */
struct flow {
	float force, pull;
};

static void add_amplifiers(struct flow *f, const struct kernel_membranes *m, uint32_t n, float v)
{
	const float leak = near_tanh(m->leak_slope[n] * (m->leak_reference[n] - v));
	const float reset = near_tanh(m->reset_slope[n] * (m->reset_reference[n] - v));
	const float limit = m->reset_limit[n] * m->reset_share[n];
	f->force += m->leak_limit[n] * leak + limit * reset;
	f->pull += m->leak_limit[n] * m->leak_slope[n] * (1 - leak * leak) +
		   limit * m->reset_slope[n] * (1 - reset * reset);
}

static void add_input(struct flow *f, const struct kernel_membranes *m, const struct kernel_rich *r,
	uint32_t n, unsigned line, float v, float running)
{
	const float open = running * near_tanh((m->line[line][n] + m->input_offset[line][n]) *
					       (1 / PHYSICS_LINE_PAIR));
	const float fall = line ? r->conductance[line][n] : -r->conductance[line][n];
	const float current = fabsf(m->input_limit[line][n]) + fall * (v - r->reversal[line][n]);
	if (!(current > 0))
		return;
	f->force += line ? -open * current : open * current;
	f->pull += line ? open * fall : -open * fall;
}

static void add_rich_terms(
	struct flow *f, const struct kernel_rich *r, uint32_t n, float v, float running)
{
	const float limit = r->adaptation_limit[n];
	if (limit > 0)
		f->force -= limit * near_tanh(r->adaptation[n] / limit);
	if (!(r->exponential[n] > 0))
		return;
	const float grown = running * r->exponential[n] *
			    expf(r->exponential_slope[n] * (v - r->exponential_reference[n]));
	f->force += fminf(grown, r->exponential_limit[n]);
	f->pull -= grown < r->exponential_limit[n] ? grown * r->exponential_slope[n] : 0;
}

/* All currents of a membrane but the offset current. */
static struct flow flow_of(
	const struct emulator_analog *a, const struct kernel_membranes *m, uint32_t n)
{
	const float v = m->v[n], running = 1 - m->reset_share[n] * a->rich.pause[n];
	struct flow f = {.force = a->headroom.steady[n]};
	add_amplifiers(&f, m, n, v);
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		add_input(&f, m, &a->rich, n, line, v, running);
	add_rich_terms(&f, &a->rich, n, v, running);
	f.pull = fmaxf(f.pull, 0);
	return f;
}

/* Share of its way that an exponential makes in z time constants, over z. */
static float phi(float z)
{
	return z < 1e-3f ? 1 - 0.5f * z : -expm1f(-z) / z;
}

/* V, where a membrane enters the range in which its offset current fades. */
static float edge_of(float offset)
{
	return offset > 0 ? PHYSICS_RAIL - PHYSICS_OFFSET_ROOM : PHYSICS_OFFSET_ROOM;
}

/* Does the offset current bring its membrane to its edge, and no spike back from there? */
static bool reaches_edge(const struct emulator_analog *a, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	const float offset = a->headroom.offset[n], edge = edge_of(offset);
	const float leak = tanhf(m->leak_slope[n] * (m->leak_reference[n] - edge));
	const float force = a->headroom.steady[n] + offset + m->leak_limit[n] * leak;
	return offset > 0 ? force > 0 && m->threshold[n] > edge - m->margin[n] : force < 0;
}

void emulator__headroom_refresh(struct emulator_analog *a)
{
	struct headroom *room = &a->headroom;
	room->count = 0;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		if (room->offset[n] != 0) {
			room->reaches[room->count] = reaches_edge(a, n);
			room->list[room->count++] = (uint16_t)n;
		}
}

void emulator__headroom_apply(const struct emulator_analog *a, struct kernel_membranes *m, float h)
{
	const struct headroom *room = &a->headroom;
	for (unsigned i = 0; i < room->count; i++) {
		const uint32_t n = room->list[i];
		const float full = room->offset[n], share = share_of(full, m->v[n]);
		const float current = full * share;
		m->constant[n] = room->steady[n] + current;
		if (share >= 1 || a->rich.joined[n] > 0)
			continue;
		const struct flow flow = flow_of(a, m, n);
		const float own = fabsf(full) * (1 / PHYSICS_OFFSET_ROOM), slope = flow.pull + own;
		const float force = flow.force + current, fade = fade_of(share);
		/* all currents fade, and with them their slope, where they go to the rail */
		const float steep = force * full > 0 && fade < 1
					    ? fade * slope + fabsf(force) / PHYSICS_RAIL_SOFT
					    : slope;
		m->constant[n] += (phi(h * steep) / phi(h * flow.pull) - 1) * force;
	}
}

uint64_t emulator__headroom_limit(const struct emulator_analog *a, uint64_t limit)
{
	const struct headroom *room = &a->headroom;
	const struct kernel_membranes *m = &a->membranes;
	for (unsigned i = 0; i < room->count; i++) {
		const uint32_t n = room->list[i];
		const float full = room->offset[n];
		if (!room->reaches[i] || share_of(full, m->v[n]) < 1)
			continue;
		/* s, to where it begins to fade */
		const float way = (edge_of(full) - m->v[n]) / (flow_of(a, m, n).force + full);
		if (way >= 0 && way < (float)limit * 4e-9f)
			limit = (uint64_t)(way / 4e-9f);
	}
	return limit;
}

float emulator__headroom_slope(const struct emulator_analog *a, uint32_t n)
{
	const float full = a->headroom.offset[n];
	const bool fades = full != 0 && share_of(full, a->membranes.v[n]) < 1;
	return fades ? fabsf(full) * (1 / PHYSICS_OFFSET_ROOM) : 0;
}

bool emulator__headroom_is_narrow(struct emulator_analog *a)
{
	const struct headroom *room = &a->headroom;
	bool narrow = false;
	for (unsigned i = 0; i < room->count; i++) {
		const uint32_t n = room->list[i];
		const float full = room->steady[n] + room->offset[n];
		narrow |= room->reaches[i] || share_of(room->offset[n], a->membranes.v[n]) < 1;
		a->plan_stale |= a->membranes.constant[n] != full;
		a->membranes.constant[n] = full;
	}
	return narrow;
}

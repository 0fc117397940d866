// SPDX-License-Identifier: MIT
/* Long times of joined membranes, in which nothing happens. Between the nodes flow the currents of
 * conductances, into them those of their membranes, along their tangents: C dV/dt = I - A dV, A the
 * symmetric matrix of all conductances. Two stages of an implicit scheme (SDIRK2) are exact to
 * second order, and end where the system does for any time. Each stage solves (C + g h A) x = b by
 * conjugate gradients, which take no more turns than a group has nodes. Source:
 * spec/emulator_numerics.md 2.5. */
#include "analog_state.h"
#include "physics.h"

#include <math.h>

enum { TURNS = 64 };

static const double stage = 0.29289321881345254; /* 1 - sqrt(1/2) */

/* The joined nodes of a chip, a column each. */
struct nodes {
	double farad[ANALOG_NEURONS], siemens[ANALOG_NEURONS]; /* of their membranes */
	double volt[ANALOG_NEURONS], ampere[ANALOG_NEURONS];
};

/* out = A x */
static void conduct(
	const struct compartments *c, const struct nodes *n, double *out, const double *x)
{
	for (unsigned i = 0; i < c->nodes; i++)
		out[i] = n->siemens[i] * x[i];
	for (unsigned i = 0; i < c->edges; i++) {
		const struct compartment_edge *edge = &c->edge[i];
		const double flow = (double)edge->siemens * (x[edge->one] - x[edge->other]);
		out[edge->one] += flow;
		out[edge->other] -= flow;
	}
}

static double product(const double *x, const double *y, unsigned count)
{
	double sum = 0;
	for (unsigned i = 0; i < count; i++)
		sum += x[i] * y[i];
	return sum;
}

/* (C + h A) x = b. @x holds a guess. */
static void solve(
	const struct compartments *c, const struct nodes *n, double h, double *x, const double *b)
{
	double rest[ANALOG_NEURONS], way[ANALOG_NEURONS], image[ANALOG_NEURONS], most = 0;
	double scaled[ANALOG_NEURONS], before = 0;
	conduct(c, n, image, x);
	for (unsigned i = 0; i < c->nodes; i++) {
		rest[i] = b[i] - n->farad[i] * x[i] - h * image[i];
		most = fmax(most, fabs(b[i]));
		way[i] = 0;
	}
	for (unsigned turn = 0; turn < TURNS; turn++) {
		double worst = 0;
		for (unsigned i = 0; i < c->nodes; i++) {
			scaled[i] = rest[i] / (n->farad[i] + h * n->siemens[i]);
			worst = fmax(worst, fabs(rest[i]));
		}
		if (worst <= 1e-9 * most)
			return;
		const double now = product(rest, scaled, c->nodes);
		for (unsigned i = 0; i < c->nodes; i++)
			way[i] = scaled[i] + (turn ? now / before : 0) * way[i];
		conduct(c, n, image, way);
		for (unsigned i = 0; i < c->nodes; i++)
			image[i] = n->farad[i] * way[i] + h * image[i];
		const double length = now / product(way, image, c->nodes);
		for (unsigned i = 0; i < c->nodes; i++) {
			x[i] += length * way[i];
			rest[i] -= length * image[i];
		}
		before = now;
	}
}

/* Sum what the membranes of each node bring, see kernel.rich_leap. Returns whether none runs away.
 */
static bool gather(const struct emulator_analog *a, struct nodes *n)
{
	const struct compartments *c = &a->compartments;
	const struct kernel_membranes *m = &a->membranes;
	bool stable = true;
	for (unsigned i = 0; i < c->nodes; i++) {
		const struct compartment_short *node = &c->node[i];
		n->farad[i] = (double)c->farad[i];
		n->siemens[i] = n->ampere[i] = n->volt[i] = 0;
		const bool joined = a->rich.joined[c->member[node->first]] > 0;
		for (unsigned k = 0; k < node->count; k++) {
			const unsigned member = c->member[node->first + k];
			const double farad = (double)a->farad[member];
			n->volt[i] += farad * (double)m->v[member] / n->farad[i];
			const double rate = (double)m->rate[member] +
					    (double)emulator__headroom_slope(a, member);
			n->siemens[i] += joined ? farad * rate : 1;
			n->ampere[i] += joined ? farad * (double)m->gain[member] : 0;
		}
		stable = stable && n->siemens[i] >= 0;
	}
	return stable;
}

static void find_ways(const struct compartments *c, struct nodes *n, double h, double *way)
{
	double first[ANALOG_NEURONS], second[ANALOG_NEURONS], flow[ANALOG_NEURONS];
	/* what flows between the nodes now */
	for (unsigned i = 0; i < c->edges; i++) {
		const struct compartment_edge *edge = &c->edge[i];
		const double now =
			(double)edge->siemens * (n->volt[edge->one] - n->volt[edge->other]);
		n->ampere[edge->one] -= now;
		n->ampere[edge->other] += now;
	}
	for (unsigned i = 0; i < c->nodes; i++)
		first[i] = n->ampere[i] / (n->farad[i] + stage * h * n->siemens[i]);
	solve(c, n, stage * h, first, n->ampere);
	conduct(c, n, flow, first);
	for (unsigned i = 0; i < c->nodes; i++) {
		second[i] = first[i];
		flow[i] = n->ampere[i] - (1 - stage) * h * flow[i];
	}
	solve(c, n, stage * h, second, flow);
	for (unsigned i = 0; i < c->nodes; i++)
		way[i] = h * ((1 - stage) * first[i] + stage * second[i]);
}

/* Put a membrane where its node went, and let its adaptation follow. Returns kernel_flag's. */
static uint32_t move(struct emulator_analog *a, unsigned n, float volt, float h)
{
	struct kernel_membranes *m = &a->membranes;
	struct kernel_rich *r = &a->rich;
	const float next = fminf(fmaxf(volt, 0), PHYSICS_RAIL), gain = next - m->v[n];
	const float off = next + m->noise[n] - m->threshold[n];
	const float far =
		r->adaptation_a[n] * (next - r->adaptation_reference[n]) - r->adaptation[n];
	const bool above = off > 0;
	uint32_t flags = above && !m->above[n] ? KERNEL_CROSSING : 0;
	flags |= fabsf(off) < m->margin[n] ? KERNEL_NEAR : 0;
	flags |= fabsf(gain) > 3e-7f || fabsf(far) > 3e-7f * m->rate[n] ? KERNEL_MOVING : 0;
	/* two stages are less exact than the closed form of a membrane alone */
	flags |= fabsf(gain) > 0.2f * m->fast ? KERNEL_FAST : 0;
	m->above[n] = above;
	m->v[n] = next;
	m->gain[n] = gain;
	m->rate[n] = fmaxf(m->rate[n], 1);
	r->adaptation[n] -= far * expm1f(-h * r->adaptation_rate[n]);
	return flags;
}

uint32_t emulator__compartment_leap(struct emulator_analog *a, float h)
{
	const struct compartments *c = &a->compartments;
	struct nodes n;
	double way[ANALOG_NEURONS];
	uint32_t flags = 0;
	if (!c->shorts && !c->edges)
		return 0;
	if (!gather(a, &n))
		return KERNEL_NEAR | KERNEL_FAST;
	find_ways(c, &n, (double)h, way);
	for (unsigned i = 0; i < c->nodes; i++)
		for (unsigned k = 0; k < c->node[i].count; k++) {
			const unsigned member = c->member[c->node[i].first + k];
			if (a->rich.joined[member] > 0)
				flags |= move(a, member, (float)(n.volt[i] + way[i]), h);
		}
	return flags;
}

// SPDX-License-Identifier: MIT
#include "compartment.h"

#include "analog_state.h"
#include "physics.h"

#include <haldls/coordinate.h>

#include <math.h>
#include <string.h>

enum {
	MEMBRANES = ANALOG_NEURONS,
	ENDS = 2 * ANALOG_NEURONS, /* membranes, then segments of the soma line */
	LINE_ENDS =
		64, /* conductances that a soma line may have: beyond it the last are left out */
};

/* ---- shorts ------------------------------------------------------------------------------------
 */

static uint16_t root_of(uint16_t parent[ENDS], uint16_t end)
{
	while (parent[end] != end) {
		parent[end] = parent[parent[end]];
		end = parent[end];
	}
	return end;
}

/* The root is always the lowest: a membrane where there is one. */
static void join(uint16_t parent[ENDS], unsigned one, unsigned other, bool closed)
{
	if (!closed)
		return;
	const uint16_t a = root_of(parent, (uint16_t)one), b = root_of(parent, (uint16_t)other);
	parent[a > b ? a : b] = a > b ? b : a;
}

static void join_all(const struct emulator_analog *a, uint16_t parent[ENDS])
{
	for (unsigned end = 0; end < ENDS; end++)
		parent[end] = (uint16_t)end;
	for (unsigned n = 0; n < MEMBRANES; n++) {
		const struct haldls_neuron_config *config = &a->neuron[n];
		const bool right = n % ANALOG_COLUMNS + 1 < ANALOG_COLUMNS;
		join(parent, n, MEMBRANES + n, config->connect_soma);
		if (right) {
			join(parent, n, n + 1, config->connect_membrane_right);
			join(parent, MEMBRANES + n, MEMBRANES + n + 1, config->connect_soma_right);
		}
		join(parent, n, (n + ANALOG_COLUMNS) % MEMBRANES, config->connect_bottom);
	}
}

static void add_node(struct compartments *c, uint16_t parent[ENDS], unsigned *members,
	uint16_t node_of[ENDS], uint16_t root, bool alone)
{
	struct compartment_short *node = &c->node[c->nodes];
	*node = (struct compartment_short){.first = (uint16_t)*members};
	for (unsigned n = root; n < (alone ? root + 1u : MEMBRANES); n++)
		if (root_of(parent, (uint16_t)n) == root)
			c->member[(*members)++] = (uint16_t)n;
	node->count = (uint16_t)(*members - node->first);
	node_of[root] = (uint16_t)c->nodes++;
}

/* Nodes of several membranes first. */
static void list_nodes(struct compartments *c, uint16_t parent[ENDS], uint16_t node_of[ENDS])
{
	unsigned sizes[ENDS] = {0}, members = 0;
	for (unsigned n = 0; n < MEMBRANES; n++)
		sizes[root_of(parent, (uint16_t)n)]++;
	c->nodes = 0;
	for (unsigned n = 0; n < MEMBRANES; n++)
		if (sizes[n] > 1)
			add_node(c, parent, &members, node_of, (uint16_t)n, false);
	c->shorts = c->nodes;
	for (unsigned n = 0; n < MEMBRANES; n++)
		if (sizes[n] == 1)
			add_node(c, parent, &members, node_of, (uint16_t)n, true);
}

/* ---- conductances ------------------------------------------------------------------------------
 */

float emulator__compartment_conductance(const struct emulator_analog *a, uint32_t n)
{
	const struct haldls_neuron_config *config = &a->neuron[n];
	const float scale = config->enable_multiply_multicomp_conductance_bias ==
					    config->enable_divide_multicomp_conductance_bias
				    ? 1
			    : config->enable_multiply_multicomp_conductance_bias ? 4
										 : 0.25f;
	return PHYSICS_COMPARTMENT * scale * a->pattern->neuron[n].compartment *
	       analog_cell(a, analog_quadrant(n), HALDLS_CAPMEM_I_BIAS_NMDA, n % 128);
}

static void add_edge(struct compartments *c, uint16_t one, uint16_t other, float siemens)
{
	if (one == other || !(siemens > 0) || c->edges == COMPARTMENT_EDGES)
		return;
	c->edge[c->edges++] = (struct compartment_edge){one, other, siemens};
}

/* A line without a membrane, by the conductances that end there. */
static void add_mesh(struct emulator_analog *a, uint16_t parent[ENDS], const uint16_t node_of[ENDS],
	uint16_t line)
{
	uint16_t node[LINE_ENDS];
	float siemens[LINE_ENDS], sum = 0;
	unsigned count = 0;
	for (unsigned n = 0; n < MEMBRANES && count < LINE_ENDS; n++) {
		if (!a->neuron[n].enable_multicomp_conductance ||
			root_of(parent, (uint16_t)(MEMBRANES + n)) != line)
			continue;
		node[count] = node_of[root_of(parent, (uint16_t)n)];
		siemens[count] = emulator__compartment_conductance(a, n);
		sum += siemens[count++];
	}
	for (unsigned i = 0; i < count; i++)
		for (unsigned k = i + 1; k < count; k++)
			add_edge(&a->compartments, node[i], node[k], siemens[i] * siemens[k] / sum);
}

static void list_edges(
	struct emulator_analog *a, uint16_t parent[ENDS], const uint16_t node_of[ENDS])
{
	a->compartments.edges = 0;
	for (unsigned n = 0; n < MEMBRANES; n++) {
		const uint16_t line = root_of(parent, (uint16_t)(MEMBRANES + n));
		if (line >= MEMBRANES && line == MEMBRANES + n)
			add_mesh(a, parent, node_of, line);
		else if (line < MEMBRANES && a->neuron[n].enable_multicomp_conductance)
			add_edge(&a->compartments, node_of[root_of(parent, (uint16_t)n)],
				node_of[line], emulator__compartment_conductance(a, n));
	}
}

static void mark_joined(struct emulator_analog *a, unsigned node, bool joined)
{
	const struct compartments *c = &a->compartments;
	for (unsigned k = 0; joined && k < c->node[node].count; k++)
		a->rich.joined[c->member[c->node[node].first + k]] = 1;
}

void emulator__compartment_refresh(struct emulator_analog *a)
{
	struct compartments *c = &a->compartments;
	uint16_t parent[ENDS], node_of[ENDS];
	bool any = false;
	for (unsigned n = 0; n < MEMBRANES; n++) {
		const struct haldls_neuron_config *config = &a->neuron[n];
		any |= config->connect_soma | config->connect_membrane_right |
		       config->connect_bottom | config->enable_multicomp_conductance;
	}
	c->shorts = c->edges = 0;
	memset(a->rich.joined, 0, sizeof(a->rich.joined));
	if (!any)
		return;
	memset(node_of, 0xff, sizeof(node_of));
	join_all(a, parent);
	list_nodes(c, parent, node_of);
	list_edges(a, parent, node_of);
	for (unsigned i = 0; i < c->nodes; i++) {
		c->farad[i] = 0;
		for (unsigned k = 0; k < c->node[i].count; k++)
			c->farad[i] += a->farad[c->member[c->node[i].first + k]];
		mark_joined(a, i, c->node[i].count > 1);
	}
	for (unsigned i = 0; i < c->edges; i++) {
		mark_joined(a, c->edge[i].one, true);
		mark_joined(a, c->edge[i].other, true);
	}
}

/* ---- exchange ----------------------------------------------------------------------------------
 */

/* Move the members of a node to @volt, as part of their way in this step. */
static void move_node(
	const struct compartments *c, struct kernel_membranes *m, unsigned node, float volt)
{
	for (unsigned k = 0; k < c->node[node].count; k++) {
		const unsigned n = c->member[c->node[node].first + k];
		m->gain[n] += volt - m->v[n];
		m->v[n] = volt;
	}
}

static void exchange(const struct compartments *c, struct kernel_membranes *m,
	const struct compartment_edge *edge, float h)
{
	const float one = c->farad[edge->one], other = c->farad[edge->other];
	const float here = m->v[c->member[c->node[edge->one].first]];
	const float there = m->v[c->member[c->node[edge->other].first]];
	const float mean = (one * here + other * there) / (one + other);
	const float left = expf(-h * edge->siemens * (1 / one + 1 / other));
	move_node(c, m, edge->one, mean + (here - mean) * left);
	move_node(c, m, edge->other, mean + (there - mean) * left);
}

/* What a membrane lags behind a straight way in z time constants, see kernel_body.h. */
static float lag(float z)
{
	const float bounded = fminf(fmaxf(z, 0), 2);
	return 1 + bounded * (0.5f + bounded * (1 / 12.0f));
}

static void share(const struct compartments *c, const struct emulator_analog *a,
	struct kernel_membranes *m, unsigned node, float h)
{
	float charge = 0, moved = 0, rate = 0;
	for (unsigned k = 0; k < c->node[node].count; k++) {
		const unsigned n = c->member[c->node[node].first + k];
		charge += a->farad[n] * (m->v[n] - m->gain[n]);
		moved += a->farad[n] * m->gain[n] * lag(h * m->rate[n]);
		rate += a->farad[n] * m->rate[n];
	}
	const float per_farad = 1 / c->farad[node];
	const float volt = charge * per_farad + moved * per_farad / lag(h * rate * per_farad);
	move_node(c, m, node, volt);
}

void emulator__compartment_exchange(struct emulator_analog *a, struct kernel_membranes *m, float h)
{
	struct compartments *c = &a->compartments;
	for (unsigned i = 0; i < c->shorts; i++)
		share(c, a, m, i, h);
	/* every other time in the other order: what the pairs do to each other averages out */
	const bool forth = c->turn++ % 2;
	for (unsigned i = 0; i < c->edges; i++)
		exchange(c, m, &c->edge[forth ? i : c->edges - 1 - i], h);
}

bool emulator__compartment_compare(struct emulator_analog *a, struct kernel_membranes *m)
{
	bool any = false;
	for (unsigned n = 0; n < MEMBRANES; n++) {
		if (!(a->rich.joined[n] > 0))
			continue;
		const float at = m->threshold[n] - m->noise[n], before = m->v[n] - m->gain[n];
		const bool was = m->above[n] ? !m->crossing[n] : before > at;
		m->above[n] = m->v[n] > at;
		m->crossing[n] = m->above[n] && !was;
		a->rich.place[n] =
			m->crossing[n] && m->gain[n] > 0 ? (at - before) / m->gain[n] : 1;
		any |= m->crossing[n];
	}
	return any;
}

void emulator__compartment_level(const struct emulator_analog *a, struct kernel_membranes *m)
{
	const struct compartments *c = &a->compartments;
	for (unsigned i = 0; i < c->shorts; i++) {
		float charge = 0;
		for (unsigned k = 0; k < c->node[i].count; k++) {
			const unsigned n = c->member[c->node[i].first + k];
			charge += a->farad[n] * m->v[n];
		}
		for (unsigned k = 0; k < c->node[i].count; k++)
			m->v[c->member[c->node[i].first + k]] = charge / c->farad[i];
	}
}

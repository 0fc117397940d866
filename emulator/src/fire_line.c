// SPDX-License-Identifier: MIT
#include "fire_line.h"

#include "analog_state.h"

/* Where a post pulse comes from. */
enum gate {
	GATE_NONE,
	GATE_OWN,
	GATE_LINE,
	GATE_BOTH,
};

static enum gate gate_of(const struct haldls_neuron_backend_config *config)
{
	if (config->post_overwrite)
		return GATE_NONE;
	if (!config->enable_bayesian_extension)
		return GATE_LINE;
	if (config->enable_bayesian_0)
		return GATE_BOTH;
	return config->enable_bayesian_1 ? GATE_NONE : GATE_OWN;
}

static bool listens(const struct haldls_neuron_backend_config *config)
{
	const enum gate gate = gate_of(config);
	return config->enable_neuron_slave || gate == GATE_LINE || gate == GATE_BOTH;
}

void emulator__fire_line_set(struct emulator_analog *a, uint32_t neuron,
	const struct haldls_neuron_backend_config *config)
{
	const struct haldls_neuron_backend_config *old = &a->backend[neuron];
	struct fire_lines *lines = &a->fire_lines;
	const enum gate gate = gate_of(config);
	lines->listeners += (unsigned)listens(config) - (unsigned)listens(old);
	lines->joints += (unsigned)config->connect_fire_bottom - (unsigned)old->connect_fire_bottom;
	lines->joints +=
		(unsigned)config->connect_fire_to_right - (unsigned)old->connect_fire_to_right;
	lines->posts[neuron] =
		gate == GATE_OWN || (gate != GATE_NONE && config->enable_neuron_master);
}

/* What a spike sets off. */
struct spread {
	bool fired[ANALOG_NEURONS], driven[ANALOG_NEURONS]; /* neurons; segments */
	uint16_t waiting[ANALOG_NEURONS];                   /* neurons that fired */
	unsigned count;                                     /* of them */
};

/* Drive a segment and those that it is joined to. false: it was driven already, and so were they */
static bool drive(const struct emulator_analog *a, struct spread *s, uint32_t first)
{
	uint16_t open[ANALOG_NEURONS];
	unsigned count = 0;
	if (s->driven[first])
		return false;
	open[count++] = (uint16_t)first;
	s->driven[first] = true;
	while (count) {
		const uint32_t n = open[--count], other = (n + ANALOG_COLUMNS) % ANALOG_NEURONS;
		const bool joined =
			a->backend[n].connect_fire_bottom || a->backend[other].connect_fire_bottom;
		const bool right = a->backend[n].connect_fire_to_right &&
				   n % ANALOG_COLUMNS + 1 < ANALOG_COLUMNS;
		if (joined && !s->driven[other])
			open[count++] = (uint16_t)other;
		s->driven[other] |= joined;
		if (right && !s->driven[n + 1])
			open[count++] = (uint16_t)(n + 1);
		if (right)
			s->driven[n + 1] = true;
	}
	return true;
}

/* A slave fires once a step at most, and not while it rests. */
static bool follows(const struct emulator_analog *a, const struct spread *s, uint32_t n)
{
	return a->backend[n].enable_neuron_slave && s->driven[n] && !s->fired[n] &&
	       !a->is_resting[n] && !a->common[analog_half(n)].force_reset &&
	       a->fire_lines.sent[n] <= a->grid;
}

static bool makes_post_pulse(const struct emulator_analog *a, const struct spread *s, uint32_t n)
{
	const enum gate gate = gate_of(&a->backend[n]);
	return gate == GATE_OWN    ? s->fired[n]
	       : gate == GATE_LINE ? s->driven[n]
	       : gate == GATE_BOTH ? s->fired[n] && s->driven[n]
				   : false;
}

void emulator__fire_line_spread(struct emulator_analog *a, uint32_t neuron, uint64_t time)
{
	struct spread s = {.waiting = {(uint16_t)neuron}, .count = 1};
	s.fired[neuron] = true;
	for (unsigned done = 0; done < s.count; done++) {
		const uint32_t from = s.waiting[done];
		emulator__spike_send(a, from, time);
		if (!a->backend[from].enable_neuron_master || !drive(a, &s, from))
			continue;
		for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
			if (!follows(a, &s, n))
				continue;
			s.fired[n] = true;
			s.waiting[s.count++] = (uint16_t)n;
			a->fire_lines.sent[n] = a->grid + 1;
			emulator__neuron_rest(a, n, time);
		}
	}
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		if (makes_post_pulse(a, &s, n))
			emulator__correlation_post(a, time, n);
}

// SPDX-License-Identifier: MIT
/* A run is one program. Between runs the crossbar blocks and the generators rest, so that nothing
 * moves while analog parameters settle. */
#include "input.h"
#include "plan.h"
#include "result.h"

#include <grenade/run.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/stadls.h>

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Cycles of 8 ns. */
enum {
	SETTLE_FIRST = 12500000, /* capacitive memory after a bring-up: 100 ms */
	SETTLE_CHANGE = 2500000, /* after a change: 20 ms */
	SETTLE_RESET = 500,      /* membranes after their reset: 4 us */
	LEAD = 125,              /* from the first event to the begin mark: 1 us */
	LEAD_MADC = 2500,        /* the MADC's first 8 us are invalid: 20 us */
	TRAIL = 125,             /* from the end mark to the last event: 1 us */
};

struct grenade_session {
	struct hxcomm_connection *connection;
	struct hxcomm_responses *responses;
	struct stadls_builder *builder;
	struct haldls_chip *written; /* what the chip holds, where `known` */
	struct haldls_chip *next;
	bool known;
};

int grenade_session_new(struct grenade_session **out, struct hxcomm_connection *connection)
{
	*out = NULL;
	struct grenade_session *session = calloc(1, sizeof(*session));
	if (!session)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a session");
	session->connection = connection;
	session->written = malloc(sizeof(*session->written));
	session->next = malloc(sizeof(*session->next));
	int status = HXCOMM_OK;
	if (!session->written || !session->next)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a session");
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&session->responses, 0);
	if (status == HXCOMM_OK)
		status = stadls_builder_new(&session->builder);
	if (status != HXCOMM_OK) {
		grenade_session_free(session);
		return status;
	}
	*out = session;
	return HXCOMM_OK;
}

void grenade_session_free(struct grenade_session *session)
{
	if (!session)
		return;
	hxcomm_responses_free(session->responses);
	stadls_builder_free(session->builder);
	free(session->written);
	free(session->next);
	free(session);
}

static bool is_open(const struct haldls_crossbar_node *node)
{
	return !(node->target & ~node->mask);
}

/* Crossbar nodes as planned, or all blocking. Only those that are planned to pass anything. */
static int write_nodes(struct stadls_builder *builder, const struct haldls_chip *planned, bool open)
{
	struct haldls_crossbar_node blocking = HALDLS_CROSSBAR_NODE_INIT;
	blocking.target = 1;
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_NODES; i++) {
		const struct haldls_crossbar_node *node = &planned->crossbar_node[i];
		if (!is_open(node))
			continue;
		const int status = stadls_write(builder, i, open ? node : &blocking);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

static int write_generators(struct stadls_builder *builder, const struct grenade_plan *plan,
        bool enable, uint32_t seed)
{
	for (uint32_t i = 0; i < plan->network->population_count; i++) {
		if (plan->network->populations[i].kind != GRENADE__BACKGROUND)
			continue;
		for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++) {
			struct haldls_background_spike_source source;
			if (!(plan->generators[i].used >> h & 1))
				continue;
			grenade__generator_configure(&source, plan, i, h);
			source.seed += seed;
			source.enable = enable;
			const int status = stadls_write(builder,
			        haldls_padi_bus(h, plan->generators[i].bus), &source);
			if (status != HXCOMM_OK)
				return status;
		}
	}
	return HXCOMM_OK;
}

/* What goes to the chip before a run: the plan on top of the calibration, at rest. */
static int write_configuration(struct grenade_session *session, size_t *words)
{
	struct haldls_chip *resting = session->next;
	struct stadls_builder *builder = session->builder;
	uint64_t settle = SETTLE_FIRST;
	int status;
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_NODES; i++) {
		resting->crossbar_node[i].mask = 0;
		resting->crossbar_node[i].target = 1;
	}
	const struct fisch_mark before = fisch_program_mark(stadls_builder_program(builder));
	if (session->known) {
		const bool same = !memcmp(resting->capmem, session->written->capmem,
		                          sizeof(resting->capmem)) &&
		                  !memcmp(resting->capmem_block_config,
		                          session->written->capmem_block_config,
		                          sizeof(resting->capmem_block_config));
		settle = same ? 0 : SETTLE_CHANGE;
		status = stadls_builder_write_chip_difference(builder, resting, session->written);
	} else {
		status = stadls_builder_write_chip(builder, resting);
	}
	*words = (fisch_program_mark(stadls_builder_program(builder)).words - before.words) / 2;
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK && settle)
		status = stadls_builder_wait(builder, settle);
	return status;
}

static int reset_neurons(struct stadls_builder *builder)
{
	static const struct haldls_neuron_reset_quad trigger;
	for (uint32_t i = 0; i < HALDLS_NEURON_RESET_QUAD_COUNT; i++) {
		const int status = stadls_write(builder, i, &trigger);
		if (status != HXCOMM_OK)
			return status;
	}
	const int status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	return status != HXCOMM_OK ? status : stadls_builder_wait(builder, SETTLE_RESET);
}

static int write_madc(struct stadls_builder *builder, bool start, bool stop)
{
	struct haldls_madc_control control = HALDLS_MADC_CONTROL_INIT;
	control.wake_up = !stop;
	control.enable_continuous_sampling = true;
	control.enable_pre_amplifier = true;
	control.start_recording = start;
	control.stop_recording = stop;
	control.enable_power_down_after_sampling = stop;
	return stadls_write(builder, 0, &control);
}

struct marks {
	struct stadls_ticket begin, end;
};

/* From the opening of the crossbar to its closing. */
static int write_experiment(struct marks *marks, struct stadls_builder *builder,
        const struct grenade_plan *plan, const struct haldls_chip *planned,
        const struct grenade__events *events, uint32_t seed)
{
	const bool madc = plan->network->membrane_count > 0;
	const uint64_t begin = madc ? LEAD_MADC : LEAD;
	for (size_t i = 0; i < events->count; i++)
		events->time_cycles[i] += begin;
	int status = write_nodes(builder, planned, true);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = write_generators(builder, plan, true, seed);
	if (status == HXCOMM_OK && madc)
		status = write_madc(builder, false, false);
	if (status == HXCOMM_OK && madc)
		status = write_madc(builder, true, false);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_builder_timer_reset(builder);
	if (status == HXCOMM_OK)
		status = stadls_builder_wait_until(builder, begin);
	if (status == HXCOMM_OK)
		status = stadls_builder_tick(&marks->begin, builder);
	if (status == HXCOMM_OK && events->count)
		status = stadls_builder_spike_train(builder, events->time_cycles, events->label,
		        events->count);
	if (status == HXCOMM_OK)
		status = stadls_builder_wait_until(builder, begin + events->duration_cycles);
	if (status == HXCOMM_OK)
		status = stadls_builder_tick(&marks->end, builder);
	if (status == HXCOMM_OK && madc)
		status = write_madc(builder, false, true);
	if (status == HXCOMM_OK)
		status = write_generators(builder, plan, false, seed);
	if (status == HXCOMM_OK)
		status = write_nodes(builder, planned, false);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_builder_wait(builder, TRAIL);
	return status;
}

/* Build the program. `session->next` becomes what the chip holds afterwards. */
static int build(struct marks *marks, size_t *configured, struct grenade_session *session,
        const struct grenade_plan *plan, const struct haldls_chip *calibrated,
        const struct grenade__events *events, uint32_t seed)
{
	struct stadls_builder *builder = session->builder;
	int status = HXCOMM_OK;
	stadls_builder_clear(builder);
	struct haldls_chip *planned = malloc(sizeof(*planned));
	if (!planned)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip's configuration");
	*planned = *calibrated;
	if (!session->known)
		status = stadls_bringup_append(builder, NULL);
	if (status == HXCOMM_OK)
		status = grenade_plan_configure(plan, planned);
	if (status == HXCOMM_OK) {
		*session->next = *planned;
		status = write_configuration(session, configured);
	}
	if (status == HXCOMM_OK)
		status = reset_neurons(builder);
	if (status == HXCOMM_OK)
		status = write_experiment(marks, builder, plan, planned, events, seed);
	free(planned);
	return status;
}

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int collect(struct grenade_result **out, const struct grenade_session *session,
        const struct grenade_plan *plan, const struct marks *marks,
        const struct grenade__events *events)
{
	struct grenade__window window = { .duration_cycles = events->duration_cycles };
	int status = stadls_ticket_time(&window.begin_cycles, &marks->begin, session->responses);
	if (status == HXCOMM_OK)
		status = stadls_ticket_time(&window.end_cycles, &marks->end, session->responses);
	if (status == HXCOMM_OK)
		status = grenade__collect(out, plan, session->responses, &window);
	return status;
}

int grenade_session_run(struct grenade_result **out, struct grenade_session *session,
        const struct grenade_plan *plan, const struct haldls_chip *calibrated,
        const struct grenade_input *input)
{
	struct grenade__events events;
	struct marks marks;
	size_t configured = 0, words = 0;
	uint32_t seed = 0;
	const double started = seconds();
	*out = NULL;
	int status = grenade__events_read(&events, &seed, plan, input);
	if (status == HXCOMM_OK)
		status = build(&marks, &configured, session, plan, calibrated, &events, seed);
	if (status == HXCOMM_OK) {
		session->known = false; /* until the run has ended well */
		status = stadls_run(session->connection, session->builder, session->responses);
	}
	if (status == HXCOMM_OK) {
		struct haldls_chip *swap = session->written;
		session->written = session->next;
		session->next = swap;
		session->known = true;
		status = collect(out, session, plan, &marks, &events);
	}
	grenade__events_free(&events);
	if (status != HXCOMM_OK)
		return status;
	(void)fisch_program_words(stadls_builder_program(session->builder), &words);
	grenade__statistics(*out)->program_words = words;
	grenade__statistics(*out)->configured_words = configured;
	grenade__statistics(*out)->wall_s = seconds() - started;
	return HXCOMM_OK;
}

int grenade_run(struct grenade_result **out, struct hxcomm_connection *connection,
        const struct grenade_plan *plan, const struct haldls_chip *calibrated,
        const struct grenade_input *input)
{
	struct grenade_session *session;
	*out = NULL;
	int status = grenade_session_new(&session, connection);
	if (status != HXCOMM_OK)
		return status;
	status = grenade_session_run(out, session, plan, calibrated, input);
	grenade_session_free(session);
	return status;
}

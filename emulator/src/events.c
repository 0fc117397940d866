// SPDX-License-Identifier: MIT
#include "events.h"

#include "noise.h"

#include <haldls/coordinate.h>

#include <stdlib.h>
#include <string.h>

enum { LABEL_MASK = 0x3fff, EVENT_COUNTER_MASK = 0xffffff, DROP_COUNTER_MASK = 0xffff };

/* ---- queues ---------------------------------------------------------------------------------- */

static inline struct emulator_event *event_at(const struct emulator_queue *queue, size_t index)
{
	return &queue->events[index & (queue->capacity - 1)];
}

static bool grow(struct emulator_queue *queue)
{
	const size_t count = queue->tail - queue->head, capacity = count ? 2 * count : 64;
	struct emulator_event *events = malloc(capacity * sizeof(*events));
	if (!events)
		return false;
	for (size_t i = 0; i < count; i++)
		events[i] = *event_at(queue, queue->head + i);
	free(queue->events);
	*queue = (struct emulator_queue){ events, capacity, 0, count, queue->due };
	return true;
}

static inline bool is_later(const struct emulator_event *a, const struct emulator_event *b)
{
	return a->time > b->time || (a->time == b->time && a->place > b->place);
}

/* Events come nearly in order: a new one finds its place a few steps from the end. */
static inline bool append(struct emulator_queue *queue, const struct emulator_event *event)
{
	if (queue->tail - queue->head == queue->capacity && !grow(queue))
		return false;
	size_t place = queue->tail++;
	for (; place != queue->head && is_later(event_at(queue, place - 1), event); place--)
		*event_at(queue, place) = *event_at(queue, place - 1);
	*event_at(queue, place) = *event;
	if (event->time < queue->due)
		queue->due = event->time;
	return true;
}

static inline void drop_first(struct emulator_queue *queue)
{
	queue->head++;
	queue->due = queue->head == queue->tail ? UINT64_MAX : event_at(queue, queue->head)->time;
}

static void forget(struct emulator_queue *queue)
{
	queue->head = queue->tail = 0;
	queue->due = UINT64_MAX;
}

static void forget_all(struct emulator_events *events)
{
	for (unsigned i = 0; i < 4; i++)
		forget(&events->link[i]);
	forget(&events->bus);
}

/* ---- configuration --------------------------------------------------------------------------- */

void emulator__events_init(struct emulator_events *events, bool noise, uint64_t seed,
        emulator_output *output, void *user)
{
	*events = (struct emulator_events){
		.stale = true,
		.routes_stale = true,
		.noise = noise,
		.seed = seed,
		.output = output,
		.user = user,
	};
	forget_all(events);
	for (unsigned input = 0; input < EMULATOR_INPUTS; input++)
		for (unsigned i = 0; i < EMULATOR_LANES; i++)
			events->filters[input].target[i] = i >= EMULATOR_OUTPUTS ||
			        haldls_crossbar_node(input, i) == UINT32_MAX;
}

void emulator__events_deinit(struct emulator_events *events)
{
	for (unsigned i = 0; i < 4; i++)
		free(events->link[i].events);
	free(events->bus.events);
	*events = (struct emulator_events){ 0 };
}

void emulator__events_clear(struct emulator_events *events)
{
	forget_all(events);
	memset(events->event_counter, 0, sizeof(events->event_counter));
	memset(events->drop_counter, 0, sizeof(events->drop_counter));
}

void emulator__events_set_node(struct emulator_events *events, uint32_t node,
        const struct haldls_crossbar_node *config)
{
	const uint32_t input = haldls_crossbar_node_input(node);
	const uint32_t target = haldls_crossbar_node_output(node);
	if (input >= EMULATOR_INPUTS || target >= EMULATOR_OUTPUTS)
		return;
	struct emulator_filters *filters = &events->filters[input];
	filters->mask[target] = (uint16_t)config->mask;
	filters->target[target] = (uint16_t)config->target;
	filters->count_drops[target] = config->enable_drop_counter;
	events->routes_stale = true;
}

/* Which drivers take which row select address: the only place where masks are compared. */
static void compute_acceptance(struct emulator_events *events)
{
	memset(events->acceptance, 0, sizeof(events->acceptance));
	for (unsigned driver = 0; driver < 256; driver++) {
		if (!events->driver[driver].receives)
			continue;
		const unsigned number = driver % 128; /* on its hemisphere */
		const unsigned bus = driver / 128 * 4 + number % 4, position = number / 4;
		for (unsigned address = 0; address < 32; address++) {
			struct emulator_acceptance *list = &events->acceptance[bus][address];
			if (((address ^ position) & events->driver[driver].mask) == 0)
				list->driver[list->count++] = (uint8_t)driver;
		}
	}
	events->stale = false;
}

static const struct emulator_acceptance *acceptance(struct emulator_events *events, unsigned bus,
        uint16_t label)
{
	if (events->stale)
		compute_acceptance(events);
	return &events->acceptance[bus][(label >> 6) & 31];
}

static uint16_t listening_buses(struct emulator_events *events)
{
	unsigned mask = 0;
	for (unsigned driver = 0; driver < 256; driver++)
		if (events->driver[driver].receives)
			mask |= 1u << (driver / 128 * 4 + driver % 4);
	for (unsigned bus = 0; bus < EMULATOR_BUSES; bus++)
		if (!events->bus_enabled[bus])
			mask &= ~(1u << bus);
	return (uint16_t)mask;
}

void emulator__events_set_neuron(struct emulator_events *events, uint32_t neuron, bool sends,
        uint8_t address)
{
	const uint32_t input = haldls_neuron_event_output(neuron);
	events->route[neuron] = (struct emulator_neuron_route){
		.label = (uint16_t)(input << 8 | address),
		.input = (uint8_t)input,
		.sends = sends,
	};
	events->routes_stale = true;
}

uint64_t emulator__events_look_ahead(struct emulator_events *events, const bool can_fire[512])
{
	unsigned reached = 0;
	events->listening = listening_buses(events);
	for (uint32_t neuron = 0; neuron < 512; neuron++) {
		struct emulator_neuron_route *route = &events->route[neuron];
		if (events->routes_stale)
			route->outputs = (uint16_t)emulator__events_outputs(
			        events, route->input, route->label);
		reached |= can_fire[neuron] && route->sends ? route->outputs : 0u;
	}
	events->routes_stale = false;
	return reached & events->listening ? EMULATOR_PADI_TICKS : UINT64_MAX;
}

/* ---- the way of an event --------------------------------------------------------------------- */

/* The next block of the jitter. */
static void draw_block(struct emulator_events *events, unsigned way)
{
	uint32_t fraction[4];
	emulator__noise_bits(fraction, events->seed, way ? NOISE_OUTPUT : NOISE_LINK,
	        events->draws[way] / EMULATOR_DRAWS);
	/* eight digits of the base of what a word is of 2^32: the last is uniform to 1e-4 */
	for (unsigned i = 0; i < EMULATOR_DRAWS; i++) {
		const uint64_t product =
		        (uint64_t)fraction[i / 8] * (2 * EMULATOR_JITTER_TICKS + 1);
		fraction[i / 8] = (uint32_t)product;
		events->drawn[way][i] = (uint8_t)(product >> 32);
	}
}

/* Jitter of the way to (0) or from (1) the chip. */
static inline uint64_t jitter(struct emulator_events *events, unsigned way)
{
	if (!events->noise)
		return EMULATOR_JITTER_TICKS;
	const uint64_t place = events->draws[way] % EMULATOR_DRAWS;
	if (!place)
		draw_block(events, way);
	events->draws[way]++;
	return events->drawn[way][place];
}

/* A link that is not sound loses events, or turns a bit of them. false: lost */
static bool cross_bad_link(struct emulator_events *events, uint64_t time, uint16_t *label,
        bool to_chip)
{
	uint32_t drawn[4];
	emulator__noise_bits(drawn, events->seed, NOISE_FAULT, events->faults++);
	if (drawn[0] < events->loss) {
		events->lost++;
		emulator__events_hand_over(events); /* what came before is told before */
		if (events->lose)
			events->lose(events->user, time, to_chip);
		return false;
	}
	if (drawn[1] < events->flip)
		*label ^= (uint16_t)(1u << drawn[2] % 14);
	return true;
}

static inline bool cross_link(struct emulator_events *events, uint64_t time, uint16_t *label,
        bool to_chip)
{
	return !(events->loss | events->flip) || cross_bad_link(events, time, label, to_chip);
}

/* Wait for a place that takes one event a slot. false: the queue in front of it is full */
static inline bool wait_for_slot(uint64_t *time, uint64_t *free_at, unsigned depth)
{
	if (*free_at > *time) {
		if (*free_at - *time > (uint64_t)depth * EMULATOR_SLOT_TICKS)
			return false;
		*time = *free_at;
	}
	*free_at = *time + EMULATOR_SLOT_TICKS;
	return true;
}

void emulator__events_from_fpga(struct emulator_events *events, uint64_t time, uint16_t label)
{
	const unsigned link = label >> 14;
	uint64_t arrival = time + EMULATOR_LINK_TICKS - EMULATOR_JITTER_TICKS + jitter(events, 0);
	if (!cross_link(events, arrival, &label, true))
		return;
	if (!wait_for_slot(&arrival, &events->link_free[link], EMULATOR_LINK_QUEUE)) {
		events->lost++;
		return;
	}
	const struct emulator_event event = { arrival, label,
		(uint8_t)(EMULATOR_INPUT_LINK + link) };
	events->exhausted |= !append(&events->link[link], &event);
}

static inline void to_bus(struct emulator_events *events, uint64_t time, unsigned bus,
        uint16_t label)
{
	const struct emulator_event event = { time + EMULATOR_PADI_TICKS, label, (uint8_t)bus };
	events->exhausted |= !append(&events->bus, &event);
}

void emulator__events_to_bus(struct emulator_events *events, uint64_t time, unsigned bus,
        uint16_t label)
{
	if (wait_for_slot(&time, &events->output_free[bus], EMULATOR_OUTPUT_QUEUE))
		to_bus(events, time, bus, label);
	else
		events->lost++;
}

void emulator__events_hand_over(struct emulator_events *events)
{
	const size_t count = events->leaving_count;
	events->leaving_count = 0;
	if (count)
		events->output(events->user, events->leaving, count);
}

static inline void to_fpga(struct emulator_events *events, uint64_t time, unsigned input,
        unsigned link, uint16_t label)
{
	const bool loops = input >= EMULATOR_INPUT_LINK && input < EMULATOR_INPUT_SOURCE;
	uint64_t arrival = time + EMULATOR_OUTPUT_TICKS + (loops ? EMULATOR_LOOP_TICKS : 0) -
	        EMULATOR_JITTER_TICKS + jitter(events, 1);
	if (!cross_link(events, arrival, &label, false))
		return;
	if (arrival < events->last_arrival[link][loops])
		arrival = events->last_arrival[link][loops];
	events->last_arrival[link][loops] = arrival;
	events->leaving[events->leaving_count++] = (struct emulator_leaving){ time, arrival,
		(uint16_t)((label & LABEL_MASK) | link << 14) };
	if (events->leaving_count == EMULATOR_LEAVING)
		emulator__events_hand_over(events);
}

/* Wait for an output, and count. false: its queue was full */
static inline bool pass_output(struct emulator_events *events, uint64_t *time, unsigned input,
        unsigned target)
{
	if (!wait_for_slot(time, &events->output_free[target], EMULATOR_OUTPUT_QUEUE)) {
		events->lost++;
		if (events->filters[input].count_drops[target])
			events->drop_counter[input] =
			        (events->drop_counter[input] + 1) & DROP_COUNTER_MASK;
		return false;
	}
	events->event_counter[target] =
	        (events->event_counter[target] + events->count_events[target]) & EVENT_COUNTER_MASK;
	return true;
}

static inline void leave_by_bus(struct emulator_events *events, uint64_t time, unsigned input,
        unsigned bus, uint16_t label)
{
	if (pass_output(events, &time, input, bus) && events->bus_enabled[bus] &&
	        acceptance(events, bus, label)->count)
		to_bus(events, time, bus, label);
}

static inline void leave(struct emulator_events *events, uint64_t time, unsigned input,
        unsigned target, uint16_t label)
{
	if (target < EMULATOR_OUTPUT_LINK)
		leave_by_bus(events, time, input, target, label);
	else if (pass_output(events, &time, input, target))
		to_fpga(events, time, input, target - EMULATOR_OUTPUT_LINK, label);
}

static inline void leave_by(struct emulator_events *events, uint64_t time, unsigned input,
        uint16_t label, unsigned outputs)
{
	for (; outputs; outputs &= outputs - 1)
		leave(events, time, input, (unsigned)__builtin_ctz(outputs), label);
}

/* Eight outputs at once: a lane each. */
typedef uint16_t lanes __attribute__((vector_size(16)));
typedef uint64_t halves __attribute__((vector_size(16)));

/* Which of eight filters let a label pass? Their own bit where they do, else 0. */
static inline lanes pass(const uint16_t *mask, const uint16_t *target, uint16_t label, lanes bits)
{
	lanes m, t;
	memcpy(&m, mask, sizeof(m));
	memcpy(&t, target, sizeof(t));
	return (lanes)((m & label) == t) & bits;
}

unsigned emulator__events_outputs(const struct emulator_events *events, unsigned input,
        uint16_t label)
{
	const lanes low = { 1, 1 << 1, 1 << 2, 1 << 3, 1 << 4, 1 << 5, 1 << 6, 1 << 7 };
	const struct emulator_filters *filters = &events->filters[input];
	label &= LABEL_MASK;
	const halves found = (halves)(pass(filters->mask, filters->target, label, low) |
	        pass(filters->mask + 8, filters->target + 8, label, low << 8));
	uint64_t outputs = found[0] | found[1];
	outputs |= outputs >> 32;
	return (unsigned)(outputs | outputs >> 16) & UINT16_MAX;
}

void emulator__events_route(struct emulator_events *events, const struct emulator_event *event,
        unsigned outputs)
{
	leave_by(events, event->time, event->place, event->label, outputs);
}

void emulator__events_from_neurons(struct emulator_events *events,
        const struct emulator_spike *spikes, size_t count, unsigned outputs)
{
	for (size_t i = 0; i < count; i++) {
		const struct emulator_neuron_route *route = &events->route[spikes[i].neuron];
		uint64_t time = spikes[i].time;
		if (!route->sends)
			continue;
		if (wait_for_slot(
		            &time, &events->merger_free[route->input], EMULATOR_MERGER_QUEUE))
			leave_by(events, time, route->input, route->label,
			        route->outputs & outputs);
		else
			events->lost++;
	}
}

/* ---- events from outside --------------------------------------------------------------------- */

static inline void take(struct emulator_events *events, struct emulator_intake *intake,
        const struct emulator_event *event)
{
	const unsigned outputs = emulator__events_outputs(events, event->place, event->label);
	for (unsigned early = outputs & intake->early; early; early &= early - 1)
		leave_by_bus(events, event->time, event->place, (unsigned)__builtin_ctz(early),
		        event->label);
	if (outputs & ~intake->early)
		intake->later[intake->later_count++] = *event;
	intake->room--;
	intake->last = event->time;
}

void emulator__events_take(struct emulator_events *events, struct emulator_intake *intake,
        const struct emulator_event *event)
{
	take(events, intake, event);
}

size_t emulator__events_take_links(struct emulator_events *events, struct emulator_intake *intake,
        uint64_t end)
{
	size_t taken = 0;
	for (; intake->room; taken++) {
		const uint64_t due = emulator__events_next_link(events);
		if (due >= end)
			break;
		struct emulator_queue *queue = events->link;
		while (queue->due != due)
			queue++;
		const struct emulator_event event = *event_at(queue, queue->head);
		drop_first(queue);
		take(events, intake, &event);
	}
	return taken;
}

size_t emulator__events_deliver(struct emulator_driver_event *out, struct emulator_events *events,
        uint64_t end, size_t capacity)
{
	size_t count = 0;
	while (events->bus.due < end) {
		const struct emulator_event *event = event_at(&events->bus, events->bus.head);
		const struct emulator_acceptance *list =
		        acceptance(events, event->place, event->label);
		if (list->count > capacity - count)
			break;
		for (unsigned i = 0; i < list->count; i++)
			out[count++] = (struct emulator_driver_event){ event->time,
				list->driver[i], (uint8_t)(event->label & 63) };
		drop_first(&events->bus);
	}
	return count;
}

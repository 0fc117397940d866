// SPDX-License-Identifier: MIT
/* Time on the chip. A window: events from outside enter the crossbar and reach the buses, the
 * drivers get them, the membranes run, and the spikes leave in time order with the events that wait
 * for the same outputs. */
#include "chip.h"

#include "memory.h"

#include <hxcomm/error.h>

#include <stdlib.h>

enum {
	SAMPLES_TOGETHER_TICKS = 64,  /* a sample waits at most 256 ns for others */
	EVENTS_TOGETHER = 512,        /* of drivers, handed over at once */
	STEPS_A_CHECK = 256,          /* between two questions whether to go on: some 0.1 ms */
};

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* ---- what the configuration lets happen ------------------------------------------------------ */

static void update_routes(struct emulator_chip *chip)
{
	if (!chip->routes_stale)
		return;
	bool fires[512];
	chip->fires = false;
	for (uint32_t neuron = 0; neuron < 512; neuron++) {
		fires[neuron] = chip->can_fire[neuron] || chip->is_slave[neuron];
		chip->fires |= fires[neuron];
	}
	chip->look_ahead = emulator__events_look_ahead(&chip->events, fires);
	chip->routes_stale = false;
}

bool emulator__chip_is_quiet(struct emulator_chip *chip)
{
	update_routes(chip);
	if (chip->fires || chip->recording.running ||
	        emulator__events_next_bus(&chip->events) != UINT64_MAX ||
	        emulator__events_next_link(&chip->events) != UINT64_MAX)
		return false;
	return !chip->background.enabled;
}

/* ---- samples --------------------------------------------------------------------------------- */

static uint64_t sample_time(const struct emulator_recording *recording, uint64_t index)
{
	return recording->start + index * recording->period / 2;
}

static uint64_t next_sample(const struct emulator_chip *chip)
{
	const struct emulator_recording *recording = &chip->recording;
	if (!recording->running || recording->index >= recording->count)
		return UINT64_MAX;
	return sample_time(recording, recording->index);
}

/* Three samples leave together, unless they come so slowly that the first would grow too old. */
static uint64_t departure(const struct emulator_recording *recording, uint64_t index)
{
	uint64_t last = index - index % 3 + 2;
	if (last >= recording->count)
		last = recording->count - 1;
	const uint64_t own = sample_time(recording, index), group = sample_time(recording, last);
	return group - own <= SAMPLES_TOGETHER_TICKS ? group : own;
}

/* Input of a sample: it changes after so many. */
static uint32_t channel_of(const struct emulator_recording *recording, uint64_t index)
{
	const uint64_t turns = recording->switches ? index / recording->switches : 0;
	return (uint32_t)(recording->input + turns) & 1u;
}

static void take_samples(struct emulator_chip *chip)
{
	struct emulator_recording *recording = &chip->recording;
	while (next_sample(chip) <= chip->now) {
		const uint64_t index = recording->index++;
		const uint32_t channel = channel_of(recording, index);
		/* where the inputs do not alternate, the label lags one sample */
		const uint32_t label = recording->switches > 1 && index
		        ? channel_of(recording, index - 1)
		        : channel;
		uint16_t value = (uint16_t)index;
		if (!recording->dummy)
			value = emulator__analog_madc_sample(chip->analog, chip->now, channel);
		chip->listener.sample(chip->listener.user, chip->now,
		        departure(recording, index) + EMULATOR_OUTPUT_TICKS,
		        (uint16_t)((value & 1023) | label << 10));
		chip->work++;
	}
	if (recording->running && recording->index >= recording->count)
		recording->running = false;
}

/* ---- events ---------------------------------------------------------------------------------- */

/* Spikes come back to drivers: windows are single steps. */
static bool is_recurrent(const struct emulator_chip *chip)
{
	return chip->look_ahead != UINT64_MAX;
}

/* The next event from outside that reaches the crossbar before @limit. */
static uint64_t next_arrival(struct emulator_chip *chip, uint64_t limit)
{
	uint64_t time = emulator__events_next_link(&chip->events);
	for (unsigned mask = chip->background.enabled; mask; mask &= mask - 1)
		time = min(time, emulator__background_find(&chip->background,
		                        (unsigned)__builtin_ctz(mask), min(time, limit)));
	return time;
}

/* Outputs that events from outside leave by before the membranes run: buses that no spike can
 * reach. */
static unsigned early_outputs(const struct emulator_chip *chip)
{
	return is_recurrent(chip) ? 0 : chip->events.listening;
}

/* The source whose event comes first; none of those in @waiting: EMULATOR_BACKGROUND_SOURCES */
static unsigned first_source(const uint64_t due[EMULATOR_BACKGROUND_SOURCES], unsigned waiting)
{
	unsigned first = EMULATOR_BACKGROUND_SOURCES;
	for (; waiting; waiting &= waiting - 1) {
		const unsigned i = (unsigned)__builtin_ctz(waiting);
		if (first == EMULATOR_BACKGROUND_SOURCES || due[i] < due[first])
			first = i;
	}
	return first;
}

/* Take events of background sources, and between them those from the FPGA. */
static void take_sources(struct emulator_chip *chip, struct emulator_intake *intake, uint64_t end)
{
	struct emulator_background *background = &chip->background;
	uint64_t due[EMULATOR_BACKGROUND_SOURCES];
	unsigned waiting = 0, i;
	for (unsigned mask = background->enabled; mask; mask &= mask - 1) {
		i = (unsigned)__builtin_ctz(mask);
		due[i] = emulator__background_find(background, i, end);
		waiting |= (unsigned)(due[i] != UINT64_MAX) << i;
	}
	while ((i = first_source(due, waiting)) < EMULATOR_BACKGROUND_SOURCES) {
		chip->work += emulator__events_take_links(&chip->events, intake, due[i] + 1);
		if (!intake->room)
			return;
		const struct emulator_event event = { due[i],
			emulator__background_take(background, i),
			(uint8_t)(EMULATOR_INPUT_SOURCE + i) };
		emulator__events_take(&chip->events, intake, &event);
		chip->work++;
		due[i] = emulator__background_find(background, i, end);
		waiting &= ~((unsigned)(due[i] == UINT64_MAX) << i);
		if (!intake->room)
			return;
	}
}

/* Collect the events from outside before @end, in time order; where no spike can reach a bus, they
 * go to the buses at once. Returns the end of the window, which takes only so many. */
static uint64_t collect(struct emulator_chip *chip, uint64_t end)
{
	struct emulator_intake intake = {
		.early = early_outputs(chip),
		.later = chip->later,
		.room = EMULATOR_WINDOW_EVENTS,
	};
	if (chip->background.enabled)
		take_sources(chip, &intake, end);
	chip->work += emulator__events_take_links(&chip->events, &intake, end);
	chip->later_count = intake.later_count;
	if (intake.room)
		return end;
	return (intake.last > chip->now ? intake.last : chip->now) + 1;
}

/* Hand the events that reach a bus before @end to the drivers that accept them. */
static void deliver(struct emulator_chip *chip, uint64_t end)
{
	struct emulator_driver_event accepted[EVENTS_TOGETHER];
	size_t count;
	while ((count = emulator__events_deliver(accepted, &chip->events, end, EVENTS_TOGETHER))) {
		emulator__analog_driver_events(chip->analog, accepted, count);
		chip->work += count;
	}
}

/* Spikes and events from outside leave by the outputs that were not served yet. */
static void route(struct emulator_chip *chip, size_t spike_count)
{
	const unsigned late = EMULATOR_ALL_OUTPUTS & ~early_outputs(chip);
	size_t spike = 0;
	for (size_t i = 0; i < chip->later_count; i++) {
		const struct emulator_event *event = &chip->later[i];
		const size_t begin = spike;
		while (spike < spike_count && chip->spikes[spike].time <= event->time)
			spike++;
		emulator__events_from_neurons(
		        &chip->events, &chip->spikes[begin], spike - begin, late);
		emulator__events_route(&chip->events, event,
		        late & emulator__events_outputs(
		                       &chip->events, event->place, event->label));
	}
	emulator__events_from_neurons(
	        &chip->events, &chip->spikes[spike], spike_count - spike, late);
	emulator__events_hand_over(&chip->events);
	chip->work += spike_count;
}

/* Count the spikes of all neurons but dead ones, of which nobody hears. */
static size_t count_spikes(struct emulator_chip *chip, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		const uint32_t neuron = chip->spikes[i].neuron;
		if (chip->faults.neuron[neuron])
			continue;
		uint16_t *counter = &chip->spike_counter[neuron];
		const unsigned next = (*counter & 255u) + 1;
		*counter = (uint16_t)((*counter & 256u) | (next & 256u) | (next & 255u));
		chip->spikes[kept++] = chip->spikes[i];
	}
	return kept;
}

/* ---- windows --------------------------------------------------------------------------------- */

/* A window may be so long that nothing that leaves a neuron within it comes back in it. */
static uint64_t window_end(const struct emulator_chip *chip, uint64_t target)
{
	uint64_t end = target;
	if (is_recurrent(chip)) /* the spikes of a step are known at its end */
		end = min(end, (chip->now / EMULATOR_STEP_TICKS + 1) * EMULATOR_STEP_TICKS);
	else if (chip->fires)
		end = min(end, (chip->now / EMULATOR_WINDOW_TICKS + 1) * EMULATOR_WINDOW_TICKS);
	if (chip->feedback != UINT64_MAX)
		end = min(end, chip->now + chip->feedback);
	const uint64_t sample = next_sample(chip);
	if (sample > chip->now)
		end = min(end, sample);
	return end;
}

/* Where spikes come back, windows are short. While the last one was silent and nothing comes from
 * outside, ask the membranes to go on by themselves as far as none can fire. */
static void leap(struct emulator_chip *chip, uint64_t target)
{
	if (!is_recurrent(chip) || !chip->silent)
		return;
	uint64_t end = min(target, emulator__events_next_bus(&chip->events));
	end = min(end, next_arrival(chip, end));
	end = min(end, next_sample(chip));
	if (end <= chip->now + 2 * EMULATOR_STEP_TICKS)
		return;
	const uint64_t reached = emulator__analog_leap(chip->analog, end);
	if (reached > chip->now)
		chip->now = reached;
}

/* Run the membranes; where the spikes of a window do not fit, make room and go on. */
static size_t run_membranes(struct emulator_chip *chip, uint64_t end)
{
	size_t count = 0, more = 0;
	int status;
	while ((status = emulator__analog_advance(chip->analog, end, chip->spikes + count,
	                chip->spike_capacity - count, &more)) == HXCOMM_ENOSPC) {
		count += more;
		struct emulator_spike *spikes =
		        realloc(chip->spikes, 2 * chip->spike_capacity * sizeof(*spikes));
		if (!spikes) {
			status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu spikes",
			        2 * chip->spike_capacity);
			more = 0;
			break;
		}
		chip->spikes = spikes;
		chip->spike_capacity *= 2;
	}
	if (status != HXCOMM_OK)
		chip->status = status;
	return count + more;
}

static void step(struct emulator_chip *chip, uint64_t target)
{
	chip->work++;
	const uint64_t end = collect(chip, window_end(chip, target));
	deliver(chip, end);
	const size_t count = run_membranes(chip, end);
	chip->silent = !count;
	route(chip, count_spikes(chip, count));
	chip->now = end;
	take_samples(chip);
	if (chip->events.exhausted)
		chip->status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for events under way");
}

void emulator__chip_advance(struct emulator_chip *chip, uint64_t time)
{
	if (time <= chip->now)
		return;
	emulator__chip_apply(chip);
	update_routes(chip);
	while (chip->now < time && chip->status == HXCOMM_OK) {
		leap(chip, time);
		if (chip->now >= time)
			break;
		step(chip, time);
		if (chip->check && chip->work >= chip->check_at) {
			chip->check_at = chip->work + STEPS_A_CHECK;
			if (chip->status == HXCOMM_OK)
				chip->status = chip->check(chip->check_user);
		}
		if (chip->work + chip->background.looks / 16 > chip->work_limit)
			chip->status = hxcomm_error_set(HXCOMM_ETIMEDOUT,
			        "the program keeps the chip busy for more than %llu steps: run it "
			        "in parts, or switch off background sources while it waits",
			        (unsigned long long)chip->work_limit);
	}
	if (chip->status != HXCOMM_OK)
		chip->now = time; /* the run fails; do not come back here */
}

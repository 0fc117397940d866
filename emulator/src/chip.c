// SPDX-License-Identifier: MIT
/* Time on the chip: windows no longer than the shortest way from a spike back to a driver, and as
 * long as possible where nothing comes back. */
#include "chip.h"

#include "memory.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

enum {
	COALESCE_GAP_TICKS = 250,      /* writes that follow within 1 us may take effect together, */
	COALESCE_TICKS = 250,          /* as long as they span at most 1 us, */
	COALESCE_QUIET_TICKS = 125000, /* or 0.5 ms while nothing can happen */
	SPIKING_WINDOW_TICKS = 20000,  /* 80 us: bounds the spikes of a window */
	SAMPLES_TOGETHER_TICKS = 64,   /* a sample waits at most 256 ns for others */
};

static const uint64_t default_work_limit = UINT64_C(1) << 32;
static const uint64_t systime_mask = (UINT64_C(1) << 43) - 1;

/* ---- making one ------------------------------------------------------------------------------- */

static void event_leaves(void *user, uint64_t stamp, uint64_t arrival, uint16_t label)
{
	struct emulator_chip *chip = user;
	chip->listener.spike(chip->listener.user, stamp, arrival, label);
}

/* What the analog core and the event routing do not know yet: the reset values of their registers.
 * Cells and synapses are zero on both sides. */
static void touch_all(struct emulator_chip *chip)
{
	for (size_t i = 0; i < chip->registers->mapped_count; i++) {
		const struct emulator_mapped *mapped = &chip->registers->mapped[i];
		if (mapped->effect < 0 || !emulator__chip_effect(mapped->effect)->apply)
			continue;
		for (uint32_t element = 0; element < mapped->container->count; element++)
			emulator__registers_touch(chip->registers, i, element);
	}
}

int emulator__chip_new(struct emulator_chip **out, const struct emulator_options *options,
        const struct emulator_listener *listener)
{
	*out = NULL;
	struct emulator_chip *chip = calloc(1, sizeof(*chip));
	if (!chip)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	const struct emulator_analog_config config = {
		.serial = options->serial,
		.seed = options->seed,
		.noise = options->noise,
		.variation = options->variation,
	};
	chip->listener = *listener;
	chip->work_limit = options->work_limit ? options->work_limit : default_work_limit;
	chip->spikes = calloc(EMULATOR_SPIKES, sizeof(*chip->spikes));
	chip->spike_capacity = EMULATOR_SPIKES;
	int status = emulator__registers_new(&chip->registers, emulator__chip_classify);
	if (status == HXCOMM_OK)
		status = emulator__analog_new(&chip->analog, &config);
	if (status == HXCOMM_OK && !chip->spikes)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	if (status != HXCOMM_OK) {
		emulator__chip_free(chip);
		return status;
	}
	emulator__events_init(&chip->events, options->noise, options->seed, event_leaves, chip);
	touch_all(chip);
	emulator__chip_apply(chip);
	*out = chip;
	return HXCOMM_OK;
}

void emulator__chip_free(struct emulator_chip *chip)
{
	if (!chip)
		return;
	emulator__events_deinit(&chip->events);
	emulator__registers_free(chip->registers);
	emulator__analog_free(chip->analog);
	free(chip->spikes);
	free(chip);
}

void emulator__chip_begin(struct emulator_chip *chip)
{
	chip->work = 0;
	chip->background.looks = 0;
	chip->status = HXCOMM_OK;
}

/* ---- time ------------------------------------------------------------------------------------- */

static void update_routes(struct emulator_chip *chip)
{
	chip->fires = chip->recurrent = false;
	for (uint32_t neuron = 0; neuron < 512; neuron++) {
		if (!chip->can_fire[neuron])
			continue;
		chip->fires = true;
		chip->recurrent |= emulator__events_recurrent(&chip->events, neuron);
	}
	chip->routes_stale = false;
}

static uint64_t min(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

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

/* The next event from outside that reaches the crossbar before @limit. */
static uint64_t next_arrival(struct emulator_chip *chip, uint64_t limit)
{
	uint64_t time = emulator__events_next_link(&chip->events);
	for (unsigned i = 0; i < EMULATOR_BACKGROUND_SOURCES; i++)
		time = min(time, emulator__background_find(&chip->background, i, min(time, limit)));
	return time;
}

/* A window may be so long that nothing that enters the crossbar within it reaches a driver in it. */
static uint64_t window_end(struct emulator_chip *chip, uint64_t target)
{
	uint64_t end = target;
	if (chip->recurrent) /* the spikes of a step are known at its end */
		end = min(end, (chip->now / EMULATOR_STEP_TICKS + 1) * EMULATOR_STEP_TICKS);
	else if (chip->fires)
		end = min(end, chip->now + SPIKING_WINDOW_TICKS);
	const uint64_t arrival = next_arrival(chip, end);
	if (arrival < end)
		end = min(end, (arrival > chip->now ? arrival : chip->now) + EMULATOR_PADI_TICKS);
	const uint64_t sample = next_sample(chip);
	if (sample > chip->now)
		end = min(end, sample);
	return end;
}

static void driver_accepts(void *user, uint64_t time, uint32_t driver, uint8_t label)
{
	struct emulator_chip *chip = user;
	chip->work++;
	emulator__analog_driver_event(chip->analog, time, driver, label);
}

/* Merge spikes of the neurons, background sources and links into the crossbar, in time order. */
static void route(struct emulator_chip *chip, uint64_t end, size_t spike_count)
{
	uint64_t source[EMULATOR_BACKGROUND_SOURCES];
	size_t spike = 0;
	for (unsigned i = 0; i < EMULATOR_BACKGROUND_SOURCES; i++)
		source[i] = emulator__background_find(&chip->background, i, end);
	for (;;) {
		uint64_t time = emulator__events_next_link(&chip->events);
		unsigned from = EMULATOR_BACKGROUND_SOURCES;
		if (time >= end)
			time = UINT64_MAX;
		for (unsigned i = 0; i < EMULATOR_BACKGROUND_SOURCES; i++) {
			if (source[i] < time) {
				time = source[i];
				from = i;
			}
		}
		if (spike < spike_count && chip->spikes[spike].time <= time) {
			emulator__events_from_neuron(&chip->events, chip->spikes[spike].time,
			        chip->spikes[spike].neuron);
			spike++;
		} else if (time == UINT64_MAX) {
			return;
		} else if (from < EMULATOR_BACKGROUND_SOURCES) {
			emulator__events_route(&chip->events, time, EMULATOR_INPUT_SOURCE + from,
			        emulator__background_take(&chip->background, from));
			source[from] = emulator__background_find(&chip->background, from, end);
		} else {
			unsigned input;
			struct emulator_event event;
			emulator__events_take_link(&input, &event, &chip->events);
			emulator__events_route(&chip->events, event.time, input, event.label);
		}
		chip->work++;
	}
}

static void count_spikes(struct emulator_chip *chip, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint16_t *counter = &chip->spike_counter[chip->spikes[i].neuron];
		const unsigned next = (*counter & 255u) + 1;
		*counter = (uint16_t)((*counter & 256u) | (next & 256u) | (next & 255u));
	}
}

static void take_samples(struct emulator_chip *chip)
{
	struct emulator_recording *recording = &chip->recording;
	while (next_sample(chip) <= chip->now) {
		const uint64_t index = recording->index++;
		const uint32_t channel = (recording->input +
		        (recording->switches ? (uint32_t)(index / recording->switches) : 0)) & 1u;
		const uint16_t value = recording->dummy
		        ? (uint16_t)(index & 1023)
		        : (uint16_t)(emulator__analog_madc_sample(chip->analog, chip->now, channel) & 1023);
		chip->listener.sample(chip->listener.user, chip->now,
		        departure(recording, index) + EMULATOR_OUTPUT_TICKS,
		        (uint16_t)(value | channel << 10));
		chip->work++;
	}
	if (recording->running && recording->index >= recording->count)
		recording->running = false;
}

/* Where spikes come back, windows are short. While the last one was silent and nothing comes from
 * outside, ask the membranes to go on by themselves as far as none can fire. */
static void leap(struct emulator_chip *chip, uint64_t target)
{
	if (!chip->recurrent || !chip->silent)
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

static void step(struct emulator_chip *chip, uint64_t end)
{
	chip->work++;
	emulator__events_deliver(&chip->events, end, driver_accepts, chip);
	const size_t count = run_membranes(chip, end);
	chip->silent = !count;
	count_spikes(chip, count);
	route(chip, end, count);
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
	if (chip->routes_stale)
		update_routes(chip);
	while (chip->now < time && chip->status == HXCOMM_OK) {
		leap(chip, time);
		if (chip->now >= time)
			break;
		step(chip, window_end(chip, time));
		if (chip->work + chip->background.looks / 16 > chip->work_limit)
			chip->status = hxcomm_error_set(HXCOMM_ETIMEDOUT,
			        "the program keeps the chip busy for more than %llu steps: run it in parts, "
			        "or switch off background sources while it waits",
			        (unsigned long long)chip->work_limit);
	}
	if (chip->status != HXCOMM_OK)
		chip->now = time; /* the run fails; do not come back here */
}

/* ---- registers -------------------------------------------------------------------------------- */

/* Nothing can happen by itself: no event under way, no source, no recording, no spike. */
static bool quiet(struct emulator_chip *chip)
{
	if (chip->fires || chip->recording.running ||
	        emulator__events_next_bus(&chip->events) != UINT64_MAX ||
	        emulator__events_next_link(&chip->events) != UINT64_MAX)
		return false;
	for (unsigned i = 0; i < EMULATOR_BACKGROUND_SOURCES; i++)
		if (chip->background.source[i].config.enable)
			return false;
	return true;
}

static bool nothing_changed(const struct emulator_chip *chip)
{
	return !chip->registers->list_count && !chip->registers->quad_count;
}

/* Everything up to @time happens with the old contents, and what was written takes effect. */
static void settle(struct emulator_chip *chip, uint64_t time)
{
	emulator__chip_advance(chip, time);
	emulator__chip_apply(chip);
	chip->changed_at = time;
}

static void make_room(struct emulator_chip *chip, uint64_t time)
{
	const uint64_t span = time - chip->changed_at;
	if (nothing_changed(chip) || time - chip->written_at > COALESCE_GAP_TICKS ||
	        span > COALESCE_QUIET_TICKS || (span > COALESCE_TICKS && !quiet(chip)))
		settle(chip, time);
	chip->written_at = time;
}

static void write_systime(struct emulator_chip *chip, uint64_t time, uint32_t address,
        uint32_t value)
{
	settle(chip, time); /* time stamps before now are of the old time */
	const uint64_t old = emulator__chip_systime(chip, time);
	const uint64_t next = address == EMULATOR_SYSTIME_ADDRESS
	        ? (old & ~(uint64_t)UINT32_MAX) | value
	        : (old & UINT32_MAX) | (uint64_t)value << 32;
	chip->systime_zero = time - (next & systime_mask);
}

static bool write_synapse(struct emulator_chip *chip, uint64_t time, uint32_t address,
        uint32_t value, uint32_t mask)
{
	if (!emulator__registers_is_synapse(address))
		return false;
	const uint32_t shown = emulator__registers_read_synapse(chip->registers, address);
	if (!((shown ^ value) & mask & emulator__registers_synapse_bits(address)))
		return true;
	make_room(chip, time);
	if (!emulator__registers_write_synapse(chip->registers, address, value, mask)) {
		settle(chip, time);
		emulator__registers_write_synapse(chip->registers, address, value, mask);
	}
	return true;
}

static void write_slot(struct emulator_chip *chip, uint64_t time, const struct emulator_slot *slot,
        uint32_t value, uint32_t mask)
{
	const int number = chip->registers->mapped[slot->container].effect;
	const struct emulator_chip_effect *effect = number < 0 ? NULL : emulator__chip_effect(number);
	if (effect && effect->read)
		return;
	if (effect && effect->trigger) {
		settle(chip, time);
		effect->trigger(chip, slot->element, value & mask);
		return;
	}
	if (effect && effect->exact)
		settle(chip, time);
	else if (effect && !effect->repeats &&
	        !((chip->registers->values[slot->value - 1] ^ value) & mask))
		return;
	else if (effect)
		make_room(chip, time);
	if (!emulator__registers_store(chip->registers, slot, value, mask)) {
		settle(chip, time);
		emulator__registers_store(chip->registers, slot, value, mask);
	}
	if (effect && effect->exact)
		emulator__chip_apply(chip);
}

void emulator__chip_write(struct emulator_chip *chip, uint64_t time, uint32_t address,
        uint32_t value, uint8_t byte_enables)
{
	const uint32_t mask = emulator__byte_mask(byte_enables);
	if (!mask || chip->status != HXCOMM_OK)
		return;
	if (address <= EMULATOR_SYSTIME_ADDRESS + 1) {
		write_systime(chip, time, address, value & mask);
		return;
	}
	if (address == EMULATOR_PHY_ADDRESS) {
		chip->phy_enable = (chip->phy_enable & ~mask) | (value & mask);
		return;
	}
	if (address - EMULATOR_PLL_ADDRESS < EMULATOR_PLL_WORDS) {
		uint32_t *word = &chip->pll[address - EMULATOR_PLL_ADDRESS];
		*word = (*word & ~mask) | (value & mask);
		return;
	}
	if (write_synapse(chip, time, address, value, mask))
		return;
	const struct emulator_slot *slot = emulator__registers_find(chip->registers, address);
	if (slot) {
		write_slot(chip, time, slot, value, mask);
	} else if (address >> EMULATOR_ADDRESS_BITS == 0) {
		settle(chip, time);
		emulator__chip_trigger_window(chip, address);
	}
}

uint32_t emulator__chip_read(struct emulator_chip *chip, uint64_t time, uint32_t address)
{
	if (address <= EMULATOR_SYSTIME_ADDRESS + 1)
		return (uint32_t)(emulator__chip_systime(chip, time) >> 32 * address);
	if (address == EMULATOR_PHY_ADDRESS)
		return chip->phy_enable;
	if (address - EMULATOR_PLL_ADDRESS < EMULATOR_PLL_WORDS)
		return chip->pll[address - EMULATOR_PLL_ADDRESS];
	if (emulator__chip_is_sample(address)) {
		settle(chip, time);
		return emulator__chip_read_samples(chip, address);
	}
	if (emulator__registers_is_synapse(address))
		return emulator__registers_read_synapse(chip->registers, address);
	const struct emulator_slot *slot = emulator__registers_find(chip->registers, address);
	if (!slot)
		return 0;
	const int number = chip->registers->mapped[slot->container].effect;
	if (number >= 0 && emulator__chip_effect(number)->read) {
		settle(chip, time);
		return emulator__chip_effect(number)->read(chip, slot->element);
	}
	return chip->registers->values[slot->value - 1];
}

bool emulator__chip_is_volatile(const struct emulator_chip *chip, uint32_t address)
{
	if (address <= EMULATOR_SYSTIME_ADDRESS + 1 || emulator__chip_is_sample(address))
		return true;
	const struct emulator_slot *slot = emulator__registers_find(chip->registers, address);
	if (!slot)
		return false;
	const int number = chip->registers->mapped[slot->container].effect;
	return number >= 0 && emulator__chip_effect(number)->read;
}

uint64_t emulator__chip_read_ticks(uint32_t address)
{
	const uint32_t buffered = UINT32_C(0x200000);
	return emulator__chip_is_sample(address) && !(address & buffered) ? EMULATOR_CADC_TICKS : 0;
}

void emulator__chip_spike(struct emulator_chip *chip, uint64_t time, uint16_t label)
{
	if (chip->status != HXCOMM_OK)
		return;
	emulator__events_from_fpga(&chip->events, time, label);
}

void emulator__chip_reset(struct emulator_chip *chip, uint64_t time)
{
	settle(chip, time);
	emulator__events_clear(&chip->events);
	chip->recording.running = false;
	chip->phy_enable = 0;
	chip->systime_zero = time;
	for (unsigned i = 0; i < 512; i++)
		chip->spike_counter[i] = 0;
	emulator__registers_reset(chip->registers);
	memset(chip->pll, 0, sizeof(chip->pll));
	emulator__chip_apply(chip);
}

uint64_t emulator__chip_systime(const struct emulator_chip *chip, uint64_t time)
{
	return (time - chip->systime_zero) & systime_mask;
}

bool emulator__chip_clocks_run(const struct emulator_chip *chip)
{
	for (uint32_t i = 0; i < EMULATOR_PLL_NEEDED; i++)
		if (!chip->pll[i])
			return false;
	return true;
}

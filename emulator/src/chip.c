// SPDX-License-Identifier: MIT
/* Registers of the chip: what is written waits until its time, and takes effect in time order. */
#include "chip.h"

#include "memory.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

enum {
	CELL_TICKS = 250,        /* cells that are written within 1 us take effect together, */
	CELL_QUIET_TICKS = 25000, /* within 100 us where nobody looks */
};

static const uint64_t default_work_limit = UINT64_C(1) << 32;
static const uint64_t systime_mask = (UINT64_C(1) << 43) - 1;

/* ---- making one ------------------------------------------------------------------------------ */

static void events_leave(void *user, const struct emulator_leaving *events, size_t count)
{
	struct emulator_chip *chip = user;
	chip->listener.spikes(chip->listener.user, events, count);
}

static void event_is_lost(void *user, uint64_t time, bool to_chip)
{
	struct emulator_chip *chip = user;
	chip->listener.lose(chip->listener.user, time, to_chip);
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

static uint32_t probability(double value)
{
	return value >= 1 ? UINT32_MAX : (uint32_t)(value * 4294967296.);
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
		.quirks = options->quirks,
		.threads = options->threads,
		.kernel = options->kernel,
		.step_idle = options->step_idle,
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
	emulator__analog_set_temperature(chip->analog,
	        options->celsius != 0 ? (float)options->celsius : EMULATOR_CELSIUS);
	emulator__events_init(&chip->events, options->noise, options->seed, events_leave, chip);
	chip->events.lose = event_is_lost;
	chip->events.loss = probability(options->faults.link_loss);
	chip->events.flip = probability(options->faults.link_flips);
	chip->faults = options->faults;
	chip->quirks = options->quirks;
	chip->clocks.broken = options->faults.pll;
	chip->feedback = UINT64_MAX;
	touch_all(chip);
	emulator__chip_apply(chip);
	for (uint32_t n = 0; n < 512; n++)
		if (chip->faults.stuck_reset[n])
			emulator__analog_stick(chip->analog, n);
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
	chip->check_at = 0;
	chip->background.looks = 0;
	chip->events.exhausted = false;
	chip->status = HXCOMM_OK;
}

/* ---- registers ------------------------------------------------------------------------------- */

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

/* May a write wait together with those that wait already, and take effect when they do? */
static bool joins(struct emulator_chip *chip, uint64_t time, enum emulator_timing timing)
{
	const uint64_t span = time - chip->changed_at;
	const bool same_step =
	        time / EMULATOR_STEP_TICKS == chip->changed_at / EMULATOR_STEP_TICKS;
	if (nothing_changed(chip) || timing == EMULATOR_TIMING_OWN)
		return false;
	if (span == 0)
		return true;
	if (timing == EMULATOR_TIMING_STEP)
		return same_step;
	if (timing == EMULATOR_TIMING_CELL)
		return span <= CELL_TICKS ||
		       (span <= CELL_QUIET_TICKS && emulator__chip_is_quiet(chip));
	if (timing == EMULATOR_TIMING_WEIGHT && same_step)
		return true;
	/* what waits must not wake the chip up */
	return !chip->step_changed && emulator__chip_is_quiet(chip);
}

static void make_room(struct emulator_chip *chip, uint64_t time, enum emulator_timing timing)
{
	if (!joins(chip, time, timing))
		settle(chip, time);
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

/* Do these stored bits of synapse memory matter to events only? Behind the rows of synapses lie
 * switches of the columns, two to three in a byte. */
static bool is_for_events(const struct emulator_place *place, uint32_t bits)
{
	const uint32_t all_switches = 0xe0e0e0e0, readout_switches = 0x20202020;
	if (place->row < 256)
		return true;
	return !(bits & (place->row == 256 && !place->odd ? readout_switches : all_switches));
}

static bool write_synapse(struct emulator_chip *chip, uint64_t time, uint32_t address,
        uint32_t value, uint32_t mask)
{
	struct emulator_place place;
	if (!emulator__registers_find_place(&place, address))
		return false;
	const uint32_t shown = emulator__registers_read_place(chip->registers, &place);
	const uint32_t changes = (shown ^ value) & mask & place.mask;
	if (!changes)
		return true;
	const bool is_weight = is_for_events(&place, changes << place.shift);
	make_room(chip, time, is_weight ? EMULATOR_TIMING_WEIGHT : EMULATOR_TIMING_STEP);
	if (!emulator__registers_write_place(chip->registers, &place, value, mask)) {
		settle(chip, time);
		emulator__registers_write_place(chip->registers, &place, value, mask);
	}
	chip->step_changed |= !is_weight;
	return true;
}

static void write_slot(struct emulator_chip *chip, uint64_t time, const struct emulator_slot *slot,
        uint32_t value, uint32_t mask)
{
	const int number = chip->registers->mapped[slot->container].effect;
	const struct emulator_chip_effect *effect =
	        number < 0 ? NULL : emulator__chip_effect(number);
	if (effect && effect->read)
		return;
	if (effect && effect->trigger) {
		settle(chip, time);
		effect->trigger(chip, slot->element, value & mask);
		return;
	}
	if (effect && !effect->repeats &&
	        !((chip->registers->values[slot->value - 1] ^ value) & mask))
		return;
	if (effect)
		make_room(chip, time, effect->timing);
	if (!emulator__registers_store(chip->registers, slot, value, mask)) {
		settle(chip, time);
		emulator__registers_store(chip->registers, slot, value, mask);
	}
	if (!effect)
		return;
	chip->step_changed |= effect->timing == EMULATOR_TIMING_STEP;
	if (effect->timing == EMULATOR_TIMING_OWN)
		emulator__chip_apply(chip);
}

void emulator__chip_write(struct emulator_chip *chip, uint64_t time, uint32_t address,
        uint32_t value, uint8_t byte_enables)
{
	const uint32_t mask = emulator__byte_mask(byte_enables);
	if (!mask || chip->status != HXCOMM_OK)
		return;
	if (time < chip->changed_at)
		time = chip->changed_at;
	if (address <= EMULATOR_SYSTIME_ADDRESS + 1) {
		write_systime(chip, time, address, value & mask);
		return;
	}
	if (address == EMULATOR_PHY_ADDRESS) {
		chip->phy_enable = (chip->phy_enable & ~mask) | (value & mask);
		return;
	}
	if (address - EMULATOR_PLL_ADDRESS < EMULATOR_PLL_WORDS) {
		emulator__clocks_write(&chip->clocks, address - EMULATOR_PLL_ADDRESS, value, mask,
		        time);
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
		return chip->clocks.word[address - EMULATOR_PLL_ADDRESS];
	if (emulator__chip_is_sample(address)) {
		settle(chip, time);
		return emulator__chip_read_samples(chip, address);
	}
	struct emulator_place place;
	if (emulator__registers_find_place(&place, address))
		return emulator__registers_read_place(chip->registers, &place);
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

uint64_t emulator__chip_read_ticks(const struct emulator_chip *chip, uint32_t address)
{
	const uint32_t buffered = UINT32_C(0x200000), bottom = UINT32_C(0x01000000);
	if (!emulator__chip_is_sample(address) || address & buffered)
		return 0;
	const struct haldls_cadc_config *config = &chip->cadc_config[(address & bottom) != 0];
	return (uint64_t)config->reset_wait + EMULATOR_CADC_RAMP_TICKS + config->dead_time;
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
	chip->clocks = (struct emulator_clocks){ .broken = chip->faults.pll };
	emulator__chip_apply(chip);
}

void emulator__chip_set_feedback(struct emulator_chip *chip, uint64_t ticks)
{
	chip->feedback = ticks;
}

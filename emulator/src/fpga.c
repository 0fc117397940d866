// SPDX-License-Identifier: MIT
#include "fpga.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <stdlib.h>

/* Word addresses of FPGA registers without bit 31 (source: spec/transport.md 2.4). */
enum {
	DNA_HIGH = 0x08000003,
	DNA_LOW = 0x08000004,
	RECORDING = 0x08000005,
	POLL_ADDRESS = 0x08000006,
	POLL_TARGET = 0x08000007,
	POLL_MASK = 0x08000008,
	TIMEOUT = 0x08000009,
	TIMER = 0x0800000c,
	SYSTIME_TRIES = 0x08002000,
	SYSTIME_ROUND_TRIP = 0x08002002,
	SYSTIME_CHIP_HIGH = 0x08002003,
	SYSTIME_CHIP_LOW = 0x08002004,
	SYSTIME_ACTIVE = 0x08002005,
	PHY_ENABLE = 0x08004000,
	PHY_CONFIG = 0x08006000,
	PHYS = 8,
};

enum {
	TIMEOUT_DEFAULT = 1250000, /* 10 ms */
	RESPONSES_WAITING = 8192,  /* before the chip is asked to catch up */
	EVENTS_WAITING = 256,      /* before those that are sure are sent */
	CYCLE_TICKS = 2,
};

static const uint32_t fpga_space = UINT32_C(1) << 31;

/* ---- time and the way back -------------------------------------------------------------------- */

static uint64_t tick_at(uint64_t cycle)
{
	return CYCLE_TICKS * (cycle + EMULATOR_CHIP_CYCLES);
}

static void keep(struct emulator_fpga *fpga, int status)
{
	if (fpga->status == HXCOMM_OK)
		fpga->status = status;
}

static void respond(struct emulator_fpga *fpga, uint64_t cycle, enum hxcomm_response code,
        uint64_t payload)
{
	keep(fpga, emulator__stream_append(&fpga->stream, cycle, code, payload, UINT64_MAX));
}

/* Let the chip live up to the present, and send what cannot be overtaken any more. */
static void catch_up(struct emulator_fpga *fpga)
{
	emulator__chip_advance(fpga->chip, CYCLE_TICKS * fpga->now);
	keep(fpga, fpga->chip->status);
	if (fpga->now && fpga->status == HXCOMM_OK)
		keep(fpga, emulator__stream_drain(&fpga->stream, fpga->now - 1));
}

static uint32_t peek(const struct emulator_fpga *fpga, uint32_t address)
{
	return emulator__memory_read(&fpga->memory, address);
}

static void event(struct emulator_fpga *fpga, enum hxcomm_response code, uint64_t stamp,
        uint64_t arrival, uint16_t content)
{
	if (!fpga->links || !(peek(fpga, RECORDING) & 1))
		return;
	const uint64_t time = emulator__chip_systime(fpga->chip, stamp) & 255;
	/* the host takes a time stamp back by at most 256 ticks */
	const uint64_t oldest = (stamp + 254) / CYCLE_TICKS;
	keep(fpga, emulator__stream_append(&fpga->stream, (arrival + 1) / CYCLE_TICKS, code,
	                   time << 16 | content, oldest));
	/* A long wait: send what later events cannot overtake. These pass the crossbar at most a step
	 * before the chip's clock, and instructions come at the FPGA's. */
	const uint64_t sure = (fpga->chip->now + EMULATOR_OUTPUT_TICKS - EMULATOR_JITTER_TICKS -
	                              EMULATOR_STEP_TICKS) / CYCLE_TICKS;
	if (emulator__stream_count(&fpga->stream) >= EVENTS_WAITING && sure < fpga->now && fpga->status == HXCOMM_OK)
		keep(fpga, emulator__stream_drain(&fpga->stream, sure - 1));
}

static void spike_arrives(void *user, uint64_t stamp, uint64_t arrival, uint16_t label)
{
	event(user, HXCOMM_RESPONSE_SPIKE_1, stamp, arrival, label);
}

static void sample_arrives(void *user, uint64_t stamp, uint64_t arrival, uint16_t value)
{
	event(user, HXCOMM_RESPONSE_MADC_1, stamp, arrival, value);
}

/* ---- making one ------------------------------------------------------------------------------- */

int emulator__fpga_new(struct emulator_fpga **out, const struct emulator_options *options)
{
	*out = NULL;
	struct emulator_fpga *fpga = calloc(1, sizeof(*fpga));
	if (!fpga)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for an emulated machine");
	const struct emulator_listener listener = { spike_arrives, sample_arrives, fpga };
	emulator__stream_init(&fpga->stream);
	fpga->serial = fpga->board.serial = options->serial;
	int status = emulator__chip_new(&fpga->chip, options, &listener);
	if (status == HXCOMM_OK)
		status = emulator__memory_write(&fpga->memory, TIMEOUT, TIMEOUT_DEFAULT, UINT32_MAX);
	if (status == HXCOMM_OK)
		status = emulator__memory_write(&fpga->memory, SYSTIME_TRIES, 3, UINT32_MAX);
	if (status != HXCOMM_OK) {
		emulator__fpga_free(fpga);
		return status;
	}
	*out = fpga;
	return HXCOMM_OK;
}

void emulator__fpga_free(struct emulator_fpga *fpga)
{
	if (!fpga)
		return;
	emulator__chip_free(fpga->chip);
	emulator__memory_deinit(&fpga->memory);
	emulator__stream_deinit(&fpga->stream);
	free(fpga);
}

/* ---- waiting ---------------------------------------------------------------------------------- */

static unsigned reads_in_flight(const struct emulator_fpga *fpga)
{
	unsigned count = 0;
	while (count < EMULATOR_READS && count < fpga->reads_begun &&
	        fpga->reads[(fpga->reads_begun - 1 - count) % EMULATOR_READS] > fpga->now)
		count++;
	return count;
}

static void time_out(struct emulator_fpga *fpga)
{
	const uint64_t in_flight = reads_in_flight(fpga);
	fpga->now += peek(fpga, TIMEOUT);
	respond(fpga, fpga->now, HXCOMM_RESPONSE_TIMEOUT, (fpga->index & UINT32_MAX) | in_flight << 39);
}

/* Stall until @cycle. false: the timeout came first */
static bool block(struct emulator_fpga *fpga, uint64_t cycle)
{
	if (cycle <= fpga->now)
		return true;
	if (cycle - fpga->now > peek(fpga, TIMEOUT)) {
		time_out(fpga);
		return false;
	}
	fpga->now = cycle;
	return true;
}

static uint32_t timer(const struct emulator_fpga *fpga)
{
	return (uint32_t)(fpga->now - fpga->timer_zero);
}

static void wait_until(struct emulator_fpga *fpga, uint32_t value)
{
	/* no limit here: experiments wait longer than a blocked bus may */
	if (timer(fpga) < value)
		fpga->now += value - timer(fpga);
}

static void barrier(struct emulator_fpga *fpga, uint64_t mask)
{
	uint64_t cycle = fpga->now;
	if (mask & HXCOMM_BARRIER_OMNIBUS) {
		cycle = fpga->omnibus_idle_at > cycle ? fpga->omnibus_idle_at : cycle;
		cycle = fpga->last_read > cycle ? fpga->last_read : cycle;
	}
	if (mask & HXCOMM_BARRIER_JTAG)
		cycle = fpga->jtag.idle_at > cycle ? fpga->jtag.idle_at : cycle;
	if (mask & HXCOMM_BARRIER_SYSTIME)
		cycle = fpga->systime_idle_at > cycle ? fpga->systime_idle_at : cycle;
	block(fpga, cycle);
}

/* ---- links ------------------------------------------------------------------------------------ */

static void update_links(struct emulator_fpga *fpga, uint64_t cycle)
{
	unsigned links = 0;
	const bool clocked = !fpga->in_reset && emulator__chip_clocks_run(fpga->chip);
	for (unsigned phy = 0; phy < PHYS && clocked; phy++) {
		const unsigned other = PHYS - 1 - phy; /* the chip counts the other way round */
		if (peek(fpga, PHY_ENABLE) >> phy & 1 && peek(fpga, PHY_CONFIG + phy) &&
		        fpga->chip->phy_enable >> other & 1 && fpga->jtag.phy[other])
			links |= 1u << phy;
	}
	for (unsigned phy = 0; phy < PHYS; phy++)
		if (links >> phy & 1 && !(fpga->links >> phy & 1))
			respond(fpga, cycle, HXCOMM_RESPONSE_LINK, phy << 5 | 1 << 4);
	if (links != fpga->links)
		catch_up(fpga); /* what was on its way still went over the old links */
	fpga->links = (uint8_t)links;
}

static void reset_chip(struct emulator_fpga *fpga, bool asserted)
{
	if (asserted && !fpga->in_reset) {
		catch_up(fpga);
		emulator__chip_reset(fpga->chip, tick_at(fpga->now));
		emulator__jtag_reset_chip(&fpga->jtag);
		fpga->stream.annotated = false;
		fpga->systime_idle_at = fpga->now;
	}
	fpga->in_reset = asserted;
	update_links(fpga, fpga->now);
}

static void systime_init(struct emulator_fpga *fpga, bool synchronise)
{
	if (!synchronise) {
		if (fpga->stream.annotated)
			respond(fpga, fpga->now, HXCOMM_RESPONSE_SYSTIME, 0);
		return;
	}
	if (!fpga->links) {
		fpga->systime_idle_at = UINT64_MAX;
		return;
	}
	catch_up(fpga);
	struct emulator_chip *chip = fpga->chip;
	chip->systime_zero += emulator__chip_systime(chip, CYCLE_TICKS * fpga->now) & 1;
	const uint64_t systime = emulator__chip_systime(chip, CYCLE_TICKS * fpga->now);
	fpga->stream.annotated = true;
	fpga->stream.systime_offset = systime / CYCLE_TICKS - fpga->now;
	fpga->systime_idle_at = fpga->now + EMULATOR_SYSTIME_CYCLES;
	keep(fpga, emulator__memory_write(&fpga->memory, SYSTIME_ROUND_TRIP, EMULATOR_SYSTIME_CYCLES,
	                   UINT32_MAX));
	keep(fpga, emulator__memory_write(&fpga->memory, SYSTIME_CHIP_HIGH, (uint32_t)(systime >> 32),
	                   UINT32_MAX));
	keep(fpga, emulator__memory_write(&fpga->memory, SYSTIME_CHIP_LOW, (uint32_t)systime,
	                   UINT32_MAX));
	keep(fpga, emulator__memory_write(&fpga->memory, SYSTIME_ACTIVE, 1, UINT32_MAX));
}

/* ---- omnibus ---------------------------------------------------------------------------------- */

static bool on_i2c(uint32_t address)
{
	return address >= EMULATOR_I2C_BASE && address < EMULATOR_I2C_END;
}

static uint32_t read_fpga(struct emulator_fpga *fpga, uint32_t address)
{
	if (on_i2c(address))
		return emulator__board_read(&fpga->board, address);
	switch (address) {
	case DNA_HIGH:
		return 0x0e00000; /* of the 57 bits of an identity: here only the serial differs */
	case DNA_LOW:
		return fpga->serial;
	case TIMER:
		return timer(fpga);
	default:
		return peek(fpga, address);
	}
}

static void write_fpga(struct emulator_fpga *fpga, uint32_t address, uint32_t value, uint8_t enables)
{
	if (on_i2c(address)) {
		emulator__board_write(&fpga->board, address, value);
		return;
	}
	if (address == RECORDING)
		catch_up(fpga); /* what came before is recorded, or not, as before */
	keep(fpga, emulator__memory_write(&fpga->memory, address, value,
	                   emulator__byte_mask(enables)));
	if (address == PHY_ENABLE || address - PHY_CONFIG < PHYS)
		update_links(fpga, fpga->now);
}

static void write_omnibus(struct emulator_fpga *fpga, uint32_t value)
{
	const uint32_t address = fpga->write_address;
	uint64_t idle_at = fpga->now + EMULATOR_WRITE_CYCLES;
	if (!fpga->write_waits)
		return;
	fpga->write_waits = false;
	if (address & fpga_space) {
		write_fpga(fpga, address & ~fpga_space, value, fpga->write_enables);
	} else if (fpga->links) {
		emulator__chip_write(fpga->chip, tick_at(fpga->now), address, value,
		        fpga->write_enables);
		if (address == EMULATOR_PHY_ADDRESS)
			update_links(fpga, fpga->now);
		idle_at = fpga->now + EMULATOR_CHIP_WRITE_CYCLES;
	}
	if (idle_at > fpga->omnibus_idle_at)
		fpga->omnibus_idle_at = idle_at;
}

static void read_omnibus(struct emulator_fpga *fpga, uint32_t address)
{
	uint32_t value;
	if (reads_in_flight(fpga) == EMULATOR_READS &&
	        !block(fpga, fpga->reads[fpga->reads_begun % EMULATOR_READS]))
		return;
	uint64_t cycle = fpga->now + EMULATOR_READ_CYCLES;
	if (address & fpga_space) {
		value = read_fpga(fpga, address & ~fpga_space);
	} else if (fpga->links) {
		value = emulator__chip_read(fpga->chip, tick_at(fpga->now), address);
		cycle = fpga->now + EMULATOR_CHIP_READ_CYCLES +
		        emulator__chip_read_ticks(address) / CYCLE_TICKS;
	} else {
		time_out(fpga); /* nobody answers */
		return;
	}
	if (cycle <= fpga->last_read)
		cycle = fpga->last_read + 1; /* answers keep the order of the reads */
	fpga->last_read = cycle;
	fpga->reads[fpga->reads_begun++ % EMULATOR_READS] = cycle;
	respond(fpga, cycle, HXCOMM_RESPONSE_OMNIBUS, value);
}

/* Read until (value & mask) == target is as wanted. A register that does not change by itself needs
 * only one look. */
static void poll(struct emulator_fpga *fpga, bool wanted)
{
	const uint32_t address = peek(fpga, POLL_ADDRESS);
	const uint32_t target = peek(fpga, POLL_TARGET), mask = peek(fpga, POLL_MASK);
	const bool local = address & fpga_space;
	const bool changes = local ? (address & ~fpga_space) == TIMER
	                           : emulator__chip_is_volatile(fpga->chip, address);
	const uint64_t cycles = local ? EMULATOR_READ_CYCLES
	                              : EMULATOR_CHIP_READ_CYCLES +
	                                      emulator__chip_read_ticks(address) / CYCLE_TICKS;
	const uint64_t begin = fpga->now, limit = peek(fpga, TIMEOUT);
	while ((local || fpga->links) && fpga->status == HXCOMM_OK) {
		const uint32_t value = local
		        ? read_fpga(fpga, address & ~fpga_space)
		        : emulator__chip_read(fpga->chip, tick_at(fpga->now), address);
		fpga->now += cycles;
		if (((value & mask) == target) == wanted && fpga->now - begin <= limit)
			return;
		if (!changes || fpga->now - begin > limit)
			break;
		fpga->chip->work++;
		catch_up(fpga);
	}
	/* the clock does not run backwards: a look that began before the limit is waited for */
	const uint64_t end = begin + limit;
	const uint64_t in_flight = reads_in_flight(fpga);
	if (end > fpga->now)
		fpga->now = end;
	respond(fpga, fpga->now, HXCOMM_RESPONSE_TIMEOUT, (fpga->index & UINT32_MAX) | in_flight << 39);
}

/* ---- JTAG and events -------------------------------------------------------------------------- */

static void jtag(struct emulator_fpga *fpga, unsigned instruction, uint64_t word)
{
	enum { BITS_MAX = 33 };
	if (!block(fpga, fpga->jtag.idle_at))
		return;
	if (instruction == HXCOMM_JTAG_SCALER) {
		fpga->jtag.scaler = (uint8_t)(word & 255);
	} else if (instruction == HXCOMM_JTAG_INIT) {
		if (!fpga->in_reset)
			emulator__jtag_init(&fpga->jtag, fpga->now);
	} else if (instruction == HXCOMM_JTAG_INSTRUCTION) {
		emulator__jtag_select(&fpga->jtag, fpga->now, (uint8_t)(word & 0x7f));
	} else {
		const unsigned bits = (unsigned)(word >> 40 & 255);
		const uint64_t out = emulator__jtag_shift(&fpga->jtag, fpga->now, fpga->chip,
		        tick_at(fpga->now), word & 0x1ffffffffu, bits > BITS_MAX ? BITS_MAX : bits);
		if (word >> 48 & 1)
			respond(fpga, fpga->jtag.idle_at, HXCOMM_RESPONSE_JTAG, out);
		update_links(fpga, fpga->jtag.idle_at);
	}
}

static void spikes(struct emulator_fpga *fpga, uint64_t word, unsigned count)
{
	for (unsigned i = count; i-- > 0 && fpga->links;)
		emulator__chip_spike(fpga->chip, CYCLE_TICKS * fpga->now,
		        (uint16_t)(word >> 16 * i & 0xffff));
}

/* ---- the executor ----------------------------------------------------------------------------- */

/* Execute one word. false: it was a halt */
static bool execute(struct emulator_fpga *fpga, uint64_t word)
{
	const unsigned instruction = hxcomm_word_instruction(word);
	switch (instruction) {
	case HXCOMM_JTAG_INIT:
	case HXCOMM_JTAG_SCALER:
	case HXCOMM_JTAG_INSTRUCTION:
	case HXCOMM_JTAG_DATA:
		jtag(fpga, instruction, word);
		break;
	case HXCOMM_TIMER_SETUP:
		fpga->timer_zero = fpga->now;
		break;
	case HXCOMM_WAIT_UNTIL:
		wait_until(fpga, (uint32_t)word);
		break;
	case HXCOMM_SYSTIME_INIT:
		systime_init(fpga, word & 1);
		break;
	case HXCOMM_BARRIER:
		barrier(fpga, word & 31);
		break;
	case HXCOMM_POLLING_BLOCK:
		poll(fpga, word & 1);
		break;
	case HXCOMM_CHIP_RESET:
		reset_chip(fpga, word & 1);
		break;
	case HXCOMM_LOOPBACK:
		if (!(word & 1))
			return false;
		respond(fpga, fpga->now, HXCOMM_RESPONSE_LOOPBACK, 1);
		break;
	case HXCOMM_OMNIBUS_ADDRESS:
		fpga->write_waits = !(word >> 36 & 1);
		fpga->write_address = (uint32_t)word;
		fpga->write_enables = word >> 32 & 15;
		if (!fpga->write_waits)
			read_omnibus(fpga, (uint32_t)word);
		break;
	case HXCOMM_OMNIBUS_DATA:
		write_omnibus(fpga, (uint32_t)word);
		break;
	case HXCOMM_SPIKE_PACK_1:
	case HXCOMM_SPIKE_PACK_2:
	case HXCOMM_SPIKE_PACK_3:
		spikes(fpga, word, instruction - HXCOMM_SPIKE_PACK_1 + 1u);
		break;
	default:
		break; /* no instruction: one cycle of nothing */
	}
	return true;
}

int emulator__fpga_run(struct emulator_fpga *fpga, const uint64_t *words, size_t count,
        emulator_sink *sink, void *user)
{
	size_t since = 0;
	fpga->status = HXCOMM_OK;
	fpga->write_waits = false;
	emulator__chip_begin(fpga->chip);
	emulator__stream_begin(&fpga->stream, fpga->now, sink, user);
	for (fpga->index = 0; fpga->index < count && fpga->status == HXCOMM_OK; fpga->index++) {
		if (!execute(fpga, words[fpga->index]))
			break;
		fpga->now++;
		/* events of a train wait on the chip, responses in the stream: keep both short */
		if (++since >= RESPONSES_WAITING || emulator__stream_count(&fpga->stream) >= 2 * RESPONSES_WAITING) {
			catch_up(fpga);
			since = 0;
		}
	}
	catch_up(fpga);
	if (fpga->status == HXCOMM_OK)
		keep(fpga, emulator__stream_end(&fpga->stream, fpga->now));
	fpga->now++;
	return fpga->status;
}

// SPDX-License-Identifier: MIT
#include "fpga.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <stdlib.h>

enum {
	EVENTS_MOST = 4096,        /* so many on their way to the chip make it catch up, */
	RESPONSES_MOST = 8192,     /* and so many on their way to the host */
	EVENTS_WAITING = 256,      /* before those that are sure are sent */
	CYCLE_TICKS = EMULATOR_CYCLE_TICKS,
};

enum { LINK_UP = 1 << 4, LINK_CRC_ERROR = 1 << 2 };

static const uint32_t fpga_space = UINT32_C(1) << 31;

/* ---- time and the way back ------------------------------------------------------------------- */

static uint64_t tick_at(uint64_t cycle)
{
	return CYCLE_TICKS * (cycle + EMULATOR_CHIP_CYCLES);
}

void emulator__fpga_keep(struct emulator_fpga *fpga, int status)
{
	if (fpga->status == HXCOMM_OK)
		fpga->status = status;
}

static void respond(struct emulator_fpga *fpga, uint64_t cycle, enum hxcomm_response code,
        uint64_t payload)
{
	emulator__fpga_keep(fpga,
	        emulator__stream_append(&fpga->stream, cycle, code, payload));
}

static void notify(struct emulator_fpga *fpga, uint64_t cycle, unsigned link, unsigned bits)
{
	respond(fpga, cycle, HXCOMM_RESPONSE_LINK, link << 5 | bits);
}

/* What JTAG shifted in takes effect when its time has come. */
static void finish_jtag(struct emulator_fpga *fpga)
{
	if (!fpga->jtag.shifted || fpga->jtag.idle_at > fpga->now)
		return;
	emulator__jtag_update(&fpga->jtag, fpga->chip, tick_at(fpga->jtag.idle_at));
	emulator__fpga_update_links(fpga, fpga->jtag.idle_at);
}

static void notify_vector(struct emulator_fpga *fpga, const struct emulator_vector *vector,
        uint64_t cycle)
{
	enum { NOTIFIES = 1 << 3 };
	if (!(vector->control & NOTIFIES))
		return;
	if (vector->notification & fpga_space)
		emulator__fpga_write(fpga, vector->notification & ~fpga_space, 1, 15);
	else if (fpga->links.up)
		emulator__chip_write(fpga->chip, tick_at(cycle), vector->notification, 1, 15);
}

/* The generator whose next packet is the first; NULL where none is due. */
static struct emulator_vector *next_vector(struct emulator_fpga *fpga)
{
	struct emulator_vector *next = NULL;
	for (unsigned i = 0; i < EMULATOR_VECTOR_GENERATORS; i++) {
		struct emulator_vector *vector = &fpga->vector[i];
		if (vector->running && vector->due <= fpga->now &&
		        (!next || vector->due < next->due))
			next = vector;
	}
	return next;
}

/* Packets of the vector generators that are due. */
static void send_vectors(struct emulator_fpga *fpga)
{
	struct emulator_vector_packet packet;
	struct emulator_vector *vector;
	while ((vector = next_vector(fpga))) {
		emulator__vector_next(&packet, vector);
		for (unsigned event = 0; event < packet.count && fpga->links.up; event++)
			emulator__chip_spike(fpga->chip, CYCLE_TICKS * packet.cycle,
			        packet.label[event]);
		if (packet.ends)
			notify_vector(fpga, vector, packet.cycle);
	}
}

void emulator__fpga_catch_up(struct emulator_fpga *fpga)
{
	if (fpga->has_vectors)
		send_vectors(fpga);
	emulator__chip_advance(fpga->chip, CYCLE_TICKS * fpga->now);
	emulator__fpga_keep(fpga, fpga->chip->status);
	if (fpga->now && fpga->status == HXCOMM_OK)
		emulator__fpga_keep(fpga, emulator__stream_drain(&fpga->stream, fpga->now - 1));
}

/* Send what later events cannot overtake. These pass the crossbar at most a step before the chip's
 * clock, and instructions come at the FPGA's. */
static void send_sure(struct emulator_fpga *fpga)
{
	const uint64_t sure = (fpga->chip->now + EMULATOR_OUTPUT_TICKS - EMULATOR_JITTER_TICKS -
	                              EMULATOR_STEP_TICKS) / CYCLE_TICKS;
	const uint64_t end = sure < fpga->now ? sure : fpga->now;
	if (end && fpga->status == HXCOMM_OK)
		emulator__fpga_keep(fpga, emulator__stream_drain(&fpga->stream, end - 1));
}

/* Events of one kind, which the host gets to know where it wants to and links are up. */
static void forward(struct emulator_fpga *fpga, enum hxcomm_response code,
        const struct emulator_leaving *events, size_t count)
{
	struct emulator_response responses[EMULATOR_LEAVING];
	if (!fpga->links.up || !(fpga->registers.recording & 1))
		return;
	for (size_t i = 0; i < count; i++) {
		const struct emulator_leaving *event = &events[i];
		const uint64_t time = emulator__chip_systime(fpga->chip, event->stamp) & 255;
		responses[i] = (struct emulator_response){
			.cycle = (event->arrival + 1) / CYCLE_TICKS,
			.payload = time << 16 | event->label,
			/* the host takes a time stamp back by at most 256 ticks */
			.oldest = (event->stamp + 254) / CYCLE_TICKS,
			.code = (uint8_t)code,
		};
	}
	emulator__fpga_keep(
	        fpga, emulator__stream_append_events(&fpga->stream, responses, count));
	if (emulator__stream_count(&fpga->stream) >= EVENTS_WAITING)
		send_sure(fpga); /* a long wait */
}

static void spikes_arrive(void *user, const struct emulator_leaving *events, size_t count)
{
	struct emulator_fpga *fpga = user;
	forward(fpga, HXCOMM_RESPONSE_SPIKE_1, events, count);
	emulator__fpga_serial_spikes(fpga, events, count);
}

static void sample_arrives(void *user, uint64_t stamp, uint64_t arrival, uint16_t value)
{
	const struct emulator_leaving sample = { stamp, arrival, value };
	forward(user, HXCOMM_RESPONSE_MADC_1, &sample, 1);
}

static void event_is_lost(void *user, uint64_t tick, bool to_chip)
{
	struct emulator_fpga *fpga = user;
	if (fpga->links.up)
		notify(fpga, (tick + 1) / CYCLE_TICKS, emulator__links_lose(&fpga->links, to_chip),
		        LINK_UP | LINK_CRC_ERROR);
}

/* ---- making one ------------------------------------------------------------------------------ */

int emulator__fpga_new(struct emulator_fpga **out, const struct emulator_options *options)
{
	*out = NULL;
	struct emulator_fpga *fpga = calloc(1, sizeof(*fpga));
	if (!fpga)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for an emulated machine");
	const struct emulator_listener listener = {
		.spikes = spikes_arrive,
		.lose = event_is_lost,
		.sample = sample_arrives,
		.user = fpga,
	};
	const int status = emulator__chip_new(&fpga->chip, options, &listener);
	if (status != HXCOMM_OK) {
		free(fpga);
		return status;
	}
	emulator__stream_init(&fpga->stream);
	emulator__fpga_registers_init(fpga);
	emulator__board_init(&fpga->board, options->serial,
	        options->celsius != 0 ? options->celsius : EMULATOR_CELSIUS);
	fpga->links.loss = fpga->chip->events.loss;
	fpga->links.seed = options->seed;
	fpga->dead_links = options->faults.links;
	fpga->has_vectors = options->vector_generators;
	fpga->serial = options->serial;
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

/* ---- waiting --------------------------------------------------------------------------------- */

static unsigned reads_in_flight(const struct emulator_fpga *fpga)
{
	unsigned count = 0;
	while (count < EMULATOR_READS && count < fpga->reads_begun &&
	        fpga->reads[(fpga->reads_begun - 1 - count) % EMULATOR_READS] > fpga->now)
		count++;
	return count;
}

/* The instruction gives up at @cycle. */
static void time_out(struct emulator_fpga *fpga, uint64_t cycle)
{
	const uint64_t in_flight = reads_in_flight(fpga);
	fpga->now = cycle;
	respond(fpga, fpga->now, HXCOMM_RESPONSE_TIMEOUT,
	        (fpga->index & UINT32_MAX) | in_flight << 39);
}

/* Stall until @cycle. false: the timeout came first */
static bool block(struct emulator_fpga *fpga, uint64_t cycle)
{
	if (cycle <= fpga->now)
		return true;
	if (cycle - fpga->now > fpga->registers.timeout) {
		time_out(fpga, fpga->now + fpga->registers.timeout);
		return false;
	}
	fpga->now = cycle;
	finish_jtag(fpga);
	return true;
}

uint32_t emulator__fpga_timer(const struct emulator_fpga *fpga)
{
	return (uint32_t)(fpga->now - fpga->timer_zero);
}

static void wait_until(struct emulator_fpga *fpga, uint32_t value)
{
	/* no limit here: experiments wait longer than a blocked bus may */
	if (emulator__fpga_timer(fpga) < value)
		fpga->now += value - emulator__fpga_timer(fpga);
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

/* ---- links ----------------------------------------------------------------------------------- */

/* A link is up when both its ends are set and enabled, and the chip's clocks run. */
static uint8_t links_up(const struct emulator_fpga *fpga)
{
	const struct emulator_fpga_registers *registers = &fpga->registers;
	unsigned links = 0;
	if (fpga->in_reset || !emulator__clocks_run(&fpga->chip->clocks))
		return 0;
	for (unsigned link = 0; link < EMULATOR_LINKS; link++) {
		const unsigned other = EMULATOR_LINKS - 1 - link; /* as the chip counts */
		if (registers->phy_enable >> link & 1 && registers->phy[link] &&
		        fpga->chip->phy_enable >> other & 1 && fpga->jtag.phy[other])
			links |= 1u << link;
	}
	return (uint8_t)(links & ~(unsigned)fpga->dead_links);
}

void emulator__fpga_update_links(struct emulator_fpga *fpga, uint64_t cycle)
{
	const uint8_t old = fpga->links.up, now = links_up(fpga);
	if (now == old)
		return;
	emulator__fpga_catch_up(fpga); /* what was on its way still went over the old links */
	emulator__links_count(&fpga->links);
	for (unsigned link = 0; link < EMULATOR_LINKS; link++) {
		if (!((now ^ old) >> link & 1))
			continue;
		fpga->links.up_since[link] = cycle;
		notify(fpga, cycle, link, now >> link & 1 ? LINK_UP : 0);
	}
	fpga->links.up = now;
}

void emulator__fpga_reset_chip(struct emulator_fpga *fpga, bool asserted)
{
	if (!emulator__board_powers_chip(&fpga->board))
		asserted = true;
	if (asserted && !fpga->in_reset) {
		emulator__fpga_catch_up(fpga);
		emulator__chip_reset(fpga->chip, tick_at(fpga->now));
		emulator__jtag_reset_chip(&fpga->jtag);
		fpga->stream.annotated = false;
		fpga->systime_idle_at = fpga->now;
	}
	fpga->in_reset = asserted;
	emulator__fpga_update_links(fpga, fpga->now);
	if (asserted)
		emulator__links_reset(&fpga->links);
}

/* ---- omnibus --------------------------------------------------------------------------------- */

/* Words to the chip and back. Returns the cycles that repetitions took. */
static uint64_t carry(struct emulator_fpga *fpga, unsigned to, unsigned from)
{
	uint8_t damaged;
	const uint64_t cycles = emulator__links_carry(&damaged, &fpga->links, to, from);
	for (unsigned link = 0; damaged; link++, damaged >>= 1)
		if (damaged & 1)
			notify(fpga, fpga->now, link, LINK_UP | LINK_CRC_ERROR);
	return cycles;
}

/* Words to the chip wait on the FPGA until a link is up; here only for one that JTAG is about to
 * raise. */
static bool reach_chip(struct emulator_fpga *fpga)
{
	if (!fpga->links.up && fpga->jtag.shifted)
		block(fpga, fpga->jtag.idle_at);
	return fpga->links.up;
}

static void write_omnibus(struct emulator_fpga *fpga, uint32_t value)
{
	const uint32_t address = fpga->write_address;
	if (!fpga->write_waits)
		return;
	fpga->write_waits = false;
	const bool local = address & fpga_space, reached = local || reach_chip(fpga);
	uint64_t idle_at = fpga->now + EMULATOR_WRITE_CYCLES;
	if (local) {
		emulator__fpga_write(fpga, address & ~fpga_space, value, fpga->write_enables);
	} else if (reached) {
		const uint64_t late = carry(fpga, 2, 1);
		emulator__chip_write(fpga->chip, tick_at(fpga->now + late), address, value,
		        fpga->write_enables);
		if (address == EMULATOR_PHY_ADDRESS ||
		        address - EMULATOR_PLL_ADDRESS < EMULATOR_PLL_WORDS)
			emulator__fpga_update_links(fpga, fpga->now);
		idle_at = fpga->now + EMULATOR_CHIP_WRITE_CYCLES + late;
	}
	if (idle_at > fpga->omnibus_idle_at)
		fpga->omnibus_idle_at = idle_at;
	if (!(fpga->registers.filter & 1))
		respond(fpga, idle_at, HXCOMM_RESPONSE_OMNIBUS, value);
}

static void read_omnibus(struct emulator_fpga *fpga, uint32_t address)
{
	uint32_t value;
	if (reads_in_flight(fpga) == EMULATOR_READS &&
	        !block(fpga, fpga->reads[fpga->reads_begun % EMULATOR_READS]))
		return;
	const bool local = address & fpga_space, reached = local || reach_chip(fpga);
	uint64_t cycle = fpga->now + EMULATOR_READ_CYCLES;
	if (local) {
		value = emulator__fpga_read(fpga, address & ~fpga_space);
	} else if (reached) {
		const uint64_t late = carry(fpga, 1, 1);
		value = emulator__chip_read(fpga->chip, tick_at(fpga->now + late), address);
		cycle = fpga->now + late + EMULATOR_CHIP_READ_CYCLES +
		        emulator__chip_read_ticks(fpga->chip, address) / CYCLE_TICKS;
	} else {
		time_out(fpga, fpga->now + fpga->registers.timeout); /* nobody answers */
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
	const uint32_t address = fpga->registers.poll[0];
	const uint32_t target = fpga->registers.poll[1], mask = fpga->registers.poll[2];
	const uint32_t inside = address & ~fpga_space;
	const bool local = address & fpga_space;
	const bool changes = local ? emulator__fpga_is_volatile(inside)
	                           : emulator__chip_is_volatile(fpga->chip, address);
	const uint64_t cycles = local ? EMULATOR_READ_CYCLES
	        : EMULATOR_CHIP_READ_CYCLES +
	                emulator__chip_read_ticks(fpga->chip, address) / CYCLE_TICKS;
	const uint64_t begin = fpga->now, limit = fpga->registers.timeout;
	while ((local || fpga->links.up) && fpga->status == HXCOMM_OK) {
		const uint64_t late = local ? 0 : carry(fpga, 1, 1);
		const uint32_t value = local
		        ? emulator__fpga_read(fpga, inside)
		        : emulator__chip_read(fpga->chip, tick_at(fpga->now + late), address);
		fpga->now += cycles + late;
		if (((value & mask) == target) == wanted && fpga->now - begin <= limit)
			return;
		if (!changes || fpga->now - begin > limit)
			break;
		fpga->chip->work++;
		emulator__fpga_catch_up(fpga);
	}
	/* the clock does not run backwards: a look that began before the limit is waited for */
	time_out(fpga, begin + limit > fpga->now ? begin + limit : fpga->now);
}

/* ---- system time ----------------------------------------------------------------------------- */

/* One way or both may get lost; then the next try follows. Returns the tries, 0 where all
 * failed. */
static unsigned try_systime(struct emulator_fpga *fpga)
{
	for (unsigned tries = 1; tries <= fpga->registers.tries; tries++) {
		uint8_t damaged;
		const uint64_t lost = emulator__links_carry(&damaged, &fpga->links, 1, 1);
		if (!lost)
			return tries;
	}
	return 0;
}

static void systime_init(struct emulator_fpga *fpga, bool synchronise)
{
	if (!synchronise) {
		if (fpga->stream.annotated)
			respond(fpga, fpga->now, HXCOMM_RESPONSE_SYSTIME, 0);
		return;
	}
	const unsigned tries = reach_chip(fpga) ? try_systime(fpga) : 0;
	if (!tries) {
		fpga->systime_idle_at = UINT64_MAX;
		return;
	}
	emulator__fpga_catch_up(fpga);
	struct emulator_chip *chip = fpga->chip;
	chip->systime_zero += emulator__chip_systime(chip, CYCLE_TICKS * fpga->now) & 1;
	const uint64_t systime = emulator__chip_systime(chip, CYCLE_TICKS * fpga->now);
	fpga->stream.annotated = true;
	fpga->stream.systime_offset = systime / CYCLE_TICKS - fpga->now;
	fpga->systime_idle_at = fpga->now + (uint64_t)tries * EMULATOR_SYSTIME_CYCLES;
	fpga->round_trip = EMULATOR_SYSTIME_CYCLES;
	fpga->chip_systime = systime;
}

/* ---- JTAG and events ------------------------------------------------------------------------- */

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
		const uint64_t out = emulator__jtag_shift(&fpga->jtag, fpga->now,
		        word & 0x1ffffffffu, bits > BITS_MAX ? BITS_MAX : bits);
		if (word >> 48 & 1)
			respond(fpga, fpga->jtag.idle_at, HXCOMM_RESPONSE_JTAG, out);
	}
}

static inline void send_spikes(struct emulator_fpga *fpga, uint64_t word, unsigned count)
{
	for (unsigned i = count; i-- > 0;)
		emulator__chip_spike(fpga->chip, CYCLE_TICKS * fpga->now,
		        (uint16_t)(word >> 16 * i & 0xffff));
	fpga->since += count;
}

static void spikes(struct emulator_fpga *fpga, uint64_t word, unsigned count)
{
	if (fpga->chip->feedback != UINT64_MAX)
		/* events that come back keep their order with these */
		emulator__fpga_catch_up(fpga);
	if (fpga->links.up)
		send_spikes(fpga, word, count);
}

/* ---- the executor ---------------------------------------------------------------------------- */

/* Execute one word. false: it was a halt */
static bool execute(struct emulator_fpga *fpga, uint64_t word)
{
	const unsigned instruction = hxcomm_word_instruction(word);
	finish_jtag(fpga);
	if (fpga->has_vectors)
		send_vectors(fpga);
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
		emulator__fpga_reset_chip(fpga, word & 1);
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

void emulator__fpga_begin(struct emulator_fpga *fpga, emulator_sink *sink, void *user)
{
	fpga->status = HXCOMM_OK;
	fpga->write_waits = false;
	fpga->index = 0;
	fpga->since = 0;
	fpga->halted = false;
	emulator__chip_begin(fpga->chip);
	emulator__stream_begin(&fpga->stream, fpga->now, sink, user);
}

static bool is_of_train(uint64_t word)
{
	const unsigned instruction = hxcomm_word_instruction(word);
	return instruction == HXCOMM_WAIT_UNTIL || instruction - HXCOMM_SPIKE_PACK_1 <= 2;
}

/* Does nothing else go on beside waits and events? */
static bool nothing_beside(const struct emulator_fpga *fpga)
{
	return !fpga->jtag.shifted && !fpga->has_vectors && fpga->links.up &&
	       fpga->chip->feedback == UINT64_MAX && !fpga->chip->events.loss;
}

/* Execute the waits and events at the begin of some words, as long as not too many of them wait.
 * Returns how many words it executed. */
static size_t execute_train(struct emulator_fpga *fpga, const uint64_t *words, size_t count)
{
	size_t i = 0;
	for (; i < count && is_of_train(words[i]) && fpga->since < EVENTS_MOST; i++, fpga->now++) {
		const unsigned instruction = hxcomm_word_instruction(words[i]);
		if (instruction == HXCOMM_WAIT_UNTIL)
			wait_until(fpga, (uint32_t)words[i]);
		else
			send_spikes(fpga, words[i], instruction - HXCOMM_SPIKE_PACK_1 + 1);
	}
	fpga->index += i;
	return i;
}

/* Events of a train wait on the chip, responses in the stream: keep both short. */
static void catch_up_in_time(struct emulator_fpga *fpga)
{
	const uint64_t now = CYCLE_TICKS * fpga->now;
	if (fpga->since < EVENTS_MOST &&
	        emulator__stream_count(&fpga->stream) < RESPONSES_MOST)
		return;
	fpga->since = 0;
	if (emulator__chip_is_quiet(fpga->chip)) {
		emulator__fpga_catch_up(fpga);
		return;
	}
	/* to the end of a window: parts of one take longer */
	emulator__chip_advance(fpga->chip, now - now % EMULATOR_WINDOW_TICKS);
	emulator__fpga_keep(fpga, fpga->chip->status);
	send_sure(fpga);
}

int emulator__fpga_feed(struct emulator_fpga *fpga, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count && !fpga->halted && fpga->status == HXCOMM_OK;) {
		if (is_of_train(words[i]) && nothing_beside(fpga)) {
			i += execute_train(fpga, &words[i], count - i);
		} else if (execute(fpga, words[i])) {
			i++;
			fpga->index++;
			fpga->now++;
		} else {
			fpga->halted = true;
			break;
		}
		catch_up_in_time(fpga);
	}
	return fpga->status;
}

int emulator__fpga_end(struct emulator_fpga *fpga)
{
	finish_jtag(fpga);
	emulator__fpga_catch_up(fpga);
	if (fpga->status == HXCOMM_OK)
		emulator__fpga_keep(fpga, emulator__stream_end(&fpga->stream, fpga->now));
	fpga->now++;
	return fpga->status;
}

int emulator__fpga_run(struct emulator_fpga *fpga, const uint64_t *words, size_t count,
        emulator_sink *sink, void *user)
{
	emulator__fpga_begin(fpga, sink, user);
	(void)emulator__fpga_feed(fpga, words, count); /* the end tells the same error */
	return emulator__fpga_end(fpga);
}

// SPDX-License-Identifier: MIT
/* Registers, memories and counters of the FPGA, behind bit 31 of a bus address. */
#include "fpga.h"

#include <stddef.h>

/* Word addresses without bit 31 (source: spec/transport.md 2.4, spec/registers_fpga.json). */
enum {
	FILTER = 0x08000000,
	DNA_HIGH = 0x08000003,
	DNA_LOW = 0x08000004,
	RECORDING = 0x08000005,
	POLL = 0x08000006,
	TIMEOUT = 0x08000009,
	CORRECTION = 0x0800000b,
	TIMER = 0x0800000c,
	SYSTIME_TRIES = 0x08002000,
	SYSTIME_ROUND_TRIP = 0x08002001,
	SYSTIME_CHIP = 0x08002003,
	SYSTIME_ACTIVE = 0x08002005,
	PHY_ENABLE = 0x08004000,
	CRC_ERRORS = 0x08004004,
	ONLINE_TIME = 0x0800400c,
	DROPPED = 0x08004014,
	PHY_CONFIG = 0x08006000,
	PRESCALER = 0x08007a00,
	EVENT_SWITCH = 0x08007c00,
	PERFORMANCE = 0x08008000,
	LINK_WORDS = 0x0800c000,
	ARQ = 0x0800c010,
	SERIAL_OUT = 0x08020000,
	SERIAL_IN = 0x08030000,
	SERIAL = 0x08038000,
};

enum {
	TIMEOUT_DEFAULT = 1250000, /* 10 ms */
	SERIAL_BITS = 10,          /* a byte with its start and stop bit */
	SERIAL_QUEUE = 64,         /* bytes that wait */
	SERIAL_TX = 1 << 16,
	SERIAL_RX = 1 << 17,
	SERIAL_LOOP = 1 << 18,
	SERIAL_SCALER = 0xffff,
	SERIAL_SILENT = 0xff,
	SERIAL_SILENT_LABEL = 0xffff,
};

/* ---- what can be written --------------------------------------------------------------------- */

/* Addresses, the bits that exist, and the member of struct emulator_fpga_registers. */
#define REGISTER(first_address, count, bits, member)                               \
	{ .first = (first_address), .last = (first_address) + (count) - 1, .mask = (bits), \
	  .offset = offsetof(struct emulator_fpga_registers, member) }
/* Addresses, the bits that exist, and what each word is at first. */
#define MEMORY(first_address, count, bits, at_first)                               \
	{ .first = (first_address), .last = (first_address) + (count) - 1, .mask = (bits), \
	  .memory = true, .reset = (at_first) }

static const struct place {
	uint32_t first, last, mask;
	size_t offset;
	bool memory;
	uint32_t reset;
} places[] = {
	MEMORY(0x00000000, 0x8000, UINT32_MAX, 0),    /* memory of the processors */
	MEMORY(0x04000000, 0x4000000, UINT32_MAX, 0), /* the same, large and slow */
	REGISTER(FILTER, 1, 1, filter),
	REGISTER(RECORDING, 1, 1, recording),
	REGISTER(POLL, 3, UINT32_MAX, poll),
	REGISTER(TIMEOUT, 1, UINT32_MAX, timeout),
	REGISTER(CORRECTION, 1, 1, correction),
	REGISTER(SYSTIME_TRIES, 1, 15, tries),
	REGISTER(PHY_ENABLE, 1, 0xff, phy_enable),
	REGISTER(PHY_CONFIG, EMULATOR_LINKS, 0x003effff, phy),
	REGISTER(PRESCALER, 1, 0xffff, prescaler),
	REGISTER(EVENT_SWITCH, 5, UINT32_MAX, event_switch),
	REGISTER(PERFORMANCE, 1, 1, performance),
	MEMORY(SERIAL_OUT, 0x10000, 0xff, SERIAL_SILENT),
	MEMORY(SERIAL_IN, 0x100, 0xffff, SERIAL_SILENT_LABEL),
	REGISTER(SERIAL, 1, 0x7ffff, serial),
	MEMORY(0x080c0000, 0x8000, 0x1ffff, 0), /* routing of events from other chips */
	MEMORY(0x080d0000, 0x10000, 0xffff, 0), /* and to them */
};

void emulator__fpga_registers_init(struct emulator_fpga *fpga)
{
	fpga->registers = (struct emulator_fpga_registers){
		.filter = 1,
		.timeout = TIMEOUT_DEFAULT,
		.tries = 3,
		.serial = 1,
	};
}

static const struct place *find_place(uint32_t address)
{
	for (size_t i = 0; i < sizeof(places) / sizeof(*places); i++)
		if (address >= places[i].first && address <= places[i].last)
			return &places[i];
	return NULL;
}

static uint32_t *find_register(struct emulator_fpga *fpga, const struct place *place,
        uint32_t address)
{
	unsigned char *bytes = (unsigned char *)&fpga->registers + place->offset;
	return (uint32_t *)(void *)bytes + (address - place->first);
}

static uint32_t read_memory(const struct emulator_fpga *fpga, const struct place *place,
        uint32_t address)
{
	return (emulator__memory_read(&fpga->memory, address) ^ place->reset) & place->mask;
}

/* ---- counters -------------------------------------------------------------------------------- */

/* Words sent, received, received in order, and the first that was not: the ARQ keeps the order. */
static uint32_t performance(const struct emulator_fpga *fpga, unsigned which)
{
	const struct emulator_performance *test = &fpga->performance;
	const uint64_t end = test->end < fpga->now ? test->end : fpga->now;
	const uint64_t sent = (end - test->begin) / EMULATOR_PERFORMANCE_CYCLES;
	const uint64_t since = fpga->now - test->begin;
	uint64_t received = since < EMULATOR_CHIP_READ_CYCLES
	        ? 0
	        : (since - EMULATOR_CHIP_READ_CYCLES) / EMULATOR_PERFORMANCE_CYCLES;
	if (received > sent)
		received = sent;
	if (which == 0)
		return (uint32_t)sent;
	return which < 3 && test->linked ? (uint32_t)received : 0;
}

static uint32_t read_counter(struct emulator_fpga *fpga, uint32_t address)
{
	struct emulator_links *links = &fpga->links;
	if (address - CRC_ERRORS < EMULATOR_LINKS)
		return links->crc_errors[address - CRC_ERRORS];
	if (address - DROPPED < EMULATOR_LINKS)
		return links->dropped[address - DROPPED];
	if (address - ONLINE_TIME < EMULATOR_LINKS) {
		const uint32_t number = address - ONLINE_TIME;
		return links->up >> number & 1 ? (uint32_t)(fpga->now - links->up_since[number])
		                               : 0;
	}
	if (address - LINK_WORDS < 2 * EMULATOR_LINKS) {
		emulator__links_count(links);
		const uint32_t number = (address - LINK_WORDS) / 2;
		return address % 2 ? links->received[number] : links->sent[number];
	}
	switch (address) {
	case ARQ:
		return links->handed_over;
	case ARQ + 1:
		return links->sent_words;
	case ARQ + 2:
		return links->received_words;
	case ARQ + 3:
		return links->delivered;
	case PERFORMANCE + 1:
	case PERFORMANCE + 2:
	case PERFORMANCE + 3:
	case PERFORMANCE + 4:
		return performance(fpga, address - PERFORMANCE - 1);
	case SYSTIME_ROUND_TRIP:
		return (uint32_t)(fpga->round_trip >> 32);
	case SYSTIME_ROUND_TRIP + 1:
		return (uint32_t)fpga->round_trip;
	case SYSTIME_CHIP:
		return (uint32_t)(fpga->chip_systime >> 32);
	case SYSTIME_CHIP + 1:
		return (uint32_t)fpga->chip_systime;
	case SYSTIME_ACTIVE:
		return fpga->systime_idle_at > fpga->now;
	case DNA_HIGH:
		return 0x0e00000; /* of the 57 bits of an identity: here only the serial differs */
	case DNA_LOW:
		return fpga->serial;
	case TIMER:
		return emulator__fpga_timer(fpga);
	default:
		return 0;
	}
}

bool emulator__fpga_is_volatile(uint32_t address)
{
	return !find_place(address);
}

/* ---- access ---------------------------------------------------------------------------------- */

static bool on_i2c(uint32_t address)
{
	return address >= EMULATOR_I2C_BASE && address < EMULATOR_I2C_END;
}

static bool on_spi(uint32_t address)
{
	return address >= EMULATOR_SPI_BASE && address < EMULATOR_SPI_END;
}

static bool on_vector(const struct emulator_fpga *fpga, uint32_t address)
{
	return fpga->has_vectors && address >= EMULATOR_VECTOR_BASE &&
	       address < EMULATOR_VECTOR_BASE +
	                         EMULATOR_VECTOR_GENERATORS * EMULATOR_VECTOR_STRIDE;
}

static struct emulator_vector *vector_of(struct emulator_fpga *fpga, uint32_t address)
{
	return &fpga->vector[(address - EMULATOR_VECTOR_BASE) / EMULATOR_VECTOR_STRIDE];
}

uint32_t emulator__fpga_read(struct emulator_fpga *fpga, uint32_t address)
{
	if (on_vector(fpga, address))
		return emulator__vector_read(vector_of(fpga, address),
		        address % EMULATOR_VECTOR_STRIDE);
	if (on_i2c(address))
		return emulator__board_read(&fpga->board, address);
	const struct place *place = find_place(address);
	if (!place)
		return read_counter(fpga, address);
	if (address - POLL < 3)
		return 0; /* the operands of the polling block cannot be read */
	return place->memory ? read_memory(fpga, place, address)
	                     : *find_register(fpga, place, address);
}

static void apply_voltages(struct emulator_fpga *fpga)
{
	struct emulator_analog *analog = fpga->chip->analog;
	double volt;
	for (unsigned pad = 0; pad < 2; pad++) {
		const bool driven = emulator__board_drives_pad(&volt, &fpga->board, pad);
		emulator__analog_drive_pad(analog, pad, driven, (float)volt);
	}
	if (emulator__board_volt(&volt, &fpga->board, EMULATOR_DAC_V_RESET))
		emulator__analog_set_board_volt(analog, EMULATOR_V_RESET, (float)volt);
	if (emulator__board_volt(&volt, &fpga->board, EMULATOR_DAC_V_RES_MEAS))
		emulator__analog_set_board_volt(analog, EMULATOR_V_RES_MEAS, (float)volt);
}

/* A chip without its supplies is a chip in reset. */
static void write_spi(struct emulator_fpga *fpga, uint32_t address, uint32_t value)
{
	const bool powered = emulator__board_powers_chip(&fpga->board);
	if (!emulator__board_write_spi(&fpga->board, address, value))
		return;
	emulator__fpga_catch_up(fpga);
	apply_voltages(fpga);
	const bool powers = emulator__board_powers_chip(&fpga->board);
	if (powers != powered)
		emulator__fpga_reset_chip(fpga, !powers);
}

/* From which time on a spike comes back to the chip: both ways, and a byte between them. */
static void update_serial(struct emulator_fpga *fpga)
{
	const uint32_t config = fpga->registers.serial, all = SERIAL_TX | SERIAL_RX | SERIAL_LOOP;
	const uint64_t byte =
	        (uint64_t)SERIAL_BITS * (config & SERIAL_SCALER) * EMULATOR_CYCLE_TICKS;
	emulator__fpga_catch_up(fpga);
	emulator__chip_set_feedback(fpga->chip, (config & all) != all
	                ? UINT64_MAX
	                : EMULATOR_OUTPUT_TICKS + EMULATOR_LINK_TICKS -
	                          2 * EMULATOR_JITTER_TICKS - EMULATOR_CYCLE_TICKS + byte);
}

static void update_performance(struct emulator_fpga *fpga, bool ran)
{
	const bool runs = fpga->registers.performance & 1;
	if (runs && !ran)
		fpga->performance = (struct emulator_performance){ fpga->now, UINT64_MAX,
			fpga->links.up != 0 };
	else if (!runs && ran)
		fpga->performance.end = fpga->now;
}

static void write_register(struct emulator_fpga *fpga, const struct place *place, uint32_t address,
        uint32_t value, uint32_t mask)
{
	uint32_t *word = find_register(fpga, place, address);
	const uint32_t old = *word;
	if (address == RECORDING)
		emulator__fpga_catch_up(fpga); /* what came before is recorded, or not, as before */
	*word = (old & ~mask) | (value & mask);
	if (address == PHY_ENABLE || address - PHY_CONFIG < EMULATOR_LINKS)
		emulator__fpga_update_links(fpga, fpga->now);
	else if (address == PERFORMANCE)
		update_performance(fpga, old & 1);
	else if (address == SERIAL)
		update_serial(fpga);
}

void emulator__fpga_write(struct emulator_fpga *fpga, uint32_t address, uint32_t value,
        uint8_t enables)
{
	const uint32_t lanes = emulator__byte_mask(enables);
	if (on_i2c(address)) {
		emulator__board_write(&fpga->board, address, value);
		return;
	}
	if (on_spi(address)) {
		write_spi(fpga, address, value);
		return;
	}
	if (on_vector(fpga, address)) {
		emulator__vector_write(vector_of(fpga, address), address % EMULATOR_VECTOR_STRIDE,
		        value, enables, fpga->now);
		return;
	}
	const struct place *place = find_place(address);
	if (!place)
		return;
	if (place->memory)
		emulator__fpga_keep(fpga, emulator__memory_write(&fpga->memory, address,
		                                  value ^ place->reset, lanes & place->mask));
	else
		write_register(fpga, place, address, value, lanes & place->mask);
}

/* ---- spike I/O ------------------------------------------------------------------------------- */

static void send_serial(struct emulator_fpga *fpga, uint64_t cycle, uint16_t label)
{
	const uint32_t config = fpga->registers.serial;
	const uint64_t byte = (uint64_t)SERIAL_BITS * (config & SERIAL_SCALER);
	const uint32_t to = emulator__fpga_read(fpga, SERIAL_OUT + label);
	if (to == SERIAL_SILENT)
		return;
	const uint64_t begin = fpga->serial_free > cycle ? fpga->serial_free : cycle;
	if (begin - cycle > SERIAL_QUEUE * byte)
		return;
	fpga->serial_free = begin + byte;
	if (!(config & SERIAL_RX) || !(config & SERIAL_LOOP) || !fpga->links.up)
		return;
	const uint32_t back = emulator__fpga_read(fpga, SERIAL_IN + to);
	if (back != SERIAL_SILENT_LABEL)
		emulator__chip_spike(fpga->chip, EMULATOR_CYCLE_TICKS * fpga->serial_free,
		        (uint16_t)back);
}

void emulator__fpga_serial_spikes(struct emulator_fpga *fpga,
        const struct emulator_leaving *events, size_t count)
{
	if (!(fpga->registers.serial & SERIAL_TX))
		return;
	for (size_t i = 0; i < count; i++)
		send_serial(fpga, (events[i].arrival + 1) / EMULATOR_CYCLE_TICKS, events[i].label);
}

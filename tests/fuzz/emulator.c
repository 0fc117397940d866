// SPDX-License-Identifier: MIT
/* Any words to the emulated machine: it answers, or says that it is too much work; it never
 * crashes, and its clock never runs further than waits and time limits allow. The first byte
 * chooses: bit 0 the links are up, bit 1 the rest are commands of eight bytes for a valid program
 * instead of instruction words (both big-endian), bit 2 all neurons may fire and everything is
 * connected, bit 3 links lose and turn bits, bit 4 the program runs twice, bit 5 the FPGA has
 * vector generators, bit 6 neurons are rich and fire with others, and some are stuck in reset, bit
 * 7 the hemispheres have a thread each. */
#include <fpga.h>

#include <haldls/chip.h>
#include <haldls/containers.h>
#include <hxcomm/decoder.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COMMANDS_MAX = 512, WORDS_MAX = 8 * COMMANDS_MAX, WORK_MAX = 10000 };
enum { LINKS = 1, COMMANDS = 2, CONNECTED = 4, LOSSY = 8, TWICE = 16, VECTORS = 32,
	RICH = 64, THREADS = 128 };

struct sink {
	struct hxcomm_decoder decoder;
	struct hxcomm_responses *responses;
};

struct program {
	uint64_t words[WORDS_MAX];
	size_t count;
	uint64_t waits; /* cycles that they may take */
	uint32_t longest; /* mask of what a wait may be */
};

static int decode(void *user, const uint64_t *words, size_t count)
{
	struct sink *sink = user;
	return hxcomm_decode(&sink->decoder, words, count, sink->responses);
}

/* ---- commands -------------------------------------------------------------------------------- */

static void word(struct program *program, uint64_t w)
{
	if (program->count < WORDS_MAX)
		program->words[program->count++] = w;
}

static void wait_until(struct program *program, uint32_t cycles)
{
	program->waits += cycles;
	word(program, hxcomm_word_wait_until(cycles));
}

static void access_jtag(struct program *program, uint32_t address, uint32_t value, bool reads)
{
	word(program, hxcomm_word_jtag_instruction(5));
	word(program, hxcomm_word_jtag_data((uint64_t)reads << 32 | address, 33, false));
	word(program, hxcomm_word_jtag_instruction(6));
	word(program, hxcomm_word_jtag_data(value, 32, reads));
	word(program, hxcomm_word_jtag_instruction(7));
	word(program, hxcomm_word_jtag_data(0, 3, false));
}

/* Registers that a whole configuration does not write: triggers, counters, samples, the FPGA's; but
 * not the time limit. */
static uint32_t other_address(unsigned number)
{
	static const uint32_t first[] = { 0x00000000, 0x00040000, 0x00080000, 0x00110000,
		0x00110001, 0x00122000, 0x00122800, 0x00122c00, 0x00130000, 0x00130001, 0x00130019,
		0x00130065, 0x00130079, 0x000c0000, 0x02c80000, 0x02ec0000, 0x02c90000, 0x02c94000,
		0x02a00000, 0x80000000, 0x84000000, 0x84000100, 0x84000200, 0x84001200, 0x88000000,
		0x88000005, 0x88002000, 0x88004000, 0x88006000, 0x88007000, 0x88007828, 0x88007838,
		0x88007840, 0x880078c0, 0x8800784c, 0x88007850, 0x88007870, 0x88007c00, 0x88008000,
		0x8800c000, 0x88020000, 0x88030000, 0x88038000, 0x880c0000, 0x880d0000 };
	const size_t count = sizeof(first) / sizeof(*first);
	const uint32_t address = first[number % count] + (uint32_t)(number / count % 24);
	return address == 0x88000009 ? 0x88000005 : address;
}

/* The operands of the polling block, but not the time limit. */
static void set_poll(struct program *program, uint32_t address, uint32_t value)
{
	const uint32_t operands[3] = { address, value & 0xff, 0xff };
	for (uint32_t i = 0; i < 3; i++) {
		word(program, hxcomm_word_omnibus_address(0x88000006 + i, 15, false));
		word(program, hxcomm_word_omnibus_data(operands[i]));
	}
	word(program, hxcomm_word_polling_block(value >> 8 & 1));
}

static void command(struct program *program, const uint8_t bytes[8])
{
	const unsigned number = (unsigned)bytes[1] << 16 | (unsigned)bytes[2] << 8 | bytes[3];
	const uint32_t value = (uint32_t)bytes[4] << 24 | (uint32_t)bytes[5] << 16 |
	        (uint32_t)bytes[6] << 8 | bytes[7];
	const uint32_t address = bytes[0] & 16
	                                 ? other_address(number)
	                                 : haldls_chip_addresses()[number % HALDLS_CHIP_WORDS];
	switch (bytes[0] % 16) {
	case 0:
		word(program, hxcomm_word_spike_pack_1((uint16_t)value));
		break;
	case 1:
		word(program, hxcomm_word_spike_pack_3((uint16_t)value, (uint16_t)(value >> 16),
		                      (uint16_t)number));
		break;
	case 2:
	case 3:
		wait_until(program, value & (bytes[0] & 32 ? program->longest : 0xfff));
		break;
	case 4:
		word(program, hxcomm_word_timer_setup());
		break;
	case 5:
		word(program, hxcomm_word_barrier(value & 31));
		break;
	case 6:
		set_poll(program, address, value);
		break;
	case 7:
		word(program, hxcomm_word_systime_init(value & 1));
		break;
	case 8:
		access_jtag(program, address, value, number & 1);
		break;
	case 9:
		word(program, hxcomm_word_chip_reset(value & 1));
		break;
	case 10:
	case 11:
		word(program, hxcomm_word_omnibus_address(address, 15, true));
		break;
	default:
		word(program, hxcomm_word_omnibus_address(address, bytes[0] & 64 ? value & 15 : 15,
		                      false));
		word(program, hxcomm_word_omnibus_data(value));
		break;
	}
}

/* ---- the machine ----------------------------------------------------------------------------- */

/* The chip can be reached without the sequence of the bring-up: set what it leaves behind. */
static void raise_links(struct emulator_fpga *fpga)
{
	for (unsigned i = 0; i < EMULATOR_PLL_NEEDED; i++)
		fpga->chip->clocks.word[i] = 1;
	fpga->links.up = 0xff;
	fpga->registers.recording = 1;
}

/* Everything may fire and reach everything. */
static void connect_all(struct emulator_fpga *fpga)
{
	struct emulator_events *events = &fpga->chip->events;
	for (unsigned n = 0; n < 512; n++)
		fpga->chip->can_fire[n] = events->route[n].sends = true;
	for (unsigned d = 0; d < 256; d++)
		events->driver[d].receives = true;
	for (unsigned bus = 0; bus < EMULATOR_BUSES; bus++)
		events->bus_enabled[bus] = true;
	events->stale = fpga->chip->routes_stale = true;
}

/* All that a neuron can have, and what joins it to the next. */
static void enrich_all(struct emulator_fpga *fpga)
{
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct haldls_neuron_backend_config backend = HALDLS_NEURON_BACKEND_CONFIG_INIT;
	neuron.enable_fire = neuron.enable_threshold_comparator = true;
	neuron.enable_adaptation = neuron.enable_exponential = true;
	neuron.enable_membrane_offset = true;
	neuron.enable_bypass_excitatory = neuron.enable_bypass_inhibitory = true;
	neuron.enable_synaptic_input_excitatory = neuron.enable_synaptic_input_inhibitory = true;
	neuron.enable_synaptic_input_excitatory_coba_mode = true;
	neuron.connect_soma = neuron.connect_soma_right = neuron.enable_multicomp_conductance =
	        true;
	backend.enable_neuron_master = backend.enable_neuron_slave = true;
	backend.connect_fire_to_right = backend.connect_fire_bottom = true;
	backend.enable_bayesian_0 = backend.enable_adaptation_pulse = true;
	for (uint32_t n = 0; n < 512; n++) {
		emulator__analog_set_neuron(fpga->chip->analog, n, &neuron);
		emulator__analog_set_backend(fpga->chip->analog, n, &backend);
		fpga->chip->is_slave[n] = true;
	}
	fpga->chip->routes_stale = true;
}

static void run(struct emulator_fpga *fpga, const struct program *program, bool valid)
{
	struct sink sink;
	hxcomm_decoder_init(&sink.decoder);
	if (hxcomm_responses_new(&sink.responses, 0) != HXCOMM_OK)
		abort();
	const uint64_t begin = fpga->now;
	const int status = emulator__fpga_run(fpga, program->words, program->count, decode, &sink);
	if (status != HXCOMM_OK && status != HXCOMM_ETIMEDOUT)
		abort(); /* what it sends must decode */
	if (status == HXCOMM_OK && sink.decoder.halts != 1)
		abort();
	const uint64_t slowest = 1250000 + 1000 + EMULATOR_RETRY_CYCLES * 20;
	if (valid && fpga->now - begin > program->waits + program->count * slowest + 2)
		abort(); /* nothing blocks for longer than the time limit */
	hxcomm_responses_free(sink.responses);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct program program;
	struct emulator_options options = { .serial = 1, .seed = 1, .noise = true,
		.work_limit = WORK_MAX };
	struct emulator_fpga *fpga;
	const unsigned mode = size ? data[0] : 0;
	options.vector_generators = mode & VECTORS;
	options.threads = mode & THREADS ? 2 : 1;
	if (mode & LOSSY)
		options.faults.link_loss = options.faults.link_flips = 0.1;
	for (uint32_t n = 0; mode & RICH && n < 512; n += 100)
		options.faults.stuck_reset[n] = true;
	if (!size || emulator__fpga_new(&fpga, &options) != HXCOMM_OK)
		return 0;
	if (mode & LINKS)
		raise_links(fpga);
	if (mode & CONNECTED)
		connect_all(fpga);
	if (mode & RICH)
		enrich_all(fpga);
	program.count = program.waits = 0;
	program.longest = mode & RICH ? 0x1fff : 0xfffff; /* rich neurons are slow */
	for (size_t i = 1; i + 8 <= size && i < 8 * COMMANDS_MAX; i += 8) {
		uint64_t w = 0;
		for (size_t k = 0; k < 8; k++)
			w = w << 8 | data[i + k];
		if (mode & COMMANDS)
			command(&program, data + i);
		else
			word(&program, w);
	}
	run(fpga, &program, mode & COMMANDS);
	if (mode & TWICE)
		run(fpga, &program, mode & COMMANDS);
	emulator__fpga_free(fpga);
	return 0;
}

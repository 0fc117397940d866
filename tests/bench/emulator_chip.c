// SPDX-License-Identifier: MIT
/* The emulated machine around its analog half: what opening one costs in time and memory, writing a
 * whole chip, and the way of events from the host to the host. One JSON object a line. */
#include <haldls/chip.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <hxcomm/decoder.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <string.h>
#include <unistd.h>

#include "bench.h"
#include "fpga.h"

enum { ROUNDS = 15, CHIPS = 50, SPIKES = 300000, WORDS_MAX = 1 << 20 };

static uint64_t words[WORDS_MAX];
static size_t count;

static void print(const char *name, const char *unit, double value, double work)
{
	printf("{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%.4g,\"work\":%.6g}\n", name, unit,
	        value, work);
	fflush(stdout);
}

static size_t resident_bytes(void)
{
	unsigned long pages = 0, resident = 0;
	FILE *file = fopen("/proc/self/statm", "r");
	if (!file || fscanf(file, "%lu %lu", &pages, &resident) != 2)
		abort();
	fclose(file);
	return (size_t)resident * (size_t)sysconf(_SC_PAGESIZE);
}

/* ---- programs -------------------------------------------------------------------------------- */

static void word(uint64_t w)
{
	if (count < WORDS_MAX)
		words[count++] = w;
}

static void write_register(uint32_t address, uint32_t value)
{
	word(hxcomm_word_omnibus_address(address, 15, false));
	word(hxcomm_word_omnibus_data(value));
}

static void wait_for(uint32_t cycles)
{
	word(hxcomm_word_timer_setup());
	word(hxcomm_word_wait_until(cycles));
}

/* The links come up: what the bring-up does, without its waits (source: spec/stadls.md 5.2). */
static void bring_up(void)
{
	static const uint32_t pll[5] = { 0x2a20a902, 0xc0cbf200, 0x2a20a902, 0xc0cbf200,
		0x110d0101 };
	word(hxcomm_word_jtag_scaler(3));
	word(hxcomm_word_jtag_init());
	for (unsigned i = 0; i < 5; i++) {
		word(hxcomm_word_jtag_instruction(3));
		word(hxcomm_word_jtag_data(i, 4, false));
		word(hxcomm_word_jtag_instruction(4));
		word(hxcomm_word_jtag_data(pll[i], 32, false));
	}
	for (uint32_t phy = 0; phy < 8; phy++)
		write_register(0x88006000 + phy, 0x204040);
	for (unsigned phy = 8; phy-- > 0;) {
		word(hxcomm_word_jtag_instruction((uint8_t)(0x40 | phy << 3 | 4)));
		word(hxcomm_word_jtag_data(0x204000, 22, false));
	}
	wait_for(12500);
	write_register(0x88004000, 0xff);
	static const uint64_t enable[3][2] = { { 5, 0x40000 }, { 6, 0xff }, { 7, 0 } };
	static const unsigned bits[3] = { 33, 32, 3 };
	for (unsigned i = 0; i < 3; i++) {
		word(hxcomm_word_jtag_instruction((uint8_t)enable[i][0]));
		word(hxcomm_word_jtag_data(enable[i][1], bits[i], false));
	}
	wait_for(12500);
	word(hxcomm_word_systime_init(true));
	word(hxcomm_word_barrier(HXCOMM_BARRIER_SYSTIME));
	write_register(0x88000005, 1);
}

/* ---- running --------------------------------------------------------------------------------- */

static int discard(void *user, const uint64_t *received, size_t received_count)
{
	(void)user, (void)received, (void)received_count;
	return 0;
}

static double run(struct emulator_fpga *fpga)
{
	const double begin = seconds();
	if (emulator__fpga_run(fpga, words, count, discard, NULL))
		abort();
	count = 0;
	return seconds() - begin;
}

static struct emulator_fpga *new_machine(uint32_t serial)
{
	const struct emulator_options options = {
		.serial = serial, .seed = 1, .noise = true, .variation = true
	};
	struct emulator_fpga *fpga;
	if (emulator__fpga_new(&fpga, &options))
		abort();
	return fpga;
}

static void bench_open(void)
{
	static struct emulator_fpga *chips[CHIPS];
	double values[ROUNDS];
	for (unsigned i = 0; i < ROUNDS; i++) {
		const double begin = seconds();
		struct emulator_fpga *fpga = new_machine(1 + i);
		values[i] = seconds() - begin;
		emulator__fpga_free(fpga);
	}
	print("opening a chip", "ms", median(values, ROUNDS) * 1e3, ROUNDS);
	const size_t before = resident_bytes();
	for (unsigned i = 0; i < CHIPS; i++)
		chips[i] = new_machine(1 + i);
	const size_t after = resident_bytes();
	print("memory of a chip", "MiB", (double)(after - before) / CHIPS / (1 << 20), CHIPS);
	for (unsigned i = 0; i < CHIPS; i++)
		emulator__fpga_free(chips[i]);
}

/* Cells, synapses and drivers: nearly all there is, and nothing that would begin to run by
 * itself. */
static bool may_change(uint32_t address)
{
	return address >= 0x02c00000 || (address >= 0x00140000 && address < 0x00160000) ||
	       (address >= 0x00110400 && address < 0x00120000);
}

/* A whole chip, each of those words another than before. */
static void whole_chip(const uint32_t *encoded, unsigned round)
{
	const uint32_t *addresses = haldls_chip_addresses();
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
		const uint32_t flip = round % 2 && may_change(addresses[i]) ? 0x01010101 : 0;
		write_register(addresses[i], encoded[i] ^ flip);
	}
	word(hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

static void bench_writing(void)
{
	struct emulator_fpga *fpga = new_machine(1);
	struct haldls_chip *chip = malloc(sizeof(*chip));
	uint32_t *encoded = malloc(HALDLS_CHIP_WORDS * sizeof(*encoded));
	double values[ROUNDS];
	if (!chip || !encoded)
		abort();
	haldls_chip_init(chip);
	if (haldls_chip_encode(encoded, chip))
		abort();
	bring_up();
	run(fpga);
	for (unsigned i = 0; i < ROUNDS; i++) {
		whole_chip(encoded, i);
		values[i] = run(fpga);
	}
	print("writing a whole chip, everything new", "ms", median(values, ROUNDS) * 1e3,
	        HALDLS_CHIP_WORDS);
	for (unsigned i = 0; i < ROUNDS; i++) {
		whole_chip(encoded, 0);
		values[i] = run(fpga);
	}
	print("writing a whole chip, nothing new", "ms", median(values, ROUNDS) * 1e3,
	        HALDLS_CHIP_WORDS);
	free(chip);
	free(encoded);
	emulator__fpga_free(fpga);
}

/* Three events in three cycles, from the host through the crossbar and back. */
static void bench_loop(void)
{
	struct emulator_fpga *fpga = new_machine(1);
	double values[ROUNDS];
	bring_up();
	for (uint32_t i = 0; i < 4; i++)
		write_register(0x00130039 + 9 * i, 0x80000000);
	run(fpga);
	for (unsigned i = 0; i < ROUNDS; i++) {
		for (uint32_t spike = 0; spike < SPIKES; spike += 2)
			word(hxcomm_word_spike_pack_2((uint16_t)(spike & 0x3fff),
			        (uint16_t)(0x4000 | (spike & 0x3fff))));
		wait_for(1000);
		values[i] = run(fpga);
	}
	print("an event from host to host", "ns", median(values, ROUNDS) / SPIKES * 1e9, SPIKES);
	emulator__fpga_free(fpga);
}

/* ---- a dense network ------------------------------------------------------------------------- */

enum { SOURCES = 512, NEURONS = 512, DENSE_MS = 5, CYCLES_MS = 125000 };

/* Sources are rows: bits 13 to 11 of a label choose the bus, 10 to 6 the driver, bit 0 the row. */
static uint16_t source_label(uint32_t source)
{
	const uint32_t driver = source / 2, number = driver % 128;
	return (uint16_t)((driver / 128 * 4 + number % 4) << 11 | number / 4 << 6 | source % 2);
}

static void connect(struct haldls_chip *chip)
{
	for (uint32_t n = 0; n < HALDLS_CROSSBAR_NODES; n++) {
		const uint32_t input = haldls_crossbar_node_input(n);
		const uint32_t to = haldls_crossbar_node_output(n);
		struct haldls_crossbar_node *node = &chip->crossbar_node[n];
		const bool passes = input < 8 ? to >= 8 : input == 8 && to < 8;
		node->mask = passes && input == 8 ? 7 << 11 : 0;
		node->target = !passes ? 1 : input == 8 ? to << 11 : 0;
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		for (unsigned bus = 0; bus < 4; bus++)
			chip->common_padi_bus_config[hemisphere].enable_spl1[bus] = true;
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->enable_receiver = true;
		driver->row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
		driver->row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY;
	}
}

/* Neurons at rest near their threshold, current-based inputs. */
static void set_neurons(struct haldls_chip *chip)
{
	static const struct { uint32_t row; int code; } rows[] = {
		{ HALDLS_CAPMEM_V_LEAK, 650 }, { HALDLS_CAPMEM_V_RESET, 600 },
		{ HALDLS_CAPMEM_V_THRESHOLD, 300 }, { HALDLS_CAPMEM_I_BIAS_LEAK, 158 },
		{ HALDLS_CAPMEM_I_BIAS_RESET, 1000 }, { HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 79 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 100 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, 112 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 278 },
	};
	for (uint32_t n = 0; n < NEURONS; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		struct haldls_neuron_backend_config *backend =
		        &chip->neuron_backend_config[haldls_neuron_backend(n)];
		neuron->enable_fire = neuron->enable_threshold_comparator = true;
		neuron->enable_leak_degeneration = neuron->enable_reset_degeneration = true;
		neuron->enable_reset_multiplication = true;
		neuron->enable_synaptic_input_excitatory = true;
		neuron->enable_synaptic_input_inhibitory = true;
		neuron->enable_synaptic_input_excitatory_high_resistance = true;
		neuron->enable_synaptic_input_inhibitory_high_resistance = true;
		neuron->membrane_capacitor_size = 63;
		backend->refractory_time = 32;
		backend->enable_spike_out = true;
		backend->address_out = n % 256;
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			chip->capmem[haldls_capmem_cell_of_neuron(n, rows[i].row)] =
			        (uint16_t)rows[i].code;
	}
	for (uint32_t half = 0; half < 2; half++)
		chip->common_neuron_backend_config[half].clock_scale_slow = 3;
	for (uint32_t q = 0; q < 4; q++) {
		chip->capmem[3120 * q + HALDLS_CAPMEM_SYN_I_BIAS_DAC] = 600;
		chip->capmem[3120 * q + HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR] = 200;
	}
}

static void set_synapses(struct haldls_chip *chip)
{
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		for (uint32_t row = 0; row < 256; row++)
			for (uint32_t column = 0; column < 256; column++) {
				chip->synapse_weight[hemisphere][row][column] = row % 2 ? 15 : 25;
				chip->synapse_label[hemisphere][row][column] = (uint8_t)(row % 2);
			}
	for (uint32_t i = 0; i < 512; i++) {
		struct haldls_column_current_quad *quad = &chip->column_current_quad[i / 4];
		quad->enable_synaptic_current_excitatory[i % 4] = true;
		quad->enable_synaptic_current_inhibitory[i % 4] = true;
	}
}

static double uniform(void)
{
	static uint64_t state = 1;
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(state >> 40) / 16777216.0;
}

/* Sources at 20 kHz each, for some milliseconds. */
static void append_events(void)
{
	static double next[SOURCES];
	const double mean = CYCLES_MS / 20.0;
	word(hxcomm_word_timer_setup());
	for (uint32_t i = 0; i < SOURCES; i++)
		next[i] = mean * uniform();
	for (uint32_t cycle = 1; cycle < DENSE_MS * CYCLES_MS; cycle += 8) {
		bool waited = false;
		for (uint32_t i = 0; i < SOURCES; i++) {
			if (next[i] >= cycle)
				continue;
			if (!waited)
				word(hxcomm_word_wait_until(cycle));
			waited = true;
			word(hxcomm_word_spike_pack_1(source_label(i)));
			next[i] += mean * (0.5 + uniform());
		}
	}
	word(hxcomm_word_wait_until(DENSE_MS * CYCLES_MS));
}

static size_t received_spikes;

static int count_spikes(void *user, const uint64_t *received, size_t received_count)
{
	static struct hxcomm_responses *responses;
	if (!responses && hxcomm_responses_new(&responses, 0))
		abort();
	hxcomm_responses_clear(responses);
	if (hxcomm_decode(user, received, received_count, responses))
		abort();
	received_spikes += responses->spikes.count;
	return 0;
}

static void bench_dense(void)
{
	struct emulator_fpga *fpga = new_machine(1);
	struct haldls_chip *chip = malloc(sizeof(*chip));
	uint32_t *encoded = malloc(HALDLS_CHIP_WORDS * sizeof(*encoded));
	struct hxcomm_decoder decoder;
	double values[ROUNDS];
	if (!chip || !encoded)
		abort();
	haldls_chip_init(chip);
	connect(chip);
	set_neurons(chip);
	set_synapses(chip);
	if (haldls_chip_encode(encoded, chip))
		abort();
	bring_up();
	whole_chip(encoded, 0);
	wait_for(50 * CYCLES_MS);
	run(fpga);
	hxcomm_decoder_init(&decoder);
	for (unsigned i = 0; i < ROUNDS; i++) {
		append_events();
		const double begin = seconds();
		if (emulator__fpga_run(fpga, words, count, count_spikes, &decoder))
			abort();
		values[i] = (seconds() - begin) / DENSE_MS;
		count = 0;
	}
	print("1 ms of a dense network, words to words", "ms", median(values, ROUNDS) * 1e3,
	        (double)received_spikes / ROUNDS / DENSE_MS);
	free(chip);
	free(encoded);
	emulator__fpga_free(fpga);
}

/* With a name, only that part. */
int main(int argc, char **argv)
{
	static const struct { const char *name; void (*run)(void); } parts[] = {
		{ "open", bench_open }, { "writing", bench_writing }, { "loop", bench_loop },
		{ "dense", bench_dense },
	};
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		if (argc < 2 || !strcmp(argv[1], parts[i].name))
			parts[i].run();
	return 0;
}

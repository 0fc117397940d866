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
#include "dense_network.h"
#include "oracle.h"

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

/* Time that a run spends in the analog half: its two entry points for events and time are wrapped
 * when this program is linked. */
static double analog_seconds;

int __real_emulator__analog_advance(struct emulator_analog *analog, uint64_t t,
        struct emulator_spike *out, size_t capacity, size_t *spike_count);
int __wrap_emulator__analog_advance(struct emulator_analog *analog, uint64_t t,
        struct emulator_spike *out, size_t capacity, size_t *spike_count);
void __real_emulator__analog_driver_events(struct emulator_analog *analog,
        const struct emulator_driver_event *events, size_t event_count);
void __wrap_emulator__analog_driver_events(struct emulator_analog *analog,
        const struct emulator_driver_event *events, size_t event_count);

int __wrap_emulator__analog_advance(struct emulator_analog *analog, uint64_t t,
        struct emulator_spike *out, size_t capacity, size_t *spike_count)
{
	const double begin = seconds();
	const int status =
	        __real_emulator__analog_advance(analog, t, out, capacity, spike_count);
	analog_seconds += seconds() - begin;
	return status;
}

void __wrap_emulator__analog_driver_events(struct emulator_analog *analog,
        const struct emulator_driver_event *events, size_t event_count)
{
	const double begin = seconds();
	__real_emulator__analog_driver_events(analog, events, event_count);
	analog_seconds += seconds() - begin;
}

enum { SOURCES = 512, CYCLES_MS = 125000, ANSWER_MAX = 1 << 18 };
enum { DENSE_MS = 5, DENSE_ROUNDS = 41 };

/* Sources are rows: bit 0 of a label is the row of its driver. */
static uint16_t source_label(uint32_t source)
{
	const uint32_t driver = source / 2, number = driver % 128;
	return (uint16_t)((driver / 128 * 4 + number % 4) << 11 | number / 4 << 6 | source % 2);
}

static double uniform(void)
{
	static uint64_t state = 1;
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(state >> 40) / 16777216.0;
}

struct event {
	uint32_t cycle;
	uint16_t label;
};

static int by_time(const void *a, const void *b)
{
	const struct event *x = a, *y = b;
	if (x->cycle != y->cycle)
		return x->cycle < y->cycle ? -1 : 1;
	return x->label < y->label ? -1 : x->label > y->label;
}

/* Sources at 20 kHz each, for some milliseconds. */
static void append_events(unsigned ms)
{
	static struct event events[WORDS_MAX / 2];
	const double mean = CYCLES_MS / 20.0;
	size_t event_count = 0;
	for (uint32_t i = 0; i < SOURCES; i++)
		for (double next = 1 + mean * uniform(); next < ms * CYCLES_MS;
		        next += mean * (0.5 + uniform()))
			events[event_count++] =
			        (struct event){ (uint32_t)next, source_label(i) };
	qsort(events, event_count, sizeof(*events), by_time);
	word(hxcomm_word_timer_setup());
	for (size_t i = 0; i < event_count; i++) {
		word(hxcomm_word_wait_until(events[i].cycle));
		word(hxcomm_word_spike_pack_1(events[i].label));
	}
	word(hxcomm_word_wait_until(ms * CYCLES_MS));
}

static struct {
	uint64_t words[ANSWER_MAX];
	size_t count;
} answer;

static int keep_answer(void *user, const uint64_t *received, size_t received_count)
{
	(void)user;
	if (received_count > ANSWER_MAX - answer.count)
		return hxcomm_error_set(HXCOMM_ENOSPC, "more than %d words", ANSWER_MAX);
	memcpy(answer.words + answer.count, received, received_count * sizeof(*received));
	answer.count += received_count;
	return HXCOMM_OK;
}

/* Run events for some milliseconds; add up the spikes of each neuron. Returns the seconds from
 * words to words. */
static double run_dense(struct emulator_fpga *fpga, unsigned ms, unsigned spikes[NETWORK_NEURONS])
{
	static struct hxcomm_responses *responses;
	struct hxcomm_decoder decoder;
	append_events(ms);
	answer.count = 0;
	const double begin = seconds();
	need(emulator__fpga_run(fpga, words, count, keep_answer, NULL));
	const double spent = seconds() - begin;
	count = 0;
	if (!responses)
		need(hxcomm_responses_new(&responses, 0));
	hxcomm_responses_clear(responses);
	hxcomm_decoder_init(&decoder);
	need(hxcomm_decode(&decoder, answer.words, answer.count, responses));
	for (size_t i = 0; i < responses->spikes.count; i++)
		spikes[network_neuron(responses->spikes.label[i])]++;
	return spent;
}

static void write_leak(uint32_t neuron, uint16_t code)
{
	const uint32_t cell = haldls_capmem_cell_of_neuron(neuron, HALDLS_CAPMEM_V_LEAK);
	write_register(haldls_capmem_cell_container.write_address(FISCH_OMNIBUS, cell, 0), code);
}

/* Calibrate the leak of each neuron, so that it fires with 20 kHz in the network. */
static void level(struct emulator_fpga *fpga)
{
	enum { LEAK = 650, ROUNDS_LEVEL = 24, PAST_MS = 4, COUNTED_MS = 2, SETTLE_MS = 58 };
	static double codes[NETWORK_NEURONS];
	static unsigned past[NETWORK_NEURONS];
	for (uint32_t n = 0; n < NETWORK_NEURONS; n++)
		codes[n] = LEAK;
	for (unsigned round = 0; round < ROUNDS_LEVEL; round++) {
		unsigned spikes[NETWORK_NEURONS] = { 0 };
		for (uint32_t n = 0; n < NETWORK_NEURONS; n++)
			write_leak(n, (uint16_t)codes[n]);
		run_dense(fpga, PAST_MS, past);
		run_dense(fpga, COUNTED_MS, spikes);
		for (uint32_t n = 0; n < NETWORK_NEURONS; n++) {
			const double way = 0.4 * (20 - spikes[n] / (double)COUNTED_MS);
			codes[n] += way > 20 ? 20 : way < -20 ? -20 : way;
		}
	}
	for (unsigned ms = 0; ms < SETTLE_MS; ms += PAST_MS)
		run_dense(fpga, PAST_MS, past);
}

static struct emulator_fpga *new_network(void)
{
	static const struct network_code leak = { HALDLS_CAPMEM_V_LEAK, 650 };
	struct emulator_fpga *fpga = new_machine(1);
	struct haldls_chip *chip = memory(1, sizeof(*chip));
	uint32_t *encoded = memory(HALDLS_CHIP_WORDS, sizeof(*encoded));
	haldls_chip_init(chip);
	network_connect(chip);
	network_set_neurons(chip);
	network_write_codes(chip, &leak, 1);
	for (uint32_t n = 0; n < NETWORK_NEURONS; n++)
		chip->neuron_config[n].enable_fire = true;
	network_write_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600);
	network_write_shared(chip, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	for (uint32_t i = 0; i < 512 * 256; i++) {
		const uint32_t row = i / 256 % 256;
		chip->synapse_weight[i / 65536][row][i % 256] = row % 2 ? 15 : 25;
		chip->synapse_label[i / 65536][row][i % 256] = (uint8_t)(row % 2);
	}
	need(haldls_chip_encode(encoded, chip));
	bring_up();
	whole_chip(encoded, 0);
	wait_for(50 * CYCLES_MS);
	run(fpga);
	free(chip);
	free(encoded);
	level(fpga);
	return fpga;
}

static void bench_dense(void)
{
	struct emulator_fpga *fpga = new_network();
	struct emulator_analog_work before, after;
	unsigned spikes[NETWORK_NEURONS] = { 0 };
	double total[DENSE_ROUNDS], analog[DENSE_ROUNDS], sum = 0;
	emulator__analog_work(&before, fpga->chip->analog);
	for (unsigned i = 0; i < DENSE_ROUNDS; i++) {
		analog_seconds = 0;
		total[i] = 1e3 / DENSE_MS * run_dense(fpga, DENSE_MS, spikes);
		analog[i] = 1e3 / DENSE_MS * analog_seconds;
	}
	emulator__analog_work(&after, fpga->chip->analog);
	for (uint32_t n = 0; n < NETWORK_NEURONS; n++)
		sum += spikes[n];
	const double scale = 1.0 / DENSE_ROUNDS / DENSE_MS;
	const double value = median(total, DENSE_ROUNDS), inside = median(analog, DENSE_ROUNDS);
	printf("{\"name\":\"1 ms of a dense network, words to words\",\"unit\":\"ms\","
	       "\"value\":%.4g,\"least\":%.4g,\"chip_time_over_wall_time\":%.3g,"
	       "\"analog_half\":%.4g,\"digital_half\":%.4g,\"work\":%.6g,\"per_ms\":{"
	       "\"spikes\":%.6g,\"events\":%.6g,\"windows\":%.6g,\"window_steps\":%.6g,"
	       "\"single_steps\":%.6g}}\n",
	        value, total[0], 1 / value, inside, value - inside, scale * sum, scale * sum,
	        scale * (double)(after.events - before.events),
	        scale * (double)(after.windows - before.windows),
	        scale * (double)(after.window_steps - before.window_steps),
	        scale * (double)(after.single_steps - before.single_steps));
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

// SPDX-License-Identifier: MIT
/* The emulated machine around its analog half: what opening one costs in time and memory, writing a
 * whole chip, and the way of events from the host to the host. One JSON object a line. */
#include <haldls/chip.h>
#include <haldls/containers.h>
#include <hxcomm/decoder.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "fpga.h"

enum { ROUNDS = 15, CHIPS = 50, SPIKES = 300000, WORDS_MAX = 1 << 20 };

static uint64_t words[WORDS_MAX];
static size_t count;

static double seconds(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static double median(double values[ROUNDS])
{
	qsort(values, ROUNDS, sizeof(*values), compare);
	return values[ROUNDS / 2];
}

static void print(const char *name, const char *unit, double value, double work)
{
	printf("{\"name\":\"%s\",\"unit\":\"%s\",\"value\":%.4g,\"work\":%.6g}\n", name, unit, value,
	        work);
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

/* ---- programs --------------------------------------------------------------------------------- */

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
	static const uint32_t pll[5] = { 0x2a20a902, 0xc0cbf200, 0x2a20a902, 0xc0cbf200, 0x110d0101 };
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

/* ---- running ---------------------------------------------------------------------------------- */

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
	print("opening a chip", "ms", median(values) * 1e3, ROUNDS);
	const size_t before = resident_bytes();
	for (unsigned i = 0; i < CHIPS; i++)
		chips[i] = new_machine(1 + i);
	const size_t after = resident_bytes();
	print("memory of a chip", "MiB", (double)(after - before) / CHIPS / (1 << 20), CHIPS);
	for (unsigned i = 0; i < CHIPS; i++)
		emulator__fpga_free(chips[i]);
}

/* A whole chip, each word another than before. */
static void whole_chip(const uint32_t *encoded, unsigned round)
{
	const uint32_t *addresses = haldls_chip_addresses();
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
		const bool neuron = addresses[i] >= 0x00160000 && addresses[i] < 0x001b0000;
		const uint32_t flip = neuron ? 0 : round % 2 ? 0x01010101 : 0;
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
	print("writing a whole chip, everything new", "ms", median(values) * 1e3, HALDLS_CHIP_WORDS);
	for (unsigned i = 0; i < ROUNDS; i++) {
		whole_chip(encoded, 0);
		values[i] = run(fpga);
	}
	print("writing a whole chip, nothing new", "ms", median(values) * 1e3, HALDLS_CHIP_WORDS);
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
	print("an event from host to host", "ns", median(values) / SPIKES * 1e9, SPIKES);
	emulator__fpga_free(fpga);
}

int main(void)
{
	bench_open();
	bench_writing();
	bench_loop();
	return 0;
}

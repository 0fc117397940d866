// SPDX-License-Identifier: MIT
/* Speed of the analog half of the emulated chip: kernels, idle time, dense activity. One JSON
 * object a line. */
#include <stdbool.h>
#include <string.h>

#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include "analog.h"
#include "bench.h"
#include "kernel.h"
#include "oracle.h"

enum { LEAK = 650, ROUNDS = 20000, WINDOWS = 50, TICKS_MS = 250000, SPIKES = 1 << 20 };

/* @work: calls behind the figure, or spikes. */
static void print(const char *figure, const char *what, double value, const char *unit, double work)
{
	printf("{\"name\":\"%s, %s\",\"unit\":\"%s\",\"value\":%.4g,\"work\":%.6g}\n", figure, what,
		unit, value, work);
}

/* Events of rows, four to a step. @labels NULL: all synapses of a row have the same. */
static void bench_rows(const struct kernel *kernel, float strength[256][256],
	uint8_t labels[256][256], const float scale[256], const char *figure)
{
	enum { EVENTS = 4 };
	static _Alignas(64) float before[256], after[256];
	struct kernel_kick kicks[EVENTS];
	struct kernel_rows rows = {
		.before = before, .after = after, .scale = scale, .count = EVENTS};
	const double begin = seconds();
	for (unsigned i = 0; i < 10 * ROUNDS; i += EVENTS) {
		for (unsigned j = 0; j < EVENTS; j++) {
			kicks[j] = (struct kernel_kick){.strength = strength[(i + j) % 256],
				.labels = labels ? labels[(i + j) % 256] : NULL,
				.place = 0.7f,
				.pulse = 1};
			rows.kick[j] = &kicks[j];
		}
		kernel->rows(&rows);
	}
	print(figure, kernel->name, (seconds() - begin) / (10 * ROUNDS) * 1e9, "ns", 10 * ROUNDS);
}

static void bench_kernels(void)
{
	static struct kernel_membranes m;
	static struct kernel_plan plan;
	static _Alignas(64) float strength[256][256], scale[256];
	static uint8_t labels[256][256];
	const struct kernel *all[3];
	m.fast = 1e-3f;
	for (unsigned i = 0; i < KERNEL_NEURONS; i++) {
		m.v[i] = 0.5f;
		plan.neurons[i / 16].threshold[i % 16] = KERNEL_NEVER;
		plan.neurons[i / 16].leak[i % 16] = 0.02f;
		m.leak_limit[i] = 6e4f;
		m.leak_slope[i] = 2.7f;
		m.leak_reference[i] = 0.6f;
		m.reset_limit[i] = 3e6f;
		m.reset_slope[i] = 0.6f;
		m.threshold[i] = 1e9f;
		for (unsigned line = 0; line < KERNEL_LINES; line++) {
			m.input_limit[line][i] = line ? -1e5f : 1e5f;
			m.line_rate[line][i] = 1e5f;
			m.line_decay[line][i] = 0.992f;
			m.line_mean[line][i] = 0.996f;
		}
	}
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++) {
		static const char *const names[] = {
			"plain", "events", "resets", "", "noise", "", "", "all"};
		char what[64];
		for (unsigned variants = 0; variants < 8; variants++) {
			if (!*names[variants])
				continue;
			const double begin = seconds();
			for (unsigned i = 0; i < ROUNDS; i++)
				all[k]->step(&m, 80e-9f, 0.5f, variants);
			snprintf(what, sizeof(what), "%s, %s", all[k]->name, names[variants]);
			print("step of 512 neurons", what, (seconds() - begin) / ROUNDS * 1e9, "ns",
				ROUNDS);
		}
		double begin = seconds();
		for (unsigned i = 0; i < ROUNDS; i++)
			all[k]->leap(&m, 1e-5f, 0);
		print("leap of 512 neurons", all[k]->name, (seconds() - begin) / ROUNDS * 1e9, "ns",
			ROUNDS);
		static struct kernel_path path;
		struct kernel_window window = {
			.slots = 2, .steps = 3, .place = 0.1f, .advance = 0.3f, .path = &path};
		for (unsigned slot = 0; slot <= window.slots; slot++)
			window.noise[slot] = strength[slot];
		for (unsigned step = 0; step < window.slots * window.steps; step++)
			window.drop[step][0] = window.drop[step][1] = strength[step];
		double least = 1e9;
		for (unsigned i = 0; i < ROUNDS / WINDOWS; i++) {
			const double start = seconds();
			for (unsigned n = 0; n < WINDOWS; n++) {
				window.first = n / (WINDOWS / 2) * 256;
				all[k]->window(&m, &plan, &window);
			}
			const double spent = (seconds() - start) / WINDOWS;
			least = spent < least ? spent : least;
		}
		print("window of 6 steps of 256 neurons, least", all[k]->name, least * 1e9, "ns",
			ROUNDS);
		begin = seconds();
		for (unsigned i = 0; i < 10 * ROUNDS; i++)
			all[k]->row(m.charge[0], m.kept[0], strength[i % 256], labels[i % 256],
				scale, m.line_rate[0], 0, 1, 1e-8f);
		print("row event of 256 synapses", all[k]->name,
			(seconds() - begin) / (10 * ROUNDS) * 1e9, "ns", 10 * ROUNDS);
		bench_rows(all[k], strength, NULL, scale, "row event of 256 synapses, in windows");
		bench_rows(all[k], strength, labels, scale,
			"row event of 256 synapses, in windows, labels compared");
	}
}

/* Sensors of a column and of a row; a ring of them, so that they come out of the second cache. */
static void bench_sensors(void)
{
	enum { RING = 32 };
	static _Alignas(64) float sum[RING][256], amplitude[RING][256], rate[RING][256];
	static _Alignas(64) uint32_t since[RING][256];
	static uint8_t labels[256];
	const struct kernel *all[3];
	const struct kernel_pair pairs[2] = {{0.5f, 8e-4f}, {0.5f, 8e-4f}};
	for (unsigned i = 0; i < 256 * RING; i++)
		amplitude[i / 256][i % 256] = rate[i / 256][i % 256] = 1;
	for (unsigned k = 0, count = emulator__kernel_list(all); k < count; k++) {
		double begin = seconds();
		for (unsigned i = 0; i < 10 * ROUNDS; i++)
			all[k]->pair_column(sum[i % RING], amplitude[i % RING], rate[i % RING],
				since[i % RING], i % 5000, pairs);
		print("post pulse of a column", all[k]->name,
			(seconds() - begin) / (10 * ROUNDS) * 1e9, "ns", 10 * ROUNDS);
		begin = seconds();
		for (unsigned i = 0; i < 10 * ROUNDS; i++)
			all[k]->pair_row(sum[i % RING], amplitude[i % RING], rate[i % RING],
				since[0], labels, 0, i % 5000, pairs);
		print("event of a row, sensors", all[k]->name,
			(seconds() - begin) / (10 * ROUNDS) * 1e9, "ns", 10 * ROUNDS);
	}
}

static void write_row(struct emulator_analog *a, uint64_t now, uint32_t row, uint16_t code)
{
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_capmem(a, now, haldls_capmem_cell_of_neuron(n, row), code);
}

static uint64_t now;

static size_t advance(struct emulator_analog *a, uint64_t ticks, struct emulator_spike *spikes)
{
	size_t count = 0;
	now += ticks;
	if (emulator__analog_advance(a, now, spikes, SPIKES, &count))
		abort();
	return count;
}

/* A chip whose 512 neurons may fire; leak code 500 is below, 800 above the threshold. */
static struct emulator_analog *new_chip(uint16_t leak, unsigned threads)
{
	const struct emulator_analog_config config = {
		.serial = 1, .seed = 1, .noise = true, .variation = true, .threads = threads};
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct haldls_neuron_backend_config backend = HALDLS_NEURON_BACKEND_CONFIG_INIT;
	struct haldls_common_neuron_backend_config common =
		HALDLS_COMMON_NEURON_BACKEND_CONFIG_INIT;
	struct emulator_analog *a;
	if (emulator__analog_new(&a, &config))
		abort();
	now = 0;
	neuron.enable_fire = neuron.enable_threshold_comparator = neuron.enable_leak_degeneration =
		true;
	neuron.enable_reset_multiplication = true;
	neuron.membrane_capacitor_size = 63;
	backend.refractory_time = 32;
	common.clock_scale_slow = 3;
	for (uint32_t n = 0; n < 512; n++) {
		emulator__analog_set_neuron(a, n, &neuron);
		emulator__analog_set_backend(a, n, &backend);
	}
	for (uint32_t half = 0; half < 2; half++)
		emulator__analog_set_common_backend(a, half, &common);
	write_row(a, 0, HALDLS_CAPMEM_V_LEAK, leak);
	write_row(a, 0, HALDLS_CAPMEM_V_RESET, 600);
	write_row(a, 0, HALDLS_CAPMEM_V_THRESHOLD, 300);
	write_row(a, 0, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	write_row(a, 0, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
	struct haldls_cadc_config cadc = HALDLS_CADC_CONFIG_INIT;
	cadc.enable = true;
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		emulator__analog_set_cadc(a, hemisphere, &cadc);
	emulator__analog_set_biases(a, 0);
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		emulator__analog_set_capmem(
			a, 0, quadrant * 3120 + HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	return a;
}

static double uniform(void)
{
	static uint64_t state = 1;
	state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (double)(state >> 40) / 16777216.0;
}

/* 512 sources at 20 kHz, each a row of 256 synapses; the neurons fire around 20 kHz. */
static struct emulator_analog *new_network(
	unsigned kernel, unsigned threads, bool rich, struct emulator_spike *spikes)
{
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct emulator_analog *a = new_chip(LEAK, threads);
	emulator__analog_use_kernel(a, kernel);
	neuron.enable_fire = neuron.enable_threshold_comparator = neuron.enable_leak_degeneration =
		true;
	neuron.enable_reset_multiplication = neuron.enable_reset_degeneration = true;
	neuron.enable_synaptic_input_excitatory = neuron.enable_synaptic_input_inhibitory = true;
	neuron.enable_synaptic_input_excitatory_high_resistance = true;
	neuron.enable_synaptic_input_inhibitory_high_resistance = true;
	neuron.membrane_capacitor_size = 63;
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_neuron(a, n, &neuron);
	static const struct {
		uint32_t row;
		uint16_t code;
	} codes[] = {{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 79}, {HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 100},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, 112},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300}, {HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 100},
		{HALDLS_CAPMEM_I_BIAS_ADAPT_A, 20}, {HALDLS_CAPMEM_I_BIAS_ADAPT_B, 40},
		{HALDLS_CAPMEM_V_ADAPT_LEAK, 680}, {HALDLS_CAPMEM_I_BIAS_EXP, 100},
		{HALDLS_CAPMEM_V_EXP, 720}, {HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, 30},
		{HALDLS_CAPMEM_E_SYNIN_EXC_REV, 800}, {HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA, 30},
		{HALDLS_CAPMEM_E_SYNIN_INH_REV, 500}, {HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 278}};
	for (size_t i = 0; i < sizeof(codes) / sizeof(*codes); i++)
		write_row(a, 0, codes[i].row, codes[i].code);
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		emulator__analog_set_capmem(
			a, 0, quadrant * 3120 + HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600);
	driver.row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
	driver.row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY;
	for (uint32_t d = 0; d < 256; d++)
		emulator__analog_set_driver(a, d, &driver);
	for (uint32_t i = 0; i < 512 * 256; i++) {
		const uint32_t row = i / 256 % 256;
		emulator__analog_set_synapses(
			a, i / 65536, row, i % 256, row % 2 ? 15 : 25, (uint8_t)(row % 2));
	}
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_column_current(a, n / 256, n % 256, true, true);
	if (!rich)
		return a;
	/* an exponential term whose reference has not settled would hold its membrane at the rail
	 */
	advance(a, 60 * TICKS_MS, spikes);
	neuron.enable_adaptation = neuron.enable_exponential = true;
	neuron.enable_synaptic_input_excitatory_coba_mode = true;
	neuron.enable_synaptic_input_inhibitory_coba_mode = true;
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_set_neuron(a, n, &neuron);
	return a;
}

struct arrival {
	uint64_t time;
	uint32_t source;
};

static int by_time(const void *a, const void *b)
{
	const struct arrival *x = a, *y = b;
	if (x->time != y->time)
		return x->time < y->time ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

/* The events of 512 sources at 20 kHz before @stop, in time order. Returns how many. */
static size_t draw_arrivals(struct arrival *out, uint64_t next[512], uint64_t stop)
{
	enum { MEAN = 12500 };
	size_t count = 0;
	for (uint32_t i = 0; i < 512; i++) {
		if (next[i] < now)
			next[i] = now + (uint64_t)(MEAN * uniform());
		for (; next[i] < stop; next[i] += (uint64_t)(MEAN * (0.5 + uniform())))
			out[count++] = (struct arrival){next[i], i};
	}
	qsort(out, count, sizeof(*out), by_time);
	return count;
}

/* A dense network while it runs. */
struct dense {
	struct emulator_analog *a;
	uint64_t next[512]; /* event of each source */
	struct arrival arrivals[8192];
	struct emulator_spike *spikes; /* [SPIKES] of the last chunk */
	size_t count;
};

enum { CHUNK = 19200 }; /* as the digital half goes on */

/* Run for a chunk of 77 us. Returns the time that events and membranes took, s. */
static double run_chunk(struct dense *d)
{
	const uint64_t stop = now - now % CHUNK + CHUNK;
	const size_t count = draw_arrivals(d->arrivals, d->next, stop);
	const double begin = seconds();
	for (size_t i = 0; i < count; i++)
		emulator__analog_driver_event(d->a, d->arrivals[i].time, d->arrivals[i].source / 2,
			d->arrivals[i].source % 2);
	d->count = advance(d->a, stop - now, d->spikes);
	return seconds() - begin;
}

/* Calibrate the leak of each neuron, from @leak on, so that it fires with 20 kHz in the network. */
static void level(struct dense *d, uint16_t leak)
{
	enum { ROUNDS_LEVEL = 24, CHUNKS_LEVEL = 25 };
	static double codes[512];
	for (uint32_t n = 0; n < 512; n++)
		codes[n] = leak;
	for (unsigned round = 0; round < ROUNDS_LEVEL; round++) {
		double rate[512] = {0};
		for (unsigned chunk = 0; chunk < 3 * CHUNKS_LEVEL; chunk++) {
			run_chunk(d);
			for (size_t i = 0; i < d->count && chunk >= 2 * CHUNKS_LEVEL; i++)
				rate[d->spikes[i].neuron] +=
					TICKS_MS / (double)(CHUNK * CHUNKS_LEVEL);
		}
		for (uint32_t n = 0; n < 512; n++) {
			const double way = 0.4 * (20 - rate[n]);
			codes[n] += way > 20 ? 20 : way < -20 ? -20 : way;
			emulator__analog_set_capmem(d->a, now,
				haldls_capmem_cell_of_neuron(n, HALDLS_CAPMEM_V_LEAK),
				(uint16_t)codes[n]);
		}
	}
	for (unsigned chunk = 0; chunk < 750; chunk++) /* until the memory has settled */
		run_chunk(d);
}

static void print_dense(const char *name, double *spent, unsigned rounds, double per_ms,
	const struct emulator_analog_work *before, const struct emulator_analog_work *after)
{
	const double scale = per_ms / rounds, middle = median(spent, rounds);
	printf("{\"name\":\"1 ms of dense activity, %s\",\"unit\":\"ms\",\"value\":%.4g,"
	       "\"least\":%.4g,\"chip_time_over_wall_time\":%.3g,\"per_ms\":{\"spikes\":%.6g,"
	       "\"events\":%.6g,\"row_events\":%.6g,\"windows\":%.6g,\"window_steps\":%.6g,"
	       "\"single_steps\":%.6g}}\n",
		name, middle * 1e3, spent[0] * 1e3, 1e-3 / middle,
		scale * (double)(after->spikes - before->spikes),
		scale * (double)(after->events - before->events),
		scale * (double)(after->row_events - before->row_events),
		scale * (double)(after->windows - before->windows),
		scale * (double)(after->window_steps - before->window_steps),
		scale * (double)(after->single_steps - before->single_steps));
}

static void bench_dense(
	const char *name, unsigned kernel, unsigned threads, bool rich, unsigned rounds)
{
	enum { CHUNKS = 13 };
	const double per_ms = (double)TICKS_MS / (CHUNK * CHUNKS);
	struct dense *d = calloc(1, sizeof(*d));
	double *spent = calloc(rounds, sizeof(*spent));
	if (!d || !spent || !(d->spikes = malloc(SPIKES * sizeof(*d->spikes))))
		abort();
	d->a = new_network(kernel, threads, rich, d->spikes);
	for (unsigned i = 0; i < (rich ? 2 : 30); i++)
		advance(d->a, TICKS_MS, d->spikes);
	if (!rich)
		level(d, LEAK);
	struct emulator_analog_work before, after;
	emulator__analog_work(&before, d->a);
	for (unsigned round = 0; round < rounds; round++)
		for (unsigned chunk = 0; chunk < CHUNKS; chunk++)
			spent[round] += run_chunk(d) * per_ms;
	emulator__analog_work(&after, d->a);
	print_dense(name, spent, rounds, per_ms, &before, &after);
	emulator__analog_free(d->a);
	free(d->spikes);
	free(d);
	free(spent);
}

static void bench_time(void)
{
	struct emulator_spike *spikes = malloc(SPIKES * sizeof(*spikes));
	if (!spikes)
		abort();
	struct emulator_analog *a = new_chip(500, 1);
	double begin = seconds();
	advance(a, 20 * TICKS_MS, spikes);
	print("20 ms idle", "settling", (seconds() - begin) * 1e6, "us", 1);
	advance(a, 100 * TICKS_MS, spikes);
	begin = seconds();
	for (unsigned i = 0; i < 1000; i++)
		advance(a, 20 * TICKS_MS, spikes);
	print("20 ms idle", "settled", (seconds() - begin) * 1e3, "us", 1000);
	uint8_t values[2][256];
	begin = seconds();
	for (unsigned i = 0; i < 1000; i++)
		emulator__analog_cadc_convert(a, now, i % 2, values);
	print("CADC conversion", "settled", (seconds() - begin) * 1e3, "us", 1000);
	emulator__analog_free(a);

	a = new_chip(800, 1);
	for (unsigned i = 0; i < 12; i++)
		advance(a, 5 * TICKS_MS, spikes);
	begin = seconds();
	const size_t count = advance(a, 10 * TICKS_MS, spikes);
	print("1 ms of spiking", "noise", (seconds() - begin) * 1e2, "ms", (double)count / 10);
	begin = seconds();
	for (unsigned i = 0; i < 1000; i++)
		emulator__analog_cadc_convert(a, now, i % 2, values);
	print("CADC conversion", "spiking", (seconds() - begin) * 1e3, "us", 1000);
	emulator__analog_free(a);
	free(spikes);
}

/* One neuron after the other is recorded for 40 us and waits for 400 us: one of the 13 steps of a
 * calibration of 13 s with its share of waiting. */
static void bench_recording(void)
{
	struct haldls_readout_source_selection readout = HALDLS_READOUT_SOURCE_SELECTION_INIT;
	struct haldls_neuron_config neuron = HALDLS_NEURON_CONFIG_INIT;
	struct emulator_spike *spikes = malloc(SPIKES * sizeof(*spikes));
	struct emulator_analog *a = new_chip(500, 1);
	if (!spikes)
		abort();
	for (unsigned i = 0; i < 2; i++)
		readout.neuron_odd[0][i] = readout.neuron_even[0][i] = true;
	emulator__analog_set_readout(a, &readout);
	advance(a, 100 * TICKS_MS, spikes);
	neuron.membrane_capacitor_size = 63;
	neuron.enable_leak_degeneration = neuron.enable_readout_amplifier = true;
	neuron.enable_fire = true;
	const uint64_t start = now;
	const double begin = seconds();
	unsigned samples = 0;
	for (uint32_t n = 0; n < 512; n++) {
		neuron.enable_readout = true;
		emulator__analog_set_neuron(a, n, &neuron);
		advance(a, TICKS_MS * 2 / 5, spikes);
		emulator__analog_neuron_reset(a, now, n);
		for (unsigned i = 0; i < 1176; i++, samples++) {
			advance(a, i % 2 ? 8 : 9, spikes);
			emulator__analog_madc_sample(a, now, 0);
		}
		neuron.enable_readout = false;
		emulator__analog_set_neuron(a, n, &neuron);
	}
	advance(a, 1000 * TICKS_MS - (now - start), spikes);
	print("1 s of recording neuron after neuron", "MADC", seconds() - begin, "s", samples);
	emulator__analog_free(a);
	free(spikes);
}

/* Without arguments everything. With "kernels" those alone; with the name of one the dense network
 * with it; with a number of threads behind it on so many only, without rich neurons; with a number
 * of milliseconds behind that for so long. */
int main(int count, char **arguments)
{
	const struct kernel *all[3];
	const unsigned only = count > 2 ? (unsigned)strtoul(arguments[2], NULL, 10) : 0;
	const unsigned rounds = count > 3 ? (unsigned)strtoul(arguments[3], NULL, 10) : 41;
	if (count < 2 || !strcmp(arguments[1], "kernels")) {
		bench_kernels();
		bench_sensors();
	}
	if (count < 2) {
		bench_time();
		bench_recording();
	}
	for (unsigned k = emulator__kernel_list(all); k-- > 0;) {
		char what[64];
		if (count > 1 && strcmp(arguments[1], all[k]->name) != 0)
			continue;
		for (unsigned threads = 1; threads <= 2; threads++) {
			if (only && only != threads)
				continue;
			snprintf(what, sizeof(what), "%s, %u thread%s", all[k]->name, threads,
				threads > 1 ? "s" : "");
			bench_dense(what, k, threads, false, rounds ? rounds : 1);
		}
		snprintf(what, sizeof(what), "%s, rich neurons", all[k]->name);
		if (!only || only == 3)
			bench_dense(what, k, 1, true, 11);
	}
	return 0;
}

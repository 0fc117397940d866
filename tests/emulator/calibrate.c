// SPDX-License-Identifier: MIT
#include "calibrate.h"

#include "draw.h"
#include "search.h"
#include "statistics.h"

#include <stdlib.h>

enum {
	CHANNELS = 1024,
	COLUMNS = 256,
	COUNT_LOW = 20,
	COUNT_HIGH = 220,
	READ_TICKS = 500,
	TRACE_MAX = 2000,
	LONG_CHIPS = 10,
};

uint32_t calibrate_serials(uint32_t usual)
{
	return getenv("BSS_TEST_LONG") ? LONG_CHIPS : usual;
}

unsigned calibrate_every(void)
{
	return getenv("BSS_TEST_LONG") ? 1 : 8;
}

void calibrate_same(double out[NEURONS], double target)
{
	for (uint32_t n = 0; n < NEURONS; n++)
		out[n] = target;
}

void calibrate_pass(struct fixture *f, uint64_t ticks, double *spikes)
{
	int status;
	f->now += ticks;
	do {
		size_t count;
		status = emulator__analog_advance(f->analog, f->now, f->spikes, SPIKES_MAX, &count);
		for (size_t i = 0; i < count && spikes; i++)
			spikes[f->spikes[i].neuron]++;
	} while (status == HXCOMM_ENOSPC);
	assert_ok(status);
}

/* ---- codes ---------------------------------------------------------------------------------- */

static void set_row(struct fixture *f, uint32_t row, const int32_t codes[NEURONS])
{
	for (uint32_t n = 0; n < NEURONS; n++)
		fixture_cell(f, n, row, (uint16_t)codes[n]);
}

void calibrate_write(struct fixture *f, uint32_t row, const int32_t codes[NEURONS])
{
	set_row(f, row, codes);
	calibrate_pass(f, SETTLE_TICKS, NULL);
}

static void set_around(struct fixture *f, uint32_t row, int32_t code)
{
	int32_t codes[NEURONS];
	for (uint32_t n = 0; n < NEURONS; n++) {
		const int32_t noise =
			code ? calix__draw_within(row, CALIX_DRAW_BROADCAST, n, 5) : 0;
		const int32_t wanted = code + noise;
		codes[n] = wanted > CODE_MAX ? CODE_MAX : wanted < 0 ? 0 : wanted;
	}
	set_row(f, row, codes);
}

void calibrate_broadcast(struct fixture *f, uint32_t row, int32_t code)
{
	set_around(f, row, code);
	calibrate_pass(f, SETTLE_TICKS, NULL);
}

void calibrate_shuffle(int32_t out[NEURONS], const int32_t codes[NEURONS], unsigned every)
{
	uint32_t chosen[NEURONS], count = 0;
	memmove(out, codes, NEURONS * sizeof(*out));
	for (uint32_t n = 0; n < NEURONS; n++)
		if (n % COLUMNS % every == 0)
			chosen[count++] = n;
	for (uint32_t i = count - 1; i > 0; i--) {
		const uint32_t other = calix__draw_bits(1, CALIX_DRAW_TEST, i) % (i + 1);
		const int32_t kept = out[chosen[i]];
		out[chosen[i]] = out[chosen[other]];
		out[chosen[other]] = kept;
	}
}

void calibrate_forget(struct calibrated *c)
{
	memset(c->codes, 0, sizeof(c->codes));
	for (uint32_t n = 0; n < NEURONS; n++)
		c->success[n] = true;
}

void calibrate_search(struct calibrated *c, struct fixture *f, const struct calibration *how)
{
	const struct calix__search_options options = {
		.kind = CALIX_SEARCH_NOISY_BINARY,
		.count = NEURONS,
		.lo = how->low,
		.hi = how->high ? how->high : CODE_MAX,
		.inverted = how->inverted,
		.seed = how->row,
	};
	struct calix__search *search;
	int32_t found[NEURONS], *codes = c->codes[how->row];
	double value[NEURONS];
	uint8_t inside[NEURONS];
	assert_ok(calix__search_new(&search, &options));
	for (bool more = true; more;) {
		more = calix__search_next(search, found);
		if (!more)
			calix__search_result(search, found, inside);
		for (uint32_t n = 0; n < NEURONS; n++)
			codes[n] = isnan(how->target[n]) ? codes[n] : found[n];
		calibrate_write(f, how->row, codes);
		if (!more)
			break;
		how->measure(value, f, how->context);
		for (uint32_t n = 0; n < NEURONS; n++)
			value[n] -= how->target[n];
		calix__search_tell(search, value);
	}
	for (uint32_t n = 0; n < NEURONS; n++)
		c->success[n] = c->success[n] && (isnan(how->target[n]) || inside[n]);
	calix__search_free(search);
}

/* ---- CADC ----------------------------------------------------------------------------------- */

/* All channels, [512 hemisphere + 256 type + column]. */
static void read_channels(double out[CHANNELS], struct fixture *f)
{
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
		uint8_t counts[2][COLUMNS];
		emulator__analog_cadc_convert(f->analog, f->now, hemisphere, counts);
		for (uint32_t i = 0; i < 2 * COLUMNS; i++)
			out[2 * COLUMNS * hemisphere + i] = counts[i / COLUMNS][i % COLUMNS];
	}
	calibrate_pass(f, READ_TICKS, NULL);
}

void calibrate_read(double out[NEURONS], struct fixture *f)
{
	double channel[CHANNELS];
	read_channels(channel, f);
	for (uint32_t n = 0; n < NEURONS; n++) {
		const uint32_t first = 2 * COLUMNS * (n / COLUMNS) + n % COLUMNS;
		out[n] = (channel[first] + channel[first + COLUMNS]) / 2;
	}
}

/* The debug cell of quadrant 0 through pad 0 to all channels, or the neurons again. */
static void connect_reference(struct fixture *f, bool reference)
{
	struct haldls_capmem_block_config block = HALDLS_CAPMEM_BLOCK_CONFIG_INIT;
	struct haldls_pad_multiplexer_config pad = HALDLS_PAD_MULTIPLEXER_CONFIG_INIT;
	block.debug_readout_enable = reference;
	block.debug_capmem_coord = HALDLS_CAPMEM_STP_V_CHARGE_0;
	pad.capmem_v_out_mux[0] = pad.capmem_v_out_mux_to_inter = reference;
	pad.capmem_inter_mux_to_pad = pad.synapse_inter_mux_to_pad = reference;
	pad.cadc_debug_causal_to_inter = pad.cadc_debug_acausal_to_inter = reference;
	emulator__analog_set_capmem_block(f->analog, 0, &block);
	emulator__analog_set_pad(f->analog, 0, &pad);
	for (uint32_t n = 0; n < NEURONS; n++) {
		const uint32_t hemisphere = n / COLUMNS, column = n % COLUMNS;
		emulator__analog_set_column_debug(
			f->analog, hemisphere, column, reference, reference);
		emulator__analog_set_column_readout(
			f->analog, hemisphere, column, !reference, !reference);
	}
}

static void read_reference(double out[CHANNELS], struct fixture *f, uint16_t code)
{
	enum { READS = 4 };
	double once[CHANNELS];
	memset(out, 0, CHANNELS * sizeof(*out));
	fixture_shared(f, HALDLS_CAPMEM_STP_V_CHARGE_0, code);
	calibrate_pass(f, SETTLE_TICKS, NULL);
	for (unsigned i = 0; i < READS; i++) {
		read_channels(once, f);
		for (unsigned k = 0; k < CHANNELS; k++)
			out[k] += once[k] / READS;
	}
}

/* One shared cell of the four quadrants, so that their median channels show @count at @code. */
static void search_ramp(struct fixture *f, uint32_t cell, uint16_t code, double count)
{
	const struct calix__search_options options = {
		.kind = CALIX_SEARCH_BINARY, .count = QUADRANTS, .hi = CODE_MAX, .inverted = true};
	struct calix__search *search;
	int32_t found[QUADRANTS];
	bool more = true;
	assert_ok(calix__search_new(&search, &options));
	while (more) {
		double channel[CHANNELS], deviation[QUADRANTS];
		more = calix__search_next(search, found);
		if (!more)
			calix__search_result(search, found, NULL);
		for (uint32_t q = 0; q < QUADRANTS; q++)
			emulator__analog_set_capmem(
				f->analog, f->now, q * 3120 + cell, (uint16_t)found[q]);
		if (!more)
			break;
		read_reference(channel, f, code);
		for (uint32_t q = 0; q < QUADRANTS; q++) {
			uint8_t member[CHANNELS];
			for (uint32_t k = 0; k < CHANNELS; k++)
				member[k] = k / (2 * COLUMNS) == q / 2 && k / 128 % 2 == q % 2;
			deviation[q] = calix__median(channel, member, CHANNELS) - count;
		}
		calix__search_tell(search, deviation);
	}
	calix__search_free(search);
}

/* Bring channels that show @channel without an offset to @target. */
static void set_offsets(struct fixture *f, const double channel[CHANNELS], double target)
{
	for (uint32_t k = 0; k < CHANNELS; k++) {
		const double offset = fmin(fmax(round(target - channel[k]), -128), 127);
		emulator__analog_set_cadc_offset(
			f->analog, k / (2 * COLUMNS), k / COLUMNS % 2, k % COLUMNS, (int)offset);
	}
}

static void calibrate_cadc(struct fixture *f, uint16_t low, uint16_t high)
{
	struct haldls_cadc_config cadc = HALDLS_CADC_CONFIG_INIT;
	double channel[CHANNELS];
	cadc.enable = true;
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		emulator__analog_set_cadc(f->analog, hemisphere, &cadc);
	fixture_shared(f, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 350);
	connect_reference(f, true);
	for (unsigned round = 0; round < 2; round++) {
		search_ramp(f, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, low, COUNT_LOW);
		search_ramp(f, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, high, COUNT_HIGH);
	}
	read_reference(channel, f, (uint16_t)((low + high) / 2));
	const double middle = calix__median(channel, NULL, CHANNELS);
	set_offsets(f, channel, middle);
	connect_reference(f, false);
}

void calibrate_baseline(struct fixture *f, double target)
{
	enum { READS = 20 };
	double channel[CHANNELS], once[CHANNELS];
	memset(channel, 0, sizeof(channel));
	for (uint32_t k = 0; k < CHANNELS; k++)
		emulator__analog_set_cadc_offset(
			f->analog, k / (2 * COLUMNS), k / COLUMNS % 2, k % COLUMNS, 0);
	for (unsigned i = 0; i < READS; i++) {
		calibrate_reset_neurons(f);
		calibrate_pass(f, 30 * TICKS_US, NULL);
		read_channels(once, f);
		for (uint32_t k = 0; k < CHANNELS; k++)
			channel[k] += once[k] / READS;
	}
	set_offsets(f, channel, target);
}

void calibrate_reset_neurons(struct fixture *f)
{
	for (uint32_t n = 0; n < NEURONS; n++)
		emulator__analog_neuron_reset(f->analog, f->now, n);
}

void calibrate_measure_rest(double *out, struct fixture *f, const void *context)
{
	const unsigned reads = *(const unsigned *)context;
	double once[NEURONS];
	calibrate_same(out, 0);
	for (unsigned i = 0; i < reads; i++) {
		calibrate_read(once, f);
		calibrate_pass(f, 40 * TICKS_US, NULL);
		for (uint32_t n = 0; n < NEURONS; n++)
			out[n] += once[n] / reads;
	}
}

void calibrate_measure_reset(double *out, struct fixture *f, const void *context)
{
	const unsigned reads = *(const unsigned *)context;
	const struct haldls_neuron_backend_config backend = f->backend;
	const struct haldls_common_neuron_backend_config common = f->common;
	double once[NEURONS];
	f->backend.refractory_time = 255;
	f->common.clock_scale_fast = f->common.clock_scale_slow = 9;
	fixture_backends(f);
	calibrate_same(out, 0);
	for (unsigned i = 0; i < reads; i++) {
		calibrate_reset_neurons(f);
		calibrate_pass(f, 10 * TICKS_US, NULL);
		calibrate_read(once, f);
		calibrate_pass(f, 2 * TICKS_MS, NULL);
		for (uint32_t n = 0; n < NEURONS; n++)
			out[n] += once[n] / reads;
	}
	f->backend = backend;
	f->common = common;
	fixture_backends(f);
}

/* ---- synapses ------------------------------------------------------------------------------- */

void calibrate_connect(struct fixture *f, bool inhibitory, uint32_t rows, uint8_t weight)
{
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	driver.row_mode_bottom = inhibitory
					 ? HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_INHIBITORY
					 : HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
	driver.row_mode_top = inhibitory ? HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY
					 : HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_EXCITATORY;
	for (uint32_t d = 0; d < 256; d++)
		emulator__analog_set_driver(f->analog, d, &driver);
	for (uint32_t n = 0; n < NEURONS; n++) {
		emulator__analog_set_column_current(
			f->analog, n / COLUMNS, n % COLUMNS, true, true);
		for (uint32_t row = 0; row < 8; row++)
			emulator__analog_set_synapses(f->analog, n / COLUMNS, row, n % COLUMNS,
				row < rows ? weight : 0, 0);
	}
}

void calibrate_send(struct fixture *f, uint32_t rows)
{
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		for (uint32_t d = 0; 2 * d < rows; d++)
			emulator__analog_driver_event(f->analog, f->now, 128 * hemisphere + d, 0);
}

void calibrate_measure_amplitude(double *out, struct fixture *f, const void *context)
{
	const struct calibrate_burst *burst = context;
	calibrate_same(out, 0);
	for (unsigned run = 0; run < burst->runs; run++) {
		double before[NEURONS], after[NEURONS];
		calibrate_read(before, f);
		for (unsigned i = 0; i < burst->events; i++) {
			calibrate_send(f, burst->rows);
			calibrate_pass(f, burst->spacing, NULL);
		}
		calibrate_read(after, f);
		calibrate_pass(f, 500 * TICKS_US, NULL);
		const double sign = burst->inhibitory ? -1 : 1;
		for (uint32_t n = 0; n < NEURONS; n++)
			out[n] += sign * (after[n] - before[n]) / burst->runs;
	}
}

/* ---- MADC ----------------------------------------------------------------------------------- */

static void choose(struct fixture *f, const struct recording *how, uint32_t n, bool recorded)
{
	if (how->choose) {
		how->choose(f, n, recorded, how);
		return;
	}
	struct haldls_neuron_config config = f->neuron;
	config.enable_readout = recorded;
	emulator__analog_set_neuron(f->analog, n, &config);
}

static void record_pair(double traces[2][TRACE_MAX], struct fixture *f, const struct recording *how,
	uint32_t column)
{
	for (uint32_t mux = 0; mux < 2; mux++)
		choose(f, how, COLUMNS * mux + column, true);
	emulator__analog_madc_begin(f->analog, f->now);
	calibrate_pass(f, 9 * TICKS_US, NULL);
	for (size_t i = 0; i < how->count; i++) {
		if (i == how->before && how->stimulate)
			how->stimulate(f, column, how);
		calibrate_pass(f, how->spacing, NULL);
		for (uint32_t mux = 0; mux < 2; mux++)
			traces[mux][i] = emulator__analog_madc_sample(f->analog, f->now, mux);
	}
	for (uint32_t mux = 0; mux < 2; mux++)
		choose(f, how, COLUMNS * mux + column, false);
	calibrate_pass(f, how->rest, NULL);
}

void calibrate_record(double *out, struct fixture *f, const void *context)
{
	static double traces[2][TRACE_MAX];
	const struct recording *how = context;
	struct haldls_readout_source_selection selection = HALDLS_READOUT_SOURCE_SELECTION_INIT;
	assert_true(how->count <= TRACE_MAX);
	for (unsigned mux = 0; mux < 2; mux++)
		selection.neuron_even[mux][mux] = selection.neuron_odd[mux][mux] = true;
	emulator__analog_set_readout(f->analog, &selection);
	for (uint32_t column = 0; column < COLUMNS; column++) {
		const bool skipped = how->every && column % how->every;
		if (!skipped)
			record_pair(traces, f, how, column);
		for (uint32_t mux = 0; mux < 2; mux++) {
			const uint32_t n = COLUMNS * mux + column;
			out[n] = skipped ? NAN : how->evaluate(traces[mux], how, n);
		}
	}
}

/* What is left of a trace when a + b exp(-i / tau) is taken out, squared. */
static double misfit(const double *trace, size_t count, double tau)
{
	const double step = exp(-1 / tau), n = (double)count;
	double e = 1, sum_e = 0, sum_ee = 0, sum = 0, sum_ye = 0, sum_yy = 0;
	for (size_t i = 0; i < count; i++, e *= step) {
		sum_e += e;
		sum_ee += e * e;
		sum += trace[i];
		sum_ye += trace[i] * e;
		sum_yy += trace[i] * trace[i];
	}
	const double spread = sum_ee - sum_e * sum_e / n, joint = sum_ye - sum * sum_e / n;
	return sum_yy - sum * sum / n - joint * joint / spread;
}

double calibrate_time_constant(const double *trace, size_t count, double most)
{
	const double golden = 0.6180339887;
	double low = log(0.5), high = log(most);
	for (unsigned i = 0; i < 30; i++) {
		const double one = high - golden * (high - low),
			     other = low + golden * (high - low);
		if (misfit(trace, count, exp(one)) < misfit(trace, count, exp(other)))
			high = other;
		else
			low = one;
	}
	return exp((low + high) / 2);
}

double calibrate_slope(const double *trace, size_t count)
{
	const double middle = (double)(count - 1) / 2;
	double joint = 0, spread = 0;
	for (size_t i = 0; i < count; i++) {
		joint += ((double)i - middle) * trace[i];
		spread += ((double)i - middle) * ((double)i - middle);
	}
	return joint / spread;
}

/* ---- chips ---------------------------------------------------------------------------------- */

void calibrate_begin(struct fixture *f, uint32_t serial, uint64_t seed, uint16_t low, uint16_t high)
{
	static const struct {
		uint32_t row;
		int32_t code;
	} cells[] = {{HALDLS_CAPMEM_V_LEAK, 700}, {HALDLS_CAPMEM_V_RESET, 700},
		{HALDLS_CAPMEM_V_THRESHOLD, 1000}, {HALDLS_CAPMEM_I_BIAS_LEAK, 200},
		{HALDLS_CAPMEM_I_BIAS_RESET, 1012}, {HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 1017},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 1017},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 310},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 310}};
	fixture_begin(f, serial, seed, true, true);
	f->neuron.enable_leak_division = true;
	f->neuron.enable_synaptic_input_excitatory_high_resistance = false;
	f->neuron.enable_synaptic_input_inhibitory_high_resistance = false;
	f->neuron.enable_fire = true;
	fixture_neurons(f);
	f->backend.refractory_time = 70;
	f->backend.select_input_clock = 1;
	f->common.clock_scale_fast = 2;
	f->common.clock_scale_slow = 9;
	fixture_backends(f);
	fixture_shared(f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	fixture_shared(f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 1020);
	FOR_ROWS(i, cells)
	set_around(f, cells[i].row, cells[i].code);
	calibrate_cadc(f, low, high);
	calibrate_pass(f, 100 * TICKS_MS, NULL);
}

/* ---- statistics ----------------------------------------------------------------------------- */

static int ascending(const void *a, const void *b)
{
	const double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

double calibrate_percentile(const double *values, size_t count, double share)
{
	double sorted[NEURONS];
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (!isnan(values[i]))
			sorted[kept++] = values[i];
	qsort(sorted, kept, sizeof(*sorted), ascending);
	return kept ? sorted[(size_t)(share * (double)(kept - 1) + 0.5)] : NAN;
}

double calibrate_deviation(const double *values, size_t count)
{
	const double mean = calix__mean(values, NULL, count);
	double square = 0;
	for (size_t i = 0; i < count; i++)
		square += (values[i] - mean) * (values[i] - mean) / (double)count;
	return sqrt(square);
}

double calibrate_share(const double *values, size_t count, double low, double high)
{
	size_t within = 0, known = 0;
	for (size_t i = 0; i < count; i++) {
		within += values[i] >= low && values[i] <= high;
		known += isnan(values[i]) ? 0 : 1;
	}
	return known ? (double)within / (double)known : NAN;
}

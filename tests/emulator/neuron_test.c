// SPDX-License-Identifier: MIT
/* Single neurons without noise and variation against closed forms. Neuron 0 alone has codes, so
 * nothing else disturbs its cells; expectations take the true parameters from the formulas of
 * spec/emulator_physics.md, not from the core. */
#include "fixture.h"

#include "analog_state.h"

static struct fixture f;

enum { N = 0, LEAK_CODE = 158 };

static const double k_v = 1.875e-3, v_0 = 0.019, lsb_current = 0.978e-9;

static double volt(double code)
{
	return v_0 + k_v * code;
}

static double leak_volt(double code, double bias)
{
	return 0.8 * volt(code) - 0.54 - 6e-3 * log(bias / 158);
}

static double capacitance(unsigned size)
{
	return 36.5e-15 * (size + 5);
}

/* Neuron N with a leak at @leak V and a reset at @reset V; the rest of the chip is silent. */
static void begin(double leak, uint16_t bias, double reset)
{
	fixture_begin(&f, 1, 1, false, false);
	f.neuron.enable_fire = true;
	f.backend.select_input_clock = 1;
	f.common.clock_scale_fast = 3;
	f.common.clock_scale_slow = 9;
	f.backend.refractory_time = 32;
	fixture_neurons(&f);
	fixture_backends(&f);
	fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	fixture_cell(&f, N, HALDLS_CAPMEM_V_LEAK, code_of_leak(leak));
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, bias);
	fixture_cell(&f, N, HALDLS_CAPMEM_V_RESET, code_of_reset(reset));
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_RESET, 1020);
	fixture_advance(&f, 100 * TICKS_MS);
}

static void end(void)
{
	fixture_end(&f);
}

static double membrane(void)
{
	return emulator__analog_true_membrane(f.analog, N);
}

static void the_membrane_rests_at_the_leak_potential(void **state)
{
	(void)state;
	for (uint16_t code = 300; code <= 800; code = (uint16_t)(code + 100)) {
		begin(0.4, LEAK_CODE, 0.4);
		fixture_cell(&f, N, HALDLS_CAPMEM_V_LEAK, code);
		fixture_advance(&f, 100 * TICKS_MS);
		const double expected = leak_volt(code, LEAK_CODE);
		if (expected > 0.05)
			assert_near(membrane(), expected, 0, 2e-5);
		end();
	}
}

static void a_higher_leak_bias_lowers_the_rest(void **state)
{
	(void)state;
	begin(0.6, 158, 0.4);
	const double before = membrane();
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, 632);
	fixture_advance(&f, 100 * TICKS_MS);
	assert_near(membrane() - before, -6e-3 * log(4), 0, 5e-5);
	end();
}

/* C dV/dt = I tanh(g (E - V) / I): sinh(x) decays exponentially, x = g (E - V) / I. */
static void relaxation_follows_the_law_of_sinh(void **state)
{
	(void)state;
	static const struct {
		uint16_t bias;
		bool divide, multiply, degenerate;
		unsigned size;
	} rows[] = {
		{158, false, false, true, 63},
		{500, false, false, true, 63},
		{400, true, false, true, 63},
		{63, true, false, true, 63},
		{80, false, false, false, 63},
		{158, false, false, true, 20},
		{40, false, true, true, 63},
		{200, true, true, true, 63},
	};
	FOR_ROWS(i, rows)
	{
		begin(0.75, rows[i].bias, 0.45);
		f.neuron.enable_leak_division = rows[i].divide;
		f.neuron.enable_leak_multiplication = rows[i].multiply;
		f.neuron.enable_leak_degeneration = rows[i].degenerate;
		f.neuron.membrane_capacitor_size = rows[i].size;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		f.backend.refractory_time = 200;
		emulator__analog_set_backend(f.analog, N, &f.backend);
		fixture_advance(&f, 10 * TICKS_MS);
		emulator__analog_neuron_reset(f.analog, f.now, N);
		fixture_advance(&f, 12800 + 640); /* 200 cycles of 64 ticks */
		const double scale = rows[i].multiply == rows[i].divide ? 1
				     : rows[i].multiply                 ? 8
									: 0.125;
		const double limit = lsb_current * rows[i].bias * scale;
		const double g = 2.62e-9 * rows[i].bias * scale * (rows[i].degenerate ? 1 : 4);
		const double tau = capacitance(rows[i].size) / g,
			     rest = leak_volt(code_of_leak(0.75), rows[i].bias);
		const double x0 = g * (rest - membrane()) / limit;
		for (unsigned k = 1; k <= 20; k++) {
			const uint64_t ticks = (uint64_t)(tau / 4e-9 / 5) / 20 * 20 + 20;
			fixture_advance(&f, ticks);
			const double x = asinh(sinh(x0) * exp(-(double)(k * ticks) * 4e-9 / tau));
			/* tanh is approximated within 2e-3 of the limit, which adds up over the way
			 */
			assert_near(
				membrane(), rest - x * limit / g, 0, fabs(x0) > 0.9 ? 4e-3 : 1e-3);
		}
		end();
	}
}

static void small_relaxation_is_exponential(void **state)
{
	(void)state;
	begin(0.60, LEAK_CODE, 0.59);
	emulator__analog_neuron_reset(f.analog, f.now, N);
	fixture_advance(&f, 700);
	while (membrane() < 0.5901 && f.now < 200 * TICKS_MS)
		fixture_advance(&f, 20);
	const double tau = capacitance(63) / (2.62e-9 * LEAK_CODE),
		     rest = leak_volt(code_of_leak(0.60), LEAK_CODE);
	const double from = membrane() - rest;
	for (unsigned k = 1; k <= 30; k++) {
		fixture_advance(&f, 200);
		assert_near(membrane(), rest + from * exp(-0.8e-6 * k / tau), 1e-5, 0);
	}
	end();
}

/* Without a leak the reset alone moves the membrane: sinh(x) decays exponentially, x = g (E - V) /
 * I.
 */
static void a_reset_follows_the_law_of_sinh(void **state)
{
	(void)state;
	begin(0.6, LEAK_CODE, 0.48);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, 0);
	f.backend.refractory_time = 255;
	emulator__analog_set_backend(f.analog, N, &f.backend);
	fixture_advance(&f, 200 * TICKS_MS);
	const double start = membrane(), reset = 0.8 * volt(code_of_reset(0.48)) - 0.53;
	const double limit = 8 * 1020 * lsb_current, g = 5e-6, tau = capacitance(63) / g;
	const double x0 = g * (reset - start) / limit;
	assert_true(start > reset + 0.1);
	emulator__analog_neuron_reset(f.analog, f.now, N);
	for (unsigned k = 1; k <= 40; k++) {
		fixture_advance(&f, 20);
		const double x = asinh(sinh(x0) * exp(-80e-9 * k / tau));
		assert_near(membrane(), reset - x * limit / g, 1e-5, 0);
	}
	end();
}

/* The current at each membrane potential, seen by the way of a step, is that of the amplifier:
 * within 2e-3 of its largest. */
static void the_leak_is_a_tanh(void **state)
{
	(void)state;
	static const uint16_t biases[] = {63, 158, 400};
	FOR_ROWS(i, biases)
	{
		begin(0.95, biases[i], 0.05);
		f.backend.refractory_time = 255;
		emulator__analog_set_backend(f.analog, N, &f.backend);
		fixture_advance(&f, TICKS_MS);
		emulator__analog_neuron_reset(f.analog, f.now, N);
		fixture_advance(&f, 255 * 16 + 40);
		const double limit = lsb_current * biases[i], g = 2.62e-9 * biases[i];
		const double rest = leak_volt(code_of_leak(0.95), biases[i]);
		double before = membrane(), lowest = before;
		while (before < rest - 1e-3) {
			fixture_advance(&f, 20);
			const double middle = (before + membrane()) / 2;
			const double current = (membrane() - before) * capacitance(63) / 80e-9;
			assert_near(current, limit * tanh(g * (rest - middle) / limit), 0,
				2e-3 * limit);
			before = membrane();
		}
		assert_true(g * (rest - lowest) / limit > 1.5); /* well into saturation */
		end();
	}
}

static void reset_pulls_to_the_reset_potential(void **state)
{
	(void)state;
	begin(0.7, LEAK_CODE, 0.4);
	f.backend.refractory_time = 255;
	emulator__analog_set_backend(f.analog, N, &f.backend);
	const double start = membrane(), reset = 0.8 * volt(code_of_reset(0.4)) - 0.53;
	const double g_reset = 5e-6, g_leak = 2.62e-9 * LEAK_CODE,
		     tau = capacitance(63) / (g_reset + g_leak);
	emulator__analog_neuron_reset(f.analog, f.now, N);
	/* the leak stays: it pulls against the reset */
	const double limit = lsb_current * LEAK_CODE,
		     rest = leak_volt(code_of_leak(0.7), LEAK_CODE);
	double target = reset;
	for (unsigned i = 0; i < 50; i++)
		target = reset + limit * tanh(g_leak * (rest - target) / limit) / g_reset;
	fixture_advance(&f, 100);
	assert_near(membrane(), target + (start - target) * exp(-0.4e-6 / tau), 0, 3e-3);
	fixture_advance(&f, 3000);
	assert_near(membrane(), target, 0, 2e-3);
	end();
}

/* An input that is open pulls against the reset, unless it pauses meanwhile: by its current over
 * both conductances. */
static void inputs_pause_in_reset(void **state)
{
	(void)state;
	double held[2];
	for (unsigned pause = 0; pause < 2; pause++) {
		begin(0.5, LEAK_CODE, 0.45);
		f.neuron.enable_synaptic_input_excitatory = true;
		f.neuron.enable_pause = pause;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 500);
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 250);
		f.backend.refractory_time = 255;
		emulator__analog_set_backend(f.analog, N, &f.backend);
		fixture_advance(&f, 100 * TICKS_MS);
		emulator__analog_neuron_reset(f.analog, f.now, N);
		fixture_advance(&f, 255 * 8);
		held[pause] = membrane();
		end();
	}
	const double current = lsb_current * 500 * tanh(0.04 * log(300 / 250.0) / 0.072);
	assert_near(held[0] - held[1], current / (5e-6 + 2.62e-9 * LEAK_CODE), 0.01, 0);
}

/* Refractory arithmetic of spec/calix_spec.md 5.1. */
static void refractory_times_are_exact(void **state)
{
	(void)state;
	static const struct {
		uint32_t scale, counter, holdoff;
		uint64_t spike, end, release;
	} rows[] = {
		/* scale 3: T = 16 ticks = 64 ns; 32 cycles = 2.048 us, reset released one cycle
		   before */
		{3, 32, 15, 0, 512, 496},
		{3, 32, 15, 15, 512, 496},
		{3, 32, 15, 16, 528, 512},
		{0, 1, 15, 100, 102, 100},
		{2, 47, 15, 800, 800 + 47 * 8, 800 + 46 * 8},
		{3, 100, 10, 0, 1600, 1600 - 11 * 16},
		/* longest: T = 262 us, 255 cycles */
		{15, 255, 15, 0, 255ull << 16, 254ull << 16},
		/* fewer cycles than the hold-off: the reset ends with the period */
		{3, 20, 0, 0, 320, 320},
		{3, 31, 0, 0, 496, 0},
		{3, 30, 0, 0, 480, 480},
	};
	FOR_ROWS(i, rows)
	{
		struct haldls_neuron_backend_config backend = HALDLS_NEURON_BACKEND_CONFIG_INIT;
		struct haldls_common_neuron_backend_config common =
			HALDLS_COMMON_NEURON_BACKEND_CONFIG_INIT;
		backend.refractory_time = (uint8_t)rows[i].counter;
		backend.reset_holdoff = (uint8_t)rows[i].holdoff;
		for (unsigned fast = 0; fast < 2; fast++) {
			backend.select_input_clock = fast;
			common.clock_scale_fast = (uint8_t)(fast ? rows[i].scale : 7);
			common.clock_scale_slow = (uint8_t)(fast ? 7 : rows[i].scale);
			const struct analog_refractory r =
				analog_refractory_after(&backend, &common, rows[i].spike);
			assert_int_equal(r.end, rows[i].end);
			assert_int_equal(r.release, rows[i].release);
		}
	}
}

/* The clock runs on its own: a spike comes anywhere in its first cycle, and all places are alike.
 */
static void the_first_cycle_is_cut_short_evenly(void **state)
{
	enum { PERIOD = 16, CYCLES = 40 };
	const struct haldls_common_neuron_backend_config common = {
		.enable_clocks = true, .clock_scale_slow = 3};
	const struct haldls_neuron_backend_config backend = {
		.refractory_time = CYCLES, .reset_holdoff = 15};
	unsigned seen[PERIOD] = {0};
	(void)state;
	for (uint64_t spike = 12345; spike < 12345 + 10 * PERIOD; spike++) {
		const uint64_t length =
			analog_refractory_after(&backend, &common, spike).end - spike;
		assert_in_range(length, (CYCLES - 1) * PERIOD + 1, CYCLES * PERIOD);
		seen[length - (CYCLES - 1) * PERIOD - 1]++;
	}
	for (unsigned i = 0; i < PERIOD; i++)
		assert_int_equal(seen[i], 10);
}

/* ---- drift ----------------------------------------------------------------------------------- */

enum { MINUTE_MS = 60000 };

static void look_at_references(float leak[512], float reset[512])
{
	for (uint32_t n = 0; n < 512; n++) {
		struct emulator_analog_truth truth;
		emulator__analog_true_neuron(&truth, f.analog, n);
		leak[n] = (float)truth.leak_reference;
		reset[n] = (float)truth.reset_reference;
	}
}

/* 0.3 LSB of 4.5 mV an hour, as a random walk: the square root of the time. */
static void references_drift_as_a_random_walk(void **state)
{
	static float begin[2][512], half[2][512], end[2][512];
	double early = 0, late = 0, both = 0;
	(void)state;
	fixture_begin(&f, 1, 5, true, false);
	fixture_neurons(&f);
	fixture_advance(&f, 1000 * TICKS_MS);
	look_at_references(begin[0], begin[1]);
	for (unsigned minute = 0; minute < 30; minute++)
		fixture_advance(&f, (uint64_t)MINUTE_MS * TICKS_MS);
	look_at_references(half[0], half[1]);
	fixture_advance(&f, UINT64_C(30) * MINUTE_MS * TICKS_MS);
	look_at_references(end[0], end[1]);
	for (unsigned n = 0; n < 512; n++) {
		const double first = (double)(half[0][n] - begin[0][n]),
			     second = (double)(end[0][n] - half[0][n]);
		early += first * first / 512;
		late += second * second / 512;
		both += first * second / 512;
		/* leak and reset share their amplifier, and so their drift */
		assert_near((double)(end[1][n] - begin[1][n]), first + second, 0, 1e-6);
	}
	const double variance = 1.35e-3 * 1.35e-3 / 2; /* of half an hour; 5 sigma of 512 squares */
	assert_near(early, variance, 5 * sqrt(2. / 512), 0);
	assert_near(late, variance, 5 * sqrt(2. / 512), 0);
	assert_near(both, 0, 0, 5 * variance / sqrt(512));
	fixture_end(&f);
	/* in other pieces it is the same walk */
	fixture_begin(&f, 1, 5, true, false);
	fixture_neurons(&f);
	fixture_advance(&f, 1000 * TICKS_MS + UINT64_C(60) * MINUTE_MS * TICKS_MS);
	look_at_references(begin[0], begin[1]);
	for (unsigned n = 0; n < 512; n++)
		assert_true(begin[0][n] == end[0][n] && begin[1][n] == end[1][n]);
	fixture_end(&f);
	/* none without noise */
	fixture_begin(&f, 1, 5, false, false);
	fixture_neurons(&f);
	fixture_advance(&f, 1000 * TICKS_MS);
	look_at_references(begin[0], begin[1]);
	fixture_advance(&f, UINT64_C(10) * MINUTE_MS * TICKS_MS);
	look_at_references(end[0], end[1]);
	assert_memory_equal(begin, end, sizeof(begin));
	fixture_end(&f);
}

/* ---- biases that enable ---------------------------------------------------------------------- */

/* 1 - exp(-4 code / nominal), over what it is at the nominal code; at most 1. */
static double quality(double code, double nominal)
{
	return fmin(expm1(-4 * code / nominal) / expm1(-4), 1);
}

static void biases_enable_what_they_are_for(void **state)
{
	static const struct {
		enum haldls_capmem_shared_cell cell;
		double nominal;
	} rows[] = {{HALDLS_CAPMEM_NEURON_I_BIAS_LEAK_SOURCE_FOLLOWER, 100},
		{HALDLS_CAPMEM_NEURON_V_BIAS_CASC_N, 250},
		{HALDLS_CAPMEM_NEURON_I_BIAS_SYNIN_DROP, 300}};
	static const double shares[] = {0, 0.1, 0.5, 1, 2};
	(void)state;
	FOR_ROWS(i, rows)
	FOR_ROWS(k, shares)
	{
		struct emulator_analog_truth all, some;
		const uint16_t code = (uint16_t)(shares[k] * rows[i].nominal + 0.5);
		begin(0.5, 0, 0.4);
		f.neuron.enable_synaptic_input_excitatory = true;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 507);
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, 163);
		fixture_advance(&f, 100 * TICKS_MS);
		emulator__analog_true_neuron(&all, f.analog, N);
		fixture_shared(&f, rows[i].cell, code);
		fixture_advance(&f, 100 * TICKS_MS);
		emulator__analog_true_neuron(&some, f.analog, N);
		const double q = quality(code, rows[i].nominal);
		const double drift = 6e-3 * log(163. / 158);
		assert_near(some.leak_reference + drift,
			(i == 0 ? q : 1) * (all.leak_reference + drift), 1e-3, 1e-4);
		assert_near(some.leak_conductance, (i == 1 ? q : 1) * all.leak_conductance, 1e-3,
			1e-15);
		assert_near(some.input_current[0], (i >= 1 ? q : 1) * all.input_current[0], 1e-3,
			1e-15);
		end();
	}
}

static void without_clocks_a_reset_never_ends(void **state)
{
	(void)state;
	begin(0.7, LEAK_CODE, 0.4);
	f.common.enable_clocks = false;
	fixture_backends(&f);
	emulator__analog_neuron_reset(f.analog, f.now, N);
	fixture_advance(&f, 10 * TICKS_MS);
	assert_true(membrane() < 0.45);
	f.common.enable_clocks = true;
	fixture_backends(&f);
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(), 0.7, 0, 2e-3);
	end();
}

static void forced_reset_holds_its_half(void **state)
{
	(void)state;
	begin(0.7, LEAK_CODE, 0.4);
	f.common.force_reset = true;
	emulator__analog_set_common_backend(f.analog, 1, &f.common);
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(), 0.7, 0, 2e-3);
	emulator__analog_set_common_backend(f.analog, 0, &f.common);
	fixture_advance(&f, TICKS_MS);
	assert_true(membrane() < 0.45);
	f.common.force_reset = false;
	emulator__analog_set_common_backend(f.analog, 0, &f.common);
	fixture_advance(&f, TICKS_MS);
	assert_near(membrane(), 0.7, 0, 2e-3);
	end();
}

static void set_threshold(double threshold)
{
	f.neuron.enable_threshold_comparator = true;
	emulator__analog_set_neuron(f.analog, N, &f.neuron);
	fixture_cell(&f, N, HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(threshold));
	fixture_advance(&f, 100 * TICKS_MS);
	f.count = 0;
}

/* A fine clock, so that its phase matters little: 255 cycles of 16 ns, reset released one cycle
 * before the end. The spike sees the next edge, on average half a cycle later: from the release to
 * the next one it takes the climb, the comparator's 20 ns, 254 cycles, less this half. */
static void set_fine_clock(void)
{
	f.common.clock_scale_fast = 1;
	f.backend.refractory_time = 255;
	fixture_backends(&f);
}

static const double fine_dead_time = 20e-9 + 253.5 * 16e-9;

/* Time from @from to @to under a leak towards @rest, in s: the integral of C / (I tanh). */
static double climb(double rest, double from, double to, double limit, double g)
{
	return capacitance(63) / g *
	       log(sinh(g * (rest - from) / limit) / sinh(g * (rest - to) / limit));
}

static void rate_over_threshold_follows_the_closed_form(void **state)
{
	(void)state;
	static const struct {
		double leak, threshold;
		uint16_t bias;
	} rows[] = {{0.70, 0.55, 158}, {0.70, 0.60, 158}, {0.65, 0.60, 300}, {0.60, 0.55, 100},
		{0.60, 0.45, 500}};
	FOR_ROWS(i, rows)
	{
		begin(rows[i].leak, rows[i].bias, 0.40);
		set_fine_clock();
		set_threshold(rows[i].threshold);
		fixture_advance(&f, 10 * TICKS_MS);
		assert_true(f.count > 100);
		for (size_t k = 0; k < f.count; k++)
			assert_int_equal(f.spikes[k].neuron, N);
		const double measured = (double)(f.spikes[f.count - 1].time - f.spikes[0].time) /
					(double)(f.count - 1) * 4e-9;
		const double g = 2.62e-9 * rows[i].bias, limit = lsb_current * rows[i].bias,
			     g_reset = 5e-6;
		const double rest = leak_volt(code_of_leak(rows[i].leak), rows[i].bias);
		const double reset = 0.8 * volt(code_of_reset(0.40)) - 0.53;
		double floor_v = reset;
		for (unsigned k = 0; k < 50; k++)
			floor_v = reset + limit * tanh(g * (rest - floor_v) / limit) / g_reset;
		const double threshold = volt(code_of_threshold(rows[i].threshold)) - 0.013;
		assert_near(measured, climb(rest, floor_v, threshold, limit, g) + fine_dead_time,
			0.002, 16e-9);
		end();
	}
}

static void offset_current_drives_a_neuron_without_leak(void **state)
{
	(void)state;
	static const uint16_t codes[] = {70, 250, 700};
	FOR_ROWS(i, codes)
	{
		begin(0.4, 0, 0.40);
		set_fine_clock();
		f.neuron.enable_membrane_offset = true;
		fixture_cell(&f, N, HALDLS_CAPMEM_I_MEM_OFFSET, codes[i]);
		set_threshold(0.6);
		fixture_advance(&f, 10 * TICKS_MS);
		const double slope = 0.36e-9 * codes[i] / capacitance(63);
		const double reset = 0.8 * volt(code_of_reset(0.40)) - 0.53,
			     floor_v = reset + 0.36e-9 * codes[i] / 5e-6;
		const double threshold = volt(code_of_threshold(0.6)) - 0.013;
		const double period = (threshold - floor_v) / slope + fine_dead_time;
		assert_true(f.count > 20);
		const double measured = (double)(f.spikes[f.count - 1].time - f.spikes[0].time) /
					(double)(f.count - 1) * 4e-9;
		assert_near(measured, period, 0.002, 16e-9);
		end();
	}
}

static void a_spike_needs_a_rising_edge_after_the_refractory_period(void **state)
{
	(void)state;
	begin(0.7, LEAK_CODE, 0.50);
	set_threshold(0.45); /* below the reset */
	fixture_advance(&f, 10 * TICKS_MS);
	assert_int_equal(f.count, 0);
	end();
}

static void switches_of_the_spike_path_are_exact(void **state)
{
	(void)state;
	for (unsigned off = 0; off < 3; off++) {
		begin(0.7, LEAK_CODE, 0.40);
		set_threshold(0.55);
		f.neuron.enable_fire = off != 0;
		f.neuron.enable_threshold_comparator = off != 1;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		if (off == 2)
			fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 0);
		fixture_advance(&f, 100 * TICKS_MS);
		f.count = 0;
		fixture_advance(&f, TICKS_MS);
		assert_int_equal(f.count, 0);
		assert_near(membrane(), 0.7, 0, 2e-3);
		end();
	}
}

static void an_artificial_reset_needs_fire_enabled(void **state)
{
	(void)state;
	begin(0.7, LEAK_CODE, 0.40);
	f.neuron.enable_fire = false;
	emulator__analog_set_neuron(f.analog, N, &f.neuron);
	emulator__analog_neuron_reset(f.analog, f.now, N);
	fixture_advance(&f, 400);
	assert_near(membrane(), 0.7, 0, 2e-3);
	f.neuron.enable_fire = true;
	emulator__analog_set_neuron(f.analog, N, &f.neuron);
	emulator__analog_neuron_reset(f.analog, f.now, N);
	fixture_advance(&f, 400);
	assert_true(membrane() < 0.5);
	assert_int_equal(f.count, 0);
	end();
}

static void the_membrane_stays_between_its_rails(void **state)
{
	(void)state;
	for (unsigned down = 0; down < 2; down++) {
		begin(0.5, 0, 0.4);
		f.neuron.enable_membrane_offset = true;
		f.neuron.invert_membrane_offset = down;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		fixture_cell(&f, N, HALDLS_CAPMEM_I_MEM_OFFSET, 1000);
		fixture_advance(&f, 100 * TICKS_MS);
		assert_near(membrane(), down ? 0 : 1.2, 0, 2e-3);
		end();
	}
}

/* Excitation and inhibition move the rest as I = +-I_b tanh((U + V_off - V_shift) / 72 mV). */
static void shift_references_move_the_rest(void **state)
{
	(void)state;
	for (unsigned line = 0; line < 2; line++) {
		begin(0.6, LEAK_CODE, 0.4);
		const double rest = membrane();
		const double typical = line ? 278 : 300, gain = line ? 0.885 : 1;
		f.neuron.enable_synaptic_input_excitatory = !line;
		f.neuron.enable_synaptic_input_inhibitory = line;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		fixture_cell(&f, N,
			line ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM
			     : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM,
			100);
		double last = line ? -1 : 2;
		for (uint16_t code = 200; code <= 450; code = (uint16_t)(code + 50)) {
			fixture_cell(&f, N,
				line ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT
				     : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT,
				code);
			fixture_advance(&f, 100 * TICKS_MS);
			const double current = (line ? -1 : 1) * lsb_current * 100 * gain *
					       tanh(-0.04 * log(code / typical) / 0.072);
			const double limit = lsb_current * LEAK_CODE, g = 2.62e-9 * LEAK_CODE;
			assert_near(
				membrane() - rest, limit / g * atanh(current / limit), 0.01, 1e-3);
			/* a larger code lowers the excitatory and raises the inhibitory rest */
			assert_true(line ? membrane() > last : membrane() < last);
			last = membrane();
		}
		f.neuron.enable_synaptic_input_excitatory =
			f.neuron.enable_synaptic_input_inhibitory = false;
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		fixture_advance(&f, 10 * TICKS_MS);
		assert_near(membrane(), rest, 0, 1e-6);
		end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_membrane_rests_at_the_leak_potential),
		cmocka_unit_test(a_higher_leak_bias_lowers_the_rest),
		cmocka_unit_test(relaxation_follows_the_law_of_sinh),
		cmocka_unit_test(small_relaxation_is_exponential),
		cmocka_unit_test(a_reset_follows_the_law_of_sinh),
		cmocka_unit_test(the_leak_is_a_tanh),
		cmocka_unit_test(reset_pulls_to_the_reset_potential),
		cmocka_unit_test(inputs_pause_in_reset),
		cmocka_unit_test(refractory_times_are_exact),
		cmocka_unit_test(the_first_cycle_is_cut_short_evenly),
		cmocka_unit_test(references_drift_as_a_random_walk),
		cmocka_unit_test(biases_enable_what_they_are_for),
		cmocka_unit_test(without_clocks_a_reset_never_ends),
		cmocka_unit_test(forced_reset_holds_its_half),
		cmocka_unit_test(rate_over_threshold_follows_the_closed_form),
		cmocka_unit_test(offset_current_drives_a_neuron_without_leak),
		cmocka_unit_test(a_spike_needs_a_rising_edge_after_the_refractory_period),
		cmocka_unit_test(switches_of_the_spike_path_are_exact),
		cmocka_unit_test(an_artificial_reset_needs_fire_enabled),
		cmocka_unit_test(the_membrane_stays_between_its_rails),
		cmocka_unit_test(shift_references_move_the_rest),
	};
	return cmocka_run_group_tests_name("emulator/neuron", tests, NULL, NULL);
}

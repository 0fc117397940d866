// SPDX-License-Identifier: MIT
/* Rich neurons: firing patterns of the adaptive exponential model against stored figures of Brian2
 * (source: spec/emulator_numerics.md 2.4), conductance-based inputs and compartments against closed
 * forms. */
#include "fixture.h"

#include "analog_state.h"

static struct fixture f;

/* ---- firing patterns ---------------------------------------------------------------------------
 */

/* Biological units: pF, nS, mV, ms, pA. A millisecond becomes a microsecond, a millivolt 10 mV. */
struct pattern {
	const char *name;
	double c, g, e, threshold, delta, a, tau, b, reset, current;
	unsigned spikes;
	double first, second, last; /* ms: first spike, first and last interval */
	double tolerance;           /* ms */
	bool chaotic;               /* only its begin and its rate say something */
};

static const struct pattern patterns[] = {
	{"tonic", 200, 10, -70, -50, 2, 2, 30, 0, -58, 500, 51, 14.22, 8.93, 9.59, 0.2, false},
	{"adaptation", 200, 12, -70, -50, 2, 2, 300, 60, -58, 500, 10, 14.90, 11.27, 75.90, 0.2,
		false},
	{"initial burst", 130, 18, -58, -50, 2, 4, 150, 120, -50, 400, 10, 5.46, 3.42, 63.95, 0.2,
		false},
	{"regular bursting", 200, 10, -58, -50, 2, 2, 120, 100, -46, 210, 9, 16.16, 2.92, 5.35, 0.2,
		false},
	{"delayed accelerating", 200, 12, -70, -50, 2, -10, 300, 0, -58, 300, 36, 33.57, 20.59,
		10.70, 0.8, false},
	{"delayed regular bursting", 100, 10, -65, -50, 2, -10, 90, 30, -47, 110, 26, 57.18, 3.22,
		3.29, 0.8, false},
	{"transient", 100, 10, -65, -50, 2, 10, 90, 100, -47, 180, 1, 30.29, 0, 0, 0.2, false},
	{"irregular", 100, 12, -60, -50, 2, -11, 130, 30, -48, 160, 28, 15.64, 3.45, 6.53, 0.2,
		true},
};

static const double scale = 0.01, zero = -90; /* V per mV; mV at 0 V */

static float volt(double millivolt)
{
	return (float)((millivolt - zero) * scale);
}

static void set_neuron(struct kernel_membranes *m, struct kernel_rich *r, const struct pattern *p)
{
	const double per_us = 1e6; /* what is per ms becomes per us */
	const float range = 1e-3f; /* so wide that the leak is linear */
	memset(m, 0, sizeof(*m));
	memset(r, 0, sizeof(*r));
	for (unsigned n = 0; n < KERNEL_BLOCK; n++) {
		m->v[n] = volt(p->e);
		m->leak_slope[n] = range;
		m->leak_limit[n] = (float)(p->g / p->c * per_us) / range;
		m->leak_reference[n] = volt(p->e);
		m->constant[n] = (float)(p->current / p->c * scale * per_us);
		m->threshold[n] = volt(-30);
		for (unsigned line = 0; line < KERNEL_LINES; line++) {
			m->line_decay[line][n] = m->line_mean[line][n] = 1;
			m->line_area[line][n] = 1;
		}
		r->adaptation_rate[n] = (float)(per_us / p->tau);
		r->adaptation_a[n] = (float)(p->a / p->c * per_us);
		r->adaptation_reference[n] = volt(p->e);
		r->adaptation_limit[n] = 1e9f;
		r->exponential[n] = (float)(p->g * p->delta / p->c * scale * per_us);
		r->exponential_slope[n] = (float)(1 / (p->delta * scale));
		r->exponential_reference[n] = volt(p->threshold);
		r->exponential_limit[n] = 1e9f;
	}
	m->fast = 1;
	m->rich = 1;
}

/* Run 500 ms in steps of @step s. Returns the number of spikes; their times in ms. */
static unsigned run_pattern(
	const struct kernel *kernel, const struct pattern *p, double step, double *times)
{
	static struct kernel_membranes m;
	static struct kernel_rich r;
	unsigned count = 0;
	set_neuron(&m, &r, p);
	for (double now = 0, end; now < 500e-6; now = end) {
		end = now + step;
		kernel->rich(&m, &r, (float)step, 0, 0, 1);
		if (!m.crossing[0])
			continue;
		/* all neurons of the block are alike: go on from the reset */
		end = now + (double)r.place[0] * step;
		if (end < 500e-6)
			times[count++] = end * 1e6;
		for (unsigned n = 0; n < KERNEL_BLOCK; n++) {
			m.v[n] = volt(p->reset);
			m.above[n] = 0;
			r.adaptation[n] += (float)(p->b / p->c * scale * 1e6);
		}
	}
	return count;
}

static void compare_pattern(const struct pattern *p, const double *times, unsigned spikes)
{
	if (spikes != p->spikes &&
		!(p->chaotic && spikes + 2 >= p->spikes && spikes <= p->spikes + 2))
		fail_msg("%s: %u spikes, not %u", p->name, spikes, p->spikes);
	assert_near(times[0], p->first, 0, p->tolerance);
	if (spikes < 2)
		return;
	assert_near(times[1] - times[0], p->second, 0, p->tolerance);
	if (!p->chaotic)
		assert_near(times[spikes - 1] - times[spikes - 2], p->last, 0, p->tolerance);
}

static const double steps[] = {80e-9, 160e-9, 320e-9};

static void firing_patterns_agree_with_brian2(void **state)
{
	(void)state;
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	FOR_ROWS(i, patterns)
	FOR_ROWS(k, steps)
	{
		double times[200];
		compare_pattern(&patterns[i], times,
			run_pattern(all[count - 1], &patterns[i], steps[k], times));
	}
}

static void firing_patterns_are_the_same_on_all_instruction_sets(void **state)
{
	(void)state;
	const struct kernel *all[3];
	const unsigned count = emulator__kernel_list(all);
	FOR_ROWS(i, patterns)
	{
		double times[200], others[200];
		const unsigned spikes = run_pattern(all[0], &patterns[i], steps[0], times);
		for (unsigned k = 1; k < count; k++) {
			assert_int_equal(
				run_pattern(all[k], &patterns[i], steps[0], others), spikes);
			assert_memory_equal(times, others, spikes * sizeof(*times));
		}
	}
}

/* ---- inputs ------------------------------------------------------------------------------------
 */

enum { N = 0 };

static double reference_volt(double code)
{
	return 0.8 * (0.019 + 1.875e-3 * code) - 0.54;
}

/* Current of input @line at @v: the line's drop stands at 0, the offset of the shift opens it. */
static double input_current(unsigned line, double leak, bool coba, uint16_t code, double *membrane)
{
	fixture_begin(&f, 1, 1, false, false);
	f.neuron.enable_synaptic_input_excitatory = !line;
	f.neuron.enable_synaptic_input_inhibitory = line;
	f.neuron.enable_synaptic_input_excitatory_coba_mode = coba && !line;
	f.neuron.enable_synaptic_input_inhibitory_coba_mode = coba && line;
	emulator__analog_set_neuron(f.analog, N, &f.neuron);
	fixture_cell(&f, N, HALDLS_CAPMEM_V_LEAK, code_of_leak(leak));
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, 1000);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 290);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 270);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 500);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, 565);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, code);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA, code);
	fixture_cell(&f, N, HALDLS_CAPMEM_E_SYNIN_EXC_REV, 620);
	fixture_cell(&f, N, HALDLS_CAPMEM_E_SYNIN_INH_REV, 620);
	fixture_advance(&f, 60 * TICKS_MS);
	/* what the leak takes at rest */
	const double limit = 0.978e-9 * 1000, g = 2.62e-9 * 1000;
	const double rest = reference_volt(code_of_leak(leak)) - 6e-3 * log(1000.0 / 158);
	const double v = emulator__analog_true_membrane(f.analog, N);
	*membrane = v;
	fixture_end(&f);
	return limit * tanh(g * (v - rest) / limit);
}

/* amplitude(V) = A (1 - (V - E_ref) / (E_rev - E_ref)): a straight line through the current-based
 * amplitude at the reference, with a slope of 6 nA per V and code. */
static void conductance_based_inputs_fall_towards_their_reversal_potential(void **state)
{
	(void)state;
	static const double leaks[] = {0.3, 0.45, 0.6};
	static const uint16_t codes[] = {60, 163, 250};
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		FOR_ROWS(i, leaks)
		{
			FOR_ROWS(k, codes)
			{
				double v, unused;
				const double open =
					input_current(line, leaks[i], false, 0, &unused);
				const double coba =
					input_current(line, leaks[i], true, codes[k], &v);
				const double amplitude = 0.978e-9 * (line ? 565 * 0.885 : 500);
				const double sign = line ? -1 : 1;
				double expected = 1 + sign * 6e-9 * codes[k] *
							      (reference_volt(620) - v) / amplitude;
				if (expected < 0)
					expected = 0;
				assert_near(coba / open, expected, 0.01, 0.002);
			}
		}
}

/* ---- compartments ------------------------------------------------------------------------------
 */

enum { ICC_CODE = 300, LEAK_BIAS = 63 };

static const double farad = 36.5e-15 * 68;

/* Neurons @one and @other with leak and reset, silent otherwise. */
static void begin_pair(unsigned one, unsigned other)
{
	fixture_begin(&f, 1, 1, false, false);
	f.neuron.enable_fire = true;
	f.backend.refractory_time = 100;
	f.backend.select_input_clock = 1;
	f.common.clock_scale_fast = 3;
	fixture_neurons(&f);
	fixture_backends(&f);
	const unsigned both[] = {one, other};
	FOR_ROWS(i, both)
	{
		fixture_cell(&f, both[i], HALDLS_CAPMEM_V_LEAK, code_of_leak(0.50));
		fixture_cell(&f, both[i], HALDLS_CAPMEM_I_BIAS_LEAK, LEAK_BIAS);
		fixture_cell(&f, both[i], HALDLS_CAPMEM_V_RESET, code_of_reset(0.45));
		fixture_cell(&f, both[i], HALDLS_CAPMEM_I_BIAS_RESET, (uint16_t)(1000 + i));
		fixture_cell(&f, both[i], HALDLS_CAPMEM_I_BIAS_NMDA, (uint16_t)(ICC_CODE + i));
	}
}

static double membrane(unsigned n)
{
	return emulator__analog_true_membrane(f.analog, n);
}

static void joined_membranes_relax_by_both_time_constants(void **state)
{
	(void)state;
	static const struct {
		bool multiply, divide;
		double scale;
	} rows[] = {{false, false, 1}, {true, false, 4}, {false, true, 0.25}, {true, true, 1}};
	FOR_ROWS(i, rows)
	{
		begin_pair(0, 1);
		struct haldls_neuron_config config = f.neuron;
		config.connect_soma = config.connect_soma_right = true;
		emulator__analog_set_neuron(f.analog, 0, &config);
		config = f.neuron;
		config.enable_multicomp_conductance = true;
		config.enable_multiply_multicomp_conductance_bias = rows[i].multiply;
		config.enable_divide_multicomp_conductance_bias = rows[i].divide;
		emulator__analog_set_neuron(f.analog, 1, &config);
		fixture_advance(&f, 60 * TICKS_MS);
		emulator__analog_neuron_reset(f.analog, f.now, 0);
		fixture_advance(&f, 1600 / 20 * 20);
		const double tau_icc = farad / (2e-9 * (ICC_CODE + 1) * rows[i].scale);
		const double tau_leak = farad / (2.62e-9 * LEAK_BIAS);
		const double tau = 1 / (2 / tau_icc + 1 / tau_leak);
		const uint64_t ticks = (uint64_t)(tau / 4e-9) / 20 * 20;
		const double before = membrane(1) - membrane(0);
		assert_true(before > 2e-3);
		fixture_advance(&f, ticks);
		const double after = membrane(1) - membrane(0);
		const double measured = (double)ticks * 4e-9 / log(before / after);
		assert_near(measured, tau, 0.01, 0);
		fixture_end(&f);
	}
}

/* Every short makes one node of two membranes: the reset of one takes the other along. */
static void shorted_membranes_are_one(void **state)
{
	(void)state;
	for (unsigned way = 0; way < 3; way++) {
		const unsigned other = way == 2 ? 256 : 1;
		begin_pair(0, other);
		struct haldls_neuron_config config = f.neuron;
		config.connect_membrane_right = way == 0;
		config.connect_soma = config.connect_soma_right = way == 1;
		config.connect_bottom = way == 2;
		emulator__analog_set_neuron(f.analog, 0, &config);
		config = f.neuron;
		config.connect_soma = way == 1;
		emulator__analog_set_neuron(f.analog, other, &config);
		fixture_advance(&f, 60 * TICKS_MS);
		const double rest = membrane(0);
		emulator__analog_neuron_reset(f.analog, f.now, 0);
		fixture_advance(&f, 1600);
		assert_true(membrane(0) < rest - 0.03);
		assert_near(membrane(0), membrane(other), 0, 1e-6);
		/* two leaks and two capacitors: the time constant of one */
		const uint64_t ticks = 500;
		const double tau = farad / (2.62e-9 * LEAK_BIAS);
		const double before = rest - membrane(0);
		fixture_advance(&f, ticks);
		assert_near(
			(rest - membrane(0)) / before, exp(-(double)ticks * 4e-9 / tau), 0.01, 0);
		/* a membrane that is not connected stays */
		assert_near(membrane(2), 0, 1, 0.1);
		fixture_end(&f);
	}
}

/* Six circuits of one node with small capacitors: each brings its own and the intrinsic 5 codes.
 * The time constant is that of one, and far from what the codes alone would give (source:
 * spec/emulator_physics.md 2.2). */
static void shorted_circuits_bring_their_intrinsic_capacitance(void **state)
{
	(void)state;
	enum { CIRCUITS = 6, SIZE = 12 };
	fixture_begin(&f, 1, 1, false, false);
	f.neuron.enable_fire = true;
	f.backend.select_input_clock = 1;
	f.backend.refractory_time = 40;
	f.common.clock_scale_fast = 3;
	fixture_backends(&f);
	for (unsigned n = 0; n < CIRCUITS; n++) {
		struct haldls_neuron_config config = f.neuron;
		config.membrane_capacitor_size = SIZE;
		config.connect_membrane_right = n + 1 < CIRCUITS;
		/* one leak and one reset for all, as on a chip */
		emulator__analog_set_neuron(f.analog, n, &config);
	}
	fixture_cell(&f, 0, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.50));
	fixture_cell(&f, 0, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_cell(&f, 0, HALDLS_CAPMEM_V_RESET, code_of_reset(0.46));
	fixture_cell(&f, 0, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
	fixture_advance(&f, 100 * TICKS_MS);
	const double rest = membrane(0);
	emulator__analog_neuron_reset(f.analog, f.now, 0);
	fixture_advance(&f, 41 * 16);
	const double before = rest - membrane(0), g = 2.62e-9 * 158;
	assert_true(before > 0.01);
	const double ignored = CIRCUITS * 36.5e-15 * SIZE / g;
	const double tau = CIRCUITS * 36.5e-15 * (SIZE + 5) / g;
	const uint64_t ticks = (uint64_t)(tau / 4e-9) / 20 * 20;
	fixture_advance(&f, ticks);
	const double measured =
		(double)ticks * 4e-9 / log(before / (rest - membrane(CIRCUITS - 1)));
	assert_near(measured, tau, 0.01, 0);
	assert_true(measured > 1.24 * ignored);
	fixture_end(&f);
}

/* Three arms on one line without a membrane: charge is kept, and all end at the mean. */
static void a_line_without_membrane_joins_its_arms(void **state)
{
	(void)state;
	begin_pair(0, 1);
	fixture_cell(&f, 2, HALDLS_CAPMEM_I_BIAS_NMDA, 400);
	fixture_cell(&f, 0, HALDLS_CAPMEM_I_BIAS_LEAK, 0);
	fixture_cell(&f, 1, HALDLS_CAPMEM_I_BIAS_LEAK, 0);
	for (unsigned n = 0; n < 3; n++) {
		struct haldls_neuron_config config = f.neuron;
		config.enable_multicomp_conductance = true;
		config.connect_soma_right = n < 2;
		config.enable_membrane_offset = n == 2;
		emulator__analog_set_neuron(f.analog, n, &config);
	}
	fixture_cell(&f, 2, HALDLS_CAPMEM_I_MEM_OFFSET, 10);
	fixture_advance(&f, 60 * TICKS_MS);
	for (unsigned n = 1; n < 3; n++)
		assert_near(membrane(n), membrane(0), 0, 0.02);
	assert_true(membrane(0) > 0.9); /* one current charges them all up to the rail */
	fixture_end(&f);
}

/* ---- whole neurons ------------------------------------------------------------------------------
 */

/* A firing neuron with adaptation: intervals grow, by b per spike; without it they do not. */
static void spikes_adapt(void **state)
{
	(void)state;
	double ratio[3];
	for (unsigned sign = 0; sign < 3; sign++) {
		fixture_begin(&f, 1, 1, false, false);
		f.neuron.enable_fire = f.neuron.enable_threshold_comparator = true;
		f.neuron.enable_adaptation = sign > 0;
		f.neuron.invert_adaptation_b = sign == 2;
		f.backend.select_input_clock = 1;
		f.backend.refractory_time = 32;
		f.backend.enable_adaptation_pulse = true;
		f.common.clock_scale_fast = 3;
		f.common.clock_scale_adaptation_pulse = 7;
		emulator__analog_set_backend(f.analog, N, &f.backend);
		for (uint32_t half = 0; half < 2; half++)
			emulator__analog_set_common_backend(f.analog, half, &f.common);
		fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
		fixture_cell(&f, N, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.7));
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
		fixture_cell(&f, N, HALDLS_CAPMEM_V_RESET, code_of_reset(0.45));
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
		fixture_cell(&f, N, HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(0.55));
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 100);
		fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_ADAPT_B, 40);
		fixture_advance(&f, 60 * TICKS_MS);
		emulator__analog_set_neuron(f.analog, N, &f.neuron);
		f.count = 0;
		fixture_advance(&f, TICKS_MS / 2);
		assert_true(f.count > 10);
		ratio[sign] = (double)(f.spikes[f.count - 1].time - f.spikes[f.count - 2].time) /
			      (double)(f.spikes[2].time - f.spikes[1].time);
		fixture_end(&f);
	}
	assert_near(ratio[0], 1, 0.01, 0);
	assert_true(ratio[1] > 1.1);
	assert_true(ratio[2] < 0.97);
}

/* ---- bypass ------------------------------------------------------------------------------------
 */

/* An event of @weight goes to the excitatory or inhibitory line of neuron N. Returns spikes. */
static size_t stimulate_bypass(unsigned line, uint8_t weight, bool bypass)
{
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	fixture_begin(&f, 1, 1, false, false);
	f.neuron.enable_fire = true;
	f.neuron.enable_bypass_excitatory = bypass && !line;
	f.neuron.enable_bypass_inhibitory = bypass && line;
	f.backend.select_input_clock = 1;
	f.backend.refractory_time = 100;
	f.common.clock_scale_fast = 3;
	fixture_neurons(&f);
	fixture_backends(&f);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 1020);
	fixture_cell(&f, N, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.5));
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_cell(&f, N, HALDLS_CAPMEM_V_RESET, code_of_reset(0.4));
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84);
	fixture_cell(&f, N, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 79);
	driver.row_mode_bottom = line ? 2 : 1;
	driver.row_mode_top = line ? 2 : 1;
	for (uint32_t d = 0; d < 4; d++)
		emulator__analog_set_driver(f.analog, d, &driver);
	emulator__analog_set_column_current(f.analog, 0, N, true, true);
	for (uint32_t row = 0; row < 8; row++)
		emulator__analog_set_synapses(f.analog, 0, row, N, weight, 1);
	fixture_advance(&f, 60 * TICKS_MS);
	for (uint32_t d = 0; d < 4; d++)
		emulator__analog_driver_event(f.analog, f.now + 7, d, 1);
	const uint64_t sent = f.now + 7;
	fixture_advance(&f, 1000);
	for (size_t i = 0; i < f.count; i++)
		assert_int_equal(f.spikes[i].time, sent + 3);
	return f.count;
}

static void a_bypass_takes_large_pulses_for_spikes(void **state)
{
	(void)state;
	static const struct {
		unsigned line;
		uint8_t weight;
		bool bypass, rests;
		size_t spikes;
	} rows[] = {{0, 63, true, true, 1}, {0, 63, false, false, 0}, {0, 10, true, false, 0},
		{1, 63, true, true, 0}};
	FOR_ROWS(i, rows)
	{
		assert_int_equal(stimulate_bypass(rows[i].line, rows[i].weight, rows[i].bypass),
			rows[i].spikes);
		assert_int_equal(emulator__analog_true_membrane(f.analog, N) < 0.45, rows[i].rests);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(firing_patterns_agree_with_brian2),
		cmocka_unit_test(firing_patterns_are_the_same_on_all_instruction_sets),
		cmocka_unit_test(conductance_based_inputs_fall_towards_their_reversal_potential),
		cmocka_unit_test(joined_membranes_relax_by_both_time_constants),
		cmocka_unit_test(shorted_membranes_are_one),
		cmocka_unit_test(shorted_circuits_bring_their_intrinsic_capacitance),
		cmocka_unit_test(a_line_without_membrane_joins_its_arms),
		cmocka_unit_test(spikes_adapt),
		cmocka_unit_test(a_bypass_takes_large_pulses_for_spikes),
	};
	return cmocka_run_group_tests_name("emulator/rich", tests, NULL, NULL);
}

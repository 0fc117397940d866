// SPDX-License-Identifier: MIT
/* Spikes of a network of one layer, of plain and of rich neurons, without noise against an
 * integration in double precision with steps of 10 ns, in windows and in single steps. Tolerances:
 * spec/emulator_numerics.md 2.3 and 7; physics: spec/emulator_physics.md 2.1. */
#include "fixture.h"

#include "analog_state.h"
#include "physics.h"

enum {
	NEURONS = 8,
	EVENTS_MAX = 20000,
	RUN_TICKS = 500000,
	SPIKES = 400,
	SEEDS = 16,
	RICH_SEEDS = 3
};

static struct fixture f;

/* ---- the reference ------------------------------------------------------------------------------
 */

struct event {
	uint64_t time; /* ticks since the begin */
	unsigned line;
};

static struct event events[EVENTS_MAX];
static unsigned event_count;

/* What the chip truly is, noise left out. */
struct cell {
	struct emulator_analog_truth truth;
	double reset_current, drop[2];
	/* rich ones */
	double exponential, exponential_reference; /* A, V */
	double adaptation_rate, a, a_reference, b; /* 1/s, S, V, A */
	double conductance[2], reversal[2];        /* S, V */
};

enum { VARIABLES = 4 }; /* membrane, lines, adaptation current */

static void slopes(
	const struct cell *c, const double x[VARIABLES], bool reset, double out[VARIABLES])
{
	const struct emulator_analog_truth *t = &c->truth;
	double current =
		t->offset_current + t->leak_current * tanh(t->leak_conductance / t->leak_current *
							      (t->leak_reference - x[0]));
	if (reset)
		current += c->reset_current * tanh(t->reset_conductance / c->reset_current *
						      (t->reset_reference - x[0]));
	for (unsigned line = 0; line < 2; line++) {
		const double away = line ? x[0] - c->reversal[1] : c->reversal[0] - x[0];
		const double most = fmax(t->input_current[line] + c->conductance[line] * away, 0);
		const double input = most * tanh((x[1 + line] + t->input_offset[line]) / 0.072);
		current += line ? -input : input;
		out[1 + line] = -x[1 + line] * (1 + x[1 + line] / 0.5) / t->tau_line[line];
	}
	current += fmin(c->exponential * exp((x[0] - c->exponential_reference) / 0.025), 5e-6);
	current -= 500e-9 * tanh(x[3] / 500e-9);
	out[0] = current / t->capacitance;
	out[3] = c->adaptation_rate * (c->a * (x[0] - c->a_reference) - x[3]);
}

static void runge_kutta(const struct cell *c, double x[VARIABLES], bool reset, double h)
{
	double a[VARIABLES], b[VARIABLES], d[VARIABLES], e[VARIABLES], y[VARIABLES];
	slopes(c, x, reset, a);
	for (unsigned i = 0; i < VARIABLES; i++)
		y[i] = x[i] + h / 2 * a[i];
	slopes(c, y, reset, b);
	for (unsigned i = 0; i < VARIABLES; i++)
		y[i] = x[i] + h / 2 * b[i];
	slopes(c, y, reset, d);
	for (unsigned i = 0; i < VARIABLES; i++)
		y[i] = x[i] + h * d[i];
	slopes(c, y, reset, e);
	for (unsigned i = 0; i < VARIABLES; i++)
		x[i] += h / 6 * (a[i] + 2 * b[i] + 2 * d[i] + e[i]);
}

/* Ticks of the spikes of one neuron; the refractory times are the chip's own arithmetic. */
static unsigned integrate(const struct cell *c, double v, uint64_t origin, double *spikes)
{
	double x[VARIABLES] = {v, 0, 0, c->a * (v - c->a_reference)}, t = 0, pending = -1,
	       release = -1, end = -1;
	unsigned count = 0, next = 0;
	while (t < RUN_TICKS && count < SPIKES) {
		double to = t + 2.5;
		const bool reset = t < release;
		if (next < event_count && (double)events[next].time < to)
			to = (double)events[next].time;
		if (reset && release < to)
			to = release;
		if (pending >= 0 && pending < to)
			to = pending;
		const double before = x[0];
		runge_kutta(c, x, reset, (to - t) * 4e-9);
		if (pending < 0 && t >= end && before <= c->truth.threshold &&
			x[0] > c->truth.threshold) {
			const double share = (c->truth.threshold - before) / (x[0] - before);
			pending = t + share * (to - t) + (double)PHYSICS_COMPARATOR_DELAY;
			spikes[count++] = pending;
		}
		t = to;
		if (pending >= 0 && t >= pending) {
			const struct analog_refractory r = analog_refractory_after(
				&f.backend, &f.common, origin + (uint64_t)(pending + 0.5));
			release = (double)(r.release - origin);
			end = (double)(r.end - origin);
			pending = -1;
			x[3] += c->b;
		}
		while (next < event_count && (double)events[next].time <= t)
			x[1 + events[next].line] += c->drop[events[next].line], next++;
	}
	return count;
}

/* ---- the chip -----------------------------------------------------------------------------------
 */

static uint64_t draws;

static double uniform(void)
{
	draws = draws * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return ((double)(draws >> 40) + 0.5) / 16777216.0;
}

/* 1 event in a microsecond, of either sign: +-4 mV at the membrane. */
static void draw_events(uint64_t seed)
{
	draws = seed;
	event_count = 0;
	for (double t = 500; t < RUN_TICKS - 1000;) {
		t -= log(uniform()) * TICKS_US;
		events[event_count++] = (struct event){(uint64_t)t, uniform() < 0.5};
	}
}

/* Terms of rich neurons: everything on, with the threshold well above the exponential reference. */
static void set_rich_cells(uint32_t n)
{
	const struct {
		uint32_t row;
		uint16_t code;
	} cells[] = {{HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 120}, {HALDLS_CAPMEM_I_BIAS_ADAPT_A, 20},
		{HALDLS_CAPMEM_I_BIAS_ADAPT_B, 25}, {HALDLS_CAPMEM_I_BIAS_EXP, 100},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, 140},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA, 180},
		{HALDLS_CAPMEM_V_ADAPT_LEAK, code_of_leak(0.52)},
		{HALDLS_CAPMEM_V_EXP, code_of_leak(0.56)},
		{HALDLS_CAPMEM_E_SYNIN_EXC_REV, code_of_leak(0.50)},
		{HALDLS_CAPMEM_E_SYNIN_INH_REV, code_of_leak(0.48)},
		{HALDLS_CAPMEM_V_LEAK, code_of_leak(0.553)},
		{HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(0.66)}};
	FOR_ROWS(i, cells)
	fixture_cell(&f, n, cells[i].row, (uint16_t)(cells[i].code + n));
}

static void enable_rich(struct haldls_neuron_config *config)
{
	config->enable_adaptation = config->enable_exponential = true;
	config->enable_synaptic_input_excitatory_coba_mode = true;
	config->enable_synaptic_input_inhibitory_coba_mode = true;
}

static void begin(bool rich, bool noise)
{
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	fixture_begin(&f, 1, 1, noise, false);
	f.neuron.enable_fire = f.neuron.enable_threshold_comparator = true;
	f.neuron.enable_synaptic_input_excitatory = true;
	f.neuron.enable_synaptic_input_inhibitory = true;
	f.backend.select_input_clock = 1;
	f.backend.refractory_time = 127;
	f.common.clock_scale_fast = 1;
	f.common.clock_scale_adaptation_pulse = 7;
	f.backend.enable_adaptation_pulse = rich;
	fixture_backends(&f);
	fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600);
	for (uint32_t n = 0; n < NEURONS; n++) {
		fixture_cell(&f, n, HALDLS_CAPMEM_V_LEAK, (uint16_t)(code_of_leak(0.555) + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_LEAK, (uint16_t)(158 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_V_RESET, (uint16_t)(code_of_reset(0.40) + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_RESET, (uint16_t)(1000 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_V_THRESHOLD,
			(uint16_t)(code_of_threshold(0.57) + n / 2));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, (uint16_t)(84 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, (uint16_t)(79 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, (uint16_t)(200 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, (uint16_t)(226 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, (uint16_t)(300 + n));
		fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, (uint16_t)(278 + n));
		if (rich)
			set_rich_cells(n);
		emulator__analog_set_column_current(f.analog, 0, n, true, true);
		for (uint32_t row = 0; row < 2; row++)
			emulator__analog_set_synapses(
				f.analog, 0, row, n, rich ? 60 : 10, (uint8_t)row);
	}
	driver.row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
	driver.row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY;
	emulator__analog_set_driver(f.analog, 0, &driver);
	fixture_advance(&f, 100 * TICKS_MS);
	for (uint32_t n = 0; n < NEURONS; n++) {
		struct haldls_neuron_config config = f.neuron;
		if (rich)
			enable_rich(&config);
		emulator__analog_set_neuron(f.analog, n, &config);
	}
	fixture_advance(&f, TICKS_MS);
	f.count = 0;
}

static void run(unsigned steps)
{
	f.analog->steps_most = steps;
	f.analog->plan_stale = true;
	if (!steps)
		f.analog->windows_from = UINT64_MAX;
	for (unsigned i = 0; i < event_count; i++)
		emulator__analog_driver_event(
			f.analog, f.now + events[i].time, 0, (uint8_t)events[i].line);
	fixture_advance(&f, RUN_TICKS);
}

/* How spikes deviate, ns. */
struct deviation {
	double most, sum, squares;
	unsigned spikes, near; /* near: within 58 ns */
	unsigned wrong;        /* trains in which a spike is missing or there is one too many */
	double wrong_ns;       /* further away it is another spike */
};

static double code(uint32_t n, uint32_t row)
{
	return emulator__analog_true_cell(f.analog, f.now, haldls_capmem_cell_of_neuron(n, row));
}

static double reference(uint32_t n, uint32_t row)
{
	return 0.8 * (0.019 + 1.875e-3 * code(n, row)) - 0.54;
}

static void read_rich(struct cell *c, uint32_t n)
{
	c->exponential = 0.05 * 0.978e-9 * code(n, HALDLS_CAPMEM_I_BIAS_EXP);
	c->exponential_reference = reference(n, HALDLS_CAPMEM_V_EXP);
	c->adaptation_rate = code(n, HALDLS_CAPMEM_I_BIAS_ADAPT_TAU) / 12e-3;
	c->a = 1.2e-9 * code(n, HALDLS_CAPMEM_I_BIAS_ADAPT_A);
	c->a_reference = reference(n, HALDLS_CAPMEM_V_ADAPT_LEAK);
	c->b = 0.12e-9 * code(n, HALDLS_CAPMEM_I_BIAS_ADAPT_B) * 1.024;
	c->conductance[0] = 6e-9 * code(n, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA);
	c->conductance[1] = 6e-9 * code(n, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA);
	c->reversal[0] = reference(n, HALDLS_CAPMEM_E_SYNIN_EXC_REV);
	c->reversal[1] = reference(n, HALDLS_CAPMEM_E_SYNIN_INH_REV);
}

static void read_cell(struct cell *c, uint32_t n, bool rich)
{
	*c = (struct cell){0};
	if (rich)
		read_rich(c, n);
	emulator__analog_true_neuron(&c->truth, f.analog, n);
	c->reset_current = 0.978e-9 * (1000 + n) * 8;
	for (unsigned line = 0; line < 2; line++)
		c->drop[line] = (double)(f.analog->synapses[0].strength[line][n] *
					 f.analog->synapses[0].scale[line][n]);
}

/* What the reference found; the same for all lengths of steps. */
struct expected {
	unsigned count[NEURONS];
	double spikes[NEURONS][SPIKES];
	bool known;
};

static struct expected expected[2][SEEDS]; /* plain, rich */

static void expect(struct expected *e, uint64_t origin, const double v[NEURONS], bool rich)
{
	for (uint32_t n = 0; n < NEURONS && !e->known; n++) {
		struct cell c;
		read_cell(&c, n, rich);
		e->count[n] = integrate(&c, v[n], origin, e->spikes[n]);
	}
	e->known = true;
}

/* A spike that the other train does not have is wrong, and all that come after it say nothing. */
static void compare(struct deviation *d, uint32_t n, uint64_t origin, const struct expected *e)
{
	unsigned found = 0;
	for (size_t i = 0; i < f.count; i++) {
		if (f.spikes[i].neuron != n)
			continue;
		const double off =
			found < e->count[n]
				? ((double)(f.spikes[i].time - origin) - e->spikes[n][found]) * 4
				: d->wrong_ns;
		if (fabs(off) >= d->wrong_ns) {
			d->wrong++;
			return;
		}
		d->most = fmax(d->most, fabs(off));
		d->sum += off;
		d->squares += off * off;
		d->near += fabs(off) < 58;
		d->spikes++;
		found++;
	}
	d->wrong += found != e->count[n];
}

/* Time of spikes in ns against the reference, over neurons and seeds. @steps: base steps in a step
 * of a window, 0 for no windows. */
static struct deviation measure(unsigned steps, bool rich)
{
	struct deviation d = {.wrong_ns = rich ? 10000 : 1000};
	for (unsigned seed = 0; seed < (rich ? RICH_SEEDS : SEEDS); seed++) {
		struct expected *e = &expected[rich][seed];
		draw_events(seed + 1);
		begin(rich, false);
		const uint64_t origin = f.now;
		double v[NEURONS];
		for (uint32_t n = 0; n < NEURONS; n++)
			v[n] = emulator__analog_true_membrane(f.analog, n);
		expect(e, origin, v, rich);
		run(steps);
		for (uint32_t n = 0; n < NEURONS; n++)
			compare(&d, n, origin, e);
		fixture_end(&f);
	}
	return d;
}

static void spikes_agree_with_the_reference(void **state)
{
	(void)state;
	const struct deviation d = measure(1, false);
	assert_true(d.spikes > 1500);
	assert_int_equal(d.wrong, 0);
	assert_true(d.most < 222);
	assert_true(d.near > 0.995 * d.spikes);
	assert_near(d.sum / d.spikes, 0, 0, 18);
}

/* Single steps, and the longer ones of windows. What decides whether a spike is there that only
 * just touches its threshold is a few hundredths of a millivolt, a thirtieth of the comparator's
 * noise. */
static void all_lengths_of_steps_find_nearly_all_spikes(void **state)
{
	(void)state;
	static const unsigned steps[] = {0, 2, 3, 4, 6, 12};
	FOR_ROWS(i, steps)
	{
		const struct deviation d = measure(steps[i], false);
		assert_true(d.spikes > 1500);
		assert_true(d.wrong <= 0.005 * d.spikes);
		assert_true(d.near > 0.98 * d.spikes);
		assert_near(d.sum / d.spikes, 0, 0, 18);
		assert_true(sqrt(d.squares / d.spikes) < 58);
	}
}

static unsigned spikes_with_noise(unsigned steps)
{
	unsigned count = 0;
	for (unsigned seed = 0; seed < SEEDS; seed++) {
		draw_events(seed + 1);
		begin(false, true);
		run(steps);
		count += (unsigned)f.count;
		fixture_end(&f);
	}
	return count;
}

/* Noise takes the same ways in steps of all lengths. */
static void rates_with_noise_do_not_depend_on_the_length_of_steps(void **state)
{
	(void)state;
	const double single = spikes_with_noise(0);
	assert_true(single > 1500);
	for (unsigned steps = 1; steps <= ANALOG_STEPS_MOST; steps += 11)
		assert_near(spikes_with_noise(steps), single, 0.01, 0);
}

/* Everything on, up to the steep end of the exponential term. Where a membrane hardly moves at its
 * threshold, what the currents are off by (tolerance 2e-3 of their largest) shows more than the
 * length of steps, so the farthest spike says nothing. */
static void rich_neurons_agree_with_the_reference(void **state)
{
	(void)state;
	static const unsigned steps[] = {0, 1, 2, 4};
	FOR_ROWS(i, steps)
	{
		const struct deviation d = measure(steps[i], true);
		assert_true(d.spikes > 100);
		assert_int_equal(d.wrong, 0);
		assert_true(d.near > 0.9 * d.spikes);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spikes_agree_with_the_reference),
		cmocka_unit_test(all_lengths_of_steps_find_nearly_all_spikes),
		cmocka_unit_test(rates_with_noise_do_not_depend_on_the_length_of_steps),
		cmocka_unit_test(rich_neurons_agree_with_the_reference),
	};
	return cmocka_run_group_tests_name("emulator/accuracy", tests, NULL, NULL);
}

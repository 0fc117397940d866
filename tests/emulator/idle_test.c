// SPDX-License-Identifier: MIT
/* Idle time: one jump or many give the same state, and with noise the same law. Determinism of
 * whole runs. */
#include "fixture.h"

#include "analog_state.h"

#include <stdlib.h>

static struct fixture f, g;
static bool rich;   /* adaptation, exponential term and conductance-based inputs are on */
static bool joined; /* four neurons are one: two shorted, two behind conductances */

/* The exponential term begins to matter 30 mV below the threshold. */
static void set_rich_rows(struct fixture *x)
{
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 150);
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_ADAPT_A, 60);
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_ADAPT_B, 70);
	fixture_row(x, HALDLS_CAPMEM_V_ADAPT_LEAK, code_of_leak(0.45));
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_EXP, 40);
	fixture_row(x, HALDLS_CAPMEM_V_EXP, code_of_leak(0.82));
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, 15);
	fixture_row(x, HALDLS_CAPMEM_E_SYNIN_EXC_REV, code_of_leak(0.60));
}

static void set_neurons(struct fixture *x)
{
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_config config = x->neuron;
		config.connect_membrane_right = joined && n % 4 == 0;
		config.connect_soma = joined && n % 4 == 1;
		config.connect_soma_right = joined && (n % 4 == 1 || n % 4 == 2);
		config.enable_multicomp_conductance = joined && n % 4 > 1;
		emulator__analog_set_neuron(x->analog, n, &config);
	}
}

/* A network's settings: one driver that excites the top row, comparators off until all cells
 * settled. */
static void begin_again(struct fixture *x, double leak)
{
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	x->neuron.enable_fire = true;
	x->neuron.enable_synaptic_input_excitatory = true;
	x->backend.select_input_clock = 1;
	x->backend.refractory_time = 32;
	x->common.clock_scale_fast = 3;
	set_neurons(x);
	fixture_backends(x);
	fixture_shared(x, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	fixture_shared(x, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 600);
	fixture_row(x, HALDLS_CAPMEM_V_LEAK, code_of_leak(leak));
	fixture_row(x, HALDLS_CAPMEM_V_RESET, code_of_reset(leak - 0.05));
	fixture_row(x, HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(0.85));
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_RESET, 1000);
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84);
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 60);
	fixture_row(x, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300);
	if (rich)
		set_rich_rows(x);
	if (joined)
		fixture_row(x, HALDLS_CAPMEM_I_BIAS_NMDA, 60);
	driver.row_mode_bottom = 1;
	emulator__analog_set_driver(x->analog, 0, &driver);
	for (uint32_t column = 0; column < 256; column++) {
		emulator__analog_set_column_current(x->analog, 0, column, true, false);
		emulator__analog_set_synapses(x->analog, 0, 0, column, 63, 1);
	}
}

/* These settings on chip @serial. */
static void begin(
	struct fixture *x, uint32_t serial, uint64_t seed, bool noise, bool variation, double leak)
{
	fixture_begin(x, serial, seed, noise, variation);
	begin_again(x, leak);
}

/* A chip like that of begin(), of these settings, in the place of another one. */
static void exchange(struct fixture *x, const struct emulator_analog_config *config, double leak)
{
	emulator__analog_free(x->analog);
	assert_ok(emulator__analog_new(&x->analog, config));
	emulator__analog_set_biases(x->analog, 0);
	begin_again(x, leak);
}

static void settle(struct fixture *x, uint64_t ticks)
{
	fixture_advance(x, ticks);
	x->neuron.enable_threshold_comparator = true;
	/* without its reference an exponential term would hold its membrane at the rail */
	x->neuron.enable_adaptation = x->neuron.enable_exponential = rich;
	x->neuron.enable_synaptic_input_excitatory_coba_mode = rich;
	x->backend.enable_adaptation_pulse = rich;
	set_neurons(x);
	fixture_backends(x);
}

static void stimulate(struct fixture *x)
{
	for (unsigned i = 0; i < 30; i++)
		emulator__analog_driver_event(x->analog, x->now + 25 * i, 0, 1);
}

static void assert_same_membranes(double tolerance)
{
	for (uint32_t n = 0; n < 512; n++) {
		assert_near(emulator__neuron_adaptation(f.analog, n),
			emulator__neuron_adaptation(g.analog, n), 0, tolerance);
		assert_near(emulator__analog_true_membrane(f.analog, n),
			emulator__analog_true_membrane(g.analog, n), 0, tolerance);
		assert_near(emulator__analog_true_line(f.analog, n, 0),
			emulator__analog_true_line(g.analog, n, 0), 0, tolerance);
	}
}

static void one_jump_equals_a_thousand_pieces(void **state)
{
	(void)state;
	for (unsigned variation = 0; variation < 2; variation++) {
		begin(&f, 3, 1, false, variation, 0.4);
		begin(&g, 3, 1, false, variation, 0.4);
		fixture_advance(&f, 100 * TICKS_MS);
		for (unsigned i = 0; i < 1000; i++)
			fixture_advance(&g, 100 * TICKS_MS / 1000);
		assert_same_membranes(2e-5); /* cells that settled in other portions */
		settle(&f, 0);
		settle(&g, 0);
		stimulate(&f);
		stimulate(&g);
		fixture_advance(&f, 20 * TICKS_MS);
		for (unsigned i = 0; i < 1000; i++)
			fixture_advance(&g, 20 * TICKS_MS / 1000);
		assert_same_membranes(2e-5);
		assert_int_equal(f.count, g.count);
		fixture_end(&f);
		fixture_end(&g);
	}
}

/* Settled cells: the same to 1e-6. */
static void a_jump_after_settling_is_exact(void **state)
{
	(void)state;
	begin(&f, 3, 1, false, true, 0.4);
	begin(&g, 3, 1, false, true, 0.4);
	settle(&f, 200 * TICKS_MS);
	settle(&g, 200 * TICKS_MS);
	for (uint32_t n = 0; n < 512; n++)
		emulator__analog_neuron_reset(f.analog, f.now, n),
			emulator__analog_neuron_reset(g.analog, g.now, n);
	fixture_advance(&f, 20 * TICKS_MS);
	for (unsigned i = 0; i < 1000; i++)
		fixture_advance(&g, 20 * TICKS_MS / 1000);
	assert_same_membranes(1e-6);
	fixture_end(&f);
	fixture_end(&g);
}

/* A wait shorter than the membrane's time constants: jump against single steps. */
static void a_short_jump_follows_the_steps(void **state)
{
	(void)state;
	static const uint64_t waits[] = {1000, 2500, 5000, 20000};
	FOR_ROWS(i, waits)
	{
		begin(&f, 3, 1, false, true, 0.5);
		begin(&g, 3, 1, false, true, 0.5);
		settle(&f, 200 * TICKS_MS);
		settle(&g, 200 * TICKS_MS);
		stimulate(&f);
		stimulate(&g);
		for (uint32_t n = 0; n < 512; n++)
			emulator__analog_neuron_reset(f.analog, f.now, n),
				emulator__analog_neuron_reset(g.analog, g.now, n);
		fixture_advance(&f, waits[i]);
		for (uint64_t k = 0; k < waits[i]; k += 20)
			fixture_advance(&g, 20);
		assert_same_membranes(1e-3); /* a fifth of a CADC LSB */
		fixture_end(&f);
		fixture_end(&g);
	}
}

static void noise_at_rest_has_its_law_however_time_passes(void **state)
{
	(void)state;
	enum { LOOKS = 40 };
	for (unsigned pieces = 1; pieces <= 100; pieces *= 10) {
		double square = 0, sum = 0, expected = 0;
		begin(&f, 3, 1, true, false, 0.4);
		fixture_advance(&f, 100 * TICKS_MS);
		for (unsigned i = 0; i < LOOKS; i++) {
			for (unsigned k = 0; k < pieces; k++)
				fixture_advance(&f, TICKS_MS / pieces);
			for (uint32_t n = 0; n < 512; n++) {
				const double noise =
					emulator__analog_true_noisy_membrane(f.analog, f.now, n) -
					emulator__analog_true_membrane(f.analog, n);
				sum += noise;
				square += noise * noise;
			}
		}
		const double count = LOOKS * 512.0;
		/* sigma^2 = S / (4 C g), S = 3.7e-24 A^2/Hz at 900 codes of bias */
		const double s = 3.7e-24 * (60 + 158) / 900, c = 36.5e-15 * 68,
			     conductance = 2.62e-9 * 158;
		expected = sqrt(s / (4 * c * conductance));
		assert_near(sqrt(square / count), expected, 5 / sqrt(2 * count) + 0.015, 0);
		assert_near(sum / count, 0, 0, 5 * expected / sqrt(count));
		fixture_end(&f);
	}
}

/* A neuron near its threshold is stepped with band-limited noise: the same deviation. */
static void stepped_noise_has_the_same_law(void **state)
{
	(void)state;
	enum { LOOKS = 200 };
	double square = 0, sum = 0;
	begin(&f, 3, 1, true, false, 0.835);
	settle(&f, 200 * TICKS_MS);
	double rest[512];
	for (uint32_t n = 0; n < 512; n++)
		rest[n] = 0;
	for (unsigned i = 0; i < LOOKS; i++) {
		fixture_advance(&f, 40 * TICKS_US / 20 * 20);
		for (uint32_t n = 0; n < 512; n++) {
			const double v = emulator__analog_true_noisy_membrane(f.analog, f.now, n);
			rest[n] += v / LOOKS;
			square += v * v;
		}
	}
	for (uint32_t n = 0; n < 512; n++)
		sum += LOOKS * rest[n] * rest[n];
	square -= sum;
	struct emulator_analog_truth truth;
	emulator__analog_true_neuron(&truth, f.analog, 0);
	/* the band-limited current is scaled by a fit that is good to 1 % */
	assert_near(sqrt(square / ((LOOKS - 1) * 512.0)), truth.noise_sigma, 0.03, 0);
	fixture_end(&f);
}

static void identical_runs_give_identical_spikes(void **state)
{
	(void)state;
	static const struct {
		uint32_t serial;
		uint64_t seed;
		bool same;
	} rows[] = {{3, 1, true}, {3, 2, false}, {4, 1, false}};
	FOR_ROWS(i, rows)
	{
		begin(&f, 3, 1, true, true, 0.75);
		begin(&g, rows[i].serial, rows[i].seed, true, true, 0.75);
		settle(&f, 40 * TICKS_MS);
		settle(&g, 40 * TICKS_MS);
		stimulate(&f);
		stimulate(&g);
		fixture_advance(&f, TICKS_MS);
		fixture_advance(&g, TICKS_MS);
		assert_true(f.count > 100);
		const bool same = f.count == g.count &&
				  !memcmp(f.spikes, g.spikes, f.count * sizeof(*f.spikes));
		assert_int_equal(same, rows[i].same);
		for (size_t k = 1; k < f.count; k++)
			assert_true(f.spikes[k - 1].time < f.spikes[k].time ||
				    (f.spikes[k - 1].time == f.spikes[k].time &&
					    f.spikes[k - 1].neuron < f.spikes[k].neuron));
		fixture_end(&f);
		fixture_end(&g);
	}
}

static void every_instruction_set_gives_the_same_spikes(void **state)
{
	(void)state;
	begin(&f, 3, 1, true, true, 0.75);
	settle(&f, 40 * TICKS_MS);
	stimulate(&f);
	fixture_advance(&f, TICKS_MS);
	assert_true(f.count > 100);
	for (unsigned kernel = 0; kernel < 3; kernel++) {
		begin(&g, 3, 1, true, true, 0.75);
		emulator__analog_use_kernel(g.analog, kernel);
		settle(&g, 40 * TICKS_MS);
		stimulate(&g);
		fixture_advance(&g, TICKS_MS);
		assert_int_equal(f.count, g.count);
		assert_memory_equal(f.spikes, g.spikes, f.count * sizeof(*f.spikes));
		fixture_end(&g);
	}
	fixture_end(&f);
}

/* Busy hemispheres run for themselves: on one thread or two, in long advances or short ones whose
 * ends lie between the steps. */
static void two_threads_give_the_same_spikes(void **state)
{
	(void)state;
	static const uint64_t chunks[] = {20000, 4817};
	FOR_ROWS(i, chunks)
	{
		begin(&f, 3, 1, true, true, 0.75);
		begin(&g, 3, 1, true, true, 0.75);
		const struct emulator_analog_config config = {
			.serial = 3, .seed = 1, .noise = true, .variation = true, .threads = 2};
		exchange(&g, &config, 0.75);
		settle(&f, 40 * TICKS_MS);
		settle(&g, 40 * TICKS_MS);
		while (f.now < 42 * TICKS_MS) {
			stimulate(&f);
			stimulate(&g);
			fixture_advance(&f, chunks[i]);
			fixture_advance(&g, chunks[i]);
		}
		assert_true(f.count > 1000);
		assert_int_equal(f.count, g.count);
		for (size_t k = 0; k < f.count; k++) {
			assert_int_equal(f.spikes[k].time, g.spikes[k].time);
			assert_int_equal(f.spikes[k].neuron, g.spikes[k].neuron);
		}
		assert_same_membranes(0);
		fixture_end(&f);
		fixture_end(&g);
	}
}

/* Single steps through idle time, with volleys in between: the same bits. */
static void idle_steps_give_the_same_bits(void **state)
{
	(void)state;
	static const uint64_t waits[] = {137, 2500, 20000, 100003, TICKS_MS, 3 * TICKS_MS};
	const struct emulator_analog_config config = {
		.serial = 3, .seed = 1, .noise = true, .variation = true, .step_idle = true};
	struct emulator_analog_work work;
	begin(&f, 3, 1, true, true, 0.75);
	begin(&g, 3, 1, true, true, 0.75);
	exchange(&g, &config, 0.75);
	settle(&f, 40 * TICKS_MS);
	settle(&g, 40 * TICKS_MS);
	FOR_ROWS(i, waits)
	{
		stimulate(&f);
		stimulate(&g);
		fixture_advance(&f, waits[i]);
		fixture_advance(&g, waits[i]);
		for (uint32_t n = 0; n < 512; n += 5)
			assert_true(
				emulator__analog_true_noisy_membrane(f.analog, f.now, n) ==
				emulator__analog_true_noisy_membrane(g.analog, g.now, n));
		assert_same_membranes(0);
	}
	assert_true(f.count > 100);
	assert_int_equal(f.count, g.count);
	for (size_t k = 0; k < f.count; k++) {
		assert_int_equal(f.spikes[k].time, g.spikes[k].time);
		assert_int_equal(f.spikes[k].neuron, g.spikes[k].neuron);
	}
	emulator__analog_work(&work, g.analog);
	assert_true(work.idle_steps > 30 * TICKS_MS / EMULATOR_STEP_TICKS);
	assert_true(work.idle_deviation < (joined ? 1e-3 : 2e-4));
	fixture_end(&f);
	fixture_end(&g);
}

static void spikes_that_do_not_fit_are_kept(void **state)
{
	(void)state;
	size_t count, total = 0;
	struct emulator_spike few[7], last = {0, 0};
	begin(&f, 3, 1, false, true, 0.95);
	settle(&f, 40 * TICKS_MS);
	fixture_advance(&f, TICKS_MS);
	assert_true(f.count > 100);
	begin(&g, 3, 1, false, true, 0.95);
	settle(&g, 40 * TICKS_MS);
	int status;
	do {
		status = emulator__analog_advance(g.analog, 41 * TICKS_MS, few, 7, &count);
		if (status != HXCOMM_OK)
			assert_int_equal(status, HXCOMM_ENOSPC);
		for (size_t i = 0; i < count; i++) {
			assert_true(few[i].time >= last.time);
			assert_memory_equal(
				&few[i].neuron, &f.spikes[total].neuron, sizeof(few[i].neuron));
			last = few[i];
			total++;
		}
	} while (status != HXCOMM_OK);
	assert_int_equal(total, f.count);
	fixture_end(&f);
	fixture_end(&g);
}

/* Idle neurons of all kinds cost no steps: while cells settle, while the slow adaptation follows a
 * change, and at rest. */
static void idle_time_costs_no_steps(void **state)
{
	(void)state;
	struct emulator_analog_work before, after;
	begin(&f, 3, 1, true, true, 0.4);
	settle(&f, 100 * TICKS_MS);
	fixture_advance(&f, TICKS_MS);
	emulator__analog_work(&before, f.analog);
	fixture_row(
		&f, rich ? HALDLS_CAPMEM_V_ADAPT_LEAK : HALDLS_CAPMEM_V_LEAK, code_of_leak(0.42));
	fixture_advance(&f, 20 * TICKS_MS);
	emulator__analog_work(&after, f.analog);
	assert_true(after.single_steps - before.single_steps < 100);
	assert_int_equal(after.windows, before.windows);
	fixture_advance(&f, 100 * TICKS_MS);
	emulator__analog_work(&before, f.analog);
	fixture_advance(&f, 1000 * TICKS_MS);
	emulator__analog_work(&after, f.analog);
	assert_int_equal(after.single_steps, before.single_steps);
	assert_int_equal(f.count, 0);
	fixture_end(&f);
}

/* An exponential term holds its membrane at the rail, with a current that still grows there: that
 * is rest, too, for a neuron alone and for one that is joined to another. */
static void a_membrane_at_its_rail_is_idle(void **state)
{
	(void)state;
	struct emulator_analog_work before, after;
	for (unsigned shorted = 0; shorted < 2; shorted++) {
		fixture_begin(&f, 3, 1, false, false);
		f.neuron.enable_exponential = true;
		f.neuron.connect_membrane_right = shorted;
		emulator__analog_set_neuron(f.analog, 0, &f.neuron);
		fixture_cell(&f, 0, HALDLS_CAPMEM_V_LEAK, 1000);
		fixture_cell(&f, 0, HALDLS_CAPMEM_I_BIAS_LEAK, 5);
		fixture_cell(&f, 0, HALDLS_CAPMEM_I_BIAS_EXP, 10);
		fixture_cell(&f, 0, HALDLS_CAPMEM_V_EXP, 1010);
		fixture_advance(&f, 200 * TICKS_MS);
		assert_near(emulator__analog_true_membrane(f.analog, 0), 1.2, 1e-3, 0);
		emulator__analog_work(&before, f.analog);
		fixture_advance(&f, 1000 * TICKS_MS);
		emulator__analog_work(&after, f.analog);
		assert_int_equal(after.single_steps, before.single_steps);
		assert_near(emulator__analog_true_membrane(f.analog, 0), 1.2, 1e-3, 0);
		fixture_end(&f);
	}
}

static int make_plain(void **state)
{
	(void)state;
	rich = joined = false;
	return 0;
}

static int make_rich(void **state)
{
	(void)state;
	rich = true;
	return 0;
}

static int make_joined(void **state)
{
	(void)state;
	joined = true;
	return 0;
}

static int make_both(void **state)
{
	(void)state;
	rich = joined = true;
	return 0;
}

#define RICH(test) \
	{ \
		"rich neurons: " #test, test, make_rich, make_plain, NULL \
	}
#define JOINED(test) \
	{ \
		"compartments: " #test, test, make_joined, make_plain, NULL \
	}
#define BOTH(test) \
	{ \
		"rich compartments: " #test, test, make_both, make_plain, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_jump_equals_a_thousand_pieces),
		cmocka_unit_test(a_jump_after_settling_is_exact),
		cmocka_unit_test(a_short_jump_follows_the_steps),
		cmocka_unit_test(noise_at_rest_has_its_law_however_time_passes),
		cmocka_unit_test(stepped_noise_has_the_same_law),
		cmocka_unit_test(identical_runs_give_identical_spikes),
		cmocka_unit_test(every_instruction_set_gives_the_same_spikes),
		cmocka_unit_test(two_threads_give_the_same_spikes),
		cmocka_unit_test(idle_steps_give_the_same_bits),
		cmocka_unit_test(spikes_that_do_not_fit_are_kept),
		cmocka_unit_test(idle_time_costs_no_steps),
		cmocka_unit_test(a_membrane_at_its_rail_is_idle),
		RICH(idle_time_costs_no_steps),
		RICH(one_jump_equals_a_thousand_pieces),
		RICH(a_jump_after_settling_is_exact),
		RICH(a_short_jump_follows_the_steps),
		RICH(identical_runs_give_identical_spikes),
		RICH(every_instruction_set_gives_the_same_spikes),
		RICH(two_threads_give_the_same_spikes),
		RICH(idle_steps_give_the_same_bits),
		JOINED(idle_time_costs_no_steps),
		JOINED(one_jump_equals_a_thousand_pieces),
		JOINED(a_jump_after_settling_is_exact),
		JOINED(a_short_jump_follows_the_steps),
		JOINED(every_instruction_set_gives_the_same_spikes),
		JOINED(idle_steps_give_the_same_bits),
		BOTH(idle_time_costs_no_steps),
		BOTH(one_jump_equals_a_thousand_pieces),
		BOTH(a_jump_after_settling_is_exact),
		BOTH(a_short_jump_follows_the_steps),
	};
	return cmocka_run_group_tests_name("emulator/idle", tests, NULL, NULL);
}

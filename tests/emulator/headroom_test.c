// SPDX-License-Identifier: MIT
/* The offset current fades within 0.1 V of the rail it pulls to (spec/emulator_physics.md 2.1),
 * below the last 50 mV in which all currents fade: closed forms of the way there, and the rest that
 * follows from the law, in single steps and leaps, beside windows, for membranes of all kinds. */
#include "fixture.h"

#include "analog_state.h"

static struct fixture f;

enum { NEURON = 40, OTHER = 300 };

#define FARAD (36.5e-15 * 68)

static void set_offset(uint32_t n, bool inverted, uint16_t code)
{
	struct haldls_neuron_config neuron = f.neuron;
	neuron.enable_membrane_offset = true;
	neuron.invert_membrane_offset = inverted;
	emulator__analog_set_neuron(f.analog, n, &neuron);
	fixture_cell(&f, n, HALDLS_CAPMEM_I_MEM_OFFSET, code);
}

static double membrane(uint32_t n)
{
	return emulator__analog_true_membrane(f.analog, n);
}

/* Where a membrane with a leak of @p code towards @p reference rests with an offset current. */
static double rest_of(double code, double reference, double ampere)
{
	double low = 0, high = 1.2;
	for (unsigned i = 0; i < 60; i++) {
		const double v = (low + high) / 2, room = ampere > 0 ? 1.2 - v : v;
		const double leak = 0.978e-9 * code * tanh(2.62 / 0.978 * (reference - v));
		const double share = room > 0.1 ? 1 : room / 0.1;
		*(ampere * share + leak > 0 ? &low : &high) = v;
	}
	return low;
}

/* From 1.1 V on by the law, then with the rail's own: x = 1.2 V - v falls as exp(-k t / 0.1 V),
 * below 50 mV as x' = -k x^2 / (0.1 V 50 mV). @p k V/s, @p t s since 1.1 V */
static double climb(double k, double t)
{
	const double half = 0.1 / k * log(2);
	if (t < 0)
		return 1.1 + k * t;
	return 1.2 - (t < half ? 0.1 * exp(-k * t / 0.1) : 1 / (1 / 0.05 + k * (t - half) / 0.005));
}

static void begin(bool noise)
{
	fixture_begin(&f, 1, 1, noise, false);
	fixture_neurons(&f);
}

static void a_membrane_climbs_as_the_law_says(void **state)
{
	static const uint16_t codes[] = {60, 300, 1022};
	(void)state;
	FOR_ROWS(i, codes)
	{
		begin(false);
		fixture_cell(&f, NEURON, HALDLS_CAPMEM_I_MEM_OFFSET, codes[i]);
		fixture_advance(&f, 100 * TICKS_MS);
		set_offset(NEURON, false, codes[i]);
		const double k = 0.36e-9 * codes[i] / FARAD;
		const uint64_t begun = f.now, step = 20;
		double off = 0;
		/* step by step, to 20 times the way */
		const double last = 20 * 1.2 / k / 4e-9;
		while ((double)(f.now - begun) < last && f.now - begun < 10000 * step) {
			fixture_advance(&f, step);
			const double t = (double)(f.now - begun) * 4e-9 - 1.1 / k;
			off = fmax(off, fabs(membrane(NEURON) - climb(k, t)));
		}
		assert_true(membrane(NEURON) > 1.16);
		assert_near(off, 0, 0, 1e-3);
		fixture_end(&f);
	}
}

static void it_rests_where_the_currents_meet(void **state)
{
	static const struct {
		uint16_t offset, leak;
		double reference;
		bool inverted;
		double least, most; /* V, between which this rest lies */
	} rows[] = {
		{1000, 300, 0.8, false, 1.1, 1.2},
		{400, 158, 0.6, false, 1.1, 1.2},
		{300, 250, 1.0, false, 1.1, 1.2},
		{300, 700, 0.6, false, 0.6, 1.1}, /* far from the rails: in full */
		{1000, 300, 0.4, true, 0, 0.1},
		{400, 158, 0.6, true, 0, 0.1},
		{1000, 0, 0.6, false, 1.199, 1.2},
	};
	(void)state;
	FOR_ROWS(i, rows)
	{
		const double ampere =
			(rows[i].inverted ? -1 : 1) * 0.36e-9 * (double)rows[i].offset;
		for (unsigned pieces = 1; pieces <= 1000; pieces *= 1000) {
			struct emulator_analog_truth truth;
			begin(false);
			set_offset(NEURON, rows[i].inverted, rows[i].offset);
			fixture_cell(&f, NEURON, HALDLS_CAPMEM_I_BIAS_LEAK, rows[i].leak);
			fixture_cell(
				&f, NEURON, HALDLS_CAPMEM_V_LEAK, code_of_leak(rows[i].reference));
			for (unsigned k = 0; k < pieces; k++)
				fixture_advance(&f, 200 * TICKS_MS / pieces);
			emulator__analog_true_neuron(&truth, f.analog, NEURON);
			const double rest = rest_of(rows[i].leak, truth.leak_reference, ampere);
			assert_true(rest >= rows[i].least && rest <= rows[i].most);
			assert_near(membrane(NEURON), rest, 0, 1e-3);
			assert_near(truth.offset_current, ampere, 1e-5, 0);
			fixture_end(&f);
		}
	}
}

/* At rest nothing is left to do, however long it lasts. */
static void resting_there_costs_nothing(void **state)
{
	struct emulator_analog_work before, after;
	(void)state;
	begin(false);
	set_offset(NEURON, false, 1000);
	fixture_cell(&f, NEURON, HALDLS_CAPMEM_I_BIAS_LEAK, 300);
	fixture_cell(&f, NEURON, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.8));
	fixture_advance(&f, 500 * TICKS_MS);
	assert_true(membrane(NEURON) > 1.1);
	assert_true(f.analog->settled);
	emulator__analog_work(&before, f.analog);
	fixture_advance(&f, 10000 * (uint64_t)TICKS_MS);
	emulator__analog_work(&after, f.analog);
	assert_int_equal(after.single_steps, before.single_steps);
	fixture_end(&f);
}

/* With adaptation that does nothing, and joined with another of its kind, the law is the same. */
static void membranes_of_all_kinds_obey(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 2; kind++) {
		struct emulator_analog_truth truth;
		begin(false);
		f.neuron.enable_adaptation = kind == 0;
		f.neuron.connect_membrane_right = kind == 1;
		for (uint32_t n = NEURON; n <= NEURON + kind; n++) {
			set_offset(n, false, 1000);
			fixture_cell(&f, n, HALDLS_CAPMEM_I_BIAS_LEAK, 300);
			fixture_cell(&f, n, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.8));
			f.neuron.connect_membrane_right = false;
		}
		fixture_advance(&f, 100 * TICKS_MS);
		emulator__analog_true_neuron(&truth, f.analog, NEURON);
		const double rest = rest_of(
			truth.leak_current / 0.978e-9, truth.leak_reference, truth.offset_current);
		assert_true(rest > 1.1 && rest < 1.2);
		assert_near(membrane(NEURON), rest, 0, 1e-3);
		assert_near(membrane(NEURON + kind), rest, 0, 1e-3);
		fixture_end(&f);
	}
}

/* Windows run beside offset currents far from the rails; near one they leave all to single steps.
 */
static void windows_leave_it_to_single_steps(void **state)
{
	(void)state;
	for (unsigned near = 0; near < 2; near++) {
		struct emulator_analog_work work;
		begin(true);
		f.neuron.enable_fire = f.neuron.enable_threshold_comparator = true;
		f.backend.refractory_time = 20;
		f.common.enable_clocks = true;
		fixture_backends(&f);
		fixture_shared(&f, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
		fixture_cell(&f, OTHER, HALDLS_CAPMEM_V_THRESHOLD, code_of_threshold(0.7));
		fixture_cell(&f, OTHER, HALDLS_CAPMEM_V_RESET, code_of_reset(0.4));
		fixture_cell(&f, OTHER, HALDLS_CAPMEM_I_BIAS_RESET, 1022);
		fixture_advance(&f, 100 * TICKS_MS);
		set_offset(OTHER, false, 200); /* fires for ever */
		f.neuron.enable_fire = false;
		set_offset(NEURON, false, 1000);
		fixture_cell(&f, NEURON, HALDLS_CAPMEM_I_BIAS_LEAK, near ? 300 : 1000);
		fixture_cell(&f, NEURON, HALDLS_CAPMEM_V_LEAK, code_of_leak(near ? 0.8 : 0.4));
		fixture_advance(&f, 25 * TICKS_MS);
		f.count = 0;
		const struct emulator_analog_work before = f.analog->work;
		fixture_advance(&f, 2 * TICKS_MS);
		emulator__analog_work(&work, f.analog);
		assert_true(f.count > 20);
		assert_int_equal(work.single_steps - before.single_steps > 10000, near);
		if (near) {
			struct emulator_analog_truth truth;
			emulator__analog_true_neuron(&truth, f.analog, NEURON);
			const double rest = rest_of(truth.leak_current / 0.978e-9,
				truth.leak_reference, truth.offset_current);
			assert_near(membrane(NEURON), rest, 0, 6 * truth.noise_sigma + 1e-3);
		}
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_membrane_climbs_as_the_law_says),
		cmocka_unit_test(it_rests_where_the_currents_meet),
		cmocka_unit_test(resting_there_costs_nothing),
		cmocka_unit_test(membranes_of_all_kinds_obey),
		cmocka_unit_test(windows_leave_it_to_single_steps),
	};
	return cmocka_run_group_tests_name("emulator/headroom", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* Synapse rows, lines and post-synaptic potentials, without noise and variation, against the
 * formulas of spec/emulator_physics.md 2.1, 2.3 and the closed form of
 * spec/emulator_numerics.md 2.2. */
#include "fixture.h"

static struct fixture f;

enum { COLUMN = 5, ROW = 8, DRIVER = 4, LABEL = 19, DAC = 600 };

static void set_synapse(uint32_t column, uint8_t weight, uint8_t label)
{
	emulator__analog_set_synapses(f.analog, 0, ROW, column, weight, label);
}

static void set_driver(unsigned bottom, unsigned top)
{
	struct haldls_synapse_driver_config driver = HALDLS_SYNAPSE_DRIVER_CONFIG_INIT;
	driver.enable_receiver = true;
	driver.row_mode_bottom = bottom;
	driver.row_mode_top = top;
	emulator__analog_set_driver(f.analog, DRIVER, &driver);
}

/* Lines that hold their charge for 5 ms, neuron COLUMN of the top row connected. */
static void begin(void)
{
	fixture_begin(&f, 1, 1, false, false);
	fixture_neurons(&f);
	fixture_shared(&f, HALDLS_CAPMEM_SYN_I_BIAS_DAC, DAC);
	for (uint32_t column = 0; column < 256; column++)
		emulator__analog_set_column_current(f.analog, 0, column, true, true);
	set_driver(1, 0);
	fixture_advance(&f, 100 * TICKS_MS);
}

static double line(uint32_t column, unsigned which)
{
	return emulator__analog_true_line(f.analog, column, which);
}

/* The drop that one event brings at once. */
static double drop(uint32_t column, unsigned which, uint8_t label)
{
	const double before = line(column, which);
	emulator__analog_driver_event(f.analog, f.now, DRIVER, label);
	fixture_advance(&f, 20);
	return line(column, which) - before;
}

/* Of a step's 80 ns the drop loses 80 ns / 5 ms, and at most 5 % of it were there before. */
static const double step_loss = 1e-4;

static void charge_is_linear_in_the_weight(void **state)
{
	(void)state;
	for (uint8_t weight = 0; weight < 64; weight++) {
		begin();
		set_synapse(COLUMN, weight, LABEL);
		assert_near(drop(COLUMN, 0, LABEL), 0.183e-6 * weight * DAC, step_loss, 1e-9);
		fixture_end(&f);
	}
}

static void charge_is_linear_in_the_bias_of_its_quadrant(void **state)
{
	(void)state;
	static const uint16_t codes[] = {0, 100, 500, 1022};
	FOR_ROWS(i, codes)
	{
		begin();
		set_synapse(COLUMN, 20, LABEL);
		set_synapse(200, 20, LABEL);
		emulator__analog_set_capmem(
			f.analog, f.now, HALDLS_CAPMEM_SYN_I_BIAS_DAC, codes[i]);
		fixture_advance(&f, 100 * TICKS_MS);
		const double first = drop(COLUMN, 0, LABEL), other = line(200, 0);
		assert_near(first, 0.183e-6 * 20 * codes[i], step_loss, 1e-9);
		assert_near(other, 0.183e-6 * 20 * DAC, step_loss, 1e-9);
		fixture_end(&f);
	}
}

static void only_the_label_counts(void **state)
{
	(void)state;
	begin();
	for (uint32_t column = 0; column < 256; column++)
		set_synapse(column, 63, (uint8_t)(column % 64));
	for (uint8_t label = 0; label < 64; label += 9) {
		double before[256];
		for (uint32_t column = 0; column < 256; column++)
			before[column] = line(column, 0);
		emulator__analog_driver_event(f.analog, f.now, DRIVER, label);
		fixture_advance(&f, 20);
		for (uint32_t column = 0; column < 256; column++)
			assert_true((line(column, 0) > before[column]) == (column % 64 == label));
	}
	fixture_end(&f);
}

static void the_row_gives_the_sign(void **state)
{
	(void)state;
	for (unsigned bottom = 0; bottom < 4; bottom++)
		for (unsigned top = 0; top < 4; top++) {
			begin();
			set_driver(bottom, top);
			set_synapse(COLUMN, 10, LABEL);
			emulator__analog_set_synapses(f.analog, 0, ROW + 1, COLUMN, 30, LABEL);
			emulator__analog_driver_event(f.analog, f.now, DRIVER, LABEL);
			fixture_advance(&f, 20);
			const double unit = 0.183e-6 * DAC;
			for (unsigned which = 0; which < 2; which++)
				assert_near(line(COLUMN, which),
					unit * (10 * (bottom >> which & 1) +
						       30 * (top >> which & 1)),
					step_loss, 1e-9);
			/* the other array and other neurons got nothing */
			assert_true(line(COLUMN + 256, 0) == 0 && line(COLUMN + 1, 0) == 0);
			fixture_end(&f);
		}
}

static void column_switches_cut_the_current(void **state)
{
	(void)state;
	begin();
	set_driver(3, 0);
	set_synapse(COLUMN, 10, LABEL);
	emulator__analog_set_column_current(f.analog, 0, COLUMN, false, true);
	assert_true(drop(COLUMN, 0, LABEL) == 0);
	assert_true(line(COLUMN, 1) > 0);
	emulator__analog_set_column_current(f.analog, 0, COLUMN, true, false);
	assert_true(drop(COLUMN, 0, LABEL) > 0);
	fixture_end(&f);
}

static void small_capacitance_makes_larger_steps(void **state)
{
	(void)state;
	begin();
	set_synapse(COLUMN, 10, LABEL);
	f.neuron.enable_synaptic_input_excitatory_small_capacitance = true;
	emulator__analog_set_neuron(f.analog, COLUMN, &f.neuron);
	assert_near(drop(COLUMN, 0, LABEL), 0.183e-6 * 10 * DAC / 0.75, step_loss, 0);
	fixture_end(&f);
}

static void a_line_cannot_drop_by_more_than_a_volt(void **state)
{
	(void)state;
	begin();
	set_synapse(COLUMN, 63, LABEL);
	for (unsigned i = 0; i < 400; i++)
		drop(COLUMN, 0, LABEL);
	assert_near(line(COLUMN, 0), 1, 2e-3, 0);
	fixture_end(&f);
}

/* tau = 504 us (474 us inhibitory) / code, a quarter with low resistance, three quarters with small
 * capacitance; with a bend: U' = -U (1 + 2 U / V) / tau. */
static void lines_decay_with_the_time_constant_of_their_bias(void **state)
{
	(void)state;
	static const struct {
		uint16_t code;
		bool high, small;
		double tau;
	} rows[] = {
		{84, true, false, 6e-6},
		{500, true, false, 504e-6 / 500},
		{84, false, false, 1.5e-6},
		{84, true, true, 4.5e-6},
		{1000, false, true, 504e-6 / 1000 * 0.25 * 0.75},
		{0, true, false, 5e-3},
	};
	FOR_ROWS(i, rows)
	{
		begin();
		f.neuron.enable_synaptic_input_excitatory_high_resistance = rows[i].high;
		f.neuron.enable_synaptic_input_excitatory_small_capacitance = rows[i].small;
		emulator__analog_set_neuron(f.analog, COLUMN, &f.neuron);
		fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, rows[i].code);
		fixture_advance(&f, 100 * TICKS_MS);
		set_synapse(COLUMN, 63, LABEL);
		drop(COLUMN, 0, LABEL);
		const double start = line(COLUMN, 0);
		for (unsigned k = 1; k <= 10; k++) {
			fixture_advance(&f, 40);
			const double e = exp(-(double)k * 160e-9 / rows[i].tau);
			assert_near(line(COLUMN, 0), start * e / (1 + start / 0.5 * (1 - e)), 2e-4,
				1e-9);
		}
		fixture_end(&f);
	}
}

/* Response of a membrane at rest to a line that decays with @ts: (exp(-t/tm) - exp(-t/ts)) tm ts /
 * (tm
 * - ts), with its limit where both are equal. */
static double response(double t, double tm, double ts)
{
	if (fabs(tm - ts) < 1e-3 * tm) /* to second order in the difference */
		return t * exp(-t / tm) * (1 + t * (tm - ts) / (2 * tm * ts) * -1);
	const double d = 1 / ts - 1 / tm;
	return exp(-t / tm) * -expm1(-t * d) / d;
}

/* One event on one line of a neuron at rest, time constants in ratios of 0.1 to 10 and equal ones,
 * at the begin of a step and inside. Large drops decay faster: to first order in the bend U(t) = U
 * (1 - 2 U) exp(-t/ts) + 2 U^2 exp(-2 t/ts), U in V. */
static void small_potentials_follow_the_closed_form(void **state)
{
	(void)state;
	static const struct {
		uint16_t leak, tau;
		uint8_t weight;   /* small enough for a linear leak */
		double tolerance; /* of the peak; larger where a time constant is ten steps long */
	} rows[] = {{158, 84, 4, 1e-4}, {158, 42, 3, 1e-4}, {158, 200, 4, 1e-4}, {400, 60, 4, 1e-4},
		{400, 21, 3, 1e-4}, {200, 22, 2, 1e-4}, {63, 330, 4, 1e-4}, {158, 500, 4, 1e-3},
		{100, 840, 4, 1e-3}, {900, 48, 4, 1e-3}};
	double ratios[2] = {1, 1};
	FOR_ROWS(i, rows)
	{
		for (unsigned run = 0; run < 4; run++) {
			/* inside a step an event is placed to second order */
			const unsigned which = run % 2, phase = run / 2 * 9;
			begin();
			set_driver(1 + which, 0);
			f.neuron.enable_synaptic_input_excitatory = !which;
			f.neuron.enable_synaptic_input_inhibitory = which;
			emulator__analog_set_neuron(f.analog, COLUMN, &f.neuron);
			/* low, where numbers are finer */
			fixture_cell(&f, COLUMN, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.13));
			fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_LEAK, rows[i].leak);
			fixture_cell(&f, COLUMN,
				which ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU
				      : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU,
				rows[i].tau);
			fixture_cell(&f, COLUMN,
				which ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM
				      : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM,
				900);
			fixture_cell(&f, COLUMN,
				which ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT
				      : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT,
				which ? 278 : 300);
			fixture_advance(&f, 100 * TICKS_MS);
			const double rest = emulator__analog_true_membrane(f.analog, COLUMN);
			/* a small code settles to a thousandth of a code only */
			const double code = emulator__analog_true_cell(f.analog, f.now,
				haldls_capmem_cell_of_neuron(
					COLUMN, which ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU
						      : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU));
			assert_near(code, rows[i].tau, 0, 2e-3);
			set_synapse(COLUMN, rows[i].weight, LABEL);
			emulator__analog_driver_event(f.analog, f.now + phase, DRIVER, LABEL);
			const double c = 36.5e-15 * 68, tm = c / (2.62e-9 * rows[i].leak),
				     ts = (which ? 474e-6 : 504e-6) / code;
			const double u = 0.183e-6 * rows[i].weight * DAC,
				     gm = 0.978e-9 * 900 * (which ? 0.885 : 1) / 0.072;
			ratios[0] = fmin(ratios[0], tm / ts);
			ratios[1] = fmax(ratios[1], tm / ts);
			double peak = 0, worst = 0;
			for (unsigned k = 1; k <= 400; k++) {
				fixture_advance(&f, 20);
				const double t = k * 80e-9 - phase * 4e-9;
				const double expected = gm * u / c *
							((1 - 2 * u) * response(t, tm, ts) +
								2 * u * response(t, tm, ts / 2));
				const double seen =
					(emulator__analog_true_membrane(f.analog, COLUMN) - rest) *
					(which ? -1 : 1);
				peak = fmax(peak, expected);
				worst = fmax(worst, fabs(seen - expected));
			}
			if (worst > (phase ? 3 : 1) * rows[i].tolerance * peak)
				fail_msg("row %zu line %u: off by %.3g of a peak of %.3g V", i,
					which, worst / peak, peak);
			fixture_end(&f);
		}
	}
	assert_true(ratios[0] < 0.1 && ratios[1] > 10);
}

/* Where in a step an event falls shifts the response by this time: compare at the same delay. */
static void events_keep_their_place_inside_a_step(void **state)
{
	(void)state;
	double response[20];
	for (unsigned place = 0; place < 20; place++) {
		begin();
		f.neuron.enable_synaptic_input_excitatory = true;
		emulator__analog_set_neuron(f.analog, COLUMN, &f.neuron);
		fixture_cell(&f, COLUMN, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.5));
		fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84);
		fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 200);
		fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300);
		fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
		fixture_advance(&f, 100 * TICKS_MS);
		const double rest = emulator__analog_true_membrane(f.analog, COLUMN);
		set_synapse(COLUMN, 30, LABEL);
		emulator__analog_driver_event(f.analog, f.now + place, DRIVER, LABEL);
		fixture_advance(&f, 200);
		response[place] = emulator__analog_true_membrane(f.analog, COLUMN) - rest;
		fixture_end(&f);
	}
	/* equal time constants: the response is t exp(-t / tau) */
	const double tau = 36.5e-15 * 68 / (2.62e-9 * 158);
	for (unsigned place = 0; place < 20; place++) {
		const double t = (200 - place) * 4e-9, first = 200 * 4e-9;
		assert_near(
			response[place] / response[0], t / first * exp((first - t) / tau), 1e-3, 0);
	}
}

static void an_input_that_is_off_adds_nothing(void **state)
{
	(void)state;
	begin();
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_V_LEAK, code_of_leak(0.5));
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_LEAK, 158);
	fixture_cell(&f, COLUMN, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 1000);
	fixture_advance(&f, 100 * TICKS_MS);
	const double rest = emulator__analog_true_membrane(f.analog, COLUMN);
	set_synapse(COLUMN, 63, LABEL);
	assert_true(drop(COLUMN, 0, LABEL) > 0);
	fixture_advance(&f, 1000);
	assert_near(emulator__analog_true_membrane(f.analog, COLUMN), rest, 0, 1e-7);
	fixture_end(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(charge_is_linear_in_the_weight),
		cmocka_unit_test(charge_is_linear_in_the_bias_of_its_quadrant),
		cmocka_unit_test(only_the_label_counts),
		cmocka_unit_test(the_row_gives_the_sign),
		cmocka_unit_test(column_switches_cut_the_current),
		cmocka_unit_test(small_capacitance_makes_larger_steps),
		cmocka_unit_test(a_line_cannot_drop_by_more_than_a_volt),
		cmocka_unit_test(lines_decay_with_the_time_constant_of_their_bias),
		cmocka_unit_test(small_potentials_follow_the_closed_form),
		cmocka_unit_test(events_keep_their_place_inside_a_step),
		cmocka_unit_test(an_input_that_is_off_adds_nothing),
	};
	return cmocka_run_group_tests_name("emulator/synapse", tests, NULL, NULL);
}

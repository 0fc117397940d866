// SPDX-License-Identifier: MIT
/* A chip calibrated for products of vectors and matrices, as spec/calix_spec.md 6.1 does it,
 * integrates events as section 8 there says of a real one: neuron_integration, reference MADC and
 * recorder. With the same codes on other neurons it does not. */
#include "calibrate.h"

enum {
	USUAL = 2,
	CHIPS = 10,
	RUNS = 30,
	EVENTS = 10,
	SPACING = 375, /* 1.5 us */
	GM = 450,
};

static struct fixture f;

/* What was found for each chip. */
static struct calibrated chips[CHIPS];

/* Rows that the calibration finds. */
static const uint32_t rows[] = {HALDLS_CAPMEM_V_LEAK, HALDLS_CAPMEM_V_RESET,
	HALDLS_CAPMEM_I_BIAS_LEAK, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU,
	HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM,
	HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT,
	HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM};

/* ---- calibration ---------------------------------------------------------------------------- */

static void power_up(uint32_t serial, uint64_t seed)
{
	calibrate_begin(&f, serial, seed, 100, 450);
	f.neuron.enable_synaptic_input_excitatory_small_capacitance = true;
	f.neuron.enable_synaptic_input_inhibitory_small_capacitance = true;
	fixture_neurons(&f);
}

/* Spec/calix_spec.md 6.1. */
static void calibrate(struct calibrated *c, uint32_t serial)
{
	static const unsigned reads = 5;
	double rest[NEURONS];
	calibrate_forget(c);
	power_up(serial, 1);
	calibrate_line(c, &f, false, 0.32e-6);
	calibrate_line(c, &f, true, 0.32e-6);
	calibrate_membrane(c, &f, 120, 60e-6);
	calibrate_inputs(c, &f, GM);
	calibrate_leak(c, &f, 120);
	calibrate_measure_rest(rest, &f, &reads);
	calibrate_reset(c, &f, rest);
	fixture_end(&f);
}

static int setup(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++)
		calibrate(&chips[serial - 1], serial);
	return 0;
}

/* The codes of a chip, on their own neurons or on others. */
static void apply(uint32_t serial, bool shuffled)
{
	FOR_ROWS(i, rows)
	{
		int32_t written[NEURONS];
		memcpy(written, chips[serial - 1].codes[rows[i]], sizeof(written));
		if (shuffled)
			calibrate_shuffle(written, written, 1);
		calibrate_write(&f, rows[i], written);
	}
	calibrate_pass(&f, 100 * TICKS_MS, NULL);
}

/* A calibrated chip another day. */
static void begin(uint32_t serial)
{
	power_up(serial, 77);
	calibrate_switch_inputs(&f, true, true);
	apply(serial, false);
}

/* ---- neuron_integration --------------------------------------------------------------------- */

/* What a chip does with ten events of either sign. */
struct integration {
	double baseline[NEURONS], amplitude[NEURONS], noise[NEURONS];
};

static void integrate(struct integration *out, bool inhibitory, double baseline)
{
	double square[NEURONS] = {0};
	calibrate_connect(&f, inhibitory, 8, 10);
	calibrate_reset_neurons(&f);
	calibrate_pass(&f, 30 * TICKS_US, NULL);
	calibrate_read(out->baseline, &f);
	calibrate_same(out->amplitude, 0);
	for (unsigned run = 0; run < RUNS; run++) {
		double after[NEURONS];
		calibrate_reset_neurons(&f);
		calibrate_pass(&f, 3 * TICKS_US, NULL);
		for (unsigned i = 0; i < EVENTS; i++) {
			calibrate_send(&f, 8);
			calibrate_pass(&f, SPACING, NULL);
		}
		calibrate_pass(&f, SPACING, NULL);
		calibrate_read(after, &f);
		for (uint32_t n = 0; n < NEURONS; n++) {
			const double from = baseline > 0 ? baseline : out->baseline[n];
			const double change = after[n] - from;
			out->amplitude[n] += (inhibitory ? -change : change) / RUNS;
			square[n] += change * change / RUNS;
		}
	}
	for (uint32_t n = 0; n < NEURONS; n++)
		out->noise[n] = sqrt(fmax(square[n] - out->amplitude[n] * out->amplitude[n], 0));
}

static bool below(const char *what, double value, double bar)
{
	if (!(value < bar))
		print_message("  %s: %.2f, not below %.0f\n", what, value, bar);
	return value < bar;
}

/* Deviation between the 10th and the 90th percentile. */
static double middle_deviation(const double values[128])
{
	double middle[128];
	size_t count = 0;
	const double low = calibrate_percentile(values, 128, 0.1),
		     high = calibrate_percentile(values, 128, 0.9);
	for (unsigned i = 0; i < 128; i++)
		if (values[i] >= low && values[i] <= high)
			middle[count++] = values[i];
	return calibrate_deviation(middle, count);
}

static double mean(const double values[128])
{
	double sum = 0;
	for (unsigned i = 0; i < 128; i++)
		sum += values[i] / 128;
	return sum;
}

/* The chip integrates as section 8 of spec/calix_spec.md wants it. @param baseline what it shows
 * without events, of its calibration; 0: not calibrated */
static bool integrates(double baseline)
{
	struct integration way[2];
	double apart[NEURONS], away[2][NEURONS];
	bool good = true;
	for (unsigned i = 0; i < 2; i++)
		integrate(&way[i], i, baseline);
	for (uint32_t n = 0; n < NEURONS; n++) {
		apart[n] = fabs(way[0].baseline[n] - way[1].baseline[n]);
		for (unsigned i = 0; i < 2; i++)
			away[i][n] = fabs(way[i].baseline[n] - baseline);
	}
	good &= below("difference of baselines", calibrate_percentile(apart, NEURONS, 0.8), 6);
	for (unsigned i = 0; i < 2 && baseline > 0; i++)
		good &= below(
			"error of the baseline", calibrate_percentile(away[i], NEURONS, 0.8), 16);
	for (uint32_t first = 0; first < NEURONS; first += 128) {
		for (unsigned i = 0; i < 2; i++) {
			const double *amplitude = &way[i].amplitude[first];
			good &= below(
				"noise", calibrate_percentile(&way[i].noise[first], 128, 0.75), 7);
			good &= below("minus the amplitude",
				-calibrate_percentile(amplitude, 128, 0.1), -20);
			good &= below("deviation", middle_deviation(amplitude), 10);
		}
		good &= below("difference of signs",
			fabs(mean(&way[0].amplitude[first]) - mean(&way[1].amplitude[first])),
			baseline > 0 ? 20 : 10);
	}
	return good;
}

static void most_neurons_succeed(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		unsigned count = 0;
		for (uint32_t n = 0; n < NEURONS; n++)
			count += chips[serial - 1].success[n];
		print_message("chip %u: %u neurons\n", (unsigned)serial, count);
		assert_true(count >= NEURONS * 60 / 100);
	}
}

static void calibrated_neurons_integrate_alike(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		begin(serial);
		assert_true(integrates(0));
		apply(serial, true);
		assert_false(integrates(0));
		apply(serial, false);
		assert_true(integrates(0));
		fixture_end(&f);
	}
}

static void a_baseline_is_where_it_was_calibrated_to(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		begin(serial);
		calibrate_baseline(&f, 128);
		assert_true(integrates(128));
		apply(serial, true);
		calibrate_baseline(&f, 128);
		assert_false(integrates(128));
		fixture_end(&f);
	}
}

/* ---- drift without a leak ------------------------------------------------------------------- */

enum { DRIFT_SAMPLES = 28, DRIFT_SPACING = 500, DRIFT_RUNS = 2 };

static void reset_column(struct fixture *x, uint32_t column, const struct recording *how)
{
	(void)how;
	for (uint32_t n = column; n < NEURONS; n += 256)
		emulator__analog_neuron_reset(x->analog, x->now, n);
	calibrate_pass(x, 3 * TICKS_US, NULL);
}

/* Counts in a us. */
static double drift(const double *trace, const struct recording *how, uint32_t n)
{
	(void)n;
	return calibrate_slope(trace, how->count) * TICKS_US / (double)how->spacing;
}

static struct recording drifting = {.count = DRIFT_SAMPLES,
	.spacing = DRIFT_SPACING,
	.rest = TICKS_US,
	.stimulate = reset_column,
	.evaluate = drift};

/* 90 % of the neurons drift by less than this, counts in a us. */
static double measure_drift(void)
{
	double sum[NEURONS] = {0};
	for (unsigned run = 0; run < DRIFT_RUNS; run++) {
		double once[NEURONS];
		calibrate_record(once, &f, &drifting);
		for (uint32_t n = 0; n < NEURONS; n++)
			sum[n] += once[n] / DRIFT_RUNS;
	}
	for (uint32_t n = 0; n < NEURONS; n++)
		sum[n] = fabs(sum[n]);
	return calibrate_percentile(sum, NEURONS, 0.9);
}

/* With the leak off nothing but the balance of the inputs keeps a membrane where it is. */
static void balanced_inputs_do_not_drift(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		static struct calibrated c;
		const uint32_t shift = HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT;
		int32_t shuffled[NEURONS];
		double target[NEURONS];
		const struct calibration how = {.row = shift,
			.measure = calibrate_record,
			.context = &drifting,
			.target = target};
		begin(serial);
		calibrate_broadcast(&f, HALDLS_CAPMEM_I_BIAS_LEAK, 0);
		calibrate_broadcast(&f, shift, 310);
		drifting.every = calibrate_every();
		const double before = measure_drift();
		calibrate_same(target, 0);
		calibrate_search(&c, &f, &how);
		const double after = measure_drift();
		calibrate_shuffle(shuffled, c.codes[shift], drifting.every);
		calibrate_write(&f, shift, shuffled);
		const double broken = measure_drift();
		print_message("chip %u: drift %.2f after %.2f, shuffled %.2f\n", (unsigned)serial,
			after, before, broken);
		assert_true(before > 1);
		assert_true(after < 1);
		assert_true(broken > 1);
		fixture_end(&f);
	}
}

/* ---- recorder ------------------------------------------------------------------------------- */

enum { RECORDER_SAMPLES = 400, RECORDER_SPACING = 8, EDGE = 20 }; /* at 31 MHz */

static double largest_step(const double *trace, const struct recording *how, uint32_t n)
{
	double largest = 0;
	(void)n;
	for (size_t i = 1; i < how->count; i++)
		largest = fmax(largest, fabs(trace[i] - trace[i - 1]));
	return largest;
}

static double last_sample(const double *trace, const struct recording *how, uint32_t n)
{
	(void)n;
	return trace[how->count - 1];
}

/* A trace has no edges; one of two neurons, one after the other, has. */
static void traces_have_no_edges(void **state)
{
	const struct recording steps = {.count = RECORDER_SAMPLES,
		.spacing = RECORDER_SPACING,
		.rest = TICKS_US,
		.evaluate = largest_step};
	struct recording ends = steps;
	(void)state;
	ends.count = 1;
	ends.evaluate = last_sample;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		double value[NEURONS], between[NEURONS];
		power_up(serial, 77);
		calibrate_record(value, &f, &steps);
		print_message("chip %u: %.3f without edges\n", (unsigned)serial,
			calibrate_share(value, NEURONS, 0, EDGE));
		assert_true(calibrate_share(value, NEURONS, 0, EDGE) > 0.9);
		calibrate_record(value, &f, &ends);
		for (uint32_t n = 0; n < NEURONS; n++)
			between[n] = fabs(value[n] - value[(n + 1) % NEURONS]);
		assert_true(calibrate_share(between, NEURONS, 0, EDGE) < 0.9);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(most_neurons_succeed),
		cmocka_unit_test(calibrated_neurons_integrate_alike),
		cmocka_unit_test(a_baseline_is_where_it_was_calibrated_to),
		cmocka_unit_test(balanced_inputs_do_not_drift),
		cmocka_unit_test(traces_have_no_edges),
	};
	return cmocka_run_group_tests_name("emulator/integration", tests, setup, NULL);
}

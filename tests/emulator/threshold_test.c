// SPDX-License-Identifier: MIT
/* Thresholds of whole chips, calibrated as spec/calix_spec.md 5 does it: by one converter, judged
 * by the other; near the leak, judged by spikes in answer to events; below the leak, judged by
 * rates. The bars are those of section 8 there; with the same codes on other neurons none is met.
 */
#include "calibrate.h"

enum { USUAL = 2, THRESHOLD = HALDLS_CAPMEM_V_THRESHOLD };

static struct fixture f;
static struct calibrated c;

static void switch_firing(struct fixture *x, bool comparator, bool current)
{
	x->neuron.enable_threshold_comparator = comparator;
	x->neuron.enable_membrane_offset = current;
	fixture_neurons(x);
}

/* ---- by one converter and the other ---------------------------------------------------------- */

/* A current and no leak: neurons fire, and come as high as their thresholds. */
static void drive(int32_t current, int32_t reset)
{
	calibrate_broadcast(&f, HALDLS_CAPMEM_I_BIAS_LEAK, 0);
	calibrate_broadcast(&f, HALDLS_CAPMEM_I_MEM_OFFSET, current);
	calibrate_broadcast(&f, HALDLS_CAPMEM_V_RESET, reset);
}

static void measure_by_cadc(double *out, struct fixture *x, const void *context)
{
	enum { READS = 250, APART = 317 };
	(void)context;
	switch_firing(x, true, true);
	calibrate_pass(x, 300 * TICKS_US, NULL);
	calibrate_same(out, 0);
	for (unsigned i = 0; i < READS; i++) {
		double once[NEURONS];
		calibrate_read(once, x);
		calibrate_pass(x, APART, NULL);
		for (uint32_t n = 0; n < NEURONS; n++)
			out[n] = fmax(out[n], once[n]);
	}
	switch_firing(x, false, false);
}

static void fire_while_recorded(
	struct fixture *x, uint32_t n, bool recorded, const struct recording *how)
{
	struct haldls_neuron_config config = x->neuron;
	(void)how;
	config.enable_readout = config.enable_threshold_comparator = recorded;
	config.enable_membrane_offset = recorded;
	emulator__analog_set_neuron(x->analog, n, &config);
}

static double highest(const double *trace, const struct recording *how, uint32_t n)
{
	double most = 0;
	(void)n;
	for (size_t i = 0; i < how->count; i++)
		most = fmax(most, trace[i]);
	return most;
}

static struct recording firing = {.count = 400,
	.spacing = 20,
	.rest = TICKS_US,
	.choose = fire_while_recorded,
	.evaluate = highest};

/* Only the columns that are recorded count. */
static void leave_out(double value[NEURONS])
{
	for (uint32_t n = 0; n < NEURONS; n++)
		if (n % calibrate_every())
			value[n] = NAN;
}

/* Share of neurons that are farther from the median than this. */
static double outliers(const double value[NEURONS], double bar)
{
	const double median = calibrate_percentile(value, NEURONS, 0.5);
	return 1 - calibrate_share(value, NEURONS, median - bar, median + bar);
}

static void set_shuffled(uint32_t row, unsigned every)
{
	int32_t shuffled[NEURONS];
	calibrate_shuffle(shuffled, c.codes[row], every);
	calibrate_write(&f, row, shuffled);
}

/* What the test of one way shows of a target: outliers with the codes, and with shuffled ones. */
static void judge(uint32_t serial, bool by_madc, double target)
{
	double same[NEURONS], value[NEURONS];
	const struct calibration how = {.row = THRESHOLD,
		.measure = by_madc ? calibrate_record : measure_by_cadc,
		.context = &firing,
		.target = same};
	const double bar = by_madc ? 8 : 20;
	firing.every = calibrate_every();
	calibrate_same(same, target);
	drive(by_madc ? 250 : 70, by_madc ? 450 : 0);
	calibrate_search(&c, &f, &how);
	drive(by_madc ? 70 : 250, by_madc ? 0 : 450);
	double share[2];
	for (unsigned shuffled = 0; shuffled < 2; shuffled++) {
		if (shuffled)
			set_shuffled(THRESHOLD, by_madc ? firing.every : 1);
		if (by_madc)
			measure_by_cadc(value, &f, NULL);
		else
			calibrate_record(value, &f, &firing);
		leave_out(value);
		share[shuffled] = outliers(value, bar);
	}
	print_message("chip %u: threshold of %.0f counts of the %s: %.3f outliers, shuffled %.3f\n",
		(unsigned)serial, target, by_madc ? "MADC" : "CADC", share[0], share[1]);
	assert_true(share[0] < 0.05);
	assert_true(share[1] > 0.05);
}

static void judge_targets(const double targets[3], bool by_madc)
{
	const unsigned count = calibrate_serials(1) > 1 ? 3 : 1;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		calibrate_begin(&f, serial, 1, 70, 550);
		calibrate_forget(&c);
		for (unsigned i = 0; i < count; i++)
			judge(serial, by_madc, targets[i]);
		fixture_end(&f);
	}
}

static void thresholds_by_the_madc_hold_for_the_cadc(void **state)
{
	static const double targets[] = {480, 400, 560};
	(void)state;
	judge_targets(targets, true);
}

static void thresholds_by_the_cadc_hold_for_the_madc(void **state)
{
	static const double targets[] = {130, 100, 160};
	(void)state;
	judge_targets(targets, false);
}

/* ---- near the leak --------------------------------------------------------------------------- */

static void measure_spikes(double *out, struct fixture *x, const void *context)
{
	const double *span = context; /* s */
	calibrate_same(out, 0);
	switch_firing(x, true, false);
	calibrate_pass(x, 500 * TICKS_US, NULL);
	calibrate_pass(x, (uint64_t)(*span / 4e-9), out);
	switch_firing(x, false, false);
}

enum { EVENTS = 10, BINS = 4 * EVENTS, BIN = 5 * TICKS_US };

/* Spikes in bins of 5 us, of which every other one of the first half begins with an event: most
 * neurons answer, and hardly one fires otherwise. */
static bool answers(void)
{
	double fewest = NEURONS, most = 0;
	switch_firing(&f, true, false);
	calibrate_pass(&f, TICKS_MS, NULL);
	for (unsigned bin = 0; bin < BINS; bin++) {
		double spikes[NEURONS] = {0}, sum = 0;
		const bool event = bin % 2 == 0 && bin < 2 * EVENTS;
		if (event)
			calibrate_send(&f, 2);
		calibrate_pass(&f, BIN, spikes);
		for (uint32_t n = 0; n < NEURONS; n++)
			sum += spikes[n];
		fewest = event ? fmin(fewest, sum) : fewest;
		most = event ? most : fmax(most, sum);
	}
	switch_firing(&f, false, false);
	print_message("  %.0f spikes behind an event, %.0f otherwise\n", fewest, most);
	return fewest >= 250 && most <= 20;
}

/* Neurons of small capacitors fire on single events: their thresholds are 40 codes above the
 * lowest that a membrane at rest leaves alone. */
static void thresholds_near_the_leak_let_events_through_only(void **state)
{
	enum { GM = 140, MARGIN = 40, WEIGHT = 40, SMALL = 4 };
	static const double span = 2e-3;
	static const unsigned reads = 5;
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		double target[NEURONS];
		const struct calibration how = {.row = THRESHOLD,
			.inverted = true,
			.measure = measure_spikes,
			.context = &span,
			.target = target};
		calibrate_begin(&f, serial, 1, 70, 550);
		calibrate_forget(&c);
		calibrate_broadcast(&f, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 63); /* 2 us */
		calibrate_broadcast(&f, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 59);
		calibrate_membrane(&c, &f, 120, 60e-6);
		calibrate_inputs(&c, &f, GM);
		calibrate_leak(&c, &f, 120);
		f.neuron.membrane_capacitor_size = SMALL;
		calibrate_broadcast(&f, HALDLS_CAPMEM_V_RESET, 0);
		calibrate_same(target, 30);
		calibrate_search(&c, &f, &how);
		for (uint32_t n = 0; n < NEURONS; n++)
			c.codes[THRESHOLD][n] = c.codes[THRESHOLD][n] + MARGIN < CODE_MAX
							? c.codes[THRESHOLD][n] + MARGIN
							: CODE_MAX;
		calibrate_write(&f, THRESHOLD, c.codes[THRESHOLD]);
		calibrate_measure_rest(target, &f, &reads);
		calibrate_reset(&c, &f, target);
		calibrate_connect(&f, false, 2, WEIGHT);
		print_message("chip %u:\n", (unsigned)serial);
		assert_true(answers());
		set_shuffled(THRESHOLD, 1);
		set_shuffled(HALDLS_CAPMEM_V_LEAK, 1);
		assert_false(answers());
		fixture_end(&f);
	}
}

/* ---- below the leak -------------------------------------------------------------------------- */

struct window {
	double span;          /* s */
	const int32_t *codes; /* written now */
};

/* Rates in Hz. A neuron with its threshold below its reset potential does not fire at all: who is
 * silent there needs a higher one. */
static void measure_rates(double *out, struct fixture *x, const void *context)
{
	enum { FLOOR = 300 };
	const struct window *window = context;
	measure_spikes(out, x, &window->span);
	for (uint32_t n = 0; n < NEURONS; n++) {
		out[n] /= window->span;
		if (out[n] == 0 && window->codes[n] < FLOOR)
			out[n] = INFINITY;
	}
}

static void search_rates(const double target[NEURONS], double fastest)
{
	const struct window window = {.span = 0.8 * 255 / fastest, .codes = c.codes[THRESHOLD]};
	const struct calibration how = {.row = THRESHOLD,
		.inverted = true,
		.measure = measure_rates,
		.context = &window,
		.target = target};
	calibrate_search(&c, &f, &how);
}

static void rates_of(double out[NEURONS], const int32_t *codes)
{
	static const struct window window = {.span = 4e-3, .codes = c.codes[THRESHOLD]};
	calibrate_write(&f, THRESHOLD, codes);
	measure_rates(out, &f, &window);
}

/* Share of neurons within 8 kHz or 8 % of their targets, of those that have one. */
static double near_target(const double rate[NEURONS], const double target[NEURONS])
{
	double near = 0, all = 0;
	for (uint32_t n = 0; n < NEURONS; n++) {
		all += isnan(target[n]) ? 0 : 1;
		near += fabs(rate[n] - target[n]) < fmax(8e3, 0.08 * target[n]) ? 1 : 0;
	}
	return near / all;
}

/* 20 to 120 kHz; every eighth neuron is left alone. */
static void rates_may_differ(uint32_t serial, const double before[NEURONS])
{
	double target[NEURONS], rate[NEURONS];
	int32_t kept[NEURONS], shuffled[NEURONS];
	for (uint32_t n = 0; n < NEURONS; n++)
		target[n] = n % 8 ? 20e3 + 100e3 * (n * 37 % NEURONS) / (NEURONS - 1) : NAN;
	memcpy(kept, c.codes[THRESHOLD], sizeof(kept));
	search_rates(target, 120e3);
	rates_of(rate, c.codes[THRESHOLD]);
	unsigned changed = 0;
	for (uint32_t n = 0; n < NEURONS; n += 8) {
		assert_int_equal(c.codes[THRESHOLD][n], kept[n]);
		changed += fabs(rate[n] - before[n]) > fmax(3e3, 0.03 * before[n]);
	}
	const double near = near_target(rate, target);
	calibrate_shuffle(shuffled, c.codes[THRESHOLD], 1);
	rates_of(rate, shuffled);
	const double broken = near_target(rate, target);
	print_message(
		"chip %u: 20 ... 120 kHz: %.3f near, shuffled %.3f; %u of 64 others changed\n",
		(unsigned)serial, near, broken, changed);
	assert_true(near >= 0.85);
	assert_true(broken < 0.85);
	assert_true(changed <= 3);
}

static void thresholds_below_the_leak_set_rates(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		double target[NEURONS], rate[NEURONS], other[NEURONS];
		int32_t shuffled[NEURONS];
		calibrate_begin(&f, serial, 1, 70, 550);
		calibrate_forget(&c);
		f.backend.refractory_time = 32; /* 2 us */
		f.common.clock_scale_fast = 3;
		fixture_backends(&f);
		calibrate_broadcast(&f, HALDLS_CAPMEM_I_BIAS_LEAK, 760); /* 10 us */
		calibrate_leak(&c, &f, 150);
		calibrate_same(target, 70);
		calibrate_reset(&c, &f, target);
		calibrate_same(target, 100e3);
		search_rates(target, 100e3);
		rates_of(rate, c.codes[THRESHOLD]);
		const double within = calibrate_share(rate, NEURONS, 90e3, 115e3);
		calibrate_shuffle(shuffled, c.codes[THRESHOLD], 1);
		rates_of(other, shuffled);
		const double broken = calibrate_share(other, NEURONS, 90e3, 115e3);
		print_message("chip %u: 100 kHz: %.3f near, shuffled %.3f\n", (unsigned)serial,
			within, broken);
		assert_true(within >= 0.9);
		assert_true(broken < 0.9);
		rates_may_differ(serial, rate);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(thresholds_by_the_madc_hold_for_the_cadc),
		cmocka_unit_test(thresholds_by_the_cadc_hold_for_the_madc),
		cmocka_unit_test(thresholds_near_the_leak_let_events_through_only),
		cmocka_unit_test(thresholds_below_the_leak_set_rates),
	};
	return cmocka_run_group_tests_name("emulator/threshold", tests, NULL, NULL);
}

// SPDX-License-Identifier: MIT
/* Conductances between compartments of whole chips, calibrated as spec/calix_spec.md 5 does it:
 * each neuron is joined to its neighbour, and both relax towards each other. The spread of their
 * time constants falls by half, as section 8 there wants it. */
#include "calibrate.h"

#include "statistics.h"

enum {
	USUAL = 2,
	LOW = 80,
	HIGH = 110,
	SAMPLES = 200,
	BEFORE = 5,
	ICC = HALDLS_CAPMEM_I_BIAS_NMDA
};

static const double total = 5e-6; /* s */

static struct fixture f;
static struct calibrated c;

/* Close or open the way from neuron @n over the soma line to its neighbour. */
static void join(struct fixture *x, uint32_t n, bool joined)
{
	const uint32_t left = n & ~UINT32_C(1);
	for (uint32_t k = left; k < left + 2; k++) {
		struct haldls_neuron_config config = x->neuron;
		config.enable_readout = k == n;
		config.connect_soma_right = joined && k == left;
		config.connect_soma = joined && k != n;
		config.enable_multicomp_conductance = joined && k == n;
		config.enable_divide_multicomp_conductance_bias = true;
		emulator__analog_set_neuron(x->analog, k, &config);
	}
}

static void choose(struct fixture *x, uint32_t n, bool recorded, const struct recording *how)
{
	(void)how;
	if (recorded)
		return;
	emulator__analog_set_neuron(x->analog, n & ~UINT32_C(1), &x->neuron);
	emulator__analog_set_neuron(x->analog, n | 1, &x->neuron);
}

static void connect(struct fixture *x, uint32_t column, const struct recording *how)
{
	(void)how;
	for (uint32_t n = column; n < NEURONS; n += 256)
		join(x, n, true);
}

static double time_constant(const double *trace, const struct recording *how, uint32_t n)
{
	(void)n;
	return (double)how->spacing * 4e-9 *
	       calibrate_time_constant(trace + how->before, how->count - how->before, SAMPLES);
}

static struct recording relaxation = {.count = SAMPLES + BEFORE,
	.before = BEFORE,
	.spacing = 20,
	.choose = choose,
	.stimulate = connect,
	.evaluate = time_constant};

/* Neighbours rest 30 counts apart, with time constants of 60 us. */
static void begin(uint32_t serial)
{
	static const unsigned reads = 5;
	double target[NEURONS];
	const struct calibration leak = {.row = HALDLS_CAPMEM_V_LEAK,
		.measure = calibrate_measure_rest,
		.context = &reads,
		.target = target};
	calibrate_begin(&f, serial, 1, 70, 550);
	calibrate_forget(&c);
	calibrate_broadcast(&f, HALDLS_CAPMEM_I_BIAS_LEAK, 126);
	for (uint32_t n = 0; n < NEURONS; n++)
		target[n] = n % 2 ? HIGH : LOW;
	calibrate_search(&c, &f, &leak);
	/* odd and even ones; neighbours only behind each other's relaxation */
	relaxation.every = calibrate_every() == 1 ? 1 : calibrate_every() - 1;
	relaxation.rest = relaxation.every == 1 ? 400 * TICKS_US : TICKS_US;
}

static double spread_of(const int32_t codes[NEURONS], double *median)
{
	double tau[NEURONS];
	calibrate_write(&f, ICC, codes);
	calibrate_record(tau, &f, &relaxation);
	*median = calix__median(tau, NULL, NEURONS);
	return calix__trimmed_std(tau, NULL, NEURONS);
}

/* The median code of those that are recorded, for all. */
static void set_common(int32_t out[NEURONS])
{
	uint8_t recorded[NEURONS];
	for (uint32_t n = 0; n < NEURONS; n++)
		recorded[n] = n % 256 % relaxation.every == 0;
	const int32_t median = calix__median_code(c.codes[ICC], recorded, NEURONS);
	for (uint32_t n = 0; n < NEURONS; n++)
		out[n] = median;
}

static void calibrated_compartments_relax_alike(void **state)
{
	(void)state;
	for (uint32_t serial = 1; serial <= calibrate_serials(USUAL); serial++) {
		int32_t common[NEURONS], shuffled[NEURONS];
		double target[NEURONS], median, elsewhere;
		const struct calibration how = {.row = ICC,
			.inverted = true,
			.measure = calibrate_record,
			.context = &relaxation,
			.target = target};
		begin(serial);
		calibrate_same(target, total);
		calibrate_search(&c, &f, &how);
		set_common(common);
		calibrate_shuffle(shuffled, c.codes[ICC], relaxation.every);
		const double after = spread_of(c.codes[ICC], &median);
		const double before = spread_of(common, &elsewhere);
		const double broken = spread_of(shuffled, &elsewhere);
		print_message("chip %u: %.3g +- %.2g us, common code %d %.2g, shuffled %.2g\n",
			(unsigned)serial, median * 1e6, after * 1e6, (int)common[0], before * 1e6,
			broken * 1e6);
		assert_near(median, total, 0.02, 0);
		assert_true(after < before / 2);
		assert_true(broken > before / 2);
		fixture_end(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calibrated_compartments_relax_alike),
	};
	return cmocka_run_group_tests_name("emulator/compartments", tests, NULL, NULL);
}

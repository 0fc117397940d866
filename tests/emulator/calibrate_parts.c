// SPDX-License-Identifier: MIT
/* Parts of calibrations: time constants, potentials, references and strengths. */
#include "calibrate.h"

static const unsigned reads = 5;

void calibrate_switch_inputs(struct fixture *f, bool excitatory, bool inhibitory)
{
	f->neuron.enable_synaptic_input_excitatory = excitatory;
	f->neuron.enable_synaptic_input_inhibitory = inhibitory;
	fixture_neurons(f);
	calibrate_pass(f, SETTLE_TICKS, NULL);
}

/* ---- lines ---------------------------------------------------------------------------------- */

enum { LINE_SAMPLES = 50, LINE_BURST = 5 };

static void show_line(struct fixture *f, uint32_t n, bool recorded, const struct recording *how)
{
	struct haldls_neuron_config config = f->neuron;
	config.enable_readout = recorded;
	config.readout_source = *(const bool *)how->context
					? HALDLS_NEURON_CONFIG_READOUT_SOURCE_INH_SYNIN
					: HALDLS_NEURON_CONFIG_READOUT_SOURCE_EXC_SYNIN;
	emulator__analog_set_neuron(f->analog, n, &config);
}

static void send_burst(struct fixture *f, uint32_t column, const struct recording *how)
{
	(void)column, (void)how;
	for (unsigned i = 0; i < LINE_BURST; i++)
		calibrate_send(f, 8);
}

/* s, from behind the lowest sample on. */
static double time_constant(const double *trace, const struct recording *how, uint32_t n)
{
	size_t lowest = 0;
	(void)n;
	for (size_t i = 1; i < how->count / 5; i++)
		lowest = trace[i] < trace[lowest] ? i : lowest;
	lowest++;
	return (double)how->spacing * 4e-9 *
	       calibrate_time_constant(trace + lowest, how->count - lowest, LINE_SAMPLES);
}

void calibrate_line(struct calibrated *c, struct fixture *f, bool inhibitory, double tau)
{
	bool inhibitory_line = inhibitory;
	const struct recording recording = {.count = LINE_SAMPLES,
		.spacing = (uint64_t)fmax(5 * tau / LINE_SAMPLES / 4e-9, 1),
		.rest = (uint64_t)(5 * tau / 4e-9),
		.choose = show_line,
		.stimulate = send_burst,
		.evaluate = time_constant,
		.context = &inhibitory_line};
	double target[NEURONS];
	const struct calibration how = {.row = inhibitory ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU
							  : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU,
		.inverted = true,
		.measure = calibrate_record,
		.context = &recording,
		.target = target};
	calibrate_connect(f, inhibitory, 8, 10);
	calibrate_same(target, tau);
	calibrate_search(c, f, &how);
}

/* ---- membranes ------------------------------------------------------------------------------ */

void calibrate_leak(struct calibrated *c, struct fixture *f, double target)
{
	double same[NEURONS];
	const struct calibration how = {.row = HALDLS_CAPMEM_V_LEAK,
		.measure = calibrate_measure_rest,
		.context = &reads,
		.target = same};
	calibrate_same(same, target);
	calibrate_search(c, f, &how);
}

void calibrate_reset(struct calibrated *c, struct fixture *f, const double *target)
{
	const struct calibration how = {.row = HALDLS_CAPMEM_V_RESET,
		.measure = calibrate_measure_reset,
		.context = &reads,
		.target = target};
	calibrate_search(c, f, &how);
}

struct relaxation {
	double tau; /* s */
	double reset[NEURONS];
};

/* What is left of the way from reset to rest when a time constant is over. */
static void measure_rest_of_way(double *out, struct fixture *f, const void *context)
{
	enum { LATE = 250 }; /* ticks from the begin of a conversion to the sample */
	const struct relaxation *how = context;
	const uint64_t release = (f->backend.refractory_time - 1) * UINT64_C(2)
				 << f->common.clock_scale_fast;
	double rest[NEURONS], after[NEURONS];
	calibrate_measure_rest(rest, f, &reads);
	calibrate_reset_neurons(f);
	calibrate_pass(f, release + (uint64_t)(how->tau / 4e-9) - LATE, NULL);
	calibrate_read(after, f);
	calibrate_pass(f, TICKS_MS, NULL);
	for (uint32_t n = 0; n < NEURONS; n++)
		out[n] = (rest[n] - after[n]) / (rest[n] - how->reset[n]);
}

void calibrate_membrane(struct calibrated *c, struct fixture *f, double leak, double tau)
{
	struct relaxation relaxation = {.tau = tau};
	double target[NEURONS];
	const struct calibration how = {.row = HALDLS_CAPMEM_I_BIAS_LEAK,
		.inverted = true,
		.measure = measure_rest_of_way,
		.context = &relaxation,
		.target = target};
	calibrate_switch_inputs(f, false, false);
	calibrate_leak(c, f, leak);
	calibrate_same(target, leak - 50);
	calibrate_reset(c, f, target);
	calibrate_measure_reset(relaxation.reset, f, &reads);
	calibrate_same(target, exp(-1));
	calibrate_search(c, f, &how);
	calibrate_leak(c, f, leak);
}

/* ---- inputs --------------------------------------------------------------------------------- */

void calibrate_reference(
	struct calibrated *c, struct fixture *f, bool inhibitory, const double *rest)
{
	const struct calibration how = {.row = inhibitory ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT
							  : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT,
		.inverted = !inhibitory,
		.measure = calibrate_measure_rest,
		.context = &reads,
		.target = rest};
	calibrate_search(c, f, &how);
}

void calibrate_strength(
	struct calibrated *c, struct fixture *f, bool inhibitory, int32_t gm, double *amplitude)
{
	enum { MOST = 60 }; /* counts */
	struct calibrate_burst burst = {
		.inhibitory = inhibitory, .rows = 8, .events = 15, .spacing = TICKS_US, .runs = 3};
	double target[NEURONS];
	const struct calibration how = {.row = inhibitory ? HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM
							  : HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM,
		.high = gm + 250,
		.measure = calibrate_measure_amplitude,
		.context = &burst,
		.target = target};
	double median;
	calibrate_connect(f, inhibitory, 8, 10);
	for (;; burst.events = burst.events * 4 / 5) {
		assert_true(burst.events > 0);
		calibrate_measure_amplitude(target, f, &burst);
		median = calibrate_percentile(target, NEURONS, 0.5);
		if (median < MOST)
			break;
	}
	if (!(*amplitude > 0))
		*amplitude = median / burst.events;
	calibrate_same(target, *amplitude * burst.events);
	calibrate_search(c, f, &how);
}

void calibrate_inputs(struct calibrated *c, struct fixture *f, int32_t gm)
{
	double rest[NEURONS], amplitude = 0;
	calibrate_switch_inputs(f, false, false);
	calibrate_broadcast(f, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, gm);
	calibrate_broadcast(f, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, gm);
	calibrate_measure_rest(rest, f, &reads);
	for (unsigned inhibitory = 0; inhibitory < 2; inhibitory++) {
		calibrate_switch_inputs(f, !inhibitory, inhibitory);
		calibrate_reference(c, f, inhibitory, rest);
		calibrate_strength(c, f, inhibitory, gm, &amplitude);
	}
	calibrate_reference(c, f, true, rest);
	calibrate_switch_inputs(f, true, true);
	calibrate_reference(c, f, false, rest);
}

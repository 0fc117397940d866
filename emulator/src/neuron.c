// SPDX-License-Identifier: MIT
/* What the cells, switches and pattern of a neuron make of its membrane, and what the backend makes
 * of a spike. */
#include "analog_state.h"
#include "noise.h"
#include "physics.h"

#include <haldls/coordinate.h>
#include <math.h>

static const float never = 1e9f; /* V, threshold of a neuron that cannot fire */
static const float step_s = 4e-9f * EMULATOR_STEP_TICKS;

static float cell(const struct emulator_analog *a, uint32_t n, uint32_t row)
{
	return analog_cell(a, analog_quadrant(n), row, n % 128);
}

/* Biases that enable a part, with the codes from which on they change nothing more. Source:
 * spec/emulator_physics.md 1, spec/calix_spec.md 1.4, 2. */
static const struct {
	enum haldls_capmem_shared_cell cell;
	uint16_t nominal;
} enables[] = {{HALDLS_CAPMEM_NEURON_I_BIAS_LEAK_SOURCE_FOLLOWER, 100},
	{HALDLS_CAPMEM_NEURON_V_BIAS_CASC_N, 250}, {HALDLS_CAPMEM_NEURON_I_BIAS_SYNIN_DROP, 300},
	{HALDLS_CAPMEM_NEURON_I_BIAS_READOUT_AMP, 110}, {HALDLS_CAPMEM_CADC_V_BIAS_RAMP_BUF, 400},
	{HALDLS_CAPMEM_CADC_I_BIAS_COMP, 1022}, {HALDLS_CAPMEM_CADC_I_BIAS_VRESET_BUF, 1022}};
enum { ENABLES = sizeof(enables) / sizeof(*enables) };

void emulator__neuron_bias(struct emulator_analog *a, uint32_t quadrant)
{
	float q[ENABLES];
	for (unsigned i = 0; i < ENABLES; i++)
		q[i] = analog_quality(analog_shared_cell(a, quadrant, enables[i].cell),
			(float)enables[i].nominal);
	a->biases[quadrant] = (struct analog_biases){.follower = q[0],
		.cascode = q[1],
		.input = q[2],
		.readout = q[3],
		.cadc = q[4] * q[5] * q[6]};
}

void emulator__analog_set_biases(struct emulator_analog *a, uint64_t now)
{
	/* not exactly the usual codes, lest they disturb others */
	static const uint16_t codes[ENABLES] = {107, 257, 311, 119, 409, 1022, 1022};
	for (uint32_t quadrant = 0; quadrant < ANALOG_QUADRANTS; quadrant++)
		for (unsigned i = 0; i < ENABLES; i++)
			emulator__analog_set_capmem(
				a, now, quadrant * CAPMEM_BLOCK_CELLS + enables[i].cell, codes[i]);
}

struct amplifier {
	float limit; /* A */
	float slope; /* 1/V */
};

/* The transconductance amplifier of leak and reset. */
static struct amplifier amplifier(
	float code, float factor, bool multiply, bool divide, bool degenerate)
{
	const float scale = factor * (multiply == divide ? 1.0f : multiply ? 8.0f : 0.125f);
	return (struct amplifier){
		.limit = emulator__capmem_ampere(code) * scale,
		.slope = PHYSICS_LEAK / PHYSICS_CELL_AMPERE *
			 (degenerate ? 1.0f : PHYSICS_DEGENERATION),
	};
}

static float reference(float code, float drop)
{
	return PHYSICS_FOLLOWER * emulator__capmem_volt(code) - drop;
}

/* Returns the bias of the leak, A. */
static float refresh_leak(struct emulator_analog *a, uint32_t n, float capacitance)
{
	struct kernel_membranes *m = &a->membranes;
	const struct haldls_neuron_config *config = &a->neuron[n];
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const float code = cell(a, n, HALDLS_CAPMEM_I_BIAS_LEAK);
	const float follower = a->biases[analog_quadrant(n)].follower,
		    cascode = a->biases[analog_quadrant(n)].cascode;
	const struct amplifier leak =
		amplifier(code, pattern->leak * cascode, config->enable_leak_multiplication,
			config->enable_leak_division, config->enable_leak_degeneration);
	m->leak_limit[n] = leak.limit / capacitance;
	m->leak_slope[n] = leak.slope;
	m->leak_reference[n] =
		follower * reference(cell(a, n, HALDLS_CAPMEM_V_LEAK), PHYSICS_LEAK_FOLLOWER) +
		pattern->leak_offset + a->drift[n] -
		PHYSICS_LEAK_BIAS_DRIFT * logf(fmaxf(code, 1) / PHYSICS_LEAK_BIAS_TYPICAL);

	struct amplifier reset = amplifier(cell(a, n, HALDLS_CAPMEM_I_BIAS_RESET),
		pattern->reset * cascode, config->enable_reset_multiplication,
		config->enable_reset_division, config->enable_reset_degeneration);
	if (reset.limit * reset.slope > PHYSICS_RESET_LIMIT)
		reset.slope = PHYSICS_RESET_LIMIT / reset.limit;
	m->reset_limit[n] = reset.limit / capacitance;
	m->reset_slope[n] = reset.slope;
	m->reset_reference[n] =
		reference(cell(a, n, HALDLS_CAPMEM_V_RESET), PHYSICS_RESET_FOLLOWER) +
		pattern->reset_offset + a->drift[n];
	return leak.limit;
}

static const struct {
	uint32_t tau, shift, gm;
} input_rows[KERNEL_LINES] = {
	{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT,
		HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM},
	{HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT,
		HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM},
};

/* Returns the bias of the input, A. */
static float refresh_input(struct emulator_analog *a, uint32_t n, unsigned line, float capacitance)
{
	static const float taus[] = PHYSICS_LINE_TAU, gains[] = PHYSICS_LINE_GAIN,
			   shifts[] = PHYSICS_LINE_SHIFT;
	struct kernel_membranes *m = &a->membranes;
	const struct haldls_neuron_config *config = &a->neuron[n];
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const bool enable = line ? config->enable_synaptic_input_inhibitory
				 : config->enable_synaptic_input_excitatory;
	const bool high = line ? config->enable_synaptic_input_inhibitory_high_resistance
			       : config->enable_synaptic_input_excitatory_high_resistance;
	const bool small = line ? config->enable_synaptic_input_inhibitory_small_capacitance
				: config->enable_synaptic_input_excitatory_small_capacitance;

	const float bias = emulator__capmem_ampere(cell(a, n, input_rows[line].gm)) * gains[line] *
			   pattern->gm[line] * a->biases[analog_quadrant(n)].cascode *
			   a->biases[analog_quadrant(n)].input;
	const float limit = enable ? bias : 0;
	m->input_limit[line][n] = (line ? -limit : limit) / capacitance;
	m->input_offset[line][n] =
		pattern->input_offset[line] -
		PHYSICS_LINE_SHIFT_STEP *
			logf(fmaxf(cell(a, n, input_rows[line].shift), 1) / shifts[line]);

	const float code = cell(a, n, input_rows[line].tau);
	const float tau = taus[line] / fmaxf(code, 1e-6f) * pattern->tau[line] *
			  (high ? 1 : PHYSICS_LINE_LOW_RESISTANCE) *
			  (small ? PHYSICS_LINE_SMALL_CAPACITANCE : 1);
	const float rate = 1 / fminf(tau, PHYSICS_LINE_TAU_FLOATING);
	if (rate != m->line_rate[line][n]) {
		const float x = step_s * rate, way = -expm1f(-x);
		m->line_rate[line][n] = rate;
		m->line_decay[line][n] = 1 - way;
		a->rich.late[line][n] = sqrtf(1 - way);
		m->line_mean[line][n] = way / x;
		m->line_area[line][n] = 1 / x;
	}
	return limit;
}

/* Band-limited noise, linear between values of one slot each, has the variance of white noise of
 * the same density times the mean of exp(-abs(x) r) over a cubic B-spline, r the slot in time
 * constants. This fit is off by 1 %. */
static float band_share(float r)
{
	return 1 / (1 + r * (0.4667f + 0.0511f * r / (1 + 0.1804f * r)));
}

static void refresh_noise(struct emulator_analog *a, uint32_t n, float bias, float capacitance)
{
	struct kernel_membranes *m = &a->membranes;
	const float rate = m->leak_limit[n] * m->leak_slope[n];
	m->rate[n] = rate;
	m->margin[n] = 0.01f;
	if (!a->config.noise)
		return;
	const float farads = capacitance * 1e12f; /* in pF, lest the square vanish */
	const float fault = a->pattern->neuron[n].fault == VARIATION_NOISY ? 100.0f : 1.0f;
	a->noise_power[n] = (float)(PHYSICS_NOISE_DENSITY * 1e24 / 2 / PHYSICS_NOISE_BIAS) * bias *
			    fault / (farads * farads);
	const float slot = PHYSICS_NOISE_SLOT * 4e-9f;
	a->noise_current[n] = sqrtf(a->noise_power[n] / (slot * band_share(slot * rate)));
	const float variance = a->noise_power[n] / (2 * fmaxf(rate, 1e3f));
	m->margin[n] += 6 * sqrtf(variance + PHYSICS_NOISE_COMPARATOR * PHYSICS_NOISE_COMPARATOR);
}

/* A leak-type reference of the exponential term, the adaptation or an input. */
static float rich_reference(const struct emulator_analog *a, uint32_t n, uint32_t row, float offset)
{
	return a->biases[analog_quadrant(n)].follower *
		       reference(cell(a, n, row), PHYSICS_LEAK_FOLLOWER) +
	       offset;
}

static void refresh_adaptation(struct emulator_analog *a, uint32_t n, float capacitance)
{
	struct kernel_rich *r = &a->rich;
	const struct haldls_neuron_config *config = &a->neuron[n];
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const float code = fmaxf(cell(a, n, HALDLS_CAPMEM_I_BIAS_ADAPT_TAU), 0.1f);
	const float slope = config->enable_adaptation
				    ? PHYSICS_ADAPT_A * pattern->adaptation[0] *
					      cell(a, n, HALDLS_CAPMEM_I_BIAS_ADAPT_A)
				    : 0;
	const float step = config->enable_adaptation
				   ? PHYSICS_ADAPT_B * pattern->adaptation[1] *
					     cell(a, n, HALDLS_CAPMEM_I_BIAS_ADAPT_B)
				   : 0;
	r->adaptation_rate[n] = code / (PHYSICS_ADAPT_TAU * pattern->adaptation_tau);
	r->adaptation_a[n] = (config->invert_adaptation_a ? -slope : slope) / capacitance;
	r->adaptation_reference[n] =
		rich_reference(a, n, HALDLS_CAPMEM_V_ADAPT_LEAK, pattern->adaptation_offset[0]);
	r->adaptation_limit[n] = PHYSICS_ADAPT_LIMIT / capacitance;
	a->adaptation_step[n] = (config->invert_adaptation_b ? -step : step) / capacitance;
	if (!config->enable_adaptation)
		r->adaptation[n] = 0;
}

static void refresh_rich(struct emulator_analog *a, uint32_t n, float capacitance)
{
	static const uint32_t rows[KERNEL_LINES] = {
		HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, HALDLS_CAPMEM_I_BIAS_SYNIN_INH_COBA};
	static const uint32_t reversals[KERNEL_LINES] = {
		HALDLS_CAPMEM_E_SYNIN_EXC_REV, HALDLS_CAPMEM_E_SYNIN_INH_REV};
	struct kernel_rich *r = &a->rich;
	const struct haldls_neuron_config *config = &a->neuron[n];
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const bool coba[KERNEL_LINES] = {config->enable_synaptic_input_excitatory &&
						 config->enable_synaptic_input_excitatory_coba_mode,
		config->enable_synaptic_input_inhibitory &&
			config->enable_synaptic_input_inhibitory_coba_mode};
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		r->conductance[line][n] = coba[line] ? PHYSICS_COBA * pattern->conductance[line] *
							       cell(a, n, rows[line]) / capacitance
						     : 0;
		r->reversal[line][n] =
			rich_reference(a, n, reversals[line], pattern->reversal_offset[line]);
	}
	r->exponential[n] =
		config->enable_exponential
			? emulator__capmem_ampere(cell(a, n, HALDLS_CAPMEM_I_BIAS_EXP)) *
				  PHYSICS_EXP * pattern->exponential / capacitance
			: 0;
	r->exponential_slope[n] = 1 / PHYSICS_EXP_WIDTH;
	r->exponential_reference[n] =
		rich_reference(a, n, HALDLS_CAPMEM_V_EXP, pattern->exponential_offset);
	r->exponential_limit[n] = PHYSICS_EXP_LIMIT / capacitance;
	r->pause[n] = config->enable_pause;
	refresh_adaptation(a, n, capacitance);
}

static bool is_rich(const struct haldls_neuron_config *config)
{
	return config->enable_adaptation || config->enable_exponential || config->enable_pause ||
	       (config->enable_synaptic_input_excitatory &&
		       config->enable_synaptic_input_excitatory_coba_mode) ||
	       (config->enable_synaptic_input_inhibitory &&
		       config->enable_synaptic_input_inhibitory_coba_mode);
}

unsigned emulator__neuron_rich_blocks(const struct emulator_analog *a)
{
	unsigned blocks = 0;
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		blocks |= (unsigned)(is_rich(&a->neuron[n]) || a->rich.joined[n] > 0)
			  << n / KERNEL_BLOCK;
	return blocks;
}

float emulator__neuron_adaptation(const struct emulator_analog *a, uint32_t n)
{
	const float offset = a->pattern->neuron[n].adaptation_offset[1];
	return rich_reference(a, n, HALDLS_CAPMEM_V_ADAPT_REF, offset) +
	       a->rich.adaptation[n] * a->farad[n] / PHYSICS_ADAPT_SHOWN;
}

void emulator__neuron_adapt(struct emulator_analog *a, uint32_t n)
{
	const unsigned scale = a->common[analog_half(n)].clock_scale_adaptation_pulse;
	if (a->backend[n].enable_adaptation_pulse)
		a->rich.adaptation[n] += a->adaptation_step[n] * (float)(2u << scale) * 4e-9f;
}

static void refresh_threshold(struct emulator_analog *a, uint32_t n)
{
	const struct haldls_neuron_config *config = &a->neuron[n];
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const bool fires = config->enable_fire && config->enable_threshold_comparator &&
			   a->comparator_delay[analog_quadrant(n)] >= 0 &&
			   pattern->fault != VARIATION_STUCK;
	a->membranes.threshold[n] =
		fires ? emulator__capmem_volt(cell(a, n, HALDLS_CAPMEM_V_THRESHOLD)) +
				PHYSICS_THRESHOLD_OFFSET + pattern->threshold_offset +
				a->comparator_noise[n]
		      : never;
}

void emulator__neuron_refresh(struct emulator_analog *a, uint32_t n)
{
	const struct haldls_neuron_config *config = &a->neuron[n];
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const float capacitance =
		PHYSICS_CAPACITANCE * pattern->capacitance *
			((float)config->membrane_capacitor_size + PHYSICS_CAPACITANCE_INTRINSIC) +
		(config->connect_soma ? PHYSICS_SOMA_LINE : 0);
	const float offset = PHYSICS_OFFSET * cell(a, n, HALDLS_CAPMEM_I_MEM_OFFSET) *
			     pattern->offset / capacitance;
	a->headroom.offset[n] = !config->enable_membrane_offset  ? 0
				: config->invert_membrane_offset ? -offset
								 : offset;
	a->headroom.steady[n] = emulator__readout_stimulus(a, n) / capacitance;
	a->membranes.constant[n] = a->headroom.offset[n] + a->headroom.steady[n];
	float bias = refresh_leak(a, n, capacitance);
	a->farad[n] = capacitance;
	refresh_rich(a, n, capacitance);
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		bias += refresh_input(a, n, line, capacitance);
	refresh_noise(a, n, bias, capacitance);
	refresh_threshold(a, n);
}

/* The number of ones in 32 bits is normal enough for a threshold: excess kurtosis -0.06, bounded at
 * 5.7 sigma. One draw serves four crossings. */
static float crossing_noise(struct emulator_analog *a, uint32_t n)
{
	const uint32_t crossing = a->crossings[n]++;
	uint32_t *drawn = a->crossing_bits[n];
	if (crossing % 4 == 0)
		emulator__noise_bits(
			drawn, a->config.seed, NOISE_COMPARATOR, (uint64_t)n << 32 | crossing / 4);
	uint32_t x = drawn[crossing % 4];
	x -= x >> 1 & 0x55555555;
	x = (x & 0x33333333) + (x >> 2 & 0x33333333);
	x = ((x + (x >> 4)) & 0x0f0f0f0f) * 0x01010101 >> 24;
	return PHYSICS_NOISE_COMPARATOR * ((float)(int32_t)x - 16) * (1 / 2.8284271f);
}

void emulator__neuron_arm(struct emulator_analog *a, uint32_t n)
{
	if (!a->config.noise)
		return;
	const float noise = crossing_noise(a, n);
	if (a->membranes.threshold[n] < never)
		a->membranes.threshold[n] += noise - a->comparator_noise[n];
	a->comparator_noise[n] = noise;
}

void emulator__neuron_rest(struct emulator_analog *a, uint32_t n, uint64_t t)
{
	a->refractory[n] =
		analog_refractory_after(&a->backend[n], &a->common[analog_half(n)], t);
	if (a->refractory[n].end <= t || a->is_resting[n])
		return;
	struct analog_half *half = &a->half[n / ANALOG_COLUMNS];
	a->is_resting[n] = true;
	half->resting[half->resting_count++] = (uint16_t)n;
}

void emulator__analog_stick(struct emulator_analog *a, uint32_t n)
{
	struct analog_half *half = &a->half[n / ANALOG_COLUMNS];
	a->stuck[n] = true;
	a->refractory[n] = (struct analog_refractory){a->grid, UINT64_MAX, UINT64_MAX};
	if (!a->is_resting[n])
		half->resting[half->resting_count++] = (uint16_t)n;
	a->is_resting[n] = true;
	emulator__analog_disturb(a);
}

void emulator__neuron_release(struct emulator_analog *a, uint32_t cell)
{
	const uint32_t place = cell % CAPMEM_BLOCK_CELLS - HALDLS_CAPMEM_V_RESET * CAPMEM_COLUMNS;
	const uint32_t n = cell / CAPMEM_BLOCK_CELLS * 128 + place;
	if (place >= 128 || !a->stuck[n])
		return;
	a->stuck[n] = false;
	a->refractory[n].release = a->refractory[n].end = a->grid;
}

static float overlap(uint64_t begin, uint64_t end, const struct analog_refractory *r)
{
	const uint64_t from = begin > r->begin ? begin : r->begin,
		       to = end < r->release ? end : r->release;
	return to > from ? (float)(to - from) / (float)(end - begin) : 0;
}

bool emulator__neuron_reset_shares(
	struct emulator_analog *a, struct kernel_membranes *m, uint64_t begin, uint64_t end)
{
	bool any = false;
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++) {
		const struct analog_half *own = &a->half[hemisphere];
		for (unsigned i = 0; i < own->resting_count; i++) {
			const unsigned n = own->resting[i];
			m->reset_share[n] = overlap(begin, end, &a->refractory[n]);
			any |= m->reset_share[n] > 0;
		}
	}
	for (unsigned half = 0; half < 2; half++)
		for (uint32_t n = 0; a->common[half].force_reset && n < ANALOG_NEURONS; n++)
			if (analog_half(n) == half) {
				m->reset_share[n] = 1;
				any = true;
			}
	return any;
}

void emulator__neuron_look(struct emulator_analog *a, uint32_t n, uint64_t t)
{
	if (!a->config.noise || a->noise_stepped || t <= a->noise_time[n])
		return;
	double normal[2];
	emulator__noise_normals(normal, a->config.seed, NOISE_LOOK, n, t);
	const double span = (double)(t - a->noise_time[n]) * 4e-9,
		     rate = fmax(a->membranes.rate[n], 1.0);
	const double variance = (double)a->noise_power[n] * -expm1(-2 * rate * span) / (2 * rate);
	a->membranes.noise[n] =
		(float)(a->membranes.noise[n] * exp(-rate * span) + sqrt(variance) * normal[0]);
	a->noise_time[n] = t;
}

/* A random walk with a step a minute: what it is at some time does not depend on who looks when. */
static void drift_on(struct emulator_analog *a)
{
	const double sigma = PHYSICS_NOISE_DRIFT / sqrt(60);
	for (uint32_t n = 0; n < ANALOG_NEURONS; n += 2) {
		double normal[2];
		emulator__noise_normals(normal, a->config.seed, NOISE_DRIFT, n, a->drifted);
		for (uint32_t i = 0; i < 2; i++)
			a->drift[n + i] += (float)(sigma * normal[i]);
	}
	a->drifted++;
}

uint64_t emulator__neuron_drift(struct emulator_analog *a, uint64_t t)
{
	const uint64_t slot = 15000000000; /* ticks in a minute, whole steps */
	uint64_t end = (a->drifted + 1) * slot;
	if (!a->config.noise)
		return t;
	while (a->grid >= end) {
		drift_on(a);
		end += slot;
		a->all_stale = true;
		emulator__analog_disturb(a);
	}
	return t < end ? t : end;
}

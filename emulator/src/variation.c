// SPDX-License-Identifier: MIT
#include "variation.h"

#include "noise.h"
#include "physics.h"

#include <math.h>
#include <string.h>

enum { NORMALS = 34, COLUMNS_PER_QUADRANT = 128 };

/* Sigmas of spec/emulator_physics.md 4.1: V for potentials, log for currents and times. */
static const struct {
	double current; /* gain of all current cells of a block */
	double shared[2], leak[2], reset[2], threshold[2]; /* quadrant, neuron */
	double threshold_trend;                            /* V over the columns of a quadrant */
	double tau[2], gm_block, gm_common, offset[2];
	double reference; /* of the other source-followed references */
	double drift;     /* V per K */
} sigma = {
	.current = 0.045,
	.shared = {36e-3, 35.3e-3},
	.leak = {0, 33.2e-3},
	.reset = {0, 28.9e-3},
	.threshold = {19e-3, 20.6e-3},
	.threshold_trend = 11e-3,
	.tau = {0.195, 0.186},
	.gm_block = 0.25,
	.gm_common = 0.02,
	.offset = {0.05, 0.12},
	.reference = 28.9e-3,
	.drift = 0.3e-3,
};

/* Relative per K: leak and line time constants. */
static const double rate_drift = -0.003;

struct quadrant_draw {
	double current, shared, threshold, tau, gm, offset;
	double warmth; /* K above the temperature of the table */
};

static void normals(
	double *out, unsigned count, uint64_t key, enum noise_stream stream, uint32_t index)
{
	for (unsigned i = 0; i < count; i += 2)
		emulator__noise_normals(&out[i], key, stream, index, i);
}

static enum variation_fault fault(
	uint64_t key, enum noise_stream stream, uint32_t index, double share, uint8_t *byte)
{
	double uniform[4];
	emulator__noise_uniforms(uniform, key, stream, index, UINT64_C(1) << 32);
	*byte = (uint8_t)(uniform[2] * 256);
	if (uniform[0] >= share)
		return VARIATION_SOUND;
	return uniform[1] < 0.5 ? VARIATION_STUCK : VARIATION_NOISY;
}

/* A current's factor: that of its block, and its own. */
static float spread(const struct quadrant_draw *block, double normal)
{
	return (float)exp(block->offset + block->current + sigma.offset[1] * normal);
}

/* What goes with 1/T. */
static double colder(double warmth)
{
	const double kelvin = 273.15 + VARIATION_CELSIUS;
	return kelvin / (kelvin + warmth);
}

static void draw_neuron(
	struct variation_neuron *out, const struct quadrant_draw *block, uint64_t key, uint32_t n)
{
	double z[NORMALS];
	uint8_t unused;
	normals(z, NORMALS, key, NOISE_NEURON, n);
	const double drift = sigma.drift * block->warmth, slow = 1 + rate_drift * block->warmth;
	const double shared = block->shared + sigma.shared[1] * z[0] + drift * z[17];
	const double place = (double)(n % COLUMNS_PER_QUADRANT) / (COLUMNS_PER_QUADRANT - 1) - 0.5;
	out->fault = fault(key, NOISE_NEURON, n, 0.003, &unused);
	out->readout_offset = (float)(17e-3 * z[1]);
	out->readout_gain = (float)(1 + 0.01 * z[2]);
	out->leak_offset = (float)(shared + sigma.leak[1] * z[3]);
	out->reset_offset = (float)(shared + sigma.reset[1] * z[4]);
	out->threshold_offset = (float)(block->threshold + sigma.threshold[1] * z[5] +
					sigma.threshold_trend * place + drift * z[18]);
	out->leak = (float)(exp(block->current + 0.119 * z[6]) * slow);
	out->reset = (float)exp(block->current + 0.119 * z[7]);
	out->capacitance = (float)exp(0.03 * z[8]);
	const double private_gm[2] = {0.043, 0.038}, input[2] = {15.2e-3, 14.8e-3};
	for (unsigned line = 0; line < 2; line++) {
		/* the bias sets a rate, and the rate goes with the cube of the block's current gain
		 */
		out->tau[line] = (float)(exp(block->tau - 3 * block->current +
						 sigma.tau[line] * z[9 + line]) *
					 slow);
		out->gm[line] = (float)(exp(block->gm + block->current + sigma.gm_common * z[11] +
						private_gm[line] * z[12 + line]) *
					colder(block->warmth));
		out->input_offset[line] = (float)(input[line] * z[14 + line]);
		out->adaptation[line] = spread(block, z[19 + line]);
		out->conductance[line] = spread(block, z[21 + line]);
		out->adaptation_offset[line] = (float)(shared + sigma.reference * z[23 + line]);
		out->reversal_offset[line] = (float)(shared + sigma.reference * z[25 + line]);
	}
	out->offset = spread(block, z[16]);
	out->adaptation_tau = 1 / spread(block, z[27]);
	out->exponential = spread(block, z[28]);
	out->compartment = spread(block, z[29]);
	out->exponential_offset = (float)(shared + sigma.reference * z[30]);
	double uniform[4];
	emulator__noise_uniforms(uniform, key, NOISE_NEURON, n, UINT64_C(1) << 33);
	out->post_delay = (uint8_t)(PHYSICS_POST_SPREAD * uniform[0]);
}

static void draw_quadrant(struct variation_quadrant *out, struct quadrant_draw *block, uint64_t key,
	uint32_t quadrant, double warmth)
{
	double z[16];
	normals(z, 16, key, NOISE_QUADRANT, quadrant);
	*block = (struct quadrant_draw){
		.current = sigma.current * z[0],
		.shared = sigma.shared[0] * z[1],
		.threshold = sigma.threshold[0] * z[2],
		.tau = 0.11 * z[3],
		.gm = sigma.gm_block * z[4],
		.offset = sigma.offset[0] * z[5],
		.warmth = warmth,
	};
	out->dac = (float)exp(0.03 * z[6]);
	out->cadc_offset = (float)(6 * z[7]);
	out->cadc_slope = (float)(exp(0.05 * z[8]) * (1 + 0.001 * z[9] * warmth));
	out->cadc_bend[0] = (float)(0.35 * z[10]);
	out->cadc_bend[1] = (float)(0.35 * z[11]);
	out->correlation_amplitude = (float)exp(0.1 * z[12]);
	out->correlation_rate = (float)exp(0.1 * z[13]);
	out->correlation_baseline = (float)(6 * z[14]);
}

static void draw_channel(struct variation_channel *out, uint64_t key, uint32_t index, double warmth)
{
	double z[4];
	normals(z, 4, key, NOISE_CHANNEL, index);
	out->fault = fault(key, NOISE_CHANNEL, index, 0.002, &out->stuck);
	out->offset = (float)(9.95 * z[0] + 0.1 * z[2] * warmth);
	out->gain = (float)(1 + 0.01 * z[1]);
}

static void draw_drivers(struct variation *out)
{
	double block[4];
	for (uint32_t i = 0; i < 4; i += 2)
		emulator__noise_normals(&block[i], out->key, NOISE_DRIVER, 256 + i, 0);
	double block_hagen[4];
	for (uint32_t i = 0; i < 4; i += 2)
		emulator__noise_normals(&block_hagen[i], out->key, NOISE_DRIVER, 256 + i, 1);
	for (uint32_t i = 0; i < 256; i++) {
		const uint32_t quadrant = 2 * (i / 128) + i % 2;
		double z[2];
		uint8_t unused;
		emulator__noise_normals(z, out->key, NOISE_DRIVER, i, 0);
		out->driver[i] = (struct variation_driver){
			.stuck =
				fault(out->key, NOISE_DRIVER, i, 0.002, &unused) != VARIATION_SOUND,
			.plasticity = (float)(0.05 * block[quadrant] + 0.08 * z[0]),
			.hagen = (float)(block_hagen[quadrant] + 2.5 * z[1]),
		};
	}
}

static void typical(struct variation *out, double warmth)
{
	const float slow = (float)(1 + rate_drift * warmth), gm = (float)colder(warmth);
	for (unsigned n = 0; n < 512; n++)
		out->neuron[n] = (struct variation_neuron){.readout_gain = 1,
			.leak = slow,
			.reset = 1,
			.capacitance = 1,
			.tau = {slow, slow},
			.gm = {gm, gm},
			.offset = 1,
			.adaptation_tau = 1,
			.adaptation = {1, 1},
			.exponential = 1,
			.conductance = {1, 1},
			.compartment = 1};
	for (unsigned quadrant = 0; quadrant < 4; quadrant++)
		out->quadrant[quadrant] = (struct variation_quadrant){.dac = 1,
			.cadc_slope = 1,
			.correlation_amplitude = 1,
			.correlation_rate = 1};
	for (unsigned i = 0; i < 1024; i++)
		out->channel[i / 512][i / 256 % 2][i % 256].gain = 1;
	for (unsigned i = 0; i < 512; i++)
		out->column[i / 256][i % 256] = 1;
	out->madc.gain = 1;
}

void emulator__variation_draw(struct variation *out, uint32_t serial, bool on, float celsius)
{
	const double warmth = (double)celsius - VARIATION_CELSIUS;
	memset(out, 0, sizeof(*out));
	out->key = UINT64_C(0x636869700000) << 16 | serial;
	out->on = on;
	if (!on) {
		typical(out, warmth);
		return;
	}
	struct quadrant_draw block[4];
	double z[2];
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		draw_quadrant(
			&out->quadrant[quadrant], &block[quadrant], out->key, quadrant, warmth);
	for (uint32_t n = 0; n < 512; n++)
		draw_neuron(&out->neuron[n], &block[n / COLUMNS_PER_QUADRANT], out->key, n);
	for (uint32_t i = 0; i < 1024; i++)
		draw_channel(&out->channel[i / 512][i / 256 % 2][i % 256], out->key, i, warmth);
	for (uint32_t i = 0; i < 512; i++) {
		emulator__noise_normals(z, out->key, NOISE_COLUMN, i, 0);
		out->column[i / 256][i % 256] = (float)(1 + 0.02 * z[0]);
	}
	draw_drivers(out);
	emulator__noise_normals(z, out->key, NOISE_CHANNEL, 1024, 0);
	out->madc = (struct variation_madc){(float)(2 * z[0]), (float)(1 + 0.005 * z[1])};
}

float emulator__variation_bend(const struct variation_quadrant *pattern, float value)
{
	const float bow = 4 * value * (1 - value),
		    turn = 10.392305f * value * (1 - value) * (1 - 2 * value);
	return pattern->cadc_bend[0] * bow + pattern->cadc_bend[1] * turn;
}

int8_t emulator__variation_quantise(double normal)
{
	const double scaled = rint(32 * normal);
	return (int8_t)(scaled < -127 ? -127 : scaled > 127 ? 127 : scaled);
}

static void draw_row(struct variation *pattern, uint32_t row)
{
	int8_t(*synapses)[2] = &pattern->synapse[row / 256][row % 256 * 256];
	for (uint32_t column = 0; column < 256; column++) {
		const uint32_t synapse = 256 * row + column;
		double z[2];
		uint8_t unused;
		emulator__noise_normals(z, pattern->key, NOISE_SYNAPSE, synapse, 0);
		synapses[column][0] = emulator__variation_quantise(z[0]);
		synapses[column][1] = emulator__variation_quantise(z[1]);
		if (fault(pattern->key, NOISE_SYNAPSE, synapse, 0.0005, &unused) != VARIATION_SOUND)
			synapses[column][0] = VARIATION_DEAD;
	}
	pattern->synapses[row] = true;
}

float emulator__variation_weight(struct variation *pattern, uint32_t synapse, uint8_t weight)
{
	if (!pattern->on || !weight)
		return weight;
	if (!pattern->synapses[synapse / 256])
		draw_row(pattern, synapse / 256);
	const int8_t *own = pattern->synapse[synapse / 65536][synapse % 65536];
	if (own[0] == VARIATION_DEAD)
		return 0;
	const float high = (float)(weight & 32) * (1 + 0.015f / 32 * (float)own[1]);
	return ((float)(weight & 31) + high) * (1 + 0.03f / 32 * (float)own[0]);
}

// SPDX-License-Identifier: MIT
#include "variation.h"

#include "noise.h"

#include <math.h>
#include <string.h>

enum { NORMALS = 24, COLUMNS_PER_QUADRANT = 128 };

/* Sigmas of spec/emulator_physics.md 4.1: V for potentials, log for currents and times. */
static const struct {
	double current; /* gain of all current cells of a block */
	double shared[2], leak[2], reset[2], threshold[2]; /* quadrant, neuron */
	double threshold_trend;                            /* V over the columns of a quadrant */
	double tau[2], gm_block, gm_common, offset[2];
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
};

struct quadrant_draw {
	double current, shared, threshold, tau, gm, offset;
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

static void draw_neuron(
	struct variation_neuron *out, const struct quadrant_draw *block, uint64_t key, uint32_t n)
{
	double z[NORMALS];
	uint8_t unused;
	normals(z, NORMALS, key, NOISE_NEURON, n);
	const double shared = block->shared + sigma.shared[1] * z[0];
	const double place = (double)(n % COLUMNS_PER_QUADRANT) / (COLUMNS_PER_QUADRANT - 1) - 0.5;
	out->fault = fault(key, NOISE_NEURON, n, 0.003, &unused);
	out->readout_offset = (float)(17e-3 * z[1]);
	out->readout_gain = (float)(1 + 0.01 * z[2]);
	out->leak_offset = (float)(shared + sigma.leak[1] * z[3]);
	out->reset_offset = (float)(shared + sigma.reset[1] * z[4]);
	out->threshold_offset = (float)(block->threshold + sigma.threshold[1] * z[5] +
					sigma.threshold_trend * place);
	out->leak = (float)exp(block->current + 0.119 * z[6]);
	out->reset = (float)exp(block->current + 0.119 * z[7]);
	out->capacitance = (float)exp(0.03 * z[8]);
	const double private_gm[2] = {0.043, 0.038}, input[2] = {15.2e-3, 14.8e-3};
	for (unsigned line = 0; line < 2; line++) {
		/* the bias sets a rate, and the rate goes with the cube of the block's current gain
		 */
		out->tau[line] =
			(float)exp(block->tau - 3 * block->current + sigma.tau[line] * z[9 + line]);
		out->gm[line] = (float)exp(block->gm + block->current + sigma.gm_common * z[11] +
					   private_gm[line] * z[12 + line]);
		out->input_offset[line] = (float)(input[line] * z[14 + line]);
	}
	out->offset = (float)exp(block->offset + block->current + sigma.offset[1] * z[16]);
}

static void draw_quadrant(struct variation_quadrant *out, struct quadrant_draw *block, uint64_t key,
	uint32_t quadrant)
{
	double z[10];
	normals(z, 10, key, NOISE_QUADRANT, quadrant);
	*block = (struct quadrant_draw){
		.current = sigma.current * z[0],
		.shared = sigma.shared[0] * z[1],
		.threshold = sigma.threshold[0] * z[2],
		.tau = 0.11 * z[3],
		.gm = sigma.gm_block * z[4],
		.offset = sigma.offset[0] * z[5],
	};
	out->dac = (float)exp(0.03 * z[6]);
	out->cadc_offset = (float)(6 * z[7]);
	out->cadc_slope = (float)exp(0.05 * z[8]);
}

static void draw_channel(struct variation_channel *out, uint64_t key, uint32_t index)
{
	double z[2];
	normals(z, 2, key, NOISE_CHANNEL, index);
	out->fault = fault(key, NOISE_CHANNEL, index, 0.002, &out->stuck);
	out->offset = (float)(9.95 * z[0]);
	out->gain = (float)(1 + 0.01 * z[1]);
}

static void typical(struct variation *out)
{
	for (unsigned n = 0; n < 512; n++)
		out->neuron[n] = (struct variation_neuron){.readout_gain = 1,
			.leak = 1,
			.reset = 1,
			.capacitance = 1,
			.tau = {1, 1},
			.gm = {1, 1},
			.offset = 1};
	for (unsigned quadrant = 0; quadrant < 4; quadrant++)
		out->quadrant[quadrant] = (struct variation_quadrant){.dac = 1, .cadc_slope = 1};
	for (unsigned i = 0; i < 1024; i++)
		out->channel[i / 512][i / 256 % 2][i % 256].gain = 1;
	for (unsigned i = 0; i < 512; i++)
		out->column[i / 256][i % 256] = 1;
}

void emulator__variation_draw(struct variation *out, uint32_t serial, bool on)
{
	memset(out, 0, sizeof(*out));
	out->key = UINT64_C(0x636869700000) << 16 | serial;
	out->on = on;
	if (!on) {
		typical(out);
		return;
	}
	struct quadrant_draw block[4];
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		draw_quadrant(&out->quadrant[quadrant], &block[quadrant], out->key, quadrant);
	for (uint32_t n = 0; n < 512; n++)
		draw_neuron(&out->neuron[n], &block[n / COLUMNS_PER_QUADRANT], out->key, n);
	for (uint32_t i = 0; i < 1024; i++)
		draw_channel(&out->channel[i / 512][i / 256 % 2][i % 256], out->key, i);
	for (uint32_t i = 0; i < 512; i++) {
		double z[2];
		normals(z, 2, out->key, NOISE_COLUMN, i);
		out->column[i / 256][i % 256] = (float)(1 + 0.02 * z[0]);
	}
	for (uint32_t i = 0; i < 256; i++) {
		uint8_t unused;
		out->driver_stuck[i] =
			fault(out->key, NOISE_DRIVER, i, 0.002, &unused) != VARIATION_SOUND;
	}
}

float emulator__variation_weight(const struct variation *pattern, uint32_t synapse, uint8_t weight)
{
	if (!pattern->on || !weight)
		return weight;
	double z[2];
	uint8_t unused;
	if (fault(pattern->key, NOISE_SYNAPSE, synapse, 0.0005, &unused) != VARIATION_SOUND)
		return 0;
	emulator__noise_normals(z, pattern->key, NOISE_SYNAPSE, synapse, 0);
	const double high = (weight & 32) * (1 + 0.015 * z[1]);
	return (float)fmax(0, ((weight & 31) + high) * (1 + 0.03 * z[0]));
}

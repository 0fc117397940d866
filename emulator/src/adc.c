// SPDX-License-Identifier: MIT
/* The converters: 1024 channels of the CADC, each a comparator against the ramp of its quadrant,
 * and the MADC. */
#include "analog_state.h"
#include "noise.h"
#include "physics.h"

#include <haldls/coordinate.h>
#include <math.h>
#include <string.h>

enum {
	STEP = EMULATOR_STEP_TICKS,
	CADC_MAX = 255,
	MADC_MAX = 1023,
	/* grid points from the trigger to the end of the ramp */
	PATH = (PHYSICS_CADC_SETUP + CADC_MAX) / STEP + 4,
};

/* The voltage that the readout amplifier of neuron @n shows. */
static float readout(
	const struct emulator_analog *a, uint32_t n, float v, float excitatory, float inhibitory)
{
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	float source = 0;
	switch ((unsigned)a->neuron[n].readout_source) {
	case 0:
		source = v;
		break;
	case 1:
		source = PHYSICS_LINE_REST - excitatory;
		break;
	case 2:
		source = PHYSICS_LINE_REST - inhibitory;
		break;
	default:
		break;
	}
	if (pattern->fault == VARIATION_STUCK)
		return 0;
	return 0.6f + (source - 0.6f) * pattern->readout_gain + pattern->readout_offset;
}

/* ---- CADC
 * ---------------------------------------------------------------------------------------- */

static bool block_on_pad(const struct emulator_analog *a, unsigned quadrant, unsigned pad)
{
	const struct haldls_pad_multiplexer_config *mux = &a->pad[pad];
	const struct haldls_capmem_block_config *block = &a->block[quadrant];
	return mux->capmem_v_out_mux[quadrant] && mux->capmem_v_out_mux_to_inter &&
	       mux->capmem_inter_mux_to_pad && block->debug_readout_enable &&
	       block->debug_capmem_coord / CAPMEM_COLUMNS < CAPMEM_VOLTAGE_ROWS;
}

/* The voltage of the shared debug line of a type of channels. */
static float debug_line(const struct emulator_analog *a, unsigned type)
{
	float sum = 0;
	unsigned count = 0;
	for (unsigned pad = 0; pad < ANALOG_PADS; pad++) {
		const struct haldls_pad_multiplexer_config *mux = &a->pad[pad];
		const bool joined =
			type ? mux->cadc_debug_acausal_to_inter : mux->cadc_debug_causal_to_inter;
		for (unsigned quadrant = 0;
			joined && mux->synapse_inter_mux_to_pad && quadrant < ANALOG_QUADRANTS;
			quadrant++)
			if (block_on_pad(a, quadrant, pad)) {
				sum += emulator__capmem_volt(analog_shared_cell(
					a, quadrant, a->block[quadrant].debug_capmem_coord));
				count++;
			}
	}
	return count ? sum / (float)count : 0;
}

static bool shows_neuron(
	const struct emulator_analog *a, unsigned hemisphere, unsigned type, unsigned column)
{
	return a->column_readout[hemisphere][type][column] &&
	       a->neuron[hemisphere * ANALOG_COLUMNS + column].enable_readout_amplifier;
}

static void show(const struct emulator_analog *a, const struct kernel_membranes *m,
	unsigned hemisphere, float out[ANALOG_COLUMNS])
{
	for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
		const unsigned n = hemisphere * ANALOG_COLUMNS + column;
		out[column] = readout(a, n, m->v[n] + m->noise[n], m->line[0][n], m->line[1][n]);
	}
}

/* What the readouts of a hemisphere show at the grid points from now on. */
static unsigned foresee(
	struct emulator_analog *a, unsigned hemisphere, float path[PATH][ANALOG_COLUMNS])
{
	show(a, &a->membranes, hemisphere, path[0]);
	if (a->settled)
		return 1;
	struct kernel_membranes *m = &a->ahead;
	memcpy(m, &a->membranes, sizeof(*m));
	unsigned variants = 0;
	for (size_t i = 0; i < a->stimuli.count; i++) {
		const struct analog_stimulus *stimulus = &a->stimuli.entry[i];
		if (stimulus->reset || stimulus->time >= a->grid + STEP)
			continue;
		emulator__synapse_event(a, m, stimulus->time > a->grid ? stimulus->time : a->grid,
			a->grid + STEP, stimulus->target, stimulus->label);
		variants = KERNEL_EVENTS;
	}
	for (unsigned i = 1; i < PATH; i++) {
		const uint64_t begin = a->grid + (i - 1) * STEP;
		if (emulator__neuron_reset_shares(a, m, begin, begin + STEP))
			variants |= KERNEL_RESETS;
		a->kernel->step(m, STEP * 4e-9f, 0, variants);
		variants = 0;
		show(a, m, hemisphere, path[i]);
	}
	return PATH;
}

struct ramp {
	float zero; /* V */
	float lsb;  /* V */
};

static struct ramp ramp_of(const struct emulator_analog *a, unsigned quadrant)
{
	const struct variation_quadrant *pattern = &a->pattern->quadrant[quadrant];
	const float offset = analog_shared_cell(a, quadrant, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET) +
			     pattern->cadc_offset;
	const float slope = analog_shared_cell(a, quadrant, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE) *
			    pattern->cadc_slope;
	return (struct ramp){
		.zero = emulator__capmem_volt(offset - PHYSICS_CADC_ZERO),
		.lsb = fmaxf(PHYSICS_CELL_VOLT * slope / PHYSICS_CADC_SLOPE, 1e-6f),
	};
}

static float limit(float x, float low, float high)
{
	return x < low ? low : x > high ? high : x;
}

/* When the ramp meets the channel's input, in LSB. */
static float meet(const struct ramp *ramp, const struct variation_channel *channel,
	float path[PATH][ANALOG_COLUMNS], unsigned points, unsigned column, float begin)
{
	float value = 0;
	/* the ramp is faster than a membrane, so this converges */
	for (unsigned i = 0; i < (points > 1 ? 4u : 1u); i++) {
		const float at =
			limit((begin + PHYSICS_CADC_SETUP + value) / STEP, 0, (float)(points - 1));
		const unsigned before = (unsigned)at < points - 1 ? (unsigned)at : points - 1;
		const unsigned after = before + 1 < points ? before + 1 : before;
		const float v = path[before][column] +
				(at - (float)before) * (path[after][column] - path[before][column]);
		value = limit((v - ramp->zero) / ramp->lsb * channel->gain + channel->offset, 0,
			CADC_MAX);
	}
	return value;
}

void emulator__analog_cadc_convert(
	struct emulator_analog *a, uint64_t t, uint32_t hemisphere, uint8_t out[2][256])
{
	float path[PATH][ANALOG_COLUMNS], constant[PATH][ANALOG_COLUMNS] = {{0}},
					  noise[2 * ANALOG_COLUMNS] = {0};
	memset(out, 0, 2 * ANALOG_COLUMNS);
	if (!a->cadc[hemisphere].enable)
		return;
	if (t > a->capmem.time)
		emulator__capmem_advance(&a->capmem, t);
	if (a->config.noise) {
		float scale[2 * ANALOG_COLUMNS];
		for (unsigned i = 0; i < 2 * ANALOG_COLUMNS; i++)
			scale[i] = a->pattern->channel[hemisphere][i / 256][i % 256].fault ==
						   VARIATION_NOISY
					   ? 20
					   : PHYSICS_CADC_NOISE;
		emulator__noise_fill(noise, scale, 2 * ANALOG_COLUMNS, a->config.seed, NOISE_CADC,
			a->conversions++);
		for (unsigned column = 0; column < ANALOG_COLUMNS; column++)
			emulator__neuron_look(a, hemisphere * ANALOG_COLUMNS + column, t);
	}
	const unsigned points = foresee(a, hemisphere, path);
	const float begin = (float)(t - a->grid);
	for (unsigned type = 0; type < 2; type++) {
		const float debug = debug_line(a, type);
		for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
			const struct variation_channel *channel =
				&a->pattern->channel[hemisphere][type][column];
			const struct ramp ramp = ramp_of(a, 2 * hemisphere + column / 128);
			float value;
			if (shows_neuron(a, hemisphere, type, column)) {
				value = meet(&ramp, channel, path, points, column, begin);
			} else {
				constant[0][column] =
					a->column_debug[hemisphere][type][column] ? debug : 0;
				value = meet(&ramp, channel, constant, 1, column, 0);
			}
			value = channel->fault == VARIATION_STUCK
					? channel->stuck
					: value + noise[256 * type + column];
			const int code = (int)limit(floorf(value + 0.5f), 0, CADC_MAX) +
					 a->cadc_offset[hemisphere][type][column];
			out[type][column] = (uint8_t)(code < 0          ? 0
						      : code > CADC_MAX ? CADC_MAX
									: code);
		}
	}
}

/* ---- MADC
 * ---------------------------------------------------------------------------------------- */

static void list_recorded(struct emulator_analog *a)
{
	for (unsigned mux = 0; mux < ANALOG_MUXES; mux++) {
		a->recorded_count[mux] = 0;
		for (unsigned n = 0; n < ANALOG_NEURONS; n++) {
			const unsigned hemisphere = n / ANALOG_COLUMNS;
			const bool joined = n % 2 ? a->readout.neuron_odd[mux][hemisphere]
						  : a->readout.neuron_even[mux][hemisphere];
			if (joined && a->neuron[n].enable_readout &&
				a->neuron[n].enable_readout_amplifier)
				a->recorded[mux][a->recorded_count[mux]++] = (uint16_t)n;
		}
	}
	a->recorded_stale = false;
}

uint16_t emulator__analog_madc_sample(struct emulator_analog *a, uint64_t t, uint32_t channel)
{
	const struct kernel_membranes *m = &a->membranes;
	if (a->recorded_stale)
		list_recorded(a);
	const float span = (float)(t - a->grid) * 4e-9f, share = (float)(t - a->grid) / STEP;
	float sum = 0;
	for (unsigned i = 0; i < a->recorded_count[channel]; i++) {
		const unsigned n = a->recorded[channel][i];
		emulator__neuron_look(a, n, t);
		const float v = m->v[n] + m->noise[n] + (a->settled ? 0 : share * m->gain[n]);
		sum += readout(a, n, v, m->line[0][n] * expf(-span * m->line_rate[0][n]),
			m->line[1][n] * expf(-span * m->line_rate[1][n]));
	}
	float v = a->recorded_count[channel] ? sum / (float)a->recorded_count[channel] : 0;
	float value = (v - PHYSICS_MADC_ZERO) / PHYSICS_MADC_VOLT;
	if (a->config.noise) {
		double normal[2];
		emulator__noise_normals(normal, a->config.seed, NOISE_MADC, channel, a->samples++);
		value += PHYSICS_MADC_NOISE * (float)normal[0];
	}
	return (uint16_t)limit(floorf(value + 0.5f), 0, MADC_MAX);
}

// SPDX-License-Identifier: MIT
/* The 1024 channels of the CADC, each a comparator against the ramp of its quadrant.
 *
 * A conversion begins with the wait for the sensors to reach their lines (sense_delay) and for the
 * ramp to fall (reset_wait, nominally 0.4 us; of what is left of it after a shorter one the
 * channels see exp(-t / 40 ns)). Then the ramp rises by one LSB in 4 ns, and each channel keeps the
 * count at which the ramp meets its input. The ramp is bent by about half an LSB. Behind the
 * converter comes the digital offset. The left and the right half of a hemisphere may each take the
 * ramp's offset of the other. Source: spec/emulator_physics.md 2.5, spec/registers_chip.md 4. */
#include "analog_state.h"
#include "noise.h"
#include "physics.h"
#include "readout.h"

#include <haldls/coordinate.h>
#include <math.h>
#include <string.h>

enum {
	STEP = EMULATOR_STEP_TICKS,
	CADC_MAX = 255,
	/* grid points from the trigger to the end of the ramp; a ramp that begins later sees what
	 * it would see then */
	PATH = (PHYSICS_CADC_SETUP + CADC_MAX) / STEP + 4,
};

static const float fall_ticks = 10, noisy_lsb = 20, sensor_lsb = 1.2206556f; /* 0.7 and 1 LSB */

/* What a channel listens to. */
enum source {
	SOURCE_NOTHING,
	SOURCE_NEURON,
	SOURCE_DEBUG,
	SOURCE_SENSOR,
};

static enum source source_of(
	const struct emulator_analog *a, unsigned hemisphere, unsigned type, unsigned column)
{
	if (a->column_readout[hemisphere][type][column] &&
		a->neuron[hemisphere * ANALOG_COLUMNS + column].enable_readout_amplifier)
		return SOURCE_NEURON;
	if (a->column_debug[hemisphere][type][column])
		return SOURCE_DEBUG;
	return a->column_sensors[hemisphere][type][column] ? SOURCE_SENSOR : SOURCE_NOTHING;
}

/* What the channels of a hemisphere listen to, and what it shows. */
struct inputs {
	enum source source[2][ANALOG_COLUMNS];
	float still[2][ANALOG_COLUMNS];   /* V, what does not move */
	float path[PATH][ANALOG_COLUMNS]; /* V, neurons at the grid points from now on */
	unsigned points;                  /* of the path */
	float begin;                      /* ticks from its begin to that of the ramp */
};

static void show(const struct emulator_analog *a, const struct kernel_membranes *m,
	unsigned hemisphere, float out[ANALOG_COLUMNS])
{
	for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
		const unsigned n = hemisphere * ANALOG_COLUMNS + column;
		const float lines[KERNEL_LINES] = {m->line[0][n], m->line[1][n]};
		out[column] = emulator__readout_neuron(a, n, m->v[n] + m->noise[n], lines);
	}
}

/* What the readouts of a hemisphere show at the grid points from now on. */
static void foresee(struct emulator_analog *a, unsigned hemisphere, struct inputs *in)
{
	show(a, &a->membranes, hemisphere, in->path[0]);
	in->points = 1;
	if (a->settled)
		return;
	struct kernel_membranes *m = &a->ahead;
	unsigned variants = 0;
	emulator__ahead_begin(a);
	for (size_t i = a->stimuli.first; i < a->stimuli.count; i++) {
		const struct analog_stimulus *stimulus = &a->stimuli.entry[i];
		if (stimulus->time >= a->grid + STEP)
			break;
		if (stimulus->reset)
			continue;
		struct kernel_bin bin =
			emulator__step_bin(m, stimulus->target / 128u, a->grid + STEP);
		emulator__synapse_event(a, &bin,
			stimulus->time > a->grid ? stimulus->time : a->grid, stimulus->target,
			stimulus->label, stimulus->pulse);
		variants = KERNEL_EVENTS;
	}
	for (; in->points < PATH; in->points++) {
		emulator__ahead_step(a, a->grid + (in->points - 1) * STEP, variants);
		variants = 0;
		show(a, m, hemisphere, in->path[in->points]);
	}
	emulator__ahead_end(a);
}

static void listen(struct emulator_analog *a, uint64_t t, unsigned hemisphere, unsigned type,
	struct inputs *in)
{
	float sensors[ANALOG_COLUMNS];
	const float debug = emulator__readout_debug_line(a, type);
	bool known = false;
	for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
		const enum source source = source_of(a, hemisphere, type, column);
		in->source[type][column] = source;
		if (source == SOURCE_NEURON)
			emulator__neuron_look(a, hemisphere * ANALOG_COLUMNS + column, t);
		if (source == SOURCE_SENSOR && !known) {
			emulator__correlation_show(
				sensors, a, hemisphere, type, a->cadc_row[hemisphere]);
			known = true;
		}
		in->still[type][column] = source == SOURCE_DEBUG    ? debug
					  : source == SOURCE_SENSOR ? sensors[column]
								    : 0;
	}
}

static struct ramp {
	float zero; /* V */
	float lsb;  /* V */
	float late; /* LSB that are left of the last ramp */
} ramp_of(const struct emulator_analog *a, unsigned hemisphere, unsigned half)
{
	const struct haldls_common_correlation_config *config = &a->correlation_config[hemisphere];
	const unsigned quadrant = 2 * hemisphere + half;
	const unsigned giver = 2 * hemisphere + (config->cadc_v_offset_assignment[half] ? 1 : 0);
	const float offset = analog_shared_cell(a, giver, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET) +
			     a->pattern->quadrant[giver].cadc_offset;
	const float slope = analog_shared_cell(a, quadrant, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE) *
			    a->pattern->quadrant[quadrant].cadc_slope;
	return (struct ramp){
		.zero = emulator__capmem_volt(offset - PHYSICS_CADC_ZERO),
		.lsb = fmaxf(PHYSICS_CELL_VOLT * slope / PHYSICS_CADC_SLOPE, 1e-6f),
		.late = CADC_MAX * expf(-(float)a->cadc[hemisphere].reset_wait / fall_ticks),
	};
}

static float limit(float x, float low, float high)
{
	return x < low ? low : x > high ? high : x;
}

/* Count at which the ramp meets a voltage. */
static float count_of(const struct ramp *ramp, const struct variation_quadrant *quadrant,
	const struct variation_channel *channel, float volt)
{
	const float straight = (volt - ramp->zero) / ramp->lsb * channel->gain + channel->offset;
	const float place = limit(straight / CADC_MAX, 0, 1);
	return limit(
		straight + emulator__variation_bend(quadrant, place) - ramp->late, 0, CADC_MAX);
}

/* Voltage on the path of a neuron when the ramp stands at a count. */
static float volt_at(const struct inputs *in, unsigned column, float count)
{
	const float at = limit((in->begin + count) / STEP, 0, (float)(in->points - 1));
	const unsigned before = (unsigned)at < in->points - 1 ? (unsigned)at : in->points - 1;
	const unsigned after = before + 1 < in->points ? before + 1 : before;
	return in->path[before][column] +
	       (at - (float)before) * (in->path[after][column] - in->path[before][column]);
}

static void convert(struct emulator_analog *a, unsigned hemisphere, unsigned type,
	const struct inputs *in, float out[ANALOG_COLUMNS])
{
	const struct ramp ramps[2] = {ramp_of(a, hemisphere, 0), ramp_of(a, hemisphere, 1)};
	for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
		const struct variation_channel *channel =
			&a->pattern->channel[hemisphere][type][column];
		const struct variation_quadrant *quadrant =
			&a->pattern->quadrant[2 * hemisphere + column / 128];
		const struct ramp *ramp = &ramps[column / 128];
		const bool moves = in->source[type][column] == SOURCE_NEURON;
		float value = 0;
		/* the ramp is faster than a membrane, so this converges */
		for (unsigned i = 0; i < (moves && in->points > 1 ? 4u : 1u); i++)
			value = count_of(ramp, quadrant, channel,
				moves ? volt_at(in, column, value) : in->still[type][column]);
		value *= a->biases[2 * hemisphere + column / 128].cadc;
		out[column] = channel->fault == VARIATION_STUCK ? channel->stuck : value;
	}
}

double emulator__cadc_noise(const struct emulator_analog *a, enum variation_fault fault)
{
	if (!a->config.noise || fault == VARIATION_STUCK)
		return 0;
	return (double)(fault == VARIATION_NOISY ? noisy_lsb : PHYSICS_CADC_NOISE);
}

static void draw_noise(struct emulator_analog *a, unsigned hemisphere, const struct inputs *in,
	float noise[2 * ANALOG_COLUMNS])
{
	float scale[2 * ANALOG_COLUMNS];
	for (unsigned i = 0; i < 2 * ANALOG_COLUMNS; i++) {
		const unsigned type = i / ANALOG_COLUMNS, column = i % ANALOG_COLUMNS;
		const enum variation_fault fault =
			a->pattern->channel[hemisphere][type][column].fault;
		scale[i] = fault == VARIATION_STUCK                    ? 0
			   : fault == VARIATION_NOISY                  ? noisy_lsb
			   : in->source[type][column] == SOURCE_SENSOR ? sensor_lsb
								       : PHYSICS_CADC_NOISE;
	}
	emulator__noise_fill(
		noise, scale, 2 * ANALOG_COLUMNS, a->config.seed, NOISE_CADC, a->conversions++);
}

void emulator__analog_cadc_convert(
	struct emulator_analog *a, uint64_t t, uint32_t hemisphere, uint8_t out[2][256])
{
	float noise[2 * ANALOG_COLUMNS] = {0}, value[ANALOG_COLUMNS];
	struct inputs in;
	memset(out, 0, 2 * ANALOG_COLUMNS);
	if (!a->cadc[hemisphere].enable)
		return;
	if (t > a->capmem.time)
		emulator__capmem_advance(&a->capmem, t);
	in.begin = (float)(t - a->grid) + (float)a->cadc[hemisphere].reset_wait +
		   (float)a->correlation_config[hemisphere].sense_delay - 1;
	for (unsigned type = 0; type < 2; type++)
		listen(a, t, hemisphere, type, &in);
	foresee(a, hemisphere, &in);
	if (a->config.noise)
		draw_noise(a, hemisphere, &in, noise);
	for (unsigned type = 0; type < 2; type++) {
		convert(a, hemisphere, type, &in, value);
		for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
			const float drawn = value[column] + noise[ANALOG_COLUMNS * type + column];
			const int code = (int)limit(floorf(drawn + 0.5f), 0, CADC_MAX) +
					 a->cadc_offset[hemisphere][type][column];
			out[type][column] = (uint8_t)(code < 0          ? 0
						      : code > CADC_MAX ? CADC_MAX
									: code);
		}
	}
}

/* ---- settings -------------------------------------------------------------------------------- */

void emulator__analog_set_cadc(
	struct emulator_analog *a, uint32_t hemisphere, const struct haldls_cadc_config *config)
{
	a->cadc[hemisphere] = *config;
}

void emulator__analog_set_cadc_offset(
	struct emulator_analog *a, uint32_t hemisphere, uint32_t type, uint32_t column, int offset)
{
	a->cadc_offset[hemisphere][type][column] = (int16_t)offset;
}

void emulator__analog_set_cadc_row(struct emulator_analog *a, uint32_t hemisphere, uint32_t row)
{
	a->cadc_row[hemisphere] = row;
}

void emulator__analog_set_column_readout(
	struct emulator_analog *a, uint32_t hemisphere, uint32_t column, bool causal, bool acausal)
{
	a->column_readout[hemisphere][0][column] = causal;
	a->column_readout[hemisphere][1][column] = acausal;
}

void emulator__analog_set_column_debug(
	struct emulator_analog *a, uint32_t hemisphere, uint32_t column, bool causal, bool acausal)
{
	a->column_debug[hemisphere][0][column] = causal;
	a->column_debug[hemisphere][1][column] = acausal;
}

void emulator__analog_set_column_correlation(
	struct emulator_analog *a, uint32_t hemisphere, uint32_t column, bool causal, bool acausal)
{
	a->column_sensors[hemisphere][0][column] = causal;
	a->column_sensors[hemisphere][1][column] = acausal;
}

// SPDX-License-Identifier: MIT
/* The lines between neurons, synapses, converters and pads: who drives them, and what they show.
 *
 * A line shows the mean of what is connected to it. A pad that the board drives is stiff: it holds
 * the membranes and synaptic lines that reach it. The current of the current DAC divides evenly
 * among the membranes on its line. Source: spec/emulator_physics.md 2.1, 3, spec/registers_chip.md
 * 7. */
#include "readout.h"

#include "analog_state.h"
#include "physics.h"

#include <haldls/coordinate.h>

#include <math.h>

enum { CURRENT_DAC_LSB_NA = 4 };

/* ---- neurons --------------------------------------------------------------------------------- */

float emulator__readout_neuron(
	const struct emulator_analog *a, uint32_t n, float v, const float lines[KERNEL_LINES])
{
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	const unsigned choice = (unsigned)a->neuron[n].readout_source;
	if (pattern->fault == VARIATION_STUCK)
		return 0;
	const float source = choice == 0              ? v
			     : choice <= KERNEL_LINES ? PHYSICS_LINE_REST - lines[choice - 1]
						      : emulator__neuron_adaptation(a, n);
	return (0.6f + (source - 0.6f) * pattern->readout_gain + pattern->readout_offset) *
	       a->biases[analog_quadrant(n)].readout;
}

float emulator__readout_moving(struct emulator_analog *a, uint64_t t, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	const float span = (float)(t - a->grid) * 4e-9f,
		    share = (float)(t - a->grid) / EMULATOR_STEP_TICKS;
	emulator__neuron_look(a, n, t);
	const float v = m->v[n] + m->noise[n] + (a->settled ? 0 : share * m->gain[n]);
	const float lines[KERNEL_LINES] = {m->line[0][n] * expf(-span * m->line_rate[0][n]),
		m->line[1][n] * expf(-span * m->line_rate[1][n])};
	return emulator__readout_neuron(a, n, v, lines);
}

/* ---- pads ------------------------------------------------------------------------------------ */

static void join(struct readout_mean *mean, bool connected, float volt)
{
	mean->sum += connected ? volt : 0;
	mean->count += connected;
}

static float mean_of(const struct readout_mean *mean)
{
	return mean->count ? mean->sum / (float)mean->count : 0;
}

static void join_cell(
	struct readout_mean *mean, const struct emulator_analog *a, uint32_t pad, uint32_t quadrant)
{
	const struct haldls_pad_multiplexer_config *mux = &a->pad[pad];
	const struct haldls_capmem_block_config *block = &a->block[quadrant];
	const bool cell = mux->capmem_v_out_mux[quadrant] && mux->capmem_v_out_mux_to_inter &&
			  mux->capmem_inter_mux_to_pad && block->debug_readout_enable &&
			  block->debug_capmem_coord / CAPMEM_COLUMNS < CAPMEM_VOLTAGE_ROWS;
	join(mean, cell,
		emulator__capmem_volt(analog_shared_cell(a, quadrant, block->debug_capmem_coord)));
	join(mean, mux->cadc_v_ramp_mux[quadrant] && mux->cadc_v_ramp_mux_to_pad,
		emulator__capmem_volt(
			analog_shared_cell(a, quadrant, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET)));
}

static void join_synaptic_lines(
	struct readout_mean *mean, const struct emulator_analog *a, unsigned line)
{
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++)
		join(mean, a->current_debug[line][n],
			PHYSICS_LINE_REST - a->membranes.line[line][n]);
}

static void join_membranes(
	struct readout_mean *mean, const struct emulator_analog *a, uint32_t hemisphere)
{
	for (uint32_t column = 0; column < ANALOG_COLUMNS; column++) {
		const uint32_t n = hemisphere * ANALOG_COLUMNS + column;
		join(mean, a->neuron[n].enable_unbuffered_access, a->membranes.v[n]);
	}
}

static bool synaptic_line_on_pad(const struct emulator_analog *a, uint32_t pad, unsigned line)
{
	const struct haldls_pad_multiplexer_config *mux = &a->pad[pad];
	return mux->synapse_inter_mux_to_pad &&
	       (line ? mux->synin_debug_inhibitory_to_inter : mux->synin_debug_excitatory_to_inter);
}

static bool membranes_on_pad(const struct emulator_analog *a, uint32_t pad, uint32_t hemisphere)
{
	return a->pad[pad].neuron_i_stim_mux[hemisphere] && a->pad[pad].neuron_i_stim_mux_to_pad;
}

/* What drives a pad, without its buffers. */
static struct readout_mean pad_sources(const struct emulator_analog *a, uint32_t pad)
{
	struct readout_mean mean = {0};
	if (a->pad_drive[pad].driven) {
		join(&mean, true, a->pad_drive[pad].volt);
		return mean;
	}
	for (uint32_t quadrant = 0; quadrant < ANALOG_QUADRANTS; quadrant++)
		join_cell(&mean, a, pad, quadrant);
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		if (synaptic_line_on_pad(a, pad, line))
			join_synaptic_lines(&mean, a, line);
	for (uint32_t hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		if (membranes_on_pad(a, pad, hemisphere))
			join_membranes(&mean, a, hemisphere);
	return mean;
}

float emulator__analog_pad_volt(struct emulator_analog *a, uint32_t pad)
{
	struct readout_mean mean = pad_sources(a, pad);
	for (uint32_t mux = 0; mux < ANALOG_MUXES && !a->pad_drive[pad].driven; mux++)
		if (a->pad[pad].buffer_to_pad[mux] && a->readout.enable_buffer_to_pad[mux])
			join(&mean, true, emulator__readout_mux(a, a->grid, mux));
	return mean_of(&mean);
}

float emulator__readout_debug_line(const struct emulator_analog *a, uint32_t type)
{
	struct readout_mean mean = {0};
	for (uint32_t pad = 0; pad < ANALOG_PADS; pad++) {
		const struct haldls_pad_multiplexer_config *mux = &a->pad[pad];
		const bool joined =
			type ? mux->cadc_debug_acausal_to_inter : mux->cadc_debug_causal_to_inter;
		if (!joined || !mux->synapse_inter_mux_to_pad)
			continue;
		const struct readout_mean sources = pad_sources(a, pad);
		join(&mean, sources.count > 0, mean_of(&sources));
	}
	return mean_of(&mean);
}

/* ---- readout multiplexers -------------------------------------------------------------------- */

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

static void join_drivers(
	struct readout_mean *mean, struct emulator_analog *a, uint64_t t, uint32_t hemisphere)
{
	for (uint32_t i = 0; i < HALDLS_DRIVERS; i++) {
		const uint32_t driver = hemisphere * HALDLS_DRIVERS + i;
		if (a->driver[driver].enable_readout)
			join(mean, true,
				emulator__capmem_volt(
					(float)emulator__driver_voltage(a, t, driver)));
	}
}

/* The debug lines "plus" and "minus" have the voltages of pads 0 and 1. */
static void join_debug_pad(
	struct readout_mean *mean, const struct emulator_analog *a, uint32_t pad, bool connected)
{
	if (!connected || !a->pad[pad].debug_to_pad)
		return;
	const struct readout_mean sources = pad_sources(a, pad);
	join(mean, sources.count > 0, mean_of(&sources));
}

float emulator__readout_mux(struct emulator_analog *a, uint64_t t, uint32_t mux)
{
	const struct haldls_readout_source_selection *selection = &a->readout;
	struct readout_mean mean = {0};
	if (a->recorded_stale)
		list_recorded(a);
	for (unsigned i = 0; i < a->recorded_count[mux]; i++)
		join(&mean, true, emulator__readout_moving(a, t, a->recorded[mux][i]));
	for (uint32_t hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		if (selection->synapse_driver_debug[mux][hemisphere])
			join_drivers(&mean, a, t, hemisphere);
	if (selection->cadc_debug_causal[mux])
		join(&mean, true, emulator__readout_debug_line(a, 0));
	if (selection->cadc_debug_acausal[mux])
		join(&mean, true, emulator__readout_debug_line(a, 1));
	const bool debug[ANALOG_PADS] = {selection->debug_plus[mux], selection->debug_minus[mux]};
	for (uint32_t pad = 0; pad < ANALOG_PADS; pad++)
		join_debug_pad(&mean, a, pad, debug[pad]);
	if (selection->synin_debug_excitatory[mux])
		join_synaptic_lines(&mean, a, 0);
	if (selection->synin_debug_inhibitory[mux])
		join_synaptic_lines(&mean, a, 1);
	return mean_of(&mean);
}

/* ---- currents and stiff lines ---------------------------------------------------------------- */

float emulator__readout_dac_current(const struct emulator_analog *a)
{
	const float amperes = (float)(a->current_dac.current * CURRENT_DAC_LSB_NA) * 1e-9f;
	if (!a->current_dac.enable_current)
		return 0;
	return a->current_dac.sign ? -amperes : amperes;
}

float emulator__readout_stimulus(const struct emulator_analog *a, uint32_t n)
{
	const uint32_t hemisphere = n / ANALOG_COLUMNS;
	if (!a->neuron[n].enable_unbuffered_access || !a->current_dac.connect_neuron[hemisphere])
		return 0;
	unsigned sharers = 0;
	for (uint32_t column = 0; column < ANALOG_COLUMNS; column++)
		sharers += a->neuron[hemisphere * ANALOG_COLUMNS + column].enable_unbuffered_access;
	return emulator__readout_dac_current(a) / (float)sharers;
}

static void list_held(struct emulator_analog *a)
{
	a->held_count = 0;
	for (uint32_t pad = 0; pad < ANALOG_PADS; pad++) {
		const float volt = a->pad_drive[pad].volt;
		for (uint32_t n = 0; a->pad_drive[pad].driven && n < ANALOG_NEURONS; n++) {
			if (a->neuron[n].enable_unbuffered_access &&
				membranes_on_pad(a, pad, n / ANALOG_COLUMNS))
				a->held[a->held_count++] =
					(struct readout_held){(uint16_t)n, 0, volt};
			for (unsigned line = 0; line < KERNEL_LINES; line++)
				if (a->current_debug[line][n] && synaptic_line_on_pad(a, pad, line))
					a->held[a->held_count++] = (struct readout_held){
						(uint16_t)n, (uint8_t)(1 + line),
						PHYSICS_LINE_REST - volt};
		}
	}
	a->held_stale = false;
}

static float within(float value, float most)
{
	return value < 0 ? 0 : value > most ? most : value;
}

bool emulator__readout_holds(struct emulator_analog *a)
{
	if (a->held_stale)
		list_held(a);
	return a->held_count > 0;
}

void emulator__readout_hold(struct emulator_analog *a, struct kernel_membranes *m)
{
	if (!emulator__readout_holds(a))
		return;
	for (unsigned i = 0; i < a->held_count; i++) {
		const struct readout_held *held = &a->held[i];
		if (held->line)
			m->line[held->line - 1][held->neuron] =
				within(held->volt, PHYSICS_LINE_LIMIT);
		else
			m->v[held->neuron] = within(held->volt, PHYSICS_RAIL);
	}
}

/* ---- settings -------------------------------------------------------------------------------- */

static void change_lines(struct emulator_analog *a)
{
	a->held_stale = true;
	emulator__analog_disturb(a);
}

void emulator__analog_set_pad(
	struct emulator_analog *a, uint32_t pad, const struct haldls_pad_multiplexer_config *config)
{
	a->pad[pad] = *config;
	change_lines(a);
}

void emulator__analog_drive_pad(struct emulator_analog *a, uint32_t pad, bool driven, float volt)
{
	a->pad_drive[pad] = (struct readout_drive){driven, volt};
	change_lines(a);
}

void emulator__analog_set_board_volt(
	struct emulator_analog *a, enum emulator_board_volt which, float volt)
{
	for (uint32_t hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++)
		emulator__correlation_settle(a, hemisphere);
	a->board_volt[which] = volt;
}

void emulator__analog_set_column_current_debug(struct emulator_analog *a, uint32_t hemisphere,
	uint32_t column, bool excitatory, bool inhibitory)
{
	const uint32_t n = hemisphere * ANALOG_COLUMNS + column;
	if (a->current_debug[0][n] == excitatory && a->current_debug[1][n] == inhibitory)
		return;
	a->current_debug[0][n] = excitatory;
	a->current_debug[1][n] = inhibitory;
	change_lines(a);
}

void emulator__analog_set_readout(
	struct emulator_analog *a, const struct haldls_readout_source_selection *config)
{
	a->readout = *config;
	a->recorded_stale = true;
}

void emulator__analog_set_current_dac(
	struct emulator_analog *a, const struct haldls_current_dac *config)
{
	a->current_dac = *config;
	a->all_stale = true;
	emulator__analog_disturb(a);
}

/* The reference current is what the controls make of the typical one; the slope of a block scales
 * what its codes mean. Without a reference all cells fall to 0. */
void emulator__analog_set_reference(struct emulator_analog *a, uint64_t now,
	const struct haldls_reference_generator_config *config)
{
	const struct haldls_reference_generator_config typical =
		HALDLS_REFERENCE_GENERATOR_CONFIG_INIT;
	const float control = (float)config->reference_control / (float)typical.reference_control;
	const float resistor = config->resistor_control ? (float)typical.resistor_control /
								  (float)config->resistor_control
							: 1;
	const float current = config->enable_internal_reference ? control * resistor
			      : config->enable_reference_input  ? 1
								: 0;
	for (uint32_t quadrant = 0; quadrant < ANALOG_QUADRANTS; quadrant++)
		emulator__capmem_set_scale(&a->capmem, now, quadrant,
			current * (float)config->capmem_slope[quadrant] /
				(float)typical.capmem_slope[quadrant]);
	emulator__analog_disturb(a);
}

void emulator__analog_set_temperature(struct emulator_analog *a, float celsius)
{
	const float held = celsius < -40 ? -40 : celsius > 125 ? 125 : celsius;
	if (held - VARIATION_CELSIUS == a->warmth)
		return;
	a->warmth = held - VARIATION_CELSIUS;
	emulator__variation_draw(a->pattern, a->config.serial, a->config.variation, held);
	a->all_stale = true;
	emulator__analog_disturb(a);
}

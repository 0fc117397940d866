// SPDX-License-Identifier: MIT
#include "oracle.h"

#include "analog_state.h"
#include "physics.h"

#include <emulator/emulator.h>

#include <haldls/coordinate.h>
#include <hxcomm/error.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

double emulator__analog_true_membrane(const struct emulator_analog *a, uint32_t neuron)
{
	return (double)a->membranes.v[neuron];
}

double emulator__analog_true_noisy_membrane(struct emulator_analog *a, uint64_t t, uint32_t neuron)
{
	emulator__neuron_look(a, neuron, t);
	return (double)a->membranes.v[neuron] + (double)a->membranes.noise[neuron];
}

double emulator__analog_true_line(const struct emulator_analog *a, uint32_t neuron, unsigned line)
{
	return (double)a->membranes.line[line][neuron];
}

void emulator__analog_true_neuron(
	struct emulator_analog_truth *out, struct emulator_analog *a, uint32_t n)
{
	const struct kernel_membranes *m = &a->membranes;
	const struct variation_neuron *pattern = &a->pattern->neuron[n];
	if (a->capmem.settling)
		a->all_stale = true;
	if (a->all_stale || a->stale[n])
		emulator__neuron_refresh(a, n);
	const double farad = (double)a->farad[n];
	const double leak = (double)m->leak_limit[n] * farad,
		     reset = (double)m->reset_limit[n] * farad;
	const double conductance = leak * (double)m->leak_slope[n];
	*out = (struct emulator_analog_truth){
		.capacitance = farad,
		.leak_current = leak,
		.leak_conductance = conductance,
		.leak_reference = (double)m->leak_reference[n],
		.reset_conductance = reset * (double)m->reset_slope[n],
		.reset_reference = (double)m->reset_reference[n],
		.threshold = (double)m->threshold[n] -
			     (m->threshold[n] < 1e6f ? (double)a->comparator_noise[n] : 0),
		.offset_current =
			((double)a->headroom.offset[n] + (double)a->headroom.steady[n]) * farad,
		.tau_line = {1 / (double)m->line_rate[0][n], 1 / (double)m->line_rate[1][n]},
		.input_current = {(double)m->input_limit[0][n] * farad,
			-(double)m->input_limit[1][n] * farad},
		.input_offset = {(double)m->input_offset[0][n], (double)m->input_offset[1][n]},
		.noise_sigma = conductance > 0
				       ? sqrt((double)a->noise_power[n] / 2 * farad / conductance)
				       : INFINITY,
		.readout_offset = (double)pattern->readout_offset,
		.readout_gain = (double)pattern->readout_gain,
	};
}

double emulator__analog_true_cell(struct emulator_analog *a, uint64_t t, uint32_t cell)
{
	if (t > a->capmem.time)
		emulator__capmem_advance(&a->capmem, t);
	return (double)a->capmem.value[cell];
}

double emulator__analog_true_cadc_zero(const struct emulator_analog *a, uint32_t quadrant)
{
	const float offset = analog_shared_cell(a, quadrant, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET) +
			     a->pattern->quadrant[quadrant].cadc_offset;
	return (double)emulator__capmem_volt(offset - PHYSICS_CADC_ZERO);
}

double emulator__analog_true_cadc_lsb(const struct emulator_analog *a, uint32_t quadrant)
{
	return (double)PHYSICS_CELL_VOLT *
	       (double)analog_shared_cell(a, quadrant, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE) *
	       (double)a->pattern->quadrant[quadrant].cadc_slope / (double)PHYSICS_CADC_SLOPE;
}

double emulator__analog_true_weight(
	const struct emulator_analog *a, uint32_t hemisphere, uint32_t row, uint32_t column)
{
	return (double)a->synapses[hemisphere].strength[row][column];
}

double emulator__analog_true_driver(struct emulator_analog *a, uint64_t t, uint32_t driver)
{
	return emulator__driver_voltage(a, t, driver);
}

void emulator__analog_true_channel(
	struct emulator_channel *out, const struct emulator_analog *a, uint32_t channel)
{
	const uint32_t hemisphere = channel / 512, column = channel % 256;
	const uint32_t quadrant = 2 * hemisphere + column / 128;
	const struct variation_channel *pattern =
		&a->pattern->channel[hemisphere][channel / 256 % 2][column];
	*out = (struct emulator_channel){
		.zero_volt = emulator__analog_true_cadc_zero(a, quadrant),
		.lsb_volt = emulator__analog_true_cadc_lsb(a, quadrant),
		.bend = {(double)a->pattern->quadrant[quadrant].cadc_bend[0],
			(double)a->pattern->quadrant[quadrant].cadc_bend[1]},
		.offset = (double)pattern->offset,
		.gain = (double)pattern->gain,
		.noise_sigma = emulator__cadc_noise(a, pattern->fault),
		.stuck = pattern->stuck,
		.fault = (enum emulator_fault)pattern->fault,
	};
}

/* ---- all of something ------------------------------------------------------------------------ */

int emulator__analog_peek(struct emulator_analog **out, const struct emulator_analog *a, uint64_t t)
{
	const size_t size = (sizeof(*a) + 63) / 64 * 64;
	struct emulator_analog *peek = *out = aligned_alloc(64, size);
	if (!peek)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory to look into an emulated chip");
	memcpy(peek, a, sizeof(*a));
	if (peek->capmem.settling && t > peek->capmem.time)
		emulator__capmem_advance(&peek->capmem, t);
	peek->refreshed_at = t;
	peek->all_stale = true;
	emulator__analog_refresh(peek, t);
	return HXCOMM_OK;
}

static void look_at_state(
	struct emulator_neuron *out, struct emulator_analog *a, uint64_t t, uint32_t n)
{
	const double farad = (double)a->farad[n];
	const struct analog_refractory *rest = &a->refractory[n];
	*out = (struct emulator_neuron){
		.membrane = emulator__analog_true_noisy_membrane(a, t, n),
		.line_drop = {emulator__analog_true_line(a, n, 0),
			emulator__analog_true_line(a, n, 1)},
		.adaptation_current = (double)a->rich.adaptation[n] * farad,
		.is_above = a->membranes.above[n],
		.is_resting = a->is_resting[n] && rest->end > t,
		.is_stuck = a->stuck[n],
		.rest_begin = rest->begin,
		.rest_release = rest->release,
		.rest_end = rest->end,
		.drift = (double)a->drift[n],
		.fault = (enum emulator_fault)a->pattern->neuron[n].fault,
	};
}

static void look_at_membrane(struct emulator_neuron *out, struct emulator_analog *a, uint32_t n)
{
	const double delay = (double)a->comparator_delay[analog_quadrant(n)];
	struct emulator_analog_truth truth;
	emulator__analog_true_neuron(&truth, a, n);
	out->capacitance = truth.capacitance;
	out->leak_conductance = truth.leak_conductance;
	out->leak_current = truth.leak_current;
	out->leak_reference = truth.leak_reference;
	out->reset_conductance = truth.reset_conductance;
	out->reset_current = (double)a->membranes.reset_limit[n] * truth.capacitance;
	out->reset_reference = truth.reset_reference;
	out->threshold = truth.threshold;
	out->threshold_noise = (double)a->comparator_noise[n];
	out->comparator_delay = delay < 0 ? -1 : delay * 4e-9;
	out->offset_current = truth.offset_current;
	out->noise_sigma = truth.noise_sigma;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		out->line_time_constant[line] = truth.tau_line[line];
		out->input_current[line] = truth.input_current[line];
		out->input_offset[line] = truth.input_offset[line];
	}
	out->readout_offset = truth.readout_offset;
	out->readout_gain = truth.readout_gain;
}

static void look_at_rich_terms(
	struct emulator_neuron *out, const struct emulator_analog *a, uint32_t n)
{
	const struct kernel_rich *r = &a->rich;
	const double farad = (double)a->farad[n];
	const unsigned scale = a->common[analog_half(n)].clock_scale_adaptation_pulse;
	const double pulse =
		a->backend[n].enable_adaptation_pulse ? 4e-9 * (double)(2u << scale) : 0;
	for (unsigned line = 0; line < KERNEL_LINES; line++) {
		out->input_conductance[line] = (double)r->conductance[line][n] * farad;
		out->input_reversal[line] = (double)r->reversal[line][n];
	}
	out->adaptation_time_constant = 1 / (double)r->adaptation_rate[n];
	out->adaptation_conductance = (double)r->adaptation_a[n] * farad;
	out->adaptation_step = (double)a->adaptation_step[n] * farad * pulse;
	out->adaptation_reference = (double)r->adaptation_reference[n];
	out->adaptation_shown = (double)emulator__neuron_adaptation(a, n) -
				out->adaptation_current / (double)PHYSICS_ADAPT_SHOWN;
	out->adaptation_limit = (double)r->adaptation_limit[n] * farad;
	out->exponential_current = (double)r->exponential[n] * farad;
	out->exponential_reference = (double)r->exponential_reference[n];
	out->exponential_width = 1 / (double)r->exponential_slope[n];
	out->exponential_limit = (double)r->exponential_limit[n] * farad;
}

static void look_at_node(struct emulator_neuron *out, const struct emulator_analog *a, uint32_t n)
{
	const struct compartments *c = &a->compartments;
	out->node = n;
	out->node_capacitance = out->capacitance;
	out->compartment_conductance = a->neuron[n].enable_multicomp_conductance
					       ? (double)emulator__compartment_conductance(a, n)
					       : 0;
	for (unsigned i = 0; i < c->shorts; i++)
		for (unsigned k = 0; k < c->node[i].count; k++)
			if (c->member[c->node[i].first + k] == n) {
				out->node = c->member[c->node[i].first];
				out->node_capacitance = (double)c->farad[i];
			}
}

void emulator__analog_look_at_neuron(
	struct emulator_neuron *out, struct emulator_analog *peek, uint64_t t, uint32_t neuron)
{
	look_at_state(out, peek, t, neuron);
	look_at_membrane(out, peek, neuron);
	look_at_rich_terms(out, peek, neuron);
	look_at_node(out, peek, neuron);
}

void emulator__analog_look_at_synapse(
	struct emulator_synapse *out, const struct emulator_analog *peek, uint32_t synapse)
{
	const uint32_t hemisphere = synapse / 65536, row = synapse / 256 % 256,
		       column = synapse % 256;
	out->weight = emulator__analog_true_weight(peek, hemisphere, row, column);
	for (unsigned line = 0; line < KERNEL_LINES; line++)
		out->drop[line] =
			out->weight * (double)peek->synapses[hemisphere].scale[line][column];
}

void emulator__analog_look_at_quadrant(
	struct emulator_quadrant *out, const struct emulator_analog *peek, uint32_t quadrant)
{
	const struct variation_quadrant *pattern = &peek->pattern->quadrant[quadrant];
	const float bias =
		peek->bias_selection.enable_internal_dac_bias[quadrant]
			? analog_shared_cell(peek, quadrant, HALDLS_CAPMEM_SYN_I_BIAS_DAC)
			: 0;
	*out = (struct emulator_quadrant){
		.synapse_gain = (double)pattern->dac,
		.drop = (double)(PHYSICS_WEIGHT * bias * pattern->dac),
		.correlation_baseline = (double)pattern->correlation_baseline,
		.cell_scale = (double)peek->capmem.scale[quadrant],
		.bias_reference = (double)peek->biases[quadrant].follower,
		.bias_current = (double)peek->biases[quadrant].cascode,
		.bias_input = (double)peek->biases[quadrant].input,
		.bias_readout = (double)peek->biases[quadrant].readout,
		.bias_cadc = (double)peek->biases[quadrant].cadc,
	};
	emulator__correlation_typical(
		&out->correlation_amplitude, &out->correlation_tau, peek, quadrant);
}

/* ---- work ------------------------------------------------------------------------------------ */

void emulator__analog_work(struct emulator_analog_work *out, const struct emulator_analog *a)
{
	*out = a->work;
	for (unsigned hemisphere = 0; hemisphere < ANALOG_HEMISPHERES; hemisphere++) {
		const struct emulator_analog_work *half = &a->half[hemisphere].work;
		out->spikes += half->spikes;
		out->row_events += half->row_events;
		out->windows += half->windows;
		out->window_steps += half->window_steps;
	}
}

void emulator__analog_use_kernel(struct emulator_analog *a, unsigned number)
{
	const struct kernel *all[3];
	if (number < emulator__kernel_list(all))
		a->kernel = all[number];
}

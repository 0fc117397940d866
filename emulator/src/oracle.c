// SPDX-License-Identifier: MIT
#include "oracle.h"

#include "analog_state.h"
#include "physics.h"

#include <emulator/emulator.h>

#include <haldls/coordinate.h>
#include <math.h>

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
	const double size = (double)a->neuron[n].membrane_capacitor_size +
			    (double)PHYSICS_CAPACITANCE_INTRINSIC;
	const double farad = (double)PHYSICS_CAPACITANCE * (double)pattern->capacitance * size;
	if (a->capmem.settling)
		a->all_stale = true;
	if (a->all_stale || a->stale[n])
		emulator__neuron_refresh(a, n);
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
		.offset_current = (double)m->constant[n] * farad,
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
		.offset = (double)pattern->offset,
		.gain = (double)pattern->gain,
		.broken = pattern->fault != VARIATION_SOUND,
	};
}

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

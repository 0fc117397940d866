// SPDX-License-Identifier: MIT
/* Events of the drivers become drops of the synaptic lines. */
#include "analog_state.h"
#include "physics.h"

#include <haldls/coordinate.h>

static bool small_capacitance(const struct haldls_neuron_config *config, unsigned line)
{
	return line ? config->enable_synaptic_input_inhibitory_small_capacitance
		    : config->enable_synaptic_input_excitatory_small_capacitance;
}

void emulator__synapse_refresh(struct emulator_analog *a)
{
	for (uint32_t n = 0; n < ANALOG_NEURONS; n++) {
		const uint32_t hemisphere = n / ANALOG_COLUMNS, column = n % ANALOG_COLUMNS,
			       quadrant = analog_quadrant(n);
		const float dac =
			a->bias_selection.enable_internal_dac_bias[quadrant]
				? analog_shared_cell(a, quadrant, HALDLS_CAPMEM_SYN_I_BIAS_DAC) *
					  a->pattern->quadrant[quadrant].dac
				: 0;
		const float unit = PHYSICS_WEIGHT * dac * a->pattern->column[hemisphere][column];
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			a->synapses[hemisphere].scale[line][column] =
				!a->synapses[hemisphere].forward[line][column] ? 0
				: small_capacitance(&a->neuron[n], line)
					? unit / PHYSICS_LINE_SMALL_CAPACITANCE
					: unit;
	}
}

static uint64_t labels_of(const uint8_t label[ANALOG_COLUMNS])
{
	uint64_t labels = 0;
	for (unsigned column = 0; column < ANALOG_COLUMNS; column++)
		labels |= UINT64_C(1) << label[column];
	return labels;
}

unsigned emulator__synapse_lines(
	struct emulator_analog *a, uint32_t driver, bool top, uint8_t label)
{
	struct analog_synapses *s = &a->synapses[driver / 128];
	const struct haldls_synapse_driver_config *config = &a->driver[driver];
	const uint32_t row = 2 * (driver % 128) + top;
	if (s->relabelled[row]) {
		s->labels[row] = labels_of(s->label[row]);
		s->relabelled[row] = false;
	}
	if (!(s->labels[row] >> label & 1))
		return 0;
	return top ? (unsigned)config->row_mode_top : (unsigned)config->row_mode_bottom;
}

void emulator__synapse_event(struct emulator_analog *a, struct kernel_bin *bin, uint64_t t,
	uint32_t driver, uint8_t label, float pulse)
{
	if (pulse <= 0)
		return;
	const uint32_t hemisphere = driver / 128;
	const float late = (float)(bin->end - t) * 4e-9f - bin->half;
	const struct analog_synapses *s = &a->synapses[hemisphere];
	for (unsigned top = 0; top < 2; top++) {
		const uint32_t row = 2 * (driver % 128) + top;
		const unsigned lines = emulator__synapse_lines(a, driver, top, label);
		for (unsigned line = 0; line < KERNEL_LINES; line++)
			if (lines >> line & 1) {
				a->kernel->row(bin->charge[line], bin->kept[line], s->strength[row],
					s->label[row], s->scale[line], bin->rate[line], label,
					pulse, late);
				bin->lines |= 1u << line;
			}
	}
}

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

/* Which labels a row has, and how strong it is. */
static void look_at_row(struct analog_synapses *s, uint32_t row)
{
	s->labels[row] = 0;
	s->strongest[row] = 0;
	for (unsigned column = 0; column < ANALOG_COLUMNS; column++) {
		s->labels[row] |= UINT64_C(1) << s->label[row][column];
		if (s->strength[row][column] > s->strongest[row])
			s->strongest[row] = s->strength[row][column];
	}
	s->uniform[row] = !(s->labels[row] & (s->labels[row] - 1));
	s->changed[row] = false;
}

unsigned emulator__synapse_targets(struct emulator_analog *a, uint32_t driver, uint8_t label)
{
	struct analog_synapses *s = &a->synapses[driver / 128];
	const struct haldls_synapse_driver_config *config = &a->driver[driver];
	const uint32_t bottom = 2 * (driver % 128), top = bottom + 1;
	if (s->changed[bottom])
		look_at_row(s, bottom);
	if (s->changed[top])
		look_at_row(s, top);
	/* which row has the label is hard to foresee: no branch */
	const unsigned at_bottom = (unsigned)(s->labels[bottom] >> label & 1),
		       at_top = (unsigned)(s->labels[top] >> label & 1);
	return at_bottom * (unsigned)config->row_mode_bottom |
	       (at_top * (unsigned)config->row_mode_top) << KERNEL_LINES;
}

void emulator__synapse_event(struct emulator_analog *a, struct kernel_bin *bin, uint64_t t,
	uint32_t driver, uint8_t label, float pulse)
{
	if (pulse <= 0)
		return;
	const float late = (float)(bin->end - t) * 4e-9f - bin->half;
	const struct analog_synapses *s = &a->synapses[driver / 128];
	for (unsigned targets = emulator__synapse_targets(a, driver, label); targets;
		targets &= targets - 1) {
		const struct analog_target target = analog_target(driver, targets);
		const unsigned line = target.line;
		a->kernel->row(bin->charge[line], bin->kept[line], s->strength[target.row],
			s->label[target.row], s->scale[line], bin->rate[line], label, pulse, late);
		bin->lines |= 1u << line;
	}
}

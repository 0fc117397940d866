// SPDX-License-Identifier: MIT
/* From the tables of a plan to the registers of a chip. Background generators are left disabled and
 * the membrane ADC idle: runs start them. */
#include "flow.h"
#include "plan.h"

#include <hxcomm/error.h>

#include <string.h>

enum { BLOCK_TARGET = 1 };

uint16_t grenade__event_label(const struct grenade_plan *plan, uint32_t unit, uint32_t hemisphere)
{
	const struct grenade__group *group = &plan->groups[plan->group[unit]];
	const struct grenade_network *network = plan->network;
	const uint32_t population = grenade__population_of_unit(network, unit);
	const bool recorded = network->populations[population].recorded;
	uint32_t label = (uint32_t)group->label << 6 | plan->label[unit];
	if (group->kind == GRENADE__EXTERNAL) {
		label |= plan->reach[unit] & 1 ? 0 : GRENADE__LABEL_NOT_TOP;
		label |= plan->reach[unit] & 2 ? GRENADE__LABEL_BOTTOM : 0;
		label |= recorded ? GRENADE__LABEL_BACK : 0;
	}
	if (group->kind == GRENADE__BACKGROUND && recorded &&
	        hemisphere == grenade__recording_hemisphere(plan, population))
		label |= GRENADE__LABEL_NOT_TOP;
	return (uint16_t)label;
}

uint32_t grenade__recording_hemisphere(const struct grenade_plan *plan, uint32_t population)
{
	return plan->generators[population].used & 1 ? 0 : 1;
}

uint16_t grenade__host_label(const struct grenade_plan *plan, uint32_t unit)
{
	const struct grenade__group *group = &plan->groups[plan->group[unit]];
	uint32_t hemisphere = 0;
	if (group->kind == GRENADE__BACKGROUND)
		hemisphere = grenade__recording_hemisphere(plan, group->population);
	return (uint16_t)haldls_spike_label(
	        group->bus, grenade__event_label(plan, unit, hemisphere));
}

static void set_node(struct haldls_chip *chip, uint32_t input, uint32_t output, uint32_t mask,
        uint32_t target)
{
	struct haldls_crossbar_node *node =
	        &chip->crossbar_node[haldls_crossbar_node(input, output)];
	node->mask = mask;
	node->target = target;
}

static void silence(struct haldls_chip *chip)
{
	for (uint32_t i = 0; i < HALDLS_CROSSBAR_NODES; i++) {
		chip->crossbar_node[i].mask = 0;
		chip->crossbar_node[i].target = BLOCK_TARGET;
	}
	for (uint32_t i = 0; i < HALDLS_NEURONS; i++)
		chip->neuron_backend_config[i].enable_spike_out = false;
	for (uint32_t i = 0; i < HALDLS_BACKGROUND_SPIKE_SOURCE_COUNT; i++)
		chip->background_spike_source[i].enable = false;
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
		for (uint32_t bus = 0; bus < HALDLS_PADI_BUSES; bus++)
			chip->common_padi_bus_config[h].enable_spl1[bus] = false;
	for (uint32_t i = 0; i < HALDLS_HEMISPHERES * HALDLS_DRIVERS; i++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[i];
		driver->enable_receiver = false;
		driver->row_mode_bottom = 0;
		driver->row_mode_top = 0;
	}
	for (uint32_t i = 0; i < HALDLS_COLUMN_CURRENT_QUAD_COUNT; i++) {
		struct haldls_column_current_quad *quad = &chip->column_current_quad[i];
		memset(quad->enable_synaptic_current_excitatory, 0,
		        sizeof(quad->enable_synaptic_current_excitatory));
		memset(quad->enable_synaptic_current_inhibitory, 0,
		        sizeof(quad->enable_synaptic_current_inhibitory));
	}
	memset(chip->synapse_weight, 0, sizeof(chip->synapse_weight));
	memset(chip->synapse_label, 0, sizeof(chip->synapse_label));
}

/* Neurons outside the network do not fire; which neurons of it send is in their group. */
static void configure_neurons(struct haldls_chip *chip, const struct grenade_plan *plan)
{
	bool used[HALDLS_NEURONS] = { false };
	for (uint32_t unit = 0; unit < plan->network->units; unit++)
		if (plan->circuit[unit] != GRENADE__NONE)
			used[plan->circuit[unit]] = true;
	for (uint32_t circuit = 0; circuit < HALDLS_NEURONS; circuit++)
		if (!used[circuit])
			chip->neuron_config[circuit].enable_fire = false;
	for (uint32_t unit = 0; unit < plan->network->units; unit++) {
		if (plan->circuit[unit] == GRENADE__NONE || plan->group[unit] == GRENADE__NONE)
			continue;
		struct haldls_neuron_backend_config *backend =
		        &chip->neuron_backend_config[haldls_neuron_backend(plan->circuit[unit])];
		backend->enable_spike_out = true;
		backend->address_out = grenade__event_label(plan, unit, 0) & 0xff;
	}
}

static void configure_drivers(struct haldls_chip *chip, const struct grenade__group *group,
        uint32_t h)
{
	static const uint32_t excitatory = 1, inhibitory = 2;
	const uint32_t rows = group->rows[h][GRENADE_EXCITATORY];
	const uint32_t end = rows + group->rows[h][GRENADE_INHIBITORY];
	uint32_t row = 0;
	for (uint32_t left = group->drivers[h]; left; left &= left - 1) {
		const uint32_t position = (uint32_t)__builtin_ctz(left);
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[
		        haldls_driver(h, grenade__driver(group->bus, position))];
		driver->enable_receiver = true;
		driver->enable_address_out = true;
		driver->row_address_compare_mask = grenade__driver_mask(group->label, position);
		driver->row_mode_bottom = row < rows ? excitatory : row < end ? inhibitory : 0;
		row++;
		driver->row_mode_top = row < rows ? excitatory : row < end ? inhibitory : 0;
		row++;
	}
}

/* The nodes and buses that a group's events take. */
static void configure_way(struct haldls_chip *chip, const struct grenade__group *group)
{
	const uint32_t bus = group->bus;
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++) {
		/* a PADI bus is that output of the crossbar, and that background source */
		const uint32_t output = haldls_padi_bus(h, bus);
		if (!group->arrives[h])
			continue;
		chip->common_padi_bus_config[h].enable_spl1[bus] = true;
		if (group->kind == GRENADE__NEURONS)
			set_node(chip, group->output, output, 0, 0);
		else if (group->kind == GRENADE__BACKGROUND)
			set_node(chip, haldls_crossbar_input_of_background_spike_source(output),
			        output, 0, 0);
		else
			set_node(chip, haldls_crossbar_input_of_spl1_address(bus), output,
			        h ? GRENADE__LABEL_BOTTOM : GRENADE__LABEL_NOT_TOP,
			        h ? GRENADE__LABEL_BOTTOM : 0);
		configure_drivers(chip, group, h);
	}
}

static void configure_recording(struct haldls_chip *chip, const struct grenade_plan *plan)
{
	for (uint32_t unit = 0; unit < plan->network->units; unit++) {
		if (plan->group[unit] == GRENADE__NONE)
			continue;
		const uint32_t population = grenade__population_of_unit(plan->network, unit);
		const struct grenade__group *group = &plan->groups[plan->group[unit]];
		const uint32_t output = haldls_crossbar_output_of_crossbar_l2_output(group->bus);
		if (!plan->network->populations[population].recorded)
			continue;
		if (group->kind == GRENADE__NEURONS)
			set_node(chip, group->output, output, 0, 0);
		else if (group->kind == GRENADE__EXTERNAL)
			set_node(chip, haldls_crossbar_input_of_spl1_address(group->bus), output,
			        GRENADE__LABEL_BACK, GRENADE__LABEL_BACK);
		else
			set_node(chip,
			        haldls_crossbar_input_of_background_spike_source(haldls_padi_bus(
			                grenade__recording_hemisphere(plan, population),
			                group->bus)),
			        output, GRENADE__LABEL_NOT_TOP, GRENADE__LABEL_NOT_TOP);
	}
}

void grenade__generator_configure(struct haldls_background_spike_source *out,
        const struct grenade_plan *plan, uint32_t population, uint32_t hemisphere)
{
	const struct grenade__population *source = &plan->network->populations[population];
	const struct grenade_background *background = &source->background;
	haldls_background_spike_source_container.init(out);
	out->seed = background->seed;
	out->mask = background->rate ? source->count - 1 : 0;
	out->rate = background->rate;
	out->enable_random = background->rate != 0;
	out->period = background->period;
	out->neuron_label = grenade__event_label(plan, source->first, hemisphere);
}

static void configure_generators(struct haldls_chip *chip, const struct grenade_plan *plan)
{
	for (uint32_t i = 0; i < plan->network->population_count; i++) {
		if (plan->network->populations[i].kind != GRENADE__BACKGROUND)
			continue;
		for (uint32_t h = 0; h < HALDLS_HEMISPHERES; h++)
			if (plan->generators[i].used >> h & 1)
				grenade__generator_configure(
				        &chip->background_spike_source[haldls_padi_bus(
				                h, plan->generators[i].bus)],
				        plan, i, h);
	}
}

static void configure_synapses(struct haldls_chip *chip, const struct grenade_plan *plan)
{
	for (size_t i = 0; i < plan->slot_count; i++) {
		const struct grenade__slot *slot = &plan->slots[i];
		const uint32_t circuit = plan->circuit[slot->target];
		const uint32_t h = haldls_neuron_row(circuit), c = haldls_neuron_column(circuit);
		struct haldls_column_current_quad *quad =
		        &chip->column_current_quad[haldls_column_current_quad(
		                h, haldls_quad_of_column(c))];
		chip->synapse_weight[h][slot->row][c] = slot->weight;
		chip->synapse_label[h][slot->row][c] = plan->label[slot->unit];
		if (slot->receptor == GRENADE_EXCITATORY)
			quad->enable_synaptic_current_excitatory[haldls_quad_entry_of_column(c)] =
			        true;
		else
			quad->enable_synaptic_current_inhibitory[haldls_quad_entry_of_column(c)] =
			        true;
	}
}

/* The first membrane takes readout chain 0, the second chain 1. */
static void configure_membranes(struct haldls_chip *chip, const struct grenade_plan *plan)
{
	const struct grenade_network *network = plan->network;
	if (!network->membrane_count)
		return;
	struct haldls_readout_source_selection *selection = &chip->readout_source_selection[0];
	haldls_readout_source_selection_container.init(selection);
	for (uint32_t i = 0; i < HALDLS_NEURONS; i++)
		chip->neuron_config[i].enable_readout = false;
	for (uint32_t i = 0; i < network->membrane_count; i++) {
		const struct grenade__membrane *membrane = &network->membranes[i];
		const uint32_t circuit =
		        plan->circuit[network->populations[membrane->population].first +
		                membrane->neuron];
		struct haldls_neuron_config *neuron = &chip->neuron_config[circuit];
		neuron->enable_readout = true;
		neuron->enable_readout_amplifier = true;
		neuron->readout_source = 0; /* membrane */
		if (haldls_neuron_column(circuit) % 2)
			selection->neuron_odd[i][haldls_neuron_row(circuit)] = true;
		else
			selection->neuron_even[i][haldls_neuron_row(circuit)] = true;
	}
	chip->madc_config[0].active_mux_initially_selected_input = 0;
	chip->madc_config[0].active_mux_input_select_length = network->membrane_count == 2 ? 1 : 0;
}

int grenade_plan_configure(const struct grenade_plan *plan, struct haldls_chip *chip)
{
	silence(chip);
	configure_neurons(chip, plan);
	for (size_t i = 0; i < plan->group_count; i++)
		configure_way(chip, &plan->groups[i]);
	configure_recording(chip, plan);
	configure_generators(chip, plan);
	configure_synapses(chip, plan);
	configure_membranes(chip, plan);
	return HXCOMM_OK;
}

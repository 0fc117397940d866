// SPDX-License-Identifier: MIT
/* Simulates the digital filters that events pass (source: spec/grenade_design.md 2.3) on a configured
 * chip, knowing nothing of how the plan was made, and compares what arrives with what was wanted. */
#include "check.h"

#include <hxcomm/error.h>

#include <stdio.h>
#include <stdlib.h>

enum { LABEL_MASK = 0x3fff, SYNAPSE_LABEL_MASK = 63 };

static bool passes(const struct haldls_chip *chip, uint32_t input, uint32_t output, uint32_t label)
{
	const uint32_t index = haldls_crossbar_node(input, output);
	if (index == UINT32_MAX)
		return false;
	const struct haldls_crossbar_node *node = &chip->crossbar_node[index];
	return (label & LABEL_MASK & node->mask) == node->target;
}

static int add(struct grenade__arrivals *out, uint32_t unit, uint32_t circuit, uint32_t receptor,
        uint32_t weight)
{
	if (out->count == out->capacity) {
		const size_t wanted = out->capacity ? 2 * out->capacity : 1024;
		uint64_t *grown = realloc(out->keys, wanted * sizeof(*grown));
		if (!grown)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu connections", wanted);
		out->keys = grown;
		out->capacity = wanted;
	}
	out->keys[out->count++] = grenade__arrival(unit, circuit, receptor, weight);
	return HXCOMM_OK;
}

static int act_on_row(struct grenade__arrivals *out, const struct haldls_chip *chip, uint32_t unit,
        uint32_t h, uint32_t row, uint32_t mode, uint32_t label)
{
	const uint8_t *weights = chip->synapse_weight[h][row];
	const uint8_t *labels = chip->synapse_label[h][row];
	int status = HXCOMM_OK;
	for (uint32_t c = 0; c < HALDLS_NEURON_COLUMNS; c++) {
		if (labels[c] != label || !weights[c])
			continue;
		const struct haldls_column_current_quad *quad =
		        &chip->column_current_quad[haldls_column_current_quad(
		                h, haldls_quad_of_column(c))];
		const uint32_t entry = haldls_quad_entry_of_column(c);
		if ((mode & 1) && quad->enable_synaptic_current_excitatory[entry])
			status = add(out, unit, haldls_neuron(h, c), GRENADE_EXCITATORY, weights[c]);
		if (status == HXCOMM_OK && (mode & 2) &&
		        quad->enable_synaptic_current_inhibitory[entry])
			status = add(out, unit, haldls_neuron(h, c), GRENADE_INHIBITORY, weights[c]);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

int grenade__deliver(struct grenade__arrivals *out, const struct haldls_chip *chip, uint32_t unit,
        uint32_t input, uint32_t label)
{
	for (uint32_t output = 0; output < 8; output++) {
		const uint32_t h = haldls_padi_bus_block(output);
		const uint32_t bus = haldls_padi_bus_number(output);
		if (!passes(chip, input, output, label) ||
		        !chip->common_padi_bus_config[h].enable_spl1[bus])
			continue;
		for (uint32_t d = bus; d < HALDLS_DRIVERS; d += HALDLS_PADI_BUSES) {
			const struct haldls_synapse_driver_config *driver =
			        &chip->synapse_driver_config[haldls_driver(h, d)];
			const uint32_t differs = (label >> 6 ^ haldls_driver_position(d)) &
			                         driver->row_address_compare_mask & 31;
			if (!driver->enable_receiver || differs)
				continue;
			const uint32_t seen = driver->enable_address_out
			                              ? label & SYNAPSE_LABEL_MASK
			                              : label & 32;
			for (uint32_t top = 0; top < 2; top++) {
				const int status = act_on_row(out, chip, unit, h,
				        haldls_synapse_row_of_driver(d, top),
				        top ? (uint32_t)driver->row_mode_top
				            : (uint32_t)driver->row_mode_bottom,
				        seen);
				if (status != HXCOMM_OK)
					return status;
			}
		}
	}
	return HXCOMM_OK;
}

/* Send one event of a unit, as the chip's own registers make it. `host` is the label under which the
 * host would see it, UINT32_MAX if not at all. */
static int send(struct grenade__arrivals *out, uint32_t *host, const struct grenade_plan *plan,
        const struct haldls_chip *chip, uint32_t unit)
{
	const struct grenade__group *group = &plan->groups[plan->group[unit]];
	int status = HXCOMM_OK;
	*host = UINT32_MAX;
	for (uint32_t h = 0; h < HALDLS_HEMISPHERES && status == HXCOMM_OK; h++) {
		uint32_t input, label, link;
		if (group->kind == GRENADE__NEURONS) {
			const struct haldls_neuron_backend_config *backend =
			        &chip->neuron_backend_config[haldls_neuron_backend(
			                plan->circuit[unit])];
			input = haldls_neuron_event_output(plan->circuit[unit]);
			label = input << 8 | backend->address_out;
			if (h || !backend->enable_spike_out)
				continue;
		} else if (group->kind == GRENADE__EXTERNAL) {
			label = grenade__host_label(plan, unit);
			input = haldls_crossbar_input_of_spl1_address(
			        haldls_spike_label_spl1_address(label));
			if (h)
				continue;
		} else {
			const uint32_t e = haldls_padi_bus(h, group->bus);
			const struct haldls_background_spike_source *source =
			        &chip->background_spike_source[e];
			const uint32_t member =
			        unit - plan->network->populations[group->population].first;
			input = haldls_crossbar_input_of_background_spike_source(e);
			label = (source->neuron_label & ~source->mask) | (member & source->mask);
			if (!(plan->generators[group->population].used >> h & 1))
				continue;
		}
		link = input % HALDLS_CROSSBAR_L2_OUTPUT_SIZE; /* the one with a node from there */
		status = grenade__deliver(out, chip, unit, input, label);
		if (passes(chip, input, haldls_crossbar_output_of_crossbar_l2_output(link), label))
			*host = haldls_spike_label(link, label & LABEL_MASK);
	}
	return status;
}

static int compare_keys(const void *a, const void *b)
{
	const uint64_t left = *(const uint64_t *)a, right = *(const uint64_t *)b;
	return left < right ? -1 : left > right;
}

static int report(const struct grenade_plan *plan, uint64_t key, const char *what)
{
	const uint32_t unit = (uint32_t)(key >> 32), circuit = (uint32_t)(key >> 16) & 0xffff;
	const uint32_t pre = grenade__population_of_unit(plan->network, unit);
	char post[64];
	snprintf(post, sizeof(post), "circuit %u", circuit);
	for (uint32_t i = 0; i < plan->network->units; i++) {
		const uint32_t population = grenade__population_of_unit(plan->network, i);
		if (plan->circuit[i] == circuit)
			snprintf(post, sizeof(post), "neuron %u of population %u (circuit %u)",
			        i - plan->network->populations[population].first, population, circuit);
	}
	return hxcomm_error_set(HXCOMM_ESTATE,
	        "the chip's filters make %s %s synapse of weight %u from index %u of population %u to %s",
	        what, key >> 8 & 1 ? "inhibitory" : "excitatory", (unsigned)(key & 0xff),
	        unit - plan->network->populations[pre].first, pre, post);
}

/* Both lists sorted: the first difference is what is missing or too many. */
static int compare(const struct grenade_plan *plan, struct grenade__arrivals *realised,
        struct grenade__arrivals *wanted)
{
	size_t i = 0;
	if (realised->count)
		qsort(realised->keys, realised->count, sizeof(*realised->keys), compare_keys);
	if (wanted->count)
		qsort(wanted->keys, wanted->count, sizeof(*wanted->keys), compare_keys);
	while (i < realised->count && i < wanted->count && realised->keys[i] == wanted->keys[i])
		i++;
	if (i == realised->count && i == wanted->count)
		return HXCOMM_OK;
	if (i == wanted->count || (i < realised->count && realised->keys[i] < wanted->keys[i]))
		return report(plan, realised->keys[i], "an unwanted");
	return report(plan, wanted->keys[i], "no");
}

static int simulate(struct grenade__arrivals *realised, const struct grenade_plan *plan,
        const struct haldls_chip *chip)
{
	const struct grenade_network *network = plan->network;
	for (uint32_t unit = 0; unit < network->units; unit++) {
		uint32_t host;
		if (plan->group[unit] == GRENADE__NONE)
			continue;
		const int status = send(realised, &host, plan, chip, unit);
		if (status != HXCOMM_OK)
			return status;
		const uint32_t population = grenade__population_of_unit(network, unit);
		if (network->populations[population].recorded &&
		        host != grenade__host_label(plan, unit))
			return hxcomm_error_set(HXCOMM_ESTATE,
			        "spikes of index %u of recorded population %u do not reach the host "
			        "under label 0x%04x",
			        unit - network->populations[population].first, population,
			        grenade__host_label(plan, unit));
	}
	return HXCOMM_OK;
}

int grenade_plan_validate(const struct grenade_plan *plan, const struct haldls_chip *chip)
{
	struct grenade__arrivals realised = { 0 }, wanted = { 0 };
	struct haldls_chip *own = NULL;
	int status = HXCOMM_OK;
	if (!chip) {
		own = calloc(1, sizeof(*own));
		if (!own)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip's configuration");
		status = grenade_plan_configure(plan, own);
		chip = own;
	}
	if (status == HXCOMM_OK)
		status = simulate(&realised, plan, chip);
	for (size_t i = 0; i < plan->slot_count && status == HXCOMM_OK; i++) {
		const struct grenade__slot *slot = &plan->slots[i];
		if (slot->weight)
			status = add(&wanted, slot->unit, plan->circuit[slot->target],
			        slot->receptor, slot->weight);
	}
	if (status == HXCOMM_OK)
		status = compare(plan, &realised, &wanted);
	free(realised.keys);
	free(wanted.keys);
	free(own);
	return status;
}

// SPDX-License-Identifier: MIT
#ifndef TESTS_SUPPORT_DENSE_NETWORK_H
#define TESTS_SUPPORT_DENSE_NETWORK_H

/* A network on all neurons of a chip, for tests and benchmarks: events from link 0 reach the
 * synapse drivers, and all spikes the host. Bits 13 to 11 of a label choose the bus,
 * 10 to 6 the driver, 5 to 0 go to the synapses. */

#include <haldls/chip.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { NETWORK_NEURONS = 512, NETWORK_DRIVERS = 256 };

/* A code of a cell that all neurons have. */
struct network_code {
	enum haldls_capmem_row row;
	uint16_t code;
};

static inline void network_write_codes(struct haldls_chip *chip, const struct network_code *codes,
        size_t count)
{
	for (uint32_t n = 0; n < NETWORK_NEURONS; n++)
		for (size_t i = 0; i < count; i++)
			chip->capmem[haldls_capmem_cell_of_neuron(n, codes[i].row)] = codes[i].code;
}

/* A cell that all quadrants have. */
static inline void network_write_shared(struct haldls_chip *chip,
        enum haldls_capmem_shared_cell cell, uint16_t code)
{
	for (uint32_t q = 0; q < HALDLS_QUADRANTS; q++)
		chip->capmem[haldls_capmem_cell_shared(q, cell)] = code;
}

/* Upper rows of the drivers inhibit, lower ones excite; the switches of all columns are closed. */
static inline void network_connect(struct haldls_chip *chip)
{
	for (uint32_t n = 0; n < HALDLS_CROSSBAR_NODES; n++) {
		const uint32_t input = haldls_crossbar_node_input(n);
		const uint32_t to = haldls_crossbar_node_output(n);
		struct haldls_crossbar_node *node = &chip->crossbar_node[n];
		const bool passes = input < 8 ? to >= 8 : input == 8 && to < 8;
		node->mask = passes && input == 8 ? 7 << 11 : 0;
		node->target = !passes ? 1 : input == 8 ? to << 11 : 0;
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		for (unsigned bus = 0; bus < 4; bus++)
			chip->common_padi_bus_config[hemisphere].enable_spl1[bus] = true;
	for (uint32_t d = 0; d < NETWORK_DRIVERS; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->enable_receiver = true;
		driver->row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
		driver->row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY;
	}
	for (uint32_t column = 0; column < NETWORK_NEURONS; column++) {
		struct haldls_column_current_quad *quad = &chip->column_current_quad[column / 4];
		quad->enable_synaptic_current_excitatory[column % 4] = true;
		quad->enable_synaptic_current_inhibitory[column % 4] = true;
	}
}

/* Leaky neurons with current-based inputs and short refractory periods, which may not fire yet.
 * Their events have the address 32 row + column % 32; the output they leave by tells the other bits. */
static inline void network_set_neurons(struct haldls_chip *chip)
{
	static const struct network_code codes[] = {
		{ HALDLS_CAPMEM_V_RESET, 600 }, { HALDLS_CAPMEM_V_THRESHOLD, 300 },
		{ HALDLS_CAPMEM_I_BIAS_LEAK, 158 }, { HALDLS_CAPMEM_I_BIAS_RESET, 1000 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 79 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 100 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, 112 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 278 },
	};
	for (uint32_t n = 0; n < NETWORK_NEURONS; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		struct haldls_neuron_backend_config *backend =
		        &chip->neuron_backend_config[haldls_neuron_backend(n)];
		neuron->enable_threshold_comparator = true;
		neuron->enable_leak_degeneration = neuron->enable_reset_degeneration = true;
		neuron->enable_reset_multiplication = true;
		neuron->enable_synaptic_input_excitatory = true;
		neuron->enable_synaptic_input_inhibitory = true;
		neuron->enable_synaptic_input_excitatory_high_resistance = true;
		neuron->enable_synaptic_input_inhibitory_high_resistance = true;
		neuron->membrane_capacitor_size = 63;
		backend->refractory_time = 32;
		backend->enable_spike_out = true;
		backend->address_out = 32 * (n / 256) + n % 32;
	}
	for (uint32_t half = 0; half < 2; half++)
		chip->common_neuron_backend_config[half].clock_scale_slow = 3;
	network_write_codes(chip, codes, sizeof(codes) / sizeof(*codes));
}

/* The neuron that sent a spike, as network_set_neurons() has it. */
static inline uint32_t network_neuron(uint16_t label)
{
	return (label & 32u) * 8 + (label >> 8 & 7) * 32 + (label & 31);
}

#endif

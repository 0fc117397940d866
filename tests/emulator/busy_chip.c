// SPDX-License-Identifier: MIT
#include "busy_chip.h"

#include "assert.h"

#include <haldls/chip.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <stdlib.h>

static void set_neurons(struct haldls_chip *chip)
{
	static const struct {
		enum haldls_capmem_row row;
		uint16_t code;
	} cells[] = {{HALDLS_CAPMEM_V_LEAK, 700}, {HALDLS_CAPMEM_V_RESET, 580},
		{HALDLS_CAPMEM_V_THRESHOLD, 255}, {HALDLS_CAPMEM_I_BIAS_LEAK, 500},
		{HALDLS_CAPMEM_I_BIAS_RESET, 900}, {HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 83},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 450},
		{HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 303}};
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		neuron->enable_readout_amplifier = true;
		neuron->enable_fire = neuron->enable_threshold_comparator = n < 64;
		neuron->enable_synaptic_input_excitatory = true;
		neuron->enable_leak_degeneration = true;
		neuron->membrane_capacitor_size = 63;
		neuron->enable_readout = n == 5;
		chip->neuron_backend_config[haldls_neuron_backend(n)].refractory_time = 40;
		for (unsigned i = 0; i < sizeof(cells) / sizeof(*cells); i++)
			chip->capmem[haldls_capmem_cell_of_neuron(n, cells[i].row)] = cells[i].code;
	}
}

static void set_shared(struct haldls_chip *chip, uint32_t cell, uint16_t code)
{
	for (uint32_t quadrant = 0; quadrant < 4; quadrant++)
		chip->capmem[3120 * quadrant + cell] = code;
}

/* All that moves by itself: neurons that fire, plastic synapses, sensors, a noisy background. */
static void set_synapses(struct haldls_chip *chip)
{
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->enable_receiver = driver->enable_stp = driver->enable_recovery = true;
		driver->row_address_compare_mask = 0;
		driver->row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_EXCITATORY;
		driver->row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
		driver->utilization = 5;
		driver->recovery = 3;
	}
	for (uint32_t i = 0; i < 131072; i++) {
		chip->synapse_weight[i / 65536][i / 256 % 256][i % 256] = (uint8_t)(i % 64);
		chip->synapse_label[i / 65536][i / 256 % 256][i % 256] = (uint8_t)(i % 7);
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
		chip->common_stp_config[hemisphere].enable_recovery_clock = true;
		chip->common_stp_config[hemisphere].recovery_clock_speed = 4;
		for (unsigned bus = 0; bus < 4; bus++)
			chip->common_padi_bus_config[hemisphere].enable_spl1[bus] = true;
		chip->cadc_config[hemisphere].enable = true;
	}
	set_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_DAC, 300);
	set_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_STORE, 70);
	set_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_RAMP, 80);
	set_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_COROUT, 600);
	set_shared(chip, HALDLS_CAPMEM_STP_I_BIAS_COMPARATOR, 1000);
	set_shared(chip, HALDLS_CAPMEM_STP_I_RAMP, 600);
	set_shared(chip, HALDLS_CAPMEM_STP_I_CALIB, 601);
	set_shared(chip, HALDLS_CAPMEM_STP_V_CHARGE_0, 100);
	set_shared(chip, HALDLS_CAPMEM_STP_V_RECOVER_0, 400);
	set_shared(chip, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, 31);
	set_shared(chip, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, 369);
	set_shared(chip, HALDLS_CAPMEM_NEURON_I_BIAS_SPIKE_COMPARATOR, 200);
	chip->readout_source_selection[0].neuron_odd[0][0] = true;
	chip->madc_config[0].number_of_samples = 2000;
	struct haldls_background_spike_source *source = &chip->background_spike_source[0];
	source->seed = 1234;
	source->enable = source->enable_random = true;
	source->period = 500;
	source->rate = 200;
	source->mask = 7;
}

void busy_configure(struct program *program)
{
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	set_neurons(chip);
	set_synapses(chip);
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++) {
			chip->column_correlation_quad[e].enable_cadc_neuron_readout_causal[entry] =
				true;
			chip->column_correlation_quad[e].enable_internal_acausal[entry] = true;
			chip->column_current_quad[e].enable_synaptic_current_excitatory[entry] =
				true;
		}
	for (uint32_t node = 0; node < HALDLS_CROSSBAR_NODES; node++)
		chip->crossbar_node[node].target = 0;
	program_bring_up(program);
	program_chip(program, chip);
	program_wait(program, 2500000);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	free(chip);
}

void busy_watch(struct program *program)
{
	const struct haldls_madc_control control = {.start_recording = true};
	program_container(program, &haldls_madc_control_container, 0, &control);
	for (uint16_t i = 0; i < 200; i++) {
		program_word(program, hxcomm_word_spike_pack_1((uint16_t)(i % 7)));
		program_wait(program, 40);
	}
	for (uint32_t quad = 0; quad < 64; quad++) {
		program_read(program, 0x02c80000 + 64 * quad + quad);
		program_read(program, 0x02ec0000 + 64 * quad + quad); /* acausal, of the same */
	}
	program_write(program, 0x80000010, 77); /* memory of the FPGA */
	program_wait(program, 20000);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

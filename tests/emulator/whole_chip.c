// SPDX-License-Identifier: MIT
#include "whole_chip.h"

#include "assert.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <stdlib.h>

enum { SENSOR_STORE = 70 };

/* ---- settings -------------------------------------------------------------------------------- */

/* Near their thresholds, with current-based inputs. */
static void set_neurons(struct haldls_chip *chip)
{
	static const struct { uint32_t row; uint16_t code; } rows[] = {
		{ HALDLS_CAPMEM_V_LEAK, 610 }, { HALDLS_CAPMEM_V_RESET, 600 },
		{ HALDLS_CAPMEM_V_THRESHOLD, 300 }, { HALDLS_CAPMEM_I_BIAS_LEAK, 158 },
		{ HALDLS_CAPMEM_I_BIAS_RESET, 1000 }, { HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_TAU, 84 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_TAU, 79 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_GM, 100 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_GM, 112 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_SHIFT, 300 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_INH_SHIFT, 278 },
		{ HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 100 }, { HALDLS_CAPMEM_I_BIAS_ADAPT_A, 20 },
		{ HALDLS_CAPMEM_I_BIAS_ADAPT_B, 40 }, { HALDLS_CAPMEM_V_ADAPT_LEAK, 680 },
		{ HALDLS_CAPMEM_I_BIAS_EXP, 100 }, { HALDLS_CAPMEM_V_EXP, 720 },
		{ HALDLS_CAPMEM_I_BIAS_NMDA, 200 }, { HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, 30 },
		{ HALDLS_CAPMEM_E_SYNIN_EXC_REV, 800 },
	};
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		struct haldls_neuron_backend_config *backend =
		        &chip->neuron_backend_config[haldls_neuron_backend(n)];
		neuron->enable_threshold_comparator = true;
		neuron->enable_leak_degeneration = neuron->enable_reset_degeneration = true;
		neuron->enable_reset_multiplication = neuron->enable_readout_amplifier = true;
		neuron->enable_synaptic_input_excitatory = true;
		neuron->enable_synaptic_input_inhibitory = true;
		neuron->enable_synaptic_input_excitatory_high_resistance = true;
		neuron->enable_synaptic_input_inhibitory_high_resistance = true;
		neuron->enable_readout = n == 77;
		neuron->membrane_capacitor_size = 63;
		backend->refractory_time = 32;
		backend->enable_spike_out = backend->enable_adaptation_pulse = true;
		backend->address_out = n % 256;
		for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
			chip->capmem[haldls_capmem_cell_of_neuron(n, rows[i].row)] = rows[i].code;
	}
	for (uint32_t half = 0; half < 2; half++)
		chip->common_neuron_backend_config[half].clock_scale_slow = 3;
	for (uint32_t q = 0; q < 4; q++) {
		chip->capmem[3120 * q + HALDLS_CAPMEM_SYN_I_BIAS_STORE] = SENSOR_STORE;
		chip->capmem[3120 * q + HALDLS_CAPMEM_SYN_I_BIAS_RAMP] = 80;
	}
}

/* Bits 13 to 11 of a label choose the bus, 10 to 6 the driver, bit 0 the row. */
static void set_synapses(struct haldls_chip *chip)
{
	for (uint32_t n = 0; n < HALDLS_CROSSBAR_NODES; n++) {
		const uint32_t input = haldls_crossbar_node_input(n);
		const uint32_t to = haldls_crossbar_node_output(n);
		struct haldls_crossbar_node *node = &chip->crossbar_node[n];
		const bool passes = input < 8 ? to >= 8 : input == 8 && to < 8;
		node->mask = passes && input == 8 ? 7 << 11 : 0;
		node->target = !passes ? 1 : input == 8 ? to << 11 : 0;
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++) {
		for (unsigned bus = 0; bus < 4; bus++)
			chip->common_padi_bus_config[hemisphere].enable_spl1[bus] = true;
		for (uint32_t i = 0; i < 65536; i++) {
			chip->synapse_weight[hemisphere][i / 256][i % 256] =
			        (uint8_t)(i * 7 % 64 / (i / 256 % 2 ? 8 : 1));
			chip->synapse_label[hemisphere][i / 256][i % 256] = (uint8_t)(i / 3 % 4);
		}
	}
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->enable_receiver = true;
		driver->row_mode_bottom = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_BOTTOM_EXCITATORY;
		driver->row_mode_top = HALDLS_SYNAPSE_DRIVER_CONFIG_ROW_MODE_TOP_INHIBITORY;
	}
	for (uint32_t i = 0; i < 512; i++) {
		struct haldls_column_current_quad *quad = &chip->column_current_quad[i / 4];
		quad->enable_synaptic_current_excitatory[i % 4] = true;
		quad->enable_synaptic_current_inhibitory[i % 4] = true;
	}
}

void whole_chip_init(struct haldls_chip *chip)
{
	haldls_chip_init(chip);
	set_neurons(chip);
	set_synapses(chip);
}

void whole_chip_let_fire(struct haldls_chip *chip)
{
	for (uint32_t n = 0; n < 512; n++)
		chip->neuron_config[n].enable_fire = true;
}

/* ---- programs -------------------------------------------------------------------------------- */

void whole_chip_write(struct program *program, const struct haldls_chip *chip)
{
	uint32_t *words = malloc(HALDLS_CHIP_WORDS * sizeof(*words));
	assert_non_null(words);
	assert_ok(haldls_chip_encode(words, chip));
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		program_write(program, haldls_chip_addresses()[i], words[i]);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	free(words);
}

void whole_chip_events(struct program *program, uint32_t cycles, uint32_t gap)
{
	uint32_t random = 5;
	program_word(program, hxcomm_word_timer_setup());
	for (uint32_t cycle = 10; cycle < cycles; cycle += gap) {
		random = random * 1664525 + 1013904223;
		const uint16_t label = (uint16_t)(random >> 18 & 0x3fff);
		program_word(program, hxcomm_word_wait_until(cycle));
		program_word(program, hxcomm_word_spike_pack_1(label));
	}
	program_word(program, hxcomm_word_wait_until(cycles));
}

void whole_chip_reads(struct program *program)
{
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		for (uint32_t row = 0; row < 4; row++)
			for (uint32_t quad = 0; quad < 64; quad++) {
				const uint32_t place = hemisphere << 24 | row << 6 | quad;
				program_read(program, 0x02c80000 | place | (quad ? 0x200000 : 0));
				program_read(program, 0x02ec0000 | place);
			}
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
}

/* ---- runs ------------------------------------------------------------------------------------ */

static int keep(void *user, const uint64_t *words, size_t count)
{
	struct answer *answer = user;
	answer->words = realloc(answer->words, (answer->count + count) * sizeof(*words));
	assert_non_null(answer->words);
	memcpy(answer->words + answer->count, words, count * sizeof(*words));
	answer->count += count;
	return HXCOMM_OK;
}

struct answer answer_of(
        const struct program *program, const struct emulator_options *options, size_t piece)
{
	struct emulator_fpga *fpga;
	struct answer answer = { 0 };
	assert_ok(emulator__fpga_new(&fpga, options));
	emulator__fpga_begin(fpga, keep, &answer);
	for (size_t i = 0; i < program->count; i += piece)
		assert_ok(emulator__fpga_feed(fpga, &program->words[i],
		        program->count - i < piece ? program->count - i : piece));
	assert_ok(emulator__fpga_end(fpga));
	emulator__analog_work(&answer.work, fpga->chip->analog);
	emulator__fpga_free(fpga);
	return answer;
}

void answer_free(struct answer *answer)
{
	free(answer->words);
	*answer = (struct answer){ 0 };
}

void assert_same_words(const struct answer *a, const struct answer *b, const char *what)
{
	if (a->count != b->count)
		fail_msg("%s: %zu words, not %zu", what, b->count, a->count);
	for (size_t i = 0; i < a->count; i++)
		if (a->words[i] != b->words[i])
			fail_msg("%s: word %zu of %zu differs", what, i, a->count);
}

struct hxcomm_responses *answer_decode(const struct answer *answer)
{
	struct hxcomm_responses *responses;
	struct hxcomm_decoder decoder;
	assert_ok(hxcomm_responses_new(&responses, 0));
	hxcomm_decoder_init(&decoder);
	assert_ok(hxcomm_decode(&decoder, answer->words, answer->count, responses));
	return responses;
}

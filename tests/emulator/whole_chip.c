// SPDX-License-Identifier: MIT
#include "whole_chip.h"

#include "assert.h"
#include "dense_network.h"

#include <stdlib.h>

enum { SENSOR_STORE = 70 };

/* ---- settings -------------------------------------------------------------------------------- */

/* Near their thresholds; the other terms have their cells, and are off. */
static void set_neurons(struct haldls_chip *chip)
{
	static const struct network_code codes[] = {
		{ HALDLS_CAPMEM_V_LEAK, 610 }, { HALDLS_CAPMEM_I_BIAS_ADAPT_TAU, 100 },
		{ HALDLS_CAPMEM_I_BIAS_ADAPT_A, 20 }, { HALDLS_CAPMEM_I_BIAS_ADAPT_B, 40 },
		{ HALDLS_CAPMEM_V_ADAPT_LEAK, 680 }, { HALDLS_CAPMEM_I_BIAS_EXP, 100 },
		{ HALDLS_CAPMEM_V_EXP, 720 }, { HALDLS_CAPMEM_I_BIAS_NMDA, 200 },
		{ HALDLS_CAPMEM_I_BIAS_SYNIN_EXC_COBA, 30 },
		{ HALDLS_CAPMEM_E_SYNIN_EXC_REV, 800 },
	};
	network_set_neurons(chip);
	network_write_codes(chip, codes, sizeof(codes) / sizeof(*codes));
	for (uint32_t n = 0; n < NETWORK_NEURONS; n++) {
		chip->neuron_config[n].enable_readout_amplifier = true;
		chip->neuron_config[n].enable_readout = n == 77;
		chip->neuron_backend_config[n].enable_adaptation_pulse = true;
	}
	network_write_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_STORE, SENSOR_STORE);
	network_write_shared(chip, HALDLS_CAPMEM_SYN_I_BIAS_RAMP, 80);
}

static void set_synapses(struct haldls_chip *chip)
{
	network_connect(chip);
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		for (uint32_t i = 0; i < 65536; i++) {
			chip->synapse_weight[hemisphere][i / 256][i % 256] =
			        (uint8_t)(i * 7 % 64 / (i / 256 % 2 ? 8 : 1));
			chip->synapse_label[hemisphere][i / 256][i % 256] = (uint8_t)(i / 3 % 4);
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

void whole_chip_make_rich(struct haldls_chip *chip)
{
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		neuron->enable_adaptation = n % 3 == 0;
		neuron->enable_exponential = n % 5 == 0;
		neuron->enable_synaptic_input_excitatory_coba_mode = n % 7 == 0;
		neuron->connect_soma = n % 16 < 3;
		neuron->connect_soma_right = n % 16 < 2;
		neuron->enable_multicomp_conductance = n % 16 == 3;
	}
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

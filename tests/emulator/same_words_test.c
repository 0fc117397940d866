// SPDX-License-Identifier: MIT
/* The same words for the same program, bit by bit: on every instruction set, on one thread and two,
 * and however the words come; where neurons are simple, where they are rich and joined, and where
 * vectors are multiplied and everything is recorded; with long idle times in between. All noise and
 * spread is on. */
#include "assert.h"
#include "machine.h"

#include <haldls/chip.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <kernel.h>
#include <stdlib.h>

enum { CYCLES_MS = 125000, SETTLE_MS = 30, SENSOR_STORE = 70 };

/* ---- programs -------------------------------------------------------------------------------- */

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

/* Short-term plasticity above, activations below. */
static void set_drivers(struct haldls_chip *chip)
{
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->enable_stp = driver->enable_recovery = true;
		driver->enable_hagen_modulation = driver->enable_hagen_dac = d >= 128;
		driver->recovery = driver->utilization = 5;
	}
	for (uint32_t hemisphere = 0; hemisphere < 2; hemisphere++)
		chip->common_stp_config[hemisphere].enable_recovery_clock = true;
}

static void set_recorders(struct haldls_chip *chip)
{
	for (uint32_t e = 0; e < 128; e++)
		for (uint32_t entry = 0; entry < 4; entry++) {
			struct haldls_column_correlation_quad *quad =
			        &chip->column_correlation_quad[e];
			quad->enable_cadc_neuron_readout_causal[entry] = e % 2;
			quad->enable_internal_causal[entry] = e % 2 == 0;
			quad->enable_internal_acausal[entry] = true;
		}
	chip->readout_source_selection[0].neuron_odd[0][0] = true;
	chip->madc_config[0].number_of_samples = 5000;
}

static void write_chip(struct program *program, const struct haldls_chip *chip)
{
	uint32_t *words = malloc(HALDLS_CHIP_WORDS * sizeof(*words));
	assert_non_null(words);
	assert_ok(haldls_chip_encode(words, chip));
	for (size_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		program_write(program, haldls_chip_addresses()[i], words[i]);
	program_word(program, hxcomm_word_barrier(HXCOMM_BARRIER_OMNIBUS));
	free(words);
}

/* Events for all drivers, @gap cycles apart. */
static void append_events(struct program *program, uint32_t cycles, uint32_t gap)
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

static void append_reads(struct program *program)
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

static void simple_neurons(struct program *program, struct haldls_chip *chip)
{
	write_chip(program, chip);
	append_events(program, CYCLES_MS / 4, 12);
	program_wait(program, 20 * CYCLES_MS);
	append_events(program, CYCLES_MS / 8, 40);
	append_reads(program);
}

/* Adaptation, exponential terms, conductances, compartments, bypasses, masters and slaves: here and
 * there, once the memory has settled. */
static void rich_neurons(struct program *program, struct haldls_chip *chip)
{
	for (uint32_t n = 0; n < 512; n++) {
		struct haldls_neuron_config *neuron = &chip->neuron_config[n];
		struct haldls_neuron_backend_config *backend =
		        &chip->neuron_backend_config[haldls_neuron_backend(n)];
		neuron->enable_adaptation = n % 3 == 0;
		neuron->enable_exponential = n % 5 == 0;
		neuron->enable_synaptic_input_excitatory_coba_mode = n % 7 == 0;
		neuron->connect_soma = n % 16 < 3;
		neuron->connect_soma_right = n % 16 < 2;
		neuron->enable_multicomp_conductance = n % 16 == 3;
		neuron->connect_bottom = n == 9;
		neuron->enable_bypass_excitatory = n == 200;
		backend->enable_neuron_master = backend->connect_fire_to_right = n % 64 == 20;
		backend->enable_neuron_slave = n % 64 == 21;
	}
	write_chip(program, chip);
	append_events(program, CYCLES_MS / 10, 25);
	program_wait(program, CYCLES_MS / 10);
	append_reads(program);
}

static void vectors_and_recordings(struct program *program, struct haldls_chip *chip)
{
	set_drivers(chip);
	set_recorders(chip);
	write_chip(program, chip);
	program_write(program, 0x000c0000, 2); /* the recording begins */
	append_events(program, CYCLES_MS / 8, 3);
	append_reads(program);
	program_wait(program, 5 * CYCLES_MS);
	append_events(program, CYCLES_MS / 16, 100);
	append_reads(program);
}

/* ---- runs ------------------------------------------------------------------------------------ */

typedef void compose(struct program *program, struct haldls_chip *chip);

/* The memory of the chip settles before anything fires. */
static void compose_program(struct program *program, compose *rest)
{
	struct haldls_chip *chip = malloc(sizeof(*chip));
	assert_non_null(chip);
	haldls_chip_init(chip);
	set_neurons(chip);
	set_synapses(chip);
	program_bring_up(program);
	write_chip(program, chip);
	program_wait(program, SETTLE_MS * CYCLES_MS);
	for (uint32_t n = 0; n < 512; n++)
		chip->neuron_config[n].enable_fire = true;
	rest(program, chip);
	free(chip);
}

struct answer {
	uint64_t *words;
	size_t count;
};

static int keep(void *user, const uint64_t *words, size_t count)
{
	struct answer *answer = user;
	answer->words = realloc(answer->words, (answer->count + count) * sizeof(*words));
	assert_non_null(answer->words);
	memcpy(answer->words + answer->count, words, count * sizeof(*words));
	answer->count += count;
	return HXCOMM_OK;
}

/* Run a program whose words come in pieces. */
static struct answer run(const struct program *program, unsigned kernel, unsigned threads,
        size_t piece)
{
	const struct emulator_options options = { .serial = 7, .seed = 3, .noise = true,
		.variation = true, .kernel = kernel, .threads = threads };
	struct emulator_fpga *fpga;
	struct answer answer = { 0 };
	assert_ok(emulator__fpga_new(&fpga, &options));
	emulator__fpga_begin(fpga, keep, &answer);
	for (size_t i = 0; i < program->count; i += piece)
		assert_ok(emulator__fpga_feed(fpga, &program->words[i],
		        program->count - i < piece ? program->count - i : piece));
	assert_ok(emulator__fpga_end(fpga));
	emulator__fpga_free(fpga);
	return answer;
}

static void assert_same_words(const struct answer *a, const struct answer *b, const char *what)
{
	if (a->count != b->count)
		fail_msg("%s: %zu words, not %zu", what, b->count, a->count);
	for (size_t i = 0; i < a->count; i++)
		if (a->words[i] != b->words[i])
			fail_msg("%s: word %zu of %zu differs", what, i, a->count);
}

/* Has the answer what the program is about? */
static void assert_rich_answer(const struct answer *answer, size_t spikes, size_t samples)
{
	struct hxcomm_responses *responses;
	struct hxcomm_decoder decoder;
	assert_ok(hxcomm_responses_new(&responses, 0));
	hxcomm_decoder_init(&decoder);
	assert_ok(hxcomm_decode(&decoder, answer->words, answer->count, responses));
	assert_true(responses->spikes.count >= spikes);
	assert_int_equal(responses->madc.count, samples);
	assert_int_equal(responses->timeouts.count, 0);
	hxcomm_responses_free(responses);
}

static void assert_always_the_same(compose *rest, size_t spikes, size_t samples)
{
	const struct kernel *all[3];
	const unsigned kernels = emulator__kernel_list(all);
	struct program program = { 0 };
	compose_program(&program, rest);
	struct answer first = run(&program, 0, 1, program.count);
	assert_rich_answer(&first, spikes, samples);
	for (unsigned kernel = 1; kernel <= kernels; kernel++) {
		const unsigned threads = kernel == 2 ? 1 : 2;
		struct answer other = run(&program, kernel, threads, 1 + 4095 * (kernel % 2));
		assert_same_words(&first, &other, all[kernel - 1]->name);
		free(other.words);
	}
	free(first.words);
	program_free(&program);
}

static void simple_neurons_always_give_the_same_words(void **state)
{
	(void)state;
	assert_always_the_same(simple_neurons, 1000, 0);
}

static void rich_neurons_always_give_the_same_words(void **state)
{
	(void)state;
	assert_always_the_same(rich_neurons, 500, 0);
}

static void vectors_and_recordings_always_give_the_same_words(void **state)
{
	(void)state;
	assert_always_the_same(vectors_and_recordings, 100, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(simple_neurons_always_give_the_same_words),
		cmocka_unit_test(rich_neurons_always_give_the_same_words),
		cmocka_unit_test(vectors_and_recordings_always_give_the_same_words),
	};
	return cmocka_run_group_tests_name("emulator/same_words", tests, NULL, NULL);
}

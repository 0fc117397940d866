// SPDX-License-Identifier: MIT
/* What registers do: one function a container, one table. */
#include "chip.h"

#include <haldls/containers.h>
#include <haldls/coordinate.h>

#include <string.h>

/* ---- analog settings ------------------------------------------------------------------------- */

static void apply_neuron(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_neuron_config config;
	if (haldls_neuron_config_container.decode(&config, words))
		return;
	if (chip->faults.neuron[element])
		config.enable_fire = config.enable_readout_amplifier = false;
	chip->can_fire[element] = config.enable_fire &&
	        (config.enable_threshold_comparator || config.enable_bypass_excitatory ||
	                config.enable_bypass_inhibitory);
	chip->routes_stale = true;
	emulator__analog_set_neuron(chip->analog, element, &config);
}

static void apply_backend(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_neuron_backend_config config;
	if (haldls_neuron_backend_config_container.decode(&config, words))
		return;
	const uint32_t neuron = haldls_neuron_backend(element); /* its own inverse */
	emulator__events_set_neuron(
	        &chip->events, neuron, config.enable_spike_out, (uint8_t)config.address_out);
	chip->is_slave[neuron] = config.enable_neuron_slave;
	chip->routes_stale = true;
	emulator__analog_set_backend(chip->analog, neuron, &config);
}

static void apply_common_backend(struct emulator_chip *chip, uint32_t element,
        const uint32_t *words)
{
	struct haldls_common_neuron_backend_config config;
	if (!haldls_common_neuron_backend_config_container.decode(&config, words))
		emulator__analog_set_common_backend(chip->analog, element, &config);
}

static void apply_capmem_cell(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	emulator__analog_set_capmem(chip->analog, chip->now, element, (uint16_t)(words[0] & 1023));
}

static void apply_capmem_block(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_capmem_block_config config;
	if (!haldls_capmem_block_config_container.decode(&config, words))
		emulator__analog_set_capmem_block(chip->analog, element, &config);
}

static void apply_driver(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_synapse_driver_config config;
	if (haldls_synapse_driver_config_container.decode(&config, words))
		return;
	chip->events.driver[element].receives =
	        config.enable_receiver && !chip->faults.driver[element];
	chip->events.driver[element].mask = (uint8_t)config.row_address_compare_mask;
	chip->events.stale = true;
	chip->routes_stale = true;
	emulator__analog_set_driver(chip->analog, element, &config);
}

static void apply_cadc(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	if (!haldls_cadc_config_container.decode(&chip->cadc_config[element], words))
		emulator__analog_set_cadc(chip->analog, element, &chip->cadc_config[element]);
}

static void apply_cadc_channel(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	emulator__analog_set_cadc_offset(chip->analog, element / 512, element / 256 % 2,
	        element % 256, (int)(words[0] & 255) - 128);
}

static void apply_readout(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_readout_source_selection config;
	(void)element;
	if (!haldls_readout_source_selection_container.decode(&config, words))
		emulator__analog_set_readout(chip->analog, &config);
}

static void apply_pad(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_pad_multiplexer_config config;
	if (!haldls_pad_multiplexer_config_container.decode(&config, words))
		emulator__analog_set_pad(chip->analog, element, &config);
}

static void apply_madc(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	(void)element;
	if (!haldls_madc_config_container.decode(&chip->madc, words))
		emulator__analog_set_madc(chip->analog, &chip->madc);
}

static void apply_stp(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_common_stp_config config;
	if (!haldls_common_stp_config_container.decode(&config, words))
		emulator__analog_set_stp(chip->analog, element, &config);
}

static void apply_correlation(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_common_correlation_config config;
	if (!haldls_common_correlation_config_container.decode(&config, words))
		emulator__analog_set_correlation(chip->analog, element, &config);
}

static void apply_bias_selection(struct emulator_chip *chip, uint32_t element,
        const uint32_t *words)
{
	struct haldls_synapse_bias_selection config;
	(void)element;
	if (!haldls_synapse_bias_selection_container.decode(&config, words))
		emulator__analog_set_bias_selection(chip->analog, &config);
}

static void apply_current_dac(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_current_dac config;
	(void)element;
	if (!haldls_current_dac_container.decode(&config, words))
		emulator__analog_set_current_dac(chip->analog, &config);
}

static void apply_reference(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_reference_generator_config config;
	(void)element;
	if (!haldls_reference_generator_config_container.decode(&config, words))
		emulator__analog_set_reference(chip->analog, chip->now, &config);
}

/* ---- event routing --------------------------------------------------------------------------- */

static void apply_padi(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_common_padi_bus_config config;
	if (haldls_common_padi_bus_config_container.decode(&config, words))
		return;
	for (unsigned bus = 0; bus < 4; bus++)
		chip->events.bus_enabled[4 * element + bus] = config.enable_spl1[bus];
	chip->routes_stale = true;
	emulator__analog_set_padi(chip->analog, element, &config);
}

static void apply_node(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_crossbar_node config;
	if (haldls_crossbar_node_container.decode(&config, words))
		return;
	emulator__events_set_node(&chip->events, element, &config);
	chip->routes_stale = true;
}

static void apply_outputs(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_crossbar_output_config config;
	(void)element;
	if (haldls_crossbar_output_config_container.decode(&config, words))
		return;
	for (unsigned i = 0; i < EMULATOR_OUTPUTS; i++)
		chip->events.count_events[i] = config.enable_event_counter[i];
}

static void apply_source(struct emulator_chip *chip, uint32_t element, const uint32_t *words)
{
	struct haldls_background_spike_source config;
	if (!haldls_background_spike_source_container.decode(&config, words))
		emulator__background_configure(&chip->background, element, &config, chip->now);
}

static void trigger_padi(struct emulator_chip *chip, uint32_t element, uint32_t value)
{
	const uint16_t label = (uint16_t)((value >> 22 & 31) << 6 | (value >> 16 & 63));
	for (unsigned bus = 0; bus < 4; bus++)
		if (value >> bus & 1 && !chip->events.bus_enabled[4 * element + bus])
			emulator__events_to_bus(&chip->events, chip->now, 4 * element + bus, label);
}

/* ---- triggers and counters ------------------------------------------------------------------- */

static void trigger_neuron_reset(struct emulator_chip *chip, uint32_t element, uint32_t value)
{
	(void)value;
	emulator__analog_neuron_reset(chip->analog, chip->now, haldls_neuron_backend(element));
}

static void trigger_post_pulse(struct emulator_chip *chip, uint32_t element, uint32_t value)
{
	(void)value;
	for (uint32_t row = 0; row < 2; row++)
		for (uint32_t column = 128 * element; column < 128 * element + 128; column++)
			emulator__analog_post_pulse(
			        chip->analog, chip->now, haldls_neuron(row, column));
}

static void trigger_counter_reset(struct emulator_chip *chip, uint32_t element, uint32_t value)
{
	(void)value;
	chip->spike_counter[haldls_neuron_backend(element)] = 0;
}

static void trigger_madc(struct emulator_chip *chip, uint32_t element, uint32_t value)
{
	struct haldls_madc_control control;
	const struct haldls_madc_config *madc = &chip->madc;
	struct emulator_recording *recording = &chip->recording;
	(void)element;
	if (haldls_madc_control_container.decode(&control, &value))
		return;
	if (control.stop_recording)
		recording->running = false;
	if (!control.start_recording || recording->running)
		return;
	*recording = (struct emulator_recording){
		.running = true,
		.start = chip->now + 1,
		.period = (12 + (uint64_t)madc->sample_duration_adjust) *
		        (madc->enable_madc_clock_scaling
		                        ? 2 * ((uint64_t)madc->madc_clock_scale_value + 1)
		                        : 1),
		.count = control.enable_continuous_sampling ? UINT64_MAX : madc->number_of_samples,
		.input = (uint32_t)madc->active_mux_initially_selected_input,
		.switches = madc->active_mux_input_select_length,
		.dummy = madc->enable_dummy_data,
	};
	emulator__analog_madc_begin(chip->analog, recording->start);
}

static uint32_t read_spike_counter(struct emulator_chip *chip, uint32_t element)
{
	return chip->spike_counter[haldls_neuron_backend(element)];
}

static uint32_t read_drop_counter(struct emulator_chip *chip, uint32_t element)
{
	return chip->events.drop_counter[element];
}

static uint32_t read_event_counter(struct emulator_chip *chip, uint32_t element)
{
	return chip->events.event_counter[element];
}

static uint32_t read_ppu_status(struct emulator_chip *chip, uint32_t element)
{
	(void)chip, (void)element;
	return 1; /* sleeping: the processors do not run */
}

static uint32_t read_self_test(struct emulator_chip *chip, uint32_t element)
{
	(void)element;
	return emulator__clocks_self_test(&chip->clocks, chip->now);
}

/* ---- the table ------------------------------------------------------------------------------- */

static const struct emulator_chip_effect effects[] = {
	{ .container = "NeuronConfig", .apply = apply_neuron },
	{ .container = "NeuronBackendConfig", .apply = apply_backend },
	{ .container = "CommonNeuronBackendConfig", .apply = apply_common_backend,
	        .timing = EMULATOR_TIMING_OWN },
	{ .container = "CapMemCell", .apply = apply_capmem_cell, .timing = EMULATOR_TIMING_CELL,
	        .repeats = true },
	{ .container = "CapMemBlockConfig", .apply = apply_capmem_block },
	{ .container = "SynapseDriverConfig", .apply = apply_driver,
	        .timing = EMULATOR_TIMING_ROUTE },
	{ .container = "CADCConfig", .apply = apply_cadc },
	{ .container = "CADCChannelConfig", .apply = apply_cadc_channel,
	        .timing = EMULATOR_TIMING_WEIGHT },
	{ .container = "ReadoutSourceSelection", .apply = apply_readout },
	{ .container = "PadMultiplexerConfig", .apply = apply_pad },
	{ .container = "MADCConfig", .apply = apply_madc },
	{ .container = "CommonSTPConfig", .apply = apply_stp },
	{ .container = "CommonCorrelationConfig", .apply = apply_correlation },
	{ .container = "SynapseBiasSelection", .apply = apply_bias_selection },
	{ .container = "CurrentDAC", .apply = apply_current_dac },
	{ .container = "ReferenceGeneratorConfig", .apply = apply_reference },
	{ .container = "CommonPADIBusConfig", .apply = apply_padi,
	        .timing = EMULATOR_TIMING_ROUTE },
	{ .container = "CrossbarNode", .apply = apply_node, .timing = EMULATOR_TIMING_ROUTE },
	{ .container = "CrossbarOutputConfig", .apply = apply_outputs,
	        .timing = EMULATOR_TIMING_ROUTE },
	{ .container = "BackgroundSpikeSource", .apply = apply_source,
	        .timing = EMULATOR_TIMING_OWN },
	{ .container = "PADIEvent", .trigger = trigger_padi },
	{ .container = "NeuronReset", .trigger = trigger_neuron_reset },
	{ .container = "BlockPostPulse", .trigger = trigger_post_pulse },
	{ .container = "SpikeCounterReset", .trigger = trigger_counter_reset },
	{ .container = "MADCControl", .trigger = trigger_madc },
	{ .container = "SpikeCounterRead", .read = read_spike_counter },
	{ .container = "CrossbarInputDropCounter", .read = read_drop_counter },
	{ .container = "CrossbarOutputEventCounter", .read = read_event_counter },
	{ .container = "PPUStatusRegister", .read = read_ppu_status },
	{ .container = "PLLSelfTestStatus", .read = read_self_test },
};

const struct emulator_chip_effect *emulator__chip_effect(int effect)
{
	return &effects[effect];
}

int emulator__chip_classify(const struct haldls_container *container)
{
	for (size_t i = 0; i < sizeof(effects) / sizeof(*effects); i++)
		if (!strcmp(effects[i].container, container->name))
			return (int)i;
	return -1;
}

/* ---- synapses and column switches ------------------------------------------------------------ */

/* A weight passes a permutation of its bits: bit 5 stays, bits 4 to 0 are reversed
 * (source: spec/registers_chip.md 4). */
static uint8_t weight_of(uint32_t stored)
{
	return (uint8_t)((stored & 32) | (stored & 1) << 4 | (stored & 2) << 2 | (stored & 4) |
	        (stored & 8) >> 2 | (stored & 16) >> 4);
}

static void apply_quad(struct emulator_chip *chip, uint32_t number)
{
	const uint32_t quad = number % EMULATOR_QUADS, line = number / EMULATOR_QUADS;
	const uint32_t hemisphere = line / EMULATOR_SYNAPSE_ROWS,
	               row = line % EMULATOR_SYNAPSE_ROWS;
	const uint32_t even = chip->registers->synapses[hemisphere][row][0][quad];
	const uint32_t odd = chip->registers->synapses[hemisphere][row][1][quad];
	const bool dead = row < 256 && chip->faults.row[256 * hemisphere + row];
	for (uint32_t entry = 0; entry < 4; entry++) {
		const uint32_t column = haldls_column_of_quad(quad, entry);
		const uint32_t first = even >> (24 - 8 * entry) & 255;
		const uint32_t second = odd >> (24 - 8 * entry) & 255;
		if (row < 256) {
			emulator__analog_set_synapses(chip->analog, hemisphere, row, column,
			        dead ? 0 : weight_of(first), (uint8_t)(second & 63));
			emulator__analog_set_synapse_calibration(chip->analog, hemisphere, row,
			        column, (uint8_t)(first >> 6 & 3), (uint8_t)(second >> 6 & 3));
		} else if (row == 256) {
			emulator__analog_set_column_current(chip->analog, hemisphere, column,
			        first >> 6 & 1, first >> 7 & 1);
			emulator__analog_set_column_readout(chip->analog, hemisphere, column,
			        first >> 5 & 1, second >> 5 & 1);
			emulator__analog_set_column_current_debug(chip->analog, hemisphere, column,
			        second >> 6 & 1, second >> 7 & 1);
		} else {
			emulator__analog_set_column_correlation(chip->analog, hemisphere, column,
			        first >> 6 & 1, first >> 7 & 1);
			emulator__analog_set_column_debug(chip->analog, hemisphere, column,
			        second >> 6 & 1, second >> 7 & 1);
		}
	}
}

void emulator__chip_apply(struct emulator_chip *chip)
{
	struct emulator_registers *registers = chip->registers;
	for (uint32_t i = 0; i < registers->list_count; i++) {
		const uint32_t number = registers->list[i], owner = registers->owner[number];
		const struct emulator_mapped *mapped = &registers->mapped[owner];
		const uint32_t element = number - mapped->first_element;
		if (effects[mapped->effect].apply)
			effects[mapped->effect].apply(chip, element,
			        emulator__registers_words(registers, owner, element));
	}
	for (uint32_t i = 0; i < registers->quad_count; i++)
		apply_quad(chip, registers->quads[i]);
	emulator__registers_settle(registers);
	chip->step_changed = false;
}

/* ---- windows beside the synapses ------------------------------------------------------------- */

enum {
	SAMPLES = 0x02c80000,
	SAMPLES_END = 0x02c84000,
	RESETS = 0x02c90000, /* correlation resets by row; behind them those of neurons */
	NEURON_RESETS = 0x02c94000,
	HEMISPHERE = 0x01000000,
	ACAUSAL = 0x40000,
	BUFFERED = 0x200000,
};

bool emulator__chip_is_sample(uint32_t address)
{
	const uint32_t base = address & ~(uint32_t)(HEMISPHERE | ACAUSAL | BUFFERED);
	return base >= SAMPLES && base < SAMPLES_END && address >> EMULATOR_ADDRESS_BITS == 0;
}

static void convert(struct emulator_chip *chip, unsigned hemisphere, uint32_t row)
{
	uint8_t(*values)[256] = chip->cadc[hemisphere];
	emulator__analog_set_cadc_row(chip->analog, hemisphere, row);
	emulator__analog_cadc_convert(chip->analog, chip->now, hemisphere, values);
	for (uint32_t i = 0; i < 512; i++)
		if (chip->faults.channel[512 * hemisphere + i])
			values[i / 256][i % 256] = chip->faults.stuck[512 * hemisphere + i];
}

uint32_t emulator__chip_read_samples(struct emulator_chip *chip, uint32_t address)
{
	const unsigned hemisphere = (address & HEMISPHERE) != 0, type = (address & ACAUSAL) != 0;
	const uint32_t quad = address % EMULATOR_QUADS;
	if (!(address & BUFFERED))
		convert(chip, hemisphere,
		        (address & (SAMPLES_END - SAMPLES - 1)) / EMULATOR_QUADS);
	uint32_t word = 0;
	for (uint32_t entry = 0; entry < 4; entry++)
		word = word << 8 | chip->cadc[hemisphere][type][haldls_column_of_quad(quad, entry)];
	return word;
}

/* A reset of neurons also resets the sensors of row 0 (source: spec/emulator_physics.md 5, 3). */
void emulator__chip_trigger_window(struct emulator_chip *chip, uint32_t address)
{
	const uint32_t hemisphere = (address & HEMISPHERE) != 0;
	const uint32_t place = (address & ~(uint32_t)HEMISPHERE) - RESETS;
	if (place >= NEURON_RESETS - RESETS + EMULATOR_QUADS)
		return;
	const bool neurons = place >= NEURON_RESETS - RESETS;
	const uint32_t row = neurons ? 0 : place / EMULATOR_QUADS;
	for (uint32_t entry = 0; entry < 4; entry++) {
		const uint32_t column = haldls_column_of_quad(place % EMULATOR_QUADS, entry);
		if (neurons)
			emulator__analog_neuron_reset(chip->analog, chip->now,
			        haldls_neuron(hemisphere, column));
		if (!neurons || chip->quirks == EMULATOR_QUIRKS_ON)
			emulator__analog_correlation_reset(
			        chip->analog, hemisphere, row, column);
	}
}

// SPDX-License-Identifier: MIT
#include "fake_analog.h"

#include <hxcomm/error.h>

#include <string.h>

struct fake_analog fake;

void fake_clear(void)
{
	memset(&fake, 0, sizeof(fake));
}

void fake_fire(uint64_t time, uint16_t neuron)
{
	if (fake.spike_count < FAKE_SPIKES)
		fake.spikes[fake.spike_count++] = (struct emulator_spike){ time, neuron };
}

int emulator__analog_new(struct emulator_analog **out, const struct emulator_analog_config *config)
{
	(void)config;
	fake_clear();
	*out = (struct emulator_analog *)(void *)&fake;
	return HXCOMM_OK;
}

void emulator__analog_free(struct emulator_analog *analog)
{
	(void)analog;
}

void emulator__analog_set_neuron(struct emulator_analog *analog, uint32_t neuron,
        const struct haldls_neuron_config *config)
{
	(void)analog, (void)config;
	fake.neuron_time[neuron] = fake.now;
	fake.neurons_set++;
}

void emulator__analog_stick(struct emulator_analog *analog, uint32_t neuron)
{
	(void)analog;
	fake.stuck[neuron] = true;
}

void emulator__analog_set_backend(struct emulator_analog *analog, uint32_t neuron,
        const struct haldls_neuron_backend_config *config)
{
	(void)analog, (void)neuron, (void)config;
	fake.backends_set++;
}

void emulator__analog_set_common_backend(struct emulator_analog *analog, uint32_t half,
        const struct haldls_common_neuron_backend_config *config)
{
	(void)analog, (void)half, (void)config;
}

void emulator__analog_set_capmem(struct emulator_analog *analog, uint64_t now, uint32_t cell,
        uint16_t code)
{
	(void)analog;
	fake.capmem[cell] = code;
	fake.capmem_time[cell] = now;
}

void emulator__analog_set_driver(struct emulator_analog *analog, uint32_t driver,
        const struct haldls_synapse_driver_config *config)
{
	(void)analog, (void)driver, (void)config;
	fake.drivers_set++;
}

void emulator__analog_set_synapses(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t row, uint32_t column, uint8_t weight, uint8_t label)
{
	(void)analog;
	fake.synapses_set++;
	fake.weight[hemisphere][row][column] = weight;
	fake.label[hemisphere][row][column] = label;
}

void emulator__analog_set_column_current(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t column, bool excitatory, bool inhibitory)
{
	(void)analog;
	fake.excitatory[hemisphere][column] = excitatory;
	fake.inhibitory[hemisphere][column] = inhibitory;
}

void emulator__analog_set_column_readout(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t column, bool causal, bool acausal)
{
	(void)analog;
	fake.causal[hemisphere][column] = causal;
	fake.acausal[hemisphere][column] = acausal;
}

void emulator__analog_set_column_debug(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t column, bool causal, bool acausal)
{
	(void)analog, (void)hemisphere, (void)column, (void)causal, (void)acausal;
}

void emulator__analog_set_capmem_block(struct emulator_analog *analog, uint32_t quadrant,
        const struct haldls_capmem_block_config *config)
{
	(void)analog, (void)quadrant, (void)config;
}

void emulator__analog_set_pad(struct emulator_analog *analog, uint32_t pad,
        const struct haldls_pad_multiplexer_config *config)
{
	(void)analog, (void)pad, (void)config;
}

void emulator__analog_set_readout(struct emulator_analog *analog,
        const struct haldls_readout_source_selection *config)
{
	(void)analog, (void)config;
}

void emulator__analog_set_madc(struct emulator_analog *analog,
        const struct haldls_madc_config *config)
{
	(void)analog, (void)config;
}

void emulator__analog_set_cadc(struct emulator_analog *analog, uint32_t hemisphere,
        const struct haldls_cadc_config *config)
{
	(void)analog, (void)hemisphere, (void)config;
}

void emulator__analog_set_cadc_offset(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t type, uint32_t column, int offset)
{
	(void)analog;
	fake.offset[hemisphere][type][column] = offset;
}

void emulator__analog_driver_event(struct emulator_analog *analog, uint64_t t, uint32_t driver,
        uint8_t label6)
{
	(void)analog;
	fake.late |= t < fake.now;
	if (fake.event_count < FAKE_EVENTS) {
		fake.events[fake.event_count].time = t;
		fake.events[fake.event_count].driver = driver;
		fake.events[fake.event_count++].label = label6;
	}
}

void emulator__analog_driver_events(struct emulator_analog *analog,
        const struct emulator_driver_event *events, size_t count)
{
	for (size_t i = 0; i < count; i++)
		emulator__analog_driver_event(
		        analog, events[i].time, events[i].driver, events[i].label);
}

void emulator__analog_neuron_reset(struct emulator_analog *analog, uint64_t t, uint32_t neuron)
{
	(void)analog;
	fake.late |= t < fake.now;
	fake.resets[neuron]++;
}

/* Channel and number of the conversion: each conversion differs. */
void emulator__analog_cadc_convert(struct emulator_analog *analog, uint64_t t, uint32_t hemisphere,
        uint8_t out[2][256])
{
	(void)analog;
	fake.late |= t < fake.now;
	fake.conversions++;
	for (uint32_t type = 0; type < 2; type++)
		for (uint32_t column = 0; column < 256; column++)
			out[type][column] = (uint8_t)(column + 7 * type + 3 * hemisphere +
			        100 * fake.conversions);
}

uint16_t emulator__analog_madc_sample(struct emulator_analog *analog, uint64_t t, uint32_t channel)
{
	(void)analog;
	return (uint16_t)((t & 255) + 256 * channel);
}

int emulator__analog_advance(struct emulator_analog *analog, uint64_t t, struct emulator_spike *out,
        size_t capacity, size_t *count)
{
	(void)analog;
	*count = 0;
	fake.late |= t < fake.now;
	fake.now = t;
	fake.advances++;
	while (fake.spikes_sent < fake.spike_count && *count < capacity &&
	        fake.spikes[fake.spikes_sent].time <= t)
		out[(*count)++] = fake.spikes[fake.spikes_sent++];
	return HXCOMM_OK;
}

/* Leaps to the last step before the next spike. */
uint64_t emulator__analog_leap(struct emulator_analog *analog, uint64_t t)
{
	uint64_t end = t;
	(void)analog;
	if (fake.spikes_sent < fake.spike_count && fake.spikes[fake.spikes_sent].time < end)
		end = fake.spikes[fake.spikes_sent].time;
	end -= end % EMULATOR_STEP_TICKS;
	fake.leaps++;
	if (end > fake.now)
		fake.now = end;
	return end;
}

/* ---- what the digital half hands on without a look -------------------------------------------- */

void emulator__analog_set_stp(struct emulator_analog *analog, uint32_t hemisphere,
        const struct haldls_common_stp_config *config)
{
	(void)analog, (void)hemisphere, (void)config;
}

void emulator__analog_set_padi(struct emulator_analog *analog, uint32_t hemisphere,
        const struct haldls_common_padi_bus_config *config)
{
	(void)analog, (void)hemisphere, (void)config;
}

void emulator__analog_set_correlation(struct emulator_analog *analog, uint32_t hemisphere,
        const struct haldls_common_correlation_config *config)
{
	(void)analog, (void)hemisphere, (void)config;
}

void emulator__analog_set_bias_selection(struct emulator_analog *analog,
        const struct haldls_synapse_bias_selection *config)
{
	(void)analog, (void)config;
}

void emulator__analog_set_synapse_calibration(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t row, uint32_t column, uint8_t time, uint8_t amplitude)
{
	(void)analog, (void)hemisphere, (void)row, (void)column, (void)time, (void)amplitude;
}

void emulator__analog_correlation_reset(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t row, uint32_t column)
{
	(void)analog, (void)hemisphere, (void)row, (void)column;
}

void emulator__analog_post_pulse(struct emulator_analog *analog, uint64_t t, uint32_t neuron)
{
	(void)analog, (void)t, (void)neuron;
}

void emulator__analog_set_column_current_debug(struct emulator_analog *analog,
        uint32_t hemisphere, uint32_t column, bool excitatory, bool inhibitory)
{
	(void)analog, (void)hemisphere, (void)column, (void)excitatory, (void)inhibitory;
}

void emulator__analog_set_column_correlation(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t column, bool causal, bool acausal)
{
	(void)analog, (void)hemisphere, (void)column, (void)causal, (void)acausal;
}

void emulator__analog_set_cadc_row(struct emulator_analog *analog, uint32_t hemisphere,
        uint32_t row)
{
	(void)analog, (void)hemisphere, (void)row;
}

void emulator__analog_set_current_dac(struct emulator_analog *analog,
        const struct haldls_current_dac *config)
{
	(void)analog, (void)config;
}

void emulator__analog_set_reference(struct emulator_analog *analog, uint64_t now,
        const struct haldls_reference_generator_config *config)
{
	(void)analog, (void)now, (void)config;
}

void emulator__analog_madc_begin(struct emulator_analog *analog, uint64_t t)
{
	(void)analog, (void)t;
}

void emulator__analog_set_board_volt(struct emulator_analog *analog,
        enum emulator_board_volt which, float volt)
{
	(void)analog;
	fake.board_volt[which] = volt;
}

void emulator__analog_drive_pad(struct emulator_analog *analog, uint32_t pad, bool driven,
        float volt)
{
	(void)analog;
	fake.pad_driven[pad] = driven;
	fake.pad_volt[pad] = volt;
}

void emulator__analog_set_temperature(struct emulator_analog *analog, float celsius)
{
	(void)analog;
	fake.celsius = celsius;
}

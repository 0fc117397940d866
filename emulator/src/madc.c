// SPDX-License-Identifier: MIT
/* The fast converter: one sample at a time of what a readout multiplexer shows, of a pad, or of a
 * current.
 *
 * A code is (V + 0.04 V) / 1.5 mV with the preamplifier's usual capacitor, 31; the gain goes with
 * 32 over the capacitor plus one. The way from the neurons to the converter has a bandwidth of 8
 * MHz, each multiplexer its own. In the first 8 us of a recording samples are not valid: they come
 * down from full scale. A preamplifier whose sampling window is empty, and an input that nothing is
 * connected to, read as 0 V. Each chip's converter has an offset and a gain of its own, of which
 * the self-calibration leaves a tenth. A current reads as 512 + I / 2 nA. The pseudo-differential
 * reference changes nothing. Source: spec/emulator_physics.md 2.6, spec/registers_chip.md 7; gain
 * of the capacitor and scale of the currents are assumed. */
#include "analog_state.h"
#include "noise.h"
#include "physics.h"
#include "readout.h"

#include <emulator/emulator.h>

#include <math.h>

enum { MADC_MAX = 1023, MADC_MIDDLE = 512, INVALID_TICKS = 2000 };

static const float bandwidth = 8e6f; /* Hz */
static const float turn = 6.2831853f;
static const float invalid_fade = 400;            /* ticks */
static const float ampere_lsb = 2e-9f;

/* The last value of a multiplexer pulls at the next. */
static float filtered(struct emulator_analog *a, uint64_t t, uint32_t channel, float volt)
{
	struct analog_filter *filter = &a->madc_filter[channel];
	const float span = (float)(t - filter->time) * 4e-9f;
	if (filter->running && t > filter->time)
		filter->volt = volt + (filter->volt - volt) * expf(-span * turn * bandwidth);
	else if (!filter->running)
		filter->volt = volt;
	filter->time = t;
	filter->running = true;
	return filter->volt;
}

/* A current over its line: that of the current DAC. */
static float current(const struct emulator_analog *a)
{
	const struct haldls_madc_config *config = &a->madc;
	bool reached = false;
	for (unsigned i = 0; i < 2; i++)
		reached |= (config->connect_iconv_neuron[i] && a->current_dac.connect_neuron[i]) ||
			   (config->connect_iconv_synapse[i] && a->current_dac.connect_synapse[i]);
	return reached ? emulator__readout_dac_current(a) : 0;
}

/* What the calibration leaves of the converter's own offset and gain. */
static float uncalibrated(const struct emulator_analog *a)
{
	return a->madc.enable_calibration ? 0.1f : 1;
}

/* Of a code over that with a gain of 1. */
static float gain_of(const struct emulator_analog *a)
{
	return 32 / (float)(a->madc.preamp_gain_capacitor_size + 1);
}

static float code_of(struct emulator_analog *a, uint64_t t, uint32_t channel)
{
	const struct haldls_madc_config *config = &a->madc;
	float volt = 0;
	if (config->signal_selection_connect_current_meter && config->enable_iconv_amplifier)
		return MADC_MIDDLE + current(a) / ampere_lsb;
	if (config->connect_pads_to_madc && !config->connect_preamp_to_madc)
		return (emulator__analog_pad_volt(a, channel) - PHYSICS_MADC_ZERO) /
		       PHYSICS_MADC_VOLT;
	const bool sampled =
		config->preamp_sampling_window_end > config->preamp_sampling_window_start;
	if (config->connect_preamp_to_madc && config->signal_selection_connect_preamp && sampled) {
		if (config->signal_selection_connect_active_mux &&
			config->enable_active_mux_amplifiers)
			volt = filtered(a, t, channel, emulator__readout_mux(a, t, channel));
		else if (config->signal_selection_connect_debug)
			volt = emulator__analog_pad_volt(a, channel);
	}
	return (volt - PHYSICS_MADC_ZERO) / PHYSICS_MADC_VOLT * gain_of(a);
}

void emulator__analog_look_at_madc(struct emulator_madc *out, const struct emulator_analog *a)
{
	const struct variation_madc *pattern = &a->pattern->madc;
	const double left = (double)uncalibrated(a);
	*out = (struct emulator_madc){
		.zero_volt = (double)PHYSICS_MADC_ZERO,
		.lsb_volt = (double)PHYSICS_MADC_VOLT / (double)gain_of(a),
		.offset = left * (double)pattern->offset,
		.gain = 1 + left * ((double)pattern->gain - 1),
		.noise_sigma = a->config.noise ? (double)PHYSICS_MADC_NOISE : 0,
		.bandwidth = (double)bandwidth,
	};
}

uint16_t emulator__analog_madc_sample(struct emulator_analog *a, uint64_t t, uint32_t channel)
{
	const struct variation_madc *pattern = &a->pattern->madc;
	const float left = uncalibrated(a);
	float value = code_of(a, t, channel);
	value += left * (pattern->offset + (pattern->gain - 1) * value);
	if (a->config.quirks == EMULATOR_QUIRKS_ON && a->madc_begun &&
		t < a->madc_begin + INVALID_TICKS)
		value += (MADC_MAX - value) * expf(-(float)(t - a->madc_begin) / invalid_fade);
	if (a->config.noise) {
		double normal[2];
		emulator__noise_normals(normal, a->config.seed, NOISE_MADC, channel, a->samples++);
		value += PHYSICS_MADC_NOISE * (float)normal[0];
	}
	const float rounded = floorf(value + 0.5f);
	return (uint16_t)(rounded < 0 ? 0 : rounded > MADC_MAX ? MADC_MAX : rounded);
}

void emulator__analog_madc_begin(struct emulator_analog *a, uint64_t t)
{
	a->madc_begin = t;
	a->madc_begun = true;
	for (unsigned channel = 0; channel < ANALOG_MUXES; channel++)
		a->madc_filter[channel].running = false;
}

void emulator__analog_set_madc(struct emulator_analog *a, const struct haldls_madc_config *config)
{
	a->madc = *config;
}

// SPDX-License-Identifier: MIT
/* Draws are counted, not chained, so that a source costs nothing until somebody asks for it. */
#include "background.h"

#include "noise.h"

enum { DRAWS_PER_BLOCK = 8 };

static uint64_t period(const struct emulator_background_source *source)
{
	return source->config.period ? source->config.period : 1;
}

void emulator__background_configure(struct emulator_background *background, unsigned i,
        const struct haldls_background_spike_source *config, uint64_t now)
{
	struct emulator_background_source *source = &background->source[i];
	const struct haldls_background_spike_source old = source->config;
	source->config = *config;
	background->enabled &= ~(1u << i);
	background->enabled |= (unsigned)config->enable << i;
	if (!config->enable || !old.enable) {
		source->pending = false;
		if (config->enable) {
			source->seed = config->seed;
			source->draw = 0;
			source->block = 0;
			source->epoch = now;
			source->index = 1;
		}
		return;
	}
	if (source->pending && source->time >= now) {
		/* drawn with the old settings, but not due yet: look again */
		source->pending = false;
		source->index--;
		source->draw -= old.enable_random;
	}
	if (config->period != old.period) {
		source->epoch = now;
		source->index = 1;
	}
}

static uint16_t draw(struct emulator_background_source *source)
{
	const uint64_t block = source->draw / DRAWS_PER_BLOCK;
	if (source->block != block + 1) {
		emulator__noise_bits(source->drawn, source->seed, NOISE_BACKGROUND, block);
		source->block = block + 1;
	}
	const unsigned position = (unsigned)(source->draw++ % DRAWS_PER_BLOCK);
	return (uint16_t)(source->drawn[position / 2] >> (16 * (position % 2)));
}

uint64_t emulator__background_find(struct emulator_background *background, unsigned i,
        uint64_t limit)
{
	struct emulator_background_source *source = &background->source[i];
	const struct haldls_background_spike_source *config = &source->config;
	if (source->pending)
		return source->time < limit ? source->time : UINT64_MAX;
	if (!config->enable || (config->enable_random && !config->rate))
		return UINT64_MAX;
	for (uint64_t time; (time = source->epoch + source->index * period(source)) < limit;) {
		uint16_t label = (uint16_t)config->neuron_label;
		bool sends = true;
		source->index++;
		background->looks++;
		if (config->enable_random) {
			const uint16_t bits = draw(source);
			const uint16_t mask = (uint16_t)config->mask;
			sends = (bits & 0xff) <= config->rate;
			label = (uint16_t)((label & ~mask) | ((bits >> 8) & mask));
		}
		if (sends) {
			source->pending = true;
			source->time = time;
			source->label = label;
			return time;
		}
	}
	return UINT64_MAX;
}

uint16_t emulator__background_take(struct emulator_background *background, unsigned i)
{
	background->source[i].pending = false;
	return background->source[i].label;
}

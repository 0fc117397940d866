// SPDX-License-Identifier: MIT
#include "chain.h"

#include <hxcomm/error.h>

#include <stdlib.h>

enum {
	NEURONS = SYNFIRE_LINKS * SYNFIRE_LINK_NEURONS,
	STARTERS = 7,        /* external sources that start a wave */
	START_WEIGHT = 63,   /* of their spikes */
	FORWARD_WEIGHT = 63, /* from the excitatory neurons of a link to all of the next */
	CLOSING_WEIGHT = 20, /* from the inhibitory neurons of a link to its excitatory ones */
};

static const double first_wave_s = 20e-6;

struct synfire_chain {
	struct grenade_network *network;
	struct grenade_plan *plan;
	struct grenade_session *session;
	struct haldls_chip *chip;
	struct grenade_result *result; /* of the last run */
	uint32_t neurons, starters;    /* populations */
	uint32_t forward[SYNFIRE_LINKS]; /* projections into each link; into the first from outside */
};

static uint32_t neuron_of(uint32_t link, uint32_t member)
{
	return link * SYNFIRE_LINK_NEURONS + member;
}

/* All of one group to all of another. */
static int connect(uint32_t *out, struct grenade_network *network, uint32_t pre, uint32_t first_pre,
        uint32_t pre_count, uint32_t post, uint32_t first_post, uint32_t post_count,
        enum grenade_receptor receptor, uint16_t weight)
{
	struct grenade_connection list[SYNFIRE_LINK_NEURONS * SYNFIRE_LINK_NEURONS];
	size_t count = 0;
	for (uint32_t i = 0; i < pre_count; i++)
		for (uint32_t j = 0; j < post_count; j++)
			list[count++] = (struct grenade_connection){ first_pre + i,
				first_post + j, weight };
	return grenade_network_add_projection(out, network, pre, post, receptor, list, count);
}

static int add_links(struct synfire_chain *chain)
{
	struct grenade_network *network = chain->network;
	int status = connect(&chain->forward[0], network, chain->starters, 0, STARTERS,
	        chain->neurons, 0, SYNFIRE_LINK_NEURONS, GRENADE_EXCITATORY, START_WEIGHT);
	for (uint32_t link = 1; link < SYNFIRE_LINKS && status == HXCOMM_OK; link++)
		status = connect(&chain->forward[link], network, chain->neurons,
		        neuron_of(link - 1, 0), SYNFIRE_EXCITATORY, chain->neurons,
		        neuron_of(link, 0), SYNFIRE_LINK_NEURONS, GRENADE_EXCITATORY,
		        FORWARD_WEIGHT);
	for (uint32_t link = 0; link < SYNFIRE_LINKS && status == HXCOMM_OK; link++) {
		uint32_t unused;
		status = connect(&unused, network, chain->neurons,
		        neuron_of(link, SYNFIRE_EXCITATORY), SYNFIRE_INHIBITORY, chain->neurons,
		        neuron_of(link, 0), SYNFIRE_EXCITATORY, GRENADE_INHIBITORY,
		        CLOSING_WEIGHT);
	}
	return status;
}

int synfire_chain_new(struct synfire_chain **out, struct hxcomm_connection *connection,
        const struct haldls_chip *chip, const bool *unavailable, bool trace)
{
	struct grenade_plan_options options = GRENADE_PLAN_OPTIONS_INIT;
	*out = NULL;
	options.unavailable_neurons = unavailable;
	struct synfire_chain *chain = calloc(1, sizeof(*chain));
	if (!chain)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chain");
	chain->chip = malloc(sizeof(*chain->chip));
	int status = HXCOMM_OK;
	if (chain->chip)
		*chain->chip = *chip;
	else
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip's configuration");
	if (status == HXCOMM_OK)
		status = grenade_network_new(&chain->network);
	if (status == HXCOMM_OK)
		status = grenade_network_add_neurons(&chain->neurons, chain->network, NEURONS, NULL);
	if (status == HXCOMM_OK)
		status = grenade_network_add_external(&chain->starters, chain->network, STARTERS);
	if (status == HXCOMM_OK)
		status = grenade_network_record_spikes(chain->network, chain->neurons);
	if (status == HXCOMM_OK && trace)
		status = grenade_network_record_membrane(chain->network, chain->neurons,
		        neuron_of(SYNFIRE_LINKS - 1, 0));
	if (status == HXCOMM_OK)
		status = add_links(chain);
	if (status == HXCOMM_OK)
		status = grenade_plan(&chain->plan, chain->network, &options);
	if (status == HXCOMM_OK)
		status = grenade_session_new(&chain->session, connection);
	if (status != HXCOMM_OK) {
		synfire_chain_free(chain);
		return status;
	}
	*out = chain;
	return HXCOMM_OK;
}

void synfire_chain_free(struct synfire_chain *chain)
{
	if (!chain)
		return;
	grenade_result_free(chain->result);
	grenade_session_free(chain->session);
	grenade_plan_free(chain->plan);
	grenade_network_free(chain->network);
	free(chain->chip);
	free(chain);
}

int synfire_chain_cut(struct synfire_chain *chain, unsigned link)
{
	enum { CONNECTIONS = SYNFIRE_EXCITATORY * SYNFIRE_LINK_NEURONS };
	if (link >= SYNFIRE_LINKS)
		return hxcomm_error_set(HXCOMM_ERANGE, "cut before link %u, allowed are 1 to %d", link,
		        SYNFIRE_LINKS - 1);
	for (unsigned i = 1; i < SYNFIRE_LINKS; i++) {
		uint16_t weights[CONNECTIONS];
		for (unsigned k = 0; k < CONNECTIONS; k++)
			weights[k] = i == link ? 0 : FORWARD_WEIGHT;
		const int status = grenade_plan_set_weights(chain->plan, chain->forward[i], weights,
		        CONNECTIONS);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

/* Sort the spikes into waves and links. */
static void read_spikes(struct synfire_wave *out, unsigned count,
        const struct grenade_spikes *spikes)
{
	for (unsigned w = 0; w < count; w++)
		out[w] = (struct synfire_wave){ 0 };
	for (size_t i = 0; i < spikes->count; i++) {
		const double since = spikes->time_s[i] - first_wave_s;
		const unsigned wave = since > 0 ? (unsigned)(since / SYNFIRE_PERIOD_S) : 0;
		const unsigned link = spikes->neuron[i] / SYNFIRE_LINK_NEURONS;
		if (wave >= count || spikes->neuron[i] % SYNFIRE_LINK_NEURONS >= SYNFIRE_EXCITATORY)
			continue;
		out[wave].spikes[link]++;
		out[wave].time_s[link] += since - wave * SYNFIRE_PERIOD_S;
	}
	for (unsigned w = 0; w < count; w++) {
		struct synfire_wave *wave = &out[w];
		bool passes = true;
		for (unsigned link = 0; link < SYNFIRE_LINKS; link++) {
			if (wave->spikes[link])
				wave->time_s[link] /= wave->spikes[link];
			passes = passes && 2 * wave->spikes[link] >= SYNFIRE_EXCITATORY &&
			         (!link || wave->time_s[link] > wave->time_s[link - 1]);
			wave->links += passes;
		}
	}
}

int synfire_run(struct synfire_wave *out, unsigned count, struct synfire_chain *chain)
{
	double time_s[SYNFIRE_WAVES_MAX * STARTERS];
	uint32_t starter[SYNFIRE_WAVES_MAX * STARTERS];
	struct grenade_spikes spikes;
	if (!count || count > SYNFIRE_WAVES_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE, "%u waves, allowed are 1 to %d", count,
		        SYNFIRE_WAVES_MAX);
	for (uint32_t i = 0; i < count * STARTERS; i++) {
		time_s[i] = first_wave_s + i / STARTERS * SYNFIRE_PERIOD_S;
		starter[i] = i % STARTERS;
	}
	const struct grenade_spike_train train = { .population = chain->starters,
		.count = (size_t)count * STARTERS, .time_s = time_s, .neuron = starter };
	struct grenade_input input = GRENADE_INPUT_INIT;
	input.duration_s = first_wave_s + count * SYNFIRE_PERIOD_S;
	input.trains = &train;
	input.train_count = 1;
	grenade_result_free(chain->result);
	int status = grenade_session_run(&chain->result, chain->session, chain->plan, chain->chip,
	        &input);
	if (status == HXCOMM_OK)
		status = grenade_result_spikes(&spikes, chain->result, chain->neurons);
	if (status == HXCOMM_OK)
		read_spikes(out, count, &spikes);
	return status;
}

const struct grenade_run_statistics *synfire_statistics(const struct synfire_chain *chain)
{
	return grenade_result_statistics(chain->result);
}

int synfire_spikes_write(FILE *file, const struct synfire_chain *chain)
{
	struct grenade_spikes spikes;
	const int status = grenade_result_spikes(&spikes, chain->result, chain->neurons);
	if (status != HXCOMM_OK)
		return status;
	fputs("time_s,neuron,group\n", file);
	for (size_t i = 0; i < spikes.count; i++)
		fprintf(file, "%.9f,%u,%s\n", spikes.time_s[i], (unsigned)spikes.neuron[i],
		        spikes.neuron[i] % SYNFIRE_LINK_NEURONS < SYNFIRE_EXCITATORY ? "excitatory"
		                                                                     : "inhibitory");
	return ferror(file) ? hxcomm_error_set(HXCOMM_EIO, "the spikes could not be written")
	                    : HXCOMM_OK;
}

int synfire_trace_write(FILE *file, const struct synfire_chain *chain)
{
	struct grenade_trace trace;
	const int status = grenade_result_membrane(&trace, chain->result, 0);
	if (status != HXCOMM_OK)
		return status;
	fputs("time_s,membrane (MADC counts)\n", file);
	for (size_t i = 0; i < trace.count; i++)
		fprintf(file, "%.9f,%u\n", trace.time_s[i], (unsigned)trace.lsb[i]);
	return ferror(file) ? hxcomm_error_set(HXCOMM_EIO, "the trace could not be written")
	                    : HXCOMM_OK;
}

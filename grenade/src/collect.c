// SPDX-License-Identifier: MIT
/* Events carry labels and the chip's time; users want populations, indices and seconds since the
 * begin mark. The link does not keep the order of events, so they are sorted by the chip's time. */
#include "result.h"

#include <hxcomm/error.h>
#include <hxcomm/responses.h>

#include <stdlib.h>
#include <string.h>

enum { LABELS = 1 << 16 };

static const double tick_s = 4e-9, cycle_s = 8e-9;

struct column {
	bool recorded;
	size_t count;
	double *time_s;
	uint32_t *neuron;
};

struct trace {
	size_t count;
	double *time_s;
	uint16_t *lsb;
};

struct grenade_result {
	struct grenade_run_statistics statistics;
	struct column *columns;
	size_t column_count;
	struct trace traces[GRENADE_MEMBRANES_MAX];
	uint32_t trace_count;
};

struct event {
	uint64_t ticks; /* since the begin mark */
	uint32_t unit;
};

void grenade_result_free(struct grenade_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < result->column_count; i++) {
		free(result->columns[i].time_s);
		free(result->columns[i].neuron);
	}
	for (size_t i = 0; i < GRENADE_MEMBRANES_MAX; i++) {
		free(result->traces[i].time_s);
		free(result->traces[i].lsb);
	}
	free(result->columns);
	free(result);
}

struct grenade_run_statistics *grenade__statistics(struct grenade_result *result)
{
	return &result->statistics;
}

const struct grenade_run_statistics *grenade_result_statistics(const struct grenade_result *result)
{
	return &result->statistics;
}

static int compare_events(const void *a, const void *b)
{
	const struct event *left = a, *right = b;
	if (left->ticks != right->ticks)
		return left->ticks < right->ticks ? -1 : 1;
	return left->unit < right->unit ? -1 : left->unit > right->unit;
}

/* Ticks since the begin mark; false outside the marks. */
static bool inside(uint64_t *ticks, uint64_t chip_time, const struct grenade__window *window)
{
	const uint64_t span = window->end_cycles - window->begin_cycles;
	const uint64_t kept = span < window->duration_cycles ? span : window->duration_cycles;
	*ticks = chip_time - 2 * window->begin_cycles;
	return chip_time >= 2 * window->begin_cycles && *ticks < 2 * kept;
}

/* Which recorded unit a label from the chip belongs to. */
static void map_labels(uint32_t *map, const struct grenade_plan *plan)
{
	memset(map, 0xff, LABELS * sizeof(*map));
	for (uint32_t unit = 0; unit < plan->network->units; unit++) {
		const uint32_t population = grenade__population_of_unit(plan->network, unit);
		if (plan->group[unit] != GRENADE__NONE &&
		        plan->network->populations[population].recorded)
			map[grenade__host_label(plan, unit)] = unit;
	}
}

static int fill_columns(struct grenade_result *result, const struct grenade_plan *plan,
        const struct event *events, size_t count)
{
	const struct grenade_network *network = plan->network;
	for (size_t i = 0; i < count; i++)
		result->columns[grenade__population_of_unit(network, events[i].unit)].count++;
	for (size_t i = 0; i < result->column_count; i++) {
		struct column *column = &result->columns[i];
		column->recorded = network->populations[i].recorded;
		column->time_s = malloc((column->count + 1) * sizeof(*column->time_s));
		column->neuron = malloc((column->count + 1) * sizeof(*column->neuron));
		if (!column->time_s || !column->neuron)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu spikes",
			        column->count);
		column->count = 0;
	}
	for (size_t i = 0; i < count; i++) {
		const uint32_t population = grenade__population_of_unit(network, events[i].unit);
		struct column *column = &result->columns[population];
		column->time_s[column->count] = (double)events[i].ticks * tick_s;
		column->neuron[column->count++] =
		        events[i].unit - network->populations[population].first;
	}
	result->statistics.spikes = count;
	return HXCOMM_OK;
}

static int collect_spikes(struct grenade_result *result, const struct grenade_plan *plan,
        const struct hxcomm_spike_responses *spikes, const struct grenade__window *window)
{
	uint32_t *map = malloc(LABELS * sizeof(*map));
	struct event *events = malloc((spikes->count + 1) * sizeof(*events));
	size_t count = 0;
	int status;
	if (!map || !events) {
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu spikes", spikes->count);
		goto out;
	}
	map_labels(map, plan);
	for (size_t i = 0; i < spikes->count; i++) {
		const uint32_t unit = map[spikes->label[i]];
		if (inside(&events[count].ticks, spikes->chip_time[i], window) &&
		        unit != GRENADE__NONE)
			events[count++].unit = unit;
		else
			result->statistics.other_events++;
	}
	qsort(events, count, sizeof(*events), compare_events);
	status = fill_columns(result, plan, events, count);
out:
	free(map);
	free(events);
	return status;
}

static int collect_samples(struct grenade_result *result, const struct hxcomm_madc_responses *madc,
        const struct grenade__window *window)
{
	for (uint32_t i = 0; i < result->trace_count; i++) {
		struct trace *trace = &result->traces[i];
		trace->time_s = malloc((madc->count + 1) * sizeof(*trace->time_s));
		trace->lsb = malloc((madc->count + 1) * sizeof(*trace->lsb));
		if (!trace->time_s || !trace->lsb)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu samples",
			        madc->count);
		for (size_t j = 0; j < madc->count; j++) {
			uint64_t ticks;
			if (madc->channel[j] != i || !inside(&ticks, madc->chip_time[j], window))
				continue;
			trace->time_s[trace->count] = (double)ticks * tick_s;
			trace->lsb[trace->count++] = madc->value[j];
		}
	}
	return HXCOMM_OK;
}

int grenade__collect(struct grenade_result **out, const struct grenade_plan *plan,
        const struct hxcomm_responses *responses, const struct grenade__window *window)
{
	*out = NULL;
	struct grenade_result *result = calloc(1, sizeof(*result));
	if (!result)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a result");
	result->columns = calloc(plan->network->population_count + 1, sizeof(*result->columns));
	if (!result->columns) {
		free(result);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a result");
	}
	result->column_count = plan->network->population_count;
	result->trace_count = plan->network->membrane_count;
	result->statistics.duration_s =
	        (double)(window->end_cycles - window->begin_cycles) * cycle_s;
	int status = collect_spikes(result, plan, &responses->spikes, window);
	if (status == HXCOMM_OK)
		status = collect_samples(result, &responses->madc, window);
	if (status != HXCOMM_OK) {
		grenade_result_free(result);
		return status;
	}
	*out = result;
	return HXCOMM_OK;
}

int grenade_result_spikes(struct grenade_spikes *out, const struct grenade_result *result,
        uint32_t population)
{
	if (population >= result->column_count)
		return hxcomm_error_set(HXCOMM_ENOENT, "no population %u, the network has %zu",
		        population, result->column_count);
	const struct column *column = &result->columns[population];
	if (!column->recorded)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "spikes of population %u were not recorded: call "
		        "grenade_network_record_spikes() before planning",
		        population);
	*out = (struct grenade_spikes){ column->count, column->time_s, column->neuron };
	return HXCOMM_OK;
}

int grenade_result_membrane(struct grenade_trace *out, const struct grenade_result *result,
        uint32_t trace)
{
	if (trace >= result->trace_count)
		return hxcomm_error_set(HXCOMM_ENOENT, "no membrane trace %u, %u were recorded", trace,
		        result->trace_count);
	*out = (struct grenade_trace){ result->traces[trace].count, result->traces[trace].time_s,
		result->traces[trace].lsb };
	return HXCOMM_OK;
}

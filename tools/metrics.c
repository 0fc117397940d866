// SPDX-License-Identifier: MIT
#include "metrics.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static double find_value(const char *observable, const char *figure,
        const struct calix_metric *metrics, size_t count)
{
	char name[2 * OBSERVABLE_MAX];
	snprintf(name, sizeof(name), "%s.%s", observable, figure);
	for (size_t i = 0; i < count; i++)
		if (!strcmp(metrics[i].name, name))
			return metrics[i].value;
	return NAN;
}

bool metrics_next(struct observable *out, size_t *index, const struct calix_metric *metrics,
        size_t count)
{
	for (; *index < count; ++*index) {
		const char *name = metrics[*index].name;
		const char *dot = strrchr(name, '.');
		if (!dot || strcmp(dot, ".std_before"))
			continue;
		*out = (struct observable){ .before = metrics[*index].value };
		memcpy(out->name, name, (size_t)(dot - name));
		out->after = find_value(out->name, "std_after", metrics, count);
		out->median = find_value(out->name, "median_after", metrics, count);
		if (isnan(out->after))
			continue;
		++*index;
		return true;
	}
	return false;
}

double metrics_ratio(const struct observable *observable)
{
	return observable->before > 0 ? observable->after / observable->before : 0;
}

const char *metrics_unit(const struct observable *observable)
{
	return strncmp(observable->name, "tau_", 4) ? "lsb" : "s";
}

bool metrics_find_worst(struct observable *out, const struct calix_metric *metrics, size_t count)
{
	struct observable next;
	bool found = false;
	for (size_t i = 0; metrics_next(&next, &i, metrics, count); found = true)
		if (!found || metrics_ratio(&next) > metrics_ratio(out))
			*out = next;
	return found;
}

json_t *metrics_json(const struct calix_metric *metrics, size_t count)
{
	json_t *object = json_object();
	for (size_t i = 0; i < count; i++)
		json_object_set_new(object, metrics[i].name, json_real(metrics[i].value));
	return object;
}

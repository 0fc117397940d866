// SPDX-License-Identifier: MIT
/* A result is one slot per row of the dictionary, so finding an array is finding its row. */
#include "result_private.h"

#include <hxcomm/error.h>

#include <ctype.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define PARAMETER_ROW(name_, scope_, length_, lo_, hi_, unit_) \
	{ .name = (name_), .scope = (scope_), .length = (length_), .lo = (lo_), .hi = (hi_), .unit = (unit_) },
#define PARAMETER_ONE(name_, scope_, length_, lo_, hi_, unit_) +1
#define PARAMETER_FITS(name_, scope_, length_, lo_, hi_, unit_) \
	_Static_assert((length_) <= CALIX_ARRAY_MAX && sizeof(name_) <= CALIX_NAME_MAX + 1, name_);

CALIX_PARAMETERS(PARAMETER_FITS)

enum { PARAMETER_COUNT = 0 CALIX_PARAMETERS(PARAMETER_ONE) };

static const struct calix_parameter parameters[PARAMETER_COUNT] = { CALIX_PARAMETERS(PARAMETER_ROW) };

struct array {
	int32_t *values;  /* [length of the parameter], NULL = absent */
	uint8_t *success; /* [same length] */
};

struct calix_result {
	char chip[CALIX_CHIP_MAX + 1];
	char kind[CALIX_NAME_MAX + 1];
	struct array arrays[PARAMETER_COUNT];
	struct calix_metric *metrics; /* sorted by name */
	size_t metric_count;
	bool sealed;
};

const struct calix_parameter *calix_parameters(size_t *count)
{
	*count = PARAMETER_COUNT;
	return parameters;
}

const struct calix_parameter *calix_parameter_find(const char *name)
{
	for (size_t i = 0; name && i < PARAMETER_COUNT; i++)
		if (!strcmp(parameters[i].name, name))
			return &parameters[i];
	return NULL;
}

int calix__name_check(const char *what, const char *name)
{
	const size_t length = name ? strnlen(name, CALIX_NAME_MAX + 1) : 0;
	if (!length || length > CALIX_NAME_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the name of a %s has 1 to %d bytes, not %s", what, CALIX_NAME_MAX,
		        length ? "more" : "none");
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("_.-", name[i]))
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "'%s' is no name of a %s: use letters, digits, '_', '.' and '-'",
			        name, what);
	return HXCOMM_OK;
}

int calix__chip_check(const char *chip)
{
	const size_t length = chip ? strnlen(chip, CALIX_CHIP_MAX + 1) : 0;
	if (!length || length > CALIX_CHIP_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a chip's identifier has 1 to %d bytes, not %s: take it from hxcomm_identifier()",
		        CALIX_CHIP_MAX, length ? "more" : "none");
	for (size_t i = 0; i < length; i++)
		if ((unsigned char)chip[i] < 0x20)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "a chip's identifier holds the control character 0x%02x at byte %zu",
			        (unsigned)chip[i], i);
	return HXCOMM_OK;
}

int calix_result_new(struct calix_result **out, const char *chip, const char *kind)
{
	*out = NULL;
	int status = calix__chip_check(chip);
	if (status == HXCOMM_OK)
		status = calix__name_check("kind of calibration", kind);
	if (status != HXCOMM_OK)
		return status;
	struct calix_result *result = calloc(1, sizeof(*result));
	if (!result)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a calibration result");
	strcpy(result->chip, chip);
	strcpy(result->kind, kind);
	*out = result;
	return HXCOMM_OK;
}

void calix_result_free(struct calix_result *result)
{
	if (!result)
		return;
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		free(result->arrays[i].values);
		free(result->arrays[i].success);
	}
	free(result->metrics);
	free(result);
}

void calix__result_seal(struct calix_result *result)
{
	result->sealed = true;
}

const char *calix_result_chip(const struct calix_result *result)
{
	return result->chip;
}

const char *calix_result_kind(const struct calix_result *result)
{
	return result->kind;
}

static int check_array(const struct calix_parameter *parameter, const int32_t *values, size_t count,
        const uint8_t *success)
{
	if (!values || count != parameter->length)
		return hxcomm_error_set(HXCOMM_EINVAL, "%s has %zu values, one a %s, not %zu",
		        parameter->name, parameter->length, parameter->scope, values ? count : 0);
	for (size_t i = 0; i < count; i++)
		if (values[i] < parameter->lo || values[i] > parameter->hi)
			return hxcomm_error_set(HXCOMM_ERANGE, "%s[%zu] is %d, allowed are %d to %d %s",
			        parameter->name, i, (int)values[i], (int)parameter->lo,
			        (int)parameter->hi, parameter->unit);
	for (size_t i = 0; success && i < count; i++)
		if (success[i] > 1)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "success of %s[%zu] is %u, allowed are 0 and 1", parameter->name, i,
			        success[i]);
	return HXCOMM_OK;
}

static int check_open(const struct calix_result *result, const char *name)
{
	if (!result->sealed)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ESTATE,
	        "cannot add %s: a result that came out of a store never changes, make a new one", name);
}

int calix_result_add_array(struct calix_result *result, const char *name, const int32_t *values,
        size_t count, const uint8_t *success)
{
	const struct calix_parameter *parameter = calix_parameter_find(name);
	if (!parameter)
		return hxcomm_error_set(HXCOMM_ENOENT, "no array of a calibration is named '%.80s'",
		        name ? name : "");
	struct array *array = &result->arrays[parameter - parameters];
	int status = check_open(result, name);
	if (status == HXCOMM_OK)
		status = check_array(parameter, values, count, success);
	if (status != HXCOMM_OK)
		return status;
	if (array->values)
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "%s is in this result already, and results never change", name);
	struct array made = { malloc(count * sizeof(*values)), malloc(count) };
	if (!made.values || !made.success) {
		free(made.values);
		free(made.success);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the %zu values of %s", count, name);
	}
	memcpy(made.values, values, count * sizeof(*values));
	if (success)
		memcpy(made.success, success, count);
	else
		memset(made.success, 1, count);
	*array = made;
	return HXCOMM_OK;
}

static const struct array *find_array(const struct calix_result *result, const char *name,
        size_t *count)
{
	const struct calix_parameter *parameter = calix_parameter_find(name);
	const struct array *array = parameter ? &result->arrays[parameter - parameters] : NULL;
	const bool present = array && array->values;
	if (count)
		*count = present ? parameter->length : 0;
	return present ? array : NULL;
}

const int32_t *calix_result_array(const struct calix_result *result, const char *name, size_t *count)
{
	const struct array *array = find_array(result, name, count);
	return array ? array->values : NULL;
}

const uint8_t *calix_result_success(const struct calix_result *result, const char *name,
        size_t *count)
{
	const struct array *array = find_array(result, name, count);
	return array ? array->success : NULL;
}

const char *calix_result_array_name(const struct calix_result *result, size_t index)
{
	for (size_t i = 0; i < PARAMETER_COUNT; i++)
		if (result->arrays[i].values && index-- == 0)
			return parameters[i].name;
	return NULL;
}

size_t calix_result_count(const struct calix_result *result, size_t *success)
{
	size_t total = 0, good = 0;
	for (size_t i = 0; i < PARAMETER_COUNT; i++) {
		if (!result->arrays[i].values)
			continue;
		total += parameters[i].length;
		for (size_t j = 0; j < parameters[i].length; j++)
			good += result->arrays[i].success[j];
	}
	if (success)
		*success = good;
	return total;
}

int calix_result_add_metric(struct calix_result *result, const char *name, double value)
{
	int status = calix__name_check("metric", name);
	if (status == HXCOMM_OK)
		status = check_open(result, name);
	if (status != HXCOMM_OK)
		return status;
	if (!isfinite(value))
		return hxcomm_error_set(HXCOMM_ERANGE, "metric %s is %g: it must be finite", name, value);
	if (result->metric_count == CALIX_METRICS_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE, "metric %s is one too many: a result takes %d",
		        name, CALIX_METRICS_MAX);
	size_t at = result->metric_count;
	while (at > 0 && strcmp(result->metrics[at - 1].name, name) > 0)
		at--;
	if (at > 0 && !strcmp(result->metrics[at - 1].name, name))
		return hxcomm_error_set(HXCOMM_ESTATE,
		        "metric %s is in this result already, and results never change", name);
	struct calix_metric *metrics =
	        realloc(result->metrics, (result->metric_count + 1) * sizeof(*metrics));
	if (!metrics)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for metric %s", name);
	result->metrics = metrics;
	memmove(metrics + at + 1, metrics + at, (result->metric_count - at) * sizeof(*metrics));
	memset(&metrics[at], 0, sizeof(*metrics));
	strcpy(metrics[at].name, name);
	metrics[at].value = value;
	result->metric_count++;
	return HXCOMM_OK;
}

const struct calix_metric *calix_result_metrics(const struct calix_result *result, size_t *count)
{
	*count = result->metric_count;
	return result->metrics;
}

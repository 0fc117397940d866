// SPDX-License-Identifier: MIT
/* One table of members gives defaults, ranges, checks and JSON. */
#include <calix/target.h>

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <hxcomm/options.h>

#include <jansson.h>
#include <math.h>
#include <string.h>

enum { JSON_DIGITS = 15 };

static int read_target(struct calix_target *out, const struct calix_target *in)
{
	struct calix_target given;
	const int status = hxcomm_options_read(&given, sizeof(given), in, "CALIX_TARGET_INIT");
	if (status != HXCOMM_OK)
		return status;
#define FILL(name, type, fallback, lo, hi, good_lo, good_hi, unit) \
	if (given.name == 0)                                       \
		given.name = (type)(fallback);
	CALIX_TARGET_MEMBERS(FILL)
#undef FILL
	*out = given;
	return HXCOMM_OK;
}

static int check_member(const char *name, double value, double lo, double hi, const char *unit)
{
	if (value >= lo && value <= hi)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ERANGE, "target %s is %g %s, allowed are %g to %g", name, value,
	        unit, lo, hi);
}

static void warn_member(const char *name, double value, double lo, double hi, const char *unit)
{
	if (value < lo || value > hi)
		hxcomm_log(HXCOMM_LOG_WARNING, "calix",
		        "target %s is %g %s: %g to %g is known to calibrate well", name, value, unit, lo,
		        hi);
}

int calix_target_validate(struct calix_target *out, const struct calix_target *target)
{
	struct calix_target full;
	int status = read_target(&full, target);
	if (status != HXCOMM_OK)
		return status;
#define CHECK(name, type, fallback, lo, hi, good_lo, good_hi, unit)           \
	status = check_member(#name, (double)full.name, (lo), (hi), unit);    \
	if (status != HXCOMM_OK)                                              \
		return status;
	CALIX_TARGET_MEMBERS(CHECK)
#undef CHECK
	if (full.threshold_lsb <= full.reset_lsb)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "target threshold_lsb %g is not above reset_lsb %g: such a neuron never fires, "
		        "raise the threshold or lower the reset",
		        full.threshold_lsb, full.reset_lsb);
#define WARN(name, type, fallback, lo, hi, good_lo, good_hi, unit) \
	warn_member(#name, (double)full.name, (good_lo), (good_hi), unit);
	CALIX_TARGET_MEMBERS(WARN)
#undef WARN
	*out = full;
	return HXCOMM_OK;
}

int calix_target_write_json(char **out, const struct calix_target *target)
{
	*out = NULL;
	struct calix_target full;
	const int status = calix_target_validate(&full, target);
	if (status != HXCOMM_OK)
		return status;
	json_t *object = json_object();
	int failed = !object;
#define ADD(name, type, fallback, lo, hi, good_lo, good_hi, unit)                             \
	failed = failed || json_object_set_new(object, #name, json_real((double)full.name));
	CALIX_TARGET_MEMBERS(ADD)
#undef ADD
	if (!failed)
		*out = json_dumps(object,
		        JSON_SORT_KEYS | JSON_COMPACT | JSON_REAL_PRECISION(JSON_DIGITS));
	json_decref(object);
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the JSON of a target");
	return HXCOMM_OK;
}

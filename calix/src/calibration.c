// SPDX-License-Identifier: MIT
/* The order of the steps, what they start from, and what is made of them. */
#include "parts.h"

#include <calix/calibration.h>
#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/options.h>

#include <stddef.h>
#include <string.h>


/* Working points: rest in the middle of the range, reset near enough for a linear leak. */
#define WORK_LEAK_LSB 100
#define WORK_RESET_LSB 60
#define FAILED_MAX 0.2

static int step_bring_up(struct calix__session *s)
{
	return calix__session_write_chip(s);
}

static int step_tau_syn_exc(struct calix__session *s)
{
	return calix__calibrate_tau_syn(s, CALIX_EXCITATORY);
}

static int step_tau_syn_inh(struct calix__session *s)
{
	return calix__calibrate_tau_syn(s, CALIX_INHIBITORY);
}

static int step_work_leak(struct calix__session *s)
{
	return calix__calibrate_leak(s, WORK_LEAK_LSB);
}

static int step_work_reset(struct calix__session *s)
{
	return calix__calibrate_reset(s, WORK_RESET_LSB);
}

static int step_tau_mem(struct calix__session *s)
{
	return calix__calibrate_tau_mem(s, WORK_LEAK_LSB, WORK_RESET_LSB);
}

static int step_references(struct calix__session *s)
{
	const int status = calix__calibrate_synaptic_reference(s, CALIX_EXCITATORY);
	return status != HXCOMM_OK ? status
	                           : calix__calibrate_synaptic_reference(s, CALIX_INHIBITORY);
}

static int step_strength_exc(struct calix__session *s)
{
	return calix__calibrate_synaptic_strength(s, CALIX_EXCITATORY);
}

static int step_strength_inh(struct calix__session *s)
{
	return calix__calibrate_synaptic_strength(s, CALIX_INHIBITORY);
}

/* From here on the inputs are on, as they will be in use. */
static int step_threshold(struct calix__session *s)
{
	const int status = calix__session_switch_inputs(s, true, true);
	return status != HXCOMM_OK ? status : calix__calibrate_threshold(s);
}

static int step_leak(struct calix__session *s)
{
	const int status = calix__calibrate_leak(s, s->target.leak_lsb);
	return status != HXCOMM_OK ? status : calix__compare_leak(s, s->target.leak_lsb);
}

static int step_reset(struct calix__session *s)
{
	const int status = calix__calibrate_reset(s, s->target.reset_lsb);
	return status != HXCOMM_OK ? status : calix__compare_reset(s, s->target.reset_lsb);
}

static const struct {
	const char *name;
	int (*run)(struct calix__session *);
} steps[] = {
	{ "bring-up", step_bring_up },
	{ "CADC", calix__calibrate_cadc },
	{ "excitatory time constant", step_tau_syn_exc },
	{ "inhibitory time constant", step_tau_syn_inh },
	{ "synaptic current", calix__calibrate_dac_bias },
	{ "leak potential for measurements", step_work_leak },
	{ "reset potential for measurements", step_work_reset },
	{ "membrane time constant", step_tau_mem },
	{ "leak potential for measurements", step_work_leak },
	{ "synaptic references", step_references },
	{ "excitatory strength", step_strength_exc },
	{ "inhibitory strength", step_strength_inh },
	{ "synaptic references", step_references },
	{ "threshold", step_threshold },
	{ "leak potential", step_leak },
	{ "reset potential", step_reset },
};

enum { STEPS = sizeof(steps) / sizeof(*steps) };

static int report(const struct calix_calibrate_options *options, uint32_t step, double chip_time)
{
	const struct calix_progress progress = { .step = step, .count = STEPS,
		.name = step < STEPS ? steps[step].name : "done", .chip_time = chip_time };
	if (!options->progress || options->progress(&progress, options->user) == 0)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ESTATE, "the calibration was stopped before step %u, %s",
	        (unsigned)step, progress.name);
}

/* A chip on which a part failed for many neurons is not calibrated. */
static int judge(const struct calix__session *s)
{
	const struct {
		const char *name;
		const uint8_t *success;
		size_t count;
	} parts[] = {
#define PART(member, name, length) { name, s->success.member, length },
		CALIX_CODES(PART)
#undef PART
	};
	for (size_t p = 0; p < sizeof(parts) / sizeof(*parts); p++) {
		size_t failed = 0;
		for (size_t i = 0; i < parts[p].count; i++)
			failed += !parts[p].success[i];
		if ((double)failed > FAILED_MAX * (double)parts[p].count)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "%s failed at %zu of %zu places: the target is out of reach of this "
			        "chip, or the chip is broken",
			        parts[p].name, failed, parts[p].count);
	}
	return HXCOMM_OK;
}

/* A neuron whose potentials are unknown must not flood the chip with spikes: its threshold goes out
 * of reach. All other codes stay the best that were found: later steps relied on them. */
static void silence_failed(struct calix__session *s)
{
	for (size_t n = 0; n < CALIX_NEURONS; n++)
		if (!s->success.v_leak[n] || !s->success.v_reset[n] || !s->success.v_threshold[n])
			s->codes.v_threshold[n] = CALIX_CODE_MAX;
}

static int make_result(struct calix_result **out, const struct calix__session *s)
{
	struct calix_result *result;
	int status = calix_result_new(&result, hxcomm_identifier(s->connection), CALIX_KIND_SPIKING);
	if (status != HXCOMM_OK)
		return status;
	status = calix__codes_add(result, &s->codes, &s->success);
	for (size_t i = 0; i < s->figure_count && status == HXCOMM_OK; i++)
		status = calix_result_add_metric(result, s->figures[i].name, s->figures[i].value);
	if (status == HXCOMM_OK)
		status = calix_result_add_metric(result, "chip_time", s->chip_time);
	if (status != HXCOMM_OK) {
		calix_result_free(result);
		return status;
	}
	*out = result;
	return HXCOMM_OK;
}

int calix_calibrate(struct calix_result **out, struct hxcomm_connection *connection,
        const struct calix_target *target, const struct calix_calibrate_options *options)
{
	struct calix_calibrate_options how = { 0 };
	struct calix_target wanted;
	struct calix__session *session;
	*out = NULL;
	int status = hxcomm_options_read(&how, sizeof(how), options, "CALIX_CALIBRATE_OPTIONS_INIT");
	if (status == HXCOMM_OK)
		status = calix_target_validate(&wanted, target);
	if (status == HXCOMM_OK)
		status = calix__session_open(&session, connection, &wanted, how.seed);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t i = 0; i < STEPS && status == HXCOMM_OK; i++) {
		status = report(&how, i, session->chip_time);
		if (status == HXCOMM_OK)
			status = steps[i].run(session);
	}
	if (status == HXCOMM_OK)
		status = judge(session);
	if (status == HXCOMM_OK)
		status = report(&how, STEPS, session->chip_time);
	if (status == HXCOMM_OK) {
		silence_failed(session);
		status = make_result(out, session);
	}
	calix__session_close(session);
	return status;
}

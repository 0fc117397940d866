// SPDX-License-Identifier: MIT
/* A voltage cell of the capmem, forwarded to all channels, is the reference: its code stands for a
 * potential. Ramp offset and slope are found twice, since each moves the other's point a little. */
#include "parts.h"
#include "search.h"
#include "statistics.h"

#include <fisch/ticket.h>
#include <haldls/chip.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <stadls/builder.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
	CHANNELS = 1024,
	QUADRANTS = 4,
	BLOCK = 0, /* whose cell is the reference */
	ROUNDS = 2,
	READS = 4,
	OFFSET_READS = 10,
	/* codes of the reference and the counts they shall give (spec/calix_spec.md 2) */
	CODE_LOW = 70,
	COUNT_LOW = 20,
	CODE_HIGH = 550,
	COUNT_HIGH = 220,
	CODE_MIDDLE = 310,
	SLOPE_START = 350,
	RESIDUAL_MAX = 5, /* of a good channel after its offset was set, counts */
	SCATTER_MAX = 3,  /* of the reads of a good channel, counts */
};

/* Connect all channels to the debug line and the reference cell to it, or the neurons again. */
static int connect_reference(struct calix__session *s, bool reference)
{
	struct haldls_chip *chip = s->chip;
	for (uint32_t quad = 0; quad < 128; quad++) {
		struct haldls_column_correlation_quad *q = &chip->column_correlation_quad[quad];
		for (uint32_t entry = 0; entry < 4; entry++) {
			q->enable_cadc_neuron_readout_causal[entry] = !reference;
			q->enable_cadc_neuron_readout_acausal[entry] = !reference;
			q->enable_debug_causal[entry] = reference;
			q->enable_debug_acausal[entry] = reference;
		}
	}
	struct haldls_pad_multiplexer_config *pad = &chip->pad_multiplexer_config[0];
	pad->cadc_debug_causal_to_inter = reference;
	pad->cadc_debug_acausal_to_inter = reference;
	pad->synapse_inter_mux_to_pad = reference;
	pad->capmem_v_out_mux[BLOCK] = reference;
	pad->capmem_v_out_mux_to_inter = reference;
	pad->capmem_inter_mux_to_pad = reference;
	struct haldls_capmem_block_config *block = &chip->capmem_block_config[BLOCK];
	block->debug_readout_enable = reference;
	block->debug_capmem_coord = HALDLS_CAPMEM_STP_V_CHARGE_0;
	int status = stadls_write(s->builder, 0, pad);
	if (status == HXCOMM_OK)
		status = stadls_write(s->builder, BLOCK, block);
	for (uint32_t quad = 0; quad < 128 && status == HXCOMM_OK; quad++)
		status = stadls_write(s->builder, quad, &chip->column_correlation_quad[quad]);
	return status;
}

static int set_reference(struct calix__session *s, int32_t code)
{
	const int32_t codes[QUADRANTS] = { code, code, code, code };
	return calix__session_write_shared(s, HALDLS_CAPMEM_STP_V_CHARGE_0, codes);
}

/* Mean of some reads, [1024], and how far they scatter, [1024] or NULL. */
static int measure(double *out, double *scatter, struct calix__session *s, uint32_t reads)
{
	struct fisch_ticket tickets[OFFSET_READS];
	double one[CHANNELS], square[CHANNELS] = { 0 };
	int status = HXCOMM_OK;
	for (uint32_t r = 0; r < reads && status == HXCOMM_OK; r++)
		status = calix__session_append_cadc(&tickets[r], s);
	if (status == HXCOMM_OK)
		status = calix__session_run(s);
	memset(out, 0, CHANNELS * sizeof(*out));
	for (uint32_t r = 0; r < reads && status == HXCOMM_OK; r++) {
		status = calix__session_read_channels(one, s, &tickets[r]);
		for (uint32_t e = 0; e < CHANNELS; e++) {
			out[e] += one[e] / reads;
			square[e] += one[e] * one[e] / reads;
		}
	}
	for (uint32_t e = 0; e < CHANNELS && scatter; e++)
		scatter[e] = sqrt(fmax(0, square[e] - out[e] * out[e]));
	return status;
}

static int tune_cell(struct calix__session *s, enum haldls_capmem_shared_cell cell,
        int32_t reference, double target, int32_t *codes, uint8_t *success)
{
	const struct calix__search_options options = { .kind = CALIX_SEARCH_BINARY,
		.count = QUADRANTS, .hi = CALIX_CODE_MAX, .inverted = true };
	struct calix__search *search;
	double channels[CHANNELS], deviation[QUADRANTS];
	uint8_t member[CHANNELS];
	int status = calix__search_new(&search, &options);
	if (status == HXCOMM_OK)
		status = set_reference(s, reference);
	while (status == HXCOMM_OK && calix__search_next(search, codes)) {
		status = calix__session_write_shared(s, cell, codes);
		if (status == HXCOMM_OK)
			status = calix__session_settle(s);
		if (status == HXCOMM_OK)
			status = measure(channels, NULL, s, READS);
		for (uint32_t q = 0; q < QUADRANTS; q++) {
			for (uint32_t e = 0; e < CHANNELS; e++)
				member[e] = haldls_neuron_config_block_of_cadc_channel(e) == q;
			/* the median, so that stuck channels do not pull */
			deviation[q] = calix__median(channels, member, CHANNELS) - target;
		}
		if (status == HXCOMM_OK)
			calix__search_tell(search, deviation);
	}
	if (status == HXCOMM_OK) {
		calix__search_result(search, codes, success);
		status = calix__session_write_shared(s, cell, codes);
	}
	calix__search_free(search);
	return status;
}

static int write_offsets(struct calix__session *s)
{
	for (uint32_t e = 0; e < CHANNELS; e++)
		s->chip->cadc_channel_config[e].offset = s->codes.cadc_channel_offset[e];
	return calix__session_write_channels(s);
}

static int tune_channels(struct calix__session *s)
{
	double value[CHANNELS], scatter[CHANNELS];
	int status = set_reference(s, CODE_MIDDLE);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	if (status == HXCOMM_OK)
		status = measure(value, scatter, s, OFFSET_READS);
	if (status != HXCOMM_OK)
		return status;
	calix__session_add_figure(s, "cadc", "std_before",
	        calix__trimmed_std(value, NULL, CHANNELS));
	const double median = calix__median(value, NULL, CHANNELS);
	for (uint32_t e = 0; e < CHANNELS; e++)
		value[e] -= median;
	calix__search_predict(s->codes.cadc_channel_offset, value, CHANNELS, 1.0, -128, 127);
	status = write_offsets(s);
	if (status == HXCOMM_OK)
		status = measure(value, scatter, s, OFFSET_READS);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t e = 0; e < CHANNELS; e++) {
		const int32_t offset = s->codes.cadc_channel_offset[e];
		s->channel_good[e] = offset > -128 && offset < 127 &&
		        fabs(value[e] - median) <= RESIDUAL_MAX && scatter[e] <= SCATTER_MAX;
		s->success.cadc_channel_offset[e] = s->channel_good[e];
	}
	const double std = calix__trimmed_std(value, NULL, CHANNELS);
	calix__session_add_figure(s, "cadc", "std_after", std);
	calix__session_add_figure(s, "cadc", "median_after", median);
	if (std > 3)
		hxcomm_log(HXCOMM_LOG_WARNING, "calix",
		        "CADC channels still differ by %.1f counts after calibration", std);
	return HXCOMM_OK;
}

int calix__calibrate_cadc(struct calix__session *s)
{
	for (uint32_t q = 0; q < QUADRANTS; q++)
		s->codes.cadc_i_ramp_slope[q] = SLOPE_START;
	memset(s->codes.cadc_channel_offset, 0, sizeof(s->codes.cadc_channel_offset));
	int status = write_offsets(s);
	if (status == HXCOMM_OK)
		status = calix__session_write_shared(s, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE,
		        s->codes.cadc_i_ramp_slope);
	if (status == HXCOMM_OK)
		status = connect_reference(s, true);
	for (uint32_t round = 0; round < ROUNDS && status == HXCOMM_OK; round++) {
		status = tune_cell(s, HALDLS_CAPMEM_CADC_V_RAMP_OFFSET, CODE_LOW, COUNT_LOW,
		        s->codes.cadc_v_ramp_offset, s->success.cadc_v_ramp_offset);
		if (status == HXCOMM_OK)
			status = tune_cell(s, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, CODE_HIGH, COUNT_HIGH,
			        s->codes.cadc_i_ramp_slope, s->success.cadc_i_ramp_slope);
	}
	if (status == HXCOMM_OK)
		status = tune_channels(s);
	if (status == HXCOMM_OK)
		status = connect_reference(s, false);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	return status != HXCOMM_OK ? hxcomm_error_wrap(status, "calibrating the CADC") : HXCOMM_OK;
}

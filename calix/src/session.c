// SPDX-License-Identifier: MIT
#include "session.h"

#include "draw.h"
#include "statistics.h"

#include <fisch/program.h>
#include <fisch/ticket.h>
#include <haldls/chip.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/bringup.h>
#include <stadls/builder.h>
#include <stadls/run.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	CYCLES_PER_US = 125,
	SETTLE_CYCLES = 20000 * CYCLES_PER_US,       /* spec/calix_spec.md: settle */
	RECONFIGURE_CYCLES = 5 * SETTLE_CYCLES,
	BROADCAST_NOISE = 5,                         /* spec/calix_spec.md 1.2 */
	REFRACTORY_COUNTER = 255,
	CADC_WORDS = 256,
	SPL1_INPUT = 8,                              /* crossbar input of the first event link */
	PADI_BUSES = 8,
	ROW_SELECTS = 32,
	ROW_SELECT_SHIFT = 6,
};

/* ---- the chip that is calibrated ------------------------------------------------------------ */

static void connect_synapses(struct haldls_chip *chip)
{
	for (uint32_t output = 0; output < PADI_BUSES; output++) {
		const uint32_t node = haldls_crossbar_node(SPL1_INPUT, output);
		chip->crossbar_node[node].mask = 0;
		chip->crossbar_node[node].target = 0;
	}
	for (uint32_t h = 0; h < 2; h++) {
		for (uint32_t bus = 0; bus < 4; bus++)
			chip->common_padi_bus_config[h].enable_spl1[bus] = true;
		memset(chip->synapse_weight[h], CALIX_EVENT_WEIGHT, sizeof(chip->synapse_weight[h]));
		memset(chip->synapse_label[h], 0, sizeof(chip->synapse_label[h]));
	}
	for (uint32_t d = 0; d < 256; d++) {
		chip->synapse_driver_config[d].enable_receiver = true;
		chip->synapse_driver_config[d].enable_address_out = true;
		chip->synapse_driver_config[d].row_address_compare_mask = 31;
	}
}

static void set_rows(struct haldls_chip *chip, enum calix__receptor receptor)
{
	/* both rows of a driver have the same modes: 1 excitatory, 2 inhibitory */
	const unsigned mode = receptor == CALIX_EXCITATORY ? 1 : 2;
	for (uint32_t d = 0; d < 256; d++) {
		struct haldls_synapse_driver_config *driver = &chip->synapse_driver_config[d];
		driver->row_mode_bottom = (enum haldls_synapse_driver_config_row_mode_bottom)mode;
		driver->row_mode_top = (enum haldls_synapse_driver_config_row_mode_top)mode;
	}
}

/* Against crosstalk between cells that share a code (spec/calix_spec.md 1.2). */
static int32_t noisy_code(struct calix__session *s, uint64_t draw, int32_t code)
{
	const int32_t noisy = code + calix__draw_within(s->seed, CALIX_DRAW_BROADCAST, draw,
	                                     BROADCAST_NOISE);
	return noisy < 0 ? 0 : noisy > CALIX_CODE_MAX ? CALIX_CODE_MAX : noisy;
}

static void prepare_chip(struct calix__session *s)
{
	struct haldls_chip *chip = s->chip;
	haldls_chip_init(chip);
	calix__codes_apply(chip, &s->codes);
	connect_synapses(chip);
	set_rows(chip, CALIX_EXCITATORY);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		chip->neuron_config[n].enable_threshold_comparator = false;
		chip->neuron_config[n].enable_synaptic_input_excitatory = false;
		chip->neuron_config[n].enable_synaptic_input_inhibitory = false;
		chip->neuron_backend_config[n].refractory_time = REFRACTORY_COUNTER;
		chip->neuron_backend_config[n].reset_holdoff = 15;
		chip->neuron_backend_config[n].enable_spike_out = false;
	}
	for (uint32_t half = 0; half < 2; half++) {
		chip->common_neuron_backend_config[half].clock_scale_slow = 1;
		chip->common_neuron_backend_config[half].clock_scale_fast = 1;
	}
}

int calix__session_open(struct calix__session **out, struct hxcomm_connection *connection,
        const struct calix_target *target, uint64_t seed)
{
	*out = NULL;
	struct calix__session *s = calloc(1, sizeof(*s));
	if (!s)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a calibration");
	s->connection = connection;
	s->seed = seed;
	s->target = *target;
	memset(s->channel_good, 1, sizeof(s->channel_good));
	memset(&s->success, 1, sizeof(s->success));
	calix__codes_typical(&s->codes, target);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		s->codes.i_bias_reset[n] = noisy_code(s, n, s->codes.i_bias_reset[n]);
	s->chip = malloc(sizeof(*s->chip));
	int status = s->chip ? HXCOMM_OK
	                     : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip configuration");
	if (status == HXCOMM_OK)
		status = stadls_builder_new(&s->builder);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&s->responses, 0);
	if (status == HXCOMM_OK)
		status = stadls_bringup(connection);
	if (status != HXCOMM_OK) {
		calix__session_close(s);
		return status;
	}
	prepare_chip(s);
	*out = s;
	return HXCOMM_OK;
}

void calix__session_set_codes(struct calix__session *session, const struct calix__codes *codes)
{
	session->codes = *codes;
	prepare_chip(session);
}

void calix__session_close(struct calix__session *session)
{
	if (!session)
		return;
	free(session->chip);
	stadls_builder_free(session->builder);
	hxcomm_responses_free(session->responses);
	free(session);
}

int calix__session_run(struct calix__session *s)
{
	struct fisch_ticket tick;
	uint64_t time = 0;
	int status = stadls_builder_barrier(s->builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = fisch_program_append_tick(&tick, stadls_builder_program(s->builder));
	if (status == HXCOMM_OK)
		status = stadls_run(s->connection, s->builder, s->responses);
	if (status == HXCOMM_OK)
		status = fisch_ticket_time(&time, &tick, s->responses);
	stadls_builder_clear(s->builder);
	if (status != HXCOMM_OK)
		return status;
	if (!s->start_time)
		s->start_time = time;
	s->chip_time = (double)(time - s->start_time) * 8e-9;
	return HXCOMM_OK;
}

/* ---- writers -------------------------------------------------------------------------------- */

int calix__session_settle(struct calix__session *s)
{
	return stadls_builder_wait(s->builder, SETTLE_CYCLES);
}

int calix__session_write_chip(struct calix__session *s)
{
	const int status = stadls_builder_write_chip(s->builder, s->chip);
	return status != HXCOMM_OK ? status : stadls_builder_wait(s->builder, RECONFIGURE_CYCLES);
}

static int write_cell(struct calix__session *s, uint32_t cell, int32_t code)
{
	s->chip->capmem[cell] = (uint16_t)code;
	return fisch_program_append_omnibus_write(stadls_builder_program(s->builder),
	        haldls_capmem_cell_address(cell, 0), (uint32_t)code);
}

int calix__session_write_row(struct calix__session *s, enum haldls_capmem_row row,
        const int32_t *codes)
{
	int status = HXCOMM_OK;
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		status = write_cell(s, haldls_capmem_cell_of_neuron(n, row), codes[n]);
	return status;
}

int calix__session_broadcast(struct calix__session *s, enum haldls_capmem_row row, int32_t code)
{
	int32_t codes[CALIX_NEURONS];
	const uint64_t draw = CALIX_NEURONS * ++s->draws;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		codes[n] = code ? noisy_code(s, draw + n, code) : 0;
	return calix__session_write_row(s, row, codes);
}

int calix__session_write_shared(struct calix__session *s, enum haldls_capmem_shared_cell cell,
        const int32_t *codes)
{
	int status = HXCOMM_OK;
	for (uint32_t q = 0; q < 4 && status == HXCOMM_OK; q++)
		status = write_cell(s, haldls_capmem_cell_shared(q, cell), codes[q]);
	return status;
}

int calix__session_write_neurons(struct calix__session *s)
{
	int status = HXCOMM_OK;
	for (uint32_t n = 0; n < CALIX_NEURONS && status == HXCOMM_OK; n++)
		status = stadls_write(s->builder, n, &s->chip->neuron_config[n]);
	return status;
}

int calix__session_switch_inputs(struct calix__session *s, bool excitatory, bool inhibitory)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		s->chip->neuron_config[n].enable_synaptic_input_excitatory = excitatory;
		s->chip->neuron_config[n].enable_synaptic_input_inhibitory = inhibitory;
	}
	return calix__session_write_neurons(s);
}

int calix__session_switch_readout(struct calix__session *s, enum calix__readout source)
{
	int32_t slope[4];
	for (uint32_t q = 0; q < 4; q++) {
		const int32_t code = s->codes.cadc_i_ramp_slope[q];
		slope[q] = source == CALIX_READ_MEMBRANE ? code : code + code / 8;
		if (slope[q] > CALIX_CODE_MAX)
			slope[q] = CALIX_CODE_MAX;
	}
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		s->chip->neuron_config[n].readout_source =
		        (enum haldls_neuron_config_readout_source)source;
	int status = calix__session_write_shared(s, HALDLS_CAPMEM_CADC_I_RAMP_SLOPE, slope);
	if (status == HXCOMM_OK)
		status = calix__session_write_neurons(s);
	return status != HXCOMM_OK ? status : calix__session_settle(s);
}

int calix__session_switch_thresholds(struct calix__session *s, bool enable)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		s->chip->neuron_config[n].enable_threshold_comparator = enable;
	return calix__session_write_neurons(s);
}

int calix__session_switch_rows(struct calix__session *s, enum calix__receptor receptor)
{
	int status = HXCOMM_OK;
	set_rows(s->chip, receptor);
	for (uint32_t d = 0; d < 256 && status == HXCOMM_OK; d++)
		status = stadls_write(s->builder, d, &s->chip->synapse_driver_config[d]);
	return status;
}

int calix__session_write_clock_scale(struct calix__session *s, uint32_t scale)
{
	int status = HXCOMM_OK;
	for (uint32_t half = 0; half < 2 && status == HXCOMM_OK; half++) {
		struct haldls_common_neuron_backend_config *common =
		        &s->chip->common_neuron_backend_config[half];
		common->clock_scale_slow = scale;
		common->clock_scale_fast = scale;
		status = stadls_write(s->builder, half, common);
	}
	return status;
}

int calix__session_write_channels(struct calix__session *s)
{
	int status = HXCOMM_OK;
	for (uint32_t e = 0; e < 1024 && status == HXCOMM_OK; e++)
		status = stadls_write(s->builder, e, &s->chip->cadc_channel_config[e]);
	return status;
}

/* ---- stimuli and reads ---------------------------------------------------------------------- */

int calix__session_timer_reset(struct calix__session *s)
{
	return stadls_builder_timer_reset(s->builder);
}

int calix__session_wait_until(struct calix__session *s, uint64_t cycles)
{
	return stadls_builder_wait_until(s->builder, cycles);
}

int calix__session_append_resets(struct calix__session *s)
{
	struct fisch_program *program = stadls_builder_program(s->builder);
	int status = HXCOMM_OK;
	for (uint32_t quad = 0; quad < 128 && status == HXCOMM_OK; quad++)
		status = fisch_program_append_omnibus_write(program,
		        haldls_neuron_reset_quad_address(quad, 0), 0);
	return status;
}

int calix__session_append_events(struct calix__session *s, uint64_t start_cycles, uint32_t first,
        uint32_t count)
{
	uint64_t time[CALIX_EVENTS_MAX];
	uint16_t label[CALIX_EVENTS_MAX];
	if (count > CALIX_EVENTS_MAX)
		count = CALIX_EVENTS_MAX;
	for (uint32_t i = 0; i < count; i++) {
		time[i] = start_cycles + (uint64_t)i * CALIX_EVENT_CYCLES;
		label[i] = (uint16_t)((first + i) % ROW_SELECTS << ROW_SELECT_SHIFT);
	}
	return stadls_builder_spike_train(s->builder, time, label, count);
}

/* Reads of one conversion: a trigger in each hemisphere, then what it buffered. Word w of a
 * hemisphere is the quad w % 64 of type w / 64, and word 0 is the trigger itself. */
struct cadc_word {
	uint32_t hemisphere, type, quad;
	bool trigger;
};

static struct cadc_word cadc_word(uint32_t index)
{
	uint32_t hemisphere = index, word = 0;
	if (index >= 2) {
		hemisphere = (index - 2) / (CADC_WORDS / 2 - 1);
		word = (index - 2) % (CADC_WORDS / 2 - 1) + 1;
	}
	return (struct cadc_word){ .hemisphere = hemisphere, .type = word / 64, .quad = word % 64,
		.trigger = index < 2 };
}

int calix__session_append_cadc(struct fisch_ticket *out, struct calix__session *s)
{
	uint32_t addresses[CADC_WORDS];
	for (uint32_t i = 0; i < CADC_WORDS; i++) {
		const struct cadc_word word = cadc_word(i);
		addresses[i] = haldls_cadc_sample_quad_address(
		        haldls_cadc_sample_quad(word.hemisphere, word.trigger ? 0 : 1, word.type, 0,
		                word.quad),
		        0);
	}
	return fisch_program_append_omnibus_reads(out, stadls_builder_program(s->builder), addresses,
	        CADC_WORDS);
}

int calix__session_read_channels(double *out, const struct calix__session *s,
        const struct fisch_ticket *ticket)
{
	uint32_t values[CADC_WORDS];
	const int status = fisch_ticket_read(values, ticket, s->responses);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t i = 0; i < CADC_WORDS; i++) {
		const struct cadc_word word = cadc_word(i);
		for (uint32_t entry = 0; entry < 4; entry++) {
			const uint32_t column = haldls_column_of_quad(word.quad, entry);
			out[haldls_cadc_channel(word.hemisphere, word.type, column)] =
			        (values[i] >> (8 * (3 - entry))) & 0xff;
		}
	}
	return HXCOMM_OK;
}

int calix__session_read_neurons(double *out, const struct calix__session *s,
        const struct fisch_ticket *ticket)
{
	double channels[1024];
	const int status = calix__session_read_channels(channels, s, ticket);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++) {
		double sum = 0, good = 0;
		for (uint32_t type = 0; type < 2; type++) {
			const uint32_t e = haldls_cadc_channel(haldls_neuron_row(n), type,
			        haldls_neuron_column(n));
			if (s->channel_good[e]) {
				sum += channels[e];
				good++;
			}
		}
		out[n] = good > 0 ? sum / good : NAN;
	}
	return HXCOMM_OK;
}

/* ---- searches ------------------------------------------------------------------------------- */

static int step(struct calix__session *s, const struct calix__tuning *tuning,
        struct calix__search *search, const int32_t *codes)
{
	double value[CALIX_NEURONS];
	int status = calix__session_write_row(s, tuning->row, codes);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	if (status == HXCOMM_OK)
		status = tuning->measure(value, s, tuning->context);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		value[n] -= tuning->target[n];
	calix__search_tell(search, value);
	return HXCOMM_OK;
}

int calix__session_tune(struct calix__session *s, const struct calix__tuning *tuning,
        int32_t *codes, uint8_t *success)
{
	const struct calix__search_options options = { .kind = CALIX_SEARCH_NOISY_BINARY,
		.count = CALIX_NEURONS, .hi = tuning->hi, .inverted = tuning->inverted,
		.seed = s->seed + ++s->draws };
	struct calix__search *search;
	int status = calix__search_new(&search, &options);
	while (status == HXCOMM_OK && calix__search_next(search, codes))
		status = step(s, tuning, search, codes);
	if (status == HXCOMM_OK) {
		calix__search_result(search, codes, success);
		status = calix__session_write_row(s, tuning->row, codes);
	}
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	calix__search_free(search);
	return status != HXCOMM_OK ? hxcomm_error_wrap(status, "calibrating the %s", tuning->name)
	                           : HXCOMM_OK;
}

/* ---- figures of merit ----------------------------------------------------------------------- */

void calix__session_add_figure(struct calix__session *s, const char *observable, const char *what,
        double value)
{
	if (!isfinite(value) || s->figure_count >= CALIX_FIGURES_MAX)
		return;
	struct calix__figure *figure = &s->figures[s->figure_count++];
	snprintf(figure->name, sizeof(figure->name), "%s.%s", observable, what);
	figure->value = value;
}

static void invert_all(double *values)
{
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		values[n] = 1 / values[n];
}

int calix__session_check(struct calix__session *s, const struct calix__tuning *tuning,
        const char *figure, bool invert, uint8_t *success)
{
	double value[CALIX_NEURONS];
	const int status = tuning->measure(value, s, tuning->context);
	if (status != HXCOMM_OK)
		return hxcomm_error_wrap(status, "checking the %s", tuning->name);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		if (!(fabs(value[n] - tuning->target[n]) <= tuning->tolerance))
			success[n] = 0;
	if (invert)
		invert_all(value);
	calix__session_add_figure(s, figure, "std_after",
	        calix__trimmed_std(value, NULL, CALIX_NEURONS));
	calix__session_add_figure(s, figure, "median_after",
	        calix__median(value, success, CALIX_NEURONS));
	return HXCOMM_OK;
}

int calix__session_compare(struct calix__session *s, const struct calix__tuning *tuning,
        const char *figure, bool invert, const int32_t *codes, const uint8_t *success)
{
	int32_t common[CALIX_NEURONS];
	double value[CALIX_NEURONS];
	const int32_t median = calix__median_code(codes, success, CALIX_NEURONS);
	for (uint32_t n = 0; n < CALIX_NEURONS; n++)
		common[n] = median;
	int status = calix__session_write_row(s, tuning->row, common);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	if (status == HXCOMM_OK)
		status = tuning->measure(value, s, tuning->context);
	if (status == HXCOMM_OK)
		status = calix__session_write_row(s, tuning->row, codes);
	if (status == HXCOMM_OK)
		status = calix__session_settle(s);
	if (status != HXCOMM_OK)
		return hxcomm_error_wrap(status, "comparing the %s", tuning->name);
	if (invert)
		invert_all(value);
	calix__session_add_figure(s, figure, "std_before",
	        calix__trimmed_std(value, NULL, CALIX_NEURONS));
	return HXCOMM_OK;
}

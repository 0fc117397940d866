// SPDX-License-Identifier: MIT
#ifndef CALIX_SESSION_H
#define CALIX_SESSION_H

#include "codes.h"
#include "search.h"

#include <calix/target.h>
#include <haldls/coordinate.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fisch_program;
struct fisch_ticket;
struct haldls_chip;
struct hxcomm_connection;
struct hxcomm_responses;
struct stadls_builder;

enum { CALIX_NEURONS = 512, CALIX_CODE_MAX = 1022 };

/* The synaptic inputs of a neuron. */
enum calix__receptor { CALIX_EXCITATORY, CALIX_INHIBITORY };

/* A figure of merit on its way into the result. */
struct calix__figure {
	char name[64];
	double value;
};

enum { CALIX_FIGURES_MAX = 64 };

/* One calibration in progress: the chip as it shall be, and the program that is being built.
 *
 * Writers and measurements append to the program; calix__session_run() runs what was appended. So
 * a step of a search (write codes, settle, measure) is one program. */
struct calix__session {
	struct hxcomm_connection *connection;
	struct haldls_chip *chip;           /* what the chip holds once the program has run */
	struct stadls_builder *builder;     /* the program being built */
	struct hxcomm_responses *responses; /* of the last run */
	struct calix_target target;         /* validated */
	struct calix__codes codes;          /* best known so far */
	struct calix__success success;
	uint8_t channel_good[1024];         /* CADC channels that are worth reading */
	struct calix__figure figures[CALIX_FIGURES_MAX]; /* metrics found so far */
	size_t figure_count;
	uint64_t seed;
	uint64_t draws;      /* random streams used so far */
	uint64_t start_time; /* FPGA cycles at the first run */
	double chip_time;    /* s since then */
};

/* Bring the chip up and configure it with typical codes: thresholds off, synaptic inputs off, all
 * synapse rows connected to the events of calix__session_append_events(). */
int calix__session_open(struct calix__session **out, struct hxcomm_connection *connection,
        const struct calix_target *target, uint64_t seed);
void calix__session_close(struct calix__session *session);

/* Configure session->chip as calix__session_open() does, with other codes. */
void calix__session_set_codes(struct calix__session *session, const struct calix__codes *codes);

/* Run the program and forget it; responses are then those of this run. */
int calix__session_run(struct calix__session *session);

/* ---- writers -------------------------------------------------------------------------------- */

/* Write the whole configuration and wait for the capmem, 100 ms. */
int calix__session_write_chip(struct calix__session *session);

/* One capmem row of all neurons, [512] codes. */
int calix__session_write_row(struct calix__session *session, enum haldls_capmem_row row,
        const int32_t *codes);

/* The same code for all neurons, with noise of 5 codes against crosstalk; 0 is exact. */
int calix__session_broadcast(struct calix__session *session, enum haldls_capmem_row row,
        int32_t code);

/* One shared cell in the four quadrants. */
int calix__session_write_shared(struct calix__session *session,
        enum haldls_capmem_shared_cell cell, const int32_t *codes);

/* The NeuronConfigs of session->chip. */
int calix__session_write_neurons(struct calix__session *session);

/* Synaptic inputs of all neurons. */
int calix__session_switch_inputs(struct calix__session *session, bool excitatory, bool inhibitory);

/* What the readout of all neurons shows, and settle. A line stands near 1.2 V at rest, the very top
 * of the CADC's range: its ramp is an eighth steeper while lines are shown. */
enum calix__readout { CALIX_READ_MEMBRANE, CALIX_READ_EXCITATORY, CALIX_READ_INHIBITORY };
int calix__session_switch_readout(struct calix__session *session, enum calix__readout source);

/* Threshold comparators of all neurons. */
int calix__session_switch_thresholds(struct calix__session *session, bool enable);

/* Sign of all synapse rows. */
int calix__session_switch_rows(struct calix__session *session, enum calix__receptor receptor);

/* Both refractory clocks; all counters stand at 255, so that the refractory period is
 * 255 * 2^(scale + 1) * 4 ns. */
int calix__session_write_clock_scale(struct calix__session *session, uint32_t scale);

/* CADC offsets of session->chip. */
int calix__session_write_channels(struct calix__session *session);

/* Wait for capmem cells that were written, 20 ms. */
int calix__session_settle(struct calix__session *session);

/* ---- stimuli and reads ---------------------------------------------------------------------- */

/* Set the timer to 0; wait until it reads so many cycles. */
int calix__session_timer_reset(struct calix__session *session);
int calix__session_wait_until(struct calix__session *session, uint64_t cycles);

/* Reset all neurons, a quad every CALIX_RESET_CYCLES. */
enum { CALIX_RESET_CYCLES = 2, CALIX_RESET_ALL_CYCLES = 128 * CALIX_RESET_CYCLES };
int calix__session_append_resets(struct calix__session *session);

/* So many events, one every CALIX_EVENT_CYCLES from a time of the timer on: each reaches eight
 * synapse rows in each hemisphere, of weight CALIX_EVENT_WEIGHT in every column. Event i reaches
 * the rows of position (first + i) % 32: change first, so that no synapse counts too much. */
enum { CALIX_EVENT_CYCLES = 8, CALIX_EVENT_ROWS = 8, CALIX_EVENT_WEIGHT = 10,
       CALIX_EVENTS_MAX = 200 };
int calix__session_append_events(struct calix__session *session, uint64_t start_cycles,
        uint32_t first, uint32_t count);

/* One conversion of all channels, now; 0.4 us + value * 4 ns later a channel samples. */
int calix__session_append_cadc(struct fisch_ticket *out, struct calix__session *session);

/* What it gave: [1024] channels in enum order. */
int calix__session_read_channels(double *out, const struct calix__session *session,
        const struct fisch_ticket *ticket);

/* What it gave: [512] neurons, the mean of the good channels of each; NaN where none is good. */
int calix__session_read_neurons(double *out, const struct calix__session *session,
        const struct fisch_ticket *ticket);

/* ---- searches ------------------------------------------------------------------------------- */

/* One search of a code for each neuron. */
struct calix__tuning {
	const char *name;     /* for messages */
	enum haldls_capmem_row row;
	int32_t hi;           /* range 0 ... hi */
	bool inverted;
	/* append, run, and give the observable, [512] */
	int (*measure)(double *out, struct calix__session *session, const void *context);
	const void *context;
	const double *target; /* [512] */
	double tolerance;     /* who is farther off in the end has failed; 0: who cares */
};

/* Search, write the best codes and wait until they hold. */
int calix__session_tune(struct calix__session *session, const struct calix__tuning *tuning,
        int32_t *codes, uint8_t *success);

/* Measure what the codes give: figures "<figure>.std_after" and "<figure>.median_after"; clears
 * success where it is farther from the target than the tolerance. With invert the figures are of
 * 1 / observable. */
int calix__session_check(struct calix__session *session, const struct calix__tuning *tuning,
        const char *figure, bool invert, uint8_t *success);

/* Measure what the common median of the codes gives instead: figure "<figure>.std_before"; then
 * the codes again. */
int calix__session_compare(struct calix__session *session, const struct calix__tuning *tuning,
        const char *figure, bool invert, const int32_t *codes, const uint8_t *success);

/* Note a figure of merit; one that is not finite is left out. */
void calix__session_add_figure(struct calix__session *session, const char *observable,
        const char *what, double value);

#endif

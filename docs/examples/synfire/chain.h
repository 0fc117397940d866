// SPDX-License-Identifier: MIT
#ifndef SYNFIRE_CHAIN_H
#define SYNFIRE_CHAIN_H

/* A synfire chain: groups of neurons that pass a wave of spikes on to the next. */

#include <grenade/grenade.h>
#include <haldls/chip.h>
#include <hxcomm/connection.h>

#include <stdio.h>

enum {
	SYNFIRE_LINKS = 8,
	SYNFIRE_EXCITATORY = 7, /* neurons of a link that pass the wave on */
	SYNFIRE_INHIBITORY = 7, /* neurons of a link that end it in their own link */
	SYNFIRE_LINK_NEURONS = SYNFIRE_EXCITATORY + SYNFIRE_INHIBITORY,
	SYNFIRE_WAVES_MAX = 100,
};

/** Time between two waves: long enough for one to run through. */
#define SYNFIRE_PERIOD_S 200e-6

/** What a wave did. */
struct synfire_wave {
	unsigned links;                   /**< links that it passed from the first on, 0 ... 8 */
	unsigned spikes[SYNFIRE_LINKS];   /**< of the excitatory neurons of each link */
	double time_s[SYNFIRE_LINKS];     /**< mean time of these since the wave was started */
};

/** A chain on a chip. */
struct synfire_chain;

/** Make the chain and its plan. @param[out] out the chain, NULL after an error
 *  @param connection an open connection, lent @param chip its calibrated configuration, copied
 *  @param unavailable [512] neurons not to use, or NULL @param trace record the membrane of a neuron
 *  of the last link, too: runs are then limited to 2 ms @return 0 or an error of grenade */
int synfire_chain_new(struct synfire_chain **out, struct hxcomm_connection *connection,
        const struct haldls_chip *chip, const bool *unavailable, bool trace);

/** Free a chain. @param chain may be NULL */
void synfire_chain_free(struct synfire_chain *chain);

/** Cut the chain, or mend it. @param chain the chain @param link 1 ... 7: the connections into
 *  this link get weight 0; 0: all are whole again @return 0 or HXCOMM_ERANGE */
int synfire_chain_cut(struct synfire_chain *chain, unsigned link);

/** Start waves and see how far they come. A wave passes a link when at least half of its excitatory
 *  neurons spike, later than those of the link before.
 *  @param[out] out [count] what they did @param count of waves, 1 ... #SYNFIRE_WAVES_MAX
 *  @param chain the chain @return 0 or an error of grenade */
int synfire_run(struct synfire_wave *out, unsigned count, struct synfire_chain *chain);

/** Figures of the last run. @param chain after synfire_run() @return lent until the next run */
const struct grenade_run_statistics *synfire_statistics(const struct synfire_chain *chain);

/** Write the spikes of the last run as CSV: time_s, neuron, and what kind of neuron it is.
 *  @param file where to @param chain after synfire_run() @return 0 or HXCOMM_EIO */
int synfire_spikes_write(FILE *file, const struct synfire_chain *chain);

/** Write the recorded membrane of the last run as CSV: time_s and the sample in counts of the MADC.
 *  @param file where to @param chain after synfire_run(), made with a trace
 *  @return 0, HXCOMM_EIO, or HXCOMM_ENOENT where nothing was recorded */
int synfire_trace_write(FILE *file, const struct synfire_chain *chain);

#endif

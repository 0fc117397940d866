// SPDX-License-Identifier: MIT
#ifndef CALIX_MEASURE_H
#define CALIX_MEASURE_H

#include "session.h"

/* Measurements of all 512 neurons at the same time, by the CADC. Each appends to the session's
 * program, runs it, and gives [512] values; a neuron without a good CADC channel gives NaN.
 * Contexts may be NULL where a default is named.
 *
 * Times: a channel samples t_trigger + 0.4 us + value * 4 ns (spec/emulator_physics.md 2.5). Decay
 * rates come from two reads at different delays after the same stimulus, so that everything that
 * is common to both (transport, the place of a quad in the burst of resets) cancels, and only the
 * difference of the two values shifts the time between them. */

/* How often a measurement is repeated; the mean counts. */
struct calix__repeats {
	uint32_t count;
};

/* Potential at rest, counts. Context: struct calix__repeats, default 5. */
int calix__measure_rest(double *out, struct calix__session *session, const void *context);

/* Potential 10 us into a long refractory period, counts. Context: as above, default 5. */
int calix__measure_reset(double *out, struct calix__session *session, const void *context);

/* How to follow a membrane from reset to rest. */
struct calix__relaxation {
	double tau;        /* expected time constant, s: sets the delays */
	double middle_lsb; /* between reset and rest: who is still below has not moved */
	uint32_t repeats;
};

/* Rate 1/tau_mem of the return from reset to rest, in 1/s: 0 where nothing moves, infinite where it
 * is over before the first look. Context: struct calix__relaxation. */
int calix__measure_membrane_rate(double *out, struct calix__session *session, const void *context);

/* How to follow a synaptic line, shown by the readout. */
struct calix__line {
	double tau;      /* expected time constant, s: sets the delays */
	uint32_t events; /* in a burst */
	uint32_t repeats;
};

/* Rate 1/tau_syn of the decay of the line after a burst of events, in 1/s; infinite where it is
 * over before the second look. Context: struct calix__line. */
int calix__measure_line_rate(double *out, struct calix__session *session, const void *context);

/* Drop of the line just after a burst, counts. Context: struct calix__line. */
int calix__measure_line_drop(double *out, struct calix__session *session, const void *context);

/* How to excite the membranes through their synaptic inputs. */
struct calix__probe {
	enum calix__receptor receptor; /* inhibitory: the amplitude is that of the dip */
	double delay;                  /* from the middle of the burst to the sample, s; 0.9 us at least */
	uint32_t events;               /* in a burst */
	uint32_t repeats;
};

/* Amplitude of the postsynaptic potential, counts. Context: struct calix__probe. */
int calix__measure_amplitude(double *out, struct calix__session *session, const void *context);

/* Fraction of attempts in which a neuron fired within 12 time constants of the membrane, with the
 * membrane at rest and coming from reset; the reset potential lies below split_lsb, the potential
 * at rest above. */
struct calix__firing {
	double tau;
	double split_lsb;
	uint32_t repeats;
};
int calix__measure_firing(double *out, struct calix__session *session, const void *context);

/* Highest of many reads of neurons that keep firing, counts. Context: struct calix__repeats,
 * reads, default 150. */
int calix__measure_threshold(double *out, struct calix__session *session, const void *context);

/* Amplitude that a typical neuron shows to calix__measure_amplitude() with the strengths of the
 * target, counts. */
double calix__typical_amplitude(const struct calix_target *target, const struct calix__probe *probe);

#endif

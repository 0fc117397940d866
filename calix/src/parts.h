// SPDX-License-Identifier: MIT
#ifndef CALIX_PARTS_H
#define CALIX_PARTS_H

#include "session.h"

/* The single calibrations. Each leaves its codes in session->codes and on the chip, its success in
 * session->success, and its figures of merit in session->figures. Each assumes: inputs off,
 * thresholds off, readout of the membrane; and leaves it so. */

/* Ramp offset and slope of the quadrants, offsets of the channels (spec/calix_spec.md 2). */
int calix__calibrate_cadc(struct calix__session *session);

/* Time constant of the synaptic lines to the target (5, SynTimeConst). */
int calix__calibrate_tau_syn(struct calix__session *session, enum calix__receptor receptor);

/* Current of the synapses, to that of the weakest quadrant (4). */
int calix__calibrate_dac_bias(struct calix__session *session);

/* Potential at rest to so many counts (5, LeakPotential). Inputs may be on. */
int calix__calibrate_leak(struct calix__session *session, double lsb);

/* Potential after a spike to so many counts (5, ResetPotential). Inputs may be on. */
int calix__calibrate_reset(struct calix__session *session, double lsb);

/* Membrane time constant to the target (5, MembraneTimeConst), with the membrane at rest and reset
 * where calix__calibrate_leak() and calix__calibrate_reset() put them. */
int calix__calibrate_tau_mem(struct calix__session *session, double rest_lsb, double reset_lsb);

/* Inputs that draw no current at rest (5, SynReference). */
int calix__calibrate_synaptic_reference(struct calix__session *session,
        enum calix__receptor receptor);

/* Inputs of the same strength on every neuron (5, SynBias). */
int calix__calibrate_synaptic_strength(struct calix__session *session,
        enum calix__receptor receptor);

/* Threshold to the target (5, Threshold). Moves leak and reset, which have to be calibrated
 * again; inputs may be on. */
int calix__calibrate_threshold(struct calix__session *session);

/* Spreads of leak and reset with the codes that are on the chip, and with common median codes. */
int calix__compare_leak(struct calix__session *session, double lsb);
int calix__compare_reset(struct calix__session *session, double lsb);

#endif

// SPDX-License-Identifier: MIT
#ifndef TESTS_EMULATOR_BUSY_CHIP_H
#define TESTS_EMULATOR_BUSY_CHIP_H

/* A chip on which everything moves by itself: neurons that fire, plastic synapses, correlation
 * sensors, a noisy background; for tests of what must not make a difference. */

#include "machine.h"

/** Bring a chip up, and configure it. */
void busy_configure(struct program *program);

/** Look at it for a while: spikes, a recording, membranes and sensors, with events on the way. */
void busy_watch(struct program *program);

#endif

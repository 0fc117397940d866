// SPDX-License-Identifier: MIT
#ifndef EMULATOR_FIRE_LINE_H
#define EMULATOR_FIRE_LINE_H

/** @file
 *  @brief Lines that carry the spikes of neurons to others, and what makes a post pulse.
 *
 *  Each neuron has a segment of a line. A master drives its own segment when it fires; a slave
 *  fires when its segment is driven. `connect_fire_bottom` of one of both joins the segments of a
 *  column, `connect_fire_to_right` drives that of the right neighbour, one way;
 *  `connect_fire_from_right` is broken on the chip and does nothing.
 *
 *  Post pulses of a neuron without `post_overwrite` come from its segment, or, with
 *  `enable_bayesian_extension`, from a gate: its own fire (0, 0), both at once (AND 1, 0; Muller C
 *  1, 1). XNOR (0, 1) is high at rest and makes none. Source: spec/registers_chip.json
 *  NeuronBackendConfig, spec/emulator_physics.md 2.2; gates assumed. */

#include <haldls/containers.h>

#include <stdbool.h>
#include <stdint.h>

struct emulator_analog;

/** The lines of a chip. */
struct fire_lines {
	bool posts[512];    /**< a spike makes a post pulse, whatever the other neurons do */
	uint64_t sent[512]; /**< end of the last step in which a slave fired, ticks */
	unsigned listeners; /**< neurons that their segment means something to */
	unsigned joints;    /**< segments that are joined to others */
};

/** Do spikes go to other neurons? @param lines of the chip @return whether */
static inline bool fire_lines_joined(const struct fire_lines *lines)
{
	return lines->listeners && lines->joints;
}

/** Take over the settings of a neuron. @param a the chip @param neuron 0 ... 511
 *  @param config its new backend; the old one is still in @p a */
void emulator__fire_line_set(struct emulator_analog *a, uint32_t neuron,
	const struct haldls_neuron_backend_config *config);

/** A neuron fires where spikes go to others: all that follows. @param a the chip
 *  @param neuron 0 ... 511; it rests already @param time tick of the spike */
void emulator__fire_line_spread(struct emulator_analog *a, uint32_t neuron, uint64_t time);

#endif

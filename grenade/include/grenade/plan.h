// SPDX-License-Identifier: MIT
#ifndef GRENADE_PLAN_H
#define GRENADE_PLAN_H

/** @file
 *  @brief Where a network lies on the chip.
 *  @defgroup grenade_plan Plans
 *
 *  A plan is made once out of a network and holds all that it needs of it: the network may go or
 *  change afterwards. The same network always gives the same plan. A plan may be read on several
 *  threads at once.
 *
 *  How events find their way (source: spec/grenade_design.md 2): a neuron's event reaches one of
 *  four PADI buses of each hemisphere, given by its column; a background generator reaches the bus
 *  of its own number; external events reach any. On a bus 32 synapse drivers of two synapse rows
 *  each listen. The sources of one event output, of one generator, and up to 64 external sources
 *  each form a *group*: drivers tell groups apart by five bits of the label, synapses tell the
 *  members apart by six. A row is either excitatory or inhibitory.
 *  @{ */

#include <grenade/network.h>
#include <haldls/chip.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A plan. Made by grenade_plan(). */
struct grenade_plan;

/** What a plan may not use. Start from #GRENADE_PLAN_OPTIONS_INIT. */
struct grenade_plan_options {
	size_t size;                     /**< sizeof(struct grenade_plan_options), set by the initialiser */
	const bool *unavailable_neurons; /**< [512] true: never place a neuron on this circuit, because
	                                      it is broken or could not be calibrated; NULL: use all */
	const bool *unavailable_drivers; /**< [256] true: never use this synapse driver; NULL: use all */
};

/** Initialiser that carries the size this program was compiled with. */
#define GRENADE_PLAN_OPTIONS_INIT { sizeof(struct grenade_plan_options), NULL, NULL }

/** A synapse of the chip. */
struct grenade_synapse {
	uint32_t hemisphere; /**< 0 top, 1 bottom */
	uint32_t row;        /**< 0 … 255 */
	uint32_t column;     /**< 0 … 255 */
	uint32_t label;      /**< 0 … 63 */
	uint32_t weight;     /**< 0 … 63 */
};

/** How much of the chip a plan uses. */
struct grenade_plan_usage {
	uint32_t neurons;            /**< neuron circuits, of 512 */
	uint32_t synapses;           /**< synapses, of 131072 */
	uint32_t background_sources; /**< generators, of 8 */
	uint32_t groups;             /**< groups of sources that drivers tell apart */
	uint32_t drivers[2][4];      /**< synapse drivers of each bus by hemisphere, of 32 each */
};

/** Place and route a network, and check that what the chip will connect is what is wanted.
 *  @param[out] out  the plan, owned by the caller; NULL after an error
 *  @param network   the network; not kept
 *  @param options   NULL for the defaults; not kept
 *  @retval 0              planned
 *  @retval HXCOMM_EINVAL  two neurons want one circuit, or an unavailable one, or the options are
 *                         not initialised or too new
 *  @retval HXCOMM_ENOSPC  the network does not fit on the chip: the message names what is short,
 *                         how much is needed and how much there is
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_plan(struct grenade_plan **out,
        const struct grenade_network *network, const struct grenade_plan_options *options);

/** Give back the memory. @param plan may be NULL */
HXCOMM_API void grenade_plan_free(struct grenade_plan *plan);

/** Change the weights of a projection without planning anew. A connection keeps the number of
 *  synapses that its first weight needed, at least one.
 *  @param plan        the plan; unchanged after an error
 *  @param projection  number of the projection in the network
 *  @param weights     [count] weights in the order of its connections
 *  @param count       number of connections of the projection
 *  @retval 0              changed
 *  @retval HXCOMM_ENOENT  no such projection
 *  @retval HXCOMM_EINVAL  the projection has another number of connections
 *  @retval HXCOMM_ERANGE  a weight is larger than the synapses of its connection hold */
HXCOMM_API HXCOMM_NODISCARD int grenade_plan_set_weights(struct grenade_plan *plan,
        uint32_t projection, const uint16_t *weights, size_t count);

/** Write a plan into a chip's configuration: crossbar, buses, drivers, synapses, addresses, spike
 *  outputs, column switches, background generators, readout of recorded membranes. What a
 *  calibration sets stays. Everything of the chip that carries events and does not belong to the
 *  network is switched off, the firing of unused neurons included.
 *  @param plan             the plan
 *  @param[in,out] chip     a calibrated chip
 *  @retval 0  written */
HXCOMM_API HXCOMM_NODISCARD int grenade_plan_configure(const struct grenade_plan *plan,
        struct haldls_chip *chip);

/** Simulate the filters that events pass on a configured chip, and compare the connections that
 *  they make with those of the network (source: spec/grenade_design.md 2.3). grenade_plan() has
 *  done this already; do it again for a chip that was changed by hand.
 *  @param plan  the plan
 *  @param chip  a chip after grenade_plan_configure(); NULL checks the plan itself
 *  @retval 0              exactly the wanted connections
 *  @retval HXCOMM_ESTATE  the message names the first that is missing or too many
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_plan_validate(const struct grenade_plan *plan,
        const struct haldls_chip *chip);

/** Neuron circuits of a population.
 *  @param plan        the plan
 *  @param population  number of the population
 *  @param[out] count  number of neurons; may be NULL
 *  @return [count] circuits 0 … 511 in the population's order, lent; NULL, and count 0, where there
 *          is no such population of neurons */
HXCOMM_API const uint32_t *grenade_plan_circuits(const struct grenade_plan *plan,
        uint32_t population, size_t *count);

/** Synapses of a connection.
 *  @param[out] out    [capacity] synapses, filled as far as there is room; may be NULL
 *  @param capacity    room in @p out
 *  @param plan        the plan
 *  @param projection  number of the projection
 *  @param connection  index of the connection in the projection
 *  @return number of synapses of the connection; 0 where there is no such connection */
HXCOMM_API size_t grenade_plan_synapses(struct grenade_synapse *out, size_t capacity,
        const struct grenade_plan *plan, uint32_t projection, size_t connection);

/** How much of the chip a plan uses.
 *  @param[out] out  the figures
 *  @param plan      the plan */
HXCOMM_API void grenade_plan_count_usage(struct grenade_plan_usage *out,
        const struct grenade_plan *plan);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

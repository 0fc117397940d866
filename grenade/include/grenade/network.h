// SPDX-License-Identifier: MIT
#ifndef GRENADE_NETWORK_H
#define GRENADE_NETWORK_H

/** @file
 *  @brief What is connected: populations, projections, recorders.
 *  @defgroup grenade_network Networks
 *
 *  A network holds no hardware: populations and projections are numbered in the order in which they
 *  are added, neurons within their population, and all results come back in these numbers. A
 *  network belongs to one thread at a time. Every function leaves it as it was when it fails.
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Limits of a network. */
enum {
	GRENADE_SYNAPSE_WEIGHT_MAX = 63,    /**< largest weight of one synapse */
	GRENADE_WEIGHT_MAX = 63 * 64,       /**< largest weight of a connection: the 64 rows of a bus */
	GRENADE_BACKGROUND_MAX = 256,       /**< most members of a background population */
	GRENADE_EXTERNAL_MAX = 16384,       /**< most members of an external population */
	GRENADE_MEMBRANES_MAX = 2,          /**< membranes that one run records */
};

/** A network. Made by grenade_network_new(). */
struct grenade_network;

/** Which synaptic input of a neuron a projection ends at. */
enum grenade_receptor {
	GRENADE_EXCITATORY, /**< spikes raise the membrane potential */
	GRENADE_INHIBITORY, /**< spikes lower the membrane potential */
};

/** One connection of a projection. */
struct grenade_connection {
	uint32_t pre;    /**< source: index in the presynaptic population */
	uint32_t post;   /**< target: index in the postsynaptic population */
	uint16_t weight; /**< strength; 0 … #GRENADE_WEIGHT_MAX. A synapse holds 63, larger weights are
	                      split over several; 0 keeps a synapse free for a later weight */
};

/** Where and how neurons are made. Start from #GRENADE_NEURONS_OPTIONS_INIT. */
struct grenade_neurons_options {
	size_t size;              /**< sizeof(struct grenade_neurons_options), set by the initialiser */
	const uint32_t *circuits; /**< [count] neuron circuits 0 … 511 to use, in the order of the
	                               population; NULL: the plan chooses. Copied */
};

/** Initialiser that carries the size this program was compiled with. */
#define GRENADE_NEURONS_OPTIONS_INIT { sizeof(struct grenade_neurons_options), NULL }

/** How a background population spikes. Start from #GRENADE_BACKGROUND_INIT and give either rate_hz
 *  or period. All members share one generator of the chip, which looks each `period` ticks of 4 ns
 *  and then sends a spike of a random member with probability (rate + 1) / 256.
 *  Source: spec/emulator_physics.md 2.7 */
struct grenade_background {
	size_t size;     /**< sizeof(struct grenade_background), set by the initialiser */
	double rate_hz;  /**< mean rate of each member, in Hz; the plan finds period and rate for it */
	uint32_t period; /**< ticks of 4 ns between two looks, 1 … 65535; 0 where rate_hz is given */
	uint32_t rate;   /**< see above, 1 … 255; 0 means regular spikes, one each period: then the
	                      population has one member */
	uint32_t seed;   /**< of the generator: equal seeds give equal spikes */
};

/** Initialiser that carries the size this program was compiled with. */
#define GRENADE_BACKGROUND_INIT { sizeof(struct grenade_background), 0, 0, 0, 0 }

/** Make an empty network.
 *  @param[out] out  the network, owned by the caller; NULL after an error
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_new(struct grenade_network **out);

/** Give back the memory. @param network may be NULL */
HXCOMM_API void grenade_network_free(struct grenade_network *network);

/** Add a population of neurons.
 *  @param[out] out  number of the population
 *  @param network   the network
 *  @param count     number of neurons; 1 … 512
 *  @param options   NULL for the defaults
 *  @retval 0              added
 *  @retval HXCOMM_EINVAL  count is 0, or the options are not initialised or too new
 *  @retval HXCOMM_ERANGE  a circuit is not on the chip
 *  @retval HXCOMM_ENOSPC  the chip has fewer neurons than the network needs now
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_add_neurons(uint32_t *out,
        struct grenade_network *network, uint32_t count,
        const struct grenade_neurons_options *options);

/** Add a population whose spikes the host sends, see struct grenade_input.
 *  @param[out] out  number of the population
 *  @param network   the network
 *  @param count     number of members; 1 … #GRENADE_EXTERNAL_MAX
 *  @retval 0              added
 *  @retval HXCOMM_ERANGE  count is out of range
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_add_external(uint32_t *out,
        struct grenade_network *network, uint32_t count);

/** Add a population that a generator on the chip drives. The chip has four generators in each
 *  hemisphere; a population whose targets lie in both takes the same one of both.
 *  @param[out] out    number of the population
 *  @param network     the network
 *  @param count       number of members, a power of two; 1 … #GRENADE_BACKGROUND_MAX
 *  @param background  how it spikes
 *  @retval 0              added
 *  @retval HXCOMM_EINVAL  count is no power of two, or @p background contradicts itself
 *  @retval HXCOMM_ERANGE  a rate, period or count is out of range
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_add_background(uint32_t *out,
        struct grenade_network *network, uint32_t count,
        const struct grenade_background *background);

/** Add a projection. Several projections and connections may join the same two neurons: each is a
 *  synapse of its own. An empty projection is allowed.
 *  @param[out] out     number of the projection
 *  @param network      the network
 *  @param pre          population that sends
 *  @param post         population of neurons that receives
 *  @param receptor     synaptic input at which the projection ends
 *  @param connections  [count] connections, copied
 *  @param count        their number
 *  @retval 0              added
 *  @retval HXCOMM_ENOENT  no such population
 *  @retval HXCOMM_EINVAL  @p post holds no neurons, or there is no such receptor
 *  @retval HXCOMM_ERANGE  a neuron's index or a weight is out of range
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_add_projection(uint32_t *out,
        struct grenade_network *network, uint32_t pre, uint32_t post,
        enum grenade_receptor receptor, const struct grenade_connection *connections,
        size_t count);

/** Record the spikes of a population of any kind.
 *  @param network     the network
 *  @param population  number of the population
 *  @retval 0              recorded from the next plan on
 *  @retval HXCOMM_ENOENT  no such population */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_record_spikes(struct grenade_network *network,
        uint32_t population);

/** Record the membrane potential of a neuron with the fast ADC. The first that is asked for becomes
 *  trace 0, the second trace 1.
 *  @param network     the network
 *  @param population  number of the population
 *  @param neuron      index in the population
 *  @retval 0              recorded from the next plan on
 *  @retval HXCOMM_ENOENT  no such population
 *  @retval HXCOMM_EINVAL  the population holds no neurons
 *  @retval HXCOMM_ERANGE  no such neuron
 *  @retval HXCOMM_ENOSPC  #GRENADE_MEMBRANES_MAX membranes are recorded already */
HXCOMM_API HXCOMM_NODISCARD int grenade_network_record_membrane(struct grenade_network *network,
        uint32_t population, uint32_t neuron);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

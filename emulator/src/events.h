// SPDX-License-Identifier: MIT
#ifndef EMULATOR_EVENTS_H
#define EMULATOR_EVENTS_H

/** @file
 *  @brief The way of a spike over the chip: crossbar, PADI buses, synapse drivers, and the links to
 *  and from the FPGA (source: spec/grenade_design.md 2.1 to 2.3, spec/emulator_physics.md 2.8).
 *
 *  Everything is a time stamp computed when an event passes: queues are not simulated tick by tick;
 *  an output remembers when it is free again. An output takes one event in 8 ns; what would wait
 *  longer than its queue is deep is lost and counted.
 *
 *  | way                                        | latency                              |
 *  |--------------------------------------------|--------------------------------------|
 *  | crossbar to synapse driver                 | 80 ns                                |
 *  | FPGA to crossbar                           | 120 ns, jitter up to 8 ns either way |
 *  | neuron or background source to FPGA        | 300 ns, jitter up to 8 ns either way |
 *  | from a link input through a link output to |                                      |
 *  | the FPGA: the loop takes 0.72 us in all    | 600 ns, jitter up to 8 ns either way |
 *
 *  **Two passes.** An event's way to the drivers and its way to the FPGA use different outputs,
 *  which share nothing. Where no neuron reaches a bus that somebody listens to, all events from
 *  outside may therefore go to the buses first, for a long window; the neurons then run through it,
 *  and their spikes leave the chip together with those events. emulator__events_look_ahead() says
 *  how long such a window may be.
 *
 *  All times are ticks of 4 ns since power-up of the chip. */

#include "analog.h"

#include <haldls/containers.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	EMULATOR_INPUTS = 20,        /**< crossbar inputs: 8 neuron outputs, 4 links, 8 sources */
	EMULATOR_OUTPUTS = 12,       /**< crossbar outputs: 8 PADI buses, 4 links */
	EMULATOR_INPUT_LINK = 8,     /**< first input that comes from the FPGA */
	EMULATOR_INPUT_SOURCE = 12,  /**< first input that comes from a background source */
	EMULATOR_OUTPUT_LINK = 8,    /**< first output that goes to the FPGA */
	EMULATOR_BUSES = 8,          /**< PADI buses, 4 a hemisphere */
	EMULATOR_NODES = 76,         /**< crossbar nodes that exist */
	EMULATOR_SLOT_TICKS = 2,     /**< an output takes one event in 8 ns */
	EMULATOR_PADI_TICKS = 20,    /**< crossbar to driver: 80 ns */
	EMULATOR_LINK_TICKS = 30,    /**< FPGA to crossbar: 120 ns */
	EMULATOR_OUTPUT_TICKS = 75,  /**< crossbar to FPGA: 300 ns */
	EMULATOR_LOOP_TICKS = 75,    /**< what a loop from link to link takes beyond both ways */
	EMULATOR_JITTER_TICKS = 2,   /**< 8 ns */
	EMULATOR_MERGER_QUEUE = 4,   /**< spikes that wait for a neuron output before one is lost */
	EMULATOR_OUTPUT_QUEUE = 64,  /**< events that wait for an output before one is lost */
	EMULATOR_LINK_QUEUE = 512,   /**< events that wait at a link input before one is lost */
	EMULATOR_ALL_OUTPUTS = 0xfff, /**< mask of all outputs of the crossbar */
	EMULATOR_LEAVING = 256,       /**< events that leave the chip together */
	EMULATOR_DRAWS = 32,          /**< of the jitter, in a block */
};

/** An event under way. */
struct emulator_event {
	uint64_t time;  /**< tick */
	uint16_t label; /**< label, 16 bits */
	uint8_t place;  /**< the crossbar input it reaches, or the bus it is on */
};

/** A growing queue of events in the order of time, then of place. */
struct emulator_queue {
	struct emulator_event *events; /**< ring buffer */
	size_t capacity;               /**< its size, a power of two */
	size_t head;                   /**< index of the first event, counted without wrap */
	size_t tail;                   /**< index behind the last event */
	uint64_t due;                  /**< time of the first event; UINT64_MAX for none */
};

/** An event that leaves the chip. */
struct emulator_leaving {
	uint64_t stamp;   /**< tick at which it passed the crossbar */
	uint64_t arrival; /**< tick at which it reaches the FPGA */
	uint16_t label;   /**< with the link in bits 15:14 */
};

/** Takes events that leave the chip. @param user as given @param events [count] in the order in
 *  which they passed the crossbar @param count of them */
typedef void emulator_output(void *user, const struct emulator_leaving *events, size_t count);

/** Told of events that a link lost. @param user as given @param time tick @param to_chip on the way
 *  there */
typedef void emulator_loss(void *user, uint64_t time, bool to_chip);

enum { EMULATOR_LANES = 16 }; /**< outputs that are looked at at once */

/** Filters of the crossbar nodes of an input. */
struct emulator_filters {
	uint16_t mask[EMULATOR_LANES];   /**< label bits that are compared */
	uint16_t target[EMULATOR_LANES]; /**< their values; out of reach where there is no node */
	bool count_drops[EMULATOR_OUTPUTS]; /**< losses count in the drop counter of the input */
};

/** Where spikes of a neuron go. */
struct emulator_neuron_route {
	uint16_t label;   /**< that they carry, 14 bits */
	uint16_t outputs; /**< mask of outputs that its filters let them pass to */
	uint8_t input;    /**< of the crossbar, 0 ... 7 */
	bool sends;       /**< the backend has its event output on */
};

/** Drivers that accept a row select address of a bus. */
struct emulator_acceptance {
	uint8_t count;      /**< how many */
	uint8_t driver[32]; /**< their numbers 0 ... 255 on the chip, ascending */
};

/** Configuration and state of event routing. */
struct emulator_events {
	struct emulator_filters filters[EMULATOR_INPUTS];    /**< of the crossbar */
	struct { bool receives; uint8_t mask; } driver[256]; /**< address match of each driver */
	struct emulator_neuron_route route[512];   /**< of spikes, by neuron; `outputs` hold after
	                                                emulator__events_look_ahead() */
	bool routes_stale;                         /**< they must be computed again */
	bool bus_enabled[EMULATOR_BUSES];          /**< bus takes events from the crossbar */
	bool count_events[EMULATOR_OUTPUTS];       /**< event counter of the output runs */
	/** By bus and row select address. */
	struct emulator_acceptance acceptance[EMULATOR_BUSES][32];
	bool stale;                                /**< acceptance must be computed again */
	uint16_t listening; /**< mask of enabled buses with a driver that receives; after
	                         emulator__events_look_ahead() */
	uint32_t loss;      /**< an event is lost on a link with this probability times 2^32 */
	uint32_t flip;      /**< a bit of its label turns over, likewise */
	uint64_t faults;    /**< draws for the two so far */
	uint64_t merger_free[8];                   /**< tick at which a neuron output is free */
	uint64_t link_free[4];                     /**< tick at which a link input is free */
	uint64_t output_free[EMULATOR_OUTPUTS];    /**< tick at which a crossbar output is free */
	uint64_t last_arrival[4][2];               /**< last arrival at the FPGA, by link; of
	                                                loops */
	struct emulator_queue link[4];             /**< events on their way to the crossbar */
	struct emulator_queue bus;                 /**< events on their way to the drivers */
	struct emulator_leaving leaving[EMULATOR_LEAVING]; /**< not handed over yet */
	size_t leaving_count;                      /**< of them */
	uint32_t event_counter[EMULATOR_OUTPUTS];  /**< events that passed, 24 bits */
	uint32_t drop_counter[EMULATOR_INPUTS];    /**< events that were lost, 16 bits */
	uint64_t lost;                             /**< all lost events, counted or not */
	bool noise;                                /**< jitter on */
	uint64_t seed;                             /**< of the jitter */
	uint64_t draws[2];                         /**< jitter draws so far: to and from the chip */
	uint8_t drawn[2][EMULATOR_DRAWS];          /**< those of the last block: ticks */
	bool exhausted;                            /**< memory for a queue was exhausted */
	emulator_output *output;                   /**< takes events that leave */
	emulator_loss *lose;                       /**< told of losses on links; NULL for nobody */
	void *user;                                /**< handed to both */
};

/** Begin to use event routing; every node exists with mask 0 and target 0, nothing is enabled.
 *  @param events is overwritten @param noise jitter on @param seed of the jitter
 *  @param output takes events that leave the chip @param user handed to @p output */
void emulator__events_init(struct emulator_events *events, bool noise, uint64_t seed,
        emulator_output *output, void *user);

/** Free the queues. @param events may be all zero */
void emulator__events_deinit(struct emulator_events *events);

/** Forget all events under way, and all counters. @param events the state */
void emulator__events_clear(struct emulator_events *events);

/** Set the filter of a node. @param events the state @param node 0 ... 75, input by input
 *  @param config the filter */
void emulator__events_set_node(struct emulator_events *events, uint32_t node,
        const struct haldls_crossbar_node *config);

/** Set the event output of a neuron. @param events the state @param neuron 0 ... 511
 *  @param sends its backend has it on @param address low byte of the label */
void emulator__events_set_neuron(struct emulator_events *events, uint32_t neuron, bool sends,
        uint8_t address);

/** An event from the FPGA enters the link. @param events the state
 *  @param time tick at which it left the FPGA; not before the last one @param label 16 bits */
void emulator__events_from_fpga(struct emulator_events *events, uint64_t time, uint16_t label);

/** Put an event on a PADI bus without the crossbar, as the host's PADI event register does.
 *  @param events the state @param time tick @param bus 0 ... 7 @param label row select and synapse
 *  label: bits 10 ... 0 */
void emulator__events_to_bus(struct emulator_events *events, uint64_t time, unsigned bus,
        uint16_t label);

/** Which outputs do the filters of an input let an event pass to? @param events the state
 *  @param input 0 ... 19 @param label 16 bits @return mask of outputs */
unsigned emulator__events_outputs(const struct emulator_events *events, unsigned input,
        uint16_t label);

/** An event enters the crossbar. @param events the state @param event with its crossbar input
 *  @param outputs mask of those it leaves by, of emulator__events_outputs() */
void emulator__events_route(struct emulator_events *events, const struct emulator_event *event,
        unsigned outputs);

/** Spikes of neurons enter the crossbar, where their backends send events.
 *  @param events the state @param spikes [count] in time order @param count of them
 *  @param outputs mask of the outputs that this pass is about */
void emulator__events_from_neurons(struct emulator_events *events,
        const struct emulator_spike *spikes, size_t count, unsigned outputs);

/** Hand over the events that have left the chip so far. @param events the state */
void emulator__events_hand_over(struct emulator_events *events);

/** Events from outside that reach the crossbar in a window. */
struct emulator_intake {
	unsigned early;               /**< mask of buses that they leave by at once */
	struct emulator_event *later; /**< those that have other outputs, too: room for all */
	size_t later_count;           /**< of them */
	unsigned room;                /**< events that may still be taken */
	uint64_t last;                /**< tick of the last one that was taken */
};

/** Take an event from outside. @param events the state @param intake takes it; has room
 *  @param event with its crossbar input */
void emulator__events_take(struct emulator_events *events, struct emulator_intake *intake,
        const struct emulator_event *event);

/** Take events from the FPGA that reach the crossbar before @p end, in time order.
 *  @param events the state @param intake takes them, as long as it has room @param end tick
 *  @return how many */
size_t emulator__events_take_links(struct emulator_events *events, struct emulator_intake *intake,
        uint64_t end);

/** Tick of the next event that waits for a driver. @param events the state
 *  @return tick; UINT64_MAX for none */
static inline uint64_t emulator__events_next_bus(const struct emulator_events *events)
{
	return events->bus.due;
}

/** Tick of the next event that reaches the crossbar from the FPGA. @param events the state
 *  @return tick; UINT64_MAX for none */
static inline uint64_t emulator__events_next_link(const struct emulator_events *events)
{
	const struct emulator_queue *link = events->link;
	const uint64_t first = link[0].due < link[1].due ? link[0].due : link[1].due;
	const uint64_t second = link[2].due < link[3].due ? link[2].due : link[3].due;
	return first < second ? first : second;
}

/** Take events that reach a bus before @p end, and have them accepted by drivers, in time order.
 *  @param[out] out [capacity] what drivers accept @param events the state @param end tick
 *  @param capacity at least 32, the drivers of a bus
 *  @return how many; 0 where no more reach a bus before @p end */
size_t emulator__events_deliver(struct emulator_driver_event *out, struct emulator_events *events,
        uint64_t end, size_t capacity);

/** How long after a spike can the earliest driver notice it? Brings `listening` and the routes of
 *  neurons up to date.
 *  @param events the state @param can_fire [512] atomic neurons that may spike
 *  @return ticks: the latency of the shortest way that the configuration leaves from a neuron to a
 *  bus with listening drivers; UINT64_MAX where there is none */
uint64_t emulator__events_look_ahead(struct emulator_events *events, const bool can_fire[512]);

#endif

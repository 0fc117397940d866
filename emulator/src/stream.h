// SPDX-License-Identifier: MIT
#ifndef EMULATOR_STREAM_H
#define EMULATOR_STREAM_H

/** @file
 *  @brief The way back to the host: responses of all kinds, ordered by the FPGA cycle at which they
 *  arrive, one message a cycle, with time annotation (source: spec/transport.md 2.7).
 *
 *  The host counts +1 a message, "systime" sets its counter, "sysdelta" adds to it. The stream adds
 *  the annotation that makes this count the exact FPGA time of every response. */

#include <hxcomm/encoder.h>
#include <hxcomm/words.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** Takes finished words. @param user as given @param words [count] @param count number of words
 *  @return 0 or an error that ends the run */
typedef int emulator_sink(void *user, const uint64_t *words, size_t count);

/** A response on its way. */
struct emulator_response {
	uint64_t cycle;   /**< FPGA cycle of arrival */
	uint64_t order;   /**< running number: the order within a cycle */
	uint64_t payload; /**< payload of the message; 24 bits of one event for spikes and
	                       samples */
	uint64_t oldest;  /**< events: last cycle at which the time stamp can still be resolved */
	uint8_t code;     /**< enum hxcomm_response; one-event code for spikes and samples */
};

/** Responses in the order of (cycle, running number). They come nearly sorted, so that a new one
 *  finds its place a few steps from the end. */
struct emulator_ring {
	struct emulator_response *entries; /**< [capacity] ring buffer */
	size_t capacity;                   /**< its size, a power of two */
	size_t head;                       /**< index of the first, counted without wrap */
	size_t tail;                       /**< index behind the last */
};

enum { EMULATOR_STREAM_BATCH = 256 }; /**< messages that are packed together */

/** The stream. */
struct emulator_stream {
	struct hxcomm_encoder encoder;  /**< words that wait for the sink */
	struct hxcomm_encoder_response batch[EMULATOR_STREAM_BATCH]; /**< messages that are not
	                                                                  packed yet */
	size_t batched;                 /**< of them; 0 between calls */
	struct emulator_ring events;    /**< spikes and samples under way */
	struct emulator_ring answers;   /**< all others */
	uint64_t order;                 /**< next running number */
	uint64_t next_cycle;            /**< first cycle that carries no message yet */
	uint64_t host_time;             /**< what the host's counter shows */
	bool annotated;                 /**< time annotation is on */
	uint64_t systime_offset;        /**< FPGA system time minus FPGA cycle, modulo 2^64 */
	uint64_t dropped;               /**< events lost because the way back was congested */
	emulator_sink *sink;            /**< where finished words go */
	void *user;                     /**< the sink's */
};

/** Begin to use a stream. @param stream is overwritten */
void emulator__stream_init(struct emulator_stream *stream);

/** Free what a stream holds. @param stream may be all zero */
void emulator__stream_deinit(struct emulator_stream *stream);

/** Begin a run: forget what is under way, host time 0.
 *  @param stream the stream @param now first cycle of the run @param sink receives words
 *  @param user handed to the sink */
void emulator__stream_begin(struct emulator_stream *stream, uint64_t now, emulator_sink *sink,
        void *user);

/** Responses under way. @param stream the stream @return how many */
static inline size_t emulator__stream_count(const struct emulator_stream *stream)
{
	return stream->events.tail - stream->events.head + stream->answers.tail -
	       stream->answers.head;
}

/** Add events of one kind, spikes or samples.
 *  @param stream     the stream
 *  @param responses  [count] with everything but their running number
 *  @param count      of them
 *  @retval 0 added @retval HXCOMM_ENOMEM memory is exhausted: none of them is added */
int emulator__stream_append_events(struct emulator_stream *stream,
        const struct emulator_response *responses, size_t count);

/** Add a response that is no event.
 *  @param stream   the stream
 *  @param cycle    cycle of arrival
 *  @param code     kind of response
 *  @param payload  payload of the message
 *  @retval 0 added @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__stream_append(struct emulator_stream *stream, uint64_t cycle,
        enum hxcomm_response code, uint64_t payload);

/** Send all responses that arrive up to and including @p cycle.
 *  @param stream the stream @param cycle no later response can arrive before the next cycle
 *  @return 0, or the error of the encoder or sink */
int emulator__stream_drain(struct emulator_stream *stream, uint64_t cycle);

/** End a run: send the halt after everything else, and hand all words to the sink.
 *  @param stream the stream @param cycle cycle of the halt @return 0 or an error */
int emulator__stream_end(struct emulator_stream *stream, uint64_t cycle);

#endif

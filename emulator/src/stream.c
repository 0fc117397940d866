// SPDX-License-Identifier: MIT
/* Responses wait until no earlier one can come any more; then they leave one a cycle. Spikes wait
 * apart from the rest: a read is answered late, and spikes would have to be sorted in before it. */
#include "stream.h"

#include <hxcomm/error.h>

#include <stdlib.h>

enum {
	CHUNK_WORDS = 16384, /* words that are handed to the sink at once */
	SYSDELTA_MAX = 255,
};

static const uint64_t systime_mask = (UINT64_C(1) << 43) - 1;

void emulator__stream_init(struct emulator_stream *stream)
{
	*stream = (struct emulator_stream){ 0 };
	hxcomm_encoder_init(&stream->encoder);
}

void emulator__stream_deinit(struct emulator_stream *stream)
{
	hxcomm_encoder_deinit(&stream->encoder);
	free(stream->events.entries);
	free(stream->answers.entries);
	*stream = (struct emulator_stream){ 0 };
}

void emulator__stream_begin(struct emulator_stream *stream, uint64_t now, emulator_sink *sink,
        void *user)
{
	hxcomm_encoder_clear(&stream->encoder);
	stream->encoder.pending = stream->encoder.bits = 0; /* of a run that ended with an error */
	stream->events.head = stream->events.tail;
	stream->answers.head = stream->answers.tail;
	stream->next_cycle = now;
	stream->host_time = 0;
	stream->sink = sink;
	stream->user = user;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static bool is_event(unsigned code)
{
	return code == HXCOMM_RESPONSE_SPIKE_1 || code == HXCOMM_RESPONSE_MADC_1;
}

static struct emulator_response *entry(const struct emulator_ring *ring, size_t index)
{
	return &ring->entries[index & (ring->capacity - 1)];
}

static bool grow(struct emulator_ring *ring)
{
	const size_t count = ring->tail - ring->head, capacity = count ? 2 * count : 1024;
	struct emulator_response *entries = malloc(capacity * sizeof(*entries));
	if (!entries)
		return false;
	for (size_t i = 0; i < count; i++)
		entries[i] = *entry(ring, ring->head + i);
	free(ring->entries);
	*ring = (struct emulator_ring){ entries, capacity, 0, count };
	return true;
}

static int append(struct emulator_stream *stream, struct emulator_ring *ring,
        const struct emulator_response *response)
{
	if (ring->tail - ring->head == ring->capacity && !grow(ring))
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu responses under way",
		        2 * ring->capacity);
	size_t place = ring->tail++;
	for (; place > ring->head && entry(ring, place - 1)->cycle > response->cycle; place--)
		*entry(ring, place) = *entry(ring, place - 1);
	struct emulator_response *found = entry(ring, place);
	*found = *response;
	found->order = stream->order++;
	return HXCOMM_OK;
}

int emulator__stream_append_events(struct emulator_stream *stream,
        const struct emulator_response *responses, size_t count)
{
	int status = HXCOMM_OK;
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++)
		status = append(stream, &stream->events, &responses[i]);
	return status;
}

int emulator__stream_append(struct emulator_stream *stream, uint64_t cycle,
        enum hxcomm_response code, uint64_t payload)
{
	const struct emulator_response response = {
		.cycle = cycle,
		.payload = payload,
		.oldest = UINT64_MAX,
		.code = (uint8_t)code,
	};
	return append(stream, &stream->answers, &response);
}

static struct emulator_response *first(const struct emulator_ring *ring)
{
	return ring->head == ring->tail ? NULL : entry(ring, ring->head);
}

/* The ring whose first response is next; NULL where both are empty. */
static struct emulator_ring *next(struct emulator_stream *stream)
{
	const struct emulator_response *event = first(&stream->events);
	const struct emulator_response *answer = first(&stream->answers);
	if (!event || !answer)
		return event ? &stream->events : answer ? &stream->answers : NULL;
	if (event->cycle != answer->cycle)
		return event->cycle < answer->cycle ? &stream->events : &stream->answers;
	return event->order < answer->order ? &stream->events : &stream->answers;
}

/* ---- leaving --------------------------------------------------------------------------------- */

/* Make the host's counter show @p cycle at the next message. */
static int annotate(struct emulator_stream *stream, uint64_t cycle)
{
	stream->host_time++;
	if (!stream->annotated)
		return HXCOMM_OK;
	const uint64_t wanted = (cycle + stream->systime_offset) & systime_mask;
	const uint64_t delta = wanted - stream->host_time;
	int status = HXCOMM_OK;
	if (delta == 0)
		return HXCOMM_OK;
	if (wanted > stream->host_time && delta - 1 <= SYSDELTA_MAX)
		status = hxcomm_encoder_append(
		        &stream->encoder, HXCOMM_RESPONSE_SYSDELTA, 0, delta - 1);
	else
		status = hxcomm_encoder_append(&stream->encoder, HXCOMM_RESPONSE_SYSTIME, 0,
		        (wanted - 1) & systime_mask);
	stream->host_time = wanted;
	return status;
}

/* Take up to two more events of the same kind and cycle, so that three travel as one message. */
static int emit_events(struct emulator_stream *stream, const struct emulator_response *leader)
{
	uint64_t events[3] = { leader->payload & 0xffffff };
	unsigned count = 1;
	const struct emulator_response *more;
	while (count < 3 && (more = first(&stream->events)) && more->cycle == leader->cycle &&
	        more->code == leader->code) {
		events[count++] = more->payload & 0xffffff;
		stream->events.head++;
	}
	uint64_t high = 0, low = events[0];
	if (count == 2)
		low = events[0] << 24 | events[1];
	if (count == 3) {
		high = events[0] >> 16;
		low = events[0] << 48 | events[1] << 24 | events[2];
	}
	return hxcomm_encoder_append(&stream->encoder,
	        (enum hxcomm_response)(leader->code + count - 1), high, low);
}

static int emit(struct emulator_stream *stream, const struct emulator_response *response)
{
	const uint64_t cycle =
	        response->cycle > stream->next_cycle ? response->cycle : stream->next_cycle;
	if (is_event(response->code) && stream->annotated && cycle > response->oldest) {
		stream->dropped++; /* the host could not tell any more when it happened */
		return HXCOMM_OK;
	}
	stream->next_cycle = cycle + 1;
	if (response->code == HXCOMM_RESPONSE_SYSTIME) {
		stream->host_time = (cycle + stream->systime_offset) & systime_mask;
		return hxcomm_encoder_append(&stream->encoder, HXCOMM_RESPONSE_SYSTIME, 0,
		        stream->host_time);
	}
	int status = annotate(stream, cycle);
	if (status != HXCOMM_OK)
		return status;
	if (is_event(response->code))
		return emit_events(stream, response);
	return hxcomm_encoder_append(&stream->encoder, (enum hxcomm_response)response->code, 0,
	        response->payload);
}

static int deliver(struct emulator_stream *stream, size_t at_least)
{
	size_t count;
	const uint64_t *words = hxcomm_encoder_words(&stream->encoder, &count);
	if (count < at_least)
		return HXCOMM_OK;
	const int status = stream->sink(stream->user, words, count);
	hxcomm_encoder_clear(&stream->encoder);
	return status;
}

int emulator__stream_drain(struct emulator_stream *stream, uint64_t cycle)
{
	int status = HXCOMM_OK;
	struct emulator_ring *ring;
	while (status == HXCOMM_OK && (ring = next(stream)) && first(ring)->cycle <= cycle) {
		const struct emulator_response response = *first(ring);
		ring->head++;
		status = emit(stream, &response);
	}
	return status == HXCOMM_OK ? deliver(stream, CHUNK_WORDS) : status;
}

int emulator__stream_end(struct emulator_stream *stream, uint64_t cycle)
{
	int status = emulator__stream_drain(stream, cycle);
	stream->events.head = stream->events.tail; /* what comes after the halt is lost */
	stream->answers.head = stream->answers.tail;
	const struct emulator_response halt = {
		.cycle = cycle,
		.oldest = UINT64_MAX,
		.code = HXCOMM_RESPONSE_LOOPBACK,
	};
	if (status == HXCOMM_OK)
		status = emit(stream, &halt);
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_flush(&stream->encoder);
	return status == HXCOMM_OK ? deliver(stream, 1) : status;
}

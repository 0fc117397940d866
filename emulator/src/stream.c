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
	stream->batched = 0;
	stream->events.head = stream->events.tail;
	stream->answers.head = stream->answers.tail;
	stream->next_cycle = now;
	stream->host_time = 0;
	stream->sink = sink;
	stream->user = user;
}

/* ---- waiting --------------------------------------------------------------------------------- */

static struct emulator_response *entry(const struct emulator_ring *ring, size_t index)
{
	return &ring->entries[index & (ring->capacity - 1)];
}

/* Room for so many more. */
static int reserve(struct emulator_ring *ring, size_t more)
{
	const size_t count = ring->tail - ring->head;
	size_t capacity = ring->capacity ? ring->capacity : 1024;
	if (count + more <= ring->capacity)
		return HXCOMM_OK;
	while (capacity < count + more)
		capacity *= 2;
	struct emulator_response *entries = malloc(capacity * sizeof(*entries));
	if (!entries)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu responses under way",
		        capacity);
	for (size_t i = 0; i < count; i++)
		entries[i] = *entry(ring, ring->head + i);
	free(ring->entries);
	*ring = (struct emulator_ring){ entries, capacity, 0, count };
	return HXCOMM_OK;
}

/* Keep a response in order. There is room. */
static inline void insert(struct emulator_stream *stream, struct emulator_ring *ring,
        const struct emulator_response *response)
{
	size_t place = ring->tail++;
	for (; place > ring->head && entry(ring, place - 1)->cycle > response->cycle; place--)
		*entry(ring, place) = *entry(ring, place - 1);
	struct emulator_response *found = entry(ring, place);
	*found = *response;
	found->order = stream->order++;
}

int emulator__stream_append_events(struct emulator_stream *stream,
        const struct emulator_response *responses, size_t count)
{
	const int status = reserve(&stream->events, count);
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++)
		insert(stream, &stream->events, &responses[i]);
	return status;
}

int emulator__stream_append(struct emulator_stream *stream, uint64_t cycle,
        enum hxcomm_response code, uint64_t payload)
{
	const int status = reserve(&stream->answers, 1);
	if (status == HXCOMM_OK)
		insert(stream, &stream->answers,
		        &(struct emulator_response){
		                .cycle = cycle,
		                .payload = payload,
		                .oldest = UINT64_MAX,
		                .code = (uint8_t)code,
		        });
	return status;
}

static struct emulator_response *first(const struct emulator_ring *ring)
{
	return ring->head == ring->tail ? NULL : entry(ring, ring->head);
}

/* ---- leaving --------------------------------------------------------------------------------- */

static int pack(struct emulator_stream *stream)
{
	const size_t count = stream->batched;
	stream->batched = 0;
	return hxcomm_encoder_append_all(&stream->encoder, stream->batch, count);
}

/* Room in the batch for a message and its annotation. */
static int make_room(struct emulator_stream *stream)
{
	return stream->batched + 2 > EMULATOR_STREAM_BATCH ? pack(stream) : HXCOMM_OK;
}

static inline void push(struct emulator_stream *stream, unsigned code, uint64_t high, uint64_t low)
{
	stream->batch[stream->batched++] =
	        (struct hxcomm_encoder_response){ (enum hxcomm_response)code, high, low };
}

/* Make the host's counter show @p cycle at the next message. */
static inline void annotate(struct emulator_stream *stream, uint64_t cycle)
{
	stream->host_time++;
	if (!stream->annotated)
		return;
	const uint64_t wanted = (cycle + stream->systime_offset) & systime_mask;
	const uint64_t delta = wanted - stream->host_time;
	const bool near = delta <= SYSDELTA_MAX + 1;
	push(stream, near ? HXCOMM_RESPONSE_SYSDELTA : HXCOMM_RESPONSE_SYSTIME, 0,
	        near ? delta - 1 : (wanted - 1) & systime_mask);
	stream->batched -= delta == 0; /* often, and hard to foresee: no branch */
	stream->host_time = wanted;
}

/* The first cycle from @cycle on that carries no message yet. */
static inline uint64_t free_cycle(const struct emulator_stream *stream, uint64_t cycle)
{
	return cycle > stream->next_cycle ? cycle : stream->next_cycle;
}

/* Take up to two more events of the same kind and cycle, so that three travel as one message. */
static inline void emit_event(struct emulator_stream *stream, const struct emulator_response *event)
{
	const unsigned code = event->code;
	const uint64_t cycle = event->cycle;
	uint64_t events[3] = { event->payload & 0xffffff };
	unsigned count = 1;
	const struct emulator_response *more;
	const uint64_t sent = free_cycle(stream, cycle);
	stream->events.head++;
	if (stream->annotated && sent > event->oldest) {
		stream->dropped++; /* the host could not tell any more when it happened */
		return;
	}
	stream->next_cycle = sent + 1;
	annotate(stream, sent);
	while (count < 3 && (more = first(&stream->events)) && more->cycle == cycle &&
	        more->code == code) {
		events[count++] = more->payload & 0xffffff;
		stream->events.head++;
	}
	if (count == 1)
		push(stream, code, 0, events[0]);
	else if (count == 2)
		push(stream, code + 1, 0, events[0] << 24 | events[1]);
	else
		push(stream, code + 2, events[0] >> 16,
		        events[0] << 48 | events[1] << 24 | events[2]);
}

static void emit_answer(struct emulator_stream *stream, const struct emulator_response *answer)
{
	const uint64_t cycle = free_cycle(stream, answer->cycle);
	stream->next_cycle = cycle + 1;
	if (answer->code == HXCOMM_RESPONSE_SYSTIME)
		stream->host_time = (cycle + stream->systime_offset) & systime_mask;
	else
		annotate(stream, cycle);
	push(stream, answer->code, 0,
	        answer->code == HXCOMM_RESPONSE_SYSTIME ? stream->host_time : answer->payload);
}

/* Send the events up to @cycle that come before @answer; NULL: all. */
static int emit_events(struct emulator_stream *stream, const struct emulator_response *answer,
        uint64_t cycle)
{
	const struct emulator_response *event;
	int status = HXCOMM_OK;
	while (status == HXCOMM_OK && (event = first(&stream->events)) && event->cycle <= cycle) {
		if (answer && (event->cycle > answer->cycle ||
		                      (event->cycle == answer->cycle &&
		                              event->order > answer->order)))
			break;
		emit_event(stream, event);
		status = make_room(stream);
	}
	return status;
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
	const struct emulator_response *answer = first(&stream->answers);
	int status = emit_events(stream, answer, cycle);
	while (status == HXCOMM_OK && answer && answer->cycle <= cycle) {
		emit_answer(stream, answer);
		stream->answers.head++;
		answer = first(&stream->answers);
		status = make_room(stream);
		if (status == HXCOMM_OK)
			status = emit_events(stream, answer, cycle);
	}
	if (status == HXCOMM_OK)
		status = pack(stream);
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
	if (status == HXCOMM_OK) {
		emit_answer(stream, &halt);
		status = pack(stream);
	}
	if (status == HXCOMM_OK)
		status = hxcomm_encoder_flush(&stream->encoder);
	return status == HXCOMM_OK ? deliver(stream, 1) : status;
}

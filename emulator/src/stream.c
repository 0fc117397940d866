// SPDX-License-Identifier: MIT
/* Responses wait in a heap until no earlier one can come any more; then they leave one a cycle. */
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
	free(stream->heap);
	*stream = (struct emulator_stream){ 0 };
}

void emulator__stream_begin(struct emulator_stream *stream, uint64_t now, emulator_sink *sink,
        void *user)
{
	hxcomm_encoder_clear(&stream->encoder);
	stream->count = 0;
	stream->next_cycle = now;
	stream->host_time = 0;
	stream->sink = sink;
	stream->user = user;
}

static bool before(const struct emulator_response *a, const struct emulator_response *b)
{
	return a->cycle != b->cycle ? a->cycle < b->cycle : a->order < b->order;
}

int emulator__stream_append(struct emulator_stream *stream, uint64_t cycle,
        enum hxcomm_response code, uint64_t payload, uint64_t oldest)
{
	if (stream->count == stream->capacity) {
		const size_t capacity = stream->capacity ? 2 * stream->capacity : 1024;
		struct emulator_response *heap =
		        realloc(stream->heap, capacity * sizeof(*stream->heap));
		if (!heap)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu responses", capacity);
		stream->heap = heap;
		stream->capacity = capacity;
	}
	const struct emulator_response response = {
		.cycle = cycle,
		.order = stream->order++,
		.payload = payload,
		.oldest = oldest,
		.code = (uint8_t)code,
	};
	size_t i = stream->count++;
	while (i > 0 && before(&response, &stream->heap[(i - 1) / 2])) {
		stream->heap[i] = stream->heap[(i - 1) / 2];
		i = (i - 1) / 2;
	}
	stream->heap[i] = response;
	return HXCOMM_OK;
}

static struct emulator_response pop(struct emulator_stream *stream)
{
	struct emulator_response *heap = stream->heap;
	const struct emulator_response top = heap[0];
	const struct emulator_response last = heap[--stream->count];
	size_t i = 0;
	for (size_t child; (child = 2 * i + 1) < stream->count; i = child) {
		if (child + 1 < stream->count && before(&heap[child + 1], &heap[child]))
			child++;
		if (!before(&heap[child], &last))
			break;
		heap[i] = heap[child];
	}
	heap[i] = last;
	return top;
}

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
		status = hxcomm_encoder_append(&stream->encoder, HXCOMM_RESPONSE_SYSDELTA, 0, delta - 1);
	else
		status = hxcomm_encoder_append(&stream->encoder, HXCOMM_RESPONSE_SYSTIME, 0,
		        (wanted - 1) & systime_mask);
	stream->host_time = wanted;
	return status;
}

static bool is_event(uint8_t code)
{
	return code == HXCOMM_RESPONSE_SPIKE_1 || code == HXCOMM_RESPONSE_MADC_1;
}

/* Take up to two more events of the same kind and cycle, so that three travel as one message. */
static int emit_events(struct emulator_stream *stream, const struct emulator_response *first)
{
	uint64_t events[3] = { first->payload & 0xffffff };
	unsigned count = 1;
	while (count < 3 && stream->count && stream->heap[0].cycle == first->cycle &&
	        stream->heap[0].code == first->code)
		events[count++] = pop(stream).payload & 0xffffff;
	uint64_t high = 0, low = events[0];
	if (count == 2)
		low = events[0] << 24 | events[1];
	if (count == 3) {
		high = events[0] >> 16;
		low = events[0] << 48 | events[1] << 24 | events[2];
	}
	return hxcomm_encoder_append(&stream->encoder,
	        (enum hxcomm_response)(first->code + count - 1), high, low);
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
	while (status == HXCOMM_OK && stream->count && stream->heap[0].cycle <= cycle) {
		const struct emulator_response response = pop(stream);
		status = emit(stream, &response);
	}
	return status == HXCOMM_OK ? deliver(stream, CHUNK_WORDS) : status;
}

int emulator__stream_end(struct emulator_stream *stream, uint64_t cycle)
{
	int status = emulator__stream_drain(stream, cycle);
	stream->count = 0; /* what comes after the halt is lost */
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

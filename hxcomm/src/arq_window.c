// SPDX-License-Identifier: MIT
/* Sequence numbers, acknowledgements and retransmission of HostARQ.
 *
 * There is no congestion window: the link is a cable of its own to an FPGA that has room for a
 * whole window. What is lost is sent again after three equal acknowledgements, or when a time
 * measured on the link has passed: the fixed 756 us of the reference lie below the time that a full
 * window takes on the wire (source: spec/transport.md 5.6, 7). Before that, one frame is sent
 * again: mostly it is only the acknowledgement that is missing. */
#include "arq_window.h"

#include <assert.h>
#include <string.h>

#define RESEND_FIRST_NS (4 * ARQ_NS_PER_MS) /* before a round trip was measured */

/* ---- frames --------------------------------------------------------------------------------- */

static uint32_t load32(const uint8_t *bytes)
{
	return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
	        bytes[3];
}

static void store32(uint8_t *bytes, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		bytes[i] = (uint8_t)(value >> (24 - 8 * i));
}

static uint64_t big_endian(uint64_t word)
{
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
	return __builtin_bswap64(word);
#else
	return word;
#endif
}

void hxcomm__arq_load(uint64_t *out, const uint8_t *bytes, size_t count)
{
	memcpy(out, bytes, 8 * count);
	for (size_t i = 0; i < count; i++)
		out[i] = big_endian(out[i]);
}

bool hxcomm__arq_parse(struct arq_frame *out, const uint8_t *data, size_t size)
{
	if (size == ARQ_ACK_BYTES) {
		*out = (struct arq_frame){ .ack = load32(data) };
		return out->ack < ARQ_SEQUENCES;
	}
	if (size < ARQ_HEADER_BYTES)
		return false;
	const struct arq_frame frame = {
		.ack = load32(data),
		.seq = load32(data + 4),
		.type = (uint16_t)(data[8] << 8 | data[9]),
		.count = (uint16_t)(data[10] << 8 | data[11]),
		.words = data + ARQ_HEADER_BYTES,
	};
	if (frame.ack >= ARQ_SEQUENCES || frame.seq >= ARQ_SEQUENCES || frame.count == 0 ||
	        frame.count > ARQ_FRAME_WORDS || size != ARQ_HEADER_BYTES + 8u * frame.count)
		return false;
	*out = frame;
	return true;
}

size_t hxcomm__arq_write(uint8_t *out, uint32_t ack, uint32_t seq, uint16_t type,
        const uint64_t *words, size_t count)
{
	assert(count >= 1 && count <= ARQ_FRAME_WORDS);
	store32(out, ack);
	store32(out + 4, seq);
	store32(out + 8, (uint32_t)type << 16 | (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		const uint64_t word = big_endian(words[i]);
		memcpy(out + ARQ_HEADER_BYTES + 8 * i, &word, sizeof(word));
	}
	return ARQ_HEADER_BYTES + 8 * count;
}

/* ---- sending -------------------------------------------------------------------------------- */

/* How far b lies behind a in the circle of sequence numbers. */
static uint32_t distance(uint32_t a, uint32_t b)
{
	return (b - a) % ARQ_SEQUENCES;
}

void hxcomm__arq_begin(struct arq_link *link, uint32_t limit, arq_deliver *deliver, void *user,
        uint64_t now)
{
	const struct hxcomm_link_statistics statistics = link->statistics;
	memset(link, 0, offsetof(struct arq_link, ack_bytes));
	link->statistics = statistics;
	link->limit = limit;
	link->deliver = deliver;
	link->user = user;
	link->resend_after = RESEND_FIRST_NS;
	link->heard_at = now;
}

size_t hxcomm__arq_pending(const struct arq_link *link)
{
	return distance(link->low, link->next);
}

size_t hxcomm__arq_room(const struct arq_link *link)
{
	return link->limit - hxcomm__arq_pending(link);
}

void hxcomm__arq_append(struct arq_link *link, uint16_t type, const uint64_t *words, size_t count)
{
	assert(hxcomm__arq_room(link) > 0);
	const uint32_t slot = link->next % ARQ_WINDOW;
	link->out[slot].size = (uint16_t)hxcomm__arq_write(
	        link->out_bytes[slot], 0, link->next, type, words, count);
	link->out[slot].tries = 0;
	link->out[slot].resend = false;
	link->next = (link->next + 1) % ARQ_SEQUENCES;
	link->statistics.frames_sent++;
	link->statistics.words_sent += count;
}

static void mark(struct arq_link *link, uint32_t seq)
{
	const uint32_t slot = seq % ARQ_WINDOW;
	link->resends += !link->out[slot].resend;
	link->out[slot].resend = true;
}

static void measure(struct arq_link *link, uint64_t took)
{
	if (!link->smooth) {
		link->smooth = took ? took : 1;
		link->deviation = took / 2;
	} else {
		const uint64_t error =
		        took > link->smooth ? took - link->smooth : link->smooth - took;
		link->deviation += error / 4 - link->deviation / 4;
		link->smooth = link->smooth - link->smooth / 8 + took / 8;
	}
	const uint64_t after = link->smooth + 4 * link->deviation;
	link->resend_after = after < ARQ_RESEND_MIN_NS ? ARQ_RESEND_MIN_NS :
	        after > ARQ_RESEND_MAX_NS              ? ARQ_RESEND_MAX_NS :
	                                                 after;
	link->statistics.round_trip_s = 1e-9 * (double)link->smooth;
}

/* The frames up to `ack` have arrived. */
static void advance(struct arq_link *link, uint64_t now, uint32_t ack)
{
	/* the time of one that was sent again, or that had to wait for such a one, is not the
	 * link's */
	bool once = true;
	const uint32_t end = (ack + 1) % ARQ_SEQUENCES;
	for (; link->low != end; link->low = (link->low + 1) % ARQ_SEQUENCES) {
		once &= link->out[link->low % ARQ_WINDOW].tries == 1;
		link->resends -= link->out[link->low % ARQ_WINDOW].resend;
		link->out[link->low % ARQ_WINDOW].resend = false;
	}
	if (once)
		measure(link, now - link->out[ack % ARQ_WINDOW].sent_at);
	link->repeats = 0;
	link->backoff = 0;
	link->moved_at = now;
	link->probed = false;
	if (!link->recovering)
		return;
	/* of a window with several losses, the next one is known at once */
	const uint32_t left = distance(link->low, link->recover);
	link->recovering = left > 0 && left <= ARQ_WINDOW;
	if (link->recovering && now - link->out[link->low % ARQ_WINDOW].sent_at >= link->smooth) {
		mark(link, link->low);
		link->statistics.fast_resends++;
	}
}

static void take_ack(struct arq_link *link, uint64_t now, uint32_t ack, bool alone)
{
	const uint32_t flying = distance(link->low, link->fresh);
	if (distance(link->low, ack) < flying) {
		advance(link, now, ack);
		return;
	}
	/* frames repeat an acknowledgement for no reason, a datagram of its own has one */
	if (!alone || flying == 0 || distance(ack, link->low) != 1)
		return;
	if (++link->repeats != ARQ_REPEATS)
		return;
	mark(link, link->low);
	link->statistics.fast_resends++;
	link->recovering = true;
	link->recover = link->fresh;
}

static uint64_t expires_at(const struct arq_link *link)
{
	uint64_t after = link->resend_after << link->backoff;
	if (after > ARQ_RESEND_MAX_NS)
		after = ARQ_RESEND_MAX_NS;
	return link->out[link->low % ARQ_WINDOW].sent_at + after;
}

static uint64_t probes_at(const struct arq_link *link)
{
	const uint64_t after = link->smooth + link->smooth / 2;
	if (link->probed)
		return UINT64_MAX;
	return link->moved_at + (after < ARQ_PROBE_MIN_NS ? ARQ_PROBE_MIN_NS : after);
}

/* Mark the frames whose time has passed, or one where it is too quiet. */
static void expire(struct arq_link *link, uint64_t now)
{
	if (link->low == link->fresh || link->out[link->low % ARQ_WINDOW].resend)
		return;
	if (now < expires_at(link)) {
		if (now >= probes_at(link)) {
			mark(link, link->low);
			link->probed = true;
			link->statistics.probes++;
		}
		return;
	}
	for (uint32_t seq = link->low; seq != link->fresh; seq = (seq + 1) % ARQ_SEQUENCES)
		if (now - link->out[seq % ARQ_WINDOW].sent_at >= link->resend_after)
			mark(link, seq);
	link->statistics.timeouts++;
	link->backoff += link->backoff < 6;
	link->repeats = 0;
	link->recovering = false;
}

/* ---- receiving ------------------------------------------------------------------------------ */

static bool deliver(struct arq_link *link, uint16_t type, const uint8_t *bytes, size_t count)
{
	uint64_t words[ARQ_FRAME_WORDS];
	hxcomm__arq_load(words, bytes, count);
	if (!link->deliver(link->user, type, words, count))
		return false;
	link->in[link->base % ARQ_WINDOW].full = false;
	link->base = (link->base + 1) % ARQ_SEQUENCES;
	link->unacknowledged++;
	link->statistics.frames_received++;
	link->statistics.words_received += count;
	return true;
}

static bool is_full(const struct arq_link *link)
{
	return link->in[link->base % ARQ_WINDOW].full;
}

/* Deliver the frames that are there, as far as they are taken. Returns how many were. */
static uint32_t deliver_stored(struct arq_link *link)
{
	uint32_t count = 0;
	for (uint32_t slot; slot = link->base % ARQ_WINDOW, link->in[slot].full; count++)
		if (!deliver(link, link->in[slot].type, link->in_bytes[slot], link->in[slot].count))
			break;
	return count;
}

static void store(struct arq_link *link, const struct arq_frame *frame)
{
	const uint32_t slot = frame->seq % ARQ_WINDOW;
	link->in[slot].full = true;
	link->in[slot].type = frame->type;
	link->in[slot].count = frame->count;
	memcpy(link->in_bytes[slot], frame->words, 8u * frame->count);
}

/* Deliver the frame that was expected, and those behind it that came early. */
static void take_expected(struct arq_link *link, uint64_t now, const struct arq_frame *frame)
{
	const uint32_t before = link->unacknowledged;
	if (!deliver(link, frame->type, frame->words, frame->count)) {
		store(link, frame);
		return;
	}
	if (deliver_stored(link) || link->unacknowledged >= ARQ_ACK_FRAMES)
		link->ack_at = now;
	else if (before == 0)
		link->ack_at = now + ARQ_ACK_DELAY_NS;
}

void hxcomm__arq_resume(struct arq_link *link, uint64_t now)
{
	if (is_full(link) && deliver_stored(link))
		link->ack_at = now;
}

static void take_early(struct arq_link *link, const struct arq_frame *frame)
{
	link->acks_due += link->acks_due < ARQ_REPEATS;
	if (link->in[frame->seq % ARQ_WINDOW].full) {
		link->statistics.frames_repeated++;
		return;
	}
	store(link, frame);
	link->statistics.frames_early++;
}

void hxcomm__arq_input(struct arq_link *link, uint64_t now, const uint8_t *data, size_t size)
{
	struct arq_frame frame;
	if (!hxcomm__arq_parse(&frame, data, size)) {
		link->statistics.malformed++;
		return;
	}
	link->heard_at = now;
	take_ack(link, now, frame.ack, frame.count == 0);
	if (frame.count == 0)
		return;
	const uint32_t offset = distance(link->base, frame.seq);
	if (offset == 0) {
		take_expected(link, now, &frame);
	} else if (offset < ARQ_WINDOW) {
		take_early(link, &frame);
	} else {
		link->statistics.frames_repeated++;
		link->acks_due += link->acks_due < ARQ_REPEATS;
	}
}

/* ---- output --------------------------------------------------------------------------------- */

static void emit_ack(struct arq_link *link, const uint8_t **data, size_t *size)
{
	store32(link->ack_bytes, distance(1, link->base));
	link->unacknowledged = 0;
	link->statistics.acks_sent++;
	*data = link->ack_bytes;
	*size = ARQ_ACK_BYTES;
}

static void emit_frame(struct arq_link *link, uint64_t now, uint32_t seq, const uint8_t **data,
        size_t *size)
{
	const uint32_t slot = seq % ARQ_WINDOW;
	store32(link->out_bytes[slot], distance(1, link->base));
	link->out[slot].sent_at = now;
	link->out[slot].tries++;
	link->unacknowledged = 0;
	*data = link->out_bytes[slot];
	*size = link->out[slot].size;
}

void hxcomm__arq_acknowledge(struct arq_link *link)
{
	if (link->unacknowledged)
		link->ack_at = 0;
}

bool hxcomm__arq_output(struct arq_link *link, uint64_t now, const uint8_t **data, size_t *size)
{
	expire(link, now);
	if (link->acks_due) {
		link->acks_due--;
		emit_ack(link, data, size);
		return true;
	}
	if (link->resends) {
		uint32_t seq = link->low;
		while (!link->out[seq % ARQ_WINDOW].resend)
			seq = (seq + 1) % ARQ_SEQUENCES;
		link->out[seq % ARQ_WINDOW].resend = false;
		link->resends--;
		link->statistics.frames_resent++;
		emit_frame(link, now, seq, data, size);
		return true;
	}
	if (link->fresh != link->next) {
		emit_frame(link, now, link->fresh, data, size);
		link->moved_at = now;
		link->probed = false;
		link->fresh = (link->fresh + 1) % ARQ_SEQUENCES;
		return true;
	}
	if (link->unacknowledged && now >= link->ack_at) {
		emit_ack(link, data, size);
		return true;
	}
	return false;
}

uint64_t hxcomm__arq_deadline(const struct arq_link *link)
{
	if (link->acks_due || link->resends || link->fresh != link->next)
		return 0;
	uint64_t at = UINT64_MAX;
	if (link->unacknowledged)
		at = link->ack_at;
	if (link->low != link->fresh) {
		at = expires_at(link) < at ? expires_at(link) : at;
		at = probes_at(link) < at ? probes_at(link) : at;
	}
	return at;
}

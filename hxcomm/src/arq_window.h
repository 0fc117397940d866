// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_ARQ_WINDOW_H
#define HXCOMM_SRC_ARQ_WINDOW_H

/* One end of a HostARQ link, the same for host and FPGA, without sockets and clocks: datagrams and
 * the time go in, datagrams and the words of the other side come out (source: spec/transport.md 5).
 * Times are nanoseconds of any clock that never goes back. */

#include <hxcomm/arq.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	ARQ_SEQUENCES = 256,
	ARQ_WINDOW = 128,
	/* What is sent at once by default. With the whole window, a repeated frame that is
	 * overtaken by a single new one lies in the window of the other side again and is taken for
	 * new; this way it takes 32. */
	ARQ_SEND_WINDOW = 96,
	ARQ_FRAME_WORDS = 180,
	ARQ_ACK_BYTES = 4,
	ARQ_HEADER_BYTES = 12,
	ARQ_FRAME_BYTES = ARQ_HEADER_BYTES + 8 * ARQ_FRAME_WORDS,
	ARQ_ACK_FRAMES = 32, /* acknowledge at the latest after so many frames … */
	ARQ_REPEATS = 3,     /* so many equal acknowledgements mean a lost frame */
};

#define ARQ_NS_PER_MS UINT64_C(1000000)
#define ARQ_ACK_DELAY_NS UINT64_C(100000)     /* … or after this time */
#define ARQ_RESEND_MIN_NS (2 * ARQ_NS_PER_MS) /* above the 1.55 ms of a full window on the wire */
#define ARQ_RESEND_MAX_NS (100 * ARQ_NS_PER_MS)
/* When nothing moves for so long, one frame is sent again to ask for an acknowledgement: there are
 * hosts that acknowledge only where something comes, and not within 500 us of the last time
 * (source: spec/transport.md 5.5). */
#define ARQ_PROBE_MIN_NS (6 * ARQ_NS_PER_MS / 10)
#define ARQ_RESET_MAGIC UINT32_C(0xabababab)

/* Types of frames. */
enum arq_type {
	ARQ_TYPE_WORDS = 0x0010,
	ARQ_TYPE_FLUSH = 0x8000,
	ARQ_TYPE_ECHO = 0x8001,
	ARQ_TYPE_CONFIGURATION = 0x8002,
	/* of our server only: why it goes on no more. No answer to a reset, so that nobody who has
	 * just sent one takes it for that */
	ARQ_TYPE_NOTICE = 0x8005,
};

/* A datagram taken apart. */
struct arq_frame {
	uint32_t ack;
	uint32_t seq;         /* 0 where count is 0 */
	uint16_t type;        /* 0 where count is 0 */
	uint16_t count;       /* words; 0: it only acknowledges */
	const uint8_t *words; /* [8 * count] big-endian, lent by the datagram */
};

/* False where it is no frame: `out` is then unchanged. */
bool hxcomm__arq_parse(struct arq_frame *out, const uint8_t *data, size_t size);

/* Write a frame of 1 … ARQ_FRAME_WORDS words to out[ARQ_FRAME_BYTES]; returns its bytes. */
size_t hxcomm__arq_write(uint8_t *out, uint32_t ack, uint32_t seq, uint16_t type,
        const uint64_t *words, size_t count);

/* Big-endian words to host byte order. */
void hxcomm__arq_load(uint64_t *out, const uint8_t *bytes, size_t count);

/* The words of the next frame. Returns whether they were taken: a frame that is not is kept without
 * acknowledgement, and offered again by hxcomm__arq_resume() or when it comes again. May append
 * frames to the link, must not begin it anew. */
typedef bool arq_deliver(void *user, uint16_t type, const uint64_t *words, size_t count);

struct arq_link {
	arq_deliver *deliver;
	void *user;
	uint32_t limit; /* frames in flight, 1 … ARQ_WINDOW */

	/* sending: low … fresh - 1 are in flight, fresh … next - 1 were not sent yet */
	uint32_t low, fresh, next;
	uint32_t resends;  /* frames marked to be sent again */
	uint32_t repeats;  /* equal acknowledgements seen */
	uint32_t recover;  /* while recovering: fresh at the time of the loss */
	bool recovering;
	unsigned backoff;  /* timeouts since the last progress */
	uint64_t moved_at; /* when a frame was last sent for the first time or acknowledged */
	bool probed;       /* one was sent again since then to ask for an acknowledgement */
	uint64_t smooth, deviation, resend_after; /* of the round trip, ns */
	uint64_t heard_at; /* when the last well-formed datagram came */

	/* receiving */
	uint32_t base;           /* the frame that is expected */
	uint32_t unacknowledged; /* frames delivered since the last acknowledgement */
	uint64_t ack_at;         /* when to acknowledge them */
	uint32_t acks_due;       /* acknowledgements to be repeated at once */

	struct hxcomm_link_statistics statistics;
	struct {
		uint64_t sent_at;
		uint32_t tries;
		uint16_t size;
		bool resend;
	} out[ARQ_WINDOW];
	struct {
		uint16_t type, count;
		bool full;
	} in[ARQ_WINDOW];
	uint8_t ack_bytes[ARQ_ACK_BYTES];
	uint8_t out_bytes[ARQ_WINDOW][ARQ_FRAME_BYTES];
	uint8_t in_bytes[ARQ_WINDOW][8 * ARQ_FRAME_WORDS];
};

/* Begin: nothing sent, nothing received. Keeps the statistics. */
void hxcomm__arq_begin(struct arq_link *link, uint32_t limit, arq_deliver *deliver, void *user,
        uint64_t now);

/* Frames that may be appended now. */
size_t hxcomm__arq_room(const struct arq_link *link);

/* Frames that the other side has not acknowledged. */
size_t hxcomm__arq_pending(const struct arq_link *link);

/* Append a frame of 1 … ARQ_FRAME_WORDS words; there must be room. */
void hxcomm__arq_append(struct arq_link *link, uint16_t type, const uint64_t *words, size_t count);

/* A datagram came. */
void hxcomm__arq_input(struct arq_link *link, uint64_t now, const uint8_t *data, size_t size);

/* Offer the frames that were not taken once more. */
void hxcomm__arq_resume(struct arq_link *link, uint64_t now);

/* Acknowledge at once what is not acknowledged. */
void hxcomm__arq_acknowledge(struct arq_link *link);

/* The next datagram to be sent now, lent until the next call with this link other than this one;
 * false: there is none. */
bool hxcomm__arq_output(struct arq_link *link, uint64_t now, const uint8_t **data, size_t *size);

/* When to ask for output again, though nothing comes in; 0 at once, UINT64_MAX never. */
uint64_t hxcomm__arq_deadline(const struct arq_link *link);

#endif

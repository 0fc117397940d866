// SPDX-License-Identifier: MIT
#ifndef PUBLIC_HOST_H
#define PUBLIC_HOST_H

/* Another host: behaves on the wire as the public host software does, with its fixed times, its
 * congestion window and its thrift with acknowledgements (source: spec/transport.md 5.1 to 5.7).
 * What the FPGA's side must never do ends the test. */

#include "arq_served.h"
#include "random.h"

#include <netinet/in.h>
#include <stdbool.h>

enum {
	PUBLIC_SEQUENCES = 256,
	PUBLIC_WINDOW = 128,
	PUBLIC_WORDS = 180,
	PUBLIC_BYTES = 12 + 8 * PUBLIC_WORDS,
	PUBLIC_QUEUE = 1024, /* frames that may wait for a slow reader, and a window of them */
};

/* Types of frames. */
enum {
	PUBLIC_TYPE_WORDS = 0x0010,
	PUBLIC_TYPE_FLUSH = 0x8000,
	PUBLIC_TYPE_ECHO = 0x8001,
	PUBLIC_TYPE_CONFIGURATION = 0x8002,
};

struct public_frame {
	unsigned type;
	size_t count;
	uint64_t words[PUBLIC_WORDS];
};

struct public_host {
	int file;
	struct sockaddr_in reset_to;
	bool resetting; /* everything but a description is dropped */
	uint64_t clock; /* us, advances by steps of 100 */

	/* sending; the congestion window is in hundredths of a frame */
	uint32_t low, high, acked;
	unsigned congestion, threshold;
	bool stalled; /* something was sent again: nothing new until all is acknowledged */
	uint64_t resend_at;
	struct {
		uint64_t at;
		unsigned tries;
		size_t size;
		uint8_t bytes[PUBLIC_BYTES];
	} out[PUBLIC_SEQUENCES];

	/* receiving */
	uint32_t base, ack;
	uint64_t ack_at; /* the last time that an acknowledgement was asked for */
	bool ack_due;
	struct {
		bool full;
		struct public_frame frame;
	} in[PUBLIC_SEQUENCES];
	struct public_frame *queue; /* [queued], grows; for the reader, who has read some */
	size_t queued, read, capacity;
	size_t queue_max; /* what comes while more wait is dropped */

	unsigned loss; /* percent of the datagrams each way */
	struct test_random random;
	uint64_t sent, resent, received, outside, dropped; /* frames */
};

/* A host that has reset the FPGA's side and got the echo of its probe. */
struct public_host *public_host_open(const struct served *served);

/* Reset the connection from the same port and probe it. */
void public_host_reset(struct public_host *host);

/* Send a frame as soon as the windows allow it; takes what comes meanwhile. */
void public_host_send(struct public_host *host, unsigned type, const uint64_t *words, size_t count);

/* The next frame, lent until the next call; NULL if none comes within a time. */
const struct public_frame *public_host_receive(struct public_host *host, unsigned wait_ms);

/* Take what comes within 100 us, and send what is due. */
void public_host_pump(struct public_host *host);

/* Whether all frames are acknowledged within a time. */
bool public_host_wait(struct public_host *host, unsigned wait_ms);

/* Flush and close as the public host does: all must be acknowledged within 500 ms. */
void public_host_close(struct public_host *host);

#endif

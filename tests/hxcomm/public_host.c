// SPDX-License-Identifier: MIT
#include "public_host.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	STEP_US = 100,
	RESEND_US = 756,
	ACK_US = 500,
	RESET_MS = 2000,
	PROBE_MS = 400,
	CLOSE_MS = 500,
	TRIES_MAX = 10000,
	FRAME = 100, /* hundredths */
};

/* Microseconds in the steps of the timer. */
static uint64_t clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	const uint64_t us = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
	return us / STEP_US * STEP_US;
}

static uint32_t distance(uint32_t a, uint32_t b)
{
	return (b - a) % PUBLIC_SEQUENCES;
}

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

/* ---- sending -------------------------------------------------------------------------------- */

static bool is_lost(struct public_host *host)
{
	return test_random_below(&host->random, 100) < host->loss;
}

static void send_bytes(struct public_host *host, const uint8_t *bytes, size_t size)
{
	host->ack_due = false;
	if (!is_lost(host))
		assert_int_equal(send(host->file, bytes, size, 0), size);
}

static void send_frame(struct public_host *host, uint32_t seq)
{
	store32(host->out[seq].bytes, host->ack);
	send_bytes(host, host->out[seq].bytes, host->out[seq].size);
}

/* Every so often all frames whose time has passed are sent again. */
static void resend(struct public_host *host)
{
	if (host->clock < host->resend_at)
		return;
	host->resend_at = host->clock + RESEND_US;
	for (uint32_t seq = host->low; seq != host->high; seq = (seq + 1) % PUBLIC_SEQUENCES) {
		if ((host->clock - host->out[seq].at) / RESEND_US < host->out[seq].tries)
			continue;
		if (++host->out[seq].tries >= TRIES_MAX)
			fail_msg("frame %u was sent %d times", seq, TRIES_MAX);
		host->stalled = true;
		host->resent++;
		send_frame(host, seq);
	}
}

/* A new acknowledgement came. */
static void slide(struct public_host *host)
{
	if (distance(host->low, host->acked) >= distance(host->low, host->high))
		return;
	host->low = (host->acked + 1) % PUBLIC_SEQUENCES;
	if (host->stalled) {
		if (host->low != host->high)
			return;
		host->threshold = host->congestion / 2;
		host->congestion = FRAME;
		host->stalled = false;
	} else if (host->congestion < host->threshold) {
		host->congestion += FRAME;
	} else {
		host->congestion += FRAME - host->congestion / PUBLIC_WINDOW;
	}
	if (host->congestion > PUBLIC_WINDOW * FRAME)
		host->congestion = PUBLIC_WINDOW * FRAME;
}

static bool may_send(const struct public_host *host)
{
	return !host->stalled && distance(host->low, host->high) < host->congestion / FRAME;
}

/* ---- receiving ------------------------------------------------------------------------------ */

static void deliver(struct public_host *host)
{
	while (host->in[host->base].full) {
		if (host->queued == host->capacity) {
			host->capacity = host->capacity ? 2 * host->capacity : 1024;
			host->queue = realloc(host->queue, host->capacity * sizeof(*host->queue));
			assert_non_null(host->queue);
		}
		host->queue[host->queued++] = host->in[host->base].frame;
		host->in[host->base].full = false;
		host->base = (host->base + 1) % PUBLIC_SEQUENCES;
		host->received++;
	}
	host->ack = distance(1, host->base);
}

static void take_frame(struct public_host *host, const uint8_t *bytes, size_t count)
{
	const uint32_t seq = load32(bytes + 4);
	assert_true(seq < PUBLIC_SEQUENCES);
	if (host->queued - host->read > host->queue_max - PUBLIC_WINDOW) {
		host->dropped++;
		return;
	}
	if (distance(host->base, seq) < PUBLIC_WINDOW && !host->in[seq].full) {
		struct public_frame *frame = &host->in[seq].frame;
		host->in[seq].full = true;
		frame->type = (unsigned)(bytes[8] << 8 | bytes[9]);
		frame->count = count;
		for (size_t i = 0; i < count; i++)
			frame->words[i] = (uint64_t)load32(bytes + 12 + 8 * i) << 32 |
			        load32(bytes + 16 + 8 * i);
		deliver(host);
	} else {
		host->outside++;
	}
	/* no timer: only what comes makes it acknowledge, and not often */
	if (host->clock >= host->ack_at + ACK_US) {
		host->ack_due = true;
		host->ack_at = host->clock;
	}
}

static void take_datagram(struct public_host *host, const uint8_t *bytes, size_t size)
{
	size_t count = 0;
	if (is_lost(host))
		return;
	assert_true(size >= 4 && size <= PUBLIC_BYTES);
	if (size > 4) {
		assert_true(size >= 20);
		count = (size_t)(bytes[10] << 8 | bytes[11]);
		assert_int_equal(size, 12 + 8 * count);
	}
	if (host->resetting) {
		if (count == 0 || (bytes[8] << 8 | bytes[9]) != PUBLIC_TYPE_CONFIGURATION)
			return;
		host->resetting = false;
	}
	const uint32_t acked = load32(bytes);
	assert_true(acked < PUBLIC_SEQUENCES);
	if (acked != host->acked) {
		host->acked = acked;
		slide(host);
	}
	if (count)
		take_frame(host, bytes, count);
}

void public_host_pump(struct public_host *host)
{
	struct pollfd file = { .fd = host->file, .events = POLLIN };
	const struct timespec step = { .tv_nsec = STEP_US * 1000 };
	uint8_t bytes[PUBLIC_BYTES], ack[4];
	ssize_t size;
	assert_true(ppoll(&file, 1, &step, NULL) >= 0);
	host->clock = clock_us();
	/* its receiver has one frame at a time in hands */
	while ((size = recv(host->file, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC)) >= 0)
		take_datagram(host, bytes, (size_t)size);
	if (host->ack_due && (!may_send(host) || host->low == host->high)) {
		store32(ack, host->ack);
		send_bytes(host, ack, sizeof(ack));
	}
	resend(host);
}

static void open_window(struct public_host *host)
{
	host->low = host->high = host->base = 0;
	host->acked = host->ack = PUBLIC_SEQUENCES - 1;
	host->congestion = FRAME;
	host->threshold = PUBLIC_WINDOW / 2 * FRAME;
	host->stalled = false;
	host->ack_due = false;
	host->queued = host->read = 0;
	for (size_t i = 0; i < PUBLIC_SEQUENCES; i++)
		host->in[i].full = false;
	host->clock = clock_us();
	host->ack_at = host->clock;
	host->resend_at = host->clock + RESEND_US;
}

/* ---- what tests call ------------------------------------------------------------------------ */

void public_host_send(struct public_host *host, unsigned type, const uint64_t *words, size_t count)
{
	assert_true(count >= 1 && count <= PUBLIC_WORDS);
	while (!may_send(host))
		public_host_pump(host);
	const uint32_t seq = host->high;
	uint8_t *bytes = host->out[seq].bytes;
	store32(bytes + 4, seq);
	store32(bytes + 8, (uint32_t)type << 16 | (uint32_t)count);
	for (size_t i = 0; i < count; i++) {
		store32(bytes + 12 + 8 * i, (uint32_t)(words[i] >> 32));
		store32(bytes + 16 + 8 * i, (uint32_t)words[i]);
	}
	host->clock = clock_us();
	host->out[seq].size = 12 + 8 * count;
	host->out[seq].at = host->clock;
	host->out[seq].tries = 1;
	host->high = (seq + 1) % PUBLIC_SEQUENCES;
	host->sent++;
	send_frame(host, seq);
}

/* Its times are sums of what it has slept: a machine that is busy or stopped counts for nothing. */
static size_t steps(unsigned wait_ms)
{
	return (size_t)wait_ms * 1000 / STEP_US;
}

const struct public_frame *public_host_receive(struct public_host *host, unsigned wait_ms)
{
	for (size_t left = steps(wait_ms); host->read == host->queued; left--) {
		host->read = host->queued = 0;
		public_host_pump(host);
		if (left == 0 && host->queued == 0)
			return NULL;
	}
	return &host->queue[host->read++];
}

bool public_host_wait(struct public_host *host, unsigned wait_ms)
{
	for (size_t left = steps(wait_ms); host->low != host->high && left; left--)
		public_host_pump(host);
	return host->low == host->high;
}

/* The first frame must describe the FPGA, in one piece and with the keys that this host insists
 * on. */
static void check_description(const struct public_frame *frame)
{
	char text[8 * PUBLIC_WORDS + 1] = "";
	assert_non_null(frame);
	assert_int_equal(frame->type, PUBLIC_TYPE_CONFIGURATION);
	assert_true(frame->count > 4);
	assert_int_equal(frame->words[0], PUBLIC_SEQUENCES);
	assert_int_equal(frame->words[1], PUBLIC_WINDOW);
	assert_int_equal(frame->words[2], PUBLIC_WORDS);
	assert_int_equal(frame->words[3], frame->count - 4);
	for (size_t i = 0; i < 8 * (frame->count - 4); i++)
		text[i] = (char)(frame->words[4 + i / 8] >> (56 - 8 * (i % 8)));
	assert_int_equal(text[8 * (frame->count - 4) - 1], '\0'); /* it ends within them */
	int version = -1, until = -1;
	assert_int_equal(sscanf(text, "version: %d\ncompatible_until: %d\n", &version, &until), 2);
	assert_true(version >= 0 && until >= 0 && until <= 1); /* 4 on a cube, 1 on a jBOA */
}

void public_host_reset(struct public_host *host)
{
	static const uint8_t magic[] = { 0xab, 0xab, 0xab, 0xab };
	const unsigned loss = host->loss;
	host->loss = 0; /* it sends its reset once, and gives up where that is lost */
	open_window(host);
	host->resetting = true;
	assert_int_equal(sendto(host->file, magic, sizeof(magic), 0,
	                         (const struct sockaddr *)&host->reset_to, sizeof(host->reset_to)),
	        sizeof(magic));
	check_description(public_host_receive(host, RESET_MS));
	/* a probe: the echo must be the last of what the FPGA has to say */
	const uint64_t probe = test_random_next(&host->random) & 0x7fffffff;
	public_host_send(host, PUBLIC_TYPE_ECHO, &probe, 1);
	const struct public_frame *echo = public_host_receive(host, PROBE_MS);
	assert_non_null(echo);
	assert_int_equal(echo->type, PUBLIC_TYPE_ECHO);
	assert_int_equal(echo->count, 1);
	assert_int_equal(echo->words[0], probe);
	assert_null(public_host_receive(host, 0));
	host->loss = loss;
}

struct public_host *public_host_open(const struct served *served)
{
	const int size = 10 << 20;
	struct public_host *host = calloc(1, sizeof(*host));
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct sockaddr_in any = { .sin_family = AF_INET };
	assert_non_null(host);
	host->queue_max = SIZE_MAX; /* it reads all the time, unless a test says otherwise */
	host->random.seed = 1;
	host->file = socket(AF_INET, SOCK_DGRAM, IPPROTO_UDP);
	assert_true(host->file >= 0);
	assert_int_equal(setsockopt(host->file, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	assert_int_equal(setsockopt(host->file, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size)), 0);
	/* bound to all addresses, connected to the port of frames: nothing else is heard */
	assert_int_equal(bind(host->file, (const struct sockaddr *)&any, sizeof(any)), 0);
	to.sin_port = htons((uint16_t)hxcomm_arq_server_port(served->server));
	assert_int_equal(connect(host->file, (const struct sockaddr *)&to, sizeof(to)), 0);
	host->reset_to = to;
	host->reset_to.sin_port = htons((uint16_t)hxcomm_arq_server_reset_port(served->server));
	public_host_reset(host);
	return host;
}

void public_host_close(struct public_host *host)
{
	const uint64_t zero = 0;
	public_host_send(host, PUBLIC_TYPE_FLUSH, &zero, 1);
	assert_true(public_host_wait(host, CLOSE_MS));
	close(host->file);
	free(host->queue);
	free(host);
}

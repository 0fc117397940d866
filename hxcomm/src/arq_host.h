// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_ARQ_HOST_H
#define HXCOMM_SRC_ARQ_HOST_H

/* The host's end of a HostARQ link: reset, description of the FPGA, probe, and then words (source:
 * spec/transport.md 5.4). Without sockets and clocks, as the link is. */

#include "arq_window.h"

enum {
	ARQ_RESETS = 5,
	ARQ_TEXT_BYTES = 1024, /* what is kept of the description */
	ARQ_COMPATIBLE = 4,    /* version of the words that we speak (source: spec/transport.md 4.3) */
};
#define ARQ_RESET_EVERY_NS (400 * ARQ_NS_PER_MS)
#define ARQ_PROBE_LIMIT_NS (2000 * ARQ_NS_PER_MS)

enum arq_host_state {
	ARQ_HOST_RESETTING,   /* waits for the first frame of the description */
	ARQ_HOST_DESCRIBING,  /* for the others */
	ARQ_HOST_PROBING,     /* for the echo */
	ARQ_HOST_UP,
	/* for ever: */
	ARQ_HOST_NO_REPLY,    /* to the resets */
	ARQ_HOST_NO_ECHO,     /* of the probe, or the rest of the description is missing */
	ARQ_HOST_UNKNOWN,     /* the parameters are not ours, or make no sense */
	ARQ_HOST_NEWER,       /* the FPGA wants software that speaks a later version */
	ARQ_HOST_TAKEN,       /* by another host */
	ARQ_HOST_FAILED,      /* a program, and the server tells why */
};

struct arq_host {
	enum arq_host_state state;
	uint32_t limit;
	unsigned resets, begins; /* resets sent, replies taken for the begin of the connection */
	uint64_t reset_at;       /* when the next reset is due */
	uint64_t give_up_at;
	uint64_t probe;
	uint64_t parameters[3];  /* sequence numbers, window, words of a frame */
	uint64_t text_left;      /* words of the description that are missing */
	size_t text_count;       /* bytes in `text` */
	char text[ARQ_TEXT_BYTES + 1];
	bool (*words)(void *user, const uint64_t *words, size_t count);
	void *user;
	struct arq_link link;
};

/* Begin with a reset. `probe` is any number that an earlier host did not take; `words` gets the
 * words that come once the link is up. */
void hxcomm__arq_host_begin(struct arq_host *host, uint64_t now, uint32_t limit, uint64_t probe,
        bool (*words)(void *user, const uint64_t *words, size_t count), void *user);

/* A datagram came. */
void hxcomm__arq_host_input(struct arq_host *host, uint64_t now, const uint8_t *data, size_t size);

/* The next datagram to be sent, as hxcomm__arq_output(); `reset` tells that it goes to the port of
 * resets. */
bool hxcomm__arq_host_output(
        struct arq_host *host, uint64_t now, const uint8_t **data, size_t *size, bool *reset);

/* When to ask for output again; 0 at once, UINT64_MAX never. */
uint64_t hxcomm__arq_host_deadline(const struct arq_host *host);

/* What the description says behind a key such as "chip: " at the begin of a line; NULL: nothing. */
const char *hxcomm__arq_host_find(const struct arq_host *host, const char *key);

/* Append the FPGA's answer to a reset to a link that has just begun: parameters, then the text over
 * as many frames as it needs. */
void hxcomm__arq_describe(struct arq_link *link, const char *text);

/* Append the notice that a program has failed: "failed CODE: message". Other host software takes a
 * frame of a type that it does not know for an error, too. */
void hxcomm__arq_append_failure(struct arq_link *link, const char *code, const char *message);

/* Write the notice that another host has taken the FPGA to out[ARQ_FRAME_BYTES]; returns its bytes.
 * It is of no connection: its sequence number means nothing. */
size_t hxcomm__arq_write_taken(uint8_t *out, const char *by);

#endif

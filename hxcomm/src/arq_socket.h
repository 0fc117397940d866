// SPDX-License-Identifier: MIT
#ifndef HXCOMM_SRC_ARQ_SOCKET_H
#define HXCOMM_SRC_ARQ_SOCKET_H

/* UDP for HostARQ: many datagrams a system call. Where the kernel can, equal datagrams go out and
 * come in as one piece that it cuts (UDP_SEGMENT, UDP_GRO): 6 to 30 times the rate of single
 * ones. */

#include "arq_window.h"

#include <netinet/in.h>
#include <sys/uio.h>

enum { ARQ_BATCH = 2 * ARQ_WINDOW };

struct arq_socket {
	int fd;
	bool cuts;    /* the kernel cuts what we send */
	bool glues;   /* it glues what we receive */
	bool refused; /* it was told that nobody listens at the other side */
	uint8_t *arena;
};

/* Datagrams to be sent together. */
struct arq_batch {
	size_t count;
	struct iovec items[ARQ_BATCH];
};

/* Bind and connect a socket; either address may be NULL. On failure `socket` needs no close. */
int hxcomm__arq_socket_open(struct arq_socket *socket, const struct sockaddr_in *bind_to,
        const struct sockaddr_in *connect_to);
void hxcomm__arq_socket_close(struct arq_socket *socket);

/* Send a batch to an address, or to where the socket is connected for NULL. What the network
 * refuses for a while counts as lost. HXCOMM_EIO where sending is not allowed. */
int hxcomm__arq_socket_send(struct arq_socket *socket, const struct sockaddr_in *to,
        struct arq_batch *batch);

/* Called for each datagram. */
typedef void arq_receive(
        void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size);

/* Take what has come, without waiting. Returns the number of datagrams or glued pieces. */
int hxcomm__arq_socket_receive(struct arq_socket *socket, arq_receive *receive, void *user);

/* "127.0.0.1:1234" */
enum { ARQ_ADDRESS_TEXT = 32 };
void hxcomm__arq_address_text(char *out, const struct sockaddr_in *address);

#endif

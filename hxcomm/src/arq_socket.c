// SPDX-License-Identifier: MIT
#include "arq_socket.h"

#include <hxcomm/error.h>

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
	BUFFER_BYTES = 10 << 20, /* asked of the system; it gives what its limits allow */
	GLUED_BYTES = 1 << 16,
	SINGLE_BYTES = 2048,
	ARENA_BYTES = 4 * GLUED_BYTES,
	CUT_MAX = 45, /* full frames in the 65 507 bytes of a datagram */
};

struct control {
	_Alignas(size_t) char bytes[CMSG_SPACE(sizeof(int))];
};

void hxcomm__arq_address_text(char *out, const struct sockaddr_in *address)
{
	char host[INET_ADDRSTRLEN] = "?";
	inet_ntop(AF_INET, &address->sin_addr, host, sizeof(host));
	snprintf(out, ARQ_ADDRESS_TEXT, "%s:%u", host, (unsigned)ntohs(address->sin_port));
}

static int fail(const char *what, const struct sockaddr_in *address)
{
	const int number = errno;
	char text[ARQ_ADDRESS_TEXT];
	hxcomm__arq_address_text(text, address);
	return hxcomm_error_set(HXCOMM_EIO, "cannot %s %s: %s%s", what, text, strerror(number),
	        number == EADDRINUSE ? "; choose other ports, or end who has them" : "");
}

int hxcomm__arq_socket_open(struct arq_socket *out, const struct sockaddr_in *bind_to,
        const struct sockaddr_in *connect_to)
{
	int status = HXCOMM_OK;
	const int size = BUFFER_BYTES, yes = 1;
	*out = (struct arq_socket){ .cuts = true };
	out->fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (out->fd < 0)
		return hxcomm_error_set(HXCOMM_EIO,
		        "cannot make a UDP socket: %s", strerror(errno));
	(void)setsockopt(out->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	(void)setsockopt(out->fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	out->glues = !setsockopt(out->fd, IPPROTO_UDP, UDP_GRO, &yes, sizeof(yes));
	out->arena = malloc(ARENA_BYTES);
	if (!out->arena)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for datagrams");
	else if (bind_to && bind(out->fd, (const struct sockaddr *)bind_to, sizeof(*bind_to)))
		status = fail("listen on UDP", bind_to);
	else if (connect_to &&
	        connect(out->fd, (const struct sockaddr *)connect_to, sizeof(*connect_to)))
		status = fail("reach UDP", connect_to);
	if (status != HXCOMM_OK)
		hxcomm__arq_socket_close(out);
	return status;
}

void hxcomm__arq_socket_close(struct arq_socket *socket)
{
	free(socket->arena);
	close(socket->fd);
	*socket = (struct arq_socket){ .fd = -1 };
}

/* ---- sending -------------------------------------------------------------------------------- */

/* Datagrams from items[0] on that may go out as one piece: all of one size, but the last may be
 * shorter. */
static size_t piece(const struct iovec *items, size_t count)
{
	size_t n = 1;
	while (n < count && n < CUT_MAX && items[n].iov_len == items[0].iov_len)
		n++;
	if (n < count && n < CUT_MAX && items[n].iov_len < items[0].iov_len)
		n++;
	return n;
}

/* Messages for as many of the items as fit. */
static unsigned build(struct mmsghdr *messages, struct control *controls, unsigned max,
        const struct arq_socket *socket, const struct sockaddr_in *to, struct arq_batch *batch,
        size_t from)
{
	unsigned count = 0;
	memset(messages, 0, max * sizeof(*messages));
	while (from < batch->count && count < max) {
		struct msghdr *header = &messages[count].msg_hdr;
		const size_t items =
		        socket->cuts ? piece(batch->items + from, batch->count - from) : 1;
		header->msg_name = (void *)(uintptr_t)to;
		header->msg_namelen = to ? sizeof(*to) : 0;
		header->msg_iov = batch->items + from;
		header->msg_iovlen = items;
		if (items > 1) {
			const uint16_t size = (uint16_t)batch->items[from].iov_len;
			header->msg_control = &controls[count];
			header->msg_controllen = CMSG_SPACE(sizeof(size));
			struct cmsghdr *control = CMSG_FIRSTHDR(header);
			control->cmsg_level = IPPROTO_UDP;
			control->cmsg_type = UDP_SEGMENT;
			control->cmsg_len = CMSG_LEN(sizeof(size));
			memcpy(CMSG_DATA(control), &size, sizeof(size));
		}
		from += items;
		count++;
	}
	return count;
}

int hxcomm__arq_socket_send(struct arq_socket *socket, const struct sockaddr_in *to,
        struct arq_batch *batch)
{
	enum { MESSAGES = 64 };
	struct mmsghdr messages[MESSAGES];
	struct control controls[MESSAGES];
	for (size_t from = 0; from < batch->count;) {
		const unsigned count = build(messages, controls, MESSAGES, socket, to, batch, from);
		const int sent = sendmmsg(socket->fd, messages, count, 0);
		for (int i = 0; i < sent; i++)
			from += messages[i].msg_hdr.msg_iovlen;
		if (sent > 0 || errno == EINTR)
			continue;
		if (errno == EPERM || errno == EACCES)
			return hxcomm_error_set(HXCOMM_EIO,
			        "the system does not let datagrams out (%s): look at the firewall",
			        strerror(errno));
		if (errno == ECONNREFUSED) { /* of an earlier one: these were not sent */
			socket->refused = true;
			break;
		}
		if (socket->cuts && messages[0].msg_hdr.msg_iovlen > 1 && errno != ENOBUFS)
			socket->cuts = false; /* this interface cannot: one by one */
		else
			from += messages[0].msg_hdr.msg_iovlen; /* as if lost on the way */
	}
	batch->count = 0;
	return HXCOMM_OK;
}

/* ---- receiving ------------------------------------------------------------------------------ */

static size_t glued_size(struct msghdr *header, size_t whole)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c))
		if (c->cmsg_level == IPPROTO_UDP && c->cmsg_type == UDP_GRO) {
			int size;
			memcpy(&size, CMSG_DATA(c), sizeof(size));
			return size > 0 ? (size_t)size : whole;
		}
	return whole;
}

int hxcomm__arq_socket_receive(struct arq_socket *socket, arq_receive *receive, void *user)
{
	enum { MESSAGES = ARENA_BYTES / SINGLE_BYTES };
	struct mmsghdr messages[MESSAGES];
	struct sockaddr_in from[MESSAGES];
	struct control controls[MESSAGES];
	struct iovec items[MESSAGES];
	const size_t room = socket->glues ? GLUED_BYTES : SINGLE_BYTES;
	const unsigned max = (unsigned)(ARENA_BYTES / room);
	memset(messages, 0, max * sizeof(*messages));
	for (unsigned i = 0; i < max; i++) {
		items[i] = (struct iovec){ socket->arena + i * room, room };
		messages[i].msg_hdr = (struct msghdr){ .msg_name = &from[i],
			.msg_namelen = sizeof(from[i]),
			.msg_iov = &items[i],
			.msg_iovlen = 1,
			.msg_control = &controls[i],
			.msg_controllen = sizeof(controls[i]) };
	}
	const int count = recvmmsg(socket->fd, messages, max, MSG_DONTWAIT, NULL);
	if (count < 0) {
		socket->refused |= errno == ECONNREFUSED;
		return 0;
	}
	for (int i = 0; i < count; i++) {
		const uint8_t *data = items[i].iov_base;
		size_t left = messages[i].msg_len;
		const size_t size = glued_size(&messages[i].msg_hdr, left);
		while (left) {
			const size_t length = left < size ? left : size;
			receive(user, &from[i], data, length);
			data += length;
			left -= length;
		}
	}
	return count;
}

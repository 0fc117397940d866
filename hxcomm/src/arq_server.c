// SPDX-License-Identifier: MIT
/* The network of a HostARQ server: ports, resets, frames. */
#include "arq_server.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <hxcomm/options.h>

#include "clock.h"
#include "provider.h"
#include "record.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { TEXT_MAX = 256 };
#define GIVE_UP_NS (10000 * ARQ_NS_PER_MS)
#define FULL_WAIT_NS ARQ_NS_PER_MS /* until the queue of words is looked at again */

/* ---- set-up --------------------------------------------------------------------------------- */

static int read_options(struct hxcomm_arq_server_options *out,
        const struct hxcomm_arq_server_options *in)
{
	const int status =
	        hxcomm_options_read(out, sizeof(*out), in, "HXCOMM_ARQ_SERVER_OPTIONS_INIT");
	if (status != HXCOMM_OK)
		return status;
	if (!out->address)
		out->address = "127.0.0.1";
	if (!out->port)
		out->port = HXCOMM_ARQ_PORT;
	if (!out->reset_port)
		out->reset_port = HXCOMM_ARQ_RESET_PORT;
	if (out->any_ports)
		out->port = out->reset_port = 0;
	if (out->port > 65535 || out->reset_port > 65535)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "ports are %u and %u, allowed are 1 to 65535", out->port, out->reset_port);
	if (out->port && out->port == out->reset_port)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "port and reset_port are both %u: they must differ", out->port);
	return HXCOMM_OK;
}

static int listen_at(struct arq_socket *out, uint32_t *port, struct sockaddr_in address,
        uint32_t wanted)
{
	address.sin_port = htons((uint16_t)wanted);
	const int status = hxcomm__arq_socket_open(out, &address, NULL);
	socklen_t size = sizeof(address);
	if (status == HXCOMM_OK && !getsockname(out->fd, (struct sockaddr *)&address, &size))
		*port = ntohs(address.sin_port);
	return status;
}

static int set_up(struct hxcomm_arq_server *server, const struct hxcomm_arq_server_options *options)
{
	struct sockaddr_in address = { .sin_family = AF_INET };
	if (inet_pton(AF_INET, options->address, &address.sin_addr) != 1)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'%.64s' is no numeric IPv4 address such as 127.0.0.1", options->address);
	if (ntohl(address.sin_addr.s_addr) >> 24 != 127 && !options->allow_remote)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "%s is open to other machines, and whoever reaches it owns the chip: "
		        "listen on 127.0.0.1, or allow it by allow_remote", options->address);
	int status = listen_at(&server->data, &server->port, address, options->port);
	if (status == HXCOMM_OK)
		status = listen_at(
		        &server->reset, &server->reset_port, address, options->reset_port);
	if (status != HXCOMM_OK)
		return status;
	server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->stop < 0 || server->event < 0)
		return hxcomm_error_set(HXCOMM_EIO, "cannot make an event: %s", strerror(errno));
	return hxcomm__server_make_ring(server);
}

/* An FPGA knows no deadline: that is the host's. */
static int open_connection(struct hxcomm_arq_server *server)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	options.run_words = UINT32_MAX;
	options.timeout_s = 3600;
	hxcomm_close(server->connection);
	server->connection = NULL;
	return hxcomm_open(&server->connection, server->uri, &options);
}

int hxcomm_arq_server_new(struct hxcomm_arq_server **out, const char *uri,
        const struct hxcomm_arq_server_options *options)
{
	struct hxcomm_arq_server_options complete;
	*out = NULL;
	int status = read_options(&complete, options);
	if (status != HXCOMM_OK)
		return status;
	struct hxcomm_arq_server *server = calloc(1, sizeof(*server));
	if (!server)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a server");
	server->data.fd = server->reset.fd = server->stop = server->event = -1;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->room, NULL);
	if (uri) {
		server->uri = malloc(strlen(uri) + 1);
		if (server->uri)
			strcpy(server->uri, uri);
		else
			status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a server");
	}
	if (status == HXCOMM_OK)
		status = set_up(server, &complete);
	if (status == HXCOMM_OK)
		status = open_connection(server);
	if (status == HXCOMM_OK)
		*out = server;
	else
		hxcomm_arq_server_free(server);
	return status;
}

void hxcomm_arq_server_free(struct hxcomm_arq_server *server)
{
	if (!server)
		return;
	hxcomm_close(server->connection); /* calls back for each program that it ends */
	if (server->data.fd >= 0)
		hxcomm__arq_socket_close(&server->data);
	if (server->reset.fd >= 0)
		hxcomm__arq_socket_close(&server->reset);
	if (server->stop >= 0)
		close(server->stop);
	if (server->event >= 0)
		close(server->event);
	pthread_cond_destroy(&server->room);
	pthread_mutex_destroy(&server->lock);
	free(server->ring);
	free(server->uri);
	free(server);
}

uint32_t hxcomm_arq_server_port(const struct hxcomm_arq_server *server)
{
	return server->port;
}

uint32_t hxcomm_arq_server_reset_port(const struct hxcomm_arq_server *server)
{
	return server->reset_port;
}

void hxcomm_arq_server_stop(struct hxcomm_arq_server *server)
{
	const int number = errno;
	const uint64_t one = 1;
	if (write(server->stop, &one, sizeof(one)) < 0) {
		/* it is full: it was stopped before */
	}
	errno = number;
}

/* ---- resets --------------------------------------------------------------------------------- */

static bool same(const struct sockaddr_in *a, const struct sockaddr_in *b)
{
	return a->sin_addr.s_addr == b->sin_addr.s_addr && a->sin_port == b->sin_port;
}

static int tell_taken(struct hxcomm_arq_server *server, const struct sockaddr_in *to)
{
	uint8_t notice[ARQ_FRAME_BYTES];
	char by[ARQ_ADDRESS_TEXT] = "a new start of the server";
	struct arq_batch batch;
	if (server->has_peer)
		hxcomm__arq_address_text(by, &server->peer);
	batch.count = 1;
	batch.items[0] = (struct iovec){ notice, hxcomm__arq_write_taken(notice, by) };
	return hxcomm__arq_socket_send(&server->data, to, &batch);
}

static void on_data(void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size)
{
	struct hxcomm_arq_server *server = user;
	struct arq_frame frame;
	if (server->resetting)
		return; /* of the time before the reset */
	if (server->has_peer && same(from, &server->peer))
		hxcomm__arq_input(&server->link, hxcomm__now(), data, size);
	else if (hxcomm__arq_parse(&frame, data, size) && frame.count &&
	        server->status == HXCOMM_OK)
		server->status = tell_taken(server, from);
}

static bool is_usable(const struct hxcomm_arq_server *server)
{
	if (!server->connection)
		return false;
	if (!server->connection->queue)
		return true; /* nothing ran yet */
	pthread_mutex_lock(&server->connection->queue->lock);
	const bool usable = !server->connection->closed;
	pthread_mutex_unlock(&server->connection->queue->lock);
	return usable;
}

/* Whether an FPGA is served that is itself at the other end of a link. */
static bool is_remote(const struct hxcomm_connection *connection)
{
	void *state;
	const struct hxcomm_provider *provider = hxcomm__connection_provider(&state, connection);
	hxcomm__record_look_through(&provider, &state);
	return provider == &hxcomm__provider_arq;
}

/* The answer to a reset, once nothing runs: the first frame of the connection. The form is that of
 * the FPGA's: YAML with the keys that host software asks for (source: spec/transport.md 4.3). */
static void describe(struct hxcomm_arq_server *server)
{
	char text[TEXT_MAX];
	server->resetting = false;
	int status = is_usable(server) ? HXCOMM_OK : open_connection(server);
	/* the thread is begun here and not before: the process may have been forked in between */
	if (status == HXCOMM_OK)
		status = hxcomm__queue_open(server->connection);
	if (status != HXCOMM_OK) {
		hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "a reset is not answered: %s",
		        hxcomm_error_message());
		server->has_peer = false;
		return;
	}
	pthread_mutex_lock(&server->lock);
	server->written = server->read = server->flush = 0;
	server->failure = HXCOMM_OK;
	server->dropping = false;
	pthread_mutex_unlock(&server->lock);
	server->deaf = server->full = false;
	server->is_remote = is_remote(server->connection);
	server->slow = 0;
	snprintf(text, sizeof(text), "version: 1\ncompatible_until: 1\nchip: %.120s\n",
	        hxcomm_identifier(server->connection));
	hxcomm__arq_describe(&server->link, text);
}

static void on_reset(void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0xab, 0xab, 0xab, 0xab };
	struct hxcomm_arq_server *server = user;
	const struct sockaddr_in before = server->peer;
	const bool taken = server->has_peer && !server->left && !same(&before, from);
	char address[ARQ_ADDRESS_TEXT];
	if (size != sizeof(magic) || memcmp(data, magic, size))
		return;
	hxcomm__arq_address_text(address, from);
	hxcomm_log(HXCOMM_LOG_INFO, "hxcomm", "reset by %s", address);
	server->peer = *from;
	server->has_peer = true;
	server->left = false;
	pthread_mutex_lock(&server->lock);
	server->statistics.resets++;
	server->statistics.thefts += taken;
	pthread_mutex_unlock(&server->lock);
	hxcomm__arq_begin(
	        &server->link, ARQ_SEND_WINDOW, hxcomm__server_take_frame, server, hxcomm__now());
	if (taken && server->status == HXCOMM_OK)
		server->status = tell_taken(server, &before);
	hxcomm__server_end_programs(server);
	server->resetting = true;
}

/* ---- the network thread --------------------------------------------------------------------- */

static void send_all(struct hxcomm_arq_server *server)
{
	const uint64_t now = hxcomm__now();
	const uint8_t *data;
	size_t size;
	if (!server->has_peer || server->status != HXCOMM_OK)
		return;
	while (server->batch.count < ARQ_BATCH &&
	        hxcomm__arq_output(&server->link, now, &data, &size))
		server->batch.items[server->batch.count++] =
		        (struct iovec){ (void *)(uintptr_t)data, size };
	if (server->batch.count)
		server->status =
		        hxcomm__arq_socket_send(&server->data, &server->peer, &server->batch);
	if (hxcomm__arq_pending(&server->link) && now > server->link.heard_at + GIVE_UP_NS) {
		hxcomm_log(HXCOMM_LOG_INFO, "hxcomm", "the host is gone");
		server->has_peer = false;
		hxcomm__server_end_programs(server);
		server->resetting = true;
	}
}

/* What the programs did since the last look. */
static void serve_programs(struct hxcomm_arq_server *server)
{
	if (server->full) {
		server->full = false;
		hxcomm__arq_resume(&server->link, hxcomm__now());
	}
	pthread_mutex_lock(&server->lock);
	const bool quiet = server->running == 0; /* then all are collected now */
	pthread_mutex_unlock(&server->lock);
	hxcomm__server_collect(server);
	pthread_mutex_lock(&server->lock);
	if (!server->resetting)
		hxcomm__server_send_answers(server);
	server->statistics.link = server->link.statistics;
	pthread_mutex_unlock(&server->lock);
	if (server->resetting && quiet) {
		server->open = NULL;
		if (server->has_peer)
			describe(server);
	}
}

/* Send what is due, wait for something to come, and take it. Resets come first: what a host sends
 * behind its reset belongs to the new connection. */
static void pump(struct hxcomm_arq_server *server)
{
	struct pollfd files[] = { { .fd = server->stop, .events = POLLIN },
		{ .fd = server->event, .events = POLLIN },
		{ .fd = server->reset.fd, .events = POLLIN },
		{ .fd = server->data.fd, .events = POLLIN } };
	serve_programs(server);
	send_all(server);
	uint64_t at = server->has_peer ? hxcomm__arq_deadline(&server->link) : UINT64_MAX;
	const uint64_t now = hxcomm__now();
	if (server->full && at > now + FULL_WAIT_NS)
		at = now + FULL_WAIT_NS;
	const struct timespec time = hxcomm__timespec(at > now ? at - now : 0);
	if (ppoll(files, 4, at == UINT64_MAX ? NULL : &time, NULL) < 0) {
		if (errno != EINTR && server->status == HXCOMM_OK)
			server->status = hxcomm_error_set(HXCOMM_EIO, "cannot wait for a host: %s",
			        strerror(errno));
		return;
	}
	uint64_t events;
	if (files[0].revents)
		server->stopping = true;
	if (files[1].revents && read(server->event, &events, sizeof(events)) < 0 && errno != EAGAIN)
		server->status = hxcomm_error_set(HXCOMM_EIO,
		        "cannot read an event: %s", strerror(errno));
	if (files[2].revents)
		hxcomm__arq_socket_receive(&server->reset, on_reset, server);
	if (files[3].revents)
		hxcomm__arq_socket_receive(&server->data, on_data, server);
	if (files[3].revents && server->open)
		hxcomm__queue_wake(server->connection->queue); /* for all frames that came */
}

int hxcomm_arq_server_run(struct hxcomm_arq_server *server)
{
	server->status = HXCOMM_OK;
	while (!server->stopping && server->status == HXCOMM_OK)
		pump(server);
	hxcomm__server_end_programs(server);
	return server->status;
}

int hxcomm_arq_server_statistics_read(struct hxcomm_arq_server_statistics *out,
        struct hxcomm_arq_server *server)
{
	const size_t size = out->size;
	if (size < sizeof(size) || size > sizeof(*out))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "statistics are not initialised: start from "
		        "HXCOMM_ARQ_SERVER_STATISTICS_INIT");
	pthread_mutex_lock(&server->lock);
	memcpy(out, &server->statistics, size);
	pthread_mutex_unlock(&server->lock);
	out->size = size;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* The FPGA's side of HostARQ: words are gathered up to a halt, run on a connection, and what comes
 * back is sent while it comes (source: spec/transport.md 5.11). One thread does all; while a program
 * computes without answering, the host is not answered either, which it survives as it acknowledged
 * nothing that is open. */
#include "arq_host.h"
#include "arq_socket.h"
#include "provider.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <hxcomm/words.h>

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum { OPTIONS_MAX = 4096, PROGRAM_WORDS_MAX = 1 << 26, TEXT_MAX = 256 };
#define GIVE_UP_NS (10000 * ARQ_NS_PER_MS)

struct words {
	uint64_t *words; /* [count] */
	size_t count, capacity;
};

struct hxcomm_arq_server {
	char *uri;
	struct hxcomm_connection *connection; /* NULL after a run that failed */
	struct arq_socket data, reset;
	uint32_t port, reset_port;
	int stop;                /* an eventfd: readable once it is to stop */
	bool stopping;
	int status;              /* of the first system call that failed */
	bool has_peer;
	struct sockaddr_in peer;
	uint64_t resets;         /* those of now and before tell whom an answer is for */
	uint64_t run_resets;     /* `resets` when the program began */
	struct words incoming;   /* not run yet */
	struct words program;    /* running */
	size_t scanned;          /* words of `incoming` without a halt */
	uint64_t tail[ARQ_FRAME_WORDS]; /* [tail_count] of an answer, for the next frame */
	size_t tail_count;
	struct arq_batch batch;
	struct arq_link link;
};

/* ---- set-up --------------------------------------------------------------------------------- */

static int read_options(struct hxcomm_arq_server_options *out,
        const struct hxcomm_arq_server_options *in)
{
	*out = (struct hxcomm_arq_server_options){ .size = sizeof(*out) };
	if (in && (in->size < sizeof(in->size) || in->size > OPTIONS_MAX))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "options are not initialised: start from HXCOMM_ARQ_SERVER_OPTIONS_INIT");
	if (in)
		memcpy(out, in, in->size < sizeof(*out) ? in->size : sizeof(*out));
	for (size_t i = sizeof(*out); in && i < in->size; i++)
		if (((const unsigned char *)in)[i])
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "the option at byte %zu is newer than this library: update it, or leave "
			        "the option 0", i);
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
		        "%s is open to other machines, and whoever reaches it owns the chip: listen on "
		        "127.0.0.1, or allow it by allow_remote", options->address);
	int status = listen_at(&server->data, &server->port, address, options->port);
	if (status == HXCOMM_OK)
		status = listen_at(&server->reset, &server->reset_port, address, options->reset_port);
	if (status != HXCOMM_OK)
		return status;
	server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return server->stop >= 0 ? HXCOMM_OK :
	                           hxcomm_error_set(HXCOMM_EIO, "cannot make an event: %s",
	                                   strerror(errno));
}

static int open_connection(struct hxcomm_arq_server *server)
{
	struct hxcomm_open_options options = HXCOMM_OPEN_OPTIONS_INIT;
	options.run_words = PROGRAM_WORDS_MAX;
	hxcomm_close(server->connection);
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
	server->data.fd = server->reset.fd = server->stop = -1;
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
	hxcomm_close(server->connection);
	if (server->data.fd >= 0)
		hxcomm__arq_socket_close(&server->data);
	if (server->reset.fd >= 0)
		hxcomm__arq_socket_close(&server->reset);
	if (server->stop >= 0)
		close(server->stop);
	free(server->incoming.words);
	free(server->program.words);
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

/* ---- what comes in -------------------------------------------------------------------------- */

static bool gather(struct words *to, const uint64_t *words, size_t count)
{
	if (to->count + count > PROGRAM_WORDS_MAX + 1) {
		hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "a program has more than %d words: not taken",
		        PROGRAM_WORDS_MAX);
		return false;
	}
	if (to->capacity - to->count < count) {
		const size_t capacity = 2 * to->capacity + 16 * ARQ_FRAME_WORDS;
		uint64_t *grown = realloc(to->words, capacity * sizeof(*grown));
		if (!grown) {
			hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "no memory for a program of %zu words",
			        capacity);
			return false;
		}
		to->words = grown;
		to->capacity = capacity;
	}
	if (count)
		memcpy(to->words + to->count, words, count * sizeof(*words));
	to->count += count;
	return true;
}

static bool on_frame(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	struct hxcomm_arq_server *server = user;
	switch (type) {
	case ARQ_TYPE_WORDS:
		return gather(&server->incoming, words, count);
	case ARQ_TYPE_ECHO:
		if (hxcomm__arq_room(&server->link) == 0)
			return false;
		hxcomm__arq_append(&server->link, ARQ_TYPE_ECHO, words, count);
		return true;
	default: /* acknowledged, and that is all */
		return true;
	}
}

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
	if (server->has_peer && same(from, &server->peer))
		hxcomm__arq_input(&server->link, hxcomm__arq_now(), data, size);
	else if (hxcomm__arq_parse(&frame, data, size) && frame.count && server->status == HXCOMM_OK)
		server->status = tell_taken(server, from);
}

/* The answer to a reset: the first frame of the connection, before anything that comes in. */
static void describe(struct hxcomm_arq_server *server)
{
	char text[TEXT_MAX];
	if (!server->connection || hxcomm__connection_broken(server->connection)) {
		if (open_connection(server) != HXCOMM_OK) {
			hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "a reset is not answered: %s",
			        hxcomm_error_message());
			server->has_peer = false;
			return;
		}
	}
	snprintf(text, sizeof(text), "version: hxcomm\nchip: %.120s\n",
	        hxcomm_identifier(server->connection));
	hxcomm__arq_describe(&server->link, text);
}

static void on_reset(void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size)
{
	static const uint8_t magic[] = { 0xab, 0xab, 0xab, 0xab };
	struct hxcomm_arq_server *server = user;
	const struct sockaddr_in before = server->peer;
	const bool had_peer = server->has_peer;
	char address[ARQ_ADDRESS_TEXT];
	if (size != sizeof(magic) || memcmp(data, magic, size))
		return;
	hxcomm__arq_address_text(address, from);
	hxcomm_log(HXCOMM_LOG_INFO, "hxcomm", "reset by %s", address);
	server->peer = *from;
	server->has_peer = true;
	server->resets++;
	server->incoming.count = server->scanned = server->tail_count = 0;
	/* the words of what runs now are gone, the rest of its answer will not be sent */
	hxcomm__arq_begin(&server->link, ARQ_SEND_WINDOW, on_frame, server, hxcomm__arq_now());
	if (had_peer && !same(&before, from) && server->status == HXCOMM_OK)
		server->status = tell_taken(server, &before);
	describe(server);
}

/* ---- traffic -------------------------------------------------------------------------------- */

static void send_all(struct hxcomm_arq_server *server)
{
	const uint64_t now = hxcomm__arq_now();
	const uint8_t *data;
	size_t size;
	if (!server->has_peer || server->status != HXCOMM_OK)
		return;
	while (server->batch.count < ARQ_BATCH && hxcomm__arq_output(&server->link, now, &data, &size))
		server->batch.items[server->batch.count++] =
		        (struct iovec){ (void *)(uintptr_t)data, size };
	if (server->batch.count)
		server->status = hxcomm__arq_socket_send(&server->data, &server->peer, &server->batch);
	if (hxcomm__arq_pending(&server->link) && now > server->link.heard_at + GIVE_UP_NS) {
		hxcomm_log(HXCOMM_LOG_INFO, "hxcomm", "the host is gone");
		server->has_peer = false;
	}
}

/* Send what is due, wait for something to come, and take it. Resets come first: what a host sends
 * behind its reset belongs to the new connection. */
static void pump(struct hxcomm_arq_server *server)
{
	struct pollfd files[] = { { .fd = server->stop, .events = POLLIN },
		{ .fd = server->reset.fd, .events = POLLIN }, { .fd = server->data.fd, .events = POLLIN } };
	send_all(server);
	const uint64_t at = server->has_peer ? hxcomm__arq_deadline(&server->link) : UINT64_MAX;
	const uint64_t now = at == UINT64_MAX ? 0 : hxcomm__arq_now();
	const uint64_t left = at > now ? at - now : 0;
	const struct timespec time = { (time_t)(left / 1000000000u), (long)(left % 1000000000u) };
	if (ppoll(files, 3, at == UINT64_MAX ? NULL : &time, NULL) < 0) {
		if (errno != EINTR && server->status == HXCOMM_OK)
			server->status = hxcomm_error_set(HXCOMM_EIO, "cannot wait for a host: %s",
			        strerror(errno));
		return;
	}
	if (files[0].revents)
		server->stopping = true;
	if (files[1].revents)
		hxcomm__arq_socket_receive(&server->reset, on_reset, server);
	if (files[2].revents)
		hxcomm__arq_socket_receive(&server->data, on_data, server);
}

/* ---- programs ------------------------------------------------------------------------------- */

/* Whether the answer of the running program is still wanted. */
static bool wanted(const struct hxcomm_arq_server *server)
{
	return server->resets == server->run_resets && server->has_peer && !server->stopping &&
	        server->status == HXCOMM_OK;
}

static void send_frame(struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	while (wanted(server) && hxcomm__arq_room(&server->link) == 0)
		pump(server);
	if (wanted(server))
		hxcomm__arq_append(&server->link, ARQ_TYPE_WORDS, words, count);
}

/* Takes the words of an answer; full frames leave, the rest waits for more. */
static int on_answer(void *user, const uint64_t *words, size_t count)
{
	struct hxcomm_arq_server *server = user;
	while (count && wanted(server)) {
		size_t taken = ARQ_FRAME_WORDS - server->tail_count;
		taken = taken < count ? taken : count;
		if (taken == ARQ_FRAME_WORDS) {
			send_frame(server, words, taken);
		} else {
			memcpy(server->tail + server->tail_count, words, taken * sizeof(*words));
			server->tail_count += taken;
		}
		if (server->tail_count == ARQ_FRAME_WORDS) {
			server->tail_count = 0;
			send_frame(server, server->tail, ARQ_FRAME_WORDS);
		}
		words += taken;
		count -= taken;
	}
	return HXCOMM_OK;
}

static void run_program(struct hxcomm_arq_server *server, size_t count)
{
	const struct words all = server->incoming;
	server->incoming = server->program;
	server->program = all;
	server->incoming.count = server->scanned = server->tail_count = 0;
	server->run_resets = server->resets;
	if (!gather(&server->incoming, all.words + count + 1, all.count - count - 1))
		return;
	hxcomm__arq_acknowledge(&server->link); /* it may take long */
	send_all(server);
	int status = HXCOMM_OK;
	if (!server->connection || hxcomm__connection_broken(server->connection))
		status = open_connection(server);
	if (status == HXCOMM_OK)
		status = hxcomm__run_raw(server->connection, all.words, count, on_answer, server);
	if (status != HXCOMM_OK)
		hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "a program of %zu words is not answered: %s", count,
		        hxcomm_error_message());
	else if (server->tail_count)
		send_frame(server, server->tail, server->tail_count);
	server->tail_count = 0;
}

/* Where the next halt is in what came in; false: not there yet. */
static bool find_halt(struct hxcomm_arq_server *server, size_t *at)
{
	const struct words *incoming = &server->incoming;
	for (; server->scanned < incoming->count; server->scanned++)
		if ((incoming->words[server->scanned] & UINT64_C(0xff00000000000001)) == HXCOMM_WORD_HALT) {
			*at = server->scanned;
			return true;
		}
	return false;
}

int hxcomm_arq_server_run(struct hxcomm_arq_server *server)
{
	size_t halt;
	server->status = HXCOMM_OK;
	while (!server->stopping && server->status == HXCOMM_OK) {
		if (find_halt(server, &halt))
			run_program(server, halt);
		else
			pump(server);
	}
	return server->status;
}

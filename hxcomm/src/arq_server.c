// SPDX-License-Identifier: MIT
/* The FPGA's side of HostARQ (source: spec/transport.md 5.11). Two threads:
 *
 *     network, in hxcomm_arq_server_run()            the thread of the connection that is served
 *     frames ──▶ jobs of the connection ───────────▶ runs them
 *     frames ◀── ring of words, failures ◀────────── what comes back, and how it ended
 *
 * So the host is answered while a program computes. A short program that cannot take long is run by the
 * network thread: two changes of threads would take longer than it does. A reset ends what runs; it is answered when that has
 * ended. After a program that failed nothing is taken until the next reset. */
#include "arq_host.h"
#include "arq_socket.h"
#include "queue.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <hxcomm/options.h>
#include <hxcomm/words.h>

#include "clock.h"

#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
	TEXT_MAX = 256,
	RING_WORDS = 1 << 16, /* of answers that wait for the network, in the beginning */
	PROGRAMS_MAX = 4096,  /* that wait for their turn */
	SHORT_WORDS = 64,     /* of programs that are run by the network thread */
	SHORT_CYCLES = 1000,  /* and wait no longer than 8 us each time */
};
#define GIVE_UP_NS (10000 * ARQ_NS_PER_MS)
#define PROMPT_NS (ARQ_NS_PER_MS / 2) /* that they may take */
#define FULL_WAIT_NS ARQ_NS_PER_MS    /* until the queue of words is looked at again */

struct hxcomm_arq_server {
	/* the network thread's */
	char *uri;
	struct hxcomm_connection *connection;
	struct arq_socket data, reset;
	uint32_t port, reset_port;
	int stop; /* an eventfd: readable once it is to stop */
	bool stopping;
	int status; /* of the first system call that failed */
	bool has_peer;
	struct sockaddr_in peer;
	struct hxcomm_job *open; /* the program whose halt has not come */
	bool prompt;    /* short programs were run in no time so far */
	bool full;      /* frames wait for room in the queue */
	bool deaf;      /* a program has failed: words are not taken until the next reset */
	bool resetting; /* the answer to a reset waits for programs to end */
	struct arq_batch batch;
	struct arq_link link;

	/* of both threads, with the lock */
	pthread_mutex_t lock;
	pthread_cond_t room;          /* in the ring */
	int event;                    /* an eventfd: the thread of the connection has news */
	uint64_t *ring;               /* [ring_words] */
	size_t ring_words;
	bool here;                    /* the network thread runs a program: the ring grows for it */
	uint64_t written, read;       /* words through the ring */
	uint64_t flush;               /* up to here words leave in frames that are not full */
	bool dropping;                /* nobody wants the answers */
	unsigned running;             /* programs that have not ended */
	struct hxcomm_job *ended;     /* to be given back */
	int failure;                  /* of the first program that failed */
	char message[HXCOMM__MESSAGE_MAX];
	struct hxcomm_arq_server_statistics statistics;
};

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
		        "%s is open to other machines, and whoever reaches it owns the chip: listen on "
		        "127.0.0.1, or allow it by allow_remote", options->address);
	int status = listen_at(&server->data, &server->port, address, options->port);
	if (status == HXCOMM_OK)
		status = listen_at(&server->reset, &server->reset_port, address, options->reset_port);
	if (status != HXCOMM_OK)
		return status;
	server->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	server->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (server->stop < 0 || server->event < 0)
		return hxcomm_error_set(HXCOMM_EIO, "cannot make an event: %s", strerror(errno));
	server->ring = malloc(RING_WORDS * sizeof(*server->ring));
	server->ring_words = RING_WORDS;
	return server->ring ? HXCOMM_OK : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for answers");
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

/* ---- the thread of the connection --------------------------------------------------------------- */

static void tell_network(struct hxcomm_arq_server *server)
{
	const uint64_t one = 1;
	if (write(server->event, &one, sizeof(one)) < 0) {
		/* it is full: readable it is */
	}
}

/* With the lock: make the ring twice as large. */
static int grow_ring(struct hxcomm_arq_server *server)
{
	const size_t have = server->ring_words, at = server->read % have;
	uint64_t *ring = malloc(2 * have * sizeof(*ring));
	if (!ring)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for an answer of more than %zu words",
		        have);
	/* it was full; it begins anew with the oldest word at its place among 2 * have */
	for (size_t i = 0; i < have; i++)
		ring[(server->read + i) % (2 * have)] = server->ring[(at + i) % have];
	free(server->ring);
	server->ring = ring;
	server->ring_words = 2 * have;
	return HXCOMM_OK;
}

/* Takes the words of an answer; waits for room. */
static int take_answer(void *user, const uint64_t *words, size_t count)
{
	struct hxcomm_arq_server *server = user;
	int status = HXCOMM_OK;
	pthread_mutex_lock(&server->lock);
	while (status == HXCOMM_OK && count && !server->dropping) {
		const size_t at = server->written % server->ring_words;
		size_t room = server->ring_words - (size_t)(server->written - server->read);
		if (room == 0) {
			if (server->here)
				status = grow_ring(server);
			else
				pthread_cond_wait(&server->room, &server->lock);
			continue;
		}
		room = room < server->ring_words - at ? room : server->ring_words - at;
		room = room < count ? room : count;
		memcpy(server->ring + at, words, room * sizeof(*words));
		server->written += room;
		words += room;
		count -= room;
		if (!server->here)
			tell_network(server);
	}
	pthread_mutex_unlock(&server->lock);
	return status;
}

/* A program has ended. With the lock of the queue. */
static void take_end(void *user, struct hxcomm_job *job)
{
	struct hxcomm_arq_server *server = user;
	pthread_mutex_lock(&server->lock);
	server->flush = server->written;
	server->running--;
	server->statistics.programs++;
	server->statistics.failed += job->status != HXCOMM_OK;
	if (job->status != HXCOMM_OK && server->failure == HXCOMM_OK && !server->dropping) {
		server->failure = job->status;
		memcpy(server->message, job->message, sizeof(server->message));
	}
	job->next = server->ended;
	server->ended = job;
	tell_network(server);
	pthread_mutex_unlock(&server->lock);
}

/* ---- programs from the network ------------------------------------------------------------------ */

static void fail(struct hxcomm_arq_server *server, int status)
{
	pthread_mutex_lock(&server->lock);
	if (server->failure == HXCOMM_OK) {
		server->failure = status;
		snprintf(server->message, sizeof(server->message), "%s", hxcomm_error_message());
	}
	pthread_mutex_unlock(&server->lock);
}

static int begin_program(struct hxcomm_arq_server *server)
{
	struct hxcomm_job *job = calloc(1, sizeof(*job));
	if (!job)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a program");
	int status = hxcomm__job_init(job, server->connection, NULL, NULL);
	job->lasting = true;
	job->sink = take_answer;
	job->done = take_end;
	job->user = server;
	if (status == HXCOMM_OK) {
		pthread_mutex_lock(&server->lock);
		server->running++;
		pthread_mutex_unlock(&server->lock);
		status = hxcomm__queue_add(server->connection->queue, job);
	}
	if (status == HXCOMM_OK) {
		server->open = job;
		return status;
	}
	pthread_mutex_lock(&server->lock);
	server->running--;
	pthread_mutex_unlock(&server->lock);
	free(job);
	return status;
}

static bool is_halt(uint64_t word)
{
	return (word & UINT64_C(0xff00000000000001)) == HXCOMM_WORD_HALT;
}

/* Words of the open program, which ends with them if a halt follows. */
static int take_words(struct hxcomm_arq_server *server, const uint64_t *words, size_t count, bool halt)
{
	int status = server->open ? HXCOMM_OK : begin_program(server);
	if (status == HXCOMM_OK)
		status = hxcomm__check_words(words, count, server->open->words);
	if (status == HXCOMM_OK)
		status = hxcomm__queue_append(server->connection->queue, server->open, words, count);
	if (status == HXCOMM_OK && halt) {
		hxcomm__queue_complete(server->connection->queue, server->open);
		server->open = NULL;
	}
	return status;
}

/* Whether nothing in a program can keep the chip for long. */
static bool is_short(const uint64_t *words, size_t count)
{
	if (count > SHORT_WORDS)
		return false;
	for (size_t i = 0; i < count; i++)
		switch (hxcomm_word_instruction(words[i])) {
		case HXCOMM_WAIT_UNTIL:
			if ((uint32_t)words[i] > SHORT_CYCLES)
				return false;
			break;
		case HXCOMM_BARRIER:
			if (words[i] & ~(uint64_t)(HXCOMM_BARRIER_OMNIBUS | HXCOMM_BARRIER_JTAG) &
			        UINT64_C(0xffffffff))
				return false;
			break;
		case HXCOMM_POLLING_BLOCK:
			return false;
		default:
			break;
		}
	return true;
}

/* Whether a whole program may be run here and now. */
static bool may_run_here(struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	if (!server->prompt || server->open || !is_short(words, count))
		return false;
	pthread_mutex_lock(&server->lock);
	const bool idle = server->running == 0 && !server->ended;
	pthread_mutex_unlock(&server->lock);
	return idle;
}

static int run_here(struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	struct hxcomm_job job = { .sink = take_answer };
	int status = hxcomm__check_words(words, count, 0);
	if (status == HXCOMM_OK)
		status = hxcomm__job_init(&job, server->connection, NULL, NULL);
	if (status != HXCOMM_OK)
		return status;
	job.user = server;
	hxcomm__job_lend(&job, words, count);
	const uint64_t begin = hxcomm__now();
	pthread_mutex_lock(&server->lock);
	server->here = true;
	pthread_mutex_unlock(&server->lock);
	hxcomm__queue_run(server->connection->queue, &job);
	server->prompt = hxcomm__now() - begin < PROMPT_NS;
	pthread_mutex_lock(&server->lock);
	server->here = false;
	server->flush = server->written;
	server->statistics.programs++;
	server->statistics.failed += job.status != HXCOMM_OK;
	pthread_mutex_unlock(&server->lock);
	return job.status == HXCOMM_OK ? HXCOMM_OK : hxcomm_error_set(job.status, "%s", job.message);
}

/* Whether a frame of words was taken. */
static bool take_frame(struct hxcomm_arq_server *server, const uint64_t *words, size_t count)
{
	pthread_mutex_lock(&server->lock);
	const bool many = server->running >= PROGRAMS_MAX;
	pthread_mutex_unlock(&server->lock);
	if (server->deaf)
		return true;
	server->full = many || hxcomm__queue_room(server->connection->queue) < count;
	if (server->full)
		return false;
	for (size_t from = 0, to; from < count; from = to) {
		for (to = from; to < count && !is_halt(words[to]);)
			to++;
		const bool halt = to < count;
		const int status = halt && may_run_here(server, words + from, to - from) ?
		        run_here(server, words + from, to - from) :
		        take_words(server, words + from, to - from, halt);
		if (status != HXCOMM_OK) {
			fail(server, status);
			return true;
		}
		to += halt;
	}
	pthread_mutex_lock(&server->lock);
	server->statistics.words_received += count;
	pthread_mutex_unlock(&server->lock);
	return true;
}

static bool on_frame(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	struct hxcomm_arq_server *server = user;
	switch (type) {
	case ARQ_TYPE_WORDS:
		return take_frame(server, words, count);
	case ARQ_TYPE_ECHO:
		if (hxcomm__arq_room(&server->link) == 0)
			return false;
		hxcomm__arq_append(&server->link, ARQ_TYPE_ECHO, words, count);
		return true;
	default: /* acknowledged, and that is all */
		return true;
	}
}

/* Give back the programs that have ended. */
static void collect(struct hxcomm_arq_server *server)
{
	pthread_mutex_lock(&server->lock);
	struct hxcomm_job *job = server->ended;
	server->ended = NULL;
	pthread_mutex_unlock(&server->lock);
	while (job) {
		struct hxcomm_job *next = job->next;
		if (server->open == job)
			server->open = NULL;
		hxcomm__queue_forget(server->connection->queue, job);
		job = next;
	}
}

/* ---- answers to the network --------------------------------------------------------------------- */

/* With the lock: put what came back into frames; one that is not full leaves when no more comes, or
 * when nothing else is on its way. */
static void send_answers(struct hxcomm_arq_server *server)
{
	uint64_t frame[ARQ_FRAME_WORDS];
	const uint64_t before = server->read;
	while (server->read < server->written && hxcomm__arq_room(&server->link)) {
		const size_t at = server->read % server->ring_words;
		const uint64_t have = server->written - server->read;
		const size_t count = have < ARQ_FRAME_WORDS ? (size_t)have : ARQ_FRAME_WORDS;
		if (count < ARQ_FRAME_WORDS && server->flush < server->written &&
		        hxcomm__arq_pending(&server->link))
			break;
		const size_t first = count < server->ring_words - at ? count : server->ring_words - at;
		memcpy(frame, server->ring + at, first * sizeof(*frame));
		memcpy(frame + first, server->ring, (count - first) * sizeof(*frame));
		hxcomm__arq_append(&server->link, ARQ_TYPE_WORDS, frame, count);
		server->read += count;
	}
	server->statistics.words_sent += server->read - before;
	if (server->read != before)
		pthread_cond_signal(&server->room);
}

/* With the lock: tell the host that a program has failed, and take no more. */
static void send_failure(struct hxcomm_arq_server *server)
{
	if (server->deaf || hxcomm__arq_room(&server->link) == 0)
		return;
	hxcomm_log(HXCOMM_LOG_ERROR, "hxcomm", "a program failed, the host is told: %s",
	        server->message);
	hxcomm__arq_append_failure(&server->link, hxcomm_error_name(server->failure), server->message);
	server->deaf = true;
	server->dropping = true;
	server->read = server->flush = server->written;
	pthread_cond_signal(&server->room);
}

/* ---- resets ----------------------------------------------------------------------------------- */

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
	else if (hxcomm__arq_parse(&frame, data, size) && frame.count && server->status == HXCOMM_OK)
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

/* The answer to a reset, once nothing runs: the first frame of the connection. The form is that of the
 * FPGA's: YAML with the keys that host software asks for (source: spec/transport.md 4.3). */
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
	server->prompt = strcmp(server->connection->provider->scheme, "arq") != 0;
	snprintf(text, sizeof(text), "version: 1\ncompatible_until: 1\nchip: %.120s\n",
	        hxcomm_identifier(server->connection));
	hxcomm__arq_describe(&server->link, text);
}

/* End all programs; their answers are dropped. */
static void end_programs(struct hxcomm_arq_server *server)
{
	pthread_mutex_lock(&server->lock);
	server->dropping = true;
	pthread_cond_signal(&server->room);
	pthread_mutex_unlock(&server->lock);
	if (server->connection && server->connection->queue)
		hxcomm__queue_give_up(server->connection->queue);
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
	pthread_mutex_lock(&server->lock);
	server->statistics.resets++;
	server->statistics.thefts += had_peer && !same(&before, from);
	pthread_mutex_unlock(&server->lock);
	hxcomm__arq_begin(&server->link, ARQ_SEND_WINDOW, on_frame, server, hxcomm__now());
	if (had_peer && !same(&before, from) && server->status == HXCOMM_OK)
		server->status = tell_taken(server, &before);
	end_programs(server);
	server->resetting = true;
}

/* ---- the network thread ----------------------------------------------------------------------- */

static void send_all(struct hxcomm_arq_server *server)
{
	const uint64_t now = hxcomm__now();
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
		end_programs(server);
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
	collect(server);
	pthread_mutex_lock(&server->lock);
	if (!server->resetting) {
		send_answers(server);
		if (server->failure != HXCOMM_OK)
			send_failure(server);
	}
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
		{ .fd = server->event, .events = POLLIN }, { .fd = server->reset.fd, .events = POLLIN },
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
		server->status = hxcomm_error_set(HXCOMM_EIO, "cannot read an event: %s", strerror(errno));
	if (files[2].revents)
		hxcomm__arq_socket_receive(&server->reset, on_reset, server);
	if (files[3].revents)
		hxcomm__arq_socket_receive(&server->data, on_data, server);
}

int hxcomm_arq_server_run(struct hxcomm_arq_server *server)
{
	server->status = HXCOMM_OK;
	while (!server->stopping && server->status == HXCOMM_OK)
		pump(server);
	end_programs(server);
	return server->status;
}

int hxcomm_arq_server_statistics_read(struct hxcomm_arq_server_statistics *out,
        struct hxcomm_arq_server *server)
{
	const size_t size = out->size;
	if (size < sizeof(size) || size > sizeof(*out))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "statistics are not initialised: start from HXCOMM_ARQ_SERVER_STATISTICS_INIT");
	pthread_mutex_lock(&server->lock);
	memcpy(out, &server->statistics, size);
	pthread_mutex_unlock(&server->lock);
	out->size = size;
	return HXCOMM_OK;
}

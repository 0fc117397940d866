// SPDX-License-Identifier: MIT
/* "arq:HOST[:PORT]" is an FPGA at the other end of a HostARQ link over UDP. All work is done by the
 * thread that opens, runs and closes; between runs nothing is sent. */
#include "arq_host.h"
#include "arq_socket.h"
#include "provider.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

enum { HOST_MAX = 255, IDENTIFIER_MAX = 63 };
#define CLOSE_LIMIT_NS (500 * ARQ_NS_PER_MS)
#define KEEP_ALIVE_NS (1000 * ARQ_NS_PER_MS)

struct arq {
	struct arq_socket socket;
	struct sockaddr_in reset_to;
	double timeout_s;
	char name[HOST_MAX + 1];
	char identifier[HOST_MAX + 16];
	struct hxcomm_receiver *receiver; /* of the run; NULL between runs */
	struct arq_batch batch;
	struct arq_host host;
};

/* ---- addresses ------------------------------------------------------------------------------ */

static int resolve(struct sockaddr_in *out, const char *host)
{
	struct addrinfo hints = { .ai_family = AF_INET, .ai_socktype = SOCK_DGRAM,
		.ai_flags = AI_NUMERICHOST };
	struct addrinfo *found = NULL;
	int number = getaddrinfo(host, NULL, &hints, &found);
	if (number == EAI_NONAME) {
		hints.ai_flags = 0;
		number = getaddrinfo(host, NULL, &hints, &found);
	}
	if (number)
		return hxcomm_error_set(number == EAI_MEMORY ? HXCOMM_ENOMEM : HXCOMM_ENOENT,
		        "'%.64s' is no address: %s", host, gai_strerror(number));
	memcpy(out, found->ai_addr, sizeof(*out));
	freeaddrinfo(found);
	return HXCOMM_OK;
}

/* "HOST[:PORT]" */
static int parse_address(struct sockaddr_in *out, char *host, const char *rest)
{
	const char *colon = strchr(rest, ':');
	const size_t length = colon ? (size_t)(colon - rest) : strlen(rest);
	unsigned long port = HXCOMM_ARQ_PORT;
	if (length == 0 || length > HOST_MAX)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'arq:' wants the FPGA's address, at most %d bytes: write arq:HOST[:PORT], such "
		        "as arq:192.168.66.1", HOST_MAX);
	memcpy(host, rest, length);
	host[length] = '\0';
	if (colon) {
		char *end;
		port = strtoul(colon + 1, &end, 10);
		if (!isdigit((unsigned char)colon[1]) || *end || port < 1 || port > 65535)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "'%.40s' is no port: write arq:HOST:PORT with a port of 1 to 65535",
			        colon + 1);
	}
	const int status = resolve(out, host);
	out->sin_port = htons((uint16_t)port);
	return status;
}

/* ---- traffic -------------------------------------------------------------------------------- */

static bool on_words(void *user, const uint64_t *words, size_t count)
{
	const struct arq *arq = user;
	if (arq->receiver) /* it keeps its first error */
		(void)!hxcomm_receive(arq->receiver, words, count);
	return true;
}

static void on_datagram(void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size)
{
	struct arq *arq = user;
	(void)from; /* the socket is connected: from nobody else */
	hxcomm__arq_host_input(&arq->host, hxcomm__arq_now(), data, size);
}

static int send_all(struct arq *arq)
{
	const uint64_t now = hxcomm__arq_now();
	const uint8_t *data;
	size_t size;
	bool reset;
	int status = HXCOMM_OK;
	while (status == HXCOMM_OK &&
	        hxcomm__arq_host_output(&arq->host, now, &data, &size, &reset)) {
		arq->batch.items[arq->batch.count++] = (struct iovec){ (void *)(uintptr_t)data, size };
		if (reset || arq->batch.count == ARQ_BATCH)
			status = hxcomm__arq_socket_send(&arq->socket, reset ? &arq->reset_to : NULL,
			        &arq->batch);
	}
	if (status == HXCOMM_OK && arq->batch.count)
		status = hxcomm__arq_socket_send(&arq->socket, NULL, &arq->batch);
	arq->batch.count = 0;
	return status;
}

/* Send what is due, and wait until something comes, at most until a time. */
static int pump(struct arq *arq, uint64_t until)
{
	const int status = send_all(arq);
	if (status != HXCOMM_OK || hxcomm__arq_socket_receive(&arq->socket, on_datagram, arq))
		return status;
	uint64_t at = hxcomm__arq_host_deadline(&arq->host);
	at = at < until ? at : until;
	const uint64_t now = hxcomm__arq_now();
	const uint64_t left = at > now ? at - now : 0;
	const struct timespec time = { (time_t)(left / 1000000000u), (long)(left % 1000000000u) };
	struct pollfd file = { .fd = arq->socket.fd, .events = POLLIN };
	if (ppoll(&file, 1, &time, NULL) < 0 && errno != EINTR)
		return hxcomm_error_set(HXCOMM_EIO, "cannot wait for the FPGA: %s", strerror(errno));
	if (file.revents)
		hxcomm__arq_socket_receive(&arq->socket, on_datagram, arq);
	return HXCOMM_OK;
}

/* ---- open and close ------------------------------------------------------------------------- */

static int explain(const struct arq *arq, bool late)
{
	const struct arq_host *host = &arq->host;
	if (host->state == ARQ_HOST_UNKNOWN)
		return hxcomm_error_set(HXCOMM_EPROTO,
		        "%s speaks another HostARQ: %llu sequence numbers, window %llu, frames of %llu "
		        "words; known is %d, %d, %d", arq->name,
		        (unsigned long long)host->parameters[0], (unsigned long long)host->parameters[1],
		        (unsigned long long)host->parameters[2], ARQ_SEQUENCES, ARQ_WINDOW,
		        ARQ_FRAME_WORDS);
	if (host->state == ARQ_HOST_RESETTING || host->state == ARQ_HOST_NO_REPLY)
		return hxcomm_error_set(HXCOMM_ETIMEDOUT,
		        "no answer from %s to %u resets: is the FPGA on (or `bss emulate` running), is this "
		        "its address, does a firewall drop UDP port %u?", arq->name, host->resets,
		        (unsigned)ntohs(arq->reset_to.sin_port));
	return hxcomm_error_set(HXCOMM_ETIMEDOUT,
	        "%s answers the reset but not the probe%s: the link loses too much, or two hosts reset "
	        "the FPGA at once", arq->name, late ? " within the time allowed" : "");
}

static int connect_to_fpga(struct arq *arq, uint32_t window)
{
	uint64_t probe = 0;
	if (getrandom(&probe, sizeof(probe), GRND_NONBLOCK) != sizeof(probe))
		probe = hxcomm__arq_now();
	const uint64_t begin = hxcomm__arq_now();
	const uint64_t until = begin + (uint64_t)(1e9 * arq->timeout_s);
	hxcomm__arq_host_begin(&arq->host, begin, window, probe, on_words, arq);
	while (arq->host.state < ARQ_HOST_UP) {
		const int status = pump(arq, until);
		if (status != HXCOMM_OK)
			return status;
		if (arq->host.state < ARQ_HOST_UP && hxcomm__arq_now() >= until)
			return explain(arq, true);
	}
	arq->socket.refused = false;
	return arq->host.state == ARQ_HOST_UP ? HXCOMM_OK : explain(arq, false);
}

/* The chip's name stands in a line "chip: NAME" of the description, else the address is all that is
 * known. */
static void identify(struct arq *arq)
{
	static const char key[] = "chip: ";
	const char *line = arq->host.text;
	while (line && strncmp(line, key, sizeof(key) - 1)) {
		line = strchr(line, '\n');
		line += line != NULL;
	}
	const char *name = line ? line + sizeof(key) - 1 : "";
	size_t length = 0;
	while (isalnum((unsigned char)name[length]) || (name[length] && strchr("-_.", name[length])))
		length++;
	if (length > 0 && length <= IDENTIFIER_MAX)
		snprintf(arq->identifier, sizeof(arq->identifier), "%.*s", (int)length, name);
	else
		snprintf(arq->identifier, sizeof(arq->identifier), "arq-%s", arq->name);
}

static int read_uri(struct arq *arq, struct sockaddr_in *to, uint64_t *window,
        const struct hxcomm_uri *uri, const struct hxcomm_open_options *options)
{
	static const char *const keys[] = { "reset_port", "timeout", "window" };
	uint64_t reset_port = 0;
	if (options->chip_serial)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "chip_serial is %u, but 'arq:' is told the address of one chip: leave it 0",
		        options->chip_serial);
	int status = hxcomm_uri_check_keys(uri, keys, sizeof(keys) / sizeof(*keys));
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&reset_port, uri, keys[0], HXCOMM_ARQ_RESET_PORT, 1, 65535);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_double(&arq->timeout_s, uri, keys[1], options->timeout_s, 0.001,
		        3600);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(window, uri, keys[2], ARQ_SEND_WINDOW, 1, ARQ_WINDOW);
	if (status == HXCOMM_OK)
		status = parse_address(to, arq->name, uri->rest);
	arq->reset_to = *to;
	arq->reset_to.sin_port = htons((uint16_t)reset_port);
	return status;
}

static int arq_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	uint64_t window = 0;
	*state = NULL;
	struct arq *arq = calloc(1, sizeof(*arq));
	if (!arq)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a link");
	int status = read_uri(arq, &to, &window, uri, options);
	if (status == HXCOMM_OK)
		status = hxcomm__arq_socket_open(&arq->socket, NULL, &to);
	if (status != HXCOMM_OK) {
		free(arq);
		return status;
	}
	status = connect_to_fpga(arq, (uint32_t)window);
	if (status != HXCOMM_OK) {
		hxcomm__arq_socket_close(&arq->socket);
		free(arq);
		return status;
	}
	identify(arq);
	*state = arq;
	return HXCOMM_OK;
}

/* Ask the FPGA to flush, and give it a moment to get the last acknowledgements. */
static void say_farewell(struct arq *arq)
{
	const uint64_t until = hxcomm__arq_now() + CLOSE_LIMIT_NS;
	const uint64_t zero = 0;
	if (hxcomm__arq_room(&arq->host.link) == 0)
		return;
	hxcomm__arq_append(&arq->host.link, ARQ_TYPE_FLUSH, &zero, 1);
	while (arq->host.state == ARQ_HOST_UP && !arq->socket.refused &&
	        hxcomm__arq_pending(&arq->host.link) && hxcomm__arq_now() < until)
		if (pump(arq, until) != HXCOMM_OK)
			break;
}

static void arq_close(void *state)
{
	struct arq *arq = state;
	arq->receiver = NULL;
	if (arq->host.state == ARQ_HOST_UP)
		say_farewell(arq);
	hxcomm__arq_socket_close(&arq->socket);
	free(arq);
}

static const char *arq_identifier(void *state)
{
	const struct arq *arq = state;
	return arq->identifier;
}

/* ---- runs ----------------------------------------------------------------------------------- */

/* Fill the window with words [from, count), and the halt behind them. Returns where the rest begins;
 * count + 1 behind the halt. */
static size_t fill(struct arq_link *link, const uint64_t *words, size_t count, size_t from)
{
	while (from <= count && hxcomm__arq_room(link)) {
		if (count - from >= ARQ_FRAME_WORDS) {
			hxcomm__arq_append(link, ARQ_TYPE_WORDS, words + from, ARQ_FRAME_WORDS);
			from += ARQ_FRAME_WORDS;
			continue;
		}
		uint64_t last[ARQ_FRAME_WORDS];
		if (count > from)
			memcpy(last, words + from, (count - from) * sizeof(*words));
		last[count - from] = HXCOMM_WORD_HALT;
		hxcomm__arq_append(link, ARQ_TYPE_WORDS, last, count - from + 1);
		from = count + 1;
	}
	return from;
}

static int check_link(const struct arq *arq)
{
	if (arq->receiver->status != HXCOMM_OK)
		return arq->receiver->status;
	if (arq->host.state == ARQ_HOST_TAKEN)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "another host has reset %s (%.80s): agree on who uses it, close the connection "
		        "and open a new one", arq->name, arq->host.text);
	if (arq->socket.refused)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "nobody listens at %s any more: close the connection and open a new one when it is "
		        "back", arq->name);
	return HXCOMM_OK;
}

static int too_late(const struct arq *arq, uint64_t now, size_t count)
{
	const double silent_s = 1e-9 * (double)(now - arq->host.link.heard_at);
	if (hxcomm__arq_pending(&arq->host.link) && silent_s > 0.4 * arq->timeout_s)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "nothing heard from %s for %.3g s: it was switched off, cut off or taken by "
		        "another host. Close the connection and open a new one", arq->name, silent_s);
	return hxcomm_error_set(HXCOMM_ETIMEDOUT,
	        "a program of %zu words at %s has not ended after %g s: open with a longer timeout if "
	        "it is meant to take so long", count, arq->name, arq->timeout_s);
}

static int arq_run(void *state, const uint64_t *words, size_t count,
        struct hxcomm_receiver *receiver)
{
	struct arq *arq = state;
	struct arq_link *link = &arq->host.link;
	const uint64_t limit = (uint64_t)(1e9 * arq->timeout_s);
	const uint64_t until = hxcomm__arq_now() + limit;
	const uint64_t keep_alive = limit / 4 < KEEP_ALIVE_NS ? limit / 4 : KEEP_ALIVE_NS;
	uint64_t alive_at = until - limit + keep_alive;
	size_t from = 0;
	int status = HXCOMM_OK;
	arq->receiver = receiver;
	while (status == HXCOMM_OK && receiver->decoder->halts == 0) {
		from = fill(link, words, count, from);
		status = pump(arq, alive_at < until ? alive_at : until);
		if (status == HXCOMM_OK)
			status = check_link(arq);
		const uint64_t now = hxcomm__arq_now();
		if (status != HXCOMM_OK || receiver->decoder->halts > 0 || now < alive_at)
			continue;
		if (now >= until)
			status = too_late(arq, now, count);
		/* a program may be silent for long: an echo tells that the FPGA is there */
		if (from > count && hxcomm__arq_pending(link) == 0)
			hxcomm__arq_append(link, ARQ_TYPE_ECHO, &arq->host.probe, 1);
		alive_at = now + keep_alive;
	}
	arq->receiver = NULL;
	hxcomm__arq_acknowledge(link);
	return status == HXCOMM_OK ? send_all(arq) : status;
}

const struct hxcomm_provider hxcomm__provider_arq = {
	.abi = HXCOMM_PROVIDER_ABI,
	.size = sizeof(struct hxcomm_provider),
	.scheme = "arq",
	.summary = "an FPGA on the network: arq:HOST[:PORT]",
	.open = arq_open,
	.run = arq_run,
	.identifier = arq_identifier,
	.close = arq_close,
};

int hxcomm_link_statistics_read(struct hxcomm_link_statistics *out,
        const struct hxcomm_connection *connection)
{
	void *state;
	const struct hxcomm_provider *provider = hxcomm__connection_provider(&state, connection);
	if (out->size < sizeof(out->size) || out->size > sizeof(struct hxcomm_link_statistics))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "statistics are not initialised: start from HXCOMM_LINK_STATISTICS_INIT");
	if (provider != &hxcomm__provider_arq)
		return hxcomm_error_set(HXCOMM_ENOTSUP, "'%s:' has no link: only 'arq:' has",
		        provider->scheme);
	const struct arq *arq = state;
	struct hxcomm_link_statistics statistics = arq->host.link.statistics;
	statistics.size = out->size;
	memcpy(out, &statistics, out->size);
	return HXCOMM_OK;
}

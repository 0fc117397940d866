// SPDX-License-Identifier: MIT
/* "arq:HOST[:PORT]" is an FPGA at the other end of a HostARQ link over UDP. All work is done by the
 * thread that opens, runs and closes; between runs nothing is sent. While a program runs, the words
 * of those behind it are sent ahead as far as they are there. */
#include "arq_host.h"
#include "arq_socket.h"
#include "job.h"
#include "provider.h"
#include "record.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include "clock.h"

#include <ctype.h>
#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

enum { HOST_MAX = 255, IDENTIFIER_MAX = 63 };
#define CLOSE_LIMIT_NS (500 * ARQ_NS_PER_MS)
#define KEEP_ALIVE_NS (1000 * ARQ_NS_PER_MS)
#define SPIN_NS (ARQ_NS_PER_MS / 20)

struct arq {
	struct arq_socket socket;
	struct sockaddr_in reset_to;
	double timeout_s; /* of open */
	uint32_t window;
	char name[HOST_MAX + 1];
	char identifier[HOST_MAX + 16];

	/* sending: the words of `sending` go into frames, `words` are taken but not in one yet */
	struct hxcomm_job *sending;
	const uint64_t *words;
	size_t left;
	uint64_t frame[ARQ_FRAME_WORDS]; /* [frame_count] of a frame that is not full */
	size_t frame_count;

	struct hxcomm_job *job; /* that runs; NULL between runs */
	struct hxcomm_decoder *resetting; /* looks for the end of the reset of the chip */
	struct hxcomm_responses *scratch;
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
		        "'arq:' wants the FPGA's address, at most %d bytes: write arq:HOST[:PORT], "
		        "such as arq:192.168.66.1", HOST_MAX);
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
	if (arq->job) /* it keeps its first error */
		(void)!hxcomm_job_deliver(arq->job, words, count);
	else if (arq->resetting &&
	        hxcomm_decode(arq->resetting, words, count, arq->scratch) == HXCOMM_OK)
		hxcomm_responses_clear(arq->scratch);
	return true;
}

static void on_datagram(
        void *user, const struct sockaddr_in *from, const uint8_t *data, size_t size)
{
	struct arq *arq = user;
	(void)from; /* the socket is connected: from nobody else */
	hxcomm__arq_host_input(&arq->host, hxcomm__now(), data, size);
}

static int send_all(struct arq *arq)
{
	const uint64_t now = hxcomm__now();
	const uint8_t *data;
	size_t size;
	bool reset;
	int status = HXCOMM_OK;
	while (status == HXCOMM_OK &&
	        hxcomm__arq_host_output(&arq->host, now, &data, &size, &reset)) {
		arq->batch.items[arq->batch.count++] =
		        (struct iovec){ (void *)(uintptr_t)data, size };
		if (reset || arq->batch.count == ARQ_BATCH)
			status = hxcomm__arq_socket_send(
			        &arq->socket, reset ? &arq->reset_to : NULL, &arq->batch);
	}
	if (status == HXCOMM_OK && arq->batch.count)
		status = hxcomm__arq_socket_send(&arq->socket, NULL, &arq->batch);
	arq->batch.count = 0;
	return status;
}

/* Look for datagrams a moment longer than a chip that answers at once needs: to sleep and be woken
 * takes twice that (a round trip of 18 us instead of 52, bench/arq). Others on this core may run
 * meanwhile. */
static bool receive_soon(struct arq *arq, uint64_t until)
{
	const uint64_t begin = hxcomm__now();
	until = begin + SPIN_NS < until ? begin + SPIN_NS : until;
	do {
		if (hxcomm__arq_socket_receive(&arq->socket, on_datagram, arq))
			return true;
		sched_yield();
	} while (hxcomm__now() < until);
	return false;
}

/* Send what is due, and wait until something comes, at most until a time. `wake` is another file to
 * wait for, or -1. */
static int pump(struct arq *arq, uint64_t until, int wake)
{
	const int status = send_all(arq);
	uint64_t at = hxcomm__arq_host_deadline(&arq->host);
	at = at < until ? at : until;
	if (status != HXCOMM_OK || receive_soon(arq, at))
		return status;
	const uint64_t now = hxcomm__now();
	const struct timespec time = hxcomm__timespec(at > now ? at - now : 0);
	struct pollfd files[] = { { .fd = arq->socket.fd, .events = POLLIN },
		{ .fd = wake, .events = POLLIN } };
	if (ppoll(files, wake < 0 ? 1 : 2, &time, NULL) < 0 && errno != EINTR)
		return hxcomm_error_set(HXCOMM_EIO,
		        "cannot wait for the FPGA: %s", strerror(errno));
	uint64_t events;
	if (files[1].revents && read(wake, &events, sizeof(events)) < 0 && errno != EAGAIN)
		return hxcomm_error_set(HXCOMM_EIO, "cannot read an event: %s", strerror(errno));
	if (files[0].revents)
		hxcomm__arq_socket_receive(&arq->socket, on_datagram, arq);
	return HXCOMM_OK;
}

/* ---- open and close ------------------------------------------------------------------------- */

static int explain(const struct arq *arq, bool late)
{
	const struct arq_host *host = &arq->host;
	if (host->state == ARQ_HOST_UNKNOWN)
		return hxcomm_error_set(HXCOMM_EPROTO,
		        "%s speaks another HostARQ: %llu sequence numbers, window %llu, frames of "
		        "%llu words; known is %d, %d, %d",
		        arq->name, (unsigned long long)host->parameters[0],
		        (unsigned long long)host->parameters[1],
		        (unsigned long long)host->parameters[2], ARQ_SEQUENCES, ARQ_WINDOW,
		        ARQ_FRAME_WORDS);
	if (host->state == ARQ_HOST_NEWER)
		return hxcomm_error_set(HXCOMM_EPROTO,
		        "%s wants host software of version %lu, this library is of version %d: "
		        "update it, or load an older bitfile", arq->name,
		        strtoul(hxcomm__arq_host_find(host, "compatible_until: "), NULL, 10),
		        ARQ_COMPATIBLE);
	if (host->state == ARQ_HOST_RESETTING || host->state == ARQ_HOST_NO_REPLY)
		return hxcomm_error_set(HXCOMM_ETIMEDOUT,
		        "no answer from %s to %u resets: is the FPGA on (or `bss emulate` "
		        "running), is this its address, does a firewall drop UDP port %u?",
		        arq->name, host->resets, (unsigned)ntohs(arq->reset_to.sin_port));
	return hxcomm_error_set(HXCOMM_ETIMEDOUT,
	        "%s answers the reset but not the probe%s: the link loses too much, or two hosts "
	        "reset the FPGA at once", arq->name, late ? " within the time allowed" : "");
}

static int connect_to_fpga(struct arq *arq, double timeout_s)
{
	uint64_t probe = 0;
	if (getrandom(&probe, sizeof(probe), GRND_NONBLOCK) != sizeof(probe))
		probe = hxcomm__now();
	const uint64_t begin = hxcomm__now();
	const uint64_t until = begin + hxcomm__ns(timeout_s);
	hxcomm__arq_host_begin(&arq->host, begin, arq->window, probe, on_words, arq);
	while (arq->host.state < ARQ_HOST_UP) {
		const int status = pump(arq, until, -1);
		if (status != HXCOMM_OK)
			return status;
		if (arq->host.state < ARQ_HOST_UP && hxcomm__now() >= until)
			return explain(arq, true);
	}
	arq->socket.refused = false;
	return arq->host.state == ARQ_HOST_UP ? HXCOMM_OK : explain(arq, false);
}

/* The description may name the chip, else the address is all that is known. */
static void identify(struct arq *arq)
{
	const char *found = hxcomm__arq_host_find(&arq->host, "chip: ");
	const char *name = found ? found : "";
	size_t length = 0;
	while (isalnum((unsigned char)name[length]) ||
	        (name[length] && strchr("-_.", name[length])))
		length++;
	if (length > 0 && length <= IDENTIFIER_MAX)
		snprintf(arq->identifier, sizeof(arq->identifier), "%.*s", (int)length, name);
	else
		snprintf(arq->identifier, sizeof(arq->identifier), "arq-%s", arq->name);
}

static void free_arq(struct arq *arq)
{
	if (arq->socket.fd >= 0)
		hxcomm__arq_socket_close(&arq->socket);
	hxcomm_responses_free(arq->scratch);
	free(arq);
}

static int read_uri(struct arq *arq, struct sockaddr_in *to, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	static const char *const keys[] = { "reset_port", "window" };
	uint64_t reset_port = 0, window = 0;
	if (options->chip_serial)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "chip_serial is %u, but 'arq:' is told the address of one chip: leave it 0",
		        options->chip_serial);
	int status = hxcomm_uri_check_keys(uri, keys, sizeof(keys) / sizeof(*keys));
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(
		        &reset_port, uri, keys[0], HXCOMM_ARQ_RESET_PORT, 1, 65535);
	if (status == HXCOMM_OK)
		status = hxcomm_uri_read_u64(&window, uri, keys[1], ARQ_SEND_WINDOW, 1, ARQ_WINDOW);
	if (status == HXCOMM_OK)
		status = parse_address(to, arq->name, uri->rest);
	arq->timeout_s = options->timeout_s;
	arq->window = (uint32_t)window;
	arq->reset_to = *to;
	arq->reset_to.sin_port = htons((uint16_t)reset_port);
	return status;
}

static int arq_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	struct sockaddr_in to = { .sin_family = AF_INET };
	*state = NULL;
	struct arq *arq = calloc(1, sizeof(*arq));
	if (!arq)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a link");
	arq->socket.fd = -1;
	int status = read_uri(arq, &to, uri, options);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&arq->scratch, 0);
	if (status == HXCOMM_OK)
		status = hxcomm__arq_socket_open(&arq->socket, NULL, &to);
	if (status == HXCOMM_OK)
		status = connect_to_fpga(arq, arq->timeout_s);
	if (status != HXCOMM_OK) {
		free_arq(arq);
		return status;
	}
	identify(arq);
	*state = arq;
	return HXCOMM_OK;
}

/* Ask the FPGA to flush, and give it a moment to get the last acknowledgements. */
static void say_farewell(struct arq *arq)
{
	const uint64_t until = hxcomm__now() + CLOSE_LIMIT_NS;
	const uint64_t zero = 0;
	if (hxcomm__arq_room(&arq->host.link) == 0)
		return;
	hxcomm__arq_append(&arq->host.link, ARQ_TYPE_FLUSH, &zero, 1);
	while (arq->host.state == ARQ_HOST_UP && !arq->socket.refused &&
	        hxcomm__arq_pending(&arq->host.link) && hxcomm__now() < until)
		if (pump(arq, until, -1) != HXCOMM_OK)
			break;
}

static void arq_close(void *state)
{
	struct arq *arq = state;
	if (arq->host.state == ARQ_HOST_UP)
		say_farewell(arq);
	free_arq(arq);
}

static const char *arq_identifier(void *state)
{
	const struct arq *arq = state;
	return arq->identifier;
}

/* ---- runs ----------------------------------------------------------------------------------- */

static void send_frame(struct arq *arq)
{
	if (arq->frame_count)
		hxcomm__arq_append(&arq->host.link, ARQ_TYPE_WORDS, arq->frame, arq->frame_count);
	arq->frame_count = 0;
}

/* Put the words that were taken into frames, as many as there is room for. */
static void send_words(struct arq *arq)
{
	while (arq->left && hxcomm__arq_room(&arq->host.link)) {
		size_t count = ARQ_FRAME_WORDS - arq->frame_count;
		count = count < arq->left ? count : arq->left;
		if (count == ARQ_FRAME_WORDS) {
			hxcomm__arq_append(&arq->host.link, ARQ_TYPE_WORDS, arq->words, count);
		} else {
			memcpy(arq->frame + arq->frame_count, arq->words,
			        count * sizeof(*arq->words));
			arq->frame_count += count;
			if (arq->frame_count == ARQ_FRAME_WORDS)
				send_frame(arq);
		}
		arq->words += count;
		arq->left -= count;
	}
}

/* The first job from the running one on whose words are not all sent; NULL: none. */
static struct hxcomm_job *next_to_send(struct arq *arq)
{
	struct hxcomm_job *job = arq->job;
	while (job && job->sent)
		job = hxcomm__job_behind(job);
	return job;
}

/* Fill the window with the words of the running program, its halt, and those behind it. */
static void fill(struct arq *arq)
{
	while (hxcomm__arq_room(&arq->host.link)) {
		if (arq->left) {
			send_words(arq);
			continue;
		}
		if (!arq->sending)
			arq->sending = next_to_send(arq);
		const enum hxcomm__take taken = arq->sending ?
		        hxcomm__job_poll(arq->sending, &arq->words, &arq->left) :
		        HXCOMM__TAKE_NOTHING;
		if (taken == HXCOMM__TAKE_WORDS)
			continue;
		if (taken ==
		        HXCOMM__TAKE_END) { /* a frame that is full was sent: there is a place */
			arq->frame[arq->frame_count++] = HXCOMM_WORD_HALT;
			arq->sending->sent = true;
			arq->sending = NULL;
		}
		send_frame(arq);
		if (taken == HXCOMM__TAKE_NOTHING)
			return;
	}
}

/* Code of a name such as "HXCOMM_ELINK", which ends at a colon. */
static int code_of(const char *name)
{
	static const struct {
		const char *name;
		int code;
	} rows[] = {
#define ROW(name, value, meaning) { #name ":", name },
		HXCOMM_ERRORS(ROW)
#undef ROW
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		if (!strncmp(name, rows[i].name, strlen(rows[i].name)))
			return rows[i].code;
	return HXCOMM_EPROTO;
}

/* The server tells "failed CODE: message". */
static int report_failure(const struct arq *arq)
{
	const char *name = strchr(arq->host.text, ' ');
	const char *message = name ? strchr(name, ':') : NULL;
	return hxcomm_error_set(name ? code_of(name + 1) : HXCOMM_EPROTO,
	        "the program failed at %s%.400s", arq->name, message ? message : "");
}

static int check_link(const struct arq *arq)
{
	if (arq->job->broken != HXCOMM_OK)
		return arq->job->broken;
	if (arq->host.state == ARQ_HOST_FAILED)
		return report_failure(arq);
	if (arq->host.state == ARQ_HOST_TAKEN)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "another host has reset %s (%.80s): agree on who uses it, close the "
		        "connection and open a new one", arq->name, arq->host.text);
	if (arq->host.state != ARQ_HOST_UP)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "the link to %s is down: close the connection and open a new one",
		        arq->name);
	if (arq->socket.refused)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "nobody listens at %s any more: close the connection and open a new one "
		        "when it is back", arq->name);
	return HXCOMM_OK;
}

/* The job's time is over or it was given up: it may have been the link. */
static int explain_late(const struct arq *arq, int status)
{
	const double silent_s = 1e-9 * (double)(hxcomm__now() - arq->host.link.heard_at);
	if (status == HXCOMM_ETIMEDOUT && hxcomm__arq_pending(&arq->host.link) &&
	        silent_s > 0.4 * arq->job->timeout_s)
		return hxcomm_error_set(HXCOMM_ELINK,
		        "nothing heard from %s for %.3g s: it was switched off, cut off or taken "
		        "by another host. Close the connection and open a new one",
		        arq->name, silent_s);
	return hxcomm_error_wrap(status, "at %s", arq->name);
}

static int run_job(struct arq *arq)
{
	struct hxcomm_job *job = arq->job;
	struct arq_link *link = &arq->host.link;
	const int wake = hxcomm__job_wake_file(job);
	const uint64_t quarter = hxcomm__ns(job->timeout_s) / 4;
	const uint64_t keep_alive = quarter < KEEP_ALIVE_NS ? quarter : KEEP_ALIVE_NS;
	uint64_t alive_at = hxcomm__now() + keep_alive;
	int status = check_link(arq);
	while (status == HXCOMM_OK && !job->ended) {
		fill(arq);
		status = pump(arq, alive_at < job->deadline ? alive_at : job->deadline, wake);
		if (status == HXCOMM_OK)
			status = check_link(arq);
		if (status != HXCOMM_OK || job->ended)
			break;
		status = hxcomm_job_check(job);
		if (status != HXCOMM_OK)
			return explain_late(arq, status);
		const uint64_t now = hxcomm__now();
		if (now < alive_at)
			continue;
		/* a program may be silent for long: an echo tells that the FPGA is there */
		if (hxcomm__arq_pending(link) == 0)
			hxcomm__arq_append(link, ARQ_TYPE_ECHO, &arq->host.probe, 1);
		alive_at = now + keep_alive;
	}
	if (status == HXCOMM_OK && !job->sent)
		return hxcomm_error_set(HXCOMM_EPROTO,
		        "%s told the end of a program that was not sent: close the connection and "
		        "open a new one", arq->name);
	return status;
}

static int arq_run(void *state, struct hxcomm_job *job)
{
	struct arq *arq = state;
	arq->job = job;
	int status = run_job(arq);
	if (status == HXCOMM_OK) {
		fill(arq);
		hxcomm__arq_acknowledge(&arq->host.link);
		status = send_all(arq);
	} else { /* the programs behind it are given up, too */
		arq->sending = NULL;
		arq->left = arq->frame_count = 0;
	}
	arq->job = NULL;
	return status;
}

/* ---- reset ---------------------------------------------------------------------------------- */

/* Pull the chip's reset line as bring-up does (source: spec/transport.md 2.6). */
static int reset_chip(struct arq *arq, uint64_t until)
{
	const uint64_t words[] = { hxcomm_word_chip_reset(true), hxcomm_word_timer_setup(),
		hxcomm_word_wait_until(10), hxcomm_word_chip_reset(false),
		hxcomm_word_timer_setup(), hxcomm_word_wait_until(100), HXCOMM_WORD_HALT };
	struct hxcomm_decoder decoder;
	int status = HXCOMM_OK;
	hxcomm_decoder_init(&decoder);
	arq->resetting = &decoder;
	hxcomm__arq_append(&arq->host.link, ARQ_TYPE_WORDS, words, sizeof(words) / sizeof(*words));
	while (status == HXCOMM_OK && decoder.halts == 0) {
		status = pump(arq, until, -1);
		if (status == HXCOMM_OK && arq->host.state == ARQ_HOST_FAILED)
			status = report_failure(arq);
		if (status == HXCOMM_OK && (arq->host.state != ARQ_HOST_UP || arq->socket.refused))
			status = hxcomm_error_set(HXCOMM_ELINK,
			        "the link to %s was lost during its reset", arq->name);
		if (status == HXCOMM_OK && decoder.halts == 0 && hxcomm__now() >= until)
			status = hxcomm_error_set(HXCOMM_ETIMEDOUT,
			        "%s did not reset its chip in time", arq->name);
	}
	arq->resetting = NULL;
	hxcomm__arq_acknowledge(&arq->host.link);
	return status == HXCOMM_OK ? send_all(arq) : status;
}

static int arq_reset(void *state, double timeout_s)
{
	struct arq *arq = state;
	const uint64_t until = hxcomm__now() + hxcomm__ns(timeout_s);
	arq->sending = NULL;
	arq->left = arq->frame_count = 0;
	arq->socket.refused = false;
	const int status = connect_to_fpga(arq, timeout_s);
	return status == HXCOMM_OK ? reset_chip(arq, until) : status;
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
	.reset = arq_reset,
};

int hxcomm_link_statistics_read(struct hxcomm_link_statistics *out,
        const struct hxcomm_connection *connection)
{
	void *state;
	const struct hxcomm_provider *provider = hxcomm__connection_provider(&state, connection);
	hxcomm__record_look_through(&provider, &state);
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

// SPDX-License-Identifier: MIT
#include "arq_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint8_t reset_magic[4] = { 0xab, 0xab, 0xab, 0xab };
static const char taken_by[] = "taken by ", failed[] = "failed ";

/* The first words of a description, before the text. */
enum { PARAMETER_WORDS = 4, TEXT_WORDS_MAX = 8192 };

/* Eight bytes of text as they go over the wire. */
static uint64_t pack_text(const char *text, size_t length)
{
	uint64_t word = 0;
	for (size_t i = 0; i < 8; i++)
		word = word << 8 | (i < length ? (uint8_t)text[i] : 0);
	return word;
}

/* Text with a zero at its end, as words; returns their number, length / 8 + 1. */
static size_t pack_words(uint64_t *words, const char *text, size_t length)
{
	for (size_t i = 0; i <= length / 8; i++)
		words[i] = pack_text(text + 8 * i, length - 8 * i);
	return length / 8 + 1;
}

static void keep_text(struct arq_host *host, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (int shift = 56; shift >= 0; shift -= 8)
			if (host->text_count < ARQ_TEXT_BYTES)
				host->text[host->text_count++] = (char)(words[i] >> shift & 0xff);
}

const char *hxcomm__arq_host_find(const struct arq_host *host, const char *key)
{
	const size_t length = strlen(key);
	const char *line = host->text;
	while (line && strncmp(line, key, length)) {
		line = strchr(line, '\n');
		if (line)
			line++;
	}
	return line ? line + length : NULL;
}

/* Whether the FPGA takes the words that we speak; one that does not say so may. */
static bool is_compatible(const struct arq_host *host)
{
	const char *wanted = hxcomm__arq_host_find(host, "compatible_until: ");
	return !wanted || strtoul(wanted, NULL, 10) <= ARQ_COMPATIBLE;
}

static void take_description(struct arq_host *host, const uint64_t *words, size_t count)
{
	if (host->state == ARQ_HOST_RESETTING) {
		host->state = ARQ_HOST_UNKNOWN;
		memcpy(host->parameters, words, (count < 3 ? count : 3) * sizeof(*words));
		if (count < PARAMETER_WORDS || words[0] != ARQ_SEQUENCES ||
		        words[1] != ARQ_WINDOW || words[2] != ARQ_FRAME_WORDS ||
		        words[3] > TEXT_WORDS_MAX)
			return;
		host->state = ARQ_HOST_DESCRIBING;
		host->text_left = words[3];
		words += PARAMETER_WORDS;
		count -= PARAMETER_WORDS;
	}
	if (count > host->text_left)
		count = host->text_left;
	keep_text(host, words, count);
	host->text_left -= count;
	if (host->text_left == 0) {
		host->state = is_compatible(host) ? ARQ_HOST_PROBING : ARQ_HOST_NEWER;
		hxcomm__arq_append(&host->link, ARQ_TYPE_ECHO, &host->probe, 1);
	}
}

/* The server tells that a program has failed. */
static void take_failure(struct arq_host *host, const uint64_t *words, size_t count)
{
	host->text_count = 0;
	memset(host->text, 0, sizeof(host->text));
	keep_text(host, words, count);
	if (!strncmp(host->text, failed, sizeof(failed) - 1))
		host->state = ARQ_HOST_FAILED;
}

static bool on_frame(void *user, uint16_t type, const uint64_t *words, size_t count)
{
	struct arq_host *host = user;
	switch (host->state) {
	case ARQ_HOST_RESETTING:
	case ARQ_HOST_DESCRIBING:
		if (type == ARQ_TYPE_CONFIGURATION)
			take_description(host, words, count);
		return true;
	case ARQ_HOST_PROBING: /* frames of an earlier host are passed over */
		if (type == ARQ_TYPE_ECHO && count == 1 && words[0] == host->probe)
			host->state = ARQ_HOST_UP;
		return true;
	case ARQ_HOST_UP:
		if (type == ARQ_TYPE_NOTICE)
			take_failure(host, words, count);
		return type != ARQ_TYPE_WORDS || host->words(host->user, words, count);
	default:
		return true;
	}
}

void hxcomm__arq_host_begin(struct arq_host *host, uint64_t now, uint32_t limit, uint64_t probe,
        bool (*words)(void *user, const uint64_t *words, size_t count), void *user)
{
	memset(host, 0, offsetof(struct arq_host, link));
	host->state = ARQ_HOST_RESETTING;
	host->limit = limit;
	host->reset_at = now;
	host->give_up_at = now + ARQ_RESETS * ARQ_RESET_EVERY_NS;
	host->probe = probe;
	host->words = words;
	host->user = user;
	hxcomm__arq_begin(&host->link, limit, on_frame, host, now);
}

/* A reply whose connection has no past: only it may begin one. Where several resets were sent, the
 * FPGA begins anew with each of them, and what was agreed before is void. */
static bool begins(const struct arq_host *host, const struct arq_frame *frame)
{
	if (frame->type != ARQ_TYPE_CONFIGURATION || frame->seq != 0)
		return false;
	return host->state == ARQ_HOST_RESETTING ||
	        (host->state < ARQ_HOST_UP && host->begins < host->resets &&
	                frame->ack == ARQ_SEQUENCES - 1);
}

static bool tells_of_another_host(const struct arq_frame *frame)
{
	return frame->type == ARQ_TYPE_NOTICE && frame->count >= sizeof(taken_by) / 8 + 1 &&
	        !memcmp(frame->words, taken_by, sizeof(taken_by) - 1);
}

static void take_notice(struct arq_host *host, const struct arq_frame *frame)
{
	uint64_t words[ARQ_FRAME_WORDS];
	host->state = ARQ_HOST_TAKEN;
	host->text_count = 0;
	memset(host->text, 0, sizeof(host->text));
	hxcomm__arq_load(words, frame->words, frame->count);
	keep_text(host, words, frame->count);
}

void hxcomm__arq_host_input(struct arq_host *host, uint64_t now, const uint8_t *data, size_t size)
{
	struct arq_frame frame;
	if (host->state > ARQ_HOST_UP)
		return;
	const bool parsed = hxcomm__arq_parse(&frame, data, size);
	if (parsed && tells_of_another_host(&frame)) {
		if (host->state == ARQ_HOST_UP) /* else left over from an earlier connection */
			take_notice(host, &frame);
		return;
	}
	if (parsed && begins(host, &frame)) {
		host->state = ARQ_HOST_RESETTING;
		host->begins++;
		host->give_up_at = now + ARQ_PROBE_LIMIT_NS;
		host->text_count = 0;
		memset(host->text, 0, sizeof(host->text));
		hxcomm__arq_begin(&host->link, host->limit, on_frame, host, now);
	}
	if (!parsed || host->state != ARQ_HOST_RESETTING || begins(host, &frame))
		hxcomm__arq_input(&host->link, now, data, size);
}

bool hxcomm__arq_host_output(
        struct arq_host *host, uint64_t now, const uint8_t **data, size_t *size, bool *reset)
{
	*reset = false;
	if (host->state < ARQ_HOST_UP && now >= host->give_up_at)
		host->state =
		        host->state == ARQ_HOST_RESETTING ? ARQ_HOST_NO_REPLY : ARQ_HOST_NO_ECHO;
	if (host->state > ARQ_HOST_UP)
		return false;
	if (host->state != ARQ_HOST_RESETTING)
		return hxcomm__arq_output(&host->link, now, data, size);
	if (now < host->reset_at || host->resets == ARQ_RESETS)
		return false;
	host->resets++;
	host->reset_at += ARQ_RESET_EVERY_NS;
	*data = reset_magic;
	*size = sizeof(reset_magic);
	*reset = true;
	return true;
}

uint64_t hxcomm__arq_host_deadline(const struct arq_host *host)
{
	if (host->state > ARQ_HOST_UP)
		return UINT64_MAX;
	if (host->state == ARQ_HOST_RESETTING)
		return host->resets < ARQ_RESETS ? host->reset_at : host->give_up_at;
	const uint64_t at = hxcomm__arq_deadline(&host->link);
	return host->state < ARQ_HOST_UP && host->give_up_at < at ? host->give_up_at : at;
}

/* ---- what the FPGA says --------------------------------------------------------------------- */

void hxcomm__arq_describe(struct arq_link *link, const char *text)
{
	const size_t length = strlen(text);
	const size_t total = length / 8 + 1; /* with a zero at the end */
	uint64_t words[ARQ_FRAME_WORDS] = { ARQ_SEQUENCES, ARQ_WINDOW, ARQ_FRAME_WORDS, total };
	size_t count = PARAMETER_WORDS;
	for (size_t i = 0; i < total; i++) {
		words[count++] = pack_text(text + 8 * i, length - 8 * i);
		if (count == ARQ_FRAME_WORDS || i + 1 == total) {
			hxcomm__arq_append(link, ARQ_TYPE_CONFIGURATION, words, count);
			count = 0;
		}
	}
}

void hxcomm__arq_append_failure(struct arq_link *link, const char *code, const char *message)
{
	char text[8 * ARQ_FRAME_WORDS];
	uint64_t words[ARQ_FRAME_WORDS];
	const int written = snprintf(text, sizeof(text), "%s%s: %s", failed, code, message);
	const size_t length = (size_t)written < sizeof(text) ? (size_t)written : sizeof(text) - 1;
	hxcomm__arq_append(link, ARQ_TYPE_NOTICE, words, pack_words(words, text, length));
}

size_t hxcomm__arq_write_taken(uint8_t *out, const char *by)
{
	char text[64];
	uint64_t words[sizeof(text) / 8];
	const int written = snprintf(text, sizeof(text), "%s%s", taken_by, by);
	const size_t length = (size_t)written < sizeof(text) ? (size_t)written : sizeof(text) - 1;
	return hxcomm__arq_write(out, ARQ_SEQUENCES - 1, 0, ARQ_TYPE_NOTICE, words,
	        pack_words(words, text, length));
}

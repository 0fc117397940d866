// SPDX-License-Identifier: MIT
/* "record:FILE,ADDRESS" is the connection ADDRESS, and all its words go into a file, too;
 * "replay:FILE" answers as that chip did, as long as it is sent the same words. */
#include "record.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/message.h>

#include "job.h"
#include "provider.h"
#include "recording.h"
#include "uri.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

/* ---- record: -------------------------------------------------------------------------------- */

struct record {
	const struct hxcomm_provider *inner;
	void *state; /* the inner provider's */
	FILE *file;
	off_t whole; /* bytes of the runs that are in the file from begin to end */
	int status;  /* why the file is no longer written */
	char message[HXCOMM__MESSAGE_MAX];
	const struct hxcomm__tap *outer; /* of a recording of this recording */
};

static void write_entry(struct record *record, const struct recording_entry *entry)
{
	if (record->status != HXCOMM_OK)
		return;
	record->status = hxcomm__recording_write(record->file, entry);
	if (record->status == HXCOMM_OK && entry->kind == RECORDING_END)
		record->whole = ftello(record->file);
	if (record->status != HXCOMM_OK)
		snprintf(record->message, sizeof(record->message), "%s", hxcomm_error_message());
}

static void on_sent(void *user, const uint64_t *words, size_t count)
{
	struct record *record = user;
	write_entry(record, &(struct recording_entry){ .kind = RECORDING_SENT, .words = words,
	                            .count = count });
	if (record->outer)
		record->outer->sent(record->outer->user, words, count);
}

static void on_received(void *user, const uint64_t *words, size_t count)
{
	struct record *record = user;
	write_entry(record, &(struct recording_entry){ .kind = RECORDING_RECEIVED, .words = words,
	                            .count = count });
	if (record->outer)
		record->outer->received(record->outer->user, words, count);
}

/* "FILE,SCHEME:REST" with the keys of the whole address is FILE, and the address SCHEME:REST with
 * these keys. */
static int split(char *path, struct hxcomm_uri *inner, const struct hxcomm_uri *uri)
{
	const char *comma = strchr(uri->rest, ',');
	const char *colon = comma ? strchr(comma, ':') : NULL;
	const size_t scheme = colon ? (size_t)(colon - comma - 1) : 0;
	if (!colon || comma == uri->rest || !hxcomm__scheme_valid(comma + 1, scheme))
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "'record:' wants a file and an address: write record:FILE,ADDRESS such as "
		        "record:run.hxr,emulator:?serial=2, with no comma in FILE");
	*inner = *uri;
	memset(inner->scheme, 0, sizeof(inner->scheme));
	memcpy(inner->scheme, comma + 1, scheme);
	memset(inner->rest, 0, sizeof(inner->rest));
	memcpy(inner->rest, colon + 1, strlen(colon + 1));
	memcpy(path, uri->rest, (size_t)(comma - uri->rest));
	path[comma - uri->rest] = '\0';
	return HXCOMM_OK;
}

/* A recording is never written over another file. */
static int create_file(struct record *record, const char *path)
{
	record->file = fopen(path, "wbx");
	if (!record->file)
		return hxcomm_error_set(errno == EEXIST ? HXCOMM_EINVAL : HXCOMM_EIO,
		        "'%.200s' cannot be made: %s%s", path, strerror(errno),
		        errno == EEXIST ? "; remove it, or record to another file" : "");
	const int status = hxcomm__recording_begin(record->file,
	        record->inner->identifier(record->state), record->inner->scheme);
	if (status == HXCOMM_OK)
		record->whole = ftello(record->file);
	else
		(void)unlink(path);
	return status;
}

/* Each run was flushed at its end. One that could not be written, as the disk is full, is cut
 * off. */
static void close_file(struct record *record)
{
	const int file = record->status == HXCOMM_OK ? -1 : dup(fileno(record->file));
	fclose(record->file);
	if (file < 0)
		return;
	(void)!ftruncate(file, record->whole);
	close(file);
}

static void record_close(void *state)
{
	struct record *record = state;
	if (record->file)
		close_file(record);
	if (record->state)
		record->inner->close(record->state);
	free(record);
}

static int open_inner(struct record *record, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	int status = hxcomm_provider_find(&record->inner, uri->scheme);
	if (status == HXCOMM_OK)
		status = record->inner->open(&record->state, uri, options);
	if (status != HXCOMM_OK)
		record->state = NULL;
	return status;
}

static int record_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	struct hxcomm_uri inner;
	char path[HXCOMM_URI_MAX + 1];
	*state = NULL;
	int status = split(path, &inner, uri);
	if (status != HXCOMM_OK)
		return status;
	struct record *record = calloc(1, sizeof(*record));
	if (!record)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a recording");
	status = open_inner(record, &inner, options);
	if (status == HXCOMM_OK)
		status = create_file(record, path);
	if (status == HXCOMM_OK)
		*state = record;
	else
		record_close(record);
	return status;
}

static int record_run(void *state, struct hxcomm_job *job)
{
	struct record *record = state;
	const struct hxcomm__tap tap = { on_sent, on_received, record };
	record->outer = job->tap;
	job->tap = &tap;
	write_entry(record, &(struct recording_entry){ .kind = RECORDING_BEGIN });
	int status = record->inner->run(record->state, job);
	if (job->broken != HXCOMM_OK)
		status = job->broken;
	write_entry(record, &(struct recording_entry){ .kind = RECORDING_END, .status = status,
	                            .message = status ? hxcomm_error_message() : NULL });
	job->tap = record->outer;
	if (status == HXCOMM_OK && record->status != HXCOMM_OK)
		status = hxcomm_error_set(record->status, "%s", record->message);
	return status;
}

static const char *record_identifier(void *state)
{
	const struct record *record = state;
	return record->inner->identifier(record->state);
}

static int record_reset(void *state, double timeout_s)
{
	const struct record *record = state;
	if (!record->inner->reset)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "'%s:' cannot be reset: close the connection and open a new one",
		        record->inner->scheme);
	return record->inner->reset(record->state, timeout_s);
}

const struct hxcomm_provider hxcomm__provider_record = {
	.abi = HXCOMM_PROVIDER_ABI,
	.size = sizeof(struct hxcomm_provider),
	.scheme = "record",
	.summary = "another connection, and its words into a file: record:FILE,ADDRESS",
	.open = record_open,
	.run = record_run,
	.identifier = record_identifier,
	.close = record_close,
	.reset = record_reset,
};

void hxcomm__record_look_through(const struct hxcomm_provider **provider, void **state)
{
	while (*provider == &hxcomm__provider_record) {
		const struct record *record = *state;
		*provider = record->inner;
		*state = record->state;
	}
}

/* ---- replay: -------------------------------------------------------------------------------- */

struct replay {
	struct recording_reader reader;
	uint64_t runs;         /* begun */
	uint64_t index;        /* words of this run that were compared */
	const uint64_t *words; /* [left] taken, not compared yet */
	size_t left;
};

int hxcomm__replay_open_file(void **state, FILE *file)
{
	*state = NULL;
	struct replay *replay = calloc(1, sizeof(*replay));
	if (!replay) {
		fclose(file);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a recording");
	}
	const int status = hxcomm__recording_open(&replay->reader, file);
	if (status == HXCOMM_OK)
		*state = replay;
	else
		free(replay);
	return status;
}

static int replay_open(void **state, const struct hxcomm_uri *uri,
        const struct hxcomm_open_options *options)
{
	*state = NULL;
	if (!uri->rest[0])
		return hxcomm_error_set(HXCOMM_EINVAL, "'replay:' wants a file: write replay:FILE");
	if (options->chip_serial)
		return hxcomm_error_set(HXCOMM_ENOTSUP,
		        "chip_serial is %u, but 'replay:' is the chip of its recording: leave it 0",
		        options->chip_serial);
	const int status = hxcomm_uri_check_keys(uri, NULL, 0);
	if (status != HXCOMM_OK)
		return status;
	FILE *file = fopen(uri->rest, "rb");
	if (!file)
		return hxcomm_error_set(errno == ENOENT ? HXCOMM_ENOENT : HXCOMM_EIO,
		        "'%.200s' cannot be read: %s", uri->rest, strerror(errno));
	return hxcomm__replay_open_file(state, file);
}

/* A word as text, such as "0x0b00000f88004000 omnibus_to_fpga::Address address=2281717760 ...". */
static void print_word(char *out, size_t size, uint64_t word)
{
	struct hxcomm_message_reader reader = {
		.direction = HXCOMM_TO_FPGA, .words = &word, .count = 1
	};
	struct hxcomm_message message;
	const int length = snprintf(out, size, "0x%016" PRIx64, word);
	if (hxcomm_message_read(&message, &reader) != 1)
		return;
	size_t used = (size_t)length;
	used += (size_t)snprintf(out + used, size - used, " %s", message.kind->type);
	for (size_t item = 0; item < message.kind->items; item++)
		for (size_t field = 0; field < message.kind->field_count && used < size; field++)
			used += (size_t)snprintf(out + used, size - used, " %s=0x%" PRIx64,
			        message.kind->fields[field].name,
			        hxcomm_message_get(&message, item, field));
}

static int report_difference(const struct replay *replay, uint64_t expected, uint64_t got)
{
	char texts[2][160];
	print_word(texts[0], sizeof(texts[0]), expected);
	print_word(texts[1], sizeof(texts[1]), got);
	return hxcomm_error_set(HXCOMM_EINVAL,
	        "run %" PRIu64 ", word %" PRIu64 " is not the recorded one: expected %s, got %s",
	        replay->runs - 1, replay->index, texts[0], texts[1]);
}

/* The next words of the program, if they are all used up. */
static int take_more(struct replay *replay, struct hxcomm_job *job)
{
	return replay->left ? HXCOMM_OK : hxcomm_job_take(job, &replay->words, &replay->left);
}

/* The program must go on with these words. */
static int compare(
        struct replay *replay, struct hxcomm_job *job, const uint64_t *words, size_t count)
{
	for (size_t i = 0; i < count;) {
		const int status = take_more(replay, job);
		if (status != HXCOMM_OK)
			return status;
		if (replay->left == 0)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "run %" PRIu64 " ends behind word %" PRIu64 ", the recorded one "
			        "goes on: at least %zu more words",
			        replay->runs - 1, replay->index, count - i);
		for (; i < count && replay->left; i++) {
			if (*replay->words != words[i])
				return report_difference(replay, words[i], *replay->words);
			replay->words++;
			replay->left--;
			replay->index++;
		}
	}
	return HXCOMM_OK;
}

static int check_end(struct replay *replay, struct hxcomm_job *job)
{
	char text[160];
	const int status = take_more(replay, job);
	if (status != HXCOMM_OK || replay->left == 0)
		return status;
	print_word(text, sizeof(text), *replay->words);
	return hxcomm_error_set(HXCOMM_EINVAL,
	        "run %" PRIu64 " goes on with word %" PRIu64 ", %s, the recorded one ends here",
	        replay->runs - 1, replay->index, text);
}

static int out_of_order(const struct replay *replay)
{
	return hxcomm_error_set(HXCOMM_ECORRUPT,
	        "the recording is damaged: an entry of run %" PRIu64 " stands where it makes no "
	                "sense",
	        replay->runs);
}

/* Play back one entry. 1: it was the end of the run. */
static int play(struct replay *replay, struct hxcomm_job *job, const struct recording_entry *entry)
{
	int status;
	switch (entry->kind) {
	case RECORDING_SENT:
		return compare(replay, job, entry->words, entry->count);
	case RECORDING_RECEIVED:
		return hxcomm_job_deliver(job, entry->words, entry->count);
	case RECORDING_END:
		if (entry->status != HXCOMM_OK) /* it may have come before all words were sent */
			return hxcomm_error_set(entry->status, "as recorded: %s", entry->message);
		status = check_end(replay, job);
		return status == HXCOMM_OK ? 1 : status;
	default:
		return out_of_order(replay);
	}
}

static int replay_run(void *state, struct hxcomm_job *job)
{
	struct replay *replay = state;
	struct recording_entry entry;
	replay->index = replay->left = 0;
	int there = hxcomm__recording_read(&entry, &replay->reader);
	if (there < 0)
		return there;
	if (there == 0)
		return hxcomm_error_set(HXCOMM_ENOENT,
		        "the recording holds %" PRIu64 " runs, there is none to answer this one",
		        replay->runs);
	if (entry.kind != RECORDING_BEGIN)
		return out_of_order(replay);
	replay->runs++;
	int status = HXCOMM_OK;
	while (status == HXCOMM_OK &&
	        (there = hxcomm__recording_read(&entry, &replay->reader)) == 1)
		status = play(replay, job, &entry);
	if (status == 1)
		return HXCOMM_OK;
	if (status != HXCOMM_OK || there < 0)
		return status != HXCOMM_OK ? status : there;
	return hxcomm_error_set(HXCOMM_ECORRUPT,
	        "the recording ends in the middle of run %" PRIu64 ": its program was killed while "
	                "it ran",
	        replay->runs - 1);
}

static const char *replay_identifier(void *state)
{
	const struct replay *replay = state;
	return replay->reader.identifier;
}

static void replay_close(void *state)
{
	struct replay *replay = state;
	hxcomm__recording_close(&replay->reader);
	free(replay);
}

/* The recorded run was followed by a reset, too. */
static int replay_reset(void *state, double timeout_s)
{
	(void)state, (void)timeout_s;
	return HXCOMM_OK;
}

const struct hxcomm_provider hxcomm__provider_replay = {
	.abi = HXCOMM_PROVIDER_ABI,
	.size = sizeof(struct hxcomm_provider),
	.scheme = "replay",
	.summary = "answers as a chip did that was recorded: replay:FILE",
	.open = replay_open,
	.run = replay_run,
	.identifier = replay_identifier,
	.close = replay_close,
	.reset = replay_reset,
};

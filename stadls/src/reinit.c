// SPDX-License-Identifier: MIT
#include "builder_private.h"

#include <hxcomm/error.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/reinit.h>
#include <stadls/run.h>

#include <inttypes.h>
#include <stdlib.h>

struct entry {
	struct stadls_builder *request;  /* NULL: empty */
	struct stadls_builder *snapshot; /* NULL: none */
	struct stadls_builder *restore;  /* what the last snapshot saw, as writes; NULL: none yet */
	bool removed;
};

struct stadls_reinit {
	struct entry *entries; /* [count] from bottom to top */
	size_t count, capacity;
	bool enforced;
};

enum { FIRST_ENTRIES = 8 };

/* The I2C devices of the board: a read there is no register that could be written back. */
enum { I2C_END = 0x200 };
static const uint32_t i2c_base = 0x88007800;

int stadls_reinit_new(struct stadls_reinit **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? HXCOMM_OK
	            : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a stack of programs");
}

static void clear(struct entry *entry)
{
	stadls_builder_free(entry->request);
	stadls_builder_free(entry->snapshot);
	stadls_builder_free(entry->restore);
	*entry = (struct entry){ .removed = entry->removed };
}

void stadls_reinit_free(struct stadls_reinit *reinit)
{
	if (!reinit)
		return;
	for (size_t i = 0; i < reinit->count; i++)
		clear(&reinit->entries[i]);
	free(reinit->entries);
	free(reinit);
}

size_t stadls_reinit_count(const struct stadls_reinit *reinit)
{
	return reinit->count;
}

bool stadls_reinit_is_enforced(const struct stadls_reinit *reinit)
{
	return reinit->enforced;
}

void stadls_reinit_enforce(struct stadls_reinit *reinit)
{
	reinit->enforced = true;
}

/* ---- entries --------------------------------------------------------------------------------- */

int stadls_reinit_add(size_t *out, struct stadls_reinit *reinit)
{
	if (reinit->count == reinit->capacity) {
		const size_t capacity = reinit->capacity ? 2 * reinit->capacity : FIRST_ENTRIES;
		struct entry *entries = realloc(reinit->entries, capacity * sizeof(*entries));
		if (!entries)
			return hxcomm_error_set(
			        HXCOMM_ENOMEM, "no memory for %zu programs of a stack", capacity);
		reinit->entries = entries;
		reinit->capacity = capacity;
	}
	reinit->entries[reinit->count] = (struct entry){ .removed = false };
	*out = reinit->count++;
	return HXCOMM_OK;
}

static bool is_read(uint64_t word)
{
	return hxcomm_word_instruction(word) == HXCOMM_OMNIBUS_ADDRESS && word >> 36 & 1;
}

static int check_snapshot(const struct stadls_builder *snapshot)
{
	size_t count;
	const struct fisch_mark mark = fisch_program_mark(snapshot->program);
	const uint64_t *words = fisch_program_words(snapshot->program, &count);
	if (mark.jtag || mark.loopback)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "the snapshot has %" PRIu32 " reads over JTAG and %" PRIu32
		        " ticks: only what is "
		        "read over the omnibus can be written back",
		        mark.jtag, mark.loopback);
	for (size_t i = 0; i < count; i++)
		if (is_read(words[i]) && (uint32_t)words[i] - i2c_base < I2C_END)
			return hxcomm_error_set(HXCOMM_EINVAL,
			        "instruction %zu of the snapshot reads an I2C device: only "
			        "registers can be "
			        "written back",
			        i);
	return HXCOMM_OK;
}

int stadls_reinit_set(struct stadls_reinit *reinit, size_t index,
        const struct stadls_builder *request, const struct stadls_builder *snapshot, bool enforce)
{
	struct entry entry = { .removed = false };
	if (index >= reinit->count || reinit->entries[index].removed)
		return hxcomm_error_set(
		        HXCOMM_ESTATE, "entry %zu of the stack was removed: add a new one", index);
	if (!stadls_builder_is_write_only(request))
		return hxcomm_error_set(HXCOMM_EINVAL, "the request reads: a program that is run "
		                                       "again only writes, put its reads into a "
		                                       "snapshot or run them apart");
	int status = snapshot ? check_snapshot(snapshot) : HXCOMM_OK;
	if (status == HXCOMM_OK)
		status = stadls_builder_new_copy(&entry.request, request);
	if (status == HXCOMM_OK && snapshot)
		status = stadls_builder_new_copy(&entry.snapshot, snapshot);
	if (status != HXCOMM_OK) {
		clear(&entry);
		return status;
	}
	clear(&reinit->entries[index]);
	reinit->entries[index] = entry;
	reinit->enforced |= enforce;
	return HXCOMM_OK;
}

int stadls_reinit_remove(struct stadls_reinit *reinit, size_t index)
{
	if (index >= reinit->count || reinit->entries[index].removed)
		return HXCOMM_OK;
	const size_t above = reinit->count - index - 1;
	reinit->entries[index].removed = true;
	clear(&reinit->entries[index]);
	while (reinit->count && reinit->entries[reinit->count - 1].removed)
		reinit->count--;
	if (!above)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ESTATE,
	        "entry %zu of the stack lies below %zu others: it is empty from now on, remove "
	        "those first",
	        index, above);
}

/* ---- leaving and coming back ----------------------------------------------------------------- */

/* The reads of a program as writes of what came back. */
static int append_restore(struct stadls_builder *out, const struct stadls_builder *snapshot,
        const struct hxcomm_responses *responses)
{
	size_t count, read = 0;
	const uint64_t *words = fisch_program_words(snapshot->program, &count);
	int status = HXCOMM_OK;
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++)
		if (is_read(words[i]))
			status = fisch_program_append_omnibus_write(
			        out->program, (uint32_t)words[i], responses->omnibus.value[read++]);
	return status;
}

static int take_snapshot(struct stadls_builder **out, const struct entry *entry,
        struct hxcomm_connection *connection, struct hxcomm_responses *responses)
{
	int status = stadls_builder_new(out);
	struct stadls_builder *ended = NULL;
	if (status == HXCOMM_OK)
		status = stadls_builder_new_copy(&ended, entry->snapshot);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(ended, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_run(connection, ended, responses);
	if (status == HXCOMM_OK)
		status = append_restore(*out, entry->snapshot, responses);
	stadls_builder_free(ended);
	return status;
}

int stadls_reinit_leave(struct stadls_reinit *reinit, struct hxcomm_connection *connection)
{
	struct hxcomm_responses *responses = NULL;
	struct stadls_builder **taken = calloc(reinit->count + 1, sizeof(struct stadls_builder *));
	int status = taken ? hxcomm_responses_new(&responses, 0)
	                   : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu snapshots",
	                             reinit->count);
	for (size_t i = 0; i < reinit->count && status == HXCOMM_OK; i++)
		if (reinit->entries[i].snapshot) {
			status = take_snapshot(
			        &taken[i], &reinit->entries[i], connection, responses);
			if (status != HXCOMM_OK)
				hxcomm_error_wrap(status, "snapshot of entry %zu of the stack", i);
		}
	for (size_t i = 0; i < reinit->count && taken; i++) {
		if (status == HXCOMM_OK && taken[i]) {
			stadls_builder_free(reinit->entries[i].restore);
			reinit->entries[i].restore = taken[i];
		} else {
			stadls_builder_free(taken[i]);
		}
	}
	if (status == HXCOMM_OK)
		reinit->enforced = true;
	hxcomm_responses_free(responses);
	free(taken);
	return status;
}

int stadls_reinit_run(struct stadls_reinit *reinit, struct hxcomm_connection *connection,
        const struct stadls_builder *builder, struct hxcomm_responses *out)
{
	for (size_t i = 0; i < reinit->count && reinit->enforced; i++) {
		const struct entry *entry = &reinit->entries[i];
		const struct stadls_builder *program =
		        entry->restore ? entry->restore : entry->request;
		const int status = program ? stadls_run(connection, program, NULL) : HXCOMM_OK;
		if (status != HXCOMM_OK)
			return hxcomm_error_wrap(status, "entry %zu of the stack", i);
	}
	reinit->enforced = false;
	return builder ? stadls_run(connection, builder, out) : HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* Containers as words: one, or many at once. */
#include "builder_private.h"

#include <hxcomm/error.h>

#include <inttypes.h>

enum { PLAYBACK_WORDS = 4194304, ALL_BYTES = 15 };

static int check_range(const struct haldls_container *container, uint32_t first, uint32_t count)
{
	if (first <= container->count && count <= container->count - first)
		return HXCOMM_OK;
	if (count == 1)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s %" PRIu32 " does not exist: %s is 0 to %" PRIu32, container->name,
		        first, container->coordinate, container->count - 1);
	return hxcomm_error_set(HXCOMM_ERANGE,
	        "%s %" PRIu32 " to %" PRIu64 " do not all exist: %s is 0 to %" PRIu32,
	        container->name, first, (uint64_t)first + count - 1, container->coordinate,
	        container->count - 1);
}

/* ---- writing --------------------------------------------------------------------------------- */

static int encode(uint32_t *words, uint8_t *byte_enables, const struct haldls_container *container,
        uint32_t coordinate, const void *value)
{
	const int status =
	        haldls_container_encode(words, byte_enables, container, coordinate, value);
	return status == HXCOMM_OK ? status : haldls_element_wrap(status, container, coordinate);
}

/* Labels travel together in one message. */
static int append_labels(struct stadls_builder *builder, const uint32_t *words, uint32_t count)
{
	uint16_t labels[3] = { 0 };
	for (uint32_t i = 0; i < count && i < 3; i++)
		labels[i] = (uint16_t)words[i];
	return fisch_program_append_spikes(builder->program, labels, count);
}

static int append_registers(struct fisch_program *program, enum fisch_backend backend,
        const uint32_t *addresses, const uint32_t *words, const uint32_t *known, size_t count,
        uint8_t byte_enables)
{
	int status = HXCOMM_OK;
	for (size_t w = 0; w < count && status == HXCOMM_OK; w++)
		if (!known || words[w] != known[w])
			status = fisch_program_append_register_write(program, backend, addresses[w],
			        words[w], byte_enables);
	return status;
}

/* One container whose words depend on its value as a whole: labels, or bytes of a word. */
static int write_one(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate, const void *value,
        const void *reference)
{
	uint32_t *words = NULL, count = 0;
	uint8_t byte_enables, known_enables = 0;
	int status = haldls_container_words(&count, container, coordinate);
	if (status == HXCOMM_OK)
		status = stadls__scratch(&words, builder, 3 * (size_t)count + 1);
	if (status != HXCOMM_OK)
		return status;
	uint32_t *known = words + count, *addresses = known + count;
	status = encode(words, &byte_enables, container, coordinate, value);
	if (status == HXCOMM_OK && container->payload == HALDLS_PAYLOAD_LIST)
		return append_labels(builder, words, count);
	if (status == HXCOMM_OK && reference)
		status = encode(known, &known_enables, container, coordinate, reference);
	if (status == HXCOMM_OK)
		status =
		        haldls_container_addresses(addresses, container, backend, coordinate, true);
	if (status != HXCOMM_OK)
		return status;
	/* where other bytes are written, all of them are others */
	const bool differs = reference && byte_enables == known_enables;
	return append_registers(builder->program, backend, addresses, words, differs ? known : NULL,
	        count, byte_enables);
}

static int write_each(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count,
        const char *values, const char *references)
{
	int status = HXCOMM_OK;
	for (uint32_t i = 0; i < count && status == HXCOMM_OK; i++)
		status = write_one(builder, backend, container, first + i,
		        values + i * container->size,
		        references ? references + i * container->size : NULL);
	return status;
}

static int encode_all(uint32_t *words, const struct haldls_container *container, uint32_t first,
        uint32_t count, const char *values)
{
	int status = HXCOMM_OK;
	for (uint32_t i = 0; i < count && status == HXCOMM_OK; i++, words += container->write_words)
		status = encode(words, NULL, container, first + i, values + i * container->size);
	return status;
}

static int list_writes(uint32_t *out, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count)
{
	int status = HXCOMM_OK;
	for (uint32_t i = 0; i < count && status == HXCOMM_OK; i++, out += container->write_words)
		status = haldls_container_addresses(out, container, backend, first + i, true);
	return status;
}

/* Containers of the same number of words, all of whose bytes are written: in one go. */
static int write_together(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count,
        const char *values, const char *references)
{
	const size_t total = (size_t)count * container->write_words;
	uint32_t *words = NULL;
	int status =
	        total > PLAYBACK_WORDS / 2
	                ? hxcomm_error_set(HXCOMM_ERANGE,
	                          "%" PRIu32
	                          " %s are %zu writes, a program holds %d: write fewer at once",
	                          count, container->name, total, (int)PLAYBACK_WORDS / 2)
	                : stadls__scratch(&words, builder, (references ? 4 : 2) * total + 1);
	if (status != HXCOMM_OK)
		return status;
	uint32_t *addresses = words + total, *known = references ? addresses + total : NULL;
	status = list_writes(addresses, backend, container, first, count);
	if (status == HXCOMM_OK)
		status = encode_all(words, container, first, count, values);
	if (status == HXCOMM_OK && references)
		status = encode_all(known, container, first, count, references);
	if (status != HXCOMM_OK)
		return status;
	if (backend != FISCH_OMNIBUS)
		return append_registers(builder->program, backend, addresses, words, known, total,
		        ALL_BYTES);
	return references ? stadls__append_difference(builder->program, addresses, words, known,
	                            known + total, total)
	                  : fisch_program_append_omnibus_writes(builder->program, addresses, words,
	                            total);
}

int stadls_builder_write_range(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count,
        const void *values, const void *references)
{
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	const bool apart = container->byte_enables || container->word_count ||
	        container->payload == HALDLS_PAYLOAD_LIST;
	int status = container->write_words ? check_range(container, first, count) : HXCOMM_OK;
	if (status == HXCOMM_OK)
		status = stadls__check_write(backend, container, count ? first : 0);
	if (status == HXCOMM_OK && count)
		status = (apart ? write_each : write_together)(
		        builder, backend, container, first, count, values, references);
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

/* ---- reading --------------------------------------------------------------------------------- */

static int count_words(size_t *out, const struct haldls_container *container, uint32_t first,
        uint32_t count)
{
	size_t total = 0;
	for (uint32_t i = 0; i < count; i++) {
		uint32_t words;
		const int status = stadls__read_words(&words, container, first + i);
		if (status != HXCOMM_OK)
			return status;
		total += words;
		if (total > PLAYBACK_WORDS)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "%" PRIu32 " %s are more words than a program can read (%d): read "
			                   "fewer at once",
			        count, container->name, (int)PLAYBACK_WORDS);
	}
	*out = total;
	return HXCOMM_OK;
}

static int list_addresses(uint32_t *out, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		uint32_t words;
		int status = stadls__read_words(&words, container, first + i);
		if (status == HXCOMM_OK)
			status = haldls_container_addresses(
			        out, container, backend, first + i, false);
		if (status != HXCOMM_OK)
			return status;
		out += words;
	}
	return HXCOMM_OK;
}

int stadls_builder_read_range(struct stadls_ticket *out, struct stadls_builder *builder,
        enum fisch_backend backend, const struct haldls_container *container, uint32_t first,
        uint32_t count)
{
	struct stadls_ticket ticket = {
		.container = container, .coordinate = first, .count = count
	};
	size_t words = 0;
	if (!count)
		return hxcomm_error_set(HXCOMM_EINVAL, "a range of no %s: read at least one",
		        container->name);
	int status = container->read_words ? check_range(container, first, count) : HXCOMM_OK;
	if (status == HXCOMM_OK)
		status = stadls__check_read(backend, container, first);
	if (status == HXCOMM_OK)
		status = count_words(&words, container, first, count);
	if (status != HXCOMM_OK)
		return status;
	uint32_t *addresses;
	status = stadls__scratch(&addresses, builder, words);
	if (status == HXCOMM_OK)
		status = list_addresses(addresses, backend, container, first, count);
	if (status == HXCOMM_OK)
		status = fisch_program_append_register_reads(
		        &ticket.words, builder->program, backend, addresses, words);
	if (status != HXCOMM_OK)
		return status;
	stadls__note_read(builder, container);
	*out = ticket;
	return HXCOMM_OK;
}

// SPDX-License-Identifier: MIT
/* Many coordinates at once. */
#include "builder_private.h"

#include <hxcomm/error.h>

#include <inttypes.h>

enum { PLAYBACK_WORDS = 4194304 };

static int check_range(const struct haldls_container *container, uint32_t first, uint32_t count)
{
	if (first <= container->count && count <= container->count - first)
		return HXCOMM_OK;
	if (count == 1)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "%s %" PRIu32 " does not exist: %s is 0 to %" PRIu32, container->name, first,
		        container->coordinate, container->count - 1);
	return hxcomm_error_set(HXCOMM_ERANGE,
	        "%s %" PRIu32 " to %" PRIu64 " do not all exist: %s is 0 to %" PRIu32, container->name,
	        first, (uint64_t)first + count - 1, container->coordinate, container->count - 1);
}

int stadls_builder_write_range(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count,
        const void *values, const void *references)
{
	const char *value = values, *reference = references;
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	int status = check_range(container, first, count);
	if (status == HXCOMM_OK)
		status = stadls__check_write(backend, container, count ? first : 0);
	for (uint32_t i = 0; i < count && status == HXCOMM_OK; i++, value += container->size) {
		if (!references) {
			status = stadls_builder_write_over(builder, backend, container, first + i, value);
			continue;
		}
		status = stadls_builder_write_difference_over(builder, backend, container, first + i, value,
		        reference);
		reference += container->size;
	}
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

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
			        "%" PRIu32 " %s are more words than a program can read (%d): read fewer at once",
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
			status = haldls_container_addresses(out, container, backend, first + i, false);
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
	struct stadls_ticket ticket = { .container = container, .coordinate = first, .count = count };
	size_t words = 0;
	if (!count)
		return hxcomm_error_set(HXCOMM_EINVAL, "a range of no %s: read at least one",
		        container->name);
	int status = check_range(container, first, count);
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
		status = fisch_program_append_register_reads(&ticket.words, builder->program, backend,
		        addresses, words);
	if (status == HXCOMM_OK)
		*out = ticket;
	return status;
}

// SPDX-License-Identifier: MIT
/* Containers become words by their own description: nothing here knows any of them. */
#include "builder_private.h"

#include <hxcomm/error.h>
#include <hxcomm/words.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_MAX = 200 };

int stadls_builder_new(struct stadls_builder **out)
{
	*out = NULL;
	struct stadls_builder *builder = calloc(1, sizeof(*builder));
	if (!builder)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a builder");
	const int status = fisch_program_new(&builder->program, 0);
	if (status != HXCOMM_OK) {
		free(builder);
		return status;
	}
	*out = builder;
	return HXCOMM_OK;
}

void stadls_builder_free(struct stadls_builder *builder)
{
	if (!builder)
		return;
	fisch_program_free(builder->program);
	free(builder->scratch);
	free(builder);
}

int stadls__scratch(uint32_t **out, struct stadls_builder *builder, size_t words)
{
	if (words > builder->scratch_words) {
		/* what it holds is of no use any more: nothing to copy */
		free(builder->scratch);
		builder->scratch_words = 0;
		builder->scratch = malloc(words * sizeof(*builder->scratch));
		if (!builder->scratch)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu words", words);
		builder->scratch_words = words;
	}
	*out = builder->scratch;
	return HXCOMM_OK;
}

void stadls_builder_clear(struct stadls_builder *builder)
{
	fisch_program_clear(builder->program);
	builder->silent = NULL;
}

struct fisch_program *stadls_builder_program(struct stadls_builder *builder)
{
	return builder->program;
}

int stadls_builder_new_copy(struct stadls_builder **out, const struct stadls_builder *other)
{
	int status = stadls_builder_new(out);
	if (status != HXCOMM_OK)
		return status;
	status = stadls_builder_append(*out, other);
	if (status != HXCOMM_OK) {
		stadls_builder_free(*out);
		*out = NULL;
	}
	return status;
}

bool stadls_builder_is_empty(const struct stadls_builder *builder)
{
	return !fisch_program_mark(builder->program).words;
}

bool stadls_builder_is_equal(const struct stadls_builder *a, const struct stadls_builder *b)
{
	size_t count, other_count;
	const uint64_t *words = fisch_program_words(a->program, &count);
	const uint64_t *other = fisch_program_words(b->program, &other_count);
	return count == other_count && (!count || !memcmp(words, other, count * sizeof(*words)));
}

bool stadls_builder_is_write_only(const struct stadls_builder *builder)
{
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	return !mark.omnibus && !mark.jtag && !mark.loopback;
}

/* ---- containers ------------------------------------------------------------------------------ */

static int check_coordinate(const struct haldls_container *container, uint32_t coordinate)
{
	if (coordinate < container->count)
		return HXCOMM_OK;
	return hxcomm_error_set(HXCOMM_ERANGE, "%s %" PRIu32 " does not exist: %s is 0 to %" PRIu32,
	        container->name, coordinate, container->coordinate, container->count - 1);
}

static int check_backend(const struct haldls_container *container,
        const enum fisch_backend *backends, size_t count, enum fisch_backend backend,
        const char *done)
{
	char list[LIST_MAX] = "";
	for (size_t i = 0; i < count; i++) {
		if (backends[i] == backend)
			return HXCOMM_OK;
		const size_t length = strlen(list);
		const char *name = fisch_backend_name(backends[i]);
		if (length + strlen(name) + 3 < sizeof(list)) {
			strcat(list, i ? ", " : "");
			strcat(list, name);
		}
	}
	return hxcomm_error_set(HXCOMM_EINVAL, "%s cannot be %s over %s: use %s", container->name,
	        done, fisch_backend_name(backend), list);
}

int stadls__check_write(enum fisch_backend backend, const struct haldls_container *container,
        uint32_t coordinate)
{
	if (!container->write_words)
		return hxcomm_error_set(HXCOMM_ENOTSUP, "%s cannot be written: it can be read only",
		        container->name);
	const int status = check_coordinate(container, coordinate);
	if (status != HXCOMM_OK)
		return status;
	return check_backend(
	        container, container->backends, container->backend_count, backend, "written");
}

int stadls_builder_write_over(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate, const void *value)
{
	return stadls_builder_write_range(builder, backend, container, coordinate, 1, value, NULL);
}

int stadls_builder_write(struct stadls_builder *builder, const struct haldls_container *container,
        uint32_t coordinate, const void *value)
{
	return stadls_builder_write_over(
	        builder, container->backends[0], container, coordinate, value);
}

int stadls_builder_write_difference_over(struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate, const void *value,
        const void *reference)
{
	return stadls_builder_write_range(
	        builder, backend, container, coordinate, 1, value, reference);
}

int stadls_builder_write_difference(struct stadls_builder *builder,
        const struct haldls_container *container, uint32_t coordinate, const void *value,
        const void *reference)
{
	return stadls_builder_write_difference_over(
	        builder, container->backends[0], container, coordinate, value, reference);
}

int stadls__check_read(enum fisch_backend backend, const struct haldls_container *container,
        uint32_t coordinate)
{
	if (!container->read_words)
		return hxcomm_error_set(HXCOMM_ENOTSUP, "%s cannot be read: it can be written only",
		        container->name);
	const int status = check_coordinate(container, coordinate);
	if (status != HXCOMM_OK)
		return status;
	return check_backend(container, container->read_backends, container->read_backend_count,
	        backend, "read");
}

int stadls__read_words(uint32_t *out, const struct haldls_container *container, uint32_t coordinate)
{
	uint32_t count;
	const int status = haldls_container_words(&count, container, coordinate);
	if (status == HXCOMM_OK)
		*out = container->word_count ? count : container->read_words;
	return status;
}

int stadls_builder_read_over(struct stadls_ticket *out, struct stadls_builder *builder,
        enum fisch_backend backend, const struct haldls_container *container, uint32_t coordinate)
{
	return stadls_builder_read_range(out, builder, backend, container, coordinate, 1);
}

int stadls_builder_read(struct stadls_ticket *out, struct stadls_builder *builder,
        const struct haldls_container *container, uint32_t coordinate)
{
	/* one that cannot be read has no back end to ask for */
	return stadls_builder_read_over(out, builder,
	        container->read_words ? container->read_backends[0] : container->backends[0],
	        container, coordinate);
}

/* ---- flow and events ------------------------------------------------------------------------- */

int stadls_builder_timer_reset(struct stadls_builder *builder)
{
	return fisch_program_append_timer_reset(builder->program);
}

int stadls_builder_wait_until(struct stadls_builder *builder, uint64_t cycles)
{
	return fisch_program_append_wait_until(builder->program, cycles);
}

int stadls_builder_wait(struct stadls_builder *builder, uint64_t cycles)
{
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	int status = fisch_program_append_timer_reset(builder->program);
	if (status == HXCOMM_OK)
		status = fisch_program_append_wait_until(builder->program, cycles);
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

int stadls_builder_barrier(struct stadls_builder *builder, uint32_t mask)
{
	return fisch_program_append_barrier(builder->program, mask);
}

int stadls_builder_poll(struct stadls_builder *builder, bool equal)
{
	return fisch_program_append_poll(builder->program, equal);
}

int stadls_builder_poll_word(struct stadls_builder *builder, uint32_t address, uint32_t mask,
        uint32_t target, bool equal)
{
	const struct haldls_polling_omnibus_block_config config = {
		.address = address, .mask = mask, .target = target
	};
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	if (target & ~mask)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "polling for 0x%08" PRIx32 " under the mask 0x%08" PRIx32
		        ": the target has bits outside the mask", target, mask);
	int status = stadls_write(builder, 0, &config);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_builder_poll(builder, equal);
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

int stadls_builder_tick(struct stadls_ticket *out, struct stadls_builder *builder)
{
	struct stadls_ticket ticket = { 0 };
	const int status = fisch_program_append_tick(&ticket.words, builder->program);
	if (status == HXCOMM_OK)
		*out = ticket;
	return status;
}

int stadls_builder_spikes(struct stadls_builder *builder, const uint16_t *labels, size_t count)
{
	return fisch_program_append_spikes(builder->program, labels, count);
}

int stadls_builder_spike_train(struct stadls_builder *builder, const uint64_t *time_cycles,
        const uint16_t *labels, size_t count)
{
	return fisch_program_append_spike_train(builder->program, time_cycles, labels, count);
}

int stadls_builder_append(struct stadls_builder *builder, const struct stadls_builder *other)
{
	const int status = fisch_program_append_program(builder->program, other->program);
	if (status == HXCOMM_OK && other->silent)
		stadls__note_read(builder, other->silent);
	return status;
}

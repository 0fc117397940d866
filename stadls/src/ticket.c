// SPDX-License-Identifier: MIT
/* From responses back to containers. */
#include "builder_private.h"

#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static uint32_t count_of(const struct stadls_ticket *ticket)
{
	return ticket->count ? ticket->count : 1;
}

static int decode(char *values, const struct stadls_ticket *ticket, const uint32_t *words)
{
	const struct haldls_container *container = ticket->container;
	for (uint32_t i = 0; i < count_of(ticket); i++, values += container->size) {
		uint32_t count = 0;
		container->init(values);
		int status = stadls__read_words(&count, container, ticket->coordinate + i);
		if (status == HXCOMM_OK)
			status = haldls_container_decode(
			        values, container, ticket->coordinate + i, words);
		if (status != HXCOMM_OK)
			return haldls_element_wrap(status, container, ticket->coordinate + i);
		words += count;
	}
	return HXCOMM_OK;
}

int stadls_ticket_read(void *value, const struct stadls_ticket *ticket,
        const struct hxcomm_responses *responses)
{
	const struct haldls_container *container = ticket->container;
	if (!container)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "this ticket is of no container: take it from stadls_builder_read()");
	const size_t bytes = count_of(ticket) * container->size;
	/* a container's bytes may be none */
	char *values = malloc(bytes ? bytes : 1);
	uint32_t *words = calloc(ticket->words.count ? ticket->words.count : 1, sizeof(*words));
	int status = HXCOMM_OK;
	if (!values || !words)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %" PRIu32 " %s",
		        count_of(ticket), container->name);
	if (status == HXCOMM_OK) {
		status = fisch_ticket_read(words, &ticket->words, responses);
		if (status != HXCOMM_OK) {
			(void)haldls_element_wrap(status, container, ticket->coordinate);
			(void)hxcomm_error_wrap(status, "%s", container->name);
		}
	}
	if (status == HXCOMM_OK)
		status = decode(values, ticket, words);
	if (status == HXCOMM_OK)
		memcpy(value, values, bytes);
	free(values);
	free(words);
	return status;
}

int stadls_ticket_time(uint64_t *out_cycles, const struct stadls_ticket *ticket,
        const struct hxcomm_responses *responses)
{
	return fisch_ticket_time(out_cycles, &ticket->words, responses);
}

void stadls_ticket_shift(struct stadls_ticket *ticket, const struct fisch_mark *before)
{
	fisch_ticket_shift(&ticket->words, before);
}

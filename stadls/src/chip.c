// SPDX-License-Identifier: MIT
/* Whole chips over a connection. */
#include "builder_private.h"

#include <hxcomm/connection.h>
#include <hxcomm/error.h>
#include <hxcomm/options.h>
#include <hxcomm/responses.h>
#include <hxcomm/words.h>
#include <stadls/chip.h>
#include <stadls/run.h>

#include <stdlib.h>
#include <string.h>

bool stadls__gives_all_back(const struct hxcomm_connection *connection)
{
	return !strncmp(hxcomm_identifier(connection), "emulator-", strlen("emulator-"));
}

/* Places among the words of a chip that are read. @return their number */
static size_t list_read(uint32_t *places, uint32_t *addresses, bool all)
{
	const uint32_t *of_chip = haldls_chip_addresses();
	const bool *is_silent = haldls_chip_silent();
	size_t count = 0;
	for (uint32_t i = 0; i < HALDLS_CHIP_WORDS; i++) {
		places[count] = i;
		addresses[count] = of_chip[i];
		count += all || !is_silent[i];
	}
	return count;
}

/* Read what has a place. */
static int read_words(uint32_t *words, const uint32_t *places, const uint32_t *addresses,
        size_t count, struct hxcomm_connection *connection)
{
	struct stadls_builder *builder = NULL;
	struct hxcomm_responses *responses = NULL;
	struct fisch_ticket ticket;
	int status = stadls_builder_new(&builder);
	if (status == HXCOMM_OK)
		status = hxcomm_responses_new(&responses, 0);
	if (status == HXCOMM_OK)
		status = fisch_program_append_omnibus_reads(
		        &ticket, builder->program, addresses, count);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_run(connection, builder, responses);
	if (status == HXCOMM_OK)
		for (size_t i = 0; i < count; i++)
			words[places[i]] = responses->omnibus.value[ticket.position + i];
	hxcomm_responses_free(responses);
	stadls_builder_free(builder);
	return status;
}

static int read_extent(bool *all, const struct stadls_chip_read_options *given,
        struct hxcomm_connection *connection)
{
	struct stadls_chip_read_options options;
	const int status = hxcomm_options_read(&options, sizeof(options), given,
	        "STADLS_CHIP_READ_OPTIONS_INIT");
	if (status != HXCOMM_OK)
		return status;
	switch (options.extent) {
	case STADLS_CHIP_BY_IDENTIFIER:
		*all = stadls__gives_all_back(connection);
		return HXCOMM_OK;
	case STADLS_CHIP_GIVEN_BACK:
	case STADLS_CHIP_ALL:
		*all = options.extent == STADLS_CHIP_ALL;
		return HXCOMM_OK;
	default:
		return hxcomm_error_set(HXCOMM_EINVAL, "extent %d is unknown: take one of enum "
		                                       "stadls_chip_extent", (int)options.extent);
	}
}

int stadls_chip_read(struct haldls_chip *chip, size_t *kept, struct hxcomm_connection *connection,
        const struct stadls_chip_read_options *options)
{
	bool all = false;
	size_t count = 0;
	int status = read_extent(&all, options, connection);
	if (status != HXCOMM_OK)
		return status;
	uint32_t *words = malloc(3 * (size_t)HALDLS_CHIP_WORDS * sizeof(*words));
	struct haldls_chip *read = malloc(sizeof(*read));
	if (!words || !read) {
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	} else {
		uint32_t *places = words + HALDLS_CHIP_WORDS,
		         *addresses = places + HALDLS_CHIP_WORDS;
		count = list_read(places, addresses, all);
		status = haldls_chip_encode(words, chip);
		if (status == HXCOMM_OK)
			status = read_words(words, places, addresses, count, connection);
	}
	if (status == HXCOMM_OK)
		status = haldls_chip_decode(read, words);
	if (status == HXCOMM_OK) {
		*chip = *read;
		if (kept)
			*kept = HALDLS_CHIP_WORDS - count;
	}
	free(words);
	free(read);
	return status;
}

int stadls_chip_write(struct hxcomm_connection *connection, const struct haldls_chip *chip,
        const struct haldls_chip *reference)
{
	struct stadls_builder *builder;
	int status = stadls_builder_new(&builder);
	if (status != HXCOMM_OK)
		return status;
	status = reference ? stadls_builder_write_chip_difference(builder, chip, reference)
	                   : stadls_builder_write_chip(builder, chip);
	if (status == HXCOMM_OK)
		status = stadls_builder_barrier(builder, HXCOMM_BARRIER_OMNIBUS);
	if (status == HXCOMM_OK)
		status = stadls_run(connection, builder, NULL);
	stadls_builder_free(builder);
	return status;
}

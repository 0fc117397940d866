// SPDX-License-Identifier: MIT
/* `bss registers list|encode|decode`: the register map as data, and containers to and from register
 * words, without a chip. */
#include "registers.h"

#include "bss.h"
#include "container_json.h"
#include "jsonlines.h"
#include "jsonout.h"
#include "registers_block.h"
#include "registers_request.h"

#include <haldls/container.h>
#include <haldls/json.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALL_BYTES = 15 };

/* Room for any container's struct and words. */
struct scratch {
	void *value;
	uint32_t *words, *addresses;
};

static json_t *write_payload(const struct haldls_container *container, const uint32_t *words,
        uint32_t word)
{
	if (container->payload == HALDLS_PAYLOAD_NONE)
		return json_null();
	if (container->payload == HALDLS_PAYLOAD_WORDS)
		return json_integer(words[word]);
	json_t *labels = json_array();
	for (uint32_t i = 0; i < container->write_words; i++)
		json_array_append_new(labels, json_integer(words[i]));
	return labels;
}

static int encode(json_t **out, const json_t *line, void *user)
{
	const struct scratch *scratch = user;
	struct registers_request request;
	if (registers_is_block(line))
		return registers_block_encode(out, line);
	int status = registers_request_read(&request, line);
	if (status)
		return status;
	const struct haldls_container *c = request.container;
	uint8_t byte_enables;
	uint32_t count;
	c->init(scratch->value);
	status = haldls_json_read(scratch->value, c, request.coordinate, json_object_get(line, "fields"));
	if (!status)
		status = haldls_container_words(&count, c, request.coordinate);
	if (!status)
		status = haldls_container_encode(scratch->words, &byte_enables, c, request.coordinate,
		        scratch->value);
	if (status)
		return status;
	json_t *writes = json_array(), *enables = json_array();
	if (c->write_words && c->payload == HALDLS_PAYLOAD_LIST)
		count = 1;
	if (c->write_words && c->payload != HALDLS_PAYLOAD_LIST)
		status = haldls_container_addresses(scratch->addresses, c, request.backend,
		        request.coordinate, true);
	else if (c->write_words)
		scratch->addresses[0] = c->write_address(request.backend, request.coordinate, 0);
	for (uint32_t w = 0; c->write_words && w < count && !status; w++) {
		const json_int_t address = scratch->addresses[w];
		json_array_append_new(writes, json_pack("[I,o]", address,
		        write_payload(c, scratch->words, w)));
		json_array_append_new(enables, json_integer(byte_enables));
	}
	*out = json_pack("{s:o}", "write", writes);
	if (byte_enables != ALL_BYTES)
		json_object_set(*out, "byte_enables", enables);
	json_decref(enables);
	return status;
}

static bool is_readable(const struct registers_request *request)
{
	for (size_t i = 0; i < request->container->read_backend_count; i++)
		if (request->container->read_backends[i] == request->backend)
			return true;
	return false;
}

static int decode(json_t **out, const json_t *line, void *user)
{
	const struct scratch *scratch = user;
	struct registers_request request;
	if (registers_is_block(line))
		return registers_block_decode(out, line);
	int status = registers_request_read(&request, line);
	if (status)
		return status;
	const struct haldls_container *c = request.container;
	const json_t *words = json_object_get(line, "words");
	uint32_t needed;
	status = haldls_container_words(&needed, c, request.coordinate);
	if (status)
		return status;
	needed = c->read_words && !c->word_count ? c->read_words : needed;
	if (!json_is_array(words) || json_array_size(words) != needed)
		return hxcomm_error_set(HXCOMM_EINVAL, "%s has %" PRIu32 " words, \"words\" gives %zu",
		        c->name, needed, json_array_size(words));
	for (uint32_t w = 0; w < needed; w++) {
		const json_t *word = json_array_get(words, w);
		if (!json_is_integer(word) || json_integer_value(word) < 0 ||
		        json_integer_value(word) > UINT32_MAX)
			return hxcomm_error_set(HXCOMM_ERANGE,
			        "word %" PRIu32 " is no number from 0 to 4294967295", w);
		scratch->words[w] = (uint32_t)json_integer_value(word);
	}
	c->init(scratch->value);
	if (is_readable(&request))
		status = haldls_container_decode(scratch->value, c, request.coordinate, scratch->words);
	if (status)
		return status;
	*out = json_pack("{s:o}", "fields", container_json_write(c, request.coordinate, scratch->value));
	return HXCOMM_OK;
}

/* ---- the verbs ------------------------------------------------------------------------------ */

int registers_list(const struct registers_arguments *arguments)
{
	size_t count, logical;
	const struct haldls_container *const *containers = haldls_containers(&count);
	const struct haldls_container *const *composed = haldls_logical_containers(&logical);
	int exit_code = BSS_OK;
	(void)arguments;
	for (size_t i = 0; i < count && exit_code == BSS_OK; i++)
		exit_code = jsonout_print(container_json_describe(containers[i]));
	for (size_t i = 0; i < logical && exit_code == BSS_OK; i++)
		exit_code = jsonout_print(container_json_describe(composed[i]));
	return exit_code;
}

static void measure(size_t *size, size_t *words, const struct haldls_container *const *containers,
        size_t count)
{
	for (size_t i = 0; i < count; i++) {
		*size = containers[i]->size > *size ? containers[i]->size : *size;
		*words = containers[i]->write_words > *words ? containers[i]->write_words : *words;
		*words = containers[i]->read_words > *words ? containers[i]->read_words : *words;
	}
}

/* Answer the lines of standard input with room for any container. */
static int run_lines(jsonlines_answer *answer)
{
	size_t count, logical, size = 0, words = 0;
	const struct haldls_container *const *containers = haldls_containers(&count);
	const struct haldls_container *const *composed = haldls_logical_containers(&logical);
	measure(&size, &words, containers, count);
	measure(&size, &words, composed, logical);
	struct scratch scratch = { malloc(size), calloc(words, sizeof(uint32_t)),
		calloc(words, sizeof(uint32_t)) };
	int exit_code = BSS_FAILURE;
	if (!scratch.value || !scratch.words || !scratch.addresses)
		fputs("bss: no memory for a container\n", stderr);
	else
		exit_code = jsonlines_run(answer, &scratch);
	free(scratch.value);
	free(scratch.words);
	free(scratch.addresses);
	return exit_code;
}

int registers_encode(const struct registers_arguments *arguments)
{
	(void)arguments;
	return run_lines(encode);
}

int registers_decode(const struct registers_arguments *arguments)
{
	(void)arguments;
	return run_lines(decode);
}

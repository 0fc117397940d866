// SPDX-License-Identifier: MIT
#include "registers_block.h"

#include <haldls/coordinate.h>
#include <haldls/memory_block.h>
#include <hxcomm/error.h>

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Enough for the whole static memory; longer blocks of dynamic memory come in pieces. */
enum { ALL_BYTES = 15, BLOCK_MAX = 1 << 20 };

struct work {
	struct haldls_memory_block block;
	size_t count; /* bytes */
	uint32_t word_count;
	uint8_t *bytes, *byte_enables;
	uint32_t *words, *addresses;
};

static int memory_of(const json_t *line)
{
	const char *name = json_string_value(json_object_get(line, "container"));
	for (int m = 0; name && m < HALDLS_MEMORIES; m++)
		if (!strcmp(name, haldls_memory_block_name((enum haldls_memory)m)))
			return m;
	return -1;
}

bool registers_is_block(const json_t *line)
{
	return memory_of(line) >= 0;
}

static void work_deinit(struct work *work)
{
	free(work->bytes);
	free(work->byte_enables);
	free(work->words);
	free(work->addresses);
}

/* A number, a text such as "ExternalPPUMemoryBlock:0..7", or nothing for the first byte. */
static int read_coordinate(uint64_t *out, const json_t *line)
{
	char type[64];
	const json_t *coordinate = json_object_get(line, "coordinate");
	if (!json_is_string(coordinate)) {
		if ((coordinate && !json_is_integer(coordinate)) || json_integer_value(coordinate) < 0)
			return hxcomm_error_set(
				HXCOMM_EINVAL, "\"coordinate\" is no whole number from 0 on, and no text");
		*out = (uint64_t)json_integer_value(coordinate);
		return HXCOMM_OK;
	}
	(void)snprintf(type, sizeof(type), "%sOnFPGA",
		haldls_memory_block_name((enum haldls_memory)memory_of(line)));
	const struct haldls_coordinate *block = haldls_coordinate_find(type);
	return block ? haldls_coordinate_parse(out, block, json_string_value(coordinate))
		     : HXCOMM_ENOENT;
}

static int work_init(struct work *out, const json_t *line)
{
	const json_t *backend = json_object_get(line, "backend");
	uint64_t number = 0;
	*out = (struct work){ 0 };
	int status = read_coordinate(&number, line);
	if (status != HXCOMM_OK)
		return status;
	if (backend &&
		(!json_is_string(backend) || strcmp(json_string_value(backend), "Omnibus") != 0))
		return hxcomm_error_set(
			HXCOMM_ENOTSUP, "blocks of memory are reached by Omnibus only");
	status = haldls_memory_block_find(
		&out->block, (enum haldls_memory)memory_of(line), number);
	if (status == HXCOMM_OK)
		status = haldls_memory_block_words(&out->word_count, &out->block);
	if (status != HXCOMM_OK)
		return status;
	out->count = (size_t)out->block.last - out->block.first + 1;
	if (out->count > BLOCK_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
			"a block of %zu bytes: at most %d go at once", out->count, (int)BLOCK_MAX);
	out->bytes = calloc(out->count, 1);
	out->byte_enables = calloc(out->word_count, 1);
	out->words = calloc(out->word_count, sizeof(uint32_t));
	out->addresses = calloc(out->word_count, sizeof(uint32_t));
	if (!out->bytes || !out->byte_enables || !out->words || !out->addresses) {
		work_deinit(out);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu bytes", out->count);
	}
	return HXCOMM_OK;
}

static int read_number(uint32_t *out, const json_t *json, uint32_t max, const char *what)
{
	if (!json_is_integer(json) || json_integer_value(json) < 0 ||
		json_integer_value(json) > max)
		return hxcomm_error_set(
			HXCOMM_ERANGE, "a %s is no number from 0 to %" PRIu32, what, max);
	*out = (uint32_t)json_integer_value(json);
	return HXCOMM_OK;
}

static int read_bytes(struct work *work, const json_t *fields)
{
	const char *name;
	json_t *bytes;
	int status = HXCOMM_OK;
	json_object_foreach((json_t *)fields, name, bytes)
	{
		if (strcmp(name, "bytes") != 0)
			return hxcomm_error_set(HXCOMM_ENOENT, "%s has no field '%.60s'",
				haldls_memory_block_name(work->block.memory), name);
		if (!json_is_array(bytes) || json_array_size(bytes) != work->count)
			return hxcomm_error_set(HXCOMM_EINVAL,
				"%s.bytes needs a list of %zu values",
				haldls_memory_block_name(work->block.memory), work->count);
		for (size_t i = 0; i < work->count && status == HXCOMM_OK; i++) {
			uint32_t byte = 0;
			status = read_number(&byte, json_array_get(bytes, i), UINT8_MAX, "byte");
			work->bytes[i] = (uint8_t)byte;
		}
	}
	return status;
}

int registers_block_encode(json_t **out, const json_t *line)
{
	struct work work;
	int status = work_init(&work, line);
	if (status != HXCOMM_OK)
		return status;
	status = read_bytes(&work, json_object_get(line, "fields"));
	if (status == HXCOMM_OK)
		status = haldls_memory_block_encode(work.addresses, work.words, work.byte_enables,
			&work.block, work.bytes, work.count);
	if (status == HXCOMM_OK) {
		json_t *writes = json_array(), *enables = json_array();
		bool partial = false;
		for (uint32_t w = 0; w < work.word_count; w++) {
			json_array_append_new(
				writes, json_pack("[I,I]", (json_int_t)work.addresses[w],
						(json_int_t)work.words[w]));
			json_array_append_new(enables, json_integer(work.byte_enables[w]));
			partial |= work.byte_enables[w] != ALL_BYTES;
		}
		*out = json_pack("{s:o}", "write", writes);
		if (partial)
			json_object_set(*out, "byte_enables", enables);
		json_decref(enables);
	}
	work_deinit(&work);
	return status;
}

int registers_block_decode(json_t **out, const json_t *line)
{
	struct work work;
	int status = work_init(&work, line);
	if (status != HXCOMM_OK)
		return status;
	const json_t *words = json_object_get(line, "words");
	if (!json_is_array(words) || json_array_size(words) != work.word_count)
		status = hxcomm_error_set(HXCOMM_EINVAL,
			"the block has %" PRIu32 " words, \"words\" gives %zu", work.word_count,
			json_array_size(words));
	for (uint32_t w = 0; w < work.word_count && status == HXCOMM_OK; w++)
		status = read_number(&work.words[w], json_array_get(words, w), UINT32_MAX, "word");
	if (status == HXCOMM_OK)
		status = haldls_memory_block_decode(work.bytes, &work.block, work.words);
	if (status == HXCOMM_OK) {
		json_t *bytes = json_array();
		for (size_t i = 0; i < work.count; i++)
			json_array_append_new(bytes, json_integer(work.bytes[i]));
		*out = json_pack("{s:{s:o}}", "fields", "bytes", bytes);
	}
	work_deinit(&work);
	return status;
}

// SPDX-License-Identifier: MIT
/* The tables are alike: a count, a capacity and up to four arrays; `tables` says where. */
#include "responses.h"

#include <hxcomm/error.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define COUNTS(table)                                                                              \
	#table, offsetof(struct hxcomm_responses, table.count),                                    \
	        offsetof(struct hxcomm_responses, table.capacity)
#define ARRAY(table, array)                                                                        \
	{                                                                                          \
		offsetof(struct hxcomm_responses, table.array),                                    \
		        sizeof(*((struct hxcomm_responses *)0)->table.array)                       \
	}

static const struct table {
	const char *name;
	size_t count, capacity; /* offsets */
	bool packs;             /* up to three in a message */
	struct {
		size_t at, size; /* offset of the pointer, bytes of an element; size 0: none */
	} arrays[4];
} tables[] = {
	{ COUNTS(omnibus), false, { ARRAY(omnibus, value), ARRAY(omnibus, time) } },
	{ COUNTS(jtag), false, { ARRAY(jtag, value), ARRAY(jtag, time) } },
	{ COUNTS(loopback), false, { ARRAY(loopback, tick), ARRAY(loopback, time) } },
	{ COUNTS(spikes), true,
	  { ARRAY(spikes, label), ARRAY(spikes, chip_time), ARRAY(spikes, fpga_time) } },
	{ COUNTS(madc), true,
	  { ARRAY(madc, value), ARRAY(madc, channel), ARRAY(madc, chip_time),
	    ARRAY(madc, fpga_time) } },
	{ COUNTS(links), false, { ARRAY(links, value), ARRAY(links, time) } },
	{ COUNTS(timeouts), false,
	  { ARRAY(timeouts, instruction), ARRAY(timeouts, stalls), ARRAY(timeouts, reads_in_flight),
	    ARRAY(timeouts, time) } },
};

enum { TABLES = sizeof(tables) / sizeof(*tables), ARRAYS = 4 };

static size_t *number(struct hxcomm_responses *responses, size_t offset)
{
	return (size_t *)(void *)((char *)responses + offset);
}

static size_t number_of(const struct hxcomm_responses *responses, size_t offset)
{
	return *(const size_t *)(const void *)((const char *)responses + offset);
}

int hxcomm_responses_new(struct hxcomm_responses **out, size_t limit)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for responses");
	(*out)->limit = limit ? limit : HXCOMM_RESPONSES_LIMIT;
	return HXCOMM_OK;
}

void hxcomm_responses_free(struct hxcomm_responses *responses)
{
	if (!responses)
		return;
	for (size_t t = 0; t < TABLES; t++) {
		for (size_t a = 0; a < ARRAYS && tables[t].arrays[a].size; a++) {
			void *array; /* the pointers have different types: copied, not cast */
			memcpy(&array, (char *)responses + tables[t].arrays[a].at, sizeof(array));
			free(array);
		}
	}
	free(responses);
}

void hxcomm_responses_clear(struct hxcomm_responses *responses)
{
	for (size_t t = 0; t < TABLES; t++)
		*number(responses, tables[t].count) = 0;
	memset(responses->spike_packs, 0, sizeof(responses->spike_packs));
	memset(responses->madc_packs, 0, sizeof(responses->madc_packs));
}

/* A pointer that was grown before another one failed stays grown: the capacity counts. */
static int grow(struct hxcomm_responses *responses, const struct table *table, size_t wanted)
{
	size_t capacity = 2 * *number(responses, table->capacity);
	if (capacity < wanted)
		capacity = wanted;
	for (size_t a = 0; a < ARRAYS && table->arrays[a].size; a++) {
		char *at = (char *)responses + table->arrays[a].at;
		void *array;
		memcpy(&array, at, sizeof(array));
		if (capacity > SIZE_MAX / table->arrays[a].size ||
		        !(array = realloc(array, capacity * table->arrays[a].size)))
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu %s responses",
			        capacity, table->name);
		memcpy(at, &array, sizeof(array));
	}
	*number(responses, table->capacity) = capacity;
	return HXCOMM_OK;
}

int hxcomm__responses_reserve(struct hxcomm_responses *responses, size_t words)
{
	for (size_t t = 0; t < TABLES; t++) {
		/* a message has at least 8 bytes, three events at least 10; vectors are stored
		 * whole, up to 32 elements behind the last */
		const size_t extra = (tables[t].packs ? 3 * (words + 1) : words + 1) + 32;
		const size_t wanted = *number(responses, tables[t].count) + extra;
		if (wanted <= *number(responses, tables[t].capacity))
			continue;
		const int status = grow(responses, &tables[t], wanted);
		if (status != HXCOMM_OK)
			return status;
	}
	return HXCOMM_OK;
}

int hxcomm__responses_limit(struct hxcomm_responses *responses)
{
	int status = HXCOMM_OK;
	for (size_t t = 0; t < TABLES; t++) {
		size_t *count = number(responses, tables[t].count);
		if (*count <= responses->limit)
			continue;
		*count = responses->limit;
		status = hxcomm_error_set(HXCOMM_ERANGE,
		        "more than %zu %s responses, the limit of hxcomm_responses_new(): raise "
		        "it, or run less at once", responses->limit, tables[t].name);
	}
	return status;
}

void hxcomm__responses_restore(struct hxcomm_responses *responses,
        const struct hxcomm_responses *before)
{
	for (size_t t = 0; t < TABLES; t++)
		*number(responses, tables[t].count) = number_of(before, tables[t].count);
	memcpy(responses->spike_packs, before->spike_packs, sizeof(before->spike_packs));
	memcpy(responses->madc_packs, before->madc_packs, sizeof(before->madc_packs));
}

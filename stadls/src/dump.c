// SPDX-License-Identifier: MIT
#include "builder_private.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <stadls/dump.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct step {
	struct stadls_dump_entry entry;
	void *value; /* owned; what entry.value lends */
	size_t order;
};

struct stadls_dump {
	struct step *steps; /* [count] */
	size_t count, capacity;
};

enum { FIRST_STEPS = 64, BARRIER_MAX = 31, ALL_BYTES = 15 };

int stadls_dump_new(struct stadls_dump **out)
{
	*out = calloc(1, sizeof(**out));
	return *out ? HXCOMM_OK : hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a dump");
}

void stadls_dump_free(struct stadls_dump *dump)
{
	if (!dump)
		return;
	stadls_dump_clear(dump);
	free(dump->steps);
	free(dump);
}

static void remove_after(struct stadls_dump *dump, size_t count)
{
	while (dump->count > count)
		free(dump->steps[--dump->count].value);
}

void stadls_dump_clear(struct stadls_dump *dump)
{
	remove_after(dump, 0);
}

size_t stadls_dump_count(const struct stadls_dump *dump)
{
	return dump->count;
}

int stadls_dump_get(struct stadls_dump_entry *out, const struct stadls_dump *dump, size_t index)
{
	if (index >= dump->count)
		return hxcomm_error_set(
		        HXCOMM_ERANGE, "step %zu of a dump of %zu", index, dump->count);
	*out = dump->steps[index].entry;
	return HXCOMM_OK;
}

/* ---- steps ----------------------------------------------------------------------------------- */

static int add(struct stadls_dump *dump, const struct stadls_dump_entry *entry)
{
	if (dump->count == dump->capacity) {
		const size_t capacity = dump->capacity ? 2 * dump->capacity : FIRST_STEPS;
		struct step *steps = realloc(dump->steps, capacity * sizeof(*steps));
		if (!steps)
			return hxcomm_error_set(
			        HXCOMM_ENOMEM, "no memory for %zu steps of a dump", capacity);
		dump->steps = steps;
		dump->capacity = capacity;
	}
	struct step step = { .entry = *entry };
	if (entry->kind == STADLS_DUMP_WRITE) {
		step.value = malloc(entry->container->size ? entry->container->size : 1);
		if (!step.value)
			return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a %s",
			        entry->container->name);
		memcpy(step.value, entry->value, entry->container->size);
		step.entry.value = step.value;
	}
	dump->steps[dump->count++] = step;
	return HXCOMM_OK;
}

int stadls_dump_write(struct stadls_dump *dump, const struct haldls_container *container,
        uint32_t coordinate, const void *value)
{
	const int status = stadls__check_write(container->backends[0], container, coordinate);
	if (status != HXCOMM_OK)
		return status;
	return add(dump, &(struct stadls_dump_entry){ .kind = STADLS_DUMP_WRITE,
	                         .container = container,
	                         .coordinate = coordinate,
	                         .value = value });
}

int stadls_dump_wait_until(struct stadls_dump *dump, uint64_t cycles)
{
	if (cycles > UINT32_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "a wait until %" PRIu64 ", allowed are 0 to %" PRIu32, cycles, UINT32_MAX);
	return add(dump, &(struct stadls_dump_entry){ .kind = STADLS_DUMP_WAIT_UNTIL,
	                         .argument = cycles });
}

int stadls_dump_barrier(struct stadls_dump *dump, uint32_t mask)
{
	if (mask > BARRIER_MAX)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "a barrier of 0x%" PRIx32 ", allowed are 0 to 0x%x", mask,
		        (unsigned)BARRIER_MAX);
	return add(
	        dump, &(struct stadls_dump_entry){ .kind = STADLS_DUMP_BARRIER, .argument = mask });
}

int stadls_dump_poll(struct stadls_dump *dump, bool equal)
{
	return add(
	        dump, &(struct stadls_dump_entry){ .kind = STADLS_DUMP_POLL, .argument = equal });
}

int stadls_dump_append(struct stadls_dump *dump, const struct stadls_dump *other)
{
	const size_t before = dump->count, count = other->count; /* `other` may be `dump` */
	for (size_t i = 0; i < count; i++) {
		const struct stadls_dump_entry entry = other->steps[i].entry;
		const int status = add(dump, &entry);
		if (status != HXCOMM_OK) {
			remove_after(dump, before);
			return status;
		}
	}
	return HXCOMM_OK;
}

/* ---- less of it ------------------------------------------------------------------------------ */

void stadls_dump_remove_waits(struct stadls_dump *dump)
{
	size_t kept = 0;
	for (size_t i = 0; i < dump->count; i++)
		if (dump->steps[i].entry.kind == STADLS_DUMP_WRITE)
			dump->steps[kept++] = dump->steps[i];
	dump->count = kept;
}

static int compare_registers(const struct step *one, const struct step *other)
{
	const int names = strcmp(one->entry.container->name, other->entry.container->name);
	if (names)
		return names;
	return (one->entry.coordinate > other->entry.coordinate) -
	        (one->entry.coordinate < other->entry.coordinate);
}

static int compare_steps(const void *a, const void *b)
{
	const struct step *one = a, *other = b;
	const int registers = compare_registers(one, other);
	return registers ? registers : (one->order > other->order) - (one->order < other->order);
}

void stadls_dump_squash(struct stadls_dump *dump)
{
	size_t kept = 0;
	stadls_dump_remove_waits(dump);
	if (!dump->count)
		return;
	for (size_t i = 0; i < dump->count; i++)
		dump->steps[i].order = i;
	qsort(dump->steps, dump->count, sizeof(*dump->steps), compare_steps);
	for (size_t i = 0; i < dump->count; i++) {
		const bool last = i + 1 == dump->count ||
		        compare_registers(&dump->steps[i], &dump->steps[i + 1]) != 0;
		if (last)
			dump->steps[kept++] = dump->steps[i];
		else
			free(dump->steps[i].value);
	}
	dump->count = kept;
}

/* ---- to a builder ---------------------------------------------------------------------------- */

static int append_step(struct stadls_builder *builder, const struct stadls_dump_entry *entry)
{
	switch (entry->kind) {
	case STADLS_DUMP_WAIT_UNTIL:
		return stadls_builder_wait_until(builder, entry->argument);
	case STADLS_DUMP_BARRIER:
		return stadls_builder_barrier(builder, (uint32_t)entry->argument);
	case STADLS_DUMP_POLL:
		return stadls_builder_poll(builder, entry->argument);
	default:
		return stadls_builder_write(
		        builder, entry->container, entry->coordinate, entry->value);
	}
}

int stadls_builder_append_dump(struct stadls_builder *builder, const struct stadls_dump *dump)
{
	const struct fisch_mark mark = fisch_program_mark(builder->program);
	int status = HXCOMM_OK;
	for (size_t i = 0; i < dump->count && status == HXCOMM_OK; i++)
		status = append_step(builder, &dump->steps[i].entry);
	if (status != HXCOMM_OK)
		fisch_program_remove_after(builder->program, &mark);
	return status;
}

/* ---- to a chip ------------------------------------------------------------------------------- */

struct place {
	uint32_t address, index;
};

static int compare_places(const void *a, const void *b)
{
	const struct place *one = a, *other = b;
	return (one->address > other->address) - (one->address < other->address);
}

/* The words of a chip by address. */
struct memory {
	uint32_t *words;      /* [HALDLS_CHIP_WORDS] */
	struct stadls_builder *builder; /* for its scratch */
	struct place *places; /* [HALDLS_CHIP_WORDS] sorted */
	size_t foreign;
};

static int memory_init(struct memory *memory, const struct haldls_chip *chip)
{
	const uint32_t *addresses = haldls_chip_addresses();
	*memory = (struct memory){ .words = malloc(HALDLS_CHIP_WORDS * sizeof(*memory->words)),
		.places = malloc(HALDLS_CHIP_WORDS * sizeof(*memory->places)) };
	if (!memory->words || !memory->places)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the words of a chip");
	const int status = stadls_builder_new(&memory->builder);
	if (status != HXCOMM_OK)
		return status;
	for (uint32_t i = 0; i < HALDLS_CHIP_WORDS; i++)
		memory->places[i] = (struct place){ addresses[i], i };
	qsort(memory->places, HALDLS_CHIP_WORDS, sizeof(*memory->places), compare_places);
	return haldls_chip_encode(memory->words, chip);
}

static void memory_write(
        struct memory *memory, uint32_t address, uint32_t word, uint8_t byte_enables)
{
	const struct place wanted = { .address = address };
	const struct place *place = bsearch(&wanted, memory->places, HALDLS_CHIP_WORDS,
	        sizeof(*memory->places), compare_places);
	uint32_t mask = 0;
	for (unsigned lane = 0; lane < 4; lane++)
		mask |= byte_enables >> lane & 1 ? UINT32_C(0xff) << 8 * lane : 0;
	if (!place) {
		memory->foreign++;
		return;
	}
	uint32_t *at = &memory->words[place->index];
	*at = (*at & ~mask) | (word & mask);
}

static bool goes_over_omnibus(const struct haldls_container *container)
{
	for (size_t i = 0; i < container->backend_count; i++)
		if (container->backends[i] == FISCH_OMNIBUS)
			return true;
	return false;
}

static int memory_apply(struct memory *memory, const struct stadls_dump_entry *entry)
{
	uint32_t *words = NULL, *addresses, count = 0;
	uint8_t byte_enables = ALL_BYTES;
	const struct haldls_container *container = entry->container;
	int status = haldls_container_words(&count, container, entry->coordinate);
	if (status == HXCOMM_OK)
		status = stadls__scratch(&words, memory->builder, 2 * (size_t)count + 1);
	if (status == HXCOMM_OK)
		status = haldls_container_encode(words, &byte_enables, container, entry->coordinate,
		        entry->value);
	addresses = words + count;
	if (status == HXCOMM_OK)
		status = haldls_container_addresses(addresses, container, FISCH_OMNIBUS,
		        entry->coordinate, true);
	if (status != HXCOMM_OK)
		return haldls_element_wrap(status, container, entry->coordinate);
	for (uint32_t w = 0; w < count; w++)
		memory_write(memory, addresses[w], words[w], byte_enables);
	return HXCOMM_OK;
}

int stadls_dump_apply(struct haldls_chip *chip, size_t *foreign, const struct stadls_dump *dump)
{
	struct memory memory;
	struct haldls_chip *result = malloc(sizeof(*result));
	int status = memory_init(&memory, chip);
	if (status == HXCOMM_OK && !result)
		status = hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a chip");
	for (size_t i = 0; i < dump->count && status == HXCOMM_OK; i++) {
		const struct stadls_dump_entry *entry = &dump->steps[i].entry;
		if (entry->kind == STADLS_DUMP_WRITE && goes_over_omnibus(entry->container))
			status = memory_apply(&memory, entry);
	}
	if (status == HXCOMM_OK)
		status = haldls_chip_decode(result, memory.words);
	if (status == HXCOMM_OK) {
		*chip = *result;
		if (memory.foreign)
			hxcomm_log(HXCOMM_LOG_WARNING, "stadls",
			        "%zu words of a dump are no part of a chip: they are left out",
			        memory.foreign);
		if (foreign)
			*foreign = memory.foreign;
	}
	free(result);
	stadls_builder_free(memory.builder);
	free(memory.words);
	free(memory.places);
	return status;
}

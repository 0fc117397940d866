// SPDX-License-Identifier: MIT
/* Values lie element by element, so that a container decodes from where it is stored; pages of
 * slots lead there from the address. */
#include "registers.h"

#include <hxcomm/error.h>

#include <stdlib.h>
#include <string.h>

enum {
	PAGE_WORDS = 1024,
	PAGES = (1 << EMULATOR_ADDRESS_BITS) / PAGE_WORDS,
	WORDS_MAX = 64, /* longer containers are composed of others */
};

/* ---- windows of synapse memory --------------------------------------------------------------- */

enum { HEMISPHERE_BASE = 0x02c00000, HEMISPHERE_STRIDE = 0x01000000 };

/* A window shows some bits of each byte of the even or odd words. */
struct window {
	uint32_t first, end; /* offsets from the hemisphere's base */
	uint8_t odd;         /* 0 even bytes, 1 odd bytes */
	uint8_t shift;       /* position of the shown bits in the stored byte */
	uint32_t mask;       /* shown bits, in the window's word */
};

static const struct window windows[] = {
	{ 0x00000, 0x04040, 0, 0, 0x3f3f3f3f }, /* weights */
	{ 0x10000, 0x14040, 0, 6, 0x03030303 }, /* time calibration */
	{ 0x20000, 0x24040, 1, 6, 0x03030303 }, /* amplitude calibration */
	{ 0x40000, 0x44040, 1, 0, 0x3f3f3f3f }, /* labels */
};
enum { WINDOWS = sizeof(windows) / sizeof(*windows) };

enum { BOTH_FIRST = 0xf0000, BOTH_END = BOTH_FIRST + EMULATOR_SYNAPSE_ROWS * 128 };

bool emulator__registers_find_place(struct emulator_place *out, uint32_t address)
{
	if (address - HEMISPHERE_BASE >= 2 * HEMISPHERE_STRIDE)
		return false;
	const uint8_t hemisphere = address - HEMISPHERE_BASE >= HEMISPHERE_STRIDE;
	const uint32_t offset = (address - HEMISPHERE_BASE) % HEMISPHERE_STRIDE;
	if (offset - BOTH_FIRST < BOTH_END - BOTH_FIRST) {
		const uint32_t cell = offset - BOTH_FIRST;
		*out = (struct emulator_place){ hemisphere, cell / 64 % 2, 0,
			(uint16_t)(cell / 128), cell % 64, UINT32_MAX };
		return true;
	}
	for (unsigned i = 0; i < WINDOWS; i++) {
		const uint32_t cell = offset - windows[i].first;
		if (cell >= windows[i].end - windows[i].first)
			continue;
		*out = (struct emulator_place){ hemisphere, windows[i].odd, windows[i].shift,
			(uint16_t)(cell / 64), cell % 64, windows[i].mask };
		return true;
	}
	return false;
}

bool emulator__registers_is_synapse(uint32_t address)
{
	struct emulator_place place;
	return emulator__registers_find_place(&place, address);
}

uint32_t emulator__registers_read_place(const struct emulator_registers *registers,
        const struct emulator_place *p)
{
	return registers->synapses[p->hemisphere][p->row][p->odd][p->quad] >> p->shift & p->mask;
}

bool emulator__registers_write_place(struct emulator_registers *registers,
        const struct emulator_place *p, uint32_t value, uint32_t mask)
{
	/* which bits of the quad: low and high parts of its even and odd bytes */
	const unsigned parts = p->mask == UINT32_MAX ? 3u : p->shift ? 2u : 1u;
	const uint8_t touched = (uint8_t)(parts << 2 * p->odd);
	uint8_t *changed = &registers->synapses_changed[p->hemisphere][p->row][p->quad];
	if (*changed & touched)
		return false;
	const uint32_t bits = (mask & p->mask) << p->shift;
	uint32_t *cell = &registers->synapses[p->hemisphere][p->row][p->odd][p->quad];
	const uint32_t next = (*cell & ~bits) | (value << p->shift & bits);
	if (next == *cell)
		return true;
	*cell = next;
	if (!*changed)
		registers->quads[registers->quad_count++] =
		        (p->hemisphere * (uint32_t)EMULATOR_SYNAPSE_ROWS + p->row) *
		                EMULATOR_QUADS +
		        p->quad;
	*changed |= touched;
	return true;
}

/* ---- the map --------------------------------------------------------------------------------- */

static bool choose_backend(enum fisch_backend *out, const struct haldls_container *container)
{
	const bool writes = container->write_words > 0;
	const enum fisch_backend *backends =
	        writes ? container->backends : container->read_backends;
	const size_t count = writes ? container->backend_count : container->read_backend_count;
	bool found = false;
	for (size_t i = 0; i < count; i++) {
		const enum fisch_backend backend = backends[i];
		if (backend == FISCH_OMNIBUS ||
		        (backend == FISCH_OMNIBUS_CHIP_OVER_JTAG && !found)) {
			*out = backend;
			found = true;
		}
	}
	return found;
}

/* The words of a container on the chip: those it writes, or those it reads where it writes none. */
static uint32_t word_address(const struct haldls_container *container, enum fisch_backend backend,
        uint32_t element, uint32_t word)
{
	return container->write_words ? container->write_address(backend, element, word)
	                              : container->read_address(backend, element, word);
}

static uint32_t container_words(const struct haldls_container *container)
{
	return container->write_words ? container->write_words : container->read_words;
}

static bool belongs_here(enum fisch_backend *backend, const struct haldls_container *container)
{
	const uint32_t words = container_words(container);
	if (!words || words > WORDS_MAX || !choose_backend(backend, container) || !container->count)
		return false;
	const uint32_t address = word_address(container, *backend, 0, 0);
	/* samples are no registers, and the resets behind their window hold no value */
	if (address >= 0x02c80000 && address < 0x02cf0000)
		return false;
	return !(address >> EMULATOR_ADDRESS_BITS) && !emulator__registers_is_synapse(address) &&
	       !emulator__registers_is_synapse(word_address(container, *backend, 0, words - 1));
}

static int map_word(struct emulator_registers *registers, uint32_t address,
        const struct emulator_slot *slot)
{
	if (address >> EMULATOR_ADDRESS_BITS)
		return HXCOMM_OK;
	struct emulator_slot **page = &registers->pages[address / PAGE_WORDS];
	if (!*page)
		*page = calloc(PAGE_WORDS, sizeof(**page));
	if (!*page)
		return HXCOMM_ENOMEM;
	if (!(*page)[address % PAGE_WORDS].value)
		(*page)[address % PAGE_WORDS] = *slot;
	return HXCOMM_OK;
}

static int map_container(struct emulator_registers *registers, size_t index,
        enum fisch_backend backend)
{
	const struct emulator_mapped *mapped = &registers->mapped[index];
	union {
		max_align_t align;
		unsigned char bytes[4096];
	} value;
	uint32_t resets[WORDS_MAX] = { 0 };
	if (mapped->container->write_words && mapped->container->size <= sizeof(value)) {
		mapped->container->init(&value);
		if (mapped->container->encode(resets, &value) != HXCOMM_OK)
			memset(resets, 0, sizeof(resets));
	}
	for (uint32_t element = 0; element < mapped->container->count; element++) {
		registers->owner[mapped->first_element + element] = (uint32_t)index;
		for (uint32_t word = 0; word < mapped->words; word++) {
			const uint32_t position =
			        mapped->first_value + element * mapped->words + word;
			const struct emulator_slot slot = { position + 1, element, (uint16_t)index,
				(uint16_t)word };
			registers->resets[position] = registers->values[position] = resets[word];
			if (map_word(registers,
			            word_address(mapped->container, backend, element, word), &slot))
				return HXCOMM_ENOMEM;
		}
	}
	return HXCOMM_OK;
}

static int build(struct emulator_registers *registers, emulator_effect *effect)
{
	size_t count;
	const struct haldls_container *const *containers = haldls_containers(&count);
	enum fisch_backend backend = FISCH_OMNIBUS;

	registers->mapped = calloc(count, sizeof(*registers->mapped));
	registers->pages = calloc(PAGES, sizeof(*registers->pages));
	registers->quads = calloc(2 * EMULATOR_SYNAPSE_ROWS * EMULATOR_QUADS, sizeof(uint32_t));
	if (!registers->mapped || !registers->pages || !registers->quads)
		return HXCOMM_ENOMEM;
	for (size_t i = 0; i < count; i++) {
		if (!belongs_here(&backend, containers[i]))
			continue;
		registers->mapped[registers->mapped_count++] = (struct emulator_mapped){
			.container = containers[i],
			.first_value = registers->value_count,
			.first_element = registers->element_count,
			.words = container_words(containers[i]),
			.effect = effect(containers[i]),
		};
		registers->value_count += containers[i]->count * container_words(containers[i]);
		registers->element_count += containers[i]->count;
	}
	registers->values = calloc(registers->value_count + 1, sizeof(uint32_t));
	registers->resets = calloc(registers->value_count + 1, sizeof(uint32_t));
	registers->changed = calloc(registers->value_count + 1, 1);
	registers->owner = calloc(registers->element_count + 1, sizeof(uint32_t));
	registers->element_changed = calloc(registers->element_count + 1, 1);
	registers->list = calloc(registers->element_count + 1, sizeof(uint32_t));
	if (!registers->values || !registers->resets || !registers->changed || !registers->owner ||
	        !registers->element_changed || !registers->list)
		return HXCOMM_ENOMEM;
	for (size_t i = 0; i < registers->mapped_count; i++) {
		belongs_here(&backend, registers->mapped[i].container);
		if (map_container(registers, i, backend))
			return HXCOMM_ENOMEM;
	}
	return HXCOMM_OK;
}

int emulator__registers_new(struct emulator_registers **out, emulator_effect *effect)
{
	*out = NULL;
	struct emulator_registers *registers = calloc(1, sizeof(*registers));
	if (!registers || build(registers, effect) != HXCOMM_OK) {
		emulator__registers_free(registers);
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for the registers of the chip");
	}
	*out = registers;
	return HXCOMM_OK;
}

void emulator__registers_free(struct emulator_registers *registers)
{
	if (!registers)
		return;
	for (size_t i = 0; registers->pages && i < PAGES; i++)
		free(registers->pages[i]);
	free(registers->pages);
	free(registers->mapped);
	free(registers->quads);
	free(registers->values);
	free(registers->resets);
	free(registers->changed);
	free(registers->owner);
	free(registers->element_changed);
	free(registers->list);
	free(registers);
}

/* ---- access ---------------------------------------------------------------------------------- */

const struct emulator_slot *emulator__registers_find(const struct emulator_registers *registers,
        uint32_t address)
{
	if (address >> EMULATOR_ADDRESS_BITS)
		return NULL;
	const struct emulator_slot *page = registers->pages[address / PAGE_WORDS];
	return page && page[address % PAGE_WORDS].value ? &page[address % PAGE_WORDS] : NULL;
}

const uint32_t *emulator__registers_words(const struct emulator_registers *registers,
        size_t mapped, uint32_t element)
{
	return &registers->values[registers->mapped[mapped].first_value +
	        element * registers->mapped[mapped].words];
}

void emulator__registers_touch(struct emulator_registers *registers, size_t mapped,
        uint32_t element)
{
	const uint32_t number = registers->mapped[mapped].first_element + element;
	if (registers->element_changed[number])
		return;
	registers->element_changed[number] = 1;
	registers->list[registers->list_count++] = number;
}

bool emulator__registers_store(struct emulator_registers *registers,
        const struct emulator_slot *slot, uint32_t value, uint32_t mask)
{
	uint32_t *word = &registers->values[slot->value - 1];
	const uint32_t next = (*word & ~mask) | (value & mask);
	if (registers->mapped[slot->container].effect < 0) {
		*word = next;
		return true;
	}
	if (registers->changed[slot->value - 1])
		return false;
	registers->changed[slot->value - 1] = 1;
	*word = next;
	emulator__registers_touch(registers, slot->container, slot->element);
	return true;
}

void emulator__registers_settle(struct emulator_registers *registers)
{
	for (uint32_t i = 0; i < registers->list_count; i++) {
		const uint32_t number = registers->list[i];
		const struct emulator_mapped *mapped = &registers->mapped[registers->owner[number]];
		registers->element_changed[number] = 0;
		memset(&registers->changed[mapped->first_value +
		               (number - mapped->first_element) * mapped->words],
		        0, mapped->words);
	}
	registers->list_count = 0;
	uint8_t *flat = &registers->synapses_changed[0][0][0];
	for (uint32_t i = 0; i < registers->quad_count; i++)
		flat[registers->quads[i]] = 0;
	registers->quad_count = 0;
}

void emulator__registers_reset(struct emulator_registers *registers)
{
	for (size_t i = 0; i < registers->mapped_count; i++) {
		const struct emulator_mapped *mapped = &registers->mapped[i];
		for (uint32_t element = 0; element < mapped->container->count; element++) {
			const uint32_t first = mapped->first_value + element * mapped->words;
			const size_t size = mapped->words * sizeof(uint32_t);
			if (!memcmp(&registers->values[first], &registers->resets[first], size))
				continue;
			memcpy(&registers->values[first], &registers->resets[first], size);
			if (mapped->effect >= 0)
				emulator__registers_touch(registers, i, element);
		}
	}
	const uint32_t quads = 2 * EMULATOR_SYNAPSE_ROWS * EMULATOR_QUADS;
	uint8_t *flat = &registers->synapses_changed[0][0][0];
	for (uint32_t i = 0; i < quads; i++) {
		const uint32_t row = i / EMULATOR_QUADS, quad = i % EMULATOR_QUADS;
		uint32_t(*cells)[EMULATOR_QUADS] = registers->synapses[row / EMULATOR_SYNAPSE_ROWS]
		                                                      [row % EMULATOR_SYNAPSE_ROWS];
		if (!cells[0][quad] && !cells[1][quad])
			continue;
		cells[0][quad] = cells[1][quad] = 0;
		if (!flat[i])
			registers->quads[registers->quad_count++] = i;
		flat[i] = 15;
	}
}

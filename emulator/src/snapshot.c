// SPDX-License-Identifier: MIT
/* The whole state of a machine, kept and put back. A snapshot is only for the machine it was taken
 * from. A reset of that one moves everything: what it owns keeps the address that it has now; what
 * lies in places of one size is copied there, what grows is made room for. Putting back first makes
 * room everywhere, which may fail, and then copies, which cannot. */
#include "analog_state.h"
#include "machine.h"

#include <stdlib.h>
#include <string.h>

enum { QUEUES = 5, SENSORS = 2, TABLES = 2048, TABLE_PAGES = 1024 };

/* Memory that was copied. */
struct kept {
	void *data;
	size_t size;
};

/* A page of the FPGA's memory. */
struct page {
	uint32_t table, index;
	uint32_t word[EMULATOR_MEMORY_PAGE_WORDS];
};

struct emulator_snapshot {
	const struct emulator_machine *of;
	bool exhausted; /* something could not be kept */
	struct emulator_fpga fpga;
	struct emulator_chip chip;
	struct emulator_registers registers;
	struct kept analog, pattern, spikes, stimuli;
	struct kept queue[QUEUES];
	struct kept sensors[SENSORS], logs[SENSORS][CORRELATION_LOGS];
	struct kept values, changed, element_changed, list, quads;
	struct kept pages;
};

/* ---- keeping --------------------------------------------------------------------------------- */

/* Copy @size bytes; nothing for none. */
static void keep(struct emulator_snapshot *s, struct kept *out, const void *data, size_t size)
{
	*out = (struct kept){size ? malloc(size) : NULL, size};
	if (out->data)
		memcpy(out->data, data, size);
	else if (size)
		s->exhausted = true;
}

static struct emulator_queue *queue_of(struct emulator_events *events, unsigned i)
{
	return i < 4 ? &events->link[i] : &events->bus;
}

static void keep_chip(struct emulator_snapshot *s, struct emulator_chip *chip)
{
	const struct emulator_registers *r = chip->registers;
	s->chip = *chip;
	s->registers = *r;
	keep(s, &s->values, r->values, r->value_count * sizeof(*r->values));
	keep(s, &s->changed, r->changed, r->value_count);
	keep(s, &s->element_changed, r->element_changed, r->element_count);
	keep(s, &s->list, r->list, r->list_count * sizeof(*r->list));
	keep(s, &s->quads, r->quads, r->quad_count * sizeof(*r->quads));
	for (unsigned i = 0; i < QUEUES; i++) {
		const struct emulator_queue *queue = queue_of(&chip->events, i);
		keep(s, &s->queue[i], queue->events, queue->capacity * sizeof(*queue->events));
	}
}

static void keep_analog(struct emulator_snapshot *s, const struct emulator_analog *a)
{
	const struct analog_stimuli *stimuli = &a->stimuli;
	keep(s, &s->analog, a, sizeof(*a));
	keep(s, &s->pattern, a->pattern, sizeof(*a->pattern));
	keep(s, &s->spikes, a->spikes, a->spike_count * sizeof(*a->spikes));
	keep(s, &s->stimuli, stimuli->entry, stimuli->count * sizeof(*stimuli->entry));
	for (unsigned i = 0; i < SENSORS; i++) {
		const struct correlation_sensors *sensors = a->correlation.sensors[i];
		keep(s, &s->sensors[i], sensors, sensors ? sizeof(*sensors) : 0);
		for (unsigned k = 0; sensors && k < CORRELATION_LOGS; k++)
			keep(s, &s->logs[i][k], sensors->log[k].entry,
				sensors->log[k].count * sizeof(*sensors->log[k].entry));
	}
}

static void keep_memory(struct emulator_snapshot *s, const struct emulator_memory *memory)
{
	s->pages = (struct kept){NULL, memory->pages * sizeof(struct page)};
	if (!memory->pages)
		return;
	struct page *page = s->pages.data = malloc(s->pages.size);
	s->exhausted |= !page;
	for (uint32_t table = 0; table < TABLES; table++)
		for (uint32_t i = 0; page && memory->tables[table] && i < TABLE_PAGES; i++) {
			if (!memory->tables[table][i])
				continue;
			page->table = table;
			page->index = i;
			memcpy(page->word, memory->tables[table][i], sizeof(page->word));
			page++;
		}
}

int emulator__machine_snapshot(struct emulator_snapshot **out, struct emulator_machine *machine)
{
	*out = NULL;
	struct emulator_snapshot *s = calloc(1, sizeof(*s));
	if (s) {
		s->of = machine;
		s->fpga = *machine->fpga;
		keep_chip(s, machine->fpga->chip);
		keep_analog(s, machine->fpga->chip->analog);
		keep_memory(s, &machine->fpga->memory);
	}
	if (!s || s->exhausted) {
		emulator__machine_forget(s);
		return hxcomm_error_set(
			HXCOMM_ENOMEM, "no memory for a snapshot of %s", machine->identifier);
	}
	*out = s;
	return HXCOMM_OK;
}

void emulator__machine_forget(struct emulator_snapshot *s)
{
	if (!s)
		return;
	struct kept *all[] = {&s->analog, &s->pattern, &s->spikes, &s->stimuli, &s->values,
		&s->changed, &s->element_changed, &s->list, &s->quads, &s->pages};
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		free(all[i]->data);
	for (unsigned i = 0; i < QUEUES; i++)
		free(s->queue[i].data);
	for (unsigned i = 0; i < SENSORS; i++) {
		free(s->sensors[i].data);
		for (unsigned k = 0; k < CORRELATION_LOGS; k++)
			free(s->logs[i][k].data);
	}
	free(s);
}

/* ---- putting back: room ---------------------------------------------------------------------- */

static bool reserve(void **data, size_t *capacity, size_t count, size_t size)
{
	if (*capacity >= count)
		return true;
	void *grown = realloc(*data, count * size);
	if (!grown)
		return false;
	*data = grown;
	*capacity = count;
	return true;
}

static bool reserve_log(struct correlation_log *log, size_t count)
{
	void *entry = log->entry;
	const bool good = reserve(&entry, &log->capacity, count, sizeof(*log->entry));
	log->entry = entry;
	return good;
}

static bool has_page(const struct emulator_memory *memory, const struct page *page)
{
	return memory->tables[page->table] && memory->tables[page->table][page->index];
}

static bool reserve_pages(struct emulator_memory *memory, const struct emulator_snapshot *s)
{
	const struct page *page = s->pages.data;
	const uint32_t words = EMULATOR_MEMORY_PAGE_WORDS;
	for (size_t i = 0; i < s->pages.size / sizeof(*page); i++) {
		const uint32_t address = (page[i].table * TABLE_PAGES + page[i].index) * words;
		if (has_page(memory, &page[i]))
			continue;
		/* a page comes with something in it */
		if (emulator__memory_write(memory, address, 1, 1) != HXCOMM_OK ||
			emulator__memory_write(memory, address, 0, 1) != HXCOMM_OK ||
			!has_page(memory, &page[i]))
			return false;
	}
	return true;
}

static bool reserve_all(struct emulator_machine *machine, const struct emulator_snapshot *s)
{
	struct emulator_analog *a = machine->fpga->chip->analog;
	void *entry = a->stimuli.entry;
	bool good = reserve(&entry, &a->stimuli.capacity,
		s->stimuli.size / sizeof(*a->stimuli.entry), sizeof(*a->stimuli.entry));
	a->stimuli.entry = entry;
	good = reserve_pages(&machine->fpga->memory, s) && good;
	for (unsigned i = 0; i < QUEUES; i++) {
		/* a ring: its capacity belongs to its contents, and only ever grows */
		struct emulator_queue *queue = queue_of(&machine->fpga->chip->events, i);
		void *events = queue->events;
		size_t bytes = queue->capacity * sizeof(*queue->events);
		good = reserve(&events, &bytes, s->queue[i].size, 1) && good;
		queue->events = events;
	}
	for (unsigned i = 0; i < SENSORS; i++) {
		if (!s->sensors[i].size)
			continue;
		struct correlation_sensors *sensors = emulator__correlation_sensors(a, i);
		good = good && sensors;
		for (unsigned k = 0; sensors && k < CORRELATION_LOGS; k++)
			good = reserve_log(&sensors->log[k],
				       s->logs[i][k].size / sizeof(*sensors->log[k].entry)) &&
			       good;
	}
	return good;
}

/* ---- putting back: contents ------------------------------------------------------------------ */

static void copy(void *to, const struct kept *from)
{
	if (from->size)
		memcpy(to, from->data, from->size);
}

static void restore_chip(struct emulator_chip *chip, const struct emulator_snapshot *s)
{
	struct emulator_events events = chip->events;
	struct emulator_spike *spikes = chip->spikes;
	const size_t spike_capacity = chip->spike_capacity;
	struct emulator_registers *r = chip->registers;
	struct emulator_analog *analog = chip->analog;
	const struct emulator_listener listener = chip->listener;
	*chip = s->chip;
	chip->analog = analog;
	chip->registers = r;
	chip->listener = listener;
	chip->events.user = events.user;
	chip->spikes = spikes;
	chip->spike_capacity = spike_capacity;
	r->list_count = s->registers.list_count;
	r->quad_count = s->registers.quad_count;
	memcpy(r->synapses, s->registers.synapses, sizeof(r->synapses));
	memcpy(r->synapses_changed, s->registers.synapses_changed, sizeof(r->synapses_changed));
	copy(r->values, &s->values);
	copy(r->changed, &s->changed);
	copy(r->element_changed, &s->element_changed);
	copy(r->list, &s->list);
	copy(r->quads, &s->quads);
	for (unsigned i = 0; i < QUEUES; i++) {
		struct emulator_queue *queue = queue_of(&chip->events, i);
		queue->events = queue_of(&events, i)->events;
		copy(queue->events, &s->queue[i]);
	}
}

static void restore_sensors(
	struct correlation_sensors *sensors, const struct emulator_snapshot *s, unsigned hemisphere)
{
	struct correlation_log logs[CORRELATION_LOGS];
	memcpy(logs, sensors->log, sizeof(logs));
	copy(sensors, &s->sensors[hemisphere]);
	for (unsigned k = 0; k < CORRELATION_LOGS; k++) {
		sensors->log[k].entry = logs[k].entry;
		sensors->log[k].capacity = logs[k].capacity;
		copy(logs[k].entry, &s->logs[hemisphere][k]);
	}
}

static void restore_analog(struct emulator_analog *a, const struct emulator_snapshot *s)
{
	struct analog_stimulus *entry = a->stimuli.entry;
	const size_t capacity = a->stimuli.capacity;
	struct correlation correlation = a->correlation;
	struct emulator_worker *worker = a->worker;
	struct variation *pattern = a->pattern;
	struct emulator_spike *spikes = a->spikes;
	uint32_t *spike_keys = a->spike_keys, *halves[] = {a->half[0].spikes, a->half[1].spikes};
	copy(a, &s->analog);
	a->stimuli.entry = entry;
	a->stimuli.capacity = capacity;
	a->worker = worker;
	a->pattern = pattern;
	a->spikes = spikes;
	a->spike_keys = spike_keys;
	for (unsigned i = 0; i < ANALOG_HEMISPHERES; i++)
		a->half[i].spikes = halves[i];
	copy(entry, &s->stimuli);
	copy(a->pattern, &s->pattern);
	copy(a->spikes, &s->spikes);
	for (unsigned i = 0; i < SENSORS; i++) {
		a->correlation.sensors[i] = correlation.sensors[i];
		if (s->sensors[i].size)
			restore_sensors(correlation.sensors[i], s, i);
		else
			emulator__correlation_discard(&a->correlation, i);
	}
}

/* Pages are never given back: those that came later are empty again. */
static void restore_memory(struct emulator_memory *memory, const struct emulator_snapshot *s)
{
	for (uint32_t table = 0; table < TABLES; table++)
		for (uint32_t i = 0; memory->tables[table] && i < TABLE_PAGES; i++)
			if (memory->tables[table][i])
				memset(memory->tables[table][i], 0,
					EMULATOR_MEMORY_PAGE_WORDS * sizeof(uint32_t));
	const struct page *page = s->pages.data;
	for (size_t i = 0; i < s->pages.size / sizeof(*page); i++)
		memcpy(memory->tables[page[i].table][page[i].index], page[i].word,
			sizeof(page[i].word));
}

static void restore_fpga(struct emulator_fpga *fpga, const struct emulator_snapshot *s)
{
	const struct emulator_memory memory = fpga->memory;
	struct emulator_stream stream = fpga->stream;
	struct emulator_chip *chip = fpga->chip;
	*fpga = s->fpga;
	fpga->chip = chip;
	fpga->memory = memory;
	/* between runs the stream is empty; its buffers stay */
	stream.order = s->fpga.stream.order;
	stream.next_cycle = s->fpga.stream.next_cycle;
	stream.host_time = s->fpga.stream.host_time;
	stream.annotated = s->fpga.stream.annotated;
	stream.systime_offset = s->fpga.stream.systime_offset;
	stream.dropped = s->fpga.stream.dropped;
	fpga->stream = stream;
	restore_memory(&fpga->memory, s);
}

int emulator__machine_restore(struct emulator_machine *machine, const struct emulator_snapshot *s)
{
	if (s->of != machine)
		return hxcomm_error_set(HXCOMM_EINVAL,
			"the snapshot is of another machine than this %s: take one of this",
			machine->identifier);
	if (!reserve_all(machine, s))
		return hxcomm_error_set(
			HXCOMM_ENOMEM, "no memory to put %s back", machine->identifier);
	restore_fpga(machine->fpga, s);
	restore_chip(machine->fpga->chip, s);
	restore_analog(machine->fpga->chip->analog, s);
	return HXCOMM_OK;
}

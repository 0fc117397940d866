// SPDX-License-Identifier: MIT
/* A command is a slice of words, made when it is given: so it fails where it is given, and sorting
 * moves slices only. */
#include "builder_private.h"

#include <hxcomm/error.h>
#include <hxcomm/log.h>
#include <stadls/timeline.h>

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { DELAY_CYCLES = 1250, FIRST_COMMANDS = 64 };

static const uint64_t time_max = UINT32_MAX;

struct command {
	uint64_t time;
	size_t order;         /* of being given */
	size_t first, count;  /* words */
	size_t read;          /* index of the ticket, or NO_READ */
};

#define NO_READ SIZE_MAX

struct stadls_timeline {
	struct stadls_builder *one;    /* the command that is being made */
	struct fisch_program *words;   /* of all commands */
	struct command *commands;      /* [count] */
	struct stadls_ticket *tickets; /* [reads] as if each command were a program of its own */
	size_t count, capacity, reads, ticket_capacity;
};

int stadls_timeline_new(struct stadls_timeline **out)
{
	*out = NULL;
	struct stadls_timeline *timeline = calloc(1, sizeof(*timeline));
	if (!timeline)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for a timeline");
	int status = stadls_builder_new(&timeline->one);
	if (status == HXCOMM_OK)
		status = fisch_program_new(&timeline->words, 0);
	if (status != HXCOMM_OK) {
		stadls_timeline_free(timeline);
		return status;
	}
	*out = timeline;
	return HXCOMM_OK;
}

void stadls_timeline_free(struct stadls_timeline *timeline)
{
	if (!timeline)
		return;
	stadls_builder_free(timeline->one);
	fisch_program_free(timeline->words);
	free(timeline->commands);
	free(timeline->tickets);
	free(timeline);
}

void stadls_timeline_clear(struct stadls_timeline *timeline)
{
	fisch_program_clear(timeline->words);
	timeline->count = timeline->reads = 0;
}

size_t stadls_timeline_count(const struct stadls_timeline *timeline)
{
	return timeline->count;
}

size_t stadls_timeline_count_reads(const struct stadls_timeline *timeline)
{
	return timeline->reads;
}

/* ---- adding ---------------------------------------------------------------------------------- */

static int grow(void **array, size_t *capacity, size_t needed, size_t size)
{
	if (needed <= *capacity)
		return HXCOMM_OK;
	size_t larger = *capacity ? 2 * *capacity : FIRST_COMMANDS;
	larger = larger < needed ? needed : larger;
	void *grown = realloc(*array, larger * size);
	if (!grown)
		return hxcomm_error_set(HXCOMM_ENOMEM, "no memory for %zu commands", larger);
	*array = grown;
	*capacity = larger;
	return HXCOMM_OK;
}

static int make_room(struct stadls_timeline *timeline, size_t commands, size_t reads)
{
	int status = grow((void **)&timeline->commands, &timeline->capacity,
	        timeline->count + commands, sizeof(*timeline->commands));
	if (status == HXCOMM_OK)
		status = grow((void **)&timeline->tickets, &timeline->ticket_capacity,
		        timeline->reads + reads, sizeof(*timeline->tickets));
	return status;
}

static int check(uint64_t time, const struct haldls_container *container)
{
	if (time > time_max)
		return hxcomm_error_set(HXCOMM_ERANGE,
		        "time %" PRIu64 " cycles: the timer of the FPGA ends at %" PRIu64, time,
		        time_max);
	if (container == &haldls_timer_container)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a timeline sets the timer itself: append a write of Timer to a builder");
	return HXCOMM_OK;
}

/* The command in timeline->one, and the ticket of it where it reads. */
static int add(struct stadls_timeline *timeline, uint64_t time, const struct stadls_ticket *ticket)
{
	const struct fisch_mark before = fisch_program_mark(timeline->words);
	int status = make_room(timeline, 1, ticket != NULL);
	if (status == HXCOMM_OK)
		status = fisch_program_append_program(timeline->words, timeline->one->program);
	if (status != HXCOMM_OK)
		return status;
	timeline->commands[timeline->count] = (struct command){
		.time = time,
		.order = timeline->count,
		.first = before.words,
		.count = fisch_program_mark(timeline->words).words - before.words,
		.read = ticket ? timeline->reads : NO_READ,
	};
	timeline->count++;
	if (ticket)
		timeline->tickets[timeline->reads++] = *ticket;
	return HXCOMM_OK;
}

int stadls_timeline_write(struct stadls_timeline *timeline, uint64_t time_cycles,
        const struct haldls_container *container, uint32_t coordinate, const void *value)
{
	int status = check(time_cycles, container);
	stadls_builder_clear(timeline->one);
	if (status == HXCOMM_OK)
		status = stadls_builder_write(timeline->one, container, coordinate, value);
	return status == HXCOMM_OK ? add(timeline, time_cycles, NULL) : status;
}

int stadls_timeline_write_difference(struct stadls_timeline *timeline, uint64_t time_cycles,
        const struct haldls_container *container, uint32_t coordinate, const void *value,
        const void *reference)
{
	int status = check(time_cycles, container);
	stadls_builder_clear(timeline->one);
	if (status == HXCOMM_OK)
		status = stadls_builder_write_difference(
		        timeline->one, container, coordinate, value, reference);
	return status == HXCOMM_OK ? add(timeline, time_cycles, NULL) : status;
}

int stadls_timeline_read(size_t *out, struct stadls_timeline *timeline, uint64_t time_cycles,
        const struct haldls_container *container, uint32_t coordinate)
{
	struct stadls_ticket ticket;
	int status = check(time_cycles, container);
	stadls_builder_clear(timeline->one);
	if (status == HXCOMM_OK)
		status = stadls_builder_read(&ticket, timeline->one, container, coordinate);
	if (status == HXCOMM_OK)
		status = add(timeline, time_cycles, &ticket);
	if (status == HXCOMM_OK)
		*out = timeline->reads - 1;
	return status;
}

/* Forget the commands behind the first `count`; none of them reads. */
static void remove_after(struct stadls_timeline *timeline, size_t count,
        const struct fisch_mark *mark)
{
	timeline->count = count;
	fisch_program_remove_after(timeline->words, mark);
}

int stadls_timeline_spikes(struct stadls_timeline *timeline, const uint64_t *time_cycles,
        const uint16_t *labels, size_t count)
{
	const size_t before = timeline->count;
	const struct fisch_mark mark = fisch_program_mark(timeline->words);
	int status = HXCOMM_OK;
	for (size_t i = 0; i < count && status == HXCOMM_OK; i++) {
		status = check(time_cycles[i], NULL);
		stadls_builder_clear(timeline->one);
		if (status == HXCOMM_OK)
			status = stadls_builder_spikes(timeline->one, &labels[i], 1);
		if (status == HXCOMM_OK)
			status = add(timeline, time_cycles[i], NULL);
	}
	if (status != HXCOMM_OK)
		remove_after(timeline, before, &mark);
	return status;
}

/* ---- several timelines ----------------------------------------------------------------------- */

static int copy_commands(struct stadls_timeline *timeline, const struct stadls_timeline *other)
{
	const size_t count = other->count, reads = other->reads; /* `other` may be `timeline` */
	const struct fisch_mark mark = fisch_program_mark(timeline->words);
	int status = make_room(timeline, count, reads);
	if (status == HXCOMM_OK)
		status = fisch_program_append_program(timeline->words, other->words);
	if (status != HXCOMM_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		struct command *command = &timeline->commands[timeline->count + i];
		*command = other->commands[i];
		command->order = timeline->count + i;
		command->first += mark.words;
		if (command->read != NO_READ)
			command->read += timeline->reads;
	}
	if (reads)
		memcpy(timeline->tickets + timeline->reads, other->tickets,
		        reads * sizeof(*timeline->tickets));
	timeline->count += count;
	timeline->reads += reads;
	return HXCOMM_OK;
}

int stadls_timeline_merge(struct stadls_timeline *timeline, struct stadls_timeline *other)
{
	if (timeline == other)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a timeline cannot be merged into itself: stadls_timeline_append() copies");
	const int status = copy_commands(timeline, other);
	if (status == HXCOMM_OK)
		stadls_timeline_clear(other);
	return status;
}

int stadls_timeline_append(struct stadls_timeline *timeline, const struct stadls_timeline *other)
{
	if (other->reads)
		return hxcomm_error_set(HXCOMM_EINVAL,
		        "a timeline with %zu reads cannot be copied: stadls_timeline_merge() moves "
		        "it",
		        other->reads);
	return copy_commands(timeline, other);
}

/* ---- time ------------------------------------------------------------------------------------ */

static int outside(const struct command *command)
{
	return hxcomm_error_set(HXCOMM_ERANGE,
	        "the command at %" PRIu64 " cycles would leave 0 to %" PRIu64, command->time,
	        time_max);
}

int stadls_timeline_shift(struct stadls_timeline *timeline, int64_t offset_cycles)
{
	const uint64_t down = offset_cycles < 0 ? -(uint64_t)offset_cycles : 0;
	const uint64_t up = offset_cycles < 0 ? 0 : (uint64_t)offset_cycles;
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->commands[i].time < down || up > time_max - timeline->commands[i].time)
			return outside(&timeline->commands[i]);
	for (size_t i = 0; i < timeline->count; i++)
		timeline->commands[i].time += up - down;
	return HXCOMM_OK;
}

int stadls_timeline_scale(struct stadls_timeline *timeline, double factor)
{
	if (!(factor >= 0))
		return hxcomm_error_set(
		        HXCOMM_EINVAL, "factor %g: time is stretched by 0 or more", factor);
	for (size_t i = 0; i < timeline->count; i++)
		if (timeline->commands[i].time &&
		        round((double)timeline->commands[i].time * factor) > (double)time_max)
			return outside(&timeline->commands[i]);
	for (size_t i = 0; i < timeline->count; i++) {
		const uint64_t time = timeline->commands[i].time;
		timeline->commands[i].time = time ? (uint64_t)round((double)time * factor) : 0;
	}
	return HXCOMM_OK;
}

/* ---- the program ----------------------------------------------------------------------------- */

static int compare_commands(const void *a, const void *b)
{
	const struct command *one = a, *other = b;
	if (one->time != other->time)
		return one->time < other->time ? -1 : 1;
	return (one->order > other->order) - (one->order < other->order);
}

/* Append the commands in order; `marks` becomes where each read begins. */
static int append_commands(struct stadls_builder *builder, struct stadls_timeline_report *report,
        struct fisch_mark *marks, const struct stadls_timeline *timeline,
        const struct command *commands)
{
	size_t unused;
	const uint64_t *words = fisch_program_words(timeline->words, &unused);
	uint64_t current = 0;
	int status = stadls_builder_timer_reset(builder);
	for (size_t i = 0; i < timeline->count && status == HXCOMM_OK; i++) {
		const struct command *command = &commands[i];
		if (command->time > current) {
			current = command->time;
			status = stadls_builder_wait_until(builder, current - 1);
		} else if (current - command->time > report->longest_delay_cycles) {
			report->longest_delay_cycles = current - command->time;
		}
		report->delayed += command->time + DELAY_CYCLES < current;
		if (command->read != NO_READ)
			marks[command->read] = fisch_program_mark(builder->program);
		if (status == HXCOMM_OK && command->count)
			status = fisch_program_append_words(
			        builder->program, words + command->first, command->count);
		current++;
	}
	return status;
}

static void give_tickets(struct stadls_ticket *out, const struct stadls_timeline *timeline,
        const struct fisch_mark *marks)
{
	for (size_t i = 0; i < timeline->reads; i++) {
		out[i] = timeline->tickets[i];
		stadls_ticket_shift(&out[i], &marks[i]);
	}
}

int stadls_builder_append_timeline(struct stadls_ticket *tickets,
        struct stadls_timeline_report *report, struct stadls_builder *builder,
        struct stadls_timeline *timeline)
{
	const struct fisch_mark before = fisch_program_mark(builder->program);
	struct stadls_timeline_report made = { .commands = timeline->count };
	struct command *commands = calloc(timeline->count + 1, sizeof(*commands));
	struct fisch_mark *marks = calloc(timeline->reads + 1, sizeof(*marks));
	int status = HXCOMM_OK;
	if (!commands || !marks)
		status = hxcomm_error_set(
		        HXCOMM_ENOMEM, "no memory for %zu commands", timeline->count);
	if (status == HXCOMM_OK) {
		if (timeline->count)
			memcpy(commands, timeline->commands, timeline->count * sizeof(*commands));
		qsort(commands, timeline->count, sizeof(*commands), compare_commands);
		status = append_commands(builder, &made, marks, timeline, commands);
	}
	if (status == HXCOMM_OK) {
		if (made.delayed)
			hxcomm_log(HXCOMM_LOG_WARNING, "stadls",
			        "%zu of %zu commands of a timeline come more than 10 us late, the "
			        "worst by "
			        "%" PRIu64 " cycles: leave more room between them",
			        made.delayed, made.commands, made.longest_delay_cycles);
		for (size_t i = 0; i < timeline->reads; i++)
			stadls__note_read(builder, timeline->tickets[i].container);
		if (tickets)
			give_tickets(tickets, timeline, marks);
		if (report)
			*report = made;
		stadls_timeline_clear(timeline);
	} else {
		fisch_program_remove_after(builder->program, &before);
	}
	free(commands);
	free(marks);
	return status;
}

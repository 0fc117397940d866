// SPDX-License-Identifier: MIT
#ifndef STADLS_TIMELINE_H
#define STADLS_TIMELINE_H

/** @file
 *  @brief Commands at absolute times, given in any order.
 *  @defgroup stadls_timeline Timelines
 *
 *  A timeline collects writes, reads and events, each with the time at which it is to be issued;
 *  stadls_builder_append_timeline() sorts them and makes one program of them. Commands of the same
 *  time keep the order in which they were given, and follow each other cycle by cycle. What one
 *  command takes beyond a cycle is not accounted for: leave room behind a container of many words.
 *  Times are cycles of 8 ns since the start of the timeline, 0 … 2^32 - 1 (34.36 s).
 *
 *  A call that fails leaves the timeline as it was. A timeline belongs to one thread.
 *  (source: spec/stadls.md 6)
 *  @{ */

#include <haldls/container.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stadls_builder;
struct stadls_ticket;

/** Commands with times. Made by stadls_timeline_new(). */
struct stadls_timeline;

/** What became of the wanted times. */
struct stadls_timeline_report {
	size_t commands;          /**< number of commands */
	size_t delayed;           /**< of these more than 10 us (1250 cycles) later than wanted */
	uint64_t longest_delay_cycles; /**< of any command, by the cycle that it was given */
};

/** Make an empty timeline.
 *  @param[out] out  the timeline, owned by the caller; NULL after an error
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_new(struct stadls_timeline **out);

/** Free a timeline. @param timeline may be NULL */
HXCOMM_API void stadls_timeline_free(struct stadls_timeline *timeline);

/** Forget all commands, keep the memory. @param timeline the timeline */
HXCOMM_API void stadls_timeline_clear(struct stadls_timeline *timeline);

/** Number of commands. @param timeline the timeline @return 0 where it is empty */
HXCOMM_API size_t stadls_timeline_count(const struct stadls_timeline *timeline);

/** Number of reads among the commands. @param timeline the timeline
 *  @return 0 where the timeline only writes */
HXCOMM_API size_t stadls_timeline_count_reads(const struct stadls_timeline *timeline);

/** Add a write of a container over its default back end.
 *
 *  @param timeline    the timeline
 *  @param time_cycles when
 *  @param container   what @p value is; not Timer: the timeline sets it
 *  @param coordinate  0 … container->count - 1
 *  @param value       the container's struct; copied
 *  @retval 0               added
 *  @retval HXCOMM_EINVAL   the container is Timer
 *  @retval HXCOMM_ENOTSUP  the container cannot be written
 *  @retval HXCOMM_ERANGE   time, coordinate or a field lies outside its range, or the timeline
 *                          would hold more words than a program
 *  @retval HXCOMM_ENOMEM   memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_write(struct stadls_timeline *timeline,
        uint64_t time_cycles, const struct haldls_container *container, uint32_t coordinate,
        const void *value);

/** Add a write of the words of a container that differ from a reference. Where none differs, the
 *  command writes nothing but still takes its cycle.
 *
 *  @param timeline    the timeline
 *  @param time_cycles when
 *  @param container   what @p value and @p reference are
 *  @param coordinate  0 … container->count - 1
 *  @param value       what the register shall be; copied
 *  @param reference   what the register is; not kept
 *  @return as stadls_timeline_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_write_difference(struct stadls_timeline *timeline,
        uint64_t time_cycles, const struct haldls_container *container, uint32_t coordinate,
        const void *value, const void *reference);

/** Add a read of a container over its default back end.
 *
 *  @param[out] out    index of its ticket in what stadls_builder_append_timeline() fills in;
 *                     unchanged after an error
 *  @param timeline    the timeline
 *  @param time_cycles when
 *  @param container   what to read
 *  @param coordinate  0 … container->count - 1
 *  @return as stadls_timeline_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_read(size_t *out,
        struct stadls_timeline *timeline, uint64_t time_cycles,
        const struct haldls_container *container, uint32_t coordinate);

/** Add events.
 *
 *  @param timeline     the timeline
 *  @param time_cycles  [count] when, in any order
 *  @param labels       [count] labels. Each event is a command of its own: events of the same time
 *                      leave cycle by cycle
 *  @param count        number of events
 *  @return as stadls_timeline_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_spikes(struct stadls_timeline *timeline,
        const uint64_t *time_cycles, const uint16_t *labels, size_t count);

/** Move the commands of another timeline behind those of this one. Indices of its reads grow by the
 *  reads that @p timeline had.
 *
 *  @param timeline  the timeline
 *  @param other     empty afterwards; unchanged after an error
 *  @retval 0              moved
 *  @retval HXCOMM_EINVAL  both are the same
 *  @retval HXCOMM_ERANGE  together they would hold more words than a program
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_merge(struct stadls_timeline *timeline,
        struct stadls_timeline *other);

/** Copy the commands of another timeline that only writes behind those of this one.
 *
 *  @param timeline  the timeline
 *  @param other     stays as it is; may be @p timeline itself
 *  @return as stadls_timeline_merge(), with HXCOMM_EINVAL where @p other reads: whose would its
 *          tickets be? */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_append(struct stadls_timeline *timeline,
        const struct stadls_timeline *other);

/** Move all commands in time.
 *  @param timeline       the timeline
 *  @param offset_cycles  added to all times
 *  @retval 0              moved
 *  @retval HXCOMM_ERANGE  a command would lie outside 0 … 2^32 - 1 */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_shift(struct stadls_timeline *timeline,
        int64_t offset_cycles);

/** Stretch time.
 *  @param timeline  the timeline
 *  @param factor    all times are multiplied by it and rounded to the nearest cycle; 0 …
 *  @retval 0              stretched
 *  @retval HXCOMM_EINVAL  the factor is negative or no number
 *  @retval HXCOMM_ERANGE  a command would lie outside 0 … 2^32 - 1 */
HXCOMM_API HXCOMM_NODISCARD int stadls_timeline_scale(struct stadls_timeline *timeline,
        double factor);

/** Make the program of a timeline: a timer reset, then each command after a wait until the cycle
 *  before its time. What comes late follows at once; later than 10 us is logged as a warning.
 *
 *  @param[out] tickets  [stadls_timeline_count_reads()] of the reads, by their index; NULL where
 *                       nobody wants them; unchanged after an error
 *  @param[out] report   what became of the times; may be NULL; unchanged after an error
 *  @param builder       appended to; unchanged after an error. Put a barrier behind where
 *                       the timeline reads
 *  @param timeline      empty afterwards; unchanged after an error
 *  @retval 0              appended
 *  @retval HXCOMM_ERANGE  the program would be longer than its limit
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_append_timeline(struct stadls_ticket *tickets,
        struct stadls_timeline_report *report, struct stadls_builder *builder,
        struct stadls_timeline *timeline);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

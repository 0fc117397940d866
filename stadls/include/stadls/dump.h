// SPDX-License-Identifier: MIT
#ifndef STADLS_DUMP_H
#define STADLS_DUMP_H

/** @file
 *  @brief What a program writes, as containers instead of words.
 *  @defgroup stadls_dump Dumps
 *
 *  A dump takes the same steps as a builder and keeps them as pairs of coordinate and container: to
 *  look through them, to save them, to replay them to a builder, or to fold them into a chip. It
 *  holds nothing that reads.
 *
 *  A call that fails leaves the dump as it was. A dump belongs to one thread.
 *  (source: spec/stadls.md 7)
 *  @{ */

#include <haldls/chip.h>
#include <haldls/container.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct stadls_builder;

/** Steps as containers. Made by stadls_dump_new(). */
struct stadls_dump;

/** Kinds of steps. */
enum stadls_dump_kind {
	STADLS_DUMP_WRITE = 0,  /**< a write of a container */
	STADLS_DUMP_WAIT_UNTIL, /**< a wait for a value of the timer */
	STADLS_DUMP_BARRIER,    /**< a wait until channels are idle */
	STADLS_DUMP_POLL,       /**< a wait for the word of the polling block */
};

/** One step, lent by the dump until it changes. */
struct stadls_dump_entry {
	enum stadls_dump_kind kind;               /**< what is done */
	const struct haldls_container *container; /**< of a write; NULL otherwise */
	uint32_t coordinate;                      /**< of a write; 0 otherwise */
	const void *value;                        /**< of a write: the container's struct */
	uint64_t argument; /**< of a wait the cycles, of a barrier the mask, of a poll 1 for
	                        equal */
};

/** Make an empty dump.
 *  @param[out] out  the dump, owned by the caller; NULL after an error
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_new(struct stadls_dump **out);

/** Free a dump. @param dump may be NULL */
HXCOMM_API void stadls_dump_free(struct stadls_dump *dump);

/** Forget all steps. @param dump the dump */
HXCOMM_API void stadls_dump_clear(struct stadls_dump *dump);

/** Number of steps. @param dump the dump @return 0 where it is empty */
HXCOMM_API size_t stadls_dump_count(const struct stadls_dump *dump);

/** A step.
 *  @param[out] out  the step
 *  @param dump      the dump
 *  @param index     0 … stadls_dump_count() - 1
 *  @retval 0              found
 *  @retval HXCOMM_ERANGE  there is no such step */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_get(struct stadls_dump_entry *out,
        const struct stadls_dump *dump, size_t index);

/** Append a write of a container. A differential write is dumped as the full one.
 *  @param dump        the dump
 *  @param container   what @p value is
 *  @param coordinate  0 … container->count - 1
 *  @param value       the container's struct; copied
 *  @retval 0               appended
 *  @retval HXCOMM_ENOTSUP  the container cannot be written
 *  @retval HXCOMM_ERANGE   the coordinate does not exist
 *  @retval HXCOMM_ENOMEM   memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_write(struct stadls_dump *dump,
        const struct haldls_container *container, uint32_t coordinate, const void *value);

/** Append a wait for a value of the timer.
 *  @param dump    the dump
 *  @param cycles  0 … 2^32 - 1
 *  @return as stadls_dump_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_wait_until(struct stadls_dump *dump, uint64_t cycles);

/** Append a barrier.
 *  @param dump  the dump
 *  @param mask  HXCOMM_BARRIER_… or'ed; 0 … 31
 *  @return as stadls_dump_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_barrier(struct stadls_dump *dump, uint32_t mask);

/** Append a poll of the word that a PollingOmnibusBlockConfig names.
 *  @param dump   the dump
 *  @param equal  as for stadls_builder_poll()
 *  @return as stadls_dump_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_poll(struct stadls_dump *dump, bool equal);

/** Append a copy of the steps of another dump.
 *  @param dump   the dump
 *  @param other  stays as it is; may be @p dump itself
 *  @return as stadls_dump_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_append(struct stadls_dump *dump,
        const struct stadls_dump *other);

/** Forget all that only waits. @param dump the dump */
HXCOMM_API void stadls_dump_remove_waits(struct stadls_dump *dump);

/** Keep the last write of each register only, sorted by name of the container, then by coordinate.
 *  Waits are removed: nothing follows them in time any more. @param dump the dump */
HXCOMM_API void stadls_dump_squash(struct stadls_dump *dump);

/** Append the steps of a dump to a builder, each over its container's default back end.
 *  @param builder  unchanged after an error
 *  @param dump     the dump
 *  @return as stadls_builder_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_append_dump(struct stadls_builder *builder,
        const struct stadls_dump *dump);

/** Fold the writes of a dump into a chip: what the chip would hold afterwards. Writes that do not
 *  go over the omnibus are left out, of bytes only those enabled count.
 *
 *  @param[in,out] chip  what the chip held before, such as after haldls_chip_init(); unchanged
 *                       after an error
 *  @param[out] foreign  number of written words that are no part of a chip: a warning is logged
 *                       where there are any; may be NULL
 *  @param dump          the dump
 *  @retval 0              folded
 *  @retval HXCOMM_ERANGE  a field lies outside its range, in the dump or in @p chip
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_dump_apply(struct haldls_chip *chip, size_t *foreign,
        const struct stadls_dump *dump);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

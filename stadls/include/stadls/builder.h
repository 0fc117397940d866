// SPDX-License-Identifier: MIT
#ifndef STADLS_BUILDER_H
#define STADLS_BUILDER_H

/** @file
 *  @brief Playback programs out of register containers.
 *  @defgroup stadls_builder Builder
 *
 *  A builder appends to one program: writes and reads of containers, waits, events, whole chips.
 *  What fails leaves the program as it was. A write takes effect in program order, but nobody waits
 *  for it: put a barrier where something depends on it having arrived. Times are FPGA cycles of
 *  8 ns on a timer of 32 bits (34.36 s).
 *
 *  Every function that appends returns
 *  - 0: appended;
 *  - #HXCOMM_ERANGE: a coordinate, field or number lies outside its range, or the program would be
 *    longer than its limit;
 *  - #HXCOMM_ENOMEM: memory is exhausted;
 *
 *  and what its own page says. A builder belongs to one thread.
 *  (source: spec/stadls.md 1, 2)
 *  @{ */

#include <fisch/program.h>
#include <fisch/register.h>
#include <fisch/ticket.h>
#include <haldls/chip.h>
#include <haldls/container.h>
#include <haldls/containers.h>
#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_responses;

/** A program in the making. Made by stadls_builder_new(). */
struct stadls_builder;

/** A claim on the answer to a read. Plain data: copy and keep as you like; it needs neither the
 *  builder nor its program any more. Zero is the ticket of nothing. */
struct stadls_ticket {
	struct fisch_ticket words;                 /**< where the words of the answer will be */
	const struct haldls_container *container;  /**< what was read; NULL for a tick */
	uint32_t coordinate;                       /**< which one, the first of a range */
	uint32_t count;                            /**< how many coordinates; 0 means 1 */
};

/** Make an empty builder for programs of at most 4 194 304 words, the playback memory of the FPGA.
 *  @param[out] out  the builder, owned by the caller; NULL after an error
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_new(struct stadls_builder **out);

/** Free a builder and its program. @param builder may be NULL */
HXCOMM_API void stadls_builder_free(struct stadls_builder *builder);

/** Forget the program, keep the memory. Tickets lose their meaning. @param builder the builder */
HXCOMM_API void stadls_builder_clear(struct stadls_builder *builder);

/** The program so far, to look at or to append words to.
 *  @param builder  the builder
 *  @return lent until the builder is freed */
HXCOMM_API struct fisch_program *stadls_builder_program(struct stadls_builder *builder);

/** Make a deep copy: a builder with the same program. Tickets of either hold for both.
 *  @param[out] out  the copy, owned by the caller; NULL after an error
 *  @param other     stays as it is
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_new_copy(struct stadls_builder **out,
        const struct stadls_builder *other);

/** Is the program empty? @param builder the builder @return true when there is no instruction */
HXCOMM_API bool stadls_builder_is_empty(const struct stadls_builder *builder);

/** Are two programs the same, word by word? @param a a builder @param b another one
 *  @return true when they are */
HXCOMM_API bool stadls_builder_is_equal(const struct stadls_builder *a,
        const struct stadls_builder *b);

/** Is there nothing to read? @param builder the builder
 *  @return true when the program expects no answer */
HXCOMM_API bool stadls_builder_is_write_only(const struct stadls_builder *builder);

/** Append a write of a container over its default back end.
 *
 *  @param builder     the builder
 *  @param container   what @p value is, such as &haldls_neuron_config_container
 *  @param coordinate  0 … container->count - 1
 *  @param value       the container's struct; not kept
 *  @return see above, and HXCOMM_ENOTSUP: the container cannot be written */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write(struct stadls_builder *builder,
        const struct haldls_container *container, uint32_t coordinate, const void *value);

/** Append a write of a container over a back end of choice.
 *
 *  @param builder     the builder
 *  @param backend     one of container->backends
 *  @param container   what @p value is
 *  @param coordinate  0 … container->count - 1
 *  @param value       the container's struct; not kept
 *  @return see stadls_builder_write(), and HXCOMM_EINVAL: the container cannot be written this
 *          way */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_over(struct stadls_builder *builder,
        enum fisch_backend backend, const struct haldls_container *container, uint32_t coordinate,
        const void *value);

/** Append a write of a container, its type taken from the pointer.
 *  @param builder     the builder
 *  @param coordinate  0 … count - 1
 *  @param pointer     to any struct of haldls/containers.h
 *  @return as stadls_builder_write() */
#define stadls_write(builder, coordinate, pointer) \
	stadls_builder_write((builder), HALDLS_CONTAINER_OF(pointer), (coordinate), (pointer))

/** Append a write of those words of a container that differ from a reference; of none, when they
 *  are equal.
 *
 *  @param builder     the builder
 *  @param container   what @p value and @p reference are
 *  @param coordinate  0 … container->count - 1
 *  @param value       what the register shall be
 *  @param reference   what the register is
 *  @return as stadls_builder_write() */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_difference(struct stadls_builder *builder,
        const struct haldls_container *container, uint32_t coordinate, const void *value,
        const void *reference);

/** Append a write of the words that differ from a reference over a back end of choice.
 *
 *  @param builder     the builder
 *  @param backend     one of container->backends
 *  @param container   what @p value and @p reference are
 *  @param coordinate  0 … container->count - 1
 *  @param value       what the register shall be
 *  @param reference   what the register is
 *  @return as stadls_builder_write_over() */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_difference_over(
        struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate, const void *value,
        const void *reference);

/** Append writes of a range of coordinates: all synapse drivers, the neurons of a column, one back
 *  end's potentiometers.
 *
 *  @param builder     the builder
 *  @param backend     one of container->backends; container->backends[0] is the default
 *  @param container   what @p values are
 *  @param first       the first coordinate
 *  @param count       number of coordinates; all of them lie below container->count. 0 appends
 *                     nothing
 *  @param values      [count] the container's structs; not kept
 *  @param references  [count] what the registers are: only words that differ are written; NULL
 *                     writes all
 *  @return as stadls_builder_write_over() */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_range(struct stadls_builder *builder,
        enum fisch_backend backend, const struct haldls_container *container, uint32_t first,
        uint32_t count, const void *values, const void *references);

/** Append a read of a container over its default back end. Put a barrier behind the last read.
 *
 *  @param[out] out    the ticket; unchanged after an error
 *  @param builder     the builder
 *  @param container   what to read
 *  @param coordinate  0 … container->count - 1
 *  @return see above, and HXCOMM_ENOTSUP: the container cannot be read */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_read(struct stadls_ticket *out,
        struct stadls_builder *builder, const struct haldls_container *container,
        uint32_t coordinate);

/** Append a read of a container over a back end of choice.
 *
 *  @param[out] out    the ticket; unchanged after an error
 *  @param builder     the builder
 *  @param backend     one of container->read_backends
 *  @param container   what to read
 *  @param coordinate  0 … container->count - 1
 *  @return as stadls_builder_read(), and HXCOMM_EINVAL: the container cannot be read this way */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_read_over(struct stadls_ticket *out,
        struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t coordinate);

/** Append a read of a range of coordinates: one ticket for all.
 *
 *  @param[out] out    the ticket; stadls_ticket_read() gives an array of @p count structs;
 *                     unchanged after an error
 *  @param builder     the builder
 *  @param backend     one of container->read_backends; container->read_backends[0] is the default
 *  @param container   what to read
 *  @param first       the first coordinate
 *  @param count       number of coordinates, 1 …; all of them lie below container->count
 *  @return as stadls_builder_read_over(); HXCOMM_EINVAL, too, where @p count is 0 */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_read_range(struct stadls_ticket *out,
        struct stadls_builder *builder, enum fisch_backend backend,
        const struct haldls_container *container, uint32_t first, uint32_t count);

/** Decode the answer to a read.
 *
 *  @param[out] value  the container's struct, for a range an array of as many as were read;
 *                     unchanged after an error
 *  @param ticket      from stadls_builder_read()
 *  @param responses   of the run of its program
 *  @retval 0              decoded
 *  @retval HXCOMM_EINVAL  the ticket is of nothing, or of a tick
 *  @retval HXCOMM_ESTATE  the responses do not reach that far: the program has not been run
 *  @retval HXCOMM_ERANGE  the words mean nothing to the container
 *  @retval HXCOMM_ENOENT  an I2C device did not acknowledge
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_ticket_read(void *value, const struct stadls_ticket *ticket,
        const struct hxcomm_responses *responses);

/** When the last word of the answer came.
 *
 *  @param[out] out_cycles  FPGA time in cycles of 8 ns; unchanged after an error
 *  @param ticket           from stadls_builder_read() or stadls_builder_tick()
 *  @param responses        of the run of its program
 *  @return as fisch_ticket_time() */
HXCOMM_API HXCOMM_NODISCARD int stadls_ticket_time(uint64_t *out_cycles,
        const struct stadls_ticket *ticket, const struct hxcomm_responses *responses);

/** Make a ticket hold for the builder that its own one was appended to.
 *  @param ticket  the ticket
 *  @param before  fisch_program_mark() of the longer program before stadls_builder_append() */
HXCOMM_API void stadls_ticket_shift(struct stadls_ticket *ticket, const struct fisch_mark *before);

/** Set the timer to 0. @param builder the builder @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_timer_reset(struct stadls_builder *builder);

/** Stall until the timer has reached a value; a past value continues at once.
 *  @param builder  the builder
 *  @param cycles   of 8 ns since the last timer reset; 0 … 2^32 - 1
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_wait_until(struct stadls_builder *builder,
        uint64_t cycles);

/** Set the timer to 0 and stall until it has reached a value.
 *  @param builder  the builder
 *  @param cycles   of 8 ns; 0 … 2^32 - 1
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_wait(struct stadls_builder *builder,
        uint64_t cycles);

/** Stall until channels are idle.
 *  @param builder  the builder
 *  @param mask     HXCOMM_BARRIER_… or'ed; 0 … 31
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_barrier(struct stadls_builder *builder,
        uint32_t mask);

/** Stall on the omnibus word that a PollingOmnibusBlockConfig names.
 *  @param builder  the builder
 *  @param equal    true: until the masked word equals the target; false: until it differs
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_poll(struct stadls_builder *builder, bool equal);

/** Stall on any omnibus word: set the polling block up, wait until that has arrived, poll.
 *
 *  @param builder  the builder
 *  @param address  omnibus word address; bit 31 set: FPGA, clear: chip
 *  @param mask     bits that count
 *  @param target   what they are compared with; lies within @p mask
 *  @param equal    true: until word & mask == target; false: until it differs
 *  @return see above, and HXCOMM_EINVAL: @p target has a bit outside @p mask, which would never be
 *          equal
 *
 *  A word that never comes as expected blocks until the instruction timeout (10 ms, see
 *  InstructionTimeoutConfig); the run then fails with HXCOMM_EDEVICE. */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_poll_word(struct stadls_builder *builder,
        uint32_t address, uint32_t mask, uint32_t target, bool equal);

/** Ask for the time; read it by stadls_ticket_time().
 *  @param[out] out  the ticket; unchanged after an error
 *  @param builder   the builder
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_tick(struct stadls_ticket *out,
        struct stadls_builder *builder);

/** Send events now, in packs of up to 3, one cycle a pack.
 *  @param builder  the builder
 *  @param labels   [count] labels in the order they are sent
 *  @param count    number of events
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_spikes(struct stadls_builder *builder,
        const uint16_t *labels, size_t count);

/** Send events at given times: a wait for each time, then the packs of its events.
 *  @param builder      the builder
 *  @param time_cycles  [count] ascending, cycles of 8 ns since the last timer reset; 0 … 2^32 - 1
 *  @param labels       [count] labels; those of equal time share packs, in order
 *  @param count        number of events
 *  @return see above, and HXCOMM_EINVAL: the times do not ascend */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_spike_train(struct stadls_builder *builder,
        const uint64_t *time_cycles, const uint16_t *labels, size_t count);

/** Append the whole configuration of a chip.
 *  @param builder  the builder
 *  @param chip     not kept
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_chip(struct stadls_builder *builder,
        const struct haldls_chip *chip);

/** Append those words of a chip's configuration that differ from a reference, in the same order.
 *  @param builder    the builder
 *  @param chip       what the chip shall be
 *  @param reference  what the chip is
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_chip_difference(
        struct stadls_builder *builder, const struct haldls_chip *chip,
        const struct haldls_chip *reference);

/** Append those words that differ where the caller knows which rows of synapses do: only these are
 *  looked at, which takes microseconds.
 *  @param builder    the builder
 *  @param chip       what the chip shall be
 *  @param reference  what the chip is
 *  @param changed    where they may differ
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_write_chip_rows(struct stadls_builder *builder,
        const struct haldls_chip *chip, const struct haldls_chip *reference,
        const struct haldls_chip_rows *changed);

/** Append the program of another builder. Tickets of @p other hold after stadls_ticket_shift().
 *  @param builder  the builder
 *  @param other    stays as it is; may be @p builder itself
 *  @return see above */
HXCOMM_API HXCOMM_NODISCARD int stadls_builder_append(struct stadls_builder *builder,
        const struct stadls_builder *other);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

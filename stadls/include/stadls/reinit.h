// SPDX-License-Identifier: MIT
#ifndef STADLS_REINIT_H
#define STADLS_REINIT_H

/** @file
 *  @brief Bringing a chip back to where its user left it, after others had it.
 *  @defgroup stadls_reinit Re-initialisation
 *
 *  Where users share a chip, each of them has a stack of programs that write: the bring-up, the
 *  calibration, the network. When the chip comes back from somebody else, the stack is run from its
 *  bottom to its top. An entry may have a snapshot, a program that reads: it is run before the chip
 *  is handed on, and what it read is written, instead of the entry's program, the next time.
 *
 *  A stack holds copies of all programs. It belongs to one thread. (source: spec/stadls.md 8)
 *  @{ */

#include <hxcomm/export.h>

#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_connection;
struct hxcomm_responses;
struct stadls_builder;

/** A stack of programs. Made by stadls_reinit_new(). */
struct stadls_reinit;

/** Make an empty stack.
 *  @param[out] out  the stack, owned by the caller; NULL after an error
 *  @retval 0              made
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_reinit_new(struct stadls_reinit **out);

/** Free a stack. @param reinit may be NULL */
HXCOMM_API void stadls_reinit_free(struct stadls_reinit *reinit);

/** Number of entries. @param reinit the stack @return 0 where it is empty */
HXCOMM_API size_t stadls_reinit_count(const struct stadls_reinit *reinit);

/** Does the next stadls_reinit_run() run the stack first? @param reinit the stack
 *  @return true after stadls_reinit_enforce() and until the stack was run */
HXCOMM_API bool stadls_reinit_is_enforced(const struct stadls_reinit *reinit);

/** Add an empty entry on top.
 *  @param[out] out  its index; unchanged after an error
 *  @param reinit    the stack
 *  @retval 0              added
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_reinit_add(size_t *out, struct stadls_reinit *reinit);

/** Set the programs of an entry, in place of those it had.
 *
 *  @param reinit    the stack; unchanged after an error
 *  @param index     from stadls_reinit_add()
 *  @param request   writes only; copied
 *  @param snapshot  reads over the omnibus only; copied; NULL for none
 *  @param enforce   true: as stadls_reinit_enforce(); false: wait until the chip comes back from
 *                   somebody else
 *  @retval 0              set
 *  @retval HXCOMM_ESTATE  the entry was removed
 *  @retval HXCOMM_EINVAL  the request reads, or the snapshot reads what cannot be written back:
 *                         over JTAG or I2C, or a tick
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int stadls_reinit_set(struct stadls_reinit *reinit, size_t index,
        const struct stadls_builder *request, const struct stadls_builder *snapshot, bool enforce);

/** Remove the topmost entry. One below others only becomes empty, and is removed when it comes to
 *  the top; removing again does nothing.
 *  @param reinit  the stack
 *  @param index   from stadls_reinit_add()
 *  @retval 0              removed, now or before
 *  @retval HXCOMM_ESTATE  it lies below others: it is empty from now on */
HXCOMM_API int stadls_reinit_remove(struct stadls_reinit *reinit, size_t index);

/** Have the stack run before the next program, whoever had the chip. @param reinit the stack */
HXCOMM_API void stadls_reinit_enforce(struct stadls_reinit *reinit);

/** Take the snapshots, before the chip is given to somebody else. Afterwards the stack is enforced.
 *
 *  @param reinit      the stack; unchanged after an error
 *  @param connection  to the chip
 *  @return as stadls_run(), and HXCOMM_ENOMEM */
HXCOMM_API HXCOMM_NODISCARD int stadls_reinit_leave(struct stadls_reinit *reinit,
        struct hxcomm_connection *connection);

/** Run the stack from bottom to top, if it is enforced, then a program.
 *
 *  @param reinit      the stack
 *  @param connection  to the chip
 *  @param builder     as for stadls_run(); NULL runs the stack only
 *  @param[out] out    as for stadls_run()
 *  @return as stadls_run(); the stack stays enforced where it did not come to its end */
HXCOMM_API HXCOMM_NODISCARD int stadls_reinit_run(struct stadls_reinit *reinit,
        struct hxcomm_connection *connection, const struct stadls_builder *builder,
        struct hxcomm_responses *out);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

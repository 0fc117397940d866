// SPDX-License-Identifier: MIT
#ifndef HXCOMM_PROVIDER_H
#define HXCOMM_PROVIDER_H

/** @file
 *  @brief Who executes programs: a table of operations under the scheme of an address.
 *  @defgroup hxcomm_provider Providers
 *
 *  `arq`, `loopback`, `mock`, `record` and `replay` are built in. Any other scheme is a module, a
 *  shared object `<scheme>.so` that exports `const struct hxcomm_provider hxcomm_provider`. It is
 *  looked for in the folders of the environment variable HXCOMM_PROVIDER_PATH (separated by
 *  colons), then in `hxcomm/providers-2` beside libhxcomm.so. A module is loaded once and stays.
 *
 *  The table of providers is shared by all threads; the functions here may be called by several at
 *  once.
 *  @{ */

#include <hxcomm/export.h>
#include <hxcomm/uri.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

struct hxcomm_open_options;

/** A program under way: the provider takes its words and delivers what comes back. */
struct hxcomm_job;

/** Version of struct hxcomm_provider: another number means another layout or meaning. */
#define HXCOMM_PROVIDER_ABI UINT32_C(2)

/** A provider. All members but reset are set; the object lives as long as the process.
 *
 *  The operations of one connection are called one after the other, from open to close, but not
 *  always by the same thread. */
struct hxcomm_provider {
	uint32_t abi;        /**< #HXCOMM_PROVIDER_ABI */
	uint32_t size;       /**< sizeof(struct hxcomm_provider) */
	const char *scheme;  /**< such as "loopback"; a-z, 0-9 and '-', at most 31 characters */
	const char *summary; /**< one line for lists */

	/** Open a connection.
	 *  @param[out] state  the provider's own; handed to the other operations
	 *  @param uri         the address; the provider refuses keys that it does not know
	 *  @param options     complete: defaults are filled in
	 *  @return 0 or a status with message */
	int (*open)(void **state, const struct hxcomm_uri *uri,
	        const struct hxcomm_open_options *options);

	/** Execute a program, then one halt, and deliver what comes back up to and with the halt.
	 *  @param state  from open
	 *  @param job    gives the words by hxcomm_job_take(), takes the answer by
	 *                hxcomm_job_deliver(), tells by hxcomm_job_check() when to give up; errors
	 *                of the three are to be returned
	 *  @return 0 or a status with message */
	int (*run)(void *state, struct hxcomm_job *job);

	/** The chip's unique identifier.
	 *  @param state  from open
	 *  @return text that lives as long as the connection */
	const char *(*identifier)(void *state);

	/** End the connection and free @p state.
	 *  @param state  from open */
	void (*close)(void *state);

	/** Bring link and chip back to where open has left them, after a run that was given up in
	 *  the middle or at any other time between runs; NULL where that is not possible.
	 *  @param state      from open
	 *  @param timeout_s  give up after this time, in s
	 *  @return 0 or a status with message */
	int (*reset)(void *state, double timeout_s);
};

/** Take the next words of the program. Blocks while its user has not appended them yet.
 *  @param job         as given to run
 *  @param[out] words  [count] checked instruction words in host byte order, without the halt; lent
 *                     until the next call
 *  @param[out] count  their number; 0 at the end of the program
 *  @retval 0   set
 *  @retval <0  stop the run and return this: as hxcomm_job_check() */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_job_take(struct hxcomm_job *job, const uint64_t **words,
        size_t *count);

/** Deliver words that came back, any number of times.
 *  @param job    as given to run
 *  @param words  [count] words in host byte order; what stands behind the halt is kept for the next
 *                run
 *  @param count  number of words
 *  @retval 0   go on
 *  @retval <0  stop the run and return this: what came is no message, or as hxcomm_job_check() */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_job_deliver(struct hxcomm_job *job, const uint64_t *words,
        size_t count);

/** Ask whether to go on. To be called by a run that works long without taking or delivering, every
 *  millisecond or so; takes some 30 ns.
 *  @param job  as given to run
 *  @retval 0                 go on
 *  @retval HXCOMM_ETIMEDOUT  stop the run and return this: its time is over
 *  @retval HXCOMM_ESTATE     stop the run and return this: the connection is closed */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_job_check(struct hxcomm_job *job);

/** Add a provider of this process.
 *  @param provider  lives as long as the process; not copied
 *  @retval 0              added
 *  @retval HXCOMM_EINVAL  the scheme is malformed or taken, an operation is missing
 *  @retval HXCOMM_ENOTSUP made for another version of this library
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_provider_register(const struct hxcomm_provider *provider);

/** Find the provider of a scheme; loads its module where needed.
 *  @param[out] out  the provider, lives as long as the process; NULL after an error
 *  @param scheme    such as "emulator"
 *  @retval 0              found
 *  @retval HXCOMM_EINVAL  malformed scheme
 *  @retval HXCOMM_ENOENT  there is none; the message lists those there are
 *  @retval HXCOMM_ENOTSUP its module cannot be used; the message says why
 *  @retval HXCOMM_ENOMEM  memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_provider_find(const struct hxcomm_provider **out,
        const char *scheme);

/** Called by hxcomm_provider_list() for each provider.
 *  @param scheme   its scheme; lent for the call
 *  @param summary  one line; NULL for a module that cannot be used
 *  @param reason   why a module cannot be used; NULL for one that can; lent for the call
 *  @param user     as given to hxcomm_provider_list()
 *  @return 0 to go on, anything else to stop */
typedef int hxcomm_provider_visitor(const char *scheme, const char *summary, const char *reason,
        void *user);

/** Visit all providers: those built in and registered, then the modules of all folders, each by its
 *  name. Loads the modules.
 *  @param visitor  called for each
 *  @param user     handed to @p visitor
 *  @return 0, or what @p visitor returned to stop, or HXCOMM_ENOMEM */
HXCOMM_API int hxcomm_provider_list(hxcomm_provider_visitor *visitor, void *user);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

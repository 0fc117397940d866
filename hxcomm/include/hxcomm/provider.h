// SPDX-License-Identifier: MIT
#ifndef HXCOMM_PROVIDER_H
#define HXCOMM_PROVIDER_H

/** @file
 *  @brief Who executes programs: a table of operations under the scheme of an address.
 *  @defgroup hxcomm_provider Providers
 *
 *  `arq`, `loopback` and `mock` are built in. Any other scheme is a module, a shared object
 *  `<scheme>.so` that exports `const struct hxcomm_provider hxcomm_provider`. It is looked for in
 *  the folders of the environment variable HXCOMM_PROVIDER_PATH (separated by colons), then in
 *  `hxcomm/providers-1` beside libhxcomm.so. A module is loaded once and stays.
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

/** Where a provider delivers the words that come back. */
struct hxcomm_receiver;

/** Version of struct hxcomm_provider: another number means another layout or meaning. */
#define HXCOMM_PROVIDER_ABI UINT32_C(1)

/** A provider. All members are set; the object lives as long as the process. */
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
	 *  @param state     from open
	 *  @param words     [count] checked instruction words without halt
	 *  @param count     number of words
	 *  @param receiver  takes the words by hxcomm_receive(); its errors are to be returned
	 *  @return 0 or a status with message */
	int (*run)(void *state, const uint64_t *words, size_t count,
	        struct hxcomm_receiver *receiver);

	/** The chip's unique identifier.
	 *  @param state  from open
	 *  @return text that lives as long as the connection */
	const char *(*identifier)(void *state);

	/** End the connection and free @p state.
	 *  @param state  from open */
	void (*close)(void *state);
};

/** Deliver words that came back; called by a provider's run, any number of times.
 *  @param receiver  as given to run
 *  @param words     [count] words in host byte order
 *  @param count     number of words
 *  @retval 0   go on
 *  @retval <0  stop the run and return this */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_receive(struct hxcomm_receiver *receiver,
        const uint64_t *words, size_t count);

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

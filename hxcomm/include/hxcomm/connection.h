// SPDX-License-Identifier: MIT
#ifndef HXCOMM_CONNECTION_H
#define HXCOMM_CONNECTION_H

/** @file
 *  @brief A connection to one chip, real or emulated: words in, responses out.
 *  @defgroup hxcomm_connection Connections
 *
 *  A connection belongs to the thread that uses it: two threads may use two connections at the
 *  same time, one connection only in turn. Nothing here keeps a pointer that it was given after
 *  the call returns.
 *  @{ */

#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An open connection. Made by hxcomm_open(), ended by hxcomm_close(). */
struct hxcomm_connection;

/** Tables of decoded responses, see hxcomm/responses.h. */
struct hxcomm_responses;

/** How to open. Start from #HXCOMM_OPEN_OPTIONS_INIT; zero means "the default" in every member. */
struct hxcomm_open_options {
	size_t size;          /**< sizeof(struct hxcomm_open_options), set by the initialiser */
	double timeout_s;     /**< give up after this time, in s; 0.001 … 3600, default 10 */
	uint32_t run_words;   /**< longest program, in 64-bit words; 1 … 2^26, default 2^22 */
	uint32_t chip_serial; /**< refuse any other chip; 1 … 999, default 0 = any */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_OPEN_OPTIONS_INIT { sizeof(struct hxcomm_open_options), 0, 0, 0 }

/** Open a connection.
 *
 *  @param[out] out   the connection, owned by the caller; NULL after an error
 *  @param uri        "scheme:rest?key=value&…", UTF-8, at most 1023 bytes; NULL takes the
 *                    environment variable HXCOMM_CONNECTION and, where that is unset or empty,
 *                    "emulator:"
 *  @param options    NULL for the defaults; not kept
 *
 *  @retval 0                  @p out is open and idle
 *  @retval HXCOMM_EINVAL      the URI has no scheme, is too long or has a key that the provider
 *                             does not know, or an option is unknown
 *  @retval HXCOMM_ENOENT      no provider has this scheme (the message lists those there are)
 *  @retval HXCOMM_ERANGE      an option lies outside its range
 *  @retval HXCOMM_ENOTSUP     the provider cannot do what an option asks
 *  @retval HXCOMM_ETIMEDOUT   nobody answered within timeout_s
 *  @retval HXCOMM_ENOMEM      memory is exhausted
 *
 *  Blocks for at most timeout_s. Safe on several threads at once. */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_open(struct hxcomm_connection **out, const char *uri,
        const struct hxcomm_open_options *options);

/** Run a program and collect its responses.
 *
 *  @param connection     an open connection
 *  @param words          [count] instruction words in host byte order, one message each, without
 *                        the halt: it is added here (source: spec/transport.md 1.2)
 *  @param count          number of words; 0 … run_words. 0 is a run that does nothing
 *  @param[in,out] out    responses are appended; after an error it is as it was before. NULL drops
 *                        the responses
 *
 *  @retval 0                  the program ended
 *  @retval HXCOMM_ERANGE      count > run_words, or a table of @p out reached its limit
 *  @retval HXCOMM_EINVAL      a word is no instruction, or is a halt
 *  @retval HXCOMM_ETIMEDOUT   no end of program within timeout_s; the chip was reset
 *  @retval HXCOMM_ELINK       the link was lost; close the connection and open a new one
 *  @retval HXCOMM_EPROTO      the response is malformed or has no end
 *  @retval HXCOMM_ESTATE      an earlier run failed in the middle: close the connection and open a
 *                             new one
 *  @retval HXCOMM_ENOMEM      memory is exhausted
 *
 *  Blocks until the program ended. Program time counts in FPGA cycles of 8 ns and starts at 0.
 *  Whether all reads were answered is checked by fisch_run(), which knows them. */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_run(struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, struct hxcomm_responses *out);

/** Run a program and keep the words that came back, to store or compare them.
 *
 *  @param connection      an open connection
 *  @param words           [count] as for hxcomm_run()
 *  @param count           as for hxcomm_run()
 *  @param[out] out_words  [out_count] words, halt and commas included; free() it. NULL after an
 *                         error
 *  @param[out] out_count  their number
 *  @return as hxcomm_run() */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_run_words(struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, uint64_t **out_words, size_t *out_count);

/** Which chip this is: the key under which calibrations are kept.
 *  @param connection  an open connection
 *  @return such as "emulator-1" or "hxcube7fpga0chip60_1"; lent by the connection, never NULL */
HXCOMM_API const char *hxcomm_identifier(const struct hxcomm_connection *connection);

/** Close a connection and free it. Cannot fail. @param connection may be NULL */
HXCOMM_API void hxcomm_close(struct hxcomm_connection *connection);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

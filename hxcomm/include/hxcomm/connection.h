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
 *
 *  Programs that run one after the other need only hxcomm_run(). For programs that overlap, or that
 *  are longer than memory, see @ref hxcomm_job; for several chips hxcomm_run_all().
 *
 *  **What may go wrong in a run, and what holds afterwards.** Nothing of a program that fails
 *  reaches its tables of responses.
 *
 *  - HXCOMM_EINVAL, or HXCOMM_ERANGE before the run: it is no program, or too long for this
 *    connection. Nothing was sent, and nothing has changed.
 *  - HXCOMM_ETIMEDOUT: no end of the program in time. The connection is usable: chip and link were
 *    reset, and the chip lost its configuration.
 *  - HXCOMM_ERANGE or HXCOMM_ENOMEM in the run: the responses do not fit. The connection is usable:
 *    the program ran to its end.
 *  - HXCOMM_ELINK: the link was lost, or another host took the chip. The connection is closed to
 *    runs until hxcomm_reset().
 *  - HXCOMM_EPROTO, HXCOMM_EIO and any other: the other side sent nonsense, or the provider failed.
 *    The connection is closed to runs until hxcomm_reset().
 *
 *  A connection that is closed to runs answers HXCOMM_ESTATE. Where a provider cannot reset (the
 *  message says so), a connection is closed to runs after HXCOMM_ETIMEDOUT, too, and hxcomm_close()
 *  and hxcomm_open() take the place of hxcomm_reset().
 *
 *  A **notification of the device** is none of these: the FPGA reports an instruction that blocked
 *  too long, or a link to the chip that came or went, as a response of a program that runs to its
 *  end. It is found in the tables (`timeouts`, `links`); fisch_run() turns a timeout of the FPGA
 *  into HXCOMM_EDEVICE. After it the words are in order, but the chip may not be what the program
 *  wanted: hxcomm_reset() and configure it anew.
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
	uint32_t run_words;   /**< longest program, in 64-bit words; 1 … 2^32 - 1, default 2^22:
	                       what fits into the FPGA. Longer ones stream through it, and their
	                       timing is no longer guaranteed */
	uint32_t chip_serial; /**< refuse any other chip; 1 … 999, default 0 = any */
	uint32_t queue_words; /**< words that programs of hxcomm_submit() and hxcomm_append() may
	                       occupy in memory before their turn; 1024 … 2^28, default 2^20 */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_OPEN_OPTIONS_INIT { sizeof(struct hxcomm_open_options), 0, 0, 0, 0 }

/** Looks at responses while they come, see struct hxcomm_run_options.
 *  @param responses  what came since the last call; emptied behind this one
 *  @param user       as given in the options
 *  @retval 0   go on
 *  @retval <0  the run goes on to its end, what comes is dropped, and the run fails with this
 *              code */
typedef int hxcomm_responses_visitor(struct hxcomm_responses *responses, void *user);

/** How to run. Start from #HXCOMM_RUN_OPTIONS_INIT; zero means "the default" in every member. */
struct hxcomm_run_options {
	size_t size;      /**< sizeof(struct hxcomm_run_options), set by the initialiser */
	double timeout_s; /**< give up so long after the program's turn has come, in s; 0.001 …
	                   3600, default that of the connection */
	/** instead of gathering all responses: called with those that came, any number of times
	 *  while the program runs, by the thread that runs it. So the answer to a long program
	 *  needs no more memory than a piece of it */
	hxcomm_responses_visitor *visit;
	void *user; /**< handed to @p visit */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_RUN_OPTIONS_INIT { sizeof(struct hxcomm_run_options), 0, NULL, NULL }

/** Where time went, and how much was moved: of one run, or of all runs of a connection.
 *  Start from #HXCOMM_TIMES_INIT. */
struct hxcomm_times {
	size_t size;              /**< sizeof(struct hxcomm_times), set by the initialiser */
	uint64_t runs;            /**< programs that had their turn */
	uint64_t failed;          /**< of these, those that failed */
	uint64_t words_sent;      /**< instruction words, 8 bytes each, without the halts */
	uint64_t words_received;  /**< words that came back, halts and commas included */
	uint64_t responses;       /**< responses in them that went into tables */
	double wait_s;            /**< waiting for the turn, in s */
	double send_s;            /**< from the turn until the provider had taken the last word, in
	                           s */
	double execute_s;         /**< from the turn until the end of the program had come back, in
	                           s: holds the two before and behind this one */
	double receive_s;         /**< from the first word that came back to the last one, in s */
	double decode_s;          /**< of this, spent on decoding, in s */
};

/** Initialiser that carries the size this program was compiled with. */
#define HXCOMM_TIMES_INIT { sizeof(struct hxcomm_times), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 }

/** Open a connection.
 *
 *  @param[out] out   the connection, owned by the caller; NULL after an error
 *  @param uri        "scheme:rest?key=value&…", UTF-8, at most 1023 bytes; NULL takes the first
 *                    that hxcomm_choice_read() finds in the environment, or else "emulator:"
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
 *  @retval HXCOMM_ETIMEDOUT   no end of program within timeout_s; chip and link were reset
 *  @retval HXCOMM_ELINK       the link was lost; close the connection and open a new one, or
 *                             hxcomm_reset()
 *  @retval HXCOMM_EPROTO      the response is malformed or has no end
 *  @retval HXCOMM_ESTATE      an earlier run has left the connection closed to runs, or one of
 *                             those under way failed and nobody has waited for it
 *  @retval HXCOMM_ENOMEM      memory is exhausted
 *
 *  Blocks until the program ended, behind those that are under way: for at most timeout_s each, and
 *  2 s for a reset. Program time counts in FPGA cycles of 8 ns and starts at 0. A read that is not
 *  followed by a barrier may be answered behind the halt: then the answer counts to the next run.
 *  Whether all reads were answered is checked by fisch_run(), which knows them. */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_run(struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, struct hxcomm_responses *out);

/** Run a program, with options.
 *  @param connection   as for hxcomm_run()
 *  @param words        as for hxcomm_run()
 *  @param count        as for hxcomm_run()
 *  @param[in,out] out  as for hxcomm_run(); with options->visit it is emptied first and holds
 *                      nothing afterwards; NULL takes tables of the connection
 *  @param options      NULL for the defaults; not kept
 *  @retval HXCOMM_EINVAL  as for hxcomm_run(), or the options are not initialised
 *  @retval HXCOMM_ERANGE  as for hxcomm_run(), or an option lies outside its range
 *  @return otherwise as hxcomm_run(), or what options->visit returned */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_run_with(struct hxcomm_connection *connection,
        const uint64_t *words, size_t count, struct hxcomm_responses *out,
        const struct hxcomm_run_options *options);

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

/** Bring link and chip back to where hxcomm_open() leaves them, whatever happened before.
 *
 *  @param connection  an open connection
 *  @retval 0                  the connection is idle; the chip has lost its configuration
 *  @retval HXCOMM_ENOTSUP     this provider cannot: close the connection and open a new one
 *  @retval HXCOMM_ESTATE      programs are under way: wait for them first
 *  @retval HXCOMM_ETIMEDOUT   nobody answered within 2 s
 *  @return or another error of the provider; the connection is then closed to runs */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_reset(struct hxcomm_connection *connection);

/** Where the time of runs went.
 *  @param[in,out] total  from #HXCOMM_TIMES_INIT: sums over all runs since hxcomm_open(); may be
 *                        NULL
 *  @param[in,out] last   from #HXCOMM_TIMES_INIT: the run that ended last, all 0 before the first;
 *                        may be NULL
 *  @param connection     an open connection
 *  @retval 0              set
 *  @retval HXCOMM_EINVAL  one of the two is not initialised; both are unchanged */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_times_read(struct hxcomm_times *total,
        struct hxcomm_times *last, const struct hxcomm_connection *connection);

/** Which chip this is: the key under which calibrations are kept.
 *  @param connection  an open connection
 *  @return such as "emulator-1" or "hxcube7fpga0chip60_1"; lent by the connection, never NULL */
HXCOMM_API const char *hxcomm_identifier(const struct hxcomm_connection *connection);

/** Close a connection and free it. Programs under way are given up, and their jobs are freed.
 *  Cannot fail. @param connection may be NULL */
HXCOMM_API void hxcomm_close(struct hxcomm_connection *connection);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

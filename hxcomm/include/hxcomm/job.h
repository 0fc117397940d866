// SPDX-License-Identifier: MIT
#ifndef HXCOMM_JOB_H
#define HXCOMM_JOB_H

/** @file
 *  @brief Programs under way: handed over now, waited for later.
 *  @defgroup hxcomm_job Jobs
 *
 *  A job is one run of one program. hxcomm_submit() takes a whole program, hxcomm_begin() and
 *  hxcomm_append() take it in pieces; hxcomm_wait() ends the program, waits for its end and gives
 *  the job back. The jobs of a connection run in the order in which they were begun, on a thread of
 *  the connection; while one runs, the words of those behind it are taken, checked and, where the
 *  provider can (`arq:`), sent ahead. What a job needs:
 *
 *      struct hxcomm_job *job[2];
 *      hxcomm_submit(&job[0], connection, words[0], count[0], responses[0], NULL);
 *      hxcomm_submit(&job[1], connection, words[1], count[1], responses[1], NULL);
 *      hxcomm_wait(job[0], NULL); // the responses of each job are its own
 *      hxcomm_wait(job[1], NULL);
 *
 *  Words are copied, into at most `queue_words` words of memory (struct hxcomm_open_options) for
 *  all jobs of a connection: a call that finds no room blocks until the provider has taken enough,
 *  so that a program of any length streams through.
 *
 *  When a run fails so that its connection is reset or closed to runs, those behind it are given up
 *  with HXCOMM_ESTATE: they were meant for the chip as the failed one should have left it. New ones
 *  are refused with HXCOMM_ESTATE until the failed one was waited for. A job whose responses do not
 *  fit fails alone.
 *
 *  Jobs belong to the thread that uses their connection.
 *  @{ */

#include <hxcomm/connection.h>
#include <hxcomm/export.h>

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A program under way. Made by hxcomm_submit() or hxcomm_begin(), ended by hxcomm_wait(). */
struct hxcomm_job;

/** Begin a program whose words come in pieces.
 *  @param[out] out    the job; NULL after an error
 *  @param connection  an open connection
 *  @param responses   responses are appended by another thread: leave them alone until
 *                     hxcomm_wait(); after an error they are as they were. NULL drops them
 *  @param options     NULL for the defaults; not kept
 *  @retval 0              the job waits for words
 *  @retval HXCOMM_EINVAL  the options are not initialised
 *  @retval HXCOMM_ERANGE  an option lies outside its range
 *  @retval HXCOMM_ESTATE  the connection is closed to runs, or one under way failed and nobody has
 *                         waited for it
 *  @retval HXCOMM_ENOMEM  memory is exhausted
 *  @retval HXCOMM_EIO     the system gives no thread */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_begin(struct hxcomm_job **out,
        struct hxcomm_connection *connection, struct hxcomm_responses *responses,
        const struct hxcomm_run_options *options);

/** Append words to a program. Blocks while there is no room.
 *  @param job    from hxcomm_begin()
 *  @param words  [count] instruction words as for hxcomm_run(); copied
 *  @param count  number of words
 *  @retval 0              appended
 *  @retval HXCOMM_EINVAL  a word is no instruction, or is a halt; nothing was appended
 *  @retval HXCOMM_ERANGE  the program becomes longer than the connection's run_words; nothing was
 *                         appended
 *  @retval HXCOMM_ENOMEM  memory is exhausted; the program is cut off at some place, and fails
 *  @return or the error with which the job has failed; hxcomm_wait() returns it, too */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_append(struct hxcomm_job *job, const uint64_t *words,
        size_t count);

/** Hand over a whole program: hxcomm_begin(), hxcomm_append() and the end of the program.
 *  @param[out] out    the job; NULL after an error
 *  @param connection  an open connection
 *  @param words       [count] instruction words as for hxcomm_run(); copied
 *  @param count       number of words
 *  @param responses   as for hxcomm_begin()
 *  @param options     as for hxcomm_begin()
 *  @return as hxcomm_begin() and hxcomm_append() */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_submit(struct hxcomm_job **out,
        struct hxcomm_connection *connection, const uint64_t *words, size_t count,
        struct hxcomm_responses *responses, const struct hxcomm_run_options *options);

/** End the program of a job, wait until it has run, and give the job back.
 *  @param job            from hxcomm_begin() or hxcomm_submit(); gone afterwards, also after an
 *                        error. NULL is nothing to wait for
 *  @param[in,out] times  from #HXCOMM_TIMES_INIT: where its time went; may be NULL
 *  @retval 0              the program ended and its responses are complete
 *  @retval HXCOMM_EINVAL  @p times is not initialised: nothing was done, the job is still there
 *  @retval HXCOMM_ESTATE  an earlier one failed: this one was given up
 *  @return otherwise as hxcomm_run() */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_wait(struct hxcomm_job *job, struct hxcomm_times *times);

/** A program for one of several chips, and what became of it. Zero the members that are set. */
struct hxcomm_part {
	struct hxcomm_connection *connection; /**< the chip */
	const uint64_t *words;                /**< [count] instruction words as for hxcomm_run() */
	size_t count;                         /**< number of words */
	struct hxcomm_responses *responses;   /**< responses are appended; NULL drops them */
	int status;                           /**< set: 0, or the error of this part as of
	                                       hxcomm_run() */
	char message[512];                    /**< set: its message; "" where status is 0 */
};

/** Run programs on several chips at the same time.
 *
 *  Each part runs to its own end, whatever happens to the others. Nothing aligns their starts: that
 *  is what the barrier for several FPGAs is for (#HXCOMM_BARRIER_MULTI_FPGA).
 *
 *  @param[in,out] parts  [count] parts; a connection that stands in several runs them in this order
 *  @param count          number of parts; 0 does nothing
 *  @param options        for all parts; NULL for the defaults; not kept
 *  @retval 0  all parts ended
 *  @return or the error of the first part that failed; the message names it, how many failed, and
 *          the chip. The others have their own in @p parts
 *
 *  Blocks until all parts have ended. */
HXCOMM_API HXCOMM_NODISCARD int hxcomm_run_all(struct hxcomm_part *parts, size_t count,
        const struct hxcomm_run_options *options);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef EMULATOR_WORKER_H
#define EMULATOR_WORKER_H

/** @file
 *  @brief A second thread that does one job at a time beside its owner. */

struct emulator_worker;

/** Start a thread that waits for jobs.
 *  @param[out] out owned by the caller
 *  @retval 0 started @retval HXCOMM_ENOMEM no memory, or no thread, is left */
int emulator__worker_new(struct emulator_worker **out);

/** Let the thread end. @param worker has no job; may be NULL */
void emulator__worker_free(struct emulator_worker *worker);

/** Begin a job. @param worker has none @param job does it @param user handed to @p job */
void emulator__worker_begin(struct emulator_worker *worker, void (*job)(void *user), void *user);

/** Wait until the job is done. @param worker the worker */
void emulator__worker_wait(struct emulator_worker *worker);

#endif

// SPDX-License-Identifier: MIT
#ifndef CALIX_STORE_H
#define CALIX_STORE_H

/** @file
 *  @brief The calibration store: one SQLite file that keeps every result of every chip.
 *  @defgroup calix_store Calibration store
 *
 *  Results are added, never changed: a better calibration is a newer row, and a bad one gets a
 *  verdict against it. Each result carries where it came from (software, seed, host, times, target
 *  and options), and everything that decides which result is found or what is in it is covered by
 *  SHA-256, checked when the store is opened and again when a result is loaded. A damaged file
 *  gives an error, never a wrong calibration.
 *
 *  Any number of processes may use one file; on a local file system readers never wait (write-ahead
 *  log), on a network file system the rollback journal is used. A handle belongs to one thread and
 *  must not be taken across fork(). Older files are brought up to date when they are opened for
 *  writing; a copy of the file as it was is kept beside it (`<path>.version-<n>.bak`). A file of a
 *  newer version can be opened for reading only.
 *  @{ */

#include <calix/result.h>
#include <hxcomm/export.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An open store. Made by calix_store_open(), ended by calix_store_close(). */
struct calix_store;

/** How to open a store; members are combined with |. */
enum calix_store_flags {
	CALIX_STORE_READ_ONLY = 1, /**< nothing is written, not even a migration */
	CALIX_STORE_CREATE = 2,    /**< make the file when it is absent; not with READ_ONLY */
};

enum {
	CALIX_STORE_APPLICATION = 0x43414c58, /**< "CALX", SQLite's application_id of a store */
	CALIX_STORE_VERSION = 2,              /**< the layout that this library writes */
};

/** Where a result came from. Start from #CALIX_PROVENANCE_INIT; zero means "the default" in every
 *  member. All strings are copied. */
struct calix_provenance {
	size_t size;              /**< sizeof(struct calix_provenance), set by the initialiser */
	const char *software;     /**< name of the program; default "calix" */
	const char *version;      /**< its version; default the version of this library */
	const char *commit;       /**< its source revision; default "" = unknown */
	const char *target_json;  /**< a JSON object: what was aimed at; default "{}" */
	const char *options_json; /**< a JSON object: how; default "{}" */
	uint64_t seed;            /**< seed of the search noise */
	int64_t started_ms;       /**< ms since 1970 UTC; default the time of the call */
	int64_t finished_ms;      /**< ms since 1970 UTC; default the time of the call */
	const char *host;         /**< default the name of this machine */
	const char *actor;        /**< who did it; default the environment variable USER, or "" */
	const char *log;          /**< text to keep; default "" */
};

/** Initialiser that carries the size this program was compiled with. */
#define CALIX_PROVENANCE_INIT { .size = sizeof(struct calix_provenance) }

/** What to look for. Start from #CALIX_QUERY_INIT. */
struct calix_query {
	size_t size;              /**< sizeof(struct calix_query), set by the initialiser */
	const char *chip;         /**< identifier of the chip; needed */
	const char *kind;         /**< what was calibrated, such as "spiking"; needed */
	const char *target_json;  /**< a JSON object that must be equal to the target, whatever the
	                           *   order of its keys; default NULL = any target */
	const char *options_json; /**< the same for the options */
	int64_t since_ms;         /**< not older than this, ms since 1970 UTC; default 0 = any age */
};

/** Initialiser that carries the size this program was compiled with. */
#define CALIX_QUERY_INIT { .size = sizeof(struct calix_query) }

/** One result as calix_store_list() shows it; all pointers are lent for the time of the call. */
struct calix_store_entry {
	int64_t id;               /**< number of the result in this store, from 1 */
	const char *chip;         /**< identifier of the chip */
	const char *kind;         /**< what was calibrated */
	const char *target_json;  /**< what was aimed at, canonical JSON */
	const char *options_json; /**< how, canonical JSON */
	const char *software;     /**< name of the program */
	const char *version;      /**< its version */
	const char *commit;       /**< its source revision; "" = unknown */
	const char *host;         /**< where it ran */
	const char *actor;        /**< who ran it */
	const char *reason;       /**< reason of the newest verdict */
	uint64_t seed;            /**< seed of the search noise */
	int64_t started_ms;       /**< ms since 1970 UTC */
	int64_t finished_ms;      /**< ms since 1970 UTC */
	int64_t created_ms;       /**< when it was stored, ms since 1970 UTC */
	uint32_t total;           /**< number of calibrated values */
	uint32_t success;         /**< number of those that succeeded */
	bool valid;               /**< the newest verdict says so */
	const struct calix_metric *metrics; /**< [metric_count] figures of merit, sorted by name */
	size_t metric_count;      /**< number of metrics */
};

/** Called for each result. @param entry lent for the time of the call
 *  @param user as given to calix_store_list() @return 0 to go on, anything else to stop */
typedef int (*calix_store_visitor)(const struct calix_store_entry *entry, void *user);

/** Open a store, check it whole, and bring it up to date.
 *
 *  The check reads the file once: SQLite's integrity check and every hash. Files of more than
 *  64 MiB get SQLite's quick check only; calix_store_verify() does the rest at leisure.
 *
 *  @param[out] out  the store, owned by the caller; NULL after an error
 *  @param path      the file; NULL takes the environment variable BSS_STORE and, where that is
 *                   unset, $XDG_DATA_HOME/bss/calibration.sqlite, where that is unset
 *                   ~/.local/share/bss/calibration.sqlite (whose folders are made when needed)
 *  @param flags     members of enum calix_store_flags, 0 = read and write an existing file
 *  @retval 0                open
 *  @retval HXCOMM_ENOENT    there is no file, and CALIX_STORE_CREATE is not given
 *  @retval HXCOMM_EINVAL    unknown flags, no path to be had, or the file is no calibration store
 *  @retval HXCOMM_ECORRUPT  the file is damaged: restore it from a backup
 *  @retval HXCOMM_ENOTSUP   the file is of a newer version: update, or open it for reading
 *  @retval HXCOMM_EIO       the operating system refused (the message says what)
 *  @retval HXCOMM_ETIMEDOUT another process holds the file for more than 5 s
 *  @retval HXCOMM_ENOMEM    memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_store_open(struct calix_store **out, const char *path,
                                                 unsigned flags);

/** Close a store. Cannot fail. @param store may be NULL */
HXCOMM_API void calix_store_close(struct calix_store *store);

/** The file of a store. @param store an open store @return lent until the store is closed */
HXCOMM_API const char *calix_store_path(const struct calix_store *store);

/** Add a result, its provenance and a first verdict, all or nothing.
 *
 *  The verdict is "valid" when at least one value was calibrated with success.
 *
 *  @param store       a store open for writing
 *  @param chip        identifier of the chip that the caller is connected to
 *  @param result      at least one array; not kept
 *  @param provenance  where it came from; NULL for the defaults
 *  @retval 0                stored, and on disk
 *  @retval HXCOMM_EINVAL    the result belongs to another chip (the message names both), is
 *                           empty, or a JSON text is no object
 *  @retval HXCOMM_ESTATE    the store is open for reading only
 *  @retval HXCOMM_EIO       the disk is full or read-only
 *  @retval HXCOMM_ETIMEDOUT another process writes for more than 5 s
 *  @retval HXCOMM_ECORRUPT  the file is damaged
 *  @retval HXCOMM_ENOMEM    memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_store_insert(struct calix_store *store, const char *chip,
                                                   const struct calix_result *result,
                                                   const struct calix_provenance *provenance);

/** Find the newest valid result that matches.
 *
 *  @param[out] out  the result, owned by the caller; NULL after an error
 *  @param store     an open store
 *  @param query     chip and kind, and what else must match
 *  @retval 0                found; every hash and range was checked
 *  @retval HXCOMM_ENOENT    there is none (the message says what to run)
 *  @retval HXCOMM_EINVAL    chip or kind is missing, or a JSON text is no object
 *  @retval HXCOMM_ECORRUPT  the newest match is damaged; older ones are not taken instead
 *  @retval HXCOMM_ENOTSUP   the match holds arrays that this library does not know
 *  @retval HXCOMM_EIO       the file cannot be read
 *  @retval HXCOMM_ENOMEM    memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_store_find(struct calix_result **out,
                                                 struct calix_store *store,
                                                 const struct calix_query *query);

/** Visit all results: by chip, then kind, newest first.
 *
 *  @param store    an open store; must not be used within @p visitor
 *  @param visitor  called once for each result
 *  @param user     handed to @p visitor
 *  @retval 0                all visited, or the visitor stopped
 *  @retval HXCOMM_ECORRUPT  the file is damaged
 *  @retval HXCOMM_EIO       the file cannot be read
 *  @retval HXCOMM_ENOMEM    memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_store_list(struct calix_store *store,
                                                 calix_store_visitor visitor, void *user);

/** Add a verdict on a result; the newest verdict counts.
 *
 *  @param store   a store open for writing
 *  @param id      number of the result, as calix_store_list() shows it
 *  @param valid   false takes the result out of use, true brings it back
 *  @param reason  why; 1 to 1000 bytes
 *  @retval 0               added
 *  @retval HXCOMM_ENOENT   no result has this number
 *  @retval HXCOMM_EINVAL   the reason is missing or too long
 *  @retval HXCOMM_ESTATE   the store is open for reading only
 *  @retval HXCOMM_EIO      the disk is full or read-only */
HXCOMM_API HXCOMM_NODISCARD int calix_store_add_verdict(struct calix_store *store, int64_t id,
                                                        bool valid, const char *reason);

/** Check the whole file: SQLite's integrity check, foreign keys, and every hash and range.
 *
 *  @param store  an open store
 *  @retval 0                all is well
 *  @retval HXCOMM_ECORRUPT  something is damaged (the message names the first)
 *  @retval HXCOMM_EIO       the file cannot be read
 *  @retval HXCOMM_ENOMEM    memory is exhausted */
HXCOMM_API HXCOMM_NODISCARD int calix_store_verify(struct calix_store *store);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

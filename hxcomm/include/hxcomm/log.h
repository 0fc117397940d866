// SPDX-License-Identifier: MIT
#ifndef HXCOMM_LOG_H
#define HXCOMM_LOG_H

/** @file
 *  @brief What the libraries have to say besides errors.
 *  @defgroup hxcomm_log Log
 *
 *  Lines of text at four levels, each with the room it comes from. Without further ado warnings and
 *  errors go to the standard error stream as "bss: room: warning: text". All functions may be
 *  called by several threads at once.
 *  @{ */

#include <hxcomm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Importance of a line, the most important first. */
enum hxcomm_log_level {
	HXCOMM_LOG_ERROR = 0,   /**< something failed and could not be returned as a status */
	HXCOMM_LOG_WARNING = 1, /**< results may not be what the user thinks */
	HXCOMM_LOG_INFO = 2,    /**< what is being done */
	HXCOMM_LOG_DEBUG = 3,   /**< how it is being done */
};

/** Receiver of lines.
 *  @param level  importance
 *  @param room   who says it, such as "hxcomm"
 *  @param text   one line without newline; lent for the call
 *  @param user   as given to hxcomm_log_set_sink() */
typedef void hxcomm_log_sink(enum hxcomm_log_level level, const char *room, const char *text,
        void *user);

/** Say something.
 *  @param level   importance; lines above the level set by hxcomm_log_set_level() are dropped
 *  @param room    who says it, such as "hxcomm"
 *  @param format  printf-like, one line without newline; cut off after 1023 bytes */
HXCOMM_API void hxcomm_log(enum hxcomm_log_level level, const char *room, const char *format, ...)
        HXCOMM_PRINTF(3, 4);

/** Send the lines elsewhere. Waits for a line that is being delivered; a sink must not call back.
 *  @param sink  called with each line, one at a time; NULL for the standard error stream
 *  @param user  handed to @p sink */
HXCOMM_API void hxcomm_log_set_sink(hxcomm_log_sink *sink, void *user);

/** Choose how much is said.
 *  @param level  the least important level that is still delivered; default #HXCOMM_LOG_WARNING */
HXCOMM_API void hxcomm_log_set_level(enum hxcomm_log_level level);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

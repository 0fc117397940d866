// SPDX-License-Identifier: MIT
#ifndef HXCOMM_ERROR_H
#define HXCOMM_ERROR_H

/** @file
 *  @brief Error codes of all libraries of the project, and the detail of the last error.
 *  @defgroup hxcomm_error Errors
 *
 *  Every function that can fail returns 0 (#HXCOMM_OK) or one of the negative codes below. The
 *  detail is a message of the calling thread: hxcomm_error_message().
 *  @{ */

#include <hxcomm/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The one list of errors: name, value, meaning. Values are ABI, never reused.
 *  The enum, hxcomm_error_name() and hxcomm_error_meaning() come from it. */
#define HXCOMM_ERRORS(X)                                                                           \
	X(HXCOMM_ENOMEM, -1, "memory is exhausted")                                                \
	X(HXCOMM_EINVAL, -2, "an argument has no meaning here")                                    \
	X(HXCOMM_ERANGE, -3, "a value lies outside what the chip can hold")                        \
	X(HXCOMM_ENOENT, -4, "a named thing does not exist")                                       \
	X(HXCOMM_ENOTSUP, -5, "this provider, chip or build cannot do it")                         \
	X(HXCOMM_ESTATE, -6, "the object is not in the state that is needed")                      \
	X(HXCOMM_ETIMEDOUT, -7, "no answer within the time allowed")                               \
	X(HXCOMM_ELINK, -8, "the link to the chip was lost")                                       \
	X(HXCOMM_EPROTO, -9, "the other side sent something malformed")                            \
	X(HXCOMM_ENOSPC, -10, "a resource of the chip is used up")                                 \
	X(HXCOMM_EIO, -11, "the operating system refused")                                         \
	X(HXCOMM_ECORRUPT, -12, "stored data is damaged")                                          \
	X(HXCOMM_EDEVICE, -13, "the device reports a failure")

/** Status of a call: 0 or one of #HXCOMM_ERRORS. */
enum hxcomm_error {
	HXCOMM_OK = 0, /**< no error */
#define HXCOMM_ERROR_ENUM(name, value, meaning) name = (value),
	HXCOMM_ERRORS(HXCOMM_ERROR_ENUM)
#undef HXCOMM_ERROR_ENUM
};

/** Name of a code.
 *  @param code  a status
 *  @return such as "HXCOMM_ERANGE"; "HXCOMM_OK" for 0; "unknown error" for any other value. Never
 *          NULL, lives for ever */
HXCOMM_API const char *hxcomm_error_name(int code);

/** Meaning of a code in words.
 *  @param code  a status
 *  @return such as "memory is exhausted"; "no error" for 0; "unknown error" for any other value.
 *          Never NULL, lives for ever */
HXCOMM_API const char *hxcomm_error_meaning(int code);

/** Detail of the last failed call on this thread.
 *  @return the message, "" where no call failed yet; at most 511 bytes. Lent: valid until the next
 *          failing call on this thread. A successful call leaves it alone, so look at it only after
 *          a negative return */
HXCOMM_API const char *hxcomm_error_message(void);

/** Record an error at the place where it arises.
 *  @param code    a member of enum hxcomm_error other than #HXCOMM_OK
 *  @param format  printf-like; says what, where, limit, needed, available, what to do. What does
 *                 not fit into 511 bytes is cut off, bytes that are no UTF-8 become '?'. Arguments
 *                 may point into the old message
 *  @return @p code, so that `return hxcomm_error_set(…)` reads well */
HXCOMM_API int hxcomm_error_set(int code, const char *format, ...) HXCOMM_PRINTF(2, 3);

/** Put "context: " in front of the message while an error travels up.
 *  @param code    the status that travels
 *  @param format  printf-like, the context without colon
 *  @return @p code */
HXCOMM_API int hxcomm_error_wrap(int code, const char *format, ...) HXCOMM_PRINTF(2, 3);

#ifdef __cplusplus
}
#endif
/** @} */
#endif

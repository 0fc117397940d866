// SPDX-License-Identifier: MIT
#ifndef HXCOMM_EXPORT_H
#define HXCOMM_EXPORT_H

/** @file
 *  @brief Marks of public functions, used by all libraries of the project.
 *  @defgroup hxcomm_export Marks of public functions
 *  @{ */

#if defined(__GNUC__)
/** This function or object is visible outside its shared object. */
#define HXCOMM_API __attribute__((visibility("default")))
/** The compiler warns where the status that this function returns is ignored. */
#define HXCOMM_NODISCARD __attribute__((warn_unused_result))
/** Argument number @p text is a printf format for the arguments from number @p first on. */
#define HXCOMM_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define HXCOMM_API
#define HXCOMM_NODISCARD
#define HXCOMM_PRINTF(text, first)
#endif

/** @} */
#endif

// SPDX-License-Identifier: MIT
#ifndef SUPPORT_ASSERT_H
#define SUPPORT_ASSERT_H

/* What cmocka 1.1.5 lacks. Include this instead of cmocka.h: it brings it, and what it needs. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <string.h>
/* cmocka last: it wants the headers above */
#include <cmocka.h>

#include <hxcomm/error.h>

/** Two doubles agree within @p rel of the larger one or within @p abs. */
#define assert_near(a, b, rel, abs_)                                                               \
	do {                                                                                       \
		const double near_a_ = (a), near_b_ = (b);                                         \
		const double near_limit_ = fmax((rel)*fmax(fabs(near_a_), fabs(near_b_)), (abs_)); \
		if (!(fabs(near_a_ - near_b_) <= near_limit_))                                     \
			fail_msg("%s = %.9g, %s = %.9g: differ by %.3g, allowed %.3g", #a,         \
			        near_a_, #b, near_b_, fabs(near_a_ - near_b_), near_limit_);       \
	} while (0)

/** A call returns 0; otherwise the test fails with the library's own message. */
#define assert_ok(call)                                                                            \
	do {                                                                                       \
		const int ok_status_ = (call);                                                     \
		if (ok_status_ != HXCOMM_OK)                                                       \
			fail_msg("%s: %s: %s", #call, hxcomm_error_name(ok_status_),               \
			        hxcomm_error_message());                                           \
	} while (0)

/** A call fails with @p code and a message that contains @p text. */
#define assert_error(call, code, text)                                                             \
	do {                                                                                       \
		const int error_status_ = (call);                                                  \
		if (error_status_ != (code))                                                       \
			fail_msg("%s: %s instead of %s", #call, hxcomm_error_name(error_status_),  \
			        #code);                                                            \
		if (!strstr(hxcomm_error_message(), (text)))                                       \
			fail_msg("%s: message '%s' lacks '%s'", #call, hxcomm_error_message(),     \
			        (text));                                                           \
	} while (0)

/** Walk over a table of rows: `FOR_ROWS(i, rows) { ... rows[i] ... }`. */
#define FOR_ROWS(i, rows) for (size_t i = 0; i < sizeof(rows) / sizeof(*(rows)); i++)

#endif

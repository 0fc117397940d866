// SPDX-License-Identifier: MIT
#ifndef QUANTITY_H
#define QUANTITY_H
/* Quantities on the command line: a number and its unit, such as 10us or 80lsb. A bare number is
 * refused where it could be taken for something else. */

/** What a quantity measures. */
enum quantity_kind {
	QUANTITY_TIME,  /**< 10us; units s, ms, us, ns */
	QUANTITY_LSB,   /**< 80lsb */
	QUANTITY_COUNT, /**< 500, a whole number from 0 to 2^32 - 1 */
};

/** Read a quantity.
 *  @param[out] out  in s, counts, or a whole number; unchanged after an error
 *  @return 0 or HXCOMM_EINVAL with a message that says what to write */
int quantity_read(double *out, enum quantity_kind kind, const char *text);

#endif

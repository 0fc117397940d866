// SPDX-License-Identifier: MIT
#ifndef EMULATOR_KERNEL_TANH_H
#define EMULATOR_KERNEL_TANH_H

/** @file
 *  @brief The hyperbolic tangent of the amplifiers in steps and leaps: x tanh_over(q) /
 *  tanh_under(q), q = x^2, of an x that is clipped to tanh_end; off by 1.4e-3 there, less before. */

/** Where it reaches 1. */
static const float tanh_end = 3.6467388f;

/** Numerator over x. @param q x^2 */
static inline float tanh_over(float q)
{
	return 945.0f + q * (105.0f + q);
}

/** Denominator. @param q x^2 */
static inline float tanh_under(float q)
{
	return 945.0f + q * (420.0f + q * 15.0f);
}

#endif

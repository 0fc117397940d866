// SPDX-License-Identifier: MIT
#ifndef CALIX_H
#define CALIX_H

/** @file
 *  @brief All of calix: calibrations, their results, and the store that keeps them. */

#include <calix/calibration.h>
#include <calix/result.h>
#include <calix/store.h>
#include <calix/target.h>

#endif

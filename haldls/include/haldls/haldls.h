// SPDX-License-Identifier: MIT
#ifndef HALDLS_HALDLS_H
#define HALDLS_HALDLS_H

/** @file
 *  @brief All of haldls. */

#include <haldls/chip.h>
#include <haldls/chip_file.h>
#include <haldls/container.h>
#include <haldls/containers.h>
#include <haldls/coordinate.h>
#include <haldls/coordinates.h>
#include <haldls/logical.h>
#include <haldls/memory_block.h>
#include <haldls/morphology.h>
#include <haldls/places.h>
#include <haldls/supply.h>

#endif

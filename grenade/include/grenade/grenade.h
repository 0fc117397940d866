// SPDX-License-Identifier: MIT
#ifndef GRENADE_GRENADE_H
#define GRENADE_GRENADE_H

/** @file
 *  @brief Spiking networks on the chip: everything of grenade.
 *  @defgroup grenade Networks
 *
 *  Three stages, each with a result that can be looked at: a *network* says what is connected, a
 *  *plan* says where it lies on the chip, a *run* says when. A change costs what it must: other
 *  spikes cost only events, other weights only synapses, another network needs another plan. */

#include <grenade/network.h>
#include <grenade/plan.h>
#include <grenade/result.h>
#include <grenade/run.h>

#endif

// SPDX-License-Identifier: MIT
#ifndef STADLS_H
#define STADLS_H

/** @file
 *  @brief All of stadls: playback programs out of containers, bring-up, runs. */

#include <stadls/bringup.h>
#include <stadls/builder.h>
#include <stadls/chip.h>
#include <stadls/dump.h>
#include <stadls/health.h>
#include <stadls/ppu.h>
#include <stadls/reinit.h>
#include <stadls/run.h>
#include <stadls/timeline.h>

#endif

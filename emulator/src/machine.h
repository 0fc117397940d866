// SPDX-License-Identifier: MIT
#ifndef EMULATOR_MACHINE_H
#define EMULATOR_MACHINE_H

/** @file
 *  @brief An open machine, and the list of all of them: what emulator/emulator.h looks into. */

#include "fpga.h"

#include <emulator/emulator.h>

/** An emulated machine behind a connection. */
struct emulator_machine {
	struct emulator_fpga *fpga;      /**< all of it */
	struct emulator_options options; /**< to make it again */
	char identifier[24];             /**< its address tells this machine from others */
	struct emulator_machine *next;   /**< in the list of open machines */
};

/** What can be asked of machines. */
extern const struct emulator_oracle emulator__oracle;

/** Add a machine to the list of open ones. @param machine not in the list yet */
void emulator__machine_list(struct emulator_machine *machine);

/** Take a machine off the list. @param machine in the list */
void emulator__machine_unlist(struct emulator_machine *machine);

/** Keep a machine. @param[out] out the snapshot @param machine stands still
 *  @retval 0 kept @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__machine_snapshot(struct emulator_snapshot **out, struct emulator_machine *machine);

/** Put a machine back. @param machine stands still @param snapshot of it
 *  @retval 0 done @retval HXCOMM_EINVAL of another @retval HXCOMM_ENOMEM memory is exhausted */
int emulator__machine_restore(
	struct emulator_machine *machine, const struct emulator_snapshot *snapshot);

/** Free a snapshot. @param snapshot may be NULL */
void emulator__machine_forget(struct emulator_snapshot *snapshot);

#endif

// SPDX-License-Identifier: MIT
#ifndef FISCH_FISCH_H
#define FISCH_FISCH_H

/** @file
 *  @brief All of fisch.
 *  @defgroup fisch fisch: programs, registers, tickets */

#include <fisch/program.h>
#include <fisch/program_file.h>
#include <fisch/program_text.h>
#include <fisch/register.h>
#include <fisch/run.h>
#include <fisch/ticket.h>

#endif
